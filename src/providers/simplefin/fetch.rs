//! The windows of a pass, and the pieces they become.
//!
//! One request covers a window of days for all accounts. A pass asks for the newest window first, so that balances and new
//! rows come with the first reply; accounts that are new, or whose signs have turned, get their older days in further
//! requests. INVARIANT: the mark of an account moves only when all its windows came without a problem; a pass sends a
//! bounded number of requests.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use chrono::{Days, NaiveDate, NaiveTime};
use secrecy::ExposeSecret as _;
use serde_json::Value;

use super::{
    METADATA, map,
    problems::Problems,
    relink::{self, ListedAccount, Relinked},
    signs::SignSwitches,
    token::Access,
    wire::{self, Account, AccountSet},
};
use crate::{
    domain::{AccountDraft, Correction, ProviderError, ProviderErrorKind, Warning, text},
    providers::{
        FailureScope, FetchPlan, Listing, Piece, Purpose, ScopedFailure, Sink,
        kit::{Api, Call, rows},
    },
};

/// Days of one request: half of the 90 that the Bridge allows, since some banks answer with fewer.
const WINDOW_DAYS: u64 = 45;
/// The smallest window that a refused range is cut to.
const LEAST_DAYS: u64 = 6;
/// Requests of one pass at most.
const MOST_REQUESTS: usize = 10;
/// A balance older than this many days is named.
const STALE_DAYS: i64 = 7;

/// One pass.
pub(super) struct Fetch<'a> {
    pub(super) api: &'a Api,
    pub(super) access: &'a Access,
    pub(super) pending: bool,
    pub(super) plan: &'a FetchPlan<'a>,
}

/// Days to ask for: the first, and the day after the last; `None` is open, pending rows included.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Window {
    from: NaiveDate,
    end: Option<NaiveDate>,
}

/// The days that a pass covered.
struct Reach {
    /// First day asked for.
    start: NaiveDate,
    /// First day asked for of the accounts in `deep`.
    oldest: NaiveDate,
    /// Accounts whose older days were asked for too.
    deep: BTreeSet<String>,
    /// Whether every request was answered.
    is_whole: bool,
}

/// One reply, taken apart.
struct Taken {
    accounts: Vec<Account>,
    /// Institution of each account, in the same order.
    institutions: Vec<Option<String>>,
    problems: Problems,
    warnings: Vec<Warning>,
}

impl Taken {
    fn rename(&mut self, relinked: &Relinked) {
        // The old id may be listed again.
        let listed: BTreeSet<String> = self.accounts.iter().map(|account| account.id.0.clone()).collect();
        for account in &mut self.accounts {
            if let Some(stored) = relinked.stored_id(&account.id.0).filter(|stored| !listed.contains(*stored)) {
                account.id.0.clone_from(stored);
            }
        }
        self.problems.rename(relinked);
    }
}

