//! A consistent view of everything, as it was when it was taken.

use std::{
    collections::HashMap,
    ops::ControlFlow,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use chrono::{DateTime, NaiveDate, Utc};

use super::{
    BalanceHistory, By, Daily, Group, GroupSort, Query, RowList, Sort, Standing, aggregate,
    error::{LedgerError, Result},
    holdings::{self, HoldingLine},
    order::order,
    search::AccountNames,
    sort_groups,
};
use crate::{
    columns::{CHUNK_ROWS, ChunkBuilder, Columns, ColumnsError, searchable},
    domain::{
        Account, AccountId, Balance, Change, ChangeId, Connection, ConnectionId, ConnectionStatus, Holding, Money,
        PairStanding, RowPair, Snapshot, Transaction, TransactionFacts, TransactionId, TransactionSubtype, UserFields,
    },
    store::{Reader, Requests, Store},
};

/// Takes views of a store.
#[derive(Debug, Clone)]
pub struct Ledger {
    store: Store,
    /// See [`View::until`].
    until: Option<NaiveDate>,
    /// See [`Ledger::on`].
    today: Option<NaiveDate>,
}

impl Ledger {
    /// Reads from this store.
    #[must_use]
    pub const fn new(store: Store) -> Self {
        Self { store, until: None, today: None }
    }

    /// A ledger without data.
    pub fn empty() -> Result<Self> {
        Ok(Self::new(Store::in_memory()?))
    }

    pub(super) const fn store(&self) -> &Store {
        &self.store
    }

    /// A ledger of the state at the end of a day, from the data of today: later rows, balances and positions are left out.
    #[must_use]
    pub fn until(&self, day: NaiveDate) -> Self {
        Self { store: self.store.clone(), until: Some(day), today: self.today }
    }

    /// The same ledger on a day: pending rows that were not posted in time before it don't count.
    #[must_use]
    pub fn on(&self, today: NaiveDate) -> Self {
        Self { today: Some(today), ..self.clone() }
    }

    /// A view of the current state. Cheap: reads accounts, balances and connections; rows are read on demand.
    pub fn view(&self) -> Result<View> {
        let reader = self.store.read()?;
        let connections = reader.connections()?;
        let shared: HashMap<ConnectionId, Arc<Connection>> =
            connections.iter().map(|connection| (connection.id, Arc::new(connection.clone()))).collect();
        let mut accounts = Vec::new();
        for account in reader.accounts()? {
            let connection =
                shared.get(&account.connection_id).cloned().unwrap_or_else(|| Arc::new(missing_connection(&account)));
            let stated = reader.latest_snapshot(account.id)?;
            accounts.push(AccountLine {
                balance: stated.as_ref().map(balance),
                standing: if stated.is_some() { Standing::Stated } else { Standing::Unknown },
                transaction_count: reader.count_of(account.id)?,
                connection,
                account,
            });
        }
        accounts.sort_by_cached_key(|line| {
            let folded = |text: &str| searchable(text).into_owned();
            (folded(&line.account.institution), folded(line.account.display_name()), line.account.id)
        });
        let inner = SharedView {
            generation: reader.generation(),
            transaction_count: reader.transaction_count()?,
            scope: AccountNames::new(accounts.iter().map(|line| &line.account)),
            connections,
            requests: reader.requests()?,
            reader,
            daily: OnceLock::new(),
            transfers: OnceLock::new(),
            source: Mutex::default(),
            positions: Mutex::default(),
        };
        let view =
            View { inner: Arc::new(inner), accounts: accounts.into(), loaded: None, until: None, today: self.today };
        if self.until.is_some() { view.until(self.until) } else { Ok(view) }
    }
}

/// A placeholder for the missing connection of an account.
fn missing_connection(account: &Account) -> Connection {
    Connection {
        status: ConnectionStatus::Disconnected,
        ..Connection::new(account.connection_id, "", account.institution.as_str())
    }
}

pub(super) fn balance(snapshot: &Snapshot) -> Balance {
    let current = Money::new(snapshot.balance, snapshot.currency);
    Balance { current, available: snapshot.available, as_of: snapshot.date }
}

/// An account with the figures that lists show.
#[derive(Debug, Clone)]
pub struct AccountLine {
    /// The account.
    pub account: Account,
    /// Its balance: the newest stated one, or that of a day ([`View::balances_on`]). `None` if it is unknown.
    pub balance: Option<Balance>,
    /// The evidence behind the balance.
    pub standing: Standing,
    /// The connection that delivers it.
    pub connection: Arc<Connection>,
    /// How many rows it has.
    pub transaction_count: u64,
}

/// A row with the user's own fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerEntry {
    /// The row.
    pub transaction: Transaction,
    /// The user's own fields.
    pub user: UserFields,
}

