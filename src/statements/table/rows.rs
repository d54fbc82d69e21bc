//! The rows of a table under a plan: movements by account, and a reason for every other line.
//!
//! Used by the table reader. INVARIANT: a line that holds anything is a row, a known kind of other line, or a warning with
//! its number; the rows of an account are in the order of their lines.

use std::{
    collections::{HashMap, HashSet},
    num::NonZero,
    ops::{ControlFlow, Range},
    thread,
};

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{
    account::Owner,
    candidates::Beside,
    chain::{self, Chain},
    grid::Grid,
    line::{BalanceLine, LineReader, RowLine, SkippedLine},
    plan::TablePlan,
    role::Role,
    sections::{self, Section},
    words::Words,
};
use crate::{
    domain::{AssetCode, Text, TransactionDraft, TransactionStatus},
    statements::warnings::Warnings,
};

/// Lines that are read at once, by all threads together.
const BLOCK: usize = 1 << 15;
/// Lines of a block for which a thread is worth its start.
const WORTH_A_THREAD: usize = 1 << 12;
/// More threads only wait for the one that collects the rows.
const MOST_THREADS: usize = 4;

/// One account's rows.
pub(super) struct AccountRows {
    /// As written; empty when the table names none.
    pub(super) account: String,
    pub(super) currency: Option<AssetCode>,
    pub(super) rows: Vec<TransactionDraft>,
    /// Balance after the row with that index.
    pub(super) running: Vec<(usize, Decimal)>,
    /// The earliest opening and the latest closing balance that lines of the table state.
    pub(super) opening: Option<(NaiveDate, Decimal)>,
    pub(super) closing: Option<(NaiveDate, Decimal)>,
}

/// Everything the rows give.
pub(super) struct Rows {
    pub(super) books: Vec<AccountRows>,
    /// The balances of the whole file against its amounts.
    pub(super) chain: Option<Chain>,
    pub(super) sum: Decimal,
}

/// The rows that were read so far.
struct Collected<'a> {
    grid: &'a Grid,
    plan: &'a TablePlan<'a>,
    /// The column of balances beside the rows, if it is used.
    beside: Option<Beside>,
    /// The only account that the column of accounts names.
    constant: Option<&'a str>,
    /// Parts of the table of other accounts, or of pending rows.
    sections: &'a [Section],
    books: Vec<AccountRows>,
    index: HashMap<(String, Option<AssetCode>), usize>,
    /// The book of the last row.
    last: Option<usize>,
    amounts: Vec<Option<Decimal>>,
    balances: Vec<Option<Decimal>>,
    groups: Vec<usize>,
    booked: usize,
    sum: Decimal,
    /// Balances that lines state, with the account of the line.
    stated: Vec<(String, BalanceLine)>,
}

/// Reads all rows. `on_lines` is called now and then with the lines done; `None` when it stops the reading.
pub(super) fn read(
    grid: &Grid,
    plan: &TablePlan<'_>,
    words: &Words,
    most: usize,
    warnings: &mut Warnings,
    on_lines: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Option<Rows> {
    let reader = LineReader::new(grid, plan, words);
    let sections = sections::find(grid, &plan.frame, words);
    let mut collected = Collected::new(grid, plan, &sections);
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(MOST_THREADS);
    'blocks: for start in (plan.frame.start..grid.len()).step_by(BLOCK) {
        if on_lines(start).is_break() {
            return None;
        }
        for line in lines(&reader, start..grid.len().min(start + BLOCK), threads) {
            match line {
                Err(SkippedLine { row, reason, balance }) => {
                    warnings.add(grid.line(row), || reason);
                    if let Some(balance) = balance {
                        let account = collected.account(row).0.to_owned();
                        collected.stated.push((account, balance));
                    }
                }
                Ok(line) if collected.booked >= most => {
                    warnings.add(grid.line(line.row), || format!("only the first {most} rows are read"));
                    break 'blocks;
                }
                Ok(mut line) => {
                    if let Some(doubt) = line.doubt.take() {
                        warnings.add(grid.line(line.row), || doubt);
                    }
                    collected.add(&reader, line);
                }
            }
        }
    }
    Some(collected.finish())
}

