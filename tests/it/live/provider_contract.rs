//! What every live provider owes, whoever it is: the registry is walked, the replies come from
//! `fixtures/providers/<slug>/contract.json`.

use std::{collections::HashMap, path::Path, sync::Arc};

use chrono::NaiveDate;
use dashtam::{
    domain::{AssetCode, Disposition, ProviderError, ProviderErrorKind},
    providers::{
        AccountRef, Auth, Credentials, OauthCredentials, PROVIDERS, Page, Provider, ProviderMetadata,
        TransactionRequest,
        kit::{HttpLimits, Pages},
    },
};
use serde_json::Value;

use crate::support::server::{Answer, Asked, Outside, Server, canaries};

struct Contract {
    metadata: &'static ProviderMetadata,
    account: String,
    routes: HashMap<String, String>,
    expect: Value,
}

/// One for every live provider of the registry.
fn contracts() -> Vec<Contract> {
    let live = PROVIDERS.iter().copied().filter(|metadata| !metadata.is_file());
    let all: Vec<Contract> = live.map(contract).collect();
    assert!(!all.is_empty());
    all
}

fn contract(metadata: &'static ProviderMetadata) -> Contract {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/providers").join(metadata.slug);
    let read = |name: &str| {
        std::fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{}/{name}: {error}", metadata.slug))
    };
    let value: Value = serde_json::from_str(&read("contract.json")).unwrap();
    let routes = value["routes"].as_object().unwrap();
    Contract {
        metadata,
        account: value["account"].as_str().unwrap().to_owned(),
        routes: routes.iter().map(|(path, file)| (path.clone(), read(file.as_str().unwrap()))).collect(),
        expect: value["expect"].clone(),
    }
}

fn credentials(metadata: &ProviderMetadata) -> Credentials {
    match metadata.auth {
        Auth::Oauth { .. } => Credentials::Oauth2(OauthCredentials {
            access_token: "canary-access-5d1f".into(),
            refresh_token: Some("canary-refresh-5d1f".into()),
            token_type: "Bearer".into(),
            scope: None,
            expires_at: None,
            login_expires_at: None,
            app: canaries(metadata),
        }),
        Auth::ApiKey { .. } | Auth::Certificate { .. } | Auth::LinkToken { .. } | Auth::FileImport(_) => {
            metadata.credentials(&metadata.accept(&canaries(metadata)).unwrap()).unwrap()
        }
    }
}

struct Under {
    outside: Outside,
    server: Server,
    provider: Arc<dyn Provider>,
    credentials: Credentials,
    account: String,
}

impl Under {
    async fn test(
        contract: &Contract,
        limits: HttpLimits,
        answer: impl Fn(&Asked) -> Option<Answer> + Send + Sync + 'static,
    ) -> Self {
        let routes = contract.routes.clone();
        let server = Server::start(move |asked| {
            let found = || routes.get(&asked.path).cloned().map_or_else(|| Answer::status(404, "{}"), Answer::json);
            answer(asked).unwrap_or_else(found)
        })
        .await;
        let outside = Outside::new(limits);
        let provider = contract.metadata.provider(&outside.context(&server, canaries(contract.metadata))).unwrap();
        let credentials = credentials(contract.metadata);
        Self { outside, server, provider, credentials, account: contract.account.clone() }
    }

    fn account(&self) -> AccountRef<'_> {
        AccountRef { provider_account_id: &self.account, currency: AssetCode::USD }
    }

    fn request(&self) -> TransactionRequest<'_> {
        TransactionRequest {
            account: self.account(),
            from: Some(day("2026-01-01")),
            to: day("2026-11-20"),
            cursor: None,
        }
    }

    async fn pages(&self, request: TransactionRequest<'_>) -> Result<Vec<Page>, ProviderError> {
        let mut pages = Pages::new(request);
        let mut all = Vec::new();
        while let Some(page) = pages.next(&*self.provider, &self.credentials).await? {
            all.push(page);
        }
        Ok(all)
    }

    /// Every question once; the failures.
    async fn failures(&self) -> Vec<ProviderError> {
        let provider = &self.provider;
        let mut failures = Vec::new();
        failures.extend(provider.validate_credentials(&self.credentials).await.err());
        failures.extend(provider.fetch_accounts(&self.credentials).await.err());
        failures.extend(self.pages(self.request()).await.err());
        failures.extend(provider.fetch_holdings(&self.credentials, self.account()).await.err());
        self.no_secret_in(&format!("{failures:?} {provider:?} {:?} {:?}", self.credentials, self.outside.http));
        failures
    }

    fn no_secret_in(&self, text: &str) {
        assert!(!text.contains("canary"), "{}: {text}", self.provider.metadata().slug);
    }
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

