//! Guarantees of the vault against damage, wrong keys, failing keyrings and leaks.

use std::{fs, path::PathBuf, sync::Arc};

use secrecy::ExposeSecret as _;
use tempfile::TempDir;

use super::{
    header::{Cost, VaultHeader},
    passphrase::{read_passphrase_file, unwrap, wrap},
    seal::SealKey,
    state::VaultState,
    *,
};
use crate::{
    domain::ConnectionId,
    files::Privacy,
    ports::{
        SecretStoreError, VaultChoice,
        fake::{FakeEntropy, FakeSecretStore},
    },
};

const CANARY: &str = "canary-7f3a9";
const HERE: ConnectionId = ConnectionId(7);

struct Bench {
    folder: TempDir,
    keyring: Arc<FakeSecretStore>,
}

impl Bench {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), keyring: Arc::default() }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("data/vault")
    }

    fn passphrase_file(&self) -> PathBuf {
        self.folder.path().join("passphrase")
    }

    fn vault(&self, choice: VaultChoice) -> Vault {
        Vault::new(VaultOptions {
            choice,
            file: self.file(),
            passphrase_file: Some(self.passphrase_file()).filter(|file| file.exists()),
            keyring: Arc::<FakeSecretStore>::clone(&self.keyring),
            entropy: Arc::new(crate::ports::SystemEntropy),
        })
    }
}

fn passphrase(text: &str) -> Passphrase {
    Passphrase::from(text)
}

#[test]
fn a_sealed_text_opens_again_and_only_in_its_place() {
    let bench = Bench::new();
    let vault = bench.vault(VaultChoice::Memory);
    assert!(matches!(vault.seal(HERE, "alpaca", b"x"), Err(VaultError::Locked)));
    vault.unlock(None).unwrap();
    let sealed = vault.seal(HERE, "alpaca", CANARY.as_bytes()).unwrap();
    assert_eq!(vault.open(HERE, "alpaca", &sealed).unwrap().as_slice(), CANARY.as_bytes());
    assert_ne!(vault.seal(HERE, "alpaca", CANARY.as_bytes()).unwrap(), sealed, "a nonce was used twice");
    for (connection, provider) in [(ConnectionId(8), "alpaca"), (HERE, "kraken"), (HERE, "alpac"), (HERE, "")] {
        assert!(matches!(vault.open(connection, provider, &sealed), Err(VaultError::Unsealable)));
    }
    assert!(!bench.file().exists(), "a vault in memory writes nothing");
}

#[test]
fn every_flipped_bit_and_every_cut_of_a_sealed_login_is_refused() {
    let vault = Bench::new().vault(VaultChoice::Memory);
    vault.unlock(None).unwrap();
    let sealed = vault.seal(HERE, "alpaca", CANARY.as_bytes()).unwrap();
    for bit in 0..sealed.len() * 8 {
        let mut damaged = sealed.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(matches!(vault.open(HERE, "alpaca", &damaged), Err(VaultError::Unsealable)), "bit {bit}");
    }
    for length in 0..sealed.len() {
        assert!(vault.open(HERE, "alpaca", &sealed[..length]).is_err(), "cut at {length}");
    }
}

#[test]
fn every_flipped_bit_of_a_passphrase_header_is_refused() {
    let cheap = Cost { memory: 64, passes: 1, lanes: 1 };
    let entropy = FakeEntropy::default();
    let right = passphrase("correct horse");
    let bytes = wrap(&SealKey::from([5; 32]), &right, cheap, &entropy).unwrap().to_bytes();
    let opens = |bytes: &[u8], with: &Passphrase| match VaultHeader::from_bytes(bytes) {
        Some(VaultHeader::Passphrase { cost, salt, wrapped }) => unwrap(with, cost, &salt, &wrapped).unwrap().is_some(),
        Some(VaultHeader::Keyring { .. }) | None => false,
    };
    assert!(opens(&bytes, &right));
    assert!(!opens(&bytes, &passphrase("correct horse ")));
    for bit in 0..bytes.len() * 8 {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(!opens(&damaged, &right), "bit {bit}");
    }
    assert!(!opens(&[bytes.as_slice(), &[0]].concat(), &right), "trailing bytes");
}

