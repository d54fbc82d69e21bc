//! The effect of files before they are written, and what later files of the same review are compared with.
//!
//! INVARIANT: holds plans; decides nothing.

use std::collections::HashMap;

use super::read::ParsedFile;
use crate::{
    domain::{Account, AccountId, ChangeCounts, Connection, ConnectionId, Transaction, TransactionDraft, Warning},
    providers::is_file_source,
    sync::{
        account::{AccountPlan, Planned},
        reconcile::Learned,
    },
};

/// The effect of one file.
pub(super) struct FilePlan {
    /// One for each connection.
    pub(super) parts: Vec<PartPlan>,
    /// Doubts and assumptions that planning found.
    pub(super) warnings: Vec<Warning>,
}

/// The effect of the accounts of one institution in a file.
pub(super) struct PartPlan {
    /// The connection its accounts belong to; its id means nothing while `connection_is_new`.
    pub(super) connection: Connection,
    pub(super) connection_is_new: bool,
    pub(super) accounts: Vec<PlannedAccount>,
}

/// The effect of the pages of one account.
pub(super) struct PlannedAccount {
    pub(super) plan: AccountPlan,
    /// The pages it is made of, as positions in the file's part and in that part's pages.
    pub(super) pages: Vec<(usize, usize)>,
}

impl PartPlan {
    /// Whether the user ended the connection of files, so that this file takes it up again. A live one needs its login.
    pub(super) fn takes_up(&self) -> bool {
        !self.connection_is_new && !self.connection.counts() && is_file_source(&self.connection)
    }
}

impl FilePlan {
    pub(super) fn planned(&self) -> impl Iterator<Item = &PlannedAccount> {
        self.parts.iter().flat_map(|part| &part.accounts)
    }

    pub(super) fn accounts(&self) -> impl Iterator<Item = &AccountPlan> {
        self.planned().map(|account| &account.plan)
    }

    /// Whether there is nothing to write.
    pub(super) fn is_empty(&self) -> bool {
        self.accounts().all(AccountPlan::is_empty) && !self.parts.iter().any(PartPlan::takes_up)
    }

    pub(super) fn counts(&self) -> ChangeCounts {
        let mut counts = ChangeCounts::default();
        for account in self.accounts() {
            account.add_to(&mut counts);
        }
        counts
    }

    /// The names of its institutions.
    pub(super) fn institutions(&self) -> String {
        let mut names: Vec<&str> = self.parts.iter().map(|part| part.connection.institution.as_str()).collect();
        names.dedup();
        names.join(", ")
    }
}

/// The rows that earlier files of the same review will write; later files are compared with them too.
#[derive(Default)]
pub(super) struct PlannedRows {
    rows: HashMap<AccountId, Planned>,
    pub(super) accounts: Vec<Account>,
    pub(super) connections: Vec<Connection>,
}

/// Accounts and connections that are planned and have no id yet count down from here.
const PLANNED_IDS: u64 = u64::MAX;

impl PlannedRows {
    /// Whether the account exists in the plan only.
    pub(super) fn is_planned(&self, account: AccountId) -> bool {
        self.accounts.iter().any(|known| known.id == account)
    }

    /// Rows that will be added to an account.
    pub(super) fn rows_of(&self, account: AccountId) -> &[Transaction] {
        self.rows.get(&account).map_or(&[], |planned| &planned.rows)
    }

    /// The effect of earlier files on an account.
    pub(super) fn of(&self, account: AccountId) -> Option<&Planned> {
        self.rows.get(&account)
    }

    /// The record of listings that an account will have.
    pub(super) fn learned(&self, account: AccountId) -> Option<&Learned> {
        self.rows.get(&account).and_then(|planned| planned.learned.as_ref())
    }

    pub(super) fn add(&mut self, parsed: &ParsedFile, plan: FilePlan) {
        for part in plan.parts {
            let mut connection = part.connection;
            if part.connection_is_new {
                connection.id = ConnectionId(PLANNED_IDS - self.connections.len() as u64);
                self.connections.push(connection.clone());
            }
            for PlannedAccount { plan, pages } in part.accounts {
                let mut account = plan.account;
                if plan.is_new {
                    account.id = AccountId(PLANNED_IDS - self.accounts.len() as u64);
                    account.connection_id = connection.id;
                    self.accounts.push(account.clone());
                } else if let Some(known) = self.accounts.iter_mut().find(|known| known.id == account.id) {
                    known.clone_from(&account);
                }
                let drafts: Vec<&[TransactionDraft]> =
                    pages.iter().map(|(part, page)| &*parsed.parts[*part].accounts[*page].transactions).collect();
                let format = pages.first().map_or("", |(part, _)| parsed.parts[*part].format);
                plan.rows.add_to(&drafts, account.id, format, self.rows.entry(account.id).or_default());
            }
        }
    }
}
