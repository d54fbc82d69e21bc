//! Ways in which a table may state its amounts, and how well each is confirmed.
//!
//! Used by the inference. INVARIANT: headers give a candidate its place, arithmetic overrides it.

use rust_decimal::Decimal;

use super::{
    chain::{self, Chain, Direction, Pairing},
    column::{Column, ColumnKind, column_named, is_settled, with_role},
    frame::{Frame, money},
    grid::Grid,
    layout::Layout,
    marks::DecimalMark,
    model::{self, Model, SignWords},
    net,
    number::Mark,
    role::Role,
    sign,
    source::RawTable,
    steps,
    words::{Words, key},
};
use crate::domain::AssetCode;

/// A balance column beside a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Beside {
    pub(super) column: usize,
    pub(super) pairing: Pairing,
    pub(super) chain: Chain,
}

/// One way to read the amounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) model: Model,
    /// The score of headers and shapes; higher is better.
    pub(super) prior: u32,
    pub(super) balance: Option<Beside>,
    /// Whether only shapes support it.
    pub(super) is_guess: bool,
    /// Whether its amounts agree with the balances only when their signs are turned over.
    pub(super) is_turned_over: bool,
    /// Balances that agree only if the amounts, whose direction is stated, went the other way.
    pub(super) against: usize,
    /// The currency in the header of a full column, where others of its kind have another one.
    pub(super) currency: Option<AssetCode>,
}

impl Candidate {
    fn new(model: Model, prior: u32) -> Self {
        Self { model, prior, balance: None, is_guess: false, is_turned_over: false, against: 0, currency: None }
    }

    fn guess(model: Model, prior: u32) -> Self {
        Self { is_guess: true, ..Self::new(model, prior) }
    }

    /// For comparing candidates: arithmetic first, then signs as they are, then the prior.
    pub(super) fn standing(&self) -> (usize, bool, u32) {
        let weight = self.balance.map_or(0, |beside| beside.chain.weight());
        // One or two steps that agree help a guess and a header alike, but do not beat a header.
        let weight = if weight >= 5_000 || self.is_guess || weight == 0 { weight } else { weight.min(4_000) };
        (weight, !self.is_turned_over, self.prior)
    }

    /// Whether nothing distinguishes it from another.
    pub(super) fn is_rival_of(&self, other: &Self) -> bool {
        let (weight, upright, prior) = self.standing();
        let (best, best_upright, best_prior) = other.standing();
        let differs = self.currency.zip(other.currency).is_some_and(|(one, other)| one != other);
        if differs && weight == 0 && best == 0 && prior + 6 >= best_prior {
            return true;
        }
        self.is_guess && other.is_guess && weight == best && upright == best_upright && prior + 3 >= best_prior
    }

    /// Whether some balances agree with this pair of columns and none with the same pair as its headers name it.
    pub(super) fn is_contradicted_by(&self, named: &Self) -> bool {
        let agree = |candidate: &Self| candidate.balance.map_or(0, |beside| beside.chain.agree);
        self.is_turned(named) && agree(named) == 0 && agree(self) > 0
    }

    /// Whether it is the same pair of columns the other way round.
    pub(super) fn is_turned(&self, other: &Self) -> bool {
        matches!((&self.model, &other.model), (Model::Split { debit, credit, .. }, Model::Split { debit: out, credit: into, .. }) if debit == into && credit == out)
    }

    /// The value by which an answer names it.
    pub(super) fn value(&self) -> String {
        self.model.columns().map(|column| format!("col{}", column + 1)).collect::<Vec<_>>().join("+")
    }
}

/// All candidates of a table.
pub(super) fn list(
    grid: &Grid,
    frame: &Frame,
    columns: &[Column],
    layout: Option<&Layout>,
    words: &Words,
) -> Vec<Candidate> {
    let mut list = Vec::new();
    if let Some(layout) = layout {
        by_layout(layout, columns, &mut list);
        if !list.is_empty() {
            return list;
        }
    }
    by_header(grid, frame, columns, words, &mut list);
    by_shape(grid, frame, columns, words, &mut list);
    list
}

