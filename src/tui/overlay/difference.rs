//! The difference between what was known after two changes.

use ratatui::layout::Rect;

use super::ExplainTree;
use crate::{
    domain::{Account, Change, ChangeId, Holding, Money, Snapshot, TransactionId},
    ledger::{
        DifferenceKind, Differing, LedgerDifference, LedgerEntry, differing_fields,
        explain::{BalancePart, Figure, RowPart},
    },
    tui::{
        action::{Action, KeyPlace},
        component::{
            hit::ListId,
            pane::{Ask, Ctx, Pane, PaneNews},
            scene::Scene,
        },
        msg::{Effect, Jump, KnownFigure, WorkerAnswer},
        snapshot::{self, LedgerSnapshot},
        theme::Theme,
        widget::{
            amount,
            cursor::SelectedRow,
            paint::{below, padded, rows, top},
            table::{Cell, Size, TableColumn, TableRow, TableView},
        },
    },
};

/// Rows whose contents are read; further ones are counted.
pub(crate) const DIFFERENCES: usize = 2_000;

/// One line of the comparison.
#[derive(Debug, Clone)]
struct Line {
    kind: Option<DifferenceKind>,
    /// A heading, or the thing.
    text: String,
    amount: String,
    reason: String,
    row: Option<TransactionId>,
    /// The figures in the line: of the later state, which may be the one of now, then of the earlier one.
    figures: Vec<KnownFigure>,
}

impl Line {
    /// A line without an amount.
    fn text(text: String) -> Self {
        Self { kind: None, text, amount: String::new(), reason: String::new(), row: None, figures: Vec::new() }
    }
}

/// The comparison.
pub(crate) struct DifferencePage {
    from: ChangeId,
    to: ChangeId,
    lines: Option<Vec<Line>>,
    problem: Option<String>,
    cursor: SelectedRow,
}

impl DifferencePage {
    /// Opens the comparison of two states.
    pub(crate) fn open(from: ChangeId, to: ChangeId, ctx: &mut Ctx<'_>) {
        ctx.effects.push(Effect::Compare { from, to });
        ctx.push(Self { from, to, lines: None, problem: None, cursor: SelectedRow::default() });
    }

    fn len(&self) -> usize {
        self.lines.as_ref().map_or(0, Vec::len)
    }

    fn enter(&self, ctx: &mut Ctx<'_>) {
        let line = self.lines.as_ref().and_then(|lines| lines.get(self.cursor.at));
        let Some(id) = line.and_then(|line| line.row) else { return };
        if ctx.snapshot.entry(id).is_none() {
            ctx.toast("The row is not there any more.");
            return;
        }
        ctx.asks.push(Ask::Leave(Jump::Row(id)));
    }

    /// Opens the trees of the selected line's figures, as they were known in its states.
    fn explain(&self, ctx: &mut Ctx<'_>) {
        let line = self.lines.as_ref().and_then(|lines| lines.get(self.cursor.at));
        let Some(line) = line.filter(|line| !line.amount.is_empty()) else { return };
        ExplainTree::open_known(line.figures.clone(), ctx);
    }
}

fn reason(change: Option<&Change>) -> String {
    change.map_or_else(String::new, |change| format!("{} of {}", change.kind, change.source))
}

fn heading(text: &str, count: usize, lines: &mut Vec<Line>) {
    if count > 0 {
        lines.push(Line::text(format!("{text} · {}", amount::plain(count.into()))));
    }
}

fn sides<T>(found: &Differing<T>, show: impl Fn(&T) -> String) -> String {
    match (found.before.as_ref().map(&show), found.after.as_ref().map(&show)) {
        (Some(before), Some(after)) if before != after => format!("{before} → {after}"),
        (_, Some(one)) | (Some(one), None) => one,
        (None, None) => String::new(),
    }
}

