//! The JSON of every command: ids are strings, money has the digits of its currency, and errors say what to do.

use dashtam::testing::demo;
use serde_json::Value;

use crate::support::scripted::ScriptedProfile;

/// A profile with the statements of the demo.
fn filled() -> ScriptedProfile {
    let profile = ScriptedProfile::new();
    let files = profile.folder.path().join("files");
    std::fs::create_dir(&files).unwrap();
    for file in demo::statements(chrono::Local::now().date_naive()) {
        std::fs::write(files.join(&file.name), &file.bytes).unwrap();
    }
    profile.ok(&["import", "files"]);
    profile
}

/// Fields of a record with a currency that are not money: they have the digits of their source.
const NOT_MONEY: &[&str] =
    &["group", "quantity", "price", "unit_price", "gain_percent", "weight", "id", "rate", "commission"];

/// The faults of a value: where it is, and what is wrong.
fn faults(place: &str, value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                faults(&format!("{place}[{index}]"), item, found);
            }
        }
        Value::Object(fields) => {
            let currency = fields.get("currency").and_then(Value::as_str).unwrap_or_default();
            let is_iso = matches!(currency, "USD" | "EUR");
            for (name, field) in fields {
                let at = format!("{place}.{name}");
                let is_id = name == "id" || name.ends_with("_id");
                if is_id && !field.is_string() && !field.is_null() {
                    found.push(format!("{at}: {field} is not a string"));
                }
                if field.as_f64().is_some() && !field.is_u64() && !field.is_i64() {
                    found.push(format!("{at}: {field} is a float"));
                }
                let number = field.as_str().filter(|text| !text.is_empty());
                let number = number.filter(|text| text.bytes().all(|b| b.is_ascii_digit() || b == b'-' || b == b'.'));
                let is_date = number.is_some_and(|text| text.matches('-').count() > 1);
                let is_text = is_id || NOT_MONEY.contains(&name.as_str()) || name.contains("reference");
                // The value of an explanation may be a quantity; its kind of figure states it.
                let is_other = fields
                    .get("figure")
                    .and_then(Value::as_str)
                    .is_some_and(|it| it.ends_with("quantity") || it.ends_with("price") || it.ends_with("percent"));
                if let Some(number) = number.filter(|_| is_iso && !is_text && !is_date && !is_other && name != "period")
                {
                    let digits = number.split_once('.').map_or(0, |(_, fraction)| fraction.len());
                    if digits < 2 {
                        found.push(format!("{at}: {number} {currency} has {digits} digits"));
                    }
                }
                faults(&at, field, found);
            }
        }
        _ => {}
    }
}

