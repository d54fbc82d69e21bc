//! The place in a kept source that a figure was read from.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::{
    BalancePart, Explainer, Figure,
    node::Node,
    number::{contains, contains_scaled, shortened},
    reply::{amount_of, is_json, json_place},
    source::SourcePlace,
    stated::{self, StatedFigure},
};
use crate::{
    domain::{AccountId, Change, ChangeId, ChangeKind, Holding, Transaction, TransactionFacts},
    ledger::{View, daily::BalanceStatement, error::Result, view::SourceFiles},
    statements::{self, Limits},
    store::RawSource,
};

/// Lines of one record at most.
const LONGEST_RECORD: usize = 60;
/// Least digits of a price that an adapter computes, unless it ends before.
const COMPUTED_DIGITS: u32 = 6;
/// Later changes looked through for the first sync after a login.
const LATER: u64 = 16;
/// Earlier sources looked through for a row that a later change amended.
const EARLIER: usize = 64;

impl Explainer {
    /// The place that a leaf was read from; `None` for a figure that is not a leaf, or whose source is not kept.
    ///
    /// # Errors
    /// When the store can't be read.
    pub fn place(&self, figure: &Figure) -> Result<Option<SourcePlace>> {
        match figure {
            Figure::Row(id) => match self.view().entry(*id)? {
                Some(entry) => place_of_row(self.view(), &entry.transaction, entry.transaction.facts.amount),
                None => Ok(None),
            },
            Figure::RowPart(id, _) => match (self.view().entry(*id)?, self.node(figure)?) {
                (Some(entry), Some(Node { value: Some(value), .. })) => {
                    place_of_row(self.view(), &entry.transaction, value)
                }
                _ => Ok(None),
            },
            Figure::On(day, inner) => self.at(*day).place(inner),
            Figure::Available(account) => {
                let daily = self.view().daily()?;
                let node = self.node(figure)?.and_then(|node| node.value);
                let stated = daily.history(*account).and_then(|history| {
                    let on = history.on(self.day())?.stated_on;
                    history.stated().iter().find(|stated| stated.date == on)
                });
                match (node, stated) {
                    (Some(amount), Some(stated)) => {
                        place_of_stated(self.view(), *account, stated, BalancePart::Available, amount)
                    }
                    _ => Ok(None),
                }
            }
            Figure::Stated(account, date, part) => {
                let daily = self.view().daily()?;
                let stated = daily.history(*account);
                let stated = stated.and_then(|history| history.stated().iter().find(|stated| stated.date == *date));
                let Some(stated) = stated else { return Ok(None) };
                match part.of(stated) {
                    Some(amount) => place_of_stated(self.view(), *account, stated, *part, amount),
                    None => Ok(None),
                }
            }
            Figure::HoldingValue(id)
            | Figure::HoldingCost(id)
            | Figure::HoldingQuantity(id)
            | Figure::HoldingPrice(id) => {
                let (Some(node), Some(held)) = (self.node(figure)?, self.holding(*id)?) else { return Ok(None) };
                match node.value.filter(|_| node.inputs == 0) {
                    Some(amount) => place_of_position(self.view(), held.change_id, &held, amount),
                    None => Ok(None),
                }
            }
            Figure::StatedPosition(..) => self.place_of_stated_position(figure),
            _ => Ok(None),
        }
    }
}

impl View {
    /// The kept sources of a change: its file, or the replies of its sync.
    ///
    /// # Errors
    /// When the store can't be read.
    pub fn raw_sources(&self, change: ChangeId) -> Result<Vec<RawSource>> {
        Ok(self.inner.reader.raw_sources(change)?)
    }

    /// The kept source of a change as text, one part per file inside.
    ///
    /// # Errors
    /// When the store can't be read.
    pub fn source_texts(&self, change: ChangeId) -> Result<Option<SourceFiles>> {
        let mut last = self.inner.source.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((known, texts)) = &*last
            && *known == change
        {
            return Ok(Some(Arc::clone(texts)));
        }
        let sources = self.raw_sources(change)?;
        if sources.is_empty() {
            return Ok(None);
        }
        let mut texts = Vec::new();
        for source in sources {
            texts.extend(texts_of(&source.name, &source.bytes));
        }
        let texts: Arc<[_]> = texts.into();
        *last = Some((change, Arc::clone(&texts)));
        Ok(Some(texts))
    }
}

