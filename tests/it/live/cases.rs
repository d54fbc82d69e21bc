//! Faults that other programs met with these providers, and the test of each:
//!
//! | case | test |
//! |---|---|
//! | simplefin: a block of days comes back under new ids | `cases::a_renumbered_block_keeps_notes_and_can_be_undone`, `simplefin::a_block_under_new_ids_adds_only_the_new_row` |
//! | simplefin: any value of `pending` switches it on | `simplefin::ten_accounts_take_few_requests_and_pending_is_left_out_when_switched_off` |
//! | simplefin: 200 OK, and one bank is silent for weeks | `cases::a_silent_bank_is_part_of_the_result`, `simplefin::a_bank_that_fails_leaves_the_others` |
//! | simplefin: the access has ended | `simplefin::an_ended_access_is_replaced_by_a_new_token` |
//! | simplefin: new account ids after linking again | `simplefin::a_relinked_account_goes_on_as_before` |
//! | plaid: a posted row that does not name its pending row | `plaid::pending_rows_become_posted_rows_with_and_without_a_link` |
//! | plaid: notes made on a pending row | `cases::edits_of_a_pending_row_move_to_the_posted_one` |
//! | plaid: the credit left is no money | `plaid::debts_are_negative_and_the_paid_call_is_never_sent` |
//! | plaid: two syncs at once | `plaid::two_syncs_at_once_are_one_pass` |
//! | plaid: a cursor that died | `plaid::a_dead_cursor_begins_again`, `plaid::rows_that_a_full_pass_lacks_are_withdrawn` |
//! | teller: a card counts the other way round | `cases::a_card_counts_the_other_way_round`, `providers::teller::tests::cards_count_the_other_way_round` |

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use dashtam::testing::{
    domain::{TransactionId, TransactionStatus, UserFields},
    providers::Secrets,
};
use serde_json::{Value, json};

use crate::support::{
    desk::Desk,
    profile::Profile,
    server::{Answer, Asked, Server},
};

/// A server that answers `path` with the reply of the current step, and other paths by `other`.
async fn in_steps(
    path: &'static str,
    replies: Vec<Value>,
    other: impl Fn(&Asked) -> Answer + Send + Sync + 'static,
) -> (Arc<AtomicUsize>, Server) {
    let step = Arc::new(AtomicUsize::new(0));
    let current = Arc::clone(&step);
    let server = Server::start(move |asked| {
        if asked.path == path { Answer::json(replies[current.load(SeqCst)].to_string()) } else { other(asked) }
    })
    .await;
    (step, server)
}

fn claim(asked: &Asked) -> Answer {
    let is_claim = asked.path.starts_with("/simplefin/claim/");
    let access = "https://canary-user:canary-password@bridge.simplefin.org/simplefin";
    let body: &str = if is_claim { access } else { "no" };
    Answer::Reply(if is_claim { 200 } else { 404 }, vec!["Content-Type: text/plain".into()], body.into())
}

fn token() -> String {
    STANDARD.encode("https://bridge.simplefin.org/simplefin/claim/one")
}

#[tokio::test]
async fn a_renumbered_block_keeps_notes_and_can_be_undone() {
    let noon = |day: i64| 1_793_534_400 + day * 86_400;
    let row = |id: &str, day: i64, amount: &str, text: &str| json!({"id": id, "posted": noon(day), "amount": amount, "description": text});
    let reply = |balance: &str, rows: Value| {
        json!({"errlist": [], "connections": [{"conn_id": "C", "name": "Harbor Bank"}], "accounts": [{"id": "ACT-1", "name": "Checking",
            "conn_id": "C", "currency": "USD", "balance": balance, "balance-date": noon(18), "transactions": rows}]})
    };
    let rest = row("a4", 12, "1500.00", "WAGES");
    let first = json!([
        row("a1", 9, "-6.10", "KIOSK"),
        row("a2", 9, "-6.10", "KIOSK"),
        row("a3", 10, "-88.00", "ELECTRIC"),
        rest
    ]);
    let second = json!([
        row("b1", 9, "-6.10", "KIOSK"),
        row("b2", 9, "-6.10", "KIOSK"),
        row("b3", 10, "-88.00", "ELECTRIC"),
        rest,
        row("b5", 13, "-6.10", "KIOSK")
    ]);
    let replies = vec![reply("1400.00", first), reply("1393.90", second)];
    let (step, server) = in_steps("/simplefin/accounts", replies, claim).await;
    let desk = Desk::new(&[("simplefin", &server)]);
    desk.connect("simplefin", Secrets::new().with("setup_token", token()), None).await.unwrap();
    let electric = || desk.rows().into_iter().find(|row| row.facts.description() == "ELECTRIC").unwrap();
    let id = electric().id;
    let note = UserFields { note: Some("winter".into()), ..UserFields::default() };
    desk.handle.edit_transactions(vec![(id, note)]).await.unwrap();
    let state = || {
        let mut rows: Vec<(TransactionId, String)> =
            desk.rows().into_iter().map(|row| (row.id, format!("{:?}", row.facts))).collect();
        rows.sort();
        rows
    };
    let before = state();
    step.store(1, SeqCst);
    let report = desk.sync().await;
    assert_eq!((report.error, report.transactions_imported, state().len()), (None, 1, 5));
    let kept = desk.store.read().unwrap().user_fields(electric().id).unwrap();
    assert_eq!((electric().id, kept.note.as_deref()), (id, Some("winter")));
    assert_eq!(desk.sync().await.transactions_imported, 0);
    desk.handle.undo(report.change_id).await.unwrap();
    assert_eq!(state(), before, "exactly as after the first sync");
}

