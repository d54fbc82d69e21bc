//! `Ntry` → a row. One row for each entry; its transaction details are parts of it.
//!
//! Used by `statement`. INVARIANT: the amount is that of the entry, its sign that of `CdtDbtInd`: neither a reversal mark nor
//! charges change it.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{
    super::amount::{WrittenNumber, parse},
    element::Element,
};
use crate::domain::{
    AssetCode, ForeignAmount, Kind, Money, MovementPlace, Origin, Text, TransactionFacts, TransactionStatus,
    TransactionSubtype as Subtype, general_kind, named_kind, text::clean_line,
};

/// Facts that an entry takes from its statement.
pub(super) struct Context<'a> {
    /// Counts where the entry states no currency.
    pub(super) currency: AssetCode,
    /// Counts where the entry states no booking day.
    pub(super) day: Option<NaiveDate>,
    /// Counts where the entry states no day at all.
    pub(super) created: Option<NaiveDate>,
    /// The account's own number, to distinguish the other side of a transaction from it.
    pub(super) number: &'a str,
    /// Whether ids other than the servicer's reference may be used: a report or notification repeats entries of the
    /// statement under other references.
    pub(super) is_statement: bool,
}

/// Why an entry yields no row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EntryProblem {
    Amount,
    Day,
}

/// A signed amount with the currency it states.
#[must_use]
pub(super) fn signed(element: &Element) -> Option<(Decimal, Option<AssetCode>)> {
    let amount = element.child("Amt")?;
    let number = match parse(amount.text.trim())? {
        WrittenNumber::Exact(number) => number,
        // The standard has a decimal point and no marks of thousands.
        WrittenNumber::Ambiguous { decimal, thousands, comma } => {
            if comma {
                thousands
            } else {
                decimal
            }
        }
    };
    let currency = amount.currency.as_deref().and_then(|code| AssetCode::new(code).ok());
    let signed = match element.text_at("CdtDbtInd") {
        Some("DBIT") => -number.abs(),
        Some("CRDT") => number.abs(),
        _ => number,
    };
    Some((signed, currency))
}

/// The day of a choice between `Dt` and `DtTm`, as written.
#[must_use]
pub(super) fn day(element: Option<&Element>) -> Option<NaiveDate> {
    let element = element?;
    let text = element.text_at("Dt").or_else(|| element.text_at("DtTm")).unwrap_or(element.text.trim());
    day_of(text)
}

/// The day at the start of `2024-03-10`, `2024-03-10T12:00:00+01:00` or `20240310`.
#[must_use]
pub(super) fn day_of(text: &str) -> Option<NaiveDate> {
    let dashed = text.get(..10).and_then(|day| NaiveDate::parse_from_str(day, "%Y-%m-%d").ok());
    dashed.or_else(|| text.get(..8).and_then(|day| NaiveDate::parse_from_str(day, "%Y%m%d").ok()))
}

/// The row of an entry.
pub(super) fn facts(entry: &Element, context: &Context<'_>) -> Result<TransactionFacts, EntryProblem> {
    let (amount, stated) = signed(entry).ok_or(EntryProblem::Amount)?;
    let value = day(entry.child("ValDt"));
    let date = day(entry.child("BookgDt")).or(context.day).or(value).or(context.created).ok_or(EntryProblem::Day)?;
    let mut facts = TransactionFacts::new(date, amount, stated.unwrap_or(context.currency));
    facts.settlement_date = value.filter(|value| *value != date);
    facts.origin = Origin { line: entry.line };
    facts.status = status(entry);
    facts.raw_type = code(entry);
    let details: Vec<&Element> =
        entry.all("NtryDtls").flat_map(|part| part.all("TxDtls")).chain(entry.all("TxDtls")).collect();
    facts.provider_id = id(entry, &details, context);
    texts(entry, &details, context, &mut facts);
    facts.kind = kind(entry, &facts);
    if let [only] = details[..] {
        facts.foreign = foreign(entry, only, &facts).map(Box::new);
    }
    Ok(facts)
}

