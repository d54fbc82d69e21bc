//! The moments that `--as-known` and `diff` take: changes and times.

use chrono::{DateTime, Local, NaiveDate, NaiveDateTime, NaiveTime, TimeZone as _, Utc};

use super::error::CliError;
use crate::{
    domain::{ChangeId, FailureKind, text},
    ledger::View,
};

/// The change that a moment names: a change by its id, or the last one until a time.
pub(super) fn moment(view: &View, written: &str) -> Result<ChangeId, CliError> {
    let id = written.strip_prefix("change:").unwrap_or(written);
    if let Ok(id) = id.parse::<u64>() {
        let id = ChangeId(id);
        if id.0 > 0 && view.change(id)?.is_none() {
            return Err(CliError::new(FailureKind::NotFound, format!("there is no change {id}"))
                .hint("`dashtam changes` lists them; 0 is the empty database"));
        }
        return Ok(id);
    }
    let at = time(written).ok_or_else(|| {
        CliError::usage(format!("`{}` is neither a change nor a time", text::clean(written)))
            .hint("write the id of a change, a day as 2026-01-31, or a time as 2026-01-31T15:00:00Z")
    })?;
    Ok(view.change_at(at)?)
}

/// A time in UTC, or in the time zone of the user; a day means its end.
fn time(written: &str) -> Option<DateTime<Utc>> {
    if let Ok(at) = DateTime::parse_from_rfc3339(written) {
        return Some(at.with_timezone(&Utc));
    }
    let end_of_day = |day: NaiveDate| NaiveTime::from_hms_milli_opt(23, 59, 59, 999).map(|time| day.and_time(time));
    let local = written.parse::<NaiveDate>().ok().and_then(end_of_day).or_else(|| {
        let forms = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"];
        forms.iter().find_map(|form| NaiveDateTime::parse_from_str(written, form).ok())
    })?;
    Local.from_local_datetime(&local).latest().map(|at| at.with_timezone(&Utc))
}

/// The day of a moment in the time zone of the user; `None` for the empty database.
pub(super) fn day_of(view: &View, change: ChangeId, written: &str) -> Result<Option<NaiveDate>, CliError> {
    if let Some(at) = time(written).filter(|_| written.parse::<u64>().is_err()) {
        return Ok(Some(at.with_timezone(&Local).date_naive()));
    }
    Ok(view.change(change)?.map(|change| change.at.with_timezone(&Local).date_naive()))
}
