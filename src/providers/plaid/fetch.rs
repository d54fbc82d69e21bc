//! A pass over one login: accounts, rows by cursor, positions and investment rows.
//!
//! INVARIANT: the cursor is stored with the last page only, since Plaid asks to start again from the first cursor when its
//! rows change between two pages.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::{
    METADATA, Plaid,
    errors::{self, CHANGED, DEAD_CURSOR},
    map::{self, SecurityTable},
    wire,
};
use crate::{
    domain::{
        AccountDraft, AssetCode, Capability, HoldingDraft, ProviderError, ProviderErrorKind, TransactionDraft, Warning,
        text,
    },
    providers::{FetchPlan, Listing, Piece, Purpose, ScopedFailure, Sink, kit::rows},
};

/// Key of the cursor of `/transactions/sync`.
const SYNC: &str = "sync";
/// Key of the day up to which investment rows were fetched.
const INVESTMENTS: &str = "investments";
/// Rows of one page, the most there are.
const PAGE: u64 = 500;
/// How often a pass begins again because the rows changed.
const MOST_RESTARTS: usize = 5;
/// Pages of one pass at most, so that a server that never ends does end.
const MOST_PAGES: usize = 10_000;
/// Days that investment rows go back, two years.
const INVESTMENT_DAYS: u64 = 729;

/// One pass.
pub(super) struct Fetch<'a> {
    pub(super) plaid: &'a Plaid,
    pub(super) plan: &'a FetchPlan<'a>,
}

/// An account of the login, as far as rows need it.
struct Own {
    currency: AssetCode,
    is_investment: bool,
}

type Accounts = BTreeMap<String, Own>;

