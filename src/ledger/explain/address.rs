//! The addresses of figures.

use std::{collections::BTreeSet, fmt, str::FromStr};

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::{
    domain::{AccountCategory, AccountId, AssetCode, ConnectionId, HoldingId, TransactionId, vocabulary},
    ledger::{By, daily::BalanceStatement},
};

/// The address of a figure; its text form is what `dashtam explain` takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Figure {
    /// `net-worth`, or `net-worth:USD` for one currency.
    NetWorth(Option<AssetCode>),
    /// `account:ID:balance`.
    Balance(AccountId),
    /// `account:ID:stated:DATE`: a stated balance; with `:cash`, `:securities` or `:available` a part of it.
    Stated(AccountId, NaiveDate, BalancePart),
    /// `account:ID:stated:DATE:position:HOLDING:PART`: a position behind the securities of a stated balance.
    StatedPosition(AccountId, NaiveDate, HoldingId, HeldPart),
    /// `account:ID:stated:DATE:rest`: the securities of a stated balance less the positions behind them.
    StatedRest(AccountId, NaiveDate),
    /// `holding:ID:gain`.
    HoldingGain(HoldingId),
    /// `holding:ID:value`.
    HoldingValue(HoldingId),
    /// `holding:ID:cost`.
    HoldingCost(HoldingId),
    /// `holding:ID:quantity`.
    HoldingQuantity(HoldingId),
    /// `holding:ID:price`: the price of one unit.
    HoldingPrice(HoldingId),
    /// `holding:ID:multiplier`: the units of the underlying in one contract.
    HoldingMultiplier(HoldingId),
    /// `holding:ID:gain-percent`.
    HoldingPercent(HoldingId),
    /// `holding:ID:weight`: its share of all positions in its currency, in percent.
    HoldingWeight(HoldingId),
    /// `holdings:USD`: the value of all positions that count, in one currency.
    HoldingsValue(AssetCode),
    /// `account:ID:available`.
    Available(AccountId),
    /// `account:ID:gap:DATE`: the stated balance of the day less the one before and the rows between.
    Gap(AccountId, NaiveDate),
    /// `account:ID:cash`: the balance without securities.
    Cash(AccountId),
    /// `account:ID:rows`: the number of its rows.
    RowCount(AccountId),
    /// `connection:ID:rows`: the number of rows of all its accounts.
    ConnectionRows(ConnectionId),
    /// `class:USD:banking`: net worth in the accounts of one class.
    ClassWorth(AssetCode, AccountCategory),
    /// `institution:USD:NAME`: net worth at one institution.
    InstitutionWorth(AssetCode, String),
    /// `row:ID:quantity`, `row:ID:price`, `row:ID:commission`, `row:ID:fees`, `row:ID:foreign`.
    RowPart(TransactionId, RowPart),
    /// `row:ID:amount`.
    Row(TransactionId),
    /// `row:ID:balance`: the cash of its account after the row.
    BalanceAfter(TransactionId),
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
    /// `sum:PART:ROW,ROW`: a sum over chosen rows, or the average price of an order.
    RowSum(RowSumPart, Vec<TransactionId>),
    /// `positions:PART:HOLDING,HOLDING`: a figure of several positions together.
    Positions(PositionPart, Vec<HoldingId>),
    /// `balances:USD:ACCOUNT,ACCOUNT`: the balances of these accounts that count, in one currency.
    Balances(AssetCode, Vec<AccountId>),
    /// `on:DATE:FIGURE`: a figure at the end of another day.
    On(NaiveDate, Box<Figure>),
    /// `less:FIGURE`: a figure with the opposite sign.
    Less(Box<Figure>),
    /// `change:DATE:FIGURE`: a figure less the same figure on an earlier day.
    Change(NaiveDate, Box<Figure>),
}

/// Figures inside a figure at most, so that an address is read in bounded depth.
const DEPTH: usize = 6;

