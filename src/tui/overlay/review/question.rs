//! The question of a file over its review: the file's own lines, and each answer with the rows and sums that it gives.
//!
//! Choosing reads the files again with the answer; Esc leaves the review, in which nothing is written.

use std::path::{Path, PathBuf};

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::{layout::Rect, style::Style};

use super::{Review, file_name};
use crate::{
    statements::Question,
    sync::{EngineCommand, FileReview, ImportOptions, ImportReview, JobId},
    tui::{
        action::{Action, KeyPlace},
        component::{
            hit::{ClickTarget, ListId},
            pane::{Ask, Ctx, Pane},
            scene::Scene,
        },
        msg::Effect,
        widget::{
            cursor::SelectedRow,
            paint::{centred, padded, rows},
            text::{fit, width, wrap},
        },
    },
};

const TITLE: &str = "Which reading is right?";

/// The first question of a review, and the path of its file.
pub(super) fn open(review: &ImportReview) -> Option<(&Path, &Question)> {
    review.files.iter().find_map(of)
}

/// The question of a file, and its path.
pub(super) fn of(file: &FileReview) -> Option<(&Path, &Question)> {
    let question = file.outcome.as_ref().err()?.question.as_deref()?;
    Some((file.path.as_path(), question))
}

/// The question on screen.
pub(super) struct QuestionPane {
    question: Question,
    /// The name of its file.
    file: String,
    /// The review that asked.
    job: JobId,
    paths: Vec<PathBuf>,
    options: ImportOptions,
    cursor: SelectedRow,
    /// Whether the answer applies to later files of the layout too.
    keeps_answer: bool,
    shows_evidence: bool,
}

/// One line of the overlay.
struct Line {
    text: String,
    style: Style,
    /// The answer it belongs to.
    option: Option<usize>,
}

impl QuestionPane {
    pub(super) fn new(
        (path, question): (&Path, &Question),
        job: JobId,
        paths: &[PathBuf],
        options: &ImportOptions,
    ) -> Self {
        Self {
            question: question.clone(),
            file: file_name(path),
            job,
            paths: paths.to_vec(),
            options: options.clone(),
            cursor: SelectedRow::default(),
            keeps_answer: !options.once,
            shows_evidence: false,
        }
    }

    /// Reads the files again with the answer, in the place of the review that asked.
    fn choose(&self, index: usize, ctx: &mut Ctx<'_>) {
        let Some(option) = self.question.options.get(index) else { return };
        ctx.asks.push(Ask::Pop);
        ctx.effects.push(Effect::Send(EngineCommand::Cancel { job: self.job }));
        ctx.asks.push(Ask::Pop);
        let (paths, mut options) = (self.paths.clone(), self.options.clone());
        options.answers.insert(self.question.id.as_str(), option.value.as_str());
        options.once = !self.keeps_answer;
        let job =
            ctx.command(|job| EngineCommand::ReviewImport { job, paths: paths.clone(), options: options.clone() });
        ctx.push(Review::reading(job, paths, options));
    }

    fn lines(&self, scene: &Scene<'_>, columns: usize) -> Vec<Line> {
        let theme = scene.paint.theme;
        let plain = |text: String, style: Style| Line { text, style, option: None };
        let mut lines: Vec<Line> =
            wrap(&self.question.text, columns).into_iter().map(|text| plain(text, theme.heading)).collect();
        if self.shows_evidence {
            for reason in &self.question.evidence {
                let (mark, style) = if reason.supports { ('+', theme.text) } else { ('-', theme.warning) };
                lines.extend(
                    wrap(&format!("{mark} {}", reason.text), columns).into_iter().map(|text| plain(text, style)),
                );
            }
            if self.question.evidence.is_empty() {
                lines.push(plain("Nothing in the file decides it.".to_owned(), theme.muted));
            }
        } else {
            for (number, text) in &self.question.lines {
                lines.push(plain(fit(&format!("{number:>5}  {text}"), columns).into_owned(), theme.muted));
            }
        }
        for (index, option) in self.question.options.iter().enumerate() {
            lines.push(plain(String::new(), theme.text));
            let is_selected = index == self.cursor.at;
            let mark = if is_selected { '▸' } else { ' ' };
            let style = if is_selected { theme.heading } else { theme.text };
            let title = format!("{mark} {} {}", index + 1, option.label);
            lines.push(Line { text: fit(&title, columns).into_owned(), style, option: Some(index) });
            for row in &option.preview {
                let text = fit(&format!("     {row}"), columns).into_owned();
                lines.push(Line { text, style: theme.muted, option: Some(index) });
            }
        }
        lines.push(plain(String::new(), theme.text));
        let mark = if self.keeps_answer { 'x' } else { ' ' };
        lines.push(plain(format!("[{mark}] r  remember for files with this header"), theme.text));
        let other = if self.shows_evidence { "e  the lines of the file" } else { "e  evidence" };
        lines.push(plain(format!("    {other} · Esc writes nothing"), theme.muted));
        lines
    }
}

impl Pane for QuestionPane {
    fn place(&self) -> KeyPlace {
        KeyPlace::Menu
    }

    fn act(&mut self, action: Action, ctx: &mut Ctx<'_>) {
        if !self.cursor.act(action, self.question.options.len(), ctx.page) && action == Action::Accept {
            self.choose(self.cursor.at, ctx);
        }
    }

    fn key(&mut self, event: KeyEvent, ctx: &mut Ctx<'_>) {
        match event.code {
            KeyCode::Char('r') => self.keeps_answer = !self.keeps_answer,
            KeyCode::Char('e') => self.shows_evidence = !self.shows_evidence,
            KeyCode::Char(digit) => {
                if let Some(number) = digit.to_digit(10).filter(|number| *number > 0) {
                    self.choose(number as usize - 1, ctx);
                }
            }
            _ => {}
        }
    }

    fn click(&mut self, _list: ListId, index: usize, ctx: &mut Ctx<'_>) {
        self.choose(index, ctx);
    }

    fn scroll(&mut self, _list: ListId, rows: isize, _ctx: &mut Ctx<'_>) {
        self.cursor.scroll(rows, self.question.options.len());
    }

    fn draw(&self, scene: &mut Scene<'_>, area: Rect) {
        let most = area.width.saturating_sub(8);
        let lines = self.lines(scene, usize::from(most));
        let widest = lines.iter().map(|line| width(&line.text)).max().unwrap_or(0);
        let columns = u16::try_from(widest).unwrap_or(most).min(most) + 4;
        let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX).min(area.height);
        let columns = columns.max(u16::try_from(width(TITLE) + width(&self.file) + 8).unwrap_or(most)).min(most + 4);
        let room = usize::from(columns).saturating_sub(width(TITLE) + 8);
        let inner = padded(scene.overlay(centred(area, columns, height), TITLE, &fit(&self.file, room)));
        // Where not all fits, the selected answer stays in view.
        let fits = usize::from(inner.height);
        let last = lines.iter().rposition(|line| line.option == Some(self.cursor.at)).unwrap_or(0);
        let offset = (last + 1).saturating_sub(fits).min(lines.len().saturating_sub(fits));
        for (line, row) in lines.iter().skip(offset).zip(rows(inner)) {
            scene.paint.text(row, &line.text, line.style);
            if let Some(option) = line.option {
                scene.paint.target(row, ClickTarget::Row(ListId::Menu, option));
            }
        }
    }
}
