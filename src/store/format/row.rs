//! The layout of a stored transaction.
//!
//! ```text
//! 0   version (1)            6   account, u32
//! 1   status                 10  date, days since 0001-01-01 as 1, i32
//! 2   subtype                14  line in the raw source, u32
//! 3   head of the amount     18  mantissa of the amount, 2 to 12 bytes
//! 4   which options follow   …   currency, then the options in the order of their bits
//! ```
//! Numbers are little-endian, texts are preceded by a varint length. The checksum and the change that wrote the row come
//! before the body, see [`crate::store::format::checksum`].

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::{
    domain::{
        AccountId, ChangeId, ForeignAmount, Kind, Money, Origin, Security, Text, Transaction, TransactionFacts,
        TransactionId,
    },
    store::{
        error::{Result, StoreError},
        format::{
            bytes::{Decoder, Encoder, decimal_head},
            codes,
        },
    },
};

const VERSION: u8 = 1;

const PROVIDER_ID: u16 = 1;
const INSTANT: u16 = 1 << 1;
const SETTLEMENT: u16 = 1 << 2;
const PAYEE: u16 = 1 << 3;
const DESCRIPTION: u16 = 1 << 4;
const MEMO: u16 = 1 << 5;
const REFERENCE: u16 = 1 << 6;
const RAW_TYPE: u16 = 1 << 7;
const SECURITY: u16 = 1 << 8;
const FOREIGN: u16 = 1 << 9;

/// Appends the body of a row to `buffer`.
pub(in crate::store) fn encode(buffer: &mut Vec<u8>, account: u32, facts: &TransactionFacts) {
    let options = [
        (PROVIDER_ID, facts.provider_id.is_some()),
        (INSTANT, facts.instant.is_some()),
        (SETTLEMENT, facts.settlement_date.is_some()),
        (PAYEE, facts.payee.is_some()),
        (DESCRIPTION, facts.description.is_some()),
        (MEMO, facts.memo.is_some()),
        (REFERENCE, facts.reference.is_some()),
        (RAW_TYPE, facts.raw_type.is_some()),
        (SECURITY, facts.security.is_some()),
        (FOREIGN, facts.foreign.is_some()),
    ];
    let options = options.into_iter().fold(0, |bits, (bit, has)| if has { bits | bit } else { bits });
    let mut put = Encoder(buffer);
    put.u8(VERSION);
    put.u8(codes::status(facts.status));
    put.u8(codes::subtype(facts.kind.0));
    put.u8(decimal_head(facts.amount));
    put.0.extend_from_slice(&options.to_le_bytes());
    put.u32(account);
    put.date(facts.date);
    put.u32(facts.origin.line);
    put.mantissa(facts.amount);
    put.currency(facts.currency);
    // The order of the bits.
    optional_text(&mut put, facts.provider_id.as_deref());
    if let Some(instant) = facts.instant {
        put.instant(instant);
    }
    if let Some(date) = facts.settlement_date {
        put.date(date);
    }
    for text in [&facts.payee, &facts.description, &facts.memo, &facts.reference, &facts.raw_type] {
        optional_text(&mut put, text.as_deref());
    }
    if let Some(security) = &facts.security {
        encode_security(&mut put, security);
    }
    if let Some(foreign) = &facts.foreign {
        put.decimal(foreign.money.amount);
        put.currency(foreign.money.currency);
        put.decimal(foreign.rate);
    }
}

fn optional_text(put: &mut Encoder<'_>, text: Option<&str>) {
    if let Some(text) = text {
        put.text(text);
    }
}

