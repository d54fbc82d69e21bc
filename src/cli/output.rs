//! Lists on standard output: aligned for people, JSON and CSV for scripts.
//!
//! A table cuts nothing: what is aligned for people is also read by programs at the end of a pipe.
//!
//! INVARIANT: data goes to standard output and everything else to standard error; text from outside is cleaned before
//! a terminal sees it; a closed pipe ends the output quietly.

use std::{
    borrow::Borrow,
    fmt::Write as _,
    io::{self, Write},
};

use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::Value;
use unicode_width::UnicodeWidthStr as _;

use super::{args::OutputFormat, error::CliError};
use crate::{
    domain::{FailureKind, text},
    ledger::{RowRecord, WriteCell, export},
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

/// A record of a list.
pub(super) trait ListRecord: Serialize {
    /// The names of its fields in JSON, in their order, those included that only some records have. They are the header of
    /// CSV, also without records.
    const FIELDS: &'static [&'static str];

    /// Writes its fields as cells, in the order of [`Self::FIELDS`].
    fn cells(&self, write: &mut WriteCell<'_>) -> io::Result<()> {
        cells_of(&serde_json::to_value(self)?, Self::FIELDS, write)
    }
}

impl ListRecord for RowRecord {
    const FIELDS: &'static [&'static str] = Self::FIELDS;

    fn cells(&self, write: &mut WriteCell<'_>) -> io::Result<()> {
        self.cells(write)
    }
}

/// Writes the named fields of an object as cells. A field that is not named would be lost: an error of the program.
fn cells_of(value: &Value, names: &[impl AsRef<str>], write: &mut WriteCell<'_>) -> io::Result<()> {
    let fields = value.as_object().into_iter().flatten();
    let mut unnamed = fields.filter(|(name, _)| !names.iter().any(|known| known.as_ref() == name.as_str()));
    if let Some((name, _)) = unnamed.next() {
        return Err(io::Error::other(format!("the field `{name}` has no column")));
    }
    names.iter().try_for_each(|name| write(&value.get(name.as_ref()).map(export::cell).unwrap_or_default()))
}

/// Writes a list in the form asked for. `empty` is the text of a table without rows.
pub(super) fn list<T: ListRecord, R: Borrow<T> + Serialize>(
    out: &mut dyn Write,
    format: OutputFormat,
    rows: impl IntoIterator<Item = Result<R, CliError>>,
    columns: &[OutputColumn<T>],
    empty: &str,
) -> Result<(), CliError> {
    list_with(out, format, rows, columns, empty, T::FIELDS)
}

/// As [`list`], of records that have only the `fields`.
pub(super) fn list_with<T: ListRecord, R: Borrow<T> + Serialize>(
    out: &mut dyn Write,
    format: OutputFormat,
    rows: impl IntoIterator<Item = Result<R, CliError>>,
    columns: &[OutputColumn<T>],
    empty: &str,
    fields: &[&str],
) -> Result<(), CliError> {
    let is_whole = fields == T::FIELDS;
    match format {
        OutputFormat::Table => table(out, rows, columns, empty),
        OutputFormat::Json => json(out, rows),
        OutputFormat::Jsonl => json_lines(out, rows),
        OutputFormat::Csv => csv(out, fields, rows, |row, write| {
            if is_whole { row.borrow().cells(write) } else { cells_of(&serde_json::to_value(row)?, fields, write) }
        }),
    }
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
    match format {
        OutputFormat::Table => {}
        OutputFormat::Json => return json(out, rows),
        OutputFormat::Jsonl => return json_lines(out, rows),
        OutputFormat::Csv => return csv(out, names, rows, |row, write| cells_of(row, names, write)),
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
pub(super) fn check_columns(names: &[String], fields: &[&str]) -> Result<(), CliError> {
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

/// Writes one object in the form asked for; a table is what `text` writes.
pub(super) fn record<T: Serialize>(
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
        OutputFormat::Table => Ok(text(out)?),
        OutputFormat::Csv => {
            let value = serde_json::to_value(value).map_err(|error| CliError::from(io::Error::from(error)))?;
            let names: Vec<&String> = value.as_object().into_iter().flat_map(serde_json::Map::keys).collect();
            csv(out, &names, [Ok(&value)], |value, write| cells_of(value, &names, write))
        }
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

fn json_lines<T: Serialize>(
    out: &mut dyn Write,
    rows: impl IntoIterator<Item = Result<T, CliError>>,
) -> Result<(), CliError> {
    rows.into_iter().try_for_each(|row| line(out, &row?))
}

/// CSV with a header, also without rows; a list within a field is separated by blanks. Cells that a spreadsheet would take
/// for a formula get an apostrophe.
fn csv<T>(
    out: &mut dyn Write,
    header: &[impl AsRef<str>],
    rows: impl IntoIterator<Item = Result<T, CliError>>,
    cells: impl Fn(&T, &mut WriteCell<'_>) -> io::Result<()>,
) -> Result<(), CliError> {
    let mut target = csv::Writer::from_writer(out);
    target.write_record(header.iter().map(AsRef::as_ref)).map_err(io::Error::from)?;
    let mut text = String::new();
    for row in rows {
        cells(&row?, &mut |cell| {
            text.clear();
            // Writing to a string can't fail.
            let _ = write!(text, "{cell}");
            Ok(target.write_field(&*export::defused(&text))?)
        })?;
        target.write_record(None::<&[u8]>).map_err(io::Error::from)?;
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

    #[derive(Serialize)]
    struct Sometimes {
        name: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<&'static str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        other: Option<&'static str>,
    }

    impl ListRecord for Sometimes {
        const FIELDS: &'static [&'static str] = &["name", "error"];
    }

    #[test]
    fn a_field_that_only_some_records_have_keeps_its_column() {
        let written = |other| {
            let rows =
                [Sometimes { name: "a", error: None, other: None }, Sometimes { name: "b", error: Some("no"), other }];
            let mut out = Vec::new();
            list::<Sometimes, _>(&mut out, OutputFormat::Csv, rows.map(Ok), &[], "")
                .map(|()| String::from_utf8(out).unwrap())
        };
        assert_eq!(written(None).unwrap(), "name,error\na,\nb,no\n");
        assert!(written(Some("lost")).unwrap_err().message.contains("`other` has no column"));
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
        assert_eq!(shown(OutputFormat::Csv, Vec::new()), "name,amount\n", "a header without rows");
    }
}
