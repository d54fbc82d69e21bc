//! A figure with its address, its value, and how it follows from its inputs.

use rust_decimal::Decimal;

use super::Figure;
use crate::domain::{AssetCode, Money, vocabulary};

vocabulary! {
    /// How a figure follows from its inputs.
    pub enum NodeKind {
        /// The sum of its inputs.
        Sum = "sum",
        /// The product of its inputs.
        Product = "product",
        /// The first input divided by the second, in percent, rounded to two digits.
        Quotient = "quotient",
        /// The first input divided by the others, rounded to six digits or more.
        Ratio = "ratio",
        /// Its input with the opposite sign.
        Opposite = "opposite",
        /// A number of things.
        Count = "count",
        /// One figure per currency; they are never added.
        Currencies = "currencies",
        /// Stated by an institution or the user.
        Stated = "stated",
        /// The amount of a row.
        Row = "row",
        /// Unknown.
        Unknown = "unknown",
    }
}

/// A figure with its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The address.
    pub figure: Figure,
    /// For people.
    pub label: String,
    /// `None` if it is unknown, or differs by currency.
    pub value: Option<Decimal>,
    /// The currency of the value; `None` for a number without one.
    pub currency: Option<AssetCode>,
    /// How it follows from its inputs.
    pub kind: NodeKind,
    /// The number of its inputs.
    pub inputs: usize,
}

impl Node {
    pub(super) fn sum(figure: &Figure, label: String, total: Money, inputs: usize) -> Self {
        Self {
            figure: figure.clone(),
            label,
            value: Some(total.amount),
            currency: Some(total.currency),
            kind: NodeKind::Sum,
            inputs,
        }
    }

    pub(super) fn per_currency(figure: &Figure, label: String, inputs: usize) -> Self {
        Self { figure: figure.clone(), label, value: None, currency: None, kind: NodeKind::Currencies, inputs }
    }

    pub(super) fn leaf(
        figure: &Figure,
        label: String,
        value: Decimal,
        currency: Option<AssetCode>,
        kind: NodeKind,
    ) -> Self {
        Self { figure: figure.clone(), label, value: Some(value), currency, kind, inputs: 0 }
    }
}
