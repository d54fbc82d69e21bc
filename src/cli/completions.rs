//! Completion scripts for shells.
//!
//! INVARIANT: the words added here are only proposed; what a command accepts is decided where it runs.

use std::io::Write;

use clap::{Command, CommandFactory as _, builder::PossibleValuesParser};
use clap_complete::Shell;

use super::{args::Cli, error::CliError, help};
use crate::{domain::AccountType, providers::PROVIDERS};

/// Prints the script. It also proposes providers, topics, commands and types of accounts.
pub(super) fn print(shell: Shell, out: &mut dyn Write) -> Result<(), CliError> {
    let root = Cli::command();
    let commands: Vec<String> = root.get_subcommands().map(|command| command.get_name().to_owned()).collect();
    let live = PROVIDERS.iter().filter(|provider| !provider.is_file()).map(|provider| provider.slug.to_owned());
    let types = AccountType::ALL.iter().map(|kind| kind.as_str().to_owned());
    let topics = help::topics().map(str::to_owned).chain(commands.iter().cloned());
    let mut root = root
        .mut_subcommand("connect", |command| propose(command, "provider", live))
        .mut_subcommand("help", |command| propose(command, "topic", topics))
        .mut_subcommand("man", |command| propose(command, "command", commands.iter().cloned()))
        .mut_subcommand("account", |command| command.mut_subcommand("add", |add| propose(add, "type", types)));
    // Buffered: the generator panics when the reader of its output is gone.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut root, "dashtam", &mut script);
    Ok(out.write_all(&script)?)
}

fn propose(command: Command, argument: &'static str, words: impl Iterator<Item = String>) -> Command {
    let words = PossibleValuesParser::new(words);
    command.mut_arg(argument, |known| known.value_parser(words))
}
