//! Draws connections and providers.

use ratatui::{layout::Rect, style::Style};

use super::{Connections, Item};
use crate::{
    domain::{Capability, Connection, ConnectionStatus},
    providers::{ProviderMetadata, find, is_file_source},
    sync::{AccountResult, login_ends_soon},
    tui::{
        component::{
            detail::DetailLine,
            empty,
            hit::ListId,
            scene::{Moment, Scene},
        },
        overlay::wizard::arrived,
        theme::Theme,
        widget::{
            paint::{below, top},
            table::{Cell, Size, TableColumn, TableRow, TableView},
        },
    },
};

pub(super) const EXPLANATION: &str = "# A connection\nis your link to one institution: its accounts arrive through it. Files of \
    one institution are a connection too.\n\n# Status\nactive: it works. expired, revoked: log in again; nothing is lost. failed: \
    the first check did not succeed. disconnected: ended by you; its keys are deleted and its accounts count in no total.\n\n\
    # What is stored\nKeys and tokens are sealed with a key from the keyring of your system; statement files need none.";

pub(super) fn draw(connections: &Connections, scene: &mut Scene<'_>, area: Rect) {
    let areas = connections.list.detail.areas(scene.wide, area);
    if let Some(area) = areas.list {
        list(connections, scene, area);
    }
    if let Some(area) = areas.side {
        let lines = match selected(connections, scene) {
            Some(Item::Connection(connection)) => connected(connections, connection, scene),
            Some(Item::Provider(provider)) => offered(connections, provider, scene),
            Some(Item::Heading(_)) | None => Vec::new(),
        };
        connections.list.detail.draw(scene, area, "Detail", &lines);
    }
}

fn selected<'a>(connections: &Connections, scene: &Scene<'a>) -> Option<Item<'a>> {
    let items = connections.items(scene.snapshot);
    connections.selected_item(&items).map(|index| items[index])
}

fn list(connections: &Connections, scene: &mut Scene<'_>, area: Rect) {
    let snapshot = scene.snapshot;
    let count = snapshot.view.connections().len();
    let right = if count == 0 { "nothing connected yet".to_owned() } else { format!("{count} connected") };
    let focused = scene.top && !connections.list.detail.focused;
    let inner = scene.paint.frame(area, "Connections", &right, focused);
    let mut body = inner;
    let items = connections.items(snapshot);
    if connections.list.filter.is_active() {
        connections.list.filter.draw(scene, top(inner, 1), "");
        body = below(body, 1);
    }
    if items.is_empty() {
        empty::no_match(scene, body);
        return;
    }
    let columns = [
        TableColumn::new("Name", Size::Flex(18)),
        TableColumn::new("Status", Size::Fit(8, 16)),
        TableColumn::new("Last update", Size::Fit(0, 14)).rank(1),
        TableColumn::new("Next", Size::Fit(0, 12)).rank(3),
        TableColumn::new("Login ends", Size::Fit(0, 14)).rank(2),
    ];
    let theme = scene.paint.theme;
    let (moment, vault_locked) = (scene.moment, scene.vault_locked);
    let table = TableView {
        list: ListId::Connections,
        columns: &columns,
        len: items.len(),
        selected: connections.selected_item(&items),
        focused,
        headers: true,
        sorted: None,
    };
    table.draw(&mut scene.paint, scene.lists, body, |index| match items[index] {
        Item::Heading(title) => TableRow::Heading(title.to_owned(), String::new()),
        Item::Connection(connection) => {
            let status = connection.status_at(moment.now);
            let (mark, style) = mark(status, theme);
            let ends = connection.login_expires_at.map(|at| moment.until(at)).unwrap_or_default();
            TableRow::cells(vec![
                Cell::text(connection.display_name().to_owned(), theme.text),
                Cell::text(format!("{mark} {status}"), style),
                Cell::text(
                    connection.last_sync_at.map_or_else(|| "never".to_owned(), |at| moment.ago(at)),
                    theme.muted,
                ),
                Cell::text(next_sync(connection, vault_locked, &moment), theme.muted),
                Cell::text(ends, theme.warning),
            ])
        }
        Item::Provider(provider) => TableRow::cells(vec![
            Cell::text(provider.display_name, theme.text),
            Cell::text(provider.auth.words().label, theme.muted),
        ]),
    });
}

