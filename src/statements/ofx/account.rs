//! How a file names an account, and what follows for its identity and type.
//!
//! Used by the reader and the survey. INVARIANT: the identity depends on the account's own fields only, never on
//! what else a file holds, so every download of an account gives the same one.

use super::{record::Record, tag::Tag, text};
use crate::{
    domain::{AccountType, AssetCode, Text},
    statements::warnings::quoted,
};

/// An account as its `…ACCTFROM` names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AccountName {
    /// `BANKID` or `BROKERID`.
    pub(super) bank_id: Option<Text>,
    /// `ACCTID`; empty when the file leaves it out.
    pub(super) number: Text,
    /// The kind of account.
    pub(super) account_type: AccountType,
    /// `ACCTTYPE` as written, when it is none of the standard's.
    pub(super) unknown_type: Option<Text>,
    /// Byte offset of the record.
    pub(super) at: usize,
    /// Whether there was a record at all.
    pub(super) named: bool,
}

impl AccountName {
    /// Reads the record if it names an account.
    #[must_use]
    pub(super) fn of(record: &Record<'_, '_>) -> Option<Self> {
        let default = match record.tag {
            Tag::BankAcctFrom => AccountType::Checking,
            Tag::CcAcctFrom => AccountType::CreditCard,
            Tag::InvAcctFrom => AccountType::Brokerage,
            Tag::LoanAcctFrom => AccountType::Loan,
            _ => return None,
        };
        let number = record.leaf(Tag::AcctId).or_else(|| record.leaf(Tag::LoanAcctId)).and_then(text::line);
        let bank_id = record.leaf(Tag::BankId).or_else(|| record.leaf(Tag::BrokerId)).and_then(text::line);
        let written = record.leaf(Tag::AcctType).or_else(|| record.leaf(Tag::LoanAcctType)).and_then(text::line);
        let known = written.as_deref().map(account_type);
        Some(Self {
            bank_id,
            number: number.unwrap_or_default(),
            account_type: match known {
                Some(Some(known)) => known,
                Some(None) if default == AccountType::Checking => AccountType::Other,
                Some(None) | None => default,
            },
            unknown_type: written.filter(|_| known == Some(None)),
            at: record.at,
            named: true,
        })
    }

    /// The identity at the institution: `BANKID/ACCTID`, without the first where there is none, and with the type
    /// where it is a deposit account or credit line other than the usual one. Credit unions number a member, not an
    /// account: checking and savings then differ by `ACCTTYPE` alone. Branch, currency and `FI` stay out of it,
    /// since downloads of one account differ in them.
    #[must_use]
    pub(super) fn identity(&self) -> String {
        let mut identity = String::new();
        if let Some(bank) = &self.bank_id {
            identity.push_str(bank);
            identity.push('/');
        }
        identity.push_str(if self.number.is_empty() { "unnamed" } else { &self.number });
        match self.account_type {
            AccountType::Savings | AccountType::MoneyMarket | AccountType::Cd | AccountType::LineOfCredit => {
                identity.push('/');
                identity.push_str(self.account_type.as_str());
            }
            AccountType::Brokerage
            | AccountType::Ira
            | AccountType::RothIra
            | AccountType::K401
            | AccountType::B403
            | AccountType::Hsa
            | AccountType::Checking
            | AccountType::CreditCard
            | AccountType::Loan
            | AccountType::Mortgage
            | AccountType::Other => {}
        }
        identity
    }
}

/// The standard's account types, and what some banks write instead.
fn account_type(written: &str) -> Option<AccountType> {
    use ofx_rs::types::AccountType as Standard;
    let upper = written.to_ascii_uppercase();
    // The numbers of OFC.
    let upper = match upper.as_str() {
        "0" => "CHECKING",
        "1" => "SAVINGS",
        "2" => "CREDITCARD",
        "3" => "MONEYMRKT",
        "4" => "CREDITLINE",
        name => name,
    };
    if let Ok(standard) = upper.parse::<Standard>() {
        return match standard {
            Standard::Checking => Some(AccountType::Checking),
            Standard::Savings => Some(AccountType::Savings),
            Standard::MoneyMarket => Some(AccountType::MoneyMarket),
            Standard::CreditLine => Some(AccountType::LineOfCredit),
            _ => None,
        };
    }
    Some(match upper {
        "CD" => AccountType::Cd,
        "MONEYMARKET" | "MONEY MARKET" | "MONEYMKT" => AccountType::MoneyMarket,
        "SAVING" | "SAVINGSACCOUNT" | "POUPANCA" | "POUPANÇA" | "SPARKONTO" | "EPARGNE" | "AHORRO" => {
            AccountType::Savings
        }
        "CHECKINGACCOUNT" | "CURRENT" | "CORRENTE" | "CONTA CORRENTE" | "GIROKONTO" | "CHEQUE" | "CHEQUING" => {
            AccountType::Checking
        }
        "CREDITCARD" | "CREDIT CARD" | "CREDIT" => AccountType::CreditCard,
        "CREDIT LINE" | "LINEOFCREDIT" | "LOC" | "HELOC" => AccountType::LineOfCredit,
        "LOAN" | "AUTO" | "CONSUMER" | "STUDENT" | "COMMERCIAL" | "PERSONAL" => AccountType::Loan,
        "MORTGAGE" => AccountType::Mortgage,
        "INVESTMENT" | "BROKERAGE" => AccountType::Brokerage,
        "IRA" => AccountType::Ira,
        "401K" => AccountType::K401,
        _ => return None,
    })
}

