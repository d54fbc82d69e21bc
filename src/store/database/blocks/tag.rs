//! Tags of blocks: a checksum, or authenticated encryption.
//!
//! Checksummed: CRC-32 over everything the tag covers; it detects every change of up to 32 neighbouring bits, and others with
//! a chance of 2^-32 to miss one. Sealed: AES-256-GCM-SIV of the content, which tolerates a repeated nonce; nonces are a random
//! start and a counter. In both forms the associated data is the id of the file, the number of the block and the sequence
//! number.

use std::{
    io,
    sync::atomic::{AtomicU64, Ordering},
};

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, Nonce, UnboundKey};

use zeroize::Zeroizing;

use super::header::FileId;
use crate::ports::Entropy;

/// Bytes of content in a block: the page size of redb.
pub(in crate::store) const BLOCK: usize = 4096;

const SEQUENCE: usize = 8;
const NONCE: usize = 12;
const TAG: usize = 16;

/// Bytes behind the content of a block.
pub(super) const TRAILER: usize = SEQUENCE + NONCE + TAG;

/// Bytes of a key.
pub(in crate::store) const KEY: usize = 32;

/// A verified block.
pub(super) struct SlotContent {
    pub(super) sequence: u64,
    pub(super) content: Vec<u8>,
}

/// The sequence number of a block that is not verified yet.
pub(super) fn sequence(unit: &[u8]) -> u64 {
    unit.get(BLOCK..).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// Computes and verifies the tags of one file.
pub(in crate::store) struct Tagger {
    file: FileId,
    seal: Option<Seal>,
}

struct Seal {
    key: LessSafeKey,
    start: [u8; NONCE],
    next: AtomicU64,
    /// Derived from the key.
    digest_key: Box<Zeroizing<[u8; 32]>>,
}

impl std::fmt::Debug for Tagger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tagger").field("sealed", &self.seal.is_some()).finish_non_exhaustive()
    }
}

impl Tagger {
    /// Tags that are checksums.
    pub(in crate::store) const fn checksummed(file: FileId) -> Self {
        Self { file, seal: None }
    }

    /// Tags of encrypted content.
    pub(in crate::store) fn sealed(file: FileId, key: &[u8; KEY], entropy: &dyn Entropy) -> io::Result<Self> {
        let mut start = [0; NONCE];
        entropy.fill(&mut start).map_err(io::Error::other)?;
        let digest_key = Box::new(Zeroizing::new(blake3::derive_key("dashtam digest of blocks", key)));
        let key =
            UnboundKey::new(&AES_256_GCM_SIV, key).map_err(|_| io::Error::other("the key has the wrong length"))?;
        Ok(Self { file, seal: Some(Seal { key: LessSafeKey::new(key), start, next: AtomicU64::new(0), digest_key }) })
    }

    /// The key of the digest of all blocks: secret in a sealed file.
    pub(super) fn digest_key(&self) -> Zeroizing<[u8; 32]> {
        self.seal.as_ref().map_or_else(
            || Zeroizing::new(blake3::derive_key("dashtam checksummed blocks", &self.file)),
            |seal| (*seal.digest_key).clone(),
        )
    }

    fn associated(&self, number: u64, sequence: u64) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(&self.file);
        bytes[16..24].copy_from_slice(&number.to_le_bytes());
        bytes[24..].copy_from_slice(&sequence.to_le_bytes());
        bytes
    }

    /// Appends the stored form of a block: its content, encrypted if the file is sealed, then the trailer.
    pub(super) fn append(&self, out: &mut Vec<u8>, number: u64, sequence: u64, content: &[u8]) -> io::Result<()> {
        let associated = self.associated(number, sequence);
        let start = out.len();
        out.extend_from_slice(content);
        let (nonce, tag) = match &self.seal {
            None => ([0; NONCE], checksum(&associated, content)),
            Some(seal) => {
                let nonce = seal.nonce();
                let content = out.get_mut(start..).unwrap_or_default();
                let tag = seal
                    .key
                    .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(associated), content)
                    .map_err(|_| io::Error::other("a block could not be encrypted"))?;
                let tag = tag.as_ref().try_into().map_err(|_| io::Error::other("a tag has the wrong length"))?;
                (nonce, tag)
            }
        };
        out.extend_from_slice(&sequence.to_le_bytes());
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&tag);
        Ok(())
    }

    /// The content of a stored block, decrypted in place; `None` if it is not what was written as block `number`.
    pub(super) fn open<'a>(&self, number: u64, unit: &'a mut [u8]) -> Option<&'a [u8]> {
        let (content, trailer) = unit.split_at_mut_checked(BLOCK)?;
        let (sequence, rest) = trailer.split_first_chunk::<SEQUENCE>()?;
        let (nonce, tag) = rest.split_first_chunk::<NONCE>()?;
        let tag: [u8; TAG] = tag.try_into().ok()?;
        let associated = self.associated(number, u64::from_le_bytes(*sequence));
        match &self.seal {
            None => (*nonce == [0; NONCE] && tag == checksum(&associated, content)).then_some(&*content),
            Some(seal) => {
                let nonce = Nonce::assume_unique_for_key(*nonce);
                let whole = seal.key.open_in_place_separate_tag(nonce, Aad::from(associated), &tag, content);
                whole.ok().map(|content| &*content)
            }
        }
    }
}

impl Seal {
    fn nonce(&self) -> [u8; NONCE] {
        let mut nonce = self.start;
        let count = self.next.fetch_add(1, Ordering::Relaxed).to_le_bytes();
        nonce.iter_mut().zip(count).for_each(|(byte, count)| *byte ^= count);
        nonce
    }
}

/// The tag of a checksummed block: a CRC-32, then zeros.
fn checksum(associated: &[u8], content: &[u8]) -> [u8; TAG] {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(associated);
    hasher.update(content);
    let mut tag = [0; TAG];
    tag[..4].copy_from_slice(&hasher.finalize().to_le_bytes());
    tag
}
