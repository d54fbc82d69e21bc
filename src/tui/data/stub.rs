//! Stand-ins until the ledger and the engine are merged.
#![allow(missing_docs, clippy::all, clippy::pedantic, reason = "goes away")]
use std::{ops::Range, sync::Arc};

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::{domain::*, sync::{Command, Event, JobId}};

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Query(pub String);
#[derive(Debug, Clone, PartialEq)]
pub struct Problem { pub range: Range<usize>, pub hint: String }
impl Query {
    pub fn parse(text: &str) -> Self { Self(text.to_owned()) }
    pub fn problems(&self) -> Vec<Problem> {
        self.0.find("amt<x").map(|at| Problem { range: at..at + 5, hint: "`x` is no amount: write amt<-4.50".into() }).into_iter().collect()
    }
    pub fn is_empty(&self) -> bool { self.0.trim().is_empty() }
}
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortKey { Date, Amount, Payee, Account, Type, Status }
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort { pub key: SortKey, pub descending: bool }
impl Default for Sort { fn default() -> Self { Self { key: SortKey::Date, descending: true } } }
#[derive(Debug, Clone, PartialEq)]
pub struct ListRequest { pub account: Option<AccountId>, pub query: Query, pub sort: Sort }
#[derive(Debug, Clone)]
pub struct Entry { pub transaction: Transaction, pub user: UserFields }
#[derive(Debug, Clone)]
pub struct AccountLine { pub account: Account, pub balance: Option<Balance>, pub connection: Arc<Connection>, pub transaction_count: u64 }
#[derive(Debug, Clone)]
pub struct HoldingLine { pub holding: Holding, pub account_name: String }
#[derive(Debug, Clone, Default)]
pub struct Listing { pub ids: Arc<Vec<TransactionId>>, pub sums: Vec<(Money, u64)> }
impl Listing {
    pub fn len(&self) -> usize { self.ids.len() }
    pub fn id(&self, index: usize) -> Option<TransactionId> { self.ids.get(index).copied() }
    pub fn position_of(&self, id: TransactionId) -> Option<usize> { self.ids.iter().position(|x| *x == id) }
    pub fn sums(&self) -> Vec<(Money, u64)> { self.sums.clone() }
}
#[derive(Debug, Clone, Default)]
pub struct View(pub Arc<Inner>);
#[derive(Debug, Clone, Default)]
pub struct Inner { pub accounts: Vec<AccountLine>, pub connections: Vec<Connection>, pub rows: Vec<Entry>, pub changes: Vec<Change>, pub snapshots: Vec<Snapshot>, pub holdings: Vec<HoldingLine> }
#[derive(Debug, Clone, thiserror::Error)]
#[error("stub")]
pub struct LedgerError;
impl View {
    pub fn accounts(&self) -> &[AccountLine] { &self.0.accounts }
    pub fn connections(&self) -> &[Connection] { &self.0.connections }
    pub fn holdings(&self) -> Result<Vec<HoldingLine>, LedgerError> { Ok(self.0.holdings.clone()) }
    pub fn transaction_count(&self) -> u64 { self.0.rows.len() as u64 }
    pub fn entry(&self, id: TransactionId) -> Result<Option<Entry>, LedgerError> { Ok(self.0.rows.iter().find(|e| e.transaction.id == id).cloned()) }
    pub fn changes(&self, _before: Option<ChangeId>, _limit: usize) -> Result<Vec<Change>, LedgerError> { Ok(self.0.changes.clone()) }
    pub fn change_rows(&self, c: ChangeId, offset: u64, limit: usize) -> Result<Vec<Entry>, LedgerError> { Ok(self.0.rows.iter().filter(|e| e.transaction.change_id == c).skip(offset as usize).take(limit).cloned().collect()) }
    pub fn snapshots(&self, a: AccountId) -> Result<Vec<Snapshot>, LedgerError> { Ok(self.0.snapshots.iter().filter(|s| s.account_id == a).cloned().collect()) }
    pub fn has_columns(&self) -> bool { true }
    pub fn load_columns(&self) -> Result<Arc<()>, LedgerError> { Ok(Arc::new(())) }
    pub fn with_columns(&self, _: Arc<()>) -> View { self.clone() }
    pub fn generation(&self) -> u64 { 0 }
    pub fn list(&self, r: &ListRequest) -> Result<Listing, LedgerError> {
        let needle = r.query.0.to_lowercase();
        let mut rows: Vec<&Entry> = self.0.rows.iter().filter(|e| r.account.is_none_or(|a| a == e.transaction.account_id))
            .filter(|e| e.transaction.facts.payee().to_lowercase().contains(&needle)).collect();
        match r.sort.key {
            SortKey::Amount => rows.sort_by_key(|e| e.transaction.facts.amount),
            SortKey::Payee => rows.sort_by_key(|e| e.transaction.facts.payee().to_owned()),
            _ => rows.sort_by_key(|e| (e.transaction.facts.date, e.transaction.id)),
        }
        if r.sort.descending { rows.reverse(); }
        let total: Decimal = rows.iter().map(|e| e.transaction.facts.amount).sum();
        Ok(Listing { ids: Arc::new(rows.iter().map(|e| e.transaction.id).collect()), sums: vec![(Money::new(total, AssetCode::USD), rows.len() as u64)] })
    }
}
#[derive(Debug, Clone)]
pub struct Ledger(pub View);
impl Ledger { pub fn view(&self) -> Result<View, LedgerError> { Ok(self.0.clone()) } }

