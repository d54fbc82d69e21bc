//! Empty states: what is missing, and the keys that help.

use ratatui::layout::Rect;

use super::scene::Scene;
use crate::tui::widget::{
    paint::{centred, rows, shrink_left},
    text::width,
};

/// The empty state of a profile without any data.
pub(crate) fn no_data(scene: &mut Scene<'_>, area: Rect) {
    show(
        scene,
        area,
        "Nothing here yet",
        &[
            ("i", "import statement files of your bank"),
            ("c", "connect an institution"),
            ("?", "show the keys"),
            ("--demo", "start dashtam with made-up data"),
        ],
    );
}

/// The empty state of a list whose filter no row passes.
pub(crate) fn no_match(scene: &mut Scene<'_>, area: Rect) {
    show(scene, area, "No row matches", &[("Esc", "clear the filter"), ("/", "change it")]);
}

/// A heading and the keys that help.
pub(crate) fn show(scene: &mut Scene<'_>, area: Rect, heading: &str, keys: &[(&str, &str)]) {
    let indent = keys.iter().map(|(key, _)| width(key)).max().unwrap_or(0) + 2;
    let widest = keys.iter().map(|(_, text)| indent + width(text)).max().unwrap_or(0).max(width(heading));
    let columns = u16::try_from(widest).unwrap_or(u16::MAX);
    let height = u16::try_from(keys.len()).unwrap_or(0) + 2;
    let place = centred(area, columns, height);
    let theme = scene.paint.theme;
    let mut lines = rows(place);
    if let Some(line) = lines.next() {
        scene.paint.text(line, heading, theme.heading);
    }
    lines.next();
    for ((key, text), line) in keys.iter().zip(lines) {
        scene.paint.text(line, key, theme.key);
        scene.paint.text(shrink_left(line, u16::try_from(indent).unwrap_or(0)), text, theme.text);
    }
}
