//! Rows of a sync lead to their place in the kept reply, and removing the connection removes the replies.

use dashtam::testing::{
    ledger::{
        Explainer,
        explain::{Figure, NodeKind},
    },
    providers::kit::HttpLimits,
};
use rust_decimal::Decimal;
use serde_json::Value;

use crate::support::{
    alpaca::FakeAlpaca,
    desk::{Desk, day, keys},
};

fn number(value: &Value) -> Decimal {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned).parse().unwrap()
}

#[tokio::test]
async fn every_row_of_a_sync_is_at_a_path_of_its_reply() {
    let (fake, server) = FakeAlpaca::start().await;
    fake.fill(120, day("2026-11-18"));
    let desk = Desk::with(&[("alpaca", &server)], HttpLimits::default());
    desk.connect("alpaca", keys("PKTEST1"), None).await.unwrap();
    fake.fill(3, day("2026-11-20"));
    desk.advance(1);
    desk.sync().await;
    let view = desk.ledger();
    let explainer = Explainer::new(view.with_columns(view.load_columns().unwrap()), day("2026-11-21"));
    let mut found = 0;
    for row in desk.rows() {
        let place = explainer.place(&Figure::Row(row.id)).unwrap().unwrap_or_else(|| panic!("row {}", row.id));
        assert_eq!(place.change_id, row.change_id);
        let pointer = place.path.unwrap().trim_start_matches('$').replace('[', "/").replace(']', "").replace('.', "/");
        let texts = explainer.view().source_texts(place.change_id).unwrap().unwrap();
        let leaves: Vec<Decimal> = texts
            .iter()
            .filter_map(|(_, text)| serde_json::from_str::<Value>(text).ok()?.pointer(&pointer).map(number))
            .collect();
        assert!(leaves.iter().any(|leaf| leaf.abs() == row.facts.amount.abs()), "{pointer}: {leaves:?}");
        assert!(texts.iter().all(|(_, text)| !text.contains("canary") && !text.contains("PKTEST1")));
        found += 1;
    }
    assert!(found >= 120, "{found}");
    // The stated balance and the positions are in replies too.
    let account = view.accounts()[0].account.id;
    let newest = view.snapshots(account).unwrap().last().unwrap().date;
    let stated = Figure::Stated(account, newest, dashtam::testing::ledger::explain::BalancePart::Whole);
    assert_eq!(explainer.node(&stated).unwrap().map(|node| node.value.is_some()), Some(true));
    for holding in view.holdings().unwrap() {
        let value = Figure::HoldingValue(holding.holding.id);
        let node = explainer.node(&value).unwrap().unwrap();
        if node.kind == NodeKind::Stated {
            let place = explainer.place(&value).unwrap();
            assert!(place.is_some_and(|place| place.path.is_some()), "{value}");
        }
    }
    let connection = desk.connection().id;
    let change = desk.rows()[0].change_id;
    assert!(!view.raw_sources(change).unwrap().is_empty());
    desk.handle.disconnect(connection, true).await.unwrap();
    assert!(desk.ledger().raw_sources(change).unwrap().is_empty(), "the replies went with the data");
}
