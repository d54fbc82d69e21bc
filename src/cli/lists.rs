//! The list commands.

use std::io::Write;

use rust_decimal::Decimal;
use serde::Serialize;

use super::{
    args::OutputFormat,
    error::CliError,
    output::{self, ListRecord, OutputColumn},
    record::{AccountRecord, ChangeRecord, ConnectionRecord, HoldingRecord, SnapshotRecord},
    row_args::TransactionArgs,
    session::Session,
};
use crate::{
    domain::{Account, AccountId, AssetCode, Connection, ConnectionId, FailureKind, figures, text},
    ledger::{By, GroupSort, GroupSortKey, LedgerEntry, ListRequest, Query, RowList, RowRecord, Sort, View},
    providers::PROVIDERS,
};

/// Accounts of one name that an error lists.
const MOST_NAMED: usize = 10;

/// Shown where a value is not known.
const UNKNOWN: &str = "—";

pub(super) fn money(amount: Decimal, currency: &str) -> String {
    AssetCode::new(currency).map_or_else(|_| amount.to_string(), |code| figures::rounded(amount, code))
}

pub(super) fn maybe_money(amount: Option<Decimal>, currency: &str) -> String {
    amount.map_or_else(|| UNKNOWN.to_owned(), |amount| money(amount, currency))
}

pub(super) fn maybe(value: Option<impl ToString>) -> String {
    value.map_or_else(|| UNKNOWN.to_owned(), |value| value.to_string())
}

const NO_ACCOUNTS: &str = "no accounts yet: import a statement with `dashtam import FILE`, or open `dashtam --demo`";

pub(super) fn accounts(
    session: &Session,
    out: &mut dyn Write,
    format: OutputFormat,
    names: &[String],
) -> Result<(), CliError> {
    const COLUMNS: &[OutputColumn<AccountRecord>] = &[
        OutputColumn::right("Id", |account| account.id.clone()),
        OutputColumn::left("Institution", |account| account.institution.clone()),
        OutputColumn::left("Account", |account| account.name.clone()),
        OutputColumn::left("Type", |account| account.account_type.label().to_owned()),
        OutputColumn::left("Number", |account| text::shown_number(&account.number_masked)),
        OutputColumn::right("Balance", |account| maybe_money(account.balance, &account.currency)),
        OutputColumn::left("", |account| account.currency.clone()),
        OutputColumn::right("Available", |account| maybe_money(account.available_balance, &account.currency)),
        OutputColumn::left("As of", |account| maybe(account.as_of)),
    ];
    let view = with_balances(session)?.balances_on(session.clock.today())?;
    let rows = view.accounts().iter().map(|line| Ok(AccountRecord::with_parts(line, &view)?));
    output::chosen(out, format, rows, COLUMNS, NO_ACCOUNTS, names)
}

/// A view whose daily balances can be computed.
pub(super) fn with_balances(session: &Session) -> Result<View, CliError> {
    let view = session.ledger.view()?;
    if !view.needs_columns() {
        return Ok(view);
    }
    let columns = view.load_columns()?;
    Ok(view.with_columns(columns))
}

/// Rows that match the arguments, newest first, and the number of them to print. `faults` are those of the other arguments:
/// all faults are reported at once.
pub(super) fn listing(
    session: &Session,
    view: &View,
    args: &TransactionArgs,
    mut faults: Vec<CliError>,
) -> Result<(RowList, usize), CliError> {
    let written = args.selection.query.as_deref().unwrap_or_default();
    let query = Query::parse(written, session.clock.today());
    faults.extend(check_query(written, &query).err());
    if let (Some(from), Some(to)) = (args.from, args.to)
        && from > to
    {
        faults.push(CliError::usage(format!("--from {from} is after --to {to}")));
    }
    let account = args.selection.account.as_deref().map(|wanted| find_account(view, wanted)).transpose();
    let account = account.unwrap_or_else(|error| {
        faults.push(error);
        None
    });
    CliError::all(&faults)?;
    let query = query.within(args.from, args.to);
    let listing = view.list(&ListRequest { account, query, sort: Sort::default() })?;
    let count = args.limit.unwrap_or(usize::MAX).min(listing.len());
    Ok((listing, count))
}

/// Refuses a query with problems, and names all of them.
pub(super) fn check_query(text: &str, query: &Query) -> Result<(), CliError> {
    let problems: Vec<String> = query
        .problems()
        .iter()
        .map(|problem| format!("`{}`: {}", text.get(problem.range.clone()).unwrap_or_default(), problem.hint))
        .collect();
    if problems.is_empty() {
        return Ok(());
    }
    Err(CliError::usage(format!("--query: {}", problems.join("; ")))
        .problems(problems)
        .hint("`dashtam help query` explains the language"))
}

