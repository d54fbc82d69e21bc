//! Teller: mutual TLS against a server that demands a certificate, and its signs and pages through the engine.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use dashtam::testing::{domain::TransactionStatus, providers::Secrets};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        RootCertStore, ServerConfig,
        crypto::aws_lc_rs::default_provider,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
        server::WebPkiClientVerifier,
    },
};

use crate::support::{
    desk::Desk,
    fixtures::fixture,
    profile::Profile,
    server::{Answer, Asked, Server},
    tls,
};

fn reply(path: &str) -> Option<String> {
    let name = match path {
        "/accounts" => "accounts.json",
        "/accounts/acc_check/balances" => "balances.json",
        "/accounts/acc_card/balances" => "balances_card.json",
        "/accounts/acc_check/transactions" => "transactions.json",
        "/accounts/acc_card/transactions" => "transactions_card.json",
        _ => return None,
    };
    Some(fixture("teller", name))
}

fn answer(asked: &Asked) -> Answer {
    // The list ends with an empty page.
    if asked.param("from_id").is_some() {
        return Answer::json("[]");
    }
    reply(&asked.path).map_or_else(|| Answer::status(404, "{}"), Answer::json)
}

fn sandbox() -> Secrets {
    Secrets::new().with("environment", "sandbox").with("access_token", "canary-token")
}

#[tokio::test]
async fn cards_are_debts_and_pages_end_with_an_empty_one() {
    let server = Server::start(answer).await;
    let desk = Desk::new(&[("teller", &server)]);
    let report = desk.connect("teller", sandbox(), None).await.unwrap();
    assert_eq!((report.error, report.transactions_imported), (None, 6));
    let reader = desk.store.read().unwrap();
    let account =
        |id: &str| reader.accounts().unwrap().into_iter().find(|account| account.provider_account_id == id).unwrap().id;
    let balance = |id: &str| reader.snapshots(account(id)).unwrap().pop().unwrap().balance.to_string();
    assert_eq!((balance("acc_check"), balance("acc_card")), ("2310.08".into(), "-120.40".into()));
    let rows = desk.rows();
    let amount = |id: &str| {
        rows.iter().find(|row| row.facts.provider_id.as_deref() == Some(id)).unwrap().facts.amount.to_string()
    };
    assert_eq!((amount("txn_c1"), amount("txn_c2")), ("-195.40".into(), "75.00".into()));
    assert_eq!(desk.connection().institution, "Lakeside Bank");
    let again = desk.sync().await;
    assert_eq!((again.error, again.transactions_imported, again.transactions_updated), (None, 0, 0));
}

#[tokio::test]
async fn rows_that_an_account_does_not_offer_are_never_asked_for() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/accounts" => {
            let text = fixture("teller", "accounts.json");
            let mut accounts: Value = serde_json::from_str(&text).unwrap();
            accounts[1]["links"].as_object_mut().unwrap().remove("transactions");
            accounts[0]["links"].as_object_mut().unwrap().remove("balances");
            Answer::json(accounts.to_string())
        }
        _ => answer(asked),
    })
    .await;
    let desk = Desk::new(&[("teller", &server)]);
    let report = desk.connect("teller", sandbox(), None).await.unwrap();
    assert_eq!(report.error, None);
    desk.sync().await;
    let paths: Vec<String> = server.asked().into_iter().map(|asked| asked.path).collect();
    assert!(!paths.iter().any(|path| path == "/accounts/acc_card/transactions"), "{paths:?}");
    assert!(!paths.iter().any(|path| path == "/accounts/acc_check/balances"), "{paths:?}");
    assert!(paths.iter().any(|path| path == "/accounts/acc_check/transactions"), "{paths:?}");
}

