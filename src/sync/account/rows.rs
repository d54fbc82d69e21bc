//! The rows of one account from one source: its pages in the order of their periods, each reconciled with what is stored and
//! with what the pages before it bring.
//!
//! INVARIANT: pages of one file end as if they were imported one after another.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;

use super::{AccountNews, read_learned, restated::Recount};
use crate::{
    domain::{
        Account, AccountId, Change, ChangeId, ChangeKind, Correction, FailureKind, IdTrust, PairStanding, RowPair,
        Transaction, TransactionDraft, TransactionFacts, TransactionId, TransactionStatus, UserFields,
    },
    statements::{RowsInFile, known_extension},
    store::Reader,
    sync::{
        JobFailure,
        reconcile::{self, Batch, Content, FirstDayDoubt, Learned, ListingFacts, Outcome, REACH_DAYS},
    },
};

/// Days before the first draft that are loaded.
const PENDING_DAYS: u64 = 75;

/// Ids of rows that are planned and have no id yet count down from here.
const PLANNED_IDS: u64 = u64::MAX;

/// First and last day.
type Days = (NaiveDate, NaiveDate);

/// One document's rows of an account.
pub(in crate::sync) struct DocumentRows<'a> {
    /// In the source's order.
    pub(in crate::sync) drafts: &'a [TransactionDraft],
    /// The rows, where they stay in a large file; then `drafts` is empty and all of them are new.
    pub(in crate::sync) in_file: Option<&'a RowsInFile>,
    /// The statements of the document about them as a whole.
    pub(in crate::sync) listing: ListingFacts,
}

/// The rows of an account that earlier files of the same review will write.
#[derive(Debug, Default)]
pub(in crate::sync) struct Planned {
    /// Rows that will be added.
    pub(in crate::sync) rows: Vec<Transaction>,
    /// Facts that stored rows will have.
    pub(in crate::sync) amended: HashMap<TransactionId, TransactionFacts>,
    /// The format of the file of each of [`Self::rows`].
    formats: HashMap<TransactionId, &'static str>,
    /// The record of listings as it will be.
    pub(in crate::sync) learned: Option<Learned>,
}

/// A row by its id, or by its place in the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sync) enum RowRef {
    /// A stored row.
    Stored(TransactionId),
    /// A row that the plan adds: page and index of its draft.
    New(usize, usize),
}

/// The effect of the pages on the rows of their account.
#[derive(Debug, Default)]
pub(in crate::sync) struct RowsPlan {
    /// For each page one outcome a draft. Stored rows only: what a page means for rows of the pages before it is in
    /// `replaced` or changes their outcome.
    pub(in crate::sync) pages: Vec<Vec<Outcome>>,
    /// New rows that stay in a large file until they are written.
    pub(in crate::sync) in_file: u64,
    /// The pages in the order in which they apply.
    pub(in crate::sync) order: Vec<usize>,
    /// Facts of new rows that a later page brought up to date, by page and index of the draft.
    pub(in crate::sync) replaced: HashMap<(usize, usize), TransactionFacts>,
    /// Pending rows that ended, and rows that the provider took back: void.
    pub(in crate::sync) vanished: Vec<TransactionId>,
    /// New rows, by page and index of the draft, that may be the same as another row.
    pub(in crate::sync) doubts: Vec<((usize, usize), RowRef)>,
    /// Corrections, by page and index of the draft, of rows that are not there yet.
    pub(in crate::sync) early_corrections: Vec<(usize, usize)>,
    /// Earlier doubts that turn out to be one row, with the user's fields that the older row takes over.
    pub(in crate::sync) settled: Vec<(RowPair, Option<UserFields>)>,
    /// The record of listings as it will be.
    pub(in crate::sync) learned: Learned,
    /// The facts of the rows that doubts are about, for messages.
    pub(in crate::sync) doubted: HashMap<TransactionId, TransactionFacts>,
}

