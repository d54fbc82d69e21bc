use crate::{
    providers::{file::institution, registry},
    statements::Institution,
};

#[test]
fn a_file_without_any_name_is_of_an_unnamed_institution() {
    let nobody = Institution::default();
    assert_eq!(registry::file_provider("qif", &nobody).slug, "qif_file");
    assert_eq!((institution(&nobody).name.as_str(), institution(&nobody).key.as_str()), ("Unnamed institution", ""));
}
