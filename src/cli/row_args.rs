//! Arguments that choose rows and columns.

use chrono::NaiveDate;
use clap::Args;

use super::account_args::{count, date};

/// Which columns.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct ColumnArgs {
    /// Only these columns, in this order: names of the fields that JSON has
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub(super) columns: Vec<String>,
}

/// Which transactions.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct Selection {
    /// Only this account: its id, its name or the end of its number
    #[arg(long, value_name = "ID")]
    pub(super) account: Option<String>,
    /// Only rows that match, in the language of the filter bar (see `dashtam help query`)
    #[arg(long, value_name = "Q", allow_hyphen_values = true)]
    pub(super) query: Option<String>,
}

/// Which transactions, of which days, how many.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct TransactionArgs {
    #[command(flatten)]
    pub(super) selection: Selection,
    /// First day
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub(super) from: Option<NaiveDate>,
    /// Last day
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub(super) to: Option<NaiveDate>,
    /// At most this many: the newest, or the first groups
    #[arg(long, value_name = "N", allow_hyphen_values = true, value_parser = count)]
    pub(super) limit: Option<usize>,
}

/// Which rows to edit, and how.
#[derive(Debug, Clone, Args)]
#[command(group = clap::ArgGroup::new("rows").args(["row", "query"]).required(true))]
#[command(group = clap::ArgGroup::new("fields").args(["payee", "category", "tag", "note"]).required(true).multiple(true))]
pub(super) struct EditArgs {
    /// Ids of rows, as `transactions` lists them
    #[arg(value_name = "ROW")]
    pub(super) row: Vec<String>,
    /// All rows that match, in the language of the filter bar (see `dashtam help query`)
    #[arg(long, value_name = "Q", allow_hyphen_values = true)]
    pub(super) query: Option<String>,
    /// Only rows of this account, with --query
    #[arg(long, value_name = "ID", requires = "query")]
    pub(super) account: Option<String>,
    /// Payee to show; an empty one restores the bank's text
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(super) payee: Option<String>,
    /// Category; an empty one removes it
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(super) category: Option<String>,
    /// Tag to add (`+T` or `T`) or to remove (`-T`); may be given several times
    #[arg(long, value_name = "±TAG", allow_hyphen_values = true)]
    pub(super) tag: Vec<String>,
    /// Note; an empty one removes it
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(super) note: Option<String>,
    /// Show the rows as they would be and write nothing
    #[arg(long)]
    pub(super) dry_run: bool,
}
