//! `STMTTRN` → a row.
//!
//! Used by the reader, for bank, card, loan and investment statements. INVARIANT: a row is left out only when it has
//! no usable amount or no day at all, and then with a warning.

use rust_decimal::Decimal;

use super::{
    book::DocumentItem,
    exchange::Exchange,
    kind,
    open::StatementKind,
    reader::DocumentReader,
    record::{Leaf, Record},
    tag::Tag,
    text,
};
use crate::{
    domain::{
        Correction, Origin, TransactionDraft, TransactionFacts, TransactionStatus,
        text::{clean_line, fold},
    },
    statements::{StatementError, warnings::quoted},
};

/// The longest `NAME` the standard allows; one of just this length is probably cut off.
const NAME_LIMIT: usize = 32;

/// The leaves of a row, found in one pass.
#[derive(Default)]
struct Row<'a, 'w> {
    kind: Option<&'w Leaf<'a>>,
    posted: Option<&'w Leaf<'a>>,
    user: Option<&'w Leaf<'a>>,
    available: Option<&'w Leaf<'a>>,
    amount: Option<&'w Leaf<'a>>,
    id: Option<&'w Leaf<'a>>,
    name: Option<&'w Leaf<'a>>,
    payee: Option<&'w Leaf<'a>>,
    extended: Option<&'w Leaf<'a>>,
    memo: Option<&'w Leaf<'a>>,
    check: Option<&'w Leaf<'a>>,
    reference: Option<&'w Leaf<'a>>,
    corrects: Option<&'w Leaf<'a>>,
    action: Option<&'w Leaf<'a>>,
    currency: bool,
}

impl<'a, 'w> Row<'a, 'w> {
    fn of(record: &Record<'a, 'w>) -> Self {
        let mut row = Self::default();
        for leaf in record.leaves {
            let slot = match (leaf.group, leaf.tag) {
                (Tag::Unknown, Tag::TrnType) => &mut row.kind,
                (Tag::Unknown, Tag::DtPosted | Tag::DtTran) => &mut row.posted,
                (Tag::Unknown, Tag::DtUser) => &mut row.user,
                (Tag::Unknown, Tag::DtAvail) => &mut row.available,
                (Tag::Unknown, Tag::TrnAmt) => &mut row.amount,
                (Tag::Unknown, Tag::FitId) => &mut row.id,
                (Tag::Unknown, Tag::Name) => &mut row.name,
                (Tag::Payee | Tag::ExtdPayee, Tag::Name) | (Tag::Unknown, Tag::Payee) => &mut row.payee,
                (Tag::Unknown, Tag::ExtdName) => &mut row.extended,
                (Tag::Unknown, Tag::Memo) => &mut row.memo,
                (Tag::Unknown, Tag::CheckNum) => &mut row.check,
                (Tag::Unknown, Tag::RefNum) => &mut row.reference,
                (Tag::Unknown, Tag::CorrectFitId) => &mut row.corrects,
                (Tag::Unknown, Tag::CorrectAction) => &mut row.action,
                (Tag::Currency | Tag::OrigCurrency, _) | (_, Tag::Currency | Tag::OrigCurrency) => {
                    row.currency = true;
                    continue;
                }
                _ => continue,
            };
            slot.get_or_insert(leaf);
        }
        row
    }

    /// A short description of the row, for warnings.
    fn title(&self) -> String {
        let text = self.name.or(self.payee).or(self.memo).or(self.id);
        text.map_or_else(|| "row".to_owned(), |leaf| format!("row {}", quoted(leaf.text)))
    }
}

impl<'a> DocumentReader<'a, '_, '_> {
    /// Reads a bank row and hands it over.
    pub(super) fn bank_row(&mut self, record: &Record<'a, '_>) -> Result<(), StatementError> {
        let row = Row::of(record);
        if !record.complete {
            self.warn(record.at, || format!("the file ends inside the {}; it was left out", row.title()));
            return Ok(());
        }
        let account = self.account(record.at, StatementKind::Bank);
        let statement = self.open.as_ref().map_or(StatementKind::Bank, |open| open.kind);
        let Some(stated) = row.amount.and_then(|leaf| self.row_amount(leaf)) else {
            self.warn(row.amount.map_or(record.at, |leaf| leaf.at), || match row.amount {
                Some(leaf) => {
                    format!("TRNAMT {} is not an amount; the {} was left out", quoted(leaf.text), row.title())
                }
                None => format!("the {} has no amount (TRNAMT); it was left out", row.title()),
            });
            return Ok(());
        };
        let Some(date) = self.row_day("row", record.at, &[row.posted, row.user, row.available]) else {
            return Ok(());
        };
        let own = self.currency();
        let exchange = if row.currency { self.exchange(record, own) } else { Exchange::None };
        let amount = exchange.amount(stated, own);
        let amount = self.with_side(amount, &row, record.at);

        let mut facts = TransactionFacts::new(date, amount, exchange.currency(own));
        facts.foreign = exchange.foreign(stated);
        facts.origin = Origin { line: self.lines.line(record.at) };
        facts.provider_id = row.id.and_then(text::identity).filter(|id| id.bytes().any(|byte| byte != b'0'));
        facts.reference = row
            .check
            .and_then(text::identity)
            .filter(|number| number.bytes().any(|byte| byte != b'0'))
            .or_else(|| row.reference.and_then(text::identity));
        facts.raw_type = row.kind.and_then(text::line);
        let blank = row.memo.is_some_and(|memo| self.follows_blank(memo));
        name_row(&row, &mut facts, blank);
        let standard = facts.raw_type.as_deref().and_then(kind::standard);
        let texts = [facts.description(), facts.memo.as_deref().unwrap_or_default()];
        facts.kind = kind::of(standard, amount, statement, texts);
        facts.status = if self.pending_list || record.tag == Tag::StmtTrnP {
            TransactionStatus::Pending
        } else {
            kind::status(standard)
        };
        let is_balance = kind::is_balance(facts.description()) || facts.memo.as_deref().is_some_and(kind::is_balance);
        if is_balance && !amount.is_zero() && facts.reference.is_none() {
            facts.status = TransactionStatus::Cancelled;
            self.warn(record.at, || {
                format!("{} states a balance, not a movement; it is kept but counts for nothing", row.title())
            });
        }
        let correction = self.correction(&row).map(Box::new);
        self.hand_over(DocumentItem::Transaction(
            account,
            TransactionDraft { facts, correction, pending_id: None, user: None },
        ))
    }

