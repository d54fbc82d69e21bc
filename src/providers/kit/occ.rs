//! Option symbols of the clearing house (OCC): root, expiry, call or put, strike, with or without blanks.

use std::fmt;

use chrono::NaiveDate;
use rust_decimal::Decimal;

/// An option contract, parsed from its symbol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionSymbol {
    root: String,
    expiry: NaiveDate,
    is_call: bool,
    strike: Decimal,
}

impl OptionSymbol {
    /// Parses `HIMS  250801P00046000` or `HIMS250801P00046000`.
    #[must_use]
    pub fn parse(symbol: &str) -> Option<Self> {
        let symbol = symbol.trim();
        if !symbol.is_ascii() || symbol.len() < 16 {
            return None;
        }
        let (root, tail) = symbol.split_at(symbol.len() - 15);
        let root = root.trim();
        let rooted = (1..=6).contains(&root.len()) && root.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let is_call = match tail.as_bytes()[6] {
            b'C' => true,
            b'P' => false,
            _ => return None,
        };
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.to_owned());
        let expiry = NaiveDate::parse_from_str(&format!("20{}", digits(&tail[..6])?), "%Y%m%d").ok()?;
        let strike = Decimal::new(digits(&tail[7..])?.parse().ok()?, 3).normalize();
        rooted.then(|| Self { root: root.to_owned(), expiry, is_call, strike })
    }
}

impl fmt::Display for OptionSymbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = if self.is_call { "call" } else { "put" };
        write!(f, "{} {} {} {side}", self.root, self.expiry, self.strike)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read_and_tickers_are_not() {
        for symbol in ["HIMS  250801P00046500", "HIMS250801P00046500"] {
            assert_eq!(OptionSymbol::parse(symbol).unwrap().to_string(), "HIMS 2025-08-01 46.5 put");
        }
        for other in ["AAPL", "BTC/USD", "BTCUSD", "HIMS251301P00046000", "TOOLONG250801P00046000", "250801P00046000"] {
            assert_eq!(OptionSymbol::parse(other), None, "{other}");
        }
    }
}
