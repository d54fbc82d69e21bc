//! `config.toml`: text in, [`Config`] with warnings or a list of errors out; and back again.

use std::{fmt::Write as _, io::ErrorKind, path::Path};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::files;

use super::{
    environment::{ORIGIN, origin},
    provider::{AnswerSource, FieldSetting, PROVIDERS, ProviderConfig},
    settings::{Binding, Config, SETTINGS, Setting, UserCommand},
    value::Value,
};

/// The table of the user's own keys.
const KEYS: &str = "keys";

/// The tables of the user's own commands.
const COMMANDS: &str = "commands";

/// A file larger than this is not a configuration.
const MOST_BYTES: usize = 1 << 20;

/// A configuration and what was odd about it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ParsedConfig {
    /// The settings in effect.
    pub config: Config,
    /// Unknown names; the rest of the file counts.
    pub warnings: Vec<ConfigProblem>,
}

/// Something about one line of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigProblem {
    /// 1-based line.
    pub line: usize,
    /// The mistake and the allowed values.
    pub message: String,
}

impl std::fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

/// Reasons why a configuration can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It is there but can't be read.
    #[error("the configuration {file} can't be read: {source}")]
    Unreadable {
        /// The file.
        file: String,
        /// The system error.
        source: std::io::Error,
    },
    /// It holds values that can't be used.
    #[error("the configuration {file} has errors:{}", list(.problems))]
    Invalid {
        /// The file.
        file: String,
        /// All of them, by line.
        problems: Vec<ConfigProblem>,
    },
}

fn list(problems: &[ConfigProblem]) -> String {
    problems.iter().fold(String::new(), |mut text, problem| {
        let _ = write!(text, "\n  {problem}");
        text
    })
}

impl Config {
    /// Reads a file; one that isn't there means the defaults.
    pub fn load(path: &Path) -> Result<ParsedConfig, ConfigError> {
        let file = crate::domain::text::clean(&path.to_string_lossy()).into_owned();
        let read = files::read_text(path, MOST_BYTES);
        match read {
            Ok(text) => {
                let mut loaded = Self::parse(&text).map_err(|problems| ConfigError::Invalid { file, problems })?;
                loaded.config.find_files_beside(path);
                Ok(loaded)
            }
            Err(source) if source.kind() == ErrorKind::NotFound => Ok(ParsedConfig::default()),
            Err(source) => Err(ConfigError::Unreadable { file, source }),
        }
    }

    /// Resolves files named in the configuration against its folder.
    fn find_files_beside(&mut self, config: &Path) {
        let folder = config.parent().unwrap_or(Path::new(""));
        for answer in self.providers.values_mut().flat_map(|provider| &mut provider.answers) {
            if let AnswerSource::File(file) = &mut answer.source {
                *file = folder.join(file.as_path());
            }
        }
    }

    /// The settings of a file that can be used; every other one has its default.
    #[must_use]
    pub fn load_lenient(path: &Path) -> Self {
        let Ok(text) = files::read_text(path, MOST_BYTES) else { return Self::default() };
        let mut config = Self::read(&text).0.config;
        config.find_files_beside(path);
        config
    }

    /// Reads the text of a file. Errors come by line, all at once, with the unknown names.
    pub fn parse(text: &str) -> Result<ParsedConfig, Vec<ConfigProblem>> {
        let (mut loaded, mut errors) = Self::read(text);
        if errors.is_empty() {
            return Ok(loaded);
        }
        // Collect all errors and warnings, so that one edit can fix them all.
        errors.append(&mut loaded.warnings);
        errors.sort_by_key(|problem| problem.line);
        Err(errors)
    }

    /// The usable part of a text, and the errors in the rest.
    fn read(text: &str) -> (ParsedConfig, Vec<ConfigProblem>) {
        let (table, errors) = DeTable::parse_recoverable(text.trim_start_matches('\u{feff}'));
        let mut reader = Reader { text, loaded: ParsedConfig::default(), errors: Vec::new() };
        for error in errors {
            reader.error(error.span().map_or(0, |span| span.start), error.message());
        }
        if reader.errors.is_empty() {
            for (name, value) in table.get_ref() {
                reader.section(name.get_ref(), name.span().start, value);
            }
        }
        let Reader { mut loaded, errors, .. } = reader;
        loaded.warnings.sort_by_key(|problem| problem.line);
        loaded.config.keys.sort_by_key(|binding| binding.line);
        loaded.config.commands.sort_by_key(|command| command.line);
        (loaded, errors)
    }

    /// The settings in effect as a file, for `config show`.
    #[must_use]
    pub fn show(&self) -> String {
        self.write(|_, _| {})
    }

