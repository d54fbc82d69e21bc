//! Plaid through the engine: the hosted page, cursors, pending rows, repairs and the end of a login.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use dashtam::testing::{
    domain::{ConnectionStatus, FailureKind, TransactionStatus},
    providers::Secrets,
    sync::{ConnectRequest, EngineCommand, Event, LoginEnding},
};
use serde_json::{Value, json};

use crate::support::{
    desk::Desk,
    fixtures::fixture,
    server::{Answer, Asked, Server},
};

/// A Plaid with one login, whose pages of rows a test plans.
#[derive(Default)]
struct FakePlaid {
    /// Replies of `/link/token/get`, in order; the last one stays.
    visits: Mutex<VecDeque<Value>>,
    /// Replies of `/transactions/sync`, in order.
    pages: Mutex<VecDeque<Answer>>,
    accounts: Mutex<Option<Value>>,
    /// A failure of every call about the login.
    trouble: Mutex<Option<Answer>>,
}

fn finished() -> Value {
    json!({"link_sessions": [{"finished_at": "2026-11-20T12:01:00Z", "results": {"item_add_results": [{"public_token": "public-canary"}]}}]})
}

fn waiting() -> Value {
    json!({"link_sessions": []})
}

fn page(added: &Value, removed: &Value, cursor: &str, more: bool) -> Answer {
    Answer::json(
        json!({"accounts": [], "added": added, "modified": [], "removed": removed, "next_cursor": cursor, "has_more": more,
            "transactions_update_status": "HISTORICAL_UPDATE_COMPLETE"})
        .to_string(),
    )
}

fn failure(kind: &str, code: &str) -> Answer {
    Answer::status(400, json!({"error_type": kind, "error_code": code, "error_message": "no"}).to_string())
}

fn row(id: &str, day: u32, amount: &str, name: &str, pending: bool, earlier: Option<&str>) -> Value {
    json!({"transaction_id": id, "account_id": "A", "date": format!("2026-11-{day:02}"), "amount": serde_json::from_str::<Value>(amount).unwrap(),
        "iso_currency_code": "USD", "name": name, "pending": pending, "pending_transaction_id": earlier})
}

impl FakePlaid {
    async fn start() -> (Arc<Self>, Server) {
        let fake = Arc::new(Self::default());
        fake.visits.lock().unwrap().push_back(finished());
        let answering = Arc::clone(&fake);
        let server = Server::start(move |asked| answering.answer(asked)).await;
        (fake, server)
    }

    fn plan(&self, pages: impl IntoIterator<Item = Answer>) {
        self.pages.lock().unwrap().extend(pages);
    }

