//! The entries of a security list, and what is held of a security that is not in it.
//!
//! Used by the survey and the investment mappings. INVARIANT: pure.

use rust_decimal::Decimal;

use super::{record::Record, tag::Tag, text};
use crate::{
    domain::{AssetType, Text, text::fold},
    statements::amount::{self, WrittenNumber},
};

/// The entry of a security in the security list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    /// `TICKER`.
    pub(super) ticker: Option<Text>,
    /// `SECNAME`; for options without one, a name made of their terms.
    pub(super) name: Option<Text>,
    /// From the kind of entry and the name.
    pub(super) asset_type: AssetType,
    /// `SHPERCTRCT`: units of the underlying per contract.
    pub(super) multiplier: Option<Decimal>,
}

impl Listed {
    /// Reads the record if it is an entry of a security list.
    #[must_use]
    pub(super) fn of(record: &Record<'_, '_>) -> Option<Self> {
        let kind = match record.tag {
            Tag::StockInfo => AssetType::Equity,
            Tag::MfInfo => AssetType::MutualFund,
            Tag::OptInfo => AssetType::Option,
            Tag::DebtInfo => AssetType::FixedIncome,
            Tag::OtherInfo => AssetType::Other,
            _ => return None,
        };
        let ticker = record.leaf(Tag::Ticker).and_then(text::line).filter(|ticker| is_ticker(ticker));
        let name = record.leaf(Tag::SecName).and_then(text::line).or_else(|| option_terms(record, ticker.as_deref()));
        let contract = record.leaf(Tag::ShPerCtrct).and_then(|leaf| amount::parse(leaf.text));
        let multiplier = match contract {
            Some(WrittenNumber::Exact(units)) if units > Decimal::ZERO && kind == AssetType::Option => {
                Some(units.normalize())
            }
            Some(WrittenNumber::Exact(_) | WrittenNumber::Ambiguous { .. }) | None => None,
        };
        let is_cash = record.leaf(Tag::AssetClass).is_some_and(|leaf| leaf.text.eq_ignore_ascii_case("MONEYMRKT"));
        let asset_type = match refine(kind, name.as_deref().unwrap_or_default()) {
            AssetType::Equity | AssetType::MutualFund | AssetType::Other if is_cash => AssetType::CashEquivalent,
            kind => kind,
        };
        Some(Self { ticker, name, asset_type, multiplier })
    }
}

/// Banks fill an empty ticker with words.
fn is_ticker(text: &str) -> bool {
    !matches!(text.to_ascii_uppercase().as_str(), "N/A" | "NA" | "NONE" | "UNKNOWN" | "-" | "0")
}

/// `PUT 35.00 2005-01-21`.
fn option_terms(record: &Record<'_, '_>, ticker: Option<&str>) -> Option<Text> {
    let kind = record.leaf(Tag::OptType).and_then(text::line)?;
    let strike = record.leaf(Tag::StrikePrice).and_then(text::line)?;
    let expiry = record.leaf(Tag::DtExpire).and_then(|leaf| super::date::parse(leaf.text, false).date());
    let words = [ticker.map(str::to_owned), expiry.map(|day| day.to_string()), Some(kind.into()), Some(strike.into())];
    Some(words.into_iter().flatten().collect::<Vec<_>>().join(" ").into())
}

/// Words in the names of funds that are used as cash.
const CASH: [&str; 8] = [
    "money market",
    "money mkt",
    "moneymarket",
    "cash reserve",
    "sweep",
    "settlement fund",
    "bank deposit program",
    "fdic insured deposit",
];

/// Funds traded like shares and funds used as cash are distinguished by their names only.
fn refine(kind: AssetType, name: &str) -> AssetType {
    if matches!(kind, AssetType::Option | AssetType::FixedIncome) {
        return kind;
    }
    let folded = fold(name);
    if folded.split(|c: char| !c.is_alphanumeric()).any(|word| matches!(word, "etf" | "etn")) {
        return AssetType::Etf;
    }
    if CASH.iter().any(|word| folded.contains(word)) { AssetType::CashEquivalent } else { kind }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_refine_the_kind() {
        assert_eq!(refine(AssetType::Equity, "SPDR S&P 500 ETF TRUST"), AssetType::Etf);
        assert_eq!(refine(AssetType::Equity, "NETFLIX INC"), AssetType::Equity);
        assert_eq!(refine(AssetType::MutualFund, "Vanguard Federal Money Market Fund"), AssetType::CashEquivalent);
        assert_eq!(refine(AssetType::Option, "ETF put"), AssetType::Option);
    }
}
