//! Text → fields: `:61:…` with the lines that continue it.
//!
//! Used by the reader. INVARIANT: every line belongs to one field or to the text between messages; nothing is copied.

/// One field of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TaggedField<'a> {
    /// `61`, `28C`, `NS`; empty for the text between messages.
    pub(super) tag: &'a str,
    /// Everything after the tag, line ends included.
    pub(super) content: &'a str,
    /// 1-based line of the tag.
    pub(super) line: u32,
    /// Bytes of the file up to the tag.
    pub(super) at: usize,
}

impl<'a> TaggedField<'a> {
    /// Its lines, without the marks that end a message.
    pub(super) fn lines(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        lines(self.content).map(|(_, line)| line).take_while(|line| !ends_message(line))
    }

    /// Its first line.
    pub(super) fn first(&self) -> &'a str {
        self.lines().next().unwrap_or_default()
    }
}

/// Whether a line ends a message: `-`, `-}`, or an end-of-text byte.
fn ends_message(line: &str) -> bool {
    let line = line.trim_end().trim_end_matches('\u{3}');
    line == "-" || line.starts_with("-}")
}

/// The lines of a text with their first byte. A line ends with a line feed, a carriage return, both, or `@@`, which some
/// banks send instead.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    let mut done = text.is_empty();
    std::iter::from_fn(move || {
        if done {
            return None;
        }
        let (start, rest) = (at, &text[at..]);
        let end = rest
            .bytes()
            .zip(rest.bytes().skip(1).chain([0]))
            .position(|(byte, next)| byte == b'\n' || byte == b'\r' || (byte == b'@' && next == b'@'));
        let Some(end) = end else {
            done = true;
            return Some((start, rest));
        };
        let both = rest[end..].starts_with("\r\n") || rest[end..].starts_with("@@");
        at = start + end + if both { 2 } else { 1 };
        Some((start, &rest[..end]))
    })
}

/// The tag that a line starts with, and the place after it. Some banks write a blank before the second colon.
fn tag(line: &str) -> Option<(&str, usize)> {
    let start = line.len() - line.trim_start_matches(['\u{1}', '\u{2}', ' ']).len();
    let rest = line[start..].strip_prefix(':')?;
    let end = rest.bytes().take(5).position(|byte| byte == b':')?;
    let name = rest[..end].trim_end();
    let bytes = name.as_bytes();
    let numbered = matches!(bytes.len(), 2 | 3)
        && bytes[..2].iter().all(u8::is_ascii_digit)
        && bytes[2..].iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    (numbered || name == "NS").then_some((name, start + 1 + end + 1))
}

/// The place after an envelope that a line starts with, `{1:…}{2:…}{4:`, where a field follows on the same line.
fn after_envelope(line: &str) -> usize {
    line.rfind("{4:").map_or(0, |at| at + 3)
}

/// The fields of a file in order. Text before the first field, and headers between messages, come with an empty tag.
pub(super) fn fields(text: &str) -> impl Iterator<Item = TaggedField<'_>> {
    let mut lines = lines(text).enumerate().peekable();
    std::iter::from_fn(move || {
        let (index, (start, line)) = lines.next()?;
        let skipped = after_envelope(line);
        let (tag, offset) = tag(&line[skipped..]).unwrap_or(("", 0));
        let from = start + if tag.is_empty() { 0 } else { skipped + offset };
        let mut end = start + line.len();
        // An envelope ends the field before it although it is not a field.
        while let Some((_, (next, line))) = lines.peek() {
            if self::tag(&line[after_envelope(line)..]).is_some() || line.starts_with("{1:") {
                break;
            }
            end = next + line.len();
            lines.next();
        }
        let line = u32::try_from(index + 1).unwrap_or(u32::MAX);
        Some(TaggedField { tag, content: &text[from..end], line, at: start })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(text: &str) -> Vec<(&str, u32, &str)> {
        fields(text).map(|field| (field.tag, field.line, field.first())).collect()
    }

    #[test]
    fn fields_have_lines_and_continuations() {
        let text = "header\r\n:20:A\r\n:61:2401\r\nmore\r\n:86 :x\r\n-\r\n:20:B";
        assert_eq!(tags(text), [("", 1, "header"), ("20", 2, "A"), ("61", 3, "2401"), ("86", 5, "x"), ("20", 7, "B")]);
        let entry = fields(text).nth(2).unwrap();
        assert_eq!(entry.lines().collect::<Vec<_>>(), ["2401", "more"]);
    }

    #[test]
    fn envelopes_and_double_at_signs() {
        let text = "{1:F01BANKDEFFXXXX}{2:I940X}{4:\n:20:A\n:28C:1\n-}{5:}\n{1:F01}{4:\n:20:B";
        assert_eq!(
            tags(text).iter().map(|(tag, line, _)| (*tag, *line)).collect::<Vec<_>>(),
            [("", 1), ("20", 2), ("28C", 3), ("", 5), ("20", 6)]
        );
        assert_eq!(tags("{1:F01}{4::20:A"), [("20", 1, "A")]);
        assert_eq!(tags("@@:20:A@@:25:1@@"), [("", 1, ""), ("20", 2, "A"), ("25", 3, "1")]);
    }
}
