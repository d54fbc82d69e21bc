//! Files hold every row, exactly, and nothing that another program would act on.

use chrono::NaiveDate;
use proptest::prelude::*;

use super::*;
use crate::{
    domain::{
        AssetCode, ChangeId, Kind, Transaction, TransactionFacts, TransactionId, TransactionStatus, TransactionSubtype,
        UserFields, text,
    },
    ledger::search::tests::{accounts, any_rows},
    statements,
};

fn entry(payee: &str, memo: &str, amount: &str) -> LedgerEntry {
    let date = NaiveDate::from_ymd_opt(2026, 11, 20).unwrap();
    let mut facts = TransactionFacts::new(date, amount.parse().unwrap(), AssetCode::USD);
    facts.payee = Some(payee.into());
    facts.memo = (!memo.is_empty()).then(|| memo.into());
    facts.provider_id = Some("202611200001".into());
    facts.kind = Kind(TransactionSubtype::Purchase);
    let user = UserFields {
        category: Some("Food:Coffee".into()),
        tags: vec!["road trip".into(), "fun".into()],
        ..UserFields::default()
    };
    LedgerEntry {
        transaction: Transaction { id: TransactionId(7), account_id: AccountId(2), change_id: ChangeId(1), facts },
        user,
    }
}

fn written(format: ExportFormat, entries: &[LedgerEntry]) -> String {
    let accounts = accounts();
    let account = |id| accounts.iter().find(|account| account.id == id);
    let mut out = Vec::new();
    let table = |format, out: &mut Vec<u8>| {
        let mut table = ExportTable::new(format, &account, StatedBalances::default(), out).unwrap();
        for entry in entries {
            table.row(entry.clone()).unwrap();
        }
        table.finish().unwrap();
    };
    let journal = |dialect, out: &mut Vec<u8>| {
        let mut journal = Journal::new(dialect, &accounts, None, out).unwrap();
        let mut entries = entries.to_vec();
        entries.sort_by_key(|entry| entry.transaction.facts.date);
        for day in entries.chunk_by(|a, b| a.transaction.facts.date == b.transaction.facts.date) {
            journal.day(day[0].transaction.facts.date, day.to_vec()).unwrap();
        }
        journal.finish().unwrap();
    };
    match format {
        ExportFormat::Csv => table(ExportTableFormat::Csv, &mut out),
        ExportFormat::Json => table(ExportTableFormat::Json, &mut out),
        ExportFormat::Ledger => journal(JournalTool::Ledger, &mut out),
        ExportFormat::Hledger => journal(JournalTool::Hledger, &mut out),
        ExportFormat::Beancount => journal(JournalTool::Beancount, &mut out),
    }
    String::from_utf8(out).unwrap()
}

fn read(text: &str) -> statements::Reading {
    let (limits, answers) = (statements::Limits::default(), statements::QuestionAnswers::default());
    let file = statements::StatementFile {
        bytes: text.as_bytes(),
        file_name: "export.csv",
        limits: &limits,
        layouts: &[],
        answers: &answers,
    };
    statements::read(&file, &mut |_| std::ops::ControlFlow::Continue(())).unwrap()
}

#[test]
fn journals() {
    let row = entry("Blue; Bottle  Coffee", "two, \"cups\"", "-6.50");
    assert_eq!(
        written(ExportFormat::Hledger, std::slice::from_ref(&row)),
        "; Selected rows, without opening balances and stated balances.\n\naccount Assets:Bank b:Ábc card 2222\ncommodity \
         1000.00 USD\naccount Expenses:Food:Coffee\n2026-11-20 * (202611200001) Blue, Bottle Coffee\n    ; memo: two  \
         \"cups\"\n    ; dashtam_id: 7\n    ; road-trip:, fun:\n    Assets:Bank b:Ábc card 2222  -6.50 USD\n    \
         Expenses:Food:Coffee  6.50 USD\n\n"
    );
    assert!(written(ExportFormat::Ledger, std::slice::from_ref(&row)).contains("    ; :road-trip:fun:\n"));
    assert_eq!(
        written(ExportFormat::Beancount, &[row.clone(), row]).lines().skip(4).take(13).collect::<Vec<_>>(),
        [
            "2026-11-20 open Assets:Bank-b:Ábc-card-2222",
            "2026-11-20 commodity USD",
            "2026-11-20 open Expenses:Food:Coffee",
            "2026-11-20 * \"Blue; Bottle Coffee\" \"two, \\\"cups\\\"\" #road-trip #fun",
            "  code: \"202611200001\"",
            "  memo: \"two, \\\"cups\\\"\"",
            "  dashtam_id: \"7\"",
            "  Assets:Bank-b:Ábc-card-2222  -6.50 USD",
            "  Expenses:Food:Coffee  6.50 USD",
            "",
            "2026-11-20 * \"Blue; Bottle Coffee\" \"two, \\\"cups\\\"\" #road-trip #fun",
            "  code: \"202611200001\"",
            "  memo: \"two, \\\"cups\\\"\"",
        ]
    );
    let mut withdrawn = entry("x", "", "1");
    withdrawn.transaction.facts.status = TransactionStatus::Cancelled;
    assert_eq!(written(ExportFormat::Ledger, &[withdrawn]).lines().count(), 2);
    let mut pending = entry("x", "", "1");
    pending.transaction.facts.status = TransactionStatus::Pending;
    assert!(written(ExportFormat::Ledger, &[pending]).lines().all(|line| line.is_empty() || line.starts_with("; ")));
}

