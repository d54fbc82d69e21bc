//! What a file yields, kept across its documents: accounts merged by identity, the institution, warnings.
//!
//! Used by the reader. INVARIANT: holds accounts, never rows; rows and positions go straight to the caller.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::{
    account::AccountName,
    record::{Leaf, Record},
    tag::Tag,
    text,
    warnings::Warnings,
};
use crate::{
    domain::{AccountDraft, AccountType, AssetCode, BalanceDraft, HoldingDraft, Text, TransactionDraft},
    statements::{Institution, Limits, Statement, StatementAccount, StatementError},
};

/// What a file holds, one thing at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A row of the account with that index in [`Statement::accounts`].
    Transaction(usize, TransactionDraft),
    /// A position of the account with that index.
    Holding(usize, HoldingDraft),
}

struct Refusal {
    line: u32,
    code: Text,
    message: Option<Text>,
}

/// Everything but the rows.
pub(super) struct Book<'s> {
    pub(super) limits: Limits,
    pub(super) warnings: Warnings,
    pub(super) institution: Institution,
    /// Whether anything of OFX was seen.
    pub(super) seen: bool,
    accounts: Vec<StatementAccount>,
    by_identity: HashMap<String, usize>,
    refusals: Vec<Refusal>,
    /// Names that a list of accounts gives, by identity.
    names: HashMap<String, Option<Text>>,
    rows: usize,
    holdings: usize,
    sink: &'s mut dyn FnMut(Item),
}

impl<'s> Book<'s> {
    /// An empty book that hands rows to `sink`.
    pub(super) fn new(limits: &Limits, sink: &'s mut dyn FnMut(Item)) -> Self {
        Self {
            limits: *limits,
            warnings: Warnings::new(limits.warnings),
            institution: Institution::default(),
            seen: false,
            accounts: Vec::new(),
            by_identity: HashMap::new(),
            refusals: Vec::new(),
            names: HashMap::new(),
            rows: 0,
            holdings: 0,
            sink,
        }
    }

    /// The account of that name, entered at its first use. One number in two currencies is two accounts.
    pub(super) fn account(&mut self, name: &AccountName, currency: AssetCode) -> usize {
        let mut identity = name.identity();
        if let Some(&index) = self.by_identity.get(&identity) {
            if self.accounts[index].account.currency == currency {
                return index;
            }
            identity = format!("{identity}/{currency}");
            if let Some(&index) = self.by_identity.get(&identity) {
                return index;
            }
        }
        let index = self.accounts.len();
        self.by_identity.insert(identity.clone(), index);
        self.accounts.push(StatementAccount {
            account: AccountDraft {
                provider_account_id: identity,
                number: name.number.to_string(),
                name: None,
                account_type: name.account_type,
                currency,
                balance: None,
                is_active: true,
            },
            transactions: Vec::new(),
            holdings: Vec::new(),
            holdings_complete: false,
            period: None,
        });
        index
    }

    /// An account in a list of accounts.
    pub(super) fn listed(&mut self, record: &Record<'_, '_>, name: Option<Text>) {
        if let Some(account) = AccountName::of(record) {
            self.names.insert(account.identity(), name);
        }
    }

    pub(super) fn currency_of(&self, account: usize) -> Option<AssetCode> {
        self.accounts.get(account).map(|entry| entry.account.currency)
    }

    pub(super) fn retype(&mut self, account: usize, account_type: AccountType) {
        self.accounts[account].account.account_type = account_type;
    }

    /// Of several balances of an account the latest counts, of one day the last.
    pub(super) fn balance(&mut self, account: usize, balance: BalanceDraft) {
        let slot = &mut self.accounts[account].account.balance;
        if slot.is_none_or(|known| known.date <= balance.date) {
            *slot = Some(balance);
        }
    }

    pub(super) fn holdings_complete(&mut self, account: usize) {
        self.accounts[account].holdings_complete = true;
    }

    /// Widens the account's period.
    pub(super) fn period(&mut self, account: usize, start: Option<NaiveDate>, end: Option<NaiveDate>) {
        let (Some(start), Some(end)) = (start, end) else { return };
        let slot = &mut self.accounts[account].period;
        *slot = Some(slot.map_or((start, end), |(from, to)| (from.min(start), to.max(end))));
    }

    pub(super) fn refused(&mut self, line: u32, code: Text, message: Option<Text>) {
        self.refusals.push(Refusal { line, code, message });
    }

    pub(super) fn hand_over(&mut self, item: Item) -> Result<(), StatementError> {
        match &item {
            Item::Transaction(..) => {
                self.rows += 1;
                if self.rows > self.limits.rows {
                    return Err(StatementError::TooLarge {
                        what: format!("{} transactions", self.rows),
                        limit: self.limits.rows as u64,
                        setting: "rows",
                    });
                }
            }
            Item::Holding(..) => self.holdings += 1,
        }
        (self.sink)(item);
        Ok(())
    }

    /// The statement without its rows, or why there is none.
    pub(super) fn finish(mut self) -> Result<Statement, StatementError> {
        let silent =
            self.rows == 0 && self.holdings == 0 && self.accounts.iter().all(|entry| entry.account.balance.is_none());
        if silent && let Some(refusal) = self.refusals.pop() {
            return Err(StatementError::Refused {
                code: refusal.code.into(),
                message: refusal.message.map(Into::into),
            });
        }
        if self.accounts.is_empty() && !self.names.is_empty() {
            return Err(StatementError::NotAStatement {
                found: format!("this lists {} accounts but holds no statement of any", self.names.len()),
                hint: "download the transactions of an account as QFX or OFX".to_owned(),
            });
        }
        if self.accounts.is_empty() {
            return Err(StatementError::NoAccount);
        }
        for entry in &mut self.accounts {
            let listed = self.names.get(&entry.account.provider_account_id).cloned().flatten();
            entry.account.name = listed.map(String::from);
        }
        for refusal in &self.refusals {
            self.warnings.add(refusal.line, || {
                let message = refusal.message.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
                format!("the institution answered part of the request with error {}{message}", refusal.code)
            });
        }
        Ok(Statement { institution: self.institution, accounts: self.accounts, warnings: self.warnings.finish() })
    }
}

impl Institution {
    /// Takes what a leaf says about the institution; the first word counts.
    pub(super) fn note(&mut self, leaf: &Leaf<'_>) {
        let slot = match leaf.tag {
            Tag::Org => &mut self.org,
            Tag::Fid => &mut self.fid,
            Tag::IntuBid => &mut self.bid,
            _ => return,
        };
        if slot.is_none() {
            *slot = text::line(leaf).map(Into::into);
        }
    }

    pub(super) fn note_bank(&mut self, bank_id: Option<&str>) {
        if self.bank_id.is_none() {
            self.bank_id = bank_id.map(Into::into);
        }
    }
}
