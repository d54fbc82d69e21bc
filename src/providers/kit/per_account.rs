//! Fetching from providers that answer account by account.
//!
//! Adapters implement [`PerAccount`] and call [`fetch`] from `Provider::fetch`. Every page of rows ends a chunk whose
//! cursor continues after it, so an interrupted pass resumes at its last page.
//! INVARIANT: a mark moves only past days whose rows were all handed over; it never lies in the future; the walk over
//! pages ends whatever the server answers.

use std::collections::HashSet;

use async_trait::async_trait;
use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        AccountDraft, AssetCode, BalanceDraft, Capability, Disposition, HoldingDraft, ProviderError, ProviderErrorKind,
        TransactionDraft, Warning,
    },
    providers::{Credentials, FetchPlan, Listing, Piece, ProviderMetadata, Purpose, ScopedFailure, Sink},
};

/// More pages than any fetch needs: a million rows in pages of a hundred.
pub const MAX_PAGES: usize = 10_000;

/// Days of balance history that are fetched again, since institutions correct them.
const HISTORY_OVERLAP_DAYS: u64 = 7;

/// Requests of a provider that answers account by account.
#[async_trait]
pub trait PerAccount: Send + Sync {
    /// The provider's entry in the registry.
    fn metadata(&self) -> &'static ProviderMetadata;

    /// Every account of the login.
    async fn accounts(
        &self,
        credentials: &Credentials,
        plan: &FetchPlan<'_>,
    ) -> Result<Listing<AccountDraft>, ProviderError>;

    /// One page of rows. Called again with [`RowPage::next`] until it is empty.
    async fn transactions(
        &self,
        _credentials: &Credentials,
        _request: &TransactionRequest<'_>,
    ) -> Result<RowPage, ProviderError> {
        Ok(RowPage::default())
    }

    /// Every position of an account.
    async fn holdings(
        &self,
        _credentials: &Credentials,
        _account: AccountRef<'_>,
    ) -> Result<Listing<HoldingDraft>, ProviderError> {
        Ok(Listing::unknown())
    }

    /// End-of-day balances from `from` on, or as far back as the provider goes.
    async fn balance_history(
        &self,
        _credentials: &Credentials,
        _account: AccountRef<'_>,
        _from: Option<NaiveDate>,
    ) -> Result<Listing<BalanceDraft>, ProviderError> {
        Ok(Listing::unknown())
    }

    /// The provider's clock as of its last reply, if it states one. Protects marks from a wrong clock of this machine.
    fn provider_time(&self) -> Option<DateTime<Utc>> {
        None
    }
}

/// An account in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountRef<'a> {
    /// The provider's identity of the account.
    pub provider_account_id: &'a str,
    /// Its currency.
    pub currency: AssetCode,
}

/// The rows to fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransactionRequest<'a> {
    /// The account.
    pub account: AccountRef<'a>,
    /// First day; `None` is as far back as the provider goes.
    pub from: Option<NaiveDate>,
    /// Last day, included.
    pub to: NaiveDate,
    /// End of the previous page. It carries its own window: with a cursor, `from` and `to` are ignored.
    pub cursor: Option<&'a RowCursor>,
}

/// A position in a provider's rows, meaningful to its adapter alone. Holds no secrets; may be stored.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RowCursor(pub String);

/// A page of rows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RowPage {
    /// In the provider's order.
    pub rows: Vec<TransactionDraft>,
    /// Provider ids of rows that the provider withdrew.
    pub removed: Vec<String>,
    /// The next page; `None` on the last one, after which the window is complete.
    pub next: Option<RowCursor>,
    /// The reply held no list at all (`null`, `{}`, 204): it proves nothing about the window.
    pub is_blank: bool,
    /// Rows that could not be used; `line` is the position in the reply.
    pub warnings: Vec<Warning>,
}

/// Progress of one account's rows. Stored as the cursor `rows/<account>`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct RowMark {
    /// All rows up to this day were fetched.
    complete_until: Option<NaiveDate>,
    /// The clock of this machine when the mark was set.
    set_at: Option<DateTime<Utc>>,
    /// A pass that was interrupted.
    interrupted: Option<Interrupted>,
    /// The stored mark was set while the clock was ahead, and must be written again.
    #[serde(skip)]
    is_moved_back: bool,
}

/// A pass that was interrupted after a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Interrupted {
    next: RowCursor,
    from: Option<NaiveDate>,
    to: NaiveDate,
}

impl RowMark {
    fn of(plan: &FetchPlan<'_>, key: &str) -> Self {
        let mark: Self = plan.cursor(key).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let complete_until = mark.complete_until.and_then(|until| trusted(until, mark.set_at, plan));
        Self { is_moved_back: complete_until != mark.complete_until, complete_until, ..mark }
    }
}