/// The currency that `CURDEF` or `CURSYM` means, also where a bank writes a sign, a word or the ISO number.
#[must_use]
pub(super) fn currency(written: &str) -> Option<AssetCode> {
    let code = match written.trim() {
        "$" | "US$" => "USD",
        "€" | "EURO" | "Euro" | "euro" | "EUROS" => "EUR",
        "£" => "GBP",
        "R$" => "BRL",
        "¥" => "JPY",
        digits if digits.len() == 3 && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            return digits
                .parse()
                .ok()
                .and_then(iso_currency::Currency::from_numeric)
                .and_then(|iso| AssetCode::new(iso.code()).ok());
        }
        code => code,
    };
    let code = mistaken(code).unwrap_or(code);
    AssetCode::new(code).ok().filter(|_| code.len() >= 3)
}

/// Codes that banks write instead of the one in ISO 4217.
const MISTAKEN: &[(&str, &str)] = &[
    ("BRC", "BRL"),
    ("MXP", "MXN"),
    ("NIS", "ILS"),
    ("NTD", "TWD"),
    ("RMB", "CNY"),
    ("RUR", "RUB"),
    ("SFR", "CHF"),
    ("STG", "GBP"),
    ("UKP", "GBP"),
    ("YEN", "JPY"),
];

fn mistaken(code: &str) -> Option<&'static str> {
    MISTAKEN.iter().find(|(written, _)| written.eq_ignore_ascii_case(code)).map(|(_, meant)| *meant)
}

/// The reason to check a currency that [`currency`] read, if there is one.
#[must_use]
pub(super) fn currency_doubt(written: &str, code: AssetCode) -> Option<String> {
    let shown = quoted(written.trim());
    if mistaken(written.trim()).is_some() {
        return Some(format!("CURDEF {shown} is not in ISO 4217; it was read as {code}"));
    }
    (!code.is_iso()).then(|| format!("CURDEF {shown} is not in ISO 4217; the amounts are kept in it as written"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(bank: Option<&str>, number: &str, account_type: AccountType) -> AccountName {
        AccountName {
            bank_id: bank.map(Into::into),
            number: number.into(),
            account_type,
            unknown_type: None,
            at: 0,
            named: true,
        }
    }

    #[test]
    fn identities_differ_where_accounts_do() {
        let checking = name(Some("121000248"), "123", AccountType::Checking);
        let savings = name(Some("121000248"), "123", AccountType::Savings);
        assert_eq!(checking.identity(), "121000248/123");
        assert_eq!(savings.identity(), "121000248/123/savings");
        assert_eq!(name(None, "4111111111111111", AccountType::CreditCard).identity(), "4111111111111111");
        assert_eq!(name(Some("vanguard.com"), "1", AccountType::K401).identity(), "vanguard.com/1");
        assert_eq!(name(Some("1"), "", AccountType::Checking).identity(), "1/unnamed");
    }

    #[test]
    fn account_types_are_open() {
        assert_eq!(account_type("moneymrkt"), Some(AccountType::MoneyMarket));
        assert_eq!(account_type("CREDITLINE"), Some(AccountType::LineOfCredit));
        assert_eq!(account_type("Conta Corrente"), Some(AccountType::Checking));
        assert_eq!(account_type("SUPERSAVER"), None);
    }

    #[test]
    fn currencies_in_any_spelling() {
        let code = |text| currency(text).map(|code| code.to_string());
        assert_eq!(code("usd").as_deref(), Some("USD"));
        assert_eq!(code("R$").as_deref(), Some("BRL"));
        assert_eq!(code("978").as_deref(), Some("EUR"));
        assert_eq!(code("BRC").as_deref(), Some("BRL"));
        let doubt = |text| currency_doubt(text, currency(text).unwrap());
        assert!(doubt("brc").unwrap().ends_with("read as BRL"));
        assert!(doubt("ZZQ").unwrap().ends_with("kept in it as written"));
        assert_eq!((doubt("USD"), doubt("R$"), doubt("978")), (None, None, None));
        assert_eq!(code("??"), None);
        assert_eq!(code("XX"), None);
    }
}
