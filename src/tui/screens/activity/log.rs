//! The last lines of the log file, for the detail. The writer of the log has cleaned them and removed secrets.

use chrono::{DateTime, Utc};
use ratatui::style::Style;

use crate::tui::{
    component::{detail::DetailLine, scene::Scene},
    theme::Theme,
};

/// Lines shown.
const SHOWN: usize = 40;

/// The lines, the newest first.
pub(super) fn lines(log: &[String], scene: &Scene<'_>) -> Vec<DetailLine> {
    let shown = log.iter().rev().take(SHOWN).map(|line| {
        let (at, level, message) = parts(line);
        let at = at.map(|at| format!("{} ", (scene.moment.local)(at).format("%H:%M:%S"))).unwrap_or_default();
        DetailLine::Text(format!("{at}{message}"), style(level, scene.paint.theme))
    });
    let mut lines: Vec<DetailLine> = shown.collect();
    if !lines.is_empty() {
        lines.insert(0, DetailLine::Heading("Log, newest first".to_owned()));
        lines.insert(0, DetailLine::Blank);
    }
    lines
}

fn style(level: &str, theme: &Theme) -> Style {
    match level {
        "ERROR" => theme.error,
        "WARN" => theme.warning,
        _ => theme.muted,
    }
}

/// Time, level and message. A line of another form is only a message.
fn parts(line: &str) -> (Option<DateTime<Utc>>, &str, &str) {
    let mut words = line.splitn(2, ' ');
    let at = words.next().and_then(|at| at.parse().ok());
    let (Some(at), Some(rest)) = (at, words.next()) else { return (None, "", line) };
    let Some((level, rest)) = rest.trim_start().split_once(' ') else { return (Some(at), "", rest) };
    // The names of our own modules are left out; those of other crates stay.
    let message =
        rest.strip_prefix("dashtam").and_then(|rest| rest.split_once(": ")).map_or(rest, |(_, message)| message);
    (Some(at), level, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_a_moment_a_level_and_a_message() {
        let (at, level, message) = parts("2026-11-20T14:59:58.123456Z  WARN dashtam::sync::live: Alpaca: slow: 3 s");
        assert_eq!((at.is_some(), level, message), (true, "WARN", "Alpaca: slow: 3 s"));
        assert_eq!(parts("2026-11-20T14:59:58Z ERROR hyper::client: gone").2, "hyper::client: gone");
        for odd in ["", " ", "2026-11-20T14:59:58Z", "2026-11-20T14:59:58Z INFO", "went on"] {
            let _ = parts(odd);
        }
        assert_eq!(parts("went on here"), (None, "", "went on here"));
    }
}
