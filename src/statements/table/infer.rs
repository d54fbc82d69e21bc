//! The decision: which columns, which order, which sign, by evidence; or the one question that is left.
//!
//! Used by the table reader. INVARIANT: arithmetic before layouts, layouts before words, words before conventions; on a
//! tie nothing is chosen.

use rust_decimal::Decimal;

use super::{
    account::{self, Owner},
    bookkeeping,
    candidates::{self, Candidate},
    chain::Direction,
    column::{self, Column, column_named},
    date::DateOrder,
    days::{self, DateColumns, Decision},
    facts::{self, Facts},
    frame::{self, Frame},
    grid::Grid,
    layout::{self, Layout},
    marks::{self, DecimalMark},
    money_column,
    number::Mark,
    plan::{OpenPoint, TablePlan, Turn},
    refuse,
    role::Role,
    signs::{self, SignChoice},
    source::RawTable,
    unnamed,
    words::Words,
};
use crate::{
    domain::AssetCode,
    statements::{Evidence, QuestionAnswers, StatementError, iban},
};

/// Decides as far as the file allows.
pub(super) fn infer<'a>(table: &RawTable<'a>) -> Result<(TablePlan<'a>, Option<OpenPoint>), StatementError> {
    let RawTable { grid, words, answers, .. } = *table;
    let Some(frame) = frame::find(grid, words) else {
        let head: Vec<String> = (0..grid.len().min(20)).flat_map(|row| grid.cells(row)).map(str::to_owned).collect();
        return Err(refuse::no_rows(&head, words));
    };
    let mut columns = column::examine(grid, &frame, words);
    let header = frame.header_keys(grid);
    let layout = layout::matching(&header, &columns, table.layouts);
    let mut evidence = Vec::new();
    if let Some(layout) = layout {
        assign(layout, &mut columns);
        evidence.push(Evidence::supporting(format!("the columns are those of the layout \"{}\"", layout.name)));
    }
    if layout.is_none()
        && let Some(error) = refuse::by_columns(&columns, words)
    {
        return Err(error);
    }
    let dates = date_columns(layout, &columns, grid, &frame);
    if dates.order.is_empty() {
        return Err(refuse::no_rows(&header, words));
    }
    let last = last_row(grid, &frame, &dates);
    let facts = facts::read(grid, &frame, last, table.file_name, words);
    let is_card = layout.and_then(|layout| layout.kind.as_deref()).map_or_else(
        || super::sign::is_card(&columns, &facts.text, table.file_name, words),
        |kind| kind == "credit_card",
    );

    // The order of days.
    let (order, open_orders) = order(table, &frame, &dates, &facts, last, layout, &mut evidence);
    let direction = direction(grid, &frame, &dates, order, open_orders.as_deref());

    // Whose rows, in which currency.
    let currency_column = account::currency_column(grid, &frame, &columns, layout);
    let owner = account::owner(grid, &frame, &columns, &facts, table.file_name, layout);
    let groups = account::groups(grid, &frame.sample, currency_column, &owner);

    // The amounts.
    let stated = account::stated_currency(grid, &frame, &columns, &facts, currency_column, layout)
        .or_else(|| words.currency_of_language(columns.iter().map(|column| column.header.as_str())));
    let marks = marks::decide(table, &frame, &columns, &facts, layout, stated);
    let all = candidates::list(grid, &frame, &columns, layout, words);
    if all.is_empty() {
        return Err(refuse::no_amounts());
    }
    let judged = candidates::judge(table, &frame, &columns, &all, &marks, &groups, direction);
    let picked = settle(table, &frame, &columns, pick(judged, &marks, answers, &mut evidence));
    let Picked { chosen, rivals, mark, open_mark, answered } = picked;
    let choice = signs::decide(&signs::Case {
        table,
        frame: &frame,
        columns: &columns,
        candidate: &chosen,
        mark,
        direction,
        is_card,
        layout,
    });
    let (mut turn, mut asks_sign) = turn(choice, &chosen, answered, &mut evidence);
    if !answered {
        asks_sign |= contradicted(&chosen, is_card, answers, &mut turn, &mut evidence);
    }
    asks_sign |= !answered && is_unproven_ledger(&chosen, &columns, &facts, table, layout);
    money_column::explain(grid, &columns, &chosen, &mut evidence);
    let stated = account::currency(&columns, &chosen, &facts, layout)
        .or_else(|| account::currency_in_cells(grid, &frame, &columns));
    if layout.is_none() && !answered && stated.is_none() && currency_column.is_none() {
        unnamed::check(grid, &frame, &columns, &chosen)?;
    }
    let currency = stated
        .or_else(|| by_country(grid, &frame, &owner, &mut evidence))
        .or_else(|| by_language(words, &columns, &mut evidence));
    let is_currency_stated =
        stated.is_some() || currency_column.is_some() || matches!(chosen.model, super::model::Model::Currencies(_));
    let status_column = column::status(grid, &frame, &columns, words);
    let plan = TablePlan {
        frame,
        columns,
        dates,
        order,
        mark,
        candidate: chosen,
        turn,
        currency_column,
        currency,
        is_currency_stated,
        owner,
        status_column,
        facts,
        last,
        layout,
        is_card,
        direction,
        evidence,
    };
    let doubt = if let Some(rivals) = rivals {
        Some(OpenPoint::Amount(rivals))
    } else if let Some(orders) = open_orders {
        Some(OpenPoint::Date(orders))
    } else if open_mark {
        Some(OpenPoint::Decimal)
    } else {
        asks_sign.then_some(OpenPoint::Sign)
    };
    Ok((plan, doubt))
}