vocabulary! {
    /// A figure of a row beside its amount.
    pub enum RowPart {
        /// Units of a security.
        Quantity = "quantity",
        /// The price of one unit.
        Price = "price",
        /// The commission.
        Commission = "commission",
        /// Other fees.
        Fees = "fees",
        /// The amount in the currency of the purchase.
        Foreign = "foreign",
        /// Quantity times price.
        Value = "value",
    }
}

vocabulary! {
    /// A figure of chosen rows together.
    pub enum RowSumPart {
        /// The sum of their amounts.
        Amount = "amount",
        /// The sum of their quantities.
        Quantity = "quantity",
        /// The sum of quantity times price.
        Value = "value",
        /// The sum of their commissions.
        Commission = "commission",
        /// The sum of their other fees.
        Fees = "fees",
        /// Value divided by quantity.
        Average = "average",
    }
}

vocabulary! {
    /// A figure of a position behind a stated balance.
    pub enum HeldPart {
        /// Its value.
        Value = "value",
        /// Units held.
        Quantity = "quantity",
        /// The price of one unit.
        Price = "price",
        /// The units of the underlying in one contract.
        Multiplier = "multiplier",
    }
}

vocabulary! {
    /// A figure of several positions together.
    pub enum PositionPart {
        /// The sum of their values.
        Value = "value",
        /// The sum of their costs.
        Cost = "cost",
        /// The sum of their gains.
        Gain = "gain",
        /// The sum of their quantities.
        Quantity = "quantity",
        /// Gain in percent of the cost.
        GainPercent = "gain-percent",
        /// Value in percent of all positions in the currency.
        Weight = "weight",
    }
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
    /// The money that can be spent.
    Available,
}

impl BalancePart {
    /// The figure of this part.
    #[must_use]
    pub fn of(self, stated: &BalanceStatement) -> Option<Decimal> {
        match self {
            Self::Whole => Some(stated.total),
            Self::Cash => stated.cash,
            Self::Securities => {
                let has_none = stated.is_split && stated.cash == Some(stated.total);
                stated.securities.or(has_none.then_some(Decimal::ZERO))
            }
            Self::Available => stated.available,
        }
    }

    const fn suffix(self) -> &'static str {
        match self {
            Self::Whole => "",
            Self::Cash => ":cash",
            Self::Securities => ":securities",
            Self::Available => ":available",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let parts = [Self::Cash, Self::Securities, Self::Available];
        parts.into_iter().find(|part| part.suffix().strip_prefix(':') == Some(text))
    }
}

/// A text that is not the address of a figure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a figure")]
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
            Self::StatedPosition(account, date, id, part) => {
                write!(f, "account:{account}:stated:{date}:position:{id}:{part}")
            }
            Self::StatedRest(account, date) => write!(f, "account:{account}:stated:{date}:rest"),
            Self::HoldingGain(id) => write!(f, "holding:{id}:gain"),
            Self::HoldingValue(id) => write!(f, "holding:{id}:value"),
            Self::HoldingCost(id) => write!(f, "holding:{id}:cost"),
            Self::HoldingQuantity(id) => write!(f, "holding:{id}:quantity"),
            Self::HoldingPrice(id) => write!(f, "holding:{id}:price"),
            Self::HoldingMultiplier(id) => write!(f, "holding:{id}:multiplier"),
            Self::HoldingPercent(id) => write!(f, "holding:{id}:gain-percent"),
            Self::HoldingWeight(id) => write!(f, "holding:{id}:weight"),
            Self::HoldingsValue(currency) => write!(f, "holdings:{currency}"),
            Self::Available(account) => write!(f, "account:{account}:available"),
            Self::Gap(account, date) => write!(f, "account:{account}:gap:{date}"),
            Self::Cash(account) => write!(f, "account:{account}:cash"),
            Self::RowCount(account) => write!(f, "account:{account}:rows"),
            Self::ConnectionRows(connection) => write!(f, "connection:{connection}:rows"),
            Self::ClassWorth(currency, class) => write!(f, "class:{currency}:{class}"),
            Self::InstitutionWorth(currency, name) => write!(f, "institution:{currency}:{name}"),
            Self::RowPart(id, part) => write!(f, "row:{id}:{part}"),
            Self::Row(id) => write!(f, "row:{id}:amount"),
            Self::BalanceAfter(id) => write!(f, "row:{id}:balance"),
            Self::CashFlow(period, currency) => write!(f, "cash-flow:{period}").and_then(|()| with(f, currency)),
            Self::Group(by, value, None) => write!(f, "by:{by}:{value}"),
            Self::Group(by, value, Some(currency)) => write!(f, "by:{by}@{currency}:{value}"),
            Self::Rows { account, currency, subtracted, query } => {
                let account = account.map_or_else(|| "*".to_owned(), |account| account.to_string());
                write!(f, "rows:{account}:{currency}:{}{query}", if *subtracted { '-' } else { '+' })
            }
            Self::RowSum(part, ids) => write!(f, "sum:{part}:{}", listed(ids)),
            Self::Positions(part, ids) => write!(f, "positions:{part}:{}", listed(ids)),
            Self::Balances(currency, ids) => write!(f, "balances:{currency}:{}", listed(ids)),
            Self::On(day, inner) => write!(f, "on:{day}:{inner}"),
            Self::Less(inner) => write!(f, "less:{inner}"),
            Self::Change(day, inner) => write!(f, "change:{day}:{inner}"),
        }
    }
}

