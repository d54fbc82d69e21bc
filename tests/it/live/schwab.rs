//! Schwab through the engine: logging in, renewing, running out, and accounts that go.

use std::sync::Arc;

use chrono::TimeDelta;
use dashtam::testing::{
    domain::{ConnectionStatus, FailureKind, SnapshotSource},
    sync::{AccountResult, EngineCommand, Event, login_ends_soon},
};
use serde_json::Value;

use crate::support::{
    desk::Desk,
    fixtures::fixture,
    schwab::{ACCOUNTS, FakeSchwab, TOKEN, log_in_to_schwab},
    server::{Answer, Server},
};

/// Logs in with the address bar's text pasted.
async fn log_in(
    desk: &Desk,
    repairs: Option<dashtam::testing::domain::ConnectionId>,
) -> dashtam::testing::sync::ConnectionReport {
    log_in_to_schwab(desk, repairs, &[]).await
}

async fn connected() -> (Arc<FakeSchwab>, Server, Desk) {
    let (fake, server) = FakeSchwab::start().await;
    let desk = Desk::new(&[("schwab", &server)]);
    let report = log_in(&desk, None).await;
    assert_eq!((report.error, report.accounts.len(), report.transactions_imported), (None, 2, 14));
    assert_eq!(desk.browser.opened().len(), 1);
    (fake, server, desk)
}

#[tokio::test]
async fn an_expired_token_is_renewed_unseen() {
    let (fake, _server, desk) = connected().await;
    assert_eq!(*fake.given.lock().unwrap(), ["C0.canary%40"], "decoded once, encoded once");
    assert_eq!(desk.sync().await.error, None);
    assert_eq!(fake.renewals(), 0, "the first token still works");
    desk.clock.advance(TimeDelta::minutes(26));
    let report = desk.sync().await;
    assert_eq!((report.error, report.transactions_imported, fake.renewals()), (None, 0, 1));
    // Refused before its time: renewed once, and asked again.
    fake.troubles.plan(ACCOUNTS, [Answer::status(401, "{}")]);
    let report = desk.sync().await;
    assert_eq!((report.error, fake.renewals(), desk.status()), (None, 2, ConnectionStatus::Active));
    // Refused with a fresh token too: access was withdrawn.
    fake.troubles.plan(ACCOUNTS, vec![Answer::status(401, "{}"); 2]);
    let report = desk.sync().await;
    assert_eq!((report.status, report.error.unwrap().kind), (ConnectionStatus::Revoked, FailureKind::Revoked));
}

#[tokio::test]
async fn many_syncs_make_one_renewal() {
    let (fake, server, desk) = connected().await;
    desk.clock.advance(TimeDelta::hours(1));
    let asked = server.asked().len();
    let order = |job| EngineCommand::Sync { job, connections: Vec::new(), force: true, from: None };
    let syncs: Vec<_> = (0..50).map(|_| desk.handle.run(order, |_| {})).collect();
    for answer in futures_util::future::join_all(syncs).await {
        let Event::Synced { report, .. } = answer.unwrap() else { panic!() };
        assert_eq!(report.connections[0].error, None);
    }
    assert_eq!(fake.renewals(), 1);
    assert!(server.asked().len() - asked < 30, "joined, not repeated");
}

#[tokio::test]
async fn a_rotated_token_is_stored_before_it_is_used() {
    let (fake, server, mut desk) = connected().await;
    let credential = |desk: &Desk| desk.store.read().unwrap().credential(desk.connection().id).unwrap().unwrap();
    let sealed = credential(&desk);
    desk.clock.advance(TimeDelta::hours(1));
    let hold = server.hold(ACCOUNTS);
    let job = desk.handle.job();
    desk.handle.send(EngineCommand::Sync { job, connections: Vec::new(), force: false, from: None });
    hold.reached().await;
    assert_ne!(credential(&desk), sealed, "stored when the first question with it is asked");
    // The program ends right there.
    desk.restart().await;
    hold.release();
    desk.clock.advance(TimeDelta::hours(1));
    let report = desk.sync().await;
    assert_eq!((report.error, fake.renewals()), (None, 2));
}

#[tokio::test]
async fn a_renewal_under_way_is_finished_when_its_sync_is_cancelled() {
    let (fake, server, mut desk) = connected().await;
    desk.clock.advance(TimeDelta::hours(1));
    let hold = server.hold(TOKEN);
    let (job, mut events) = (desk.handle.job(), desk.handle.subscribe());
    desk.handle.send(EngineCommand::Sync { job, connections: Vec::new(), force: false, from: None });
    hold.reached().await;
    desk.handle.send(EngineCommand::Cancel { job });
    while events.next().await.unwrap().answers() != Some(job) {}
    hold.release();
    desk.restart().await;
    let report = desk.sync().await;
    assert_eq!((report.error, fake.renewals()), (None, 1), "the token that was on its way is used");
}

