//! The screen as of a day of the past.

use std::fmt::Write as _;

use dashtam::testing::{ledger::Ledger, tui::Settings};

use crate::support::harness::{Harness, bank_statement, matches};

fn day(text: &str) -> chrono::NaiveDate {
    text.parse().unwrap()
}

#[tokio::test]
async fn every_screen_shows_the_day() {
    let mut h = Harness::demo(120, 36).await;
    h.keys("t2026-09<enter>").idle().await;
    h.shows(&["As of 2026-09-30 · [ ] day · { } month · Esc today"]);
    matches("as_of_overview_120x36", &mut h);
    h.keys("2");
    matches("as_of_accounts_120x36", &mut h);
    h.keys("3").idle().await.hides("2026-10-").hides("2026-11-").shows(&["As of 2026-09-30", "2026-09-30"]);
    h.keys("/coffee<enter>").idle().await.hides("2026-10-").hides("2026-11-");
    h.keys("<esc>").idle().await;
    h.keys("4").shows(&["As of 2026-09-30"]).keys("6").shows(&["As of 2026-09-30"]);
}

#[tokio::test]
async fn keys_step_days_and_months_and_esc_returns_to_today() {
    let mut h = Harness::new(80, 24);
    h.keys("[").idle().await.shows(&["As of 2026-11-19"]);
    h.keys("[").idle().await.shows(&["As of 2026-11-18"]);
    h.keys("]").idle().await.shows(&["As of 2026-11-19"]);
    h.keys("{").idle().await.shows(&["As of 2026-10-31"]);
    h.keys("{").idle().await.shows(&["As of 2026-09-30"]);
    h.keys("}").idle().await.shows(&["As of 2026-10-31"]);
    // The next end of a month is in the future.
    h.keys("}").idle().await.hides("As of 2026").shows(&["as of today"]);
    h.keys("]").idle().await.hides("As of 2026").shows(&["Today is the last day"]);
    h.keys("t2026-02-30<enter>").shows(&["Write a day as"]).keys("<esc>");
    h.keys("t2027-01-01<enter>").shows(&["in the future"]).keys("<esc>");
    h.keys("t2025-12-31<enter>").idle().await.shows(&["As of 2025-12-31"]);
    h.keys("<esc>").idle().await.hides("As of 2025");
}

#[tokio::test]
async fn the_past_can_not_be_changed() {
    let mut h = Harness::demo(120, 36).await;
    h.keys("[").idle().await;
    let changes = h.store.read().unwrap().change_count().unwrap();
    for keys in ["i", "c", "R", "r", "u", "U", "2e", "2b", "3e"] {
        h.keys(keys).idle().await.shows(&["is in the past, which nothing changes", "As of 2026-11-19"]);
        h.advance(60_000);
    }
    assert_eq!(h.store.read().unwrap().change_count().unwrap(), changes);
    h.hides("undo").keys("1<esc>").idle().await.hides("As of");
}

/// A list as of a day is the list of the same rows without the later ones, and a new import stays out of it.
#[tokio::test]
async fn a_change_under_way_does_not_lose_the_day() {
    let settings = Settings { as_of: Some(day("2026-10-31")), ..Settings::default() };
    let mut h = Harness::with(120, 36, settings);
    h.shows(&["As of 2026-10-31"]);
    let rows = [("2026-10-30", "-5.00", "BEFORE"), ("2026-11-02", "-7.00", "LATER")];
    let path = h.write("a.qfx", &bank_statement("1", &rows, "88.00"));
    let request = dashtam::testing::sync::ImportRequest { paths: vec![path.into()], ..Default::default() };
    h.engine.import(request, |_| {}).await.unwrap();
    h.idle().await.keys("3").idle().await.shows(&["BEFORE", "As of 2026-10-31"]).hides("LATER");
    // 88.00 was stated for 2026-11-19: the later row is taken off.
    h.keys("2").shows(&["95.00"]);
    h.keys("<esc><esc>").idle().await.keys("3").idle().await.shows(&["BEFORE", "LATER"]);
}

/// The figures of the screen are those of the command line: one view.
#[tokio::test]
async fn the_view_until_a_day_equals_a_fresh_one() {
    let h = Harness::demo(80, 24).await;
    let ledger = Ledger::new(h.store.clone());
    let view = ledger.view().unwrap();
    let view = view.with_columns(view.load_columns().unwrap());
    let mut now = day("2026-11-20");
    while now > day("2025-11-01") {
        now = now - chrono::Days::new(9);
        let (stepped, fresh) = (view.until(Some(now)).unwrap(), ledger.until(now).view().unwrap());
        let text = |view: &dashtam::testing::ledger::View| {
            let mut text = String::new();
            for line in view.balances_on(now).unwrap().accounts() {
                let _ = writeln!(text, "{} {:?} {}", line.account.id, line.balance, line.transaction_count);
            }
            let _ = writeln!(text, "{:?} {:?} {}", view.net_worth(now), view.holdings(), view.transaction_count());
            text
        };
        assert_eq!(text(&stepped), text(&fresh), "{now}");
        let back = stepped.until(None).unwrap();
        assert_eq!(back.transaction_count(), view.transaction_count());
    }
}

#[tokio::test]
async fn changes_are_compared_on_activity() {
    let mut h = Harness::new(120, 36);
    for (name, rows, balance) in [
        ("a.qfx", &[("2026-11-02", "-6.50", "COFFEE")][..], "100.00"),
        ("b.qfx", &[("2026-11-02", "-6.50", "COFFEE"), ("2026-11-03", "-900.00", "RENT")], "-800.00"),
    ] {
        let path = h.write(name, &bank_statement("1", rows, balance));
        let request = dashtam::testing::sync::ImportRequest { paths: vec![path.into()], ..Default::default() };
        h.engine.import(request, |_| {}).await.unwrap();
    }
    h.idle().await.keys("6d").idle().await;
    h.shows(&["What changed from change 1 to change 2", "RENT", "-900.00", "100.00", "-800.00", "import of b.qfx"]);
    h.hides("COFFEE");
    matches("difference_120x36", &mut h);
    h.keys("<esc> jd").idle().await.shows(&["from change 1 to change 2"]);
    h.keys("<esc>k jd").idle().await.shows(&["from change 0 to change 1", "COFFEE", "before the first change"]);
    h.keys("jjj<enter>").idle().await;
    h.keys("<esc>").idle().await;
}
