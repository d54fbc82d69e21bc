//! One account in several formats: an export comes back whole, and a change of format or overlapping files double nothing.

use std::fmt::Write as _;

use serde_json::Value;

use crate::support::{harness::bank_statement, scripted::ScriptedProfile};

/// The rows of a profile without ids, sorted, as one text each.
fn rows(profile: &ScriptedProfile) -> Vec<String> {
    let rows = profile.json(&["transactions", "--limit", "100000"]);
    let mut rows: Vec<String> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let mut row = row.as_object().unwrap().clone();
            for id in ["id", "account_id", "change_id", "source_line"] {
                row.shift_remove(id);
            }
            Value::Object(row).to_string()
        })
        .collect();
    rows.sort_unstable();
    rows
}

/// Account name, day and amounts of every stated balance, sorted.
fn balances(profile: &ScriptedProfile) -> Vec<String> {
    let balances = profile.json(&["snapshots"]);
    let text = |balance: &Value| {
        ["account", "date", "balance", "available", "holdings_value", "cash_value", "currency"]
            .map(|name| balance[name].to_string())
            .join(" ")
    };
    let mut balances: Vec<String> = balances.as_array().unwrap().iter().map(text).collect();
    balances.sort_unstable();
    balances
}

fn imported(profile: &ScriptedProfile, file: &str) -> u64 {
    let done = profile.json(&["import", file]);
    done["files"][0]["transactions_imported"].as_u64().unwrap()
}

#[test]
fn an_export_comes_back_into_an_empty_profile_with_everything_the_user_wrote() {
    let list = [
        ("2026-10-01", "-49.5", "Bakery"),
        ("2026-10-02", "500", "Payroll"),
        ("2026-10-02", "500", "Payroll"),
        ("2026-11-03", "-6.25", "=Cafe, \"two\""),
    ];
    let first = ScriptedProfile::new();
    first.ok(&["import", &first.file("one.ofx", &bank_statement("12345678", &list, "944.25"))]);
    first.ok(&["edit", "--query", "amt<0", "--category", "Food:Out", "--tag", "+road trip", "--tag", "fun"]);
    first.ok(&["edit", "--query", "amt>0", "--note", "first line\nsecond; \"line\"", "--payee", "Employer"]);
    first.ok(&["balance", "set", &account(&first), "800", "--on", "2026-10-15"]);
    let table = first.ok(&["export", "--to", "csv"]);

    let second = ScriptedProfile::new();
    let file = second.file("export.csv", &table);
    assert_eq!(imported(&second, &file), 4);
    assert_eq!(rows(&second), rows(&first));
    assert_eq!(balances(&second), balances(&first));
    assert!(balances(&second).len() >= 2);
    assert_eq!(imported(&second, &file), 0, "the same file again");
    assert_eq!(imported(&first, &first.file("export.csv", &table)), 0, "into the profile that wrote it");
    assert_eq!(rows(&second), rows(&first));

    // The bank's own file afterwards finds its rows.
    assert_eq!(imported(&second, &second.file("one.ofx", &bank_statement("12345678", &list, "944.25"))), 0);
}

#[test]
fn fields_that_were_edited_since_are_kept() {
    let list = [("2026-10-01", "-49.5", "Bakery")];
    let profile = ScriptedProfile::new();
    profile.ok(&["import", &profile.file("one.ofx", &bank_statement("12345678", &list, "1"))]);
    profile.ok(&["edit", "--query", "amt<0", "--category", "Food"]);
    let table = profile.ok(&["export", "--to", "csv"]);
    profile.ok(&["edit", "--query", "amt<0", "--category", "Other"]);
    assert_eq!(imported(&profile, &profile.file("export.csv", &table)), 0);
    assert_eq!(profile.json(&["transactions"])[0]["category"], "Other");
}

fn account(profile: &ScriptedProfile) -> String {
    profile.json(&["accounts"])[0]["id"].as_str().unwrap().to_owned()
}

#[test]
fn the_whole_demo_comes_back() {
    let first = ScriptedProfile::new();
    let table = first.ok(&["--demo", "export", "--to", "csv"]);
    let listed: Value =
        serde_json::from_str(&first.ok(&["--demo", "transactions", "--limit", "100000", "--format", "json"])).unwrap();
    let second = ScriptedProfile::new();
    let done = second.json(&["import", &second.file("demo.csv", &table)]);
    assert_eq!(done["files"][0]["warnings"].as_array().map_or(0, Vec::len), 0, "{done}");
    let texts = |rows: &Value| {
        let names = [
            "account",
            "date",
            "amount",
            "currency",
            "subtype",
            "status",
            "payee",
            "memo",
            "description",
            "category",
            "tags",
            "note",
            "quantity",
            "unit_price",
        ];
        let mut rows: Vec<String> =
            rows.as_array().unwrap().iter().map(|row| names.map(|name| row[name].to_string()).join(" ")).collect();
        rows.sort_unstable();
        rows
    };
    let back = second.json(&["transactions", "--limit", "100000"]);
    assert_eq!(texts(&back), texts(&listed));
    let sum = |text: &str| {
        let balances: Value = serde_json::from_str(text).unwrap();
        let mut balances: Vec<String> = balances
            .as_array()
            .unwrap()
            .iter()
            .map(|it| format!("{} {} {}", it["account"], it["date"], it["balance"]))
            .collect();
        balances.sort_unstable();
        balances
    };
    let before = sum(&first.ok(&["--demo", "snapshots", "--format", "json"]));
    let after = sum(&second.ok(&["snapshots", "--format", "json"]));
    assert_eq!(after, before);
}

