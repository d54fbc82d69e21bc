//! The theme with which the screen begins: that of the settings, else the one that suits the terminal.

use crate::{
    config::{Environment, Theme},
    tui::ThemeName,
};

/// The theme of the settings, and whether the terminal has to be asked for its background.
pub(super) fn start_theme(setting: Theme, without_colours: bool, environment: &Environment) -> (ThemeName, bool) {
    let theme = match setting {
        _ if without_colours => ThemeName::Plain,
        Theme::Auto => return background(environment),
        Theme::Dark => ThemeName::Dark,
        Theme::Light => ThemeName::Light,
        Theme::Contrast => ThemeName::Contrast,
        Theme::Sixteen => ThemeName::Ansi,
        Theme::Mono => ThemeName::Plain,
    };
    (theme, false)
}

/// The theme that suits the background as `COLORFGBG` states it; else dark until the terminal answers.
fn background(environment: &Environment) -> (ThemeName, bool) {
    let stated = environment.terminal_colours.as_deref().and_then(|text| text.rsplit(';').next());
    match stated.and_then(|number| number.parse::<u8>().ok()) {
        Some(7 | 9..=15) => (ThemeName::Light, false),
        Some(_) => (ThemeName::Dark, false),
        // GNU Screen answers late, with the reply of the terminal around it; Eterm answers nothing.
        None => {
            let name = environment.terminal.as_deref().unwrap_or("dumb");
            (ThemeName::Dark, !matches!(name.split('.').next(), Some("dumb" | "screen" | "Eterm")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_terminal_is_asked_where_nothing_states_its_background() {
        let of = |colours: Option<&str>, terminal: Option<&str>| {
            let [terminal_colours, terminal] = [colours, terminal].map(|text| text.map(str::to_owned));
            let environment = Environment { terminal_colours, terminal, ..Environment::default() };
            start_theme(Theme::Auto, false, &environment)
        };
        assert_eq!(of(Some("0;15"), Some("xterm")), (ThemeName::Light, false));
        assert_eq!(of(Some("15;default;0"), Some("xterm")), (ThemeName::Dark, false));
        for asked in ["xterm-256color", "screen-256color", "tmux-256color"] {
            assert_eq!(of(None, Some(asked)), (ThemeName::Dark, true), "{asked}");
        }
        for silent in [None, Some("dumb"), Some("screen"), Some("screen.xterm-256color"), Some("Eterm")] {
            assert_eq!(of(None, silent), (ThemeName::Dark, false), "{silent:?}");
        }
        let environment = Environment { terminal: Some("xterm".into()), ..Environment::default() };
        assert_eq!(start_theme(Theme::Contrast, false, &environment), (ThemeName::Contrast, false));
        assert_eq!(start_theme(Theme::Auto, true, &environment), (ThemeName::Plain, false));
    }
}
