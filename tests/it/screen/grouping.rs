//! `by:` on the screen of transactions: groups, their order, into one of them and back.

use std::fmt::Write as _;

use crossterm::event::MouseEventKind;

use crate::support::harness::{Harness, bank_statement, matches};

const DOLLARS: &[(&str, &str, &str)] = &[
    ("2026-08-03", "2000.00", "Payroll ACME"),
    ("2026-08-05", "-6.50", "Blue Bottle Coffee"),
    ("2026-09-02", "2000.00", "Payroll ACME"),
    ("2026-09-05", "-2500.00", "Rent"),
    ("2026-11-05", "-6.50", "Blue Bottle Coffee"),
    ("2026-11-09", "-82.15", "Whole Foods"),
];
const EUROS: &[(&str, &str, &str)] = &[("2026-09-20", "-31.90", "Librairie"), ("2026-11-09", "-4.00", "Whole Foods")];

/// Two accounts in two currencies, on the screen of rows.
async fn household(width: u16, height: u16) -> Harness {
    let mut h = Harness::new(width, height);
    h.write("dollars.qfx", &bank_statement("000123457890", DOLLARS, "1404.85"));
    h.write("euros.qfx", &bank_statement("000999991234", EUROS, "100.00").replace(">USD", ">EUR"));
    h.keys("i").idle().await.keys("<space><space><enter>").idle().await.keys("<enter>").idle().await;
    h.advance(60_000).keys("3").idle().await;
    h
}

#[tokio::test]
async fn groups_at_every_size() {
    let mut h = household(120, 40).await;
    for (name, keys) in [
        ("by_month", "/by:month<enter>"),
        ("by_payee", "/<ctrl-u>by:payee<enter>"),
        ("by_detail", "j<tab>"),
        ("by_explained", "<esc>x"),
        ("by_wrong", "<esc>/<ctrl-u>by:fortnight"),
        ("by_none", "<ctrl-u>by:month nothing<enter>"),
    ] {
        h.keys(keys).idle().await;
        for (width, height) in [(60, 20), (80, 24), (120, 40)] {
            h.resize(width, height).idle().await;
            matches(&format!("{name}_{width}x{height}"), &mut h);
        }
    }
}

#[tokio::test]
async fn the_sum_of_a_group_opens_as_a_tree_of_its_rows() {
    let mut h = household(120, 36).await;
    // The filter has an alternative, which the group narrows as a whole.
    h.keys("/coffee or rent by:year<enter>").idle().await;
    let rows = ["3 rows", "-2,513.00", "2026-09-05 Rent", "2026-08-05 Blue Bottle Coffee"];
    h.keys("x").idle().await.shows(&rows).hides("Payroll");
}

#[tokio::test]
async fn enter_narrows_to_a_group_and_escape_comes_back() {
    let mut h = household(100, 30).await;
    h.keys("/-rent or payroll by:month<enter>").idle().await.shows(&["3 groups · 7 of 8", "2026-08", "1,993.50"]);
    // August is the last, since the newest month comes first; November is empty of neither currency.
    h.keys("Gk<enter>").idle().await.shows(&["/(-rent or payroll) date:2026-09", "2 of 8", "Librairie"]).hides("Rent ");
    h.keys("/ by:payee<enter>").idle().await.shows(&["2 groups"]).keys("<esc>").idle().await.shows(&["Whole Foods"]);
    h.keys("/by:month<enter>j<enter>").idle().await.shows(&["date:2026-09", "3 of 8"]);
    h.keys("<esc>").idle().await.shows(&["/by:month", "▸ 2026-09"]);
    h.keys("<enter>").idle().await.keys("<esc><esc>").idle().await.hides("by:month").shows(&["Librairie"]);
}

