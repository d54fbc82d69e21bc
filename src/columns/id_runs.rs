//! Ids by position, as runs: ids ascend nearly without gaps, so a run replaces eight bytes per row.

/// Ascending ids as runs without gaps.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IdRuns {
    /// First position and first id of each run.
    runs: Vec<(u32, u64)>,
    length: u32,
}

impl IdRuns {
    /// Adds `length` ids from `first`; false if they are not above all others, or too many to number.
    #[must_use]
    pub fn extend(&mut self, first: u64, length: u32) -> bool {
        let (Some(end), Some(_)) = (self.length.checked_add(length), first.checked_add(u64::from(length))) else {
            return false;
        };
        if length == 0 {
            return true;
        }
        match self.next_id() {
            Some(next) if first < next => return false,
            Some(next) if first == next => {}
            Some(_) | None => self.runs.push((self.length, first)),
        }
        self.length = end;
        true
    }

    /// The id after the last one.
    fn next_id(&self) -> Option<u64> {
        self.runs.last().map(|(place, first)| first + u64::from(self.length - place))
    }

    /// The id at a position.
    #[must_use]
    pub fn id(&self, row: u32) -> Option<u64> {
        if row >= self.length {
            return None;
        }
        let run = self.runs.partition_point(|(place, _)| *place <= row).checked_sub(1)?;
        let (place, first) = self.runs[run];
        Some(first + u64::from(row - place))
    }

    /// The position of an id.
    #[must_use]
    pub fn row(&self, id: u64) -> Option<u32> {
        let run = self.runs.partition_point(|(_, first)| *first <= id).checked_sub(1)?;
        let (place, first) = self.runs[run];
        let end = self.runs.get(run + 1).map_or(self.length, |(place, _)| *place);
        let row = u32::try_from(id - first).ok()?.checked_add(place)?;
        (row < end).then_some(row)
    }
}
