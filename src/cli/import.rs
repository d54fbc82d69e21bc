//! `dashtam import`.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use serde::Serialize;

use super::{
    args::OutputFormat,
    console::{Console, Source},
    error::{CliError, PARTLY},
    import_args::{ImportArgs, is_question},
    layouts, lists,
    output::{self, ListRecord, OutputColumn},
    session::Session,
};
use crate::{
    domain::{FailureKind, Warning, text},
    statements::{Question, QuestionOption, Verdict},
    sync::{Event, FileReport, ImportOptions, ImportRequest},
};

#[derive(Serialize)]
struct ImportRecord {
    files: Vec<FileRecord>,
}

impl ListRecord for FileRecord {
    const FIELDS: &'static [&'static str] = &[
        "file",
        "provider",
        "format",
        "accounts_imported",
        "accounts_updated",
        "transactions_imported",
        "transactions_updated",
        "transactions_skipped",
        "warnings",
        "change_id",
        "message",
        "verdict",
        "evidence",
        "question",
        "error",
    ];
}

#[derive(Serialize)]
struct FileRecord {
    #[serde(skip)]
    is_waiting: bool,
    /// The answer that was given and does not answer its question; part of the message.
    #[serde(skip)]
    refused: Option<String>,
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
    /// `proven`, `certain` or `question`; absent where nothing was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<VerdictRecord>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    evidence: Vec<EvidenceRecord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    question: Option<QuestionRecord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<CliError>,
}

#[derive(Serialize)]
struct VerdictRecord {
    kind: &'static str,
    /// Balances that agree, of those compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    agree: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<usize>,
}

#[derive(Serialize)]
struct EvidenceRecord {
    supports: bool,
    text: String,
}

#[derive(Serialize)]
struct QuestionRecord {
    id: String,
    text: String,
    options: Vec<OptionRecord>,
}

#[derive(Serialize)]
struct OptionRecord {
    value: String,
    label: String,
    preview: Vec<String>,
}

impl From<&Question> for QuestionRecord {
    fn from(question: &Question) -> Self {
        let option = |choice: &QuestionOption| OptionRecord {
            value: choice.value.clone(),
            label: choice.label.clone(),
            preview: choice.preview.clone(),
        };
        Self {
            id: question.id.clone(),
            text: question.text.clone(),
            options: question.options.iter().map(option).collect(),
        }
    }
}

fn verdict(verdict: &Verdict) -> VerdictRecord {
    match verdict {
        Verdict::Proven { agree, of } => VerdictRecord { kind: "proven", agree: Some(*agree), of: Some(*of) },
        Verdict::Certain => VerdictRecord { kind: "certain", agree: None, of: None },
        Verdict::Question(_) => VerdictRecord { kind: "question", agree: None, of: None },
    }
}

impl From<FileReport> for FileRecord {
    fn from(report: FileReport) -> Self {
        let named = |text: String| (!text.is_empty()).then_some(text);
        let mut question = None;
        let (change_id, error): (_, Option<CliError>) = match report.outcome {
            Ok(change) => (change.map(|change| change.id.to_string()), None),
            Err(failure) => {
                question = failure.question.as_deref().map(QuestionRecord::from);
                (None, Some(failure.into()).filter(|_| question.is_none()))
            }
        };
        let read = error.is_none() && !report.format.is_empty();
        let verdict = match (&question, read) {
            (Some(_), _) => Some(VerdictRecord { kind: "question", agree: None, of: None }),
            (None, true) => Some(verdict(&report.basis.verdict)),
            (None, false) => None,
        };
        let reason =
            |evidence: crate::statements::Evidence| EvidenceRecord { supports: evidence.supports, text: evidence.text };
        let evidence = report.basis.evidence.into_iter().map(reason).collect();
        Self {
            is_waiting: report.is_waiting,
            refused: None,
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
            verdict,
            evidence,
            question,
            error,
        }
    }
}