#[derive(Clone, Debug, Default)]
pub struct Handle { pub sent: Arc<std::sync::Mutex<Vec<Command>>>, next: Arc<std::sync::atomic::AtomicU64> }
impl Handle {
    pub fn job(&self) -> JobId { JobId(self.next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) }
    pub fn send(&self, command: Command) { self.sent.lock().unwrap().push(command); }
    pub fn subscribe(&self) -> EventStream { EventStream }
    pub async fn idle(&self) {}
}
pub struct EventStream;
impl EventStream {
    pub async fn next(&mut self) -> Option<Event> { std::future::pending().await }
    pub fn try_next(&mut self) -> Option<Event> { None }
}

/// Made-up data to look at.
pub fn sample() -> Ledger {
    use chrono::{Duration, TimeZone, Utc};
    let now = Utc.with_ymd_and_hms(2026, 11, 20, 14, 30, 0).unwrap();
    let mut inner = Inner::default();
    for (id, inst) in [(1, "Chase"), (2, "Vanguard")] {
        inner.connections.push(Connection { id: ConnectionId(id), provider: if id == 1 { "chase_file".into() } else { "ofx_file".into() }, institution: inst.into(), institution_key: String::new(), alias: None, status: ConnectionStatus::Active, environment: None, connected_at: Some(now), last_sync_at: Some(now - Duration::hours(5 * id as i64)), next_sync_at: None, login_expires_at: None, error: None });
    }
    for (id, conn, name, ty, bal) in [(1u64, 1u64, "Total Checking", AccountType::Checking, 512_340i64), (2, 1, "Freedom", AccountType::CreditCard, -123_456), (3, 2, "Brokerage", AccountType::Brokerage, 11_240_055), (4, 2, "Roth IRA", AccountType::RothIra, 6_700_012)] {
        let account = Account { id: AccountId(id), connection_id: ConnectionId(conn), provider_account_id: id.to_string(), number_masked: format!("****{}", 7889 + id), name: name.into(), alias: None, institution: if conn == 1 { "Chase".into() } else { "Vanguard".into() }, account_type: ty, type_override: None, currency: AssetCode::USD, is_active: true, missed_listings: 0, last_synced_at: Some(now) };
        inner.accounts.push(AccountLine { account, balance: Some(Balance { current: Money::from_cents(bal, AssetCode::USD), available: (conn == 1).then(|| Decimal::new(876_544, 2)), as_of: NaiveDate::from_ymd_opt(2026, 11, 20 - id as u32).unwrap() }), connection: Arc::new(inner.connections[conn as usize - 1].clone()), transaction_count: 60 });
        for d in 0..300i64 {
            inner.snapshots.push(Snapshot { account_id: AccountId(id), date: NaiveDate::from_ymd_opt(2026, 1, 20).unwrap() + Duration::days(d), change_id: ChangeId(1), balance: Decimal::new(bal - (300 - d) * (400 + (d * 37 % 101) * 13), 2), available: None, holdings_value: None, cash_value: None, currency: AssetCode::USD, source: SnapshotSource::AccountSync, captured_at: now });
        }
    }
    for i in 0..180u64 {
        let payees = ["Blue Bottle Coffee", "Stumptown", "Whole Foods Market", "Payroll ACME Corporation", "日本語カフェ", "Pacific Gas & Electric"];
        let mut facts = TransactionFacts::new(NaiveDate::from_ymd_opt(2026, 11, 20).unwrap() - Duration::days(i as i64), Decimal::new(if i % 6 == 3 { 512_300 } else { -(650 + (i as i64 * 7919) % 20_000) }, 2), AssetCode::USD);
        facts.payee = Some(payees[i as usize % 6].into());
        facts.provider_id = Some(format!("2026112000{i:02}").into());
        facts.kind = Kind(if i % 6 == 3 { TransactionSubtype::Deposit } else { TransactionSubtype::Purchase });
        facts.status = if i < 2 { TransactionStatus::Pending } else if i == 9 { TransactionStatus::Cancelled } else { TransactionStatus::Settled };
        facts.origin = Origin { line: 214 + i as u32 };
        inner.rows.push(Entry { transaction: Transaction { id: TransactionId(i), account_id: AccountId(1 + i % 2), change_id: ChangeId(1 + i / 90), facts }, user: UserFields::default() });
    }
    for id in (1..=3u64).rev() {
        inner.changes.push(Change { id: ChangeId(id), kind: if id == 3 { ChangeKind::Edit } else { ChangeKind::Import }, at: now - Duration::hours(10 * (4 - id as i64)), source: if id == 3 { "Blue Bottle Coffee".into() } else { format!("chase_2026-{:02}.qfx", id + 9) }, connection_id: Some(ConnectionId(1)), accounts: vec![AccountId(1), AccountId(2)], counts: ChangeCounts { transactions_imported: if id == 3 { 0 } else { 90 }, transactions_updated: if id == 3 { 1 } else { 2 }, transactions_skipped: 14, accounts_created: 2, ..Default::default() }, warnings: if id == 2 { vec![Warning::new(88, "amount `12,x4` is not a number: the row was left out")] } else { vec![] }, about: None, undone: id == 1 });
    }
    for (i, (sym, name, q, p, c)) in [("VTI", "Vanguard Total Stock Market ETF", 250i64, 28_541i64, Some(4_100_000i64)), ("VXUS", "Vanguard Total International", 410, 6_512, Some(2_840_000)), ("BTC", "Bitcoin", 1, 9_100_000, None)].into_iter().enumerate() {
        for acct in [3u64, 4] {
            if acct == 4 && i != 0 { continue; }
            inner.holdings.push(HoldingLine { account_name: if acct == 3 { "Brokerage".into() } else { "Roth IRA".into() }, holding: Holding { id: HoldingId(i as u64 + acct), account_id: AccountId(acct), change_id: ChangeId(1), facts: HoldingFacts { provider_id: sym.into(), symbol: sym.into(), name: name.into(), asset_type: AssetType::Etf, quantity: Decimal::new(q * 1000 + 125, 3), price: Some(Decimal::new(p, 2)), price_date: None, market_value: None, cost_basis: c.map(|c| Decimal::new(c, 2)), multiplier: Decimal::ONE, currency: AssetCode::USD, source: None }, is_active: true, as_of: now.date_naive(), updated_at: now } });
        }
    }
    Ledger(View(Arc::new(inner)))
}
