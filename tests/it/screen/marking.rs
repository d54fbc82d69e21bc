//! Marked rows are edited and copied together, as one change.

use dashtam::testing::domain::TransactionId;

use crate::support::harness::{Harness, bank_statement};

const ROWS: &[(&str, &str, &str)] = &[
    ("2026-11-02", "2000.00", "Payroll ACME"),
    ("2026-11-05", "-6.50", "Blue Bottle Coffee"),
    ("2026-11-09", "-82.15", "Whole Foods"),
    ("2026-11-12", "-5.25", "Stumptown Coffee"),
];

async fn imported() -> Harness {
    let mut h = Harness::new(120, 30);
    let path = h.write("chase.qfx", &bank_statement("000123457890", ROWS, "5000.00"));
    h.keys("i").idle().await.paste(&path).keys("<enter>").idle().await.keys("<enter>").idle().await;
    h.advance(60_000).keys("3").idle().await;
    h
}

fn categories(h: &Harness) -> Vec<Option<String>> {
    let reader = h.store.read().unwrap();
    let mut rows = Vec::new();
    for id in 1..=4 {
        rows.push(reader.user_fields(TransactionId(id)).unwrap().category);
    }
    rows
}

#[tokio::test]
async fn marked_rows_take_an_edit_together_and_one_undo_takes_it_back() {
    let mut h = imported().await;
    h.keys("<space><space>").shows(&["● 2 marked  -87.40 USD"]);
    h.keys("e").shows(&["Edit 2 rows", "unchanged"]).keys("<tab>food<tab>trip<enter>").idle().await;
    assert_eq!(categories(&h).iter().flatten().count(), 2);
    h.keys("<esc>/tag:trip").idle().await.shows(&["2 of 4"]).keys("<esc>").idle().await;
    h.keys("u").idle().await.shows(&["Undone: edit of 2 rows"]);
    assert_eq!(categories(&h).iter().flatten().count(), 0);
}

#[tokio::test]
async fn all_rows_of_a_filter_are_marked_by_a_star() {
    let mut h = imported().await;
    h.keys("/coffee<enter>*").idle().await.shows(&["● 2 marked  -11.75 USD"]);
    h.keys("e<tab>coffee<tab><tab>-<enter>").idle().await;
    assert_eq!(categories(&h).iter().flatten().count(), 2);
    h.keys("*").hides("marked");
}

#[tokio::test]
async fn a_range_goes_from_its_start_to_the_cursor() {
    let mut h = imported().await;
    h.keys("jvj").shows(&["● range from here", "● 2026-11-09"]).keys("v").shows(&["● 2 marked  -88.65 USD"]);
    h.keys("<esc>").hides("marked").keys("v").shows(&["range"]).keys("<esc>").hides("range from here");
    // e and y end a range themselves.
    h.keys("ggvG").keys("y").shows(&["4 rows", "sum in USD"]).keys("a");
    assert_eq!(h.clipboard.text().as_deref(), Some("1906.10"));
    h.keys("yr");
    let text = h.clipboard.text().unwrap();
    assert!(text.contains("2026-11-09\tWhole Foods\t-82.15 USD\n") && text.lines().count() == 4, "{text}");
}

#[tokio::test]
async fn an_edit_of_many_rows_asks_and_names_every_change() {
    let mut h = Harness::new(120, 30);
    let rows: Vec<(String, &str, String)> =
        (1..=12).map(|day| (format!("2026-10-{day:02}"), "-1.00", format!("Shop {day}"))).collect();
    let rows: Vec<(&str, &str, &str)> =
        rows.iter().map(|(day, sum, name)| (day.as_str(), *sum, name.as_str())).collect();
    let path = h.write("many.qfx", &bank_statement("000123457890", &rows, "5000.00"));
    h.keys("i").idle().await.paste(&path).keys("<enter>").idle().await.keys("<enter>").idle().await;
    h.keys("3").idle().await.keys("*e<tab>shops<tab>-old, new<enter>");
    h.shows(&["Edit 12 rows?", "Category: shops", "Tags added: new", "Tags removed: old"]).keys("n").idle().await;
    assert_eq!(categories(&h).iter().flatten().count(), 0);
    h.keys("e<tab>shops<enter>y").idle().await;
    assert_eq!(categories(&h).iter().flatten().count(), 4);
}

#[tokio::test]
async fn the_text_of_the_bank_can_be_edited_and_restored() {
    let mut h = imported().await;
    h.keys("e<right> 3rd St<enter>").idle().await.shows(&["Stumptown Coffee 3rd St"]);
    h.keys("e<ctrl-u><enter>").idle().await.hides("3rd St");
}
