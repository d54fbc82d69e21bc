//! Reads blobs into [`Columns`] and validates everything in them.

use super::{
    CHUNK_ROWS, Columns, ColumnsError, FORMAT_VERSION, Unit,
    build::QuickMap,
    bytes::{BlobReader, unzigzag, wide_unzigzag},
    orders,
};
use crate::domain::{AccountId, AssetCode, TransactionStatus, TransactionSubtype};

/// Days that chrono can represent as a date.
const DAYS: std::ops::RangeInclusive<i64> = -95_000_000..=95_000_000;

const TOO_MUCH_TEXT: ColumnsError = ColumnsError::TooMany { what: "texts" };

const fn damaged(what: &'static str) -> ColumnsError {
    ColumnsError::Damaged { what }
}

/// Columns that are being assembled, with the indexes of their tables.
#[derive(Default)]
pub(super) struct Assembler {
    columns: Columns,
    units: QuickMap<Unit, u16>,
    accounts: QuickMap<AccountId, u16>,
    symbols: QuickMap<Box<str>, u32>,
    categories: QuickMap<Box<str>, u32>,
    /// The highest order number so far.
    orders: u32,
}

impl Assembler {
    /// Adds the rows of one chunk. After an error the columns must be dropped.
    pub(super) fn append(&mut self, blob: &[u8]) -> Result<(), ColumnsError> {
        let mut bytes = match blob.split_first() {
            Some((&FORMAT_VERSION, body)) => BlobReader(body),
            Some((&found, _)) => return Err(ColumnsError::Version { found }),
            None => return Err(damaged("length")),
        };
        let rows = self.ids(&mut bytes)?;
        self.days(&mut bytes, rows)?;
        self.amounts(&mut bytes, rows)?;
        self.accounts(&mut bytes, rows)?;
        let subtypes = table(&mut bytes, rows, "type", |bytes| {
            TransactionSubtype::parse(bytes.text("type")?).ok_or(damaged("type"))
        })?;
        let columns = &mut self.columns;
        places(&mut bytes, rows, &subtypes, "type", |subtype| columns.subtypes.push(subtype))?;
        let statuses = table(&mut bytes, rows, "status", |bytes| {
            TransactionStatus::parse(bytes.text("status")?).ok_or(damaged("status"))
        })?;
        places(&mut bytes, rows, &statuses, "status", |status| columns.statuses.push(status))?;
        interned(&mut bytes, rows, "symbol", &mut self.symbols, &mut columns.symbol_table, &mut columns.symbols)?;
        let categories = &mut self.categories;
        interned(&mut bytes, rows, "category", categories, &mut columns.category_table, &mut columns.categories)?;
        heads(&mut bytes, rows, columns)?;
        tails(&mut bytes, rows, columns)?;
        references(&mut bytes, rows, columns)?;
        let first = columns.days.len() - rows;
        orders::read(&mut bytes, first, rows, &mut columns.orders, &mut self.orders)?;
        if bytes.0.is_empty() { Ok(()) } else { Err(damaged("length")) }
    }

    /// The columns, without spare capacity.
    pub(super) fn finish(self) -> Columns {
        let mut columns = self.columns;
        columns.days.shrink_to_fit();
        columns.mantissas.shrink_to_fit();
        columns.wide.shrink_to_fit();
        columns.units.shrink_to_fit();
        columns.accounts.shrink_to_fit();
        columns.subtypes.shrink_to_fit();
        columns.statuses.shrink_to_fit();
        columns.symbols.shrink_to_fit();
        columns.categories.shrink_to_fit();
        columns.heads.shrink_to_fit();
        columns.head_ends.shrink_to_fit();
        columns.heads_of.shrink_to_fit();
        columns.tails.shrink_to_fit();
        columns.tail_ends.shrink_to_fit();
        columns.references.shrink_to_fit();
        columns.reference_ends.shrink_to_fit();
        columns.orders.shrink_to_fit();
        columns
    }

