//! Commands, keys and news are found where a person looks for them, and nothing is covered.

use crate::support::harness::{Harness, bank_statement};

async fn imported(width: u16, height: u16) -> Harness {
    let mut h = Harness::new(width, height);
    let rows: Vec<(String, String)> =
        (1..=28).map(|day| (format!("2026-10-{day:02}"), format!("Shop {day}"))).collect();
    let rows: Vec<(&str, &str, &str)> = rows.iter().map(|(day, name)| (day.as_str(), "-1.00", name.as_str())).collect();
    let path = h.write("chase.qfx", &bank_statement("000123457890", &rows, "5000.00"));
    h.keys("i").idle().await.paste(&path).keys("<enter>").idle().await.keys("<enter>").idle().await;
    h.advance(60_000).keys("3").idle().await;
    h
}

#[tokio::test]
async fn a_toast_covers_no_row() {
    let mut h = imported(80, 24).await;
    h.keys("G").shows(&["▸ 2026-10-01  Shop 1 "]).keys("p").shows(&["» Amounts are hidden"]);
    h.shows(&["▸ 2026-10-01  Shop 1 ", "? help"]).keys("ke").shows(&["Edit · 2026-10-02"]);
    // The lines come back when the news goes.
    h.keys("<esc>").advance(6_000).hides("» Amounts");
}

#[tokio::test]
async fn the_palette_finds_themes_settings_providers_and_shell_commands() {
    let mut h = imported(100, 30).await;
    h.keys(":theme").shows(&["▸ Theme: dark", "Theme: light", "Theme: contrast"]).keys("<enter>").hides("Theme:");
    h.keys(":export csv").shows(&["▸ Export rows to a spreadsheet"]).keys("<enter>y").idle().await;
    assert_eq!(h.clipboard.text().as_deref(), Some("dashtam export --to csv -o rows.csv"));
    h.keys(":start").shows(&["Setting screen.start"]).keys("<esc><esc>:setting screen.start<enter>");
    h.shows(&["The screen shown first.", "Allowed: "]).keys("<esc>");
    h.keys(":connect schwab<enter>").shows(&["Connect · Charles Schwab"]);
}

#[tokio::test]
async fn the_first_esc_clears_a_text_in_the_palette_and_the_second_closes_it() {
    let mut h = imported(100, 30).await;
    h.keys(":theme<down>").shows(&["▸ Theme: light"]).keys("<esc>").shows(&["Command", "▸ Theme: light", "Quit"]);
    h.keys("<esc>").hides("Theme:").shows(&["Transactions"]);
    h.keys(":<esc>").hides("┌ Command");
}

#[tokio::test]
async fn without_rows_there_is_nothing_to_filter_and_no_detail() {
    let mut h = Harness::new(80, 24);
    for screen in ["2", "3", "4", "6"] {
        h.keys(screen).idle().await;
        // A filter whose line is not shown would take the next keys.
        h.keys("/?").shows(&["Keys here"]).keys("<esc>");
        for key in ["<tab>", "l", "<enter>"] {
            h.keys(key).hides("┌ Detail");
        }
    }
    h.keys("5").idle().await.hides("e edit").shows(&["Enter open"]);
}

#[tokio::test]
async fn help_is_searched_and_marks_the_keys_that_act_here() {
    let mut h = imported(120, 36).await;
    h.keys("2?").shows(&["Keys here", "Open the selected row"]).hides("Merge by symbol");
    h.keys("/merge").shows(&["Merge by symbol"]).keys("<esc>").hides("Merge by symbol");
    h.keys("/passphrase").shows(&["No key for these words"]).keys("<esc><esc>").hides("Keys here");
}

#[tokio::test]
async fn an_empty_profile_offers_only_what_can_be_done() {
    let mut h = Harness::new(100, 30);
    h.idle().await.shows(&["i import", "c connect", "? help"]);
    for hint in ["u undo", "y copy", "Enter open", "/ filter", "e edit", "U redo"] {
        for screen in ["1", "2", "3", "4", "6"] {
            h.keys(screen).hides(hint);
        }
    }
}
