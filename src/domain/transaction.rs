//! One movement in an account, classified on two levels.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{AccountId, AssetCode, ChangeId, Money, Text, TransactionId, vocabulary};

vocabulary! {
    /// The first level: what kind of event it is.
    pub enum TransactionType {
        Trade = "trade",
        Transfer = "transfer",
        Income = "income",
        Fee = "fee",
        Payment = "payment",
        Tax = "tax",
        CorporateAction = "corporate_action",
        Conversion = "conversion",
        Other = "other",
    }
}

vocabulary! {
    /// The second level. Each belongs to exactly one type, see [`TransactionSubtype::parent`].
    pub enum TransactionSubtype {
        Buy = "buy",
        Sell = "sell",
        ShortSell = "short_sell",
        BuyToCover = "buy_to_cover",
        Exercise = "exercise",
        Assignment = "assignment",
        Expiration = "expiration",
        /// Income used to buy more of the security that paid it; moves no cash.
        Reinvestment = "reinvestment",
        Deposit = "deposit",
        Withdrawal = "withdrawal",
        WireIn = "wire_in",
        WireOut = "wire_out",
        TransferIn = "transfer_in",
        TransferOut = "transfer_out",
        Internal = "internal",
        Dividend = "dividend",
        Interest = "interest",
        CapitalGain = "capital_gain",
        Distribution = "distribution",
        StakingReward = "staking_reward",
        /// Wages, benefits and other deposits, except transfers between own accounts.
        OtherIncome = "other_income",
        Commission = "commission",
        AccountFee = "account_fee",
        MarginInterest = "margin_interest",
        OtherFee = "other_fee",
        Purchase = "purchase",
        CardPayment = "card_payment",
        Refund = "refund",
        Check = "check",
        Withheld = "withheld",
        Split = "split",
        Merger = "merger",
        SpinOff = "spin_off",
        CashInLieu = "cash_in_lieu",
        ReturnOfCapital = "return_of_capital",
        OtherAction = "other_action",
        Convert = "convert",
        Adjustment = "adjustment",
        Journal = "journal",
        Unknown = "unknown",
    }
}

impl TransactionSubtype {
    /// The type this subtype belongs to.
    #[must_use]
    pub const fn parent(self) -> TransactionType {
        match self {
            Self::Buy
            | Self::Sell
            | Self::ShortSell
            | Self::BuyToCover
            | Self::Exercise
            | Self::Assignment
            | Self::Expiration
            | Self::Reinvestment => TransactionType::Trade,
            Self::Deposit
            | Self::Withdrawal
            | Self::WireIn
            | Self::WireOut
            | Self::TransferIn
            | Self::TransferOut
            | Self::Internal
            | Self::CardPayment => TransactionType::Transfer,
            Self::Dividend
            | Self::Interest
            | Self::CapitalGain
            | Self::Distribution
            | Self::StakingReward
            | Self::OtherIncome => TransactionType::Income,
            Self::Commission | Self::AccountFee | Self::MarginInterest | Self::OtherFee => TransactionType::Fee,
            Self::Purchase | Self::Refund | Self::Check => TransactionType::Payment,
            Self::Withheld => TransactionType::Tax,
            Self::Split
            | Self::Merger
            | Self::SpinOff
            | Self::CashInLieu
            | Self::ReturnOfCapital
            | Self::OtherAction => TransactionType::CorporateAction,
            Self::Convert => TransactionType::Conversion,
            Self::Adjustment | Self::Journal | Self::Unknown => TransactionType::Other,
        }
    }
}

/// Both levels at once. Built from the subtype, so the two can't disagree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Kind(pub TransactionSubtype);

impl Kind {
    /// Nothing is known.
    pub const UNKNOWN: Self = Self(TransactionSubtype::Unknown);

    /// First level.
    #[must_use]
    pub const fn transaction_type(self) -> TransactionType {
        self.0.parent()
    }

    /// Second level.
    #[must_use]
    pub const fn subtype(self) -> TransactionSubtype {
        self.0
    }
}

vocabulary! {
    /// How far the institution has come with it.
    pub enum TransactionStatus {
        Pending = "pending",
        Settled = "settled",
        Failed = "failed",
        /// Withdrawn by the institution: kept, shown struck, left out of sums.
        Cancelled = "cancelled",
    }
}

vocabulary! {
    /// Type of a security.
    pub enum AssetType {
        Equity = "equity",
        Etf = "etf",
        Option = "option",
        MutualFund = "mutual_fund",
        FixedIncome = "fixed_income",
        Futures = "futures",
        Cryptocurrency = "cryptocurrency",
        CashEquivalent = "cash_equivalent",
        Other = "other",
    }
}

