//! A key with its modifiers, and how both are written: `ctrl-d`, `shift-tab`, `g`, `space`.

use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// One key press.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Chord {
    pub(crate) code: KeyCode,
    pub(crate) modifiers: KeyModifiers,
}

/// Keys with a name.
const NAMED: &[(&str, KeyCode)] = &[
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("space", KeyCode::Char(' ')),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("pageup", KeyCode::PageUp),
    ("pagedown", KeyCode::PageDown),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
];

impl Chord {
    /// The chord in normal form: case is in the character, not in a modifier,
    /// and back-tab is shift-tab.
    pub(crate) fn of(event: &KeyEvent) -> Self {
        let mut modifiers = event.modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT);
        let code = match event.code {
            KeyCode::BackTab => {
                modifiers |= KeyModifiers::SHIFT;
                KeyCode::Tab
            }
            KeyCode::Char(character) => {
                let upper = modifiers.contains(KeyModifiers::SHIFT) && character.is_ascii_lowercase();
                modifiers -= KeyModifiers::SHIFT;
                KeyCode::Char(if upper { character.to_ascii_uppercase() } else { character })
            }
            other => other,
        };
        Self { code, modifiers }
    }

    /// Parses `ctrl-d`; `None` for an unknown key.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut modifiers = KeyModifiers::NONE;
        let mut rest = text;
        loop {
            let (name, after) = match rest.split_once('-') {
                Some((name, after)) if !after.is_empty() => (name, after),
                _ => break,
            };
            modifiers |= match name {
                "ctrl" => KeyModifiers::CONTROL,
                "alt" => KeyModifiers::ALT,
                "shift" => KeyModifiers::SHIFT,
                _ => break,
            };
            rest = after;
        }
        let mut characters = rest.chars();
        let function = || rest.strip_prefix('f')?.parse().ok().filter(|number| (1..=12).contains(number));
        let code = match (NAMED.iter().find(|(name, _)| *name == rest), characters.next(), characters.next()) {
            (Some((_, code)), ..) => *code,
            (None, Some(character), None) => KeyCode::Char(character),
            _ => KeyCode::F(function()?),
        };
        Some(Self::of(&KeyEvent::new(code, modifiers)))
    }

    /// Whether a text field accepts it.
    pub(crate) fn is_text(self) -> bool {
        matches!(self.code, KeyCode::Char(_)) && !self.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT)
    }

    /// Parses a sequence: `g g`.
    pub(crate) fn parse_sequence(text: &str) -> Option<Vec<Self>> {
        let chords: Option<Vec<_>> = text.split(' ').map(Self::parse).collect();
        chords.filter(|chords| !chords.is_empty())
    }

    /// The terminal event of this chord.
    pub(crate) fn event(self) -> KeyEvent {
        KeyEvent::new(self.code, self.modifiers)
    }
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (modifier, name) in
            [(KeyModifiers::CONTROL, "ctrl-"), (KeyModifiers::ALT, "alt-"), (KeyModifiers::SHIFT, "shift-")]
        {
            if self.modifiers.contains(modifier) {
                f.write_str(name)?;
            }
        }
        if let Some((name, _)) = NAMED.iter().find(|(_, code)| *code == self.code) {
            return f.write_str(name);
        }
        match self.code {
            KeyCode::Char(character) => write!(f, "{character}"),
            KeyCode::F(number) => write!(f, "f{number}"),
            other => write!(f, "{other}"),
        }
    }
}

/// The spelling of keys in hints: `Enter`, `Esc`, `Space`, `↓`; characters stay as they are.
pub(crate) fn pretty(keys: &str) -> String {
    keys.split(' ')
        .map(|key| match key {
            "down" => "↓".to_owned(),
            "up" => "↑".to_owned(),
            "left" => "←".to_owned(),
            "right" => "→".to_owned(),
            "pageup" => "PgUp".to_owned(),
            "pagedown" => "PgDn".to_owned(),
            "enter" | "esc" | "tab" | "space" | "home" | "end" => {
                let mut text = key.to_owned();
                text[..1].make_ascii_uppercase();
                text
            }
            "shift-tab" => "shift-Tab".to_owned(),
            other => other.to_owned(),
        })
        .collect::<Vec<_>>()
        .join(" ")
}

/// Parses the key macros of tests: characters are themselves, names in angle brackets are keys (`<enter>`,
/// `<ctrl-d>`, `<lt>` for `<`).
///
/// Unknown names are typed literally.
#[must_use]
pub fn parse_keys(macros: &str) -> Vec<KeyEvent> {
    let mut events = Vec::new();
    let mut rest = macros;
    while let Some(character) = rest.chars().next() {
        let named = rest.strip_prefix('<').and_then(|tail| tail.split_once('>')).and_then(|(name, after)| {
            let chord = if name == "lt" { Chord::parse("<") } else { Chord::parse(name).filter(|_| name.len() > 1) };
            chord.map(|chord| (chord, after))
        });
        if let Some((chord, after)) = named {
            events.push(chord.event());
            rest = after;
        } else {
            events.push(KeyEvent::new(KeyCode::Char(character), KeyModifiers::NONE));
            rest = &rest[character.len_utf8()..];
        }
    }
    events
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn writing_and_reading_agree() {
        for text in [
            "ctrl-d",
            "shift-tab",
            "g",
            "G",
            "space",
            "enter",
            "-",
            "ctrl--",
            ":",
            "?",
            "pagedown",
            "alt-ctrl-x",
            "f1",
            "f12",
            "ctrl-f5",
        ] {
            let chord = Chord::parse(text).unwrap();
            assert_eq!(Chord::parse(&chord.to_string()), Some(chord), "{text}");
        }
        assert_eq!(Chord::parse_sequence("g g").map(|chords| chords.len()), Some(2));
        assert_eq!(Chord::parse("shift-a"), Chord::parse("A"));
        assert_eq!((Chord::parse("nonsense"), Chord::parse("f13"), Chord::parse("f0")), (None, None, None));
        assert_eq!(Chord::parse(""), None);
    }

    #[test]
    fn shifted_letters_are_upper_case_and_back_tab_is_shift_tab() {
        let shifted = KeyEvent::new(KeyCode::Char('g'), KeyModifiers::SHIFT);
        assert_eq!(Chord::of(&shifted), Chord::parse("G").unwrap());
        let back_tab = KeyEvent::new(KeyCode::BackTab, KeyModifiers::NONE);
        assert_eq!(Chord::of(&back_tab), Chord::parse("shift-tab").unwrap());
    }

    #[test]
    fn macros_mix_text_and_names() {
        let chords: Vec<_> =
            parse_keys("i/a<enter><lt>b<no").iter().map(|event| Chord::of(event).to_string()).collect();
        assert_eq!(chords, ["i", "/", "a", "enter", "<", "b", "<", "n", "o"]);
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange_to_read(text in ".{0,20}") {
            let _ = Chord::parse(&text);
            let _ = parse_keys(&text);
        }
    }
}
