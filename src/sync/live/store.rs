//! Writes the chunks of a pass, and its end, into the store.

use std::collections::{BTreeSet, HashSet};

use chrono::NaiveDate;

use super::{
    JobFailure, Live, Occasion, SyncOrder,
    chunk::{AccountPieces, Chunk},
    currencies,
    pass::{Done, delivered, ended_meanwhile},
    state,
};
use crate::{
    domain::{
        Account, AccountDraft, AccountId, ChangeCounts, ChangeKind, Connection, ConnectionStatus, IdTrust,
        SnapshotSource, TransactionDraft, TransactionFacts, TransactionId, TransactionStatus, Warning,
    },
    providers::{LiabilityDraft, Listing, RateDraft},
    store::{Reader, Writer},
    sync::{
        account::{self, AccountNews, AccountPlan, DocumentRows, ListedPositions, PageRows, Writing},
        reconcile,
    },
};

/// The reason for the balances of a sync.
pub(super) const fn snapshot_source(occasion: Occasion) -> SnapshotSource {
    match occasion {
        Occasion::Asked { .. } => SnapshotSource::ManualSync,
        Occasion::Due => SnapshotSource::ScheduledSync,
        Occasion::First => SnapshotSource::InitialConnection,
    }
}

/// One account of a chunk, planned.
struct Planned {
    provider_id: String,
    plan: AccountPlan,
    rows: Vec<TransactionDraft>,
    /// Whether the listing of positions was empty where there were some before; `None` without a listing.
    is_empty_listing: Option<bool>,
    terms: Option<LiabilityDraft>,
    /// Whether the provider stated a balance.
    has_balance: bool,
}

impl Live {
    /// Writes a chunk with its cursor, if anything in it is new.
    pub(super) fn write_chunk(&self, done: &mut Done, chunk: Chunk, order: &SyncOrder) -> Result<(), JobFailure> {
        let reader = self.store.read()?;
        let connection = active(&reader, done)?;
        let stored: Vec<Account> =
            reader.source_accounts()?.into_iter().filter(|account| account.connection_id == connection.id).collect();
        let Chunk { listing, mut accounts, removed, rates, prices, cursor, warnings: _ } = chunk;
        if let Some(listing) = listing {
            note_listing(done, &connection, listing, !stored.is_empty());
            for draft in &done.drafts {
                accounts.entry(draft.provider_account_id.clone()).or_default();
            }
        }
        currencies::split(done, &stored, &mut accounts);
        let mut planned = Vec::with_capacity(accounts.len());
        let today = self.clock.today();
        // In the order of the listing, which is that of new accounts.
        for draft in done.drafts.clone() {
            let provider_id = draft.provider_account_id.clone();
            let Some(mut pieces) = accounts.remove(&provider_id) else { continue };
            pieces.clamp(today);
            let draft = clamped(draft, today);
            pieces.removed.extend(removed.iter().cloned());
            remember_pending(done, &provider_id, &mut pieces);
            let known = stored.iter().find(|account| account.provider_account_id == provider_id);
            planned.push(plan_account(&reader, &connection, known, &draft, pieces, done)?);
        }
        if accounts.keys().any(|id| !connection.excluded_accounts.contains(id)) {
            done.warnings.push(Warning::new(0, "data of an account that is not listed was left out"));
        }
        let future = future_balances(&reader, &planned, today)?;
        let cursor = match cursor {
            Some((key, value)) => {
                let former = state::read_cursor(&reader, connection.id, &key)?;
                (former.as_deref() != Some(value.as_str())).then_some((key, former, value))
            }
            None => None,
        };
        for planned in &planned {
            if let Some(id) = planned.plan.known_id() {
                done.ids.insert(planned.provider_id.clone(), id);
            }
        }
        drop(reader);
        let is_news = cursor.is_some()
            || done.refetched.is_some()
            || !rates.is_empty()
            || !prices.is_empty()
            || !future.is_empty()
            || planned.iter().any(|planned| !planned.plan.is_empty() || planned.is_empty_listing.is_some());
        if !is_news {
            return Ok(());
        }
        let had_ghosts = done.ghosts.len();
        let mut writer = self.continue_change(done, &connection)?;
        let writing =
            Writing { connection: &connection, now: self.clock.now(), source: snapshot_source(order.occasion) };
        if let Some(undone) = done.refetched.take() {
            state::put_refetched(&mut writer, connection.id, &undone)?;
        }
        for (account, day) in future {
            writer.remove_snapshot(account, day)?;
        }
        for planned in planned {
            write_account(&writing, &mut writer, done, planned)?;
        }
        for reply in done.replies.drain(..) {
            writer.put_reply(connection.id, &reply.name, reply.body)?;
        }
        let same_rate = |a: &RateDraft, b: &RateDraft| (a.date, a.from, a.to) == (b.date, b.from, b.to);
        if !rates.is_empty() {
            state::add_facts(&mut writer, connection.id, "rates", rates, same_rate)?;
        }
        if !prices.is_empty() {
            state::add_facts(&mut writer, connection.id, "prices", prices, |a, b| {
                (a.date, &a.symbol, a.currency) == (b.date, &b.symbol, b.currency)
            })?;
        }
        if done.is_read_again && had_ghosts != done.ghosts.len() {
            state::put_ghosts(&mut writer, connection.id, &done.ghosts)?;
        }
        if let Some((key, former, value)) = cursor {
            done.before.entry(key.clone()).or_insert(former);
            state::put_cursor(&mut writer, connection.id, &key, Some(&value))?;
        }
        commit_part(writer, done)
    }

