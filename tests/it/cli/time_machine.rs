//! `--as-known` and `diff` on the command line.

use serde_json::Value;

use crate::support::{harness::bank_statement, scripted::ScriptedProfile};

fn import(profile: &ScriptedProfile, name: &str, rows: &[(&str, &str, &str)], balance: &str) {
    profile.ok(&["import", &profile.file(name, &bank_statement("12345678", rows, balance))]);
}

/// Everything that is shown, by command.
fn shown(profile: &ScriptedProfile, more: &[&str]) -> Vec<String> {
    let commands: [&[&str]; 7] = [
        &["accounts", "--format", "json"],
        &["transactions", "--format", "json"],
        &["holdings", "--format", "json"],
        &["snapshots", "--format", "json"],
        &["export", "--to", "csv"],
        &["net-worth", "--on", "2026-11-19", "--format", "json"],
        &["changes", "--format", "json"],
    ];
    commands.iter().map(|command| profile.ok(&[command, more].concat())).collect()
}

const COFFEE: (&str, &str, &str) = ("2026-11-02", "-6.50", "COFFEE");
const RENT: (&str, &str, &str) = ("2026-11-03", "-900.00", "RENT");

#[test]
fn an_earlier_state_is_shown_by_every_list() {
    let profile = ScriptedProfile::new();
    let mut states = Vec::new();
    import(&profile, "a.ofx", &[COFFEE], "100.00");
    states.push(shown(&profile, &[]));
    import(&profile, "b.ofx", &[COFFEE, RENT], "-800.00");
    states.push(shown(&profile, &[]));
    profile.ok(&["edit", "--query", "coffee", "--category", "Food"]);
    states.push(shown(&profile, &[]));
    profile.ok(&["undo", "2"]);
    states.push(shown(&profile, &[]));
    profile.ok(&["redo", "2"]);
    for (change, state) in (1..).zip(&states) {
        let change: u64 = change;
        assert_eq!(&shown(&profile, &["--as-known", &change.to_string()]), state, "change {change}");
    }
    assert_eq!(profile.json(&["transactions", "--as-known", "0"]), Value::Array(vec![]));
    assert_eq!(profile.json(&["transactions", "--as-known", "2999-01-01"]).as_array().unwrap().len(), 2);
    assert_eq!(profile.json(&["transactions", "--as-known", "2001-01-01T00:00:00Z"]), Value::Array(vec![]));
    // Both axes at once.
    let both = profile.json(&["transactions", "--as-known", "2", "--as-of", "2026-11-02"]);
    assert_eq!(both.as_array().unwrap().len(), 1);
    for (arguments, code) in [
        (&["accounts", "--as-known", "99"][..], 1),
        (&["accounts", "--as-known", "once"], 2),
        (&["undo", "--as-known", "1"], 2),
        (&["backup", "--as-known", "1"], 2),
    ] {
        let output = profile.run(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn two_states_are_compared_with_reasons() {
    let profile = ScriptedProfile::new();
    import(&profile, "a.ofx", &[COFFEE], "100.00");
    import(&profile, "b.ofx", &[COFFEE, RENT], "-800.00");
    profile.ok(&["edit", "--query", "coffee", "--category", "Food"]);
    profile.ok(&["undo", "2"]);
    let found = profile.json(&["diff", "1", "2"]);
    assert_eq!(found["from"]["change_id"], "1");
    let rows = found["transactions"].as_array().unwrap();
    assert_eq!(rows.len(), 1, "{found}");
    assert_eq!((&rows[0]["difference"], &rows[0]["before"]), (&"added".into(), &Value::Null));
    assert_eq!((&rows[0]["after"]["amount"], &rows[0]["reason"]["source"]), (&"-900.00".into(), &"b.ofx".into()));
    assert_eq!(found["balances"][0]["before"]["balance"], "100.00");
    assert_eq!(found["balances"][0]["after"]["balance"], "-800.00");
    let edited = profile.json(&["diff", "2", "3"]);
    assert_eq!(edited["transactions"][0]["fields"], serde_json::json!(["category: none → Food"]));
    let undone = profile.json(&["diff", "3", "4"]);
    assert_eq!(undone["transactions"][0]["difference"], "gone");
    assert_eq!(undone["transactions"][0]["reason"]["kind"], "undo");
    let nothing = profile.json(&["diff", "4", "4"]);
    assert_eq!((&nothing["transactions"], &nothing["accounts"]), (&serde_json::json!([]), &serde_json::json!([])));
    let text = profile.ok(&["diff", "0", "4"]);
    assert!(text.contains("rows: 1") && text.contains("+ 2026-11-02 -6.50 USD  COFFEE"), "{text}");
    assert!(profile.ok(&["diff", "4", "4"]).contains("nothing differs"));
    assert_eq!(profile.run(&["diff", "1", "77"]).status.code(), Some(1));
}

#[test]
fn a_gap_needs_attention_until_it_is_dismissed_and_again_when_it_changes() {
    let profile = ScriptedProfile::new();
    import(&profile, "a.ofx", &[COFFEE], "100.00");
    profile.ok(&["balance", "set", "1", "40.00", "--on", "2026-11-25"]);
    let listed = profile.json(&["attention"]);
    let gap =
        listed.as_array().unwrap().iter().find(|line| line["kind"] == "gap").unwrap_or_else(|| panic!("{listed}"));
    assert_eq!(gap["amount"], "-60.00");
    assert!(gap["text"].as_str().unwrap().contains("download 2026-11-20 to 2026-11-25 again"), "{gap}");
    let id = gap["id"].as_str().unwrap();
    let without = profile.json(&["attention", "--dismiss", id]);
    assert!(without.as_array().unwrap().iter().all(|line| line["kind"] != "gap"), "{without}");
    let all = profile.json(&["attention", "--all"]);
    assert!(all.as_array().unwrap().iter().any(|line| line["id"] == id && line["dismissed"] == true), "{all}");
    profile.ok(&["balance", "set", "1", "39.00", "--on", "2026-11-25"]);
    let changed = profile.json(&["attention"]);
    assert!(changed.as_array().unwrap().iter().any(|line| line["amount"] == "-61.00"), "{changed}");
    profile.ok(&["undo"]);
    let back = profile.json(&["attention", "--restore", id]);
    assert!(back.as_array().unwrap().iter().any(|line| line["id"] == id), "{back}");
    assert_eq!(profile.run(&["attention", "--dismiss", "nothing"]).status.code(), Some(1));
}
