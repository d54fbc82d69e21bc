//! Connecting on the screen, from `c` to the rows.

use dashtam::testing::{
    domain::{ConnectionId, ConnectionStatus},
    ports::VaultChoice,
    sync::Event,
};

use crate::support::{
    alpaca::small_alpaca,
    harness::{Harness, matches, matches_text},
    server::{Answer, Asked, Server},
    wizard::{answer, connections, screen},
};

const SIZES: [(u16, u16); 2] = [(80, 24), (120, 40)];

/// A Schwab with two accounts and no rows.
fn schwab(asked: &Asked) -> Answer {
    match asked.path.as_str() {
        "/v1/oauth/token" => Answer::json(include_str!("../../../fixtures/providers/schwab/token.json")),
        "/trader/v1/accounts/accountNumbers" => {
            Answer::json(include_str!("../../../fixtures/providers/schwab/account_numbers.json"))
        }
        "/trader/v1/accounts" => Answer::json(include_str!("../../../fixtures/providers/schwab/accounts.json")),
        "/trader/v1/userPreference" => {
            Answer::json(include_str!("../../../fixtures/providers/schwab/user_preference.json"))
        }
        path if path.ends_with("/transactions") => Answer::json("[]"),
        path if path.starts_with("/trader/v1/accounts/") => {
            Answer::json(include_str!("../../../fixtures/providers/schwab/account.json"))
        }
        _ => Answer::status(404, "{}"),
    }
}

fn every_size(name: &str, h: &mut Harness) {
    for (width, height) in SIZES {
        h.resize(width, height);
        matches(&format!("wizard_{name}_{width}x{height}"), h);
    }
}

#[tokio::test]
async fn an_institution_is_connected_by_keys_alone() {
    let server = Server::start(small_alpaca).await;
    let mut h = screen(&server, "alpaca", VaultChoice::Memory, SIZES[0]);
    h.keys("c");
    every_size("choose", &mut h);
    h.keys("alp<enter>");
    every_size("about", &mut h);
    h.keys("<enter><right><tab>").paste("PK CANARY").keys("<tab>").paste("canary-wrong");
    h.shows(&["it has a blank inside", "◉ Paper", "••••••••••••"]).hides("canary");
    h.keys("<ctrl-r>").shows(&["canary-wrong"]).hides("PK CANARY").keys("<ctrl-r>").hides("canary");
    every_size("fields", &mut h);
    h.keys("<enter>").hides("Asking Alpaca");
    assert!(server.asked().is_empty(), "nothing is sent while an answer is wrong");
    h.keys("<ctrl-u>").paste("PKCANARY").keys("<enter>").shows(&["Asking Alpaca"]).idle().await;
    h.shows(&["✗ Alpaca: it refuses the credentials", "Nothing was stored"]);
    every_size("refused", &mut h);
    h.keys("<esc>").shows(&["◉ Paper", "•••••••• ", "••••••••••••"]);
    h.keys("<tab><ctrl-u>").paste("canary-right").keys("<tab>").shows(&["▸ Environment"]).keys("<enter>").idle().await;
    h.shows(&["✓ Alpaca (paper): 1 account", "··7890"]).hides("PA3CANARY");
    every_size("accounts", &mut h);
    h.keys("<space><enter>").shows(&["Choose at least one account"]).keys("<space><tab>My paper");
    assert!(connections(&h).is_empty(), "nothing is kept before the user confirms");
    h.keys("<enter>").shows(&["Esc leaves it running"]).idle().await;
    h.shows(&["My paper is connected. 1 new row"]);
    every_size("done", &mut h);
    h.keys("<enter>").shows(&["Accounts · 1", "20,480.10"]);
    let kept = connections(&h);
    assert_eq!((kept.len(), kept[0].alias.as_deref()), (1, Some("My paper")));
    assert_eq!((kept[0].environment.as_deref(), kept[0].status), (Some("paper"), ConnectionStatus::Active));
    h.keys("5").shows(&["My paper", "● active", "Last sync", "✓ Alpaca"]);
    every_size("connected", &mut h);
}

#[tokio::test]
async fn escape_is_one_step_and_leaves_nothing() {
    let server = Server::start(small_alpaca).await;
    let mut h = screen(&server, "alpaca", VaultChoice::Memory, SIZES[0]);
    answer(&mut h, "canary-right");
    h.keys("<enter>").idle().await.shows(&["1 account"]);
    h.keys("<tab>Name<esc>").shows(&["1 account", "Name"]);
    h.keys("<esc>").idle().await.shows(&["▸ API secret key", "•••"]);
    h.keys("<esc>").shows(&["Create an API key"]).keys("<esc>").shows(&["Find alp"]);
    h.keys("<esc>").hides("Find alp").shows(&["Charles Schwab"]).keys("<esc>").hides("Charles Schwab");
    assert!(connections(&h).is_empty());
    assert!(h.store.read().unwrap().credential(ConnectionId(1)).unwrap().is_none());
    let asked = server.asked().len();
    // A check that is left is stopped.
    answer(&mut h, "canary-right");
    h.keys("<enter><esc>").shows(&["▸ API secret key"]).idle().await.shows(&["▸ API secret key"]);
    assert!(connections(&h).is_empty() && server.asked().len() <= asked + 1);
    h.keys("<esc><esc><esc><esc>5").shows(&["nothing connected yet"]);
    assert!(!h.runtime.is_waiting_for_time(), "nothing live is connected, so nothing runs");
}

