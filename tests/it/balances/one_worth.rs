//! One net worth on every way to it, over the demo, live connections and the hard cases: a closed account, one without rows, a
//! row dated in the future, pending rows, two currencies, and an ended connection. In text and in JSON.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use dashtam::testing::{demo, ledger::Ledger};
use rust_decimal::Decimal;
use serde_json::Value;

use crate::support::{
    data::Random, harness::bank_statement, live_household::LiveHousehold, one_worth::agrees, profile::Profile,
};

async fn ok(profile: &mut Profile, arguments: &[&str]) -> String {
    let output = profile.run(arguments).await;
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Everything that can go wrong with a sum, in one profile.
async fn hostile(today: NaiveDate, household: &LiveHousehold) -> Profile {
    let servers = [("alpaca", &household.broker_server), ("simplefin", &household.bank_server)];
    let mut profile = Profile::new(&servers);
    let back = |days: u64| (today - Days::new(days)).to_string();
    let ahead = (today + Days::new(5)).to_string();
    let old = [(back(300), "-12.00"), (back(250), "40.00"), (back(200), "-3.50")];
    let late = [(back(20), "-1.25"), (back(4), "-8.00"), (ahead, "-900.00")];
    let mut files: Vec<(String, Vec<u8>)> =
        demo::statements(today).into_iter().map(|file| (file.name, file.bytes)).collect();
    for (number, rows, balance) in [("990011", old, "75.50"), ("880022", late, "410.00")] {
        let rows: Vec<(&str, &str, &str)> = rows.iter().map(|(date, amount)| (date.as_str(), *amount, "Row")).collect();
        files.push((format!("{number}.qfx"), bank_statement(number, &rows, balance).into_bytes()));
    }
    for (name, bytes) in files {
        let path = profile.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        ok(&mut profile, &["import", path.to_str().unwrap()]).await;
    }
    for (name, currency) in [("Wallet", "USD"), ("Euro tin", "EUR")] {
        ok(&mut profile, &["account", "add", name, "--type", "other", "--currency", currency]).await;
        ok(&mut profile, &["balance", "set", name, "120.50", "--on", &back(90)]).await;
        ok(&mut profile, &["balance", "set", name, "80.25", "--on", &back(15)]).await;
    }
    let accounts = profile.list(&["accounts"]).await;
    let closed = accounts.as_array().unwrap().iter().find(|it| it["number_masked"].as_str().unwrap().ends_with("0011"));
    ok(&mut profile, &["account", "close", closed.unwrap()["id"].as_str().unwrap()]).await;
    profile.connect("KEY", 0).await;
    let connect = ["connect", "simplefin", "--field-env", "setup_token=TOKEN", "--format", "json"];
    let output = profile.command(&connect).env("TOKEN", LiveHousehold::token()).output().await.unwrap();
    Profile::json(&output, 0);
    profile
}

fn sums(list: &Value, amount: &str) -> BTreeMap<String, Decimal> {
    let mut sums: BTreeMap<String, Decimal> = BTreeMap::new();
    for row in list.as_array().unwrap() {
        if let Some(amount) = row[amount].as_str() {
            *sums.entry(row["currency"].as_str().unwrap().to_owned()).or_default() +=
                amount.parse::<Decimal>().unwrap();
        }
    }
    sums
}

/// Whether a text has the number, whichever marks group its digits.
fn has(text: &str, number: Decimal) -> bool {
    let words = text.split(|c: char| !(c.is_ascii_digit() || "-.,".contains(c)));
    words.filter_map(|word| word.replace(',', "").parse::<Decimal>().ok()).any(|word| word == number)
}

/// Compares the commands on one day.
async fn commands_agree(profile: &mut Profile, day: NaiveDate, history: &Value, not_counting: &[String]) {
    let on = day.to_string();
    let worth = sums(&profile.list(&["net-worth", "--on", &on]).await, "net_worth");
    let point: Vec<Value> = history.as_array().unwrap().iter().filter(|row| row["date"] == *on).cloned().collect();
    assert_eq!(sums(&Value::Array(point), "net_worth"), worth, "history of {day}");
    let mut accounts = profile.list(&["accounts", "--as-of", &on]).await;
    accounts.as_array_mut().unwrap().retain(|row| not_counting.iter().all(|id| row["id"] != **id));
    assert_eq!(sums(&accounts, "balance"), worth, "accounts as of {day}");
    let text = ok(profile, &["net-worth", "--on", &on]).await;
    for (currency, total) in &worth {
        assert!(has(&text, *total), "{total} is not in {text}");
        let as_of = ["explain", &format!("net-worth:{currency}"), "--as-of", &on].map(str::to_owned);
        let on_day = ["explain".to_owned(), format!("on:{on}:net-worth:{currency}")];
        for arguments in [as_of.as_slice(), on_day.as_slice()] {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let root = profile.list(&arguments).await;
            let value = root["value"].as_str().map(|value| value.parse::<Decimal>().unwrap());
            assert_eq!(value, Some(*total), "{arguments:?}");
            let text = ok(profile, &arguments).await;
            assert!(has(text.lines().next().unwrap(), *total), "{total} is not in the first line of {text}");
        }
    }
}

#[tokio::test]
async fn net_worth_is_the_same_on_every_way() {
    let today = chrono::Local::now().date_naive();
    let household = LiveHousehold::start(today).await;
    let mut profile = hostile(today, &household).await;
    // Each command is a process; without the passphrase it takes milliseconds.
    ok(&mut profile, &["vault", "decrypt"]).await;
    let mut numbers = Random::new(14);
    let mut days: Vec<NaiveDate> = (0..28).map(|_| today - Days::new(numbers.below(700))).collect();
    days.extend([today, today - Days::new(15)]);
    let ids = |list: &Value, is: &dyn Fn(&Value) -> bool| -> Vec<String> {
        let rows = list.as_array().unwrap().iter().filter(|row| is(row));
        rows.map(|row| row["id"].as_str().unwrap().to_owned()).collect()
    };
    for is_ended in [false, true] {
        if is_ended {
            let connections = profile.list(&["connections"]).await;
            let broker = ids(&connections, &|row| row["provider"] == "alpaca");
            ok(&mut profile, &["disconnect", &broker[0]]).await;
        }
        let compared = agrees(&Ledger::new(profile.store()).on(today), today, &days);
        assert!(compared >= 30, "{compared}");
        let history = profile.list(&["net-worth", "--every", "day"]).await;
        let connections = profile.list(&["connections"]).await;
        let ended = ids(&connections, &|row| row["status"] == "disconnected");
        let accounts = profile.list(&["accounts"]).await;
        for day in &days {
            let not_counting = ids(&accounts, &|row| {
                // The closed account counts until its statement, which is dated 2026-11-19.
                let is_closed = row["is_active"] == false && *day > "2026-11-19".parse().unwrap();
                is_closed || ended.iter().any(|id| row["connection_id"] == **id)
            });
            commands_agree(&mut profile, *day, &history, &not_counting).await;
        }
    }
}
