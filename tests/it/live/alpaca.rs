//! Alpaca through the engine: what arrives, what is kept, what happens when it does not answer well.

use std::sync::Arc;

use dashtam::testing::{
    domain::{ChangeKind, ConnectionStatus, FailureKind, SnapshotSource, TransactionStatus, UserFields},
    ports::Clock as _,
    providers::kit::HttpLimits,
    sync::{AccountResult, EngineCommand, Event},
};
use serde_json::json;

use crate::support::{
    alpaca::{ACTIVITIES, FakeAlpaca, deposit},
    desk::{Desk, day, impatient, keys},
    server::{Answer, Server},
};

async fn connected(limits: HttpLimits) -> (Arc<FakeAlpaca>, Server, Desk) {
    let (fake, server) = FakeAlpaca::start().await;
    fake.fill(250, day("2026-11-19"));
    // Listed twice: a row came in while the pages were read.
    fake.push(deposit(249, day("2026-11-19")));
    let desk = Desk::with(&[("alpaca", &server)], limits);
    let report = desk.connect("alpaca", keys("PKTEST1"), None).await.unwrap();
    assert_eq!((report.error, report.transactions_imported), (None, 250));
    (fake, server, desk)
}

#[tokio::test]
async fn everything_arrives_once() {
    let (_fake, server, desk) = connected(HttpLimits::default()).await;
    let pages = || server.asked().iter().filter(|asked| asked.path == ACTIVITIES).count();
    assert_eq!(pages(), 3, "a hundred a page");
    let connection = desk.connection();
    assert_eq!((connection.status, connection.environment.as_deref()), (ConnectionStatus::Active, Some("paper")));
    assert!(connection.next_sync_at > connection.last_sync_at);
    let view = desk.ledger();
    assert_eq!(view.accounts()[0].transaction_count, 250);
    assert_eq!(view.accounts()[0].balance.unwrap().current.amount.to_string(), "20480.10");
    assert_eq!(view.holdings().unwrap().len(), 4);
    let account = view.accounts()[0].account.id;
    let snapshots = || desk.store.read().unwrap().snapshots(account).unwrap();
    assert_eq!(snapshots().len(), 4, "three days of history, and today");
    let sources: Vec<_> = snapshots().iter().map(|snapshot| snapshot.source).collect();
    let history = SnapshotSource::AccountSync;
    assert_eq!(sources, [history, history, history, SnapshotSource::InitialConnection]);

    let changes = desk.changes();
    let again = desk.sync().await;
    assert_eq!((again.transactions_imported, again.transactions_updated, again.transactions_removed), (0, 0, 0));
    assert_eq!((again.error, again.change_id, again.holdings), (None, None, 0));
    assert_eq!((desk.changes(), desk.rows().len(), snapshots().len()), (changes, 250, 4), "nothing changed");
    assert_eq!(again.accounts.len(), 1);
    assert_eq!(again.accounts[0].result, AccountResult::Ok);
    assert_eq!(pages(), 4, "the overlap only");

    desk.advance(1);
    desk.sync().await;
    desk.advance(1);
    let due = desk.handle.run(|job| EngineCommand::SyncDue { job }, |_| {}).await.unwrap();
    assert!(matches!(&due, Event::Synced { report, .. } if report.connections.len() == 1), "{due:?}");
    let sources: Vec<_> = snapshots().iter().skip(3).map(|snapshot| snapshot.source).collect();
    assert_eq!(
        sources,
        [SnapshotSource::InitialConnection, SnapshotSource::ManualSync, SnapshotSource::ScheduledSync],
        "one a day"
    );
    let due = desk.handle.run(|job| EngineCommand::SyncDue { job }, |_| {}).await.unwrap();
    assert!(matches!(&due, Event::Synced { report, .. } if report.connections.is_empty()), "{due:?}");
}