/// A view in which everything can be searched, unless the arguments don't need that.
pub(super) fn searchable(session: &Session, args: &TransactionArgs, sums: bool) -> Result<View, CliError> {
    let view = session.ledger.view()?;
    if !sums
        && view.last_day().is_none()
        && args.selection.query.is_none()
        && args.from.is_none()
        && args.to.is_none()
        && args.limit.is_some_and(|limit| limit < 1_000)
    {
        return Ok(view);
    }
    let columns = view.load_columns()?;
    Ok(view.with_columns(columns))
}

pub(super) fn transactions(
    session: &Session,
    out: &mut dyn Write,
    format: OutputFormat,
    args: &TransactionArgs,
    by: Option<&str>,
    names: &[String],
) -> Result<(), CliError> {
    const COLUMNS: &[OutputColumn<RowRecord>] = &[
        OutputColumn::left("Date", |row| row.date.to_string()),
        OutputColumn::left("Payee", |row| row.payee.clone().unwrap_or_else(|| row.description.clone())),
        OutputColumn::left("Account", |row| row.account.clone().unwrap_or_default()),
        OutputColumn::left("Kind", |row| row.subtype.to_string().replace('_', " ")),
        OutputColumn::right("Amount", |row| money(row.amount, &row.currency)),
        OutputColumn::left("", |row| row.currency.clone()),
        OutputColumn::left("Status", |row| if row.expired { "expired".into() } else { row.status.to_string() }),
    ];
    let view = searchable(session, args, by.is_some())?;
    let written_by = by.map(parse_by).transpose();
    let mut faults: Vec<CliError> = written_by.as_ref().err().cloned().into_iter().collect();
    faults.extend(output::check_columns(names, RowRecord::FIELDS).err());
    let (listing, count) = listing(session, &view, args, faults)?;
    if let Some(by) = grouping(written_by?, listing.request().query.by())? {
        if !names.is_empty() {
            return Err(CliError::usage("--columns chooses columns of rows, and groups are sums").hint("leave one out"));
        }
        return groups(out, format, &view, &listing, by, args.limit);
    }
    let rows = (0..count).filter_map(|index| {
        let entry = view.entry(listing.id(index)?).transpose()?;
        Some(entry.map_err(CliError::from).map(|entry| record_of(&view, entry)))
    });
    let empty = if view.transaction_count() == 0 { NO_ACCOUNTS } else { "no transaction matches" };
    output::chosen(out, format, rows, COLUMNS, empty, names)
}

pub(super) fn record_of(view: &View, entry: LedgerEntry) -> RowRecord {
    let account = view.account(entry.transaction.account_id).map(|line| &line.account);
    let expired = view.has_expired(&entry.transaction.facts);
    RowRecord { expired, ..RowRecord::new(entry, account) }
}

/// The grouping from `--by` and from `by:` in `--query`, which may not differ.
fn grouping(option: Option<By>, query: Option<By>) -> Result<Option<By>, CliError> {
    match (option, query) {
        (Some(option), Some(query)) if option != query => {
            let text =
                format!("rows are grouped once: --by {option} and `by:{query}` in --query contradict each other");
            Err(CliError::usage(text).hint("leave one of them out"))
        }
        (option, query) => Ok(option.or(query)),
    }
}

fn parse_by(text: &str) -> Result<By, CliError> {
    By::parse(text).ok_or_else(|| {
        let known: Vec<&str> = By::ALL.iter().map(|by| by.as_str()).collect();
        CliError::usage(format!("--by: rows are not grouped by `{}`", text::clean(text)))
            .hint(format!("choose one of: {}", known.join(", ")))
    })
}

impl ListRecord for GroupRecord {
    const FIELDS: &'static [&'static str] = &["group", "currency", "sum", "transactions"];
}

#[derive(Serialize)]
struct GroupRecord {
    group: String,
    currency: String,
    sum: Option<Decimal>,
    /// Rows of the group, those included that don't count in sums.
    transactions: u64,
}

/// As on the screen: groups by time newest first, others by the largest sum of the currency with most rows.
fn group_order(listing: &RowList, by: By) -> GroupSort {
    let first = listing.sums().into_iter().map(|(total, _)| total.currency).chain(listing.too_large()).next();
    let key = match first {
        Some(currency) if !by.is_time() => GroupSortKey::Sum(currency),
        None if !by.is_time() => GroupSortKey::Rows,
        _ => GroupSortKey::Name,
    };
    GroupSort { key, descending: true }
}

