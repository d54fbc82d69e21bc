//! Lists on standard output: aligned for people, JSON and CSV for scripts.
//!
//! A table cuts nothing: what is aligned for people is also read by programs at the end of a pipe.
//!
//! INVARIANT: data goes to standard output and everything else to standard error; text from outside is cleaned before
//! a terminal sees it; a closed pipe ends the output quietly.

use std::{
    borrow::Borrow,
    io::{self, Write},
};

use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::Value;
use unicode_width::UnicodeWidthStr as _;

use super::{args::OutputFormat, error::CliError};
use crate::{
    domain::{FailureKind, text},
    ledger::export,
};

/// One column of a table for people.
pub(super) struct OutputColumn<T> {
    pub(super) title: &'static str,
    pub(super) align: Align,
    pub(super) cell: fn(&T) -> String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
}

// Derived, they would need a row that can be copied.
impl<T> Clone for OutputColumn<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for OutputColumn<T> {}

impl<T> OutputColumn<T> {
    pub(super) const fn left(title: &'static str, cell: fn(&T) -> String) -> Self {
        Self { title, align: Align::Left, cell }
    }

    pub(super) const fn right(title: &'static str, cell: fn(&T) -> String) -> Self {
        Self { title, align: Align::Right, cell }
    }
}

/// Writes a list in the form asked for. `empty` is the text of a table without rows.
pub(super) fn list<T, R: Borrow<T> + Serialize>(
    out: &mut dyn Write,
    format: OutputFormat,
    rows: impl IntoIterator<Item = Result<R, CliError>>,
    columns: &[OutputColumn<T>],
    empty: &str,
) -> Result<(), CliError> {
    match format {
        OutputFormat::Table => table(out, rows, columns, empty),
        OutputFormat::Json => json(out, rows),
        OutputFormat::Jsonl => {
            for row in rows {
                line(out, &row?)?;
            }
            Ok(())
        }
        OutputFormat::Csv => csv(out, rows),
    }
}

/// A record whose fields can be chosen as columns.
pub(super) trait ListRecord {
    /// The names of its fields in JSON, in their order.
    const FIELDS: &'static [&'static str];
}

/// As [`list`], with the named fields of the JSON form only, in that order; without names as [`list`]. Unknown names are
/// refused, also without rows.
pub(super) fn chosen<T: ListRecord, R: Borrow<T> + Serialize>(
    out: &mut dyn Write,
    format: OutputFormat,
    rows: impl IntoIterator<Item = Result<R, CliError>>,
    columns: &[OutputColumn<T>],
    empty: &str,
    names: &[String],
) -> Result<(), CliError> {
    if names.is_empty() {
        return list(out, format, rows, columns, empty);
    }
    check_columns(names, T::FIELDS)?;
    let rows = rows.into_iter().map(|row| picked(&row?, names));
    if format != OutputFormat::Table {
        return list(out, format, rows, &[], empty);
    }
    let rows = rows.collect::<Result<Vec<Value>, _>>()?;
    let cell = |row: &Value, name: &String| row.get(name).map(export::cell).unwrap_or_default();
    let right = |name: &String| {
        let mut cells = rows.iter().map(|row| cell(row, name)).filter(|cell| !cell.is_empty()).peekable();
        cells.peek().is_some() && cells.all(|cell| cell.parse::<Decimal>().is_ok())
    };
    let titles = names.iter().map(|name| (name.as_str(), if right(name) { Align::Right } else { Align::Left }));
    let lines = rows.iter().map(|row| Ok(names.iter().map(|name| cell(row, name)).collect()));
    aligned(out, &titles.collect::<Vec<_>>(), lines, empty)
}

/// Refuses names of columns that are not among `fields`, the fields of a record.
fn check_columns(names: &[String], fields: &[&str]) -> Result<(), CliError> {
    let unknown: Vec<String> = names
        .iter()
        .filter(|name| !fields.contains(&name.as_str()))
        .map(|name| text::clean(name).into_owned())
        .collect();
    let quoted: Vec<String> = unknown.iter().map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [] => Ok(()),
        [one] => Err(CliError::usage(format!("--columns: there is no column {one}"))),
        several => Err(CliError::usage(format!("--columns: there are no columns {}", several.join(", ")))),
    }
    .map_err(|error| error.hint(format!("choose from: {}", fields.join(", "))))
}

