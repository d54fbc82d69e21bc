//! Fields → pages: one for each message of an account, with its balances and entries.
//!
//! Used by [`super::FORMAT`]. INVARIANT: an entry that can't be read is a warning with its line and makes its page incomplete.

use std::ops::ControlFlow;

use chrono::NaiveDate;

use super::{
    super::{
        Institution, Limits, ReadProgress, Reading, StatedBalance, StatementAccount, StatementError,
        pages::{AccountKey, Pages, difference},
        warnings::quoted,
    },
    FORMAT,
    account::{self, AccountField},
    balance::{self, BalanceField},
    details::{self, Details},
    entry::{self, StatementLine},
    field::{TaggedField, fields},
};
use crate::domain::{
    AccountType, AssetCode, BalanceDraft, Kind, MovementPlace, Origin, TransactionFacts, TransactionStatus,
    TransactionSubtype as Subtype, general_kind, named_kind, text::clean_line,
};

/// Bytes between two calls of the caller's progress function.
const STEP: usize = 1 << 20;

/// A message while it is read.
#[derive(Default)]
struct Message {
    account: AccountField,
    account_line: u32,
    /// The statement number of `:28C:`.
    number: Option<u32>,
    number_line: u32,
    currency: Option<AssetCode>,
    opening: Option<BalanceField>,
    closing: Option<(u32, BalanceField)>,
    available: Option<BalanceField>,
    /// The entry whose texts are still being read.
    row: Option<Row>,
    has_page: bool,
    /// Whether an account was named.
    named: bool,
    incomplete: bool,
    /// Whether its entries are booked: it states an opening or a closing balance.
    booked: Option<bool>,
}

/// An entry waiting for its texts.
struct Row {
    facts: TransactionFacts,
    /// The second line of `:61:` and a name on its first.
    extra: Vec<String>,
    details: Vec<String>,
    numbered: Vec<String>,
}

struct Reader<'a> {
    pages: Pages,
    message: Message,
    /// The BIC of the last header.
    bic: Option<String>,
    /// Whether a message states booked balances.
    is_final: bool,
    warned_currency: bool,
    source: &'a str,
}

/// Reads a decoded file.
pub(super) fn read(source: &str, limits: &Limits, progress: &mut ReadProgress<'_>) -> Result<Reading, StatementError> {
    let mut reader = Reader {
        pages: Pages::new(limits),
        message: Message::default(),
        bic: None,
        is_final: false,
        warned_currency: false,
        source,
    };
    let mut next_step = STEP;
    for field in fields(source) {
        if field.at >= next_step {
            next_step = field.at + STEP;
            if let ControlFlow::Break(()) = progress(field.at as u64) {
                return Err(StatementError::Cancelled);
            }
        }
        reader.field(&field)?;
    }
    reader.end_message()?;
    let format = if reader.is_final { "mt940" } else { "mt942" };
    reader.pages.finish(&FORMAT, format)
}

