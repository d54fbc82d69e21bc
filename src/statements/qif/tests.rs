//! Generated files: what was written is read, and no damage does harm.

use std::{fmt::Write as _, ops::ControlFlow};

use chrono::{Days, NaiveDate};
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::{
    super::{Limits, QuestionAnswers, StatementFile, Verdict},
    date::DateOrder,
    *,
};

fn read_with(text: &str, answers: &QuestionAnswers) -> Result<Reading, StatementError> {
    let limits = Limits::default();
    let input = StatementFile { bytes: text.as_bytes(), file_name: "a.qif", limits: &limits, layouts: &[], answers };
    read(&input, &mut |_| ControlFlow::Continue(()))
}

type Rows = Vec<(NaiveDate, Decimal)>;

fn rows(reading: &Reading) -> Rows {
    let pages = reading.statements.iter().flat_map(|statement| &statement.accounts);
    pages.flat_map(|page| &page.transactions).map(|draft| (draft.facts.date, draft.facts.amount)).collect()
}

fn truth(list: &[(u64, i64)]) -> Rows {
    let start = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
    list.iter().map(|(days, cents)| (start + Days::new(*days), Decimal::new(*cents, 2))).collect()
}

fn file(rows: &[(NaiveDate, Decimal)], format: &str) -> String {
    let mut text = "!Type:Bank\n".to_owned();
    for (day, amount) in rows {
        writeln!(text, "D{}\nT{amount}\nPX\n^", day.format(format)).unwrap();
    }
    text
}

proptest! {
    #[test]
    fn a_silent_reading_is_right_and_an_answered_one_too(
        list in prop::collection::vec((0u64..364, -1_000_000i64..1_000_000), 1..30),
        order in prop::sample::select(vec![(DateOrder::Mdy, "%m/%d/%Y"), (DateOrder::Dmy, "%d/%m/%y")]),
        sorted in any::<bool>(),
    ) {
        let mut truth = truth(&list);
        if sorted {
            truth.sort_by_key(|(day, _)| *day);
        }
        let text = file(&truth, order.1);
        let mut answers = QuestionAnswers::default();
        let first = read_with(&text, &answers).unwrap();
        answers.insert("date-order", order.0.name());
        let answered = read_with(&text, &answers).unwrap();
        prop_assert_eq!(rows(&answered), truth.clone());
        if let Verdict::Question(question) = &first.verdict {
            prop_assert_eq!(question.options.len(), 2);
        } else if sorted {
            prop_assert_eq!(rows(&first), truth);
        }
    }

    #[test]
    fn a_cut_file_gives_its_first_rows(
        list in prop::collection::vec((0u64..364, -1_000_000i64..1_000_000), 1..10),
        part in 0usize..100,
    ) {
        let truth = truth(&list);
        let text = file(&truth, "%Y-%m-%d");
        if let Ok(reading) = read_with(&text[..text.len() * part / 100], &QuestionAnswers::default()) {
            let found = rows(&reading);
            // The last record may be cut inside its day or amount.
            let whole = found.len().saturating_sub(1);
            prop_assert_eq!(&found[..whole], &truth[..whole]);
        }
    }

    #[test]
    fn garbage_is_never_fatal(text in "(!Type:|!Account|Bank|Invst|\n|D|T|\\^|N|[0-9/'.,-]|Buy|X|é){0,120}") {
        let _ = read_with(&text, &QuestionAnswers::default());
        let _ = read_with(&format!("!Type:Invst\n{text}\n^\n!Type:Bank\n{text}"), &QuestionAnswers::default());
    }
}

#[test]
fn a_file_without_rows_is_refused_by_name() {
    let refused = read_with("!Type:Cat\nNFood\n^", &QuestionAnswers::default()).unwrap_err();
    assert!(refused.to_string().starts_with("this QIF file holds no transactions"));
}

#[test]
fn the_order_may_be_given_as_for_tables() {
    let text = "!Type:Bank\nD01/02/2024\nT-5.00\n^\n";
    let mut answers = QuestionAnswers::default();
    assert!(matches!(read_with(text, &answers).unwrap().verdict, Verdict::Question(_)));
    answers.insert("date", "dmy");
    let read = read_with(text, &answers).unwrap();
    assert_eq!((rows(&read)[0].0.to_string(), read.verdict), ("2024-02-01".to_owned(), Verdict::Certain));
}

#[test]
fn records_without_a_header_are_recognised_with_any_line_end() {
    for end in ["\n", "\r\n", "\r"] {
        let text = ["D31/12/2024", "T-5.00", "PShop", "^", ""].join(end);
        assert_eq!(
            read_with(&text, &QuestionAnswers::default()).unwrap().statements[0].accounts[0].transactions.len(),
            1
        );
        let limits = Limits::default();
        let answers = QuestionAnswers::default();
        let input = StatementFile {
            bytes: text.as_bytes(),
            file_name: "a.txt",
            limits: &limits,
            layouts: &[],
            answers: &answers,
        };
        assert_eq!(sniff(&input), Sniff::Likely, "{end:?}");
    }
}

#[test]
fn a_single_record_without_header_and_end_is_read_in_a_file_of_that_name() {
    let text = "D13/10/2026\r\nT-45.00\r\nPCity Works\r\n";
    let utf_16: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let (limits, answers) = (Limits::default(), QuestionAnswers::default());
    for (bytes, file_name, expected) in [
        (text.as_bytes(), "a.qif", Sniff::Likely),
        (&utf_16[..], "a.QIF", Sniff::Likely),
        (text.as_bytes(), "a.txt", Sniff::No),
        (b"D13/10/2026\nT-45.00\nhello\n", "a.qif", Sniff::No),
    ] {
        let input = StatementFile { bytes, file_name, limits: &limits, layouts: &[], answers: &answers };
        assert_eq!(sniff(&input), expected, "{file_name}");
        if expected == Sniff::Likely {
            let reading = read(&input, &mut |_| ControlFlow::Continue(())).unwrap();
            assert_eq!(rows(&reading)[0].1, Decimal::new(-4500, 2));
        }
    }
}
