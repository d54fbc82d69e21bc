//! Plain technical English in comments: phrases that the style does without.

use super::source::File;

/// Phrases, and the reason or the replacement.
const PHRASES: &[(&str, &str)] = &[
    (" anew", "again"),
    (" tells ", "states, reports"),
    (" says ", "states, reports"),
    (" said ", "stated, reported"),
    (" stands ", "is, stays, is not undone"),
    (" remembers ", "keeps, records"),
    (" told ", "stated, reported"),
    (" speaks ", "refers to, contains"),
    (" whoever ", "name the caller"),
    (" nobody", "no caller, no process"),
    (" Nobody", "no caller, no process"),
    (" Whoever ", "name the caller"),
    (" believed", "trusted"),
    (" knows ", "has, reads, reports"),
    (" wants ", "requires, chose"),
    (" witness", "evidence"),
    (" somebody", "another user, a caller"),
    (" of its own", "separate"),
    (" by itself", "automatically, or leave it out"),
    (" mended", "corrected"),
    (" knows better", "state the rule"),
];

/// Lines of comments that hold a phrase of the list or open with `What`.
pub(crate) fn findings(file: &File) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in (1..).zip(file.text.lines()) {
        let line = line.trim_start();
        let Some(comment) = line.strip_prefix("//").map(|rest| rest.trim_start_matches(['/', '!'])) else { continue };
        if comment.trim_start().starts_with("What ") {
            found.push(format!("{}:{number}: opens with `What`: begin with a noun", file.path));
        }
        for (phrase, instead) in PHRASES.iter().filter(|(phrase, _)| comment.contains(phrase)) {
            found.push(format!("{}:{number}: `{}`: {instead}", file.path, phrase.trim()));
        }
    }
    found
}
