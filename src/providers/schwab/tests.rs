use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::*;
use crate::domain::{
    AccountType, AssetCode, AssetType, TransactionDraft, TransactionStatus, TransactionSubtype as Sub,
};

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn today() -> NaiveDate {
    "2026-11-20".parse().unwrap()
}

fn mapped(text: &str) -> (Vec<TransactionDraft>, Vec<Warning>) {
    let items: Vec<Value> = serde_json::from_str(text).unwrap();
    let mut warnings = Vec::new();
    let activities = rows::<wire::Activity>(items, "transaction", &mut warnings);
    let drafts = map::transactions(&activities, AssetCode::USD, &mut warnings);
    (drafts, warnings)
}

fn fixture() -> (Vec<TransactionDraft>, Vec<Warning>) {
    mapped(include_str!("../../../fixtures/providers/schwab/transactions.json"))
}

fn one<'a>(drafts: &'a [TransactionDraft], id: &str) -> &'a crate::domain::TransactionFacts {
    &drafts.iter().find(|draft| draft.facts.provider_id.as_deref() == Some(id)).unwrap().facts
}

#[test]
fn accounts_have_nicknames_types_and_exact_balances() {
    let items: Vec<Value> =
        serde_json::from_str(include_str!("../../../fixtures/providers/schwab/accounts.json")).unwrap();
    let preferences: Vec<Value> =
        serde_json::from_str(include_str!("../../../fixtures/providers/schwab/user_preference.json")).unwrap();
    let names = map::nicknames(rows(preferences, "preference", &mut Vec::new()));
    let accounts: Vec<_> = rows::<wire::Account>(items, "account", &mut Vec::new())
        .iter()
        .map(|(_, account)| map::account(account, Some(&names), None, today()))
        .collect();
    let (margin, cash) = (accounts[0].balance.unwrap(), accounts[1].balance.unwrap());
    assert_eq!(
        (margin.current, margin.available, margin.cash_value),
        (dec("25430.36"), Some(dec("12000.5")), Some(dec("1000.1")))
    );
    assert_eq!(
        (cash.available, cash.cash_value, cash.holdings_value),
        (Some(dec("70")), Some(dec("75.25")), Some(dec("8000")))
    );
    assert_eq!((accounts[0].account_type, accounts[0].name.as_deref()), (AccountType::Brokerage, Some("Trading")));
    assert_eq!(accounts[1].account_type, AccountType::RothIra);
}

#[test]
fn positions_are_priced_from_their_value_and_signed() {
    let account: wire::Account =
        serde_json::from_str(include_str!("../../../fixtures/providers/schwab/account.json")).unwrap();
    let positions = rows::<wire::Position>(account.securities_account.positions, "position", &mut Vec::new());
    let held: Vec<_> =
        positions.iter().filter_map(|(_, p)| map::holding(p, AssetCode::USD, today())).map(|h| h.facts).collect();
    assert_eq!(held.len(), 3, "a closed position is left out");
    assert_eq!((held[0].asset_type, held[0].quantity), (AssetType::Etf, dec("10.12345679")));
    assert_eq!((held[0].market_value, held[0].price), (Some(dec("1518.52")), Some(dec("150.000146"))));
    let option = &held[1];
    assert_eq!((option.symbol.as_str(), option.name.as_str()), ("SPY261218C00600000", "SPY 2026-12-18 600 call"));
    assert_eq!((option.quantity, option.price, option.cost_basis), (dec("-2"), Some(dec("2.05")), Some(dec("-700"))));
    assert_eq!(option.gain(), Some(dec("290")));
    assert_eq!(held[2].gain(), None, "an unknown cost is not zero");
}

#[test]
fn trades_carry_fees_prices_and_direction() {
    let (drafts, _) = fixture();
    let bought = one(&drafts, "9001");
    let security = bought.security.as_ref().unwrap();
    assert_eq!((bought.amount, bought.kind.subtype()), (dec("-163.32"), Sub::Buy));
    assert_eq!((security.commission, security.fees), (Some(dec("1.3")), Some(dec("0.02"))));
    assert_eq!((security.quantity, security.unit_price), (Some(dec("2")), Some(dec("0.81"))));
    assert_eq!(security.group.as_deref(), Some("5551"));
    assert_eq!(bought.description(), "Buy 2 SPY 12/18/2026 $600 Call at 0.81");
    assert_eq!(bought.settlement_date.unwrap().to_string(), "2026-05-05");
    let short = one(&drafts, "9002");
    assert_eq!((short.amount, short.kind.subtype()), (dec("1199.97"), Sub::ShortSell), "float noise is gone");
    assert_eq!(short.instant.unwrap().to_rfc3339(), "2026-05-05T14:30:05+00:00");
}

