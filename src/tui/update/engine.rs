//! Undo, redo and sync, and the handling of engine events.

use crate::{
    domain::{Change, ChangeId, Connection, ConnectionId, FailureKind},
    providers::{find, is_live},
    sync::{EngineCommand, Event, SyncReport},
    tui::{
        app::{App, Job, Reload},
        component::{
            list::RowId,
            pane::PaneNews,
            toast::{Level, Toasts},
        },
        env::Env,
        msg::Effect,
        overlay::{Confirm, unlock},
        snapshot::LedgerSnapshot,
        widget::{amount::plain, text::fit},
    },
};

/// From this many rows on, an undo asks first.
const ASK_FROM: u64 = 10;

impl App {
    /// The change that undo and redo are about: the selected one in Activity.
    pub(super) fn chosen_change(&self) -> Option<ChangeId> {
        match self.panes.current().selected(&self.snapshot) {
            Some(RowId::Change(change)) => Some(change),
            _ => None,
        }
    }

    /// The connection that a sync is about: the selected one in Connections.
    pub(super) fn chosen_connection(&self) -> Option<ConnectionId> {
        match self.panes.current().selected(&self.snapshot) {
            Some(RowId::Connection(connection)) => Some(connection),
            _ => None,
        }
    }

    pub(super) fn undo(&mut self, chosen: Option<ChangeId>, env: &Env) -> Vec<Effect> {
        let change = match chosen {
            Some(id) => self.snapshot.change(id),
            None => self.snapshot.changes.iter().find(|change| change.can_undo()),
        };
        let Some(change) = change else {
            self.toast(Level::News, "Nothing to undo.");
            return Vec::new();
        };
        if !change.can_undo() {
            let text =
                if change.undone { "Already undone: U redoes it." } else { "This is an undo: U redoes the change." };
            self.toast(Level::News, text);
            return Vec::new();
        }
        let (id, rows) = (change.id, touched(change));
        let lines = undo_question(change);
        self.run(env, |_, ctx| {
            let job = ctx.env.engine.job();
            let undo = Effect::Send(EngineCommand::Undo { job, change: Some(id) });
            if rows >= ASK_FROM {
                ctx.push(Confirm::new("Undo", lines, vec![undo]));
            } else {
                ctx.effects.push(undo);
            }
        })
        .1
    }

    pub(super) fn redo(&mut self, chosen: Option<ChangeId>, env: &Env) -> Vec<Effect> {
        let change = match chosen {
            Some(id) => self.snapshot.change(id).filter(|change| change.can_redo()).map(|change| change.id),
            None => None,
        };
        let any = self.snapshot.changes.iter().any(Change::can_redo);
        if (chosen.is_some() && change.is_none()) || !any {
            self.toast(Level::News, "Nothing to redo here.");
            return Vec::new();
        }
        self.run(env, |_, ctx| {
            ctx.command(|job| EngineCommand::Redo { job, change });
        })
        .1
    }

    /// Syncs one connection, or all.
    pub(super) fn sync(&mut self, only: Option<ConnectionId>, env: &Env) -> Vec<Effect> {
        let connections = self.snapshot.view.connections();
        let wanted = connections.iter().filter(|connection| only.is_none_or(|id| id == connection.id));
        let live: Vec<ConnectionId> =
            wanted.filter(|connection| is_live(connection)).map(|connection| connection.id).collect();
        if live.is_empty() {
            let text = if connections.is_empty() {
                "Nothing is connected yet: c shows what can be connected, i imports a statement file."
            } else {
                "Statement files have nothing to sync: i imports newer ones."
            };
            self.toast(Level::News, text);
            return Vec::new();
        }
        let job = env.engine.job();
        let sync = EngineCommand::Sync { job, connections: live, force: only.is_some(), from: None };
        self.last_sync = Some(sync.clone());
        vec![Effect::Send(sync)]
    }

    pub(super) fn engine(&mut self, event: &Event, env: &Env) -> Vec<Effect> {
        if let Event::Progress { job, progress } = event {
            if let Some(known) = self.jobs.iter_mut().find(|known| known.id == *job) {
                known.progress = progress.clone();
                known.turns += 1;
            } else {
                self.jobs.push(Job { id: *job, progress: progress.clone(), turns: 0 });
            }
        }
        let mut effects = Vec::new();
        if let Some(job) = event.answers() {
            self.jobs.retain(|known| known.id != job);
            effects = self.read_log();
        }
        let scheduled = self.due.is_job(event.answers());
        self.due.receive(event);
        self.hear_of_vault(event);
        let (shown, more) = self.receive(&PaneNews::Engine(event), env);
        effects.extend(more);
        match event {
            Event::ChangeToggled { login_needed: Some(connection), .. } => {
                let known = self.snapshot.connection(*connection);
                let name = known.map_or("The connection", Connection::display_name).to_owned();
                self.toast(Level::Error, format!("{name} counts again, but its login was deleted: L logs in again."));
            }
            Event::ChangeToggled { change, .. } => {
                let text = if change.undone {
                    format!("Undone: {} of {}. U redoes it.", change.kind, fit(&change.source, 32))
                } else {
                    format!("Redone: {} of {}.", change.kind, fit(&change.source, 32))
                };
                self.toast(Level::News, text);
            }
            Event::JobFailed { failure, .. } if !shown && failure.kind == FailureKind::VaultLocked => {
                effects.extend(self.ask_passphrase(scheduled, env));
            }
            Event::JobFailed { failure, .. } if !shown && failure.kind != FailureKind::Cancelled => {
                let hint = failure.hint.as_ref().map(|hint| format!(" {hint}")).unwrap_or_default();
                self.toast(Level::Error, format!("{}{hint}", failure.message));
            }
            Event::Synced { report, .. } if !shown => self.toast_synced(report, scheduled),
            Event::Compacted { .. } => {
                self.compacting = false;
                self.toast(Level::News, "The database was compacted after a large import.");
                // The snapshot keeps the old file and its cache open.
                effects.extend(self.refresh());
            }
            Event::Disconnected { still_valid: None, connection, .. } => {
                let known = self.snapshot.connection(*connection);
                let had_login = known.is_none_or(|known| find(&known.provider).is_ok_and(|it| !it.is_file()));
                let text = if had_login { "Disconnected: login deleted." } else { "Disconnected." };
                self.toast(Level::News, text);
            }
            Event::Disconnected { still_valid: Some(reason), .. } => {
                self.toast(Level::Error, format!("Disconnected; {reason}"));
            }
            Event::VaultLocked { closed: true } => effects = self.lock(env),
            Event::VaultOpened | Event::Unlocked { .. } if self.locked => {
                self.locked = false;
                self.panes.overlays.clear();
                effects.extend(self.refresh());
            }
            Event::EncryptionSet { encrypted, .. } => {
                let text = if *encrypted { "The database is encrypted." } else { "The database is plain now." };
                self.toast(Level::News, text);
                effects.extend(self.refresh());
            }
            Event::StoreChanged if !self.locked => effects.extend(self.refresh()),
            _ => {}
        }
        effects
    }

