//! Schwab's replies as drafts. Pure.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use rust_decimal::{Decimal, RoundingStrategy};

use super::{
    legs::{self, Legs, money},
    wire::{Account, Activity, Instrument, Leg, Position, Preference},
};
use crate::{
    domain::{
        AccountDraft, AccountType, AssetCode, AssetType, BalanceDraft, HoldingDraft, HoldingFacts, Kind, Origin,
        Security, Text, TransactionDraft, TransactionFacts, TransactionStatus, TransactionSubtype as Sub, Warning,
        text,
    },
    providers::{
        KnownAccount,
        kit::{OptionSymbol, new_york_day},
    },
};

/// Every type of the server; it returns only the types that are asked for.
pub(super) const TYPES: &str = "TRADE,RECEIVE_AND_DELIVER,DIVIDEND_OR_INTEREST,ACH_RECEIPT,ACH_DISBURSEMENT,\
     CASH_RECEIPT,CASH_DISBURSEMENT,ELECTRONIC_FUND,WIRE_OUT,WIRE_IN,JOURNAL,MEMORANDUM,MARGIN_CALL,MONEY_MARKET,\
     SMA_ADJUSTMENT";

fn quantity(amount: Decimal) -> Decimal {
    amount.round_dp_with_strategy(8, RoundingStrategy::MidpointAwayFromZero).normalize()
}

fn price(amount: Decimal) -> Decimal {
    amount.round_dp_with_strategy(6, RoundingStrategy::MidpointAwayFromZero).normalize()
}

pub(super) fn nicknames(preferences: Vec<(u32, Preference)>) -> HashMap<String, String> {
    preferences
        .into_iter()
        .flat_map(|(_, preference)| preference.accounts)
        .filter_map(|account| {
            let name = text::clean_line(account.nick_name.as_deref()?)?;
            Some((account.account_number?.0, name.into()))
        })
        .collect()
}

/// An account. Without readable nicknames, name and type stay those of the stored account.
pub(super) fn account(
    account: &Account,
    nicknames: Option<&HashMap<String, String>>,
    known: Option<&KnownAccount>,
    today: NaiveDate,
) -> AccountDraft {
    let own = &account.securities_account;
    let balances = &own.current_balances;
    let cash_account = own.r#type.as_deref() == Some("CASH");
    let cash = if cash_account { balances.total_cash.or(balances.cash_balance) } else { balances.cash_balance };
    let available = if cash_account {
        balances.cash_available_for_trading.or(balances.available_funds)
    } else {
        balances.available_funds.or(balances.cash_available_for_trading)
    };
    let worth = balances.liquidation_value.or(account.aggregated_balance.liquidation_value);
    let name = match nicknames {
        Some(nicknames) => nicknames.get(&own.account_number.0).cloned(),
        None => known.map(|known| known.name.clone()),
    };
    let remembered = known.filter(|_| nicknames.is_none()).map(|known| known.account_type);
    let named = || name.as_deref().map_or(AccountType::Brokerage, account_type);
    AccountDraft {
        provider_account_id: own.account_number.0.clone(),
        number: own.account_number.0.clone(),
        account_type: remembered.unwrap_or_else(named),
        name,
        currency: AssetCode::USD,
        balance: worth.map(|worth| BalanceDraft {
            date: today,
            current: money(worth),
            available: available.map(money),
            holdings_value: cash.map(|cash| money(worth - cash)),
            cash_value: cash.map(money),
        }),
        is_active: true,
        institution: None,
    }
}

/// The type from the nickname: Schwab states cash or margin only. The user can correct it.
fn account_type(nickname: &str) -> AccountType {
    let folded = text::fold(nickname);
    let has = |word: &str| folded.split(|c: char| !c.is_alphanumeric()).any(|part| part == word);
    if has("roth") {
        AccountType::RothIra
    } else if has("ira") || has("rollover") {
        AccountType::Ira
    } else if has("401k") || folded.contains("401(k)") {
        AccountType::K401
    } else if has("403b") || folded.contains("403(b)") {
        AccountType::B403
    } else if has("hsa") {
        AccountType::Hsa
    } else if has("checking") {
        AccountType::Checking
    } else if has("savings") {
        AccountType::Savings
    } else {
        AccountType::Brokerage
    }
}