#[test]
fn washing_legs_are_netted_and_several_securities_are_several_rows() {
    let (drafts, _) = fixture();
    let (stock, option) = (one(&drafts, "9004"), one(&drafts, "9004:2"));
    assert_eq!((stock.amount, option.amount), (dec("1500"), Decimal::ZERO));
    assert_eq!(stock.security.as_ref().unwrap().quantity, Some(dec("-100")));
    assert_eq!((stock.kind.subtype(), option.kind.subtype()), (Sub::Assignment, Sub::Assignment));
    assert_eq!(option.security.as_ref().unwrap().group, stock.security.as_ref().unwrap().group);
}

#[test]
fn every_type_has_its_meaning() {
    let (drafts, _) = fixture();
    let kind = |id: &str| one(&drafts, id).kind.subtype();
    assert_eq!(
        ["9003", "9005", "9006", "9007", "9008", "9010", "9011", "9012"].map(kind),
        [
            Sub::Expiration,
            Sub::Dividend,
            Sub::MarginInterest,
            Sub::Interest,
            Sub::Internal,
            Sub::Withdrawal,
            Sub::WireIn,
            Sub::Unknown
        ]
    );
    let dividend = one(&drafts, "9005").security.as_ref().unwrap();
    assert_eq!((dividend.symbol.as_deref(), dividend.quantity), (Some("VTI"), None), "its leg counts money");
    assert_eq!(one(&drafts, "9010").status, TransactionStatus::Pending);
    assert_eq!(one(&drafts, "9012").description(), "new");
}

#[test]
fn journals_inside_an_account_are_one_group() {
    let (drafts, _) = fixture();
    let group = |id: &str| one(&drafts, id).security.as_ref().and_then(|security| security.group.clone());
    assert_eq!((group("9008"), group("9009")), (Some("9008".into()), Some("9008".into())));
    assert_eq!(group("9011"), None);
}

#[test]
fn old_rows_with_one_leg_and_broken_rows() {
    let (drafts, warnings) = fixture();
    let old = drafts.iter().find(|draft| draft.facts.provider_id.is_none()).unwrap();
    assert_eq!((old.facts.date.to_string().as_str(), old.facts.amount), ("2023-02-01", dec("-20.5")));
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].message.contains("transaction 14 is left out: it has no date"), "{warnings:?}");
}

/// The sum of the rows of every transaction is its net amount, and that of a trade's legs is too.
#[test]
fn rows_and_legs_add_up() {
    add_up(include_str!("../../../fixtures/providers/schwab/transactions.json"));
    let Some(samples) = std::env::var_os("DASHTAM_SAMPLES") else {
        eprintln!("skipped: DASHTAM_SAMPLES is not set");
        return;
    };
    let folder = std::path::Path::new(&samples).join("providers/schwab");
    for name in ["txn_option_trade.json", "txn_dividend_interest.json"] {
        add_up(&std::fs::read_to_string(folder.join(name)).unwrap());
    }
}

fn add_up(text: &str) {
    for item in serde_json::from_str::<Vec<Value>>(text).unwrap() {
        let (drafts, warnings) = mapped(&Value::Array(vec![item.clone()]).to_string());
        if drafts.is_empty() {
            continue;
        }
        assert!(warnings.is_empty(), "{warnings:?}");
        let net: Decimal = item["netAmount"].to_string().parse().unwrap();
        let sum: Decimal = drafts.iter().map(|draft| draft.facts.amount).sum();
        assert_eq!(sum, net.round_dp(2), "{item}");
    }
}

proptest! {
    /// Whatever the legs are, nothing of the net amount is lost or invented.
    #[test]
    fn any_legs_keep_the_net_amount(
        legs in prop::collection::vec((-5_i64..5, -100_000_i64..100_000, 0_usize..3, 0_usize..3), 0..6),
        net in -1_000_000_i64..1_000_000,
    ) {
        let items: Vec<Value> = legs
            .iter()
            .map(|(amount, cost, kind, symbol)| {
                let kind = ["EQUITY", "OPTION", "CURRENCY"][*kind];
                let symbol = ["A", "B", "C"][*symbol];
                let fee = (kind == "CURRENCY").then_some("SEC_FEE");
                let cost = Decimal::new(*cost, 2).to_string().parse::<serde_json::Number>().unwrap();
                json!({"amount": amount, "cost": cost, "price": 1, "feeType": fee,
                       "instrument": {"assetType": kind, "symbol": symbol}})
            })
            .collect();
        let total: Decimal = legs.iter().map(|(_, cost, _, _)| Decimal::new(*cost, 2)).sum();
        let secured = legs.iter().any(|(_, _, kind, _)| *kind < 2);
        let net = Decimal::new(net, 2);
        let row = |net: Decimal| {
            json!([{"activityId": 1, "type": "TRADE", "time": "2026-01-02T00:00:00Z", "netAmount": net.to_string(),
                    "transferItems": items}])
            .to_string()
        };
        let (drafts, warnings) = mapped(&row(net));
        prop_assert_eq!(drafts.iter().map(|draft| draft.facts.amount).sum::<Decimal>(), net);
        prop_assert_eq!(warnings.len(), usize::from(secured && total != net));
        let (drafts, warnings) = mapped(&row(total));
        prop_assert_eq!(drafts.iter().map(|draft| draft.facts.amount).sum::<Decimal>(), total);
        prop_assert!(warnings.is_empty());
    }
}

