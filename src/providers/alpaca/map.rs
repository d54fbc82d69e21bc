//! Alpaca's replies as drafts. Pure.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;

use super::wire::{Account, Activity, PortfolioHistory, Position};
use crate::{
    domain::{
        AccountDraft, AccountType, AssetCode, AssetType, BalanceDraft, Correction, HoldingDraft, HoldingFacts, Kind,
        Origin, Security, Text, TransactionDraft, TransactionFacts, TransactionStatus, TransactionSubtype as Sub,
        Warning, text,
    },
    providers::{
        ServerEnvironment,
        kit::{OptionSymbol, new_york_day},
    },
};

pub(super) fn account(account: &Account, paper: bool, today: NaiveDate) -> AccountDraft {
    let securities = match (account.long_market_value, account.short_market_value) {
        (None, None) => None,
        // Short positions are negative; some replies leave out the sign.
        (long, short) => Some(long.unwrap_or_default() - short.unwrap_or_default().abs()),
    };
    let closed = matches!(account.status.as_deref(), Some("ACCOUNT_CLOSED" | "REJECTED"));
    AccountDraft {
        provider_account_id: account.id.0.clone(),
        number: account.account_number.as_ref().unwrap_or(&account.id).0.clone(),
        name: Some(if paper { "Alpaca paper" } else { "Alpaca" }.into()),
        account_type: AccountType::Brokerage,
        currency: account.currency.as_deref().and_then(|code| AssetCode::new(code).ok()).unwrap_or(AssetCode::USD),
        balance: account.equity.or(account.portfolio_value).map(|equity| BalanceDraft {
            date: today,
            current: equity,
            // Buying power includes credit, cash does not.
            available: account.cash,
            holdings_value: securities,
            cash_value: account.cash,
        }),
        is_active: !closed,
        institution: None,
    }
}

/// Notes about a new connection. `environment` is the one in which the key works, if it is not the requested one.
pub(super) fn notes(account: &Account, environment: Option<&'static ServerEnvironment>) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if let Some(environment) = environment {
        warnings
            .push(Warning::new(0, format!("the key belongs to the {} environment, which is used", environment.name)));
    }
    let status = account.status.as_deref().unwrap_or("ACTIVE");
    if status != "ACTIVE" || account.account_blocked {
        let status = if account.account_blocked { "blocked".into() } else { text::clean(status).to_lowercase() };
        warnings.push(Warning::new(0, format!("the account is {} at Alpaca", status.replace('_', " "))));
    }
    warnings
}

pub(super) fn holding(position: &Position, currency: AssetCode, today: NaiveDate) -> HoldingDraft {
    let is_crypto = position.asset_class.as_deref() == Some("crypto");
    let symbol = line(&canonical(&position.symbol.0, is_crypto)).unwrap_or_default();
    let asset_type = match position.asset_class.as_deref() {
        Some("us_equity") => AssetType::Equity,
        Some("us_option") => AssetType::Option,
        Some("crypto") => AssetType::Cryptocurrency,
        _ => asset_type(&symbol),
    };
    let short = position.side.as_deref() == Some("short") || position.qty.is_sign_negative();
    let signed = |value: Decimal| if short { -value.abs() } else { value };
    HoldingDraft {
        facts: HoldingFacts {
            provider_id: position.asset_id.as_ref().unwrap_or(&position.symbol).0.clone(),
            name: OptionSymbol::parse(&symbol).map_or_else(|| symbol.to_string(), |option| option.to_string()),
            symbol: symbol.into(),
            asset_type,
            quantity: signed(position.qty),
            price: position.current_price,
            price_date: position.current_price.map(|_| today),
            market_value: position.market_value.map(signed),
            cost_basis: position.cost_basis.map(signed),
            multiplier: asset_type.default_multiplier(),
            currency,
            source: None,
        },
        as_of: today,
    }
}

/// End-of-day balances by New York day, without the days before the first money and without the current day.
pub(super) fn balances(history: &PortfolioHistory, from: Option<NaiveDate>, today: NaiveDate) -> Vec<BalanceDraft> {
    let days = history.timestamp.iter().zip(&history.equity);
    days.filter_map(|(seconds, equity)| Some((new_york_day(DateTime::from_timestamp(*seconds, 0)?), (*equity)?)))
        .skip_while(|(_, equity)| equity.is_zero())
        .filter(|(day, _)| *day < today && from.is_none_or(|from| *day >= from))
        .map(|(date, current)| BalanceDraft { date, current, available: None, holdings_value: None, cash_value: None })
        .collect()
}

/// The time back to `from`, in units of the history request.
pub(super) fn period(from: Option<NaiveDate>, today: NaiveDate) -> String {
    let days = from.map_or(365, |from| (today - from).num_days().max(1) + 1);
    if days <= 30 { format!("{days}D") } else { format!("{}A", days / 365 + 1) }
}

/// The day as written in a time or a date.
pub(super) fn written_day(written: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(written.get(..10)?, "%Y-%m-%d").ok()
}

