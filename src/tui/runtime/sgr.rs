//! Styles of a terminal as escape sequences (SGR), as short as possible.
//!
//! Used by the encoder of frames. INVARIANT: pure.

use std::fmt::Write as _;

use ratatui::style::{Color, Modifier};

/// The visible style of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Look {
    pub(super) fg: Color,
    pub(super) bg: Color,
    pub(super) modifier: Modifier,
}

/// Writes the sequence that changes the style of the terminal, if it has to change.
pub(super) fn change_style(out: &mut String, from: &mut Look, to: Look) {
    if *from == to {
        return;
    }
    let changed = codes(*from, to);
    let fresh = codes(Look::default(), to);
    let fresh = if fresh.is_empty() { String::new() } else { format!("0;{fresh}") };
    let shorter = if fresh.is_empty() || fresh.len() < changed.len() { &fresh } else { &changed };
    let _ = write!(out, "\u{1b}[{shorter}m");
    *from = to;
}

/// The parameters that turn one style into another.
fn codes(from: Look, to: Look) -> String {
    let mut codes: Vec<String> = Vec::new();
    let (gone, new) = (from.modifier - to.modifier, to.modifier - from.modifier);
    let weight = Modifier::BOLD | Modifier::DIM;
    // One code ends both, and terminals differ in whether a second weight replaces the first.
    let reweighed = (from.modifier ^ to.modifier).intersects(weight) && from.modifier.intersects(weight);
    let gone = if reweighed { gone | weight } else { gone };
    for (modifier, code) in [
        (weight, 22),
        (Modifier::ITALIC, 23),
        (Modifier::UNDERLINED, 24),
        (Modifier::SLOW_BLINK | Modifier::RAPID_BLINK, 25),
        (Modifier::REVERSED, 27),
        (Modifier::HIDDEN, 28),
        (Modifier::CROSSED_OUT, 29),
    ] {
        if gone.intersects(modifier) {
            codes.push(code.to_string());
        }
    }
    let new = if gone.intersects(weight) { new | (to.modifier & weight) } else { new };
    for (modifier, code) in [
        (Modifier::BOLD, 1),
        (Modifier::DIM, 2),
        (Modifier::ITALIC, 3),
        (Modifier::UNDERLINED, 4),
        (Modifier::SLOW_BLINK, 5),
        (Modifier::RAPID_BLINK, 6),
        (Modifier::REVERSED, 7),
        (Modifier::HIDDEN, 8),
        (Modifier::CROSSED_OUT, 9),
    ] {
        if new.contains(modifier) {
            codes.push(code.to_string());
        }
    }
    if from.fg != to.fg {
        codes.push(colour(to.fg, 30));
    }
    if from.bg != to.bg {
        codes.push(colour(to.bg, 40));
    }
    codes.join(";")
}

/// The parameters of a colour; `base` is 30 for letters and 40 for what is behind them.
fn colour(colour: Color, base: u8) -> String {
    let plain = |number: u8| (base + number).to_string();
    let bright = |number: u8| (base + 60 + number).to_string();
    match colour {
        Color::Reset => plain(9),
        Color::Black => plain(0),
        Color::Red => plain(1),
        Color::Green => plain(2),
        Color::Yellow => plain(3),
        Color::Blue => plain(4),
        Color::Magenta => plain(5),
        Color::Cyan => plain(6),
        Color::Gray => plain(7),
        Color::DarkGray => bright(0),
        Color::LightRed => bright(1),
        Color::LightGreen => bright(2),
        Color::LightYellow => bright(3),
        Color::LightBlue => bright(4),
        Color::LightMagenta => bright(5),
        Color::LightCyan => bright(6),
        Color::White => bright(7),
        Color::Indexed(index) => format!("{};5;{index}", base + 8),
        Color::Rgb(red, green, blue) => format!("{};2;{red};{green};{blue}", base + 8),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_style_is_changed_by_what_differs() {
        let bold = Look { modifier: Modifier::BOLD, fg: Color::Indexed(80), bg: Color::Reset };
        let plain = Look { modifier: Modifier::empty(), fg: Color::Indexed(80), bg: Color::Reset };
        assert_eq!((codes(bold, plain), codes(plain, bold)), ("22".to_owned(), "1".to_owned()));
        let dim = Look { modifier: Modifier::DIM, ..plain };
        assert_eq!(codes(bold, dim), "22;2");
    }
}
