//! Rows of an investment statement: trades, income, expenses, transfers, splits, journals.
//!
//! Used by the reader. INVARIANT: `amount` is what the statement states; a row that states no money has the amount 0
//! (a transfer of shares) or, for trades, units times price and what was charged. `REINVEST` and the journals move no
//! money in or out of the account although they state an amount; their `raw_type` shows it.

use rust_decimal::Decimal;

use super::{book::DocumentItem, open::StatementKind, reader::DocumentReader, record::Record, tag::Tag, text};
use crate::{
    domain::{AssetType, Kind, Origin, Security, Text, TransactionFacts, TransactionSubtype as Subtype},
    statements::{StatementError, warnings::quoted},
};

/// The facts about a security: from the list, else from the row.
pub(super) struct Known {
    /// Ticker, else the identity the statement uses (CUSIP, ISIN).
    pub(super) symbol: Text,
    /// Name in words.
    pub(super) name: Option<Text>,
    /// Kind of security.
    pub(super) asset_type: AssetType,
    /// Units of the underlying per unit.
    pub(super) multiplier: Decimal,
}

/// Whether a row brings securities in, takes them out or neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Buy,
    Sell,
    Neither,
}

const fn side(tag: Tag) -> Side {
    match tag {
        Tag::BuyDebt | Tag::BuyMf | Tag::BuyOpt | Tag::BuyOther | Tag::BuyStock | Tag::Reinvest => Side::Buy,
        Tag::SellDebt | Tag::SellMf | Tag::SellOpt | Tag::SellOther | Tag::SellStock => Side::Sell,
        _ => Side::Neither,
    }
}

/// The kind of security that the tag of a row or position names; `None` when it names none.
const fn asset_of(tag: Tag) -> Option<AssetType> {
    match tag {
        Tag::BuyDebt | Tag::SellDebt | Tag::PosDebt => Some(AssetType::FixedIncome),
        Tag::BuyMf | Tag::SellMf | Tag::PosMf => Some(AssetType::MutualFund),
        Tag::BuyOpt | Tag::SellOpt | Tag::PosOpt | Tag::ClosureOpt => Some(AssetType::Option),
        Tag::BuyStock | Tag::SellStock | Tag::PosStock => Some(AssetType::Equity),
        _ => None,
    }
}

/// The unit of a price: bonds are quoted in percent of the face value, of which a unit is one.
fn unit(asset_type: AssetType) -> Decimal {
    if asset_type == AssetType::FixedIncome { Decimal::new(1, 2) } else { asset_type.default_multiplier() }
}

impl<'a> DocumentReader<'a, '_, '_> {
    /// The facts about the security `id` in a record of `tag`.
    pub(super) fn security(&mut self, id: &str, tag: Tag) -> Known {
        let named = asset_of(tag).unwrap_or(AssetType::Other);
        let Some(listed) = self.survey().security(id) else {
            return Known { symbol: id.into(), name: None, asset_type: named, multiplier: unit(named) };
        };
        // The tag is more precise than a list entry of kind `other`.
        let asset_type = if listed.asset_type == AssetType::Other { named } else { listed.asset_type };
        Known {
            symbol: listed.ticker.clone().unwrap_or_else(|| id.into()),
            name: listed.name.clone(),
            asset_type,
            multiplier: listed.multiplier.unwrap_or_else(|| unit(asset_type)),
        }
    }

