//! The vault while the screen is open: opened on demand, locked when the user is away.
//!
//! INVARIANT: never locked while work that needs it is running: a renewed token that cannot be sealed would be lost.

use std::sync::Arc;

use super::{JobFailure, Live, lock};
use crate::{
    domain::{ChangeKind, ConnectionStatus, FailureKind},
    providers::Secrets,
    sync::Event,
    vault::{Passphrase, VaultKeys},
};

/// Users of the open vault.
#[derive(Debug, Default)]
pub(super) struct InUse {
    users: usize,
    /// Lock it when the last user is done.
    lock_wanted: bool,
}

/// Keeps the vault open while it exists.
pub(in crate::sync) struct VaultGuard(Arc<Live>);

impl Drop for VaultGuard {
    fn drop(&mut self) {
        let mut in_use = lock(&self.0.in_use);
        in_use.users = in_use.users.saturating_sub(1);
        self.0.lock_if_free(&mut in_use);
    }
}

impl Live {
    /// Keeps the vault from being locked during work that may need it.
    pub(in crate::sync) fn use_vault(self: &Arc<Self>) -> VaultGuard {
        lock(&self.in_use).users += 1;
        VaultGuard(Arc::clone(self))
    }

    /// Locks a vault whose passphrase was typed, now or when running work is done.
    pub(in crate::sync) fn lock_vault(&self) {
        let mut in_use = lock(&self.in_use);
        in_use.lock_wanted = true;
        self.lock_if_free(&mut in_use);
    }

    fn lock_if_free(&self, in_use: &mut InUse) {
        if in_use.users > 0 || !in_use.lock_wanted || !self.config.vault.can_lock() {
            // A vault that can't be locked drops the request.
            in_use.lock_wanted &= in_use.users > 0;
            return;
        }
        if self.store.is_encrypted() && !self.store.is_closed() && !self.store.close() {
            // A change is being written: the end of it tries again.
            return;
        }
        in_use.lock_wanted = false;
        self.config.vault.lock();
        // Logins that wait for confirmation are as secret as stored ones.
        lock(&self.checked).clear();
        self.shared.publish(&Event::VaultLocked { closed: self.store.is_closed() });
    }

    /// Locks the vault if that was requested while a change was being written.
    pub(in crate::sync) fn lock_if_wanted(&self) {
        self.lock_if_free(&mut lock(&self.in_use));
    }

    /// Opens the vault with a typed passphrase.
    pub(in crate::sync) async fn unlock_with(self: &Arc<Self>, passphrase: Secrets) -> Result<(), JobFailure> {
        lock(&self.in_use).lock_wanted = false;
        self.blocking(move |live| {
            let passphrase = passphrase.get("passphrase").cloned();
            live.unlock(passphrase.as_ref())
        })
        .await
    }

    /// Deletes every stored login, marks its connection as revoked, and sets the vault aside. The logins go first: a kill
    /// in between leaves a vault without logins, never logins without a vault.
    pub(in crate::sync) async fn reset_vault(self: &Arc<Self>) -> Result<(), JobFailure> {
        self.writing(|live| {
            let reader = live.store.read()?;
            let mut writer = live.store.begin(ChangeKind::Edit, "vault reset", live.clock.now())?;
            for mut connection in reader.connections()? {
                if reader.credential(connection.id)?.is_none() {
                    continue;
                }
                writer.remove_credential(connection.id)?;
                if connection.status == ConnectionStatus::Active {
                    connection.mark_revoked().map_err(|error| JobFailure::caused(FailureKind::WrongState, error))?;
                    connection.error = Some("its login was deleted with the vault; log in again".to_owned());
                    connection.next_sync_at = None;
                    writer.put_connection(&connection)?;
                }
            }
            writer.commit_unlisted()?;
            lock(&live.checked).clear();
            Ok(live.config.vault.abandon()?)
        })
        .await
    }

    /// The keys of the database file.
    pub(in crate::sync) fn database_keys(&self) -> VaultKeys {
        VaultKeys::new(self.config.vault.clone(), true)
    }

    /// Opens the vault if it is not open. Without a passphrase, this works only for vaults that need none typed.
    pub(in crate::sync) fn unlock(&self, passphrase: Option<&Passphrase>) -> Result<(), JobFailure> {
        let vault = &self.config.vault;
        if vault.is_unlocked() {
            return Ok(());
        }
        vault.unlock(passphrase)?;
        if self.store.is_closed() {
            self.store.reopen(&self.database_keys())?;
        }
        if vault.can_lock() {
            self.shared.publish(&Event::VaultOpened);
        }
        Ok(())
    }
}
