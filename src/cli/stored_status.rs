//! The state of a profile in counts, stored for `dashtam status --short`.
//!
//! INVARIANT: the stored line holds no name, number or amount, since it is not encrypted.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::backups_folder;
use crate::{
    config::Paths,
    files,
    ledger::{Ledger, LedgerError},
    sync::login_ends_soon,
};

/// Most bytes of the stored line.
const MOST_BYTES: usize = 4 << 10;

/// State of a profile in counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Status {
    pub(super) accounts: usize,
    pub(super) transactions: u64,
    /// Connections that count.
    pub(super) connections: usize,
    /// Connections whose login has ended or ends within a day.
    logins_to_renew: usize,
    /// Other connections whose last sync failed.
    failing: usize,
    last_sync_at: Option<DateTime<Utc>>,
    next_sync_at: Option<DateTime<Utc>>,
    /// The newest backup in the backups folder.
    last_backup_at: Option<DateTime<Utc>>,
    /// When this was written.
    at: Option<DateTime<Utc>>,
}

impl Status {
    pub(super) fn of(ledger: &Ledger, paths: &Paths, now: DateTime<Utc>) -> Result<Self, LedgerError> {
        let view = ledger.view()?;
        let known: Vec<_> = view.connections().iter().filter(|connection| connection.counts()).collect();
        let renews = |connection: &&&crate::domain::Connection| {
            connection.status.needs_reauthentication() || login_ends_soon(connection, now)
        };
        Ok(Self {
            accounts: view.accounts().len(),
            transactions: view.transaction_count(),
            connections: known.len(),
            logins_to_renew: known.iter().filter(renews).count(),
            failing: known.iter().filter(|known| !renews(known) && known.error.is_some()).count(),
            last_sync_at: known.iter().filter_map(|connection| connection.last_sync_at).max(),
            next_sync_at: known.iter().filter_map(|connection| connection.next_sync_at).min(),
            last_backup_at: backups_folder::newest_at(&paths.backups()),
            at: Some(now),
        })
    }

    /// `! 1 login to renew, updated 3 h ago`.
    pub(super) fn line(&self, now: DateTime<Utc>) -> String {
        let mut parts = Vec::new();
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        if self.logins_to_renew > 0 {
            parts.push(format!("{} login{} to renew", self.logins_to_renew, plural(self.logins_to_renew)));
        }
        if self.failing > 0 {
            parts.push(format!("{} connection{} failing", self.failing, plural(self.failing)));
        }
        match self.last_sync_at {
            Some(at) => parts.push(format!("updated {}", ago(now - at))),
            None if self.accounts == 0 => parts.push("no accounts yet".to_owned()),
            None => parts.push(format!("{} account{}", self.accounts, plural(self.accounts))),
        }
        let mark = if self.logins_to_renew + self.failing > 0 { "!" } else { "ok" };
        format!("{mark} {}", parts.join(", "))
    }

    /// `last backup: 3 h ago`.
    pub(super) fn backup_line(&self, now: DateTime<Utc>) -> String {
        self.last_backup_at.map_or_else(|| "no backup yet".to_owned(), |at| format!("last backup: {}", ago(now - at)))
    }
}

fn ago(age: chrono::TimeDelta) -> String {
    match age.num_minutes().max(0) {
        0 => "just now".to_owned(),
        minutes @ 1..=59 => format!("{minutes} min ago"),
        minutes @ 60..=2_879 => format!("{} h ago", minutes / 60),
        minutes => format!("{} days ago", minutes / 1_440),
    }
}

fn file(paths: &Paths) -> PathBuf {
    paths.state.join("status.json")
}

/// Stores the line for `status --short`. Without it that command shows the line before.
pub(super) fn store(paths: &Paths, ledger: &Ledger, now: DateTime<Utc>) {
    let written = Status::of(ledger, paths, now).map_err(std::io::Error::other).and_then(|status| {
        files::create_folders(&paths.state)?;
        files::replace(&file(paths), &serde_json::to_vec(&status)?)
    });
    if let Err(error) = written {
        tracing::warn!("the status line can't be stored: {error}");
    }
}

/// The stored state; nothing known where none was stored.
pub(super) fn load(paths: &Paths) -> Status {
    let stored = files::read_text(&file(paths), MOST_BYTES).ok();
    stored.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_names_what_needs_attention_first() {
        let now: DateTime<Utc> = "2026-11-20T12:00:00Z".parse().unwrap();
        let fine = Status { accounts: 2, last_sync_at: Some(now - chrono::TimeDelta::hours(3)), ..Status::default() };
        assert_eq!(fine.line(now), "ok updated 3 h ago");
        let bad = Status { logins_to_renew: 1, failing: 2, ..fine };
        assert_eq!(bad.line(now), "! 1 login to renew, 2 connections failing, updated 3 h ago");
        assert_eq!(Status::default().line(now), "ok no accounts yet");
        assert_eq!(Status { accounts: 1, ..Status::default() }.line(now), "ok 1 account");
    }
}
