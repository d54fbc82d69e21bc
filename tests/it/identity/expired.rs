//! Pending rows that were never posted stop counting by their date, without a new import.

use dashtam::testing::{
    domain::TransactionId,
    ledger::{Ledger, sums},
    sync::ImportRequest,
};

use crate::support::{desk::day, files::Bench};

const STATEMENT: &str = "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\n\n<OFX><SIGNONMSGSRSV1><SONRS><FI><ORG>Bank<FID>1</FI>\
    </SONRS></SIGNONMSGSRSV1><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>USD<BANKACCTFROM><BANKID>1<ACCTID>111<ACCTTYPE>\
    CHECKING</BANKACCTFROM><BANKTRANLIST><STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20261001<TRNAMT>-5.00<FITID>a<NAME>Alpha\
    </STMTTRN></BANKTRANLIST><BANKTRANLISTP><DTASOF>20261002<STMTTRNP><TRNTYPE>DEBIT<DTTRAN>20261002<TRNAMT>-60.00\
    <NAME>Hotel</STMTTRNP></BANKTRANLISTP></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>";

#[tokio::test]
async fn a_pending_row_that_was_never_posted_expires_by_date() {
    let bench = Bench::new();
    let request = ImportRequest { paths: vec![bench.file("a.ofx", STATEMENT)], ..ImportRequest::default() };
    bench.desk.handle.import(request, |_| {}).await.unwrap();
    let ledger = Ledger::new(bench.desk.store.clone());
    for (today, total, is_expired) in [("2026-11-16", "-65.00", false), ("2026-11-17", "-5.00", true)] {
        let today = day(today);
        let view = ledger.on(today).view().unwrap();
        let columns = view.load_columns().unwrap();
        let total_of_all = sums(&columns, None).totals[0].0.amount.to_string();
        assert_eq!(total_of_all, total, "on {today}");
        let newest = view.entry(TransactionId(2)).unwrap().unwrap();
        assert_eq!(view.has_expired(&newest.transaction.facts), is_expired);
        assert_eq!(newest.transaction.facts.status.to_string(), "pending", "the institution's status stays");
    }
}
