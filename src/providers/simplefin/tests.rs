use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::json;

use super::{
    map,
    signs::SignSwitches,
    wire::{Account, AccountSet, Holding, Problem, Transaction},
};
use crate::domain::{AccountType, AssetCode, AssetType, TransactionStatus, TransactionSubtype as Sub};

fn today() -> NaiveDate {
    "2026-11-20".parse().unwrap()
}

fn amount(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn read<T: serde::de::DeserializeOwned>(value: serde_json::Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn account(name: &str, balance: &str, holdings: &serde_json::Value) -> Account {
    read(json!({"id": "ACT-1", "name": name, "currency": "USD", "balance": balance, "balance-date": 1_795_521_600,
        "available-balance": "75.23", "transactions": [], "holdings": holdings}))
}

#[test]
fn replies_of_both_versions_are_read() {
    let first: AccountSet =
        read(json!({"errors": ["log in again"], "accounts": [{"id": 2_930_002, "org": {"name": "Bank"}}]}));
    assert_eq!((first.errors.len(), first.errlist.len(), first.accounts.len()), (1, 0, 1));
    let second: AccountSet = read(json!({"errlist": null, "connections": [{"conn_id": "C"}], "accounts": []}));
    assert_eq!((second.connections.len(), second.accounts.len()), (1, 0));
    let early: Problem = read(json!({"code": "gen.later", "message": "be patient"}));
    assert_eq!(early.msg.as_deref(), Some("be patient"));
}

#[test]
fn types_come_from_names_then_positions_then_the_sign() {
    let of =
        |name: &str, balance: &str, holdings: &serde_json::Value| map::account_type(&account(name, balance, holdings));
    assert_eq!(of("Everyday Checking", "-5", &json!(null)), AccountType::Checking);
    assert_eq!(of("Growth", "5", &json!([{"id": "H"}])), AccountType::Brokerage);
    assert_eq!(of("Sapphire", "-5", &json!([])), AccountType::CreditCard);
    assert_eq!(of("Harbor", "5", &json!([])), AccountType::Other);
}

#[test]
fn balances_carry_the_day_of_the_institution() {
    let draft = map::account(&account("Savings (1234)", "100.23", &json!(null)), &SignSwitches::default(), today());
    let balance = draft.balance.unwrap();
    assert_eq!((balance.current, balance.available), (amount("100.23"), Some(amount("75.23"))));
    // The stated day lies ahead of the clock: never later than today.
    assert_eq!((balance.date, draft.number.as_str()), (today(), "****1234"));
    let old = Account { balance_date: Some(1_790_078_400), ..account("Savings", "1", &json!(null)) };
    let draft = map::account(&old, &SignSwitches::default(), today());
    assert_eq!((draft.balance.unwrap().date.to_string(), draft.number.as_str()), ("2026-09-22".into(), ""));
}

#[test]
fn private_units_are_named_by_the_end_of_their_address() {
    let unit =
        |currency: &str| map::currency(&Account { currency: Some(currency.into()), ..account("x", "1", &json!(null)) });
    assert_eq!(unit("https://www.example.com/flight-miles").as_str(), "FLIGHT-MILES");
    assert_eq!(unit("https://example.com/units/points/?v=1").as_str(), "POINTS");
    assert_eq!(unit("eur").as_str(), "EUR");
    assert_eq!(unit("https://example.com/").as_str(), "EXAMPLE.COM".replace('.', "").as_str());
    assert_eq!(unit("").as_str(), "USD");
}

fn row(value: serde_json::Value, signs: &SignSwitches, account_type: AccountType) -> crate::domain::TransactionFacts {
    map::transaction(&read(value), 1, signs, account_type, AssetCode::USD, today()).unwrap().facts
}

#[test]
fn rows_without_posting_are_pending() {
    let facts = row(
        json!({"id": "c-2", "posted": 0, "transacted_at": 1_793_620_800, "amount": "-40.00", "description": "Coffee"}),
        &SignSwitches::default(),
        AccountType::Checking,
    );
    assert_eq!((facts.status, facts.date.to_string()), (TransactionStatus::Pending, "2026-11-02".into()));
    let facts = row(
        json!({"id": "c-3", "posted": "1793620800.0", "amount": "-40.00", "pending": true}),
        &SignSwitches::default(),
        AccountType::Checking,
    );
    assert_eq!(facts.status, TransactionStatus::Pending);
    let facts =
        row(json!({"id": "c-4", "amount": "-1", "pending": true}), &SignSwitches::default(), AccountType::Checking);
    assert_eq!(facts.date, today());
}

#[test]
fn switches_invert_what_they_are_for() {
    let (signs, changed) = SignSwitches::default().updated(
        crate::domain::AccountSigns::default(),
        AccountType::Loan,
        Some(amount("90000")),
        &[],
    );
    assert!(changed && signs.balance_inverted && !signs.rows_inverted);
    let loan = map::account(&account("Car loan", "90000", &json!(null)), &signs, today());
    assert_eq!(loan.balance.unwrap().current, amount("-90000"));
    let mut inverted = signs;
    inverted.rows_inverted = true;
    let facts = row(json!({"id": "1", "posted": 1_793_620_800, "amount": "30"}), &inverted, AccountType::CreditCard);
    assert_eq!((facts.amount, facts.kind.subtype()), (amount("-30"), Sub::Purchase));
}

#[test]
fn kinds_come_from_words_and_signs() {
    let kind = |text: &str, amount: &str, account_type| {
        let value = json!({"id": "1", "posted": 1_793_620_800, "amount": amount, "description": text});
        row(value, &SignSwitches::default(), account_type).kind.subtype()
    };
    for (text, amount, account_type, expected) in [
        ("AUTOPAY PAYMENT THANK YOU", "30", AccountType::CreditCard, Sub::CardPayment),
        ("SHOES RETURNED", "30", AccountType::CreditCard, Sub::Refund),
        ("LATE FEE", "-30", AccountType::CreditCard, Sub::OtherFee),
        ("SHOES", "-30", AccountType::CreditCard, Sub::Purchase),
        ("INTEREST PAID", "3", AccountType::Savings, Sub::Interest),
        ("ORDINARY DIVIDEND", "3", AccountType::Brokerage, Sub::Dividend),
        ("MONTHLY FEE", "-3", AccountType::Checking, Sub::AccountFee),
        ("TRANSFER TO SAVINGS", "-3", AccountType::Checking, Sub::TransferOut),
        ("INCOMING WIRE", "3", AccountType::Checking, Sub::WireIn),
        ("CHECK 1042", "-3", AccountType::Checking, Sub::Check),
        ("PAYROLL", "3", AccountType::Checking, Sub::OtherIncome),
        ("PAYMENT TO CHASE CARD", "-3", AccountType::Checking, Sub::CardPayment),
        ("KIOSK", "-3", AccountType::Checking, Sub::Purchase),
    ] {
        assert_eq!(kind(text, amount, account_type), expected, "{text}");
    }
}

#[test]
fn rows_and_positions_that_can_not_be_used_are_named() {
    let row = |value| {
        map::transaction(&read(value), 5, &SignSwitches::default(), AccountType::Other, AssetCode::USD, today())
    };
    assert!(row(json!({"id": "1", "amount": "1"})).is_ok(), "no date: pending, dated today");
    assert!(row(json!({"id": "1", "posted": 1_793_620_800})).unwrap_err().message.contains("no amount"));
    let position = |value| map::holding(&read::<Holding>(value), 5, AssetCode::USD, today());
    assert!(position(json!({"id": "H", "symbol": "VTI"})).unwrap_err().message.contains("number of shares"));
    assert!(position(json!({"id": "H", "shares": "2"})).unwrap_err().message.contains("neither symbol nor name"));
}

#[test]
fn positions_prefer_the_value_and_know_no_cost_of_zero() {
    let holding: Holding =
        read(json!({"id": "H", "created": 1, "currency": "", "cost_basis": "0.00", "description": "Total Market",
        "market_value": "601.50", "purchase_price": "9", "shares": "2", "symbol": "VTI"}));
    let facts = map::holding(&holding, 1, AssetCode::USD, today()).unwrap().facts;
    assert_eq!((facts.symbol.as_str(), facts.currency), ("VTI", AssetCode::USD));
    assert_eq!(
        (facts.price, facts.market_value, facts.cost_basis),
        (Some(amount("300.75")), Some(amount("601.50")), None)
    );
    let option: Holding =
        read(json!({"description": "HIMS put", "market_value": "162", "shares": "2", "symbol": "HIMS250801P00046000"}));
    let facts = map::holding(&option, 1, AssetCode::USD, today()).unwrap().facts;
    assert_eq!(
        (facts.asset_type, facts.price, facts.provider_id.as_str()),
        (AssetType::Option, Some(amount("0.81")), "HIMS250801P00046000")
    );
}

#[test]
fn only_settled_rows_are_compared_with_balances() {
    let settled: Transaction = read(json!({"id": "1", "posted": 1_793_620_800, "amount": "-3", "payee": "Kiosk"}));
    let pending: Transaction = read(json!({"id": "2", "posted": 0, "amount": "-3"}));
    let delivered = map::delivered(&settled).unwrap();
    assert_eq!((delivered.amount, delivered.text), (amount("-3"), "Kiosk"));
    assert!(map::delivered(&pending).is_none());
}
