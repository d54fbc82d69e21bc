//! Statement files into the store: read, plan, write; one change a file.
//!
//! Used by the engine. Everything here blocks and runs on blocking threads. INVARIANT: a file is written in one
//! commit or not at all; what is known already is never written again; planning writes nothing.

mod candidate;
mod doubt;
mod evidence;
mod folder;
mod large;
mod layouts;
mod number;
mod plan;
mod planned;
mod read;
mod target;
mod world;
mod write;

use std::{path::PathBuf, sync::Arc};

use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;

use self::{
    planned::{FilePlan, PlannedAccount, PlannedRows},
    read::{FileContent, KnownFile, ParsedFile},
};
use super::{
    AccountReview, Basis, FileReport, FileReview, ImportOptions, ImportReport, ImportReview, JobFailure, JobProgress,
    ReviewRow, RowState, Stage, reconcile::Outcome,
};
use crate::{
    domain::{Change, FailureKind, Warning},
    statements::{Limits, StatementAccount},
    store::Store,
};

/// A file that was read.
enum ReviewedFile {
    Kept(FileContent),
    /// Read again when its rows are needed, because those of the files before it fill [`Importer::kept_rows`].
    Deferred(DeferredFile),
}

struct DeferredFile {
    path: PathBuf,
    digest: [u8; 32],
    /// Whether an account of it has no number.
    may_ask: bool,
}

/// Files that were read and wait for the user's decision.
pub(super) struct Reviewed {
    files: Vec<Result<ReviewedFile, (PathBuf, JobFailure)>>,
    reading: layouts::ReadOptions,
}

impl Reviewed {
    /// Whether a file waits for an answer. Then none is written, so that an answer finds everything as it was.
    fn asks(&self) -> bool {
        self.files.iter().any(|file| matches!(file, Err((_, failure)) if failure.question.is_some()))
    }
}

/// The options of an import.
pub(super) struct Importer<'a> {
    pub(super) store: &'a Store,
    pub(super) limits: Limits,
    /// Rows of several files that stay in memory.
    pub(super) kept_rows: usize,
    /// The moment that the change is dated with.
    pub(super) now: DateTime<Utc>,
    pub(super) cancel: CancellationToken,
    /// Takes the content that the caller handed over in place of a file.
    pub(super) held: &'a (dyn Fn(&std::path::Path) -> Option<Vec<u8>> + Send + Sync),
    pub(super) progress: &'a (dyn Fn(JobProgress) + Send + Sync),
}

