//! The command line as types; help, completions and the manual page derive from it.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::{Args, Parser, Subcommand, ValueEnum};

pub(super) use super::config_args::ConfigCommand;
use super::{
    account_args::{AccountCommand, BalanceCommand, count, date},
    import_args::{ImportArgs, LayoutsCommand},
    row_args::{ColumnArgs, EditArgs, Selection, TransactionArgs},
    scaffold::DevCommand,
};
use crate::config::Profile;

/// Every account you own on one keyboard-driven screen, from your own machine.
///
/// Without a command it opens the screen.
#[derive(Debug, Parser)]
#[command(
    name = "dashtam",
    version,
    propagate_version = true,
    disable_help_subcommand = true,
    max_term_width = 100,
    after_help = EXIT_CODES
)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Option<CliCommand>,
}

const EXIT_CODES: &str = "Exit codes: 0 done · 1 failed, nothing changed · 2 wrong usage · 3 partly done · 4 a question is open, nothing written";

/// Options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(super) struct Global {
    /// Folder of the database [default: `$DASHTAM_DATA_DIR`, else the XDG data folder]
    #[arg(long, global = true, value_name = "DIR")]
    pub(super) data_dir: Option<PathBuf>,
    /// Configuration file [default: `$DASHTAM_CONFIG`, else the XDG configuration folder]
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Keep the data of this profile apart from the others
    #[arg(long, global = true, value_name = "NAME")]
    pub(super) profile: Option<Profile>,
    /// Form of the result on standard output
    #[arg(long, global = true, value_enum, default_value_t = OutputFormat::Table)]
    pub(super) format: OutputFormat,
    /// Show everything as it was at the end of this day
    #[arg(long, global = true, value_name = "DATE", value_parser = date)]
    pub(super) as_of: Option<NaiveDate>,
    /// Show everything as it was known after a change or at a time
    #[arg(long, global = true, value_name = "CHANGE|TIME")]
    pub(super) as_known: Option<String>,
    /// Without a full screen: lines of text in and out, for screen readers and plain terminals
    #[arg(long, global = true)]
    pub(super) plain: bool,
    /// Never use the network
    #[arg(long, global = true)]
    pub(super) offline: bool,
    /// Made-up data in a throw-away profile
    #[arg(long, global = true)]
    pub(super) demo: bool,
    /// Write more into the log file (twice: everything)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
}

/// The form of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum OutputFormat {
    /// Aligned columns for people
    Table,
    /// One JSON document
    Json,
    /// One JSON object a line
    Jsonl,
    /// Comma-separated values with a header
    Csv,
}

