//! The table that `dashtam export --to csv` writes, read back without loss.
//!
//! Used by the table reader, before anything is inferred. INVARIANT: every column has one meaning; a cell that can't be read
//! is a warning with its line.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;

use crate::{
    domain::{
        AccountDraft, AccountType, AssetCode, AssetType, BalanceDraft, ForeignAmount, IdTrust, Kind, Money, Origin,
        Security, Text, TransactionDraft, TransactionFacts, TransactionStatus, TransactionSubtype, UserFields, text,
    },
    statements::{
        Evidence, Institution, Limits, Reading, Statement, StatementAccount, StatementError, Verdict,
        warnings::{Warnings, quoted},
    },
};

/// Columns that no other program writes together.
const SIGNATURE: [&str; 9] = [
    "id",
    "account_id",
    "provider_transaction_id",
    "date",
    "settlement_date",
    "amount",
    "currency",
    "subtype",
    "source_line",
];

/// The name of the layout for the columns of this program.
pub const LAYOUT: &str = "dashtam";

/// Whether a text begins with the header of an export.
pub(super) fn fits(text: &str) -> bool {
    let header = text.trim_start_matches('\u{feff}').lines().next().unwrap_or_default();
    let cells: Vec<&str> = header.split(',').map(|cell| cell.trim().trim_matches('"')).collect();
    SIGNATURE.iter().all(|name| cells.contains(name))
}

/// A row with its columns by name.
struct Row<'a> {
    places: &'a HashMap<String, usize>,
    record: &'a csv::StringRecord,
}

impl Row<'_> {
    /// A cell as it was before it was made safe for spreadsheets; `None` when it is empty.
    fn cell(&self, name: &str) -> Option<&str> {
        let cell = self.record.get(*self.places.get(name)?)?;
        let bare = cell.trim_start_matches('\'');
        let is_marked = bare.len() < cell.len() && bare.starts_with(['=', '+', '-', '@', '\t', '\r']);
        Some(if is_marked { &cell[1..] } else { cell }).filter(|cell| !cell.is_empty())
    }

    fn text(&self, name: &str) -> Option<Text> {
        self.cell(name).and_then(text::clean_line)
    }

    /// A cell in its form, or the name of its column.
    fn parsed<T>(&self, name: &'static str, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>, &'static str> {
        self.cell(name).map_or(Ok(None), |cell| parse(cell).map(Some).ok_or(name))
    }

    fn decimal(&self, name: &'static str) -> Result<Option<Decimal>, &'static str> {
        self.parsed(name, |cell| cell.parse().ok())
    }

    fn facts(&self) -> Result<TransactionFacts, &'static str> {
        let day = |cell: &str| cell.parse::<NaiveDate>().ok();
        let date = self.parsed("date", day)?.ok_or("date")?;
        let amount = self.decimal("amount")?.ok_or("amount")?;
        let code = |cell: &str| AssetCode::new(cell).ok();
        let currency = self.parsed("currency", code)?.ok_or("currency")?;
        let mut facts = TransactionFacts::new(date, amount, currency);
        let instant = |cell: &str| DateTime::parse_from_rfc3339(cell).ok().map(|at| at.with_timezone(&Utc));
        facts.instant = self.parsed("instant", instant)?;
        facts.settlement_date = self.parsed("settlement_date", day)?;
        facts.kind = Kind(self.parsed("subtype", TransactionSubtype::parse)?.unwrap_or(TransactionSubtype::Unknown));
        facts.status = self.parsed("status", TransactionStatus::parse)?.unwrap_or(TransactionStatus::Settled);
        facts.provider_id = self.text("provider_transaction_id");
        facts.payee = self.text(if self.places.contains_key("provider_payee") { "provider_payee" } else { "payee" });
        facts.raw_type = self.text("raw_type");
        facts.memo = self.text("memo");
        facts.reference = self.text("reference");
        // Without a description the payee, else the memo, was written in its place.
        let description = self.text("description");
        let stands_in = facts.payee.as_ref().or(facts.memo.as_ref()).cloned();
        facts.description = description.filter(|text| Some(text) != stands_in.as_ref());
        let security = Security {
            symbol: self.text("symbol"),
            name: self.text("security_name"),
            asset_type: self.parsed("asset_type", AssetType::parse)?,
            quantity: self.decimal("quantity")?,
            unit_price: self.decimal("unit_price")?,
            commission: self.decimal("commission")?,
            fees: self.decimal("fees")?,
            group: None,
        };
        facts.security = (security != Security::default()).then(|| Box::new(security));
        let foreign = (self.decimal("foreign_amount")?, self.parsed("foreign_currency", code)?);
        if let (Some(foreign), Some(currency)) = foreign {
            let divided = || amount.checked_div(foreign).filter(|_| !foreign.is_zero()).map(|rate| rate.abs());
            let rate = self.decimal("foreign_rate")?.or_else(divided);
            let money = Money::new(foreign, currency);
            facts.foreign = Some(Box::new(ForeignAmount { money, rate: rate.unwrap_or(Decimal::ONE) }));
        }
        Ok(facts)
    }

    /// The fields of the user.
    fn user(&self) -> Result<Option<Box<UserFields>>, &'static str> {
        let own = |name: &str| self.cell(name).map(str::to_owned);
        let words = || self.cell("tags").into_iter().flat_map(str::split_whitespace).map(str::to_owned).collect();
        let user = UserFields {
            payee: own("payee").filter(|payee| {
                self.places.contains_key("provider_payee") && self.cell("provider_payee") != Some(payee)
            }),
            category: own("category"),
            tags: self.parsed("tag_list", |cell| serde_json::from_str(cell).ok())?.unwrap_or_else(words),
            note: own("note"),
        };
        Ok((!user.is_empty()).then(|| Box::new(user)))
    }

    /// The balances stated for the account.
    fn balances(&self) -> Result<Vec<BalanceDraft>, &'static str> {
        const NAME: &str = "stated_balances";
        let Some(cell) = self.cell(NAME) else { return Ok(Vec::new()) };
        cell.split("; ").map(|text| balance(text).ok_or(NAME)).collect()
    }

    fn account(&self, currency: AssetCode) -> AccountDraft {
        let named = |name: &str| self.cell(name).map(str::to_owned);
        let id = named("provider_account_id").or_else(|| named("account_id")).unwrap_or_default();
        AccountDraft {
            number: named("account_number").unwrap_or_default(),
            name: named("account"),
            account_type: self.cell("account_type").and_then(AccountType::parse).unwrap_or(AccountType::Other),
            currency: self.cell("account_currency").and_then(|code| AssetCode::new(code).ok()).unwrap_or(currency),
            provider_account_id: id,
            balance: None,
            is_active: true,
            institution: None,
        }
    }
}

