//! A large statement file, whose rows stay in it until they are written.
//!
//! The file is read three times in slices: to find the slices, for everything but the rows, and to write the rows. That keeps
//! memory flat. INVARIANT: only a file whose accounts can't be compared with stored rows is read so; every other one is read as
//! a whole. A file that changes meanwhile is refused.

use std::{cell::Cell, fs::File, os::unix::fs::FileExt as _, path::Path, time::SystemTime};

use super::{
    Importer, ParsedFile, Stage,
    layouts::{ReadOptions, is_unnamed},
    number::Closeness,
    world::number_of,
};
use crate::{
    domain::{Account, AccountType, FailureKind, TransactionDraft, TransactionFacts},
    files,
    statements::{
        self, Limits, QuestionAnswers, Reading, RowsInFile, StatementAccount, StatementFile, ofx,
        ofx::{SliceScanner, SlicedReading, Slices, SurveyCheck},
    },
    store::Reader,
    sync::{ImportOptions, JobFailure},
};

/// Bytes of a file for every row that may be kept in memory: a file that is read as a whole needs up to six times its size.
const BYTES_A_ROW: u64 = 320;
/// Bytes that are read at a time to find the slices.
const WINDOW: usize = 4 << 20;
/// Bytes by which the kind of the file is recognised.
const HEAD: usize = 64 << 10;

/// A file with its slices.
pub(super) struct LargeFile {
    file: File,
    name: String,
    length: u64,
    modified: SystemTime,
    limits: Limits,
    slices: Slices,
    pub(super) digest: [u8; 32],
}

/// Size and time of the last change.
fn state(file: &File) -> std::io::Result<(u64, SystemTime)> {
    let metadata = file.metadata()?;
    Ok((metadata.len(), metadata.modified()?))
}

fn changed(name: &str) -> JobFailure {
    JobFailure::new(FailureKind::Unreadable, format!("{name}: the file changed while it was imported"))
        .with_hint("import it again")
}

impl LargeFile {
    /// Opens a file that is large enough and can be cut into slices. Everything else, errors included, is left to the reading
    /// as a whole.
    pub(super) fn open(importer: &Importer<'_>, path: &Path, name: &str) -> Result<Option<Self>, JobFailure> {
        let Ok(file) = files::open_to_read(path) else { return Ok(None) };
        let Ok((length, modified)) = state(&file) else { return Ok(None) };
        let kept = (importer.kept_rows as u64).saturating_mul(BYTES_A_ROW);
        if length <= kept || length > importer.limits.bytes {
            return Ok(None);
        }
        let mut window = vec![0; WINDOW];
        let mut scanner = SliceScanner::new(kept / 16);
        let mut hasher = blake3::Hasher::new();
        let mut at = 0;
        while at < length {
            let Ok(read @ 1..) = file.read_at(&mut window, at) else { return Ok(None) };
            if at == 0 && !is_ofx(&window[..read.min(HEAD)], name, &importer.limits) {
                return Ok(None);
            }
            hasher.update(&window[..read]);
            if !scanner.feed(&window[..read]) {
                return Ok(None);
            }
            at += read as u64;
            importer.report_progress(Stage::Reading, name, at / 2, length);
            importer.check_cancelled()?;
        }
        let digest = *hasher.finalize().as_bytes();
        let Some(slices) = scanner.finish() else { return Ok(None) };
        let (name, limits) = (name.to_owned(), importer.limits);
        Ok(Some(Self { file, name, length, modified, limits, slices, digest }))
    }

    /// A second handle to read the same file.
    pub(super) fn handle(&self) -> std::io::Result<File> {
        self.file.try_clone()
    }

    pub(super) const fn length(&self) -> u64 {
        self.length
    }

    /// Refuses a file that is not as it was when it was opened.
    pub(super) fn check_unchanged(&self) -> Result<(), JobFailure> {
        match state(&self.file) {
            Ok(now) if now == (self.length, self.modified) => Ok(()),
            _ => Err(changed(&self.name)),
        }
    }

    fn input<'a>(&'a self, answers: &'a QuestionAnswers) -> StatementFile<'a> {
        StatementFile { bytes: &[], file_name: &self.name, limits: &self.limits, layouts: &[], answers }
    }

    fn bytes(&self, index: usize) -> Result<Vec<u8>, JobFailure> {
        let range = &self.slices.all()[index].bytes;
        let mut bytes = vec![0; usize::try_from(range.end - range.start).unwrap_or(0)];
        self.file.read_exact_at(&mut bytes, range.start).map_err(|_| changed(&self.name))?;
        Ok(bytes)
    }