/// The order of the lines; unknown where the orders of dates that are left disagree about it.
fn direction(
    grid: &Grid,
    frame: &Frame,
    dates: &DateColumns,
    order: DateOrder,
    open: Option<&[DateOrder]>,
) -> Direction {
    let Some(orders) = open else { return days::direction(grid, &frame.sample, dates, order) };
    let mut all = orders.iter().map(|order| days::direction(grid, &frame.sample, dates, *order));
    let first = all.next().unwrap_or(Direction::Unknown);
    if all.all(|other| other == first) { first } else { Direction::Unknown }
}

/// The candidate that was picked, and what is left open.
struct Picked {
    chosen: Candidate,
    rivals: Option<Vec<Candidate>>,
    mark: Mark,
    open_mark: bool,
    /// Whether an answer chose it.
    answered: bool,
}

/// Drops rivals that read the rows alike, and takes the one of a pair of columns that the answer names.
fn settle(table: &RawTable<'_>, frame: &Frame, columns: &[Column], mut picked: Picked) -> Picked {
    let mark = picked.mark;
    let rivals = picked
        .rivals
        .take()
        .map(|rivals| without_doubles(table, frame, rivals, mark))
        .filter(|rivals| rivals.len() > 1);
    let answer = table.answers.get("sign").map(str::trim);
    match (rivals, answer) {
        (Some(pair), Some(answer @ ("as-is" | "invert"))) if pair.len() == 2 && pair[0].is_turned(&pair[1]) => {
            picked.chosen = pair[usize::from(answer == "invert")].clone();
            picked.answered = true;
        }
        (Some(pair), _) if pair.len() == 2 && pair[0].is_turned(&pair[1]) => {
            match signs::by_payment_texts(table, frame, columns, &pair[0], mark) {
                Some(turned) => picked.chosen = pair[usize::from(turned)].clone(),
                None => picked.rivals = Some(pair),
            }
        }
        (rivals, _) => picked.rivals = rivals,
    }
    picked
}

/// Whether balances contradict a direction that the table states, so that it must be asked about. A card's balances may be
/// amounts owed.
fn contradicted(
    chosen: &Candidate,
    is_card: bool,
    answers: &QuestionAnswers,
    turn: &mut Turn,
    evidence: &mut Vec<Evidence>,
) -> bool {
    if chosen.against == 0 || chosen.balance.is_some_and(|beside| beside.chain.agree > 0) {
        return false;
    }
    if is_card {
        turn.balances = true;
        evidence.push(Evidence::supporting("the balances of this card are amounts owed"));
        return false;
    }
    evidence.push(Evidence::against(format!(
        "{} of the balances agree only if the money went the other way than in the header",
        chosen.against
    )));
    !matches!(answers.get("sign").map(str::trim), Some("as-is" | "invert"))
}

/// Whether debit and credit are those of a ledger, where the debit of a bank account is money in, and no balance decides.
fn is_unproven_ledger(
    chosen: &Candidate,
    columns: &[Column],
    facts: &Facts,
    table: &RawTable<'_>,
    layout: Option<&Layout>,
) -> bool {
    let is_proven = chosen.balance.is_some_and(|beside| beside.chain.agree > 0);
    let is_pair = matches!(chosen.model, super::model::Model::Split { debit: Some(_), credit: Some(_), .. });
    let is_answered = matches!(table.answers.get("sign").map(str::trim), Some("as-is" | "invert"));
    let is_open = layout.is_none() && !is_answered && !is_proven;
    is_pair && is_open && bookkeeping::is_ledger(columns, facts, table.file_name)
}

