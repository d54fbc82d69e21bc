//! Maps Plaid's replies to drafts. Pure.
//!
//! INVARIANT: Plaid counts money out of an account, and money owed, as positive; every amount and every debt changes its
//! sign here and nowhere else.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;

use super::wire::{Account, Category, Holding, InvestmentTransaction, Security as WireSecurity, Transaction};
use crate::domain::{
    AccountDraft, AccountType, AssetCode, AssetType, BalanceDraft, HoldingDraft, HoldingFacts, Kind, Origin, Security,
    Text, TransactionDraft, TransactionFacts, TransactionStatus, TransactionSubtype as Sub, Warning, text,
};

/// Securities by their id.
pub(super) type SecurityTable = HashMap<String, WireSecurity>;

/// The currency of a figure: ISO 4217, else Plaid's own code (coins, points). Exactly one of the two is set.
pub(super) fn currency(iso: Option<&str>, unofficial: Option<&str>) -> Option<AssetCode> {
    iso.or(unofficial).and_then(|code| AssetCode::new(code).ok())
}

/// Whether Plaid states what is owed as a positive balance.
fn is_liability(account: &Account) -> bool {
    matches!(account.class.as_deref(), Some("credit" | "loan"))
}

/// Whether rows come from the investments calls in place of `/transactions/sync`.
pub(super) fn is_investment(account: &Account) -> bool {
    matches!(account.class.as_deref(), Some("investment" | "brokerage"))
}

fn account_type(account: &Account) -> AccountType {
    match (account.class.as_deref().unwrap_or_default(), account.subtype.as_deref().unwrap_or_default()) {
        (_, "savings" | "cash management" | "prepaid" | "ebt") => AccountType::Savings,
        (_, "money market") => AccountType::MoneyMarket,
        (_, "cd" | "gic") => AccountType::Cd,
        (_, "hsa") => AccountType::Hsa,
        (_, "mortgage" | "construction") => AccountType::Mortgage,
        (_, "home equity" | "line of credit" | "overdraft") => AccountType::LineOfCredit,
        (_, "roth" | "roth ira") => AccountType::RothIra,
        (_, "401k" | "roth 401k" | "401a" | "457b" | "thrift savings plan" | "pension" | "profit sharing plan") => {
            AccountType::K401
        }
        (_, "403B" | "403b") => AccountType::B403,
        (_, "ira" | "sep ira" | "simple ira" | "keogh" | "sarsep" | "rrsp" | "rrif" | "retirement") => AccountType::Ira,
        ("credit", _) => AccountType::CreditCard,
        ("loan", _) => AccountType::Loan,
        (_, "checking") | ("depository", _) => AccountType::Checking,
        ("investment" | "brokerage", _) => AccountType::Brokerage,
        _ => AccountType::Other,
    }
}

/// An account with its balance. `today` dates the balance, since Plaid states no day.
pub(super) fn account(account: &Account, today: NaiveDate) -> AccountDraft {
    let balances = &account.balances;
    let name = account.official_name.as_deref().and_then(text::clean_line);
    let name = account.name.as_deref().and_then(text::clean_line).or(name);
    AccountDraft {
        provider_account_id: account.account_id.0.clone(),
        number: account.mask.as_ref().map(|mask| format!("****{}", mask.0)).unwrap_or_default(),
        name: name.map(Into::into),
        account_type: account_type(account),
        currency: currency(balances.iso_currency_code.as_deref(), balances.unofficial_currency_code.as_deref())
            .unwrap_or(AssetCode::USD),
        balance: balance(account, today),
        is_active: true,
        institution: None,
    }
}

/// Money owned. Without a current balance, the available balance of a deposit account takes its place; that of a card is
/// the credit left and states no debt.
fn balance(account: &Account, today: NaiveDate) -> Option<BalanceDraft> {
    let owed = is_liability(account);
    let stated = &account.balances;
    let available = stated.available.filter(|_| account.class.as_deref() != Some("loan"));
    let current = match stated.current {
        Some(current) if owed => -current,
        Some(current) => current,
        None => available.filter(|_| !owed)?,
    };
    Some(BalanceDraft { date: today, current, available, holdings_value: None, cash_value: None })
}

/// A day, `yyyy-mm-dd`, or the beginning of an instant.
pub(super) fn day(text: Option<&str>) -> Option<NaiveDate> {
    text?.get(..10)?.parse().ok()
}

fn instant(text: Option<&str>) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text?).ok().map(|moment| moment.to_utc())
}

