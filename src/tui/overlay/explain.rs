//! The trees of figures: their inputs, down to the text of the source.

use std::fmt::Write as _;

use ratatui::layout::Rect;

use super::TextPage;
use crate::{
    domain::{ChangeId, Money, text},
    ledger::explain::{Figure, Node, SourcePlace},
    tui::{
        action::{Action, KeyPlace},
        component::{
            hit::ListId,
            pane::{Ctx, Pane, PaneNews},
            scene::Scene,
        },
        msg::{Effect, Explained, KnownFigure, PastStates, WorkerAnswer},
        widget::{
            amount::{self, HIDDEN},
            cursor::SelectedRow,
            paint::{below, padded, rows},
            table::{Cell, Size, TableColumn, TableRow, TableView},
            text::{width, wrap},
        },
    },
};

const TITLE: &str = "Where this figure comes from";
/// Inputs read at a time.
pub(crate) const INPUTS: usize = 200;

/// One line of the tree.
#[derive(Debug, Clone)]
struct Line {
    depth: usize,
    /// The change after which it was known; `None` is now.
    after: Option<ChangeId>,
    kind: LineKind,
}

impl Line {
    const fn node(depth: usize, after: Option<ChangeId>, node: Node) -> Self {
        Self { depth, after, kind: LineKind::Node { node, open: false } }
    }

    /// The address of its figure, and its state.
    fn address(&self) -> String {
        let (LineKind::Node { node: Node { figure, .. }, .. } | LineKind::More { figure, .. }) = &self.kind;
        match self.after {
            Some(change) => format!("{figure} · as known after change {change}"),
            None => figure.to_string(),
        }
    }
}

#[derive(Debug, Clone)]
enum LineKind {
    Node {
        node: Node,
        open: bool,
    },
    /// Further inputs of a figure, from a place on.
    More {
        figure: Figure,
        offset: usize,
        left: usize,
    },
}

/// The trees of the figures of a pane, the chosen one first.
pub(crate) struct ExplainTree {
    lines: Vec<Line>,
    /// The figure whose inputs or source are being read, and its line.
    reading: Option<(usize, KnownFigure)>,
    /// Earlier states that were read.
    past: PastStates,
    /// Shown when no figure could be read.
    problem: Option<String>,
    cursor: SelectedRow,
}

impl ExplainTree {
    /// Opens the tree of a figure.
    pub(crate) fn open(root: Figure, ctx: &mut Ctx<'_>) {
        Self::open_all(vec![root], ctx);
    }

    /// Opens the trees of several figures; the inputs of the first one are shown.
    pub(crate) fn open_all(figures: Vec<Figure>, ctx: &mut Ctx<'_>) {
        Self::open_known(figures.into_iter().map(KnownFigure::now).collect(), ctx);
    }

    /// Opens the trees of figures of the present and of earlier states.
    pub(crate) fn open_known(figures: Vec<KnownFigure>, ctx: &mut Ctx<'_>) {
        let mut figures = figures.into_iter();
        let Some(root) = figures.next() else { return };
        let mut beside: Vec<KnownFigure> = Vec::new();
        for figure in figures {
            if figure != root && !beside.contains(&figure) {
                beside.push(figure);
            }
        }
        let past = PastStates::new();
        ctx.effects.push(Effect::Explain { figure: root.clone(), offset: 0, beside, past: past.clone() });
        ctx.push(Self {
            reading: Some((0, root)),
            past,
            lines: Vec::new(),
            problem: None,
            cursor: SelectedRow::default(),
        });
    }

    fn enter(&mut self, ctx: &mut Ctx<'_>) {
        let Some(line) = self.lines.get(self.cursor.at) else { return };
        let (figure, offset) = match &line.kind {
            LineKind::Node { node, open: true } if node.inputs > 0 => return self.fold(),
            LineKind::Node { node, .. } => (node.figure.clone(), 0),
            LineKind::More { figure, offset, .. } => (figure.clone(), *offset),
        };
        let figure = KnownFigure { figure, after: line.after };
        self.reading = Some((self.cursor.at, figure.clone()));
        let past = self.past.clone();
        ctx.effects.push(Effect::Explain { figure, offset, beside: Vec::new(), past });
    }

