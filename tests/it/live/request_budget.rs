//! Daily budgets of requests, and what the configuration answers for a provider.

use std::collections::BTreeMap;

use dashtam::testing::{
    config::{Config, ProviderSettings},
    providers::Secrets,
    tui::Settings,
};

use crate::support::{
    alpaca::{FakeAlpaca, small_alpaca},
    desk::{Desk, keys},
    harness::{Given, Harness, matches},
    server::Server,
    wizard::{answer, connections},
};

fn configured(text: &str) -> ProviderSettings {
    Config::parse(text).unwrap().config.providers
}

fn spent(desk: &Desk) -> u32 {
    desk.ledger().requests_of_day("alpaca", dashtam::testing::ports::Clock::now(&*desk.clock))
}

#[tokio::test]
async fn requests_of_today_count_after_a_restart_and_not_tomorrow() {
    let (_, server) = FakeAlpaca::start().await;
    let mut desk = Desk::new(&[("alpaca", &server)]);
    desk.providers = configured("[providers.alpaca]\nrequests_per_day = 12\n");
    desk.restart().await;
    desk.connect("alpaca", keys("one"), None).await.unwrap();
    let first = u32::try_from(server.asked().len()).unwrap();
    assert_eq!(spent(&desk), first, "every request counts, those of the check too");
    desk.restart().await;
    assert_eq!(spent(&desk), first);
    let mut refused = None;
    for _ in 0..12 {
        let report = desk.sync().await;
        let part = report.accounts.iter().find_map(|account| account.reason.clone());
        refused = report.error.map(|error| error.message).or(part);
        if refused.is_some() {
            break;
        }
        desk.restart().await;
    }
    let why = refused.expect("the budget is never used up");
    assert!(why.contains("its daily budget of requests is used up"), "{why}");
    assert_eq!((server.asked().len(), spent(&desk)), (12, 12));
    desk.advance(1);
    assert_eq!(spent(&desk), 0);
    assert!(desk.sync().await.error.is_none());
    assert!(spent(&desk) > 0 && spent(&desk) < 12);
}

#[tokio::test]
async fn without_a_budget_nothing_is_noted() {
    let (_, server) = FakeAlpaca::start().await;
    let desk = Desk::new(&[("alpaca", &server)]);
    desk.connect("alpaca", keys("one"), None).await.unwrap();
    assert_eq!(desk.store.read().unwrap().requests().unwrap(), []);
}

fn screen(server: &Server, config: &str) -> Harness {
    let endpoints = BTreeMap::from([("alpaca".to_owned(), server.origin.parse().unwrap())]);
    Harness::given(120, 40, Settings::default(), Given { endpoints, providers: configured(config), ..Given::default() })
}

#[tokio::test]
async fn the_screen_shows_the_rest_of_the_daily_budget() {
    let server = Server::start(small_alpaca).await;
    let mut h = screen(&server, "[providers.alpaca]\nrequests_per_day = 50\n");
    answer(&mut h, "canary-right");
    h.keys("<enter>").idle().await.keys("<enter>").idle().await.keys("<enter>5").idle().await;
    h.shows(&[&format!("{} of 50 today", server.asked().len())]);
}

#[tokio::test]
async fn answers_of_the_configuration_are_not_asked() {
    let server = Server::start(small_alpaca).await;
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("alpaca.secret");
    let config = format!(
        "[providers.alpaca]\nenvironment = \"paper\"\napi_secret_file = {}\n",
        toml::Value::from(secret.to_str().unwrap())
    );
    let mut h = screen(&server, &config);
    h.keys("calp<enter><enter>").shows(&["Taken from the configuration: Environment, API secret key."]);
    h.hides("◉").paste("PKCANARY");
    matches("wizard_configured_120x40", &mut h);
    h.keys("<enter>").idle().await.shows(&["line 3", "api_secret_file", "can't be read"]);
    assert!(server.asked().is_empty());
    std::fs::write(&secret, "canary-right\n").unwrap();
    h.keys("<enter>").idle().await.shows(&["1 account"]).keys("<enter>").idle().await.shows(&["is connected"]);
    assert_eq!(connections(&h)[0].environment.as_deref(), Some("paper"));
    // A login of its own in the configuration wins over what is stored.
    std::fs::write(&secret, "canary-other\n").unwrap();
    h.keys("<enter>5").idle().await.keys("L<enter>").idle().await.shows(&["refuses the credentials"]);
}

#[tokio::test]
async fn everything_configured_leaves_nothing_to_ask() {
    let server = Server::start(small_alpaca).await;
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        toml::Value::from(path.to_str().unwrap()).to_string()
    };
    let config = format!(
        "[providers.alpaca]\nenvironment = \"paper\"\napi_key_file = {}\napi_secret_file = {}\n",
        file("key", "PKCANARY"),
        file("secret", "canary-right")
    );
    let mut h = screen(&server, &config);
    h.keys("calp<enter>").shows(&["Taken from the configuration: Environment, API key ID, API secret key."]);
    h.keys("<enter>").idle().await.shows(&["1 account"]);

    let mut desk = Desk::new(&[("alpaca", &server)]);
    desk.providers = configured(&config);
    desk.restart().await;
    let kept = desk.connect("alpaca", Secrets::new(), None).await.unwrap();
    assert!(kept.error.is_none());
}