    /// Everything but the rows; `None` when the file must be read as a whole.
    pub(super) fn reading(&self, importer: &Importer<'_>) -> Result<Option<Reading>, JobFailure> {
        let answers = QuestionAnswers::default();
        let input = self.input(&answers);
        let Some(mut reading) = SlicedReading::new(&self.slices, &input) else { return Ok(None) };
        for (index, slice) in self.slices.all().iter().enumerate() {
            importer.report_progress(
                Stage::Reading,
                &self.name,
                u64::midpoint(self.length, slice.bytes.start),
                self.length,
            );
            importer.check_cancelled()?;
            if reading.add(index, &self.bytes(index)?).is_none() {
                return Ok(None);
            }
        }
        if reading.needs_survey() {
            let mut check = SurveyCheck::default();
            for index in 0..self.slices.all().len() {
                importer.check_cancelled()?;
                check.add(&self.slices, index, &self.bytes(index)?, &self.limits);
                if !check.agrees() {
                    return Ok(None);
                }
            }
        }
        self.check_unchanged()?;
        Ok(reading.finish())
    }

    /// The rows of a list in the order in which they happened, as they are read. What stops it is left in `failure`.
    pub(super) fn rows<'a>(
        &'a self,
        importer: &'a Importer<'_>,
        rows: &RowsInFile,
        failure: &'a Cell<Option<JobFailure>>,
    ) -> Box<dyn Iterator<Item = TransactionFacts> + 'a> {
        let list = rows.list;
        let own = self.slices.all().iter().enumerate().filter(move |(_, slice)| slice.list == list);
        let mut indices: Vec<usize> = own.map(|(index, _)| index).collect();
        if rows.newest_first {
            indices.reverse();
        }
        let is_reversed = rows.newest_first;
        let slices = indices.into_iter().map_while(move |index| match self.slice(importer, index) {
            Ok(drafts) => Some(drafts),
            Err(found) => {
                failure.set(Some(found));
                None
            }
        });
        Box::new(slices.flat_map(move |mut drafts| {
            if is_reversed {
                drafts.reverse();
            }
            drafts.into_iter().map(|draft| draft.facts)
        }))
    }

    fn slice(&self, importer: &Importer<'_>, index: usize) -> Result<Vec<TransactionDraft>, JobFailure> {
        importer.check_cancelled()?;
        let start = self.slices.all()[index].bytes.start;
        importer.report_progress(Stage::Writing, &self.name, start, self.length);
        let answers = QuestionAnswers::default();
        ofx::rows_of_slice(&self.slices, index, &self.bytes(index)?, &self.input(&answers))
            .ok_or_else(|| changed(&self.name))
    }
}

fn is_ofx(head: &[u8], name: &str, limits: &Limits) -> bool {
    let answers = QuestionAnswers::default();
    let input = StatementFile { bytes: head, file_name: name, limits, layouts: &[], answers: &answers };
    statements::recognise(&input).is_some_and(|format| format.name == ofx::FORMAT.name)
}

/// Pages of a file that are compared with each other.
const MOST_PAGES: usize = 100;

/// Whether pages whose rows stay in the file can be planned without their rows: each names its account and currency, no two
/// can be one account, and no account of their currencies is known.
pub(super) fn may_stay<'p>(
    reader: &Reader,
    pages: impl Iterator<Item = &'p StatementAccount>,
    options: &ReadOptions,
) -> Result<bool, JobFailure> {
    let ImportOptions { account, account_name, answers, .. } = &options.options;
    if account.is_some() || account_name.is_some() || *answers != QuestionAnswers::default() {
        return Ok(false);
    }
    let pages: Vec<&StatementAccount> = pages.collect();
    let is_plain = |page: &StatementAccount| {
        page.currency_stated && !page.account.number.is_empty() && !is_unnamed(&page.account.provider_account_id)
    };
    let may_be_one = |page: &StatementAccount, other: &StatementAccount| {
        let is_card = [page, other].iter().all(|page| page.account.account_type == AccountType::CreditCard);
        is_card || number_of(&page.account).closeness(&number_of(&other.account)) != Closeness::Different
    };
    let any_pair =
        || pages.iter().enumerate().any(|(at, page)| pages[..at].iter().any(|other| may_be_one(page, other)));
    if pages.len() > MOST_PAGES || !pages.iter().all(|page| is_plain(page)) || any_pair() {
        return Ok(false);
    }
    let is_near =
        |known: &Account| known.currency_assumed || pages.iter().any(|page| page.account.currency == known.currency);
    Ok(!reader.source_accounts()?.iter().any(is_near))
}

