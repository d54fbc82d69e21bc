//! Bytes of stored values: numbers and texts, fixed codes, checksums, rows, records and keys.
//!
//! Pure: nothing here reads or writes the database. INVARIANT: bytes written by a released version keep their meaning.

pub(super) mod bytes;
pub(super) mod checksum;
pub(super) mod codes;
pub(super) mod keys;
pub(super) mod record;
pub(super) mod row;
