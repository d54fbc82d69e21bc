//! The inputs of each figure.

use std::ops::Range;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{
    BalancePart, Figure, HeldPart,
    node::{Node, NodeKind},
    parts,
};
use crate::{
    domain::{AccountId, AssetCode, Holding, HoldingId, Money, SnapshotSource, TransactionId, figures::counted},
    ledger::{
        By, LedgerEntry, ListRequest, Query, RowList, View, cash_flow::NO_FLOW, counts, daily::DailyBalance,
        error::Result, query::quoted,
    },
};

/// Rows that count in sums.
const COUNTED: &str = "-status:=cancelled -status:=failed";
/// Rows that move a balance.
pub(super) const MOVING: &str = "status:=settled -sub:=journal -sub:=reinvestment";

/// Explains the figures of a view as of one day. Needs the columns.
#[derive(Debug, Clone)]
pub struct Explainer {
    view: View,
    day: NaiveDate,
}

impl Figure {
    /// The sum of the rows of a query that count in sums.
    #[must_use]
    pub fn counted_rows(account: Option<AccountId>, currency: AssetCode, query: &Query) -> Self {
        Self::Rows { account, currency, subtracted: false, query: query.narrowed(COUNTED) }
    }

    /// A part of the cash flow, whose rows are those of a query of [`crate::ledger::flow_rows`].
    #[must_use]
    pub fn flow_rows(currency: AssetCode, query: &str) -> Self {
        Self::Rows { account: None, currency, subtracted: false, query: format!("{query} {COUNTED}") }
    }

    /// The transfers between own accounts in a period.
    #[must_use]
    pub fn transfers(currency: AssetCode, period: &str) -> Self {
        Self::flow_rows(currency, &format!("date:{} type:=transfer -sub:=journal", period.to_lowercase()))
    }
}

impl Explainer {
    /// Explains figures at the end of `day`.
    #[must_use]
    pub const fn new(view: View, day: NaiveDate) -> Self {
        Self { view, day }
    }

    /// The view.
    #[must_use]
    pub const fn view(&self) -> &View {
        &self.view
    }

    pub(super) const fn day(&self) -> NaiveDate {
        self.day
    }

    /// A figure; `None` for an unknown address.
    ///
    /// # Errors
    /// When the store can't be read, or the columns are not loaded.
    pub fn node(&self, figure: &Figure) -> Result<Option<Node>> {
        let node = match figure {
            Figure::NetWorth(None) => self.net_worth(figure)?,
            Figure::NetWorth(Some(currency)) => {
                let worth = self.view.net_worth(self.day)?;
                let line = worth.lines.iter().find(|line| line.total.currency == *currency);
                line.map(|line| Node::sum(figure, format!("net worth in {currency}"), line.total, line.accounts))
            }
            Figure::Balance(account) => self.balance(figure, *account)?,
            Figure::Stated(account, date, part) => self.stated(figure, *account, *date, *part)?,
            Figure::StatedPosition(..) | Figure::StatedRest(..) => self.stated_position(figure)?,
            other if parts::is_part(other) => parts::node(&self.view, self.day, other)?,
            other if other.is_compound() => self.compound(other)?,
            Figure::Row(id) => match self.view.entry(*id)? {
                Some(entry) => {
                    let inputs = self.parts_of_amount(&entry)?.len();
                    let leaf = row(&entry, false);
                    let kind = if inputs > 0 { NodeKind::Sum } else { leaf.kind };
                    Some(Node { kind, inputs, ..leaf })
                }
                None => None,
            },
            Figure::CashFlow(period, currency) => self.cash_flow(figure, period, *currency)?,
            Figure::Group(by, value, currency) => self.group(figure, *by, value, *currency)?,
            Figure::Rows { .. } => self.rows(figure)?,
            Figure::HoldingGain(id)
            | Figure::HoldingValue(id)
            | Figure::HoldingCost(id)
            | Figure::HoldingQuantity(id)
            | Figure::HoldingPrice(id)
            | Figure::HoldingMultiplier(id) => match self.holding(*id)? {
                Some(held) if self.has_computed_price(figure, &held)? => {
                    let inputs = 2 + usize::from(has_multiplier(&held));
                    Some(Node { kind: NodeKind::Ratio, inputs, ..holding(figure, &held) })
                }
                held => held.map(|held| holding(figure, &held)),
            },
            _ => None,
        };
        Ok(node)
    }