/// Reads `2026-01-31 123.45 available=100.00 securities=80.00 cash=43.45`.
fn balance(text: &str) -> Option<BalanceDraft> {
    let mut parts = text.split(' ');
    let date = parts.next()?.parse().ok()?;
    let current = parts.next()?.parse().ok()?;
    let mut balance = BalanceDraft { date, current, available: None, holdings_value: None, cash_value: None };
    for part in parts {
        let (name, amount) = part.split_once('=')?;
        let amount = Some(amount.parse().ok()?);
        match name {
            "available" => balance.available = amount,
            "securities" => balance.holdings_value = amount,
            "cash" => balance.cash_value = amount,
            _ => return None,
        }
    }
    Some(balance)
}

/// Counts the lines up to a place, going forward only.
struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u32,
}

impl Lines<'_> {
    /// The line of the record that begins at a byte; the end of the line before it may be counted to it.
    fn at(&mut self, start: u64) -> u32 {
        let start = usize::try_from(start).unwrap_or(usize::MAX).min(self.bytes.len());
        let breaks = self.bytes[start..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let start = (start + breaks).max(self.at);
        let passed = memchr::memchr_iter(b'\n', &self.bytes[self.at..start]).count();
        self.line = self.line.saturating_add(u32::try_from(passed).unwrap_or(u32::MAX));
        self.at = start;
        self.line
    }
}