    /// The change of the pass, continued, or a new one.
    fn continue_change(&self, done: &mut Done, connection: &Connection) -> Result<Writer, JobFailure> {
        let now = self.clock.now();
        if let Some(change) = &done.change
            && let Some(writer) = self.store.resume(change.id, now)?
        {
            return Ok(writer);
        }
        done.base = done.counts;
        done.created.clear();
        done.touched.clear();
        Ok(self.store.begin(ChangeKind::Sync, connection.display_name(), now)?)
    }

    /// Returns the cursors to where they were before the pass. Rows that the abandoned reading added stay until the new
    /// reading is complete: those that it does not deliver are removed then.
    pub(super) fn begin_pass_again(&self, done: &mut Done, _order: &SyncOrder) -> Result<(), JobFailure> {
        if done.change.is_none() {
            return Ok(());
        }
        let reader = self.store.read()?;
        let connection = active(&reader, done)?;
        drop(reader);
        done.ghosts.extend(std::mem::take(&mut done.added).into_iter().flatten().map(TransactionId));
        done.pending.clear();
        done.is_read_again = true;
        let mut writer = self.continue_change(done, &connection)?;
        for (key, value) in std::mem::take(&mut done.before) {
            state::put_cursor(&mut writer, connection.id, &key, value.as_deref())?;
        }
        state::put_ghosts(&mut writer, connection.id, &done.ghosts)?;
        commit_part(writer, done)
    }

    /// Removes rows of an abandoned reading that did not come again, and counts accounts that are no longer listed.
    pub(super) fn finish_pass(&self, done: &mut Done, _order: &SyncOrder) -> Result<(), JobFailure> {
        let reader = self.store.read()?;
        let connection = active(&reader, done)?;
        let stored = reader.source_accounts()?.into_iter().filter(|account| account.connection_id == connection.id);
        let missed = missed_accounts(stored, done);
        let ghosts: Vec<_> = done.ghosts.iter().copied().collect();
        let had_ghosts = !ghosts.is_empty() && done.is_read_again;
        drop(reader);
        if missed.is_empty() && !had_ghosts {
            return Ok(());
        }
        let mut writer = self.continue_change(done, &connection)?;
        for account in missed {
            done.touched.insert(account.id);
            writer.put_account(&account)?;
        }
        if had_ghosts {
            for id in ghosts {
                if writer.transaction(id)?.is_some() {
                    writer.remove_transaction(id)?;
                    done.counts.transactions_imported = done.counts.transactions_imported.saturating_sub(1);
                }
            }
            done.ghosts = BTreeSet::new();
            state::put_ghosts(&mut writer, connection.id, &done.ghosts)?;
        }
        commit_part(writer, done)
    }
}

/// The connection of a pass, unless it was ended meanwhile.
fn active(reader: &Reader, done: &Done) -> Result<Connection, JobFailure> {
    reader
        .connection(done.connection)?
        .filter(|connection| connection.status == ConnectionStatus::Active)
        .ok_or_else(ended_meanwhile)
}

/// Commits a part of the pass. Its change has the counts since it began.
fn commit_part(mut writer: Writer, done: &mut Done) -> Result<(), JobFailure> {
    let mut counts = without(done.counts, done.base);
    counts.accounts_created = done.created.len() as u64;
    counts.accounts_updated = done.touched.difference(&done.created).count() as u64;
    let accounts: Vec<_> = done.touched.iter().copied().collect();
    // The connection exists in the change that names it, so later data never loses it.
    let connection = writer.connection(done.connection)?.ok_or_else(ended_meanwhile)?;
    writer.put_connection(&connection)?;
    done.change = Some(writer.commit(counts, accounts, Some(done.connection), done.warnings.clone())?);
    Ok(())
}