#[derive(Debug, Subcommand)]
pub(super) enum CliCommand {
    /// Import statement files, folders of them, or standard input
    Import(ImportArgs),
    /// Layouts of statement tables: built in, and learned from answers
    Layouts {
        #[command(subcommand)]
        action: LayoutsCommand,
    },
    /// List the accounts with their balances
    Accounts {
        #[command(flatten)]
        columns: ColumnArgs,
    },
    /// List transactions, newest first
    Transactions {
        #[command(flatten)]
        rows: TransactionArgs,
        /// Sums instead of rows, grouped by day, week, month, quarter, year, payee, account, institution, type, subtype,
        /// status, category, symbol or currency
        #[arg(long, value_name = "KEY")]
        by: Option<String>,
        #[command(flatten)]
        columns: ColumnArgs,
    },
    /// List the holdings of the accounts
    Holdings {
        /// Only this account
        #[arg(long, value_name = "ID")]
        account: Option<String>,
        #[command(flatten)]
        columns: ColumnArgs,
    },
    /// List the stated balances, oldest first
    Snapshots {
        /// Only this account
        #[arg(long, value_name = "ID")]
        account: Option<String>,
        /// The balance of every day or month's end until today instead, with its standing
        #[arg(long, value_enum, value_name = "STEP")]
        every: Option<HistoryStep>,
    },
    /// State a balance of your own
    Balance {
        #[command(subcommand)]
        what: BalanceCommand,
    },
    /// List the days that are proven, derived or in a gap, as spans of each account
    Coverage {
        /// Only this account
        #[arg(long, value_name = "ID")]
        account: Option<String>,
    },
    /// List the connections
    Connections,
    /// List the providers that can be connected
    Providers,
    /// List the journal, newest first
    Changes {
        /// At most this many: the newest
        #[arg(long, value_name = "N", allow_hyphen_values = true, value_parser = count)]
        limit: Option<usize>,
    },
    /// Undo a change: the named one, else the newest that is not undone
    Undo {
        /// Its id, as `changes` lists it
        change: Option<String>,
    },
    /// Bring back an undone change: the named one, else the one undone last
    Redo {
        /// Its id, as `changes` lists it
        change: Option<String>,
    },
    /// Connect an institution; ends with the new connection as JSON
    Connect {
        /// Slug of the provider, as `providers` lists it
        provider: String,
        #[command(flatten)]
        answers: AnswerArgs,
    },
    /// Log in again; accounts, rows and edits are kept
    Reconnect {
        /// Id or name of the connection
        id: String,
        #[command(flatten)]
        answers: AnswerArgs,
    },
    /// End a connection and delete its login; its data is kept
    Disconnect {
        /// Id or name of the connection
        id: String,
        /// Also remove its accounts and everything in them, for good
        #[arg(long)]
        remove_data: bool,
    },
    /// Sync the connections
    Sync {
        /// Ids or names of connections [default: all]
        ids: Vec<String>,
        /// Also where the last sync was moments ago
        #[arg(long)]
        force: bool,
        /// Fetch rows from this day on
        #[arg(long, value_name = "DATE", value_parser = date)]
        from: Option<NaiveDate>,
    },
    /// Edit the payee, category, tags or note of rows, as one change
    Edit(EditArgs),
    /// Add an account to keep by hand, or close one
    Account {
        #[command(subcommand)]
        what: AccountCommand,
    },
    /// Show or change how stored logins are kept
    Vault {
        #[command(subcommand)]
        what: VaultCommand,
    },
    /// Give an account or a connection your own name
    Rename {
        /// The account: its id, its name or the end of its number; `connection:ID` for a connection
        id: String,
        /// The name; an empty one restores the institution's
        name: String,
    },
    /// Show two accounts as one: rows that both have are shown once
    Merge {
        /// The account that stays
        account: String,
        /// The account that is shown under it; its source goes on filling it
        other: String,
    },
    /// Show the accounts that were merged into one each for itself again
    Split {
        /// The merged account, or one of its parts
        account: String,
    },
    /// List rows that may be the same, or decide about two of them
    Duplicates {
        /// ROW=ROW merges two rows into the older one, ROW≠ROW (or ROW!=ROW) keeps them apart; ids as listed. Both can be
        /// undone
        #[arg(long, value_name = "ROW=ROW|ROW≠ROW")]
        resolve: Vec<String>,
    },
    /// Net worth by currency, without the accounts of disconnected connections
    NetWorth {
        /// On this day [default: today]
        #[arg(long, value_name = "DATE", value_parser = date)]
        on: Option<NaiveDate>,
        /// The history instead of one day
        #[arg(long, value_enum, value_name = "STEP")]
        every: Option<HistoryStep>,
    },
    /// Money in and out by period, oldest first, without transfers between own accounts
    CashFlow {
        /// The length of a period
        #[arg(long, value_enum, value_name = "PERIOD", default_value_t = FlowEvery::Month)]
        every: FlowEvery,
        /// One line per category or kind of row instead of one per period
        #[arg(long, value_enum, value_name = "KEY")]
        by: Option<FlowBy>,
    },
    /// Explain a figure: its inputs, down to the lines of the statements
    ///
    /// Figures: net-worth, account:ID:balance, holding:ID:gain, row:ID:amount, cash-flow:2026-10, by:payee:NAME
    Explain {
        /// The figure, such as net-worth, account:ID:balance, row:ID:amount or cash-flow:2026-10
        figure: String,
        /// At most this many rows of one sum [default: 20; 1000 as JSON]
        #[arg(long, value_name = "N", allow_hyphen_values = true, value_parser = count)]
        limit: Option<usize>,
    },
    /// Show the part of a statement or reply that a row was read from, or the whole source of a change
    Source {
        /// Id of the row, or `change:ID`
        #[arg(value_name = "ROW|CHANGE")]
        of: String,
        /// Write the kept bytes of the whole source
        #[arg(long)]
        raw: bool,
    },
    /// Compare what was known after two changes or at two times
    Diff {
        /// The first state: the id of a change (0 for the empty database), a day or a time
        #[arg(value_name = "CHANGE|TIME")]
        from: String,
        /// The second state
        #[arg(value_name = "CHANGE|TIME")]
        to: String,
        /// At most this many rows [default: 50 for people, else all]
        #[arg(long, value_name = "N", allow_hyphen_values = true, value_parser = count)]
        limit: Option<usize>,
    },
    /// Write transactions in the form of another program
    Export {
        /// The form
        #[arg(long, value_enum)]
        to: ExportTarget,
        #[command(flatten)]
        selection: Selection,
        /// Write to this file instead of standard output
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Replace the file if it exists
        #[arg(long, requires = "output")]
        force: bool,
    },
    /// Back up the database into a new file, which is read back and verified
    Backup {
        /// The new file [default: one named by date and time in the backups folder, where the newest of 7 days and 4 weeks
        /// are kept]
        file: Option<PathBuf>,
        #[command(flatten)]
        lock: BackupLockArgs,
    },
    /// Replace the database with a backup; the former database is kept beside it
    Restore {
        /// The backup
        file: PathBuf,
        /// Read the passphrase of an encrypted backup from the first line of a file
        #[arg(long, value_name = "FILE")]
        passphrase_file: Option<PathBuf>,
        /// Open an encrypted backup with an age identity file
        #[arg(long, value_name = "FILE", conflicts_with = "passphrase_file")]
        identity: Option<PathBuf>,
    },
    /// Check configuration, folders, database, vault, terminal and logins, and list what to correct
    Doctor {
        /// Copy everything readable of a damaged database into a new one
        #[arg(long, value_name = "OUT")]
        rescue: Option<PathBuf>,
    },
    /// Show or check the configuration
    Config {
        #[command(subcommand)]
        what: ConfigCommand,
    },
    /// For people who work on the program itself
    Dev {
        #[command(subcommand)]
        what: DevCommand,
    },
    /// List the keys of the screen
    Keys,
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print a manual page
    Man {
        /// The command [default: the page of dashtam itself]
        command: Vec<String>,
        /// Write the pages of all commands into this folder instead
        #[arg(long, value_name = "DIR", conflicts_with = "command")]
        all: Option<PathBuf>,
    },
    /// List what needs attention, one matter a line; a dismissed matter comes back when it changes
    Attention {
        /// Dismiss this matter; may be repeated
        #[arg(long, value_name = "ID")]
        dismiss: Vec<String>,
        /// Bring this matter back; may be repeated
        #[arg(long, value_name = "ID")]
        restore: Vec<String>,
        /// List dismissed matters too
        #[arg(long)]
        all: bool,
    },
    /// Show whether anything needs attention
    Status {
        /// One line for a prompt, from what the last command stored: opens nothing and waits for nothing
        #[arg(long)]
        short: bool,
    },
    /// Explain a command or a topic: query, config, keys, exit-codes, formats
    Help {
        /// A command or a topic
        topic: Vec<String>,
    },
}