impl RowsPlan {
    /// All outcomes, page by page.
    pub(in crate::sync) fn outcomes(&self) -> impl Iterator<Item = &Outcome> {
        self.pages.iter().flatten()
    }

    /// Whether nothing would be written.
    pub(in crate::sync) fn is_empty(&self) -> bool {
        self.in_file == 0
            && self.vanished.is_empty()
            && self.settled.is_empty()
            && self.early_corrections.is_empty()
            && self.outcomes().all(|outcome| *outcome == Outcome::Known)
    }

    /// The rows that later files of the same review are compared with.
    pub(in crate::sync) fn add_to(
        self,
        pages: &[&[TransactionDraft]],
        account: AccountId,
        format: &'static str,
        planned: &mut Planned,
    ) {
        for &page in &self.order {
            for (index, (draft, outcome)) in pages[page].iter().zip(&self.pages[page]).enumerate() {
                match outcome {
                    Outcome::New => {
                        let facts = self.replaced.get(&(page, index)).unwrap_or(&draft.facts).clone();
                        // Half-way down, apart from the ids that planning itself gives.
                        let id = TransactionId(PLANNED_IDS / 2 - planned.rows.len() as u64);
                        planned.formats.insert(id, format);
                        planned.rows.push(Transaction {
                            id,
                            account_id: account,
                            change_id: ChangeId(u64::MAX),
                            facts,
                        });
                    }
                    Outcome::Amend(id, facts) => planned.amend(*id, (**facts).clone()),
                    Outcome::Void(id) => planned.cancel(*id),
                    Outcome::Known => {}
                }
            }
        }
        for id in self.vanished {
            planned.cancel(id);
        }
        planned.learned = Some(self.learned);
    }
}

impl Planned {
    fn amend(&mut self, id: TransactionId, facts: TransactionFacts) {
        match self.row_mut(id) {
            Some(row) => row.facts = facts,
            None => drop(self.amended.insert(id, facts)),
        }
    }

    /// A planned row; ids of planned rows count down from half of all ids.
    fn row_mut(&mut self, id: TransactionId) -> Option<&mut Transaction> {
        let place = (PLANNED_IDS / 2).checked_sub(id.0)?;
        self.rows.get_mut(usize::try_from(place).ok()?)
    }

    fn cancel(&mut self, id: TransactionId) {
        if let Some(row) = self.row_mut(id) {
            row.facts.status = TransactionStatus::Cancelled;
        } else if let Some(facts) = self.amended.get_mut(&id) {
            facts.status = TransactionStatus::Cancelled;
        }
    }
}

