//! Plaid's error codes in the common vocabulary. Nearly all of them come with HTTP 400.

use super::wire;
use crate::{
    domain::ProviderErrorKind as Kind,
    providers::{ReplyHead, ReplyVerdict},
};

/// The message of a list of rows that changed while its pages were read.
pub(super) const CHANGED: &str = "its rows changed while they were read";
/// The message of a cursor that is not accepted any more.
pub(super) const DEAD_CURSOR: &str = "it does not accept the stored cursor any more";

const REPAIR: &str = "press Enter on the connection to log in to the bank again; accounts and rows stay";

/// Reads a failed reply.
pub(super) fn judge(head: &ReplyHead<'_>, body: &[u8]) -> Option<ReplyVerdict> {
    if (200..300).contains(&head.status) {
        return None;
    }
    verdict(&serde_json::from_slice(body).ok()?)
}

/// The meaning of a failure, also of one inside a successful reply.
pub(super) fn verdict(failure: &wire::Failure) -> Option<ReplyVerdict> {
    let detail = failure.display_message.as_deref().or(failure.error_message.as_deref()).unwrap_or_default();
    let mentions_cursor = failure.error_message.as_deref().is_some_and(|text| text.contains("cursor"));
    let verdict = match failure.error_code.as_str() {
        "" => return None,
        "TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION" => ReplyVerdict::new(Kind::Unavailable, CHANGED),
        "INVALID_FIELD" | "INVALID_INPUT" | "INVALID_CURSOR" if mentions_cursor => {
            ReplyVerdict::new(Kind::InvalidResponse, DEAD_CURSOR)
        }
        "ITEM_LOGIN_REQUIRED"
        | "PENDING_EXPIRATION"
        | "PENDING_DISCONNECT"
        | "INVALID_CREDENTIALS"
        | "INVALID_MFA"
        | "ITEM_LOCKED"
        | "USER_SETUP_REQUIRED"
        | "INSUFFICIENT_CREDENTIALS"
        | "INVALID_UPDATED_USERNAME"
        | "ITEM_CONCURRENTLY_DELETED" => {
            ReplyVerdict::new(Kind::LoginExpired, named(failure, "the bank asks to log in again", detail))
                .with_hint(REPAIR)
        }
        "ACCESS_NOT_GRANTED" | "ADDITIONAL_CONSENT_REQUIRED" => {
            ReplyVerdict::new(Kind::Authentication, named(failure, "the bank needs your consent for this data", detail))
                .with_hint(REPAIR)
        }
        "INVALID_ACCESS_TOKEN" | "ITEM_NOT_FOUND" | "USER_PERMISSION_REVOKED" | "USER_ACCOUNT_REVOKED" => {
            ReplyVerdict::new(Kind::Revoked, "the login was ended").with_hint("connect the bank again")
        }
        "INVALID_API_KEYS"
        | "INVALID_CLIENT_ID"
        | "INVALID_SECRET"
        | "UNAUTHORIZED_ENVIRONMENT"
        | "UNAUTHORIZED_ROUTE_ACCESS" => {
            ReplyVerdict::new(Kind::Authentication, named(failure, "it refuses the keys", detail))
                .with_hint("copy client id and secret of this environment again")
        }
        "PRODUCT_NOT_READY" => ReplyVerdict::new(Kind::Unavailable, "it is still collecting this data"),
        "PRODUCTS_NOT_SUPPORTED"
        | "NO_INVESTMENT_ACCOUNTS"
        | "NO_INVESTMENT_AUTH_ACCOUNTS"
        | "INVALID_PRODUCT"
        | "PRODUCT_NOT_ENABLED"
        | "ITEM_NOT_SUPPORTED"
        | "NO_ACCOUNTS" => {
            ReplyVerdict::new(Kind::InvalidResponse, named(failure, "the bank does not offer this", detail))
        }
        _ => match failure.error_type.as_str() {
            "RATE_LIMIT_EXCEEDED" | "RATE_LIMIT_ERROR" => {
                ReplyVerdict::new(Kind::RateLimited { until: None }, "it received too many requests")
            }
            "INSTITUTION_ERROR" => {
                ReplyVerdict::new(Kind::Unavailable, named(failure, "the bank does not answer", detail))
            }
            "API_ERROR" => ReplyVerdict::new(Kind::Unavailable, named(failure, "its server failed", detail)),
            "ITEM_ERROR" => ReplyVerdict::new(Kind::LoginExpired, named(failure, "the login has a problem", detail))
                .with_hint(REPAIR),
            _ => return None,
        },
    };
    Some(verdict)
}

/// A message with Plaid's code and its own words.
fn named(failure: &wire::Failure, meaning: &str, detail: &str) -> String {
    let colon = if detail.is_empty() { "" } else { ": " };
    format!("{meaning} ({}){colon}{detail}", failure.error_code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(error_type: &str, code: &str, message: &str) -> Option<Kind> {
        let failure = wire::Failure {
            error_type: error_type.into(),
            error_code: code.into(),
            error_message: Some(message.into()),
            display_message: None,
        };
        verdict(&failure).map(|verdict| verdict.kind)
    }

    #[test]
    fn codes_have_one_meaning_each() {
        let item = |code: &str| kind("ITEM_ERROR", code, "").unwrap();
        assert_eq!(item("ITEM_LOGIN_REQUIRED"), Kind::LoginExpired);
        assert_eq!(item("ITEM_LOCKED"), Kind::LoginExpired);
        assert_eq!(item("SOMETHING_NEW"), Kind::LoginExpired);
        assert_eq!(item("ACCESS_NOT_GRANTED"), Kind::Authentication);
        assert_eq!(item("ITEM_NOT_FOUND"), Kind::Revoked);
        assert_eq!(item("PRODUCT_NOT_READY"), Kind::Unavailable);
        assert_eq!(item("NO_ACCOUNTS"), Kind::InvalidResponse);
        assert_eq!(kind("INVALID_INPUT", "INVALID_API_KEYS", ""), Some(Kind::Authentication));
        assert_eq!(kind("INVALID_INPUT", "INVALID_ACCESS_TOKEN", ""), Some(Kind::Revoked));
        assert_eq!(kind("INVALID_REQUEST", "INVALID_FIELD", "the cursor is not valid"), Some(Kind::InvalidResponse));
        assert_eq!(kind("INVALID_REQUEST", "INVALID_FIELD", "count is wrong"), None);
        assert_eq!(kind("RATE_LIMIT_EXCEEDED", "TRANSACTIONS_LIMIT", ""), Some(Kind::RateLimited { until: None }));
        assert_eq!(kind("INSTITUTION_ERROR", "INSTITUTION_DOWN", ""), Some(Kind::Unavailable));
        assert_eq!(kind("API_ERROR", "INTERNAL_SERVER_ERROR", ""), Some(Kind::Unavailable));
        assert_eq!(kind("", "", ""), None);
        let mutation = kind("TRANSACTIONS_ERROR", "TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION", "");
        assert_eq!(mutation, Some(Kind::Unavailable));
    }
}