/// Effect of a wrong setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strictness {
    /// It stops the command.
    Strict,
    /// Its default applies, with a warning.
    Lenient,
}

impl CliCommand {
    /// A wrong setting stops commands that talk to institutions; others use its default and warn.
    pub(super) const fn strictness(&self) -> Strictness {
        match self {
            Self::Connect { .. } | Self::Reconnect { .. } | Self::Sync { .. } => Strictness::Strict,
            _ => Strictness::Lenient,
        }
    }

    /// Whether the command stores data, so that a new profile is made by it.
    pub(super) const fn stores(&self) -> bool {
        match self {
            Self::Vault { .. } => false,
            Self::Import(arguments) => !arguments.dry_run,
            _ => self.writes(),
        }
    }

    /// Whether the command works while the database is closed with its vault.
    pub(super) const fn works_locked(&self) -> bool {
        matches!(self, Self::Vault { what: VaultCommand::Lock } | Self::Status { short: true })
    }

    /// Whether the command shows data of the database and nothing else, so that it can show an earlier state.
    pub(super) const fn is_view(&self) -> bool {
        match self {
            Self::Accounts { .. }
            | Self::Transactions { .. }
            | Self::Holdings { .. }
            | Self::Snapshots { .. }
            | Self::Coverage { .. }
            | Self::Connections
            | Self::Changes { .. }
            | Self::NetWorth { .. }
            | Self::CashFlow { .. }
            | Self::Explain { .. }
            | Self::Source { .. }
            | Self::Export { .. } => true,
            Self::Duplicates { resolve } => resolve.is_empty(),
            _ => false,
        }
    }