fn lines(
    found: &LedgerDifference,
    entries: &[Differing<LedgerEntry>],
    snapshot: &LedgerSnapshot,
    masked: bool,
) -> Vec<Line> {
    // Accounts that differ may not be there now.
    let label = |id| {
        let differing = found.accounts.iter().filter_map(Differing::either).find(|account| account.id == id);
        differing.map_or_else(|| snapshot.account_label(id), Account::label)
    };
    let mut lines = Vec::new();
    heading("Accounts", found.accounts.len(), &mut lines);
    for it in &found.accounts {
        lines.push(Line {
            kind: Some(it.kind()),
            reason: reason(it.reason.as_ref()),
            ..Line::text(sides(it, Account::label))
        });
    }
    heading("Rows", found.row_count(), &mut lines);
    for row in entries {
        let Some(entry) = row.either() else { continue };
        let facts = &entry.transaction.facts;
        let payee = snapshot::payee(facts, entry.user.payee.as_deref(), masked);
        let fields = [vec![String::new()], differing_fields(row, masked)].concat().join(" · ");
        lines.push(Line {
            kind: Some(row.kind()),
            text: format!("{} {payee} ({}){fields}", facts.date, label(entry.transaction.account_id)),
            amount: amount::money(Money::new(facts.amount, facts.currency), masked),
            reason: reason(row.reason.as_ref()),
            row: Some(entry.transaction.id),
            figures: row_figures(row, found, snapshot),
        });
    }
    if found.row_count() > entries.len() {
        let more = found.row_count() - entries.len();
        lines.push(Line::text(format!(
            "… {} more rows: dashtam diff {} {} --limit N",
            amount::plain(more.into()),
            found.from,
            found.to
        )));
    }
    heading("Balances", found.balances.len(), &mut lines);
    for it in &found.balances {
        let Some(either) = it.either() else { continue };
        lines.push(Line {
            kind: Some(it.kind()),
            text: format!("{} {}", either.date, label(either.account_id)),
            amount: sides(it, |it| amount::money(Money::new(it.balance, it.currency), masked)),
            reason: reason(it.reason.as_ref()),
            row: None,
            figures: known(
                it,
                found,
                |it| Figure::Stated(it.account_id, it.date, BalancePart::Whole),
                |after| is_stated_now(after, snapshot),
            ),
        });
    }
    heading("Holdings", found.holdings.len(), &mut lines);
    for it in &found.holdings {
        let Some(either) = it.either() else { continue };
        let units = |it: &Holding| {
            if masked { amount::HIDDEN.to_owned() } else { it.facts.quantity.normalize().to_string() }
        };
        lines.push(Line {
            kind: Some(it.kind()),
            text: format!("{} ({})", either.facts.symbol, label(either.account_id)),
            amount: sides(it, units),
            reason: reason(it.reason.as_ref()),
            row: None,
            figures: known(it, found, |it| Figure::HoldingQuantity(it.id), |after| is_held_now(after, snapshot)),
        });
    }
    lines
}

/// The figure of both sides, each in its state; the later one in that of now while it is the same.
fn known<T>(
    it: &Differing<T>,
    found: &LedgerDifference,
    figure: impl Fn(&T) -> Figure,
    is_now: impl Fn(&T) -> bool,
) -> Vec<KnownFigure> {
    let later = it.after.as_ref().map(|after| {
        let of_now = is_now(after);
        if of_now { KnownFigure::now(figure(after)) } else { KnownFigure::after(found.to, figure(after)) }
    });
    let earlier = it.before.as_ref().map(|before| KnownFigure::after(found.from, figure(before)));
    later.into_iter().chain(earlier).collect()
}

/// The amounts of a row; where fields were amended, its other figures too.
fn row_figures(row: &Differing<LedgerEntry>, found: &LedgerDifference, snapshot: &LedgerSnapshot) -> Vec<KnownFigure> {
    let is_now = |after: &LedgerEntry| {
        let now = snapshot.entry(after.transaction.id);
        now.is_some_and(|now| now.transaction.facts == after.transaction.facts)
    };
    let part = |of: fn(TransactionId) -> Figure| known(row, found, |it| of(it.transaction.id), is_now);
    let mut figures = part(Figure::Row);
    if row.kind() == DifferenceKind::Amended {
        figures.extend(part(|id| Figure::RowPart(id, RowPart::Quantity)));
        figures.extend(part(|id| Figure::RowPart(id, RowPart::Price)));
        figures.extend(part(|id| Figure::RowPart(id, RowPart::Commission)));
        figures.extend(part(|id| Figure::RowPart(id, RowPart::Fees)));
        figures.extend(part(|id| Figure::RowPart(id, RowPart::Foreign)));
    }
    figures
}

fn is_stated_now(after: &Snapshot, snapshot: &LedgerSnapshot) -> bool {
    let history = snapshot.daily.history(after.account_id);
    history
        .is_some_and(|history| history.stated().iter().any(|now| now.date == after.date && now.total == after.balance))
}

fn is_held_now(after: &Holding, snapshot: &LedgerSnapshot) -> bool {
    let is_same = |now: &Holding| now.id == after.id && now.facts.quantity == after.facts.quantity;
    snapshot.holdings.iter().any(|line| is_same(&line.holding))
}

