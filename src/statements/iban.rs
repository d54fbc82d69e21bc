//! International account numbers (IBAN, ISO 13616) and bank identifiers (BIC, ISO 9362).
//!
//! Used by every reader that finds account numbers in text. INVARIANT: pure. Messages and file names are full of codes, so
//! [`iban`] accepts by check digits only; cells of tables are masked at times, so [`within`] accepts by country and length.

use crate::domain::AssetCode;

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

/// Currencies of countries that have one in everyday use.
const CURRENCIES: &[(&str, &[&str])] = &[
    (
        "EUR",
        &[
            "AD", "AT", "BE", "CY", "DE", "EE", "ES", "FI", "FR", "GR", "HR", "IE", "IT", "LT", "LU", "LV", "MC", "ME",
            "MT", "NL", "PT", "SI", "SK", "SM", "VA", "XK",
        ],
    ),
    ("AED", &["AE"]),
    ("CHF", &["CH", "LI"]),
    ("CZK", &["CZ"]),
    ("DKK", &["DK", "FO", "GL"]),
    ("GBP", &["GB"]),
    ("HUF", &["HU"]),
    ("ILS", &["IL"]),
    ("ISK", &["IS"]),
    ("NOK", &["NO"]),
    ("PLN", &["PL"]),
    ("RON", &["RO"]),
    ("SEK", &["SE"]),
    ("TRY", &["TR"]),
];

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
pub(super) fn is_iban_cell(cell: &str) -> bool {
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

/// The country and national bank code of an IBAN: `DE37040044`. `None` for countries without an entry.
#[must_use]
pub(super) fn bank_code(iban: &str) -> Option<String> {
    let iban: String = iban.chars().filter(|c| !c.is_whitespace()).collect();
    let (country, start, length) = BANK_CODES.iter().find(|(country, ..)| iban.starts_with(country))?;
    iban.get(*start..start + length).map(|code| format!("{country}{code}"))
}

/// The currency of the country of an IBAN, in which most of its accounts are.
pub(super) fn currency(iban: &str) -> Option<AssetCode> {
    let (code, _) =
        CURRENCIES.iter().find(|(_, countries)| countries.iter().any(|country| iban.starts_with(country)))?;
    AssetCode::new(code).ok()
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

    #[test]
    fn ibans_are_found_as_written() {
        assert_eq!(within("IBAN: DE12 3456 7890 1234 5678 90").as_deref(), Some("DE12 3456 7890 1234 5678 90"));
        assert_eq!(within("CH5604835012345678009").as_deref(), Some("CH5604835012345678009"));
        assert_eq!(within("DE12 3456"), None);
        assert_eq!(within("PAYMENT TO ACME LTD 12345678901234"), None);
        assert!(is_iban_cell("NL00ASNB9999999999"));
        assert_eq!(bank_code("DE02 1203 0000 0000 2020 51").as_deref(), Some("DE12030000"));
        assert_eq!(bank_code("NL00ASNB9999999999").as_deref(), Some("NLASNB"));
    }
}
