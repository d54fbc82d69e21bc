//! `kill -9` at every request of connecting and syncing: the login and the rows are whole afterwards, nothing comes twice.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use chrono::{Days, Local};
use serde_json::Value;
use tokio::sync::Notify;

use crate::support::{
    alpaca::FakeAlpaca,
    profile::Profile,
    server::{Answer, Server},
};

const CONNECT: [&str; 9] = [
    "connect",
    "alpaca",
    "--field",
    "environment=paper",
    "--field-env",
    "api_key=KEY",
    "--field-env",
    "api_secret=SECRET",
    "--format=json",
];

/// A broker that goes silent at one request, and reports when it does.
struct Stalling {
    left: AtomicUsize,
    reached: Notify,
    asked: Mutex<Vec<String>>,
}

async fn stalling() -> (Arc<Stalling>, Server) {
    let fake = Arc::new(FakeAlpaca::default());
    fake.fill(250, Local::now().date_naive() - Days::new(1));
    let stalling =
        Arc::new(Stalling { left: AtomicUsize::new(usize::MAX), reached: Notify::new(), asked: Mutex::default() });
    let state = Arc::clone(&stalling);
    let server = Server::start(move |asked| {
        state.asked.lock().unwrap().push(asked.path.clone());
        if state.left.fetch_sub(1, SeqCst) == 1 {
            state.reached.notify_one();
            return Answer::Silence;
        }
        fake.answer(asked)
    })
    .await;
    (stalling, server)
}

/// Runs a command until its nth request, kills it there, and returns whether that request was reached.
async fn killed_at(profile: &Profile, stalling: &Stalling, request: usize, arguments: &[&str]) -> bool {
    stalling.left.store(request, SeqCst);
    let mut child = profile.command(arguments).spawn().unwrap();
    let is_reached = tokio::select! {
        () = stalling.reached.notified() => true,
        _ = child.wait() => false,
    };
    child.kill().await.unwrap();
    stalling.left.store(usize::MAX, SeqCst);
    is_reached
}

/// Whatever was killed: one more command brings everything, and the next one nothing.
async fn recovers(profile: &mut Profile, request: usize) {
    let connections = profile.list(&["connections"]).await;
    if connections.as_array().unwrap().is_empty() {
        profile.connect("KEY", 0).await;
    } else {
        assert_eq!(connections[0]["status"], "active", "killed at request {request}");
        let report = profile.list(&["sync", "--force"]).await;
        assert_eq!(report["connections"][0]["error"], Value::Null, "killed at request {request}");
    }
    let again = profile.list(&["sync", "--force"]).await;
    assert_eq!(again["connections"][0]["transactions_imported"], 0, "killed at request {request}");
    let rows = profile.list(&["transactions", "--limit", "1000"]).await;
    let mut ids: Vec<&str> =
        rows.as_array().unwrap().iter().map(|row| row["provider_transaction_id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 250, "killed at request {request}");
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 250, "killed at request {request}");
    assert_eq!(profile.list(&["accounts"]).await.as_array().unwrap().len(), 1);
    assert_eq!(profile.list(&["holdings"]).await.as_array().unwrap().len(), 4);
    assert!(profile.list(&["net-worth"]).await.to_string().contains("20480.10"));
}

#[tokio::test]
async fn connecting_is_whole_wherever_it_is_killed() {
    for request in 1.. {
        let (stalling, server) = stalling().await;
        let mut profile = Profile::new(&[("alpaca", &server)]);
        let is_reached = killed_at(&profile, &stalling, request, &CONNECT).await;
        recovers(&mut profile, request).await;
        if !is_reached {
            assert!(request > 5, "check, three pages, positions and history are requests: {request}");
            return;
        }
    }
}

#[tokio::test]
async fn a_first_sync_that_is_killed_continues_where_it_was() {
    let (stalling, server) = stalling().await;
    let mut profile = Profile::new(&[("alpaca", &server)]);
    // The third page of rows.
    assert!(killed_at(&profile, &stalling, 4, &CONNECT).await);
    let accounts = profile.list(&["accounts"]).await;
    assert_eq!((accounts.as_array().unwrap().len(), &accounts[0]["balance"]), (1, &"20480.10".into()));
    assert_eq!(profile.list(&["transactions", "--limit", "1000"]).await.as_array().unwrap().len(), 200, "two pages");
    stalling.asked.lock().unwrap().clear();
    recovers(&mut profile, 4).await;
    let asked = stalling.asked.lock().unwrap().clone();
    let pages =
        asked.iter().take_while(|path| !path.ends_with("positions")).filter(|path| path.ends_with("activities"));
    assert_eq!(pages.count(), 1, "the pages that were whole are not fetched again: {asked:?}");
}