    fn ids(&mut self, bytes: &mut BlobReader<'_>) -> Result<usize, ColumnsError> {
        let chunk = bytes.varint("ids")?;
        let most = usize::try_from(CHUNK_ROWS).unwrap_or(usize::MAX);
        let rows = bytes.count(most, "ids")?;
        let start = chunk.checked_mul(CHUNK_ROWS).ok_or(damaged("ids"))?;
        let end = start.saturating_add(CHUNK_ROWS);
        let (mut next, mut found) = (start, 0);
        for _ in 0..bytes.count(rows, "ids")? {
            let first = next.checked_add(bytes.varint("ids")?).ok_or(damaged("ids"))?;
            let length = bytes.count(rows - found, "ids")?;
            next = first.checked_add(length as u64).filter(|next| *next <= end).ok_or(damaged("ids"))?;
            found += length;
            let length = u32::try_from(length).map_err(|_| damaged("ids"))?;
            if !self.columns.ids.extend(first, length) {
                return Err(damaged("ids"));
            }
        }
        if found == rows { Ok(rows) } else { Err(damaged("ids")) }
    }

    fn days(&mut self, bytes: &mut BlobReader<'_>, rows: usize) -> Result<(), ColumnsError> {
        let mut day = 0i64;
        for _ in 0..rows {
            day = day.wrapping_add(unzigzag(bytes.varint("date")?));
            if !DAYS.contains(&day) {
                return Err(damaged("date"));
            }
            self.columns.days.push(i32::try_from(day).map_err(|_| damaged("date"))?);
        }
        Ok(())
    }

    fn amounts(&mut self, bytes: &mut BlobReader<'_>, rows: usize) -> Result<(), ColumnsError> {
        let local = table(bytes, rows, "currency", |bytes| {
            let currency = AssetCode::new(bytes.text("currency")?).map_err(|_| damaged("currency"))?;
            match bytes.take(2, "currency")? {
                &[scale, wide @ (0 | 1)] if scale <= 28 => Ok(Unit { currency, scale, wide: wide == 1 }),
                _ => Err(damaged("currency")),
            }
        })?;
        let columns = &mut self.columns;
        let mut global = Vec::with_capacity(local.len());
        for unit in &local {
            global.push(number(&mut self.units, &mut columns.unit_table, *unit, "currencies")?);
        }
        let before = columns.units.len();
        places(bytes, rows, &global, "currency", |unit| columns.units.push(unit))?;
        for row in before..before + rows {
            if columns.unit_table[usize::from(columns.units[row])].wide {
                let mantissa = wide_unzigzag(bytes.wide_varint("amount")?);
                if mantissa.unsigned_abs() >> 96 != 0 {
                    return Err(damaged("amount"));
                }
                columns.mantissas.push(columns.wide.len().cast_signed() as i64);
                columns.wide.push(mantissa);
            } else {
                columns.mantissas.push(unzigzag(bytes.varint("amount")?));
            }
        }
        Ok(())
    }

    fn accounts(&mut self, bytes: &mut BlobReader<'_>, rows: usize) -> Result<(), ColumnsError> {
        let local = table(bytes, rows, "account", |bytes| Ok(AccountId(bytes.varint("account")?)))?;
        let columns = &mut self.columns;
        let mut global = Vec::with_capacity(local.len());
        for account in local {
            global.push(number(&mut self.accounts, &mut columns.account_table, account, "accounts")?);
        }
        places(bytes, rows, &global, "account", |account| columns.accounts.push(account))
    }
}

/// The position of a value in a table shared by all chunks.
fn number<K: Copy + Eq + std::hash::Hash>(
    numbers: &mut QuickMap<K, u16>,
    values: &mut Vec<K>,
    value: K,
    what: &'static str,
) -> Result<u16, ColumnsError> {
    if let Some(number) = numbers.get(&value) {
        return Ok(*number);
    }
    let number = u16::try_from(values.len()).map_err(|_| ColumnsError::TooMany { what })?;
    values.push(value);
    numbers.insert(value, number);
    Ok(number)
}