impl Importer<'_> {
    /// Reads every file. A file that can't be read keeps its failure; only a cancel stops the whole.
    pub(super) fn read(&self, paths: Vec<PathBuf>, options: ImportOptions) -> Result<Reviewed, JobFailure> {
        let reader = self.store.read()?;
        let mut reading = layouts::ReadOptions::new(self.store.path(), options);
        let paths = folder::expand(paths);
        reading.separate(paths.iter().filter_map(|path| path.as_deref().ok()));
        let is_single = paths.len() == 1;
        let mut files = Vec::with_capacity(paths.len());
        let mut kept_rows = 0;
        for found in paths {
            let read = |path: PathBuf| self.read_file(&reader, &path, &reading).map_err(|failure| (path, failure));
            files.push(found.and_then(read).map(|content| {
                if let FileContent::Parsed(parsed) = &content {
                    let rows: usize = parsed.accounts().map(|page| page.transactions.len()).sum();
                    let is_beyond = kept_rows + rows > self.kept_rows || parsed.large.is_some();
                    if is_beyond && parsed.is_on_disk && !is_single {
                        let deferred = DeferredFile {
                            path: parsed.path.clone(),
                            digest: parsed.source.digest(),
                            may_ask: doubt::may_ask(parsed),
                        };
                        return ReviewedFile::Deferred(deferred);
                    }
                    kept_rows += rows;
                }
                ReviewedFile::Kept(content)
            }));
            self.check_cancelled()?;
        }
        Ok(Reviewed { files, reading })
    }

    /// The content of a deferred file; `whole` with its rows.
    fn read_again(
        &self,
        file: &DeferredFile,
        reading: &layouts::ReadOptions,
        whole: bool,
    ) -> Result<FileContent, JobFailure> {
        let reader = self.store.read()?;
        let content = if whole {
            self.read_whole(&reader, &file.path, reading, None)?
        } else {
            self.read_file(&reader, &file.path, reading)?
        };
        match &content {
            FileContent::Parsed(parsed) if parsed.source.digest() != file.digest => {
                let message = format!("{}: the file changed while it was imported", parsed.name());
                Err(JobFailure::new(FailureKind::Unreadable, message).with_hint("import it again"))
            }
            _ => Ok(content),
        }
    }

    /// The effect that writing the files would have. `with_rows` also lists every row, for the screen.
    pub(super) fn review(&self, reviewed: &mut Reviewed, with_rows: bool) -> Result<ImportReview, JobFailure> {
        let reader = self.store.read()?;
        let mut overlay = PlannedRows::default();
        let mut files = Vec::with_capacity(reviewed.files.len());
        for file in &mut reviewed.files {
            self.check_cancelled()?;
            let mut again;
            let content = match file {
                Err((path, failure)) => {
                    files.push(failed_review(path.clone(), failure.clone()));
                    continue;
                }
                Ok(ReviewedFile::Kept(content)) => content,
                // Other files of the review are compared with its rows.
                Ok(ReviewedFile::Deferred(deferred)) => match self.read_again(deferred, &reviewed.reading, true) {
                    Err(failure) => {
                        files.push(failed_review(deferred.path.clone(), failure));
                        continue;
                    }
                    Ok(content) => {
                        again = content;
                        &mut again
                    }
                },
            };
            files.push(match content {
                FileContent::Known(known) => known_review(known),
                FileContent::Parsed(parsed) => match plan::plan(self, &reader, &overlay, parsed, &reviewed.reading) {
                    Err(failure) => failed_review(parsed.path.clone(), failure),
                    Ok(plan) => {
                        let review = review_of(parsed, &plan, with_rows);
                        overlay.add(parsed, plan);
                        review
                    }
                },
            });
        }
        Ok(ImportReview { files })
    }

    /// The report that [`Importer::commit`] would give, without writing anything.
    pub(super) fn dry_run(&self, reviewed: &mut Reviewed) -> Result<ImportReport, JobFailure> {
        let review = self.review(reviewed, false)?;
        let report = |(file, content): (FileReview, &Result<ReviewedFile, _>)| {
            if let Ok(ReviewedFile::Kept(FileContent::Known(known))) = content {
                return known_report(known);
            }
            let sum = |count: fn(&AccountReview) -> usize| file.accounts.iter().map(|a| count(a) as u64).sum();
            let mut report = FileReport {
                accounts_imported: sum(|account| usize::from(account.account.is_none())),
                accounts_updated: sum(|account| usize::from(account.account.is_some())),
                transactions_imported: sum(|account| account.new),
                transactions_updated: sum(|account| account.amended),
                transactions_skipped: sum(|account| account.known),
                outcome: file.outcome.clone().map(|()| None),
                basis: file.basis,
                ..FileReport::of(file.path, file.provider, file.format, file.warnings)
            };
            report.message = match &file.outcome {
                Err(failure) => failure.message.clone(),
                Ok(()) => format!("would import: {}", sentence(&report, writes(&report))),
            };
            report
        };
        Ok(ImportReport { files: review.files.into_iter().zip(&reviewed.files).map(report).collect() })
    }

    /// Writes the files, each in a separate commit. Files before a cancel stay; the one under way does not.
    pub(super) fn commit(&self, mut reviewed: Reviewed) -> ImportReport {
        let mut files = Vec::with_capacity(reviewed.files.len());
        self.find_doubts(&mut reviewed);
        let asks = reviewed.asks();
        for file in reviewed.files {
            let content = file.and_then(|file| match file {
                ReviewedFile::Kept(content) => Ok(content),
                ReviewedFile::Deferred(deferred) => {
                    self.read_again(&deferred, &reviewed.reading, false).map_err(|failure| (deferred.path, failure))
                }
            });
            files.push(match content {
                Err((path, failure)) => failed_report(path, failure),
                Ok(FileContent::Known(known)) => known_report(&known),
                Ok(FileContent::Parsed(parsed)) if asks => waiting_report(*parsed),
                Ok(FileContent::Parsed(parsed)) => self.commit_file(*parsed, &reviewed.reading),
            });
        }
        ImportReport { files }
    }

    /// Plans several files together where one of them may ask for its account, so that a question is found before the first
    /// of them is written.
    fn find_doubts(&self, reviewed: &mut Reviewed) {
        if reviewed.files.len() < 2 || reviewed.reading.options.account.is_some() {
            return;
        }
        let may_ask = |file: &Result<ReviewedFile, _>| match file {
            Ok(ReviewedFile::Kept(FileContent::Parsed(parsed))) => doubt::may_ask(parsed),
            Ok(ReviewedFile::Deferred(deferred)) => deferred.may_ask,
            _ => false,
        };
        // Numbers of accounts decide, unless an account has none.
        let has_bare =
            || self.store.read().and_then(|reader| reader.source_accounts()).is_ok_and(|known| doubt::any_bare(&known));
        if !reviewed.files.iter().any(may_ask) && !has_bare() {
            return;
        }
        let Ok(review) = self.review(reviewed, false) else { return };
        for (file, review) in reviewed.files.iter_mut().zip(review.files) {
            if let (Ok(_), Err(failure)) = (&file, review.outcome)
                && failure.question.is_some()
            {
                *file = Err((review.path, failure));
            }
        }
    }

    fn commit_file(&self, parsed: ParsedFile, reading: &layouts::ReadOptions) -> FileReport {
        let mut report = FileReport::of(
            parsed.path.clone(),
            parsed.provider().to_owned(),
            parsed.format.to_owned(),
            parsed.warnings.clone(),
        );
        report.basis = parsed.basis.clone();
        let learned = parsed.learned.clone();
        match self.try_commit(parsed, reading, &mut report) {
            Ok(change) => {
                if let Some((folder, layout)) = learned
                    && let Err(failure) = layouts::keep(&folder, &layout)
                {
                    report.warnings.push(Warning::new(0, format!("the answers were not kept: {}", failure.message)));
                }
                report.message = sentence(&report, change.is_some());
                report.outcome = Ok(change);
            }
            Err(failure) => {
                report = failed_report(report.path, failure);
            }
        }
        report
    }

    fn try_commit(
        &self,
        mut parsed: ParsedFile,
        reading: &layouts::ReadOptions,
        report: &mut FileReport,
    ) -> Result<Option<Change>, JobFailure> {
        self.check_cancelled()?;
        let reader = self.store.read()?;
        // An earlier file of this import may have brought rows of its accounts.
        if !parsed.may_stay(&reader, reading)?
            && let FileContent::Parsed(whole) = self.read_whole(&reader, &parsed.path, reading, None)?
        {
            parsed = *whole;
        }
        let plan = plan::plan(self, &reader, &PlannedRows::default(), &mut parsed, reading)?;
        drop(reader);
        parsed.warnings = all_warnings(&parsed, &plan);
        report.warnings.clone_from(&parsed.warnings);
        self.check_cancelled()?;
        let counts = plan.counts();
        report.accounts_imported = counts.accounts_created;
        report.accounts_updated = counts.accounts_updated;
        report.transactions_imported = counts.transactions_imported;
        report.transactions_updated = counts.transactions_updated + counts.transactions_removed;
        report.transactions_skipped = counts.transactions_skipped;
        if plan.is_empty() {
            return Ok(None);
        }
        write::write(self, parsed, plan, counts).map(Some)
    }

    fn check_cancelled(&self) -> Result<(), JobFailure> {
        if self.cancel.is_cancelled() { Err(JobFailure::cancelled()) } else { Ok(()) }
    }

    fn report_progress(&self, stage: Stage, subject: &str, done: u64, total: u64) {
        (self.progress)(JobProgress { stage, subject: subject.to_owned(), done, total });
    }
}

