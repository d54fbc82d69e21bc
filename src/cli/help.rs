//! `dashtam help`, `dashtam man` and the fields of a provider.

use std::{fmt::Write as _, io::Write, path::Path};

use clap::CommandFactory as _;

use super::{args::Cli, console::Console, error::CliError};
use crate::{
    config::SETTINGS,
    domain::FailureKind,
    files,
    ledger::query::KEYS,
    providers::{self, ProviderMetadata},
    tui,
};

/// A page that is not about a command.
struct Topic {
    name: &'static str,
    title: &'static str,
    text: fn() -> String,
}

const TOPICS: &[Topic] = &[
    Topic { name: "query", title: "the language of filters and --query", text: query },
    Topic { name: "config", title: "settings and their values", text: config },
    Topic { name: "keys", title: "the keys of the screen", text: keys },
    Topic { name: "formats", title: "what --format writes", text: || FORMATS.to_owned() },
    Topic { name: "exit-codes", title: "how a command ends", text: || EXIT_CODES.to_owned() },
];

const FORMATS: &str = "\
--format table   aligned columns for people (default)
--format json    one JSON document: a list is one array, an error is {\"error\": {kind, message, hint}} on standard error
--format jsonl   one JSON object a line
--format csv     a header and one line for each object, with the fields of the JSON form

Ids are strings. Amounts are decimal strings with the digits of their currency, dates are YYYY-MM-DD, moments are
RFC 3339 in UTC. Results go to standard output, everything else to standard error.

Order: lists (transactions, changes, groups by time) are newest first, as on the screen, and --limit keeps the newest.
Histories (snapshots, net-worth --every, cash-flow) and exported journals are oldest first.
";

const EXIT_CODES: &str = "\
0   done
1   failed, nothing changed
2   wrong usage, nothing changed
3   partly done: some files, accounts or connections failed, the rest is kept
4   a question is open, nothing was written
";

fn query() -> String {
    let mut page = String::from(
        "Words select rows whose text holds them, in any order. `key:value` looks into one field, `-` in front excludes,\n\
         `or` between terms means either, parentheses group, quotes keep blanks together.\n\nKeys:\n",
    );
    for help in KEYS {
        let name = if help.long == help.name { help.name.to_owned() } else { format!("{}, {}", help.name, help.long) };
        let _ = writeln!(page, "  {name:<20} {}", help.help);
    }
    page.push_str(
        "\nExamples:\n  coffee amt<-5 2026\n  payee:\"blue bottle\" -status:pending\n  (cat:food or cat:fun) last:90d\n  \
         type:income by:month\n",
    );
    page
}

fn config() -> String {
    let mut settings = String::new();
    let mut section = "";
    for setting in SETTINGS {
        if setting.section != section {
            section = setting.section;
            let _ = writeln!(settings, "[{section}]");
        }
        let _ = writeln!(settings, "  {:<14} {}\n{:17}{}", setting.key, setting.help, "", (setting.allowed)());
    }
    format!(
        "The configuration is a TOML file; `dashtam config path` prints where, `dashtam config check` lists mistakes by line.\n\n{settings}\n\
         [keys] changes keys by the names of `dashtam keys`, for example `sync-all = \"f5\"`.\n\
         [providers.SLUG] answers the fields of a provider; `dashtam connect --help SLUG` lists them.\n"
    )
}

fn keys() -> String {
    let mut page = String::new();
    let mut group = "";
    for line in tui::key_list(&tui::Keymap::default()) {
        if line.group != group {
            group = line.group;
            let _ = writeln!(page, "\n{group}");
        }
        let _ = writeln!(page, "  {:<24} {:<44} {}", line.keys, line.title, line.name);
    }
    page.trim_start().to_owned()
}

/// The names of the topics.
pub(super) fn topics() -> impl Iterator<Item = &'static str> {
    TOPICS.iter().map(|topic| topic.name)
}

/// Prints a topic, or the help of a command.
pub(super) fn help(out: &mut dyn Write, topic: &[String]) -> Result<(), CliError> {
    let [first, ..] = topic else {
        let text = Cli::command().render_long_help().to_string();
        let topics: String =
            TOPICS.iter().fold(String::new(), |list, topic| format!("{list}  {:<12} {}\n", topic.name, topic.title));
        return Ok(write!(out, "{text}\nTopics (dashtam help TOPIC):\n{topics}")?);
    };
    if let Some(topic) = TOPICS.iter().find(|topic| topic.name == first) {
        return Ok(out.write_all((topic.text)().as_bytes())?);
    }
    let mut command = find(topic)?;
    Ok(write!(out, "{}", command.render_long_help())?)
}

