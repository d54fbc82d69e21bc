//! SimpleFIN through the engine: one-time tokens, partial failures, unstable ids and signs.

use std::sync::{Arc, Mutex};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::NaiveDate;
use dashtam::testing::{
    domain::{ConnectionStatus, FailureKind, TransactionStatus},
    ledger::Ledger,
    ports::Clock as _,
    providers::Secrets,
    sync::{AccountResult, ConnectRequest, EngineCommand, Event},
    tui::attention,
};
use serde_json::{Value, json};

use crate::support::{
    desk::Desk,
    server::{Answer, Asked, Server},
};

/// A bridge with accounts that a test changes. Setup tokens work once.
#[derive(Default)]
struct Bridge {
    claimed: Mutex<Vec<String>>,
    reply: Mutex<Value>,
    /// Whether access was ended.
    ended: Mutex<bool>,
}

impl Bridge {
    async fn start(reply: Value) -> (Arc<Self>, Server) {
        let bridge = Arc::new(Self::default());
        *bridge.reply.lock().unwrap() = reply;
        let answering = Arc::clone(&bridge);
        let server = Server::start(move |asked| answering.answer(asked)).await;
        (bridge, server)
    }

    fn answer(&self, asked: &Asked) -> Answer {
        if let Some(token) = asked.path.strip_prefix("/simplefin/claim/") {
            let mut claimed = self.claimed.lock().unwrap();
            if asked.method != "POST"
                || asked.header("content-length") != Some("0")
                || claimed.iter().any(|it| it == token)
            {
                return Answer::Reply(403, Vec::new(), b"Forbidden".to_vec());
            }
            claimed.push(token.to_owned());
            *self.ended.lock().unwrap() = false;
            let access = format!("https://canary-user:canary-{token}@bridge.simplefin.org/simplefin");
            return Answer::Reply(200, vec!["Content-Type: text/plain".into()], access.into_bytes());
        }
        if asked.path != "/simplefin/accounts" || *self.ended.lock().unwrap() {
            return Answer::Reply(403, Vec::new(), b"Forbidden".to_vec());
        }
        let reply = self.reply.lock().unwrap().clone();
        Answer::json(in_window(reply, asked).to_string())
    }
}

/// Only the rows of the requested days, and only the requested accounts.
fn in_window(mut reply: Value, asked: &Asked) -> Value {
    let bound = |name: &str| asked.param(name).and_then(|text| text.parse::<i64>().ok());
    let (start, end) = (bound("start-date").unwrap_or(i64::MIN), bound("end-date").unwrap_or(i64::MAX));
    for account in reply["accounts"].as_array_mut().unwrap() {
        if let Some(rows) = account["transactions"].as_array_mut() {
            rows.retain(|row| {
                let posted = row["posted"].as_i64().unwrap_or_default();
                asked.param("balances-only").is_none() && (posted == 0 || (start..end).contains(&posted))
            });
        }
    }
    reply
}

fn token(name: &str) -> Secrets {
    let address = format!("https://bridge.simplefin.org/simplefin/claim/{name}");
    Secrets::new().with("setup_token", STANDARD.encode(address))
}

/// Noon UTC of a day of November 2026, in Unix seconds.
fn noon(day: u32) -> i64 {
    NaiveDate::from_ymd_opt(2026, 11, day).unwrap().and_hms_opt(12, 0, 0).unwrap().and_utc().timestamp()
}

fn row(id: &str, day: u32, amount: &str, text: &str) -> Value {
    json!({"id": id, "posted": noon(day), "amount": amount, "description": text})
}

fn account(id: &str, name: &str, balance: &str, rows: &[Value]) -> Value {
    json!({"id": id, "name": name, "conn_id": "CON-1", "currency": "USD", "balance": balance, "balance-date": noon(20),
        "transactions": rows})
}

fn set(accounts: &[Value]) -> Value {
    json!({"errlist": [], "connections": [{"conn_id": "CON-1", "name": "Quay Bank"}], "accounts": accounts})
}