    fn answer(&self, asked: &Asked) -> Answer {
        let named = |name: &str| asked.header(name).is_some_and(|value| value.starts_with("canary"));
        if asked.method != "POST" || !named("plaid-client-id") || !named("plaid-secret") {
            return failure("INVALID_INPUT", "INVALID_API_KEYS");
        }
        let about_login = !asked.path.starts_with("/link") && asked.path != "/item/public_token/exchange";
        if let (true, Some(trouble)) = (about_login, self.trouble.lock().unwrap().clone()) {
            return trouble;
        }
        match asked.path.as_str() {
            "/link/token/create" => Answer::json(
                r#"{"link_token":"link-canary","expiration":"2026-11-20T12:30:00Z","hosted_link_url":"https://secure.plaid.example/hl/canary"}"#,
            ),
            "/link/token/get" => {
                let mut visits = self.visits.lock().unwrap();
                let visit = if visits.len() > 1 { visits.pop_front() } else { visits.front().cloned() };
                Answer::json(visit.unwrap().to_string())
            }
            "/item/public_token/exchange" => Answer::json(r#"{"access_token":"access-canary","item_id":"item-1"}"#),
            "/accounts/get" => {
                let own = self.accounts.lock().unwrap().clone();
                let one = json!({"account_id": "A", "mask": "1", "name": "Everyday", "type": "depository", "subtype": "checking",
                    "balances": {"current": 100, "available": null, "iso_currency_code": "USD"}});
                let accounts = own.unwrap_or_else(|| json!([one]));
                Answer::json(json!({"accounts": accounts, "item": {"institution_name": "Maple Union"}}).to_string())
            }
            "/transactions/sync" => {
                let planned = self.pages.lock().unwrap().pop_front();
                planned.unwrap_or_else(|| page(&json!([]), &json!([]), "end", false))
            }
            "/item/remove" => Answer::json("{}"),
            path if path.starts_with("/investments") => Answer::json(fixture(
                "plaid",
                if path.contains("holdings") { "holdings.json" } else { "investments.json" },
            )),
            _ => Answer::status(404, "{}"),
        }
    }
}

fn keys() -> Secrets {
    Secrets::new().with("environment", "sandbox").with("client_id", "canary-id").with("secret", "canary-secret")
}

async fn connected(pages: impl IntoIterator<Item = Answer>) -> (Arc<FakePlaid>, Server, Desk) {
    let (fake, server) = FakePlaid::start().await;
    fake.plan(pages);
    let desk = Desk::new(&[("plaid", &server)]);
    let report = desk.connect("plaid", keys(), None).await.unwrap();
    assert_eq!(report.error, None);
    (fake, server, desk)
}

fn paths(server: &Server, path: &str) -> usize {
    server.asked().iter().filter(|asked| asked.path == path).count()
}

#[tokio::test]
async fn the_page_is_asked_about_until_it_is_finished() {
    let (fake, server) = FakePlaid::start().await;
    *fake.visits.lock().unwrap() = [waiting(), waiting(), finished()].into();
    let desk = Desk::new(&[("plaid", &server)]);
    let job = desk.handle.job();
    let request = ConnectRequest { provider: "plaid".into(), connection: None, answers: keys() };
    let prompts = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&prompts);
    let checked = desk
        .handle
        .run_as(job, EngineCommand::Connect { job, request }, move |event| {
            if let Event::LoginWaiting { login, .. } = event {
                seen.lock().unwrap().push(login.clone());
            }
        })
        .await
        .unwrap();
    let Event::ConnectionChecked { found, .. } = checked else { panic!("{checked:?}") };
    assert_eq!((found.institution.as_str(), found.accounts.len()), ("Maple Union", 1));
    let prompts = prompts.lock().unwrap();
    assert_eq!((prompts.len(), &prompts[0].ending), (1, &LoginEnding::Page));
    assert_eq!(prompts[0].url, "https://secure.plaid.example/hl/canary");
    assert_eq!(desk.browser.opened().len(), 1);
    assert_eq!(paths(&server, "/link/token/get"), 3);
}

#[tokio::test]
async fn a_page_finished_after_a_stop_is_found_by_the_next_start() {
    let (fake, server) = FakePlaid::start().await;
    *fake.visits.lock().unwrap() = [waiting()].into();
    let mut desk = Desk::new(&[("plaid", &server)]);
    let hold = server.hold("/link/token/get");
    let job = desk.handle.job();
    let request = ConnectRequest { provider: "plaid".into(), connection: None, answers: keys() };
    desk.handle.send(EngineCommand::Connect { job, request });
    hold.reached().await;
    desk.handle.send(EngineCommand::Cancel { job });
    hold.release();
    desk.restart().await;
    *fake.visits.lock().unwrap() = [finished()].into();
    let report = desk.connect("plaid", keys(), None).await.unwrap();
    assert_eq!(report.error, None);
    assert_eq!(paths(&server, "/link/token/create"), 1, "no second page");
    assert_eq!(paths(&server, "/item/public_token/exchange"), 1);
    assert!(desk.store.read().unwrap().unowned_credentials().unwrap().is_empty());
}

