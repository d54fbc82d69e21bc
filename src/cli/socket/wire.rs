//! Frames between a client and the process that has the database: a kind, a length, the bytes.

use std::{
    ffi::{OsStr, OsString},
    io::{self, Read, Write},
    os::unix::ffi::{OsStrExt as _, OsStringExt as _},
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::cli::console::{Source, Terminal};

/// Version of the frames. Both sides must have the same one, and the same version of the program.
pub(super) const PROTOCOL: u32 = 1;

/// A peer that sends nothing for so long is given up.
pub(super) const SILENCE: Duration = Duration::from_secs(5);

/// Interval of signs of life while a command runs.
pub(super) const HEARTBEAT: Duration = Duration::from_secs(1);

/// Most bytes of one frame.
const MOST_BYTES: usize = 4 << 20;

/// Longest path that a socket address can hold on every platform.
const MOST_PATH: usize = 100;

/// The kind of a process, for messages of the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Role {
    Screen,
    Command,
}

/// First frame of the server.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Hello {
    pub(super) protocol: u32,
    pub(super) version: String,
    pub(super) process: u32,
    pub(super) role: Role,
}

impl Hello {
    pub(super) fn new(role: Role) -> Self {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        Self { protocol: PROTOCOL, version, process: std::process::id(), role }
    }

    pub(super) fn is_same_version(&self) -> bool {
        self.protocol == PROTOCOL && self.version == env!("CARGO_PKG_VERSION")
    }
}

/// First frame of the client. Text of the system is bytes, which need not be UTF-8.
#[derive(Serialize, Deserialize)]
pub(super) struct Request {
    arguments: Vec<Vec<u8>>,
    folder: Vec<u8>,
    variables: Vec<(Vec<u8>, Vec<u8>)>,
    pub(super) terminal: Terminal,
}

impl Request {
    pub(super) fn new(
        arguments: impl IntoIterator<Item = OsString>,
        folder: &Path,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
        terminal: Terminal,
    ) -> Self {
        Self {
            arguments: arguments.into_iter().map(OsString::into_vec).collect(),
            folder: folder.as_os_str().as_bytes().to_vec(),
            variables: variables.into_iter().map(|(name, value)| (name.into_vec(), value.into_vec())).collect(),
            terminal,
        }
    }

    pub(super) fn arguments(&self) -> Vec<OsString> {
        self.arguments.iter().map(|bytes| OsStr::from_bytes(bytes).to_owned()).collect()
    }

    pub(super) fn folder(&self) -> PathBuf {
        OsStr::from_bytes(&self.folder).into()
    }

    pub(super) fn variables(&self) -> impl Iterator<Item = (OsString, OsString)> + '_ {
        let text = |bytes: &[u8]| OsStr::from_bytes(bytes).to_owned();
        self.variables.iter().map(move |(name, value)| (text(name), text(value)))
    }
}

/// Request for input of the client.
#[derive(Serialize, Deserialize)]
pub(super) struct Wanted {
    pub(super) source: Source,
    pub(super) most: usize,
}

/// The kinds of frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FrameKind {
    /// Server: [`Hello`].
    Hello,
    /// Server: the process is ending and takes no command.
    Closing,
    /// Client: [`Request`].
    Request,
    /// Server: bytes for standard output.
    Out,
    /// Server: bytes for standard error.
    Err,
    /// Server: [`Wanted`].
    WantInput,
    /// Server: ask for a secret on the terminal.
    WantSecret,
    /// Client: input or a secret; empty at the end of the input.
    Input,
    /// Client: the input can't be read, and why.
    NoInput,
    /// Both: still there.
    Alive,
    /// Server: the exit code, one byte.
    Exit,
}

impl FrameKind {
    const ALL: [(Self, u8); 11] = [
        (Self::Hello, b'H'),
        (Self::Closing, b'C'),
        (Self::Request, b'R'),
        (Self::Out, b'O'),
        (Self::Err, b'E'),
        (Self::WantInput, b'W'),
        (Self::WantSecret, b'S'),
        (Self::Input, b'I'),
        (Self::NoInput, b'N'),
        (Self::Alive, b'A'),
        (Self::Exit, b'X'),
    ];
}

