//! The accounts of a login: which ones to keep, and the name of the connection.

use std::collections::BTreeSet;

use crossterm::event::KeyEvent;

use crate::{
    domain::Money,
    sync::FoundConnection,
    tui::{
        action::Action,
        widget::{cursor::SelectedRow, field::TextField},
    },
};

/// The accounts found.
pub(super) struct Accounts {
    pub(super) found: FoundConnection,
    /// Indexes of the accounts to leave out.
    pub(super) unwanted: BTreeSet<usize>,
    pub(super) cursor: SelectedRow,
    pub(super) alias: TextField,
    /// Whether the name has the focus.
    pub(super) typing: bool,
    /// A connection is repaired: its chosen accounts stay chosen.
    pub(super) repairs: bool,
    /// Why Enter did not continue.
    pub(super) held: Option<EnterCondition>,
}

/// A condition that Enter waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EnterCondition {
    /// Confirmation that other accounts than before are meant.
    Different,
    /// At least one account.
    Empty,
    /// Confirmation that the connection with these accounts gets the new login.
    Same,
    /// It cannot continue: the accounts belong to another connection than the repaired one.
    Taken,
}

impl Accounts {
    /// `alias` is the name of the connection to repair, empty when it has none.
    pub(super) fn new(found: FoundConnection, alias: Option<String>) -> Self {
        let known = found
            .accounts
            .iter()
            .enumerate()
            .filter(|(_, account)| found.elsewhere(&account.provider_account_id).is_some());
        Self {
            unwanted: known.map(|(index, _)| index).collect(),
            found,
            cursor: SelectedRow::default(),
            repairs: alias.is_some(),
            alias: TextField::new(alias.unwrap_or_default()),
            typing: false,
            held: None,
        }
    }

    pub(super) fn act(&mut self, action: Action, page: usize) {
        self.cursor.act(action, self.found.accounts.len(), page);
    }

    /// The source of the selected account's balance: title and text. The reply is kept by the first sync.
    pub(super) fn explanation(&self) -> Option<(String, String)> {
        let account = self.found.accounts.get(self.cursor.at)?;
        let balance = account.balance?;
        let name = account.name.clone().unwrap_or_else(|| self.found.institution.clone());
        let money = Money::new(balance.current, account.currency);
        let text = format!(
            "{money}\nstated by {} for {}\n\nThe reply is kept when the accounts are connected. Then x on the account leads to \
             its path in the reply.",
            self.found.institution, balance.date
        );
        Some((name, text))
    }

    pub(super) fn mark(&mut self) {
        if self.repairs || self.found.accounts.is_empty() {
            return;
        }
        self.held = None;
        let known = self.found.accounts.get(self.cursor.at);
        let is_elsewhere = known.is_some_and(|known| self.found.elsewhere(&known.provider_account_id).is_some());
        if !is_elsewhere && !self.unwanted.remove(&self.cursor.at) {
            self.unwanted.insert(self.cursor.at);
        }
        self.cursor.act(Action::Down, self.found.accounts.len(), 1);
    }

    pub(super) fn click(&mut self, index: usize) {
        self.typing = false;
        if std::mem::replace(&mut self.cursor.at, index) == index {
            self.mark();
            self.cursor.at = index;
        }
    }

    pub(super) fn key(&mut self, event: KeyEvent) {
        self.alias.key(event);
    }

    pub(super) fn paste(&mut self, text: &str) {
        self.typing = true;
        self.alias.paste(text);
    }

    /// Whether Enter must wait: for a choice, or for a second Enter.
    pub(super) fn must_ask(&mut self) -> bool {
        let all = self.found.accounts.len();
        let before = self.held.take();
        if all > 0 && self.found.same_as().is_some() {
            let held = if self.repairs { EnterCondition::Taken } else { EnterCondition::Same };
            self.held = (held == EnterCondition::Taken || before != Some(held)).then_some(held);
            self.typing = false;
        } else if all > 0 && self.unwanted.len() == all {
            self.held = Some(EnterCondition::Empty);
        } else if self.found.is_different && before != Some(EnterCondition::Different) {
            self.held = Some(EnterCondition::Different);
            self.typing = false;
        }
        self.held.is_some()
    }

    /// One step back inside this step.
    pub(super) const fn back(&mut self) -> bool {
        let was = self.typing || self.held.is_some();
        self.typing = false;
        self.held = None;
        was
    }

    /// The user's name for the connection, and the provider ids of accounts to leave out.
    pub(super) fn answers(&self) -> (Option<String>, Vec<String>) {
        let alias = Some(self.alias.value().trim()).filter(|alias| !alias.is_empty()).map(str::to_owned);
        let accounts = self.found.accounts.iter().enumerate();
        let is_elsewhere = |id: &str| self.found.elsewhere(id).is_some();
        let unwanted = accounts
            .filter(|(index, account)| self.unwanted.contains(index) && !is_elsewhere(&account.provider_account_id));
        (alias, unwanted.map(|(_, account)| account.provider_account_id.clone()).collect())
    }
}
