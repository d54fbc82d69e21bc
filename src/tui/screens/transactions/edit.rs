//! Forms for the user fields of rows: payee, category, tags and note.

use crate::{
    domain::{TransactionId, UserFields, UserPatch},
    ledger::LedgerEntry,
    sync::EngineCommand,
    tui::{
        component::pane::Ctx,
        msg::Effect,
        overlay::{Confirm, Form, FormField, Suggest},
        widget::amount::plain,
    },
};

/// From this many rows on, an edit asks first.
const ASK_FROM: usize = 10;
/// The answer that clears a field of many rows.
const CLEAR: &str = "-";

/// Opens the form for one row.
pub(super) fn one(entry: &LedgerEntry, ctx: &mut Ctx<'_>) {
    let user = &entry.user;
    let input = |label, help, value: Option<&String>, default: &str, suggest| FormField {
        label,
        help,
        value: value.cloned().unwrap_or_default(),
        default: default.to_owned(),
        suggest,
    };
    let tags = user.tags.join(", ");
    let inputs = vec![
        input(
            "Payee",
            "Replaces the bank's text; → edits it; leave empty to restore it",
            user.payee.as_ref(),
            entry.transaction.facts.payee(),
            Suggest::Payees,
        ),
        input("Category", "A word or a path, such as food:groceries", user.category.as_ref(), "", Suggest::Categories),
        input("Tags", "Separated by commas", (!tags.is_empty()).then_some(&tags), "", Suggest::Tags),
        input("Note", "Any text; imports and syncs leave it alone", user.note.as_ref(), "", Suggest::Nothing),
    ];
    let title = format!("Edit · {} · {}", entry.transaction.facts.date, entry.transaction.facts.payee());
    ctx.effects.push(Effect::ReadVocabulary);
    ctx.push(Form::new(title, inputs, (entry.transaction.id, user.clone()), submit_one));
}

#[expect(clippy::unnecessary_wraps, reason = "a form may refuse")]
fn submit_one(
    about: &(TransactionId, UserFields),
    answers: &[String],
    ctx: &mut Ctx<'_>,
) -> Result<(), (usize, String)> {
    let (transaction, before) = about;
    let fields = fields(answers);
    if fields != *before {
        ctx.command(|job| EngineCommand::EditTransactions { job, edits: vec![(*transaction, fields)] });
    }
    Ok(())
}

fn fields(answers: &[String]) -> UserFields {
    let text = |at: usize| answers.get(at).filter(|text| !text.is_empty()).cloned();
    UserFields { payee: text(0), category: text(1), tags: tags(answers.get(2)), note: text(3) }
}

/// Tags without their signs, each once.
fn tags(answer: Option<&String>) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    for tag in answer.map_or("", String::as_str).split(',').map(|tag| tag.trim().trim_start_matches(['#', '+'])) {
        if !tag.is_empty() && !tags.iter().any(|known| known == tag) {
            tags.push(tag.to_owned());
        }
    }
    tags
}

/// Opens the form for several rows.
pub(super) fn many(rows: Vec<TransactionId>, ctx: &mut Ctx<'_>) {
    let input = |label, help, suggest| FormField {
        label,
        help,
        value: String::new(),
        default: "unchanged".to_owned(),
        suggest,
    };
    let inputs = vec![
        input("Payee", "For every row; empty keeps each row's own, - restores the bank's text", Suggest::Payees),
        input("Category", "For every row; empty keeps each row's own, - clears it", Suggest::Categories),
        input("Tags", "trip adds a tag, -trip removes it; separated by commas", Suggest::Tags),
        input("Note", "For every row; empty keeps each row's own, - clears it", Suggest::Nothing),
    ];
    let title = format!("Edit {} rows", plain(rows.len().into()));
    ctx.effects.push(Effect::ReadVocabulary);
    ctx.push(Form::new(title, inputs, rows, submit_many));
}

#[expect(clippy::unnecessary_wraps, clippy::ptr_arg, reason = "the type of a form's function")]
fn submit_many(rows: &Vec<TransactionId>, answers: &[String], ctx: &mut Ctx<'_>) -> Result<(), (usize, String)> {
    let patch = patch(answers);
    if patch.is_empty() {
        return Ok(());
    }
    let lines = question(rows.len(), &patch);
    let effect = Effect::Edit { rows: rows.clone(), patch };
    if rows.len() >= ASK_FROM {
        Confirm::new("Edit", lines, vec![effect]).ask(ctx);
    } else {
        ctx.effects.push(effect);
    }
    Ok(())
}

fn patch(answers: &[String]) -> UserPatch {
    let field = |at: usize| {
        let text = answers.get(at).filter(|text| !text.is_empty())?;
        Some((text != CLEAR).then(|| text.clone()))
    };
    let (remove, add): (Vec<String>, Vec<String>) =
        tags(answers.get(2)).into_iter().partition(|tag| tag.starts_with('-'));
    let remove = remove.iter().map(|tag| tag.trim_start_matches('-').to_owned()).filter(|tag| !tag.is_empty());
    UserPatch { payee: field(0), category: field(1), note: field(3), add_tags: add, remove_tags: remove.collect() }
}

/// The question before a large edit: how many rows, and every change.
fn question(rows: usize, patch: &UserPatch) -> Vec<String> {
    let mut lines = vec![format!("Edit {} rows?", plain(rows.into()))];
    for (name, change) in [("Payee", &patch.payee), ("Category", &patch.category), ("Note", &patch.note)] {
        match change {
            Some(Some(text)) => lines.push(format!("{name}: {text}")),
            Some(None) => lines.push(format!("{name}: cleared")),
            None => {}
        }
    }
    if !patch.add_tags.is_empty() {
        lines.push(format!("Tags added: {}", patch.add_tags.join(", ")));
    }
    if !patch.remove_tags.is_empty() {
        lines.push(format!("Tags removed: {}", patch.remove_tags.join(", ")));
    }
    lines.push("One change: u undoes it as a whole.".to_owned());
    lines
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

    #[test]
    fn answers_for_many_rows_become_a_patch() {
        let answers = ["", "-", "trip, -work, +ann", "x"].map(str::to_owned);
        let patch = patch(&answers);
        assert_eq!((patch.payee, patch.category, patch.note), (None, Some(None), Some(Some("x".to_owned()))));
        assert_eq!((patch.add_tags, patch.remove_tags), (vec!["trip".into(), "ann".into()], vec!["work".into()]));
        assert!(super::patch(&[]).is_empty());
    }
}