/// The distinct values of a column.
fn table<'a, T>(
    bytes: &mut BlobReader<'a>,
    rows: usize,
    what: &'static str,
    mut value: impl FnMut(&mut BlobReader<'a>) -> Result<T, ColumnsError>,
) -> Result<Vec<T>, ColumnsError> {
    let count = bytes.count(rows, what)?;
    if count == 0 && rows > 0 {
        return Err(damaged(what));
    }
    let mut values = Vec::with_capacity(count);
    for _ in 0..count {
        values.push(value(bytes)?);
    }
    Ok(values)
}

/// The value of each row, by its position in the table.
fn places<T: Copy>(
    bytes: &mut BlobReader<'_>,
    rows: usize,
    values: &[T],
    what: &'static str,
    mut push: impl FnMut(T),
) -> Result<(), ColumnsError> {
    match values {
        [] => {}
        [only] => (0..rows).for_each(|_| push(*only)),
        _ => {
            for _ in 0..rows {
                let place = usize::try_from(bytes.varint(what)?).map_err(|_| damaged(what))?;
                push(*values.get(place).ok_or(damaged(what))?);
            }
        }
    }
    Ok(())
}

/// A column of texts from a table shared by all chunks.
fn interned(
    bytes: &mut BlobReader<'_>,
    rows: usize,
    what: &'static str,
    numbers: &mut QuickMap<Box<str>, u32>,
    values: &mut Vec<Box<str>>,
    column: &mut Vec<u32>,
) -> Result<(), ColumnsError> {
    let local = table(bytes, rows, what, |bytes| bytes.text(what))?;
    let mut global = Vec::with_capacity(local.len());
    for text in local {
        let known = numbers.get(text).copied();
        let Some(number) = known else {
            let number = u32::try_from(values.len()).map_err(|_| ColumnsError::TooMany { what })?;
            values.push(text.into());
            numbers.insert(text.into(), number);
            global.push(number);
            continue;
        };
        global.push(number);
    }
    places(bytes, rows, &global, what, |number| column.push(number))
}

/// Payees: stored once per chunk. Merging equal payees of different chunks would take longer than all other reading.
fn heads(bytes: &mut BlobReader<'_>, rows: usize, columns: &mut Columns) -> Result<(), ColumnsError> {
    let count = bytes.count(rows, "payee")?;
    let first = columns.head_ends.len();
    let mut end = columns.heads.len();
    for _ in 0..count {
        end = end.saturating_add(bytes.count(bytes.0.len(), "payee")?);
        columns.head_ends.push(u32::try_from(end).map_err(|_| TOO_MUCH_TEXT)?);
    }
    columns.heads.extend_from_slice(bytes.take(end - columns.heads.len(), "payee")?);
    for place in bytes.take(rows * 2, "payee")?.as_chunks::<2>().0 {
        let place = usize::from(u16::from_le_bytes(*place));
        if place >= count {
            return Err(damaged("payee"));
        }
        columns.heads_of.push(u32::try_from(first + place).map_err(|_| TOO_MUCH_TEXT)?);
    }
    Ok(())
}

/// All other texts.
fn tails(bytes: &mut BlobReader<'_>, rows: usize, columns: &mut Columns) -> Result<(), ColumnsError> {
    let mut end = columns.tails.len();
    for _ in 0..rows {
        end = end.saturating_add(bytes.count(bytes.0.len(), "text")?);
        columns.tail_ends.push(u32::try_from(end).map_err(|_| TOO_MUCH_TEXT)?);
    }
    columns.tails.extend_from_slice(bytes.take(end - columns.tails.len(), "text")?);
    Ok(())
}

/// Provider ids: the length of the prefix shared with the previous one, then the rest.
fn references(bytes: &mut BlobReader<'_>, rows: usize, columns: &mut Columns) -> Result<(), ColumnsError> {
    let mut last = columns.references.len()..columns.references.len();
    for _ in 0..rows {
        let shared = bytes.count(last.len(), "id")?;
        let length = bytes.count(bytes.0.len(), "id")?;
        let start = columns.references.len();
        columns.references.extend_from_within(last.start..last.start + shared);
        columns.references.extend_from_slice(bytes.take(length, "id")?);
        last = start..columns.references.len();
        let end = u32::try_from(last.end).map_err(|_| ColumnsError::TooMany { what: "ids" })?;
        columns.reference_ends.push(end);
    }
    Ok(())
}