/// The named fields of a row, which were checked.
fn picked<T: Serialize>(row: &T, names: &[String]) -> Result<Value, CliError> {
    let value = serde_json::to_value(row).map_err(|error| CliError::new(FailureKind::Internal, error.to_string()))?;
    let mut fields = serde_json::Map::new();
    for name in names {
        fields.insert(name.clone(), value.get(name).cloned().unwrap_or_default());
    }
    Ok(Value::Object(fields))
}

/// Writes one object: as JSON in the JSON forms, else with `text`.
pub(super) fn object<T: Serialize>(
    out: &mut dyn Write,
    format: OutputFormat,
    value: &T,
    text: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), CliError> {
    match format {
        OutputFormat::Json => {
            serde_json::to_writer_pretty(&mut *out, value).map_err(|error| CliError::from(io::Error::from(error)))?;
            Ok(writeln!(out)?)
        }
        OutputFormat::Jsonl => line(out, value),
        OutputFormat::Table | OutputFormat::Csv => Ok(text(out)?),
    }
}

/// Writes one object in the form asked for; a table is what `text` writes.
pub(super) fn record<T: Serialize>(
    out: &mut dyn Write,
    format: OutputFormat,
    value: &T,
    text: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), CliError> {
    match format {
        OutputFormat::Csv => csv(out, std::iter::once(Ok(value))),
        other => object(out, other, value, text),
    }
}

fn line<T: Serialize>(out: &mut dyn Write, value: &T) -> Result<(), CliError> {
    serde_json::to_writer(&mut *out, value).map_err(|error| CliError::from(io::Error::from(error)))?;
    Ok(writeln!(out)?)
}

fn json<T: Serialize>(
    out: &mut dyn Write,
    rows: impl IntoIterator<Item = Result<T, CliError>>,
) -> Result<(), CliError> {
    let mut separator = "[\n  ";
    let mut any = false;
    for row in rows {
        let row = row?;
        out.write_all(separator.as_bytes())?;
        serde_json::to_writer(&mut *out, &row).map_err(|error| CliError::from(io::Error::from(error)))?;
        separator = ",\n  ";
        any = true;
    }
    Ok(out.write_all(if any { b"\n]\n" } else { b"[]\n" })?)
}

/// CSV with every field of the JSON form; a list within a field is separated by blanks. Cells that a spreadsheet
/// would take for a formula get an apostrophe.
fn csv<T: Serialize>(out: &mut dyn Write, rows: impl IntoIterator<Item = Result<T, CliError>>) -> Result<(), CliError> {
    let broken = |error: csv::Error| match error.into_kind() {
        csv::ErrorKind::Io(error) => CliError::from(error),
        other => CliError::new(FailureKind::Internal, format!("{other:?}")),
    };
    let mut header = true;
    let mut target = csv::Writer::from_writer(out);
    for row in rows {
        let value =
            serde_json::to_value(row?).map_err(|error| CliError::new(FailureKind::Internal, error.to_string()))?;
        let Value::Object(fields) = value else { continue };
        if std::mem::take(&mut header) {
            target.write_record(fields.keys()).map_err(broken)?;
        }
        let cells = fields.values().map(export::cell);
        target.write_record(cells.map(|cell| export::defused(&cell).into_owned())).map_err(broken)?;
    }
    Ok(target.flush()?)
}

fn table<T, R: Borrow<T>>(
    out: &mut dyn Write,
    rows: impl IntoIterator<Item = Result<R, CliError>>,
    columns: &[OutputColumn<T>],
    empty: &str,
) -> Result<(), CliError> {
    let titles: Vec<(&str, Align)> = columns.iter().map(|column| (column.title, column.align)).collect();
    let cells = |row: Result<R, CliError>| {
        let row = row?;
        Ok(columns.iter().map(|column| (column.cell)(row.borrow())).collect())
    };
    aligned(out, &titles, rows.into_iter().map(cells), empty)
}