/// Works out what the pages of `news` mean.
pub(super) fn plan(
    reader: &Reader,
    known: Option<&Account>,
    planned: &Planned,
    news: &AccountNews<'_>,
    recount: Option<Recount>,
) -> Result<RowsPlan, JobFailure> {
    let learned = match (&planned.learned, known) {
        (Some(learned), _) => learned.clone(),
        (None, Some(account)) => read_learned(reader, account)?,
        (None, None) => Learned::default(),
    };
    let (mut stored, loaded) = match known {
        Some(account) => load(reader, account.id, news, &learned)?,
        None => (Vec::new(), Some((NaiveDate::MIN, NaiveDate::MAX))),
    };
    for row in &mut stored {
        if let Some(facts) = planned.amended.get(&row.id) {
            row.facts = facts.clone();
        }
    }
    stored.extend_from_slice(&planned.rows);
    if let Some((assumed, stated)) = recount {
        for row in stored.iter_mut().filter(|row| row.facts.currency == assumed) {
            row.facts.currency = stated;
        }
    }
    let others = of_other_formats(reader, &stored, planned, news.format)?;
    let mut plan = RowsPlan { learned, order: order(&news.pages), ..RowsPlan::default() };
    plan.pages = news.pages.iter().map(|_| Vec::new()).collect();
    let mut places: HashMap<TransactionId, (usize, usize)> = HashMap::new();
    let last = plan.order.last().copied();
    let mut settled = Vec::new();
    for page in plan.order.clone() {
        let DocumentRows { drafts, in_file, listing } = &news.pages[page];
        if let Some(rows) = in_file {
            if !stored.is_empty() || plan.learned != Learned::default() || news.pages.len() > 1 {
                let message = "rows of a large file can't be compared with rows of its account";
                return Err(JobFailure::new(FailureKind::Store, message).with_hint("import it again"));
            }
            plan.in_file = rows.count;
            reconcile::enter_first(&mut plan.learned, &rows.settled, listing);
            continue;
        }
        let batch = Batch {
            drafts,
            stored: &stored,
            loaded,
            learned: &plan.learned,
            trust: news.trust,
            others: &others,
            listing: *listing,
        };
        let outcome = reconcile::reconcile(&batch);
        let doubted: HashSet<TransactionId> = outcome.doubts.iter().map(|doubt| doubt.row).collect();
        if !doubted.is_empty() {
            let known = stored.iter().filter(|known| doubted.contains(&known.id));
            plan.doubted.extend(known.map(|known| (known.id, known.facts.clone())));
        }
        plan.doubts.extend(outcome.doubts.into_iter().map(|doubt| {
            let place = places.get(&doubt.row).map(|(page, draft)| RowRef::New(*page, *draft));
            ((page, doubt.draft), place.unwrap_or(RowRef::Stored(doubt.row)))
        }));
        plan.early_corrections.extend(outcome.early_corrections.into_iter().map(|draft| (page, draft)));
        plan.learned = outcome.learned;
        plan.pages[page] = outcome.outcomes;
        plan.vanished.extend(outcome.vanished);
        settled.extend(outcome.settled);
        if Some(page) == last && places.is_empty() {
            break;
        }
        follow(&mut plan, page, drafts, &mut stored, &mut places);
    }
    drop_unwritten_doubts(&mut plan);
    plan.settled = settled_pairs(reader, &settled)?;
    if !news.removed.is_empty() {
        withdraw(&mut plan, news, &stored, &places);
    }
    Ok(plan)
}

/// The stored rows that a file of another format brought. Rows of syncs are none.
fn of_other_formats(
    reader: &Reader,
    stored: &[Transaction],
    planned: &Planned,
    format: &'static str,
) -> Result<HashSet<TransactionId>, JobFailure> {
    let mut changes: HashMap<ChangeId, bool> = HashMap::new();
    let mut others = HashSet::new();
    if format.is_empty() {
        return Ok(others);
    }
    let is_other = |known: &str| !known.is_empty() && family(known) != family(format);
    let is_of_other = |change: &Change| match change.kind {
        // Earlier versions kept the name of the file alone.
        ChangeKind::Import if change.format.is_empty() => is_other(known_extension(&change.source).unwrap_or_default()),
        _ => is_other(&change.format),
    };
    for row in stored {
        let is_foreign = match (planned.formats.get(&row.id), changes.get(&row.change_id)) {
            (Some(known), _) => is_other(known),
            (None, Some(known)) => *known,
            (None, None) => {
                let found = reader.change(row.change_id)?.is_some_and(|change| is_of_other(&change));
                changes.insert(row.change_id, found);
                found
            }
        };
        if is_foreign {
            others.insert(row.id);
        }
    }
    Ok(others)
}

/// Formats whose files of one bank have the same ids and texts.
fn family(format: &str) -> &str {
    match format {
        "ofx" | "qfx" | "qbo" | "ofc" => "ofx",
        // `txt` as the end of a name.
        "csv" | "tsv" | "xlsx" | "xls" | "ods" | "txt" => "table",
        "xml" | "052" | "053" | "054" | "c52" | "c53" | "c54" => "camt",
        "sta" | "940" | "942" | "swi" | "pcc" => "mt94",
        _ if format.starts_with("camt") => "camt",
        _ if format.starts_with("mt94") => "mt94",
        other => other,
    }
}

