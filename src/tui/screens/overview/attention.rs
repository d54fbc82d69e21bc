//! What the user should look at, most pressing first. Pure.

use crate::{
    domain::{AccountId, ConnectionStatus},
    tui::{
        component::scene::Moment,
        msg::Jump,
        snapshot::{self, LedgerSnapshot},
    },
};

/// Days after which a stated balance is called old.
const OLD: i64 = 45;
/// Hours before the end of a login from which on it is mentioned.
const SOON: i64 = 48;
/// Changes looked through for warnings.
const RECENT: usize = 20;

/// One thing, and where it is mended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Matter {
    pub(super) text: String,
    /// Whether something is broken, rather than old.
    pub(super) pressing: bool,
    pub(super) jump: Jump,
}

pub(super) fn matters(snapshot: &LedgerSnapshot, moment: &Moment) -> Vec<Matter> {
    let mut matters = Vec::new();
    for connection in snapshot.view.connections() {
        let name = connection.display_name();
        let jump = Jump::Connection(connection.id);
        let mut say = |text: String, pressing| matters.push(Matter { text, pressing, jump });
        match connection.status_at(moment.now) {
            ConnectionStatus::Expired => say(format!("{name}: the login ran out; log in again"), true),
            ConnectionStatus::Revoked => say(format!("{name}: access was withdrawn; connect again"), true),
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
    for change in snapshot.changes.iter().take(RECENT).filter(|change| !change.undone && !change.warnings.is_empty()) {
        let count = change.warnings.len();
        let word = if count == 1 { "warning" } else { "warnings" };
        matters.push(Matter {
            text: format!("{}: {count} {word}", change.source),
            pressing: false,
            jump: Jump::Change(change.id),
        });
    }
    for line in snapshot.accounts().iter().filter(|line| line.account.is_active && line.connection.counts()) {
        let name = snapshot::label(&line.account);
        let jump = Jump::Account(line.account.id);
        if let Some(text) = gaps(snapshot, line.account.id) {
            matters.push(Matter { text: format!("{name}: {text}"), pressing: false, jump });
        }
        let text = match line.balance {
            None => format!("{name}: no balance known, so it counts in no total"),
            Some(balance) if (moment.today - balance.as_of).num_days() > OLD => {
                format!("{name}: the balance is from {}", moment.age(balance.as_of))
            }
            Some(_) => continue,
        };
        matters.push(Matter { text, pressing: false, jump });
    }
    matters
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
