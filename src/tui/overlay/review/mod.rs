//! The review of an import: its effect file by file and row by row, then its progress, then the files that failed.
//!
//! Files that cannot be read come first, files that are already imported last.

mod institution;
mod question;
mod view;

use std::{cell::Cell, collections::BTreeSet, path::PathBuf, sync::Arc};

use ratatui::layout::Rect;

use crate::{
    domain::{FailureKind, Warning},
    ledger::explain::FileFigure,
    statements::Evidence,
    sync::{
        AccountReview, EngineCommand, Event, FileReview, ImportOptions, ImportReport, ImportReview, JobFailure, JobId,
        JobProgress, ReviewRow, RowState,
    },
    tui::{
        action::{Action, KeyPlace},
        component::{
            hit::ListId,
            pane::{Ask, Ctx, Pane, PaneNews},
            scene::Scene,
        },
        msg::{Effect, Jump, WorkerAnswer},
        overlay::{TextPage, explain::source_text},
        widget::{amount::plain, cursor::SelectedRow, text::fit},
    },
};

/// The state of the import.
#[derive(Debug)]
enum State {
    /// Files are being read.
    Reading,
    /// Ready for review.
    Ready(Arc<ImportReview>),
    /// Being written.
    Importing(Arc<ImportReview>),
    /// Some files failed; the others are imported.
    Partly(ImportReport),
    /// Nothing was imported.
    Failed(JobFailure),
}

/// The kind of rows shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Show {
    All,
    Only(RowState),
    Warnings,
    /// The reasons of the reading.
    Reasons,
}

/// Up to this many files, their accounts are shown at first.
const UNFOLDED: usize = 5;

const SHOWS: [(Show, &str); 6] = [
    (Show::All, "all"),
    (Show::Only(RowState::New), "new"),
    (Show::Only(RowState::Amended), "amended"),
    (Show::Only(RowState::Known), "already there"),
    (Show::Warnings, "warnings"),
    (Show::Reasons, "evidence"),
];

/// A line of the upper list.
#[derive(Debug, Clone, Copy)]
enum Line<'a> {
    File(&'a FileReview),
    Account(&'a FileReview, &'a AccountReview),
}

impl<'a> Line<'a> {
    const fn file(self) -> &'a FileReview {
        match self {
            Self::File(file) | Self::Account(file, _) => file,
        }
    }
}

