//! Explains figures: every computed figure names its inputs, down to the bytes of the source it was read from.
//!
//! Used by `dashtam explain` and by `x` on the screen. A figure has an address (`net-worth`, `account:3:balance`,
//! `row:17:amount`); its inputs are figures with addresses, computed on demand, so that the tree of a million rows is never
//! built. Rows are listed in pages.
//!
//! INVARIANT: the inputs of a sum add up to it exactly; a figure is explained as it is shown elsewhere, from the same
//! functions.

mod address;
mod compound;
mod inputs;
mod node;
mod number;
mod parts;
mod place;
mod position;
mod reply;
mod source;
mod stated;
mod trade;

pub use address::{BalancePart, Figure, HeldPart, ParseFigureError, PositionPart, RowPart, RowSumPart};
pub use inputs::Explainer;
pub use node::{Node, NodeKind};
pub use place::{FileFigure, place_in_file};
pub use reply::place_in_reply;
pub use source::SourcePlace;
