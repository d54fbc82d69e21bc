//! The page of one change: its warnings and its rows.

use std::collections::BTreeMap;

use ratatui::layout::Rect;

use super::ExplainTree;
use crate::{
    domain::{Change, ChangeId, ChangeKind},
    ledger::{Explainer, LedgerEntry, explain::Figure},
    tui::{
        action::{Action, KeyPlace},
        component::{
            hit::ListId,
            pane::{Ask, Ctx, Pane, PaneNews},
            scene::Scene,
        },
        msg::{Effect, Jump, KnownFigure, PastStates, WorkerAnswer},
        snapshot::{self, LedgerSnapshot},
        widget::{
            amount::AmountHalves,
            cursor::SelectedRow,
            paint::{below, padded, rows, top},
            table::{Cell, Size, TableColumn, TableRow, TableView},
            text::wrap,
        },
    },
};

/// Rows per request.
pub(crate) const CHUNK: u64 = 200;

/// The page of a change.
pub(crate) struct ChangePage {
    change: Change,
    /// Rows it added or amended.
    count: usize,
    rows: BTreeMap<usize, LedgerEntry>,
    /// Offset of the next request.
    asked: u64,
    /// The state that the change left, where its rows are read from: those of an undone change are nowhere else.
    then: PastStates,
    cursor: SelectedRow,
}

impl ChangePage {
    pub(crate) fn new(change: Change) -> Self {
        let count = change.counts.transactions_imported + change.counts.transactions_updated;
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        Self { change, count, rows: BTreeMap::new(), asked: 0, then: PastStates::new(), cursor: SelectedRow::default() }
    }

    /// The first request.
    pub(crate) fn first(&mut self) -> Effect {
        self.asked = CHUNK;
        self.request(0)
    }

    fn request(&self, offset: u64) -> Effect {
        let then = self.change.undone.then(|| self.then.clone());
        Effect::ChangeRows { change: self.change.id, offset, then }
    }

    pub(crate) const fn id(&self) -> ChangeId {
        self.change.id
    }

    fn warnings(&self) -> usize {
        self.change.warnings.len()
    }

    fn len(&self) -> usize {
        self.warnings() + self.count
    }

    fn read_on(&mut self, ctx: &mut Ctx<'_>) {
        let near = u64::try_from((self.cursor.at + ctx.page * 2).saturating_sub(self.warnings())).unwrap_or(u64::MAX);
        while near >= self.asked && usize::try_from(self.asked).is_ok_and(|asked| asked < self.count) {
            ctx.effects.push(self.request(self.asked));
            self.asked += CHUNK;
        }
    }

    fn open(&self, ctx: &mut Ctx<'_>) {
        let Some(place) = self.cursor.at.checked_sub(self.warnings()) else { return };
        if let Some(entry) = self.rows.get(&place) {
            if self.change.undone {
                ctx.toast("The change is undone, so its rows are not in Transactions. U redoes it.");
                return;
            }
            ctx.asks.push(Ask::Leave(Jump::Row(entry.transaction.id)));
        }
    }

    /// Opens the tree of the selected row's amount.
    fn explain(&self, ctx: &mut Ctx<'_>) {
        let place = self.cursor.at.checked_sub(self.warnings());
        let Some(entry) = place.and_then(|place| self.rows.get(&place)) else { return };
        let row = &entry.transaction;
        let is_now = ctx.snapshot.entry(row.id).is_some_and(|now| now.transaction.facts == row.facts);
        let figure = Figure::Row(row.id);
        let figure = if is_now { KnownFigure::now(figure) } else { KnownFigure::after(self.change.id, figure) };
        ExplainTree::open_known(vec![figure], ctx);
    }
}

impl Pane for ChangePage {
    fn place(&self) -> KeyPlace {
        KeyPlace::Change
    }

    fn offers(&self, action: Action, _snapshot: &LedgerSnapshot) -> bool {
        match action {
            Action::Open | Action::Explain => {
                self.cursor.at.checked_sub(self.warnings()).is_some_and(|place| self.rows.contains_key(&place))
            }
            _ => true,
        }
    }

    fn act(&mut self, action: Action, ctx: &mut Ctx<'_>) {
        let len = self.len();
        if self.cursor.act(action, len, ctx.page) {
            self.read_on(ctx);
        } else if action == Action::Open {
            self.open(ctx);
        } else if action == Action::Explain {
            self.explain(ctx);
        }
    }

    fn click(&mut self, _list: ListId, index: usize, ctx: &mut Ctx<'_>) {
        if self.cursor.click(index) {
            self.open(ctx);
        }
    }

    fn scroll(&mut self, _list: ListId, rows: isize, ctx: &mut Ctx<'_>) {
        self.cursor.scroll(rows, self.len());
        self.read_on(ctx);
    }

