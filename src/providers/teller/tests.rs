use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{
    map,
    wire::{Account, Balances, Transaction},
};
use crate::domain::{AccountType, AssetCode, TransactionDraft, TransactionStatus, TransactionSubtype as Sub};

fn today() -> NaiveDate {
    "2026-11-20".parse().unwrap()
}

fn account(json: &str) -> Account {
    serde_json::from_str(json).unwrap()
}

fn amount(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn row(json: &str, credit: bool) -> TransactionDraft {
    let row: Transaction = serde_json::from_str(json).unwrap();
    map::transaction(&row, 1, credit, AssetCode::USD).unwrap()
}

#[test]
fn cards_count_the_other_way_round() {
    let card =
        account(r#"{"id":"acc_card","type":"credit","subtype":"credit_card","last_four":"4417","currency":"USD"}"#);
    let balances: Balances = serde_json::from_str(r#"{"ledger":"71.50","available":"928.50"}"#).unwrap();
    let draft = map::account(&card, Some(&balances), today());
    let balance = draft.balance.unwrap();
    assert_eq!((draft.account_type, draft.number.as_str()), (AccountType::CreditCard, "****4417"));
    assert_eq!((balance.current, balance.available), (amount("-71.50"), Some(amount("928.50"))));

    let charge = row(
        r#"{"id":"t2","amount":"71.50","date":"2026-11-02","status":"posted","type":"card_payment","description":"SHOES"}"#,
        true,
    );
    assert_eq!((charge.facts.amount, charge.facts.kind.subtype()), (amount("-71.50"), Sub::Purchase));
    let payment = row(
        r#"{"id":"t3","amount":"-200.00","date":"2026-11-03","status":"posted","type":"payment","description":"PAYMENT","details":{"processing_status":"pending"}}"#,
        true,
    );
    assert_eq!((payment.facts.amount, payment.facts.kind.subtype()), (amount("200.00"), Sub::CardPayment));
    assert_eq!(payment.facts.status, TransactionStatus::Settled);
}

#[test]
fn deposit_accounts_keep_their_signs() {
    let checking = account(r#"{"id":"acc_d","type":"depository","subtype":"checking","status":"open"}"#);
    let only_available: Balances = serde_json::from_str(r#"{"ledger":null,"available":"100.00"}"#).unwrap();
    let draft = map::account(&checking, Some(&only_available), today());
    assert_eq!(draft.balance.unwrap().current, amount("100.00"));
    assert_eq!((draft.account_type, draft.currency, draft.is_active), (AccountType::Checking, AssetCode::USD, true));
    let purchase = row(
        r#"{"id":"t1","amount":"-12.00","date":"2026-11-02","type":"card_payment","details":{"counterparty":{"name":"Kiosk"}}}"#,
        false,
    );
    assert_eq!((purchase.facts.amount, purchase.facts.payee.as_deref()), (amount("-12.00"), Some("Kiosk")));
}

#[test]
fn a_card_without_ledger_has_no_balance() {
    let card = account(r#"{"id":"c","type":"credit","status":"closed"}"#);
    let only_available: Balances = serde_json::from_str(r#"{"available":"928.50"}"#).unwrap();
    let draft = map::account(&card, Some(&only_available), today());
    assert!(draft.balance.is_none() && !draft.is_active);
    assert_eq!(draft.account_type, AccountType::CreditCard);
}

#[test]
fn every_type_has_a_kind() {
    let kind = |code: &str, amount: &str, credit: bool| {
        let json = format!(r#"{{"id":"t","amount":"{amount}","date":"2026-11-02","type":"{code}"}}"#);
        row(&json, credit).facts.kind.subtype()
    };
    let cases = [
        ("ach", "5", Sub::OtherIncome),
        ("ach", "-5", Sub::Purchase),
        ("deposit", "5", Sub::OtherIncome),
        ("atm", "-5", Sub::Withdrawal),
        ("check", "-5", Sub::Check),
        ("check", "5", Sub::OtherIncome),
        ("fee", "-5", Sub::OtherFee),
        ("interest", "5", Sub::Interest),
        ("transfer", "5", Sub::TransferIn),
        ("transfer", "-5", Sub::TransferOut),
        ("wire", "-5", Sub::WireOut),
        ("digital_payment", "-5", Sub::Purchase),
        ("card_payment", "5", Sub::Refund),
        ("adjustment", "5", Sub::Adjustment),
        ("something_new", "5", Sub::Unknown),
    ];
    for (code, amount, expected) in cases {
        assert_eq!(kind(code, amount, false), expected, "{code} {amount}");
    }
    assert_eq!(kind("something_new", "5", true), Sub::Purchase);
    assert_eq!(kind("interest", "5", true), Sub::OtherFee);
}

#[test]
fn account_subtypes_are_mapped() {
    for (subtype, expected) in [
        ("savings", AccountType::Savings),
        ("money_market", AccountType::MoneyMarket),
        ("certificate_of_deposit", AccountType::Cd),
        ("sweep", AccountType::Savings),
        ("other", AccountType::Other),
    ] {
        let account = account(&format!(r#"{{"id":"a","type":"depository","subtype":"{subtype}"}}"#));
        assert_eq!(map::account(&account, None, today()).account_type, expected, "{subtype}");
    }
}

#[test]
fn rows_without_a_day_or_an_amount_are_named() {
    for (json, why) in [
        (r#"{"id":"t","amount":"1"}"#, "no date"),
        (r#"{"id":"t","date":"2026-11-02","amount":null}"#, "no amount"),
        (r#"{"id":"t","date":"11/02/2026","amount":"1"}"#, "no date"),
    ] {
        let row: Transaction = serde_json::from_str(json).unwrap();
        let warning = map::transaction(&row, 7, false, AssetCode::USD).unwrap_err();
        assert!(warning.message.contains(why) && warning.line == 7, "{warning:?}");
    }
}
