use serde::de::DeserializeOwned;
use serde_json::Value;

use super::*;
use crate::domain::{AssetCode, Correction, TransactionDraft, TransactionStatus, TransactionSubtype as Sub, Warning};

fn fixture<T: DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).unwrap()
}

fn dec(text: &str) -> rust_decimal::Decimal {
    text.parse().unwrap()
}

fn today() -> NaiveDate {
    "2026-11-20".parse().unwrap()
}

/// Rows and warnings of a list, mapped as a page is.
fn mapped(text: &str) -> (Vec<TransactionDraft>, Vec<Warning>) {
    let mut warnings = Vec::new();
    let activities = rows::<wire::Activity>(fixture::<Vec<Value>>(text), "activity", &mut warnings);
    let mut drafts = Vec::new();
    for (index, (line, row)) in activities.iter().enumerate() {
        let earlier = map::corrects_unnamed(row)
            .then(|| map::corrected(row, activities[..index].iter().map(|(_, row)| row)))
            .flatten();
        match map::transaction(row, *line, AssetCode::USD, earlier) {
            Ok(draft) => drafts.push(draft),
            Err(warning) => warnings.push(warning),
        }
    }
    (drafts, warnings)
}

fn activities() -> (Vec<TransactionDraft>, Vec<Warning>) {
    mapped(include_str!("../../../fixtures/providers/alpaca/activities.json"))
}

fn one<'a>(drafts: &'a [TransactionDraft], ending: &str) -> &'a TransactionDraft {
    drafts.iter().find(|draft| draft.facts.provider_id.as_deref().is_some_and(|id| id.ends_with(ending))).unwrap()
}

#[test]
fn an_account_is_worth_its_equity_and_can_spend_its_cash() {
    let account: wire::Account = fixture(include_str!("../../../fixtures/providers/alpaca/account.json"));
    let draft = map::account(&account, true, today());
    let balance = draft.balance.unwrap();
    assert_eq!((balance.current, balance.available), (dec("20480.10"), Some(dec("-1250.75"))));
    assert_eq!(balance.holdings_value, Some(dec("21730.85")));
    assert_eq!(
        (draft.number.as_str(), draft.is_active, draft.name.as_deref()),
        ("PA3CANARY7890", true, Some("Alpaca paper"))
    );
}