/// A frame. Its bytes may be a secret and are wiped.
pub(super) struct Frame {
    pub(super) kind: FrameKind,
    pub(super) bytes: Zeroizing<Vec<u8>>,
}

impl Frame {
    pub(super) fn json<'a, T: Deserialize<'a>>(&'a self) -> io::Result<T> {
        Ok(serde_json::from_slice(&self.bytes)?)
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

pub(super) fn write(to: &mut impl Write, kind: FrameKind, bytes: &[u8]) -> io::Result<()> {
    let tag = FrameKind::ALL.iter().find(|(known, _)| *known == kind).map_or(0, |(_, tag)| *tag);
    let length = u32::try_from(bytes.len()).ok().filter(|_| bytes.len() <= MOST_BYTES);
    let length = length.ok_or_else(|| io::Error::other("a frame is too long"))?;
    // One write, so that a frame is never torn between two threads.
    let mut frame = Zeroizing::new(Vec::with_capacity(bytes.len() + 5));
    frame.push(tag);
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(bytes);
    to.write_all(&frame)
}

pub(super) fn write_json<T: Serialize>(to: &mut impl Write, kind: FrameKind, value: &T) -> io::Result<()> {
    write(to, kind, &Zeroizing::new(serde_json::to_vec(value)?))
}

pub(super) fn read(from: &mut impl Read) -> io::Result<Frame> {
    let mut head = [0; 5];
    from.read_exact(&mut head)?;
    let [tag, length @ ..] = head;
    let kind = FrameKind::ALL.iter().find(|(_, known)| *known == tag).map(|(kind, _)| *kind);
    let kind = kind.ok_or_else(|| io::Error::other("the other process uses another protocol"))?;
    let length = u32::from_be_bytes(length) as usize;
    if length > MOST_BYTES {
        return Err(io::Error::other("a frame is too long"));
    }
    let mut bytes = Zeroizing::new(vec![0; length]);
    from.read_exact(&mut bytes)?;
    Ok(Frame { kind, bytes })
}

/// Where the socket of a state folder is: inside, or in a private folder of the temporary folder where the path is too
/// long for an address. `None` where that folder belongs to another user.
pub(crate) fn socket_path(state: &Path) -> Option<PathBuf> {
    let inside = state.join("dashtam.sock");
    if inside.as_os_str().len() <= MOST_PATH {
        return Some(inside);
    }
    let folder = std::env::temp_dir().join(format!("dashtam-{}", rustix::process::getuid().as_raw()));
    let name = blake3::hash(state.as_os_str().as_bytes()).to_hex();
    is_private(&folder).then(|| folder.join(&name[..32]))
}

/// Whether a folder is ours alone; it is made where it is missing.
fn is_private(folder: &Path) -> bool {
    use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
    let made = std::fs::DirBuilder::new().mode(0o700).create(folder);
    if made.is_err_and(|error| error.kind() != io::ErrorKind::AlreadyExists) {
        return false;
    }
    std::fs::symlink_metadata(folder).is_ok_and(|found| {
        found.is_dir() && found.uid() == rustix::process::getuid().as_raw() && found.mode().trailing_zeros() >= 6
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_survive_the_way_and_nonsense_is_refused() {
        let mut bytes = Vec::new();
        for (kind, _) in FrameKind::ALL {
            write(&mut bytes, kind, b"text").unwrap();
        }
        let mut from = bytes.as_slice();
        for (kind, _) in FrameKind::ALL {
            let frame = read(&mut from).unwrap();
            assert_eq!((frame.kind, frame.text().as_str()), (kind, "text"));
        }
        assert!(read(&mut from).is_err(), "the end is no frame");
        assert!(read(&mut &b"?\0\0\0\0"[..]).is_err());
        assert!(read(&mut &b"O\xff\xff\xff\xff"[..]).is_err(), "no room is made for a length that nobody sends");
    }

    #[test]
    fn a_long_folder_has_a_short_socket_path() {
        let long = |letter: &str| PathBuf::from(format!("/{}", letter.repeat(200)));
        let (one, other) = (socket_path(&long("a")).unwrap(), socket_path(&long("b")).unwrap());
        assert!(one != other && one.as_os_str().len() <= MOST_PATH);
        assert_eq!(socket_path(Path::new("/s")).unwrap(), Path::new("/s/dashtam.sock"));
    }
}
