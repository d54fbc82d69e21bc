//! One object per row, in the shape of [`RowRecord`].

use std::io::Write;

use super::LedgerEntry;
use crate::{domain::Account, ledger::RowRecord};

pub(super) fn row(out: &mut impl Write, entry: LedgerEntry, account: Option<&Account>) -> std::io::Result<()> {
    Ok(serde_json::to_writer(out, &RowRecord::new(entry, account))?)
}
