//! Matters that need the user, the most pressing first. Pure.

use crate::{
    config::Screen,
    domain::{AccountId, ConnectionStatus, RowPair},
    tui::{
        component::scene::Moment,
        msg::Jump,
        snapshot::{self, LedgerSnapshot},
    },
};

/// Age in days from which a balance counts as old.
const OLD: i64 = 45;
/// Hours before the end of a login from which it is listed.
const SOON: i64 = 48;
/// Newest changes whose warnings are listed.
const RECENT: usize = 20;

/// Up to this many matters of one kind are listed one by one.
const GROUPED: usize = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Login,
    Pair,
    Warnings,
    Gap,
    Unknown,
    Old,
}

impl Kind {
    fn text(self, count: usize) -> String {
        match self {
            Self::Login => format!("{count} connections need a login"),
            Self::Pair => format!("{count} pairs of rows may be one: both rows count until you decide"),
            Self::Warnings => format!("{count} imports have warnings"),
            Self::Gap => format!("{count} accounts have rows that do not add up to the balance"),
            Self::Unknown => format!("{count} accounts have no known balance and count in no total"),
            Self::Old => format!("{count} balances are older than {OLD} days"),
        }
    }

    const fn jump(self) -> Jump {
        match self {
            Self::Login => Jump::Screen(Screen::Connections),
            Self::Pair => Jump::Screen(Screen::Transactions),
            Self::Warnings => Jump::Screen(Screen::Activity),
            Self::Gap | Self::Unknown | Self::Old => Jump::Screen(Screen::Accounts),
        }
    }
}

/// One matter, and the place to fix it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Matter {
    pub(super) text: String,
    /// Whether something is broken, rather than outdated.
    pub(super) pressing: bool,
    pub(super) jump: Jump,
}

pub(super) fn matters(snapshot: &LedgerSnapshot, moment: &Moment) -> Vec<Matter> {
    let mut matters: Vec<(Kind, Matter)> = Vec::new();
    for connection in snapshot.view.connections() {
        let name = connection.display_name();
        let jump = Jump::Connection(connection.id);
        let mut say = |text: String, pressing| matters.push((Kind::Login, Matter { text, pressing, jump }));
        match connection.status_at(moment.now) {
            ConnectionStatus::Expired => say(format!("{name}: the login has expired: log in again"), true),
            ConnectionStatus::Revoked => say(format!("{name}: access was revoked: connect again"), true),
            ConnectionStatus::Failed => say(format!("{name}: the first check failed"), true),
            ConnectionStatus::Pending | ConnectionStatus::Active => {
                if let Some(error) = &connection.error {
                    say(format!("{name}: {error}"), true);
                } else if let Some(ends) =
                    connection.login_expires_at.filter(|ends| (*ends - moment.now).num_hours() < SOON)
                {
                    say(format!("{name}: the login ends {}", moment.until(ends)), true);
                }
            }
            ConnectionStatus::Disconnected => {}
        }
    }
    for pair in &snapshot.pairs {
        // Their rows are read for the few that are listed one by one.
        let text = if snapshot.pairs.len() > GROUPED { String::new() } else { pair_text(snapshot, *pair) };
        matters.push((Kind::Pair, Matter { text, pressing: false, jump: Jump::Row(pair.newer) }));
    }
    for change in snapshot.changes.iter().take(RECENT).filter(|change| !change.undone && !change.warnings.is_empty()) {
        let count = change.warnings.len();
        let word = if count == 1 { "warning" } else { "warnings" };
        let text = format!("{}: {count} {word}", change.source);
        matters.push((Kind::Warnings, Matter { text, pressing: false, jump: Jump::Change(change.id) }));
    }
    for line in snapshot.accounts().iter().filter(|line| line.account.is_active && line.connection.counts()) {
        let name = snapshot::label(&line.account);
        let jump = Jump::Account(line.account.id);
        if let Some(text) = gaps(snapshot, line.account.id) {
            matters.push((Kind::Gap, Matter { text: format!("{name}: {text}"), pressing: false, jump }));
        }
        let (kind, text) = match line.balance {
            None => (Kind::Unknown, format!("{name}: no balance known, so it counts in no total")),
            Some(balance) if (moment.today - balance.as_of).num_days() > OLD => {
                (Kind::Old, format!("{name}: the balance is from {}", moment.age(balance.as_of)))
            }
            Some(_) => continue,
        };
        matters.push((kind, Matter { text, pressing: false, jump }));
    }
    grouped(&matters)
}

/// The newer row of a pair, which may be the older one.
fn pair_text(snapshot: &LedgerSnapshot, pair: RowPair) -> String {
    let row = |id| {
        let entry = snapshot.entry(id)?;
        Some(format!("{} {}", entry.transaction.facts.date, entry.payee()))
    };
    match (row(pair.newer), row(pair.older)) {
        (Some(newer), Some(older)) => format!("{newer} may be the same as {older}"),
        _ => "two rows may be one".to_owned(),
    }
}

/// Replaces many matters of one kind by one that counts them.
fn grouped(matters: &[(Kind, Matter)]) -> Vec<Matter> {
    let count = |kind| matters.iter().filter(|(other, _)| *other == kind).count();
    let counts =
        [Kind::Login, Kind::Pair, Kind::Warnings, Kind::Gap, Kind::Unknown, Kind::Old].map(|kind| (kind, count(kind)));
    let mut out: Vec<Matter> = Vec::new();
    for (kind, all) in counts {
        let mut own = matters.iter().filter(|(other, _)| *other == kind).map(|(_, matter)| matter.clone());
        match kind {
            Kind::Login => out.extend(own),
            _ if all <= GROUPED => out.extend(own),
            // The first pair is as good as any.
            Kind::Pair => out.extend(own.next().map(|first| Matter { text: kind.text(all), ..first })),
            _ => out.extend(own.next().map(|first| Matter { text: kind.text(all), jump: kind.jump(), ..first })),
        }
    }
    out
}

/// The gaps of an account, as one matter.
fn gaps(snapshot: &LedgerSnapshot, account: AccountId) -> Option<String> {
    let history = snapshot.daily.history(account)?;
    let mut failed = history.checks().filter(|check| !check.agrees());
    let newest = failed.next_back()?;
    let others = match failed.count() {
        0 => String::new(),
        1 => ", and 1 earlier gap".to_owned(),
        count => format!(", and {count} earlier gaps"),
    };
    Some(format!("rows from {} to {} don't add up to the balance{others}", newest.from, newest.to))
}
