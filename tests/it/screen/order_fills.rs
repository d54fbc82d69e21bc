//! Orders filled in several parts: one line of the list that opens, and never another count or sum.

use std::collections::BTreeMap;

use dashtam::testing::{ports::VaultChoice, tui::Settings};
use serde_json::{Value, json};

use crate::support::{
    harness::{Harness, matches},
    server::{Answer, Asked, Server},
};

fn fill(number: u32, order: &str, symbol: &str, quantity: &str, price: &str) -> Value {
    json!({"id": format!("202611191200{number:02}000::{number}"), "activity_type": "FILL", "type": "partial_fill",
        "transaction_time": format!("2026-11-19T17:00:{number:02}Z"), "side": "buy", "symbol": symbol, "qty": quantity,
        "price": price, "order_id": order})
}

/// One order in three fills, one in two with another row between them, one in one.
fn broker(asked: &Asked) -> Answer {
    match asked.path.as_str() {
        "/v2/account" => Answer::json(include_str!("../../../fixtures/providers/alpaca/account.json")),
        "/v2/account/activities" if asked.param("page_token").is_none() && asked.param("date").is_none() => {
            let rows = json!([
                fill(6, "apart", "WRLD", "1", "50"),
                fill(5, "whole", "TMKT", "5", "101.20"),
                fill(4, "whole", "TMKT", "3", "101.10"),
                fill(3, "whole", "TMKT", "2", "101"),
                fill(2, "apart", "WRLD", "1", "51"),
                fill(1, "alone", "BNDS", "1", "72.60"),
            ]);
            Answer::json(rows.to_string())
        }
        "/v2/positions" | "/v2/account/activities" => Answer::json("[]"),
        "/v2/account/portfolio/history" => {
            Answer::json(include_str!("../../../fixtures/providers/alpaca/history.json"))
        }
        _ => Answer::status(404, "{}"),
    }
}

async fn traded(width: u16, height: u16) -> Harness {
    let server = Server::start(broker).await;
    let endpoints = BTreeMap::from([("alpaca".to_owned(), server.origin.parse().unwrap())]);
    let mut h = Harness::live(width, height, Settings::default(), VaultChoice::Memory, endpoints);
    h.keys("calp<enter><enter><right><tab>").paste("PKTEST").keys("<tab>").paste("secret").keys("<enter>").idle().await;
    h.keys("<enter>").idle().await.keys("<enter>").idle().await;
    h.advance(60_000).keys("3").idle().await;
    h
}

#[tokio::test]
async fn an_order_is_one_line_that_opens() {
    let mut h = traded(120, 40).await;
    h.shows(&["─ 6 ─", "Buy 10 TMKT at 101.13", "-1,011.30", "3 fills"]).hides("Buy 3 TMKT");
    h.keys("jj").shows(&["▸ 2026-11-19  + Buy 10 TMKT", "one order in 3 fills", "3 at 101.1   -303.30"]);
    for (name, keys) in [("folded", ""), ("opened", "<enter>j"), ("fill", "<tab>")] {
        h.keys(keys).idle().await;
        for (width, height) in [(60, 20), (80, 24), (120, 40)] {
            h.resize(width, height).idle().await;
            matches(&format!("fills_{name}_{width}x{height}"), &mut h);
        }
    }
    h.keys("<esc>").shows(&["▸ 2026-11-19    Buy 2 TMKT at 101 "]);
    h.keys("<esc>").shows(&["▸ 2026-11-19  + Buy 10 TMKT"]).hides("Buy 5").keys("<enter>").shows(&["Buy 5"]);
    h.keys("<enter>").hides("Buy 5");
}

#[tokio::test]
async fn counts_sums_marks_and_edits_are_those_of_the_rows() {
    let mut h = traded(120, 40).await;
    h.keys("/tmkt<enter>").idle().await.shows(&["3 of 6", "-1,011.30 USD", "Buy 10 TMKT"]);
    h.keys("<space>").shows(&["● 3 marked  -1,011.30 USD"]).keys("<space>").hides("marked");
    h.keys("e").shows(&["Edit 3 rows"]).keys("<esc>ya").shows(&["Copied"]);
    assert_eq!(h.clipboard.text().as_deref(), Some("-1011.3"));
    h.keys("<enter>jje<ctrl-u>Mine<enter>").idle().await.shows(&["▸ 2026-11-19    Mine", "Buy 5", "Buy 10 TMKT"]);
    h.keys("/<ctrl-u>by:symbol<enter>").idle().await.shows(&["TMKT", "-1,011.30", "3 groups · 6"]);
}

#[tokio::test]
async fn only_neighbours_share_a_line() {
    let mut h = traded(120, 40).await;
    h.shows(&["Buy 1 WRLD at 50", "Buy 1 WRLD at 51"]).hides("Buy 2 WRLD");
    h.keys("sp").idle().await.shows(&["Buy 2 WRLD at 50.5", "2 fills", "Buy 10 TMKT"]);
    h.keys("sa").idle().await.shows(&["Buy 10 TMKT"]).keys("G");
    // What the filter found is found in its order, folded or open.
    h.keys("sd/at 101.10<enter><esc>").idle().await.keys("ggn").shows(&["▸ 2026-11-19  + Buy 10 TMKT"]);
    h.keys("<enter>ggn").shows(&["▸ 2026-11-19    Buy 3 TMKT"]);
    h.keys("p").hides("101").hides("1,011");
}
