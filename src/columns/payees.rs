//! Payees numbered in alphabetical order, for sorting and grouping.

use super::{Columns, field::leading_text};

/// Each distinct payee shown, and which one each head has.
#[derive(Debug, Default)]
pub struct Payees {
    /// By head.
    ranks: Box<[u32]>,
    /// By rank: a row that has it.
    examples: Box<[u32]>,
}

impl Payees {
    pub(super) fn new(columns: &Columns) -> Self {
        let count = u32::try_from(columns.head_ends.len()).unwrap_or(u32::MAX);
        let payee = |head: u32| leading_text(columns.head(head));
        let mut sorted: Vec<u32> = (0..count).collect();
        sorted.sort_unstable_by_key(|head| payee(*head));
        let (mut ranks, mut next) = (vec![0; sorted.len()], 0);
        for (place, head) in sorted.iter().enumerate() {
            if place > 0 && payee(*head) != payee(sorted[place - 1]) {
                next += 1;
            }
            ranks[*head as usize] = next;
        }
        let mut examples = vec![u32::MAX; if count == 0 { 0 } else { next as usize + 1 }];
        for (row, head) in (0u32..).zip(&columns.heads_of) {
            let example = &mut examples[ranks[*head as usize] as usize];
            *example = row.min(*example);
        }
        Self { ranks: ranks.into(), examples: examples.into() }
    }

    /// The place of a head's payee among all payees in alphabetical order; that of rows without one comes first.
    #[must_use]
    pub fn rank(&self, head: u32) -> u32 {
        self.ranks.get(head as usize).copied().unwrap_or_default()
    }

    /// How many different ones there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.examples.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.examples.is_empty()
    }

    /// The first row that has the payee of a rank.
    #[must_use]
    pub fn example(&self, rank: u32) -> Option<u32> {
        self.examples.get(rank as usize).copied()
    }
}
