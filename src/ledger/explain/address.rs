//! The addresses of figures.

use std::{fmt, str::FromStr};

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::{
    domain::{AccountId, AssetCode, HoldingId, TransactionId},
    ledger::{By, daily::BalanceStatement},
};

/// The address of a figure; its text form is what `dashtam explain` takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Figure {
    /// `net-worth`, or `net-worth:USD` for one currency.
    NetWorth(Option<AssetCode>),
    /// `account:ID:balance`.
    Balance(AccountId),
    /// `account:ID:stated:DATE`: a stated balance; with `:cash` or `:securities` a part of it.
    Stated(AccountId, NaiveDate, BalancePart),
    /// `holding:ID:gain`.
    HoldingGain(HoldingId),
    /// `holding:ID:value`.
    HoldingValue(HoldingId),
    /// `holding:ID:cost`: the cost, subtracted.
    HoldingCost(HoldingId),
    /// `holding:ID:quantity`.
    HoldingQuantity(HoldingId),
    /// `holding:ID:price`: the price of one unit, times the multiplier.
    HoldingPrice(HoldingId),
    /// `row:ID:amount`.
    Row(TransactionId),
    /// `cash-flow:2026-10`, `cash-flow:2026-Q4`, `cash-flow:2026`.
    CashFlow(String, Option<AssetCode>),
    /// `by:KEY:VALUE`: the rows of a group.
    Group(By, String, Option<AssetCode>),
    /// `rows:ACCOUNT:CURRENCY:+QUERY`: the sum of the rows that match; with `-` subtracted. `*` means all accounts.
    Rows {
        /// Only rows of this account.
        account: Option<AccountId>,
        /// Only rows in this currency.
        currency: AssetCode,
        /// Whether the sum is subtracted.
        subtracted: bool,
        /// The rows, in the query language.
        query: String,
    },
}

/// A part of a stated balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BalancePart {
    /// All of it.
    Whole,
    /// The cash of an account with securities.
    Cash,
    /// Its securities.
    Securities,
}

impl BalancePart {
    /// The figure of this part.
    #[must_use]
    pub fn of(self, stated: &BalanceStatement) -> Option<Decimal> {
        match self {
            Self::Whole => Some(stated.total),
            Self::Cash => stated.cash,
            Self::Securities => stated.securities,
        }
    }

    const fn suffix(self) -> &'static str {
        match self {
            Self::Whole => "",
            Self::Cash => ":cash",
            Self::Securities => ":securities",
        }
    }
}

/// A text that is not the address of a figure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a figure; write net-worth, account:ID:balance, holding:ID:gain, row:ID:amount, cash-flow:PERIOD or by:KEY:VALUE"
)]
pub struct ParseFigureError(String);

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let with = |f: &mut fmt::Formatter<'_>, currency: &Option<AssetCode>| match currency {
            Some(currency) => write!(f, ":{currency}"),
            None => Ok(()),
        };
        match self {
            Self::NetWorth(currency) => f.write_str("net-worth").and_then(|()| with(f, currency)),
            Self::Balance(account) => write!(f, "account:{account}:balance"),
            Self::Stated(account, date, part) => write!(f, "account:{account}:stated:{date}{}", part.suffix()),
            Self::HoldingGain(id) => write!(f, "holding:{id}:gain"),
            Self::HoldingValue(id) => write!(f, "holding:{id}:value"),
            Self::HoldingCost(id) => write!(f, "holding:{id}:cost"),
            Self::HoldingQuantity(id) => write!(f, "holding:{id}:quantity"),
            Self::HoldingPrice(id) => write!(f, "holding:{id}:price"),
            Self::Row(id) => write!(f, "row:{id}:amount"),
            Self::CashFlow(period, currency) => write!(f, "cash-flow:{period}").and_then(|()| with(f, currency)),
            Self::Group(by, value, None) => write!(f, "by:{by}:{value}"),
            Self::Group(by, value, Some(currency)) => write!(f, "by:{by}@{currency}:{value}"),
            Self::Rows { account, currency, subtracted, query } => {
                let account = account.map_or_else(|| "*".to_owned(), |account| account.to_string());
                write!(f, "rows:{account}:{currency}:{}{query}", if *subtracted { '-' } else { '+' })
            }
        }
    }
}

