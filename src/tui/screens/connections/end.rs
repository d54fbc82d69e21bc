//! Disconnects a connection. Asks what happens to its data, and asks again before removing it.

use crate::{
    domain::{Connection, ConnectionId},
    providers::is_file_source,
    sync::EngineCommand,
    tui::{
        component::pane::Ctx,
        msg::Effect,
        overlay::{Confirm, Menu, MenuEntry},
        widget::amount::plain,
    },
};

/// The question about one connection.
struct End {
    connection: ConnectionId,
    name: String,
    /// Accounts and rows of the connection.
    accounts: usize,
    rows: u64,
    remove: bool,
}

/// Asks what to do with the data of the connection.
pub(super) fn ask(connection: &Connection, ctx: &mut Ctx<'_>) {
    let lines = ctx.snapshot.accounts().iter().filter(|line| line.account.connection_id == connection.id);
    let (accounts, rows) = lines.fold((0, 0), |(accounts, rows), line| (accounts + 1, rows + line.transaction_count));
    let end =
        |remove| End { connection: connection.id, name: connection.display_name().to_owned(), accounts, rows, remove };
    let choice = |letter, title: &str, detail: &str, remove| MenuEntry {
        letter,
        title: title.to_owned(),
        detail: detail.to_owned(),
        value: end(remove),
    };
    let mut choices = vec![choice('r', "disconnect and remove its data", "accounts and rows go too", true)];
    if connection.counts() {
        choices
            .insert(0, choice('o', "disconnect, keep its data", "keep the rows; its balances leave net worth", false));
    }
    let is_file = is_file_source(connection);
    let title = if is_file { "Disconnect the statement files?" } else { "Disconnect? Its login is deleted" };
    ctx.push(Menu::new(title, choices, 0, chosen));
}

fn chosen(end: &End, ctx: &mut Ctx<'_>) {
    let job = ctx.env.engine.job();
    let effect = Effect::Send(EngineCommand::Disconnect { job, connection: end.connection, remove_data: end.remove });
    if !end.remove {
        ctx.effects.push(effect);
        return;
    }
    let accounts = if end.accounts == 1 { "1 account".to_owned() } else { format!("{} accounts", end.accounts) };
    let rows = if end.rows == 1 { "1 row".to_owned() } else { format!("{} rows", plain(end.rows.into())) };
    let lines = vec![
        format!("Remove {} with everything in it?", end.name),
        format!("{accounts} and {rows} are removed. This can't be undone."),
    ];
    Confirm::new("Remove", lines, vec![effect]).ask(ctx);
}