    /// The inputs of a figure, from `offset` on.
    ///
    /// # Errors
    /// As [`Explainer::node`].
    pub fn inputs(&self, figure: &Figure, range: Range<usize>) -> Result<Vec<Node>> {
        if let Figure::Rows { subtracted, .. } = figure {
            let Some((list, places)) = self.row_list(figure)? else { return Ok(Vec::new()) };
            let mut nodes = Vec::new();
            for place in places.into_iter().skip(range.start).take(range.len()) {
                let entry = list.id(place).map(|id| self.view.entry(id)).transpose()?.flatten();
                nodes.extend(entry.map(|entry| row(&entry, *subtracted)));
            }
            return Ok(nodes);
        }
        let mut nodes = Vec::new();
        for input in self.addresses(figure)?.into_iter().skip(range.start).take(range.len()) {
            nodes.extend(self.node(&input)?);
        }
        Ok(nodes)
    }

    /// The addresses of the inputs of a figure that is not a sum of rows.
    pub(super) fn addresses(&self, figure: &Figure) -> Result<Vec<Figure>> {
        Ok(match figure {
            other if parts::is_part(other) => parts::inputs(&self.view, self.day, other, MOVING)?,
            other if other.is_compound() => self.compound_inputs(other)?,
            Figure::NetWorth(None) => {
                let lines = self.view.net_worth(self.day)?.lines;
                match lines.as_slice() {
                    [only] => self.addresses(&Figure::NetWorth(Some(only.total.currency)))?,
                    lines => lines.iter().map(|line| Figure::NetWorth(Some(line.total.currency))).collect(),
                }
            }
            Figure::NetWorth(Some(currency)) => {
                let daily = self.view.daily()?;
                let counting = daily.histories().iter().filter(|history| history.counts_on(self.day));
                let known = counting
                    .filter(|history| history.on(self.day).is_some_and(|figure| figure.balance.currency == *currency));
                known.map(|history| Figure::Balance(history.account())).collect()
            }
            Figure::Balance(account) => {
                let daily = self.view.daily()?;
                let Some(figure) = daily.history(*account).and_then(|history| history.on(self.day)) else {
                    return Ok(Vec::new());
                };
                let stated = Figure::Stated(*account, figure.stated_on, BalancePart::Whole);
                [stated].into_iter().chain(self.rows_between(*account, &figure)).collect()
            }
            Figure::Row(id) => match self.view.entry(*id)? {
                Some(entry) => self.parts_of_amount(&entry)?,
                None => Vec::new(),
            },
            Figure::HoldingGain(id) => {
                vec![Figure::HoldingValue(*id), Figure::Less(Box::new(Figure::HoldingCost(*id)))]
            }
            Figure::HoldingPrice(id) => match self.holding(*id)? {
                Some(held) if self.has_computed_price(figure, &held)? => {
                    let mut parts = vec![Figure::HoldingValue(*id), Figure::HoldingQuantity(*id)];
                    parts.extend(has_multiplier(&held).then_some(Figure::HoldingMultiplier(*id)));
                    parts
                }
                _ => Vec::new(),
            },
            Figure::HoldingValue(id) => match self.holding(*id)? {
                Some(held) if held.facts.market_value.is_none() && held.facts.value().is_some() => {
                    let mut factors = vec![Figure::HoldingQuantity(*id), Figure::HoldingPrice(*id)];
                    factors.extend(has_multiplier(&held).then_some(Figure::HoldingMultiplier(*id)));
                    factors
                }
                _ => Vec::new(),
            },
            Figure::CashFlow(period, Some(currency)) => {
                let side = |sign: &str| Figure::Rows {
                    account: None,
                    currency: *currency,
                    subtracted: false,
                    query: format!("date:{} amt{sign}0 {NO_FLOW} {COUNTED}", period.to_lowercase()),
                };
                vec![side(">"), side("<")]
            }
            Figure::CashFlow(period, None) => {
                let query = format!("date:{} {NO_FLOW} {COUNTED}", period.to_lowercase());
                let each = self.currencies(&query)?;
                match each.as_slice() {
                    [only] => self.addresses(&Figure::CashFlow(period.clone(), Some(*only)))?,
                    each => each.iter().map(|code| Figure::CashFlow(period.clone(), Some(*code))).collect(),
                }
            }
            Figure::Group(by, value, None) => {
                let each = self.currencies(&group_query(*by, value))?;
                match each.as_slice() {
                    [only] => self.addresses(&Figure::Group(*by, value.clone(), Some(*only)))?,
                    each => each.iter().map(|code| Figure::Group(*by, value.clone(), Some(*code))).collect(),
                }
            }
            Figure::Group(by, value, Some(currency)) => {
                vec![Figure::Rows {
                    account: None,
                    currency: *currency,
                    subtracted: false,
                    query: format!("{} {COUNTED}", group_query(*by, value)),
                }]
            }
            Figure::Stated(account, date, BalancePart::Whole) => {
                let node = self.stated(figure, *account, *date, BalancePart::Whole)?;
                let parts =
                    [BalancePart::Cash, BalancePart::Securities].map(|part| Figure::Stated(*account, *date, part));
                if node.is_some_and(|node| node.inputs > 0) { parts.to_vec() } else { Vec::new() }
            }
            Figure::Stated(account, date, BalancePart::Securities) => {
                self.stated_securities(*account, *date)?.map(|held| held.figures(*account, *date)).unwrap_or_default()
            }
            Figure::StatedPosition(account, date, id, HeldPart::Value) => {
                let Some(held) = self.stated_securities(*account, *date)? else { return Ok(Vec::new()) };
                let parts = held.factors(&self.view, *id)?.into_iter();
                parts.map(|part| Figure::StatedPosition(*account, *date, *id, part)).collect()
            }
            _ => Vec::new(),
        })
    }

