//! stub
use super::*;
pub fn read(
    _b: &[u8],
    _l: &Limits,
    _p: &mut dyn FnMut(u64) -> std::ops::ControlFlow<()>,
) -> Result<Statement, StatementError> {
    Err(StatementError::Empty)
}