/// The signs to turn, and whether they must be asked about.
fn turn(choice: SignChoice, chosen: &Candidate, answered: bool, evidence: &mut Vec<Evidence>) -> (Turn, bool) {
    match choice {
        SignChoice::Open => (Turn::default(), !answered),
        SignChoice::Decided { invert, balance, reasons } => {
            evidence.extend(reasons);
            // A pair of columns that an answer named is the right way round.
            let is_named_pair = answered && matches!(chosen.model, super::model::Model::Split { .. });
            (Turn { amounts: invert && !is_named_pair, balances: balance }, false)
        }
    }
}

/// The currency of the one country that the IBANs of the rows' accounts name.
fn by_country(grid: &Grid, frame: &Frame, owner: &Owner, evidence: &mut Vec<Evidence>) -> Option<AssetCode> {
    let of = |number: &str| iban::currency(number).filter(|_| iban::is_iban_cell(number));
    let currency = match owner {
        Owner::Column(column) => {
            let mut found = frame.sample.iter().map(|row| of(grid.cell(*row, *column)));
            let first = found.next().flatten();
            first.filter(|_| found.all(|other| other == first))
        }
        Owner::Stated(number) | Owner::Named(number) => of(number),
        Owner::Unknown => None,
    }?;
    evidence.push(Evidence::supporting(format!(
        "no currency is stated; {currency} is taken from the country of the account's IBAN"
    )));
    Some(currency)
}

/// The currency of the one country whose language the headers have.
fn by_language(words: &Words, columns: &[Column], evidence: &mut Vec<Evidence>) -> Option<AssetCode> {
    let currency = words.currency_of_language(columns.iter().map(|column| column.header.as_str()))?;
    evidence.push(Evidence::supporting(format!(
        "no currency is stated; {currency} is taken from the language of the header"
    )));
    Some(currency)
}

/// Candidates that read the rows differently.
fn without_doubles(table: &RawTable<'_>, frame: &Frame, candidates: Vec<Candidate>, mark: Mark) -> Vec<Candidate> {
    let mut seen: Vec<Vec<Option<Decimal>>> = Vec::new();
    let mut kept = Vec::new();
    for candidate in candidates {
        let read = candidate.model.amounts(table.grid, &frame.sample, mark, table.words);
        if !seen.contains(&read) {
            seen.push(read);
            kept.push(candidate);
        }
    }
    kept
}

/// Gives the columns the roles of a layout.
fn assign(layout: &Layout, columns: &mut [Column]) {
    let mut give = |name: &Option<String>, role: Role| {
        if let Some(index) = name.as_deref().and_then(|name| column_named(columns, name)) {
            columns[index].role = Some(role);
            columns[index].score = 100;
        }
    };
    give(&layout.amount.column, Role::AmountMain);
    give(&layout.amount.debit, Role::Debit);
    give(&layout.amount.credit, Role::Credit);
    give(&layout.amount.fee, Role::Fee);
    give(&layout.date.column, Role::DateBook);
    for (role, names) in &layout.columns {
        for name in names {
            if let (Some(role), Some(index)) = (Role::parse(role), column_named(columns, name)) {
                columns[index].role = Some(role);
                columns[index].score = 100;
            }
        }
    }
}

fn date_columns(layout: Option<&Layout>, columns: &[Column], grid: &Grid, frame: &Frame) -> DateColumns {
    let mut dates = days::columns(columns, grid, frame);
    if let Some(index) =
        layout.and_then(|layout| layout.date.column.as_deref()).and_then(|name| column_named(columns, name))
    {
        dates.order.retain(|column| *column != index);
        dates.others.retain(|column| *column != index);
        dates.order.insert(0, index);
    }
    dates
}

/// The last row of the table that holds a day in its column.
fn last_row(grid: &Grid, frame: &Frame, dates: &DateColumns) -> usize {
    let has_day =
        |row: &usize| grid.width(*row) * 2 >= frame.width && days::days_of(grid, *row, dates).next().is_some();
    (frame.start..grid.len()).rev().find(has_day).unwrap_or(frame.start)
}