impl Fetch<'_> {
    pub(super) async fn run(&self, sink: &mut dyn Sink) -> Result<(), ProviderError> {
        let today = self.plan.today;
        if self.plan.purpose == Purpose::Check {
            let taken = self.ask(None, &[]).await?;
            sink.send(Piece::Accounts(self.listing(&taken, &BTreeMap::new()))).await?;
            sink.send(Piece::ChunkEnd).await?;
            return self.send_problems(taken, sink).await;
        }
        let oldest = self.plan.first_day(&METADATA, None).unwrap_or(today);
        let start = self.start(oldest);
        let (mut replies, mut failure) = self.ask_all(&windows(start, today), &[]).await;
        let relinked = self.recognise(&mut replies, sink).await?;
        let newest = replies.first().map(|taken| &taken.accounts).into_iter().flatten();
        let turned = self.signs_of(&replies);
        let behind: Vec<String> = newest
            .map(|account| account.id.0.clone())
            .filter(|id| self.plan.includes(id) && start > oldest)
            .filter(|id| self.mark(id).is_none() || turned.get(id).is_some_and(|(_, changed)| *changed))
            .collect();
        let mut deep = BTreeSet::new();
        if !behind.is_empty() && failure.is_none() {
            let before = start.pred_opt().unwrap_or(start);
            let asked: Vec<String> = behind.iter().map(|id| relinked.listed_id(id).unwrap_or(id).clone()).collect();
            let (mut older, later) = self.ask_all(&windows_until(oldest, before), &asked).await;
            for taken in &mut older {
                taken.rename(&relinked);
            }
            replies.extend(older);
            failure = later;
            deep.extend(behind);
        }
        if replies.is_empty() {
            return failure.map_or(Ok(()), Err);
        }
        // Signs are decided by everything that came.
        let signs = self.signs_of(&replies);
        let reach = Reach { start, oldest, deep, is_whole: failure.is_none() };
        self.send_all(replies, &signs, &reach, sink).await?;
        match failure {
            None => Ok(()),
            // The end of the access is the end of the pass; any other failure leaves what came before it.
            Some(error) if error.kind == ProviderErrorKind::Revoked => Err(error),
            Some(error) => sink.send(Piece::Problem(ScopedFailure { scope: FailureScope::Connection, error })).await,
        }
    }

    /// Gives relinked accounts the ids under which they are stored. The rows of the first reply are the evidence.
    async fn recognise(&self, replies: &mut [Taken], sink: &mut dyn Sink) -> Result<Relinked, ProviderError> {
        let mut relinked = Relinked::stored(self.plan);
        for taken in replies.iter_mut() {
            taken.rename(&relinked);
        }
        let Some(newest) = replies.first() else { return Ok(relinked) };
        let listed: Vec<ListedAccount<'_>> = newest
            .accounts
            .iter()
            .zip(&newest.institutions)
            .map(|(account, institution)| ListedAccount { account, institution: institution.as_deref() })
            .collect();
        let rows_of = |id: &str| {
            let pages = replies.iter().flat_map(|taken| &taken.accounts).filter(|page| page.id.0 == id);
            relink::settled(pages.flat_map(|page| page.transactions.iter().cloned()))
        };
        let compared = relink::compare(self.plan, &listed, rows_of);
        for (name, _) in &compared.unsure {
            let message = format!(
                "{name} is listed under a new id and no longer under the old one, and no row proves that it is the same: \
                 if it is, merge them (dashtam merge)"
            );
            sink.send(Piece::Warning(Warning::new(0, message))).await?;
        }
        if compared.found.is_empty() {
            return Ok(relinked);
        }
        relinked.extend(&compared.found);
        for taken in replies.iter_mut() {
            taken.rename(&relinked);
        }
        for (_, stored) in &compared.found {
            let name = self.plan.known(stored).map_or("", |known| known.name.as_str());
            let message = format!("{name} came back under a new id; its rows are the same, so it goes on as before");
            sink.send(Piece::Warning(Warning::new(0, message))).await?;
        }
        sink.send(Piece::Cursor { key: relink::CURSOR.to_owned(), value: relinked.cursor() }).await?;
        Ok(relinked)
    }

    /// The first day to ask for: the earliest that an account still misses.
    fn start(&self, oldest: NaiveDate) -> NaiveDate {
        let known: Vec<NaiveDate> = self
            .plan
            .known
            .iter()
            .filter(|known| self.plan.includes(&known.provider_account_id))
            .filter_map(|known| self.mark(&known.provider_account_id))
            .collect();
        let first = known.into_iter().min().and_then(|until| self.plan.first_day(&METADATA, Some(until)));
        first.map_or(oldest, |first| first.max(oldest).min(self.plan.today))
    }

    /// The day up to which all rows of an account were fetched.
    fn mark(&self, id: &str) -> Option<NaiveDate> {
        self.plan.cursor(&format!("rows/{id}"))?.parse().ok()
    }

    /// Asks for every window; one whose range the Bridge cuts is halved. A failure ends it; the replies before it stay.
    async fn ask_all(&self, windows: &[Window], only: &[String]) -> (Vec<Taken>, Option<ProviderError>) {
        let mut queue: Vec<Window> = windows.iter().rev().copied().collect();
        let mut replies = Vec::new();
        let mut asked = 0;
        while let Some(window) = queue.pop() {
            let taken = match self.ask(Some(window), only).await {
                Ok(taken) => taken,
                Err(error) => return (replies, Some(error)),
            };
            asked += 1;
            let end = window.end.unwrap_or(self.plan.today);
            let days = u64::try_from((end - window.from).num_days()).unwrap_or_default();
            if taken.problems.is_capped() && days > LEAST_DAYS && asked + queue.len() + 2 <= MOST_REQUESTS {
                let middle = window.from.checked_add_days(Days::new(days / 2)).unwrap_or(end);
                queue.push(Window { from: window.from, end: Some(middle) });
                queue.push(Window { from: middle, end: window.end });
                continue;
            }
            replies.push(taken);
        }
        (replies, None)
    }

    async fn ask(&self, window: Option<Window>, only: &[String]) -> Result<Taken, ProviderError> {
        let seconds = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc().timestamp().to_string();
        let mut call = Call::get("the accounts", &["accounts"]).query("version", "2");
        match window {
            None => call = call.query("balances-only", "1"),
            Some(window) => {
                call = call.query("start-date", seconds(window.from)).query_if("end-date", window.end.map(seconds));
                // Any value switches it on, so it is left out to switch it off.
                if self.pending {
                    call = call.query("pending", "1");
                }
            }
        }
        for id in only {
            call = call.query("account", id.clone());
        }
        let call = call.basic(self.access.user.expose_secret(), self.access.password.expose_secret());
        let reply = self.api.send(call).await?;
        Ok(take(&reply.json()?))
    }

    /// The switches of every account after these replies, and whether they have turned.
    fn signs_of(&self, replies: &[Taken]) -> BTreeMap<String, (SignSwitches, bool)> {
        let mut signs = BTreeMap::new();
        for account in replies.first().map(|taken| &taken.accounts).into_iter().flatten() {
            let id = &account.id.0;
            let stored: SignSwitches = self
                .plan
                .cursor(&format!("signs/{id}"))
                .and_then(|text| serde_json::from_str(text).ok())
                .unwrap_or_default();
            let parsed: Vec<wire::Transaction> = replies
                .iter()
                .flat_map(|taken| taken.accounts.iter().filter(|other| other.id == account.id))
                .flat_map(|account| rows(account.transactions.clone(), "transaction", &mut Vec::new()))
                .map(|(_, row)| row)
                .collect();
            let delivered: Vec<_> = parsed.iter().filter_map(map::delivered).collect();
            let own = self.plan.known(id).map(|known| known.signs).unwrap_or_default();
            signs.insert(id.clone(), stored.updated(own, map::account_type(account), account.balance, &delivered));
        }
        signs
    }

    fn listing(&self, taken: &Taken, signs: &BTreeMap<String, (SignSwitches, bool)>) -> Listing<AccountDraft> {
        let drafts = taken.accounts.iter().zip(&taken.institutions).map(|(account, institution)| {
            let unsure = SignSwitches::default();
            let own = signs.get(&account.id.0).map_or(&unsure, |(signs, _)| signs);
            AccountDraft { institution: institution.clone(), ..map::account(account, own, self.plan.today) }
        });
        Listing {
            items: drafts.collect(),
            complete: taken.warnings.is_empty() && !taken.problems.is_partial(),
            warnings: taken.warnings.clone(),
        }
    }

    async fn send_all(
        &self,
        replies: Vec<Taken>,
        signs: &BTreeMap<String, (SignSwitches, bool)>,
        reach: &Reach,
        sink: &mut dyn Sink,
    ) -> Result<(), ProviderError> {
        let Some(newest) = replies.first() else { return Ok(()) };
        sink.send(Piece::Accounts(self.listing(newest, signs))).await?;
        let total = newest.accounts.len() as u64;
        for (done, (account, institution)) in (0..).zip(newest.accounts.iter().zip(&newest.institutions)) {
            let id = account.id.0.clone();
            if !self.plan.includes(&id) {
                continue;
            }
            sink.send(Piece::Progress { done, total }).await?;
            let Some((own, is_turned)) = signs.get(&id) else { continue };
            self.send_rows(account, &replies, (own, *is_turned), sink).await?;
            self.send_holdings(account, sink).await?;
            self.warn_if_stale(account, sink).await?;
            let is_whole =
                reach.is_whole && !replies.iter().any(|taken| taken.problems.concerns(&id, institution.as_deref()));
            if is_whole {
                let from = if reach.deep.contains(&id) { reach.oldest } else { reach.start };
                if self.pending {
                    let window = Piece::Window { account: id.clone(), from: Some(from), to: self.plan.today };
                    sink.send(window).await?;
                }
                let until = self.plan.today.to_string();
                sink.send(Piece::Cursor { key: format!("rows/{id}"), value: until }).await?;
            }
            let value = serde_json::to_string(own).unwrap_or_default();
            sink.send(Piece::Cursor { key: format!("signs/{id}"), value }).await?;
        }
        sink.send(Piece::ChunkEnd).await?;
        for taken in replies {
            self.send_problems(taken, sink).await?;
        }
        Ok(())
    }

    /// The rows of an account, oldest window first. `is_turned`: their sign differs from that of the
    /// stored ones. A row that several windows repeat, as pending ones are, counts once.
    async fn send_rows(
        &self,
        account: &Account,
        replies: &[Taken],
        (signs, is_turned): (&SignSwitches, bool),
        sink: &mut dyn Sink,
    ) -> Result<(), ProviderError> {
        let currency = map::currency(account);
        let account_type = map::account_type(account);
        let mut items: Vec<Value> = Vec::new();
        let mut known: HashSet<String> = HashSet::new();
        for taken in replies.iter().rev() {
            let pages = taken.accounts.iter().filter(|page| page.id == account.id);
            let new: Vec<&Value> =
                pages.flat_map(|page| &page.transactions).filter(|row| !known.contains(&row.to_string())).collect();
            known.extend(new.iter().map(ToString::to_string));
            items.extend(new.into_iter().cloned());
        }
        let mut warnings = Vec::new();
        let mut drafts = Vec::new();
        for (place, row) in rows::<wire::Transaction>(items, "transaction", &mut warnings) {
            match map::transaction(&row, place, signs, account_type, currency, self.plan.today) {
                Ok(mut draft) => {
                    // The stored row has the other sign: it is the same row, with its notes.
                    if is_turned {
                        let own = draft.facts.provider_id.clone();
                        draft.correction = own.map(|id| Box::new(Correction::Replaces(id)));
                    }
                    drafts.push(draft);
                }
                Err(warning) => warnings.push(warning),
            }
        }
        for warning in warnings {
            sink.send(Piece::Warning(about(account, &warning))).await?;
        }
        sink.send(Piece::Rows { account: account.id.0.clone(), rows: drafts }).await
    }

    async fn send_holdings(&self, account: &Account, sink: &mut dyn Sink) -> Result<(), ProviderError> {
        let Some(holdings) = &account.holdings else { return Ok(()) };
        let mut warnings = Vec::new();
        let currency = map::currency(account);
        let as_of = account.balance_date.and_then(map::day).map_or(self.plan.today, |day| day.min(self.plan.today));
        let mut items = Vec::new();
        for (place, holding) in rows::<wire::Holding>(holdings.clone(), "position", &mut warnings) {
            match map::holding(&holding, place, currency, as_of) {
                Ok(draft) => items.push(draft),
                Err(warning) => warnings.push(warning),
            }
        }
        // A position that can't be read must not look sold.
        let complete = warnings.is_empty();
        let warnings = warnings.iter().map(|warning| about(account, warning)).collect();
        sink.send(Piece::Holdings { account: account.id.0.clone(), listing: Listing { items, complete, warnings } })
            .await
    }

    async fn warn_if_stale(&self, account: &Account, sink: &mut dyn Sink) -> Result<(), ProviderError> {
        let Some(day) = account.balance_date.and_then(map::day) else { return Ok(()) };
        let age = (self.plan.today - day).num_days();
        if age <= STALE_DAYS {
            return Ok(());
        }
        let name = name_of(account);
        let message = format!(
            "{name}: the balance is of {day}, {age} days ago; look at the Bridge whether its bank still answers"
        );
        sink.send(Piece::Warning(Warning::new(0, message))).await
    }

    async fn send_problems(&self, taken: Taken, sink: &mut dyn Sink) -> Result<(), ProviderError> {
        for piece in taken.problems.into_pieces() {
            sink.send(piece).await?;
        }
        Ok(())
    }
}

