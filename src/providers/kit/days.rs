//! Calendar days of institutions in New York.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::America::New_York;

/// The calendar day in New York, by which American brokers date their statements.
#[must_use]
pub fn new_york_day(instant: DateTime<Utc>) -> NaiveDate {
    instant.with_timezone(&New_York).date_naive()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_ends_at_midnight_in_new_york_in_summer_and_winter() {
        let day = |text: &str| new_york_day(text.parse().unwrap()).to_string();
        assert_eq!(day("2026-07-01T03:59:59Z"), "2026-06-30");
        assert_eq!(day("2026-07-01T04:00:00Z"), "2026-07-01");
        assert_eq!(day("2026-01-08T04:59:59Z"), "2026-01-07");
        assert_eq!(day("2026-01-08T05:00:00Z"), "2026-01-08");
    }
}
