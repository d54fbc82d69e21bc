//! Kinds of rows over the command line: the same money has the same kind in every format, and income statements follow.

use serde_json::Value;

use crate::support::scripted::ScriptedProfile;

/// Wages, money from the own savings, groceries, a card payment; as a day in November, an amount in cents and a text.
const ROWS: [(&str, &str, &str); 4] = [
    ("13", "2450.00", "ACME CORP"),
    ("14", "100.00", "Online Transfer from Savings"),
    ("15", "-42.17", "Corner Foods"),
    ("16", "-80.00", "Credit card payment to Harbor"),
];

fn ofx(types: [&str; 4]) -> String {
    let rows = ROWS.iter().zip(types).map(|((day, amount, text), kind)| {
        format!("<STMTTRN><TRNTYPE>{kind}<DTPOSTED>202611{day}<TRNAMT>{amount}<FITID>{day}<NAME>{text}</STMTTRN>")
    });
    format!(
        "<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>USD<BANKACCTFROM><BANKID>1<ACCTID>700012345678<ACCTTYPE>CHECKING\
         </BANKACCTFROM><BANKTRANLIST>{}</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>",
        rows.collect::<String>()
    )
}

fn qif() -> String {
    let rows = ROWS.map(|(day, amount, text)| format!("D11/{day}/2026\nT{amount}\nP{text}\n^\n"));
    format!("!Account\nNChecking\nTBank\n^\n!Type:Bank\n{}", rows.concat())
}

fn camt() -> String {
    let rows = ROWS.map(|(day, amount, text)| {
        let (side, family) = if amount.starts_with('-') { ("DBIT", "ICDT") } else { ("CRDT", "RCDT") };
        let amount = amount.trim_start_matches('-');
        format!(
            "<Ntry><Amt Ccy=\"USD\">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-11-{day}</Dt></BookgDt>\
             <BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>{family}</Cd><SubFmlyCd>DMCT</SubFmlyCd></Fmly></Domn></BkTxCd>\
             <AddtlNtryInf>{text}</AddtlNtryInf></Ntry>"
        )
    });
    format!(
        "<?xml version=\"1.0\"?><Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.02\"><BkToCstmrStmt><Stmt><Id>1</Id>\
         <Acct><Id><Othr><Id>700012345678</Id></Othr></Id><Ccy>USD</Ccy></Acct>{}</Stmt></BkToCstmrStmt></Document>",
        rows.concat()
    )
}

fn mt940() -> String {
    let rows = ROWS.map(|(day, amount, text)| {
        let side = if amount.starts_with('-') { 'D' } else { 'C' };
        let amount = amount.trim_start_matches('-').replace('.', ",");
        format!(":61:2611{day}11{day}{side}{amount}NTRFNONREF\r\n:86:{text}\r\n")
    });
    format!(
        ":20:1\r\n:25:10020030/700012345678\r\n:28C:1/1\r\n:60F:C261101USD0,00\r\n{}:62F:C261130USD2427,83\r\n-\r\n",
        rows.concat()
    )
}

/// The kinds of the rows of a file, oldest first.
fn kinds(name: &str, text: &str) -> Vec<String> {
    let sandbox = ScriptedProfile::new();
    let file = sandbox.file(name, text);
    sandbox.ok(&["import", &file]);
    let rows = sandbox.json(&["transactions"]);
    rows.as_array().unwrap().iter().rev().map(|row| row["subtype"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_same_money_has_the_same_kind_in_every_format() {
    let wanted = ["other_income", "transfer_in", "purchase", "card_payment"];
    for (name, text) in [
        ("credit.ofx", ofx(["CREDIT", "CREDIT", "DEBIT", "DEBIT"])),
        ("dep.ofx", ofx(["DIRECTDEP", "DEP", "PAYMENT", "PAYMENT"])),
        ("rows.qif", qif()),
        ("rows.xml", camt()),
        ("rows.sta", mt940()),
    ] {
        assert_eq!(kinds(name, &text), wanted, "{name}");
    }
}

#[test]
fn a_credit_that_is_the_other_end_of_a_transfer_is_one_and_every_income_statement_follows() {
    let sandbox = ScriptedProfile::new();
    let account = |number: &str, rows: &str| {
        format!(
            "<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>USD<BANKACCTFROM><BANKID>1<ACCTID>{number}<ACCTTYPE>CHECKING\
             </BANKACCTFROM><BANKTRANLIST>{rows}</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
        )
    };
    let row = |kind: &str, day: u32, amount: &str, text: &str| {
        format!("<STMTTRN><TRNTYPE>{kind}<DTPOSTED>202611{day:02}<TRNAMT>{amount}<FITID>{day}<NAME>{text}</STMTTRN>")
    };
    let checking = account(
        "700012345678",
        &(row("CREDIT", 3, "2450.00", "ACME CORP")
            + &row("XFER", 4, "-300.00", "To savings")
            + &row("DEBIT", 5, "-42.17", "Corner Foods")
            + &row("INT", 28, "1.05", "Interest")),
    );
    // The savings bank names no transfer.
    let savings = account("700087654321", &row("CREDIT", 5, "300.00", "Incoming"));
    for (name, text) in [("checking.ofx", checking), ("savings.ofx", savings)] {
        let file = sandbox.file(name, &text);
        sandbox.ok(&["import", &file]);
    }
    let flow = sandbox.json(&["cash-flow", "--every", "month"]);
    let [flow] = flow.as_array().unwrap().as_slice() else { panic!("{flow}") };
    let figures = ["in", "out", "net", "transfers"].map(|key| flow[key].as_str().unwrap().to_owned());
    assert_eq!(figures, ["2451.05", "42.17", "2408.88", "0.00"]);
    for tool in ["beancount", "hledger", "ledger"] {
        let journal = sandbox.ok(&["export", "--to", tool]);
        let sums = |part: &str| journal.lines().filter(|line| line.trim_start().starts_with(part)).count();
        assert_eq!(
            (sums("Income:Other"), sums("Income:Interest"), sums("Equity:Transfers")),
            (1, 1, 2),
            "{tool}: {journal}"
        );
        assert_eq!(sums("Expenses:Purchases"), 1, "{tool}: {journal}");
    }
    let rows: Value = serde_json::from_str(&sandbox.ok(&["export", "--to", "json"])).unwrap();
    let transfers = rows.as_array().unwrap().iter().filter(|row| row["type"] == "transfer").count();
    assert_eq!(transfers, 2, "{rows}");
}
