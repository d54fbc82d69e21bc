//! Deterministic pseudo-random numbers, seeded by day and purpose.

use chrono::{Datelike as _, NaiveDate};
use rust_decimal::Decimal;

/// A stream of numbers fixed by its day and its purpose, so that a day's rows don't depend on other days.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn of(day: NaiveDate, purpose: &str) -> Self {
        // FNV-1a over the purpose, started from the day.
        let start = 0xcbf2_9ce4_8422_2325 ^ u64::from(day.num_days_from_ce().unsigned_abs());
        Self(purpose.bytes().fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)))
    }

    fn next(&mut self) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 up to, not including, `bound`.
    fn below(&mut self, bound: u32) -> u32 {
        u32::try_from(self.next() % u64::from(bound.max(1))).unwrap_or_default()
    }

    /// True that often in a hundred.
    pub(super) fn chance(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    /// An amount of money between two amounts in cents, both included.
    pub(super) fn cents(&mut self, least: u32, most: u32) -> Decimal {
        Decimal::new(i64::from(least + self.below(most.saturating_sub(least) + 1)), 2)
    }

    /// One of several.
    pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        let index = self.below(u32::try_from(from.len()).unwrap_or(u32::MAX));
        from.get(index as usize)
    }
}
