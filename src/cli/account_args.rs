//! Arguments of `account` and `balance`, and days as arguments.

use chrono::NaiveDate;
use clap::{Subcommand, ValueEnum};
use rust_decimal::Decimal;

use crate::domain::{AccountType, AssetCode};

/// Which way round figures are delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum SignOfFigures {
    /// Money owned and money in are positive
    AsIs,
    /// The other way round
    Invert,
    /// As the balances and rows show
    Auto,
}

/// Actions on accounts.
#[derive(Debug, Subcommand)]
pub(super) enum AccountCommand {
    /// Add an account that no file and no provider delivers
    Add {
        /// Its name
        name: String,
        /// Its type: checking, savings, brokerage, loan, …; a wrong one lists all
        #[arg(long, value_name = "KIND", value_parser = account_type)]
        r#type: AccountType,
        /// Its currency
        #[arg(long, value_name = "CODE", default_value = "USD", value_parser = currency)]
        currency: AssetCode,
    },
    /// Set which way round the figures of an account are delivered, where its provider's differ by account
    Signs {
        /// Its id, its name or the end of its number
        name: String,
        /// Its balances [default: as set before]
        #[arg(long, value_enum, value_name = "SIGN")]
        balance: Option<SignOfFigures>,
        /// Its rows [default: as set before]
        #[arg(long, value_enum, value_name = "SIGN")]
        rows: Option<SignOfFigures>,
    },
    /// Close an account: its rows stay, its balance leaves net worth
    Close {
        /// Its id, its name or the end of its number
        name: String,
    },
}

fn account_type(text: &str) -> Result<AccountType, String> {
    AccountType::parse(text).ok_or_else(|| {
        let known: Vec<&str> = AccountType::ALL.iter().map(|known| known.as_str()).collect();
        format!("choose one of: {}", known.join(", "))
    })
}

fn currency(text: &str) -> Result<AssetCode, crate::domain::AssetCodeError> {
    AssetCode::new(text)
}

/// Actions on balances.
#[derive(Debug, Subcommand)]
pub(super) enum BalanceCommand {
    /// Confirm the balance of an account at the end of a day: cash, or an account without statements
    Set {
        /// The account: its id, its name or the end of its number
        account: String,
        /// The balance; negative when owed
        #[arg(allow_hyphen_values = true, value_parser = amount)]
        amount: Decimal,
        /// The day
        #[arg(long, value_name = "DATE", value_parser = date)]
        on: NaiveDate,
    },
}

/// A day, as everything prints one.
pub(super) fn date(written: &str) -> Result<NaiveDate, &'static str> {
    written.parse().map_err(|error: chrono::ParseError| match error.kind() {
        chrono::format::ParseErrorKind::OutOfRange | chrono::format::ParseErrorKind::Impossible => {
            "the calendar has no such day; write a day as YYYY-MM-DD"
        }
        _ => "write a day as YYYY-MM-DD, for example 2026-01-31",
    })
}

/// A number of things.
pub(super) fn count(written: &str) -> Result<usize, &'static str> {
    written.parse().map_err(|_| "write a whole number")
}

/// An amount, without marks between thousands.
fn amount(written: &str) -> Result<Decimal, &'static str> {
    Decimal::from_str_exact(written).map_err(|_| "write an amount as 1234.56, with at most 28 digits")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_numbers_and_amounts_are_read_or_explained() {
        assert!(date("2026-01-31").is_ok());
        assert!(date("2025-02-30").unwrap_err().contains("calendar"));
        assert!(date("31.12.2025").unwrap_err().contains("YYYY-MM-DD"));
        assert_eq!((count("3"), count("x").is_err(), count("-1").is_err()), (Ok(3), true, true));
        assert_eq!(amount("-12.34"), Ok(Decimal::new(-1234, 2)));
        assert!(["1,234.56", "abc", "99999999999999999999999999999999999"].iter().all(|it| amount(it).is_err()));
    }
}
