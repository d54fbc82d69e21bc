//! Actions of the screen and commands of the command line.

use super::source::{File, root};

/// The command that does the same as an action.
const COMMANDS: &[(&str, &str)] = &[
    ("import", "Import"),
    ("commit-import", "Import"),
    ("explain", "Explain"),
    ("explain-here", "Explain"),
    ("state-balance", "Balance"),
    ("merge-account", "Merge"),
    ("decide-pair", "Duplicates"),
    ("connect", "Connect"),
    ("reconnect", "Reconnect"),
    ("disconnect", "Disconnect"),
    ("sync", "Sync"),
    ("sync-all", "Sync"),
    ("undo", "Undo"),
    ("redo", "Redo"),
    ("edit", "Edit"),
    ("filter", "Transactions"),
    ("overview", "NetWorth"),
    ("accounts", "Accounts"),
    ("transactions", "Transactions"),
    ("holdings", "Holdings"),
    ("connections", "Connections"),
    ("activity", "Changes"),
    ("help", "Help"),
    ("compare", "Diff"),
    ("dismiss", "Attention"),
];

/// Actions without a command, by name or by the start of their names, and why.
const SCREEN_ONLY: &[(&str, &str)] = &[
    ("as-of", "the option --as-of of every command"),
    ("day-", "the option --as-of of every command"),
    ("month-", "the option --as-of of every command"),
    ("accept", "closes a field of the screen"),
    ("back", "moves on the screen"),
    ("cancel", "ctrl-c ends a command"),
    ("columns", "the option --columns of the lists"),
    ("column-", "a step of the menu of columns"),
    ("complete", "shells complete words"),
    ("form-next", "a step of a form"),
    ("connect-", "a step of the connection wizard"),
    ("copy", "a command writes to standard output"),
    ("down", "moves on the screen"),
    ("earlier-", "shells have a history"),
    ("later-", "shells have a history"),
    ("filter-", "moves in the filter's history"),
    ("enlarge", "changes the layout of the screen"),
    ("institutions", "changes the layout of the screen"),
    ("zoom-", "changes the chart of the screen"),
    ("field-", "moves on the screen"),
    ("first", "moves on the screen"),
    ("half-page-", "moves on the screen"),
    ("help-", "moves within the help"),
    ("in", "moves on the screen"),
    ("last", "moves on the screen"),
    ("leave", "moves on the screen"),
    ("mark", "a command names rows or a query"),
    ("merge", "a view of the holdings list; a command lists them by account"),
    ("next-", "moves on the screen"),
    ("no", "answers a question"),
    ("open", "moves on the screen"),
    ("out", "moves on the screen"),
    ("palette", "finds actions of the screen"),
    ("picker-", "a step of the file picker"),
    ("previous-", "moves on the screen"),
    ("privacy", "hides amounts on the screen"),
    ("quit", "ends the screen"),
    ("redraw", "draws the screen"),
    ("reveal", "shows a typed secret"),
    ("review-", "a step of the import review; `--dry-run` shows the same"),
    ("save", "closes a form"),
    ("screen-", "moves on the screen"),
    ("sort", "orders a list of the screen"),
    ("suspend", "the shell suspends a command"),
    ("up", "moves on the screen"),
    ("yes", "answers a question"),
];

/// Names of all actions, from the generated page.
fn actions() -> Vec<String> {
    let page = std::fs::read_to_string(root().join("docs/keys.md")).unwrap_or_default();
    let names = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| Key "));
    names.filter_map(|line| line.trim_end_matches('|').rsplit('|').next().map(|name| name.trim().to_owned())).collect()
}

/// Actions that have neither a command nor a reason, and entries whose command does not exist.
pub(crate) fn findings(arguments: &File) -> Vec<String> {
    let variants: Vec<&str> = arguments
        .text
        .lines()
        .filter(|line| line.starts_with("    ") && line[4..].starts_with(|c: char| c.is_ascii_uppercase()))
        .filter_map(|line| line.trim().split([' ', '(', ',']).next())
        .collect();
    let mut found: Vec<String> = COMMANDS
        .iter()
        .filter(|(_, command)| !variants.contains(command))
        .map(|(action, command)| format!("{action}: there is no command {command}"))
        .collect();
    for action in actions() {
        let has_command = COMMANDS.iter().any(|(name, _)| *name == action) || {
            let same = action.split('-').map(capital).collect::<String>();
            variants.contains(&same.as_str())
        };
        let is_excused =
            SCREEN_ONLY.iter().any(|(name, _)| *name == action || (name.ends_with('-') && action.starts_with(name)))
                || action.starts_with("mark-")
                || action.starts_with("sort-")
                || action.starts_with("palette-");
        if !has_command && !is_excused {
            found.push(format!("{action}: no command and no reason"));
        }
    }
    found
}

fn capital(word: &str) -> String {
    let mut characters = word.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}
