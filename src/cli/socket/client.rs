//! The client: sends a command to the process that has the database and plays its answer on this terminal.

use std::{
    collections::{HashMap, hash_map::Entry},
    ffi::OsString,
    fs::File,
    io::{self, ErrorKind, Read as _},
    os::unix::net::UnixStream,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use secrecy::ExposeSecret as _;
use zeroize::Zeroizing;

use super::wire::{self, Frame, FrameKind, Hello, Request, Role, SILENCE, Wanted};
use crate::{
    cli::{
        console::{Console, Local, Source, Streams as _},
        error::CliError,
    },
    domain::FailureKind,
};

/// A connection to the process that has the database.
pub(crate) struct Client {
    stream: UnixStream,
    hello: Hello,
}

/// Result of looking for the process.
pub(crate) enum Connect {
    /// A process that takes commands.
    Found(Client),
    /// No process, or one that is ending.
    Nobody,
}

/// How a command ended on the other side.
enum Ended {
    Exit(u8),
    /// The process ended before it accepted the command.
    Unanswered,
}

impl Client {
    /// Looks for a process that listens on `socket`.
    ///
    /// # Errors
    /// It is of another version, or it does not answer.
    pub(crate) fn connect(socket: &std::path::Path) -> Result<Connect, CliError> {
        let Ok(mut stream) = UnixStream::connect(socket) else { return Ok(Connect::Nobody) };
        let limits = stream.set_read_timeout(Some(SILENCE)).and_then(|()| stream.set_write_timeout(Some(SILENCE)));
        limits?;
        let frame = match wire::read(&mut stream) {
            Ok(frame) if frame.kind == FrameKind::Hello => frame,
            Err(error) if is_timeout(&error) => return Err(silent(None)),
            // It ended between the two.
            Ok(_) | Err(_) => return Ok(Connect::Nobody),
        };
        let hello: Hello = frame.json()?;
        if !hello.is_same_version() {
            let text = format!(
                "the database is open in dashtam {} (process {}), and this is {}",
                hello.version,
                hello.process,
                env!("CARGO_PKG_VERSION")
            );
            return Err(CliError::new(FailureKind::Stopped, text).hint("end it, or use the same version for both"));
        }
        Ok(Connect::Found(Self { stream, hello }))
    }

    /// The process on the other side, for messages.
    pub(crate) fn process(&self) -> (Role, u32) {
        (self.hello.role, self.hello.process)
    }

    /// Has a command executed. `None` when the process ended before it accepted the command, which can be tried again.
    pub(crate) fn run(mut self, arguments: Vec<OsString>, console: &Console) -> Result<Option<u8>, CliError> {
        let variables = variables(console, &arguments);
        let request = Request::new(arguments, console.folder(), variables, console.terminal);
        if wire::write_json(&mut self.stream, FrameKind::Request, &request).is_err() {
            return Ok(None);
        }
        Ok(match self.play()? {
            Ended::Exit(code) => Some(code),
            Ended::Unanswered => None,
        })
    }

    fn play(&mut self) -> Result<Ended, CliError> {
        let files = Arc::default();
        let mut is_accepted = false;
        loop {
            let frame = match wire::read(&mut self.stream) {
                Ok(frame) => frame,
                Err(error) if is_timeout(&error) => return Err(silent(Some(&self.hello))),
                Err(_) if !is_accepted => return Ok(Ended::Unanswered),
                Err(_) => {
                    let text = format!("dashtam (process {}) ended before this was done", self.hello.process);
                    return Err(CliError::new(FailureKind::Stopped, text)
                        .hint("`dashtam changes` lists what was written; run the command again"));
                }
            };
            match frame.kind {
                FrameKind::Out => Local.write_out(&frame.bytes)?,
                FrameKind::Err => Local.write_err(&frame.bytes)?,
                FrameKind::WantInput => self.send_input(&frame, &files)?,
                FrameKind::WantSecret => self.send_secret()?,
                FrameKind::Exit => return Ok(Ended::Exit(frame.bytes.first().copied().unwrap_or(1))),
                FrameKind::Closing => return Ok(Ended::Unanswered),
                FrameKind::Alive => {}
                FrameKind::Hello | FrameKind::Request | FrameKind::Input | FrameKind::NoInput => {
                    return Err(CliError::new(FailureKind::Internal, "the other process sent an unexpected frame"));
                }
            }
            is_accepted = true;
        }
    }

    /// Reads on a separate thread: the command may end while a person is still typing.
    fn send_input(&self, frame: &Frame, files: &Arc<Mutex<Files>>) -> io::Result<()> {
        let Wanted { source, most } = frame.json()?;
        let (mut stream, files) = (self.stream.try_clone()?, Arc::clone(files));
        std::thread::spawn(move || {
            let mut buffer = Zeroizing::new(vec![0; most.min(1 << 20)]);
            let read = match &source {
                Source::Stdin => Local.read(&source, &mut buffer),
                Source::Path(path) => files.lock().unwrap_or_else(PoisonError::into_inner).read(path, &mut buffer),
            };
            // Without an answer the server waits until this process ends.
            let _ = match read {
                Ok(length) => wire::write(&mut stream, FrameKind::Input, &buffer[..length]),
                Err(error) => wire::write(&mut stream, FrameKind::NoInput, error.to_string().as_bytes()),
            };
        });
        Ok(())
    }

    fn send_secret(&mut self) -> io::Result<()> {
        match Local.ask_secret() {
            Ok(secret) => wire::write(&mut self.stream, FrameKind::Input, secret.expose_secret().as_bytes()),
            Err(error) => wire::write(&mut self.stream, FrameKind::NoInput, error.to_string().as_bytes()),
        }
    }
}

/// Files that the server reads through this process.
#[derive(Default)]
struct Files(HashMap<PathBuf, File>);

impl Files {
    fn read(&mut self, path: &PathBuf, buffer: &mut [u8]) -> io::Result<usize> {
        let file = match self.0.entry(path.clone()) {
            Entry::Occupied(open) => open.into_mut(),
            Entry::Vacant(new) => new.insert(File::open(path)?),
        };
        file.read(buffer)
    }
}

/// The variables that commands read: our own, and those that `--field-env` names.
fn variables(console: &Console, arguments: &[OsString]) -> Vec<(OsString, OsString)> {
    let named: Vec<String> = arguments
        .iter()
        .filter_map(|argument| argument.to_str()?.rsplit_once('=').map(|(_, name)| name.to_owned()))
        .collect();
    let is_read = |name: &OsString| {
        name.to_str().is_some_and(|name| {
            name.starts_with("DASHTAM_")
                || matches!(name, "BROWSER" | "NO_COLOR" | "COLORFGBG")
                || named.iter().any(|known| known == name)
        })
    };
    console.variables().filter(|(name, _)| is_read(name)).collect()
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

fn silent(hello: Option<&Hello>) -> CliError {
    let process = hello.map(|hello| format!(" (process {})", hello.process)).unwrap_or_default();
    CliError::new(FailureKind::Stopped, format!("the dashtam that has the database open{process} does not answer"))
        .hint("if it is suspended, resume it with `fg`; else end it and run this again")
}
