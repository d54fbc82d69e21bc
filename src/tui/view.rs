//! Draws the whole screen: tabs, the pane, overlays, toasts, footer.

use std::fmt::Write as _;

use chrono::NaiveDate;
use ratatui::{Frame, layout::Rect};

use crate::{
    sync::JobProgress,
    tui::{
        action::{Action, KeyPlace, pretty},
        app::{App, LEAST},
        component::{
            hit::{ClickTarget, ViewMemory},
            scene::Scene,
        },
        screens::SCREENS,
        widget::{
            ascii,
            paint::{Paint, above, below, bottom, padded, rows, top},
            text::width,
        },
    },
};

/// Draws `app` and records in `memory` where a click hits what.
pub(crate) fn view(app: &App, memory: &mut ViewMemory, frame: &mut Frame<'_>) {
    memory.targets.clear();
    memory.cursor = None;
    memory.beside = None;
    let area = frame.area();
    let mut paint = Paint {
        buffer: frame.buffer_mut(),
        theme: &app.theme,
        targets: &mut memory.targets,
        cursor: &mut memory.cursor,
        masked: app.masked,
    };
    paint.style(area, app.theme.text);
    if area.width < LEAST.0 || area.height < LEAST.1 {
        too_small(&mut paint, area);
        return;
    }
    let between = above(below(area, 1), 1);
    let toasts = app.toasts.height(between);
    let mut body = above(between, toasts);
    let status = tabs(app, &mut paint, top(area, 1));
    if let Some(day) = app.as_of {
        let bar = day_bar(app, day);
        let style = paint.theme.warning;
        paint.text(padded(top(body, 1)), &bar, style);
        body = below(body, 1);
    }
    let mut scene = Scene {
        paint,
        lists: &mut memory.lists,
        snapshot: &app.snapshot,
        moment: app.moment,
        wide: app.wide(),
        top: app.panes.overlays.is_empty(),
        vault_locked: app.due.is_paused(),
        beside: None,
    };
    let hidden = if app.settings.alone { app.panes.overlays.len() } else { 0 };
    if !app.locked && hidden == 0 {
        app.panes.current().draw(&mut scene, body);
    }
    for (index, overlay) in app.panes.overlays.iter().enumerate().skip(hidden.saturating_sub(1)) {
        scene.top = index + 1 == app.panes.overlays.len();
        *scene.paint.cursor = None;
        if scene.top {
            // A click beside an overlay must not reach the panes below.
            scene.paint.target(area, ClickTarget::Nothing);
        }
        overlay.draw(&mut scene, body);
    }
    memory.beside = scene.beside.filter(|_| app.panes.overlays.is_empty()).map(|area| (app.panes.screen, area));
    let mut paint = scene.paint;
    footer(app, &mut paint, bottom(area, 1), status);
    if app.typed.shows_hint(&app.moment) {
        prefix(app, &mut paint, body);
    }
    app.toasts.draw(&mut paint, bottom(between, toasts));
    if app.settings.ascii {
        ascii::replace(paint.buffer);
    }
    if let Some(cursor) = memory.cursor {
        frame.set_cursor_position(cursor);
    }
}

fn too_small(paint: &mut Paint<'_>, area: Rect) {
    let text = format!("dashtam needs at least {}x{}; this is {}x{}", LEAST.0, LEAST.1, area.width, area.height);
    let style = paint.theme.warning;
    paint.paragraph(area, &text, style);
}

/// The tabs, with the state of the engine at their right; returns the state when it does not fit.
fn tabs(app: &App, paint: &mut Paint<'_>, line: Rect) -> Option<String> {
    let brand = match (app.settings.demo, &app.profile) {
        (true, _) => " dashtam demo ".to_owned(),
        (false, Some(profile)) => format!(" dashtam {profile} "),
        (false, None) => " dashtam ".to_owned(),
    };
    let full: usize = SCREENS.iter().map(|spec| width(spec.title) + 4).sum();
    let room = usize::from(line.width);
    let names = room > full;
    let mut at = line;
    let mut put = |paint: &mut Paint<'_>, text: &str, style| {
        let used = paint.text(at, text, style);
        let area = Rect { width: used, ..at };
        at.x += used;
        at.width = at.width.saturating_sub(used);
        area
    };
    let brand_style = paint.theme.brand;
    let branded = room > full + width(&brand);
    if branded {
        put(paint, &brand, brand_style);
    }
    put(paint, " ", brand_style);
    for (index, spec) in SCREENS.iter().enumerate() {
        let (name, active) = (spec.title, spec.screen == app.panes.screen);
        let style = if active { paint.theme.tab_active } else { paint.theme.tab };
        let text = if names || active { format!("{} {name}", index + 1) } else { format!("{}", index + 1) };
        let area = put(paint, &text, style);
        put(paint, "  ", brand_style);
        paint.target(area, ClickTarget::Action(Action::Show(spec.screen)));
    }
    let status = status(app, branded)?;
    if usize::from(at.width) > width(&status) {
        let style = paint.theme.heading;
        paint.right(crate::tui::widget::paint::shrink_right(at, 1), &status, style);
        return None;
    }
    Some(status)
}

