//! Exports for ledger, hledger and beancount: the tool accepts the file, and each of its balances is ours.
//!
//! A test without its tool prints that and passes.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use rust_decimal::Decimal;
use serde_json::Value;

fn program(folder: &Path, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(env!("CARGO_BIN_EXE_dashtam"))
        .args(arguments)
        .env_clear()
        .env("HOME", folder)
        .env("DASHTAM_DATA_DIR", folder.join("data"))
        .env("DASHTAM_VAULT", "memory")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    // Some files of a folder may be unreadable on purpose.
    assert!(matches!(output.status.code(), Some(0 | 3)), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn json(folder: &Path, arguments: &[&str]) -> Vec<Value> {
    let arguments: Vec<&str> = arguments.iter().copied().chain(["--format", "json"]).collect();
    serde_json::from_slice(&program(folder, &arguments)).unwrap()
}

fn is_there(tool: &str) -> bool {
    let found = Command::new(tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !found {
        println!("SKIPPED: {tool} is not installed, so its reading of the export is not tested");
    }
    found
}

/// Runs a tool that reads `file`; what it printed.
#[track_caller]
fn read_by(tool: &str, arguments: &[&str]) -> String {
    let output = Command::new(tool).args(arguments).env("LC_ALL", "C.UTF-8").output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    let out = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && err.trim().is_empty(), "{tool} {arguments:?}: {err}{out}");
    out.into_owned()
}

/// Balances of Assets and Liabilities, all accounts together: by commodity.
type Totals = BTreeMap<String, Decimal>;

fn moves(row: &Value) -> bool {
    row["status"] == "settled" && row["subtype"] != "reinvestment" && row["subtype"] != "journal"
}

fn add_row(add: &mut impl FnMut(&str, Decimal), row: &Value) {
    add(row["currency"].as_str().unwrap(), row["amount"].as_str().unwrap().parse().unwrap());
}

/// Fails unless each balance of `ours` is in `theirs`, and theirs has no other money.
#[track_caller]
fn agree(mut theirs: Totals, ours: &Totals, text: &str) {
    // Units that only rows name are in no list of positions.
    theirs.retain(|commodity, amount| {
        let is_money = commodity.len() == 3 && commodity.bytes().all(|byte| byte.is_ascii_uppercase());
        !amount.is_zero() && (ours.contains_key(commodity) || is_money && commodity != "FOO")
    });
    assert_eq!(theirs, *ours, "{text}");
}

/// Cash and units as our lists show them.
fn ours(folder: &Path, demo: &[&str]) -> Totals {
    let list = |command: &str| json(folder, &[demo, &[command]].concat());
    let decimal = |value: &Value| value.as_str().map(|text| text.parse::<Decimal>().unwrap());
    let mut totals = Totals::new();
    let mut add = |commodity: &str, amount: Decimal| *totals.entry(commodity.to_owned()).or_default() += amount;
    let (holdings, rows, snapshots) = (list("holdings"), list("transactions"), list("snapshots"));
    for account in list("accounts") {
        let own = |value: &&Value| value["account_id"] == account["id"];
        let Some(balance) = decimal(&account["balance"]) else {
            // Without a stated balance: the sum of the rows.
            for row in rows.iter().filter(own).filter(|row| moves(row) && is_past(row)) {
                add_row(&mut add, row);
            }
            continue;
        };
        let newest = snapshots.iter().rfind(own).unwrap();
        // What is not cash is in the positions, if any are listed.
        let has_units = holdings.iter().chain(&rows).any(|it| own(&it) && !it["quantity"].is_null());
        let securities = match (decimal(&newest["cash_value"]), decimal(&newest["balance"])) {
            (Some(cash), Some(total)) if has_units => total - cash,
            (None, Some(total)) if has_units && is_investment(&account) => {
                let values = holdings.iter().filter(own).map(|it| decimal(&it["market_value"]));
                values.sum::<Option<Decimal>>().unwrap_or(total)
            }
            _ => Decimal::ZERO,
        };
        add(newest["currency"].as_str().unwrap(), balance - securities);
        // Rows in another currency are in no balance.
        let other = |row: &&Value| row["currency"] != newest["currency"] && moves(row);
        for row in rows.iter().filter(own).filter(other) {
            add_row(&mut add, row);
        }
    }
    for holding in &holdings {
        add(holding["symbol"].as_str().unwrap(), decimal(&holding["quantity"]).unwrap());
    }
    totals.retain(|_, amount| !amount.is_zero());
    totals
}

/// Whether a row is of today or before: later ones are not part of a balance yet.
fn is_past(row: &Value) -> bool {
    row["date"].as_str().unwrap() <= chrono::Local::now().date_naive().to_string().as_str()
}

fn is_investment(account: &Value) -> bool {
    ["brokerage", "ira", "roth_ira", "401k", "403b", "hsa"].contains(&account["type"].as_str().unwrap())
}

/// `12.50 "BRK.B"` or `VTI 5` lines, of which each ends with an account or not.
fn parsed(text: &str) -> Totals {
    let mut totals = Totals::new();
    for line in text.lines().map(|line| line.replace('"', "")) {
        let words: Vec<&str> = line.split_whitespace().collect();
        if let [amount, commodity] = words[..]
            && let Ok(amount) = amount.replace(',', "").parse::<Decimal>()
            && !amount.is_zero()
        {
            *totals.entry(commodity.to_owned()).or_default() += amount;
        }
    }
    totals
}

fn exported(folder: &Path, demo: &[&str], to: &str) -> PathBuf {
    let file = folder.join(format!("out.{to}"));
    let path = file.to_str().unwrap();
    program(folder, &[demo, &["export", "--to", to, "-o", path, "--force"]].concat());
    file
}

fn hledger(folder: &Path, demo: &[&str]) {
    if !is_there("hledger") {
        return;
    }
    let file = exported(folder, demo, "hledger");
    let path = file.to_str().unwrap();
    read_by("hledger", &["-f", path, "check", "-s"]);
    let form = ["balance", "^Assets", "^Liabilities", "-N", "--flat", "--layout=bare", "-O", "csv", "-e", "tomorrow"];
    let balances = read_by("hledger", &[&["-f", path], &form[..]].concat());
    let mut totals = Totals::new();
    for record in csv::Reader::from_reader(balances.as_bytes()).records() {
        let record = record.unwrap();
        *totals.entry(record[1].to_owned()).or_default() += record[2].parse::<Decimal>().unwrap();
    }
    agree(totals, &ours(folder, demo), &balances);
}

fn ledger(folder: &Path, demo: &[&str]) {
    if !is_there("ledger") {
        return;
    }
    let file = exported(folder, demo, "ledger");
    let path = file.to_str().unwrap();
    let balances = read_by(
        "ledger",
        &["-f", path, "--strict", "--pedantic", "--args-only", "balance", "^Assets", "^Liabilities", "--depth", "1"],
    );
    let (_, balances) = balances.split_once("-----\n").unwrap();
    assert_eq!(parsed(balances), ours(folder, demo), "{balances}");
}

fn beancount(folder: &Path, demo: &[&str]) {
    if !is_there("bean-check") {
        return;
    }
    let file = exported(folder, demo, "beancount");
    let path = file.to_str().unwrap();
    read_by("bean-check", &[path]);
    let query = "SELECT currency, sum(number) WHERE account ~ '^(Assets|Liabilities)' GROUP BY currency";
    let balances = read_by("bean-query", &["-f", "csv", path, query]);
    let mut totals = Totals::new();
    for line in balances.lines().skip(1) {
        let (currency, amount) = line.split_once(',').unwrap();
        let amount: Decimal = amount.trim().parse().unwrap();
        if !amount.is_zero() {
            totals.insert(currency.trim().to_owned(), amount);
        }
    }
    assert_eq!(totals, ours(folder, demo), "{balances}");
}

#[test]
fn hledger_reads_the_demo_with_our_balances() {
    hledger(tempfile::tempdir().unwrap().path(), &["--demo"]);
}

#[test]
fn ledger_reads_the_demo_with_our_balances() {
    ledger(tempfile::tempdir().unwrap().path(), &["--demo"]);
}

#[test]
fn beancount_reads_the_demo_with_our_balances() {
    beancount(tempfile::tempdir().unwrap().path(), &["--demo"]);
}

/// Imports every file of a folder that opens no question. Without the files that asked, others may ask.
fn import(profile: &Path, folder: &Path) {
    let mut files = vec![folder.to_str().unwrap().to_owned()];
    for _round in 0..5 {
        let output = Command::new(env!("CARGO_BIN_EXE_dashtam"))
            .arg("import")
            .args(&files)
            .args(["--format", "json"])
            .env_clear()
            .env("HOME", profile)
            .env("DASHTAM_DATA_DIR", profile.join("data"))
            .env("DASHTAM_VAULT", "memory")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        if output.status.code() != Some(4) {
            // Some files of a folder may be unreadable on purpose.
            assert!(matches!(output.status.code(), Some(0 | 3)), "{}", String::from_utf8_lossy(&output.stderr));
            return;
        }
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let all = report["files"].as_array().unwrap().iter();
        let plain = all.filter(|file| file["question"].is_null()).map(|file| file["file"].as_str().unwrap().to_owned());
        files = plain.filter(|file| Path::new(file).is_file()).collect();
    }
    panic!("files ask again and again: {files:?}");
}

#[test]
fn every_tool_reads_imported_statements_with_our_balances() {
    let folder = tempfile::tempdir().unwrap();
    import(folder.path(), &Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/ofx"));
    match std::env::var("DASHTAM_SAMPLES") {
        Ok(samples) => {
            for kind in ["ofx", "statements"] {
                import(folder.path(), &Path::new(&samples).join(kind));
            }
        }
        Err(_) => println!("SKIPPED: DASHTAM_SAMPLES names no folder of samples"),
    }
    hledger(folder.path(), &[]);
    for (tool, to, check) in [
        ("ledger", "ledger", &["-f", "FILE", "--strict", "--pedantic", "balance"][..]),
        ("bean-check", "beancount", &["FILE"][..]),
    ] {
        if is_there(tool) {
            let file = exported(folder.path(), &[], to);
            let path = file.to_str().unwrap();
            let arguments: Vec<&str> = check.iter().map(|word| if *word == "FILE" { path } else { word }).collect();
            read_by(tool, &arguments);
        }
    }
}
