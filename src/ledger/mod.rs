//! The read side: queries, lists, sums and reports over a consistent view of the store.
//!
//! Used by the screen and the command line. [`Ledger::view`] is cheap (accounts, balances, connections) and shows the
//! newest rows at once; searching, sorting and summing need the columns, which a worker thread loads
//! ([`View::load_columns`]) and hands back ([`View::with_columns`]).
//!
//! ```text
//! Ledger::new(store).view() -> View                       View: Clone, Send, Sync; one consistent moment
//! view.accounts() connections() holdings() transaction_count() generation() changes(before, limit) change(id)
//!     change_rows(change, offset, limit) snapshots(account) entry(id) vocabulary()
//! view.load_columns() -> Arc<Columns>, view.with_columns(columns) -> View, has_columns()
//! Query::parse(text, today), problems(), by(), narrows(&wider), is_empty(); query::completions(text, cursor, &vocabulary)
//! view.list(&ListRequest { account, query, sort }) -> RowList; list_from(&request, Some(&previous)) reuses what narrows
//! listing.len() id(index) ids(range) position_of(id) contains(id) sums() too_large() refine(&query)
//! view.entries(&listing, offset, limit), aggregates(&listing, By, sort) -> Vec<Group>, label(&group.key), term(&group.key), export(&listing, format, out)
//! view.until(day) -> View: without everything that is dated later
//! view.daily() -> Daily: history(account).on(day), net_worth(day), net_worth_series(Every, until); view.coverage(account),
//!     running_balance(account), check(account), checks(account); cash_flow(period, split)
//! ledger.as_known(change) -> Ledger; view.difference(from, to), differing_rows(&difference, range), change_at(moment)
//! Explainer::new(view, day).node(&Figure), inputs(&figure, range), place(&figure)
//! ```
//!
//! INVARIANT: nothing here writes; every figure is exact or absent; no clock: the caller passes the day.

mod aggregate;
mod as_of;
mod cash_flow;
pub mod daily;
mod difference;
mod error;
pub mod explain;
pub mod export;
mod holdings;
mod labels;
mod order;
pub mod query;
mod row_list;
mod row_record;
mod running;
pub mod search;
mod sum;
#[cfg(test)]
pub(in crate::ledger) mod tests;
mod transfers;
mod view;

pub use aggregate::{Group, GroupKey, GroupSort, GroupSortKey, aggregate, sort_groups};
pub use cash_flow::{CashFlow, FlowShare, FlowSplit, Period, flow_rows};
pub use daily::{BalanceHistory, Check, Daily, Every, NetWorth, Standing};
pub use difference::{DifferenceKind, Differing, LedgerDifference, differing_fields};
pub use error::LedgerError;
pub use explain::Explainer;
pub use holdings::HoldingLine;
pub use order::{Sort, SortKey, order};
pub use query::{By, Query};
pub use row_list::RowList;
pub use row_record::{RowRecord, WriteCell};
pub use sum::{counts, sums};
pub use view::{AccountLine, Ledger, LedgerEntry, ListRequest, View};
