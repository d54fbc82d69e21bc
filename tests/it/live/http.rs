//! The way to the network under attack, and the paging of the providers that have some.

use std::{
    io::Write as _,
    sync::{Arc, Mutex},
};

use dashtam::testing::{
    domain::ProviderErrorKind,
    providers::{
        BuildContext, Credentials, Provider, Secrets, find,
        kit::{Api, Call, Http, HttpConfig, HttpLimits, MemoryCounters, NameLookup, Signer},
    },
};
use serde_json::json;

use crate::support::{
    fetching::{Fetching, fetch},
    made_up_provider::METADATA,
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
    let config =
        HttpConfig::new(outside.clock.clone(), Arc::new(dashtam::testing::ports::fake::FakeEntropy::default()));
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
    BuildContext {
        http,
        environment: Some(environment),
        endpoint: None,
        settings: Secrets::new(),
        counters,
        replies: None,
    }
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
    assert_eq!(
        fetched.rows()[0].correction.as_deref(),
        Some(&dashtam::testing::domain::Correction::Replaces("old".into()))
    );
}

fn schwab(outside: &Outside, server: &Server) -> (Arc<dyn Provider>, Credentials) {
    let metadata = find("schwab").unwrap();
    let login = dashtam::testing::providers::OauthCredentials {
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

/// Servers whose names a test answers, one answer after another.
struct Names(Mutex<Vec<Vec<&'static str>>>);

#[async_trait::async_trait]
impl NameLookup for Names {
    async fn addresses(&self, _host: &str) -> std::io::Result<Vec<std::net::IpAddr>> {
        Ok(self.0.lock().unwrap().remove(0).into_iter().map(|text| text.parse().unwrap()).collect())
    }
}

fn made_up(http: &Http, server: Option<&Server>) -> Api {
    let endpoint = server.map(|server| server.origin.parse().unwrap());
    let counters = Arc::new(MemoryCounters::default());
    let settings = Secrets::new();
    Api::new(&METADATA, &BuildContext { http, environment: None, endpoint, settings, counters, replies: None }).unwrap()
}

/// Every attempt is signed as it is sent, with a number above all before, and one after another.
#[tokio::test]
async fn a_signature_covers_the_final_form_of_every_attempt() {
    let first = std::sync::atomic::AtomicBool::new(true);
    let server = Server::start(move |_| {
        let is_first = first.swap(false, std::sync::atomic::Ordering::SeqCst);
        if is_first { Answer::status(503, "") } else { Answer::json(r#"{"ok": true}"#) }
    })
    .await;
    let outside = Outside::new(HttpLimits::default());
    let api = made_up(&outside.http, Some(&server));
    let signer: Signer = Arc::new(|attempt| {
        let body = String::from_utf8_lossy(attempt.body);
        let text =
            format!("{} {}{}?{} {} {}", attempt.method, attempt.host, attempt.path, attempt.query, body, attempt.count);
        Ok(vec![("api-sign", text.into())])
    });
    let call = |asset: &str| {
        Call::post_form("the ledger", &["0", "a b"])
            .query("page", "1&2")
            .counter_field("nonce")
            .field("asset", asset)
            .signed(Arc::clone(&signer))
            .idempotent()
    };
    let (one, two) = tokio::join!(api.send(call("X Y")), api.send(call("Z")));
    assert!(one.is_ok() && two.is_ok());
    let asked = server.asked();
    assert_eq!(asked.len(), 3, "one of them was tried again");
    let mut last = 0;
    for asked in &asked {
        let nonce: u64 = asked.body.split('&').next().unwrap().strip_prefix("nonce=").unwrap().parse().unwrap();
        assert!(nonce > last, "numbers arrive in order");
        last = nonce;
        let expected = format!("POST api.bank.example/0/a%20b?page=1%262 {} {nonce}", asked.body);
        assert_eq!(asked.header("api-sign"), Some(expected.as_str()));
        assert_eq!(asked.header("content-type"), Some("application/x-www-form-urlencoded"));
    }
    assert!(asked.iter().any(|asked| asked.body.ends_with("asset=X+Y")));
}

#[tokio::test]
async fn json_is_posted_and_text_and_xml_are_read() {
    #[derive(serde::Deserialize)]
    struct Statement {
        #[serde(rename = "@id")]
        id: String,
        #[serde(rename = "Row", default)]
        rows: Vec<Row>,
    }
    #[derive(serde::Deserialize)]
    struct Row {
        #[serde(rename = "@amount")]
        amount: String,
    }
    let server = Server::start(|asked| match asked.path.as_str() {
        "/text" => Answer::Reply(200, vec!["Content-Type: text/plain".into()], b"https://x:y@z/".to_vec()),
        "/xml" => Answer::Reply(
            200,
            vec!["Content-Type: text/xml; charset=utf-8".into()],
            b"<?xml version=\"1.0\"?><Statement id=\"7\"><Row amount=\"-1.50\"/><Row amount=\"2\"/></Statement>"
                .to_vec(),
        ),
        "/bomb" => Answer::Reply(
            200,
            vec!["Content-Type: text/xml".into()],
            b"<!DOCTYPE a [<!ENTITY b \"bb\">]><Statement id=\"&b;\"/>".to_vec(),
        ),
        _ => Answer::status(204, ""),
    })
    .await;
    let outside = Outside::new(HttpLimits::default());
    let api = made_up(&outside.http, Some(&server));
    let body = json!({"client_id": "canary", "count": 5});
    let empty = api.send(Call::post_json("the rows", &["rows"], &body)).await.unwrap();
    assert!(empty.is_blank() && empty.list().unwrap().is_empty());
    assert_eq!(serde_json::from_str::<serde_json::Value>(&server.asked()[0].body).unwrap(), body);
    let get = async |path: &'static str| api.send(Call::get("it", &[path])).await.unwrap();
    assert_eq!(get("text").await.text().unwrap(), "https://x:y@z/");
    let statement: Statement = get("xml").await.xml().unwrap();
    assert_eq!((statement.id.as_str(), statement.rows.len(), statement.rows[0].amount.as_str()), ("7", 2, "-1.50"));
    assert!(get("bomb").await.xml::<Statement>().is_err(), "entities are not expanded");
    assert!(get("text").await.json::<serde_json::Value>().is_err());
}

/// The server that a credential names: public ones only, whatever its name answers and whenever.
#[tokio::test]
async fn a_granted_server_is_on_the_public_internet_or_nothing_is_sent() {
    let outside = Outside::new(HttpLimits::default());
    let plain = made_up(&outside.http, None);
    for hostile in [
        "http://bridge.example/simplefin",
        "https://user:hunter2@bridge.example/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f.0.0.1/",
        "https://0177.0.0.1/",
        "https://10.0.0.5/",
        "https://192.168.1.1:8443/",
        "https://169.254.169.254/latest/meta-data",
        "https://100.64.0.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/",
        "https://[fe80::1]/",
        "https://[fd00::1]/",
        "https://localhost/",
        "https://LOCALHOST./",
        "https://router/",
        "file:///etc/passwd",
        "bridge.example",
        "",
    ] {
        let error = plain.granted(hostile).unwrap_err();
        assert_eq!(error.kind, ProviderErrorKind::Validation, "{hostile}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
    for answers in [vec!["127.0.0.1"], vec!["93.184.216.34", "10.0.0.1"], vec!["::ffff:192.168.0.1"], vec!["fd00::1"]] {
        let names = Names(Mutex::new(vec![vec!["203.0.113.7"], answers.clone()]));
        let limits = HttpLimits { connect: std::time::Duration::from_millis(50), tries: 1, ..HttpLimits::default() };
        let config =
            HttpConfig::new(outside.clock.clone(), Arc::new(dashtam::testing::ports::fake::FakeEntropy::default()));
        let http = Http::new(HttpConfig { lookup: Arc::new(names), limits, ..config }).unwrap();
        let api = made_up(&http, None).granted("https://bridge.example/simplefin").unwrap();
        for _ in 0..2 {
            let error = api.send(Call::get("accounts", &["accounts"])).await.err().unwrap();
            assert_eq!(error.kind, ProviderErrorKind::Validation, "{answers:?}: {error}");
            assert!(error.message.contains("not on the public internet"), "{error}");
        }
    }
    // An override replaces the server, path included.
    let server = Server::start(|_| Answer::json("{}")).await;
    let api = made_up(&outside.http, Some(&server)).granted("https://bridge.example/simplefin").unwrap();
    api.send(Call::get("accounts", &["accounts"]).query("version", "2").basic("user", "word")).await.unwrap();
    let asked = &server.asked()[0];
    assert_eq!((asked.path.as_str(), asked.query.as_str()), ("/simplefin/accounts", "version=2"));
    assert_eq!(asked.header("authorization"), Some("Basic dXNlcjp3b3Jk"));
}
