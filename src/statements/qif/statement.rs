//! Records → pages: one for each section of an account.
//!
//! Used by [`super::FORMAT`]. INVARIANT: a record that can't be read is a warning with its line; a file whose dates allow two
//! orders asks.

use std::ops::ControlFlow;

use super::{
    super::{
        Evidence, Institution, Question, QuestionOption, ReadProgress, Reading, StatementError, StatementFile, Verdict,
        file_name,
        pages::{AccountKey, Pages},
        warnings::quoted,
    },
    FORMAT, bank,
    date::{self, DateOrder},
    invest,
    record::{QifItem, QifLine, Section, items, value},
    survey::{Decision, Survey},
};
use crate::domain::{AccountType, AssetCode, BalanceDraft, Origin, TransactionFacts, text::clean_line};

/// Records between two calls of the caller's progress function.
const STEP: usize = 8_192;

/// The answer that decides the order of dates.
const DATE_ORDER: &str = "date-order";

/// An account as `!Account` describes it.
#[derive(Debug, Clone, Default)]
struct Account {
    name: Option<String>,
    kind: Option<AccountType>,
    balance: Option<BalanceDraft>,
}

struct Reader<'a, 'i> {
    pages: Pages,
    survey: Survey<'a>,
    order: DateOrder,
    input: &'i StatementFile<'i>,
    currency: AssetCode,
    section: Section,
    account: Account,
    /// Accounts listed since the last `!Account`: several are a list, and name none for the rows that follow.
    listed: usize,
    has_page: bool,
}

/// Reads a decoded file.
pub(super) fn read(
    text: &str,
    input: &StatementFile<'_>,
    progress: &mut ReadProgress<'_>,
) -> Result<Reading, StatementError> {
    let survey = Survey::of(text);
    // The same answer as for tables, which call it `date`.
    let answer = input.answers.get(DATE_ORDER).or_else(|| input.answers.get("date")).and_then(DateOrder::parse);
    let decision = survey.order(answer);
    let (order, evidence) = match decision {
        Decision::Decided(order, reason) => (order, Some(Evidence::supporting(reason))),
        Decision::Open => (DateOrder::Mdy, None),
    };
    let european = order == DateOrder::Dmy || survey.has_decimal_comma();
    let currency = if european { AssetCode::new("EUR").unwrap_or(AssetCode::USD) } else { AssetCode::USD };
    let mut reader = Reader {
        pages: Pages::new(input.limits),
        survey,
        order,
        input,
        currency,
        section: Section::Bank,
        account: Account::default(),
        listed: 0,
        has_page: false,
    };
    let total = input.bytes.len() as u64;
    for (index, item) in items(text).enumerate() {
        if index % STEP == STEP - 1 {
            // Records have no place in bytes; their count is close enough to show that something moves.
            let done = (index as u64).saturating_mul(40).min(total);
            if let ControlFlow::Break(()) = progress(done) {
                return Err(StatementError::Cancelled);
            }
        }
        reader.item(item)?;
    }
    if !reader.pages.is_empty() {
        reader
            .pages
            .warnings
            .add(0, || format!("the file names no currency; {currency} was assumed where the account has none yet"));
    }
    let mut reading = reader.pages.finish(&FORMAT, "qif").map_err(|error| match error {
        StatementError::NoAccount => StatementError::not_a_statement(
            "this QIF file holds no transactions",
            "it lists accounts, categories or securities; export the transactions of an account",
        ),
        other => other,
    })?;
    reading.evidence.extend(evidence);
    if decision == Decision::Open {
        reading.verdict = Verdict::Question(question(text));
    }
    Ok(reading)
}

