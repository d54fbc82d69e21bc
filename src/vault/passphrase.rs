//! Keys from passphrases: Argon2id, and the ways a passphrase comes in.

use std::path::Path;

use argon2::{Algorithm, Argon2, Params, Version};
use secrecy::{ExposeSecret as _, SecretString};
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use crate::{files::Privacy, ports::Entropy};

use super::{
    VaultError, file,
    header::{Cost, SALT, VaultHeader, passphrase_prefix},
    seal::{SealKey, decrypt, encrypt},
};

/// A passphrase, wiped when dropped, never shown.
pub type Passphrase = SecretString;

/// A passphrase file larger than this is the wrong file.
const MOST_BYTES: usize = 4096;

/// Wraps a key with a passphrase.
pub(super) fn wrap(
    key: &SealKey,
    passphrase: &Passphrase,
    cost: Cost,
    entropy: &dyn Entropy,
) -> Result<VaultHeader, VaultError> {
    if passphrase.expose_secret().trim().is_empty() {
        return Err(VaultError::EmptyPassphrase);
    }
    let mut salt = [0; SALT];
    entropy.fill(&mut salt)?;
    let wrapping = derive(passphrase, cost, &salt).ok_or(VaultError::Derivation)?;
    let sealed = encrypt(&wrapping, entropy, &passphrase_prefix(cost, &salt), key.as_slice())?;
    let wrapped = sealed.try_into().map_err(|_| VaultError::Derivation)?;
    Ok(VaultHeader::Passphrase { cost, salt, wrapped })
}

/// The key; `None` for a wrong passphrase and for damage alike.
pub(super) fn unwrap(
    passphrase: &Passphrase,
    cost: Cost,
    salt: &[u8; SALT],
    wrapped: &[u8],
) -> Result<Option<SealKey>, VaultError> {
    if !cost.is_bearable() {
        return Ok(None);
    }
    let wrapping = derive(passphrase, cost, salt).ok_or(VaultError::Derivation)?;
    let Some(opened) = decrypt(&wrapping, &passphrase_prefix(cost, salt), wrapped) else { return Ok(None) };
    let mut key = SealKey::default();
    if opened.len() != key.len() {
        return Ok(None);
    }
    key.copy_from_slice(&opened);
    Ok(Some(key))
}

/// The passphrase is taken in composed form (NFC), so that it is the same typed on any system.
fn derive(passphrase: &Passphrase, cost: Cost, salt: &[u8; SALT]) -> Option<SealKey> {
    let typed = passphrase.expose_secret();
    // Room for every composed character beforehand: growing would leave copies behind.
    let mut text = Zeroizing::new(String::with_capacity(typed.len() * 3));
    text.extend(typed.nfc());
    let params = Params::new(cost.memory, cost.passes, cost.lanes, Some(SealKey::default().len())).ok()?;
    let mut key = SealKey::default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(text.as_bytes(), salt, key.as_mut_slice())
        .ok()?;
    Some(key)
}

/// The passphrase in the first line of a file (`DASHTAM_PASSPHRASE_FILE`), and whether others may read that file:
/// that is warned of, since mounted secrets of containers are often readable by all.
pub(super) fn read_passphrase_file(path: &Path) -> Result<(Passphrase, Privacy), VaultError> {
    let failed = |source| VaultError::File { file: file::shown(path), source };
    let (bytes, privacy) = file::read_secret(path, MOST_BYTES).map_err(failed)?;
    let line = bytes.split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default();
    let text =
        std::str::from_utf8(line).map_err(|_| failed(std::io::Error::other("the first line is not text in UTF-8")))?;
    if text.trim().is_empty() {
        return Err(VaultError::EmptyPassphrase);
    }
    Ok((Passphrase::from(text), privacy))
}
