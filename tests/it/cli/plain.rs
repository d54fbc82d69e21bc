//! The line mode: every action without a full screen, as a person with a screen reader uses it.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

fn output_of(arguments: &[&str], lines: &str, term: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_dashtam"))
        .args(arguments)
        .env_clear()
        .env("HOME", folder.path())
        .env("TERM", term)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_walk_through_the_demo_is_readable_line_by_line() {
    let output = output_of(&["--demo", "--plain"], "3\n/coffee\n\n:help\n\n<esc>\n5\nq\n", "xterm");
    for text in ["Net worth", "Payee", "/coffee", "Stumble Inn Coffee", "Northlight", "login"] {
        assert!(output.contains(text), "no `{text}` in\n{output}");
    }
    let odd: Vec<char> = output.chars().filter(|c| !c.is_ascii() && !c.is_alphabetic()).collect();
    assert!(odd.is_empty() && !output.contains('\u{1b}'), "{odd:?}\n{output}");
}

#[test]
fn the_end_of_the_input_ends_it() {
    let output = output_of(&["--demo", "--plain"], "2\n", "dumb");
    assert!(output.contains("Accounts") && output.contains("Checking ..7890"), "{output}");
}
