//! Layouts: what is known about the tables of an institution, as TOML.
//!
//! Built in under `assets/layouts`, or learned from an answer and kept with the profile. Used by the inference and by the
//! command that lists them. INVARIANT: a layout holds headers, words and choices, never a number, name or text of a row.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::{Deserialize, Serialize};

use super::{built_in::TEXTS, column::Column, role::Role, words::key};

/// How one kind of table is read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layout {
    /// Its name, unique among all layouts: lower case, words joined by dashes.
    pub name: String,
    /// The institution whose tables these are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub institution: Option<String>,
    /// Type of the account: `checking`, `credit_card`, `brokerage`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Currency of rows that state none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// The header cells, in any order. Empty for tables without a header, which `shape` describes.
    #[serde(default)]
    pub header: Vec<String>,
    /// Header cells that may be there or not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub optional: Vec<String>,
    /// Kinds of the columns of a table without a header: `date number text blank`; `any` fits every kind, and `=*` a column
    /// that holds that mark in every row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<String>,
    /// The days.
    #[serde(default, skip_serializing_if = "is_default")]
    pub date: DateLayout,
    /// The amounts.
    #[serde(default, skip_serializing_if = "is_default")]
    pub amount: AmountLayout,
    /// Header cells by role: `text`, `party`, `balance`, `currency`, `id`, `symbol`, `quantity`, `price` …
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<String, Vec<String>>,
    /// Kinds of rows by the words of one column.
    #[serde(default, skip_serializing_if = "is_default")]
    pub types: TypeLayout,
}

/// How a table states days.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DateLayout {
    /// Header of the day of the row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// `dmy`, `mdy` or `ymd`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
}

/// How a table states amounts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AmountLayout {
    /// Header of the amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// Header of money out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debit: Option<String>,
    /// Header of money in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credit: Option<String>,
    /// Header of fees to take off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fee: Option<String>,
    /// Header of taxes, which are added with their signs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tax: Option<String>,
    /// Whether positive amounts are money out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invert: Option<bool>,
    /// Decimal mark, `.` or `,`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimal: Option<String>,
    /// Headers of the columns whose words give the direction; the first that does counts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sign_columns: Vec<String>,
    /// Headers of the amount and the currency of rows of money in, where they are others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_column: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_currency: Option<String>,
    /// Words of these columns for money in; a `*` at the end matches any rest.
    #[serde(skip_serializing_if = "Vec::is_empty", rename = "in")]
    pub incoming: Vec<String>,
    /// Words of these columns for money out.
    #[serde(skip_serializing_if = "Vec::is_empty", rename = "out")]
    pub outgoing: Vec<String>,
}

/// The kind of a row, by the words of one column.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TypeLayout {
    /// Header of the column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// Words of rows that are not movements: openings, totals, holds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub skip: Vec<String>,
    /// Words by transaction subtype: `buy`, `sell`, `dividend`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub kinds: BTreeMap<String, Vec<String>>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Why a text can't be a layout.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is not a layout: {0}; `dashtam layouts show NAME` prints one as an example")]
pub struct LayoutError(String);

/// The built-in layouts, parsed once; a broken one is left out, which a test would find.
static BUILT_IN: LazyLock<Vec<Layout>> =
    LazyLock::new(|| TEXTS.iter().filter_map(|text| Layout::parse(text).ok()).collect());

/// The layouts that the program brings along.
#[must_use]
pub fn built_in() -> &'static [Layout] {
    &BUILT_IN
}

impl Layout {
    /// Reads a layout from TOML.
    ///
    /// # Errors
    /// When the text is not TOML, has unknown fields, or names roles, orders or kinds that do not exist.
    pub fn parse(text: &str) -> Result<Self, LayoutError> {
        let layout: Self = toml::from_str(text).map_err(|error| LayoutError(error.message().to_owned()))?;
        layout.check().map(|()| layout)
    }

    /// The layout as TOML.
    #[must_use]
    pub fn to_toml(&self) -> String {
        toml::to_string_pretty(self).unwrap_or_default()
    }

    fn check(&self) -> Result<(), LayoutError> {
        if self.name.is_empty() || !self.name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        {
            return Err(LayoutError(format!("its name `{}` must be lower-case letters, digits and dashes", self.name)));
        }
        if self.header.is_empty() && self.shape.is_none() {
            return Err(LayoutError("it has neither `header` nor `shape`".to_owned()));
        }
        if let Some(order) = &self.date.order
            && super::date::DateOrder::parse(order).is_none()
        {
            return Err(LayoutError(format!("`{order}` is not an order of dates; use dmy, mdy or ymd")));
        }
        if let Some(role) = self.columns.keys().find(|role| Role::parse(role).is_none()) {
            return Err(LayoutError(format!("`{role}` is not a role of a column")));
        }
        if let Some(kind) = &self.kind
            && crate::domain::AccountType::parse(kind).is_none()
        {
            return Err(LayoutError(format!("`{kind}` is not a type of account")));
        }
        if let Some(kind) =
            self.types.kinds.keys().find(|kind| crate::domain::TransactionSubtype::parse(kind).is_none())
        {
            return Err(LayoutError(format!("`{kind}` is not a kind of transaction")));
        }
        Ok(())
    }

    /// Whether a table with these header keys, or columns of this shape, is of this layout.
    pub(super) fn fits(&self, header: &[String], columns: &[Column]) -> bool {
        if self.header.is_empty() {
            let is_of = |(wanted, column): (&str, &Column)| match wanted.strip_prefix('=') {
                Some(mark) => column.constant.as_deref() == Some(mark),
                None => wanted == "any" || wanted == column.kind.name(),
            };
            let is_shape =
                |wanted: &str| wanted.split(' ').count() == columns.len() && wanted.split(' ').zip(columns).all(is_of);
            return header.iter().all(String::is_empty) && self.shape.as_deref().is_some_and(is_shape);
        }
        let wanted: Vec<String> = self.header.iter().map(|cell| key(cell)).collect();
        let optional: Vec<String> = self.optional.iter().map(|cell| key(cell)).collect();
        let mut left: Vec<&String> = header.iter().filter(|cell| !cell.is_empty()).collect();
        for cell in &wanted {
            if cell.is_empty() {
                continue;
            }
            match left.iter().position(|known| *known == cell) {
                Some(at) => drop(left.swap_remove(at)),
                None => return false,
            }
        }
        left.iter().all(|cell| optional.contains(cell))
    }

    /// How many header cells it names: the more, the surer.
    pub(super) fn weight(&self) -> usize {
        self.header.len()
    }
}

/// The layout of a table: a learned one before a built-in one, the one that names more before one that names less.
pub(super) fn matching<'a>(header: &[String], columns: &[Column], learned: &'a [Layout]) -> Option<&'a Layout> {
    let best = |layouts: &'a [Layout]| {
        layouts.iter().filter(|layout| layout.fits(header, columns)).max_by_key(|layout| layout.weight())
    };
    best(learned).or_else(|| best(&BUILT_IN))
}
