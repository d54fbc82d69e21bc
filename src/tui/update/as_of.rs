//! The day that everything is shown as of.

use chrono::{Datelike as _, Months, NaiveDate};

use crate::tui::{
    action::Action,
    app::App,
    component::{
        pane::{Ask, Ctx},
        toast::Level,
    },
    env::Env,
    msg::Effect,
    overlay::{Form, FormField, Suggest},
};

impl App {
    /// Shows everything as of a day, or today for `None`.
    pub(super) fn show_day(&mut self, day: Option<NaiveDate>, env: &Env) -> Vec<Effect> {
        let day = day.filter(|day| *day < env.clock.today());
        if self.as_of == day {
            return Vec::new();
        }
        self.as_of = day;
        self.moment = self.moment.on(Some(day.unwrap_or_else(|| env.clock.today())));
        if day.is_none() {
            self.toast(Level::News, "Everything is shown as of today.");
        }
        vec![Effect::ShowDay(day)]
    }

    /// A day or a month on or back.
    pub(super) fn step(&mut self, action: Action, env: &Env) -> Vec<Effect> {
        let today = env.clock.today();
        if self.as_of.is_none() && matches!(action, Action::DayAfter | Action::MonthAfter) {
            self.toast(Level::News, "Today is the last day.");
            return Vec::new();
        }
        let day = self.as_of.unwrap_or(today);
        let next = match action {
            Action::DayBefore => day.pred_opt(),
            Action::DayAfter => day.succ_opt(),
            Action::MonthBefore => day.with_day(1).and_then(|first| first.pred_opt()),
            // From the last day of a month on, that of the next month.
            _ => day.succ_opt().and_then(month_end),
        };
        self.show_day(next.or(self.as_of), env)
    }
}

/// The last day of the month of a day.
fn month_end(day: NaiveDate) -> Option<NaiveDate> {
    day.with_day(1)?.checked_add_months(Months::new(1))?.pred_opt()
}

/// Asks for the day.
pub(super) fn form(ctx: &Ctx<'_>) -> Form<[NaiveDate; 2]> {
    let today = ctx.env.clock.today();
    let before = today.with_day(1).and_then(|first| first.pred_opt()).unwrap_or(today);
    let shown = if ctx.moment.today < today { ctx.moment.today } else { before };
    let day = FormField {
        label: "Day",
        help: "2026-09-30, or 2026-09 for its last day",
        value: String::new(),
        default: shown.to_string(),
        suggest: Suggest::Nothing,
    };
    Form::new("Show everything as of a day", vec![day], [today, shown], submit)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature of a form's answer")]
fn submit([today, shown]: &[NaiveDate; 2], answers: &[String], ctx: &mut Ctx<'_>) -> Result<(), (usize, String)> {
    let text = answers.first().map(String::as_str).unwrap_or_default();
    let day = if text.is_empty() { Some(*shown) } else { text.parse().ok() };
    let day = day.or_else(|| format!("{text}-01").parse().ok().and_then(month_end));
    let day = day.ok_or_else(|| (0, "Write a day as 2026-09-30, or a month as 2026-09".to_owned()))?;
    if day > *today {
        return Err((0, format!("{day} is in the future; today is {today}")));
    }
    ctx.asks.push(Ask::Day(Some(day)));
    Ok(())
}
