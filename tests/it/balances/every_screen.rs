//! Every amount on the screens of the demo is the root of a tree that adds up.

use dashtam::testing::{
    ports::VaultChoice,
    sync::{ConnectRequest, SyncRequest},
    tui::Settings,
};

use crate::support::{
    desk::day,
    harness::{Harness, bank_statement},
    live_household::LiveHousehold,
    screen_walk::{ScreenWalk, amounts, selected_line},
};

#[tokio::test]
async fn every_amount_on_the_screens_is_the_root_of_a_tree() {
    let harness = Harness::demo(200, 60).await;
    let mut walk = ScreenWalk::over(harness, day("2026-11-20"));
    walk.overview().await;
    walk.accounts().await;
    walk.transactions(25).await;
    walk.holdings().await;
    walk.finish(180);
}

/// A bank with pending rows and euros and a broker with lots, after two syncs.
#[tokio::test]
async fn every_amount_of_live_connections_is_the_root_of_a_tree() {
    let household = LiveHousehold::start(day("2026-11-20")).await;
    let servers = [("alpaca", &household.broker_server), ("simplefin", &household.bank_server)];
    let endpoints = servers.map(|(slug, server)| (slug.to_owned(), server.origin.parse().unwrap())).into();
    let mut harness = Harness::live(200, 60, Settings::default(), VaultChoice::Memory, endpoints);
    for (provider, answers) in LiveHousehold::logins() {
        let engine = harness.engine.clone();
        let job = engine.job();
        let request = ConnectRequest { provider: provider.into(), connection: None, answers };
        engine.connect(job, request, |_| {}).await.unwrap();
        engine.confirm_connection(job, None).await.unwrap();
    }
    household.second_day();
    let request = SyncRequest { force: true, ..SyncRequest::default() };
    let report = harness.engine.clone().sync(request).await.unwrap();
    assert!(report.connections.iter().all(|connection| connection.error.is_none()), "{report:?}");
    harness.idle().await;
    let mut walk = ScreenWalk::over(harness, day("2026-11-20"));
    walk.overview().await;
    walk.accounts().await;
    walk.transactions(60).await;
    walk.holdings().await;
    walk.finish(200);
}

/// The page of a change and the difference of two states open the trees of their rows; a review shows the line of the file.
#[tokio::test]
async fn overlays_lead_to_the_source_of_their_figures() {
    let mut harness = Harness::new(200, 60);
    let rows = [("2026-11-01", "-5.00", "A"), ("2026-11-10", "-7.25", "B"), ("2026-11-20", "-9.10", "C")];
    let path = harness.write("bank.qfx", &bank_statement("77", &rows, "100.40"));
    harness.keys("i").idle().await.paste(&path).keys("<enter>").idle().await;
    // The account's balance, then its rows, each at its line of the file.
    let text = std::fs::read_to_string(&path).unwrap();
    let line_of = |amount: &str| text.lines().position(|line| line.contains(amount)).unwrap() + 1;
    harness.keys("jx").idle().await.shows(&["Stated balance", &format!("bank.qfx, line {}", line_of("100.40"))]);
    harness.keys("<esc><tab>");
    for _ in 0..3 {
        let line = selected_line(&harness.screen().replace("││", "│"));
        let amount = amounts(&line).pop_first().unwrap();
        harness
            .keys("x")
            .idle()
            .await
            .shows(&[&format!("bank.qfx, line {}", line_of(&amount)), &format!("TRNAMT>{amount}")]);
        harness.keys("<esc>j");
    }
    harness.keys("<esc><enter>").idle().await;
    let mut walk = ScreenWalk::over(harness, day("2026-11-20"));
    walk.harness.keys("6<enter>").idle().await;
    walk.lines("change", 3).await;
    walk.harness.keys("<esc>6d").idle().await;
    walk.harness.shows(&["What changed from"]);
    walk.lines("difference", 12).await;
    walk.finish(6);
}

#[test]
fn amounts_are_read_with_sign_and_currency() {
    let found = amounts("│ +1,234.50 USD  -7.00 │ 2026-01-02 12:30 3 rows 0.5% 60.5k (1.25), 9.99 more owed");
    let expected = ["-7.00", "0.5", "1,234.50 USD", "1.25", "9.99"];
    assert_eq!(found, expected.map(str::to_owned).into());
}
