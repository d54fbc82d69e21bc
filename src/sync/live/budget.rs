//! Requests of the day, noted in the store for providers that allow only so many.

use std::sync::Arc;

use super::{Failure, Live};
use crate::{
    domain::ChangeKind,
    providers::{PROVIDERS, kit::Spent},
    store::Requests,
};

impl Live {
    /// Tells the client how much the user wants to ask, and what earlier runs of the program asked.
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

    /// Notes what was asked since the last time, if anything was that counts.
    pub(in crate::sync) async fn note_requests(self: &Arc<Self>) {
        let http = &self.config.http;
        let counted = PROVIDERS.iter().filter(|metadata| http.budget(metadata).is_some());
        let spent: Vec<Requests> = counted
            .map(|metadata| {
                let Spent { day, requests } = http.spent(metadata.slug);
                Requests { provider: metadata.slug.to_owned(), day, count: requests }
            })
            .filter(|requests| requests.count > 0)
            .collect();
        if spent.is_empty() {
            return;
        }
        let noted = self.writing(move |live| live.note_now(&spent)).await;
        if let Err(failure) = noted {
            tracing::warn!("the requests of the day can't be noted: {failure}");
        }
    }

    fn note_now(&self, spent: &[Requests]) -> Result<(), Failure> {
        let known = self.store.read()?.requests()?;
        if spent.iter().all(|requests| known.contains(requests)) {
            return Ok(());
        }
        let mut writer = self.store.begin(ChangeKind::Sync, "requests", self.clock.now())?;
        for requests in spent {
            writer.put_requests(requests)?;
        }
        Ok(writer.commit_unlisted()?)
    }
}
