//! A client certificate with its private key, checked before anything is sent with it.
//!
//! Used by providers that identify the application by mutual TLS. Accepts PEM: a certificate chain, and a key in PKCS#8
//! (plain or encrypted), PKCS#1 or SEC1 form, in one text or in two. INVARIANT: an identity that exists has a key that
//! belongs to its first certificate; the key is wiped from memory with it.

use chrono::{DateTime, TimeDelta, Utc};
use pkcs8::{EncryptedPrivateKeyInfoRef, LineEnding, SecretDocument};
use secrecy::{ExposeSecret as _, SecretString};
use tokio_rustls::rustls::{
    crypto::aws_lc_rs::sign::any_supported_type,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    sign::CertifiedKey,
};
use x509_parser::prelude::{FromDer as _, X509Certificate};
use zeroize::Zeroizing;

/// Days before the end of a certificate on which its owner is warned, longest first.
pub const WARN_DAYS: [i64; 3] = [30, 7, 1];

/// The cursor that holds the note of the last [`ClientIdentity::notice`].
pub const CERTIFICATE_NOTICE: &str = "certificate";

/// The label of an encrypted PKCS#8 key.
const ENCRYPTED: &str = "ENCRYPTED PRIVATE KEY";

/// A certificate chain and the key of its first certificate.
pub struct ClientIdentity {
    /// The chain and the plain key, PEM.
    pem: SecretString,
    not_before: DateTime<Utc>,
    not_after: DateTime<Utc>,
}

/// The reason why a certificate and a key can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// No PEM block with a certificate.
    #[error("there is no certificate in it; it must hold a block that begins with -----BEGIN CERTIFICATE-----")]
    NoCertificate,
    /// No PEM block with a private key.
    #[error("there is no private key in it; it must hold a block that begins with -----BEGIN PRIVATE KEY-----")]
    NoKey,
    /// A block that is not valid PEM or not a valid certificate.
    #[error("the certificate is damaged; copy the whole file, with its BEGIN and END lines")]
    DamagedCertificate,
    /// A key that can't be read, or of a kind that TLS does not use.
    #[error("the private key can't be read; RSA, ECDSA and Ed25519 keys in PEM form work")]
    UnusableKey,
    /// The key is encrypted, and the passphrase is missing.
    #[error("the private key is encrypted; its passphrase is needed")]
    PassphraseNeeded,
    /// The passphrase does not open the key.
    #[error("the passphrase does not open the private key")]
    WrongPassphrase,
    /// Encrypted by the old method of OpenSSL, which hardly protects it.
    #[error(
        "the private key is encrypted in an outdated form; convert it with: openssl pkcs8 -topk8 -in KEY -out NEW_KEY"
    )]
    OutdatedEncryption,
    /// The key belongs to another certificate.
    #[error("certificate and private key do not belong together; take both from the same download")]
    Mismatch,
    /// The certificate has ended.
    #[error("the certificate expired on {}; download a new one", .0.format("%Y-%m-%d"))]
    Expired(DateTime<Utc>),
    /// The certificate is not valid yet: a wrong clock, or a certificate for later.
    #[error("the certificate is valid from {} on; check the clock of this machine", .0.format("%Y-%m-%d %H:%M UTC"))]
    NotYetValid(DateTime<Utc>),
}

