//! The data of one account from a source, and writing it. Shared by imports and syncs.
//!
//! INVARIANT: planning writes nothing; writing a plan is all that either side does to an account.

mod holdings;
pub(super) mod parts;
mod restated;
mod rows;
mod write;

use chrono::NaiveDate;

use super::{
    JobFailure,
    reconcile::{Learned, Outcome},
};
use crate::{
    domain::{
        Account, AccountDraft, AccountId, BalanceDraft, ChangeCounts, Connection, Holding, HoldingDraft, IdTrust, text,
    },
    statements::institution,
    store::{Reader, Writer},
};

pub(super) use restated::Restated;
pub(super) use rows::{DocumentRows, Planned, RowRef, RowsPlan};
pub(super) use write::{PageRows, Writing, write};

/// The data of one account from a source.
pub(super) struct AccountNews<'a> {
    pub(super) draft: &'a AccountDraft,
    /// The source states the currency of the account.
    pub(super) currency_stated: bool,
    /// Its rows, document by document.
    pub(super) pages: Vec<DocumentRows<'a>>,
    /// Provider ids of rows that the provider took back.
    pub(super) removed: &'a [String],
    pub(super) trust: IdTrust,
    /// The kind of the file, as [`crate::domain::Change::format`]; empty for a sync.
    pub(super) format: &'static str,
    /// Its positions, where the source lists them.
    pub(super) holdings: Option<ListedPositions<'a>>,
    /// Balances of earlier days.
    pub(super) history: &'a [BalanceDraft],
    /// Whether the history replaces balances that earlier syncs captured during those days.
    pub(super) replaces_history: bool,
}

/// Positions as a source lists them.
#[derive(Clone, Copy)]
pub(super) struct ListedPositions<'a> {
    pub(super) items: &'a [HoldingDraft],
    /// Whether that is all: only then is a position that is not there sold.
    pub(super) complete: bool,
    /// The day they were true.
    pub(super) as_of: Option<NaiveDate>,
    /// Whether they were fetched now: then they are newer than anything stored, independent of the clock.
    pub(super) is_live: bool,
}

/// The meaning of the data.
pub(super) struct AccountPlan {
    /// The account as it will stand; its id means nothing while `is_new`.
    pub(super) account: Account,
    pub(super) is_new: bool,
    /// Something about the account itself is news.
    pub(super) account_changed: bool,
    pub(super) rows: RowsPlan,
    /// Balances that the store does not know, today's included.
    pub(super) balances: Vec<BalanceDraft>,
    /// The day of the balance that the account was listed with; balances of other days come from its history.
    pub(super) listed_on: Option<NaiveDate>,
    /// Positions that are new or changed.
    pub(super) holdings: Vec<holdings::Changed>,
    /// Stored positions that a complete listing no longer holds.
    pub(super) sold: Vec<Holding>,
    /// Names of the account in its sources that it doesn't have yet.
    pub(super) new_names: Vec<String>,
    /// Rows that other sources of a merged account delivered too.
    pub(super) joins: Vec<parts::Join>,
    /// The stored data whose assumed currency a source states now.
    pub(super) restated: Restated,
}

impl AccountPlan {
    pub(super) fn count(&self, matches: impl Fn(&Outcome) -> bool) -> usize {
        let in_file = if matches(&Outcome::New) { self.rows.in_file } else { 0 };
        self.rows.outcomes().filter(|outcome| matches(outcome)).count() + usize::try_from(in_file).unwrap_or(usize::MAX)
    }

    pub(super) fn known_id(&self) -> Option<AccountId> {
        (!self.is_new).then_some(self.account.id)
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.is_new
            && !self.account_changed
            && self.rows.is_empty()
            && self.balances.is_empty()
            && self.holdings.is_empty()
            && self.sold.is_empty()
            && self.new_names.is_empty()
    }

