//! Reading a large document slice by slice.
//!
//! First everything but the rows: the skeleton (the document without its rows) gives the pages; every slice is read once to
//! find its rows' days and sums and to make sure that it reads alone as it reads in the whole. Then the rows of any slice,
//! again and in any order. INVARIANT: a document for which that can't be shown is not read here; the caller reads it as a whole.

use std::ops::ControlFlow;

use chrono::NaiveDate;

use super::{
    book::DocumentItem,
    read_document,
    slices::Slices,
    survey::{DecimalMarks, Survey},
};
use crate::{
    domain::{TransactionDraft, TransactionStatus, Warning},
    statements::{Limits, Reading, StatementAccount, StatementFile, decode::decode, reading::RowsInFile},
};

/// Rows of each list that are kept for a look at them.
const SHOWN: usize = 500;

/// Reads everything but the rows. The slices must be handed over in the order of the file.
pub struct SlicedReading<'a> {
    slices: &'a Slices,
    input: StatementFile<'a>,
    skeleton: Reading,
    lists: Vec<ListFacts>,
    /// Rows of all slices so far.
    rows: usize,
    warnings: Vec<Warning>,
    /// Whether a row needed a fact about the whole document.
    has_asked: bool,
}

/// A list of rows.
struct ListFacts {
    /// Its page among all pages of the skeleton.
    page: usize,
    /// The warnings of its document without rows.
    frame_warnings: Vec<Warning>,
    rows: RowsInFile,
    /// The day of its first row.
    first_row: Option<NaiveDate>,
}

fn keep_going(_: u64) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// The pages of a reading.
fn pages(reading: &Reading) -> impl Iterator<Item = &StatementAccount> {
    reading.statements.iter().flat_map(|statement| &statement.accounts)
}

impl<'a> SlicedReading<'a> {
    /// Starts with the skeleton. `input` gives name and limits; its bytes are not used. `None` when the document must be read
    /// as a whole.
    #[must_use]
    pub fn new(slices: &'a Slices, input: &StatementFile<'a>) -> Option<Self> {
        let mut any = false;
        let bytes = slices.skeleton();
        std::str::from_utf8(&bytes).ok()?;
        let read = |bytes: &[u8], any: &mut bool| {
            let mut sink = |_| *any = true;
            read_document(&StatementFile { bytes, ..*input }, &mut keep_going, &mut sink).ok()
        };
        let (mut skeleton, _) = read(&bytes, &mut any)?;
        let mut ids: Vec<&str> = pages(&skeleton).map(|page| &*page.account.provider_account_id).collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        if any || ids.len() != count {
            return None;
        }
        let mut lists = Vec::with_capacity(slices.lists());
        for list in 0..slices.lists() {
            let (frame, _) = read(&slices.document(list, &[]), &mut any)?;
            lists.push(ListFacts {
                page: usize::MAX,
                frame_warnings: frame.warnings,
                rows: RowsInFile { list, ..RowsInFile::default() },
                first_row: None,
            });
        }
        for warning in &mut skeleton.warnings {
            warning.line = slices.skeleton_line(warning.line);
        }
        let (warnings, rows, has_asked) = (Vec::new(), 0, false);
        (!any).then_some(Self { slices, input: *input, skeleton, lists, rows, warnings, has_asked })
    }

    /// Reads the slice of that number for its facts. `None` when the document must be read as a whole.
    #[must_use]
    pub fn add(&mut self, index: usize, rows: &[u8]) -> Option<()> {
        std::str::from_utf8(rows).ok()?;
        let read = read_slice(self.slices, index, rows, &self.input)?;
        let slice = &self.slices.all()[index];
        self.has_asked |= read.has_asked;
        self.rows += read.drafts.len();
        if self.rows > self.input.limits.rows || read.drafts.iter().any(|draft| draft.correction.is_some()) {
            return None;
        }
        // The page as the slice shows it, and as the skeleton does.
        let own = pages(&read.reading).nth(read.page?)?;
        let place = pages(&self.skeleton).position(|page| page == own)?;
        let institution = |reading: &Reading, page: usize| {
            let mut first = 0;
            let statement = reading.statements.iter().find(|statement| {
                first += statement.accounts.len();
                page < first
            });
            statement.map(|statement| statement.institution.clone())
        };
        if institution(&read.reading, read.page?) != institution(&self.skeleton, place) {
            return None;
        }
        let list = &mut self.lists[slice.list];
        if list.page != usize::MAX && list.page != place {
            return None;
        }
        list.page = place;
        // Warnings of the text around the rows are those of the skeleton.
        let mut own_warnings = read.reading.warnings;
        for known in &list.frame_warnings {
            let at = own_warnings.iter().position(|warning| warning.message == known.message)?;
            own_warnings.remove(at);
        }
        let is_first = index == 0 || self.slices.all()[index - 1].list != slice.list;
        let first_row_end = slice.line + first_row_lines(rows);
        for warning in own_warnings {
            let line = self.slices.line(slice, warning.line);
            // A row without a day takes that of the row before it.
            if warning.line == 0 || (!is_first && line <= first_row_end) {
                return None;
            }
            self.warnings.push(Warning { line, ..warning });
        }
        list.add(read.drafts);
        (self.warnings.len() < self.input.limits.warnings).then_some(())
    }