    /// Reads a row and hands it over.
    pub(super) fn investment_row(&mut self, record: &Record<'a, '_>) -> Result<(), StatementError> {
        if !record.complete {
            self.warn(record.at, || format!("the file ends inside a {} row; it was left out", record.name));
            return Ok(());
        }
        let account = self.account(record.at, StatementKind::Investment);
        let days = [record.leaf(Tag::DtTrade), record.leaf(Tag::DtSettle), record.leaf(Tag::DtPosted)];
        let Some(date) = self.row_day(&format!("{} row", record.name), record.at, &days) else { return Ok(()) };

        let own = self.currency();
        let exchange = self.exchange(record, own);
        let source = record.leaf(Tag::UniqueId).and_then(text::identity);
        let known = source.map(|id| self.security(&id, record.tag));
        let mut charges = Charges::default();
        let security = self.trade(record, known.as_ref(), &mut charges);

        let total_leaf =
            record.leaf(Tag::Total).or_else(|| record.leaf(Tag::FracCash)).or_else(|| record.leaf(Tag::TrnAmt));
        let total = total_leaf.and_then(|leaf| self.number(leaf, true));
        if total.is_none()
            && let Some(leaf) = total_leaf
        {
            self.warn(leaf.at, || {
                format!(
                    "{} {} is not an amount; the {} row was left out",
                    leaf.tag.name(),
                    quoted(leaf.text),
                    record.name
                )
            });
            return Ok(());
        }
        let multiplier = known.as_ref().map_or(Decimal::ONE, |known| known.multiplier);
        let stated = match total {
            Some(total) => self.signed_total(record, total, security.quantity),
            None => computed(record.tag, &security, multiplier, &charges).unwrap_or_default(),
        };

        let mut facts = TransactionFacts::new(date, exchange.amount(stated, own), exchange.currency(own));
        facts.foreign = exchange.foreign(stated);
        facts.origin = Origin { line: self.lines.line(record.at) };
        facts.settlement_date = self.optional_day(record.leaf(Tag::DtSettle));
        facts.provider_id = record.leaf(Tag::FitId).and_then(text::identity);
        facts.raw_type = Some(record.name.to_ascii_uppercase().into());
        facts.memo = record.leaf(Tag::Memo).and_then(text::line);
        facts.kind = Kind(subtype(record, security.quantity));
        facts.description = description(record, known.as_ref());
        let security = Security {
            unit_price: security.unit_price.map(|price| exchange.price(price)),
            commission: security.commission.map(|money| exchange.amount(money, own)),
            fees: security.fees.map(|money| exchange.amount(money, own)),
            symbol: known.as_ref().map(|known| known.symbol.clone()),
            asset_type: known.as_ref().map(|known| known.asset_type),
            name: known.and_then(|known| known.name),
            ..security
        };
        if security != Security::default() {
            facts.security = Some(Box::new(security));
        }
        if record.leaf(Tag::Inv401kSource).is_some()
            && let Some(open) = &mut self.open
        {
            open.positions.mark_plan();
        }
        self.hand_over(DocumentItem::Transaction(account, facts.into()))
    }

    /// Quantity, price and charges, signed as they touch the account.
    fn trade(&mut self, record: &Record<'a, '_>, known: Option<&Known>, charges: &mut Charges) -> Security {
        let units = self.optional_number(record.leaf(Tag::Units), false).map(|units| units.normalize());
        let quantity = match record.tag {
            Tag::Split => {
                let old = self.optional_number(record.leaf(Tag::OldUnits), false);
                let new = self.optional_number(record.leaf(Tag::NewUnits), false);
                old.zip(new).and_then(|(old, new)| new.checked_sub(old)).map(|units| units.normalize())
            }
            Tag::Transfer => {
                let out = record.leaf(Tag::TferAction).is_some_and(|leaf| leaf.text.eq_ignore_ascii_case("OUT"));
                units.map(|units| if out { -units.abs() } else { units })
            }
            _ => units,
        };
        let mut charge = |tag| self.optional_number(record.leaf(tag), true).map(|money| money.abs());
        let commission = charge(Tag::Commission);
        let others = [Tag::Fees, Tag::Taxes, Tag::Load, Tag::Withholding, Tag::StateWithholding, Tag::Penalty];
        let fees = others.into_iter().filter_map(&mut charge).reduce(Decimal::saturating_add);
        let interest = charge(Tag::AccrdInt).unwrap_or_default();
        charges.bought =
            interest.saturating_add(commission.unwrap_or_default()).saturating_add(fees.unwrap_or_default());
        charges.sold = interest.saturating_sub(commission.unwrap_or_default()).saturating_sub(fees.unwrap_or_default());
        let price = if known.is_some() { self.optional_number(record.leaf(Tag::UnitPrice), false) } else { None };
        Security {
            quantity: match side(record.tag) {
                // Some brokers state units sold without a sign.
                Side::Sell => quantity.map(|units| {
                    let taken_back = units.is_sign_negative() || self.total_is_negative(record);
                    if taken_back { units } else { -units }
                }),
                Side::Buy | Side::Neither => quantity,
            },
            unit_price: price.map(|price| price.normalize()),
            commission: commission.filter(|money| !money.is_zero()),
            fees: fees.filter(|money| !money.is_zero()),
            ..Security::default()
        }
    }

    fn total_is_negative(&mut self, record: &Record<'a, '_>) -> bool {
        record
            .leaf(Tag::Total)
            .and_then(|leaf| self.number(leaf, true))
            .is_some_and(|total| total.is_sign_negative() && !total.is_zero())
    }

