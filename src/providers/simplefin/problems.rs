//! Failures inside a reply: which part of the connection each concerns.
//!
//! A reply with status 200 may hold good accounts beside messages about others. Version 2 gives them a code and a scope;
//! version 1 gives texts only. An unknown code counts as its family (`act.newthing` as `act`). INVARIANT: no message is
//! dropped.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{METADATA, relink::Relinked, wire};
use crate::{
    domain::{ProviderErrorKind, Warning, text},
    providers::{FailureScope, Piece, ScopedFailure, kit::cut},
};

/// Longest message that is repeated, in characters.
const MAX_MESSAGE: usize = 300;

/// The messages of a reply, by the part that they concern.
#[derive(Default)]
pub(super) struct Problems {
    found: Vec<Found>,
}

struct Found {
    scope: Option<FailureScope>,
    is_login: bool,
    message: String,
}

impl Problems {
    /// Reads the messages of both versions. `institutions` are the names of the accounts' institutions by connection id.
    pub(super) fn read(set: &wire::AccountSet, institutions: &BTreeMap<String, String>, names: &[String]) -> Self {
        let mut problems = Self::default();
        for value in &set.errlist {
            problems.coded(value, institutions);
        }
        for value in &set.errors {
            problems.plain(value, names);
        }
        problems
    }

    fn coded(&mut self, value: &Value, institutions: &BTreeMap<String, String>) {
        let Ok(problem) = serde_json::from_value::<wire::Problem>(value.clone()) else {
            return self.plain(value, &[]);
        };
        let code = problem.code.unwrap_or_default();
        let mut parts = code.split('.');
        let (family, detail) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let institution =
            problem.conn_id.as_ref().and_then(|id| institutions.get(&id.0)).cloned().map(FailureScope::Institution);
        let account = problem.account_id.map(|id| FailureScope::Account(id.0));
        let scope = match family {
            "act" => account.or(institution),
            "con" => institution.or(account),
            _ => None,
        };
        self.add(scope, detail == "auth", problem.msg.as_deref().unwrap_or_default(), &code);
    }

    /// A message without a code: about the institution it names, or the only one there is.
    fn plain(&mut self, value: &Value, names: &[String]) {
        let written = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let folded = text::fold(&written).into_owned();
        let is_login = ["reauth", "authenticat", "log in", "login", "sign in", "credential", "password"]
            .iter()
            .any(|word| folded.contains(word));
        let mentioned = names.iter().find(|name| !name.is_empty() && folded.contains(&*text::fold(name)));
        let only = names.first().filter(|_| names.len() == 1 && is_login);
        let scope = mentioned.or(only).cloned().map(FailureScope::Institution);
        self.add(scope, is_login, &written, "");
    }

    fn add(&mut self, scope: Option<FailureScope>, is_login: bool, message: &str, code: &str) {
        let message = text::clean_line(message).unwrap_or_else(|| code.into());
        self.found.push(Found { scope, is_login, message: cut(&message, MAX_MESSAGE) });
    }

    /// Gives accounts the ids under which they are stored.
    pub(super) fn rename(&mut self, relinked: &Relinked) {
        for found in &mut self.found {
            if let Some(FailureScope::Account(id)) = &mut found.scope
                && let Some(stored) = relinked.stored_id(id)
            {
                id.clone_from(stored);
            }
        }
    }

    /// Whether the Bridge cut the requested range, so that a smaller window is needed.
    pub(super) fn is_capped(&self) -> bool {
        self.found.iter().any(|found| {
            let folded = text::fold(&found.message);
            folded.contains("range") && (folded.contains("capped") || folded.contains("exceed"))
        })
    }

    /// Whether accounts may be missing from the reply.
    pub(super) fn is_partial(&self) -> bool {
        self.found.iter().any(|found| found.scope.is_some() || found.is_login)
    }

    /// Whether the rows of an account may be incomplete.
    pub(super) fn concerns(&self, account: &str, institution: Option<&str>) -> bool {
        self.found.iter().any(|found| match &found.scope {
            Some(FailureScope::Account(id)) => id == account,
            Some(FailureScope::Institution(name)) => Some(name.as_str()) == institution,
            Some(FailureScope::Connection | FailureScope::Part(..)) | None => false,
        })
    }

    /// The messages as pieces: problems of their parts, warnings where no part is named.
    pub(super) fn into_pieces(self) -> Vec<Piece> {
        let piece = |found: Found| match found.scope {
            Some(scope) => {
                let kind =
                    if found.is_login { ProviderErrorKind::Authentication } else { ProviderErrorKind::Unavailable };
                let mut error = METADATA.error(kind, found.message);
                if found.is_login {
                    error = error.with_hint("log in to that bank at the Bridge");
                }
                Piece::Problem(ScopedFailure { scope, error })
            }
            None => Piece::Warning(Warning::new(0, found.message)),
        };
        self.found.into_iter().map(piece).collect()
    }
}
