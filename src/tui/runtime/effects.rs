//! Executes effects: fast ones at once, slow ones on blocking threads that answer with messages.

use std::{
    fmt::Write as _,
    fs,
    io::{Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
};

use tokio::sync::mpsc::UnboundedSender;

use super::figures::{States, searchable};
use crate::{
    domain::{TransactionId, UserPatch},
    files,
    ledger::{GroupSort, Ledger, LedgerError, ListRequest, Period, RowList, Sort, View, explain::place_in_file},
    statements::{Limits, QuestionAnswers, StatementFile, recognise},
    sync::{EngineCommand, Handle},
    tui::{
        app::App,
        chosen_columns::{self, COLUMNS_FILE},
        dismissed::{DISMISSED_FILE, read_dismissed, write_dismissed},
        env::Env,
        msg::{Effect, EffectError, FolderEntry, WorkerAnswer},
        overlay::{DIFFERENCES, picker::is_importable},
        snapshot::{Grouped, LedgerSnapshot},
    },
};

/// Up to this many rows, a listing is computed at once: it takes less than a frame.
const AT_ONCE: u64 = 20_000;
/// Records the last visit.
const VISIT_FILE: &str = "last-visit";
/// Most recent folders.
const RECENT: usize = 8;
/// Most entries of a folder.
const ENTRIES: usize = 20_000;
/// Endings that files other than statements have, too.
const SHARED_ENDINGS: [&str; 2] = ["txt", "xml"];
/// The part of such a file that is read, in bytes.
const HEAD_BYTES: u64 = 16 << 10;
/// The part of the log that is read, in bytes and in lines.
const LOG_BYTES: u64 = 64 << 10;
const LOG_LINES: usize = 200;

/// Starts an effect; returns the number of answers to expect.
pub(super) fn start(
    effect: Effect,
    app: &App,
    env: &Env,
    ledger: &Ledger,
    answer: &UnboundedSender<WorkerAnswer>,
) -> usize {
    let view = app.snapshot.view.clone();
    let answer = answer.clone();
    let now = |loaded: WorkerAnswer| {
        let _ = answer.send(loaded);
        1
    };
    match effect {
        Effect::Refresh => {
            let ledger = ledger.clone();
            let (day, today) = (app.as_of, env.clock.today());
            later(&answer, move || {
                WorkerAnswer::Fresh(LedgerSnapshot::load(&ledger, day, today).map(Box::new).map_err(Into::into))
            })
        }
        Effect::ShowDay(day) => {
            let (snapshot, today) = (app.snapshot.clone(), env.clock.today());
            later(&answer, move || {
                let result = snapshot.on_day(day, today).map(Box::new).map_err(Into::into);
                WorkerAnswer::Day { day, result }
            })
        }
        Effect::LoadColumns => {
            let snapshot = app.snapshot.clone();
            later(&answer, move || WorkerAnswer::Columns(snapshot.with_columns().map(Box::new).map_err(Into::into)))
        }
        Effect::List { ticket, request, order, previous } => {
            let small = view.transaction_count() <= AT_ONCE && view.has_columns();
            let cheap = is_everything(&view, &request);
            let work = move || {
                let listed = list(view, &request, order, previous.as_ref());
                WorkerAnswer::Listing { ticket, result: listed.map_err(Into::into) }
            };
            if small || cheap { now(work()) } else { later(&answer, work) }
        }
        Effect::Edit { rows, patch } => {
            let engine = env.engine.clone();
            later(&answer, move || WorkerAnswer::Edited(edit(&view, &rows, &patch, &engine).map_err(Into::into)))
        }
        Effect::ReadVocabulary => later(&answer, move || WorkerAnswer::Vocabulary(view.vocabulary())),
        Effect::Running { ticket, account } => later(&answer, move || WorkerAnswer::Running {
            ticket,
            balances: view.running_balance(account).unwrap_or_default(),
        }),
        Effect::ReadCashFlow { ticket, split } => later(&answer, move || {
            let flows = searchable(view).and_then(|view| view.cash_flow(Period::Month, split));
            WorkerAnswer::CashFlow { ticket, result: flows.map_err(Into::into) }
        }),
        Effect::ReadFolder { ticket, path } => later(&answer, move || {
            let shown = path.display().to_string();
            let result = read_folder(&path).map_err(|source| EffectError::Folder { path: shown, source });
            WorkerAnswer::Folder { ticket, result }
        }),
        Effect::ReadRecent => {
            let file = env.folders.recent.clone();
            let downloads = env.folders.home.as_ref().map(|home| home.join("Downloads"));
            later(&answer, move || WorkerAnswer::Recent(recent(file.as_deref(), downloads)))
        }
        Effect::ReadVisit
        | Effect::WriteVisit
        | Effect::ReadDismissed
        | Effect::WriteDismissed(_)
        | Effect::ReadColumns
        | Effect::WriteColumns(..)
        | Effect::Remember(_) => state_file(effect, env).map_or(0, now),
        Effect::ChangeRows { .. } | Effect::Explain { .. } => {
            let (view, today) = (view, app.snapshot.today);
            let states = States::new(ledger.clone(), view, today, env.local_time);
            states.answer_to(effect).map_or(0, |work| later(&answer, work))
        }
        Effect::FindInFile { path, figure } => later(&answer, move || {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let read =
                std::fs::read(&path).map_err(|source| EffectError::Folder { path: path.display().to_string(), source });
            let result = read.map(|bytes| place_in_file(&name, &bytes, &figure));
            WorkerAnswer::FilePlace { path, figure, result }
        }),
        Effect::Compare { from, to } => later(&answer, move || {
            let compared = view.difference(from, to).and_then(|found| {
                let rows = view.differing_rows(&found, 0..DIFFERENCES)?;
                Ok(Box::new((found, rows)))
            });
            WorkerAnswer::Compared { from, to, result: compared.map_err(Into::into) }
        }),
        Effect::ReadLog => {
            let file = env.folders.log.clone();
            later(&answer, move || WorkerAnswer::Log(file.and_then(|file| read_log(&file).ok()).unwrap_or_default()))
        }
        Effect::Copy { what, text } => {
            now(WorkerAnswer::Copied { what, result: env.clipboard.copy(&text).map_err(Into::into) })
        }
        Effect::Browse(url) => now(WorkerAnswer::Opened(env.browser.open(&url).map_err(Into::into))),
        Effect::Send(_) | Effect::Redraw | Effect::Suspend | Effect::Shell { .. } | Effect::Quit => 0,
    }
}

/// Reads or writes a small file of the state folder. Failures are ignored: only lists of the screen depend on it.
fn state_file(effect: Effect, env: &Env) -> Option<WorkerAnswer> {
    match effect {
        Effect::ReadVisit => {
            let file = beside_recent(env, VISIT_FILE);
            Some(WorkerAnswer::Visit(file.and_then(|file| files::read_text(&file, 1 << 10).ok()?.trim().parse().ok())))
        }
        Effect::ReadDismissed => {
            let file = beside_recent(env, DISMISSED_FILE);
            Some(WorkerAnswer::Dismissed(file.map(|file| read_dismissed(&file)).unwrap_or_default()))
        }
        Effect::WriteVisit => {
            if let Some(file) = beside_recent(env, VISIT_FILE) {
                let _ = files::replace(&file, env.clock.now().to_rfc3339().as_bytes());
            }
            None
        }
        Effect::WriteDismissed(ids) => {
            if let Some(file) = beside_recent(env, DISMISSED_FILE) {
                let _ = write_dismissed(&file, &ids);
            }
            None
        }
        Effect::ReadColumns => {
            let file = beside_recent(env, COLUMNS_FILE);
            Some(WorkerAnswer::ChosenColumns(file.map(|file| chosen_columns::read(&file)).unwrap_or_default()))
        }
        Effect::WriteColumns(list, names) => {
            if let Some(file) = beside_recent(env, COLUMNS_FILE) {
                let _ = chosen_columns::write(&file, list.as_str(), names.as_deref());
            }
            None
        }
        Effect::Remember(folder) => {
            if let Some(file) = env.folders.recent.clone() {
                tokio::task::spawn_blocking(move || remember(&file, &folder));
            }
            None
        }
        _ => None,
    }
}

/// Sends the edit of rows, each with its fields after the patch.
fn edit(view: &View, rows: &[TransactionId], patch: &UserPatch, engine: &Handle) -> Result<(), LedgerError> {
    let mut edits = Vec::with_capacity(rows.len());
    for id in rows {
        if let Some(entry) = view.entry(*id)? {
            let fields = patch.apply(&entry.user);
            if fields != entry.user {
                edits.push((*id, fields));
            }
        }
    }
    if !edits.is_empty() {
        engine.send(EngineCommand::EditTransactions { job: engine.job(), edits });
    }
    Ok(())
}

/// A file of the state folder, beside that of the recent folders.
fn beside_recent(env: &Env, name: &str) -> Option<PathBuf> {
    env.folders.recent.as_ref().map(|recent| recent.with_file_name(name))
}

fn later(answer: &UnboundedSender<WorkerAnswer>, work: impl FnOnce() -> WorkerAnswer + Send + 'static) -> usize {
    let answer = answer.clone();
    tokio::task::spawn_blocking(move || {
        let _ = answer.send(work());
    });
    1
}

/// Whether a listing needs no search: all rows, newest first.
fn is_everything(view: &View, request: &ListRequest) -> bool {
    request.query.is_empty() && request.sort == Sort::default() && view.last_day().is_none()
}

fn list(
    view: View,
    request: &ListRequest,
    order: Option<GroupSort>,
    previous: Option<&RowList>,
) -> Result<(RowList, Option<Grouped>), LedgerError> {
    let view = if is_everything(&view, request) { view } else { searchable(view)? };
    let listing = view.list_from(request, previous)?;
    let grouped = Grouped::read(&view, &listing, order)?;
    Ok((listing, grouped))
}

/// The last lines of a log, however long it is.
fn read_log(path: &Path) -> std::io::Result<Vec<String>> {
    let mut file = files::open_to_read(path)?;
    let begin = file.metadata()?.len().saturating_sub(LOG_BYTES);
    file.seek(SeekFrom::Start(begin))?;
    let mut bytes = Vec::new();
    file.take(LOG_BYTES).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    // The first line may be incomplete.
    let lines: Vec<&str> = text.lines().skip(usize::from(begin > 0)).collect();
    Ok(lines.iter().skip(lines.len().saturating_sub(LOG_LINES)).map(|line| (*line).to_owned()).collect())
}

/// Folders first, from A to Z, then files, the newest first.
fn read_folder(path: &Path) -> std::io::Result<Vec<FolderEntry>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(path)?.take(ENTRIES) {
        let Ok(entry) = entry else { continue };
        // Follows links; broken links are left out.
        let Ok(metadata) = fs::metadata(entry.path()) else { continue };
        let file = entry.file_name();
        let name = file.to_string_lossy().into_owned();
        entries.push(FolderEntry {
            is_statement: metadata.is_file() && looks_like_statement(&name, &entry.path()),
            name,
            file,
            is_folder: metadata.is_dir(),
            size: metadata.len(),
            modified: metadata.modified().ok().map(Into::into),
        });
    }
    entries.sort_by(|left, right| {
        let by_name = || left.name.to_lowercase().cmp(&right.name.to_lowercase());
        right.is_folder.cmp(&left.is_folder).then_with(|| {
            if left.is_folder { by_name() } else { right.modified.cmp(&left.modified).then_with(by_name) }
        })
    });
    Ok(entries)
}

