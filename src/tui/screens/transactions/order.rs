//! Trades that fill one order: one line of the list that opens to its parts.
//!
//! INVARIANT: the line at an index is found in constant time: the listing contains the lines,
//! and at most one of them is open.

use std::ops::Range;

use rust_decimal::Decimal;

use crate::{
    domain::{Money, TransactionId, figures::round},
    ledger::{
        LedgerEntry, RowList,
        explain::{Figure, RowPart, RowSumPart},
    },
    tui::{
        component::{detail::DetailLine, scene::Scene},
        overlay::MenuEntry,
        snapshot::{LedgerSnapshot, trade},
        widget::amount::{self, AmountHalves, plain},
    },
};

/// The content of a line; rows by their index in the listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum LineContent {
    Row(usize),
    /// All fills of an order.
    Order(Range<usize>),
    /// One fill below its order.
    Fill(usize),
}

impl LineContent {
    /// The row, or the first one of an order.
    pub(super) const fn first(&self) -> usize {
        match self {
            Self::Row(place) | Self::Fill(place) => *place,
            Self::Order(places) => places.start,
        }
    }
}

/// The order that is open, if any.
#[derive(Debug, Default)]
pub(super) struct OpenOrder {
    /// Its line, and its first row, which identifies it in the next listing.
    open: Option<(usize, TransactionId)>,
}

impl OpenOrder {
    /// Number of lines.
    pub(super) fn len(&self, listing: &RowList) -> usize {
        listing.lines() + self.open.map_or(0, |(line, _)| listing.line(line).len())
    }

    /// The content of a line.
    pub(super) fn item(&self, listing: &RowList, at: usize) -> LineContent {
        let mut line = at;
        if let Some((open, _)) = self.open.filter(|(open, _)| at > *open) {
            let places = listing.line(open);
            let fill = at - open - 1;
            if fill < places.len() {
                return LineContent::Fill(places.start + fill);
            }
            line = at - places.len();
        }
        let places = listing.line(line);
        if places.len() > 1 { LineContent::Order(places) } else { LineContent::Row(places.start) }
    }

    /// The line of the row at an index of the listing: inside its order if that is open.
    pub(super) fn shown_at(&self, listing: &RowList, place: usize) -> usize {
        let line = listing.line_of(place);
        match self.open {
            Some((open, _)) if open == line => line + 1 + place.saturating_sub(listing.line(line).start),
            Some((open, _)) if open < line => line + listing.line(open).len(),
            _ => line,
        }
    }

    /// Opens the order with these rows, or closes it; returns its line.
    pub(super) fn toggle(&mut self, listing: &RowList, places: &Range<usize>) -> usize {
        let line = listing.line_of(places.start);
        let was = self.open.take().is_some_and(|(open, _)| open == line);
        self.open = listing.id(places.start).filter(|_| !was).map(|first| (line, first));
        line
    }

    pub(super) fn is_open(&self, line: usize) -> bool {
        self.open.is_some_and(|(open, _)| open == line)
    }

    /// Closes the open order; returns its line.
    pub(super) fn close(&mut self) -> Option<usize> {
        self.open.take().map(|(line, _)| line)
    }

    /// Finds the open order in a new listing.
    pub(super) fn listed(&mut self, listing: &RowList) {
        self.open = self.open.and_then(|(_, first)| {
            let line = listing.line_of(listing.position_of(first)?);
            (listing.line(line).len() > 1).then_some((line, first))
        });
    }
}

/// An order from its fills.
pub(super) struct FilledOrder {
    /// The first fills; all of them unless there are very many.
    fills: Vec<LedgerEntry>,
    pub(super) count: usize,
    pub(super) sum: Money,
    /// Sum of all fills, signed; `None` if one fill has no quantity.
    quantity: Option<Decimal>,
    /// Weighted by quantity.
    average: Option<Decimal>,
}

impl FilledOrder {
    /// Reads at most `most` fills; with more of them quantity and average are `None`.
    pub(super) fn read(
        listing: &RowList,
        places: Range<usize>,
        most: usize,
        snapshot: &LedgerSnapshot,
    ) -> Option<Self> {
        let (count, sum) = (places.len(), listing.sum(places.clone())?);
        let ids = listing.ids(places.start..places.end.min(places.start + most)).ok()?;
        let fills: Vec<LedgerEntry> = ids.into_iter().filter_map(|id| snapshot.entry(id)).collect();
        let security = |entry: &LedgerEntry| entry.transaction.facts.security.clone();
        let quantity_of = |entry: &LedgerEntry| security(entry)?.quantity;
        let value_of = |entry: &LedgerEntry| quantity_of(entry)?.checked_mul(security(entry)?.unit_price?);
        let total = |value: &dyn Fn(&LedgerEntry) -> Option<Decimal>| {
            let all = fills.len() == count;
            fills.iter().try_fold(Decimal::ZERO, |sum, entry| sum.checked_add(value(entry)?)).filter(|_| all)
        };
        let quantity = total(&quantity_of);
        let average = total(&value_of).zip(quantity).and_then(|(value, quantity)| value.checked_div(quantity));
        let average = average.map(|average| round(average, 6));
        Some(Self { fills, count, sum, quantity, average })
    }

