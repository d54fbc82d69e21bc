//! The current time.

use chrono::{DateTime, Local, NaiveDate, Utc};

/// The wall clock and the calendar of the user.
pub trait Clock: Send + Sync {
    /// This moment.
    fn now(&self) -> DateTime<Utc>;

    /// The day on the user's own calendar, which may differ from the UTC day.
    fn today(&self) -> NaiveDate;
}

/// A clock whose calendar stands at a day: shows data as of that day.
#[derive(Clone)]
pub struct DayClock {
    /// The calendar day.
    pub today: NaiveDate,
    /// The clock for moments.
    pub clock: std::sync::Arc<dyn Clock>,
}

impl std::fmt::Debug for DayClock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("DayClock").field(&self.today).finish()
    }
}

impl Clock for DayClock {
    fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    fn today(&self) -> NaiveDate {
        self.today
    }
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
