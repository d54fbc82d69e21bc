//! What the process does against leaks, looked at from inside a process of its own.

use std::process::Command;

#[cfg(target_os = "linux")]
#[test]
fn a_hardened_process_leaves_nothing_behind() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "cli::process_hardening::inside_a_hardened_process", "--ignored", "--nocapture"])
        .output()
        .unwrap();
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && shown.contains("1 passed"), "{shown}");
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "started by a_hardened_process_leaves_nothing_behind, since it changes its process"]
fn inside_a_hardened_process() {
    use std::os::unix::fs::MetadataExt as _;
    assert_eq!(dashtam::testing::vault::harden_process(), [""; 0]);
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "x").unwrap();
    assert_eq!(std::fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
    // Owned by root once the process can't be dumped: other processes of the user can't open it.
    assert_eq!(std::fs::metadata("/proc/self/mem").unwrap().uid(), 0);
}
