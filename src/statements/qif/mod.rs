//! QIF files (Quicken Interchange Format), as banks and money programs write them.
//!
//! A file is cut into records (`record`); `survey` decides from all of them how dates and decimals are written; `bank` and
//! `invest` map records, `statement` puts pages together. The format has no ids, no currency and often no account.
//! INVARIANT: linear time, no panic; dates are read in one order for the whole file, never row by row.

mod bank;
mod date;
mod invest;
mod record;
mod statement;
mod survey;

use super::{ReadProgress, Reading, Sniff, StatementError, StatementFile, StatementFormat, decode::decode};
use crate::domain::IdTrust;

/// QIF. Its rows have no ids.
pub(super) static FORMAT: StatementFormat = StatementFormat {
    name: "qif",
    label: "a QIF file",
    extensions: &["qif"],
    id_trust: IdTrust::Reusable,
    sniff,
    read,
};

/// Starts of lines that only this format has, in lower case.
const HEADERS: [&str; 4] = ["!type:", "!account", "!option:", "!clear:"];

fn sniff(input: &StatementFile<'_>) -> Sniff {
    let head = input.head();
    let mut lines = head.split(['\n', '\r']).map(str::trim).filter(|line| !line.is_empty());
    let is_header = |line: &str| {
        let lower = line.get(..12.min(line.len())).unwrap_or_default().to_ascii_lowercase();
        HEADERS.iter().any(|header| lower.starts_with(header))
    };
    let Some(first) = lines.next() else { return Sniff::No };
    if is_header(first) {
        return Sniff::Certain;
    }
    let starts = |line: &str| {
        let mut letters = line.chars();
        letters.next() == Some('D') && date::parse(letters.as_str()).is_some()
    };
    let (mut amounts, mut ends, mut headers) = (false, false, false);
    // A single record may lack its end; then every line must be one of its fields.
    let mut fields = input.has_extension(&["qif"]);
    for line in lines {
        amounts |= line.starts_with(['T', 'U']);
        ends |= line == "^";
        headers |= is_header(line);
        fields &= line.starts_with(['D', 'T', 'U', 'P', 'M', 'N', 'C', 'L', 'A', 'S', 'E', '$', '%', '^']);
    }
    if (headers && ends) || (starts(first) && amounts && (ends || fields)) { Sniff::Likely } else { Sniff::No }
}

fn read(input: &StatementFile<'_>, progress: &mut ReadProgress<'_>) -> Result<Reading, StatementError> {
    let text = decode(input.bytes);
    input.limits.check_bytes(text.len() as u64)?;
    statement::read(&text, input, progress)
}

#[cfg(test)]
mod tests;
