//! Statement tables on the command line: questions, answers, learned layouts, refusals.

use std::{
    fs,
    process::{Command, Output, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dashtam"));
        command.args(arguments).args(["--format", "json"]).env("DASHTAM_DATA_DIR", self.0.path().join("data"));
        command.stdin(Stdio::null()).output().unwrap()
    }

    /// The JSON of a command that must end with `code`.
    fn json(&self, arguments: &[&str], code: i32) -> Value {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap_or_default()
    }

    fn rows(&self) -> Vec<(String, String)> {
        let rows = self.json(&["transactions"], 0);
        let row = |row: &Value| (row["date"].as_str().unwrap().to_owned(), row["amount"].as_str().unwrap().to_owned());
        rows.as_array().unwrap().iter().map(row).collect()
    }
}

/// Both orders of the dates keep these lines in order.
const OPEN: &str = "Date,Details,Amount\n01/02/2026,Corner Bakery,-7.45\n02/02/2026,Green Grocer,-86.20\n03/02/2026,Lakeside Works,2481.37\n";

#[test]
fn a_question_writes_nothing_and_its_answer_is_remembered_for_the_layout() {
    let place = Place::new();
    let file = place.file("open.csv", OPEN);
    let asked = place.json(&["import", &file], 4);
    let question = &asked["files"][0]["question"];
    assert_eq!(question["id"], "date", "{asked}");
    let values: Vec<&str> =
        question["options"].as_array().unwrap().iter().map(|option| option["value"].as_str().unwrap()).collect();
    assert_eq!(values, ["dmy", "mdy"]);
    assert!(question["options"][0]["preview"].as_array().unwrap().len() >= 3, "{question}");
    assert_eq!(place.rows(), [], "nothing is written before the answer");
    for (answer, named) in [("date=ydm", "`ydm` is not an answer"), ("dat=dmy", "no question `dat`")] {
        let refused = place.json(&["import", &file, "--answer", answer], 4)["files"][0]["message"].to_string();
        assert!(refused.contains(named), "{refused}");
    }

    let done = place.json(&["import", &file, "--answer", "date=mdy"], 0);
    assert_eq!(done["files"][0]["transactions_imported"], 3, "{done}");
    assert_eq!(place.rows()[0], ("2026-03-02".to_owned(), "2481.37".to_owned()));

    // The next file of the layout is not asked about, and belongs to the same account.
    let next = OPEN.replace("Corner Bakery,-7.45", "Hill Rail,-12.00");
    let next = place.file("next.csv", &next);
    let done = place.json(&["import", &next], 0);
    assert_eq!(done["files"][0]["transactions_imported"], 1, "{done}");
    assert_eq!(place.json(&["accounts"], 0).as_array().unwrap().len(), 1);

    let layouts = place.json(&["layouts", "list"], 0);
    let learned = layouts.as_array().unwrap().iter().find(|layout| layout["source"] == "learned").unwrap();
    let name = learned["name"].as_str().unwrap();
    let shown = String::from_utf8(place.run(&["layouts", "show", name]).stdout).unwrap();
    assert!(shown.contains("\"order\": \"mdy\"") && !shown.contains("Bakery"), "{shown}");
    place.json(&["layouts", "forget", name], 0);
    let third = place.file("third.csv", &OPEN.replace("7.45", "8.45"));
    place.json(&["import", &third], 4);
}

#[test]
fn an_answer_for_one_of_several_files_holds_for_its_layout_only() {
    let place = Place::new();
    let open = place.file("open.csv", OPEN);
    let more = place.file("more.csv", &OPEN.replace("2481.37", "100.00"));
    let other = place.file("other.csv", "Day;Payee;Sum\n04/05/2026;Kiosk;-2.00\n05/05/2026;Cinema;-9.00\n");
    let files = ["import", &open, &more, &other];
    let asked = |answers: &[&str], code: i32| -> Vec<String> {
        let report = place.json(&[&files[..], answers].concat(), code);
        let files = report["files"].as_array().unwrap();
        files.iter().filter_map(|file| Some(file["question"]["id"].as_str()?.to_owned())).collect()
    };
    assert_eq!(asked(&["--dry-run"], 4), ["open.csv:date", "more.csv:date", "other.csv:date"]);
    let first = ["--dry-run", "--answer", "open.csv:date=mdy"];
    assert_eq!(asked(&first, 4), ["other.csv:date"]);
    assert_eq!(place.rows(), []);
    assert!(asked(&["--answer", "open.csv:date=mdy", "--answer", "other.csv:date=dmy"], 0).is_empty());
    let days: Vec<String> = place.rows().into_iter().map(|(day, _)| day).collect();
    let of_open =
        ["2026-01-02", "2026-02-02", "2026-03-02"].map(|day| days.iter().filter(|known| *known == day).count());
    assert_eq!((days.len(), of_open), (6, [1, 1, 2]), "{days:?}");
    assert!(days.contains(&"2026-05-04".to_owned()) && days.contains(&"2026-05-05".to_owned()), "{days:?}");
}

#[test]
fn a_general_answer_holds_for_all_files() {
    let place = Place::new();
    let open = place.file("open.csv", OPEN);
    let other = place.file("other.csv", "Day;Payee;Sum\n04/05/2026;Kiosk;-2.00\n05/05/2026;Cinema;-9.00\n");
    let done = place.json(&["import", &open, &other, "--answer", "date=dmy"], 0);
    assert_eq!(done["files"].as_array().unwrap().len(), 2, "{done}");
    assert!(place.rows().contains(&("2026-05-04".to_owned(), "-2.00".to_owned())));
}

