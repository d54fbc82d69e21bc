//! `dashtam attention`: what needs attention, and what was dismissed.

use std::io::Write;

use chrono::Local;
use rust_decimal::Decimal;
use serde::Serialize;

use super::{
    args::OutputFormat,
    error::CliError,
    lists::money,
    output::{self, ListRecord, OutputColumn},
    session::Session,
};
use crate::{
    domain::{FailureKind, text},
    tui::{self, AttentionLine, DISMISSED_FILE},
};

impl ListRecord for AttentionRecord {
    const FIELDS: &'static [&'static str] = &["id", "kind", "text", "amount", "currency", "dismissed"];
}

#[derive(Serialize)]
struct AttentionRecord {
    id: String,
    kind: &'static str,
    text: String,
    amount: Option<Decimal>,
    currency: Option<String>,
    dismissed: bool,
}

impl AttentionRecord {
    fn new(line: AttentionLine, dismissed: bool) -> Self {
        Self {
            id: line.id,
            kind: line.kind,
            text: line.text,
            amount: line.money.map(|money| money.amount),
            currency: line.money.map(|money| money.currency.to_string()),
            dismissed,
        }
    }
}

/// Dismisses and restores the named matters, then lists what needs attention; with `all` also what was dismissed.
pub(super) fn run(
    session: &Session,
    out: &mut dyn Write,
    format: OutputFormat,
    dismiss: &[String],
    restore: &[String],
    all: bool,
) -> Result<(), CliError> {
    const COLUMNS: &[OutputColumn<AttentionRecord>] = &[
        OutputColumn::left("Id", |row| row.id.clone()),
        OutputColumn::left("Kind", |row| row.kind.to_owned()),
        OutputColumn::right("Unexplained", |row| {
            let amount = row.amount.zip(row.currency.as_ref());
            amount.map(|(amount, currency)| money(amount, currency)).unwrap_or_default()
        }),
        OutputColumn::left("", |row| row.currency.clone().unwrap_or_default()),
        OutputColumn::left("Matter", |row| row.text.clone()),
        OutputColumn::left("", |row| if row.dismissed { "dismissed".to_owned() } else { String::new() }),
    ];
    let local = |at: chrono::DateTime<chrono::Utc>| at.with_timezone(&Local).naive_local();
    let lines = tui::attention(&session.ledger, session.clock.now(), session.clock.today(), local)?;
    let file = session.setup.paths.state.join(DISMISSED_FILE);
    let mut known = tui::read_dismissed(&file);
    let is_unknown = |id: &&String| !lines.iter().any(|line| line.id == **id);
    let unknown = dismiss.iter().chain(restore).filter(is_unknown).map(|id| {
        let text = format!("nothing that needs attention has the id `{}`", text::clean(id));
        CliError::new(FailureKind::NotFound, text)
            .hint("`dashtam attention --all` lists the ids; a matter that changed has another one")
    });
    CliError::all(&unknown.collect::<Vec<_>>())?;
    if !dismiss.is_empty() || !restore.is_empty() {
        known.extend(dismiss.iter().cloned());
        known.retain(|id| !restore.contains(id));
        std::fs::create_dir_all(&session.setup.paths.state)?;
        tui::write_dismissed(&file, &known)?;
    }
    let records = lines.into_iter().map(|line| {
        let dismissed = known.contains(&line.id);
        AttentionRecord::new(line, dismissed)
    });
    let shown = records.filter(|record| all || !record.dismissed).map(Ok);
    output::list(out, format, shown, COLUMNS, "nothing needs attention")
}