fn status(entry: &Element) -> TransactionStatus {
    let code = entry.text_at("Sts/Cd").or_else(|| entry.text_at("Sts/Prtry")).or_else(|| entry.text_at("Sts"));
    match code {
        None | Some("BOOK") => TransactionStatus::Settled,
        // PDNG, FUTR and INFO are not booked yet.
        Some(_) => TransactionStatus::Pending,
    }
}

/// `PMNT-RCDT-DMCT`, else the bank's code.
fn code(entry: &Element) -> Option<Text> {
    let domain = entry.at("BkTxCd/Domn").and_then(|domain| {
        let parts = [domain.text_at("Cd")?, domain.text_at("Fmly/Cd")?, domain.text_at("Fmly/SubFmlyCd")?];
        clean_line(&parts.join("-"))
    });
    domain.or_else(|| entry.text_at("BkTxCd/Prtry/Cd").and_then(clean_line))
}

/// The kind of movement by the codes of ISO 20022's external list; where they name a direction only, by the rule of all
/// readers.
fn kind(entry: &Element, facts: &TransactionFacts) -> Kind {
    let incoming = facts.amount.is_sign_positive();
    let part = |path| entry.text_at(path).unwrap_or_default();
    let (family, member) = (part("BkTxCd/Domn/Fmly/Cd"), part("BkTxCd/Domn/Fmly/SubFmlyCd"));
    let texts = facts.texts();
    Kind(match (family, member) {
        (_, "INTR") if incoming => Subtype::Interest,
        (_, "CHRG" | "FEES" | "COMM" | "INTR" | "TAXE") if !incoming => Subtype::OtherFee,
        (_, "DVCA" | "DVID") => Subtype::Dividend,
        (_, "CWDL") => Subtype::Withdrawal,
        (_, "CDPT") if incoming => Subtype::Deposit,
        ("RDDT" | "CCRD", _) if incoming => Subtype::Refund,
        ("RCHQ" | "ICHQ", _) if !incoming => Subtype::Check,
        ("" | "NTAV" | "OTHR", _) => named_kind(facts.amount, &texts).unwrap_or(Subtype::Unknown),
        _ => general_kind(facts.amount, MovementPlace::Bank, &texts),
    })
}

/// The servicer's reference, else the entry's own (a short counter identifies nothing), else the end-to-end id.
fn id(entry: &Element, details: &[&Element], context: &Context<'_>) -> Option<Text> {
    let only = if let [only] = details { Some(*only) } else { None };
    let servicer = entry.text_at("AcctSvcrRef").or_else(|| only?.text_at("Refs/AcctSvcrRef"));
    let is_counter = |text: &&str| text.len() < 7 && text.bytes().all(|byte| byte.is_ascii_digit());
    let others = || {
        let own = entry.text_at("NtryRef").filter(|text| !is_counter(text));
        own.or_else(|| end_to_end(only?))
    };
    let found = servicer.filter(|text| is_reference(text));
    found.or_else(|| context.is_statement.then(others).flatten()).and_then(clean_line)
}

fn end_to_end(details: &Element) -> Option<&str> {
    details.text_at("Refs/EndToEndId").filter(|text| is_reference(text))
}

fn is_reference(text: &str) -> bool {
    !["NOTPROVIDED", "NONREF", "NOTAVAILABLE"].iter().any(|word| text.eq_ignore_ascii_case(word))
        && text.bytes().any(|byte| byte.is_ascii_alphanumeric() && byte != b'0')
}

/// Payee, description, memo and reference.
fn texts(entry: &Element, details: &[&Element], context: &Context<'_>, facts: &mut TransactionFacts) {
    let incoming = facts.amount.is_sign_positive();
    let mut names = details.iter().map(|part| counterparty(part, incoming, context));
    let name = names.next().flatten().filter(|name| names.all(|other| other.as_ref() == Some(name)));
    let additional = entry.text_at("AddtlNtryInf").and_then(clean_line);
    let (purpose, reference) = match details {
        [only] => (remittance(only), end_to_end(only).or_else(|| structured(only)).and_then(clean_line)),
        _ => (None, None),
    };
    let own = if let [only] = details { only.text_at("AddtlTxInf").and_then(clean_line) } else { None };
    facts.reference = reference.filter(|reference| facts.provider_id.as_ref() != Some(reference));
    let mut rest = [purpose, additional, own].into_iter().flatten();
    facts.payee = name.or_else(|| rest.next());
    facts.memo = rest.next();
    let taken = [facts.payee.clone(), facts.memo.clone()];
    facts.description = rest.find(|text| !taken.contains(&Some(text.clone())));
    if facts.memo == facts.payee {
        facts.memo = None;
    }
}

