//! No copy of a key, a token or a passphrase stays in memory after the vault was locked.
//!
//! The screen of an encrypted profile executes commands that connect every kind of provider. After `vault lock` the memory
//! of its process is searched. Reading it takes the rights of an administrator; without them the test is skipped.

use std::{
    fs::File,
    io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _},
    path::Path,
    process::{Command, Output, Stdio},
};

use dashtam::providers::{FieldKind, PROVIDERS};

use crate::support::{
    profile::disguises,
    schwab::FakeSchwab,
    server::{Answer, Server},
    terminal::Terminal,
};

const PASSPHRASE: &str = "canary-passphrase-2f80";

/// Readable memory of a process.
struct Memory {
    maps: String,
    memory: File,
}

impl Memory {
    fn open(process: &str) -> std::io::Result<Self> {
        let maps = std::fs::read_to_string(format!("/proc/{process}/maps"))?;
        let mut memory = File::open(format!("/proc/{process}/mem"))?;
        memory.read_exact(&mut [])?;
        Ok(Self { maps, memory })
    }

    /// How often each needle is in writable memory.
    fn count(&mut self, needles: &[Vec<u8>]) -> Vec<usize> {
        let mut found = vec![0; needles.len()];
        for line in self.maps.lines() {
            let mut parts = line.split_whitespace();
            let (Some(range), Some(rights)) = (parts.next(), parts.next()) else { continue };
            let Some((from, to)) = range.split_once('-') else { continue };
            let (Ok(from), Ok(to)) = (u64::from_str_radix(from, 16), u64::from_str_radix(to, 16)) else { continue };
            if !rights.starts_with("rw") || to - from > 1 << 30 {
                continue;
            }
            let mut bytes = vec![0; usize::try_from(to - from).unwrap()];
            let read = self.memory.seek(SeekFrom::Start(from)).and_then(|_| self.memory.read_exact(&mut bytes));
            if read.is_ok() {
                for (count, needle) in found.iter_mut().zip(needles) {
                    *count += memchr::memmem::find_iter(&bytes, needle).count();
                }
            }
        }
        found
    }
}

