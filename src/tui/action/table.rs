//! The table itself. Rows that have a hint appear in the footer in this order.

use super::{Group, Place, Scope, Spec};
use crate::config::Screen;

/// Everything a key or the palette can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Action {
    Open,
    Filter,
    Sort,
    SortReverse,
    /// Mark one row, or end a range.
    Mark,
    /// Mark every row of the list.
    MarkAll,
    /// Start or end a range of marked rows.
    MarkRange,
    Edit,
    Copy,
    Import,
    Connect,
    Sync,
    SyncAll,
    Undo,
    Redo,
    Palette,
    Help,
    NextHit,
    PreviousHit,
    Explain,
    Mask,
    Group,
    Down,
    Up,
    HalfDown,
    HalfUp,
    First,
    Last,
    In,
    Out,
    NextPane,
    PreviousPane,
    /// Show a screen.
    Show(Screen),
    Back,
    Leave,
    Quit,
    Redraw,
    Suspend,
    /// Finish a field: apply the filter, run the palette's choice, open the path, submit the form.
    Accept,
    /// Complete a path; next field of a form.
    Complete,
    CommitImport,
    CancelJob,
    ToggleHidden,
    ToggleAllFiles,
    HomeFolder,
    EditPath,
    Yes,
    No,
    Reveal,
    Browse,
    Reconnect,
    Disconnect,
}

const fn row(
    action: Action,
    keys: &'static [&'static str],
    name: &'static str,
    title: &'static str,
    hint: &'static str,
    group: Group,
    scope: Scope,
) -> Spec {
    Spec { action, keys, name, title, hint, group, scope }
}

const SCREENS: Scope = Scope::SCREENS;
/// Wherever rows are moved over.
const LISTS: Scope =
    SCREENS.and(&[Place::Picker, Place::Review, Place::Menu, Place::Page, Place::Change, Place::ConnectAccounts]);
const ROWS: Scope = Scope::of(&[Place::Transactions]);
/// Where text is typed.
pub(super) const FIELDS: Scope = Scope::of(&[
    Place::Filter,
    Place::PickerPath,
    Place::Form,
    Place::Palette,
    Place::ConnectChoose,
    Place::ConnectFields,
    Place::Unlock,
]);
/// Steps of the wizard in which nothing is typed.
const STEPS: Scope = Scope::of(&[
    Place::ConnectAbout,
    Place::ConnectWait,
    Place::ConnectLogin,
    Place::ConnectFailed,
    Place::ConnectAccounts,
    Place::ConnectDone,
]);
const FILTERED: Scope = Scope(SCREENS.0 & !Scope::of(&[Place::Overview]).0);
const EVERYWHERE: Scope = Scope(LISTS.0 | FIELDS.0 | STEPS.0 | Scope::of(&[Place::Importing, Place::Confirm]).0);

