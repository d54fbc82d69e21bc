//! CAMT statements (ISO 20022): account reports (camt.052), statements (camt.053) and notifications (camt.054).
//!
//! `document` walks the message and hands each child of a statement over as a small tree (`element`); `entry` maps entries,
//! `statement` puts pages together. Names are compared without their namespace, so every version reads alike.
//! INVARIANT: linear time, no panic; memory grows with rows, not with the depth or size of other elements.

mod document;
mod element;
mod entry;
mod statement;

use super::{ReadProgress, Reading, Sniff, StatementError, StatementFile, StatementFormat, decode::decode};
use crate::domain::IdTrust;

/// camt.052, camt.053 and camt.054. A servicer's reference is unique at good banks only.
pub(super) static FORMAT: StatementFormat = StatementFormat {
    name: "camt",
    label: "a CAMT statement (ISO 20022)",
    extensions: &["xml", "camt", "camt052", "camt053", "camt054", "052", "053", "054", "c52", "c53", "c54"],
    id_trust: IdTrust::Reusable,
    sniff,
    read,
};

fn sniff(input: &StatementFile<'_>) -> Sniff {
    let head = input.head();
    if !head.contains('<') {
        return Sniff::No;
    }
    if ["BkToCstmrStmt", "BkToCstmrAcctRpt", "BkToCstmrDbtCdtNtfctn"].iter().any(|name| head.contains(name)) {
        return Sniff::Certain;
    }
    let named = ["camt.052", "camt.053", "camt.054"].iter().any(|name| head.contains(name));
    if named || head.contains("<Ntry>") || head.contains(":Ntry>") { Sniff::Likely } else { Sniff::No }
}

fn read(input: &StatementFile<'_>, progress: &mut ReadProgress<'_>) -> Result<Reading, StatementError> {
    let text = decode(input.bytes);
    input.limits.check_bytes(text.len() as u64)?;
    statement::read(&text, input.limits, progress)
}

#[cfg(test)]
mod tests;
