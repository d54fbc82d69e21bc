//! Facts about a document as a whole, for questions that a single row can't answer.
//!
//! Used by the reader, which makes one survey per document and only when such a question comes up: the security
//! list (it follows the rows that need it), the decimal mark, a currency or an account stated too late.
//! INVARIANT: one pass; memory in proportion to the distinct things found.

use std::collections::HashMap;

use super::{
    account::AccountName,
    kind,
    record::{Handler, Leaf, Record, walk},
    security::Listed,
    tag::Tag,
    text,
};
use crate::{
    domain::{AssetCode, Text},
    statements::{
        StatementError,
        amount::{self, Evidence, WrittenNumber},
    },
};

/// The most statements that a survey keeps; beyond that a file is not a bank's.
const MOST: usize = 100_000;

/// The result.
#[derive(Default)]
pub(super) struct Survey {
    points: u64,
    commas: u64,
    /// Bank rows with a negative amount, and rows without one by the side that their type names.
    negative: u64,
    unsigned_debits: u64,
    unsigned_credits: u64,
    statements: Vec<usize>,
    currencies: Vec<(usize, AssetCode)>,
    accounts: Vec<(usize, AccountName)>,
    symbol: Option<AssetCode>,
    securities: HashMap<Text, Listed>,
}

/// The evidence of a document's numbers about its decimal mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DecimalMarks {
    /// Every number with evidence has a point.
    Point,
    /// Every number with evidence has a comma.
    Comma,
    /// Some have a point, some a comma.
    Mixed,
    /// No number decides it.
    Undecided,
}

impl Survey {
    /// Surveys `source`.
    #[must_use]
    pub(super) fn of(source: &str, depth_limit: usize) -> Self {
        let mut survey = Self::default();
        // The reader stops at the same place and reports it.
        let _ = walk(source, depth_limit, &mut survey);
        survey
    }

    /// The decimal mark of the document.
    #[must_use]
    pub(super) const fn marks(&self) -> DecimalMarks {
        match (self.points > 0, self.commas > 0) {
            (true, false) => DecimalMarks::Point,
            (false, true) => DecimalMarks::Comma,
            (true, true) => DecimalMarks::Mixed,
            (false, false) => DecimalMarks::Undecided,
        }
    }

    /// Whether amounts have no signs and the types of rows carry them: none is negative although several rows are debits.
    #[must_use]
    pub(super) const fn is_unsigned(&self) -> bool {
        let both = self.unsigned_debits > 0 && self.unsigned_credits > 0;
        self.negative == 0 && (both || self.unsigned_debits >= 3)
    }

    /// Whether an amount of a bank row is negative.
    #[must_use]
    pub(super) const fn has_negative(&self) -> bool {
        self.negative > 0
    }

    /// The security with that identity.
    #[must_use]
    pub(super) fn security(&self, id: &str) -> Option<&Listed> {
        self.securities.get(id)
    }

    /// The account named somewhere in the statement that starts at `at`.
    #[must_use]
    pub(super) fn account_after(&self, at: usize) -> Option<&AccountName> {
        let next = self.statements.partition_point(|start| *start <= at);
        let end = self.statements.get(next).copied().unwrap_or(usize::MAX);
        let first = self.accounts.partition_point(|(place, _)| *place < at);
        self.accounts.get(first).filter(|(place, _)| *place < end).map(|(_, name)| name)
    }

    /// The currency stated next after `at`, else anywhere, else the one that rows are counted in.
    #[must_use]
    pub(super) fn currency_near(&self, at: usize) -> Option<AssetCode> {
        let next = self.currencies.partition_point(|(place, _)| *place < at);
        let stated = self.currencies.get(next).or_else(|| self.currencies.last());
        stated.map(|(_, code)| *code).or(self.symbol)
    }
}

impl<'a> Handler<'a> for Survey {
    fn enter(&mut self, tag: Tag, at: usize) {
        if matches!(tag, Tag::StmtRs | Tag::CcStmtRs | Tag::InvStmtRs | Tag::LoanStmtRs) && self.statements.len() < MOST
        {
            self.statements.push(at);
        }
    }

    fn leave(&mut self, _tag: Tag) {}

    fn leaf(&mut self, leaf: &Leaf<'a>) {
        if leaf.tag == Tag::CurDef
            && self.currencies.len() < MOST
            && let Some(code) = super::account::currency(leaf.text)
        {
            self.currencies.push((leaf.at, code));
        }
        self.weigh(leaf);
    }

    fn record(&mut self, record: &Record<'a, '_>) -> Result<(), StatementError> {
        for leaf in record.leaves {
            self.weigh(leaf);
            if leaf.tag == Tag::CurSym && self.symbol.is_none() {
                self.symbol = super::account::currency(leaf.text);
            }
        }
        self.weigh_side(record);
        if let Some(name) = AccountName::of(record)
            && self.accounts.len() < MOST
        {
            self.accounts.push((record.at, name));
        }
        if let Some(listed) = Listed::of(record)
            && let Some(id) = record.leaf(Tag::UniqueId).and_then(text::identity)
        {
            self.securities.entry(id).or_insert(listed);
        }
        Ok(())
    }

    fn tick(&mut self, _at: usize) -> Result<(), StatementError> {
        Ok(())
    }
}

impl Survey {
    fn weigh_side(&mut self, record: &Record<'_, '_>) {
        if !matches!(record.tag, Tag::StmtTrn | Tag::StmtTrnP) {
            return;
        }
        let amount = record.leaf(Tag::TrnAmt).and_then(|leaf| amount::parse(leaf.text));
        let Some(WrittenNumber::Exact(number) | WrittenNumber::Ambiguous { decimal: number, .. }) = amount else {
            return;
        };
        let side = record.leaf(Tag::TrnType).and_then(|leaf| kind::standard(leaf.text)).and_then(kind::side);
        match side {
            _ if number.is_zero() => {}
            _ if number.is_sign_negative() => self.negative += 1,
            Some(kind::Side::Debit) => self.unsigned_debits += 1,
            Some(kind::Side::Credit) => self.unsigned_credits += 1,
            None => {}
        }
    }

    fn weigh(&mut self, leaf: &Leaf<'_>) {
        if leaf.tag.is_number() {
            match amount::evidence(leaf.text) {
                Evidence::None => {}
                Evidence::Point => self.points += 1,
                Evidence::Comma => self.commas += 1,
            }
        }
    }
}
