//! Statements, reports and notifications → pages.
//!
//! Used by [`super::FORMAT`]. INVARIANT: an entry that can't be read is a warning with its line and makes its page incomplete.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{
    super::{
        Institution, Limits, ReadProgress, Reading, StatedBalance, StatementError,
        iban::{bank_code, iban, is_bic},
        pages::{AccountKey, Pages, difference},
        warnings::quoted,
    },
    FORMAT,
    document::{End, Handler, walk},
    element::Element,
    entry::{Context, EntryProblem, day, day_of, facts, signed},
};
use crate::domain::{AccountType, AssetCode, BalanceDraft, text::clean_line};

/// Reads a decoded file.
pub(super) fn read(source: &str, limits: &Limits, progress: &mut ReadProgress<'_>) -> Result<Reading, StatementError> {
    let mut reader = Reader { pages: Pages::new(limits), open: Open::default(), format: None, assumed: false };
    match walk(source, limits, progress, &mut reader)? {
        End::Whole => {}
        End::Early(line, None) => reader
            .pages
            .warnings
            .add(line, || "the file ends early: what was complete up to here was read, the rest is missing".to_owned()),
        End::Early(line, Some(reason)) => reader.pages.warnings.add(line, || {
            format!("the XML is damaged here ({reason}): what was complete before was read, the rest is missing")
        }),
    }
    let format = reader.format.unwrap_or("camt053");
    reader.pages.finish(&FORMAT, format)
}

struct Reader {
    pages: Pages,
    open: Open,
    /// The kind of the first statement.
    format: Option<&'static str>,
    /// Whether the warning about an assumed currency was given.
    assumed: bool,
}

/// The statement being read.
#[derive(Default)]
struct Open {
    is_statement: bool,
    line: u32,
    created: Option<NaiveDate>,
    period: Option<(NaiveDate, NaiveDate)>,
    number: Option<u32>,
    account: Option<Element>,
    balances: Vec<Balance>,
    /// Entries that the statement announces.
    announced: Option<usize>,
    entries: usize,
    has_page: bool,
    incomplete: bool,
    currency: Option<AssetCode>,
    own_number: String,
}

struct Balance {
    code: String,
    amount: Decimal,
    currency: Option<AssetCode>,
    date: Option<NaiveDate>,
    line: u32,
}

impl Open {
    /// The first balance of the first code that has one.
    fn balance(&self, codes: &[&str]) -> Option<&Balance> {
        codes.iter().find_map(|code| self.balances.iter().find(|balance| balance.code == *code))
    }

    fn opening(&self) -> Option<&Balance> {
        // Two interim balances are those before and after the entries.
        let interim = || {
            let mut interim = self.balances.iter().filter(|balance| balance.code == "ITBD");
            let first = interim.next()?;
            interim.next().map(|_| first)
        };
        self.balance(&["OPBD", "PRCD"]).or_else(interim)
    }

    fn closing(&self) -> Option<&Balance> {
        let interim = || self.balances.iter().rfind(|balance| balance.code == "ITBD");
        self.balance(&["CLBD"]).or_else(interim)
    }

    /// The day of the closing balance, else the last day of the period.
    fn day(&self) -> Option<NaiveDate> {
        self.closing().and_then(|closing| closing.date).or(self.period.map(|(_, to)| to))
    }
}

impl Handler for Reader {
    fn begin(&mut self, kind: &str, line: u32) -> Result<(), StatementError> {
        let format = match kind {
            "Rpt" => "camt052",
            "Ntfctn" => "camt054",
            _ => "camt053",
        };
        self.format.get_or_insert(format);
        self.open = Open { is_statement: format == "camt053", line, ..Open::default() };
        Ok(())
    }