#[test]
fn ids_are_strings_and_money_has_the_digits_of_its_currency() {
    let profile = filled();
    let rows = profile.json(&["transactions", "--limit", "1"]);
    let row = rows[0]["id"].as_str().unwrap().to_owned();
    let changes = profile.json(&["changes"]);
    let newest = changes[0]["id"].as_str().unwrap().to_owned();
    let account = profile.json(&["accounts"])[0]["id"].as_str().unwrap().to_owned();
    let figure = format!("row:{row}:amount");
    let mut found = Vec::new();
    for arguments in [
        &["accounts"][..],
        &["transactions"],
        &["transactions", "--by", "month"],
        &["holdings"],
        &["snapshots"],
        &["snapshots", "--every", "month"],
        &["net-worth"],
        &["net-worth", "--every", "month"],
        &["cash-flow", "--by", "kind"],
        &["cash-flow", "--every", "year", "--by", "category"],
        &["coverage"],
        &["changes"],
        &["connections"],
        &["duplicates"],
        &["explain", "net-worth", "--limit", "3"],
        &["explain", "cash-flow:2026-01", "--limit", "3"],
        &["explain", &figure],
        &["source", &row],
        &["diff", "0", &newest, "--limit", "20"],
        &["attention"],
        &["status"],
        &["layouts", "list"],
        &["vault", "status"],
        &["keys"],
        &["providers"],
        &["config", "show"],
        &["rename", &account, "Everyday"],
        &["account", "add", "Cash", "--type", "checking"],
        &["balance", "set", "Cash", "12", "--on", "2026-01-31"],
        &["edit", &row, "--note", "seen"],
        &["undo"],
        &["redo"],
        &["backup", "copy.redb"],
    ] {
        faults(&arguments.join(" "), &profile.json(arguments), &mut found);
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn commands_that_change_accounts_files_and_the_vault_print_their_result() {
    let profile = filled();
    let mut found = Vec::new();
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let mut answer = |arguments: &[&str]| {
        let value = profile.json(arguments);
        faults(&arguments.join(" "), &value, &mut found);
        value
    };
    let account = answer(&["accounts"])[0].clone();
    for name in ["Old login", "New login"] {
        answer(&["account", "add", name, "--type", "checking"]);
        answer(&["balance", "set", name, "12", "--on", "2026-01-31"]);
    }
    let merged = answer(&["merge", "New login", "Old login"]);
    assert_eq!((&merged["name"], keys(&merged)), (&"New login".into(), keys(&account)));
    assert_ne!(merged["id"], account["id"]);
    let split = answer(&["split", "New login"]);
    assert_eq!(keys(&split), keys(&account));
    answer(&["backup", "copy.backup"]);
    let restored = answer(&["restore", "copy.backup"]);
    assert_eq!(keys(&restored), ["backup", "database", "kept_as"]);
    for name in ["backup", "database", "kept_as"] {
        assert!(profile.folder.path().join(restored[name].as_str().unwrap()).exists(), "{restored}");
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_database_that_is_encrypted_and_plain_again_is_reported_as_its_vault() {
    let profile = ScriptedProfile::new();
    let passphrase = profile.file("passphrase", "canary-shape-19c4\n");
    let json = |arguments: &[&str]| -> Value {
        let mut command = profile.command(&[arguments, &["--format", "json"]].concat());
        command.env("DASHTAM_VAULT", "passphrase").env("DASHTAM_PASSPHRASE_FILE", &passphrase);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    json(&["account", "add", "Cash", "--type", "checking"]);
    json(&["vault", "decrypt"]);
    for (what, is_encrypted) in [("encrypt", true), ("encrypt", true), ("decrypt", false)] {
        let state = json(&["vault", what]);
        let names: Vec<&String> = state.as_object().unwrap().keys().collect();
        assert_eq!(names, ["kind", "exists", "unlocked", "logins", "database_encrypted"]);
        assert_eq!((&state["kind"], &state["database_encrypted"]), (&"passphrase".into(), &is_encrypted.into()));
        assert_eq!(json(&["accounts"]).as_array().unwrap().len(), 1);
    }
}

#[test]
fn columns_are_the_fields_of_the_json_and_unknown_ones_are_refused_on_an_empty_profile() {
    let (filled, empty) = (filled(), ScriptedProfile::new());
    for list in ["accounts", "transactions", "holdings"] {
        let rows = filled.json(&[list]);
        let fields: Vec<&str> = rows[0].as_object().unwrap().keys().map(String::as_str).collect();
        let error = empty.error(&[list, "--columns", "nonsense,id,more"], 2);
        assert_eq!(error["message"], "--columns: there are no columns `nonsense`, `more`");
        assert_eq!(error["hint"], format!("choose from: {}", fields.join(", ")), "{list}");
        assert_eq!(empty.json(&[list, "--columns", &fields.join(",")]), serde_json::json!([]));
        assert_eq!(filled.json(&[list, "--columns", &fields.join(",")]), rows, "{list}");
    }
}

#[test]
fn errors_are_json_with_a_hint() {
    let profile = ScriptedProfile::new();
    let mut without = Vec::new();
    for (arguments, code) in [
        (&["transactions", "--query", "date:nonsense amt>x"][..], 2),
        (&["transactions", "--account", "nowhere"], 1),
        (&["explain", "row:1:amount"], 1),
        (&["explain", "nonsense"], 2),
        (&["source", "99"], 1),
        (&["undo", "99"], 1),
        (&["rename", "99", "x"], 1),
        (&["merge", "1", "2"], 1),
        (&["duplicates", "--resolve", "1=2"], 1),
        (&["disconnect", "99"], 1),
        (&["disconnect", "nowhere"], 1),
        (&["reconnect", "99"], 1),
        (&["connect", "nobank"], 2),
        (&["layouts", "show", "nothing"], 1),
        (&["restore", "missing.redb"], 1),
        (&["balance", "set", "nowhere", "1", "--on", "2026-01-01"], 1),
        (&["diff", "1", "99"], 1),
        (&["holdings", "--columns", "x", "--account", "nowhere"], 1),
    ] {
        let error = profile.error(arguments, code);
        assert!(error["kind"].is_string() && error["message"].is_string(), "{arguments:?}: {error}");
        if !error["hint"].is_string() {
            without.push(format!("{arguments:?}: {}", error["message"]));
        }
    }
    assert!(without.is_empty(), "without a hint:\n{}", without.join("\n"));
}
