//! Rows of two formats of one bank.

use super::*;

/// A book whose rows came from another format.
fn from_another_format(file: &[TransactionDraft], listing: ListingFacts) -> Book {
    let mut book = Book::default();
    book.take_listed(file, listing);
    book.others = book.rows.iter().map(|row| row.id).collect();
    book
}

fn with_payee(id: &str, date: u32, cents: i64, payee: &str, text: &str) -> TransactionDraft {
    let mut draft = row(id, date, cents, text);
    draft.facts.payee = Some(payee.into());
    draft.facts.description = Some(text.into());
    draft
}

#[test]
fn ids_of_two_formats_are_not_compared() {
    let mut book = from_another_format(&[row("A1", 3, -450, "Coffee"), row("A2", 3, -450, "Coffee")], of_days(1, 9));
    let plan = book.take(&[row("7", 3, -450, "Coffee"), row("8", 3, -450, "Coffee"), row("9", 3, -450, "Coffee")]);
    assert_eq!(plan.outcomes, [Outcome::Known, Outcome::Known, Outcome::New]);
    assert!(plan.doubts.is_empty());
    let again = book.take(&[row("A1", 3, -450, "Coffee"), row("A2", 3, -450, "Coffee")]);
    assert!(again.is_empty(), "the row keeps the id it had");
}

#[test]
fn the_payee_of_one_format_may_be_the_text_of_the_other() {
    let file = [with_payee("", 3, -4500, "City Works", "SEPA direct debit 4711")];
    let mut book = from_another_format(&file, ListingFacts::default());
    let plan = book.take(&[row("7", 3, -4500, "CITY WORKS")]);
    assert!(plan.outcomes.iter().all(|outcome| *outcome != Outcome::New) && plan.doubts.is_empty());
    assert_eq!(book.rows.len(), 1);
    assert_eq!(book.rows[0].facts.description(), "SEPA direct debit 4711", "the stored text stays");
    assert_eq!(book.rows[0].facts.provider_id.as_deref(), Some("7"), "the missing id is taken");
}

#[test]
fn other_texts_are_one_row_only_where_both_formats_list_the_whole_day() {
    let file = [row("A", 3, -450, "Kiosk"), row("B", 9, -700, "Bakery")];
    let mut book = from_another_format(&file, of_days(1, 9));
    let news = [row("1", 3, -450, "POS 0815"), row("2", 9, -700, "POS 0816"), row("3", 12, -1, "Fee")];
    let plan = book.take_listed(&news, of_days(2, 12));
    assert_eq!(plan.outcomes, [Outcome::Known, Outcome::New, Outcome::New]);
    assert_eq!(plan.doubts.len(), 1, "the last day of the first list may be cut");
}