fn failed_review(path: PathBuf, failure: JobFailure) -> FileReview {
    FileReview {
        path,
        outcome: Err(failure),
        provider: String::new(),
        institution: String::new(),
        format: String::new(),
        basis: Basis::default(),
        already_imported: false,
        accounts: Vec::new(),
        warnings: Vec::new(),
    }
}

fn known_review(known: &KnownFile) -> FileReview {
    FileReview {
        path: known.path.clone(),
        outcome: Ok(()),
        provider: known.provider.clone(),
        institution: known.institution.clone(),
        format: known.format.to_owned(),
        basis: Basis::default(),
        already_imported: true,
        accounts: Vec::new(),
        warnings: known.change.warnings.clone(),
    }
}

fn known_report(known: &KnownFile) -> FileReport {
    let counts = known.change.counts;
    let mut report = FileReport {
        accounts_updated: known.change.accounts.len() as u64,
        transactions_skipped: counts.transactions_imported
            + counts.transactions_updated
            + counts.transactions_removed
            + counts.transactions_skipped,
        ..FileReport::of(
            known.path.clone(),
            known.provider.clone(),
            known.format.to_owned(),
            known.change.warnings.clone(),
        )
    };
    report.message = sentence(&report, false);
    report
}

/// A file that is not written because another one asks a question.
fn waiting_report(parsed: ParsedFile) -> FileReport {
    let provider = parsed.provider().to_owned();
    FileReport {
        is_waiting: true,
        basis: parsed.basis,
        message: "not imported yet: another file asks a question".to_owned(),
        ..FileReport::of(parsed.path, provider, parsed.format.to_owned(), parsed.warnings)
    }
}

