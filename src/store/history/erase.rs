//! Removal for good: what a connection brought, with every version of it. The one thing outside undo.

use std::collections::BTreeSet;

use redb::ReadableTable as _;

use crate::{
    domain::{Account, AccountId, ConnectionId},
    store::{
        columns::chunks::CHUNK_ROWS,
        error::Result,
        format::{
            checksum,
            keys::{self, Key, Kind},
            record, row,
        },
        history::{bulk_undo, journal, versions},
        lookup,
        schema::{
            BY_DATE, BY_PROVIDER_ID, CHANGES, CREDENTIALS, DIGESTS, PARKED, RECORDS, SOURCES, TRANSACTIONS, VERSIONS,
        },
        writer::Writer,
    },
};

/// Accounts to remove and the rows they ever had.
#[derive(Default)]
struct Removal {
    accounts: BTreeSet<u64>,
    rows: BTreeSet<u64>,
}

impl Removal {
    fn has_account(&self, id: Option<u64>) -> bool {
        id.is_some_and(|id| self.accounts.contains(&id))
    }

    /// Whether a key speaks of one of the accounts or rows.
    fn has_key(&self, key: &Key) -> bool {
        match key.kind() {
            Some(Kind::Account | Kind::AccountUser | Kind::Snapshot | Kind::Holding) => {
                self.has_account(key.first_number())
            }
            Some(Kind::Row | Kind::RowUser) => key.first_number().is_some_and(|pk| self.rows.contains(&pk)),
            Some(Kind::Connection | Kind::SyncState) | None => false,
        }
    }
}

impl Writer {
    /// Removes for good what came through a connection: accounts, rows, balances, positions, what the user said about
    /// them, every earlier version, raw sources, sync states and the credential. No undo brings it back. The
    /// connection itself and the entries of the journal stay. Returns how many rows went.
    pub fn remove_connection_data(&mut self, id: ConnectionId) -> Result<u64> {
        self.run(|it| it.erase(id))
    }

    fn erase(&mut self, id: ConnectionId) -> Result<u64> {
        let mut removal = self.accounts_to_remove(id)?;
        let before = lookup::row_count(&self.txn.open_table(TRANSACTIONS)?)?;
        self.erase_rows(&mut removal)?;
        self.erase_parked(&mut removal)?;
        self.erase_records(&mut removal, id)?;
        self.erase_sources(id)?;
        self.txn.open_table(CREDENTIALS)?.remove(id.0)?;
        self.stale.extend(removal.rows.iter().map(|pk| pk / CHUNK_ROWS));
        self.removed_rows = true;
        Ok(before - lookup::row_count(&self.txn.open_table(TRANSACTIONS)?)?)
    }

    /// Accounts that belong to the connection, or did in some version.
    fn accounts_to_remove(&self, id: ConnectionId) -> Result<Removal> {
        let mut removal = Removal::default();
        for account in lookup::accounts(&self.txn.open_table(RECORDS)?)? {
            if account.connection_id == id {
                removal.accounts.insert(account.id.0);
            }
        }
        let accounts = Key::every(Kind::Account);
        let end = accounts.successor();
        for entry in self.txn.open_table(VERSIONS)?.range(accounts.as_bytes()..end.as_slice())? {
            let (name, value) = entry?;
            let Some(body) = versions::body_of(checksum::check(name.value(), value.value())?)? else { continue };
            let account: Account = record::from_json(body)?;
            if account.connection_id == id {
                removal.accounts.insert(account.id.0);
            }
        }
        Ok(removal)
    }

    fn erase_rows(&mut self, removal: &mut Removal) -> Result<()> {
        let mut rows = self.txn.open_table(TRANSACTIONS)?;
        let (mut dates, mut ids) = (self.txn.open_table(BY_DATE)?, self.txn.open_table(BY_PROVIDER_ID)?);
        for account in &removal.accounts {
            let account = keys::account_number(AccountId(*account))?;
            let (low, high) = (keys::pack(account, 0, 0), keys::pack(account, u32::MAX, u64::MAX));
            let mut count = 0;
            for entry in dates.range(low..=high)? {
                removal.rows.insert(keys::pk(entry?.0.value()).0);
                count += 1;
            }
            dates.retain_in(low..=high, |_, ()| false)?;
            ids.retain_in(low..=high, |_, ()| false)?;
            *self.counts.entry(account).or_default() -= count;
        }
        if let (Some(first), Some(last)) = (removal.rows.first(), removal.rows.last()) {
            rows.retain_in(*first..=*last, |pk, _| !removal.rows.contains(&pk))?;
        }
        Ok(())
    }

    fn erase_parked(&self, removal: &mut Removal) -> Result<()> {
        let mut parked = self.txn.open_table(PARKED)?;
        let mut from = (0, 0);
        loop {
            let next = parked.range(from..)?.next().transpose()?;
            let Some((key, value)) = next.map(|(key, value)| (key.value(), value.value().to_vec())) else {
                return Ok(());
            };
            from = (key.0, key.1 + 1);
            let rest = bulk_undo::without(key, &value, |pk, body| {
                let goes = removal.has_account(row::head(body).ok().map(|head| u64::from(head.account)));
                if goes {
                    removal.rows.insert(pk.0);
                }
                goes
            })?;
            if let Some(rest) = rest {
                parked.remove(key)?;
                if !rest.is_empty() {
                    parked.insert(key, rest.as_slice())?;
                }
            }
        }
    }

    fn erase_records(&self, removal: &mut Removal, id: ConnectionId) -> Result<()> {
        let mut versions = self.txn.open_table(VERSIONS)?;
        let all_rows = Key::every(Kind::Row);
        let end = all_rows.successor();
        for entry in versions.range(all_rows.as_bytes()..end.as_slice())? {
            let (name, value) = entry?;
            let Some(body) = versions::body_of(checksum::check(name.value(), value.value())?)? else { continue };
            if removal.has_account(Some(u64::from(row::head(body)?.account)))
                && let Some(pk) = keys::split_version(name.value())?.0.as_row()
            {
                removal.rows.insert(pk.0);
            }
        }
        let states = Key::sync_states_of(id);
        let goes = |key: &Key| removal.has_key(key) || key.as_bytes().starts_with(states.as_bytes());
        versions.retain(|name, _| keys::split_version(name).map_or(true, |(key, _)| !goes(&key)))?;
        self.txn.open_table(RECORDS)?.retain(|key, _| !goes(&Key::from_bytes(key)))?;
        Ok(())
    }

    fn erase_sources(&self, id: ConnectionId) -> Result<()> {
        let mut of_connection = BTreeSet::new();
        for entry in self.txn.open_table(CHANGES)?.iter()? {
            let (change, value) = entry?;
            if journal::decode(change.value(), value.value(), false)?.connection_id == Some(id) {
                of_connection.insert(change.value());
            }
        }
        self.txn.open_table(SOURCES)?.retain(|(change, _), _| !of_connection.contains(&change))?;
        self.txn.open_table(DIGESTS)?.retain(|digest, change| {
            checksum::check_u64(digest, change).map_or(true, |change| !of_connection.contains(&change))
        })?;
        Ok(())
    }
}