/// Writes lines of cells below their titles.
fn aligned(
    out: &mut dyn Write,
    columns: &[(&str, Align)],
    rows: impl IntoIterator<Item = Result<Vec<String>, CliError>>,
    empty: &str,
) -> Result<(), CliError> {
    let mut widths: Vec<usize> = columns.iter().map(|(title, _)| title.width()).collect();
    let mut lines = Vec::new();
    for row in rows {
        let cells: Vec<String> = row?.iter().map(|cell| text::clean(cell).into_owned()).collect();
        for (width, cell) in widths.iter_mut().zip(&cells) {
            *width = (*width).max(cell.width());
        }
        lines.push(cells);
    }
    if lines.is_empty() {
        return Ok(writeln!(out, "{empty}")?);
    }
    let titles: Vec<String> = columns.iter().map(|(title, _)| (*title).to_owned()).collect();
    for cells in std::iter::once(&titles).chain(&lines) {
        let mut text = String::new();
        for ((cell, width), (_, align)) in cells.iter().zip(&widths).zip(columns) {
            let blanks = " ".repeat(width.saturating_sub(cell.width()));
            match align {
                Align::Left => text.extend([cell, &*blanks]),
                Align::Right => text.extend([&*blanks, cell]),
            }
            text.push_str("  ");
        }
        writeln!(out, "{}", text.trim_end())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Row {
        name: &'static str,
        amount: &'static str,
    }

    const COLUMNS: [OutputColumn<Row>; 2] = [
        OutputColumn::left("Name", |row| row.name.to_owned()),
        OutputColumn::right("Amount", |row| row.amount.to_owned()),
    ];

    fn shown(format: OutputFormat, rows: Vec<Row>) -> String {
        let mut out = Vec::new();
        list(&mut out, format, rows.into_iter().map(Ok), &COLUMNS, "nothing").unwrap();
        String::from_utf8(out).unwrap()
    }

    impl ListRecord for Row {
        const FIELDS: &'static [&'static str] = &["name", "amount"];
    }

    fn rows() -> Vec<Row> {
        vec![Row { name: "Café 日本", amount: "-1.50" }, Row { name: "=1+1", amount: "22.00" }]
    }

    #[test]
    fn tables_align_by_display_width() {
        assert_eq!(shown(OutputFormat::Table, rows()), "Name       Amount\nCafé 日本   -1.50\n=1+1        22.00\n");
        assert_eq!(shown(OutputFormat::Table, Vec::new()), "nothing\n");
    }

    #[test]
    fn chosen_columns_come_in_their_order_and_unknown_ones_are_refused() {
        let shown = |format, names: &[&str]| {
            let mut out = Vec::new();
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            chosen(&mut out, format, rows().into_iter().map(Ok), &COLUMNS, "nothing", &names)
                .map(|()| String::from_utf8(out).unwrap())
        };
        assert_eq!(
            shown(OutputFormat::Table, &["amount", "name"]).unwrap(),
            "amount  name\n -1.50  Café 日本\n 22.00  =1+1\n"
        );
        assert_eq!(shown(OutputFormat::Csv, &["amount"]).unwrap(), "amount\n-1.50\n22.00\n");
        assert_eq!(shown(OutputFormat::Jsonl, &["amount"]).unwrap().lines().next(), Some(r#"{"amount":"-1.50"}"#));
        let error = shown(OutputFormat::Json, &["amount", "colour"]).unwrap_err();
        assert!(format!("{error:?}").contains("choose from: name, amount"), "{error:?}");
    }

    #[test]
    fn scripts_get_json_and_csv_without_formulas() {
        assert_eq!(shown(OutputFormat::Json, Vec::new()), "[]\n");
        let json: serde_json::Value = serde_json::from_str(&shown(OutputFormat::Json, rows())).unwrap();
        assert_eq!(json[1]["name"], "=1+1");
        assert_eq!(shown(OutputFormat::Jsonl, rows()).lines().count(), 2);
        assert_eq!(shown(OutputFormat::Csv, rows()), "name,amount\nCafé 日本,-1.50\n'=1+1,22.00\n");
    }
}
