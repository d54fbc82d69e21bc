//! The command line as scripts use it: the real binary, its output, its exit codes.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::support::scripted::ScriptedProfile;

/// A card or checking statement with these rows: day, amount, id, name.
fn statement(account: &str, card: bool, balance: &str, rows: &[(u32, &str, &str, &str)]) -> String {
    let mut text =
        String::from("OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nCHARSET:1252\n\n<OFX><SIGNONMSGSRSV1><SONRS>");
    text.push_str(
        "<STATUS><CODE>0<SEVERITY>INFO</STATUS><DTSERVER>20261101<FI><ORG>B1<FID>10898</FI></SONRS></SIGNONMSGSRSV1>",
    );
    let (open, close) = if card {
        (
            "<CREDITCARDMSGSRSV1><CCSTMTTRNRS><CCSTMTRS><CURDEF>USD<CCACCTFROM>",
            "</CCSTMTRS></CCSTMTTRNRS></CREDITCARDMSGSRSV1>",
        )
    } else {
        (
            "<BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>USD<BANKACCTFROM><BANKID>021000021",
            "</STMTRS></STMTTRNRS></BANKMSGSRSV1>",
        )
    };
    text.push_str(open);
    write!(text, "<ACCTID>{account}").unwrap();
    text.push_str(if card { "</CCACCTFROM>" } else { "<ACCTTYPE>CHECKING</BANKACCTFROM>" });
    text.push_str("\n<BANKTRANLIST>\n");
    for (day, amount, id, name) in rows {
        writeln!(
            text,
            "<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>202610{day:02}120000[0:GMT]<TRNAMT>{amount}<FITID>{id}<NAME>{name}</STMTTRN>"
        )
        .unwrap();
    }
    writeln!(text, "</BANKTRANLIST><LEDGERBAL><BALAMT>{balance}<DTASOF>20261031</LEDGERBAL>{close}</OFX>").unwrap();
    text
}

const COFFEES: &[(u32, &str, &str, &str)] =
    &[(3, "-4.50", "1", "Coffee"), (3, "-4.50", "2", "Coffee"), (9, "-120.00", "3", "Groceries")];

#[test]
fn a_file_is_imported_once_and_can_be_taken_back() {
    let profile = ScriptedProfile::new();
    let file = profile.file("october.qfx", &statement("000123457890", true, "-129.00", COFFEES));
    let first = &profile.json(&["import", &file])["files"][0];
    assert_eq!(first["provider"], "chase_file");
    assert_eq!(first["format"], "qfx");
    assert_eq!((&first["transactions_imported"], &first["transactions_skipped"]), (&3.into(), &0.into()));
    assert_eq!((&first["accounts_imported"], &first["accounts_updated"]), (&1.into(), &0.into()));

    let account = &profile.json(&["accounts"])[0];
    assert_eq!((&account["type"], &account["balance"]), (&"credit_card".into(), &"-129.00".into()));
    assert_eq!((&account["number_masked"], &account["as_of"]), (&"****7890".into(), &"2026-10-31".into()));
    assert_eq!((&account["institution"], &account["currency"]), (&"Chase".into(), &"USD".into()));

    let rows = profile.json(&["transactions"]);
    assert_eq!(rows.as_array().unwrap().len(), 3);
    assert_eq!((&rows[0]["date"], &rows[0]["amount"]), (&"2026-10-09".into(), &"-120.00".into()));
    for key in [
        "id",
        "account_id",
        "provider_transaction_id",
        "date",
        "settlement_date",
        "amount",
        "currency",
        "type",
        "subtype",
        "status",
        "description",
        "payee",
        "memo",
        "symbol",
        "quantity",
        "unit_price",
        "commission",
        "change_id",
    ] {
        assert!(rows[0].get(key).is_some(), "{key} is missing");
    }

    let again = &profile.json(&["import", &file])["files"][0];
    assert_eq!((&again["transactions_imported"], &again["transactions_skipped"]), (&0.into(), &3.into()));
    assert!(again["change_id"].is_null());
    assert_eq!(profile.json(&["changes"]).as_array().unwrap().len(), 1);

    profile.json(&["undo"]);
    assert_eq!(profile.json(&["transactions"]).as_array().unwrap().len(), 0);
    assert_eq!(profile.json(&["accounts"]).as_array().unwrap().len(), 0);
    profile.json(&["redo"]);
    assert_eq!(profile.json(&["transactions"]).as_array().unwrap().len(), 3);
    profile.json(&["undo", "1"]);
    // After an undo the same bytes are new again; a redo of the old change finds their rows and adds none.
    let again = profile.json(&["import", &file])["files"][0].clone();
    assert_eq!(again["transactions_imported"], 3);
    profile.json(&["redo", "1"]);
    assert_eq!(profile.json(&["transactions"]).as_array().unwrap().len(), 3);
    profile.json(&["undo", again["change_id"].as_str().unwrap()]);
    assert_eq!(profile.json(&["transactions"]).as_array().unwrap().len(), 3);
}

