//! Statement files: fixture pairs, files that are no statements, and sample files where there are some.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use dashtam::testing::{
    domain::{Correction, HoldingDraft, TransactionDraft},
    statements::{
        self, Limits, QuestionAnswers, Reading, Statement, StatementAccount, StatementError, StatementFile, Verdict,
    },
};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

fn read(path: &Path) -> Result<Reading, StatementError> {
    let bytes = fs::read(path).unwrap();
    let file_name = path.file_name().and_then(OsStr::to_str).unwrap();
    let (limits, answers) = (Limits::default(), QuestionAnswers::default());
    let input = StatementFile { bytes: &bytes, file_name, limits: &limits, layouts: &[], answers: &answers };
    statements::read(&input, &mut |_| ControlFlow::Continue(()))
}

/// The files of a folder that have one of the extensions, sorted.
fn files(folder: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().and_then(OsStr::to_str).is_some_and(|known| extensions.contains(&known)))
        .collect();
    files.sort();
    files
}

/// An object of the members that have a value.
fn object(members: Vec<(&str, Value)>) -> Value {
    let members = members.into_iter().filter(|(_, value)| !value.is_null());
    Value::Object(members.map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
}

fn text(value: Option<impl ToString>) -> Value {
    value.map_or(Value::Null, |value| Value::String(value.to_string()))
}

fn transaction(draft: &TransactionDraft) -> Value {
    let facts = &draft.facts;
    let security = facts.security.as_deref().map(|security| {
        object(vec![
            ("symbol", text(security.symbol.as_deref())),
            ("name", text(security.name.as_deref())),
            ("asset_type", text(security.asset_type)),
            ("quantity", text(security.quantity)),
            ("unit_price", text(security.unit_price)),
            ("commission", text(security.commission)),
            ("fees", text(security.fees)),
        ])
    });
    let foreign = facts
        .foreign
        .as_deref()
        .map(|foreign| json!({ "amount": foreign.money.amount.to_string(), "currency": foreign.money.currency, "rate": foreign.rate.to_string() }));
    let correction = draft.correction.as_deref().map(|correction| match correction {
        Correction::Replaces(id) => json!({ "replaces": id }),
        Correction::Deletes(id) => json!({ "deletes": id }),
    });
    object(vec![
        ("line", json!(facts.origin.line)),
        ("id", text(facts.provider_id.as_deref())),
        ("date", text(Some(facts.date))),
        ("settlement_date", text(facts.settlement_date)),
        ("amount", text(Some(facts.amount))),
        ("currency", text(Some(facts.currency))),
        ("kind", text(Some(format!("{}/{}", facts.kind.transaction_type(), facts.kind.subtype())))),
        ("status", text(Some(facts.status))),
        ("payee", text(facts.payee.as_deref())),
        ("description", text(facts.description.as_deref())),
        ("memo", text(facts.memo.as_deref())),
        ("reference", text(facts.reference.as_deref())),
        ("raw_type", text(facts.raw_type.as_deref())),
        ("security", security.unwrap_or_default()),
        ("foreign", foreign.unwrap_or_default()),
        ("correction", correction.unwrap_or_default()),
    ])
}

fn holding(draft: &HoldingDraft) -> Value {
    let facts = &draft.facts;
    object(vec![
        ("id", text(Some(&facts.provider_id))),
        ("symbol", text(Some(&facts.symbol))),
        ("name", text(Some(&facts.name))),
        ("asset_type", text(Some(facts.asset_type))),
        ("quantity", text(Some(facts.quantity))),
        ("price", text(facts.price)),
        ("price_date", text(facts.price_date)),
        ("market_value", text(facts.market_value)),
        ("cost_basis", text(facts.cost_basis)),
        ("multiplier", text(Some(facts.multiplier))),
        ("currency", text(Some(facts.currency))),
        ("source", text(facts.source.as_deref())),
        ("as_of", text(Some(draft.as_of))),
    ])
}

fn running(entry: &StatementAccount) -> Value {
    let balances = entry.running.iter().map(|balance| json!(format!("{} {}", balance.row, balance.amount)));
    if entry.running.is_empty() { Value::Null } else { balances.collect() }
}

fn account(entry: &StatementAccount) -> Value {
    let draft = &entry.account;
    let balance = draft.balance.map(|balance| {
        object(vec![
            ("date", text(Some(balance.date))),
            ("current", text(Some(balance.current))),
            ("available", text(balance.available)),
            ("holdings_value", text(balance.holdings_value)),
            ("cash_value", text(balance.cash_value)),
        ])
    });
    object(vec![
        ("id", text(Some(&draft.provider_account_id))),
        ("number", text(Some(&draft.number))),
        ("name", text(draft.name.as_deref())),
        ("type", text(Some(draft.account_type))),
        ("currency", text(Some(draft.currency))),
        ("balance", balance.unwrap_or_default()),
        ("period", text(entry.period.map(|(from, to)| format!("{from}..{to}")))),
        ("complete", if entry.complete { json!(true) } else { Value::Null }),
        ("pending_as_of", text(entry.pending_as_of)),
        ("opening", text(entry.opening.map(|balance| format!("{} {}", balance.date, balance.amount)))),
        ("closing", text(entry.closing.map(|balance| format!("{} {}", balance.date, balance.amount)))),
        ("running", running(entry)),
        ("transactions", entry.transactions.iter().map(transaction).collect()),
        ("holdings", if entry.holdings_complete { entry.holdings.iter().map(holding).collect() } else { Value::Null }),
    ])
}

fn statement(statement: &Statement) -> Value {
    let institution = &statement.institution;
    object(vec![
        ("member", text(statement.member.as_deref())),
        ("document", if statement.document > 1 { json!(statement.document) } else { Value::Null }),
        (
            "institution",
            object(vec![
                ("name", text(institution.name.as_deref())),
                ("number", text(institution.number.as_deref())),
                ("register_number", text(institution.register_number.as_deref())),
                ("bank_code", text(institution.bank_code.as_deref())),
                ("bic", text(institution.bic.as_deref())),
                ("layout", text(institution.layout.as_deref())),
            ]),
        ),
        ("accounts", statement.accounts.iter().map(account).collect()),
    ])
}

fn reading(read: &Result<Reading, StatementError>) -> Value {
    match read {
        Err(error) => json!({ "error": error.to_string() }),
        Ok(reading) => {
            let warnings = reading.warnings.iter();
            object(vec![
                ("format", text(Some(reading.format))),
                ("verdict", text(Some(verdict(&reading.verdict)))),
                ("statements", reading.statements.iter().map(statement).collect()),
                ("evidence", reading.evidence.iter().map(|evidence| json!(evidence.text)).collect()),
                ("warnings", warnings.map(|warning| json!(format!("{}: {}", warning.line, warning.message))).collect()),
            ])
        }
    }
}

fn verdict(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Certain => "certain".to_owned(),
        Verdict::Proven { agree, of } => format!("{agree} of {of} balances agree"),
        Verdict::Question(question) => format!("{}: {}", question.id, question.text),
    }
}