fn asset_type(instrument: &Instrument) -> AssetType {
    let fund = matches!(instrument.r#type.as_deref(), Some("EXCHANGE_TRADED_FUND" | "ETF"));
    match instrument.asset_type.as_deref().unwrap_or_default() {
        "EQUITY" if fund => AssetType::Etf,
        "EQUITY" => AssetType::Equity,
        "OPTION" => AssetType::Option,
        "COLLECTIVE_INVESTMENT" if fund || instrument.r#type.is_none() => AssetType::Etf,
        "COLLECTIVE_INVESTMENT" | "MUTUAL_FUND" => AssetType::MutualFund,
        "FIXED_INCOME" => AssetType::FixedIncome,
        "CASH_EQUIVALENT" | "CURRENCY" => AssetType::CashEquivalent,
        "FUTURE" => AssetType::Futures,
        _ => AssetType::Other,
    }
}

/// The symbol; that of an option without the blanks that pad the root, as other brokers write it.
fn symbol(instrument: &Instrument) -> Option<Text> {
    let written = instrument.symbol.as_deref().or(instrument.cusip.as_deref())?;
    if OptionSymbol::parse(written).is_some() {
        return Some(written.split_whitespace().collect::<String>().into());
    }
    text::clean_line(written)
}

fn name(instrument: &Instrument) -> Option<Text> {
    instrument
        .description
        .as_deref()
        .and_then(text::clean_line)
        .or_else(|| OptionSymbol::parse(instrument.symbol.as_deref()?).map(|option| option.to_string().into()))
}

fn multiplier(instrument: &Instrument) -> Decimal {
    let stated = instrument.option_premium_multiplier.filter(|stated| *stated > Decimal::ZERO);
    stated.unwrap_or_else(|| asset_type(instrument).default_multiplier())
}

/// `None` for a position that is closed.
pub(super) fn holding(position: &Position, currency: AssetCode, today: NaiveDate) -> Option<HoldingDraft> {
    let held = quantity(position.long_quantity.unwrap_or_default() - position.short_quantity.unwrap_or_default());
    if held.is_zero() {
        return None;
    }
    let instrument = &position.instrument;
    let signed = |value: Decimal| if held.is_sign_negative() { -value.abs() } else { value };
    let multiplier = multiplier(instrument);
    let units = held.checked_mul(multiplier)?.abs();
    let value = position.market_value.map(|value| signed(money(value)));
    let symbol = symbol(instrument).unwrap_or_default();
    let cost = cost(position, value, units, held.is_sign_negative());
    Some(HoldingDraft {
        facts: HoldingFacts {
            provider_id: instrument.cusip.clone().unwrap_or_else(|| symbol.to_string()),
            name: name(instrument).unwrap_or_else(|| symbol.clone()).into(),
            symbol: symbol.into(),
            asset_type: asset_type(instrument),
            quantity: held,
            // The reply has no price: it is value per unit.
            price: value.and_then(|value| value.abs().checked_div(units)).map(price),
            price_date: value.map(|_| today),
            market_value: value,
            cost_basis: cost.map(|cost| signed(money(cost))),
            multiplier,
            currency,
            source: None,
        },
        as_of: today,
    })
}

/// The cost of a position. The average price of bonds, CDs and futures is not a price per unit (percent of par, points), so
/// their cost is value less profit, or unknown.
fn cost(position: &Position, value: Option<Decimal>, units: Decimal, is_short: bool) -> Option<Decimal> {
    let is_quoted_otherwise =
        matches!(position.instrument.asset_type.as_deref(), Some("FIXED_INCOME" | "FUTURE" | "FOREX"))
            || position.instrument.r#type.as_deref() == Some("CERTIFICATE_OF_DEPOSIT");
    if is_quoted_otherwise {
        let profit = if is_short {
            position.short_open_profit_loss
        } else {
            position.long_open_profit_loss.or(position.short_open_profit_loss)
        };
        return value?.checked_sub(profit?);
    }
    // An unknown cost is written as an average of zero.
    position.average_price.filter(|average| !average.is_zero())?.checked_mul(units)
}

/// The rows of a reply; one per security where a transaction moves several.
pub(super) fn transactions(
    activities: &[(u32, Activity)],
    currency: AssetCode,
    warnings: &mut Vec<Warning>,
) -> Vec<TransactionDraft> {
    let mut rows = Vec::with_capacity(activities.len());
    for (place, activity) in activities {
        match transaction(activity, *place, currency) {
            Ok((drafts, warning)) => {
                rows.extend(drafts);
                warnings.extend(warning);
            }
            Err(warning) => warnings.push(warning),
        }
    }
    number_shared_ids(&mut rows);
    pair_journals(&mut rows);
    rows
}

/// Numbers different rows that share an activity id, in an order that does not depend on the reply's.
fn number_shared_ids(rows: &mut [TransactionDraft]) {
    let mut by_id: HashMap<Box<str>, Vec<usize>> = HashMap::new();
    for (index, row) in rows.iter().enumerate() {
        if let Some(id) = &row.facts.provider_id {
            by_id.entry(id.as_str().into()).or_default().push(index);
        }
    }
    for (id, mut places) in by_id.into_iter().filter(|(_, places)| places.len() > 1) {
        let content = |facts: &TransactionFacts| {
            let security = facts.security.as_ref();
            let quantity = security.and_then(|security| security.quantity);
            (facts.date, facts.instant, facts.amount, security.and_then(|security| security.symbol.clone()), quantity)
        };
        places.sort_by_cached_key(|place| content(&rows[*place].facts));
        let mut number = 1;
        for pair in 1..places.len() {
            if content(&rows[places[pair]].facts) != content(&rows[places[pair - 1]].facts) {
                number += 1;
            }
            if number > 1 {
                rows[places[pair]].facts.provider_id = Some(format!("{id}/{number}").into());
            }
        }
    }
}

type Drafts = (Vec<TransactionDraft>, Option<Warning>);

fn transaction(activity: &Activity, place: u32, currency: AssetCode) -> Result<Drafts, Warning> {
    let left_out = |why: &str| Warning::new(place, format!("transaction {place} is left out: {why}"));
    let moment = [&activity.trade_date, &activity.time, &activity.transaction_date].into_iter().flatten().next();
    let date = moment.and_then(|written| day(written)).ok_or_else(|| left_out("it has no date"))?;
    let legs = legs::sort(&activity.transfer_items);
    let net = activity.net_amount.map(money).ok_or_else(|| left_out("it has no amount"))?;
    let trade = activity.r#type == "TRADE";
    let warning = (trade && !legs.securities.is_empty() && legs.total != net).then(|| {
        Warning::new(place, format!("the legs of transaction {place} add up to {}, not to {net}", legs.total))
    });
    let id = activity.activity_id.as_ref().map(|id| id.0.as_str());
    let status = match activity.status.as_deref() {
        Some("PENDING") => TransactionStatus::Pending,
        Some("INVALID") => TransactionStatus::Failed,
        Some(_) | None => TransactionStatus::Settled,
    };
    let template = TransactionFacts {
        instant: [&activity.time, &activity.trade_date].into_iter().flatten().find_map(|written| instant(written)),
        settlement_date: activity.settlement_date.as_deref().and_then(day),
        status,
        raw_type: text::clean_line(&match &activity.transaction_sub_type {
            Some(sub) => format!("{}/{sub}", activity.r#type),
            None => activity.r#type.clone(),
        }),
        origin: Origin { line: place },
        ..TransactionFacts::new(date, net, currency)
    };
    let described = activity.description.as_deref().and_then(text::clean_line);
    // The first leg carries what the others don't, fees included: the rows add up to the net amount.
    let others: Decimal = legs.securities.iter().skip(1).map(|leg| money(leg.cost.unwrap_or_default())).sum();
    let mut drafts = Vec::new();
    for index in 0..legs.securities.len().max(1) {
        let leg = legs.securities.get(index);
        let amount = if index == 0 { net - others } else { money(leg.and_then(|leg| leg.cost).unwrap_or_default()) };
        let subtype = subtype(activity, net, leg);
        let security = leg.map(|leg| security(activity, leg, &legs, index, subtype));
        let facts = TransactionFacts {
            provider_id: id.map(|id| if index == 0 { id.into() } else { format!("{id}:{}", index + 1).into() }),
            amount,
            kind: Kind(subtype),
            description: described.clone().or_else(|| describe(subtype, security.as_ref())),
            security: security.map(Box::new),
            ..template.clone()
        };
        drafts.push(facts.into());
    }
    Ok((drafts, warning))
}

fn security(activity: &Activity, leg: &Leg, legs: &Legs, index: usize, subtype: Sub) -> Security {
    let group = activity.order_id.as_ref().or(activity.activity_id.as_ref()).map(|id| id.0.as_str().into());
    // The security leg of a dividend counts money, not shares.
    let moved =
        !matches!(subtype.parent(), crate::domain::TransactionType::Income | crate::domain::TransactionType::Tax);
    Security {
        symbol: symbol(&leg.instrument),
        name: name(&leg.instrument),
        asset_type: Some(asset_type(&leg.instrument)),
        quantity: leg.amount.filter(|_| moved).map(quantity),
        unit_price: leg.price.filter(|price| moved && !price.is_zero()).map(price),
        commission: legs.commission.filter(|_| index == 0),
        fees: legs.fees.filter(|_| index == 0),
        group,
    }
}

/// `Buy 1 HIMS 2025-08-01 46 put at 0.81`.
fn describe(subtype: Sub, security: Option<&Security>) -> Option<Text> {
    let mut words = subtype.as_str().replace('_', " ");
    words.get_mut(..1)?.make_ascii_uppercase();
    if let Some(security) = security {
        let what = security.name.as_deref().or(security.symbol.as_deref()).unwrap_or_default();
        let count = security.quantity.map(|quantity| format!(" {}", quantity.abs())).unwrap_or_default();
        let price = security.unit_price.map(|price| format!(" at {price}")).unwrap_or_default();
        words = format!("{words}{count} {what}{price}");
    }
    text::clean_line(&words)
}

fn subtype(activity: &Activity, net: Decimal, leg: Option<&Leg>) -> Sub {
    let description = activity.description.as_deref().unwrap_or_default().to_ascii_uppercase();
    let word = |word: &str| description.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| part == word);
    let code = activity.transaction_sub_type.as_deref().unwrap_or_default();
    let incoming = net >= Decimal::ZERO;
    let into = leg.and_then(|leg| leg.amount).is_none_or(|amount| amount >= Decimal::ZERO);
    match activity.r#type.as_str() {
        "TRADE" => match (into, leg.and_then(|leg| leg.position_effect.as_deref())) {
            (true, Some("CLOSING")) => Sub::BuyToCover,
            (false, Some("OPENING")) => Sub::ShortSell,
            (true, _) => Sub::Buy,
            (false, _) => Sub::Sell,
        },
        "DIVIDEND_OR_INTEREST" => {
            let gain =
                ["CAP GAIN", "CAPITAL GAIN", "CAP GN", "CAP GAINS"].iter().any(|text| description.contains(text));
            let dividend = matches!(code, "QD" | "CD") || word("DIVIDEND") || word("DIV");
            if description.contains("FOREIGN TAX") || description.contains("WITHH") || description.contains("NRA TAX") {
                Sub::Withheld
            } else if gain {
                Sub::CapitalGain
            } else if !dividend && (word("INTEREST") || word("INT")) {
                if incoming { Sub::Interest } else { Sub::MarginInterest }
            } else {
                Sub::Dividend
            }
        }
        "ACH_RECEIPT" | "CASH_RECEIPT" => Sub::Deposit,
        "ACH_DISBURSEMENT" | "CASH_DISBURSEMENT" => Sub::Withdrawal,
        "ELECTRONIC_FUND" => {
            if incoming {
                Sub::Deposit
            } else {
                Sub::Withdrawal
            }
        }
        "WIRE_IN" => Sub::WireIn,
        "WIRE_OUT" => Sub::WireOut,
        "JOURNAL" => Sub::Internal,
        "RECEIVE_AND_DELIVER" => {
            if description.contains("EXPIR") || code == "OX" {
                Sub::Expiration
            } else if description.contains("ASSIGN") || code == "OA" {
                Sub::Assignment
            } else if description.contains("EXERCISE") || code == "OE" {
                Sub::Exercise
            } else if word("SPLIT") {
                Sub::Split
            } else if description.contains("SPIN") {
                Sub::SpinOff
            } else if word("MERGER") {
                Sub::Merger
            } else if into {
                Sub::TransferIn
            } else {
                Sub::TransferOut
            }
        }
        "MEMORANDUM" | "MONEY_MARKET" => Sub::Journal,
        "MARGIN_CALL" | "SMA_ADJUSTMENT" => Sub::Adjustment,
        _ => Sub::Unknown,
    }
}

