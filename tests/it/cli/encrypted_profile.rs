//! Encryption at rest: new profiles, conversion in place, backups, a missing file of the vault.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use serde_json::Value;

use crate::support::profile::holds;

const PASSPHRASE: &str = "canary-passphrase-77aa";
/// Words of the statement that must be nowhere in the files of an encrypted profile.
const CANARIES: [&str; 5] = ["Quagga", "quagga", "QUAGGA", "987654321012", "73519.46"];

fn statement() -> String {
    use std::fmt::Write as _;
    let mut text = String::from(
        "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nENCODING:UTF-8\nCHARSET:NONE\n\n<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0\
         <SEVERITY>INFO</STATUS><DTSERVER>20260301<LANGUAGE>ENG<FI><ORG>Bank<FID>1</FI></SONRS></SIGNONMSGSRSV1>\
         <BANKMSGSRSV1><STMTTRNRS><TRNUID>1<STATUS><CODE>0<SEVERITY>INFO</STATUS><STMTRS><CURDEF>USD<BANKACCTFROM>\
         <BANKID>1<ACCTID>987654321012<ACCTTYPE>CHECKING</BANKACCTFROM><BANKTRANLIST><DTSTART>20260101<DTEND>20260301\n",
    );
    for row in 0..400 {
        let day = 1 + row % 28;
        writeln!(
            text,
            "<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>202602{day:02}<TRNAMT>-73519.46<FITID>f{row}<NAME>Quagga Ltd {row}</STMTTRN>"
        )
        .unwrap();
    }
    text + "</BANKTRANLIST><LEDGERBAL><BALAMT>-73519.46<DTASOF>20260301</LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>\n"
}

struct Profile {
    folder: tempfile::TempDir,
    vault: &'static str,
}

impl Profile {
    fn new(vault: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("passphrase"), PASSPHRASE).unwrap();
        std::fs::write(folder.path().join("march.ofx"), statement()).unwrap();
        Self { folder, vault }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dashtam"));
        command
            .args(arguments)
            .env_clear()
            .env("HOME", self.folder.path())
            .env("DASHTAM_DATA_DIR", self.data())
            .env("DASHTAM_VAULT", self.vault)
            .env("DASHTAM_LOG", "trace")
            .stdin(Stdio::null())
            .current_dir(self.folder.path());
        if self.vault == "passphrase" {
            command.env("DASHTAM_PASSPHRASE_FILE", self.folder.path().join("passphrase"));
        }
        command
    }

    #[track_caller]
    fn run(&self, arguments: &[&str]) -> Output {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", err(&output));
        output
    }

    #[track_caller]
    fn fails(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        assert!(!output.status.success(), "{arguments:?}");
        err(&output)
    }

    fn import(&self) -> Output {
        self.run(&["import", "march.ofx"])
    }

    fn export(&self) -> Vec<u8> {
        self.run(&["export", "--to", "json"]).stdout
    }

    #[track_caller]
    fn is_encrypted(&self) -> bool {
        let status = self.run(&["vault", "status", "--format", "json"]);
        let status: Value = serde_json::from_slice(&status.stdout).unwrap();
        status["database_encrypted"].as_bool().unwrap()
    }

    /// Canaries in files of the data folder, log and backups included.
    fn found(&self) -> Vec<String> {
        let mut found = Vec::new();
        search(&self.data(), &mut found);
        found
    }
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn search(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            search(&path, found);
            continue;
        }
        let bytes = std::fs::read(&path).unwrap_or_default();
        for canary in CANARIES.iter().filter(|canary| holds(&bytes, canary.as_bytes())) {
            found.push(format!("{canary} in {}", path.display()));
        }
    }
}

#[test]
fn a_new_profile_is_encrypted_and_no_file_of_it_shows_a_payee_a_number_or_an_amount() {
    let plain = Profile::new("memory");
    let note = err(&plain.import());
    assert!(note.contains("This profile is not encrypted: a vault in memory keeps no key"), "{note}");
    assert!(!err(&plain.run(&["rename", "1", "Daily"])).contains("encrypted"), "it is reported once");
    assert!(!plain.is_encrypted());
    assert!(plain.found().len() >= 3, "the search finds what is plain: {:?}", plain.found());

    let profile = Profile::new("passphrase");
    let note = err(&profile.import());
    assert!(note.contains("This profile is encrypted; a passphrase protects its key"), "{note}");
    profile.run(&["rename", "1", "Daily"]);
    profile.run(&["backup"]);
    profile.run(&["backup", "--passphrase-file", "passphrase"]);
    profile.run(&["edit", "--query", "quagga 7", "--note", "Quagga note"]);
    profile.run(&["undo"]);
    assert!(profile.is_encrypted());
    assert_eq!(profile.found(), Vec::<String>::new());
    assert!(profile.export() == plain.export());

    let without = profile.command(&["accounts"]).env_remove("DASHTAM_PASSPHRASE_FILE").output().unwrap();
    assert_eq!(without.status.code(), Some(1), "{}", err(&without));
    assert!(err(&without).contains("DASHTAM_PASSPHRASE_FILE"), "{}", err(&without));
    let memory = profile.command(&["accounts"]).env("DASHTAM_VAULT", "memory").output().unwrap();
    assert!(err(&memory).contains("unset DASHTAM_VAULT"), "{}", err(&memory));
}