    /// The rows between the stated balance that a figure starts from and the day.
    pub(super) fn rows_between(&self, account: AccountId, figure: &DailyBalance) -> Option<Figure> {
        let (first, last) = (figure.stated_on.min(self.day), figure.stated_on.max(self.day));
        let first = first.succ_opt().filter(|first| *first <= last && figure.rows_count)?;
        Some(Figure::Rows {
            account: Some(account),
            currency: figure.balance.currency,
            subtracted: figure.stated_on > self.day,
            query: format!("date:{first}..{last} {MOVING}"),
        })
    }

    fn net_worth(&self, figure: &Figure) -> Result<Option<Node>> {
        let worth = self.view.net_worth(self.day)?;
        let label = format!("net worth on {}", self.day);
        Ok(match worth.lines.as_slice() {
            [] if !worth.too_large.is_empty() => {
                let label = format!("{label} has more than 28 digits");
                Some(Node { kind: NodeKind::Unknown, ..Node::per_currency(figure, label, 0) })
            }
            [] => None,
            [only] => Some(Node::sum(figure, label, only.total, only.accounts)),
            lines => Some(Node::per_currency(figure, label, lines.len())),
        })
    }

    fn balance(&self, figure: &Figure, account: AccountId) -> Result<Option<Node>> {
        let Some(line) = self.view.account(account) else { return Ok(None) };
        let daily = self.view.daily()?;
        let found = daily.history(account).and_then(|history| history.on(self.day));
        let label = format!("balance of {} on {}", line.account.display_name(), self.day);
        Ok(Some(match found {
            Some(found) => {
                let inputs = 1 + usize::from(found.rows_count);
                let mut node = Node::sum(figure, label, found.balance, inputs);
                if let Some(held) = found.securities {
                    node.label = format!("{} (securities of {})", node.label, held.as_of);
                }
                node
            }
            None => Node {
                figure: figure.clone(),
                label,
                value: None,
                currency: Some(line.account.currency),
                kind: NodeKind::Unknown,
                inputs: 0,
            },
        }))
    }