/// One line of the lower list.
#[derive(Debug, Clone, Copy)]
enum Detail<'a> {
    Row(&'a ReviewRow),
    Warning(&'a Warning),
    /// Why the file was read the way it was.
    Reason(&'a Evidence),
    /// Rows of a large file that are not listed.
    Further(usize),
}

/// The review.
pub(crate) struct Review {
    job: JobId,
    paths: Vec<PathBuf>,
    /// How the files are read; holds the answers so far.
    options: ImportOptions,
    state: State,
    progress: Option<JobProgress>,
    cancelling: bool,
    files: SelectedRow,
    rows: SelectedRow,
    in_rows: bool,
    /// Files whose accounts are shown or hidden against the rule for their number, by path.
    toggled: BTreeSet<PathBuf>,
    /// Its place in [`SHOWS`].
    show: usize,
    /// Lines of the result that can be scrolled over, known once drawn.
    report_lines: Cell<usize>,
}

impl Review {
    pub(crate) fn new(job: JobId, paths: Vec<PathBuf>) -> Self {
        Self::reading(job, paths, ImportOptions::default())
    }

    /// A review of files that are read with these options.
    fn reading(job: JobId, paths: Vec<PathBuf>, options: ImportOptions) -> Self {
        Self {
            job,
            paths,
            options,
            state: State::Reading,
            progress: None,
            cancelling: false,
            files: SelectedRow::default(),
            rows: SelectedRow::default(),
            in_rows: false,
            toggled: BTreeSet::new(),
            show: 0,
            report_lines: Cell::new(1),
        }
    }

    const fn review(&self) -> Option<&Arc<ImportReview>> {
        match &self.state {
            State::Ready(review) | State::Importing(review) => Some(review),
            State::Reading | State::Partly(_) | State::Failed(_) => None,
        }
    }

    /// The lines of the upper list: files that failed first, then those with news, then those already imported.
    fn lines(&self) -> Vec<Line<'_>> {
        let mut files: Vec<&FileReview> = self.review().into_iter().flat_map(|review| &review.files).collect();
        files.sort_by_key(|file| match &file.outcome {
            Err(_) => 0,
            Ok(()) if file.already_imported => 2,
            Ok(()) => 1,
        });
        let line = |file| {
            let accounts: &[AccountReview] = if self.is_folded(file) { &[] } else { &file.accounts };
            std::iter::once(Line::File(file)).chain(accounts.iter().map(move |account| Line::Account(file, account)))
        };
        files.into_iter().flat_map(line).collect()
    }

    /// Whether the accounts of a file are hidden: those of many files are, until the user asks for them.
    fn is_folded(&self, file: &FileReview) -> bool {
        let many = self.review().is_some_and(|review| review.files.len() > UNFOLDED);
        many != self.toggled.contains(&file.path)
    }

    fn fold(&mut self) {
        let lines = self.lines();
        let Some(Line::File(file) | Line::Account(file, _)) = lines.get(self.files.at).copied() else { return };
        let path = file.path.clone();
        if !self.toggled.remove(&path) {
            self.toggled.insert(path.clone());
        }
        let at = self.lines().iter().position(|line| matches!(line, Line::File(file) if file.path == path));
        self.files.at = at.unwrap_or(0);
    }

    /// Files that ask a question.
    fn asking(&self) -> usize {
        let is_open = |file: &&FileReview| file.outcome.as_ref().is_err_and(|failure| failure.question.is_some());
        self.review().map_or(0, |review| review.files.iter().filter(is_open).count())
    }

    /// Files that could not be read, those that ask included.
    fn failed(&self) -> usize {
        self.review().map_or(0, |review| review.files.iter().filter(|file| file.outcome.is_err()).count())
    }

    /// Whether Enter would write nothing.
    fn is_nothing(&self) -> bool {
        self.review().is_none_or(|review| review.is_empty() || self.failed() == review.files.len())
    }

    /// Rows and warnings of the selected line, of the kind shown.
    fn details(&self) -> Vec<Detail<'_>> {
        let lines = self.lines();
        let (file, accounts): (&FileReview, Vec<&AccountReview>) = match lines.get(self.files.at) {
            Some(Line::File(file)) => (file, file.accounts.iter().collect()),
            Some(Line::Account(file, account)) => (file, vec![account]),
            None => return Vec::new(),
        };
        let show = SHOWS[self.show].0;
        let warnings = file.warnings.iter().map(Detail::Warning);
        let further: usize = accounts.iter().map(|account| all_rows(account) - account.rows.len()).sum();
        let further = (further > 0).then_some(Detail::Further(further));
        let rows = accounts.into_iter().flat_map(|account| account.rows.iter());
        match show {
            Show::Warnings => warnings.collect(),
            Show::Reasons => file.basis.evidence.iter().map(Detail::Reason).collect(),
            Show::All => warnings.chain(rows.map(Detail::Row)).chain(further).collect(),
            Show::Only(state) => {
                let rows = rows.filter(|row| row.state.is_shown_as(state)).map(Detail::Row);
                rows.chain(further.filter(|_| state == RowState::New)).collect()
            }
        }
    }

    /// Shows the place of the selected figure in its file: of a row, or of the balance of an account.
    fn explain(&self, ctx: &mut Ctx<'_>) {
        let lines = self.lines();
        let Some(Line::File(file) | Line::Account(file, _)) = lines.get(self.files.at).copied() else { return };
        let figure = if self.in_rows {
            let details = self.details();
            let Some(Detail::Row(row)) = details.get(self.rows.at) else { return };
            FileFigure::Row(Box::new(row.facts.clone()))
        } else {
            let Some(Line::Account(_, AccountReview { balance: Some((money, _)), .. })) = lines.get(self.files.at)
            else {
                return ctx.toast("Tab goes to the rows: x shows the line of each, or of an account's balance.");
            };
            FileFigure::Balance(money.amount)
        };
        ctx.effects.push(Effect::FindInFile { path: file.path.clone(), figure });
    }

    /// The number of lines of each kind.
    fn counts(&self) -> [usize; SHOWS.len()] {
        let lines = self.lines();
        let (file, accounts): (&FileReview, Vec<&AccountReview>) = match lines.get(self.files.at) {
            Some(Line::File(file)) => (file, file.accounts.iter().collect()),
            Some(Line::Account(file, account)) => (file, vec![account]),
            None => return [0; SHOWS.len()],
        };
        let sum = |of: fn(&AccountReview) -> usize| accounts.iter().map(|account| of(account)).sum::<usize>();
        let warnings = file.warnings.len();
        let (new, amended, known) =
            (sum(|account| account.new), sum(|account| account.amended), sum(|account| account.known));
        [sum(all_rows) + warnings, new, amended, known, warnings, file.basis.evidence.len()]
    }

    fn commit(&mut self, ctx: &mut Ctx<'_>) {
        let State::Ready(review) = &self.state else { return };
        ctx.effects.push(Effect::Send(EngineCommand::CommitImport { job: self.job }));
        self.state = State::Importing(Arc::clone(review));
    }

    fn finished(&mut self, report: &ImportReport, ctx: &mut Ctx<'_>) {
        let changes: Vec<_> =
            report.files.iter().filter_map(|file| file.outcome.as_ref().ok().and_then(Option::as_ref)).collect();
        if let Some(last) = changes.last() {
            ctx.go(Jump::Change(last.id));
        }
        let mut failures = report.files.iter().filter_map(|file| file.outcome.as_ref().err()).peekable();
        if failures.peek().is_some() {
            match (failures.all(|failure| failure.kind == FailureKind::Cancelled), changes.len()) {
                (false, _) => {
                    self.rows = SelectedRow::default();
                    self.state = State::Partly(report.clone());
                }
                (true, 0) => cancelled(ctx),
                (true, kept) => {
                    ctx.asks.push(Ask::Clear);
                    let all = report.files.len();
                    ctx.toast(format!("Cancelled: {kept} of {all} files imported, nothing of the others was written."));
                }
            }
            return;
        }
        ctx.asks.push(Ask::Clear);
        let rows: u64 = report.files.iter().map(|file| file.transactions_imported).sum();
        let amended: u64 = report.files.iter().map(|file| file.transactions_updated).sum();
        let from = match report.files.as_slice() {
            [only] => fit(&file_name(&only.path), 32).into_owned(),
            files => format!("{} files", files.len()),
        };
        let amended = if amended > 0 { format!(", {} amended", plain(amended.into())) } else { String::new() };
        let undo = if report.files.len() == 1 { "u undoes it." } else { "u undoes the selected one." };
        ctx.toast(format!(
            "{} {} imported from {from}{amended}. {undo}",
            plain(rows.into()),
            if rows == 1 { "row" } else { "rows" }
        ));
    }

    fn step_show(&mut self, forward: bool) {
        let count = SHOWS.len();
        self.show = if forward { (self.show + 1) % count } else { (self.show + count - 1) % count };
        self.rows = SelectedRow::default();
    }
}