const COLUMNS: &[OutputColumn<FileRecord>] = &[
    OutputColumn::left("File", |file| file.file.rsplit('/').next().unwrap_or_default().to_owned()),
    OutputColumn::left("Provider", |file| file.provider.clone().unwrap_or_else(|| "—".to_owned())),
    OutputColumn::right("New", |file| file.transactions_imported.to_string()),
    OutputColumn::right("Amended", |file| file.transactions_updated.to_string()),
    OutputColumn::right("Known", |file| file.transactions_skipped.to_string()),
    OutputColumn::right("Warnings", |file| file.warnings.len().to_string()),
    OutputColumn::left("Change", |file| file.change_id.clone().unwrap_or_else(|| "—".to_owned())),
    OutputColumn::left("Result", |file| {
        match (&file.question, &file.error) {
            (Some(_), _) => "question",
            (None, Some(_)) => "failed",
            (None, None) if file.is_waiting => "not imported yet",
            (None, None) => "ok",
        }
        .to_owned()
    }),
];

/// Exit code of an import that waits for an answer; nothing was written.
const QUESTION: u8 = 4;

/// How the files are read, from the arguments.
fn options(session: &Session, arguments: &ImportArgs) -> Result<ImportOptions, CliError> {
    let mut options = ImportOptions { once: arguments.once, ..ImportOptions::default() };
    if let Some(wanted) = &arguments.account {
        match lists::find_account(&session.ledger.view()?, wanted) {
            Ok(account) => options.account = Some(account),
            // An unknown name makes an account; an unknown number is an error.
            Err(error) if error.kind == FailureKind::NotFound && wanted.parse::<u64>().is_err() => {
                options.account_name = Some(wanted.clone());
            }
            Err(error) => return Err(error),
        }
    }
    let flags = [
        ("date", arguments.date_order.map(|order| order.value().to_owned())),
        ("sign", arguments.sign.map(|sign| sign.value().to_owned())),
        ("decimal", arguments.decimal.clone()),
        ("encoding", arguments.encoding.clone()),
        ("institution", arguments.institution.clone()),
    ];
    for (id, value) in flags {
        if let Some(value) = value {
            options.answers.insert(id, value);
        }
    }
    for (id, value) in &arguments.answer {
        options.answers.insert(id.as_str(), value.as_str());
    }
    if let Some(file) = &arguments.layout {
        options.layouts.push(layouts::read(&session.setup.console.path(file))?);
    }
    Ok(options)
}

/// Imports files and prints the result of each. Exit code 1 when all failed, 3 when some did, 4 with nothing written when a
/// file asks a question.
pub(super) fn run(
    session: &Session,
    out: &mut dyn Write,
    format: OutputFormat,
    arguments: &ImportArgs,
) -> Result<u8, CliError> {
    let (paths, dry_run) = (&arguments.files, arguments.dry_run);
    let options = options(session, arguments)?;
    let console = &session.setup.console;
    let show_progress = console.terminal.stderr;
    let paths = paths.iter().map(|path| place(session, path)).collect::<Result<Vec<_>, _>>()?;
    let request = ImportRequest { paths, options, dry_run };
    let report = session.runtime.block_on(session.handle.import(request, |event| {
        if show_progress {
            progress(console, event);
        }
    }));
    if show_progress {
        let _ = write!(console.err(), "\r\u{1b}[K");
    }
    let report = report?;
    let mut record = ImportRecord { files: report.files.into_iter().map(FileRecord::from).collect() };
    refuse_answers(&mut record, &arguments.answer);
    let failures: Vec<CliError> = record.files.iter().filter_map(|file| file.error.clone()).collect();
    let failed = failures.len();
    if matches!(format, OutputFormat::Csv) {
        output::list(out, format, record.files.iter().map(Ok), COLUMNS, "")?;
    } else {
        output::record(out, format, &record, |_| Ok(()))?;
        if format == OutputFormat::Table {
            output::list(out, format, record.files.iter().map(Ok), COLUMNS, "")?;
        }
    }
    if matches!(format, OutputFormat::Table | OutputFormat::Csv) {
        explain(console, &record, dry_run, arguments.explain);
    }
    if record.files.iter().any(|file| file.question.is_some()) {
        return Ok(QUESTION);
    }
    match failed {
        0 => Ok(0),
        all if all == record.files.len() => {
            // In a table every failure was explained already; scripts get them as the command's error.
            if matches!(format, OutputFormat::Table | OutputFormat::Csv) {
                Ok(1)
            } else {
                CliError::all(&failures).map(|()| 1)
            }
        }
        _ => Ok(PARTLY),
    }
}