/// Reads an export.
pub(super) fn read(text: &str, limits: &Limits) -> Result<Reading, StatementError> {
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let headers = reader.headers().cloned().unwrap_or_default();
    let places: HashMap<String, usize> = headers.iter().map(|name| name.trim().to_owned()).zip(0..).collect();
    let mut warnings = Warnings::new(limits.warnings);
    let mut statements: Vec<Statement> = Vec::new();
    let mut found: HashMap<[String; 3], (usize, usize)> = HashMap::new();
    let mut identities: HashMap<[String; 2], usize> = HashMap::new();
    let mut record = csv::StringRecord::new();
    let mut rows = 0usize;
    let mut lines = Lines { bytes: text.as_bytes(), at: 0, line: 1 };
    // Text that is valid UTF-8 gives valid records.
    while reader.read_record(&mut record).unwrap_or(false) {
        let line = lines.at(record.position().map_or(0, csv::Position::byte));
        let row = Row { places: &places, record: &record };
        rows += 1;
        if rows > limits.rows {
            let what = format!("more than {} rows", limits.rows);
            return Err(StatementError::TooLarge { what, limit: limits.rows as u64, setting: "rows" });
        }
        let parsed = row.facts().and_then(|facts| Ok((facts, row.user()?, row.balances()?)));
        let (mut facts, user, balances) = match parsed {
            Ok(parsed) => parsed,
            Err(column) => {
                let cell = row.cell(column).unwrap_or_default();
                warnings
                    .add(line, || format!("the {column} {} can't be read, so the line is not imported", quoted(cell)));
                continue;
            }
        };
        facts.origin = Origin { line };
        let mut account = row.account(facts.currency);
        let institution = row.cell("institution").unwrap_or_default().to_owned();
        let number = row.cell("account_id").unwrap_or_default().to_owned();
        let place = found.entry([institution.clone(), account.provider_account_id.clone(), number]);
        let (statement, page) = *place.or_insert_with(|| {
            // Accounts that came without a number share an identity.
            let same = identities.entry([institution.clone(), account.provider_account_id.clone()]).or_default();
            *same += 1;
            if *same > 1 {
                account.provider_account_id = format!("{}/{same}", account.provider_account_id);
            }
            let known = statements
                .iter()
                .position(|statement| statement.institution.name.as_deref().unwrap_or_default() == institution);
            let statement = known.unwrap_or_else(|| {
                statements.push(empty(&institution));
                statements.len() - 1
            });
            statements[statement].accounts.push(StatementAccount::new(account));
            (statement, statements[statement].accounts.len() - 1)
        });
        let draft = TransactionDraft { user, ..TransactionDraft::from(facts) };
        statements[statement].accounts[page].transactions.push(draft);
        // Balances of several days are pages without rows.
        for balance in balances {
            let mut stated = StatementAccount::new(statements[statement].accounts[page].account.clone());
            stated.account.balance = Some(balance);
            statements[statement].accounts.push(stated);
        }
    }
    warnings.end_document();
    Ok(Reading {
        format: "csv",
        statements,
        warnings: warnings.finish(),
        verdict: Verdict::Certain,
        evidence: vec![Evidence::supporting("the columns are those of an export of this program")],
    })
}

fn empty(institution: &str) -> Statement {
    let name = (!institution.is_empty()).then(|| institution.to_owned());
    Statement {
        format: "csv",
        id_trust: IdTrust::Reusable,
        member: None,
        document: 1,
        institution: Institution { name, layout: Some(LAYOUT.to_owned()), ..Institution::default() },
        accounts: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "id,account_id,provider_transaction_id,date,settlement_date,amount,currency,subtype,status,payee,source_line,institution,provider_account_id";

    #[test]
    fn rows_accounts_and_broken_cells() {
        let text = format!(
            "{HEADER}\r\n2,1,a,2024-04-05,,900.00,EUR,deposit,settled,\"'=Pay\",7,Bank,123\r\n\
             3,2,b,2024-04-06,,-1,USD,purchase,pending,x,8,Bank,456\r\n4,2,c,2024-13-06,,-1,USD,purchase,settled,x,8,Bank,456\r\n"
        );
        assert!(fits(&text) && !fits("id,date,amount\n"));
        let reading = read(&text, &Limits::default()).unwrap();
        let pages = &reading.statements[0].accounts;
        assert_eq!((reading.statements.len(), pages.len()), (1, 2));
        let facts = &pages[0].transactions[0].facts;
        assert_eq!(
            (facts.origin.line, facts.payee(), pages[0].account.provider_account_id.as_str()),
            (2, "=Pay", "123")
        );
        assert_eq!(pages[1].transactions[0].facts.status, TransactionStatus::Pending);
        assert_eq!(reading.warnings.iter().map(|warning| warning.line).collect::<Vec<_>>(), [4]);
    }

    #[test]
    fn balances_of_several_days() {
        let read = |text: &str| balance(text).map(|found| (found.date.to_string(), found.current, found.cash_value));
        let day = |text: &str| text.to_owned();
        assert_eq!(read("2026-01-31 -123.45"), Some((day("2026-01-31"), "-123.45".parse().unwrap(), None)));
        let whole = read("2026-01-31 123.45 available=1 securities=80.00 cash=43.45").unwrap();
        assert_eq!(whole.2, "43.45".parse().ok());
        for wrong in ["", "2026-01-31", "2026-13-31 1", "2026-01-31 x", "2026-01-31 1 other=2"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