/// The part of a mark that holds whatever the clock did: set while the clock was ahead, it is moved back by as much.
fn trusted(until: NaiveDate, set_at: Option<DateTime<Utc>>, plan: &FetchPlan<'_>) -> Option<NaiveDate> {
    let ahead = set_at.map_or(0, |set_at| (set_at - plan.now).num_days().max(0));
    let until = until.min(plan.today);
    until.checked_sub_days(Days::new(u64::try_from(ahead).unwrap_or_default()))
}

/// Progress of one account's balance history. Stored as the cursor `history/<account>`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct HistoryMark {
    /// Asked for on this day.
    asked_on: Option<NaiveDate>,
    /// The clock of this machine when the mark was set.
    set_at: Option<DateTime<Utc>>,
}

/// Fetches everything the plan asks for.
pub async fn fetch(provider: &dyn PerAccount, plan: &FetchPlan<'_>, sink: &mut dyn Sink) -> Result<(), ProviderError> {
    let listing = match plan.listed {
        Some(listed) => listed.clone(),
        None => plan.call(|credentials| async move { provider.accounts(&credentials, plan).await }).await?,
    };
    let accounts: Vec<AccountDraft> =
        listing.items.iter().filter(|account| plan.includes(&account.provider_account_id)).cloned().collect();
    sink.send(Piece::Accounts(listing)).await?;
    sink.send(Piece::ChunkEnd).await?;
    if plan.purpose == Purpose::Check {
        return Ok(());
    }
    let total = accounts.len() as u64;
    for (done, account) in (0..).zip(&accounts) {
        sink.send(Piece::Progress { done, total }).await?;
        let mut walk = Walk {
            provider,
            plan,
            id: &account.provider_account_id,
            account: AccountRef { provider_account_id: &account.provider_account_id, currency: account.currency },
            sink: &mut *sink,
        };
        walk.account().await?;
    }
    Ok(())
}

/// Whether a failure ends the pass: the provider's own verdict on the login, or a stop from this side.
const fn ends_pass(kind: &ProviderErrorKind) -> bool {
    matches!(kind, ProviderErrorKind::LoginExpired | ProviderErrorKind::Revoked | ProviderErrorKind::Cancelled)
}

/// The parts of one account.
struct Walk<'a> {
    provider: &'a dyn PerAccount,
    plan: &'a FetchPlan<'a>,
    id: &'a str,
    account: AccountRef<'a>,
    sink: &'a mut dyn Sink,
}

