//! The orders of the accounts. Pure.

use std::cmp::Ordering;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::ledger::AccountLine;

/// A key of the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum AccountOrder {
    /// In groups, as the ledger lists them.
    #[default]
    Institution,
    Name,
    Type,
    /// Currencies apart, the largest first.
    Balance,
    Available,
    Rows,
    /// The newest balance first.
    AsOf,
}

/// The sort orders, each with its letter.
pub(super) const ORDERS: [(AccountOrder, char, &str); 7] = [
    (AccountOrder::Institution, 'i', "institution"),
    (AccountOrder::Name, 'n', "name"),
    (AccountOrder::Type, 't', "type"),
    (AccountOrder::Balance, 'b', "balance"),
    (AccountOrder::Available, 'v', "available"),
    (AccountOrder::Rows, 'r', "rows"),
    (AccountOrder::AsOf, 'a', "as of"),
];

impl AccountOrder {
    /// Whether the first row has the smallest key.
    pub(super) const fn is_ascending(self) -> bool {
        matches!(self, Self::Institution | Self::Name | Self::Type)
    }
}

/// Sorts by a key; accounts without it come last.
pub(super) fn sort(lines: &mut [&AccountLine], order: AccountOrder, reversed: bool) {
    let turned = |found: Ordering| if reversed { found.reverse() } else { found };
    let folded = |line: &AccountLine| line.account.display_name().to_lowercase();
    lines.sort_by(|left, right| {
        let (a, b) = (&left.account, &right.account);
        // Within a group and among equals the order of the ledger stays: sorting is stable.
        match order {
            AccountOrder::Institution => turned(a.institution.cmp(&b.institution)),
            AccountOrder::Name => turned(folded(left).cmp(&folded(right))),
            AccountOrder::Type => turned(a.kind().label().cmp(b.kind().label())),
            AccountOrder::Balance => {
                let money = |line: &AccountLine| line.balance.map(|balance| balance.current.amount);
                a.currency.cmp(&b.currency).then_with(|| descending(money(left), money(right), reversed))
            }
            AccountOrder::Available => {
                let money = |line: &AccountLine| line.balance.and_then(|balance| balance.available);
                a.currency.cmp(&b.currency).then_with(|| descending::<Decimal>(money(left), money(right), reversed))
            }
            AccountOrder::Rows => turned(right.transaction_count.cmp(&left.transaction_count)),
            AccountOrder::AsOf => {
                let day = |line: &AccountLine| line.balance.map(|balance| balance.as_of);
                descending::<NaiveDate>(day(left), day(right), reversed)
            }
        }
    });
}

fn descending<T: Ord>(left: Option<T>, right: Option<T>, reversed: bool) -> Ordering {
    match (left, right) {
        (Some(left), Some(right)) if reversed => left.cmp(&right),
        (Some(left), Some(right)) => right.cmp(&left),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    }
}
