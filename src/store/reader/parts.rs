//! Accounts and rows as their sources have them: merged accounts apart, and rows hidden by others that are the same.
//!
//! Used by imports and syncs: each source is compared with what it delivered itself.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::{
    domain::{Account, AccountId, PairStanding, RowGroups, RowPair, Transaction, TransactionId},
    store::{
        error::{Result, StoreError},
        format::{
            keys::{self, KeyKind, ObjectKey},
            record, row,
        },
        history::versions,
        lookup,
        merges::Merges,
        reader::Reader,
        schema::{BY_PROVIDER_ID, VERSIONS},
    },
};

impl Reader {
    /// All accounts as their sources have them, by id: merged ones too.
    pub fn source_accounts(&self) -> Result<Vec<Account>> {
        self.guarded(|| lookup::accounts(&self.records))
    }

    /// One account as its source has it.
    pub fn source_account(&self, id: AccountId) -> Result<Option<Account>> {
        self.guarded(|| lookup::account(&self.records, id))
    }

    /// The merged accounts.
    #[must_use]
    pub const fn merges(&self) -> &Merges {
        &self.merges
    }

    /// The row under the account that shows it.
    pub(in crate::store) fn shown(&self, row: Transaction) -> Transaction {
        Transaction { account_id: self.merges.head(row.account_id), ..row }
    }

    /// All pairs of rows, hidden rows included.
    pub fn all_row_pairs(&self) -> Result<Vec<RowPair>> {
        self.guarded(|| {
            lookup::records(&self.records, &ObjectKey::every(KeyKind::RowPair), |_, _, body| record::from_json(body))
        })
    }

    /// A row under the account of its source, also one that is hidden by a row that is the same.
    pub fn source_transaction(&self, id: TransactionId) -> Result<Option<Transaction>> {
        self.guarded(|| match lookup::transaction(&self.rows, id)? {
            Some(row) => Ok(Some(row)),
            None => self.hidden_row(id),
        })
    }

    fn hidden_row(&self, id: TransactionId) -> Result<Option<Transaction>> {
        let versions = self.txn.open_table(VERSIONS)?;
        let hidden = versions::standing_body(&versions, &self.undone, &ObjectKey::row(id))?;
        hidden.map(|(change, body)| row::decode(id, change, &body)).transpose()
    }

    /// The rows of a source's account that are hidden by rows that are the same, by id.
    fn hidden_rows(&self, account: AccountId) -> Result<&[Transaction]> {
        if self.hidden.get().is_none() {
            let pairs = self.all_row_pairs()?;
            let mut rows: BTreeMap<TransactionId, Transaction> = BTreeMap::new();
            let mut twins: Vec<RowPair> = Vec::new();
            let mut shown: BTreeSet<TransactionId> = BTreeSet::new();
            for pair in pairs.iter().filter(|pair| pair.standing == PairStanding::Same) {
                let mut account_of = |id| {
                    if let Some(row) = lookup::transaction(&self.rows, id)? {
                        shown.insert(id);
                        return Ok::<_, StoreError>(Some(row.account_id));
                    }
                    let row = self.hidden_row(id)?;
                    Ok(row.map(|row| rows.entry(id).or_insert(row).account_id))
                };
                let (one, other) = (account_of(pair.older)?, account_of(pair.newer)?);
                if one == other {
                    twins.push(*pair);
                }
            }
            // Rows of one source that are one: the shown one is a row, or the oldest where another source's row is shown.
            let mut groups = RowGroups::of(&twins);
            let mut taken: BTreeSet<TransactionId> = shown.into_iter().map(|id| groups.group(id)).collect();
            let mut hidden: BTreeMap<AccountId, Vec<Transaction>> = BTreeMap::new();
            for (id, row) in rows {
                if taken.insert(groups.group(id)) {
                    hidden.entry(row.account_id).or_default().push(row);
                }
            }
            // Another thread may have computed the same meanwhile.
            let _ = self.hidden.set(hidden);
        }
        Ok(self.hidden.get().and_then(|hidden| hidden.get(&account)).map_or(&[], Vec::as_slice))
    }

    /// The rows that the source of one account delivered, from `from` to `to`, both included, by date, then id.
    pub fn source_rows_between(&self, account: AccountId, from: NaiveDate, to: NaiveDate) -> Result<Vec<Transaction>> {
        self.guarded(|| {
            let number = keys::account_number(account)?;
            let low = keys::pack(number, keys::day_of(from), 0);
            let high = keys::pack(number, keys::day_of(to), u64::MAX);
            if low > high {
                return Ok(Vec::new());
            }
            let mut rows = Vec::new();
            for entry in self.by_date.range(low..=high)? {
                let pk = self.indexed(entry?.0.value())?;
                rows.push(lookup::transaction(&self.rows, pk)?.ok_or_else(StoreError::index_without_row)?);
            }
            let shown = rows.len();
            let hidden = self.hidden_rows(account)?.iter();
            rows.extend(hidden.filter(|row| from <= row.facts.date && row.facts.date <= to).cloned());
            if rows.len() > shown {
                rows.sort_by_key(|row| (row.facts.date, row.id));
            }
            Ok(rows)
        })
    }

    /// The rows with that provider id that the source of one account delivered: several, since institutions reuse ids.
    pub fn source_rows_by_id(&self, account: AccountId, provider_id: &str) -> Result<Vec<Transaction>> {
        self.guarded(|| {
            let ids = self.txn.open_table(BY_PROVIDER_ID)?;
            let mut rows = lookup::by_provider_id(&self.rows, &ids, keys::account_number(account)?, provider_id)?;
            let hidden = self.hidden_rows(account)?.iter();
            rows.extend(hidden.filter(|row| row.facts.provider_id.as_deref() == Some(provider_id)).cloned());
            Ok(rows)
        })
    }

    /// The account into which its source put a row, which may be merged into another.
    pub fn source_account_of(&self, id: TransactionId) -> Result<Option<Account>> {
        let row = self.source_transaction(id)?;
        row.map_or(Ok(None), |row| self.source_account(row.account_id))
    }
}
