//! What a screen says while it has nothing: what is missing, and the one key.

use ratatui::layout::Rect;

use super::scene::Scene;
use crate::tui::widget::{
    paint::{centred, rows},
    text::width,
};

/// There is no data at all.
pub(crate) fn no_data(scene: &mut Scene<'_>, area: Rect) {
    say(
        scene,
        area,
        "Nothing here yet",
        &[("i", "import a statement file (QFX or OFX) of your bank"), ("c", "see what can be connected")],
    );
}

/// A heading and the keys that help.
pub(crate) fn say(scene: &mut Scene<'_>, area: Rect, heading: &str, keys: &[(&str, &str)]) {
    let widest = keys.iter().map(|(key, text)| width(key) + 2 + width(text)).max().unwrap_or(0).max(width(heading));
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
        scene.paint.pieces(line, &[(key, theme.key), ("  ", theme.text), (text, theme.text)]);
    }
}
