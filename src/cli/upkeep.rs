//! The commands that work without a store: configuration, keys, restore.

use std::{io::Write, path::Path};

use super::{
    args::{ConfigCommand, Format, Global},
    configured,
    console::Console,
    error::CliError,
    output,
    session::Setup,
};
use crate::{
    config::{Config, ConfigError, Environment, Paths},
    domain::FailureKind,
    store::Store,
    tui::{self, Keymap},
};

/// What a restore did.
#[derive(serde::Serialize)]
struct Restored {
    backup: String,
    database: String,
    /// Where the database before is now; none when there was none.
    kept_as: Option<String>,
}

pub(super) fn restore(
    global: &Global,
    console: &Console,
    out: &mut dyn Write,
    format: Format,
    file: &Path,
) -> Result<(), CliError> {
    if global.demo {
        return Err(CliError::usage("made-up data is thrown away: there is nothing to restore into"));
    }
    let setup = Setup::new(global, console)?;
    setup.refuse_in_use("restore")?;
    let database = setup.paths.database();
    let now = chrono::Utc::now().format("before-%Y%m%dT%H%M%SZ").to_string();
    let names = std::iter::once(now.clone()).chain((2..).map(|count| format!("{now}-{count}")));
    let is_free = |name: &String| !Path::new(&format!("{}.{name}", database.display())).exists();
    let kept_as = names.into_iter().find(is_free).unwrap_or(now);
    let kept = Store::restore(file, &database, &kept_as)?;
    let shown = |path: &Path| path.display().to_string();
    let done = Restored { backup: shown(file), database: shown(&database), kept_as: kept.as_deref().map(shown) };
    output::object(out, format, &done, |out| {
        writeln!(out, "restored {} from {}", done.database, done.backup)?;
        done.kept_as.iter().try_for_each(|kept| writeln!(out, "what was there before is kept as {kept}"))
    })
}

pub(super) fn keys(global: &Global, console: &Console, out: &mut dyn Write) -> Result<(), CliError> {
    let setup = Setup::new(global, console)?;
    Ok(out.write_all(tui::keys_page(&keymap(&setup.paths, &setup.config)?).as_bytes())?)
}

/// The keys in force.
pub(super) fn keymap(paths: &Paths, config: &Config) -> Result<Keymap, CliError> {
    Keymap::of(&config.keys).map_err(|problems| {
        let error = ConfigError::Invalid { file: paths.config.display().to_string(), problems };
        CliError::new(FailureKind::Config, error.to_string()).hint("`dashtam keys` lists names and keys")
    })
}

pub(super) fn config(
    global: &Global,
    console: &Console,
    out: &mut dyn Write,
    what: &ConfigCommand,
) -> Result<u8, CliError> {
    let environment =
        Environment::from_variables(console.variables()).map_err(|error| CliError::usage(error.to_string()))?;
    let paths = Setup::paths(global, &environment)?;
    match what {
        ConfigCommand::Path => writeln!(out, "{}", paths.config.display())?,
        ConfigCommand::Check | ConfigCommand::Show => {
            let loaded = Config::load(&paths.config)
                .and_then(|loaded| configured::check(&loaded.config, &paths.config).map(|()| loaded))
                .map_err(|error| CliError::new(FailureKind::Config, error.to_string()))?;
            for warning in &loaded.warnings {
                writeln!(console.err(), "warning: {warning}")?;
            }
            keymap(&paths, &loaded.config)?;
            if matches!(what, ConfigCommand::Show) {
                out.write_all(loaded.config.show().as_bytes())?;
            }
        }
    }
    Ok(0)
}
