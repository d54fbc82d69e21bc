//! Colours by role. Used by everything that draws; nothing else names a colour.
//!
//! INVARIANT: no meaning is carried by colour alone: signs, marks, words and reversed or bold text stay when
//! [`Theme::plain`] takes all colour away.

use ratatui::style::{Color, Modifier, Style};

use crate::config::ThemeFile;

/// Which set of colours to draw with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ThemeName {
    /// For dark backgrounds, 256 colours.
    #[default]
    Dark,
    /// For light backgrounds, 256 colours.
    Light,
    /// The terminal's own 16 colours.
    Ansi,
    /// For dark backgrounds, with strong contrasts only.
    Contrast,
    /// No colour at all: bold, dim, underline and reverse only (`NO_COLOR`).
    Plain,
}

impl ThemeName {
    /// Every theme, by its name in the configuration.
    pub const ALL: [(&'static str, Self); 5] = [
        ("dark", Self::Dark),
        ("light", Self::Light),
        ("contrast", Self::Contrast),
        ("16", Self::Ansi),
        ("mono", Self::Plain),
    ];

    /// The theme of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, theme)| *theme)
    }
}

/// A theme of the user.
#[derive(Debug, Clone)]
pub struct UserTheme {
    /// Its name.
    pub name: String,
    pub(crate) theme: Theme,
}

impl UserTheme {
    /// Reads a theme.
    ///
    /// # Errors
    /// A sentence about the first name or colour that is not known.
    pub fn of(file: &ThemeFile) -> Result<Self, String> {
        let wrong = |name: &str, why: String| format!("the theme {}: {name}: {why}", file.name);
        let base = file.values.iter().find(|(name, _)| name == "base").map_or("dark", |(_, base)| base.as_str());
        let mut palette = match base {
            "dark" => DARK,
            "light" => LIGHT,
            "contrast" => CONTRAST,
            _ => return Err(wrong("base", "choose dark, light or contrast".to_owned())),
        };
        for (name, value) in file.values.iter().filter(|(name, _)| name != "base") {
            let role = palette.role(name).ok_or_else(|| {
                let known: Vec<&str> = Palette::ROLES.to_vec();
                wrong(name, format!("there is no such role; there are {}", known.join(", ")))
            })?;
            *role = value
                .parse()
                .map_err(|_| wrong(name, "write a name, a number from 0 to 255, or #rrggbb".to_owned()))?;
        }
        Ok(Self { name: file.name.clone(), theme: Theme::indexed(&palette) })
    }
}

/// One style for each role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Theme {
    pub(crate) text: Style,
    pub(crate) muted: Style,
    /// Headings inside panes.
    pub(crate) heading: Style,
    /// Names of keys in hints.
    pub(crate) key: Style,
    pub(crate) border: Style,
    pub(crate) border_focus: Style,
    pub(crate) title: Style,
    pub(crate) title_focus: Style,
    pub(crate) tab: Style,
    pub(crate) tab_active: Style,
    pub(crate) brand: Style,
    /// Column headers.
    pub(crate) header: Style,
    /// The selected row of the pane that has the keys.
    pub(crate) selected: Style,
    /// The selected row of a pane that doesn't.
    pub(crate) selected_idle: Style,
    /// A row marked with the space bar.
    pub(crate) marked: Style,
    pub(crate) gain: Style,
    pub(crate) loss: Style,
    pub(crate) pending: Style,
    /// Rows the institution withdrew.
    pub(crate) struck: Style,
    pub(crate) good: Style,
    pub(crate) warning: Style,
    pub(crate) error: Style,
    /// Words of a filter or pattern that matched.
    pub(crate) hit: Style,
    /// Words of a filter that mean nothing.
    pub(crate) wrong: Style,
    /// Text typed into a field.
    pub(crate) field: Style,
    pub(crate) chart: Style,
}

/// Colours that differ between themes; the rest follows from them.
#[derive(Clone, Copy)]
struct Palette {
    text: Color,
    muted: Color,
    border: Color,
    accent: Color,
    key: Color,
    gain: Color,
    loss: Color,
    warning: Color,
    selection: Color,
    selection_idle: Color,
    marked: Color,
}

