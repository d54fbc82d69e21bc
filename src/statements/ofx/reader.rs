//! Walks one document and turns what it finds into accounts, rows and positions.
//!
//! Used by [`super::stream`]; the mappings of rows live in `bank`, `invest` and `holding` as further methods.
//! INVARIANT: a row is handed over as soon as it is read, so memory does not grow with the number of rows.

use std::ops::ControlFlow;

use chrono::NaiveDate;

use super::{
    account,
    book::{DocumentFacts, DocumentItem},
    open::{Open, StatementKind},
    record::{Handler, Leaf, Record},
    survey::Survey,
    tag::Tag,
    text,
    token::Lines,
};
use crate::{
    domain::Text,
    statements::{StatementError, warnings::quoted},
};

/// Bytes between two calls of the caller's progress function.
const STEP: usize = 1 << 20;

/// Reads one document into the [`DocumentFacts`].
#[expect(clippy::struct_excessive_bools, reason = "each is an independent fact")]
pub(super) struct DocumentReader<'a, 'b, 's> {
    pub(super) book: &'b mut DocumentFacts<'s>,
    pub(super) lines: Lines<'a>,
    pub(super) source: &'a str,
    survey: Option<Box<Survey>>,
    pub(super) open: Option<Open>,
    pub(super) pending_list: bool,
    /// Inside a list of accounts, which names accounts without saying anything of them.
    in_listing: bool,
    listed_name: Option<Text>,
    /// Unless the file names another language.
    pub(super) english: bool,
    pub(super) server_day: Option<NaiveDate>,
    pub(super) warned_currency: bool,
    /// Whether no statement so far and nothing in the file names a currency.
    pub(super) assumed_currency: bool,
    pub(super) warned_sign: bool,
    pub(super) warned_unsigned: bool,
    progress: &'b mut dyn FnMut(u64) -> ControlFlow<()>,
    next_step: usize,
}

impl<'a, 'b, 's> DocumentReader<'a, 'b, 's> {
    /// A reader of `source`.
    pub(super) fn new(
        source: &'a str,
        book: &'b mut DocumentFacts<'s>,
        progress: &'b mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Self {
        Self {
            book,
            lines: Lines::new(source),
            source,
            survey: None,
            open: None,
            pending_list: false,
            in_listing: false,
            listed_name: None,
            english: true,
            server_day: None,
            warned_currency: false,
            assumed_currency: false,
            warned_sign: false,
            warned_unsigned: false,
            progress,
            next_step: STEP,
        }
    }

    /// Ends the document. Returns whether it was surveyed.
    pub(super) fn finish(mut self, cut: bool) -> bool {
        self.end_statement();
        if cut {
            self.book.cut();
            self.warn(self.source.len(), || {
                "the file ends early: what was complete up to here was read, the rest is missing".to_owned()
            });
        }
        self.book.warnings.end_document();
        self.survey.is_some()
    }

    pub(super) fn warn(&mut self, at: usize, message: impl FnOnce() -> String) {
        let line = self.lines.line(at);
        self.book.warnings.add(line, message);
    }

    pub(super) fn survey(&mut self) -> &Survey {
        let (source, depth) = (self.source, self.book.limits.depth);
        self.survey.get_or_insert_with(|| Box::new(Survey::of(source, depth)))
    }

    fn read_status(&mut self, record: &Record<'_, '_>) {
        let text_of = |tag| record.leaf(tag).and_then(text::line);
        let severity = text_of(Tag::Severity).map(|severity| severity.to_ascii_uppercase());
        let code = text_of(Tag::Code).unwrap_or_else(|| "?".into());
        let message = text_of(Tag::Message);
        match severity.as_deref() {
            Some("ERROR") => {
                let line = self.lines.line(record.at);
                self.book.refused(line, code, message);
            }
            Some("WARN") => self.warn(record.at, || {
                format!("the institution warns ({code}){}", message.map(|text| format!(": {text}")).unwrap_or_default())
            }),
            _ => {}
        }
    }

    fn note_institution(&mut self, leaf: &Leaf<'_>) {
        if let Some(institution) = self.book.institution() {
            institution.note(leaf);
        }
    }

    /// Hands a row over, counting it.
    pub(super) fn hand_over(&mut self, item: DocumentItem) -> Result<(), StatementError> {
        self.book.hand_over(item)
    }
}

