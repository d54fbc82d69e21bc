//! `dashtam diff`: the difference between what was known after two changes.

use std::{
    fmt::Write as _,
    io::{self, Write},
};

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Serialize;

use super::{
    args::OutputFormat,
    error::CliError,
    lists::money,
    moment::moment,
    output::{self, ListRecord},
    record::instant,
    session::Session,
};
use crate::{
    domain::{Account, Change, ChangeId, ChangeKind, Holding, Snapshot, figures::at_scale_of, text},
    ledger::{DifferenceKind, Differing, LedgerDifference, LedgerEntry, RowRecord, View, differing_fields},
};

/// Rows of one kind that are written for people.
const MOST_FOR_PEOPLE: usize = 50;

#[derive(Serialize)]
struct StateRecord {
    change_id: String,
    at: Option<String>,
    source: Option<String>,
}

#[derive(Serialize)]
struct ReasonRecord {
    change_id: String,
    kind: ChangeKind,
    at: String,
    source: String,
}

impl From<&Change> for ReasonRecord {
    fn from(change: &Change) -> Self {
        Self {
            change_id: change.id.to_string(),
            kind: change.kind,
            at: instant(change.at),
            source: change.source.clone(),
        }
    }
}

#[derive(Serialize)]
struct LineRecord<T> {
    difference: DifferenceKind,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields: Vec<String>,
    before: Option<T>,
    after: Option<T>,
    reason: Option<ReasonRecord>,
    /// For people: what it is.
    #[serde(skip)]
    text: String,
}

#[derive(Serialize)]
struct AccountState {
    id: String,
    name: String,
    institution: String,
    number_masked: String,
    r#type: crate::domain::AccountType,
    currency: String,
    is_active: bool,
}

impl From<&Account> for AccountState {
    fn from(account: &Account) -> Self {
        Self {
            id: account.id.to_string(),
            name: account.display_name().to_owned(),
            institution: account.institution.clone(),
            number_masked: account.number_masked.clone(),
            r#type: account.kind(),
            currency: account.currency.to_string(),
            is_active: account.is_active,
        }
    }
}

#[derive(Serialize)]
struct BalanceState {
    account_id: String,
    date: NaiveDate,
    balance: Decimal,
    currency: String,
    source: crate::domain::SnapshotSource,
}

impl From<&Snapshot> for BalanceState {
    fn from(snapshot: &Snapshot) -> Self {
        Self {
            account_id: snapshot.account_id.to_string(),
            date: snapshot.date,
            balance: at_scale_of(snapshot.balance, snapshot.currency),
            currency: snapshot.currency.to_string(),
            source: snapshot.source,
        }
    }
}

#[derive(Serialize)]
struct HoldingState {
    account_id: String,
    symbol: String,
    quantity: Decimal,
    market_value: Option<Decimal>,
    cost_basis: Option<Decimal>,
    currency: String,
    is_active: bool,
    as_of: NaiveDate,
}

impl From<&Holding> for HoldingState {
    fn from(holding: &Holding) -> Self {
        let facts = &holding.facts;
        Self {
            account_id: holding.account_id.to_string(),
            symbol: facts.symbol.clone(),
            quantity: facts.quantity,
            market_value: facts.value().map(|amount| at_scale_of(amount, facts.currency)),
            cost_basis: facts.cost_basis.map(|amount| at_scale_of(amount, facts.currency)),
            currency: facts.currency.to_string(),
            is_active: holding.is_active,
            as_of: holding.as_of,
        }
    }
}

#[derive(Serialize)]
struct DiffRecord {
    from: StateRecord,
    to: StateRecord,
    accounts: Vec<LineRecord<AccountState>>,
    transactions: Vec<LineRecord<RowRecord>>,
    balances: Vec<LineRecord<BalanceState>>,
    holdings: Vec<LineRecord<HoldingState>>,
}