#[test]
fn a_spreadsheet_shows_no_formula() {
    let cells = |payee: &str| {
        let text = written(ExportFormat::Csv, &[entry(payee, "", "-6.50")]);
        let line = text.lines().nth(1).unwrap().to_owned();
        (line.contains(",-6.50,USD,"), line)
    };
    for (payee, cell) in [
        ("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\""),
        ("+1 555", "\"'+1 555\""),
        ("-5 coffee", "\"'-5 coffee\""),
        ("@sum", "\"'@sum\""),
        ("\tx", "\"'\tx\""),
        ("-5", ",-5,"),
        ("a, b", "\"a, b\""),
        ("plain", ",plain,"),
    ] {
        let (amount_is_plain, line) = cells(payee);
        assert!(amount_is_plain && line.contains(cell), "{line}");
    }
}

#[test]
fn empty_files_are_whole() {
    assert_eq!(written(ExportFormat::Json, &[]), "[]\n");
    assert_eq!(written(ExportFormat::Csv, &[]).lines().count(), 1);
}

proptest! {
    #[test]
    fn every_row_comes_back_from_csv_and_json(rows in any_rows(12)) {
        let entries: Vec<_> = rows.into_iter().map(|(transaction, user)| LedgerEntry { transaction, user }).collect();
        let objects: Vec<serde_json::Value> = serde_json::from_str(&written(ExportFormat::Json, &entries)).unwrap();
        let text = written(ExportFormat::Csv, &entries);
        let mut reader = ::csv::Reader::from_reader(text.as_bytes());
        let header = reader.headers().unwrap().clone();
        let records: Vec<_> = reader.records().map(Result::unwrap).collect();
        prop_assert_eq!((objects.len(), records.len()), (entries.len(), entries.len()));
        for ((entry, object), record) in entries.iter().zip(objects).zip(records) {
            let facts = &entry.transaction.facts;
            let cell = |name: &str| {
                let cell = &record[header.iter().position(|column| column == name).unwrap()];
                cell.strip_prefix('\'').filter(|rest| {
                    rest.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r'])
                }).unwrap_or(cell).to_owned()
            };
            for (name, value) in [
                ("amount", crate::domain::figures::at_scale_of(facts.amount, facts.currency).to_string()),
                ("date", facts.date.to_string()),
                ("payee", entry.user.payee.clone().or_else(|| facts.payee.as_ref().map(ToString::to_string)).unwrap_or_default()),
                ("subtype", facts.kind.subtype().to_string()),
            ] {
                prop_assert_eq!(&cell(name), &value);
                prop_assert_eq!(object[name].as_str().unwrap_or_default(), value.as_str());
            }
            let own: Vec<String> = crate::ledger::RowRecord::FIELDS.iter().map(|name| cell(name)).collect();
            let of_json = object.as_object().unwrap();
            prop_assert_eq!(of_json.keys().collect::<Vec<_>>(), crate::ledger::RowRecord::FIELDS);
            prop_assert_eq!(of_json.values().map(super::cell).collect::<Vec<_>>(), own, "one shape in CSV and JSON");
            prop_assert_eq!(cell("note"), entry.user.note.clone().unwrap_or_default());
            prop_assert_eq!(object["note"].as_str(), entry.user.note.as_deref());
        }
    }

    #[test]
    fn an_import_reads_back_what_an_export_wrote(rows in any_rows(12)) {
        let entries: Vec<_> = rows.into_iter().map(|(transaction, user)| LedgerEntry { transaction, user }).collect();
        prop_assume!(!entries.is_empty());
        let text = written(ExportFormat::Csv, &entries);
        let reading = read(&text);
        prop_assert_eq!(&reading.warnings, &Vec::new());
        let mut found: Vec<_> = reading
            .statements
            .iter()
            .flat_map(|statement| statement.accounts.iter().map(move |page| (statement, page)))
            .flat_map(|(statement, page)| page.transactions.iter().map(move |draft| (statement, page, draft)))
            .collect();
        found.sort_by_key(|(_, _, draft)| draft.facts.origin.line);
        prop_assert_eq!(found.len(), entries.len());
        let accounts = accounts();
        for ((statement, page, draft), entry) in found.into_iter().zip(&entries) {
            let facts = &draft.facts;
            let row = &entry.transaction.facts;
            let account = accounts.iter().find(|account| account.id == entry.transaction.account_id).unwrap();
            let line = |text: &str| text::clean_line(text).map(String::from).unwrap_or_default();
            prop_assert_eq!(&page.account.provider_account_id, &account.provider_account_id);
            prop_assert_eq!(statement.institution.name.as_deref().unwrap_or_default(), account.institution.as_str());
            prop_assert_eq!((page.account.account_type, page.account.currency), (account.kind(), account.currency));
            prop_assert_eq!((facts.date, facts.amount, facts.currency), (row.date, row.amount, row.currency));
            prop_assert_eq!((facts.settlement_date, facts.kind, facts.status), (row.settlement_date, row.kind, row.status));
            let given = draft.user.as_deref().cloned().unwrap_or_default();
            let shown = given.payee.clone().or_else(|| row.payee.as_ref().map(ToString::to_string));
            let own = entry.user.payee.clone().filter(|payee| !payee.is_empty());
            let expected = own.or_else(|| row.payee.as_ref().map(ToString::to_string));
            prop_assert_eq!(shown.unwrap_or_default(), expected.unwrap_or_default());
            prop_assert_eq!((&given.tags, given.note.as_deref().unwrap_or_default()), (&entry.user.tags, entry.user.note.as_deref().unwrap_or_default()));
            prop_assert_eq!(
                facts.raw_type.as_deref().unwrap_or_default(),
                line(row.raw_type.as_deref().unwrap_or_default())
            );
            prop_assert_eq!(given.category.unwrap_or_default(), entry.user.category.clone().unwrap_or_default());
            prop_assert_eq!(facts.payee.as_deref().unwrap_or_default(), line(row.payee.as_deref().unwrap_or_default()));
            prop_assert_eq!(facts.memo.as_deref().unwrap_or_default(), line(row.memo.as_deref().unwrap_or_default()));
            prop_assert_eq!(
                facts.provider_id.as_deref().unwrap_or_default(),
                line(row.provider_id.as_deref().unwrap_or_default())
            );
            let security = |facts: &TransactionFacts| {
                facts.security.as_ref().map(|security| (security.quantity, security.unit_price)).unwrap_or_default()
            };
            prop_assert_eq!(security(facts), security(row));
        }
    }

    #[test]
    fn journals_keep_their_shape_whatever_texts_hold(rows in any_rows(12)) {
        let entries: Vec<_> = rows.into_iter().map(|(transaction, user)| LedgerEntry { transaction, user }).collect();
        let settled = |entry: &&LedgerEntry| entry.transaction.facts.status == TransactionStatus::Settled;
        let counting = entries.iter().filter(settled).count();
        for format in [ExportFormat::Ledger, ExportFormat::Hledger, ExportFormat::Beancount] {
            let text = written(format, &entries);
            let is_heading = |line: &&str| matches!(line.get(10..12), Some(" *" | " !"));
            let headings = text.lines().filter(is_heading).count();
            prop_assert_eq!(headings, counting, "{}", text);
            for block in text.split("\n\n").filter(|block| block.lines().any(|line| is_heading(&line))) {
                let postings = block.lines().filter(|line| {
                    line.starts_with("  ") && !line.trim_start().starts_with(';') && !line.contains(": ")
                });
                prop_assert!(postings.count() >= 2, "{}", block);
            }
        }
    }
}
