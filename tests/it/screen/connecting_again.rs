//! Connecting what is connected already, and logins that open other accounts, on the screen.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use dashtam::testing::{
    domain::{ConnectionId, ConnectionStatus, FailureKind},
    ports::VaultChoice,
    sync::{ConnectRequest, EngineCommand, Event},
    tui::Settings,
};

use crate::support::{
    alpaca::small_alpaca,
    desk::{Desk, keys},
    harness::{Harness, matches},
    schwab::{FakeSchwab, log_in_to_schwab},
    server::{Answer, Server},
    wizard::{answer, connections},
};

/// An Alpaca whose account has the id that is set.
async fn renamed() -> (Arc<Mutex<String>>, Server) {
    let id = Arc::new(Mutex::new("5b0c7a3e".to_owned()));
    let own = id.clone();
    let server = Server::start(move |asked| match small_alpaca(asked) {
        Answer::Reply(200, headers, body) if asked.path == "/v2/account" => {
            let body = String::from_utf8(body).unwrap().replace("5b0c7a3e", &own.lock().unwrap());
            Answer::Reply(200, headers, body.into_bytes())
        }
        other => other,
    })
    .await;
    (id, server)
}

/// With one connection, on the screen of connections.
async fn connected(server: &Server) -> Harness {
    let endpoints = BTreeMap::from([("alpaca".to_owned(), server.origin.parse().unwrap())]);
    let mut h = Harness::live(120, 40, Settings::default(), VaultChoice::Memory, endpoints);
    answer(&mut h, "canary-right");
    h.keys("<enter>").idle().await.keys("<enter>").idle().await.keys("<enter>5").idle().await;
    h
}

fn accounts(h: &Harness) -> usize {
    h.store.read().unwrap().accounts().unwrap().len()
}

#[tokio::test]
async fn the_same_keys_renew_the_login_that_has_them() {
    let (_, server) = renamed().await;
    let mut h = connected(&server).await;
    answer(&mut h, "canary-right");
    h.keys("<enter>").idle().await.shows(&["1 of 1 account is in the connection Alpaca already"]);
    h.keys("<space>").shows(&["Enter gives Alpaca this login"]);
    h.keys("<enter>").shows(&["Give Alpaca this login instead?"]);
    matches("wizard_again_120x40", &mut h);
    h.keys("<esc>").shows(&["Enter gives Alpaca this login"]).keys("<enter><enter>").idle().await;
    h.shows(&["Alpaca is connected"]);
    assert_eq!((connections(&h).len(), accounts(&h)), (1, 1));
    assert!(connections(&h)[0].excluded_accounts.is_empty());
}

