//! Statement files that are broken, cut short or made to hurt.

use std::ops::ControlFlow;

use dashtam::testing::statements::{
    self, Limits, QuestionAnswers, ReadProgress, Reading, StatementError, StatementFile,
    ofx::{self, DocumentItem},
};
use proptest::prelude::*;

use crate::support::data;

fn read(bytes: &[u8]) -> Result<Reading, StatementError> {
    read_with(bytes, &Limits::default(), &mut |_| ControlFlow::Continue(()))
}

fn read_with(bytes: &[u8], limits: &Limits, progress: &mut ReadProgress<'_>) -> Result<Reading, StatementError> {
    let answers = QuestionAnswers::default();
    statements::read(&StatementFile { bytes, file_name: "a.ofx", limits, layouts: &[], answers: &answers }, progress)
}

fn rows(reading: &Reading) -> usize {
    reading.statements.iter().flat_map(|part| &part.accounts).map(|entry| entry.transactions.len()).sum()
}

/// A file around the given inside of its one row list.
fn around(inside: &str) -> String {
    let whole = data::statement(0);
    let at = whole.find("</BANKTRANLIST>").unwrap();
    format!("{}{inside}{}", &whole[..at], &whole[at..])
}

const ROW: &str = "<STMTTRN>\n<TRNTYPE>DEBIT\n<DTPOSTED>20250310\n<TRNAMT>-1.00\n<FITID>good\n<NAME>GOOD\n</STMTTRN>\n";

#[test]
fn one_broken_row_of_a_thousand_costs_one_row_and_one_warning() {
    let whole = data::statement(1_000);
    for broken in [0, 1, 499, 998, 999] {
        let at = whole.match_indices("<TRNAMT>").nth(broken).unwrap().0;
        let end = at + whole[at..].find('\n').unwrap();
        let line = whole[..at].matches('\n').count() + 1;
        let text = format!("{}<TRNAMT>oops{}", &whole[..at], &whole[end..]);
        let statement = read(text.as_bytes()).unwrap();
        assert_eq!(rows(&statement), 999);
        assert_eq!(statement.warnings.len(), 1);
        assert_eq!(statement.warnings[0].line as usize, line);
        assert!(statement.warnings[0].message.starts_with("TRNAMT `oops` is not an amount"));
    }
}

#[test]
fn generated_statements_read_completely() {
    let statement = read(data::statement(20_000).as_bytes()).unwrap();
    let entry = &statement.statements[0].accounts[0];
    assert_eq!((entry.transactions.len(), statement.warnings.len()), (20_000, 0));
    assert_eq!(entry.transactions[0].facts.origin.line, 44);
    assert_eq!(entry.account.balance.unwrap().current.to_string(), "12345.67");
}

#[test]
fn streaming_and_collecting_read_the_same() {
    let text = data::statement(2_000);
    let collected = read(text.as_bytes()).unwrap();
    let mut streamed = Vec::new();
    let (limits, answers) = (Limits::default(), QuestionAnswers::default());
    let input =
        StatementFile { bytes: text.as_bytes(), file_name: "a.ofx", limits: &limits, layouts: &[], answers: &answers };
    let statement = ofx::stream(&input, &mut |_| ControlFlow::Continue(()), &mut |item| match item {
        DocumentItem::Transaction(account, draft) => streamed.push((account, draft)),
        DocumentItem::Holding(..) => panic!("a bank statement holds no positions"),
    })
    .unwrap();
    assert!(statement.statements[0].accounts[0].transactions.is_empty());
    assert_eq!(statement.statements[0].accounts[0].account, collected.statements[0].accounts[0].account);
    assert!(streamed.iter().all(|(account, _)| *account == 0));
    assert!(
        streamed
            .into_iter()
            .map(|(_, draft)| draft)
            .eq(collected.statements[0].accounts[0].transactions.iter().cloned())
    );
}

#[test]
fn progress_moves_and_can_stop_the_work() {
    let text = data::statement(30_000);
    let mut steps = Vec::new();
    read_with(text.as_bytes(), &Limits::default(), &mut |done| {
        steps.push(done);
        ControlFlow::Continue(())
    })
    .unwrap();
    assert!(steps.len() >= 4 && steps.is_sorted());
    assert_eq!(steps.last(), Some(&(text.len() as u64)));
    let stopped = read_with(text.as_bytes(), &Limits::default(), &mut |_| ControlFlow::Break(()));
    assert_eq!(stopped, Err(StatementError::Cancelled));
}