    /// The figures of the order; with more fills than are read, only those of the rows read.
    pub(super) fn figures(&self) -> Vec<Figure> {
        let ids: Vec<TransactionId> = self.fills.iter().map(|fill| fill.transaction.id).collect();
        let sums = RowSumPart::ALL.iter().map(|part| Figure::RowSum(*part, ids.clone()));
        let parts = [RowPart::Quantity, RowPart::Price, RowPart::Commission, RowPart::Fees];
        let of_fill = |id: &TransactionId| {
            let id = *id;
            [Figure::Row(id)].into_iter().chain(parts.map(|part| Figure::RowPart(id, part)))
        };
        sums.chain(ids.iter().flat_map(of_fill)).collect()
    }

    pub(super) fn first(&self) -> Option<&LedgerEntry> {
        self.fills.first()
    }

    /// `Buy 10 AAPL at 150.25`; without figures if `masked`.
    pub(super) fn label(&self, masked: bool) -> String {
        let Some(entry) = self.fills.first() else { return String::new() };
        if let Some(own) = entry.user.payee.as_ref().filter(|own| !own.is_empty()) {
            return own.clone();
        }
        let shown = |value: Option<Decimal>| value.filter(|_| !masked).map(plain);
        trade(&entry.transaction.facts, shown(self.quantity.map(|quantity| quantity.abs())), shown(self.average))
    }
}

impl FilledOrder {
    /// The copy menu of an order.
    pub(super) fn copies(&self, masked: bool) -> Vec<MenuEntry<String>> {
        let choice = |letter, title: &str, detail: String, value: String| MenuEntry {
            letter,
            title: title.to_owned(),
            detail,
            value,
        };
        let mut choices = vec![
            choice('a', "amount", amount::money(self.sum, masked), self.sum.amount.to_string()),
            choice('p', "text", self.label(masked), self.label(false)),
        ];
        let security = self.first().and_then(|entry| entry.transaction.facts.security.as_ref());
        if let Some(group) = security.and_then(|security| security.group.as_deref()) {
            choices.push(choice('i', "order", group.to_owned(), group.to_owned()));
        }
        choices
    }
}

/// Most fills read for a line, which bounds the time of drawing.
pub(super) const FEW: usize = 32;
/// Most fills read for the detail.
pub(super) const MOST: usize = 200;

/// The detail of an order and its fills.
pub(super) fn details(order: &FilledOrder, scene: &Scene<'_>) -> Vec<DetailLine> {
    let Some(entry) = order.fills.first() else { return Vec::new() };
    let theme = scene.paint.theme;
    let masked = scene.paint.masked;
    let facts = &entry.transaction.facts;
    let shown = |value: Option<Decimal>| {
        value
            .map(|value| AmountHalves::quantity(value, masked))
            .map(|figure| figure.whole + &figure.fraction)
            .unwrap_or_default()
    };
    let extra = |pick: fn(&crate::domain::Security) -> Option<Decimal>| {
        let values = order.fills.iter().filter_map(|entry| pick(entry.transaction.facts.security.as_ref()?));
        values.reduce(Decimal::saturating_add)
    };
    let mut lines = vec![
        DetailLine::Heading(order.label(masked)),
        DetailLine::Blank,
        DetailLine::Text(
            format!("{}   {}", amount::money(order.sum, masked), facts.status),
            theme.amount(order.sum.amount),
        ),
        DetailLine::Text(format!("{} ({})", facts.date, scene.moment.age(facts.date)), theme.text),
        DetailLine::Text(scene.snapshot.account_label(entry.transaction.account_id), theme.text),
        DetailLine::Text(format!("one order in {} fills", plain(order.count.into())), theme.muted),
        DetailLine::Blank,
        DetailLine::pair("quantity", shown(order.quantity)),
        DetailLine::pair("average", shown(order.average)),
        DetailLine::pair("commission", shown(extra(|security| security.commission))),
        DetailLine::pair("fees", shown(extra(|security| security.fees))),
        DetailLine::pair(
            "order",
            facts.security.as_ref().and_then(|security| security.group.as_deref()).unwrap_or_default(),
        ),
        DetailLine::Blank,
        DetailLine::Heading("Fills".to_owned()),
    ];
    for fill in &order.fills {
        let facts = &fill.transaction.facts;
        let security = facts.security.as_ref();
        let (quantity, price) = security.map_or((None, None), |security| (security.quantity, security.unit_price));
        let price = if price.is_some() { format!(" at {}", shown(price)) } else { String::new() };
        let text = format!(
            "{}{price}   {}",
            shown(quantity),
            AmountHalves::money(facts.amount, facts.currency, masked).aligned(0, 0)
        );
        lines.push(DetailLine::Text(text, theme.text));
    }
    if order.fills.len() < order.count {
        let more = plain((order.count - order.fills.len()).into());
        lines.push(DetailLine::Text(format!("and {more} more"), theme.muted));
    }
    lines.extend([DetailLine::Blank, DetailLine::Text("Enter opens it in the list.".to_owned(), theme.key)]);
    lines
}