/// Rows of an account in the file; of a large file only the first are listed.
fn all_rows(account: &AccountReview) -> usize {
    (account.new + account.amended + account.known).max(account.rows.len())
}

impl Pane for Review {
    fn place(&self) -> KeyPlace {
        match self.state {
            State::Reading | State::Importing(_) => KeyPlace::Importing,
            State::Ready(_) if self.in_rows => KeyPlace::ReviewRows,
            State::Ready(_) if self.is_nothing() => KeyPlace::ReviewNothing,
            State::Ready(_) => KeyPlace::Review,
            State::Partly(_) | State::Failed(_) => KeyPlace::Page,
        }
    }

    fn act(&mut self, action: Action, ctx: &mut Ctx<'_>) {
        match action {
            Action::CommitImport => self.commit(ctx),
            Action::CancelJob => {
                ctx.effects.push(Effect::Send(EngineCommand::Cancel { job: self.job }));
                match self.state {
                    State::Reading => ctx.asks.push(Ask::Pop),
                    _ => self.cancelling = true,
                }
            }
            Action::NextPane | Action::PreviousPane => self.in_rows = !self.in_rows,
            Action::In => self.step_show(true),
            Action::Out => self.step_show(false),
            Action::Fold => self.fold(),
            Action::Edit if self.review().is_some() => {
                let file = self.lines().get(self.files.at).map(|line| line.file());
                match file.and_then(question::of) {
                    Some(asked) => {
                        ctx.push(question::QuestionPane::new(asked, self.job, &self.paths, &self.options));
                    }
                    None => ctx.push(institution::form(self.job, &self.paths, &self.options)),
                }
            }
            Action::Explain => self.explain(ctx),
            _ if matches!(self.state, State::Partly(_)) => {
                self.rows.act(action, self.report_lines.get(), ctx.page);
            }
            _ if self.in_rows => {
                let len = self.details().len();
                self.rows.act(action, len, ctx.page / 2);
            }
            _ => {
                let len = self.lines().len();
                if self.files.act(action, len, ctx.page / 2) {
                    self.rows = SelectedRow::default();
                }
            }
        }
    }