    /// Whether the slices must be surveyed with [`SurveyCheck`] before [`Self::finish`].
    #[must_use]
    pub const fn needs_survey(&self) -> bool {
        self.has_asked
    }

    /// The reading; its pages hold [`RowsInFile`] in place of rows.
    #[must_use]
    pub fn finish(mut self) -> Option<Reading> {
        let mut places: Vec<usize> = self.lists.iter().map(|list| list.page).collect();
        places.sort_unstable();
        places.dedup();
        if places.len() != self.lists.len() || places.contains(&usize::MAX) {
            return None;
        }
        let mut all: Vec<&mut StatementAccount> =
            self.skeleton.statements.iter_mut().flat_map(|statement| &mut statement.accounts).collect();
        for list in self.lists {
            all[list.page].rows_in_file = Some(Box::new(list.rows));
        }
        self.skeleton.warnings.extend(self.warnings);
        self.skeleton.warnings.sort_by_key(|warning| warning.line);
        Some(self.skeleton)
    }
}

fn first_row_lines(rows: &[u8]) -> u32 {
    let end = memchr::memmem::find(rows, b"</STMTTRN>").unwrap_or(rows.len());
    u32::try_from(memchr::memchr_iter(b'\n', &rows[..end]).count()).unwrap_or(u32::MAX)
}

impl ListFacts {
    fn add(&mut self, drafts: Vec<TransactionDraft>) {
        let rows = &mut self.rows;
        for draft in drafts {
            let facts = draft.facts;
            rows.count += 1;
            rows.first_day = Some(rows.first_day.map_or(facts.date, |day| day.min(facts.date)));
            rows.last_day = Some(rows.last_day.map_or(facts.date, |day| day.max(facts.date)));
            let first = *self.first_row.get_or_insert(facts.date);
            rows.newest_first = first > facts.date;
            if facts.status == TransactionStatus::Settled {
                let sum = rows.settled.entry(facts.date).or_default();
                *sum = sum.saturating_add(facts.amount);
            }
            if rows.shown.len() < SHOWN {
                rows.shown.push(facts);
            }
        }
    }
}

/// Facts about the slices that their rows depend on: the same in each, they are those of the whole.
#[derive(Default)]
pub struct SurveyCheck {
    marks: Option<DecimalMarks>,
    differs: bool,
}

impl SurveyCheck {
    /// Surveys a slice.
    pub fn add(&mut self, slices: &Slices, index: usize, rows: &[u8], limits: &Limits) {
        let bytes = slices.document(slices.all()[index].list, rows);
        let survey = Survey::of(&decode(&bytes), limits.depth);
        self.differs |= *self.marks.get_or_insert(survey.marks()) != survey.marks() || !survey.has_negative();
    }

    /// Whether every slice reads alone as in the whole.
    #[must_use]
    pub const fn agrees(&self) -> bool {
        !self.differs
    }
}

/// A slice that was read.
struct SliceRead {
    reading: Reading,
    /// The page of its rows; `None` when there is not exactly one.
    page: Option<usize>,
    drafts: Vec<TransactionDraft>,
    has_asked: bool,
}

fn read_slice(slices: &Slices, index: usize, rows: &[u8], input: &StatementFile<'_>) -> Option<SliceRead> {
    let slice = slices.all().get(index)?;
    let bytes = slices.document(slice.list, rows);
    let (mut found, mut drafts, mut is_plain) = (Vec::new(), Vec::new(), true);
    let mut sink = |item| match item {
        DocumentItem::Transaction(page, draft) => {
            if found.last() != Some(&page) {
                found.push(page);
            }
            drafts.push(draft);
        }
        DocumentItem::Holding(..) => is_plain = false,
    };
    let (reading, has_asked) =
        read_document(&StatementFile { bytes: &bytes, ..*input }, &mut keep_going, &mut sink).ok()?;
    for draft in &mut drafts {
        draft.facts.origin.line = slices.line(slice, draft.facts.origin.line);
    }
    let page = if found.len() == 1 && is_plain { found.first().copied() } else { None };
    Some(SliceRead { reading, page, drafts, has_asked })
}

