//! Passes of made-up providers of every shape over a store in memory.

mod lives;
mod shapes;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use rust_decimal::Decimal;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::{
    domain::{
        Account, AccountDraft, AccountType, AssetCode, BalanceDraft, ChangeCounts, ChangeKind, HoldingDraft, IdTrust,
        ProviderCategory, Transaction, TransactionDraft, TransactionFacts, TransactionStatus,
    },
    ports::{
        Clock as _, VaultChoice,
        fake::{FakeBrowser, FakeClock, FakeEntropy, FakeSecretStore},
    },
    providers::{
        Auth, Credentials, HistoryDepth, Listing, Pace, ProviderMetadata, ServerEnvironment, Sink, by_status,
        kit::HttpConfig,
    },
    sync::handle::Handle,
    vault::VaultOptions,
};

/// A provider whose answers a test writes. It has the slug of one that exists, so that the connection counts as live.
pub(super) static METADATA: ProviderMetadata = BASE;

/// Its entry, from which others are made.
pub(super) const BASE: ProviderMetadata = ProviderMetadata {
    slug: "alpaca",
    display_name: "Bank of Tests",
    summary: "Exists in tests only.",
    category: ProviderCategory::Bank,
    auth: Auth::ApiKey {
        fields: &[],
        build: |_| Err(METADATA.error(ProviderErrorKind::NotConfigured, "exists in tests only")),
    },
    capabilities: &[],
    required_settings: &[],
    environments: &[ServerEnvironment { name: "production", label: "Production", origin: "https://bank.example" }],
    extra_hosts: &[],
    pace: Pace::NONE,
    id_trust: IdTrust::Unique,
    signs_differ: false,
    judge: by_status,
    history: HistoryDepth { days: None, overlap_days: 7 },
    documentation_url: "https://bank.example",
    production_ready: false,
};

/// One step of a scripted fetch.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Send(Piece),
    Fail(ProviderErrorKind),
    /// The cursor under this key must have this value.
    Expect(&'static str, Option<&'static str>),
}

/// Plays one script.
#[derive(Debug)]
pub(super) struct Script(Mutex<Vec<Step>>);

#[async_trait]
impl Provider for Script {
    fn metadata(&self) -> &'static ProviderMetadata {
        &METADATA
    }

    async fn fetch(&self, plan: &FetchPlan<'_>, sink: &mut dyn Sink) -> Result<(), ProviderError> {
        let steps = std::mem::take(&mut *self.0.lock().unwrap());
        for step in steps {
            match step {
                Step::Send(piece) => sink.send(piece).await?,
                Step::Fail(kind) => return Err(METADATA.error(kind, "scripted")),
                Step::Expect(key, value) => assert_eq!(plan.cursor(key), value, "{key}"),
            }
        }
        Ok(())
    }
}

/// The live side of an engine, with one active connection.
pub(super) struct Bench {
    pub(super) live: Arc<Live>,
    pub(super) clock: Arc<FakeClock>,
    _handle: Handle,
}

pub(super) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

impl Bench {
    pub(super) fn new() -> Self {
        let bench = Self::without_connection();
        bench.connect();
        bench
    }

    pub(super) fn without_connection() -> Self {
        let clock = Arc::new(FakeClock::at("2026-11-20T12:00:00Z".parse::<DateTime<Utc>>().unwrap()));
        let entropy = Arc::new(FakeEntropy::default());
        let vault = Vault::new(VaultOptions {
            choice: VaultChoice::Memory,
            file: std::path::PathBuf::new(),
            passphrase_file: None,
            keyring: Arc::new(FakeSecretStore::default()),
            entropy: entropy.clone(),
        });
        let config = LiveConfig {
            http: Http::new(HttpConfig::new(clock.clone(), entropy.clone())).unwrap(),
            vault,
            browser: Arc::new(FakeBrowser::default()),
            entropy,
            endpoints: BTreeMap::new(),
            providers: ProviderSettings::new(),
            schedule: Schedule::default(),
        };
        let store = Store::in_memory().unwrap();
        let (handle, _, shared) = Handle::new();
        let live = Arc::new(Live::new(store, clock.clone(), config, Arc::default(), shared));
        Self { live, clock, _handle: handle }
    }

    fn connect(&self) {
        let mut writer = self.live.store.begin(ChangeKind::Sync, "connected", self.clock.now()).unwrap();
        let id = writer.new_connection_id();
        let connection = Connection {
            status: ConnectionStatus::Active,
            connected_at: Some(self.clock.now()),
            ..Connection::new(id, METADATA.slug, METADATA.display_name)
        };
        writer.put_connection(&connection).unwrap();
        writer.commit(ChangeCounts::default(), Vec::new(), Some(id), Vec::new()).unwrap();
    }

    pub(super) fn connection(&self) -> Connection {
        self.live.store.read().unwrap().connections().unwrap().remove(0)
    }

