//! The texts of gaps and explanations, one of each kind, as the command line and the screen write them.

use std::{collections::BTreeSet, fmt::Write as _};

use chrono::NaiveDate;
use dashtam::testing::{
    domain::{
        Account, AccountId, AccountType, AssetCode, AssetType, ChangeCounts, ChangeId, ChangeKind, Connection,
        ConnectionId, ConnectionStatus, Holding, HoldingFacts, HoldingId, Snapshot, SnapshotSource, TransactionFacts,
        TransactionStatus,
    },
    ledger::Ledger,
    store::{Store, Writer},
    tui::Settings,
};
use rust_decimal::Decimal;

use crate::support::{
    desk::day,
    harness::{Harness, matches, matches_text},
    profile::Profile,
    trees::Trees,
};

/// Rows of an account after its first stated balance of 1,000.00: day, amount, whether it is pending.
type Row = (&'static str, &'static str, bool);

/// An account for each cause of a gap, with the balance of 2026-10-31.
const CAUSES: [(&str, &[Row], &str); 6] = [
    ("Doubled", &[("2026-10-05", "-5.25", false), ("2026-10-05", "-5.25", false)], "994.75"),
    ("Extra", &[("2026-10-06", "-6.00", false), ("2026-10-16", "-16.50", false)], "994.00"),
    ("Flipped", &[("2026-10-07", "-7.10", false), ("2026-10-17", "40.00", false)], "1047.10"),
    ("Not booked", &[("2026-10-08", "-8.00", true), ("2026-10-18", "2.00", false)], "994.00"),
    ("Moved", &[("2026-10-09", "-9.00", false), ("2026-11-02", "-30.00", false)], "961.00"),
    ("Missing", &[("2026-10-10", "-10.00", false)], "977.77"),
];

