//! The name of the institution behind a statement, and default names of accounts.
//!
//! Used by the import in `sync` and the file providers. INVARIANT: pure; the table is data in `assets/institutions.tsv`.

use super::Institution;
use crate::domain::AccountType;

/// One line per key: what kind of key, the key, the institution's name.
const TABLE: &str = include_str!("../../assets/institutions.tsv");

/// The name of the institution of files that name none.
pub const UNNAMED: &str = "Unnamed institution";

/// The name in the table: by the stated name, else by register number, BIC, bank code or number. A number is unique together with
/// its name only, and a bank code may be that of a clearing bank, so beside a name that the table lacks neither identifies
/// anything.
#[must_use]
pub fn well_known(institution: &Institution) -> Option<&'static str> {
    let stated = stated_name(institution);
    // A routing number may be that of a bank that only clears for the one that is named.
    let bank_code = institution.bank_code.as_deref().filter(|_| stated.is_none());
    let has_country = institution
        .bank_code
        .as_deref()
        .is_some_and(|code| code.bytes().take(2).all(|byte| byte.is_ascii_uppercase()) && code.len() > 5);
    let keys = [
        ("org", stated),
        ("bid", institution.register_number.as_deref()),
        ("bic", institution.bic.as_deref().and_then(|bic| bic.get(..6))),
        ("bank", bank_code),
        // A national code behind the country of its IBAN.
        ("bank", bank_code.and_then(|code| code.get(2..)).filter(|_| has_country)),
        ("fid", institution.number.as_deref().filter(|_| stated.is_none())),
    ];
    keys.into_iter().find_map(|(kind, key)| find(kind, key?.trim()))
}

fn stated_name(institution: &Institution) -> Option<&str> {
    institution.name.as_deref().map(str::trim).filter(|name| !name.is_empty())
}

/// The name people know an institution by: that of the table, else what the file itself calls it. `None` when the file
/// states nothing.
#[must_use]
pub fn name(institution: &Institution) -> Option<String> {
    well_known(institution).map(str::to_owned).or_else(|| stated_name(institution).map(presentable)).or_else(|| {
        // A broker's domain is better than nothing; a number is not.
        let bank = institution.bank_code.as_deref()?.trim();
        bank.contains(|c: char| c == '.' || c.is_lowercase()).then(|| presentable(bank))
    })
}

/// Numbers are compared without the zeros in front, which banks add and drop.
fn find(kind: &str, key: &str) -> Option<&'static str> {
    let bare = |key: &'_ str| key.bytes().all(|byte| byte.is_ascii_digit()) && kind != "bank";
    let wanted = if bare(key) { key.trim_start_matches('0') } else { key };
    if wanted.is_empty() {
        return None;
    }
    TABLE.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let mut columns = line.split('\t');
        let (column_kind, column_key, name) = (columns.next()?, columns.next()?, columns.next()?);
        let column_key = if bare(column_key) { column_key.trim_start_matches('0') } else { column_key };
        (column_kind == kind && column_key.eq_ignore_ascii_case(wanted)).then_some(name)
    })
}

/// `ACME BANK` → `Acme Bank`; what has lower case already stays.
fn presentable(written: &str) -> String {
    if written.chars().any(char::is_lowercase) || written.contains('.') {
        return written.to_owned();
    }
    let word = |word: &str| match word {
        "OF" | "AND" | "THE" | "DE" | "DO" | "DA" | "DU" | "LA" => word.to_lowercase(),
        // Three letters, and words without a vowel, are abbreviations.
        _ if word.chars().count() <= 3 || !word.contains(['A', 'E', 'I', 'O', 'U']) => word.to_owned(),
        _ => {
            let mut letters = word.chars();
            letters.next().map(|first| first.to_string() + &letters.as_str().to_lowercase()).unwrap_or_default()
        }
    };
    written.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}

/// A name for an account that has none: `Chase Checking ··7890`.
#[must_use]
pub fn account_name(institution: Option<&str>, account_type: AccountType, number: &str) -> String {
    let kind = match account_type {
        AccountType::Other => "Account".to_owned(),
        AccountType::CreditCard => "Card".to_owned(),
        known => {
            let label = known.label();
            let mut letters = label.chars();
            letters.next().map(|first| first.to_uppercase().to_string() + letters.as_str()).unwrap_or_default()
        }
    };
    let mut name = match institution.map(str::trim).filter(|institution| !institution.is_empty()) {
        Some(institution) if ends_with_word(institution, &kind) => institution.to_owned(),
        Some(institution) => format!("{institution} {kind}"),
        None => kind,
    };
    let mask = crate::domain::text::mask_number(number);
    let tail = mask.trim_start_matches('*');
    if !tail.is_empty() {
        name.push_str(" ··");
        name.push_str(tail);
    }
    name
}