impl Fetch<'_> {
    /// Runs the pass; returns the name of the institution.
    pub(super) async fn run(&self, sink: &mut dyn Sink) -> Result<Option<String>, ProviderError> {
        let reply: wire::Accounts = self.ask("the accounts", &["accounts", "get"], json!({})).await?.json()?;
        let institution = self.item(reply.item.as_ref(), sink).await?;
        let mut listing = Listing::<AccountDraft>::complete(Vec::new());
        let mut accounts = Accounts::new();
        for (_, account) in rows::<wire::Account>(reply.accounts, "account", &mut listing.warnings) {
            let draft = map::account(&account, self.plan.today);
            if self.plan.includes(&draft.provider_account_id) {
                let own = Own { currency: draft.currency, is_investment: map::is_investment(&account) };
                accounts.insert(draft.provider_account_id.clone(), own);
            }
            listing.items.push(draft);
        }
        listing.complete = listing.warnings.is_empty();
        sink.send(Piece::Accounts(listing)).await?;
        sink.send(Piece::ChunkEnd).await?;
        if self.plan.purpose == Purpose::Check {
            return Ok(institution);
        }
        let (investments, others): (BTreeSet<String>, BTreeSet<String>) = {
            let of_kind = |wanted: bool| {
                accounts.iter().filter(move |(_, own)| own.is_investment == wanted).map(|(id, _)| id.clone()).collect()
            };
            (of_kind(true), of_kind(false))
        };
        if !others.is_empty() {
            let outcome = self.transactions(&accounts, sink).await;
            Self::keep_going(outcome, &others, Capability::Transactions, sink).await?;
        }
        if !investments.is_empty() {
            let outcome = self.holdings(&accounts, &investments, sink).await;
            Self::keep_going(outcome, &investments, Capability::Holdings, sink).await?;
            let outcome = self.investment_rows(&accounts, sink).await;
            Self::keep_going(outcome, &investments, Capability::Transactions, sink).await?;
        }
        Ok(institution)
    }

    async fn ask(
        &self,
        subject: &'static str,
        path: &[&str],
        body: Value,
    ) -> Result<crate::providers::kit::Reply, ProviderError> {
        let credentials = self.plan.credentials().await?;
        self.plaid.ask(&credentials, subject, path, body).await
    }

    /// A failure of the login that Plaid reports without asking the bank, and the end of the user's consent.
    async fn item(&self, item: Option<&wire::Item>, sink: &mut dyn Sink) -> Result<Option<String>, ProviderError> {
        let Some(item) = item else { return Ok(None) };
        if let Some(verdict) = item.error.as_ref().and_then(errors::verdict) {
            let error = METADATA.error(verdict.kind, text::clean(&verdict.message));
            return Err(match verdict.hint {
                Some(hint) => error.with_hint(hint),
                None => error,
            });
        }
        if let Some(end) = map::day(item.consent_expiration_time.as_deref())
            && (end - self.plan.today).num_days() <= 30
        {
            let message = format!("the bank's consent ends on {end}; press Enter on the connection to renew it");
            sink.send(Piece::Warning(Warning::new(0, message))).await?;
        }
        Ok(item.institution_name.as_deref().and_then(text::clean_line).map(Into::into))
    }

    /// Turns the failure of a part into problems of its accounts, unless it ends the login.
    async fn keep_going(
        outcome: Result<(), ProviderError>,
        accounts: &BTreeSet<String>,
        part: Capability,
        sink: &mut dyn Sink,
    ) -> Result<(), ProviderError> {
        let Err(error) = outcome else { return Ok(()) };
        let ends = matches!(
            error.kind,
            ProviderErrorKind::LoginExpired | ProviderErrorKind::Revoked | ProviderErrorKind::Cancelled
        );
        if ends {
            return Err(error);
        }
        for account in accounts {
            sink.send(Piece::Problem(ScopedFailure::part(account, part, error.clone()))).await?;
        }
        Ok(())
    }

    /// All pages since the stored cursor. Begins again when the rows change in between, and without a cursor when the
    /// stored one does not work.
    async fn transactions(&self, accounts: &Accounts, sink: &mut dyn Sink) -> Result<(), ProviderError> {
        let mut start = self.plan.cursor(SYNC).filter(|_| self.plan.from.is_none()).map(str::to_owned);
        for _ in 0..MOST_RESTARTS {
            match self.pages(start.as_deref(), accounts).await {
                Ok(found) => {
                    // A full pass after a cursor that died replaces what is stored.
                    let replaces = start.is_none() && self.plan.cursor(SYNC).is_some() && found.is_whole
                        // A row that can't be read must not look withdrawn.
                        && found.warnings.is_empty();
                    return self.send_found(found, replaces, accounts, sink).await;
                }
                Err(Stopped { error, pages }) if error.message == CHANGED => {
                    // The first page of a stored cursor can return this error at every attempt.
                    if pages == 0 && start.is_some() {
                        start = None;
                    }
                }
                Err(Stopped { error, .. }) if error.message == DEAD_CURSOR && start.is_some() => start = None,
                Err(Stopped { error, .. }) => return Err(error),
            }
        }
        Err(METADATA.error(ProviderErrorKind::Unavailable, CHANGED))
    }

    async fn pages(&self, start: Option<&str>, accounts: &Accounts) -> Result<Found, Stopped> {
        let mut found = Found::default();
        let mut cursor = start.map(str::to_owned);
        for pages in 0..MOST_PAGES {
            let stopped = |error| Stopped { error, pages };
            let mut body = json!({"count": PAGE, "options": {"include_original_description": true}});
            if let Some(cursor) = &cursor {
                body["cursor"] = cursor.as_str().into();
            }
            let reply = self.ask("the transactions", &["transactions", "sync"], body).await.map_err(stopped)?;
            let page: wire::SyncPage = reply.json().map_err(stopped)?;
            let status = page.transactions_update_status.as_deref();
            found.is_ready &= status != Some("NOT_READY");
            found.is_whole &= status == Some("HISTORICAL_UPDATE_COMPLETE");
            found.add(page.added.into_iter().chain(page.modified).collect(), accounts);
            for removed in page.removed {
                found.removed.entry(removed.account_id.map(|id| id.0)).or_default().push(removed.transaction_id.0);
            }
            let is_same = cursor.as_deref() == Some(page.next_cursor.as_str());
            if !page.next_cursor.is_empty() {
                cursor = Some(page.next_cursor);
            }
            if !page.has_more {
                found.cursor = cursor;
                return Ok(found);
            }
            if is_same {
                let error = METADATA.error(ProviderErrorKind::InvalidResponse, "its pages do not advance");
                return Err(stopped(error));
            }
        }
        let error = METADATA.error(ProviderErrorKind::InvalidResponse, "its pages do not end");
        Err(Stopped { error, pages: MOST_PAGES })
    }

    /// Sends the rows. `replaces`: stored rows that did not come are withdrawn, from the oldest day that came on.
    async fn send_found(
        &self,
        found: Found,
        replaces: bool,
        accounts: &Accounts,
        sink: &mut dyn Sink,
    ) -> Result<(), ProviderError> {
        for warning in found.warnings {
            sink.send(Piece::Warning(warning)).await?;
        }
        if !found.is_ready {
            let message = "Plaid is still collecting the rows; the next sync brings them";
            sink.send(Piece::Warning(Warning::new(0, message))).await?;
        }
        for (account, rows) in found.rows {
            let oldest = rows.iter().map(|row| row.facts.date).min();
            // Rows of investments come by another call.
            let has_other_rows = accounts.get(&account).is_none_or(|own| own.is_investment);
            if let Some(from) = oldest.filter(|_| replaces && !has_other_rows) {
                sink.send(Piece::Everything { account: account.clone(), from }).await?;
            }
            sink.send(Piece::Rows { account, rows }).await?;
        }
        for (account, ids) in found.removed {
            if account.as_deref().is_none_or(|account| self.plan.includes(account)) {
                sink.send(Piece::Removed { account, ids }).await?;
            }
        }
        match found.cursor {
            Some(value) => sink.send(Piece::Cursor { key: SYNC.to_owned(), value }).await,
            None => sink.send(Piece::ChunkEnd).await,
        }
    }

    async fn holdings(
        &self,
        accounts: &Accounts,
        investments: &BTreeSet<String>,
        sink: &mut dyn Sink,
    ) -> Result<(), ProviderError> {
        let reply = self.ask("the positions", &["investments", "holdings", "get"], json!({})).await?;
        let page: wire::Holdings = reply.json()?;
        let mut warnings = Vec::new();
        let securities = securities(page.securities, &mut warnings);
        let mut by_account: BTreeMap<String, Vec<HoldingDraft>> =
            investments.iter().map(|id| (id.clone(), Vec::new())).collect();
        for (place, holding) in rows::<wire::Holding>(page.holdings, "position", &mut warnings) {
            let Some(own) = accounts.get(&holding.account_id.0) else { continue };
            match map::holding(&holding, place, &securities, own.currency, self.plan.today) {
                Ok(draft) => by_account.entry(holding.account_id.0).or_default().push(draft),
                Err(warning) => warnings.push(warning),
            }
        }
        // A position that can't be read must not look sold.
        let complete = warnings.is_empty();
        for warning in warnings {
            sink.send(Piece::Warning(warning)).await?;
        }
        for (account, items) in by_account {
            let listing = Listing { items, complete, warnings: Vec::new() };
            sink.send(Piece::Holdings { account, listing }).await?;
        }
        sink.send(Piece::ChunkEnd).await
    }

    /// Investment rows of the days since the mark, at most two years. Pages are counted, so they are sent together.
    async fn investment_rows(&self, accounts: &Accounts, sink: &mut dyn Sink) -> Result<(), ProviderError> {
        let mark: Option<NaiveDate> = self.plan.cursor(INVESTMENTS).and_then(|text| text.parse().ok());
        let oldest = self.plan.today.checked_sub_days(chrono::Days::new(INVESTMENT_DAYS)).unwrap_or(self.plan.today);
        let from = self.plan.first_day(&METADATA, mark).unwrap_or(oldest).max(oldest);
        let mut warnings = Vec::new();
        let mut by_account: BTreeMap<String, Vec<TransactionDraft>> = BTreeMap::new();
        let mut offset = 0;
        for _ in 0..MOST_PAGES {
            let body = json!({
                "start_date": from.to_string(),
                "end_date": self.plan.today.to_string(),
                "options": {"count": PAGE, "offset": offset},
            });
            let reply = self.ask("the investment rows", &["investments", "transactions", "get"], body).await?;
            let page: wire::InvestmentPage = reply.json()?;
            let count = page.investment_transactions.len() as u64;
            let securities = securities(page.securities, &mut warnings);
            let listed = rows::<wire::InvestmentTransaction>(
                page.investment_transactions,
                "investment transaction",
                &mut warnings,
            );
            for (place, row) in listed {
                let Some(own) = accounts.get(&row.account_id.0) else { continue };
                let place = place.saturating_add(u32::try_from(offset).unwrap_or(u32::MAX));
                match map::investment(&row, place, &securities, own.currency) {
                    Ok(draft) => by_account.entry(row.account_id.0).or_default().push(draft),
                    Err(warning) => warnings.push(warning),
                }
            }
            offset += count;
            if count == 0 || offset >= page.total_investment_transactions {
                break;
            }
        }
        for warning in warnings {
            sink.send(Piece::Warning(warning)).await?;
        }
        for (account, rows) in by_account {
            sink.send(Piece::Rows { account, rows }).await?;
        }
        sink.send(Piece::Cursor { key: INVESTMENTS.to_owned(), value: self.plan.today.to_string() }).await
    }
}