impl ClientIdentity {
    /// Reads and checks certificate and key. Either text may hold both.
    pub fn read(
        certificate: &SecretString,
        key: &SecretString,
        passphrase: Option<&SecretString>,
    ) -> Result<Self, IdentityError> {
        let texts = [certificate.expose_secret(), key.expose_secret()];
        let blocks: Vec<Block<'_>> = texts.iter().flat_map(|text| blocks(text)).collect();
        let mut chain = Vec::new();
        for block in blocks.iter().filter(|block| block.label == "CERTIFICATE") {
            let der = CertificateDer::from_pem_slice(block.text.as_bytes());
            chain.push((block.text, der.map_err(|_| IdentityError::DamagedCertificate)?));
        }
        if chain.is_empty() {
            return Err(IdentityError::NoCertificate);
        }
        let key_block =
            blocks.iter().rfind(|block| block.label.ends_with("PRIVATE KEY")).ok_or(IdentityError::NoKey)?;
        let plain = plain_key(key_block, passphrase)?;
        let der = PrivateKeyDer::from_pem_slice(plain.as_bytes()).map_err(|_| IdentityError::UnusableKey)?;
        let signer = any_supported_type(&der).map_err(|_| IdentityError::UnusableKey)?;
        let belongs = |certificate: &CertificateDer<'static>| {
            CertifiedKey::new(vec![certificate.clone()], signer.clone()).keys_match()
        };
        let first = chain.iter().position(|(_, der)| belongs(der).is_ok()).ok_or(IdentityError::Mismatch)?;
        // Servers want the certificate of the key first, then its issuers.
        chain[..=first].rotate_right(1);
        let (not_before, not_after) = validity(&chain[0].1)?;
        let mut pem = Zeroizing::new(String::new());
        for (text, _) in &chain {
            pem.push_str(text);
            pem.push('\n');
        }
        pem.push_str(&plain);
        Ok(Self { pem: SecretString::from(pem.as_str()), not_before, not_after })
    }

    /// Refuses a certificate that is not valid at `now`.
    pub fn check(&self, now: DateTime<Utc>) -> Result<(), IdentityError> {
        if now > self.not_after {
            return Err(IdentityError::Expired(self.not_after));
        }
        if now < self.not_before {
            return Err(IdentityError::NotYetValid(self.not_before));
        }
        Ok(())
    }

    /// The last moment of its validity.
    #[must_use]
    pub const fn not_after(&self) -> DateTime<Utc> {
        self.not_after
    }

    /// The warning that is due at `now`, once for each of [`WARN_DAYS`], and the note that records it. `noted` is the note of
    /// the last warning.
    #[must_use]
    pub fn notice(&self, now: DateTime<Utc>, noted: Option<&str>) -> Option<(String, String)> {
        let left = self.not_after - now;
        let due = WARN_DAYS.iter().filter(|days| left <= TimeDelta::days(**days)).min()?;
        let note = format!("{}/{due}", self.not_after.format("%Y-%m-%d"));
        if noted == Some(note.as_str()) {
            return None;
        }
        self.warning(now).map(|warning| (warning, note))
    }

    /// The warning at `now`, if the certificate ends within the longest of [`WARN_DAYS`].
    #[must_use]
    pub fn warning(&self, now: DateTime<Utc>) -> Option<String> {
        let left = self.not_after - now;
        WARN_DAYS.iter().any(|days| left <= TimeDelta::days(*days)).then(|| {
            let days = left.num_days();
            let when = match days {
                ..=0 => "within a day".to_owned(),
                1 => "in 1 day".to_owned(),
                days => format!("in {days} days"),
            };
            format!(
                "the client certificate expires {when}, on {}; download a new one and reconnect",
                self.not_after.format("%Y-%m-%d")
            )
        })
    }

    /// Chain and plain key, PEM, for the TLS client.
    #[must_use]
    pub const fn pem(&self) -> &SecretString {
        &self.pem
    }
}

/// Shows the end of the validity only.
impl std::fmt::Debug for ClientIdentity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientIdentity").field("not_after", &self.not_after).finish_non_exhaustive()
    }
}

/// One block of a PEM text, its BEGIN and END lines included.
struct Block<'a> {
    label: &'a str,
    text: &'a str,
}

/// The blocks of a text, whatever is written between them.
fn blocks(text: &str) -> Vec<Block<'_>> {
    const BEGIN: &str = "-----BEGIN ";
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(BEGIN) {
        rest = &rest[start..];
        let Some(label) = rest[BEGIN.len()..].split_once("-----").map(|(label, _)| label) else { break };
        let end = format!("-----END {label}-----");
        let Some(stop) = rest.find(&end) else { break };
        let (block, after) = rest.split_at(stop + end.len());
        found.push(Block { label, text: block });
        rest = after;
    }
    found
}

/// The key as plain PEM, opened with the passphrase where it is encrypted.
fn plain_key(block: &Block<'_>, passphrase: Option<&SecretString>) -> Result<Zeroizing<String>, IdentityError> {
    if block.text.contains("Proc-Type:") {
        return Err(IdentityError::OutdatedEncryption);
    }
    if block.label != ENCRYPTED {
        return Ok(Zeroizing::new(block.text.to_owned()));
    }
    let passphrase = passphrase
        .filter(|passphrase| !passphrase.expose_secret().is_empty())
        .ok_or(IdentityError::PassphraseNeeded)?;
    let (_, sealed) = SecretDocument::from_pem(block.text).map_err(|_| IdentityError::UnusableKey)?;
    let sealed = EncryptedPrivateKeyInfoRef::try_from(sealed.as_bytes()).map_err(|_| IdentityError::UnusableKey)?;
    let opened = sealed.decrypt(passphrase.expose_secret()).map_err(|_| IdentityError::WrongPassphrase)?;
    opened.to_pem("PRIVATE KEY", LineEnding::LF).map_err(|_| IdentityError::UnusableKey)
}

fn validity(certificate: &CertificateDer<'_>) -> Result<(DateTime<Utc>, DateTime<Utc>), IdentityError> {
    let (_, parsed) = X509Certificate::from_der(certificate).map_err(|_| IdentityError::DamagedCertificate)?;
    let moment = |seconds: i64| DateTime::from_timestamp(seconds, 0).ok_or(IdentityError::DamagedCertificate);
    let validity = parsed.validity();
    Ok((moment(validity.not_before.timestamp())?, moment(validity.not_after.timestamp())?))
}

