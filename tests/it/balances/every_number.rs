//! Every number that the command line prints has an explanation: its tree adds up to the number, and each leaf is at the line
//! or path that it names. The profile holds the demo's statements and a broker with kept replies.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use dashtam::testing::{
    demo,
    ledger::{By, FlowSplit, Ledger, ListRequest, Period, Query, View},
};
use rust_decimal::Decimal;
use serde_json::Value;

use crate::support::{
    alpaca::FakeAlpaca, hostile_files, live_household::LiveHousehold, profile::Profile, trees::Trees,
};

/// What a field of a command's output is.
enum Meaning {
    /// The value of a figure.
    Figure(String),
    /// The value of a figure with the opposite sign.
    Negated(String),
    /// The number of inputs of a figure.
    Inputs(String),
    /// A name or a setting in digits.
    Identity,
    /// Counts parts that are listed beside it.
    Counted,
}

const GROUPS: [&str; 10] =
    ["month", "year", "payee", "account", "institution", "type", "subtype", "status", "category", "symbol"];

/// Rows that move no money between the user and others, and rows that count in no sum.
const NO_FLOW: &str = "-type:=transfer -type:=trade -type:=conversion -type:=corporate_action -sub:=journal";
const COUNTED: &str = "-status:=cancelled -status:=failed";

fn meaning(command: &str, row: &Value, field: &str) -> Option<Meaning> {
    use Meaning::{Counted, Figure, Identity, Inputs, Negated};
    let of = |name: &str| row[name].as_str().unwrap_or_default();
    let (id, account, date, currency) = (of("id"), of("account_id"), of("date"), of("currency"));
    let period = of("period").to_lowercase();
    let flow = |query: &str| format!("rows:*:{currency}:+date:{period} {query} {COUNTED}");
    Some(match (command, field) {
        (
            _,
            "id"
            | "account_id"
            | "connection_id"
            | "change_id"
            | "provider_account_id"
            | "provider_transaction_id"
            | "reference"
            | "source_line"
            | "about"
            | "number_masked"
            | "row"
            | "other"
            | "account"
            | "period"
            | "group",
        ) => Identity,
        ("accounts", "balance") => Figure(format!("account:{id}:balance")),
        ("accounts", "available_balance") => Figure(format!("account:{id}:available")),
        ("accounts", "transactions") => Figure(format!("account:{id}:rows")),
        ("holdings", "quantity" | "price" | "gain" | "weight") => Figure(format!("holding:{id}:{field}")),
        ("holdings", "market_value") => Figure(format!("holding:{id}:value")),
        ("holdings", "cost_basis") => Figure(format!("holding:{id}:cost")),
        ("holdings", "gain_percent") => Figure(format!("holding:{id}:gain-percent")),
        ("net-worth", "net_worth") => Figure(format!("net-worth:{currency}")),
        ("net-worth", "accounts") => Inputs(format!("net-worth:{currency}")),
        ("cash-flow", "net") => Figure(format!("cash-flow:{}:{currency}", of("period"))),
        ("cash-flow", "in") => Figure(flow(&format!("amt>0 {NO_FLOW}"))),
        ("cash-flow", "out") => Negated(flow(&format!("amt<0 {NO_FLOW}"))),
        ("cash-flow", "transfers") => Figure(flow("type:=transfer -sub:=journal")),
        ("transactions" | "duplicates", "amount") => {
            Figure(format!("row:{}:amount", if id.is_empty() { of("row") } else { id }))
        }
        ("duplicates", "other_amount") => Figure(format!("row:{}:amount", of("other"))),
        ("transactions", "quantity" | "commission" | "fees") => Figure(format!("row:{id}:{field}")),
        ("transactions", "unit_price") => Figure(format!("row:{id}:price")),
        ("transactions", "foreign_amount") => Figure(format!("row:{id}:foreign")),
        ("snapshots", "balance") => Figure(format!("account:{account}:stated:{date}")),
        ("snapshots", "available_balance") => Figure(format!("account:{account}:stated:{date}:available")),
        ("snapshots", "holdings_value") => Figure(format!("account:{account}:stated:{date}:securities")),
        ("snapshots", "cash_value") => Figure(format!("account:{account}:stated:{date}:cash")),
        ("coverage", "gap") => Figure(format!("account:{account}:gap:{}", of("to"))),
        // Accounts without a known balance have none to explain.
        ("changes", "warnings") | ("net-worth", "unknown_accounts") => Counted,
        ("changes", field) if field.starts_with("transactions_") => Counted,
        (by, "sum") => Figure(format!("by:{by}@{currency}:{}", of("group"))),
        (_, "transactions") => Counted,
        _ => return None,
    })
}

