//! Records of the list commands: one flat struct per list, in the order of its JSON fields.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use rust_decimal::Decimal;
use serde::Serialize;

use super::{output::ListRecord, session::Session};
use crate::{
    domain::{
        AccountType, AssetType, Change, ChangeKind, Connection, ConnectionStatus, Snapshot, SnapshotSource,
        figures::at_scale_of,
    },
    ledger::{AccountLine, HoldingLine, LedgerError, Standing, View},
    providers::find,
};

/// RFC 3339 in UTC, to the second.
pub(super) fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

impl ListRecord for AccountRecord {
    const FIELDS: &'static [&'static str] = &[
        "id",
        "connection_id",
        "provider_account_id",
        "number_masked",
        "name",
        "institution",
        "type",
        "currency",
        "balance",
        "available_balance",
        "as_of",
        "standing",
        "is_active",
        "transactions",
        "merged",
    ];
}

impl ListRecord for HoldingRecord {
    const FIELDS: &'static [&'static str] = &[
        "id",
        "account_id",
        "symbol",
        "name",
        "asset_type",
        "quantity",
        "price",
        "market_value",
        "cost_basis",
        "gain",
        "gain_percent",
        "weight",
        "currency",
        "as_of",
        "source",
    ];
}

/// `accounts`.
#[derive(Debug, Serialize)]
pub(super) struct AccountRecord {
    pub(super) id: String,
    connection_id: String,
    provider_account_id: String,
    pub(super) number_masked: String,
    pub(super) name: String,
    pub(super) institution: String,
    #[serde(rename = "type")]
    pub(super) account_type: AccountType,
    pub(super) currency: String,
    pub(super) balance: Option<Decimal>,
    pub(super) available_balance: Option<Decimal>,
    pub(super) as_of: Option<NaiveDate>,
    /// The evidence behind the balance.
    pub(super) standing: Standing,
    pub(super) is_active: bool,
    transactions: u64,
    /// Ids of the accounts that are merged into it.
    merged: Vec<String>,
}

impl AccountRecord {
    /// The account with the ids of those merged into it.
    pub(super) fn with_parts(line: &AccountLine, view: &View) -> Result<Self, LedgerError> {
        let merged = view.parts(line.account.id)?.iter().map(|part| part.id.to_string()).collect();
        Ok(Self { merged, ..Self::from(line) })
    }
}

impl From<&AccountLine> for AccountRecord {
    fn from(line: &AccountLine) -> Self {
        let account = &line.account;
        Self {
            id: account.id.to_string(),
            connection_id: account.connection_id.to_string(),
            provider_account_id: account.provider_account_id.clone(),
            number_masked: account.number_masked.clone(),
            name: account.display_name().to_owned(),
            institution: account.institution.clone(),
            account_type: account.kind(),
            currency: account.currency.to_string(),
            balance: line.balance.map(|balance| at_scale_of(balance.current.amount, balance.current.currency)),
            available_balance: line
                .balance
                .and_then(|balance| balance.available.map(|amount| at_scale_of(amount, balance.current.currency))),
            as_of: line.balance.map(|balance| balance.as_of),
            standing: line.standing,
            is_active: account.is_active,
            transactions: line.transaction_count,
            merged: Vec::new(),
        }
    }
}

/// `holdings`.
#[derive(Debug, Serialize)]
pub(super) struct HoldingRecord {
    id: String,
    account_id: String,
    pub(super) symbol: String,
    pub(super) name: String,
    asset_type: AssetType,
    pub(super) quantity: Decimal,
    pub(super) price: Option<Decimal>,
    pub(super) market_value: Option<Decimal>,
    pub(super) cost_basis: Option<Decimal>,
    pub(super) gain: Option<Decimal>,
    pub(super) gain_percent: Option<Decimal>,
    pub(super) weight: Option<Decimal>,
    pub(super) currency: String,
    pub(super) as_of: NaiveDate,
    source: Option<String>,
    #[serde(skip)]
    pub(super) account: String,
}

impl From<&HoldingLine> for HoldingRecord {
    fn from(line: &HoldingLine) -> Self {
        let facts = &line.holding.facts;
        let scaled = |amount: Option<Decimal>| amount.map(|amount| at_scale_of(amount, facts.currency));
        Self {
            id: line.holding.id.to_string(),
            account_id: line.holding.account_id.to_string(),
            symbol: facts.symbol.clone(),
            name: facts.name.clone(),
            asset_type: facts.asset_type,
            quantity: facts.quantity,
            price: facts.price,
            market_value: scaled(facts.value()),
            cost_basis: scaled(facts.cost_basis),
            gain: scaled(facts.gain()),
            gain_percent: facts.gain_percent(),
            weight: line.weight,
            currency: facts.currency.to_string(),
            as_of: line.holding.as_of,
            source: facts.source.clone(),
            account: line.account_name.clone(),
        }
    }
}

impl ListRecord for SnapshotRecord {
    const FIELDS: &'static [&'static str] = &[
        "account_id",
        "date",
        "balance",
        "available_balance",
        "holdings_value",
        "cash_value",
        "currency",
        "source",
        "captured_at",
        "change_id",
    ];
}

