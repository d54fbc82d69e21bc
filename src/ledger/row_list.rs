//! A list of rows: the ids in order, without the contents.

use std::{
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    Query,
    error::Result,
    query::Expr,
    search::{RowSet, search},
    sum::{Sums, sums},
    view::{ListRequest, SharedView},
};
use crate::{
    columns::Columns,
    domain::{AssetCode, Money, TransactionId},
};

/// Rows that match a request. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct RowList(Option<Arc<List>>);

#[derive(Debug)]
struct List {
    inner: Arc<SharedView>,
    request: ListRequest,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// Read from the index page by page: newest first, before the columns are loaded.
    Pages { length: usize, page: Mutex<(usize, Vec<TransactionId>)> },
    /// Found in the columns.
    Rows {
        columns: Arc<Columns>,
        /// In order.
        rows: Arc<[u32]>,
        /// The same as a set; none for all rows.
        set: Option<RowSet>,
        sums: Sums,
        /// Where each line begins, if any is of several rows.
        lines: Option<Box<[u32]>>,
    },
}

/// Ids read off the index at a time.
const PAGE: usize = 256;

impl RowList {
    pub(super) fn pages(inner: Arc<SharedView>, request: &ListRequest) -> Result<Self> {
        let count = match request.account {
            Some(account) => inner.reader.count_of(account)?,
            None => inner.reader.transaction_count()?,
        };
        let length = usize::try_from(count).unwrap_or(usize::MAX);
        Ok(Self::new(inner, request, Kind::Pages { length, page: Mutex::default() }))
    }

    pub(super) fn search(
        inner: &Arc<SharedView>,
        columns: &Arc<Columns>,
        request: &ListRequest,
        order: &Arc<[u32]>,
        previous: Option<&Self>,
    ) -> Self {
        let narrowed = previous.filter(|previous| {
            let wider = previous.request();
            previous.is_of(columns)
                && (wider.account.is_none() || wider.account == request.account)
                && request.query.narrows(&wider.query)
        });
        let expr = narrowed
            .map_or_else(|| request.query.expr().clone(), |previous| request.query.beyond(&previous.request().query));
        let mut set = narrowed.and_then(Self::rows).cloned();
        if let Some(account) = request.account {
            let table: Vec<bool> = columns.account_table().iter().map(|id| *id == account).collect();
            set =
                Some(RowSet::matching(columns.len(), set.as_ref(), |row| table[usize::from(columns.accounts()[row])]));
        }
        if expr != Expr::All {
            set = Some(search(columns, &inner.scope, &expr, set.as_ref()));
        }
        let rows = set.as_ref().map_or_else(|| Arc::clone(order), |set| set.in_order(order).into());
        let sums = sums(columns, set.as_ref());
        let lines = lines(columns, &rows);
        Self::new(Arc::clone(inner), request, Kind::Rows { columns: Arc::clone(columns), rows, set, sums, lines })
    }

    fn new(inner: Arc<SharedView>, request: &ListRequest, kind: Kind) -> Self {
        Self(Some(Arc::new(List { inner, request: request.clone(), kind })))
    }

    /// The request it answers.
    #[must_use]
    pub fn request(&self) -> &ListRequest {
        static NOTHING: ListRequest = ListRequest {
            account: None,
            query: Query::ALL,
            sort: super::Sort { key: super::SortKey::Date, descending: true },
        };
        self.0.as_ref().map_or(&NOTHING, |list| &list.request)
    }

    /// Whether the rows were found in these columns.
    pub(super) fn is_of(&self, columns: &Arc<Columns>) -> bool {
        matches!(self.0.as_deref(), Some(List { kind: Kind::Rows { columns: own, .. }, .. }) if Arc::ptr_eq(own, columns))
    }