fn encode_security(put: &mut Encoder<'_>, security: &Security) {
    let options = [
        security.symbol.is_some(),
        security.name.is_some(),
        security.asset_type.is_some(),
        security.quantity.is_some(),
        security.unit_price.is_some(),
        security.commission.is_some(),
        security.fees.is_some(),
        security.group.is_some(),
    ];
    let options = (0..).zip(options).fold(0, |bits, (bit, has)| bits | (u8::from(has) << bit));
    put.u8(options);
    optional_text(put, security.symbol.as_deref());
    optional_text(put, security.name.as_deref());
    if let Some(asset_type) = security.asset_type {
        put.u8(codes::asset_type(asset_type));
    }
    for number in [security.quantity, security.unit_price, security.commission, security.fees].into_iter().flatten() {
        put.decimal(number);
    }
    optional_text(put, security.group.as_deref());
}

/// The fields that the indexes use, read without decoding the whole row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct Head<'a> {
    pub(in crate::store) account: u32,
    pub(in crate::store) date: NaiveDate,
    pub(in crate::store) provider_id: Option<&'a [u8]>,
}

/// The [`Head`] of a decoded row.
pub(in crate::store) fn head_of(account: u32, facts: &TransactionFacts) -> Head<'_> {
    Head { account, date: facts.date, provider_id: facts.provider_id.as_deref().map(str::as_bytes) }
}

fn bad_row() -> StoreError {
    StoreError::damaged("a transaction can't be read")
}

/// Reads the [`Head`] of a body.
pub(in crate::store) fn head(body: &[u8]) -> Result<Head<'_>> {
    let read = || {
        let mut take = Decoder(body);
        let [version, _, _, amount] = take.array()?;
        let options = take.array().map(u16::from_le_bytes)?;
        let account = take.u32()?;
        let date = take.date()?;
        take.u32()?;
        take.mantissa(amount)?;
        take.bytes()?;
        let provider_id = if options & PROVIDER_ID == 0 { None } else { Some(take.bytes()?) };
        (version == VERSION).then_some(Head { account, date, provider_id })
    };
    read().ok_or_else(bad_row)
}

/// Reads a whole row.
pub(in crate::store) fn decode(id: TransactionId, change: u64, body: &[u8]) -> Result<Transaction> {
    decode_body(body)
        .map(|(account, facts)| Transaction {
            id,
            account_id: AccountId(u64::from(account)),
            change_id: ChangeId(change),
            facts,
        })
        .ok_or_else(bad_row)
}

fn decode_body(body: &[u8]) -> Option<(u32, TransactionFacts)> {
    let mut take = Decoder(body);
    let [version, status, subtype, amount] = take.array()?;
    if version != VERSION {
        return None;
    }
    let options = take.array().map(u16::from_le_bytes)?;
    if options >= FOREIGN << 1 {
        return None;
    }
    let account = take.u32()?;
    let date = take.date()?;
    let line = take.u32()?;
    let amount = take.mantissa(amount)?;
    let currency = take.currency()?;
    let mut facts = TransactionFacts::new(date, amount, currency);
    facts.origin = Origin { line };
    facts.status = codes::to_status(status)?;
    facts.kind = Kind(codes::to_subtype(subtype)?);
    let has = |option: u16| options & option != 0;
    let text = |take: &mut Decoder<'_>, present: bool| -> Option<Option<Text>> {
        if present { Some(Some(take.text()?.into())) } else { Some(None) }
    };
    facts.provider_id = text(&mut take, has(PROVIDER_ID))?;
    if has(INSTANT) {
        facts.instant = Some(take.instant()?);
    }
    if has(SETTLEMENT) {
        facts.settlement_date = Some(take.date()?);
    }
    facts.payee = text(&mut take, has(PAYEE))?;
    facts.description = text(&mut take, has(DESCRIPTION))?;
    facts.memo = text(&mut take, has(MEMO))?;
    facts.reference = text(&mut take, has(REFERENCE))?;
    facts.raw_type = text(&mut take, has(RAW_TYPE))?;
    if has(SECURITY) {
        facts.security = Some(Box::new(decode_security(&mut take)?));
    }
    if has(FOREIGN) {
        let amount = take.decimal()?;
        let money = Money::new(amount, take.currency()?);
        facts.foreign = Some(Box::new(ForeignAmount { money, rate: take.decimal()? }));
    }
    take.finish((account, facts))
}