#[test]
fn a_header_can_not_ask_for_more_than_is_bearable() {
    let cost = |memory, passes, lanes| Cost { memory, passes, lanes }.is_bearable();
    assert!(Cost::STANDARD.is_bearable());
    for (memory, passes, lanes) in
        [(u32::MAX, 3, 1), (1 << 19, 3, 1), (65_536, 11, 1), (65_536, 0, 1), (65_536, 3, 9), (65_536, 3, 0), (7, 1, 1)]
    {
        assert!(!cost(memory, passes, lanes), "{memory} {passes} {lanes}");
    }
}

#[test]
fn a_wrong_passphrase_and_damage_read_the_same() {
    let bench = Bench::new();
    let vault = bench.vault(VaultChoice::Passphrase);
    assert!(matches!(vault.unlock(None), Err(VaultError::NeedsPassphrase)));
    assert!(matches!(vault.unlock(Some(&passphrase("  "))), Err(VaultError::EmptyPassphrase)));
    assert!(!bench.file().exists());
    vault.unlock(Some(&passphrase("caf\u{e9}"))).unwrap();
    let sealed = vault.seal(HERE, "alpaca", b"secret").unwrap();
    vault.lock();
    assert!(matches!(vault.open(HERE, "alpaca", &sealed), Err(VaultError::Locked)));
    let wrong = vault.unlock(Some(&passphrase("cafe"))).unwrap_err().to_string();
    let bytes = fs::read(bench.file()).unwrap();
    for place in [0, 8, 12, 30, bytes.len() - 1] {
        let mut damaged = bytes.clone();
        damaged[place] ^= 0x40;
        fs::write(bench.file(), damaged).unwrap();
        assert_eq!(vault.unlock(Some(&passphrase("caf\u{e9}"))).unwrap_err().to_string(), wrong, "byte {place}");
    }
    fs::write(bench.file(), bytes).unwrap();
    // The same passphrase in decomposed form, as another system types it.
    vault.unlock(Some(&passphrase("cafe\u{301}"))).unwrap();
    assert_eq!(vault.open(HERE, "alpaca", &sealed).unwrap().as_slice(), b"secret");
}

#[test]
fn the_keyring_holds_the_key_and_the_file_only_its_name() {
    let bench = Bench::new();
    let first = bench.vault(VaultChoice::Auto);
    assert_eq!(first.state().unwrap(), VaultState { kind: VaultChoice::Keyring, exists: false, unlocked: false });
    first.unlock(None).unwrap();
    let sealed = first.seal(HERE, "alpaca", b"secret").unwrap();
    let second = bench.vault(VaultChoice::Keyring);
    second.unlock(None).unwrap();
    assert_eq!(second.open(HERE, "alpaca", &sealed).unwrap().as_slice(), b"secret");
    assert_eq!(bench.keyring.len(), 1);
    let bytes = fs::read(bench.file()).unwrap();
    for bit in 0..bytes.len() * 8 {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        fs::write(bench.file(), damaged).unwrap();
        assert!(bench.vault(VaultChoice::Auto).unlock(None).is_err(), "bit {bit}");
    }
}

#[test]
fn a_failing_keyring_is_an_error_that_can_be_tried_again_never_another_vault() {
    let bench = Bench::new();
    let vault = bench.vault(VaultChoice::Auto);
    bench.keyring.fail_with(Some(SecretStoreError::Unavailable { reason: "no bus".to_owned() }));
    assert!(matches!(vault.unlock(None), Err(VaultError::Keyring(_))));
    assert!(!vault.is_unlocked() && !bench.file().exists());
    bench.keyring.fail_with(None);
    vault.unlock(None).unwrap();
    bench.keyring.fail_with(Some(SecretStoreError::Locked { reason: "locked".to_owned() }));
    vault.lock();
    assert!(vault.unlock(Some(&passphrase("x"))).unwrap_err().to_string().contains("DASHTAM_VAULT=passphrase"));
}

#[test]
fn a_lost_key_is_reported_and_can_be_given_up() {
    let bench = Bench::new();
    bench.vault(VaultChoice::Auto).unlock(None).unwrap();
    let emptied = Bench { folder: bench.folder, keyring: Arc::default() };
    let vault = emptied.vault(VaultChoice::Auto);
    assert!(matches!(vault.unlock(None), Err(VaultError::KeyMissing)));
    vault.abandon().unwrap();
    vault.unlock(None).unwrap();
    assert!(emptied.file().with_extension("lost").exists());
}

