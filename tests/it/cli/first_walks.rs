//! The first walks of three kinds of newcomers through the real program: with the demo, with a folder of files, and from
//! scripts. Each step asserts what a person would look at.

use std::path::Path;

use serde_json::Value;

use crate::support::{harness::bank_statement, scripted::ScriptedProfile, terminal::Terminal};

/// Quits, and checks that the terminal is as it was.
fn leave(mut terminal: Terminal) {
    terminal.press("\u{3}");
    assert_eq!(terminal.ended(), 0);
}

/// One step back. A key that followed the escape at once would be read as one with Alt.
fn back(terminal: &mut Terminal, shown: &str) {
    terminal.press("\u{1b}");
    terminal.until_text(shown);
}

#[test]
fn the_demo_is_looked_through() {
    let mut terminal = Terminal::start_sized(36, 120, &["--demo"]);
    // A made-up household is recognised as such, with its worth, its history and what needs attention.
    for text in ["dashtam demo", "Net worth · by class", "USD in 30 days", "the login ends in", "What changed"] {
        terminal.until_text(text);
    }
    terminal.press("f");
    for text in ["Money in and out · USD", "income", "purchase", "Net", "Transfers"] {
        terminal.until_text(text);
    }
    // The rows of the newest month's largest part of the spending, and back.
    terminal.press("G");
    terminal.press("\r");
    terminal.until_text("type:=transfer");
    back(&mut terminal, "Money in and out · USD");
    terminal.press("2");
    for text in ["Chase", "Harbor Community CU", "Northlight", "credit card", "✓", "rows add up since"] {
        terminal.until_text(text);
    }
    terminal.press("\r");
    terminal.until_text("Transactions · Chase");
    terminal.until_text("Balance");
    back(&mut terminal, "Accounts · 8");
    terminal.press("3");
    for text in ["pending", "EUR", "Stumble Inn Coffee", "Travel Card", "USD   "] {
        terminal.until_text(text);
    }
    terminal.press("/cat:coffee amt<-6");
    terminal.until_text("of 2,");
    terminal.until_text("Food:Coffee");
    terminal.press("\r");
    terminal.press("x");
    terminal.until_text("Where this figure comes from");
    back(&mut terminal, "Transactions · all accounts");
    terminal.press("4");
    for text in ["TMKT", "Total Market", "+6.11", "-14.46", "without known cost"] {
        terminal.until_text(text);
    }
    terminal.press("5");
    for text in ["Northlight", "● active", "Login ends", "Charles Schwab", "browser login"] {
        terminal.until_text(text);
    }
    terminal.press("6");
    for text in ["import", "sync", "edit", "Statements.zip", "1 warning"] {
        terminal.until_text(text);
    }
    terminal.press("?");
    terminal.until_text("Keys here");
    back(&mut terminal, "Statements.zip");
    terminal.press(":backup");
    terminal.until_text("Backup of the database");
    leave(terminal);
}

/// A folder with two good files, a zip with one more, a page that is no statement, and one in a folder below.
fn downloads(folder: &Path) {
    let statement = |account: &str, name: &str, balance: &str| {
        bank_statement(account, &[("2026-11-02", "-6.50", name), ("2026-11-03", "2000.00", "Payroll ACME")], balance)
    };
    std::fs::create_dir_all(folder.join("older")).unwrap();
    std::fs::write(folder.join("checking.qfx"), statement("111100001111", "Corner Bakery", "1993.50")).unwrap();
    std::fs::write(folder.join("savings.ofx"), statement("222200002222", "Book Shop", "500.00")).unwrap();
    std::fs::write(folder.join("older/card.qfx"), statement("333300003333", "Train Ticket", "-20.00")).unwrap();
    std::fs::write(folder.join("page.ofx"), "<html>Please log in</html>").unwrap();
}

