//! Learned layouts of the profile, and the account of files that name none.
//!
//! Used by the reading of files. A layout is a TOML file in the folder `layouts` beside the database. INVARIANT: a file that
//! can't be read as a layout is left alone and not used.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use super::{doubt, read};
use crate::{
    domain::{Account, FailureKind, text},
    files,
    statements::{Question, QuestionAnswers, QuestionOption, StatementAccount, table::Layout},
    sync::{ImportOptions, JobFailure},
};

/// The longest layout that is read.
const MOST_BYTES: usize = 256 << 10;
/// Layouts that are read.
const MOST_LAYOUTS: usize = 2_000;

/// The folder of learned layouts; none beside a database in memory.
pub(super) fn folder(database: &Path) -> Option<PathBuf> {
    database.parent().filter(|parent| !parent.as_os_str().is_empty()).map(|parent| parent.join("layouts"))
}

/// How the files of one import are read.
pub(super) struct ReadOptions {
    pub(super) options: ImportOptions,
    /// Layouts given with the import, then learned ones.
    pub(super) layouts: Vec<Layout>,
    folder: Option<PathBuf>,
    /// Prefix of the ids of questions, where several files are imported together.
    scopes: HashMap<PathBuf, String>,
    /// Layouts that answers for a file of this import taught, for its other files.
    taught: Mutex<Vec<Layout>>,
}

impl ReadOptions {
    pub(super) fn new(database: &Path, options: ImportOptions) -> Self {
        let folder = folder(database);
        let mut layouts = options.layouts.clone();
        layouts.extend(folder.as_deref().map(learned).unwrap_or_default());
        Self { options, layouts, folder, scopes: HashMap::new(), taught: Mutex::default() }
    }

    /// Gives each of several files its own questions: an answer for one is no answer for another.
    pub(super) fn separate<'p>(&mut self, paths: impl Iterator<Item = &'p Path>) {
        let names: Vec<(&Path, String)> = paths.map(|path| (path, read::file_name(path))).collect();
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for (_, name) in &names {
            *counts.entry(name).or_default() += 1;
        }
        let scope = |(path, name): &(&Path, String)| match counts.get(name.as_str()) {
            Some(1) => name.clone(),
            _ => text::clean(&path.to_string_lossy()).into_owned(),
        };
        self.scopes = match names.len() {
            0 | 1 => HashMap::new(),
            _ => names.iter().map(|named| (named.0.to_owned(), scope(named))).collect(),
        };
    }

    /// The prefix of the ids of the questions of a file.
    pub(super) fn scope(&self, path: &Path) -> Option<&str> {
        self.scopes.get(path).map(String::as_str)
    }

    /// The answers as they apply to a file.
    pub(super) fn answers(&self, path: &Path) -> QuestionAnswers {
        let answers = &self.options.answers;
        self.scope(path).map_or_else(|| answers.clone(), |scope| answers.within(scope))
    }

    /// The layouts for the next file: those given, those that answers of this import taught, those learned before.
    pub(super) fn layouts(&self) -> Vec<Layout> {
        let taught = self.taught.lock().unwrap_or_else(PoisonError::into_inner);
        let given = self.options.layouts.len();
        self.layouts[..given].iter().chain(&*taught).chain(&self.layouts[given..]).cloned().collect()
    }

    /// Takes the layout that answers for a file taught, for the other files of the import.
    pub(super) fn teach(&self, layout: &Layout) {
        let mut taught = self.taught.lock().unwrap_or_else(PoisonError::into_inner);
        taught.retain(|known| known.name != layout.name);
        taught.push(layout.clone());
    }

    /// The answer about the account of a file as a whole.
    fn account_answer(&self, path: &Path) -> Option<&str> {
        let answers = &self.options.answers;
        let scoped = self.scope(path).and_then(|scope| answers.get(&format!("{scope}:account")));
        scoped.or_else(|| answers.get("account"))
    }

    /// Where an answer is kept, unless it is for these files only.
    pub(super) fn place(&self) -> Option<&Path> {
        self.folder.as_deref().filter(|_| !self.options.once)
    }
}

