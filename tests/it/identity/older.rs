//! Profiles of versions that did not keep the kind of an imported file.

use std::fs;

use dashtam::testing::{
    domain::{ChangeCounts, ChangeKind},
    store::NewSource,
    sync::ImportRequest,
};

use crate::support::desk::{Desk, NOW};

const OFX: &str = "OFXHEADER:100\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>EUR<BANKACCTFROM><BANKID>BYLADEM1001\
    <ACCTID>DE02120300000000202051<ACCTTYPE>CHECKING</BANKACCTFROM><BANKTRANLIST><DTSTART>20261001<DTEND>20261031\
    <STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20261013<TRNAMT>-45.00<FITID>1<NAME>CITY WORKS</STMTTRN>\
    <STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20261014<TRNAMT>-3.50<FITID>2<NAME>KIOSK</STMTTRN>\
    <STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20261014<TRNAMT>-3.50<FITID>3<NAME>KIOSK</STMTTRN>\
    <STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20261015<TRNAMT>2500.00<FITID>4<NAME>EMPLOYER</STMTTRN>\
    </BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>";
const TABLE: &str = "Account;DE02120300000000202051\nBooking date;Payee;Text;Amount;Currency;Reference\n\
    13.10.2026;City Works;Direct debit;-45,00;EUR;A1\n14.10.2026;Kiosk;Card;-3,50;EUR;A2\n\
    14.10.2026;Kiosk;Card;-3,50;EUR;A3\n15.10.2026;Employer;Salary;2500,00;EUR;A4\n";

/// New rows of a file.
async fn added(desk: &Desk, folder: &std::path::Path, name: &str, text: &str) -> u64 {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    let request = ImportRequest { paths: vec![path], ..ImportRequest::default() };
    let report = desk.handle.import(request, |_| {}).await.unwrap();
    report.files[0].outcome.as_ref().unwrap();
    report.files[0].transactions_imported
}

#[tokio::test]
async fn the_formats_of_one_account_add_nothing_to_rows_of_an_older_version() {
    let folder = tempfile::tempdir().unwrap();
    for (first, others) in [
        (("a.ofx", OFX), [("b.csv", TABLE.to_owned()), ("c.ofx", format!("{OFX}\n"))]),
        (("a.csv", TABLE), [("b.ofx", OFX.to_owned()), ("c.csv", format!("{TABLE}\n"))]),
    ] {
        let today = Desk::new(&[]);
        assert_eq!(added(&today, folder.path(), first.0, first.1).await, 4);
        let reader = today.store.read().unwrap();
        let older = Desk::new(&[]);
        let now = NOW.parse().unwrap();
        let mut writer = older.store.begin(ChangeKind::Import, first.0, now).unwrap();
        let (connection, account) = (reader.connections().unwrap().remove(0), reader.accounts().unwrap().remove(0));
        assert_eq!((writer.new_connection_id(), writer.new_account_id()), (connection.id, account.id));
        writer.put_connection(&connection).unwrap();
        writer.put_account(&account).unwrap();
        writer.append_transactions(account.id, today.rows().into_iter().map(|row| row.facts)).unwrap();
        writer.put_source(NewSource::pack(first.0, first.1.as_bytes().to_vec(), [7; 32]).unwrap()).unwrap();
        let counts = ChangeCounts { transactions_imported: 4, ..ChangeCounts::default() };
        writer.commit(counts, vec![account.id], Some(connection.id), Vec::new()).unwrap();
        for (name, text) in others {
            assert_eq!(added(&older, folder.path(), name, &text).await, 0, "{} then {name}", first.0);
        }
        older.store.verify().unwrap();
        assert_eq!(older.rows().len(), 4);
    }
}