/// Groups transfers between cash and margin within an account: two rows of one day that cancel out.
fn pair_journals(rows: &mut [TransactionDraft]) {
    let inner = |draft: &TransactionDraft| {
        let facts = &draft.facts;
        let description = facts.description().to_ascii_uppercase();
        facts.raw_type.as_deref() == Some("JOURNAL") && description.contains("TRF FUNDS") && facts.security.is_none()
    };
    for first in 0..rows.len() {
        if !inner(&rows[first]) {
            continue;
        }
        let (day, amount) = (rows[first].facts.date, rows[first].facts.amount);
        let twin = (first + 1..rows.len()).find(|index| {
            inner(&rows[*index]) && rows[*index].facts.date == day && rows[*index].facts.amount == -amount
        });
        let (Some(second), Some(id)) = (twin, rows[first].facts.provider_id.clone()) else { continue };
        for index in [first, second] {
            rows[index].facts.security = Some(Box::new(Security { group: Some(id.clone()), ..Security::default() }));
        }
    }
}

/// The New York day of a timestamp. Midnight UTC is a date without time.
fn day(written: &str) -> Option<NaiveDate> {
    match instant(written) {
        Some(instant) if instant.time() != NaiveTime::MIN => Some(new_york_day(instant)),
        Some(_) | None => NaiveDate::parse_from_str(written.get(..10)?, "%Y-%m-%d").ok(),
    }
}

/// `2025-07-25T16:02:06+0000` and `…Z`, with or without fractions of a second.
fn instant(written: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(written)
        .or_else(|_| DateTime::parse_from_str(written, "%Y-%m-%dT%H:%M:%S%.f%z"))
        .ok()
        .map(|moment| moment.to_utc())
}
