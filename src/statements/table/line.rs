//! One line of a table under a plan: a movement, a known kind of other line, or the reason why it is not used.
//!
//! Used by the rows, by several threads at once. INVARIANT: a line depends on its own cells and on the plan, never on other
//! lines.

use std::ops::Range;

use chrono::{Days, NaiveDate};
use rust_decimal::Decimal;

use super::{
    account::Owner,
    date, days,
    frame::money,
    grid::Grid,
    kinds::Kinds,
    model::{Model, Way},
    number,
    plan::TablePlan,
    role::Role,
    summary::{self, SummaryLines},
    words::{self, Set, Words, contains, key},
};
use crate::{
    domain::{AssetCode, Origin, Text, TransactionDraft, TransactionFacts, TransactionStatus, text},
    statements::warnings::quoted,
};

/// Days between a day without a year and another one of its row.
const HALF_A_YEAR: u64 = 183;

/// A line that is a row.
pub(super) struct RowLine {
    pub(super) row: usize,
    pub(super) is_pending: bool,
    pub(super) currency: Option<AssetCode>,
    pub(super) draft: TransactionDraft,
    /// A doubt about the row that the user should know of.
    pub(super) doubt: Option<String>,
}

/// A line that is not used as a row.
pub(super) struct SkippedLine {
    pub(super) row: usize,
    pub(super) reason: String,
    /// The opening or closing balance that it states.
    pub(super) balance: Option<BalanceLine>,
}

/// A balance that a line of the table states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BalanceLine {
    pub(super) is_closing: bool,
    pub(super) day: NaiveDate,
    pub(super) amount: Decimal,
}

/// The kind of a line.
enum Line {
    Booked(NaiveDate, Decimal),
    Pending(Option<NaiveDate>, Decimal),
    /// No movement but a balance, with the reason why it is not imported.
    Balance(BalanceLine, String),
    /// Known and no movement.
    Other,
    /// Not used, with the reason.
    Skipped(String),
}

/// Reads lines of one table.
pub(super) struct LineReader<'a> {
    grid: &'a Grid,
    plan: &'a TablePlan<'a>,
    words: &'a Words,
    texts: Vec<usize>,
    parties: Vec<usize>,
    id: Option<usize>,
    reference: Option<usize>,
    value_date: Option<usize>,
    kinds: Kinds,
    summary: SummaryLines,
    /// The header of the column of states where it is the word for a state.
    state_header: Option<&'a str>,
    /// The newest day of the table, for pending rows without one.
    newest: Option<NaiveDate>,
    /// Last day a date without a year may be.
    year_end: Option<NaiveDate>,
    /// The only text of the currency column, with the currency it names.
    only_currency: Option<(&'a str, Option<AssetCode>)>,
}

impl<'a> LineReader<'a> {
    pub(super) fn new(grid: &'a Grid, plan: &'a TablePlan<'a>, words: &'a Words) -> Self {
        let used: Vec<usize> = plan.candidate.model.columns().collect();
        let with = |role: Role| -> Vec<usize> {
            plan.columns
                .iter()
                .filter(|column| column.is(role) && !used.contains(&column.index))
                .map(|column| column.index)
                .collect()
        };
        let mut texts = with(Role::Text);
        let parties = with(Role::Party);
        if texts.is_empty() {
            let is_unnamed = |column: &&super::column::Column| {
                column.role.is_none()
                    && column.kind == super::column::ColumnKind::Text
                    && column.filled > 0
                    && !plan.owner_is(column.index)
            };
            texts = plan.columns.iter().filter(is_unnamed).map(|column| column.index).collect();
        }
        if texts.is_empty() && parties.is_empty() {
            texts = with(Role::Type);
        }
        let year_end = plan.facts.last_day(plan.order);
        let summary = SummaryLines::find(grid, plan, &texts, &parties, words);
        let states =
            plan.status_column.and_then(|column| plan.columns.get(column)).map(|column| column.header.as_str());
        let state_header = states.filter(|header| words.is(Set::Pending, header) || words.is(Set::Failed, header));
        let constant = plan.currency_column.and_then(|column| plan.columns.get(column)?.constant.as_deref());
        let only_currency = constant.map(|cell| (cell, currency_of_cell(plan, cell)));
        let mut reader = Self {
            grid,
            plan,
            words,
            state_header,
            summary,
            texts,
            parties,
            id: with(Role::Id).first().copied(),
            reference: with(Role::Reference).first().copied(),
            value_date: plan.columns.iter().find(|column| column.is(Role::DateValue)).map(|column| column.index),
            kinds: Kinds::new(plan),
            newest: None,
            year_end,
            only_currency,
        };
        reader.newest = (plan.frame.start..grid.len()).take(5_000).filter_map(|row| reader.day(row)).max();
        reader
    }

