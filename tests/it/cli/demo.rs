//! The demo shows everything that a profile of two years has, also on the command line.

use std::process::{Command, Stdio};

use serde_json::Value;

fn demo(arguments: &[&str]) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_dashtam"))
        .args([&["--demo"], arguments, &["--format", "json"]].concat())
        .env_clear()
        .env("HOME", folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn positions_have_costs_and_gains_of_both_signs() {
    let holdings = demo(&["holdings"]);
    let gains: Vec<&str> = holdings.iter().filter_map(|it| it["gain"].as_str()).collect();
    assert!(gains.iter().any(|gain| gain.starts_with('-')) && gains.iter().any(|gain| !gain.starts_with('-')));
}

#[test]
fn rows_are_pending_edited_and_in_two_currencies() {
    let rows = demo(&["transactions"]);
    let any = |test: &dyn Fn(&Value) -> bool| rows.iter().any(test);
    assert!(any(&|row| row["status"] == "pending"));
    assert!(any(&|row| row["category"] == "Food:Coffee") && any(&|row| row["note"].is_string()));
    assert!(any(&|row| row["tags"].as_array().is_some_and(|tags| tags.contains(&"trip".into()))));
    assert!(any(&|row| row["currency"] == "EUR") && any(&|row| row["subtype"] == "dividend"));
}

#[test]
fn the_journal_has_two_years_of_imports_an_archive_a_table_and_edits() {
    let changes = demo(&["changes"]);
    let ids: Vec<&str> = changes.iter().map(|change| change["at"].as_str().unwrap()).collect();
    assert!(ids.is_sorted_by(|newer, older| newer >= older), "{ids:?}");
    let years: std::collections::BTreeSet<&str> = ids.iter().map(|at| &at[..4]).collect();
    assert!(years.len() >= 2, "{years:?}");
    let has = |kind: &str, source: &str| {
        changes.iter().any(|it| it["kind"] == kind && it["source"].as_str().unwrap().ends_with(source))
    };
    assert!(has("import", ".zip") && has("import", ".csv") && has("import", ".qfx") && has("import", ".ofx"));
    assert!(has("edit", "rows") && has("sync", "Northlight"));
}

#[test]
fn a_connection_needs_its_login_soon_and_two_rows_may_be_one() {
    let connections = demo(&["connections"]);
    let live = connections.iter().find(|it| it["login_expires_at"].is_string()).unwrap();
    assert_eq!((&live["status"], &live["error"]), (&"active".into(), &Value::Null));
    assert_eq!(demo(&["duplicates"]).len(), 1);
    assert!(demo(&["accounts"]).iter().all(|account| account["balance"].is_string()));
    let matters = demo(&["attention"]);
    assert!(["login", "pair"].iter().all(|kind| matters.iter().any(|matter| matter["kind"] == *kind)), "{matters:?}");
    assert!(demo(&["providers"]).iter().all(|provider| provider["slug"] != "demo_bank"));
}

#[test]
fn every_account_has_an_institution() {
    let accounts = demo(&["accounts"]);
    assert!(accounts.iter().all(|account| account["institution"] != "Unnamed institution"), "{accounts:?}");
    assert!(accounts.iter().any(|account| account["institution"] == "Tideway"));
}

#[test]
fn the_bank_of_the_demo_cannot_be_connected() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_dashtam"));
    program.args(["connect", "demo_bank"]).env_clear().env("HOME", folder.path()).stdin(Stdio::null());
    let output = program.output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("there is no provider `demo_bank`"));
}