fn checking(rows: &[Value]) -> Value {
    set(&[account("ACT-1", "Checking", "100.00", rows)])
}

#[tokio::test]
async fn a_claimed_token_survives_a_stop_before_the_confirmation() {
    let (bridge, server) = Bridge::start(checking(&[row("a", 10, "-1.00", "KIOSK")])).await;
    let mut desk = Desk::new(&[("simplefin", &server)]);
    let job = desk.handle.job();
    let request = ConnectRequest { provider: "simplefin".into(), connection: None, answers: token("one") };
    let checked = desk.handle.run_as(job, EngineCommand::Connect { job, request }, |_| {}).await.unwrap();
    assert!(matches!(checked, Event::ConnectionChecked { .. }));
    assert_eq!(desk.store.read().unwrap().connections().unwrap().len(), 0);
    desk.restart().await;
    let report = desk.connect("simplefin", token("one"), None).await.unwrap();
    assert_eq!((report.error, report.transactions_imported), (None, 1));
    assert_eq!(*bridge.claimed.lock().unwrap(), ["one"], "the token is not used twice");
    assert_eq!(desk.store.read().unwrap().connections().unwrap().len(), 1);
    assert!(desk.store.read().unwrap().unowned_credentials().unwrap().is_empty());
    let again = desk.sync().await;
    assert_eq!((again.error, again.transactions_imported, again.transactions_updated), (None, 0, 0));
    // A used token names the danger.
    let refused = desk.connect("simplefin", token("one"), None).await.unwrap_err();
    assert!(refused.message.contains("used already"), "{refused:?}");
}