/// The files in a source, as texts.
fn texts_of(file: &str, bytes: &[u8]) -> Vec<(String, String)> {
    let named = |(name, bytes): (Option<String>, Vec<u8>)| {
        let name = name.map_or_else(|| file.to_owned(), |name| format!("{file}/{name}"));
        (name, statements::decode(&bytes).into_owned())
    };
    statements::unpack(bytes, &Limits::default()).into_iter().map(named).collect()
}

/// A figure of a file that is not imported yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileFigure {
    /// The amount of a row.
    Row(Box<TransactionFacts>),
    /// A stated balance.
    Balance(Decimal),
}

/// The place of a figure in the bytes of a file that is not imported yet; its change is 0. `None` if it is not there.
#[must_use]
pub fn place_in_file(name: &str, bytes: &[u8], figure: &FileFigure) -> Option<SourcePlace> {
    let texts = texts_of(name, bytes);
    match figure {
        FileFigure::Row(facts) => place_in_texts(ChangeId(0), &texts, facts, facts.amount).0,
        FileFigure::Balance(amount) => {
            let (own, others) = (Vec::new(), Vec::new());
            let figure = StatedFigure { part: BalancePart::Whole, amount: *amount, date: None, own, others };
            let line = figure.line(texts.iter().filter(|(_, text)| !is_json(text)));
            line.or_else(|| amount_in_texts(ChangeId(0), &texts, *amount))
        }
    }
}

/// The place of a row. A row that a later change amended (a cancellation) may have its place in an earlier source.
fn place_of_row(view: &View, row: &Transaction, amount: Decimal) -> Result<Option<SourcePlace>> {
    Ok(find_row(view, row, amount)?.0)
}

/// Whether the source of a row states its amount.
pub(super) fn states_amount(view: &View, row: &Transaction) -> Result<bool> {
    Ok(find_row(view, row, row.facts.amount)?.1)
}

/// The place of a row, and whether its amount is there.
fn find_row(view: &View, row: &Transaction, amount: Decimal) -> Result<(Option<SourcePlace>, bool)> {
    let (own, certain) = place_in(view, row.change_id, row, amount)?;
    if certain {
        return Ok((own, true));
    }
    let brings_rows = |change: &&Change| {
        matches!(change.kind, ChangeKind::Import | ChangeKind::Sync) && change.accounts.contains(&row.account_id)
    };
    for change in view.changes(Some(row.change_id), EARLIER)?.iter().filter(brings_rows) {
        if let (Some(place), true) = place_in(view, change.id, row, amount)? {
            return Ok((Some(place), true));
        }
    }
    Ok((own, false))
}

/// The place of a row in the source of one change, and whether its amount is there.
fn place_in(view: &View, change: ChangeId, row: &Transaction, amount: Decimal) -> Result<(Option<SourcePlace>, bool)> {
    let texts = view.source_texts(change)?;
    Ok(place_in_texts(change, texts.as_deref().unwrap_or_default(), &row.facts, amount))
}

fn place_in_texts(
    change: ChangeId,
    texts: &[(String, String)],
    row: &TransactionFacts,
    amount: Decimal,
) -> (Option<SourcePlace>, bool) {
    let mut without_amount = None;
    for (file, text) in texts {
        let place = if row.origin.line > 0 && !is_json(text) {
            record(text, row.origin.line as usize, amount)
        } else {
            json_place(text, row.provider_id.as_deref(), amount)
        };
        let Some(mut place) = place else { continue };
        (place.change_id, place.file) = (change, file.clone());
        let is_cents = || [2, 8].into_iter().any(|scale| contains_scaled(&place.text, amount, scale));
        if contains(&place.text, amount) || place.path.is_some() && is_cents() {
            return (Some(place), true);
        }
        without_amount.get_or_insert(place);
    }
    (without_amount, false)
}

/// The change whose source shows what a change stated: the change, or the first sync after a login, whose replies are not
/// kept.
pub(super) fn evidence(view: &View, change: ChangeId) -> Result<ChangeId> {
    let Some(own) = view.change(change)?.filter(|own| own.kind == ChangeKind::Sync) else { return Ok(change) };
    if view.source_texts(change)?.is_some() {
        return Ok(change);
    }
    for number in change.0 + 1..=change.0 + LATER {
        let Some(next) = view.change(ChangeId(number))? else { break };
        let is_its_sync = next.kind == ChangeKind::Sync && next.connection_id == own.connection_id && !next.undone;
        if is_its_sync && next.at.date_naive() == own.at.date_naive() && view.source_texts(next.id)?.is_some() {
            return Ok(next.id);
        }
    }
    Ok(change)
}

