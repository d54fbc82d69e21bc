//! One object per row; numbers are decimal strings, as everywhere in the project's JSON.

use std::io::Write;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Serialize;

use super::LedgerEntry;
use crate::domain::{
    Account, AccountId, AssetCode, ChangeId, TransactionId, TransactionStatus, TransactionSubtype, TransactionType,
};

#[derive(Serialize)]
struct Row<'a> {
    id: TransactionId,
    account_id: AccountId,
    account: Option<&'a str>,
    provider_transaction_id: Option<&'a str>,
    date: NaiveDate,
    settlement_date: Option<NaiveDate>,
    amount: Decimal,
    currency: AssetCode,
    r#type: TransactionType,
    subtype: TransactionSubtype,
    status: TransactionStatus,
    description: &'a str,
    payee: &'a str,
    memo: Option<&'a str>,
    symbol: Option<&'a str>,
    quantity: Option<Decimal>,
    unit_price: Option<Decimal>,
    commission: Option<Decimal>,
    category: Option<&'a str>,
    tags: &'a [String],
    note: Option<&'a str>,
    reference: Option<&'a str>,
    change_id: ChangeId,
}

pub(super) fn row(out: &mut impl Write, entry: &LedgerEntry, account: Option<&Account>) -> std::io::Result<()> {
    let (row, user) = (&entry.transaction, &entry.user);
    let facts = &row.facts;
    let security = facts.security.as_deref();
    let object = Row {
        id: row.id,
        account_id: row.account_id,
        account: account.map(Account::display_name),
        provider_transaction_id: facts.provider_id.as_deref(),
        date: facts.date,
        settlement_date: facts.settlement_date,
        amount: facts.amount,
        currency: facts.currency,
        r#type: facts.kind.transaction_type(),
        subtype: facts.kind.subtype(),
        status: facts.status,
        description: facts.description(),
        payee: entry.payee(),
        memo: facts.memo.as_deref(),
        symbol: security.and_then(|security| security.symbol.as_deref()),
        quantity: security.and_then(|security| security.quantity),
        unit_price: security.and_then(|security| security.unit_price),
        commission: security.and_then(|security| security.commission),
        category: user.category.as_deref(),
        tags: &user.tags,
        note: user.note.as_deref(),
        reference: facts.reference.as_deref(),
        change_id: row.change_id,
    };
    Ok(serde_json::to_writer(out, &object)?)
}