/// The sums of a list, group by group, at most `limit` groups; one with several currencies has a line for each.
fn groups(
    out: &mut dyn Write,
    format: OutputFormat,
    view: &View,
    listing: &RowList,
    by: By,
    limit: Option<usize>,
) -> Result<(), CliError> {
    const COLUMNS: &[OutputColumn<GroupRecord>] = &[
        OutputColumn::left("Group", |row| row.group.clone()),
        OutputColumn::right("Sum", |row| maybe_money(row.sum, &row.currency)),
        OutputColumn::left("", |row| row.currency.clone()),
        OutputColumn::right("Rows", |row| row.transactions.to_string()),
    ];
    let mut rows = Vec::new();
    for group in
        view.aggregates(listing, by, Some(group_order(listing, by)))?.into_iter().take(limit.unwrap_or(usize::MAX))
    {
        let label = view.label(&group.key)?;
        let record = |currency: AssetCode, sum, transactions| {
            Ok(GroupRecord { group: label.clone(), currency: currency.to_string(), sum, transactions })
        };
        rows.extend(group.sums.totals.iter().map(|(total, count)| {
            record(total.currency, Some(figures::at_scale_of(total.amount, total.currency)), *count)
        }));
        // A sum with more digits than can be exact is not shown rounded.
        rows.extend(group.sums.too_large.iter().map(|currency| record(*currency, None, group.rows)));
    }
    output::list(out, format, rows, COLUMNS, "no transaction matches")
}

pub(super) fn holdings(
    session: &Session,
    out: &mut dyn Write,
    format: OutputFormat,
    account: Option<&str>,
    names: &[String],
) -> Result<(), CliError> {
    const COLUMNS: &[OutputColumn<HoldingRecord>] = &[
        OutputColumn::left("Symbol", |row| row.symbol.clone()),
        OutputColumn::left("Name", |row| row.name.clone()),
        OutputColumn::left("Account", |row| row.account.clone()),
        OutputColumn::right("Quantity", |row| row.quantity.normalize().to_string()),
        OutputColumn::right("Price", |row| maybe(row.price.map(|price| price.normalize()))),
        OutputColumn::right("Value", |row| maybe_money(row.market_value, &row.currency)),
        OutputColumn::right("Cost", |row| maybe_money(row.cost_basis, &row.currency)),
        OutputColumn::right("Gain", |row| maybe_money(row.gain, &row.currency)),
        OutputColumn::right("Gain %", |row| maybe(row.gain_percent)),
        OutputColumn::right("Weight %", |row| maybe(row.weight)),
        OutputColumn::left("", |row| row.currency.clone()),
        OutputColumn::left("As of", |row| row.as_of.to_string()),
    ];
    let view = session.ledger.view()?;
    let wanted = account.map(|wanted| find_account(&view, wanted)).transpose()?;
    let lines = view.holdings()?;
    let rows = lines.iter().filter(|line| line.holding.is_active);
    let rows = rows.filter(|line| wanted.is_none_or(|account| line.holding.account_id == account));
    let empty = "no holdings: import a brokerage statement, or connect a broker";
    output::chosen(out, format, rows.map(|line| Ok(HoldingRecord::from(line))), COLUMNS, empty, names)
}

pub(super) fn snapshots(
    session: &Session,
    out: &mut dyn Write,
    format: OutputFormat,
    account: Option<&str>,
) -> Result<(), CliError> {
    const COLUMNS: &[OutputColumn<SnapshotRecord>] = &[
        OutputColumn::left("Date", |row| row.date.to_string()),
        OutputColumn::left("Account", |row| row.account.clone()),
        OutputColumn::right("Balance", |row| money(row.balance, &row.currency)),
        OutputColumn::right("Available", |row| maybe_money(row.available_balance, &row.currency)),
        OutputColumn::right("Holdings", |row| maybe_money(row.holdings_value, &row.currency)),
        OutputColumn::right("Cash", |row| maybe_money(row.cash_value, &row.currency)),
        OutputColumn::left("", |row| row.currency.clone()),
        OutputColumn::left("Source", |row| row.source.to_string()),
    ];
    let view = session.ledger.view()?;
    let wanted = account.map(|wanted| find_account(&view, wanted)).transpose()?;
    let mut rows = Vec::new();
    for line in view.accounts() {
        if wanted.is_none_or(|wanted| wanted == line.account.id) {
            let name = line.account.display_name();
            let snapshots = view.snapshots(line.account.id)?;
            rows.extend(snapshots.iter().map(|snapshot| (snapshot.date, line.account.id, snapshot.clone(), name)));
        }
    }
    rows.sort_by_key(|(date, account, ..)| (*date, *account));
    let rows = rows.into_iter().map(|(.., snapshot, name)| SnapshotRecord::new(&snapshot, name.to_owned()));
    output::list(out, format, rows.map(Ok), COLUMNS, "no balances yet")
}

