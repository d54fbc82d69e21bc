use std::time::Duration;

use chrono::DateTime;
use secrecy::ExposeSecret as _;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinHandle,
};

use super::*;
use crate::providers::Authorization;

const STATE: &str = "0123456789abcdef";

fn authorization(callback_url: &str) -> Authorization {
    Authorization {
        url: "https://login.example/authorize?state=0123456789abcdef".into(),
        callback_url: callback_url.into(),
        state: STATE.into(),
        verifier: "verifier".into(),
        issuer: Some("https://login.example".into()),
        created_at: DateTime::UNIX_EPOCH,
    }
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

struct Flow {
    port: u16,
    waiting: JoinHandle<Result<secrecy::SecretString, CallbackError>>,
}

impl Flow {
    async fn begin() -> Self {
        let port = free_port();
        let listener = CallbackListener::bind(&authorization(&format!("http://127.0.0.1:{port}/back"))).await.unwrap();
        Self { port, waiting: tokio::spawn(listener.wait(Duration::from_secs(60))) }
    }

    async fn send(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut reply = Vec::new();
        let _ = stream.read_to_end(&mut reply).await;
        String::from_utf8_lossy(&reply).into_owned()
    }

    fn get(&self, target: &str) -> String {
        format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nAccept: */*\r\n\r\n", self.port)
    }

    fn right(&self) -> String {
        self.get(&format!("/back?code=C0.right%40&session=x&state={STATE}&iss=https%3A%2F%2Flogin.example"))
    }

    /// Whatever happened before, the right redirect completes the flow.
    async fn completes(self) {
        let reply = self.send(&self.right()).await;
        assert!(reply.starts_with("HTTP/1.1 200") && !reply.contains("right"), "{reply}");
        assert_eq!(self.waiting.await.unwrap().unwrap().expose_secret(), "C0.right@");
    }
}

/// Twelve ways to break in, each answered and forgotten.
#[tokio::test]
async fn attacks_are_refused_and_the_right_code_still_completes() {
    let iss = "iss=https%3A%2F%2Flogin.example";
    let attacks: [(&str, String, &str); 9] = [
        ("wrong state", format!("/back?code=evil&state=ffff456789abcdef&{iss}"), "400"),
        ("missing state", format!("/back?code=evil&{iss}"), "400"),
        ("duplicate code", format!("/back?code=a&code=evil&state={STATE}&{iss}"), "400"),
        ("duplicate state", format!("/back?code=evil&state={STATE}&state={STATE}&{iss}"), "400"),
        ("wrong path", format!("/back/?code=evil&state={STATE}&{iss}"), "404"),
        ("wrong issuer", format!("/back?code=evil&state={STATE}&iss=https%3A%2F%2Fevil.example"), "400"),
        ("missing issuer", format!("/back?code=evil&state={STATE}"), "400"),
        ("error without state", "/back?error=access_denied".into(), "400"),
        ("no code", format!("/back?state={STATE}&{iss}"), "400"),
    ];
    for (name, target, status) in attacks {
        let flow = Flow::begin().await;
        let reply = flow.send(&flow.get(&target)).await;
        assert!(reply.starts_with(&format!("HTTP/1.1 {status}")), "{name}: {reply}");
        assert!(!reply.contains("evil"), "{name}: nothing of the request is repeated");
        flow.completes().await;
    }
}

#[tokio::test]
async fn requests_of_another_form_are_refused() {
    for (name, edit, status) in [
        ("wrong host", ("127.0.0.1:", "evil.example:"), "421"),
        ("two hosts", ("Accept: */*", "Host: evil.example"), "400"),
        ("no host", ("Host", "Hose"), "400"),
        ("post", ("GET", "POST"), "405"),
        ("not http", ("HTTP/1.1", "GOPHER/9"), "400"),
    ] {
        let flow = Flow::begin().await;
        let reply = flow.send(&flow.right().replace(edit.0, edit.1)).await;
        assert!(reply.starts_with(&format!("HTTP/1.1 {status}")), "{name}: {reply}");
        flow.completes().await;
    }
}

#[tokio::test]
async fn an_endless_head_is_cut_off() {
    let flow = Flow::begin().await;
    let reply = flow.send(&flow.right().replace("*/*", &"x".repeat(20 << 10))).await;
    assert!(reply.starts_with("HTTP/1.1 431"), "{reply}");
    flow.completes().await;
}

#[tokio::test]
async fn slow_and_senseless_connections_do_not_stand_in_the_way() {
    let flow = Flow::begin().await;
    let mut idle = Vec::new();
    for index in 0..300 {
        let mut stream = TcpStream::connect(("127.0.0.1", flow.port)).await.unwrap();
        // Half of them send nothing, the others begin and stop, or send TLS.
        let start: &[u8] = if index % 2 == 0 { b"" } else { b"GET /back?code=ev\x16\x03\x01" };
        stream.write_all(start).await.unwrap();
        idle.push(stream);
    }
    let started = std::time::Instant::now();
    flow.completes().await;
    let took = started.elapsed();
    println!("answered under 300 idle connections after {took:?}");
    assert!(took < Duration::from_secs(5), "{took:?}: an idle connection is ended after ten seconds only");
}

#[tokio::test]
async fn the_first_code_ends_it() {
    let flow = Flow::begin().await;
    let port = flow.port;
    flow.completes().await;
    // The listener is closed: a second code is refused.
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err());
}

