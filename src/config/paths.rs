//! Places of files.
//!
//! The XDG places on Linux and macOS alike; everything in one folder when the user names one.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;

use super::environment::Environment;

/// The folder of dashtam inside each XDG place.
const FOLDER: &str = "dashtam";

/// Places given on the command line; each wins over the environment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Overrides {
    /// `--data-dir`.
    pub data_dir: Option<PathBuf>,
    /// `--config`.
    pub config: Option<PathBuf>,
    /// `--profile`.
    pub profile: Option<Profile>,
}

/// Name of a profile: a separate set of data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile(String);

/// Reasons why no place for files is known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathsError {
    /// No home folder.
    #[error("no home folder is known; name one with --data-dir and --config, or set HOME")]
    NoHome,
    /// A name that can't be a folder.
    #[error(
        "`{0}` can't be the name of a profile; allowed: up to 32 letters, digits, - and _, beginning with a letter or digit"
    )]
    Profile(String),
}

impl std::str::FromStr for Profile {
    type Err = PathsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let letters = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        if !letters || text.len() > 32 || !text.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return Err(PathsError::Profile(crate::domain::text::clean(text).into_owned()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl std::fmt::Display for Profile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0)
    }
}

/// The places of this run. Nothing is created by asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// The configuration file.
    pub config: PathBuf,
    /// The folder of the database, the vault's header and the backups.
    pub data: PathBuf,
    /// The folder of the log and of the state of the screen.
    pub state: PathBuf,
    /// The name of the profile; `None` for the usual one.
    pub profile: Option<String>,
}

impl Paths {
    /// Command line over environment over XDG. A named data folder holds the log too, so that nothing is
    /// written outside it; a profile is a folder inside.
    pub fn find(overrides: &Overrides, environment: &Environment) -> Result<Self, PathsError> {
        let xdg = etcetera::base_strategy::Xdg::new().ok();
        let place = |of: fn(&etcetera::base_strategy::Xdg) -> Option<PathBuf>| {
            xdg.as_ref().and_then(of).map(|base| base.join(FOLDER)).ok_or(PathsError::NoHome)
        };
        let config = match overrides.config.as_ref().or(environment.config.as_ref()) {
            Some(file) => file.clone(),
            None => place(|xdg| Some(xdg.config_dir()))?.join("config.toml"),
        };
        let (data, state) = if let Some(folder) = overrides.data_dir.as_ref().or(environment.data_dir.as_ref()) {
            (folder.clone(), folder.join("state"))
        } else {
            (place(|xdg| Some(xdg.data_dir()))?, place(etcetera::BaseStrategy::state_dir)?)
        };
        let within = |folder: PathBuf| match &overrides.profile {
            Some(Profile(name)) => folder.join("profiles").join(name),
            None => folder,
        };
        let profile = overrides.profile.as_ref().map(ToString::to_string);
        Ok(Self { config, data: within(data), state: within(state), profile })
    }

    /// The places of a throw-away profile inside one folder.
    #[must_use]
    pub fn inside(folder: &Path) -> Self {
        Self { config: folder.join("config.toml"), data: folder.to_owned(), state: folder.join("state"), profile: None }
    }

    /// The database.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.data.join("dashtam.redb")
    }

    /// The vault's header; holds no secret in the clear.
    #[must_use]
    pub fn vault(&self) -> PathBuf {
        self.data.join("vault")
    }

    /// The folder of backups.
    #[must_use]
    pub fn backups(&self) -> PathBuf {
        self.data.join("backups")
    }

    /// The log file.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.state.join("dashtam.log")
    }
}
