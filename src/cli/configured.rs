//! Checks `[providers.<slug>]` against the metadata of the providers.

use std::path::Path;

use secrecy::SecretString;

use super::error::CliError;
use crate::{
    config::{AnswerSource, Config, ConfigError, ConfigProblem, ParsedConfig, ProviderConfig, ProviderSettings},
    domain::text,
    providers::{self, ProviderMetadata, Secrets},
};

/// Reads the configuration. Every problem is reported at once, by line: of the file, of the settings of providers, and those
/// that `more` finds in the settings that can be used.
pub(super) fn load(file: &Path, more: impl FnOnce(&Config) -> Vec<ConfigProblem>) -> Result<ParsedConfig, ConfigError> {
    let (loaded, mut problems) = match Config::load(file) {
        Ok(loaded) => (loaded, Vec::new()),
        Err(ConfigError::Invalid { problems, .. }) => {
            (ParsedConfig { config: Config::load_lenient(file), warnings: Vec::new() }, problems)
        }
        Err(unreadable) => return Err(unreadable),
    };
    problems.extend(check(&loaded.config));
    problems.extend(more(&loaded.config));
    if problems.is_empty() {
        return Ok(loaded);
    }
    problems.sort_by_key(|problem| problem.line);
    Err(ConfigError::Invalid { file: text::clean(&file.to_string_lossy()).into_owned(), problems })
}

/// Everything in the settings of providers that can't be used.
fn check(config: &Config) -> Vec<ConfigProblem> {
    let settings = config.providers.iter();
    let mut problems: Vec<ConfigProblem> = settings
        .flat_map(|(slug, settings)| match providers::listed(slug) {
            Ok(metadata) => wrong_answers(metadata, slug, settings),
            Err(unknown) => {
                let message = format!("[providers.{slug}]: {unknown}; known are {}", unknown.known);
                vec![ConfigProblem { line: settings.line, message }]
            }
        })
        .collect();
    problems.sort_by_key(|problem| problem.line);
    problems
}

fn wrong_answers(metadata: &ProviderMetadata, slug: &str, settings: &ProviderConfig) -> Vec<ConfigProblem> {
    let mut problems = Vec::new();
    if metadata.is_file() {
        let message = format!(
            "[providers.{slug}]: {} works with statement files, there is nothing to set",
            metadata.display_name
        );
        return vec![ConfigProblem { line: settings.line, message }];
    }
    if slug != metadata.slug {
        let message = format!("[providers.{slug}] must be written [providers.{}]", metadata.slug);
        return vec![ConfigProblem { line: settings.line, message }];
    }
    for (index, answer) in settings.answers.iter().enumerate() {
        let key = format!("providers.{slug}.{}", answer.key());
        let message = match (metadata.fields().iter().find(|field| field.name == answer.field), &answer.source) {
            (None, _) => format!("{key} is unknown; {} takes {}", metadata.display_name, keys(metadata)),
            _ if settings.answers[..index].iter().any(|other| other.field == answer.field) => {
                format!("{key} answers `{}` a second time", answer.field)
            }
            (Some(field), AnswerSource::Value(_)) if field.is_secret() => {
                format!("{key} is a secret, which this file must not hold: write {}", metadata.key_of(field.name))
            }
            (Some(field), AnswerSource::Value(value)) => match field.problem(value) {
                Some(problem) => format!("{key}: {problem}"),
                None => continue,
            },
            (Some(_), AnswerSource::File(_) | AnswerSource::Variable(_)) => continue,
        };
        problems.push(ConfigProblem { line: answer.line, message });
    }
    problems
}

/// Keys allowed in the table of a provider.
fn keys(metadata: &ProviderMetadata) -> String {
    let fields = metadata.fields().iter().map(|field| metadata.key_of(field.name));
    fields.chain(["endpoint", "requests_per_day"].map(str::to_owned)).collect::<Vec<_>>().join(", ")
}

/// The answers of the configuration for a provider.
pub(super) fn answers(settings: &ProviderSettings, slug: &str) -> Result<Secrets, CliError> {
    let Some(settings) = settings.get(slug) else { return Ok(Secrets::new()) };
    let read: Vec<(&str, SecretString)> =
        settings.read_answers(slug).map_err(|error| CliError::from(crate::sync::JobFailure::from(&error)))?;
    Ok(read.into_iter().fold(Secrets::new(), |answers, (field, answer)| answers.with(field, answer)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        check(&Config::parse(text).unwrap().config).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn problems_of_the_file_its_providers_and_more_are_reported_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.toml");
        std::fs::write(&file, "[screen]\ntheme = \"moon\"\n[providers.alpacca]\n[sync]\nevery = \"x\"\n").unwrap();
        let more = |_: &Config| vec![ConfigProblem { line: 4, message: "more".to_owned() }];
        let Err(ConfigError::Invalid { problems, .. }) = load(&file, more) else { panic!("it has problems") };
        assert_eq!(problems.iter().map(|problem| problem.line).collect::<Vec<_>>(), [2, 3, 4, 5]);
        assert!(load(&folder.path().join("missing.toml"), |_| Vec::new()).is_ok());
    }

    #[test]
    fn settings_are_applied() {
        let text = "[providers.schwab]\napp_key_file = \"key\"\napp_secret_env = \"S\"\n\
                    callback_url = \"https://127.0.0.1:9\"\nendpoint = \"http://127.0.0.1:1\"\nrequests_per_day = 5\n\
                    [providers.alpaca]\nenvironment = \"paper\"\n";
        assert_eq!(problems(text), Vec::<String>::new());
    }

    #[test]
    fn impossible_settings_are_reported_by_line() {
        let text = "[providers.alpacca]\n[providers.chase_file]\n[providers.schwab]\napp_key = \"canary\"\nappkey = \"x\"\n\
                    callback_url = \"http://x\"\n[providers.alpaca]\napi_key_file = \"a\"\napi_key_env = \"b\"\nenvironment = \"moon\"\n";
        let found = problems(text);
        let parts = [
            ("line 1: ", "alpaca, "),
            ("line 2: ", "statement files"),
            ("line 4: ", "write app_key_file or app_key_env"),
            (
                "line 5: ",
                "takes app_key_file or app_key_env, app_secret_file or app_secret_env, callback_url, endpoint",
            ),
            ("line 6: ", "https addresses only"),
            ("line 9: ", "a second time"),
            ("line 10: ", "must be one of"),
        ];
        assert_eq!(found.len(), parts.len(), "{found:#?}");
        for (problem, (line, part)) in found.iter().zip(parts) {
            assert!(problem.starts_with(line) && problem.contains(part) && !problem.contains("canary"), "{problem}");
        }
    }
}
