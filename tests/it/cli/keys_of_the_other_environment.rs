//! Keys given for the wrong environment, at the institution's own hosts: the program itself, real TLS, and a proxy that
//! is both hosts.

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::aws_lc_rs::default_provider, pki_types::PrivatePkcs8KeyDer},
};

use crate::support::{
    fixtures::fixture,
    profile::{Profile, nothing_leaked},
};

const PAPER: &str = "paper-api.alpaca.markets";
const LIVE: &str = "api.alpaca.markets";

/// Stands for both hosts; `knows` is the one that knows the key.
struct Institution {
    proxy: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Institution {
    async fn start(knows: &'static str, certificate: &Path) -> Self {
        let made = rcgen::generate_simple_self_signed(vec![PAPER.to_owned(), LIVE.to_owned()]).unwrap();
        std::fs::write(certificate, made.cert.pem()).unwrap();
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key.into())
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::default();
        let log = Arc::clone(&asked);
        tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { continue };
                tokio::spawn(serve(stream, acceptor.clone(), knows, Arc::clone(&log)));
            }
        });
        Self { proxy, asked }
    }
}

async fn serve(mut stream: TcpStream, acceptor: TlsAcceptor, knows: &str, asked: Arc<Mutex<Vec<String>>>) {
    let Some(head) = head(&mut stream).await else { return };
    let host = head.strip_prefix("CONNECT ").and_then(|rest| rest.split(':').next()).unwrap().to_owned();
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
    let Ok(mut stream) = acceptor.accept(stream).await else { return };
    while let Some(head) = self::head(&mut stream).await {
        let path = head.split(' ').nth(1).unwrap().split('?').next().unwrap().to_owned();
        asked.lock().unwrap().push(format!("{host}{path}"));
        let (status, body) = if host == knows {
            let file = match path.as_str() {
                "/v2/account" => Some("account.json"),
                "/v2/positions" => Some("positions.json"),
                "/v2/account/portfolio/history" => Some("history.json"),
                _ => None,
            };
            ("200 OK", file.map_or_else(|| "[]".to_owned(), |file| fixture("alpaca", file)))
        } else {
            ("401 Unauthorized", r#"{"message":"unauthorized."}"#.to_owned())
        };
        let length = body.len();
        let reply =
            format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}");
        if stream.write_all(reply.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// What comes before an empty line.
async fn head(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    String::from_utf8(head).ok()
}

async fn connect(knows: &'static str, asked_for: &str) -> (serde_json::Value, Vec<String>) {
    let outside = tempfile::tempdir().unwrap();
    let certificate = outside.path().join("certificate.pem");
    let institution = Institution::start(knows, &certificate).await;
    let mut profile = Profile::new(&[]);
    let environment = format!("environment={asked_for}");
    let fields = ["--field", &environment, "--field-env", "api_key=KEY", "--field-env", "api_secret=SECRET"];
    let mut command = profile.command(&[&["connect", "alpaca", "--format", "json"], &fields[..]].concat());
    let output =
        command.env("HTTPS_PROXY", &institution.proxy).env("SSL_CERT_FILE", &certificate).output().await.unwrap();
    profile.heard(&output);
    nothing_leaked(&profile, &["PKTEST1"]);
    let asked = institution.asked.lock().unwrap().clone();
    (Profile::json(&output, 0), asked)
}

#[tokio::test]
async fn a_key_of_the_other_environment_is_connected_there() {
    for (knows, name, other, asked_for) in [(PAPER, "paper", LIVE, "live"), (LIVE, "live", PAPER, "paper")] {
        let (connection, asked) = connect(knows, asked_for).await;
        assert_eq!((&connection["environment"], &connection["status"]), (&name.into(), &"active".into()));
        assert_eq!(asked[..2], [format!("{other}/v2/account"), format!("{knows}/v2/account")]);
        let strays = asked[2..].iter().filter(|asked| !asked.starts_with(knows));
        assert_eq!(strays.count(), 0, "everything later goes where the key works: {asked:?}");
    }
}

#[tokio::test]
async fn a_key_of_the_environment_asked_for_is_tried_nowhere_else() {
    let (connection, asked) = connect(PAPER, "paper").await;
    assert_eq!(connection["environment"], "paper");
    assert!(asked.iter().all(|asked| asked.starts_with(PAPER)), "{asked:?}");
}