    /// The rows of some lines, and the lines that are not used; blank ones and known others are left out.
    pub(super) fn lines(&self, rows: Range<usize>) -> Vec<Result<RowLine, SkippedLine>> {
        rows.filter(|row| !self.grid.is_blank(*row)).filter_map(|row| self.read(row)).collect()
    }

    fn read(&self, row: usize) -> Option<Result<RowLine, SkippedLine>> {
        let (day, amount, is_pending) = match self.line(row) {
            Line::Booked(day, amount) => (day, amount, false),
            Line::Pending(day, amount) => (day.or(self.newest).unwrap_or_default(), amount, true),
            Line::Other => return None,
            Line::Balance(balance, reason) => return Some(Err(SkippedLine { row, reason, balance: Some(balance) })),
            Line::Skipped(reason) => return Some(Err(SkippedLine { row, reason, balance: None })),
        };
        let currency = self.currency(row);
        let draft = TransactionDraft::from(self.facts(row, day, amount, currency, is_pending));
        let doubt = self.is_closed(row).then(|| {
            let status = quoted(self.status(row));
            format!("the trade is closed ({status}); it is imported, and a refund counts where the file lists one")
        });
        Some(Ok(RowLine { row, is_pending, currency, draft, doubt }))
    }

    fn date_in(&self, row: usize, column: usize) -> Option<NaiveDate> {
        let day = date::parse(self.grid.cell(row, column))?;
        if day.is_yearless() {
            let end = self.year_end.or_else(|| self.day_beside(row)?.checked_add_days(Days::new(HALF_A_YEAR)))?;
            return date::with_year(day.month_day(self.plan.order)?, end);
        }
        day.in_order(self.plan.order)
    }

    /// A day with a year in another column of the row.
    fn day_beside(&self, row: usize) -> Option<NaiveDate> {
        days::days_of(self.grid, row, &self.plan.dates).find_map(|day| day.in_order(self.plan.order))
    }

    fn day(&self, row: usize) -> Option<NaiveDate> {
        self.plan.dates.order.iter().find_map(|column| self.date_in(row, *column))
    }

    pub(super) fn money(&self, row: usize, column: usize) -> Option<Decimal> {
        money(self.grid.cell(row, column)).map(|number| number.value(self.plan.mark))
    }

    fn line(&self, row: usize) -> Line {
        let (grid, plan) = (self.grid, self.plan);
        if row > plan.last + 1 && grid.width(row) * 2 < plan.frame.width {
            return Line::Other;
        }
        let day = self.day(row);
        let amount = plan.candidate.model.amount(grid, row, plan.mark, self.words);
        let amount = amount.map(|amount| if plan.turn.amounts { -amount } else { amount });
        if let Some(column) = self.kinds.skips(grid, row) {
            return Line::Skipped(format!("not a movement: {}", quoted(column)));
        }
        match (day, amount) {
            (Some(day), Some(amount)) => self.movement(row, day, amount),
            (None, Some(amount)) => self.dateless(row, amount),
            (Some(_), None) => self.amountless(row),
            (None, None) => self.neither(row),
        }
    }

