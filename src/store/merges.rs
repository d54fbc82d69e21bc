//! Accounts that the user merged: several accounts of sources that are shown as one.
//!
//! Each source goes on writing into its own account, a part; readers see the rows, balances and positions of all parts under
//! the head. INVARIANT: nothing is moved, so splitting is leaving out one record; a head that is not there (the change that
//! created it is undone) merges nothing.

use std::collections::{BTreeMap, HashMap};

use redb::ReadableTable;

use super::{
    error::{Result, StoreError},
    format::{
        checksum,
        keys::{KeyKind, ObjectKey},
        record,
    },
    schema::ValueBytes,
};
use crate::domain::{Account, AccountId, Connection, Holding, Snapshot};

/// The merged accounts of one state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Merges {
    /// The account that a part is merged into, directly.
    into: BTreeMap<AccountId, AccountId>,
}

impl Merges {
    /// Reads the merges of which both accounts are there.
    pub(in crate::store) fn read(records: &impl ReadableTable<ValueBytes, ValueBytes>) -> Result<Self> {
        let prefix = ObjectKey::every(KeyKind::AccountMerge);
        let end = prefix.successor();
        let mut into = BTreeMap::new();
        for entry in records.range(prefix.as_bytes()..end.as_slice())? {
            let (key, value) = entry?;
            let (_, body) = checksum::check_version(key.value(), value.value())?;
            let part = ObjectKey::from_bytes(key.value()).first_number();
            let part = AccountId(part.ok_or_else(|| StoreError::damaged("the key of a merged account"))?);
            let head: AccountId = record::from_json(body)?;
            let is_there = |id| Ok::<_, StoreError>(records.get(ObjectKey::account(id).as_bytes())?.is_some());
            if is_there(part)? && is_there(head)? {
                into.insert(part, head);
            }
        }
        Ok(Self { into })
    }

    /// Whether no account is merged.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.into.is_empty()
    }

    /// The account under which `account` is shown; itself if it is not merged.
    #[must_use]
    pub fn head(&self, account: AccountId) -> AccountId {
        let mut head = account;
        // A circle can't be written; the bound keeps a faulty file from hanging the program.
        for _ in 0..=self.into.len() {
            match self.into.get(&head) {
                Some(next) => head = *next,
                None => break,
            }
        }
        head
    }

    /// The account that `part` was merged into; `None` if it was not.
    #[must_use]
    pub fn direct_head(&self, part: AccountId) -> Option<AccountId> {
        self.into.get(&part).copied()
    }

    /// The accounts shown under `account`, itself first.
    #[must_use]
    pub fn parts(&self, account: AccountId) -> Vec<AccountId> {
        let mut parts = vec![account];
        parts.extend(self.into.keys().filter(|part| **part != account && self.head(**part) == account));
        parts
    }

    /// Every part with its direct head.
    pub fn iter(&self) -> impl Iterator<Item = (AccountId, AccountId)> + '_ {
        self.into.iter().map(|(part, head)| (*part, *head))
    }

    /// The accounts as they are shown: an account with parts is active if one of them is, and belongs to a connection that
    /// counts if one of theirs does.
    pub(in crate::store) fn shown(&self, accounts: Vec<Account>, connections: &[Connection]) -> Vec<Account> {
        let counts = |id| connections.iter().find(|connection| connection.id == id).is_some_and(Connection::counts);
        let (parts, mut heads): (Vec<Account>, Vec<Account>) =
            accounts.into_iter().partition(|account| self.into.contains_key(&account.id));
        for part in parts {
            let head = self.head(part.id);
            let Some(head) = heads.iter_mut().find(|account| account.id == head) else { continue };
            let is_live = |account: &Account| account.is_active && counts(account.connection_id);
            if is_live(&part) && !is_live(head) {
                head.connection_id = part.connection_id;
                head.is_active = true;
            }
            head.last_synced_at = head.last_synced_at.max(part.last_synced_at);
        }
        heads
    }

    /// Balances of the parts under their head, by day; of one day the newest.
    pub(in crate::store) fn snapshots(head: AccountId, parts: Vec<Vec<Snapshot>>) -> Vec<Snapshot> {
        let mut by_day: BTreeMap<_, Snapshot> = BTreeMap::new();
        for snapshot in parts.into_iter().flatten() {
            let snapshot = Snapshot { account_id: head, ..snapshot };
            match by_day.get_mut(&snapshot.date) {
                Some(known) if known.change_id >= snapshot.change_id => {}
                Some(known) => *known = snapshot,
                None => drop(by_day.insert(snapshot.date, snapshot)),
            }
        }
        by_day.into_values().collect()
    }

    /// Positions under their heads. Of the parts that list positions only the one that listed last counts: all of them list
    /// the same account.
    #[must_use]
    pub fn holdings(&self, holdings: Vec<Holding>) -> Vec<Holding> {
        if self.is_empty() {
            return holdings;
        }
        let mut newest: HashMap<AccountId, (chrono::NaiveDate, u64, AccountId)> = HashMap::new();
        for holding in &holdings {
            let rank = (holding.as_of, holding.change_id.0, holding.account_id);
            let known = newest.entry(self.head(holding.account_id)).or_insert(rank);
            *known = (*known).max(rank);
        }
        let listed = |holding: &Holding| {
            newest.get(&self.head(holding.account_id)).is_some_and(|(.., part)| *part == holding.account_id)
        };
        let kept = holdings.into_iter().filter(listed);
        kept.map(|holding| Holding { account_id: self.head(holding.account_id), ..holding }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_parts_are_shown_under_one_head() {
        let id = AccountId;
        let merges = Merges { into: BTreeMap::from([(id(2), id(1)), (id(3), id(2)), (id(5), id(4))]) };
        assert_eq!([1, 2, 3, 4, 5, 6].map(|account| merges.head(id(account)).0), [1, 1, 1, 4, 4, 6]);
        assert_eq!(merges.parts(id(1)), [id(1), id(2), id(3)]);
        assert_eq!(merges.direct_head(id(3)), Some(id(2)));
        let circle = Merges { into: BTreeMap::from([(id(1), id(2)), (id(2), id(1))]) };
        assert!([1, 2].contains(&circle.head(id(1)).0), "a faulty circle ends");
    }
}