fn listed<T: fmt::Display>(ids: &[T]) -> String {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    ids.join(",")
}

/// Different ids.
fn ids<T: FromStr + Ord>(text: &str) -> Option<Vec<T>> {
    let ids: Vec<T> = text.split(',').map(|id| id.trim().parse().ok()).collect::<Option<_>>()?;
    let different: BTreeSet<&T> = ids.iter().collect();
    (different.len() == ids.len()).then_some(ids)
}

impl FromStr for Figure {
    type Err = ParseFigureError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text.trim(), DEPTH).ok_or_else(|| ParseFigureError(crate::domain::text::clean(text).into_owned()))
    }
}

/// A figure of an account: the address after `account:`.
fn of_account(rest: &str) -> Option<Figure> {
    match rest.split(':').collect::<Vec<_>>().as_slice() {
        [id, "balance"] => Some(Figure::Balance(id.parse().ok()?)),
        [id, "available"] => Some(Figure::Available(id.parse().ok()?)),
        [id, "rows"] => Some(Figure::RowCount(id.parse().ok()?)),
        [id, "gap", date] => Some(Figure::Gap(id.parse().ok()?, date.parse().ok()?)),
        [id, "cash"] => Some(Figure::Cash(id.parse().ok()?)),
        [id, "stated", date] => Some(Figure::Stated(id.parse().ok()?, date.parse().ok()?, BalancePart::Whole)),
        [id, "stated", date, "rest"] => Some(Figure::StatedRest(id.parse().ok()?, date.parse().ok()?)),
        [id, "stated", date, "position", held, part] => Some(Figure::StatedPosition(
            id.parse().ok()?,
            date.parse().ok()?,
            held.parse().ok()?,
            HeldPart::parse(part)?,
        )),
        [id, "stated", date, part] => {
            Some(Figure::Stated(id.parse().ok()?, date.parse().ok()?, BalancePart::parse(part)?))
        }
        _ => None,
    }
}

