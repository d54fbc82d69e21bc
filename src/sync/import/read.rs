//! A file from disk to parsed statements, grouped by institution.

use std::{
    fs::File,
    io::{ErrorKind, Read as _},
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::Arc,
};

use chrono::{DateTime, Local};

use super::{
    Importer, Stage, doubt,
    large::{self, LargeFile},
    layouts,
};
use crate::{
    domain::{Change, FailureKind, IdTrust, Warning, text},
    files,
    providers::{InstitutionName, ProviderMetadata, registry},
    statements::{
        self, Institution, Reading, Statement, StatementAccount, StatementError, StatementFile, Verdict,
        table::{self, EXPORT_LAYOUT, Layout},
    },
    store::{NewSource, Reader},
    sync::{Basis, JobFailure},
};

/// The content of a file.
pub(super) enum FileContent {
    /// The very same bytes were imported before, and that import is not undone.
    Known(Box<KnownFile>),
    /// Statements.
    Parsed(Box<ParsedFile>),
}

/// A file that was imported before.
pub(super) struct KnownFile {
    pub(super) path: PathBuf,
    /// Slug of the provider that recognised it.
    pub(super) provider: String,
    pub(super) institution: String,
    pub(super) format: &'static str,
    /// The change that imported it.
    pub(super) change: Change,
}

/// A parsed file with everything that is kept of it.
pub(super) struct ParsedFile {
    pub(super) path: PathBuf,
    /// Whether it can be read again.
    pub(super) is_on_disk: bool,
    /// `qfx`, `camt053`, `csv`: as [`Reading::format`].
    pub(super) format: &'static str,
    /// The file as it is on disk.
    pub(super) source: NewSource,
    /// Never empty; one for each institution, in file order.
    pub(super) parts: Vec<InstitutionPart>,
    pub(super) warnings: Vec<Warning>,
    /// How it was read.
    pub(super) basis: Basis,
    /// The file, where its rows stay in it until they are written.
    pub(super) large: Option<LargeFile>,
    /// The layout learned from answers, and the folder to keep it in.
    pub(super) learned: Option<(PathBuf, Layout)>,
}

/// The accounts of one institution in a file.
pub(super) struct InstitutionPart {
    /// The provider that claims it.
    pub(super) provider: &'static ProviderMetadata,
    /// Its name and key under that provider.
    pub(super) identity: InstitutionName,
    /// As the first statement of the part states it.
    pub(super) institution: Institution,
    pub(super) id_trust: IdTrust,
    /// The kind of its first document, as [`Reading::format`].
    pub(super) format: &'static str,
    /// Its pages, in file order. One account may have several.
    pub(super) accounts: Vec<StatementAccount>,
}

impl InstitutionPart {
    /// Whether it was read from an export of this program.
    pub(super) fn is_export(&self) -> bool {
        is_export(&self.institution)
    }
}

/// Whether a statement was read from an export of this program.
fn is_export(institution: &Institution) -> bool {
    institution.layout.as_deref() == Some(EXPORT_LAYOUT)
}

impl ParsedFile {
    /// The file's name for people.
    pub(super) fn name(&self) -> String {
        file_name(&self.path)
    }

    /// Slug of the provider of its first part.
    pub(super) fn provider(&self) -> &'static str {
        self.parts.first().map_or("", |part| part.provider.slug)
    }

    pub(super) fn accounts(&self) -> impl Iterator<Item = &StatementAccount> {
        self.parts.iter().flat_map(|part| &part.accounts)
    }
}

/// Gives an institution without a name and without keys of a register the one that was asked for.
fn name_institution(institution: &mut Institution, name: &str) {
    if institution.name.is_none()
        && institution.number.is_none()
        && statements::institution::name(institution).is_none()
    {
        institution.name = text::clean_line(name).map(String::from);
    }
}

