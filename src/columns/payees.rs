//! Payees numbered in alphabetical order, for sorting and grouping.

use super::{Columns, field::leading_text, heads::Heads};

/// Ranks of the shown payees.
#[derive(Debug, Default)]
pub struct Payees {
    /// Rank by head.
    ranks: Box<[u32]>,
    /// By rank: a row with that payee.
    examples: Box<[u32]>,
}

impl Payees {
    pub(super) fn new(columns: &Columns) -> Self {
        let count = u32::try_from(columns.head_ends.len()).unwrap_or(u32::MAX);
        let mut payees = Heads::default();
        let place = |head| payees.intern(leading_text(columns.head(head))).unwrap_or_default();
        let places: Vec<u32> = (0..count).map(place).collect();
        let mut sorted: Vec<u32> = (0..u32::try_from(payees.ends.len()).unwrap_or(u32::MAX)).collect();
        sorted.sort_unstable_by_key(|place| payees.get(*place));
        let (mut ranks, mut next) = (vec![0u32; sorted.len()], 0);
        for (index, place) in sorted.iter().enumerate() {
            if index > 0 && payees.get(*place) != payees.get(sorted[index - 1]) {
                next += 1;
            }
            ranks[*place as usize] = next;
        }
        let ranks: Box<[u32]> = places.into_iter().map(|place| ranks[place as usize]).collect();
        let mut examples = vec![u32::MAX; if count == 0 { 0 } else { next as usize + 1 }];
        for (row, head) in (0u32..).zip(&columns.heads_of) {
            let example = &mut examples[ranks[*head as usize] as usize];
            *example = row.min(*example);
        }
        Self { ranks, examples: examples.into() }
    }

    /// The rank of the payee of a head among all payees in alphabetical order; rows without a payee come first.
    #[must_use]
    pub fn rank(&self, head: u32) -> u32 {
        self.ranks.get(head as usize).copied().unwrap_or_default()
    }

    /// Number of distinct payees.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.examples.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.examples.is_empty()
    }

    /// The first row with the payee of a rank.
    #[must_use]
    pub fn example(&self, rank: u32) -> Option<u32> {
        self.examples.get(rank as usize).copied()
    }
}
