//! Plain-text accounting: each row becomes a balanced entry between its account and a counter-account.

use std::{
    collections::HashSet,
    io::{self, Write},
};

use super::LedgerEntry;
use crate::domain::{Account, AccountCategory, AssetCode, TransactionStatus, TransactionSubtype, TransactionType};

/// An entry for ledger and hledger.
pub(super) fn plain(
    out: &mut impl Write,
    entry: &LedgerEntry,
    account: Option<&Account>,
    hledger: bool,
) -> io::Result<()> {
    let facts = &entry.transaction.facts;
    let code = facts.provider_id.as_deref().map_or_else(|| entry.transaction.id.to_string(), ToOwned::to_owned);
    let code = line(&code).replace(['(', ')'], "");
    writeln!(out, "{} {} ({code}) {}", facts.date, flag(facts.status), line(entry.payee()))?;
    for (name, text) in [("memo", facts.memo.as_deref()), ("note", entry.user.note.as_deref())] {
        if let Some(text) = text {
            // A comma ends the value of a tag in hledger.
            let text = if hledger { line(text).replace(',', " ") } else { line(text) };
            writeln!(out, "    ; {name}: {text}")?;
        }
    }
    let tags: Vec<_> = entry.user.tags.iter().map(|tag| word(tag)).filter(|tag| !tag.is_empty()).collect();
    if !tags.is_empty() {
        let listed = if hledger { format!("{}:", tags.join(":, ")) } else { format!(":{}:", tags.join(":")) };
        writeln!(out, "    ; {listed}")?;
    }
    let [own, other] = accounts(entry, account).map(|parts| parts.join(":"));
    let commodity = commodity(facts.currency);
    writeln!(out, "    {own}  {} {commodity}", facts.amount)?;
    writeln!(out, "    {other}  {} {commodity}\n", -facts.amount)
}

/// An entry for beancount; accounts are opened where they first occur.
pub(super) fn beancount(
    out: &mut impl Write,
    entry: &LedgerEntry,
    account: Option<&Account>,
    opened: &mut HashSet<String>,
) -> io::Result<()> {
    let facts = &entry.transaction.facts;
    let names = accounts(entry, account).map(|parts| {
        let parts: Vec<_> = parts.iter().flat_map(|part| part.split(':')).map(component).collect();
        parts.join(":")
    });
    for name in &names {
        if opened.insert(name.clone()) {
            writeln!(out, "1900-01-01 open {name}")?;
        }
    }
    let description = facts.description();
    let narration = if description == entry.payee() { facts.memo.as_deref().unwrap_or_default() } else { description };
    let mut tags = String::new();
    for tag in entry.user.tags.iter().map(|tag| word(tag)).filter(|tag| !tag.is_empty()) {
        tags.push_str(" #");
        tags.push_str(&tag);
    }
    let flag = flag(facts.status);
    writeln!(out, "{} {flag} {} {}{tags}", facts.date, quoted(entry.payee()), quoted(narration))?;
    writeln!(out, "  dashtam_id: \"{}\"", entry.transaction.id)?;
    if let Some(id) = &facts.provider_id {
        writeln!(out, "  provider_id: {}", quoted(id))?;
    }
    if let Some(note) = &entry.user.note {
        writeln!(out, "  note: {}", quoted(note))?;
    }
    let currency = beancount_currency(facts.currency);
    writeln!(out, "  {}  {} {currency}", names[0], facts.amount)?;
    writeln!(out, "  {}  {} {currency}\n", names[1], -facts.amount)
}

const fn flag(status: TransactionStatus) -> char {
    match status {
        TransactionStatus::Settled => '*',
        TransactionStatus::Pending | TransactionStatus::Failed | TransactionStatus::Cancelled => '!',
    }
}

