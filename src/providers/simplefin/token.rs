//! Setup tokens and access addresses of SimpleFIN, checked before anything is contacted.
//!
//! A setup token is the base64 form of an address that is asked once; the reply is an address with user and password. Both
//! come from outside, so both are treated as hostile. INVARIANT: an [`Address`] is https, or has the origin of the
//! override; its host is a name on the public internet; no message repeats a part that is secret.

use base64::{
    Engine as _,
    alphabet::{STANDARD, URL_SAFE},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use oauth2::url::{Host, Url};
use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::providers::kit::ServerOrigin;

/// Longest accepted token or address, in bytes.
const MAX_LENGTH: usize = 4_096;
/// Hosts of the Bridge; others need the user's consent.
const OWN_HOST: &str = "simplefin.org";

/// A problem with a token or an address, for people. Never repeats the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum TokenError {
    /// Not base64 of an address.
    #[error("this is not a setup token; copy the whole line that the Bridge shows")]
    NotAToken,
    /// An access address was pasted in place of a setup token.
    #[error("this is an address, not a setup token; create a setup token at the Bridge")]
    IsAnAddress,
    /// Not https, or with user, password or fragment where there must be none.
    #[error("the setup token leads to an address that is not plain https")]
    NotHttps,
    /// A numeric, local or private host.
    #[error("the setup token leads to a host that is not on the public internet")]
    NotPublic,
    /// Another server than the Bridge.
    #[error("the setup token leads to {0}, not to {OWN_HOST}; enter {0} as the server if you trust it")]
    UnknownHost(String),
    /// The Bridge returned something else than an access address.
    #[error("the reply to the setup token is not an access address")]
    NotAnAccess,
}

/// A checked address without user and password.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Address(Url);

impl Address {
    /// Checks `text`. Plain http is accepted for the origin of the override only, and kept as https: the override
    /// replaces the origin of every address when it is sent.
    fn new(text: &str, endpoint: Option<&ServerOrigin>) -> Result<Self, TokenError> {
        if text.len() > MAX_LENGTH || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(TokenError::NotAToken);
        }
        let mut url = Url::parse(text).map_err(|_| TokenError::NotAToken)?;
        if url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
            return Err(TokenError::NotHttps);
        }
        let is_override = endpoint.is_some_and(|own| ServerOrigin::of(&url).is_ok_and(|origin| origin == *own));
        if is_override {
            if url.scheme() == "http" && url.set_scheme("https").is_err() {
                return Err(TokenError::NotHttps);
            }
            return Ok(Self(url));
        }
        if url.scheme() != "https" {
            return Err(TokenError::NotHttps);
        }
        match url.host() {
            Some(Host::Domain(name)) if is_public_name(name) => Ok(Self(url)),
            _ => Err(TokenError::NotPublic),
        }
    }

    /// The address as text.
    pub(super) fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The host.
    pub(super) fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }
}

/// A name with a public suffix: no bare name, and none of the names that are reserved for local use.
fn is_public_name(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let local =
        ["localhost", "local", "internal", "lan", "home", "home.arpa", "localdomain", "test", "invalid", "onion"];
    name.contains('.') && !local.iter().any(|end| name == *end || name.ends_with(&format!(".{end}")))
}

/// The address inside a setup token. `trusted` is a host that the user accepted.
pub(super) fn claim_address(
    token: &str,
    trusted: Option<&str>,
    endpoint: Option<&ServerOrigin>,
) -> Result<Address, TokenError> {
    let token: Zeroizing<String> = Zeroizing::new(
        token.chars().filter(|c| !c.is_whitespace() && !matches!(c, '"' | '\'' | '<' | '>' | '`')).collect(),
    );
    if token.len() > MAX_LENGTH {
        return Err(TokenError::NotAToken);
    }
    if token.contains("://") {
        return Err(TokenError::IsAnAddress);
    }
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let decoded = [STANDARD, URL_SAFE]
        .iter()
        .find_map(|alphabet| GeneralPurpose::new(alphabet, config).decode(token.as_bytes()).ok())
        .map(Zeroizing::new)
        .ok_or(TokenError::NotAToken)?;
    let text = std::str::from_utf8(&decoded).map_err(|_| TokenError::NotAToken)?.trim();
    let address = Address::new(text, endpoint)?;
    let host = address.host().trim_end_matches('.').to_ascii_lowercase();
    let is_own = host == OWN_HOST || host.ends_with(&format!(".{OWN_HOST}"));
    let is_override = endpoint.is_some_and(|own| own.host() == host);
    let is_trusted = trusted.is_some_and(|trusted| trusted.trim().eq_ignore_ascii_case(&host));
    if is_own || is_override || is_trusted { Ok(address) } else { Err(TokenError::UnknownHost(host)) }
}

/// An access address, taken apart.
pub(super) struct Access {
    /// Where accounts are asked for.
    pub(super) address: Address,
    /// Sent in the `Authorization` header.
    pub(super) user: SecretString,
    /// See `user`.
    pub(super) password: SecretString,
}

