//! A walk over the numbers of the screens: each figure is the root of a tree that `x` opens on its row or in its pane, in its
//! currency and with its sign, and every tree that `x` opens adds up, down to leaves at the lines and paths that they name.
//!
//! [`super::screen_words`] tells figures from dates, counts and names. A second source, the ledger itself, lists the figures that
//! each line must show, so that a walk that overlooks numbers fails; and no figure may be left on a screen that no line explains.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use dashtam::testing::{
    domain::{
        ChangeId,
        figures::{grouped, rounded},
    },
    ledger::{Ledger, explain::Node},
    tui::amount::{percent, plain, share},
};

use rust_decimal::Decimal;

use super::{
    harness::Harness,
    screen_model::Model,
    screen_words::{Names, Shown, numbers},
    trees::Trees,
};

/// The title of the trees.
const TREES: &str = "Where this figure comes from";

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

/// The address of the selected figure: in the frame, or below the tree where it is longer.
fn address_on(screen: &str) -> String {
    let own = |line: &str| line.trim_matches(['│', '┃', ' ']).to_owned();
    let lines: Vec<&str> = screen.lines().collect();
    if let Some(at) = lines.iter().position(|line| own(line).starts_with("address: ")) {
        let end = lines[at..].iter().position(|line| line.starts_with('└')).unwrap() + at;
        let parts: Vec<String> = lines[at..end].iter().map(|line| own(line)).collect();
        return parts.join(" ").trim_start_matches("address: ").to_owned();
    }
    let title = lines.iter().find(|line| line.contains(TREES)).unwrap();
    let address = title.trim_end_matches(['┐', '─', ' ']).rsplit("─ ").next().unwrap().to_owned();
    assert!(!address.ends_with('…') && !address.contains(TREES), "no address on\n{screen}");
    address
}

/// The selected line of a list.
pub(crate) fn selected_line(screen: &str) -> String {
    let marked = screen.lines().skip(1).find(|line| line.chars().nth(1) == Some('▸'));
    marked.unwrap_or_else(|| panic!("no selection in\n{screen}")).to_owned()
}

pub(crate) struct ScreenWalk {
    pub(crate) harness: Harness,
    trees: Trees,
    /// Those of what was known after a change.
    past: BTreeMap<ChangeId, Trees>,
    pub(crate) names: Names,
    model: Model,
    /// Figures on the screen that are roots.
    pub(crate) found: usize,
    /// Figures of the ledger that were looked for on the screen.
    pub(crate) looked_for: usize,
    /// The column in which counts of rows end, and the counts.
    counted: Option<(usize, Vec<String>)>,
    /// All roots of the current screen, as texts.
    known: BTreeSet<String>,
    /// The first root of each line.
    pub(crate) chosen: BTreeSet<String>,
    pub(crate) faults: Vec<String>,
}

impl ScreenWalk {
    pub(crate) fn over(harness: Harness, today: NaiveDate) -> Self {
        let trees = Trees::of(&Ledger::new(harness.store.clone()), today);
        let (names, model) = (Names::of(&harness.store), Model::of(trees.view(), today));
        Self {
            harness,
            trees,
            past: BTreeMap::new(),
            names,
            model,
            found: 0,
            looked_for: 0,
            counted: None,
            known: BTreeSet::new(),
            chosen: BTreeSet::new(),
            faults: Vec::new(),
        }
    }

    /// The trees of the state of an address, and the address in it.
    fn state(&mut self, address: &str) -> (&mut Trees, String) {
        let Some((own, change)) = address.split_once(" · as known after change ") else {
            return (&mut self.trees, address.to_owned());
        };
        let (ledger, change) = (Ledger::new(self.harness.store.clone()), ChangeId(change.parse().unwrap()));
        let past = self.past.entry(change).or_insert_with(|| {
            let day = ledger.view().unwrap().change(change).unwrap().unwrap().at.date_naive();
            Trees::of(&ledger.as_known(change).unwrap(), day)
        });
        (past, own.to_owned())
    }

    fn node(&mut self, address: &str) -> Node {
        let (trees, own) = self.state(address);
        trees.node(&own).unwrap_or_else(|| panic!("{address} is unknown"))
    }

