//! The place of an amount in a JSON reply.

use std::fmt::Write as _;

use rust_decimal::Decimal;
use serde_json::Value;

use super::source::{LONGEST_LINE, SourcePlace};

/// Whether a source is JSON.
pub(super) fn is_json(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').trim_start().starts_with(['{', '['])
}

/// The place of an amount in the text of a reply: in the object that has the id, else anywhere. `None` if it is not there.
#[must_use]
pub fn place_in_reply(text: &str, id: Option<&str>, amount: Decimal) -> Option<SourcePlace> {
    json_place(text, id, amount)
}

pub(super) fn json_place(text: &str, id: Option<&str>, amount: Decimal) -> Option<SourcePlace> {
    let value: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).ok()?;
    let mut path = String::from("$");
    let (path, object) = match id {
        Some(id) => {
            let mut objects = Vec::new();
            with_id(&value, id, &mut path, &mut objects);
            // In units, else in cents or in satoshis.
            let stated = |(path, object): &(String, &Value)| {
                [0, 2, 8].into_iter().find_map(|scale| {
                    amount_path(object, amount.checked_mul(Decimal::from(10_u64.pow(scale)))?, &mut path.clone())
                })
            };
            match objects.iter().find_map(|found| Some((stated(found)?, found.1))) {
                Some(found) => found,
                // An amount that is computed from others leads to their object.
                None => objects.into_iter().next()?,
            }
        }
        None => (amount_path(&value, amount, &mut path)?, &value),
    };
    if id.is_some() {
        at_path(path, object)
    } else {
        Some(SourcePlace { path: Some(path), ..SourcePlace::new(amount.to_string()) })
    }
}

/// The place of an amount in the objects with an id.
pub(super) fn amount_of(text: &str, id: &str, amount: Decimal) -> Option<SourcePlace> {
    let value: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).ok()?;
    let mut objects = Vec::new();
    with_id(&value, id, &mut String::from("$"), &mut objects);
    objects.into_iter().find_map(|(mut path, object)| at_path(amount_path(object, amount, &mut path)?, object))
}

/// A path in a reply, with the object around it.
pub(super) fn at_path(path: String, object: &Value) -> Option<SourcePlace> {
    let text = serde_json::to_string_pretty(object).ok()?.chars().take(4 * LONGEST_LINE).collect();
    Some(SourcePlace { path: Some(path), ..SourcePlace::new(text) })
}

/// The innermost objects with a field, or under a name, that equals the id, each with its path. Some adapters put a suffix
/// behind the id of the provider; ids of some providers are unique within an account only.
pub(super) fn with_id<'a>(value: &'a Value, id: &str, path: &mut String, found: &mut Vec<(String, &'a Value)>) {
    let (length, before) = (path.len(), found.len());
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let _ = write!(path, "[{index}]");
                with_id(item, id, path, found);
                path.truncate(length);
            }
        }
        Value::Object(fields) => {
            for (name, item) in fields {
                path.push('.');
                path.push_str(name);
                let inner = found.len();
                with_id(item, id, path, found);
                if inner == found.len() && item.is_object() && names(name, id) {
                    found.push((path.clone(), item));
                }
                path.truncate(length);
            }
            let is_id = |item: &Value| match item {
                Value::String(text) => names(text, id),
                Value::Number(number) => names(&number.to_string(), id),
                _ => false,
            };
            if before == found.len() && fields.values().any(is_id) {
                found.push((path.clone(), value));
            }
        }
        _ => {}
    }
}

/// Whether a text is the id, or the id without the suffix of an adapter.
fn names(text: &str, id: &str) -> bool {
    const SHORTEST: usize = 4;
    let is_followed_by_mark = |rest: &str| rest.starts_with(|c: char| !c.is_alphanumeric());
    text == id || text.len() >= SHORTEST && id.strip_prefix(text).is_some_and(is_followed_by_mark)
}

/// The path of the first number or numeric text with this value, whatever its sign.
fn amount_path(value: &Value, amount: Decimal, path: &mut String) -> Option<String> {
    let length = path.len();
    let equals = |text: &str| {
        let number = Decimal::from_str_exact(text).or_else(|_| Decimal::from_scientific(text));
        number.is_ok_and(|number| number.abs() == amount.abs())
    };
    match value {
        Value::Number(number) if equals(&number.to_string()) => Some(path.clone()),
        Value::String(text) if equals(text) => Some(path.clone()),
        Value::Array(items) => items.iter().enumerate().find_map(|(index, item)| {
            path.truncate(length);
            let _ = write!(path, "[{index}]");
            amount_path(item, amount, path)
        }),
        Value::Object(fields) => fields.iter().find_map(|(name, item)| {
            path.truncate(length);
            path.push('.');
            path.push_str(name);
            amount_path(item, amount, path)
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn a_reply_names_the_path_of_the_amount() {
        let text =
            r#"{"accounts":[{"id":"A","transactions":[{"id":"1","amount":"5.00"},{"id":"2","amount":"-7.25"}]}]}"#;
        let place = json_place(text, Some("2"), amount("-7.25")).unwrap();
        assert_eq!(place.path.as_deref(), Some("$.accounts[0].transactions[1].amount"));
        assert!(place.text.contains("-7.25"));
        assert!(json_place(text, Some("3"), amount("1")).is_none());
    }
}