fn by_layout(layout: &Layout, columns: &[Column], list: &mut Vec<Candidate>) {
    let find = |name: &Option<String>| name.as_deref().and_then(|name| column_named(columns, name));
    let amount = &layout.amount;
    let (debit, credit) = (find(&amount.debit), find(&amount.credit));
    if debit.is_some() || credit.is_some() {
        list.push(Candidate::new(Model::Split { debit, credit, fee: None, signed: false }, 90));
    }
    let Some(column) = find(&amount.column) else { return };
    let words: Vec<usize> = amount.sign_columns.iter().filter_map(|name| column_named(columns, name)).collect();
    if words.is_empty() {
        list.push(Candidate::new(Model::Signed { column, fee: find(&amount.fee), tax: find(&amount.tax) }, 100));
        return;
    }
    let keys = |list: &[String]| {
        list.iter()
            .map(|word| if let Some(head) = word.strip_suffix('*') { format!("{}*", key(head)) } else { key(word) })
            .collect()
    };
    let signs = SignWords {
        columns: words,
        incoming: keys(&amount.incoming),
        outgoing: keys(&amount.outgoing),
        amount_in: find(&amount.in_column),
        currency_in: find(&amount.in_currency),
        fee_out: find(&amount.fee),
        ..SignWords::default()
    };
    list.push(Candidate::new(Model::Worded { column, signs }, 100));
}

fn is_amount(column: &Column) -> bool {
    let is_named =
        matches!(column.role, Some(Role::AmountMain | Role::Amount | Role::AmountOther | Role::Debit | Role::Credit));
    is_money(column) && is_named
}

fn is_money(column: &Column) -> bool {
    matches!(column.kind, ColumnKind::Number)
}

fn by_header(grid: &Grid, frame: &Frame, columns: &[Column], words: &Words, list: &mut Vec<Candidate>) {
    let currencies: Vec<&Column> = columns
        .iter()
        .filter(|column| column.is_currency_only && matches!(column.kind, ColumnKind::Number | ColumnKind::Blank))
        .collect();
    if currencies.len() >= 2 && currencies.iter().any(|column| is_money(column)) && exclusive(grid, frame, &currencies)
    {
        let pairs = currencies.iter().filter_map(|column| Some((column.index, column.currency?))).collect();
        list.push(Candidate::new(Model::Currencies(pairs), 70));
        return;
    }
    let fees: Vec<&Column> = with_role(columns, Role::Fee).filter(|column| is_money(column)).collect();
    let moves = columns.iter().any(|column| is_amount(column) && column.positive + column.negative > 0);
    for (role, prior) in [(Role::AmountMain, 56), (Role::Amount, 50), (Role::AmountOther, 20)] {
        let mut found: Vec<&Column> = with_role(columns, role).filter(|column| is_money(column)).collect();
        let most = found.iter().map(|column| column.filled).max().unwrap_or(0);
        found.sort_by_key(|column| (std::cmp::Reverse(column.score), column.index));
        for (place, column) in (0u32..).zip(&found) {
            let full = u32::from(column.filled * 10 >= most * 9) * 4;
            let own_currency = u32::from(column.currency.is_some() && found.len() > 1);
            let near = u32::from(columns.get(column.index + 1).is_some_and(|next| next.kind == ColumnKind::Currency));
            let settles = u32::from(is_settled(columns, column, &found)) * 8;
            let prior = (prior + full + near + settles).saturating_sub(place.min(6) + own_currency);
            // Zeros only are the amounts of no table that has others.
            let prior = if column.positive + column.negative == 0 && moves { prior.min(2) } else { prior };
            let indicators = sign::indicators(grid, &frame.sample, columns, words);
            let unsigned = column.negative == 0;
            if unsigned
                && let Some(best) =
                    indicators.iter().find(|indicator| (indicator.into > 0 && indicator.out > 0) || indicator.named)
            {
                let signs = best.signs.clone();
                list.push(Candidate::new(Model::Worded { column: column.index, signs }, prior + 1));
            }
            if let Some(signs) = trade_signs(grid, frame, columns, words, column) {
                list.push(Candidate::new(Model::Worded { column: column.index, signs }, prior + 3));
            }
            if let Some(marker) = marker(grid, frame, columns, words, column) {
                list.push(Candidate::new(Model::Marked { column: column.index, marker }, prior + 2));
            }
            let mut signed = Candidate::new(Model::Signed { column: column.index, fee: None, tax: None }, prior);
            signed.currency = column.currency.filter(|_| found.len() > 1 && full > 0);
            list.push(signed);
            // Net of fees only where the arithmetic proves it.
            for fee in &fees {
                list.push(Candidate::new(Model::Signed { column: column.index, fee: Some(fee.index), tax: None }, 8));
            }
        }
    }
    if let Some(column) = net::column(grid, frame, columns) {
        list.push(Candidate::new(Model::Signed { column, fee: None, tax: None }, 62));
    }
    pairs(grid, frame, columns, list);
}