/// The place of a stated figure of an account: in its part of a reply, else a line that names it.
fn place_of_stated(
    view: &View,
    account: AccountId,
    stated: &BalanceStatement,
    part: BalancePart,
    amount: Decimal,
) -> Result<Option<SourcePlace>> {
    let change = evidence(view, stated.change_id)?;
    let id_of =
        |account| view.account(account).map(|line| line.account.provider_account_id.clone()).unwrap_or_default();
    let id = id_of(account);
    let own: Vec<String> = stated::names(&id).collect();
    let beside = view.change(change)?.map(|change| change.accounts).unwrap_or_default();
    let beside = beside.into_iter().filter(|other| *other != account).map(id_of);
    let others =
        beside.flat_map(|id| stated::names(&id).collect::<Vec<_>>()).filter(|name| !own.contains(name)).collect();
    let figure = StatedFigure { part, amount, date: Some(stated.date), own, others };
    let texts = view.source_texts(change)?;
    let found = texts.iter().flat_map(|texts| texts.iter()).find_map(|(file, text)| {
        let found = if is_json(text) { figure.path(text, &id) } else { None }?;
        Some(SourcePlace { change_id: change, file: file.clone(), ..found })
    });
    let found = found.or_else(|| {
        let lines = texts.iter().flat_map(|texts| texts.iter()).filter(|(_, text)| !is_json(text));
        Some(SourcePlace { change_id: change, ..figure.line(lines)? })
    });
    if found.is_some() { Ok(found) } else { place_of_amount(view, change, amount) }
}

/// The place of a stated figure: a line that names it, first one that names a balance.
fn place_of_amount(view: &View, change: ChangeId, amount: Decimal) -> Result<Option<SourcePlace>> {
    let entry = view.change(change)?;
    let Some(texts) = view.source_texts(change)? else {
        return Ok(entry.map(|entry| SourcePlace {
            change_id: change,
            file: entry.source,
            line: None,
            first_line: None,
            path: None,
            text: amount.to_string(),
        }));
    };
    Ok(amount_in_texts(change, &texts, amount))
}

fn amount_in_texts(change: ChangeId, texts: &[(String, String)], amount: Decimal) -> Option<SourcePlace> {
    let mut other = None;
    for (file, text) in texts {
        if is_json(text) {
            if let Some(mut place) = json_place(text, None, amount) {
                (place.change_id, place.file) = (change, file.clone());
                return Some(place);
            }
            continue;
        }
        for (number, line) in (1u32..).zip(text.lines()).filter(|(_, line)| contains(line, amount)) {
            let place = SourcePlace {
                change_id: change,
                file: file.clone(),
                line: Some(number),
                first_line: Some(number),
                path: None,
                text: shortened(line, amount).into_owned(),
            };
            let upper = line.to_ascii_uppercase();
            if ["BAL", "CASH", "MKTVAL", "UNITS", "PRICE", "SALDO", ":62", ":60"]
                .iter()
                .any(|word| upper.contains(word))
            {
                return Some(place);
            }
            other.get_or_insert(place);
        }
    }
    other
}

/// The place of a figure of a position: in its record, else a line that names the amount.
pub(super) fn place_of_position(
    view: &View,
    change: ChangeId,
    held: &Holding,
    amount: Decimal,
) -> Result<Option<SourcePlace>> {
    match place_in_position(view, change, held, amount)? {
        Some(found) => Ok(Some(found)),
        None => place_of_amount(view, change, amount),
    }
}

/// Whether the price of a position is stated. Some sources state value and quantity only, and their adapters divide.
pub(super) fn has_stated_price(view: &View, change: ChangeId, held: &Holding) -> Result<bool> {
    let Some(price) = held.facts.price else { return Ok(false) };
    let units = held.facts.quantity.checked_mul(held.facts.multiplier);
    let ratio = held.facts.market_value.zip(units).and_then(|(value, units)| value.checked_div(units));
    if price.scale() < COMPUTED_DIGITS && ratio.is_none_or(|ratio| ratio.round_dp(COMPUTED_DIGITS) != price) {
        return Ok(true);
    }
    Ok(place_in_position(view, change, held, price)?.is_some())
}

