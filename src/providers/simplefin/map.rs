//! Maps SimpleFIN replies to drafts. Pure.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;

use super::{
    signs::{Delivered, SignSwitches},
    wire::{Account, Holding, Transaction},
};
use crate::{
    domain::{
        AccountDraft, AccountType, AssetCode, AssetType, BalanceDraft, HoldingDraft, HoldingFacts, Kind, MovementPlace,
        Origin, Text, TransactionDraft, TransactionFacts, TransactionStatus, TransactionSubtype as Sub, Warning,
        general_kind, text,
    },
    providers::kit::{OptionSymbol, type_of_name},
};

/// Longest code of a private unit.
const MOST_CODE: usize = 12;

/// The day of a moment in Unix seconds, in UTC: institutions deliver a day as noon or midnight UTC.
pub(super) fn day(seconds: i64) -> Option<NaiveDate> {
    instant(seconds).map(|moment| moment.date_naive())
}

fn instant(seconds: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(seconds, 0)
}

/// The currency of an account: an ISO 4217 code, or the last part of the address that defines a private unit
/// (`https://example.com/flight-miles` gives `FLIGHT-MILES`). The address itself is never asked.
pub(super) fn currency(account: &Account) -> AssetCode {
    account.currency.as_deref().and_then(code).unwrap_or(AssetCode::USD)
}

fn code(written: &str) -> Option<AssetCode> {
    let written = written.trim();
    if !written.contains("://") {
        return AssetCode::new(written).ok();
    }
    let path = written.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    let last = path.rsplit('/').next().unwrap_or_default();
    let kept: String =
        last.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).take(MOST_CODE).collect();
    AssetCode::new(&kept).ok()
}

/// The protocol states no type: read it from the name, then from positions, then from a negative balance.
pub(super) fn account_type(account: &Account) -> AccountType {
    let holds_securities = account.holdings.as_ref().is_some_and(|holdings| !holdings.is_empty());
    let owes = account.balance.is_some_and(|balance| balance < Decimal::ZERO);
    account.name.as_deref().and_then(type_of_name).unwrap_or(match (holds_securities, owes) {
        (true, _) => AccountType::Brokerage,
        (false, true) => AccountType::CreditCard,
        (false, false) => AccountType::Other,
    })
}

fn signed(amount: Decimal, inverted: bool) -> Decimal {
    if inverted { -amount } else { amount }
}

/// An account with its balance, dated as the institution dates it.
pub(super) fn account(account: &Account, signs: &SignSwitches, today: NaiveDate) -> AccountDraft {
    let account_type = account_type(account);
    let date = account.balance_date.and_then(day).map_or(today, |date| date.min(today));
    AccountDraft {
        provider_account_id: account.id.0.clone(),
        number: digits_of_name(account.name.as_deref().unwrap_or_default()),
        name: account.name.as_deref().and_then(text::clean_line).map(Into::into),
        account_type,
        currency: currency(account),
        balance: account.balance.map(|balance| BalanceDraft {
            date,
            current: signed(balance, signs.balance_inverted),
            available: account
                .available_balance
                .map(|available| signed(available, signs.balance_inverted && !account_type.is_liability())),
            holdings_value: None,
            cash_value: None,
        }),
        is_active: true,
        institution: None,
    }
}

/// The last digits that many institutions append to a name: `Everyday (1234)`, `Visa ...1234`, `Savings-1234`.
fn digits_of_name(name: &str) -> String {
    let end = name.trim_end().trim_end_matches([')', ']']);
    let digits: String = end.chars().rev().take_while(char::is_ascii_digit).collect();
    if (3..=6).contains(&digits.len()) {
        format!("****{}", digits.chars().rev().collect::<String>())
    } else {
        String::new()
    }
}

/// The day of a row: posted, else the day of the purchase.
pub(super) fn row_day(row: &Transaction) -> Option<NaiveDate> {
    let posted = row.posted.filter(|posted| *posted > 0);
    posted.or(row.transacted_at.filter(|moment| *moment > 0)).and_then(day)
}

/// Whether the row is still pending: marked so, or without a posting date.
pub(super) fn is_pending(row: &Transaction) -> bool {
    row.pending || row.posted.is_none_or(|posted| posted <= 0)
}

/// A row as delivered, for the comparison of signs. `None` for a row that does not count.
pub(super) fn delivered(row: &Transaction) -> Option<Delivered<'_>> {
    if is_pending(row) {
        return None;
    }
    let text = row.description.as_deref().or(row.payee.as_deref()).unwrap_or_default();
    Some(Delivered { day: row_day(row)?, amount: row.amount?, text })
}

