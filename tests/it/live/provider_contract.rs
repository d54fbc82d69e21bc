//! Obligations of every live provider of the registry. Replies come from `fixtures/providers/<slug>/contract.json`.

use std::{collections::HashMap, path::Path, sync::Arc};

use dashtam::testing::{
    domain::{Disposition, ProviderError, ProviderErrorKind},
    providers::{
        Auth, Credentials, FailureScope, OauthCredentials, PROVIDERS, Piece, Provider, ProviderMetadata, Secrets,
        kit::HttpLimits,
    },
};
use serde_json::Value;

use crate::support::{
    fetching::{Fetched, Fetching, check, fetch},
    server::{Answer, Asked, Outside, Server, canaries},
};

struct Contract {
    metadata: &'static ProviderMetadata,
    account: String,
    routes: HashMap<String, String>,
    /// Replies of an account without rows, by path.
    empty: HashMap<String, String>,
    /// Values that a link returns, added to the answers.
    credentials: Secrets,
    /// How data is asked for.
    method: String,
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
    let files = |name: &str| -> HashMap<String, String> {
        let routes = value[name].as_object().into_iter().flatten();
        routes.map(|(path, file)| (path.clone(), read(file.as_str().unwrap()))).collect()
    };
    let issued = value["credentials"].as_object().into_iter().flatten();
    let credentials = issued.fold(canaries(metadata), |all, (name, value)| all.with(name, value.as_str().unwrap()));
    Contract {
        metadata,
        account: value["account"].as_str().unwrap().to_owned(),
        routes: files("routes"),
        empty: files("empty"),
        credentials,
        method: value["method"].as_str().unwrap_or("GET").to_owned(),
        expect: value["expect"].clone(),
    }
}

fn credentials(contract: &Contract) -> Credentials {
    let metadata = contract.metadata;
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
        Auth::LinkToken { .. } => Credentials::LinkToken(contract.credentials.clone()),
        Auth::ApiKey { .. } | Auth::Certificate { .. } | Auth::FileImport(_) => {
            metadata.credentials(&metadata.accept(&canaries(metadata)).unwrap()).unwrap()
        }
    }
}

struct Under {
    outside: Outside,
    server: Server,
    provider: Arc<dyn Provider>,
    credentials: Credentials,
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
        let provider = contract.metadata.provider(&outside.context(&server, contract.credentials.clone())).unwrap();
        let credentials = credentials(contract);
        Self { outside, server, provider, credentials }
    }

    async fn fetch(&self) -> Fetched {
        fetch(&self.outside, &*self.provider, &self.credentials).await
    }

    /// The failures of a check and of a fetch.
    async fn failures(&self) -> Vec<ProviderError> {
        let mut failures = Vec::new();
        failures.extend(check(&self.outside, &*self.provider, &self.credentials).await.err());
        failures.extend(self.fetch().await.result.err());
        let provider = &self.provider;
        self.no_secret_in(&format!("{failures:?} {provider:?} {:?} {:?}", self.credentials, self.outside.http));
        failures
    }

    fn no_secret_in(&self, text: &str) {
        assert!(!text.contains("canary"), "{}: {text}", self.provider.metadata().slug);
    }
}

#[tokio::test]
async fn happy() {
    for contract in contracts() {
        let under = Under::test(&contract, HttpLimits::default(), |_| None).await;
        let slug = contract.metadata.slug;
        let (validation, checked) = check(&under.outside, &*under.provider, &under.credentials).await.unwrap();
        assert_eq!(validation.environment, None, "{slug}");
        let from = Some("2026-01-01".parse().unwrap());
        let fetching = Fetching { from, ..Fetching::default() };
        let fetched = fetching.run(&under.outside, &*under.provider, &under.credentials).await;
        assert_eq!(fetched.result, Ok(()), "{slug}");
        assert!(fetched.listings().all(|listing| listing.complete), "{slug}");
        let accounts = fetched.accounts();
        assert_eq!(checked, accounts, "{slug}");
        assert!(accounts.iter().any(|account| account.provider_account_id == contract.account), "{slug}");
        let one = of(&contract.account, fetched);
        assert!(one.problems().is_empty(), "{slug}");
        let found = serde_json::json!({
            "accounts": accounts.len(),
            "transactions": one.rows().len(),
            "warnings": one.warnings().len(),
            "holdings": one.holdings(),
            "balances": one.balances(),
        });
        assert_eq!(found, contract.expect, "{slug}");
        let unsafe_text = |text: &str| text.chars().any(char::is_control);
        for row in one.rows() {
            assert!(!unsafe_text(row.facts.description()) && !unsafe_text(row.facts.payee()), "{slug}: {row:?}");
            assert!(row.facts.origin.line > 0, "{slug}: every row has its place");
        }
        assert!(
            under.server.asked().iter().all(|asked| asked.method == contract.method && !asked.query.contains("canary"))
        );
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
        let empty = contract.empty.clone();
        let under = Under::test(&contract, HttpLimits::default(), move |asked| {
            let own = empty.get(&asked.path).cloned();
            own.or_else(|| base.contains(&asked.path).then(|| "[]".to_owned())).map(Answer::json)
        })
        .await;
        let fetched = of(&contract.account, under.fetch().await);
        assert_eq!((fetched.result.clone(), fetched.rows().len()), (Ok(()), 0), "{}", contract.metadata.slug);
        assert!(fetched.warnings().is_empty() && fetched.problems().is_empty());
    }
}

