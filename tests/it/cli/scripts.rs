//! What scripts rely on: formats, one row shape, edits, accounts kept by hand, help, status and lenient settings.

use std::{
    fs,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::support::{harness::bank_statement, scripted::ScriptedProfile};

/// A profile with three rows.
fn filled() -> ScriptedProfile {
    let profile = ScriptedProfile::new();
    let rows = [("2026-10-01", "-49.5", "Bakery"), ("2026-10-02", "500", "Payroll"), ("2026-11-03", "-6.25", "Cafe")];
    profile.ok(&["import", &profile.file("one.ofx", &bank_statement("12345678", &rows, "444.25"))]);
    profile
}

#[test]
fn a_row_has_one_shape_with_ids_as_text_and_the_digits_of_its_currency() {
    let profile = filled();
    let listed = profile.json(&["transactions"]);
    let exported: Value = serde_json::from_str(&profile.ok(&["export", "--to", "json"])).unwrap();
    assert_eq!(listed, exported);
    let amounts: Vec<&str> = listed.as_array().unwrap().iter().map(|row| row["amount"].as_str().unwrap()).collect();
    assert_eq!(amounts, ["-6.25", "500.00", "-49.50"], "newest first");
    assert!(listed[0]["id"].is_string() && listed[0]["account_id"].is_string() && listed[0]["change_id"].is_string());
    let csv = profile.ok(&["export", "--to", "csv"]);
    let heading: Vec<&str> = csv.lines().next().unwrap().split(',').collect();
    let keys: Vec<&str> = listed[0].as_object().unwrap().keys().map(String::as_str).collect();
    assert!(heading.starts_with(&keys), "{heading:?}");
    assert!(heading[keys.len()..].contains(&"provider_account_id"), "the account follows: {heading:?}");
    assert_eq!(profile.json(&["transactions", "--limit", "1"])[0]["date"], "2026-11-03");
    let months = profile.json(&["transactions", "--by", "month", "--limit", "1"]);
    assert_eq!((&months[0]["group"], &months[0]["sum"]), (&"2026-11".into(), &"-6.25".into()));
}

#[test]
fn rows_are_edited_by_id_and_by_query_as_one_change() {
    let profile = filled();
    let dry = profile.json(&["edit", "--query", "amt<0", "--category", "Food", "--tag", "+trip", "--dry-run"]);
    assert_eq!((&dry["transactions_updated"], &dry["change_id"]), (&2.into(), &Value::Null));
    let edited = profile.json(&["edit", "--query", "amt<0", "--category", "Food", "--tag", "+trip", "--tag", "fun"]);
    assert_eq!(edited["transactions_updated"], 2);
    assert_eq!(edited["transactions"][0]["tags"], serde_json::json!(["trip", "fun"]));
    assert_eq!(profile.json(&["transactions", "--query", "cat:food tag:fun"]).as_array().unwrap().len(), 2);
    assert_eq!(profile.json(&["transactions", "--query", "-cat:food"]).as_array().unwrap().len(), 1, "a `-` in front");
    assert_eq!(profile.json(&["changes"]).as_array().unwrap().len(), 2, "one change for both rows");
    let id = edited["transactions"][0]["id"].as_str().unwrap();
    let again = profile.json(&["edit", id, "--tag", "-trip", "--note", "with Ann", "--payee", "Corner Cafe"]);
    assert_eq!(again["transactions"][0]["tags"], serde_json::json!(["fun"]));
    assert_eq!(again["transactions"][0]["payee"], "Corner Cafe");
    assert_eq!(profile.json(&["edit", id, "--payee", "", "--note", ""])["transactions"][0]["note"], Value::Null);
    profile.ok(&["undo"]);
    assert_eq!(profile.json(&["edit", id, "--category", "Food"])["transactions_updated"], 0, "nothing to change");
    let error = profile.error(&["edit", "77", "x1", "--note", "n"], 1);
    assert_eq!(error["problems"].as_array().unwrap().len(), 2, "{error}");
    assert!(profile.run(&["edit", id]).status.code() == Some(2), "an edit needs a field");
}

#[test]
fn accounts_are_kept_by_hand_closed_and_undone() {
    let profile = ScriptedProfile::new();
    let added = profile.json(&["account", "add", "Cash Box", "--type", "other", "--currency", "EUR"]);
    assert_eq!(
        (&added["name"], &added["currency"], &added["is_active"]),
        (&"Cash Box".into(), &"EUR".into(), &true.into())
    );
    assert_eq!(profile.error(&["account", "add", "cash box", "--type", "other"], 1)["kind"], "wrong_state");
    assert_eq!(profile.error(&["account", "add", "x", "--type", "banana"], 2)["kind"], "usage");
    assert_eq!(profile.json(&["account", "close", "Cash Box"])["is_active"], false);
    assert_eq!(profile.error(&["account", "close", "Cash Box"], 1)["kind"], "wrong_state");
    profile.ok(&["undo"]);
    assert_eq!(profile.json(&["accounts"])[0]["is_active"], true);
    assert_eq!(profile.json(&["rename", "Cash Box", "Wallet"])["name"], "Wallet");
    let nothing = profile.json(&["sync"]);
    assert_eq!(nothing["connections"], serde_json::json!([]), "there is nothing to fetch for it");
}

#[test]
fn every_fault_of_a_query_is_named() {
    let profile = filled();
    let error = profile.error(&["transactions", "--query", "colour:red amt>x"], 2);
    assert_eq!(error["problems"].as_array().unwrap().len(), 2, "{error}");
    assert!(error["hint"].as_str().unwrap().contains("dashtam help query"));
}

#[test]
fn files_are_replaced_only_when_asked() {
    let profile = filled();
    assert_eq!(profile.json(&["export", "--to", "csv", "-o", "out.csv"])["transactions"], 3);
    let error = profile.error(&["export", "--to", "csv", "-o", "out.csv"], 1);
    assert!(error["hint"].as_str().unwrap().contains("--force"), "{error}");
    profile.ok(&["export", "--to", "csv", "-o", "out.csv", "--query", "cafe", "--force"]);
    assert_eq!(fs::read_to_string(profile.folder.path().join("out.csv")).unwrap().lines().count(), 2);
    assert!(profile.json(&["backup"])["file"].as_str().unwrap().contains("backups"));
}

#[test]
fn help_explains_commands_topics_and_fields_without_naming_files_of_the_repository() {
    let profile = ScriptedProfile::new();
    for topic in ["query", "config", "keys", "formats", "exit-codes", "import", "connect"] {
        assert!(profile.ok(&["help", topic]).lines().count() >= 4, "{topic}");
    }
    assert!(profile.ok(&["help", "config", "check"]).contains("config check"));
    assert_eq!(profile.error(&["help", "banana"], 2)["kind"], "usage");
    let help = profile.ok(&["transactions", "--help"]);
    assert!(help.find("--limit").unwrap() < help.find("Global options").unwrap());
    assert!(help.find("Global options").unwrap() < help.find("--data-dir").unwrap());
    for arguments in [["connect", "--help", "alpaca"], ["connect", "alpaca", "--help"]] {
        let page = profile.ok(&arguments);
        for field in ["environment", "api_key", "api_secret"] {
            assert!(page.contains(field), "{field}: {page}");
        }
    }
    let error = profile.error(&["connect", "alpaca"], 2);
    assert!(error["hint"].as_str().unwrap().contains("api_secret"), "{error}");
    let folder = profile.folder.path().join("man");
    fs::create_dir(&folder).unwrap();
    profile.ok(&["man", "--all", folder.to_str().unwrap()]);
    let mut pages: Vec<String> =
        fs::read_dir(&folder).unwrap().map(|page| page.unwrap().file_name().into_string().unwrap()).collect();
    pages.sort();
    for page in ["dashtam.1", "dashtam-import.1", "dashtam-config-check.1", "dashtam-account-add.1"] {
        assert!(pages.iter().any(|known| known == page), "{page}: {pages:?}");
    }
    assert!(profile.ok(&["man", "transactions"]).contains("limit"));
    for page in pages {
        let text = fs::read_to_string(folder.join(&page)).unwrap();
        assert!(!text.contains("docs/") && !text.contains(".rs"), "{page}");
    }
}

#[test]
fn a_wrong_setting_warns_and_stops_only_what_talks_to_institutions() {
    let profile = filled();
    let config = profile.file("bad.toml", "[screen]\ntheme = \"neon\"\nmouse = false\n");
    let output = profile.run(&["accounts", "--config", &config]);
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("line 2"));
    assert_eq!(profile.json(&["accounts", "--config", &config]).as_array().unwrap().len(), 1);
    assert_eq!(profile.error(&["sync", "--config", &config], 1)["kind"], "config");
    let error = profile.error(&["config", "check", "--config", &config], 1);
    assert!(error["message"].as_str().unwrap().contains("line 2"), "{error}");
    let good = profile.file("good.toml", "[keys]\nsync-all = \"f5\"\n");
    let keys = profile.json(&["--demo", "keys", "--config", &good]);
    let line = keys.as_array().unwrap().iter().find(|line| line["name"] == "sync-all").unwrap();
    assert_eq!(line["keys"], "f5", "a demo has the keys of the user");
    assert_eq!(profile.json(&["config", "path", "--config", &good])["exists"], true);
}

