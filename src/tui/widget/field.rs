//! A text field of one line.

use crossterm::event::{Event, KeyEvent};
use ratatui::{
    layout::{Position, Rect},
    style::Style,
};
use tui_input::{Input, InputRequest, backend::crossterm::to_input_request};
use unicode_segmentation::UnicodeSegmentation as _;

use super::{paint::Paint, text::width};
use crate::domain::text::clean;

/// Most bytes of a field.
const MOST: usize = 4_096;

/// A text field.
#[derive(Debug, Clone, Default)]
pub(crate) struct TextField {
    input: Input,
}

impl TextField {
    pub(crate) fn new(value: impl Into<String>) -> Self {
        Self { input: Input::new(value.into()) }
    }

    pub(crate) fn value(&self) -> &str {
        self.input.value()
    }

    /// Replaces the text; the cursor goes to its end.
    pub(crate) fn set(&mut self, value: impl Into<String>) {
        self.input = Input::new(value.into());
    }

    /// Replaces the text; the cursor goes to a byte of it.
    pub(crate) fn set_at(&mut self, value: String, cursor: usize) {
        let characters = value.char_indices().take_while(|(index, _)| *index < cursor).count();
        self.input = Input::new(value).with_cursor(characters);
    }

    /// The cursor, as a byte offset.
    pub(crate) fn cursor(&self) -> usize {
        let value = self.input.value();
        value.char_indices().nth(self.input.cursor()).map_or(value.len(), |(index, _)| index)
    }

    /// Handles a key; returns whether the text changed.
    pub(crate) fn key(&mut self, event: KeyEvent) -> bool {
        let before = self.input.value().len();
        let Some(request) = to_input_request(&Event::Key(event)) else { return false };
        if matches!(request, InputRequest::InsertChar(_)) && before >= MOST {
            return false;
        }
        self.input.handle(request).is_some_and(|change| change.value)
    }

    /// Inserts pasted text, cleaned, as one line.
    pub(crate) fn paste(&mut self, text: &str) {
        let safe = clean(text);
        for character in safe.trim().chars().take(MOST.saturating_sub(self.input.value().len())) {
            self.input.handle(InputRequest::InsertChar(character));
        }
    }

    /// Draws it: with the focus scrolled so that its cursor is visible, else from its beginning. `marks` are styled byte ranges.
    pub(crate) fn draw(
        &self,
        paint: &mut Paint<'_>,
        area: Rect,
        focused: bool,
        marks: &[(std::ops::Range<usize>, Style)],
    ) {
        if area.is_empty() {
            return;
        }
        let value = self.input.value();
        let columns = usize::from(area.width).saturating_sub(1);
        let before = width(&value[..self.cursor()]);
        let mut skipped = 0;
        let mut x = 0;
        for (index, grapheme) in value.grapheme_indices(true) {
            let wide = width(grapheme);
            if focused && before > columns && skipped < before - columns {
                skipped += wide;
                continue;
            }
            if x + wide > usize::from(area.width) {
                if !focused {
                    let end = Rect { x: area.right() - 1, width: 1, height: 1, ..area };
                    paint.text(end, "…", paint.theme.field);
                }
                break;
            }
            let style =
                marks.iter().find(|(range, _)| range.contains(&index)).map_or(paint.theme.field, |(_, style)| *style);
            let at = u16::try_from(x).unwrap_or(u16::MAX);
            paint.text(Rect { x: area.x + at, width: area.width - at, height: 1, ..area }, grapheme, style);
            x += wide;
        }
        if focused {
            let at = u16::try_from(before - skipped.min(before)).unwrap_or(u16::MAX).min(area.width - 1);
            *paint.cursor = Some(Position { x: area.x + at, y: area.y });
        }
    }
}