impl FromStr for Figure {
    type Err = ParseFigureError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text.trim()).ok_or_else(|| ParseFigureError(crate::domain::text::clean(text).into_owned()))
    }
}

fn parse(text: &str) -> Option<Figure> {
    let (name, rest) = text.split_once(':').unwrap_or((text, ""));
    let currency = |text: &str| AssetCode::new(text).ok();
    match name {
        "net-worth" if rest.is_empty() => Some(Figure::NetWorth(None)),
        "net-worth" => Some(Figure::NetWorth(Some(currency(rest)?))),
        "account" => match rest.split(':').collect::<Vec<_>>().as_slice() {
            [id, "balance"] => Some(Figure::Balance(id.parse().ok()?)),
            [id, "stated", date] => Some(Figure::Stated(id.parse().ok()?, date.parse().ok()?, BalancePart::Whole)),
            [id, "stated", date, "cash"] => {
                Some(Figure::Stated(id.parse().ok()?, date.parse().ok()?, BalancePart::Cash))
            }
            [id, "stated", date, "securities"] => {
                Some(Figure::Stated(id.parse().ok()?, date.parse().ok()?, BalancePart::Securities))
            }
            _ => None,
        },
        "holding" => {
            let (id, part) = rest.split_once(':')?;
            let id = id.parse().ok()?;
            match part {
                "gain" => Some(Figure::HoldingGain(id)),
                "value" => Some(Figure::HoldingValue(id)),
                "cost" => Some(Figure::HoldingCost(id)),
                "quantity" => Some(Figure::HoldingQuantity(id)),
                "price" => Some(Figure::HoldingPrice(id)),
                _ => None,
            }
        }
        "row" => Some(Figure::Row(rest.strip_suffix(":amount").unwrap_or(rest).parse().ok()?)),
        "cash-flow" if !rest.is_empty() => match rest.split_once(':') {
            Some((period, code)) => Some(Figure::CashFlow(period.to_owned(), Some(currency(code)?))),
            None => Some(Figure::CashFlow(rest.to_owned(), None)),
        },
        "by" => {
            let (key, value) = rest.split_once(':')?;
            let (key, code) = key.split_once('@').map_or((key, None), |(key, code)| (key, Some(code)));
            let code = match code {
                Some(code) => Some(currency(code)?),
                None => None,
            };
            Some(Figure::Group(By::parse(key)?, value.to_owned(), code))
        }
        "rows" => {
            let mut parts = rest.splitn(3, ':');
            let (account, code, query) = (parts.next()?, parts.next()?, parts.next()?);
            let account = if account == "*" { None } else { Some(account.parse().ok()?) };
            let (sign, query) = query.split_at_checked(1)?;
            let subtracted = match sign {
                "-" => true,
                "+" => false,
                _ => return None,
            };
            Some(Figure::Rows { account, currency: currency(code)?, subtracted, query: query.to_owned() })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_come_back() {
        for text in [
            "net-worth",
            "net-worth:USD",
            "account:3:balance",
            "account:3:stated:2026-01-31",
            "account:3:stated:2026-01-31:cash",
            "holding:2:gain",
            "holding:2:price",
            "row:17:amount",
            "cash-flow:2026-10",
            "cash-flow:2026-Q4:EUR",
            "by:payee:blue: bottle",
            "by:month@USD:2026-03",
            "rows:1:USD:+date:2026-01-01..2026-01-31 status:settled",
            "rows:*:EUR:-coffee",
        ] {
            assert_eq!(text.parse::<Figure>().map(|figure| figure.to_string()), Ok(text.to_owned()));
        }
        for text in [
            "",
            "net",
            "account:x:balance",
            "account:1",
            "holding:1:x",
            "row:",
            "cash-flow",
            "by:nothing:x",
            "rows:1:USD:x",
        ] {
            assert!(text.parse::<Figure>().is_err(), "{text}");
        }
    }
}