impl Walk<'_> {
    async fn account(&mut self) -> Result<(), ProviderError> {
        let metadata = self.provider.metadata();
        if metadata.can(Capability::Transactions) {
            let rows = self.rows().await;
            self.keep_going(Capability::Transactions, rows).await?;
        }
        if metadata.can(Capability::Holdings) {
            let holdings = self.holdings().await;
            self.keep_going(Capability::Holdings, holdings).await?;
        }
        if metadata.can(Capability::BalanceHistory) {
            let history = self.history().await;
            self.keep_going(Capability::BalanceHistory, history).await?;
        }
        Ok(())
    }

    /// Turns the failure of a part into a problem.
    async fn keep_going(&mut self, part: Capability, result: Result<(), ProviderError>) -> Result<(), ProviderError> {
        match result {
            Err(error) if !ends_pass(&error.kind) => {
                self.sink.send(Piece::Problem(ScopedFailure::part(self.id, part, error))).await
            }
            other => other,
        }
    }

    /// All rows since the mark. A pass that was interrupted is finished first.
    async fn rows(&mut self) -> Result<(), ProviderError> {
        let key = format!("rows/{}", self.id);
        let mut mark = RowMark::of(self.plan, &key);
        if self.plan.from.is_none()
            && let Some(place) = mark.interrupted.take()
        {
            match self.pages(&key, &mark, place.from, place.to, Some(place.next)).await {
                Ok(reached) => mark = reached,
                // The cursor may have expired: start again from the mark.
                Err(error) if error.disposition() == Disposition::Permanent && !ends_pass(&error.kind) => {}
                Err(error) => return Err(error),
            }
            if mark.complete_until == Some(self.plan.today) {
                return Ok(());
            }
        }
        let from = self.plan.first_day(self.provider.metadata(), mark.complete_until);
        self.pages(&key, &mark, from, self.plan.today, None).await.map(|_| ())
    }

    /// Walks over pages, each a chunk. Returns the mark afterwards.
    async fn pages(
        &mut self,
        key: &str,
        mark: &RowMark,
        from: Option<NaiveDate>,
        to: NaiveDate,
        start: Option<RowCursor>,
    ) -> Result<RowMark, ProviderError> {
        let is_resumed = start.is_some();
        let mut cursor = start;
        let mut seen = HashSet::new();
        let mut is_blank = false;
        loop {
            let (provider, account, place) = (self.provider, self.account, cursor.clone());
            let page = self
                .plan
                .call(|credentials| {
                    let place = place.clone();
                    async move {
                        let request = TransactionRequest { account, from, to, cursor: place.as_ref() };
                        provider.transactions(&credentials, &request).await
                    }
                })
                .await?;
            is_blank |= page.is_blank;
            for warning in page.warnings {
                self.sink.send(Piece::Warning(warning)).await?;
            }
            let account = self.id.to_owned();
            self.sink.send(Piece::Rows { account: account.clone(), rows: page.rows }).await?;
            if !page.removed.is_empty() {
                self.sink.send(Piece::Removed { account: Some(account), ids: page.removed }).await?;
            }
            let Some(next) = page.next else { break };
            self.check_end(&next, cursor.as_ref(), &mut seen)?;
            // Later fetches are short: repeating one costs less than a commit for every page.
            if mark.complete_until.is_none() && self.moves_mark(mark) {
                let interrupted = Some(Interrupted { next: next.clone(), from, to });
                self.set(key, &RowMark { interrupted, set_at: Some(self.plan.now), ..mark.clone() }).await?;
            } else {
                self.sink.send(Piece::ChunkEnd).await?;
            }
            cursor = Some(next);
        }
        if !is_resumed && !is_blank {
            self.sink.send(Piece::Window { account: self.id.to_owned(), from, to }).await?;
        }
        let reached = if self.moves_mark(mark) {
            let provider_day = self.provider.provider_time().map_or(to, |time| time.date_naive());
            RowMark {
                complete_until: Some(to.min(provider_day)).max(mark.complete_until),
                set_at: Some(self.plan.now),
                ..RowMark::default()
            }
        } else {
            mark.clone()
        };
        let is_news = reached.complete_until != mark.complete_until || mark.is_moved_back || is_resumed;
        if !is_news || !self.moves_mark(mark) {
            self.sink.send(Piece::ChunkEnd).await?;
        } else {
            self.set(key, &reached).await?;
        }
        Ok(reached)
    }

    /// A fetch that begins later than was due leaves a gap, which the next one must still close.
    fn moves_mark(&self, mark: &RowMark) -> bool {
        let Some(wanted) = self.plan.from else { return true };
        let due = FetchPlan { from: None, ..*self.plan }.first_day(self.provider.metadata(), mark.complete_until);
        due.is_some_and(|due| wanted <= due)
    }

    fn check_end(
        &self,
        next: &RowCursor,
        current: Option<&RowCursor>,
        seen: &mut HashSet<RowCursor>,
    ) -> Result<(), ProviderError> {
        let endless = |message: String| self.provider.metadata().error(ProviderErrorKind::InvalidResponse, message);
        if seen.len() + 1 >= MAX_PAGES {
            return Err(endless(format!("its list of transactions has not ended after {MAX_PAGES} pages")));
        }
        if current == Some(next) || !seen.insert(next.clone()) {
            return Err(endless("its list of transactions returns to an earlier page".into()));
        }
        Ok(())
    }

    async fn set<T: Serialize>(&mut self, key: &str, mark: &T) -> Result<(), ProviderError> {
        // Plain structs always serialize.
        let value = serde_json::to_string(mark).unwrap_or_default();
        self.sink.send(Piece::Cursor { key: key.to_owned(), value }).await
    }

    async fn holdings(&mut self) -> Result<(), ProviderError> {
        let (provider, account) = (self.provider, self.account);
        let listing =
            self.plan.call(|credentials| async move { provider.holdings(&credentials, account).await }).await?;
        self.sink.send(Piece::Holdings { account: self.id.to_owned(), listing }).await?;
        self.sink.send(Piece::ChunkEnd).await
    }

    /// The balance history once a day, from a few days before the last time on, until it came.
    async fn history(&mut self) -> Result<(), ProviderError> {
        let key = format!("history/{}", self.id);
        let mark: HistoryMark =
            self.plan.cursor(&key).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let asked_on = mark.asked_on.and_then(|day| trusted(day, mark.set_at, self.plan));
        if asked_on == Some(self.plan.today) {
            return Ok(());
        }
        let from = asked_on.and_then(|day| day.checked_sub_days(Days::new(HISTORY_OVERLAP_DAYS)));
        let (provider, account) = (self.provider, self.account);
        let listing = self
            .plan
            .call(|credentials| async move { provider.balance_history(&credentials, account, from).await })
            .await?;
        for warning in listing.warnings {
            self.sink.send(Piece::Warning(warning)).await?;
        }
        let piece = Piece::BalanceHistory { account: self.id.to_owned(), balances: listing.items };
        self.sink.send(piece).await?;
        if listing.complete {
            let mark = HistoryMark { asked_on: Some(self.plan.today), set_at: Some(self.plan.now) };
            self.set(&key, &mark).await
        } else {
            self.sink.send(Piece::ChunkEnd).await
        }
    }
}
