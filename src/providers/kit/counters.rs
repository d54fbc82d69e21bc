//! Numbers that outlive the program: a counter per provider for signatures, and the requests of a day.
//!
//! Implemented by the engine over the store. INVARIANT: a number is durable before it is used.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, PoisonError},
};

use async_trait::async_trait;

use super::Spent;

/// Durable numbers of providers. Errors are texts for people.
#[async_trait]
pub trait Counters: Send + Sync + fmt::Debug {
    /// A number larger than all before, and at least `least`.
    async fn next(&self, provider: &str, least: u64) -> Result<u64, String>;

    /// Stores the requests of the day, the one about to be sent included.
    async fn note(&self, provider: &str, spent: Spent) -> Result<(), String>;
}

/// Numbers that last as long as the process: for tests.
#[derive(Debug, Default)]
pub struct MemoryCounters(Mutex<HashMap<String, u64>>);

#[async_trait]
impl Counters for MemoryCounters {
    async fn next(&self, provider: &str, least: u64) -> Result<u64, String> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(provider.to_owned()).or_default();
        *count = (*count + 1).max(least);
        Ok(*count)
    }

    async fn note(&self, _provider: &str, _spent: Spent) -> Result<(), String> {
        Ok(())
    }
}
