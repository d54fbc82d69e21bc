//! Random households: accounts with overlapping statements, missing statements and missing rows, two currencies, a card and a
//! broker. Every derived day equals a brute-force model, and every explained sum adds up.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
};

use chrono::{Days, NaiveDate};
use dashtam::testing::{
    domain::AccountId,
    ledger::{
        Explainer, Ledger, Standing,
        explain::{Figure, NodeKind},
    },
    sync::ImportRequest,
};
use rust_decimal::Decimal;
use serde_json::Value;

use crate::support::{
    data::Random,
    desk::{Desk, day},
    one_worth::agrees,
    profile::Profile,
};

/// Households of one run; the environment variable `HOUSEHOLDS` sets another number.
const HOUSEHOLDS: u64 = 300;

fn cents(numbers: &mut Random) -> i64 {
    i64::try_from(numbers.below(20_000)).unwrap() - 12_000
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Bank,
    Card,
    Broker,
}

/// A row: days since the first day, cents.
type Row = (u64, i64);

struct Account {
    class: Class,
    number: String,
    currency: &'static str,
    rows: Vec<Row>,
}

/// One statement: its first and last day, and whether a row is left out of it.
struct Statement {
    from: u64,
    to: u64,
    left_out: Option<usize>,
    /// Cents in securities.
    securities: i64,
}

/// The facts that arrive: rows by number, stated cash and securities by day.
#[derive(Default)]
struct Arrived {
    rows: BTreeSet<usize>,
    stated: BTreeMap<u64, (i64, i64)>,
}

fn first() -> NaiveDate {
    day("2025-01-01")
}

fn date(number: u64) -> NaiveDate {
    first() + Days::new(number)
}

fn money(cents: i64) -> String {
    Decimal::new(cents, 2).to_string()
}

fn account(numbers: &mut Random, place: u64) -> Account {
    let class = [Class::Bank, Class::Card, Class::Broker][usize::try_from(place % 3).unwrap()];
    let currency = if numbers.below(3) == 0 { "EUR" } else { "USD" };
    let rows = (0..5 + numbers.below(25)).map(|_| (numbers.below(120), cents(numbers)));
    let mut rows: Vec<Row> = rows.collect();
    rows.sort_unstable();
    Account { class, number: format!("10020030{place}"), currency, rows }
}

fn statements(numbers: &mut Random, account: &Account) -> Vec<Statement> {
    let mut statements = Vec::new();
    for month in 0..4u64 {
        // A statement that was never downloaded.
        if numbers.below(6) == 0 {
            continue;
        }
        let (from, to) = ((month * 30).saturating_sub(numbers.below(6)), month * 30 + 29);
        let left_out =
            (numbers.below(5) == 0).then(|| usize::try_from(numbers.below(account.rows.len() as u64)).unwrap());
        let securities =
            if account.class == Class::Broker { 1_000 + i64::try_from(numbers.below(9_000)).unwrap() } else { 0 };
        statements.push(Statement { from, to, left_out, securities });
    }
    statements
}

fn cash(account: &Account, to: u64) -> i64 {
    500_000 + account.rows.iter().filter(|row| row.0 <= to).map(|row| row.1).sum::<i64>()
}