#[cfg(test)]
mod tests {
    use pkcs8::{PrivateKeyInfoRef, pkcs5::pbes2::Parameters};
    use rcgen::{CertificateParams, KeyPair};

    use super::*;

    /// A certificate and its key, PEM, valid for the year 2026.
    fn pair() -> (SecretString, SecretString) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["app.example".to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(2026, 1, 1);
        params.not_after = rcgen::date_time_ymd(2026, 12, 31);
        let certificate = params.self_signed(&key).unwrap();
        (certificate.pem().into(), key.serialize_pem().into())
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_pair_is_read_from_one_text_or_two_in_any_order() {
        let (certificate, key) = pair();
        let identity = ClientIdentity::read(&certificate, &key, None).unwrap();
        assert_eq!(identity.check(at("2026-06-01T00:00:00Z")), Ok(()));
        let both = SecretString::from(format!("notes\n{}\n{}", key.expose_secret(), certificate.expose_secret()));
        assert!(ClientIdentity::read(&both, &"".into(), None).is_ok());
        let (issuer, _) = pair();
        let chain = SecretString::from(format!("{}{}", issuer.expose_secret(), certificate.expose_secret()));
        let identity = ClientIdentity::read(&chain, &key, None).unwrap();
        assert!(identity.pem().expose_secret().starts_with(certificate.expose_secret().trim_end()));
    }

    #[test]
    fn each_fault_is_named() {
        let (certificate, key) = pair();
        let read =
            |certificate: &str, key: &str| ClientIdentity::read(&certificate.into(), &key.into(), None).unwrap_err();
        let (text, other) = (certificate.expose_secret(), pair().1);
        assert_eq!(read("", key.expose_secret()), IdentityError::NoCertificate);
        assert_eq!(read(text, ""), IdentityError::NoKey);
        assert_eq!(read(text, other.expose_secret()), IdentityError::Mismatch);
        let damaged = text.replacen("MII", "???", 1);
        assert_eq!(read(&damaged, key.expose_secret()), IdentityError::DamagedCertificate);
        let cut = "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----";
        assert_eq!(read(text, cut), IdentityError::UnusableKey);
        let old = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMAA=\n-----END RSA PRIVATE KEY-----";
        assert_eq!(read(text, old), IdentityError::OutdatedEncryption);
    }

    #[test]
    fn an_encrypted_key_needs_its_passphrase() {
        let (certificate, key) = pair();
        let (_, plain) = SecretDocument::from_pem(key.expose_secret()).unwrap();
        let salted = Parameters::generate_pbkdf2_sha256_aes256cbc(2_048, b"salt of the test", [7; 16]).unwrap();
        let key = PrivateKeyInfoRef::try_from(plain.as_bytes()).unwrap();
        let sealed = key.encrypt_with_params(salted, "correct horse").unwrap();
        let sealed = SecretString::from(sealed.to_pem(ENCRYPTED, LineEnding::LF).unwrap().as_str());
        let read = |passphrase: Option<&str>| {
            ClientIdentity::read(&certificate, &sealed, passphrase.map(SecretString::from).as_ref()).map(|_| ())
        };
        assert_eq!(read(None), Err(IdentityError::PassphraseNeeded));
        assert_eq!(read(Some("")), Err(IdentityError::PassphraseNeeded));
        assert_eq!(read(Some("wrong")), Err(IdentityError::WrongPassphrase));
        assert_eq!(read(Some("correct horse")), Ok(()));
    }

    #[test]
    fn validity_is_checked_and_its_end_announced() {
        let (certificate, key) = pair();
        let identity = ClientIdentity::read(&certificate, &key, None).unwrap();
        assert!(matches!(identity.check(at("2025-06-01T00:00:00Z")), Err(IdentityError::NotYetValid(_))));
        assert!(matches!(identity.check(at("2027-06-01T00:00:00Z")), Err(IdentityError::Expired(_))));
        assert_eq!(identity.warning(at("2026-06-01T00:00:00Z")), None);
        assert!(identity.warning(at("2026-12-10T00:00:00Z")).unwrap().contains("in 21 days, on 2026-12-31"));
        assert!(identity.warning(at("2026-12-30T12:00:00Z")).unwrap().contains("within a day"));
        assert!(!format!("{identity:?}").contains("BEGIN"));
        // One notice 30, 7 and 1 days before the end.
        let mut noted = None;
        let mut days = Vec::new();
        for left in (0..40).rev() {
            let now = at("2026-12-31T00:00:00Z") - TimeDelta::days(left);
            if let Some((_, note)) = identity.notice(now, noted.as_deref()) {
                days.push(left);
                noted = Some(note);
            }
        }
        assert_eq!(days, [30, 7, 1]);
    }
}
