//! The loop over pages, with an end.
//!
//! Used by the engine. INVARIANT: it ends, whatever the server answers: a cursor that comes back or too many
//! pages is an error.

use std::collections::HashSet;

use crate::{
    domain::{ProviderError, ProviderErrorKind},
    providers::{Credentials, Cursor, Page, Provider, TransactionRequest},
};

/// More than this no fetch needs: a million rows in pages of a hundred.
pub const MAX_PAGES: usize = 10_000;

/// Walks through the pages of one fetch.
#[derive(Debug)]
pub struct Pages<'a> {
    request: TransactionRequest<'a>,
    cursor: Option<Cursor>,
    seen: HashSet<Cursor>,
    done: bool,
    cap: usize,
}

impl<'a> Pages<'a> {
    /// Of the rows asked for.
    #[must_use]
    pub fn new(request: TransactionRequest<'a>) -> Self {
        let cursor = request.cursor.cloned();
        Self { request, cursor, seen: HashSet::new(), done: false, cap: MAX_PAGES }
    }

    /// With another cap.
    #[must_use]
    pub const fn at_most(mut self, pages: usize) -> Self {
        self.cap = pages;
        self
    }

    /// The next page; `None` after the last.
    pub async fn next(
        &mut self,
        provider: &dyn Provider,
        credentials: &Credentials,
    ) -> Result<Option<Page>, ProviderError> {
        if self.done {
            return Ok(None);
        }
        let request = TransactionRequest { cursor: self.cursor.as_ref(), ..self.request };
        let page = provider.fetch_transactions(credentials, &request).await?;
        self.done = true;
        if let Some(next) = &page.next {
            let endless = |message: String| provider.metadata().error(ProviderErrorKind::InvalidResponse, message);
            if self.seen.len() + 1 >= self.cap {
                return Err(endless(format!("its list of transactions has not ended after {} pages", self.cap)));
            }
            if self.cursor.as_ref() == Some(next) || !self.seen.insert(next.clone()) {
                return Err(endless("its list of transactions comes back to a page it gave before".into()));
            }
            self.cursor = Some(next.clone());
            self.done = false;
        }
        Ok(Some(page))
    }
}
