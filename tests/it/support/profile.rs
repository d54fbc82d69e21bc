//! The program itself, run in a profile made for one test, and the search for secrets in everything it wrote.

use std::{
    path::{Path, PathBuf},
    process::{Output, Stdio},
    sync::Arc,
};

use base64::Engine as _;
use dashtam::testing::{
    ports::{SystemEntropy, VaultChoice},
    store::{OpenOptions, Store},
    vault::{TimedStore, Vault, VaultKeys, VaultOptions},
};
use serde_json::Value;

use super::server::Server;

pub(crate) const SECRET: &str = "canary-secret-4be1";
pub(crate) const PASSPHRASE: &str = "canary-passphrase-4be1";

/// A profile of its own, with a passphrase vault.
pub(crate) struct Profile {
    pub(crate) folder: tempfile::TempDir,
    endpoints: Vec<(String, String)>,
    /// Everything that was ever printed.
    pub(crate) output: String,
}

impl Profile {
    pub(crate) fn new(endpoints: &[(&str, &Server)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("passphrase"), PASSPHRASE).unwrap();
        let endpoint = |(slug, server): &(&str, &Server)| {
            (format!("DASHTAM_ENDPOINT_{}", slug.to_uppercase()), server.origin.clone())
        };
        Self { folder, endpoints: endpoints.iter().map(endpoint).collect(), output: String::new() }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The database, which is encrypted with a key of the vault.
    pub(crate) fn store(&self) -> Store {
        let vault = Vault::new(VaultOptions {
            choice: VaultChoice::Passphrase,
            file: self.data().join("vault"),
            passphrase_file: Some(self.folder.path().join("passphrase")),
            keyring: Arc::new(TimedStore::system()),
            entropy: Arc::new(SystemEntropy),
        });
        let options = OpenOptions { keys: Arc::new(VaultKeys::new(vault, false)), ..OpenOptions::default() };
        Store::open_with(&self.data().join("dashtam.redb"), &options).unwrap()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> tokio::process::Command {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_dashtam"));
        command
            .args(arguments)
            .env_clear()
            .env("HOME", self.folder.path())
            .env("DASHTAM_DATA_DIR", self.data())
            .env("DASHTAM_VAULT", "passphrase")
            .env("DASHTAM_PASSPHRASE_FILE", self.folder.path().join("passphrase"))
            .env("DASHTAM_LOG", "trace")
            .env("BROWSER", "true")
            .env("KEY", "PKTEST1")
            .env("OTHER_KEY", "PKOTHER1")
            .env("SECRET", SECRET)
            .envs(self.endpoints.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    pub(crate) async fn run(&mut self, arguments: &[&str]) -> Output {
        let output = self.command(arguments).output().await.unwrap();
        self.keep_output(&output);
        output
    }

    pub(crate) fn keep_output(&mut self, output: &Output) {
        self.output.push_str(&String::from_utf8_lossy(&output.stdout));
        self.output.push_str(&String::from_utf8_lossy(&output.stderr));
    }

    /// The JSON of a command that ends with `code`.
    #[track_caller]
    pub(crate) fn json(output: &Output, code: i32) -> Value {
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{err}");
        let out = if code == 2 || output.stdout.is_empty() { &output.stderr } else { &output.stdout };
        serde_json::from_slice(out).unwrap_or_else(|error| panic!("{error}: {} {err}", String::from_utf8_lossy(out)))
    }

    pub(crate) async fn connect(&mut self, key: &str, code: i32) -> Value {
        let key = format!("api_key={key}");
        let output = self
            .run(&[
                "connect",
                "alpaca",
                "--field",
                "environment=paper",
                "--field-env",
                &key,
                "--field-env",
                "api_secret=SECRET",
                "--format",
                "json",
            ])
            .await;
        Self::json(&output, code)
    }

    pub(crate) async fn list(&mut self, arguments: &[&str]) -> Value {
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--format", "json"]).collect();
        let output = self.run(&arguments).await;
        Self::json(&output, 0)
    }
}

/// A secret as it is, and as it might be written.
pub(crate) fn disguises(secret: &str) -> Vec<Vec<u8>> {
    let hex: String = secret
        .bytes()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect();
    let percent = hex
        .as_bytes()
        .chunks(2)
        .map(|pair| format!("%{}", String::from_utf8_lossy(pair)))
        .collect::<Vec<_>>()
        .concat()
        .to_uppercase();
    let base64 = base64::engine::general_purpose::STANDARD_NO_PAD;
    // At each of the three offsets; the first and last digits depend on the neighbours.
    let shifted = (0..3).map(|shift| {
        let text = base64.encode(format!("{}{secret}", &"xx"[..shift]));
        text[if shift == 0 { 0 } else { shift + 1 }..text.len() - 2].to_owned()
    });
    let texts = [secret.to_owned(), hex.to_uppercase(), hex, percent.to_lowercase(), percent];
    texts.into_iter().chain(shifted).map(String::into_bytes).collect()
}

pub(crate) fn holds(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

fn files(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.file_name().unwrap() != "passphrase" {
            found.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
}

/// Fails when one of `secrets` is in a file of the profile or in what was printed.
#[track_caller]
pub(crate) fn nothing_leaked(profile: &Profile, secrets: &[&str]) {
    let mut places = vec![("output".to_owned(), profile.output.clone().into_bytes())];
    files(profile.folder.path(), &mut places);
    assert!(
        places.iter().any(|(name, bytes)| name.ends_with("dashtam.log") && !bytes.is_empty()),
        "the log is written"
    );
    assert!(places.iter().any(|(name, _)| name.ends_with("dashtam.redb")));
    for secret in secrets.iter().copied().chain([SECRET, PASSPHRASE]) {
        for needle in disguises(secret) {
            for (name, bytes) in &places {
                assert!(!holds(bytes, &needle), "{secret} as {:?} in {name}", String::from_utf8_lossy(&needle));
            }
        }
    }
}