/// A balance that can't be had is a warning, and the account stays without one; a closed account is not active.
#[tokio::test]
async fn a_balance_that_fails_stays_with_its_account() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/accounts/acc_card/balances" | "/accounts/acc_card/transactions" => {
            Answer::status(410, r#"{"error":{"code":"account.closed","message":"closed"}}"#)
        }
        _ => answer(asked),
    })
    .await;
    let desk = Desk::new(&[("teller", &server)]);
    let report = desk.connect("teller", sandbox(), None).await.unwrap();
    assert_eq!(report.error, None);
    assert!(report.warnings.iter().any(|it| it.message.contains("no balance")), "{:?}", report.warnings);
    let reader = desk.store.read().unwrap();
    let accounts = reader.accounts().unwrap();
    let card = accounts.iter().find(|account| account.provider_account_id == "acc_card").unwrap();
    assert!(!card.is_active && reader.snapshots(card.id).unwrap().is_empty());
    assert_eq!(desk.rows().len(), 4);
}

#[tokio::test]
async fn ending_a_connection_ends_the_login_at_teller() {
    let server =
        Server::start(|asked| if asked.method == "DELETE" { Answer::status(204, "") } else { answer(asked) }).await;
    let desk = Desk::new(&[("teller", &server)]);
    desk.connect("teller", sandbox(), None).await.unwrap();
    let not_ended = desk.handle.disconnect(desk.connection().id, false).await.unwrap();
    assert_eq!(not_ended, None);
    let last = server.asked().pop().unwrap();
    assert_eq!((last.method.as_str(), last.path.as_str()), ("DELETE", "/accounts"));
}

#[tokio::test]
async fn a_pending_row_posts_under_another_id() {
    let posted = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let has_posted = Arc::clone(&posted);
    let server = Server::start(move |asked| {
        let mut answered = answer(asked);
        if has_posted.load(Ordering::SeqCst)
            && let Answer::Reply(_, _, body) = &mut answered
        {
            let text = String::from_utf8(body.clone()).unwrap();
            let text =
                text.replace(r#""txn_5""#, r#""txn_9""#).replace(r#""status": "pending""#, r#""status": "posted""#);
            *body = text.into_bytes();
        }
        answered
    })
    .await;
    let desk = Desk::new(&[("teller", &server)]);
    desk.connect("teller", sandbox(), None).await.unwrap();
    let pending = desk.rows().into_iter().find(|row| row.facts.status == TransactionStatus::Pending).unwrap();
    posted.store(true, Ordering::SeqCst);
    assert_eq!(desk.sync().await.error, None);
    let rows = desk.rows();
    assert_eq!(rows.iter().filter(|row| row.facts.status == TransactionStatus::Settled).count(), 6, "{rows:#?}");
    let settled = rows.iter().find(|row| row.facts.provider_id.as_deref() == Some("txn_9")).unwrap();
    assert_eq!(settled.id, pending.id, "the row keeps its identity");
}

/// A certificate authority, a server certificate and a client pair, PEM.
struct Papers {
    authority: String,
    server: (String, KeyPair),
    client: (String, String),
}

fn papers(client_until: i32) -> Papers {
    let authority_key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = params.self_signed(&authority_key).unwrap();
    let issuer = Issuer::new(params, authority_key);
    let server_key = KeyPair::generate().unwrap();
    let server = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&server_key, &issuer).unwrap();
    let client_key = KeyPair::generate().unwrap();
    let mut client = CertificateParams::new(vec!["app.example".to_owned()]).unwrap();
    client.not_before = rcgen::date_time_ymd(2020, 1, 1);
    client.not_after = rcgen::date_time_ymd(client_until, 1, 1);
    let client = client.signed_by(&client_key, &issuer).unwrap();
    Papers {
        authority: authority.pem(),
        server: (server.pem(), server_key),
        client: (client.pem(), client_key.serialize_pem()),
    }
}