#[tokio::test]
async fn a_page_that_is_left_or_forgotten_ends_the_login() {
    let (fake, server) = FakePlaid::start().await;
    let left = json!({"link_sessions": [{"finished_at": "x", "exit": {"error": {"error_code": "X", "display_message": "You left"}}}]});
    *fake.visits.lock().unwrap() = [left].into();
    let desk = Desk::new(&[("plaid", &server)]);
    let refused = desk.connect("plaid", keys(), None).await.unwrap_err();
    assert!(refused.message.contains("You left"), "{refused:?}");
    assert!(desk.store.read().unwrap().unowned_credentials().unwrap().is_empty());
    *fake.visits.lock().unwrap() = [waiting()].into();
    let refused = desk.connect("plaid", keys(), None).await.unwrap_err();
    assert_eq!(refused.kind, FailureKind::LoginFailed, "{refused:?}");
}

#[tokio::test]
async fn rows_change_while_pages_are_read_and_come_once() {
    let mutation = || failure("TRANSACTIONS_ERROR", "TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION");
    let ghost = json!([row("ghost", 1, "1", "GHOST", false, None)]);
    let (_fake, server, desk) = connected([
        page(&ghost, &json!([]), "c1", true),
        mutation(),
        page(&json!([row("a", 2, "1.5", "ONE", false, None)]), &json!([]), "c1", true),
        page(&json!([row("b", 3, "2", "TWO", false, None)]), &json!([]), "c2", false),
    ])
    .await;
    let rows = desk.rows();
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert!(rows.iter().all(|row| row.facts.description() != "GHOST"));
    desk.sync().await;
    let last = server.asked().into_iter().rfind(|asked| asked.path == "/transactions/sync").unwrap();
    assert!(last.body.contains(r#""cursor":"c2""#), "{}", last.body);
    assert_eq!(desk.rows().len(), 2);
}

#[tokio::test]
async fn a_dead_cursor_begins_again() {
    let one = || page(&json!([row("a", 2, "1.5", "ONE", false, None)]), &json!([]), "c1", false);
    let (fake, _server, desk) = connected([one()]).await;
    let dead = Answer::status(
        400,
        r#"{"error_type":"INVALID_REQUEST","error_code":"INVALID_FIELD","error_message":"the cursor is not valid"}"#,
    );
    fake.plan([dead, one()]);
    let report = desk.sync().await;
    assert_eq!((report.error, report.transactions_imported, desk.rows().len()), (None, 0, 1));
    assert!(report.accounts.iter().all(|account| account.reason.is_none()));
}

/// The full pass after a dead cursor lists everything there is: rows that it lacks are withdrawn, earlier ones are not.
#[tokio::test]
async fn rows_that_a_full_pass_lacks_are_withdrawn() {
    let old = row("old", 1, "9", "BEFORE THE HISTORY", false, None);
    let (stays, goes) = (row("a", 2, "1.5", "ONE", false, None), row("b", 3, "2.5", "TWO", false, None));
    let (fake, _server, desk) = connected([page(&json!([old, stays.clone(), goes]), &json!([]), "c1", false)]).await;
    let dead = || failure("TRANSACTIONS_ERROR", "TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION");
    let status = |id: &str| {
        let rows = desk.rows();
        rows.iter().find(|row| row.facts.provider_id.as_deref() == Some(id)).unwrap().facts.status
    };
    // A history that is still being collected proves nothing.
    let partial = json!({"accounts": [], "added": [stays], "modified": [], "removed": [], "next_cursor": "c2", "has_more": false,
        "transactions_update_status": "INITIAL_UPDATE_COMPLETE"});
    fake.plan([dead(), Answer::json(partial.to_string())]);
    assert_eq!(desk.sync().await.error, None);
    assert_eq!(status("b"), TransactionStatus::Settled);
    fake.plan([dead(), page(&json!([stays, row("c", 4, "7", "NEW", false, None)]), &json!([]), "c3", false)]);
    let report = desk.sync().await;
    assert_eq!((report.error, report.transactions_imported), (None, 1));
    let found = ["old", "a", "b", "c"].map(status);
    assert_eq!(
        found,
        [
            TransactionStatus::Settled,
            TransactionStatus::Settled,
            TransactionStatus::Cancelled,
            TransactionStatus::Settled
        ]
    );
    assert_eq!(desk.sync().await.transactions_removed, 0);
}

/// Lists, flags and objects may be null everywhere.
#[tokio::test]
async fn null_lists_are_empty_ones() {
    let (fake, _server, desk) = connected([]).await;
    fake.visits.lock().unwrap().push_front(json!({"link_sessions": null}));
    fake.visits
        .lock()
        .unwrap()
        .push_front(json!({"link_sessions": [{"finished_at": null, "results": null, "events": null}]}));
    fake.plan([Answer::json(
        json!({"accounts": null, "added": [row("a", 2, "1.5", "ONE", false, None)], "modified": null, "removed": null,
            "next_cursor": "c1", "has_more": null, "transactions_update_status": null})
        .to_string(),
    )]);
    assert_eq!((desk.sync().await.error, desk.rows().len()), (None, 1));
    let repaired = desk.connect("plaid", keys(), Some(desk.connection().id)).await.unwrap();
    assert_eq!((repaired.error, desk.rows().len()), (None, 1));
}

#[tokio::test]
async fn pending_rows_become_posted_rows_with_and_without_a_link() {
    let pending =
        json!([row("p1", 19, "23.4", "Bike repair", true, None), row("p2", 19, "40", "Trattoria", true, None)]);
    let (fake, _server, desk) = connected([page(&pending, &json!([]), "c1", false)]).await;
    let local = |name: &str| desk.rows().iter().find(|row| row.facts.description() == name).map(|row| row.id);
    let (bike, dinner) = (local("Bike repair"), local("Trattoria"));
    fake.plan([
        page(
            &json!([
                row("q1", 20, "23.4", "BIKE REPAIR LLC", false, None),
                row("q2", 20, "46", "Trattoria", false, Some("p2"))
            ]),
            &json!([]),
            "c2",
            true,
        ),
        page(
            &json!([]),
            &json!([{"transaction_id": "p1", "account_id": "A"}, {"transaction_id": "p2", "account_id": "A"}]),
            "c3",
            false,
        ),
    ]);
    assert_eq!(desk.sync().await.error, None);
    let rows: Vec<_> = desk.rows().into_iter().filter(|row| row.facts.status == TransactionStatus::Settled).collect();
    assert_eq!(rows.len(), 2, "{rows:#?}");
    let of = |id: &str| rows.iter().find(|row| row.facts.provider_id.as_deref() == Some(id)).unwrap();
    assert_eq!((Some(of("q1").id), of("q1").facts.amount.to_string()), (bike, "-23.4".to_owned()));
    assert_eq!((Some(of("q2").id), of("q2").facts.amount.to_string()), (dinner, "-46".to_owned()));
    assert_eq!(desk.rows().iter().filter(|row| row.facts.status == TransactionStatus::Pending).count(), 0);
}

#[tokio::test]
async fn debts_are_negative_and_the_paid_call_is_never_sent() {
    let (fake, server) = FakePlaid::start().await;
    let account = |id: &str, class: &str, subtype: &str, current: i64, available: Option<i64>| {
        json!({"account_id": id, "name": id, "mask": "1", "type": class, "subtype": subtype,
            "balances": {"current": current, "available": available, "iso_currency_code": "USD"}})
    };
    *fake.accounts.lock().unwrap() = Some(json!([
        account("K", "credit", "credit card", 733, Some(2267)),
        account("O", "credit", "credit card", -20, Some(2020)),
        account("M", "loan", "mortgage", 90_000, None),
        account("D", "depository", "checking", 100, None),
    ]));
    let desk = Desk::new(&[("plaid", &server)]);
    desk.connect("plaid", keys(), None).await.unwrap();
    let reader = desk.store.read().unwrap();
    let balance = |id: &str| {
        let account = reader.accounts().unwrap().into_iter().find(|account| account.provider_account_id == id).unwrap();
        let snapshot = reader.snapshots(account.id).unwrap().pop().unwrap();
        (snapshot.balance.to_string(), snapshot.available.map(|available| available.to_string()))
    };
    assert_eq!(balance("K"), ("-733".into(), Some("2267".into())));
    assert_eq!(balance("O").0, "20");
    assert_eq!(balance("M"), ("-90000".into(), None));
    assert_eq!(balance("D"), ("100".into(), None));
    assert_eq!(paths(&server, "/accounts/balance/get"), 0);
}

#[tokio::test]
async fn an_ended_login_is_repaired_in_place() {
    let (fake, server, desk) = connected([]).await;
    *fake.trouble.lock().unwrap() = Some(failure("ITEM_ERROR", "ITEM_LOGIN_REQUIRED"));
    let report = desk.sync().await;
    assert_eq!(report.status, ConnectionStatus::Expired, "{report:?}");
    *fake.trouble.lock().unwrap() = None;
    *fake.visits.lock().unwrap() =
        [json!({"link_sessions": [{"finished_at": "2026-11-20T12:05:00Z", "results": {"item_add_results": []}}]})]
            .into();
    let id = desk.connection().id;
    let report = desk.connect("plaid", Secrets::new(), Some(id)).await.unwrap();
    assert_eq!((report.error, report.status), (None, ConnectionStatus::Active));
    assert_eq!(paths(&server, "/item/public_token/exchange"), 1, "the login is the same");
    let page = server.asked().into_iter().rfind(|asked| asked.path == "/link/token/create").unwrap();
    assert!(page.body.contains("access-canary") && !page.body.contains("products"), "{}", page.body);
    assert_eq!(desk.store.read().unwrap().accounts().unwrap().len(), 1);
}

#[tokio::test]
async fn positions_and_investment_rows_come_with_their_accounts() {
    let (fake, server) = FakePlaid::start().await;
    let accounts: Value = serde_json::from_str(&fixture("plaid", "accounts.json")).unwrap();
    *fake.accounts.lock().unwrap() = Some(accounts["accounts"].clone());
    let desk = Desk::new(&[("plaid", &server)]);
    let report = desk.connect("plaid", keys(), None).await.unwrap();
    assert_eq!((report.error, report.holdings, report.transactions_imported), (None, 2, 2));
    let again = desk.sync().await;
    assert_eq!((again.transactions_imported, again.transactions_updated), (0, 0));
}

#[tokio::test]
async fn disconnecting_removes_the_login_at_plaid_or_reports_that_it_could_not() {
    let (_fake, server, desk) = connected([]).await;
    let id = desk.connection().id;
    assert_eq!(desk.handle.disconnect(id, false).await.unwrap(), None);
    let removal = server.asked().into_iter().find(|asked| asked.path == "/item/remove").unwrap();
    assert!(removal.body.contains("access-canary"));

    let (fake, _server, desk) = connected([]).await;
    *fake.trouble.lock().unwrap() = Some(failure("API_ERROR", "INTERNAL_SERVER_ERROR"));
    let id = desk.connection().id;
    let reason = desk.handle.disconnect(id, false).await.unwrap().unwrap();
    assert!(reason.starts_with("the login may still work at Plaid"), "{reason}");
    assert_eq!(desk.connection().status, ConnectionStatus::Disconnected);
    assert!(desk.store.read().unwrap().credential(id).unwrap().is_none());
}

#[tokio::test]
async fn two_syncs_at_once_are_one_pass() {
    let (fake, server, desk) = connected([]).await;
    fake.plan([page(&json!([row("a", 1, "1", "one", false, None)]), &json!([]), "c1", false)]);
    let before = (paths(&server, "/transactions/sync"), desk.changes());
    let order = |job| EngineCommand::Sync { job, connections: Vec::new(), force: true, from: None };
    let (one, two) = tokio::join!(desk.handle.run(order, |_| {}), desk.handle.run(order, |_| {}));
    assert!(one.is_ok() && two.is_ok());
    assert_eq!(desk.rows().len(), 1);
    assert_eq!(paths(&server, "/transactions/sync"), before.0 + 1);
    assert_eq!(desk.changes(), before.1 + 1);
}
