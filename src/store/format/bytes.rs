//! Primitives of the hand-written layouts: little-endian numbers, varint lengths, exact decimals.
//!
//! INVARIANT: reading never panics and never allocates more than the input is long.

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use rust_decimal::Decimal;

use crate::domain::AssetCode;

/// Appends to a buffer.
pub(in crate::store) struct Encoder<'a>(pub(in crate::store) &'a mut Vec<u8>);

impl Encoder<'_> {
    pub(in crate::store) fn u8(&mut self, value: u8) {
        self.0.push(value);
    }

    pub(in crate::store) fn u32(&mut self, value: u32) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub(in crate::store) fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value.to_le_bytes()[0] | 0x80);
            value >>= 7;
        }
        self.0.push(value.to_le_bytes()[0]);
    }

    pub(in crate::store) fn bytes(&mut self, value: &[u8]) {
        self.varint(value.len() as u64);
        self.0.extend_from_slice(value);
    }

    pub(in crate::store) fn text(&mut self, value: &str) {
        self.bytes(value.as_bytes());
    }

    pub(in crate::store) fn date(&mut self, value: NaiveDate) {
        self.0.extend_from_slice(&value.num_days_from_ce().to_le_bytes());
    }

    pub(in crate::store) fn instant(&mut self, value: DateTime<Utc>) {
        self.0.extend_from_slice(&value.timestamp().to_le_bytes());
        self.u32(value.timestamp_subsec_nanos());
    }

    pub(in crate::store) fn currency(&mut self, value: AssetCode) {
        self.text(value.as_str());
    }

    /// The mantissa of a decimal. The layout defines the position of its head.
    pub(in crate::store) fn mantissa(&mut self, value: Decimal) {
        let bytes = value.mantissa().unsigned_abs().to_le_bytes();
        self.0.extend_from_slice(&bytes[..width(decimal_head(value))]);
    }

    pub(in crate::store) fn decimal(&mut self, value: Decimal) {
        self.u8(decimal_head(value));
        self.mantissa(value);
    }
}

/// Scale (5 bits), sign (1 bit) and width of the mantissa (2 bits: 2, 4, 8, 12 bytes). The scale is kept, so 1.10
/// stays 1.10.
pub(in crate::store) fn decimal_head(value: Decimal) -> u8 {
    let class = match value.mantissa().unsigned_abs() {
        0..0x1_0000 => 0,
        0x1_0000..0x1_0000_0000 => 1,
        0x1_0000_0000..0x1_0000_0000_0000_0000 => 2,
        _ => 3_u8,
    };
    let scale = value.scale().to_le_bytes()[0];
    scale | (u8::from(value.mantissa() < 0) << 5) | (class << 6)
}

const fn width(head: u8) -> usize {
    match head >> 6 {
        0 => 2,
        1 => 4,
        2 => 8,
        _ => 12,
    }
}

/// Reads from a slice; `None` means invalid bytes.
pub(in crate::store) struct Decoder<'a>(pub(in crate::store) &'a [u8]);

impl<'a> Decoder<'a> {
    pub(in crate::store) fn slice(&mut self, length: usize) -> Option<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(length)?;
        self.0 = tail;
        Some(head)
    }

    pub(in crate::store) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, tail) = self.0.split_first_chunk::<N>()?;
        self.0 = tail;
        Some(*head)
    }

    pub(in crate::store) fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(in crate::store) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(in crate::store) fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    pub(in crate::store) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.varint()?).ok()?;
        self.slice(length)
    }

    pub(in crate::store) fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    pub(in crate::store) fn date(&mut self) -> Option<NaiveDate> {
        NaiveDate::from_num_days_from_ce_opt(self.array().map(i32::from_le_bytes)?)
    }

    pub(in crate::store) fn instant(&mut self) -> Option<DateTime<Utc>> {
        let seconds = self.array().map(i64::from_le_bytes)?;
        DateTime::from_timestamp(seconds, self.u32()?)
    }

    pub(in crate::store) fn currency(&mut self) -> Option<AssetCode> {
        match self.bytes()? {
            b"USD" => Some(AssetCode::USD),
            other => AssetCode::new(std::str::from_utf8(other).ok()?).ok(),
        }
    }

    pub(in crate::store) fn mantissa(&mut self, head: u8) -> Option<Decimal> {
        let mut bytes = [0; 16];
        let width = width(head);
        bytes[..width].copy_from_slice(self.slice(width)?);
        let magnitude = i128::from_le_bytes(bytes);
        let signed = if head & 0x20 == 0 { magnitude } else { -magnitude };
        Decimal::try_from_i128_with_scale(signed, u32::from(head & 0x1f)).ok()
    }

    pub(in crate::store) fn decimal(&mut self) -> Option<Decimal> {
        let head = self.u8()?;
        self.mantissa(head)
    }

    /// Returns `value` if all bytes were read.
    pub(in crate::store) fn finish<T>(&self, value: T) -> Option<T> {
        self.0.is_empty().then_some(value)
    }
}