/// Reads lines, in parts of equal length by several threads.
fn lines(reader: &LineReader<'_>, rows: Range<usize>, threads: usize) -> Vec<Result<RowLine, SkippedLine>> {
    let length = rows.len().div_ceil(threads).max(WORTH_A_THREAD);
    if rows.len() <= length {
        return reader.lines(rows);
    }
    let first = rows.start..rows.start + length;
    let others = (first.end..rows.end).step_by(length).map(|start| start..rows.end.min(start + length));
    thread::scope(|scope| {
        let others: Vec<_> = others
            .map(|part| {
                let work = {
                    let part = part.clone();
                    move || reader.lines(part)
                };
                thread::Builder::new().name("rows".into()).spawn_scoped(scope, work).map_err(|_| part)
            })
            .collect();
        let mut lines = reader.lines(first);
        for other in others {
            lines.extend(match other {
                Ok(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
                Err(part) => reader.lines(part),
            });
        }
        lines
    })
}

impl<'a> Collected<'a> {
    fn new(grid: &'a Grid, plan: &'a TablePlan<'a>, sections: &'a [Section]) -> Self {
        let constant = match plan.owner {
            Owner::Column(column) => plan.columns.get(column).and_then(|column| column.constant.as_deref()),
            _ => None,
        };
        Self {
            grid,
            plan,
            beside: plan.candidate.balance.filter(|beside| uses_balance(plan, beside.column, beside.chain)),
            constant,
            sections,
            books: Vec::new(),
            index: HashMap::new(),
            last: None,
            amounts: Vec::new(),
            balances: Vec::new(),
            groups: Vec::new(),
            booked: 0,
            sum: Decimal::ZERO,
            stated: Vec::new(),
        }
    }

    /// The part of the table that a row is in, where its parts differ.
    fn section(&self, row: usize) -> Option<&'a Section> {
        self.sections.partition_point(|part| part.header < row).checked_sub(1).map(|at| &self.sections[at])
    }

    fn add(&mut self, reader: &LineReader<'_>, mut line: RowLine) {
        if self.section(line.row).is_some_and(|part| part.is_pending) {
            line.is_pending = true;
            line.draft.facts.status = TransactionStatus::Pending;
        }
        let book = self.book(&line);
        self.last = Some(book);
        if !line.is_pending {
            let amount = line.draft.facts.amount;
            self.booked += 1;
            self.sum = self.sum.checked_add(amount).unwrap_or_default();
            if let Some(beside) = self.beside {
                self.add_balance(book, amount, beside, reader.money(line.row, beside.column));
            }
        }
        self.books[book].rows.push(line.draft);
    }

    /// The account that a row names, and whether all rows have it.
    fn account(&self, row: usize) -> (&'a str, bool) {
        if let Some(account) = self.section(row).and_then(|part| part.account.as_deref()) {
            return (account, false);
        }
        match &self.plan.owner {
            Owner::Column(column) => match (self.grid.cell(row, *column), self.constant) {
                ("", Some(only)) => (only, false),
                (cell, _) => (cell, false),
            },
            Owner::Stated(account) | Owner::Named(account) => (account.as_str(), true),
            Owner::Unknown => ("", true),
        }
    }

    /// The rows of the line's account, in its currency where each currency has balances.
    fn book(&mut self, line: &RowLine) -> usize {
        let (plan, row) = (self.plan, line.row);
        let split = line.currency.filter(|_| self.beside.is_some() && plan.currency_column.is_some());
        let (account, is_fixed) = self.account(row);
        let is_same =
            |book: &AccountRows| (is_fixed || book.account == account) && (split.is_none() || book.currency == split);
        if let Some(last) = self.last.filter(|last| is_same(&self.books[*last])) {
            return last;
        }
        *self.index.entry((account.to_owned(), split)).or_insert_with(|| {
            self.books.push(AccountRows {
                account: account.to_owned(),
                currency: line.currency,
                rows: Vec::new(),
                running: Vec::new(),
                opening: None,
                closing: None,
            });
            self.books.len() - 1
        })
    }

    /// Enters the balance beside a row that is about to be added.
    fn add_balance(&mut self, book: usize, amount: Decimal, beside: Beside, balance: Option<Decimal>) {
        let plan = self.plan;
        self.amounts.push(Some(if plan.turn.amounts { -amount } else { amount }));
        self.balances.push(balance);
        self.groups.push(book);
        let is_named = plan.columns.get(beside.column).is_some_and(|known| known.is(Role::BalanceBefore));
        let is_before = beside.pairing.meaning(plan.direction).1 || (is_named && beside.chain.agree == 0);
        let after = balance.map(|balance| if plan.turn.balances { -balance } else { balance });
        let after = if is_before { after.and_then(|balance| balance.checked_add(amount)) } else { after };
        if let Some(after) = after {
            let at = self.books[book].rows.len();
            self.books[book].running.push((at, after));
        }
    }

    fn finish(mut self) -> Rows {
        let follow = |beside: Beside| chain::follow(&self.amounts, &self.balances, &self.groups, beside.pairing);
        let chain = self.beside.map(follow);
        state_balances(&mut self.books, self.stated);
        keep_unique_ids(&mut self.books);
        Rows { books: self.books, chain, sum: self.sum }
    }
}

