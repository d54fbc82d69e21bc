//! Claims that need no doubt, or hardly any: which stored row a draft is about.
//!
//! Passes, each over what the earlier ones left: the same id and content; a content that is out of circulation; the same id
//! with one thing changed, where the listing covers the old row and its source's ids can be trusted; no id on one side
//! and the same content. INVARIANT: linear in drafts and stored rows, also when all of them share one id; claims are one to
//! one, which is the occurrence number of twins.

use std::collections::{HashMap, HashSet};

use super::{
    batch::{Batch, REACH_DAYS},
    coverage::Coverage,
    learned::{Content, Retired},
    likeness::{Face, Likeness, are_instalments, likeness},
    merge::merge,
};
use crate::domain::{IdTrust, TransactionFacts, TransactionStatus};

/// The known identity of a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Claim {
    /// Not decided.
    Open,
    /// This stored row, by its index in [`Batch::stored`].
    Stored {
        row: usize,
        /// No other evidence can undo it.
        is_firm: bool,
    },
    /// A content that is out of circulation.
    Retired,
}

/// How a draft and a stored row of the same id differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    /// Nothing that counts, or the row was pending.
    Nothing,
    /// Same day and amount, another text.
    Text,
    /// Same text, another day or another amount.
    DayOrAmount,
    /// Nothing in common: the id now belongs to another row.
    Everything,
}

/// Both sides of a batch with the claims made so far.
pub(super) struct Sides<'a> {
    pub(super) batch: &'a Batch<'a>,
    pub(super) drafts: Vec<Face>,
    pub(super) stored: Vec<Face>,
    pub(super) of_draft: Vec<Claim>,
    /// The draft that claims a stored row.
    pub(super) claimed: Vec<Option<usize>>,
    pub(super) coverage: Option<Coverage>,
    /// Corrections whose content a correction took back that came before them.
    pub(super) is_superseded: Vec<bool>,
    /// An id was seen with two contents, in this batch or earlier.
    pub(super) ids_reused: bool,
    /// Drafts and stored rows of one id whose identity must be decided by other evidence; whether it is open.
    pub(super) same_id: Vec<(usize, usize, bool)>,
}

impl<'a> Sides<'a> {
    pub(super) fn of(batch: &'a Batch<'a>) -> Self {
        Self {
            batch,
            drafts: batch.drafts.iter().map(|draft| Face::of(&draft.facts)).collect(),
            stored: batch.stored.iter().map(|row| Face::of(&row.facts)).collect(),
            of_draft: vec![Claim::Open; batch.drafts.len()],
            claimed: vec![None; batch.stored.len()],
            coverage: Coverage::of(batch),
            is_superseded: vec![false; batch.drafts.len()],
            ids_reused: batch.learned.ids_reused,
            same_id: Vec::new(),
        }
    }

