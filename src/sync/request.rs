//! Typed requests: one function per command, which waits for the job and returns its result.
//!
//! For callers with nothing else to do meanwhile, such as the command line. The screen sends commands and reads events.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{
    ConnectRequest, EngineCommand, Event, FoundConnection, Handle, ImportReport, ImportRequest, JobFailure, JobId,
    SyncReport, SyncRequest,
};
use crate::{
    domain::{
        AccountId, AccountSigns, AccountType, AssetCode, Change, ChangeId, ConnectionId, FailureKind, RowPair,
        TransactionId, UserFields,
    },
    providers::Secrets,
};

impl Handle {
    /// Imports files. Files that fail are in the report; the others are kept.
    ///
    /// # Errors
    /// The import failed as a whole.
    pub async fn import(
        &self,
        request: ImportRequest,
        on_event: impl FnMut(&Event),
    ) -> Result<ImportReport, JobFailure> {
        let ImportRequest { paths, options, dry_run } = request;
        let command = |job| EngineCommand::Import { job, paths, options, dry_run };
        self.ask(command, on_event, |event| match event {
            Event::ImportFinished { report, .. } => Some(report),
            _ => None,
        })
        .await
    }

    /// Undoes a change; without an id, the newest that is not undone.
    ///
    /// # Errors
    /// `not_found`, `nothing_to_undo`, `cannot_undo`, or a failure of the store.
    pub async fn undo(&self, change: Option<ChangeId>) -> Result<Change, JobFailure> {
        self.ask(|job| EngineCommand::Undo { job, change }, |_| {}, toggled).await
    }

    /// Brings an undone change back; without an id, the one undone last.
    ///
    /// # Errors
    /// `not_found`, `nothing_to_redo`, `cannot_redo`, or a failure of the store.
    pub async fn redo(&self, change: Option<ChangeId>) -> Result<Change, JobFailure> {
        self.ask(|job| EngineCommand::Redo { job, change }, |_| {}, toggled).await
    }

    /// Gives an account the user's own name; `None` restores the provider's.
    ///
    /// # Errors
    /// `not_found`, `too_long`, or a failure of the store.
    pub async fn rename_account(&self, account: AccountId, name: Option<String>) -> Result<ChangeId, JobFailure> {
        self.ask(|job| EngineCommand::RenameAccount { job, account, name }, |_| {}, edited).await
    }

    /// Sets an account's type; `None` restores the provider's.
    ///
    /// # Errors
    /// `not_found`, or a failure of the store.
    pub async fn set_account_type(
        &self,
        account: AccountId,
        account_type: Option<AccountType>,
    ) -> Result<ChangeId, JobFailure> {
        self.ask(|job| EngineCommand::SetAccountType { job, account, account_type }, |_| {}, edited).await
    }

    /// States the balance of an account at the end of a day.
    ///
    /// # Errors
    /// `not_found`, `validation` for a day to come, or a failure of the store.
    pub async fn state_balance(
        &self,
        account: AccountId,
        date: NaiveDate,
        amount: Decimal,
    ) -> Result<ChangeId, JobFailure> {
        self.ask(|job| EngineCommand::StateBalance { job, account, date, amount }, |_| {}, edited).await
    }

    /// Sets which way round the figures of an account are delivered; the next sync applies it.
    ///
    /// # Errors
    /// `not_found`, or a failure of the store.
    pub async fn set_account_signs(&self, account: AccountId, signs: AccountSigns) -> Result<ChangeId, JobFailure> {
        self.ask(|job| EngineCommand::SetAccountSigns { job, account, signs }, |_| {}, edited).await
    }

    /// Gives a connection the user's own name; `None` restores the institution's.
    ///
    /// # Errors
    /// `not_found`, `too_long`, or a failure of the store.
    pub async fn rename_connection(
        &self,
        connection: ConnectionId,
        name: Option<String>,
    ) -> Result<ChangeId, JobFailure> {
        self.ask(|job| EngineCommand::RenameConnection { job, connection, name }, |_| {}, edited).await
    }

    /// Merges two rows that are one, or keeps them apart for good.
    ///
    /// # Errors
    /// `not_found`, `validation` when the rows can't be one, or a failure of the store.
    pub async fn decide_pair(&self, pair: RowPair) -> Result<ChangeId, JobFailure> {
        self.ask(|job| EngineCommand::DecidePair { job, pair }, |_| {}, edited).await
    }

    /// Replaces all user fields of rows, as one change.
    ///
    /// # Errors
    /// `not_found`, or a failure of the store.
    pub async fn edit_transactions(&self, edits: Vec<(TransactionId, UserFields)>) -> Result<ChangeId, JobFailure> {
        self.ask(|job| EngineCommand::EditTransactions { job, edits }, |_| {}, edited).await
    }

    /// Adds an account that is kept by hand.
    ///
    /// # Errors
    /// `usage` without a name, `wrong_state` when the name is taken, or a failure of the store.
    pub async fn add_account(
        &self,
        name: String,
        account_type: AccountType,
        currency: AssetCode,
    ) -> Result<ChangeId, JobFailure> {
        self.ask(|job| EngineCommand::AddAccount { job, name, account_type, currency }, |_| {}, edited).await
    }

    /// Closes an account.
    ///
    /// # Errors
    /// `not_found`, `wrong_state` when it is closed, or a failure of the store.
    pub async fn close_account(&self, account: AccountId) -> Result<ChangeId, JobFailure> {
        self.ask(|job| EngineCommand::CloseAccount { job, account }, |_| {}, edited).await
    }

