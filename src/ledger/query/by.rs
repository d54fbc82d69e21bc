//! Groupings of rows.

/// The grouping of `by:` and `--by`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each name is the grouping")]
pub enum By {
    Day,
    Week,
    Month,
    Quarter,
    Year,
    Payee,
    Account,
    Institution,
    Type,
    Subtype,
    Status,
    Category,
    Symbol,
    Currency,
}

impl By {
    /// Every grouping.
    pub const ALL: &'static [Self] = &[
        Self::Day,
        Self::Week,
        Self::Month,
        Self::Quarter,
        Self::Year,
        Self::Payee,
        Self::Account,
        Self::Institution,
        Self::Type,
        Self::Subtype,
        Self::Status,
        Self::Category,
        Self::Symbol,
        Self::Currency,
    ];

    /// Its word in a query.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
            Self::Payee => "payee",
            Self::Account => "account",
            Self::Institution => "institution",
            Self::Type => "type",
            Self::Subtype => "subtype",
            Self::Status => "status",
            Self::Category => "category",
            Self::Symbol => "symbol",
            Self::Currency => "currency",
        }
    }

    /// The grouping whose word begins with `text`: `m`, `cat`, `month`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        let begins = |by: &&Self| !text.is_empty() && by.as_str().starts_with(&text);
        Self::ALL.iter().find(|by| by.as_str() == text).or_else(|| Self::ALL.iter().find(begins)).copied()
    }

    /// Whether groups are stretches of time, to be shown in their order.
    #[must_use]
    pub const fn is_time(self) -> bool {
        matches!(self, Self::Day | Self::Week | Self::Month | Self::Quarter | Self::Year)
    }
}

impl std::fmt::Display for By {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}
