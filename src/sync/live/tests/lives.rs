//! Random lives of connections against a simple model: whatever happens, no row is lost, doubled or made up, and every
//! account counts once.
//!
//! `PROPTEST_CASES` sets the number of lives; 5,000 take a few minutes.

use std::collections::BTreeMap;

use proptest::{prelude::*, test_runner::TestRunner};

use super::*;
use crate::{
    domain::{Capability, Change},
    providers::{
        Validation,
        kit::{AccountRef, PerAccount, RowCursor, RowPage, TransactionRequest},
    },
    sync::{FoundConnection, toggle},
};

static FULL: ProviderMetadata = ProviderMetadata {
    auth: Auth::ApiKey {
        fields: &[],
        build: |_| Err(METADATA.error(ProviderErrorKind::NotConfigured, "exists in tests only")),
    },
    capabilities: &[Capability::Accounts, Capability::Transactions, Capability::BalanceHistory],
    ..BASE
};

const ACCOUNTS: [&str; 3] = ["a", "b", "c"];

/// The bank: the truth.
#[derive(Debug, Default, Clone)]
struct Bank {
    now: DateTime<Utc>,
    /// Rows by account: id, day, amount.
    rows: BTreeMap<&'static str, Vec<(String, NaiveDate, i64)>>,
    /// Requests until one fails; `None` for never.
    fails_after: Option<usize>,
    /// The account list is refused.
    refuses: bool,
    /// One account's rows are refused.
    refuses_part: Option<&'static str>,
}

#[derive(Debug)]
struct Adapter(Mutex<Bank>);

impl Adapter {
    fn request(&self) -> Result<Bank, ProviderError> {
        let mut bank = self.0.lock().unwrap();
        if let Some(left) = &mut bank.fails_after {
            if *left == 0 {
                return Err(FULL.error(ProviderErrorKind::Unavailable, "down"));
            }
            *left -= 1;
        }
        Ok(bank.clone())
    }
}

#[async_trait]
impl Provider for Adapter {
    fn metadata(&self) -> &'static ProviderMetadata {
        &FULL
    }

    async fn fetch(&self, plan: &FetchPlan<'_>, sink: &mut dyn Sink) -> Result<(), ProviderError> {
        crate::providers::kit::fetch(self, plan, sink).await
    }

    async fn check(&self, plan: &FetchPlan<'_>, sink: &mut dyn Sink) -> Result<Validation, ProviderError> {
        self.fetch(plan, sink).await.map(|()| Validation::default())
    }
}

#[async_trait]
impl PerAccount for Adapter {
    fn metadata(&self) -> &'static ProviderMetadata {
        &FULL
    }

    async fn accounts(&self, _: &Credentials, _: &FetchPlan<'_>) -> Result<Listing<AccountDraft>, ProviderError> {
        let bank = self.request()?;
        if bank.refuses {
            return Err(FULL.error(ProviderErrorKind::Authentication, "refused"));
        }
        Ok(Listing::complete(ACCOUNTS.iter().map(|id| listed(&bank, id)).collect()))
    }

    /// Two rows a page, by day.
    async fn transactions(&self, _: &Credentials, request: &TransactionRequest<'_>) -> Result<RowPage, ProviderError> {
        let bank = self.request()?;
        let id = request.account.provider_account_id;
        if bank.refuses_part == Some(id) {
            return Err(FULL.error(ProviderErrorKind::Authentication, "refused"));
        }
        let (from, start) = match request.cursor {
            Some(RowCursor(text)) => serde_json::from_str(text).unwrap(),
            None => (request.from, 0_usize),
        };
        let rows: Vec<_> = bank
            .rows
            .get(id)
            .into_iter()
            .flatten()
            .filter(|(_, day, _)| from.is_none_or(|from| *day >= from))
            .collect();
        let next = (start + 2 < rows.len()).then(|| RowCursor(serde_json::to_string(&(from, start + 2)).unwrap()));
        let page = rows.iter().skip(start).take(2);
        let rows = page.map(|(id, day, amount)| row(id, &day.to_string(), *amount)).collect();
        Ok(RowPage { rows, next, ..RowPage::default() })
    }

    async fn balance_history(
        &self,
        _: &Credentials,
        _: AccountRef<'_>,
        _: Option<NaiveDate>,
    ) -> Result<Listing<BalanceDraft>, ProviderError> {
        self.request()?;
        Ok(Listing::complete(Vec::new()))
    }

    fn provider_time(&self) -> Option<DateTime<Utc>> {
        Some(self.0.lock().unwrap().now)
    }
}

fn listed(bank: &Bank, id: &str) -> AccountDraft {
    let current = bank.rows.get(id).into_iter().flatten().map(|(.., amount)| amount).sum();
    let mut draft = account(id, None);
    draft.balance = Some(stated(&bank.now.date_naive().to_string(), current));
    draft
}

