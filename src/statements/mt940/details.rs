//! `:86:` and `:NS:` → who, what for, and references.
//!
//! Used by the reader. Five forms are known: German codes (`?20`), the same with another mark (`>20`, `~20`), slash codes
//! (`/REMI/`), numbered lines (`:NS:`), and plain text. INVARIANT: linear; a form that is not recognised is plain text, so no
//! text is lost.

/// The texts of a row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Details {
    /// The other side.
    pub(super) name: Option<String>,
    /// The bank's name for the kind of booking.
    pub(super) booking: Option<String>,
    /// The purpose.
    pub(super) purpose: Option<String>,
    /// End-to-end or customer reference.
    pub(super) reference: Option<String>,
}

/// Lines of this width are cut, not ended.
const WIDTH: usize = 65;

/// Purpose parts of this width are cut, not ended.
const PART: usize = 27;

/// Reads the lines of `:86:`.
#[must_use]
pub(super) fn details(lines: &[&str]) -> Details {
    let glued: String = lines.iter().map(|line| line.trim_end_matches(['\r', '\n'])).collect();
    if let Some(details) = coded(glued.trim_start()) {
        return details;
    }
    let text = joined(lines);
    if let Some(details) = slashed(&text) {
        return details;
    }
    Details { purpose: some(&text), ..Details::default() }
}

/// Reads the lines of `:NS:`: a two-digit code and a text each. 01 to 14 say what for, 15 and 16 name the other side,
/// 17 is the kind of booking.
#[must_use]
pub(super) fn numbered(lines: &[&str]) -> Details {
    let mut purpose = Vec::new();
    let mut name = Vec::new();
    let mut booking = None;
    for line in lines {
        let Some((code, text)) = line.split_at_checked(2) else { continue };
        match code.parse::<u8>() {
            Ok(1..=14) => purpose.push(text.trim()),
            Ok(15 | 16) => name.push(text.trim()),
            Ok(17) => booking = some(text),
            _ => {}
        }
    }
    Details { name: some(&name.join(" ")), booking, purpose: some(&purpose.join(" ")), reference: None }
}

/// Lines as one text: a full line runs into the next one, a shorter one ends a word.
fn joined(lines: &[&str]) -> String {
    let mut text = String::new();
    let mut full = true;
    for line in lines {
        if !full {
            text.push(' ');
        }
        text.push_str(line);
        full = line.chars().count() >= WIDTH;
    }
    text
}

fn some(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// German codes: three digits of the kind of booking, a mark, and fields of two digits behind that mark. Polish banks leave
/// the three digits out, and name the other side in 27 where Germans write purpose.
fn coded(text: &str) -> Option<Details> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let rest = text.get(digits..).filter(|_| matches!(digits, 0 | 3))?;
    let mark = rest.chars().next().filter(|mark| !mark.is_alphanumeric() && !matches!(mark, ' ' | '/'))?;
    let starts = |part: &str| part.as_bytes().get(..2).is_some_and(|code| code.iter().all(u8::is_ascii_digit));
    let mut parts: Vec<(u8, &str)> = Vec::new();
    let mut broken: Vec<String> = Vec::new();
    for part in rest.split(mark).skip(1) {
        if starts(part) {
            let (code, content) = part.split_at(2);
            parts.push((code.parse().unwrap_or_default(), content));
        } else if let Some((_, content)) = parts.last() {
            // The mark as a character of the text.
            let content = format!("{content}{mark}{part}");
            broken.push(content);
        }
    }
    if parts.len() < if digits == 0 { 2 } else { 1 } {
        return None;
    }
    let has = |wanted: u8| parts.iter().any(|(code, _)| *code == wanted);
    let is_polish = mark != '?' && has(27) && !has(26) && !has(32) && !has(33);
    let of = |codes: &dyn Fn(u8) -> bool| -> Vec<&str> {
        let chosen = parts.iter().filter(|(code, _)| codes(*code));
        // The last character of a code page fills empty fields.
        chosen.map(|(_, content)| *content).filter(|content| !matches!(content.trim(), "˙" | "ÿ")).collect()
    };
    let name = if is_polish {
        let lines = of(&|code| matches!(code, 27 | 28));
        let is_full = lines.first().is_some_and(|line| line.chars().count() >= PART);
        lines[..if is_full { lines.len() } else { 1.min(lines.len()) }].concat()
    } else {
        of(&|code| matches!(code, 32 | 33)).concat()
    };
    let booking = of(&|code| code == 0).concat();
    let last = if is_polish { 26 } else { 29 };
    let mut purpose = sepa(&of(&|code| (20..=last).contains(&code) || matches!(code, 60..=63)));
    if let Some(rest) = broken.last().filter(|_| purpose.text.is_empty()) {
        purpose.text.clone_from(rest);
    }
    let name = if name.trim().is_empty() { purpose.name.unwrap_or_default() } else { name };
    let name = some(&name.split_whitespace().collect::<Vec<_>>().join(" "));
    Some(Details { name, booking: some(&booking), purpose: some(&purpose.text), reference: purpose.reference })
}

