//! The vault's file: what must be known before there is a key. 41 or 117 bytes, authenticated as a whole.

use super::seal::{KEY, NONCE, SealKey, TAG};
use crate::ports::VaultChoice;

const MAGIC: &[u8; 8] = b"DASHTAMV";
const VERSION: u8 = 1;
const KEYRING: u8 = 1;
const PASSPHRASE: u8 = 2;

/// Bytes of a vault's random name.
pub(super) const ID: usize = 16;
/// Bytes of the mark by which a key from the keyring is recognised.
pub(super) const CHECK: usize = 32;
/// Bytes of the salt.
pub(super) const SALT: usize = 16;
/// Bytes of the wrapped key.
pub(super) const WRAPPED: usize = NONCE + KEY + TAG;

/// How a vault keeps its key.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum VaultHeader {
    /// In the keyring, under the id.
    Keyring {
        /// The vault's name, random.
        id: [u8; ID],
        /// Keyed digest of all that precedes it.
        check: [u8; CHECK],
    },
    /// Here, wrapped with a key that is derived from a passphrase.
    Passphrase {
        /// The cost of the derivation.
        cost: Cost,
        /// Its salt.
        salt: [u8; SALT],
        /// The key, sealed; all that precedes it is bound to it.
        wrapped: [u8; WRAPPED],
    },
}

/// Cost of deriving a key from a passphrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cost {
    /// Memory in KiB.
    pub memory: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Cost {
    /// Cost for new vaults: the second recommendation of RFC 9106, in one lane, since lanes are worked on one
    /// after the other here and would slow only us.
    pub(super) const STANDARD: Self = Self { memory: 64 * 1024, passes: 3, lanes: 1 };

    /// Whether a file may request this cost. Checked first: a planted header must not exhaust the machine.
    pub(super) fn is_bearable(self) -> bool {
        (1..=8).contains(&self.lanes)
            && (1..=10).contains(&self.passes)
            && self.memory >= 8 * self.lanes
            && self.memory <= 256 * 1024
    }
}

impl VaultHeader {
    /// Where the key is kept.
    pub(super) const fn kind(&self) -> VaultChoice {
        match self {
            Self::Keyring { .. } => VaultChoice::Keyring,
            Self::Passphrase { .. } => VaultChoice::Passphrase,
        }
    }

    /// As written to disk.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Keyring { id, check } => [keyring_prefix(id).as_slice(), check].concat(),
            Self::Passphrase { cost, salt, wrapped } => [passphrase_prefix(*cost, salt).as_slice(), wrapped].concat(),
        }
    }

    /// `None` for anything that was not written by [`VaultHeader::to_bytes`], or asks for too much.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(MAGIC)?.strip_prefix(&[VERSION])?;
        let (kind, rest) = rest.split_first()?;
        match *kind {
            KEYRING => {
                let (id, check) = rest.split_first_chunk()?;
                Some(Self::Keyring { id: *id, check: check.try_into().ok()? })
            }
            PASSPHRASE => {
                let (memory, rest) = rest.split_first_chunk()?;
                let (passes, rest) = rest.split_first_chunk()?;
                let (lanes, rest) = rest.split_first_chunk()?;
                let (salt, wrapped) = rest.split_first_chunk()?;
                let cost = Cost {
                    memory: u32::from_le_bytes(*memory),
                    passes: u32::from_le_bytes(*passes),
                    lanes: u32::from_le_bytes(*lanes),
                };
                let header = Self::Passphrase { cost, salt: *salt, wrapped: wrapped.try_into().ok()? };
                cost.is_bearable().then_some(header)
            }
            _ => None,
        }
    }
}

/// Bytes covered by the check of a keyring vault.
fn keyring_prefix(id: &[u8; ID]) -> Vec<u8> {
    [MAGIC.as_slice(), &[VERSION, KEYRING], id].concat()
}

/// Associated data of the wrapped key of a passphrase vault.
pub(super) fn passphrase_prefix(cost: Cost, salt: &[u8; SALT]) -> Vec<u8> {
    let mut prefix = [MAGIC.as_slice(), &[VERSION, PASSPHRASE]].concat();
    for number in [cost.memory, cost.passes, cost.lanes] {
        prefix.extend(number.to_le_bytes());
    }
    prefix.extend(salt);
    prefix
}

/// The mark by which the key of a keyring vault is recognised.
pub(super) fn key_check(key: &SealKey, id: &[u8; ID]) -> [u8; CHECK] {
    let mut hasher = blake3::Hasher::new_keyed(key);
    hasher.update(b"dashtam vault check");
    hasher.update(&keyring_prefix(id));
    *hasher.finalize().as_bytes()
}