/// One row; `place` is its 1-based position in the account's list.
pub(super) fn transaction(
    row: &Transaction,
    place: u32,
    signs: &SignSwitches,
    account_type: AccountType,
    currency: AssetCode,
    today: NaiveDate,
) -> Result<TransactionDraft, Warning> {
    let left_out = |why: &str| Warning::new(place, format!("transaction {place} is left out: {why}"));
    let pending = is_pending(row);
    let date = row_day(row).or(pending.then_some(today)).ok_or_else(|| left_out("it has no date"))?;
    let amount = row.amount.ok_or_else(|| left_out("it has no amount"))?;
    let amount = signed(amount, signs.rows_inverted);
    let clean = |written: &Option<String>| text::clean_line(written.as_deref()?);
    let description = clean(&row.description);
    let facts = TransactionFacts {
        provider_id: Some(row.id.0.as_str().into()),
        instant: row.transacted_at.filter(|moment| *moment > 0).and_then(instant),
        kind: Kind(subtype(row, amount, account_type)),
        status: if pending { TransactionStatus::Pending } else { TransactionStatus::Settled },
        payee: clean(&row.payee),
        memo: clean(&row.memo).filter(|memo| Some(memo) != description.as_ref()),
        description,
        origin: Origin { line: place },
        ..TransactionFacts::new(date, amount, currency)
    };
    Ok(facts.into())
}

/// The protocol states no kind: read it from the text, then from the sign.
fn subtype(row: &Transaction, amount: Decimal, account_type: AccountType) -> Sub {
    let incoming = amount >= Decimal::ZERO;
    let by_sign = |inward, outward| if incoming { inward } else { outward };
    let written = [&row.description, &row.payee, &row.memo].map(|text| text.as_deref().unwrap_or_default()).join(" ");
    let folded = text::fold(&written);
    let has = |word: &str| folded.split(|c: char| !c.is_alphanumeric()).any(|part| part == word);
    if account_type.is_liability() {
        return match incoming {
            true => general_kind(amount, MovementPlace::Card, &[&written]),
            false if has("fee") || has("interest") => Sub::OtherFee,
            false => Sub::Purchase,
        };
    }
    if has("interest") {
        by_sign(Sub::Interest, Sub::OtherFee)
    } else if has("dividend") {
        by_sign(Sub::Dividend, Sub::Withheld)
    } else if has("fee") || has("fees") {
        by_sign(Sub::Refund, Sub::AccountFee)
    } else if has("wire") {
        by_sign(Sub::WireIn, Sub::WireOut)
    } else if (has("check") || has("cheque")) && !incoming {
        Sub::Check
    } else {
        general_kind(amount, MovementPlace::Bank, &[&written])
    }
}

/// One position; `place` is its 1-based position in the account's list. Value comes before cost: some institutions fill
/// other fields with the cost.
pub(super) fn holding(
    holding: &Holding,
    place: u32,
    account: AssetCode,
    as_of: NaiveDate,
) -> Result<HoldingDraft, Warning> {
    let quantity = holding
        .shares
        .ok_or_else(|| Warning::new(place, format!("position {place} is left out: it has no number of shares")))?;
    let name = text::clean_line(holding.description.as_deref().unwrap_or_default());
    let written = holding.symbol.as_ref().and_then(|symbol| text::clean_line(&symbol.0));
    let symbol: Text = written
        .or_else(|| name.clone())
        .ok_or_else(|| Warning::new(place, format!("position {place} is left out: it has neither symbol nor name")))?;
    let is_option = OptionSymbol::parse(&symbol).is_some();
    let asset_type = if is_option { AssetType::Option } else { AssetType::Other };
    let multiplier = asset_type.default_multiplier();
    let units = quantity.checked_mul(multiplier).map(|units| units.abs());
    let price = holding
        .market_value
        .zip(units.filter(|units| !units.is_zero()))
        .and_then(|(value, units)| value.abs().checked_div(units))
        .map(|price| price.round_dp(8).normalize());
    Ok(HoldingDraft {
        facts: HoldingFacts {
            provider_id: holding.id.as_ref().map_or_else(|| symbol.to_string(), |id| id.0.clone()),
            name: name.unwrap_or_else(|| symbol.clone()).into(),
            symbol: symbol.into(),
            asset_type,
            quantity,
            price,
            price_date: price.map(|_| as_of),
            market_value: holding.market_value,
            // "0.00" is how an unknown cost is written.
            cost_basis: holding.cost_basis.filter(|cost| !cost.is_zero()),
            multiplier,
            currency: holding.currency.as_deref().and_then(code).unwrap_or(account),
            source: None,
        },
        as_of,
    })
}