#[test]
fn samples_are_read_without_loss() {
    let Some(samples) = std::env::var_os("DASHTAM_SAMPLES") else {
        eprintln!("skipped: DASHTAM_SAMPLES is not set");
        return;
    };
    let folder = std::path::Path::new(&samples).join("providers/schwab");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let accounts: Vec<wire::Account> = serde_json::from_str(&read("accounts_positions_margin.json")).unwrap();
    let positions =
        rows::<wire::Position>(accounts[0].securities_account.positions.clone(), "position", &mut Vec::new());
    let gains: Vec<_> = positions
        .iter()
        .map(|(_, p)| map::holding(p, AssetCode::USD, today()).unwrap().facts.gain().unwrap())
        .collect();
    assert_eq!(gains, [dec("-15.44"), dec("-55.40")]);
    let option: wire::Position = serde_json::from_str(&read("position_option_long.json")).unwrap();
    let facts = map::holding(&option, AssetCode::USD, today()).unwrap().facts;
    assert_eq!((facts.price, facts.gain()), (Some(dec("12.915")), Some(dec("-548.16"))));
    let (drafts, _) = mapped(&read("txn_dividend_interest.json"));
    let kinds: Vec<_> = drafts.iter().map(|draft| draft.facts.kind.subtype()).collect();
    assert_eq!(kinds, [Sub::Dividend, Sub::MarginInterest, Sub::Dividend]);
}

#[test]
fn bonds_and_futures_cost_value_less_profit_or_nothing_is_known() {
    let held = |text: &str| {
        let position: wire::Position = serde_json::from_str(text).unwrap();
        map::holding(&position, AssetCode::USD, today()).unwrap().facts
    };
    let bond = held(
        r#"{"longQuantity": 10000, "averagePrice": 98.5, "marketValue": 9900, "longOpenProfitLoss": 50.25,
            "instrument": {"assetType": "FIXED_INCOME", "cusip": "912828XX1", "description": "US TREASURY NOTE"}}"#,
    );
    assert_eq!((bond.cost_basis, bond.gain()), (Some(dec("9849.75")), Some(dec("50.25"))));
    let deposit = held(
        r#"{"longQuantity": 5000, "averagePrice": 100, "marketValue": 5010,
            "instrument": {"assetType": "FIXED_INCOME", "type": "CERTIFICATE_OF_DEPOSIT", "cusip": "1"}}"#,
    );
    assert_eq!(deposit.cost_basis, None, "an average in percent of par is no cost");
    let future = held(
        r#"{"shortQuantity": 2, "averagePrice": 5000, "marketValue": -900, "shortOpenProfitLoss": 100,
            "instrument": {"assetType": "FUTURE", "symbol": "/ESZ26"}}"#,
    );
    assert_eq!((future.cost_basis, future.gain()), (Some(dec("-1000")), Some(dec("100"))));
}

#[test]
fn two_rows_under_one_activity_id_stay_two_in_any_order() {
    let one = r#"{"activityId": 5, "type": "ACH_RECEIPT", "time": "2026-05-04T14:00:00+0000", "netAmount": 10}"#;
    let two = r#"{"activityId": 5, "type": "WIRE_IN", "time": "2026-05-04T14:00:00+0000", "netAmount": 20}"#;
    let ids = |rows: &[&str]| {
        let (mut drafts, _) = mapped(&format!("[{}]", rows.join(",")));
        drafts.sort_by_key(|draft| draft.facts.amount);
        drafts
            .iter()
            .map(|draft| format!("{} {}", draft.facts.provider_id.as_ref().unwrap(), draft.facts.amount))
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(&[one, two]), ["5 10", "5/2 20"]);
    assert_eq!(ids(&[two, one]), ["5 10", "5/2 20"]);
    assert_eq!(ids(&[one, two, one]), ["5 10", "5 10", "5/2 20"], "the same row twice is one id");
}

