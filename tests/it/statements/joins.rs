//! Samples in the folder that `DASHTAM_SAMPLES` names, imported in parts, twice, and beside an OFX file of the same account.
//!
//! INVARIANT: whatever the order of the downloads, no row is doubled and none is lost, unless a warning names the doubt.

use std::{fmt::Write as _, fs, ops::ControlFlow};

use dashtam::testing::{
    domain::{Transaction, TransactionStatus},
    statements::{Question, QuestionAnswers, Reading},
    sync::{ImportReport, ImportRequest},
};

use crate::support::{
    desk::Desk,
    files::{
        as_ofx, parts,
        samples::{Row, Sample, answered, base, rows, samples},
    },
};

/// Samples whose parts state less than the whole, and why.
const EXCEPTIONS: &[(&str, &str)] = &[
    // Debits are money in by the balance of the last row alone; the first rows agree with the header as well.
    ("csv/OCA+bank-statement-import__debit_credit_amount.csv", "first"),
];

/// What an import of several files left.
struct Left {
    rows: Vec<Row>,
    accounts: usize,
    /// New rows of each file.
    new: Vec<u64>,
    /// Questions about accounts; each was answered with the first account of the profile.
    asked: usize,
    /// Warnings that ask the reader to look for rows that count twice.
    doubts: Vec<String>,
}

/// A file to import: name, content, answers.
type Given<'a> = (&'a str, &'a [u8], &'a QuestionAnswers);

/// Questions about accounts that one file may ask.
const MOST_QUESTIONS: usize = 8;

/// The question about the account of a file.
fn account_question(report: &ImportReport) -> Option<Question> {
    let failures = report.files.iter().filter_map(|file| file.outcome.as_ref().err());
    let mut questions = failures.filter_map(|failure| failure.question.as_deref());
    questions.find(|question| question.id.starts_with("account")).cloned()
}