impl Palette {
    const ROLES: [&str; 11] = [
        "text",
        "muted",
        "border",
        "accent",
        "key",
        "gain",
        "loss",
        "warning",
        "selection",
        "selection_idle",
        "marked",
    ];

    /// The colour of a role, by its name.
    fn role(&mut self, name: &str) -> Option<&mut Color> {
        Some(match name {
            "text" => &mut self.text,
            "muted" => &mut self.muted,
            "border" => &mut self.border,
            "accent" => &mut self.accent,
            "key" => &mut self.key,
            "gain" => &mut self.gain,
            "loss" => &mut self.loss,
            "warning" => &mut self.warning,
            "selection" => &mut self.selection,
            "selection_idle" => &mut self.selection_idle,
            "marked" => &mut self.marked,
            _ => return None,
        })
    }
}

const DARK: Palette = Palette {
    text: Color::Indexed(252),
    muted: Color::Indexed(244),
    border: Color::Indexed(239),
    accent: Color::Indexed(80),
    key: Color::Indexed(179),
    gain: Color::Indexed(114),
    loss: Color::Indexed(174),
    warning: Color::Indexed(221),
    selection: Color::Indexed(24),
    selection_idle: Color::Indexed(236),
    marked: Color::Indexed(179),
};

const LIGHT: Palette = Palette {
    text: Color::Indexed(235),
    muted: Color::Indexed(243),
    border: Color::Indexed(250),
    accent: Color::Indexed(25),
    key: Color::Indexed(94),
    gain: Color::Indexed(28),
    loss: Color::Indexed(124),
    warning: Color::Indexed(130),
    selection: Color::Indexed(153),
    selection_idle: Color::Indexed(254),
    marked: Color::Indexed(94),
};

const CONTRAST: Palette = Palette {
    text: Color::Indexed(231),
    muted: Color::Indexed(252),
    border: Color::Indexed(250),
    accent: Color::Indexed(51),
    key: Color::Indexed(226),
    gain: Color::Indexed(46),
    loss: Color::Indexed(203),
    warning: Color::Indexed(226),
    selection: Color::Indexed(21),
    selection_idle: Color::Indexed(238),
    marked: Color::Indexed(226),
};

impl Theme {
    /// The theme of that name.
    pub(crate) fn of(name: ThemeName) -> Self {
        match name {
            ThemeName::Dark => Self::indexed(&DARK),
            ThemeName::Light => Self::indexed(&LIGHT),
            ThemeName::Contrast => Self::indexed(&CONTRAST),
            ThemeName::Ansi => Self::ansi(),
            ThemeName::Plain => Self::plain(),
        }
    }

    fn indexed(palette: &Palette) -> Self {
        let of = |color| Style::new().fg(color);
        Self {
            text: of(palette.text),
            muted: of(palette.muted),
            heading: of(palette.accent).add_modifier(Modifier::BOLD),
            key: of(palette.key),
            border: of(palette.border),
            border_focus: of(palette.accent),
            title: of(palette.muted),
            title_focus: of(palette.accent).add_modifier(Modifier::BOLD),
            tab: of(palette.muted),
            tab_active: of(palette.accent).add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
            brand: of(palette.text).add_modifier(Modifier::BOLD),
            header: of(palette.muted).add_modifier(Modifier::BOLD),
            selected: uniform(of(palette.text).bg(palette.selection).add_modifier(Modifier::BOLD)),
            selected_idle: Style::new().bg(palette.selection_idle),
            marked: of(palette.marked).add_modifier(Modifier::BOLD),
            gain: of(palette.gain),
            loss: of(palette.loss),
            pending: of(palette.warning).add_modifier(Modifier::ITALIC),
            struck: of(palette.muted).add_modifier(Modifier::CROSSED_OUT),
            good: of(palette.gain),
            warning: of(palette.warning),
            error: of(palette.loss).add_modifier(Modifier::BOLD),
            hit: of(palette.warning).add_modifier(Modifier::BOLD),
            wrong: of(palette.loss).add_modifier(Modifier::UNDERLINED),
            field: of(palette.text),
            chart: of(palette.accent),
        }
    }

