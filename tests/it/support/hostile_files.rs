//! Statements of a household whose figures are hard: yen without a fraction and with a gap, a card with refunds, a loan, a broker
//! with whole units and units of nine decimals, an account in two downloads of which the second corrects a row.

use std::fmt::Write as _;

/// A row: day, amount, name, and the id of the row that it corrects.
type Row<'a> = (&'a str, &'a str, &'a str, Option<&'a str>);

fn ofx(body: &str) -> String {
    format!(
        "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nSECURITY:NONE\nENCODING:USASCII\nCHARSET:1252\nCOMPRESSION:NONE\n\
         OLDFILEUID:NONE\nNEWFILEUID:NONE\n\n<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0<SEVERITY>INFO</STATUS>\
         <DTSERVER>20261119<LANGUAGE>ENG<FI><ORG>Hard Bank<FID>7711</FI></SONRS></SIGNONMSGSRSV1>{body}</OFX>\n"
    )
}

fn rows(account: &str, rows: &[Row<'_>]) -> String {
    let mut text = String::new();
    for (number, (day, amount, name, corrects)) in rows.iter().enumerate() {
        let kind = if amount.starts_with('-') { "DEBIT" } else { "CREDIT" };
        let posted = day.replace('-', "");
        let corrected = corrects.map_or_else(String::new, |id| format!("<CORRECTFITID>{id}<CORRECTACTION>REPLACE\n"));
        let _ = write!(
            text,
            "<STMTTRN>\n<TRNTYPE>{kind}\n<DTPOSTED>{posted}\n<TRNAMT>{amount}\n<FITID>{account}-{posted}-{number}\n{corrected}\
             <NAME>{name}\n</STMTTRN>\n"
        );
    }
    text
}

/// A statement of a bank, or of a card or loan without `kind`.
fn bank(kind: Option<&str>, currency: &str, account: &str, until: &str, list: &[Row<'_>], balance: &str) -> String {
    let until = until.replace('-', "");
    let list = format!("<BANKTRANLIST>\n<DTSTART>20260801\n<DTEND>{until}\n{}</BANKTRANLIST>", rows(account, list));
    let balance = format!("<LEDGERBAL>\n<BALAMT>{balance}\n<DTASOF>{until}\n</LEDGERBAL>");
    ofx(&match kind {
        Some(kind) => format!(
            "<BANKMSGSRSV1><STMTTRNRS><TRNUID>1<STATUS><CODE>0<SEVERITY>INFO</STATUS><STMTRS><CURDEF>{currency}<BANKACCTFROM>\
             <BANKID>1<ACCTID>{account}<ACCTTYPE>{kind}</BANKACCTFROM>{list}{balance}</STMTRS></STMTTRNRS></BANKMSGSRSV1>"
        ),
        None => format!(
            "<CREDITCARDMSGSRSV1><CCSTMTTRNRS><TRNUID>1<STATUS><CODE>0<SEVERITY>INFO</STATUS><CCSTMTRS><CURDEF>{currency}\
             <CCACCTFROM><ACCTID>{account}</CCACCTFROM>{list}{balance}</CCSTMTRS></CCSTMTTRNRS></CREDITCARDMSGSRSV1>"
        ),
    })
}

fn trade(id: &str, day: &str, security: &str, units: &str, price: &str, fees: &str, total: &str) -> String {
    format!(
        "<BUYSTOCK><INVBUY><INVTRAN><FITID>{id}\n<DTTRADE>{day}\n</INVTRAN><SECID><UNIQUEID>{security}<UNIQUEIDTYPE>CUSIP</SECID>\n\
         <UNITS>{units}\n<UNITPRICE>{price}\n<COMMISSION>{fees}\n<TOTAL>{total}\n<SUBACCTSEC>CASH<SUBACCTFUND>CASH</INVBUY>\
         <BUYTYPE>BUY</BUYSTOCK>\n"
    )
}

fn position(security: &str, units: &str, price: &str, value: &str) -> String {
    format!(
        "<POSSTOCK><INVPOS><SECID><UNIQUEID>{security}<UNIQUEIDTYPE>CUSIP</SECID><HELDINACCT>CASH<POSTYPE>LONG\n<UNITS>{units}\n\
         <UNITPRICE>{price}\n<MKTVAL>{value}\n<DTPRICEASOF>20261118</INVPOS></POSSTOCK>\n"
    )
}

fn broker() -> String {
    let trades = [
        trade("t1", "20261005", "11A", "15", "200", "1.5", "-3001.5"),
        trade("t2", "20261006", "22B", "0.123456789", "40000.5", "0", "-4938.33"),
        trade("t3", "20261007", "11A", "5", "201", "1", "-1006"),
    ];
    let deposit = rows("990000777001", &[("2026-10-01", "12000", "Deposit", None)]);
    let positions = [position("11A", "20", "210", "4200"), position("22B", "0.123456789", "41000", "5061.73")];
    let info = |id: &str, name: &str, ticker: &str| {
        format!(
            "<STOCKINFO><SECINFO><SECID><UNIQUEID>{id}<UNIQUEIDTYPE>CUSIP</SECID><SECNAME>{name}<TICKER>{ticker}</SECINFO></STOCKINFO>"
        )
    };
    ofx(&format!(
        "<INVSTMTMSGSRSV1><INVSTMTTRNRS><TRNUID>1<STATUS><CODE>0<SEVERITY>INFO</STATUS><INVSTMTRS><DTASOF>20261118<CURDEF>USD\
         <INVACCTFROM><BROKERID>hard.example<ACCTID>990000777001</INVACCTFROM><INVTRANLIST><DTSTART>20261001<DTEND>20261118\n{}\
         <INVBANKTRAN>\n{deposit}<SUBACCTFUND>CASH\n</INVBANKTRAN></INVTRANLIST><INVPOSLIST>{}</INVPOSLIST><INVBAL>\n\
         <AVAILCASH>3054.17\n<MARGINBALANCE>0<SHORTBALANCE>0</INVBAL></INVSTMTRS></INVSTMTTRNRS></INVSTMTMSGSRSV1>\
         <SECLISTMSGSRSV1><SECLIST>{}{}</SECLIST></SECLISTMSGSRSV1>",
        trades.concat(),
        positions.concat(),
        info("11A", "Whole Units Inc", "WHOL"),
        info("22B", "Small Coin", "COIN"),
    ))
}

/// The files: name and text.
pub(crate) fn files() -> Vec<(&'static str, String)> {
    let yen = "880000333111";
    vec![
        (
            "yen_1.qfx",
            bank(
                Some("CHECKING"),
                "JPY",
                yen,
                "2026-09-30",
                &[
                    ("2026-09-01", "300000", "Salary", None),
                    ("2026-09-12", "-85000", "Rent", None),
                    ("2026-09-20", "-1200", "Noodles", None),
                ],
                "250000",
            ),
        ),
        (
            "yen_2.qfx",
            bank(
                Some("CHECKING"),
                "JPY",
                yen,
                "2026-10-31",
                &[("2026-10-02", "-4500", "Tea", None), ("2026-10-12", "-85000", "Rent", None)],
                "155000",
            ),
        ),
        (
            "card.qfx",
            bank(
                None,
                "USD",
                "5100000000004242",
                "2026-11-15",
                &[
                    ("2026-10-03", "-120.00", "Shoes", None),
                    ("2026-10-09", "120.00", "Shoes", None),
                    ("2026-11-01", "-18.6", "Lunch", None),
                    ("2026-11-10", "250.00", "Payment thank you", None),
                ],
                "-77.10",
            ),
        ),
        (
            "loan.qfx",
            bank(
                Some("CREDITLINE"),
                "USD",
                "660000555222",
                "2026-11-10",
                &[("2026-10-10", "-35.25", "Interest charge", None), ("2026-11-10", "400", "Payment", None)],
                "-9635.25",
            ),
        ),
        (
            "corrected_1.qfx",
            bank(
                Some("SAVINGS"),
                "EUR",
                "440000111888",
                "2026-10-31",
                &[("2026-10-05", "-40.00", "Garage", None), ("2026-10-20", "900.00", "Wages", None)],
                "1860.00",
            ),
        ),
        (
            "corrected_2.qfx",
            bank(
                Some("SAVINGS"),
                "EUR",
                "440000111888",
                "2026-11-12",
                &[
                    ("2026-10-05", "-44.50", "Garage", Some("440000111888-20261005-0")),
                    ("2026-11-02", "-1", "Fee", None),
                ],
                "1854.50",
            ),
        ),
        ("broker.ofx", broker()),
    ]
}