impl Reader<'_> {
    fn field(&mut self, field: &TaggedField<'_>) -> Result<(), StatementError> {
        // A second account field inside the entries of a message is a text with a wrong tag.
        let misplaced = field.tag == "25" && self.message.named && self.message.closing.is_none();
        let tag = if misplaced && self.message.row.is_some() { "86" } else { field.tag };
        if !matches!(tag, "86" | "NS") {
            self.end_row()?;
        }
        match tag {
            "" => {
                if let Some(bic) = account::bic_in_header(field.content) {
                    self.end_message()?;
                    self.bic = Some(bic);
                }
            }
            "20" => self.end_message()?,
            "25" | "25P" => self.read_account(field)?,
            "28" | "28C" => self.read_number(field),
            "34F" => {
                let code = field.first().trim().get(..3).and_then(|code| AssetCode::new(code).ok());
                self.message.currency = self.message.currency.or(code.filter(AssetCode::is_iso));
            }
            "60F" | "60M" => self.read_opening(field)?,
            "61" => self.read_entry(field),
            "86" => {
                if let Some(row) = &mut self.message.row {
                    row.details.extend(field.lines().map(str::to_owned));
                }
            }
            "NS" => {
                if let Some(row) = &mut self.message.row {
                    row.numbered.extend(field.lines().map(str::to_owned));
                }
            }
            "62F" | "62M" => self.read_closing(field),
            "64" => self.message.available = self.message.available.or(balance::balance(field.first())),
            _ => {}
        }
        Ok(())
    }

    fn read_account(&mut self, field: &TaggedField<'_>) -> Result<(), StatementError> {
        if self.message.named {
            self.end_message()?;
        }
        self.message.account = account::account(field.lines());
        self.message.account_line = field.line;
        self.message.named = true;
        Ok(())
    }

    fn read_number(&mut self, field: &TaggedField<'_>) {
        let text = field.first().trim();
        self.message.number = text.split('/').next().and_then(|number| number.trim().parse().ok());
        self.message.number_line = field.line;
    }

    fn read_opening(&mut self, field: &TaggedField<'_>) -> Result<(), StatementError> {
        // A second opening balance without a new header starts the next statement of the account.
        if self.message.closing.is_some() {
            let account = self.message.account.clone();
            let line = self.message.account_line;
            self.end_message()?;
            self.message = Message { account, account_line: line, named: true, ..Message::default() };
        }
        match balance::balance(field.first()) {
            Some(opening) => {
                self.message.currency = Some(opening.currency);
                self.message.opening = Some(opening);
            }
            None => self.unreadable_balance(field, "opening"),
        }
        self.message.booked = Some(true);
        self.is_final = true;
        Ok(())
    }

    fn read_closing(&mut self, field: &TaggedField<'_>) {
        self.is_final = true;
        match balance::balance(field.first()) {
            Some(closing) => {
                self.message.currency.get_or_insert(closing.currency);
                self.message.closing = Some((field.line, closing));
            }
            None => self.unreadable_balance(field, "closing"),
        }
    }

    fn unreadable_balance(&mut self, field: &TaggedField<'_>, which: &str) {
        self.pages.warnings.add(field.line, || {
            format!("the {which} balance {} can't be read; it was left out", quoted(field.first()))
        });
    }

    fn read_entry(&mut self, field: &TaggedField<'_>) {
        let first = field.first();
        let Some(entry) = entry::entry(first) else {
            self.message.incomplete = true;
            self.pages.warnings.add(field.line, || {
                format!("the entry {} has no readable day or amount; it was left out", quoted(first))
            });
            return;
        };
        self.begin_page();
        let mut facts = facts(&entry, self.currency(field.line));
        facts.origin = Origin { line: field.line };
        if !self.is_booked(field) {
            facts.status = TransactionStatus::Pending;
        }
        let extra = entry.extra.into_iter().chain(field.lines().skip(1)).map(str::to_owned).collect();
        self.message.row = Some(Row { facts, extra, details: Vec::new(), numbered: Vec::new() });
    }

    /// Whether the entries of this message are booked. Where the opening balance is missing, the rest of the message is
    /// searched once for the closing one.
    fn is_booked(&mut self, field: &TaggedField<'_>) -> bool {
        let (message, source) = (&mut self.message, self.source);
        *message.booked.get_or_insert_with(|| {
            let mut rest = fields(&source[field.at..]).take_while(|later| later.tag != "20");
            rest.any(|later| matches!(later.tag, "62F" | "62M"))
        })
    }

    /// The currency of the message; looked for in the file where the message leaves it out.
    fn currency(&mut self, line: u32) -> AssetCode {
        if let Some(code) = self.message.currency.or(self.message.account.currency) {
            return code;
        }
        let code = AssetCode::new("EUR").unwrap_or(AssetCode::USD);
        if !self.warned_currency {
            self.warned_currency = true;
            self.pages.warnings.add(line, || format!("the statement names no currency; {code} was assumed"));
        }
        code
    }

    /// Starts the page of the message at its first entry or at its end.
    fn begin_page(&mut self) {
        if self.message.has_page {
            return;
        }
        self.message.has_page = true;
        let stated = self.message.currency.or(self.message.account.currency).is_some();
        let currency = self.currency(self.message.account_line);
        let account = &self.message.account;
        let institution = Institution {
            bank_code: account.bank_code.clone(),
            bic: account.bic.clone().or_else(|| self.bic.clone()),
            ..Institution::default()
        };
        let key = AccountKey {
            bank: account.bank.clone(),
            number: account.number.clone(),
            account_type: AccountType::Checking,
            currency,
        };
        if key.number.is_empty() {
            self.pages.warnings.add(self.message.account_line, || {
                "the statement names no account (:25:); its rows were put into one without a number".to_owned()
            });
        }
        let page = self.pages.begin(institution, key, None);
        page.currency_stated = stated;
        page.opening = self.message.opening.map(stated_balance);
        if let Some(number) = self.message.number {
            self.pages.check_number(number, self.message.number_line);
        }
    }

    /// Hands over the entry that waits for its texts.
    fn end_row(&mut self) -> Result<(), StatementError> {
        let Some(row) = self.message.row.take() else { return Ok(()) };
        self.pages.push(with_texts(row))
    }

    fn end_message(&mut self) -> Result<(), StatementError> {
        self.end_row()?;
        if self.message.closing.is_some() || self.message.opening.is_some() {
            self.begin_page();
        }
        let message = std::mem::take(&mut self.message);
        if !message.has_page {
            return Ok(());
        }
        let Some(page) = self.pages.last() else { return Ok(()) };
        page.closing = message.closing.map(|(_, closing)| stated_balance(closing));
        let balance = message.closing.map(|(_, closing)| closing).map(|closing| BalanceDraft {
            date: closing.date,
            current: closing.amount,
            available: message.available.filter(|known| known.date == closing.date).map(|known| known.amount),
            holdings_value: None,
            cash_value: None,
        });
        page.account.balance = balance;
        page.period = period(page);
        page.complete = message.closing.is_some() && message.opening.is_some() && !message.incomplete;
        let missing = difference(page).filter(|difference| !difference.is_zero());
        if let (Some(missing), Some((line, closing))) = (missing, message.closing) {
            page.complete = false;
            self.pages.warnings.add(line, || {
                format!(
                    "the rows do not lead from the opening to the closing balance: {} {} is missing",
                    missing.normalize(),
                    closing.currency
                )
            });
        }
        Ok(())
    }
}

