//! The current time.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Local, NaiveDate, TimeDelta, Utc};

/// The wall clock and the calendar of the user.
pub trait Clock: Send + Sync {
    /// This moment.
    fn now(&self) -> DateTime<Utc>;

    /// The day on the user's own calendar, which may differ from the UTC day.
    fn today(&self) -> NaiveDate;
}

/// A clock whose calendar stays at a day: shows data as of that day.
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

/// The clock of the machine, ahead or behind by some time: for data that is made up to have happened earlier.
#[derive(Debug, Default)]
pub struct ShiftedClock {
    seconds: AtomicI64,
}

impl ShiftedClock {
    /// Sets the difference to the clock of the machine.
    pub fn set(&self, shift: TimeDelta) {
        self.seconds.store(shift.num_seconds(), Ordering::Relaxed);
    }

    fn shift(&self) -> TimeDelta {
        TimeDelta::seconds(self.seconds.load(Ordering::Relaxed))
    }
}

impl Clock for ShiftedClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now() + self.shift()
    }

    fn today(&self) -> NaiveDate {
        (Local::now() + self.shift()).date_naive()
    }
}
