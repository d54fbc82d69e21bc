//! The user's own themes: `themes/NAME.toml` beside the configuration.
//!
//! ```toml
//! base = "dark"        # dark, light or contrast: where the file names no colour
//! accent = "#7aa2f7"   # a name, a number from 0 to 255, or #rrggbb
//! ```

use std::{fs, path::Path};

use crate::files;

/// Most themes that are read, and the most bytes of one.
const MOST: usize = 100;
const MOST_BYTES: usize = 64 << 10;

/// The text of a theme, before its colours are understood.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ThemeFile {
    /// The name of the file without its ending.
    pub name: String,
    /// Names and values, as written.
    pub values: Vec<(String, String)>,
}

/// The themes beside a configuration file, by name, and the files that are no themes.
#[must_use]
pub fn user_themes(config: &Path) -> (Vec<ThemeFile>, Vec<String>) {
    let (mut themes, mut problems) = (Vec::new(), Vec::new());
    let folder = config.parent().unwrap_or(Path::new("")).join("themes");
    let Ok(entries) = fs::read_dir(&folder) else { return (themes, problems) };
    let mut paths: Vec<_> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
    paths.sort();
    for path in paths.into_iter().take(MOST) {
        let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let text = files::read_text(&path, MOST_BYTES).map_err(|error| error.to_string());
        match text.and_then(|text| parse(&text)) {
            Ok(values) => themes.push(ThemeFile { name, values }),
            Err(error) => problems.push(format!("the theme {name} can't be read: {}", error.trim())),
        }
    }
    (themes, problems)
}

fn parse(text: &str) -> Result<Vec<(String, String)>, String> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| error.message().to_owned())?;
    let value = |(name, value): (String, toml::Value)| match value {
        toml::Value::String(text) => Ok((name, text)),
        toml::Value::Integer(number) => Ok((name, number.to_string())),
        _ => Err(format!("{name} must be a text or a number")),
    };
    table.into_iter().map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_files_are_themes_and_bad_ones_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("config.toml");
        assert_eq!(user_themes(&config), (Vec::new(), Vec::new()));
        let themes = folder.path().join("themes");
        fs::create_dir(&themes).unwrap();
        fs::write(themes.join("sea.toml"), "base = \"dark\"\naccent = 31\n").unwrap();
        fs::write(themes.join("bad.toml"), "accent = [").unwrap();
        fs::write(themes.join("notes.txt"), "x").unwrap();
        let (found, problems) = user_themes(&config);
        assert_eq!((found.len(), found[0].name.as_str(), found[0].values.len()), (1, "sea", 2));
        assert!(problems.len() == 1 && problems[0].contains("the theme bad"), "{problems:?}");
    }
}