    /// The amount with the sign of its type, in a file that writes all amounts without one.
    fn with_side(&mut self, amount: Decimal, row: &Row<'_, '_>, at: usize) -> Decimal {
        let side = || kind::side(kind::standard(row.kind?.text)?);
        if amount <= Decimal::ZERO || side() != Some(kind::Side::Debit) || !self.survey().is_unsigned() {
            return amount;
        }
        if !std::mem::replace(&mut self.warned_unsigned, true) {
            self.warn(at, || {
                "no amount of the file has a sign, so the types of the rows decide: debits were read as money out"
                    .to_owned()
            });
        }
        -amount
    }

    /// The amount; a decimal mark without digits, which some banks write on lines that only state a balance, is zero.
    fn row_amount(&mut self, leaf: &Leaf<'_>) -> Option<Decimal> {
        let amount = self.number(leaf, true);
        if amount.is_none() && leaf.text.bytes().all(|byte| matches!(byte, b'.' | b',' | b' ')) {
            self.warn(leaf.at, || format!("TRNAMT {} has no digits; it was read as 0", quoted(leaf.text)));
            return Some(Decimal::ZERO);
        }
        amount
    }

    /// Some banks put a reference into `CORRECTFITID`, or the row's own id: without an action, or about itself, a row
    /// corrects nothing.
    fn correction(&mut self, row: &Row<'_, '_>) -> Option<Correction> {
        use ofx_rs::types::CorrectionAction;
        let id = text::identity(row.corrects?)?;
        let action = row.action?;
        if row.id.and_then(text::identity).as_ref() == Some(&id) {
            return None;
        }
        match action.text.to_ascii_uppercase().parse() {
            Ok(CorrectionAction::Delete) => Some(Correction::Deletes(id)),
            Ok(CorrectionAction::Replace) => Some(Correction::Replaces(id)),
            _ => {
                self.warn(action.at, || {
                    format!(
                        "CORRECTACTION {} is neither REPLACE nor DELETE; the row was read as a new one",
                        quoted(action.text)
                    )
                });
                None
            }
        }
    }
}

/// Fills payee, description and memo. The payee is `NAME` (or the content of `PAYEE`), the memo is `MEMO`, both as the
/// bank wrote them. `NAME` is short, so the full text may be elsewhere: in `EXTDNAME`, in a `MEMO` that starts with
/// `NAME`, or in a `MEMO` that goes on where a `NAME` of full length breaks off. Then it is the description.
/// `blank`: whether there was a blank before the memo's text, which was trimmed.
fn name_row(row: &Row<'_, '_>, facts: &mut TransactionFacts, blank: bool) {
    let name = row.name.or(row.payee);
    facts.payee = name.and_then(text::line);
    facts.memo = row.memo.and_then(text::line);
    let extended = row.extended.and_then(text::line);
    let (Some(name), Some(payee)) = (name, facts.payee.as_deref()) else {
        facts.payee = extended;
        return;
    };
    if let Some(extended) = extended {
        if goes_on(&extended, payee) {
            facts.payee = Some(extended);
        } else if *extended != *payee {
            facts.description = Some(extended);
        }
        return;
    }
    let Some(memo) = &facts.memo else { return };
    // Entities make a text longer as written, never shorter.
    if name.text.len() + 4 < NAME_LIMIT {
        return;
    }
    let name = text::value(name);
    let length = name.chars().count();
    if length + 4 >= NAME_LIMIT && goes_on(memo, payee) {
        facts.description = Some(memo.clone());
    } else if length == NAME_LIMIT && **memo != *payee {
        facts.description = clean_line(&joined(&name, memo, blank));
    }
}

/// Whether `long` contains the text of `short` and more.
fn goes_on(long: &str, short: &str) -> bool {
    long.len() > short.len() && fold(long).starts_with(fold(short).as_ref())
}

/// A text cut at a fixed length and its rest: glued as they were cut, but with a blank where one stood before the
/// rest, and where letters meet digits, which is seldom one word.
fn joined(name: &str, memo: &str, blank: bool) -> String {
    let (last, first) = (name.chars().next_back(), memo.chars().next());
    let change = last.zip(first).is_some_and(|(last, first)| {
        last.is_alphanumeric() && first.is_alphanumeric() && last.is_numeric() != first.is_numeric()
    });
    let gap = if blank || change { " " } else { "" };
    format!("{name}{gap}{memo}")
}
