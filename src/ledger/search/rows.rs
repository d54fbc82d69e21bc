//! A set of rows: one bit each.

/// Some of the rows of a [`crate::columns::Columns`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowSet {
    words: Vec<u64>,
    length: usize,
}

impl RowSet {
    /// No row of `length`.
    #[must_use]
    pub fn none(length: usize) -> Self {
        Self { words: vec![0; length.div_ceil(64)], length }
    }

    /// Every row of `length`.
    #[must_use]
    pub fn all(length: usize) -> Self {
        let mut rows = Self { words: vec![u64::MAX; length.div_ceil(64)], length };
        rows.trim();
        rows
    }

    /// The rows for which `matches` returns true; called only for rows in `within`.
    pub(in crate::ledger) fn matching(length: usize, within: Option<&Self>, matches: impl Fn(usize) -> bool) -> Self {
        let mut rows = Self::none(length);
        for (index, word) in rows.words.iter_mut().enumerate() {
            let (first, mask) = (index * 64, within.map_or(u64::MAX, |within| within.words[index]));
            if mask.count_ones() < 8 {
                let mut candidates = mask;
                while candidates != 0 {
                    let bit = candidates.trailing_zeros() as usize;
                    candidates &= candidates - 1;
                    *word |= u64::from(matches(first + bit)) << bit;
                }
                continue;
            }
            for bit in 0..(length - first).min(64) {
                *word |= u64::from(matches(first + bit)) << bit;
            }
            *word &= mask;
        }
        rows
    }

    /// Bits beyond the last row stay zero.
    fn trim(&mut self) {
        let spare = self.words.len() * 64 - self.length;
        if let Some(last) = self.words.last_mut() {
            *last &= u64::MAX >> spare;
        }
    }

    /// How many rows there are to choose from.
    #[must_use]
    pub const fn universe(&self) -> usize {
        self.length
    }

    /// How many are in the set.
    #[must_use]
    pub fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Whether a row is in the set.
    #[must_use]
    pub fn contains(&self, row: u32) -> bool {
        self.words.get(row as usize / 64).is_some_and(|word| word >> (row % 64) & 1 != 0)
    }

    /// Adds a row; one that does not exist is ignored.
    pub fn insert(&mut self, row: u32) {
        if (row as usize) < self.length {
            self.words[row as usize / 64] |= 1 << (row % 64);
        }
    }

    /// Bits of 64 rows each; those beyond the last row must stay zero.
    pub(super) fn words_mut(&mut self) -> &mut [u64] {
        &mut self.words
    }

    pub(super) fn add_all(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word |= other);
    }

    pub(super) fn keep_all(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= other);
    }

    pub(super) fn remove_all(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= !other);
    }

    /// The rows by ascending place.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        let mut first = 0u32;
        self.words.iter().flat_map(move |&word| {
            let base = first;
            first = first.wrapping_add(64);
            let mut left = word;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros())?;
                left &= left - 1;
                Some(base + bit)
            })
        })
    }

    /// Calls `visit` for each row. Quicker than the iterator: where all of 64 rows are in the set no bit is looked for.
    pub(crate) fn for_each(&self, mut visit: impl FnMut(usize)) {
        for (index, &word) in self.words.iter().enumerate() {
            let first = index * 64;
            if word == u64::MAX {
                (first..first + 64).for_each(&mut visit);
                continue;
            }
            let mut left = word;
            while left != 0 {
                visit(first + left.trailing_zeros() as usize);
                left &= left - 1;
            }
        }
    }

    /// The rows in the order in which `order` names them.
    #[must_use]
    pub fn in_order(&self, order: &[u32]) -> Vec<u32> {
        let count = self.count();
        // Written always, kept only when in the set: no branch to guess wrong (2 ms instead of 7 per million rows).
        let mut rows = vec![0; count + 1];
        let mut length = 0;
        for &row in order {
            rows[length.min(count)] = row;
            length += usize::from(self.contains(row));
        }
        rows.truncate(length.min(count));
        rows
    }
}
