//! Money in and out by month, in the place of the history: months as columns, kinds or categories as lines.

use ratatui::layout::Rect;
use rust_decimal::Decimal;

use super::flow_table::{FlowLine, FlowTable};
use crate::{
    domain::{AssetCode, figures::rounded},
    ledger::{CashFlow, FlowSplit, explain::Figure, flow_rows},
    tui::{
        action::Action,
        component::{
            hit::{ClickTarget, ListId, scrolled},
            pane::Ctx,
            scene::Scene,
        },
        msg::{Effect, EffectError},
        widget::{
            amount::{HIDDEN, difference},
            chart::pillars,
            cursor::SelectedRow,
            paint::{below, padded, rows, shrink_left, top},
            text::width,
        },
    },
};

/// Free columns before a figure.
const GAP: usize = 2;
/// Columns of the mark before a line.
const GUTTER: u16 = 2;
/// Widths of the names of lines.
const NAME: std::ops::RangeInclusive<usize> = 12..=24;
/// Lines from which the pillars are drawn, and most of them.
const PILLARS: std::ops::RangeInclusive<u16> = 6..=16;
/// Least lines of the table; below, one line with the chosen month is drawn.
const TABLE: u16 = 4;

/// State of the pane.
#[derive(Debug, Default)]
pub(super) struct FlowPane {
    /// Whether it takes the place of the history.
    pub(super) shown: bool,
    by_category: bool,
    tables: Option<Vec<(AssetCode, FlowTable)>>,
    /// Ticket of the current request.
    wanted: u64,
    /// The chosen month, counted back from the newest.
    back: usize,
    line: SelectedRow,
}

impl FlowPane {
    /// Shows it, or the history again.
    pub(super) fn toggle(&mut self, ctx: &mut Ctx<'_>) {
        self.shown = !self.shown;
        self.read(ctx);
    }

    /// Divides by category instead of by kind, or the other way round.
    pub(super) fn turn(&mut self, ctx: &mut Ctx<'_>) {
        self.by_category = !self.by_category;
        self.line = SelectedRow::default();
        self.read(ctx);
    }

    /// Requests the flows if they are shown.
    pub(super) fn read(&mut self, ctx: &mut Ctx<'_>) {
        if self.shown {
            self.wanted = ctx.ticket();
            let split = if self.by_category { FlowSplit::Category } else { FlowSplit::Kind };
            ctx.effects.push(Effect::ReadCashFlow { ticket: self.wanted, split });
        }
    }

    /// Takes in the answer to a request.
    pub(super) fn take(&mut self, ticket: u64, flows: &Result<Vec<CashFlow>, EffectError>, ctx: &mut Ctx<'_>) {
        if ticket != self.wanted {
            return;
        }
        match flows {
            Ok(flows) => self.tables = Some(FlowTable::by_currency(flows, ctx.moment.today)),
            Err(error) => ctx.toast(format!("The cash flow could not be read: {error}")),
        }
    }

    fn table(&self, currency: AssetCode) -> Option<&FlowTable> {
        self.tables.as_ref()?.iter().find(|(code, _)| *code == currency).map(|(_, table)| table)
    }

    /// The place of the chosen month in a table.
    fn month(&self, table: &FlowTable) -> usize {
        table.months.len().saturating_sub(1 + self.back)
    }

    /// Moves through months and lines; returns whether the action was a movement.
    pub(super) fn step(&mut self, action: Action, currency: AssetCode, page: usize) -> bool {
        let (months, lines) = self.table(currency).map_or((0, 0), |table| (table.months.len(), table.lines.len()));
        match action {
            Action::Out => self.back = (self.back + 1).min(months.saturating_sub(1)),
            Action::In => self.back = self.back.saturating_sub(1),
            _ => return self.line.act(action, lines, page),
        }
        true
    }

