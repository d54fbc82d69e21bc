//! The vault against a real Secret Service (gnome-keyring), in a session of its own.
//!
//! Needs the programs named in [`NEEDED`]; prints that and passes where they are missing.

use std::{
    process::{Command, Output},
    sync::Arc,
    time::Duration,
};

use dashtam::testing::{
    domain::ConnectionId,
    ports::{SecretStore, SecretStoreError, SystemEntropy, VaultChoice},
    vault::{SystemKeyring, TimedStore, Vault, VaultError, VaultOptions},
};

/// Debian: gnome-keyring, dbus, libsecret-tools.
const NEEDED: [&str; 3] = ["dbus-run-session", "gnome-keyring-daemon", "secret-tool"];

/// Which step runs inside the session.
const STEP: &str = "DASHTAM_TEST_KEYRING_STEP";

/// An unlocked keyring, our steps, and an independent reader in between.
const SESSION: &str = r#"
set -eu
printf test-password | gnome-keyring-daemon --daemonize --unlock --components=secrets >/dev/null
DASHTAM_TEST_KEYRING_STEP=use "$0" --exact store::keyring::inside_a_session --ignored --nocapture
test "$(secret-tool lookup service dashtam | wc -c)" -eq 32 && echo "INDEPENDENT READER: 32 bytes"
# A session of its own finds the same keyring, not unlocked.
DASHTAM_TEST_KEYRING_STEP=locked dbus-run-session -- "$0" --exact store::keyring::inside_a_session --ignored --nocapture
DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent DASHTAM_TEST_KEYRING_STEP=absent \
    "$0" --exact store::keyring::inside_a_session --ignored --nocapture
"#;

fn is_there(program: &str) -> bool {
    std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).any(|folder| folder.join(program).is_file())
}

fn shown(output: &Output) -> String {
    format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn a_real_keyring_holds_the_key() {
    if let Some(missing) = NEEDED.iter().find(|program| !is_there(program)) {
        eprintln!("SKIPPED: the test against a real keyring needs {missing}, which is not installed");
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let output = Command::new("dbus-run-session")
        .args(["--", "sh", "-c", SESSION])
        .arg(std::env::current_exe().unwrap())
        .env("HOME", home.path())
        .env("XDG_RUNTIME_DIR", home.path())
        .env("XDG_DATA_HOME", home.path().join("data"))
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .output()
        .unwrap();
    let shown = shown(&output);
    assert!(output.status.success(), "{shown}");
    assert_eq!(shown.matches("1 passed").count(), 3, "{shown}");
    assert!(shown.contains("INDEPENDENT READER: 32 bytes"), "{shown}");
}

fn vault(limit: Duration) -> Vault {
    let keyring =
        TimedStore::new(limit, || SystemKeyring::connect().map(|keyring| Box::new(keyring) as Box<dyn SecretStore>));
    Vault::new(VaultOptions {
        choice: VaultChoice::Auto,
        file: std::path::PathBuf::from(std::env::var_os("HOME").unwrap()).join("dashtam/vault"),
        passphrase_file: None,
        keyring: Arc::new(keyring),
        entropy: Arc::new(SystemEntropy),
    })
}

#[test]
#[ignore = "started by a_real_keyring_holds_the_key inside a session with a keyring"]
fn inside_a_session() {
    let long = Duration::from_secs(60);
    match std::env::var(STEP).as_deref() {
        Ok("use") => {
            let first = vault(long);
            first.unlock(None).unwrap();
            let sealed = first.seal(ConnectionId(1), "alpaca", b"secret").unwrap();
            let second = vault(long);
            second.unlock(None).unwrap();
            assert_eq!(second.open(ConnectionId(1), "alpaca", &sealed).unwrap().as_slice(), b"secret");
        }
        // Nobody can answer the question, so the system refuses or stays silent; both must end.
        Ok("locked") => {
            let vault = vault(Duration::from_secs(2));
            let error = vault.unlock(None).unwrap_err();
            assert!(matches!(error, VaultError::Keyring(_)), "{error:?}");
            assert!(!vault.is_unlocked());
        }
        Ok("absent") => {
            let error = vault(long).unlock(None).unwrap_err();
            assert!(matches!(error, VaultError::Keyring(SecretStoreError::Unavailable { .. })), "{error:?}");
        }
        step => panic!("{STEP} is {step:?}"),
    }
}
