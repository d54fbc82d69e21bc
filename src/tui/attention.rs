//! Matters that need the user, the most pressing first. Used by the Overview, the detail of an account and `dashtam attention`.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

use crate::{
    config::Screen,
    domain::{Account, ConnectionStatus, Money, RowPair, text},
    ledger::{
        AccountLine, Ledger, LedgerError,
        daily::{CauseKind, Span},
        explain::Figure,
    },
    tui::{component::scene::Moment, dismissed::matter_id, msg::Jump, snapshot::LedgerSnapshot},
};

/// Age in days from which a balance counts as old.
const OLD: i64 = 45;
/// Hours before the end of a login from which it is listed.
const SOON: i64 = 48;
/// Newest changes whose warnings are listed.
const RECENT: usize = 20;

/// Up to this many matters of one kind are listed one by one.
const GROUPED: usize = 3;

/// The kind of a matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MatterKind {
    Login,
    SameAccount,
    Pair,
    Warnings,
    Gap,
    Unknown,
    Old,
}

impl MatterKind {
    const ALL: [Self; 7] =
        [Self::Login, Self::SameAccount, Self::Pair, Self::Warnings, Self::Gap, Self::Unknown, Self::Old];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::SameAccount => "same-account",
            Self::Pair => "pair",
            Self::Warnings => "warnings",
            Self::Gap => "gap",
            Self::Unknown => "unknown",
            Self::Old => "old",
        }
    }

    fn text(self, count: usize) -> String {
        match self {
            Self::Login => format!("{count} connections need a login"),
            Self::SameAccount => {
                format!("{count} accounts may be earlier ones under a new id: both count until you merge them")
            }
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
            Self::SameAccount | Self::Gap | Self::Unknown | Self::Old => Jump::Screen(Screen::Accounts),
        }
    }
}

/// One matter, and the place to fix it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Matter {
    pub(crate) kind: MatterKind,
    /// Changes when the matter does.
    pub(crate) id: String,
    pub(crate) text: String,
    /// The amount that rows do not explain.
    pub(crate) money: Option<Money>,
    /// The figure of the amount.
    pub(crate) figure: Option<Figure>,
    /// Whether something is broken, rather than outdated.
    pub(crate) pressing: bool,
    pub(crate) jump: Jump,
}

impl Matter {
    /// Its place among newer matters, also where its text changed: the matter of the same kind about the same thing.
    pub(crate) fn position_in(&self, matters: &[Self]) -> Option<usize> {
        let by_id = matters.iter().position(|other| other.id == self.id);
        by_id.or_else(|| matters.iter().position(|other| other.kind == self.kind && other.jump == self.jump))
    }
}

/// A matter for the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttentionLine {
    /// Names it until it changes.
    pub id: String,
    /// Its kind: login, same-account, pair, warnings, gap, unknown, old.
    pub kind: &'static str,
    /// For people.
    pub text: String,
    /// The amount that rows do not explain.
    pub money: Option<Money>,
}

/// Everything that needs attention, one by one; also what was dismissed.
///
/// # Errors
/// When the store can't be read.
pub fn attention(
    ledger: &Ledger,
    now: DateTime<Utc>,
    today: NaiveDate,
    local: fn(DateTime<Utc>) -> NaiveDateTime,
) -> Result<Vec<AttentionLine>, LedgerError> {
    let mut snapshot = LedgerSnapshot::load(ledger, None, today)?;
    if snapshot.view.needs_columns() {
        snapshot = snapshot.with_columns()?;
    }
    let found = matters(&snapshot, &Moment { now, today, local });
    let line = |matter: Matter| AttentionLine {
        id: matter.id,
        kind: matter.kind.as_str(),
        text: matter.text,
        money: matter.money,
    };
    Ok(found.into_iter().map(line).collect())
}

