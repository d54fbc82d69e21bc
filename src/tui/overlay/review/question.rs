//! The question of a file, as a menu over the review: each answer with the rows that it gives.
//!
//! Choosing reads the files again with the answer; Esc leaves the review, in which nothing is written.

use std::path::PathBuf;

use super::Review;
use crate::{
    statements::{self, Question},
    sync::{EngineCommand, ImportOptions, ImportReview, JobId},
    tui::{
        component::pane::{Ask, Ctx},
        msg::Effect,
        overlay::menu::{Menu, MenuEntry},
    },
};

/// The parts that choosing an answer needs.
pub(super) struct AnswerAction {
    /// The review that asked.
    job: JobId,
    paths: Vec<PathBuf>,
    /// With the answer in it.
    options: ImportOptions,
}

/// The first question of a review.
pub(super) fn open(review: &ImportReview) -> Option<&Question> {
    review.files.iter().find_map(|file| file.outcome.as_ref().err()?.question.as_deref())
}

/// The menu of a question.
pub(super) fn menu(question: &Question, job: JobId, paths: &[PathBuf], options: &ImportOptions) -> Menu<AnswerAction> {
    let choice = |(letter, option): (char, &statements::QuestionOption)| {
        let mut options = options.clone();
        options.answers.insert(question.id.as_str(), option.value.as_str());
        MenuEntry {
            letter,
            title: option.label.clone(),
            detail: option.preview.join(" · "),
            value: AnswerAction { job, paths: paths.to_vec(), options },
        }
    };
    let choices = ('1'..='9').zip(&question.options).map(choice).collect();
    Menu::new("Which reading is right? Kept for files with this header", choices, 0, choose)
}

/// Reads the files again with the answer, in the place of the review that asked.
fn choose(answer: &AnswerAction, ctx: &mut Ctx<'_>) {
    ctx.effects.push(Effect::Send(EngineCommand::Cancel { job: answer.job }));
    ctx.asks.push(Ask::Pop);
    let (paths, options) = (answer.paths.clone(), answer.options.clone());
    let job = ctx.command(|job| EngineCommand::ReviewImport { job, paths: paths.clone(), options: options.clone() });
    ctx.push(Review::reading(job, paths, options));
}
