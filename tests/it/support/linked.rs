//! Small servers of the providers whose login comes from a link: SimpleFIN, Plaid and Teller.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use serde_json::{Value, json};

use super::{
    fixtures::fixture,
    server::{Answer, Server},
};

pub(crate) const CLAIM: &str = "/simplefin/claim/T1";
pub(crate) const ACCOUNTS: &str = "/simplefin/accounts";

/// A bridge whose token works once.
pub(crate) async fn bridge() -> Server {
    let claims = AtomicUsize::new(0);
    let now = chrono::Utc::now();
    let day = move |days: i64| (now - chrono::TimeDelta::days(days)).timestamp();
    Server::start(move |asked| match asked.path.as_str() {
        CLAIM if claims.fetch_add(1, SeqCst) == 0 => {
            let access = "https://canary-user:canary-password@bridge.simplefin.org/simplefin";
            Answer::Reply(200, vec!["Content-Type: text/plain".into()], access.into())
        }
        ACCOUNTS => {
            let rows = json!([
                {"id": "a", "posted": day(3), "amount": "-1.00", "description": "Kiosk"},
                {"id": "b", "posted": day(2), "amount": "-1.00", "description": "Kiosk"},
            ]);
            let rows = if asked.param("balances-only").is_some() { json!([]) } else { rows };
            let account = json!({"id": "ACT-1", "name": "Checking", "conn_id": "C1", "currency": "USD", "balance": "10.00",
                "balance-date": day(1), "transactions": rows});
            let connections = json!([{"conn_id": "C1", "name": "Harbor Bank"}]);
            Answer::json(json!({"errlist": [], "connections": connections, "accounts": [account]}).to_string())
        }
        _ => Answer::Reply(403, Vec::new(), b"Forbidden".to_vec()),
    })
    .await
}

/// A Plaid whose page is finished, and whose public token works once.
pub(crate) async fn plaid() -> Server {
    let exchanges = AtomicUsize::new(0);
    Server::start(move |asked| match asked.path.as_str() {
        "/link/token/create" => Answer::json(
            json!({"link_token": "link-canary", "hosted_link_url": "https://secure.plaid.example/hl/canary",
                "expiration": (chrono::Utc::now() + chrono::TimeDelta::minutes(30)).to_rfc3339()})
            .to_string(),
        ),
        "/link/token/get" => Answer::json(
            r#"{"link_sessions": [{"finished_at": "2026-11-20T12:01:00Z", "results": {"item_add_results": [{"public_token": "public-canary"}]}}]}"#,
        ),
        "/item/public_token/exchange" if exchanges.fetch_add(1, SeqCst) == 0 => {
            Answer::json(r#"{"access_token":"access-canary","item_id":"item-1"}"#)
        }
        "/item/public_token/exchange" => {
            Answer::status(400, r#"{"error_type":"INVALID_INPUT","error_code":"INVALID_PUBLIC_TOKEN","error_message":"used"}"#)
        }
        "/accounts/get" => Answer::json(
            r#"{"accounts": [{"account_id": "A", "mask": "1", "name": "Everyday", "type": "depository", "subtype": "checking",
                "balances": {"current": 100, "iso_currency_code": "USD"}}], "item": {"institution_name": "Maple Union"}}"#,
        ),
        "/transactions/sync" => {
            let is_first = serde_json::from_str::<Value>(&asked.body).unwrap()["cursor"].is_null();
            let row = json!({"transaction_id": "t1", "account_id": "A", "date": "2026-11-02", "amount": 12.5,
                "iso_currency_code": "USD", "name": "Kiosk", "pending": false});
            let added = if is_first { json!([row]) } else { json!([]) };
            Answer::json(json!({"accounts": [], "added": added, "modified": [], "removed": [], "next_cursor": "c1",
                "has_more": false, "transactions_update_status": "HISTORICAL_UPDATE_COMPLETE"}).to_string())
        }
        path if path.starts_with("/investments") => {
            Answer::status(400, r#"{"error_type":"INVALID_REQUEST","error_code":"PRODUCTS_NOT_SUPPORTED","error_message":"no"}"#)
        }
        _ => Answer::status(404, "{}"),
    })
    .await
}

/// A Teller with two accounts without rows.
pub(crate) async fn teller() -> Server {
    Server::start(|asked| match asked.path.as_str() {
        "/accounts" => Answer::json(fixture("teller", "accounts.json")),
        "/accounts/acc_check/balances" => Answer::json(fixture("teller", "balances.json")),
        "/accounts/acc_card/balances" => Answer::json(fixture("teller", "balances_card.json")),
        path if path.ends_with("/transactions") => Answer::json("[]"),
        _ => Answer::status(404, "{}"),
    })
    .await
}
