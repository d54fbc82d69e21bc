//! Access to columns: by row, or as whole columns for loops over all rows.

use chrono::{Datelike as _, NaiveDate};
use rust_decimal::Decimal;

use super::{Columns, Payees, Unit, field, span};
use crate::domain::{AccountId, TransactionId, TransactionStatus, TransactionSubtype};

impl Columns {
    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.days.len()
    }

    /// Whether it is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.days.is_empty()
    }

    /// The id of the row at a position.
    #[must_use]
    pub fn id(&self, row: u32) -> Option<TransactionId> {
        self.ids.id(row).map(TransactionId)
    }

    /// The position of a row.
    #[must_use]
    pub fn row_of(&self, id: TransactionId) -> Option<u32> {
        self.ids.row(id.0)
    }

    /// Calendar days, counted from the common era as chrono does.
    #[must_use]
    pub fn days(&self) -> &[i32] {
        &self.days
    }

    /// The day of a row.
    #[must_use]
    pub fn date(&self, row: u32) -> Option<NaiveDate> {
        self.days.get(row as usize).copied().and_then(NaiveDate::from_num_days_from_ce_opt)
    }

    /// Mantissas; for a wide unit a position in a table, see [`Columns::mantissa`].
    #[must_use]
    pub fn mantissas(&self) -> &[i64] {
        &self.mantissas
    }

    /// Per row the position of its unit in [`Columns::unit_table`].
    #[must_use]
    pub fn units(&self) -> &[u16] {
        &self.units
    }

    /// All units.
    #[must_use]
    pub fn unit_table(&self) -> &[Unit] {
        &self.unit_table
    }

    /// The exact mantissa of a row, to be read with the scale of its unit; 0 for a row that does not exist.
    #[must_use]
    pub fn mantissa(&self, row: u32) -> i128 {
        let row = row as usize;
        let Some(&mantissa) = self.mantissas.get(row) else { return 0 };
        if !self.unit_table[usize::from(self.units[row])].wide {
            return i128::from(mantissa);
        }
        usize::try_from(mantissa).ok().and_then(|place| self.wide.get(place)).copied().unwrap_or_default()
    }

    /// The unit of a row.
    #[must_use]
    pub fn unit(&self, row: u32) -> Option<Unit> {
        let unit = *self.units.get(row as usize)?;
        self.unit_table.get(usize::from(unit)).copied()
    }

    /// The exact amount of a row.
    #[must_use]
    pub fn amount(&self, row: u32) -> Option<Decimal> {
        let scale = u32::from(self.unit(row)?.scale);
        Decimal::try_from_i128_with_scale(self.mantissa(row), scale).ok()
    }

    /// Per row the position of its account in [`Columns::account_table`].
    #[must_use]
    pub fn accounts(&self) -> &[u16] {
        &self.accounts
    }

    /// All accounts.
    #[must_use]
    pub fn account_table(&self) -> &[AccountId] {
        &self.account_table
    }

    /// The account of a row.
    #[must_use]
    pub fn account(&self, row: u32) -> Option<AccountId> {
        let account = *self.accounts.get(row as usize)?;
        self.account_table.get(usize::from(account)).copied()
    }

    /// Puts the rows of accounts that are shown under another one there; `shown` gives the account of each.
    pub fn merge_accounts(&mut self, shown: impl Fn(AccountId) -> AccountId) {
        let mut numbers: Vec<u16> = Vec::with_capacity(self.account_table.len());
        for place in 0..self.account_table.len() {
            let account = shown(self.account_table[place]);
            // The number of the account, else this one becomes its number.
            let known = self.account_table.iter().position(|known| *known == account).unwrap_or(place);
            self.account_table[known] = account;
            numbers.push(u16::try_from(known).unwrap_or(u16::MAX));
        }
        if numbers.iter().enumerate().any(|(place, number)| usize::from(*number) != place) {
            for account in &mut self.accounts {
                *account = numbers.get(usize::from(*account)).copied().unwrap_or(*account);
            }
        }
    }

    /// Subtypes; the type follows from the subtype.
    #[must_use]
    pub fn subtypes(&self) -> &[TransactionSubtype] {
        &self.subtypes
    }

    /// Replaces the subtype of a row by what is known of it beyond its institution.
    pub fn set_subtype(&mut self, row: u32, subtype: TransactionSubtype) {
        if let Some(own) = self.subtypes.get_mut(row as usize) {
            *own = subtype;
        }
    }

    /// Counts pending rows from before a day as withdrawn: they were not posted in time.
    pub fn end_pending(&mut self, before: NaiveDate) {
        let before = before.num_days_from_ce();
        for (status, day) in self.statuses.iter_mut().zip(&self.days) {
            if *status == TransactionStatus::Pending && *day < before {
                *status = TransactionStatus::Cancelled;
            }
        }
    }

    /// Statuses.
    #[must_use]
    pub fn statuses(&self) -> &[TransactionStatus] {
        &self.statuses
    }

    /// Per row the position of its symbol in [`Columns::symbol_table`].
    #[must_use]
    pub fn symbols(&self) -> &[u32] {
        &self.symbols
    }

    /// Symbols as written; the empty text means none.
    #[must_use]
    pub fn symbol_table(&self) -> &[Box<str>] {
        &self.symbol_table
    }

    /// Per row the position of its category in [`Columns::category_table`].
    #[must_use]
    pub fn categories(&self) -> &[u32] {
        &self.categories
    }

    /// The user's categories as written; the empty text means none.
    #[must_use]
    pub fn category_table(&self) -> &[Box<str>] {
        &self.category_table
    }

    /// The folded payees, once for each chunk they occur in, with their marks; see `Fields`.
    #[must_use]
    pub fn heads(&self) -> &[u8] {
        &self.heads
    }

    /// The end of each head in [`Columns::heads`].
    #[must_use]
    pub fn head_ends(&self) -> &[u32] {
        &self.head_ends
    }

    /// Per row the position of its head.
    #[must_use]
    pub fn heads_of(&self) -> &[u32] {
        &self.heads_of
    }

    /// The head at a position.
    #[must_use]
    pub fn head(&self, place: u32) -> &[u8] {
        span(&self.heads, &self.head_ends, place)
    }

    /// The folded texts of all rows other than payees, with their marks, row after row.
    #[must_use]
    pub fn tails(&self) -> &[u8] {
        &self.tails
    }

    /// The end of each row in [`Columns::tails`].
    #[must_use]
    pub fn tail_ends(&self) -> &[u32] {
        &self.tail_ends
    }

    /// The folded texts of one row other than payees.
    #[must_use]
    pub fn tail(&self, row: u32) -> &[u8] {
        span(&self.tails, &self.tail_ends, row)
    }

    /// The folded payee of a row as the list shows it (the user's payee first); empty if there is none.
    #[must_use]
    pub fn payee_of(&self, row: u32) -> &[u8] {
        field::leading_text(self.heads_of.get(row as usize).map_or(&[], |head| self.head(*head)))
    }

    /// The folded provider id of a row; empty if there is none.
    #[must_use]
    pub fn reference_of(&self, row: u32) -> &[u8] {
        span(&self.references, &self.reference_ends, row)
    }

    /// The folded provider ids of all rows, concatenated.
    #[must_use]
    pub fn references(&self) -> &[u8] {
        &self.references
    }

    /// The end of each row in [`Columns::references`].
    #[must_use]
    pub fn reference_ends(&self) -> &[u32] {
        &self.reference_ends
    }

    /// The number of the order that a trade fills together with others; `None` for a single fill.
    #[must_use]
    pub fn order(&self, row: u32) -> Option<u32> {
        self.orders.get(row as usize).copied().filter(|order| *order > 0)
    }

    /// Whether any order was filled in several parts.
    #[must_use]
    pub const fn has_orders(&self) -> bool {
        !self.orders.is_empty()
    }

    /// All rows, newest day first and within a day the highest id first. Computed once, at the first call.
    #[must_use]
    pub fn newest_first(&self) -> &[u32] {
        self.newest_first.get_or_init(|| newest_first(&self.days))
    }

    /// All payees, numbered. Computed once, at the first call.
    #[must_use]
    pub fn payees(&self) -> &Payees {
        self.payees.get_or_init(|| Payees::new(self))
    }

    /// Size in memory, in bytes.
    #[must_use]
    pub fn memory(&self) -> usize {
        let per_row = 4 + 8 + 2 + 2 + 1 + 1 + 4 + 4 + 4 + 4 + 4;
        let tables = self.wide.len() * 16 + (self.symbol_table.len() + self.category_table.len()) * 32;
        let texts = self.heads.len() + self.head_ends.len() * 4 + self.tails.len() + self.references.len();
        self.len() * per_row
            + self.orders.len() * 4
            + tables
            + texts
            + self.newest_first.get().map_or(0, |order| order.len() * 4)
    }
}

/// One counting sort over the range of days; a comparison sort where a stray date makes the range huge.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rows are numbered by u32, offsets are positive"
)]
fn newest_first(days: &[i32]) -> Box<[u32]> {
    let (Some(&oldest), Some(&newest)) = (days.iter().min(), days.iter().max()) else { return Box::default() };
    let range = (i64::from(newest) - i64::from(oldest)) as usize + 1;
    if range > days.len().max(1 << 16) {
        let mut order: Vec<u32> = (0..days.len() as u32).collect();
        order.sort_unstable_by_key(|&row| std::cmp::Reverse((days[row as usize], row)));
        return order.into();
    }
    let mut places = vec![0u32; range + 1];
    for &day in days {
        places[(newest - day) as usize + 1] += 1;
    }
    for place in 1..places.len() {
        places[place] += places[place - 1];
    }
    let mut order = vec![0u32; days.len()];
    for (row, &day) in days.iter().enumerate().rev() {
        let place = &mut places[(newest - day) as usize];
        order[*place as usize] = row as u32;
        *place += 1;
    }
    order.into()
}