/// The same statement as another institution signs it.
fn signed(text: &str, org: &str, fid: &str) -> String {
    text.replace("<ORG>B1<FID>10898", &format!("<ORG>{org}<FID>{fid}"))
}

#[test]
fn one_institution_is_one_connection_and_two_have_two_names() {
    let profile = ScriptedProfile::new();
    let signatures = [
        ("000000001001", "Vanguard", "15103"),
        ("000000001002", "The Vanguard Group", "84022"),
        ("000000001003", "SMALLTOWN BANKS", "41"),
        ("000000001004", "SMALLTOWN BANKS", "42"),
        ("000000001005", "NCH", "1001"),
        ("000000001006", "Capital One Bank", "1001"),
    ];
    for _ in 0..2 {
        for (account, org, fid) in signatures {
            let text = signed(&statement(account, true, "-129.00", COFFEES), org, fid);
            profile.json(&["import", &profile.file(&format!("{account}.qfx"), &text)]);
        }
    }
    let connections = profile.json(&["connections"]);
    let names: Vec<&str> = connections.as_array().unwrap().iter().map(|each| each["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Vanguard", "Smalltown Banks", "Smalltown Banks (42)", "NCH", "Capital One"]);
    let accounts = profile.json(&["accounts"]);
    let mut at: Vec<(&str, &str)> = accounts.as_array().unwrap().iter().map(account_and_connection).collect();
    at.sort_unstable();
    let expected = [
        ("****1001", "1"),
        ("****1002", "1"),
        ("****1003", "2"),
        ("****1004", "3"),
        ("****1005", "4"),
        ("****1006", "5"),
    ];
    assert_eq!(at, expected, "none is doubled, each is where its file is from");
    assert_eq!(profile.json(&["transactions"]).as_array().unwrap().len(), 18);
}

fn account_and_connection(account: &Value) -> (&str, &str) {
    (account["number_masked"].as_str().unwrap(), account["connection_id"].as_str().unwrap())
}

#[test]
fn overlapping_files_add_what_is_new_and_undo_takes_exactly_one_files_rows() {
    let profile = ScriptedProfile::new();
    let more = [COFFEES, &[(12, "-7.00", "4", "Bakery")]].concat();
    let first = profile.file("a.qfx", &statement("000123457890", false, "10.00", COFFEES));
    let second = profile.file("b.qfx", &statement("000123457890", false, "3.00", &more));
    let other = profile.file("c.qfx", &statement("000999990001", false, "3.00", COFFEES));
    let report = profile.json(&["import", &first, &second, &other]);
    let counts: Vec<_> =
        report["files"].as_array().unwrap().iter().map(|file| &file["transactions_imported"]).collect();
    // The same ids in two accounts are two rows each.
    assert_eq!(counts, [&Value::from(3), &Value::from(1), &Value::from(3)]);
    profile.json(&["undo", report["files"][0]["change_id"].as_str().unwrap()]);
    let left = profile.json(&["transactions", "--account", "7890"]);
    assert_eq!(left.as_array().unwrap().len(), 1);
    assert_eq!(left[0]["payee"], "Bakery");
    assert_eq!(profile.json(&["accounts"]).as_array().unwrap().len(), 2);
}

