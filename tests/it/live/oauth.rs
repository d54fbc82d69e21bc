//! The whole login against a server: address, code, tokens, renewal, the end.

use std::sync::Mutex;

use dashtam::testing::{
    domain::ProviderErrorKind,
    providers::{Credentials, OauthCredentials, Secrets, find, kit::HttpLimits, kit::parse_redirect},
};
use secrecy::{ExposeSecret as _, SecretString};

use crate::support::{
    fetching::fetch,
    made_up_provider as made_up,
    server::{Answer, Asked, Outside, Server},
};

fn app() -> Secrets {
    Secrets::new().with("client_id", "the-app").with("client_secret", "canary-client-secret")
}

fn form<'a>(asked: &'a Asked, name: &str) -> Option<&'a str> {
    asked.body.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value)
}

fn tokens(access: &str, refresh: Option<&str>) -> Answer {
    let refresh = refresh.map(|token| format!(r#","refresh_token":"{token}""#)).unwrap_or_default();
    Answer::json(format!(
        r#"{{"access_token":"{access}","token_type":"Bearer","expires_in":1800,"refresh_token_expires_in":604800{refresh}}}"#
    ))
}

#[tokio::test]
async fn a_second_oauth_provider_logs_in_renews_and_ends() {
    let renewals = Mutex::new(0);
    let server = Server::start(move |asked| match (asked.path.as_str(), form(asked, "grant_type")) {
        ("/token", Some("authorization_code")) => tokens("canary-access-1", Some("canary-refresh-1")),
        ("/token", Some("refresh_token")) => {
            let mut count = renewals.lock().unwrap();
            *count += 1;
            // The first renewal rotates, the second does not.
            tokens(&format!("canary-access-{}", *count + 1), (*count == 1).then_some("canary-refresh-2"))
        }
        ("/accounts", _) => Answer::json(r#"[{"id":"1"}]"#),
        ("/revoke", _) => Answer::json(""),
        _ => Answer::status(404, "{}"),
    })
    .await;
    let outside = Outside::new(HttpLimits::default());
    let provider = made_up::METADATA.oauth_provider(&outside.context(&server, app())).unwrap();

    let authorization = provider.authorization().unwrap();
    let url = &authorization.url;
    assert!(url.starts_with(&format!("{}/authorize?", server.origin)), "{url}");
    for part in [
        "response_type=code",
        "client_id=the-app",
        "code_challenge_method=S256",
        "redirect_uri=http%3A%2F%2F127.0.0.1%3A8765%2Fback",
        "scope=accounts+offline",
        "prompt=consent",
    ] {
        assert!(url.contains(part), "{part}: {url}");
    }
    let state = authorization.state.expose_secret();
    assert_eq!(state.len(), 64);
    assert_ne!(state, provider.authorization().unwrap().state.expose_secret(), "a state is used once");

    let redirect =
        format!("http://127.0.0.1:8765/back?code=C0.x%40&iss=https%3A%2F%2Flogin.bank.example&state={state}");
    let code = parse_redirect(&redirect, &authorization).unwrap();
    let credentials = provider.exchange_code(&authorization, &code).await.unwrap();
    let asked = server.asked();
    assert_eq!(form(&asked[0], "code"), Some("C0.x%40"), "encoded once for the form");
    assert_eq!(form(&asked[0], "code_verifier"), Some(authorization.verifier.expose_secret()));
    assert_eq!(
        form(&asked[0], "client_secret"),
        Some("canary-client-secret"),
        "in the form, as the specification requires"
    );
    assert_eq!(fetch(&outside, &*provider, &credentials).await.accounts().len(), 1);
    assert_eq!(server.asked()[1].header("authorization"), Some("Bearer canary-access-1"));

    let first = credentials.oauth().unwrap();
    assert!(!first.needs_renewal("2026-11-20T12:24:00Z".parse().unwrap()));
    assert!(first.needs_renewal("2026-11-20T12:26:00Z".parse().unwrap()));
    let second = provider.refresh(first).await.unwrap();
    assert_eq!(refresh_token(&second), "canary-refresh-2", "rotated");
    let third = provider.refresh(&second).await.unwrap();
    assert_eq!(refresh_token(&third), "canary-refresh-2", "not rotated: the old one is kept");
    assert_eq!(third.access_token.expose_secret(), "canary-access-3");
    assert_eq!(third.app.expose("client_id"), Some("the-app"), "the app is sealed with the login");
    provider.revoke(&third).await.unwrap();
    assert_eq!(form(server.asked().last().unwrap(), "token"), Some("canary-refresh-2"));
    let debug = format!("{provider:?} {authorization:?} {third:?} {credentials:?}");
    assert!(!debug.contains("canary") && !debug.contains(state), "{debug}");
}

fn refresh_token(credentials: &OauthCredentials) -> &str {
    credentials.refresh_token.as_ref().unwrap().expose_secret()
}

#[tokio::test]
async fn refusals_of_the_token_endpoint_name_a_remedy_and_no_secret() {
    for (status, body, code_kind, renewal_kind) in [
        (
            400,
            r#"{"error":"invalid_grant","error_description":"ECHO is used"}"#,
            ProviderErrorKind::Authentication,
            ProviderErrorKind::LoginExpired,
        ),
        (401, r#"{"error":"invalid_client"}"#, ProviderErrorKind::Authentication, ProviderErrorKind::NotConfigured),
        (400, r#"{"error":"invalid_request"}"#, ProviderErrorKind::Authentication, ProviderErrorKind::Unavailable),
        (403, "<html>blocked</html>", ProviderErrorKind::Unavailable, ProviderErrorKind::Unavailable),
        (401, "", ProviderErrorKind::Authentication, ProviderErrorKind::Unavailable),
        (503, "", ProviderErrorKind::Unavailable, ProviderErrorKind::Unavailable),
        (200, r#"{"canary-token":"canary"}"#, ProviderErrorKind::InvalidResponse, ProviderErrorKind::InvalidResponse),
        (200, "canary", ProviderErrorKind::InvalidResponse, ProviderErrorKind::InvalidResponse),
        (302, "", ProviderErrorKind::InvalidResponse, ProviderErrorKind::InvalidResponse),
    ] {
        let server = Server::start(move |asked| {
            // A server that repeats what it was given.
            let given = ["code", "refresh_token", "client_secret"].map(|name| form(asked, name).unwrap_or_default());
            Answer::status(status, body.replace("ECHO", &given.join(" "))).with("Location: http://127.0.0.1:1/")
        })
        .await;
        let outside = Outside::new(HttpLimits::default());
        let provider = made_up::METADATA.oauth_provider(&outside.context(&server, app())).unwrap();
        let authorization = provider.authorization().unwrap();
        let code: SecretString = "canary-code-1".into();
        let error = provider.exchange_code(&authorization, &code).await.unwrap_err();
        assert_eq!(error.kind, code_kind, "{body}");
        let old = OauthCredentials {
            access_token: "canary-access".into(),
            refresh_token: Some("canary-refresh".into()),
            token_type: "Bearer".into(),
            scope: None,
            expires_at: None,
            login_expires_at: None,
            app: app(),
        };
        let renewal = provider.refresh(&old).await.unwrap_err();
        assert_eq!(renewal.kind, renewal_kind, "{body}");
        let shown = format!("{error} {error:?} {renewal} {renewal:?}");
        assert!(!shown.contains("canary"), "{shown}");
        assert_eq!(server.asked().len(), 2, "a code and a refresh token are sent once, never again");
    }
}

#[tokio::test]
async fn a_login_that_is_over_is_not_renewed() {
    let server = Server::start(|_| tokens("a", None)).await;
    let outside = Outside::new(HttpLimits::default());
    let settings = Secrets::new().with("app_key", "k").with("app_secret", "s");
    let schwab = find("schwab").unwrap().oauth_provider(&outside.context(&server, settings)).unwrap();
    let authorization = schwab.authorization().unwrap();
    assert_eq!(authorization.callback_url, "https://127.0.0.1:8182");
    let Credentials::Oauth2(login) = schwab.exchange_code(&authorization, &"c@".into()).await.unwrap() else {
        panic!("an OAuth login")
    };
    let asked = &server.asked()[0];
    assert_eq!((asked.path.as_str(), asked.header("authorization")), ("/v1/oauth/token", Some("Basic azpz")));
    assert_eq!(form(asked, "redirect_uri"), Some("https%3A%2F%2F127.0.0.1%3A8182"), "byte for byte, without a slash");
    assert_eq!(login.login_expires_at.unwrap().to_rfc3339(), "2026-11-27T12:00:00+00:00");
    let login = OauthCredentials { refresh_token: Some("r".into()), ..login };
    outside.clock.advance(chrono::TimeDelta::days(6));
    let renewed = schwab.refresh(&login).await.unwrap();
    assert_eq!(renewed.login_expires_at, login.login_expires_at, "renewing does not extend the login");
    outside.clock.advance(chrono::TimeDelta::days(1));
    assert_eq!(schwab.refresh(&renewed).await.unwrap_err().kind, ProviderErrorKind::LoginExpired);
    assert_eq!(server.asked().len(), 2, "nothing is sent for a login that is over");
}

#[test]
fn missing_settings_are_named_with_where_to_set_them() {
    let outside = Outside::new(HttpLimits::default());
    let context = dashtam::testing::providers::BuildContext {
        http: &outside.http,
        environment: None,
        endpoint: None,
        settings: Secrets::new().with("app_key", "k"),
        counters: std::sync::Arc::new(dashtam::testing::providers::kit::MemoryCounters::default()),
        replies: None,
    };
    let error = find("schwab").unwrap().provider(&context).unwrap_err();
    assert_eq!(error.kind, ProviderErrorKind::NotConfigured);
    let text = error.to_string();
    for part in ["`app_secret`", "dashtam connect schwab", "alpaca"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("`app_key`"), "{text}");
}
