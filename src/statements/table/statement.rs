//! The rows of a table as a reading: accounts, balances, verdict.
//!
//! Used by the table reader. INVARIANT: a verdict of proven rests on balances of the file itself.

use std::hash::{Hash as _, Hasher as _};

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{
    facts::StatedBeside,
    grid::Grid,
    plan::TablePlan,
    role::Role,
    rows::{AccountRows, Rows},
    words::contains,
};
use crate::{
    domain::{AccountDraft, AccountType, AssetCode, BalanceDraft, IdTrust, TransactionStatus},
    statements::{
        Evidence, Institution, Reading, RowBalance, StatedBalance, Statement, StatementAccount, StatementError,
        Verdict, iban, warnings::Warnings,
    },
};

pub(super) fn reading(
    grid: &Grid,
    plan: &TablePlan<'_>,
    rows: Rows,
    format: &'static str,
    mut warnings: Warnings,
) -> Result<Reading, StatementError> {
    if rows.books.iter().all(|book| book.rows.is_empty()) {
        if plan.lacks_year(grid) {
            return Err(StatementError::not_a_statement(
                "the dates of this table have no year, and neither the lines around it nor the file's name state a period",
                "put the month into the file's name, such as \"statement 2026-10.csv\", and import it again",
            ));
        }
        return Err(StatementError::not_a_statement(
            "no line of this table can be read as a transaction",
            "download the account's transactions again, as OFX or QFX where your bank offers them, else as CSV",
        ));
    }
    let mut evidence = plan.evidence.clone();
    let mut verdict = Verdict::Certain;
    if let Some(chain) = rows.chain.filter(chain_is_proof) {
        verdict = Verdict::Proven { agree: chain.agree, of: chain.steps };
    }
    let single = rows.books.len() == 1;
    let closes = rows.books.first().filter(|_| single).and_then(|book| closing(plan, book, rows.sum));
    if let Some((agrees, text)) = closes {
        if agrees {
            evidence.push(Evidence::supporting(text));
            if verdict == Verdict::Certain {
                verdict = Verdict::Proven { agree: 1, of: 1 };
            }
        } else {
            evidence.push(Evidence::against(text));
        }
    }
    let agrees = closes.is_some_and(|(agrees, _)| agrees);
    let mut accounts = Vec::new();
    for book in rows.books {
        accounts.push(account(plan, book, single, agrees, grid, &mut warnings));
    }
    let institution = institution(plan, &accounts);
    let statement = Statement { format, id_trust: IdTrust::Reusable, member: None, document: 1, institution, accounts };
    warnings.end_document();
    Ok(Reading { format, statements: vec![statement], warnings: warnings.finish(), verdict, evidence })
}

const fn chain_is_proof(chain: &super::chain::Chain) -> bool {
    chain.is_proof()
}

/// Whether the opening balance and the rows make the closing balance, where both are stated.
fn closing(plan: &TablePlan<'_>, book: &AccountRows, sum: Decimal) -> Option<(bool, &'static str)> {
    let amount = |beside: Option<StatedBeside>, line: Option<(NaiveDate, Decimal)>| {
        beside.map(|stated| stated.amount(plan.mark)).or(line.map(|(_, amount)| amount))
    };
    let (opening, closing) = (amount(plan.facts.opening, book.opening)?, amount(plan.facts.closing, book.closing)?);
    let agrees = opening.checked_add(sum) == Some(closing);
    Some((
        agrees,
        if agrees {
            "opening balance and rows make the closing balance"
        } else {
            "opening balance and rows do not make the closing balance"
        },
    ))
}

fn account(
    plan: &TablePlan<'_>,
    book: AccountRows,
    single: bool,
    agrees: bool,
    grid: &Grid,
    warnings: &mut Warnings,
) -> StatementAccount {
    let layout = plan.layout;
    let kind =
        layout.and_then(|layout| AccountType::parse(layout.kind.as_deref()?)).unwrap_or_else(|| account_type(plan));
    let currency = book
        .currency
        .or_else(|| book.rows.first().map(|row| row.facts.currency))
        .or(plan.currency)
        .unwrap_or(AssetCode::USD);
    let is_number = book.account.chars().filter(char::is_ascii_digit).count() >= 3 || book.account.contains('*');
    let number = if is_number { book.account.clone() } else { String::new() };
    let name = (!is_number && !book.account.is_empty()).then(|| book.account.clone());
    let mut id = identity(plan, grid, &book.account);
    if !single && book.currency.is_some() && book.account.is_empty() {
        id = format!("{id}-{currency}");
    }
    let days =
        || book.rows.iter().filter(|row| row.facts.status == TransactionStatus::Settled).map(|row| row.facts.date);
    let newest = days().max();
    let running: Vec<RowBalance> =
        book.running.iter().map(|(row, amount)| RowBalance { row: *row, amount: *amount }).collect();
    let mut draft = AccountDraft {
        provider_account_id: id,
        number,
        name,
        account_type: kind,
        currency,
        balance: None,
        is_active: true,
        institution: None,
    };
    let period = plan.facts.period(plan.order).filter(|(from, to)| days().all(|day| day >= *from && day <= *to));
    draft.balance = balance(plan, &book, &running, newest, period, single);
    if single
        && let (Some(stated), Some(last)) = (plan.facts.closing, newest_running(plan, &book, &running))
        && let Some(day) = stated.day.and_then(|day| day.in_order(plan.order))
        && Some(day) <= newest
        && stated.amount(plan.mark) != last
    {
        warnings.add(0, || {
            format!("the stated balance {} is not that of the newest row, {last}", stated.amount(plan.mark))
        });
    }
    let on = |stated: Option<StatedBeside>, day: Option<NaiveDate>| {
        let stated = stated.filter(|_| single && agrees)?;
        Some(StatedBalance { date: day?, amount: stated.amount(plan.mark) })
    };
    let of_line = |line: Option<(NaiveDate, Decimal)>| {
        line.filter(|_| single && agrees).map(|(date, amount)| StatedBalance { date, amount })
    };
    let opening = on(plan.facts.opening, period.map(|(from, _)| from).or_else(|| days().min()));
    let opening = opening.or_else(|| of_line(book.opening));
    let closing = on(plan.facts.closing, period.map(|(_, to)| to).or(newest)).or_else(|| of_line(book.closing));
    let mut page = StatementAccount::new(draft);
    page.currency_stated = plan.is_currency_stated;
    page.transactions = book.rows;
    page.period = period;
    page.opening = opening;
    page.closing = closing;
    page.running = running;
    page
}