/// The statements of a reading by institution. A statement that names none belongs to the only one that has its account.
fn parts(reading: Reading) -> Vec<InstitutionPart> {
    let mut parts: Vec<InstitutionPart> = Vec::new();
    for statement in reading.statements {
        let provider = registry::file_provider(statement.format, &statement.institution);
        let identity = provider.file().map_or_else(
            || InstitutionName { name: String::new(), key: String::new() },
            |spec| (spec.institution)(&statement.institution),
        );
        let same = parts
            .iter()
            .position(|part| part.provider.slug == provider.slug && part.identity.key == identity.key)
            .or_else(|| owner(&parts, &statement.institution, &statement.accounts));
        match same {
            Some(index) => parts[index].accounts.extend(statement.accounts),
            None => parts.push(InstitutionPart {
                provider,
                identity,
                institution: statement.institution,
                id_trust: statement.id_trust,
                format: statement.format,
                accounts: statement.accounts,
            }),
        }
    }
    parts
}

/// The only part that has an account of these pages, where the pages name no institution.
fn owner(parts: &[InstitutionPart], institution: &Institution, pages: &[StatementAccount]) -> Option<usize> {
    if institution.name.is_some() || institution.number.is_some() || institution.register_number.is_some() {
        return None;
    }
    let ids = || pages.iter().map(|page| &page.account.provider_account_id);
    let has_one = |part: &InstitutionPart| {
        part.accounts.iter().any(|known| ids().any(|id| *id == known.account.provider_account_id))
    };
    let mut owners = parts.iter().enumerate().filter(|(_, part)| has_one(part));
    let (index, _) = owners.next()?;
    owners.next().is_none().then_some(index)
}

pub(super) fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    text::clean(&name).into_owned()
}

