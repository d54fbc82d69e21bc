//! The login of Schwab against an authorization server that is not ours (npm `oidc-provider`, in `tests/oidc`).
//!
//! Needs node and the installed module (`npm ci` in `tests/oidc`); prints that and passes where they are missing.

use std::{path::Path, process::Stdio};

use chrono::TimeDelta;
use dashtam::testing::{
    domain::{ConnectionStatus, FailureKind},
    providers::Secrets,
    sync::{ConnectRequest, EngineCommand, Event},
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
    process::Child,
};

use crate::support::desk::Desk;

struct Authority {
    port: u16,
    /// Ends when its input does.
    _child: Child,
}

impl Authority {
    async fn start() -> Option<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oidc");
        if !folder.join("node_modules/oidc-provider").is_dir() {
            eprintln!("SKIPPED: the test against oidc-provider needs `npm ci` in tests/oidc");
            return None;
        }
        let mut command = tokio::process::Command::new("node");
        command.arg(folder.join("server.mjs")).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let Ok(mut child) = command.kill_on_drop(true).spawn() else {
            eprintln!("SKIPPED: the test against oidc-provider needs node, which is not installed");
            return None;
        };
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines.next_line().await.unwrap().expect("the server prints its port").parse().unwrap();
        Some(Self { port, _child: child })
    }

    async fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        let request = format!("GET {path} HTTP/1.0\r\nHost: 127.0.0.1:{}\r\n\r\n", self.port);
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).await.unwrap();
        reply.split_once("\r\n\r\n").unwrap().1.to_owned()
    }

    async fn count(&self) -> serde_json::Value {
        serde_json::from_str(&self.get("/count").await).unwrap()
    }
}

async fn log_in(desk: &Desk, authority: &Authority) {
    let job = desk.handle.job();
    let answers = Secrets::new().with("app_key", "canary-app").with("app_secret", "canary-app-secret");
    let request = ConnectRequest { provider: "schwab".into(), connection: None, answers };
    let mut events = desk.handle.subscribe();
    desk.handle.send(EngineCommand::Connect { job, request });
    loop {
        match events.next().await.unwrap() {
            Event::LoginWaiting { login, .. } => {
                let url = login.url.replace('%', "%25").replace('&', "%26").replace('+', "%2B");
                let redirect = authority.get(&format!("/browse?url={url}")).await;
                assert!(redirect.starts_with(login.callback_url().unwrap()), "{redirect}");
                let pasted = Secrets::new().with("redirect", redirect);
                desk.handle.send(EngineCommand::SubmitRedirect { job, pasted });
            }
            Event::ConnectionChecked { .. } => break,
            Event::JobFailed { failure, .. } => panic!("{failure:?}"),
            _ => {}
        }
    }
    let confirm = EngineCommand::ConfirmConnection { job, alias: None, excluded: Vec::new(), renews: None };
    desk.handle.run_as(job, confirm, |_| {}).await.unwrap();
}

#[tokio::test]
async fn a_login_lives_through_fifty_syncs_and_a_restart() {
    let Some(authority) = Authority::start().await else { return };
    let mut desk = Desk::at(&[("schwab", format!("http://127.0.0.1:{}", authority.port))]);
    log_in(&desk, &authority).await;
    assert_eq!(desk.connection().status, ConnectionStatus::Active);
    assert_eq!(authority.count().await, serde_json::json!({"code": 1, "refresh": 0, "reused": 0}));

    desk.clock.advance(TimeDelta::hours(1));
    let order = |job| EngineCommand::Sync { job, connections: Vec::new(), force: true, from: None };
    let syncs: Vec<_> = (0..50).map(|_| desk.handle.run(order, |_| {})).collect();
    for answer in futures_util::future::join_all(syncs).await {
        let Event::Synced { report, .. } = answer.unwrap() else { panic!() };
        assert_eq!(report.connections[0].error, None);
    }
    assert_eq!(authority.count().await, serde_json::json!({"code": 1, "refresh": 1, "reused": 0}));

    for renewals in 2..4 {
        desk.restart().await;
        desk.clock.advance(TimeDelta::hours(1));
        assert_eq!(desk.sync().await.error, None);
        let counted = serde_json::json!({"code": 1, "refresh": renewals, "reused": 0});
        assert_eq!(authority.count().await, counted, "no old token is ever used again");
    }
}

/// Proves that the server would have noticed: an old token ends the whole login.
#[tokio::test]
async fn the_server_punishes_reuse() {
    let Some(authority) = Authority::start().await else { return };
    let desk = Desk::at(&[("schwab", format!("http://127.0.0.1:{}", authority.port))]);
    log_in(&desk, &authority).await;
    let id = desk.connection().id;
    let old = desk.store.read().unwrap().credential(id).unwrap().unwrap();
    desk.clock.advance(TimeDelta::hours(1));
    assert_eq!(desk.sync().await.error, None);
    let mut writer =
        desk.store.begin(dashtam::testing::domain::ChangeKind::Edit, "an old backup", chrono::Utc::now()).unwrap();
    writer.put_credential(id, &old).unwrap();
    writer.commit_unlisted().unwrap();
    let report = desk.sync().await;
    assert_eq!((report.status, report.error.unwrap().kind), (ConnectionStatus::Expired, FailureKind::LoginExpired));
    assert_eq!(authority.count().await["reused"], 1);
}