/// The parts of a purpose, with the codes of SEPA taken out.
#[derive(Default)]
struct Purpose {
    text: String,
    reference: Option<String>,
    name: Option<String>,
}

/// Codes inside a purpose, each ended by the next one.
const SEPA: [&str; 11] =
    ["EREF+", "KREF+", "MREF+", "CRED+", "DEBT+", "SVWZ+", "ABWA+", "ABWE+", "IBAN+", "BIC+", "COAM+"];

fn sepa(parts: &[&str]) -> Purpose {
    let mut text = String::new();
    let mut full = true;
    for part in parts {
        let begins = SEPA.iter().any(|code| part.starts_with(code));
        if begins && !text.is_empty() {
            text.push('\n');
        } else if !full && !text.is_empty() {
            text.push(' ');
        }
        text.push_str(part);
        full = part.chars().count() >= PART;
    }
    let mut purpose = Purpose::default();
    let mut free = String::new();
    let mut at = 0;
    let mut code = "";
    // One pass: a code starts after a line start or a blank.
    let mut cursor = 0;
    let bytes = text.as_bytes();
    let mut pieces: Vec<(&str, &str)> = Vec::new();
    while cursor < bytes.len() {
        let boundary = cursor == 0 || matches!(bytes[cursor - 1], b' ' | b'\n');
        let found = boundary.then(|| SEPA.iter().find(|known| bytes[cursor..].starts_with(known.as_bytes()))).flatten();
        if let Some(known) = found {
            pieces.push((code, &text[at..cursor]));
            code = known;
            cursor += known.len();
            at = cursor;
        } else {
            cursor += 1;
        }
    }
    pieces.push((code, &text[at..]));
    for (code, content) in pieces {
        let content = content.trim();
        match code {
            "" => free.push_str(content),
            "SVWZ+" => {
                if !purpose.text.is_empty() {
                    purpose.text.push(' ');
                }
                purpose.text.push_str(content);
            }
            "EREF+" if !content.eq_ignore_ascii_case("NOTPROVIDED") => purpose.reference = some(content),
            "KREF+" => purpose.reference = purpose.reference.or_else(|| some(content)),
            "ABWA+" | "ABWE+" => purpose.name = some(content),
            _ => {}
        }
    }
    if !free.trim().is_empty() {
        let joined = format!("{} {}", free.trim(), purpose.text);
        joined.trim().clone_into(&mut purpose.text);
    }
    purpose
}

/// Codes between slashes; each value ends at the next known code.
const SLASHED: &[&str] = &[
    "ABA", "ACCW", "ADDR", "ADRS", "BENM", "BIC", "BNKM", "CBIC", "CNTP", "CSID", "EREF", "IBAN", "ID", "INIT", "ISDT",
    "IREF", "MARF", "MSGID", "NAME", "NRTX", "OCMT", "ORDP", "PREF", "PURP", "REMI", "RTRN", "SVCL", "TR", "TRCD",
    "TRTP", "ULTB", "ULTC", "ULTD", "UDTR", "UCRD",
];

/// Slash codes of Dutch banks: `/TRTP/SEPA/IBAN/NL…/BIC/…/NAME/…/REMI/…/EREF/…`.
fn slashed(text: &str) -> Option<Details> {
    let text = text.trim();
    if !text.starts_with('/') {
        return None;
    }
    let mut values: Vec<(&str, &str)> = Vec::new();
    let mut rest = text;
    while let Some(after) = rest.strip_prefix('/') {
        let Some((code, tail)) = after.split_once('/').filter(|(code, _)| SLASHED.contains(code)) else { break };
        let end = next_code(tail);
        values.push((code, &tail[..end]));
        rest = &tail[end..];
    }
    if values.is_empty() {
        return None;
    }
    let value = |wanted: &str| {
        let found = values.iter().filter(|(code, _)| *code == wanted).map(|(_, value)| value.trim_matches(['/', ' ']));
        found.into_iter().find(|value| !value.is_empty())
    };
    // The counterparty: account, bank, name, town.
    let counterparty = || value("CNTP")?.split('/').nth(2);
    let purpose = value("REMI").map(|text| {
        let text = text.strip_prefix("USTD//").or_else(|| text.strip_prefix("STRD/")).unwrap_or(text);
        text.trim_matches('/')
    });
    let reference = value("EREF").filter(|text| !text.eq_ignore_ascii_case("NOTPROVIDED"));
    let details = Details {
        name: value("NAME").or_else(counterparty).and_then(some),
        booking: value("TRTP").or_else(|| value("TRCD")).and_then(some),
        purpose: purpose.and_then(some),
        reference: reference.and_then(some),
    };
    let says_something = details.name.is_some() || details.purpose.is_some();
    says_something.then_some(details)
}