/// `all` without the counts of an earlier part.
const fn without(all: ChangeCounts, part: ChangeCounts) -> ChangeCounts {
    ChangeCounts {
        transactions_imported: all.transactions_imported.saturating_sub(part.transactions_imported),
        transactions_updated: all.transactions_updated.saturating_sub(part.transactions_updated),
        transactions_skipped: all.transactions_skipped.saturating_sub(part.transactions_skipped),
        transactions_removed: all.transactions_removed.saturating_sub(part.transactions_removed),
        holdings: all.holdings.saturating_sub(part.holdings),
        ..all
    }
}

/// Takes over the list of accounts, without those that the user does not want.
fn note_listing(done: &mut Done, connection: &Connection, listing: Listing<AccountDraft>, has_accounts: bool) {
    let wanted = |draft: &AccountDraft| !connection.excluded_accounts.contains(&draft.provider_account_id);
    if listing.items.is_empty() && has_accounts {
        let message = "the list of accounts came back empty; the known accounts are kept";
        done.warnings.push(Warning::new(0, message));
    }
    done.is_listed |= listing.complete;
    for draft in listing.items.into_iter().filter(wanted) {
        match done.drafts.iter_mut().find(|known| known.provider_account_id == draft.provider_account_id) {
            Some(known) => *known = draft,
            None => done.drafts.push(draft),
        }
    }
}

/// A draft whose balance is not dated after today: an institution in another time zone, or a clock that is behind.
fn clamped(mut draft: AccountDraft, today: NaiveDate) -> AccountDraft {
    if let Some(balance) = &mut draft.balance {
        balance.date = balance.date.min(today);
    }
    draft
}

/// Balances dated after today, of accounts with a newer reading: captured while the clock was ahead, or in a time zone
/// further east. They would hide every later one.
fn future_balances(
    reader: &Reader,
    planned: &[Planned],
    today: NaiveDate,
) -> Result<Vec<(AccountId, NaiveDate)>, JobFailure> {
    let mut future = Vec::new();
    for id in planned.iter().filter(|planned| planned.has_balance).filter_map(|planned| planned.plan.known_id()) {
        let snapshots = reader.snapshots(id)?;
        future.extend(snapshots.iter().filter(|snapshot| snapshot.date > today).map(|snapshot| (id, snapshot.date)));
    }
    Ok(future)
}

/// Keeps the pending rows of a window until its last page: those of earlier pages did not vanish.
fn remember_pending(done: &mut Done, provider_id: &str, pieces: &mut AccountPieces) {
    if pieces.window.is_some() {
        let earlier = done.pending.remove(provider_id).unwrap_or_default();
        let is_here = |row: &TransactionDraft| {
            row.facts.provider_id.is_some()
                && pieces.rows.iter().any(|here| here.facts.provider_id == row.facts.provider_id)
        };
        let missing: Vec<TransactionDraft> = earlier.into_iter().filter(|row| !is_here(row)).collect();
        pieces.rows.extend(missing);
        return;
    }
    let pending = pieces.rows.iter().filter(|row| row.facts.status == TransactionStatus::Pending);
    done.pending.entry(provider_id.to_owned()).or_default().extend(pending.cloned());
}

/// Provider ids of stored rows of these days that were not delivered.
fn not_delivered(
    reader: &Reader,
    account: AccountId,
    from: NaiveDate,
    pieces: &AccountPieces,
) -> Result<Vec<String>, JobFailure> {
    let delivered: HashSet<&str> = delivered(&pieces.rows);
    let stored = reader.rows_between(account, from, NaiveDate::MAX)?;
    let ids = stored
        .into_iter()
        .filter(|row| row.facts.status != TransactionStatus::Cancelled)
        .filter_map(|row| row.facts.provider_id)
        .filter(|id| !delivered.contains(id.as_str()));
    Ok(ids.map(Into::into).collect())
}

