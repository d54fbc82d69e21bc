//! Tables (CSV, TSV, Excel, OpenDocument) of any bank, read without a mapping dialogue.
//!
//! Bytes are decoded, cut into a table, framed, typed, and read in the one way that arithmetic, layouts and words leave; or
//! a question is asked about what is left. How that is done is in `docs/statement-formats.md`. INVARIANT: pure, linear, no panic on
//! any input; nothing is chosen on a tie.

mod account;
#[cfg(test)]
mod amounts_tests;
mod ask;
mod bookkeeping;
#[cfg(test)]
mod brokers_tests;
mod built_in;
mod candidates;
mod chain;
mod column;
mod currency;
mod date;
mod days;
mod decode;
mod dialect;
mod facts;
mod frame;
mod grid;
mod html;
mod infer;
mod kinds;
mod layout;
#[cfg(test)]
mod layout_tests;
mod learn;
mod line;
mod marks;
#[cfg(test)]
mod metamorphic;
mod model;
mod money_column;
mod net;
mod number;
#[cfg(test)]
mod odd_files_tests;
mod own;
mod pairs;
mod plan;
mod position;
mod positions;
#[cfg(test)]
mod positions_tests;
mod rare;
mod records;
mod refuse;
#[cfg(test)]
mod refuse_tests;
mod role;
mod rows;
#[cfg(test)]
mod samples;
mod sections;
mod serial;
mod sheet;
mod sign;
mod signs;
#[cfg(test)]
mod silent;
mod source;
mod statement;
mod steps;
mod summary;
#[cfg(test)]
mod test_reading;
mod unnamed;
mod words;
mod workbook;

pub use layout::{Layout, built_in};
pub use own::LAYOUT as EXPORT_LAYOUT;

use super::{
    ReadProgress, Reading, Sniff, StatementAccount, StatementError, StatementFile, StatementFormat, Verdict,
    warnings::Warnings,
};
use crate::domain::IdTrust;

/// The reader of tables.
pub static FORMAT: StatementFormat = StatementFormat {
    name: "table",
    label: "a table (CSV or Excel)",
    extensions: &["csv", "tsv", "txt", "xlsx", "xls", "ods"],
    id_trust: IdTrust::Reusable,
    sniff,
    read,
};

fn sniff(input: &StatementFile<'_>) -> Sniff {
    if sheet::is_sheet(input.bytes) {
        return Sniff::Certain;
    }
    if input.bytes.starts_with(b"PK\x03\x04") {
        return Sniff::No;
    }
    let head = &input.bytes[..input.bytes.len().min(64 << 10)];
    let (text, _) = decode::decode(head, None, words::words());
    if own::fits(&text) {
        return Sniff::Certain;
    }
    let start = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let is_odd = |c: &char| c.is_control() && !c.is_whitespace() && !matches!(c, '\u{1e}' | '\u{1f}');
    let controls = text.chars().take(4_096).filter(is_odd).count();
    if html::read(&text, input.limits.rows, words::words()).is_some() {
        return Sniff::Possible;
    }
    if start.starts_with(['<', '{', '!']) || controls > 20 {
        return Sniff::No;
    }
    if records::fits(&text) {
        return Sniff::Possible;
    }
    let Ok((grid, _)) = dialect::read(&text, input.limits, &mut |_| std::ops::ControlFlow::Continue(())) else {
        return Sniff::No;
    };
    let wide = (0..grid.len()).filter(|row| grid.width(*row) >= 2).count();
    let is_table = wide >= 1 && (wide >= 2 || frame::find(&grid, words::words()).is_some());
    if is_table || rare::read(&text, input.limits.rows, words::words()).is_some() { Sniff::Possible } else { Sniff::No }
}

/// The table of a file as cells.
fn grid(input: &StatementFile<'_>, progress: &mut ReadProgress<'_>) -> Result<grid::Grid, StatementError> {
    if sheet::is_sheet(input.bytes) {
        let sheet = sheet::read(input.bytes, input.limits)?.into_iter().next();
        return Ok(sheet.map(|sheet| sheet.grid).unwrap_or_default());
    }
    let (text, _) = decoded(input);
    if let Some(grid) = html::read(&text, input.limits.rows, words::words()) {
        return Ok(grid);
    }
    if let Some(grid) = records::read(&text, input.limits.rows) {
        return Ok(grid);
    }
    let grid = dialect::read(&text, input.limits, progress)?.0;
    let has_rows = frame::find(&grid, words::words()).is_some();
    let otherwise =
        || serial::with_days(&grid, words::words()).or_else(|| rare::read(&text, input.limits.rows, words::words()));
    let found = if has_rows { None } else { otherwise() };
    Ok(found.unwrap_or(grid))
}

/// The layouts, without what they learned about amounts where that is answered again: an answer means the same each time.
fn layouts<'a>(input: &StatementFile<'a>) -> std::borrow::Cow<'a, [Layout]> {
    if input.answers.get("sign").is_none() && input.answers.get("amount-column").is_none() {
        return input.layouts.into();
    }
    let is_learned = |name: &Option<String>| name.as_deref().is_some_and(|name| name.starts_with('#'));
    let open = |layout: &Layout| {
        let mut layout = layout.clone();
        let amount = &mut layout.amount;
        amount.invert = None;
        for name in [&mut amount.column, &mut amount.debit, &mut amount.credit] {
            if is_learned(name) {
                *name = None;
            }
        }
        layout
    };
    input.layouts.iter().map(open).collect::<Vec<_>>().into()
}

fn source<'a>(input: &StatementFile<'a>, grid: &'a grid::Grid, layouts: &'a [Layout]) -> source::RawTable<'a> {
    source::RawTable { grid, file_name: input.file_name, words: words::words(), answers: input.answers, layouts }
}

