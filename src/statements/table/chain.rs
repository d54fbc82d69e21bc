//! Running balances: whether amounts and balances of consecutive rows add up, and what that proves.
//!
//! Used by the inference. INVARIANT: steps of amount zero count for nothing; a proof needs three steps and two
//! different amounts, so constant columns and counters prove nothing.

use std::collections::HashSet;

use rust_decimal::Decimal;

/// How a balance and the amounts beside it go together, in file order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Pairing {
    /// Whether the amount of the earlier line makes the step, rather than that of the later one.
    pub(super) earlier: bool,
    /// Whether the balance falls by the amount.
    pub(super) falls: bool,
}

/// The order of the lines by their days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Direction {
    OldestFirst,
    NewestFirst,
    Unknown,
}

/// How often the arithmetic agrees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Chain {
    pub(super) agree: usize,
    /// Steps with an amount other than zero.
    pub(super) steps: usize,
    /// Different amounts among the steps that agree, up to a few.
    pub(super) distinct: usize,
}

impl Chain {
    /// Whether every step agrees, there are three at least, and they vary.
    pub(super) const fn is_proof(&self) -> bool {
        self.agree == self.steps && self.steps >= 3 && self.distinct >= 2
    }

    /// Most steps agree, and more than by chance.
    pub(super) const fn is_strong(&self) -> bool {
        self.agree >= 3 && self.agree * 10 >= self.steps * 7 && self.distinct >= 2
    }

    /// All of the one or two steps there are agree.
    pub(super) const fn is_whole(&self) -> bool {
        self.agree == self.steps && self.steps >= 1
    }

    /// For comparing: strong first, then the share of steps.
    pub(super) const fn weight(&self) -> usize {
        if self.steps == 0 {
            return 0;
        }
        let share = 100 * self.agree / self.steps;
        if self.is_proof() {
            10_000 + share
        } else if self.is_strong() {
            5_000 + share
        } else if self.is_whole() {
            2_000 + 100 * self.steps
        } else if self.agree >= 2 {
            share
        } else {
            0
        }
    }
}

pub(super) const PAIRINGS: [Pairing; 4] = [
    Pairing { earlier: false, falls: false },
    Pairing { earlier: true, falls: true },
    Pairing { earlier: false, falls: true },
    Pairing { earlier: true, falls: false },
];

impl Pairing {
    /// The effect of the pairing on lines in that direction: whether the amounts must be turned over, and whether the
    /// balance is the one before the row. The mirror twin of a reading differs by the direction alone; without
    /// one, a balance after the row and amounts as they are win.
    pub(super) const fn meaning(self, direction: Direction) -> (bool, bool) {
        match direction {
            Direction::OldestFirst => (self.falls, self.earlier),
            Direction::NewestFirst => (!self.falls, !self.earlier),
            Direction::Unknown => (self.earlier != self.falls, false),
        }
    }
}

/// Follows the balances of each group of rows. A row without a balance adds to the next step.
pub(super) fn follow(
    amounts: &[Option<Decimal>],
    balances: &[Option<Decimal>],
    groups: &[usize],
    pairing: Pairing,
) -> Chain {
    let count = groups.iter().max().map_or(0, |most| most + 1);
    let mut last: Vec<Option<Decimal>> = vec![None; count];
    let mut sum: Vec<Decimal> = vec![Decimal::ZERO; count];
    let mut chain = Chain::default();
    let mut seen = HashSet::new();
    for ((amount, balance), group) in amounts.iter().zip(balances).zip(groups) {
        let amount = amount.unwrap_or_default();
        let held = &mut sum[*group];
        if !pairing.earlier {
            *held = held.checked_add(amount).unwrap_or_default();
        }
        if let Some(balance) = balance {
            if let Some(before) = last[*group]
                && !held.is_zero()
            {
                let step = if pairing.falls { -*held } else { *held };
                chain.steps += 1;
                if before.checked_add(step) == Some(*balance) {
                    chain.agree += 1;
                    if seen.len() < 8 {
                        seen.insert(held.abs().normalize());
                    }
                }
            }
            last[*group] = Some(*balance);
            *held = Decimal::ZERO;
        }
        if pairing.earlier {
            let held = &mut sum[*group];
            *held = held.checked_add(amount).unwrap_or_default();
        }
    }
    chain.distinct = seen.len();
    chain
}

