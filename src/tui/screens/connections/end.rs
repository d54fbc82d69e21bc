//! Ending a connection: what becomes of its data is asked, and asked again where it would be gone.

use crate::{
    domain::{Connection, ConnectionId},
    sync::Command,
    tui::{
        component::pane::Ctx,
        msg::Effect,
        overlay::{Choice, Confirm, Menu},
        widget::amount::plain,
    },
};

/// What is asked.
struct End {
    connection: ConnectionId,
    name: String,
    /// Accounts and rows that came through it.
    accounts: usize,
    rows: u64,
    remove: bool,
}

/// Asks what to do with the data of a connection.
pub(super) fn ask(connection: &Connection, ctx: &mut Ctx<'_>) {
    let lines = ctx.snapshot.accounts().iter().filter(|line| line.account.connection_id == connection.id);
    let (accounts, rows) = lines.fold((0, 0), |(accounts, rows), line| (accounts + 1, rows + line.transaction_count));
    let end =
        |remove| End { connection: connection.id, name: connection.display_name().to_owned(), accounts, rows, remove };
    let choice = |letter, title: &str, detail: &str, remove| Choice {
        letter,
        title: title.to_owned(),
        detail: detail.to_owned(),
        value: end(remove),
    };
    let mut choices = vec![choice('r', "disconnect and remove its data", "accounts and rows go too", true)];
    if connection.counts() {
        choices.insert(0, choice('o', "disconnect, keep its data", "rows stay, balances count no more", false));
    }
    ctx.push(Menu::new("End this connection? Its login is wiped", choices, 0, chosen));
}

fn chosen(end: &End, ctx: &mut Ctx<'_>) {
    let job = ctx.env.engine.job();
    let effect = Effect::Send(Command::Disconnect { job, connection: end.connection, remove_data: end.remove });
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
    ctx.push(Confirm::new("Remove", lines, vec![effect]));
}
