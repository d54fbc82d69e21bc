//! Pieces that screens and overlays are made of.
//!
//! INVARIANT: they know nothing of accounts or imports; text is cleaned and clipped here, at the edge.

pub(crate) mod amount;
pub(crate) mod chart;
pub(crate) mod cursor;
pub(crate) mod field;
pub(crate) mod paint;
pub(crate) mod secret;
pub(crate) mod table;
pub(crate) mod text;
