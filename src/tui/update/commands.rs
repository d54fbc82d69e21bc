//! The user's own commands: which key runs which, and the fields of the selected row for it.

use crate::{
    ledger::export,
    tui::{action::Chord, app::App, component::list::RowId, env::Env, msg::Effect},
};

impl App {
    /// The command of a key, on a screen without an overlay or a field.
    pub(super) fn command_of(&self, chord: Chord, env: &Env) -> Option<usize> {
        if self.locked || !self.place().is_screen() {
            return None;
        }
        env.commands.iter().position(|command| Chord::parse(&command.key) == Some(chord))
    }

    /// Runs a command with the fields of the selected row in variables named `DASHTAM_…`.
    pub(super) fn user_command(&self, place: usize, env: &Env) -> Vec<Effect> {
        let Some(command) = env.commands.get(place) else { return Vec::new() };
        let mut variables = vec![("DASHTAM_SCREEN".to_owned(), self.panes.screen.as_str().to_owned())];
        let fields = self.selected_fields().into_iter();
        // A variable can't hold a zero byte.
        let variable =
            |(name, value): (String, String)| (format!("DASHTAM_{}", name.to_uppercase()), value.replace('\0', ""));
        variables.extend(fields.map(variable));
        vec![Effect::Shell { command: command.run.clone(), variables }]
    }

    fn selected_fields(&self) -> Vec<(String, String)> {
        let snapshot = &self.snapshot;
        let of = |fields: &[(&str, String)]| {
            fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
        };
        match self.panes.current().selected(snapshot) {
            Some(RowId::Transaction(id)) => snapshot.entry(id).map_or_else(Vec::new, |entry| {
                let account = snapshot.account(entry.transaction.account_id).map(|line| &line.account);
                export::fields(&entry, account)
            }),
            Some(RowId::Account(id)) => snapshot.account(id).map_or_else(Vec::new, |line| {
                let account = &line.account;
                of(&[
                    ("account_id", account.id.to_string()),
                    ("account", account.display_name().to_owned()),
                    ("institution", account.institution.clone()),
                    ("currency", account.currency.to_string()),
                    ("balance", line.balance.map(|balance| balance.current.amount.to_string()).unwrap_or_default()),
                ])
            }),
            Some(RowId::Connection(id)) => of(&[("connection_id", id.to_string())]),
            Some(RowId::Change(id)) => of(&[("change_id", id.to_string())]),
            _ => Vec::new(),
        }
    }
}