    /// The documented file that holds every setting at its default, commented out.
    #[must_use]
    pub fn documented() -> String {
        let head = "# The configuration of dashtam. Every line below is the default; remove the # to change it.\n";
        let settings = Self::default().write(|out, setting| {
            let _ = write!(out, "\n# {}\n# Allowed: {}.\n# ", setting.help, (setting.allowed)());
        });
        format!(
            "{head}{settings}\n[{KEYS}]\n\n# The user's own keys, by the names of `dashtam keys`.\n# sync-all = \"f5\"\n\n\
             # What is set once for a provider, by the slugs of `dashtam providers`: answers to its fields, of which a\n\
             # secret stands in a file (NAME_file) or an environment variable (NAME_env) of its own, another origin, and\n\
             # the most requests of one day.\n# [{PROVIDERS}.schwab]\n# app_key_file = \"schwab.key\"\n\
             # app_secret_env = \"SCHWAB_SECRET\"\n# callback_url = \"https://127.0.0.1:8182\"\n\
             # endpoint = \"https://localhost:8443\"\n# requests_per_day = 1000\n"
        )
    }

    fn write(&self, before: impl Fn(&mut String, &Setting)) -> String {
        let mut out = String::new();
        let mut section = "";
        for setting in SETTINGS {
            if setting.section != section {
                section = setting.section;
                let _ = writeln!(out, "{}[{section}]", if out.is_empty() { "" } else { "\n" });
            }
            before(&mut out, setting);
            let _ = writeln!(out, "{} = {}", setting.key, (setting.show)(self));
        }
        if !self.keys.is_empty() {
            let _ = writeln!(out, "\n[{KEYS}]");
        }
        for binding in &self.keys {
            let keys = toml::Value::from(binding.keys.clone());
            let _ = writeln!(out, "{} = {keys}", toml::Value::from(binding.action.as_str()));
        }
        for command in &self.commands {
            let text = |text: &str| toml::Value::from(text);
            let _ = writeln!(out, "\n[{COMMANDS}.{}]\nrun = {}", text(&command.name), text(&command.run));
            if !command.key.is_empty() {
                let _ = writeln!(out, "key = {}", text(&command.key));
            }
        }
        for (slug, provider) in &self.providers {
            provider.show(slug, &mut out);
        }
        out
    }
}

struct Reader<'text> {
    text: &'text str,
    loaded: ParsedConfig,
    errors: Vec<ConfigProblem>,
}