    fn child(&mut self, element: &Element) -> Result<(), StatementError> {
        match element.name.as_str() {
            "CreDtTm" => self.open.created = day_of(element.text.trim()),
            "FrToDt" => {
                let from = element.text_at("FrDtTm").and_then(day_of);
                let to = element.text_at("ToDtTm").and_then(day_of);
                self.open.period = from.zip(to);
            }
            "LglSeqNb" => self.open.number = element.text.trim().parse().ok(),
            "ElctrncSeqNb" if self.open.number.is_none() => self.open.number = element.text.trim().parse().ok(),
            "Acct" => self.open.account = Some(element.clone()),
            "Bal" => self.read_balance(element),
            "TxsSummry" => {
                self.open.announced = element.text_at("TtlNtries/NbOfNtries").and_then(|count| count.parse().ok());
            }
            "Ntry" => self.read_entry(element)?,
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, complete: bool) -> Result<(), StatementError> {
        self.open.incomplete |= !complete;
        if self.open.account.is_some() || !self.open.balances.is_empty() {
            self.begin_page(None);
        }
        self.end_page();
        self.open = Open::default();
        Ok(())
    }
}

impl Reader {
    fn read_balance(&mut self, element: &Element) {
        let code = element.text_at("Tp/CdOrPrtry/Cd").or_else(|| element.text_at("Tp/CdOrPrtry/Prtry"));
        let code = code.unwrap_or_default().to_owned();
        let Some((amount, currency)) = signed(element) else {
            let text = element.text_at("Amt").unwrap_or_default().to_owned();
            self.pages.warnings.add(element.line, || {
                format!("the balance {code} {} is not an amount; it was left out", quoted(&text))
            });
            return;
        };
        let date = day(element.child("Dt"));
        self.open.balances.push(Balance { code, amount, currency, date, line: element.line });
    }

    fn read_entry(&mut self, element: &Element) -> Result<(), StatementError> {
        self.begin_page(Some(element));
        self.open.entries += 1;
        let context = Context {
            currency: self.open.currency.unwrap_or(AssetCode::USD),
            day: self.open.day(),
            created: self.open.created,
            number: &self.open.own_number,
            is_statement: self.open.is_statement,
        };
        match facts(element, &context) {
            Ok(row) => self.pages.push(row),
            Err(problem) => {
                self.open.incomplete = true;
                let amount = element.text_at("Amt").unwrap_or_default().to_owned();
                self.pages.warnings.add(element.line, || match problem {
                    EntryProblem::Amount => {
                        format!("the entry's amount {} can't be read; it was left out", quoted(&amount))
                    }
                    EntryProblem::Day => format!("the entry over {} has no day; it was left out", quoted(&amount)),
                });
                Ok(())
            }
        }
    }

    /// Starts the page at the first entry or at the end of the statement. The currency is that of the account, else of a
    /// booked balance, else of the first entry.
    fn begin_page(&mut self, entry: Option<&Element>) {
        if self.open.has_page {
            return;
        }
        self.open.has_page = true;
        let none = Element::default();
        let account = self.open.account.take().unwrap_or(none);
        let balance = self.open.opening().or_else(|| self.open.closing());
        let stated = account
            .text_at("Ccy")
            .and_then(|code| AssetCode::new(code).ok())
            .or_else(|| balance.and_then(|balance| balance.currency))
            .or_else(|| entry.and_then(signed).and_then(|(_, currency)| currency))
            .or_else(|| self.open.balances.first().and_then(|balance| balance.currency));
        let currency = stated.or_else(|| AssetCode::new("EUR").ok()).unwrap_or(AssetCode::USD);
        let number = account.text_at("Id/IBAN").or_else(|| account.text_at("Id/Othr/Id")).unwrap_or_default();
        let number = clean_line(number).map(String::from).unwrap_or_default();
        let number = iban(&number).unwrap_or(number);
        self.open.currency = Some(currency);
        self.open.own_number.clone_from(&number);
        let line = self.open.line;
        if stated.is_none() && !std::mem::replace(&mut self.assumed, true) {
            self.pages.warnings.add(line, || format!("the statement names no currency; {currency} was assumed"));
        }
        if number.is_empty() {
            self.pages
                .warnings
                .add(line, || "the statement names no account; its rows were put into one without a number".to_owned());
        }
        let name = account.text_at("Nm").and_then(clean_line).map(String::from);
        let key = AccountKey { bank: None, account_type: account_type(&account), number, currency };
        let page = self.pages.begin(institution(&account, &key.number), key, name);
        page.currency_stated = stated.is_some();
        if let Some(number) = self.open.number {
            self.pages.check_number(number, line);
        }
    }