/// Lines of the file as they are; those of a spreadsheet with its cells apart.
fn own_lines(input: &StatementFile<'_>, grid: &grid::Grid, lines: &[(u32, String)]) -> Vec<(u32, String)> {
    let is_wanted = |number: u32| lines.iter().any(|(line, _)| *line == number);
    if sheet::is_sheet(input.bytes) {
        let rows = (0..grid.len()).filter(|row| is_wanted(grid.line(*row)));
        return rows.map(|row| (grid.line(row), grid.cells(row).collect::<Vec<_>>().join(" | "))).collect();
    }
    let (text, _) = decoded(input);
    let numbered = (1u32..).zip(text.lines());
    numbered.filter(|(number, _)| is_wanted(*number)).map(|(number, line)| (number, shown(line))).collect()
}

/// A line that is safe to show.
fn shown(line: &str) -> String {
    crate::domain::text::clean(line).chars().take(500).collect()
}

/// Whether a name of an encoding is known: those of the encoding standard of the web.
#[must_use]
pub fn is_encoding(name: &str) -> bool {
    encoding(name).is_some()
}

fn encoding(name: &str) -> Option<&'static encoding_rs::Encoding> {
    encoding_rs::Encoding::for_label(name.trim().as_bytes())
}

fn decoded<'a>(input: &StatementFile<'a>) -> (std::borrow::Cow<'a, str>, &'static str) {
    let asked = input.answers.get("encoding").and_then(encoding);
    decode::decode(input.bytes, asked, words::words())
}

/// The facts about the layout of a table that the answers taught, kept so that they are not asked for again. `None` without
/// answers, for files that are not tables, and where the file itself decides.
#[must_use]
pub fn learned(input: &StatementFile<'_>) -> Option<Layout> {
    let answered = ["date", "sign", "decimal", "amount-column"].iter().any(|id| input.answers.get(id).is_some());
    if !answered || sniff(input) == Sniff::No {
        return None;
    }
    let grid = grid(input, &mut |_| std::ops::ControlFlow::Continue(())).ok()?;
    let layouts = layouts(input);
    let table = source(input, &grid, &layouts);
    let (plan, doubt) = infer::infer(&table).ok()?;
    if doubt.is_some() {
        return None;
    }
    learn::layout(&table, &plan)
}

fn read(input: &StatementFile<'_>, progress: &mut ReadProgress<'_>) -> Result<Reading, StatementError> {
    if let Some(kind) = sheet::kind(input.bytes) {
        return workbook::read(input, &sheet::read(input.bytes, input.limits)?, kind.name(), progress);
    }
    let (text, _) = decoded(input);
    if own::fits(&text) {
        return own::read(&text, input.limits);
    }
    // The cells are one half of the work, the rows the other.
    let grid = grid(input, &mut |at| progress(at / 2))?;
    read_grid(input, &grid, "csv", progress)
}

/// The day of the last row of a page.
fn newest(page: &StatementAccount) -> Option<chrono::NaiveDate> {
    page.transactions.iter().map(|draft| draft.facts.date).max()
}

/// Adds a list of positions to the pages of its accounts; an account without rows gets its page.
fn add_positions(reading: &mut Reading, list: Reading) {
    for listed in list.statements.into_iter().flat_map(|statement| statement.accounts) {
        let Some(statement) = reading.statements.first_mut() else { return };
        let id = &listed.account.provider_account_id;
        match statement.accounts.iter_mut().find(|page| page.account.provider_account_id == *id) {
            Some(page) => {
                page.holdings = listed.holdings;
                page.holdings_complete = listed.holdings_complete;
                page.account.balance = listed.account.balance.or(page.account.balance);
            }
            None => statement.accounts.push(listed),
        }
    }
    reading.warnings.extend(list.warnings);
    reading.warnings.sort_by_key(|warning| warning.line);
    reading.evidence.extend(list.evidence);
}

/// Reads one table whose cells are known: the second half of the work.
fn read_grid(
    input: &StatementFile<'_>,
    grid: &grid::Grid,
    format: &'static str,
    progress: &mut ReadProgress<'_>,
) -> Result<Reading, StatementError> {
    if let Some(error) = refuse::in_sections(grid) {
        return Err(error);
    }
    if let Some(outcome) = positions::read(input, grid, format) {
        return outcome;
    }
    let layouts = layouts(input);
    let table = source(input, grid, &layouts);
    let (plan, doubt) = infer::infer(&table).map_err(|error| refuse::advised(error, grid, words::words()))?;
    let mut warnings = Warnings::new(input.limits.warnings);
    let (half, lines) = (input.bytes.len() as u64 / 2, grid.len().max(1) as u64);
    let mut on_lines = |done: usize| progress(half + half * done as u64 / lines);
    let rows = rows::read(grid, &plan, words::words(), input.limits.rows, &mut warnings, &mut on_lines);
    let rows = rows.ok_or(StatementError::Cancelled)?;
    let mut reading = statement::reading(grid, &plan, rows, format, warnings)?;
    if let Some(header) = plan.frame.header {
        let newest = reading.statements.iter().flat_map(|statement| &statement.accounts).filter_map(newest).max();
        if let Some(list) = positions::above(input, grid, header, newest, format) {
            add_positions(&mut reading, list);
        }
    }
    if let Some(doubt) = doubt {
        let mut question = ask::question(&table, &plan, &doubt);
        question.lines = own_lines(input, grid, &question.lines);
        question.evidence.clone_from(&plan.evidence);
        reading.verdict = Verdict::Question(question);
    }
    Ok(reading)
}
