//! Two programs at once: commands beside an open screen, and what happens when either side is killed or suspended.

use std::{
    io::Write as _,
    os::unix::{fs::PermissionsExt as _, net::UnixStream},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::support::{harness::bank_statement, terminal::Terminal};

fn dashtam(profile: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dashtam"));
    command
        .args(arguments)
        .env("DASHTAM_DATA_DIR", profile)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn start(profile: &Path, arguments: &[&str]) -> Child {
    dashtam(profile, arguments).spawn().unwrap()
}

#[track_caller]
fn succeeds(output: &Output) {
    assert!(output.status.success(), "{:?}: {}", output.status, String::from_utf8_lossy(&output.stderr));
}

#[track_caller]
fn json(profile: &Path, arguments: &[&str]) -> Value {
    let output = dashtam(profile, &[arguments, &["--format", "json"]].concat()).output().unwrap();
    succeeds(&output);
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A statement of account `number` with `count` rows.
fn statement(folder: &Path, number: u32, count: u32) -> PathBuf {
    let rows: Vec<(String, String)> =
        (0..count).map(|row| (format!("2026-10-{:02}", row % 28 + 1), format!("-{row}.25"))).collect();
    let rows: Vec<(&str, &str, &str)> =
        rows.iter().map(|(day, amount)| (day.as_str(), amount.as_str(), "Bakery")).collect();
    let file = folder.join(format!("{number}.ofx"));
    std::fs::write(&file, bank_statement(&format!("1000{number}"), &rows, "100.00")).unwrap();
    file
}

fn open_screen(profile: tempfile::TempDir) -> Terminal {
    let mut screen = Terminal::start_in(profile, &[]);
    screen.until_text("1 Overview");
    screen
}

fn signal(process: &str, signal: &str) {
    assert!(Command::new("kill").args([signal, process]).status().unwrap().success());
}

#[test]
fn fifty_commands_beside_an_open_screen_all_answer() {
    let folder = tempfile::tempdir().unwrap();
    let profile = tempfile::tempdir().unwrap();
    succeeds(
        &dashtam(profile.path(), &["import", statement(folder.path(), 0, 40).to_str().unwrap()]).output().unwrap(),
    );
    let mut screen = open_screen(profile);
    let path = screen.profile.path().to_owned();
    let files: Vec<PathBuf> = (1..=10).map(|number| statement(folder.path(), number, 20)).collect();
    let reading: [&[&str]; 6] = [
        &["accounts"],
        &["transactions", "--format", "json"],
        &["transactions", "--query", "bakery", "--format", "csv"],
        &["net-worth"],
        &["changes", "--format", "jsonl"],
        &["doctor"],
    ];
    let mut children: Vec<Child> = (0..40).map(|index| start(&path, reading[index % reading.len()])).collect();
    children.extend(files.iter().map(|file| start(&path, &["import", file.to_str().unwrap(), "--format", "json"])));
    for child in children {
        succeeds(&child.wait_with_output().unwrap());
    }
    // Every row once, whoever wrote it.
    assert_eq!(json(&path, &["accounts"]).as_array().unwrap().len(), 11);
    assert_eq!(json(&path, &["transactions"]).as_array().unwrap().len(), 240);
    assert_eq!(json(&path, &["changes"]).as_array().unwrap().len(), 11);
    let fastest = (0..20).map(|_| {
        let started = Instant::now();
        succeeds(&dashtam(&path, &["accounts"]).output().unwrap());
        started.elapsed()
    });
    let fastest = fastest.min().unwrap();
    eprintln!("a reading command beside the screen: {} ms", fastest.as_millis());
    assert!(fastest <= Duration::from_millis(100), "{fastest:?}");
    // The screen saw all of it.
    screen.press("3");
    screen.until_text("240");
    screen.press("\u{3}");
    assert_eq!(screen.ended(), 0);
    assert_eq!(json(&path, &["transactions"]).as_array().unwrap().len(), 240, "nothing changes with the screen gone");
}

#[test]
fn commands_are_handed_to_the_screen_with_folder_input_and_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    statement(folder.path(), 1, 3);
    let mut screen = open_screen(tempfile::tempdir().unwrap());
    let path = screen.profile.path().to_owned();
    let socket = path.join("state/dashtam.sock");
    assert_eq!(std::fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
    // A relative path is that of the caller.
    succeeds(&dashtam(&path, &["import", "1.ofx"]).current_dir(folder.path()).output().unwrap());
    screen.press("3");
    screen.until_text("Bakery");
    succeeds(&dashtam(&path, &["export", "--to", "csv", "-o", "out.csv"]).current_dir(folder.path()).output().unwrap());
    assert_eq!(std::fs::read_to_string(folder.path().join("out.csv")).unwrap().lines().count(), 4);
    let backup = folder.path().join("copy.redb");
    succeeds(&dashtam(&path, &["backup", backup.to_str().unwrap()]).output().unwrap());
    let missing = dashtam(&path, &["import", "nowhere.ofx", "--format", "json"]).output().unwrap();
    assert_eq!(missing.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("not_found"));
    let wrong = dashtam(&path, &["undo", "banana"]).output().unwrap();
    assert_eq!(wrong.status.code(), Some(2));
    assert_eq!(json(&path, &["undo"])["undone"], true);
    screen.until_text("Undone");
    let refused = dashtam(&path, &["restore", backup.to_str().unwrap()]).output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains(&screen.process()), "it names the process");
    // A reader that goes away is no error, and the screen goes on.
    let mut child = start(&path, &["changes"]);
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
    screen.press("\u{3}");
    assert_eq!(screen.ended(), 0);
    assert!(!socket.exists());
}

#[test]
fn a_killed_screen_leaves_a_socket_that_delays_no_command() {
    let mut screen = open_screen(tempfile::tempdir().unwrap());
    let path = screen.profile.path().to_owned();
    signal(&screen.process(), "-KILL");
    screen.child.wait().unwrap();
    assert!(path.join("state/dashtam.sock").exists(), "it had no time to remove it");
    succeeds(&dashtam(&path, &["accounts"]).output().unwrap());
}

#[test]
fn killed_clients_and_nonsense_leave_the_screen_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let mut screen = open_screen(tempfile::tempdir().unwrap());
    let path = screen.profile.path().to_owned();
    let file = statement(folder.path(), 1, 2000);
    for _ in 0..10 {
        let mut child = start(&path, &["import", file.to_str().unwrap()]);
        child.kill().unwrap();
        child.wait().unwrap();
    }
    for nonsense in [&b"GET / HTTP/1.1\r\n\r\n"[..], b"R\0\0\0\x02{}", b"R\xff\xff\xff\xff", b""] {
        let mut stream = UnixStream::connect(path.join("state/dashtam.sock")).unwrap();
        stream.write_all(nonsense).unwrap();
    }
    succeeds(&dashtam(&path, &["import", file.to_str().unwrap()]).output().unwrap());
    assert_eq!(json(&path, &["transactions"]).as_array().unwrap().len(), 2000);
    screen.press("\u{3}");
    assert_eq!(screen.ended(), 0);
}

#[test]
fn a_suspended_screen_is_named_instead_of_waited_for() {
    let mut screen = open_screen(tempfile::tempdir().unwrap());
    let path = screen.profile.path().to_owned();
    signal(&screen.process(), "-STOP");
    let started = Instant::now();
    let output = dashtam(&path, &["accounts"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("fg"), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(started.elapsed() < Duration::from_secs(30));
    signal(&screen.process(), "-CONT");
    succeeds(&dashtam(&path, &["accounts"]).output().unwrap());
    screen.press("\u{3}");
    assert_eq!(screen.ended(), 0);
}

#[test]
fn a_second_screen_names_the_first() {
    let first = open_screen(tempfile::tempdir().unwrap());
    let output = dashtam(first.profile.path(), &["accounts"]).output().unwrap();
    succeeds(&output);
    let mut second = Terminal::start_at(first.profile.path(), &[]);
    assert_eq!(second.ended(), 1);
    let text = second.screen.screen().contents().replace('\n', "");
    assert!(text.contains(&first.process()) && text.contains("another terminal"), "{text}");
}

#[test]
fn commands_without_a_screen_take_turns() {
    let folder = tempfile::tempdir().unwrap();
    let profile = tempfile::tempdir().unwrap();
    let files: Vec<PathBuf> = (1..=10).map(|number| statement(folder.path(), number, 20)).collect();
    let mut children: Vec<Child> =
        files.iter().map(|file| start(profile.path(), &["import", file.to_str().unwrap()])).collect();
    children.extend((0..20).map(|_| start(profile.path(), &["accounts"])));
    for child in children {
        succeeds(&child.wait_with_output().unwrap());
    }
    assert_eq!(json(profile.path(), &["transactions"]).as_array().unwrap().len(), 200);
}