#[test]
fn a_dry_run_reports_and_writes_nothing() {
    let profile = ScriptedProfile::new();
    let file = profile.file("a.qfx", &statement("000123457890", false, "10.00", COFFEES));
    let report = profile.json(&["import", "--dry-run", &file, &file]);
    let counts: Vec<_> =
        report["files"].as_array().unwrap().iter().map(|file| &file["transactions_imported"]).collect();
    assert_eq!(counts, [&Value::from(3), &Value::from(0)], "the second file brings nothing that the first did not");
    assert_eq!(profile.json(&["transactions"]), Value::Array(Vec::new()));
    assert_eq!(profile.json(&["changes"]), Value::Array(Vec::new()));
}

#[test]
fn exit_codes_distinguish_done_failed_wrong_and_partly() {
    let profile = ScriptedProfile::new();
    let good = profile.file("good.qfx", &statement("000123457890", false, "10.00", COFFEES));
    let empty = profile.file("empty.qfx", "");
    let pdf = profile.file("statement.pdf", "%PDF-1.7\n");
    let noaccount = profile.file("none.ofx", "<OFX><SIGNONMSGSRSV1></SIGNONMSGSRSV1></OFX>");
    assert_eq!(profile.error(&["import", &empty], 1)["kind"], "empty_file");
    assert_eq!(profile.error(&["import", "/no/such/file.qfx"], 1)["kind"], "not_found");
    assert_eq!(profile.error(&["import", &noaccount], 1)["kind"], "no_account");
    let unsupported = profile.error(&["import", &pdf], 1);
    assert_eq!(unsupported["kind"], "unsupported_format");
    assert!(unsupported["hint"].as_str().unwrap().contains("QFX"), "{unsupported}");

    let output = profile.run(&["import", &good, &pdf, "--format", "json"]);
    assert_eq!(output.status.code(), Some(3));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["files"][0]["transactions_imported"], 3);
    assert_eq!(report["files"][1]["error"]["kind"], "unsupported_format");

    assert_eq!(profile.error(&["transactions", "--limit", "x"], 2)["kind"], "usage");
    assert_eq!(profile.error(&["transactions", "--query", "amt>>"], 2)["kind"], "usage");
    assert_eq!(profile.error(&["transactions", "--account", "nobody"], 1)["kind"], "not_found");
    assert_eq!(profile.error(&["undo", "77"], 1)["kind"], "not_found");
    assert_eq!(profile.error(&["redo"], 1)["kind"], "nothing_to_redo");
    let output = profile.run(&["frobnicate"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn wrong_arguments_are_named_with_a_remedy() {
    let profile = ScriptedProfile::new();
    let file = profile.file("october.qfx", &statement("000123457890", true, "-129.00", COFFEES));
    profile.json(&["import", &file]);
    for wrong in [&["transactions", "--from", "2026-13-01"][..], &["net-worth", "--on", "soon"]] {
        let output = profile.run(wrong);
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8(output.stderr).unwrap().contains("write a day as YYYY-MM-DD"));
    }
    let message = profile.error(&["config", "check", "--config", "/nonexistent/own.toml"], 2)["message"].clone();
    assert_eq!(message, "--config: there is no file /nonexistent/own.toml");
    // A vault that can't be opened, as on a machine without a keyring: these orders need none.
    for (order, kind) in [(&["sync", "77"][..], "not_found"), (&["sync", "1"], "not_live")] {
        let output = profile.command(&[order, &["--format", "json"]].concat()).env("DASHTAM_VAULT", "keyring").output();
        let error: Value = serde_json::from_slice(&output.unwrap().stderr).unwrap();
        assert_eq!(error["error"]["kind"], kind, "{error}");
    }
}

#[test]
fn a_reader_that_goes_away_is_not_an_error() {
    let profile = ScriptedProfile::new();
    let file = profile.file("october.qfx", &statement("000123457890", true, "-129.00", COFFEES));
    profile.json(&["import", &file]);
    for arguments in [&["transactions"][..], &["export", "--to", "csv"], &["completions", "bash"], &["man"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = profile.command(arguments).stdout(writer).output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), errors.as_str()), (Some(0), ""), "{arguments:?}");
    }
}