impl<'a> Handler<'a> for DocumentReader<'a, '_, '_> {
    fn enter(&mut self, tag: Tag, at: usize) {
        self.book.seen = true;
        match tag {
            Tag::StmtRs => self.begin(StatementKind::Bank, at),
            Tag::CcStmtRs => self.begin(StatementKind::Card, at),
            Tag::InvStmtRs => self.begin(StatementKind::Investment, at),
            Tag::LoanStmtRs => self.begin(StatementKind::Loan, at),
            Tag::BankTranListP => {
                self.pending_list = true;
                if let Some(open) = &mut self.open {
                    open.lists_pending = true;
                }
            }
            Tag::BankTranList => self.pending_list = false,
            Tag::InvPosList => {
                if let Some(open) = &mut self.open {
                    open.positions.listed = true;
                }
            }
            Tag::AcctInfoTrnRs => {
                self.end_statement();
                self.in_listing = true;
            }
            Tag::Ofx | Tag::SonRs | Tag::StmtTrnRs | Tag::CcStmtTrnRs | Tag::InvStmtTrnRs | Tag::LoanStmtTrnRs => {
                self.end_statement();
                self.in_listing = false;
                if matches!(tag, Tag::Ofx | Tag::SonRs) {
                    self.book.begin_document();
                }
            }
            _ => {}
        }
    }

    fn leave(&mut self, tag: Tag) {
        match tag {
            Tag::StmtRs | Tag::CcStmtRs | Tag::InvStmtRs | Tag::LoanStmtRs => self.end_statement(),
            Tag::BankTranListP => self.pending_list = false,
            Tag::AcctInfoTrnRs => self.in_listing = false,
            _ => {}
        }
    }

    fn leaf(&mut self, leaf: &Leaf<'a>) {
        match leaf.tag {
            Tag::Org | Tag::Fid | Tag::IntuBid => self.note_institution(leaf),
            Tag::Desc if self.in_listing => self.listed_name = text::line(leaf),
            Tag::Language => self.english = leaf.text.eq_ignore_ascii_case("ENG"),
            Tag::DtServer => self.server_day = self.day_of(leaf).date().or(self.server_day),
            Tag::CurDef => {
                let code = account::currency(leaf.text);
                if let Some(doubt) = code.and_then(|code| account::currency_doubt(leaf.text, code)) {
                    self.warn(leaf.at, || doubt);
                }
                match (&mut self.open, code) {
                    (Some(open), Some(code)) => {
                        open.currency.get_or_insert(code);
                    }
                    (_, None) => self.warn(leaf.at, || {
                        format!("CURDEF {} is not a currency code; another one of the file is used", quoted(leaf.text))
                    }),
                    (None, Some(_)) => {}
                }
            }
            Tag::DtAsOf | Tag::DtStart | Tag::DtEnd => {
                let day = self.day_of(leaf).date();
                let pending = self.pending_list;
                if let Some(open) = &mut self.open {
                    open.note_period(leaf.tag, day, pending);
                }
            }
            Tag::Ledger => self.read_ledger(leaf),
            Tag::AvailCash | Tag::MarginBalance | Tag::ShortBalance => self.read_cash(leaf),
            _ => {}
        }
    }

    fn record(&mut self, record: &Record<'a, '_>) -> Result<(), StatementError> {
        self.book.seen = true;
        match record.tag {
            Tag::StmtTrn | Tag::StmtTrnP | Tag::LoanStmtTrn => self.bank_row(record)?,
            Tag::BankAcctFrom | Tag::CcAcctFrom | Tag::InvAcctFrom | Tag::LoanAcctFrom if self.in_listing => {
                self.book.listed(record, self.listed_name.take());
            }
            Tag::BankAcctFrom | Tag::CcAcctFrom | Tag::InvAcctFrom | Tag::LoanAcctFrom => self.read_account(record),
            Tag::LedgerBal | Tag::AvailBal | Tag::LoanBal => self.read_balance(record),
            Tag::Status => self.read_status(record),
            Tag::Fi => {
                for leaf in record.leaves {
                    self.note_institution(leaf);
                }
            }
            Tag::Bal | Tag::Inv401k | Tag::Inv401kBal => self.read_plan_or_total(record),
            Tag::PosDebt | Tag::PosMf | Tag::PosOpt | Tag::PosOther | Tag::PosStock => self.position(record),
            tag if tag.is_investment_row() => self.investment_row(record)?,
            _ => {}
        }
        Ok(())
    }

    fn tick(&mut self, at: usize) -> Result<(), StatementError> {
        if at < self.next_step {
            return Ok(());
        }
        self.next_step = at + STEP;
        match (self.progress)(at as u64) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(StatementError::Cancelled),
        }
    }
}