#[test]
fn a_new_account_name_makes_an_account_and_two_of_one_layout_stay_apart() {
    let place = Place::new();
    let first = place.file("first.csv", OPEN);
    let second = place.file("second.csv", &OPEN.replace("2481.37", "100.00"));
    place.json(&["import", &first, "--date-order", "dmy", "--account", "Everyday"], 0);
    place.json(&["import", &second, "--account", "Joint"], 0);
    let accounts = place.json(&["accounts"], 0);
    let mut names: Vec<&str> =
        accounts.as_array().unwrap().iter().map(|account| account["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["Everyday", "Joint"]);
    let third = place.file("third.csv", &OPEN.replace("2481.37", "101.00"));
    let asked = place.json(&["import", &third], 4);
    assert_eq!(asked["files"][0]["question"]["id"], "account", "{asked}");
    let done = place.json(&["import", &third, "--answer", "account=Joint"], 0);
    assert_eq!(done["files"][0]["accounts_imported"], 0, "{done}");
}

#[test]
fn a_proof_is_reported_and_a_file_without_statement_is_named() {
    let place = Place::new();
    let proven = place.file(
        "proven.csv",
        "Date;Text;Amount;Balance\n2026-02-13;a;-10,00;90,00\n2026-02-14;b;5,50;95,50\n2026-02-15;c;-20,00;75,50\n2026-02-16;d;1,00;76,50\n",
    );
    let done = place.json(&["import", &proven], 0);
    assert_eq!(done["files"][0]["verdict"]["kind"], "proven", "{done}");
    assert_eq!(done["files"][0]["verdict"]["of"], 3);
    assert!(!done["files"][0]["evidence"].as_array().unwrap().is_empty());
    let positions =
        place.file("positions.csv", "Symbol,Quantity,Last Price,Market Value,Cost Basis\nACME,10,5.00,50.00,40.00\n");
    let refused = place.run(&["import", &positions]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("list of positions"));
}

#[test]
fn a_list_of_positions_becomes_the_holdings_of_its_account() {
    let place = Place::new();
    let list = |rows: &str| {
        format!(
            "Account Number,Account Name,Symbol,Description,Quantity,Last Price,Current Value,Cost Basis Total\n{rows}\n\
             \"Date downloaded Jan-04-2026 3:45 p.m ET\"\n"
        )
    };
    let both = "Z11112222,Later,ABC,ALPHA BETA CO,100,$18.50,\"$1,850.00\",\"$1,500.00\"\n\
                Z11112222,Later,DEF,DELTA CO,2,$10.00,$20.00,$25.00\n";
    let file = place.file("positions.csv", &list(both));
    let done = place.json(&["import", &file], 0);
    assert_eq!(done["files"][0]["warnings"].as_array().map_or(0, Vec::len), 0, "{done}");
    let held = place.json(&["holdings"], 0);
    let symbols = |held: &Value| -> Vec<String> {
        held.as_array().unwrap().iter().map(|it| format!("{} {}", it["symbol"], it["quantity"])).collect()
    };
    assert_eq!(symbols(&held).len(), 2, "{held}");
    let accounts = place.json(&["accounts"], 0);
    assert_eq!((&accounts[0]["institution"], &accounts[0]["balance"]), (&"Fidelity".into(), &"1870.00".into()));
    // The next list without a position has sold it.
    let next =
        list("Z11112222,Later,ABC,ALPHA BETA CO,90,$18.50,\"$1,665.00\",\"$1,350.00\"\n").replace("Jan-04", "Jan-05");
    place.json(&["import", &place.file("next.csv", &next)], 0);
    assert_eq!(place.json(&["holdings"], 0).as_array().unwrap().len(), 1);
    let old = place.file("again.csv", &list(both).replace("Jan-04", "Jan-03"));
    place.json(&["import", &old], 0);
    assert_eq!(place.json(&["holdings"], 0).as_array().unwrap().len(), 1, "an older list changes nothing");
}

#[test]
fn an_institution_is_named_once_for_files_that_name_none() {
    let place = Place::new();
    let rows = "Date,Details,Amount\n2026-02-13,Corner Bakery,-7.45\n2026-02-14,Green Grocer,-86.20\n";
    let first = place.file("first.csv", rows);
    place.json(&["import", &first, "--institution", "Tideway"], 0);
    let next = place.file("next.csv", &rows.replace("02-1", "03-1"));
    place.json(&["import", &next], 0);
    let accounts = place.json(&["accounts"], 0);
    assert_eq!(accounts.as_array().unwrap().len(), 1, "{accounts}");
    assert_eq!(accounts[0]["institution"], "Tideway");
    let qif = place.file("a.qif", "!Type:Bank\nD01/02/2026\nT-5.00\nPShop\n^\n");
    place.json(&["import", &qif], 4);
    place.json(&["import", &qif, "--date-order", "dmy", "--institution", "Other"], 0);
    assert!(place.rows().contains(&("2026-02-01".to_owned(), "-5.00".to_owned())));
    assert_eq!(place.json(&["connections"], 0).as_array().unwrap().len(), 2);
}