impl AssetType {
    /// Units of the underlying in one unit where the source does not state it: 100 for options.
    #[must_use]
    pub fn default_multiplier(self) -> Decimal {
        if matches!(self, Self::Option) { Decimal::ONE_HUNDRED } else { Decimal::ONE }
    }
}

/// The security side of a trade, dividend, transfer of shares or corporate action.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Security {
    /// Ticker, or the best identifier there is (CUSIP, ISIN).
    pub symbol: Option<Text>,
    /// Name in words.
    pub name: Option<Text>,
    /// Kind of security, where known.
    pub asset_type: Option<AssetType>,
    /// Signed: into the account positive, out of it negative.
    pub quantity: Option<Decimal>,
    /// Price of one unit (for options per share of the underlying), in the row's currency.
    pub unit_price: Option<Decimal>,
    /// Zero or positive; contained in the amount.
    pub commission: Option<Decimal>,
    /// Other fees, taxes and loads, zero or positive; contained in the amount.
    pub fees: Option<Decimal>,
    /// Groups partial fills and paired legs for display: the order or event id at the provider.
    pub group: Option<Text>,
}

/// The amount as it was in the currency of the purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForeignAmount {
    /// In the foreign currency, same sign as the row's amount.
    pub money: Money,
    /// Units of the account's currency for one foreign unit.
    pub rate: Decimal,
}

/// Where in its raw source a row came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Origin {
    /// 1-based line in a statement file, or 1-based position in an API reply; 0 when unknown.
    pub line: u32,
}

/// Everything the institution states about a row. A sync may overwrite all of it; the user's own entries are in
/// [`UserFields`], which no sync touches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionFacts {
    /// The provider's id; unique within the account when present. FITIDs may be missing, and reused.
    pub provider_id: Option<Text>,
    /// The institution's calendar day as written, never shifted between zones.
    pub date: NaiveDate,
    /// The exact moment, where the source has one.
    pub instant: Option<DateTime<Utc>>,
    /// When money or shares change hands.
    pub settlement_date: Option<NaiveDate>,
    /// Signed, exact: into the account positive, out of it negative, in `currency`.
    pub amount: Decimal,
    /// Currency of the amount.
    pub currency: AssetCode,
    /// Both levels of the classification.
    pub kind: Kind,
    /// How far it has come.
    pub status: TransactionStatus,
    /// Who was paid or who paid.
    pub payee: Option<Text>,
    /// The full text when it differs from the payee; see [`TransactionFacts::description`].
    pub description: Option<Text>,
    /// The institution's remark.
    pub memo: Option<Text>,
    /// Check number or reference number, as written.
    pub reference: Option<Text>,
    /// The provider's own type code (`POS`, `FILL`), as written.
    pub raw_type: Option<Text>,
    /// The security side, if any.
    pub security: Option<Box<Security>>,
    /// The amount in the currency of the purchase, if that differs.
    pub foreign: Option<Box<ForeignAmount>>,
    /// Where it was read.
    pub origin: Origin,
}

/// Days after which a pending row that was never posted has expired.
const EXPIRED_DAYS: i64 = 45;

impl TransactionFacts {
    /// Whether the row is pending and was not posted in time: it moves no money any more.
    #[must_use]
    pub fn has_expired(&self, today: NaiveDate) -> bool {
        self.status == TransactionStatus::Pending && Self::last_pending_day(today).is_some_and(|last| self.date < last)
    }

    /// The first day of which a pending row has not expired.
    #[must_use]
    pub fn last_pending_day(today: NaiveDate) -> Option<NaiveDate> {
        today.checked_sub_signed(chrono::TimeDelta::days(EXPIRED_DAYS))
    }

    /// A settled row of unknown kind with nothing but its day and amount.
    #[must_use]
    pub const fn new(date: NaiveDate, amount: Decimal, currency: AssetCode) -> Self {
        Self {
            provider_id: None,
            date,
            instant: None,
            settlement_date: None,
            amount,
            currency,
            kind: Kind::UNKNOWN,
            status: TransactionStatus::Settled,
            payee: None,
            description: None,
            memo: None,
            reference: None,
            raw_type: None,
            security: None,
            foreign: None,
            origin: Origin { line: 0 },
        }
    }

    /// Payee, description and memo; empty where there is none.
    #[must_use]
    pub fn texts(&self) -> [&str; 3] {
        [&self.payee, &self.description, &self.memo].map(|text| text.as_deref().unwrap_or_default())
    }

