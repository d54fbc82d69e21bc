//! Numbers and texts in a blob.

use super::ColumnsError;

/// Appends a number as a varint: seven bits per byte, lowest first.
pub(super) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

/// The same for numbers of more than 64 bits.
pub(super) fn put_wide_varint(out: &mut Vec<u8>, mut value: u128) {
    while value >> 64 != 0 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    #[expect(clippy::cast_possible_truncation, reason = "the loop leaves 64 bits")]
    put_varint(out, value as u64);
}

/// Appends a text, preceded by its length.
pub(super) fn put_text(out: &mut Vec<u8>, text: &[u8]) {
    put_varint(out, text.len() as u64);
    out.extend_from_slice(text);
}

/// Zigzag encoding: small magnitudes of either sign become small numbers.
pub(super) const fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

pub(super) const fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -((value & 1).cast_signed())
}

pub(super) const fn wide_zigzag(value: i128) -> u128 {
    ((value << 1) ^ (value >> 127)).cast_unsigned()
}

pub(super) const fn wide_unzigzag(value: u128) -> i128 {
    (value >> 1).cast_signed() ^ -((value & 1).cast_signed())
}

/// The unread rest of a blob.
#[derive(Debug, Clone, Copy)]
pub(super) struct BlobReader<'a>(pub(super) &'a [u8]);

impl<'a> BlobReader<'a> {
    pub(super) fn take(&mut self, length: usize, what: &'static str) -> Result<&'a [u8], ColumnsError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(ColumnsError::Damaged { what })?;
        self.0 = rest;
        Ok(taken)
    }

    /// A number of at most 64 bits. Most are below 128: one byte, one comparison.
    #[inline]
    pub(super) fn varint(&mut self, what: &'static str) -> Result<u64, ColumnsError> {
        match self.0.split_first() {
            Some((&byte, rest)) if byte < 0x80 => {
                self.0 = rest;
                Ok(u64::from(byte))
            }
            _ => self.long_varint(what),
        }
    }

    fn long_varint(&mut self, what: &'static str) -> Result<u64, ColumnsError> {
        let mut value = 0u64;
        for (index, &byte) in self.0.iter().take(10).enumerate() {
            let bits = u64::from(byte & 0x7f);
            if index == 9 && bits > 1 {
                break;
            }
            value |= bits << (7 * index);
            if byte < 0x80 {
                self.0 = &self.0[index + 1..];
                return Ok(value);
            }
        }
        Err(ColumnsError::Damaged { what })
    }

    /// A number of at most 128 bits.
    pub(super) fn wide_varint(&mut self, what: &'static str) -> Result<u128, ColumnsError> {
        let mut value = 0u128;
        for (index, &byte) in self.0.iter().take(19).enumerate() {
            let bits = u128::from(byte & 0x7f);
            if index == 18 && bits > 3 {
                break;
            }
            value |= bits << (7 * index);
            if byte < 0x80 {
                self.0 = &self.0[index + 1..];
                return Ok(value);
            }
        }
        Err(ColumnsError::Damaged { what })
    }

    /// A count of items, each of which takes at least one byte of the rest; at most `most`.
    pub(super) fn count(&mut self, most: usize, what: &'static str) -> Result<usize, ColumnsError> {
        let count = usize::try_from(self.varint(what)?).map_err(|_| ColumnsError::Damaged { what })?;
        if count > most { Err(ColumnsError::Damaged { what }) } else { Ok(count) }
    }

    /// A text preceded by its length.
    pub(super) fn text(&mut self, what: &'static str) -> Result<&'a str, ColumnsError> {
        let length = self.count(self.0.len(), what)?;
        std::str::from_utf8(self.take(length, what)?).map_err(|_| ColumnsError::Damaged { what })
    }
}
