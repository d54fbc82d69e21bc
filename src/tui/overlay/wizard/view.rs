//! Draws the wizard, step by step.

use ratatui::layout::Rect;

use super::{
    Step, Wizard,
    accounts::{Accounts, EnterCondition},
    parts::{arrived, gap, keys, say, sentence},
    sheet::Sheet,
};
use crate::{
    domain::{
        Money,
        text::{mask_number, shown_number},
    },
    ports::VaultChoice,
    providers::ProviderMetadata,
    sync::{AccountResult, JobFailure, JobProgress, SyncReport},
    tui::{
        component::{
            hit::{ClickTarget, ListId},
            scene::{Moment, Scene},
        },
        widget::{
            paint::{below, bottom, centred, padded, shrink_left, top},
            table::{Cell, Size, TableColumn, TableRow, TableView},
            text::width,
        },
    },
};

const TURNS: [&str; 8] = ["⣾", "⣽", "⣻", "⢿", "⡿", "⣟", "⣯", "⣷"];

pub(super) fn draw(wizard: &Wizard, scene: &mut Scene<'_>, area: Rect) {
    let title = match (&wizard.repairs, wizard.provider()) {
        (Some(repairs), _) => format!("Log in again · {}", repairs.name),
        (None, Some(provider)) if !matches!(wizard.step, Step::Choose) => {
            format!("Connect · {}", provider.display_name)
        }
        (None, _) => "Connect an institution".to_owned(),
    };
    if let Step::Login(login) = &wizard.step {
        super::login::draw(login, scene, area, &title);
        return;
    }
    let place = centred(area, area.width.min(84), area.height.min(26));
    let inner = padded(scene.overlay(place, &title, ""));
    trail(wizard, scene, top(inner, 1));
    let body = below(inner, 2);
    match &wizard.step {
        Step::Choose => wizard.chooser.draw(scene, body),
        Step::About => about(wizard, scene, body),
        Step::Fields => {
            if let Some((_, sheet)) = &wizard.chosen {
                fields(wizard, sheet, scene, body);
            }
        }
        Step::Checking => waiting(scene, body, &asking(wizard), "Nothing is stored until you confirm. Esc stops it."),
        Step::Failed(failure) => failed(failure, scene, body),
        Step::Accounts(accounts) => found(accounts, scene, body),
        Step::Syncing(progress) => {
            let what = progress.as_ref().map_or_else(|| "Reading the whole history".to_owned(), fetching);
            waiting(scene, body, &what, "The first sync reads the whole history. Esc leaves it running.");
        }
        Step::Done(report) => done(report, scene, body),
        Step::Login(_) => {}
    }
}

/// The list of steps, with the current one highlighted.
fn trail(wizard: &Wizard, scene: &mut Scene<'_>, line: Rect) {
    let theme = scene.paint.theme;
    let words = wizard.provider().map(|provider| provider.auth.words());
    let (asks, tries) = words.map_or(("Details", "Check"), |words| (words.fields_step, words.check_step));
    let at = match wizard.step {
        Step::Choose => 0,
        Step::About => 1,
        Step::Fields => 2,
        Step::Checking | Step::Login(_) | Step::Failed(_) => 3,
        Step::Accounts(_) => 4,
        Step::Syncing(_) | Step::Done(_) => 5,
    };
    let names = ["Institution", "How it works", asks, tries, "Accounts", "First sync"];
    let needed = names.iter().map(|name| width(name)).sum::<usize>() + (names.len() - 1) * width(" › ");
    if needed > usize::from(line.width) {
        let step = format!("Step {} of {} · ", at + 1, names.len());
        scene.paint.pieces(line, &[(&step, theme.muted), (names[at], theme.heading)]);
        return;
    }
    let mut room = line;
    for (index, name) in names.into_iter().enumerate() {
        let style = if index == at { theme.heading } else { theme.muted };
        let gap = if index == 0 { "" } else { " › " };
        let used = scene.paint.pieces(room, &[(gap, theme.muted), (name, style)]);
        room = shrink_left(room, used);
    }
}