/// Voids the rows that the provider took back, unless the same news list them again.
fn withdraw(
    plan: &mut RowsPlan,
    news: &AccountNews<'_>,
    stored: &[Transaction],
    places: &HashMap<TransactionId, (usize, usize)>,
) {
    let removed: HashSet<&str> = news.removed.iter().map(String::as_str).collect();
    let mut kept: HashSet<TransactionId> = plan.vanished.iter().copied().collect();
    kept.extend(plan.outcomes().filter_map(|outcome| match outcome {
        Outcome::Amend(listed, _) => Some(*listed),
        Outcome::Known | Outcome::New | Outcome::Void(_) => None,
    }));
    let is_removed = |row: &&Transaction| {
        let is_named = row.facts.provider_id.as_deref().is_some_and(|id| removed.contains(id));
        is_named && row.facts.status != TransactionStatus::Cancelled
    };
    let found = stored.iter().filter(is_removed).map(|row| row.id);
    plan.vanished.extend(found.filter(|id| !places.contains_key(id) && kept.insert(*id)));
}

/// The open pairs that are one row, as the habit of the source shows now.
fn settled_pairs(reader: &Reader, settled: &[FirstDayDoubt]) -> Result<Vec<(RowPair, Option<UserFields>)>, JobFailure> {
    let mut found = Vec::new();
    if settled.is_empty() {
        return Ok(found);
    }
    for pair in reader.row_pairs()?.into_iter().filter(|pair| pair.standing == PairStanding::Open) {
        let Some(newer) = reader.source_transaction(pair.newer)? else { continue };
        let content = Content::of(&newer.facts);
        if settled.iter().any(|doubt| doubt.row == pair.older && doubt.content == content) {
            let given = reader.user_fields(pair.newer)?;
            let is_free = reader.user_fields(pair.older)?.is_empty();
            let given = (is_free && !given.is_empty()).then_some(given);
            found.push((RowPair { standing: PairStanding::Same, ..pair }, given));
        }
    }
    Ok(found)
}

/// Pages in the order of their periods.
fn order(pages: &[DocumentRows<'_>]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..pages.len()).collect();
    let key = |page: &DocumentRows<'_>| {
        let days = || page.drafts.iter().map(|draft| draft.facts.date);
        let period = page.listing.period.or_else(|| days().min().zip(days().max()));
        (period, page.listing.closing.map(|(day, _)| day), page.listing.pending_as_of)
    };
    if pages.len() > 1 {
        order.sort_by_key(|page| key(&pages[*page]));
    }
    order
}

/// Applies the outcomes of a page to the rows that the next page is compared with.
fn follow(
    plan: &mut RowsPlan,
    page: usize,
    drafts: &[TransactionDraft],
    stored: &mut Vec<Transaction>,
    places: &mut HashMap<TransactionId, (usize, usize)>,
) {
    let by_id: HashMap<TransactionId, usize> = stored.iter().enumerate().map(|(index, row)| (row.id, index)).collect();
    let mut outcomes = std::mem::take(&mut plan.pages[page]);
    let mut dropped = Vec::new();
    for (index, outcome) in outcomes.iter_mut().enumerate() {
        match outcome {
            Outcome::Known => {}
            Outcome::New => {
                let id = TransactionId(PLANNED_IDS - places.len() as u64);
                places.insert(id, (page, index));
                stored.push(Transaction {
                    id,
                    account_id: AccountId(0),
                    change_id: ChangeId(u64::MAX),
                    facts: drafts[index].facts.clone(),
                });
            }
            Outcome::Amend(id, facts) => {
                if let Some(row) = by_id.get(id).and_then(|row| stored.get_mut(*row)) {
                    row.facts = (**facts).clone();
                }
                if let Some(place) = places.get(id) {
                    plan.replaced.insert(*place, (**facts).clone());
                    *outcome = Outcome::Known;
                }
            }
            Outcome::Void(id) => {
                if let Some(row) = by_id.get(id).and_then(|row| stored.get_mut(*row)) {
                    row.facts.status = TransactionStatus::Cancelled;
                }
                if places.contains_key(id) {
                    dropped.push(*id);
                    *outcome = Outcome::Known;
                }
            }
        }
    }
    plan.pages[page] = outcomes;
    plan.vanished.retain(|id| {
        if let Some(row) = by_id.get(id).and_then(|row| stored.get_mut(*row)) {
            row.facts.status = TransactionStatus::Cancelled;
        }
        let is_planned = places.contains_key(id);
        if is_planned {
            dropped.push(*id);
        }
        !is_planned
    });
    for id in dropped {
        if let Some((page, index)) = places.get(&id) {
            plan.pages[*page][*index] = Outcome::Known;
        }
    }
}