    /// Selects a clicked line; returns whether it was selected before.
    pub(super) fn pick(&mut self, line: usize) -> bool {
        std::mem::replace(&mut self.line.at, line) == line
    }

    pub(super) fn scroll(&mut self, by: isize, currency: AssetCode) {
        let lines = self.table(currency).map_or(0, |table| table.lines.len());
        self.line.scroll(by, lines);
    }

    /// The rows behind the chosen figure, as a query.
    pub(super) fn rows(&self, currency: AssetCode) -> Option<String> {
        let table = self.table(currency)?;
        let month = table.months.get(self.month(table))?;
        let query = match table.lines.get(self.line.at)? {
            FlowLine { share: Some((incoming, share)), .. } => flow_rows(month, *incoming, share.borrowed()),
            FlowLine { is_transfers: true, .. } => format!("date:{month} type:=transfer"),
            FlowLine { .. } => format!("date:{month}"),
        };
        let several = self.tables.as_ref().is_some_and(|tables| tables.len() > 1);
        Some(if several { format!("{query} cur:={currency}") } else { query })
    }

    /// The figures of the pane: the chosen line and the other lines of the chosen month.
    pub(super) fn figures(&self, currency: AssetCode) -> Vec<Figure> {
        let Some(table) = self.table(currency) else { return Vec::new() };
        let Some(month) = table.months.get(self.month(table)) else { return Vec::new() };
        let figure = |line: &FlowLine| match line {
            FlowLine { share: Some((incoming, share)), .. } => {
                Figure::flow_rows(currency, &flow_rows(month, *incoming, share.borrowed()))
            }
            FlowLine { is_transfers: true, .. } => Figure::transfers(currency, month),
            FlowLine { .. } => Figure::CashFlow(month.clone(), Some(currency)),
        };
        let chosen = table.lines.get(self.line.at).map(figure);
        let month = Figure::CashFlow(month.clone(), Some(currency));
        chosen.into_iter().chain([month]).chain(table.lines.iter().map(figure)).collect()
    }

    pub(super) fn draw(&self, currency: AssetCode, scene: &mut Scene<'_>, area: Rect, focused: bool) {
        let split = if self.by_category { "category" } else { "kind" };
        let title = format!("Money in and out · {currency} · by {split}");
        let masked = scene.paint.masked;
        let table = self.table(currency);
        let net = table.and_then(|table| {
            let month = self.month(table);
            Some(format!("{} net {}", table.months.get(month)?, difference(table.net(month, currency)?, masked)))
        });
        let inner = padded(scene.paint.frame(area, &title, &net.unwrap_or_default(), focused));
        let theme = scene.paint.theme;
        match table {
            _ if self.tables.is_none() => {
                scene.paint.text(inner, "Adding up…", theme.muted);
            }
            Some(table) if inner.height < TABLE => self.short(table, currency, scene, inner),
            Some(table) => self.table_of(table, currency, scene, inner, focused),
            None => {
                let text = format!("No money came in or went out in {currency} yet.");
                scene.paint.paragraph(inner, &text, theme.muted);
            }
        }
    }

    /// The chosen month in one line, for panes of a few lines.
    fn short(&self, table: &FlowTable, currency: AssetCode, scene: &mut Scene<'_>, area: Rect) {
        let (theme, masked) = (scene.paint.theme, scene.paint.masked);
        let month = self.month(table);
        let mut pieces = vec![(table.months.get(month).cloned().unwrap_or_default(), theme.header)];
        for line in table.lines.iter().filter(|line| line.is_total) {
            let value = line.values.get(month).copied().unwrap_or_default();
            pieces.push((format!("  {} ", line.name.to_lowercase()), theme.muted));
            pieces.push((figure(value, currency, masked), theme.amount(value)));
        }
        let pieces: Vec<_> = pieces.iter().map(|(text, style)| (text.as_str(), *style)).collect();
        scene.paint.pieces(area, &pieces);
    }