#[tokio::test]
async fn hostile_tokens_contact_no_server() {
    let (_bridge, server) = Bridge::start(checking(&[])).await;
    let desk = Desk::new(&[("simplefin", &server)]);
    for address in [
        "http://bridge.simplefin.org/claim",
        "https://127.0.0.1:1/claim",
        "https://[::1]/claim",
        "https://169.254.169.254/claim",
        "https://10.1.2.3/claim",
        "https://localhost/claim",
        "https://user@bridge.simplefin.org/claim",
        "https://bridge.simplefin.org.evil.example/claim",
        "file:///etc/passwd",
        "nonsense",
        "",
        "https://",
        "https://0x7f000001/claim",
        "https://2130706433/claim",
        "https://0177.0.0.1/claim",
        "https://[::ffff:127.0.0.1]/claim",
        "https://[fe80::1]/claim",
        "https://192.168.0.1/claim",
        "https://metadata.google.internal/claim",
        "https://router.local/claim",
        "https://intranet/claim",
        "https://evilsimplefin.org/claim",
        "https://bridge.simplefin.org@evil.example/claim",
        "https://bridge.simplefin.org/claim#fragment",
        "https://bridge.simplefin.org/claim\r\nHost: evil.example",
        "ftp://bridge.simplefin.org/claim",
        "javascript:alert(1)",
    ] {
        let answers = Secrets::new().with("setup_token", STANDARD.encode(address));
        let refused = desk.connect("simplefin", answers, None).await.unwrap_err();
        assert_eq!(refused.kind, FailureKind::Validation, "{address}: {refused:?}");
    }
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn ten_accounts_take_few_requests_and_pending_is_left_out_when_switched_off() {
    let accounts: Vec<Value> = (0..10).map(|n| account(&format!("ACT-{n}"), "Savings", "5.00", &[])).collect();
    let (_bridge, server) = Bridge::start(set(&accounts)).await;
    let desk = Desk::new(&[("simplefin", &server)]);
    desk.connect("simplefin", token("one").with("pending", "off"), None).await.unwrap();
    let asked = server.asked();
    assert!(asked.len() <= 4, "claim, check and first sync: {}", asked.len());
    assert!(asked.iter().all(|asked| !asked.query.contains("pending")));
    assert!(asked.iter().all(|asked| !asked.query.contains("canary")), "secrets travel in headers");
    desk.sync().await;
    assert_eq!(server.asked().len(), asked.len() + 1, "one request a sync");

    let (_bridge, server) = Bridge::start(set(&accounts)).await;
    let desk = Desk::new(&[("simplefin", &server)]);
    desk.connect("simplefin", token("two"), None).await.unwrap();
    assert!(server.asked().iter().any(|asked| asked.param("pending") == Some("1")));
}

#[tokio::test]
async fn a_block_under_new_ids_adds_only_the_new_row() {
    let first = [
        row("a1", 2, "-6.10", "KIOSK"),
        row("a2", 2, "-6.10", "KIOSK"),
        row("a3", 3, "-88.00", "ELECTRIC"),
        row("a4", 5, "1500.00", "WAGES"),
    ];
    let (bridge, server) = Bridge::start(set(&[account("ACT-1", "Checking", "1400.00", &first)])).await;
    let desk = Desk::new(&[("simplefin", &server)]);
    desk.connect("simplefin", token("one"), None).await.unwrap();
    assert_eq!(desk.rows().len(), 4);
    let second = [
        row("b1", 2, "-6.10", "KIOSK"),
        row("b2", 2, "-6.10", "KIOSK"),
        row("b3", 3, "-88.00", "ELECTRIC"),
        row("a4", 5, "1500.00", "WAGES"),
        row("b5", 6, "-6.10", "KIOSK"),
    ];
    *bridge.reply.lock().unwrap() = set(&[account("ACT-1", "Checking", "1393.90", &second)]);
    // The overlap must reach back to the block.
    desk.sync_from("2026-11-01".parse().unwrap()).await;
    let rows = desk.rows();
    assert_eq!(rows.iter().filter(|row| row.facts.status == TransactionStatus::Settled).count(), 5, "{rows:#?}");
    desk.sync_from("2026-11-01".parse().unwrap()).await;
    assert_eq!(desk.rows().len(), rows.len());
}

#[tokio::test]
async fn a_bank_that_fails_leaves_the_others() {
    let mut reply = set(&[account("ACT-1", "Checking", "10.00", &[row("a", 10, "-1.00", "X")])]);
    reply["connections"].as_array_mut().unwrap().push(json!({"conn_id": "CON-2", "name": "Old Union"}));
    reply["errlist"] = json!([
        {"code": "con.auth", "msg": "Sign in again at Old Union", "conn_id": "CON-2"},
        {"code": "act.newthing", "msg": "Something odd", "account_id": "ACT-9"},
        {"code": "gen.later", "message": "be patient"},
    ]);
    let stale = json!({"id": "ACT-9", "name": "Old Union Savings", "conn_id": "CON-2", "currency": "USD", "balance": "4000.00",
        "balance-date": noon(1) - 40 * 86_400, "transactions": []});
    reply["accounts"].as_array_mut().unwrap().push(stale);
    let (_bridge, server) = Bridge::start(reply).await;
    let desk = Desk::new(&[("simplefin", &server)]);
    let report = desk.connect("simplefin", token("one"), None).await.unwrap();
    assert_eq!((report.error.as_ref(), report.status), (None, ConnectionStatus::Active));
    let of = |name: &str| report.accounts.iter().find(|account| account.name.contains(name)).unwrap();
    assert_eq!(of("Checking").result, AccountResult::Ok);
    assert_eq!(of("Old Union").result, AccountResult::Partial);
    assert!(of("Old Union").reason.as_deref().unwrap().contains("Sign in again at Old Union"), "{report:?}");
    let warnings: Vec<&str> = report.warnings.iter().map(|warning| warning.message.as_str()).collect();
    assert!(warnings.iter().any(|text| text.contains("be patient")), "{warnings:?}");
    assert!(warnings.iter().any(|text| text.contains("59 days ago")), "{warnings:?}");
    let reader = desk.store.read().unwrap();
    let accounts = reader.accounts().unwrap();
    let old = accounts.iter().find(|account| account.provider_account_id == "ACT-9").unwrap();
    assert_eq!(
        (old.institution.as_str(), reader.snapshots(old.id).unwrap()[0].date.to_string().as_str()),
        ("Old Union", "2026-09-22")
    );
}

#[tokio::test]
async fn an_ended_access_is_replaced_by_a_new_token() {
    let (bridge, server) = Bridge::start(checking(&[row("a", 10, "-1.00", "X")])).await;
    let desk = Desk::new(&[("simplefin", &server)]);
    desk.connect("simplefin", token("one"), None).await.unwrap();
    let before = desk.store.read().unwrap().accounts().unwrap()[0].id;
    *bridge.ended.lock().unwrap() = true;
    let report = desk.sync().await;
    let error = report.error.unwrap();
    assert_eq!((report.status, error.kind), (ConnectionStatus::Revoked, FailureKind::Revoked));
    assert!(error.hint.unwrap().contains("reconnect"));
    assert_eq!(desk.rows().len(), 1);
    *bridge.reply.lock().unwrap() = checking(&[row("a", 10, "-1.00", "X"), row("b", 11, "-1.00", "Y")]);
    let id = desk.connection().id;
    let report = desk.connect("simplefin", token("two"), Some(id)).await.unwrap();
    assert_eq!((report.error, report.transactions_imported), (None, 1));
    let accounts = desk.store.read().unwrap().accounts().unwrap();
    assert_eq!((accounts.len(), accounts[0].id, desk.rows().len()), (1, before, 2));
    assert!(desk.store.read().unwrap().unowned_credentials().unwrap().is_empty());
}

#[tokio::test]
async fn the_balance_equation_turns_a_card_around() {
    let card = |balance: &str, rows: &[Value]| set(&[account("ACT-1", "Harbour Visa", balance, rows)]);
    let (bridge, server) = Bridge::start(card("100.00", &[row("a", 10, "-100.00", "SHOES")])).await;
    let desk = Desk::new(&[("simplefin", &server)]);
    desk.connect("simplefin", token("one"), None).await.unwrap();
    desk.advance(1);
    *bridge.reply.lock().unwrap() = card("106.10", &[row("a", 10, "-100.00", "SHOES"), row("b", 19, "-6.10", "KIOSK")]);
    desk.sync().await;
    let reader = desk.store.read().unwrap();
    let account = reader.accounts().unwrap()[0].id;
    let newest = reader.snapshots(account).unwrap().last().unwrap().balance;
    assert_eq!(newest.to_string(), "-106.10");
    assert!(desk.rows().iter().all(|row| row.facts.amount.is_sign_negative()));
}

/// A bank that was linked again has new ids: proven by its rows, an account goes on as before.
#[tokio::test]
async fn a_relinked_account_goes_on_as_before() {
    let first = [row("a", 10, "-5.00", "KIOSK"), row("b", 10, "-5.00", "KIOSK"), row("c", 12, "-20.00", "RENT")];
    let (bridge, server) = Bridge::start(set(&[account("ACT-1", "Checking", "100.00", &first)])).await;
    let desk = Desk::new(&[("simplefin", &server)]);
    desk.connect("simplefin", token("one"), None).await.unwrap();
    let stored = || desk.store.read().unwrap().accounts().unwrap();
    let before = stored()[0].id;
    // The rows have new ids too, and one is new.
    let again = [
        row("x1", 10, "-5.00", "KIOSK"),
        row("x2", 10, "-5.00", "KIOSK"),
        row("x3", 12, "-20.00", "RENT"),
        row("x4", 18, "-1.00", "NEWS"),
    ];
    *bridge.reply.lock().unwrap() = set(&[account("ACT-9", "Checking", "99.00", &again)]);
    desk.advance(1);
    let report = desk.sync().await;
    assert_eq!((report.error, report.transactions_imported, desk.rows().len()), (None, 1, 4));
    assert!(
        report.warnings.iter().any(|warning| warning.message.contains("came back under a new id")),
        "{:?}",
        report.warnings
    );
    let accounts = stored();
    assert_eq!((accounts.len(), accounts[0].id, accounts[0].is_active), (1, before, true));
    // It stays so, also with a new access and under a third id.
    let quiet = desk.sync().await;
    assert_eq!((quiet.error, quiet.transactions_imported, quiet.warnings), (None, 0, Vec::new()));
    *bridge.reply.lock().unwrap() = set(&[account("ACT-20", "Checking", "99.00", &again)]);
    let id = desk.connection().id;
    let report = desk.connect("simplefin", token("two"), Some(id)).await.unwrap();
    assert_eq!((report.error, report.transactions_imported, stored().len(), desk.rows().len()), (None, 0, 1, 4));
}

#[tokio::test]
async fn an_account_of_the_same_name_with_other_rows_is_offered_as_the_same() {
    let (bridge, server) =
        Bridge::start(set(&[account("ACT-1", "Checking", "100.00", &[row("a", 10, "-5.00", "KIOSK")])])).await;
    let desk = Desk::new(&[("simplefin", &server)]);
    desk.connect("simplefin", token("one"), None).await.unwrap();
    *bridge.reply.lock().unwrap() = set(&[account("ACT-9", "Checking", "40.00", &[row("z", 11, "-8.00", "SHOES")])]);
    let report = desk.sync().await;
    assert_eq!(desk.store.read().unwrap().accounts().unwrap().len(), 2);
    let ledger = Ledger::new(desk.store.clone());
    let matters = attention(&ledger, desk.clock.now(), desk.clock.today(), |at| at.naive_utc()).unwrap();
    let offered: Vec<&str> = matters.iter().filter(|it| it.kind == "same-account").map(|it| it.text.as_str()).collect();
    assert_eq!(offered, ["Checking may be the account Checking that is no longer listed: if it is, merge them"]);
    assert!(report.warnings.iter().any(|warning| warning.message.contains("no row proves")), "{:?}", report.warnings);
}

/// The user's switches win over the evidence, turn the stored rows and can be taken back.
#[tokio::test]
async fn signs_can_be_set_by_hand_and_taken_back() {
    use dashtam::testing::domain::AccountSigns;
    let list = [row("a", 10, "30.00", "ODD"), row("b", 11, "-7.00", "EVEN")];
    let (_bridge, server) = Bridge::start(set(&[account("ACT-1", "Club", "12.00", &list)])).await;
    let desk = Desk::new(&[("simplefin", &server)]);
    desk.connect("simplefin", token("one"), None).await.unwrap();
    let id = desk.store.read().unwrap().accounts().unwrap()[0].id;
    let figures = || {
        let reader = desk.store.read().unwrap();
        let balance = reader.snapshots(id).unwrap().last().unwrap().balance.to_string();
        let live = |row: &&dashtam::testing::domain::Transaction| row.facts.status != TransactionStatus::Cancelled;
        let mut rows: Vec<String> = desk.rows().iter().filter(live).map(|row| row.facts.amount.to_string()).collect();
        rows.sort();
        (balance, rows)
    };
    let turned = |balance, rows: [&str; 2]| (String::from(balance), rows.map(String::from).to_vec());
    assert_eq!(figures(), turned("12.00", ["-7.00", "30.00"]));
    let both = AccountSigns { balance: Some(true), rows: Some(true) };
    let local: Vec<_> = desk.rows().iter().map(|row| row.id).collect();
    desk.handle.set_account_signs(id, both).await.unwrap();
    assert_eq!(desk.sync().await.error, None);
    assert_eq!(figures(), turned("-12.00", ["-30.00", "7.00"]));
    assert_eq!(desk.rows().iter().map(|row| row.id).collect::<Vec<_>>(), local, "the same rows, with their notes");
    assert_eq!(desk.store.read().unwrap().accounts().unwrap()[0].signs, both);
    // A name or a type set later leaves the switches alone.
    desk.handle.rename_account(id, Some("Mine".into())).await.unwrap();
    assert_eq!(desk.store.read().unwrap().accounts().unwrap()[0].signs, both);
    desk.handle.set_account_signs(id, AccountSigns::default()).await.unwrap();
    assert_eq!(desk.sync().await.error, None);
    assert_eq!(figures(), turned("12.00", ["-7.00", "30.00"]));
}
