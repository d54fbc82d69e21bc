//! The answer to a command line that clap refuses: help, the version, or every fault at once.

use std::{ffi::OsString, io::Write as _};

use clap::{
    Parser as _,
    error::{ContextKind, ContextValue, ErrorKind},
};

use super::{
    args::{Cli, OutputFormat},
    console::Console,
    error::CliError,
    help, report,
};
use crate::domain::FailureKind;

/// Faults that are looked for in one command line.
const MOST: usize = 32;

/// Help and version are answers; anything else is wrong usage, reported as JSON where JSON was asked for. Returns the exit
/// code.
pub(super) fn answer(error: &clap::Error, arguments: Vec<OsString>, console: &Console) -> u8 {
    if !error.use_stderr() {
        let _ = error.print();
        let arguments: Vec<String> = arguments.iter().map(|it| it.to_string_lossy().into_owned()).collect();
        if let Some(fields) = help::fields_page(&arguments) {
            let _ = write!(console.out(), "\n{fields}");
        }
        return 0;
    }
    let format = format_of(&arguments);
    let found = faults(error, arguments);
    if format == OutputFormat::Table && found.problems.is_empty() {
        // With the usage of the command, and colours on a terminal.
        let _ = error.print();
    } else if format == OutputFormat::Table {
        let mut err = console.err();
        for problem in &found.problems {
            let _ = writeln!(err, "error: {problem}");
        }
        let _ = writeln!(err, "\nFor more information, try '--help'.");
    } else {
        report(&found, console, format);
    }
    FailureKind::Usage.exit_code()
}

/// The form of an error that the arguments ask for.
fn format_of(arguments: &[OsString]) -> OutputFormat {
    let texts: Vec<&str> = arguments.iter().filter_map(|argument| argument.to_str()).collect();
    let joined = texts.iter().find_map(|text| text.strip_prefix("--format="));
    let parted = || texts.windows(2).find_map(|pair| (pair[0] == "--format").then_some(pair[1]));
    match joined.or_else(parted) {
        Some("json") => OutputFormat::Json,
        Some("jsonl") => OutputFormat::Jsonl,
        _ => OutputFormat::Table,
    }
}

/// Every fault of a command line. clap stops at the first one, so each is taken out and the rest is read again.
fn faults(first: &clap::Error, mut arguments: Vec<OsString>) -> CliError {
    let mut problems = Vec::new();
    let mut taken_out: Vec<String> = Vec::new();
    let mut next = None;
    for _ in 0..MOST {
        let error = next.as_ref().unwrap_or(first);
        let missing: Vec<&String> = match error.get(ContextKind::InvalidArg) {
            Some(ContextValue::Strings(names)) if error.kind() == ErrorKind::MissingRequiredArgument => {
                names.iter().filter(|name| !taken_out.contains(name)).collect()
            }
            _ => Vec::new(),
        };
        match error.kind() {
            // Caused by taking out a wrong value.
            ErrorKind::MissingRequiredArgument if missing.is_empty() && !problems.is_empty() => break,
            ErrorKind::MissingRequiredArgument if !missing.is_empty() => {
                let names: Vec<&str> = missing.iter().map(|name| name.as_str()).collect();
                problems.push(format!("these required arguments are missing: {}", names.join(", ")));
                break;
            }
            _ => problems.push(message(error)),
        }
        if !take_out(error, &mut arguments) {
            break;
        }
        taken_out.extend(text_of(error, ContextKind::InvalidArg));
        next = Cli::try_parse_from(&arguments).err().filter(clap::Error::use_stderr);
        if next.is_none() {
            break;
        }
    }
    CliError::usage(problems.join("; "))
        .problems(problems)
        .hint("`dashtam help COMMAND` lists the options of a command")
}

/// The message of one error in one line, with the values that are possible and the tip, without the usage of the command.
fn message(error: &clap::Error) -> String {
    let page = error.to_string();
    let lines: Vec<&str> = page
        .lines()
        .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more information"))
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    lines.join(" ").trim_start_matches("error: ").to_owned()
}

fn text_of(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        _ => None,
    }
}

/// Takes the faulty argument out of the command line. `false` if it can't be found.
fn take_out(error: &clap::Error, arguments: &mut Vec<OsString>) -> bool {
    let Some(named) = text_of(error, ContextKind::InvalidArg) else { return false };
    // `--limit <N>` is the option and its value's name; a positional is `<FILE>` or `[CHANGE]`.
    let option = named.split_whitespace().next().unwrap_or_default().to_owned();
    let is = |argument: Option<&OsString>, text: &str| argument.is_some_and(|argument| argument == text);
    let place = match error.kind() {
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let Some(value) = text_of(error, ContextKind::InvalidValue) else { return false };
            let joined = format!("{option}={value}");
            (1..arguments.len()).find_map(|index| {
                let argument = arguments.get(index);
                if is(argument, &option) && is(arguments.get(index + 1), &value) {
                    Some((index, 2))
                } else {
                    let is_it = is(argument, &joined) || !option.starts_with('-') && is(argument, &value);
                    is_it.then_some((index, 1))
                }
            })
        }
        ErrorKind::UnknownArgument => {
            let joined = format!("{option}=");
            let is_it = |argument: &OsString| {
                argument == option.as_str() || argument.to_str().is_some_and(|text| text.starts_with(&joined))
            };
            (1..arguments.len()).find(|index| arguments.get(*index).is_some_and(is_it)).map(|index| (index, 1))
        }
        _ => None,
    };
    place.is_some_and(|(index, count)| {
        arguments.drain(index..index + count);
        true
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str) -> CliError {
        let arguments: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        faults(&Cli::try_parse_from(&arguments).unwrap_err(), arguments)
    }

    #[test]
    fn every_wrong_value_and_unknown_option_is_named() {
        let all = found("dashtam transactions --limit x --from=2026-99-01 --nope --to y extra --format json");
        let named = ["'x'", "2026-99-01", "--nope", "'y'", "'extra'"];
        assert_eq!(all.problems.len(), named.len(), "{:?}", all.problems);
        assert!(named.iter().all(|name| all.message.contains(name)), "{}", all.message);
    }

    #[test]
    fn missing_arguments_are_named() {
        let missing = found("dashtam export");
        assert!(missing.message.contains("--to <TO>"), "{}", missing.message);
        let both = found("dashtam dev new-provider --auth foo");
        assert!(both.message.contains("'foo'") && both.message.contains("<SLUG>"), "{}", both.message);
        assert!(!both.problems.iter().any(|problem| problem.contains("missing") && problem.contains("--auth")));
    }

    #[test]
    fn possible_values_and_tips_are_part_of_the_message() {
        let wrong = found("dashtam export --to foo");
        assert!(wrong.message.contains("beancount"), "{}", wrong.message);
        assert!(wrong.problems.is_empty());
        assert!(found("dashtam acounts").message.contains("'accounts'"));
    }

    #[test]
    fn the_form_of_an_error_is_the_one_asked_for() {
        let format = |line: &str| format_of(&line.split(' ').map(OsString::from).collect::<Vec<_>>());
        assert_eq!(format("dashtam --format jsonl x"), OutputFormat::Jsonl);
        assert_eq!(format("dashtam x --format=json"), OutputFormat::Json);
        assert_eq!(format("dashtam x --format"), OutputFormat::Table);
    }
}
