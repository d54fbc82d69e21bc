//! Classification of providers and of the data they offer.

use super::vocabulary;

vocabulary! {
    /// Kind of institution.
    pub enum ProviderCategory {
        Bank = "bank",
        CreditCard = "credit_card",
        Brokerage = "brokerage",
        Retirement = "retirement",
        Investment = "investment",
        Crypto = "crypto",
        Loan = "loan",
        Aggregator = "aggregator",
        Other = "other",
    }
}

impl ProviderCategory {
    /// Heading on screen.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Bank => "Banks",
            Self::CreditCard => "Credit cards",
            Self::Brokerage => "Brokers",
            Self::Retirement => "Retirement",
            Self::Investment => "Investment",
            Self::Crypto => "Crypto",
            Self::Loan => "Loans",
            Self::Aggregator => "Aggregators",
            Self::Other => "Other",
        }
    }
}

vocabulary! {
    /// A kind of data that a provider offers.
    pub enum Capability {
        Accounts = "accounts",
        Transactions = "transactions",
        Holdings = "holdings",
        BalanceHistory = "balance_history",
    }
}
