//! Backups in the age format.

use std::{fs, path::Path, process::Command};

use super::{
    safety::{everything, filled},
    *,
};
use crate::store::{BackupKey, BackupLock, RestoreOptions, StoreError};

struct Bench {
    folder: tempfile::TempDir,
    store: Store,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        filled(&folder.path().join("dashtam.redb"));
        let store = Store::open(&folder.path().join("dashtam.redb")).unwrap();
        Self { folder, store }
    }

    fn at(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn restore(&self, from: &Path, key: Option<BackupKey>) -> Result<String, StoreError> {
        let to = self.at("restored.redb");
        let _ = fs::remove_file(&to);
        Store::restore_with(from, &to, "before", &RestoreOptions { key, ..RestoreOptions::default() })?;
        everything(&Store::open(&to)?)
    }
}

fn recipient() -> (BackupLock, BackupKey) {
    let identity = age::x25519::Identity::generate();
    let lock = BackupLock::Recipients(vec![identity.to_public().to_string()]);
    (lock, BackupKey::Identities(identity.to_string()))
}

#[test]
fn a_backup_is_restored_by_passphrase_and_by_recipient() {
    let bench = Bench::new();
    let expected = everything(&bench.store).unwrap();
    let passphrase = || "correct horse".to_owned().into();
    let (lock, key) = recipient();
    let both = [(BackupLock::Passphrase(passphrase()), BackupKey::Passphrase(passphrase())), (lock, key)]
        .into_iter()
        .enumerate();
    for (number, (lock, key)) in both {
        let to = bench.at(&format!("backup-{number}.age"));
        bench.store.encrypted_backup(&to, &lock).unwrap();
        assert!(Store::is_encrypted_backup(&to));
        assert_eq!(bench.restore(&to, Some(key)).unwrap(), expected);
        assert!(matches!(bench.store.encrypted_backup(&to, &lock), Err(StoreError::Io { .. })), "never overwritten");
        for wrong in [None, Some(BackupKey::Passphrase("wrong".to_owned().into())), Some(recipient().1)] {
            let error = bench.restore(&to, wrong).unwrap_err();
            assert!(matches!(error, StoreError::Backup(_)), "{error:?}");
            assert!(!bench.at("restored.redb").exists());
        }
        let content = fs::read(&to).unwrap();
        assert!(!content.windows(6).any(|window| window == b"Payee "));
    }
    let invalid = bench.store.encrypted_backup(&bench.at("x"), &BackupLock::Recipients(vec!["age1nonsense".into()]));
    assert!(matches!(invalid, Err(StoreError::Backup(_))));
    let names: Vec<_> = fs::read_dir(bench.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!names.iter().any(|name| name.to_string_lossy().contains("part") || *name == "x"), "{names:?}");
}

#[test]
fn a_changed_or_shortened_backup_is_refused_and_changes_nothing() {
    let bench = Bench::new();
    let (lock, key) = recipient();
    let to = bench.at("backup.age");
    bench.store.encrypted_backup(&to, &lock).unwrap();
    let whole = fs::read(&to).unwrap();
    let changed = bench.at("changed.age");
    let rounds = std::env::var("DASHTAM_FLIPS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(200);
    for round in 0..rounds {
        let mut bytes = whole.clone();
        let at = round * 7919 % bytes.len();
        bytes[at] ^= 1 << (round % 8);
        fs::write(&changed, &bytes).unwrap();
        assert!(bench.restore(&changed, Some(key.clone())).is_err(), "byte {at}");
        assert!(!bench.at("restored.redb").exists());
    }
    for cut in (0..whole.len()).step_by(997) {
        fs::write(&changed, &whole[..cut]).unwrap();
        assert!(bench.restore(&changed, Some(key.clone())).is_err(), "cut at {cut}");
    }
    let mut longer = whole.clone();
    longer.push(0);
    fs::write(&changed, &longer).unwrap();
    assert!(bench.restore(&changed, Some(key)).is_err());
}

/// The independent program opens it, and what is inside is the dump.
#[test]
fn age_opens_a_backup() {
    if Command::new("age").arg("--version").output().is_err() {
        println!("SKIPPED: `age` is not installed, so no independent program opened the backup");
        return;
    }
    let bench = Bench::new();
    let (lock, key) = recipient();
    let to = bench.at("backup.age");
    bench.store.encrypted_backup(&to, &lock).unwrap();
    let BackupKey::Identities(identity) = key else { unreachable!() };
    fs::write(bench.at("identity"), age::secrecy::ExposeSecret::expose_secret(&identity)).unwrap();
    let output = Command::new("age").args(["-d", "-i"]).arg(bench.at("identity")).arg(&to).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stdout.starts_with(b"dashtam dump"));
    assert!(output.stdout.windows(7).any(|window| window == b"Payee 5"), "the rows are in it");
}
