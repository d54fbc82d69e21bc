//! Columns that the user chooses, and the orders of the accounts.

use crate::support::harness::{Harness, bank_statement};

async fn import(h: &mut Harness, name: &str, account: &str, rows: &[(&str, &str, &str)], balance: &str) {
    let path = h.write(name, &bank_statement(account, rows, balance));
    h.keys("i").idle().await.paste(&path).keys("<enter>").idle().await.keys("<enter>").idle().await;
}

#[tokio::test]
async fn a_column_is_shown_and_hidden_at_once_and_the_choice_is_kept() {
    let mut h = Harness::new(160, 36);
    import(&mut h, "a.qfx", "111100001111", &[("2026-10-05", "-6.50", "Blue Bottle Coffee")], "5000.00").await;
    h.keys("3").idle().await.shows(&["Date ▼", "Account"]).hides("Reference");
    h.keys("C").shows(&["Columns of Transactions", "[x]  date", "[ ]  reference", "Space show or hide"]);
    // Date off; reference, the ninth of those that can be chosen, on.
    h.keys("<space>jjjjjjjj<space>").shows(&["[ ]  date", "[x]  reference"]);
    h.keys("<enter>").shows(&["Reference"]).hides("Date ▼");
    let kept = std::fs::read_to_string(h.folder.path().join("columns")).unwrap();
    assert!(kept.starts_with("transactions: settled") || kept.contains("reference"), "{kept}");
    assert!(!kept.contains(" date"), "{kept}");
    h.keys("C*<esc>").shows(&["Date ▼"]).hides("Reference");
    assert_eq!(std::fs::read_to_string(h.folder.path().join("columns")).unwrap(), "");
}

#[tokio::test]
async fn each_list_has_its_own_columns() {
    let mut h = Harness::new(160, 36);
    import(&mut h, "a.qfx", "111100001111", &[("2026-10-05", "-6.50", "Blue Bottle Coffee")], "5000.00").await;
    h.keys("2C").shows(&["Columns of Accounts", "[ ]  number"]).keys("jj<space><esc>").shows(&["Number"]);
    h.keys("4C").shows(&["Columns of Holdings"]).keys("<esc>");
    h.keys("3:columns<enter>").shows(&["Columns of Transactions"]);
}

#[tokio::test]
async fn accounts_are_sorted_like_the_other_lists() {
    let mut h = Harness::new(120, 36);
    import(&mut h, "a.qfx", "111100001111", &[("2026-10-05", "-6.50", "Coffee")], "10.00").await;
    import(&mut h, "b.qfx", "222200002222", &[("2026-10-05", "-6.50", "Coffee")], "900.00").await;
    import(&mut h, "c.qfx", "333300003333", &[("2026-10-05", "-6.50", "Coffee")], "70.00").await;
    // The ends of the numbers in the list, from top to bottom.
    let order = |h: &mut Harness| -> Vec<String> {
        let list = h.screen().lines().map(|line| line.chars().take(60).collect::<String>()).collect::<Vec<_>>();
        list.iter().filter_map(|line| line.split("··").nth(1)?.get(..4).map(str::to_owned)).collect()
    };
    // The selected account stays selected in every order.
    h.keys("2gg").shows(&["s sort"]);
    h.keys("s").shows(&["Sort by", "balance"]).keys("b").shows(&["Balance ▼", "Institution"]);
    assert_eq!(order(&mut h), ["2222", "3333", "1111"]);
    h.shows(&["▸ Chase Checking ··1111"]);
    h.keys("S").shows(&["Balance ▲"]);
    assert_eq!(order(&mut h), ["1111", "3333", "2222"]);
    h.keys("si").hides("Institution");
}

#[tokio::test]
async fn columns_stay_in_place_once_every_row_was_seen() {
    for (width, height) in [(60, 20), (80, 24), (120, 36), (200, 60)] {
        let mut h = Harness::demo(width, height).await;
        h.keys("3").idle().await;
        let titles = |h: &mut Harness| {
            let screen = h.screen();
            let line = screen.lines().find(|line| line.contains("Date ▼")).unwrap();
            // Without the detail beside it.
            line.split("││").next().unwrap().to_owned()
        };
        for _ in 0..60 {
            h.keys("<ctrl-d>").idle().await;
        }
        let last = titles(&mut h);
        for _ in 0..60 {
            h.keys("<ctrl-u>").idle().await;
            assert_eq!(titles(&mut h), last, "{width}x{height}");
        }
    }
}
