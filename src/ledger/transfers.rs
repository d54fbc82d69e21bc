//! Transfers between the user's own accounts: one end of a pair is a transfer even if its institution calls it income or a
//! purchase.
//!
//! Used when rows are read ([`View::load_columns`], [`View::entry`]); rows are stored with the kind of their institution.
//! INVARIANT: pure; linear in the number of rows.

use std::collections::HashMap;

use rust_decimal::Decimal;

use super::{View, daily, error::Result};
use crate::{
    columns::Columns,
    domain::{
        AccountCategory, AccountId, AssetCode, Kind, Transaction, TransactionId, TransactionStatus, TransactionSubtype,
    },
};

/// Days between the two ends of a transfer at most.
const APART: i32 = 5;

/// One row, as far as it matters to pairs.
#[derive(Debug, Clone, Copy)]
struct End {
    /// Place of the row.
    row: u32,
    account: AccountId,
    day: i32,
    subtype: TransactionSubtype,
}

/// An amount without its sign: normalised mantissa, scale, currency.
type Amount = (u128, u32, AssetCode);

/// Whether a row of this subtype is a transfer by the word of its institution. A deposit is one only in an account of
/// securities: elsewhere it may be cash.
fn is_transfer(subtype: TransactionSubtype, category: Option<AccountCategory>) -> bool {
    use TransactionSubtype::{CardPayment, Deposit, Internal, TransferIn, TransferOut, WireIn, WireOut};
    match subtype {
        TransferIn | TransferOut | CardPayment | Internal | WireIn | WireOut => true,
        Deposit => category == Some(AccountCategory::Investment),
        _ => false,
    }
}

/// Whether a row of this subtype may be the other end.
const fn may_be_transfer(subtype: TransactionSubtype) -> bool {
    use TransactionSubtype::{Deposit, OtherIncome, Purchase, Refund, Unknown, Withdrawal};
    matches!(subtype, OtherIncome | Purchase | Refund | Unknown | Deposit | Withdrawal)
}

const fn moved(status: TransactionStatus) -> bool {
    matches!(status, TransactionStatus::Settled | TransactionStatus::Pending)
}

fn normalised(amount: Decimal, currency: AssetCode) -> Amount {
    let amount = amount.normalize();
    (amount.mantissa().unsigned_abs(), amount.scale(), currency)
}

/// The rows that are one end of a transfer although their institution calls them otherwise, with their true subtype.
fn corrections(
    rows: &[Row],
    category: impl Fn(AccountId) -> Option<AccountCategory>,
) -> Vec<(u32, TransactionSubtype)> {
    let mut known: HashMap<Amount, (Vec<End>, Vec<End>)> = HashMap::new();
    for row in rows.iter().filter(|row| is_transfer(row.end.subtype, category(row.end.account))) {
        let ends = known.entry(normalised(row.amount, row.currency)).or_default();
        if row.amount.is_sign_negative() { ends.1.push(row.end) } else { ends.0.push(row.end) }
    }
    let mut candidates: HashMap<Amount, (Vec<End>, Vec<End>)> = HashMap::new();
    for row in rows.iter().filter(|row| may_be_transfer(row.end.subtype)) {
        if is_transfer(row.end.subtype, category(row.end.account)) {
            continue;
        }
        let amount = normalised(row.amount, row.currency);
        if known.contains_key(&amount) {
            let ends = candidates.entry(amount).or_default();
            if row.amount.is_sign_negative() { ends.1.push(row.end) } else { ends.0.push(row.end) }
        }
    }
    let mut found = Vec::new();
    for (amount, (ins, outs)) in known {
        // Two ends that both are transfers belong together first.
        let (ins, outs) = unpaired(ins, outs);
        if let Some((in_candidates, out_candidates)) = candidates.remove(&amount) {
            claim(&ins, out_candidates, &mut found);
            claim(&outs, in_candidates, &mut found);
        }
    }
    found.sort_unstable_by_key(|(row, _)| *row);
    found
}

fn fits(one: &End, other: &End) -> bool {
    one.account != other.account && (one.day - other.day).abs() <= APART
}

