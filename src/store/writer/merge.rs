//! Pairs of rows, rows that are the same, and merged accounts.

use crate::{
    domain::{AccountId, PairStanding, RowPair, Transaction, TransactionId},
    store::{
        error::Result,
        format::{
            keys::{KeyKind, ObjectKey},
            record, row,
        },
        history::{journal, pairs, versions},
        lookup,
        merges::Merges,
        schema::{RECORDS, TRANSACTIONS, UNDONE, VERSIONS},
        writer::Writer,
    },
};

impl Writer {
    /// Writes what is known about a pair of rows. [`Writer::settle_pairs`] then shows one row of those that are the same.
    pub fn put_row_pair(&mut self, pair: &RowPair) -> Result<()> {
        self.run(|it| {
            let key = ObjectKey::row_pair(pair.older, pair.newer);
            it.note_rows(pair);
            versions::write(&mut it.draft, &key, Some(&record::to_json(pair)?))
        })
    }

    /// An undo of this change decides about the rows of a pair again.
    fn note_rows(&mut self, pair: &RowPair) {
        if pair.standing != PairStanding::Open {
            self.draft.written.note(&ObjectKey::row(pair.older));
            self.draft.written.note(&ObjectKey::row(pair.newer));
        }
    }

    /// Shows one row of each group of rows that are the same, see [`Writer::put_row_pair`].
    pub fn settle_pairs(&mut self) -> Result<()> {
        self.run(|it| {
            let undone = journal::undone(&it.draft.txn.open_table(UNDONE)?)?;
            pairs::settle(&mut it.draft, &undone)
        })
    }

    /// All pairs of rows, hidden rows included.
    pub fn all_row_pairs(&mut self) -> Result<Vec<RowPair>> {
        self.run(|it| {
            let records = it.draft.txn.open_table(RECORDS)?;
            lookup::records(&records, &ObjectKey::every(KeyKind::RowPair), |_, _, body| record::from_json(body))
        })
    }

    /// A row, also one that is hidden by a row that is the same.
    pub fn source_transaction(&mut self, id: TransactionId) -> Result<Option<Transaction>> {
        self.run(|it| {
            if let Some(row) = lookup::transaction(&it.draft.txn.open_table(TRANSACTIONS)?, id)? {
                return Ok(Some(row));
            }
            let (versions, undone) = (it.draft.txn.open_table(VERSIONS)?, it.draft.txn.open_table(UNDONE)?);
            let hidden = versions::standing_body(&versions, &undone, &ObjectKey::row(id))?;
            hidden.map(|(change, body)| row::decode(id, change, &body)).transpose()
        })
    }

    /// Merges `part` into another account, or splits it off again (`None`). Its rows stay its own: readers show them under
    /// the other account.
    pub fn put_account_merge(&mut self, part: AccountId, head: Option<AccountId>) -> Result<()> {
        self.run(|it| {
            it.expect_account(part)?;
            let body = head.map(|head| record::to_json(&head)).transpose()?;
            it.draft.written.removed_rows = true;
            versions::write(&mut it.draft, &ObjectKey::account_merge(part), body.as_deref())
        })
    }

    /// The merged accounts.
    pub fn merges(&mut self) -> Result<Merges> {
        self.run(|it| Merges::read(&it.draft.txn.open_table(RECORDS)?))
    }
}
