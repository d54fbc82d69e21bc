//! The screen over an encrypted profile: the first question, and the lock.

use crate::support::terminal::Terminal;

const STATEMENT: &str = "date,payee,amount,currency\n2026-03-01,Quagga Ltd,-12.50,EUR\n2026-03-02,Numbat Inc,40.00,EUR\n2026-03-03,Dhole Co,-7.25,EUR\n";

fn start(profile: &std::path::Path, variables: &[(&str, &str)]) -> Terminal {
    Terminal::start_with_variables(profile, &[], variables)
}

#[test]
fn a_first_start_asks_once_and_the_locked_screen_shows_nothing_until_its_passphrase() {
    let folder = tempfile::tempdir().unwrap();
    let passphrase = [("DASHTAM_VAULT", "passphrase")];
    let mut terminal = start(folder.path(), &passphrase);
    terminal.until_text("Encrypt this new profile? If so, a passphrase protects its key. [Y/n]");
    terminal.press("\r");
    terminal.until_text("Passphrase of the new vault");
    terminal.press("open sesame\r");
    terminal.until_text("Once more");
    terminal.press("open sesame\r");
    terminal.until_text("This profile is encrypted");
    terminal.press("\u{3}");
    assert_eq!(terminal.ended(), 0);

    std::fs::write(folder.path().join("quagga.csv"), STATEMENT).unwrap();
    let mut terminal = start(folder.path(), &passphrase);
    terminal.until_text("Passphrase of the vault");
    terminal.press("open sesame\r");
    terminal.until_text("Overview");
    let import = std::process::Command::new(env!("CARGO_BIN_EXE_dashtam"))
        .args(["import", "quagga.csv"])
        .env("DASHTAM_DATA_DIR", folder.path())
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(import.status.success(), "{}", String::from_utf8_lossy(&import.stderr));
    terminal.press("3");
    terminal.until_text("Quagga Ltd");

    terminal.press(":lock the vault\r");
    terminal.until_text("The database is encrypted and closed");
    assert!(!terminal.screen.screen().contents().contains("Quagga"), "{}", terminal.screen.screen().contents());
    let outside = std::process::Command::new(env!("CARGO_BIN_EXE_dashtam"))
        .arg("accounts")
        .env("DASHTAM_DATA_DIR", folder.path())
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&outside.stderr);
    assert!(!outside.status.success() && text.contains("passphrase"), "{text}");
    terminal.press("\u{1b}");
    terminal.press("wrong\r");
    terminal.until_text("the passphrase or key is wrong");
    terminal.press("open sesame\r");
    terminal.until_text("Quagga Ltd");
    terminal.press("\u{3}");
    assert_eq!(terminal.ended(), 0);
}
