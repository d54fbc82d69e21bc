//! Teller's error codes in the common vocabulary.

use super::wire;
use crate::{
    domain::ProviderErrorKind as Kind,
    providers::{ReplyHead, ReplyVerdict},
};

/// The message of an account that the bank has closed.
pub(super) const CLOSED: &str = "the bank has closed this account";

/// Reads a failed reply. The code decides before the status does: a login that must be renewed comes as 404.
pub(super) fn judge(head: &ReplyHead<'_>, body: &[u8]) -> Option<ReplyVerdict> {
    if head.status < 400 {
        return None;
    }
    let failure: wire::Failure = serde_json::from_slice(body).ok()?;
    verdict(head.status, &failure.error)
}

fn verdict(status: u16, failure: &wire::FailureBody) -> Option<ReplyVerdict> {
    let message = |meaning: &str| {
        let colon = if failure.message.is_empty() { "" } else { ": " };
        format!("{meaning}{colon}{}", failure.message)
    };
    let code = failure.code.as_str();
    if code.starts_with("enrollment.disconnected") {
        return Some(
            ReplyVerdict::new(Kind::LoginExpired, message("the bank asks to log in again"))
                .with_hint("log in with Teller Connect and reconnect; accounts and rows stay"),
        );
    }
    match status {
        400 if failure.message.to_ascii_lowercase().contains("certificate") => Some(
            ReplyVerdict::new(Kind::Authentication, "it asks for the client certificate of your application")
                .with_hint("reconnect with certificate.pem and private_key.pem of this application"),
        ),
        401 => Some(
            ReplyVerdict::new(Kind::Authentication, message("it refuses the access token"))
                .with_hint("copy the token again and reconnect"),
        ),
        403 => Some(
            ReplyVerdict::new(Kind::Revoked, message("the login was ended"))
                .with_hint("log in with Teller Connect and reconnect; accounts and rows stay"),
        ),
        410 => Some(ReplyVerdict::new(Kind::InvalidResponse, CLOSED)),
        502 | 504 => Some(ReplyVerdict::new(Kind::Unavailable, message("the bank does not answer"))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(status: u16, code: &str, message: &str) -> Option<Kind> {
        let body = wire::FailureBody { code: code.into(), message: message.into() };
        verdict(status, &body).map(|verdict| verdict.kind)
    }

    #[test]
    fn the_code_decides_before_the_status() {
        for status in [404, 410] {
            for code in ["enrollment.disconnected", "enrollment.disconnected.user_action.mfa_required"] {
                assert_eq!(kind(status, code, ""), Some(Kind::LoginExpired), "{status} {code}");
            }
        }
        assert_eq!(kind(410, "account.closed", ""), Some(Kind::InvalidResponse));
        assert_eq!(kind(404, "not_found", ""), None);
        assert_eq!(kind(403, "forbidden", ""), Some(Kind::Revoked));
        assert_eq!(kind(401, "unauthorized", ""), Some(Kind::Authentication));
        assert_eq!(kind(400, "bad_request", "Missing certificate: Retry"), Some(Kind::Authentication));
        assert_eq!(kind(400, "bad_request", "count"), None);
        assert_eq!(kind(502, "bad_gateway", ""), Some(Kind::Unavailable));
    }
}
