//! The program in a pseudo terminal.

use std::{
    io::{Read as _, Write},
    num::NonZeroU16,
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    time::{Duration, Instant},
};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use tempfile::TempDir;
use vt100::Parser;

/// Longer than anything here takes on a busy machine; only a failing test waits for it.
const PATIENCE: Duration = Duration::from_secs(60);
/// Longer than the parts of a frame are apart.
const QUIET: Duration = Duration::from_millis(500);

pub(crate) fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).unwrap()
}

/// Bytes that were sent for a key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent {
    /// In the first frame.
    pub(crate) first: usize,
    /// In all frames until nothing more came.
    pub(crate) settled: usize,
    /// The characters in the cells that look different from before, in UTF-8.
    pub(crate) changed: usize,
}

pub(crate) struct Terminal {
    pub(crate) screen: Parser,
    output: Receiver<Vec<u8>>,
    input: Box<dyn Write + Send>,
    pub(crate) master: Box<dyn MasterPty + Send>,
    pub(crate) child: Box<dyn Child + Send + Sync>,
    pub(crate) profile: TempDir,
}

impl Terminal {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), arguments)
    }

    /// In a profile that somebody else removes.
    pub(crate) fn start_at(profile: &std::path::Path, arguments: &[&str]) -> Self {
        let unused = tempfile::tempdir().unwrap();
        Self::start_with(unused, profile, arguments)
    }

    pub(crate) fn start_in(profile: TempDir, arguments: &[&str]) -> Self {
        let folder = profile.path().to_owned();
        Self::start_with(profile, &folder, arguments)
    }

    /// On a screen of that size, in lines and columns.
    pub(crate) fn start_sized(lines: u16, columns: u16, arguments: &[&str]) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let folder = profile.path().to_owned();
        Self::start_on(profile, &folder, arguments, (lines, columns), &[])
    }

    /// In a profile, on a screen of that size, in lines and columns.
    pub(crate) fn start_sized_in(profile: TempDir, size: (u16, u16), arguments: &[&str]) -> Self {
        let folder = profile.path().to_owned();
        Self::start_on(profile, &folder, arguments, size, &[])
    }

    /// In a profile that somebody else removes, with more variables.
    pub(crate) fn start_with_variables(
        profile: &std::path::Path,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> Self {
        Self::start_on(tempfile::tempdir().unwrap(), profile, arguments, (24, 80), variables)
    }

    fn start_with(profile: TempDir, folder: &std::path::Path, arguments: &[&str]) -> Self {
        Self::start_on(profile, folder, arguments, (24, 80), &[])
    }

    fn start_on(
        profile: TempDir,
        folder: &std::path::Path,
        arguments: &[&str],
        (lines, columns): (u16, u16),
        variables: &[(&str, &str)],
    ) -> Self {
        let size = PtySize { rows: lines, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_dashtam"));
        command.args(arguments);
        command.env("DASHTAM_DATA_DIR", folder);
        command.env("TERM", "xterm-256color");
        command.env("DASHTAM_VAULT", "memory");
        for (name, value) in variables {
            command.env(name, value);
        }
        command.cwd(folder);
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
        Self {
            screen: Parser::new(cells(lines), cells(columns), 0),
            output,
            input,
            master: pair.master,
            child,
            profile,
        }
    }

    /// Reads until the screen is as wanted.
    pub(crate) fn until(&mut self, what: &str, wanted: impl Fn(&vt100::Screen) -> bool) {
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

    pub(crate) fn process(&self) -> String {
        self.child.process_id().unwrap().to_string()
    }

    pub(crate) fn until_text(&mut self, text: &str) {
        self.until(text, |screen| screen.contents().contains(text));
    }

    pub(crate) fn press(&mut self, keys: &str) {
        self.input.write_all(keys.as_bytes()).unwrap();
        self.input.flush().unwrap();
    }

    /// Bytes that the program sends for a key. It must be quiet before.
    pub(crate) fn bytes_of_key(&mut self, keys: &str) -> Sent {
        const END: &[u8] = b"\x1b[?2026l";
        let before = self.shown();
        self.press(keys);
        let mut frame = Vec::new();
        let first = loop {
            let bytes = self.output.recv_timeout(PATIENCE).unwrap();
            self.screen.process(&bytes);
            frame.extend(bytes);
            if let Some(at) = frame.windows(END.len()).position(|window| window == END) {
                break at + END.len();
            }
        };
        let settled = frame.len() + self.bytes_until_quiet();
        let after = self.shown();
        let changed = before.iter().zip(&after).filter(|(before, after)| before != after);
        Sent { first, settled, changed: changed.map(|(_, (text, _))| text.len()).sum() }
    }

    /// The text and the style of each cell, as far as they are seen.
    fn shown(&self) -> Vec<(String, String)> {
        let screen = self.screen.screen();
        let (lines, columns) = screen.size();
        let places = (0..lines.get()).flat_map(|y| (0..columns.get()).map(move |x| (x, y)));
        let cells = places.filter_map(|(x, y)| screen.cell(y, x));
        cells
            .map(|cell| {
                let text = if cell.contents().is_empty() { " " } else { cell.contents() };
                let letters = if text == " " {
                    String::new()
                } else {
                    format!("{:?}{}{}{}", cell.fgcolor(), cell.bold(), cell.italic(), cell.underline())
                };
                (text.to_owned(), format!("{letters}{:?}{}", cell.bgcolor(), cell.inverse()))
            })
            .collect()
    }

    /// Bytes that come until none came for a while.
    pub(crate) fn bytes_until_quiet(&mut self) -> usize {
        let mut count = 0;
        while let Ok(bytes) = self.output.recv_timeout(QUIET) {
            self.screen.process(&bytes);
            count += bytes.len();
        }
        count
    }

    /// Closes the window: nobody reads or writes the terminal any more. Gives the exit code and the profile.
    pub(crate) fn hang_up(self) -> (u32, TempDir) {
        let Self { output, mut input, master, mut child, profile, .. } = self;
        drop(output);
        // The reader stops at the next frame.
        let _ = input.write_all(b"2").and_then(|()| input.flush());
        drop((input, master));
        // A process that another test starts at this moment may inherit the terminal and keep it open; then the kernel
        // sends no signal.
        let _ = std::process::Command::new("kill").args(["-HUP", &child.process_id().unwrap().to_string()]).status();
        (exit_code(child.as_mut()), profile)
    }

    /// Stops reading, so that writing to the terminal blocks, and asks the program to end; the exit code.
    pub(crate) fn end_unread(self) -> u32 {
        let Self { output, mut input, master: _open, mut child, profile: _kept, .. } = self;
        let process = child.process_id().unwrap().to_string();
        drop(output);
        for _ in 0..40 {
            // The terminal takes some kilobytes before it blocks.
            input.write_all(b"23").and_then(|()| input.flush()).unwrap();
            std::thread::sleep(Duration::from_millis(10));
        }
        assert!(std::process::Command::new("kill").args(["-TERM", &process]).status().unwrap().success());
        exit_code(child.as_mut())
    }

    /// Waits for the end and checks that the terminal is as it was; the exit code.
    pub(crate) fn ended(&mut self) -> u32 {
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

fn exit_code(child: &mut dyn Child) -> u32 {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.exit_code();
        }
        assert!(started.elapsed() < PATIENCE, "it did not end");
        std::thread::sleep(Duration::from_millis(10));
    }
}