fn learned(folder: &Path) -> Vec<Layout> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    paths.sort();
    let files = paths.into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "toml"));
    files
        .take(MOST_LAYOUTS)
        .filter_map(|path| files::read_text(&path, MOST_BYTES).ok())
        .filter_map(|text| Layout::parse(&text).ok())
        .collect()
}

/// Keeps what answers taught about a layout.
pub(super) fn keep(folder: &Path, layout: &Layout) -> Result<(), JobFailure> {
    let path = folder.join(format!("{}.toml", layout.name));
    files::create_folders(folder)
        .and_then(|()| files::replace(&path, layout.to_toml().as_bytes()))
        .map_err(|error| JobFailure::caused(FailureKind::Store, error))
}

/// Gives accounts of tables that name none their identity: by the name asked for, else the only account that files of
/// this layout went into before. Several such accounts are a question.
pub(super) fn name_accounts(
    pages: &mut [&mut StatementAccount],
    known: &[Account],
    reading_of: &ReadOptions,
    path: &Path,
) -> Result<(), Question> {
    let options = &reading_of.options;
    let named = options.account_name.as_deref().or_else(|| reading_of.account_answer(path));
    let named = named.filter(|name| *name != doubt::NEW).and_then(text::clean_line);
    let shares_layout = |account: &&Account, id: &str| base(&account.provider_account_id) == base(id);
    if let (Some(name), [page]) = (&named, &pages[..]) {
        let id = &page.account.provider_account_id;
        let has_name =
            |account: &&Account| account.display_name() == name.as_str() || account.id.to_string() == name.as_str();
        let owners = || known.iter().filter(has_name);
        // An account that files of other layouts made is found by the plan.
        if owners().next().is_some() && !owners().any(|account| shares_layout(&account, id)) {
            return Ok(());
        }
    }
    if let (Some(name), [page]) = (&named, &mut pages[..]) {
        let id = &mut page.account.provider_account_id;
        let owners = || known.iter().filter(|account| account.display_name() == name.as_str());
        if is_unnamed(id) {
            let base = base(id).to_owned();
            let same = owners().find(|account| self::base(&account.provider_account_id) == base);
            *id = same.map_or_else(
                || format!("{base}/{}", text::skeleton(name)),
                |account| account.provider_account_id.clone(),
            );
        }
        page.account.name = Some(name.to_string());
        return Ok(());
    }
    if options.account.is_some() {
        return Ok(());
    }
    for page in pages {
        let id = page.account.provider_account_id.clone();
        if !is_unnamed(&id) {
            continue;
        }
        let owners: Vec<&Account> = known
            .iter()
            .filter(|account| base(&account.provider_account_id) == base(&id) && account.is_active)
            .collect();
        match owners[..] {
            [] => {}
            [only] => page.account.provider_account_id.clone_from(&only.provider_account_id),
            _ => {
                let mut question = which(&owners);
                if let Some(scope) = reading_of.scope(path) {
                    question.id = format!("{scope}:{}", question.id);
                }
                return Err(question);
            }
        }
    }
    Ok(())
}

/// Whether the id was made from the layout of a table, not from an account that the table names.
pub(super) fn is_unnamed(id: &str) -> bool {
    id.starts_with("table-")
}

fn base(id: &str) -> &str {
    id.split('/').next().unwrap_or(id)
}

fn which(owners: &[&Account]) -> Question {
    let option = |account: &&Account| QuestionOption {
        value: account.display_name().to_owned(),
        label: account.label(),
        preview: Vec::new(),
    };
    Question {
        id: "account".to_owned(),
        text: "Which account are these rows of? The file does not name it.".to_owned(),
        options: owners.iter().map(option).collect(),
        ..Question::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn learned_layouts_are_kept_as_files() {
        let place = tempfile::tempdir().unwrap();
        let folder = folder(&place.path().join("dashtam.redb")).unwrap();
        let layout = Layout::parse("name = \"mine\"\nheader = [\"Day\", \"Sum\"]\n[date]\norder = \"dmy\"\n").unwrap();
        keep(&folder, &layout).unwrap();
        std::fs::write(folder.join("broken.toml"), "name =").unwrap();
        assert_eq!(learned(&folder), [layout]);
    }
}
