//! The page of the statement formats names every reader.

use std::collections::BTreeSet;

use dashtam::testing::statements::FORMATS;

#[test]
fn every_reader_is_on_the_page() {
    let page = include_str!("../../../docs/statement-formats.md");
    let table: Vec<&str> = page.lines().filter(|line| line.starts_with("| ")).collect();
    for format in FORMATS {
        let folder = format!("`src/statements/{}`", format.name);
        let line = table.iter().find(|line| line.contains(&folder));
        let line = line.unwrap_or_else(|| panic!("{} is missing", format.label));
        assert!(line.contains(&format!("`.{}`", format.extensions[0])), "{line} names the usual ending");
    }
    let names: BTreeSet<&str> = FORMATS.iter().map(|format| format.name).collect();
    assert_eq!(names.len(), FORMATS.len());
}
