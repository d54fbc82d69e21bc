//! The certificate of an https callback: created for one login on this machine, never stored.

use std::sync::Arc;

use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig, SupportedCipherSuite,
        crypto::aws_lc_rs::{cipher_suite::TLS13_AES_128_GCM_SHA256, default_provider},
        pki_types::PrivatePkcs8KeyDer,
    },
};

/// A TLS acceptor with a new certificate, and the fingerprint as browsers show it (SHA-256, in pairs). An error is the
/// reason, for people.
pub(super) fn acceptor() -> Result<(TlsAcceptor, String), String> {
    let names = vec!["127.0.0.1".to_owned(), "localhost".to_owned(), "::1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).map_err(|error| error.to_string())?;
    let certificate = made.cert.der().clone();
    let fingerprint = fingerprint(&certificate);
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(vec![certificate], key.into()))
        .map_err(|error| error.to_string())?;
    Ok((TlsAcceptor::from(Arc::new(config)), fingerprint))
}

/// Uses the hash of the TLS library, which saves a crate.
fn fingerprint(certificate: &[u8]) -> String {
    let SupportedCipherSuite::Tls13(suite) = TLS13_AES_128_GCM_SHA256 else { return String::new() };
    let digest = suite.common.hash_provider.hash(certificate);
    let pairs: Vec<String> = digest.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}