pub(super) fn connections(session: &Session, out: &mut dyn Write, format: OutputFormat) -> Result<(), CliError> {
    const COLUMNS: &[OutputColumn<ConnectionRecord>] = &[
        OutputColumn::right("Id", |row| row.id.clone()),
        OutputColumn::left("Name", |row| row.name.clone()),
        OutputColumn::left("Provider", |row| row.provider.clone()),
        OutputColumn::left("Status", |row| row.status.to_string()),
        OutputColumn::left("Last sync", |row| maybe(row.last_sync_at.as_ref())),
        OutputColumn::left("Next sync", |row| maybe(row.next_sync_at.as_ref())),
        OutputColumn::left("Login ends", |row| maybe(row.login_expires_at.as_ref())),
        OutputColumn::right("Requests today", |row| match (row.requests_today, row.requests_per_day) {
            (Some(made), Some(limit)) => format!("{made} of {limit}"),
            _ => String::new(),
        }),
        OutputColumn::left("Error", |row| row.error.clone().unwrap_or_default()),
    ];
    let view = session.ledger.view()?;
    let rows = view.connections().iter().map(|connection| Ok(ConnectionRecord::new(connection, session, &view)));
    let empty = "nothing is connected: import a statement with `dashtam import FILE`";
    output::list(out, format, rows, COLUMNS, empty)
}

impl ListRecord for ProviderRecord {
    const FIELDS: &'static [&'static str] = &[
        "slug",
        "name",
        "category",
        "auth",
        "capabilities",
        "required_settings",
        "environments",
        "documentation_url",
        "production_ready",
    ];
}

#[derive(Serialize)]
struct ProviderRecord {
    slug: &'static str,
    name: &'static str,
    category: &'static str,
    auth: &'static str,
    capabilities: Vec<&'static str>,
    required_settings: Vec<&'static str>,
    environments: Vec<&'static str>,
    documentation_url: &'static str,
    production_ready: bool,
}

pub(super) fn providers(out: &mut dyn Write, format: OutputFormat) -> Result<(), CliError> {
    const COLUMNS: &[OutputColumn<ProviderRecord>] = &[
        OutputColumn::left("Slug", |row| row.slug.to_owned()),
        OutputColumn::left("Name", |row| row.name.to_owned()),
        OutputColumn::left("Category", |row| row.category.replace('_', " ")),
        OutputColumn::left("Connects by", |row| row.auth.replace('_', " ")),
        OutputColumn::left("Offers", |row| row.capabilities.join(", ").replace('_', " ")),
    ];
    let rows = PROVIDERS.iter().map(|provider| {
        Ok(ProviderRecord {
            slug: provider.slug,
            name: provider.display_name,
            category: provider.category.as_str(),
            auth: provider.auth.words().name,
            capabilities: provider.capabilities.iter().map(|capability| capability.as_str()).collect(),
            required_settings: provider.required_settings.iter().map(|setting| setting.name).collect(),
            environments: provider.environments.iter().map(|environment| environment.name).collect(),
            documentation_url: provider.documentation_url,
            production_ready: provider.production_ready,
        })
    });
    output::list(out, format, rows, COLUMNS, "")
}

pub(super) fn changes(
    session: &Session,
    out: &mut dyn Write,
    format: OutputFormat,
    limit: Option<usize>,
) -> Result<(), CliError> {
    const COLUMNS: &[OutputColumn<ChangeRecord>] = &[
        OutputColumn::right("Id", |row| row.id.clone()),
        OutputColumn::left("At", |row| row.at.clone()),
        OutputColumn::left("Kind", |row| row.kind.to_string()),
        OutputColumn::left("Source", |row| row.source.clone()),
        OutputColumn::right("New", |row| row.transactions_imported.to_string()),
        OutputColumn::right("Amended", |row| (row.transactions_updated + row.transactions_removed).to_string()),
        OutputColumn::right("Known", |row| row.transactions_skipped.to_string()),
        OutputColumn::left("", |row| if row.undone { "undone" } else { "" }.to_owned()),
    ];
    let view = session.ledger.view()?;
    let rows = view.changes(None, limit.unwrap_or(usize::MAX))?;
    output::list(out, format, rows.iter().map(|change| Ok(ChangeRecord::from(change))), COLUMNS, "nothing happened yet")
}