impl Importer<'_> {
    /// Reads a file; the rows of a large one may stay in it.
    pub(super) fn read_file(
        &self,
        reader: &Reader,
        path: &Path,
        reading_of: &layouts::ReadOptions,
    ) -> Result<FileContent, JobFailure> {
        let name = file_name(path);
        self.report_progress(Stage::Reading, &name, 0, 0);
        let held = (self.held)(path);
        if held.is_none()
            && let Some(content) = self.read_large(reader, path, reading_of)?
        {
            return Ok(content);
        }
        self.read_whole(reader, path, reading_of, held)
    }

    /// A large file without its rows; `None` when it must be read as a whole.
    fn read_large(
        &self,
        reader: &Reader,
        path: &Path,
        reading_of: &layouts::ReadOptions,
    ) -> Result<Option<FileContent>, JobFailure> {
        let name = file_name(path);
        let Some(large) = LargeFile::open(self, path, &name)? else { return Ok(None) };
        if let Some(known) = known_file(reader, path, large.digest)? {
            return Ok(Some(FileContent::Known(Box::new(known))));
        }
        let Some(mut reading) = large.reading(self)? else { return Ok(None) };
        let mut pages = reading.statements.iter().flat_map(|statement| &statement.accounts);
        if !large::may_stay(reader, &mut pages, reading_of)? {
            return Ok(None);
        }
        let Ok(handle) = large.handle() else { return Ok(None) };
        let source = NewSource::pack_file(&name, handle, large.length(), large.digest)?;
        let basis = Basis { verdict: reading.verdict.clone(), evidence: std::mem::take(&mut reading.evidence) };
        let (format, warnings) = (reading.format, std::mem::take(&mut reading.warnings));
        Ok(Some(FileContent::Parsed(Box::new(ParsedFile {
            path: path.to_owned(),
            is_on_disk: true,
            format,
            source,
            parts: parts(reading),
            warnings,
            basis,
            large: Some(large),
            learned: None,
        }))))
    }

    /// A file with its rows.
    pub(super) fn read_whole(
        &self,
        reader: &Reader,
        path: &Path,
        reading_of: &layouts::ReadOptions,
        held: Option<Vec<u8>>,
    ) -> Result<FileContent, JobFailure> {
        let name = file_name(path);
        let is_on_disk = held.is_none();
        let bytes = match held {
            Some(bytes) if bytes.len() as u64 > self.limits.bytes => {
                return Err(self.too_large(path, bytes.len() as u64));
            }
            Some(bytes) => bytes,
            None => self.read_bytes(path)?,
        };
        let digest = *blake3::hash(&bytes).as_bytes();
        if let Some(known) = known_file(reader, path, digest)? {
            return Ok(FileContent::Known(Box::new(known)));
        }
        let bytes = Arc::new(bytes);
        let source = NewSource::pack(&name, Arc::clone(&bytes), digest)?;
        let total = bytes.len() as u64;
        let mut on_progress = |done| {
            self.report_progress(Stage::Reading, &name, done, total);
            if self.cancel.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let mut answers = reading_of.answers(path);
        // The day of a download, for lists that name none.
        if let Ok(day) = std::fs::metadata(path).and_then(|metadata| metadata.modified()) {
            answers.insert("file-day", DateTime::<Local>::from(day).date_naive().to_string());
        }
        let (answers, layouts) = (&answers, reading_of.layouts());
        let input = StatementFile { bytes: &bytes, file_name: &name, limits: &self.limits, layouts: &layouts, answers };
        let mut reading = statements::read(&input, &mut on_progress).map_err(|error| refusal(&name, &error))?;
        if let Verdict::Question(question) = &reading.verdict {
            let mut question = question.clone();
            if let Some(scope) = reading_of.scope(path) {
                question.id = statements::scoped(scope, &question.id);
            }
            return Err(doubt::open(&name, question));
        }
        if let Some(name) = answers.get("institution") {
            for statement in &mut reading.statements {
                name_institution(&mut statement.institution, name);
            }
        }
        let known = reader.accounts()?;
        // An export names its accounts.
        let names_none = |statement: &&mut Statement| {
            !is_export(&statement.institution) || reading_of.options.account_name.is_some()
        };
        let mut pages: Vec<&mut StatementAccount> =
            reading.statements.iter_mut().filter(names_none).flat_map(|statement| &mut statement.accounts).collect();
        layouts::name_accounts(&mut pages, &known, reading_of, path)
            .map_err(|question| doubt::open(&name, question))?;
        let learned = table::learned(&input).inspect(|layout| reading_of.teach(layout));
        let learned = reading_of.place().and_then(|folder| Some((folder.to_owned(), learned?)));
        let basis = Basis { verdict: reading.verdict.clone(), evidence: std::mem::take(&mut reading.evidence) };
        let (format, path) = (reading.format, path.to_owned());
        let warnings = std::mem::take(&mut reading.warnings);
        Ok(FileContent::Parsed(Box::new(ParsedFile {
            path,
            is_on_disk,
            format,
            source,
            parts: parts(reading),
            warnings,
            basis,
            large: None,
            learned,
        })))
    }

    fn too_large(&self, path: &Path, length: u64) -> JobFailure {
        let what = format!("its size of {length} bytes");
        refusal(&file_name(path), &StatementError::TooLarge { what, limit: self.limits.bytes, setting: "bytes" })
    }

    /// The whole file, refused before it is read when it is too large or not a regular file.
    fn read_bytes(&self, path: &Path) -> Result<Vec<u8>, JobFailure> {
        let shown = text::clean(&path.to_string_lossy()).into_owned();
        let unreadable = |error: &std::io::Error| match error.kind() {
            ErrorKind::NotFound => JobFailure::new(FailureKind::NotFound, format!("{shown}: there is no such file"))
                .with_hint("check the path; `~` and globs are expanded by the shell"),
            ErrorKind::PermissionDenied => {
                JobFailure::new(FailureKind::Unreadable, format!("{shown}: you may not read this file"))
                    .with_hint("check its permissions")
            }
            _ => JobFailure::new(FailureKind::Unreadable, format!("{shown}: {error}")),
        };
        let metadata = std::fs::metadata(path).map_err(|error| unreadable(&error))?;
        if !metadata.is_file() {
            let what = if metadata.is_dir() { "a folder" } else { "not a regular file" };
            return Err(JobFailure::new(FailureKind::Unreadable, format!("{shown}: this is {what}"))
                .with_hint("name the statement files themselves"));
        }
        if metadata.len() > self.limits.bytes {
            return Err(self.too_large(path, metadata.len()));
        }
        let file = files::open_to_read(path).map_err(|error| unreadable(&error))?;
        let length = usize::try_from(metadata.len()).unwrap_or(0);
        if length >= WORTH_A_THREAD
            && let Some(bytes) = read_in_halves(&file, length)
        {
            return Ok(bytes);
        }
        let mut bytes = Vec::with_capacity(length);
        file.take(self.limits.bytes.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
        Ok(bytes)
    }
}

/// From so many bytes on a file is worth a second thread.
const WORTH_A_THREAD: usize = 16 << 20;

/// A large file, read by two threads: most of the time goes into fresh memory for it. `None` when it can't be read so.
fn read_in_halves(file: &File, length: usize) -> Option<Vec<u8>> {
    use std::os::unix::fs::FileExt as _;
    let mut bytes = vec![0; length];
    let (head, tail) = bytes.split_at_mut(length / 2);
    let offset = head.len() as u64;
    let whole = std::thread::scope(|scope| {
        let other = scope.spawn(move || file.read_exact_at(tail, offset).is_ok());
        file.read_exact_at(head, 0).is_ok() & other.join().unwrap_or_default()
    });
    // It may have grown or shrunk meanwhile.
    let is_same = file.metadata().is_ok_and(|metadata| metadata.len() == length as u64);
    (whole && is_same).then_some(bytes)
}

/// The import of exactly these bytes, unless it was undone or a connection of it was ended.
fn known_file(reader: &Reader, path: &Path, digest: [u8; 32]) -> Result<Option<KnownFile>, JobFailure> {
    let Some(change) = reader.already_imported(digest)? else { return Ok(None) };
    let Some(change) = reader.change(change)? else { return Ok(None) };
    let connection = change.connection_id.map(|id| reader.connection(id)).transpose()?.flatten();
    for account in &change.accounts {
        let account = reader.source_account(*account)?;
        let owner = account.map(|account| reader.connection(account.connection_id)).transpose()?.flatten();
        if owner.is_some_and(|owner| !owner.counts() && crate::providers::is_file_source(&owner)) {
            return Ok(None);
        }
    }
    Ok(connection.map(|connection| KnownFile {
        path: path.to_owned(),
        format: statements::known_extension(&path.to_string_lossy()).unwrap_or("ofx"),
        institution: connection.institution,
        provider: connection.provider,
        change,
    }))
}

/// A statement error as a failure that names the file and what to do.
fn refusal(name: &str, error: &StatementError) -> JobFailure {
    let (kind, hint) = match error {
        StatementError::Empty => (FailureKind::EmptyFile, Some("download the statement again".to_owned())),
        StatementError::NotAStatement { hint, .. } => (FailureKind::UnsupportedFormat, Some(hint.clone())),
        StatementError::NoAccount => (FailureKind::NoAccount, None),
        StatementError::TooLarge { .. } => (FailureKind::TooLarge, None),
        StatementError::Refused { .. } => {
            (FailureKind::Refused, Some("the bank wrote an error into the file; download it again".to_owned()))
        }
        StatementError::Cancelled => return JobFailure::cancelled(),
    };
    let message = match error {
        StatementError::NotAStatement { found, .. } => format!("{name}: {found}"),
        other => format!("{name}: {other}"),
    };
    let failure = JobFailure::new(kind, message);
    match hint {
        Some(hint) => failure.with_hint(hint),
        None => failure,
    }
}