/// A sign and a colour for a status.
pub(crate) fn mark(status: ConnectionStatus, theme: &Theme) -> (&'static str, Style) {
    match status {
        ConnectionStatus::Active => ("●", theme.good),
        ConnectionStatus::Pending => ("○", theme.warning),
        ConnectionStatus::Expired | ConnectionStatus::Revoked => ("!", theme.warning),
        ConnectionStatus::Failed => ("✗", theme.error),
        ConnectionStatus::Disconnected => ("–", theme.muted),
    }
}

fn connected(connections: &Connections, connection: &Connection, scene: &Scene<'_>) -> Vec<DetailLine> {
    let theme = scene.paint.theme;
    let moment = scene.moment;
    let status = connection.status_at(moment.now);
    let (mark, style) = mark(status, theme);
    let provider = find(&connection.provider).ok();
    let when = |at: Option<chrono::DateTime<chrono::Utc>>| at.map(|at| moment.stamp(at)).unwrap_or_default();
    let age =
        connection.last_sync_at.map(|at| moment.ago(at)).filter(|age| !when(connection.last_sync_at).starts_with(age));
    let mut lines = vec![
        DetailLine::Heading(connection.display_name().to_owned()),
        DetailLine::Text(format!("{mark} {status}"), style),
    ];
    if let Some(error) = &connection.error {
        lines.push(DetailLine::Text(error.clone(), theme.error));
    }
    if waits_for_vault(connection, scene.vault_locked) {
        let text = "The vault is locked: scheduled syncs wait. r asks for its passphrase.";
        lines.push(DetailLine::Text(text.to_owned(), theme.warning));
    }
    if let Some(hint) = what_to_press(connection, moment.now) {
        lines.push(DetailLine::Text(hint.to_owned(), theme.key));
    }
    lines.extend([
        DetailLine::Blank,
        DetailLine::pair("institution", connection.institution.clone()),
        DetailLine::pair(
            "through",
            provider.map_or_else(|| connection.provider.clone(), |provider| provider.display_name.to_owned()),
        ),
        DetailLine::pair("environment", connection.environment.clone().unwrap_or_default()),
        DetailLine::pair("since", when(connection.connected_at)),
        DetailLine::pair("last update", when(connection.last_sync_at)),
        DetailLine::pair("", age.unwrap_or_default()),
        DetailLine::pair("next sync", next_sync(connection, scene.vault_locked, &moment)),
        DetailLine::pair("login ends", connection.login_expires_at.map(|at| moment.until(at)).unwrap_or_default()),
        provider.map_or_else(|| DetailLine::pair("budget", ""), |provider| budget(connections, provider, scene)),
        DetailLine::pair("id", connection.id.to_string()),
        DetailLine::Blank,
    ]);
    lines.extend(last_sync(connections, connection, scene));
    let accounts = scene.snapshot.accounts().iter().filter(|line| line.account.connection_id == connection.id);
    lines.push(DetailLine::Heading("Accounts".to_owned()));
    for line in accounts {
        lines.push(DetailLine::Text(line.account.label(), theme.text));
    }
    if connection.next_sync_at.is_none() && provider.is_some_and(ProviderMetadata::is_file) {
        lines.push(DetailLine::Blank);
        lines.push(DetailLine::Text("Statement files: i imports newer ones.".to_owned(), theme.muted));
    }
    lines
}

/// Time of the next scheduled sync.
fn next_sync(connection: &Connection, vault_locked: bool, moment: &Moment) -> String {
    if waits_for_vault(connection, vault_locked) {
        return "vault locked".to_owned();
    }
    connection.next_sync_at.map(|at| moment.until(at)).unwrap_or_default()
}

/// Whether only the locked vault prevents its scheduled syncs.
fn waits_for_vault(connection: &Connection, vault_locked: bool) -> bool {
    vault_locked && connection.status == ConnectionStatus::Active && connection.next_sync_at.is_some()
}

/// The request limit of the provider; empty for files.
fn budget(connections: &Connections, provider: &ProviderMetadata, scene: &Scene<'_>) -> DetailLine {
    let set = connections.settings.get(provider.slug).and_then(|set| set.requests_per_day);
    let pace = provider.pace.at_most(set);
    match (pace.per_day, pace.per_minute) {
        (Some(most), _) => {
            let made = scene.snapshot.view.requests_of_day(provider.slug, scene.moment.now);
            DetailLine::pair("requests", format!("{made} of {most} today (UTC)"))
        }
        (None, 0) => DetailLine::pair("budget", ""),
        (None, requests) => DetailLine::pair("budget", format!("{requests} requests/min")),
    }
}