#[derive(Debug, Clone)]
enum Event {
    /// The bank books a row.
    Book(usize, i64),
    /// Days pass.
    Pass(i64),
    /// The clock of this machine is wrong by so many hours.
    Clock(i64),
    Sync,
    /// A sync that fails after so many requests.
    Fail(usize),
    /// A sync with one account refused.
    RefusePart(usize),
    /// A sync with the login refused.
    Refuse,
    /// A login for a new connection, or for the one that needs it.
    Connect,
    Disconnect,
    Undo(usize),
    /// A sync that was undone, also where its rows came again.
    Redo(usize),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (0_usize..3, -50_i64..50).prop_map(|(account, amount)| Event::Book(account, amount)),
        3 => (1_i64..20).prop_map(Event::Pass),
        1 => (-300_i64..3_000).prop_map(Event::Clock),
        1 => Just(Event::Clock(0)),
        5 => Just(Event::Sync),
        3 => (0_usize..9).prop_map(Event::Fail),
        1 => (0_usize..3).prop_map(Event::RefusePart),
        1 => Just(Event::Refuse),
        2 => Just(Event::Connect),
        1 => Just(Event::Disconnect),
        2 => (0_usize..4).prop_map(Event::Undo),
        2 => (0_usize..4).prop_map(Event::Redo),
    ]
}

struct Life {
    bench: Bench,
    bank: Bank,
    next_row: usize,
    clock_hours: i64,
}

impl Life {
    fn new() -> Self {
        let bench = Bench::without_connection();
        let bank = Bank { now: bench.clock.now(), ..Bank::default() };
        Self { bench, bank, next_row: 0, clock_hours: 0 }
    }

    fn counting(&self) -> Option<Connection> {
        self.bench.live.store.read().unwrap().connections().unwrap().into_iter().find(Connection::counts)
    }

    fn set_clock(&self) {
        self.bench.clock.set(self.bank.now + TimeDelta::hours(self.clock_hours));
    }

    async fn sync(&self, bank: Bank) {
        let Some(connection) = self.counting().filter(|known| known.status == ConnectionStatus::Active) else { return };
        let provider: Arc<dyn Provider> = Arc::new(Adapter(Mutex::new(bank)));
        let order = order(Occasion::Asked { force: true }, None);
        let mut report = ConnectionReport::new(&connection);
        let login = Credentials::ApiKey(Secrets::new());
        let live = &self.bench.live;
        let outcome =
            live.run_pass(&connection, &provider, &login, &order, &CancellationToken::new(), &mut report).await;
        if let Err(error) = outcome {
            live.note_failure(connection.id, &error, &about(&connection, &error)).unwrap();
        }
    }

    async fn connect(&self) {
        let repairs = self.counting();
        if repairs.as_ref().is_some_and(|known| known.status == ConnectionStatus::Active) {
            return;
        }
        let listing = Listing::complete(ACCOUNTS.iter().map(|id| listed(&self.bank, id)).collect::<Vec<_>>());
        let found = FoundConnection {
            provider: FULL.slug.into(),
            institution: FULL.display_name.into(),
            environment: None,
            accounts: listing.items.clone(),
            is_different: false,
            known: Vec::new(),
            warnings: Vec::new(),
        };
        let live = &self.bench.live;
        let repairs = repairs.map(|known| known.id);
        let found = live.compare(found, repairs).await.unwrap();
        let pieces = vec![Piece::Accounts(listing), Piece::ChunkEnd];
        let checked = Checked {
            metadata: &FULL,
            credentials: Credentials::ApiKey(Secrets::new()),
            found,
            repairs,
            pieces: Arc::new(CheckedPieces { pieces, replies: Vec::new() }),
            reserved: None,
            ends_at: None,
        };
        live.keep_connection(checked, Kept { alias: None, excluded: Vec::new(), renews: None }).unwrap();
    }

    /// Syncs and disconnects that can be undone or redone, newest first.
    fn syncs(&self, undone: bool) -> Vec<Change> {
        let changes = self.bench.live.store.read().unwrap().changes(None, usize::MAX).unwrap();
        let is_sync = |change: &Change| {
            let is_connecting = change.kind == ChangeKind::Sync && change.source.starts_with("connected");
            matches!(change.kind, ChangeKind::Sync | ChangeKind::Edit) && !is_connecting && change.undone == undone
        };
        changes.into_iter().filter(is_sync).collect()
    }

    fn toggle(&self, nth: usize, undo: bool) {
        let syncs = self.syncs(!undo);
        if let Some(change) = syncs.get(nth % syncs.len().max(1)) {
            // Refused where an account would count twice.
            let _ = toggle::toggle(&self.bench.live.store, Some(change.id), undo, self.bench.clock.now());
        }
    }