#[tokio::test]
async fn every_grouping_leads_to_as_many_rows_as_it_counts() {
    let mut h = Harness::demo(100, 30).await;
    h.keys("3").idle().await;
    for by in ["day", "week", "quarter", "year", "payee", "account", "institution", "type", "subtype", "status"] {
        h.keys(&format!("/<ctrl-u>by:{by}<enter>jj")).idle().await;
        let screen = h.screen();
        let line = screen.lines().find(|line| line.contains('▸')).map(str::to_owned).unwrap_or_default();
        let is_count = |word: &&str| word.bytes().all(|byte| byte.is_ascii_digit() || byte == b',');
        let rows = line.split_whitespace().rfind(is_count).unwrap();
        h.keys("<enter>").idle().await.shows(&[&format!(" {rows} of ")]).keys("<esc>").idle().await;
    }
}

#[tokio::test]
async fn groups_are_sorted_by_menu_key_and_header() {
    let mut h = household(100, 30).await;
    let order = |h: &mut Harness, first: &str, second: &str| {
        let screen = h.screen();
        assert!(screen.find(first).unwrap() < screen.find(second).unwrap(), "{screen}");
    };
    h.keys("/by:payee<enter>").idle().await.shows(&["USD ▼"]);
    order(&mut h, "Payroll", "Rent");
    h.keys("sn").idle().await.shows(&["Payee ▲"]);
    order(&mut h, "Blue Bottle", "Librairie");
    h.keys("S").idle().await.shows(&["Payee ▼"]);
    order(&mut h, "Whole Foods", "Rent");
    h.keys("s1").idle().await.shows(&["EUR ▼"]);
    order(&mut h, "Librairie", "Whole Foods");
    let header = h.screen().lines().position(|line| line.contains("Payee")).unwrap();
    h.click(4, u16::try_from(header).unwrap()).idle().await.shows(&["Payee ▲", "▸ Payroll"]);
    let row = u16::try_from(header + 2).unwrap();
    h.click(4, row).shows(&["▸ Librairie"]).mouse(MouseEventKind::ScrollDown, 4, row).shows(&["▸ Whole Foods"]);
    h.click(4, row).click(4, row).idle().await.shows(&["payee:=librairie", "1 of 8"]);
}

#[tokio::test]
async fn currencies_are_never_mixed_and_hidden_when_asked() {
    let mut h = household(120, 30).await;
    h.keys("/by:payee<enter>yn").idle().await.shows(&["Copied"]);
    assert_eq!(h.clipboard.text().as_deref(), Some("Payroll ACME"));
    h.keys("/<ctrl-u>whole by:payee<enter>").idle().await.shows(&["-82.15", "-4.00 EUR"]).hides("86.15");
    h.keys("p").hides("82.15").hides("4.00").keys("y").hides("82.15").keys("<esc>x").hides("82.15");
}

#[tokio::test]
async fn the_filter_offers_groupings() {
    let mut h = household(100, 30).await;
    h.keys("/by:").idle().await.keys("<tab>").idle().await.shows(&["/by:day", "week", "groups"]);
    h.keys("<tab><tab><tab>").idle().await.shows(&["/by:quarter", "2026-Q3"]);
}

#[tokio::test]
async fn many_groups_are_made_off_the_screen() {
    const ROWS: usize = 20_500;
    let mut h = Harness::new(100, 30);
    let mut text = bank_statement("000123457890", &[], "0.00");
    let end = text.find("</BANKTRANLIST>").unwrap();
    let mut rows = String::new();
    for row in 0..ROWS {
        let day = row % 28 + 1;
        let _ = writeln!(
            rows,
            "<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>202610{day:02}<TRNAMT>-{row}.01<FITID>{row}<NAME>Payee {row:05}</STMTTRN>"
        );
    }
    text.insert_str(end, &rows);
    h.write("many.qfx", &text);
    h.keys("i/many<enter>").idle().await.keys("<enter>").idle().await;
    h.advance(60_000).keys("3").idle().await.keys("/by:payee<enter>");
    // The rows stay until the groups are there.
    h.hides("groups").idle().await.shows(&["20,500 groups", "▸ Payee 20499"]);
    h.keys("G").shows(&["Payee 00000"]).keys("<enter>").idle().await.shows(&["1 of 20,500"]);
    h.keys("<esc>").idle().await.shows(&["▸ Payee 00000"]);
}