#[tokio::test]
async fn accounts_of_another_connection_stay_there() {
    let (_, server) = FakeSchwab::start().await;
    let desk = Desk::new(&[("schwab", &server)]);
    // Two connections of one login: the first has one of its two accounts.
    log_in_to_schwab(&desk, None, &["70005678"]).await;
    let stored = || desk.store.read().unwrap().accounts().unwrap();
    assert_eq!(stored().len(), 1);
    log_in_to_schwab(&desk, None, &[]).await;
    let mut ids: Vec<String> = stored().into_iter().map(|account| account.provider_account_id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!((ids.len(), stored().len()), (2, 2), "the second connection has the other one, and nothing is doubled");
    desk.handle
        .run(|job| EngineCommand::Sync { job, connections: Vec::new(), force: true, from: None }, |_| {})
        .await
        .unwrap();
    assert_eq!(stored().len(), 2);
}

#[tokio::test]
async fn a_login_that_is_no_longer_new_is_refused_by_the_engine_too() {
    let (_, server) = renamed().await;
    let desk = Desk::new(&[("alpaca", &server)]);
    let answers = || keys("one").with("api_secret", "canary-right");
    desk.connect("alpaca", answers(), None).await.unwrap();
    let job = desk.handle.job();
    let request = ConnectRequest { provider: "alpaca".into(), connection: None, answers: answers() };
    let checked = desk.handle.run_as(job, EngineCommand::Connect { job, request }, |_| {}).await.unwrap();
    let Event::ConnectionChecked { found, .. } = checked else { panic!("{checked:?}") };
    assert_eq!(found.same_as().map(|known| known.id), Some(ConnectionId(1)));
    let renews = Some(ConnectionId(7));
    let confirm = EngineCommand::ConfirmConnection { job, alias: None, excluded: Vec::new(), renews };
    let refused = desk.handle.run_as(job, confirm, |_| {}).await.unwrap_err();
    assert_eq!(refused.kind, FailureKind::AlreadyConnected);
    assert_eq!(desk.store.read().unwrap().connections().unwrap().len(), 1);
}

#[tokio::test]
async fn a_login_of_somebody_else_is_asked_about() {
    let (id, server) = renamed().await;
    let mut h = connected(&server).await;
    *id.lock().unwrap() = "99999999".to_owned();
    h.keys("L<enter>").idle().await.shows(&["None of these accounts is known"]);
    h.keys("<enter>").shows(&["Keep this login anyway?"]);
    matches("wizard_different_120x40", &mut h);
    h.keys("<esc>").hides("Keep this login").keys("<esc>").idle().await;
    assert_eq!(accounts(&h), 1, "nothing was kept");
    h.keys("<enter>").idle().await.keys("<enter><enter>").idle().await.shows(&["Alpaca is connected"]);
    assert_eq!((connections(&h).len(), accounts(&h)), (1, 2));
}

#[tokio::test]
async fn a_repair_does_not_take_the_accounts_of_another_connection() {
    let (id, server) = renamed().await;
    let mut h = connected(&server).await;
    *id.lock().unwrap() = "99999999".to_owned();
    answer(&mut h, "canary-right");
    h.keys("<tab>Second")
        .keys("<enter>")
        .idle()
        .await
        .keys("<tab>Second<enter>")
        .idle()
        .await
        .keys("<enter>5")
        .idle()
        .await;
    assert_eq!((connections(&h).len(), accounts(&h)), (2, 2));
    // The first one is repaired with the login of the second.
    h.keys("gg").shows(&["environment paper"]).keys("L<enter>").idle().await;
    h.shows(&["already, and stays there"]).keys("<enter>").shows(&["opens none of its accounts"]);
    h.keys("<enter>").shows(&["opens none of its accounts"]).keys("<esc><esc><esc>").idle().await;
    assert_eq!((connections(&h).len(), accounts(&h)), (2, 2));
}

#[tokio::test]
async fn a_connection_is_removed_with_everything_that_came_through_it() {
    let (_, server) = renamed().await;
    let mut h = connected(&server).await;
    let rows = |h: &Harness| h.store.read().unwrap().transaction_count().unwrap();
    assert_eq!((accounts(&h), rows(&h)), (1, 1));
    h.keys("d").shows(&["Disconnect?", "keep its data", "remove its data"]).keys("r");
    h.shows(&["Remove Alpaca with everything in it?", "1 account and 1 row are", "can't be undone"]);
    matches("connections_remove_120x40", &mut h);
    h.keys("<esc>").idle().await.hides("with everything in it").keys("<esc>").hides("Disconnect?");
    assert_eq!((connections(&h)[0].status, accounts(&h)), (ConnectionStatus::Active, 1));
    h.keys("dr<enter>").idle().await.hides("with everything in it").shows(&["login deleted"]);
    assert_eq!((accounts(&h), rows(&h)), (0, 0));
    assert!(h.store.read().unwrap().credential(ConnectionId(1)).unwrap().is_none());
    h.keys("2").hides("Alpaca paper").keys("3").hides("AAPL").keys("5").hides("● active");
    assert!(!h.advance(10_000).runtime.is_waiting_for_time(), "nothing is left to sync");
    h.store.verify().unwrap();
}