/// The key that helps, if there is one.
fn what_to_press(connection: &Connection, now: chrono::DateTime<chrono::Utc>) -> Option<&'static str> {
    match connection.status_at(now) {
        ConnectionStatus::Expired | ConnectionStatus::Revoked | ConnectionStatus::Failed => {
            Some("Enter logs in again; nothing is lost.")
        }
        ConnectionStatus::Active if login_ends_soon(connection, now) => Some("L renews the login before it ends."),
        ConnectionStatus::Active if connection.error.is_some() => Some("r tries again."),
        ConnectionStatus::Disconnected if is_file_source(connection) => {
            Some("A newer file connects it again (i); d removes its data.")
        }
        ConnectionStatus::Disconnected => Some("c connects it again; d removes its data."),
        ConnectionStatus::Active | ConnectionStatus::Pending => None,
    }
}

/// The result of the last sync, by account.
fn last_sync(connections: &Connections, connection: &Connection, scene: &Scene<'_>) -> Vec<DetailLine> {
    let theme = scene.paint.theme;
    let Some((at, report)) = connections.reports.get(&connection.id) else { return Vec::new() };
    let what = if report.error.is_some() { "It failed".to_owned() } else { arrived(report) };
    let mut lines = vec![
        DetailLine::Heading("Last sync".to_owned()),
        DetailLine::Text(format!("{what} {}", scene.moment.ago(*at)), theme.text),
    ];
    for account in &report.accounts {
        let (sign, style) = match account.result {
            AccountResult::Ok => ("✓", theme.good),
            AccountResult::Partial => ("!", theme.warning),
            AccountResult::Failed => ("✗", theme.error),
        };
        lines.push(DetailLine::Text(format!("{sign} {}", account.name), style));
        lines.extend(account.reason.iter().map(|reason| DetailLine::Text(reason.clone(), theme.muted)));
    }
    lines.extend(
        report.warnings.iter().map(|warning| DetailLine::Text(format!("! {}", warning.message), theme.warning)),
    );
    lines.push(DetailLine::Blank);
    lines
}

fn offered(connections: &Connections, provider: &ProviderMetadata, scene: &Scene<'_>) -> Vec<DetailLine> {
    let theme = scene.paint.theme;
    let tick = |capability| {
        let has = provider.capabilities.contains(&capability);
        let word = capability.as_str().replace('_', " ");
        if has {
            DetailLine::Text(format!("✓ {word}"), theme.good)
        } else {
            DetailLine::Text(format!("· {word}"), theme.muted)
        }
    };
    let mut lines = vec![
        DetailLine::Heading(provider.display_name.to_owned()),
        DetailLine::Text(provider.summary.to_owned(), theme.text),
        DetailLine::Blank,
        DetailLine::Heading("Offers".to_owned()),
    ];
    lines.extend(Capability::ALL.iter().map(|capability| tick(*capability)));
    lines.push(DetailLine::Blank);
    lines.push(DetailLine::pair("connects by", provider.auth.words().label));
    if let Some(days) = provider.history.days {
        lines.push(DetailLine::pair("history", format!("{days} days")));
    }
    lines.push(budget(connections, provider, scene));
    let fields = provider.auth.fields();
    if !fields.is_empty() {
        lines.push(DetailLine::Blank);
        lines.push(DetailLine::Heading("Asks for".to_owned()));
        lines.extend(fields.iter().map(|field| DetailLine::Text(format!("· {}", field.label), theme.text)));
    }
    lines.push(DetailLine::Blank);
    let state =
        if provider.production_ready { "tested with real accounts" } else { "not yet tested with real accounts" };
    lines.push(DetailLine::Text(state.to_owned(), theme.muted));
    if provider.is_file() {
        lines.push(DetailLine::Text("Enter imports a file.".to_owned(), theme.key));
    } else {
        lines.push(DetailLine::Text("Enter connects it.".to_owned(), theme.key));
    }
    lines.push(DetailLine::pair("page", provider.documentation_url));
    lines
}