fn amount(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn state(writer: &mut Writer, account: u64, on: NaiveDate, balance: &str, securities: Option<&str>) {
    let securities = securities.map(amount);
    let snapshot = Snapshot {
        account_id: AccountId(account),
        date: on,
        change_id: ChangeId(0),
        balance: amount(balance),
        available: None,
        holdings_value: securities,
        cash_value: securities.map(|securities| amount(balance) - securities),
        currency: AssetCode::USD,
        source: SnapshotSource::Statement,
        captured_at: "2026-11-03T12:00:00Z".parse().unwrap(),
    };
    writer.put_snapshot(&snapshot).unwrap();
}

/// An account per cause, and one whose securities are worth more than its positions.
fn fill(store: &Store) {
    let at = "2026-11-03T12:00:00Z".parse().unwrap();
    let mut writer = store.begin(ChangeKind::Import, "statements.qfx", at).unwrap();
    let connection =
        Connection { status: ConnectionStatus::Active, ..Connection::new(ConnectionId(1), "ofx_file", "Bank") };
    writer.put_connection(&connection).unwrap();
    let account = |id: u64, name: &str, account_type| Account {
        number_masked: format!("****000{id}"),
        name: name.into(),
        institution: "Bank".into(),
        account_type,
        ..Account::new(AccountId(id), ConnectionId(1), id.to_string(), AssetCode::USD)
    };
    for (id, (name, rows, balance)) in (1..).zip(CAUSES) {
        writer.put_account(&account(id, name, AccountType::Checking)).unwrap();
        let facts = rows.iter().map(|(on, text, pending)| {
            let mut facts = TransactionFacts::new(day(on), amount(text), AssetCode::USD);
            facts.payee = Some(format!("Row of {on}").into());
            facts.status = if *pending { TransactionStatus::Pending } else { TransactionStatus::Settled };
            facts
        });
        writer.append_transactions(AccountId(id), facts).unwrap();
        state(&mut writer, id, day("2026-09-30"), "1000.00", None);
        state(&mut writer, id, day("2026-10-31"), balance, None);
    }
    writer.put_account(&account(7, "With a rest", AccountType::Brokerage)).unwrap();
    state(&mut writer, 7, day("2026-10-31"), "6300.00", Some("5300.00"));
    for (id, symbol, value) in [(1, "AAA", "4700.00"), (2, "BBB", "510.00")] {
        let facts = HoldingFacts {
            provider_id: symbol.into(),
            symbol: symbol.into(),
            name: format!("{symbol} Fund"),
            asset_type: AssetType::MutualFund,
            quantity: amount("10"),
            price: None,
            price_date: None,
            market_value: Some(amount(value)),
            cost_basis: None,
            multiplier: Decimal::ONE,
            currency: AssetCode::USD,
            source: None,
        };
        let (id, account_id, change_id) = (HoldingId(id), AccountId(7), ChangeId(0));
        let as_of = day("2026-10-31");
        writer
            .put_holding(&Holding { id, account_id, change_id, facts, is_active: true, as_of, updated_at: at })
            .unwrap();
    }
    let accounts = (1..=7).map(AccountId).collect();
    writer.commit(ChangeCounts::default(), accounts, Some(ConnectionId(1)), vec![]).unwrap();
}

#[tokio::test]
async fn every_kind_of_gap_has_its_text_on_the_command_line() {
    let mut profile = Profile::new(&[]);
    assert!(profile.run(&["account", "add", "Tin", "--type", "other", "--currency", "USD"]).await.status.success());
    assert!(profile.run(&["undo"]).await.status.success());
    fill(&profile.store());
    let mut page = String::new();
    let commands = [
        vec!["coverage"],
        vec!["attention"],
        vec!["explain", "account:1:gap:2026-10-31"],
        vec!["explain", "account:7:stated:2026-10-31"],
        vec!["explain", "account:7:stated:2026-10-31:rest"],
    ];
    for command in commands {
        let output = profile.run(&command).await;
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8_lossy(&output.stdout);
        // How old a balance is depends on the day of the test.
        let lines =
            text.lines().filter(|line| command != ["attention"] || line.contains("  gap  ") || line.contains("Kind"));
        let _ = writeln!(page, "$ dashtam {}\n{}\n", command.join(" "), lines.collect::<Vec<_>>().join("\n"));
    }
    let all = profile.list(&["coverage"]).await;
    let causes = all.as_array().unwrap().iter().filter_map(|span| span["causes"][0]["kind"].as_str());
    let causes: BTreeSet<&str> = causes.collect();
    assert_eq!(causes, ["doubled", "extra", "flipped", "not_booked", "moved", "missing"].into());
    matches_text("gaps_cli", &page);
}

#[tokio::test]
async fn every_kind_of_gap_has_its_text_on_the_screen() {
    let mut harness = Harness::with(120, 36, Settings::default());
    fill(&harness.store);
    // A change through the engine, so that the screen reads the store again.
    harness.engine.clone().state_balance(AccountId(7), day("2026-11-01"), amount("6300.00")).await.unwrap();
    harness.idle().await;
    let mut page = String::new();
    for name in CAUSES.map(|(name, ..)| name) {
        harness.keys(&format!("2/{name}<enter>")).idle().await.shows(&["don't add up"]);
        let screen = harness.screen();
        let column = screen.lines().find_map(|line| line.find("Detail").map(|at| line[..at].chars().count())).unwrap();
        let detail = screen.lines().map(|line| line.chars().skip(column).collect::<String>());
        // The paragraph about the gap.
        let own = detail.map(|line| line.trim_matches(['│', ' ']).to_owned());
        let own: Vec<String> =
            own.skip_while(|line| !line.contains(": rows from")).take_while(|line| !line.is_empty()).collect();
        let _ = writeln!(page, "{name}: {}", own.join("\n  "));
        harness.keys("<esc>");
    }
    matches_text("gaps_screen", &page);
    harness.keys("1").idle().await;
    matches("gaps_overview", &mut harness);
}

/// The securities of a statement are more than the positions behind it: the rest is an input, so that the sum is exact.
#[test]
fn a_rest_is_an_input_of_its_sum() {
    let store = Store::in_memory().unwrap();
    fill(&store);
    let trees = Trees::of(&Ledger::new(store), day("2026-11-20"));
    let address = "account:7:stated:2026-10-31:securities";
    let node = trees.node(address).unwrap();
    assert_eq!((node.value, node.inputs), (Some(amount("5300.00")), 3));
    let rest = trees.node("account:7:stated:2026-10-31:rest").unwrap();
    assert_eq!((rest.value, rest.currency), (Some(amount("90.00")), Some(AssetCode::USD)));
    let inputs = trees.view().clone();
    let explainer = dashtam::testing::ledger::Explainer::new(inputs, day("2026-11-20"));
    let parts = explainer.inputs(&address.parse().unwrap(), 0..9).unwrap();
    assert_eq!(parts.iter().filter_map(|part| part.value).sum::<Decimal>(), amount("5300.00"));
    assert!(parts.iter().any(|part| part.figure.to_string().ends_with(":rest")));
}

/// A broker's first statement may state that nothing is held: that is a figure, not an unknown one.
#[test]
fn a_statement_without_securities_states_zero_of_them() {
    let store = Store::in_memory().unwrap();
    fill(&store);
    let at = "2026-11-04T12:00:00Z".parse().unwrap();
    let mut writer = store.begin(ChangeKind::Import, "first.qfx", at).unwrap();
    state(&mut writer, 7, day("2026-08-31"), "25.00", Some("0.00"));
    writer.commit(ChangeCounts::default(), vec![AccountId(7)], Some(ConnectionId(1)), vec![]).unwrap();
    let trees = Trees::of(&Ledger::new(store), day("2026-11-20"));
    let value =
        |account: u64, part| trees.node(&format!("account:{account}:stated:2026-08-31:{part}")).map(|node| node.value);
    assert_eq!(value(7, "securities"), Some(Some(Decimal::ZERO)));
    assert_eq!(value(7, "cash"), Some(Some(amount("25.00"))));
    assert_eq!(trees.node("account:1:stated:2026-09-30:securities").map(|node| node.value), None);
}
