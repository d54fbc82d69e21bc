//! The engine with real adapters against servers on loopback; time and vault are made up.
//!
//! Used by the tests of live connections. INVARIANT: nothing sleeps; waits of the engine move the made-up clock.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use dashtam::testing::{
    config::ProviderSettings,
    domain::{Connection, ConnectionId, ConnectionStatus, Transaction},
    ledger::Ledger,
    ports::{
        VaultChoice,
        fake::{FakeBrowser, FakeClock, FakeEntropy, FakeSecretStore},
    },
    providers::{
        Secrets,
        kit::{Http, HttpConfig, HttpLimits, fake::FakeTimer},
    },
    statements::Limits,
    store::Store,
    sync::{
        self, ConnectRequest, ConnectionReport, EngineCommand, EngineConfig, Event, Handle, JobFailure, LiveConfig,
        Schedule,
    },
    vault::{Vault, VaultOptions},
};

use super::server::Server;

/// When the made-up clock starts.
pub(crate) const NOW: &str = "2026-11-20T12:00:00Z";

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// An engine, and what it outlives: its store and vault.
pub(crate) struct Desk {
    pub(crate) store: Store,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) timer: Arc<FakeTimer>,
    pub(crate) vault: Vault,
    pub(crate) browser: Arc<FakeBrowser>,
    pub(crate) limits: HttpLimits,
    pub(crate) handle: Handle,
    endpoints: Vec<(&'static str, String)>,
    /// The configuration; it applies from the next start on.
    pub(crate) providers: ProviderSettings,
    _folder: tempfile::TempDir,
}

