//! A record of an investment section → rows.
//!
//! Used by the reader. An action whose name ends with X moves its cash from or to another account: it gives the trade and the
//! transfer, so that both the trade's amount and the cash of the account are right. A reinvestment gives the income and the
//! purchase. INVARIANT: every known action is mapped one by one; an unknown one is a warning, never a guess.

use rust_decimal::Decimal;

use super::{
    record::{QifLine, value},
    survey::Survey,
};
use crate::domain::{Kind, Security, TransactionFacts, TransactionSubtype as Subtype, text::clean_line};

/// How an action moves cash, seen from the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cash {
    In,
    Out,
    None,
    /// As the amount's sign.
    Signed,
}

/// How an action moves shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shares {
    In,
    Out,
    None,
}

/// One action: its name in lower case, its kind, cash and shares.
const ACTIONS: &[(&str, Subtype, Cash, Shares)] = &[
    ("buy", Subtype::Buy, Cash::Out, Shares::In),
    ("buybond", Subtype::Buy, Cash::Out, Shares::In),
    ("cvrshrt", Subtype::BuyToCover, Cash::Out, Shares::In),
    ("sell", Subtype::Sell, Cash::In, Shares::Out),
    ("sellbond", Subtype::Sell, Cash::In, Shares::Out),
    ("shtsell", Subtype::ShortSell, Cash::In, Shares::Out),
    ("div", Subtype::Dividend, Cash::In, Shares::None),
    ("intinc", Subtype::Interest, Cash::In, Shares::None),
    ("cglong", Subtype::CapitalGain, Cash::In, Shares::None),
    ("cgmid", Subtype::CapitalGain, Cash::In, Shares::None),
    ("cgshort", Subtype::CapitalGain, Cash::In, Shares::None),
    ("rtrncap", Subtype::ReturnOfCapital, Cash::In, Shares::None),
    ("miscinc", Subtype::Distribution, Cash::In, Shares::None),
    ("miscexp", Subtype::OtherFee, Cash::Out, Shares::None),
    ("margint", Subtype::MarginInterest, Cash::Out, Shares::None),
    ("shrsin", Subtype::TransferIn, Cash::None, Shares::In),
    ("shrsout", Subtype::TransferOut, Cash::None, Shares::Out),
    ("stksplit", Subtype::Split, Cash::None, Shares::None),
    ("exercise", Subtype::Exercise, Cash::Signed, Shares::None),
    ("expire", Subtype::Expiration, Cash::None, Shares::None),
    ("grant", Subtype::OtherAction, Cash::None, Shares::None),
    ("vest", Subtype::OtherAction, Cash::None, Shares::None),
    ("xin", Subtype::TransferIn, Cash::In, Shares::None),
    ("xout", Subtype::TransferOut, Cash::Out, Shares::None),
    ("contrib", Subtype::TransferIn, Cash::In, Shares::None),
    ("withdrw", Subtype::TransferOut, Cash::Out, Shares::None),
    ("cash", Subtype::Unknown, Cash::Signed, Shares::None),
];

/// Reinvestments: the kind of income.
const REINVESTED: &[(&str, Subtype)] = &[
    ("reinvdiv", Subtype::Dividend),
    ("reinvint", Subtype::Interest),
    ("reinvlg", Subtype::CapitalGain),
    ("reinvmd", Subtype::CapitalGain),
    ("reinvsh", Subtype::CapitalGain),
];

/// Why an action gives no row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ActionProblem<'a> {
    /// A name that is not known.
    Action(&'a str),
    /// It needs an amount.
    Amount,
}

