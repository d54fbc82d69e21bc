//! The cipher: XChaCha20-Poly1305 with a random nonce, bound to what the bytes belong to.

use std::ops::{Deref, DerefMut};

use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use zeroize::Zeroize as _;

use crate::{
    domain::ConnectionId,
    ports::{Entropy, SecretBytes},
};

use super::VaultError;

/// Bytes of a key.
pub(super) const KEY: usize = 32;
/// Bytes of a nonce: long enough to be drawn at random without limit.
pub(super) const NONCE: usize = 24;
/// Bytes of the tag that proves a key was held.
pub(super) const TAG: usize = 16;
/// First byte of sealed credentials.
const VERSION: u8 = 1;

/// A key, wiped when dropped. On the heap, since a moved array leaves copies on the stack.
#[derive(Clone, Default)]
pub(super) struct SealKey(Box<[u8; KEY]>);

impl Deref for SealKey {
    type Target = [u8; KEY];

    fn deref(&self) -> &[u8; KEY] {
        &self.0
    }
}

impl DerefMut for SealKey {
    fn deref_mut(&mut self) -> &mut [u8; KEY] {
        &mut self.0
    }
}

#[cfg(test)]
impl From<[u8; KEY]> for SealKey {
    fn from(bytes: [u8; KEY]) -> Self {
        Self(Box::new(bytes))
    }
}

impl Drop for SealKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

fn cipher(key: &SealKey) -> Result<XChaCha20Poly1305, VaultError> {
    XChaCha20Poly1305::new_from_slice(key.as_slice()).map_err(|_| VaultError::Unsealable)
}

pub(super) fn random_key(entropy: &dyn Entropy) -> Result<SealKey, VaultError> {
    let mut key = SealKey::default();
    entropy.fill(key.as_mut_slice())?;
    Ok(key)
}

/// Nonce, then ciphertext with its tag.
pub(super) fn encrypt(
    key: &SealKey,
    entropy: &dyn Entropy,
    bound: &[u8],
    secret: &[u8],
) -> Result<Vec<u8>, VaultError> {
    let mut nonce = [0; NONCE];
    entropy.fill(&mut nonce)?;
    let sealed = cipher(key)?
        .encrypt(&XNonce::from(nonce), Payload { msg: secret, aad: bound })
        .map_err(|_| VaultError::Unsealable)?;
    Ok([nonce.as_slice(), &sealed].concat())
}

/// `None` when the key, the binding or a single bit differs.
pub(super) fn decrypt(key: &SealKey, bound: &[u8], sealed: &[u8]) -> Option<SecretBytes> {
    let (nonce, body) = sealed.split_first_chunk::<NONCE>()?;
    cipher(key).ok()?.decrypt(&XNonce::from(*nonce), Payload { msg: body, aad: bound }).ok().map(SecretBytes::new)
}

/// Credentials of one connection: a version byte, then [`encrypt`]ed bytes bound to connection, provider and version.
pub(super) fn seal(
    key: &SealKey,
    entropy: &dyn Entropy,
    connection: ConnectionId,
    provider: &str,
    secret: &[u8],
) -> Result<Vec<u8>, VaultError> {
    let mut sealed = encrypt(key, entropy, &binding(VERSION, connection, provider), secret)?;
    sealed.insert(0, VERSION);
    Ok(sealed)
}

/// The other way round.
pub(super) fn unseal(
    key: &SealKey,
    connection: ConnectionId,
    provider: &str,
    sealed: &[u8],
) -> Result<SecretBytes, VaultError> {
    let (version, body) = sealed.split_first().ok_or(VaultError::Unsealable)?;
    if *version != VERSION {
        return Err(VaultError::Unsealable);
    }
    decrypt(key, &binding(*version, connection, provider), body).ok_or(VaultError::Unsealable)
}

/// Associated data of sealed bytes. Each part has a fixed length or states it, so no two bindings are equal.
fn binding(version: u8, connection: ConnectionId, provider: &str) -> Vec<u8> {
    let mut bound = b"dashtam credential".to_vec();
    bound.push(version);
    bound.extend(connection.0.to_le_bytes());
    bound.extend((provider.len() as u64).to_le_bytes());
    bound.extend(provider.as_bytes());
    bound
}
