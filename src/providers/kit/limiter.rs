//! Limits on requests: a token bucket per host and a budget per day.
//!
//! INVARIANT: it never sleeps, it returns the time to wait. A wall clock that jumps back blocks for at most one refill.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, NaiveDate, Utc};

use crate::providers::Pace;

/// Requests sent on one UTC day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spent {
    /// The day.
    pub day: NaiveDate,
    /// Number of requests.
    pub requests: u32,
}

#[derive(Debug, Default)]
pub(super) struct Limiter(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    buckets: HashMap<String, Bucket>,
    spent: HashMap<String, Spent>,
    /// The user's limits per day, by provider.
    wanted: HashMap<String, u32>,
}

/// Generic cell rate algorithm: one time replaces a token count with its age.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// Time at which the bucket is full.
    full_at: DateTime<Utc>,
    /// End of the wait that the provider requested.
    silent_until: DateTime<Utc>,
}

/// Whether a request may go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RequestPermit {
    /// Now. The request is counted.
    Now,
    /// At this time.
    At(DateTime<Utc>),
    /// The daily budget is used up until this time.
    Exhausted(DateTime<Utc>),
}

impl Limiter {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn limit(&self, slug: &str, per_day: u32) {
        self.state().wanted.insert(slug.to_owned(), per_day);
    }

    /// The provider's pace, within the user's limit.
    pub(super) fn pace(&self, slug: &str, own: Pace) -> Pace {
        own.at_most(self.state().wanted.get(slug).copied())
    }

    pub(super) fn acquire(&self, slug: &str, host: &str, pace: Pace, now: DateTime<Utc>) -> RequestPermit {
        let mut state = self.state();
        let state = &mut *state;
        let bucket = state
            .buckets
            .entry(host.to_owned())
            .or_insert(Bucket { full_at: now, silent_until: DateTime::<Utc>::MIN_UTC });
        if bucket.silent_until > now + chrono::TimeDelta::hours(1) {
            bucket.silent_until = now;
        }
        if bucket.silent_until > now {
            return RequestPermit::At(bucket.silent_until);
        }
        let spent = state.spent.entry(slug.to_owned()).or_default();
        let today = now.date_naive();
        if spent.day != today {
            *spent = Spent { day: today, requests: 0 };
        }
        if pace.per_day.is_some_and(|budget| spent.requests >= budget) {
            let midnight = (today + chrono::Days::new(1)).and_time(chrono::NaiveTime::MIN).and_utc();
            return RequestPermit::Exhausted(midnight);
        }
        let interval = chrono::TimeDelta::milliseconds(60_000 / i64::from(pace.per_minute.max(1)));
        let room = interval * i32::try_from(pace.burst.max(1)).unwrap_or(i32::MAX);
        // After a jump of the clock, the bucket is at most empty.
        bucket.full_at = bucket.full_at.clamp(now, now + room);
        let full_at = bucket.full_at + interval;
        if full_at > now + room {
            return RequestPermit::At(full_at - room);
        }
        bucket.full_at = full_at;
        spent.requests += 1;
        RequestPermit::Now
    }

    /// The provider sent Retry-After.
    pub(super) fn silence(&self, host: &str, now: DateTime<Utc>, wait: Duration) {
        let until = now + chrono::TimeDelta::from_std(wait).unwrap_or(chrono::TimeDelta::hours(1));
        let mut state = self.state();
        let bucket = state.buckets.entry(host.to_owned()).or_insert(Bucket { full_at: now, silent_until: until });
        bucket.silent_until = bucket.silent_until.max(until);
    }

    pub(super) fn spent(&self, slug: &str, now: DateTime<Utc>) -> Spent {
        let today = Spent { day: now.date_naive(), requests: 0 };
        self.state().spent.get(slug).copied().filter(|spent| spent.day == today.day).unwrap_or(today)
    }

    pub(super) fn restore(&self, slug: &str, spent: Spent) {
        let mut state = self.state();
        let known = state.spent.entry(slug.to_owned()).or_default();
        if spent.day > known.day || (spent.day == known.day && spent.requests > known.requests) {
            *known = spent;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace =
        Pace { per_minute: 60, burst: 3, per_day: None, sync_interval: Duration::ZERO, publishes_at: None };

    fn at(milliseconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_700_000_000_000 + milliseconds).unwrap()
    }

    #[test]
    fn a_burst_goes_out_at_once_then_the_pace_holds() {
        let limiter = Limiter::default();
        let ask = |ms| limiter.acquire("p", "h", PACE, at(ms));
        assert_eq!([ask(0), ask(0), ask(0)], [RequestPermit::Now; 3]);
        assert_eq!(ask(0), RequestPermit::At(at(1_000)));
        assert_eq!(ask(999), RequestPermit::At(at(1_000)));
        assert_eq!(ask(1_000), RequestPermit::Now);
        assert_eq!(ask(1_000), RequestPermit::At(at(2_000)));
        assert_eq!([ask(9_000), ask(9_000), ask(9_000)], [RequestPermit::Now; 3], "refilled, but not beyond the burst");
        assert_eq!(ask(9_000), RequestPermit::At(at(10_000)));
        assert_eq!(limiter.acquire("p", "other", PACE, at(9_000)), RequestPermit::Now);
    }

    #[test]
    fn a_clock_that_jumps_back_does_not_block() {
        let limiter = Limiter::default();
        for _ in 0..3 {
            limiter.acquire("p", "h", PACE, at(3_600_000));
        }
        assert_eq!(limiter.acquire("p", "h", PACE, at(0)), RequestPermit::At(at(1_000)));
        assert_eq!(limiter.acquire("p", "h", PACE, at(1_000)), RequestPermit::Now);
    }

    #[test]
    fn silence_is_kept_and_the_day_has_a_budget() {
        let limiter = Limiter::default();
        limiter.silence("h", at(0), Duration::from_secs(5));
        assert_eq!(limiter.acquire("p", "h", PACE, at(4_999)), RequestPermit::At(at(5_000)));
        let pace = Pace { per_day: Some(2), ..PACE };
        assert_eq!(limiter.acquire("p", "h", pace, at(5_000)), RequestPermit::Now);
        assert_eq!(limiter.acquire("p", "h", pace, at(5_000)), RequestPermit::Now);
        let midnight = "2023-11-15T00:00:00Z".parse().unwrap();
        assert_eq!(limiter.acquire("p", "h", pace, at(5_000)), RequestPermit::Exhausted(midnight));
        assert_eq!(limiter.spent("p", at(0)).requests, 2);
        assert_eq!(limiter.acquire("p", "h", pace, midnight), RequestPermit::Now);
    }

    #[test]
    fn requests_of_an_earlier_run_count() {
        let limiter = Limiter::default();
        let pace = Pace { per_day: Some(2), ..PACE };
        limiter.restore("p", Spent { day: at(0).date_naive(), requests: 2 });
        limiter.restore("p", Spent { day: at(0).date_naive(), requests: 1 });
        assert!(matches!(limiter.acquire("p", "h", pace, at(0)), RequestPermit::Exhausted(_)));
    }
}
