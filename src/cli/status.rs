//! `dashtam status`: whether anything needs attention.

use std::io::Write;

use chrono::{DateTime, Utc};

use super::{
    args::OutputFormat,
    error::CliError,
    output,
    session::{Session, Setup},
    stored_status::{self, Status},
};
use crate::domain::figures::counted;

/// Prints the stored line. Opens no database and waits for nothing.
pub(super) fn short(setup: &Setup, out: &mut dyn Write, format: OutputFormat) -> Result<(), CliError> {
    print(out, format, &stored_status::load(&setup.paths), Utc::now())
}

/// The state as it is.
pub(super) fn run(session: &Session, out: &mut dyn Write, format: OutputFormat) -> Result<(), CliError> {
    let now = session.clock.now();
    let status = Status::of(&session.ledger, &session.setup.paths, now)?;
    print(out, format, &status, now)?;
    if format == OutputFormat::Table {
        let parts = [
            counted(status.accounts, "account"),
            counted(status.transactions, "transaction"),
            counted(status.connections, "connection"),
        ];
        writeln!(out, "{}", parts.join(", "))?;
        writeln!(out, "{}", status.backup_line(now))?;
    }
    Ok(())
}

fn print(out: &mut dyn Write, format: OutputFormat, status: &Status, now: DateTime<Utc>) -> Result<(), CliError> {
    output::record(out, format, status, |out| writeln!(out, "{}", status.line(now)))
}
