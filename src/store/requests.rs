//! Number of requests made to each provider on its most recent day, so that a daily budget survives a restart.
//!
//! Kept beside the counters of `META` as `requests.<provider>`: days since 0001-01-01 (1) in the upper half, their
//! number in the lower one. Not versioned.

use chrono::{Datelike as _, NaiveDate};
use redb::{ReadableTable, Table};

use crate::store::{
    error::{Result, StoreError},
    format::checksum,
    schema::ValueBytes,
};

const PREFIX: &str = "requests.";

/// Requests made to one provider on one UTC day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requests {
    /// The provider's slug.
    pub provider: String,
    /// The day.
    pub day: NaiveDate,
    /// Their number.
    pub count: u32,
}

/// Records how many requests were made to a provider, replacing the former record.
pub(super) fn put(meta: &mut Table<'_, &'static str, ValueBytes>, requests: &Requests) -> Result<()> {
    let name = format!("{PREFIX}{}", requests.provider);
    let day = u64::try_from(requests.day.num_days_from_ce()).unwrap_or_default();
    let value = checksum::add_u64(name.as_bytes(), day << 32 | u64::from(requests.count));
    meta.insert(name.as_str(), value.as_slice())?;
    Ok(())
}

/// The records of all providers, by slug.
pub(super) fn all(meta: &impl ReadableTable<&'static str, ValueBytes>) -> Result<Vec<Requests>> {
    let mut all = Vec::new();
    for entry in meta.range(PREFIX..)? {
        let (name, value) = entry?;
        let Some(provider) = name.value().strip_prefix(PREFIX) else { break };
        let value = checksum::check_u64(name.value().as_bytes(), value.value())?;
        let [day, count] = [value >> 32, value & u64::from(u32::MAX)].map(u32::try_from);
        let day = day.ok().and_then(|day| NaiveDate::from_num_days_from_ce_opt(day.try_into().ok()?));
        let (Some(day), Ok(count)) = (day, count) else {
            return Err(StoreError::damaged("the requests of a day can't be read"));
        };
        all.push(Requests { provider: provider.to_owned(), day, count });
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::ChangeKind, store::Store};

    #[test]
    fn the_newest_number_of_each_provider_is_kept() {
        let store = Store::in_memory().unwrap();
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let put = |provider: &str, day, count| {
            let mut writer = store.begin(ChangeKind::Sync, "requests", chrono::Utc::now()).unwrap();
            writer.put_requests(&Requests { provider: provider.to_owned(), day, count }).unwrap();
            writer.commit_unlisted().unwrap();
        };
        put("alpaca", day("2026-11-20"), 7);
        put("schwab", day("2026-11-20"), u32::MAX);
        put("alpaca", day("2026-11-21"), 1);
        let kept = store.read().unwrap().requests().unwrap();
        let short: Vec<_> = kept.iter().map(|kept| (kept.provider.as_str(), kept.day, kept.count)).collect();
        assert_eq!(short, [("alpaca", day("2026-11-21"), 1), ("schwab", day("2026-11-20"), u32::MAX)]);
        store.verify().unwrap();
    }
}
