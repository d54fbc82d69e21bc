//! The environment variables dashtam reads.

use std::{collections::BTreeMap, ffi::OsString, path::PathBuf};

use crate::{domain::text::clean, ports::VaultChoice};

use super::settings::LogLevel;

/// Prefix of the variables that replace a provider's origin; the slug follows.
const ENDPOINT: &str = "DASHTAM_ENDPOINT_";

/// Settings from the environment. Every part may be missing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Environment {
    /// `DASHTAM_DATA_DIR`: where everything lives.
    pub data_dir: Option<PathBuf>,
    /// `DASHTAM_CONFIG`: the configuration file.
    pub config: Option<PathBuf>,
    /// `DASHTAM_VAULT`: where the key of stored logins is kept.
    pub vault: Option<VaultChoice>,
    /// `DASHTAM_PASSPHRASE_FILE`: file that holds the passphrase in its first line.
    pub passphrase_file: Option<PathBuf>,
    /// `DASHTAM_ENDPOINT_<SLUG>`: origins by slug (lower case), checked by [`origin`].
    pub endpoints: BTreeMap<String, String>,
    /// `DASHTAM_LOG`: how much is logged, over the configured level.
    pub log: Option<LogLevel>,
    /// `NO_COLOR` is set and not empty.
    pub no_color: bool,
    /// `BROWSER`: what opens addresses.
    pub browser: Option<String>,
    /// `COLORFGBG`: colours of the terminal, where it sets them.
    pub terminal_colours: Option<String>,
    /// `TERM`: the kind of terminal.
    pub terminal: Option<String>,
}

/// A variable with a value that is not allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable} can't be `{value}`; allowed: {allowed}")]
pub struct EnvironmentError {
    /// The variable.
    pub variable: String,
    /// Its value.
    pub value: String,
    /// Allowed values.
    pub allowed: String,
}

impl Environment {
    /// Reads any environment. An empty variable counts as not set.
    pub fn from_variables(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Result<Self, EnvironmentError> {
        let mut environment = Self::default();
        for (name, value) in variables {
            let Some(name) = name.to_str() else { continue };
            if value.is_empty() {
                continue;
            }
            let text = || value.to_string_lossy().into_owned();
            match name {
                "DASHTAM_DATA_DIR" => environment.data_dir = Some(value.into()),
                "DASHTAM_CONFIG" => environment.config = Some(value.into()),
                "DASHTAM_PASSPHRASE_FILE" => environment.passphrase_file = Some(value.into()),
                "DASHTAM_VAULT" => environment.vault = Some(word(name, &text(), VaultChoice::parse, VaultChoice::ALL)?),
                "DASHTAM_LOG" => environment.log = Some(word(name, &text(), LogLevel::parse, LogLevel::ALL)?),
                "NO_COLOR" => environment.no_color = true,
                "BROWSER" => environment.browser = Some(text()),
                "COLORFGBG" => environment.terminal_colours = Some(text()),
                "TERM" => environment.terminal = Some(text()),
                _ => {
                    let Some(slug) = name.strip_prefix(ENDPOINT) else { continue };
                    let value = text();
                    let origin = origin(&value).ok_or_else(|| refuse(name, &value, ORIGIN))?;
                    environment.endpoints.insert(slug.to_ascii_lowercase(), origin);
                }
            }
        }
        Ok(environment)
    }
}

/// One word of a vocabulary.
fn word<T: ToString>(
    variable: &str,
    value: &str,
    parse: fn(&str) -> Option<T>,
    all: &[T],
) -> Result<T, EnvironmentError> {
    parse(value).ok_or_else(|| refuse(variable, value, &all.iter().map(T::to_string).collect::<Vec<_>>().join(", ")))
}

fn refuse(variable: &str, value: &str, allowed: &str) -> EnvironmentError {
    EnvironmentError { variable: variable.to_owned(), value: clean(value).into_owned(), allowed: allowed.to_owned() }
}

pub(super) const ORIGIN: &str =
    "https://host[:port], or http://127.0.0.1[:port] (also localhost and [::1]), without a path";

/// The origin (scheme, host, port) of an address that a provider may be moved to: https, or http to this very
/// machine. `None` for anything else, such as a path, a query or a login in it.
#[must_use]
pub fn origin(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_lowercase();
    let (scheme, rest) = text.split_once("://")?;
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    let (host, port) = match authority.strip_prefix('[') {
        Some(inner) => {
            let (address, port) = inner.split_once(']')?;
            address.parse::<std::net::Ipv6Addr>().ok()?;
            (&authority[..address.len() + 2], port)
        }
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let named = host.starts_with('[') || host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'));
    let numbered = port.is_empty() || port.strip_prefix(':')?.parse::<u16>().is_ok_and(|port| port != 0);
    let allowed = match scheme {
        "https" => true,
        "http" => is_loopback(host),
        _ => false,
    };
    (allowed && named && numbered && !host.is_empty()).then(|| format!("{scheme}://{authority}"))
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host == "[::1]" || host.parse::<std::net::Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
}
