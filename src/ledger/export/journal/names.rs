//! Names of accounts and commodities, by the rules of each tool; different things never share a name.

use std::collections::{HashMap, HashSet};

use super::text::{self, JournalTool};
use crate::domain::{Account, AccountCategory, AccountId, AssetCode, AssetType, text::fold};

/// The names that a journal uses.
#[derive(Debug)]
pub(super) struct Names {
    dialect: JournalTool,
    own: HashMap<AccountId, String>,
    /// Names of commodities by symbol.
    commodities: HashMap<String, String>,
    taken: HashSet<String>,
}

impl Names {
    pub(super) fn new<'a>(dialect: JournalTool, accounts: impl IntoIterator<Item = &'a Account>) -> Self {
        let mut names = Self { dialect, own: HashMap::new(), commodities: HashMap::new(), taken: HashSet::new() };
        let mut used = HashSet::new();
        for account in accounts {
            let root = if account.kind().category() == AccountCategory::Credit { "Liabilities" } else { "Assets" };
            let name = short_name(account);
            let mut path = names.path(&[root, &account.institution, &name]);
            if !used.insert(path.clone()) {
                path = names.path(&[root, &account.institution, &format!("{name} {}", account.id)]);
                used.insert(path.clone());
            }
            names.own.insert(account.id, path);
        }
        names
    }

    /// The name of one of the accounts.
    pub(super) fn own(&self, account: AccountId) -> String {
        self.own.get(&account).cloned().unwrap_or_else(|| self.path(&["Assets", &format!("Account {account}")]))
    }

    /// The name of an account with these parts.
    pub(super) fn path(&self, parts: &[&str]) -> String {
        let parts: Vec<String> = parts
            .iter()
            .map(|part| match self.dialect {
                JournalTool::Beancount => text::component(&text::name_part(part)),
                JournalTool::Ledger | JournalTool::Hledger => text::name_part(part),
            })
            .collect();
        parts.join(":")
    }

    /// The commodity of a currency.
    pub(super) fn currency(&mut self, currency: AssetCode) -> String {
        self.commodity(currency.as_str())
    }

    /// The commodity of a security. A ticker that is the code of a currency gets a suffix.
    pub(super) fn security(&mut self, symbol: &str, asset_type: Option<AssetType>) -> String {
        let is_money = matches!(asset_type, Some(AssetType::Cryptocurrency | AssetType::CashEquivalent));
        if !is_money && AssetCode::new(symbol).is_ok_and(|code| code.is_iso()) {
            return self.commodity(&format!("{symbol}.STOCK"));
        }
        self.commodity(symbol)
    }

    fn commodity(&mut self, symbol: &str) -> String {
        if let Some(known) = self.commodities.get(symbol) {
            return known.clone();
        }
        let plain = match self.dialect {
            JournalTool::Beancount => text::beancount_commodity(symbol),
            JournalTool::Ledger | JournalTool::Hledger => text::commodity(symbol),
        };
        let mut name = plain.clone();
        let mut number = 2;
        while !self.taken.insert(name.clone()) {
            name = match self.dialect {
                JournalTool::Beancount => format!("{}X{number}", plain.get(..20).unwrap_or(&plain)),
                JournalTool::Ledger | JournalTool::Hledger => {
                    text::commodity(&format!("{} {number}", plain.trim_matches('"')))
                }
            };
            number += 1;
        }
        self.commodities.insert(symbol.to_owned(), name.clone());
        name
    }

    /// Commodities whose name is not their symbol, with the symbol.
    pub(super) fn renamed(&self) -> Vec<(&str, &str)> {
        let mut renamed: Vec<_> = self
            .commodities
            .iter()
            .filter(|(symbol, name)| name.trim_matches('"') != symbol.as_str())
            .map(|(symbol, name)| (name.as_str(), symbol.as_str()))
            .collect();
        renamed.sort_unstable();
        renamed
    }
}

/// The name without the institution, which is a part before it, and with the end of the number unless it has it.
fn short_name(account: &Account) -> String {
    let full = account.display_name();
    let words = full.split_whitespace().map(|word| word.trim_matches('·'));
    let mut words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let institution: Vec<String> = account.institution.split_whitespace().map(|word| fold(word).into_owned()).collect();
    let leading = words.iter().zip(&institution).take_while(|(word, own)| fold(word) == own.as_str()).count();
    if leading == institution.len() && leading < words.len() {
        words.drain(..leading);
    }
    let tail = account.tail();
    // The name was the institution and the number.
    if words == [tail] {
        words.insert(0, account.kind().label());
    }
    let mut name = words.join(" ");
    if !tail.is_empty() && !name.contains(tail) {
        name.push(' ');
        name.push_str(tail);
    }
    name
}