/// The pairing that agrees most; on a tie the one that is usual.
pub(super) fn best(
    amounts: &[Option<Decimal>],
    balances: &[Option<Decimal>],
    groups: &[usize],
    direction: Direction,
) -> (Pairing, Chain) {
    let mut best = (PAIRINGS[0], Chain::default());
    for pairing in PAIRINGS {
        let chain = follow(amounts, balances, groups, pairing);
        let rank = |pairing: Pairing, chain: &Chain| {
            let (inverted, before) = pairing.meaning(direction);
            (chain.weight(), chain.agree, !inverted, !before)
        };
        if rank(pairing, &chain) > rank(best.0, &best.1) {
            best = (pairing, chain);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(text: &[&str]) -> Vec<Option<Decimal>> {
        text.iter().map(|number| number.parse().ok()).collect()
    }

    #[test]
    fn the_direction_separates_mirror_twins() {
        let amounts = numbers(&["10", "-4", "7.5", "1"]);
        let balances = numbers(&["110", "106", "113.5", "114.5"]);
        let groups = vec![0; 4];
        let (pairing, chain) = best(&amounts, &balances, &groups, Direction::OldestFirst);
        assert!(chain.is_proof());
        assert_eq!(pairing.meaning(Direction::OldestFirst), (false, false));
        // The same lines with falling days: the balance before the row, and amounts turned over.
        let (twin, _) = best(&amounts, &balances, &groups, Direction::NewestFirst);
        assert_eq!((twin, twin.meaning(Direction::NewestFirst)), (pairing, (true, true)));
    }

    #[test]
    fn newest_first_and_balances_before_the_row() {
        let groups = vec![0; 4];
        let newest = best(
            &numbers(&["1", "7.5", "-4", "10"]),
            &numbers(&["114.5", "113.5", "106", "110"]),
            &groups,
            Direction::NewestFirst,
        );
        assert!(newest.1.is_proof());
        assert_eq!(newest.0.meaning(Direction::NewestFirst), (false, false));
        let before = best(
            &numbers(&["10", "-4", "7.5", "1"]),
            &numbers(&["100", "110", "106", "113.5"]),
            &groups,
            Direction::OldestFirst,
        );
        assert!(before.1.is_proof());
        assert_eq!(before.0.meaning(Direction::OldestFirst), (false, true));
    }

    #[test]
    fn constants_and_counters_prove_nothing() {
        let groups = vec![0; 6];
        let counter = numbers(&["10", "9", "8", "7", "6", "5"]);
        let ones = numbers(&["1", "1", "1", "1", "1", "1"]);
        assert!(!best(&ones, &counter, &groups, Direction::Unknown).1.is_proof());
        let zeros = numbers(&["0", "0", "0", "0", "0", "0"]);
        assert_eq!(best(&zeros, &ones, &groups, Direction::Unknown).1.steps, 0);
        let two = best(&numbers(&["1", "2", "3"]), &numbers(&["1", "3", "6"]), &groups[..3], Direction::OldestFirst);
        assert!(two.1.is_whole() && !two.1.is_proof());
    }

    #[test]
    fn a_blank_balance_joins_two_steps_and_groups_stand_apart() {
        let chain = follow(
            &numbers(&["1", "2", "3", "4"]),
            &[Some(1.into()), None, Some(6.into()), Some(10.into())],
            &[0, 0, 0, 0],
            PAIRINGS[0],
        );
        assert_eq!((chain.agree, chain.steps), (2, 2));
        let apart =
            follow(&numbers(&["1", "50", "3", "7"]), &numbers(&["1", "50", "4", "57"]), &[0, 1, 0, 1], PAIRINGS[0]);
        assert_eq!((apart.agree, apart.steps), (2, 2));
    }
}