/// The ends that are left when each one has taken its nearest counterpart.
fn unpaired(mut ins: Vec<End>, mut outs: Vec<End>) -> (Vec<End>, Vec<End>) {
    ins.sort_unstable_by_key(|end| (end.day, end.row));
    outs.sort_unstable_by_key(|end| (end.day, end.row));
    let mut left = Vec::new();
    let mut start = 0;
    for end in ins {
        while outs.get(start).is_some_and(|out| out.day < end.day - APART) {
            start += 1;
        }
        let near = outs[start..].iter().take_while(|out| out.day <= end.day + APART);
        let place =
            near.enumerate().filter(|(_, out)| fits(&end, out)).min_by_key(|(_, out)| (out.day - end.day).abs());
        match place.map(|(place, _)| start + place) {
            Some(place) => {
                outs.remove(place);
            }
            None => left.push(end),
        }
    }
    (left, outs)
}

/// Each end takes its nearest candidate; a tie decides nothing.
fn claim(ends: &[End], mut candidates: Vec<End>, found: &mut Vec<(u32, TransactionSubtype)>) {
    for end in ends {
        let distance = |other: &End| (other.day - end.day).abs();
        let near = || candidates.iter().filter(|other| fits(end, other));
        let Some(least) = near().map(distance).min() else { continue };
        let nearest: Vec<End> = near().filter(|other| distance(other) == least).copied().collect();
        let [only] = nearest.as_slice() else { continue };
        candidates.retain(|other| other.row != only.row);
        let subtype = match end.subtype {
            TransactionSubtype::CardPayment => TransactionSubtype::CardPayment,
            _ if is_outgoing(end.subtype) => TransactionSubtype::TransferIn,
            TransactionSubtype::Internal => TransactionSubtype::Internal,
            _ => TransactionSubtype::TransferOut,
        };
        found.push((only.row, subtype));
    }
}

const fn is_outgoing(subtype: TransactionSubtype) -> bool {
    matches!(subtype, TransactionSubtype::TransferOut | TransactionSubtype::WireOut)
}

#[derive(Debug, Clone, Copy)]
struct Row {
    end: End,
    amount: Decimal,
    currency: AssetCode,
}

/// Gives the rows of the columns that are one end of a transfer their true subtype.
pub(super) fn correct(columns: &mut Columns, category: impl Fn(AccountId) -> Option<AccountCategory>) {
    let mut rows = Vec::new();
    let (subtypes, statuses, days) = (columns.subtypes(), columns.statuses(), columns.days());
    let amounts = known_amounts(columns, &category);
    if amounts.is_empty() {
        return;
    }
    for place in (0u32..).take(columns.len()) {
        let at = place as usize;
        let subtype = subtypes[at];
        let account = columns.account_table()[usize::from(columns.accounts()[at])];
        let is_end = is_transfer(subtype, category(account));
        if !moved(statuses[at]) || !is_end && !may_be_transfer(subtype) {
            continue;
        }
        let unit = columns.units()[at];
        if !is_end && !amounts.contains(&(unit, columns.mantissa(place).unsigned_abs())) {
            continue;
        }
        let Some((amount, unit)) = columns.amount(place).zip(columns.unit(place)) else { continue };
        let end = End { row: place, account, day: days[at], subtype };
        rows.push(Row { end, amount, currency: unit.currency });
    }
    for (row, subtype) in corrections(&rows, category) {
        columns.set_subtype(row, subtype);
    }
}

/// The amounts of all transfers, in each unit of their currency: most other rows have none of them.
fn known_amounts(
    columns: &Columns,
    category: &impl Fn(AccountId) -> Option<AccountCategory>,
) -> std::collections::HashSet<(u16, u128)> {
    let mut amounts = std::collections::HashSet::new();
    let categories: Vec<_> = columns.account_table().iter().map(|account| category(*account)).collect();
    for (at, subtype) in columns.subtypes().iter().enumerate() {
        if !is_transfer(*subtype, categories[usize::from(columns.accounts()[at])]) {
            continue;
        }
        let Some(place) = u32::try_from(at).ok() else { continue };
        let Some((amount, own)) = columns.amount(place).zip(columns.unit(place)) else { continue };
        for (number, unit) in (0u16..).zip(columns.unit_table()).filter(|(_, unit)| unit.currency == own.currency) {
            let mut scaled = amount.abs();
            scaled.rescale(u32::from(unit.scale));
            if scaled == amount.abs() {
                amounts.insert((number, scaled.mantissa().unsigned_abs()));
            }
        }
    }
    amounts
}

