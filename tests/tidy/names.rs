//! Names that are clear without their module.

use std::collections::{BTreeMap, BTreeSet};

use crate::{report, rooms};

/// Names that several rooms give to a type, and the reason.
const SHARED: &[(&str, &str)] = &[("Result", "an alias of the standard name with the error of the room")];

/// The words that come before the name of a type.
const KINDS: &[&str] = &["struct", "enum", "trait", "type", "union"];

/// The types that a line at the left margin makes visible outside its file.
fn declared(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("pub")?;
    let rest = match rest.strip_prefix('(') {
        Some(scope) => scope.split_once(')')?.1,
        None => rest,
    };
    let (kind, rest) = rest.trim_start().split_once(' ')?;
    let end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(rest.len());
    KINDS.contains(&kind).then(|| &rest[..end])
}

#[test]
fn a_type_name_belongs_to_one_room() {
    let mut owners: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new();
    for file in rooms().iter().filter(|file| !file.is_unit_test()) {
        // The shapes of a provider's replies carry the provider's names and are written with their module.
        if file.path.ends_with("/wire.rs") {
            continue;
        }
        let Some(room) = file.room() else { continue };
        for name in file.code.lines().filter_map(declared) {
            owners.entry(name.to_owned()).or_default().insert((room.to_owned(), file.path.clone()));
        }
    }
    let broken: Vec<String> = owners
        .iter()
        .filter(|(name, _)| !SHARED.iter().any(|(shared, _)| shared == name))
        .filter(|(_, places)| places.iter().map(|(room, _)| room).collect::<BTreeSet<_>>().len() > 1)
        .map(|(name, places)| {
            let paths: Vec<&str> = places.iter().map(|(_, path)| path.as_str()).collect();
            format!("{name}: {}", paths.join(", "))
        })
        .collect();
    report(
        "a type that is visible outside its file has a name that no other room gives to a type",
        "add the word that tells the two apart (TableColumn, OutputColumn)",
        &broken,
    );
}

#[test]
fn declarations_are_recognised() {
    assert_eq!(declared("pub struct Row {"), Some("Row"));
    assert_eq!(declared("pub(in crate::store) enum Kind<'a> {"), Some("Kind"));
    assert_eq!(declared("pub(crate) type Found = Vec<u8>;"), Some("Found"));
    assert_eq!(declared("pub fn struct_of()"), None);
    assert_eq!(declared("    pub struct Inner;"), None);
}

#[test]
fn rooms_are_private_to_the_crate() {
    let text = std::fs::read_to_string(crate::source::root().join("src/lib.rs")).unwrap();
    let open: Vec<String> = text
        .lines()
        .filter(|line| line.starts_with("pub mod ") && !line.contains("testing"))
        .map(str::to_owned)
        .collect();
    report(
        "rooms are private to the crate, so that the compiler reports items that nothing uses",
        "declare the room with pub(crate), and add what a test needs to src/testing.rs",
        &open,
    );
}