#[tokio::test]
async fn corrections_amend_and_cancellations_void() {
    let (fake, _server, desk) = connected(HttpLimits::default()).await;
    let amount = |needle: &str| {
        let rows = desk.rows();
        let row = rows.iter().find(|row| row.facts.description().contains(needle)).unwrap();
        (row.id, row.facts.amount.to_string(), row.facts.status)
    };
    let (id, ..) = amount("Deposit 249");
    let corrected = json!({
        "id": "20261120000000001::corr", "activity_type": "CSD", "date": "2026-11-19", "net_amount": "1000.50",
        "description": "Deposit 249, corrected", "status": "correct", "previous_id": "20261119000000000::00000249",
    });
    let canceled = json!({
        "id": "20261120000000002::canc", "activity_type": "CSD", "date": "2026-11-18", "net_amount": "248.25",
        "description": "Deposit 248", "status": "canceled", "previous_id": "20261118000000000::00000248",
    });
    fake.push(corrected);
    fake.push(canceled);
    let report = desk.sync().await;
    let counts = |report: &dashtam::testing::sync::ConnectionReport| {
        (report.transactions_imported, report.transactions_updated, report.transactions_removed)
    };
    assert_eq!(counts(&report), (0, 1, 1));
    assert_eq!(amount("Deposit 249"), (id, "1000.50".into(), TransactionStatus::Settled), "the same row");
    assert_eq!(amount("Deposit 248").2, TransactionStatus::Cancelled);
    assert_eq!(desk.rows().len(), 250);
    let again = desk.sync().await;
    assert_eq!((counts(&again), again.change_id), ((0, 0, 0), None), "the old row does not come back");
}

#[tokio::test]
async fn a_refused_key_is_revoked_and_reconnecting_keeps_everything() {
    let (fake, server, desk) = connected(HttpLimits::default()).await;
    let before = desk.connection();
    let row = desk.rows().remove(7);
    let fields = UserFields { note: Some("mine".into()), ..UserFields::default() };
    let edit = |job| EngineCommand::EditTransactions { job, edits: vec![(row.id, fields)] };
    desk.handle.run(edit, |_| {}).await.unwrap();
    fake.refused.lock().unwrap().push("PKTEST1".into());
    let report = desk.sync().await;
    let error = report.error.unwrap();
    assert_eq!((report.status, error.kind), (ConnectionStatus::Revoked, FailureKind::Authentication));
    assert!(error.hint.unwrap().contains(&format!("dashtam reconnect {}", before.id)));
    assert!(!error.message.contains("PKTEST1"), "{}", error.message);
    assert_eq!(desk.rows().len(), 250, "what was known stays");
    assert_eq!(desk.connection().next_sync_at, None, "nothing is tried before the user acts");
    let asked = server.asked().len();
    let report = desk.sync().await;
    assert!(report.error.unwrap().hint.unwrap().contains("dashtam reconnect"));
    assert_eq!(server.asked().len(), asked, "nor is it asked again");

    let wrong = desk.connect("alpaca", keys("PKTEST1"), Some(before.id)).await.unwrap_err();
    assert_eq!((wrong.kind, desk.status()), (FailureKind::Authentication, ConnectionStatus::Revoked));
    fake.push(deposit(900, day("2026-11-20")));
    let report = desk.connect("alpaca", keys("PKTEST2"), Some(before.id)).await.unwrap();
    assert_eq!((report.id, report.error, report.transactions_imported), (before.id, None, 1));
    let after = desk.connection();
    assert_eq!((after.status, after.error, after.connected_at), (ConnectionStatus::Active, None, before.connected_at));
    assert_eq!(desk.ledger().accounts().len(), 1);
    assert_eq!(desk.store.read().unwrap().user_fields(row.id).unwrap().note.as_deref(), Some("mine"));
}