#[tokio::test]
async fn a_refused_renewal_expires_the_connection() {
    let (fake, server, desk) = connected().await;
    desk.clock.advance(TimeDelta::hours(1));
    fake.troubles.plan(TOKEN, [Answer::status(400, r#"{"error":"invalid_grant"}"#)]);
    let report = desk.sync().await;
    let error = report.error.unwrap();
    assert_eq!(
        (report.status, error.kind, desk.status()),
        (ConnectionStatus::Expired, FailureKind::LoginExpired, ConnectionStatus::Expired)
    );
    assert!(error.hint.unwrap().contains("dashtam reconnect"));
    let (asked, id, rows) = (server.asked().len(), desk.connection().id, desk.rows().len());
    desk.sync().await;
    assert_eq!(server.asked().len(), asked);
    let report = log_in(&desk, Some(id)).await;
    assert_eq!((report.id, report.error, desk.rows().len()), (id, None, rows));
    assert_eq!((desk.status(), desk.ledger().accounts().len()), (ConnectionStatus::Active, 2));
}

#[tokio::test]
async fn day_six_warns_and_day_seven_is_over() {
    use dashtam::testing::ports::Clock as _;
    let (_fake, server, desk) = connected().await;
    let soon = || login_ends_soon(&desk.connection(), desk.clock.now());
    desk.advance(5);
    assert_eq!((desk.sync().await.error, soon()), (None, false));
    desk.advance(1);
    assert_eq!((desk.sync().await.error, soon()), (None, true));
    desk.clock.advance(TimeDelta::hours(23) + TimeDelta::minutes(50));
    assert_eq!(desk.sync().await.error, None, "to the end");
    desk.clock.advance(TimeDelta::minutes(11));
    let asked = server.asked().len();
    let due = desk.handle.run(|job| EngineCommand::SyncDue { job }, |_| {}).await.unwrap();
    let Event::Synced { report, .. } = due else { panic!() };
    assert!(report.connections.is_empty(), "an expired login is not due");
    let error = desk.sync().await.error.unwrap();
    assert_eq!((error.kind, desk.status()), (FailureKind::LoginExpired, ConnectionStatus::Expired));
    assert_eq!(server.asked().len(), asked, "the provider is not asked");
    assert!(error.hint.unwrap().contains("dashtam reconnect"));
    desk.advance(-2);
    assert_eq!(desk.sync().await.error, None, "the date alone decides: a clock that is set right undoes it");
    assert_eq!(desk.status(), ConnectionStatus::Active);
}

#[tokio::test]
async fn accounts_go_after_two_complete_lists_without_them() {
    let (fake, _server, desk) = connected().await;
    let accounts: Vec<Value> = serde_json::from_str(&fixture("schwab", "accounts.json")).unwrap();
    let only = |accounts: &[Value]| Answer::json(serde_json::to_string(accounts).unwrap());
    let active = || desk.ledger().accounts().iter().filter(|line| line.account.is_active).count();
    let broken = Answer::json(format!("[{},{{}}]", accounts[0]));
    for (list, left) in [
        (only(&accounts[..1]), 2),
        (broken, 2),
        (Answer::json("[]"), 2),
        (only(&accounts), 2),
        (only(&accounts[..1]), 2),
        (only(&accounts[..1]), 1),
        (only(&accounts), 2),
    ] {
        fake.troubles.plan(ACCOUNTS, [list]);
        let report = desk.sync().await;
        assert_eq!((report.error, active()), (None, left));
    }
}

#[tokio::test]
async fn one_account_that_fails_leaves_the_other() {
    let (fake, server, desk) = connected().await;
    desk.advance(1);
    fake.troubles.plan(
        &format!("{ACCOUNTS}/1122334455667788990011223344556677889900112233445566778899001122/transactions"),
        [Answer::status(422, r#"{"message":"not today"}"#)],
    );
    let report = desk.sync().await;
    let results: Vec<_> = report.accounts.iter().map(|account| account.result).collect();
    assert_eq!(results, [AccountResult::Ok, AccountResult::Partial], "{:?}", server.asked().last());
    let view = desk.ledger();
    for line in view.accounts() {
        let snapshots = desk.store.read().unwrap().snapshots(line.account.id).unwrap();
        assert_eq!(snapshots.last().unwrap().source, SnapshotSource::ManualSync, "both balances are of today");
    }
}

/// Only `invalid_grant`, or Schwab's own words, end a login; anything else at the token endpoint passes.
#[tokio::test]
async fn a_token_endpoint_in_trouble_ends_no_login() {
    let (fake, _server, desk) = connected().await;
    for trouble in [
        Answer::status(400, "<html>Bad Request</html>"),
        Answer::status(401, ""),
        Answer::status(403, "<!doctype html><title>Access Denied</title>"),
        Answer::status(400, r#"{"error":"invalid_request"}"#),
        Answer::status(500, "{}"),
    ] {
        desk.clock.advance(TimeDelta::minutes(40));
        fake.troubles.plan(TOKEN, [trouble]);
        let report = desk.sync().await;
        assert_eq!((report.error.unwrap().kind, report.status), (FailureKind::Unavailable, ConnectionStatus::Active));
        assert!(desk.connection().next_sync_at.is_some(), "it is tried again");
        assert_eq!(desk.sync().await.error, None, "and works then");
    }
    desk.clock.advance(TimeDelta::minutes(40));
    let ended = r#"{"error":"unsupported_token_type","error_description":"400 Bad Request: refresh_token_authentication_error"}"#;
    fake.troubles.plan(TOKEN, [Answer::status(400, ended)]);
    let report = desk.sync().await;
    assert_eq!((report.error.unwrap().kind, report.status), (FailureKind::LoginExpired, ConnectionStatus::Expired));
}

/// A refused part renews the token once and then is the trouble of that part.
#[tokio::test]
async fn a_refused_part_renews_once_and_revokes_nothing() {
    let (fake, server, desk) = connected().await;
    let renewals = || server.asked().iter().filter(|asked| asked.path == TOKEN).count();
    let before = renewals();
    let path = server.asked().iter().find(|asked| asked.path.ends_with("/transactions")).unwrap().path.clone();
    fake.troubles.plan(&path, vec![Answer::status(401, "{}"); 2]);
    let report = desk.sync().await;
    assert_eq!((report.error, report.status, renewals()), (None, ConnectionStatus::Active, before + 1));
    assert!(report.accounts.iter().any(|account| account.result == dashtam::testing::sync::AccountResult::Partial));
    assert_eq!(desk.sync().await.error, None);
}
