//! Durable numbers of providers, kept in the store: counters of signatures and requests of the day.
//!
//! INVARIANT: a number is reserved in the store before it is used. Numbers are reserved a minute ahead, since they follow
//! the clock in microseconds, so a busy provider costs one write a minute.

use std::collections::HashMap;

use async_trait::async_trait;
use tokio::sync::Mutex;

use crate::{
    domain::ChangeKind,
    providers::kit::{Counters, Spent},
    store::{Requests, Store, StoreError},
};

/// Numbers reserved at once: a minute in microseconds.
const RESERVED: u64 = 60_000_000;

/// [`Counters`] over the store.
pub(super) struct StoredCounters {
    store: Store,
    counts: Mutex<HashMap<String, Count>>,
}

#[derive(Debug, Clone, Copy)]
struct Count {
    next: u64,
    /// The first number that is not reserved.
    end: u64,
}

impl StoredCounters {
    pub(super) fn new(store: Store) -> Self {
        Self { store, counts: Mutex::default() }
    }

    /// Runs `work` on a blocking thread.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, String> {
        let store = self.store.clone();
        let done = tokio::task::spawn_blocking(move || work(&store)).await;
        done.map_err(|_| "an internal error stopped this".to_owned())?.map_err(|error| error.to_string())
    }
}

impl std::fmt::Debug for StoredCounters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredCounters").finish_non_exhaustive()
    }
}

#[async_trait]
impl Counters for StoredCounters {
    async fn next(&self, provider: &str, least: u64) -> Result<u64, String> {
        let mut counts = self.counts.lock().await;
        let name = provider.to_owned();
        let known = if let Some(known) = counts.get(provider) {
            *known
        } else {
            let end = self.blocking(move |store| store.read()?.counter(&name)).await?;
            Count { next: end, end }
        };
        let number = known.next.max(least);
        let mut count = Count { next: number.saturating_add(1), ..known };
        if number >= known.end {
            count.end = number.saturating_add(RESERVED);
            let (name, end) = (provider.to_owned(), count.end);
            self.blocking(move |store| {
                let mut writer = store.begin(ChangeKind::Sync, "counter", chrono::DateTime::UNIX_EPOCH)?;
                writer.put_counter(&name, end)?;
                writer.commit_unlisted()
            })
            .await?;
        }
        counts.insert(provider.to_owned(), count);
        Ok(number)
    }

    async fn note(&self, provider: &str, spent: Spent) -> Result<(), String> {
        let requests = Requests { provider: provider.to_owned(), day: spent.day, count: spent.requests };
        self.blocking(move |store| {
            let mut writer = store.begin(ChangeKind::Sync, "requests", chrono::DateTime::UNIX_EPOCH)?;
            writer.put_requests(&requests)?;
            writer.commit_unlisted()
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn numbers_rise_over_restarts_and_when_the_clock_goes_back() {
        let store = Store::in_memory().unwrap();
        let counters = StoredCounters::new(store.clone());
        let first = counters.next("kraken", 1_000).await.unwrap();
        let second = counters.next("kraken", 1_000).await.unwrap();
        assert_eq!((first, second), (1_000, 1_001));
        assert_eq!(counters.next("kraken", 5_000).await.unwrap(), 5_000);
        assert_eq!(counters.next("other", 7).await.unwrap(), 7);
        let restarted = StoredCounters::new(store);
        assert!(restarted.next("kraken", 10).await.unwrap() > 5_000);
    }
}
