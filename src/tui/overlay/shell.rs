//! Commands of the command line that have no key, for the palette: it shows and copies them.

/// One command.
pub(super) struct ShellCommand {
    /// Its effect.
    pub(super) title: &'static str,
    /// Other words to find it by.
    pub(super) aliases: &'static str,
    pub(super) command: &'static str,
}

const fn shell(title: &'static str, aliases: &'static str, command: &'static str) -> ShellCommand {
    ShellCommand { title, aliases, command }
}

/// Most used first.
pub(super) const SHELL: &[ShellCommand] = &[
    shell("Export rows to a spreadsheet", "csv excel save write file", "dashtam export --to csv -o rows.csv"),
    shell("Export rows as JSON", "save write file script", "dashtam export --to json -o rows.json"),
    shell(
        "Export to hledger",
        "plain text accounting journal ledger",
        "dashtam export --to hledger -o dashtam.journal",
    ),
    shell("Export to ledger", "plain text accounting journal", "dashtam export --to ledger -o dashtam.ledger"),
    shell("Export to beancount", "plain text accounting", "dashtam export --to beancount -o dashtam.beancount"),
    shell("Backup of the database", "back up copy save safety", "dashtam backup"),
    shell("Restore the database from a backup", "restore recover go back", "dashtam restore"),
    shell("Check the installation", "doctor diagnose health problem", "dashtam doctor"),
    shell("Net worth by month", "history wealth assets", "dashtam net-worth --every month"),
    shell("Show the path of the configuration", "config settings preferences options file", "dashtam config path"),
    shell("Check the configuration", "config settings error mistake", "dashtam config check"),
    shell("Show the configuration", "config settings preferences values", "dashtam config show"),
    shell("Print all keys", "keys shortcuts bindings", "dashtam keys"),
    shell("Vault status", "vault passphrase keyring secret security", "dashtam vault status"),
    shell("Change the passphrase of the vault", "vault password security", "dashtam vault passphrase"),
    shell(
        "Recover a lost file of the vault",
        "vault recover restore repair lost key passphrase backup",
        "dashtam vault recover",
    ),
    shell("Begin a new vault", "vault reset lost passphrase forgotten delete logins", "dashtam vault reset"),
    shell("Money in and out by month", "cash flow income spending budget", "dashtam cash-flow"),
    shell("Completions for the shell", "bash zsh fish tab", "dashtam completions bash"),
    shell("Manual page", "man documentation help", "dashtam man"),
];

#[cfg(test)]
mod tests {
    use super::SHELL;

    #[test]
    fn titles_differ_and_commands_are_ours() {
        let mut titles: Vec<_> = SHELL.iter().map(|shell| shell.title).collect();
        titles.sort_unstable();
        titles.dedup();
        assert_eq!(titles.len(), SHELL.len());
        assert!(SHELL.iter().all(|shell| shell.command.starts_with("dashtam ") && !shell.aliases.is_empty()));
    }
}