    /// Adds period and balances to the page.
    fn end_page(&mut self) {
        let open = &self.open;
        if !open.has_page {
            return;
        }
        let other = [open.opening(), open.closing()].into_iter().flatten().find_map(|balance| {
            balance.currency.filter(|code| Some(*code) != open.currency).map(|code| (balance.line, code))
        });
        let available = open.balance(&["CLAV", "ITAV"]);
        let Some(page) = self.pages.last() else { return };
        let stated = |balance: &Balance| {
            Some(StatedBalance { date: balance.date.or_else(|| open.day())?, amount: balance.amount })
        };
        page.opening = open.opening().and_then(stated);
        page.closing = open.closing().and_then(stated);
        let same_currency = |known: &&Balance| known.currency == open.closing().and_then(|closing| closing.currency);
        page.account.balance = page.closing.map(|closing| BalanceDraft {
            date: closing.date,
            current: closing.amount,
            available: available.filter(same_currency).map(|balance| balance.amount),
            holdings_value: None,
            cash_value: None,
        });
        let days = || page.transactions.iter().map(|draft| draft.facts.date);
        let listed = days().min().zip(days().max());
        let covered = open.period.filter(|(from, to)| days().all(|day| *from <= day && day <= *to));
        page.period = covered.or(listed);
        page.complete = open.is_statement && !open.incomplete && page.period.is_some();
        let missing = difference(page).filter(|difference| !difference.is_zero());
        let short = open.announced.filter(|announced| *announced != open.entries);
        if missing.is_some() || short.is_some() {
            page.complete = false;
        }
        let (line, entries) = (open.closing().map_or(open.line, |closing| closing.line), open.entries);
        if let (Some(missing), Some(currency)) = (missing, open.currency) {
            self.pages.warnings.add(line, || {
                format!(
                    "the entries do not lead from the opening to the closing balance: {} {currency} is missing",
                    missing.normalize()
                )
            });
        }
        if let Some(announced) = short {
            self.pages
                .warnings
                .add(open.line, || format!("the statement announces {announced} entries but lists {entries}"));
        }
        if let Some((line, code)) = other {
            let own = open.currency.map(|code| code.to_string()).unwrap_or_default();
            self.pages.warnings.add(line, || {
                format!("a balance is stated in {code} although the account is in {own}; its figure was taken as it is")
            });
        }
    }
}

fn account_type(account: &Element) -> AccountType {
    match account.text_at("Tp/Cd").unwrap_or_default() {
        "SVGS" | "ONDP" => AccountType::Savings,
        "CARD" => AccountType::CreditCard,
        "LOAN" => AccountType::Loan,
        "MOMA" => AccountType::MoneyMarket,
        _ => AccountType::Checking,
    }
}

fn institution(account: &Element, number: &str) -> Institution {
    let part = |path: &str| account.text_at(path).and_then(clean_line).map(String::from);
    let servicer = "Svcr/FinInstnId";
    let bic = part(&format!("{servicer}/BICFI")).or_else(|| part(&format!("{servicer}/BIC")));
    Institution {
        name: part(&format!("{servicer}/Nm")),
        bank_code: bank_code(number).or_else(|| part(&format!("{servicer}/ClrSysMmbId/MmbId"))),
        bic: bic.filter(|bic| is_bic(bic)),
        ..Institution::default()
    }
}