    pub(super) fn draft_id(&self, draft: usize) -> Option<&'a str> {
        self.batch.drafts[draft].facts.provider_id.as_deref()
    }

    pub(super) fn stored_id(&self, row: usize) -> Option<&'a str> {
        self.batch.stored[row].facts.provider_id.as_deref()
    }

    pub(super) fn draft_status(&self, draft: usize) -> TransactionStatus {
        self.batch.drafts[draft].facts.status
    }

    pub(super) fn stored_status(&self, row: usize) -> TransactionStatus {
        self.batch.stored[row].facts.status
    }

    pub(super) fn is_open(&self, draft: usize) -> bool {
        self.of_draft[draft] == Claim::Open
    }

    pub(super) fn is_correction(&self, draft: usize) -> bool {
        self.batch.drafts[draft].correction.is_some()
    }

    pub(super) fn take(&mut self, draft: usize, row: usize, is_firm: bool) {
        self.of_draft[draft] = Claim::Stored { row, is_firm };
        self.claimed[row] = Some(draft);
    }

    pub(super) fn likeness(&self, draft: usize, row: usize) -> Likeness {
        likeness(
            (&self.drafts[draft], &self.batch.drafts[draft].facts),
            (&self.stored[row], &self.batch.stored[row].facts),
        )
    }

    /// Whether every row of the stored row's day must be listed by this batch.
    pub(super) fn must_list(&self, row: usize) -> bool {
        self.coverage.is_some_and(|coverage| coverage.holds_whole(self.stored[row].date))
    }

    pub(super) fn may_list(&self, row: usize) -> bool {
        self.coverage.is_some_and(|coverage| coverage.holds(self.stored[row].date))
    }

    /// Whether a file of another format brought the stored row.
    pub(super) fn is_other(&self, row: usize) -> bool {
        self.batch.others.contains(&self.batch.stored[row].id)
    }

    /// Makes every claim of this file.
    pub(super) fn claim(&mut self) {
        self.retire_taken_back();
        if self.batch.stored.is_empty() {
            return;
        }
        self.by_content();
        self.by_earlier_content();
        self.by_id();
        self.by_bare_content();
    }

    /// Drafts whose content a correction took back.
    fn retire_taken_back(&mut self) {
        let taken_back = self.batch.learned.retired.iter().filter(|retired| retired.row.is_none() || retired.is_void);
        let mut exact: HashSet<&Content> = HashSet::new();
        let mut guesses: HashMap<&str, Vec<&Retired>> = HashMap::new();
        for retired in taken_back {
            match (&retired.content.id, retired.is_guess) {
                (Some(id), true) => guesses.entry(id).or_default().push(retired),
                _ => drop(exact.insert(&retired.content)),
            }
        }
        if exact.is_empty() && guesses.is_empty() {
            return;
        }
        for draft in 0..self.drafts.len() {
            let face = &self.drafts[draft];
            let id = self.draft_id(draft);
            let near = |retired: &&&Retired| {
                let content = &retired.content;
                let is_alike = content.amount == face.amount || content.letters == face.letters;
                let most = if is_alike { 2 * REACH_DAYS } else { REACH_DAYS };
                content.date == chrono::NaiveDate::MIN
                    || face.date.signed_duration_since(content.date).num_days().unsigned_abs() <= most
            };
            let guess = id.and_then(|id| guesses.get(id)).and_then(|retired| retired.iter().find(near));
            if self.is_correction(draft) {
                // A correction that was corrected before it came.
                self.is_superseded[draft] = guess.is_some();
                if guess.is_some() {
                    continue;
                }
            }
            let content = Content::with(id.map(Into::into), face);
            if guess.is_some() || exact.contains(&content) {
                self.of_draft[draft] = Claim::Retired;
                // The row that replaced it is listed with it.
                let row = guess.and_then(|guess| guess.by.as_ref()).and_then(|by| {
                    let is_it = |row: &usize| {
                        self.claimed[*row].is_none()
                            && Content::with(self.stored_id(*row).map(Into::into), &self.stored[*row]) == *by
                    };
                    (0..self.stored.len()).find(is_it)
                });
                if let Some(row) = row {
                    self.claimed[row] = Some(draft);
                }
            }
        }
    }

    /// The same id, or none on both sides, and the same day, amount and text. Of several such rows the one that is equal in
    /// all else comes first, then one of which the draft states nothing new, then one of the same status.
    fn by_content(&mut self) {
        type Key<'k> = (Option<&'k str>, &'k Face);
        let stored = std::mem::take(&mut self.stored);
        let drafts = std::mem::take(&mut self.drafts);
        let mut rows: HashMap<Key<'_>, Vec<usize>> = HashMap::with_capacity(stored.len());
        for row in (0..stored.len()).rev() {
            rows.entry((self.stored_id(row), &stored[row])).or_default().push(row);
        }
        for match_by in [TwinMatch::Equal, TwinMatch::NothingNew, TwinMatch::SameStatus, TwinMatch::Any] {
            for (draft, face) in drafts.iter().enumerate() {
                if !self.is_open(draft) {
                    continue;
                }
                let id = self.draft_id(draft);
                let Some(open) = rows.get_mut(&(id, face)) else { continue };
                let is_looked_at = matches!(match_by, TwinMatch::SameStatus | TwinMatch::Any);
                if open.len() == 1 && !is_looked_at {
                    continue;
                }
                // The newest entry is the last, and the last row of a run of equal ones is nearly always the one wanted.
                let from = if is_looked_at { 0 } else { open.len().saturating_sub(MOST_TWINS) };
                let place =
                    open[from..].iter().rposition(|row| self.matches(match_by, draft, *row)).map(|at| from + at);
                if let Some(place) = place {
                    let row = open.remove(place);
                    let is_firm = id.is_some() || self.coverage.is_some_and(|coverage| coverage.is_inside(face.date));
                    self.take(draft, row, is_firm);
                }
            }
        }
        self.stored = stored;
        self.drafts = drafts;
    }

    /// Whether a stored row of the same content is the wanted one of several.
    fn matches(&self, by: TwinMatch, draft: usize, row: usize) -> bool {
        let (known, news) = (self.stored_status(row), self.draft_status(draft));
        match by {
            TwinMatch::Equal => is_equal(&self.batch.stored[row].facts, &self.batch.drafts[draft].facts),
            TwinMatch::NothingNew => {
                let facts = &self.batch.drafts[draft].facts;
                known == news
                    && merge(&self.batch.stored[row].facts, facts, self.batch.trust) == self.batch.stored[row].facts
            }
            TwinMatch::SameStatus => known == news,
            TwinMatch::Any => can_follow(known, news, self.draft_id(draft).is_some()),
        }
    }

    /// Contents that a row had before it got another day, amount or id.
    fn by_earlier_content(&mut self) {
        let renamed = self.batch.learned.retired.iter().filter(|retired| !retired.is_void);
        let mut earlier: HashMap<&Content, Vec<_>> = HashMap::new();
        for retired in renamed {
            if let Some(row) = retired.row {
                earlier.entry(&retired.content).or_default().push(row);
            }
        }
        if earlier.is_empty() {
            return;
        }
        let places: HashMap<_, usize> =
            self.batch.stored.iter().enumerate().map(|(row, known)| (known.id, row)).collect();
        for draft in 0..self.drafts.len() {
            if !self.is_open(draft) {
                continue;
            }
            let content = Content::with(self.draft_id(draft).map(Into::into), &self.drafts[draft]);
            let Some(ids) = earlier.get(&content) else { continue };
            // Where its newer content is listed beside the old one, the two are two rows after all.
            let open = ids.iter().filter_map(|id| places.get(id)).find(|row| self.claimed[**row].is_none());
            if let Some(&row) = open {
                self.of_draft[draft] = Claim::Retired;
                self.claimed[row] = Some(draft);
            }
        }
    }

    /// The same id and not the same content.
    fn by_id(&mut self) {
        let mut rows: HashMap<&str, Vec<usize>> = HashMap::new();
        for row in 0..self.stored.len() {
            if self.claimed[row].is_none()
                && let Some(id) = self.stored_id(row)
            {
                rows.entry(id).or_default().push(row);
            }
        }
        if rows.is_empty() {
            return;
        }
        let mut drafts: HashMap<&str, Vec<usize>> = HashMap::new();
        for draft in 0..self.drafts.len() {
            if self.is_open(draft)
                && !self.is_correction(draft)
                && let Some(id) = self.draft_id(draft)
            {
                drafts.entry(id).or_default().push(draft);
            }
        }
        let mut pairs: Vec<(usize, usize, Change)> = Vec::new();
        let same_content = SameContent::of(self);
        for (id, drafts) in drafts {
            let Some(rows) = rows.get(id) else { continue };
            if self.batch.trust == IdTrust::Unique {
                for (draft, row) in drafts.into_iter().zip(rows) {
                    self.take(draft, *row, true);
                }
                continue;
            }
            let ([draft], [row]) = (drafts.as_slice(), rows.as_slice()) else {
                // Several rows of one id: the id decides nothing, only equal content does.
                self.ids_reused |= rows.len() > 1 || drafts.len() > 1;
                continue;
            };
            let change = match self.change(*draft, *row) {
                Change::Text | Change::DayOrAmount if same_content.is_elsewhere(self, *draft, *row) => {
                    Change::Everything
                }
                change => change,
            };
            self.ids_reused |= change == Change::Everything;
            pairs.push((*draft, *row, change));
        }
        pairs.sort_unstable_by_key(|(draft, ..)| *draft);
        for (draft, row, change) in pairs {
            let is_covered = self.may_list(row);
            match change {
                Change::Nothing => self.take(draft, row, true),
                Change::Everything => {}
                Change::Text | Change::DayOrAmount if is_covered && !self.ids_reused => self.take(draft, row, false),
                Change::Text => self.same_id.push((draft, row, true)),
                // Outside the listed days the old row goes on, and this is another, unless it only moved by a day.
                Change::DayOrAmount => {
                    let (new, old) = (&self.drafts[draft], &self.stored[row]);
                    let has_moved = new.days_to(old) <= 1 && new.amount == old.amount;
                    self.same_id.push((draft, row, is_covered || has_moved));
                }
            }
        }
    }

    fn change(&self, draft: usize, row: usize) -> Change {
        let (new, old) = (&self.drafts[draft], &self.stored[row]);
        if new.days_to(old) > REACH_DAYS {
            return Change::Everything;
        }
        if self.stored_status(row) == TransactionStatus::Pending {
            return Change::Nothing;
        }
        let like = self.likeness(draft, row);
        if self.draft_status(draft) == TransactionStatus::Pending && new.date <= old.date && like >= Likeness::Similar {
            // A list from before the row was posted.
            return Change::Nothing;
        }
        let (same_day, same_amount) = (new.date == old.date, new.amount == old.amount);
        if same_day && same_amount {
            return match like {
                Likeness::Same | Likeness::Damaged | Likeness::Similar => Change::Nothing,
                // Instalments keep id, day and amount; their counter differs.
                Likeness::Different
                    if are_instalments(
                        self.batch.drafts[draft].facts.description(),
                        self.batch.stored[row].facts.description(),
                    ) =>
                {
                    Change::Everything
                }
                Likeness::Digits | Likeness::Different => Change::Text,
            };
        }
        let turned = new.amount.is_sign_negative() != old.amount.is_sign_negative();
        let says_the_same = like >= Likeness::Similar && (same_amount || !new.letters.is_empty());
        let is_change = (says_the_same && !turned) || (same_amount && like >= Likeness::Digits);
        if is_change { Change::DayOrAmount } else { Change::Everything }
    }

    /// No id on one side, and the same content.
    fn by_bare_content(&mut self) {
        let open_drafts = || (0..self.drafts.len()).filter(|draft| self.is_open(*draft) && !self.is_correction(*draft));
        let open_rows = || (0..self.stored.len()).filter(|row| self.claimed[*row].is_none());
        let any = open_drafts().any(|draft| self.draft_id(draft).is_none())
            || open_rows().any(|row| self.stored_id(row).is_none());
        if !any {
            return;
        }
        let mut rows: HashMap<Face, [Vec<usize>; 2]> = HashMap::new();
        for row in open_rows().rev() {
            let with_id = usize::from(self.stored_id(row).is_some());
            rows.entry(self.stored[row].clone()).or_default()[with_id].push(row);
        }
        let drafts: Vec<usize> = open_drafts().collect();
        for draft in drafts {
            let Some([without, with]) = rows.get_mut(&self.drafts[draft]) else { continue };
            let status = self.draft_status(draft);
            let candidates = if self.draft_id(draft).is_some() { without } else { with };
            let place = candidates.iter().rposition(|row| {
                let known = self.stored_status(*row);
                known == status || can_follow(known, status, false)
            });
            if let Some(place) = place {
                let row = candidates.remove(place);
                let is_firm = self.coverage.is_some_and(|coverage| coverage.is_inside(self.stored[row].date));
                self.take(draft, row, is_firm);
            }
        }
    }
}