    fn ansi() -> Self {
        let of = |color| Style::new().fg(color);
        Self {
            text: Style::new(),
            muted: of(Color::DarkGray),
            heading: of(Color::Cyan).add_modifier(Modifier::BOLD),
            key: of(Color::Yellow),
            border: of(Color::DarkGray),
            border_focus: of(Color::Cyan),
            title: of(Color::DarkGray),
            title_focus: of(Color::Cyan).add_modifier(Modifier::BOLD),
            tab: of(Color::DarkGray),
            tab_active: of(Color::Cyan).add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
            brand: Style::new().add_modifier(Modifier::BOLD),
            header: Style::new().add_modifier(Modifier::BOLD),
            selected: uniform(Style::new().fg(Color::Reset).add_modifier(Modifier::REVERSED)),
            selected_idle: Style::new().add_modifier(Modifier::BOLD),
            marked: of(Color::Yellow).add_modifier(Modifier::BOLD),
            gain: of(Color::Green),
            loss: of(Color::Red),
            pending: of(Color::Yellow),
            struck: of(Color::DarkGray).add_modifier(Modifier::CROSSED_OUT),
            good: of(Color::Green),
            warning: of(Color::Yellow),
            error: of(Color::Red).add_modifier(Modifier::BOLD),
            hit: of(Color::Yellow).add_modifier(Modifier::BOLD),
            wrong: of(Color::Red).add_modifier(Modifier::UNDERLINED),
            field: Style::new(),
            chart: of(Color::Cyan),
        }
    }

    fn plain() -> Self {
        let none = Style::new();
        let bold = none.add_modifier(Modifier::BOLD);
        let dim = none.add_modifier(Modifier::DIM);
        Self {
            text: none,
            muted: dim,
            heading: bold,
            key: bold,
            border: dim,
            border_focus: none,
            title: none,
            title_focus: bold,
            tab: dim,
            tab_active: none.add_modifier(Modifier::BOLD | Modifier::REVERSED),
            brand: bold,
            header: none.add_modifier(Modifier::UNDERLINED),
            selected: uniform(none.add_modifier(Modifier::REVERSED)),
            selected_idle: bold,
            marked: bold,
            gain: none,
            loss: none,
            pending: none,
            struck: none.add_modifier(Modifier::CROSSED_OUT),
            good: none,
            warning: bold,
            error: none.add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
            hit: none.add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
            wrong: none.add_modifier(Modifier::UNDERLINED),
            field: none,
            chart: none,
        }
    }

    /// Money in or out. The sign states it too.
    pub(crate) fn amount(&self, amount: rust_decimal::Decimal) -> Style {
        if amount.is_sign_negative() && !amount.is_zero() { self.loss } else { self.gain }
    }
}

/// A style for whole rows: their cells get one colour and weight, so that a cursor move rewrites each row in one piece.
fn uniform(style: Style) -> Style {
    style.remove_modifier(Modifier::ITALIC | Modifier::DIM)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_theme_of_the_user_changes_what_it_names() {
        let file = |values: &[(&str, &str)]| ThemeFile {
            name: "sea".to_owned(),
            values: values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        };
        let theme =
            UserTheme::of(&file(&[("base", "light"), ("gain", "#00ff7f"), ("loss", "red"), ("muted", "8")])).unwrap();
        assert_eq!(theme.theme.gain.fg, Some(Color::Rgb(0, 255, 127)));
        assert_eq!((theme.theme.loss.fg, theme.theme.muted.fg), (Some(Color::Red), Some(Color::Indexed(8))));
        assert_eq!(theme.theme.text, Theme::of(ThemeName::Light).text);
        for (values, word) in
            [(&[("base", "blue")][..], "dark"), (&[("shade", "1")], "role"), (&[("gain", "x")], "#rrggbb")]
        {
            let error = UserTheme::of(&file(values)).unwrap_err();
            assert!(error.contains("sea") && error.contains(word), "{error}");
        }
        for role in Palette::ROLES {
            assert!({ DARK }.role(role).is_some());
        }
    }

    #[test]
    fn plain_has_no_colour() {
        let theme = format!("{:?}", Theme::of(ThemeName::Plain));
        assert!(!theme.contains(".fg(") && !theme.contains(".bg("), "{theme}");
        assert!(format!("{:?}", Theme::of(ThemeName::Dark)).contains(".fg("));
    }
}