/// The broker's calendar day: as written, or the New York day of the time of a fill.
pub(super) fn day(row: &Activity) -> Option<NaiveDate> {
    let written = row.date.as_deref().and_then(written_day);
    let traded = || instant(row).map(new_york_day).or_else(|| written_day(row.transaction_time.as_deref()?));
    written.or_else(traded)
}

fn instant(row: &Activity) -> Option<DateTime<Utc>> {
    let written = row.transaction_time.as_deref()?;
    DateTime::parse_from_rfc3339(written).ok().map(|moment| moment.to_utc())
}

/// Whether it corrects an earlier row without naming it.
pub(super) fn corrects_unnamed(row: &Activity) -> bool {
    row.previous_id.is_none() && matches!(row.status.as_deref(), Some("correct" | "canceled" | "cancelled"))
}

/// Finds the row in `others` that a correction refers to: same kind, security and day, preferably the same group. A row
/// that changes under its own id needs none: it amends itself.
pub(super) fn corrected<'a>(row: &Activity, others: impl Iterator<Item = &'a Activity>) -> Option<String> {
    let cancels = row.status.as_deref() != Some("correct");
    let candidates: Vec<&Activity> = others
        .filter(|other| other.id != row.id && matches!(other.status.as_deref(), None | Some("executed")))
        .filter(|other| other.activity_type == row.activity_type && other.symbol == row.symbol)
        .filter(|other| day(other) == day(row))
        .collect();
    let grouped = candidates.iter().rev().find(|other| row.group_id.is_some() && other.group_id == row.group_id);
    let amount = |row: &Activity| row.net_amount.map(|amount| amount.abs());
    let same_amount = candidates.iter().rev().find(|other| cancels && amount(other) == amount(row));
    let only = candidates.first().filter(|_| candidates.len() == 1);
    grouped.or(same_amount).or(only).map(|other| other.id.0.clone())
}

/// One row. `earlier` is the id of the row that it corrects.
pub(super) fn transaction(
    row: &Activity,
    place: u32,
    currency: AssetCode,
    earlier: Option<String>,
) -> Result<TransactionDraft, Warning> {
    let left_out = |why: &str| Warning::new(place, format!("activity {place} is left out: {why}"));
    let date = day(row).ok_or_else(|| left_out("it has no date"))?;
    let fill = row.activity_type == "FILL";
    let symbol = row.symbol.as_ref().or(row.cusip.as_ref()).and_then(|symbol| line(&canonical(&symbol.0, false)));
    let asset = symbol.as_deref().map(asset_type);
    let (amount, subtype) = if fill {
        let quantity = row.qty.ok_or_else(|| left_out("a fill without quantity"))?.abs();
        let price = row.price.ok_or_else(|| left_out("a fill without price"))?;
        let multiplier = asset.map_or(Decimal::ONE, AssetType::default_multiplier);
        let value = quantity
            .checked_mul(price)
            .and_then(|value| value.checked_mul(multiplier))
            .ok_or_else(|| left_out("its value has more than 28 digits"))?
            .normalize();
        match row.side.as_deref() {
            Some("buy" | "buy_minus") => (-value, Sub::Buy),
            Some("sell_short" | "sell_short_exempt") => (value, Sub::ShortSell),
            Some("sell" | "sell_plus") => (value, Sub::Sell),
            _ => return Err(left_out("a fill that is neither bought nor sold")),
        }
    } else {
        let amount = row.net_amount.unwrap_or_default();
        (amount, subtype(&row.activity_type, amount, row.qty.unwrap_or_default()))
    };
    let quantity = row.qty.filter(|_| moves_shares(subtype)).map(|quantity| match subtype {
        Sub::Buy => quantity.abs(),
        Sub::Sell | Sub::ShortSell => -quantity.abs(),
        _ => quantity,
    });
    let voided = matches!(row.status.as_deref(), Some("canceled" | "cancelled"));
    let security = symbol.as_ref().map(|symbol| {
        Box::new(Security {
            symbol: Some(symbol.clone()),
            name: OptionSymbol::parse(symbol).map(|option| option.to_string().into()),
            asset_type: asset,
            quantity,
            unit_price: row.price.filter(|_| quantity.is_some()),
            commission: None,
            fees: None,
            group: row.order_id.as_ref().or(row.group_id.as_ref()).map(|id| id.0.as_str().into()),
        })
    });
    let raw_type = match &row.activity_sub_type {
        Some(sub) if !sub.trim().is_empty() => format!("{}/{sub}", row.activity_type),
        Some(_) | None => row.activity_type.clone(),
    };
    let facts = TransactionFacts {
        provider_id: Some(row.id.0.as_str().into()),
        instant: instant(row),
        kind: Kind(subtype),
        status: if voided { TransactionStatus::Cancelled } else { TransactionStatus::Settled },
        description: row.description.as_deref().and_then(text::clean_line).or_else(|| Some(describe(row, subtype))),
        raw_type: line(&raw_type),
        security,
        origin: Origin { line: place },
        ..TransactionFacts::new(date, amount, currency)
    };
    let correction = earlier
        .filter(|id| *id != row.id.0)
        .map(|id| if voided { Correction::Deletes(id.into()) } else { Correction::Replaces(id.into()) });
    Ok(TransactionDraft { facts, correction: correction.map(Box::new), pending_id: None, user: None })
}

