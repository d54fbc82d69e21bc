//! Coverage: the days of an account that are proven, derived or in a gap, as spans.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{BalanceHistory, Cause, Check, Standing};
use crate::{
    domain::{AccountId, AssetCode},
    ledger::{View, error::Result},
};

/// Neighbouring days of one account with the same standing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The account.
    pub account: AccountId,
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
    /// The evidence for the balances of these days. A span of proven days includes the stated days at its ends.
    pub standing: Standing,
    /// For a gap: the amount that the rows do not explain (stated less expected).
    pub gap: Option<Decimal>,
    /// For a gap: the comparison that failed.
    pub check: Option<Check>,
    /// The currency of the gap.
    pub currency: AssetCode,
    /// For a gap: single rows that would explain it.
    pub causes: Vec<Cause>,
}

impl View {
    /// The spans of one account, oldest first, until the newest stated balance or row.
    ///
    /// # Errors
    /// As [`View::daily`].
    pub fn coverage(&self, account: AccountId) -> Result<Vec<Span>> {
        let daily = self.daily()?;
        let Some(history) = daily.history(account) else { return Ok(Vec::new()) };
        let mut spans = history.spans();
        if let Some(day) = self.last_day() {
            spans.retain(|span| span.from <= day);
            for span in &mut spans {
                span.to = span.to.min(day);
            }
        }
        for span in &mut spans {
            if let Some(check) = &span.check {
                span.causes = self.causes(account, check)?;
            }
        }
        Ok(spans)
    }
}

impl View {
    /// The gaps of one account, the newest first, with the single rows that would explain the first `with_causes` of them.
    ///
    /// # Errors
    /// As [`View::daily`].
    pub fn gaps(&self, account: AccountId, with_causes: usize) -> Result<Vec<Span>> {
        let daily = self.daily()?;
        let Some(history) = daily.history(account) else { return Ok(Vec::new()) };
        let mut gaps = history.spans();
        gaps.retain(|span| span.standing == Standing::Gap && self.last_day().is_none_or(|day| span.to <= day));
        gaps.reverse();
        for span in gaps.iter_mut().take(with_causes) {
            if let Some(check) = &span.check {
                span.causes = self.causes(account, check)?;
            }
        }
        Ok(gaps)
    }
}

impl BalanceHistory {
    /// The spans, without causes.
    pub(super) fn spans(&self) -> Vec<Span> {
        let mut spans: Vec<Span> = Vec::new();
        let span = |from, to, standing| Span {
            account: self.account(),
            from,
            to,
            standing,
            gap: None,
            check: None,
            currency: self.currency(),
            causes: Vec::new(),
        };
        let newest_row = self.newest_row(NaiveDate::MAX);
        let (Some(first), Some(last)) = (self.stated().first(), self.stated().last()) else {
            let rows = self.first_row().zip(newest_row);
            return rows.map(|(from, to)| span(from, to, Standing::Unknown)).into_iter().collect();
        };
        if let Some(from) = self.first_row().filter(|row| *row < first.date)
            && let Some(to) = first.date.pred_opt()
        {
            let standing = if self.on(from).is_some() { Standing::Derived } else { Standing::Unknown };
            spans.push(span(from, to, standing));
        }
        spans.push(span(first.date, first.date, Standing::Stated));
        for (pair, check) in self.stated().windows(2).zip(self.comparisons()) {
            let Some(from) = pair[0].date.succ_opt() else { continue };
            let to = pair[1].date;
            let next = match check {
                Some(check) if check.agrees() => span(from, to, Standing::Proven),
                Some(check) => {
                    let gap = check.difference().map(|gap| gap.amount);
                    let currency = check.stated.currency;
                    Span { gap, check: Some(*check), currency, ..span(from, to, Standing::Gap) }
                }
                None if from == to => span(from, to, Standing::Stated),
                None => span(from, to, Standing::Derived),
            };
            match spans.last_mut() {
                Some(before) if before.standing == next.standing && next.gap.is_none() => before.to = next.to,
                // A stated day is the end of the span that it proves.
                Some(before) if before.standing == Standing::Stated && next.standing == Standing::Proven => {
                    *before = Span { from: before.from, ..next };
                }
                _ => spans.push(next),
            }
        }
        if let Some(from) = last.date.succ_opt()
            && let Some(to) = newest_row.filter(|row| *row >= from)
        {
            spans.push(span(from, to, Standing::Derived));
        }
        spans
    }
}
