//! Explains figures: every computed figure names its inputs, down to the bytes of the source it was read from.
//!
//! Used by `dashtam explain` and by `x` on the screen. A figure has an address (`net-worth`, `account:3:balance`,
//! `row:17:amount`); its inputs are figures with addresses, computed on demand, so that the tree of a million rows is never
//! built. Rows are listed in pages.
//!
//! INVARIANT: the inputs of a sum add up to it exactly; a figure is explained as it is shown elsewhere, from the same
//! functions.

mod address;
mod inputs;
mod place;

pub use address::{BalancePart, Figure, ParseFigureError};
pub use inputs::Explainer;
pub use place::SourcePlace;

use rust_decimal::Decimal;

use crate::domain::{AssetCode, vocabulary};

vocabulary! {
    /// How a figure follows from its inputs.
    pub enum NodeKind {
        /// The sum of its inputs.
        Sum = "sum",
        /// The product of its inputs.
        Product = "product",
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
