//! Files that name no account and have too few rows for evidence.

use std::fs;

use dashtam::testing::{
    statements::Question,
    sync::{ImportReport, ImportRequest},
};
use tempfile::TempDir;

use crate::support::desk::Desk;

const HEADER: &str = "Date,Description,Amount\n";
const COFFEE: &str = "2026-10-13,Harbour Coffee,-3.50\n";
/// A row that a bank may write into several accounts.
const FEE: &str = "2026-10-31,Account fee,-5.00\n";

struct Place {
    desk: Desk,
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { desk: Desk::new(&[]), folder: tempfile::tempdir().unwrap() }
    }

    async fn import(&self, files: &[(&str, &str)], answers: &[(&str, &str)]) -> ImportReport {
        let mut request = ImportRequest::default();
        for (name, text) in files {
            let path = self.folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            request.paths.push(path);
        }
        for (id, value) in answers {
            request.options.answers.insert(*id, *value);
        }
        self.desk.handle.import(request, |_| {}).await.unwrap()
    }

    /// New rows of each file.
    async fn added(&self, files: &[(&str, &str)], answers: &[(&str, &str)]) -> Vec<u64> {
        let report = self.import(files, answers).await;
        let failures: Vec<_> = report.files.iter().filter_map(|file| file.outcome.as_ref().err()).collect();
        assert!(failures.is_empty(), "{failures:?}");
        report.files.iter().map(|file| file.transactions_imported).collect()
    }

    /// The only question of an import that writes nothing.
    async fn question(&self, files: &[(&str, &str)], answers: &[(&str, &str)]) -> Question {
        let before = (self.desk.rows().len(), self.accounts(), self.desk.changes());
        let report = self.import(files, answers).await;
        assert_eq!((self.desk.rows().len(), self.accounts(), self.desk.changes()), before, "nothing is written");
        let asked: Vec<_> =
            report.files.iter().filter_map(|file| file.outcome.as_ref().err()?.question.clone()).collect();
        let [question] = asked.as_slice() else { panic!("{report:?}") };
        Question::clone(question)
    }

    fn accounts(&self) -> usize {
        self.desk.store.read().unwrap().accounts().unwrap().len()
    }

    /// Rows and accounts.
    fn counts(&self) -> (usize, usize) {
        self.desk.store.verify().unwrap();
        (self.desk.rows().len(), self.accounts())
    }
}

fn table(rows: &[&str]) -> String {
    format!("{HEADER}{}", rows.concat())
}

/// An OFX file of the account `number` with rows of tables.
fn ofx(number: &str, rows: &[&str]) -> String {
    let row = |(index, line): (usize, &&str)| {
        let cells: Vec<&str> = line.trim_end().split(',').collect();
        let day = cells[0].replace('-', "");
        format!(
            "<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>{day}<TRNAMT>{}<FITID>{number}{index}<NAME>{}</STMTTRN>\n",
            cells[2], cells[1]
        )
    };
    let rows: String = rows.iter().enumerate().map(row).collect();
    format!(
        "OFXHEADER:100\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>USD<BANKACCTFROM><BANKID>091000019<ACCTID>{number}\
         <ACCTTYPE>CHECKING</BANKACCTFROM><BANKTRANLIST>{rows}</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
    )
}

fn values(question: &Question) -> Vec<&str> {
    question.options.iter().map(|option| option.value.as_str()).collect()
}

#[tokio::test]
async fn a_row_that_is_the_whole_of_both_sides_needs_no_question() {
    let (csv, ofx) = (table(&[COFFEE]), ofx("55512345", &[COFFEE]));
    for files in [[("a.csv", &*csv), ("b.ofx", &*ofx)], [("b.ofx", &*ofx), ("a.csv", &*csv)]] {
        let place = Place::new();
        assert_eq!(place.added(&files[..1], &[]).await, [1]);
        assert_eq!(place.added(&files[1..], &[]).await, [0]);
        assert_eq!(place.counts(), (1, 1));
        let together = Place::new();
        assert_eq!(together.added(&files, &[]).await, [1, 0]);
        assert_eq!(together.counts(), (1, 1));
    }
}

#[tokio::test]
async fn a_row_that_several_accounts_may_have_is_a_question_in_both_orders() {
    let month = ofx("55512345", &[COFFEE, FEE, "2026-10-20,Rent,-900.00\n"]);
    let (csv, next) = (table(&[FEE]), table(&["2026-11-30,Account fee,-5.00\n"]));
    for (first, second, known, whole) in
        [(("m.ofx", &*month), ("f.csv", &*csv), 0, 3), (("f.csv", &*csv), ("m.ofx", &*month), 2, 3)]
    {
        let place = Place::new();
        place.added(&[first], &[]).await;
        let question = place.question(&[second], &[]).await;
        assert_eq!((question.id.as_str(), question.options.len()), ("account", 2), "{question:?}");
        assert_eq!(question.options[1].value, "new");
        assert!(question.options.iter().all(|option| option.preview.len() >= 2), "{question:?}");
        let account = question.options[0].value.clone();
        assert_eq!(place.added(&[second], &[("account", &account)]).await, [known]);
        assert_eq!(place.counts(), (whole, 1));
        // Later files of the layout belong to the account that was chosen.
        assert_eq!(place.added(&[("n.csv", &next)], &[]).await, [1]);
        assert_eq!(place.counts(), (whole + 1, 1));
    }
    let place = Place::new();
    place.added(&[("m.ofx", &month)], &[]).await;
    assert_eq!(place.added(&[("f.csv", &csv)], &[("account", "new")]).await, [1]);
    assert_eq!(place.counts(), (4, 2));
    assert_eq!(place.added(&[("n.csv", &next)], &[]).await, [1]);
    assert_eq!(place.counts(), (5, 2), "the layout belongs to the new account");
    place.desk.handle.undo(None).await.unwrap();
    place.desk.handle.undo(None).await.unwrap();
    assert_eq!(place.counts().0, 3);
    place.question(&[("f.csv", &csv)], &[]).await;
}

