//! The pictures of the README, drawn from the frames of the application itself, so they cannot go stale.
//!
//! `UPDATE_DOCS=1 cargo test` rewrites them.

use std::{fmt::Write as _, path::Path};

use ratatui::{
    buffer::{Buffer, Cell},
    style::{Color, Modifier},
};
use unicode_width::UnicodeWidthStr as _;

use crate::support::harness::Harness;

/// Pixels of a cell.
const WIDTH: f32 = 8.4;
const HEIGHT: f32 = 18.0;
const BACKGROUND: &str = "#1b1e22";
const TEXT: &str = "#d0d0d0";

/// The colour of an index of the 256, as terminals agree on from 16 on.
fn colour(colour: Color) -> Option<String> {
    let Color::Indexed(index) = colour else { return None };
    let level = |part: u8| if part == 0 { 0 } else { 55 + 40 * u32::from(part) };
    Some(match index {
        0..=15 => return None,
        16..=231 => {
            let index = index - 16;
            format!("#{:02x}{:02x}{:02x}", level(index / 36), level(index / 6 % 6), level(index % 6))
        }
        grey => {
            let level = 8 + 10 * u32::from(grey - 232);
            format!("#{level:02x}{level:02x}{level:02x}")
        }
    })
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Foreground, background, bold.
fn look(cell: &Cell) -> (String, Option<String>, bool) {
    let (mut front, mut back) = (colour(cell.fg).unwrap_or_else(|| TEXT.to_owned()), colour(cell.bg));
    if cell.modifier.contains(Modifier::REVERSED) {
        let behind = back.unwrap_or_else(|| BACKGROUND.to_owned());
        back = Some(std::mem::replace(&mut front, behind));
    }
    (front, back, cell.modifier.contains(Modifier::BOLD))
}

fn svg(buffer: &Buffer) -> String {
    let (columns, lines) = (buffer.area.width, buffer.area.height);
    let (width, height) = (f32::from(columns) * WIDTH + 16.0, f32::from(lines) * HEIGHT + 16.0);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" font-family=\"ui-monospace, \
         'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"14\">\n<rect width=\"100%\" height=\"100%\" rx=\"6\" \
         fill=\"{BACKGROUND}\"/>\n"
    );
    for y in 0..lines {
        let mut x = 0;
        while x < columns {
            let style = look(&buffer[(x, y)]);
            let (start, mut text) = (x, String::new());
            while x < columns && look(&buffer[(x, y)]) == style {
                let symbol = buffer[(x, y)].symbol();
                text.push_str(symbol);
                x += u16::try_from(symbol.width().max(1)).unwrap();
            }
            let (left, top) = (8.0 + f32::from(start) * WIDTH, 8.0 + f32::from(y) * HEIGHT);
            let long = f32::from(x - start) * WIDTH;
            if let Some(back) = &style.1 {
                let _ = writeln!(
                    out,
                    "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{long:.1}\" height=\"{HEIGHT}\" fill=\"{back}\"/>"
                );
            }
            if text.trim().is_empty() {
                continue;
            }
            let weight = if style.2 { " font-weight=\"bold\"" } else { "" };
            let _ = writeln!(
                out,
                "<text x=\"{left:.1}\" y=\"{:.1}\" textLength=\"{long:.1}\" fill=\"{}\"{weight} \
                 xml:space=\"preserve\">{}</text>",
                top + 13.5,
                style.0,
                escaped(&text)
            );
        }
    }
    out.push_str("</svg>\n");
    out
}

#[track_caller]
fn check(harness: &mut Harness, name: &str) {
    harness.runtime.repaint().unwrap();
    let picture = svg(harness.runtime.backend_mut().buffer());
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/pictures").join(name);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, &picture).unwrap();
    }
    let stored = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(stored == picture, "docs/pictures/{name} is stale: UPDATE_DOCS=1 cargo test rewrites it");
}

#[tokio::test]
async fn the_pictures_of_the_readme_are_current() {
    let mut h = Harness::demo(112, 32).await;
    h.keys("1").idle().await;
    check(&mut h, "overview.svg");
    h.keys("3").idle().await;
    check(&mut h, "transactions.svg");
    h.keys("/by:payee last:180d<enter>").idle().await;
    check(&mut h, "groups.svg");
}