/// Figures that only screens show: sums over chosen rows, positions and accounts, other days, changes, balances after rows.
fn combined_figures(outputs: &[(&str, Value)], today: NaiveDate) -> Vec<String> {
    let rows = |command: &str| outputs.iter().find(|(name, _)| *name == command).unwrap().1.as_array().unwrap().clone();
    let id = |row: &Value| row["id"].as_str().unwrap().to_owned();
    let in_dollars = |rows: Vec<Value>| rows.into_iter().filter(|row| row["currency"] == "USD").collect::<Vec<_>>();
    let earlier = today - chrono::Duration::days(45);
    let mut found = vec![format!("change:{earlier}:net-worth"), format!("on:{earlier}:net-worth:USD")];
    let accounts = in_dollars(rows("accounts"));
    // Rows of banks, since a broker may state no cash.
    let is_bank = |account: &&Value| account["type"] == "checking" || account["type"] == "savings";
    let banks: Vec<String> = accounts.iter().filter(is_bank).map(id).collect();
    let accounts: Vec<String> = accounts.iter().map(id).collect();
    found.push(format!("balances:USD:{}", accounts.join(",")));
    found.extend(accounts.iter().map(|account| format!("change:{earlier}:account:{account}:balance")));
    found.extend(accounts.iter().map(|account| format!("account:{account}:cash")));
    let positions = in_dollars(rows("holdings"));
    let all: Vec<String> = positions.iter().map(id).collect();
    found.extend(["value", "quantity", "weight"].map(|part| format!("positions:{part}:{}", all.join(","))));
    let with_cost: Vec<String> = positions.iter().filter(|row| !row["cost_basis"].is_null()).map(id).collect();
    found.extend(["cost", "gain", "gain-percent"].map(|part| format!("positions:{part}:{}", with_cost.join(","))));
    let rows = in_dollars(rows("transactions"));
    // A pending row has no balance after it.
    let is_booked = |row: &&Value| row["status"] == "settled" && banks.iter().any(|bank| row["account_id"] == **bank);
    let of_banks = rows.iter().filter(is_booked).take(20);
    found.extend(of_banks.map(|row| format!("row:{}:balance", id(row))));
    let marked: Vec<String> = rows.iter().take(50).map(id).collect();
    found.push(format!("sum:amount:{}", marked.join(",")));
    let is_fill = |row: &&Value| row["subtype"] == "buy" && !row["quantity"].is_null() && !row["unit_price"].is_null();
    let fills: Vec<String> = rows.iter().filter(is_fill).take(5).map(id).collect();
    assert!(fills.len() > 2, "no trades among the rows");
    found.extend(["value", "quantity", "average"].map(|part| format!("sum:{part}:{}", fills.join(","))));
    found
}

/// Checks every number of the command line; how many there are, and the trees.
async fn walk(profile: &mut Profile, today: NaiveDate) -> (usize, Trees) {
    let (explained, mut trees, outputs) = walk_lists(profile, today).await;
    for address in &combined_figures(&outputs, today) {
        // An account of which no balance was known then has no change; a broker may state no cash.
        let may_be_unknown = address.starts_with("change:") || address.ends_with(":cash");
        let is_unknown = may_be_unknown && trees.node(address).is_none();
        if !is_unknown {
            trees.explained(address);
        }
    }
    println!("{explained} numbers, {} figures, leaves {:?}", trees.seen.len(), trees.leaves);
    (explained, trees)
}