#[tokio::test]
async fn every_account_with_the_row_is_an_option() {
    let place = Place::new();
    let one = ofx("55512345", &[COFFEE]);
    let other = ofx("66612345", &[COFFEE]);
    assert_eq!(place.added(&[("a.ofx", &one), ("b.ofx", &other)], &[]).await, [1, 1]);
    let csv = table(&[COFFEE]);
    let question = place.question(&[("c.csv", &csv)], &[]).await;
    assert_eq!(question.options.len(), 3, "{question:?}");
    assert_ne!(values(&question)[0], values(&question)[1]);
    // Two accounts have one name, so the name is no answer.
    let name = question.options[1].label.split(" at ").next().unwrap();
    let report = place.import(&[("c.csv", &csv)], &[("account", name)]).await;
    assert!(report.files[0].outcome.as_ref().unwrap_err().message.contains("several accounts"), "{report:?}");
    let id = question.options[1].value.clone();
    assert_eq!(place.added(&[("c.csv", &csv)], &[("account", &id)]).await, [0]);
    assert_eq!(place.counts(), (2, 2));
}

#[tokio::test]
async fn files_of_one_import_ask_each_for_themselves() {
    let place = Place::new();
    let month = ofx("55512345", &[COFFEE, FEE]);
    let one = table(&[FEE]);
    let other = "Booked,Text,Value\n2026-10-13,Harbour Coffee,-3.50\n";
    let files = [("m.ofx", &*month), ("x/a.csv", &*one), ("y/a.csv", other)];
    let report = place.import(&files, &[]).await;
    assert_eq!(place.counts(), (0, 0), "nothing is written");
    let asked: Vec<String> = report
        .files
        .iter()
        .filter_map(|file| Some(file.outcome.as_ref().err()?.question.as_deref()?.id.clone()))
        .collect();
    assert_eq!(asked.len(), 2, "{report:?}");
    assert_ne!(asked[0], asked[1]);
    assert!(report.files[0].is_waiting);
    let name = report.files[1].outcome.as_ref().unwrap_err().question.as_deref().unwrap().options[0].value.clone();
    assert_eq!(place.question(&files, &[(&asked[0], &name)]).await.id, asked[1]);
    assert_eq!(place.added(&files, &[(&asked[0], &name), (&asked[1], "new")]).await, [2, 0, 1]);
    assert_eq!(place.counts(), (3, 2));
}

#[tokio::test]
async fn a_row_of_the_same_day_and_another_amount_is_no_question() {
    let place = Place::new();
    let month = ofx("55512345", &[COFFEE, FEE]);
    place.added(&[("m.ofx", &month)], &[]).await;
    assert_eq!(place.added(&[("a.csv", &table(&["2026-10-13,Harbour Coffee,-4.50\n"]))], &[]).await, [1]);
    assert_eq!(place.counts(), (3, 2));
}

#[tokio::test]
async fn rows_of_days_that_the_other_format_lists_completely_are_one_whatever_their_texts() {
    let bank = ofx("55512345", &["2026-10-13,POS 4471 HARBOUR,-3.50\n", "2026-10-20,GARAGE 12,-33.10\n"])
        .replace("<BANKTRANLIST>", "<BANKTRANLIST><DTSTART>20261001<DTEND>20261031")
        .replace("</BANKTRANLIST>", "</BANKTRANLIST><LEDGERBAL><BALAMT>100.00<DTASOF>20261031</LEDGERBAL>");
    let own = table(&["2026-10-13,Morning drink,-3.50\n", "2026-10-20,Car repair,-33.10\n"]);
    let place = Place::new();
    assert_eq!(place.added(&[("october.ofx", &bank)], &[]).await, [2]);
    let question = place.question(&[("own.csv", &own)], &[]).await;
    assert_eq!(question.options[0].preview[0], "2 of 2 rows are there by day and amount");
    assert_eq!(place.added(&[("own.csv", &own)], &[("account", &question.options[0].value)]).await, [0]);
    assert_eq!(place.counts(), (2, 1));
    // Another amount is another row, also on such a day.
    let more = table(&["2026-10-13,Morning drink,-3.50\n", "2026-10-13,Bus,-2.20\n", "2026-10-20,Car repair,-33.10\n"]);
    assert_eq!(place.added(&[("more.csv", &more)], &[]).await, [1]);
    assert_eq!(place.counts(), (3, 1));
}

#[tokio::test]
async fn thousands_of_doubts_are_counted_beyond_the_first() {
    let place = Place::new();
    let table = |payee: &str| {
        let row = |number: usize| format!("2026-10-{:02},{payee} {number},-{}.25\n", number % 28 + 1, number + 1);
        (0..1_203).fold(HEADER.to_owned(), |text, number| text + &row(number))
    };
    place.import(&[("10.csv", &table("Harbour Coffee"))], &[]).await;
    let report = place.import(&[("10b.csv", &table("Bakery in town"))], &[]).await;
    let warnings = &report.files[0].warnings;
    assert_eq!((report.files[0].transactions_imported, warnings.len()), (1_203, 1_001));
    let further = "203 further rows may be the same as others; all count until you decide (dashtam duplicates)";
    assert!(warnings.iter().any(|warning| warning.message == further), "{:?}", warnings[0]);
}
