use crate::providers::file::institution;
use crate::statements::Institution;

fn named(org: &str, fid: &str, bank_id: &str) -> (String, String) {
    let part = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let found = institution(&Institution {
        name: part(org),
        number: part(fid),
        bank_code: part(bank_id),
        ..Institution::default()
    });
    (found.name, found.key)
}

#[test]
fn the_file_names_its_institution() {
    assert_eq!(named("Vanguard", "15103", ""), ("Vanguard".into(), "vanguard".into()));
    assert_eq!(named("  Capital  One Bank ", "1001", "x"), ("Capital One".into(), "capital one".into()));
    assert_eq!(named("NCH", "1001", "121099999"), ("NCH".into(), "nch/1001".into()));
    assert_eq!(named("", "99123", ""), ("Institution 99123".into(), "/99123".into()));
    assert_eq!(named("", "", "fidelity.com"), ("Fidelity".into(), "fidelity".into()));
    assert_eq!(named("", "", "121000248"), ("Wells Fargo".into(), "wells fargo".into()));
    assert_eq!(named("", "", ""), ("Unnamed institution".into(), String::new()));
}

#[test]
fn case_does_not_make_a_second_institution_and_escapes_do_not_pass() {
    assert_eq!(named("AMEX", "3101", "").1, named("Amex", "3101", "").1);
    assert_eq!(named("A\u{1b}[31mB", "", "").0, "AB");
}

#[test]
fn an_institution_in_the_table_is_one_whatever_its_files_state() {
    assert_eq!(named("Vanguard", "84022", "vanguard.com"), named("The Vanguard Group", "15103", ""));
    // A statement of a card has no bank number; it is from the same place all the same.
    assert_eq!(named("Acme", "99", "121000248").1, named("Acme", "99", "").1);
    assert_ne!(named("Acme", "99", "").1, named("Acme", "98", "").1);
}