#[test]
fn the_short_status_opens_nothing_and_never_waits() {
    let profile = filled();
    assert_eq!(profile.ok(&["status", "--short"]).trim(), "ok updated just now");
    let held = dashtam::testing::store::Store::open(&profile.folder.path().join("data/dashtam.redb")).unwrap();
    let fastest = (0..10).map(|_| {
        let started = Instant::now();
        profile.ok(&["status", "--short"]);
        started.elapsed()
    });
    let fastest = fastest.min().unwrap();
    eprintln!("status --short: {} ms", fastest.as_micros() / 1000);
    assert!(fastest < Duration::from_millis(100), "{fastest:?}");
    drop(held);
    let stored = fs::read_to_string(profile.folder.path().join("data/state/status.json")).unwrap();
    assert!(!stored.contains("444") && !stored.contains("5678"), "it is not encrypted: {stored}");
    assert_eq!(profile.json(&["status"])["transactions"], 3);
}

#[test]
fn standard_input_is_imported_once_beside_a_screen_and_alone() {
    let profile = ScriptedProfile::new();
    let text = bank_statement("12345678", &[("2026-10-01", "-1.50", "Bakery")], "10.00");
    let import = |argument: &str| {
        let mut child = Command::new(env!("CARGO_BIN_EXE_dashtam"))
            .args(["import", argument, "--format", "json"])
            .env("DASHTAM_DATA_DIR", profile.folder.path().join("data"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), text.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<Value>(&output.stdout).unwrap()["files"][0]["transactions_imported"].clone()
    };
    assert_eq!(import("-"), 1);
    assert_eq!(import("/dev/stdin"), 0, "the same content is known, whatever it is called");
    let mut screen = crate::support::terminal::Terminal::start_at(&profile.folder.path().join("data"), &[]);
    screen.until_text("1 Overview");
    profile.ok(&["undo"]);
    assert_eq!(import("-"), 1, "the input of the client reaches the process of the screen");
    screen.press("\u{3}");
    assert_eq!(screen.ended(), 0);
    assert_eq!(profile.json(&["transactions"]).as_array().unwrap().len(), 1);
}

#[test]
fn files_beyond_the_rows_kept_in_memory_are_read_twice_with_the_same_result() {
    let profile = ScriptedProfile::new();
    let folder = profile.folder.path();
    for (name, account) in [("a.ofx", "12345678"), ("b.ofx", "22345678"), ("c.ofx", "32345678")] {
        let rows = [("2026-10-01", "-1.50", "Bakery"), ("2026-10-02", "-2.50", "Cinema")];
        fs::write(folder.join(name), bank_statement(account, &rows, "10.00")).unwrap();
    }
    let files = ["a.ofx", "b.ofx", "c.ofx"].map(|name| folder.join(name).display().to_string());
    let import = |data: &str, kept: &str, dry: bool| {
        let config = folder.join("kept.toml");
        fs::write(&config, format!("[import]\nkept_rows = {kept}\n")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_dashtam"));
        command.arg("import").args(&files).args(["--format", "json"]).args(dry.then_some("--dry-run"));
        let output = command.env("DASHTAM_CONFIG", config).env("DASHTAM_DATA_DIR", folder.join(data)).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let mut report: Value = serde_json::from_slice(&output.stdout).unwrap();
        for file in report["files"].as_array_mut().unwrap() {
            assert_eq!(file["transactions_imported"], 2, "{file}");
            file.as_object_mut().unwrap().remove("change");
        }
        report
    };
    for dry in [true, false] {
        assert_eq!(import("few", "2", dry), import("all", "1000", dry), "dry run: {dry}");
    }
}

#[test]
fn a_file_that_waits_for_the_answer_about_another_is_not_called_imported() {
    let profile = ScriptedProfile::new();
    let folder = profile.folder.path();
    fs::write(folder.join("bank.ofx"), bank_statement("12345678", &[("2026-10-01", "-1.50", "Bakery")], "10.00"))
        .unwrap();
    fs::write(folder.join("days.csv"), "Date,Description,Amount\n01/02/2026,Bakery,-1.00\n03/04/2026,Cinema,-2.00\n")
        .unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_dashtam"))
        .args(["import", "bank.ofx", "days.csv"])
        .current_dir(folder)
        .env("DASHTAM_DATA_DIR", folder.join("data"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(4));
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    let result = |name: &str| {
        let line = table.lines().find(|line| line.starts_with(name)).unwrap();
        line.rsplit("  ").next().unwrap().trim().to_owned()
    };
    assert_eq!([result("bank.ofx"), result("days.csv")], ["not imported yet", "question"], "{table}");
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(err.contains("\n1 file waits for the answer: nothing was imported yet\n"), "{err}");
}