    /// Whether a table without a header begins or ends with a line of another shape: without the texts that every other
    /// line has, or with a day in another notation. Its figure is a balance.
    fn is_odd_edge(&self, row: usize) -> bool {
        let (grid, plan, sample) = (self.grid, self.plan, &self.plan.frame.sample);
        let is_edge = sample.first() == Some(&row) || row == plan.last;
        if plan.frame.header.is_some() || !is_edge || sample.len() < 3 {
            return false;
        }
        let others = || sample.iter().copied().filter(|other| *other != row);
        let is_filled = |row: usize, column: usize| !grid.cell(row, column).is_empty();
        let mut texts =
            self.texts.iter().chain(&self.parties).filter(|column| others().all(|row| is_filled(row, **column)));
        let lacks_texts =
            texts.next().is_some_and(|first| !is_filled(row, *first) && texts.all(|column| !is_filled(row, *column)));
        let is_fixed = |row: usize| {
            let day = plan.dates.order.first().and_then(|column| date::parse(grid.cell(row, *column)));
            day.map(|day| matches!(day.written, date::WrittenDay::Fixed(_)))
        };
        let other_notation = is_fixed(row).is_some_and(|fixed| others().all(|row| is_fixed(row) == Some(!fixed)));
        // A currency or an account number where no other row has one: a line about the account.
        let is_code = |row: usize, column: usize| words::currency(grid.cell(row, column)).is_some();
        let has_code =
            (0..grid.width(row)).any(|column| is_code(row, column) && !others().any(|row| is_code(row, column)));
        let is_number = |row: usize, column: usize| is_account_number(grid.cell(row, column));
        let usual = || {
            self.texts
                .iter()
                .chain(&self.parties)
                .copied()
                .filter(|column| others().all(|row| is_filled(row, *column) && !is_number(row, *column)))
        };
        let has_number = usual().any(|column| is_number(row, column))
            && usual().any(|column| !is_filled(row, column))
            && usual().all(|column| is_number(row, column) || !is_filled(row, column));
        lacks_texts || other_notation || has_code || has_number
    }

    /// The word for the state of a row; under a header such as `Pending` a yes means that word.
    fn status(&self, row: usize) -> &str {
        let cell = self.plan.status_column.map_or("", |column| self.grid.cell(row, column));
        let Some(header) = self.state_header else { return cell };
        match key(cell).as_str() {
            "true" | "yes" | "y" | "1" | "x" => header,
            "false" | "no" | "n" | "0" => "",
            _ => cell,
        }
    }

    fn movement(&self, row: usize, day: NaiveDate, amount: Decimal) -> Line {
        let status = self.status(row);
        if self.words.is(Set::Failed, status) {
            return Line::Skipped(format!("not booked: {}", quoted(status)));
        }
        if let Some(cell) = self.summary.of_row(self.grid, row, self.words) {
            let reason = format!("not a movement: {}", quoted(cell));
            let is_plain = !self.plan.turn.amounts && !self.plan.turn.balances;
            return match summary::closes(cell, self.words).filter(|_| is_plain) {
                Some(is_closing) => Line::Balance(BalanceLine { is_closing, day, amount }, reason),
                None => Line::Skipped(reason),
            };
        }
        let is_proven = self
            .plan
            .candidate
            .balance
            .is_some_and(|beside| beside.chain.agree > 0 && beside.chain.agree == beside.chain.steps);
        if self.plan.layout.is_none() && !is_proven && self.is_odd_edge(row) {
            let reason = "the line differs in shape from all others and is taken for a balance, so it is not imported";
            return Line::Skipped(reason.to_owned());
        }
        if !amount.is_zero() && amount.abs() < Decimal::new(1, 3) && self.currency(row).is_none_or(|code| code.is_iso())
        {
            return Line::Skipped(format!("the amount {amount} is less than the smallest coin"));
        }
        let amount = match self.neutral(row, amount) {
            Ok(amount) => amount,
            Err(line) => return line,
        };
        let first = self.plan.dates.order.first().map_or("", |column| self.grid.cell(row, *column));
        if self.is_unpaid(row) {
            return Line::Skipped(format!("not booked: {}", quoted(status)));
        }
        let pending = self.words.is(Set::Pending, status)
            || (date::parse(first).is_none() && (self.words.is(Set::Pending, first) || self.holds_pending(row)));
        if pending { Line::Pending(Some(day), amount) } else { Line::Booked(day, amount) }
    }

