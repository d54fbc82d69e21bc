//! Every amount on the screens of the demo is found in a tree that `x` opens on its row or in its pane. That trees add up and
//! leaves are at their lines is proven in `every_number`, over the same figures.
//!
//! Amounts are numbers with a fraction. Counts, dates, ages, ids and the labels of an axis are not; a count is proven by
//! the list that it counts.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use crate::support::harness::Harness;

/// The numbers in a text, without signs: `1,234.50` is 1234.50.
fn numbers(text: &str) -> BTreeSet<Decimal> {
    let words = text.split(|c: char| c.is_whitespace() || "│┌┐└┘─▸▾·→()+-−%".contains(c));
    let digits = |word: &&str| word.chars().all(|c| c.is_ascii_digit() || c == '.' || c == ',');
    words.filter(digits).filter_map(|word| word.replace(',', "").parse().ok()).collect()
}

/// The numbers that have a fraction.
fn amounts(text: &str) -> BTreeSet<Decimal> {
    numbers(text).into_iter().filter(|number| number.scale() > 0).collect()
}

/// The part of a screen between two columns.
fn columns(screen: &str, from: usize, to: usize) -> String {
    let cut = |line: &str| line.chars().skip(from).take(to - from).collect::<String>();
    screen.lines().map(cut).collect::<Vec<_>>().join("\n")
}

/// The column at which the detail starts.
fn detail_start(screen: &str) -> usize {
    screen.lines().find_map(|line| line.find("Detail").map(|at| line[..at].chars().count())).unwrap() - 2
}

struct Walk {
    harness: Harness,
    /// Amounts found in a tree.
    found: usize,
    faults: Vec<String>,
}

impl Walk {
    /// Opens the trees with `x`; the text of all their lines. The trees of every root are opened.
    async fn trees(&mut self) -> String {
        self.harness.keys("x").idle().await;
        let mut text = self.harness.screen();
        // Every root is opened once, from the last to the first, so that places above stay.
        self.harness.keys("G");
        let mut last = String::new();
        for _ in 0..60 {
            let before = self.harness.screen();
            if before == last {
                break;
            }
            self.harness.keys("<enter>").idle().await;
            let opened = self.harness.screen();
            text.push_str(&opened);
            if !opened.contains("Where this figure comes from") {
                self.harness.keys("<esc>");
            }
            self.harness.keys("k");
            last = before;
        }
        while self.harness.screen().contains("Where this figure comes from") {
            self.harness.keys("<esc>");
        }
        text
    }

    /// Checks that every amount of `shown` is in the trees that `x` opens here.
    async fn check(&mut self, place: &str, shown: &str) {
        let wanted = amounts(shown);
        if wanted.is_empty() {
            return;
        }
        let text = self.trees().await;
        let known = numbers(&text);
        for amount in wanted {
            let same = |other: &Decimal| *other == amount || other.round_dp(amount.scale()) == amount;
            if known.iter().any(same) {
                self.found += 1;
            } else {
                self.faults.push(format!("{place}: {amount}"));
            }
        }
    }

    /// Checks the line and the detail of the first `rows` rows.
    async fn rows(&mut self, place: &str, rows: usize, first_line: usize) {
        for row in 0..rows {
            let screen = self.harness.screen();
            let list = detail_start(&screen);
            let line = columns(&screen, 0, list).lines().nth(first_line + row).unwrap_or_default().to_owned();
            let detail = columns(&screen, list, 200);
            self.check(&format!("{place} {row}"), &format!("{line}\n{detail}")).await;
            assert!(!amounts(&line).is_empty(), "no amount in line {row} of\n{screen}");
            self.harness.keys("j").idle().await;
        }
    }
}

#[tokio::test]
async fn every_amount_on_the_screens_has_a_tree() {
    let harness = Harness::demo(200, 60).await;
    let mut walk = Walk { harness, found: 0, faults: Vec::new() };
    // Overview: net worth with its parts, then the history with its cursor, then the cash flow line by line.
    walk.harness.keys("1").idle().await;
    let screen = walk.harness.screen();
    walk.check("net worth", &columns(&screen, 0, 58)).await;
    walk.harness.keys("m");
    let screen = walk.harness.screen();
    walk.check("by institution", &columns(&screen, 0, 58)).await;
    walk.harness.keys("m");
    walk.harness.keys("f").idle().await;
    for month in 0..3 {
        let title = walk.harness.screen().lines().find(|line| line.contains(" net ")).unwrap_or_default().to_owned();
        walk.check(&format!("cash flow {month}"), &columns(&title, 60, 200)).await;
        walk.harness.keys("h");
    }
    walk.harness.keys("<esc>hhh");
    let title = walk.harness.screen().lines().find(|line| line.contains("History")).unwrap_or_default().to_owned();
    walk.check("history", &columns(&title, 60, 200)).await;
    // Accounts: the sums in title and headings belong to the trees of each account.
    walk.harness.keys("2").idle().await;
    let titles: Vec<String> =
        walk.harness.screen().lines().filter(|line| line.contains("Accounts ·")).map(str::to_owned).collect();
    walk.check("accounts", &titles.join("\n")).await;
    let count = walk.harness.store.read().unwrap().accounts().unwrap().len();
    for account in 0..count {
        let screen = walk.harness.screen();
        let start = detail_start(&screen);
        walk.check(&format!("account {account}"), &columns(&screen, start, 200)).await;
        walk.harness.keys("j").idle().await;
    }
    // Transactions: rows of all accounts, then a filter with its sum and its groups.
    walk.harness.keys("3").idle().await;
    for row in 0..25 {
        let screen = walk.harness.screen();
        let start = detail_start(&screen);
        walk.check(&format!("row {row}"), &columns(&screen, start, 200)).await;
        walk.harness.keys("j").idle().await;
    }
    // The balance after each row, and the rows of one account.
    walk.harness.keys("2gg<enter>").idle().await;
    let top = walk.harness.screen().lines().position(|line| line.contains("Balance")).unwrap() + 1;
    walk.rows("one account", 10, top).await;
    walk.harness.keys("3<esc>").idle().await;
    for by in ["month", "payee", "account", "category", "status", "type"] {
        walk.harness.keys(&format!("/<ctrl-u>by:{by}<enter>")).idle().await;
        for group in 0..3 {
            let screen = walk.harness.screen();
            let start = detail_start(&screen);
            walk.check(&format!("by {by} {group}"), &columns(&screen, start, 200)).await;
            walk.harness.keys("j");
        }
    }
    // Holdings, by account and merged, with the sums below.
    walk.harness.keys("4").idle().await;
    for view in ["by account", "merged"] {
        let count = walk.harness.screen().matches("Total ").count();
        assert!(count > 0, "no totals");
        let sums: Vec<String> =
            walk.harness.screen().lines().filter(|line| line.contains("Total ")).map(str::to_owned).collect();
        walk.check(&format!("totals {view}"), &columns(&sums.join("\n"), 0, 130)).await;
        walk.rows(view, 3, 3).await;
        walk.harness.keys("ggm");
    }
    println!("{} amounts, {} faults: {:#?}", walk.found, walk.faults.len(), walk.faults);
    assert!(walk.faults.is_empty(), "{:#?}", walk.faults);
    assert!(walk.found > 100, "{}", walk.found);
}