/// Whether a file can be imported, as far as its name and its begin show.
fn looks_like_statement(name: &str, path: &Path) -> bool {
    if !is_importable(name) {
        return false;
    }
    let ending = Path::new(name).extension().map(|ending| ending.to_string_lossy().to_lowercase());
    if !ending.is_some_and(|ending| SHARED_ENDINGS.contains(&ending.as_str())) {
        return true;
    }
    let mut bytes = Vec::new();
    let read = files::open_to_read(path).and_then(|file| file.take(HEAD_BYTES).read_to_end(&mut bytes));
    let (limits, answers) = (Limits::default(), QuestionAnswers::default());
    let input = StatementFile { bytes: &bytes, file_name: name, limits: &limits, layouts: &[], answers: &answers };
    read.is_ok() && recognise(&input).is_some()
}

/// Folders of earlier imports that still exist, then the download folder.
fn recent(file: Option<&Path>, downloads: Option<PathBuf>) -> Vec<PathBuf> {
    let text = file.and_then(|file| files::read_text(file, 1 << 16).ok()).unwrap_or_default();
    let mut folders: Vec<PathBuf> =
        text.lines().filter(|line| !line.is_empty()).map(PathBuf::from).take(RECENT).collect();
    folders.extend(downloads.filter(|downloads| !folders.contains(downloads)));
    folders.retain(|folder| folder.is_dir());
    folders
}

/// Stores a folder as the most recent one. Failures are ignored: only the picker's first folder depends on it.
fn remember(file: &Path, folder: &Path) {
    let Some(name) = folder.to_str().filter(|name| !name.contains('\n')) else { return };
    let mut folders = vec![PathBuf::from(name)];
    folders.extend(recent(Some(file), None).into_iter().filter(|known| known != folder).take(RECENT - 1));
    let mut text = String::new();
    for folder in &folders {
        let _ = writeln!(text, "{}", folder.display());
    }
    let _ = files::replace(file, text.as_bytes());
}