#[tokio::test]
async fn a_silent_bank_is_part_of_the_result() {
    let days_ago = |days: i64| (chrono::Utc::now() - chrono::TimeDelta::days(days)).timestamp();
    let account = |id: &str, conn: &str, name: &str, days: i64, rows: Value| json!({"id": id, "name": name, "conn_id": conn, "currency": "USD", "balance": "10.00", "balance-date": days_ago(days), "transactions": rows});
    let row = json!([{"id": "a", "posted": days_ago(4), "amount": "-1.00", "description": "X"}]);
    let reply = json!({
        "errlist": [
            {"code": "con.auth", "msg": "Sign in again\u{1b}[2J at Old Union", "conn_id": "CON-2"},
            {"code": "act.newthing", "msg": "Something odd", "account_id": "ACT-9"},
            {"code": "gen.later", "message": "be patient"},
        ],
        "connections": [{"conn_id": "CON-1", "name": "Harbor Bank"}, {"conn_id": "CON-2", "name": "Old Union"}],
        "accounts": [account("ACT-1", "CON-1", "Checking", 1, row), account("ACT-9", "CON-2", "Old Union Savings", 63, json!([]))],
    });
    let (_, server) = in_steps("/simplefin/accounts", vec![reply], claim).await;
    let mut profile = Profile::new(&[("simplefin", &server)]);
    let connect = ["connect", "simplefin", "--field-env", "setup_token=TOKEN", "--format", "json"];
    let output = profile.command(&connect).env("TOKEN", token()).output().await.unwrap();
    profile.keep_output(&output);
    let connection = Profile::json(&output, 3);
    assert_eq!(connection["status"], "active");
    assert!(connection["error"].as_str().unwrap().contains("1 of 2 accounts incomplete"), "{connection}");
    let output = profile.run(&["sync", "--force", "--format", "json"]).await;
    let report = Profile::json(&output, 3)["connections"][0].clone();
    let of = |name: &str| {
        let accounts = report["accounts"].as_array().unwrap();
        accounts.iter().find(|account| account["name"].as_str().unwrap().contains(name)).unwrap().clone()
    };
    assert_eq!((of("Checking")["result"].as_str(), of("Old Union")["result"].as_str()), (Some("ok"), Some("partial")));
    let reason = of("Old Union")["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("Sign in again at Old Union") && reason.contains("Something odd"), "{reason}");
    assert!(!profile.output.contains('\u{1b}') && profile.output.contains("be patient"), "{}", profile.output);
    assert!(profile.output.contains("63 days ago"), "{}", profile.output);
    assert_eq!(profile.list(&["transactions"]).await.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn edits_of_a_pending_row_move_to_the_posted_one() {
    let row = |id: &str, day: &str, amount: i64, pending: bool, earlier: Option<&str>| {
        json!({"transaction_id": id, "account_id": "A", "date": day, "amount": amount, "iso_currency_code": "USD", "name": "Trattoria",
            "pending": pending, "pending_transaction_id": earlier})
    };
    let page = |added: Value, removed: Value, cursor: &str, more: bool| {
        json!({"accounts": [], "added": added, "modified": [], "removed": removed, "next_cursor": cursor, "has_more": more,
            "transactions_update_status": "HISTORICAL_UPDATE_COMPLETE"})
    };
    let pages = move |asked: &Asked| {
        let body: Value = serde_json::from_str(&asked.body).unwrap();
        match body["cursor"].as_str() {
            None => page(json!([row("p1", "2026-11-15", 40, true, None)]), json!([]), "c1", false),
            Some("c1") => page(json!([row("q1", "2026-11-17", 46, false, Some("p1"))]), json!([]), "c2", true),
            Some("c2") => page(json!([]), json!([{"transaction_id": "p1", "account_id": "A"}]), "c3", false),
            Some(other) => page(json!([]), json!([]), other, false),
        }
    };
    let server = Server::start(move |asked| match asked.path.as_str() {
        "/link/token/create" => Answer::json(r#"{"link_token": "link-canary", "hosted_link_url": "https://secure.plaid.example/x"}"#),
        "/link/token/get" => Answer::json(
            r#"{"link_sessions": [{"finished_at": "2026-11-20T12:01:00Z", "results": {"item_add_results": [{"public_token": "public-canary"}]}}]}"#,
        ),
        "/item/public_token/exchange" => Answer::json(r#"{"access_token": "access-canary", "item_id": "item-1"}"#),
        "/accounts/get" => Answer::json(
            r#"{"accounts": [{"account_id": "A", "name": "Everyday", "type": "depository", "balances": {"current": 100, "iso_currency_code": "USD"}}]}"#,
        ),
        "/transactions/sync" => Answer::json(pages(asked).to_string()),
        _ => Answer::status(400, r#"{"error_type": "INVALID_REQUEST", "error_code": "PRODUCTS_NOT_SUPPORTED"}"#),
    })
    .await;
    let desk = Desk::new(&[("plaid", &server)]);
    let keys =
        Secrets::new().with("environment", "sandbox").with("client_id", "canary-id").with("secret", "canary-secret");
    desk.connect("plaid", keys, None).await.unwrap();
    let pending = desk.rows().remove(0);
    let own = UserFields { note: Some("team dinner".into()), category: Some("food".into()), ..UserFields::default() };
    desk.handle.edit_transactions(vec![(pending.id, own.clone())]).await.unwrap();
    assert_eq!(desk.sync().await.error, None);
    let rows: Vec<_> = desk.rows().into_iter().filter(|row| row.facts.status != TransactionStatus::Cancelled).collect();
    assert_eq!(rows.len(), 1, "{rows:#?}");
    assert_eq!((rows[0].facts.provider_id.as_deref(), rows[0].facts.amount.to_string().as_str()), (Some("q1"), "-46"));
    assert_eq!(desk.store.read().unwrap().user_fields(rows[0].id).unwrap(), own, "though `removed` came a page later");
    assert_eq!(desk.sync().await.error, None);
    let last = server.asked().into_iter().rfind(|asked| asked.path == "/transactions/sync").unwrap();
    assert!(last.body.contains("\"c3\""), "{}", last.body);
}

#[tokio::test]
async fn a_card_counts_the_other_way_round() {
    let links = json!({"self": "s", "balances": "b", "transactions": "t"});
    let account = |id: &str, class: &str, subtype: &str| json!({"id": id, "name": id, "type": class, "subtype": subtype, "currency": "USD", "status": "open", "links": links});
    let accounts = json!([account("acc_d", "depository", "checking"), account("acc_c", "credit", "credit_card")]);
    let row = |id: &str, amount: &str, day: &str, code: &str, status: &str| {
        json!({"id": id, "amount": amount, "date": day, "status": "posted", "type": code, "description": "ROW",
            "details": {"processing_status": status}})
    };
    let server = Server::start(move |asked| {
        let body = match (asked.path.as_str(), asked.param("from_id")) {
            (_, Some(_)) => json!([]),
            ("/accounts", _) => accounts.clone(),
            ("/accounts/acc_d/balances", _) => json!({"ledger": "100.00", "available": null}),
            ("/accounts/acc_c/balances", _) => json!({"ledger": "71.50", "available": "928.50"}),
            ("/accounts/acc_d/transactions", _) => {
                json!([row("t1", "-12.00", "2026-11-02", "card_payment", "complete")])
            }
            ("/accounts/acc_c/transactions", _) => json!([
                row("t3", "-200.00", "2026-11-03", "payment", "pending"),
                row("t2", "71.50", "2026-11-02", "card_payment", "complete")
            ]),
            _ => return Answer::status(404, "{}"),
        };
        Answer::json(body.to_string())
    })
    .await;
    let mut profile = Profile::new(&[("teller", &server)]);
    let connect = ["connect", "teller", "--field", "environment=sandbox", "--field-env", "access_token=SECRET"];
    assert_eq!(profile.run(&connect).await.status.code(), Some(0));
    let rows = profile.list(&["transactions"]).await;
    let amount = |id: &str| {
        let rows = rows.as_array().unwrap();
        rows.iter().find(|row| row["provider_transaction_id"] == id).unwrap()["amount"].as_str().unwrap().to_owned()
    };
    assert_eq!(["t1", "t2", "t3"].map(amount), ["-12.00", "-71.50", "200.00"]);
    let worth = profile.list(&["net-worth"]).await;
    assert!(worth.to_string().contains("\"28.50\""), "{worth}");
}
