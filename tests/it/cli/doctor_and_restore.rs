//! `doctor` and `restore`, as a script uses them.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use dashtam::testing::store::Store;
use serde_json::Value;

struct Profile(tempfile::TempDir);

impl Profile {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
        Self(folder)
    }

    fn data(&self) -> PathBuf {
        self.0.path().join("data")
    }

    fn database(&self) -> PathBuf {
        self.data().join("dashtam.redb")
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dashtam"));
        command.args(arguments).args(["--format", "json"]).env_clear().env("HOME", self.0.path());
        command.env("DASHTAM_DATA_DIR", self.data()).env("DASHTAM_CONFIG", self.0.path().join("config.toml"));
        command.env("DASHTAM_VAULT", "passphrase").stdin(Stdio::null()).output().unwrap()
    }

    fn import(&self, name: &str) {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/ofx").join(name);
        assert!(self.run(&["import", file.to_str().unwrap()]).status.success());
    }

    fn accounts(&self) -> usize {
        let output = self.run(&["accounts"]);
        serde_json::from_slice::<Value>(&output.stdout).unwrap().as_array().unwrap().len()
    }

    /// Status and message of every finding of a check.
    #[track_caller]
    fn doctor(&self, check: &str, code: i32) -> Vec<(String, String)> {
        let output = self.run(&["doctor"]);
        assert_eq!(output.status.code(), Some(code), "{}", String::from_utf8_lossy(&output.stdout));
        let findings: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
        for finding in &findings {
            assert!(finding["status"] == "ok" || finding["hint"].is_string(), "what to do about it: {finding}");
        }
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let of = findings.iter().filter(|finding| finding["check"] == check);
        of.map(|finding| (text(&finding["status"]), text(&finding["message"]))).collect()
    }
}

#[track_caller]
fn reports(findings: &[(String, String)], status: &str, part: &str) {
    assert!(
        findings.iter().any(|(is, message)| is == status && message.contains(part)),
        "{status} {part}: {findings:?}"
    );
}

#[test]
fn the_doctor_makes_nothing_and_finds_what_is_wrong() {
    let profile = Profile::new();
    reports(&profile.doctor("database", 0), "ok", "none yet");
    reports(&profile.doctor("vault", 0), "ok", "passphrase");
    assert_eq!(fs::read_dir(profile.0.path()).unwrap().count(), 0, "it only looks");

    profile.import("chase_checking.qfx");
    reports(&profile.doctor("database", 0), "ok", "accounts: 1, transactions: 9");
    reports(&profile.doctor("connections", 0), "ok", "Chase: active");
    fs::set_permissions(profile.data(), fs::Permissions::from_mode(0o755)).unwrap();
    reports(&profile.doctor("folders", 0), "warning", "other users can read");

    let config = profile.0.path().join("config.toml");
    fs::write(&config, "[sync]\nevery = \"soon\"\n").unwrap();
    reports(&profile.doctor("configuration", 1), "failed", "line 2");
    fs::write(&config, "[providers.schwab]\napp_key_file = \"nowhere\"\n[screen]\ncolour = 1\n").unwrap();
    let found = profile.doctor("configuration", 0);
    reports(&found, "warning", "nowhere can't be read");
    reports(&found, "warning", "`colour` is unknown");
    fs::remove_file(&config).unwrap();

    let held = Store::open(&profile.database()).unwrap();
    reports(&profile.doctor("database", 0), "warning", "open in another dashtam");
    drop(held);
    fs::write(profile.data().join("vault"), "nonsense").unwrap();
    reports(&profile.doctor("vault", 1), "failed", "damaged");
    fs::remove_file(profile.data().join("vault")).unwrap();
    assert!(profile.run(&["backup"]).status.success());
    fs::write(profile.database(), "nonsense").unwrap();
    reports(&profile.doctor("database", 1), "failed", "damaged");
    let hint = String::from_utf8(profile.run(&["doctor"]).stdout).unwrap();
    assert!(hint.contains("dashtam restore"), "{hint}");
}

#[test]
fn a_backup_is_put_back_and_what_was_there_is_kept() {
    let profile = Profile::new();
    profile.import("chase_checking.qfx");
    let backup = profile.0.path().join("backup.redb");
    let backup = backup.to_str().unwrap();
    assert!(profile.run(&["backup", backup]).status.success());
    profile.import("chase_card.qfx");
    assert_eq!(profile.accounts(), 2);

    let held = Store::open(&profile.database()).unwrap();
    let refused = profile.run(&["restore", backup]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8(refused.stderr).unwrap().contains("open in another dashtam"));
    drop(held);

    for _ in 0..2 {
        let output = profile.run(&["restore", backup]);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        let done: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(Path::new(done["kept_as"].as_str().unwrap()).exists());
        assert_eq!(profile.accounts(), 1);
    }
    fs::write(profile.0.path().join("text"), "hello").unwrap();
    let refused = profile.run(&["restore", profile.0.path().join("text").to_str().unwrap()]);
    assert_eq!((refused.status.code(), profile.accounts()), (Some(1), 1));
}