    /// A row whose words give no direction counts only when it is a refund.
    fn neutral(&self, row: usize, amount: Decimal) -> Result<Decimal, Line> {
        let Model::Worded { column, signs } = &self.plan.candidate.model else { return Ok(amount) };
        let cell = signs.columns.first().map_or("", |column| self.grid.cell(row, *column));
        let way = signs.of_row(self.grid, row, self.words);
        let is_signed = || money(self.grid.cell(row, *column)).is_some_and(|number| number.is_signed);
        let is_other = || words::currency(cell).is_some();
        if way == Way::Unknown && self.plan.layout.is_none() && !signs.trades && !is_signed() && !is_other() {
            let reason = format!("{} gives no direction of the money, so the line is not imported", quoted(cell));
            return Err(Line::Skipped(reason));
        }
        if way != Way::Neutral {
            return Ok(amount);
        }
        let refund = self.grid.cells(row).any(|cell| contains(&key(cell), "退款") || contains(&key(cell), "refund"));
        if refund { Ok(amount.abs()) } else { Err(Line::Skipped(format!("neither in nor out: {}", quoted(cell)))) }
    }

    /// Whether a trade was closed: the money may have moved before, or never.
    fn is_closed(&self, row: usize) -> bool {
        matches!(self.status(row), "交易关闭" | "交易關閉" | "已关闭" | "已關閉")
    }

    /// Whether a closed trade lacks the day of its payment, which others have.
    fn is_unpaid(&self, row: usize) -> bool {
        let paid = self.plan.columns.iter().find(|column| column.is(Role::DateBook));
        self.is_closed(row) && paid.is_some_and(|column| self.grid.cell(row, column.index).is_empty())
    }

    fn holds_pending(&self, row: usize) -> bool {
        let columns = self.plan.columns.iter().filter(|column| {
            matches!(column.role, Some(Role::Type | Role::Status | Role::Indicator | Role::Text) | None)
        });
        columns.into_iter().any(|column| {
            let cell = self.grid.cell(row, column.index);
            cell.chars().count() < 40 && self.words.holds(Set::Pending, cell)
        })
    }

    fn dateless(&self, row: usize, amount: Decimal) -> Line {
        let first = self.plan.dates.order.first().map_or("", |column| self.grid.cell(row, *column));
        if self.words.is(Set::Pending, first) || self.words.is(Set::Pending, self.status(row)) {
            if self.words.is(Set::Failed, self.status(row)) {
                return Line::Skipped(format!("not booked: {}", quoted(self.status(row))));
            }
            return Line::Pending(self.other_day(row), amount);
        }
        if self.is_summary(row) {
            return Line::Other;
        }
        if first.is_empty() {
            if row > self.plan.last {
                return Line::Other;
            }
            return Line::Skipped("the line has an amount but no date, so it is not imported".to_owned());
        }
        Line::Skipped(format!("the date {} can't be read, so the line is not imported", quoted(first)))
    }

    fn other_day(&self, row: usize) -> Option<NaiveDate> {
        self.plan.dates.others.iter().find_map(|column| self.date_in(row, *column))
    }

    fn amountless(&self, row: usize) -> Line {
        if let Some(column) = self.plan.candidate.model.unreadable(self.grid, row) {
            let cell = self.grid.cell(row, column);
            return Line::Skipped(format!("the amount {} can't be read, so the line is not imported", quoted(cell)));
        }
        if self.is_summary(row) || row > self.plan.last {
            return Line::Other;
        }
        if self.words.is(Set::Pending, self.status(row)) {
            return Line::Skipped("a pending line without an amount is not imported".to_owned());
        }
        Line::Skipped("the line has no amount, so it is not imported".to_owned())
    }

    /// Neither day nor amount: a continuation, a notice, a header again, or a broken line.
    fn neither(&self, row: usize) -> Line {
        let first = self.plan.dates.order.first().map_or("", |column| self.grid.cell(row, *column));
        let broken = self.plan.candidate.model.unreadable(self.grid, row).is_some() && !first.is_empty();
        let is_header = self.plan.frame.header.is_some_and(|header| self.grid.cells(row).eq(self.grid.cells(header)));
        if broken
            && !is_header
            && row <= self.plan.last
            && !self.is_summary(row)
            && self.grid.width(row) * 2 > self.plan.frame.width
        {
            return Line::Skipped(format!(
                "neither the date {} nor the amount can be read, so the line is not imported",
                quoted(first)
            ));
        }
        Line::Other
    }