    /// The stated total; a buy that states units and total both positive leaves the sign to the reader.
    fn signed_total(&mut self, record: &Record<'a, '_>, total: Decimal, quantity: Option<Decimal>) -> Decimal {
        let unsigned = side(record.tag) == Side::Buy
            && total > Decimal::ZERO
            && quantity.is_none_or(|quantity| quantity > Decimal::ZERO);
        if !unsigned {
            return total;
        }
        if !self.warned_sign {
            self.warned_sign = true;
            self.warn(record.at, || {
                format!(
                    "TOTAL {total} of the {} row has no sign although money left the account; such totals were read as negative",
                    record.name
                )
            });
        }
        -total
    }
}

/// The charges of a trade, which raise the cost of a purchase and lower the proceeds of a sale.
#[derive(Default)]
struct Charges {
    bought: Decimal,
    sold: Decimal,
}

/// The money a trade moves when the statement leaves `TOTAL` out.
fn computed(tag: Tag, security: &Security, multiplier: Decimal, charges: &Charges) -> Option<Decimal> {
    let gross = security.quantity?.checked_mul(security.unit_price?)?.checked_mul(multiplier)?;
    let net = match side(tag) {
        Side::Buy => -gross.checked_add(charges.bought)?,
        Side::Sell => (-gross).checked_add(charges.sold)?,
        Side::Neither => return None,
    };
    let mut cents = net.round_dp(2);
    cents.rescale(2);
    Some(cents)
}

fn subtype(record: &Record<'_, '_>, quantity: Option<Decimal>) -> Subtype {
    let has = |tag, word: &str| record.leaf(tag).is_some_and(|leaf| leaf.text.trim().eq_ignore_ascii_case(word));
    let leaving = quantity.is_some_and(|quantity| quantity.is_sign_negative());
    match record.tag {
        Tag::BuyOpt if has(Tag::OptBuyType, "BUYTOCLOSE") => Subtype::BuyToCover,
        Tag::BuyStock
            if record
                .leaves
                .iter()
                .any(|leaf| leaf.tag == Tag::BuyType && leaf.text.eq_ignore_ascii_case("BUYTOCOVER")) =>
        {
            Subtype::BuyToCover
        }
        Tag::BuyDebt | Tag::BuyMf | Tag::BuyOpt | Tag::BuyOther | Tag::BuyStock => Subtype::Buy,
        Tag::Reinvest => Subtype::Reinvestment,
        Tag::SellOpt if has(Tag::OptSellType, "SELLTOOPEN") => Subtype::ShortSell,
        Tag::SellStock if has(Tag::SellType, "SELLSHORT") => Subtype::ShortSell,
        Tag::SellDebt | Tag::SellMf | Tag::SellOpt | Tag::SellOther | Tag::SellStock => Subtype::Sell,
        Tag::ClosureOpt if has(Tag::OptAction, "ASSIGN") => Subtype::Assignment,
        Tag::ClosureOpt if has(Tag::OptAction, "EXERCISE") => Subtype::Exercise,
        Tag::ClosureOpt => Subtype::Expiration,
        Tag::Income if has(Tag::IncomeType, "INTEREST") => Subtype::Interest,
        Tag::Income if has(Tag::IncomeType, "CGLONG") || has(Tag::IncomeType, "CGSHORT") => Subtype::CapitalGain,
        Tag::Income if has(Tag::IncomeType, "MISC") => Subtype::Distribution,
        Tag::Income => Subtype::Dividend,
        Tag::InvExpense => Subtype::OtherFee,
        Tag::MarginInterest => Subtype::MarginInterest,
        Tag::RetOfCap => Subtype::ReturnOfCapital,
        Tag::Split => Subtype::Split,
        Tag::Transfer if leaving => Subtype::TransferOut,
        Tag::Transfer => Subtype::TransferIn,
        Tag::JrnlFund | Tag::JrnlSec => Subtype::Journal,
        _ => Subtype::Unknown,
    }
}

/// The subject of the row: the security by name (a memo is better than a bare number), else the journal's two sides.
fn description(record: &Record<'_, '_>, known: Option<&Known>) -> Option<Text> {
    if let Some(known) = known {
        if known.name.is_none() && record.leaf(Tag::Memo).is_some() {
            return None;
        }
        let name = known.name.clone().unwrap_or_else(|| known.symbol.clone());
        let ratio = record.leaf(Tag::Numerator).zip(record.leaf(Tag::Denominator));
        if record.tag == Tag::Split
            && let Some((new, old)) = ratio.and_then(|(new, old)| text::line(new).zip(text::line(old)))
        {
            return Some(format!("{name} {new}:{old}").into());
        }
        return Some(name);
    }
    let sides =
        record.leaf(Tag::SubAcctFrom).and_then(text::line).zip(record.leaf(Tag::SubAcctTo).and_then(text::line));
    sides.map(|(from, to)| format!("{from} to {to}").into())
}