/// The statement as OFX; notes in `arrived` what it brings.
fn text(account: &Account, statement: &Statement, arrived: &mut Arrived) -> String {
    let mut rows = String::new();
    for (number, (on, cents)) in account.rows.iter().enumerate() {
        if *on < statement.from || *on > statement.to || statement.left_out == Some(number) {
            continue;
        }
        arrived.rows.insert(number);
        let kind = if *cents < 0 { "DEBIT" } else { "CREDIT" };
        let row = format!(
            "<STMTTRN>\n<TRNTYPE>{kind}\n<DTPOSTED>{}\n<TRNAMT>{}\n<FITID>{}-{number}\n<NAME>Row {number}\n</STMTTRN>\n",
            date(*on).format("%Y%m%d"),
            money(*cents),
            account.number
        );
        match account.class {
            Class::Broker => {
                let _ = write!(rows, "<INVBANKTRAN>\n{row}<SUBACCTFUND>CASH\n</INVBANKTRAN>\n");
            }
            Class::Bank | Class::Card => rows.push_str(&row),
        }
    }
    let cash = cash(account, statement.to);
    arrived.stated.insert(statement.to, (cash, statement.securities));
    let (from, to) = (date(statement.from).format("%Y%m%d"), date(statement.to).format("%Y%m%d"));
    let (number, currency) = (&account.number, account.currency);
    let list = |tag: &str| format!("<{tag}>\n<DTSTART>{from}\n<DTEND>{to}\n{rows}</{tag}>\n");
    let balance = format!("<LEDGERBAL>\n<BALAMT>{}\n<DTASOF>{to}\n</LEDGERBAL>\n", money(cash));
    let body = match account.class {
        Class::Bank => format!(
            "<BANKMSGSRSV1><STMTTRNRS><TRNUID>1<STATUS><CODE>0<SEVERITY>INFO</STATUS><STMTRS>\n<CURDEF>{currency}\n\
             <BANKACCTFROM><BANKID>1<ACCTID>{number}<ACCTTYPE>CHECKING</BANKACCTFROM>\n{}{balance}</STMTRS></STMTTRNRS>\
             </BANKMSGSRSV1>",
            list("BANKTRANLIST")
        ),
        Class::Card => format!(
            "<CREDITCARDMSGSRSV1><CCSTMTTRNRS><TRNUID>1<STATUS><CODE>0<SEVERITY>INFO</STATUS><CCSTMTRS>\n<CURDEF>{currency}\n\
             <CCACCTFROM><ACCTID>{number}</CCACCTFROM>\n{}{balance}</CCSTMTRS></CCSTMTTRNRS></CREDITCARDMSGSRSV1>",
            list("BANKTRANLIST")
        ),
        Class::Broker => format!(
            "<INVSTMTMSGSRSV1><INVSTMTTRNRS><TRNUID>1<STATUS><CODE>0<SEVERITY>INFO</STATUS><INVSTMTRS>\n<DTASOF>{to}\n\
             <CURDEF>{currency}\n<INVACCTFROM><BROKERID>broker.example<ACCTID>{number}</INVACCTFROM>\n{}<INVPOSLIST>\n\
             <POSSTOCK><INVPOS><SECID><UNIQUEID>99A<UNIQUEIDTYPE>CUSIP</SECID><HELDINACCT>CASH<POSTYPE>LONG<UNITS>1\n\
             <UNITPRICE>{value}\n<MKTVAL>{value}\n<DTPRICEASOF>{to}</INVPOS></POSSTOCK></INVPOSLIST>\n<INVBAL><AVAILCASH>{}\n\
             <MARGINBALANCE>0<SHORTBALANCE>0</INVBAL></INVSTMTRS></INVSTMTTRNRS></INVSTMTMSGSRSV1>",
            list("INVTRANLIST"),
            money(cash),
            value = money(statement.securities),
        ),
    };
    format!(
        "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nSECURITY:NONE\nENCODING:USASCII\nCHARSET:1252\nCOMPRESSION:NONE\n\
         OLDFILEUID:NONE\nNEWFILEUID:NONE\n\n<OFX>\n<SIGNONMSGSRSV1><SONRS><STATUS><CODE>0<SEVERITY>INFO</STATUS>\
         <DTSERVER>{to}<LANGUAGE>ENG<FI><ORG>Random Bank<FID>77</FI></SONRS></SIGNONMSGSRSV1>\n{body}\n</OFX>\n"
    )
}

/// The model: cents, standing and gap of one day, by adding rows one by one.
fn expected(account: &Account, arrived: &Arrived, on: u64) -> Option<(i64, Standing, Option<i64>)> {
    let rows: Vec<Row> = arrived.rows.iter().map(|number| account.rows[*number]).collect();
    let sum = |after: Option<u64>, to: u64| -> i64 {
        rows.iter().filter(|row| after.is_none_or(|after| row.0 > after) && row.0 <= to).map(|row| row.1).sum()
    };
    let before = arrived.stated.range(..=on).next_back();
    let after = arrived.stated.range(on + 1..).next();
    let Some((stated_on, (stated, securities))) = before else {
        let (to, (stated, securities)) = after?;
        let known = rows.iter().any(|row| row.0 <= on) && *securities == 0;
        return known.then(|| (stated - sum(Some(on), *to), Standing::Derived, None));
    };
    if *stated_on == on {
        return Some((stated + securities, Standing::Stated, None));
    }
    let figure = stated + securities + sum(Some(*stated_on), on);
    let Some((to, (next, _))) = after.filter(|_| !rows.is_empty()) else {
        return Some((figure, Standing::Derived, None));
    };
    match next - stated - sum(Some(*stated_on), *to) {
        0 if *securities == 0 => Some((figure, Standing::Proven, None)),
        0 => Some((figure, Standing::Derived, None)),
        gap => Some((figure, Standing::Gap, Some(gap))),
    }
}