/// The rows of a record. `base` has day, currency and place.
pub(super) fn rows<'a>(
    record: &[QifLine<'a>],
    base: &TransactionFacts,
    survey: &Survey<'_>,
) -> Result<Vec<TransactionFacts>, ActionProblem<'a>> {
    let written = value(record, 'N').unwrap_or("Cash");
    let lower = written.to_ascii_lowercase();
    if lower == "reminder" {
        return Ok(Vec::new());
    }
    let number = |code| value(record, code).and_then(|text| survey.amount(text));
    let total = number('T').or_else(|| number('U')).or_else(|| number('$'));
    let mut facts = base.clone();
    facts.raw_type = clean_line(written);
    facts.payee = value(record, 'P').or_else(|| value(record, 'Y')).and_then(clean_line);
    facts.memo = value(record, 'M').and_then(clean_line);
    if let Some((_, income)) = REINVESTED.iter().find(|(name, _)| *name == lower) {
        let total = total.ok_or(ActionProblem::Amount)?.abs();
        let mut earned = facts.clone();
        (earned.amount, earned.kind) = (total, Kind(*income));
        earned.security = security(record, survey, None).map(Box::new);
        (facts.amount, facts.kind) = (-total, Kind(Subtype::Buy));
        facts.security = security(record, survey, Some(Shares::In)).map(Box::new);
        return Ok(vec![earned, facts]);
    }
    let known = |name: &str| ACTIONS.iter().find(|(action, ..)| *action == name);
    let plain = lower.strip_suffix('x').and_then(known);
    let (action, moves_cash) = match (known(&lower), plain) {
        (Some(action), _) => (action, false),
        (None, Some(action)) => (action, true),
        (None, None) => return Err(ActionProblem::Action(written)),
    };
    let (_, subtype, cash, shares) = *action;
    facts.kind = Kind(subtype);
    facts.amount = match cash {
        Cash::None => Decimal::ZERO,
        Cash::In | Cash::Signed => total.ok_or(ActionProblem::Amount)?,
        Cash::Out => -total.ok_or(ActionProblem::Amount)?,
    };
    facts.security = security(record, survey, Some(shares)).map(Box::new);
    let itself_a_transfer = matches!(subtype, Subtype::TransferIn | Subtype::TransferOut);
    if !moves_cash || itself_a_transfer || facts.amount.is_zero() {
        return Ok(vec![facts]);
    }
    let mut transfer = base.clone();
    transfer.amount = -facts.amount;
    transfer.kind = Kind(if transfer.amount.is_sign_positive() { Subtype::TransferIn } else { Subtype::TransferOut });
    transfer.payee = value(record, 'L').and_then(clean_line);
    transfer.raw_type.clone_from(&facts.raw_type);
    Ok(vec![facts, transfer])
}

fn security(record: &[QifLine<'_>], survey: &Survey<'_>, shares: Option<Shares>) -> Option<Security> {
    let name = value(record, 'Y')?;
    let number = |code| value(record, code).and_then(|text| survey.amount(text));
    let quantity = match shares {
        Some(Shares::In) => number('Q').map(|quantity| quantity.abs()),
        Some(Shares::Out) => number('Q').map(|quantity| -quantity.abs()),
        Some(Shares::None) | None => None,
    };
    Some(Security {
        symbol: survey.symbols.get(name).copied().and_then(clean_line),
        name: clean_line(name),
        quantity,
        unit_price: quantity.and_then(|_| number('I')),
        commission: number('O').map(|commission| commission.abs()),
        ..Security::default()
    })
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;
    use crate::domain::AssetCode;

    fn of(lines: &[(char, &'static str)]) -> Vec<(String, Subtype, Option<String>)> {
        let record: Vec<QifLine<'_>> =
            lines.iter().map(|(code, value)| QifLine { code: *code, value, number: 1 }).collect();
        let survey = Survey::of("");
        let base = TransactionFacts::new(NaiveDate::default(), Decimal::ZERO, AssetCode::USD);
        let rows = rows(&record, &base, &survey).unwrap();
        rows.into_iter()
            .map(|row| {
                let quantity = row.security.as_ref().and_then(|security| security.quantity);
                (row.amount.to_string(), row.kind.subtype(), quantity.map(|quantity| quantity.to_string()))
            })
            .collect()
    }

    #[test]
    fn cash_and_shares_of_each_kind_of_action() {
        let some = |text: &str| Some(text.to_owned());
        let trade = [('Y', "ibm"), ('I', "11.03"), ('Q', "9"), ('T', "99.27")];
        let with = |action| [&[('N', action)], &trade[..]].concat();
        assert_eq!(of(&with("Buy")), [("-99.27".into(), Subtype::Buy, some("9"))]);
        assert_eq!(of(&with("Sell")), [("99.27".into(), Subtype::Sell, some("-9"))]);
        assert_eq!(
            of(&with("BuyX")),
            [("-99.27".into(), Subtype::Buy, some("9")), ("99.27".into(), Subtype::TransferIn, None)]
        );
        assert_eq!(
            of(&with("ReinvDiv")),
            [("99.27".into(), Subtype::Dividend, None), ("-99.27".into(), Subtype::Buy, some("9"))]
        );
        assert_eq!(of(&with("ShrsIn")), [("0".into(), Subtype::TransferIn, some("9"))]);
        assert_eq!(of(&[('N', "WithdrwX"), ('T', "5")]), [("-5".into(), Subtype::TransferOut, None)]);
        assert_eq!(of(&[('N', "Cash"), ('T', "-5")]), [("-5".into(), Subtype::Unknown, None)]);
    }

    #[test]
    fn unknown_facts_are_not_guessed() {
        let survey = Survey::of("");
        let base = TransactionFacts::new(NaiveDate::default(), Decimal::ZERO, AssetCode::USD);
        let line = |code, value| QifLine { code, value, number: 1 };
        assert_eq!(rows(&[line('N', "Swap")], &base, &survey), Err(ActionProblem::Action("Swap")));
        assert_eq!(rows(&[line('N', "Buy")], &base, &survey), Err(ActionProblem::Amount));
    }
}
