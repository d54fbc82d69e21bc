//! Wrong and awkward uses of the command line: several faults at once, lists without rows, names that fit several accounts,
//! and files that can't be written.

use std::{fs, path::Path, process::Stdio};

use serde_json::Value;

use crate::support::{harness::bank_statement, scripted::ScriptedProfile};

/// Every list; each has a header in CSV, also without rows.
const LISTS: &[&[&str]] = &[
    &["accounts"],
    &["accounts", "--columns", "id,name"],
    &["transactions"],
    &["transactions", "--by", "month"],
    &["holdings"],
    &["snapshots"],
    &["snapshots", "--every", "day"],
    &["coverage"],
    &["connections"],
    &["changes"],
    &["duplicates"],
    &["net-worth"],
    &["cash-flow"],
    &["cash-flow", "--by", "category"],
    &["attention"],
    &["sync"],
];

fn filled() -> ScriptedProfile {
    let profile = ScriptedProfile::new();
    let rows = [("2026-10-01", "-49.50", "Bakery"), ("2026-11-03", "-6.25", "Cafe")];
    profile.ok(&["import", &profile.file("one.ofx", &bank_statement("12345678", &rows, "444.25"))]);
    profile
}

fn header(profile: &ScriptedProfile, list: &[&str]) -> String {
    let written = profile.ok(&[list, &["--format", "csv"]].concat());
    written.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn a_list_without_rows_has_the_header_that_it_has_with_rows() {
    let (empty, filled) = (ScriptedProfile::new(), filled());
    for list in LISTS {
        let header = header(&empty, list);
        assert!(header.contains(','), "{list:?}: `{header}`");
        assert_eq!(header, self::header(&filled, list), "{list:?}");
    }
}

#[test]
fn results_that_are_no_list_are_csv_too() {
    let profile = filled();
    let rows = |arguments: &[&str]| {
        let text = profile.ok(&[arguments, &["--format", "csv"]].concat());
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        // Every line has as many cells as the header.
        (names, reader.records().map(Result::unwrap).count())
    };
    assert_eq!(rows(&["undo"]).1, 1);
    assert_eq!(rows(&["redo"]).1, 1);
    assert_eq!(rows(&["source", "1"]).1, 1);
    assert_eq!(rows(&["backup"]).1, 1);
    assert_eq!(rows(&["balance", "set", "1", "440", "--on", "2026-11-10"]).1, 1);
    let (names, lines) = rows(&["explain", "net-worth"]);
    assert!(names.contains(&"depth".to_owned()) && lines >= 3, "{names:?}, {lines} lines");
    let (names, lines) = rows(&["diff", "0", "1"]);
    assert!(names.contains(&"before".to_owned()) && lines >= 3, "{names:?}, {lines} lines");
    let good = profile.file("good.ofx", &bank_statement("12345678", &[("2026-11-04", "-1.00", "Tea")], "443.25"));
    let output = profile.run(&["import", &good, "missing.ofx", "--format", "csv"]);
    assert_eq!(output.status.code(), Some(3));
    let mut reader = csv::Reader::from_reader(output.stdout.as_slice());
    assert_eq!(reader.records().map(Result::unwrap).count(), 2, "a failed file has the columns of a good one");
}

#[test]
fn settings_and_layouts_are_values_in_json() {
    let profile = ScriptedProfile::new();
    let settings = profile.json(&["config", "show"]);
    let value = |key: &str| {
        let setting = settings.as_array().unwrap().iter().find(|setting| setting["key"] == key);
        setting.unwrap()["value"].clone()
    };
    assert_eq!((value("theme"), value("mouse")), ("auto".into(), true.into()));
    assert!(value("rows").is_number());
    let layout = profile.json(&["layouts", "show", "paypal"]);
    assert!(layout["header"].is_array(), "{layout}");
}

#[test]
fn every_fault_of_a_command_is_named_at_once() {
    let profile = filled();
    let problems =
        |arguments: &[&str], code: i32| profile.error(arguments, code)["problems"].as_array().map_or(0, Vec::len);
    let wrong = ["transactions", "--from", "2026-02-01", "--to", "2026-01-01", "--query", "amt<x paye:1"];
    assert_eq!(problems(&[&wrong[..], &["--account", "nope", "--columns", "zz", "--by", "yy"]].concat(), 2), 6);
    assert_eq!(problems(&["transactions", "--limit", "x", "--to", "y", "--nope"], 2), 3);
    assert_eq!(problems(&["import", "a.csv", "--encoding", "foo", "--decimal", "x"], 2), 2);
    assert_eq!(problems(&["sync", "98", "99"], 1), 2);
    assert_eq!(problems(&["import", "no-1.ofx", "no-2.ofx", "--offline"], 1), 2);
    assert_eq!(problems(&["attention", "--dismiss", "a", "--restore", "b"], 1), 2);
    assert_eq!(problems(&["duplicates", "--resolve", "1=2", "--resolve", "98=99", "--resolve", "99=98"], 1), 2);
    assert_eq!(problems(&["edit", "--query", "amt<x", "--account", "nope", "--note", "n"], 2), 2);
    assert_eq!(problems(&["edit", "98", "98", "99", "--note", "n"], 1), 2);
    let fields = ["connect", "alpaca", "--field", "environment=live", "--field", "colour=red", "--field", "api_key=1"];
    assert_eq!(problems(&[&fields[..], &["--field-env", "api_secret=NOT_SET_ANYWHERE"]].concat(), 2), 3);
    let lines = profile.run(&["transactions", "--limit", "x", "--format", "jsonl"]);
    let error: Value = serde_json::from_slice(&lines.stderr).expect("an error in JSON for jsonl too");
    assert!(error["error"]["message"].as_str().unwrap().contains("whole number"), "{error}");
    let missing = profile.error(&["export"], 2);
    assert!(missing["message"].as_str().unwrap().contains("--to"), "{missing}");
}

#[test]
fn hints_name_what_fits_and_what_to_do() {
    let profile = filled();
    let hint =
        |arguments: &[&str], code| profile.error(arguments, code)["hint"].as_str().unwrap_or_default().to_owned();
    profile.ok(&[
        "import",
        &profile.file("two.ofx", &bank_statement("92345678", &[("2026-10-01", "5.00", "Gift")], "5.00")),
    ]);
    assert!(hint(&["transactions", "--account", "5678"], 1).contains("1 ("), "the ids of the accounts that fit");
    assert!(hint(&["backup", "one.ofx"], 1).contains("does not exist yet"));
    assert!(hint(&["backup", "nowhere/x.redb"], 1).contains("a folder that exists"));
    assert!(hint(&["source", "9999"], 1).contains("list the ids"));
    assert!(hint(&["layouts", "import", "nowhere.toml"], 1).contains("layouts export"));
    let message = profile.error(&["balance", "set", "1", "1.234", "--on", "2026-11-10"], 2)["message"].to_string();
    assert!(message.contains("more digits"), "{message}");
    let empty = ScriptedProfile::new().error(&["explain", "net-worth"], 1)["message"].to_string();
    assert!(empty.contains("no balance"), "{empty}");
    let ended = filled();
    ended.ok(&["disconnect", "1"]);
    assert!(ended.ok(&["net-worth"]).contains("disconnected connections"), "a reason, where accounts have balances");
    // The fields of a provider keep their lines.
    let missing = profile.run(&["connect", "alpaca"]);
    assert!(String::from_utf8_lossy(&missing.stderr).lines().filter(|line| line.contains("(--field")).count() >= 3);
}

#[test]
fn every_backup_that_is_reported_exists() {
    let profile = filled();
    let mut names = Vec::new();
    for _ in 0..4 {
        let made = profile.json(&["backup"]);
        let file = made["file"].as_str().unwrap().to_owned();
        assert!(Path::new(&file).exists(), "{file}");
        assert_eq!(made["transactions"], 2);
        names.push(file);
    }
    assert!(names.is_sorted(), "{names:?}");
}

#[test]
fn an_export_that_fails_leaves_no_file_and_the_former_one_as_it_was() {
    let profile = ScriptedProfile::new();
    let payee = "A payee with a rather long name that fills the file quickly".repeat(4);
    let rows: Vec<(String, String)> =
        (1..=28).flat_map(|day| (1..=60).map(move |row| (format!("2026-02-{day:02}"), format!("-{row}.00")))).collect();
    let rows: Vec<(&str, &str, &str)> =
        rows.iter().map(|(day, amount)| (day.as_str(), amount.as_str(), payee.as_str())).collect();
    profile.ok(&["import", &profile.file("many.ofx", &bank_statement("12345678", &rows, "444.25"))]);
    let out = profile.folder.path().join("out.csv");
    // Files may grow to 256 blocks of 512 or 1,024 bytes; the signal of a larger one is ignored, so that the write fails.
    let limited = |arguments: &str| {
        let program = env!("CARGO_BIN_EXE_dashtam");
        let line = format!("trap '' XFSZ; ulimit -f 256; exec '{program}' {arguments}");
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", &line]).current_dir(profile.folder.path()).env("DASHTAM_DATA_DIR", profile.data());
        shell.env_remove("DASHTAM_CONFIG").stdin(Stdio::null());
        shell.output().unwrap()
    };
    let left = || {
        let names = fs::read_dir(profile.folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        names.filter(|name| name.to_string_lossy().starts_with("out.csv")).count()
    };
    let failed = limited("export --to csv -o out.csv");
    assert_eq!(failed.status.code(), Some(1), "{}", String::from_utf8_lossy(&failed.stderr));
    assert_eq!(left(), 0, "{}", String::from_utf8_lossy(&failed.stderr));
    fs::write(&out, "mine").unwrap();
    assert_eq!(limited("export --to csv -o out.csv --force").status.code(), Some(1));
    assert_eq!((fs::read_to_string(&out).unwrap().as_str(), left()), ("mine", 1));
    profile.ok(&["export", "--to", "csv", "-o", "out.csv", "--force"]);
    assert_eq!((fs::read_to_string(&out).unwrap().lines().count(), left()), (rows.len() + 1, 1));
}

#[test]
fn a_minus_is_standard_output_and_only_a_regular_file_is_replaced() {
    let profile = filled();
    assert_eq!(profile.ok(&["export", "--to", "csv", "-o", "-"]), profile.ok(&["export", "--to", "csv"]));
    assert!(profile.ok(&["layouts", "export", "paypal", "-o", "-"]).contains("PayPal"));
    assert!(!profile.folder.path().join("-").exists());
    let (folder, link) = (profile.folder.path().join("folder"), profile.folder.path().join("link"));
    fs::create_dir(&folder).unwrap();
    std::os::unix::fs::symlink("one.ofx", &link).unwrap();
    for place in ["folder", "link"] {
        for force in [&[][..], &["--force"]] {
            let message =
                profile.error(&[&["export", "--to", "csv", "-o", place][..], force].concat(), 1)["message"].to_string();
            assert!(message.contains("not a regular file"), "{message}");
        }
    }
    assert!(folder.is_dir() && link.is_symlink());
}

#[test]
fn manual_pages_name_the_program_and_its_version() {
    let profile = ScriptedProfile::new();
    let page = profile.ok(&["man", "import"]);
    let title = page.lines().find(|line| line.starts_with(".TH")).unwrap();
    assert!(title.contains(" 1 \"\" "), "the place of the date is empty: {title}");
    assert!(
        title.contains("dashtam-import") && title.contains(concat!("dashtam ", env!("CARGO_PKG_VERSION"))),
        "{title}"
    );
}

#[test]
fn the_line_mode_ends_quietly_when_its_reader_is_gone() {
    let profile = ScriptedProfile::new();
    let mut child = profile
        .command(&["--demo", "--plain"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}

#[test]
fn a_locked_profile_shows_its_vault_and_states_the_next_step() {
    let profile = ScriptedProfile::new();
    let secret = profile.file("secret", "correct horse");
    let run = |arguments: &[&str], passphrase: Option<&str>| {
        let mut command = profile.command(arguments);
        command.env("DASHTAM_VAULT", "passphrase").env_remove("DASHTAM_PASSPHRASE_FILE");
        passphrase.map(|file| command.env("DASHTAM_PASSPHRASE_FILE", file));
        command.output().unwrap()
    };
    let file = profile.file("one.ofx", &bank_statement("12345678", &[("2026-10-01", "-49.50", "Bakery")], "444.25"));
    assert_eq!(run(&["import", &file], Some(&secret)).status.code(), Some(0));
    let shown = run(&["vault", "status", "--format", "json"], None);
    let status: Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(
        (&status["unlocked"], &status["logins"], &status["database_encrypted"]),
        (&false.into(), &Value::Null, &true.into())
    );
    let error = |arguments: &[&str]| {
        let output = run(&[arguments, &["--format", "json"]].concat(), None);
        assert_eq!(output.status.code(), Some(1));
        serde_json::from_slice::<Value>(&output.stderr).unwrap()["error"].clone()
    };
    let locked = error(&["accounts"]);
    assert_eq!(locked["kind"], "vault_locked");
    assert!(locked["hint"].as_str().unwrap().contains("DASHTAM_PASSPHRASE_FILE"), "{locked}");
    assert!(error(&["vault", "reset", "--yes"])["hint"].as_str().unwrap().contains("backup"));
    let checked = run(&["doctor"], None);
    let text = String::from_utf8(checked.stdout).unwrap();
    assert!(text.contains("not checked") && !text.contains("--rescue"), "{text}");
    assert_eq!(
        run(&["vault", "reset", "--yes"], Some(&secret)).status.code(),
        Some(0),
        "with the passphrase it goes on"
    );
}

#[test]
fn an_account_that_only_got_rows_is_no_difference() {
    let profile = filled();
    profile.ok(&[
        "import",
        &profile.file("two.ofx", &bank_statement("12345678", &[("2026-11-04", "-1.00", "Tea")], "443.25")),
    ]);
    let found = profile.json(&["diff", "1", "2"]);
    let count = |part: &str| found[part].as_array().unwrap().len();
    assert_eq!((count("accounts"), count("transactions")), (0, 1), "{found}");
    profile.ok(&["rename", "1", "Mine"]);
    assert_eq!(profile.json(&["diff", "2", "3"])["accounts"][0]["after"]["name"], "Mine");
}
