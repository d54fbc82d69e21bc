//! Runs one fetch of an adapter and sorts the pieces.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use dashtam::testing::{
    domain::{AccountDraft, ProviderError, TransactionDraft, Warning},
    providers::{Credentials, FetchPlan, KnownAccount, Listing, Piece, Provider, Purpose, ScopedFailure, Validation},
};

use super::server::Outside;

/// The pieces of a fetch, and how it ended.
pub(crate) struct Fetched {
    pub(crate) result: Result<(), ProviderError>,
    pub(crate) pieces: Vec<Piece>,
}

/// A fetch to run.
#[derive(Default)]
pub(crate) struct Fetching {
    pub(crate) cursors: BTreeMap<String, String>,
    pub(crate) known: Vec<KnownAccount>,
    pub(crate) from: Option<NaiveDate>,
    pub(crate) listed: Option<Listing<AccountDraft>>,
}

impl Fetching {
    pub(crate) async fn run(&self, outside: &Outside, provider: &dyn Provider, credentials: &Credentials) -> Fetched {
        let clock = outside.http.clock();
        let plan = FetchPlan {
            from: self.from,
            known: &self.known,
            listed: self.listed.as_ref(),
            ..FetchPlan::new(Purpose::Sync, credentials, clock.now(), clock.today(), &self.cursors)
        };
        let mut pieces: Vec<Piece> = Vec::new();
        let result = provider.fetch(&plan, &mut pieces).await;
        Fetched { result, pieces }
    }
}

/// Everything, from the beginning.
pub(crate) async fn fetch(outside: &Outside, provider: &dyn Provider, credentials: &Credentials) -> Fetched {
    Fetching::default().run(outside, provider, credentials).await
}

/// A check of a new login.
pub(crate) async fn check(
    outside: &Outside,
    provider: &dyn Provider,
    credentials: &Credentials,
) -> Result<(Validation, Vec<AccountDraft>), ProviderError> {
    let clock = outside.http.clock();
    let cursors = BTreeMap::new();
    let plan = FetchPlan::new(Purpose::Check, credentials, clock.now(), clock.today(), &cursors);
    let mut pieces: Vec<Piece> = Vec::new();
    let validation = provider.check(&plan, &mut pieces).await?;
    Ok((validation, Fetched { result: Ok(()), pieces }.accounts()))
}

impl Fetched {
    pub(crate) fn accounts(&self) -> Vec<AccountDraft> {
        self.listings().flat_map(|listing| listing.items.iter().cloned()).collect()
    }

    pub(crate) fn listings(&self) -> impl Iterator<Item = &Listing<AccountDraft>> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Accounts(listing) => Some(listing),
            _ => None,
        })
    }

    pub(crate) fn rows(&self) -> Vec<&TransactionDraft> {
        let rows = self.pieces.iter().filter_map(|piece| match piece {
            Piece::Rows { rows, .. } => Some(rows),
            _ => None,
        });
        rows.flatten().collect()
    }

    pub(crate) fn ids(&self) -> Vec<String> {
        self.rows().iter().filter_map(|row| row.facts.provider_id.as_ref().map(ToString::to_string)).collect()
    }

    pub(crate) fn holdings(&self) -> usize {
        self.pieces
            .iter()
            .map(|piece| if let Piece::Holdings { listing, .. } = piece { listing.items.len() } else { 0 })
            .sum()
    }

    pub(crate) fn balances(&self) -> usize {
        self.pieces
            .iter()
            .map(|piece| if let Piece::BalanceHistory { balances, .. } = piece { balances.len() } else { 0 })
            .sum()
    }

    pub(crate) fn warnings(&self) -> Vec<&Warning> {
        self.pieces
            .iter()
            .filter_map(|piece| if let Piece::Warning(warning) = piece { Some(warning) } else { None })
            .collect()
    }

    pub(crate) fn problems(&self) -> Vec<&ScopedFailure> {
        self.pieces
            .iter()
            .filter_map(|piece| if let Piece::Problem(problem) = piece { Some(problem) } else { None })
            .collect()
    }

    pub(crate) fn cursors(&self) -> Vec<(usize, String, String)> {
        let cursors = self.pieces.iter().enumerate().filter_map(|(index, piece)| match piece {
            Piece::Cursor { key, value } => Some((index, key.clone(), value.clone())),
            _ => None,
        });
        cursors.collect()
    }
}