#[test]
fn a_folder_of_files_is_imported() {
    let profile = tempfile::tempdir().unwrap();
    downloads(&profile.path().join("Downloads"));
    let mut terminal = Terminal::start_sized_in(profile, (36, 120), &[]);
    terminal.until_text("Nothing here yet");
    terminal.press("i");
    terminal.until_text("Import statement files");
    // The folder is marked with all below it, then reviewed: the bad file is counted and named first.
    terminal.until_text("Downloads/");
    let path = format!("{}/Downloads", terminal.profile.path().display());
    terminal.press("/");
    terminal.press(&format!("\u{1b}[200~{path}\u{1b}[201~"));
    terminal.press("\r");
    terminal.until_text("checking.qfx");
    terminal.press("*");
    terminal.press("\r");
    terminal.until_text("1 of 3 could not be read");
    terminal.until_text("page.ofx");
    terminal.until_text("Enter imports 4 rows");
    terminal.press("\r");
    terminal.until_text("1 of 3 files failed; the others are imported");
    back(&mut terminal, "2 changes");
    terminal.press("2");
    for text in ["··1111", "··2222", "1,993.50", "500.00"] {
        terminal.until_text(text);
    }
    terminal.press("3");
    terminal.until_text("Corner Bakery");
    terminal.until_text("Book Shop");
    // The newest of the two imports is taken back.
    terminal.press("u");
    terminal.until("the row is gone", |screen| !screen.contents().contains("Book Shop"));
    terminal.until_text("Corner Bakery");
    leave(terminal);
}

#[test]
fn scripts_import_list_edit_and_export() {
    let scripts = ScriptedProfile::new();
    downloads(&scripts.folder.path().join("Downloads"));
    // Files below the folder too; the page that is no statement makes it partly done, with a reason.
    let output = scripts.run(&["import", "Downloads", "--format", "json"]);
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
    let imported: Value = serde_json::from_slice(&output.stdout).unwrap();
    let files = imported["files"].as_array().unwrap();
    let failed: Vec<&Value> = files.iter().filter(|file| !file["error"].is_null()).collect();
    assert_eq!((files.len(), failed.len()), (4, 1));
    assert!(failed[0]["file"].as_str().unwrap().ends_with("page.ofx"), "{failed:?}");
    // The same folder again adds nothing.
    let again: Value =
        serde_json::from_slice(&scripts.run(&["import", "Downloads", "--format", "json"]).stdout).unwrap();
    assert!(
        again["files"].as_array().unwrap().iter().all(|file| file["transactions_imported"].as_u64().unwrap_or(0) == 0)
    );

    let accounts = scripts.json(&["accounts"]);
    let balances: Vec<&str> = accounts.as_array().unwrap().iter().map(|it| it["balance"].as_str().unwrap()).collect();
    assert_eq!(balances.len(), 3);
    assert!(balances.contains(&"1993.50") && balances.contains(&"-20.00"), "{balances:?}");
    let rows = scripts.json(&["transactions", "--query", "payroll", "--columns", "id,payee,amount"]);
    let row = &rows.as_array().unwrap()[0];
    assert_eq!((rows.as_array().unwrap().len(), &row["amount"]), (3, &"2000.00".into()));
    assert_eq!(row.as_object().unwrap().len(), 3, "{row}");

    // An edit of all of them is one change, which undo takes back.
    scripts.json(&["edit", "--query", "amt<0", "--category", "Shopping"]);
    let flow = scripts.json(&["cash-flow", "--by", "category"]);
    let shopping = flow.as_array().unwrap().iter().find(|flow| flow["category"] == "Shopping").unwrap();
    assert_eq!((&shopping["in"], &shopping["out"]), (&"0.00".into(), &"19.50".into()));
    assert_eq!(scripts.json(&["undo"])["kind"], "edit");
    assert!(scripts.json(&["transactions", "--query", "cat:shopping"]).as_array().unwrap().is_empty());

    // Exports and errors are for programs too.
    let csv = String::from_utf8(scripts.run(&["export", "--to", "csv"]).stdout).unwrap();
    assert_eq!(csv.lines().count(), 7, "{csv}");
    let error = scripts.error(&["transactions", "--query", "date:nonsense"], 2);
    assert!(error["message"].as_str().unwrap().contains("nonsense") && error["hint"].is_string(), "{error}");
    // Nothing opens the screen without a terminal.
    let output = scripts.run(&[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(!output.stderr.contains(&0x1b) && !output.stdout.contains(&0x1b));
}
