//! The program in a real terminal: what it draws, and that it gives the terminal back however it ends.

use std::{
    io::{Read as _, Write},
    num::NonZeroU16,
    process::Command,
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    time::{Duration, Instant},
};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use tempfile::TempDir;
use vt100::Parser;

/// Longer than anything here takes on a busy machine; only a failing test waits for it.
const PATIENCE: Duration = Duration::from_secs(60);

fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).unwrap()
}

struct Terminal {
    screen: Parser,
    output: Receiver<Vec<u8>>,
    input: Box<dyn Write + Send>,
    master: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
    profile: TempDir,
}

impl Terminal {
    fn start(arguments: &[&str]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), arguments)
    }

    fn start_in(profile: TempDir, arguments: &[&str]) -> Self {
        let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_dashtam"));
        command.args(arguments);
        command.env("DASHTAM_DATA_DIR", profile.path());
        command.env("TERM", "xterm-256color");
        command.cwd(profile.path());
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (sender, output) = channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            // The end of the child is an error on Linux.
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                if sender.send(bytes[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        let input = pair.master.take_writer().unwrap();
        Self { screen: Parser::new(cells(24), cells(80), 0), output, input, master: pair.master, child, profile }
    }

    /// Reads until the screen is as wanted.
    fn until(&mut self, what: &str, wanted: impl Fn(&vt100::Screen) -> bool) {
        let started = Instant::now();
        while !wanted(self.screen.screen()) {
            let left = PATIENCE.checked_sub(started.elapsed());
            match self.output.recv_timeout(left.unwrap_or_default()) {
                Ok(bytes) => self.screen.process(&bytes),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    panic!("never seen: {what}\n{}", self.screen.screen().contents());
                }
            }
        }
    }

    fn until_text(&mut self, text: &str) {
        self.until(text, |screen| screen.contents().contains(text));
    }

    fn press(&mut self, keys: &str) {
        self.input.write_all(keys.as_bytes()).unwrap();
        self.input.flush().unwrap();
    }

    /// Waits for the end and checks that the terminal is as it was; the exit code.
    fn ended(&mut self) -> u32 {
        let started = Instant::now();
        loop {
            match self.output.recv_timeout(PATIENCE.checked_sub(started.elapsed()).unwrap_or_default()) {
                Ok(bytes) => self.screen.process(&bytes),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("it did not end\n{}", self.screen.screen().contents()),
            }
        }
        let status = self.child.wait().unwrap();
        let screen = self.screen.screen();
        assert!(!screen.alternate_screen(), "the alternate screen was left on");
        assert!(!screen.hide_cursor(), "the cursor was left hidden");
        assert!(!screen.bracketed_paste(), "bracketed paste was left on");
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None, "the mouse was left captured");
        status.exit_code()
    }
}

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
    let pid = terminal.child.process_id().unwrap().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
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
fn a_second_instance_says_so_without_taking_the_terminal() {
    let profile = tempfile::tempdir().unwrap();
    let _held = dashtam::store::Store::open(&profile.path().join("dashtam.redb")).unwrap();
    let mut terminal = Terminal::start_in(profile, &[]);
    assert_eq!(terminal.ended(), 1);
    let said = terminal.screen.screen().contents();
    assert!(said.contains("error:") && said.contains("another"), "{said}");
}
