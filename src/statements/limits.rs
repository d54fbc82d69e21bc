//! How much of a file is accepted.

use super::StatementError;

/// Bounds beyond which a file is refused as hostile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file, and of one document inside it.
    pub bytes: u64,
    /// Bytes that an archive may unpack to, all files together.
    pub unpacked_bytes: u64,
    /// Times its own size that an archive may unpack to; small archives may always unpack to 1 MiB.
    pub unpacked_ratio: u64,
    /// Elements open at once.
    pub depth: usize,
    /// Transactions in the file.
    pub rows: usize,
    /// Warnings kept; further ones are counted in a last one.
    pub warnings: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 2 << 30,
            unpacked_bytes: 200_000_000,
            unpacked_ratio: 100,
            depth: 200,
            rows: 20_000_000,
            warnings: 1_000,
        }
    }
}

impl Limits {
    /// Refuses more than [`Limits::bytes`].
    pub(super) fn check_bytes(&self, size: u64) -> Result<(), StatementError> {
        if size <= self.bytes {
            return Ok(());
        }
        Err(StatementError::TooLarge { what: format!("{size} bytes"), limit: self.bytes, setting: "bytes" })
    }
}
