//! Messages to the screen and effects of the screen, as plain data.

use std::path::PathBuf;

use crossterm::event::KeyEvent;
use ratatui::layout::Rect;

use crate::{
    config::Screen,
    domain::{AccountId, ChangeId, ConnectionId, TransactionId, UserPatch},
    ledger::{
        CashFlow, Differing, Explainer, FlowSplit, GroupSort, LedgerDifference, LedgerEntry, LedgerError, ListRequest,
        RowList,
        explain::{Figure, FileFigure, Node, SourcePlace},
    },
    ports::{BrowserError, ClipboardError},
    sync::{EngineCommand, Event},
    tui::{
        component::{
            columns::{ColumnChoices, ColumnList},
            hit::ClickTarget,
            list::RowId,
        },
        snapshot::{Grouped, LedgerSnapshot},
    },
};

/// A message. Sent by the runtime only.
#[derive(Debug)]
pub(crate) enum Msg {
    /// From the terminal: a key.
    Key(KeyEvent),
    /// From the terminal: text pasted in one piece.
    Paste(String),
    /// From the terminal: a click on a target of the last frame.
    Click(ClickTarget),
    /// From the terminal: the wheel over a target, with the rows to move.
    Scroll(ClickTarget, isize),
    /// From the terminal, or the size at the start.
    Resize(Rect),
    /// From the engine.
    Engine(Event),
    /// From a worker: the answer to an effect.
    Loaded(WorkerAnswer),
    /// The time of `App::wake_at` has come.
    Wake,
    /// The process was asked to end (SIGTERM, SIGHUP) or the input ended.
    Stop,
}

/// Why an effect failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EffectError {
    /// The ledger could not be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error("{path} cannot be read: {source}")]
    Folder { path: String, source: std::io::Error },
    #[error(transparent)]
    Clipboard(#[from] ClipboardError),
    #[error(transparent)]
    Browser(#[from] BrowserError),
}

/// Answers of workers. A ticket distinguishes the current answer from outdated ones.
#[derive(Debug)]
pub(crate) enum WorkerAnswer {
    /// A new snapshot.
    Fresh(Result<Box<LedgerSnapshot>, EffectError>),
    /// The snapshot with its columns loaded.
    Columns(Result<Box<LedgerSnapshot>, EffectError>),
    /// The snapshot as of a day, `None` for today.
    Day { day: Option<chrono::NaiveDate>, result: Result<Box<LedgerSnapshot>, EffectError> },
    /// The rows of a query, with groups if it has `by:`.
    Listing { ticket: u64, result: Result<(RowList, Option<Grouped>), EffectError> },
    /// The words for completions.
    Vocabulary(crate::ledger::query::Vocabulary),
    /// Balance after each row of an account, newest first.
    Running { ticket: u64, balances: Vec<Option<rust_decimal::Decimal>> },
    /// Money in and out by month.
    CashFlow { ticket: u64, result: Result<Vec<CashFlow>, EffectError> },
    /// The entries of a folder.
    Folder { ticket: u64, result: Result<Vec<FolderEntry>, EffectError> },
    /// Folders of earlier imports, newest first.
    Recent(Vec<PathBuf>),
    /// Ids of dismissed matters.
    Dismissed(std::collections::BTreeSet<String>),
    /// The columns chosen for the lists.
    ChosenColumns(ColumnChoices),
    /// The end of the last visit; none at the first one.
    Visit(Option<chrono::DateTime<chrono::Utc>>),
    /// Rows of a change.
    ChangeRows { change: ChangeId, offset: u64, result: Result<(Vec<LedgerEntry>, PastStates), EffectError> },
    /// A figure and some of its inputs.
    Explained { figure: KnownFigure, offset: usize, result: Result<Box<Explained>, EffectError> },
    /// The place of a figure in a file that is not imported yet.
    FilePlace { path: PathBuf, figure: FileFigure, result: Result<Option<SourcePlace>, EffectError> },
    /// The difference between two states, and the contents of the first rows.
    Compared { from: ChangeId, to: ChangeId, result: Result<Box<Compared>, EffectError> },
    /// The last lines of the log, the newest last; empty without a log.
    Log(Vec<String>),
    /// The result of a copy.
    Copied { what: &'static str, result: Result<(), EffectError> },
    /// The edit of many rows was sent to the engine, or its rows could not be read.
    Edited(Result<(), EffectError>),
    /// The result of opening a page.
    Opened(Result<(), EffectError>),
}

/// A difference, and the contents of the rows that are shown.
pub(crate) type Compared = (LedgerDifference, Vec<Differing<LedgerEntry>>);

/// A figure, some of its inputs, and the source of a leaf.
#[derive(Debug)]
pub(crate) struct Explained {
    /// `None` for an unknown figure.
    pub(crate) node: Option<Node>,
    pub(crate) inputs: Vec<Node>,
    /// The known ones of the other figures of the request, each with its state.
    pub(crate) beside: Vec<(Option<ChangeId>, Node)>,
    pub(crate) place: Option<SourcePlace>,
    /// Those of the request, and those that were read for it.
    pub(crate) past: PastStates,
}

/// A figure as it is now, or as it was known after a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KnownFigure {
    pub(crate) figure: Figure,
    pub(crate) after: Option<ChangeId>,
}

impl KnownFigure {
    pub(crate) const fn now(figure: Figure) -> Self {
        Self { figure, after: None }
    }

    pub(crate) const fn after(change: ChangeId, figure: Figure) -> Self {
        Self { figure, after: Some(change) }
    }
}

/// Earlier states that were read, by the change that made them.
pub(crate) type PastStates = std::collections::BTreeMap<ChangeId, Explainer>;

/// One entry of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FolderEntry {
    /// For display; `file` is the name in the file system.
    pub(crate) name: String,
    pub(crate) file: std::ffi::OsString,
    pub(crate) is_folder: bool,
    /// Whether the file looks like a statement: by its ending, and by its content where other files have that ending too.
    pub(crate) is_statement: bool,
    /// Bytes.
    pub(crate) size: u64,
    pub(crate) modified: Option<chrono::DateTime<chrono::Utc>>,
}

