//! The log file: private, bounded, and redacted on its way to disk.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

use tracing::{Dispatch, level_filters::LevelFilter};
use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::{filter::Targets, layer::SubscriberExt as _};

use crate::files;

use super::{redact::redact, settings::LogLevel};

/// Above this size the file is set aside as `.old` when the program starts.
const MOST_BYTES: u64 = 5 << 20;

/// Longer events are cut: searching them for secrets must stay cheap.
const MOST_OF_EVENT: usize = 16 << 10;

/// The log under way. `cli` makes the dispatch the program's own; dropping the log writes what is left.
pub struct Log {
    /// Where events go.
    pub dispatch: Dispatch,
    _writes_the_rest: WorkerGuard,
}

/// Opens the log file. Of other crates only warnings and errors are written, whatever the level: some of them print
/// headers and bodies further down.
pub fn open_log(path: &Path, level: LogLevel) -> io::Result<Log> {
    let (writer, guard) = tracing_appender::non_blocking(Redacting(open(path)?));
    let level = match level {
        LogLevel::Off => LevelFilter::OFF,
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let ours = Targets::new().with_default(level.min(LevelFilter::WARN)).with_target("dashtam", level);
    let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(writer);
    let subscriber = tracing_subscriber::registry().with(ours).with(lines);
    Ok(Log { dispatch: Dispatch::new(subscriber), _writes_the_rest: guard })
}

fn open(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        files::create_folders(folder)?;
    }
    if fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.len() > MOST_BYTES) {
        fs::rename(path, path.with_extension("log.old"))?;
    }
    files::append(path)
}

/// Strikes out secrets and steering characters; one call is one event.
struct Redacting<W>(W);

impl<W: Write> Write for Redacting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        let end = (0..=text.len().min(MOST_OF_EVENT)).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
        for line in redact(&text[..end]).lines() {
            self.0.write_all(crate::domain::text::clean(line).as_bytes())?;
            self.0.write_all(b"\n")?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logged(level: LogLevel, events: impl FnOnce()) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/dashtam.log");
        let log = open_log(&path, level).unwrap();
        tracing::dispatcher::with_default(&log.dispatch, events);
        drop(log);
        fs::read_to_string(path).unwrap()
    }

    #[test]
    fn events_are_written_without_secrets_and_steering() {
        let text = logged(LogLevel::Info, || {
            tracing::info!(target: "dashtam::sync", url = "https://a.example/x?token=canary1", "api_key: canary2");
            tracing::warn!(target: "dashtam::sync", "payee \u{1b}[31mred\u{202e}");
            tracing::debug!(target: "dashtam::sync", "too fine");
            tracing::info!(target: "reqwest::connect", "somebody else's");
            tracing::warn!(target: "hyper", "of note");
        });
        assert!(text.contains("https://a.example/x?[redacted]") && text.contains("of note"), "{text}");
        for absent in ["canary", "\u{1b}", "\u{202e}", "too fine", "somebody"] {
            assert!(!text.contains(absent), "{absent}: {text}");
        }
        assert_eq!(text.lines().count(), 3, "{text}");
    }

    #[test]
    fn other_crates_stay_silent_at_the_finest_level() {
        let text = logged(LogLevel::Trace, || {
            tracing::trace!(target: "dashtam::store", "ours");
            tracing::debug!(target: "hyper::proto", "theirs");
        });
        assert!(text.contains("ours") && !text.contains("theirs"), "{text}");
        assert_eq!(logged(LogLevel::Off, || tracing::error!(target: "dashtam", "x")), "");
    }

    #[test]
    fn the_file_is_private_and_bounded_and_no_link_is_followed() {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dashtam.log");
        fs::write(&path, vec![b'x'; 6 << 20]).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        drop(open_log(&path, LogLevel::Info).unwrap());
        assert_eq!(fs::metadata(&path).unwrap().len(), 0);
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert!(folder.path().join("dashtam.log.old").exists());
        let link = folder.path().join("link.log");
        symlink(&path, &link).unwrap();
        assert!(open_log(&link, LogLevel::Info).is_err());
    }
}