#[test]
fn limits_refuse_and_name_their_setting() {
    let text = data::statement(100);
    let refused = |limits: Limits| match read_with(text.as_bytes(), &limits, &mut |_| ControlFlow::Continue(())) {
        Err(StatementError::TooLarge { setting, .. }) => setting,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(Limits { bytes: 1_000, ..Limits::default() }), "bytes");
    assert_eq!(refused(Limits { rows: 99, ..Limits::default() }), "rows");
    let deep = around(&format!("<STMTTRN>{}", "<X>".repeat(200_000)));
    assert!(matches!(read(deep.as_bytes()), Err(StatementError::TooLarge { setting: "depth", .. })));
}

#[test]
fn warnings_are_bounded_but_counted() {
    let bad = ROW.replace("-1.00", "x").repeat(5_000);
    let statement = read(around(&(bad + ROW)).as_bytes()).unwrap();
    assert_eq!((rows(&statement), statement.warnings.len()), (1, 1_001));
    assert!(statement.warnings[1_000].message.starts_with("4000 further problems"));
}

#[test]
fn hostile_shapes_cost_neither_time_nor_the_good_row() {
    let many = 200_000;
    for inside in [
        "</STMTTRN></X></OFX2>".repeat(many),
        "<STMTTRN>".repeat(many),
        "<STMTTRN><X></X>".repeat(many),
        "<BANKACCTTO>".repeat(many),
        "<!-- ".repeat(many),
        "<![CDATA[".repeat(many),
        "<!DOCTYPE".repeat(many),
        "<? ".repeat(many),
        "<".repeat(many),
        "<a".repeat(many),
        "<a b".repeat(many),
        "</".repeat(many),
        "&amp;amp;".repeat(many),
        format!("<STMTTRN><NAME>{}</STMTTRN>", "A <b> ".repeat(many)),
        format!("<STMTTRN><MEMO>{}</STMTTRN>", "x".repeat(20_000_000)),
        format!("<{}", "a".repeat(5_000_000)),
        format!("<STMTTRN><TRNAMT>{}</STMTTRN>", "9".repeat(5_000_000)),
        format!("<STMTTRN><DTPOSTED>{}</STMTTRN>", "9".repeat(5_000_000)),
        "<INVPOSLIST><POSSTOCK><UNIQUEID>1<UNITS>1</POSSTOCK>".repeat(20_000),
        "<BANKACCTFROM><ACCTID>1</BANKACCTFROM>".repeat(20_000),
        "</STMTRS><STMTRS><BANKTRANLIST><STMTTRN><TRNAMT>1<DTPOSTED>20250310</STMTTRN>".repeat(20_000),
        "\0".repeat(many),
    ] {
        let text = around(&format!("{inside}\n{ROW}"));
        let statement = read(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {}", &inside[..20]));
        let good = statement.statements[0].accounts.iter().flat_map(|entry| &entry.transactions);
        let good = good.filter(|row| row.facts.provider_id.as_deref() == Some("good")).count();
        assert_eq!(good, 1, "{}", &inside[..20]);
    }
}

#[test]
fn a_billion_laughs_is_refused() {
    let text = format!("<!DOCTYPE x [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;\">]>{}", around(ROW));
    assert!(matches!(read(text.as_bytes()), Err(StatementError::NotAStatement { .. })));
}

/// Pieces of which nearly-statements are made.
fn piece() -> impl Strategy<Value = String> {
    let tags = [
        "OFX",
        "SONRS",
        "STMTTRNRS",
        "STMTRS",
        "CCSTMTRS",
        "INVSTMTRS",
        "BANKACCTFROM",
        "INVACCTFROM",
        "BANKTRANLIST",
        "STMTTRN",
        "INVTRANLIST",
        "BUYSTOCK",
        "INVTRAN",
        "INCOME",
        "INVPOSLIST",
        "POSSTOCK",
        "INVBAL",
        "BAL",
        "SECLIST",
        "STOCKINFO",
        "STATUS",
        "PAYEE",
        "CURRENCY",
        "LEDGERBAL",
        "ACCTID",
        "ACCTTYPE",
        "CURDEF",
        "TRNAMT",
        "DTPOSTED",
        "FITID",
        "NAME",
        "MEMO",
        "UNITS",
        "TOTAL",
        "UNIQUEID",
        "UNKNOWN",
        "CODE",
        "SEVERITY",
        "BALAMT",
        "DTASOF",
        "CURRATE",
        "CURSYM",
        "DTTRADE",
        "INV401KBAL",
    ];
    prop_oneof![
        8 => prop::sample::select(tags.to_vec()).prop_map(|tag| format!("<{tag}>")),
        4 => prop::sample::select(tags.to_vec()).prop_map(|tag| format!("</{tag}>")),
        1 => prop::sample::select(tags.to_vec()).prop_map(|tag| format!("<{tag}/>")),
        4 => prop::sample::select(vec!["20250310", "00000000", "-12.34", "1,234", "1.234", "EUR", "ERROR", "1", "a & b", "&#233;", "\n", "é"])
            .prop_map(str::to_owned),
        1 => "\\PC{0,8}",
        1 => Just("<![CDATA[ x ]]>".to_owned()),
        1 => Just("<!-- x -->".to_owned()),
    ]
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let _ = read(&bytes);
    }

    #[test]
    fn any_nearly_statement_is_read_or_refused(pieces in prop::collection::vec(piece(), 0..80)) {
        let _ = read(pieces.concat().as_bytes());
    }

    #[test]
    fn whole_rows_survive_a_cut_anywhere(share in 0.0..1.0f64) {
        let text = data::statement(40);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place in the text")]
        let cut = &text[..(text.len() as f64 * share) as usize];
        let whole = cut.matches("</STMTTRN>").count();
        let all = read(text.as_bytes()).unwrap();
        let Ok(statement) = read(cut.as_bytes()) else {
            prop_assert_eq!(whole, 0);
            return Ok(());
        };
        prop_assert_eq!(rows(&statement), whole);
        prop_assert_eq!(&statement.statements[0].accounts[0].transactions[..], &all.statements[0].accounts[0].transactions[..whole]);
        prop_assert!(cut.contains("</STMTRS>") || !statement.warnings.is_empty());
        let balance = cut.contains("</LEDGERBAL>").then_some(all.statements[0].accounts[0].account.balance).flatten();
        prop_assert_eq!(statement.statements[0].accounts[0].account.balance, balance);
    }

    #[test]
    fn case_line_ends_and_indentation_change_nothing(crlf in any::<bool>(), indent in 0usize..4, closed in any::<bool>()) {
        let plain = around(&ROW.repeat(3));
        let mut text = String::new();
        for line in plain.lines() {
            text.push_str(&" ".repeat(indent));
            text.push_str(line);
            let name = line.strip_prefix('<').and_then(|rest| rest.split_once('>')).filter(|(_, value)| !value.is_empty());
            if let Some((name, _)) = name.filter(|_| closed) {
                text.extend(["</", name, ">"]);
            }
            text.push_str(if crlf { "\r\n" } else { "\n" });
        }
        prop_assert_eq!(read(text.as_bytes()), read(plain.as_bytes()));
    }
}

#[test]
fn comments_and_sections_without_an_end_are_named() {
    let with = |inside: &str| {
        let row = "<STMTTRN>\n<TRNTYPE>DEBIT\n<DTPOSTED>20250310\n<TRNAMT>-1.00\n<FITID>open\n";
        read(around(&format!("{row}<NAME>{inside}\n</STMTTRN>\n")).as_bytes()).unwrap()
    };
    for (inside, kind) in [("A <!-- B", "comment"), ("<![CDATA[A", "CDATA section")] {
        let reading = with(inside);
        assert_eq!((rows(&reading), reading.warnings.len()), (1, 1));
        assert!(reading.warnings[0].message.starts_with(&format!("the {kind} that starts here does not end")));
    }
    assert!(with("A <!-- B --> C<![CDATA[<!-- D]]>").warnings.is_empty());
}