#[test]
fn without_a_terminal_the_screen_reports_it() {
    let profile = ScriptedProfile::new();
    for arguments in [&[][..], &["--demo"]] {
        let output = profile.run(arguments);
        assert_eq!(output.status.code(), Some(2));
        assert!(output.stdout.is_empty());
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(errors.contains("needs a terminal") && !errors.contains('\u{1b}'), "{errors}");
    }
}

#[test]
fn lists_come_as_table_lines_and_csv() {
    let profile = ScriptedProfile::new();
    let file = profile.file("a.qfx", &statement("000123457890", false, "10.00", &[(3, "-1.00", "1", "=SUM(A1)")]));
    profile.json(&["import", &file]);
    let text = |arguments: &[&str]| String::from_utf8(profile.run(arguments).stdout).unwrap();
    assert!(text(&["transactions"]).starts_with("Date"));
    assert_eq!(text(&["transactions", "--format", "jsonl"]).lines().count(), 1);
    let csv = text(&["transactions", "--format", "csv"]);
    assert!(csv.starts_with("id,account_id,") && csv.contains(",'=SUM(A1),"), "{csv}");
    assert!(csv.contains(",-1.00,USD,"), "numbers are no formulas: {csv}");
    for command in ["accounts", "holdings", "snapshots", "connections", "providers", "changes", "net-worth"] {
        for format in ["table", "json", "jsonl", "csv"] {
            let output = profile.run(&[command, "--format", format]);
            assert!(output.status.success(), "{command} {format}");
        }
    }
    assert_eq!(profile.json(&["snapshots"])[0]["source"], "statement");
    assert_eq!(profile.json(&["net-worth"])[0]["net_worth"], "10.00");
}

#[test]
fn filters_sums_names_and_exports() {
    let profile = ScriptedProfile::new();
    let file = profile.file("a.qfx", &statement("000123457890", false, "10.00", COFFEES));
    profile.json(&["import", &file]);
    let count = |arguments: &[&str]| profile.json(arguments).as_array().unwrap().len();
    assert_eq!(count(&["transactions", "--query", "coffee"]), 2);
    assert_eq!(count(&["transactions", "--from", "2026-10-04", "--to", "2026-10-31"]), 1);
    assert_eq!(count(&["transactions", "--limit", "2"]), 2);
    let sums = profile.json(&["transactions", "--by", "payee"]);
    assert_eq!((&sums[0]["group"], &sums[0]["sum"]), (&"Groceries".into(), &"-120.00".into()));
    assert_eq!(profile.error(&["transactions", "--by", "weather"], 2)["kind"], "usage");
    for same in [&["--query", "by:payee"][..], &["--query", "by:payee", "--by", "payee"]] {
        assert_eq!(profile.json(&[&["transactions"], same].concat()), sums);
    }
    assert_eq!(count(&["transactions", "--by", "payee", "--limit", "1"]), 1);
    let error = profile.error(&["transactions", "--by", "month", "--query", "coffee by:payee"], 2);
    assert!(error["message"].as_str().unwrap().contains("--by month and `by:payee`"), "{error}");
    assert_eq!(profile.error(&["export", "--to", "csv", "--query", "by:month"], 2)["kind"], "usage");

    let id = profile.json(&["accounts"])[0]["id"].as_str().unwrap().to_owned();
    assert!(profile.run(&["rename", &id, "Daily money"]).status.success());
    assert_eq!(profile.json(&["accounts"])[0]["name"], "Daily money");
    assert_eq!(count(&["transactions", "--account", "daily money"]), 3);
    profile.json(&["undo"]);
    assert_ne!(profile.json(&["accounts"])[0]["name"], "Daily money");

    for form in ["csv", "json", "ledger", "hledger", "beancount"] {
        let output = profile.run(&["export", "--to", form]);
        assert!(output.status.success() && !output.stdout.is_empty(), "{form}");
    }
    let target = profile.folder.path().join("out.csv");
    let target = target.to_str().unwrap();
    assert!(profile.run(&["export", "--to", "csv", "-o", target]).status.success());
    assert_eq!(profile.error(&["export", "--to", "csv", "-o", target], 1)["kind"], "io");
    assert!(profile.run(&["backup"]).status.success());
}