/// The place of a figure of a position in the record that names the security and has its quantity.
fn place_in_position(view: &View, change: ChangeId, held: &Holding, amount: Decimal) -> Result<Option<SourcePlace>> {
    let facts = &held.facts;
    let names = [facts.provider_id.as_str(), facts.symbol.as_str()];
    let names = names.into_iter().filter(|name| !name.is_empty());
    for (file, text) in view.source_texts(change)?.iter().flat_map(|texts| texts.iter()) {
        let found = if is_json(text) {
            names.clone().find_map(|name| amount_of(text, name, amount))
        } else {
            names.clone().find_map(|name| position_lines(text, name, facts.quantity, amount))
        };
        if let Some(found) = found {
            return Ok(Some(SourcePlace { change_id: change, file: file.clone(), ..found }));
        }
    }
    Ok(None)
}

/// The line of an amount in the lines after the one that names a security, up to the next one that does, where these also have
/// its quantity.
fn position_lines(text: &str, name: &str, quantity: Decimal, amount: Decimal) -> Option<SourcePlace> {
    let lines: Vec<&str> = text.lines().collect();
    let named = lines.iter().enumerate().filter(|(_, line)| line.contains(name)).map(|(at, _)| at);
    named.clone().find_map(|first| {
        let others = named.clone().find(|other| *other > first).unwrap_or(lines.len());
        let own = &lines[first..others.min(first + LONGEST_RECORD)];
        // A table has a record in one line.
        let own = if contains(own[0], quantity) { &own[..1] } else { own };
        let at = own.iter().position(|line| contains(line, amount))?;
        own.iter().any(|line| contains(line, quantity)).then(|| {
            let number = u32::try_from(first + at + 1).ok();
            let text = shortened(own[at], amount).into_owned();
            SourcePlace { line: number, first_line: number, ..SourcePlace::new(text) }
        })
    })
}

/// The record that begins at a line, and the line of its amount.
fn record(text: &str, first: usize, amount: Decimal) -> Option<SourcePlace> {
    let lines: Vec<&str> = text.lines().skip(first.checked_sub(1)?).take(LONGEST_RECORD).collect();
    let head = lines.first()?;
    let starts = record_tag(head);
    let length = match &starts {
        _ if contains(head, amount) => 1,
        Some(tag) => {
            let closing = format!("</{tag}>");
            let opening = format!("<{tag}>");
            let end = lines.iter().skip(1).position(|line| {
                line.contains(&closing)
                    || line.contains(&opening)
                    || line.trim_start().starts_with("</") && line.to_ascii_uppercase().contains("TRANLIST")
            });
            let end = end.map_or(lines.len(), |end| end + 1);
            if lines.get(end).is_some_and(|line| line.contains(&closing)) { end + 1 } else { end }
        }
        None => {
            let end = lines.iter().position(|line| contains(line, amount));
            end.map_or(1, |end| end + 1)
        }
    };
    let own = &lines[..length.clamp(1, lines.len())];
    let at = own.iter().position(|line| contains(line, amount)).unwrap_or_default();
    let number = |place: usize| u32::try_from(first + place).ok();
    let shown: Vec<_> = own.iter().map(|line| shortened(line, amount)).collect();
    Some(SourcePlace { line: number(at), first_line: number(0), ..SourcePlace::new(shown.join("\n")) })
}

/// The tag that a line begins with, in a file of tags.
fn record_tag(line: &str) -> Option<String> {
    let rest = line.trim_start().strip_prefix('<')?;
    let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_')).collect();
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn the_record_of_a_row_ends_where_the_next_begins() {
        let text = "<OFX>\n<STMTTRN>\n<TRNTYPE>POS\n<TRNAMT>-6.50\n<FITID>1\n<STMTTRN>\n<TRNAMT>-7.00\n</BANKTRANLIST>";
        let place = record(text, 2, amount("-6.5")).unwrap();
        assert_eq!((place.first_line, place.line), (Some(2), Some(4)));
        assert_eq!(place.text, "<STMTTRN>\n<TRNTYPE>POS\n<TRNAMT>-6.50\n<FITID>1");
        let closed = "<STMTTRN>\n<TRNAMT>1\n</STMTTRN>\n<STMTTRN>";
        assert_eq!(record(closed, 1, amount("1")).unwrap().text, "<STMTTRN>\n<TRNAMT>1\n</STMTTRN>");
        let csv = "Date,Text,Amount\n2026-01-02,Coffee,\"-1,234.50\"\n2026-01-03,Tea,-2";
        let place = record(csv, 2, amount("-1234.50")).unwrap();
        assert_eq!((place.line, place.text.as_str()), (Some(2), "2026-01-02,Coffee,\"-1,234.50\""));
    }
}
