//! Numbers of enum variants in stored rows.
//!
//! INVARIANT: a number is never reused for another variant, whatever the order in the enum is.

use crate::domain::{AssetType, SnapshotSource, TransactionStatus, TransactionSubtype};

/// Maps an enum to fixed numbers, both ways, exhaustively.
macro_rules! codes {
    ($encode:ident, $decode:ident, $enum:ident { $($code:literal = $variant:ident,)+ }) => {
        pub(in crate::store) const fn $encode(value: $enum) -> u8 {
            match value { $($enum::$variant => $code,)+ }
        }

        pub(in crate::store) const fn $decode(code: u8) -> Option<$enum> {
            match code { $($code => Some($enum::$variant),)+ _ => None }
        }
    };
}

codes!(status, to_status, TransactionStatus { 1 = Pending, 2 = Settled, 3 = Failed, 4 = Cancelled, });

codes!(asset_type, to_asset_type, AssetType {
    1 = Equity, 2 = Etf, 3 = Option, 4 = MutualFund, 5 = FixedIncome, 6 = Futures, 7 = Cryptocurrency,
    8 = CashEquivalent, 9 = Other,
});

codes!(snapshot_source, to_snapshot_source, SnapshotSource {
    1 = AccountSync, 2 = HoldingsSync, 3 = ManualSync, 4 = ScheduledSync, 5 = InitialConnection,
    6 = Statement, 7 = Manual,
});

codes!(subtype, to_subtype, TransactionSubtype {
    1 = Buy, 2 = Sell, 3 = ShortSell, 4 = BuyToCover, 5 = Exercise, 6 = Assignment, 7 = Expiration,
    8 = Deposit, 9 = Withdrawal, 10 = WireIn, 11 = WireOut, 12 = TransferIn, 13 = TransferOut, 14 = Internal,
    15 = Dividend, 16 = Interest, 17 = CapitalGain, 18 = Distribution, 19 = StakingReward,
    20 = Commission, 21 = AccountFee, 22 = MarginInterest, 23 = OtherFee,
    24 = Purchase, 25 = CardPayment, 26 = Refund, 27 = Check,
    28 = Withheld,
    29 = Split, 30 = Merger, 31 = SpinOff, 32 = CashInLieu, 33 = ReturnOfCapital, 34 = OtherAction,
    35 = Convert,
    36 = Adjustment, 37 = Journal, 38 = Unknown, 39 = Reinvestment, 40 = OtherIncome,
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_member_comes_back() {
        for value in TransactionSubtype::ALL {
            assert_eq!(to_subtype(subtype(*value)), Some(*value));
        }
        for value in TransactionStatus::ALL {
            assert_eq!(to_status(status(*value)), Some(*value));
        }
        for value in AssetType::ALL {
            assert_eq!(to_asset_type(asset_type(*value)), Some(*value));
        }
        for value in SnapshotSource::ALL {
            assert_eq!(to_snapshot_source(snapshot_source(*value)), Some(*value));
        }
        assert_eq!((to_subtype(0), to_status(0), to_asset_type(0), to_snapshot_source(0)), (None, None, None, None));
    }
}
