//! Payees numbered in alphabetical order, for sorting and grouping.

use super::{Columns, build::QuickMap};

/// Each distinct payee shown, and which one each row has.
#[derive(Debug, Default)]
pub struct Payees {
    ranks: Box<[u32]>,
    /// By rank: the first row that has it.
    examples: Box<[u32]>,
}

impl Payees {
    pub(super) fn new(columns: &Columns) -> Self {
        let rows = u32::try_from(columns.len()).unwrap_or(u32::MAX);
        let mut numbers: QuickMap<&[u8], u32> = QuickMap::default();
        let mut examples = Vec::new();
        let mut ranks = Vec::with_capacity(columns.len());
        for row in 0..rows {
            let number = *numbers.entry(columns.payee_of(row)).or_insert_with(|| {
                examples.push(row);
                u32::try_from(examples.len() - 1).unwrap_or(u32::MAX)
            });
            ranks.push(number);
        }
        let mut sorted: Vec<u32> = (0..u32::try_from(examples.len()).unwrap_or(u32::MAX)).collect();
        sorted.sort_unstable_by_key(|number| columns.payee_of(examples[*number as usize]));
        let mut rank_of = vec![0; sorted.len()];
        for (rank, number) in (0u32..).zip(&sorted) {
            rank_of[*number as usize] = rank;
        }
        ranks.iter_mut().for_each(|rank| *rank = rank_of[*rank as usize]);
        let examples = sorted.iter().map(|number| examples[*number as usize]).collect();
        Self { ranks: ranks.into(), examples }
    }

    /// The place of a row's payee among all payees in alphabetical order; rows without one come first.
    #[must_use]
    pub fn rank(&self, row: usize) -> u32 {
        self.ranks.get(row).copied().unwrap_or_default()
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