    /// Whether the command may write to the database or take long. Others end within moments.
    pub(super) const fn writes(&self) -> bool {
        matches!(
            self,
            Self::Import(_)
                | Self::Undo { .. }
                | Self::Redo { .. }
                | Self::Connect { .. }
                | Self::Reconnect { .. }
                | Self::Disconnect { .. }
                | Self::Sync { .. }
                | Self::Rename { .. }
                | Self::Edit(_)
                | Self::Vault { .. }
                | Self::Account { .. }
                | Self::Duplicates { .. }
                | Self::Merge { .. }
                | Self::Split { .. }
                | Self::Balance { .. }
        )
    }
}

/// Answers to a provider's fields; what is missing is asked for on a terminal.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct AnswerArgs {
    /// Your own name for the connection
    #[arg(long, value_name = "ALIAS")]
    pub(super) name: Option<String>,
    /// Answer to a field that is not secret
    #[arg(long, value_name = "NAME=VALUE")]
    pub(super) field: Vec<String>,
    /// Answer taken from an environment variable
    #[arg(long, value_name = "NAME=VAR")]
    pub(super) field_env: Vec<String>,
    /// Answer taken from a file
    #[arg(long, value_name = "NAME=PATH")]
    pub(super) field_file: Vec<String>,
}

/// Actions on the vault.
#[derive(Debug, Subcommand)]
pub(super) enum VaultCommand {
    /// Show where the key is kept and how many logins are stored
    Status,
    /// Set another passphrase, or let the keyring keep the key; stored logins stay
    Passphrase {
        /// Take the new passphrase from the first line of this file
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
        /// Let the keyring of the system keep the key
        #[arg(long, conflicts_with = "file")]
        keyring: bool,
    },
    /// Delete every stored login and begin a new vault: for a lost passphrase
    Reset {
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Lock the vault of the running program; its passphrase is asked for when it is needed. An encrypted database is closed with it
    Lock,
    /// Encrypt the database with a key of the vault, in place
    Encrypt,
    /// Decrypt the database, in place
    Decrypt,
    /// Write a lost file of the vault again, from the copy in the encrypted database or in a backup of it
    Recover {
        /// The database or backup [default: the database of the profile]
        #[arg(long, value_name = "FILE")]
        from: Option<PathBuf>,
    },
}

/// The step of a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum HistoryStep {
    /// Each day
    Day,
    /// The end of each month
    Month,
}

/// The period of a cash flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum FlowEvery {
    Month,
    Quarter,
    Year,
}

/// The grouping of a cash flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum FlowBy {
    Category,
    Kind,
}

/// The form of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ExportTarget {
    Csv,
    Json,
    Ledger,
    Hledger,
    Beancount,
}

/// How a backup is encrypted: in the age format, which `age -d` opens.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct BackupLockArgs {
    /// Encrypt for an age recipient (age1…); may be repeated
    #[arg(long, value_name = "AGE1")]
    pub(super) recipient: Vec<String>,
    /// Encrypt with a passphrase, which is asked for
    #[arg(long, conflicts_with = "recipient")]
    pub(super) passphrase: bool,
    /// Encrypt with the passphrase in the first line of a file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["recipient", "passphrase"])]
    pub(super) passphrase_file: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        super::Cli::command().debug_assert();
    }
}