/// The running balance of the newest row.
fn newest_running(plan: &TablePlan<'_>, book: &AccountRows, running: &[RowBalance]) -> Option<Decimal> {
    use super::chain::Direction;
    let newest = book
        .rows
        .iter()
        .filter(|row| row.facts.status == TransactionStatus::Settled)
        .map(|row| row.facts.date)
        .max()?;
    let mut on_day = running.iter().filter(|balance| book.rows[balance.row].facts.date == newest);
    let last = match plan.direction {
        Direction::NewestFirst => on_day.next(),
        Direction::OldestFirst => on_day.next_back(),
        Direction::Unknown => {
            let falls = plan.candidate.balance.is_some_and(|beside| beside.pairing.earlier);
            if falls { on_day.next() } else { on_day.next_back() }
        }
    };
    last.map(|balance| balance.amount)
}

fn balance(
    plan: &TablePlan<'_>,
    book: &AccountRows,
    running: &[RowBalance],
    newest: Option<NaiveDate>,
    period: Option<(NaiveDate, NaiveDate)>,
    single: bool,
) -> Option<BalanceDraft> {
    let of = |date: NaiveDate, current: Decimal| BalanceDraft {
        date,
        current,
        available: None,
        holdings_value: None,
        cash_value: None,
    };
    if let (Some(day), Some(amount)) = (newest, newest_running(plan, book, running)) {
        return Some(of(day, amount));
    }
    if let Some((day, amount)) = book.closing.filter(|(day, _)| newest.is_some_and(|newest| *day >= newest)) {
        return Some(of(day, amount));
    }
    let stated = plan.facts.closing.filter(|_| single)?;
    let day = stated.day.and_then(|day| day.in_order(plan.order)).or(period.map(|(_, to)| to)).or(newest)?;
    let amount = stated.amount(plan.mark);
    Some(of(day, if plan.turn.balances { -amount } else { amount }))
}

fn account_type(plan: &TablePlan<'_>) -> AccountType {
    let has = |role: Role| plan.columns.iter().any(|column| column.is(role));
    let text = &plan.facts.text;
    if (has(Role::Symbol) || has(Role::Isin)) && (has(Role::Quantity) || has(Role::Price)) {
        AccountType::Brokerage
    } else if plan.is_card {
        AccountType::CreditCard
    } else if ["savings", "sparkonto", "tagesgeld", "livret", "spaarrekening", "ahorro", "poupanca", "sparekonto"]
        .iter()
        .any(|word| contains(text, word))
    {
        AccountType::Savings
    } else {
        AccountType::Checking
    }
}

/// The number without blanks; else a mark of the table's shape, so that the next file of its kind finds the account.
fn identity(plan: &TablePlan<'_>, grid: &Grid, account: &str) -> String {
    let bare: String = account.chars().filter(|c| c.is_alphanumeric() || *c == '*').collect::<String>().to_uppercase();
    if !bare.is_empty() {
        return bare;
    }
    if let Some(layout) = plan.layout.filter(|layout| !layout.name.starts_with("learned-")) {
        return format!("table-{}", layout.name);
    }
    format!("table-{}", fingerprint(plan, grid))
}

/// A mark of the header, or of the kinds of the columns where there is none.
pub(super) fn fingerprint(plan: &TablePlan<'_>, grid: &Grid) -> String {
    let mut hasher = StableHasher::default();
    let mut header = plan.frame.header_keys(grid);
    if header.iter().all(String::is_empty) {
        header = vec![super::column::shape(&plan.columns)];
    }
    header.sort();
    header.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// FNV-1a: the same on every machine and in every version.
struct StableHasher(u64);

impl Default for StableHasher {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl std::hash::Hasher for StableHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

fn institution(plan: &TablePlan<'_>, accounts: &[StatementAccount]) -> Institution {
    let bank = accounts
        .iter()
        .find_map(|page| iban::bank_code(&page.account.number).filter(|_| iban::is_iban_cell(&page.account.number)));
    Institution {
        name: plan.layout.and_then(|layout| layout.institution.clone()),
        bank_code: bank,
        layout: plan.layout.map(|layout| layout.name.clone()),
        ..Institution::default()
    }
}
