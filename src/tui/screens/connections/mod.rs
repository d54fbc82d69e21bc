//! Screen 5: the connections, and the providers that can be connected.

mod end;
mod view;

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Utc};
use ratatui::layout::Rect;

use crate::{
    config::ProviderSettings,
    domain::{Connection, ConnectionId, ProviderCategory},
    ledger::explain::Figure,
    providers::{PROVIDERS, ProviderMetadata, find},
    sync::{ConnectionReport, EngineCommand, Event, SyncReport},
    tui::{
        action::{Action, KeyPlace},
        component::{
            hit::ListId,
            list::{List, RowId},
            pane::{Ask, Ctx, Pane, PaneNews, can_undo},
            scene::Scene,
        },
        env::Env,
        msg::Effect,
        overlay::{ExplainTree, Form, FormField, Menu, MenuEntry, Suggest, TextPage, wizard::Wizard},
        snapshot::LedgerSnapshot,
    },
};

/// The screen.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    list: List,
    /// Time and result of the last sync of each connection.
    reports: HashMap<ConnectionId, (DateTime<Utc>, ConnectionReport)>,
    /// Settings of single providers.
    settings: Arc<ProviderSettings>,
}

/// One line of the list.
#[derive(Clone, Copy)]
enum Item<'a> {
    Heading(&'static str),
    Connection(&'a Connection),
    Provider(&'static ProviderMetadata),
}

impl Item<'_> {
    const fn can_be_selected(self) -> bool {
        !matches!(self, Self::Heading(_))
    }

    const fn id(self) -> Option<RowId> {
        match self {
            Self::Heading(_) => None,
            Self::Connection(connection) => Some(RowId::Connection(connection.id)),
            Self::Provider(provider) => Some(RowId::Provider(provider.slug)),
        }
    }
}

impl Connections {
    pub(crate) fn new(env: &Env) -> Self {
        Self { settings: Arc::clone(&env.providers), ..Self::default() }
    }

    fn items<'a>(&self, snapshot: &'a LedgerSnapshot) -> Vec<Item<'a>> {
        let mut items = Vec::new();
        let connected: Vec<_> =
            snapshot.view.connections().iter().filter(|connection| self.finds(connection)).collect();
        if !connected.is_empty() {
            items.push(Item::Heading("Connected"));
            items.extend(connected.into_iter().map(Item::Connection));
        }
        for category in ProviderCategory::ALL {
            let providers: Vec<_> = PROVIDERS
                .iter()
                .filter(|provider| provider.category == *category)
                .filter(|provider| self.list.filter.finds(&format!("{} {}", provider.display_name, provider.slug)))
                .collect();
            if !providers.is_empty() {
                items.push(Item::Heading(category.label()));
                items.extend(providers.into_iter().map(|provider| Item::Provider(provider)));
            }
        }
        items
    }

    fn finds(&self, connection: &Connection) -> bool {
        self.list.filter.finds(&format!(
            "{} {} {}",
            connection.display_name(),
            connection.institution,
            connection.provider
        ))
    }

    fn selected_item(&self, items: &[Item<'_>]) -> Option<usize> {
        let can_be = items.iter().enumerate().filter(|(_, item)| item.can_be_selected());
        can_be.map(|(index, _)| index).nth(self.list.cursor.at)
    }

    fn selected_line<'a>(&self, snapshot: &'a LedgerSnapshot) -> Option<Item<'a>> {
        let items = self.items(snapshot);
        self.selected_item(&items).map(|index| items[index])
    }

    /// Stores the result of a sync, for the detail.
    fn remember(&mut self, report: &SyncReport, now: DateTime<Utc>) {
        self.reports.extend(report.connections.iter().map(|connection| (connection.id, (now, connection.clone()))));
    }

    fn open(&mut self, ctx: &mut Ctx<'_>) {
        match self.selected_line(ctx.snapshot) {
            Some(Item::Provider(provider)) if provider.is_file() => ctx.asks.push(Ask::Act(Action::Import)),
            Some(Item::Provider(provider)) => ctx.push(Wizard::of(provider, ctx.env)),
            Some(Item::Connection(connection))
                if connection.status_at(ctx.env.clock.now()).needs_reauthentication() =>
            {
                self.reconnect(ctx);
            }
            Some(Item::Connection(_)) => {
                self.list.detail.back();
                self.list.detail.act(Action::In, 1, 1);
            }
            Some(Item::Heading(_)) | None => {}
        }
    }

    /// A new login for the selected connection.
    fn reconnect(&self, ctx: &mut Ctx<'_>) {
        let connection = match self.selected_line(ctx.snapshot) {
            Some(Item::Connection(connection)) => connection,
            Some(Item::Provider(provider)) => return not_connected(provider, ctx),
            Some(Item::Heading(_)) | None => return,
        };
        match find(&connection.provider) {
            Ok(provider) if provider.is_file() => ctx.asks.push(Ask::Act(Action::Import)),
            Ok(_) if !connection.counts() => ctx.toast("It is disconnected: c connects it again."),
            Ok(provider) => ctx.push(Wizard::repair(provider, connection, ctx.env)),
            Err(unknown) => ctx.toast(unknown.to_string()),
        }
    }

    fn end(&self, ctx: &mut Ctx<'_>) {
        match self.selected_line(ctx.snapshot) {
            Some(Item::Connection(connection)) => end::ask(connection, ctx),
            Some(Item::Provider(provider)) => not_connected(provider, ctx),
            Some(Item::Heading(_)) | None => {}
        }
    }

    fn edit(&self, ctx: &mut Ctx<'_>) {
        let connection = match self.selected_line(ctx.snapshot) {
            Some(Item::Connection(connection)) => connection,
            Some(Item::Provider(provider)) => return not_connected(provider, ctx),
            Some(Item::Heading(_)) | None => return,
        };
        let inputs = vec![FormField {
            label: "Name",
            help: "Your name for it; leave empty to restore the institution's",
            value: connection.alias.clone().unwrap_or_default(),
            default: connection.institution.clone(),
            suggest: Suggest::Nothing,
        }];
        let about = (connection.id, connection.alias.clone());
        ctx.push(Form::new(format!("Rename {}", connection.display_name()), inputs, about, rename));
    }

    fn copy(&self, ctx: &mut Ctx<'_>) {
        let choice = |letter, title: &str, value: String| MenuEntry {
            letter,
            title: title.to_owned(),
            detail: value.clone(),
            value,
        };
        let choices = match self.selected_line(ctx.snapshot) {
            Some(Item::Connection(connection)) => {
                vec![
                    choice('n', "name", connection.display_name().to_owned()),
                    choice('i', "id", connection.id.to_string()),
                ]
            }
            Some(Item::Provider(provider)) => {
                vec![
                    choice('s', "slug", provider.slug.to_owned()),
                    choice('w', "web page", provider.documentation_url.to_owned()),
                ]
            }
            Some(Item::Heading(_)) | None => return,
        };
        ctx.push(Menu::copy(choices));
    }

    fn explain(&self, ctx: &mut Ctx<'_>) {
        match self.selected_line(ctx.snapshot) {
            Some(Item::Provider(provider)) => {
                ctx.push(Menu::new(
                    "Read about it",
                    vec![MenuEntry {
                        letter: 'o',
                        title: "open its page in the browser".to_owned(),
                        detail: provider.documentation_url.to_owned(),
                        value: provider.documentation_url,
                    }],
                    0,
                    |url, ctx| ctx.effects.push(Effect::Browse((*url).to_owned())),
                ));
            }
            Some(Item::Connection(connection)) => {
                let has_accounts = ctx.snapshot.accounts().iter().any(|line| line.connection.id == connection.id);
                if has_accounts {
                    ExplainTree::open(Figure::ConnectionRows(connection.id), ctx);
                } else {
                    ctx.push(TextPage::new("Connections", view::EXPLANATION));
                }
            }
            Some(Item::Heading(_)) | None => {}
        }
    }
}

