//! The result of a file while it is read: documents with their institution, pages with their account, warnings.
//!
//! Used by the reader. INVARIANT: holds pages, never rows; rows and positions go straight to the caller.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::{
    account::AccountName,
    record::{Leaf, Record},
    tag::Tag,
    text,
};
use crate::{
    domain::{AccountDraft, AccountType, AssetCode, BalanceDraft, HoldingDraft, IdTrust, Text, TransactionDraft},
    statements::{
        Institution, Limits, Reading, Statement, StatementAccount, StatementError, Verdict, warnings::Warnings,
    },
};

/// A row or position, handed over as soon as it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DocumentItem {
    /// A row of the page with that position among all pages of the file.
    Transaction(usize, TransactionDraft),
    /// A position of the page with that position.
    Holding(usize, HoldingDraft),
}

/// A sign-on with the statements that follow it.
#[derive(Default)]
struct Document {
    institution: Institution,
    /// Position of its first page.
    first_page: usize,
}

struct Refusal {
    line: u32,
    code: Text,
    message: Option<Text>,
}

/// Everything but the rows.
pub(super) struct DocumentFacts<'s> {
    pub(super) limits: Limits,
    pub(super) warnings: Warnings,
    /// Whether anything of OFX was seen.
    pub(super) seen: bool,
    /// Never empty.
    documents: Vec<Document>,
    pages: Vec<StatementAccount>,
    /// The currency in which each identity was seen first.
    by_identity: HashMap<String, AssetCode>,
    refusals: Vec<Refusal>,
    /// Names that a list of accounts gives, by identity.
    names: HashMap<String, Option<Text>>,
    rows: usize,
    holdings: usize,
    sink: &'s mut dyn FnMut(DocumentItem),
}

impl<'s> DocumentFacts<'s> {
    /// An empty book that hands rows to `sink`.
    pub(super) fn new(limits: &Limits, sink: &'s mut dyn FnMut(DocumentItem)) -> Self {
        Self {
            limits: *limits,
            warnings: Warnings::new(limits.warnings),
            seen: false,
            documents: vec![Document::default()],
            pages: Vec::new(),
            by_identity: HashMap::new(),
            refusals: Vec::new(),
            names: HashMap::new(),
            rows: 0,
            holdings: 0,
            sink,
        }
    }

    /// Starts a document where statements were read since the last one started.
    pub(super) fn begin_document(&mut self) {
        let first_page = self.pages.len();
        if self.documents.last().is_some_and(|document| document.first_page < first_page) {
            self.documents.push(Document { institution: Institution::default(), first_page });
        }
    }

    /// The institution of the current document.
    pub(super) fn institution(&mut self) -> Option<&mut Institution> {
        self.documents.last_mut().map(|document| &mut document.institution)
    }

    /// Starts a page of the account of that name and gives its position. `again` continues the last page where it is of the
    /// same account. One number in two currencies is two accounts.
    pub(super) fn page(&mut self, name: &AccountName, currency: AssetCode, again: bool) -> usize {
        let mut identity = name.identity();
        if *self.by_identity.entry(identity.clone()).or_insert(currency) != currency {
            identity = format!("{identity}/{currency}");
        }
        if again
            && self.documents.last().is_some_and(|document| document.first_page < self.pages.len())
            && self.pages.last().is_some_and(|page| page.account.provider_account_id == identity)
        {
            return self.pages.len() - 1;
        }
        self.pages.push(StatementAccount::new(AccountDraft {
            provider_account_id: identity,
            number: name.number.to_string(),
            name: None,
            account_type: name.account_type,
            currency,
            balance: None,
            is_active: true,
            institution: None,
        }));
        self.pages.len() - 1
    }

    /// An account in a list of accounts.
    pub(super) fn listed(&mut self, record: &Record<'_, '_>, name: Option<Text>) {
        if let Some(account) = AccountName::of(record) {
            self.names.insert(account.identity(), name);
        }
    }

    pub(super) fn currency_of(&self, account: usize) -> Option<AssetCode> {
        self.pages.get(account).map(|page| page.account.currency)
    }

    pub(super) fn retype(&mut self, account: usize, account_type: AccountType) {
        self.pages[account].account.account_type = account_type;
    }

    /// Of several balances of an account the latest counts, of one day the last.
    pub(super) fn balance(&mut self, account: usize, balance: BalanceDraft) {
        let slot = &mut self.pages[account].account.balance;
        if slot.is_none_or(|known| known.date <= balance.date) {
            *slot = Some(balance);
        }
    }

    pub(super) fn holdings_complete(&mut self, account: usize) {
        self.pages[account].holdings_complete = true;
    }

    /// The days that the page covers, from its list of rows and its list of pending rows.
    pub(super) fn period(&mut self, page: usize, start: Option<NaiveDate>, end: Option<NaiveDate>) {
        let (Some(start), Some(end)) = (start, end) else { return };
        let page = &mut self.pages[page];
        page.period = Some(page.period.map_or((start, end), |(from, to)| (from.min(start), to.max(end))));
        page.complete = true;
    }