fn line<S, T: for<'a> From<&'a S>>(found: &Differing<S>, text: String) -> LineRecord<T> {
    LineRecord {
        difference: found.kind(),
        fields: Vec::new(),
        before: found.before.as_ref().map(T::from),
        after: found.after.as_ref().map(T::from),
        reason: found.reason.as_ref().map(ReasonRecord::from),
        text,
    }
}

/// `before → after`, or the one that is there.
fn sides<T>(found: &Differing<T>, show: impl Fn(&T) -> String) -> String {
    match (found.before.as_ref().map(&show), found.after.as_ref().map(&show)) {
        (Some(before), Some(after)) => format!("{before} → {after}"),
        (one, other) => one.or(other).unwrap_or_default(),
    }
}

/// Names of accounts, also of those that are not there any more.
struct Names<'a> {
    view: &'a View,
    found: &'a LedgerDifference,
}

impl Names<'_> {
    fn account(&self, id: crate::domain::AccountId) -> Option<&Account> {
        let differing = self.found.accounts.iter().filter_map(Differing::either);
        self.view.account(id).map(|line| &line.account).or_else(|| differing.into_iter().find(|it| it.id == id))
    }

    fn of(&self, id: crate::domain::AccountId) -> String {
        self.account(id).map_or_else(|| format!("account {id}"), |account| account.display_name().to_owned())
    }
}

fn row_line(row: &Differing<LedgerEntry>, names: &Names<'_>) -> LineRecord<RowRecord> {
    let record = |entry: &LedgerEntry| RowRecord::new(entry.clone(), names.account(entry.transaction.account_id));
    let fields = differing_fields(row, false);
    let text = row.either().map_or_else(String::new, |entry| {
        let facts = &entry.transaction.facts;
        let amount = money(facts.amount, facts.currency.as_str());
        let mut text = format!("{} {amount} {}  {}", facts.date, facts.currency, entry.payee());
        let _ = write!(text, "  ({})", names.of(entry.transaction.account_id));
        for field in &fields {
            let _ = write!(text, "; {field}");
        }
        text
    });
    LineRecord {
        difference: row.kind(),
        fields,
        before: row.before.as_ref().map(record),
        after: row.after.as_ref().map(record),
        reason: row.reason.as_ref().map(ReasonRecord::from),
        text,
    }
}

/// Writes the difference between two states.
pub(super) fn diff(
    session: &Session,
    out: &mut dyn Write,
    format: OutputFormat,
    [from, to]: [&str; 2],
    limit: Option<usize>,
) -> Result<(), CliError> {
    let view = session.ledger.view()?;
    let (from, to) = (moment(&view, from)?, moment(&view, to)?);
    let found = view.difference(from, to)?;
    let names = Names { view: &view, found: &found };
    let state = |id: ChangeId| -> Result<StateRecord, CliError> {
        let change = view.change(id)?;
        Ok(StateRecord {
            change_id: id.to_string(),
            at: change.as_ref().map(|change| instant(change.at)),
            source: change.map(|change| format!("{} of {}", change.kind, change.source)),
        })
    };
    let for_people = format == OutputFormat::Table;
    let most = limit.unwrap_or(if for_people { MOST_FOR_PEOPLE } else { usize::MAX });
    let rows = view.differing_rows(&found, 0..most)?;
    let record = DiffRecord {
        from: state(from)?,
        to: state(to)?,
        accounts: found.accounts.iter().map(|it| line(it, sides(it, |it| it.display_name().to_owned()))).collect(),
        transactions: rows.iter().map(|row| row_line(row, &names)).collect(),
        balances: found
            .balances
            .iter()
            .filter_map(|it| {
                let either = it.either()?;
                let amount = |it: &Snapshot| money(it.balance, it.currency.as_str());
                let name = names.of(either.account_id);
                Some(line(it, format!("{} {}  {} {}", either.date, name, sides(it, amount), either.currency)))
            })
            .collect(),
        holdings: found
            .holdings
            .iter()
            .filter_map(|it| {
                let either = it.either()?;
                let units = |it: &Holding| match it.facts.value() {
                    Some(value) => format!("{} worth {}", it.facts.quantity.normalize(), value.normalize()),
                    None => it.facts.quantity.normalize().to_string(),
                };
                let name = names.of(either.account_id);
                Some(line(it, format!("{} ({name})  {}", either.facts.symbol, sides(it, units))))
            })
            .collect(),
    };
    if format == OutputFormat::Csv {
        let lines = record.lines()?;
        return output::list(out, format, lines.into_iter().map(Ok::<DiffLine, CliError>), &[], "");
    }
    output::record(out, format, &record, |out| print(out, &record, &found, most))
}