    fn stated(&self, figure: &Figure, account: AccountId, date: NaiveDate, part: BalancePart) -> Result<Option<Node>> {
        let daily = self.view.daily()?;
        let Some(history) = daily.history(account) else { return Ok(None) };
        let stated = history.stated().iter().find(|stated| stated.date == date);
        let source = |change| -> Result<String> {
            Ok(self.view.change(change)?.map(|change| change.source).unwrap_or_default())
        };
        let Some((stated, value)) = stated.and_then(|stated| Some((stated, part.of(stated)?))) else { return Ok(None) };
        let name = match part {
            BalancePart::Whole => "stated",
            BalancePart::Cash => "cash stated",
            BalancePart::Securities => "securities stated",
            BalancePart::Available => "available, stated",
        };
        let label = match stated.source {
            SnapshotSource::Manual => format!("{name} for {date} by hand"),
            other => {
                let how = other.to_string().replace('_', " ");
                format!("{name} for {date} ({how}, {})", source(stated.change_id)?)
            }
        };
        if part == BalancePart::Whole && stated.securities.is_some() {
            return Ok(Some(Node::sum(figure, label, Money::new(value, stated.currency), 2)));
        }
        if part == BalancePart::Securities {
            let parts = self.stated_securities(account, date)?.map_or(0, |held| held.len());
            if parts > 0 {
                return Ok(Some(Node::sum(figure, label, Money::new(value, stated.currency), parts)));
            }
        }
        Ok(Some(Node::leaf(figure, label, value, Some(stated.currency), NodeKind::Stated)))
    }

    fn cash_flow(&self, figure: &Figure, period: &str, currency: Option<AssetCode>) -> Result<Option<Node>> {
        let query = format!("date:{} {NO_FLOW} {COUNTED}", period.to_lowercase());
        let parsed = Query::parse(&query, self.day);
        if !parsed.problems().is_empty() {
            return Ok(None);
        }
        let label = format!("cash flow of {period}");
        let found = self.total(figure, label.clone(), &query, currency, 2)?;
        let (None, Some(currency)) = (&found, currency) else { return Ok(found) };
        // Only transfers, which are no flow.
        let any = self.list(None, &format!("date:{} cur:={currency}", period.to_lowercase()))?;
        let nothing = Node::sum(figure, format!("{label} in {currency}"), Money::new(Decimal::ZERO, currency), 2);
        Ok((!any.is_empty()).then_some(nothing))
    }

    fn group(&self, figure: &Figure, by: By, value: &str, currency: Option<AssetCode>) -> Result<Option<Node>> {
        let query = group_query(by, value);
        if !Query::parse(&query, self.day).problems().is_empty() {
            return Ok(None);
        }
        let label = if value.is_empty() { format!("no {by}") } else { format!("{by} {value}") };
        self.total(figure, label, &query, currency, 1)
    }

    /// The sum of the rows of a query; one per currency where no currency is named and there are several.
    fn total(
        &self,
        figure: &Figure,
        label: String,
        query: &str,
        currency: Option<AssetCode>,
        inputs: usize,
    ) -> Result<Option<Node>> {
        let sums = self.list(None, query)?.sums();
        Ok(match (currency, sums.as_slice()) {
            (Some(currency), sums) => {
                let own = sums.iter().find(|(total, _)| total.currency == currency);
                own.map(|(total, _)| Node::sum(figure, format!("{label} in {currency}"), *total, inputs))
            }
            (None, []) => None,
            (None, [(only, _)]) => Some(Node::sum(figure, label, *only, inputs)),
            (None, sums) => Some(Node::per_currency(figure, label, sums.len())),
        })
    }

    fn currencies(&self, query: &str) -> Result<Vec<AssetCode>> {
        Ok(self.list(None, query)?.sums().into_iter().map(|(total, _)| total.currency).collect())
    }

    pub(super) fn list(&self, account: Option<AccountId>, query: &str) -> Result<RowList> {
        self.view.list(&ListRequest { account, query: Query::parse(query, self.day), ..ListRequest::default() })
    }