    fn back(&mut self, ctx: &mut Ctx<'_>) -> bool {
        if matches!(self.state, State::Ready(_)) && !self.in_rows {
            ctx.effects.push(Effect::Send(EngineCommand::Cancel { job: self.job }));
        }
        if matches!(self.state, State::Partly(_)) {
            ctx.asks.push(Ask::Clear);
            return true;
        }
        if self.in_rows {
            self.in_rows = false;
            return true;
        }
        false
    }

    fn click(&mut self, list: ListId, index: usize, _ctx: &mut Ctx<'_>) {
        self.in_rows = list == ListId::ReviewRows;
        if self.in_rows {
            self.rows.at = index;
        } else {
            self.files.at = index;
            self.rows = SelectedRow::default();
        }
    }

    fn column(&mut self, place: usize, _ctx: &mut Ctx<'_>) {
        self.show = place.min(SHOWS.len() - 1);
        self.rows = SelectedRow::default();
    }

    fn scroll(&mut self, list: ListId, rows: isize, _ctx: &mut Ctx<'_>) {
        if list == ListId::ReviewRows {
            let len = self.details().len();
            self.rows.scroll(rows, len);
        } else {
            let len = self.lines().len();
            self.files.scroll(rows, len);
        }
    }

    fn receive(&mut self, news: &PaneNews<'_>, ctx: &mut Ctx<'_>) -> bool {
        if let PaneNews::Loaded(WorkerAnswer::FilePlace { path, figure, result }) = news {
            if !self.paths.contains(path) && self.lines().iter().all(|line| line.file().path != *path) {
                return false;
            }
            match result {
                Ok(Some(place)) => ctx.push(TextPage::new(title(figure), source_text(Some(place)))),
                Ok(None) => ctx.toast("The figure is computed: no line of the file names it."),
                Err(error) => ctx.toast(error.to_string()),
            }
            return true;
        }
        let PaneNews::Engine(event) = news else { return false };
        match event {
            Event::Progress { job, progress } if *job == self.job => {
                self.progress = Some(progress.clone());
                true
            }
            Event::ImportReviewed { job, review } if *job == self.job => {
                self.state = State::Ready(Arc::clone(review));
                self.progress = None;
                if let Some(asked) = question::open(review) {
                    ctx.push(question::QuestionPane::new(asked, self.job, &self.paths, &self.options));
                }
                true
            }
            Event::ImportFinished { job, report } if *job == self.job => {
                self.finished(report, ctx);
                true
            }
            Event::JobFailed { job, failure } if *job == self.job => {
                if failure.kind == FailureKind::Cancelled {
                    cancelled(ctx);
                } else {
                    self.state = State::Failed(failure.clone());
                }
                true
            }
            _ => false,
        }
    }

    fn draw(&self, scene: &mut Scene<'_>, area: Rect) {
        view::draw(self, scene, area);
    }
}

/// The title of the page with the place of a figure.
fn title(figure: &FileFigure) -> String {
    match figure {
        FileFigure::Row(facts) => format!("{} {}", facts.date, facts.payee()),
        FileFigure::Balance(_) => "Stated balance".to_owned(),
    }
}

/// Returns to the picker.
fn cancelled(ctx: &mut Ctx<'_>) {
    ctx.asks.push(Ask::Pop);
    ctx.toast("Cancelled: nothing was written.");
}

/// The name of a file without its folder.
pub(crate) fn file_name(path: &std::path::Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}