/// `snapshots`.
#[derive(Debug, Serialize)]
pub(super) struct SnapshotRecord {
    pub(super) account_id: String,
    pub(super) date: NaiveDate,
    pub(super) balance: Decimal,
    pub(super) available_balance: Option<Decimal>,
    pub(super) holdings_value: Option<Decimal>,
    pub(super) cash_value: Option<Decimal>,
    pub(super) currency: String,
    pub(super) source: SnapshotSource,
    captured_at: String,
    change_id: String,
    #[serde(skip)]
    pub(super) account: String,
}

impl SnapshotRecord {
    pub(super) fn new(snapshot: &Snapshot, account: String) -> Self {
        Self {
            account_id: snapshot.account_id.to_string(),
            date: snapshot.date,
            balance: at_scale_of(snapshot.balance, snapshot.currency),
            available_balance: snapshot.available.map(|amount| at_scale_of(amount, snapshot.currency)),
            holdings_value: snapshot.holdings_value.map(|amount| at_scale_of(amount, snapshot.currency)),
            cash_value: snapshot.cash_value.map(|amount| at_scale_of(amount, snapshot.currency)),
            currency: snapshot.currency.to_string(),
            source: snapshot.source,
            captured_at: instant(snapshot.captured_at),
            change_id: snapshot.change_id.to_string(),
            account,
        }
    }
}

impl ListRecord for ConnectionRecord {
    const FIELDS: &'static [&'static str] = &[
        "id",
        "provider",
        "name",
        "status",
        "institution",
        "environment",
        "connected_at",
        "last_sync_at",
        "next_sync_at",
        "login_expires_at",
        "requests_today",
        "requests_per_day",
        "error",
    ];
}

/// `connections`.
#[derive(Debug, Serialize)]
pub(super) struct ConnectionRecord {
    pub(super) id: String,
    pub(super) provider: String,
    pub(super) name: String,
    pub(super) status: ConnectionStatus,
    pub(super) institution: String,
    environment: Option<String>,
    connected_at: Option<String>,
    pub(super) last_sync_at: Option<String>,
    pub(super) next_sync_at: Option<String>,
    pub(super) login_expires_at: Option<String>,
    /// Made of the provider on this UTC day, for all its connections; where a day has a limit.
    pub(super) requests_today: Option<u32>,
    /// The limit.
    pub(super) requests_per_day: Option<u32>,
    pub(super) error: Option<String>,
}

impl ConnectionRecord {
    pub(super) fn new(connection: &Connection, session: &Session, view: &View) -> Self {
        let provider = find(&connection.provider).ok();
        let set = session.setup.config.providers.get(&connection.provider).and_then(|set| set.requests_per_day);
        let limit = provider.and_then(|provider| provider.pace.at_most(set).per_day);
        Self {
            id: connection.id.to_string(),
            provider: connection.provider.clone(),
            name: connection.display_name().to_owned(),
            status: connection.status_at(session.clock.now()),
            institution: connection.institution.clone(),
            environment: connection.environment.clone(),
            connected_at: connection.connected_at.map(instant),
            last_sync_at: connection.last_sync_at.map(instant),
            next_sync_at: connection.next_sync_at.map(instant),
            login_expires_at: connection.login_expires_at.map(instant),
            requests_today: limit.map(|_| view.requests_of_day(&connection.provider, session.clock.now())),
            requests_per_day: limit,
            error: connection.error.clone(),
        }
    }
}

impl ListRecord for ChangeRecord {
    const FIELDS: &'static [&'static str] = &[
        "id",
        "kind",
        "at",
        "source",
        "accounts",
        "transactions_imported",
        "transactions_updated",
        "transactions_skipped",
        "transactions_removed",
        "warnings",
        "about",
        "undone",
    ];
}

/// `changes`.
#[derive(Debug, Serialize)]
pub(super) struct ChangeRecord {
    pub(super) id: String,
    pub(super) kind: ChangeKind,
    pub(super) at: String,
    pub(super) source: String,
    pub(super) accounts: Vec<String>,
    pub(super) transactions_imported: u64,
    pub(super) transactions_updated: u64,
    pub(super) transactions_skipped: u64,
    pub(super) transactions_removed: u64,
    warnings: usize,
    about: Option<String>,
    pub(super) undone: bool,
}

impl From<&Change> for ChangeRecord {
    fn from(change: &Change) -> Self {
        Self {
            id: change.id.to_string(),
            kind: change.kind,
            at: instant(change.at),
            source: change.source.clone(),
            accounts: change.accounts.iter().map(ToString::to_string).collect(),
            transactions_imported: change.counts.transactions_imported,
            transactions_updated: change.counts.transactions_updated,
            transactions_skipped: change.counts.transactions_skipped,
            transactions_removed: change.counts.transactions_removed,
            warnings: change.warnings.len(),
            about: change.about.map(|id| id.to_string()),
            undone: change.undone,
        }
    }
}
