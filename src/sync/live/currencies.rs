//! Accounts with balances in several currencies: one stored account per currency.
//!
//! A sum, a history and a running balance are each in one currency, so every further currency becomes an account of its
//! own, named by the provider id of the first with the currency behind a `#`. INVARIANT: rows of a currency are in the
//! account of that currency.

use std::collections::BTreeMap;

use super::{chunk::AccountPieces, pass::Done};
use crate::{
    domain::{Account, AccountDraft, AssetCode, BalanceDraft, TransactionDraft},
    providers::CurrencyBalance,
};

/// The provider id of the account of a further currency.
fn id_of(base: &str, currency: AssetCode) -> String {
    format!("{base}#{currency}")
}

/// The provider id without the currency of a further account.
pub(super) fn base_id(id: &str) -> &str {
    match id.rsplit_once('#') {
        Some((base, currency)) if AssetCode::new(currency).is_ok() => base,
        _ => id,
    }
}

/// Gives balances and rows in further currencies to accounts of these currencies, and the own balance to its account.
pub(super) fn split(done: &mut Done, stored: &[Account], accounts: &mut BTreeMap<String, AccountPieces>) {
    for base in done.drafts.clone() {
        let id = &base.provider_account_id;
        let Some(pieces) = accounts.get_mut(id) else { continue };
        let stated = pieces.balances.take();
        let mut further: Vec<(AssetCode, Option<BalanceDraft>)> = Vec::new();
        for balance in stated.iter().flat_map(|(_, balances)| balances) {
            let date = stated.as_ref().map_or(chrono::NaiveDate::MIN, |(date, _)| *date);
            let draft = to_draft(*balance, date);
            if balance.currency == base.currency {
                if let Some(own) = done.drafts.iter_mut().find(|draft| draft.provider_account_id == *id) {
                    own.balance = Some(draft);
                }
            } else {
                further.push((balance.currency, Some(draft)));
            }
        }
        let is_known = |currency: AssetCode| {
            let id = id_of(id, currency);
            stored.iter().any(|account| account.provider_account_id == id)
                || done.drafts.iter().any(|draft| draft.provider_account_id == id)
        };
        further.retain(|(currency, balance)| is_known(*currency) || balance.is_some_and(|it| !it.current.is_zero()));
        let own_rows = std::mem::take(&mut pieces.rows);
        let (own, foreign): (Vec<TransactionDraft>, Vec<TransactionDraft>) = own_rows.into_iter().partition(|row| {
            let currency = row.facts.currency;
            currency == base.currency
                || !(is_known(currency) || further.iter().any(|(further, _)| *further == currency))
        });
        pieces.rows = own;
        let window = pieces.window;
        for row in &foreign {
            if !further.iter().any(|(currency, _)| *currency == row.facts.currency) {
                further.push((row.facts.currency, None));
            }
        }
        for (currency, balance) in further {
            let draft = further_account(&base, currency, balance);
            let own: Vec<_> = foreign.iter().filter(|row| row.facts.currency == currency).cloned().collect();
            let pieces = accounts.entry(draft.provider_account_id.clone()).or_default();
            pieces.rows.extend(own);
            pieces.window = pieces.window.or(window);
            match done.drafts.iter_mut().find(|known| known.provider_account_id == draft.provider_account_id) {
                Some(known) => known.balance = draft.balance.or(known.balance),
                None => done.drafts.push(draft),
            }
        }
    }
}

const fn to_draft(balance: CurrencyBalance, date: chrono::NaiveDate) -> BalanceDraft {
    BalanceDraft {
        date,
        current: balance.current,
        available: balance.available,
        holdings_value: None,
        cash_value: None,
    }
}

fn further_account(base: &AccountDraft, currency: AssetCode, balance: Option<BalanceDraft>) -> AccountDraft {
    AccountDraft {
        provider_account_id: id_of(&base.provider_account_id, currency),
        name: Some(base.name.as_ref().map_or_else(|| currency.to_string(), |name| format!("{name} {currency}"))),
        currency,
        balance,
        ..base.clone()
    }
}
