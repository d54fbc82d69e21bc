//! The header of a database file: what kind of tags its blocks have, and the wrapped key of a sealed one.
//!
//! ```text
//! 0   magic number (16)          20  id of the file (16), random
//! 16  version, u16 (1)           36  length of the wrapped key, u16; then the key, wrapped by the vault
//! 18  kind of tags, u16          last 4 bytes: CRC-32 of everything before
//! ```
//! Little-endian. The header is stored twice and written once, when the file is created.

use crate::ports::{Entropy, EntropyError};

/// Bytes of one copy of the header.
pub(super) const HEADER_BYTES: usize = 4096;

const MAGIC: &[u8; 16] = b"dashtam\x1adatabase";
const VERSION: u16 = 1;
const CHECKSUMMED: u16 = 1;
const SEALED: u16 = 2;
const FIXED: usize = 38;

/// Random id of a file. Blocks are bound to it.
pub(in crate::store) type FileId = [u8; 16];

/// The header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct BlockHeader {
    pub(in crate::store) file: FileId,
    /// The key of a sealed file, wrapped by the vault; `None` for a checksummed one.
    pub(in crate::store) wrapped_key: Option<Vec<u8>>,
}

/// Result of reading the beginning of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) enum Parsed {
    Header(BlockHeader),
    /// Written by a later version of the program.
    Newer(u16),
    /// Both copies are damaged.
    Damaged,
    /// Another kind of file.
    Foreign,
}

impl BlockHeader {
    /// A header with a random id.
    pub(in crate::store) fn new(wrapped_key: Option<Vec<u8>>, entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        let mut file = FileId::default();
        entropy.fill(&mut file)?;
        Ok(Self { file, wrapped_key })
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let key = self.wrapped_key.as_deref().unwrap_or_default();
        let mut bytes = Vec::with_capacity(HEADER_BYTES);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&if self.wrapped_key.is_some() { SEALED } else { CHECKSUMMED }.to_le_bytes());
        bytes.extend_from_slice(&self.file);
        bytes.extend_from_slice(&u16::try_from(key.len()).unwrap_or(u16::MAX).to_le_bytes());
        bytes.extend_from_slice(key);
        bytes.resize(HEADER_BYTES - 4, 0);
        let crc = crc32fast::hash(&bytes);
        bytes.extend_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// Reads the header from the first bytes of a file, from whichever copy is intact.
    pub(in crate::store) fn parse(bytes: &[u8]) -> Parsed {
        let copies = [bytes.get(..HEADER_BYTES), bytes.get(HEADER_BYTES..2 * HEADER_BYTES)];
        let mut looks_like_ours = false;
        for copy in copies.into_iter().flatten() {
            looks_like_ours |= copy.starts_with(&MAGIC[..8]);
            if let Some(parsed) = Self::parse_copy(copy) {
                return parsed;
            }
        }
        if looks_like_ours || bytes.starts_with(&MAGIC[..8]) { Parsed::Damaged } else { Parsed::Foreign }
    }

    fn parse_copy(copy: &[u8]) -> Option<Parsed> {
        let (body, crc) = copy.split_last_chunk::<4>()?;
        if u32::from_le_bytes(*crc) != crc32fast::hash(body) || !body.starts_with(MAGIC) {
            return None;
        }
        let number = |at: usize| body.get(at..at + 2)?.try_into().ok().map(u16::from_le_bytes);
        let (version, kind, length) = (number(16)?, number(18)?, usize::from(number(36)?));
        if version > VERSION || kind > SEALED {
            return Some(Parsed::Newer(version));
        }
        let file = body.get(20..36)?.try_into().ok()?;
        let wrapped_key = if kind == SEALED { Some(body.get(FIXED..FIXED + length)?.to_vec()) } else { None };
        Some(Parsed::Header(Self { file, wrapped_key }))
    }
}