    async fn apply(&mut self, event: &Event) {
        match event {
            Event::Book(account, amount) => {
                self.next_row += 1;
                let (id, day) = (format!("r{}", self.next_row), self.bank.now.date_naive());
                self.bank.rows.entry(ACCOUNTS[*account]).or_default().push((id, day, *amount));
            }
            Event::Pass(count) => self.bank.now += days(*count),
            Event::Clock(hours) => self.clock_hours = *hours,
            Event::Sync | Event::Fail(_) | Event::RefusePart(_) | Event::Refuse => {
                let mut bank = self.bank.clone();
                match event {
                    Event::Fail(after) => bank.fails_after = Some(*after),
                    Event::RefusePart(account) => bank.refuses_part = Some(ACCOUNTS[*account]),
                    Event::Refuse => bank.refuses = true,
                    _ => {}
                }
                self.sync(bank).await;
            }
            Event::Connect => self.connect().await,
            Event::Disconnect => {
                if let Some(connection) = self.counting() {
                    self.bench.live.disconnect(connection.id, false).await.unwrap();
                }
            }
            Event::Undo(nth) => self.toggle(*nth, true),
            Event::Redo(nth) => self.toggle(*nth, false),
        }
        self.set_clock();
    }

    /// Rows of accounts that count: account, id, amount.
    fn counting_rows(&self) -> Vec<String> {
        let reader = self.bench.live.store.read().unwrap();
        let connections = reader.connections().unwrap();
        let counts =
            |account: &Account| connections.iter().any(|known| known.id == account.connection_id && known.counts());
        let counting: Vec<Account> = reader.accounts().unwrap().into_iter().filter(counts).collect();
        let mut ids: Vec<_> = counting.iter().map(|account| account.provider_account_id.as_str()).collect();
        ids.sort_unstable();
        let unique = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), unique, "every account counts once");
        let mut rows = Vec::new();
        let mut take = |row: Transaction, _: &_| {
            if let Some(account) = counting.iter().find(|account| account.id == row.account_id)
                && row.facts.status != TransactionStatus::Cancelled
            {
                let id = row.facts.provider_id.as_deref().unwrap_or_default().to_owned();
                rows.push(format!("{} {id} {}", account.provider_account_id, row.facts.amount));
            }
            std::ops::ControlFlow::Continue(())
        };
        reader.scan(&mut take).unwrap();
        rows.sort();
        rows
    }

    fn truth(&self) -> Vec<String> {
        let rows = self.bank.rows.iter();
        let mut all: Vec<String> = rows
            .flat_map(|(account, rows)| rows.iter().map(move |(id, _, amount)| format!("{account} {id} {amount}")))
            .collect();
        all.sort();
        all
    }

    /// No row is doubled or made up.
    fn check(&self) {
        let (rows, truth) = (self.counting_rows(), self.truth());
        let mut unique = rows.clone();
        unique.dedup();
        assert_eq!(unique.len(), rows.len(), "no row twice: {rows:?}");
        assert!(rows.iter().all(|row| truth.contains(row)), "no row made up: {rows:?} of {truth:?}");
    }

    /// With a right clock and a login, two syncs bring everything, and the net worth is the bank's.
    async fn recover(&mut self) {
        self.clock_hours = 0;
        self.set_clock();
        self.connect().await;
        for _ in 0..2 {
            self.sync(self.bank.clone()).await;
        }
        self.check();
        assert_eq!(self.counting_rows(), self.truth(), "no row lost");
        let id = self.counting().unwrap().id;
        let reader = self.bench.live.store.read().unwrap();
        let accounts: Vec<Account> =
            reader.accounts().unwrap().into_iter().filter(|account| account.connection_id == id).collect();
        let worth: Decimal = accounts
            .iter()
            .filter_map(|account| reader.latest_snapshot(account.id).unwrap().map(|snapshot| snapshot.balance))
            .sum();
        let owned: i64 = self.bank.rows.values().flatten().map(|(.., amount)| amount).sum();
        assert_eq!((accounts.len(), worth), (3, Decimal::from(owned)));
        drop(reader);
        let changes = self.bench.changes();
        self.sync(self.bank.clone()).await;
        assert_eq!(self.bench.changes(), changes, "one more sync changes nothing");
    }
}

#[test]
fn random_lives_of_connections_lose_double_and_invent_nothing() {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(100);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut runner = TestRunner::new(ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() });
    runner
        .run(&prop::collection::vec(event(), 1..30), |events| {
            runtime.block_on(async {
                let mut life = Life::new();
                life.connect().await;
                for event in &events {
                    life.apply(event).await;
                    life.check();
                }
                life.recover().await;
            });
            Ok(())
        })
        .unwrap();
}
