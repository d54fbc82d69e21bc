//! What time it is.

use chrono::{DateTime, Local, NaiveDate, Utc};

/// The wall clock and the calendar of the user.
pub trait Clock: Send + Sync {
    /// This moment.
    fn now(&self) -> DateTime<Utc>;

    /// The day on the user's own calendar, which may differ from the UTC day.
    fn today(&self) -> NaiveDate;
}

/// The clock and the time zone of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    fn today(&self) -> NaiveDate {
        Local::now().date_naive()
    }
}
