//! Files that come back: exports of the program itself, files of an ended connection, and files that name no account.

use serde_json::Value;

use crate::support::scripted::ScriptedProfile;

/// Three files of three readers; none names its account.
fn unnamed_files(profile: &ScriptedProfile) -> [String; 3] {
    let english = "Date,Description,Amount,Balance\n2026-10-05,Cinema,-11.00,89.00\n2026-10-15,Rent,-21.00,68.00\n";
    let german = "Buchungstag;Text;Betrag\n05.10.2026;Kino;-12,00\n15.10.2026;Miete;-22,00\n25.10.2026;Lohn;100,00\n";
    let ofx = "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>USD\
               <BANKACCTFROM><BANKID><ACCTID><ACCTTYPE>CHECKING</BANKACCTFROM><BANKTRANLIST>\
               <STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20261002<TRNAMT>-5.00<FITID>a1<NAME>Coffee</STMTTRN>\
               </BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>";
    [profile.file("a.ofx", ofx), profile.file("b.csv", english), profile.file("c.csv", german)]
}

fn names(profile: &ScriptedProfile) -> Vec<String> {
    let accounts = profile.json(&["accounts"]);
    let mut names: Vec<_> =
        accounts.as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

#[test]
fn accounts_without_a_name_and_number_differ_by_a_counter() {
    let profile = ScriptedProfile::new();
    let plain = "Unnamed institution Checking";
    let [second, third] = [2, 3].map(|number| format!("{plain} {number}"));
    let files = unnamed_files(&profile);
    for file in &files {
        profile.ok(&["import", file]);
    }
    assert_eq!(names(&profile), [plain, &second, &third]);
    // Chosen by that name, and the same in an export.
    let rows = profile.json(&["transactions", "--account", &third]);
    assert_eq!(rows.as_array().unwrap().len(), 3);
    assert!(profile.ok(&["export", "--to", "csv", "-o", "-"]).contains(&format!(",{third},")));
    // It stays while others go, and is gone once the account has a name.
    profile.ok(&["undo", "2"]);
    assert_eq!(names(&profile), [plain, &third]);
    profile.ok(&["import", &profile.file("d.qif", "!Type:Bank\nD10/22/2026\nT-9.00\nPGas\n^\n")]);
    profile.ok(&["redo", "2"]);
    assert!([plain, &second, &third].iter().all(|name| names(&profile).iter().any(|known| known == name)));
    profile.ok(&["rename", &third, "Holiday"]);
    assert!(names(&profile).contains(&"Holiday".to_owned()) && !names(&profile).contains(&third));
    assert!(names(&profile).contains(&second));
}

fn status(profile: &ScriptedProfile, name: &str) -> Value {
    let connections = profile.json(&["connections"]);
    connections.as_array().unwrap().iter().find(|it| it["name"] == name).unwrap()["status"].clone()
}

#[test]
fn a_file_without_new_rows_takes_up_its_ended_connection() {
    let profile = ScriptedProfile::new();
    let row = |day: &str| {
        format!("<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>202610{day}<TRNAMT>-5.00<FITID>{day}<NAME>Shop {day}</STMTTRN>")
    };
    let file = |name: &str, rows: &str| {
        let text = format!(
            "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\n\n<OFX><SIGNONMSGSRSV1><SONRS><FI><ORG>Corner Bank</FI></SONRS></SIGNONMSGSRSV1>\
             <BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>USD<BANKACCTFROM><BANKID>1<ACCTID>1234567<ACCTTYPE>CHECKING</BANKACCTFROM>\
             <BANKTRANLIST>{rows}</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
        );
        profile.file(name, &text)
    };
    let both = file("both.ofx", &(row("02") + &row("03")));
    let one = file("one.ofx", &row("03"));
    profile.ok(&["import", &both]);
    // A file with known rows only, and the same file again.
    for path in [&one, &both] {
        profile.ok(&["disconnect", "Corner Bank"]);
        assert_eq!(status(&profile, "Corner Bank"), "disconnected");
        let dry = profile.json(&["import", "--dry-run", path]);
        let taken_up = |report: &Value| report["files"][0]["warnings"].to_string().contains("takes it up again");
        assert!(taken_up(&dry), "{dry}");
        let report = profile.json(&["import", path]);
        assert_eq!((&report["files"][0]["transactions_imported"], taken_up(&report)), (&0.into(), true), "{report}");
        assert_eq!(status(&profile, "Corner Bank"), "active");
    }
    profile.ok(&["undo"]);
    assert_eq!(status(&profile, "Corner Bank"), "disconnected");
    assert_eq!(profile.json(&["transactions"]).as_array().unwrap().len(), 2);
}

/// A profile with the data of the demo.
fn demo() -> ScriptedProfile {
    let profile = ScriptedProfile::new();
    profile.ok(&["--demo", "backup", "demo.redb"]);
    profile.ok(&["restore", "demo.redb"]);
    profile
}

fn newest_change(profile: &ScriptedProfile) -> Value {
    profile.json(&["changes", "--limit", "1"])[0]["id"].clone()
}

#[test]
fn an_export_of_the_profile_changes_nothing_when_it_is_imported() {
    let profile = demo();
    // Names and types as the user sees them, a closed account, and those of a live connection.
    profile.ok(&["rename", "5", "My card"]);
    profile.ok(&["account", "close", "5"]);
    profile.ok(&["export", "--to", "csv", "-o", "own.csv"]);
    let before = newest_change(&profile);
    let report = profile.json(&["import", "own.csv"]);
    let file = &report["files"][0];
    let counts = ["accounts_imported", "transactions_imported", "transactions_updated"].map(|name| &file[name]);
    assert_eq!(counts, [&Value::from(0); 3], "{file}");
    assert_eq!(newest_change(&profile), before);
}

#[test]
fn twins_of_an_export_find_their_own_rows() {
    let profile = ScriptedProfile::new();
    let files = unnamed_files(&profile);
    profile.ok(&["import", &files[0]]);
    let twins = "Date,Description,Reference,Amount,Balance\n2026-10-05,Coffee,first,-4.00,96.00\n\
                 2026-10-05,Coffee,second,-4.00,92.00\n2026-10-05,Coffee,,-4.00,88.00\n2026-10-25,Pay,,100.00,188.00\n";
    profile.ok(&["import", &profile.file("twins.csv", twins)]);
    profile.ok(&["export", "--to", "csv", "-o", "own.csv"]);
    let before = newest_change(&profile);
    let report = profile.json(&["import", "own.csv"]);
    assert_eq!(report["files"][0]["transactions_updated"], 0, "{report}");
    assert_eq!(newest_change(&profile), before);
    // Accounts that share an identity stay two in another profile too.
    let other = ScriptedProfile::new();
    let own = profile.folder.path().join("own.csv");
    other.ok(&["import", own.to_str().unwrap()]);
    assert_eq!(names(&other), names(&profile));
}

#[test]
fn a_file_for_an_account_of_a_live_connection_leaves_its_login_ended() {
    let profile = demo();
    profile.ok(&["disconnect", "Northlight"]);
    let rows = profile
        .file("more.csv", "Date,Description,Amount\n2026-10-05,Cinema ticket,-11.25\n2026-10-15,Zoo ticket,-21.35\n");
    profile.ok(&["import", "--account", "7", &rows]);
    assert_eq!(status(&profile, "Northlight"), "disconnected");
    assert_eq!(profile.json(&["transactions", "--query", "ticket acct:7"]).as_array().unwrap().len(), 2);
}
