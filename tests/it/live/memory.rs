//! The memory of the running program: while a request is on its way a secret is in it (so the search works), and after the
//! vault is locked no copy of any secret of any provider is.

use std::{
    fs::File,
    io::{Read as _, Seek as _, SeekFrom},
    process::Stdio,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::support::{
    alpaca::{ACTIVITIES, FakeAlpaca},
    linked::{bridge, plaid, teller},
    schwab::{FakeSchwab, paste_address},
    server::Server,
    terminal::Terminal,
};

const PASSPHRASE: &str = "canary-of-the-vault-4be1";

/// Secrets and what the servers hand out, by variable where they are typed.
const SECRETS: [&str; 10] = [
    PASSPHRASE,
    "canary-alpaca-4be1",
    "canary-app-4be1",
    "canary-access-1",
    "canary-refresh-1",
    "canary-password",
    "canary-plaid-4be1",
    "access-canary",
    "link-canary",
    "canary-teller-4be1",
];

/// How often each secret is in the writable memory of a process, also in the form of Basic authentication.
fn copies(process: &str) -> Vec<(&'static str, usize)> {
    let maps = std::fs::read_to_string(format!("/proc/{process}/maps")).unwrap();
    let mut memory = File::open(format!("/proc/{process}/mem")).unwrap();
    let mut counts: Vec<(&str, usize)> = SECRETS.iter().map(|secret| (*secret, 0)).collect();
    let encoded: Vec<[String; 2]> = SECRETS
        .iter()
        // With a blank password, as Teller takes it, and as the password behind a name of twelve letters.
        .map(|secret| [STANDARD.encode(format!("{secret}:")), STANDARD.encode(format!("canary-user:{secret}"))])
        .collect();
    for line in maps.lines() {
        let mut parts = line.split_whitespace();
        let (Some(range), Some(mode)) = (parts.next(), parts.next()) else { continue };
        if !mode.starts_with("rw") || line.contains("[vvar") {
            continue;
        }
        let (start, end) = range.split_once('-').unwrap();
        let (start, end) = (u64::from_str_radix(start, 16).unwrap(), u64::from_str_radix(end, 16).unwrap());
        let mut bytes = vec![0; usize::try_from(end - start).unwrap()];
        memory.seek(SeekFrom::Start(start)).unwrap();
        if memory.read_exact(&mut bytes).is_err() {
            continue;
        }
        for ((secret, count), encoded) in counts.iter_mut().zip(&encoded) {
            for form in [*secret, &encoded[0], &encoded[1]] {
                *count += memchr::memmem::find_iter(&bytes, form.as_bytes()).count();
            }
        }
    }
    counts
}

/// Runs a command, which the open screen carries out.
async fn hand_over(folder: &std::path::Path, arguments: &[&str], paste: Option<&Server>) {
    let mut child = tokio::process::Command::new(env!("CARGO_BIN_EXE_dashtam"))
        .args(arguments)
        .env("DASHTAM_DATA_DIR", folder)
        .env("BROWSER", "true")
        .envs([("ALPACA", SECRETS[1]), ("APP", SECRETS[2]), ("PLAID", SECRETS[6]), ("TELLER", SECRETS[9])])
        .env("CLAIM", STANDARD.encode("https://bridge.simplefin.org/simplefin/claim/T1"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    if let Some(server) = paste {
        let output = paste_address(&mut child, server).await;
        assert_eq!(child.wait().await.unwrap().code(), Some(0), "{arguments:?}: {output}");
    } else {
        let output = child.wait_with_output().await.unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_lock_no_secret_is_left_in_memory() {
    let (_alpaca, alpaca) = FakeAlpaca::start().await;
    let (_schwab, schwab) = FakeSchwab::start().await;
    let (simplefin, plaid, teller) = (bridge().await, plaid().await, teller().await);
    let folder = tempfile::tempdir().unwrap();
    let endpoints = [
        ("DASHTAM_ENDPOINT_ALPACA", &alpaca),
        ("DASHTAM_ENDPOINT_SCHWAB", &schwab),
        ("DASHTAM_ENDPOINT_SIMPLEFIN", &simplefin),
        ("DASHTAM_ENDPOINT_PLAID", &plaid),
        ("DASHTAM_ENDPOINT_TELLER", &teller),
    ];
    let mut variables = vec![("DASHTAM_VAULT", "passphrase"), ("BROWSER", "true")];
    variables.extend(endpoints.iter().map(|(name, server)| (*name, server.origin.as_str())));
    let mut terminal = Terminal::start_with_variables(folder.path(), &[], &variables);
    terminal.until_text("Encrypt this new profile?");
    terminal.press("\r");
    terminal.until_text("Passphrase of the new vault");
    terminal.press(&format!("{PASSPHRASE}\r"));
    terminal.until_text("Once more");
    terminal.press(&format!("{PASSPHRASE}\r"));
    terminal.until_text("This profile is encrypted");
    let process = terminal.process();
    if File::open(format!("/proc/{process}/mem")).is_err() {
        eprintln!("SKIPPED: the memory of the program can't be read by this user");
        return;
    }

    for (provider, answers, paste) in [
        (
            "alpaca",
            &["--field", "environment=paper", "--field-env", "api_key=ALPACA", "--field-env", "api_secret=ALPACA"][..],
            None,
        ),
        ("schwab", &["--field-env", "app_key=APP", "--field-env", "app_secret=APP"], Some(&schwab)),
        ("simplefin", &["--field-env", "setup_token=CLAIM"], None),
        (
            "plaid",
            &["--field", "environment=sandbox", "--field", "client_id=someone", "--field-env", "secret=PLAID"],
            None,
        ),
        ("teller", &["--field", "environment=sandbox", "--field-env", "access_token=TELLER"], None),
    ] {
        hand_over(folder.path(), &[&["connect", provider], answers].concat(), paste).await;
    }
    // While the broker is being asked, the key is there: the search finds what it looks for.
    let hold = alpaca.hold(ACTIVITIES);
    let arguments = ["sync", "--force"];
    let syncing = hand_over(folder.path(), &arguments, None);
    let looking = async {
        hold.reached().await;
        let found = copies(&process);
        hold.release();
        found
    };
    let ((), during) = tokio::join!(syncing, looking);
    assert!(during.iter().any(|(secret, count)| *secret == SECRETS[1] && *count > 0), "{during:?}");

    terminal.press(":lock the vault\r");
    terminal.until_text("The database is encrypted and closed");
    let left: Vec<_> = copies(&process).into_iter().filter(|(_, count)| *count > 0).collect();
    assert!(left.is_empty(), "copies after the lock: {left:?}; during a request: {during:?}");
}
