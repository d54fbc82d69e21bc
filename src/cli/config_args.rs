//! Arguments of `config`.

use clap::Subcommand;

/// Actions on the configuration.
#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Where the configuration file is looked for
    Path,
    /// List mistakes, by line
    Check,
    /// Print every setting as it applies
    Show,
}