fn about(wizard: &Wizard, scene: &mut Scene<'_>, area: Rect) {
    let Some(provider) = wizard.provider() else { return };
    let theme = scene.paint.theme;
    let mut at = area;
    say(scene, &mut at, provider.summary, theme.text);
    gap(&mut at);
    let can: Vec<String> = provider.capabilities.iter().map(|can| can.as_str().replace('_', " ")).collect();
    let mut facts = vec![("brings", can.join(", ")), ("history", history(provider))];
    facts.push(("stored", stored(wizard)));
    facts.push(("page", provider.documentation_url.to_owned()));
    for (label, value) in facts {
        pair(scene, &mut at, label, &value);
    }
    if !provider.production_ready {
        gap(&mut at);
        say(scene, &mut at, "Not yet tested with real accounts: check the result.", theme.warning);
    }
    if let Some(callback) = wizard.callback() {
        gap(&mut at);
        say(scene, &mut at, "Register exactly this callback address for your app:", theme.text);
        scene.paint.text(shrink_left(at, 2), callback, theme.heading);
        at = below(at, 1);
        let fixed = wizard.chosen.as_ref().is_some_and(|(_, sheet)| sheet.plain("callback_url").is_none());
        let text = if fixed { "It is set in the configuration." } else { "The next page can change it." };
        say(scene, &mut at, text, theme.muted);
    }
    if let Some((_, sheet)) = &wizard.chosen
        && sheet.is_empty()
    {
        gap(&mut at);
        say(scene, &mut at, &sheet.configured(), theme.muted);
    }
}

fn pair(scene: &mut Scene<'_>, at: &mut Rect, label: &str, value: &str) {
    let theme = scene.paint.theme;
    scene.paint.text(top(*at, 1), label, theme.muted);
    let used = scene.paint.paragraph(shrink_left(*at, 10), value, theme.text);
    *at = below(*at, used);
}

fn history(provider: &ProviderMetadata) -> String {
    match provider.history.days {
        None => "as far back as the accounts go".to_owned(),
        Some(days) if days >= 730 => format!("{} years", days / 365),
        Some(days) => format!("{days} days"),
    }
}

fn stored(wizard: &Wizard) -> String {
    let what = wizard.provider().map_or("the keys", |provider| provider.auth.words().stored);
    let sealed = match wizard.vault {
        VaultChoice::Auto => "sealed with the key of this profile's vault",
        VaultChoice::Keyring => "sealed with a key from the keyring of this system",
        VaultChoice::Passphrase => "sealed with your passphrase",
        VaultChoice::Memory => "only until dashtam ends, since the vault is in memory",
    };
    format!("{what}, {sealed}; nothing goes anywhere but to the institution")
}

fn fields(wizard: &Wizard, sheet: &Sheet, scene: &mut Scene<'_>, area: Rect) {
    let theme = scene.paint.theme;
    let mut at = Rect { height: area.height.saturating_sub(3), ..area };
    if wizard.repairs.is_some() {
        say(scene, &mut at, "Leave a field blank to keep its stored value.", theme.muted);
        gap(&mut at);
    }
    let configured = sheet.configured();
    if !configured.is_empty() {
        say(scene, &mut at, &configured, theme.muted);
        gap(&mut at);
    }
    sheet.draw(scene, at);
    scene.paint.paragraph(bottom(area, 2), &sheet.help(), theme.muted);
}

fn asking(wizard: &Wizard) -> String {
    wizard.provider().map_or_else(String::new, |provider| format!("Asking {}", provider.display_name))
}

fn turning(moment: &Moment) -> &'static str {
    let turn = moment.now.timestamp_millis().div_euclid(super::TURN.num_milliseconds());
    TURNS[usize::try_from(turn.rem_euclid(8)).unwrap_or(0)]
}