/// A row of `/transactions/sync`; `place` is its 1-based position in the reply.
pub(super) fn transaction(row: &Transaction, place: u32, account: AssetCode) -> Result<TransactionDraft, Warning> {
    let left_out = |why: &str| Warning::new(place, format!("transaction {place} is left out: {why}"));
    let date = day(row.date.as_deref()).ok_or_else(|| left_out("it has no date"))?;
    let amount = row.amount.map(|amount| -amount).ok_or_else(|| left_out("it has no amount"))?;
    let currency =
        currency(row.iso_currency_code.as_deref(), row.unofficial_currency_code.as_deref()).unwrap_or(account);
    let full = [&row.original_description, &row.name].into_iter().find_map(|text| text::clean_line(text.as_deref()?));
    let raw_type = row.personal_finance_category.as_ref().and_then(|category| category.detailed.as_deref());
    let facts = TransactionFacts {
        provider_id: Some(row.transaction_id.0.as_str().into()),
        instant: instant(row.datetime.as_deref()),
        kind: Kind(subtype(row, amount)),
        status: if row.pending { TransactionStatus::Pending } else { TransactionStatus::Settled },
        payee: row.merchant_name.as_deref().and_then(text::clean_line),
        description: full,
        reference: row.check_number.as_ref().and_then(|number| text::clean_line(&number.0)),
        raw_type: raw_type.or(row.transaction_code.as_deref()).and_then(text::clean_line),
        origin: Origin { line: place },
        ..TransactionFacts::new(date, amount, currency)
    };
    let pending_id = row.pending_transaction_id.as_ref().map(|id| id.0.as_str().into());
    Ok(TransactionDraft { pending_id, ..facts.into() })
}

fn subtype(row: &Transaction, amount: Decimal) -> Sub {
    let incoming = amount >= Decimal::ZERO;
    let by_sign = |inward, outward| if incoming { inward } else { outward };
    if row.check_number.is_some() && !incoming {
        return Sub::Check;
    }
    let Some(Category { primary, detailed }) = &row.personal_finance_category else {
        return by_code(row.transaction_code.as_deref().unwrap_or_default(), incoming);
    };
    match (primary.as_deref().unwrap_or_default(), detailed.as_deref().unwrap_or_default()) {
        (_, "INCOME_DIVIDENDS") => Sub::Dividend,
        (_, "INCOME_INTEREST_EARNED") => Sub::Interest,
        (_, "LOAN_PAYMENTS_CREDIT_CARD_PAYMENT" | "LOAN_DISBURSEMENTS_CREDIT_CARD_PAYMENT") => Sub::CardPayment,
        (_, "BANK_FEES_INTEREST_CHARGE") => by_sign(Sub::Refund, Sub::OtherFee),
        (_, "TRANSFER_OUT_WITHDRAWAL") => Sub::Withdrawal,
        // Checks and cash paid in, as a deposit of a statement.
        (_, "TRANSFER_IN_DEPOSIT") | ("INCOME", _) => Sub::OtherIncome,
        ("TRANSFER_IN" | "TRANSFER_OUT" | "LOAN_DISBURSEMENTS", _) => by_sign(Sub::TransferIn, Sub::TransferOut),
        ("BANK_FEES", _) => by_sign(Sub::Refund, Sub::AccountFee),
        _ => by_sign(Sub::Refund, Sub::Purchase),
    }
}

/// By the code that banks outside of the US state.
fn by_code(code: &str, incoming: bool) -> Sub {
    let by_sign = |inward, outward| if incoming { inward } else { outward };
    match code {
        "adjustment" => Sub::Adjustment,
        "atm" | "cash" => by_sign(Sub::Deposit, Sub::Withdrawal),
        "bank charge" => by_sign(Sub::Refund, Sub::AccountFee),
        "cheque" => by_sign(Sub::OtherIncome, Sub::Check),
        "interest" => by_sign(Sub::Interest, Sub::OtherFee),
        "transfer" | "standing order" => by_sign(Sub::TransferIn, Sub::TransferOut),
        "bill payment" | "cashback" | "direct debit" | "purchase" => by_sign(Sub::Refund, Sub::Purchase),
        _ => Sub::Unknown,
    }
}

fn asset_type(security: &WireSecurity) -> AssetType {
    if security.is_cash_equivalent == Some(true) {
        return AssetType::CashEquivalent;
    }
    match security.class.as_deref().unwrap_or_default() {
        "cash" => AssetType::CashEquivalent,
        "cryptocurrency" => AssetType::Cryptocurrency,
        "derivative" => AssetType::Option,
        "equity" => AssetType::Equity,
        "etf" => AssetType::Etf,
        "fixed income" => AssetType::FixedIncome,
        "mutual fund" => AssetType::MutualFund,
        _ => AssetType::Other,
    }
}

/// Ticker, else ISIN, else CUSIP. Plaid writes `CUR:USD` for cash.
fn symbol(security: &WireSecurity) -> Option<Text> {
    let written = security.ticker_symbol.as_ref().or(security.isin.as_ref()).or(security.cusip.as_ref())?;
    text::clean_line(&written.0)
}

