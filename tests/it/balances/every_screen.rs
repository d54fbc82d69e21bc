//! Every amount on the screens of the demo is the root of a tree that adds up.

use dashtam::testing::{
    ports::VaultChoice,
    sync::{ConnectRequest, ImportRequest, SyncRequest},
    tui::Settings,
};

use crate::support::{
    desk::day,
    harness::{Harness, bank_statement},
    hostile_files,
    live_household::LiveHousehold,
    screen_walk::{ScreenWalk, selected_line},
    screen_words::{Names, figures, numbers},
};

async fn everything(walk: &mut ScreenWalk) {
    walk.overview().await;
    walk.accounts().await;
    walk.transactions().await;
    walk.holdings().await;
    walk.without_money().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_amount_on_the_screens_is_the_root_of_a_tree() {
    let harness = Harness::whole_demo(200, 60).await;
    let mut walk = ScreenWalk::over(harness, day("2026-11-20"));
    everything(&mut walk).await;
    walk.finish((692, 1_086));
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
    everything(&mut walk).await;
    walk.finish((162, 394));
}

/// Yen, nine decimals, refunds, a loan, a gap, a corrected row, balances by hand, and undo and redo between.
#[tokio::test]
async fn every_amount_of_hard_statements_is_the_root_of_a_tree() {
    let mut harness = Harness::new(200, 60);
    let engine = harness.engine.clone();
    for (name, text) in hostile_files::files() {
        let paths = vec![harness.write(name, &text).into()];
        let report = engine.import(ImportRequest { paths, ..ImportRequest::default() }, |_| {}).await.unwrap();
        assert_eq!(report.files.len(), 1, "{report:?}");
        engine.undo(None).await.unwrap();
        engine.redo(None).await.unwrap();
    }
    harness.idle().await;
    let loan = harness.store.read().unwrap().accounts().unwrap();
    let loan = loan.iter().find(|account| account.provider_account_id.contains("660000555222")).unwrap().id;
    engine.state_balance(loan, day("2026-11-18"), "-9600".parse().unwrap()).await.unwrap();
    harness.idle().await.keys("1").shows(&["Needs attention", "don't add up", "JPY"]);
    let mut walk = ScreenWalk::over(harness, day("2026-11-20"));
    everything(&mut walk).await;
    walk.finish((91, 224));
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
        let amount = figures(&line, &Names::of(&harness.store)).pop_first().unwrap();
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
    walk.lines_of_change(3).await;
    walk.harness.keys("<esc>6d").idle().await;
    walk.harness.shows(&["What changed from"]);
    walk.lines("difference", 12).await;
    walk.finish((0, 7));
}

/// Figures that are others now, or are not there any more, have the trees of the states in which they were known.
#[tokio::test]
async fn earlier_figures_open_the_trees_of_their_state() {
    let mut harness = Harness::new(200, 60);
    let rows = [("2026-11-01", "-5.00", "A"), ("2026-11-10", "-7.25", "B"), ("2026-11-20", "-9.10", "C")];
    let path = harness.write("bank.qfx", &bank_statement("12345677", &rows, "100.40"));
    harness.keys("i").idle().await.paste(&path).keys("<enter>").idle().await.keys("<enter>").idle().await;
    let account = harness.store.read().unwrap().accounts().unwrap()[0].id;
    for amount in ["110.00", "120.50"] {
        harness.engine.clone().state_balance(account, day("2026-11-12"), amount.parse().unwrap()).await.unwrap();
    }
    harness.idle().await;
    // The balance by hand was another one before the last change.
    harness.keys("6ggd").idle().await.shows(&["What changed from", "110.00 USD → 120.50 USD"]);
    let mut walk = ScreenWalk::over(harness, day("2026-11-20"));
    walk.lines("amended balance", 2).await;
    assert_eq!(walk.found, 2);
    // All changes are undone: their rows and balances are known in their states only.
    for _ in 0..3 {
        walk.harness.engine.clone().undo(None).await.unwrap();
    }
    walk.harness.keys("<esc>").idle().await;
    let names = walk.names;
    walk = ScreenWalk::over(walk.harness, day("2026-11-20"));
    walk.names = names;
    walk.harness.keys("6G<enter>").idle().await.shows(&[
        "import · bank.qfx",
        "undone",
        "Chase Checking ··5677",
        "-7.25",
    ]);
    walk.lines_of_change(3).await;
    assert_eq!(walk.found, 3);
    walk.harness.keys("ggx").idle().await.shows(&["row:", "as known after change 1"]);
    walk.harness.keys("<esc><esc>6Gd").idle().await.shows(&["What changed from change 0 to change 1"]);
    walk.lines("undone difference", 12).await;
    walk.finish((0, 7));
}

#[test]
fn a_number_is_a_figure_unless_a_rule_names_it() {
    let names = Names::default();
    let found = |text: &str| figures(text, &names).into_iter().collect::<Vec<_>>();
    let shown = "│ +1,234.50 USD  -7.00 │ 2026-01-02 12:30 3 rows 0.5% (1.25), 9.99 more owed, 4 h ago";
    assert_eq!(found(shown), ["-7.00", "0.5", "1,234.50 USD", "1.25", "9.99"]);
    assert_eq!(found("12,000 JPY  3 JPY and 7 rows"), ["12,000 JPY", "3 JPY"]);
    assert_eq!(found("Buy 15 VTI at 250.10"), ["15", "250.10"]);
    assert_eq!(found("Yen account  85,000 pending"), ["85,000"]);
    assert_eq!(numbers("60.5k or $12", &names).1.len(), 2);
    assert_eq!(found("rows 5,932.74"), ["5,932.74"]);
}