/// The first byte of the next `/CODE/`, or the end.
fn next_code(text: &str) -> usize {
    let mut from = 0;
    while let Some(slash) = text[from..].find('/').map(|at| from + at) {
        let after = &text[slash + 1..];
        let width = after.bytes().take(6).position(|byte| byte == b'/');
        if width.is_some_and(|width| SLASHED.contains(&&after[..width])) {
            return slash;
        }
        from = slash + 1;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> (String, String, String, String) {
        let lines: Vec<&str> = text.lines().collect();
        let found = details(&lines);
        let part = |part: Option<String>| part.unwrap_or_default();
        (part(found.name), part(found.booking), part(found.purpose), part(found.reference))
    }

    fn row(name: &str, booking: &str, purpose: &str, reference: &str) -> (String, String, String, String) {
        (name.into(), booking.into(), purpose.into(), reference.into())
    }

    #[test]
    fn german_codes_run_over_line_ends() {
        assert_eq!(
            of("051?00UEBERWEISUNG?100599?20Gehalt Oktob\ner\n?21Firma\nMuster\nGmbH?3050060400?32MUELLER ?33 HANS"),
            row("MUELLER HANS", "UEBERWEISUNG", "Gehalt Oktober FirmaMusterGmbH", "")
        );
        assert_eq!(
            of(
                "166?00GUTSCHRIFT?20EREF+EndToEndId TFNR 22 004?21 00001?22SVWZ+Verw CTSc-01 BC-PPP TF?23Nr 22 004?32KARL"
            ),
            row("KARL", "GUTSCHRIFT", "Verw CTSc-01 BC-PPP TFNr 22 004", "EndToEndId TFNR 22 004 00001")
        );
        assert_eq!(
            of("000>100987654321\n>20ALGEMENE TUSSENREKENING KOS>21TEN VAN").2,
            "ALGEMENE TUSSENREKENING KOSTEN VAN"
        );
    }

    #[test]
    fn polish_codes_name_the_other_side_in_27() {
        assert_eq!(
            of(
                "020~00PRZELEW~20Faktura 12/2024~21˙~27Sklep Ogrod~28UL. POLNA 1~3010501234~38PL61109010140000071219812874"
            ),
            row("Sklep Ogrod", "PRZELEW", "Faktura 12/2024", "")
        );
        assert_eq!(of("<00PRZELEW<20Faktura<32JAN<33 NOWAK"), row("JAN NOWAK", "PRZELEW", "Faktura", ""));
        assert_eq!(of("-20 EUR").2, "-20 EUR");
    }

    #[test]
    fn slash_codes() {
        assert_eq!(
            of("/TRTP/SEPA OVERBOEKING/IBAN/NL91ABNA0417164300/BIC/ABNANL2A/NAME/J DOE/REMI/HUUR/MEI/EREF/X1"),
            row("J DOE", "SEPA OVERBOEKING", "HUUR/MEI", "X1")
        );
        assert_eq!(
            of("/EREF/E1//CNTP/NL91ABNA0417164300/ABNANL2A/ING Test/AMSTERDAM///REMI/USTD//FACTUUR 1/"),
            row("ING Test", "", "FACTUUR 1", "E1")
        );
        assert_eq!(of("/PT/FT/PY/SOMETHING FOO").2, "/PT/FT/PY/SOMETHING FOO");
    }

    #[test]
    fn plain_lines_are_joined_by_their_width() {
        assert_eq!(of("BETALING\nVOOR HUUR").2, "BETALING VOOR HUUR");
        let full = "X".repeat(65);
        assert_eq!(of(&format!("{full}\nY")).2, format!("{full}Y"));
        assert_eq!(of("999PN5477SCHECK-NR. 16703074").2, "999PN5477SCHECK-NR. 16703074");
    }

    #[test]
    fn numbered_lines() {
        let found = numbered(&["01526715", "02A12596785", "15ERGO", "16Insurance", "17Debit", "3310918001", "x"]);
        assert_eq!(found.name.as_deref(), Some("ERGO Insurance"));
        assert_eq!(found.booking.as_deref(), Some("Debit"));
        assert_eq!(found.purpose.as_deref(), Some("526715 A12596785"));
    }
}