/// `Buy 1 LPCN at 1.63`, `Dividend T`.
fn describe(row: &Activity, subtype: Sub) -> Text {
    let mut words = subtype.as_str().replace('_', " ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    if subtype == Sub::Unknown {
        words.clone_from(&row.activity_type);
    }
    let symbol = row
        .symbol
        .as_ref()
        .map(|symbol| canonical(&symbol.0, false))
        .map(|symbol| OptionSymbol::parse(&symbol).map_or_else(|| symbol.to_string(), |option| option.to_string()));
    if let (Some(quantity), Some(symbol), true) = (row.qty, &symbol, moves_shares(subtype)) {
        let price = row.price.map(|price| format!(" at {price}")).unwrap_or_default();
        words = format!("{words} {} {symbol}{price}", quantity.abs());
    } else if let Some(symbol) = symbol {
        words = format!("{words} {symbol}");
    }
    line(&words).unwrap_or_default()
}

/// Whether its quantity moved. The quantity of a dividend is the position it was paid for.
const fn moves_shares(subtype: Sub) -> bool {
    !matches!(
        subtype,
        Sub::Dividend | Sub::CapitalGain | Sub::Distribution | Sub::Interest | Sub::MarginInterest | Sub::Withheld
    )
}

/// All documented codes. A new code is unknown, never an error.
fn subtype(code: &str, amount: Decimal, quantity: Decimal) -> Sub {
    let incoming = if amount.is_zero() { quantity } else { amount } >= Decimal::ZERO;
    let by_sign = |inward, outward| if incoming { inward } else { outward };
    match code {
        "CSD" | "CSR" => Sub::Deposit,
        "CSW" => Sub::Withdrawal,
        "TRANS" => by_sign(Sub::Deposit, Sub::Withdrawal),
        "JNL" | "JNLC" | "JNLS" => Sub::Internal,
        "ACATC" | "ACATS" => by_sign(Sub::TransferIn, Sub::TransferOut),
        "DIV" | "DIVROC" | "DIVTXEX" => Sub::Dividend,
        "DIVCGL" | "DIVCGS" => Sub::CapitalGain,
        "DIVFT" | "DIVNRA" | "DIVTW" | "DIVWH" | "WH" | "INTNRA" | "INTTW" => Sub::Withheld,
        "INT" | "INTPNL" => by_sign(Sub::Interest, Sub::MarginInterest),
        "CFEE" => Sub::Commission,
        "FEE" | "PTC" | "DIVFEE" => Sub::OtherFee,
        "OPASN" => Sub::Assignment,
        "OPEXC" => Sub::Exercise,
        "OPEXP" => Sub::Expiration,
        "OPTRD" if quantity.is_zero() => by_sign(Sub::Sell, Sub::Buy),
        "OPTRD" => {
            if quantity.is_sign_negative() {
                Sub::Sell
            } else {
                Sub::Buy
            }
        }
        "OPCSH" => by_sign(Sub::Exercise, Sub::Assignment),
        "SPLIT" | "SSP" => Sub::Split,
        "SPIN" | "SSO" => Sub::SpinOff,
        "MA" => Sub::Merger,
        "CIL" => Sub::CashInLieu,
        "NC" | "SC" | "REORG" | "PTR" | "VOF" | "EXTRD" | "CGD" | "OPCA" => Sub::OtherAction,
        "FXTRD" => Sub::Convert,
        "MEM" | "SWP" => Sub::Journal,
        _ => Sub::Unknown,
    }
}

/// Currencies in which crypto pairs are quoted, longest first.
const QUOTES: [&str; 4] = ["USDT", "USDC", "USD", "BTC"];

/// One name per crypto pair: `BTC/USD` for `BTCUSD` too. A symbol of at least six letters that ends in a quote currency
/// is a pair: tickers of stocks have at most five.
fn canonical(symbol: &str, is_crypto: bool) -> Cow<'_, str> {
    let symbol = symbol.trim();
    let is_pair = is_crypto || (symbol.len() >= 6 && symbol.bytes().all(|byte| byte.is_ascii_uppercase()));
    let quote = QUOTES.iter().find(|quote| symbol.len() > quote.len() && symbol.ends_with(**quote));
    match quote {
        Some(quote) if is_pair && !symbol.contains('/') => {
            let base = &symbol[..symbol.len() - quote.len()];
            Cow::Owned(format!("{base}/{quote}"))
        }
        _ => Cow::Borrowed(symbol),
    }
}

fn asset_type(symbol: &str) -> AssetType {
    if OptionSymbol::parse(symbol).is_some() {
        AssetType::Option
    } else if symbol.contains('/') {
        AssetType::Cryptocurrency
    } else {
        AssetType::Equity
    }
}

fn line(text: &str) -> Option<Text> {
    text::clean_line(text)
}