impl ParsedFile {
    /// Whether [`may_stay`] is still true of it.
    pub(super) fn may_stay(&self, reader: &Reader, options: &ReadOptions) -> Result<bool, JobFailure> {
        match self.large {
            Some(_) => may_stay(reader, self.accounts(), options),
            None => Ok(true),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::PathBuf};

    use chrono::{DateTime, NaiveDate, Utc};
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::{
        domain::{Change, Snapshot, Transaction},
        store::Store,
        sync::import::{ReviewedFile, read::FileContent},
    };

    /// Rows of two accounts; `day` gives the day of a row by its number.
    fn document(accounts: &[(&str, std::ops::Range<u32>)], day: impl Fn(u32) -> u32, odd: &str) -> String {
        let row = |number: u32| {
            let (month, day) = (day(number) / 28 + 1, day(number) % 28 + 1);
            let amount = if number == 17 { odd.to_owned() } else { format!("-{number}.25") };
            format!(
                "<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>2024{month:02}{day:02}<TRNAMT>{amount}<FITID>F{number}<NAME>Shop {}</STMTTRN>\n",
                number % 7
            )
        };
        let list = |(account, rows): &(&str, std::ops::Range<u32>)| {
            let rows: String = rows.clone().map(row).collect();
            format!(
                "<STMTTRNRS><STMTRS><CURDEF>USD<BANKACCTFROM><BANKID>021000021<ACCTID>{account}<ACCTTYPE>CHECKING</BANKACCTFROM>\n\
                 <BANKTRANLIST><DTSTART>20240101<DTEND>20241231\n{rows}</BANKTRANLIST><LEDGERBAL><BALAMT>70.00<DTASOF>20241231\
                 </LEDGERBAL></STMTRS></STMTTRNRS>\n"
            )
        };
        let lists: String = accounts.iter().map(list).collect();
        let bank = "<SIGNONMSGSRSV1><SONRS><DTSERVER>20250101<FI><ORG>Bank<FID>77</FI></SONRS></SIGNONMSGSRSV1>";
        format!("OFXHEADER:100\n\n<OFX>{bank}<BANKMSGSRSV1>{lists}</BANKMSGSRSV1></OFX>\n")
    }

    type Content =
        (Vec<Change>, Vec<Account>, Vec<Vec<Transaction>>, Vec<Vec<Snapshot>>, Vec<Option<Vec<u8>>>, Vec<Vec<u8>>);

    /// Everything that imports leave, without the file's own path.
    fn content(store: &Store) -> Content {
        let reader = store.read().unwrap();
        let accounts = reader.source_accounts().unwrap();
        let changes = reader.changes(None, 100).unwrap();
        let rows = |account: &Account| reader.rows_between(account.id, NaiveDate::MIN, NaiveDate::MAX).unwrap();
        let learned =
            |account: &Account| reader.sync_state(account.connection_id, &format!("learned/{}", account.id)).unwrap();
        let sources = changes.iter().flat_map(|change| reader.raw_sources(change.id).unwrap());
        (
            changes.clone(),
            accounts.clone(),
            accounts.iter().map(rows).collect(),
            accounts.iter().map(|account| reader.snapshots(account.id).unwrap()).collect(),
            accounts.iter().map(learned).collect(),
            sources.map(|source| source.bytes).collect(),
        )
    }

    struct Profile {
        store: Store,
        kept_rows: usize,
        cancel: CancellationToken,
    }

    impl Profile {
        fn new(kept_rows: usize) -> Self {
            Self { store: Store::in_memory().unwrap(), kept_rows, cancel: CancellationToken::new() }
        }

        /// Imports the files together. Returns the messages, and how many files kept their rows.
        fn import(&self, paths: &[PathBuf]) -> (Vec<String>, usize) {
            let importer = Importer {
                store: &self.store,
                limits: Limits::default(),
                kept_rows: self.kept_rows,
                now: DateTime::<Utc>::UNIX_EPOCH,
                cancel: self.cancel.clone(),
                held: &|_| None,
                progress: &|_| (),
            };
            let mut reviewed = importer.read(paths.to_vec(), ImportOptions::default()).unwrap();
            let stayed = reviewed.files.iter().filter(
                |file| matches!(file, Ok(ReviewedFile::Kept(FileContent::Parsed(parsed))) if parsed.large.is_some()),
            );
            let stayed = stayed.count();
            let planned = importer.dry_run(&mut reviewed).unwrap();
            let report = importer.commit(reviewed);
            for (planned, file) in planned.files.iter().zip(&report.files) {
                assert_eq!(planned.transactions_imported, file.transactions_imported);
                assert_eq!(planned.transactions_skipped, file.transactions_skipped);
            }
            (report.files.into_iter().map(|file| file.message).collect(), stayed)
        }
    }

    #[test]
    fn rows_that_stay_in_the_file_end_as_rows_that_were_read() {
        let folder = tempfile::tempdir().unwrap();
        let oldest_first = |number: u32| number / 2;
        let newest_first = |number: u32| 200 - number / 2;
        let two = [("100", 0..90), ("200", 90..200)];
        for (name, text) in [
            ("one", document(&[("100", 0..150)], oldest_first, "-1.00")),
            ("two", document(&two, oldest_first, "-1.00")),
            ("newest first", document(&two, newest_first, "-1.00")),
            ("with a bad row", document(&two, oldest_first, "abc")),
            ("in one line", document(&two, newest_first, "-1.00").replace('\n', "")),
        ] {
            let path = folder.path().join(format!("{name}.qfx"));
            fs::write(&path, &text).unwrap();
            // A later statement of the first account, which has some of the rows.
            let later = folder.path().join(format!("{name} later.qfx"));
            fs::write(&later, document(&[("100", 60..180)], oldest_first, "-1.00")).unwrap();
            let (whole, large) = (Profile::new(usize::MAX), Profile::new(20));
            let (expected, _) = whole.import(std::slice::from_ref(&path));
            let (messages, stayed) = large.import(std::slice::from_ref(&path));
            assert_eq!((messages, stayed), (expected, 1), "{name}");
            assert_eq!(content(&large.store), content(&whole.store), "{name}");
            assert_eq!(content(&large.store).5, [text.into_bytes()], "{name}: the file is kept");
            // The same file again is known; a later one is compared with the stored rows.
            for paths in [vec![path.clone()], vec![later.clone()], vec![path, later]] {
                let (expected, _) = whole.import(&paths);
                let (messages, stayed) = large.import(&paths);
                assert_eq!((messages, stayed), (expected, 0), "{name}");
                assert_eq!(content(&large.store), content(&whole.store), "{name}");
            }
            large.store.verify().unwrap();
        }
    }

    #[test]
    fn large_files_of_one_import_are_compared_with_each_other() {
        // Each is read again: whole for the review, in slices when it is written as the first of its account.
        let folder = tempfile::tempdir().unwrap();
        let texts = [
            document(&[("100", 0..150)], |number| number, "-1.00"),
            document(&[("100", 100..250)], |number| number, "-1.00"),
        ];
        let paths: Vec<PathBuf> = (0..2).map(|number| folder.path().join(format!("{number}.ofx"))).collect();
        for (path, text) in paths.iter().zip(&texts) {
            fs::write(path, text).unwrap();
        }
        let (whole, large) = (Profile::new(usize::MAX), Profile::new(20));
        let (expected, _) = whole.import(&paths);
        assert_eq!(large.import(&paths), (expected, 0));
        assert_eq!(content(&large.store), content(&whole.store));
        assert_eq!(content(&large.store).2[0].len(), 250);
    }

    #[test]
    fn a_file_that_changes_meanwhile_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.ofx");
        let text = document(&[("100", 0..150)], |number| number, "-1.00");
        fs::write(&path, &text).unwrap();
        let store = Store::in_memory().unwrap();
        let change = |progress: crate::sync::JobProgress| {
            if progress.stage == Stage::Writing {
                fs::write(&path, text.replace("-20.25", "-99.25")).unwrap();
            }
        };
        let importer = Importer {
            store: &store,
            limits: Limits::default(),
            kept_rows: 20,
            now: DateTime::<Utc>::UNIX_EPOCH,
            cancel: CancellationToken::new(),
            held: &|_| None,
            progress: &change,
        };
        let report = importer.commit(importer.read(vec![path.clone()], ImportOptions::default()).unwrap());
        let failure = report.files[0].outcome.clone().unwrap_err();
        assert_eq!(failure.message, "a.ofx: the file changed while it was imported");
        assert!(store.read().unwrap().changes(None, 10).unwrap().is_empty());
        assert!(store.read().unwrap().accounts().unwrap().is_empty());
    }
}