/// Columns whose words (buy, sell, dividend) give every row of a broker's table its direction, where signs do not.
fn trade_signs(grid: &Grid, frame: &Frame, columns: &[Column], words: &Words, amount: &Column) -> Option<SignWords> {
    let invests = columns.iter().any(|column| matches!(column.role, Some(Role::Symbol | Role::Isin | Role::Quantity)));
    if !invests || amount.negative * 4 > amount.filled {
        return None;
    }
    let telling = columns.iter().filter(|column| {
        let named =
            matches!(column.role, Some(Role::Type | Role::Indicator | Role::Text)) || key(&column.header) == "buy sell";
        column.kind == ColumnKind::Text && named && column.distinct <= 40
    });
    let all: Vec<usize> = telling.map(|column| column.index).collect();
    let signs = |columns: &[usize]| SignWords { columns: columns.to_vec(), trades: true, ..SignWords::default() };
    let covers =
        |signs: &SignWords| frame.sample.iter().all(|row| signs.of_row(grid, *row, words) != model::Way::Unknown);
    let single = all.iter().map(|column| signs(&[*column])).find(covers);
    let pair = || {
        let pairs = all
            .iter()
            .flat_map(|first| all.iter().filter(move |second| *second != first).map(move |second| [*first, *second]));
        pairs.map(|pair| signs(&pair)).find(covers)
    };
    single.or_else(pair)
}

/// A few plus signs among bare amounts, or a column that holds nothing but a few words for money in: the column of the
/// words, if there is one.
#[allow(clippy::option_option, reason = "no marks, marks in the amounts, marks in a column beside them")]
fn marker(grid: &Grid, frame: &Frame, columns: &[Column], words: &Words, amount: &Column) -> Option<Option<usize>> {
    if amount.negative > 0 || amount.filled < 3 {
        return None;
    }
    let beside = columns.iter().find(|column| {
        let known = frame.sample.iter().map(|row| grid.cell(*row, column.index)).filter(|cell| !cell.is_empty());
        let (mut into, mut others) = (0, 0);
        for cell in known {
            if model::way(cell, words) == model::Way::In { into += 1 } else { others += 1 }
        }
        column.kind == ColumnKind::Text && into > 0 && others == 0 && into * 2 < frame.sample.len()
    });
    let plus = amount.signed > 0 && amount.signed * 2 < amount.filled;
    (plus || beside.is_some()).then(|| beside.map(|column| column.index))
}

/// Headers of money that left the account, in no other sense.
const PAYOUTS: &[&str] = &["paid out", "payout", "payouts", "money out", "withdrawal", "withdrawals", "withdrawn"];

