//! The way to the network under attack, and the paging of the providers that have some.

use std::{
    io::Write as _,
    sync::{Arc, Mutex},
};

use dashtam::{
    domain::ProviderErrorKind,
    providers::{
        BuildContext, Credentials, Provider, Secrets, find,
        kit::{Http, HttpConfig, HttpLimits, MemoryCounters},
    },
};
use serde_json::json;

use crate::support::{
    fetching::{Fetching, fetch},
    server::{Answer, Outside, Server, canaries},
};

fn keys() -> Credentials {
    Credentials::ApiKey(canaries(find("alpaca").unwrap()))
}

fn alpaca(outside: &Outside, server: &Server) -> Arc<dyn Provider> {
    find("alpaca").unwrap().provider(&outside.context(server, Secrets::new())).unwrap()
}

/// Alpaca's account, and `rows` for everything else.
fn with_account(rows: Answer) -> impl Fn(&crate::support::server::Asked) -> Answer {
    move |asked| if asked.path == "/v2/account" { Answer::json(r#"{"id": "1", "equity": "5"}"#) } else { rows.clone() }
}

#[tokio::test]
async fn a_bomb_is_stopped_at_the_cap() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..64 {
        packed.write_all(&vec![b' '; 1 << 20]).unwrap();
    }
    let bomb = packed.finish().unwrap();
    let headers = vec!["Content-Type: application/json".into(), "Content-Encoding: gzip".into()];
    let server = Server::start(move |_| Answer::Reply(200, headers.clone(), bomb.clone())).await;
    let outside = Outside::new(HttpLimits::default());
    let error = fetch(&outside, &*alpaca(&outside, &server), &keys()).await.result.unwrap_err();
    assert_eq!(error.kind, ProviderErrorKind::InvalidResponse);
    assert!(error.message.contains("larger than 16777216"), "{error}");
}

#[tokio::test]
async fn keys_never_follow_a_redirect() {
    let evil = Server::start(|_| Answer::json("{}")).await;
    for status in [301, 302, 303, 307, 308] {
        let to = format!("Location: {}/v2/account", evil.origin);
        let server = Server::start(move |_| Answer::status(status, "").with(&to)).await;
        let outside = Outside::new(HttpLimits::default());
        assert!(fetch(&outside, &*alpaca(&outside, &server), &keys()).await.result.is_err());
    }
    assert_eq!(evil.asked().len(), 0);
}

#[tokio::test]
async fn nothing_is_sent_offline_and_nothing_to_a_server_that_is_gone() {
    let outside = Outside::new(HttpLimits::default());
    let config = HttpConfig::new(outside.clock.clone(), Arc::new(dashtam::ports::fake::FakeEntropy::default()));
    let http = Http::new(HttpConfig { offline: true, ..config }).unwrap();
    let context = context(&http, "paper");
    let provider = find("alpaca").unwrap().provider(&context).unwrap();
    let error = fetch(&outside, &*provider, &keys()).await.result.unwrap_err();
    assert!(error.to_string().contains("offline"), "{error}");

    let server = Server::start(|_| Answer::json("{}")).await;
    let provider = alpaca(&outside, &server);
    let origin = server.origin.clone();
    drop(server);
    tokio::task::yield_now().await;
    let error = fetch(&outside, &*provider, &keys()).await.result.unwrap_err();
    assert_eq!(error.kind, ProviderErrorKind::Unavailable);
    assert!(!error.to_string().contains(&origin), "no address in a message: {error}");
    assert_eq!(outside.timer.slept().len(), 3, "four tries");
}

fn context<'a>(http: &'a Http, environment: &'a str) -> BuildContext<'a> {
    let counters = Arc::new(MemoryCounters::default());
    BuildContext { http, environment: Some(environment), endpoint: None, settings: Secrets::new(), counters }
}

#[tokio::test]
async fn unknown_environments_are_refused_by_name() {
    let outside = Outside::new(HttpLimits::default());
    let error = find("alpaca").unwrap().provider(&context(&outside.http, "moon")).unwrap_err().to_string();
    assert!(error.contains("`moon`") && error.contains("live, paper"), "{error}");
}

/// 250 activities: three pages, each row once.
#[tokio::test]
async fn alpaca_pages_to_the_end() {
    let server = Server::start(|asked| {
        let Some(size) = asked.param("page_size") else {
            return with_account(Answer::json("[]"))(asked);
        };
        let size: usize = size.parse().unwrap();
        let start = asked.param("page_token").map_or(0, |token| token.parse::<usize>().unwrap() + 1);
        let rows: Vec<_> = (start..250.min(start + size))
            .map(|index| {
                json!({"id": format!("{index:04}"), "activity_type": "DIV", "date": "2026-02-03", "net_amount": "1.00",
                       "symbol": "VTI", "status": "executed"})
            })
            .collect();
        Answer::json(json!(rows).to_string())
    })
    .await;
    let outside = Outside::new(HttpLimits::default());
    let from = Some("2026-01-01".parse().unwrap());
    let fetched = Fetching { from, ..Fetching::default() }.run(&outside, &*alpaca(&outside, &server), &keys()).await;
    let ids = fetched.ids();
    assert_eq!(ids.len(), 250);
    assert!(ids.is_sorted() && ids.windows(2).all(|pair| pair[0] != pair[1]));
    let asked = server.asked();
    let pages: Vec<_> = asked.iter().filter(|asked| asked.path.ends_with("activities")).collect();
    assert_eq!(pages.len(), 3);
    assert_eq!(pages[0].param("after"), Some("2025-12-31"));
    assert_eq!(asked[0].header("apca-api-key-id"), Some("canary-api_key-5d1f"));
}

#[tokio::test]
async fn a_list_that_never_ends_is_an_error() {
    let row = |id: usize| json!({"id": format!("{id}"), "activity_type": "DIV", "date": "2026-02-03"});
    let rows: Vec<_> = (0..100).map(row).collect();
    let server = Server::start(with_account(Answer::json(json!(rows).to_string()))).await;
    let outside = Outside::new(HttpLimits::default());
    let fetched = fetch(&outside, &*alpaca(&outside, &server), &keys()).await;
    let problems = fetched.problems();
    assert!(problems[0].error.message.contains("returns to an earlier page"), "{problems:?}");
}

/// A correction whose earlier row is on no page of this fetch is looked up by its day.
#[tokio::test]
async fn alpaca_finds_the_row_that_a_correction_refers_to() {
    let server = Server::start(|asked| {
        let earlier = json!({"id": "old", "activity_type": "DIV", "date": "2026-02-03", "net_amount": "2", "symbol": "T",
                             "status": "executed"});
        let correction = json!({"id": "new", "activity_type": "DIV", "date": "2026-02-03", "net_amount": "1.5",
                                "symbol": "T", "status": "correct"});
        if asked.path == "/v2/account" {
            return with_account(Answer::json("[]"))(asked);
        }
        Answer::json(match asked.param("date") {
            Some("2026-02-03") => json!([earlier, correction]).to_string(),
            _ => json!([correction]).to_string(),
        })
    })
    .await;
    let outside = Outside::new(HttpLimits::default());
    let fetched = fetch(&outside, &*alpaca(&outside, &server), &keys()).await;
    assert_eq!(fetched.rows()[0].correction.as_deref(), Some(&dashtam::domain::Correction::Replaces("old".into())));
}

fn schwab(outside: &Outside, server: &Server) -> (Arc<dyn Provider>, Credentials) {
    let metadata = find("schwab").unwrap();
    let login = dashtam::providers::OauthCredentials {
        access_token: "canary-access".into(),
        refresh_token: None,
        token_type: "Bearer".into(),
        scope: None,
        expires_at: None,
        login_expires_at: None,
        app: Secrets::new(),
    };
    (metadata.provider(&outside.context(server, canaries(metadata))).unwrap(), Credentials::Oauth2(login))
}

/// Chunks of a year, with milliseconds; a full reply is asked for again in halves; old years may be refused.
#[tokio::test]
async fn schwab_asks_by_the_year_and_halves_what_is_too_much() {
    let server = Server::start(|asked| {
        if asked.path == "/trader/v1/accounts" {
            return Answer::json(r#"[{"securitiesAccount": {"type": "CASH", "accountNumber": "1"}}]"#);
        }
        if asked.path.ends_with("userPreference")
            || !asked.query.contains("startDate") && !asked.path.ends_with("Numbers")
        {
            return Answer::json("[]");
        }
        if asked.path.ends_with("accountNumbers") {
            return Answer::json(r#"[{"accountNumber": "1", "hashValue": "HA/SH"}]"#);
        }
        let bound = |name: &str| asked.param(name).unwrap().get(..10).unwrap().parse::<chrono::NaiveDate>().unwrap();
        let (from, to) = (bound("startDate"), bound("endDate"));
        if to.to_string().as_str() < "2024-06-01" {
            return Answer::status(400, r#"{"message": "too old"}"#);
        }
        // Twenty rows a day: a year is too much, half a year is not quite.
        let rows: Vec<_> = from
            .iter_days()
            .take_while(|day| *day <= to)
            .flat_map(|day| (0..20).map(move |index| (day, index)))
            .take(3_000)
            .map(|(day, index)| {
                json!({"activityId": format!("{day}/{index}"), "time": format!("{day}T12:00:00+0000"),
                       "type": "ACH_RECEIPT", "netAmount": 1})
            })
            .collect();
        Answer::json(json!(rows).to_string())
    })
    .await;
    let outside = Outside::new(HttpLimits::default());
    let (provider, login) = schwab(&outside, &server);
    let from = Some("2023-11-21".parse().unwrap());
    let fetched = Fetching { from, ..Fetching::default() }.run(&outside, &*provider, &login).await;
    let (ids, warnings) = (fetched.ids(), fetched.warnings());
    let days = ids.iter().map(|id| id.split('/').next().unwrap().to_owned()).collect::<std::collections::BTreeSet<_>>();
    let unique = ids.iter().collect::<std::collections::HashSet<_>>();
    assert_eq!((unique.len(), days.len() * 20), (ids.len(), ids.len()), "every day whole, no row twice");
    assert_eq!(days.last().unwrap(), "2026-11-20", "the last day too");
    assert!(warnings.iter().all(|warning| warning.message.contains("has no rows for")), "{warnings:?}");
    let asked = server.asked();
    assert_eq!(asked.iter().filter(|asked| asked.path.ends_with("accountNumbers")).count(), 1, "hashes once a sync");
    let first = asked.iter().find(|asked| asked.path.ends_with("transactions")).unwrap();
    assert_eq!(first.path, "/trader/v1/accounts/HA%2FSH/transactions", "a hash is one segment of the path");
    assert_eq!(first.param("startDate"), Some("2023-11-21T00%3A00%3A00.000Z"));
    assert!(first.param("types").unwrap().starts_with("TRADE%2CRECEIVE_AND_DELIVER"));
}

/// Everything that is logged at the finest level, over the ok and the failed path. The log is that of the whole test
/// program, because a subscriber of one thread misses every place that another thread came by first.
#[tokio::test]
async fn no_secret_is_logged() {
    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);
    impl std::io::Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let sink = Sink::default();
    let writer = sink.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::set_global_default(subscriber).expect("no other test sets one");
    tracing::callsite::rebuild_interest_cache();
    let server = Server::start(|asked| match asked.path.as_str() {
        "/v2/positions" => Answer::status(500, "canary"),
        _ => Answer::json(r#"{"id": "1", "equity": "5"}"#),
    })
    .await;
    let outside = Outside::new(HttpLimits::default());
    let provider = alpaca(&outside, &server);
    let fetched = fetch(&outside, &*provider, &keys()).await;
    assert!(fetched.result.is_ok() && !fetched.problems().is_empty());
    let log = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("call=\"positions\""), "something is logged: {log}");
    assert!(!log.contains("canary"), "{log}");
}