/// Rows of one content that are compared with a draft in all else; more of them are taken in their order.
const MOST_TWINS: usize = 32;

/// How a draft chooses among rows of its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TwinMatch {
    Equal,
    NothingNew,
    SameStatus,
    Any,
}

/// Whether two rows of the same content are equal in everything that is written beside it. The description is a part of the
/// content, and exports leave it out where it is the payee.
fn is_equal(stored: &TransactionFacts, draft: &TransactionFacts) -> bool {
    (stored.status, stored.kind, stored.instant, stored.settlement_date)
        == (draft.status, draft.kind, draft.instant, draft.settlement_date)
        && (&stored.payee, &stored.memo, &stored.reference, &stored.raw_type)
            == (&draft.payee, &draft.memo, &draft.reference, &draft.raw_type)
        && stored.security == draft.security
        && stored.foreign == draft.foreign
}

/// Contents of the open drafts and rows.
struct SameContent {
    drafts: HashSet<Face>,
    rows: HashSet<Face>,
}

impl SameContent {
    fn of(sides: &Sides<'_>) -> Self {
        let drafts = (0..sides.drafts.len()).filter(|draft| sides.is_open(*draft));
        let rows = (0..sides.stored.len()).filter(|row| sides.claimed[*row].is_none());
        Self {
            drafts: drafts.map(|draft| sides.drafts[draft].clone()).collect(),
            rows: rows.map(|row| sides.stored[row].clone()).collect(),
        }
    }

    /// Whether a draft and a row of one id and two contents are listed or stored under other ids too: then the source gave new
    /// ids.
    fn is_elsewhere(&self, sides: &Sides<'_>, draft: usize, row: usize) -> bool {
        self.drafts.contains(&sides.stored[row]) || self.rows.contains(&sides.drafts[draft])
    }
}

/// Whether a row of one status may come back as one of another: a pending one is posted, one that was withdrawn comes after
/// all. A settled row never goes back to pending, so a pending one is only the same when the ids are equal.
const fn can_follow(known: TransactionStatus, news: TransactionStatus, same_id: bool) -> bool {
    use TransactionStatus::{Cancelled, Failed, Pending, Settled};
    match (known, news) {
        (Pending | Cancelled | Failed, _) | (Settled, Cancelled | Failed | Settled) => true,
        (Settled, Pending) => same_id,
    }
}