/// Rows of two months with twins: day, amount, text.
fn two_months() -> Vec<(String, String, String)> {
    let day = |number: u32| format!("2026-{:02}-{:02}", 3 + number / 28, 1 + number % 28);
    let mut rows = Vec::new();
    for number in 0..40u32 {
        let cents = i64::from(number * 37 % 900) * 11 - 4_000;
        let row = (day(number), format!("{}.{:02}", cents / 100, (cents % 100).abs()), format!("Shop {}", number % 7));
        let row =
            if cents > -100 && cents < 0 { (row.0, format!("-{}", row.1.trim_start_matches('-')), row.2) } else { row };
        if number % 5 == 0 {
            rows.push(row.clone());
        }
        rows.push(row);
    }
    rows
}

fn ofx(rows: &[(String, String, String)]) -> String {
    let rows: Vec<(&str, &str, &str)> = rows.iter().map(|(day, amount, text)| (&**day, &**amount, &**text)).collect();
    let day = |row: Option<&(&str, &str, &str)>| row.unwrap().0.replace('-', "");
    bank_statement("12345678", &rows, "100.00")
        .replace("<DTSTART>20260101", &format!("<DTSTART>{}", day(rows.first())))
        .replace("<DTEND>20261120", &format!("<DTEND>{}", day(rows.last())))
        .replace("<DTASOF>20261119", &format!("<DTASOF>{}", day(rows.last())))
}

fn csv(rows: &[(String, String, String)]) -> String {
    let mut text = "Account number;12345678\n\nBooking date;Description;Amount;Currency\n".to_owned();
    for (day, amount, words) in rows {
        writeln!(text, "{day};{words};{amount};USD").unwrap();
    }
    text
}

#[test]
fn a_change_of_format_adds_nothing_in_either_order() {
    let list = two_months();
    for turned in [false, true] {
        let profile = ScriptedProfile::new();
        let (ofx, csv) = (profile.file("a.ofx", &ofx(&list)), profile.file("a.csv", &csv(&list)));
        let (first, second) = if turned { (csv, ofx) } else { (ofx, csv) };
        assert_eq!(imported(&profile, &first), list.len() as u64, "turned: {turned}");
        assert_eq!(imported(&profile, &second), 0, "turned: {turned}");
        assert_eq!(profile.json(&["accounts"]).as_array().unwrap().len(), 1, "turned: {turned}");
        assert_eq!(rows(&profile).len(), list.len());
        assert_eq!(profile.json(&["connections"])[0]["institution"], "Chase", "turned: {turned}");
    }
}

/// A table that names neither its account nor its institution.
fn bare(rows: &[(String, String, String)]) -> String {
    let rows = rows.iter().map(|(day, amount, words)| format!("{day},{words},{amount}\n"));
    ["Posting date,Description,Amount (USD)\n".to_owned()].into_iter().chain(rows).collect()
}

#[test]
fn a_table_without_an_account_number_is_known_by_its_rows() {
    let list = two_months();
    for turned in [false, true] {
        let profile = ScriptedProfile::new();
        let (ofx, csv) = (profile.file("a.ofx", &ofx(&list)), profile.file("a.csv", &bare(&list)));
        let (first, second) = if turned { (csv, ofx) } else { (ofx, csv) };
        assert_eq!(imported(&profile, &first), list.len() as u64, "turned: {turned}");
        assert_eq!(imported(&profile, &second), 0, "turned: {turned}");
        let accounts = profile.json(&["accounts"]);
        assert_eq!(accounts.as_array().unwrap().len(), 1, "turned: {turned}");
        assert_eq!((&accounts[0]["institution"], &accounts[0]["number_masked"]), (&"Chase".into(), &"****5678".into()));
        // The next table of the layout belongs to the same account.
        let more = vec![("2026-06-20".to_owned(), "-1.23".to_owned(), "New shop".to_owned())];
        assert_eq!(imported(&profile, &profile.file("b.csv", &bare(&more))), 1);
        assert_eq!(profile.json(&["accounts"]).as_array().unwrap().len(), 1);
    }
}

#[test]
fn tables_of_one_layout_go_to_the_accounts_that_have_their_rows() {
    let (one, mut two) = (two_months(), two_months());
    for row in &mut two {
        row.2.push_str(" elsewhere");
    }
    let profile = ScriptedProfile::new();
    for (account, rows) in [("11112222", &one), ("33334444", &two)] {
        let text = ofx(rows).replace("12345678", account);
        profile.ok(&["import", &profile.file(&format!("{account}.ofx"), &text)]);
    }
    assert_eq!(imported(&profile, &profile.file("one.csv", &bare(&one))), 0);
    assert_eq!(imported(&profile, &profile.file("two.csv", &bare(&two))), 0);
    assert_eq!(profile.json(&["accounts"]).as_array().unwrap().len(), 2);
}

#[test]
fn overlapping_parts_make_the_whole_with_its_twins() {
    let list = two_months();
    let count = list.len();
    let write = |kind: &str, rows: &[(String, String, String)]| if kind == "csv" { csv(rows) } else { ofx(rows) };
    for first_kind in ["csv", "ofx"] {
        for second_kind in ["csv", "ofx"] {
            let profile = ScriptedProfile::new();
            let head = profile.file(&format!("head.{first_kind}"), &write(first_kind, &list[..count * 6 / 10]));
            let tail = profile.file(&format!("tail.{second_kind}"), &write(second_kind, &list[count * 4 / 10..]));
            let before = imported(&profile, &head);
            assert_eq!(before + imported(&profile, &tail), count as u64, "{first_kind} then {second_kind}");
            assert_eq!(rows(&profile).len(), count);
        }
    }
}
