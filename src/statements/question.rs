//! Questions that a file leaves open, and their answers.
//!
//! Asked by readers, shown by the screen and the command line. INVARIANT: an answer is input of the next reading, so
//! reading stays pure.

use std::collections::BTreeMap;

use super::Evidence;

/// A choice between readings that differ in their rows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Question {
    /// The key of the answer: `date-order`, `sign`. In an archive it starts with the member's name and a colon.
    pub id: String,
    /// The question, one sentence.
    pub text: String,
    /// At least two.
    pub options: Vec<QuestionOption>,
    /// At most three lines of the file as they are, by number: those whose rows differ most between the answers.
    pub lines: Vec<(u32, String)>,
    /// Reasons for and against the readings.
    pub evidence: Vec<Evidence>,
}

/// One possible answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuestionOption {
    /// Given back as the answer.
    pub value: String,
    /// The answer for people.
    pub label: String,
    /// Up to three rows, and balances where known, as this answer reads them.
    pub preview: Vec<String>,
}

/// Answers by question id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct QuestionAnswers {
    values: BTreeMap<String, String>,
    /// Names in front of the ids of what is read: of the file, where several are read together, and of its member.
    scopes: Vec<String>,
}

impl QuestionAnswers {
    /// Answers a question.
    pub fn insert(&mut self, id: impl Into<String>, value: impl Into<String>) {
        self.values.insert(id.into(), value.into());
    }

    /// The answer given for what is read, else the one given for all of its kind.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&str> {
        let ids = (0..=self.scopes.len())
            .map(|from| self.scopes[from..].iter().rev().fold(id.to_owned(), |id, scope| scoped(scope, &id)));
        ids.into_iter().find_map(|id| self.values.get(&id)).map(String::as_str)
    }

    /// The answers as they apply to a file or to a member of an archive.
    #[must_use]
    pub fn within(&self, name: &str) -> Self {
        let mut inner = self.clone();
        inner.scopes.push(name.to_owned());
        inner
    }
}

/// The id of a question about one of several files or members.
#[must_use]
pub fn scoped(name: &str, id: &str) -> String {
    format!("{name}:{id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_for_a_file_or_a_member_wins_over_a_general_one() {
        let mut answers = QuestionAnswers::default();
        answers.insert("sign", "as-is");
        answers.insert("may.csv:sign", "invert");
        assert_eq!(answers.get("sign"), Some("as-is"));
        assert_eq!(answers.within("may.csv").get("sign"), Some("invert"));
        assert_eq!(answers.within("june.csv").get("sign"), Some("as-is"));
        assert_eq!(answers.get("decimal"), None);
        answers.insert("all.zip:june.csv:sign", "invert");
        assert_eq!(answers.within("all.zip").within("june.csv").get("sign"), Some("invert"));
        assert_eq!(answers.within("other.zip").within("june.csv").get("sign"), Some("as-is"));
        assert_eq!(answers.within("other.zip").within("may.csv").get("sign"), Some("invert"));
    }
}