    /// Runs one pass of a script.
    pub(super) async fn sync(&self, steps: Vec<Step>) -> ConnectionReport {
        self.sync_as(&self.connection(), steps, &CancellationToken::new()).await
    }

    pub(super) async fn sync_as(
        &self,
        connection: &Connection,
        steps: Vec<Step>,
        dropped: &CancellationToken,
    ) -> ConnectionReport {
        let provider: Arc<dyn Provider> = Arc::new(Script(Mutex::new(steps)));
        let order = order(Occasion::Asked { force: true }, None);
        let mut report = ConnectionReport::new(connection);
        let login = Credentials::ApiKey(Secrets::new());
        let outcome = self.live.run_pass(connection, &provider, &login, &order, dropped, &mut report).await;
        if let Err(error) = outcome {
            let failure = about(connection, &error);
            report.error = Some(failure.clone());
            report.status = self.live.note_failure(connection.id, &error, &failure).unwrap();
        }
        report
    }

    pub(super) fn accounts(&self) -> Vec<Account> {
        self.live.store.read().unwrap().accounts().unwrap()
    }

    /// Rows that count, as `account id amount`, sorted.
    pub(super) fn rows(&self) -> Vec<String> {
        let accounts = self.accounts();
        let account_of = |row: &Transaction| {
            let account = accounts.iter().find(|account| account.id == row.account_id);
            account.map_or("no account", |account| account.provider_account_id.as_str()).to_owned()
        };
        let mut all: Vec<Transaction> = Vec::new();
        let mut take = |row, _: &_| {
            all.push(row);
            std::ops::ControlFlow::Continue(())
        };
        self.live.store.read().unwrap().scan(&mut take).unwrap();
        let counting = all.iter().filter(|row| row.facts.status != TransactionStatus::Cancelled);
        let mut rows: Vec<String> = counting
            .map(|row| {
                format!("{} {} {}", account_of(row), row.facts.provider_id.as_deref().unwrap_or("-"), row.facts.amount)
            })
            .collect();
        rows.sort();
        rows
    }

    pub(super) fn changes(&self) -> u64 {
        self.live.store.read().unwrap().change_count().unwrap()
    }

    /// The newest balance of the account, by provider id.
    pub(super) fn balance(&self, account: &str) -> Option<Decimal> {
        let id = self.accounts().iter().find(|known| known.provider_account_id == account)?.id;
        self.live.store.read().unwrap().latest_snapshot(id).unwrap().map(|snapshot| snapshot.balance)
    }
}

pub(super) fn order(occasion: Occasion, checked: Option<Arc<CheckedPieces>>) -> SyncOrder {
    SyncOrder { occasion, from: None, progress: Arc::new(|_| {}), checked, replies: Replies::default() }
}

pub(super) fn account(id: &str, balance: Option<i64>) -> AccountDraft {
    AccountDraft {
        provider_account_id: id.into(),
        number: format!("0000{id}"),
        name: Some(format!("Account {id}")),
        account_type: AccountType::Checking,
        currency: AssetCode::USD,
        balance: balance.map(|current| stated("2026-11-20", current)),
        is_active: true,
        institution: None,
    }
}

pub(super) fn stated(date: &str, current: i64) -> BalanceDraft {
    let current = Decimal::from(current);
    BalanceDraft { date: day(date), current, available: None, holdings_value: None, cash_value: None }
}

pub(super) fn row(id: &str, date: &str, amount: i64) -> TransactionDraft {
    let mut facts = TransactionFacts::new(day(date), Decimal::from(amount), AssetCode::USD);
    facts.provider_id = Some(id.into());
    facts.into()
}

pub(super) fn pending(id: &str, date: &str, amount: i64) -> TransactionDraft {
    let mut draft = row(id, date, amount);
    draft.facts.status = TransactionStatus::Pending;
    draft
}

pub(super) fn accounts(drafts: Vec<AccountDraft>) -> Step {
    Step::Send(Piece::Accounts(Listing::complete(drafts)))
}

pub(super) fn rows(account: &str, rows: Vec<TransactionDraft>) -> Step {
    Step::Send(Piece::Rows { account: account.into(), rows })
}

pub(super) fn window(account: &str, from: &str, to: &str) -> Step {
    Step::Send(Piece::Window { account: account.into(), from: Some(day(from)), to: day(to) })
}

pub(super) fn cursor(key: &str, value: &str) -> Step {
    Step::Send(Piece::Cursor { key: key.into(), value: value.into() })
}

pub(super) fn holdings(account: &str, items: Vec<HoldingDraft>) -> Step {
    Step::Send(Piece::Holdings { account: account.into(), listing: Listing::complete(items) })
}

pub(super) fn days(count: i64) -> TimeDelta {
    TimeDelta::days(count)
}
