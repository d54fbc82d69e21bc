//! Drafts and stored rows that may be the same, and the evidence of the listing itself.
//!
//! Used after the claims of `identity`, before the balances of `money` have their say. INVARIANT: linear; a draft and a row
//! are in one pair at most.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{
    identity::{Claim, Sides},
    learned::MOVED_DAYS,
    likeness::{Face, Likeness, are_instalments},
};
use crate::domain::{Correction, Text, TransactionStatus};

/// The verdict about a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PairVerdict {
    /// One row.
    Same,
    /// Two rows.
    Two,
    /// Not decided: two rows that are marked.
    Open,
}

/// Why two rows may be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    /// Claimed, with evidence that balances may overrule.
    Claimed,
    /// The same id and text, another day or amount.
    SameId,
    /// The same content under another id.
    Renumbered,
    /// The same day and amount with another text.
    Reworded(Likeness),
    /// The same amount and text on a near day.
    Moved,
}

/// A draft and a stored row that may be the same.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair {
    pub(super) draft: usize,
    pub(super) row: usize,
    pub(super) verdict: PairVerdict,
    /// A later listing of the whole day holds this content once: no balance of an older one makes it two.
    pub(super) is_fixed: bool,
    reason: Reason,
}

impl Pair {
    /// Whether the ids of both sides differ although the whole block was numbered again.
    pub(super) const fn is_renumbered(&self) -> bool {
        matches!(self.reason, Reason::Renumbered)
    }

    /// Whether two rows are the likelier reading as far as balances leave the choice.
    pub(super) const fn leans_to_two(&self) -> bool {
        !matches!(self.verdict, PairVerdict::Same)
    }
}

/// The pairs of a batch with the verdicts that the listing itself allows.
pub(super) struct Pairs {
    pub(super) all: Vec<Pair>,
    /// The listing numbered known rows again.
    pub(super) renumbered: bool,
    /// Whether the listing repeats the known rows of its first day.
    pub(super) first_day: FirstDay,
}

/// The rows of an earlier listing on the first day of one that goes on after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FirstDay {
    /// There are none.
    Unknown,
    /// All are listed again.
    Repeated,
    /// Some are not.
    Cut,
}

impl FirstDay {
    fn of(sides: &Sides<'_>, rest: &Rest, pairs: &[Pair]) -> Self {
        let Some(coverage) = sides.coverage else { return Self::Unknown };
        let first = coverage.first;
        let mut earlier = sides.batch.learned.listings.iter();
        if !earlier.any(|past| past.from < first && first <= past.to && past.to < coverage.reached) {
            return Self::Unknown;
        }
        if rest.rows.iter().any(|row| sides.is_first_day(*row)) {
            return Self::Cut;
        }
        let is_same = |pair: &Pair| pair.verdict == PairVerdict::Same && sides.is_first_day(pair.row);
        let claimed = (0..sides.stored.len()).any(|row| sides.claimed[row].is_some() && sides.is_first_day(row));
        if claimed || pairs.iter().any(is_same) { Self::Repeated } else { Self::Unknown }
    }
}

/// The undecided rest of both sides.
struct Rest {
    drafts: Vec<usize>,
    rows: Vec<usize>,
}

