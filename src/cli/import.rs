//! `dashtam import`.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use serde::Serialize;

use super::{
    args::Format,
    console::{Console, Source},
    error::{CliError, PARTLY},
    output::{self, Column},
    session::Session,
};
use crate::{
    domain::{AccountId, FailureKind, Warning, text},
    sync::{Event, FileReport, ImportRequest},
};

#[derive(Serialize)]
struct ImportRecord {
    files: Vec<FileRecord>,
}

#[derive(Serialize)]
struct FileRecord {
    file: String,
    provider: Option<String>,
    format: Option<String>,
    accounts_imported: u64,
    accounts_updated: u64,
    transactions_imported: u64,
    transactions_updated: u64,
    transactions_skipped: u64,
    warnings: Vec<Warning>,
    change_id: Option<String>,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<CliError>,
}

impl From<FileReport> for FileRecord {
    fn from(report: FileReport) -> Self {
        let named = |text: String| (!text.is_empty()).then_some(text);
        let (change_id, error) = match report.outcome {
            Ok(change) => (change.map(|change| change.id.to_string()), None),
            Err(failure) => (None, Some(failure.into())),
        };
        Self {
            file: report.path.display().to_string(),
            provider: named(report.provider),
            format: named(report.format),
            accounts_imported: report.accounts_imported,
            accounts_updated: report.accounts_updated,
            transactions_imported: report.transactions_imported,
            transactions_updated: report.transactions_updated,
            transactions_skipped: report.transactions_skipped,
            warnings: report.warnings,
            change_id,
            message: report.message,
            error,
        }
    }
}

const COLUMNS: &[Column<FileRecord>] = &[
    Column::left("File", |file| file.file.rsplit('/').next().unwrap_or_default().to_owned()),
    Column::left("Provider", |file| file.provider.clone().unwrap_or_else(|| "—".to_owned())),
    Column::right("New", |file| file.transactions_imported.to_string()),
    Column::right("Amended", |file| file.transactions_updated.to_string()),
    Column::right("Known", |file| file.transactions_skipped.to_string()),
    Column::right("Warnings", |file| file.warnings.len().to_string()),
    Column::left("Change", |file| file.change_id.clone().unwrap_or_else(|| "—".to_owned())),
    Column::left("Result", |file| if file.error.is_some() { "failed" } else { "ok" }.to_owned()),
];

/// Imports the files and says what became of each. Ends with 1 when all failed, with 3 when some did.
pub(super) fn run(
    session: &Session,
    out: &mut dyn Write,
    format: Format,
    paths: &[PathBuf],
    dry_run: bool,
    account: Option<AccountId>,
) -> Result<u8, CliError> {
    let console = &session.setup.console;
    let show_progress = console.terminal.stderr;
    let paths = paths.iter().map(|path| place(session, path)).collect::<Result<Vec<_>, _>>()?;
    let request = ImportRequest { paths, account, dry_run };
    let report = session.runtime.block_on(session.handle.import(request, |event| {
        if show_progress {
            progress(console, event);
        }
    }));
    if show_progress {
        let _ = write!(console.err(), "\r\u{1b}[K");
    }
    let report = report?;
    let record = ImportRecord { files: report.files.into_iter().map(FileRecord::from).collect() };
    let mut failures = record.files.iter().filter_map(|file| file.error.clone());
    let first = failures.next();
    let failed = usize::from(first.is_some()) + failures.count();
    if matches!(format, Format::Csv) {
        output::list(out, format, record.files.iter().map(Ok), COLUMNS, "")?;
    } else {
        output::object(out, format, &record, |_| Ok(()))?;
        if format == Format::Table {
            output::list(out, format, record.files.iter().map(Ok), COLUMNS, "")?;
        }
    }
    if matches!(format, Format::Table | Format::Csv) {
        explain(console, &record, dry_run);
    }
    match first {
        None => Ok(0),
        Some(error) if failed == record.files.len() => {
            // In a table every failure was explained already; scripts get the first as the command's error.
            if matches!(format, Format::Table | Format::Csv) { Ok(1) } else { Err(error) }
        }
        Some(_) => Ok(PARTLY),
    }
}

/// The path to import. Standard input, and files that only the process of the caller can open, are read here and handed
/// over under a name made from their content.
fn place(session: &Session, path: &Path) -> Result<PathBuf, CliError> {
    let console = &session.setup.console;
    let is_own = ["/dev/fd/", "/proc/self/fd/"].iter().any(|folder| path.to_string_lossy().starts_with(folder));
    let source = if path == Path::new("-") || path == Path::new("/dev/stdin") {
        Source::Stdin
    } else if is_own {
        Source::Path(path.to_owned())
    } else {
        return Ok(console.path(path));
    };
    let bytes = console.read_all(&source, session.setup.config.import.bytes).map_err(|error| {
        CliError::new(FailureKind::Unreadable, format!("{}: {error}", text::clean(&path.to_string_lossy())))
    })?;
    let name = PathBuf::from(format!("input-{}", &blake3::hash(&bytes).to_hex()[..8]));
    session.handle.hold(name.clone(), bytes);
    Ok(name)
}

/// Warnings and failures, for people, on standard error.
fn explain(console: &Console, record: &ImportRecord, dry_run: bool) {
    let mut err = console.err();
    for file in &record.files {
        let name = text::clean(file.file.rsplit('/').next().unwrap_or_default());
        for warning in &file.warnings {
            let place = if warning.line > 0 { format!(":{}", warning.line) } else { String::new() };
            let _ = writeln!(err, "warning: {name}{place}: {}", text::clean(&warning.message));
        }
        if let Some(error) = &file.error {
            let _ = writeln!(err, "error: {}", text::clean(&error.message));
            if let Some(hint) = &error.hint {
                let _ = writeln!(err, "  {}", text::clean(hint));
            }
        }
    }
    if dry_run {
        let _ = writeln!(err, "dry run: nothing was written");
    }
}

fn progress(console: &Console, event: &Event) {
    let Event::Progress { progress, .. } = event else { return };
    let percent = (progress.done.saturating_mul(100)).checked_div(progress.total);
    let shown = percent.map_or(String::new(), |percent| format!(" {percent} %"));
    let subject = text::clean(&progress.subject);
    let _ = write!(console.err(), "\r\u{1b}[K{} {subject}{shown}", progress.stage.label());
}