/// Adds to the message of each file that still asks why the answers given did not answer it.
fn refuse_answers(record: &mut ImportRecord, answers: &[(String, String)]) {
    for file in &mut record.files {
        let Some(question) = &file.question else { continue };
        let options: Vec<&str> = question.options.iter().map(|option| option.value.as_str()).collect();
        let refused: Vec<String> = answers
            .iter()
            .filter(|(id, _)| *id == question.id || question.id.ends_with(&format!(":{id}")))
            .map(|(id, value)| {
                let value = text::clean(value);
                format!("`{value}` is not an answer to `{id}`, whose answers are {}", options.join(", "))
            })
            .collect();
        file.refused = refused.into_iter().next().or_else(|| {
            let (id, _) = answers.iter().find(|(id, _)| !is_question(id))?;
            Some(format!("there is no question `{}`; this file asks `{}`", text::clean(id), question.id))
        });
        if let Some(refused) = &file.refused {
            file.message = format!("{refused}. {}", file.message);
        }
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
fn explain(console: &Console, record: &ImportRecord, dry_run: bool, reasons: bool) {
    let mut err = console.err();
    for file in &record.files {
        let name = text::clean(file.file.rsplit('/').next().unwrap_or_default());
        for warning in &file.warnings {
            let place = if warning.line > 0 { format!(":{}", warning.line) } else { String::new() };
            let _ = writeln!(err, "warning: {name}{place}: {}", text::clean(&warning.message));
        }
        if reasons {
            basis(&mut err, &name, file);
        }
        if let Some(question) = &file.question {
            if let Some(refused) = &file.refused {
                let _ = writeln!(err, "warning: {name}: {refused}");
            }
            ask(&mut err, &name, question);
        }
        if let Some(error) = &file.error {
            let _ = writeln!(err, "error: {}", text::clean(&error.message));
            if let Some(hint) = &error.hint {
                let _ = writeln!(err, "  {}", text::clean(hint));
            }
        }
    }
    let waiting = record.files.iter().filter(|file| file.is_waiting).count();
    let asking = record.files.iter().filter(|file| file.question.is_some()).count();
    if waiting > 0 {
        let (files, wait) = if waiting == 1 { ("file", "waits") } else { ("files", "wait") };
        let answer = if asking == 1 { "the answer" } else { "the answers" };
        let _ = writeln!(err, "{waiting} {files} {wait} for {answer}: nothing was imported yet");
    }
    if dry_run {
        let _ = writeln!(err, "dry run: nothing was written");
    }
}

/// How a file was read.
fn basis(err: &mut dyn Write, name: &str, file: &FileRecord) {
    let sure = match &file.verdict {
        Some(VerdictRecord { agree: Some(agree), of: Some(of), .. }) => {
            format!("proven: {agree} of {of} balances agree")
        }
        Some(verdict) => verdict.kind.to_owned(),
        None => return,
    };
    let _ = writeln!(err, "{name}: {sure}");
    for reason in &file.evidence {
        let mark = if reason.supports { '+' } else { '-' };
        let _ = writeln!(err, "  {mark} {}", text::clean(&reason.text));
    }
}

/// A question with its answers.
fn ask(err: &mut dyn Write, name: &str, question: &QuestionRecord) {
    let _ = writeln!(err, "question: {name}: {}", text::clean(&question.text));
    for option in &question.options {
        let _ = writeln!(err, "  --answer {}={}  {}", question.id, option.value, text::clean(&option.label));
        for line in &option.preview {
            let _ = writeln!(err, "      {}", text::clean(line));
        }
    }
    let _ = writeln!(err, "  nothing was written; run the import again with one of these answers");
}

fn progress(console: &Console, event: &Event) {
    let Event::Progress { progress, .. } = event else { return };
    let percent = (progress.done.saturating_mul(100)).checked_div(progress.total);
    let shown = percent.map_or(String::new(), |percent| format!(" {percent} %"));
    let subject = text::clean(&progress.subject);
    let _ = write!(console.err(), "\r\u{1b}[K{} {subject}{shown}", progress.stage.label());
}
