//! Parts that screens and overlays are made of: the [`pane::Pane`] interface and what a list, its filter and its detail
//! share.
//!
//! INVARIANT: a component depends on no screen and no overlay.

pub(crate) mod columns;
pub(crate) mod detail;
pub(crate) mod empty;
pub(crate) mod filter;
pub(crate) mod hit;
pub(crate) mod list;
pub(crate) mod pane;
pub(crate) mod scene;
pub(crate) mod toast;
