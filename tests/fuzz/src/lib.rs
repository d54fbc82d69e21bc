//! What is fuzzed: each function takes any bytes and must come back, having kept its promises.
//!
//! Used by the libFuzzer targets and by `mutate`.

#[allow(unfulfilled_lint_expectations, reason = "lints of the project are not those of this crate")]
#[path = "../../../src/domain/mod.rs"]
pub mod domain;
#[allow(unfulfilled_lint_expectations, reason = "lints of the project are not those of this crate")]
#[path = "../../../src/statements/mod.rs"]
pub mod statements;

use std::ops::ControlFlow;

use statements::{QuestionAnswers, StatementFile, Limits, ofx::token::Tokens};

/// Any bytes decode; valid UTF-8 comes back as it is, but for its byte order mark.
pub fn decode(bytes: &[u8]) {
    let text = statements::decode(bytes);
    assert!(text.len() <= bytes.len().saturating_mul(3));
    if let Ok(plain) = std::str::from_utf8(bytes)
        && !bytes.contains(&0)
    {
        assert_eq!(text, plain.strip_prefix('\u{feff}').unwrap_or(plain));
    }
}

/// Tags come in order, don't overlap, and their texts lie between them.
pub fn tokens(bytes: &[u8]) {
    let text = statements::decode(bytes);
    let mut tokens = Tokens::new(&text);
    let mut at = 0;
    while let Some(token) = tokens.next_token() {
        assert!(token.at >= at);
        let start = token.text.as_ptr().addr() - text.as_ptr().addr();
        assert!(start > token.at);
        at = start + token.text.len();
        assert!(at <= text.len());
    }
}

/// Whatever is read is read again alike, and its texts are clean.
pub fn reader(bytes: &[u8]) {
    let limits = Limits { bytes: 1 << 24, ..Limits::default() };
    let mut keep_going = |_| ControlFlow::Continue(());
    let answers = QuestionAnswers::default();
    let input = StatementFile { bytes, file_name: "", limits: &limits, layouts: &[], answers: &answers };
    let first = statements::read(&input, &mut keep_going);
    assert_eq!(first, statements::read(&input, &mut keep_going));
    let Ok(reading) = first else { return };
    for entry in reading.statements.iter().flat_map(|statement| &statement.accounts) {
        assert!(!entry.account.provider_account_id.is_empty());
        for row in &entry.transactions {
            let texts = [&row.facts.payee, &row.facts.description, &row.facts.memo, &row.facts.raw_type];
            assert!(texts.into_iter().flatten().all(|text| !text.is_empty() && !text.chars().any(char::is_control)));
        }
    }
}
