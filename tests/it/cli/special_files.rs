//! Pipes and devices in the place of files are refused without being read: nothing waits for the other end.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::mpsc,
    time::Duration,
};

/// Only a failing test waits this long.
const PATIENCE: Duration = Duration::from_secs(60);

fn pipe(path: &Path) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let _ = std::fs::remove_file(path);
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let child = Command::new(env!("CARGO_BIN_EXE_dashtam"))
        .args(arguments)
        .env_clear()
        .env("HOME", folder)
        .env("DASHTAM_DATA_DIR", folder.join("data"))
        .env("DASHTAM_VAULT", "passphrase")
        .env("DASHTAM_PASSPHRASE_FILE", folder.join("passphrase"))
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let process = child.id();
    let (sender, ended) = mpsc::channel();
    std::thread::spawn(move || sender.send(child.wait_with_output().unwrap()));
    ended.recv_timeout(PATIENCE).unwrap_or_else(|_| {
        let _ = Command::new("kill").args(["-9", &process.to_string()]).status();
        panic!("{arguments:?} waits for a pipe");
    })
}

#[test]
fn pipes_and_devices_are_refused_without_being_read() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let data = folder.join("data");
    std::fs::write(folder.join("passphrase"), "open sesame").unwrap();
    std::fs::write(folder.join("rows.csv"), "date,payee,amount,currency\n2026-03-01,Shop,-1.50,EUR\n").unwrap();
    assert!(run(folder, &["import", "rows.csv"]).status.success());
    let text = |output: &Output| String::from_utf8_lossy(&output.stderr).into_owned();

    let refused: [(&str, PathBuf, &[&str]); 5] = [
        ("statement", folder.join("pipe.ofx"), &["import", "pipe.ofx"]),
        ("backup", folder.join("pipe.redb"), &["restore", "pipe.redb"]),
        ("passphrase", folder.join("another"), &["vault", "passphrase", "--file", "another"]),
        ("vault", data.join("vault"), &["accounts"]),
        ("database", data.join("dashtam.redb"), &["accounts"]),
    ];
    for (what, path, arguments) in refused {
        let kept = std::fs::read(&path).ok();
        pipe(&path);
        let output = run(folder, arguments);
        assert!(!output.status.success(), "{what}: {}", text(&output));
        assert!(text(&output).contains("regular file"), "{what}: {}", text(&output));
        std::fs::remove_file(&path).unwrap();
        if let Some(kept) = kept {
            std::fs::write(&path, kept).unwrap();
        }
    }
    for device in ["/dev/zero", "/dev/full"] {
        let output = run(folder, &["import", device]);
        assert!(!output.status.success() && text(&output).contains("regular file"), "{device}: {}", text(&output));
    }
    // Commands go on with the defaults and report it.
    pipe(&folder.join("config"));
    for config in ["config", "/dev/zero"] {
        let output = run(folder, &["--config", config, "accounts"]);
        assert!(text(&output).contains("regular file"), "{config}: {}", text(&output));
    }

    // Without a log, a stored status or a progress file the program works.
    for name in ["dashtam.log", "status.json", "database-check.json", "recent-folders", "last-visit"] {
        pipe(&data.join("state").join(name));
    }
    for arguments in [&["accounts"][..], &["status", "--short"], &["doctor"], &["rename", "1", "Daily"]] {
        let output = run(folder, arguments);
        assert!(output.status.success() || arguments == ["doctor"], "{arguments:?}: {}", text(&output));
    }
}