/// Checks every number of the lists; how many there are, the trees and the lists.
async fn walk_lists(profile: &mut Profile, today: NaiveDate) -> (usize, Trees, Vec<(&'static str, Value)>) {
    // Each command is a process; it reads a plain database without the seconds that a passphrase takes.
    assert!(profile.run(&["vault", "decrypt"]).await.status.success());
    let mut outputs = Vec::new();
    for command in [
        "accounts",
        "holdings",
        "net-worth",
        "cash-flow",
        "transactions",
        "snapshots",
        "coverage",
        "changes",
        "duplicates",
    ] {
        outputs.push((command, profile.list(&[command]).await));
    }
    for by in GROUPS {
        outputs.push((by, profile.list(&["transactions", "--by", by]).await));
    }
    let mut trees = Trees::of(&Ledger::new(profile.store()), today);
    let mut explained = 0;
    let mut by_command: BTreeMap<&str, usize> = BTreeMap::new();
    for (command, output) in &outputs {
        for row in output.as_array().unwrap() {
            for (field, value) in row.as_object().unwrap() {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                let Ok(number) = text.parse::<Decimal>() else { continue };
                let meaning = meaning(command, row, field);
                let shown =
                    |address: &str, found| assert_eq!(found, Some(number), "{command} {field} = {address}: {row}");
                match meaning.unwrap_or_else(|| panic!("{command}: nothing explains the field {field} of {row}")) {
                    Meaning::Identity | Meaning::Counted => continue,
                    Meaning::Figure(address) => shown(&address, trees.explained(&address).0),
                    Meaning::Negated(address) => shown(&address, trees.explained(&address).0.map(|value| -value)),
                    Meaning::Inputs(address) => shown(&address, Some(trees.explained(&address).1.into())),
                }
                explained += 1;
                *by_command.entry(command).or_default() += 1;
            }
        }
    }
    for (command, count) in counts(trees.view(), today) {
        assert_eq!(by_command.get(command).copied().unwrap_or_default(), count, "numbers of {command}");
    }
    (explained, trees, outputs)
}

/// How many figures each list has, counted in the ledger.
fn counts(view: &View, today: NaiveDate) -> Vec<(&'static str, usize)> {
    let known = |figures: &[Option<Decimal>]| figures.iter().flatten().count();
    let list = view.list(&ListRequest::default()).unwrap();
    let rows = list.ids(0..list.len()).unwrap().into_iter().map(|id| {
        let facts = view.entry(id).unwrap().unwrap().transaction.facts;
        let of_security = facts
            .security
            .as_ref()
            .map_or(0, |security| known(&[security.quantity, security.unit_price, security.commission, security.fees]));
        1 + of_security + usize::from(facts.foreign.is_some())
    });
    let accounts = view.accounts().iter().map(|line| {
        let available = line.balance.and_then(|balance| balance.available);
        1 + usize::from(line.balance.is_some()) + usize::from(available.is_some())
    });
    let snapshots = view.accounts().iter().flat_map(|line| view.snapshots(line.account.id).unwrap());
    let snapshots = snapshots.map(|stated| 1 + known(&[stated.available, stated.holdings_value, stated.cash_value]));
    let holdings = view.holdings().unwrap().into_iter().map(|line| {
        let facts = &line.holding.facts;
        1 + known(&[facts.price, facts.value(), facts.cost_basis, facts.gain(), facts.gain_percent(), line.weight])
    });
    let mut counts = vec![
        ("transactions", rows.sum()),
        ("accounts", accounts.sum()),
        ("snapshots", snapshots.sum()),
        ("holdings", holdings.sum()),
        ("net-worth", 2 * view.net_worth(today).unwrap().lines.len()),
        ("cash-flow", 4 * view.cash_flow(Period::Month, FlowSplit::Whole).unwrap().len()),
    ];
    for by in GROUPS {
        let query = Query::parse(&format!("by:{by}"), today);
        let list = view.list(&ListRequest { query, ..ListRequest::default() }).unwrap();
        let groups = view.aggregates(&list, By::parse(by).unwrap(), None).unwrap();
        counts.push((by, groups.iter().map(|group| group.sums.totals.len()).sum()));
    }
    counts
}

/// Yen, nine decimals, refunds, a loan, a gap, a corrected row, a balance by hand, and undo and redo between.
#[tokio::test]
async fn every_number_of_hard_statements_has_an_explanation() {
    let mut profile = Profile::new(&[]);
    for (name, text) in hostile_files::files() {
        let path = profile.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        for command in [vec!["import", path.to_str().unwrap()], vec!["undo"], vec!["redo"]] {
            let output = profile.run(&command).await;
            assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        }
    }
    let today = chrono::Local::now().date_naive();
    let (explained, trees, outputs) = walk_lists(&mut profile, today).await;
    let gaps = &outputs.iter().find(|(name, _)| *name == "coverage").unwrap().1;
    let gaps: Vec<_> = gaps.as_array().unwrap().iter().filter(|span| span["gap"].is_string()).collect();
    assert!(gaps.iter().any(|span| span["gap"] == "-5500" && span["currency"] == "JPY"), "{gaps:?}");
    println!("{explained} numbers, leaves {:?}", trees.leaves);
    assert!(explained > 100 && trees.leaves["line"] > 30, "{explained}: {:?}", trees.leaves);
}

#[tokio::test]
async fn every_number_of_the_command_line_has_an_explanation_that_adds_up() {
    let today = chrono::Local::now().date_naive();
    let (fake, server) = FakeAlpaca::start().await;
    fake.fill(40, today);
    let mut profile = Profile::new(&[("alpaca", &server)]);
    let mut arguments = vec!["import".to_owned()];
    for file in demo::statements(today) {
        let path = profile.folder.path().join(&file.name);
        std::fs::write(&path, file.bytes).unwrap();
        arguments.push(path.to_str().unwrap().to_owned());
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    assert!(profile.run(&arguments).await.status.success());
    profile.connect("KEY", 0).await;
    let (explained, trees) = walk(&mut profile, today).await;
    let leaves = &trees.leaves;
    assert!(explained > 2_000 && leaves["path"] > 40 && leaves["line"] > 1_000, "{explained}: {leaves:?}");
}

/// A bank with pending rows and euros and a broker with lots, after two syncs: no file, so every leaf is in a kept reply.
#[tokio::test]
async fn every_number_of_live_connections_is_found_in_their_replies() {
    let today = chrono::Local::now().date_naive();
    let household = LiveHousehold::start(today).await;
    let servers = [("alpaca", &household.broker_server), ("simplefin", &household.bank_server)];
    let mut profile = Profile::new(&servers);
    profile.connect("KEY", 0).await;
    let token = LiveHousehold::token();
    let connect = ["connect", "simplefin", "--field-env", "setup_token=TOKEN", "--format", "json"];
    let output = profile.command(&connect).env("TOKEN", &token).output().await.unwrap();
    Profile::json(&output, 0);
    let pending = profile.list(&["transactions", "--query", "status:pending"]).await;
    assert_eq!(pending.as_array().unwrap().len(), 1, "{pending}");
    walk(&mut profile, today).await;
    household.second_day();
    let output = profile.run(&["sync", "--force", "--format", "json"]).await;
    Profile::json(&output, 0);
    let (explained, trees) = walk(&mut profile, today).await;
    let leaves = &trees.leaves;
    assert!(explained > 200 && leaves["path"] > 100 && !leaves.contains_key("line"), "{explained}: {leaves:?}");
}