/// Finds the pairs and judges them by the listing.
pub(super) fn pairs(sides: &Sides<'_>) -> Pairs {
    let mut all = Vec::new();
    for (draft, claim) in sides.of_draft.iter().enumerate() {
        if let Claim::Stored { row, is_firm: false } = *claim {
            all.push(Pair { draft, row, verdict: PairVerdict::Same, is_fixed: false, reason: Reason::Claimed });
        }
    }
    let is_settled = |status| status == TransactionStatus::Settled;
    // A row that a correction names is that row, whatever else looks like it.
    let corrected: HashSet<&str> = sides
        .batch
        .drafts
        .iter()
        .filter_map(|draft| match draft.correction.as_deref()? {
            Correction::Replaces(id) | Correction::Deletes(id) => Some(&**id),
        })
        .collect();
    let is_corrected = |row| sides.stored_id(row).is_some_and(|id| corrected.contains(id));
    let mut rest = Rest {
        drafts: (0..sides.drafts.len())
            .filter(|draft| {
                sides.is_open(*draft) && !sides.is_correction(*draft) && is_settled(sides.draft_status(*draft))
            })
            .collect(),
        rows: (0..sides.stored.len())
            .filter(|row| sides.claimed[*row].is_none() && is_settled(sides.stored_status(*row)) && !is_corrected(*row))
            .collect(),
    };
    if rest.drafts.is_empty() || rest.rows.is_empty() || sides.batch.trust == crate::domain::IdTrust::Unique {
        let first_day = FirstDay::of(sides, &rest, &[]);
        return Pairs { all, renumbered: false, first_day };
    }
    let mut found = rest.pair(sides, Face::clone, |_, _| Some(Reason::Renumbered));
    found.extend(rest.pair_same_id(sides));
    for least in [Likeness::Damaged, Likeness::Similar, Likeness::Different] {
        found.extend(rest.pair(
            sides,
            |face| -> (NaiveDate, Decimal) { (face.date, face.amount) },
            |draft, row| {
                let like = sides.likeness(draft, row);
                let is_covered = sides.may_list(row) || like >= Likeness::Similar;
                (like >= least && is_covered && !sides.are_instalments(draft, row)).then_some(Reason::Reworded(like))
            },
        ));
    }
    found.extend(rest.pair(
        sides,
        |face| -> (Decimal, Text) { (face.amount, face.letters.clone()) },
        |draft, row| {
            let near = sides.drafts[draft].days_to(&sides.stored[row]) <= MOVED_DAYS;
            (near && sides.may_list(row)).then_some(Reason::Moved)
        },
    ));
    let renumbered = judge(sides, &rest, &mut found);
    all.extend(found);
    let first_day = FirstDay::of(sides, &rest, &all);
    Pairs { all, renumbered, first_day }
}

impl Rest {
    /// Pairs what has the same key and a reason, the oldest row first, and takes both out of the rest.
    fn pair<K: std::hash::Hash + Eq>(
        &mut self,
        sides: &Sides<'_>,
        key: impl Fn(&Face) -> K,
        reason: impl Fn(usize, usize) -> Option<Reason>,
    ) -> Vec<Pair> {
        /// Rows of one key that are compared with a draft; more of them are alike in everything that is looked at.
        const MOST: usize = 16;
        let mut rows: HashMap<K, Vec<usize>> = HashMap::new();
        for row in self.rows.iter().rev() {
            rows.entry(key(&sides.stored[*row])).or_default().push(*row);
        }
        let mut found = Vec::new();
        let mut paired = HashSet::new();
        self.drafts.retain(|draft| {
            let Some(open) = rows.get_mut(&key(&sides.drafts[*draft])) else { return true };
            let from = open.len().saturating_sub(MOST);
            let hit =
                open[from..].iter().enumerate().rev().find_map(|(place, row)| Some((place, reason(*draft, *row)?)));
            let Some((place, reason)) = hit else { return true };
            let row = open.remove(from + place);
            paired.insert(row);
            found.push(Pair { draft: *draft, row, verdict: PairVerdict::Open, is_fixed: false, reason });
            false
        });
        self.rows.retain(|row| !paired.contains(row));
        found
    }

    fn pair_same_id(&mut self, sides: &Sides<'_>) -> Vec<Pair> {
        let (drafts, rows): (HashSet<usize>, HashSet<usize>) =
            (self.drafts.iter().copied().collect(), self.rows.iter().copied().collect());
        let open = sides.same_id.iter().filter(|(draft, row, _)| drafts.contains(draft) && rows.contains(row));
        let found: Vec<Pair> = open
            .map(|&(draft, row, is_open)| Pair {
                draft,
                row,
                verdict: if is_open { PairVerdict::Open } else { PairVerdict::Two },
                is_fixed: false,
                reason: Reason::SameId,
            })
            .collect();
        let (drafts, rows): (HashSet<usize>, HashSet<usize>) = found.iter().map(|pair| (pair.draft, pair.row)).unzip();
        self.drafts.retain(|draft| !drafts.contains(draft));
        self.rows.retain(|row| !rows.contains(row));
        found
    }
}