#[tokio::test]
async fn happy() {
    for contract in contracts() {
        let under = Under::test(&contract, HttpLimits::default(), |_| None).await;
        let (provider, credentials) = (&under.provider, &under.credentials);
        let slug = contract.metadata.slug;
        let validation = provider.validate_credentials(credentials).await.unwrap();
        let accounts = provider.fetch_accounts(credentials).await.unwrap();
        assert!(accounts.complete && validation.environment.is_none(), "{slug}");
        assert!(accounts.items.iter().any(|account| account.provider_account_id == contract.account), "{slug}");
        let pages = under.pages(under.request()).await.unwrap();
        let holdings = provider.fetch_holdings(credentials, under.account()).await.unwrap();
        let history = provider.fetch_balance_history(credentials, under.account(), None).await.unwrap();
        let found = serde_json::json!({
            "accounts": accounts.items.len(),
            "transactions": pages.iter().map(|page| page.rows.len()).sum::<usize>(),
            "warnings": pages.iter().map(|page| page.warnings.len()).sum::<usize>(),
            "holdings": holdings.items.len(),
            "balances": history.items.len(),
        });
        assert_eq!(found, contract.expect, "{slug}");
        let unsafe_text = |text: &str| text.chars().any(char::is_control);
        for row in pages.iter().flat_map(|page| &page.rows) {
            assert!(!unsafe_text(row.facts.description()) && !unsafe_text(row.facts.payee()), "{slug}: {row:?}");
            assert!(row.facts.origin.line > 0, "{slug}: every row knows its place");
        }
        assert!(under.server.asked().iter().all(|asked| asked.method == "GET" && !asked.query.contains("canary")));
    }
}

#[tokio::test]
async fn an_account_without_anything() {
    for contract in contracts() {
        let base: Vec<String> = contract
            .routes
            .keys()
            .filter(|path| {
                path.ends_with("activities") || path.ends_with("transactions") || path.ends_with("positions")
            })
            .cloned()
            .collect();
        let under = Under::test(&contract, HttpLimits::default(), move |asked| {
            base.contains(&asked.path).then(|| Answer::json("[]"))
        })
        .await;
        let pages = under.pages(under.request()).await.unwrap();
        assert_eq!(pages.len(), 1, "{}", contract.metadata.slug);
        assert!(pages[0].rows.is_empty() && pages[0].warnings.is_empty());
    }
}

