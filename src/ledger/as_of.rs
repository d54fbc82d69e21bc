//! A view until a day: from the data of today, without everything that is dated later.
//!
//! Used by `--as-of` and by the screen. INVARIANT: rows, balances, positions and changes after the day are in no list, sum or
//! count; a balance that was stated later still counts as evidence for the days before.

use chrono::{Datelike as _, NaiveDate};

use super::{AccountLine, View, error::Result};

impl View {
    /// This view until the end of a day; `None` shows everything again. Shares everything with this one.
    ///
    /// # Errors
    /// When the store can't be read.
    pub fn until(&self, day: Option<NaiveDate>) -> Result<Self> {
        let mut accounts = Vec::with_capacity(self.accounts.len());
        let counts = self.row_counts(day)?;
        for (line, transaction_count) in self.accounts.iter().zip(counts) {
            accounts.push(AccountLine { transaction_count, ..line.clone() });
        }
        Ok(Self { accounts: accounts.into(), until: day, ..self.clone() })
    }

    /// How many rows each account has until the end of a day, in the order of the accounts.
    fn row_counts(&self, day: Option<NaiveDate>) -> Result<Vec<u64>> {
        let (Some(day), Some(columns)) = (day, self.columns()) else {
            let count = |line: &AccountLine| Ok(self.inner.reader.count_until(line.account.id, day)?);
            return self.accounts.iter().map(count).collect();
        };
        let last = day.num_days_from_ce();
        let mut counts = vec![0_u64; columns.account_table().len()];
        for (account, date) in columns.accounts().iter().zip(columns.days()) {
            counts[usize::from(*account)] += u64::from(*date <= last);
        }
        let count = |line: &AccountLine| {
            let own = columns.account_table().iter().zip(&counts).filter(|(id, _)| **id == line.account.id);
            Ok(own.map(|(_, count)| count).sum())
        };
        self.accounts.iter().map(count).collect()
    }
}