/// A walk over pages that ended early.
struct Stopped {
    error: ProviderError,
    /// Pages that came before.
    pages: usize,
}

/// All pages of a walk.
struct Found {
    rows: BTreeMap<String, Vec<TransactionDraft>>,
    removed: BTreeMap<Option<String>, Vec<String>>,
    warnings: Vec<Warning>,
    cursor: Option<String>,
    is_ready: bool,
    /// Whether Plaid has collected all earlier rows.
    is_whole: bool,
}

impl Default for Found {
    fn default() -> Self {
        Self {
            rows: BTreeMap::new(),
            removed: BTreeMap::new(),
            warnings: Vec::new(),
            cursor: None,
            is_ready: true,
            is_whole: true,
        }
    }
}

impl Found {
    fn add(&mut self, items: Vec<Value>, accounts: &Accounts) {
        for (place, row) in rows::<wire::Transaction>(items, "transaction", &mut self.warnings) {
            let Some(own) = accounts.get(&row.account_id.0) else { continue };
            match map::transaction(&row, place, own.currency) {
                Ok(draft) => self.rows.entry(row.account_id.0).or_default().push(draft),
                Err(warning) => self.warnings.push(warning),
            }
        }
    }
}

fn securities(items: Vec<Value>, warnings: &mut Vec<Warning>) -> SecurityTable {
    rows::<wire::Security>(items, "security", warnings)
        .into_iter()
        .map(|(_, security)| (security.security_id.0.clone(), security))
        .collect()
}