    /// Closes the selected figure, or the one that it is an input of.
    fn fold(&mut self) {
        let Some(line) = self.lines.get(self.cursor.at) else { return };
        let is_open = matches!(&line.kind, LineKind::Node { node, open: true } if node.inputs > 0);
        let at = if is_open {
            self.cursor.at
        } else {
            let depth = line.depth;
            let before = self.lines[..self.cursor.at].iter().rposition(|other| other.depth < depth);
            let Some(parent) = before else { return };
            parent
        };
        let depth = self.lines[at].depth;
        let end = self.lines[at + 1..].iter().position(|line| line.depth <= depth);
        let end = end.map_or(self.lines.len(), |end| at + 1 + end);
        self.lines.drain(at + 1..end);
        if let LineKind::Node { open, .. } = &mut self.lines[at].kind {
            *open = false;
        }
        self.cursor.at = at;
    }

    fn take(&mut self, wanted: &KnownFigure, offset: usize, explained: &Explained, ctx: &mut Ctx<'_>) {
        let at = self.reading.take().map_or(0, |(at, _)| at);
        self.past.extend(explained.past.iter().map(|(change, state)| (*change, state.clone())));
        let KnownFigure { figure, after } = wanted;
        if self.lines.is_empty() {
            let first = explained.node.iter().map(|node| (*after, node.clone()));
            let roots = first.chain(explained.beside.iter().cloned());
            self.lines = roots.map(|(after, node)| Line::node(0, after, node)).collect();
            if self.lines.is_empty() {
                self.problem = Some("This figure is not known.".to_owned());
            }
        } else if explained.node.as_ref().is_some_and(|node| node.inputs == 0) {
            let label = explained.node.as_ref().map(|node| node.label.clone()).unwrap_or_default();
            ctx.push(TextPage::new(label, source_text(explained.place.as_ref())));
            return;
        }
        let Some(node) = &explained.node else { return };
        let is_read = |line: &Line| {
            line.after == *after
                && match &line.kind {
                    LineKind::Node { node, .. } => offset == 0 && node.figure == *figure,
                    LineKind::More { figure: own, offset: from, .. } => own == figure && *from == offset,
                }
        };
        // A figure can be an input of several others: the line that was entered is opened.
        let entered = self.lines.get(at).is_some_and(is_read).then_some(at);
        let place = entered.or_else(|| self.lines.iter().position(is_read));
        let Some(place) = place else { return };
        let depth = match &mut self.lines[place].kind {
            LineKind::Node { open: true, .. } => return,
            LineKind::Node { open, node: shown } => {
                // In a list of rows a trade has no inputs yet.
                shown.inputs = node.inputs;
                *open = true;
                self.lines[place].depth + 1
            }
            LineKind::More { .. } => self.lines.remove(place).depth,
        };
        let first = if offset == 0 { place + 1 } else { place };
        let shown = offset + explained.inputs.len();
        let inputs = explained.inputs.iter().cloned();
        let mut new: Vec<Line> = inputs.map(|node| Line::node(depth, *after, node)).collect();
        if shown < node.inputs && !explained.inputs.is_empty() {
            let left = node.inputs - shown;
            let kind = LineKind::More { figure: figure.clone(), offset: shown, left };
            new.push(Line { depth, after: *after, kind });
        }
        self.lines.splice(first..first, new);
    }
}

/// The text of a source as a page.
pub(super) fn source_text(place: Option<&SourcePlace>) -> String {
    let Some(place) = place else {
        return "The source of this figure is not kept: it came from an edit, or from a reply of an earlier version."
            .to_owned();
    };
    let at = match (&place.line, &place.path) {
        (Some(line), _) => format!(", line {line}"),
        (None, Some(path)) => format!(", {path}"),
        (None, None) => String::new(),
    };
    let mut page = format!("# {}{at}\n", text::clean(&place.file));
    let first = place.first_line.unwrap_or_default();
    for (number, line) in (first..).zip(place.text.lines()) {
        let mark = if place.line == Some(number) { "> " } else { "" };
        let _ = writeln!(page, "{mark}{}", text::clean(line));
    }
    page
}

