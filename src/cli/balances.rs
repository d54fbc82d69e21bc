//! The commands about balances: net worth, the balance of each day, coverage.

use std::io::Write;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Serialize;

use super::{
    args::{HistoryStep, OutputFormat},
    error::CliError,
    lists::{AccountLabels, find_account, money, with_balances},
    output::{self, ListRecord, OutputColumn},
    session::Session,
};
use crate::{
    domain::{AccountId, AssetCode, figures::at_scale_of},
    ledger::{
        self, Standing, View,
        daily::{Cause, CauseKind, Span},
    },
};

impl ListRecord for NetWorthRecord {
    const FIELDS: &'static [&'static str] =
        &["date", "currency", "net_worth", "accounts", "unknown_accounts", "oldest_balance", "standing", "gap"];
}

#[derive(Serialize)]
struct NetWorthRecord {
    date: NaiveDate,
    currency: String,
    /// `null` if it has more than 28 digits.
    net_worth: Option<Decimal>,
    accounts: usize,
    /// Accounts that count but whose balance is not known yet.
    unknown_accounts: usize,
    oldest_balance: NaiveDate,
    /// The weakest evidence among the balances.
    standing: Standing,
    /// The sum of the amounts that rows do not explain.
    gap: Option<Decimal>,
}

pub(super) fn net_worth(
    session: &Session,
    out: &mut dyn Write,
    format: OutputFormat,
    on: Option<NaiveDate>,
    every: Option<HistoryStep>,
) -> Result<(), CliError> {
    const COLUMNS: &[OutputColumn<NetWorthRecord>] = &[
        OutputColumn::left("Date", |row| row.date.to_string()),
        OutputColumn::right("Net worth", |row| {
            row.net_worth.map_or_else(|| "more than 28 digits".to_owned(), |worth| money(worth, &row.currency))
        }),
        OutputColumn::left("", |row| row.currency.clone()),
        OutputColumn::right("Accounts", |row| row.accounts.to_string()),
        OutputColumn::left("Oldest balance", |row| row.oldest_balance.to_string()),
        OutputColumn::left("Standing", |row| row.standing.to_string()),
    ];
    let view = with_balances(session)?;
    let until = on.unwrap_or_else(|| session.clock.today());
    let points = match every {
        None => vec![view.net_worth(until)?],
        Some(HistoryStep::Day) => view.net_worth_series(ledger::Every::Day, until)?,
        Some(HistoryStep::Month) => view.net_worth_series(ledger::Every::Month, until)?,
    };
    let rows = points.iter().flat_map(|point| {
        let too_large = point.too_large.iter().map(|currency| {
            Ok(NetWorthRecord {
                date: point.on,
                currency: currency.to_string(),
                net_worth: None,
                accounts: 0,
                unknown_accounts: 0,
                oldest_balance: point.on,
                standing: Standing::Unknown,
                gap: None,
            })
        });
        let known = point.lines.iter().map(|line| {
            Ok(NetWorthRecord {
                date: point.on,
                currency: line.total.currency.to_string(),
                net_worth: Some(at_scale_of(line.total.amount, line.total.currency)),
                accounts: line.accounts,
                unknown_accounts: line.unknown,
                oldest_balance: line.oldest,
                standing: line.standing,
                gap: (line.standing >= Standing::Gap).then(|| at_scale_of(line.gap, line.total.currency)),
            })
        });
        known.chain(too_large)
    });
    let has_balance = view.accounts().iter().any(|line| line.balance.is_some());
    let empty = if has_balance {
        "no balance counts on that day; disconnected connections and closed accounts are left out"
    } else {
        "no balances yet"
    };
    output::list(out, format, rows, COLUMNS, empty)
}

impl ListRecord for DailyRecord {
    const FIELDS: &'static [&'static str] = &["account_id", "date", "balance", "currency", "standing", "gap"];
}

/// A balance of `snapshots --every`.
#[derive(Serialize)]
struct DailyRecord {
    account_id: String,
    date: NaiveDate,
    balance: Decimal,
    currency: String,
    standing: Standing,
    gap: Option<Decimal>,
    #[serde(skip)]
    account: String,
}