fn waiting(scene: &mut Scene<'_>, area: Rect, what: &str, below_it: &str) {
    let theme = scene.paint.theme;
    let turn = turning(&scene.moment);
    scene.paint.pieces(below(area, 1), &[(turn, theme.heading), ("  ", theme.text), (what, theme.text)]);
    scene.paint.paragraph(shrink_left(below(area, 3), 3), below_it, theme.muted);
}

fn fetching(progress: &JobProgress) -> String {
    let share = match progress.total {
        0 => String::new(),
        total => format!(" · {} of {total} accounts", progress.done.min(total)),
    };
    format!("{} {}{share}", progress.stage.label(), progress.subject)
}

fn failed(failure: &JobFailure, scene: &mut Scene<'_>, area: Rect) {
    let theme = scene.paint.theme;
    let mut at = area;
    say(scene, &mut at, &format!("✗ {}", failure.message), theme.error);
    if let Some(hint) = &failure.hint {
        gap(&mut at);
        say(scene, &mut at, &sentence(hint), theme.text);
    }
    gap(&mut at);
    say(scene, &mut at, "Nothing was stored. Enter tries again; Esc goes back to your answers.", theme.muted);
}

fn found(accounts: &Accounts, scene: &mut Scene<'_>, area: Rect) {
    let theme = scene.paint.theme;
    let found = &accounts.found;
    let mut at = area;
    let count = found.accounts.len();
    let place = found.environment.as_ref().map(|place| format!(" ({place})")).unwrap_or_default();
    let what = if count == 1 { "1 account" } else { &format!("{count} accounts") };
    say(scene, &mut at, &format!("✓ {}{place}: {what}.", found.institution), theme.good);
    for warning in &found.warnings {
        say(scene, &mut at, &format!("! {}", warning.message), theme.warning);
    }
    for known in &found.known {
        let (some, are, stay) =
            if known.accounts.len() == 1 { (1, "is", "stays") } else { (known.accounts.len(), "are", "stay") };
        let text = format!("! {some} of {what} {are} in the connection {} already, and {stay} there.", known.name);
        say(scene, &mut at, &text, theme.warning);
    }
    if found.is_different && found.same_as().is_none() {
        let text = "! None of these accounts is known. It may be the login of another person: known accounts stay, \
                    and these are added to the same connection.";
        say(scene, &mut at, text, theme.warning);
    }
    gap(&mut at);
    let foot = bottom(area, 3);
    let table_area = Rect { height: at.height.saturating_sub(4), ..at };
    list(accounts, scene, table_area);
    let row = top(foot, 1);
    scene.paint.target(row, ClickTarget::Row(ListId::Form, 0));
    let label = if accounts.typing { theme.heading } else { theme.muted };
    let used = scene.paint.text(row, "Name  ", label);
    let place = shrink_left(row, used);
    if accounts.alias.value().is_empty() {
        let hint = format!("{} (or your own name for it)", found.institution);
        scene.paint.text(shrink_left(place, u16::from(accounts.typing)), &hint, theme.muted);
    }
    accounts.alias.draw(&mut scene.paint, place, accounts.typing && scene.top, &[]);
    let last = bottom(foot, 1);
    match accounts.held {
        Some(EnterCondition::Different) => {
            scene.paint.text(below(foot, 1), "Keep this login anyway?", theme.warning);
            keys(scene, last, &[("Enter", "keep it"), ("Esc", "no")]);
        }
        Some(EnterCondition::Same) => {
            let name = found.same_as().map_or("", |known| known.name.as_str());
            let text = format!("Nothing new to connect. Give {name} this login instead?");
            scene.paint.text(below(foot, 1), &text, theme.warning);
            keys(scene, last, &[("Enter", "renew its login"), ("Esc", "no")]);
        }
        Some(EnterCondition::Taken) => {
            let text = "This login opens none of its accounts. Log in as before, or leave it.";
            scene.paint.text(below(foot, 1), text, theme.error);
            keys(scene, last, &[("Esc", "back")]);
        }
        Some(EnterCondition::Empty) => {
            scene.paint.text(below(foot, 1), "Choose at least one account.", theme.error);
            keys(scene, last, &[("Space", "choose"), ("Esc", "back")]);
        }
        None => {
            let text = match found.same_as() {
                Some(known) if !accounts.repairs => format!("Enter gives {} this login.", known.name),
                _ => "Enter stores it and reads its whole history.".to_owned(),
            };
            scene.paint.text(last, &text, theme.muted);
        }
    }
}