/// Pairs of columns for money out and in; the last pair first, which is the booked one.
fn pairs(grid: &Grid, frame: &Frame, columns: &[Column], list: &mut Vec<Candidate>) {
    let usable = |column: &&Column| matches!(column.kind, ColumnKind::Number | ColumnKind::Blank);
    let out: Vec<&Column> = with_role(columns, Role::Debit).filter(usable).collect();
    let into: Vec<&Column> = with_role(columns, Role::Credit).filter(usable).collect();
    for (place, (debit, credit)) in (0u32..).zip(out.iter().rev().zip(into.iter().rev())) {
        if (!is_money(debit) && !is_money(credit)) || !exclusive(grid, frame, &[debit, credit]) {
            continue;
        }
        let (debit_index, credit_index) = (Some(debit.index), Some(credit.index));
        let prior = 60u32.saturating_sub(place);
        list.push(Candidate::new(
            Model::Split { debit: debit_index, credit: credit_index, fee: None, signed: false },
            prior,
        ));
        if debit.negative > 0 || credit.negative > 0 {
            list.push(Candidate::new(
                Model::Split { debit: debit_index, credit: credit_index, fee: None, signed: true },
                7,
            ));
        }
        // Fees apart from the amounts count where the balances prove it.
        for fee in with_role(columns, Role::Fee).filter(|column| is_money(column)) {
            let model = Model::Split { debit: debit_index, credit: credit_index, fee: Some(fee.index), signed: false };
            list.push(Candidate::new(model, 6));
        }
        // A file whose headers lie is read by its balances.
        list.push(Candidate::new(
            Model::Split { debit: credit_index, credit: debit_index, fee: None, signed: false },
            3,
        ));
    }
    if out.is_empty() != into.is_empty() {
        // Beside a column of amounts, a count of something shares no rows with money.
        let has_amount = columns
            .iter()
            .any(|column| is_money(column) && matches!(column.role, Some(Role::Amount | Role::AmountMain)));
        for column in out.iter().chain(&into).filter(|column| is_money(column)) {
            let is_out = column.is(Role::Debit);
            // Payouts and the amounts that came in may share the rows between them.
            let is_payout = PAYOUTS.contains(&key(&column.header).as_str());
            let may_be = |other: &&Column| match other.role {
                None => !has_amount || other.looks_like_money(),
                Some(Role::Amount) => is_payout && other.negative == 0,
                _ => false,
            };
            for other in columns.iter().filter(may_be).filter(|other| completes(grid, frame, column, other)) {
                let (debit, credit) = if is_out { (column.index, other.index) } else { (other.index, column.index) };
                let model = Model::Split { debit: Some(debit), credit: Some(credit), fee: None, signed: false };
                list.push(Candidate::new(model, if other.role.is_none() { 45 } else { 58 }));
                let turned = Model::Split { debit: Some(credit), credit: Some(debit), fee: None, signed: false };
                list.push(Candidate::new(turned, 3));
            }
            let (debit, credit) = if is_out { (Some(column.index), None) } else { (None, Some(column.index)) };
            let model = if column.negative > 0 && column.positive > 0 {
                Model::Signed { column: column.index, fee: None, tax: None }
            } else {
                Model::Split { debit, credit, fee: None, signed: false }
            };
            list.push(Candidate::new(model, 30));
        }
    }
}

/// Whether a column holds the amounts of the rows that the other one leaves without.
fn completes(grid: &Grid, frame: &Frame, known: &Column, other: &Column) -> bool {
    let amount =
        |row: usize, column: &Column| money(grid.cell(row, column.index)).is_some_and(|number| !number.is_zero());
    known.index != other.index
        && is_money(other)
        && exclusive(grid, frame, &[known, other])
        && frame.sample.iter().any(|row| amount(*row, other))
        && frame.sample.iter().filter(|row| !amount(**row, known) && !amount(**row, other)).count() <= spare(frame)
}

/// Rows of the sample that may be no movements: an opening balance has a day and a figure too.
const fn spare(frame: &Frame) -> usize {
    let rows = frame.sample.len();
    if rows < 2 { 0 } else { 1 + rows / 20 }
}

