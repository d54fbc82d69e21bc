//! How single values are written: durations, sizes, choices.

use std::time::Duration;

/// A value as written in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// A quoted text.
    Text(String),
    /// `true` or `false`.
    Switch(bool),
    /// A whole number.
    Number(i64),
    /// Anything else, by the name TOML has for it.
    Other(&'static str),
}

impl Value {
    /// As the user wrote it, near enough to be recognised.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Text(text) => format!("\"{text}\""),
            Self::Switch(on) => on.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Other(kind) => format!("a TOML {kind}"),
        }
    }

    pub(super) fn switch(&self) -> Option<bool> {
        if let Self::Switch(on) = self { Some(*on) } else { None }
    }

    pub(super) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// A whole number within bounds, both included.
    pub(super) fn number(&self, least: u64, most: u64) -> Option<u64> {
        let Self::Number(number) = self else { return None };
        u64::try_from(*number).ok().filter(|number| (least..=most).contains(number))
    }

    /// `"90s"`, `"15m"`, `"6h"`, `"2d"`; `"off"` is zero.
    pub(super) fn duration(&self) -> Option<Duration> {
        let text = self.text()?.trim();
        if text == "off" {
            return Some(Duration::ZERO);
        }
        let (digits, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
        let seconds: u64 = match unit.trim() {
            "s" => 1,
            "m" | "min" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => return None,
        };
        let duration = digits.parse::<u64>().ok()?.checked_mul(seconds)?;
        // A year is longer than anybody means, and short enough to be added to any date.
        (1..=366 * 86_400).contains(&duration).then(|| Duration::from_secs(duration))
    }

    /// A number of bytes, or `"64 MiB"`, `"2 GB"`.
    pub(super) fn size(&self) -> Option<u64> {
        let text = match self {
            Self::Number(number) => return u64::try_from(*number).ok().filter(|bytes| *bytes > 0),
            Self::Text(text) => text.trim(),
            Self::Switch(_) | Self::Other(_) => return None,
        };
        let (digits, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
        let factor: u64 = match unit.trim().to_ascii_lowercase().as_str() {
            "" | "b" => 1,
            "kb" => 1_000,
            "mb" => 1_000_000,
            "gb" => 1_000_000_000,
            "kib" => 1 << 10,
            "mib" => 1 << 20,
            "gib" => 1 << 30,
            _ => return None,
        };
        digits.parse::<u64>().ok()?.checked_mul(factor).filter(|bytes| *bytes > 0)
    }
}

/// A duration the way it is written in the file.
pub(super) fn show_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0 => "\"off\"".to_owned(),
        _ if seconds.is_multiple_of(86_400) => format!("\"{}d\"", seconds / 86_400),
        _ if seconds.is_multiple_of(3_600) => format!("\"{}h\"", seconds / 3_600),
        _ if seconds.is_multiple_of(60) => format!("\"{}m\"", seconds / 60),
        _ => format!("\"{seconds}s\""),
    }
}

/// A size the way it is written in the file.
pub(super) fn show_size(bytes: u64) -> String {
    for (unit, factor) in [("GiB", 1_u64 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)] {
        if bytes.is_multiple_of(factor) {
            return format!("\"{} {unit}\"", bytes / factor);
        }
    }
    bytes.to_string()
}