    /// The rows as a set; none for all rows.
    pub(super) fn rows(&self) -> Option<&RowSet> {
        match &self.0.as_ref()?.kind {
            Kind::Rows { set, .. } => set.as_ref(),
            Kind::Pages { .. } => None,
        }
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self.0.as_deref().map(|list| &list.kind) {
            Some(Kind::Pages { length, .. }) => *length,
            Some(Kind::Rows { rows, .. }) => rows.len(),
            None => 0,
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The row at a place.
    #[must_use]
    pub fn id(&self, index: usize) -> Option<TransactionId> {
        self.ids(index..index.checked_add(1)?).ok()?.pop()
    }

    /// The rows of a stretch of the list; fewer where it ends.
    pub fn ids(&self, range: Range<usize>) -> Result<Vec<TransactionId>> {
        let Some(list) = self.0.as_deref() else { return Ok(Vec::new()) };
        let range = range.start.min(self.len())..range.end.min(self.len());
        if range.is_empty() {
            return Ok(Vec::new());
        }
        match &list.kind {
            Kind::Rows { columns, rows, .. } => Ok(rows[range].iter().filter_map(|row| columns.id(*row)).collect()),
            Kind::Pages { page, .. } => {
                let mut page = page.lock().unwrap_or_else(PoisonError::into_inner);
                let (first, ids) = &*page;
                if range.start < *first || range.end > first + ids.len() {
                    // A little before, since people scroll both ways.
                    let first = range.start.saturating_sub(PAGE / 4);
                    let limit = (range.end - first).max(PAGE);
                    *page = (first, list.inner.reader.newest(list.request.account, first as u64, limit)?);
                }
                let (first, ids) = &*page;
                let end = (range.end - first).min(ids.len());
                Ok(ids.get(range.start - first..end).unwrap_or_default().to_vec())
            }
        }
    }

    /// How many lines the list has when trades that fill one order and follow each other share one.
    #[must_use]
    pub fn lines(&self) -> usize {
        self.starts().map_or_else(|| self.len(), <[u32]>::len)
    }

    /// The places of the rows that share a line.
    #[must_use]
    pub fn line(&self, line: usize) -> Range<usize> {
        let Some(starts) = self.starts() else { return line..line.saturating_add(1) };
        let start = |line: usize| starts.get(line).map_or(self.len(), |start| *start as usize);
        start(line)..start(line.saturating_add(1))
    }

    /// The line that the row at a place is in.
    #[must_use]
    pub fn line_of(&self, place: usize) -> usize {
        self.starts().map_or(place, |starts| starts.partition_point(|start| *start as usize <= place).saturating_sub(1))
    }

    /// The exact sum of the rows at these places; none where they have several currencies, or no columns are there.
    #[must_use]
    pub fn sum(&self, places: Range<usize>) -> Option<Money> {
        let Kind::Rows { columns, rows, .. } = &self.0.as_ref()?.kind else { return None };
        let mut amounts =
            rows.get(places)?.iter().map(|row| Some(Money::new(columns.amount(*row)?, columns.unit(*row)?.currency)));
        let first = amounts.next()??;
        amounts.try_fold(first, |sum, amount| sum.try_add(amount?).ok())
    }

    fn starts(&self) -> Option<&[u32]> {
        match &self.0.as_ref()?.kind {
            Kind::Rows { lines, .. } => lines.as_deref(),
            Kind::Pages { .. } => None,
        }
    }

    /// The place of a row; none when it is not in the list.
    #[must_use]
    pub fn position_of(&self, id: TransactionId) -> Option<usize> {
        let list = self.0.as_deref()?;
        match &list.kind {
            Kind::Rows { columns, rows, set, .. } => {
                let row = columns.row_of(id)?;
                if set.as_ref().is_some_and(|set| !set.contains(row)) {
                    return None;
                }
                rows.iter().position(|listed| *listed == row)
            }
            Kind::Pages { length, .. } => {
                let row = list.inner.reader.transaction(id).ok()??;
                if list.request.account.is_some_and(|account| account != row.account_id) {
                    return None;
                }
                let ids = list.inner.reader.newest(list.request.account, 0, *length).ok()?;
                ids.iter().position(|listed| *listed == id)
            }
        }
    }

    /// Whether a row is in the list.
    #[must_use]
    pub fn contains(&self, id: TransactionId) -> bool {
        match self.0.as_deref().map(|list| &list.kind) {
            Some(Kind::Rows { columns, set, .. }) => {
                columns.row_of(id).is_some_and(|row| set.as_ref().is_none_or(|set| set.contains(row)))
            }
            Some(Kind::Pages { .. }) => self.position_of(id).is_some(),
            None => false,
        }
    }

    /// Sums per currency with how many rows each is made of, the currency of most rows first. Withdrawn and failed rows
    /// are left out, pending ones count. Empty until columns are there.
    #[must_use]
    pub fn sums(&self) -> Vec<(Money, u64)> {
        self.exact_sums().map(|sums| sums.totals.clone()).unwrap_or_default()
    }

    /// Currencies whose sum has more digits than can be shown exactly; [`RowList::sums`] leaves them out.
    #[must_use]
    pub fn too_large(&self) -> Vec<AssetCode> {
        self.exact_sums().map(|sums| sums.too_large.clone()).unwrap_or_default()
    }

    fn exact_sums(&self) -> Option<&Sums> {
        match &self.0.as_ref()?.kind {
            Kind::Rows { sums, .. } => Some(sums),
            Kind::Pages { .. } => None,
        }
    }

    /// The rows of this list that match a narrower query too, in the same order; `None` if the query is
    /// not known to be narrower, or the columns are not loaded.
    #[must_use]
    pub fn refine(&self, query: &Query) -> Option<Self> {
        let list = self.0.as_deref()?;
        let Kind::Rows { columns, rows, .. } = &list.kind else { return None };
        let request = ListRequest { query: query.clone(), ..list.request.clone() };
        query.narrows(&list.request.query).then(|| Self::search(&list.inner, columns, &request, rows, Some(self)))
    }
}

/// Where each line begins; none when each has one row.
fn lines(columns: &Columns, rows: &[u32]) -> Option<Box<[u32]>> {
    if !columns.has_orders() {
        return None;
    }
    let mut starts = Vec::with_capacity(rows.len());
    let mut last = None;
    for (place, row) in (0u32..).zip(rows) {
        let order = columns.order(*row);
        if order.is_none() || order != last {
            starts.push(place);
        }
        last = order;
    }
    (starts.len() < rows.len()).then(|| starts.into())
}