/// The balances of each day (or month's end) until today, oldest first; days with an unknown balance are left out.
pub(super) fn daily(
    session: &Session,
    out: &mut dyn Write,
    format: OutputFormat,
    account: Option<&str>,
    every: HistoryStep,
) -> Result<(), CliError> {
    const COLUMNS: &[OutputColumn<DailyRecord>] = &[
        OutputColumn::left("Date", |row| row.date.to_string()),
        OutputColumn::left("Account", |row| row.account.clone()),
        OutputColumn::right("Balance", |row| money(row.balance, &row.currency)),
        OutputColumn::left("", |row| row.currency.clone()),
        OutputColumn::left("Standing", |row| row.standing.to_string()),
        OutputColumn::right("Unexplained", |row| row.gap.map(|gap| money(gap, &row.currency)).unwrap_or_default()),
    ];
    let view = with_balances(session)?;
    let account = account.map(|written| find_account(&view, written)).transpose()?;
    let names = AccountLabels::of(&view);
    let (daily, today) = (view.daily()?, session.clock.today());
    let is_step = |day: NaiveDate| match every {
        HistoryStep::Day => true,
        HistoryStep::Month => day == today || day.succ_opt().is_some_and(|next| chrono::Datelike::day(&next) == 1),
    };
    let mut rows = Vec::new();
    for history in daily.histories().iter().filter(|it| account.is_none_or(|account| it.account() == account)) {
        let Some(first) = history.first() else { continue };
        let days = first.iter_days().take_while(|day| *day <= today).filter(|day| is_step(*day));
        rows.extend(days.filter_map(|day| history.on(day)).map(|figure| DailyRecord {
            account_id: history.account().to_string(),
            date: figure.date,
            balance: at_scale_of(figure.balance.amount, figure.balance.currency),
            currency: figure.balance.currency.to_string(),
            standing: figure.standing,
            gap: figure.gap.map(|gap| at_scale_of(gap, figure.balance.currency)),
            account: names.name(history.account()),
        }));
    }
    // Stable: the accounts of one day keep the order of the list of accounts.
    rows.sort_by_key(|row| row.date);
    output::list(out, format, rows.into_iter().map(Ok), COLUMNS, "no balances yet")
}

impl ListRecord for SpanRecord {
    const FIELDS: &'static [&'static str] =
        &["account_id", "from", "to", "standing", "gap", "currency", "causes", "hint"];
}

/// A span of `coverage`.
#[derive(Serialize)]
struct SpanRecord {
    account_id: String,
    from: NaiveDate,
    to: NaiveDate,
    standing: Standing,
    gap: Option<Decimal>,
    currency: String,
    /// Single rows that would explain the gap.
    causes: Vec<CauseRecord>,
    /// The action that would close the gap.
    hint: Option<String>,
    #[serde(skip)]
    account: String,
}

#[derive(Serialize)]
struct CauseRecord {
    kind: CauseKind,
    row_id: Option<String>,
    date: NaiveDate,
    amount: Decimal,
}

impl CauseRecord {
    fn new(cause: &Cause, currency: AssetCode) -> Self {
        let row_id = cause.row.map(|row| row.to_string());
        Self { kind: cause.kind, row_id, date: cause.date, amount: at_scale_of(cause.amount, currency) }
    }
}

impl SpanRecord {
    fn new(span: &Span, view: &View, names: &AccountLabels) -> Self {
        let institution = view.account(span.account).map(|line| line.account.institution.clone()).unwrap_or_default();
        let hint = match span.standing {
            Standing::Gap => Some(format!(
                "download the statement of {institution} from {} to {} again and import it",
                span.from, span.to
            )),
            Standing::Unknown => {
                Some(format!("state a balance with `dashtam balance set {} AMOUNT --on DATE`", span.account))
            }
            Standing::Stated | Standing::Proven | Standing::Derived => None,
        };
        Self {
            account_id: span.account.to_string(),
            from: span.from,
            to: span.to,
            standing: span.standing,
            gap: span.gap.map(|gap| at_scale_of(gap, span.currency)),
            currency: span.currency.to_string(),
            causes: span.causes.iter().map(|cause| CauseRecord::new(cause, span.currency)).collect(),
            hint,
            account: names.name(span.account),
        }
    }