/// Every fixture reads as the JSON beside it. `UPDATE_FIXTURES=1` rewrites the JSON, to be reviewed by eye.
#[test]
fn fixtures_read_as_written_down() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let folders = ["ofx", "ofx/busted", "qif", "camt", "mt940"].map(|folder| root.join(folder));
    let endings = ["ofx", "ofc", "qfx", "qbo", "gz", "zip", "csv", "html", "qif", "pdf", "xml", "sta"];
    let mut count = 0;
    let mut wrong = Vec::new();
    for folder in folders {
        for path in files(&folder, &endings) {
            count += 1;
            let found = serde_json::to_string_pretty(&reading(&read(&path))).unwrap() + "\n";
            let beside = PathBuf::from(format!("{}.json", path.display()));
            if std::env::var_os("UPDATE_FIXTURES").is_some() {
                fs::write(&beside, &found).unwrap();
            }
            let expected = fs::read_to_string(&beside).unwrap_or_default();
            if found != expected {
                let line = found.lines().zip(expected.lines()).position(|(found, expected)| found != expected);
                wrong.push(format!("{}: line {:?}", beside.display(), line.map(|line| line + 1)));
            }
        }
    }
    assert!(wrong.is_empty(), "differ (UPDATE_FIXTURES=1 rewrites them): {wrong:#?}");
    assert!(count > 60, "only {count} fixtures found");
}

/// The line of `expected.tsv` about a file, and the reading.
#[derive(Debug, PartialEq)]
struct Summary {
    bank_rows: usize,
    investment_rows: usize,
    accounts: usize,
    first: String,
    last: String,
    sum: Decimal,
}

