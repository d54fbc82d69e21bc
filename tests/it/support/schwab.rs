//! A server that answers as Schwab does, and the login to it.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering::SeqCst},
};

use dashtam::testing::{
    providers::Secrets,
    sync::{ConnectRequest, EngineCommand, Event},
};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    process::Child,
};

use super::{
    desk::Desk,
    fixtures::{Troubles, fixture},
    server::{Answer, Asked, Server},
};

pub(crate) const TOKEN: &str = "/v1/oauth/token";
pub(crate) const ACCOUNTS: &str = "/trader/v1/accounts";

/// A broker whose refresh tokens work once.
#[derive(Default)]
pub(crate) struct FakeSchwab {
    /// How often tokens were handed out; the number is in them.
    issued: Mutex<u32>,
    /// Codes and refresh tokens as they came.
    pub(crate) given: Mutex<Vec<String>>,
    pub(crate) troubles: Troubles,
    /// Access tokens are over as soon as they are issued.
    pub(crate) are_short: AtomicBool,
}

impl FakeSchwab {
    pub(crate) async fn start() -> (Arc<Self>, Server) {
        let fake = Arc::new(Self::default());
        let answering = Arc::clone(&fake);
        let server = Server::start(move |asked| answering.answer(asked)).await;
        (fake, server)
    }

    fn answer(&self, asked: &Asked) -> Answer {
        if let Some(trouble) = self.troubles.take(&asked.path) {
            return trouble;
        }
        if asked.path == TOKEN {
            return self.tokens(asked);
        }
        let issued = *self.issued.lock().unwrap();
        if asked.header("authorization") != Some(&format!("Bearer canary-access-{issued}")) {
            return Answer::status(401, r#"{"message":"Unauthorized"}"#);
        }
        let file = |name: &str| Answer::json(fixture("schwab", name));
        match asked.path.strip_prefix("/trader/v1/").unwrap_or_default() {
            "accounts" => file("accounts.json"),
            "accounts/accountNumbers" => file("account_numbers.json"),
            "userPreference" => file("user_preference.json"),
            path if path.contains("AA11BB22CC33") && path.ends_with("/transactions") => {
                let inside = |name, test: fn(&str) -> bool| asked.param(name).is_some_and(test);
                let recent = inside("startDate", |day| day < "2026-05") && inside("endDate", |day| day > "2026-10");
                if recent { file("transactions.json") } else { Answer::json("[]") }
            }
            path if path.ends_with("/transactions") => Answer::json("[]"),
            path if path.contains("AA11BB22CC33") => file("account.json"),
            _ => {
                let accounts: Vec<Value> = serde_json::from_str(&fixture("schwab", "accounts.json")).unwrap();
                Answer::json(accounts[1].to_string())
            }
        }
    }

    fn tokens(&self, asked: &Asked) -> Answer {
        let form = |name: &str| {
            let pairs = asked.body.split('&').filter_map(|pair| pair.split_once('='));
            pairs.filter(|(key, _)| *key == name).map(|(_, value)| value.to_owned()).next()
        };
        let mut issued = self.issued.lock().unwrap();
        let mut given = self.given.lock().unwrap();
        given.extend(form("code").or_else(|| form("refresh_token")));
        let reused = form("refresh_token").is_some_and(|token| token != format!("canary-refresh-{issued}"));
        if reused || form("code").is_some_and(|code| code != "C0.canary%40") {
            return Answer::status(400, r#"{"error":"invalid_grant","error_description":"it was used before"}"#);
        }
        *issued += 1;
        let lifetime = if self.are_short.load(SeqCst) { 1 } else { 1800 };
        Answer::json(format!(
            r#"{{"expires_in":{lifetime},"token_type":"Bearer","scope":"api","refresh_token":"canary-refresh-{issued}",
                "access_token":"canary-access-{issued}","id_token":"canary-id"}}"#
        ))
    }

    pub(crate) fn renewals(&self) -> usize {
        self.given.lock().unwrap().iter().filter(|given| given.starts_with("canary-refresh")).count()
    }
}

/// Logs in with the address bar's text pasted, without the accounts of these provider ids.
pub(crate) async fn log_in_to_schwab(
    desk: &Desk,
    repairs: Option<dashtam::testing::domain::ConnectionId>,
    excluded: &[&str],
) -> dashtam::testing::sync::ConnectionReport {
    let job = desk.handle.job();
    let answers = Secrets::new().with("app_key", "canary-app").with("app_secret", "canary-app-secret");
    let request = ConnectRequest { provider: "schwab".into(), connection: repairs, answers };
    let handle = desk.handle.clone();
    let mut rejected = 0;
    let paste = |event: &Event| match event {
        Event::LoginWaiting { login, .. } => {
            assert_eq!(login.callback_url(), Some("https://127.0.0.1:8182"));
            let state = login.url.split("state=").nth(1).unwrap().split('&').next().unwrap();
            let redirect = |state: &str| format!("https://127.0.0.1:8182/?code=C0.canary%40&session=s&state={state}");
            for text in [redirect("another"), redirect(state)] {
                let pasted = Secrets::new().with("redirect", text);
                handle.send(EngineCommand::SubmitRedirect { job, pasted });
            }
        }
        Event::PasteRejected { message, .. } => {
            assert!(!message.contains("canary"), "{message}");
            rejected += 1;
        }
        _ => {}
    };
    desk.handle.run_as(job, EngineCommand::Connect { job, request }, paste).await.unwrap();
    assert_eq!(rejected, 1, "the wrong paste is answered, and the login goes on");
    let excluded = excluded.iter().map(|id| (*id).to_owned()).collect();
    let confirm = EngineCommand::ConfirmConnection { job, alias: None, excluded, renews: None };
    let Event::Synced { mut report, .. } = desk.handle.run_as(job, confirm, |_| {}).await.unwrap() else { panic!() };
    report.connections.remove(0)
}

/// Answers a login of the program on the command line by pasting the address of its end, and waits for the program's end.
/// Returns what it wrote to standard error.
pub(crate) async fn paste_address(child: &mut Child, server: &Server) -> String {
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut input = child.stdin.take();
    let mut output = String::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        if line.starts_with("http") {
            assert!(line.starts_with(&format!("{}/v1/oauth/authorize?", server.origin)), "{line}");
            let state = line.split("state=").nth(1).unwrap().split('&').next().unwrap();
            let redirect = format!("https://127.0.0.1:8182/?code=C0.canary%40&session=4be1&state={state}\n");
            if let Some(mut input) = input.take() {
                input.write_all(redirect.as_bytes()).await.unwrap();
            }
        }
        output.push_str(&line);
    }
    output
}
