use std::time::Duration;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinHandle,
};

use super::{local_page::Posted, *};
use crate::ports::fake::FakeEntropy;

fn page() -> LocalPage {
    LocalPage {
        title: "Log in",
        text: "A text.",
        button: "Open",
        script: "https://cdn.login.example/window.js",
        frames: &["https://login.example"],
        code: "var ready = true;",
        values: vec![("application", "a\"><script>alert(1)</script>".to_owned())],
        fields: &["token", "id"],
    }
}

struct Page {
    origin: String,
    nonce: String,
    waiting: JoinHandle<Posted>,
}

impl Page {
    async fn begin() -> Self {
        let listener = LocalPageListener::bind(page(), &FakeEntropy::default()).await.unwrap();
        let url = listener.url();
        let (origin, nonce) = url.rsplit_once('/').unwrap();
        let (origin, nonce) = (origin.to_owned(), nonce.to_owned());
        Self { origin, nonce, waiting: tokio::spawn(listener.wait()) }
    }

    fn host(&self) -> &str {
        self.origin.trim_start_matches("http://")
    }

    async fn send(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.host()).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut reply = Vec::new();
        let _ = stream.read_to_end(&mut reply).await;
        String::from_utf8_lossy(&reply).into_owned()
    }

    fn get(&self, path: &str) -> String {
        format!("GET /{path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.host())
    }

    fn post(&self, path: &str, origin: Option<&str>, body: &str) -> String {
        let origin = origin.map(|origin| format!("Origin: {origin}\r\n")).unwrap_or_default();
        let (host, length) = (self.host(), body.len());
        format!("POST /{path} HTTP/1.1\r\nHost: {host}\r\n{origin}Content-Length: {length}\r\n\r\n{body}")
    }

    /// The right form ends the wait, and the browser learns the outcome afterwards.
    async fn completes(self) {
        let right = self.post(&self.nonce, Some(&self.origin), "token=t%201&id=&more=x");
        let host = self.host().to_owned();
        let mut stream = TcpStream::connect(&host).await.unwrap();
        stream.write_all(right.as_bytes()).await.unwrap();
        let posted = self.waiting.await.unwrap();
        assert_eq!(posted.values.names().collect::<Vec<_>>(), ["token"], "unknown and blank fields are left out");
        assert_eq!(posted.values.expose("token"), Some("t 1"));
        posted.answer(true).await;
        let mut reply = String::new();
        stream.read_to_string(&mut reply).await.unwrap();
        assert!(reply.starts_with("HTTP/1.1 200") && reply.contains("You are logged in"), "{reply}");
        assert!(TcpStream::connect(&host).await.is_err(), "it serves once");
    }
}

#[tokio::test]
async fn the_page_has_a_strict_policy_and_escapes_values() {
    let page = Page::begin().await;
    let reply = page.send(&page.get(&page.nonce)).await;
    let policy = format!(
        "Content-Security-Policy: default-src 'none'; script-src https://cdn.login.example/window.js 'nonce-{}'; \
         frame-src https://login.example; style-src 'unsafe-inline'; img-src data:; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'\r\n",
        page.nonce
    );
    assert!(reply.starts_with("HTTP/1.1 200") && reply.contains(&policy), "{reply}");
    assert!(reply.contains("data-application=\"a&quot;&gt;&lt;script&gt;alert(1)"), "{reply}");
    assert_eq!(reply.matches("<script").count(), 2, "{reply}");
    for part in ["<html lang=\"en\">", "<title>Log in</title>", "<main>", "role=\"status\"", "<noscript>"] {
        assert!(reply.contains(part), "{part}: {reply}");
    }
    page.completes().await;
}

#[tokio::test]
async fn other_requests_are_refused_and_the_right_form_still_completes() {
    let page = Page::begin().await;
    let own = page.origin.clone();
    let nonce = page.nonce.clone();
    let wrong = format!("{}0", &nonce[..31]);
    let right = "token=evil";
    for (name, request, status) in [
        ("no nonce", page.get(""), "404"),
        ("another nonce", page.get(&wrong), "404"),
        ("a form to another nonce", page.post(&wrong, Some(&own), right), "404"),
        ("a form without origin", page.post(&nonce, None, right), "403"),
        ("a form of another page", page.post(&nonce, Some("https://evil.example"), right), "403"),
        ("a form of a page without origin", page.post(&nonce, Some("null"), right), "403"),
        ("an empty form", page.post(&nonce, Some(&own), "token="), "400"),
        ("a form of unknown fields", page.post(&nonce, Some(&own), "other=1"), "400"),
        ("another host", page.get(&nonce).replace("Host: 127.0.0.1", "Host: evil.example"), "421"),
        ("another method", page.get(&nonce).replace("GET", "PUT"), "405"),
        ("two lengths", page.post(&nonce, Some(&own), right).replace("Origin", "Content-Length: 1\r\nOrigin"), "400"),
        ("chunks", page.get(&nonce).replace("\r\n\r\n", "\r\nTransfer-Encoding: chunked\r\n\r\n"), "411"),
        ("a long body", page.post(&nonce, Some(&own), &"x".repeat(17 << 10)), "413"),
    ] {
        let reply = page.send(&request).await;
        assert!(
            reply.is_empty() && status == "413" || reply.starts_with(&format!("HTTP/1.1 {status}")),
            "{name}: {reply}"
        );
        assert!(!reply.contains("evil"), "{name}: {reply}");
    }
    page.completes().await;
}

#[tokio::test]
async fn a_login_that_cannot_be_stored_is_not_shown_as_done() {
    let page = Page::begin().await;
    let mut stream = TcpStream::connect(page.host()).await.unwrap();
    let form = page.post(&page.nonce, Some(&page.origin), "token=x");
    stream.write_all(form.as_bytes()).await.unwrap();
    let posted = tokio::time::timeout(Duration::from_secs(20), page.waiting).await.unwrap().unwrap();
    posted.answer(false).await;
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.unwrap();
    assert!(reply.contains("could not be stored") && !reply.contains("logged in"), "{reply}");
}