#[test]
fn a_blocked_account_is_noted_and_a_closed_one_is_inactive() {
    let account: wire::Account = fixture(r#"{"id": "1", "status": "ACCOUNT_CLOSED", "account_blocked": true}"#);
    let draft = map::account(&account, false, today());
    assert!(!draft.is_active && draft.balance.is_none(), "no balance is not a balance of zero");
    assert!(map::notes(&account, None)[0].message.contains("blocked"));
    let notes = map::notes(&account, Some(&ENVIRONMENTS[0]));
    assert!(notes[0].message.contains("the key belongs to the"), "{notes:?}");
}

#[test]
fn positions_keep_sign_multiplier_and_unknown_prices() {
    let items: Vec<Value> = fixture(include_str!("../../../fixtures/providers/alpaca/positions.json"));
    let held: Vec<_> = rows::<wire::Position>(items, "position", &mut Vec::new())
        .iter()
        .map(|(_, position)| map::holding(position, AssetCode::USD, today()).facts)
        .collect();
    assert_eq!(held[0].gain(), Some(dec("1002.12")));
    assert_eq!((held[1].quantity, held[1].gain()), (dec("-5"), Some(dec("100.00"))));
    assert_eq!((held[2].multiplier, held[2].gain_percent()), (dec("100"), Some(dec("12.05"))));
    assert_eq!(held[2].name, "SPY 2026-12-18 600 call");
    assert_eq!((held[3].asset_type, held[3].price), (crate::domain::AssetType::Cryptocurrency, None));
}

#[test]
fn fills_are_priced_signed_and_grouped() {
    let (drafts, _) = activities();
    let (first, second) = (&one(&drafts, "0002").facts, &one(&drafts, "0003").facts);
    assert_eq!((first.amount, second.amount), (dec("-3751.5"), dec("-2533.275")));
    let group = |facts: &crate::domain::TransactionFacts| facts.security.as_ref().unwrap().group.clone();
    assert_eq!((group(first), group(second)), (Some("order-1".into()), Some("order-1".into())));
    assert_eq!(first.description(), "Buy 15 VTI at 250.10");
    let option = &one(&drafts, "0006").facts;
    assert_eq!(option.amount, dec("-2240"), "a hundredfold");
    let short = &one(&drafts, "0007").facts;
    assert_eq!((short.kind.subtype(), short.amount), (Sub::ShortSell, dec("1800")));
    assert_eq!(short.security.as_ref().unwrap().quantity, Some(dec("-5")));
    let crypto = &one(&drafts, "0004").facts;
    assert_eq!(crypto.amount, dec("-8641.97523"));
}

#[test]
fn the_day_is_the_brokers_in_the_evening_too() {
    let (drafts, _) = activities();
    let evening = &one(&drafts, "0004").facts;
    assert_eq!(evening.date.to_string(), "2026-01-07");
    assert_eq!(evening.instant.unwrap().to_rfc3339(), "2026-01-08T00:05:00+00:00");
    assert_eq!(one(&drafts, "0002").facts.date.to_string(), "2026-01-07");
    // The id plays no part in it.
    let row: wire::Activity = fixture(
        r#"{"id": "20200101000000000::x", "activity_type": "FILL", "transaction_time": "2026-01-08T00:05:00Z"}"#,
    );
    assert_eq!(map::day(&row).unwrap().to_string(), "2026-01-07");
}

#[test]
fn other_rows_are_classified_by_code_and_sign() {
    let (drafts, _) = activities();
    let kind = |ending: &str| one(&drafts, ending).facts.kind.subtype();
    assert_eq!(
        ["0001", "0005", "0008", "0009", "0010", "0011", "0014", "0015", "0017"].map(kind),
        [
            Sub::Deposit,
            Sub::Commission,
            Sub::Dividend,
            Sub::Withheld,
            Sub::MarginInterest,
            Sub::OtherFee,
            Sub::Split,
            Sub::Unknown,
            Sub::Withdrawal
        ]
    );
    let dividend = &one(&drafts, "0008").facts;
    assert_eq!(dividend.security.as_ref().unwrap().quantity, None, "what it was paid on did not move");
    assert_eq!(dividend.description(), "Dividend VTI");
    assert_eq!(one(&drafts, "0011").facts.raw_type.as_deref(), Some("FEE/TAF"));
    assert_eq!(one(&drafts, "0017").facts.description(), "ACH withdrawal");
}

#[test]
fn corrections_amend_and_cancellations_void() {
    let (drafts, _) = activities();
    let first = one(&drafts, "0008").facts.provider_id.clone().unwrap();
    assert_eq!(one(&drafts, "0012").correction.as_deref(), Some(&Correction::Replaces(first)));
    let cancelled = one(&drafts, "0013");
    let fee = one(&drafts, "0011").facts.provider_id.clone().unwrap();
    assert_eq!(cancelled.correction.as_deref(), Some(&Correction::Deletes(fee)));
    assert_eq!(cancelled.facts.status, TransactionStatus::Cancelled);
}

#[test]
fn a_row_that_changes_under_its_own_id_amends_itself() {
    let (drafts, _) = mapped(
        r#"[{"id": "1", "activity_type": "DIV", "date": "2026-01-02", "net_amount": "5", "status": "correct"},
            {"id": "2", "activity_type": "FEE", "date": "2026-01-02", "net_amount": "-1", "status": "canceled"},
            {"id": "3", "activity_type": "FEE", "date": "2026-01-02", "net_amount": "-1", "status": "executed",
             "previous_id": "3"}]"#,
    );
    assert!(drafts.iter().all(|draft| draft.correction.is_none()));
    assert_eq!(drafts[1].facts.status, TransactionStatus::Cancelled);
}

#[test]
fn a_broken_row_is_a_warning_with_its_place() {
    let (drafts, warnings) = activities();
    assert_eq!(drafts.len(), 16);
    assert_eq!(warnings.len(), 1);
    assert_eq!(warnings[0].line, 16);
    assert!(warnings[0].message.starts_with("activity 16 is left out"), "{}", warnings[0].message);
}

#[test]
fn history_starts_with_the_first_money_and_ends_yesterday() {
    let history: wire::PortfolioHistory = fixture(include_str!("../../../fixtures/providers/alpaca/history.json"));
    let found = map::balances(&history, None, "2026-01-09".parse().unwrap());
    let shown: Vec<_> = found.iter().map(|balance| format!("{} {}", balance.date, balance.current)).collect();
    assert_eq!(shown, ["2026-01-07 10000.000000000001", "2026-01-08 9990.5"]);
    assert_eq!(map::period(Some("2026-11-18".parse().unwrap()), today()), "3D");
    assert_eq!(map::period(Some("2024-11-18".parse().unwrap()), today()), "3A");
}

