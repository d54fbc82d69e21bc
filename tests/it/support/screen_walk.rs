//! A walk over the amounts of the screens: each is the root of a tree that `x` opens on its row or in its pane, in its currency
//! and with its sign, and every tree that `x` opens adds up, down to leaves at the lines and paths that they name.
//!
//! Amounts are numbers with a fraction. Counts, dates, ages, ids and the labels of an axis are not; a count is proven by
//! the list that it counts.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use dashtam::testing::{
    domain::figures::{grouped, rounded},
    ledger::{Ledger, explain::Node},
    tui::amount::{percent, plain, share},
};

use super::{harness::Harness, trees::Trees};

/// The title of the trees.
const TREES: &str = "Where this figure comes from";

/// The amounts in a text, each with the currency behind it: `+1,234.50 USD` is `1,234.50 USD`.
pub(crate) fn amounts(text: &str) -> BTreeSet<String> {
    let is_frame = |c: char| c.is_whitespace() || "│┌┐└┘─▸▾·→(){}%█▎▌█▒".contains(c);
    let words: Vec<&str> = text.split(is_frame).filter(|word| !word.is_empty()).collect();
    let is_amount = |word: &str| {
        let digits = word.strip_prefix('-').unwrap_or(word);
        digits.starts_with(|c: char| c.is_ascii_digit())
            && digits
                .split_once('.')
                .is_some_and(|(_, fraction)| !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit()))
            && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b',')
    };
    let mut found = BTreeSet::new();
    for (at, word) in words.iter().enumerate() {
        let word = word.trim_start_matches('+').trim_end_matches([',', ';', ':', '.']);
        // The name of a trade: `Buy 15 VTI at 250.10`.
        let is_name = at > 0 && ["Buy", "Sell", "at"].contains(&words[at - 1]);
        if is_amount(word) && !is_name {
            let next = words.get(at + 1).copied().unwrap_or_default();
            let is_currency = ["USD", "EUR"].contains(&next);
            found.insert(if is_currency { format!("{word} {next}") } else { word.to_owned() });
        }
    }
    found
}