/// Takes an access address (`https://user:password@host/path`) apart.
pub(super) fn access(text: &str, endpoint: Option<&ServerOrigin>) -> Result<Access, TokenError> {
    let mut url = Url::parse(text.trim()).map_err(|_| TokenError::NotAnAccess)?;
    let decoded = |part: &str| {
        let bytes = Zeroizing::new(percent_decode(part).ok_or(TokenError::NotAnAccess)?);
        std::str::from_utf8(&bytes).map(SecretString::from).map_err(|_| TokenError::NotAnAccess)
    };
    let user = decoded(url.username())?;
    let password = decoded(url.password().unwrap_or_default())?;
    if url.username().is_empty() || url.set_username("").is_err() || url.set_password(None).is_err() {
        return Err(TokenError::NotAnAccess);
    }
    let address = Address::new(url.as_str(), endpoint)?;
    Ok(Access { address, user, password })
}

fn percent_decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let mut digit = || char::from(bytes.next()?).to_digit(16);
            let value = digit()? * 16 + digit()?;
            decoded.push(u8::try_from(value).ok()?);
        } else {
            decoded.push(byte);
        }
    }
    Some(decoded)
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD as BASE64, URL_SAFE_NO_PAD};
    use secrecy::ExposeSecret as _;

    use super::*;

    fn claim(address: &str) -> Result<Address, TokenError> {
        claim_address(&BASE64.encode(address), None, None)
    }

    #[test]
    fn tokens_of_the_bridge_are_read_however_they_were_copied() {
        let address = "https://beta-bridge.simplefin.org/simplefin/claim/ABC?x=1";
        let token = BASE64.encode(address);
        let (head, tail) = token.split_at(20);
        let unpadded = URL_SAFE_NO_PAD.encode(address);
        for written in [token.clone(), format!(" \"{head}\n {tail}\" "), unpadded] {
            assert_eq!(claim_address(&written, None, None).unwrap().as_str(), address);
        }
    }

    /// Every form of address that a forged token could lead to.
    #[test]
    fn hostile_tokens_are_refused_before_anything_is_contacted() {
        let hostile = [
            "http://bridge.simplefin.org/claim",
            "ftp://bridge.simplefin.org/claim",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "https://127.0.0.1/claim",
            "https://localhost/claim",
            "https://localhost.:8443/claim",
            "https://[::1]/claim",
            "https://[::ffff:10.0.0.1]/claim",
            "https://0x7f000001/claim",
            "https://2130706433/claim",
            "https://0177.0.0.1/claim",
            "https://10.0.0.8/claim",
            "https://172.16.3.4/claim",
            "https://192.168.1.1/claim",
            "https://169.254.169.254/latest/meta-data",
            "https://8.8.8.8/claim",
            "https://[2001:4860:4860::8888]/claim",
            "https://router.local/claim",
            "https://metadata.google.internal/claim",
            "https://intranet/claim",
            "https://user:pw@bridge.simplefin.org/claim",
            "https://bridge.simplefin.org@evil.example/claim",
            "https://bridge.simplefin.org.evil.example/claim",
            "https://evilsimplefin.org/claim",
            "https://bridge.simplefin.org/claim#fragment",
            "https://bridge.simplefin.org/cl aim",
            "https://bridge.simplefin.org/\r\nHost: evil.example",
            "https://",
            "not an address",
            "",
        ];
        for address in hostile {
            assert!(claim(address).is_err(), "{address}");
        }
        let token = |text: &str| claim_address(text, None, None).map(|_| ());
        assert_eq!(token("!!!"), Err(TokenError::NotAToken));
        assert_eq!(token("https://u:p@bridge.simplefin.org/simplefin"), Err(TokenError::IsAnAddress));
        assert_eq!(token(&"QUJD".repeat(4_000)), Err(TokenError::NotAToken));
    }

    #[test]
    fn another_server_needs_consent_and_is_named() {
        let token = BASE64.encode("https://sfin.example.com/claim/1");
        let refused = claim_address(&token, None, None).err().unwrap();
        assert_eq!(refused, TokenError::UnknownHost("sfin.example.com".into()));
        assert!(claim_address(&token, Some(" SFIN.example.com"), None).is_ok());
    }

    #[test]
    fn the_override_allows_its_own_origin_only() {
        let own: ServerOrigin = "http://127.0.0.1:9100".parse().unwrap();
        let claim = |address: &str| claim_address(&BASE64.encode(address), None, Some(&own));
        assert_eq!(claim("http://127.0.0.1:9100/claim/1").unwrap().as_str(), "https://127.0.0.1:9100/claim/1");
        assert!(claim("http://127.0.0.1:9101/claim/1").is_err());
        assert!(claim("https://10.0.0.1/claim/1").is_err());
        assert!(claim("https://bridge.simplefin.org/claim/1").is_ok());
        let access = access("http://u:p@127.0.0.1:9100/simplefin", Some(&own)).unwrap();
        assert_eq!(access.address.as_str(), "https://127.0.0.1:9100/simplefin");
    }

    #[test]
    fn access_addresses_are_taken_apart() {
        let read = access(" https://us%40er:p%3Aw@bridge.simplefin.org/simplefin\n", None).unwrap();
        assert_eq!((read.user.expose_secret(), read.password.expose_secret()), ("us@er", "p:w"));
        assert_eq!(read.address.as_str(), "https://bridge.simplefin.org/simplefin");
        for bad in [
            "",
            "denied",
            "https://bridge.simplefin.org/simplefin",
            "http://u:p@bridge.simplefin.org/x",
            "https://u:p@10.0.0.1/x",
            "https://u%zz:p@bridge.simplefin.org/x",
        ] {
            assert!(access(bad, None).is_err(), "{bad}");
        }
    }
}
