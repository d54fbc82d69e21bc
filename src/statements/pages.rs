//! The pages of a file while it is read, and the proof by balances.
//!
//! Used by the readers that hold a whole file in memory. INVARIANT: a row is counted when it is added, so the limit holds
//! for every reader.

use std::collections::{HashMap, HashSet};

use rust_decimal::Decimal;

use super::{
    Evidence, Institution, Limits, Reading, Statement, StatementAccount, StatementError, StatementFormat, Verdict,
    warnings::Warnings,
};
use crate::domain::{
    AccountDraft, AccountType, AssetCode, Text, TransactionDraft, TransactionFacts, TransactionStatus,
};

/// The identity of an account in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AccountKey {
    /// National bank code, routing number or BIC in front of the number, where the number is not unique without it.
    pub(super) bank: Option<String>,
    /// The number as the file writes it; empty when it names none.
    pub(super) number: String,
    /// The kind of account.
    pub(super) account_type: AccountType,
    /// In which its balance is counted.
    pub(super) currency: AssetCode,
}

/// Pages and warnings of one file.
pub(super) struct Pages {
    pub(super) warnings: Warnings,
    limits: Limits,
    list: Vec<StatementAccount>,
    /// The institution of each page.
    institutions: Vec<Institution>,
    /// The currency in which each identity was seen first.
    currencies: HashMap<String, AssetCode>,
    /// The statement number seen last for each account.
    numbers: HashMap<String, u32>,
    rows: usize,
}

impl Pages {
    /// No pages.
    #[must_use]
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            warnings: Warnings::new(limits.warnings),
            limits: *limits,
            list: Vec::new(),
            institutions: Vec::new(),
            currencies: HashMap::new(),
            numbers: HashMap::new(),
            rows: 0,
        }
    }

    /// Starts a page. One number in two currencies is two accounts.
    pub(super) fn begin(
        &mut self,
        institution: Institution,
        key: AccountKey,
        name: Option<String>,
    ) -> &mut StatementAccount {
        let mut identity = match &key.bank {
            Some(bank) => format!("{bank}/{}", key.number),
            None => key.number.clone(),
        };
        if identity.is_empty() {
            identity.push_str("unnamed");
            if key.account_type == AccountType::CreditCard {
                identity.push_str("/credit_card");
            }
        }
        if *self.currencies.entry(identity.clone()).or_insert(key.currency) != key.currency {
            identity = format!("{identity}/{}", key.currency);
        }
        let page = StatementAccount::new(AccountDraft {
            provider_account_id: identity,
            number: key.number,
            name,
            account_type: key.account_type,
            currency: key.currency,
            balance: None,
            is_active: true,
            institution: None,
        });
        self.list.push(page);
        self.institutions.push(institution);
        let last = self.list.len() - 1;
        &mut self.list[last]
    }

    /// Whether no page was begun.
    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The page begun last.
    pub(super) fn last(&mut self) -> Option<&mut StatementAccount> {
        self.list.last_mut()
    }

    /// Compares the number of the page begun last with that of the account's page before: a gap is a file that is missing.
    pub(super) fn check_number(&mut self, number: u32, line: u32) {
        let Some(page) = self.list.last().filter(|_| number > 0) else { return };
        let Some(last) = self.numbers.insert(page.account.provider_account_id.clone(), number) else { return };
        let first = last.saturating_add(1);
        if number > first {
            self.warnings.add(line, || match number - first {
                1 => format!("statement {first} of this account is missing in the file"),
                _ => format!("statements {first} to {} of this account are missing in the file", number - 1),
            });
        }
    }

    /// Adds a row to the page begun last.
    pub(super) fn push(&mut self, facts: TransactionFacts) -> Result<(), StatementError> {
        self.rows += 1;
        if self.rows > self.limits.rows {
            return Err(StatementError::TooLarge {
                what: format!("{} transactions", self.rows),
                limit: self.limits.rows as u64,
                setting: "rows",
            });
        }
        if let Some(page) = self.list.last_mut() {
            page.transactions.push(TransactionDraft::from(facts));
        }
        Ok(())
    }

    /// The pages as one reading, proven by their balances where they have some.
    pub(super) fn finish(mut self, reader: &StatementFormat, format: &'static str) -> Result<Reading, StatementError> {
        if self.list.is_empty() {
            return Err(StatementError::NoAccount);
        }
        drop_repeated_ids(&mut self.list);
        let (verdict, evidence) = judge(&self.list);
        self.warnings.end_document();
        Ok(Reading {
            format,
            statements: by_institution(self.institutions, self.list, reader, format),
            warnings: self.warnings.finish(),
            verdict,
            evidence,
        })
    }
}

