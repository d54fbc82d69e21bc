//! Backups in the age format (age-encryption.org/v1): a dump, encrypted for a passphrase or for recipients.
//!
//! `age -d` opens them without this program. A backup is written beside its place, read back completely, and only then
//! given its name.

use std::{
    fs::File,
    io::{self, BufReader, BufWriter, Read, Seek as _, Write as _},
    path::Path,
};

use age::{Decryptor, Encryptor, Identity, Recipient, secrecy::SecretString};

use crate::{
    files,
    store::{
        database::{dump, file, open_database::OpenDatabase},
        error::{Result, StoreError, guarded},
    },
};

/// First bytes of a file in the age format.
pub(in crate::store) const MAGIC: &[u8] = b"age-encryption.org/v1";

/// Whether a file begins like one.
pub(in crate::store) fn is_encrypted(file: &Path) -> bool {
    let mut head = Vec::new();
    let read = files::open_to_read(file).and_then(|file| file.take(MAGIC.len() as u64).read_to_end(&mut head));
    read.is_ok() && head == MAGIC
}

/// Work factor (log2) up to which a passphrase is tried: 2^22 needs 4 GiB.
const MOST_WORK: u8 = 22;

/// Who can open an encrypted backup.
#[derive(Clone)]
pub enum BackupLock {
    /// Anyone with the passphrase.
    Passphrase(SecretString),
    /// The holders of the keys of these recipients (`age1…`).
    Recipients(Vec<String>),
}

/// A secret that opens encrypted backups.
#[derive(Clone)]
pub enum BackupKey {
    /// A passphrase.
    Passphrase(SecretString),
    /// The text of an age identity file (`AGE-SECRET-KEY-1…`).
    Identities(SecretString),
}

fn refused(what: impl Into<String>) -> StoreError {
    StoreError::Backup(what.into())
}

/// See [`crate::store::Store::encrypted_backup`].
pub(in crate::store) fn write(database: &OpenDatabase, to: &Path, lock: &BackupLock) -> Result<()> {
    let beside = files::beside(to, "part");
    file::remove_if_there(&beside)?;
    let done = write_and_verify(database, &beside, lock)
        .and_then(|()| files::name_new(&beside, to).map_err(|source| StoreError::io("create", to, source)));
    if done.is_err() {
        file::remove_if_there(&beside)?;
    }
    done
}

fn write_and_verify(database: &OpenDatabase, to: &Path, lock: &BackupLock) -> Result<()> {
    let failed = |source| StoreError::io("write", to, source);
    let mut file = files::create(to).map_err(|source| StoreError::io("create", to, source))?;
    // Recipients are public keys, so the copy is read back with a key that exists only until then.
    let reader = age::x25519::Identity::generate();
    let (encryptor, key): (_, Box<dyn Identity>) = match lock {
        BackupLock::Passphrase(passphrase) => {
            (Encryptor::with_user_passphrase(passphrase.clone()), Box::new(passphrase_identity(passphrase)))
        }
        BackupLock::Recipients(names) => {
            let mut recipients: Vec<Box<dyn Recipient>> = vec![Box::new(reader.to_public())];
            for name in names {
                let recipient: age::x25519::Recipient = name
                    .parse()
                    .map_err(|error| refused(format!("`{name}` is not an age recipient (age1…): {error}")))?;
                recipients.push(Box::new(recipient));
            }
            let encryptor = Encryptor::with_recipients(recipients.iter().map(|recipient| &**recipient))
                .map_err(|error| refused(error.to_string()))?;
            (encryptor, Box::new(reader))
        }
    };
    let mut out = encryptor.wrap_output(BufWriter::new(&file)).map_err(failed)?;
    dump::write(&database.read()?, &mut out).map_err(|error| error.at(to))?;
    out.finish().and_then(|mut out| out.flush()).and_then(|()| file.sync_all()).map_err(failed)?;
    file.rewind().map_err(failed)?;
    guarded(to, || dump::verify(decrypt(&file, &*key)?))
}

fn passphrase_identity(passphrase: &SecretString) -> age::scrypt::Identity {
    let mut identity = age::scrypt::Identity::new(passphrase.clone());
    identity.set_max_work_factor(MOST_WORK);
    identity
}

fn decrypt<'a>(file: &'a File, key: &dyn Identity) -> Result<impl Read + 'a> {
    let decryptor = Decryptor::new_buffered(BufReader::new(file)).map_err(|error| match error {
        age::DecryptError::Io(source) => StoreError::io("read", Path::new(""), source),
        other => StoreError::damaged(other.to_string()),
    })?;
    let reader = decryptor.decrypt(std::iter::once(key)).map_err(|error| refused(error.to_string()))?;
    Ok(BufReader::with_capacity(1 << 16, reader))
}

/// The decrypted dump in a backup.
pub(in crate::store) fn open<'a>(file: &'a File, key: &BackupKey) -> Result<Box<dyn Read + 'a>> {
    let identities: Vec<Box<dyn Identity>> = match key {
        BackupKey::Passphrase(passphrase) => vec![Box::new(passphrase_identity(passphrase))],
        BackupKey::Identities(text) => {
            let text = age::secrecy::ExposeSecret::expose_secret(text);
            let identities = age::IdentityFile::from_buffer(io::Cursor::new(text.as_bytes()));
            let identities =
                identities.map_err(|error| refused(format!("the identity file can't be read: {error}")))?;
            let identities = identities.into_identities().map_err(|error| refused(error.to_string()))?;
            if identities.is_empty() {
                return Err(refused("the identity file has no identities (AGE-SECRET-KEY-1…)"));
            }
            identities
        }
    };
    let mut last = None;
    for identity in &identities {
        (&mut &*file).rewind().map_err(|source| StoreError::io("read", Path::new(""), source))?;
        match decrypt(file, &**identity) {
            Ok(reader) => return Ok(Box::new(reader)),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(|| refused("no key was given")))
}
