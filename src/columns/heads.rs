//! Each distinct payee once, found again by its hash.

use std::hash::Hasher as _;

use super::build::QuickHasher;

/// Slots looked at for one payee.
const PROBES: usize = 4;

/// Slots at most: half a megabyte, which stays in the nearer caches. A text beyond that may be kept twice, which costs
/// room and nothing else.
const MOST_SLOTS: usize = 1 << 16;

/// Texts kept once, numbered in order of appearance. Not a hash map of boxed texts: a million look-ups must not wait for
/// memory.
#[derive(Debug, Default)]
pub(super) struct Heads {
    pub(super) bytes: Vec<u8>,
    pub(super) ends: Vec<u32>,
    /// The upper half of the hash and the place plus one; zero is free.
    slots: Vec<u64>,
}

impl Heads {
    pub(super) fn get(&self, place: u32) -> &[u8] {
        super::span(&self.bytes, &self.ends, place)
    }

    /// The place of a text; adds it when it is new. `None` when there are more texts than can be numbered.
    pub(super) fn intern(&mut self, text: &[u8]) -> Option<u32> {
        if self.slots.len() < MOST_SLOTS && self.ends.len() * 2 >= self.slots.len() {
            self.grow();
        }
        let hash = hash(text);
        let mut free = hash;
        for slot in (hash..).take(PROBES) {
            match self.slot(slot) {
                0 => {
                    free = slot;
                    break;
                }
                entry if entry >> 32 == hash >> 32 && self.get(place(entry)) == text => return Some(place(entry)),
                _ => {}
            }
        }
        let place = u32::try_from(self.ends.len()).ok()?;
        self.bytes.extend_from_slice(text);
        self.ends.push(u32::try_from(self.bytes.len()).ok()?);
        self.set_slot(free, entry(hash, place));
        Some(place)
    }

    fn slot(&self, hash: u64) -> u64 {
        self.slots[index(hash, self.slots.len())]
    }

    fn set_slot(&mut self, hash: u64, entry: u64) {
        let index = index(hash, self.slots.len());
        self.slots[index] = entry;
    }

    fn grow(&mut self) {
        self.slots = vec![0; (self.slots.len() * 4).max(256)];
        for place in 0..u32::try_from(self.ends.len()).unwrap_or(u32::MAX) {
            let hash = hash(self.get(place));
            let free = (hash..).take(PROBES).find(|slot| self.slot(*slot) == 0).unwrap_or(hash);
            self.set_slot(free, entry(hash, place));
        }
    }
}

fn hash(text: &[u8]) -> u64 {
    let mut hasher = QuickHasher::default();
    hasher.write(text);
    hasher.finish()
}

#[expect(clippy::cast_possible_truncation, reason = "slots are chosen by the low bits")]
const fn index(hash: u64, slots: usize) -> usize {
    hash as usize & (slots - 1)
}

const fn entry(hash: u64, place: u32) -> u64 {
    hash >> 32 << 32 | (place as u64 + 1)
}

#[expect(clippy::cast_possible_truncation, reason = "the lower half is the place plus one")]
const fn place(entry: u64) -> u32 {
    (entry as u32).wrapping_sub(1)
}