/// One statement for each institution, in the order in which they occur.
fn by_institution(
    institutions: Vec<Institution>,
    pages: Vec<StatementAccount>,
    reader: &StatementFormat,
    format: &'static str,
) -> Vec<Statement> {
    let mut statements: Vec<Statement> = Vec::new();
    let mut places: HashMap<Institution, usize> = HashMap::new();
    for (institution, page) in institutions.into_iter().zip(pages) {
        let place = *places.entry(institution.clone()).or_insert_with(|| {
            statements.push(Statement {
                format,
                id_trust: reader.id_trust,
                member: None,
                document: 1,
                institution,
                accounts: Vec::new(),
            });
            statements.len() - 1
        });
        statements[place].accounts.push(page);
    }
    statements
}

/// Removes ids that occur on more than one row of an account: they identify nothing.
fn drop_repeated_ids(pages: &mut [StatementAccount]) {
    let mut repeated: HashSet<(String, Text)> = HashSet::new();
    {
        let mut seen: HashSet<(&str, &str)> = HashSet::new();
        for page in pages.iter() {
            let account = page.account.provider_account_id.as_str();
            for id in page.transactions.iter().filter_map(|draft| draft.facts.provider_id.as_ref()) {
                if !seen.insert((account, id)) {
                    repeated.insert((account.to_owned(), id.clone()));
                }
            }
        }
    }
    if repeated.is_empty() {
        return;
    }
    for page in pages {
        let account = page.account.provider_account_id.clone();
        for draft in &mut page.transactions {
            if let Some(id) = draft.facts.provider_id.take_if(|id| repeated.contains(&(account.clone(), id.clone()))) {
                draft.facts.reference.get_or_insert(id);
            }
        }
    }
}

/// The difference between the balances and the rows of a page: closing − opening − settled rows in the account's currency.
/// `None` when the page does not state both balances.
#[must_use]
pub(super) fn difference(page: &StatementAccount) -> Option<Decimal> {
    let (opening, closing) = (page.opening?, page.closing?);
    let settled = page
        .transactions
        .iter()
        .map(|draft| &draft.facts)
        .filter(|facts| facts.status == TransactionStatus::Settled && facts.currency == page.account.currency);
    let expected = settled.map(|facts| facts.amount).try_fold(opening.amount, Decimal::checked_add)?;
    closing.amount.checked_sub(expected)
}

/// Compares every pair of balances with the rows between them.
fn judge(pages: &[StatementAccount]) -> (Verdict, Vec<Evidence>) {
    let differences: Vec<Decimal> = pages.iter().filter_map(difference).collect();
    let of = differences.len();
    let agree = differences.iter().filter(|difference| difference.is_zero()).count();
    let has_rows = pages.iter().any(|page| !page.transactions.is_empty() && difference(page) == Some(Decimal::ZERO));
    if of == 0 {
        return (Verdict::Certain, Vec::new());
    }
    let text = format!("opening balance + rows = closing balance on {agree} of {of} pages");
    if agree == of {
        let verdict = if has_rows { Verdict::Proven { agree, of } } else { Verdict::Certain };
        return (verdict, vec![Evidence::supporting(text)]);
    }
    (Verdict::Certain, vec![Evidence::against(text)])
}