/// A position. Quantity and cost are taken as stated: those of options already count shares and totals, so the multiplier
/// is 1 for every kind.
pub(super) fn holding(
    holding: &Holding,
    place: u32,
    securities: &SecurityTable,
    account: AssetCode,
    today: NaiveDate,
) -> Result<HoldingDraft, Warning> {
    let quantity = holding
        .quantity
        .ok_or_else(|| Warning::new(place, format!("position {place} is left out: it has no quantity")))?;
    let security = securities.get(&holding.security_id.0);
    let symbol = security.and_then(symbol).unwrap_or_else(|| holding.security_id.0.as_str().into());
    let name = security.and_then(|security| text::clean_line(security.name.as_deref()?));
    let price_date = day(holding.institution_price_as_of.as_deref());
    Ok(HoldingDraft {
        facts: HoldingFacts {
            provider_id: holding.security_id.0.clone(),
            name: name.unwrap_or_else(|| symbol.clone()).into(),
            symbol: symbol.into(),
            asset_type: security.map_or(AssetType::Other, asset_type),
            quantity,
            price: holding.institution_price,
            price_date,
            market_value: holding.institution_value,
            cost_basis: holding.cost_basis,
            multiplier: Decimal::ONE,
            currency: currency(holding.iso_currency_code.as_deref(), holding.unofficial_currency_code.as_deref())
                .unwrap_or(account),
            source: None,
        },
        as_of: today,
    })
}

/// A row of `/investments/transactions/get`; `place` is its 1-based position in the whole list.
pub(super) fn investment(
    row: &InvestmentTransaction,
    place: u32,
    securities: &SecurityTable,
    account: AssetCode,
) -> Result<TransactionDraft, Warning> {
    let left_out = |why: &str| Warning::new(place, format!("investment transaction {place} is left out: {why}"));
    let stated = day(row.date.as_deref()).ok_or_else(|| left_out("it has no date"))?;
    let amount = row.amount.map(|amount| -amount).ok_or_else(|| left_out("it has no amount"))?;
    let traded = day(row.transaction_datetime.as_deref());
    let class = row.class.as_deref().unwrap_or_default();
    let detail = row.subtype.as_deref().unwrap_or_default();
    let kind = investment_subtype(class, detail, amount, row.quantity.unwrap_or_default());
    let security = row.security_id.as_ref().and_then(|id| securities.get(&id.0)).map(|security| {
        let quantity = row.quantity.filter(|quantity| !quantity.is_zero());
        Box::new(Security {
            symbol: symbol(security),
            name: security.name.as_deref().and_then(text::clean_line),
            asset_type: Some(asset_type(security)),
            quantity,
            unit_price: row.price.filter(|price| quantity.is_some() && !price.is_zero()),
            commission: None,
            fees: row.fees.filter(|fees| !fees.is_zero()),
            group: None,
        })
    });
    let facts = TransactionFacts {
        provider_id: Some(row.investment_transaction_id.0.as_str().into()),
        instant: instant(row.transaction_datetime.as_deref()),
        settlement_date: traded.map(|_| stated),
        kind: Kind(kind),
        description: row.name.as_deref().and_then(text::clean_line),
        raw_type: text::clean_line(&format!("{class}/{detail}")),
        security,
        origin: Origin { line: place },
        ..TransactionFacts::new(
            traded.unwrap_or(stated),
            amount,
            currency(row.iso_currency_code.as_deref(), row.unofficial_currency_code.as_deref()).unwrap_or(account),
        )
    };
    Ok(facts.into())
}

fn investment_subtype(class: &str, detail: &str, amount: Decimal, quantity: Decimal) -> Sub {
    let incoming = if amount.is_zero() { quantity } else { amount } >= Decimal::ZERO;
    let by_sign = |inward, outward| if incoming { inward } else { outward };
    match detail {
        "buy to cover" => Sub::BuyToCover,
        "sell short" => Sub::ShortSell,
        "exercise" => Sub::Exercise,
        "assignment" => Sub::Assignment,
        "expire" => Sub::Expiration,
        "dividend" | "qualified dividend" | "non-qualified dividend" => Sub::Dividend,
        "interest" | "interest receivable" => by_sign(Sub::Interest, Sub::MarginInterest),
        "long-term capital gain" | "short-term capital gain" | "unqualified gain" => Sub::CapitalGain,
        "return of principal" => Sub::ReturnOfCapital,
        "contribution" | "deposit" => Sub::Deposit,
        "withdrawal" | "distribution" => by_sign(Sub::Deposit, Sub::Withdrawal),
        "account fee" | "management fee" => Sub::AccountFee,
        "legal fee" | "fund fee" | "transfer fee" | "trust fee" | "miscellaneous fee" => Sub::OtherFee,
        "margin expense" => Sub::MarginInterest,
        "tax" | "tax withheld" | "non-resident tax" => Sub::Withheld,
        "split" => Sub::Split,
        "merger" => Sub::Merger,
        "spin off" => Sub::SpinOff,
        "stock distribution" => Sub::OtherAction,
        "adjustment" => Sub::Adjustment,
        "transfer" | "send" | "request" | "assets received" => by_sign(Sub::TransferIn, Sub::TransferOut),
        _ => match class {
            "buy" => Sub::Buy,
            "sell" => Sub::Sell,
            "fee" => by_sign(Sub::Refund, Sub::OtherFee),
            "transfer" => by_sign(Sub::TransferIn, Sub::TransferOut),
            "cash" => by_sign(Sub::Deposit, Sub::Withdrawal),
            _ => Sub::Unknown,
        },
    }
}