    /// Forgets everything that was read and shows the question for the passphrase only.
    fn lock(&mut self, env: &Env) -> Vec<Effect> {
        self.panes.close();
        self.toasts = Toasts::default();
        self.jobs.clear();
        self.reload = Reload::Idle;
        match LedgerSnapshot::empty(env.clock.today()) {
            Ok(empty) => self.snapshot = empty,
            Err(error) => {
                tracing::error!("the screen can't be locked: {error}");
                return self.quit();
            }
        }
        let mut effects = self.tell_fresh(env);
        self.locked = true;
        effects.extend(self.run(env, |_, ctx| unlock::open_database(ctx)).1);
        effects
    }

    /// Encrypts the database file, or decrypts it, after a question.
    pub(super) fn set_encryption(&mut self, encrypted: bool, env: &Env) -> Vec<Effect> {
        let (title, lines) = if encrypted {
            let lines = [
                "Encrypt the database with a key of the vault?",
                "Without that key nothing can be read any more: keep a backup.",
            ];
            ("Encrypt", lines)
        } else {
            ("Decrypt", ["Decrypt the database?", "Any program of this user can read it then."])
        };
        let order = EngineCommand::SetEncryption { job: env.engine.job(), encrypted };
        self.last_sync = Some(order.clone());
        let lines = lines.map(str::to_owned).to_vec();
        self.run(env, |_, ctx| ctx.push(Confirm::new(title, lines, vec![Effect::Send(order)]))).1
    }

    /// Asks for the passphrase of the vault. For a scheduled sync it does not interrupt an open overlay and shows a toast
    /// instead.
    fn ask_passphrase(&mut self, scheduled: bool, env: &Env) -> Vec<Effect> {
        if scheduled && !self.panes.overlays.is_empty() {
            self.toast(Level::News, "The vault is locked, so scheduled syncs wait. R asks for the passphrase.");
            return Vec::new();
        }
        let job = env.engine.job();
        let again = if scheduled {
            Some(EngineCommand::SyncDue { job })
        } else {
            self.last_sync.take().map(|sync| match sync {
                EngineCommand::Sync { connections, force, from, .. } => {
                    EngineCommand::Sync { job, connections, force, from }
                }
                EngineCommand::SetEncryption { encrypted, .. } => EngineCommand::SetEncryption { job, encrypted },
                other => other,
            })
        };
        let then = again.into_iter().map(Effect::Send).collect();
        self.run(env, |_, ctx| unlock::open(ctx, then)).1
    }

    /// `scheduled`: started by the schedule, so an empty result shows no toast.
    fn toast_synced(&mut self, report: &SyncReport, scheduled: bool) {
        for connection in &report.connections {
            if let Some(error) = &connection.error {
                let hint = error.hint.as_ref().map(|hint| format!(" {hint}")).unwrap_or_default();
                self.toast(Level::Error, format!("{}: {}{hint}", connection.name, error.message));
                continue;
            }
            let partly: Vec<String> = connection
                .accounts
                .iter()
                .filter_map(|account| account.reason.as_ref().map(|reason| format!("{}: {reason}", account.name)))
                .collect();
            if partly.is_empty() {
                let rows = connection.transactions_imported;
                if scheduled && rows == 0 {
                    continue;
                }
                let text = if rows == 0 { "nothing new".to_owned() } else { format!("{rows} new rows") };
                self.toast(Level::News, format!("{}: {text}.", connection.name));
            } else {
                self.toast(Level::Error, format!("{}: {}", connection.name, partly.join("; ")));
            }
        }
    }
}

/// The question before a large undo, with each of its effects.
fn undo_question(change: &Change) -> Vec<String> {
    let counts = &change.counts;
    let mut lines = vec![format!("Undo the {} of {}?", change.kind, change.source)];
    let effects = [
        (counts.transactions_imported, "rows that it added are removed."),
        (counts.transactions_updated, "rows that it amended return to what they were."),
        (counts.transactions_removed, "rows that it removed come back."),
    ];
    lines.extend(
        effects.iter().filter(|(rows, _)| *rows > 0).map(|(rows, what)| format!("{} {what}", plain((*rows).into()))),
    );
    lines.push("Your edits are kept. U redoes it.".to_owned());
    lines
}

/// Rows that undoing or redoing a change touches.
fn touched(change: &Change) -> u64 {
    change.counts.transactions_imported + change.counts.transactions_updated + change.counts.transactions_removed
}
