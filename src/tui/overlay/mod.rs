//! Overlays: panes on the stack above the screen.

mod change;
mod columns;
mod confirm;
mod difference;
mod explain;
mod form;
mod help;
mod menu;
mod page;
mod palette;
pub(crate) mod picker;
pub(crate) mod review;
mod shell;
pub(crate) mod unlock;
pub(crate) mod wizard;

pub(crate) use change::{CHUNK, ChangePage, summary};
pub(crate) use columns::ColumnMenu;
pub(crate) use confirm::Confirm;
pub(crate) use difference::{DIFFERENCES, DifferencePage};
pub(crate) use explain::{ExplainTree, INPUTS};
pub(crate) use form::{Form, FormField, Suggest};
pub(crate) use help::Help;
pub(crate) use menu::{Menu, MenuEntry};
pub(crate) use page::TextPage;
pub(crate) use palette::Palette;
