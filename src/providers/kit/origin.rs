//! Scheme, host and port: the part of an address that an override may replace.
//!
//! INVARIANT: https, or plain http on loopback.

use std::{fmt, str::FromStr};

use oauth2::url::{Position, Url};

/// A checked scheme, host and port.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ServerOrigin {
    scheme: &'static str,
    host: String,
    port: Option<u16>,
}

/// Why a text is not a usable origin. Does not repeat it: an address may contain a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(clippy::enum_variant_names, reason = "each names a condition that is not met")]
pub enum OriginError {
    /// Not an address.
    #[error("it is not an address such as https://localhost:8443")]
    NotAnAddress,
    /// Plain http to another machine.
    #[error("it must be https; plain http is allowed for 127.0.0.1, [::1] and localhost only")]
    NotEncrypted,
    /// More than an origin.
    #[error("it must be scheme, host and port only, without path, user or query")]
    NotOnlyAnOrigin,
}

impl ServerOrigin {
    /// The origin of an address.
    pub fn of(url: &Url) -> Result<Self, OriginError> {
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(OriginError::NotAnAddress)?.to_owned();
        let scheme = match url.scheme() {
            "https" => "https",
            "http" if is_loopback(&host) => "http",
            "http" => return Err(OriginError::NotEncrypted),
            _ => return Err(OriginError::NotAnAddress),
        };
        Ok(Self { scheme, host, port: url.port() })
    }

    /// Host name or address, without port.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether it is on this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.host)
    }

    /// `url` with this scheme, host and port.
    #[must_use]
    pub fn rebase(&self, url: &Url) -> Option<Url> {
        let mut rest = &url[Position::BeforePath..];
        if !rest.starts_with('/') {
            rest = "/";
        }
        Url::parse(&format!("{self}{rest}")).ok()
    }
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl FromStr for ServerOrigin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text.trim()).map_err(|_| OriginError::NotAnAddress)?;
        let origin = Self::of(&url)?;
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        if !bare || !url.username().is_empty() || url.password().is_some() {
            return Err(OriginError::NotOnlyAnOrigin);
        }
        Ok(origin)
    }
}

impl fmt::Display for ServerOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine_only() {
        for good in ["https://api.example.com", "http://127.0.0.1:8080/", "http://localhost:1", "http://[::1]:9"] {
            let origin: ServerOrigin = good.parse().unwrap();
            assert_eq!(format!("{origin}"), good.trim_end_matches('/'));
        }
        for (bad, why) in [
            ("http://api.example.com", OriginError::NotEncrypted),
            ("http://127.0.0.1.evil.example", OriginError::NotEncrypted),
            ("http://10.0.0.1", OriginError::NotEncrypted),
            ("ftp://localhost", OriginError::NotAnAddress),
            ("localhost:80", OriginError::NotAnAddress),
            ("https://me:pw@example.com", OriginError::NotOnlyAnOrigin),
            ("https://example.com/v2", OriginError::NotOnlyAnOrigin),
            ("https://example.com/?a=1", OriginError::NotOnlyAnOrigin),
        ] {
            assert_eq!(bad.parse::<ServerOrigin>(), Err(why), "{bad}");
        }
    }

    #[test]
    fn rebasing_keeps_path_and_query() {
        let origin: ServerOrigin = "http://127.0.0.1:8080".parse().unwrap();
        let url = Url::parse("https://api.example.com:444/v2/a%40b?x=%20#f").unwrap();
        assert_eq!(origin.rebase(&url).unwrap().as_str(), "http://127.0.0.1:8080/v2/a%40b?x=%20#f");
    }
}