impl LedgerEntry {
    /// The payee to show: the user's, else the institution's.
    #[must_use]
    pub fn payee(&self) -> &str {
        let own = self.user.payee.as_deref().filter(|payee| !payee.is_empty());
        own.unwrap_or_else(|| self.transaction.facts.payee())
    }
}

/// A request for a list of rows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListRequest {
    /// Only rows of this account.
    pub account: Option<AccountId>,
    /// Only rows that match.
    pub query: Query,
    /// In this order.
    pub sort: Sort,
}

/// The change of a kept source, and its files with their texts.
pub(super) type SourceTexts = (ChangeId, SourceFiles);

/// Names and texts of the files in a kept source.
pub type SourceFiles = Arc<[(String, String)]>;

/// A consistent state of all data at one moment. Clones share it.
#[derive(Debug, Clone)]
pub struct View {
    pub(super) inner: Arc<SharedView>,
    pub(super) accounts: Arc<[AccountLine]>,
    pub(super) loaded: Option<Arc<LoadedView>>,
    /// The last day of its rows, balances and positions.
    pub(super) until: Option<NaiveDate>,
    /// The day on which pending rows may have expired.
    pub(super) today: Option<NaiveDate>,
}

pub(super) struct SharedView {
    pub(super) reader: Reader,
    generation: u64,
    transaction_count: u64,
    connections: Vec<Connection>,
    requests: Vec<Requests>,
    pub(super) scope: AccountNames,
    /// Computed on first use.
    pub(super) daily: OnceLock<Arc<Daily>>,
    /// The texts of the source read last.
    pub(super) source: Mutex<Option<SourceTexts>>,
    /// All versions of all positions; read on first use.
    pub(super) positions: Mutex<Option<Arc<[Holding]>>>,
    /// See [`View::with_true_kind`]; computed on first use, without columns only.
    pub(super) transfers: OnceLock<HashMap<TransactionId, TransactionSubtype>>,
}

impl std::fmt::Debug for SharedView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inner").field("generation", &self.generation).finish_non_exhaustive()
    }
}

/// Sort orders kept: the current one and the one before it.
const ORDERS: usize = 2;

pub(super) struct LoadedView {
    pub(super) columns: Arc<Columns>,
    /// Orders other than newest first, the last used at the end.
    orders: Mutex<Vec<(Sort, Arc<[u32]>)>>,
}

impl std::fmt::Debug for LoadedView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loaded").field("rows", &self.columns.len()).finish_non_exhaustive()
    }
}

impl LoadedView {
    fn order(&self, scope: &AccountNames, sort: Sort) -> Arc<[u32]> {
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = orders.iter().position(|(kept, _)| *kept == sort).map(|place| orders.remove(place).1);
        let rows = kept.unwrap_or_else(|| order(&self.columns, scope, sort).into());
        if orders.len() >= ORDERS {
            orders.remove(0);
        }
        orders.push((sort, Arc::clone(&rows)));
        rows
    }
}

/// Rows of a change that are sorted; reading the days of more takes too long for a page.
const MOST_SORTED: usize = 10_000;

