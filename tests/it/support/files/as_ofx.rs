//! The rows of a sample as the OFX file that the same bank would write.

use std::fmt::Write as _;

use dashtam::testing::{
    domain::{TransactionFacts, TransactionStatus},
    statements::StatementAccount,
};

use super::samples::{Sample, pages};

/// `None` where there is no settled row.
pub(crate) fn as_ofx(sample: &Sample) -> Option<String> {
    let mut accounts: Vec<(&StatementAccount, Vec<&TransactionFacts>)> = Vec::new();
    for page in pages(&sample.reading) {
        let settled = page.transactions.iter().map(|draft| &draft.facts);
        let currency = page.account.currency;
        let settled = settled.filter(|facts| facts.status == TransactionStatus::Settled && facts.currency == currency);
        let same = accounts.iter_mut().find(|(known, _)| {
            known.account.provider_account_id == page.account.provider_account_id
                && known.account.currency == page.account.currency
        });
        match same {
            Some((_, rows)) => rows.extend(settled),
            None => accounts.push((page, settled.collect())),
        }
    }
    accounts.retain(|(_, rows)| !rows.is_empty());
    if accounts.is_empty() {
        return None;
    }
    let name = sample.reading.statements.iter().find_map(|statement| statement.institution.name.as_deref());
    let mut text = format!(
        "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nSECURITY:NONE\nENCODING:UTF-8\nCHARSET:NONE\n\n<OFX><SIGNONMSGSRSV1><SONRS>\
         <STATUS><CODE>0<SEVERITY>INFO</STATUS><DTSERVER>20261120<LANGUAGE>ENG<FI><ORG>{}<FID>4711</FI></SONRS>\
         </SIGNONMSGSRSV1>\n",
        escaped(name.unwrap_or("Bank of the Test"))
    );
    for (index, (page, rows)) in accounts.iter().enumerate() {
        let owner = sample.reading.statements.iter().find(|statement| statement.accounts.contains(page));
        let bank = owner
            .and_then(|statement| statement.institution.bank_code.as_deref().or(statement.institution.bic.as_deref()))
            .unwrap_or("998877665");
        text.push_str(&statement(&sample.kind, index, bank, page, rows));
    }
    text.push_str("</OFX>\n");
    Some(text)
}

fn statement(kind: &str, index: usize, bank: &str, page: &StatementAccount, rows: &[&TransactionFacts]) -> String {
    let currency = page.account.currency;
    let number = number(&page.account.number, index);
    let mut dates: Vec<_> = rows.iter().map(|facts| facts.date).collect();
    dates.sort_unstable();
    let (from, to) = (dates[0].format("%Y%m%d"), dates[dates.len() - 1].format("%Y%m%d"));
    let (set, response, account) = match kind {
        "card" => ("CREDITCARD", "CC", format!("<CCACCTFROM><ACCTID>{number}</CCACCTFROM>")),
        "investment" => ("INV", "INV", format!("<INVACCTFROM><BROKERID>broker<ACCTID>{number}</INVACCTFROM>")),
        _ => ("BANK", "", format!("<BANKACCTFROM><BANKID>{bank}<ACCTID>{number}<ACCTTYPE>CHECKING</BANKACCTFROM>")),
    };
    let set = if set == "INV" { "INVSTMTMSGSRSV1".to_owned() } else { format!("{set}MSGSRSV1") };
    let list = if response == "INV" { "INVTRANLIST" } else { "BANKTRANLIST" };
    let mut text =
        format!("<{set}><{response}STMTTRNRS><TRNUID>1<STATUS><CODE>0<SEVERITY>INFO</STATUS><{response}STMTRS>");
    if response == "INV" {
        write!(text, "<DTASOF>{to}").unwrap();
    }
    writeln!(text, "<CURDEF>{currency}{account}<{list}><DTSTART>{from}<DTEND>{to}").unwrap();
    for (place, facts) in rows.iter().enumerate() {
        text.push_str(&row(response == "INV", index * 100_000 + place, facts));
    }
    write!(text, "</{list}>").unwrap();
    if let Some(closing) = page.closing.filter(|_| response != "INV") {
        let day = closing.date.format("%Y%m%d");
        write!(text, "<LEDGERBAL><BALAMT>{}<DTASOF>{day}</LEDGERBAL>", closing.amount).unwrap();
    }
    writeln!(text, "</{response}STMTRS></{response}STMTTRNRS></{set}>").unwrap();
    text
}

fn row(is_investment: bool, number: usize, facts: &TransactionFacts) -> String {
    let day = facts.date.format("%Y%m%d");
    let amount = facts.amount;
    let name: String = facts.payee().chars().take(32).collect();
    let (name, memo) = (escaped(&name), escaped(facts.description()));
    let id = format!("T{number:06}");
    let security = facts.security.as_deref().filter(|security| security.quantity.is_some_and(|units| !units.is_zero()));
    if let Some(security) = security.filter(|_| is_investment) {
        let units = security.quantity.unwrap_or_default();
        let symbol = security.symbol.as_deref().or(security.name.as_deref()).unwrap_or("X");
        let price = security.unit_price.unwrap_or_default();
        let (side, tag) = if amount.is_sign_negative() { ("BUY", "BUYOTHER") } else { ("SELL", "SELLOTHER") };
        return format!(
            "<{tag}><INV{side}><INVTRAN><FITID>{id}<DTTRADE>{day}<MEMO>{memo}</INVTRAN><SECID><UNIQUEID>{}\
             <UNIQUEIDTYPE>TICKER</SECID><UNITS>{units}<UNITPRICE>{price}<TOTAL>{amount}<SUBACCTSEC>CASH<SUBACCTFUND>CASH\
             </INV{side}></{tag}>\n",
            escaped(symbol)
        );
    }
    let kind = if amount.is_sign_negative() { "DEBIT" } else { "CREDIT" };
    let name = if name.is_empty() { String::new() } else { format!("<NAME>{name}") };
    let memo = if memo.is_empty() { String::new() } else { format!("<MEMO>{memo}") };
    let row = format!("<STMTTRN><TRNTYPE>{kind}<DTPOSTED>{day}<TRNAMT>{amount}<FITID>{id}{name}{memo}</STMTTRN>");
    if is_investment { format!("<INVBANKTRAN>{row}<SUBACCTFUND>CASH</INVBANKTRAN>\n") } else { format!("{row}\n") }
}

/// The full number: masks are filled with digits; a file without any gets one.
fn number(stated: &str, index: usize) -> String {
    let number: String = stated.chars().filter(|letter| !letter.is_whitespace()).collect();
    if !number.chars().any(|letter| letter.is_ascii_digit()) {
        return format!("77889900{index}");
    }
    let is_mask = |letter: char| matches!(letter, '*' | 'X' | 'x' | '·' | '•' | '.');
    let is_masked = number.chars().filter(|letter| is_mask(*letter)).count() > 2;
    let digits = |letter: char| if is_mask(letter) { '5' } else { letter };
    let number: String = if is_masked { number.chars().map(digits).collect() } else { number };
    escaped(&number)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace(['\n', '\r'], " ")
}
