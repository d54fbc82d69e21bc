//! The one list of readers, and the choice of the reader for a file.
//!
//! INVARIANT: a reader is its folder plus one line here; nothing else in the crate names a format.

use super::{
    ReadProgress, Reading, Sniff, StatementError, StatementFile, StatementFormat, Verdict, camt,
    container::{self, Member},
    foreign, mt940, ofx, qif, question, table,
};
use crate::domain::Warning;

/// Every reader. Of readers that are equally sure the first one reads the file; files are offered in this order.
pub static FORMATS: &[&StatementFormat] = &[&ofx::FORMAT, &mt940::FORMAT, &camt::FORMAT, &qif::FORMAT, &table::FORMAT];

/// Endings of file names that an import looks for in a folder, lower case, without the dot: those of every reader, then
/// those of archives.
pub fn extensions() -> impl Iterator<Item = &'static str> {
    FORMATS.iter().flat_map(|format| format.extensions.iter().copied()).chain(["gz", "zip"])
}

/// The ending of a file's name, packed or not, where a reader has it: `ofx`, `csv`, `xml`.
#[must_use]
pub fn known_extension(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    let name = name.trim_end_matches(".gz").trim_end_matches(".zip");
    let (_, ending) = name.rsplit_once('.')?;
    FORMATS.iter().flat_map(|format| format.extensions).find(|known| **known == ending).copied()
}

/// Reads a file, which may be packed (gzip, zip). `progress` is called now and then with the bytes done and may stop it.
pub fn read(input: &StatementFile<'_>, progress: &mut ReadProgress<'_>) -> Result<Reading, StatementError> {
    let limits = input.limits;
    let total = input.bytes.len() as u64;
    limits.check_bytes(total)?;
    if input.bytes.iter().all(|byte| byte.is_ascii_whitespace() || *byte == 0) {
        return Err(StatementError::Empty);
    }
    let mut whole: Option<Reading> = None;
    let mut left_out = Vec::new();
    let mut failure = None;
    let mut done = 0_u64;
    let unreadable = container::for_each(input.bytes, limits, &mut |member: Member<'_>| {
        // Unpacked bytes may be more than the file has; the file's own size is the end.
        let mut step = |at: u64| progress(done.saturating_add(at).min(total));
        let outcome = match &member.name {
            None => {
                read_one(&StatementFile { bytes: &member.bytes, ..*input }, &mut step).map(|reading| (reading, None))
            }
            Some(name) => {
                let answers = input.answers.within(name);
                let inside = StatementFile { bytes: &member.bytes, file_name: name, answers: &answers, ..*input };
                read_one(&inside, &mut step).map(|reading| (reading, Some(name.as_str())))
            }
        };
        done = done.saturating_add(member.bytes.len() as u64);
        match outcome {
            Ok((reading, name)) => add(&mut whole, reading, name),
            Err(error @ (StatementError::TooLarge { .. } | StatementError::Cancelled)) => return Err(error),
            Err(error) => {
                if let Some(name) = &member.name {
                    let reason = match &error {
                        StatementError::NotAStatement { found, .. } => found.clone(),
                        other => other.to_string(),
                    };
                    left_out.push(Warning::new(0, format!("{name}: not read: {reason}")));
                }
                failure.get_or_insert(error);
            }
        }
        Ok(())
    })?;
    if progress(total).is_break() {
        return Err(StatementError::Cancelled);
    }
    match whole {
        Some(mut reading) => {
            reading.warnings.extend(left_out);
            reading.warnings.extend(unreadable);
            Ok(reading)
        }
        None if left_out.len() + unreadable.len() > 1 || failure.is_none() => {
            let reasons: Vec<String> =
                left_out.into_iter().chain(unreadable).take(5).map(|warning| warning.message).collect();
            let detail = if reasons.is_empty() { String::new() } else { format!(" ({})", reasons.join("; ")) };
            let found = format!("the zip archive holds no statement that can be read{detail}");
            Err(StatementError::not_a_statement(found, foreign::DOWNLOAD))
        }
        None => Err(failure.unwrap_or(StatementError::Empty)),
    }
}

/// The reader that is surest of the file.
#[must_use]
pub fn recognise(input: &StatementFile<'_>) -> Option<&'static StatementFormat> {
    if foreign::by_magic(input.bytes).is_some() {
        return None;
    }
    let judged = FORMATS.iter().map(|format| ((format.sniff)(input), *format));
    let best = judged.reduce(|best, other| if other.0 > best.0 { other } else { best });
    best.filter(|(sniff, _)| *sniff != Sniff::No).map(|(_, format)| format)
}

fn read_one(input: &StatementFile<'_>, progress: &mut ReadProgress<'_>) -> Result<Reading, StatementError> {
    if input.bytes.iter().all(|byte| byte.is_ascii_whitespace() || *byte == 0) {
        return Err(StatementError::Empty);
    }
    match recognise(input) {
        Some(format) => (format.read)(input, progress),
        None => Err(match foreign::by_magic(input.bytes) {
            Some(found) => StatementError::not_a_statement(found, foreign::DOWNLOAD),
            None => foreign::describe(&input.head()),
        }),
    }
}

/// Adds the reading of a member to that of the file.
fn add(whole: &mut Option<Reading>, mut reading: Reading, member: Option<&str>) {
    if let Some(name) = member {
        for statement in &mut reading.statements {
            statement.member = Some(name.to_owned());
        }
        for warning in &mut reading.warnings {
            warning.message = format!("{name}: {}", warning.message);
        }
        for evidence in &mut reading.evidence {
            evidence.text = format!("{name}: {}", evidence.text);
        }
        if let Verdict::Question(question) = &mut reading.verdict {
            question.id = question::scoped(name, &question.id);
            question.text = format!("{name}: {}", question.text);
        }
    }
    match whole {
        None => *whole = Some(reading),
        Some(known) => known.join(reading),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_unique_and_extensions_are_plain() {
        let names: HashSet<_> = FORMATS.iter().map(|format| format.name).collect();
        assert_eq!(names.len(), FORMATS.len());
        for format in FORMATS {
            assert!(!format.extensions.is_empty() && !format.label.is_empty(), "{}", format.name);
            let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
            assert!(format.extensions.iter().all(|extension| plain(extension)), "{}", format.name);
        }
    }
}
