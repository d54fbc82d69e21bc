//! International bank account numbers in texts.
//!
//! Used for the identity of accounts. INVARIANT: the shape decides; test files carry wrong check digits.

/// The IBAN in a cell, as written.
pub(super) fn within(cell: &str) -> Option<String> {
    let bytes = cell.as_bytes();
    let mut at = 0;
    while at + 15 <= bytes.len() {
        let starts = bytes[at..].starts_with_iban_head() && (at == 0 || !bytes[at - 1].is_ascii_alphanumeric());
        if starts && let Some(length) = length(&bytes[at..]) {
            return cell.get(at..at + length).map(str::trim).map(str::to_owned);
        }
        at += 1;
    }
    None
}

/// Whether a cell is an IBAN and nothing else.
pub(super) fn is_iban(cell: &str) -> bool {
    within(cell).is_some_and(|found| found.len() == cell.trim().len())
}

trait Head {
    fn starts_with_iban_head(&self) -> bool;
}

impl Head for [u8] {
    fn starts_with_iban_head(&self) -> bool {
        self.len() >= 4
            && self[..2].iter().all(u8::is_ascii_uppercase)
            && self[2..4].iter().all(u8::is_ascii_digit)
            && LENGTHS.iter().any(|(country, _)| country.as_bytes() == &self[..2])
    }
}

/// Bytes of the IBAN at the start, blanks included, if it has the length of its country.
fn length(bytes: &[u8]) -> Option<usize> {
    let country = std::str::from_utf8(&bytes[..2]).ok()?;
    let wanted = LENGTHS.iter().find(|(known, _)| *known == country)?.1;
    let (mut count, mut end) = (0, 0);
    for (index, byte) in bytes.iter().enumerate() {
        if byte.is_ascii_uppercase() || byte.is_ascii_digit() || (*byte == b'*') {
            count += 1;
            end = index + 1;
        } else if *byte != b' ' || index + 1 == bytes.len() {
            break;
        }
        if count == wanted {
            break;
        }
    }
    let goes_on = bytes.get(end).is_some_and(u8::is_ascii_alphanumeric);
    (count == wanted && !goes_on).then_some(end)
}

/// The country and the bank code inside an IBAN, where the country has one.
pub(super) fn bank_code(iban: &str) -> Option<String> {
    let plain: String = iban.chars().filter(|c| !c.is_whitespace()).collect();
    let range = match plain.get(..2)? {
        "DE" | "PL" => 4..12,
        "AT" | "CH" | "LI" | "LU" | "FR" | "IT" | "SM" | "MC" => 4..9,
        "NL" | "GB" | "IE" | "BG" | "RO" | "LV" | "ES" | "PT" | "CZ" | "SK" | "NO" | "DK" => 4..8,
        "BE" | "SE" | "FI" | "HU" => 4..7,
        _ => return None,
    };
    plain.get(range).map(str::to_owned)
}

/// Characters of an IBAN by country (SWIFT IBAN registry).
const LENGTHS: &[(&str, usize)] = &[
    ("AD", 24),
    ("AE", 23),
    ("AL", 28),
    ("AT", 20),
    ("AZ", 28),
    ("BA", 20),
    ("BE", 16),
    ("BG", 22),
    ("BH", 22),
    ("BR", 29),
    ("BY", 28),
    ("CH", 21),
    ("CR", 22),
    ("CY", 28),
    ("CZ", 24),
    ("DE", 22),
    ("DK", 18),
    ("DO", 28),
    ("EE", 20),
    ("EG", 29),
    ("ES", 24),
    ("FI", 18),
    ("FO", 18),
    ("FR", 27),
    ("GB", 22),
    ("GE", 22),
    ("GI", 23),
    ("GL", 18),
    ("GR", 27),
    ("GT", 28),
    ("HR", 21),
    ("HU", 28),
    ("IE", 22),
    ("IL", 23),
    ("IS", 26),
    ("IT", 27),
    ("JO", 30),
    ("KW", 30),
    ("KZ", 20),
    ("LB", 28),
    ("LI", 21),
    ("LT", 20),
    ("LU", 20),
    ("LV", 21),
    ("MC", 27),
    ("MD", 24),
    ("ME", 22),
    ("MK", 19),
    ("MT", 31),
    ("NL", 18),
    ("NO", 15),
    ("PK", 24),
    ("PL", 28),
    ("PS", 29),
    ("PT", 25),
    ("QA", 29),
    ("RO", 24),
    ("RS", 22),
    ("SA", 24),
    ("SE", 24),
    ("SI", 19),
    ("SK", 24),
    ("SM", 27),
    ("TN", 24),
    ("TR", 26),
    ("UA", 29),
    ("VA", 22),
    ("XK", 20),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ibans_are_found_as_written() {
        assert_eq!(within("IBAN: DE12 3456 7890 1234 5678 90").as_deref(), Some("DE12 3456 7890 1234 5678 90"));
        assert_eq!(within("CH5604835012345678009").as_deref(), Some("CH5604835012345678009"));
        assert_eq!(within("DE12 3456"), None);
        assert_eq!(within("PAYMENT TO ACME LTD 12345678901234"), None);
        assert!(is_iban("NL00ASNB9999999999"));
        assert_eq!(bank_code("DE02120300000000202051").as_deref(), Some("12030000"));
        assert_eq!(bank_code("NL00ASNB9999999999").as_deref(), Some("ASNB"));
    }
}
