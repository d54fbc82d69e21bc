//! The vault when nobody is at the screen.

use std::{collections::BTreeMap, time::Duration};

use dashtam::testing::{ports::VaultChoice, tui::Settings};

use crate::support::{
    alpaca::small_alpaca,
    harness::{Given, Harness, matches},
    server::{Answer, Server},
    wizard::{answer, connections},
};

const QUARTER: i64 = 15 * 60_000;
const HOURS: i64 = 3_600_000;

fn screen(server: &Server, vault: VaultChoice) -> Harness {
    let endpoints = BTreeMap::from([("alpaca".to_owned(), server.origin.parse().unwrap())]);
    let settings = Settings { lock_after: Some(Duration::from_secs(15 * 60)), ..Settings::default() };
    Harness::live(120, 40, settings, vault, endpoints)
}

/// Connects, with a passphrase where the vault needs one.
async fn connected(server: &Server, vault: VaultChoice) -> Harness {
    let mut h = screen(server, vault);
    answer(&mut h, "canary-right");
    h.keys("<enter>").idle().await;
    if vault == VaultChoice::Passphrase {
        h.shows(&["The vault is locked"]).keys("canary phrase<enter>").idle().await;
    }
    h.shows(&["1 account"]).keys("<enter>").idle().await.keys("<enter>5").idle().await;
    h
}

#[tokio::test]
async fn a_typed_passphrase_is_forgotten_after_a_pause() {
    let server = Server::start(small_alpaca).await;
    let mut h = connected(&server, VaultChoice::Passphrase).await;
    h.advance(QUARTER - 60_000).idle().await;
    assert!(h.vault.is_unlocked(), "not yet");
    h.keys("j");
    h.advance(QUARTER - 60_000).idle().await;
    assert!(h.vault.is_unlocked(), "a key restarts the time");
    h.advance(60_000).idle().await.shows(&["the vault is locked", "vault locked"]);
    assert!(!h.vault.is_unlocked());
    h.advance(10_000).keys("gg").shows(&["r asks for its"]);
    matches("idle_locked_120x40", &mut h);
    assert!(!h.runtime.is_waiting_for_time(), "nothing is left to lock, and nothing can be due");

    let asked = server.asked().len();
    h.advance(24 * HOURS).idle().await;
    assert_eq!(server.asked().len(), asked, "a sync that is due is left out");
    assert!(connections(&h)[0].error.is_none(), "which is no failure of the connection");
    h.shows(&["● active", "vault locked"]).keys("r").idle().await.shows(&["Passphrase"]);
    h.keys("canary phrase<enter>").idle().await.shows(&["nothing new"]).hides("vault locked");
    assert!(server.asked().len() > asked, "the sync that asked goes on");
    assert!(h.runtime.is_waiting_for_time());
}

#[tokio::test]
async fn the_key_that_ends_a_long_sleep_finds_the_vault_locked() {
    let server = Server::start(small_alpaca).await;
    let mut h = connected(&server, VaultChoice::Passphrase).await;
    // The machine slept: the time is over, and no timer fired.
    h.clock.advance(chrono::TimeDelta::hours(5));
    h.keys("r").idle().await.shows(&["The vault is locked", "Passphrase"]);
    assert!(!h.vault.is_unlocked());
}

#[tokio::test]
async fn the_vault_stays_open_under_work() {
    let server = Server::start(small_alpaca).await;
    let mut h = connected(&server, VaultChoice::Passphrase).await;
    let hold = server.hold("/v2/positions");
    h.keys("r");
    hold.reached().await;
    h.advance(QUARTER);
    let mut events = h.engine.subscribe();
    hold.release();
    while !matches!(events.next().await, Some(dashtam::testing::sync::Event::Synced { .. })) {
        assert!(h.vault.is_unlocked(), "what began with it open ends with it open");
    }
    h.idle().await.shows(&["vault locked"]);
    assert!(!h.vault.is_unlocked() && connections(&h)[0].error.is_none());
}

#[tokio::test]
async fn other_vaults_are_left_open() {
    let server = Server::start(small_alpaca).await;
    for vault in [VaultChoice::Memory, VaultChoice::Keyring] {
        let mut h = connected(&server, vault).await;
        h.advance(2 * QUARTER).idle().await.hides("vault locked");
        assert!(h.vault.is_unlocked(), "{vault}");
    }
}

#[tokio::test]
async fn a_passphrase_file_opens_the_vault_without_a_question() {
    let server = Server::start(small_alpaca).await;
    let endpoints = BTreeMap::from([("alpaca".to_owned(), server.origin.parse().unwrap())]);
    let settings = Settings { lock_after: Some(Duration::from_secs(15 * 60)), ..Settings::default() };
    let passphrase = Some("canary phrase\nnot read\n");
    let given = Given { choice: VaultChoice::Passphrase, endpoints, passphrase, ..Given::default() };
    let mut h = Harness::given(120, 40, settings, given);
    answer(&mut h, "canary-right");
    h.keys("<enter>").idle().await.shows(&["1 account"]).keys("<enter>").idle().await.keys("<enter>5").idle().await;
    assert!(h.vault.is_unlocked());
    // Locking it would keep nobody out, and keep the schedule from working.
    h.advance(2 * QUARTER).idle().await.hides("vault locked");
    assert!(h.vault.is_unlocked());
    h.vault.lock();
    h.keys("r").idle().await.shows(&["nothing new"]).hides("Passphrase");
    h.vault.lock();
    std::fs::write(h.folder.path().join("passphrase"), "another\n").unwrap();
    h.keys("r").idle().await.shows(&["the passphrase or key is wrong"]).hides("Passphrase  ");
}

#[tokio::test]
async fn a_login_that_waits_for_its_word_is_forgotten_with_the_key() {
    let server = Server::start(small_alpaca).await;
    let mut h = screen(&server, VaultChoice::Passphrase);
    answer(&mut h, "canary-right");
    h.keys("<enter>").idle().await.keys("canary phrase<enter>").idle().await.shows(&["1 account"]);
    h.advance(QUARTER).idle().await;
    assert!(!h.vault.is_unlocked());
    h.keys("<enter>").idle().await.shows(&["Passphrase"]).keys("canary phrase<enter>").idle().await;
    h.shows(&["1 account"]).keys("<enter>").idle().await.shows(&["is connected"]);
}

#[tokio::test]
async fn a_server_that_was_never_asked_stays_so_while_locked() {
    let server = Server::start(|_| Answer::status(500, "{}")).await;
    let mut h = screen(&server, VaultChoice::Passphrase);
    h.advance(2 * QUARTER).idle().await.hides("vault locked");
    assert!(server.asked().is_empty());
}
