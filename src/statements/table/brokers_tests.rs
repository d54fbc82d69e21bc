//! Tables of brokers: the kinds of their rows, with quantity, price and fee.

use super::test_reading::read_text;
use crate::statements::Reading;

fn reading(text: &str) -> Reading {
    read_text(text).unwrap()
}

/// Kind, amount, and quantity of each row.
fn rows(text: &str) -> Vec<String> {
    let reading = reading(text);
    let drafts = reading.statements.iter().flat_map(|s| &s.accounts).flat_map(|page| &page.transactions);
    let row = |facts: &crate::domain::TransactionFacts| {
        let quantity = facts.security.as_ref().and_then(|security| security.quantity);
        let quantity = quantity.map_or_else(String::new, |quantity| format!(" {}", quantity.normalize()));
        format!("{} {}{quantity}", facts.kind.0.as_str(), facts.amount.normalize())
    };
    drafts.map(|draft| row(&draft.facts)).collect()
}

#[test]
fn one_word_of_a_broker_may_name_both_directions() {
    let table = "Activity Date,Process Date,Settle Date,Instrument,Description,Trans Code,Quantity,Price,Amount\n\
                 3/14/2026,3/14/2026,3/14/2026,,ACH Withdrawal,ACH,,,($50.00)\n\
                 3/13/2026,3/13/2026,3/13/2026,,ACH Deposit,ACH,,,$500.00\n\
                 3/11/2026,3/11/2026,3/12/2026,SMPL,SMPL 4/17/2026 Call $180.00,STO,1,$1.50,$150.00\n";
    assert_eq!(rows(table), ["withdrawal -50", "deposit 500", "short_sell 150 -1"]);
}

#[test]
fn reinvested_dividends_and_wires_have_their_kinds() {
    let table = "\"Date\",\"Action\",\"Symbol\",\"Description\",\"Quantity\",\"Price\",\"Fees & Comm\",\"Amount\"\n\
                 \"03/14/2026\",\"Wire Received\",\"\",\"WIRE\",\"\",\"\",\"\",\"$5000.00\"\n\
                 \"03/13/2026 as of 03/12/2026\",\"Qual Div Reinvest\",\"SMPL\",\"SAMPLE\",\"\",\"\",\"\",\"$12.50\"\n\
                 \"03/13/2026\",\"Reinvest Shares\",\"SMPL\",\"SAMPLE\",\"0.0625\",\"$200.00\",\"\",\"-$12.50\"\n\
                 \"03/11/2026\",\"MoneyLink Transfer\",\"\",\"Tfr\",\"\",\"\",\"\",\"-$100.00\"\n";
    assert_eq!(rows(table), ["wire_in 5000", "dividend 12.5", "reinvestment -12.5 0.0625", "withdrawal -100"]);
}

#[test]
fn trades_that_no_layout_names_are_recognised_by_word_and_money() {
    let table = "Action,Time,ISIN,Ticker,Name,No. of shares,Price / share,Currency (Price / share),Total (GBP),ID\n\
                 Market buy,2026-03-15 10:00:00,US0000000009,SMPL,Sample,2,130.00,USD,200.15,E1\n\
                 Market sell,2026-03-16 10:00:00,US0000000009,SMPL,Sample,1,130.26,USD,100.05,E2\n\
                 Dividend (Ordinary),2026-03-17 10:00:00,US0000000009,SMPL,Sample,1,0.23,USD,1.20,E3\n";
    assert_eq!(rows(table), ["buy -200.15 2", "sell 100.05 -1", "dividend 1.2 1"]);
}

#[test]
fn quantity_and_price_may_lie_in_the_text() {
    let table = "Date,Time,Value date,Product,ISIN,Description,FX,Change,,Balance,,Order Id\n\
                 16-03-2026,10:04,16-03-2026,SAMPLE NV,NL0000000009,Sell 5 Sample NV@50.12 EUR (NL0000000009),,EUR,250.60,EUR,351.60,b\n\
                 13-03-2026,10:04,13-03-2026,SAMPLE NV,NL0000000009,Buy 2 Sample NV@49.50 EUR (NL0000000009),,EUR,-99.00,EUR,101.00,a\n";
    assert_eq!(rows(table), ["sell 250.6 -5", "buy -99 2"]);
}

#[test]
fn an_older_export_of_a_wallet_has_its_currency_in_another_column() {
    let table = "Timestamp,Transaction Type,Asset,Quantity Transacted,Spot Price Currency,Spot Price at Transaction,Subtotal,\
                 Total (inclusive of fees and/or spread),Fees and/or Spread,Notes\n\
                 2026-03-15T10:00:00Z,Buy,BTC,0.002,EUR,50000.00,100.00,101.49,1.49,Bought 0.002 BTC\n";
    assert_eq!(rows(table), ["buy -101.49 0.002"]);
    assert_eq!(reading(table).statements[0].accounts[0].account.currency.to_string(), "EUR");
}
