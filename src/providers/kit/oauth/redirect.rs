//! Reads a redirect: from the browser at the listener, or pasted by the user.
//!
//! INVARIANT: percent signs are decoded exactly once; the state is compared in constant time.

use secrecy::{ExposeSecret as _, SecretString};

use super::super::loopback::same;
use crate::{domain::text, providers::Authorization};

/// Longest accepted value; codes are shorter.
const MAX_VALUE: usize = 4096;

/// Why a redirect does not complete this login.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RedirectError {
    /// The institution or the user refused the login.
    #[error("the login was refused{}", .reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default())]
    Denied {
        /// The institution's reason, cleaned.
        reason: Option<String>,
    },
    /// It belongs to another login.
    #[error("this address belongs to another login; use the one of the page you were just sent to")]
    OtherLogin,
    /// It comes from another institution.
    #[error("this address comes from another institution than the one you log in to")]
    OtherIssuer,
    /// It has no code.
    #[error(
        "there is no code in it; finish the login, and when the browser can't open the last page, copy that page's \
         whole address"
    )]
    NoCode,
    /// A parameter is repeated or too long.
    #[error("this is not an address that the login leads to")]
    Malformed,
}

/// The code of a pasted address, query or bare code. Quotes, brackets and a Markdown link around it are ignored.
pub fn parse_redirect(pasted: &str, authorization: &Authorization) -> Result<SecretString, RedirectError> {
    // A wrapped line is pasted with its breaks.
    let text: String = pasted.chars().filter(|character| !character.is_whitespace()).collect();
    let text = unwrapped(&text).to_owned();
    if text.is_empty() {
        return Err(RedirectError::NoCode);
    }
    let query = match text.split_once('?') {
        Some((address, query)) => {
            if !address.is_empty() && host(address) != host(&authorization.callback_url) {
                return Err(RedirectError::NoCode);
            }
            query
        }
        None if ["code=", "state=", "error="].iter().any(|name| text.contains(name)) => text.as_str(),
        None if text.contains("://") => return Err(RedirectError::NoCode),
        None => {
            let code = decode_once(&text).filter(|code| code.len() <= MAX_VALUE).ok_or(RedirectError::Malformed)?;
            return Ok(code.into());
        }
    };
    // The browser adds the fragment.
    let query = query.split('#').next().unwrap_or_default();
    parse_query(query, authorization, false)
}

/// The text inside quotes, brackets or a Markdown link.
fn unwrapped(text: &str) -> &str {
    const AROUND: [char; 14] = ['"', '\'', '`', '<', '>', '(', ')', '[', ']', '“', '”', '‘', '’', ','];
    let inner = match text.find("](") {
        Some(at) if text.starts_with('[') => &text[at + 2..],
        _ => text,
    };
    inner.trim_matches(AROUND)
}

/// The host of an address, by one name for this machine.
fn host(address: &str) -> String {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let end = if rest.starts_with('[') { rest.find(']').map_or(rest.len(), |at| at + 1) } else { 0 };
    let length = rest[end..].find(['/', ':']).map_or(rest.len(), |at| end + at);
    let host = rest[..length].to_ascii_lowercase();
    if matches!(host.as_str(), "localhost" | "[::1]") { "127.0.0.1".into() } else { host }
}

/// The code of a query string. `state_required`: a missing state is refused; a wrong one always is.
pub(super) fn parse_query(
    query: &str,
    authorization: &Authorization,
    state_required: bool,
) -> Result<SecretString, RedirectError> {
    let (mut code, mut state, mut error, mut description, mut issuer) = (None, None, None, None, None);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let slot = match decode_once(name).as_deref() {
            Some("code") => &mut code,
            Some("state") => &mut state,
            Some("error") => &mut error,
            Some("error_description") => &mut description,
            Some("iss") => &mut issuer,
            Some(_) => continue,
            None => return Err(RedirectError::Malformed),
        };
        let value = decode_once(value).filter(|value| value.len() <= MAX_VALUE).ok_or(RedirectError::Malformed)?;
        if slot.replace(value).is_some() {
            return Err(RedirectError::Malformed);
        }
    }
    match &state {
        Some(state) if same(state, authorization.state.expose_secret()) => {}
        None if !state_required => {}
        Some(_) | None => return Err(RedirectError::OtherLogin),
    }
    if authorization.issuer.is_some() && (issuer.is_some() || state_required) && issuer != authorization.issuer {
        return Err(RedirectError::OtherIssuer);
    }
    if let Some(error) = error {
        let reported = description.map_or(error, |text| text.replace('+', " "));
        let reason = text::clean_line(&reported).map(|line| super::super::cut(&line, 200));
        return Err(RedirectError::Denied { reason });
    }
    code.filter(|code| !code.is_empty()).map(SecretString::from).ok_or(RedirectError::NoCode)
}

/// Percent-decoding, once. A plus stays a plus: codes have no blanks.
fn decode_once(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let digit = |byte: u8| char::from(byte).to_digit(16);
        match (first, tail) {
            (b'%', [high, low, tail @ ..]) => {
                if let (Some(high), Some(low)) = (digit(*high), digit(*low)) {
                    bytes.push(u8::try_from(high * 16 + low).ok()?);
                    rest = tail;
                } else {
                    bytes.push(b'%');
                    rest = &rest[1..];
                }
            }
            (byte, tail) => {
                bytes.push(*byte);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).ok()
}