    /// Opening, closing and total lines.
    fn is_summary(&self, row: usize) -> bool {
        self.grid.cells(row).filter(|cell| !cell.is_empty()).take(6).any(|cell| {
            let head = words::name_of(cell);
            let keys = [Role::KeyOpening, Role::KeyClosing, Role::KeyTotal, Role::KeyIn, Role::KeyOut];
            !head.is_empty()
                && self.words.roles(head).iter().any(|found| keys.contains(&found.role) && found.score >= 82)
        })
    }

    fn currency(&self, row: usize) -> Option<AssetCode> {
        let plan = self.plan;
        if matches!(plan.candidate.model, Model::Currencies(_)) {
            return plan.candidate.model.currency(self.grid, row);
        }
        let in_header = plan.candidate.model.columns().find_map(|index| plan.columns.get(index)?.currency);
        if in_header.is_some() {
            return in_header;
        }
        let of_incoming = || match &plan.candidate.model {
            Model::Worded { signs, .. } => {
                signs.currency_in.filter(|_| signs.of_row(self.grid, row, self.words) == Way::In)
            }
            _ => None,
        };
        let in_column = of_incoming().or(plan.currency_column).and_then(|column| {
            let cell = self.grid.cell(row, column);
            match self.only_currency {
                Some((only, currency)) if only == cell => currency,
                _ => currency_of_cell(plan, cell),
            }
        });
        let in_cell = || plan.candidate.model.currency(self.grid, row);
        // Many currencies are written with a dollar sign.
        let dollars = plan.facts.currency.filter(|code| words::is_dollar(*code));
        in_column
            .or_else(|| match (in_cell(), dollars) {
                (Some(AssetCode::USD), Some(stated)) => Some(stated),
                (found, _) => found,
            })
            .or(plan.currency)
    }

    fn joined(&self, row: usize, columns: &[usize]) -> Option<Text> {
        if let [column] = columns {
            return text::clean_line(self.grid.cell(row, *column));
        }
        let mut parts: Vec<&str> = Vec::new();
        for column in columns {
            let cell = self.grid.cell(row, *column);
            if !number::is_nothing(cell) && !parts.contains(&cell) {
                parts.push(cell);
            }
        }
        text::clean_line(&parts.join(" "))
    }

    fn facts(
        &self,
        row: usize,
        day: NaiveDate,
        amount: Decimal,
        currency: Option<AssetCode>,
        pending: bool,
    ) -> TransactionFacts {
        let mut facts = TransactionFacts::new(day, amount, currency.unwrap_or(AssetCode::USD));
        facts.origin = Origin { line: self.grid.line(row) };
        facts.status = if pending { TransactionStatus::Pending } else { TransactionStatus::Settled };
        facts.payee = self.joined(row, &self.parties);
        facts.description = self.joined(row, &self.texts);
        if facts.payee.is_none() {
            facts.payee = facts.description.take();
        }
        let filled = |column: Option<usize>| {
            let cell = self.grid.cell(row, column?);
            if number::is_nothing(cell) { None } else { text::clean_line(cell) }
        };
        facts.provider_id = filled(self.id);
        facts.reference = filled(self.reference);
        facts.settlement_date =
            self.value_date.and_then(|column| self.date_in(row, column)).filter(|value| *value != day);
        self.kinds.apply(self.grid, row, self.plan.mark, &mut facts);
        facts
    }
}

/// Whether a cell holds the number of an account and nothing else.
fn is_account_number(cell: &str) -> bool {
    let digits = cell.bytes().filter(u8::is_ascii_digit).count();
    let others = cell.chars().filter(|c| !c.is_ascii_digit() && !c.is_whitespace() && *c != '-').count();
    digits >= 8 && others <= 2
}

/// The currency that a cell of a currency column names. That of a layout may name coins, which no list holds.
fn currency_of_cell(plan: &TablePlan<'_>, cell: &str) -> Option<AssetCode> {
    let coin = || AssetCode::new(cell).ok().filter(|_| plan.layout.is_some() && money(cell).is_none());
    words::currency(cell).or_else(coin)
}

impl TablePlan<'_> {
    fn owner_is(&self, column: usize) -> bool {
        self.owner == Owner::Column(column)
    }
}
