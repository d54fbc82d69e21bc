//! A file from disk to a parsed statement.

use std::{
    fs::File,
    io::{ErrorKind, Read as _},
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{Importer, Stage};
use crate::{
    domain::{Change, text},
    providers::{ProviderMetadata, registry},
    statements::{Statement, StatementError, ofx},
    store::{NewSource, Reader},
    sync::Failure,
};

/// What a file turned out to hold.
pub(super) enum FileContent {
    /// The very same bytes were imported before, and that import stands.
    Known(Box<KnownFile>),
    /// A statement.
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

/// A statement with everything that is kept of its file.
pub(super) struct ParsedFile {
    pub(super) path: PathBuf,
    /// The provider that claims it.
    pub(super) provider: &'static ProviderMetadata,
    /// `qfx`, `ofx` or `qbo`.
    pub(super) format: &'static str,
    /// The file as it lies on disk.
    pub(super) source: NewSource,
    pub(super) statement: Statement,
}

impl ParsedFile {
    /// The file's name for people.
    pub(super) fn name(&self) -> String {
        file_name(&self.path)
    }
}

/// What the file's name says it is, packed or not: `qfx`, `qbo`, else `ofx`.
fn format_of(path: &Path) -> &'static str {
    let name = path.to_string_lossy().to_ascii_lowercase();
    let name = name.trim_end_matches(".gz").trim_end_matches(".zip");
    ["qfx", "qbo"].into_iter().find(|format| name.ends_with(&format!(".{format}"))).unwrap_or("ofx")
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    text::clean(&name).into_owned()
}

impl Importer<'_> {
    pub(super) fn read_file(&self, reader: &Reader, path: &Path) -> Result<FileContent, Failure> {
        let name = file_name(path);
        self.report_progress(Stage::Reading, &name, 0, 0);
        let bytes = self.read_bytes(path)?;
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
        let statement = ofx::read(&bytes, &self.limits, &mut on_progress).map_err(|error| refusal(&name, &error))?;
        let provider = registry::file_provider(&statement.institution);
        let format = format_of(path);
        let path = path.to_owned();
        Ok(FileContent::Parsed(Box::new(ParsedFile { path, provider, format, source, statement })))
    }

    /// The whole file, refused before it is read when it is too large or no regular file.
    fn read_bytes(&self, path: &Path) -> Result<Vec<u8>, Failure> {
        let shown = text::clean(&path.to_string_lossy()).into_owned();
        let unreadable = |error: &std::io::Error| match error.kind() {
            ErrorKind::NotFound => Failure::new("not_found", format!("{shown}: there is no such file"))
                .with_hint("check the path; `~` and globs are expanded by the shell"),
            ErrorKind::PermissionDenied => Failure::new("unreadable", format!("{shown}: you may not read this file"))
                .with_hint("check its permissions"),
            _ => Failure::new("unreadable", format!("{shown}: {error}")),
        };
        let metadata = std::fs::metadata(path).map_err(|error| unreadable(&error))?;
        if !metadata.is_file() {
            let what = if metadata.is_dir() { "a folder" } else { "no regular file" };
            return Err(Failure::new("unreadable", format!("{shown}: this is {what}"))
                .with_hint("name the statement files themselves"));
        }
        if metadata.len() > self.limits.bytes {
            let error = StatementError::TooLarge {
                what: format!("its size of {} bytes", metadata.len()),
                limit: self.limits.bytes,
                setting: "bytes",
            };
            return Err(refusal(&file_name(path), &error));
        }
        let file = File::open(path).map_err(|error| unreadable(&error))?;
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
#[cfg(unix)]
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

#[cfg(not(unix))]
fn read_in_halves(_file: &File, _length: usize) -> Option<Vec<u8>> {
    None
}

/// The import that brought these very bytes, if it stands.
fn known_file(reader: &Reader, path: &Path, digest: [u8; 32]) -> Result<Option<KnownFile>, Failure> {
    let Some(change) = reader.already_imported(digest)? else { return Ok(None) };
    let Some(change) = reader.change(change)? else { return Ok(None) };
    let connection = change.connection_id.map(|id| reader.connection(id)).transpose()?.flatten();
    Ok(connection.map(|connection| KnownFile {
        path: path.to_owned(),
        format: format_of(path),
        institution: connection.institution,
        provider: connection.provider,
        change,
    }))
}

/// A statement error as a failure that names the file and what to do.
fn refusal(name: &str, error: &StatementError) -> Failure {
    let (kind, hint) = match error {
        StatementError::Empty => ("empty_file", Some("download the statement again".to_owned())),
        StatementError::NotAStatement { hint, .. } => ("unsupported_format", Some(hint.clone())),
        StatementError::NoAccount => ("no_account", None),
        StatementError::TooLarge { .. } => ("too_large", None),
        StatementError::Refused { .. } => {
            ("refused", Some("the bank wrote an error into the file; download it again".to_owned()))
        }
        StatementError::Cancelled => return Failure::cancelled(),
    };
    let message = match error {
        StatementError::NotAStatement { found, .. } => format!("{name}: {found}"),
        other => format!("{name}: {other}"),
    };
    let failure = Failure::new(kind, message);
    match hint {
        Some(hint) => failure.with_hint(hint),
        None => failure,
    }
}