#[test]
fn a_trade_is_on_its_new_york_day() {
    let day = |time: &str| {
        let text = format!(r#"[{{"activityId": 1, "type": "TRADE", "tradeDate": "{time}", "netAmount": 1}}]"#);
        mapped(&text).0[0].facts.date.to_string()
    };
    assert_eq!(day("2026-05-05T01:30:00+0000"), "2026-05-04");
    assert_eq!(day("2026-05-05T04:00:00.000Z"), "2026-05-05");
    assert_eq!(day("2026-05-05T00:00:00Z"), "2026-05-05", "midnight UTC is a date without time");
    assert_eq!(day("2026-05-05"), "2026-05-05");
}

#[test]
fn names_and_types_are_remembered_when_they_cannot_be_read() {
    let account: wire::Account =
        serde_json::from_str(r#"{"securitiesAccount": {"type": "CASH", "accountNumber": "70001234"}}"#).unwrap();
    let known = crate::providers::KnownAccount {
        provider_account_id: "70001234".into(),
        name: "My Roth".into(),
        account_type: AccountType::RothIra,
        currency: AssetCode::USD,
        institution: "Charles Schwab".into(),
        signs: crate::domain::AccountSigns::default(),
    };
    let read = |names, known| {
        let draft = map::account(&account, names, known, today());
        (draft.name, draft.account_type)
    };
    let names = std::collections::HashMap::from([("70001234".to_owned(), "Rollover IRA".to_owned())]);
    assert_eq!(read(None, Some(&known)), (Some("My Roth".into()), AccountType::RothIra));
    assert_eq!(read(Some(&names), Some(&known)), (Some("Rollover IRA".into()), AccountType::Ira));
    assert_eq!(read(None, None), (None, AccountType::Brokerage));
}

#[test]
fn deliveries_and_payments_are_named_by_code_and_text() {
    let kind = |kind: &str, code: &str, text: &str, net: i64, shares: i64| {
        let row = json!([{"activityId": 1, "type": kind, "subAccountType": "CASH", "transactionSubType": code,
            "description": text, "time": "2026-05-05T14:30:00Z", "netAmount": net,
            "transferItems": {"amount": shares, "cost": 0, "instrument": {"assetType": "EQUITY", "symbol": "ABC"}}}]);
        mapped(&row.to_string()).0[0].facts.kind.subtype()
    };
    let delivery = |code: &str, text: &str, shares: i64| kind("RECEIVE_AND_DELIVER", code, text, 0, shares);
    assert_eq!(delivery("OE", "", 100), Sub::Exercise);
    assert_eq!(delivery("", "EXERCISE OF CALL", 100), Sub::Exercise);
    assert_eq!(delivery("OX", "", -1), Sub::Expiration);
    assert_eq!(delivery("OA", "", -1), Sub::Assignment);
    assert_eq!(delivery("", "FORWARD SPLIT", 30), Sub::Split);
    assert_eq!(delivery("", "SPINOFF OF XYZ", 3), Sub::SpinOff);
    assert_eq!(delivery("", "MERGER WITH XYZ", -3), Sub::Merger);
    assert_eq!(delivery("", "TRANSFER OF SECURITY", 3), Sub::TransferIn);
    assert_eq!(delivery("", "TRANSFER OF SECURITY", -3), Sub::TransferOut);
    let payment = |code: &str, text: &str, net: i64| kind("DIVIDEND_OR_INTEREST", code, text, net, 0);
    assert_eq!(payment("QD", "NRA TAX ON DIVIDEND", -2), Sub::Withheld);
    assert_eq!(payment("", "LONG TERM CAP GAIN", 2), Sub::CapitalGain);
    assert_eq!(payment("", "CREDIT INTEREST", 2), Sub::Interest);
    assert_eq!(payment("QD", "QUALIFIED DIVIDEND", 2), Sub::Dividend);
    assert_eq!(kind("ELECTRONIC_FUND", "", "", 5, 0), Sub::Deposit);
    assert_eq!(kind("ELECTRONIC_FUND", "", "", -5, 0), Sub::Withdrawal);
}

#[test]
fn a_nickname_names_the_type() {
    let read = |nickname: &str| {
        let account: wire::Account =
            serde_json::from_str(r#"{"securitiesAccount": {"type": "CASH", "accountNumber": "70001234"}}"#).unwrap();
        let names = std::collections::HashMap::from([("70001234".to_owned(), nickname.to_owned())]);
        map::account(&account, Some(&names), None, today()).account_type
    };
    assert_eq!(read("Old 401(k)"), AccountType::K401);
    assert_eq!(read("school 403b"), AccountType::B403);
    assert_eq!(read("HSA"), AccountType::Hsa);
    assert_eq!(read("Investor Checking"), AccountType::Checking);
    assert_eq!(read("Savings"), AccountType::Savings);
    assert_eq!(read("Miracle fund"), AccountType::Brokerage, "`ira` inside a word is not the type");
}