#[tokio::test]
async fn a_refusal_with_the_right_state_ends_it() {
    let flow = Flow::begin().await;
    let target = format!(
        "/back?error=access_denied&error_description=No%1b%5b31m+thanks&state={STATE}&iss=https://login.example"
    );
    let reply = flow.send(&flow.get(&target)).await;
    assert!(reply.starts_with("HTTP/1.1 200") && reply.contains("refused"), "{reply}");
    let denied = RedirectError::Denied { reason: Some("No thanks".into()) };
    assert_eq!(flow.waiting.await.unwrap().unwrap_err(), CallbackError::Refused(denied));
}

#[tokio::test]
async fn it_ends_when_no_request_arrives() {
    let listener = CallbackListener::bind(&authorization(&format!("http://127.0.0.1:{}/", free_port()))).await.unwrap();
    assert_eq!(listener.wait(Duration::from_millis(1)).await.unwrap_err(), CallbackError::TimedOut);
}

#[tokio::test]
async fn only_the_registered_port_of_this_machine_is_listened_on() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let error = CallbackListener::bind(&authorization(&format!("http://127.0.0.1:{port}/"))).await.unwrap_err();
    assert!(matches!(error, CallbackError::Port { port: found, .. } if found == port), "{error}");
    for elsewhere in ["https://example.com/back", "http://10.0.0.1:8182/", "http://127.0.0.1.example:1/", "nonsense"] {
        let error = CallbackListener::bind(&authorization(elsewhere)).await.unwrap_err();
        assert_eq!(error, CallbackError::NotLocal, "{elsewhere}");
    }
}

#[tokio::test]
async fn https_is_served_with_a_certificate_made_for_it() {
    let port = free_port();
    let listener = CallbackListener::bind(&authorization(&format!("HTTPS://127.0.0.1:{port}/back"))).await.unwrap();
    let fingerprint = listener.fingerprint().unwrap().to_owned();
    assert_eq!((fingerprint.len(), fingerprint.matches(':').count()), (95, 31));
    let waiting = tokio::spawn(listener.wait(Duration::from_secs(60)));
    // A browser that warns breaks the first handshake off.
    drop(TcpStream::connect(("127.0.0.1", port)).await.unwrap());
    let client = reqwest::Client::builder().tls_danger_accept_invalid_certs(true).no_proxy().build().unwrap();
    let url = format!("https://127.0.0.1:{port}/back?code=C0.a%2540&state={STATE}&iss=https%3A%2F%2Flogin.example");
    assert_eq!(client.get(url).send().await.unwrap().status(), 200);
    assert_eq!(waiting.await.unwrap().unwrap().expose_secret(), "C0.a%40", "decoded once, not twice");
}

#[test]
fn every_form_of_a_paste_gives_the_code_decoded_once() {
    let authorization = authorization("https://127.0.0.1:8182/back");
    let code = |text: &str| parse_redirect(text, &authorization).map(|code| code.expose_secret().to_owned());
    let expected = Ok("C0.b64/x+y=@".to_owned());
    let encoded = "C0.b64%2Fx%2By%3D%40";
    for text in [
        format!("https://127.0.0.1:8182/back?code={encoded}&session=s&state={STATE}"),
        format!("  https://127.0.0.1:8182/back?state={STATE}&code={encoded}#_=_\n"),
        format!("https://127.0.0.1:8182/back?code=C0.b64%2Fx\n%2By%3D%40&state={STATE}"),
        format!("https://127.0.0.1:8182/back?code={encoded}&iss=https%3A%2F%2Flogin.example&state={STATE}"),
        format!("?code={encoded}&state={STATE}"),
        format!("code={encoded}&session=s"),
        encoded.to_owned(),
        "C0.b64/x+y=@".to_owned(),
        format!("\"https://127.0.0.1:8182/back?code={encoded}&state={STATE}\""),
        format!("‘https://127.0.0.1:8182/back?code={encoded}&state={STATE}’"),
        format!("<https://127.0.0.1:8182/back?code={encoded}&state={STATE}>"),
        format!("(https://127.0.0.1:8182/back?code={encoded}&state={STATE})"),
        format!("[the last page](https://127.0.0.1:8182/back?code={encoded}&state={STATE})"),
        format!("`https://localhost:8182/back?code={encoded}&state={STATE}`"),
        format!("HTTPS://[::1]:8182/back?code={encoded}&state={STATE}"),
        format!("'{encoded}'"),
    ] {
        assert_eq!(code(&text), expected, "{text}");
    }
}

#[test]
fn pasted_text_of_another_kind_is_named() {
    let authorization = authorization("https://127.0.0.1:8182/back");
    for (text, error) in [
        ("", RedirectError::NoCode),
        ("https://login.example/authorize?client_id=a&state=0123456789abcdef", RedirectError::NoCode),
        ("https://evil.example/back?code=a&state=0123456789abcdef", RedirectError::NoCode),
        ("https://127.0.0.1:8182/back", RedirectError::NoCode),
        ("https://127.0.0.1:8182/back?code=a&state=other", RedirectError::OtherLogin),
        ("code=a&code=b", RedirectError::Malformed),
        ("code=a&iss=https://evil.example", RedirectError::OtherIssuer),
        ("?error=access_denied&state=0123456789abcdef", RedirectError::Denied { reason: Some("access_denied".into()) }),
    ] {
        assert_eq!(parse_redirect(text, &authorization).unwrap_err(), error, "{text}");
    }
    let debug = format!("{authorization:?}");
    assert!(!debug.contains(STATE) && !debug.contains("verifier"), "{debug}");
}
