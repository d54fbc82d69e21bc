//! The distinct payees of a chunk, found by hash.

use std::hash::{BuildHasher as _, Hasher as _};

use foldhash::fast::FixedState;

/// Slots probed for one payee.
const PROBES: usize = 4;

/// Maximum number of slots: a megabyte, which fits the CPU caches. Beyond it a text may be stored twice, which only costs
/// space.
const MOST_SLOTS: usize = 1 << 16;

/// A candidate for a text, with its bounds, so that a lookup touches only the slot and the text.
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    /// The upper half of the hash.
    tag: u32,
    /// The position plus one; zero means free.
    number: u32,
    start: u32,
    end: u32,
}

/// Distinct texts, numbered in order of appearance. Faster than a hash map of boxed texts, which misses the cache on most of
/// a million lookups.
#[derive(Debug, Default)]
pub(super) struct Heads {
    pub(super) bytes: Vec<u8>,
    pub(super) ends: Vec<u32>,
    slots: Vec<Slot>,
}

impl Heads {
    pub(super) fn get(&self, place: u32) -> &[u8] {
        super::span(&self.bytes, &self.ends, place)
    }

    /// The position of a text, which is added if it is new. `None` if there are more texts than a u32 can number.
    pub(super) fn intern(&mut self, text: &[u8]) -> Option<u32> {
        if self.slots.len() < MOST_SLOTS && self.ends.len() * 2 >= self.slots.len() {
            self.grow();
        }
        let hash = hash(text);
        let mut free = hash;
        for near in (hash..).take(PROBES) {
            let slot = self.slots[index(near, self.slots.len())];
            if slot.number == 0 {
                free = near;
                break;
            }
            if slot.tag == tag(hash) && self.bytes[slot.start as usize..slot.end as usize] == *text {
                return Some(slot.number - 1);
            }
        }
        let (place, start) = (u32::try_from(self.ends.len()).ok()?, u32::try_from(self.bytes.len()).ok()?);
        self.bytes.extend_from_slice(text);
        let end = u32::try_from(self.bytes.len()).ok()?;
        self.ends.push(end);
        let free = index(free, self.slots.len());
        self.slots[free] = Slot { tag: tag(hash), number: place + 1, start, end };
        Some(place)
    }

    fn grow(&mut self) {
        let slots = (self.slots.len() * 4).max(256);
        self.slots = vec![Slot::default(); slots];
        let mut start = 0;
        for (number, end) in (1..).zip(&self.ends) {
            let hash = hash(&self.bytes[start as usize..*end as usize]);
            let is_free = |near: &u64| self.slots[index(*near, slots)].number == 0;
            let free = (hash..).take(PROBES).find(is_free).unwrap_or(hash);
            self.slots[index(free, slots)] = Slot { tag: tag(hash), number, start, end: *end };
            start = *end;
        }
    }
}

fn hash(text: &[u8]) -> u64 {
    let mut hasher = FixedState::default().build_hasher();
    hasher.write(text);
    hasher.finish()
}

#[expect(clippy::cast_possible_truncation, reason = "slots are chosen by the low bits")]
const fn index(hash: u64, slots: usize) -> usize {
    hash as usize & (slots - 1)
}

const fn tag(hash: u64) -> u32 {
    (hash >> 32) as u32
}