impl<'a> Reader<'a, '_> {
    fn item(&mut self, item: QifItem<'a>) -> Result<(), StatementError> {
        match item {
            QifItem::Section(section, line) => {
                if section == Section::Accounts {
                    self.account = Account::default();
                    self.listed = 0;
                }
                if section == Section::Unknown {
                    self.pages.warnings.add(line, || {
                        "this kind of section is not known; its records with a day and an amount were read as rows"
                            .into()
                    });
                }
                self.section = section;
                self.has_page = false;
            }
            QifItem::Option(_) => {}
            QifItem::Record(record) => match self.section {
                Section::Accounts => self.read_account(&record),
                section if section.has_rows() => self.read_row(&record)?,
                _ => {}
            },
        }
        Ok(())
    }

    fn read_account(&mut self, record: &[QifLine<'_>]) {
        self.listed += 1;
        if self.listed > 1 {
            self.account = Account::default();
            return;
        }
        let day = value(record, '/').and_then(|text| self.day(text));
        let amount = value(record, '$').and_then(|text| self.survey.amount(text));
        self.account = Account {
            name: value(record, 'N').and_then(clean_line).map(String::from),
            kind: value(record, 'T').and_then(account_type),
            balance: day.zip(amount).map(|(date, current)| BalanceDraft {
                date,
                current,
                available: None,
                holdings_value: None,
                cash_value: None,
            }),
        };
    }

    fn day(&self, text: &str) -> Option<chrono::NaiveDate> {
        date::parse(text)?.day(self.order, self.survey.old_years)
    }

    fn read_row(&mut self, record: &[QifLine<'a>]) -> Result<(), StatementError> {
        let line = record.first().map_or(0, |line| line.number);
        let is_row = record.iter().any(|line| line.code == 'D');
        if self.section == Section::Unknown && (!is_row || bank::amount_line(record).is_none()) {
            return Ok(());
        }
        let Some(written) = value(record, 'D') else {
            self.pages.warnings.add(line, || "the record has no day (D); it was left out".to_owned());
            return Ok(());
        };
        let Some(date) = self.day(written) else {
            let order = self.order.label();
            self.pages.warnings.add(line, || {
                format!("the day {} can't be read as {order}, like the others; the row was left out", quoted(written))
            });
            return Ok(());
        };
        let mut facts = TransactionFacts::new(date, rust_decimal::Decimal::ZERO, self.currency);
        facts.origin = Origin { line };
        if self.section == Section::Investment {
            return self.read_action(record, &facts);
        }
        let amount = bank::amount_line(record);
        let Some(amount) = amount.and_then(|amount| self.survey.amount(amount.value)) else {
            let written = amount.map(|amount| quoted(amount.value));
            self.pages.warnings.add(line, || match written {
                Some(written) => format!("the amount {written} can't be read; the row was left out"),
                None => "the record has no amount (T); it was left out".to_owned(),
            });
            return Ok(());
        };
        facts.amount = amount;
        bank::describe(record, self.section, &mut facts);
        if let Some(sum) = bank::split_sum(record, &self.survey)
            && sum != amount
        {
            self.pages.warnings.add(line, || {
                format!("the parts of this row sum up to {sum}, not to its amount {amount}; the amount was taken")
            });
        }
        self.begin_page();
        self.pages.push(facts)
    }

    fn read_action(&mut self, record: &[QifLine<'a>], base: &TransactionFacts) -> Result<(), StatementError> {
        match invest::rows(record, base, &self.survey) {
            Ok(rows) => {
                for row in rows {
                    self.begin_page();
                    self.pages.push(row)?;
                }
            }
            Err(problem) => self.pages.warnings.add(base.origin.line, || match problem {
                invest::ActionProblem::Action(name) => {
                    format!("the action {} is not known; the record was left out", quoted(name))
                }
                invest::ActionProblem::Amount => {
                    "the action has no readable amount; the record was left out".to_owned()
                }
            }),
        }
        Ok(())
    }

    /// Starts the page of the section at its first row.
    fn begin_page(&mut self) {
        if std::mem::replace(&mut self.has_page, true) {
            return;
        }
        let account_type = match self.section {
            Section::Card => AccountType::CreditCard,
            Section::Investment => self.account.kind.unwrap_or(AccountType::Brokerage),
            Section::Liability => AccountType::Loan,
            Section::Asset => AccountType::Other,
            _ => self.account.kind.unwrap_or(AccountType::Checking),
        };
        let from_file = file_name::account(self.input.file_name);
        let (number, name) = match self.account.name.clone() {
            // Banks write the account's number as its name.
            Some(name) => (name.clone(), Some(name)),
            None => (from_file.number.or_else(|| from_file.words.clone()).unwrap_or_default(), from_file.words),
        };
        let key = AccountKey { bank: None, number, account_type, currency: self.currency };
        let balance = self.account.balance;
        let page = self.pages.begin(Institution::default(), key, name);
        page.currency_stated = false;
        page.account.balance = balance;
        // A name is not a number: its mask would show letters.
        if page.account.number.bytes().filter(u8::is_ascii_digit).count() < 4 {
            page.account.number.clear();
        }
    }
}

fn account_type(written: &str) -> Option<AccountType> {
    Some(match written.to_ascii_lowercase().as_str() {
        "bank" | "cash" => AccountType::Checking,
        "ccard" => AccountType::CreditCard,
        "invst" | "port" | "mutual" => AccountType::Brokerage,
        "401(k)/403(b)" => AccountType::K401,
        "oth l" => AccountType::Loan,
        "oth a" => AccountType::Other,
        _ => return None,
    })
}

/// Rows shown with each answer.
const PREVIEW: usize = 3;

/// The question about the order of dates, with the rows whose days differ most.
fn question(text: &str) -> Question {
    let mut rows: Vec<(i64, [chrono::NaiveDate; 2], String)> = Vec::new();
    for item in items(text) {
        let QifItem::Record(record) = item else { continue };
        let Some(written) = value(&record, 'D').and_then(date::parse) else { continue };
        let days = [DateOrder::Mdy, DateOrder::Dmy].map(|order| written.day(order, false));
        let [Some(first), Some(second)] = days else { continue };
        let distance = (first - second).num_days().abs();
        if distance == 0 || (rows.len() == PREVIEW && rows.iter().all(|(known, ..)| *known >= distance)) {
            continue;
        }
        let amount = bank::amount_line(&record).map(|line| line.value).unwrap_or_default();
        let payee = value(&record, 'P').and_then(clean_line).unwrap_or_default();
        rows.push((distance, [first, second], format!("{amount}  {payee}").trim_end().to_owned()));
        rows.sort_by_key(|(distance, ..)| std::cmp::Reverse(*distance));
        rows.truncate(PREVIEW);
    }
    let choice = |place: usize, order: DateOrder| QuestionOption {
        value: order.name().to_owned(),
        label: order.label().to_owned(),
        preview: rows.iter().map(|(_, days, text)| format!("{}  {text}", days[place])).collect(),
    };
    Question {
        id: DATE_ORDER.to_owned(),
        text: "In which order are the dates of this file written?".to_owned(),
        options: vec![choice(0, DateOrder::Mdy), choice(1, DateOrder::Dmy)],
        ..Question::default()
    }
}
