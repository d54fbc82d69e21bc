//! A page around the login window of another party, which exists as a script for browsers only.
//!
//! INVARIANT: the page is served at an address with a one-time nonce; its policy allows the one script of the other party,
//! its frame, and the page's own code; one form with the nonce ends it.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use oauth2::url::form_urlencoded;
use tokio::{net::TcpListener, sync::oneshot, task::JoinSet, time::timeout};
use zeroize::Zeroizing;

use super::{Loopback, PageAnswer, PageRequest, page, same};
use crate::{ports::Entropy, providers::Secrets};

/// Longest wait for the browser to take the last page.
const LAST_PAGE: Duration = Duration::from_secs(2);

/// A page to serve. The texts are the adapter's own and go into the page as they are; values are escaped.
#[derive(Debug, Clone)]
pub struct LocalPage {
    /// Title and heading.
    pub title: &'static str,
    /// One paragraph: what happens on this page.
    pub text: &'static str,
    /// Label of the button with the id `start`.
    pub button: &'static str,
    /// The other party's script, the only foreign one that is allowed.
    pub script: &'static str,
    /// Origins of the frames that this script opens.
    pub frames: &'static [&'static str],
    /// The page's own script. It reads `data-…` of `#start`, writes to `#status`, and submits the form `#result`.
    pub code: &'static str,
    /// Values for the script, by name: `data-<name>` of `#start`.
    pub values: Vec<(&'static str, String)>,
    /// Names of the fields of the form.
    pub fields: &'static [&'static str],
}

/// Serves a page until its form comes. Dropping it stops serving.
pub struct LocalPageListener {
    loopback: Loopback,
    page: LocalPage,
    origin: String,
    nonce: String,
}

/// The values of the form. The browser gets its last page when [`Posted::answer`] is called.
pub struct Posted {
    /// By field name; blank ones are left out.
    pub values: Secrets,
    reply: oneshot::Sender<Vec<u8>>,
    connections: JoinSet<()>,
}

impl LocalPageListener {
    /// Listens on a free port of 127.0.0.1. An error is the reason, for people.
    pub async fn bind(page: LocalPage, entropy: &dyn Entropy) -> Result<Self, String> {
        let mut bytes = [0; 16];
        entropy.fill(&mut bytes).map_err(|error| error.to_string())?;
        let nonce = bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|error| error.to_string())?;
        let host = listener.local_addr().map_err(|error| error.to_string())?.to_string();
        let origin = format!("http://{host}");
        Ok(Self { loopback: Loopback { listener, tls: None, hosts: vec![host] }, page, origin, nonce })
    }

    /// The address to open. Holds the nonce.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}/{}", self.origin, self.nonce)
    }

    /// Waits for the form.
    pub async fn wait(self) -> Posted {
        let Self { loopback, page, origin, nonce } = self;
        let judge = move |request: &PageRequest| judge(request, &page, &origin, &nonce);
        let ended = loopback.serve(Arc::new(judge)).await;
        let (values, reply) = ended.outcome;
        Posted { values, reply, connections: ended.connections }
    }
}

impl Posted {
    /// Shows the last page: whether the login is stored.
    pub async fn answer(mut self, is_stored: bool) {
        let _ = self.reply.send(if is_stored { page::done() } else { page::failed() });
        // The other connections of the browser may stay open for long.
        let _ = timeout(LAST_PAGE, self.connections.join_next()).await;
    }
}

type Outcome = (Secrets, oneshot::Sender<Vec<u8>>);

fn judge(request: &PageRequest, page: &LocalPage, origin: &str, nonce: &str) -> PageAnswer<Outcome> {
    let refused = |status: &str| PageAnswer::Page(page::refused(status));
    if !same(request.path.trim_start_matches('/'), nonce) {
        return refused("404 Not Found");
    }
    if request.method == "GET" {
        return PageAnswer::Page(html(page, nonce));
    }
    // Another page can send a form here, but not with this origin.
    if request.origin.as_deref() != Some(origin) {
        return refused("403 Forbidden");
    }
    let mut values = Secrets::new();
    for (name, value) in form_urlencoded::parse(&request.body) {
        let value = Zeroizing::new(value.into_owned());
        if page.fields.contains(&name.as_ref()) && !value.trim().is_empty() {
            values.insert(name.as_ref(), value.as_str().into());
        }
    }
    if values.is_empty() {
        return refused("400 Bad Request");
    }
    let (reply, replied) = oneshot::channel();
    PageAnswer::Awaits(replied, (values, reply))
}

/// The page. `nonce` also marks the page's own script and style.
fn html(page: &LocalPage, nonce: &str) -> Vec<u8> {
    let (mut data, mut fields) = (String::new(), String::new());
    for (name, value) in &page.values {
        let _ = write!(data, " data-{name}=\"{}\"", escaped(value));
    }
    for name in page.fields {
        let _ = write!(fields, "<input type=\"hidden\" name=\"{name}\">");
    }
    let content = format!(
        "<p>{text}</p><p><button id=\"start\" type=\"button\"{data}>{button}</button></p>\
         <p id=\"status\" role=\"status\" aria-live=\"polite\"></p>\
         <noscript><p>This page needs JavaScript. You can enter the token in dashtam instead.</p></noscript>\
         <form id=\"result\" method=\"post\" action=\"/{nonce}\" hidden>{fields}</form>\
         <script src=\"{script}\"></script><script nonce=\"{nonce}\">{code}</script>",
        text = page.text,
        button = page.button,
        script = page.script,
        code = page.code,
    );
    let style = format!("<style>{}</style>", page::STYLE);
    // The login window sets styles of its frame in the page.
    let policy = format!(
        "default-src 'none'; script-src {script} 'nonce-{nonce}'; frame-src {frames}; style-src 'unsafe-inline'; \
         img-src data:; form-action 'self'",
        script = page.script,
        frames = page.frames.join(" "),
    );
    page::response("200 OK", &policy, &page::document(page.title, &style, &content))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}