/// A side effect. Executed by the runtime.
#[derive(Debug, Clone)]
pub(crate) enum Effect {
    /// Send a command to the engine.
    Send(EngineCommand),
    /// Read the snapshot again. Answer: `Fresh`.
    Refresh,
    /// Compute the snapshot as of a day from the one that is there; `None` is today. Answer: `Day`.
    ShowDay(Option<chrono::NaiveDate>),
    /// Load the columns, which searching needs. Answer: `Columns`.
    LoadColumns,
    /// List rows; `order` is that of groups, if the user chose one; `previous` is narrowed where that is faster.
    /// Answer: `Listing`.
    List { ticket: u64, request: ListRequest, order: Option<GroupSort>, previous: Option<RowList> },
    /// Collect the words for completions. Answer: `Vocabulary`.
    ReadVocabulary,
    /// Change the user fields of rows, as one change. Answer: `Edited`, then the engine's.
    Edit { rows: Vec<TransactionId>, patch: UserPatch },
    /// Compute running balances. Answer: `Running`.
    Running { ticket: u64, account: AccountId },
    /// Add up money in and out by month. Answer: `CashFlow`.
    ReadCashFlow { ticket: u64, split: FlowSplit },
    /// Read a folder. Answer: `Folder`.
    ReadFolder { ticket: u64, path: PathBuf },
    /// Read the recent folders. Answer: `Recent`.
    ReadRecent,
    /// Read when the program was used last. Answer: `Visit`.
    ReadVisit,
    /// Read the ids of dismissed matters. Answer: `Dismissed`.
    ReadDismissed,
    /// Store them.
    WriteDismissed(std::collections::BTreeSet<String>),
    /// Read the columns chosen for the lists. Answer: `ChosenColumns`.
    ReadColumns,
    /// Store those of one list; without names the list decides.
    WriteColumns(ColumnList, Option<Vec<&'static str>>),
    /// Record that the program is used now.
    WriteVisit,
    /// Store a recent folder.
    Remember(PathBuf),
    /// Read rows of a change, with a state as the change left them. Answer: `ChangeRows`.
    ChangeRows { change: ChangeId, offset: u64, then: Option<PastStates> },
    /// Read a figure and its inputs from a place on; of a leaf its source; of figures `beside` it only their values. Answer:
    /// `Explained`.
    Explain { figure: KnownFigure, offset: usize, beside: Vec<KnownFigure>, past: PastStates },
    /// Find a figure in a file that is not imported yet. Answer: `FilePlace`.
    FindInFile { path: PathBuf, figure: FileFigure },
    /// Compare what was known after two changes. Answer: `Compared`.
    Compare { from: ChangeId, to: ChangeId },
    /// Read the end of the log. Answer: `Log`.
    ReadLog,
    /// Put text on the clipboard. Answer: `Copied`.
    Copy { what: &'static str, text: String },
    /// Open a page in the browser. Answer: `Opened`.
    Browse(String),
    /// Give the terminal to a program of the shell until it ends. Nothing is inserted into `command`.
    Shell { command: String, variables: Vec<(String, String)> },
    /// Draw every cell again.
    Redraw,
    /// Suspend the process until the shell continues it.
    Suspend,
    /// End the program.
    Quit,
}

/// A target to go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Jump {
    Screen(Screen),
    /// The rows of one account.
    Rows(AccountId),
    /// One row among all.
    Row(TransactionId),
    /// An entry of the journal.
    Change(ChangeId),
    /// An account in the list of accounts.
    Account(AccountId),
    /// A connection in the list of connections.
    Connection(ConnectionId),
}

impl Jump {
    /// The screen that holds the target.
    pub(crate) const fn screen(self) -> Screen {
        match self {
            Self::Screen(screen) => screen,
            Self::Rows(_) | Self::Row(_) => Screen::Transactions,
            Self::Change(_) => Screen::Activity,
            Self::Account(_) => Screen::Accounts,
            Self::Connection(_) => Screen::Connections,
        }
    }

    /// The row to select in the list of that screen, if the jump names one.
    pub(crate) const fn row(self) -> Option<RowId> {
        match self {
            Self::Row(row) => Some(RowId::Transaction(row)),
            Self::Change(change) => Some(RowId::Change(change)),
            Self::Account(account) => Some(RowId::Account(account)),
            Self::Connection(connection) => Some(RowId::Connection(connection)),
            Self::Screen(_) | Self::Rows(_) => None,
        }
    }
}