/// One difference as a line of CSV; `before` and `after` are objects in JSON.
#[derive(Serialize)]
struct DiffLine {
    what: &'static str,
    difference: DifferenceKind,
    fields: Vec<String>,
    before: Option<serde_json::Value>,
    after: Option<serde_json::Value>,
    change_id: Option<String>,
}

impl ListRecord for DiffLine {
    const FIELDS: &'static [&'static str] = &["what", "difference", "fields", "before", "after", "change_id"];
}

impl DiffRecord {
    fn lines(&self) -> Result<Vec<DiffLine>, CliError> {
        fn each<T: Serialize>(what: &'static str, lines: &[LineRecord<T>]) -> serde_json::Result<Vec<DiffLine>> {
            let line = |line: &LineRecord<T>| {
                Ok(DiffLine {
                    what,
                    difference: line.difference,
                    fields: line.fields.clone(),
                    before: line.before.as_ref().map(serde_json::to_value).transpose()?,
                    after: line.after.as_ref().map(serde_json::to_value).transpose()?,
                    change_id: line.reason.as_ref().map(|reason| reason.change_id.clone()),
                })
            };
            lines.iter().map(line).collect()
        }
        let parts = [
            each("account", &self.accounts),
            each("transaction", &self.transactions),
            each("balance", &self.balances),
            each("holding", &self.holdings),
        ];
        let parts: serde_json::Result<Vec<Vec<DiffLine>>> = parts.into_iter().collect();
        Ok(parts.map_err(io::Error::from)?.into_iter().flatten().collect())
    }
}

fn print(out: &mut dyn Write, record: &DiffRecord, found: &LedgerDifference, most: usize) -> io::Result<()> {
    let state = |state: &StateRecord| match (&state.at, &state.source) {
        (Some(at), Some(source)) => format!("change {} ({at}, {})", state.change_id, text::clean(source)),
        _ => format!("change {}", state.change_id),
    };
    writeln!(out, "from {}\nto   {}", state(&record.from), state(&record.to))?;
    if found.is_empty() {
        return writeln!(out, "nothing differs");
    }
    section(out, "accounts", &record.accounts, found.accounts.len(), most)?;
    section(out, "rows", &record.transactions, found.row_count(), most)?;
    section(out, "balances", &record.balances, found.balances.len(), most)?;
    section(out, "holdings", &record.holdings, found.holdings.len(), most)
}

fn section<T>(out: &mut dyn Write, title: &str, lines: &[LineRecord<T>], all: usize, most: usize) -> io::Result<()> {
    if all == 0 {
        return Ok(());
    }
    writeln!(out, "{title}: {all}")?;
    for line in lines.iter().take(most) {
        let mark = match line.difference {
            DifferenceKind::Added => '+',
            DifferenceKind::Gone => '-',
            DifferenceKind::Amended => '~',
        };
        let reason = line.reason.as_ref().map_or_else(String::new, |reason| {
            format!("  [{} of {}, change {}]", reason.kind, text::clean(&reason.source), reason.change_id)
        });
        writeln!(out, "  {mark} {}{reason}", text::clean(&line.text))?;
    }
    if all > most.min(lines.len()) {
        writeln!(out, "  … {} more; --limit shows them", all - most.min(lines.len()))?;
    }
    Ok(())
}
