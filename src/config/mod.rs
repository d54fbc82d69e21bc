//! Settings: the file `config.toml`, the environment, places on disk, the log.
//!
//! Read once by `cli` at start and handed down as plain values.
//! INVARIANT: no other room reads environment variables or decides where files are; no secret is ever
//! kept in here.

mod environment;
mod log;
mod panic;
mod parse;
mod paths;
mod provider;
mod redact;
mod settings;
mod themes;
mod value;

pub use environment::Environment;
pub use log::{Log, open_log};
pub use panic::{describe_panic, report_panics};
pub use parse::{ConfigError, ConfigProblem, ParsedConfig};
pub use paths::{Overrides, Paths, Profile};
pub use provider::{AnswerSource, ConfiguredError, ProviderConfig, ProviderSettings};
pub use settings::{Binding, Config, LogLevel, SETTINGS, Screen, Setting, Theme, UserCommand};
pub use themes::{ThemeFile, user_themes};

#[cfg(test)]
mod tests;