/// The other side of a transaction, the ultimate one first. On a returned payment the sides are those of the payment.
fn counterparty(details: &Element, incoming: bool, context: &Context<'_>) -> Option<Text> {
    let parties = details.child("RltdPties")?;
    let is_own = |account: &str| {
        let account = parties.child(account);
        let number = account.and_then(|account| account.text_at("Id/IBAN").or_else(|| account.text_at("Id/Othr/Id")));
        !context.number.is_empty() && number == Some(context.number)
    };
    let debtor_first = match (is_own("DbtrAcct"), is_own("CdtrAcct")) {
        (true, false) => false,
        (false, true) => true,
        _ => incoming,
    };
    let debtor = ["UltmtDbtr", "Dbtr"];
    let creditor = ["UltmtCdtr", "Cdtr"];
    let order = if debtor_first { [debtor, creditor] } else { [creditor, debtor] };
    // Where the wanted side has no name the only other one is better than nothing, unless it is the owner.
    let sides = if is_own("DbtrAcct") || is_own("CdtrAcct") { 1 } else { 2 };
    order.iter().take(sides).flatten().find_map(|role| name(parties.child(role)?))
}

fn name(party: &Element) -> Option<Text> {
    ["Nm", "Pty/Nm", "Agt/FinInstnId/Nm"].iter().find_map(|path| party.text_at(path).and_then(clean_line))
}

/// Width of one unstructured line; a line of just this width is cut, not ended.
const LINE: usize = 140;

/// The purpose of a transaction: unstructured lines joined, else the additional text of a structured one, else its reference.
fn remittance(details: &Element) -> Option<Text> {
    let info = details.child("RmtInf")?;
    let mut text = String::new();
    let mut full = true;
    for line in info.all("Ustrd") {
        if !full {
            text.push(' ');
        }
        text.push_str(&line.text);
        full = line.text.chars().count() >= LINE;
    }
    let additional = || info.all("Strd").find_map(|part| part.text_at("AddtlRmtInf"));
    clean_line(&text).or_else(|| additional().or_else(|| structured(details)).and_then(clean_line))
}

fn structured(details: &Element) -> Option<&str> {
    details.child("RmtInf")?.all("Strd").find_map(|part| part.text_at("CdtrRefInf/Ref"))
}

/// Digits kept of a rate.
const RATE_DIGITS: u32 = 10;

/// The amount in the currency of the payment, where it differs from that of the entry.
fn foreign(entry: &Element, details: &Element, facts: &TransactionFacts) -> Option<ForeignAmount> {
    let amounts = details.child("AmtDtls").or_else(|| entry.child("AmtDtls"))?;
    let stated = ["InstdAmt", "CntrValAmt", "TxAmt"].iter().find_map(|name| {
        let amount = amounts.child(name)?.child("Amt")?;
        let code = amount.currency.as_deref().and_then(|code| AssetCode::new(code).ok())?;
        let number = match parse(amount.text.trim())? {
            WrittenNumber::Exact(number) | WrittenNumber::Ambiguous { decimal: number, .. } => number,
        };
        (code != facts.currency && !number.is_zero()).then_some((code, number.abs()))
    });
    let (code, number) = stated?;
    let rate = facts.amount.abs().checked_div(number)?.round_dp(RATE_DIGITS).normalize();
    let signed = if facts.amount.is_sign_negative() { -number } else { number };
    (!rate.is_zero()).then(|| ForeignAmount { money: Money::new(signed, code), rate })
}
