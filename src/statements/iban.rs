//! International account numbers (IBAN, ISO 13616) and bank identifiers (BIC, ISO 9362).
//!
//! Used by every reader that finds account numbers in text. INVARIANT: pure; an IBAN is accepted by its check digits only.

/// Where the bank code is in an IBAN: country, first character, length.
/// From the IBAN registry of SWIFT.
const BANK_CODES: &[(&str, usize, usize)] = &[
    ("AD", 4, 4),
    ("AE", 4, 3),
    ("AT", 4, 5),
    ("BE", 4, 3),
    ("BG", 4, 4),
    ("BR", 4, 8),
    ("CH", 4, 5),
    ("CY", 4, 3),
    ("CZ", 4, 4),
    ("DE", 4, 8),
    ("DK", 4, 4),
    ("EE", 4, 2),
    ("ES", 4, 4),
    ("FI", 4, 3),
    ("FR", 4, 5),
    ("GB", 4, 4),
    ("GR", 4, 3),
    ("HR", 4, 7),
    ("HU", 4, 3),
    ("IE", 4, 4),
    ("IL", 4, 3),
    ("IS", 4, 4),
    ("IT", 5, 5),
    ("LI", 4, 5),
    ("LT", 4, 5),
    ("LU", 4, 3),
    ("LV", 4, 4),
    ("MC", 4, 5),
    ("MT", 4, 4),
    ("NL", 4, 4),
    ("NO", 4, 4),
    ("PL", 4, 8),
    ("PT", 4, 4),
    ("RO", 4, 4),
    ("RS", 4, 3),
    ("SE", 4, 3),
    ("SI", 4, 5),
    ("SK", 4, 4),
    ("SM", 5, 5),
    ("TR", 4, 5),
    ("UA", 4, 6),
];

/// The IBAN in `text`, without blanks and in upper case; `None` when it has another shape or wrong check digits.
#[must_use]
pub(super) fn iban(text: &str) -> Option<String> {
    let compact: String = text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()).collect();
    let bytes = compact.as_bytes();
    let shaped = (15..=34).contains(&bytes.len())
        && bytes[..2].iter().all(u8::is_ascii_uppercase)
        && bytes[2..4].iter().all(u8::is_ascii_digit)
        && bytes.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    (shaped && remainder(bytes) == 1).then_some(compact)
}

/// The number modulo 97, with its first four characters moved to the end and letters read as 10 to 35.
fn remainder(bytes: &[u8]) -> u32 {
    bytes[4..].iter().chain(&bytes[..4]).fold(0, |sum, byte| match byte {
        b'0'..=b'9' => (sum * 10 + u32::from(byte - b'0')) % 97,
        _ => (sum * 100 + u32::from(byte - b'A') + 10) % 97,
    })
}

/// The country and national bank code of an IBAN: `DE37040044`. `None` for countries without an entry.
#[must_use]
pub(super) fn bank_code(iban: &str) -> Option<String> {
    let (country, start, length) = BANK_CODES.iter().find(|(country, ..)| iban.starts_with(country))?;
    iban.get(*start..start + length).map(|code| format!("{country}{code}"))
}

/// Whether `text` has the shape of a BIC: four letters, two letters of a country, two or five letters or digits.
#[must_use]
pub(super) fn is_bic(text: &str) -> bool {
    let bytes = text.as_bytes();
    matches!(bytes.len(), 8 | 11)
        && bytes[..6].iter().all(u8::is_ascii_uppercase)
        && bytes[6..].iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_decide() {
        assert_eq!(iban("de89 3704 0044 0532 0130 00").as_deref(), Some("DE89370400440532013000"));
        assert_eq!(iban("GB82WEST12345698765432").as_deref(), Some("GB82WEST12345698765432"));
        assert_eq!(iban("DE88370400440532013000"), None);
        assert_eq!(iban("NONREF"), None);
        assert_eq!(iban("DE8937040044053201300É"), None);
    }

    #[test]
    fn bank_codes_come_with_their_country() {
        assert_eq!(bank_code("DE89370400440532013000").as_deref(), Some("DE37040044"));
        assert_eq!(bank_code("NL91ABNA0417164300").as_deref(), Some("NLABNA"));
        assert_eq!(bank_code("XX00"), None);
        assert!(is_bic("DEUTDEFF") && is_bic("INGBNL2AXXX") && !is_bic("10020030") && !is_bic("deutdeff"));
    }
}
