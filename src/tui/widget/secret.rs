//! A text field for secrets. Used by the wizard and by the overlay that unlocks the vault.
//!
//! INVARIANT: the text is in one buffer that never reallocates and is zeroized on drop.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::{Position, Rect};
use secrecy::SecretString;
use zeroize::{Zeroize as _, Zeroizing};

use super::paint::Paint;

/// Most bytes; a private key in PEM form fits.
const MOST: usize = 16 * 1024;

/// A masked text field.
pub(crate) struct SecretField {
    text: Zeroizing<String>,
    /// A byte offset on a character boundary.
    cursor: usize,
    /// Whether line breaks are kept, as in a PEM file.
    lines: bool,
}

impl SecretField {
    pub(crate) fn new(lines: bool) -> Self {
        // The full capacity is reserved, so the text is never copied by a reallocation.
        Self { text: Zeroizing::new(String::with_capacity(MOST)), cursor: 0, lines }
    }

    /// For validation; callers must not store it.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn to_secret(&self) -> SecretString {
        self.text.as_str().into()
    }

    pub(crate) fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// Clears and zeroizes it.
    pub(crate) fn wipe(&mut self) {
        self.text.zeroize();
        self.cursor = 0;
    }

    fn insert(&mut self, character: char) {
        if self.text.len() + character.len_utf8() <= MOST {
            self.text.insert(self.cursor, character);
            self.cursor += character.len_utf8();
        }
    }

    fn before(&self) -> usize {
        self.text[..self.cursor].char_indices().next_back().map_or(0, |(index, _)| index)
    }

    fn after(&self) -> usize {
        self.cursor + self.text[self.cursor..].chars().next().map_or(0, char::len_utf8)
    }

    /// Handles a key; returns whether the text changed.
    pub(crate) fn key(&mut self, event: KeyEvent) -> bool {
        let length = self.text.len();
        let control = event.modifiers.contains(KeyModifiers::CONTROL);
        match event.code {
            KeyCode::Char('u' | 'w') if control => {
                while self.cursor > 0 {
                    self.cursor = self.before();
                    self.text.remove(self.cursor);
                }
            }
            KeyCode::Char('a') if control => self.cursor = 0,
            KeyCode::Char('e') if control => self.cursor = length,
            KeyCode::Char(character) if !control && !event.modifiers.contains(KeyModifiers::ALT) => {
                self.insert(character);
            }
            KeyCode::Backspace if self.cursor > 0 => {
                self.cursor = self.before();
                self.text.remove(self.cursor);
            }
            KeyCode::Delete if self.cursor < length => {
                self.text.remove(self.cursor);
            }
            KeyCode::Left => self.cursor = self.before(),
            KeyCode::Right => self.cursor = self.after(),
            KeyCode::Home => self.cursor = 0,
            KeyCode::End => self.cursor = length,
            _ => {}
        }
        self.text.len() != length
    }

    /// Inserts pasted text without control characters and surrounding blanks.
    pub(crate) fn paste(&mut self, text: &str) {
        for character in text.trim().chars() {
            match character {
                // Terminals send pasted line ends as carriage returns.
                '\n' | '\r' if self.lines => self.insert('\n'),
                _ if character.is_control() => {}
                _ => self.insert(character),
            }
        }
    }

    /// Draws a dot for each character, or the text if `shown`.
    pub(crate) fn draw(&self, paint: &mut Paint<'_>, area: Rect, focused: bool, shown: bool) {
        if area.is_empty() {
            return;
        }
        let room = usize::from(area.width).saturating_sub(1);
        let before = self.text[..self.cursor].chars().count();
        let skipped = before.saturating_sub(room);
        for (x, character) in (0..area.width).zip(self.text.chars().skip(skipped)) {
            let place = Rect { x: area.x + x, width: 1, height: 1, ..area };
            let seen = Zeroizing::new(if character == '\n' { '⏎' } else { character }.to_string());
            paint.text(place, if shown { &seen } else { "•" }, paint.theme.field);
        }
        if focused {
            let at = u16::try_from(before - skipped).unwrap_or(u16::MAX).min(area.width - 1);
            *paint.cursor = Some(Position { x: area.x + at, y: area.y });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::action::parse_keys;

    fn typed(field: &mut SecretField, keys: &str) {
        for key in parse_keys(keys) {
            field.key(key);
        }
    }

    #[test]
    fn keys_edit_it() {
        let mut field = SecretField::new(false);
        typed(&mut field, "abé<left><left>X<end>!<backspace><home><delete>");
        assert_eq!(field.as_str(), "Xbé");
        typed(&mut field, "<end><ctrl-u>");
        assert!(field.is_blank());
    }

    #[test]
    fn pastes_lose_what_surrounds_them_and_never_move_the_buffer() {
        let mut field = SecretField::new(false);
        let place = field.text.as_ptr();
        field.paste("  key\u{1b}-1\n");
        assert_eq!(field.as_str(), "key-1");
        field.paste(&"x".repeat(3 * MOST));
        assert_eq!((field.text.len(), field.text.as_ptr()), (MOST, place));
        let mut pem = SecretField::new(true);
        pem.paste("-----BEGIN\rabc\r-----END\r");
        assert_eq!(pem.as_str(), "-----BEGIN\nabc\n-----END");
    }
}