impl View {
    /// The generation of the store that this is a view of.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.inner.generation
    }

    /// Whether the store's file has much unused room.
    #[must_use]
    pub fn is_compactable(&self) -> bool {
        self.inner.reader.is_compactable()
    }

    /// All accounts, by institution, then name.
    #[must_use]
    pub fn accounts(&self) -> &[AccountLine] {
        &self.accounts
    }

    /// One account, or the account that it is merged into.
    #[must_use]
    pub fn account(&self, id: AccountId) -> Option<&AccountLine> {
        let id = self.inner.reader.merges().head(id);
        self.accounts.iter().find(|line| line.account.id == id)
    }

    /// The accounts that are merged into one, as their sources have them.
    pub fn parts(&self, id: AccountId) -> Result<Vec<Account>> {
        let mut parts = Vec::new();
        for part in self.inner.reader.merges().parts(id).into_iter().skip(1) {
            parts.extend(self.inner.reader.source_account(part)?);
        }
        Ok(parts)
    }

    /// Requests made of a provider on the UTC day of `now`, as far as they are noted: for those with a daily budget.
    #[must_use]
    pub fn requests_of_day(&self, provider: &str, now: DateTime<Utc>) -> u32 {
        let noted = self.inner.requests.iter().find(|noted| noted.provider == provider);
        noted.filter(|noted| noted.day == now.date_naive()).map_or(0, |noted| noted.count)
    }

    /// All connections, by id.
    #[must_use]
    pub fn connections(&self) -> &[Connection] {
        &self.inner.connections
    }

    /// Positions that are still held, with the account's name, largest first within a currency.
    pub fn holdings(&self) -> Result<Vec<HoldingLine>> {
        let Some(day) = self.until else { return Ok(holdings::lines(self.inner.reader.holdings()?, self.accounts())) };
        let mut stated = HashMap::new();
        for line in self.accounts() {
            let snapshots = self.inner.reader.snapshots(line.account.id)?;
            stated.extend(snapshots.iter().map(|it| ((line.account.id, it.change_id), it.date)));
        }
        let merges = self.inner.reader.merges();
        let held = holdings::on(self.inner.reader.holding_versions()?, day, |holding| {
            stated.get(&(merges.head(holding.account_id), holding.change_id)).copied()
        });
        // Of a merged account the part counts that listed last until that day.
        let held = merges.holdings(held);
        Ok(holdings::lines(held, self.accounts()))
    }

    /// How many rows there are in all accounts.
    #[must_use]
    pub fn transaction_count(&self) -> u64 {
        match self.until {
            Some(_) => self.accounts.iter().map(|line| line.transaction_count).sum(),
            None => self.inner.transaction_count,
        }
    }

    /// How many rows the store has, also after the last day of this view.
    pub(super) fn stored_rows(&self) -> u64 {
        self.inner.transaction_count
    }

    /// A row; `None` if this view has no such row.
    pub fn entry(&self, id: TransactionId) -> Result<Option<LedgerEntry>> {
        let Some(transaction) = self.inner.reader.transaction(id)? else { return Ok(None) };
        let transaction = self.with_true_kind(transaction)?;
        Ok(Some(LedgerEntry { transaction, user: self.inner.reader.user_fields(id)? }))
    }

    /// Pairs of rows that may be one and wait for a decision, with the older row first.
    pub fn open_pairs(&self) -> Result<Vec<(RowPair, LedgerEntry, LedgerEntry)>> {
        let mut found = Vec::new();
        for pair in self.open_row_pairs()? {
            if let (Some(older), Some(newer)) = (self.entry(pair.older)?, self.entry(pair.newer)?) {
                found.push((pair, older, newer));
            }
        }
        Ok(found)
    }

    /// As [`View::open_pairs`], without the rows.
    pub fn open_row_pairs(&self) -> Result<Vec<RowPair>> {
        let pairs = self.inner.reader.row_pairs()?.into_iter();
        Ok(pairs.filter(|pair| pair.standing == PairStanding::Open).collect())
    }

    /// Rows of a list, from `offset` on: the page on screen, an export.
    pub fn entries(&self, listing: &RowList, offset: usize, limit: usize) -> Result<Vec<LedgerEntry>> {
        let ids = listing.ids(offset..offset.saturating_add(limit))?;
        let mut entries = Vec::with_capacity(ids.len());
        for id in ids {
            entries.extend(self.entry(id)?);
        }
        Ok(entries)
    }

    /// The journal before an entry, or its end; newest first.
    pub fn changes(&self, before: Option<ChangeId>, limit: usize) -> Result<Vec<Change>> {
        let Some(day) = self.until else { return Ok(self.inner.reader.changes(before, limit)?) };
        let changes = self.inner.reader.changes(before, usize::MAX)?;
        Ok(changes.into_iter().filter(|change| change.at.date_naive() <= day).take(limit).collect())
    }

    /// One entry of the journal.
    pub fn change(&self, id: ChangeId) -> Result<Option<Change>> {
        Ok(self.inner.reader.change(id)?)
    }

    /// The rows that a change added or amended, newest first as in lists; those of a very large change in the order of its
    /// sources. Rows that are gone are left out.
    pub fn change_rows(&self, change: ChangeId, offset: u64, limit: usize) -> Result<Vec<LedgerEntry>> {
        let reader = &self.inner.reader;
        let all = reader.rows_of_change(change, 0, MOST_SORTED + 1)?;
        let page = if all.len() > MOST_SORTED {
            reader.rows_of_change(change, offset, limit)?
        } else {
            let mut dated = Vec::with_capacity(all.len());
            for id in all {
                dated.push((reader.transaction(id)?.map(|row| row.facts.date), id));
            }
            dated.sort_unstable_by(|a, b| b.cmp(a));
            let first = usize::try_from(offset).unwrap_or(usize::MAX);
            dated.into_iter().skip(first).take(limit).map(|(_, id)| id).collect()
        };
        let mut entries = Vec::new();
        for id in page {
            entries.extend(self.entry(id)?);
        }
        Ok(entries)
    }

    /// The balances of an account, by day.
    pub fn snapshots(&self, account: AccountId) -> Result<Vec<Snapshot>> {
        let mut snapshots = self.inner.reader.snapshots(account)?;
        if let Some(day) = self.until {
            snapshots.retain(|snapshot| snapshot.date <= day);
        }
        Ok(snapshots)
    }

    /// This view with the balances of the accounts at the end of a day. While the columns of many rows are not loaded, only
    /// stated balances are known: repeat it then.
    ///
    /// # Errors
    /// When the store can't be read.
    pub fn balances_on(&self, day: NaiveDate) -> Result<Self> {
        let daily = self.daily_or_stated()?;
        let line = |(line, history): (&AccountLine, &BalanceHistory)| {
            let figure = history.on(day);
            AccountLine {
                balance: figure.map(|figure| Balance {
                    current: figure.balance,
                    available: figure.available,
                    as_of: figure.as_of,
                }),
                standing: figure.map_or(Standing::Unknown, |figure| figure.standing),
                ..line.clone()
            }
        };
        let accounts = self.accounts.iter().zip(daily.histories()).map(line).collect();
        Ok(Self { accounts, ..self.clone() })
    }

    /// Whether the daily balances need columns that are not loaded yet.
    #[must_use]
    pub fn needs_columns(&self) -> bool {
        self.loaded.is_none() && self.stored_rows() > super::daily::FEW_ROWS
    }

    /// The last day of its rows, balances and positions; `None` for a view of everything.
    #[must_use]
    pub const fn last_day(&self) -> Option<NaiveDate> {
        self.until
    }

    /// Whether a row is pending and was not posted in time.
    #[must_use]
    pub fn has_expired(&self, facts: &TransactionFacts) -> bool {
        self.today.is_some_and(|today| facts.has_expired(today))
    }

    /// Whether searching and sorting is possible.
    #[must_use]
    pub const fn has_columns(&self) -> bool {
        self.loaded.is_some()
    }

    /// Reads the columns of all rows, which takes a tenth of a second per million: work for a worker thread.
    pub fn load_columns(&self) -> Result<Arc<Columns>> {
        let mut failed = None;
        let blobs =
            self.inner.reader.column_chunks()?.map_while(|blob| blob.map_err(|error| failed = Some(error)).ok());
        let columns = Columns::from_chunks(blobs);
        if let Some(error) = failed {
            return Err(error.into());
        }
        // The checksum is valid but the content is not: written by a buggy version. Rebuild it from the rows.
        let mut columns = match columns {
            Ok(columns) => columns,
            Err(ColumnsError::Version { .. } | ColumnsError::Damaged { .. } | ColumnsError::Misplaced { .. }) => {
                self.columns_of_rows()?
            }
            Err(error @ ColumnsError::TooMany { .. }) => return Err(error.into()),
        };
        let merges = self.inner.reader.merges();
        if !merges.is_empty() {
            columns.merge_accounts(|account| merges.head(account));
        }
        if let Some(last) = self.today.and_then(TransactionFacts::last_pending_day) {
            columns.end_pending(last);
        }
        super::transfers::correct(&mut columns, |account| self.category(account));
        let _ = columns.newest_first();
        Ok(Arc::new(columns))
    }

    fn columns_of_rows(&self) -> Result<Columns> {
        let (mut blobs, mut builder, mut failed) = (Vec::new(), ChunkBuilder::new(0), None);
        self.inner.reader.scan(|row, user| {
            let chunk = row.id.0 / CHUNK_ROWS;
            if builder.chunk() != chunk {
                blobs.push(std::mem::replace(&mut builder, ChunkBuilder::new(chunk)).finish());
            }
            match builder.push(&row, user) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    failed = Some(error);
                    ControlFlow::Break(())
                }
            }
        })?;
        blobs.push(builder.finish());
        failed.map_or_else(|| Ok(Columns::from_chunks(&blobs)?), |error| Err(error.into()))
    }

    /// This view with the columns that [`View::load_columns`] of the same view gave.
    #[must_use]
    pub fn with_columns(&self, columns: Arc<Columns>) -> Self {
        let loaded = LoadedView { columns, orders: Mutex::default() };
        Self { loaded: Some(Arc::new(loaded)), ..self.clone() }
    }

    /// The columns, once they are there.
    #[must_use]
    pub fn columns(&self) -> Option<&Arc<Columns>> {
        self.loaded.as_ref().map(|loaded| &loaded.columns)
    }

    /// Rows that match, in order. Without columns only the newest rows first, all or of one account.
    pub fn list(&self, request: &ListRequest) -> Result<RowList> {
        self.list_from(request, None)
    }

    /// As [`View::list`]; where the request narrows that of `previous`, only its rows are looked at.
    pub fn list_from(&self, request: &ListRequest, previous: Option<&RowList>) -> Result<RowList> {
        let cut;
        let request = match self.until {
            Some(day) => {
                cut = ListRequest { query: request.query.clone().within(None, Some(day)), ..request.clone() };
                &cut
            }
            None => request,
        };
        let Some(loaded) = &self.loaded else {
            if request.query.is_all() && request.sort == Sort::default() {
                return RowList::pages(Arc::clone(&self.inner), request);
            }
            return Err(LedgerError::NeedsColumns);
        };
        let order = loaded.order(&self.inner.scope, request.sort);
        Ok(RowList::search(&self.inner, &loaded.columns, request, &order, previous))
    }

    /// Sums the rows of a list by month, payee, account …, in the order of `sort`, else of the grouping.
    pub fn aggregates(&self, listing: &RowList, by: By, sort: Option<GroupSort>) -> Result<Vec<Group>> {
        let loaded = self.loaded.as_ref().ok_or(LedgerError::NeedsColumns)?;
        let again = if listing.is_of(&loaded.columns) { None } else { Some(self.list(listing.request())?) };
        let scope = &self.inner.scope;
        let mut groups = aggregate(&loaded.columns, scope, again.as_ref().unwrap_or(listing).rows(), by);
        if let Some(sort) = sort {
            sort_groups(&mut groups, scope, sort);
        }
        Ok(groups)
    }
}