impl Reader<'_> {
    fn line(&self, offset: usize) -> usize {
        1 + self.text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
    }

    fn error(&mut self, offset: usize, message: &str) {
        let line = self.line(offset);
        self.errors.push(ConfigProblem { line, message: crate::domain::text::clean(message).into_owned() });
    }

    fn warn(&mut self, offset: usize, message: &str) {
        let line = self.line(offset);
        self.loaded.warnings.push(ConfigProblem { line, message: crate::domain::text::clean(message).into_owned() });
    }

    fn section(&mut self, name: &str, offset: usize, value: &Spanned<DeValue<'_>>) {
        let Some(table) = value.get_ref().as_table() else {
            let homes: Vec<_> = SETTINGS.iter().filter(|setting| setting.key == name).map(|s| s.section).collect();
            let hint = match homes.as_slice() {
                [] => format!("settings stand in {}", sections()),
                homes => format!("it belongs under [{}]", homes.join("] or [")),
            };
            return self.warn(offset, &format!("`{name}` is ignored: {hint}"));
        };
        if name == KEYS {
            return self.keys(table);
        }
        if name == COMMANDS {
            return self.commands(table);
        }
        if name == PROVIDERS {
            return self.providers(table);
        }
        if !SETTINGS.iter().any(|setting| setting.section == name) {
            return self
                .warn(offset, &format!("the section [{name}] is unknown and ignored; there are {}", sections()));
        }
        for (key, value) in table {
            self.setting(name, key, value);
        }
    }

    fn setting(&mut self, section: &str, key: &Spanned<std::borrow::Cow<'_, str>>, value: &Spanned<DeValue<'_>>) {
        let known = || SETTINGS.iter().filter(|setting| setting.section == section);
        let Some(setting) = known().find(|setting| setting.key == key.get_ref()) else {
            let names: Vec<_> = known().map(|setting| setting.key).collect();
            let key_name = key.get_ref();
            let message = format!("`{key_name}` is unknown and ignored; [{section}] has {}", names.join(", "));
            return self.warn(key.span().start, &message);
        };
        let plain = plain(value.get_ref());
        if (setting.read)(&mut self.loaded.config, &plain).is_none() {
            let message =
                format!("{section}.{} can't be {}; allowed: {}", setting.key, plain.shown(), (setting.allowed)());
            self.error(value.span().start, &message);
        }
    }

    fn providers(&mut self, table: &DeTable<'_>) {
        for (slug, value) in table {
            let name = slug.get_ref();
            let Some(settings) = value.get_ref().as_table() else {
                let message = format!("{PROVIDERS}.{name} must be a table: [{PROVIDERS}.{name}]");
                self.error(value.span().start, &message);
                continue;
            };
            let mut provider = ProviderConfig { line: self.line(slug.span().start), ..ProviderConfig::default() };
            for (key, value) in settings {
                self.provider_setting(name, &mut provider, key, value);
            }
            provider.answers.sort_by_key(|answer| answer.line);
            self.loaded.config.providers.insert(name.to_string(), provider);
        }
    }

    fn provider_setting(
        &mut self,
        slug: &str,
        provider: &mut ProviderConfig,
        key: &Spanned<std::borrow::Cow<'_, str>>,
        value: &Spanned<DeValue<'_>>,
    ) {
        let found = plain(value.get_ref());
        let key_name = key.get_ref().as_ref();
        let allowed = match key_name {
            "endpoint" => {
                provider.endpoint = found.text().and_then(origin);
                provider.endpoint.is_none().then_some(ORIGIN)
            }
            "requests_per_day" => {
                provider.requests_per_day = found.number(1, 1_000_000).and_then(|number| number.try_into().ok());
                provider.requests_per_day.is_none().then_some("a whole number from 1 to 1000000")
            }
            _ => {
                let text = match &found {
                    Value::Text(text) if !text.trim().is_empty() => Some(text.clone()),
                    Value::Number(number) => Some(number.to_string()),
                    Value::Text(_) | Value::Switch(_) | Value::Other(_) => None,
                };
                let line = self.line(key.span().start);
                let answer = text.map(|text| FieldSetting::of(key_name, text, line));
                let missing = answer.is_none();
                provider.answers.extend(answer);
                // The value is not repeated: it may be a secret in the wrong place.
                if missing {
                    self.error(
                        value.span().start,
                        &format!("{PROVIDERS}.{slug}.{key_name} must be a text that is not blank"),
                    );
                }
                None
            }
        };
        if let Some(allowed) = allowed {
            let message = format!("{PROVIDERS}.{slug}.{key_name} can't be {}; allowed: {allowed}", found.shown());
            self.error(value.span().start, &message);
        }
    }

    fn commands(&mut self, table: &DeTable<'_>) {
        for (name, value) in table {
            let line = self.line(name.span().start);
            let mut command = UserCommand { name: name.get_ref().to_string(), line, ..UserCommand::default() };
            let Some(parts) = value.get_ref().as_table() else {
                let message = format!("{COMMANDS}.{} must be a table: [{COMMANDS}.{}]", command.name, command.name);
                self.error(value.span().start, &message);
                continue;
            };
            for (key, value) in parts {
                let found = plain(value.get_ref());
                let target = match key.get_ref().as_ref() {
                    "run" => &mut command.run,
                    "key" => &mut command.key,
                    other => {
                        self.warn(
                            key.span().start,
                            &format!("`{other}` is unknown and ignored; a command has run and key"),
                        );
                        continue;
                    }
                };
                match found.text() {
                    Some(text) => text.trim().clone_into(target),
                    None => self.error(value.span().start, &format!("{COMMANDS}.{}: write a text", command.name)),
                }
            }
            if command.run.is_empty() {
                self.error(name.span().start, &format!("{COMMANDS}.{} has nothing to run", command.name));
            } else {
                self.loaded.config.commands.push(command);
            }
        }
    }

    fn keys(&mut self, table: &DeTable<'_>) {
        for (action, value) in table {
            let keys = match value.get_ref() {
                DeValue::String(key) => Some(vec![key.to_string()]),
                DeValue::Array(keys) => {
                    keys.iter().map(|key| key.get_ref().as_str().map(str::to_owned)).collect::<Option<_>>()
                }
                _ => None,
            };
            let action_name = action.get_ref();
            let Some(keys) = keys else {
                let message = format!(
                    "{KEYS}.{action_name} can't be {}; allowed: a key such as \"ctrl-r\", or a list of keys",
                    plain(value.get_ref()).shown()
                );
                self.error(value.span().start, &message);
                continue;
            };
            let line = self.line(action.span().start);
            self.loaded.config.keys.push(Binding { action: action_name.to_string(), keys, line });
        }
    }
}

fn plain(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Boolean(on) => Value::Switch(*on),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).map_or(Value::Other("integer"), Value::Number)
        }
        other => Value::Other(other.type_str()),
    }
}

fn sections() -> String {
    let mut names: Vec<_> = SETTINGS.iter().map(|setting| setting.section).collect();
    names.dedup();
    names.extend([KEYS, "providers.SLUG"]);
    format!("[{}]", names.join("], ["))
}