/// The names of the account and of the counter-account.
fn accounts(entry: &LedgerEntry, account: Option<&Account>) -> [Vec<String>; 2] {
    let facts = &entry.transaction.facts;
    let own = account.map_or_else(
        || vec!["Assets".to_owned(), format!("Account {}", entry.transaction.account_id)],
        |account| {
            let root = if account.kind().category() == AccountCategory::Credit { "Liabilities" } else { "Assets" };
            let name = format!("{} {}", account.display_name(), account.tail());
            vec![root.to_owned(), name_part(&account.institution), name_part(&name)]
        },
    );
    let side = if facts.amount.is_sign_negative() { "Expenses" } else { "Income" };
    let other = match (&entry.user.category, facts.kind.transaction_type()) {
        (Some(category), _) if !category.trim().is_empty() => {
            let parts = category.split(':').map(name_part).filter(|part| !part.is_empty());
            std::iter::once(side.to_owned()).chain(parts).collect()
        }
        (_, TransactionType::Transfer | TransactionType::Conversion) => {
            vec!["Equity".to_owned(), "Transfers".to_owned()]
        }
        (_, TransactionType::Trade | TransactionType::CorporateAction) => {
            vec!["Equity".to_owned(), "Trades".to_owned()]
        }
        (_, TransactionType::Fee) => vec!["Expenses".to_owned(), "Fees".to_owned()],
        (_, TransactionType::Tax) => vec!["Expenses".to_owned(), "Taxes".to_owned()],
        (_, TransactionType::Income) => vec!["Income".to_owned(), income(facts.kind.subtype()).to_owned()],
        (_, TransactionType::Payment) if facts.kind.subtype() == TransactionSubtype::CardPayment => {
            vec!["Equity".to_owned(), "Transfers".to_owned()]
        }
        (_, TransactionType::Payment | TransactionType::Other) => vec![side.to_owned(), "Unknown".to_owned()],
    };
    [own, other]
}

const fn income(subtype: TransactionSubtype) -> &'static str {
    match subtype {
        TransactionSubtype::Dividend => "Dividends",
        TransactionSubtype::Interest => "Interest",
        TransactionSubtype::CapitalGain => "Capital gains",
        _ => "Other",
    }
}

/// A text on one line that no comment sign or doubled blank cuts short.
fn line(text: &str) -> String {
    let words: Vec<_> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    words.join(" ").replace(';', ",")
}

/// A part of an account name: no colon, which begins the next part, and nothing that means a virtual account.
fn name_part(text: &str) -> String {
    let plain = line(text).replace([':', '(', ')', '[', ']', '<', '>', '"', '@', '='], " ");
    let words: Vec<_> = plain.split(' ').filter(|word| !word.is_empty()).collect();
    let name = words.join(" ");
    let name = name.trim_start_matches(['*', '!', '-', '#', '%', '|', '~', '&']).trim();
    if name.is_empty() { "Unknown".to_owned() } else { name.to_owned() }
}

/// A tag: letters, digits, dash and underscore.
fn word(text: &str) -> String {
    let plain: String =
        text.trim().chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' }).collect();
    plain.trim_matches('-').to_owned()
}

/// In quotes when it is more than letters.
fn commodity(currency: AssetCode) -> String {
    let code = currency.as_str();
    if code.bytes().all(|byte| byte.is_ascii_alphabetic()) { code.to_owned() } else { format!("\"{code}\"") }
}

/// A currency as beancount reads it: a letter first, a letter or digit last.
fn beancount_currency(currency: AssetCode) -> String {
    let code = currency.as_str().trim_end_matches(['.', '-', '_']);
    if code.starts_with(|c: char| c.is_ascii_alphabetic()) { code.to_owned() } else { format!("X{code}") }
}

/// A part of an account name for beancount: a capital or digit first, then letters, digits and dashes.
fn component(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
    let mut joined = String::new();
    for part in plain.split('-').filter(|part| !part.is_empty()) {
        if !joined.is_empty() {
            joined.push('-');
        }
        joined.push_str(part);
    }
    let Some(first) = joined.chars().next() else { return "Unknown".to_owned() };
    format!("{}{}", first.to_uppercase(), &joined[first.len_utf8()..])
}

fn quoted(text: &str) -> String {
    let words: Vec<_> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    format!("\"{}\"", words.join(" ").replace('\\', "\\\\").replace('"', "\\\""))
}