    /// The text of the row: the full text, else the payee, else the memo, else nothing.
    #[must_use]
    pub fn description(&self) -> &str {
        self.description.as_deref().or(self.payee.as_deref()).or(self.memo.as_deref()).unwrap_or_default()
    }

    /// The text for a payee column: the payee, else the description.
    #[must_use]
    pub fn payee(&self) -> &str {
        self.payee.as_deref().unwrap_or_else(|| self.description())
    }

    /// The amount with its currency.
    #[must_use]
    pub const fn money(&self) -> Money {
        Money::new(self.amount, self.currency)
    }
}

/// A row as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// Local identity; survives amendments and the step from pending to posted.
    pub id: TransactionId,
    /// The account it moved money in.
    pub account_id: AccountId,
    /// The change that wrote this version of it.
    pub change_id: ChangeId,
    /// As the institution states it.
    pub facts: TransactionFacts,
}

/// The user's own fields of a row. Stored separately; no sync or import changes those of a stored row.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct UserFields {
    /// Replaces the payee on screen.
    pub payee: Option<String>,
    /// The user's category.
    pub category: Option<String>,
    /// Tags, in the order given.
    pub tags: Vec<String>,
    /// A free note.
    pub note: Option<String>,
}

impl UserFields {
    /// Whether no field is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A change of some user fields, for one row or for many. In a field, `None` keeps the value of each row and `Some(None)`
/// clears it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::option_option, reason = "keep, clear and replace are three cases")]
pub struct UserPatch {
    /// Replaces the payee.
    pub payee: Option<Option<String>>,
    /// Replaces the category.
    pub category: Option<Option<String>>,
    /// Replaces the note.
    pub note: Option<Option<String>>,
    /// Added behind the tags of a row, unless it has them.
    pub add_tags: Vec<String>,
    /// Taken away from the tags of a row.
    pub remove_tags: Vec<String>,
}

impl UserPatch {
    /// Whether it changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The fields of a row after the change.
    #[must_use]
    pub fn apply(&self, fields: &UserFields) -> UserFields {
        let field =
            |change: &Option<Option<String>>, own: &Option<String>| change.clone().unwrap_or_else(|| own.clone());
        let mut tags = fields.tags.clone();
        tags.retain(|tag| !self.remove_tags.contains(tag));
        for tag in &self.add_tags {
            if !tags.contains(tag) {
                tags.push(tag.clone());
            }
        }
        UserFields {
            payee: field(&self.payee, &fields.payee),
            category: field(&self.category, &fields.category),
            note: field(&self.note, &fields.note),
            tags,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_changes_only_what_it_names() {
        let fields = UserFields {
            payee: Some("Blue".into()),
            category: Some("food".into()),
            tags: vec!["trip".into(), "work".into()],
            note: None,
        };
        let patch = UserPatch {
            category: Some(None),
            note: Some(Some("x".into())),
            add_tags: vec!["work".into(), "ann".into()],
            remove_tags: vec!["trip".into()],
            ..UserPatch::default()
        };
        let changed = patch.apply(&fields);
        assert_eq!(
            (changed.payee.as_deref(), changed.category, changed.note.as_deref()),
            (Some("Blue"), None, Some("x"))
        );
        assert_eq!(changed.tags, ["work", "ann"]);
        assert_eq!(UserPatch::default().apply(&fields), fields);
    }

    #[test]
    fn every_type_has_a_subtype_and_spellings_round_trip() {
        for kind in TransactionType::ALL {
            assert!(TransactionSubtype::ALL.iter().any(|subtype| subtype.parent() == *kind), "{kind} has no subtype");
        }
        for subtype in TransactionSubtype::ALL {
            assert_eq!(TransactionSubtype::parse(subtype.as_str()), Some(*subtype));
        }
        assert_eq!(TransactionSubtype::parse("Short_Sell"), Some(TransactionSubtype::ShortSell));
    }

    #[test]
    fn description_falls_back_in_order() {
        let mut facts = TransactionFacts::new(NaiveDate::default(), Decimal::ONE, AssetCode::USD);
        assert_eq!(facts.description(), "");
        facts.memo = Some("memo".into());
        assert_eq!((facts.description(), facts.payee()), ("memo", "memo"));
        facts.payee = Some("payee".into());
        assert_eq!(facts.description(), "payee");
        facts.description = Some("full".into());
        assert_eq!((facts.description(), facts.payee()), ("full", "payee"));
    }
}
