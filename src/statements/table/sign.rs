//! Which way positive amounts go, from words: texts of the rows, a column of debit and credit, words of card statements.
//!
//! Used by the inference. INVARIANT: words weigh less than arithmetic and are only asked where it is silent.

use rust_decimal::Decimal;

use super::{
    column::{Column, ColumnKind},
    grid::Grid,
    model::{SignWords, Way, way},
    pairs::{PAIRS, announces_kinds, opposites},
    role::Role,
    words::{Set, Words, key},
};

/// Rows whose texts are weighed.
const WEIGHED: usize = 150;

/// Names of categories that are nothing but money in.
const INCOME: &[&str] = &[
    "income",
    "paycheck",
    "paychecks",
    "wages",
    "einkommen",
    "einnahmen",
    "revenus",
    "ingresos",
    "inkomsten",
    "entrate",
    "rendimentos",
    "inkomst",
    "inntekt",
    "indkomst",
    "dochody",
    "prijmy",
];

/// Weights for positive amounts being money in, and for their being money out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Weights {
    pub(super) as_is: usize,
    pub(super) inverted: usize,
    /// Words that decide alone, such as a payment with thanks on a card.
    pub(super) strong_as_is: usize,
    pub(super) strong_inverted: usize,
    /// Negative and positive rows that thank for a payment, as cards do.
    pub(super) paid_inverted: usize,
    pub(super) paid_as_is: usize,
}

/// Weighs the texts of the rows against the signs of their amounts.
pub(super) fn texts(
    grid: &Grid,
    rows: &[usize],
    amounts: &[Option<Decimal>],
    columns: &[Column],
    words: &Words,
) -> Weights {
    let texts: Vec<usize> = columns
        .iter()
        .filter(|column| {
            matches!(column.kind, ColumnKind::Text)
                && (column.role.is_none()
                    || matches!(
                        column.role,
                        Some(Role::Text | Role::Party | Role::Type | Role::Reference | Role::Indicator | Role::Status)
                    ))
        })
        .map(|column| column.index)
        .collect();
    let mut weights = Weights::default();
    for (row, amount) in rows.iter().zip(amounts).take(WEIGHED) {
        let Some(amount) = amount.filter(|amount| !amount.is_zero()) else { continue };
        let text = key(&texts.iter().map(|column| grid.cell(*row, *column)).collect::<Vec<_>>().join(" "));
        let is_income = |column: &usize| INCOME.contains(&key(grid.cell(*row, *column)).as_str());
        let into = words.count(Set::TextIn, &text) + texts.iter().filter(|column| is_income(column)).count();
        let out = words.count(Set::TextOut, &text);
        let positive = amount > Decimal::ZERO;
        let paid = words.count(Set::CardPayment, &text) > 0;
        weights.paid_as_is += usize::from(paid && positive);
        weights.paid_inverted += usize::from(paid && !positive);
        match (into > 0, out > 0, positive) {
            (true, false, true) => {
                weights.as_is += 2;
                weights.strong_as_is += 1;
            }
            (true, false, false) => {
                weights.inverted += 2;
                weights.strong_inverted += 1;
            }
            (false, true, true) => weights.inverted += 1,
            (false, true, false) => weights.as_is += 1,
            (true, true, true) if into > out => weights.as_is += 1,
            (true, true, false) if into > out => weights.inverted += 1,
            _ => {}
        }
    }
    weights
}

/// Kinds of rows of a card by which its amounts without signs go out and in.
const SPENT: &[&str] = &[
    "purchase",
    "purchases",
    "sale",
    "sales",
    "fee",
    "fees",
    "interest",
    "interest charge",
    "cash advance",
    "charge",
    "debit",
];
const REPAID: &[&str] =
    &["payment", "payments", "return", "returns", "refund", "refunds", "credit", "credits", "reversal", "cashback"];

/// The words of a column that holds nothing but such kinds, purchases and payments among them.
fn card_kinds(grid: &Grid, rows: &[usize], column: &Column) -> Option<SignWords> {
    let kinds: Vec<String> = rows.iter().map(|row| key(grid.cell(*row, column.index))).collect();
    let holds = |list: &[&str]| kinds.iter().any(|kind| list.contains(&kind.as_str()));
    let known = kinds.iter().all(|kind| SPENT.contains(&kind.as_str()) || REPAID.contains(&kind.as_str()));
    let owned = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect();
    (known && holds(&SPENT[..4]) && holds(REPAID)).then(|| SignWords {
        columns: vec![column.index],
        incoming: owned(REPAID),
        outgoing: owned(SPENT),
        ..SignWords::default()
    })
}