fn command(profile: &Path, servers: &[(String, String)], arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dashtam"));
    command.args(arguments).env_clear().env("HOME", profile).env("DASHTAM_DATA_DIR", profile);
    command.envs(servers.iter().cloned()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
}

/// Logs in at Schwab: the address is pasted, the tokens of the fake are canaries.
fn log_in(profile: &Path, servers: &[(String, String)]) {
    let arguments = ["connect", "schwab", "--field-file", "app_key=app_key", "--field-file", "app_secret=app_secret"];
    let mut child = command(profile, servers, &arguments).current_dir(profile).stdin(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let address = lines.by_ref().map(Result::unwrap).find(|line| line.starts_with("http")).expect("no address");
    let state = address.split("state=").nth(1).unwrap().split('&').next().unwrap();
    let pasted = format!("https://127.0.0.1:8182/?code=C0.canary%40&session=4be1&state={state}\n");
    child.stdin.take().unwrap().write_all(pasted.as_bytes()).unwrap();
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    assert!(child.wait().unwrap().success(), "{rest:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_lock_no_secret_of_any_provider_is_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let profile = folder.path();
    let refusing = Server::start(|_| Answer::status(401, r#"{"error":"unauthorized"}"#)).await;
    let (_fake, schwab) = FakeSchwab::start().await;
    let live = || PROVIDERS.iter().filter(|provider| !provider.is_file());
    let servers: Vec<(String, String)> = live()
        .map(|provider| {
            let server = if provider.slug == "schwab" { &schwab } else { &refusing };
            (format!("DASHTAM_ENDPOINT_{}", provider.slug.to_uppercase().replace('-', "_")), server.origin.clone())
        })
        .collect();
    std::fs::write(profile.join("control.csv"), "date,payee,amount,currency\n2026-03-01,Control Quagga,-1.50,EUR\n")
        .unwrap();
    std::fs::write(profile.join("app_key"), "canary-app-key-3c7d").unwrap();
    std::fs::write(profile.join("app_secret"), "canary-app-secret-3c7d").unwrap();
    let mut variables: Vec<(&str, &str)> =
        servers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    variables.push(("DASHTAM_VAULT", "passphrase"));

    let mut terminal = Terminal::start_with_variables(profile, &[], &variables);
    terminal.until_text("Encrypt this new profile?");
    terminal.press("y\r");
    for question in ["Passphrase of the new vault", "Once more"] {
        terminal.until_text(question);
        terminal.press(&format!("{PASSPHRASE}\r"));
    }
    terminal.until_text("This profile is encrypted");
    let process = terminal.process();
    if let Err(error) = Memory::open(&process) {
        eprintln!("SKIPPED: the memory of another process can't be read here ({error}); run it as root");
        terminal.press("\u{3}");
        return;
    }

    let mut secrets =
        vec![PASSPHRASE.to_owned(), "canary-app-key-3c7d".to_owned(), "canary-app-secret-3c7d".to_owned()];
    secrets.extend(["C0.canary@", "canary-access-1", "canary-refresh-1"].map(str::to_owned));
    let import = command(profile, &servers, &["import", "control.csv"]).current_dir(profile).output().unwrap();
    assert!(import.status.success(), "{}", text(&import));
    log_in(profile, &servers);
    let mut flows = 1;
    for provider in live().filter(|provider| provider.slug != "schwab") {
        let mut arguments = vec!["connect".to_owned(), provider.slug.to_owned()];
        for field in provider.fields().iter().filter(|field| field.is_secret()) {
            let name = format!("{}-{}", provider.slug, field.name);
            let secret = format!("canary-{}-{}-5d1f", provider.slug, field.name);
            let content = match field.kind {
                FieldKind::SecretFile => format!("-----BEGIN PRIVATE KEY-----\n{secret}\n-----END PRIVATE KEY-----\n"),
                _ => secret.clone(),
            };
            std::fs::write(profile.join(&name), content).unwrap();
            arguments.extend(["--field-file".to_owned(), format!("{}={name}", field.name)]);
            secrets.push(secret);
        }
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        // Most are refused by the server or for their form; the secrets went through the program all the same.
        let refused = command(profile, &servers, &arguments).current_dir(profile).output().unwrap();
        println!("{}: {}", provider.slug, text(&refused).lines().next().unwrap_or_default());
        flows += 1;
    }
    terminal.press("3");
    terminal.until_text("Control Quagga");
    let control = Memory::open(&process).unwrap().count(&[b"Control Quagga".to_vec()])[0];
    assert!(control > 0, "the search finds what is in memory");

    let lock = command(profile, &servers, &["vault", "lock"]).output().unwrap();
    assert!(lock.status.success(), "{}", text(&lock));
    terminal.until_text("The database is encrypted and closed");
    let needles: Vec<(String, Vec<u8>)> = secrets
        .iter()
        .flat_map(|secret| disguises(secret).into_iter().map(move |needle| (secret.clone(), needle)))
        .collect();
    let bytes: Vec<Vec<u8>> = needles.iter().map(|(_, needle)| needle.clone()).collect();
    let counts = Memory::open(&process).unwrap().count(&bytes);
    let found: Vec<String> = needles
        .iter()
        .zip(counts)
        .filter(|(_, count)| *count > 0)
        .map(|((secret, needle), count)| format!("{secret} as {:?}: {count}", String::from_utf8_lossy(needle)))
        .collect();
    println!("{flows} flows, {} secrets in {} forms; control found {control} times", secrets.len(), needles.len());
    assert!(found.is_empty(), "{found:#?}");
    terminal.press("\u{3}");
    terminal.ended();
}
