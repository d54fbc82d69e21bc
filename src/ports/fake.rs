//! Stand-ins for tests and for the demonstration: a clock that is set, a browser that only records.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, Duration, FixedOffset, NaiveDate, Utc};

use super::{
    Browser, BrowserError, Clipboard, ClipboardError, Clock, Entropy, EntropyError, SecretBytes, SecretStore,
    SecretStoreError,
};

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A clock that moves only on request.
#[derive(Debug)]
pub struct FakeClock(Mutex<DateTime<FixedOffset>>);

impl FakeClock {
    /// At a moment, for a user who lives in UTC.
    #[must_use]
    pub fn at(now: DateTime<Utc>) -> Self {
        Self::local(now.fixed_offset())
    }

    /// At a moment, for a user who lives at the moment's offset.
    #[must_use]
    pub const fn local(now: DateTime<FixedOffset>) -> Self {
        Self(Mutex::new(now))
    }

    /// Moves it; backwards too.
    pub fn advance(&self, by: Duration) {
        let mut now = lock(&self.0);
        *now += by;
    }

    /// Sets it; the offset stays.
    pub fn set(&self, to: DateTime<Utc>) {
        let mut now = lock(&self.0);
        *now = to.with_timezone(now.offset());
    }
}

impl Clock for FakeClock {
    fn now(&self) -> DateTime<Utc> {
        lock(&self.0).to_utc()
    }

    fn today(&self) -> NaiveDate {
        lock(&self.0).date_naive()
    }
}

/// A browser that records the addresses it was asked to open.
#[derive(Debug, Default)]
pub struct FakeBrowser {
    opened: Mutex<Vec<String>>,
    /// When set, every call fails with this reason.
    pub failure: Option<String>,
}

impl FakeBrowser {
    /// The addresses, in order.
    #[must_use]
    pub fn opened(&self) -> Vec<String> {
        lock(&self.opened).clone()
    }
}

impl Browser for FakeBrowser {
    fn open(&self, url: &str) -> Result<(), BrowserError> {
        if let Some(reason) = &self.failure {
            return Err(BrowserError::NotStarted { reason: reason.clone() });
        }
        lock(&self.opened).push(url.to_owned());
        Ok(())
    }
}

/// A clipboard in memory.
#[derive(Debug, Default)]
pub struct FakeClipboard(Mutex<Option<String>>);

impl FakeClipboard {
    /// The text copied last.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        lock(&self.0).clone()
    }
}

impl Clipboard for FakeClipboard {
    fn copy(&self, text: &str) -> Result<(), ClipboardError> {
        *lock(&self.0) = Some(text.to_owned());
        Ok(())
    }
}

/// Bytes that count up, the same in every run: never for real secrets.
#[derive(Debug, Default)]
pub struct FakeEntropy(Mutex<u64>);

impl Entropy for FakeEntropy {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyError> {
        let mut state = lock(&self.0);
        for byte in buffer {
            // SplitMix64: spreads a counter over all bits.
            *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = *state;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            *byte = (mixed ^ (mixed >> 31)).to_le_bytes()[0];
        }
        Ok(())
    }
}

/// A keyring in memory, which can be made to fail.
#[derive(Default)]
pub struct FakeSecretStore {
    secrets: Mutex<BTreeMap<String, SecretBytes>>,
    failure: Mutex<Option<SecretStoreError>>,
}

impl FakeSecretStore {
    /// From now on every call fails like this; `None` ends that.
    pub fn fail_with(&self, failure: Option<SecretStoreError>) {
        *lock(&self.failure) = failure;
    }

    /// How many secrets it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        lock(&self.secrets).len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn check(&self) -> Result<(), SecretStoreError> {
        lock(&self.failure).clone().map_or(Ok(()), Err)
    }
}

impl SecretStore for FakeSecretStore {
    fn load(&self, name: &str) -> Result<Option<SecretBytes>, SecretStoreError> {
        self.check()?;
        Ok(lock(&self.secrets).get(name).cloned())
    }

    fn save(&self, name: &str, secret: &[u8]) -> Result<(), SecretStoreError> {
        self.check()?;
        lock(&self.secrets).insert(name.to_owned(), SecretBytes::new(secret.to_vec()));
        Ok(())
    }

    fn remove(&self, name: &str) -> Result<(), SecretStoreError> {
        self.check()?;
        lock(&self.secrets).remove(name);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_is_the_users_not_that_of_utc() {
        let clock = FakeClock::local("2026-11-20T22:30:00-05:00".parse().unwrap());
        assert_eq!(clock.today().to_string(), "2026-11-20");
        assert_eq!(clock.now().to_rfc3339(), "2026-11-21T03:30:00+00:00");
        clock.advance(Duration::hours(2));
        assert_eq!(clock.today().to_string(), "2026-11-21");
    }

    #[test]
    fn a_failing_keyring_recovers() {
        let store = FakeSecretStore::default();
        store.save("key", b"secret").unwrap();
        store.fail_with(Some(SecretStoreError::TimedOut { seconds: 3 }));
        assert!(store.load("key").is_err());
        store.fail_with(None);
        assert_eq!(store.load("key").unwrap().unwrap().as_slice(), b"secret");
    }
}