/// Every sum below a figure is the sum of its inputs; returns the number of leaves.
fn adds_up(explainer: &Explainer, figure: &Figure) -> usize {
    let node = explainer.node(figure).unwrap().unwrap();
    let inputs = explainer.inputs(figure, 0..usize::MAX).unwrap();
    assert_eq!(inputs.len(), node.inputs, "{figure}");
    if node.kind == NodeKind::Sum {
        let total: Decimal = inputs.iter().filter_map(|input| input.value).sum();
        assert_eq!(Some(total), node.value, "{figure}: {inputs:?}");
    }
    if inputs.is_empty() {
        if let (Some(place), Some(value)) = (explainer.place(figure).unwrap(), node.value) {
            let line = place.line.and_then(|line| place.text.lines().nth((line - place.first_line?) as usize));
            assert!(line.is_some_and(|line| line.contains(&value.abs().to_string())), "{figure}: {place:?}");
        } else {
            panic!("{figure} has no place");
        }
        return 1;
    }
    let figures: Vec<Figure> = inputs.into_iter().map(|input| input.figure).collect();
    figures.iter().map(|input| if matches!(figure, Figure::Rows { .. }) { 1 } else { adds_up(explainer, input) }).sum()
}

#[tokio::test]
async fn every_day_of_random_households_equals_the_model() {
    let households = std::env::var("HOUSEHOLDS").ok().and_then(|text| text.parse().ok()).unwrap_or(HOUSEHOLDS);
    let (mut days, mut gaps, mut leaves, mut sums) = (0, 0, 0, 0);
    for household in 0..households {
        let mut numbers = Random::new(household);
        let desk = Desk::new(&[]);
        let folder = tempfile::tempdir().unwrap();
        let accounts: Vec<Account> = (0..=numbers.below(3)).map(|place| account(&mut numbers, place)).collect();
        let mut paths = Vec::new();
        let mut arrived: Vec<Arrived> = Vec::new();
        for own in &accounts {
            let mut facts = Arrived::default();
            for (number, statement) in statements(&mut numbers, own).iter().enumerate() {
                let path = folder.path().join(format!("{}-{number}.qfx", own.number));
                fs::write(&path, text(own, statement, &mut facts)).unwrap();
                paths.push(path);
            }
            arrived.push(facts);
        }
        if paths.is_empty() {
            continue;
        }
        desk.handle.import(ImportRequest { paths, ..ImportRequest::default() }, |_| {}).await.unwrap();
        let view = Ledger::new(desk.store.clone()).view().unwrap();
        let view = view.with_columns(view.load_columns().unwrap());
        let daily = view.daily().unwrap();
        for (own, facts) in accounts.iter().zip(&arrived) {
            let line = view.accounts().iter().find(|line| line.account.provider_account_id.contains(&own.number));
            let Some(id) = line.map(|line| line.account.id) else {
                assert!(facts.stated.is_empty());
                continue;
            };
            let history = daily.history(id).unwrap();
            for on in 0..130 {
                let found = history.on(date(on)).map(|figure| {
                    let cents = |amount: Decimal| amount * Decimal::ONE_HUNDRED;
                    (cents(figure.balance.amount), figure.standing, figure.gap.map(cents))
                });
                let model = expected(own, facts, on)
                    .map(|(balance, standing, gap)| (Decimal::from(balance), standing, gap.map(Decimal::from)));
                assert_eq!(found, model, "household {household}, account {} on {}", own.number, date(on));
                days += 1;
                gaps += usize::from(found.is_some_and(|found| found.1 == Standing::Gap));
            }
        }
        let days: Vec<NaiveDate> = (0..3).map(|_| date(numbers.below(130))).collect();
        sums += agrees(&Ledger::new(desk.store.clone()), date(129), &days);
        let explainer = Explainer::new(view.clone(), date(100));
        let known: Vec<AccountId> = view.accounts().iter().map(|line| line.account.id).collect();
        for account in known {
            if daily.history(account).unwrap().on(date(100)).is_some() {
                leaves += adds_up(&explainer, &Figure::Balance(account));
            }
        }
    }
    println!("{days} days, {gaps} in gaps, {leaves} leaves, {sums} sums on every way");
    assert!(days > 0 && gaps > 0 && leaves > 0 && sums > 0, "{days} days, {gaps} in gaps, {leaves} leaves");
}

/// The text of a value of the model.
fn text_of(cents: i64) -> Decimal {
    Decimal::new(cents, 2)
}