/// How the words of a column give the direction: by themselves, as a pair, or one of two by the other. Two short words that
/// nothing explains are taken in the order in which they occur, and marked as open. `None` when they give none.
fn vocabulary(grid: &Grid, rows: &[usize], column: &Column, words: &Words) -> Option<SignWords> {
    if let Some((out, into)) = opposites(&column.header, words) {
        let with_initial = |word: String| {
            let initial = word.chars().next().map(String::from).unwrap_or_default();
            vec![word, initial]
        };
        let (outgoing, incoming) = (with_initial(out), with_initial(into));
        let known = |row: &usize| {
            let phrase = key(grid.cell(*row, column.index));
            phrase.is_empty() || outgoing.contains(&phrase) || incoming.contains(&phrase)
        };
        let any = || rows.iter().any(|row| !key(grid.cell(*row, column.index)).is_empty());
        if outgoing[1] != incoming[1] && rows.iter().all(known) && any() {
            return Some(SignWords { columns: vec![column.index], incoming, outgoing, ..SignWords::default() });
        }
    }
    let mut distinct: Vec<String> = Vec::new();
    for row in rows {
        let cell = grid.cell(*row, column.index);
        let phrase = key(cell);
        if !cell.is_empty() && phrase.is_empty() {
            return Some(SignWords { columns: vec![column.index], ..SignWords::default() });
        }
        if !phrase.is_empty() && !distinct.contains(&phrase) {
            distinct.push(phrase);
        }
    }
    let plain = SignWords { columns: vec![column.index], ..SignWords::default() };
    let [first, second] = &distinct[..] else { return Some(plain) };
    let of = |out: &String, into: &String, is_open: bool| SignWords {
        incoming: vec![into.clone()],
        outgoing: vec![out.clone()],
        is_open,
        ..plain.clone()
    };
    let is_pair = |out: &str, into: &str| PAIRS.contains(&(out, into));
    if is_pair(first, second) {
        return Some(of(first, second, false));
    }
    if is_pair(second, first) {
        return Some(of(second, first, false));
    }
    let is_type = announces_kinds(&column.header)
        || column.matches.iter().any(|found| found.role != Role::Indicator && found.score == 100);
    match (way(first, words), way(second, words)) {
        (Way::Unknown, Way::In | Way::Out) | (Way::In | Way::Out, Way::Unknown) if is_type => Some(plain),
        (Way::Out, Way::Unknown) | (Way::Unknown, Way::In) => Some(of(first, second, false)),
        (Way::In, Way::Unknown) | (Way::Unknown, Way::Out) => Some(of(second, first, false)),
        (Way::Unknown, Way::Unknown) => {
            let is_word = |word: &String| word.chars().count() <= 14 && !word.bytes().any(|byte| byte.is_ascii_digit());
            (column.is(Role::Indicator) && !announces_kinds(&column.header) && is_word(first) && is_word(second))
                .then(|| of(first, second, true))
        }
        _ => Some(plain),
    }
}

/// A column whose cells say debit or credit, and how many of them do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Indicator {
    pub(super) column: usize,
    pub(super) signs: SignWords,
    pub(super) into: usize,
    pub(super) out: usize,
    pub(super) neutral: usize,
    pub(super) unknown: usize,
    /// Whether its header marks it as one.
    pub(super) named: bool,
}

/// Columns of words for the direction, best first.
pub(super) fn indicators(grid: &Grid, rows: &[usize], columns: &[Column], words: &Words) -> Vec<Indicator> {
    let mut found = Vec::new();
    for column in columns.iter().filter(|column| column.kind == ColumnKind::Text && column.distinct <= 12) {
        let Some(signs) = vocabulary(grid, rows, column, words) else { continue };
        let kinds = card_kinds(grid, rows, column);
        // A word that another explains counts only under a header that announces such words.
        let is_named = column.is(Role::Indicator);
        let signs = if let Some(kinds) = kinds {
            kinds
        } else if is_named || PAIRS.iter().any(|(out, into)| signs.outgoing == [*out] && signs.incoming == [*into]) {
            signs
        } else {
            SignWords { columns: vec![column.index], ..SignWords::default() }
        };
        let mut indicator = Indicator {
            column: column.index,
            signs,
            into: 0,
            out: 0,
            neutral: 0,
            unknown: 0,
            named: column.is(Role::Indicator),
        };
        let filled: Vec<usize> = rows.iter().copied().filter(|row| !grid.cell(*row, column.index).is_empty()).collect();
        for row in &filled {
            match indicator.signs.of_row(grid, *row, words) {
                Way::In => indicator.into += 1,
                Way::Out => indicator.out += 1,
                Way::Neutral => indicator.neutral += 1,
                Way::Unknown => indicator.unknown += 1,
            }
        }
        let known = indicator.into + indicator.out + indicator.neutral;
        let may_be =
            indicator.named || column.header.is_empty() || matches!(column.role, None | Some(Role::Type | Role::Text));
        if may_be
            && indicator.into + indicator.out > 0
            && known * 10 >= filled.len() * 8
            && filled.len() * 2 >= rows.len()
        {
            found.push(indicator);
        }
    }
    found.sort_by_key(|indicator| {
        (indicator.signs.is_open, !indicator.named, indicator.unknown, indicator.into == 0 || indicator.out == 0)
    });
    found
}

/// Whether headers and surroundings name a card.
pub(super) fn is_card(columns: &[Column], around: &str, file_name: &str, words: &Words) -> bool {
    let names = |column: &Column| words.count(Set::Card, &key(&column.header)) > 0;
    let headers = columns.iter().filter(|column| names(column)).count();
    // Exports of current accounts name merchants too.
    let is_weak = columns.iter().filter(|column| names(column)).all(|column| column.is(Role::Party));
    let bank = columns.iter().any(|column| column.is(Role::Balance));
    let near = words.count(Set::Card, around).min(2) + words.count(Set::Card, &key(file_name)).min(1);
    headers >= 2
        || (headers >= 1 && !bank && !is_weak)
        || near >= 2
        || (near >= 1 && headers >= 1)
        || (near >= 1 && !bank)
}
