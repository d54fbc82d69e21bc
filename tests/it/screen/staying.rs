//! The selection stays on its row, whatever comes, goes or changes places around it.

use crate::support::harness::{Harness, bank_statement};

async fn import(h: &mut Harness, name: &str, account: &str, rows: &[(&str, &str, &str)]) {
    let text = bank_statement(account, rows, "100.00");
    let path = h.write(name, &text);
    h.keys("i").idle().await.paste(&path).keys("<enter>").idle().await.keys("<enter>").idle().await;
    h.advance(60_000);
}

fn undone(h: &Harness) -> Vec<String> {
    let changes = h.store.read().unwrap().changes(None, 50).unwrap();
    changes.iter().filter(|change| change.undone).map(|change| change.source.clone()).collect()
}

#[tokio::test]
async fn undo_and_redo_in_the_journal_are_about_the_same_change() {
    let mut h = Harness::new(110, 30);
    for (name, payee) in [("a.qfx", "Alpha"), ("b.qfx", "Beta"), ("c.qfx", "Gamma")] {
        import(&mut h, name, &format!("11110000{payee}"), &[("2026-11-02", "-1.00", payee)]).await;
    }
    h.keys("6jj").shows(&["▸ "]).keys("u").idle().await;
    assert_eq!(undone(&h), ["a.qfx"]);
    h.shows(&["undone; U redoes it"]).keys("U").idle().await;
    assert_eq!(undone(&h), [""; 0], "U brought back the change that u took away");
    h.keys("uUu").idle().await;
    assert_eq!(undone(&h), ["a.qfx"]);
}

#[tokio::test]
async fn an_account_that_is_renamed_stays_selected() {
    let mut h = Harness::new(120, 30);
    import(&mut h, "a.qfx", "111100001111", &[("2026-11-02", "-1.00", "Alpha")]).await;
    import(&mut h, "b.qfx", "222200002222", &[("2026-11-02", "-1.00", "Beta")]).await;
    h.keys("2eZebra<enter>").idle().await;
    h.keys("e").shows(&["Edit Zebra"]).keys("<esc>");
    h.keys("e<ctrl-u>Aardvark<enter>").idle().await.keys("e").shows(&["Edit Aardvark"]);
}

#[tokio::test]
async fn new_rows_leave_the_selected_row_selected() {
    let mut h = Harness::new(120, 30);
    import(&mut h, "a.qfx", "111100001111", &[("2026-11-02", "-1.00", "Alpha"), ("2026-11-03", "-2.00", "Beta")]).await;
    h.keys("3").idle().await.shows(&["▸ 2026-11-03  Beta"]);
    import(&mut h, "b.qfx", "111100001111", &[("2026-11-09", "-3.00", "Gamma")]).await;
    h.keys("3").idle().await.shows(&["▸ 2026-11-03  Beta", "2026-11-09  Gamma"]);
    h.keys("sa").idle().await.shows(&["▸ 2026-11-03  Beta"]).keys("S").idle().await.shows(&["▸ 2026-11-03  Beta"]);
    h.keys("e").shows(&["Edit · 2026-11-03 · Beta"]);
}

#[tokio::test]
async fn a_filter_that_hides_the_selected_row_gives_it_back() {
    let mut h = Harness::new(120, 30);
    let rows = [("2026-11-05", "-1.00", "Gamma"), ("2026-11-04", "-2.00", "Beta"), ("2026-11-03", "-3.00", "Alpha")];
    import(&mut h, "a.qfx", "111100001111", &rows).await;
    // While one types, the first row found is selected; Esc returns to the row from before.
    h.keys("3j").idle().await.shows(&["▸ 2026-11-04  Beta"]).keys("/a").idle().await.shows(&["▸ 2026-11-04  Beta"]);
    h.keys("lp").idle().await.shows(&["▸ 2026-11-03  Alpha"]).keys("<esc>").idle().await.shows(&["▸ 2026-11-04  Beta"]);
    // Enter takes the row found.
    h.keys("/gam<enter>").idle().await.shows(&["▸ 2026-11-05  Gamma"]).keys("<esc>").idle().await;
    h.shows(&["▸ 2026-11-05  Gamma"]);
    // The lists of the other screens do the same.
    h.keys("5").idle().await.shows(&["▸ "]).keys("jjj");
    let selected = |h: &mut Harness| h.screen().lines().find(|line| line.contains('▸')).unwrap().to_owned();
    let before = selected(&mut h);
    h.keys("/simplefin").idle().await.shows(&["▸ SimpleFIN"]).keys("<esc>").idle().await;
    assert_eq!(selected(&mut h), before);
    h.keys("/simplefin<enter>").idle().await.keys("<esc>").idle().await.shows(&["▸ SimpleFIN"]);
}

#[tokio::test]
async fn a_range_starts_at_its_row_in_every_order() {
    let mut h = Harness::new(120, 30);
    let rows = [("2026-11-05", "-2.00", "Gamma"), ("2026-11-04", "-1.00", "Beta"), ("2026-11-03", "-3.00", "Alpha")];
    import(&mut h, "a.qfx", "111100001111", &rows).await;
    h.keys("3v").idle().await.keys("sp").idle().await.shows(&["● range from here"]);
    h.keys("ggv").shows(&["● 3 marked"]).keys("<esc>").hides("marked");
    h.keys("gg").shows(&["▸ 2026-11-03  Alpha"]).keys("vsdv").idle().await.shows(&["● 1 marked  -3.00 USD"]);
}