/// The command at a path of names, such as `config check`.
fn find(path: &[String]) -> Result<clap::Command, CliError> {
    let mut root = Cli::command();
    root.build();
    let mut command = &root;
    for name in path {
        command = command.find_subcommand(name).ok_or_else(|| {
            let known: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
            let topics: Vec<&str> = topics().collect();
            CliError::usage(format!("there is no command or topic `{}`", crate::domain::text::clean(&path.join(" "))))
                .hint(format!("commands: {}; topics: {}", known.join(", "), topics.join(", ")))
        })?;
    }
    Ok(command.clone())
}

/// The manual page of a command, with the version of the program, and the name of its file.
fn page(command: clap::Command) -> Result<(String, String), CliError> {
    let source = concat!("dashtam ", env!("CARGO_PKG_VERSION"));
    let page = clap_mangen::Man::new(command).source(source).manual("dashtam manual");
    let mut bytes = Vec::new();
    page.render(&mut bytes)?;
    // The renderer leaves out an empty date, so that the source would be in its place.
    let text = String::from_utf8_lossy(&bytes).replacen(" 1  \"", " 1 \"\" \"", 1);
    Ok((page.get_filename(), text))
}

/// Prints a manual page, or writes all of them into a folder.
pub(super) fn manual(
    console: &Console,
    out: &mut dyn Write,
    path: &[String],
    all: Option<&Path>,
) -> Result<(), CliError> {
    let Some(folder) = all.map(|folder| console.path(folder)) else {
        return Ok(out.write_all(page(find(path)?)?.1.as_bytes())?);
    };
    if !folder.is_dir() {
        let text = format!("{}: there is no such folder", folder.display());
        return Err(CliError::new(FailureKind::NotFound, text).hint("make it first"));
    }
    let mut root = Cli::command();
    root.build();
    let mut open = vec![root];
    let mut count = 0;
    while let Some(command) = open.pop() {
        open.extend(command.get_subcommands().cloned());
        let (name, text) = page(command)?;
        files::replace(&folder.join(name), text.as_bytes())?;
        count += 1;
    }
    Ok(writeln!(console.err(), "{count} pages written to {}", folder.display())?)
}

/// The fields of the provider that `connect --help SLUG` names; `None` for other command lines.
pub(super) fn fields_page(arguments: &[String]) -> Option<String> {
    if !arguments.iter().any(|argument| argument == "connect" || argument == "reconnect") {
        return None;
    }
    let metadata = arguments.iter().find_map(|argument| providers::find(argument).ok())?;
    Some(fields(metadata))
}

/// One line for each field of a provider.
pub(super) fn fields(metadata: &ProviderMetadata) -> String {
    let mut page = format!("Fields of {} ({}):\n", metadata.display_name, metadata.slug);
    for field in metadata.fields() {
        let how = if field.is_secret() { "--field-env, --field-file or typed" } else { "--field" };
        let choices: Vec<&str> = field.choices().map(|(value, _)| value).collect();
        let choices = if choices.is_empty() { String::new() } else { format!(" One of: {}.", choices.join(", ")) };
        let default = match field.default {
            Some("") => " [optional]".to_owned(),
            Some(default) => format!(" [default: {default}]"),
            None => String::new(),
        };
        let _ =
            writeln!(page, "  {:<16} {}{default} ({how})\n{:19}{}{choices}", field.name, field.label, "", field.help);
    }
    if metadata.fields().is_empty() {
        page.push_str("  none: import a statement file with `dashtam import FILE`\n");
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_in_the_docs() {
        let page = include_str!("../../docs/cli.md");
        let table: Vec<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
        for command in Cli::command().get_subcommands() {
            let name = command.get_name();
            let is_named = |line: &&str| {
                line.split('`').skip(1).step_by(2).any(|code| code.split([' ', '|', '\\']).next() == Some(name))
            };
            assert!(table.iter().any(is_named), "`{name}` is in no table of docs/cli.md");
        }
    }
}