/// Judges the pairs by what the listing must hold. Returns whether its rows were numbered again.
fn judge(sides: &Sides<'_>, rest: &Rest, found: &mut [Pair]) -> bool {
    let listed: HashSet<&str> = (0..sides.drafts.len()).filter_map(|draft| sides.draft_id(draft)).collect();
    let (mut kept, mut confirmed) = (0_usize, 0_usize);
    for (row, claim) in sides.claimed.iter().enumerate() {
        let Some(draft) = claim else { continue };
        if !sides.may_list(row) || sides.stored_status(row) != TransactionStatus::Settled {
            continue;
        }
        let same_id = sides.draft_id(*draft).is_some() && sides.draft_id(*draft) == sides.stored_id(row);
        kept += usize::from(same_id);
        confirmed += 1;
    }
    let with_new_ids =
        found.iter().filter(|pair| pair.reason == Reason::Renumbered && sides.may_list(pair.row)).count();
    let known_to_renumber = sides.batch.learned.ids_renumbered && with_new_ids >= 1 && kept == 0;
    let renumbered = (with_new_ids >= 2 && kept * 4 <= with_new_ids) || known_to_renumber;
    // Rows that the listing lacks although it covers their day: then it is not complete, and absence proves nothing.
    let lacking = rest.rows.iter().filter(|row| sides.must_list(**row)).count();
    let is_whole = if renumbered { lacking * 4 <= with_new_ids } else { lacking == 0 && confirmed + with_new_ids >= 2 };
    let all_moved = lacking == 0 && confirmed == 0 && moved_together(sides, found);
    // The days inside a listing are whole: neither this one nor an earlier one may lack a row of them. The first day of a
    // stated period is whole too, unless the source lists only what is new since the last download.
    let first_is_whole = sides.batch.learned.repeats_rows() && rest.rows.iter().all(|row| !sides.is_first_day(*row));
    let unlisted = rest.drafts.iter().any(|draft| sides.batch.learned.holds_whole(sides.drafts[*draft].date));
    let is_inside = |day| sides.coverage.is_some_and(|coverage| coverage.is_inside(day));
    let is_the_one = |pair: &Pair| {
        let is_whole_day = is_inside(sides.stored[pair.row].date) || (first_is_whole && sides.is_first_day(pair.row));
        let may_lack = lacking > 0 || !is_whole_day;
        !may_lack || (!unlisted && sides.batch.learned.holds_whole(sides.drafts[pair.draft].date))
    };
    let as_of = sides.coverage.map(|coverage| coverage.as_of(&sides.batch.listing));
    let is_held = |day| as_of.is_some_and(|as_of| sides.batch.learned.holds_later(day, as_of));
    let slid = |pair: &Pair| sides.stored_id(pair.row).is_some_and(|id| listed.contains(id));
    for pair in found.iter_mut() {
        let must_list = is_whole && sides.must_list(pair.row);
        pair.verdict = match pair.reason {
            Reason::Claimed => PairVerdict::Same,
            Reason::SameId => pair.verdict,
            Reason::Renumbered
                if slid(pair) || (renumbered && sides.may_list(pair.row)) || must_list || is_the_one(pair) =>
            {
                PairVerdict::Same
            }
            Reason::Reworded(Likeness::Damaged) if !sides.have_two_ids(pair) => PairVerdict::Same,
            Reason::Reworded(Likeness::Damaged | Likeness::Similar)
                if must_list || (renumbered && sides.may_list(pair.row)) || is_the_one(pair) =>
            {
                PairVerdict::Same
            }
            Reason::Moved if must_list || all_moved => PairVerdict::Same,
            Reason::Renumbered | Reason::Reworded(_) | Reason::Moved => PairVerdict::Open,
        };
        pair.is_fixed = pair.verdict == PairVerdict::Same
            && pair.reason == Reason::Renumbered
            && is_held(sides.drafts[pair.draft].date);
    }
    renumbered
}

/// Whether every pair moved by one day in the same direction, at least two of them: the source counts days in another zone.
fn moved_together(sides: &Sides<'_>, found: &[Pair]) -> bool {
    let shift =
        |pair: &Pair| sides.drafts[pair.draft].date.signed_duration_since(sides.stored[pair.row].date).num_days();
    let first = found.first().map(shift);
    found.len() >= 2
        && first.is_some_and(|days| days.abs() == 1)
        && found.iter().all(|pair| pair.reason == Reason::Moved && Some(shift(pair)) == first)
}

impl Sides<'_> {
    /// Whether both sides have an id, and not the same.
    fn have_two_ids(&self, pair: &Pair) -> bool {
        let (new, old) = (self.draft_id(pair.draft), self.stored_id(pair.row));
        new.is_some() && old.is_some() && new != old
    }

    /// Whether a settled row is of the first day of the listing.
    fn is_first_day(&self, row: usize) -> bool {
        self.coverage.is_some_and(|coverage| coverage.first == self.stored[row].date)
            && self.stored_status(row) == TransactionStatus::Settled
    }

    fn are_instalments(&self, draft: usize, row: usize) -> bool {
        let (new, old) = (&self.batch.drafts[draft].facts, &self.batch.stored[row].facts);
        self.likeness(draft, row) == Likeness::Different && are_instalments(new.description(), old.description())
    }
}
