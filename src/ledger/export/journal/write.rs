//! The written form of entries, assertions and prices in each tool.

use std::io::{self, Write};

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{
    entry::{Entry, Posting, PostingValue},
    text::{JournalTool, line, quoted, tag},
};

/// A balance that the tool verifies at the end of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Assertion {
    pub(super) account: String,
    pub(super) amount: Decimal,
    pub(super) commodity: String,
}

impl JournalTool {
    /// The first lines of a file.
    pub(super) fn heading(self, out: &mut impl Write, about: &str, currencies: &[String]) -> io::Result<()> {
        writeln!(out, "; {about}")?;
        if self == Self::Beancount {
            for currency in currencies {
                writeln!(out, "option \"operating_currency\" \"{currency}\"")?;
            }
            // The cost of one unit may have endless digits.
            writeln!(out, "option \"inferred_tolerance_default\" \"*:0.001\"")?;
        }
        writeln!(out)
    }

    /// Declares an account; `with_shorts` accepts lots of both signs in it.
    pub(super) fn open(
        self,
        out: &mut impl Write,
        date: NaiveDate,
        account: &str,
        with_shorts: bool,
    ) -> io::Result<()> {
        match self {
            Self::Beancount if with_shorts => writeln!(out, "{date} open {account} \"NONE\""),
            Self::Beancount => writeln!(out, "{date} open {account}"),
            Self::Ledger | Self::Hledger => writeln!(out, "account {account}"),
        }
    }

    /// Declares a commodity.
    pub(super) fn commodity(
        self,
        out: &mut impl Write,
        date: NaiveDate,
        commodity: &str,
        digits: u32,
    ) -> io::Result<()> {
        match self {
            Self::Beancount => writeln!(out, "{date} commodity {commodity}"),
            Self::Ledger => writeln!(out, "commodity {commodity}"),
            Self::Hledger => {
                let zeros = "0".repeat(digits as usize);
                writeln!(out, "commodity 1000.{zeros} {commodity}")
            }
        }
    }

    pub(super) fn entry(self, out: &mut impl Write, entry: &Entry) -> io::Result<()> {
        match self {
            Self::Beancount => beancount(out, entry),
            Self::Ledger | Self::Hledger => plain(out, entry, self == Self::Hledger),
        }
    }

    /// Verifies balances at the end of `date`.
    pub(super) fn assertions(self, out: &mut impl Write, date: NaiveDate, balances: &[Assertion]) -> io::Result<()> {
        if balances.is_empty() {
            return Ok(());
        }
        if self == Self::Beancount {
            // Beancount verifies at the beginning of a day.
            let next = date.succ_opt().unwrap_or(date);
            for Assertion { account, amount, commodity } in balances {
                writeln!(out, "{next} balance {account}  {amount} {commodity}")?;
            }
        } else {
            writeln!(out, "{date} * Balances as stated")?;
            for Assertion { account, amount, commodity } in balances {
                writeln!(out, "    {account}  0 {commodity} = {amount} {commodity}")?;
            }
        }
        writeln!(out)
    }

    /// The price of one unit.
    pub(super) fn price(
        self,
        out: &mut impl Write,
        date: NaiveDate,
        commodity: &str,
        price: Decimal,
        currency: &str,
    ) -> io::Result<()> {
        match self {
            Self::Beancount => writeln!(out, "{date} price {commodity}  {price} {currency}"),
            Self::Ledger | Self::Hledger => writeln!(out, "P {date} {commodity} {price} {currency}"),
        }
    }
}

fn plain(out: &mut impl Write, entry: &Entry, hledger: bool) -> io::Result<()> {
    let code = entry.code.as_deref().map(|code| format!("({}) ", line(code).replace(['(', ')'], "")));
    writeln!(out, "{} {} {}{}", entry.date, entry.flag, code.unwrap_or_default(), line(&entry.payee))?;
    for (name, text) in &entry.notes {
        // A comma ends the value of a tag in hledger.
        let text = if hledger { line(text).replace(',', " ") } else { line(text) };
        writeln!(out, "    ; {name}: {text}")?;
    }
    let tags: Vec<_> = entry.tags.iter().map(|own| tag(own)).filter(|tag| !tag.is_empty()).collect();
    if !tags.is_empty() {
        let listed = if hledger { format!("{}:", tags.join(":, ")) } else { format!(":{}:", tags.join(":")) };
        writeln!(out, "    ; {listed}")?;
    }
    for Posting { account, amount, commodity, value, .. } in &entry.postings {
        write!(out, "    {account}  {amount} {commodity}")?;
        match value {
            PostingValue::None => writeln!(out)?,
            PostingValue::Lot { cost, currency, .. } => writeln!(out, " @@ {} {currency}", cost.total)?,
            PostingValue::Total { total, currency } => writeln!(out, " @@ {total} {currency}")?,
        }
    }
    writeln!(out)
}

fn beancount(out: &mut impl Write, entry: &Entry) -> io::Result<()> {
    let mut tags = String::new();
    for tag in entry.tags.iter().map(|own| tag(own)).filter(|tag| !tag.is_empty()) {
        tags.push_str(" #");
        tags.push_str(&tag);
    }
    writeln!(out, "{} {} {} {}{tags}", entry.date, entry.flag, quoted(&entry.payee), quoted(&entry.narration))?;
    if let Some(code) = &entry.code {
        writeln!(out, "  code: {}", quoted(code))?;
    }
    for (name, text) in &entry.notes {
        writeln!(out, "  {name}: {}", quoted(text))?;
    }
    for Posting { account, amount, commodity, value, computed } in &entry.postings {
        if *computed {
            writeln!(out, "  {account}")?;
            continue;
        }
        write!(out, "  {account}  {amount} {commodity}")?;
        match value {
            PostingValue::None => writeln!(out)?,
            PostingValue::Lot { cost, currency, price } => {
                write!(out, " {{{} {currency}, {}}}", cost.unit, cost.since)?;
                match price {
                    Some(price) => writeln!(out, " @ {price} {currency}")?,
                    None => writeln!(out)?,
                }
            }
            PostingValue::Total { total, currency } => writeln!(out, " @@ {total} {currency}")?,
        }
    }
    writeln!(out)
}
