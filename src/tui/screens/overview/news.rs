//! Changes since the last visit: rows that came or were amended, and balances that are different. Pure.

use chrono::{DateTime, Utc};

use crate::{
    domain::{ChangeKind, Money, figures::round},
    ledger::explain::Figure,
    tui::{component::scene::Moment, msg::Jump, overlay::summary, snapshot::LedgerSnapshot},
};

/// Most changes that are listed one by one.
const MOST: usize = 50;

/// One line, and the place where it can be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NewsItem {
    pub(super) when: String,
    pub(super) text: String,
    /// A difference of a balance, else a summary.
    pub(super) money: Option<Money>,
    pub(super) summary: String,
    /// The figure of the difference.
    pub(super) figure: Option<Figure>,
    pub(super) jump: Jump,
}

/// The changes after `visit`; without one, the newest changes of all.
pub(super) fn since(snapshot: &LedgerSnapshot, visit: Option<DateTime<Utc>>, moment: &Moment) -> Vec<NewsItem> {
    let mut items = Vec::new();
    if let Some(visit) = visit {
        items.extend(balances(snapshot, visit, moment));
    }
    let is_news = |kind| matches!(kind, ChangeKind::Import | ChangeKind::Sync | ChangeKind::Edit);
    let changes = snapshot.changes.iter().filter(|change| is_news(change.kind) && !change.undone);
    let changes = changes.take_while(|change| visit.is_none_or(|visit| change.at > visit)).take(MOST);
    items.extend(changes.map(|change| NewsItem {
        when: moment.ago(change.at),
        text: format!("{} · {}", change.kind, change.source),
        money: None,
        summary: summary(change),
        figure: None,
        jump: Jump::Change(change.id),
    }));
    items
}

/// Accounts whose balance is another one than on the day of the visit.
fn balances(snapshot: &LedgerSnapshot, visit: DateTime<Utc>, moment: &Moment) -> Vec<NewsItem> {
    let day = (moment.local)(visit).date();
    let mut items = Vec::new();
    for line in snapshot.accounts() {
        let Some(history) = snapshot.daily.history(line.account.id) else { continue };
        let (Some(before), Some(now)) = (history.on(day), history.on(moment.today)) else { continue };
        if before.balance.currency != now.balance.currency || before.balance.amount == now.balance.amount {
            continue;
        }
        let currency = now.balance.currency;
        let change = round(now.balance.amount.saturating_sub(before.balance.amount), currency.display_digits());
        items.push(NewsItem {
            when: "balance".to_owned(),
            text: line.account.label(),
            money: Some(Money::new(change, currency)),
            summary: String::new(),
            figure: Some(Figure::Change(day, Box::new(Figure::Balance(line.account.id)))),
            jump: Jump::Account(line.account.id),
        });
    }
    items
}
