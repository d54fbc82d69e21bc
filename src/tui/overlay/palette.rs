//! The command palette: every action, screen, account, provider, theme, setting and command of the command line, found by
//! its title or by other words for it, the best match first.

use std::cmp::Reverse;

use crossterm::event::KeyEvent;
use nucleo_matcher::{
    Config, Matcher, Utf32Str,
    pattern::{CaseMatching, Normalization, Pattern},
};
use ratatui::layout::Rect;

use super::{Menu, MenuEntry, TextPage, shell::SHELL, wizard::Wizard};
use crate::{
    config::SETTINGS,
    domain::text::fold,
    providers::{PROVIDERS, ProviderMetadata},
    tui::{
        action::{Action, KeyPlace, Keymap, Spec, keys_shown, pretty},
        component::{
            hit::ListId,
            pane::{Ask, Ctx, Pane},
            scene::Scene,
        },
        msg::Jump,
        theme::ThemeName,
        widget::{
            cursor::SelectedRow,
            field::TextField,
            paint::{below, centred, inset, padded, shrink_left, top},
            table::{Cell, Size, TableColumn, TableRow, TableView},
        },
    },
};

/// The effect of an entry.
#[derive(Debug, Clone, Copy)]
enum Does {
    Act(Action),
    Go(Jump),
    Connect(&'static ProviderMetadata),
    Theme(ThemeName),
    /// A theme of the user, by its place.
    UserTheme(usize),
    /// A command of the user, by its place.
    Command(usize),
    /// Show a setting of the configuration, by its place in the table.
    Setting(usize),
    /// Show and copy a command of the command line.
    Shell(&'static str),
}

impl Does {
    /// Of entries that fit equally well, the lower number comes first.
    const fn order(self) -> u8 {
        match self {
            Self::Act(_) => 0,
            Self::Go(_) => 1,
            Self::Theme(_) | Self::UserTheme(_) | Self::Command(_) => 2,
            Self::Connect(_) => 3,
            Self::Shell(_) => 4,
            Self::Setting(_) => 5,
        }
    }
}

struct Entry {
    title: String,
    /// Other words for it.
    aliases: String,
    /// Shown at the right: its key, or its kind.
    note: String,
    does: Does,
}

/// Actions without a key, or with one on another screen: title, other words, kind.
const ELSEWHERE: [(&str, &str, &str, Action); 6] = [
    ("Money in and out by month", "cash flow income spending kind category", "overview", Action::CashFlow),
    ("Net worth by class", "banking cards investments assets", "overview", Action::ByClass),
    ("Net worth by institution", "banks brokers assets", "overview", Action::ByInstitution),
    ("Lock the vault", "passphrase close away secure", "vault", Action::LockVault),
    ("Encrypt the database", "seal secret protect security vault", "vault", Action::Encrypt),
    ("Decrypt the database", "plain unseal security vault", "vault", Action::Decrypt),
];

/// The palette.
pub(crate) struct Palette {
    field: TextField,
    entries: Vec<Entry>,
    /// Indexes of the matching entries, best first.
    hits: Vec<usize>,
    cursor: SelectedRow,
}

impl Palette {
    /// With the actions of `place`; [`Palette::fill`] adds the rest.
    pub(crate) fn new(place: KeyPlace, keymap: &Keymap) -> Self {
        let own = [Action::Palette, Action::Back, Action::Down, Action::Up, Action::In, Action::Out];
        let here = |spec: &Spec| spec.scope.has(place) && !own.contains(&spec.action);
        let entry = |(spec, keys): (&'static Spec, &[Vec<_>])| Entry {
            title: spec.title.to_owned(),
            aliases: format!("{} {}", spec.name.replace('-', " "), spec.action.aliases()),
            note: keys.first().map(|keys| pretty(&keys_shown(keys))).unwrap_or_default(),
            does: Does::Act(spec.action),
        };
        let entries = keymap.each().filter(|(spec, _)| here(spec)).map(entry).collect();
        Self { field: TextField::default(), entries, hits: Vec::new(), cursor: SelectedRow::default() }
    }

    /// Adds accounts, providers, themes, settings and commands of the command line.
    pub(crate) fn fill(mut self, ctx: &Ctx<'_>) -> Self {
        let action = |entry: &Entry| if let Does::Act(action) = entry.does { Some(action) } else { None };
        let here: Vec<Action> = self.entries.iter().filter_map(action).collect();
        let mut add = |title: String, aliases: String, note: &str, does: Does| {
            self.entries.push(Entry { title, aliases, note: note.to_owned(), does });
        };
        for line in ctx.snapshot.accounts() {
            let account = &line.account;
            let aliases = format!("{} {} account", account.institution, account.kind().label());
            let does = Does::Go(Jump::Rows(account.id));
            add(format!("Rows of {}", account.label()), aliases, &account.institution, does);
        }
        for provider in PROVIDERS.iter().filter(|provider| !provider.is_file()) {
            let aliases = format!("{} {} link add login", provider.slug, provider.category.label());
            add(format!("Connect {}", provider.display_name), aliases, "provider", Does::Connect(provider));
        }
        for (name, theme) in ThemeName::ALL {
            let aliases = "colour color appearance dark light scheme contrast".to_owned();
            add(format!("Theme: {name}"), aliases, "theme", Does::Theme(theme));
        }
        for (place, own) in ctx.env.themes.iter().enumerate() {
            let aliases = "colour color appearance own".to_owned();
            add(format!("Theme: {}", own.name), aliases, "theme", Does::UserTheme(place));
        }
        for (place, command) in ctx.env.commands.iter().enumerate() {
            add(command.name.clone(), format!("{} command run own", command.run), &command.key, Does::Command(place));
        }
        for (title, aliases, note, action) in ELSEWHERE {
            if !here.contains(&action) {
                add(title.to_owned(), aliases.to_owned(), note, Does::Act(action));
            }
        }
        for (index, setting) in SETTINGS.iter().enumerate() {
            let title = format!("Setting {}.{}", setting.section, setting.key);
            add(title, format!("{} config option preference", setting.help), "setting", Does::Setting(index));
        }
        for shell in SHELL {
            add(shell.title.to_owned(), shell.aliases.to_owned(), "shell", Does::Shell(shell.command));
        }
        self.find();
        self
    }

    fn find(&mut self) {
        self.cursor = SelectedRow::default();
        let typed = self.field.value().trim();
        if typed.is_empty() {
            self.hits = (0..self.entries.len()).collect();
            return;
        }
        let words: Vec<String> = fold(typed).split_whitespace().map(str::to_owned).collect();
        let mut matcher = Matcher::new(Config::DEFAULT);
        let pattern = Pattern::parse(typed, CaseMatching::Ignore, Normalization::Smart);
        let mut buffer = Vec::new();
        let mut scored: Vec<(u32, u8, u32, usize)> = Vec::new();
        for (index, entry) in self.entries.iter().enumerate() {
            let fuzzy = pattern.score(Utf32Str::new(&entry.title, &mut buffer), &mut matcher);
            if let Some(rank) = rank(entry, &words, fuzzy.is_some()) {
                scored.push((rank, entry.does.order(), fuzzy.unwrap_or(0), index));
            }
        }
        scored.sort_by_key(|(rank, order, fuzzy, index)| (Reverse(*rank), *order, Reverse(*fuzzy), *index));
        self.hits = scored.into_iter().map(|(.., index)| index).collect();
    }

    fn run(&self, at: usize, ctx: &mut Ctx<'_>) {
        let Some(entry) = self.hits.get(at).map(|index| &self.entries[*index]) else { return };
        match entry.does {
            Does::Act(action) => ctx.asks.extend([Ask::Pop, Ask::Act(action)]),
            // Not below the overlay that the palette was opened over.
            Does::Go(jump) => ctx.asks.extend([Ask::Clear, Ask::Go(jump)]),
            Does::Connect(provider) => {
                ctx.asks.push(Ask::Clear);
                ctx.push(Wizard::of(provider, ctx.env));
            }
            Does::Theme(theme) => ctx.asks.extend([Ask::Pop, Ask::Theme(theme)]),
            Does::UserTheme(place) => ctx.asks.extend([Ask::Pop, Ask::UserTheme(place)]),
            Does::Command(place) => ctx.asks.extend([Ask::Clear, Ask::Command(place)]),
            Does::Setting(index) => {
                ctx.asks.push(Ask::Pop);
                ctx.push(setting(index));
            }
            Does::Shell(command) => {
                ctx.asks.push(Ask::Pop);
                let choice = MenuEntry {
                    letter: 'y',
                    title: "copy the command".to_owned(),
                    detail: command.to_owned(),
                    value: command.to_owned(),
                };
                ctx.push(Menu::copy(vec![choice]).titled("Run it in a shell"));
            }
        }
    }
}

/// The page of a setting.
fn setting(index: usize) -> TextPage {
    let setting = &SETTINGS[index];
    let text = format!(
        "{}\n\nIn the configuration file (`dashtam config path`):\n\n> [{}]\n> {} = …\n\nAllowed: {}",
        setting.help,
        setting.section,
        setting.key,
        (setting.allowed)()
    );
    TextPage::new(format!("{}.{}", setting.section, setting.key), text)
}

/// How well an entry fits the words: words that begin words of the title first, then of title and aliases together, then
/// parts of the title, then letters in order. None: it does not fit.
fn rank(entry: &Entry, words: &[String], fuzzy: bool) -> Option<u32> {
    let (title, aliases) = (fold(&entry.title), fold(&entry.aliases));
    let begins =
        |text: &str, word: &str| text.split(|c: char| !c.is_alphanumeric()).any(|known| known.starts_with(word));
    if words.iter().all(|word| begins(&title, word)) {
        let is_start = words.first().is_some_and(|word| title.starts_with(word.as_str()));
        return Some(if is_start { 5 } else { 4 });
    }
    if words.iter().all(|word| begins(&title, word) || begins(&aliases, word)) {
        return Some(3);
    }
    if words.iter().all(|word| title.contains(word.as_str())) {
        return Some(2);
    }
    fuzzy.then_some(1)
}

impl Pane for Palette {
    fn place(&self) -> KeyPlace {
        KeyPlace::Palette
    }

    fn act(&mut self, action: Action, ctx: &mut Ctx<'_>) {
        if !self.cursor.act(action, self.hits.len(), ctx.page) && action == Action::Accept {
            self.run(self.cursor.at, ctx);
        }
    }

    fn key(&mut self, event: KeyEvent, _ctx: &mut Ctx<'_>) {
        if self.field.key(event) {
            self.find();
        }
    }

    fn paste(&mut self, text: &str, _ctx: &mut Ctx<'_>) -> bool {
        self.field.paste(text);
        self.find();
        true
    }

    /// Esc clears the text first; the command stays selected.
    fn back(&mut self, _ctx: &mut Ctx<'_>) -> bool {
        if self.field.value().is_empty() {
            return false;
        }
        let selected = self.hits.get(self.cursor.at).copied();
        self.field = TextField::default();
        self.find();
        self.cursor.at = self.hits.iter().position(|hit| Some(*hit) == selected).unwrap_or_default();
        true
    }

    fn click(&mut self, _list: ListId, index: usize, ctx: &mut Ctx<'_>) {
        self.run(index, ctx);
    }

    fn scroll(&mut self, _list: ListId, rows: isize, _ctx: &mut Ctx<'_>) {
        self.cursor.scroll(rows, self.hits.len());
    }

    fn draw(&self, scene: &mut Scene<'_>, area: Rect) {
        let place = top(centred(area, area.width.saturating_sub(4).min(72), area.height), area.height.min(20));
        scene.overlay(place, "Command", "");
        let inner = inset(place);
        let theme = scene.paint.theme;
        let line = padded(top(inner, 1));
        let used = scene.paint.text(line, ": ", theme.key);
        self.field.draw(&mut scene.paint, shrink_left(line, used), true, &[]);
        let body = below(inner, 1);
        if self.hits.is_empty() {
            scene.paint.text(padded(body), "No matching command.", theme.muted);
            return;
        }
        let columns = [TableColumn::new("", Size::Fill(20)), TableColumn::new("", Size::Fit(2, 16)).right().rank(1)];
        let table = TableView {
            list: ListId::Palette,
            columns: &columns,
            len: self.hits.len(),
            selected: Some(self.cursor.at),
            focused: true,
            headers: false,
            sorted: None,
        };
        table.draw(&mut scene.paint, scene.lists, body, |at| {
            let entry = &self.entries[self.hits[at]];
            TableRow::cells(vec![
                Cell::text(entry.title.clone(), theme.text),
                Cell::text(entry.note.clone(), theme.muted),
            ])
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(typed: &str) -> String {
        let mut palette = Palette::new(KeyPlace::Overview, &Keymap::default());
        for shell in SHELL {
            palette.entries.push(Entry {
                title: shell.title.to_owned(),
                aliases: shell.aliases.to_owned(),
                note: String::new(),
                does: Does::Shell(shell.command),
            });
        }
        for (name, theme) in ThemeName::ALL {
            let title = format!("Theme: {name}");
            palette.entries.push(Entry {
                title,
                aliases: "colour dark".to_owned(),
                note: String::new(),
                does: Does::Theme(theme),
            });
        }
        palette.field.set(typed);
        palette.find();
        palette.hits.first().map(|index| palette.entries[*index].title.clone()).unwrap_or_default()
    }

    #[test]
    fn the_first_hit_is_what_was_meant() {
        for (typed, title) in [
            ("theme", "Theme: dark"),
            ("colour", "Theme: dark"),
            ("net", "Net worth by month"),
            ("export", "Export rows to a spreadsheet"),
            ("spreadsheet", "Export rows to a spreadsheet"),
            ("backup", "Backup of the database"),
            ("doctor", "Check the installation"),
            ("vault", "Vault status"),
            ("load", "Import statement files"),
            ("privacy", "Hide or show amounts"),
            ("dashboard", "Overview"),
            ("quit", "Quit"),
            ("hidam", "Hide or show amounts"),
        ] {
            assert_eq!(first(typed), title, "{typed}");
        }
        assert_eq!(first("xyzzy"), "");
    }
}