/// A provider's refusals and failures have one meaning, with all four questions.
#[tokio::test]
async fn failures_have_one_meaning() {
    type Case = (&'static str, Answer, fn(&ProviderErrorKind) -> bool, fn(&Disposition) -> bool);
    let cases: Vec<Case> = vec![
        (
            "401",
            Answer::status(401, r#"{"message":"no"}"#),
            |kind| matches!(kind, ProviderErrorKind::LoginExpired | ProviderErrorKind::Authentication),
            |to| matches!(to, Disposition::Reauthenticate),
        ),
        (
            "403",
            Answer::status(403, r#"{"message":"ECHO is not allowed"}"#),
            |kind| matches!(kind, ProviderErrorKind::Authentication),
            |to| matches!(to, Disposition::Reauthenticate),
        ),
        (
            "402",
            Answer::status(402, "{}"),
            |kind| matches!(kind, ProviderErrorKind::PaymentRequired),
            |to| matches!(to, Disposition::AskUser),
        ),
        (
            "429 for an hour",
            Answer::status(429, "{}").with("Retry-After: 3600"),
            |kind| matches!(kind, ProviderErrorKind::RateLimited { until: Some(_) }),
            |to| matches!(to, Disposition::Retry { not_before: Some(_) }),
        ),
        (
            "500",
            Answer::status(500, "<html>canary</html>"),
            |kind| matches!(kind, ProviderErrorKind::Unavailable),
            |to| matches!(to, Disposition::Retry { .. }),
        ),
        (
            "garbage",
            Answer::json("\u{1b}[2J<<<not json"),
            |kind| matches!(kind, ProviderErrorKind::InvalidResponse),
            |to| matches!(to, Disposition::Permanent),
        ),
        (
            "another shape",
            Answer::json("\"canary\""),
            |kind| matches!(kind, ProviderErrorKind::InvalidResponse),
            |to| matches!(to, Disposition::Permanent),
        ),
        (
            "a web page",
            Answer::Reply(200, vec!["Content-Type: text/html".into()], b"{}".to_vec()),
            |kind| matches!(kind, ProviderErrorKind::InvalidResponse),
            |to| matches!(to, Disposition::Permanent),
        ),
        (
            "truncated",
            Answer::Truncated(b"[{".to_vec()),
            |kind| matches!(kind, ProviderErrorKind::Unavailable),
            |to| matches!(to, Disposition::Retry { .. }),
        ),
        (
            "huge",
            Answer::json(" ".repeat(200_000)),
            |kind| matches!(kind, ProviderErrorKind::InvalidResponse),
            |to| matches!(to, Disposition::Permanent),
        ),
        (
            "a redirect",
            Answer::status(302, "").with("Location: https://evil.example/"),
            |kind| matches!(kind, ProviderErrorKind::InvalidResponse),
            |to| matches!(to, Disposition::Permanent),
        ),
        (
            "silence",
            Answer::Silence,
            |kind| matches!(kind, ProviderErrorKind::Unavailable),
            |to| matches!(to, Disposition::Retry { .. }),
        ),
    ];
    let limits = HttpLimits { body: 100_000, read: std::time::Duration::from_millis(300), ..HttpLimits::default() };
    for contract in contracts() {
        for (name, answer, kind, disposition) in &cases {
            let answer = answer.clone();
            let under = Under::test(&contract, limits, move |asked| Some(echo(answer.clone(), asked))).await;
            let failures = under.failures().await;
            assert_eq!(failures.len(), 4, "{name}: every question fails: {failures:?}");
            for failure in failures {
                assert!(kind(&failure.kind) && disposition(&failure.disposition()), "{name}: {failure:?}");
                assert!(!failure.to_string().chars().any(char::is_control), "{name}: {failure:?}");
            }
        }
    }
}

/// A server that repeats the keys it was given.
fn echo(answer: Answer, asked: &Asked) -> Answer {
    let Answer::Reply(status, headers, body) = answer else { return answer };
    let keys: Vec<&str> = ["authorization", "apca-api-key-id", "apca-api-secret-key"]
        .iter()
        .filter_map(|name| asked.header(name)?.split(' ').next_back())
        .collect();
    let body = String::from_utf8_lossy(&body).replace("ECHO", &keys.join(" and "));
    Answer::Reply(status, headers, body.into_bytes())
}

#[tokio::test]
async fn asked_too_often_waits_as_told_and_succeeds() {
    for header in ["Retry-After: 2", "Retry-After: Fri, 20 Nov 2026 12:00:02 GMT", "X-RateLimit-Reset: 1795176002"] {
        for contract in contracts() {
            let first = std::sync::atomic::AtomicBool::new(true);
            let under = Under::test(&contract, HttpLimits::default(), move |_| {
                let first = first.swap(false, std::sync::atomic::Ordering::SeqCst);
                first.then(|| Answer::status(429, "{}").with(header))
            })
            .await;
            under.provider.fetch_accounts(&under.credentials).await.unwrap();
            let slept: u64 = under.outside.timer.slept().iter().map(std::time::Duration::as_secs).sum();
            assert_eq!(slept, 2, "{header}");
        }
    }
}

#[tokio::test]
async fn a_passing_problem_is_tried_again() {
    for contract in contracts() {
        let failures = std::sync::atomic::AtomicU32::new(2);
        let under = Under::test(&contract, HttpLimits::default(), move |_| {
            use std::sync::atomic::Ordering::SeqCst;
            let left = failures.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1));
            left.is_ok().then(|| Answer::status(500, "{}"))
        })
        .await;
        under.provider.fetch_accounts(&under.credentials).await.unwrap();
        assert_eq!(under.outside.timer.slept().len(), 2);
    }
}

/// A fetch that is broken off goes on from its cursor, without a row lost or doubled.
#[tokio::test]
async fn a_resumed_fetch_is_the_rest() {
    for contract in contracts() {
        let under = Under::test(&contract, HttpLimits::default(), |_| None).await;
        let request = TransactionRequest { from: None, ..under.request() };
        let whole = under.pages(request).await.unwrap();
        for (index, page) in whole.iter().enumerate() {
            let Some(cursor) = &page.next else { continue };
            let rest = under.pages(TransactionRequest { cursor: Some(cursor), ..request }).await.unwrap();
            assert_eq!(rest, whole[index + 1..], "{} page {index}", contract.metadata.slug);
        }
        assert!(whole.last().unwrap().next.is_none());
    }
}
