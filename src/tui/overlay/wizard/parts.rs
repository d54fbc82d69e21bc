//! Small drawings and sentences that several steps of the wizard share.

use ratatui::{layout::Rect, style::Style};

use crate::{
    sync::ConnectionReport,
    tui::{
        component::scene::Scene,
        widget::{
            amount::plain,
            paint::{below, rows, shrink_left},
            text::head,
        },
    },
};

/// Paragraphs one below the other.
pub(super) fn say(scene: &mut Scene<'_>, area: &mut Rect, text: &str, style: Style) {
    let used = scene.paint.paragraph(*area, text, style);
    *area = below(*area, used);
}

pub(super) fn gap(area: &mut Rect) {
    *area = below(*area, 1);
}

/// Keys and their effects, at the foot.
pub(super) fn keys(scene: &mut Scene<'_>, line: Rect, hints: &[(&str, &str)]) {
    let theme = scene.paint.theme;
    let mut room = line;
    for (key, what) in hints {
        let used = scene.paint.pieces(room, &[(key, theme.key), (" ", theme.text), (what, theme.text)]);
        room = shrink_left(room, used + 3);
    }
}

/// A hint of the engine as a complete sentence.
pub(super) fn sentence(hint: &str) -> String {
    let mut characters = hint.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let stop = if hint.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{stop}", characters.as_str())
}

/// The result of a sync in one sentence.
pub(crate) fn arrived(report: &ConnectionReport) -> String {
    let parts: Vec<String> = [
        (report.transactions_imported, "new row", "new rows"),
        (report.transactions_updated, "amended", "amended"),
        (report.transactions_removed, "withdrawn", "withdrawn"),
        (report.holdings, "position", "positions"),
    ]
    .into_iter()
    .filter(|(count, ..)| *count > 0)
    .map(|(count, one, many)| format!("{} {}", plain(count.into()), if count == 1 { one } else { many }))
    .collect();
    if parts.is_empty() { "Nothing new.".to_owned() } else { format!("{}.", parts.join(", ")) }
}

/// An address from the left edge, broken at the line ends, so that a selection in the terminal copies nothing else.
pub(super) fn address(scene: &mut Scene<'_>, area: Rect, url: &str) -> u16 {
    let theme = scene.paint.theme;
    let mut rest = url;
    let mut used = 0;
    for row in rows(area) {
        let part = head(rest, usize::from(area.width));
        if part.is_empty() {
            break;
        }
        scene.paint.text(row, part, theme.hit);
        rest = &rest[part.len()..];
        used += 1;
    }
    used
}
