//! Rows that moved up or down between two frames: a list that scrolled.
//!
//! Used by the encoder of frames. The terminal moves whole rows by a scroll region, so only what did not move with them is
//! written again. INVARIANT: pure; sequences of the VT100 alone.

use std::fmt::Write as _;

/// The farthest move that is looked for: a turn of the mouse wheel is three rows.
const FARTHEST: usize = 3;
/// Cells that must come to their place for a move to be worth its bytes.
const LEAST: isize = 80;

/// Rows `top..=bottom`, of which all but the first or last `by` rows move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shift {
    top: usize,
    bottom: usize,
    by: usize,
    up: bool,
}

impl Shift {
    /// The move that brings most cells to their place, if one is worth it. Frames are given by row.
    pub(super) fn find<T: PartialEq>(before: &[T], after: &[T], width: usize) -> Option<Self> {
        let rows = |cells: &[T]| cells.len().checked_div(width).unwrap_or(0);
        let height = rows(before).min(rows(after));
        let row = |at: usize| at * width..(at + 1) * width;
        let same = |old: usize, new: usize| {
            let pairs = before[row(old)].iter().zip(&after[row(new)]);
            isize::try_from(pairs.filter(|(old, new)| old == new).count()).unwrap_or(isize::MAX)
        };
        let stay: Vec<isize> = (0..height).map(|at| same(at, at)).collect();
        let mut best = (LEAST, None);
        for (by, up) in (1..=FARTHEST).flat_map(|by| [(by, true), (by, false)]) {
            // The stretch of rows with the largest sum of gains.
            let (mut sum, mut first) = (0, 0);
            for old in 0..height {
                let Some(new) = (if up { old.checked_sub(by) } else { Some(old + by).filter(|new| *new < height) })
                else {
                    first = old + 1;
                    continue;
                };
                if sum <= 0 {
                    (sum, first) = (0, old);
                }
                sum += same(old, new) - stay[new];
                if sum > best.0 {
                    let (top, bottom) = if up { (first - by, old) } else { (first, new) };
                    best = (sum, Some(Self { top, bottom, by, up }));
                }
            }
        }
        best.1
    }

    /// Moves the rows of a frame as the terminal does.
    pub(super) fn apply<T: Clone>(self, cells: &mut [T], width: usize, blank: &T) {
        let region = &mut cells[self.top * width..(self.bottom + 1) * width];
        let moved = self.by * width;
        if self.up {
            region.rotate_left(moved);
            let end = region.len();
            region[end - moved..].fill(blank.clone());
        } else {
            region.rotate_right(moved);
            region[..moved].fill(blank.clone());
        }
    }

    /// Writes the move. The place of the cursor is unknown afterwards, since terminals differ in where the end of a scroll
    /// region leaves it; rows that come in have the background of the
    /// style that is set.
    pub(super) fn write(self, out: &mut String) {
        let (top, bottom) = (self.top + 1, self.bottom + 1);
        let (edge, step) = if self.up { (bottom, "\n") } else { (top, "\u{1b}M") };
        let _ = write!(out, "\u{1b}[{top};{bottom}r\u{1b}[{edge}H{}\u{1b}[r", step.repeat(self.by));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of 100 cells, each with its number.
    fn frame(rows: &[u8]) -> Vec<u8> {
        rows.iter().flat_map(|row| [*row; 100]).collect()
    }

    #[test]
    fn a_scrolled_list_between_rows_that_stay_is_found() {
        let (before, after) = (frame(&[1, 2, 3, 4, 5, 6]), frame(&[1, 3, 4, 5, 9, 6]));
        let shift = Shift::find(&before, &after, 100).unwrap();
        assert_eq!(shift, Shift { top: 1, bottom: 4, by: 1, up: true });
        let mut moved = before;
        shift.apply(&mut moved, 100, &0);
        assert_eq!(moved, frame(&[1, 3, 4, 5, 0, 6]));
        let mut out = String::new();
        shift.write(&mut out);
        assert_eq!(out, "\u{1b}[2;5r\u{1b}[5H\n\u{1b}[r");
    }

    #[test]
    fn a_list_scrolled_back_by_two_is_found() {
        let (before, after) = (frame(&[1, 2, 3, 4, 5, 6]), frame(&[1, 8, 9, 2, 3, 6]));
        let shift = Shift::find(&before, &after, 100).unwrap();
        assert_eq!(shift, Shift { top: 1, bottom: 4, by: 2, up: false });
        let mut moved = before;
        shift.apply(&mut moved, 100, &0);
        assert_eq!(moved, frame(&[1, 0, 0, 2, 3, 6]));
    }

    #[test]
    fn rows_that_stay_or_change_are_no_move() {
        let before = frame(&[1, 2, 3, 4]);
        assert_eq!(Shift::find(&before, &before, 100), None);
        assert_eq!(Shift::find(&before, &frame(&[5, 6, 7, 8]), 100), None);
        assert_eq!(Shift::find::<u8>(&[], &[], 0), None);
    }
}