/// The texts that a screen writes for a figure, each by the function that the screen calls.
fn written(node: &Node) -> Vec<String> {
    let Some(value) = node.value else { return Vec::new() };
    let mut texts = vec![plain(value), percent(value).trim_start_matches('+').to_owned(), share(value)];
    if let Some(currency) = node.currency {
        for text in [grouped(value, currency), rounded(value, currency)] {
            texts.push(format!("{text} {currency}"));
            texts.push(text);
        }
    }
    texts
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

/// The selected line of a list.
pub(crate) fn selected_line(screen: &str) -> String {
    let marked = screen.lines().skip(1).find(|line| line.chars().nth(1) == Some('▸'));
    marked.unwrap_or_else(|| panic!("no selection in\n{screen}")).to_owned()
}

pub(crate) struct ScreenWalk {
    pub(crate) harness: Harness,
    trees: Trees,
    /// Amounts that are roots.
    pub(crate) found: usize,
    pub(crate) faults: Vec<String>,
}

impl ScreenWalk {
    pub(crate) fn over(harness: Harness, today: NaiveDate) -> Self {
        let trees = Trees::of(&Ledger::new(harness.store.clone()), today);
        Self { harness, trees, found: 0, faults: Vec::new() }
    }

    /// Opens the trees with `x`; the address of every root. Only the tree of the first one is open at first.
    async fn roots(&mut self) -> Vec<String> {
        self.harness.keys("x").idle().await;
        let screen = self.harness.screen();
        if !screen.contains(TREES) {
            return Vec::new();
        }
        // Closes the first tree.
        self.harness.keys("h");
        let mut roots = Vec::new();
        loop {
            let screen = self.harness.screen();
            let title = screen.lines().find(|line| line.contains(TREES)).unwrap();
            let address = title.trim_end_matches(['┐', '─', ' ']).rsplit("─ ").next().unwrap().to_owned();
            assert!(!address.ends_with('…'), "cut: {address}");
            if roots.last() == Some(&address) {
                break;
            }
            // The line has the figure that `dashtam explain` has.
            let node = self.trees.node(&address).unwrap_or_else(|| panic!("{address} is unknown"));
            let line = selected_line(&screen);
            let value = line.trim_end_matches(['│', '┃', ' ']);
            let is_written =
                node.value.is_none() || written(&node).iter().any(|text| value.ends_with(&format!(" {text}")));
            // A plain number has no marks between thousands here.
            let is_plain = node.value.is_some_and(|number| value.ends_with(&format!(" {}", number.normalize())));
            assert!(is_written || is_plain, "{address}: {line}");
            roots.push(address);
            self.harness.keys("j");
        }
        self.harness.keys("<esc>").idle().await;
        assert!(!self.harness.screen().contains(TREES), "the trees are still open");
        roots
    }

    /// Checks that every amount of `shown` is a root of the trees that `x` opens here, and the trees. In amounts of `owed` a
    /// debt is written without its sign.
    pub(crate) async fn check(&mut self, place: &str, shown: &str) {
        let wanted = amounts(shown);
        if wanted.is_empty() {
            return;
        }
        let mut known: BTreeSet<String> = BTreeSet::new();
        for address in self.roots().await {
            self.trees.explained(&address);
            known.extend(written(&self.trees.node(&address).unwrap()));
        }
        for amount in wanted {
            let is_debt =
                shown.contains(&format!("{amount} less owed")) || shown.contains(&format!("{amount} more owed"));
            if known.contains(&amount) || is_debt && known.contains(&format!("-{amount}")) {
                self.found += 1;
            } else {
                self.faults.push(format!("{place}: {amount} is not in {known:?}"));
            }
        }
    }

    /// Checks the line and the detail of the first `rows` rows of a list.
    pub(crate) async fn rows(&mut self, place: &str, rows: usize) {
        for row in 0..rows {
            let screen = self.harness.screen();
            let list = detail_start(&screen);
            let line = selected_line(&columns(&screen, 0, list));
            let detail = columns(&screen, list, 200);
            // Titles and the last line of a frame have sums.
            let frame = screen.lines().filter(|line| line.starts_with(['┌', '└']));
            let frame = columns(&frame.collect::<Vec<_>>().join("\n"), 0, list);
            self.check(&format!("{place} {row}"), &format!("{frame}\n{line}\n{detail}")).await;
            self.harness.keys("j").idle().await;
            if self.harness.screen() == screen {
                break;
            }
        }
    }

    /// Checks the selected line of an overlay, line by line.
    pub(crate) async fn lines(&mut self, place: &str, lines: usize) {
        for at in 0..lines {
            let line = selected_line(&self.harness.screen());
            self.check(&format!("{place} {at}"), &line).await;
            self.harness.keys("j").idle().await;
        }
    }

    /// The title of a pane.
    pub(crate) fn title(&mut self, word: &str) -> String {
        self.harness.screen().lines().find(|line| line.contains(word)).unwrap_or_default().to_owned()
    }

    /// Walks over the Overview, with its cash flow, its history, its matters and its news.
    pub(crate) async fn overview(&mut self) {
        self.harness.keys("1").idle().await;
        // The pane ends at the next frame below it.
        let pane = |screen: &str| {
            let end = screen.lines().skip(2).position(|line| line.starts_with('└')).unwrap() + 2;
            columns(&screen.lines().take(end).collect::<Vec<_>>().join("\n"), 0, 58)
        };
        for by in ["class", "institution"] {
            let shown = pane(&self.harness.screen());
            self.check(&format!("net worth by {by}"), &shown).await;
            self.harness.keys("m");
        }
        for (part, title) in [("matter", "Needs attention"), ("news", "What changed")] {
            let screen = self.harness.screen();
            let lines: Vec<&str> = screen.lines().collect();
            let Some(at) = lines.iter().position(|line| line.contains(title)) else { continue };
            let count = lines[at + 1..].iter().take_while(|line| line.starts_with('│')).count();
            for row in 0..count.min(8) {
                self.focus(at + 1 + row);
                let line = self.harness.screen().lines().nth(at + 1 + row).unwrap_or_default().to_owned();
                self.check(&format!("{part} {row}"), &line).await;
                self.harness.keys("j").idle().await;
            }
        }
        self.harness.keys("f").idle().await;
        for month in 0..4 {
            let shown = columns(&self.title(" net "), 60, 200);
            // At first the chosen month is the last column, whose cells end where its name ends.
            let screen = self.harness.screen();
            let pane: Vec<String> = screen.lines().skip(2).map(|line| columns(line, 60, 199)).collect();
            let pane: Vec<&str> = pane.iter().map(|line| line.trim_end()).collect();
            let name = pane.iter().find(|line| line.ends_with("2026-11")).unwrap();
            let own = pane
                .iter()
                .filter(|line| line.chars().count() == name.chars().count())
                .filter_map(|line| line.rsplit(' ').next());
            let cells = if month == 0 { own.collect::<Vec<_>>().join("\n") } else { String::new() };
            assert!(month > 0 || amounts(&cells).len() > 2, "{screen}");
            self.check(&format!("cash flow {month}"), &format!("{shown}\n{cells}")).await;
            self.harness.keys("h");
        }
        self.harness.keys("<esc>");
        let shown = columns(&self.title("History"), 60, 200);
        self.check("history", &shown).await;
        for _ in 0..3 {
            self.harness.keys("h");
            let shown = columns(&self.title("History"), 60, 200);
            self.check("day of the history", &shown).await;
        }
        self.harness.keys("<esc>").idle().await;
    }

    /// Gives the focus to the list whose selected line is at a line of the screen.
    fn focus(&mut self, line: usize) {
        for _ in 0..4 {
            if self.harness.screen().lines().nth(line).unwrap().starts_with("│▸") {
                return;
            }
            self.harness.keys("<tab>");
        }
        panic!("line {line} is not selected in\n{}", self.harness.screen());
    }

    /// Walks over the accounts, whose title and headings have sums.
    pub(crate) async fn accounts(&mut self) {
        self.harness.keys("2").idle().await;
        let titles = self.title("Accounts ·");
        self.check("accounts", &titles).await;
        let count = self.harness.store.read().unwrap().accounts().unwrap().len();
        self.rows("account", count).await;
    }

    /// Walks over the rows of all accounts, those of one account, and groups.
    pub(crate) async fn transactions(&mut self, rows: usize) {
        self.harness.keys("3").idle().await;
        self.rows("row", rows).await;
        // The balance after each row.
        self.harness.keys("2gg<enter>").idle().await;
        self.rows("row of one account", 10).await;
        self.harness.keys("3<esc>").idle().await;
        for by in ["month", "payee", "account", "category", "status", "type"] {
            self.harness.keys(&format!("/<ctrl-u>by:{by}<enter>")).idle().await;
            self.rows(&format!("by {by}"), 3).await;
        }
        self.harness.keys("<esc><esc>").idle().await;
    }

    /// Walks over the positions, by account and merged, with the sums below.
    pub(crate) async fn holdings(&mut self) {
        self.harness.keys("4").idle().await;
        for view in ["by account", "merged"] {
            let screen = self.harness.screen();
            let sums: Vec<&str> = screen.lines().filter(|line| line.contains("Total ")).collect();
            assert!(!sums.is_empty(), "no totals in\n{screen}");
            let sums = columns(&sums.join("\n"), 0, detail_start(&screen));
            self.check(&format!("totals {view}"), &sums).await;
            self.rows(view, 12).await;
            self.harness.keys("ggm").idle().await;
        }
    }

    pub(crate) fn finish(&self, least: usize) {
        println!("{} amounts, {} figures, leaves {:?}", self.found, self.trees.seen.len(), self.trees.leaves);
        assert!(self.faults.is_empty(), "{} faults: {:#?}", self.faults.len(), self.faults);
        assert!(self.found > least, "{}", self.found);
    }
}
