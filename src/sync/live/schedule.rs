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

/// The longest wait that a schedule or a provider sets. A later time was computed while the clock was ahead.
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(36);

/// When the connection is due, if the schedule applies to it.
#[must_use]
pub fn due_at(connection: &Connection, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let is_usable = connection.status_at(now) == ConnectionStatus::Active && providers::is_live(connection);
    let next = connection.next_sync_at.filter(|_| is_usable)?;
    Some(if next > now + LONGEST_WAIT { now } else { next })
}

/// Whether the schedule requests a sync now.
pub(super) fn is_due(connection: &Connection, now: DateTime<Utc>) -> bool {
    due_at(connection, now).is_some_and(|due| due <= now)
}

/// Why a sync would come too early for the provider, in words; `None` if it would not. A tenth of the interval is
/// tolerated, so that a daily sync may move a little.
pub(super) fn too_early(
    connection: &Connection,
    metadata: &ProviderMetadata,
    occasion: Occasion,
    now: DateTime<Utc>,
) -> Option<String> {
    if matches!(occasion, Occasion::First | Occasion::Asked { force: true }) {
        return None;
    }
    // A sync in the future was recorded while the clock was ahead.
    let last = connection.last_sync_at.filter(|last| *last <= now)?;
    let interval = TimeDelta::from_std(metadata.pace.sync_interval * 9 / 10).ok()?;
    let wait = last + interval - now;
    (wait > TimeDelta::zero()).then(|| {
        let minutes = (wait.num_seconds() + 59) / 60;
        format!(
            "synced a short time ago; {} asks to wait {minutes} more min (--force syncs now)",
            metadata.display_name
        )
    })
}

/// When to sync next after a success: at the provider's time of publication, or after the interval, up to a tenth earlier
/// or later so that machines don't all ask at the full hour. `chance` is a random number.
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
    if let Some(time) = metadata.pace.publishes_at {
        // The first publication that the interval, less its tolerance, allows; then within an hour after it.
        let earliest = now + TimeDelta::from_std(metadata.pace.sync_interval * 9 / 10).ok()?;
        let today = earliest.date_naive().and_time(time).and_utc();
        let published = if today >= earliest { today } else { today + TimeDelta::days(1) };
        return Some(published + TimeDelta::try_seconds(i64::try_from(chance % 3_600).ok()?)?);
    }
    let seconds = (every.as_secs() - spread / 2).max(metadata.pace.sync_interval.as_secs() * 9 / 10) + chance % spread;
    Some(now + TimeDelta::try_seconds(i64::try_from(seconds).ok()?)?)
}

/// When to try again after a failure: at the time the provider requests, else after a quarter of the interval; not
/// automatically if the user must act first.
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
    fn a_clock_that_was_ahead_freezes_nothing() {
        let mut connection = Connection {
            status: ConnectionStatus::Active,
            last_sync_at: Some(at(9_000_000)),
            next_sync_at: Some(at(9_000_600)),
            login_expires_at: Some(at(500)),
            ..Connection::new(crate::domain::ConnectionId(1), "alpaca", "Alpaca")
        };
        let now = at(100);
        assert!(is_due(&connection, now), "a time of next sync in the far future counts as now");
        let metadata = daily();
        assert_eq!(too_early(&connection, &metadata, Occasion::Due, now), None, "a last sync in the future is ignored");
        assert!(!is_due(&connection, at(501)), "an expired login is not asked for");
        assert_eq!(connection.status_at(at(501)), ConnectionStatus::Expired);
        assert_eq!(connection.status_at(now), ConnectionStatus::Active, "and is whole again when the clock is");
        connection.last_sync_at = Some(at(100));
        let after = |share: i64| too_early(&connection, &metadata, Occasion::Due, at(100 + 86_400 * share / 100));
        assert!(after(89).is_some() && after(91).is_none(), "a tenth of the interval is tolerated");
    }

    #[test]
    fn a_daily_provider_is_asked_after_it_publishes() {
        let metadata = daily();
        let next = |now: &str| {
            next_after_success(now.parse().unwrap(), Schedule::default(), &metadata, 7_199).unwrap().to_rfc3339()
        };
        assert_eq!(next("2026-11-20T10:00:00Z"), "2026-11-21T10:59:59+00:00");
        assert_eq!(next("2026-11-20T12:20:00Z"), "2026-11-21T10:59:59+00:00", "two hours early is within a tenth");
        assert_eq!(next("2026-11-20T13:30:00Z"), "2026-11-22T10:59:59+00:00");
    }

    fn daily() -> ProviderMetadata {
        ProviderMetadata {
            pace: crate::providers::Pace {
                sync_interval: Duration::from_secs(86_400),
                publishes_at: chrono::NaiveTime::from_hms_opt(10, 0, 0),
                ..crate::providers::Pace::NONE
            },
            auth: crate::providers::Auth::ApiKey {
                fields: &[],
                build: |_| Err(ProviderError::new("", ProviderErrorKind::Local, "")),
            },
            slug: "daily",
            display_name: "Daily",
            summary: "",
            category: crate::domain::ProviderCategory::Bank,
            capabilities: &[],
            required_settings: &[],
            environments: &[],
            extra_hosts: &[],
            id_trust: crate::domain::IdTrust::Unique,
            signs_differ: false,
            judge: crate::providers::by_status,
            history: crate::providers::HistoryDepth { days: None, overlap_days: 0 },
            documentation_url: "",
            production_ready: false,
        }
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