fn decode_security(take: &mut Decoder<'_>) -> Option<Security> {
    let options = take.u8()?;
    let has = |bit: u8| options & (1 << bit) != 0;
    let number = |take: &mut Decoder<'_>, present: bool| -> Option<Option<Decimal>> {
        if present { Some(Some(take.decimal()?)) } else { Some(None) }
    };
    let text = |take: &mut Decoder<'_>, present: bool| -> Option<Option<Text>> {
        if present { Some(Some(take.text()?.into())) } else { Some(None) }
    };
    Some(Security {
        symbol: text(take, has(0))?,
        name: text(take, has(1))?,
        asset_type: if has(2) { Some(codes::to_asset_type(take.u8()?)?) } else { None },
        quantity: number(take, has(3))?,
        unit_price: number(take, has(4))?,
        commission: number(take, has(5))?,
        fees: number(take, has(6))?,
        group: text(take, has(7))?,
    })
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;

    use super::*;
    use crate::store::testing;

    proptest! {
        #[test]
        fn rows_come_back_exactly(facts in testing::facts(), account: u32, pk: u64, change: u64) {
            let mut body = Vec::new();
            encode(&mut body, account, &facts);
            let row = decode(TransactionId(pk), change, &body).unwrap();
            prop_assert_eq!(row.facts.amount.scale(), facts.amount.scale());
            let head = head(&body).unwrap();
            prop_assert_eq!(head.account, account);
            prop_assert_eq!(head.date, facts.date);
            prop_assert_eq!(head.provider_id, facts.provider_id.as_deref().map(str::as_bytes));
            prop_assert_eq!(row, Transaction {
                id: TransactionId(pk), account_id: AccountId(account.into()), change_id: ChangeId(change), facts,
            });
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(TransactionId(1), 1, &bytes);
            let _ = head(&bytes);
        }

        #[test]
        fn a_shortened_row_is_refused(facts in testing::facts(), cut in any::<prop::sample::Index>()) {
            let mut body = Vec::new();
            encode(&mut body, 1, &facts);
            prop_assert!(decode(TransactionId(1), 1, &body[..cut.index(body.len())]).is_err());
        }
    }

    #[test]
    fn extremes_fit() {
        for amount in [Decimal::MAX, Decimal::MIN, Decimal::ZERO, Decimal::new(110, 2), Decimal::new(-1, 28)] {
            let mut facts = TransactionFacts::new(NaiveDate::MAX, amount, crate::domain::AssetCode::USD);
            facts.instant = Some(DateTime::<chrono::Utc>::MIN_UTC);
            facts.settlement_date = Some(NaiveDate::MIN);
            let mut body = Vec::new();
            encode(&mut body, u32::MAX, &facts);
            let row = decode(TransactionId(u64::MAX), u64::MAX, &body).unwrap();
            assert_eq!((row.facts.amount.to_string(), row.facts.clone()), (amount.to_string(), facts));
        }
    }

    /// The layout of version 1, byte by byte: existing databases use it.
    #[test]
    fn layout_is_frozen() {
        let mut facts = TransactionFacts::new(
            NaiveDate::from_ymd_opt(2026, 11, 20).unwrap(),
            Decimal::new(-650, 2),
            crate::domain::AssetCode::USD,
        );
        facts.provider_id = Some("F1".into());
        facts.payee = Some("Blue Bottle".into());
        facts.origin.line = 214;
        let mut body = Vec::new();
        encode(&mut body, 7, &facts);
        assert_eq!(
            body,
            [
                &[1, 2, 38, 0x22, 9, 0, 7, 0, 0, 0][..],
                &739_940_i32.to_le_bytes(),
                &[214, 0, 0, 0, 0x8a, 2, 3],
                b"USD",
                &[2],
                b"F1",
                &[11],
                b"Blue Bottle",
            ]
            .concat()
        );
    }
}
