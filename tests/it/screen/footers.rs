//! Footers name the keys that do something where one is, and every key has an effect or an answer.

use crate::support::harness::{Harness, bank_statement};

fn footer(h: &mut Harness) -> String {
    h.screen().lines().last().unwrap_or_default().to_owned()
}

async fn imported() -> Harness {
    let mut h = Harness::new(160, 30);
    let path = h.write("a.qfx", &bank_statement("111100001111", &[("2026-11-02", "-1.00", "Alpha")], "100.00"));
    h.keys("i").idle().await.paste(&path).keys("<enter>").idle().await.keys("<enter>").idle().await;
    h.advance(60_000);
    h
}

#[tokio::test]
async fn an_empty_profile_offers_no_key_that_needs_data() {
    let mut h = Harness::new(160, 30);
    for screen in ["1", "2", "3", "4", "6"] {
        let footer = footer(h.keys(screen));
        for key in ["R sync", "t as of", "p hide", "columns", "copy", "undo", "explain"] {
            assert!(!footer.contains(key), "{key} on {screen}: {footer}");
        }
        assert!(footer.contains("i import") && footer.contains("c connect") && footer.contains("? help"), "{footer}");
    }
}

#[tokio::test]
async fn statement_files_offer_no_sync() {
    let mut h = imported().await;
    assert!(!footer(h.keys("2")).contains("R sync all"));
    h.keys("R").shows(&["Statement files have nothing to sync"]);
}

#[tokio::test]
async fn only_the_filter_of_rows_completes() {
    let mut h = imported().await;
    for screen in ["2", "5", "6", "?"] {
        let shown = footer(h.keys(screen).keys("/"));
        assert!(shown.contains("Enter accept") && !shown.contains("Tab") && !shown.contains("earlier"), "{shown}");
        h.keys("<esc>");
    }
    let shown = footer(h.keys("<esc>3/"));
    assert!(shown.contains("Tab complete") && shown.contains("ctrl-p earlier"), "{shown}");
}

#[tokio::test]
async fn a_filter_that_no_row_passes_says_so() {
    let mut h = imported().await;
    for screen in ["2", "3", "5", "6"] {
        h.keys(screen).keys("/zzzz").idle().await.shows(&["No row matches", "Esc  clear the filter"]);
        h.keys("<enter>").idle().await;
        let shown = footer(&mut h);
        assert!(shown.contains("/ filter") && !shown.contains("Enter open"), "{screen}: {shown}");
        h.keys("<esc>").idle().await.hides("No row matches");
    }
}

#[tokio::test]
async fn the_form_states_where_tab_goes() {
    let mut h = imported().await;
    assert!(!footer(h.keys("5e")).contains("Tab"), "one field");
    let shown = footer(h.keys("<esc>2e"));
    assert!(shown.contains("Tab next field"), "{shown}");
}

#[tokio::test]
async fn the_result_of_an_import_names_a_failed_file_once() {
    let mut h = Harness::new(120, 30);
    let good = h.write("good.qfx", &bank_statement("111100001111", &[("2020-11-02", "-1.00", "Alpha")], "100.00"));
    let bad = h.write("bad.qfx", "OFXHEADER:100\n\n<OFX></OFX>\n");
    h.keys("i").idle().await.paste(&format!("'{good}' '{bad}'")).idle().await.keys("<enter>").idle().await;
    h.shows(&["1 of 2 could not be read"]).keys("<enter>").idle().await;
    let screen = h.shows(&["1 of 2 files failed"]).screen();
    assert_eq!(screen.matches("bad.qfx").count(), 1, "{screen}");
    // One balance for a year needs one label.
    let screen = h.keys("<esc>1").idle().await.screen();
    assert_eq!(screen.matches("100.00   │").count(), 1, "{screen}");
}

#[tokio::test]
async fn keys_of_connections_answer_on_a_provider() {
    let mut h = imported().await;
    h.keys("5/simplefin<enter>");
    for key in ["e", "d", "L"] {
        h.keys(key).shows(&["SimpleFIN is not a connection: Enter connects it."]);
        h.advance(60_000);
    }
}

#[tokio::test]
async fn the_way_back_stays_in_a_narrow_footer() {
    for width in [60, 80, 120] {
        let mut h = Harness::new(width, 24);
        let path = h.write("a.qfx", &bank_statement("111100001111", &[("2026-11-02", "-1.00", "Alpha")], "100.00"));
        assert!(footer(h.keys("i").idle().await).contains("Esc back"), "the picker at {width}");
        h.paste(&path).keys("<enter>").idle().await;
        assert!(footer(&mut h).contains("Esc back"), "the review at {width}");
        assert!(footer(h.keys("<tab>")).contains("Esc back"), "its rows at {width}");
        h.keys("<esc><enter>").idle().await;
        assert!(footer(h.keys("6<enter>").idle().await).contains("Esc back"), "the change at {width}");
    }
}
