//! The institution of files that name none, as a field over the review.
//!
//! Saving reads the files again with the name, in the place of the review.

use std::path::PathBuf;

use super::Review;
use crate::{
    sync::{EngineCommand, ImportOptions, JobId},
    tui::{
        component::pane::{Ask, Ctx},
        msg::Effect,
        overlay::form::{Form, FormField, Suggest},
    },
};

/// The review that is asked about: its job, files and options.
pub(super) type About = (JobId, Vec<PathBuf>, ImportOptions);

/// The form with the name that was given before.
pub(super) fn form(job: JobId, paths: &[PathBuf], options: &ImportOptions) -> Form<About> {
    let field = FormField {
        label: "Institution",
        help: "Used for files that name none; the others keep the institution that they name",
        value: options.answers.get("institution").unwrap_or_default().to_owned(),
        default: String::new(),
        suggest: Suggest::Nothing,
    };
    let about = (job, paths.to_vec(), options.clone());
    Form::new("Which institution are these files of?", vec![field], about, submit)
}

fn submit(about: &About, answers: &[String], ctx: &mut Ctx<'_>) -> Result<(), (usize, String)> {
    let (job, paths, options) = about;
    let name = answers.first().map(|name| name.trim()).filter(|name| !name.is_empty());
    let Some(name) = name else { return Err((0, "Type the name of the institution.".to_owned())) };
    let (paths, mut options) = (paths.clone(), options.clone());
    options.answers.insert("institution", name);
    ctx.effects.push(Effect::Send(EngineCommand::Cancel { job: *job }));
    ctx.asks.push(Ask::Pop);
    let job = ctx.command(|job| EngineCommand::ReviewImport { job, paths: paths.clone(), options: options.clone() });
    ctx.push(Review::reading(job, paths, options));
    Ok(())
}
