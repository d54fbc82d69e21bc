//! Text → records: lines of one letter and a value, up to a caret.
//!
//! Used by the survey and the reader. INVARIANT: linear; nothing is copied but the list of lines.

/// The kind of the records of a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    /// Rows of a checking, savings or cash account.
    Bank,
    /// Rows of a card.
    Card,
    /// Rows of another asset.
    Asset,
    /// Rows of a loan or another debt.
    Liability,
    /// Investment actions.
    Investment,
    /// Accounts.
    Accounts,
    /// Securities with their symbols.
    Securities,
    /// Categories, classes, memorised payees, prices, budgets: no rows.
    Other,
    /// A kind that is not known.
    Unknown,
}

impl Section {
    /// The section of a line that starts with an exclamation mark; `None` for options.
    fn of(line: &str) -> Option<Self> {
        let lower = line.trim().to_ascii_lowercase();
        if lower.starts_with("!account") {
            return Some(Self::Accounts);
        }
        let kind = lower.strip_prefix("!type:")?.trim();
        Some(match kind {
            "bank" | "cash" => Self::Bank,
            "ccard" | "credit card" | "creditcard" => Self::Card,
            "oth a" | "otha" => Self::Asset,
            "oth l" | "othl" => Self::Liability,
            "invst" | "port" | "401(k)/403(b)" | "mutual" => Self::Investment,
            "security" => Self::Securities,
            "cat" | "class" | "tag" | "memorized" | "prices" | "budget" | "invitem" | "template" | "payee" => {
                Self::Other
            }
            _ => Self::Unknown,
        })
    }

    /// Whether its records are rows of an account.
    pub(super) const fn has_rows(self) -> bool {
        match self {
            Self::Bank | Self::Card | Self::Asset | Self::Liability | Self::Investment | Self::Unknown => true,
            Self::Accounts | Self::Securities | Self::Other => false,
        }
    }
}

/// A line of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct QifLine<'a> {
    /// Its first letter.
    pub(super) code: char,
    /// The rest, trimmed.
    pub(super) value: &'a str,
    /// 1-based line in the file.
    pub(super) number: u32,
}

/// One record, or one line outside records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum QifItem<'a> {
    /// A new section starts.
    Section(Section, u32),
    /// An option such as `!Option:MDY` is set.
    Option(&'a str),
    /// A record of the current section. Never empty.
    Record(Vec<QifLine<'a>>),
}

/// Cuts a file into items.
pub(super) fn items(text: &str) -> impl Iterator<Item = QifItem<'_>> {
    let mut lines = text.split(['\n', '\r']).enumerate();
    // A carriage return before a line feed makes an empty line, which must not count.
    let crlf = text.contains("\r\n");
    let mut record: Vec<QifLine<'_>> = Vec::new();
    let mut waiting: Option<QifItem<'_>> = None;
    let mut done = false;
    std::iter::from_fn(move || {
        if let Some(item) = waiting.take() {
            return Some(item);
        }
        while !done {
            let Some((index, raw)) = lines.next() else {
                done = true;
                break;
            };
            let number = u32::try_from(if crlf { index / 2 } else { index } + 1).unwrap_or(u32::MAX);
            let line = raw.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}' || c == '\0');
            let Some(code) = line.chars().next() else { continue };
            if code == '!' {
                let item = match Section::of(line) {
                    Some(section) => QifItem::Section(section, number),
                    None => QifItem::Option(line),
                };
                if record.is_empty() {
                    return Some(item);
                }
                waiting = Some(item);
                return Some(QifItem::Record(std::mem::take(&mut record)));
            }
            let ends = code == '^';
            // A second day without a caret starts the next record.
            let restarts = code == 'D'
                && record.iter().any(|line| line.code == 'D')
                && record.iter().any(|line| matches!(line.code, 'T' | 'U'));
            let finished = (ends || restarts) && !record.is_empty();
            let whole = finished.then(|| std::mem::take(&mut record));
            if !ends {
                record.push(QifLine { code, value: line[code.len_utf8()..].trim(), number });
            }
            if let Some(whole) = whole {
                return Some(QifItem::Record(whole));
            }
        }
        (!record.is_empty()).then(|| QifItem::Record(std::mem::take(&mut record)))
    })
}

/// The value of the first line with that code; `None` when it is blank.
#[must_use]
pub(super) fn value<'a>(record: &[QifLine<'a>], code: char) -> Option<&'a str> {
    record.iter().find(|line| line.code == code).map(|line| line.value).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &str) -> Vec<String> {
        items(text)
            .map(|item| match item {
                QifItem::Section(section, line) => format!("{section:?} {line}"),
                QifItem::Option(option) => option.to_owned(),
                QifItem::Record(lines) => {
                    let lines = lines.iter().map(|line| format!("{}{}@{}", line.code, line.value, line.number));
                    lines.collect::<Vec<_>>().join(" ")
                }
            })
            .collect()
    }

    #[test]
    fn records_end_with_a_caret_a_header_a_day_or_the_file() {
        assert_eq!(
            shape("\u{feff}!Type:Bank \nD1/2/24\nT5\n^\n^^\nD1/3/24\nT6\nD1/4/24\nT7\n!Type:CCard\nD1/5/24\nT8"),
            ["Bank 1", "D1/2/24@2 T5@3", "D1/3/24@6 T6@7", "D1/4/24@8 T7@9", "Card 10", "D1/5/24@11 T8@12"]
        );
        assert_eq!(shape("!Option:MDY\r\n!Account\r\n\r\nNX\r\n^\r\n"), ["!Option:MDY", "Accounts 2", "NX@4"]);
        assert_eq!(shape("!Type:Bank\rD1\rT1\r^\r"), ["Bank 1", "D1@2 T1@3"]);
    }
}
