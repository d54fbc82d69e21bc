//! The engine with real adapters against servers on loopback; time and vault are made up.
//!
//! Used by the tests of live connections. INVARIANT: nothing sleeps; waits of the engine move the made-up clock.

use std::{
    collections::{HashMap, VecDeque},
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use dashtam::{
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
        self, Command, ConnectRequest, ConnectionReport, EngineConfig, Event, Failure, Handle, LiveConfig, Schedule,
    },
    vault::{Vault, VaultOptions},
};
use serde_json::{Value, json};

use super::server::{Answer, Asked, Server};

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
    /// What the configuration says; counts from the next start on.
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
        self.handle.send(Command::Shutdown);
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
    ) -> Result<ConnectionReport, Failure> {
        let job = self.handle.job();
        let request = ConnectRequest { provider: provider.into(), connection: repairs, answers };
        let checked = self.handle.run_as(job, Command::Connect { job, request }, |_| {}).await?;
        assert!(matches!(checked, Event::ConnectionChecked { .. }), "{checked:?}");
        let confirm = Command::ConfirmConnection { job, alias: None, excluded: Vec::new(), renews: None };
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
        self.connection().status
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

    pub(crate) fn ledger(&self) -> dashtam::ledger::View {
        Ledger::new(self.store.clone()).view().unwrap()
    }

    pub(crate) fn changes(&self) -> u64 {
        self.store.read().unwrap().change_count().unwrap()
    }
}

fn sync_all(job: sync::JobId, from: Option<NaiveDate>) -> Command {
    Command::Sync { job, connections: Vec::new(), force: false, from }
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
    sync::spawn(EngineConfig { store: store.clone(), clock: clock.clone(), limits: Limits::default(), live })
}

pub(crate) fn fixture(provider: &str, name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/providers").join(provider);
    std::fs::read_to_string(folder.join(name)).unwrap()
}

/// Limits under which silence is over soon.
pub(crate) fn impatient() -> HttpLimits {
    HttpLimits { read: Duration::from_millis(300), ..HttpLimits::default() }
}

/// Answers with failures first, path by path.
#[derive(Default)]
pub(crate) struct Troubles(Mutex<HashMap<String, VecDeque<Answer>>>);

impl Troubles {
    /// The next questions under `path` are answered like this.
    pub(crate) fn plan(&self, path: &str, answers: impl IntoIterator<Item = Answer>) {
        self.0.lock().unwrap().insert(path.into(), answers.into_iter().collect());
    }

    pub(crate) fn take(&self, path: &str) -> Option<Answer> {
        self.0.lock().unwrap().get_mut(path)?.pop_front()
    }
}

/// A broker with pages of activities.
#[derive(Default)]
pub(crate) struct FakeAlpaca {
    pub(crate) activities: Mutex<Vec<Value>>,
    pub(crate) positions: Mutex<Option<String>>,
    pub(crate) troubles: Troubles,
    /// Key ids that are refused.
    pub(crate) refused: Mutex<Vec<String>>,
}

pub(crate) const ACTIVITIES: &str = "/v2/account/activities";

impl FakeAlpaca {
    pub(crate) async fn start() -> (Arc<Self>, Server) {
        let fake = Arc::new(Self::default());
        let answering = Arc::clone(&fake);
        let server = Server::start(move |asked| answering.answer(asked)).await;
        (fake, server)
    }

    /// `count` deposits of one a day, the last one on `last`.
    pub(crate) fn fill(&self, count: u64, last: NaiveDate) {
        let mut activities = self.activities.lock().unwrap();
        activities.extend((0..count).map(|index| deposit(index, last - Days::new(count - 1 - index))));
    }

    pub(crate) fn push(&self, activity: Value) {
        self.activities.lock().unwrap().push(activity);
    }

    fn answer(&self, asked: &Asked) -> Answer {
        let key = asked.header("apca-api-key-id").unwrap_or_default();
        if self.refused.lock().unwrap().iter().any(|refused| refused == key) {
            return Answer::status(401, format!(r#"{{"message":"unauthorized {key}."}}"#));
        }
        if let Some(trouble) = self.troubles.take(&asked.path) {
            return trouble;
        }
        match asked.path.as_str() {
            "/v2/account" if key.starts_with("PKOTHER") => {
                Answer::json(fixture("alpaca", "account.json").replace("5b0c7a3e", "77777777"))
            }
            "/v2/account" => Answer::json(fixture("alpaca", "account.json")),
            "/v2/positions" => {
                let own = self.positions.lock().unwrap().clone();
                Answer::json(own.unwrap_or_else(|| fixture("alpaca", "positions.json")))
            }
            "/v2/account/portfolio/history" => Answer::json(fixture("alpaca", "history.json")),
            ACTIVITIES => self.page(asked),
            _ => Answer::status(404, "{}"),
        }
    }

    fn page(&self, asked: &Asked) -> Answer {
        let activities = self.activities.lock().unwrap();
        let size: usize = asked.param("page_size").map_or(100, |size| size.parse().unwrap());
        let date = |row: &Value| row["date"].as_str().unwrap().to_owned();
        let token = asked.param("page_token").map(|token| token.replace("%3A", ":"));
        let start = token.map_or(0, |token| activities.iter().position(|row| row["id"] == *token).unwrap() + 1);
        let rows: Vec<&Value> = activities[start..]
            .iter()
            .filter(|row| asked.param("after").is_none_or(|after| *date(row) > *after))
            .filter(|row| asked.param("date").is_none_or(|day| date(row) == day))
            .filter(|row| asked.param("activity_types").is_none_or(|kind| row["activity_type"] == *kind))
            .take(size)
            .collect();
        Answer::json(serde_json::to_string(&rows).unwrap())
    }
}

pub(crate) fn deposit(number: u64, date: NaiveDate) -> Value {
    json!({
        "id": format!("{}::{number:08}", date.format("%Y%m%d000000000")),
        "activity_type": "CSD", "date": date.to_string(), "net_amount": format!("{number}.25"),
        "description": format!("Deposit {number}"), "status": "executed",
    })
}

/// Keys for Alpaca.
pub(crate) fn keys(id: &str) -> Secrets {
    Secrets::new().with("environment", "paper").with("api_key", id).with("api_secret", "canary-secret-77e1")
}