/// A generated household on the command line: accounts, net worth, history, coverage and explanations of random days equal the
/// model.
#[tokio::test]
async fn the_command_line_equals_the_model() {
    let mut compared = 0;
    for household in [3, 11, 26] {
        let mut numbers = Random::new(household);
        let accounts: Vec<Account> = (0..=2).map(|place| account(&mut numbers, place)).collect();
        let mut profile = Profile::new(&[]);
        let mut arguments = vec!["import".to_owned()];
        let mut arrived: Vec<Arrived> = Vec::new();
        for own in &accounts {
            let mut facts = Arrived::default();
            for (number, statement) in statements(&mut numbers, own).iter().enumerate() {
                let path = profile.folder.path().join(format!("{}-{number}.qfx", own.number));
                fs::write(&path, text(own, statement, &mut facts)).unwrap();
                arguments.push(path.to_str().unwrap().to_owned());
            }
            arrived.push(facts);
        }
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        assert!(profile.run(&arguments).await.status.success());
        assert!(profile.run(&["vault", "decrypt"]).await.status.success());
        let history = profile.list(&["net-worth", "--every", "day"]).await;
        let known = profile.list(&["accounts"]).await;
        let id_of = |number: &str| {
            let own = known
                .as_array()
                .unwrap()
                .iter()
                .find(|row| row["provider_account_id"].as_str().unwrap().contains(number));
            own.map(|row| row["id"].as_str().unwrap().to_owned())
        };
        let ids: Vec<Option<String>> = accounts.iter().map(|own| id_of(&own.number)).collect();
        for span in profile.list(&["coverage"]).await.as_array().unwrap() {
            let at = ids.iter().position(|id| id.as_deref() == span["account_id"].as_str()).unwrap();
            let (from, to): (NaiveDate, NaiveDate) =
                (span["from"].as_str().unwrap().parse().unwrap(), span["to"].as_str().unwrap().parse().unwrap());
            for on in from.iter_days().take_while(|on| *on <= to) {
                let number = u64::try_from((on - first()).num_days()).unwrap();
                let model = expected(&accounts[at], &arrived[at], number);
                let standing = model.map_or("unknown".to_owned(), |(_, standing, _)| standing.to_string());
                // Spans of a broker are about its cash, which is proven where its securities are not.
                let is_same = span["standing"] == *standing
                    || standing == "stated"
                    || accounts[at].class == Class::Broker && span["standing"] == "proven" && standing == "derived";
                assert!(is_same, "{household}: {on} is {standing}, not {span}");
                if let (Some((_, Standing::Gap, Some(gap))), Some(found)) = (model, span["gap"].as_str()) {
                    assert_eq!(found.parse::<Decimal>().unwrap(), text_of(gap), "{household}: {on}: {span}");
                }
                compared += 1;
            }
        }
        for _ in 0..8 {
            let number = numbers.below(130);
            let on = date(number).to_string();
            let mut sums: BTreeMap<String, Decimal> = BTreeMap::new();
            let listed = profile.list(&["accounts", "--as-of", &on]).await;
            for ((own, facts), id) in accounts.iter().zip(&arrived).zip(&ids) {
                let Some(id) = id else { continue };
                let model = expected(own, facts, number).map(|(cents, ..)| text_of(cents));
                let row = listed.as_array().unwrap().iter().find(|row| row["id"] == **id);
                let balance = row.and_then(|row| row["balance"].as_str()).map(|text| text.parse::<Decimal>().unwrap());
                assert_eq!(balance, model, "{household}: account {id} on {on}");
                if let Some(model) = model {
                    *sums.entry(own.currency.to_owned()).or_default() += model;
                    let address = format!("on:{on}:account:{id}:balance");
                    let root = profile.list(&["explain", &address]).await;
                    assert_eq!(root["value"].as_str().unwrap().parse::<Decimal>().unwrap(), model, "{address}");
                }
                compared += 1;
            }
            let in_json = |rows: &[Value]| -> BTreeMap<String, Decimal> {
                let sum = |row: &Value| {
                    let currency = row["currency"].as_str().unwrap().to_owned();
                    Some((currency, row["net_worth"].as_str()?.parse().unwrap()))
                };
                rows.iter().filter_map(sum).collect()
            };
            let worth = profile.list(&["net-worth", "--on", &on]).await;
            assert_eq!(in_json(worth.as_array().unwrap()), sums, "{household}: net worth on {on}");
            let point: Vec<Value> =
                history.as_array().unwrap().iter().filter(|row| row["date"] == *on).cloned().collect();
            assert_eq!(in_json(&point), sums, "{household}: history of {on}");
        }
    }
    println!("{compared} balances and days of coverage");
    assert!(compared >= 961, "{compared}");
}