/// The rows of a slice, in the order of the file. `None` when the bytes are not those that were read before.
#[must_use]
pub fn rows_of_slice(
    slices: &Slices,
    index: usize,
    rows: &[u8],
    input: &StatementFile<'_>,
) -> Option<Vec<TransactionDraft>> {
    read_slice(slices, index, rows, input).map(|read| read.drafts)
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;
    use crate::statements::{QuestionAnswers, ofx::SliceScanner};

    /// The reading by slices, with its rows put into their pages.
    fn sliced(input: &StatementFile<'_>, size: u64) -> Option<Reading> {
        let mut scanner = SliceScanner::new(size);
        scanner.feed(input.bytes).then_some(())?;
        let slices = scanner.finish()?;
        let bytes = |index: usize| {
            let range = &slices.all()[index].bytes;
            &input.bytes[usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()]
        };
        let mut reading = SlicedReading::new(&slices, input)?;
        for index in 0..slices.all().len() {
            reading.add(index, bytes(index))?;
        }
        if reading.needs_survey() {
            let mut check = SurveyCheck::default();
            (0..slices.all().len()).for_each(|index| check.add(&slices, index, bytes(index), input.limits));
            check.agrees().then_some(())?;
        }
        let mut reading = reading.finish()?;
        for page in reading.statements.iter_mut().flat_map(|statement| &mut statement.accounts) {
            let Some(rows) = page.rows_in_file.take() else { continue };
            for (index, _) in slices.all().iter().enumerate().filter(|(_, slice)| slice.list == rows.list) {
                page.transactions.extend(rows_of_slice(&slices, index, bytes(index), input).unwrap());
            }
            let days = || page.transactions.iter().map(|draft| draft.facts.date);
            assert_eq!((rows.first_day, rows.last_day), (days().min(), days().max()));
            assert_eq!(rows.count, page.transactions.len() as u64);
            assert_eq!(rows.newest_first, days().next() > days().next_back());
            let settled = page.transactions.iter().filter(|draft| draft.facts.status == TransactionStatus::Settled);
            let sum: rust_decimal::Decimal = settled.map(|draft| draft.facts.amount).sum();
            assert_eq!(rows.settled.values().sum::<rust_decimal::Decimal>(), sum);
        }
        Some(reading)
    }

    /// Compares slices of several sizes with the whole. Returns how often the file could be cut.
    fn compare(bytes: &[u8], file_name: &str) -> usize {
        let (limits, answers) = (Limits::default(), QuestionAnswers::default());
        let input = StatementFile { bytes, file_name, limits: &limits, layouts: &[], answers: &answers };
        let mut whole = super::super::read(&input, &mut keep_going);
        if let Ok(whole) = &mut whole {
            whole.warnings.sort_by_key(|warning| (warning.line, warning.message.clone()));
        }
        let mut count = 0;
        for size in [1, 300, 1_500, 1 << 20] {
            if let Some(mut reading) = sliced(&input, size) {
                reading.warnings.sort_by_key(|warning| (warning.line, warning.message.clone()));
                assert_eq!(Ok(reading), whole, "{file_name} in slices of {size} bytes");
                count += 1;
            }
        }
        count
    }

    fn compare_folder(folder: &Path) -> usize {
        let mut count = 0;
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                count += compare_folder(&path);
            } else if let Ok(bytes) = fs::read(&path) {
                count += compare(&bytes, &path.file_name().unwrap_or_default().to_string_lossy());
            }
        }
        count
    }

    #[test]
    fn slices_read_as_the_whole_or_not_at_all() {
        let cut = compare_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/ofx"));
        assert!(cut > 60, "only {cut} documents were cut");
        if let Some(samples) = std::env::var_os("DASHTAM_SAMPLES") {
            let cut = compare_folder(&Path::new(&samples).join("ofx"));
            assert!(cut > 200, "only {cut} sample documents were cut");
        }
    }

    /// A statement of two accounts whose rows depend on the rest of the document in the way that `row` makes.
    fn document(row: impl Fn(usize) -> String, opening: &str) -> String {
        let list = |account: &str, from: usize| {
            let rows: String = (from..from + 40).map(|index| row(index) + "\n").collect();
            format!(
                "<STMTTRNRS><STMTRS>{opening}<BANKACCTFROM><BANKID>1<ACCTID>{account}<ACCTTYPE>CHECKING</BANKACCTFROM>\n\
                 <BANKTRANLIST><DTSTART>20240101<DTEND>20241231\n{rows}</BANKTRANLIST><LEDGERBAL><BALAMT>7.00<DTASOF>20241231\
                 </LEDGERBAL></STMTRS></STMTTRNRS>\n"
            )
        };
        format!("OFXHEADER:100\n\n<OFX><BANKMSGSRSV1>{}{}</BANKMSGSRSV1></OFX>\n", list("100", 0), list("200", 40))
    }

    fn row(index: usize, amount: &str) -> String {
        format!(
            "<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>2024{:02}{:02}<TRNAMT>{amount}<FITID>{index}<NAME>Shop {index}</STMTTRN>",
            index % 12 + 1,
            index % 28 + 1
        )
    }

    #[test]
    fn rows_that_depend_on_the_whole_are_read_in_it() {
        let usd = "<CURDEF>USD";
        let plain = document(|index| row(index, "-12.50"), usd);
        assert_eq!(compare(plain.as_bytes(), "plain.ofx"), 4);
        // The decimal mark of one amount is known from all others; each slice shows the same.
        let marks = document(|index| row(index, if index == 70 { "-1,234" } else { "-12.50" }), usd);
        assert!(compare(marks.as_bytes(), "marks.ofx") > 0);
        // Slices that show less than the whole.
        let few = document(|index| row(index, if index == 3 { "-12.50" } else { "-1,234" }), usd);
        compare(few.as_bytes(), "few.ofx");
        let unsigned = document(|index| row(index, if index == 3 { "-12.50" } else { "12.50" }), usd);
        compare(unsigned.as_bytes(), "unsigned.ofx");
        // A row without a day takes that of the row before it, in another slice maybe.
        let days = document(|index| row(index, "-1.00").replace("<DTPOSTED>20240505", "<DTPOSTED>00000000"), usd);
        compare(days.as_bytes(), "days.ofx");
        // A currency stated at the end, and none at all.
        let late = document(|index| row(index, "-1.00"), "").replace("</OFX>", "<CURDEF>EUR</OFX>");
        compare(late.as_bytes(), "late.ofx");
        compare(document(|index| row(index, "-1.00"), "").as_bytes(), "none.ofx");
        // Another account in the middle of a list, and one account twice.
        let switch = document(
            |index| row(index, "-1.00") + if index == 20 { "<BANKACCTFROM><ACCTID>300</BANKACCTFROM>" } else { "" },
            usd,
        );
        compare(switch.as_bytes(), "switch.ofx");
        let inside = document(
            |index| row(index, if index == 20 { "-1.00<BANKACCTFROM><ACCTID>300</BANKACCTFROM>" } else { "-1.00" }),
            usd,
        );
        compare(inside.as_bytes(), "inside.ofx");
        compare(plain.replace("<ACCTID>200", "<ACCTID>100").as_bytes(), "twice.ofx");
        // Rows that are not closed, cut files, one line only, corrections, pending rows.
        compare(plain.replace("Shop 7</STMTTRN>", "Shop 7").as_bytes(), "open.ofx");
        compare(&plain.as_bytes()[..plain.len() - 100], "cut.ofx");
        compare(&plain.as_bytes()[..plain.len() / 3], "cut_earlier.ofx");
        assert_eq!(compare(plain.replace('\n', "").as_bytes(), "line.ofx"), 4);
        let corrected = document(|index| row(index, "-1.00<CORRECTFITID>3<CORRECTACTION>DELETE"), usd);
        assert_eq!(compare(corrected.as_bytes(), "corrected.ofx"), 0);
        let damaged = document(|index| row(index, if index % 9 == 0 { "abc" } else { "-1.00" }), usd);
        assert!(compare(damaged.as_bytes(), "damaged.ofx") > 0);
        let pending = plain.replacen(
            "</BANKTRANLIST>",
            "</BANKTRANLIST><BANKTRANLISTP><STMTTRNP><TRNTYPE>DEBIT<DTTRAN>20241230<TRNAMT>-3.00<NAME>Wait</STMTTRNP></BANKTRANLISTP>",
            1,
        );
        compare(pending.as_bytes(), "pending.ofx");
        let mut latin = plain.clone().into_bytes();
        let shop = memchr::memmem::find(&latin, b"Shop 50").unwrap();
        latin[shop] = 0xe9;
        assert_eq!(compare(&latin, "latin.ofx"), 0);
    }
}
