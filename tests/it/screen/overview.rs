//! The overview: history with zoom and cursor, changes since the last visit, matters that can be dismissed.

use crate::support::harness::{Harness, bank_statement};

async fn import(h: &mut Harness, name: &str, account: &str, rows: &[(&str, &str, &str)], balance: &str) {
    let path = h.write(name, &bank_statement(account, rows, balance));
    h.keys("i").idle().await.paste(&path).keys("<enter>").idle().await.keys("<enter>").idle().await;
    h.advance(60_000);
}

const ROWS: &[(&str, &str, &str)] = &[
    ("2025-06-02", "2000.00", "Payroll ACME"),
    ("2026-10-05", "-6.50", "Blue Bottle Coffee"),
    ("2026-11-09", "-82.15", "Whole Foods"),
];

#[tokio::test]
async fn the_history_has_an_axis_a_zoom_and_a_cursor_with_its_value() {
    let mut h = Harness::new(120, 36);
    import(&mut h, "a.qfx", "111100001111", ROWS, "5000.00").await;
    h.keys("1").shows(&["History · USD · 1 year", "since 2025-11"]).keys("-").shows(&["USD · all", "2025-06-02"]);
    h.keys("+++").shows(&["USD · 1 month"]).keys("<tab>h").shows(&["2026-11-19  5,000.00 USD"]);
    // Twelve days before, Whole Foods was not paid yet.
    for _ in 0..12 {
        h.keys("h");
    }
    h.shows(&["2026-11-07  5,082.15 USD"]).keys("<esc>").hides("2026-11-07  5,082.15").shows(&["since 2026-10"]);
}

#[tokio::test]
async fn one_key_gives_a_pane_the_whole_screen() {
    let mut h = Harness::new(120, 36);
    import(&mut h, "a.qfx", "111100001111", ROWS, "5000.00").await;
    h.keys("1z").hides("Net worth ·").keys("<esc>").shows(&["Net worth ·"]);
    h.keys("2").shows(&["┐┌ Detail"]).keys("z").hides("Detail").keys("<tab>").shows(&["Detail"]).hides("Accounts · 1");
}

#[tokio::test]
async fn sums_are_shown_by_class_or_by_institution() {
    let mut h = Harness::new(120, 36);
    import(&mut h, "a.qfx", "111100001111", ROWS, "5000.00").await;
    h.keys("1").shows(&["Banking"]).keys("m").hides("Banking").shows(&["Chase"]);
    h.keys("<esc>").shows(&["Banking"]);
}

#[tokio::test]
async fn matters_are_grouped_and_can_be_dismissed() {
    let mut h = Harness::new(120, 36);
    for account in 1..=5 {
        let number = format!("22220000{account}{account}{account}{account}");
        let text = bank_statement(&number, &[("2019-01-02", "1.00", "Old")], "1.00").replace("20261119", "20190103");
        let path = h.write(&format!("old{account}.qfx"), &text);
        h.keys("i").idle().await.paste(&path).keys("<enter>").idle().await.keys("<enter>").idle().await;
    }
    h.keys("1").shows(&["5 balances are older than 45 days", "d dismiss"]);
    h.keys("d").hides("5 balances").shows(&["Dismissed until it changes"]);
}

#[tokio::test]
async fn changes_since_the_last_visit_are_listed() {
    let mut h = Harness::new(120, 36);
    import(&mut h, "a.qfx", "111100001111", ROWS, "5000.00").await;
    h.keys("1").shows(&["What changed", "import · a.qfx"]);
    let visit = std::fs::read_to_string(h.folder.path().join("last-visit"));
    assert!(visit.is_err(), "the visit is recorded at its end");
    h.keys("<ctrl-c>");
    let visit = std::fs::read_to_string(h.folder.path().join("last-visit")).unwrap();
    assert!(visit.starts_with("2026-11-20T15:01"), "{visit}");
}

#[tokio::test]
async fn the_smallest_screen_has_a_shape_of_the_history() {
    let mut h = Harness::new(60, 20);
    import(&mut h, "a.qfx", "111100001111", ROWS, "5000.00").await;
    h.keys("1").shows(&["History · USD", "█"]);
}

#[tokio::test]
async fn money_in_and_out_takes_the_place_of_the_history() {
    let mut h = Harness::new(120, 36);
    import(&mut h, "a.qfx", "111100001111", ROWS, "5000.00").await;
    h.keys("1f").idle().await.shows(&[
        "Money in and out · USD · by kind",
        "2026-11 net -82.15 USD",
        "2026-10",
        "-6.50",
    ]);
    h.hides("History ·").keys("h").shows(&["2026-10 net -6.50 USD"]);
    // The rows behind the figure, and one step back at a time.
    h.keys("jj<enter>")
        .idle()
        .await
        .shows(&["date:2026-10 amt<0", "Blue Bottle Coffee", "1 of 3"])
        .hides("Whole Foods");
    h.keys("<esc>").idle().await.shows(&["Money in and out", "2026-10 net"]);
    h.keys("m").idle().await.shows(&["by category", "no category"]).keys("<esc>").shows(&["History · USD"]);
}

#[tokio::test]
async fn money_in_and_out_is_explained_and_takes_the_whole_screen() {
    let mut h = Harness::new(120, 36);
    import(&mut h, "a.qfx", "111100001111", ROWS, "5000.00").await;
    h.keys("1fz").idle().await.hides("Net worth ·").shows(&["2026-05", "█"]);
    h.keys("x").idle().await.shows(&["cash flow of 2026-11"]).keys("<esc><esc>").shows(&["Net worth ·", "Money in"]);
    let mut small = Harness::new(60, 20);
    import(&mut small, "a.qfx", "111100001111", ROWS, "5000.00").await;
    small.keys("1f").idle().await.shows(&["Money in and out", "Net", "-82.15"]).hides("Net worth");
    small.keys("<esc>").shows(&["Net worth", "History"]);
}

#[tokio::test]
async fn views_of_the_overview_are_found_in_the_palette_from_everywhere() {
    let mut h = Harness::new(120, 36);
    import(&mut h, "a.qfx", "111100001111", ROWS, "5000.00").await;
    h.keys("3:cash flow").shows(&["Money in and out by month"]).keys("<enter>").idle().await;
    h.shows(&["Money in and out · USD"]);
    h.keys("3:by institution<enter>").idle().await.shows(&["Net worth · by institution", "Chase"]);
    h.keys("3:by class<enter>").idle().await.shows(&["Net worth · by class", "Banking"]);
}

#[tokio::test]
async fn net_worth_is_enlarged_like_the_other_panes() {
    let mut h = Harness::new(120, 36);
    import(&mut h, "a.qfx", "111100001111", ROWS, "5000.00").await;
    // Beside the news and the history, without a matter that needs attention.
    h.keys("1<tab><tab>z")
        .shows(&["By class", "By institution", "Chase"])
        .hides("History")
        .keys("<esc>")
        .shows(&["History"]);
}