    /// Merges the account `part` into another.
    ///
    /// # Errors
    /// `not_found`, `validation` for one account or two currencies, or a failure of the store.
    pub async fn merge_accounts(&self, into: AccountId, part: AccountId) -> Result<ChangeId, JobFailure> {
        self.ask(|job| EngineCommand::MergeAccounts { job, into, part }, |_| {}, edited).await
    }

    /// Splits a merged account.
    ///
    /// # Errors
    /// `not_found`, `wrong_state` when it is not merged, or a failure of the store.
    pub async fn split_account(&self, account: AccountId) -> Result<ChangeId, JobFailure> {
        self.ask(|job| EngineCommand::SplitAccount { job, account }, |_| {}, edited).await
    }

    /// Checks a login and finds its accounts. `job` names the login in [`EngineCommand::SubmitRedirect`] and
    /// [`Handle::confirm_connection`].
    ///
    /// # Errors
    /// The login failed, or the vault could not be opened.
    pub async fn connect(
        &self,
        job: JobId,
        request: ConnectRequest,
        on_event: impl FnMut(&Event),
    ) -> Result<FoundConnection, JobFailure> {
        let answer = self.run_as(job, EngineCommand::Connect { job, request }, on_event).await?;
        result(answer, |event| match event {
            Event::ConnectionChecked { found, .. } => Some(found),
            _ => None,
        })
    }

    /// Keeps a checked connection and syncs it for the first time.
    ///
    /// # Errors
    /// `not_found` when no checked login waits under `job`, `already_connected`, or a failure of the store.
    pub async fn confirm_connection(&self, job: JobId, alias: Option<String>) -> Result<SyncReport, JobFailure> {
        let confirm = EngineCommand::ConfirmConnection { job, alias, excluded: Vec::new(), renews: None };
        result(self.run_as(job, confirm, |_| {}).await?, synced)
    }

    /// Ends a connection and deletes its login; `remove_data` also removes its accounts and their rows. Returns the
    /// reason if the login may still work at the provider.
    ///
    /// # Errors
    /// `not_found`, or a failure of the store.
    pub async fn disconnect(&self, connection: ConnectionId, remove_data: bool) -> Result<Option<String>, JobFailure> {
        self.ask(
            |job| EngineCommand::Disconnect { job, connection, remove_data },
            |_| {},
            |event| match event {
                Event::Disconnected { still_valid, .. } => Some(still_valid),
                _ => None,
            },
        )
        .await
    }

    /// Syncs connections. Those that fail are in the report; the others are kept.
    ///
    /// # Errors
    /// `not_found`, `not_live`, or the vault could not be opened.
    pub async fn sync(&self, request: SyncRequest) -> Result<SyncReport, JobFailure> {
        let SyncRequest { connections, force, from } = request;
        self.ask(|job| EngineCommand::Sync { job, connections, force, from }, |_| {}, synced).await
    }

    /// Opens the vault, with the passphrase under the name `passphrase` where it has one.
    ///
    /// # Errors
    /// `vault_locked` without the right passphrase, else `vault`.
    pub async fn unlock(&self, passphrase: Secrets) -> Result<(), JobFailure> {
        self.ask(
            |job| EngineCommand::Unlock { job, passphrase },
            |_| {},
            |event| match event {
                Event::Unlocked { .. } => Some(()),
                _ => None,
            },
        )
        .await
    }

    /// Deletes every stored login and sets the vault aside; the next login makes a new one.
    ///
    /// # Errors
    /// A failure of the store or of the vault's file.
    pub async fn reset_vault(&self) -> Result<(), JobFailure> {
        self.ask(
            |job| EngineCommand::ResetVault { job },
            |_| {},
            |event| match event {
                Event::VaultReset { .. } => Some(()),
                _ => None,
            },
        )
        .await
    }

    /// Encrypts the database file, or decrypts it.
    ///
    /// # Errors
    /// A failure of the store, or of a vault that is locked.
    pub async fn set_encryption(&self, encrypted: bool) -> Result<(), JobFailure> {
        self.ask(
            |job| EngineCommand::SetEncryption { job, encrypted },
            |_| {},
            |event| match event {
                Event::EncryptionSet { .. } => Some(()),
                _ => None,
            },
        )
        .await
    }

    async fn ask<T>(
        &self,
        make: impl FnOnce(JobId) -> EngineCommand,
        on_event: impl FnMut(&Event),
        take: impl FnOnce(Event) -> Option<T>,
    ) -> Result<T, JobFailure> {
        result(self.run(make, on_event).await?, take)
    }
}

/// The result inside an answer. Every command has one kind of answer, so another one is a mistake in the engine.
fn result<T>(answer: Event, take: impl FnOnce(Event) -> Option<T>) -> Result<T, JobFailure> {
    take(answer).ok_or_else(|| JobFailure::new(FailureKind::Internal, "the engine sent an answer of another kind"))
}

fn toggled(event: Event) -> Option<Change> {
    match event {
        Event::ChangeToggled { change, .. } => Some(change),
        _ => None,
    }
}

#[allow(clippy::needless_pass_by_value, reason = "the same signature as the other answers")]
fn edited(event: Event) -> Option<ChangeId> {
    match event {
        Event::Edited { change, .. } => Some(change),
        _ => None,
    }
}

fn synced(event: Event) -> Option<SyncReport> {
    match event {
        Event::Synced { report, .. } => Some(report),
        _ => None,
    }
}