/// Removes doubts about rows that are not written after all.
fn drop_unwritten_doubts(plan: &mut RowsPlan) {
    let is_new = |(page, draft): (usize, usize)| plan.pages[page].get(draft) == Some(&Outcome::New);
    let kept = plan.doubts.iter().filter(|(new, row)| {
        is_new(*new)
            && match row {
                RowRef::Stored(_) => true,
                RowRef::New(page, draft) => is_new((*page, *draft)),
            }
    });
    plan.doubts = kept.copied().collect();
}

/// The stored rows that the drafts could mean: those of its days and around, those that the comparison of balances needs, and
/// those that it names by id. Also the first and last day of which all rows are loaded.
fn load(
    reader: &Reader,
    account: AccountId,
    news: &AccountNews<'_>,
    learned: &Learned,
) -> Result<(Vec<Transaction>, Option<Days>), JobFailure> {
    let mut window: Option<(NaiveDate, NaiveDate)> = None;
    let mut widen = |date: NaiveDate| {
        window = Some(window.map_or((date, date), |(first, last)| (first.min(date), last.max(date))));
    };
    let drafts = || news.pages.iter().flat_map(|page| page.drafts);
    drafts().map(|draft| draft.facts.date).for_each(&mut widen);
    for ListingFacts { period, closing, pending_as_of, complete, .. } in news.pages.iter().map(|page| page.listing) {
        complete.into_iter().flat_map(|(first, last)| [first, last]).for_each(&mut widen);
        closing.into_iter().map(|(day, _)| day).chain(pending_as_of).for_each(&mut widen);
        period.into_iter().map(|(first, _)| first).for_each(&mut widen);
    }
    let mut stored = Vec::new();
    let mut loaded = None;
    if let Some((first, last)) = window {
        let reach = chrono::Days::new(REACH_DAYS);
        // Pending rows that expired meanwhile are further back.
        let mut from = first.checked_sub_days(chrono::Days::new(PENDING_DAYS)).unwrap_or(NaiveDate::MIN);
        let mut to = last.checked_add_days(reach).unwrap_or(NaiveDate::MAX);
        if news.trust == IdTrust::Reusable {
            from = learned.first_needed(first).map_or(from, |day| day.min(from));
            to = learned.last_needed(last).map_or(to, |day| day.max(to));
        }
        loaded = Some((from, to));
        stored = reader.source_rows_between(account, from, to)?;
    }
    let corrected = drafts().filter_map(|draft| match draft.correction.as_deref() {
        Some(Correction::Replaces(id) | Correction::Deletes(id)) => Some(&**id),
        None => None,
    });
    let named = corrected.chain(news.removed.iter().map(String::as_str));
    let trusted = drafts().filter_map(|draft| draft.facts.provider_id.as_deref());
    let named: HashSet<&str> = match news.trust {
        IdTrust::Unique => named.chain(trusted).collect(),
        IdTrust::Reusable => named.collect(),
    };
    let mut present: HashSet<_> = stored.iter().map(|row| row.id).collect();
    for id in &named {
        for row in reader.source_rows_by_id(account, id)? {
            if present.insert(row.id) {
                stored.push(row);
            }
        }
        for row in learned.rows_of_id(id) {
            if present.insert(row)
                && let Some(row) = reader.source_transaction(row)?
            {
                stored.push(row);
            }
        }
    }
    Ok((stored, loaded))
}