const fn stated_balance(balance: BalanceField) -> StatedBalance {
    StatedBalance { date: balance.date, amount: balance.amount }
}

/// From the first to the last day of the rows and the closing balance.
fn period(page: &StatementAccount) -> Option<(NaiveDate, NaiveDate)> {
    let days = || {
        let rows = page.transactions.iter().map(|draft| draft.facts.date);
        rows.chain(page.closing.map(|closing| closing.date))
    };
    days().min().zip(days().max())
}

fn facts(entry: &StatementLine<'_>, currency: AssetCode) -> TransactionFacts {
    let mut facts = TransactionFacts::new(entry.booked, entry.amount, currency);
    if entry.value != entry.booked {
        facts.settlement_date = Some(entry.value);
    }
    facts.provider_id = entry.bank_reference.and_then(clean_line);
    facts.reference = entry.reference.and_then(clean_line);
    facts.raw_type = entry.kind.and_then(clean_line);
    if entry.expected {
        facts.status = TransactionStatus::Pending;
    }
    facts
}

/// The kind of movement by the type of the row; where it names a direction only, by the rule of all readers.
fn kind(facts: &TransactionFacts) -> Kind {
    let incoming = facts.amount.is_sign_positive();
    let code = facts.raw_type.as_deref().and_then(|kind| kind.get(1..)).unwrap_or_default().to_ascii_uppercase();
    let texts = facts.texts();
    Kind(match code.as_str() {
        "INT" if incoming => Subtype::Interest,
        "CHG" | "COM" | "INT" if !incoming => Subtype::OtherFee,
        "DIV" => Subtype::Dividend,
        "CHK" | "TCK" if !incoming => Subtype::Check,
        "" | "MSC" => named_kind(facts.amount, &texts).unwrap_or(Subtype::Unknown),
        _ => general_kind(facts.amount, MovementPlace::Bank, &texts),
    })
}

/// Adds payee, description and memo.
fn with_texts(row: Row) -> TransactionFacts {
    let mut facts = row.facts;
    let lines: Vec<&str> = row.details.iter().map(String::as_str).collect();
    let numbered: Vec<&str> = row.numbered.iter().map(String::as_str).collect();
    let mut found = details::details(&lines);
    if !numbered.is_empty() {
        let more = details::numbered(&numbered);
        found = Details {
            name: more.name.or(found.name),
            booking: more.booking.or(found.booking),
            purpose: more.purpose.or(found.purpose),
            reference: found.reference.or(more.reference),
        };
    }
    let extra = clean_line(&row.extra.join(" "));
    let text = |part: Option<String>| part.as_deref().and_then(clean_line);
    let (name, booking, purpose) = (text(found.name), text(found.booking), text(found.purpose));
    facts.reference = facts.reference.or_else(|| text(found.reference));
    match (name, purpose) {
        (Some(name), purpose) => {
            facts.payee = Some(name);
            facts.memo = purpose.or(extra);
        }
        (None, Some(purpose)) => {
            // The name on the first line, or the text itself. Codes of amounts and charges are neither.
            let name = extra.filter(|extra| !extra.starts_with('/'));
            facts.payee = name.or_else(|| Some(purpose.clone()));
            facts.memo = Some(purpose).filter(|purpose| facts.payee.as_ref() != Some(purpose));
        }
        (None, None) => facts.payee = extra.or_else(|| booking.clone()),
    }
    if facts.description.is_none() && facts.payee.is_some() && booking != facts.payee {
        facts.description = booking;
    }
    facts.kind = kind(&facts);
    facts
}
