//! Glyphs outside ASCII that the screen itself draws, as ASCII: for terminals without them, and for screen readers.
//!
//! Texts of banks and people keep their letters.

use ratatui::buffer::Buffer;

/// Replaces lines, blocks, Braille and marks in a frame.
pub(crate) fn replace(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        let Some(plain) = plain(cell.symbol()) else { continue };
        cell.set_symbol(plain);
    }
}

/// The ASCII form of a glyph of one column; `None` if it stays.
fn plain(symbol: &str) -> Option<&'static str> {
    let mut characters = symbol.chars();
    let (Some(glyph), None) = (characters.next(), characters.next()) else { return None };
    Some(match glyph {
        '─' | '━' | '╌' | '—' | '–' | '◑' => "-",
        '│' | '┃' | '╎' | '◐' => "|",
        '┌' | '┐' | '└' | '┘' | '├' | '┤' | '┬' | '┴' | '┼' | '✓' | '▅' | '▆' | '▋' | '▊' => {
            "+"
        }
        '▸' | '›' | '»' | '→' | '⟳' => ">",
        '←' | '↺' => "<",
        '▼' | '▾' | '↓' => "v",
        '▲' | '↑' => "^",
        '●' | '◉' | '•' | '\u{2801}'..='\u{28ff}' => "*",
        '○' => "o",
        '·' | '∙' | '▁' | '▂' | '▏' | '▎' => ".",
        '✗' | '×' => "x",
        // A text that is cut must not look like one that ends.
        '…' | '±' => "~",
        '◓' => "/",
        '◒' => "\\",
        '≠' => "!",
        '\u{2800}' => " ",
        '▃' | '▄' | '▍' | '▌' | '▐' => ":",
        '▇' | '▉' | '█' | '▀' => "#",
        '░' | '▒' | '▓' => "%",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;

    use super::*;

    #[test]
    fn drawing_characters_become_ascii_and_names_stay() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 1));
        buffer.set_string(0, 0, "┌─▸ é ⣿█▒●…", ratatui::style::Style::new());
        replace(&mut buffer);
        let text: String = buffer.content.iter().map(|cell| cell.symbol().to_owned()).collect();
        assert_eq!(text.trim_end(), "+-> é *#%*~");
    }
}