/// The first name that is not taken: `made` as [`account_name`] made it, else with a counter, `Checking 2`.
#[must_use]
pub fn free_name(made: String, is_taken: impl Fn(&str) -> bool) -> String {
    let plain = made.clone();
    let numbered = (2..).map(|number: u32| format!("{plain} {number}"));
    std::iter::once(made).chain(numbered).find(|name| !is_taken(name)).unwrap_or(plain)
}

/// Whether a name is `made`, with or without the counter of [`free_name`].
#[must_use]
pub fn is_made_name(name: &str, made: &str) -> bool {
    name.strip_prefix(made).is_some_and(|rest| {
        rest.is_empty() || rest.strip_prefix(' ').is_some_and(|number| number.parse::<u32>().is_ok())
    })
}

/// Whether a name already ends with that word: no `Lakeside Brokerage Brokerage`.
fn ends_with_word(name: &str, word: &str) -> bool {
    name.split_whitespace().next_back().is_some_and(|last| last.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_an_account_repeats_no_word() {
        let named = |institution| account_name(institution, AccountType::Brokerage, "1234567");
        assert_eq!(named(Some("Lakeside")), "Lakeside Brokerage ··4567");
        assert_eq!(named(Some("Lakeside Brokerage")), "Lakeside Brokerage ··4567");
        assert_eq!(named(None), "Brokerage ··4567");
    }

    fn of(org: Option<&str>, fid: Option<&str>, bid: Option<&str>, bank: Option<&str>) -> Option<String> {
        name(&Institution {
            name: org.map(Into::into),
            number: fid.map(Into::into),
            register_number: bid.map(Into::into),
            bank_code: bank.map(Into::into),
            ..Institution::default()
        })
    }

    #[test]
    fn institutions_are_known_by_any_of_their_keys() {
        assert_eq!(of(Some("B1"), Some("10898"), None, None).as_deref(), Some("Chase"));
        assert_eq!(of(None, None, Some("10898"), None).as_deref(), Some("Chase"));
        assert_eq!(of(None, None, None, Some("0341")).as_deref(), Some("Itaú"));
        assert_eq!(of(None, None, None, Some("vanguard.com")).as_deref(), Some("Vanguard"));
        assert_eq!(of(Some("amex"), None, None, None).as_deref(), Some("American Express"));
        assert_eq!(of(Some("FIRST ACME BANK OF OHIO"), None, None, None).as_deref(), Some("First Acme Bank of Ohio"));
        assert_eq!(of(None, None, None, Some("broker.example")).as_deref(), Some("broker.example"));
        assert_eq!(of(None, None, None, Some("999999999")), None);
        assert_eq!(of(None, Some("1001"), None, None).as_deref(), Some("Capital One"));
        assert_eq!(of(Some("NCH"), Some("1001"), None, None).as_deref(), Some("NCH"), "a number under another ORG");
    }

    #[test]
    fn the_table_is_well_formed_and_free_of_double_keys() {
        let mut seen = std::collections::HashSet::new();
        for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
            let columns: Vec<&str> = line.split('\t').collect();
            assert_eq!(columns.len(), 3, "{line}");
            assert!(["org", "bid", "bic", "bank", "fid"].contains(&columns[0]), "{line}");
            assert!(columns.iter().all(|column| !column.is_empty() && column.trim() == *column), "{line}");
            assert!(seen.insert((columns[0], columns[1].to_ascii_lowercase())), "double: {line}");
        }
    }

    #[test]
    fn accounts_get_sensible_names() {
        assert_eq!(account_name(Some("Chase"), AccountType::Checking, "000123457890"), "Chase Checking ··7890");
        assert_eq!(account_name(Some("Chase"), AccountType::CreditCard, "4111111111111234"), "Chase Card ··1234");
        assert_eq!(account_name(None, AccountType::MoneyMarket, ""), "Money market");
        assert_eq!(account_name(Some("Vanguard"), AccountType::K401, "9"), "Vanguard 401(k) ··9");
    }
}