/// Reads a figure with at most `depth` figures inside.
fn parse(text: &str, depth: usize) -> Option<Figure> {
    let (name, rest) = text.split_once(':').unwrap_or((text, ""));
    let currency = |text: &str| AssetCode::new(text).ok();
    match name {
        "net-worth" if rest.is_empty() => Some(Figure::NetWorth(None)),
        "net-worth" => Some(Figure::NetWorth(Some(currency(rest)?))),
        "account" => of_account(rest),
        "holding" => {
            let (id, part) = rest.split_once(':')?;
            let id = id.parse().ok()?;
            match part {
                "gain" => Some(Figure::HoldingGain(id)),
                "value" => Some(Figure::HoldingValue(id)),
                "cost" => Some(Figure::HoldingCost(id)),
                "quantity" => Some(Figure::HoldingQuantity(id)),
                "price" => Some(Figure::HoldingPrice(id)),
                "multiplier" => Some(Figure::HoldingMultiplier(id)),
                "gain-percent" => Some(Figure::HoldingPercent(id)),
                "weight" => Some(Figure::HoldingWeight(id)),
                _ => None,
            }
        }
        "holdings" => Some(Figure::HoldingsValue(currency(rest)?)),
        "connection" => Some(Figure::ConnectionRows(rest.strip_suffix(":rows")?.parse().ok()?)),
        "class" => {
            let (code, class) = rest.split_once(':')?;
            Some(Figure::ClassWorth(currency(code)?, AccountCategory::parse(class)?))
        }
        "institution" => {
            let (code, name) = rest.split_once(':')?;
            Some(Figure::InstitutionWorth(currency(code)?, name.to_owned()))
        }
        "row" if rest.split_once(':').is_some_and(|(_, part)| part != "amount") => {
            let (id, name) = rest.split_once(':')?;
            if name == "balance" {
                return Some(Figure::BalanceAfter(id.parse().ok()?));
            }
            Some(Figure::RowPart(id.parse().ok()?, RowPart::parse(name)?))
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
            let by = By::parse(key)?;
            // Lists show the group of rows without one as `no category`.
            let value = if value == format!("no {by}") { "" } else { value };
            Some(Figure::Group(by, value.to_owned(), code))
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
        "sum" => {
            let (part, rows) = rest.split_once(':')?;
            Some(Figure::RowSum(RowSumPart::parse(part)?, ids(rows)?))
        }
        "positions" => {
            let (part, positions) = rest.split_once(':')?;
            Some(Figure::Positions(PositionPart::parse(part)?, ids(positions)?))
        }
        "balances" => {
            let (code, accounts) = rest.split_once(':')?;
            Some(Figure::Balances(currency(code)?, ids(accounts)?))
        }
        "less" => Some(Figure::Less(Box::new(parse(rest, depth.checked_sub(1)?)?))),
        "on" | "change" => {
            let (day, inner) = rest.split_once(':')?;
            let (day, inner) = (day.parse().ok()?, Box::new(parse(inner, depth.checked_sub(1)?)?));
            Some(if name == "on" { Figure::On(day, inner) } else { Figure::Change(day, inner) })
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
            "account:3:stated:2026-01-31:available",
            "holding:2:gain",
            "holding:2:price",
            "holding:2:multiplier",
            "holding:2:gain-percent",
            "holding:2:weight",
            "account:1:stated:2026-10-31:position:2:price",
            "account:1:stated:2026-10-31:rest",
            "holdings:USD",
            "account:3:available",
            "account:3:rows",
            "account:3:gap:2026-01-31",
            "account:3:cash",
            "connection:2:rows",
            "class:USD:banking",
            "institution:USD:First: Bank",
            "row:17:quantity",
            "row:17:foreign",
            "row:17:amount",
            "row:17:balance",
            "row:17:value",
            "sum:average:17,18",
            "positions:gain-percent:2",
            "balances:USD:3,4",
            "less:holding:2:cost",
            "on:2026-01-31:account:3:balance",
            "change:2026-01-31:institution:USD:First: Bank",
            "cash-flow:2026-10",
            "cash-flow:2026-Q4:EUR",
            "by:payee:blue: bottle",
            "by:month@USD:2026-03",
            "rows:1:USD:+date:2026-01-01..2026-01-31 status:settled",
            "rows:*:EUR:-coffee",
        ] {
            assert_eq!(text.parse::<Figure>().map(|figure| figure.to_string()), Ok(text.to_owned()));
        }
        let without = "by:category:no category".parse::<Figure>();
        assert_eq!(without.map(|figure| figure.to_string()), Ok("by:category:".to_owned()));
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
            "sum:amount:",
            "sum:amount:17,17",
            "on:net-worth",
            &format!("{}net-worth", "less:".repeat(1_000)),
        ] {
            assert!(text.parse::<Figure>().is_err(), "{text}");
        }
    }
}
