//! Names of accounts, for `acct:` and `inst:`.

use crate::{
    columns::searchable,
    domain::{Account, AccountId},
    ledger::query::Pattern,
};

/// The names of all accounts, in the form in which they are compared.
#[derive(Debug, Clone, Default)]
pub struct AccountNames {
    /// By ascending id.
    accounts: Vec<Names>,
}

#[derive(Debug, Clone)]
struct Names {
    id: AccountId,
    /// The name shown, the provider's, the digits of the number.
    called: [String; 3],
    institution: String,
}

impl AccountNames {
    /// The names of these accounts.
    #[must_use]
    pub fn new<'a>(accounts: impl IntoIterator<Item = &'a Account>) -> Self {
        let folded = |text: &str| searchable(text).into_owned();
        let names = |account: &Account| Names {
            id: account.id,
            called: [folded(account.display_name()), folded(&account.name), folded(account.tail())],
            institution: folded(&account.institution),
        };
        let mut accounts: Vec<_> = accounts.into_iter().map(names).collect();
        accounts.sort_by_key(|names| names.id);
        Self { accounts }
    }

    fn names(&self, id: AccountId) -> Option<&Names> {
        let place = self.accounts.binary_search_by_key(&id, |names| names.id).ok()?;
        self.accounts.get(place)
    }

    /// Whether `acct:` with this pattern matches the account.
    #[must_use]
    pub fn is_account(&self, id: AccountId, pattern: &Pattern) -> bool {
        let named = |names: &Names| names.called.iter().any(|name| matches(name, pattern));
        pattern.text == id.to_string() || self.names(id).is_some_and(named)
    }

    /// Whether `inst:` with this pattern matches the account.
    #[must_use]
    pub fn is_institution(&self, id: AccountId, pattern: &Pattern) -> bool {
        self.names(id).is_some_and(|names| matches(&names.institution, pattern))
    }

    /// The value with which `acct:=` matches this account only: its folded name, or its id if another account has that
    /// name.
    pub(in crate::ledger) fn only(&self, id: AccountId) -> String {
        let name = self.sort_name(id);
        let pattern = Pattern { text: name.to_owned(), whole: true };
        let is_clear = !name.is_empty()
            && self.accounts.iter().all(|names| names.id == id || !self.is_account(names.id, &pattern));
        if is_clear { name.to_owned() } else { id.to_string() }
    }

    /// The folded name of an account, for sorting.
    pub(in crate::ledger) fn sort_name(&self, id: AccountId) -> &str {
        self.names(id).map_or("", |names| &names.called[0])
    }

    /// The folded institution of an account, for grouping.
    pub(in crate::ledger) fn institution(&self, id: AccountId) -> &str {
        self.names(id).map_or("", |names| &names.institution)
    }
}

fn matches(name: &str, pattern: &Pattern) -> bool {
    if pattern.whole { name == pattern.text } else { name.contains(&pattern.text) }
}