/// The state of the engine in a few words.
fn status(app: &App, branded: bool) -> Option<String> {
    const TURN: [&str; 4] = ["◐", "◓", "◑", "◒"];
    if let Some(job) = app.jobs.last() {
        return Some(format!("{} {}", TURN[job.turns % TURN.len()], progress_text(&job.progress)));
    }
    let states = [
        (app.settings.demo && !branded, "demo"),
        (app.profile.is_some() && !branded, app.profile.as_deref().unwrap_or_default()),
        (app.due.is_paused(), "vault locked"),
        (app.masked, "amounts hidden"),
    ];
    let states: Vec<&str> = states.iter().filter(|(holds, _)| *holds).map(|(_, text)| *text).collect();
    (!states.is_empty()).then(|| states.join(" · "))
}

/// `reading chase.qfx 42%`.
pub(crate) fn progress_text(progress: &JobProgress) -> String {
    let share = match progress.total {
        0 => String::new(),
        total => format!(" {}%", progress.done.min(total).saturating_mul(100) / total),
    };
    format!("{} {}{share}", progress.stage.label(), progress.subject)
}

/// `As of 2026-09-30 · [ ] day · { } month · Esc today`.
fn day_bar(app: &App, day: NaiveDate) -> String {
    let place = app.panes.current().place();
    let mut bar = format!("As of {day}");
    for (actions, word) in [
        (&[Action::DayBefore, Action::DayAfter][..], "day"),
        (&[Action::MonthBefore, Action::MonthAfter], "month"),
        (&[Action::Back], "today"),
    ] {
        let keys: Vec<String> = actions.iter().filter_map(|action| app.keymap.key_of(*action, place)).collect();
        if !keys.is_empty() {
            let _ = write!(bar, " · {} {word}", keys.join(" "));
        }
    }
    bar
}

/// The most useful keys of the focused part, as many as fit.
fn footer(app: &App, paint: &mut Paint<'_>, line: Rect, status: Option<String>) {
    let mut room = padded(line);
    if let Some(status) = status {
        let style = paint.theme.heading;
        let used = paint.right(room, &status, style);
        room.width = room.width.saturating_sub(used + 2);
    }
    let place = app.place();
    let mut at = room;
    let is_past = app.as_of.is_some();
    let offered = |action: Action| app.panes.offers(action, &app.snapshot) && !(is_past && action.writes());
    let all: Vec<(String, &str, Action)> = app.keymap.hints(place).filter(|(_, _, action)| offered(*action)).collect();
    // The hints of the help and of the way back stay when others do not fit.
    let reserve = |index: usize| -> u16 {
        let later = all[index + 1..].iter().find(|(_, _, action)| matches!(action, Action::Help | Action::Back));
        later.map_or(0, |(keys, hint, _)| u16::try_from(width(keys) + width(hint) + 3).unwrap_or(0))
    };
    for (index, (keys, hint, action)) in all.iter().enumerate() {
        let needed = u16::try_from(width(keys) + width(hint) + 1).unwrap_or(u16::MAX);
        if at.width < needed.saturating_add(reserve(index)) {
            continue;
        }
        let pieces = [(keys.as_str(), paint.theme.key), (" ", paint.theme.muted), (*hint, paint.theme.muted)];
        let used = paint.pieces(at, &pieces);
        paint.target(Rect { width: used, ..at }, ClickTarget::Action(*action));
        let step = (used + 2).min(at.width);
        at.x += step;
        at.width -= step;
    }
}

/// The keys that may follow those typed so far.
fn prefix(app: &App, paint: &mut Paint<'_>, body: Rect) {
    let place: KeyPlace = app.place();
    let next = app.keymap.continuations(place, &app.typed.keys);
    let typed: Vec<String> = app.typed.keys.iter().map(|chord| pretty(&chord.to_string())).collect();
    let widest = next.iter().map(|(keys, title)| width(keys) + width(title) + 6).max().unwrap_or(10);
    let columns = u16::try_from(widest).unwrap_or(20).min(body.width);
    let height = u16::try_from(next.len()).unwrap_or(0).saturating_add(2).min(body.height);
    let area = Rect {
        x: body.right().saturating_sub(columns),
        y: body.bottom().saturating_sub(height),
        width: columns,
        height,
    };
    paint.clear(area);
    let inner = padded(paint.frame(area, &typed.join(" "), "", true));
    let (key, text) = (paint.theme.key, paint.theme.text);
    for ((keys, title), row) in next.iter().zip(rows(inner)) {
        paint.pieces(row, &[(&pretty(keys), key), ("  ", text), (title, text)]);
    }
}
