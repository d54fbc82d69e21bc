//! Waits between attempts: as requested by the provider, else full jitter.
//!
//! INVARIANT: a requested wait is clamped to between one second and one hour.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{HeaderMap, RETRY_AFTER};

use crate::ports::Entropy;

const BASE: Duration = Duration::from_secs(1);
const CAP: Duration = Duration::from_secs(60);
const LEAST: Duration = Duration::from_secs(1);
const MOST: Duration = Duration::from_secs(3_600);

/// A random wait below a ceiling that doubles with every attempt (0-based), so that many clients do not return together.
pub(super) fn jitter(attempt: u32, entropy: &dyn Entropy) -> Duration {
    let ceiling = BASE.saturating_mul(1 << attempt.min(6)).min(CAP);
    let mut bytes = [0; 4];
    // Without randomness, wait the whole time.
    let share = entropy.fill(&mut bytes).map_or(u32::MAX, |()| u32::from_le_bytes(bytes));
    let milliseconds = u64::try_from(ceiling.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(milliseconds * u64::from(share) / u64::from(u32::MAX))
}

/// The wait that the reply requests: `Retry-After` in seconds or as a date, else `X-RateLimit-Reset` in seconds since 1970.
pub(super) fn requested(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let until = |then: DateTime<Utc>| (then - now).to_std().unwrap_or(Duration::ZERO);
    let retry_after = text(RETRY_AFTER.as_str()).and_then(|value| match value.parse::<u64>() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => httpdate::parse_http_date(value).ok().map(|date| until(date.into())),
    });
    let reset = || {
        let seconds = text("x-ratelimit-reset")?.parse().ok()?;
        DateTime::from_timestamp(seconds, 0).map(until)
    };
    retry_after.or_else(reset).map(|wait| wait.clamp(LEAST, MOST))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::fake::FakeEntropy;

    fn wait(name: &'static str, value: &str) -> Option<u64> {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        requested(&headers, "1994-11-06T08:49:00Z".parse().unwrap()).map(|wait| wait.as_secs())
    }

    #[test]
    fn every_form_is_understood_and_clamped() {
        assert_eq!(wait("retry-after", "2"), Some(2));
        assert_eq!(wait("retry-after", "0"), Some(1));
        assert_eq!(wait("retry-after", "999999"), Some(3_600));
        assert_eq!(wait("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT"), Some(37));
        assert_eq!(wait("retry-after", "Sunday, 06-Nov-94 08:49:37 GMT"), Some(37));
        assert_eq!(wait("retry-after", "Sun Nov  6 08:49:37 1994"), Some(37));
        assert_eq!(wait("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT"), Some(1), "in the past");
        assert_eq!(wait("retry-after", "soon"), None);
        assert_eq!(wait("retry-after", "-5"), None);
        assert_eq!(wait("x-ratelimit-reset", "784111777"), Some(37));
        assert_eq!(wait("x-ratelimit-reset", "99999999999999999"), None);
    }

    #[test]
    fn jitter_stays_below_its_doubling_ceiling() {
        let entropy = FakeEntropy::default();
        for attempt in 0..40 {
            let ceiling = Duration::from_secs(2_u64.saturating_pow(attempt).min(60));
            let waits: Vec<_> = (0..50).map(|_| jitter(attempt, &entropy)).collect();
            assert!(waits.iter().all(|wait| *wait <= ceiling), "{attempt}");
            assert!(waits.iter().any(|wait| *wait < ceiling / 2) && waits.iter().any(|wait| *wait > ceiling / 2));
        }
    }
}
