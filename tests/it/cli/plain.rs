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

/// The part of an output from a title to the next one.
fn part<'o>(output: &'o str, title: &str) -> &'o str {
    let begin = output.rfind(title).unwrap_or_else(|| panic!("no `{title}` in\n{output}"));
    let end = output[begin + 1..].find("\n> +").map_or(output.len(), |end| begin + 1 + end);
    &output[begin..end]
}

#[test]
fn panes_follow_each_other_and_an_overlay_is_printed_alone() {
    let output = output_of(&["--demo", "--plain"], "?\n<esc>\n2\n<tab>\ni\nq\n", "xterm");
    let help = part(&output, "+ Keys here");
    assert!(help.contains("Next row") && !help.contains("USD"), "{help}");
    // Beside the list there is nothing; Tab goes to the detail.
    let accounts = part(&output, "+ Accounts");
    assert!(accounts.contains("Checking ..7890") && !accounts.contains("Detail"), "{accounts}");
    let detail = part(&output, "+ Detail");
    assert!(detail.contains("Chase") && !detail.contains("Roth IRA"), "{detail}");
    let picker = part(&output, "+ Import statement files");
    assert!(picker.contains("statement files only") && !picker.contains("Chase"), "{picker}");
    let mut inside = [help, accounts, detail, picker].into_iter().flat_map(str::lines);
    assert!(inside.all(|line| !line.trim_start().starts_with('|')), "{output}");
}