impl Desk {
    pub(crate) fn new(endpoints: &[(&'static str, &Server)]) -> Self {
        Self::with(endpoints, HttpLimits::default())
    }

    pub(crate) fn with(endpoints: &[(&'static str, &Server)], limits: HttpLimits) -> Self {
        Self::build(endpoints.iter().map(|(slug, server)| (*slug, server.origin.clone())).collect(), limits)
    }

    /// With servers that are not ours.
    pub(crate) fn at(endpoints: &[(&'static str, String)]) -> Self {
        Self::build(endpoints.to_vec(), HttpLimits::default())
    }

    fn build(endpoints: Vec<(&'static str, String)>, limits: HttpLimits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("dashtam.redb")).unwrap();
        let clock = Arc::new(FakeClock::at(NOW.parse::<DateTime<Utc>>().unwrap()));
        let vault = Vault::new(VaultOptions {
            choice: VaultChoice::Memory,
            file: folder.path().join("vault"),
            passphrase_file: None,
            keyring: Arc::new(FakeSecretStore::default()),
            entropy: Arc::new(FakeEntropy::default()),
        });
        let timer = Arc::new(FakeTimer::new(clock.clone()));
        let browser = Arc::new(FakeBrowser::default());
        let providers = ProviderSettings::new();
        let handle = spawn(
            &store,
            &clock,
            &timer,
            &vault,
            &browser,
            Given { limits, endpoints: &endpoints, providers: &providers },
        );
        Self { providers, store, clock, timer, vault, browser, limits, handle, endpoints, _folder: folder }
    }

    /// Stops the engine and starts another one, as the next start of the program does.
    pub(crate) async fn restart(&mut self) {
        self.handle.send(EngineCommand::Shutdown);
        self.handle.idle().await;
        let given = Given { limits: self.limits, endpoints: &self.endpoints, providers: &self.providers };
        self.handle = spawn(&self.store, &self.clock, &self.timer, &self.vault, &self.browser, given);
    }

    pub(crate) fn advance(&self, days: i64) {
        self.clock.advance(TimeDelta::days(days));
    }

    /// Connects, or repairs, with keys, and syncs for the first time.
    pub(crate) async fn connect(
        &self,
        provider: &str,
        answers: Secrets,
        repairs: Option<ConnectionId>,
    ) -> Result<ConnectionReport, JobFailure> {
        let job = self.handle.job();
        let request = ConnectRequest { provider: provider.into(), connection: repairs, answers };
        let checked = self.handle.run_as(job, EngineCommand::Connect { job, request }, |_| {}).await?;
        assert!(matches!(checked, Event::ConnectionChecked { .. }), "{checked:?}");
        let confirm = EngineCommand::ConfirmConnection { job, alias: None, excluded: Vec::new(), renews: None };
        Ok(one(self.handle.run_as(job, confirm, |_| {}).await?))
    }

    pub(crate) async fn sync(&self) -> ConnectionReport {
        one(self.handle.run(|job| sync_all(job, None), |_| {}).await.unwrap())
    }

    pub(crate) async fn sync_from(&self, from: NaiveDate) -> ConnectionReport {
        one(self.handle.run(|job| sync_all(job, Some(from)), |_| {}).await.unwrap())
    }

    pub(crate) fn connection(&self) -> Connection {
        self.store.read().unwrap().connections().unwrap().remove(0)
    }

    pub(crate) fn status(&self) -> ConnectionStatus {
        self.connection().status_at(dashtam::testing::ports::Clock::now(&*self.clock))
    }

    /// Every row, oldest first written.
    pub(crate) fn rows(&self) -> Vec<Transaction> {
        let mut rows = Vec::new();
        let mut take = |row, _: &_| {
            rows.push(row);
            std::ops::ControlFlow::Continue(())
        };
        self.store.read().unwrap().scan(&mut take).unwrap();
        rows
    }

    pub(crate) fn ledger(&self) -> dashtam::testing::ledger::View {
        Ledger::new(self.store.clone()).view().unwrap()
    }

    pub(crate) fn changes(&self) -> u64 {
        self.store.read().unwrap().change_count().unwrap()
    }
}

fn sync_all(job: sync::JobId, from: Option<NaiveDate>) -> EngineCommand {
    EngineCommand::Sync { job, connections: Vec::new(), force: false, from }
}

fn one(event: Event) -> ConnectionReport {
    let Event::Synced { mut report, .. } = event else { panic!("{event:?}") };
    assert_eq!(report.connections.len(), 1);
    report.connections.remove(0)
}

/// What the user set.
#[derive(Clone, Copy)]
struct Given<'a> {
    limits: HttpLimits,
    endpoints: &'a [(&'static str, String)],
    providers: &'a ProviderSettings,
}

fn spawn(
    store: &Store,
    clock: &Arc<FakeClock>,
    timer: &Arc<FakeTimer>,
    vault: &Vault,
    browser: &Arc<FakeBrowser>,
    given: Given<'_>,
) -> Handle {
    let Given { limits, endpoints, providers } = given;
    let entropy = Arc::new(FakeEntropy::default());
    let http = HttpConfig { timer: timer.clone(), limits, ..HttpConfig::new(clock.clone(), entropy.clone()) };
    let endpoints = endpoints.iter().map(|(slug, origin)| ((*slug).to_owned(), origin.parse().unwrap()));
    let live = LiveConfig {
        http: Http::new(http).unwrap(),
        vault: vault.clone(),
        browser: browser.clone(),
        entropy,
        endpoints: endpoints.collect(),
        providers: providers.clone(),
        schedule: Schedule::default(),
    };
    sync::spawn(EngineConfig {
        store: store.clone(),
        clock: clock.clone(),
        limits: Limits::default(),
        kept_rows: usize::MAX,
        live,
    })
}

/// Limits under which silence is over soon.
pub(crate) fn impatient() -> HttpLimits {
    HttpLimits { read: Duration::from_millis(300), ..HttpLimits::default() }
}

/// Keys for Alpaca.
pub(crate) fn keys(id: &str) -> Secrets {
    Secrets::new().with("environment", "paper").with("api_key", id).with("api_secret", "canary-secret-77e1")
}