    /// Adds what it will do to `counts`.
    pub(super) fn add_to(&self, counts: &mut ChangeCounts) {
        *(if self.is_new { &mut counts.accounts_created } else { &mut counts.accounts_updated }) += 1;
        for outcome in self.rows.outcomes() {
            *match outcome {
                Outcome::New => &mut counts.transactions_imported,
                Outcome::Known => &mut counts.transactions_skipped,
                Outcome::Amend(..) => &mut counts.transactions_updated,
                Outcome::Void(_) => &mut counts.transactions_removed,
            } += 1;
        }
        counts.transactions_imported += self.rows.in_file;
        counts.transactions_updated += self.restated.rows.len() as u64;
        counts.transactions_removed += self.rows.vanished.len() as u64;
        counts.holdings += self.holdings.len() as u64;
    }
}

/// The stream under which the record of earlier listings of an account is kept.
fn learned_stream(account: AccountId) -> String {
    format!("learned/{account}")
}

/// The stream of an older version, which kept only the ids that corrections took out of circulation.
fn superseded_stream(account: AccountId) -> String {
    format!("superseded/{account}")
}

/// The stream under which the names of an account in its sources are kept.
fn names_stream(account: AccountId) -> String {
    format!("names/{account}")
}

/// The names under which sources put their rows into the account, beside its own identity.
pub(super) fn source_names(reader: &Reader, account: &Account) -> Result<Vec<String>, JobFailure> {
    if account.id.0 > u64::from(u32::MAX) {
        return Ok(Vec::new());
    }
    let kept = reader.sync_state(account.connection_id, &names_stream(account.id))?;
    Ok(kept.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default())
}

/// The record of earlier listings of an account.
pub(super) fn read_learned(reader: &Reader, account: &Account) -> Result<Learned, JobFailure> {
    if let Some(bytes) = reader.sync_state(account.connection_id, &learned_stream(account.id))? {
        return Ok(Learned::from_json(&bytes));
    }
    let mut learned = Learned::default();
    if let Some(bytes) = reader.sync_state(account.connection_id, &superseded_stream(account.id))? {
        let ids: Vec<crate::domain::Text> = serde_json::from_slice(&bytes).unwrap_or_default();
        learned.take_superseded_ids(ids);
    }
    Ok(learned)
}

/// The record of earlier listings of an account, with what the change under way wrote.
pub(super) fn written_learned(writer: &mut Writer, account: &Account) -> Result<Learned, JobFailure> {
    let bytes = writer.sync_state(account.connection_id, &learned_stream(account.id))?;
    Ok(bytes.map(|bytes| Learned::from_json(&bytes)).unwrap_or_default())
}

/// Keeps the record of earlier listings of an account.
pub(super) fn put_learned(writer: &mut Writer, account: &Account, learned: &Learned) -> Result<(), JobFailure> {
    Ok(writer.put_sync_state(account.connection_id, &learned_stream(account.id), &learned.to_json())?)
}

/// Works out what `news` means for the account it is about. `planned` is what an earlier part of the same work will have
/// written.
pub(super) fn plan(
    reader: &Reader,
    connection: &Connection,
    known: Option<&Account>,
    planned: &Planned,
    news: &AccountNews<'_>,
) -> Result<AccountPlan, JobFailure> {
    let recount = known.and_then(|known| restated::recount(known, news));
    let rows = rows::plan(reader, known, planned, news, recount)?;
    let Some(known) = known else {
        let balances = news.history.iter().copied().chain(news.draft.balance).collect();
        let (holdings, sold) = match news.holdings {
            Some(positions) => holdings::changed(&[], positions),
            None => (Vec::new(), Vec::new()),
        };
        let mut account = new_account(news.draft, connection);
        account.currency_assumed = !news.currency_stated;
        return Ok(AccountPlan {
            account,
            is_new: true,
            account_changed: true,
            rows,
            balances,
            listed_on: news.draft.balance.map(|balance| balance.date),
            holdings,
            sold,
            new_names: vec![],
            joins: Vec::new(),
            restated: Restated::default(),
        });
    };
    let mut account = updated(known, news.draft, connection);
    if news.currency_stated && known.currency_assumed {
        account.currency = news.draft.currency;
        account.currency_assumed = false;
    }
    let restated = match recount {
        Some(recount) => {
            let amended = rows.outcomes().filter_map(|outcome| match outcome {
                Outcome::Amend(id, _) => Some(*id),
                Outcome::New | Outcome::Known | Outcome::Void(_) => None,
            });
            Restated::of(reader, known, recount, &amended.collect())?
        }
        None => Restated::default(),
    };
    let pages: Vec<&[crate::domain::TransactionDraft]> = news.pages.iter().map(|page| page.drafts).collect();
    let joins = parts::joins(reader, known.id, &rows, &pages, &read_learned(reader, known)?)?;
    let (holdings, sold) = match news.holdings {
        Some(positions) => holdings::changed(&reader.holdings_of(known.id)?, positions),
        None => (Vec::new(), Vec::new()),
    };
    Ok(AccountPlan {
        account_changed: account != *known,
        account,
        is_new: false,
        rows,
        balances: unknown_balances(reader, known.id, news)?,
        listed_on: news.draft.balance.map(|balance| balance.date),
        holdings,
        sold,
        new_names: Vec::new(),
        joins,
        restated,
    })
}