/// Tags of rows that are neither bank rows nor recognised by how they start.
const INVESTMENT: [&str; 8] =
    ["INCOME", "REINVEST", "TRANSFER", "SPLIT", "INVEXPENSE", "RETOFCAP", "MARGININTEREST", "CLOSUREOPT"];

fn is_bank_row(draft: &TransactionDraft) -> bool {
    let raw = draft.facts.raw_type.as_deref().unwrap_or_default();
    !(raw.starts_with("BUY") || raw.starts_with("SELL") || raw.starts_with("JRNL") || INVESTMENT.contains(&raw))
}

fn pages(reading: &Reading) -> impl Iterator<Item = &StatementAccount> {
    reading.statements.iter().flat_map(|statement| &statement.accounts)
}

fn summary(reading: &Reading) -> Summary {
    let rows: Vec<&TransactionDraft> = pages(reading).flat_map(|entry| &entry.transactions).collect();
    let accounts: BTreeSet<&str> = pages(reading).map(|entry| entry.account.provider_account_id.as_str()).collect();
    let bank: Vec<&&TransactionDraft> = rows.iter().filter(|row| is_bank_row(row)).collect();
    let dates = bank.iter().map(|row| row.facts.date);
    Summary {
        bank_rows: bank.len(),
        investment_rows: rows.len() - bank.len(),
        accounts: accounts.len(),
        first: dates.clone().min().map(|date| date.to_string()).unwrap_or_default(),
        last: dates.max().map(|date| date.to_string()).unwrap_or_default(),
        sum: bank.iter().map(|row| row.facts.amount).sum(),
    }
}

/// Rows, accounts, balances, days and sums of the sample files in the folder that `DASHTAM_SAMPLES` names.
///
/// Where few readers agree on a file, what is right:
/// - `fail_nice_decimal_error`: `DTPOSTED` 201120000000 is no day, so the table has none. The row is kept on the day of
///   the statement, with a warning.
/// - `no_close_any`, `utf16le_bom`: the other readers refuse them; the row counts follow from the files' text.
/// - `amount_trailing_minus`, `dt_dashes`, `missing_dtposted`, `latin1_declared_utf8`: the strict readers refuse them.
///   A row without `DTPOSTED` is kept on the day of the row before it, with a warning.
/// - `two_docs`: both documents hold the same account; the table lists its balance twice.
#[test]
fn samples_read_completely() {
    let Some(root) = std::env::var_os("DASHTAM_SAMPLES").map(|root| PathBuf::from(root).join("ofx")) else {
        eprintln!("skipped: DASHTAM_SAMPLES names no folder of sample files");
        return;
    };
    let table = fs::read_to_string(root.join("expected.tsv")).unwrap();
    let mut wrong = Vec::new();
    for line in table.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [file, bank, investment, accounts, balances, first, last, sum, ..] = columns[..] else { panic!("{line}") };
        let statement = match read(&root.join(file)) {
            Ok(statement) => statement,
            Err(error) => {
                wrong.push(format!("{file}: {error}"));
                continue;
            }
        };
        let mut found = summary(&statement);
        if file.ends_with("fail_nice_decimal_error.ofx") {
            assert_eq!((found.first.as_str(), statement.warnings.len()), ("2011-06-14", 1));
            (found.first, found.last) = (String::new(), String::new());
        }
        let expected = Summary {
            bank_rows: bank.parse().unwrap(),
            investment_rows: investment.parse().unwrap(),
            accounts: accounts.parse().unwrap(),
            first: first.to_owned(),
            last: last.to_owned(),
            sum: sum.parse().unwrap(),
        };
        if found != expected {
            wrong.push(format!("{file}: {found:?} instead of {expected:?}"));
        }
        let stated: BTreeSet<Decimal> =
            balances.split(';').filter(|text| !text.is_empty()).map(|text| text.parse().unwrap()).collect();
        let bank_accounts = pages(&statement)
            .filter_map(|entry| entry.account.balance)
            .filter(|balance| balance.holdings_value.is_none() && balance.cash_value.is_none());
        let read: BTreeSet<Decimal> = bank_accounts.map(|balance| balance.current).collect();
        if stated != read && !file.ends_with("pag-seguro.ofx") {
            wrong.push(format!("{file}: balances {read:?} instead of {stated:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
