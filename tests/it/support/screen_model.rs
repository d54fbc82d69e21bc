//! The figures that the screens must show, computed from the ledger.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use dashtam::testing::{
    domain::{
        AssetCode, HoldingId, TransactionId,
        figures::{grouped, rounded},
    },
    ledger::{AccountLine, By, FlowSplit, ListRequest, Period, Query, View, explain::Figure},
    tui::amount::plain,
};
use rust_decimal::Decimal;

/// The figures of the screens on a day.
pub(crate) struct Model {
    view: View,
    today: NaiveDate,
    /// Parts of net worth by class, and by institution.
    by_class: Vec<String>,
    by_institution: Vec<String>,
    currency: AssetCode,
}

impl Model {
    pub(crate) fn of(view: &View, today: NaiveDate) -> Self {
        let daily = view.daily().unwrap();
        let counts =
            |line: &&AccountLine| daily.history(line.account.id).is_some_and(|history| history.counts_on(today));
        let mut classes: BTreeMap<(String, AssetCode), Decimal> = BTreeMap::new();
        let mut institutions = classes.clone();
        let mut sums: BTreeMap<AssetCode, Decimal> = BTreeMap::new();
        for line in view.accounts().iter().filter(counts) {
            let Some(balance) = line.balance else { continue };
            let (amount, currency) = (balance.current.amount, balance.current.currency);
            let class = line.account.kind().category().to_string();
            *classes.entry((class, currency)).or_default() += amount;
            *institutions.entry((line.account.institution.clone(), currency)).or_default() += amount;
            *sums.entry(currency).or_default() += amount;
        }
        let totals: Vec<String> = sums.iter().map(|(currency, sum)| rounded(*sum, *currency)).collect();
        let texts = |parts: &BTreeMap<(String, AssetCode), Decimal>| {
            let parts = parts.iter().map(|((_, currency), sum)| rounded(*sum, *currency));
            parts.chain(totals.iter().cloned()).collect::<Vec<_>>()
        };
        let currency = sums.iter().max_by_key(|(_, sum)| **sum).map_or(AssetCode::USD, |(currency, _)| *currency);
        Self { view: view.clone(), today, by_class: texts(&classes), by_institution: texts(&institutions), currency }
    }

    /// The sums of the Overview.
    pub(crate) fn worth(&self, by_class: bool) -> Vec<String> {
        if by_class { self.by_class.clone() } else { self.by_institution.clone() }
    }

    /// Net worth on a day.
    pub(crate) fn worth_on(&self, day: NaiveDate) -> Vec<String> {
        let worth = self.view.net_worth(day).unwrap();
        let own = worth.lines.iter().filter(|line| line.total.currency == self.currency);
        own.map(|line| rounded(line.total.amount, self.currency)).collect()
    }

    /// The cells of one month of the cash flow: the totals, and the parts that are not zero.
    pub(crate) fn flow(&self, month: &str, by_kind: bool) -> Vec<String> {
        let split = if by_kind { FlowSplit::Kind } else { FlowSplit::Category };
        let all = self.view.cash_flow(Period::Month, split).unwrap();
        let own = all.iter().filter(|flow| flow.period == month && flow.currency == self.currency);
        let (mut into, mut out, mut transfers, mut cells) = (Decimal::ZERO, Decimal::ZERO, Decimal::ZERO, Vec::new());
        for flow in own {
            into += flow.income;
            out -= flow.spending;
            transfers += flow.transfers;
            cells.extend([flow.income, -flow.spending].into_iter().filter(|amount| !amount.is_zero()));
        }
        cells.extend([into, out, into + out]);
        cells.extend(Some(transfers).filter(|amount| !amount.is_zero()));
        cells.into_iter().map(|amount| rounded(amount, self.currency)).collect()
    }

    /// The months of the cash flow from the first row to today.
    pub(crate) fn months(&self) -> usize {
        let all = self.view.cash_flow(Period::Month, FlowSplit::Whole).unwrap();
        let first =
            all.iter().filter(|flow| flow.currency == self.currency).map(|flow| flow.period.clone()).min().unwrap();
        let number = |name: &str| name[..4].parse::<usize>().unwrap() * 12 + name[5..7].parse::<usize>().unwrap();
        number(&Period::Month.name(self.today)) - number(&first) + 1
    }