/// Whether hardly any row has an amount other than zero in more than one of the columns.
fn exclusive(grid: &Grid, frame: &Frame, columns: &[&Column]) -> bool {
    let filled = |row: &usize| {
        columns
            .iter()
            .filter(|column| money(grid.cell(*row, column.index)).is_some_and(|number| !number.is_zero()))
            .count()
    };
    let both = frame.sample.iter().filter(|row| filled(row) > 1).count();
    both * 10 <= frame.sample.len()
}

/// Columns without a known header: by the form of their cells.
fn by_shape(grid: &Grid, frame: &Frame, columns: &[Column], words: &Words, list: &mut Vec<Candidate>) {
    let has_header = frame.header.is_some();
    // Where no header names an amount, a header over the wrong column does not keep one from being found.
    let unnamed = list.is_empty();
    let is_open = |column: &&Column| {
        let misnamed = unnamed
            && column.looks_like_money()
            && matches!(column.role, Some(Role::Text | Role::Type | Role::Reference | Role::Party | Role::AccountPart));
        is_money(column)
            && (column.role.is_none() || misnamed || matches!(column.role, Some(Role::Balance | Role::BalanceBefore)))
            && !(column.constant.is_some() && column.filled > 2 && column.money_like == 0)
    };
    let open: Vec<&Column> = columns.iter().filter(is_open).collect();
    let shaped: Vec<&Column> = open.iter().copied().filter(|column| column.looks_like_money()).collect();
    // Plain numbers beside others that look like money are amounts only where arithmetic proves it.
    let is_plain = |column: &Column| !shaped.is_empty() && !shaped.iter().any(|known| known.index == column.index);
    let most = open.iter().map(|column| column.filled).max().unwrap_or(0);
    for column in &open {
        let named_balance = matches!(column.role, Some(Role::Balance | Role::BalanceBefore));
        let mut prior = if named_balance { 1 } else { 10 };
        // One or two rows show no habit.
        prior += u32::from(column.negative > 0 && frame.sample.len() > 2) * 12;
        let is_small = column.constant.as_deref().is_some_and(|value| value.chars().count() <= 2);
        prior = prior.saturating_sub(u32::from(is_small && frame.sample.len() > 1) * 9);
        prior += u32::from(column.filled * 10 >= most * 9) * 6;
        if is_plain(column) {
            prior = prior.min(2);
        }
        if named_balance && has_header && list.iter().any(|known| !known.is_guess) {
            continue;
        }
        if column.negative == 0
            && let Some(best) = sign::indicators(grid, &frame.sample, columns, words)
                .iter()
                .find(|indicator| (indicator.into > 0 && indicator.out > 0) || indicator.named)
        {
            let signs = best.signs.clone();
            list.push(Candidate::guess(Model::Worded { column: column.index, signs }, prior + 5));
        }
        list.push(Candidate::guess(Model::Signed { column: column.index, fee: None, tax: None }, prior));
    }
    for (index, first) in open.iter().enumerate() {
        for second in &open[index + 1..] {
            let sparse = first.filled < frame.sample.len()
                || second.filled < frame.sample.len()
                || (has_zeros(first) && has_zeros(second));
            let covered = first.filled + second.filled + spare(frame);
            if !sparse || !exclusive(grid, frame, &[first, second]) || covered < frame.sample.len() {
                continue;
            }
            let split = |debit: &Column, credit: &Column| Model::Split {
                debit: Some(debit.index),
                credit: Some(credit.index),
                fee: None,
                signed: false,
            };
            // Signs inside the columns say which is which.
            let first_out = first.negative > 0 && first.positive == 0 && second.negative == 0;
            let second_out = second.negative > 0 && second.positive == 0 && first.negative == 0;
            let (left, right) = match (first_out, second_out) {
                (true, false) => (50, 10),
                (false, true) => (10, 50),
                _ => (40, 40),
            };
            // Columns that share the rows among them are amounts, whatever they look like.
            let is_unlikely = !completes(grid, frame, first, second) && (is_plain(first) || is_plain(second));
            let (left, right) = if is_unlikely { (1, 1) } else { (left, right) };
            list.push(Candidate::guess(split(first, second), left));
            list.push(Candidate::guess(split(second, first), right));
        }
    }
}

