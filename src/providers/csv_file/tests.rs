use crate::{
    providers::{file::institution, registry},
    statements::Institution,
};

#[test]
fn a_layout_names_the_institution() {
    let revolut =
        Institution { name: Some("Revolut".into()), layout: Some("revolut".into()), ..Institution::default() };
    assert_eq!(institution(&revolut).name, "Revolut");
    for format in ["csv", "tsv", "xlsx"] {
        assert_eq!(registry::file_provider(format, &revolut).slug, "csv_file");
    }
}

#[test]
fn the_table_of_a_bank_with_its_own_provider_is_that_providers() {
    let chase = Institution { layout: Some("chase-card".into()), ..Institution::default() };
    assert_eq!(registry::file_provider("csv", &chase).slug, "chase_file");
    assert_eq!(registry::file_provider("qif", &chase).slug, "qif_file");
}