#[test]
fn asking_for_another_kind_than_the_profile_has_is_refused() {
    let bench = Bench::new();
    bench.vault(VaultChoice::Keyring).unlock(None).unwrap();
    let error = bench.vault(VaultChoice::Passphrase).unlock(Some(&passphrase("x"))).unwrap_err();
    assert!(matches!(error, VaultError::Mismatch { found: VaultChoice::Keyring, asked: VaultChoice::Passphrase }));
}

#[test]
fn the_protection_changes_and_what_is_sealed_stays() {
    let bench = Bench::new();
    let vault = bench.vault(VaultChoice::Auto);
    vault.unlock(None).unwrap();
    let sealed = vault.seal(HERE, "alpaca", b"secret").unwrap();
    vault.protect(&VaultProtection::Passphrase(passphrase("one"))).unwrap();
    assert!(bench.keyring.is_empty(), "the key stayed in the keyring");
    vault.lock();
    assert!(vault.unlock(None).is_err());
    vault.unlock(Some(&passphrase("one"))).unwrap();
    vault.protect(&VaultProtection::Keyring).unwrap();
    vault.lock();
    vault.unlock(None).unwrap();
    assert_eq!(vault.open(HERE, "alpaca", &sealed).unwrap().as_slice(), b"secret");
}

#[test]
fn files_are_private_and_links_are_refused() {
    use std::os::unix::fs::{MetadataExt as _, symlink};
    let bench = Bench::new();
    bench.vault(VaultChoice::Auto).unlock(None).unwrap();
    assert_eq!(fs::metadata(bench.file()).unwrap().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(bench.file().parent().unwrap()).unwrap().mode() & 0o777, 0o700);
    let moved = bench.folder.path().join("elsewhere");
    fs::rename(bench.file(), &moved).unwrap();
    symlink(&moved, bench.file()).unwrap();
    assert!(matches!(bench.vault(VaultChoice::Auto).unlock(None), Err(VaultError::File { .. })));
}

#[test]
fn a_vault_can_be_locked_when_its_passphrase_can_be_typed_again() {
    let bench = Bench::new();
    let typed = bench.vault(VaultChoice::Passphrase);
    assert!(!typed.can_lock());
    typed.unlock(Some(&passphrase("one"))).unwrap();
    assert!(typed.can_lock());
    typed.lock();
    assert!(!typed.can_lock() && !typed.is_unlocked());
    fs::write(bench.passphrase_file(), "one\n").unwrap();
    let read = bench.vault(VaultChoice::Passphrase);
    read.unlock(None).unwrap();
    assert!(read.is_unlocked() && !read.can_lock());
    fs::write(bench.passphrase_file(), "two\n").unwrap();
    assert!(matches!(bench.vault(VaultChoice::Passphrase).unlock(None), Err(VaultError::Refused { .. })));
    for other in [VaultChoice::Memory, VaultChoice::Keyring] {
        let vault = Bench::new().vault(other);
        vault.unlock(None).unwrap();
        assert!(!vault.can_lock(), "{other}");
    }
}

#[test]
fn a_passphrase_file_gives_its_first_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("passphrase");
    let read = |content: &[u8]| {
        fs::write(&file, content).unwrap();
        read_passphrase_file(&file)
    };
    for content in ["pass word\n", "pass word", "pass word\r\nsecond"] {
        assert_eq!(read(content.as_bytes()).unwrap().0.expose_secret(), "pass word");
    }
    assert!(matches!(read(b"\n\n"), Err(VaultError::EmptyPassphrase)));
    assert!(read(&[0xff, 0xfe]).is_err() && read(&[b'x'; 5000]).is_err());
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(read(b"x").unwrap().1, Privacy::Shared);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(read(b"x").unwrap().1, Privacy::Private);
    }
}

#[test]
fn nothing_secret_is_ever_shown() {
    let bench = Bench::new();
    let vault = bench.vault(VaultChoice::Passphrase);
    vault.unlock(Some(&passphrase(CANARY))).unwrap();
    let before = format!("{vault:?} {:?} {:?}", VaultProtection::Passphrase(passphrase(CANARY)), passphrase(CANARY));
    vault.lock();
    let error = vault.unlock(Some(&passphrase(&format!("{CANARY}!")))).unwrap_err();
    for shown in [before, format!("{vault:?}"), error.to_string(), format!("{error:?}")] {
        assert!(!shown.contains(CANARY), "{shown}");
    }
}
