//! Reads figures and rows for the trees, of now and of what was known after a change.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

use crate::{
    domain::ChangeId,
    ledger::{Explainer, Ledger, LedgerEntry, LedgerError, View},
    tui::{
        msg::{Effect, Explained, KnownFigure, PastStates, WorkerAnswer},
        overlay::{CHUNK, INPUTS},
    },
};

/// Reads states. Earlier ones are built in memory, each once for the pane that asks.
pub(super) struct States {
    ledger: Ledger,
    view: View,
    today: NaiveDate,
    local_time: fn(DateTime<Utc>) -> NaiveDateTime,
    past: PastStates,
}

impl States {
    pub(super) const fn new(
        ledger: Ledger,
        view: View,
        today: NaiveDate,
        local_time: fn(DateTime<Utc>) -> NaiveDateTime,
    ) -> Self {
        Self { ledger, view, today, local_time, past: PastStates::new() }
    }

    /// The work for `Explain` and `ChangeRows`; `None` for other effects.
    pub(super) fn answer_to(self, effect: Effect) -> Option<Box<dyn FnOnce() -> WorkerAnswer + Send>> {
        match effect {
            Effect::Explain { figure, offset, beside, past } => Some(Box::new(move || {
                let explained = Self { past, ..self }.explain(&figure, offset, &beside);
                WorkerAnswer::Explained { figure, offset, result: explained.map(Box::new).map_err(Into::into) }
            })),
            Effect::ChangeRows { change, offset, then } => Some(Box::new(move || {
                let limit = usize::try_from(CHUNK).unwrap_or(usize::MAX);
                let rows = match then {
                    Some(past) => Self { past, ..self }.rows(change, offset, limit),
                    None => self.view.change_rows(change, offset, limit).map(|rows| (rows, PastStates::new())),
                };
                WorkerAnswer::ChangeRows { change, offset, result: rows.map_err(Into::into) }
            })),
            _ => None,
        }
    }

    /// The state after a change, whose today is the day of the change; without one that of now.
    fn after(&mut self, change: Option<ChangeId>) -> Result<Explainer, LedgerError> {
        let Some(change) = change else { return Ok(Explainer::new(searchable(self.view.clone())?, self.today)) };
        if let Some(known) = self.past.get(&change) {
            return Ok(known.clone());
        }
        let ledger = self.ledger.as_known(change)?;
        let at = ledger.view()?.change(change)?.map(|change| (self.local_time)(change.at).date());
        let today = at.unwrap_or(self.today);
        let view = searchable(ledger.on(today).view()?)?.balances_on(today)?;
        let known = Explainer::new(view, today);
        self.past.insert(change, known.clone());
        Ok(known)
    }

    /// A figure with the inputs from `offset` on; of a leaf its source.
    fn explain(
        mut self,
        wanted: &KnownFigure,
        offset: usize,
        beside: &[KnownFigure],
    ) -> Result<Explained, LedgerError> {
        let explainer = self.after(wanted.after)?;
        let node = explainer.node(&wanted.figure)?;
        let is_leaf = node.as_ref().is_some_and(|node| node.inputs == 0);
        let place = if is_leaf { explainer.place(&wanted.figure)? } else { None };
        let inputs = explainer.inputs(&wanted.figure, offset..offset + INPUTS)?;
        let mut others = Vec::new();
        for other in beside {
            let node = if other.after == wanted.after {
                explainer.node(&other.figure)?
            } else {
                self.after(other.after)?.node(&other.figure)?
            };
            others.extend(node.map(|node| (other.after, node)));
        }
        Ok(Explained { node, inputs, beside: others, place, past: self.past })
    }

    /// The rows of a change as it left them.
    fn rows(mut self, change: ChangeId, offset: u64, limit: usize) -> Result<ChangeRows, LedgerError> {
        let rows = self.after(Some(change))?.view().change_rows(change, offset, limit)?;
        Ok((rows, self.past))
    }
}

/// Rows of a change, and the states that were read for them.
type ChangeRows = (Vec<LedgerEntry>, PastStates);

/// The view with its columns.
pub(super) fn searchable(view: View) -> Result<View, LedgerError> {
    if view.has_columns() { Ok(view) } else { Ok(view.with_columns(view.load_columns()?)) }
}
