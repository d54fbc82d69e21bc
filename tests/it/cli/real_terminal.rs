//! The program in a real terminal: what it draws, and that it gives the terminal back however it ends.

use std::process::Command;

use portable_pty::PtySize;

use crate::support::terminal::{Terminal, cells};

#[test]
fn keys_work_and_quitting_gives_the_terminal_back() {
    let mut terminal = Terminal::start(&["--demo"]);
    terminal.until_text("Net worth");
    terminal.press("3");
    terminal.until_text("Payee");
    terminal.press("/coffee");
    terminal.until_text("coffee");
    terminal.press("\r");
    terminal.press("\u{3}");
    assert_eq!(terminal.ended(), 0);
}

#[test]
fn a_resize_is_followed() {
    let mut terminal = Terminal::start(&["--demo"]);
    terminal.until_text("Net worth");
    terminal.master.resize(PtySize { rows: 10, cols: 40, pixel_width: 0, pixel_height: 0 }).unwrap();
    terminal.screen.screen_mut().set_size(cells(10), cells(40));
    terminal.until_text("60x20");
    terminal.master.resize(PtySize { rows: 30, cols: 100, pixel_width: 0, pixel_height: 0 }).unwrap();
    terminal.screen.screen_mut().set_size(cells(30), cells(100));
    terminal.until_text("Net worth");
    terminal.press("\u{3}");
    assert_eq!(terminal.ended(), 0);
}

#[test]
fn being_told_to_end_gives_the_terminal_back() {
    let mut terminal = Terminal::start(&["--demo"]);
    terminal.until_text("Net worth");
    assert!(Command::new("kill").args(["-TERM", &terminal.process()]).status().unwrap().success());
    terminal.ended();
}

#[test]
fn a_pasted_path_opens_the_import() {
    let mut terminal = Terminal::start(&[]);
    terminal.until_text("Nothing here yet");
    let file = terminal.profile.path().join("pasted.ofx");
    std::fs::write(
        &file,
        "<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>USD<BANKACCTFROM><BANKID>1<ACCTID>12345678<ACCTTYPE>CHECKING\
         </BANKACCTFROM><BANKTRANLIST><STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20261003<TRNAMT>-4.50<FITID>1<NAME>Bakery\
         </STMTTRN></BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>",
    )
    .unwrap();
    terminal.press("i");
    terminal.until_text("Import");
    terminal.press(&format!("\u{1b}[200~{}\u{1b}[201~", file.display()));
    terminal.press("\r");
    terminal.until_text("Bakery");
    terminal.press("\r");
    terminal.until_text("1 row");
    terminal.press("\u{3}");
    assert_eq!(terminal.ended(), 0);
}

#[test]
fn a_database_whose_process_does_not_answer_is_reported() {
    let profile = tempfile::tempdir().unwrap();
    let _held = dashtam::store::Store::open(&profile.path().join("dashtam.redb")).unwrap();
    let mut terminal = Terminal::start_in(profile, &[]);
    assert_eq!(terminal.ended(), 1);
    let said = terminal.screen.screen().contents();
    assert!(said.contains("error:") && said.contains("does not answer"), "{said}");
}
