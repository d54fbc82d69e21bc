//! Keys given for the wrong environment, at the institution's own hosts: the program itself, real TLS, and a proxy that
//! is both hosts.

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use tokio::{
    io::AsyncWriteExt as _,
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

use crate::support::{
    fixtures::fixture,
    profile::{Profile, nothing_leaked},
    tls,
};

const PAPER: &str = "paper-api.alpaca.markets";
const LIVE: &str = "api.alpaca.markets";

/// Both hosts; `owner` is the one that accepts the key.
struct Institution {
    proxy: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Institution {
    async fn start(owner: &'static str, certificate: &Path) -> Self {
        let (acceptor, pem) = tls::self_signed(&[PAPER, LIVE]);
        std::fs::write(certificate, pem).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::default();
        let log = Arc::clone(&asked);
        tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { continue };
                tokio::spawn(serve(stream, acceptor.clone(), owner, Arc::clone(&log)));
            }
        });
        Self { proxy, asked }
    }
}

async fn serve(mut stream: TcpStream, acceptor: TlsAcceptor, owner: &str, asked: Arc<Mutex<Vec<String>>>) {
    let Some(head) = tls::head(&mut stream).await else { return };
    let host = head.strip_prefix("CONNECT ").and_then(|rest| rest.split(':').next()).unwrap().to_owned();
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
    let Ok(mut stream) = acceptor.accept(stream).await else { return };
    while let Some(head) = tls::head(&mut stream).await {
        let path = tls::target(&head).split('?').next().unwrap().to_owned();
        asked.lock().unwrap().push(format!("{host}{path}"));
        let (status, body) = if host == owner {
            let file = match path.as_str() {
                "/v2/account" => Some("account.json"),
                "/v2/positions" => Some("positions.json"),
                "/v2/account/portfolio/history" => Some("history.json"),
                _ => None,
            };
            (200, file.map_or_else(|| "[]".to_owned(), |file| fixture("alpaca", file)))
        } else {
            (401, r#"{"message":"unauthorized."}"#.to_owned())
        };
        if !tls::reply(&mut stream, status, "application/json", &body).await {
            return;
        }
    }
}

async fn connect(owner: &'static str, asked_for: &str) -> (serde_json::Value, Vec<String>) {
    let outside = tempfile::tempdir().unwrap();
    let certificate = outside.path().join("certificate.pem");
    let institution = Institution::start(owner, &certificate).await;
    let mut profile = Profile::new(&[]);
    let environment = format!("environment={asked_for}");
    let fields = ["--field", &environment, "--field-env", "api_key=KEY", "--field-env", "api_secret=SECRET"];
    let mut command = profile.command(&[&["connect", "alpaca", "--format", "json"], &fields[..]].concat());
    let output =
        command.env("HTTPS_PROXY", &institution.proxy).env("SSL_CERT_FILE", &certificate).output().await.unwrap();
    profile.keep_output(&output);
    nothing_leaked(&profile, &["PKTEST1"]);
    let asked = institution.asked.lock().unwrap().clone();
    (Profile::json(&output, 0), asked)
}

#[tokio::test]
async fn a_key_of_the_other_environment_is_connected_there() {
    for (owner, name, other, asked_for) in [(PAPER, "paper", LIVE, "live"), (LIVE, "live", PAPER, "paper")] {
        let (connection, asked) = connect(owner, asked_for).await;
        assert_eq!((&connection["environment"], &connection["status"]), (&name.into(), &"active".into()));
        assert_eq!(asked[..2], [format!("{other}/v2/account"), format!("{owner}/v2/account")]);
        let strays = asked[2..].iter().filter(|asked| !asked.starts_with(owner));
        assert_eq!(strays.count(), 0, "everything later goes where the key works: {asked:?}");
    }
}

#[tokio::test]
async fn a_key_of_the_environment_asked_for_is_tried_nowhere_else() {
    let (connection, asked) = connect(PAPER, "paper").await;
    assert_eq!(connection["environment"], "paper");
    assert!(asked.iter().all(|asked| asked.starts_with(PAPER)), "{asked:?}");
}