    /// The currency of the page is an assumption.
    pub(super) fn currency_assumed(&mut self, page: usize) {
        self.pages[page].currency_stated = false;
    }

    /// The file ends inside the last page.
    pub(super) fn cut(&mut self) {
        if let Some(page) = self.pages.last_mut() {
            page.complete = false;
            page.holdings_complete = false;
            page.pending_as_of = None;
        }
    }

    /// The page lists all rows pending on that day.
    pub(super) fn pending_as_of(&mut self, page: usize, day: Option<NaiveDate>) {
        let slot = &mut self.pages[page].pending_as_of;
        *slot = (*slot).max(day);
    }

    pub(super) fn refused(&mut self, line: u32, code: Text, message: Option<Text>) {
        self.refusals.push(Refusal { line, code, message });
    }

    pub(super) fn hand_over(&mut self, item: DocumentItem) -> Result<(), StatementError> {
        match &item {
            DocumentItem::Transaction(..) => {
                self.rows += 1;
                if self.rows > self.limits.rows {
                    return Err(StatementError::TooLarge {
                        what: format!("{} transactions", self.rows),
                        limit: self.limits.rows as u64,
                        setting: "rows",
                    });
                }
            }
            DocumentItem::Holding(..) => self.holdings += 1,
        }
        (self.sink)(item);
        Ok(())
    }

    /// The reading without its rows, or why there is none.
    pub(super) fn finish(mut self, format: &'static str) -> Result<Reading, StatementError> {
        let silent =
            self.rows == 0 && self.holdings == 0 && self.pages.iter().all(|page| page.account.balance.is_none());
        if silent && let Some(refusal) = self.refusals.pop() {
            return Err(StatementError::Refused {
                code: refusal.code.into(),
                message: refusal.message.map(Into::into),
            });
        }
        if self.pages.is_empty() && !self.names.is_empty() {
            return Err(StatementError::not_a_statement(
                format!("this lists {} accounts but holds no statement of any", self.names.len()),
                "download the transactions of an account as QFX or OFX",
            ));
        }
        if self.pages.is_empty() {
            return Err(StatementError::NoAccount);
        }
        for page in &mut self.pages {
            let listed = self.names.get(&page.account.provider_account_id).cloned().flatten();
            page.account.name = listed.map(String::from);
        }
        for refusal in &self.refusals {
            self.warnings.add(refusal.line, || {
                let message = refusal.message.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
                format!("the institution answered part of the request with error {}{message}", refusal.code)
            });
        }
        Ok(Reading {
            format,
            statements: statements(self.documents, self.pages, format),
            warnings: self.warnings.finish(),
            verdict: Verdict::Certain,
            evidence: Vec::new(),
        })
    }
}

/// The pages by document. A document that names no institution has that of the one before it; a last sign-on without
/// statements names the institution of those before it where they have none.
fn statements(documents: Vec<Document>, pages: Vec<StatementAccount>, format: &'static str) -> Vec<Statement> {
    let count = pages.len();
    let mut pages = pages.into_iter();
    let mut statements: Vec<Statement> = Vec::with_capacity(documents.len());
    let ends: Vec<usize> = documents.iter().skip(1).map(|document| document.first_page).chain([count]).collect();
    for (document, end) in documents.into_iter().zip(ends) {
        let mut institution = document.institution;
        let is_signed = institution.is_signed();
        if end == document.first_page {
            if let Some(before) = statements.last_mut()
                && !before.institution.is_signed()
            {
                institution.bank_code = institution.bank_code.or(before.institution.bank_code.take());
                before.institution = institution;
            }
            continue;
        }
        if let Some(before) = statements.last().filter(|_| !is_signed) {
            institution = Institution { bank_code: institution.bank_code, ..before.institution.clone() };
        }
        statements.push(Statement {
            format,
            id_trust: IdTrust::Reusable,
            member: None,
            document: u32::try_from(statements.len()).unwrap_or(u32::MAX).saturating_add(1),
            institution,
            accounts: pages.by_ref().take(end - document.first_page).collect(),
        });
    }
    statements
}

impl Institution {
    fn is_signed(&self) -> bool {
        self.name.is_some() || self.number.is_some() || self.register_number.is_some()
    }

    /// Takes the part that a leaf states; the first one counts.
    pub(super) fn note(&mut self, leaf: &Leaf<'_>) {
        let slot = match leaf.tag {
            Tag::Org => &mut self.name,
            Tag::Fid => &mut self.number,
            Tag::IntuBid => &mut self.register_number,
            _ => return,
        };
        if slot.is_none() {
            *slot = text::line(leaf).map(Into::into);
        }
    }

    pub(super) fn note_bank(&mut self, bank_code: Option<&str>) {
        if self.bank_code.is_none() {
            self.bank_code = bank_code.map(Into::into);
        }
    }
}