/// The pieces of one account, and warnings, which belong to none.
fn of(account: &str, fetched: Fetched) -> Fetched {
    let is_own = |piece: &Piece| match piece {
        Piece::Rows { account: of, .. }
        | Piece::Holdings { account: of, .. }
        | Piece::BalanceHistory { account: of, .. } => of == account,
        Piece::Problem(problem) => match &problem.scope {
            FailureScope::Account(of) | FailureScope::Part(of, _) => of == account,
            FailureScope::Connection | FailureScope::Institution(_) => true,
        },
        _ => true,
    };
    Fetched { pieces: fetched.pieces.into_iter().filter(is_own).collect(), ..fetched }
}

type Case = (&'static str, Answer, fn(&ProviderErrorKind) -> bool, fn(&Disposition) -> bool);

/// Replies that fail, with what they mean.
fn failing() -> Vec<Case> {
    vec![
        (
            "401",
            Answer::status(401, r#"{"message":"no"}"#),
            |kind| matches!(kind, ProviderErrorKind::Authentication | ProviderErrorKind::Revoked),
            |to| matches!(to, Disposition::Reauthenticate),
        ),
        (
            "403",
            Answer::status(403, r#"{"message":"ECHO is not allowed"}"#),
            |kind| matches!(kind, ProviderErrorKind::Authentication | ProviderErrorKind::Revoked),
            |to| matches!(to, Disposition::Reauthenticate),
        ),
        (
            "403 of a gateway",
            Answer::status(403, "<!DOCTYPE html><title>blocked</title>"),
            |kind| matches!(kind, ProviderErrorKind::Unavailable),
            |to| matches!(to, Disposition::Retry { .. }),
        ),
        (
            "404",
            Answer::status(404, "{}"),
            |kind| matches!(kind, ProviderErrorKind::InvalidResponse),
            |to| matches!(to, Disposition::Permanent),
        ),
        (
            "410",
            Answer::status(410, "{}"),
            |kind| matches!(kind, ProviderErrorKind::InvalidResponse),
            |to| matches!(to, Disposition::Permanent),
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
    ]
}

/// Refusals and failures of the account list have one meaning for all providers, in a check and in a fetch.
#[tokio::test]
async fn failures_have_one_meaning() {
    let limits = HttpLimits { body: 100_000, read: std::time::Duration::from_millis(300), ..HttpLimits::default() };
    for contract in contracts() {
        for (name, answer, kind, disposition) in &failing() {
            let answer = answer.clone();
            let under = Under::test(&contract, limits, move |asked| Some(echo(answer.clone(), asked))).await;
            let failures = under.failures().await;
            assert_eq!(failures.len(), 2, "{name}: check and fetch fail: {failures:?}");
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
async fn after_too_many_requests_it_waits_and_succeeds() {
    for header in ["Retry-After: 2", "Retry-After: Fri, 20 Nov 2026 12:00:02 GMT", "X-RateLimit-Reset: 1795176002"] {
        for contract in contracts() {
            let first = std::sync::atomic::AtomicBool::new(true);
            let under = Under::test(&contract, HttpLimits::default(), move |_| {
                let first = first.swap(false, std::sync::atomic::Ordering::SeqCst);
                first.then(|| Answer::status(429, "{}").with(header))
            })
            .await;
            assert_eq!(under.fetch().await.result, Ok(()));
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
        check(&under.outside, &*under.provider, &under.credentials).await.unwrap();
        assert_eq!(under.outside.timer.slept().len(), 2);
    }
}

/// A fetch that is interrupted after any chunk continues after it, without a row lost or doubled.
#[tokio::test]
async fn a_resumed_fetch_is_the_rest() {
    for contract in contracts() {
        let under = Under::test(&contract, HttpLimits::default(), |_| None).await;
        let whole = under.fetch().await;
        let mut cursors = std::collections::BTreeMap::new();
        for (index, key, value) in whole.cursors() {
            cursors.insert(key, value);
            let fetching = Fetching { cursors: cursors.clone(), ..Fetching::default() };
            let rest = fetching.run(&under.outside, &*under.provider, &under.credentials).await;
            let before = Fetched { result: Ok(()), pieces: whole.pieces[..=index].to_vec() };
            let mut found: Vec<String> = before.ids().into_iter().chain(rest.ids()).collect();
            let mut expected = whole.ids();
            found.sort_unstable();
            found.dedup();
            expected.sort_unstable();
            expected.dedup();
            assert_eq!(found, expected, "{} after chunk {index}", contract.metadata.slug);
        }
    }
}

/// Whatever a single request other than the account list fails with, the pass goes on: a part never ends a login.
#[tokio::test]
async fn a_failed_part_never_ends_a_login() {
    let answers = [
        Answer::status(401, r#"{"message":"no"}"#),
        Answer::status(403, r#"{"message":"no"}"#),
        Answer::status(403, "<html>blocked</html>"),
        Answer::status(404, "{}"),
        Answer::status(410, "{}"),
        Answer::json("null"),
        Answer::json("<<<"),
        Answer::Truncated(b"[{".to_vec()),
    ];
    for contract in contracts() {
        let under = Under::test(&contract, HttpLimits::default(), |_| None).await;
        check(&under.outside, &*under.provider, &under.credentials).await.unwrap();
        let listed: Vec<String> = under.server.asked().into_iter().map(|asked| asked.path).collect();
        for answer in &answers {
            let (listed, answer) = (listed.clone(), answer.clone());
            let limits = HttpLimits { tries: 1, ..HttpLimits::default() };
            let under =
                Under::test(&contract, limits, move |asked| (!listed.contains(&asked.path)).then(|| answer.clone()))
                    .await;
            let fetched = under.fetch().await;
            let ends =
                fetched.result.as_ref().err().is_some_and(|error| {
                    matches!(error.disposition(), Disposition::Reauthenticate | Disposition::AskUser)
                });
            assert!(!ends, "{}: {:?}", contract.metadata.slug, fetched.result);
            assert!(!fetched.accounts().is_empty(), "{}: the accounts are there", contract.metadata.slug);
            under.no_secret_in(&format!("{:?}", fetched.problems()));
        }
    }
}

/// Every amount is found at a path of a kept reply, and no reply has a secret.
#[tokio::test]
async fn each_row_is_found_in_the_replies() {
    for contract in contracts() {
        let slug = contract.metadata.slug;
        let under = Under::test(&contract, HttpLimits::default(), |_| None).await;
        let replies = dashtam::testing::providers::kit::Replies::default();
        let settings = contract.credentials.clone();
        let context = dashtam::testing::providers::BuildContext {
            replies: Some(replies.clone()),
            ..under.outside.context(&under.server, settings)
        };
        let provider = contract.metadata.provider(&context).unwrap();
        let from = Some("2026-01-01".parse().unwrap());
        let fetching = Fetching { from, ..Fetching::default() };
        let fetched = fetching.run(&under.outside, &*provider, &under.credentials).await;
        assert_eq!(fetched.result, Ok(()), "{slug}");
        let texts: Vec<String> =
            replies.take().iter().map(|reply| String::from_utf8(reply.body.to_vec()).unwrap()).collect();
        assert!(!texts.is_empty() && texts.iter().all(|text| !text.contains("canary")), "{slug}");
        let (mut rows, mut found) = (0, 0);
        for row in fetched.pieces.iter().flat_map(|piece| match piece {
            Piece::Rows { rows, .. } => rows.as_slice(),
            _ => &[],
        }) {
            let (id, amount) = (row.facts.provider_id.as_deref(), row.facts.amount);
            rows += 1;
            let place = texts.iter().find_map(|text| {
                dashtam::testing::ledger::explain::place_in_reply(text, id, amount)
                    .map(|place| (text, place.path.unwrap()))
            });
            let Some((text, path)) = place else { continue };
            let value: Value = serde_json::from_str(text).unwrap();
            let pointer = path.trim_start_matches('$').replace('[', "/").replace(']', "").replace('.', "/");
            let leaf = value.pointer(&pointer).unwrap_or_else(|| panic!("{slug}: {path}"));
            if leaf.is_object() {
                // Computed by the adapter from the quantity and the price that the object states.
                let quantity = row.facts.security.as_ref().and_then(|security| security.quantity);
                let quantity = quantity.unwrap_or_else(|| panic!("{slug}: {path} of {row:?}"));
                let quantity = quantity.abs().normalize().to_string();
                assert!(leaf.to_string().contains(&quantity), "{slug}: {path} has no {quantity}");
                found += 1;
                continue;
            }
            let written = leaf.as_str().map_or_else(|| leaf.to_string(), str::to_owned);
            let leaf = written.parse().or_else(|_| rust_decimal::Decimal::from_scientific(&written));
            let leaf = leaf.unwrap_or_else(|error| panic!("{slug}: {path} is `{written}`: {error}"));
            let scaled = [1_u64, 100, 100_000_000].map(|units| amount.abs() * rust_decimal::Decimal::from(units));
            assert!(scaled.contains(&leaf.abs()), "{slug}: {path} is {leaf}, not {amount}");
            found += 1;
        }
        assert!(found * 10 >= rows * 9, "{slug}: {found} of {rows}");
    }
}
