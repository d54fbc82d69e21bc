//! What the user says about a row.

use super::Transactions;
use crate::{
    domain::{TransactionId, UserFields},
    sync::Command,
    tui::{
        component::pane::Ctx,
        overlay::{Form, Input},
    },
};

/// Opens the form for the selected row.
pub(super) fn open(rows: &Transactions, ctx: &mut Ctx<'_>) {
    let Some(entry) = rows.entry(ctx) else { return };
    let user = &entry.user;
    let input = |label, help, value: Option<&String>, placeholder: &str| Input {
        label,
        help,
        value: value.cloned().unwrap_or_default(),
        placeholder: placeholder.to_owned(),
    };
    let tags = user.tags.join(", ");
    let inputs = vec![
        input(
            "Payee",
            "Takes the place of the bank's text; empty returns to it.",
            user.payee.as_ref(),
            entry.transaction.facts.payee(),
        ),
        input("Category", "One word or path, such as food:groceries.", user.category.as_ref(), "none"),
        input("Tags", "Separated by commas.", (!tags.is_empty()).then_some(&tags), "none"),
        input("Note", "Anything; no sync ever touches it.", user.note.as_ref(), "none"),
    ];
    let title = format!("Edit · {} · {}", entry.transaction.facts.date, entry.transaction.facts.payee());
    ctx.push(Form::new(title, inputs, (entry.transaction.id, user.clone()), submit));
}

#[expect(clippy::unnecessary_wraps, reason = "a form may refuse")]
fn submit(about: &(TransactionId, UserFields), answers: &[String], ctx: &mut Ctx<'_>) -> Result<(), (usize, String)> {
    let (transaction, before) = about;
    let fields = fields(answers);
    if fields != *before {
        ctx.command(|job| Command::EditTransactions { job, edits: vec![(*transaction, fields)] });
    }
    Ok(())
}

fn fields(answers: &[String]) -> UserFields {
    let text = |at: usize| answers.get(at).filter(|text| !text.is_empty()).cloned();
    let mut tags: Vec<String> = Vec::new();
    for tag in text(2).unwrap_or_default().split(',').map(|tag| tag.trim().trim_start_matches('#')) {
        if !tag.is_empty() && !tags.iter().any(|known| known == tag) {
            tags.push(tag.to_owned());
        }
    }
    UserFields { payee: text(0), category: text(1), tags, note: text(3) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_become_fields() {
        let answers = ["Blue", "", " trip, #work,trip,, ", "x"].map(str::to_owned);
        let fields = fields(&answers);
        assert_eq!((fields.payee.as_deref(), fields.category), (Some("Blue"), None));
        assert_eq!(fields.tags, ["trip", "work"]);
        assert!(super::fields(&[]).is_empty());
    }
}