/// The stored account with the facts of the source. A statement without a name does not remove one.
fn updated(known: &Account, draft: &AccountDraft, connection: &Connection) -> Account {
    let mut account = known.clone();
    if let Some(name) = &draft.name {
        account.name.clone_from(name);
    }
    if draft.account_type != crate::domain::AccountType::Other {
        account.account_type = draft.account_type;
    }
    if known.institution == institution::UNNAMED && connection.institution != institution::UNNAMED {
        account.institution.clone_from(&connection.institution);
    }
    // The first source that states a number gives it to an account without one, and to the name made for it.
    let has_number = known.number_masked.bytes().any(|byte| byte.is_ascii_digit());
    if !has_number && !draft.number.is_empty() {
        account.number_masked = text::mask_number(&draft.number);
    }
    let default = institution::account_name(Some(&known.institution), known.account_type, "");
    if !has_number && institution::is_made_name(&account.name, &default) {
        let made = institution::account_name(Some(&account.institution), account.account_type, &draft.number);
        // The same name keeps its counter.
        if made != default {
            account.name = made;
        }
    }
    account.is_active = draft.is_active;
    account.missed_listings = 0;
    account
}

fn new_account(draft: &AccountDraft, connection: &Connection) -> Account {
    let number_masked = text::mask_number(&draft.number);
    let name = draft
        .name
        .clone()
        .unwrap_or_else(|| institution::account_name(Some(&connection.institution), draft.account_type, &draft.number));
    Account {
        number_masked,
        name,
        institution: draft.institution.clone().unwrap_or_else(|| connection.institution.clone()),
        account_type: draft.account_type,
        is_active: draft.is_active,
        ..Account::new(AccountId(0), connection.id, draft.provider_account_id.clone(), draft.currency)
    }
}

/// Gives an account without a stated name and number a name that none of `others` has, by a counter.
pub(super) fn tell_apart(account: &mut Account, others: &[&Account]) {
    let made = institution::account_name(Some(&account.institution), account.account_type, "");
    let has_number = account.number_masked.bytes().any(|byte| byte.is_ascii_digit());
    if has_number || !institution::is_made_name(&account.name, &made) {
        return;
    }
    let is_taken = |name: &str| others.iter().any(|other| other.name == name || other.display_name() == name);
    if is_taken(&account.name) {
        account.name = institution::free_name(made, is_taken);
    }
}

/// The balances of which the store does not say the same.
fn unknown_balances(
    reader: &Reader,
    account: AccountId,
    news: &AccountNews<'_>,
) -> Result<Vec<BalanceDraft>, JobFailure> {
    let known = reader.snapshots(account)?;
    let on = |date| known.binary_search_by_key(&date, |snapshot| snapshot.date).ok().map(|index| &known[index]);
    // Older figures fill gaps; they do not replace a figure that was read on the day itself.
    let past = news.history.iter().copied().filter(|balance| {
        on(balance.date).is_none_or(|known| news.replaces_history && known.balance != balance.current)
    });
    let now = news.draft.balance.filter(|balance| {
        on(balance.date).is_none_or(|snapshot| {
            (snapshot.balance, snapshot.available) != (balance.current, balance.available)
                || (snapshot.holdings_value, snapshot.cash_value) != (balance.holdings_value, balance.cash_value)
        })
    });
    Ok(past.chain(now).collect())
}
