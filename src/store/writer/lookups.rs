//! What a change in the making sees: the store with its own writes.

use chrono::NaiveDate;

use crate::{
    domain::{Account, AccountId, Connection, ConnectionId, Holding, Snapshot, Transaction, TransactionId, UserFields},
    store::{
        error::Result,
        format::keys,
        lookup,
        schema::{BY_PROVIDER_ID, CONNECTIONS, RECORDS, TRANSACTIONS},
        writer::Writer,
    },
};

impl Writer {
    /// All accounts, by id.
    pub fn accounts(&mut self) -> Result<Vec<Account>> {
        self.run(|it| lookup::accounts(&it.txn.open_table(RECORDS)?))
    }

    /// One account.
    pub fn account(&mut self, id: AccountId) -> Result<Option<Account>> {
        self.run(|it| lookup::account(&it.txn.open_table(RECORDS)?, id))
    }

    /// All connections, by id.
    pub fn connections(&mut self) -> Result<Vec<Connection>> {
        self.run(|it| lookup::connections(&it.txn.open_table(RECORDS)?, &it.txn.open_table(CONNECTIONS)?))
    }

    /// One connection.
    pub fn connection(&mut self, id: ConnectionId) -> Result<Option<Connection>> {
        self.run(|it| lookup::connection(&it.txn.open_table(RECORDS)?, &it.txn.open_table(CONNECTIONS)?, id))
    }

    /// An account's balance on a day.
    pub fn snapshot(&mut self, account: AccountId, date: NaiveDate) -> Result<Option<Snapshot>> {
        self.run(|it| lookup::snapshot(&it.txn.open_table(RECORDS)?, account, date))
    }

    /// An account's newest balance.
    pub fn latest_snapshot(&mut self, account: AccountId) -> Result<Option<Snapshot>> {
        self.run(|it| lookup::latest_snapshot(&it.txn.open_table(RECORDS)?, account))
    }

    /// An account's positions.
    pub fn holdings_of(&mut self, account: AccountId) -> Result<Vec<Holding>> {
        self.run(|it| lookup::holdings(&it.txn.open_table(RECORDS)?, Some(account)))
    }

    /// One row.
    pub fn transaction(&mut self, id: TransactionId) -> Result<Option<Transaction>> {
        self.run(|it| lookup::transaction(&it.txn.open_table(TRANSACTIONS)?, id))
    }

    /// An account's rows with that provider id.
    pub fn by_provider_id(&mut self, account: AccountId, provider_id: &str) -> Result<Vec<Transaction>> {
        self.run(|it| {
            let (rows, ids) = (it.txn.open_table(TRANSACTIONS)?, it.txn.open_table(BY_PROVIDER_ID)?);
            lookup::by_provider_id(&rows, &ids, keys::account_number(account)?, provider_id)
        })
    }

    /// What the user says about a row.
    pub fn user_fields(&mut self, id: TransactionId) -> Result<UserFields> {
        self.run(|it| lookup::user_fields(&it.txn.open_table(RECORDS)?, id))
    }

    /// Where a connection's stream stands.
    pub fn sync_state(&mut self, connection: ConnectionId, stream: &str) -> Result<Option<Vec<u8>>> {
        self.run(|it| lookup::sync_state(&it.txn.open_table(RECORDS)?, connection, stream))
    }
}