fn has_zeros(column: &Column) -> bool {
    column.positive + column.negative < column.filled
}

/// Follows the balance columns beside each candidate under each decimal mark that is possible.
pub(super) fn judge(
    table: &RawTable<'_>,
    frame: &Frame,
    columns: &[Column],
    candidates: &[Candidate],
    marks: &DecimalMark,
    groups: &[usize],
    direction: Direction,
) -> Vec<(Candidate, Mark)> {
    let possible = match marks {
        DecimalMark::Decided(mark, _) => vec![*mark],
        DecimalMark::Open => vec![Mark::Dot, Mark::Comma],
    };
    let (mut judged, mut covered) = (Vec::new(), Vec::new());
    for mark in possible {
        let balances: Vec<(usize, Vec<Option<Decimal>>)> = balance_columns(columns)
            .map(|column| {
                (
                    column,
                    frame.sample.iter().map(|row| Some(money(table.grid.cell(*row, column))?.value(mark))).collect(),
                )
            })
            .collect();
        for candidate in candidates {
            let mut candidate = candidate.clone();
            let amounts = candidate.model.amounts(table.grid, &frame.sample, mark, table.words);
            for (column, values) in &balances {
                if candidate.model.columns().any(|used| used == *column) {
                    continue;
                }
                let (pairing, mut chain) = chain::best(&amounts, values, groups, direction);
                // Two columns that read turned over are the pair the other way round.
                let (inverted, before) = pairing.meaning(direction);
                let is_fixed = match &candidate.model {
                    Model::Worded { signs, .. } => !signs.is_open,
                    Model::Split { .. } => true,
                    _ => false,
                };
                if inverted && is_fixed {
                    // Signs inside the columns that agree with the headers weigh more than a step or two.
                    if chain.is_strong() || !is_signed_split(&candidate.model, columns) {
                        candidate.against = candidate.against.max(chain.agree);
                    }
                    chain = Chain::default();
                }
                // A balance before the row is rare; it must be named so or proven.
                let named_before = columns.get(*column).is_some_and(|known| known.is(Role::BalanceBefore));
                if before && !named_before && !chain.is_strong() {
                    chain = chain::follow(&amounts, values, groups, usual(direction));
                }
                let named = |column: usize| {
                    u32::from(matches!(columns[column].role, Some(Role::Balance | Role::BalanceBefore)))
                };
                let pairing = if before && !named_before && !chain.is_strong() { usual(direction) } else { pairing };
                let rank = |chain: &Chain, column: usize, pairing: Pairing| {
                    (chain.weight(), chain.agree, named(column), pairing.meaning(direction) == (false, false))
                };
                if candidate.balance.is_none_or(|known| {
                    rank(&chain, *column, pairing) > rank(&known.chain, known.column, known.pairing)
                }) {
                    candidate.balance = Some(Beside { column: *column, pairing, chain });
                    candidate.is_turned_over = {
                        let (inverted, before) = pairing.meaning(direction);
                        chain.agree > 0 && (inverted || (before && !named_before))
                    };
                }
            }
            let taught = worded_by_steps(table, frame, columns, &candidate, &amounts, &balances, groups, direction);
            if let Some((taught, beside)) = taught {
                covered.push(amounts.iter().flatten().count());
                judged.push((Candidate { balance: Some(beside), ..taught }, mark));
            }
            covered.push(amounts.iter().flatten().count());
            judged.push((candidate, mark));
        }
    }
    // A step or two agree by chance: they do not set a guess before amounts that a header names.
    let has_named = judged.iter().any(|(candidate, _)| !candidate.is_guess && candidate.prior >= 20);
    for (candidate, _) in judged.iter_mut().filter(|(candidate, _)| has_named && candidate.is_guess) {
        candidate.balance = candidate.balance.filter(|beside| beside.chain.is_strong());
    }
    // A column that leaves rows without an amount, where another fills them, proves nothing. A number that no header names
    // may fill every row without being an amount.
    let most = |guesses: bool| {
        let counted = judged.iter().zip(&covered).filter(|((candidate, _), _)| guesses || !candidate.is_guess);
        counted.map(|(_, count)| *count).max().unwrap_or(0)
    };
    let (most, most_named) = (most(true), most(false));
    for ((candidate, _), count) in judged.iter_mut().zip(covered) {
        if count * 4 < 3 * if candidate.is_guess { most } else { most_named } {
            candidate.balance = candidate.balance.map(|beside| Beside { chain: Chain::default(), ..beside });
            candidate.prior = candidate.prior.min(5);
        }
    }
    judged
}

