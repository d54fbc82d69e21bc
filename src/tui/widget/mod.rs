//! Drawing primitives of screens and overlays.
//!
//! INVARIANT: they do not depend on accounts or imports; all text is cleaned and clipped here.

pub(crate) mod amount;
pub(crate) mod ascii;
pub(crate) mod chart;
pub(crate) mod cursor;
pub(crate) mod field;
pub(crate) mod paint;
pub(crate) mod secret;
pub(crate) mod table;
pub(crate) mod text;