#[tokio::test]
async fn limits_and_hiccups_are_waited_out() {
    let (fake, _server, desk) = connected(HttpLimits::default()).await;
    fake.push(deposit(900, day("2026-11-20")));
    fake.troubles.plan(ACTIVITIES, [Answer::status(429, "{}").with("Retry-After: 2")]);
    fake.troubles.plan("/v2/account", [Answer::status(500, "{}"), Answer::status(500, "{}")]);
    let report = desk.sync().await;
    assert_eq!((report.error, report.transactions_imported), (None, 1));
    let slept = desk.timer.slept();
    assert!(slept.contains(&std::time::Duration::from_secs(2)), "{slept:?}");

    fake.troubles.plan("/v2/account", vec![Answer::status(500, "{}"); 4]);
    let report = desk.sync().await;
    assert_eq!((report.status, report.error.unwrap().kind), (ConnectionStatus::Active, FailureKind::Unavailable));
    assert!(desk.connection().next_sync_at.is_some_and(|next| next > desk.connection().last_sync_at.unwrap()));
    fake.troubles.plan("/v2/account", [Answer::status(429, "{}").with("Retry-After: 600")]);
    let report = desk.sync().await;
    assert_eq!((report.status, report.error.unwrap().kind), (ConnectionStatus::Active, FailureKind::RateLimited));
}