/// All actions.
#[rustfmt::skip]
pub(crate) const TABLE: &[Spec] = &[
    // What a screen's footer shows, most useful first.
    row(Action::Open, &["enter"], "open", "Open the selected row", "open", Group::Look,
        SCREENS.and(&[Place::Change])),
    row(Action::Filter, &["/"], "filter", "Filter the rows", "filter", Group::Look, FILTERED),
    row(Action::Sort, &["s"], "sort", "Choose the order", "sort", Group::Look,
        Scope::of(&[Place::Transactions, Place::Groups, Place::Holdings])),
    row(Action::Group, &["m"], "merge", "Merge holdings by symbol, or show them by account", "merge", Group::Look,
        Scope::of(&[Place::Holdings])),
    row(Action::Edit, &["e"], "edit", "Edit what is your own: payee, category, tags, note, names", "edit", Group::LedgerSnapshot,
        Scope::of(&[Place::Transactions, Place::Accounts, Place::Connections])),
    row(Action::Copy, &["y"], "copy", "Copy from the selected row", "copy", Group::LedgerSnapshot, SCREENS),
    row(Action::Import, &["i"], "import", "Import statement files", "import", Group::LedgerSnapshot, SCREENS),
    row(Action::Connect, &["c"], "connect", "Connect an institution", "connect", Group::LedgerSnapshot, SCREENS),
    row(Action::SyncAll, &["R"], "sync-all", "Sync all connections", "sync all", Group::LedgerSnapshot, SCREENS),
    row(Action::Undo, &["u"], "undo", "Undo the newest change, or the selected one in Activity", "undo", Group::LedgerSnapshot,
        SCREENS),
    row(Action::Palette, &[":", "ctrl-p"], "palette", "Find an action by name", "command", Group::Program, SCREENS),
    row(Action::Help, &["?", "f1"], "help", "Show the keys", "help", Group::Program, SCREENS),
    row(Action::Help, &["?", "f1"], "help-here", "Show the keys", "", Group::Overlay,
        Scope::of(&[Place::Picker, Place::Review, Place::Menu, Place::Change, Place::Importing])),
    row(Action::Palette, &[":", "ctrl-p"], "palette-here", "Find an action by name", "", Group::Overlay,
        Scope::of(&[Place::Change])),
    row(Action::Redo, &["U"], "redo", "Bring back what was undone last, or the selected change in Activity", "",
        Group::LedgerSnapshot, SCREENS),
    row(Action::Sync, &["r"], "sync", "Sync this connection", "", Group::LedgerSnapshot, SCREENS),
    row(Action::SortReverse, &["S"], "sort-reverse", "Reverse the order", "", Group::Look,
        Scope::of(&[Place::Transactions, Place::Groups, Place::Holdings])),
    row(Action::Mark, &["space"], "mark", "Mark rows to see their sum", "", Group::Look, ROWS),
    row(Action::NextHit, &["n"], "next-hit", "Next row the last filter found", "", Group::Look, ROWS),
    row(Action::PreviousHit, &["N"], "previous-hit", "Previous row the last filter found", "", Group::Look, ROWS),
    row(Action::Explain, &["x"], "explain", "Explain where a figure comes from", "", Group::Look, SCREENS),
    row(Action::Mask, &["p"], "privacy", "Hide or show amounts", "", Group::Look, SCREENS),
    // Moving.
    row(Action::Down, &["j", "down"], "down", "Next row", "", Group::Move, LISTS),
    row(Action::Up, &["k", "up"], "up", "Previous row", "", Group::Move, LISTS),
    row(Action::HalfDown, &["ctrl-d", "pagedown"], "half-page-down", "Half a page down", "", Group::Move, LISTS),
    row(Action::HalfUp, &["ctrl-u", "pageup"], "half-page-up", "Half a page up", "", Group::Move, LISTS),
    row(Action::First, &["g g", "home"], "first", "First row", "", Group::Move, LISTS),
    row(Action::Last, &["G", "end"], "last", "Last row", "", Group::Move, LISTS),
    row(Action::In, &["l", "right"], "in", "Into the row or the next pane", "", Group::Move,
        SCREENS.and(&[Place::Picker, Place::Review])),
    row(Action::Out, &["h", "left"], "out", "Out of it again", "", Group::Move,
        SCREENS.and(&[Place::Picker, Place::Review])),
    row(Action::NextPane, &["tab"], "next-pane", "Next pane", "", Group::Move,
        SCREENS.and(&[Place::Review, Place::Change])),
    row(Action::PreviousPane, &["shift-tab"], "previous-pane", "Previous pane", "", Group::Move,
        SCREENS.and(&[Place::Review, Place::Change])),
    // Screens.
    row(Action::Show(Screen::Overview), &["1"], Screen::Overview.as_str(), "Overview", "", Group::Screens, SCREENS),
    row(Action::Show(Screen::Accounts), &["2"], Screen::Accounts.as_str(), "Accounts", "", Group::Screens, SCREENS),
    row(Action::Show(Screen::Transactions), &["3"], Screen::Transactions.as_str(), "Transactions", "", Group::Screens, SCREENS),
    row(Action::Show(Screen::Holdings), &["4"], Screen::Holdings.as_str(), "Holdings", "", Group::Screens, SCREENS),
    row(Action::Show(Screen::Connections), &["5"], Screen::Connections.as_str(), "Connections", "", Group::Screens, SCREENS),
    row(Action::Show(Screen::Activity), &["6"], Screen::Activity.as_str(), "Activity", "", Group::Screens, SCREENS),
    // Importing.
    row(Action::Open, &["enter"], "picker-open", "Open the folder, or import the file or the marked files", "open",
        Group::Import, Scope::of(&[Place::Picker])),
    row(Action::Mark, &["space"], "picker-mark", "Mark the file or folder; a folder is imported with all below it",
        "mark", Group::Import, Scope::of(&[Place::Picker])),
    row(Action::MarkAll, &["*"], "picker-mark-all", "Mark all files of the list, or none", "mark all", Group::Import,
        Scope::of(&[Place::Picker])),
    row(Action::MarkRange, &["v"], "picker-mark-range", "Mark from here to where the cursor goes", "range",
        Group::Import, Scope::of(&[Place::Picker])),
    row(Action::EditPath, &["tab", "shift-tab", "/"], "picker-path", "Type a path", "type a path", Group::Import,
        Scope::of(&[Place::Picker])),
    row(Action::ToggleHidden, &["."], "picker-hidden", "Show or hide hidden files", "hidden", Group::Import,
        Scope::of(&[Place::Picker])),
    row(Action::ToggleAllFiles, &["a"], "picker-all", "Show all files, or only those that can be imported", "all files",
        Group::Import, Scope::of(&[Place::Picker])),
    row(Action::HomeFolder, &["~"], "picker-home", "Go to the home folder", "", Group::Import,
        Scope::of(&[Place::Picker])),
    row(Action::CommitImport, &["enter"], "commit-import", "Import what the review shows", "import", Group::Import,
        Scope::of(&[Place::Review])),
    row(Action::CancelJob, &["esc", "q"], "cancel", "Stop the import; nothing of it stays", "cancel", Group::Import,
        Scope::of(&[Place::Importing])),
    row(Action::Accept, &["enter"], "accept", "Accept", "accept", Group::Overlay, FIELDS.and(&[Place::Menu])),
    // Connecting.
    row(Action::Accept, &["enter"], "connect-go-on", "Go on to the next step", "go on", Group::Connect,
        Scope::of(&[Place::ConnectAbout, Place::ConnectAccounts])),
    row(Action::Accept, &["enter"], "connect-again", "Try again with the same answers", "try again", Group::Connect,
        Scope::of(&[Place::ConnectFailed])),
    row(Action::Accept, &["enter"], "connect-done", "Go to the accounts that arrived", "accounts", Group::Connect,
        Scope::of(&[Place::ConnectDone])),
    row(Action::Complete, &["tab"], "connect-next", "Next field, or the field beside the list", "field",
        Group::Connect, Scope::of(&[Place::ConnectFields, Place::ConnectAccounts, Place::ConnectLogin])),
    row(Action::PreviousPane, &["shift-tab"], "connect-previous", "Previous field", "", Group::Connect,
        Scope::of(&[Place::ConnectFields, Place::ConnectAccounts])),
    row(Action::Mark, &["space"], "connect-mark", "Want the account, or not", "choose", Group::Connect,
        Scope::of(&[Place::ConnectAccounts])),
    row(Action::Copy, &["y"], "connect-copy", "Copy the address of the login, or the callback address", "copy",
        Group::Connect, Scope::of(&[Place::ConnectAbout, Place::ConnectLogin])),
    row(Action::Browse, &["o"], "connect-browse", "Open the page in the browser", "open", Group::Connect,
        Scope::of(&[Place::ConnectAbout, Place::ConnectLogin])),
    row(Action::Reveal, &["ctrl-r"], "reveal", "Show what is typed, or hide it again", "show", Group::Connect,
        Scope::of(&[Place::ConnectFields, Place::Unlock])),
    row(Action::Reconnect, &["L"], "reconnect", "Log in again to the selected connection", "", Group::Connect,
        Scope::of(&[Place::Connections])),
    row(Action::Disconnect, &["d"], "disconnect", "End the selected connection", "", Group::Connect,
        Scope::of(&[Place::Connections])),
    row(Action::Back, &["esc"], "connect-back", "One step back; stops what runs", "back", Group::Connect, STEPS),
    // Overlays and fields.
    row(Action::Complete, &["tab"], "complete", "Complete what is typed; next field", "complete", Group::Overlay,
        Scope::of(&[Place::PickerPath, Place::Form, Place::Filter])),
    row(Action::PreviousPane, &["shift-tab"], "previous-field", "Previous field or suggestion", "", Group::Overlay,
        Scope::of(&[Place::PickerPath, Place::Form, Place::Filter])),
    row(Action::Down, &["down", "ctrl-n"], "field-down", "Next row or field", "", Group::Overlay, FIELDS),
    row(Action::Up, &["up", "ctrl-p"], "field-up", "Previous row or field", "", Group::Overlay, FIELDS),
    row(Action::Yes, &["y", "enter"], "yes", "Yes", "yes", Group::Overlay, Scope::of(&[Place::Confirm])),
    row(Action::No, &["n", "q"], "no", "No", "no", Group::Overlay, Scope::of(&[Place::Confirm])),
    row(Action::Back, &["esc"], "back", "Exactly one step back", "back", Group::Overlay,
        FIELDS.and(&[Place::Picker, Place::Review, Place::Menu, Place::Page, Place::Change, Place::Confirm])),
    row(Action::Back, &["esc"], "screen-back", "Exactly one step back", "", Group::Move, SCREENS),
    // Program.
    row(Action::Leave, &["q"], "leave", "Leave the view; at the top, quit", "", Group::Program, LISTS),
    row(Action::Quit, &["ctrl-c"], "quit", "Quit", "", Group::Program, EVERYWHERE),
    row(Action::Redraw, &["ctrl-l"], "redraw", "Draw the screen afresh", "", Group::Program, EVERYWHERE),
    row(Action::Suspend, &["ctrl-z"], "suspend", "Suspend to the shell (fg returns)", "", Group::Program, EVERYWHERE),
];
