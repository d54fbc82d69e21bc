//! The commands that work without a store: configuration and keys.

use std::io::Write;

use super::{
    args::{ConfigCommand, Global, OutputFormat, Strictness},
    configured,
    console::Console,
    error::CliError,
    output::{self, ListRecord, OutputColumn},
    session::Setup,
};
use crate::{
    config::{Config, ConfigError, ConfigProblem, Environment, Paths, SETTINGS, Setting},
    domain::FailureKind,
    tui::{self, KeyLine, Keymap},
};

pub(super) fn keys(
    global: &Global,
    console: &Console,
    out: &mut dyn Write,
    format: OutputFormat,
) -> Result<(), CliError> {
    const COLUMNS: &[OutputColumn<KeyLine>] = &[
        OutputColumn::left("Group", |line| line.group.to_owned()),
        OutputColumn::left("Keys", |line| line.keys.clone()),
        OutputColumn::left("What it does", |line| line.title.to_owned()),
        OutputColumn::left("Name", |line| line.name.to_owned()),
    ];
    let setup = Setup::new(global, console, Strictness::Lenient)?;
    let lines = tui::key_list(&keymap(&setup.paths, &setup.config)?);
    output::list(out, format, lines.into_iter().map(Ok::<KeyLine, CliError>), COLUMNS, "no keys")
}

fn checked_keymap(config: &Config) -> Result<Keymap, Vec<ConfigProblem>> {
    Keymap::of(&config.keys).and_then(|keymap| {
        let problems = keymap.problems_of(&config.commands);
        if problems.is_empty() { Ok(keymap) } else { Err(problems) }
    })
}

/// Keys and commands of the user that can't be used.
pub(super) fn key_problems(config: &Config) -> Vec<ConfigProblem> {
    checked_keymap(config).err().unwrap_or_default()
}

/// The keys in force.
pub(super) fn keymap(paths: &Paths, config: &Config) -> Result<Keymap, CliError> {
    checked_keymap(config).map_err(|problems| {
        let error = ConfigError::Invalid { file: paths.config.display().to_string(), problems };
        invalid(&error).hint("`dashtam help keys` lists names and keys")
    })
}

impl ListRecord for KeyLine {
    const FIELDS: &'static [&'static str] = &["group", "keys", "title", "name"];
}

#[derive(serde::Serialize)]
struct ConfigRecord {
    file: String,
    exists: bool,
    warnings: Vec<String>,
}

impl ListRecord for SettingRecord {
    const FIELDS: &'static [&'static str] = &["section", "key", "value", "help"];
}

#[derive(serde::Serialize)]
struct SettingRecord {
    section: &'static str,
    key: &'static str,
    value: serde_json::Value,
    help: &'static str,
}

pub(super) fn config(
    global: &Global,
    console: &Console,
    out: &mut dyn Write,
    what: &ConfigCommand,
) -> Result<u8, CliError> {
    let format = global.format;
    let environment =
        Environment::from_variables(console.variables()).map_err(|error| CliError::usage(error.to_string()))?;
    let paths = Setup::paths(global, &environment)?;
    let file = paths.config.display().to_string();
    let mut record = ConfigRecord { exists: paths.config.exists(), file, warnings: Vec::new() };
    if matches!(what, ConfigCommand::Path) {
        output::record(out, format, &record, |out| writeln!(out, "{}", record.file))?;
        return Ok(0);
    }
    let loaded = configured::load(&paths.config, key_problems).map_err(|error| invalid(&error))?;
    record.warnings = loaded.warnings.iter().map(ToString::to_string).collect();
    if format == OutputFormat::Table {
        for warning in &record.warnings {
            writeln!(console.err(), "warning: {warning}")?;
        }
    }
    match (what, format) {
        (ConfigCommand::Show, OutputFormat::Table) => out.write_all(loaded.config.show().as_bytes())?,
        (ConfigCommand::Show, _) => {
            let value = |setting: &Setting| setting.json_value(&loaded.config);
            let settings = SETTINGS.iter().map(|setting| {
                Ok(SettingRecord {
                    section: setting.section,
                    key: setting.key,
                    value: value(setting),
                    help: setting.help,
                })
            });
            output::list::<SettingRecord, _>(out, format, settings, &[], "")?;
        }
        _ => output::record(out, format, &record, |out| {
            let state = if record.exists { "has no errors" } else { "does not exist: the defaults apply" };
            writeln!(out, "{} {state}", record.file)
        })?,
    }
    Ok(0)
}

/// Every problem of a configuration.
fn invalid(error: &ConfigError) -> CliError {
    let problems = match error {
        ConfigError::Invalid { problems, .. } => problems.iter().map(ToString::to_string).collect(),
        ConfigError::Unreadable { .. } => Vec::new(),
    };
    CliError::new(FailureKind::Config, error.to_string())
        .problems(problems)
        .hint("`dashtam help config` lists settings and their values")
}
