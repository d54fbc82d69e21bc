//! Stands in for the ledger's view until that is merged.
#![allow(missing_docs, clippy::all, clippy::pedantic, unreachable_pub, reason = "goes away")]
use std::{ops::ControlFlow, sync::Arc};

use crate::{
    columns::Columns,
    domain::*,
    ledger::{
        Query, Sort, Sums, order,
        query::Expr,
        search::{RowSet, Scope, search},
        sums,
    },
    store::{Reader, Store, StoreError},
};

#[derive(Debug, Clone, PartialEq)]
pub struct ListRequest {
    pub account: Option<AccountId>,
    pub query: Query,
    pub sort: Sort,
}
#[derive(Debug, Clone)]
pub struct Entry {
    pub transaction: Transaction,
    pub user: UserFields,
}
#[derive(Debug, Clone)]
pub struct AccountLine {
    pub account: Account,
    pub balance: Option<Balance>,
    pub connection: Arc<Connection>,
    pub transaction_count: u64,
}
#[derive(Debug, Clone)]
pub struct HoldingLine {
    pub holding: Holding,
    pub account_name: String,
}
#[derive(Clone)]
enum Rows {
    Ids(Arc<Vec<TransactionId>>),
}
#[derive(Clone)]
pub struct Listing {
    rows: Rows,
    sums: Vec<(Money, u64)>,
}
impl std::fmt::Debug for Listing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Listing({})", self.len())
    }
}
impl Listing {
    pub fn len(&self) -> usize {
        let Rows::Ids(ids) = &self.rows;
        ids.len()
    }
    pub fn id(&self, index: usize) -> Option<TransactionId> {
        let Rows::Ids(ids) = &self.rows;
        ids.get(index).copied()
    }
    pub fn position_of(&self, id: TransactionId) -> Option<usize> {
        let Rows::Ids(ids) = &self.rows;
        ids.iter().position(|x| *x == id)
    }
    pub fn sums(&self) -> &[(Money, u64)] {
        &self.sums
    }
}
#[derive(Clone)]
pub struct View {
    reader: Arc<Reader>,
    accounts: Arc<Vec<AccountLine>>,
    connections: Arc<Vec<Connection>>,
    columns: Option<Arc<Columns>>,
    generation: u64,
    count: u64,
}
impl std::fmt::Debug for View {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "View({})", self.generation)
    }
}
pub type LedgerError = StoreError;
impl View {
    pub fn accounts(&self) -> &[AccountLine] {
        &self.accounts
    }
    pub fn connections(&self) -> &[Connection] {
        &self.connections
    }
    pub fn holdings(&self) -> Result<Vec<HoldingLine>, LedgerError> {
        Ok(self.reader.holdings()?.into_iter().map(|holding| HoldingLine { account_name: String::new(), holding }).collect())
    }
    pub fn transaction_count(&self) -> u64 {
        self.count
    }
    pub fn entry(&self, id: TransactionId) -> Result<Option<Entry>, LedgerError> {
        let Some(transaction) = self.reader.transaction(id)? else { return Ok(None) };
        Ok(Some(Entry { transaction, user: self.reader.user_fields(id)? }))
    }
    pub fn changes(&self, before: Option<ChangeId>, limit: usize) -> Result<Vec<Change>, LedgerError> {
        self.reader.changes(before, limit)
    }
    pub fn change_rows(&self, c: ChangeId, offset: u64, limit: usize) -> Result<Vec<Entry>, LedgerError> {
        let ids = self.reader.rows_of_change(c, offset, limit)?;
        let mut rows = Vec::new();
        for id in ids {
            rows.extend(self.entry(id)?);
        }
        Ok(rows)
    }
    pub fn snapshots(&self, a: AccountId) -> Result<Vec<Snapshot>, LedgerError> {
        self.reader.snapshots(a)
    }
    pub fn has_columns(&self) -> bool {
        self.columns.is_some()
    }
    pub fn load_columns(&self) -> Result<Arc<Columns>, LedgerError> {
        let mut rows = Vec::new();
        self.reader.scan(|t, u| {
            rows.push((t, u.clone()));
            ControlFlow::Continue(())
        })?;
        Ok(Arc::new(Columns::from_rows(rows.iter().map(|(t, u)| (t, u))).unwrap_or_default()))
    }
    pub fn with_columns(&self, columns: Arc<Columns>) -> View {
        View { columns: Some(columns), ..self.clone() }
    }
    pub fn generation(&self) -> u64 {
        self.generation
    }
    pub fn list(&self, r: &ListRequest) -> Result<Listing, LedgerError> {
        let columns = match &self.columns {
            Some(c) => Arc::clone(c),
            None => self.load_columns()?,
        };
        let scope = Scope::new(self.accounts.iter().map(|l| &l.account));
        let mut set = search(&columns, &scope, r.query.expr(), None);
        if let Some(account) = r.account {
            let mut own = RowSet::none(columns.len());
            for row in set.iter() {
                if columns.account(row) == Some(account) {
                    own.insert(row);
                }
            }
            set = own;
        }
        let rows = set.in_order(&order(&columns, &scope, r.sort));
        let Sums { totals, .. } = sums(&columns, Some(&set));
        Ok(Listing { rows: Rows::Ids(Arc::new(rows.into_iter().filter_map(|row| columns.id(row)).collect())), sums: totals })
    }
}
#[derive(Clone)]
pub struct Ledger(Store);
impl Ledger {
    pub fn new(store: Store) -> Self {
        Self(store)
    }
    pub fn view(&self) -> Result<View, LedgerError> {
        let reader = self.0.read()?;
        let connections = reader.connections()?;
        let mut accounts = Vec::new();
        for account in reader.accounts()? {
            let Some(connection) = connections.iter().find(|c| c.id == account.connection_id) else { continue };
            let balance = reader.latest_snapshot(account.id)?.map(|s| Balance {
                current: Money::new(s.balance, s.currency),
                available: s.available,
                as_of: s.date,
            });
            accounts.push(AccountLine { transaction_count: reader.count_of(account.id)?, balance, connection: Arc::new(connection.clone()), account });
        }
        accounts.sort_by(|a, b| (&a.account.institution, a.account.display_name()).cmp(&(&b.account.institution, b.account.display_name())));
        let count = reader.transaction_count()?;
        Ok(View { generation: self.0.generation(), count, accounts: Arc::new(accounts), connections: Arc::new(connections), columns: None, reader: Arc::new(reader) })
    }
}
#[allow(unused)]
fn unused(_: Expr) {}