fn name_of(account: &Account) -> String {
    account.name.as_deref().and_then(text::clean_line).map_or_else(|| account.id.0.clone(), Into::into)
}

fn about(account: &Account, warning: &Warning) -> Warning {
    Warning::new(warning.line, format!("{}: {}", name_of(account), warning.message))
}

/// Windows from `start` to an open end, newest first.
fn windows(start: NaiveDate, today: NaiveDate) -> Vec<Window> {
    let mut found = windows_until(start, today);
    if let Some(first) = found.first_mut() {
        first.end = None;
    }
    found
}

/// Windows from `start` to `last`, both included, newest first.
fn windows_until(start: NaiveDate, last: NaiveDate) -> Vec<Window> {
    let mut found = Vec::new();
    let mut end = last.succ_opt().unwrap_or(last);
    while end > start {
        let from = end.checked_sub_days(Days::new(WINDOW_DAYS)).map_or(start, |from| from.max(start));
        found.push(Window { from, end: Some(end) });
        end = from;
    }
    found
}

/// Takes a reply apart. Connections and accounts that can't be read become warnings.
fn take(set: &AccountSet) -> Taken {
    let mut warnings = Vec::new();
    let connections = rows::<wire::Connection>(set.connections.clone(), "connection", &mut warnings);
    let institutions: BTreeMap<String, String> = connections
        .into_iter()
        .filter_map(|(_, connection)| {
            let name = connection.name.as_deref().and_then(text::clean_line);
            let name = name.or_else(|| text::clean_line(connection.org_name.as_deref()?))?;
            Some((connection.conn_id.0, name.into()))
        })
        .collect();
    let accounts: Vec<Account> = rows::<Account>(set.accounts.clone(), "account", &mut warnings)
        .into_iter()
        .map(|(_, account)| account)
        .collect();
    let of_account = |account: &Account| -> Option<String> {
        let linked = account.conn_id.as_ref().and_then(|id| institutions.get(&id.0)).cloned();
        linked.or_else(|| {
            let org = account.org.as_ref()?;
            org.name
                .as_deref()
                .and_then(text::clean_line)
                .or_else(|| text::clean_line(org.domain.as_deref()?))
                .map(Into::into)
        })
    };
    let of_accounts: Vec<Option<String>> = accounts.iter().map(of_account).collect();
    let names: Vec<String> = of_accounts.iter().flatten().cloned().collect::<BTreeSet<_>>().into_iter().collect();
    let problems = Problems::read(set, &institutions, &names);
    Taken { accounts, institutions: of_accounts, problems, warnings }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn ninety_days_are_two_windows_without_gap_or_overlap() {
        let all = windows(day("2026-08-23"), day("2026-11-20"));
        assert_eq!(all.len(), 2);
        assert_eq!((all[0].from, all[0].end), (day("2026-10-07"), None));
        assert_eq!((all[1].from, all[1].end), (day("2026-08-23"), Some(day("2026-10-07"))));
        assert_eq!(windows(day("2026-11-20"), day("2026-11-20")).len(), 1);
        assert!(windows_until(day("2026-11-21"), day("2026-11-20")).is_empty());
    }

    #[test]
    fn a_reply_names_the_institution_of_each_account() {
        let taken = take(
            &serde_json::from_value(serde_json::json!({
                "connections": [{"conn_id": "C1", "name": "Harbor Bank"}, {"name": "no id"}],
                "accounts": [{"id": "1", "conn_id": "C1"}, {"id": "2", "org": {"domain": "old.example"}}, {"name": "no id"}],
                "errors": ["Old.example needs you to sign in", "hello"],
            }))
            .unwrap(),
        );
        assert_eq!(taken.institutions, [Some("Harbor Bank".to_owned()), Some("old.example".to_owned())]);
        assert_eq!(taken.warnings.len(), 2);
        assert!(taken.problems.is_partial() && taken.problems.concerns("2", Some("old.example")));
        assert!(!taken.problems.concerns("1", Some("Harbor Bank")));
        assert_eq!(taken.problems.into_pieces().len(), 2);
    }
}