impl Pane for ExplainTree {
    fn place(&self) -> KeyPlace {
        KeyPlace::Explain
    }

    fn act(&mut self, action: Action, ctx: &mut Ctx<'_>) {
        if self.cursor.act(action, self.lines.len(), ctx.page) {
            return;
        }
        match action {
            Action::Open | Action::In => self.enter(ctx),
            Action::Out => self.fold(),
            _ => {}
        }
    }

    fn click(&mut self, _list: ListId, index: usize, ctx: &mut Ctx<'_>) {
        if self.cursor.click(index) {
            self.enter(ctx);
        }
    }

    fn scroll(&mut self, _list: ListId, rows: isize, _ctx: &mut Ctx<'_>) {
        self.cursor.scroll(rows, self.lines.len());
    }

    fn receive(&mut self, news: &PaneNews<'_>, ctx: &mut Ctx<'_>) -> bool {
        match news {
            PaneNews::Loaded(WorkerAnswer::Explained { figure, offset, result })
                if self.reading.as_ref().is_some_and(|(_, read)| read == figure) =>
            {
                match result {
                    Ok(explained) => self.take(figure, *offset, explained, ctx),
                    Err(error) => {
                        self.reading = None;
                        self.problem = Some(error.to_string());
                    }
                }
                true
            }
            PaneNews::Loaded(_) | PaneNews::Engine(_) | PaneNews::Fresh | PaneNews::Columns(..) => false,
        }
    }

    fn draw(&self, scene: &mut Scene<'_>, area: Rect) {
        let chosen = self.lines.get(self.cursor.at).map(Line::address);
        let address = chosen.unwrap_or_default();
        // In the frame, or in lines below the tree where it is longer.
        let fits = width(TITLE) + width(&address) + 7 < usize::from(area.width);
        let mut inner = scene.overlay(area, TITLE, if fits { &address } else { "" });
        let theme = scene.paint.theme;
        if !fits {
            let lines = wrap(&format!("address: {address}"), usize::from(inner.width.saturating_sub(2)));
            let taken = u16::try_from(lines.len()).unwrap_or(u16::MAX).min(inner.height / 2);
            let rest = inner.height - taken;
            for (line, row) in lines.iter().zip(rows(padded(below(inner, rest)))) {
                scene.paint.text(row, line, theme.muted);
            }
            inner.height = rest;
        }
        if self.lines.is_empty() {
            let text = self.problem.as_deref().unwrap_or("Reading …");
            scene.paint.paragraph(inner, text, theme.muted);
            return;
        }
        let columns =
            [TableColumn::new("Figure", Size::Flex(20)), TableColumn::new("Amount", Size::Fit(10, 24)).right()];
        let table = TableView {
            list: ListId::Explain,
            columns: &columns,
            len: self.lines.len(),
            selected: Some(self.cursor.at),
            focused: scene.top,
            headers: false,
            sorted: None,
        };
        let masked = scene.paint.masked;
        table.draw(&mut scene.paint, scene.lists, inner, |index| {
            let line = &self.lines[index];
            let indent = "  ".repeat(line.depth);
            match &line.kind {
                LineKind::More { left, .. } => {
                    TableRow::cells(vec![Cell::text(format!("{indent}… {left} more"), theme.muted), Cell::Empty])
                }
                LineKind::Node { node, open } => {
                    let mark = match (node.inputs, open) {
                        (0, _) => "·",
                        (_, true) => "▾",
                        (_, false) => "▸",
                    };
                    let value = match (node.value, node.currency) {
                        _ if masked => HIDDEN.to_owned(),
                        (Some(value), Some(currency)) => amount::money(Money::new(value, currency), false),
                        (Some(value), None) => value.normalize().to_string(),
                        (None, _) => "—".to_owned(),
                    };
                    let style = node.value.map_or(theme.muted, |value| theme.amount(value));
                    TableRow::cells(vec![
                        Cell::text(format!("{indent}{mark} {}", node.label), theme.text),
                        Cell::text(value, style),
                    ])
                }
            }
        });
    }
}