/// The answer to a key for connections, on a provider.
fn not_connected(provider: &ProviderMetadata, ctx: &mut Ctx<'_>) {
    let how = if provider.is_file() { "Enter imports a file" } else { "Enter connects it" };
    ctx.toast(format!("{} is not a connection: {how}.", provider.display_name));
}

#[expect(clippy::unnecessary_wraps, reason = "a form may refuse")]
fn rename(
    about: &(ConnectionId, Option<String>),
    answers: &[String],
    ctx: &mut Ctx<'_>,
) -> Result<(), (usize, String)> {
    let name = answers.first().filter(|text| !text.is_empty()).cloned();
    if name != about.1 {
        ctx.command(|job| EngineCommand::RenameConnection { job, connection: about.0, name });
    }
    Ok(())
}

impl Pane for Connections {
    fn place(&self) -> KeyPlace {
        self.list.place(KeyPlace::Connections)
    }

    fn offers(&self, action: Action, snapshot: &LedgerSnapshot) -> bool {
        // A provider has no name to edit. The footer stays as it is from row to row, since it is costly over a slow line.
        let has_connection = || self.rows(snapshot).iter().any(|row| matches!(row, RowId::Connection(_)));
        (action != Action::Edit || has_connection())
            && can_undo(action, snapshot)
            && self.list.offers(action, self.rows(snapshot).len())
    }

    fn list(&mut self) -> Option<&mut List> {
        Some(&mut self.list)
    }

    fn rows(&self, snapshot: &LedgerSnapshot) -> Vec<RowId> {
        self.items(snapshot).into_iter().filter_map(Item::id).collect()
    }

    fn selected(&self, snapshot: &LedgerSnapshot) -> Option<RowId> {
        self.selected_line(snapshot).and_then(Item::id)
    }

    fn act(&mut self, action: Action, ctx: &mut Ctx<'_>) {
        let rows = self.rows(ctx.snapshot);
        if self.list.act(action, &rows, ctx.page) {
            return;
        }
        match action {
            Action::Open => self.open(ctx),
            Action::Edit => self.edit(ctx),
            Action::Reconnect => self.reconnect(ctx),
            Action::Disconnect => self.end(ctx),
            Action::Copy => self.copy(ctx),
            Action::Explain => self.explain(ctx),
            _ => {}
        }
    }

    fn click(&mut self, list: ListId, index: usize, ctx: &mut Ctx<'_>) {
        if list != ListId::Connections {
            return;
        }
        let items = self.items(ctx.snapshot);
        if !items.get(index).is_some_and(|item| item.can_be_selected()) {
            return;
        }
        let at = items.iter().take(index).filter(|item| item.can_be_selected()).count();
        if self.list.pick(at, &self.rows(ctx.snapshot)) {
            self.open(ctx);
        }
    }

    fn receive(&mut self, news: &PaneNews<'_>, ctx: &mut Ctx<'_>) -> bool {
        if matches!(news, PaneNews::Fresh) {
            self.settle(ctx.snapshot);
        }
        if let PaneNews::Engine(Event::Synced { report, .. }) = news {
            self.remember(report, ctx.moment.now);
        }
        false
    }

    fn draw(&self, scene: &mut Scene<'_>, area: Rect) {
        view::draw(self, scene, area);
    }
}