    fn table_of(&self, table: &FlowTable, currency: AssetCode, scene: &mut Scene<'_>, area: Rect, focused: bool) {
        let (theme, masked) = (scene.paint.theme, scene.paint.masked);
        let name = table.lines.iter().map(|line| width(&line.name) + 2).max().unwrap_or(0);
        let name = u16::try_from(name.clamp(*NAME.start(), *NAME.end())).unwrap_or(0) + GUTTER;
        let values = table.lines.iter().flat_map(|line| &line.values);
        let widest = values.map(|value| width(&figure(*value, currency, masked))).max().unwrap_or(0);
        let column = u16::try_from(widest.max("2026-01".len()) + GAP).unwrap_or(u16::MAX);
        let room = area.width.saturating_sub(name);
        let count = usize::from(room / column).clamp(1, table.months.len().max(1));
        let chosen = self.month(table);
        // The newest months, or those that end with the chosen one.
        let end = table.months.len() - self.back.saturating_sub(count - 1).min(table.months.len() - count);
        let shown = end - count..end;
        let cell = |line: Rect, place: usize| {
            let x = name + column * u16::try_from(place).unwrap_or(u16::MAX);
            Rect { width: column.min(line.width.saturating_sub(x)), ..shrink_left(line, x) }
        };
        let needed = u16::try_from(table.lines.len() + 1).unwrap_or(u16::MAX);
        let mut body = area;
        let spare = area.height.saturating_sub(needed + 1);
        if spare >= *PILLARS.start() && !masked {
            let height = spare.min(*PILLARS.end());
            let columns: Vec<Rect> = (0..count).map(|place| shrink_left(cell(top(area, height), place), 2)).collect();
            let columns: Vec<Rect> = columns.into_iter().map(|place| Rect { height, ..place }).collect();
            pillars(&mut scene.paint, &columns, &table.side(true)[shown.clone()], &table.side(false)[shown.clone()]);
            body = below(area, height + 1);
        }
        for (place, month) in shown.clone().enumerate() {
            let style = if month == chosen && focused { theme.title_focus } else { theme.header };
            scene.paint.right(cell(top(body, 1), place), &table.months[month], style);
        }
        let body = below(body, 1);
        let height = usize::from(body.height);
        let at = self.line.at.min(table.lines.len().saturating_sub(1));
        let offset = &mut scene.lists.entry(ListId::Flow).or_default().offset;
        *offset = scrolled(*offset, at, table.lines.len(), height);
        let offset = *offset;
        for ((index, line), row) in table.lines.iter().enumerate().skip(offset).zip(rows(body)) {
            scene.paint.target(row, ClickTarget::Row(ListId::Flow, index));
            let (indent, style) = if line.is_total { (GUTTER, theme.heading) } else { (GUTTER + 2, theme.text) };
            let names = Rect { width: name.min(row.width), ..row };
            scene.paint.text(shrink_left(names, indent), &line.name, style);
            for (place, month) in shown.clone().enumerate() {
                let value = line.values[month];
                let (text, style) = match value.is_zero() {
                    true if line.is_total => (figure(value, currency, masked), theme.muted),
                    true => ("·".to_owned(), theme.muted),
                    false => (figure(value, currency, masked), theme.amount(value)),
                };
                scene.paint.right(cell(row, place), &text, style);
            }
            if focused && index == at {
                scene.paint.style(row, theme.selected);
                scene.paint.text(top(Rect { width: 1.min(row.width), ..row }, 1), "▸", theme.selected);
                if let Some(place) = shown.clone().position(|month| month == chosen) {
                    let area = cell(row, place);
                    scene.paint.style(shrink_left(area, 1), theme.hit);
                }
            }
        }
        scene.paint.scrollbar(body, offset, table.lines.len());
    }
}

fn figure(value: Decimal, currency: AssetCode, masked: bool) -> String {
    if masked { HIDDEN.to_owned() } else { rounded(value, currency) }
}