    /// The rows of a sum of rows, and the places of those that count.
    fn row_list(&self, figure: &Figure) -> Result<Option<(RowList, Range<usize>)>> {
        let Figure::Rows { account, currency, query, .. } = figure else { return Ok(None) };
        let list = self.list(*account, &Query::parse(query, self.day).narrowed(&format!("cur:={currency}")))?;
        let all = 0..list.len();
        Ok(Some((list, all)))
    }

    fn rows(&self, figure: &Figure) -> Result<Option<Node>> {
        let Figure::Rows { currency, subtracted, query, .. } = figure else { return Ok(None) };
        if !Query::parse(query, self.day).problems().is_empty() {
            return Ok(None);
        }
        let Some((list, places)) = self.row_list(figure)? else { return Ok(None) };
        let total = list.sums().first().map_or(Decimal::ZERO, |(total, _)| total.amount);
        let total = if *subtracted { -total } else { total };
        let word = if *subtracted { "less " } else { "" };
        let label = format!("{word}{}", counted(places.len(), "row"));
        Ok(Some(Node::sum(figure, label, Money::new(total, *currency), places.len())))
    }

    pub(super) fn holding(&self, id: HoldingId) -> Result<Option<Holding>> {
        Ok(self.view.holdings()?.into_iter().map(|line| line.holding).find(|holding| holding.id == id))
    }

    /// Whether a row counts in sums.
    #[must_use]
    pub fn counts(entry: &LedgerEntry) -> bool {
        counts(entry.transaction.facts.status)
    }
}

/// The rows of a group as a query: whole values for texts.
fn group_query(by: By, value: &str) -> String {
    let whole = |key: &str| if value.is_empty() { format!("{key}:=") } else { format!("{key}:={}", quoted(value)) };
    match by {
        By::Day | By::Week | By::Month | By::Quarter | By::Year => format!("date:{}", value.to_lowercase()),
        By::Payee => whole("payee"),
        By::Account => whole("acct"),
        By::Institution => whole("inst"),
        By::Type => whole("type"),
        By::Subtype => whole("sub"),
        By::Status => whole("status"),
        By::Category => whole("cat"),
        By::Symbol => whole("sym"),
        By::Currency => whole("cur"),
    }
}

fn row(entry: &LedgerEntry, subtracted: bool) -> Node {
    let facts = &entry.transaction.facts;
    let label = format!("{} {}", facts.date, entry.payee());
    let amount = if subtracted { -facts.amount } else { facts.amount };
    Node::leaf(&row_figure(entry.transaction.id), label, amount, Some(facts.currency), NodeKind::Row)
}

const fn row_figure(id: TransactionId) -> Figure {
    Figure::Row(id)
}

fn has_multiplier(held: &Holding) -> bool {
    held.facts.multiplier != Decimal::ONE
}

fn holding(figure: &Figure, held: &Holding) -> Node {
    let facts = &held.facts;
    let currency = Some(facts.currency);
    let stated = |name: &str, value: Option<Decimal>, currency| Node {
        figure: figure.clone(),
        label: format!("{name} of {} on {}", facts.symbol, held.as_of),
        value,
        currency,
        kind: if value.is_some() { NodeKind::Stated } else { NodeKind::Unknown },
        inputs: 0,
    };
    match figure {
        Figure::HoldingGain(_) => {
            let node = stated("gain", facts.gain(), currency);
            if node.value.is_some() {
                Node { kind: NodeKind::Sum, inputs: 2, ..node }
            } else {
                Node { inputs: 2, ..node }
            }
        }
        Figure::HoldingValue(_) if facts.market_value.is_none() && facts.value().is_some() => {
            let inputs = 2 + usize::from(has_multiplier(held));
            Node { kind: NodeKind::Product, inputs, ..stated("value", facts.value(), currency) }
        }
        Figure::HoldingValue(_) => stated("value", facts.value(), currency),
        Figure::HoldingCost(_) => stated("cost", facts.cost_basis, currency),
        Figure::HoldingQuantity(_) => stated("quantity", Some(facts.quantity), None),
        Figure::HoldingMultiplier(_) => stated("units in one contract", Some(facts.multiplier), None),
        _ => stated("price", facts.price, currency),
    }
}