    /// The addresses of the newest rows, as the list shows them.
    pub(crate) fn rows(&self, most: usize) -> Vec<String> {
        let list = self.view.list(&ListRequest::default()).unwrap();
        list.ids(0..list.len().min(most)).unwrap().into_iter().map(|id| Figure::Row(id).to_string()).collect()
    }

    /// The number of rows of each group.
    pub(crate) fn groups(&self, by: &str) -> Vec<String> {
        let list = self
            .view
            .list(&ListRequest { query: Query::parse(&format!("by:{by}"), self.today), ..ListRequest::default() });
        let groups = self.view.aggregates(&list.unwrap(), By::parse(by).unwrap(), None).unwrap();
        groups.into_iter().map(|group| plain(group.rows.into())).collect()
    }

    /// The number of positions: of accounts, or of symbols.
    pub(crate) fn positions(&self, merged: bool) -> usize {
        let lines = self.view.holdings().unwrap();
        let symbols: BTreeSet<(&str, String)> = lines
            .iter()
            .map(|line| (line.holding.facts.symbol.as_str(), line.holding.facts.currency.to_string()))
            .collect();
        if merged { symbols.len() } else { lines.len() }
    }

    /// The number of rows of each connection and account.
    pub(crate) fn connection_rows(&self) -> BTreeSet<String> {
        let mut sums: BTreeMap<u64, u64> = BTreeMap::new();
        let mut texts = BTreeSet::new();
        for line in self.view.accounts() {
            *sums.entry(line.connection.id.0).or_default() += line.transaction_count;
            texts.insert(plain(line.transaction_count.into()));
        }
        texts.extend(sums.values().map(|count| plain((*count).into())));
        texts
    }

    /// The counts of all changes.
    pub(crate) fn change_counts(&self) -> BTreeSet<String> {
        let changes = self.view.changes(None, usize::MAX).unwrap();
        let counts = changes.iter().flat_map(|change| {
            let counts = change.counts;
            [
                counts.transactions_imported,
                counts.transactions_updated,
                counts.transactions_removed,
                counts.transactions_skipped,
                changes.len() as u64,
            ]
        });
        counts.map(|count| plain(count.into())).collect()
    }

    /// The figures of the line whose first root has this address.
    pub(crate) fn figures_of(&self, address: &str) -> Vec<String> {
        let parts: Vec<&str> = address.split(':').collect();
        match parts.as_slice() {
            ["row", id, "amount"] => row(&self.view, TransactionId(id.parse().unwrap())),
            ["account", id, "balance"] => {
                let line = self.view.accounts().iter().find(|line| line.account.id.to_string() == *id).unwrap();
                let Some(balance) = line.balance else { return Vec::new() };
                let shown = grouped(balance.current.amount, balance.current.currency);
                let available = balance.available.map(|amount| grouped(amount, balance.current.currency));
                [Some(shown), available, Some(plain(line.transaction_count.into()))].into_iter().flatten().collect()
            }
            ["holding", id, "gain" | "value"] => position(&self.view, HoldingId(id.parse().unwrap())),
            _ => Vec::new(),
        }
    }
}

fn row(view: &View, id: TransactionId) -> Vec<String> {
    let facts = view.entry(id).unwrap().unwrap().transaction.facts;
    let mut texts = vec![grouped(facts.amount, facts.currency)];
    if let Some(security) = &facts.security {
        texts.extend(security.quantity.map(plain));
        let money = [security.commission, security.fees].into_iter().flatten().filter(|amount| !amount.is_zero());
        texts.extend(money.map(|amount| grouped(amount, facts.currency)));
    }
    texts.extend(facts.foreign.as_ref().map(|foreign| grouped(foreign.money.amount, foreign.money.currency)));
    texts
}

fn position(view: &View, id: HoldingId) -> Vec<String> {
    let lines = view.holdings().unwrap();
    let facts = &lines.iter().find(|line| line.holding.id == id).unwrap().holding.facts;
    let money = [facts.value(), facts.cost_basis, facts.gain()].into_iter().flatten();
    let money = money.map(|amount| rounded(amount, facts.currency));
    money.chain([plain(facts.quantity)]).collect()
}
