//! Checksums: every stored value begins with a CRC-32 over its key and its bytes.
//!
//! redb verifies its own checksums only in a full check; ordinary reads would return a flipped bit as
//! an amount. INVARIANT: no value is decoded before its checksum was verified.

use crate::store::error::{Result, StoreError};

/// Size of the checksum in front of a payload, in bytes.
pub(in crate::store) const LEN: usize = 4;

fn checksum(key: &[u8], payload: &[u8]) -> [u8; LEN] {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(key);
    hasher.update(payload);
    hasher.finalize().to_le_bytes()
}

/// Writes the checksum into the first [`LEN`] bytes of `buffer`.
pub(in crate::store) fn fill_in(key: &[u8], buffer: &mut [u8]) {
    if let Some((head, payload)) = buffer.split_at_mut_checked(LEN) {
        head.copy_from_slice(&checksum(key, payload));
    }
}

/// A copy of `payload` with its checksum.
pub(in crate::store) fn add(key: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut buffer = Vec::with_capacity(LEN + payload.len());
    buffer.extend_from_slice(&[0; LEN]);
    buffer.extend_from_slice(payload);
    fill_in(key, &mut buffer);
    buffer
}

/// The payload of a value whose checksum is correct.
pub(in crate::store) fn check<'a>(key: &[u8], value: &'a [u8]) -> Result<&'a [u8]> {
    match value.split_at_checked(LEN) {
        Some((head, payload)) if head == checksum(key, payload) => Ok(payload),
        _ => Err(StoreError::damaged("a value does not match its checksum")),
    }
}

pub(in crate::store) fn add_u64(key: &[u8], value: u64) -> Vec<u8> {
    add(key, &value.to_le_bytes())
}

pub(in crate::store) fn check_u64(key: &[u8], value: &[u8]) -> Result<u64> {
    check(key, value)?
        .try_into()
        .map(u64::from_le_bytes)
        .map_err(|_| StoreError::damaged("a number has the wrong length"))
}

/// Checksum, change and body: the form of everything versioned.
pub(in crate::store) fn add_version(key: &[u8], change: u64, body: &[u8]) -> Vec<u8> {
    let mut buffer = Vec::with_capacity(LEN + 8 + body.len());
    buffer.extend_from_slice(&[0; LEN]);
    buffer.extend_from_slice(&change.to_le_bytes());
    buffer.extend_from_slice(body);
    fill_in(key, &mut buffer);
    buffer
}

pub(in crate::store) fn check_version<'a>(key: &[u8], value: &'a [u8]) -> Result<(u64, &'a [u8])> {
    let (change, body) =
        check(key, value)?.split_first_chunk::<8>().ok_or_else(|| StoreError::damaged("a value is too short"))?;
    Ok((u64::from_le_bytes(*change), body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_flipped_bit_and_a_moved_value_are_noticed() {
        let value = add_version(b"key", 7, b"body");
        assert_eq!(check_version(b"key", &value).unwrap(), (7, b"body".as_slice()));
        assert!(check_version(b"kez", &value).is_err());
        for bit in 0..value.len() * 8 {
            let mut flipped = value.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(check(b"key", &flipped).is_err(), "bit {bit}");
        }
        for length in 0..value.len() {
            assert!(check(b"key", &value[..length]).is_err());
        }
    }
}