#[allow(clippy::type_complexity, reason = "the order, and the orders that are left when none is decided")]
fn order(
    table: &RawTable<'_>,
    frame: &Frame,
    dates: &DateColumns,
    facts: &Facts,
    last: usize,
    layout: Option<&Layout>,
    evidence: &mut Vec<Evidence>,
) -> (DateOrder, Option<Vec<DateOrder>>) {
    let grid = table.grid;
    let short_year = table.words.short_year(frame.headers(grid).iter().map(String::as_str));
    let mut decision = days::decide(grid, &frame.sample, dates, &facts.bounds, short_year);
    if matches!(&decision, Decision::Open(orders) if !orders.is_empty())
        && last > frame.sample.last().copied().unwrap_or(0)
    {
        let rows: Vec<usize> = (frame.start..=last).collect();
        decision = days::decide(grid, &rows, dates, &facts.bounds, short_year);
    }
    let answered = table.answers.get("date").or_else(|| table.answers.get("date-order")).and_then(DateOrder::parse);
    let stated = layout.and_then(|layout| layout.date.order.as_deref()).and_then(DateOrder::parse);
    match decision {
        Decision::Plain => (DateOrder::Dmy, None),
        Decision::Decided(order, why) => {
            evidence.push(Evidence::supporting(format!("dates are read with the {}: {why}", days::name(order))));
            if let Some(wrong) = answered.filter(|answer| *answer != order) {
                evidence
                    .push(Evidence::against(format!("the order asked for ({}) does not fit every date", wrong.name())));
            }
            (order, None)
        }
        Decision::Open(orders) if orders.is_empty() => {
            let answered = answered.or(stated);
            match answered {
                Some(order) => (order, None),
                None => (majority(grid, &frame.sample, dates), None),
            }
        }
        Decision::Open(orders) => match answered.or(stated).filter(|order| orders.contains(order)) {
            Some(order) => {
                let source = if answered.is_some() { "as answered" } else { "as this layout writes them" };
                evidence.push(Evidence::supporting(format!("dates are read with the {}, {source}", days::name(order))));
                (order, None)
            }
            None => (orders[0], Some(orders)),
        },
    }
}

/// The order that fits most dates, where none fits all: a few are broken, and their lines get a warning.
fn majority(grid: &Grid, rows: &[usize], dates: &DateColumns) -> DateOrder {
    let fitting =
        |order: DateOrder| rows.iter().filter(|row| days::day_of(grid, **row, dates, order).is_some()).count();
    DateOrder::ALL.into_iter().max_by_key(|order| fitting(*order)).unwrap_or(DateOrder::Dmy)
}

/// The candidate with the most evidence, its rivals, and the decimal mark.
fn pick(
    judged: Vec<(Candidate, Mark)>,
    marks: &DecimalMark,
    answers: &QuestionAnswers,
    evidence: &mut Vec<Evidence>,
) -> Picked {
    let mut judged = judged;
    judged.sort_by_key(|(candidate, _)| std::cmp::Reverse(candidate.standing()));
    if let Some(answer) = answers.get("amount-column")
        && let Some(at) = judged.iter().position(|(candidate, _)| candidate.value() == answer)
    {
        let (chosen, mark) = judged.swap_remove(at);
        return Picked { chosen, rivals: None, mark, open_mark: false, answered: true };
    }
    let (chosen, mark) = judged.remove(0);
    let open_mark = match marks {
        DecimalMark::Decided(..) => false,
        DecimalMark::Open => {
            let other = judged.iter().find(|(candidate, other)| candidate.model == chosen.model && *other != mark);
            let decided = other.is_none_or(|(candidate, _)| candidate.standing() < chosen.standing());
            if decided && other.is_some() {
                evidence.push(Evidence::supporting("the running balance adds up with one decimal mark only"));
            }
            !decided
        }
    };
    if let DecimalMark::Decided(_, why) = marks
        && !why.is_empty()
    {
        evidence.push(Evidence::supporting(why.clone()));
    }
    let rivals: Vec<Candidate> = judged
        .into_iter()
        .filter(|(candidate, other)| {
            let is_rival = candidate.is_rival_of(&chosen) || candidate.is_contradicted_by(&chosen);
            is_rival && candidate.model != chosen.model && *other == mark
        })
        .map(|(candidate, _)| candidate)
        .collect();
    let mut all = vec![chosen.clone()];
    all.extend(rivals);
    all.truncate(6);
    Picked { chosen, rivals: Some(all).filter(|all| all.len() > 1), mark, open_mark, answered: false }
}
