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
        StatementFile { bytes: text.as_bytes(), file_name: "a.xml", limits: &limits, layouts: &[], answers: &answers };
    read(&input, &mut |_| ControlFlow::Continue(()))
}

fn signed_amount(amount: Decimal) -> String {
    let side = if amount.is_sign_negative() { "DBIT" } else { "CRDT" };
    format!("<Amt Ccy=\"EUR\">{}</Amt><CdtDbtInd>{side}</CdtDbtInd>", amount.abs())
}

fn balance(code: &str, amount: Decimal, day: &str) -> String {
    let code = format!("<Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>");
    format!("<Bal>{code}{}<Dt><Dt>{day}</Dt></Dt></Bal>", signed_amount(amount))
}

type Rows = Vec<(NaiveDate, Decimal)>;

/// A statement with those rows: days after the first of 2026, and cents.
fn message(opening: i64, rows: &[(u64, i64)]) -> (String, Rows) {
    let start = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
    let truth: Rows = rows.iter().map(|(days, cents)| (start + Days::new(*days), Decimal::new(*cents, 2))).collect();
    let opening = Decimal::new(opening, 2);
    let closing = opening + truth.iter().map(|(_, amount)| amount).sum::<Decimal>();
    let mut text =
        "<Document><BkToCstmrStmt><Stmt><Acct><Id><IBAN>DE89370400440532013000</IBAN></Id></Acct>".to_owned();
    text.push_str(&balance("OPBD", opening, "2025-12-31"));
    text.push_str(&balance("CLBD", closing, "2026-12-31"));
    for (day, amount) in &truth {
        let amount = signed_amount(*amount);
        write!(text, "<Ntry>{amount}<Sts>BOOK</Sts><BookgDt><Dt>{day}</Dt></BookgDt></Ntry>").unwrap();
    }
    text.push_str("</Stmt></BkToCstmrStmt></Document>");
    (text, truth)
}

fn rows(reading: &Reading) -> Rows {
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
    fn a_cut_file_gives_its_first_rows_and_a_warning(
        list in prop::collection::vec((0u64..364, -1_000_000i64..1_000_000), 1..10),
        part in 0usize..100,
    ) {
        let (text, truth) = message(0, &list);
        if let Ok(reading) = read_text(&text[..text.len() * part / 100]) {
            let found = rows(&reading);
            prop_assert_eq!(&found[..], &truth[..found.len()]);
            prop_assert!(!reading.warnings.is_empty());
        }
    }

    #[test]
    fn garbage_is_never_fatal(text in "(<|</|>|Ntry|Amt|Stmt|Bal|&amp;|&|;|\"|é|[0-9.]| |\n){0,120}") {
        let _ = read_text(&text);
        let _ = read_text(&format!("<D><Stmt><Ntry>{text}</Ntry><Bal>{text}</Bal></Stmt></D>"));
    }
}
