//! Sums being added up, by group and unit.

use std::collections::HashMap;

/// Sums by group and unit: a plain table, or a map where that would be mostly empty.
pub(super) enum Parts {
    Dense { units: usize, sums: Vec<(i128, u64)>, rows: Vec<u64> },
    Sparse { units: usize, sums: HashMap<usize, (Vec<(i128, u64)>, u64)> },
}

impl Parts {
    pub(super) fn new(groups: usize, units: usize, rows: usize) -> Self {
        if groups.saturating_mul(units) <= rows.saturating_mul(2).max(100_000) {
            Self::Dense { units, sums: vec![(0, 0); groups * units], rows: vec![0; groups] }
        } else {
            Self::Sparse { units, sums: HashMap::new() }
        }
    }

    #[inline]
    pub(super) fn add(&mut self, group: usize, unit: usize, mantissa: i128, counted: bool) {
        let part = match self {
            Self::Dense { units, sums, rows } => {
                rows[group] += 1;
                &mut sums[group * *units + unit]
            }
            Self::Sparse { units, sums } => {
                let (sums, rows) = sums.entry(group).or_insert_with(|| (vec![(0, 0); *units], 0));
                *rows += 1;
                &mut sums[unit]
            }
        };
        part.0 += if counted { mantissa } else { 0 };
        part.1 += u64::from(counted);
    }

    /// Groups that have rows, by their number.
    pub(super) fn each(self, mut visit: impl FnMut(usize, u64, &[(i128, u64)])) {
        match self {
            Self::Dense { units, sums, rows } => {
                for (group, rows) in rows.into_iter().enumerate().filter(|(_, rows)| *rows > 0) {
                    visit(group, rows, &sums[group * units..(group + 1) * units]);
                }
            }
            Self::Sparse { sums, .. } => {
                let mut sums: Vec<_> = sums.into_iter().collect();
                sums.sort_unstable_by_key(|(group, _)| *group);
                for (group, (sums, rows)) in sums {
                    visit(group, rows, &sums);
                }
            }
        }
    }
}