    /// The most likely cause, for people.
    fn cause(&self) -> String {
        let Some(cause) = self.causes.first() else { return String::new() };
        let amount = money(cause.amount, &self.currency);
        let row = cause.row_id.as_ref().map(|row| format!("row {row} of {}, {amount}", cause.date)).unwrap_or_default();
        match cause.kind {
            CauseKind::Doubled => format!("{row}: one of two equal rows"),
            CauseKind::Extra => format!("{row}: not in the balance"),
            CauseKind::Flipped => format!("{row}: opposite sign"),
            CauseKind::NotBooked => format!("{row}: in the balance, but not booked here"),
            CauseKind::Moved => format!("{row}: booked on the other side of the statement"),
            CauseKind::Missing => format!("a row of {amount} is missing"),
        }
    }
}

/// The spans of each account with the evidence for their balances.
pub(super) fn coverage(
    session: &Session,
    out: &mut dyn Write,
    format: OutputFormat,
    account: Option<&str>,
) -> Result<(), CliError> {
    const COLUMNS: &[OutputColumn<SpanRecord>] = &[
        OutputColumn::left("Account", |row| row.account.clone()),
        OutputColumn::left("From", |row| row.from.to_string()),
        OutputColumn::left("To", |row| row.to.to_string()),
        OutputColumn::left("Standing", |row| row.standing.to_string()),
        OutputColumn::right("Unexplained", |row| row.gap.map(|gap| money(gap, &row.currency)).unwrap_or_default()),
        OutputColumn::left("", |row| if row.gap.is_some() { row.currency.clone() } else { String::new() }),
        OutputColumn::left("Cause", SpanRecord::cause),
    ];
    let view = with_balances(session)?;
    let account = account.map(|written| find_account(&view, written)).transpose()?;
    let names = AccountLabels::of(&view);
    let accounts: Vec<AccountId> = view.accounts().iter().map(|line| line.account.id).collect();
    let mut rows = Vec::new();
    for id in accounts.into_iter().filter(|id| account.is_none_or(|account| account == *id)) {
        rows.extend(view.coverage(id)?.iter().map(|span| SpanRecord::new(span, &view, &names)));
    }
    output::list(out, format, rows.into_iter().map(Ok), COLUMNS, "no balances yet")
}

/// The answer of `balance set`.
#[derive(Serialize)]
struct SetRecord {
    account_id: String,
    date: NaiveDate,
    balance: Decimal,
    currency: String,
    standing: Standing,
    change_id: String,
}

/// States the balance of an account at the end of a day.
pub(super) fn set(
    session: &Session,
    out: &mut dyn Write,
    format: OutputFormat,
    account: &str,
    amount: Decimal,
    on: NaiveDate,
) -> Result<(), CliError> {
    let view = session.ledger.view()?;
    let account = find_account(&view, account)?;
    let currency = view.account(account).map(|line| line.account.currency);
    if let Some(currency) = currency.filter(|currency| amount.normalize().scale() > currency.display_digits()) {
        let digits = currency.display_digits();
        return Err(CliError::usage(format!(
            "{amount} has more digits than {currency} has behind the point: {digits}"
        ))
        .hint("nothing was changed"));
    }
    let change = session.runtime.block_on(session.handle.state_balance(account, on, amount))?;
    let view = session.ledger.view()?;
    let record = SetRecord {
        account_id: account.to_string(),
        date: on,
        balance: currency.map_or(amount, |currency| at_scale_of(amount, currency)),
        currency: currency.map(|currency| currency.to_string()).unwrap_or_default(),
        standing: Standing::Stated,
        change_id: change.to_string(),
    };
    output::record(out, format, &record, |out| {
        let name = AccountLabels::of(&view).name(account);
        writeln!(out, "balance of {name} on {on}: {} {}", money(amount, &record.currency), record.currency)
    })
}