/// Every code of the documentation has a meaning.
#[test]
fn known_codes_are_not_unknown() {
    for code in "CSD CSW CSR TRANS JNL JNLC JNLS ACATC ACATS DIV DIVCGL DIVCGS DIVROC DIVTXEX DIVFEE DIVFT DIVNRA DIVTW \
                 DIVWH WH INT INTPNL INTNRA INTTW CFEE FEE PTC OPASN OPEXC OPEXP OPTRD OPCSH OPCA SPLIT SSO SSP SPIN MA \
                 NC SC REORG PTR VOF EXTRD CIL CGD FXTRD MEM SWP"
        .split_whitespace()
    {
        let text = format!(r#"[{{"id": "1", "activity_type": "{code}", "date": "2026-01-02", "net_amount": "1"}}]"#);
        let (drafts, _) = mapped(&text);
        assert_ne!(drafts[0].facts.kind.subtype(), Sub::Unknown, "{code}");
    }
}

/// Real replies, where there are some at hand.
#[test]
fn samples_are_read_without_loss() {
    let Some(samples) = std::env::var_os("DASHTAM_SAMPLES") else {
        eprintln!("skipped: DASHTAM_SAMPLES is not set");
        return;
    };
    let folder = std::path::Path::new(&samples).join("providers/alpaca");
    for name in ["activities_docs_sample.json", "activities_fill_div.json"] {
        let (drafts, warnings) = mapped(&std::fs::read_to_string(folder.join(name)).unwrap());
        assert_eq!((drafts.len(), warnings.len()), (2, 0), "{name}");
    }
    let account: wire::Account = fixture(&std::fs::read_to_string(folder.join("account.json")).unwrap());
    assert_eq!(map::account(&account, false, today()).balance.unwrap().current, dec("103820.56"));
}

#[test]
fn a_crypto_pair_has_one_name() {
    let symbol = |symbol: &str, class: &str| {
        let position: wire::Position =
            fixture(&format!(r#"{{"symbol": "{symbol}", "asset_class": "{class}", "qty": "1"}}"#));
        map::holding(&position, AssetCode::USD, today()).facts.symbol
    };
    assert_eq!([symbol("BTCUSD", "crypto"), symbol("BTC/USD", "crypto")], ["BTC/USD", "BTC/USD"]);
    assert_eq!([symbol("LTCBTC", "crypto"), symbol("AAVEUSDT", "crypto")], ["LTC/BTC", "AAVE/USDT"]);
    assert_eq!(
        [symbol("BTC", "us_equity"), symbol("MUSD", "us_equity"), symbol("BRK.B", "us_equity")],
        ["BTC", "MUSD", "BRK.B"]
    );
    let (drafts, _) = mapped(
        r#"[{"id": "1", "activity_type": "FILL", "transaction_time": "2026-01-08T15:00:00Z", "side": "buy", "qty": "2",
             "price": "3", "symbol": "BTCUSD"},
            {"id": "2", "activity_type": "FILL", "transaction_time": "2026-01-08T15:00:00Z", "side": "buy", "qty": "2",
             "price": "3", "symbol": "BTC/USD"}]"#,
    );
    for draft in &drafts {
        let security = draft.facts.security.as_ref().unwrap();
        assert_eq!(security.symbol.as_deref(), Some("BTC/USD"));
        assert_eq!(security.asset_type, Some(crate::domain::AssetType::Cryptocurrency));
        assert_eq!(draft.facts.description(), "Buy 2 BTC/USD at 3");
    }
}

#[test]
fn the_history_is_by_new_york_days() {
    // Eight in the evening in New York: the next day in UTC, in summer exactly at midnight.
    let history: wire::PortfolioHistory =
        fixture(r#"{"timestamp": [1784160000, 1784246400, 1768525200], "equity": [1, 2, 3]}"#);
    let days: Vec<_> = map::balances(&history, None, today()).iter().map(|it| it.date.to_string()).collect();
    assert_eq!(days, ["2026-07-15", "2026-07-16", "2026-01-15"]);
}

#[test]
fn a_fill_has_a_side_and_an_option_trade_a_direction() {
    let (drafts, warnings) = mapped(
        r#"[{"id": "1", "activity_type": "FILL", "transaction_time": "2026-01-08T15:00:00Z", "side": "sell", "qty": "2",
             "price": "3", "symbol": "VTI"},
            {"id": "2", "activity_type": "FILL", "transaction_time": "2026-01-08T15:00:00Z", "side": "swap", "qty": "2",
             "price": "3", "symbol": "VTI"},
            {"id": "3", "activity_type": "OPTRD", "date": "2026-01-08", "net_amount": "200", "qty": "-1", "symbol": "SPY261218C00600000"},
            {"id": "4", "activity_type": "OPTRD", "date": "2026-01-08", "net_amount": "-200", "qty": 1, "symbol": "SPY261218C00600000"}]"#,
    );
    let kinds: Vec<_> = drafts.iter().map(|draft| (draft.facts.kind.subtype(), draft.facts.amount)).collect();
    assert_eq!(kinds, [(Sub::Sell, dec("6")), (Sub::Sell, dec("200")), (Sub::Buy, dec("-200"))]);
    assert!(warnings[0].message.contains("neither bought nor sold"), "{warnings:?}");
    let position: wire::Position = fixture(r#"{"symbol": "SPY261218C00600000", "qty": "1"}"#);
    let option = map::holding(&position, AssetCode::USD, today()).facts;
    assert_eq!(option.asset_type, crate::domain::AssetType::Option, "the symbol decides where no class is stated");
}