/// Whether all amounts of the column of money out are negative, and none of money in is.
fn is_signed_split(model: &Model, columns: &[Column]) -> bool {
    let Model::Split { debit: Some(debit), credit: Some(credit), .. } = model else { return false };
    let (Some(debit), Some(credit)) = (columns.get(*debit), columns.get(*credit)) else { return false };
    debit.negative > 0 && debit.positive == 0 && credit.negative == 0
}

/// Unsigned amounts whose direction the balances give, with the words that go with it.
#[allow(clippy::too_many_arguments, reason = "the state of the judgement")]
fn worded_by_steps(
    table: &RawTable<'_>,
    frame: &Frame,
    columns: &[Column],
    candidate: &Candidate,
    amounts: &[Option<Decimal>],
    balances: &[(usize, Vec<Option<Decimal>>)],
    groups: &[usize],
    direction: Direction,
) -> Option<(Candidate, Beside)> {
    let Model::Signed { column, fee: None, tax: None } = candidate.model else { return None };
    let known = columns.get(column)?;
    if known.signed > 0 || candidate.balance.is_some_and(|beside| beside.chain.is_proof()) {
        return None;
    }
    balances.iter().filter(|(other, _)| *other != column).find_map(|(other, values)| {
        let ways = steps::ways(amounts, values, groups, direction)?;
        let signs = steps::vocabulary(table.grid, &frame.sample, columns, &ways)?;
        let model = Model::Worded { column, signs };
        let directed = model.amounts(table.grid, &frame.sample, Mark::Dot, table.words);
        // The mark was decided for the amounts already: only their signs are taken from the words.
        let signed: Vec<Option<Decimal>> = amounts
            .iter()
            .zip(&directed)
            .map(|(amount, way)| {
                amount.map(|amount| if way.is_some_and(|way| way.is_sign_negative()) { -amount.abs() } else { amount })
            })
            .collect();
        let (pairing, chain) = chain::best(&signed, values, groups, direction);
        chain.is_proof().then(|| {
            let taught = Candidate { model, is_turned_over: false, ..candidate.clone() };
            (taught, Beside { column: *other, pairing, chain })
        })
    })
}

/// The pairing of a balance after the row and amounts as they are.
fn usual(direction: Direction) -> Pairing {
    let newest = direction == Direction::NewestFirst;
    Pairing { earlier: newest, falls: newest }
}

/// Columns that may hold a balance: those named so, else every column of money without a role.
fn balance_columns(columns: &[Column]) -> impl Iterator<Item = usize> {
    let named = columns
        .iter()
        .any(|column| is_money(column) && matches!(column.role, Some(Role::Balance | Role::BalanceBefore)));
    columns
        .iter()
        .filter(move |column| {
            let by_name = matches!(column.role, Some(Role::Balance | Role::BalanceBefore));
            is_money(column) && (by_name || (!named && column.role.is_none()))
        })
        .map(|column| column.index)
}