fn list(accounts: &Accounts, scene: &mut Scene<'_>, area: Rect) {
    let theme = scene.paint.theme;
    let drafts = &accounts.found.accounts;
    let columns = [
        TableColumn::new("", Size::Fixed(1)),
        TableColumn::new("Account", Size::Flex(16)),
        TableColumn::new("Number", Size::Fit(0, 10)),
        TableColumn::new("Type", Size::Fit(4, 16)).rank(2),
        TableColumn::new("Balance", Size::Fit(0, 18)).right().rank(1),
    ];
    let table = TableView {
        list: ListId::Found,
        columns: &columns,
        len: drafts.len(),
        selected: (!drafts.is_empty()).then_some(accounts.cursor.at),
        focused: scene.top && !accounts.typing,
        headers: true,
        sorted: None,
    };
    let masked = scene.paint.masked;
    table.draw(&mut scene.paint, scene.lists, area, |index| {
        let draft = &drafts[index];
        let wanted = !accounts.unwanted.contains(&index);
        let text = if wanted { theme.text } else { theme.muted };
        let name = draft.name.clone().unwrap_or_else(|| accounts.found.institution.clone());
        let balance = draft.balance.map(|balance| Money::new(balance.current, draft.currency).to_string());
        let balance = if masked { balance.map(|_| "•••".to_owned()) } else { balance };
        TableRow::cells(vec![
            Cell::text(if wanted { "✓" } else { "·" }, if wanted { theme.good } else { theme.muted }),
            Cell::text(name, text),
            Cell::text(shown_number(&mask_number(&draft.number)), theme.muted),
            Cell::text(draft.account_type.label(), theme.muted),
            Cell::text(balance.unwrap_or_default(), text),
        ])
    });
}

fn done(report: &SyncReport, scene: &mut Scene<'_>, area: Rect) {
    let theme = scene.paint.theme;
    let mut at = Rect { height: area.height.saturating_sub(2), ..area };
    for connection in &report.connections {
        let (sign, style) = if connection.is_complete() { ("✓", theme.good) } else { ("!", theme.warning) };
        let text = format!("{sign} {} is connected. {}", connection.name, arrived(connection));
        say(scene, &mut at, &text, style);
        if let Some(error) = &connection.error {
            gap(&mut at);
            say(scene, &mut at, &error.message, theme.error);
            say(
                scene,
                &mut at,
                &error.hint.as_deref().map_or_else(|| "r in Connections tries again.".to_owned(), sentence),
                theme.text,
            );
        }
        gap(&mut at);
        for account in &connection.accounts {
            let (sign, style) = match account.result {
                AccountResult::Ok => ("✓", theme.good),
                AccountResult::Partial => ("!", theme.warning),
                AccountResult::Failed => ("✗", theme.error),
            };
            scene.paint.pieces(top(at, 1), &[(sign, style), (" ", theme.text), (&account.name, theme.text)]);
            at = below(at, 1);
            if let Some(reason) = &account.reason {
                let used = scene.paint.paragraph(shrink_left(at, 2), reason, theme.muted);
                at = below(at, used);
            }
        }
        for warning in &connection.warnings {
            say(scene, &mut at, &format!("! {}", warning.message), theme.warning);
        }
    }
    scene.paint.text(bottom(area, 1), "Enter goes to the accounts.", theme.muted);
}