/// Serves the fixtures to clients with a certificate of the authority. Counts connections.
async fn demanding(papers: &Papers) -> (String, Arc<AtomicUsize>) {
    use tokio_rustls::rustls::pki_types::{CertificateDer, pem::PemObject as _};
    let der = |pem: &str| CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(der(&papers.authority)).unwrap();
    let provider = Arc::new(default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build().unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(papers.server.1.serialize_der()));
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![der(&papers.server.0)], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let Some(head) = tls::head(&mut stream).await else { return };
                let target = tls::target(&head);
                let (path, query) = target.split_once('?').unwrap_or((target, ""));
                let body = if query.contains("from_id") { Some("[]".to_owned()) } else { reply(path) };
                let (status, body) = body.map_or((404, "{}".to_owned()), |body| (200, body));
                tls::reply(&mut stream, status, "application/json", &body).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    (origin, connections)
}

/// Runs `connect teller` against the demanding server.
async fn connect(
    papers: &Papers,
    origin: &str,
    certificate: &str,
    key: &str,
    environment: &str,
) -> (Option<i32>, String) {
    let profile = Profile::new(&[]);
    let folder = profile.folder.path().to_owned();
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path.to_string_lossy().into_owned()
    };
    let authority = write("authority.pem", &papers.authority);
    let environment = format!("environment={environment}");
    let mut arguments = vec!["connect", "teller", "--field", &environment, "--field-env", "access_token=SECRET"];
    let certificate_field = format!("certificate={}", write("certificate.pem", certificate));
    let key_field = format!("private_key={}", write("private_key.pem", key));
    if !certificate.is_empty() {
        arguments.extend(["--field-file", certificate_field.as_str(), "--field-file", key_field.as_str()]);
    }
    arguments.extend(["--format", "json"]);
    let output = profile
        .command(&arguments)
        .env("DASHTAM_ENDPOINT_TELLER", origin)
        .env("SSL_CERT_FILE", authority)
        .output()
        .await
        .unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.code(), text)
}

#[tokio::test]
async fn a_server_that_demands_a_certificate_gets_the_right_one_only() {
    let good = papers(2100);
    let (origin, connections) = demanding(&good).await;
    let (certificate, key) = (good.client.0.as_str(), good.client.1.as_str());
    let (code, text) = connect(&good, &origin, certificate, key, "development").await;
    assert_eq!(code, Some(0), "{text}");
    let record: Value =
        serde_json::from_str(text.split_once("\n}").map(|(head, _)| format!("{head}\n}}")).unwrap().as_str()).unwrap();
    assert_eq!(record["institution"], "Lakeside Bank");
    let served = connections.load(Ordering::SeqCst);
    assert!(served > 0);

    let (code, text) = connect(&good, &origin, "", "", "sandbox").await;
    assert_eq!(code, Some(1), "without a certificate: {text}");
    assert!(connections.load(Ordering::SeqCst) > served, "it was tried");

    // Named before anything is contacted.
    let before = connections.load(Ordering::SeqCst);
    let other = papers(2100);
    let (code, text) = connect(&good, &origin, certificate, &other.client.1, "development").await;
    assert!(code == Some(1) && text.contains("do not belong together"), "{text}");
    let expired = papers(2025);
    let (code, text) = connect(&good, &origin, &expired.client.0, &expired.client.1, "development").await;
    assert!(code == Some(1) && text.contains("expired on 2025-01-01"), "{text}");
    let (code, text) = connect(&good, &origin, "", "", "development").await;
    assert!(code == Some(1) && text.contains("needs a client certificate"), "{text}");
    assert_eq!(connections.load(Ordering::SeqCst), before);
}

