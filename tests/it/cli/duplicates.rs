//! Rows that may be the same: marked, listed, merged or kept apart, and undone.

use std::fmt::Write as _;

use serde_json::Value;

use crate::support::scripted::ScriptedProfile;

/// A statement of one checking account with rows of day, amount, id, name, over stated days.
fn statement(days: (u32, u32), rows: &[(u32, &str, &str, &str)]) -> String {
    let (from, to) = days;
    let mut text = String::from(
        "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\n\n<OFX><SIGNONMSGSRSV1><SONRS><FI><ORG>Hillside<FID>91</FI>",
    );
    text.push_str("</SONRS></SIGNONMSGSRSV1><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>USD<BANKACCTFROM><BANKID>7");
    text.push_str("<ACCTID>12345678<ACCTTYPE>CHECKING</BANKACCTFROM>\n<BANKTRANLIST>");
    writeln!(text, "<DTSTART>202610{from:02}<DTEND>202610{to:02}").unwrap();
    for (day, amount, id, name) in rows {
        write!(text, "<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>202610{day:02}").unwrap();
        writeln!(text, "<TRNAMT>{amount}<FITID>{id}<NAME>{name}</STMTTRN>").unwrap();
    }
    text.push_str("</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>");
    text
}

fn rows(profile: &ScriptedProfile) -> usize {
    profile.json(&["transactions"]).as_array().unwrap().len()
}

fn pairs(profile: &ScriptedProfile) -> Value {
    profile.json(&["duplicates"])
}

/// A coffee on the last day of one file and, under another id, on the first day of the next.
fn doubtful() -> (ScriptedProfile, String, String) {
    let profile = ScriptedProfile::new();
    let first = profile.file("1.ofx", &statement((1, 10), &[(3, "-9.00", "a", "Books"), (10, "-4.50", "b", "Coffee")]));
    let second =
        profile.file("2.ofx", &statement((10, 20), &[(10, "-4.50", "c", "Coffee"), (12, "-1.00", "d", "Tea")]));
    profile.json(&["import", &first]);
    let report = profile.json(&["import", &second]);
    let warning = &report["files"][0]["warnings"][0];
    assert!(warning["message"].as_str().unwrap().contains("may be the same as row"), "{report}");
    assert!(warning["line"].as_u64().unwrap() > 0);
    (profile, first, second)
}

#[test]
fn a_pair_is_merged_for_good_and_the_merge_can_be_undone() {
    let (profile, first, second) = doubtful();
    assert_eq!((rows(&profile), pairs(&profile).as_array().unwrap().len()), (4, 1));
    let needing = |profile: &ScriptedProfile| -> Vec<Value> {
        let matters = profile.json(&["attention"]);
        matters.as_array().unwrap().iter().filter(|matter| matter["kind"] == "pair").cloned().collect()
    };
    let matters = needing(&profile);
    assert_eq!(matters.len(), 1);
    assert_eq!(matters[0]["text"], "2026-10-10 Coffee may be the same as 2026-10-10 Coffee");
    let pair = pairs(&profile)[0].clone();
    let wanted = format!("{}={}", pair["row"].as_str().unwrap(), pair["other"].as_str().unwrap());
    assert!(profile.json(&["duplicates", "--resolve", &wanted]).as_array().unwrap().is_empty());
    assert_eq!((rows(&profile), needing(&profile).len()), (3, 0));
    for file in [&first, &second] {
        assert_eq!(profile.json(&["import", file])["files"][0]["transactions_imported"], 0);
    }
    assert_eq!(rows(&profile), 3);
    profile.json(&["undo"]);
    assert_eq!((rows(&profile), pairs(&profile).as_array().unwrap().len()), (4, 1));
    profile.json(&["redo"]);
    assert_eq!(rows(&profile), 3);
}

#[test]
fn a_pair_is_kept_apart_and_not_asked_about_again() {
    let (profile, _, second) = doubtful();
    let pair = pairs(&profile)[0].clone();
    let wanted = format!("{}≠{}", pair["row"].as_str().unwrap(), pair["other"].as_str().unwrap());
    assert!(profile.json(&["duplicates", "--resolve", &wanted]).as_array().unwrap().is_empty());
    assert_eq!(rows(&profile), 4);
    assert_eq!(profile.json(&["import", &second])["files"][0]["transactions_imported"], 0);
    assert_eq!(profile.error(&["duplicates", "--resolve", "1"], 2)["kind"], "usage");
}

#[test]
fn names_of_accounts_survive_undo_and_another_import() {
    let (profile, first, _) = doubtful();
    profile.json(&["undo"]);
    let account = profile.json(&["accounts"])[0]["id"].as_str().unwrap().to_owned();
    profile.run(&["rename", &account, "Household"]);
    profile.json(&["undo", "1"]);
    assert!(profile.json(&["accounts"]).as_array().unwrap().is_empty());
    profile.json(&["import", &first]);
    let again = profile.json(&["accounts"]);
    assert_eq!((&again[0]["name"], &again[0]["id"]), (&"Household".into(), &account.into()));
    profile.json(&["redo", "1"]);
    assert_eq!(rows(&profile), 2, "rows that came again are found as an import would find them");
    profile.json(&["undo", "1"]);
    assert_eq!(rows(&profile), 2, "the second import stays");
    assert_eq!(profile.json(&["import", &first])["files"][0]["transactions_imported"], 0);
}
