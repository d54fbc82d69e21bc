//! Generated rows and snapshots for the tests of the store.

use chrono::{DateTime, NaiveDate, Utc};
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::domain::{
    AccountId, AssetCode, AssetType, ChangeId, ForeignAmount, Kind, Money, Origin, Security, Snapshot, SnapshotSource,
    Text, TransactionFacts, TransactionStatus, TransactionSubtype,
};

pub(super) fn decimal() -> impl Strategy<Value = Decimal> {
    (any::<i128>(), 0_u32..=28, 0_u32..97).prop_map(|(number, scale, bits)| {
        let limit = 1_i128 << bits.min(96);
        Decimal::try_from_i128_with_scale(number % limit, scale).unwrap()
    })
}

pub(super) fn date() -> impl Strategy<Value = NaiveDate> {
    (-700_000_i32..3_000_000).prop_map(|days| NaiveDate::from_num_days_from_ce_opt(days).unwrap())
}

fn instant() -> impl Strategy<Value = DateTime<Utc>> {
    (-60_000_000_000_i64..200_000_000_000, 0_u32..1_000_000_000)
        .prop_map(|(seconds, nanos)| DateTime::from_timestamp(seconds, nanos).unwrap())
}

fn text() -> impl Strategy<Value = Option<Text>> {
    prop::option::of(prop_oneof![".{0,12}", "[a-z ]{0,300}"].prop_map(Text::from))
}

fn currency() -> impl Strategy<Value = AssetCode> {
    prop_oneof![Just("USD".to_owned()), "[A-Z0-9.]{1,12}"].prop_map(|code| AssetCode::new(&code).unwrap())
}

fn security() -> impl Strategy<Value = Security> {
    let number = || prop::option::of(decimal());
    let kind = prop::option::of(prop::sample::select(AssetType::ALL));
    (text(), text(), kind, number(), number(), number(), number(), text()).prop_map(
        |(symbol, name, asset_type, quantity, unit_price, commission, fees, group)| Security {
            symbol,
            name,
            asset_type,
            quantity,
            unit_price,
            commission,
            fees,
            group,
        },
    )
}

pub(super) fn facts() -> impl Strategy<Value = TransactionFacts> {
    let kinds = (prop::sample::select(TransactionSubtype::ALL), prop::sample::select(TransactionStatus::ALL));
    let foreign = prop::option::of((decimal(), currency(), decimal()));
    let texts = (text(), text(), text(), text(), text(), text());
    let dates = (date(), prop::option::of(instant()), prop::option::of(date()));
    (dates, decimal(), currency(), kinds, texts, prop::option::of(security()), foreign, any::<u32>()).prop_map(
        |(dates, amount, currency, (subtype, status), texts, security, foreign, line)| TransactionFacts {
            provider_id: texts.0,
            date: dates.0,
            instant: dates.1,
            settlement_date: dates.2,
            amount,
            currency,
            kind: Kind(subtype),
            status,
            payee: texts.1,
            description: texts.2,
            memo: texts.3,
            reference: texts.4,
            raw_type: texts.5,
            security: security.map(Box::new),
            foreign: foreign
                .map(|(amount, currency, rate)| Box::new(ForeignAmount { money: Money::new(amount, currency), rate })),
            origin: Origin { line },
        },
    )
}

pub(super) fn snapshot() -> impl Strategy<Value = Snapshot> {
    let part = || prop::option::of(decimal());
    let ids = (any::<u64>(), any::<u64>(), date());
    (ids, decimal(), part(), part(), part(), currency(), prop::sample::select(SnapshotSource::ALL), instant()).prop_map(
        |((account, change, date), balance, available, holdings_value, cash_value, currency, source, captured_at)| {
            Snapshot {
                account_id: AccountId(account),
                date,
                change_id: ChangeId(change),
                balance,
                available,
                holdings_value,
                cash_value,
                currency,
                source,
                captured_at,
            }
        },
    )
}