const fn mark(kind: Option<DifferenceKind>) -> &'static str {
    match kind {
        Some(DifferenceKind::Added) => "+",
        Some(DifferenceKind::Gone) => "-",
        Some(DifferenceKind::Amended) => "~",
        None => "",
    }
}

const fn style(kind: Option<DifferenceKind>, theme: &Theme) -> ratatui::style::Style {
    match kind {
        Some(DifferenceKind::Added) => theme.good,
        Some(DifferenceKind::Gone) => theme.warning,
        Some(DifferenceKind::Amended) => theme.text,
        None => theme.heading,
    }
}

impl Pane for DifferencePage {
    fn place(&self) -> KeyPlace {
        KeyPlace::Difference
    }

    fn offers(&self, action: Action, _snapshot: &LedgerSnapshot) -> bool {
        let line = || self.lines.as_ref().and_then(|lines| lines.get(self.cursor.at));
        match action {
            Action::Open => line().is_some_and(|line| line.row.is_some()),
            Action::Explain => line().is_some_and(|line| !line.amount.is_empty()),
            _ => true,
        }
    }

    fn act(&mut self, action: Action, ctx: &mut Ctx<'_>) {
        if self.cursor.act(action, self.len(), ctx.page) {
            return;
        }
        match action {
            Action::Open => self.enter(ctx),
            Action::Explain => self.explain(ctx),
            _ => {}
        }
    }

    fn click(&mut self, _list: ListId, index: usize, ctx: &mut Ctx<'_>) {
        if self.cursor.click(index) {
            self.enter(ctx);
        }
    }

    fn scroll(&mut self, _list: ListId, rows: isize, _ctx: &mut Ctx<'_>) {
        self.cursor.scroll(rows, self.len());
    }

    fn receive(&mut self, news: &PaneNews<'_>, ctx: &mut Ctx<'_>) -> bool {
        match news {
            PaneNews::Loaded(WorkerAnswer::Compared { from, to, result }) if (*from, *to) == (self.from, self.to) => {
                match result {
                    Ok(found) => self.lines = Some(lines(&found.0, &found.1, ctx.snapshot, ctx.masked)),
                    Err(error) => self.problem = Some(error.to_string()),
                }
                true
            }
            PaneNews::Loaded(_) | PaneNews::Engine(_) | PaneNews::Fresh | PaneNews::Columns(..) => false,
        }
    }

    fn draw(&self, scene: &mut Scene<'_>, area: Rect) {
        let title = format!("What changed from change {} to change {}", self.from, self.to);
        let inner = scene.overlay(area, &title, "");
        let theme = scene.paint.theme;
        let when = |id: ChangeId| match scene.snapshot.change(id) {
            Some(change) => format!("{}: {} of {}", scene.moment.stamp(change.at), change.kind, change.source),
            None => "before the first change".to_owned(),
        };
        let about = [format!("from {}", when(self.from)), format!("to   {}", when(self.to))];
        for (line, row) in about.iter().zip(rows(padded(inner))) {
            scene.paint.text(row, line, theme.muted);
        }
        let body = below(inner, 3);
        let Some(lines) = self.lines.as_ref().filter(|lines| !lines.is_empty()) else {
            let text = self.problem.as_deref().unwrap_or(if self.lines.is_some() {
                "Nothing differs."
            } else {
                "Reading …"
            });
            scene.paint.text(padded(top(body, 1)), text, theme.muted);
            return;
        };
        let columns = [
            TableColumn::new("", Size::Fixed(1)),
            TableColumn::new("What", Size::Flex(24)),
            TableColumn::new("Amount", Size::Fit(10, 30)).right(),
            TableColumn::new("Reason", Size::Fit(8, 30)).rank(1),
        ];
        let table = TableView {
            list: ListId::Difference,
            columns: &columns,
            len: lines.len(),
            selected: Some(self.cursor.at),
            focused: scene.top,
            headers: true,
            sorted: None,
        };
        let masked = scene.paint.masked;
        table.draw(&mut scene.paint, scene.lists, body, |index| {
            let line = &lines[index];
            let style = style(line.kind, theme);
            let amount =
                if masked && !line.amount.is_empty() { amount::HIDDEN.to_owned() } else { line.amount.clone() };
            TableRow::cells(vec![
                Cell::text(mark(line.kind), style),
                Cell::text(line.text.clone(), style),
                Cell::text(amount, theme.text),
                Cell::text(line.reason.clone(), theme.muted),
            ])
        });
    }
}