#[tokio::test]
async fn files_lead_to_the_import() {
    let mut h = Harness::new(80, 24);
    h.keys("cchase<enter>").idle().await.shows(&["Import statement files"]).keys("<esc>").hides("Connect an");
    h.keys("cnone of these").shows(&["No provider of that name"]);
}

#[tokio::test]
async fn a_locked_vault_asks_and_goes_on() {
    let server = Server::start(small_alpaca).await;
    let mut h = screen(&server, "alpaca", VaultChoice::Passphrase, SIZES[0]);
    answer(&mut h, "canary-right");
    h.keys("<enter>").idle().await.shows(&["The vault is locked", "Passphrase"]);
    every_size("unlock", &mut h);
    assert!(server.asked().is_empty(), "a login that can't be kept is not tried");
    h.keys("canary phrase").hides("canary").keys("<enter>").idle().await.shows(&["1 account"]);
}

#[tokio::test]
async fn due_connections_sync_by_themselves_and_one_on_request() {
    let server = Server::start(small_alpaca).await;
    let mut h = screen(&server, "alpaca", VaultChoice::Memory, (120, 40));
    answer(&mut h, "canary-right");
    h.keys("<enter>").idle().await.keys("<enter>").idle().await.keys("<enter>5").idle().await;
    let first = server.asked().len();
    assert!(h.runtime.is_waiting_for_time(), "one timer until it is due");
    h.advance(3_600_000).idle().await;
    assert_eq!(server.asked().len(), first, "not yet");
    h.advance(6 * 3_600_000).idle().await;
    let second = server.asked().len();
    assert!(second > first, "due");
    assert!(connections(&h)[0].next_sync_at > connections(&h)[0].last_sync_at);
    h.keys("r").idle().await.shows(&["nothing new"]);
    assert!(server.asked().len() > second);
}