/// Gives the accounts the balances that lines of the table state: the earliest opening one and the latest closing one.
fn state_balances(books: &mut [AccountRows], stated: Vec<(String, BalanceLine)>) {
    for (account, BalanceLine { is_closing, day, amount }) in stated {
        let mut owned = books.iter_mut().filter(|book| book.account == account);
        let (Some(book), None) = (owned.next(), owned.next()) else { continue };
        if is_closing {
            book.closing = book.closing.filter(|(known, _)| *known > day).or(Some((day, amount)));
        } else {
            book.opening = book.opening.filter(|(known, _)| *known <= day).or(Some((day, amount)));
        }
    }
}

/// A balance column is used when it moves; one value repeated is the balance of the statement.
fn uses_balance(plan: &TablePlan<'_>, column: usize, chain: Chain) -> bool {
    let Some(known) = plan.columns.iter().find(|known| known.index == column) else { return false };
    let named = matches!(known.role, Some(Role::Balance | Role::BalanceBefore));
    chain.agree > 0 || (named && (known.constant.is_none() || known.filled == 1))
}

/// An id that occurs twice in a file names nothing.
fn keep_unique_ids(books: &mut [AccountRows]) {
    for book in books {
        let mut seen = HashSet::new();
        let ids = book.rows.iter().filter_map(|row| row.facts.provider_id.as_ref());
        let doubled: HashSet<Text> = ids.filter(|id| !seen.insert(*id)).cloned().collect();
        if doubled.is_empty() {
            continue;
        }
        for row in &mut book.rows {
            if row.facts.provider_id.as_ref().is_some_and(|id| doubled.contains(id)) {
                row.facts.provider_id = None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::super::test_reading::{read_text, read_until};
    use crate::statements::StatementError;

    /// More rows than a block; some lines are not rows.
    const LINES: usize = super::BLOCK * 2 + 777;

    fn table() -> String {
        let mut text = "Date,Description,Amount\n".to_owned();
        for line in 0..LINES {
            let amount = if line % 10_000 == 9_999 { "n/a?".to_owned() } else { format!("-{}.25", line % 900 + 1) };
            writeln!(
                text,
                "20{:02}-{:02}-{:02},Shop {line},{amount}",
                line / 3_000,
                line / 250 % 12 + 1,
                line / 10 % 25 + 1
            )
            .unwrap();
        }
        text
    }

    #[test]
    fn rows_of_many_blocks_keep_the_order_of_their_lines() {
        let reading = read_text(&table()).unwrap();
        let lines: Vec<u32> =
            reading.statements[0].accounts[0].transactions.iter().map(|row| row.facts.origin.line).collect();
        assert_eq!(lines.len() + reading.warnings.len(), LINES);
        assert!(lines.is_sorted());
        assert_eq!(
            reading.warnings.iter().map(|warning| warning.line).collect::<Vec<_>>(),
            [10_001, 20_001, 30_001, 40_001, 50_001, 60_001]
        );
    }

    #[test]
    fn the_rows_of_a_long_table_can_be_stopped() {
        let text = table();
        let mut seen = Vec::new();
        let stopped = read_until(&text, "download.csv", |at| {
            seen.push(at);
            at < text.len() as u64 * 3 / 4
        });
        assert!(matches!(stopped, Err(StatementError::Cancelled)), "{stopped:?}");
        assert!(seen.is_sorted() && seen.last().is_some_and(|at| *at < text.len() as u64), "{seen:?}");
    }
}
