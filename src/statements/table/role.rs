//! The role of a column.
//!
//! Used by the word list, the layouts and the inference.

/// The meaning of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Role {
    DateBook,
    DateTxn,
    DateValue,
    /// Due dates, periods: never the day of a row.
    DateOther,
    Time,
    Amount,
    /// The amount that moves the balance where a table has several.
    AmountMain,
    /// Original, foreign and partial amounts.
    AmountOther,
    Debit,
    Credit,
    Balance,
    BalanceBefore,
    Fee,
    Currency,
    CurrencyOther,
    /// Debit or credit in words.
    Indicator,
    Status,
    /// The account the rows belong to.
    Account,
    AccountPart,
    AccountType,
    Party,
    PartyAccount,
    Reference,
    /// An id of the row.
    Id,
    Text,
    Type,
    Rate,
    Quantity,
    Price,
    Points,
    /// A figure that is measured: a distance, a duration, a temperature.
    Measure,
    Symbol,
    Isin,
    Security,
    KeyOpening,
    KeyClosing,
    KeyIn,
    KeyOut,
    KeyTotal,
    KeyAccount,
    KeyCurrency,
    KeyPeriod,
}

/// Every role with its name in the word list and in layouts.
const NAMES: &[(&str, Role)] = &[
    ("date-book", Role::DateBook),
    ("date-txn", Role::DateTxn),
    ("date-value", Role::DateValue),
    ("date-other", Role::DateOther),
    ("time", Role::Time),
    ("amount", Role::Amount),
    ("amount-main", Role::AmountMain),
    ("amount-other", Role::AmountOther),
    ("debit", Role::Debit),
    ("credit", Role::Credit),
    ("balance", Role::Balance),
    ("balance-before", Role::BalanceBefore),
    ("fee", Role::Fee),
    ("currency", Role::Currency),
    ("currency-other", Role::CurrencyOther),
    ("indicator", Role::Indicator),
    ("status", Role::Status),
    ("account", Role::Account),
    ("account-part", Role::AccountPart),
    ("account-type", Role::AccountType),
    ("party", Role::Party),
    ("party-account", Role::PartyAccount),
    ("reference", Role::Reference),
    ("id", Role::Id),
    ("text", Role::Text),
    ("type", Role::Type),
    ("rate", Role::Rate),
    ("quantity", Role::Quantity),
    ("price", Role::Price),
    ("points", Role::Points),
    ("measure", Role::Measure),
    ("symbol", Role::Symbol),
    ("isin", Role::Isin),
    ("security", Role::Security),
    ("key-opening", Role::KeyOpening),
    ("key-closing", Role::KeyClosing),
    ("key-in", Role::KeyIn),
    ("key-out", Role::KeyOut),
    ("key-total", Role::KeyTotal),
    ("key-account", Role::KeyAccount),
    ("key-currency", Role::KeyCurrency),
    ("key-period", Role::KeyPeriod),
];

impl Role {
    pub(super) fn parse(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, role)| *role)
    }

    /// Keys of preambles and footers, which name no column.
    pub(super) const fn is_key(self) -> bool {
        matches!(
            self,
            Self::KeyOpening
                | Self::KeyClosing
                | Self::KeyIn
                | Self::KeyOut
                | Self::KeyTotal
                | Self::KeyAccount
                | Self::KeyCurrency
                | Self::KeyPeriod
        )
    }

    pub(super) const fn is_date(self) -> bool {
        matches!(self, Self::DateBook | Self::DateTxn | Self::DateValue | Self::DateOther)
    }
}
