//! Generated messages: what was written is read, and no damage does harm.

use std::{fmt::Write as _, ops::ControlFlow};

use chrono::{Days, NaiveDate};
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::{
    super::{Limits, QuestionAnswers, StatementFile, Verdict},
    *,
};

fn read_text(text: &str) -> Result<Reading, StatementError> {
    let (limits, answers) = (Limits::default(), QuestionAnswers::default());
    let input =
        StatementFile { bytes: text.as_bytes(), file_name: "a.sta", limits: &limits, layouts: &[], answers: &answers };
    read(&input, &mut |_| ControlFlow::Continue(()))
}

fn written(amount: Decimal) -> String {
    amount.abs().to_string().replace('.', ",")
}

fn side(amount: Decimal) -> char {
    if amount.is_sign_negative() { 'D' } else { 'C' }
}

/// A message with those rows: days after the first of 2026, and cents.
fn message(opening: i64, rows: &[(u64, i64)]) -> (String, Vec<(NaiveDate, Decimal)>) {
    let start = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
    let mut balance = Decimal::new(opening, 2);
    let mut text = format!(":20:X\n:25:99999999/1234\n:28C:1/1\n:60F:{}251231EUR{}\n", side(balance), written(balance));
    let mut truth = Vec::new();
    for (index, (days, cents)) in rows.iter().enumerate() {
        let (day, amount) = (start + Days::new(*days), Decimal::new(*cents, 2));
        let (value, booked) = (day.format("%y%m%d"), day.format("%m%d"));
        let line = format!(":61:{value}{booked}{}{},NTRFNONREF//R{index}\n", side(amount), written(amount));
        text.push_str(&line.replace(",,", ",").replace(",N", "N"));
        text.push_str(":86:166?00GUTSCHRIFT?20SVWZ+Text?32NAME\n");
        balance += amount;
        truth.push((day, amount));
    }
    writeln!(text, ":62F:{}261231EUR{}\n-", side(balance), written(balance)).unwrap();
    (text, truth)
}

fn rows(reading: &Reading) -> Vec<(NaiveDate, Decimal)> {
    let pages = reading.statements.iter().flat_map(|statement| &statement.accounts);
    pages.flat_map(|page| &page.transactions).map(|draft| (draft.facts.date, draft.facts.amount)).collect()
}

proptest! {
    #[test]
    fn opening_and_rows_prove_the_closing_balance(
        opening in -1_000_000i64..1_000_000,
        list in prop::collection::vec((0u64..364, -1_000_000i64..1_000_000), 1..40),
    ) {
        let (text, truth) = message(opening, &list);
        let reading = read_text(&text).unwrap();
        prop_assert_eq!(rows(&reading), truth);
        prop_assert_eq!(reading.verdict, Verdict::Proven { agree: 1, of: 1 });
        prop_assert!(reading.warnings.is_empty());
    }

    #[test]
    fn a_cut_file_gives_its_first_rows(
        list in prop::collection::vec((0u64..364, -1_000_000i64..1_000_000), 1..10),
        part in 0.0f64..1.0,
    ) {
        let (text, truth) = message(0, &list);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place in a short text")]
        let cut = &text[..(text.len() as f64 * part) as usize];
        if let Ok(reading) = read_text(cut) {
            let found = rows(&reading);
            // The last entry may be cut inside its amount.
            let whole = found.len().saturating_sub(1);
            prop_assert_eq!(&found[..whole], &truth[..whole]);
        }
    }

    #[test]
    fn garbage_is_never_fatal(text in "[:0-9A-Z/?>, \n{}@é-]{0,400}") {
        let _ = read_text(&text);
        let _ = read_text(&format!(":20:A\n:25:1\n:60F:C260101EUR1,\n:61:{text}\n:86:{text}\n:NS:{text}\n:62F:{text}"));
    }
}

#[test]
fn gaps_and_missing_parts_are_named() {
    let reading = read_text(":20:A\n:25:1\n:28C:3/1\n:60F:C260101EUR1,\n:62F:C260101EUR1,\n:20:B\n:25:1\n:28C:6/1\n:60F:C260101EUR1,\n:62F:C260101EUR1,").unwrap();
    assert_eq!(reading.warnings[0].message, "statements 4 to 5 of this account are missing in the file");
    let interim = read_text(":20:A\n:25:1\n:34F:EUR0,\n:61:260101C1,NTRF\n").unwrap();
    assert_eq!(interim.format, "mt942");
    assert!(matches!(read_text(":20:A\n"), Err(StatementError::NoAccount)));
}
