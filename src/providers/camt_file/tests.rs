use crate::{
    providers::{file::institution, registry},
    statements::Institution,
};

#[test]
fn the_institution_is_named_by_its_bic_its_name_or_its_bank_code() {
    let part = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let named = |name: &str, bic: &str, bank_code: &str| {
        let stated =
            Institution { name: part(name), bic: part(bic), bank_code: part(bank_code), ..Institution::default() };
        let found = institution(&stated);
        (found.name, found.key)
    };
    assert_eq!(named("", "COBADEFFXXX", "DE37040044"), ("Commerzbank".into(), "commerzbank".into()));
    assert_eq!(named("COMMERZBANK AG FILIALE", "COBADEFF", ""), ("Commerzbank".into(), "commerzbank".into()));
    assert_eq!(named("RIVER BANK", "RIVRDEFF", "DE99999999"), ("River Bank".into(), "river bank".into()));
    assert_eq!(named("", "RIVRDEFF", "DE99999999"), ("Bank RIVRDEFF".into(), "bank de99999999".into()));
}

#[test]
fn every_kind_of_the_format_has_this_provider() {
    for format in ["camt052", "camt053", "camt054"] {
        assert_eq!(registry::file_provider(format, &Institution::default()).slug, "camt_file");
    }
}