fn failed_report(path: PathBuf, failure: JobFailure) -> FileReport {
    FileReport {
        message: failure.message.clone(),
        outcome: Err(failure),
        ..FileReport::of(path, String::new(), String::new(), Vec::new())
    }
}

impl FileReport {
    /// A report in which nothing happened yet.
    fn of(path: PathBuf, provider: String, format: String, warnings: Vec<Warning>) -> Self {
        Self {
            path,
            provider,
            format,
            outcome: Ok(None),
            is_waiting: false,
            basis: Basis::default(),
            accounts_imported: 0,
            accounts_updated: 0,
            transactions_imported: 0,
            transactions_updated: 0,
            transactions_skipped: 0,
            warnings,
            message: String::new(),
        }
    }
}

/// Warnings of reading and planning, by line.
fn all_warnings(parsed: &ParsedFile, plan: &FilePlan) -> Vec<Warning> {
    let mut warnings = parsed.warnings.clone();
    warnings.extend(plan.warnings.iter().cloned());
    warnings
}

fn review_of(parsed: &ParsedFile, plan: &FilePlan, with_rows: bool) -> FileReview {
    let accounts = plan.planned().map(|PlannedAccount { plan, pages }| {
        let pages: Vec<&StatementAccount> =
            pages.iter().map(|(part, page)| &parsed.parts[*part].accounts[*page]).collect();
        let doubted = |page: usize, draft: usize| plan.rows.doubts.iter().any(|(new, _)| *new == (page, draft));
        let state = |page: usize, draft: usize| match plan.rows.pages[page][draft] {
            Outcome::New if doubted(page, draft) => RowState::Doubtful,
            Outcome::New => RowState::New,
            Outcome::Known => RowState::Known,
            Outcome::Amend(..) | Outcome::Void(_) => RowState::Amended,
        };
        let rows: Arc<[ReviewRow]> = if with_rows {
            let rows = pages.iter().enumerate().flat_map(|(number, page)| {
                page.transactions.iter().enumerate().map(move |(index, draft)| (number, index, draft))
            });
            let rows =
                rows.map(|(page, index, draft)| ReviewRow { state: state(page, index), facts: draft.facts.clone() });
            let in_file = pages.iter().filter_map(|page| page.rows_in_file.as_ref()).flat_map(|rows| &rows.shown);
            rows.chain(in_file.map(|facts| ReviewRow { state: RowState::New, facts: facts.clone() })).collect()
        } else {
            Arc::default()
        };
        let days = || {
            let in_file = pages.iter().filter_map(|page| page.rows_in_file.as_ref());
            let in_file = in_file.flat_map(|rows| [rows.first_day, rows.last_day]).flatten();
            pages.iter().flat_map(|page| &page.transactions).map(|draft| draft.facts.date).chain(in_file)
        };
        let newest = pages.iter().filter_map(|page| page.account.balance).max_by_key(|balance| balance.date);
        AccountReview {
            account: plan.known_id(),
            name: plan.account.display_name().to_owned(),
            number_masked: plan.account.number_masked.clone(),
            account_type: plan.account.kind(),
            new: plan.count(|outcome| matches!(outcome, Outcome::New)),
            known: plan.count(|outcome| matches!(outcome, Outcome::Known)),
            amended: plan.count(|outcome| matches!(outcome, Outcome::Amend(..) | Outcome::Void(_))),
            holdings: pages.iter().map(|page| page.holdings.len()).sum(),
            period: days().min().zip(days().max()),
            balance: newest
                .map(|balance| (crate::domain::Money::new(balance.current, plan.account.currency), balance.date)),
            rows,
        }
    });
    FileReview {
        path: parsed.path.clone(),
        outcome: Ok(()),
        provider: parsed.provider().to_owned(),
        institution: plan.institutions(),
        format: parsed.format.to_owned(),
        basis: parsed.basis.clone(),
        already_imported: false,
        accounts: accounts.collect(),
        warnings: all_warnings(parsed, plan),
    }
}

fn writes(report: &FileReport) -> bool {
    report.accounts_imported + report.transactions_imported + report.transactions_updated > 0
}

/// The result of one file in one sentence.
fn sentence(report: &FileReport, wrote: bool) -> String {
    let count = |number: u64, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
    let skipped = count(report.transactions_skipped, "known row");
    if !wrote {
        return format!("nothing new; {skipped} skipped");
    }
    let mut parts = vec![count(report.transactions_imported, "new row")];
    if report.transactions_updated > 0 {
        parts.push(format!("{} amended", report.transactions_updated));
    }
    if report.transactions_skipped > 0 {
        parts.push(format!("{skipped} skipped"));
    }
    if !report.warnings.is_empty() {
        parts.push(count(report.warnings.len() as u64, "warning"));
    }
    parts.join(", ")
}
