//! `:25:` → an account, and the headers around a message → the bank.
//!
//! Used by the reader. INVARIANT: an account number is kept as written, without the currency that some banks append.

use super::super::iban::{bank_code, iban, is_bic};
use crate::domain::AssetCode;

/// An account as `:25:` names it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct AccountField {
    /// In front of the slash: a bank code or a BIC.
    pub(super) bank: Option<String>,
    /// The number, or the IBAN without blanks.
    pub(super) number: String,
    /// The currency behind the number.
    pub(super) currency: Option<AssetCode>,
    /// National bank code with the country where it comes from an IBAN.
    pub(super) bank_code: Option<String>,
    /// The BIC, where one is written.
    pub(super) bic: Option<String>,
}

/// Reads `:25:` (`BANK/NUMBER`, `BIC/NUMBER`, an IBAN, or a number, with or without a currency behind it) or `:25P:` (the
/// same, and the BIC on a second line).
#[must_use]
pub(super) fn account<'a>(lines: impl Iterator<Item = &'a str>) -> AccountField {
    let mut lines = lines.map(str::trim).filter(|line| !line.is_empty());
    let first = crate::domain::text::clean(lines.next().unwrap_or_default()).into_owned();
    let second = lines.next().filter(|line| is_bic(line)).map(str::to_owned);
    let (bank, rest) = match first.split_once('/') {
        Some((bank, rest)) if !bank.trim().is_empty() => (Some(bank.trim().to_owned()), rest.trim()),
        Some((_, rest)) => (None, rest.trim()),
        None => (None, first.as_str()),
    };
    let (number, currency) = without_currency(rest);
    let found = iban(number);
    let bic = second.or_else(|| bank.clone().filter(|bank| is_bic(bank)));
    match found {
        Some(iban) => AccountField { bank: None, bank_code: bank_code(&iban), number: iban, currency, bic },
        None => AccountField {
            bank_code: bank.clone().filter(|bank| !is_bic(bank)),
            bank,
            number: number.to_owned(),
            currency,
            bic,
        },
    }
}

/// The number without the currency code at its end: `1234567EUR`, `1234567 EUR`, `1234567/EUR`.
fn without_currency(number: &str) -> (&str, Option<AssetCode>) {
    let Some(at) = number.len().checked_sub(3).filter(|at| number.is_char_boundary(*at)) else { return (number, None) };
    let (front, code) = number.split_at(at);
    let currency = Some(code)
        .filter(|code| code.bytes().all(|byte| byte.is_ascii_uppercase()))
        .and_then(|code| AssetCode::new(code).ok())
        .filter(AssetCode::is_iso);
    let front = front.trim_end_matches([' ', '/', '-']);
    // One IBAN in 97 passes its check with a currency behind it too.
    if iban(number).is_some() && (currency.is_none() || iban(front).is_none()) {
        return (number, None);
    }
    let numeric = front.bytes().any(|byte| byte.is_ascii_digit());
    if currency.is_some() && numeric { (front, currency) } else { (number, None) }
}

/// The BIC in an envelope, or on a separate line as Dutch banks write it.
#[must_use]
pub(super) fn bic_in_header(text: &str) -> Option<String> {
    // The message input reference of an output message names the sender: date, then the terminal.
    let sender = text.split_once("{2:O94").and_then(|(_, rest)| {
        let reference = rest.get(11..19).filter(|bic| rest.get(1..11).is_some_and(is_digits) && is_bic(bic));
        reference.or_else(|| rest.get(1..9).filter(|bic| is_bic(bic)))
    });
    let terminal = || text.split_once("{1:F01").and_then(|(_, rest)| rest.get(..8)).filter(|bic| is_bic(bic));
    let alone = || {
        text.lines().flat_map(str::split_whitespace).find_map(|word| {
            let word = word.trim_start_matches(|c: char| c.is_ascii_digit());
            let bic = word.get(..8).filter(|bic| is_bic(bic))?;
            matches!(word.len(), 8 | 11..).then_some(bic)
        })
    };
    let bic = sender.or_else(terminal).or_else(|| (!text.contains('{')).then(alone).flatten())?;
    (!bic.bytes().all(|byte| byte == b'X')).then(|| bic.to_owned())
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> (Option<String>, String, Option<String>) {
        let account = account(text.lines());
        (account.bank, account.number, account.currency.map(|code| code.to_string()))
    }

    #[test]
    fn account_numbers_in_every_form() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(of("20752041/0291593375"), (some("20752041"), "0291593375".into(), None));
        assert_eq!(of("20752041/0291593375EUR "), (some("20752041"), "0291593375".into(), some("EUR")));
        assert_eq!(of("1291.99.348EUR"), (None, "1291.99.348".into(), some("EUR")));
        assert_eq!(of("DE89 3704 0044 0532 0130 00"), (None, "DE89370400440532013000".into(), None));
        assert_eq!(of("DE89370400440532013000EUR"), (None, "DE89370400440532013000".into(), some("EUR")));
        assert_eq!(
            of("NL86INGB8951223559USD"),
            (None, "NL86INGB8951223559".into(), some("USD")),
            "both pass the check"
        );
        assert_eq!(of("DABADKKK/111111-11111111"), (some("DABADKKK"), "111111-11111111".into(), None));
        assert_eq!(of("xxxxxxxxxxxxxx"), (None, "xxxxxxxxxxxxxx".into(), None));
        let page = account("123456789\nDEUTDEFFXXX".lines());
        assert_eq!((page.number.as_str(), page.bic.as_deref()), ("123456789", Some("DEUTDEFFXXX")));
        assert_eq!(account("DE89370400440532013000".lines()).bank_code.as_deref(), Some("DE37040044"));
    }

    #[test]
    fn the_bank_in_a_header() {
        let of = |text| bic_in_header(text);
        assert_eq!(of("{1:F01ASNBNL21XXXX0000000000}{2:O940ASNBNL21XXXXN}{3:}{4:").as_deref(), Some("ASNBNL21"));
        assert_eq!(of("{1:F01CUSTGB2LAXXX}{2:O9401200240101BANKDEFFAXXX1}{4:").as_deref(), Some("BANKDEFF"));
        assert_eq!(of("ABNANL2A\n940\nABNANL2A").as_deref(), Some("ABNANL2A"));
        assert_eq!(of("0000 01INGBNL2AXXXX00001\n940 00").as_deref(), Some("INGBNL2A"));
        assert_eq!(of("This is an example file"), None);
    }
}
