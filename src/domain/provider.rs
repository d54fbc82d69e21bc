//! The words with which a provider describes itself.

use super::vocabulary;

vocabulary! {
    /// What kind of institution a provider is.
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
    /// For people: a heading.
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
    /// How one connects.
    pub enum AuthType {
        Oauth = "oauth",
        ApiKey = "api_key",
        FileImport = "file_import",
        LinkToken = "link_token",
        Certificate = "certificate",
    }
}

vocabulary! {
    /// What a stored credential is.
    pub enum CredentialType {
        Oauth2 = "oauth2",
        ApiKey = "api_key",
        LinkToken = "link_token",
        Certificate = "certificate",
        FileImport = "file_import",
        Custom = "custom",
    }
}

impl CredentialType {
    /// Whether it can be renewed without the user.
    #[must_use]
    pub const fn supports_refresh(self) -> bool {
        matches!(self, Self::Oauth2 | Self::LinkToken)
    }

    /// Whether it works until someone withdraws it. (A client certificate ends at its notAfter.)
    #[must_use]
    pub const fn never_expires(self) -> bool {
        matches!(self, Self::ApiKey | Self::FileImport)
    }
}

vocabulary! {
    /// What a provider can tell.
    pub enum Capability {
        Accounts = "accounts",
        Transactions = "transactions",
        Holdings = "holdings",
        BalanceHistory = "balance_history",
    }
}
