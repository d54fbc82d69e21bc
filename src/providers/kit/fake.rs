//! Fakes for tests: a timer that advances a fake clock instead of waiting.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;

use super::Timer;
use crate::ports::fake::FakeClock;

/// Advances a fake clock and records every wait.
#[derive(Debug)]
pub struct FakeTimer {
    clock: Arc<FakeClock>,
    slept: Mutex<Vec<Duration>>,
}

impl FakeTimer {
    /// A timer for this clock.
    #[must_use]
    pub const fn new(clock: Arc<FakeClock>) -> Self {
        Self { clock, slept: Mutex::new(Vec::new()) }
    }

    /// Every wait, in order.
    #[must_use]
    pub fn slept(&self) -> Vec<Duration> {
        self.slept.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Timer for FakeTimer {
    async fn sleep(&self, duration: Duration) {
        self.clock.advance(chrono::TimeDelta::from_std(duration).unwrap_or_default());
        self.slept.lock().unwrap_or_else(PoisonError::into_inner).push(duration);
        tokio::task::yield_now().await;
    }
}