/// Every matter, one by one.
pub(crate) fn matters(snapshot: &LedgerSnapshot, moment: &Moment) -> Vec<Matter> {
    let mut matters: Vec<Matter> = Vec::new();
    for connection in snapshot.view.connections() {
        let name = connection.display_name();
        let jump = Jump::Connection(connection.id);
        let mut say = |text: String, pressing| {
            let id = matter_id(&format!("login {} {}", connection.id, text));
            matters.push(Matter { kind: MatterKind::Login, id, text, money: None, figure: None, pressing, jump });
        };
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
    matters.extend(relinked_accounts(snapshot.accounts()));
    for pair in &snapshot.pairs {
        matters.push(Matter {
            kind: MatterKind::Pair,
            id: matter_id(&format!("pair {} {}", pair.older, pair.newer)),
            text: pair_text(snapshot, *pair),
            money: None,
            figure: None,
            pressing: false,
            jump: Jump::Row(pair.newer),
        });
    }
    for change in snapshot.changes.iter().take(RECENT).filter(|change| !change.undone && !change.warnings.is_empty()) {
        let count = change.warnings.len();
        let word = if count == 1 { "warning" } else { "warnings" };
        matters.push(Matter {
            kind: MatterKind::Warnings,
            id: matter_id(&format!("warnings {} {count}", change.id)),
            text: format!("{}: {count} {word}", change.source),
            money: None,
            figure: None,
            pressing: false,
            jump: Jump::Change(change.id),
        });
    }
    for line in snapshot.accounts().iter().filter(|line| line.account.is_active && line.connection.counts()) {
        let (name, account) = (line.account.label(), line.account.id);
        let jump = Jump::Account(account);
        let newest_gap = snapshot.gaps_of(account).first();
        let mut say = |kind: MatterKind, content: String, text: String, money| {
            let id = matter_id(&format!("{} {account} {content}", kind.as_str()));
            let figure = newest_gap.filter(|_| kind == MatterKind::Gap).map(|gap| Figure::Gap(account, gap.to));
            matters.push(Matter { kind, id, text: format!("{name}: {text}"), money, figure, pressing: false, jump });
        };
        if let Some((newest, earlier)) = snapshot.gaps_of(account).split_first() {
            let others = match earlier.len() {
                0 => String::new(),
                1 => ", and 1 earlier gap".to_owned(),
                count => format!(", and {count} earlier gaps"),
            };
            let all = snapshot.gaps_of(account).iter();
            let content: Vec<String> =
                all.map(|gap| format!("{} {} {:?}", gap.from, gap.to, gap.gap.map(|gap| gap.normalize()))).collect();
            let text = format!("{}{others}: {}", unexplained(newest), closed_by(newest));
            let money = newest.gap.map(|gap| Money::new(gap, newest.currency));
            say(MatterKind::Gap, content.join(" "), text, money);
        }
        match line.balance {
            None => {
                let text = "no balance known, so it counts in no total".to_owned();
                say(MatterKind::Unknown, String::new(), text, None);
            }
            Some(balance) if (moment.today - balance.as_of).num_days() > OLD => {
                let text = format!("the balance is from {}", moment.age(balance.as_of));
                say(MatterKind::Old, balance.as_of.to_string(), text, None);
            }
            Some(_) => {}
        }
    }
    matters
}

/// Accounts that their provider lists under a new id, as far as names can tell: each looks like one of the same connection that
/// is no longer listed.
fn relinked_accounts(accounts: &[AccountLine]) -> impl Iterator<Item = Matter> + '_ {
    let is_earlier = |earlier: &Account, account: &Account| {
        earlier.missed_listings > 0
            && account.missed_listings == 0
            && earlier.connection_id == account.connection_id
            && earlier.currency == account.currency
            && text::fold(&earlier.name) == text::fold(&account.name)
            && text::fold(&earlier.institution) == text::fold(&account.institution)
    };
    accounts.iter().filter(|line| line.account.is_active && line.connection.counts()).filter_map(move |line| {
        let account = &line.account;
        let earlier = &accounts.iter().find(|other| is_earlier(&other.account, account))?.account;
        Some(Matter {
            kind: MatterKind::SameAccount,
            id: matter_id(&format!("same-account {} {}", earlier.id, account.id)),
            text: format!(
                "{} may be the account {} that is no longer listed: if it is, merge them",
                account.label(),
                earlier.label()
            ),
            money: None,
            figure: None,
            pressing: false,
            jump: Jump::Account(account.id),
        })
    })
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

/// Replaces many matters of one kind by one that counts them; its id is made of theirs.
pub(crate) fn grouped(matters: &[Matter]) -> Vec<Matter> {
    let mut out: Vec<Matter> = Vec::new();
    for kind in MatterKind::ALL {
        let own: Vec<&Matter> = matters.iter().filter(|matter| matter.kind == kind).collect();
        match own.first() {
            Some(first) if kind != MatterKind::Login && own.len() > GROUPED => {
                let ids: Vec<&str> = own.iter().map(|matter| matter.id.as_str()).collect();
                let (id, text) = (matter_id(&ids.join(" ")), kind.text(own.len()));
                // Of pairs, the first one is opened: the list of all rows would not lead to one.
                let jump = if kind == MatterKind::Pair { first.jump } else { kind.jump() };
                out.push(Matter { id, text, money: None, figure: None, jump, ..(*first).clone() });
            }
            _ => out.extend(own.into_iter().cloned()),
        }
    }
    out
}

/// `rows from 2025-03-02 to 2025-03-31 don't add up to the balance`, with the single row that would explain it.
pub(crate) fn unexplained(gap: &Span) -> String {
    let cause = gap.causes.first().and_then(|cause| {
        Some(match cause.kind {
            CauseKind::Doubled => format!("the row of {} is doubled", cause.date),
            CauseKind::Extra => format!("the row of {} is not in the balance", cause.date),
            CauseKind::Flipped => format!("the row of {} has the opposite sign", cause.date),
            CauseKind::NotBooked => format!("the row of {} is booked", cause.date),
            CauseKind::Moved => format!("the row of {} is on the other side of a statement", cause.date),
            CauseKind::Missing => return None,
        })
    });
    let cause = cause.map_or_else(String::new, |cause| format!(" ({cause}?)"));
    format!("rows from {} to {} don't add up to the balance{cause}", gap.from, gap.to)
}

/// The download that would close a gap.
pub(crate) fn closed_by(gap: &Span) -> String {
    format!("download {} to {} again", gap.from, gap.to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{AccountId, ConnectionId};

    #[test]
    fn a_matter_is_found_again_when_its_text_changes() {
        let matter = |kind, jump, text: &str| Matter {
            kind,
            id: matter_id(text),
            text: text.to_owned(),
            money: None,
            figure: None,
            pressing: false,
            jump,
        };
        let (login, account) = (Jump::Connection(ConnectionId(1)), Jump::Account(AccountId(1)));
        let known = matter(MatterKind::Login, login, "ends in 25 h");
        let old = matter(MatterKind::Old, account, "the balance is from May");
        let newer = [
            matter(MatterKind::Login, Jump::Connection(ConnectionId(2)), "has expired"),
            matter(MatterKind::Gap, account, "rows do not add up"),
            matter(MatterKind::Login, login, "ends in 24 h"),
            old.clone(),
        ];
        assert_eq!(known.position_in(&newer), Some(2));
        assert_eq!(old.position_in(&newer), Some(3));
        assert_eq!(matter(MatterKind::Unknown, account, "no balance").position_in(&newer), None);
    }
}
