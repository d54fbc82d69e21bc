//! The theme with which the screen begins: that of the settings, else the one that suits the terminal.

use std::time::Duration;

use crate::{config::Theme, tui::ThemeName};

/// How long the terminal may take to answer.
const ANSWER: Duration = Duration::from_millis(100);

/// The theme of the settings; `stated` is `COLORFGBG`.
pub(super) fn start_theme(setting: Theme, without_colours: bool, stated: Option<&str>) -> ThemeName {
    match setting {
        _ if without_colours => ThemeName::Plain,
        Theme::Auto => background(stated),
        Theme::Dark => ThemeName::Dark,
        Theme::Light => ThemeName::Light,
        Theme::Contrast => ThemeName::Contrast,
        Theme::Sixteen => ThemeName::Ansi,
        Theme::Mono => ThemeName::Plain,
    }
}

/// The theme that suits the background of the terminal: as `COLORFGBG` states it, else as the terminal answers, else dark.
fn background(stated: Option<&str>) -> ThemeName {
    let number = stated.and_then(|text| text.rsplit(';').next()).and_then(|number| number.parse::<u8>().ok());
    match number {
        Some(7 | 9..=15) => return ThemeName::Light,
        Some(_) => return ThemeName::Dark,
        None => {}
    }
    let mut options = terminal_colorsaurus::QueryOptions::default();
    options.timeout = ANSWER;
    match terminal_colorsaurus::theme_mode(options) {
        Ok(terminal_colorsaurus::ThemeMode::Light) => ThemeName::Light,
        Ok(terminal_colorsaurus::ThemeMode::Dark) | Err(_) => ThemeName::Dark,
    }
}
