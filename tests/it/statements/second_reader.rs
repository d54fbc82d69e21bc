//! A second reader, `ofx-rs`, over the fixtures: whatever it accepts, both read alike, or the reason is written here.

use std::{fs, ops::ControlFlow, path::Path};

use dashtam::testing::statements::{self, Limits, QuestionAnswers, StatementFile};
use ofx_rs::{
    aggregates::{Payee, StatementTransaction, TransactionList},
    document::{BankingMessageSet, CreditCardMessageSet},
};
use rust_decimal::Decimal;

/// Fixtures that `ofx-rs` accepts and reads differently, and why ours is right.
const DIFFERENCES: [(&str, &str); 16] = [
    ("cp1250.ofx", CHARACTERS),
    ("cp1252.qfx", CHARACTERS),
    ("cp1252_called_utf8.ofx", CHARACTERS),
    ("utf16be.ofx", CHARACTERS),
    ("utf16le_bom.ofx", CHARACTERS),
    ("utf8_bom.ofx", CHARACTERS),
    ("utf8_cut_character.ofx", CHARACTERS),
    ("brokerage.qfx", INVESTMENTS),
    ("brokerage_foreign.ofx", INVESTMENTS),
    ("brokerage_without_balances.ofx", INVESTMENTS),
    ("investment_bad_rows.ofx", INVESTMENTS),
    ("options.ofx", INVESTMENTS),
    ("plan_401k.ofx", INVESTMENTS),
    (
        "amounts_undecided.ofx",
        "it takes the comma of -1,234 for a decimal mark, we for a mark of thousands, with a warning",
    ),
    ("pending.ofx", "it leaves out rows that are pending"),
    ("several.ofx", "of two message sets of a kind it keeps the last, and it stops at the end of the first document"),
];

const CHARACTERS: &str = "it breaks every character beyond ASCII in a 1.x file, also when given proper text";
const INVESTMENTS: &str = "it reads no rows of investment statements";

/// A row as far as both readers return it: id, day, amount, name, memo.
type Row = (String, String, Decimal, String, String);

fn theirs(text: &str) -> Option<Vec<Row>> {
    let document = ofx_rs::parse(text).ok()?;
    let row = |row: &StatementTransaction| {
        let date = row.date_posted().as_offset_date_time().date().to_string();
        let payee = row.name().or_else(|| row.payee().map(Payee::name));
        let text = |text: Option<&str>| text.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
        (row.fit_id().as_str().to_owned(), date, row.amount().as_decimal(), text(payee), text(row.memo()))
    };
    let banks = document.banking().map(BankingMessageSet::statement_responses).unwrap_or_default();
    let cards = document.credit_card().map(CreditCardMessageSet::statement_responses).unwrap_or_default();
    let banks = banks.iter().filter_map(|wrapper| wrapper.response()?.transaction_list());
    let cards = cards.iter().filter_map(|wrapper| wrapper.response()?.transaction_list());
    let rows = banks.chain(cards).flat_map(TransactionList::transactions).map(row).collect();
    Some(rows)
}

fn ours(bytes: &[u8]) -> Vec<Row> {
    let (limits, answers) = (Limits::default(), QuestionAnswers::default());
    let input = StatementFile { bytes, file_name: "a.ofx", limits: &limits, layouts: &[], answers: &answers };
    let reading = statements::read(&input, &mut |_| ControlFlow::Continue(())).unwrap();
    let rows =
        reading.statements.iter().flat_map(|part| &part.accounts).flat_map(|entry| &entry.transactions).map(|draft| {
            let facts = &draft.facts;
            let text = |text: &Option<dashtam::testing::domain::Text>| text.as_deref().unwrap_or_default().to_owned();
            (text(&facts.provider_id), facts.date.to_string(), facts.amount, text(&facts.payee), text(&facts.memo))
        });
    rows.collect()
}

#[test]
fn a_second_reader_agrees_where_it_can_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/ofx");
    let mut compared = Vec::new();
    let mut wrong = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() || !["ofx", "qfx", "qbo"].iter().any(|known| path.extension().is_some_and(|it| it == *known)) {
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        // It takes text; decoding is the caller's matter.
        let Some(theirs) = theirs(&statements::decode(&bytes)) else { continue };
        let ours = ours(&bytes);
        let reason = DIFFERENCES.iter().find(|(file, _)| *file == name);
        if (theirs == ours) != reason.is_none() {
            let first = theirs.iter().zip(&ours).find(|(theirs, ours)| theirs != ours);
            wrong.push(format!("{name} ({} and {} rows): {first:?}; {reason:?}", theirs.len(), ours.len()));
        }
        compared.push(name);
    }
    assert!(wrong.is_empty(), "theirs, ours: {wrong:#?}");
    assert!(compared.len() > 5, "only {compared:?} compared");
}
