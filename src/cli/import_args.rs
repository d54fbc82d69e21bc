//! Arguments of `import` and `layouts`: the files, answers to the questions of tables, and stored layouts.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::statements;

/// Arguments of an import: the files, and how they are read.
#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// The files in order; a folder means the statement files below it, `-` for standard input
    #[arg(required = true, value_name = "FILE|DIR|-")]
    pub(super) files: Vec<PathBuf>,
    /// Show what would be imported and write nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Put every row into this account; for a file that names no account, a new name makes one
    #[arg(long, value_name = "NAME|ID")]
    pub(super) account: Option<String>,
    /// Name the institution of files that name none
    #[arg(long, value_name = "NAME")]
    pub(super) institution: Option<String>,
    /// State how each file was read, and why
    #[arg(long)]
    pub(super) explain: bool,
    /// Answer a question of a file; ids and values are those of the question
    #[arg(long, value_name = "ID=VALUE", value_parser = answer)]
    pub(super) answer: Vec<(String, String)>,
    /// Order of dates in tables, where a file leaves it open
    #[arg(long, value_enum, value_name = "ORDER")]
    pub(super) date_order: Option<DateOrderArg>,
    /// Whether positive amounts are money in or money out, where a file leaves it open
    #[arg(long, value_enum, value_name = "SIGN")]
    pub(super) sign: Option<Sign>,
    /// Decimal mark of tables, where a file leaves it open
    #[arg(long, value_parser = [",", "."], value_name = "MARK")]
    pub(super) decimal: Option<String>,
    /// Encoding of tables, such as utf-8 or windows-1252
    #[arg(long, value_name = "NAME", value_parser = encoding)]
    pub(super) encoding: Option<String>,
    /// Read tables by this layout, a TOML file as `layouts export` writes one
    #[arg(long, value_name = "FILE")]
    pub(super) layout: Option<PathBuf>,
    /// Do not keep the answers for later files of the same layout
    #[arg(long)]
    pub(super) once: bool,
}

fn answer(written: &str) -> Result<(String, String), &'static str> {
    let mut marks = written.match_indices('=').map(|(at, _)| at);
    // The id of one of several files begins with its name, which may hold a mark too.
    let place = marks.clone().find(|at| is_question(written[..*at].trim())).or_else(|| marks.next());
    let pair = place.map(|at| (written[..at].trim().to_owned(), written[at + 1..].to_owned()));
    pair.filter(|(id, _)| !id.is_empty()).ok_or("write an answer as ID=VALUE, for example date=dmy")
}

/// The ids of all questions.
const QUESTIONS: &[&str] = &["account", "amount-column", "date", "decimal", "encoding", "institution", "sign"];

/// Whether a question can have this id: `date`, `account-2` for a page, `may.csv:account` for a file of several.
pub(super) fn is_question(id: &str) -> bool {
    let id = id.rsplit(':').next().unwrap_or_default();
    let bare = id.trim_end_matches(|digit: char| digit.is_ascii_digit()).trim_end_matches('-');
    QUESTIONS.contains(&id) || QUESTIONS.contains(&bare)
}

/// The order of the parts of a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum DateOrderArg {
    Dmy,
    Mdy,
    Ymd,
}

impl DateOrderArg {
    pub(super) const fn value(self) -> &'static str {
        match self {
            Self::Dmy => "dmy",
            Self::Mdy => "mdy",
            Self::Ymd => "ymd",
        }
    }
}

/// The meaning of positive amounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Sign {
    /// Money in
    AsIs,
    /// Money out
    Invert,
}

impl Sign {
    pub(super) const fn value(self) -> &'static str {
        match self {
            Self::AsIs => "as-is",
            Self::Invert => "invert",
        }
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum LayoutsCommand {
    /// List all layouts
    List,
    /// Print a layout
    Show {
        /// Its name, as `list` prints it
        name: String,
    },
    /// Write a layout to a file, or to standard output
    Export {
        /// Its name
        name: String,
        /// The file; it must not exist yet
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Add a layout from a file
    Import {
        /// A TOML file
        file: PathBuf,
    },
    /// Remove a learned layout
    Forget {
        /// Its name
        name: String,
    },
}

fn encoding(name: &str) -> Result<String, String> {
    if statements::table::is_encoding(name) {
        return Ok(name.to_owned());
    }
    Err("unknown encoding; names are those of the web, such as utf-8, windows-1252, shift_jis or gbk".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_questions_may_name_a_file_and_a_page() {
        assert!(
            ["date", "amount-column", "account-2", "may.csv:account", "a:b.csv:account-12"]
                .iter()
                .all(|it| is_question(it))
        );
        assert!(["dat", "", "may.csv:", "date-order"].iter().all(|it| !is_question(it)));
    }

    #[test]
    fn an_answer_may_name_a_file_with_an_equals_sign_and_have_one_in_its_value() {
        let of = |written: &str| answer(written).map(|(id, value)| format!("{id} -> {value}"));
        assert_eq!(of("date=dmy"), Ok("date -> dmy".to_owned()));
        assert_eq!(of("x=1.csv:date=dmy"), Ok("x=1.csv:date -> dmy".to_owned()));
        assert_eq!(of("account=Joint = old"), Ok("account -> Joint = old".to_owned()));
        assert_eq!(of("dat=dmy"), Ok("dat -> dmy".to_owned()));
        assert!(of("date").is_err() && of("=dmy").is_err());
    }
}