fn plan_account(
    reader: &Reader,
    connection: &Connection,
    known: Option<&Account>,
    draft: &AccountDraft,
    mut pieces: AccountPieces,
    done: &mut Done,
) -> Result<Planned, JobFailure> {
    let provider_id = draft.provider_account_id.clone();
    if let (Some(from), Some(known)) = (pieces.everything_from, known) {
        let withdrawn = not_delivered(reader, known.id, from, &pieces)?;
        pieces.removed.extend(withdrawn);
    }
    let mut is_empty_listing = None;
    let mut holdings = pieces.holdings;
    if let (Some(listing), Some(known)) = (&mut holdings, known) {
        let was_empty = state::was_empty(reader, connection.id, &provider_id)?;
        let has_positions = || reader.holdings_of(known.id).map(|held| held.iter().any(|held| held.is_active));
        if listing.items.is_empty() && listing.complete && !was_empty && has_positions()? {
            // A reply that lost its content looks the same: one more reading must say so.
            listing.complete = false;
            is_empty_listing = Some(true);
            let name = known.display_name();
            let message = format!("{name}: the list of positions came back empty; they are kept until the next sync");
            done.warnings.push(Warning::new(0, message));
        } else if was_empty && (listing.complete || !listing.items.is_empty()) {
            is_empty_listing = Some(false);
        }
    }
    let positions = holdings.as_ref().map(|listing| ListedPositions {
        items: &listing.items,
        // A position that could not be read is not sold.
        complete: listing.complete && listing.warnings.is_empty(),
        as_of: None,
        is_live: true,
    });
    let news = AccountNews {
        draft,
        currency_stated: true,
        pages: vec![DocumentRows {
            in_file: None,
            drafts: &pieces.rows,
            listing: reconcile::ListingFacts {
                complete: pieces.window,
                // A window read completely is a stated period: it distinguishes a renumbered row from a new one.
                period: pieces.window.filter(|_| done.metadata.id_trust == IdTrust::Reusable),
                ..reconcile::ListingFacts::default()
            },
        }],
        removed: &pieces.removed,
        trust: done.metadata.id_trust,
        format: "",
        holdings: positions,
        history: &pieces.history,
        replaces_history: true,
    };
    let plan = account::plan(reader, connection, known, &account::Planned::default(), &news)?;
    Ok(Planned {
        provider_id,
        plan,
        rows: pieces.rows,
        is_empty_listing,
        terms: pieces.terms,
        has_balance: draft.balance.is_some(),
    })
}

fn write_account(
    writing: &Writing<'_>,
    writer: &mut Writer,
    done: &mut Done,
    planned: Planned,
) -> Result<(), JobFailure> {
    let Planned { provider_id, plan, rows, is_empty_listing, terms, has_balance: _ } = planned;
    let connection = writing.connection.id;
    if let Some(is_empty) = is_empty_listing {
        state::put_empty(writer, connection, &provider_id, is_empty)?;
    }
    if let Some(terms) = terms {
        state::put_terms(writer, connection, &provider_id, terms)?;
    }
    if plan.is_empty() && !plan.is_new {
        if done.is_read_again {
            settle_ghosts(writer, done, plan.account.id, &rows)?;
        }
        return Ok(());
    }
    plan.add_to(&mut done.counts);
    let is_new = plan.is_new;
    let written = account::write(writing, writer, plan, vec![PageRows::Read(rows.clone())])?;
    let added = written.added.start.0..written.added.end.0;
    match done.added.last_mut() {
        Some(last) if last.end == added.start => last.end = added.end,
        _ if added.is_empty() => {}
        _ => done.added.push(added),
    }
    done.ids.insert(provider_id, written.id);
    done.touched.insert(written.id);
    if is_new {
        done.created.insert(written.id);
    }
    settle_ghosts(writer, done, written.id, &rows)
}

/// Forgets the rows of an abandoned reading that were delivered again.
fn settle_ghosts(
    writer: &mut Writer,
    done: &mut Done,
    account: AccountId,
    rows: &[TransactionDraft],
) -> Result<(), JobFailure> {
    if done.ghosts.is_empty() {
        return Ok(());
    }
    let ids = delivered(rows);
    let look = |row: &TransactionFacts| (row.date, row.amount, row.description().to_owned());
    let looks: HashSet<_> = rows.iter().map(|row| look(&row.facts)).collect();
    let mut left = BTreeSet::new();
    for id in std::mem::take(&mut done.ghosts) {
        let Some(row) = writer.transaction(id)? else { continue };
        let is_delivered = row.account_id == account
            && row
                .facts
                .provider_id
                .as_deref()
                .map_or_else(|| looks.contains(&look(&row.facts)), |id| ids.contains(id));
        if !is_delivered {
            left.insert(id);
        }
    }
    done.ghosts = left;
    Ok(())
}

/// Stored accounts that a complete and non-empty listing lacks; after two in a row they are inactive.
fn missed_accounts(stored: impl Iterator<Item = Account>, done: &Done) -> Vec<Account> {
    if !done.is_listed || done.drafts.is_empty() {
        return Vec::new();
    }
    let is_listed = |account: &Account| {
        let base = currencies::base_id(&account.provider_account_id);
        done.drafts
            .iter()
            .any(|draft| [base, &account.provider_account_id].contains(&draft.provider_account_id.as_str()))
    };
    let missed = stored.filter(|account| account.is_active && !is_listed(account));
    missed
        .map(|account| {
            let missed_listings = account.missed_listings.saturating_add(1);
            Account { missed_listings, is_active: missed_listings < 2, ..account }
        })
        .collect()
}