    fn receive(&mut self, news: &PaneNews<'_>, ctx: &mut Ctx<'_>) -> bool {
        match news {
            PaneNews::Loaded(WorkerAnswer::ChangeRows { change, offset, result }) if *change == self.change.id => {
                if let Ok((entries, past)) = result {
                    self.then.extend(past.iter().map(|(change, state)| (*change, state.clone())));
                    let start = usize::try_from(*offset).unwrap_or(usize::MAX);
                    for (index, entry) in entries.iter().enumerate() {
                        self.rows.insert(start.saturating_add(index), entry.clone());
                    }
                    if self.count > 0 && *offset == 0 && entries.is_empty() {
                        self.count = 0;
                    }
                }
                true
            }
            PaneNews::Fresh => {
                if let Some(change) = ctx.snapshot.change(self.id()) {
                    self.change = change.clone();
                }
                false
            }
            PaneNews::Loaded(_) | PaneNews::Engine(_) | PaneNews::Columns(..) => false,
        }
    }

    fn draw(&self, scene: &mut Scene<'_>, area: Rect) {
        let change = &self.change;
        let state = if change.undone { "undone" } else { "" };
        let title = format!("{} · {}", change.kind, change.source);
        let inner = scene.overlay(area, &title, state);
        let theme = scene.paint.theme;
        let summary = summary(change);
        let lines =
            wrap(&format!("{}. {summary}", scene.moment.stamp(change.at)), usize::from(inner.width.saturating_sub(2)));
        for (line, row) in lines.iter().zip(rows(padded(inner))) {
            scene.paint.text(row, line, theme.muted);
        }
        let body = below(inner, u16::try_from(lines.len()).unwrap_or(1) + 1);
        if self.len() == 0 {
            scene.paint.text(
                padded(top(body, 1)),
                "No rows and no warnings: only balances or names changed. Esc, then d: what is different.",
                theme.muted,
            );
            return;
        }
        let columns = [
            TableColumn::new("Date", Size::Fixed(10)),
            TableColumn::new("Payee", Size::Flex(16)),
            TableColumn::new("Account", Size::Fit(8, 28)).rank(2),
            TableColumn::new("Amount", Size::Fit(10, 22)).right(),
            TableColumn::new("Line", Size::Fit(0, 8)).right().rank(1),
        ];
        let table = TableView {
            list: ListId::ChangeRows,
            columns: &columns,
            len: self.len(),
            selected: Some(self.cursor.at),
            focused: scene.top,
            headers: self.count > 0,
            sorted: None,
        };
        let masked = scene.paint.masked;
        let snapshot = scene.snapshot;
        let then = self.then.get(&change.id).map(Explainer::view);
        let label = |id| {
            let known = then.and_then(|view| view.account(id)).map(|line| line.account.label());
            known.unwrap_or_else(|| snapshot.account_label(id))
        };
        table.draw(&mut scene.paint, scene.lists, body, |index| {
            if let Some(warning) = change.warnings.get(index) {
                let place = if warning.line > 0 { format!("line {}: ", warning.line) } else { String::new() };
                return TableRow::Note(format!("! {place}{}", warning.message), theme.warning);
            }
            let Some(entry) = self.rows.get(&(index - self.warnings())) else {
                return TableRow::cells(vec![Cell::text("…", theme.muted)]);
            };
            let facts = &entry.transaction.facts;
            TableRow::cells(vec![
                Cell::text(facts.date.to_string(), theme.text),
                Cell::text(snapshot::payee(&entry.transaction.facts, entry.user.payee.as_deref(), masked), theme.text),
                Cell::text(label(entry.transaction.account_id), theme.muted),
                Cell::Figure(AmountHalves::money(facts.amount, facts.currency, masked), theme.amount(facts.amount)),
                if facts.origin.line > 0 {
                    Cell::text(facts.origin.line.to_string(), theme.muted)
                } else {
                    Cell::Empty
                },
            ])
        });
    }
}

/// The effects of a change in words; those without a count are left out.
pub(crate) fn summary(change: &Change) -> String {
    let counts = &change.counts;
    let parts: Vec<String> = [
        (counts.transactions_imported, "rows added"),
        (counts.transactions_updated, "amended"),
        (counts.transactions_removed, "removed"),
        (counts.transactions_skipped, "already there"),
        (counts.holdings, "holdings"),
        (counts.accounts_created, "new accounts"),
        (u64::try_from(change.warnings.len()).unwrap_or(u64::MAX), "warnings"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, what)| {
        let what = if count == 1 {
            what.strip_suffix('s').map_or_else(|| what.replace("rows", "row"), str::to_owned)
        } else {
            what.to_owned()
        };
        format!("{} {what}", crate::tui::widget::amount::plain(count.into()))
    })
    .collect();
    match change.kind {
        _ if !parts.is_empty() => parts.join(", "),
        ChangeKind::Edit => "changed by hand".to_owned(),
        ChangeKind::Undo => "taken back".to_owned(),
        ChangeKind::Redo => "brought back".to_owned(),
        ChangeKind::Import | ChangeKind::Sync => "nothing changed".to_owned(),
    }
}