async fn import(files: &[Given<'_>]) -> Result<Left, String> {
    let desk = Desk::new(&[]);
    let folder = tempfile::tempdir().unwrap();
    let (mut new, mut doubts, mut asked) = (Vec::new(), Vec::new(), 0);
    for (index, (name, bytes, answers)) in files.iter().enumerate() {
        let place = folder.path().join(index.to_string());
        fs::create_dir(&place).unwrap();
        let path = place.join(name);
        fs::write(&path, bytes).unwrap();
        let mut request = ImportRequest { paths: vec![path], ..ImportRequest::default() };
        request.options.answers = (*answers).clone();
        let mut report = desk.handle.import(request.clone(), |_| {}).await.unwrap();
        for _ in 0..MOST_QUESTIONS {
            let Some(question) = account_question(&report) else { break };
            let answer = question.options.first().unwrap();
            assert_ne!(answer.value, "new", "an account of the profile is the first option");
            request.options.answers.insert(&question.id, &answer.value);
            asked += 1;
            report = desk.handle.import(request.clone(), |_| {}).await.unwrap();
        }
        for file in report.files {
            file.outcome.map_err(|failure| format!("file {index}: {failure}"))?;
            new.push(file.transactions_imported);
            let texts = file.warnings.into_iter().map(|warning| warning.message);
            doubts.extend(texts.filter(|text| text.contains("may be the same") || text.contains("count twice")));
        }
    }
    desk.store.verify().unwrap();
    let mut rows = Vec::new();
    let reader = desk.store.read().unwrap();
    let mut take = |row: Transaction, _: &_| {
        let facts = row.facts;
        if !matches!(facts.status, TransactionStatus::Cancelled | TransactionStatus::Failed) {
            let is_settled = facts.status == TransactionStatus::Settled;
            rows.push((facts.date.to_string(), facts.amount.normalize(), facts.currency.to_string(), is_settled));
        }
        ControlFlow::Continue(())
    };
    reader.scan(&mut take).unwrap();
    rows.sort();
    Ok(Left { rows, accounts: reader.accounts().unwrap().len(), new, asked, doubts })
}

/// Counts of one kind of join, and what went wrong.
#[derive(Default)]
struct Tally {
    exact: usize,
    /// Exact after a question about the account.
    asked: usize,
    warned: usize,
    faults: Vec<String>,
    notes: String,
}

impl Tally {
    /// Compares what is left with the whole.
    fn enter(&mut self, what: &str, sample: &Sample, whole: &Left, left: Result<Left, String>) {
        let name = &sample.name;
        let left = match left {
            Ok(left) => left,
            Err(error) => return self.faults.push(format!("{what} {name}: {error}")),
        };
        if left.rows == whole.rows && left.accounts == whole.accounts {
            if left.asked > 0 {
                self.asked += 1;
                let _ = writeln!(self.notes, "{what} {name}: {} questions", left.asked);
            } else {
                self.exact += 1;
            }
        } else if EXCEPTIONS.iter().any(|(file, part)| file == name && what.contains(part)) {
            let _ = writeln!(self.notes, "{what} {name}: excepted");
        } else if left.rows.len() > whole.rows.len() && !left.doubts.is_empty() {
            self.warned += 1;
            let _ = writeln!(
                self.notes,
                "{what} {name}: {} rows instead of {}: {}",
                left.rows.len(),
                whole.rows.len(),
                left.doubts[0]
            );
        } else {
            let gone: Vec<&Row> = whole.rows.iter().filter(|row| !left.rows.contains(row)).take(2).collect();
            let more: Vec<&Row> = left.rows.iter().filter(|row| !whole.rows.contains(row)).take(2).collect();
            self.faults.push(format!(
                "{what} {name}: {} rows instead of {}, {} accounts instead of {}, new {:?}, gone {gone:?}, other {more:?}, {:?}",
                left.rows.len(),
                whole.rows.len(),
                left.accounts,
                whole.accounts,
                left.new,
                left.doubts.first()
            ));
        }
    }

    fn end(&self, what: &str) {
        println!(
            "{what}: exact {}, asked {}, warned {}, faults {}\n{}",
            self.exact,
            self.asked,
            self.warned,
            self.faults.len(),
            self.notes
        );
        assert!(self.faults.is_empty(), "{}", self.faults.join("\n"));
    }
}

fn skipped() {
    println!("skipped: DASHTAM_SAMPLES names no folder of samples");
}

#[tokio::test]
async fn the_first_and_the_last_rows_of_a_file_make_the_whole() {
    let Some(samples) = samples() else { return skipped() };
    let mut tally = Tally::default();
    let (mut uncut, mut count) = (Vec::new(), 0);
    for sample in &samples {
        let name = base(&sample.name);
        let whole = import(&[(name, &sample.bytes, &sample.answers)]).await.unwrap();
        assert_eq!(whole.rows, rows(&sample.reading), "{}", sample.name);
        let Some(halves) = parts::in_two(sample) else {
            uncut.push(&sample.name);
            continue;
        };
        let read = |bytes: &[u8]| {
            let is_part = |reading: &Reading| rows(reading).iter().all(|row| whole.rows.contains(row));
            answered(bytes, name, &|_, _, reading| is_part(reading)).map(|(_, answers)| answers)
        };
        let [Some(first), Some(last)] = [read(&halves[0]), read(&halves[1])] else {
            uncut.push(&sample.name);
            continue;
        };
        count += 1;
        let (head, tail) = ((name, &halves[0][..], &first), (name, &halves[1][..], &last));
        tally.enter("first, last", sample, &whole, import(&[head, tail]).await);
        tally.enter("last, first", sample, &whole, import(&[tail, head]).await);
        let all = (name, &sample.bytes[..], &sample.answers);
        tally.enter("first, whole", sample, &whole, import(&[head, all]).await);
        tally.enter("whole, last", sample, &whole, import(&[all, tail]).await);
    }
    println!("{count} of {} samples cut; whole: {uncut:?}", samples.len());
    tally.end("parts");
}

#[tokio::test]
async fn the_same_file_again_adds_nothing() {
    let Some(samples) = samples() else { return skipped() };
    let mut tally = Tally::default();
    for sample in &samples {
        let name = base(&sample.name);
        let once = (name, &sample.bytes[..], &sample.answers);
        let whole = import(&[once]).await.unwrap();
        // Another byte, so that the file counts as another one.
        let again = parts::with_other_bytes(sample);
        let again = (name, &again[..], &sample.answers);
        tally.enter("again", sample, &whole, import(&[once, again]).await);
        let renamed = (&*format!("copy of {name}"), again.1, again.2);
        tally.enter("renamed", sample, &whole, import(&[once, renamed]).await);
    }
    tally.end("again");
}

#[tokio::test]
async fn an_ofx_file_of_the_same_account_adds_nothing() {
    let Some(samples) = samples() else { return skipped() };
    let mut tally = Tally::default();
    let mut short = 0;
    for sample in &samples {
        let name = base(&sample.name);
        let own = (name, &sample.bytes[..], &sample.answers);
        let whole = import(&[own]).await.unwrap();
        let Some(text) = as_ofx::as_ofx(sample) else {
            short += 1;
            continue;
        };
        let none = QuestionAnswers::default();
        let ofx = ("download.ofx", text.as_bytes(), &none);
        tally.enter("ofx, own", sample, &whole, import(&[ofx, own]).await);
        tally.enter("own, ofx", sample, &whole, import(&[own, ofx]).await);
    }
    println!("{short} samples have no rows for an OFX file");
    tally.end("ofx");
    let files = 2 * (samples.len() - short);
    assert_eq!((tally.exact, tally.asked, tally.warned), (files, 0, 0), "every row exists once, without a question");
}

#[tokio::test]
async fn halves_of_a_table_keep_its_twins() {
    let header = "Date,Description,Amount\n";
    let lines = ["2026-10-13,Coffee,-3.50\n", "2026-10-13,Coffee,-3.50\n", "2026-10-14,Rent,-900.00\n"];
    let more = ["2026-10-15,Salary,2500.00\n", "2026-10-16,Coffee,-3.50\n", "2026-10-16,Coffee,-3.50\n"];
    let none = QuestionAnswers::default();
    let first = format!("{header}{}{}", lines.concat(), more[0]);
    let last = format!("{header}{}{}", lines[2], more.concat());
    let left = import(&[("a.csv", first.as_bytes(), &none), ("b.csv", last.as_bytes(), &none)]).await.unwrap();
    assert_eq!((left.rows.len(), left.new), (6, vec![4, 2]), "{:?}", left.rows);
}

/// Ids, payees and bank codes differ between formats of one bank; the rows are the same.
#[tokio::test]
async fn formats_of_one_account_add_nothing_to_each_other() {
    let none = QuestionAnswers::default();
    let table = "Account;DE02120300000000202051\nBooking date;Payee;Text;Amount;Currency;Reference\n\
                 13.10.2026;City Works;Direct debit 4711;-45,00;EUR;A1\n14.10.2026;Kiosk;Card;-3,50;EUR;A2\n\
                 14.10.2026;Kiosk;Card;-3,50;EUR;A3\n15.10.2026;Employer;Salary;2500,00;EUR;A4\n";
    let row = |day: u32, amount: &str, id: u32, name: &str| {
        format!("<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>202610{day}<TRNAMT>{amount}<FITID>{id}<NAME>{name}</STMTTRN>\n")
    };
    let rows = [row(13, "-45.00", 1, "CITY WORKS"), row(14, "-3.50", 2, "KIOSK"), row(14, "-3.50", 3, "KIOSK")];
    let ofx = |more: &str| {
        format!(
            "OFXHEADER:100\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>EUR<BANKACCTFROM><BANKID>BYLADEM1001\
             <ACCTID>DE02120300000000202051<ACCTTYPE>CHECKING</BANKACCTFROM><BANKTRANLIST>{}{more}</BANKTRANLIST></STMTRS>\
             </STMTTRNRS></BANKMSGSRSV1></OFX>",
            rows.concat()
        )
    };
    let (whole, longer) = (ofx(&row(15, "2500.00", 4, "EMPLOYER")), ofx(&row(14, "-3.50", 5, "KIOSK")));
    let (csv, whole, longer) = (("a.csv", table.as_bytes()), ("b.ofx", whole.as_bytes()), ("c.ofx", longer.as_bytes()));
    for (files, new) in [
        (vec![csv, whole], vec![4, 0]),
        (vec![whole, csv], vec![4, 0]),
        (vec![csv, whole, csv, whole], vec![4, 0, 0, 0]),
        // A third coffee of the day.
        (vec![csv, longer], vec![4, 1]),
    ] {
        let files: Vec<Given<'_>> = files.into_iter().map(|(name, bytes)| (name, bytes, &none)).collect();
        let left = import(&files).await.unwrap();
        assert_eq!((left.new, left.accounts, left.doubts.len()), (new, 1, 0), "{:?}", left.rows);
    }
}

/// An answer that is given again means the same, whatever the first import learned from it.
#[tokio::test]
async fn an_answer_given_again_means_the_same() {
    let lines = "18.09.2026\tAlpha\t\t33,87\n19.09.2026\tBeta\t12,00\t\n21.09.2026\tGamma\t\t8,97\n";
    let mut answers = QuestionAnswers::default();
    answers.insert("sign", "invert");
    let longer = format!("{lines}22.09.2026\tDelta\t\t1,00\n");
    let left = import(&[("a.tsv", lines.as_bytes(), &answers), ("a.tsv", longer.as_bytes(), &answers)]).await.unwrap();
    assert_eq!(left.new, [3, 1], "{:?}", left.rows);
}
