use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::json;

use super::{
    map,
    wire::{Account, Holding, InvestmentTransaction, Security, Transaction},
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

fn account(class: &str, subtype: &str, balances: &serde_json::Value) -> Account {
    read(
        json!({"account_id": "A", "name": "One", "mask": "0042", "type": class, "subtype": subtype, "balances": balances}),
    )
}

fn balance(class: &str, subtype: &str, balances: &serde_json::Value) -> Option<(Decimal, Option<Decimal>)> {
    let draft = map::account(&account(class, subtype, balances), today());
    draft.balance.map(|balance| (balance.current, balance.available))
}

#[test]
fn debts_are_negative_and_credit_left_is_not_money() {
    let usd = |current: Option<&str>, available: Option<&str>| json!({"current": current.map(amount), "available": available.map(amount), "iso_currency_code": "USD"});
    assert_eq!(
        balance("credit", "credit card", &usd(Some("733"), Some("2267"))),
        Some((amount("-733"), Some(amount("2267"))))
    );
    // An overpaid card.
    assert_eq!(balance("credit", "credit card", &usd(Some("-20"), None)), Some((amount("20"), None)));
    assert_eq!(balance("loan", "mortgage", &usd(Some("90000"), None)), Some((amount("-90000"), None)));
    assert_eq!(balance("depository", "checking", &usd(Some("100"), None)), Some((amount("100"), None)));
    assert_eq!(balance("depository", "checking", &usd(None, Some("80"))), Some((amount("80"), Some(amount("80")))));
    assert_eq!(balance("credit", "credit card", &usd(None, Some("80"))), None);
}

#[test]
fn account_types_and_currencies() {
    for (class, subtype, expected) in [
        ("depository", "checking", AccountType::Checking),
        ("depository", "savings", AccountType::Savings),
        ("depository", "money market", AccountType::MoneyMarket),
        ("depository", "cd", AccountType::Cd),
        ("depository", "hsa", AccountType::Hsa),
        ("depository", "paypal", AccountType::Checking),
        ("depository", "something new", AccountType::Checking),
        ("credit", "paypal", AccountType::CreditCard),
        ("loan", "mortgage", AccountType::Mortgage),
        ("loan", "home equity", AccountType::LineOfCredit),
        ("loan", "student", AccountType::Loan),
        ("investment", "401k", AccountType::K401),
        ("investment", "403B", AccountType::B403),
        ("investment", "roth", AccountType::RothIra),
        ("investment", "ira", AccountType::Ira),
        ("brokerage", "crypto exchange", AccountType::Brokerage),
        ("other", "other", AccountType::Other),
    ] {
        let account = account(class, subtype, &json!({}));
        assert_eq!(map::account(&account, today()).account_type, expected, "{class} {subtype}");
        assert_eq!(map::is_investment(&account), matches!(class, "investment" | "brokerage"));
    }
    let coins = account("investment", "crypto exchange", &json!({"current": 2, "unofficial_currency_code": "ETH"}));
    let draft = map::account(&coins, today());
    assert_eq!((draft.currency.as_str(), draft.number.as_str()), ("ETH", "****0042"));
}

#[test]
fn money_out_is_negative_and_a_posted_row_names_its_pending_row() {
    let row: Transaction = read(json!({
        "transaction_id": "q1", "account_id": "A", "amount": 72.1, "iso_currency_code": "USD", "date": "2026-11-21",
        "datetime": "2026-11-21T11:01:01Z", "name": "PURCHASE 1700", "merchant_name": "Grocer", "pending": false,
        "pending_transaction_id": "p1",
        "personal_finance_category": {"primary": "FOOD_AND_DRINK", "detailed": "FOOD_AND_DRINK_GROCERIES"}
    }));
    let draft = map::transaction(&row, 3, AssetCode::USD).unwrap();
    let facts = draft.facts;
    assert_eq!((facts.amount, facts.kind.subtype()), (amount("-72.1"), Sub::Purchase));
    assert_eq!((facts.payee.as_deref(), facts.description.as_deref()), (Some("Grocer"), Some("PURCHASE 1700")));
    assert_eq!((facts.status, facts.origin.line), (TransactionStatus::Settled, 3));
    assert_eq!(draft.pending_id.as_deref(), Some("p1"));
    assert_eq!(facts.instant.unwrap().to_rfc3339(), "2026-11-21T11:01:01+00:00");
}

#[test]
fn categories_and_codes_become_kinds() {
    let kind = |amount: i32, category: Option<(&str, &str)>, code: Option<&str>| {
        let row: Transaction = read(json!({
            "transaction_id": "t", "account_id": "A", "amount": amount, "date": "2026-11-21", "pending": true,
            "transaction_code": code,
            "personal_finance_category": category.map(|(primary, detailed)| json!({"primary": primary, "detailed": detailed})),
        }));
        let draft = map::transaction(&row, 1, AssetCode::USD).unwrap();
        assert_eq!(draft.facts.status, TransactionStatus::Pending);
        draft.facts.kind.subtype()
    };
    for (amount, primary, detailed, expected) in [
        (-9, "INCOME", "INCOME_DIVIDENDS", Sub::Dividend),
        (-9, "INCOME", "INCOME_INTEREST_EARNED", Sub::Interest),
        (-9, "INCOME", "INCOME_WAGES", Sub::OtherIncome),
        (9, "LOAN_PAYMENTS", "LOAN_PAYMENTS_CREDIT_CARD_PAYMENT", Sub::CardPayment),
        (9, "BANK_FEES", "BANK_FEES_INTEREST_CHARGE", Sub::OtherFee),
        (9, "BANK_FEES", "BANK_FEES_ATM_FEES", Sub::AccountFee),
        (9, "TRANSFER_OUT", "TRANSFER_OUT_WITHDRAWAL", Sub::Withdrawal),
        (-9, "TRANSFER_IN", "TRANSFER_IN_DEPOSIT", Sub::OtherIncome),
        (-9, "TRANSFER_IN", "TRANSFER_IN_ACCOUNT_TRANSFER", Sub::TransferIn),
        (9, "TRANSFER_OUT", "TRANSFER_OUT_ACCOUNT_TRANSFER", Sub::TransferOut),
        (-9, "TRAVEL", "TRAVEL_FLIGHTS", Sub::Refund),
    ] {
        assert_eq!(kind(amount, Some((primary, detailed)), None), expected, "{detailed}");
    }
    for (amount, code, expected) in [
        (9, "cheque", Sub::Check),
        (9, "atm", Sub::Withdrawal),
        (9, "bank charge", Sub::AccountFee),
        (-9, "interest", Sub::Interest),
        (9, "standing order", Sub::TransferOut),
        (9, "direct debit", Sub::Purchase),
        (9, "adjustment", Sub::Adjustment),
        (9, "new", Sub::Unknown),
    ] {
        assert_eq!(kind(amount, None, Some(code)), expected, "{code}");
    }
    let check: Transaction = read(json!({
        "transaction_id": "t", "account_id": "A", "amount": 5, "date": "2026-11-21", "check_number": "1042"
    }));
    let facts = map::transaction(&check, 1, AssetCode::USD).unwrap().facts;
    assert_eq!((facts.kind.subtype(), facts.reference.as_deref()), (Sub::Check, Some("1042")));
}

#[test]
fn rows_that_can_not_be_used_are_named() {
    let row: Transaction = read(json!({"transaction_id": "t", "account_id": "A", "amount": 5}));
    assert!(map::transaction(&row, 2, AssetCode::USD).unwrap_err().message.contains("no date"));
    let row: Transaction = read(json!({"transaction_id": "t", "account_id": "A", "date": "2026-11-21"}));
    assert!(map::transaction(&row, 2, AssetCode::USD).unwrap_err().message.contains("no amount"));
    let row: InvestmentTransaction = read(json!({"investment_transaction_id": "t", "account_id": "A", "amount": 5}));
    assert!(
        map::investment(&row, 2, &map::SecurityTable::new(), AssetCode::USD).unwrap_err().message.contains("no date")
    );
    let holding: Holding = read(json!({"account_id": "A", "security_id": "S"}));
    let refused = map::holding(&holding, 4, &map::SecurityTable::new(), AssetCode::USD, today()).unwrap_err();
    assert!(refused.message.contains("position 4"));
}

fn securities() -> map::SecurityTable {
    let all: Vec<Security> = read(json!([
        {"security_id": "S1", "ticker_symbol": "VTI", "name": "Total Market", "type": "etf"},
        {"security_id": "S2", "ticker_symbol": "HIMS250801P00046000", "name": "HIMS put", "type": "derivative"},
        {"security_id": "S3", "name": "U S Dollar", "type": "cash", "is_cash_equivalent": true},
        {"security_id": "S4", "isin": "US0378331005", "type": "equity"},
        {"security_id": "S5", "type": "fixed income"},
        {"security_id": "S6", "type": "mutual fund"},
        {"security_id": "S7", "type": "cryptocurrency"},
    ]));
    all.into_iter().map(|security| (security.security_id.0.clone(), security)).collect()
}

#[test]
fn option_positions_are_not_multiplied_again() {
    let holding: Holding = read(json!({
        "account_id": "A", "security_id": "S2", "quantity": 200, "institution_price": 0.81,
        "institution_price_as_of": "2026-11-19", "institution_value": 162, "cost_basis": 150, "iso_currency_code": "USD"
    }));
    let facts = map::holding(&holding, 1, &securities(), AssetCode::USD, today()).unwrap().facts;
    assert_eq!(facts.asset_type, AssetType::Option);
    assert_eq!((facts.value(), facts.gain()), (Some(amount("162")), Some(amount("12"))));
    assert_eq!(facts.quantity * facts.price.unwrap() * facts.multiplier, amount("162.00"));
}

#[test]
fn securities_are_named_by_the_best_identifier() {
    let named = |id: &str| {
        let holding: Holding = read(json!({"account_id": "A", "security_id": id, "quantity": 1}));
        let facts = map::holding(&holding, 1, &securities(), AssetCode::USD, today()).unwrap().facts;
        (facts.symbol, facts.name, facts.asset_type)
    };
    assert_eq!(named("S1"), ("VTI".into(), "Total Market".into(), AssetType::Etf));
    assert_eq!(named("S3").2, AssetType::CashEquivalent);
    assert_eq!(named("S4"), ("US0378331005".into(), "US0378331005".into(), AssetType::Equity));
    assert_eq!((named("S5").2, named("S6").2), (AssetType::FixedIncome, AssetType::MutualFund));
    assert_eq!(named("S7").2, AssetType::Cryptocurrency);
    assert_eq!(named("S9"), ("S9".into(), "S9".into(), AssetType::Other));
}

#[test]
fn investment_rows_change_sign_and_settle_on_the_stated_day() {
    let row: InvestmentTransaction = read(json!({
        "investment_transaction_id": "i1", "account_id": "A", "security_id": "S1", "date": "2026-11-18",
        "transaction_datetime": "2026-11-16T15:00:00Z", "name": "BUY VTI", "quantity": 2, "amount": 601.5, "price": 300,
        "fees": 1.5, "type": "buy", "subtype": "buy", "iso_currency_code": "USD"
    }));
    let facts = map::investment(&row, 1, &securities(), AssetCode::USD).unwrap().facts;
    let security = facts.security.unwrap();
    assert_eq!((facts.amount, facts.kind.subtype()), (amount("-601.5"), Sub::Buy));
    assert_eq!(
        (facts.date.to_string(), facts.settlement_date.unwrap().to_string()),
        ("2026-11-16".into(), "2026-11-18".into())
    );
    assert_eq!(
        (security.quantity, security.unit_price, security.fees),
        (Some(amount("2")), Some(amount("300")), Some(amount("1.5")))
    );
}

#[test]
fn investment_subtypes_become_kinds() {
    for (class, subtype, amount, expected) in [
        ("sell", "sell", -5, Sub::Sell),
        ("sell", "sell short", -5, Sub::ShortSell),
        ("buy", "buy to cover", 5, Sub::BuyToCover),
        ("buy", "dividend reinvestment", 5, Sub::Buy),
        ("cash", "dividend", -5, Sub::Dividend),
        ("cash", "interest", -5, Sub::Interest),
        ("cash", "interest", 5, Sub::MarginInterest),
        ("cash", "long-term capital gain", -5, Sub::CapitalGain),
        ("cash", "return of principal", -5, Sub::ReturnOfCapital),
        ("cash", "contribution", -5, Sub::Deposit),
        ("cash", "withdrawal", 5, Sub::Withdrawal),
        ("cash", "account fee", 5, Sub::AccountFee),
        ("fee", "fund fee", 5, Sub::OtherFee),
        ("fee", "margin expense", 5, Sub::MarginInterest),
        ("cash", "tax withheld", 5, Sub::Withheld),
        ("transfer", "split", 0, Sub::Split),
        ("transfer", "merger", 0, Sub::Merger),
        ("transfer", "spin off", 0, Sub::SpinOff),
        ("transfer", "stock distribution", 0, Sub::OtherAction),
        ("transfer", "exercise", 0, Sub::Exercise),
        ("transfer", "assignment", 0, Sub::Assignment),
        ("transfer", "expire", 0, Sub::Expiration),
        ("transfer", "transfer", 5, Sub::TransferOut),
        ("cash", "adjustment", 5, Sub::Adjustment),
        ("cash", "new", -5, Sub::Deposit),
        ("fee", "new", 5, Sub::OtherFee),
        ("transfer", "new", -5, Sub::TransferIn),
        ("new", "new", -5, Sub::Unknown),
    ] {
        let row: InvestmentTransaction = read(json!({
            "investment_transaction_id": "i", "account_id": "A", "date": "2026-11-18", "amount": amount, "type": class,
            "subtype": subtype
        }));
        let facts = map::investment(&row, 1, &securities(), AssetCode::USD).unwrap().facts;
        assert_eq!(facts.kind.subtype(), expected, "{class} {subtype}");
        assert!(facts.security.is_none());
    }
}