#[tokio::test]
async fn undo_and_redo_of_a_name_rename_the_connection() {
    let mut h = Harness::new(120, 30);
    import(&mut h, "a.qfx", "111100001111", &[("2026-11-02", "-1.00", "Alpha")]).await;
    let name = |h: &Harness| h.store.read().unwrap().connections().unwrap()[0].alias.clone();
    h.keys("5eFirst<enter>").idle().await.keys("e<ctrl-u>Second<enter>").idle().await;
    assert_eq!(name(&h).as_deref(), Some("Second"));
    h.keys("u").idle().await.shows(&["▸ First"]);
    h.keys("u").idle().await.hides("▸ First");
    assert_eq!(name(&h), None);
    h.keys("U").idle().await.shows(&["▸ First"]).keys("U").idle().await.shows(&["▸ Second"]);
    // Undone in the other order, the newest name that stands counts.
    h.keys("6").idle().await;
    let changes = h.store.read().unwrap().changes(None, 50).unwrap();
    assert!(changes.iter().all(|change| !change.undone));
    h.keys("/edit<enter>").idle().await.keys("Gu").idle().await;
    assert_eq!(name(&h).as_deref(), Some("Second"));
    h.keys("ggu").idle().await;
    assert_eq!(name(&h), None);
    h.keys("<esc>gg").shows(&["taken back"]).hides("nothing changed");
}

#[tokio::test]
async fn esc_returns_to_the_screen_that_a_jump_left() {
    let mut h = Harness::new(120, 30);
    import(&mut h, "a.qfx", "111100001111", &[("2020-11-02", "-1.00", "Alpha")]).await;
    h.keys("1").shows(&["Net worth"]).keys("<enter>").idle().await.shows(&["┌ Activity"]);
    h.keys("<esc>").shows(&["┌ Net worth"]).keys("<esc><esc>").shows(&["┌ Net worth"]);
    assert!(!h.runtime.has_ended());
    h.keys("2<enter>").idle().await.shows(&["Transactions · "]).keys("<esc>").idle().await.shows(&["Accounts · 1"]);
    // The key of a screen is no jump: there is no way back from it but quitting.
    assert!(h.keys("q").runtime.has_ended());
}

#[tokio::test]
async fn rows_of_a_change_are_newest_first() {
    let mut h = Harness::new(120, 36);
    let rows =
        [("2026-10-03", "-1.00", "Oldest"), ("2026-11-05", "-2.00", "Newest"), ("2026-10-20", "-3.00", "Between")];
    import(&mut h, "a.qfx", "111100001111", &rows).await;
    let screen = h.keys("6<enter>").idle().await.screen();
    let at = |name: &str| screen.find(name).unwrap_or_else(|| panic!("{name}: {screen}"));
    assert!(at("Newest") < at("Between") && at("Between") < at("Oldest"), "{screen}");
}

#[tokio::test]
async fn esc_returns_to_the_page_that_a_row_was_opened_from() {
    let mut h = Harness::new(120, 30);
    let rows = [("2026-11-02", "-1.00", "Alpha"), ("2026-11-03", "-2.00", "Beta")];
    import(&mut h, "a.qfx", "111100001111", &rows).await;
    h.keys("6<enter>").idle().await.shows(&["import · a.qfx", "▸ 2026-11-03  Beta"]);
    h.keys("j<enter>").idle().await.shows(&["Transactions · all accounts", "▸ 2026-11-02  Alpha"]);
    h.keys("<esc>").idle().await.shows(&["import · a.qfx", "▸ 2026-11-02  Alpha"]).hides("Transactions · all");
    h.keys("<esc>").idle().await.shows(&["┌ Activity"]).hides("import · a.qfx ─");
    // The page of two states does the same; a screen chosen by its key leads no way back.
    h.keys("d").idle().await.keys("jjj<enter>").idle().await.shows(&["Transactions · all accounts"]);
    h.keys("<esc>").idle().await.shows(&["What changed"]).keys("<enter>").idle().await.shows(&["Transactions · all"]);
    h.keys("2").shows(&["Accounts · 1"]).keys("<esc>").shows(&["Accounts · 1"]).hides("What changed");
}

#[tokio::test]
async fn esc_returns_from_a_question_to_the_pane_that_asked() {
    let mut h = Harness::new(120, 30);
    let rows: Vec<(String, String)> =
        (1..=12).map(|day| (format!("2026-10-{day:02}"), format!("Shop {day}"))).collect();
    let rows: Vec<_> = rows.iter().map(|(day, name)| (day.as_str(), "-1.00", name.as_str())).collect();
    import(&mut h, "a.qfx", "111100001111", &rows).await;
    h.keys("3").idle().await.keys("*e<tab>shops<enter>").shows(&["Edit 12 rows?"]);
    h.keys("<esc>").shows(&["▸ Category  shops"]).keys("<enter>").shows(&["Edit 12 rows?"]);
    h.keys("n").hides("Edit 12 rows").hides("shops").shows(&["● 12 marked"]);
    h.keys("5gg").shows(&["▸ "]).keys("dG<enter>").shows(&["This can't be undone."]);
    h.keys("<esc>").shows(&["Disconnect the statement files?"]).keys("<enter>y").idle().await;
    h.hides("Disconnect the statement files?").shows(&["Disconnected.", "– disconnected"]);
}
