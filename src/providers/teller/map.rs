//! Maps Teller's replies to drafts. Pure.
//!
//! INVARIANT: the sign of an amount is decided in one place, [`signed`], by the class of the account.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::wire::{Account, Balances, Transaction};
use crate::domain::{
    AccountDraft, AccountType, AssetCode, BalanceDraft, Kind, MovementPlace, Origin, TransactionDraft,
    TransactionFacts, TransactionStatus, TransactionSubtype as Sub, Warning, general_kind, text,
};

/// Whether the account is a card or a credit line.
pub(super) fn is_credit(account: &Account) -> bool {
    account.class.as_deref() == Some("credit")
}

/// An amount or a balance as the household sees it. Teller states charges and debts of credit accounts as positive
/// figures (seen in clients and their fixes; not documented).
fn signed(amount: Decimal, credit: bool) -> Decimal {
    if credit { -amount } else { amount }
}

/// ISO 4217 code of the account; US dollars where none is stated, since Teller serves US institutions.
pub(super) fn currency(account: &Account) -> AssetCode {
    account.currency.as_deref().and_then(|code| AssetCode::new(code).ok()).unwrap_or(AssetCode::USD)
}

fn account_type(account: &Account) -> AccountType {
    match account.subtype.as_deref().unwrap_or_default() {
        "checking" => AccountType::Checking,
        "savings" | "treasury" | "sweep" => AccountType::Savings,
        "money_market" => AccountType::MoneyMarket,
        "certificate_of_deposit" => AccountType::Cd,
        "credit_card" => AccountType::CreditCard,
        _ if is_credit(account) => AccountType::CreditCard,
        _ => AccountType::Other,
    }
}

/// An account, with its balance where one was read. `today` dates the balance.
pub(super) fn account(account: &Account, balances: Option<&Balances>, today: NaiveDate) -> AccountDraft {
    AccountDraft {
        provider_account_id: account.id.0.clone(),
        number: account.last_four.as_ref().map(|digits| format!("****{}", digits.0)).unwrap_or_default(),
        name: account.name.as_deref().and_then(text::clean_line).map(Into::into),
        account_type: account_type(account),
        currency: currency(account),
        balance: balances.and_then(|balances| balance(balances, is_credit(account), today)),
        is_active: account.status.as_deref() != Some("closed"),
        institution: account
            .institution
            .as_ref()
            .and_then(|bank| text::clean_line(bank.name.as_deref()?))
            .map(Into::into),
    }
}

/// The ledger balance. Without one, the available balance of a deposit account takes its place; that of a card is the
/// credit left and states no debt.
fn balance(balances: &Balances, credit: bool, today: NaiveDate) -> Option<BalanceDraft> {
    let ledger = balances.ledger.map(|ledger| signed(ledger, credit));
    let current = ledger.or(balances.available.filter(|_| !credit))?;
    Some(BalanceDraft { date: today, current, available: balances.available, holdings_value: None, cash_value: None })
}

/// One row; `place` is its 1-based position in the reply.
pub(super) fn transaction(
    row: &Transaction,
    place: u32,
    credit: bool,
    currency: AssetCode,
) -> Result<TransactionDraft, Warning> {
    let left_out = |why: &str| Warning::new(place, format!("transaction {place} is left out: {why}"));
    let date = day(row).ok_or_else(|| left_out("it has no date"))?;
    let amount = row.amount.map(|amount| signed(amount, credit)).ok_or_else(|| left_out("it has no amount"))?;
    let code = row.code.as_deref().unwrap_or_default();
    let facts = TransactionFacts {
        provider_id: Some(row.id.0.as_str().into()),
        kind: Kind(subtype(code, amount, credit, row.description.as_deref().unwrap_or_default())),
        status: match row.status.as_deref() {
            Some("pending") => TransactionStatus::Pending,
            Some(_) | None => TransactionStatus::Settled,
        },
        payee: row.details.counterparty.as_ref().and_then(|other| text::clean_line(other.name.as_deref()?)),
        description: row.description.as_deref().and_then(text::clean_line),
        raw_type: text::clean_line(code),
        origin: Origin { line: place },
        ..TransactionFacts::new(date, amount, currency)
    };
    Ok(facts.into())
}

/// The day of a row, `yyyy-mm-dd`.
pub(super) fn day(row: &Transaction) -> Option<NaiveDate> {
    row.date.as_deref()?.get(..10)?.parse().ok()
}

/// `text` decides what the code leaves open.
fn subtype(code: &str, amount: Decimal, credit: bool, text: &str) -> Sub {
    let incoming = amount >= Decimal::ZERO;
    let by_sign = |inward, outward| if incoming { inward } else { outward };
    match code {
        "payment" | "bill_payment" | "ach" | "transfer" | "deposit" | "wire" | "digital_payment"
            if credit && incoming =>
        {
            Sub::CardPayment
        }
        "card_payment" | "digital_payment" | "payment" | "bill_payment" => by_sign(Sub::Refund, Sub::Purchase),
        "ach" | "deposit" => general_kind(amount, MovementPlace::Bank, &[text]),
        "withdrawal" | "atm" | "cash" => by_sign(Sub::Deposit, Sub::Withdrawal),
        "check" => by_sign(Sub::OtherIncome, Sub::Check),
        "fee" => by_sign(Sub::Refund, Sub::OtherFee),
        "interest" => by_sign(Sub::Interest, Sub::OtherFee),
        "transfer" => by_sign(Sub::TransferIn, Sub::TransferOut),
        "wire" => by_sign(Sub::WireIn, Sub::WireOut),
        "adjustment" => Sub::Adjustment,
        _ if credit => by_sign(Sub::Refund, Sub::Purchase),
        _ => Sub::Unknown,
    }
}