    /// Opens the trees with `x`; the address of every root. Only the tree of the first one is open at first.
    async fn roots(&mut self) -> Vec<String> {
        let before = self.harness.screen();
        self.harness.keys("x").idle().await;
        let screen = self.harness.screen();
        if !screen.contains(TREES) {
            return Vec::new();
        }
        if !screen.lines().skip(1).any(|line| line.starts_with("│▸")) {
            self.faults.push(format!("x opens\n{screen}on\n{before}"));
            self.harness.keys("<esc>").idle().await;
            return Vec::new();
        }
        // Closes the first tree.
        self.harness.keys("h");
        let mut roots = Vec::new();
        loop {
            let screen = self.harness.screen();
            let address = address_on(&screen);
            if roots.last() == Some(&address) {
                break;
            }
            // The line has the figure that `dashtam explain` has.
            let node = self.node(&address);
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

    /// Checks that every figure of `shown` is a root of the trees that `x` opens here, and the trees. In amounts of `owed` a
    /// debt is written without its sign.
    pub(crate) async fn check(&mut self, place: &str, shown: &str) {
        self.check_all(place, shown, &[], false).await;
    }

    /// As [`Self::check`]; the figures of `expected` must be there.
    pub(crate) async fn check_with(&mut self, place: &str, shown: &str, expected: &[String]) {
        self.check_all(place, shown, expected, false).await;
    }

    /// As [`Self::check`]; with `is_row` the figures of the first root must be there.
    async fn check_all(&mut self, place: &str, shown: &str, expected: &[String], is_row: bool) {
        let (wanted, unknown) = numbers(shown, &self.names);
        self.faults.extend(unknown.into_iter().map(|word| format!("{place}: {word} is neither a figure nor a count")));
        let roots = if wanted.is_empty() { Vec::new() } else { self.roots().await };
        let (mut known, mut inputs) = (BTreeSet::new(), BTreeSet::new());
        for address in &roots {
            let node = self.node(address);
            let (trees, own) = self.state(address);
            trees.explained(&own);
            inputs.insert(node.inputs);
            known.extend(written(&node));
        }
        let of_line = roots.first().filter(|_| is_row).map(|first| self.model.figures_of(first)).unwrap_or_default();
        for text in expected.iter().chain(&of_line) {
            self.looked_for += 1;
            let is_there = |shown: &Shown| matches!(shown, Shown::Figure(it) if it.split(' ').next() == Some(text));
            if !wanted.iter().any(is_there) {
                self.faults.push(format!("{place}: {text} of the ledger is not among {wanted:?}"));
            }
        }
        self.chosen.extend(roots.into_iter().take(1));
        for shown_figure in wanted {
            let amount = match shown_figure {
                Shown::Figure(text) => text,
                Shown::Inputs(count) if inputs.contains(&count) => continue,
                Shown::Inputs(count) => {
                    self.faults.push(format!("{place}: {count} behind a bar is not in {inputs:?}"));
                    continue;
                }
            };
            let is_debt =
                shown.contains(&format!("{amount} less owed")) || shown.contains(&format!("{amount} more owed"));
            if known.contains(&amount) || is_debt && known.contains(&format!("-{amount}")) {
                self.found += 1;
                self.known.insert(amount);
            } else {
                let line =
                    shown.lines().find(|line| line.contains(amount.split(' ').next().unwrap())).unwrap_or_default();
                self.faults.push(format!("{place}: {amount} of `{line}` is not in {known:?}"));
            }
        }
        self.known.extend(known);
    }

    /// A line of a list without its count of rows, which is one of those of the ledger.
    fn without_count(&self, line: &str) -> String {
        let Some((end, counts)) = &self.counted else { return line.to_owned() };
        let cell = own_cell(line, end.saturating_sub(8), *end);
        if !counts.contains(&cell) {
            return line.to_owned();
        }
        let kept = |(at, _): &(usize, char)| !(end - cell.len()..*end).contains(at);
        line.chars().enumerate().filter(kept).map(|(_, c)| c).collect()
    }

    /// The headings of groups without the scale of their bars, which is the largest figure without its fraction.
    fn without_scale(&self, line: &str) -> String {
        let scale = line.split_once(" Rows ").and_then(|(_, rest)| rest.split_once(" to "));
        let Some(scale) = scale.and_then(|(_, scale)| scale.split_whitespace().next()) else { return line.to_owned() };
        let whole = |text: &str| text.replace(',', "").parse::<Decimal>().map(|number| number.abs().round());
        let is_largest = self.known.iter().any(|known| whole(known) == whole(scale));
        if is_largest { line.replace(&format!(" to {scale}"), "") } else { line.to_owned() }
    }

    /// Checks that no figure of a whole screen is left that no line of it explained.
    pub(crate) fn nothing_left(&mut self, place: &str, screen: &str) {
        let (shown, unknown) = numbers(screen, &self.names);
        self.faults.extend(unknown.into_iter().map(|word| format!("{place}: {word} is neither a figure nor a count")));
        for figure in shown {
            if let Shown::Figure(text) = figure
                && !self.known.contains(&text)
            {
                self.faults.push(format!("{place}: {text} was explained on no line"));
            }
        }
        self.known.clear();
    }

    /// Checks the line and the detail of the first `rows` rows of a list; how many there were.
    pub(crate) async fn rows(&mut self, place: &str, rows: usize) -> usize {
        for row in 0..rows {
            let screen = self.harness.screen();
            let list = detail_start(&screen);
            let line = self.without_count(&selected_line(&columns(&screen, 0, list)));
            let detail = columns(&screen, list, 200);
            // Titles and the last line of a frame have sums.
            let frame = screen.lines().filter(|line| line.starts_with(['┌', '└']));
            let frame = columns(&frame.collect::<Vec<_>>().join("\n"), 0, list);
            self.check_all(&format!("{place} {row}"), &format!("{frame}\n{line}\n{detail}"), &[], true).await;
            self.harness.keys("j").idle().await;
            if self.harness.screen() == screen {
                return row + 1;
            }
        }
        rows
    }

    /// Checks the selected line of an overlay, line by line.
    pub(crate) async fn lines(&mut self, place: &str, lines: usize) {
        for at in 0..lines {
            let line = selected_line(&self.harness.screen());
            self.check(&format!("{place} {at}"), &line).await;
            self.harness.keys("j").idle().await;
        }
    }

    /// Checks the rows on the page of a change, whose last column is the line of the file.
    pub(crate) async fn lines_of_change(&mut self, rows: usize) {
        for at in 0..rows {
            let line = selected_line(&self.harness.screen());
            let line = line.trim_end_matches(['│', '┃', ' ']);
            let (rest, number) = line.rsplit_once(' ').unwrap();
            self.check(&format!("change {at}"), rest).await;
            let root = self.harness.keys("x").idle().await.keys("<enter>").idle().await.screen();
            let is_named = root.contains(&format!(", line {number}"));
            self.harness.keys("<esc><esc>").idle().await;
            assert!(is_named || !number.bytes().all(|byte| byte.is_ascii_digit()), "line {number} in\n{root}");
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
        let whole = self.harness.screen();
        // The pane ends at the next frame below it.
        let pane = |screen: &str| {
            let end = screen.lines().skip(2).position(|line| line.starts_with('└')).unwrap() + 2;
            let pane = columns(&screen.lines().take(end).collect::<Vec<_>>().join("\n"), 0, 58);
            // The last column has the number of accounts, also where the bar before it is too short to be drawn.
            let mark = |line: &str| match line.rsplit_once("  ") {
                Some((rest, count)) if count.trim().bytes().all(|byte| byte.is_ascii_digit()) => {
                    format!("{rest} █ {count}")
                }
                _ => line.to_owned(),
            };
            pane.lines().map(mark).collect::<Vec<_>>().join("\n")
        };
        for by in ["class", "institution"] {
            let shown = pane(&self.harness.screen());
            let expected = self.model.worth(by == "class");
            self.check_with(&format!("net worth by {by}"), &shown, &expected).await;
            self.harness.keys("m");
        }
        for (part, title) in [("matter", "Needs attention"), ("news", "What changed")] {
            let screen = self.harness.screen();
            let lines: Vec<&str> = screen.lines().collect();
            let Some(at) = lines.iter().position(|line| line.contains(title)) else { continue };
            self.focus(at + 1);
            for row in 0.. {
                let screen = self.harness.screen();
                self.check(&format!("{part} {row}"), &selected_line(&screen)).await;
                self.harness.keys("j").idle().await;
                if self.harness.screen() == screen {
                    break;
                }
            }
        }
        // The chart of the history has a scale in its first columns and days below, and nothing else.
        let end = whole.lines().skip(2).position(|line| line.starts_with('└')).unwrap() + 2;
        let inside: Vec<String> = whole.lines().take(end).skip(2).map(|line| columns(line, 60, 199)).collect();
        let is_scale = |word: &str| {
            word.replace(',', "").trim_start_matches('-').trim_end_matches(['k', 'M']).parse::<f64>().is_ok()
        };
        for line in &inside {
            let (scale, curve) = line.trim_start_matches('│').split_once('│').unwrap_or(("", line));
            let found = numbers(curve, &self.names);
            assert!(
                scale.split_whitespace().all(is_scale) && found == (BTreeSet::new(), Vec::new()),
                "{line}: {found:?}"
            );
        }
        self.flow().await;
        let shown = columns(&self.title("History"), 60, 200);
        self.check("history", &shown).await;
        for _ in 0..3 {
            self.harness.keys("h");
            let shown = columns(&self.title("History"), 60, 200);
            let day = shown.split_whitespace().find_map(|word| word.parse().ok()).unwrap_or_else(|| panic!("{shown}"));
            let expected = self.model.worth_on(day);
            self.check_with("day of the history", &shown, &expected).await;
        }
        self.harness.keys("<esc>").idle().await;
        // The chart was looked at.
        let rest: Vec<String> = whole
            .lines()
            .enumerate()
            .map(|(at, line)| if (2..end).contains(&at) { columns(line, 0, 58) } else { line.to_owned() })
            .collect();
        self.nothing_left("overview", &rest.join("\n"));
    }

    /// Walks over every month of the cash flow, by kind and by category, each with every cell of its column.
    async fn flow(&mut self) {
        self.harness.keys("f").idle().await;
        for by in ["kind", "category"] {
            self.harness.shows(&[&format!("by {by}")]);
            let mut walked = 0;
            loop {
                let title = columns(&self.title(" net "), 60, 200);
                let month = title.split(" net ").next().unwrap().rsplit(' ').next().unwrap().to_owned();
                let screen = self.harness.screen();
                let lines: Vec<String> = screen.lines().skip(2).map(|line| columns(line, 60, 199)).collect();
                let head =
                    lines.iter().find(|line| line.contains(&month)).unwrap_or_else(|| panic!("no {month}\n{screen}"));
                let before = head.find(&month).map(|at| head[..at].chars().count()).unwrap();
                let (from, to) = (before + month.len() - 13, before + month.len());
                let end =
                    lines.iter().position(|line| line.starts_with('─') || line.starts_with('└')).unwrap_or(lines.len());
                let cells: Vec<String> = lines[..end].iter().map(|line| own_cell(line, from, to)).collect();
                let expected = self.model.flow(&month, by == "kind");
                self.check_with(
                    &format!("cash flow by {by} {month}"),
                    &format!("{title}\n{}", cells.join("\n")),
                    &expected,
                )
                .await;
                walked += 1;
                self.harness.keys("h");
                if columns(&self.title(" net "), 60, 200) == title {
                    break;
                }
            }
            assert_eq!(walked, self.model.months(), "months by {by}");
            for _ in 0..walked {
                self.harness.keys("l");
            }
            self.harness.keys("m").idle().await;
        }
        self.harness.keys("<esc>");
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
        let whole = self.harness.screen();
        let titles = self.title("Accounts ·");
        self.check("accounts", &titles).await;
        let count = self.trees.view().accounts().len();
        assert_eq!(self.rows("account", count + 1).await, count);
        self.nothing_left("accounts", &whole);
    }

    /// Walks over the rows of all accounts that a screen has, those of one account, and groups.
    pub(crate) async fn transactions(&mut self) {
        self.harness.keys("3").idle().await;
        self.chosen.clear();
        let whole = self.harness.screen();
        let newest = self.model.rows(50);
        assert_eq!(self.rows("row", newest.len()).await, newest.len());
        assert_eq!(self.chosen, newest.into_iter().collect(), "the rows of the list are not the newest ones");
        let start = detail_start(&whole);
        let list: Vec<&str> = whole.lines().take(52).collect();
        self.nothing_left("rows", &columns(&list.join("\n"), 0, start));
        // The balance after each row.
        self.harness.keys("2gg<enter>").idle().await;
        self.rows("row of one account", 10).await;
        self.harness.keys("3<esc>").idle().await;
        for by in ["month", "payee", "account", "category", "status", "type"] {
            self.harness.keys(&format!("/<ctrl-u>by:{by}<enter>")).idle().await;
            let whole = self.harness.screen();
            let counts = self.model.groups(by);
            self.counted = Some((rows_column(&whole), counts.clone()));
            let groups = counts.len().min(50);
            assert_eq!(self.rows(&format!("by {by}"), 50).await, groups, "groups by {by}");
            if groups < 50 {
                let list = columns(&whole, 0, detail_start(&whole));
                let line = |line: &str| self.without_count(&self.without_scale(line));
                let lines: Vec<String> = list.lines().map(line).collect();
                self.nothing_left(by, &lines.join("\n"));
            }
            self.counted = None;
        }
        self.known.clear();
        self.harness.keys("<esc><esc>").idle().await;
    }

    /// Walks over the positions, by account and merged, with the sums below.
    pub(crate) async fn holdings(&mut self) {
        self.harness.keys("4").idle().await;
        for view in ["by account", "merged"] {
            let whole = self.harness.screen();
            let sums: Vec<&str> = whole.lines().filter(|line| line.starts_with("│ Total ")).collect();
            assert!(!sums.is_empty(), "no totals in\n{whole}");
            let sums = columns(&sums.join("\n"), 0, detail_start(&whole));
            self.check(&format!("totals {view}"), &sums).await;
            let count = self.model.positions(view == "merged");
            assert_eq!(self.rows(view, count + 1).await, count, "{view}");
            self.nothing_left(view, &whole);
            self.harness.keys("ggm").idle().await;
        }
    }

    /// The screens without money: each number on them is a date, a count or part of a name.
    pub(crate) async fn without_money(&mut self) {
        self.harness.keys("5").idle().await;
        // Below them are the providers that can be connected, described by texts of the program.
        let count = self.trees.view().connections().len();
        for at in 0..count {
            let screen = self.harness.screen();
            let rows = self.model.connection_rows();
            let (shown, unknown) = numbers(&screen, &self.names);
            let strange: Vec<_> =
                shown.iter().filter(|it| !matches!(it, Shown::Figure(it) if rows.contains(it))).collect();
            assert!(strange.is_empty() && unknown.is_empty(), "connection {at}: {strange:?} {unknown:?}\n{screen}");
            self.harness.keys("j").idle().await;
        }
        self.harness.keys("6").idle().await;
        let counts = self.model.change_counts();
        let screen = self.harness.screen();
        let (shown, unknown) = numbers(&screen, &self.names);
        let strange: Vec<_> =
            shown.iter().filter(|it| !matches!(it, Shown::Figure(it) if counts.contains(it))).collect();
        assert!(strange.is_empty() && unknown.is_empty(), "activity: {strange:?} {unknown:?}\n{screen}");
    }

    /// Fails unless all was explained; `least` figures of the ledger and on the screens, which a walk that overlooks some does
    /// not reach.
    pub(crate) fn finish(&self, least: (usize, usize)) {
        let (found, looked_for) = (self.found, self.looked_for);
        println!(
            "{found} figures, {looked_for} of the ledger, {} trees, leaves {:?}",
            self.trees.seen.len(),
            self.trees.leaves
        );
        assert!(self.faults.is_empty(), "{} faults: {:#?}", self.faults.len(), self.faults);
        assert!(looked_for >= least.0 && found >= least.1, "{looked_for} figures of the ledger, {found} on screens");
    }
}

/// The column at which the heading `Rows` ends.
fn rows_column(screen: &str) -> usize {
    let heading =
        screen.lines().find(|line| line.contains(" Rows ")).unwrap_or_else(|| panic!("no counts on\n{screen}"));
    heading[..heading.find(" Rows ").unwrap()].chars().count() + 5
}

/// The number of a line that ends where a column ends, which may begin before it.
fn own_cell(line: &str, from: usize, to: usize) -> String {
    let cell: String = line.chars().skip(from).take(to - from).collect();
    cell.rsplit(' ').next().unwrap_or_default().to_owned()
}