/// Names of accounts by id.
pub(super) struct AccountLabels(std::collections::HashMap<AccountId, String>);

impl AccountLabels {
    pub(super) fn of(view: &View) -> Self {
        let name = |line: &crate::ledger::AccountLine| (line.account.id, line.account.display_name().to_owned());
        Self(view.accounts().iter().map(name).collect())
    }

    pub(super) fn name(&self, account: AccountId) -> String {
        self.0.get(&account).cloned().unwrap_or_default()
    }
}

/// The connection that `wanted` names: its id, with or without `connection:`, else its name or that of its institution, if
/// only one has it. An id of no connection is not an error here.
pub(super) fn find_connection(view: &View, wanted: &str) -> Result<ConnectionId, CliError> {
    let wanted = wanted.strip_prefix("connection:").unwrap_or(wanted);
    if let Ok(id) = wanted.parse() {
        return Ok(id);
    }
    let folded = text::fold(wanted);
    let having = |name: fn(&Connection) -> &str| -> Vec<&Connection> {
        view.connections().iter().filter(|connection| text::fold(name(connection)) == folded).collect()
    };
    let by_name = having(Connection::display_name);
    let fitting = if by_name.is_empty() { having(|known| &known.institution) } else { by_name };
    let shown = text::clean(wanted);
    match fitting.as_slice() {
        [connection] => Ok(connection.id),
        [] => {
            let error = CliError::new(FailureKind::NotFound, format!("there is no connection `{shown}`"));
            let account = find_account(view, wanted).ok();
            let line = account.and_then(|id| view.accounts().iter().find(|line| line.account.id == id));
            Err(match line {
                Some(line) => error.hint(format!(
                    "{} is an account of the connection {}",
                    line.account.display_name(),
                    line.account.connection_id
                )),
                None => error.hint("`dashtam connections` lists them"),
            })
        }
        several => {
            let ids: Vec<String> = several.iter().map(|connection| connection.id.to_string()).collect();
            Err(CliError::new(FailureKind::Ambiguous, format!("several connections are called `{shown}`"))
                .hint(format!("name the connection by its id: {}", ids.join(", "))))
        }
    }
}

/// The connections that several texts name; every one that is unknown is reported.
pub(super) fn find_connections(view: &View, wanted: &[String]) -> Result<Vec<ConnectionId>, CliError> {
    let mut found = Vec::new();
    let mut unknown = Vec::new();
    for name in wanted {
        match find_connection(view, name) {
            Ok(id) if view.connections().iter().any(|connection| connection.id == id) => found.push(id),
            Ok(id) => unknown.push(
                CliError::new(FailureKind::NotFound, format!("there is no connection {id}"))
                    .hint("`dashtam connections` lists them"),
            ),
            Err(error) => unknown.push(error),
        }
    }
    CliError::all(&unknown)?;
    Ok(found)
}

/// The account that `wanted` names: its id, else its name, else the end of its number, if only one fits.
pub(super) fn find_account(view: &View, wanted: &str) -> Result<AccountId, CliError> {
    let accounts = || view.accounts().iter().map(|line| &line.account);
    if let Ok(id) = wanted.parse::<AccountId>()
        && accounts().any(|account| account.id == id)
    {
        return Ok(id);
    }
    let folded = text::fold(wanted);
    let tail = wanted.trim_start_matches(['*', '·']);
    let by_name: Vec<_> = accounts().filter(|account| text::fold(account.display_name()) == folded).collect();
    let by_tail: Vec<_> = accounts().filter(|account| !tail.is_empty() && account.tail() == tail).collect();
    let fitting = if by_name.is_empty() { by_tail } else { by_name };
    let shown = text::clean(wanted);
    match fitting.as_slice() {
        [account] => Ok(account.id),
        [] => Err(CliError::new(FailureKind::NotFound, format!("there is no account `{shown}`"))
            .hint("`dashtam accounts` lists them")),
        several => {
            let named = |account: &&Account| format!("{} ({})", account.id, account.display_name());
            let mut known: Vec<String> = several.iter().take(MOST_NAMED).map(named).collect();
            if several.len() > MOST_NAMED {
                known.push(format!("{} more, which `dashtam accounts` lists", several.len() - MOST_NAMED));
            }
            Err(CliError::new(FailureKind::Ambiguous, format!("several accounts are called `{shown}`"))
                .hint(format!("name the account by its id: {}", known.join(", "))))
        }
    }
}
