//! Layout of the texts of one row in the text buffers: each field is preceded by a mark byte.
//!
//! Marks are control bytes; no field contains one, so a match never spans two fields.

use std::borrow::Cow;

use crate::domain::{TransactionFacts, UserFields, text::fold};

/// Bytes below this are marks; a text contains none of them.
const FIRST_TEXT_BYTE: u8 = 0x20;

const PAYEE: u8 = 1;
const DESCRIPTION: u8 = 2;
const MEMO: u8 = 3;
/// The description, when it is shown in place of a missing payee.
const DESCRIPTION_AS_PAYEE: u8 = 4;
/// The memo, when it is shown in place of a missing payee and description.
const MEMO_AS_PAYEE: u8 = 5;
const TAG: u8 = 6;
const USER_PAYEE: u8 = 7;
const NOTE: u8 = 8;

/// The marks of payees, each of which is stored once.
const HEAD_MARKS: u16 = 1 << PAYEE | 1 << USER_PAYEE | 1 << DESCRIPTION_AS_PAYEE | 1 << MEMO_AS_PAYEE;
const TAIL_MARKS: u16 = 1 << DESCRIPTION | 1 << MEMO | 1 << TAG | 1 << NOTE;

/// A set of text fields to search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fields(u16);

impl Fields {
    /// Every field: searched by a word without a key.
    pub const ANY: Self = Self(u16::MAX);
    /// The payee of the institution or the user, or the text that the list shows in its place.
    pub const PAYEE: Self = Self(HEAD_MARKS);
    /// The institution's memo.
    pub const MEMO: Self = Self(1 << MEMO | 1 << MEMO_AS_PAYEE);
    /// The user's tags.
    pub const TAG: Self = Self(1 << TAG);
    /// The user's note.
    pub const NOTE: Self = Self(1 << NOTE);

    /// Whether all of `other` is in this set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether heads can contain fields of the set.
    #[must_use]
    pub const fn in_heads(self) -> bool {
        self.0 & HEAD_MARKS != 0
    }

    /// Whether tails can contain fields of the set.
    #[must_use]
    pub const fn in_tails(self) -> bool {
        self.0 & TAIL_MARKS != 0
    }

    /// Whether the set has every field that heads can contain.
    #[must_use]
    pub const fn is_all_of_heads(self) -> bool {
        self.0 & HEAD_MARKS == HEAD_MARKS
    }

    /// Whether the set has every field that tails can contain.
    #[must_use]
    pub const fn is_all_of_tails(self) -> bool {
        self.0 & TAIL_MARKS == TAIL_MARKS
    }

    /// Whether the field of a match belongs to the set. `before` is the record up to the match.
    #[must_use]
    pub fn hold(self, before: &[u8]) -> bool {
        let mark = before.iter().rev().find(|byte| **byte < FIRST_TEXT_BYTE);
        mark.is_some_and(|mark| self.has_mark(*mark))
    }

    /// Whether `before` ends with the mark of a field of the set.
    #[must_use]
    pub fn begin_at(self, before: &[u8]) -> bool {
        before.last().is_some_and(|mark| *mark < FIRST_TEXT_BYTE && self.has_mark(*mark))
    }

    /// The marks of the fields of the set.
    pub fn marks(self) -> impl Iterator<Item = u8> {
        (PAYEE..=NOTE).filter(move |mark| self.has_mark(*mark))
    }

    /// The texts of a record that belong to the set.
    pub fn of(self, record: &[u8]) -> impl Iterator<Item = &[u8]> {
        let mut rest = record;
        std::iter::from_fn(move || {
            while let Some((mark, tail)) = rest.split_first() {
                let (text, after) = tail.split_at(text_length(tail));
                rest = after;
                if self.has_mark(*mark) {
                    return Some(text);
                }
            }
            None
        })
    }

    const fn has_mark(self, mark: u8) -> bool {
        mark < 16 && self.0 & (1 << mark) != 0
    }
}

fn text_length(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| *byte < FIRST_TEXT_BYTE).unwrap_or(bytes.len())
}

/// The first text of a head: the payee that the list shows.
pub(super) fn leading_text(head: &[u8]) -> &[u8] {
    head.split_first().map_or(&[], |(_, tail)| &tail[..text_length(tail)])
}

/// A text in the form in which it is stored and searched: folded, control characters replaced by spaces.
#[must_use]
pub fn searchable(text: &str) -> Cow<'_, str> {
    let folded = fold(text);
    if folded.bytes().all(|byte| byte >= FIRST_TEXT_BYTE) {
        return folded;
    }
    Cow::Owned(folded.chars().map(|character| if character < ' ' { ' ' } else { character }).collect())
}

/// Appends [`searchable`]; allocates only for text that is not ASCII, which is rare.
pub(super) fn push_searchable(out: &mut Vec<u8>, text: &str) {
    if text.is_ascii() {
        out.extend(text.bytes().map(|byte| if byte < FIRST_TEXT_BYTE { b' ' } else { byte.to_ascii_lowercase() }));
    } else {
        out.extend_from_slice(searchable(text).as_bytes());
    }
}

/// Writes the payees of a row, the one shown first, and then its other texts; returns where those begin.
pub(super) fn write_record(out: &mut Vec<u8>, facts: &TransactionFacts, user: &UserFields) -> usize {
    let (payee, description, memo) = (facts.payee.as_deref(), facts.description.as_deref(), facts.memo.as_deref());
    put(out, USER_PAYEE, user.payee.as_deref());
    // The text shown in place of a missing payee is not written a second time.
    let (description, memo) = if put(out, PAYEE, payee) {
        (description.filter(|text| Some(*text) != payee), memo)
    } else if put(out, DESCRIPTION_AS_PAYEE, description) {
        (None, memo)
    } else {
        put(out, MEMO_AS_PAYEE, memo);
        (None, None)
    };
    let head = out.len();
    put(out, DESCRIPTION, description);
    put(out, MEMO, memo);
    for tag in &user.tags {
        put(out, TAG, Some(tag));
    }
    put(out, NOTE, user.note.as_deref());
    head
}

/// Writes one field, unless it is empty; returns whether it did.
fn put(out: &mut Vec<u8>, mark: u8, text: Option<&str>) -> bool {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return false };
    out.push(mark);
    let before = out.len();
    push_searchable(out, text);
    if out.len() == before {
        out.pop();
        return false;
    }
    true
}
