//! stub
use crate::domain::AccountType;
pub fn account_name(institution: &str, account_type: AccountType, number: &str) -> String {
    format!("{institution} {} {number}", account_type.label())
}
