//! stub
use super::{Limits, StatementError};
pub struct Unpacked<'a> {
    pub bytes: std::borrow::Cow<'a, [u8]>,
    pub format: &'static str,
}
pub fn unpack<'a>(_name: &str, bytes: &'a [u8], _limits: &Limits) -> Result<Unpacked<'a>, StatementError> {
    Ok(Unpacked { bytes: bytes.into(), format: "ofx" })
}
pub fn format_of(_name: &str) -> &'static str {
    "ofx"
}
