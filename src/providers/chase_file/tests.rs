use super::*;
use crate::{providers::registry, statements::Institution};

fn signed(org: Option<&str>, fid: Option<&str>, bid: Option<&str>) -> &'static str {
    let own = |part: Option<&str>| part.map(str::to_owned);
    let institution = Institution {
        name: own(org),
        number: own(fid),
        register_number: own(bid),
        bank_code: Some("021000021".into()),
        ..Institution::default()
    };
    registry::file_provider("qfx", &institution).slug
}

#[test]
fn every_signature_of_chase_is_known() {
    assert_eq!(signed(Some("B1"), Some("10898"), Some("10898")), "chase_file");
    assert_eq!(signed(Some("B1"), Some("10898"), Some("2430")), "chase_file");
    assert_eq!(signed(None, None, Some("2430")), "chase_file");
    assert_eq!(signed(None, Some(" 10898 "), None), "chase_file");
    assert_eq!(signed(Some("B1"), None, None), "chase_file");
}

#[test]
fn other_institutions_are_not_chase() {
    assert_eq!(signed(Some("WF"), Some("1000"), Some("1000")), "ofx_file");
    assert_eq!(signed(Some("B1"), Some("3101"), None), "ofx_file");
    assert_eq!(signed(None, None, None), "ofx_file");
    // A number of another institution beside Chase's QuickBooks number.
    assert_eq!(signed(Some("WF"), Some("3000"), Some("2430")), "ofx_file");
}

#[test]
fn the_key_is_the_same_for_both_products() {
    let quicken = Institution { number: Some("10898".into()), ..Institution::default() };
    let quickbooks = Institution { register_number: Some("2430".into()), ..Institution::default() };
    let file = METADATA.file().unwrap();
    assert_eq!((file.institution)(&quicken), (file.institution)(&quickbooks));
}