#[tokio::test]
async fn one_part_that_fails_leaves_the_others() {
    let (fake, _server, desk) = connected(HttpLimits::default()).await;
    fake.push(deposit(900, day("2026-11-20")));
    fake.troubles.plan("/v2/positions", [Answer::status(422, r#"{"message":"no positions today"}"#)]);
    let report = desk.sync().await;
    assert_eq!((report.error.is_none(), report.transactions_imported), (true, 1));
    assert_eq!(report.accounts[0].result, AccountResult::Partial);
    assert!(report.accounts[0].reason.as_ref().unwrap().contains("no positions today"));
    assert!(desk.connection().error.unwrap().contains("holdings"));
    assert_eq!(desk.ledger().holdings().unwrap().len(), 4, "nothing looks sold");
    desk.sync().await;
    assert_eq!(desk.connection().error, None);

    // The second page of an activity list is missing: what came stays, and is asked for again.
    desk.advance(30);
    for number in 1_000..1_120 {
        fake.push(deposit(number, day("2026-12-19")));
    }
    let full = || Answer::status(400, "{}");
    let page = fake_page(&fake, 100);
    fake.troubles.plan(ACTIVITIES, [page, full()]);
    let report = desk.sync().await;
    assert_eq!(report.accounts[0].result, AccountResult::Partial);
    desk.advance(60);
    let report = desk.sync().await;
    assert_eq!((report.accounts[0].result, desk.rows().len()), (AccountResult::Ok, 250 + 1 + 120));
}

/// The first page of the newest activities.
fn fake_page(fake: &FakeAlpaca, size: usize) -> Answer {
    let activities = fake.activities.lock().unwrap();
    let new = activities.iter().filter(|row| row["date"].as_str().unwrap() > "2026-12-01").take(size);
    Answer::json(serde_json::to_string(&new.collect::<Vec<_>>()).unwrap())
}

#[tokio::test]
async fn positions_are_closed_by_a_complete_list_only() {
    let (fake, _server, desk) = connected(HttpLimits::default()).await;
    let active = || desk.store.read().unwrap().holdings().unwrap().iter().filter(|holding| holding.is_active).count();
    let one = r#"{"asset_id":"a-1","symbol":"VTI","asset_class":"us_equity","qty":"40","side":"long"}"#;
    *fake.positions.lock().unwrap() = Some(format!("[{one},{{\"symbol\":\"TSLA\",\"qty\":\"a lot\"}}]"));
    let report = desk.sync().await;
    assert!(!report.warnings.is_empty());
    assert_eq!((report.holdings, active()), (1, 4), "one amended, none closed");
    *fake.positions.lock().unwrap() = Some(format!("[{one}]"));
    desk.sync().await;
    assert_eq!(active(), 1);
    for blank in ["[]", "null", "{}"] {
        *fake.positions.lock().unwrap() = Some(blank.into());
        let report = desk.sync().await;
        assert!(report.warnings.iter().any(|warning| warning.message.contains("came back empty")), "{blank}");
        assert_eq!(active(), 1, "one empty list sells nothing: {blank}");
        *fake.positions.lock().unwrap() = Some(format!("[{one}]"));
        assert_eq!(desk.sync().await.warnings, []);
    }
    *fake.positions.lock().unwrap() = Some("[]".into());
    desk.sync().await;
    desk.sync().await;
    assert_eq!(active(), 0, "two in a row do");
}

#[tokio::test]
async fn a_silent_server_is_given_up_and_delays_no_other() {
    let (fake, _server, desk) = connected(impatient()).await;
    fake.troubles.plan("/v2/account", [Answer::Silence]);
    let account = desk.ledger().accounts()[0].account.id;
    let mut events = desk.handle.subscribe();
    let job = desk.handle.job();
    desk.handle.send(EngineCommand::Sync { job, connections: Vec::new(), force: false, from: None });
    let rename = desk.handle.job();
    desk.handle.send(EngineCommand::RenameAccount { job: rename, account, name: Some("Mine".into()) });
    let mut order = Vec::new();
    while order.len() < 2 {
        let event = events.next().await.unwrap();
        if let Event::Synced { report, .. } = &event {
            let error = report.connections[0].error.as_ref().unwrap();
            assert!(error.message.contains("does not answer in time"), "{error:?}");
        }
        order.extend(event.answers());
    }
    assert_eq!(order, [rename, job]);
    assert_eq!(desk.status(), ConnectionStatus::Active);
}

#[tokio::test]
async fn a_cancelled_sync_keeps_whole_chunks_and_another_job_goes_on() {
    let (fake, server, desk) = connected(HttpLimits::default()).await;
    fake.push(deposit(900, day("2026-11-20")));
    let hold = server.hold("/v2/positions");
    let changes = desk.changes();
    let mut events = desk.handle.subscribe();
    let order = |job| EngineCommand::Sync { job, connections: Vec::new(), force: false, from: None };
    let (first, second) = (desk.handle.job(), desk.handle.job());
    desk.handle.send(order(first));
    hold.reached().await;
    desk.handle.send(EngineCommand::Cancel { job: first });
    assert!(matches!(
        answer(&mut events, first).await,
        Event::JobFailed { failure, .. } if failure.kind == FailureKind::Cancelled
    ));
    assert_eq!((desk.changes(), desk.rows().len()), (changes + 1, 251), "the page of rows was whole");
    fake.push(deposit(901, day("2026-11-20")));

    let third = desk.handle.job();
    desk.handle.send(order(second));
    hold.reached().await;
    desk.handle.send(order(third));
    // An answered command behind it: the third job has joined by then.
    let unlock = |job| EngineCommand::Unlock { job, passphrase: dashtam::testing::providers::Secrets::new() };
    desk.handle.run(unlock, |_| {}).await.unwrap();
    desk.handle.send(EngineCommand::Cancel { job: second });
    answer(&mut events, second).await;
    hold.release();
    let Event::Synced { report, .. } = answer(&mut events, third).await else { panic!() };
    assert_eq!((report.connections[0].error.clone(), desk.rows().len()), (None, 252));
}

async fn answer(events: &mut dashtam::testing::sync::EventStream, job: dashtam::testing::sync::JobId) -> Event {
    loop {
        let event = events.next().await.unwrap();
        if event.answers() == Some(job) {
            return event;
        }
    }
}

#[tokio::test]
async fn an_undone_sync_comes_again() {
    let (fake, _server, desk) = connected(HttpLimits::default()).await;
    let first = desk.store.read().unwrap().changes(None, 1).unwrap()[0].id;
    let undo = |change| move |job| EngineCommand::Undo { job, change };
    desk.handle.run(undo(None), |_| {}).await.unwrap();
    assert_eq!(desk.rows().len(), 0);
    let report = desk.sync().await;
    assert_eq!((report.error, report.transactions_imported, desk.rows().len()), (None, 250, 250));
    assert_eq!(desk.ledger().accounts().len(), 1);

    // With later syncs in between, whose watermark is far ahead of the rows that are taken back.
    let second = desk.store.read().unwrap().changes(None, 1).unwrap()[0].id;
    assert_ne!(first, second);
    desk.advance(40);
    fake.push(deposit(900, day("2026-12-29")));
    assert_eq!(desk.sync().await.transactions_imported, 1);
    desk.handle.run(undo(Some(second)), |_| {}).await.unwrap();
    assert_eq!(desk.rows().len(), 1);
    desk.advance(1);
    assert_eq!(desk.sync().await.transactions_imported, 250);
    desk.advance(1);
    let again = desk.sync().await;
    assert_eq!((again.transactions_imported, desk.rows().len()), (0, 251));
}

#[tokio::test]
async fn a_sync_from_a_late_day_leaves_no_gap() {
    let (fake, _server, desk) = connected(HttpLimits::default()).await;
    desk.advance(100);
    fake.push(deposit(900, day("2026-12-15")));
    fake.push(deposit(901, day("2027-02-20")));
    assert_eq!(desk.sync_from(day("2027-02-01")).await.transactions_imported, 1);
    assert_eq!(desk.sync().await.transactions_imported, 1);
    assert_eq!(desk.sync_from(day("2026-01-01")).await.transactions_imported, 0);
}

#[tokio::test]
async fn disconnecting_wipes_the_keys() {
    for remove_data in [false, true] {
        let (_fake, _server, desk) = connected(HttpLimits::default()).await;
        let connection = desk.connection().id;
        assert!(desk.store.read().unwrap().credential(connection).unwrap().is_some());
        let end = |job| EngineCommand::Disconnect { job, connection, remove_data };
        desk.handle.run(end, |_| {}).await.unwrap();
        assert_eq!(desk.store.read().unwrap().credential(connection).unwrap(), None);
        assert_eq!(desk.status(), ConnectionStatus::Disconnected);
        assert_eq!(desk.rows().len(), if remove_data { 0 } else { 250 });
        assert_eq!(desk.ledger().accounts().is_empty(), remove_data);
        let nothing = desk
            .handle
            .run(|job| EngineCommand::Sync { job, connections: Vec::new(), force: true, from: None }, |_| {});
        assert!(matches!(nothing.await.unwrap(), Event::Synced { report, .. } if report.connections.is_empty()));
    }
}

#[tokio::test]
async fn an_undone_disconnect_asks_for_the_login_again() {
    let (_fake, _server, desk) = connected(HttpLimits::default()).await;
    let connection = desk.connection().id;
    let end = |job| EngineCommand::Disconnect { job, connection, remove_data: false };
    desk.handle.run(end, |_| {}).await.unwrap();
    let undone = desk.handle.run(|job| EngineCommand::Undo { job, change: None }, |_| {}).await.unwrap();
    let Event::ChangeToggled { login_needed, .. } = undone else { panic!("{undone:?}") };
    assert_eq!(login_needed, Some(connection), "the answer names the connection that must log in again");
    assert_eq!(desk.status(), ConnectionStatus::Expired, "it counts again and does not look live");
    assert_eq!(desk.ledger().accounts().len(), 1);
}

#[tokio::test]
async fn rows_that_came_again_are_not_brought_back_a_second_time() {
    let (fake, _server, desk) = connected(HttpLimits::default()).await;
    let newest = || desk.store.read().unwrap().changes(None, 1).unwrap()[0].id;
    let toggle = |undo: bool, change| {
        let change = Some(change);
        desk.handle.run(
            move |job| if undo { EngineCommand::Undo { job, change } } else { EngineCommand::Redo { job, change } },
            |_| {},
        )
    };
    let first = newest();
    fake.push(deposit(900, day("2026-11-20")));
    assert_eq!(desk.sync().await.transactions_imported, 1);
    let second = newest();
    toggle(true, second).await.unwrap();
    assert_eq!(desk.sync().await.transactions_imported, 1);
    let again = newest();
    toggle(false, second).await.unwrap();
    assert_eq!(desk.rows().len(), 251, "the row that came again is found, as an import would find it");
    toggle(true, again).await.unwrap();
    assert_eq!(desk.rows().len(), 251, "the change that was brought back has it too");
    toggle(true, second).await.unwrap();
    assert_eq!(desk.rows().len(), 250);
    toggle(false, second).await.unwrap();
    toggle(false, again).await.unwrap();
    assert_eq!(desk.rows().len(), 251, "both that were undone, one after the other");

    // The same with the account itself.
    for change in [again, second, first] {
        toggle(true, change).await.unwrap();
    }
    assert_eq!(desk.sync().await.transactions_imported, 251);
    for change in [first, second, again] {
        toggle(false, change).await.unwrap();
        assert_eq!((desk.rows().len(), desk.ledger().accounts().len()), (251, 1));
    }
    desk.store.verify().unwrap();
}

#[tokio::test]
async fn a_local_failure_is_not_the_fault_of_the_provider() {
    let (_fake, server, desk) = connected(HttpLimits::default()).await;
    let mut writer = desk.store.begin(ChangeKind::Edit, "test", desk.clock.now()).unwrap();
    writer.put_credential(desk.connection().id, b"damaged").unwrap();
    writer.commit_unlisted().unwrap();
    let asked = server.asked().len();
    let report = desk.sync().await;
    let failure = report.error.unwrap();
    assert_eq!((failure.kind, report.status), (FailureKind::Vault, ConnectionStatus::Active));
    assert!(!failure.message.contains("Alpaca"), "{failure}");
    assert!(std::error::Error::source(&failure).is_some(), "the error of the vault is kept");
    assert_eq!((server.asked().len(), desk.status()), (asked, ConnectionStatus::Active));
    assert!(desk.connection().next_sync_at.is_some(), "it is tried again later");
}

#[tokio::test]
async fn the_balance_history_is_asked_for_until_it_came() {
    const HISTORY: &str = "/v2/account/portfolio/history";
    let (fake, server) = FakeAlpaca::start().await;
    fake.fill(3, day("2026-11-19"));
    fake.troubles.plan(HISTORY, vec![Answer::status(404, "{}"), Answer::json("null")]);
    let desk = Desk::new(&[("alpaca", &server)]);
    let report = desk.connect("alpaca", keys("PKTEST1"), None).await.unwrap();
    assert_eq!((report.error, report.accounts[0].result), (None, AccountResult::Partial));
    assert!(report.accounts[0].reason.as_ref().unwrap().contains("balance history"));
    let account = desk.ledger().accounts()[0].account.id;
    let snapshots = || desk.store.read().unwrap().snapshots(account).unwrap().len();
    assert_eq!(snapshots(), 1);
    let report = desk.sync().await;
    assert!(report.warnings.iter().any(|warning| warning.message.contains("asked for again")), "{:?}", report.warnings);
    assert_eq!((report.accounts[0].result, snapshots()), (AccountResult::Ok, 1));
    desk.sync().await;
    assert_eq!(snapshots(), 4, "it came");
    let asked = || server.asked().iter().filter(|asked| asked.path == HISTORY).count();
    let before = asked();
    desk.sync().await;
    assert_eq!(asked(), before, "once a day from then on");
}

#[tokio::test]
async fn a_new_connection_is_there_from_its_first_second_page_by_page() {
    let (fake, server) = FakeAlpaca::start().await;
    fake.fill(250, day("2026-11-19"));
    let desk = Desk::new(&[("alpaca", &server)]);
    let job = desk.handle.job();
    let request = dashtam::testing::sync::ConnectRequest {
        provider: "alpaca".into(),
        connection: None,
        answers: keys("PKTEST1"),
    };
    desk.handle.run_as(job, EngineCommand::Connect { job, request }, |_| {}).await.unwrap();
    let (rows, positions) = (server.hold(ACTIVITIES), server.hold("/v2/positions"));
    let mut events = desk.handle.subscribe();
    desk.handle.send(EngineCommand::ConfirmConnection { job, alias: None, excluded: Vec::new(), renews: None });
    rows.reached().await;
    assert!(matches!(events.next().await, Some(Event::StoreChanged)), "the screen learns of it at once");
    let view = desk.ledger();
    assert_eq!((view.connections().len(), view.accounts().len(), desk.rows().len()), (1, 1, 0));
    assert_eq!(view.accounts()[0].balance.unwrap().current.amount.to_string(), "20480.10", "with what the check found");
    assert_eq!(
        server.asked().iter().filter(|asked| asked.path == "/v2/account").count(),
        1,
        "which is not fetched again"
    );
    rows.release();
    positions.reached().await;
    assert_eq!(desk.rows().len(), 250, "rows are there before the rest");
    positions.release();
    let Event::Synced { report, .. } = answer(&mut events, job).await else { panic!() };
    assert_eq!((report.connections[0].error.clone(), desk.changes()), (None, 2), "connected, and one sync");
}

/// A scheduled and a manual sync at once are one pass and one change.
#[tokio::test]
async fn two_syncs_at_once_are_one() {
    let (fake, server, desk) = connected(HttpLimits::default()).await;
    fake.push(deposit(900, day("2026-11-20")));
    desk.advance(1);
    let changes = desk.changes();
    let before = server.asked().iter().filter(|asked| asked.path == ACTIVITIES).count();
    let order = |job| EngineCommand::Sync { job, connections: Vec::new(), force: true, from: None };
    let (one, two) =
        tokio::join!(desk.handle.run(order, |_| {}), desk.handle.run(|job| EngineCommand::SyncDue { job }, |_| {}));
    assert!(one.is_ok() && two.is_ok());
    assert_eq!((desk.rows().len(), desk.changes()), (251, changes + 1));
    assert_eq!(server.asked().iter().filter(|asked| asked.path == ACTIVITIES).count(), before + 1);
}

/// Refusals of one part, and pages of a gateway, revoke nothing.
#[tokio::test]
async fn only_the_account_list_revokes_and_a_gateway_never() {
    let (fake, _server, desk) = connected(HttpLimits::default()).await;
    let gateway = || Answer::status(403, "<html><h1>Request blocked</h1></html>");
    for (path, refusal) in [
        (ACTIVITIES, Answer::status(401, "{}")),
        ("/v2/positions", Answer::status(403, r#"{"code":40310000,"message":"forbidden."}"#)),
        ("/v2/positions", gateway()),
        (ACTIVITIES, gateway()),
        (ACTIVITIES, Answer::status(410, "{}")),
    ] {
        fake.troubles.plan(path, [refusal]);
        let report = desk.sync().await;
        assert_eq!((report.error, report.status), (None, ConnectionStatus::Active), "{path}");
        assert_eq!(report.accounts[0].result, AccountResult::Partial, "{path}");
    }
    fake.troubles.plan("/v2/account", [gateway()]);
    let report = desk.sync().await;
    assert_eq!((report.error.unwrap().kind, report.status), (FailureKind::Unavailable, ConnectionStatus::Active));
    assert_eq!(desk.sync().await.error, None);
    fake.troubles.plan("/v2/account", [Answer::status(403, "{}")]);
    assert_eq!(desk.sync().await.status, ConnectionStatus::Revoked);
    assert_eq!((desk.rows().len(), desk.ledger().holdings().unwrap().len()), (250, 4), "nothing is lost by any of it");
}
