//! Made-up statement files of a few accounts, imported by the real engine.

pub(crate) mod as_ofx;
pub(crate) mod parts;
pub(crate) mod samples;

use std::{collections::BTreeMap, fmt::Write as _, path::PathBuf};

use dashtam::testing::{
    domain::{AccountId, TransactionId},
    sync::ImportRequest,
};

use super::desk::Desk;

/// Day of October 2026, amount, id, name.
pub(crate) type Line<'a> = (u32, &'a str, &'a str, &'a str);

/// A statement of one account.
pub(crate) fn statement(account: &str, currency: &str, rows: &[Line<'_>]) -> String {
    let mut text = format!(
        "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\n\n<OFX><SIGNONMSGSRSV1><SONRS><FI><ORG>Bank {account}<FID>{account}</FI>\
         </SONRS></SIGNONMSGSRSV1><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>{currency}<BANKACCTFROM><BANKID>{account}\
         <ACCTID>{account}<ACCTTYPE>CHECKING</BANKACCTFROM>\n<BANKTRANLIST>"
    );
    for (day, amount, id, name) in rows {
        write!(text, "<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>202610{day:02}").unwrap();
        writeln!(text, "<TRNAMT>{amount}<FITID>{id}<NAME>{name}</STMTTRN>").unwrap();
    }
    text.push_str("</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>");
    text
}

/// A desk with files to import.
pub(crate) struct Bench {
    pub(crate) desk: Desk,
    pub(crate) folder: tempfile::TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self { desk: Desk::new(&[]), folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Imports a file; the number of new rows.
    pub(crate) async fn import(&self, path: &std::path::Path) -> u64 {
        let request = ImportRequest { paths: vec![path.to_owned()], ..ImportRequest::default() };
        let report = self.desk.handle.import(request, |_| {}).await.unwrap();
        assert!(report.files.iter().all(|file| file.outcome.is_ok()));
        self.desk.store.verify().unwrap();
        report.files.iter().map(|file| file.transactions_imported).sum()
    }

    /// The rows of every account: `day amount name`.
    pub(crate) fn rows(&self) -> BTreeMap<u64, Vec<String>> {
        let reader = self.desk.store.read().unwrap();
        let mut rows: BTreeMap<u64, Vec<String>> = BTreeMap::new();
        for account in reader.accounts().unwrap() {
            rows.insert(account.id.0, Vec::new());
        }
        reader
            .scan(|row, _| {
                let facts = &row.facts;
                let text = format!("{} {} {}", chrono::Datelike::day(&facts.date), facts.amount, facts.payee());
                rows.entry(row.account_id.0).or_default().push(text);
                std::ops::ControlFlow::Continue(())
            })
            .unwrap();
        for rows in rows.values_mut() {
            rows.sort();
        }
        rows
    }

    /// The number of rows of every account.
    pub(crate) fn counts(&self) -> Vec<(u64, usize)> {
        self.rows().into_iter().map(|(account, rows)| (account, rows.len())).collect()
    }

    /// The row of that name that the source of an account delivered.
    pub(crate) fn row(&self, name: &str, account: AccountId) -> TransactionId {
        let reader = self.desk.store.read().unwrap();
        let rows = reader.source_rows_between(account, chrono::NaiveDate::MIN, chrono::NaiveDate::MAX).unwrap();
        rows.iter().find(|row| row.facts.payee() == name).unwrap().id
    }
}