/// An enrollment that the bank ended is repaired by Teller Connect for the same enrollment, in place; a new certificate keeps
/// the token.
#[tokio::test]
async fn a_login_is_repaired_in_place_and_a_certificate_renewed_in_place() {
    let ended = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let is_ended = Arc::clone(&ended);
    let server = Server::start(move |asked| {
        let is_old = asked.header("authorization") == Some("Basic Y2FuYXJ5LW9uZTo=");
        if is_ended.load(Ordering::SeqCst) && is_old {
            return Answer::status(
                404,
                r#"{"error":{"code":"enrollment.disconnected.user_action.mfa_required","message":"x"}}"#,
            );
        }
        answer(asked)
    })
    .await;
    let desk = Desk::new(&[("teller", &server)]);
    let answers = || {
        let papers = papers(2100);
        Secrets::new()
            .with("environment", "sandbox")
            .with("application_id", "app_1")
            .with("certificate", papers.client.0)
            .with("private_key", papers.client.1)
    };
    let report = through_the_window(&desk, answers(), None, "canary-one").await;
    assert_eq!(report.error, None);
    let (id, rows) = (desk.connection().id, desk.rows().len());
    assert_eq!(
        desk.connection().login_expires_at.unwrap().format("%Y").to_string(),
        "2100",
        "the certificate's end is shown"
    );
    // A renewed certificate: no window.
    let renewed = desk.connect("teller", answers(), Some(id)).await.unwrap();
    assert_eq!((renewed.error, desk.rows().len()), (None, rows));
    ended.store(true, Ordering::SeqCst);
    let refused = desk.sync().await;
    assert_eq!(refused.status, dashtam::testing::domain::ConnectionStatus::Expired, "{:?}", refused.error);
    let page = std::sync::Mutex::new(String::new());
    let repaired = through_the_window_seeing(&desk, Secrets::new(), Some(id), "canary-two", &page).await;
    assert_eq!((repaired.error, desk.connection().id, desk.rows().len()), (None, id, rows));
    assert!(page.lock().unwrap().contains("data-enrollment=\"enr_1\""), "the window opens for the same enrollment");
    assert_eq!(desk.store.read().unwrap().connections().unwrap().len(), 1);
    let last = server.asked().pop().unwrap();
    assert_eq!(last.header("authorization"), Some("Basic Y2FuYXJ5LXR3bzo="));
}

async fn through_the_window(
    desk: &Desk,
    answers: Secrets,
    repairs: Option<dashtam::testing::domain::ConnectionId>,
    token: &str,
) -> dashtam::testing::sync::ConnectionReport {
    through_the_window_seeing(desk, answers, repairs, token, &std::sync::Mutex::default()).await
}

/// Connects, and answers the page of Teller Connect as its script does. `page` takes the page.
async fn through_the_window_seeing(
    desk: &Desk,
    answers: Secrets,
    repairs: Option<dashtam::testing::domain::ConnectionId>,
    token: &str,
    page: &std::sync::Mutex<String>,
) -> dashtam::testing::sync::ConnectionReport {
    use dashtam::testing::sync::{ConnectRequest, EngineCommand, Event};
    let job = desk.handle.job();
    let request = ConnectRequest { provider: "teller".into(), connection: repairs, answers };
    let (show, mut shown) = tokio::sync::mpsc::unbounded_channel();
    let connecting = desk.handle.run_as(job, EngineCommand::Connect { job, request }, move |event| {
        if let Event::LoginWaiting { login, .. } = event {
            let _ = show.send(login.url.clone());
        }
    });
    let visiting = async {
        let url = shown.recv().await.unwrap();
        let (origin, path) = url.rsplit_once('/').unwrap();
        let host = origin.trim_start_matches("http://").to_owned();
        let send = async |request: String| {
            let mut stream = tokio::net::TcpStream::connect(&host).await.unwrap();
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut reply = Vec::new();
            let _ = stream.read_to_end(&mut reply).await;
            String::from_utf8_lossy(&reply).into_owned()
        };
        *page.lock().unwrap() = send(format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\n\r\n")).await;
        let body = format!("access_token={token}&enrollment_id=enr_1&user_id=usr_1");
        let length = body.len();
        let form = format!(
            "POST /{path} HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        assert!(send(form).await.contains("You are logged in"));
    };
    let (checked, ()) = tokio::join!(connecting, visiting);
    assert!(matches!(checked.unwrap(), Event::ConnectionChecked { .. }));
    let confirm = EngineCommand::ConfirmConnection { job, alias: None, excluded: Vec::new(), renews: None };
    let Event::Synced { mut report, .. } = desk.handle.run_as(job, confirm, |_| {}).await.unwrap() else { panic!() };
    report.connections.remove(0)
}
