use crate::{
    providers::{file::institution, registry},
    statements::Institution,
};

#[test]
fn the_institution_is_named_by_its_bic_or_its_bank_code() {
    let dutch = Institution { bic: Some("INGBNL2A".into()), ..Institution::default() };
    assert_eq!(institution(&dutch).name, "ING");
    let unknown = Institution { bank_code: Some("99999999".into()), ..Institution::default() };
    assert_eq!(
        (institution(&unknown).name.as_str(), institution(&unknown).key.as_str()),
        ("Bank 99999999", "bank 99999999")
    );
    for format in ["mt940", "mt942"] {
        assert_eq!(registry::file_provider(format, &dutch).slug, "mt940_file");
    }
}
