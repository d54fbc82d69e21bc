//! Where a command reads from and writes to: the terminal of this process, or of a client whose command runs here.
//!
//! INVARIANT: a command reads input, asks, writes messages, resolves paths and reads variables only through its console.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    io::{self, BufRead, BufReader, BufWriter, IsTerminal as _, LineWriter, Read, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::tui;

/// Which standard streams are a terminal, and its size in columns and lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Terminal {
    pub(super) stdin: bool,
    pub(super) stdout: bool,
    pub(super) stderr: bool,
    pub(super) size: Option<(u16, u16)>,
}

impl Terminal {
    fn of_this_process() -> Self {
        Self {
            stdin: io::stdin().is_terminal(),
            stdout: io::stdout().is_terminal(),
            stderr: io::stderr().is_terminal(),
            size: tui::terminal_size(),
        }
    }
}

/// Where input comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Source {
    Stdin,
    /// A path that means something only in the process of the caller, such as `/dev/fd/63`.
    Path(PathBuf),
}

/// The three streams of a console.
pub(super) trait Streams: Send + Sync {
    fn write_out(&self, bytes: &[u8]) -> io::Result<()>;
    fn write_err(&self, bytes: &[u8]) -> io::Result<()>;
    /// Reads at most as much as fits into `buffer`; 0 at the end.
    fn read(&self, source: &Source, buffer: &mut [u8]) -> io::Result<usize>;
    /// One line typed without an echo.
    fn ask_secret(&self) -> io::Result<SecretString>;
}

/// A console. Clones share the streams.
#[derive(Clone)]
pub(super) struct Console {
    streams: Arc<dyn Streams>,
    pub(super) terminal: Terminal,
    folder: PathBuf,
    variables: Arc<BTreeMap<OsString, OsString>>,
    is_remote: bool,
    /// Shared, so that no line read ahead is lost.
    stdin: Arc<Mutex<BufReader<Input>>>,
}

impl Console {
    /// The terminal, folder and environment of this process.
    pub(super) fn local() -> Self {
        let streams: Arc<dyn Streams> = Arc::new(Local);
        Self {
            stdin: stdin_of(&streams),
            streams,
            terminal: Terminal::of_this_process(),
            folder: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
            variables: Arc::new(std::env::vars_os().collect()),
            is_remote: false,
        }
    }

    /// The terminal, folder and environment of a client.
    pub(super) fn remote(
        streams: Arc<dyn Streams>,
        terminal: Terminal,
        folder: PathBuf,
        variables: BTreeMap<OsString, OsString>,
    ) -> Self {
        let stdin = stdin_of(&streams);
        Self { streams, terminal, folder, variables: Arc::new(variables), is_remote: true, stdin }
    }

    /// Standard output, buffered: flush it at the end.
    pub(super) fn out(&self) -> impl Write + use<> {
        BufWriter::with_capacity(32 << 10, Output { streams: Arc::clone(&self.streams), is_error: false })
    }

    /// Standard error, written line by line.
    pub(super) fn err(&self) -> impl Write + use<> {
        LineWriter::new(Output { streams: Arc::clone(&self.streams), is_error: true })
    }

    /// Appends one line of standard input, with its end; 0 at the end of the input.
    pub(super) fn read_line(&self, line: &mut String) -> io::Result<usize> {
        self.stdin.lock().unwrap_or_else(PoisonError::into_inner).read_line(line)
    }

    /// Everything that a source holds, up to one byte more than `most`.
    pub(super) fn read_all(&self, source: &Source, most: u64) -> io::Result<Vec<u8>> {
        let (mut bytes, limit) = (Vec::new(), most.saturating_add(1));
        match source {
            Source::Stdin => {
                let mut stdin = self.stdin.lock().unwrap_or_else(PoisonError::into_inner);
                stdin.by_ref().take(limit).read_to_end(&mut bytes)?;
            }
            Source::Path(path) if !self.is_remote => {
                std::fs::File::open(path)?.take(limit).read_to_end(&mut bytes)?;
            }
            Source::Path(_) => {
                let input = Input { streams: Arc::clone(&self.streams), source: source.clone() };
                input.take(limit).read_to_end(&mut bytes)?;
            }
        }
        Ok(bytes)
    }

    /// Asks for a secret on the terminal.
    pub(super) fn ask_secret(&self, question: &str) -> io::Result<SecretString> {
        self.streams.write_err(format!("{question}: ").as_bytes())?;
        self.streams.ask_secret()
    }

    /// A path as the caller means it.
    pub(super) fn path(&self, path: &Path) -> PathBuf {
        if self.is_remote { self.folder.join(path) } else { path.to_owned() }
    }

    /// The folder the caller is in.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn variable(&self, name: &str) -> Option<&OsStr> {
        self.variables.get(OsStr::new(name)).map(OsString::as_os_str)
    }

    pub(super) fn variables(&self) -> impl Iterator<Item = (OsString, OsString)> + '_ {
        self.variables.iter().map(|(name, value)| (name.clone(), value.clone()))
    }
}

fn stdin_of(streams: &Arc<dyn Streams>) -> Arc<Mutex<BufReader<Input>>> {
    Arc::new(Mutex::new(BufReader::new(Input { streams: Arc::clone(streams), source: Source::Stdin })))
}

struct Output {
    streams: Arc<dyn Streams>,
    is_error: bool,
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_error {
            self.streams.write_err(bytes)?;
        } else {
            self.streams.write_out(bytes)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Input {
    streams: Arc<dyn Streams>,
    source: Source,
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.streams.read(&self.source, buffer)
    }
}

/// The streams of this process.
pub(super) struct Local;

impl Streams for Local {
    fn write_out(&self, bytes: &[u8]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(bytes)?;
        out.flush()
    }

    fn write_err(&self, bytes: &[u8]) -> io::Result<()> {
        io::stderr().lock().write_all(bytes)
    }

    fn read(&self, source: &Source, buffer: &mut [u8]) -> io::Result<usize> {
        match source {
            Source::Stdin => io::stdin().lock().read(buffer),
            Source::Path(path) => Err(io::Error::other(format!("{} is opened directly", path.display()))),
        }
    }

    fn ask_secret(&self) -> io::Result<SecretString> {
        rpassword::read_password().map(SecretString::from)
    }
}
