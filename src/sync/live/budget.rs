//! Budgets of requests per day, restored from the store when the engine starts.

use super::Live;
use crate::{providers::kit::Spent, store::Requests};

impl Live {
    /// Gives the client the configured budgets, and the requests that earlier runs of the program sent today.
    pub(in crate::sync) fn set_budgets(&self) {
        for (slug, set) in &self.config.providers {
            if let Some(per_day) = set.requests_per_day {
                self.config.http.limit(slug, per_day);
            }
        }
        let noted = self.store.read().and_then(|reader| reader.requests());
        match noted {
            Ok(noted) => {
                for Requests { provider, day, count } in noted {
                    self.config.http.restore_spent(&provider, Spent { day, requests: count });
                }
            }
            Err(error) => tracing::warn!("the requests of the day can't be read: {error}"),
        }
    }
}
