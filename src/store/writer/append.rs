//! The bulk path: many new rows of one account.

use std::ops::{Bound, Range};

use redb::CursorError;

use crate::{
    domain::{AccountId, TransactionFacts, TransactionId},
    store::{
        columns::{append::RowRun, chunks::CHUNK_ROWS},
        error::{Result, StoreError},
        format::{checksum, keys, row},
        index,
        schema::{BY_DATE, BY_PROVIDER_ID, TRANSACTIONS},
        writer::Writer,
    },
};

/// Rows taken from the caller at a time. They are collected outside the guard, so a panic of the caller's iterator is not
/// reported as damage.
const BATCH: usize = if cfg!(test) { 3 } else { 16_384 };

impl Writer {
    /// Adds rows to an account, in the order given. Returns their ids, which are consecutive.
    ///
    /// Rows go in through a cursor at the end of the table (0.42 s instead of 1.1 s for a million); index keys are
    /// collected, sorted and inserted last.
    pub fn append_transactions(
        &mut self,
        account: AccountId,
        rows: impl IntoIterator<Item = TransactionFacts>,
    ) -> Result<Range<TransactionId>> {
        let number = keys::account_number(account)?;
        self.run(|it| it.expect_account(account))?;
        self.draft.written.refer_to(account);
        let first = self.ids.transaction;
        let mut keys = index::IndexBatch::default();
        let mut rows = rows.into_iter();
        loop {
            // A batch does not cross the border of a chunk.
            let left = CHUNK_ROWS - self.ids.transaction % CHUNK_ROWS;
            let size = usize::try_from(left).map_or(BATCH, |left| left.min(BATCH));
            let mut batch = Vec::with_capacity(rows.size_hint().1.map_or(size, |most| most.min(size)));
            batch.extend(rows.by_ref().take(size));
            if batch.is_empty() {
                break;
            }
            self.run(|it| it.append_batch(account, batch, &mut keys))?;
        }
        self.run(|it| {
            keys.insert(&mut it.draft.txn.open_table(BY_DATE)?, &mut it.draft.txn.open_table(BY_PROVIDER_ID)?)
        })?;
        let end = self.ids.transaction;
        self.draft.derived.count(number, i64::try_from(end - first).unwrap_or(i64::MAX));
        Ok(TransactionId(first)..TransactionId(end))
    }

    /// Adds rows that all belong to one chunk.
    fn append_batch(
        &mut self,
        account: AccountId,
        batch: Vec<TransactionFacts>,
        keys: &mut index::IndexBatch,
    ) -> Result<()> {
        let (number, change) = (keys::account_number(account)?, self.draft.change);
        let Range { start: first, end } = self.take_transactions(batch.len() as u64);
        let derived = &mut self.draft.derived;
        let in_columns = derived.appended.begin(&self.draft.txn, &derived.stale, first / CHUNK_ROWS, first)?;
        {
            let mut value = Vec::with_capacity(256);
            let mut rows = self.draft.txn.open_table(TRANSACTIONS)?;
            let mut cursor = rows.upper_bound_mut(Bound::<u64>::Unbounded)?;
            for (pk, facts) in (first..end).zip(&batch) {
                value.clear();
                value.extend_from_slice(&[0; checksum::LEN]);
                value.extend_from_slice(&change.to_le_bytes());
                row::encode(&mut value, number, facts);
                checksum::fill_in(&pk.to_be_bytes(), &mut value);
                cursor.insert_before(pk, value.as_slice()).map_err(|error| match error {
                    CursorError::UnorderedKey => StoreError::damaged("a row is numbered beyond the counter"),
                    other => other.into(),
                })?;
                keys.push(&row::head_of(number, facts), pk);
            }
            cursor.close()?;
        }
        if in_columns {
            self.draft.derived.appended.extend(RowRun { account, first: TransactionId(first), rows: batch })?;
        }
        Ok(())
    }
}