#[test]
fn a_profile_is_converted_in_place_both_ways() {
    let profile = Profile::new("memory");
    profile.import();
    let rows = profile.export();
    profile.run(&["backup"]);
    let profile = Profile { vault: "passphrase", ..profile };
    assert!(profile.export() == rows, "an existing plain profile goes on unchanged");
    assert!(!profile.is_encrypted());
    let report = profile.run(&["vault", "encrypt"]);
    assert!(err(&report).contains("plain copies made earlier remain"), "{}", err(&report));
    std::fs::remove_dir_all(profile.data().join("backups")).unwrap();
    assert_eq!(profile.found(), Vec::<String>::new());
    assert!(profile.is_encrypted());
    assert!(profile.export() == rows);
    std::fs::write(profile.folder.path().join("another"), "another phrase").unwrap();
    profile.run(&["vault", "passphrase", "--file", "another"]);
    std::fs::rename(profile.folder.path().join("another"), profile.folder.path().join("passphrase")).unwrap();
    assert!(profile.export() == rows);
    profile.run(&["vault", "decrypt"]);
    assert!(!profile.is_encrypted());
    let profile = Profile { vault: "memory", ..profile };
    assert!(profile.export() == rows);
}

#[test]
fn a_missing_file_of_the_vault_is_reported_and_recovered() {
    let profile = Profile::new("passphrase");
    profile.import();
    let rows = profile.export();
    let vault = profile.data().join("vault");
    std::fs::remove_file(&vault).unwrap();
    for arguments in [&["accounts"][..], &["import", "march.ofx"], &["backup"]] {
        let text = profile.fails(arguments);
        assert!(text.contains("vault") && text.contains("is missing") && text.contains("vault recover"), "{text}");
        assert!(!vault.exists(), "{arguments:?}");
    }
    std::fs::write(profile.folder.path().join("passphrase"), "wrong").unwrap();
    profile.fails(&["vault", "recover"]);
    assert!(!vault.exists());
    std::fs::write(profile.folder.path().join("passphrase"), PASSPHRASE).unwrap();
    profile.run(&["vault", "recover"]);
    assert!(profile.export() == rows);
}

#[test]
fn every_kind_of_backup_restores_to_equal_exports_after_everything_is_lost() {
    for vault in ["memory", "passphrase"] {
        let profile = Profile::new(vault);
        profile.import();
        profile.run(&["edit", "--query", "quagga 7", "--category", "Zoo"]);
        let exports = |profile: &Profile| {
            ["csv", "json", "ledger", "beancount"].map(|to| profile.run(&["export", "--to", to]).stdout)
        };
        let before = exports(&profile);
        profile.run(&["backup", "whole.redb"]);
        profile.run(&["backup", "sealed.age", "--passphrase-file", "passphrase"]);
        let restores = [&["restore", "whole.redb"][..], &["restore", "sealed.age", "--passphrase-file", "passphrase"]];
        for restore in restores {
            std::fs::remove_dir_all(profile.data()).unwrap();
            profile.run(restore);
            assert!(exports(&profile) == before, "{vault} {restore:?}");
            assert_eq!(profile.is_encrypted(), vault == "passphrase", "{vault} {restore:?}");
            if vault == "passphrase" {
                assert_eq!(profile.found(), Vec::<String>::new(), "{restore:?}");
            }
        }
    }
}

#[test]
fn a_plain_backup_restored_into_an_encrypted_profile_is_encrypted() {
    let plain = Profile::new("memory");
    plain.import();
    plain.run(&["backup", "whole.redb"]);
    let profile = Profile::new("passphrase");
    profile.import();
    let backup = plain.folder.path().join("whole.redb");
    profile.run(&["restore", backup.to_str().unwrap()]);
    assert!(profile.is_encrypted());
    assert_eq!(profile.found(), Vec::<String>::new());
    assert!(profile.export() == plain.export());
}