impl View {
    /// A row with its true kind: a transfer where it is one end of a pair.
    pub(super) fn with_true_kind(&self, mut transaction: Transaction) -> Result<Transaction> {
        let subtype = if let Some(columns) = self.columns() {
            columns.row_of(transaction.id).map(|row| columns.subtypes()[row as usize])
        } else {
            self.few_corrections()?.get(&transaction.id).copied()
        };
        if let Some(subtype) = subtype {
            transaction.facts.kind = Kind(subtype);
        }
        Ok(transaction)
    }

    /// The corrections of a view without columns; empty with more rows than are read one by one.
    fn few_corrections(&self) -> Result<&HashMap<TransactionId, TransactionSubtype>> {
        if let Some(known) = self.inner.transfers.get() {
            return Ok(known);
        }
        let (mut rows, mut ids) = (Vec::new(), Vec::new());
        if self.transaction_count() <= daily::FEW_ROWS {
            self.inner.reader.scan(|transaction, _| {
                let facts = &transaction.facts;
                if moved(facts.status) {
                    let end = End {
                        row: u32::try_from(ids.len()).unwrap_or(u32::MAX),
                        account: transaction.account_id,
                        day: chrono::Datelike::num_days_from_ce(&facts.date),
                        subtype: facts.kind.subtype(),
                    };
                    ids.push(transaction.id);
                    rows.push(Row { end, amount: facts.amount, currency: facts.currency });
                }
                std::ops::ControlFlow::Continue(())
            })?;
        }
        let found = corrections(&rows, |account| self.category(account));
        let found = found.into_iter().map(|(row, subtype)| (ids[row as usize], subtype)).collect();
        Ok(self.inner.transfers.get_or_init(|| found))
    }

    /// The class of an account.
    pub(super) fn category(&self, account: AccountId) -> Option<AccountCategory> {
        self.account(account).map(|line| line.account.kind().category())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use TransactionSubtype::{CardPayment, OtherIncome, Purchase, TransferIn, TransferOut};

    fn row(place: u32, account: u64, day: i32, cents: i64, subtype: TransactionSubtype) -> Row {
        let end = End { row: place, account: AccountId(account), day, subtype };
        Row { end, amount: Decimal::new(cents, 2), currency: AssetCode::USD }
    }

    fn corrected(rows: &[Row]) -> Vec<(u32, TransactionSubtype)> {
        corrections(rows, |account| {
            Some(if account == AccountId(3) { AccountCategory::Investment } else { AccountCategory::Banking })
        })
    }

    #[test]
    fn one_end_of_a_transfer_makes_the_other_one() {
        let rows = [
            row(0, 1, 10, -10_000, TransferOut),
            row(1, 2, 12, 10_000, OtherIncome),
            row(2, 1, 20, -5_510, Purchase),
            row(3, 2, 21, 5_510, CardPayment),
            row(4, 1, 30, -50_000, Purchase),
            row(5, 3, 31, 50_000, TransactionSubtype::Deposit),
        ];
        assert_eq!(corrected(&rows), [(1, TransferIn), (2, CardPayment), (4, TransferOut)]);
    }

    #[test]
    fn income_stays_income_without_evidence() {
        let rows = [
            row(0, 1, 10, -10_000, TransferOut),
            row(1, 2, 11, 10_000, TransferIn),
            row(2, 2, 11, 10_000, OtherIncome),
            row(3, 1, 10, -7_000, Purchase),
            row(4, 2, 10, 7_000, OtherIncome),
            row(5, 1, 40, -8_000, TransferOut),
            row(6, 2, 50, 8_000, OtherIncome),
            row(7, 1, 40, 8_000, OtherIncome),
        ];
        assert_eq!(corrected(&rows), [], "paired already, no transfer, too far apart, the same account");
        let tie = [
            row(0, 1, 10, -10_000, TransferOut),
            row(1, 2, 11, 10_000, OtherIncome),
            row(2, 3, 11, 10_000, OtherIncome),
        ];
        assert_eq!(corrected(&tie), [], "a tie decides nothing");
    }

    #[test]
    fn amounts_are_equal_whatever_their_scale() {
        let mut other = row(1, 2, 10, 0, OtherIncome);
        other.amount = "100.0".parse().unwrap();
        assert_eq!(corrected(&[row(0, 1, 10, -10_000, TransferOut), other]), [(1, TransferIn)]);
    }
}
