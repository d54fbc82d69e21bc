//! MT940 and MT942 statements (SWIFT), as banks write them.
//!
//! A file is cut into fields (`field`), which carry entries (`entry`), balances (`balance`) and texts (`details`); `statement`
//! puts them together. `docs/statement-formats.md` describes every mapping. INVARIANT: linear time, no panic; a file with one
//! readable entry yields it.

mod account;
mod balance;
mod details;
mod entry;
mod field;
mod statement;

use super::{ReadProgress, Reading, Sniff, StatementError, StatementFile, StatementFormat, decode::decode};
use crate::domain::IdTrust;

/// MT940 and MT942. A bank reference is unique at good banks only.
pub(super) static FORMAT: StatementFormat = StatementFormat {
    name: "mt940",
    label: "an MT940 statement",
    extensions: &["sta", "mt940", "940", "942", "mt942", "swi", "pcc"],
    id_trust: IdTrust::Reusable,
    sniff,
    read,
};

fn sniff(input: &StatementFile<'_>) -> Sniff {
    let head = input.head();
    let (mut reference, mut account, mut content) = (false, false, false);
    for field in field::fields(&head) {
        match field.tag {
            "20" => reference = true,
            "25" | "25P" => account = true,
            "60F" | "60M" | "61" | "62F" | "62M" | "34F" | "28C" | "28" => content = true,
            _ => {}
        }
    }
    match (reference && account, content) {
        (true, true) => Sniff::Certain,
        (false, true) if account || reference => Sniff::Likely,
        _ => Sniff::No,
    }
}

fn read(input: &StatementFile<'_>, progress: &mut ReadProgress<'_>) -> Result<Reading, StatementError> {
    let text = decode(input.bytes);
    input.limits.check_bytes(text.len() as u64)?;
    statement::read(&text, input.limits, progress)
}

#[cfg(test)]
mod tests;