#[tokio::test]
async fn a_refused_connection_is_mended_with_what_is_stored_and_ended() {
    let refusing = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let refuses = refusing.clone();
    let server = Server::start(move |asked| {
        let now = refuses.load(std::sync::atomic::Ordering::Relaxed);
        if now { Answer::status(401, r#"{"message":"forbidden."}"#) } else { small_alpaca(asked) }
    })
    .await;
    let mut h = screen(&server, "alpaca", VaultChoice::Memory, (120, 40));
    answer(&mut h, "canary-right");
    h.keys("<enter>").idle().await.keys("<enter>").idle().await.keys("<enter>5").idle().await;
    refusing.store(true, std::sync::atomic::Ordering::Relaxed);
    h.keys("r").idle().await.keys("<esc>").shows(&["Enter logs in again", "It failed"]);
    every_size("refused_later", &mut h);
    assert!(connections(&h)[0].status.needs_reauthentication());
    h.keys("<enter>").shows(&["Log in again · Alpaca", "as stored", "◉ Paper"]).keys("<esc>").hides("as stored");
    refusing.store(false, std::sync::atomic::Ordering::Relaxed);
    h.keys("<enter><enter>").idle().await.shows(&["1 account"]).keys("<enter>").idle().await;
    h.shows(&["Alpaca is connected"]).keys("<esc>");
    assert_eq!(connections(&h)[0].status, ConnectionStatus::Active);
    assert_eq!((connections(&h).len(), h.store.read().unwrap().accounts().unwrap().len()), (1, 1));
    h.keys("d").shows(&["Disconnect?", "keep its data"]).keys("o").idle().await;
    h.shows(&["– disconnected", "c connects it again"]);
    assert!(h.store.read().unwrap().credential(ConnectionId(1)).unwrap().is_none());
    assert!(!h.advance(6_000).runtime.is_waiting_for_time(), "nothing live is connected any more");
}

/// To the waiting screen of Schwab's login, with a callback on a free port; gives that address.
async fn log_in(h: &mut Harness) -> String {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let callback = format!("https://127.0.0.1:{port}");
    let mut events = h.engine.subscribe();
    h.keys("cschwab<enter>").shows(&["Register exactly this callback address", "https://127.0.0.1:8182"]).keys("y");
    assert_eq!(h.clipboard.text().as_deref(), Some("https://127.0.0.1:8182"));
    h.keys("<enter>").paste("canary-key").keys("<tab>").paste("canary-secret").keys("<tab><ctrl-u>").paste(&callback);
    h.keys("<enter>");
    while !matches!(events.next().await, Some(Event::LoginWaiting { .. })) {}
    h.feed(&crossterm::event::Event::FocusGained);
    callback
}

/// The waiting screen at every size, with zeros for what is another one in every run: ports and certificate.
fn waiting(h: &mut Harness, addresses: [&str; 2]) {
    for (width, height) in [(60, 20), SIZES[0], SIZES[1]] {
        let screen = h.resize(width, height).shows(&["A browser was opened", "Paste it here"]).screen();
        let mut text = screen.clone();
        for address in addresses {
            let port = address.rsplit_once(':').unwrap().1;
            assert_eq!(port.len(), 5, "{address}");
            text = text.replace(port, "00000");
        }
        for word in screen.split_whitespace() {
            // A fingerprint, or a part of one.
            if word.len() > 8 && word.bytes().all(|byte| byte == b':' || byte.is_ascii_hexdigit()) {
                let zeros: String = word.chars().map(|c| if c == ':' { ':' } else { '0' }).collect();
                text = text.replace(word, &zeros);
            }
        }
        matches_text(&format!("wizard_waiting_{width}x{height}"), &text);
    }
}

fn state(h: &Harness) -> String {
    let url = h.browser.opened().pop().unwrap();
    url.split(['?', '&']).find_map(|pair| pair.strip_prefix("state=")).unwrap().to_owned()
}

#[tokio::test]
async fn a_login_ends_with_a_pasted_address() {
    let server = Server::start(schwab).await;
    let mut h = screen(&server, "schwab", VaultChoice::Memory, (80, 24));
    let callback = log_in(&mut h).await;
    let state = state(&h);
    h.advance(5_000).hides("Copied");
    waiting(&mut h, [&callback, &server.origin]);
    h.resize(80, 24).shows(&["A browser was opened", "given up in 4:55", "SHA-256", "Paste it here"]).keys("y");
    assert_eq!(h.clipboard.text(), h.browser.opened().pop());
    assert!(h.runtime.is_waiting_for_time(), "the countdown runs");
    let mut events = h.engine.subscribe();
    h.paste(&format!("{callback}/?code=canary-code&state=other\r")).keys("<enter>");
    while !matches!(events.next().await, Some(Event::PasteRejected { .. })) {}
    h.feed(&crossterm::event::Event::FocusGained);
    h.resize(60, 20).shows(&["✗ ", "Paste it here", "Or paste the address"]).hides("canary-code").resize(80, 24);
    h.paste(&format!("{callback}/?code=canary-code&state={state}")).keys("<enter>").idle().await;
    h.shows(&["✓ Charles Schwab", "2 accounts", "Trading", "Roth IRA"]).keys("j<space><enter>").idle().await;
    h.shows(&["Charles Schwab is connected", "Trading"]).hides("Roth IRA").keys("<enter>");
    assert_eq!(connections(&h)[0].excluded_accounts, ["70005678"]);
    assert!(connections(&h)[0].login_expires_at.is_some());
    h.resize(120, 40).keys("5").shows(&["login ends", "in 7 days"]);
}

#[tokio::test]
async fn a_login_ends_with_the_redirect_or_with_a_refusal() {
    let server = Server::start(schwab).await;
    let mut h = screen(&server, "schwab", VaultChoice::Memory, (80, 24));
    let browser = reqwest::Client::builder().tls_danger_accept_invalid_certs(true).build().unwrap();
    let callback = log_in(&mut h).await;
    let refused = format!("{callback}/?error=access_denied&state={}", state(&h));
    browser.get(refused).send().await.unwrap();
    h.idle().await.shows(&["✗ Charles Schwab", "Enter tries again"]);
    let mut events = h.engine.subscribe();
    h.keys("<enter>");
    while !matches!(events.next().await, Some(Event::LoginWaiting { .. })) {}
    h.feed(&crossterm::event::Event::FocusGained);
    let allowed = format!("{callback}/?code=canary-code&state={}", state(&h));
    browser.get(allowed).send().await.unwrap();
    h.idle().await.shows(&["2 accounts"]).keys("<esc>").idle().await.shows(&["▸ "]);
    assert!(connections(&h).is_empty());
}

#[tokio::test]
async fn a_silent_server_leaves_the_keys_alone() {
    let server = Server::start(small_alpaca).await;
    let mut h = screen(&server, "alpaca", VaultChoice::Memory, (120, 40));
    answer(&mut h, "canary-right");
    h.keys("<enter>").idle().await.keys("<enter>").idle().await.keys("<enter>5").idle().await;
    let hold = server.hold("/v2/positions");
    h.keys("r");
    hold.reached().await;
    h.keys("3").shows(&["Transactions"]).keys("/AAPL<enter>").shows(&["AAPL"]).keys("<esc>5").shows(&["● active"]);
    h.keys("e").shows(&["Name"]).keys("<ctrl-u>Mine<enter>");
    let mut events = h.engine.subscribe();
    while !matches!(events.next().await, Some(Event::Edited { .. })) {}
    assert_eq!(connections(&h)[0].alias.as_deref(), Some("Mine"), "an edit does not wait for the sync");
    hold.release();
    h.idle().await.shows(&["Mine", "Last sync"]);
}