#[test]
fn a_second_process_learns_which_process_has_the_store() {
    let profile = ScriptedProfile::new();
    let _held = dashtam::testing::store::Store::open(&profile.data().join("dashtam.redb")).unwrap();
    let error = profile.error(&["accounts"], 1);
    assert!(error["message"].as_str().unwrap().contains("another"), "{error}");
}

#[test]
fn the_manual_completions_and_keys_are_printed() {
    let profile = ScriptedProfile::new();
    for arguments in [
        &["man"][..],
        &["completions", "bash"],
        &["completions", "zsh"],
        &["keys"],
        &["config", "show"],
        &["help"],
        &["help", "query"],
    ] {
        let output = profile.run(arguments);
        assert!(output.status.success() && output.stdout.len() > 200, "{arguments:?}");
    }
    let help = String::from_utf8(profile.run(&["--help"]).stdout).unwrap();
    assert!(help.contains("Exit codes") && help.contains("import"), "{help}");
}

#[test]
fn a_bad_configuration_names_its_line_and_the_allowed_values() {
    let profile = ScriptedProfile::new();
    let config = profile.file("config.toml", "[screen]\nmouse = 7\n");
    let output = profile.run(&["config", "check", "--config", &config]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("line 2"));
    let config = profile.file("keys.toml", "[keys]\nundo = \"i\"\nredo = \"hyper\"\n");
    for command in [&["config", "check"][..], &["keys"]] {
        let output = profile.run(&[command, &["--config", &config]].concat());
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{errors}");
        assert!(
            errors.contains("\n  line 2: keys.undo: `i` is a key of import") && errors.contains("\n  line 3: "),
            "{errors}"
        );
    }
    let config = profile.file("fine.toml", "[keys]\nsync-all = \"f5\"\n");
    let page = String::from_utf8(profile.run(&["keys", "--config", &config]).stdout).unwrap();
    let line = page.lines().find(|line| line.trim_end().ends_with("sync-all")).unwrap();
    assert!(line.contains("f5") && line.contains("Sync all connections"), "{page}");
}

/// The demonstration goes through the importer like any other file.
#[test]
fn the_demonstration_adds_up() {
    let profile = ScriptedProfile::new();
    let accounts = profile.json(&["--demo", "accounts"]);
    assert!(accounts.as_array().unwrap().len() >= 4);
    assert!(!profile.data().join("dashtam.redb").exists(), "a demo leaves the profile alone");
    let rows = profile.json(&["--demo", "transactions"]);
    assert!(rows.as_array().unwrap().len() > 1_000);
}

fn samples() -> Option<PathBuf> {
    let folder = std::env::var_os("DASHTAM_SAMPLES").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("SKIPPED: DASHTAM_SAMPLES names no folder of samples");
    }
    folder
}

/// Every sample imports whole, and a second time not at all.
#[test]
fn samples_import_once() {
    let Some(folder) = samples() else { return };
    let mut files = Vec::new();
    for part in ["real", "edge"] {
        let Ok(entries) = fs::read_dir(folder.join("ofx").join(part)) else { continue };
        files.extend(entries.map(|entry| entry.unwrap().path()));
    }
    files.sort();
    assert!(!files.is_empty());
    for file in files {
        check_sample(&file);
    }
}

fn check_sample(file: &Path) {
    let profile = ScriptedProfile::new();
    let path = file.to_str().unwrap();
    let first = &profile.json(&["import", path])["files"][0];
    let rows = first["transactions_imported"].as_u64().unwrap();
    assert!(rows > 0, "{path}");
    assert_eq!(profile.json(&["transactions"]).as_array().unwrap().len() as u64, rows, "{path}");
    let again = &profile.json(&["import", path])["files"][0];
    assert_eq!(again["transactions_imported"], 0, "{path}");
    assert_eq!(again["transactions_skipped"], rows, "{path}");
}
