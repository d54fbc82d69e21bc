//! When a connection is synced. Pure.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::Occasion;
use crate::{
    domain::{Connection, ConnectionStatus, Disposition},
    providers::{self, ProviderMetadata},
};

/// The user's settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// Between two syncs of a connection while the program is open; zero for only when asked.
    pub every: Duration,
    /// Days before the watermark that are asked for again, at the least.
    pub overlap_days: u32,
}

impl Default for Schedule {
    fn default() -> Self {
        Self { every: Duration::from_secs(6 * 3600), overlap_days: 7 }
    }
}

/// Whether the schedule wants it synced now. A login that ended is due too: asking for it marks it as expired.
pub(super) fn is_due(connection: &Connection, now: DateTime<Utc>) -> bool {
    connection.status == ConnectionStatus::Active
        && providers::is_live(connection)
        && [connection.next_sync_at, connection.login_expires_at].iter().flatten().any(|at| *at <= now)
}

/// Why a sync would come too early for the provider, in words; `None` when it would not.
pub(super) fn too_early(
    connection: &Connection,
    metadata: &ProviderMetadata,
    occasion: Occasion,
    now: DateTime<Utc>,
) -> Option<String> {
    if matches!(occasion, Occasion::First | Occasion::Asked { force: true }) {
        return None;
    }
    let last = connection.last_sync_at?;
    let interval = TimeDelta::from_std(metadata.pace.sync_interval).ok()?;
    let wait = last + interval - now;
    (wait > TimeDelta::zero()).then(|| {
        let minutes = (wait.num_seconds() + 59) / 60;
        format!("synced moments ago; {} asks for {minutes} more min (--force goes ahead)", metadata.display_name)
    })
}

/// When to sync next after a success: the interval, up to a tenth earlier or later so that machines don't all ask at the
/// full hour. `chance` is a random number.
pub(super) fn next_after_success(
    now: DateTime<Utc>,
    schedule: Schedule,
    metadata: &ProviderMetadata,
    chance: u64,
) -> Option<DateTime<Utc>> {
    if schedule.every.is_zero() {
        return None;
    }
    let every = schedule.every.max(metadata.pace.sync_interval);
    let spread = (every.as_secs() / 5).max(1);
    let seconds = (every.as_secs() - spread / 2).max(metadata.pace.sync_interval.as_secs()) + chance % spread;
    Some(now + TimeDelta::try_seconds(i64::try_from(seconds).ok()?)?)
}

/// When to try again after a failure: when the provider says, else in a quarter of the interval; never by itself where
/// the user must act first.
pub(super) fn next_after_failure(
    now: DateTime<Utc>,
    schedule: Schedule,
    disposition: &Disposition,
) -> Option<DateTime<Utc>> {
    if schedule.every.is_zero() {
        return None;
    }
    let quarter = TimeDelta::from_std(schedule.every / 4).ok()?.max(TimeDelta::minutes(15));
    match disposition {
        Disposition::Retry { not_before } => Some(not_before.unwrap_or(now + quarter).max(now + TimeDelta::minutes(1))),
        Disposition::Permanent => Some(now + quarter * 4),
        Disposition::AskUser => Some(now + TimeDelta::days(1)),
        Disposition::Reauthenticate => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ProviderError, ProviderErrorKind};

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn success_spreads_around_the_interval() {
        let metadata = providers::find("alpaca").unwrap();
        let schedule = Schedule::default();
        for chance in [0, 1, u64::MAX, 4321] {
            let next = next_after_success(at(0), schedule, metadata, chance).unwrap().timestamp();
            assert!((6 * 3600 * 9 / 10..=6 * 3600 * 11 / 10).contains(&next), "{next}");
        }
        let never = Schedule { every: Duration::ZERO, ..schedule };
        assert_eq!(next_after_success(at(0), never, metadata, 1), None);
    }

    #[test]
    fn failure_waits_for_the_provider_or_the_user() {
        let next =
            |kind| next_after_failure(at(0), Schedule::default(), &ProviderError::new("x", kind, "y").disposition());
        assert_eq!(next(ProviderErrorKind::RateLimited { until: Some(at(7200)) }), Some(at(7200)));
        assert_eq!(next(ProviderErrorKind::Unavailable), Some(at(5400)));
        assert_eq!(next(ProviderErrorKind::LoginExpired), None);
    }
}
