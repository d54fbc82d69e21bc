//! The accounts of a list of positions while it is read.
//!
//! Filled by `positions`. INVARIANT: lots of one security are one position; a balance is stated or made of known values only.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::{
    domain::{AccountDraft, AccountType, AssetCode, AssetType, BalanceDraft, HoldingDraft, HoldingFacts},
    statements::StatementAccount,
};

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ListedPosition {
    pub(super) symbol: String,
    pub(super) name: String,
    pub(super) asset_type: AssetType,
    pub(super) quantity: Decimal,
    pub(super) price: Option<Decimal>,
    pub(super) value: Option<Decimal>,
    pub(super) cost: Option<Decimal>,
    pub(super) currency: AssetCode,
}

/// An account of the list.
#[derive(Debug, Default)]
pub(super) struct PositionAccount {
    id: String,
    number: String,
    name: Option<String>,
    held: Vec<ListedPosition>,
    cash: Option<Decimal>,
    /// The stated total.
    pub(super) total: Option<Decimal>,
}

impl PositionAccount {
    /// The account of that number, made at its first line. Lists without numbers have one account, that of the broker's
    /// transactions.
    pub(super) fn of<'a>(
        accounts: &'a mut Vec<Self>,
        number: Option<&str>,
        name: Option<&str>,
        base: &str,
    ) -> &'a mut Self {
        let digits: String =
            number.unwrap_or_default().chars().filter(|c| c.is_alphanumeric() || *c == '*').collect::<String>();
        let id = if digits.is_empty() { format!("table-{base}") } else { digits.to_uppercase() };
        let place = accounts.iter().position(|account| account.id == id).unwrap_or_else(|| {
            let number = number.unwrap_or_default().to_owned();
            accounts.push(Self { id, number, name: name.map(str::to_owned), ..Self::default() });
            accounts.len() - 1
        });
        &mut accounts[place]
    }

    /// The one currency of its positions.
    pub(super) fn currency(&self) -> Option<AssetCode> {
        let first = self.held.first()?.currency;
        self.held.iter().all(|held| held.currency == first).then_some(first)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.held.is_empty() && self.cash.is_none()
    }

    pub(super) fn add_cash(&mut self, amount: Decimal) {
        self.cash = Some(self.cash.unwrap_or_default().saturating_add(amount));
    }

    pub(super) fn add(&mut self, position: ListedPosition) {
        let same = |held: &&mut ListedPosition| {
            held.symbol == position.symbol
                && held.currency == position.currency
                && held.asset_type == position.asset_type
        };
        let Some(held) = self.held.iter_mut().find(same) else { return self.held.push(position) };
        let sum = |one: Option<Decimal>, other: Option<Decimal>| one?.checked_add(other?);
        held.quantity = held.quantity.saturating_add(position.quantity);
        held.value = sum(held.value, position.value);
        held.cost = sum(held.cost, position.cost);
    }

    /// The page of the account on its day.
    pub(super) fn page(self, day: NaiveDate, currency: AssetCode) -> StatementAccount {
        let in_currency = self.held.iter().all(|held| held.currency == currency);
        let securities =
            self.held.iter().map(|held| held.value).try_fold(Decimal::ZERO, |sum, value| sum.checked_add(value?));
        let securities = securities.filter(|_| in_currency);
        let total = self.total.or_else(|| securities?.checked_add(self.cash.unwrap_or_default()));
        let balance = total.map(|current| BalanceDraft {
            date: day,
            current,
            available: None,
            holdings_value: securities,
            cash_value: self.cash.or_else(|| current.checked_sub(securities?)),
        });
        let mut page = StatementAccount::new(AccountDraft {
            provider_account_id: self.id,
            number: self.number,
            name: self.name,
            account_type: AccountType::Brokerage,
            currency,
            balance,
            is_active: true,
            institution: None,
        });
        page.holdings_complete = true;
        page.holdings = self.held.into_iter().map(|held| holding(held, day)).collect();
        page
    }
}

fn holding(held: ListedPosition, day: NaiveDate) -> HoldingDraft {
    let facts = HoldingFacts {
        provider_id: held.symbol.clone(),
        symbol: held.symbol,
        name: held.name,
        asset_type: held.asset_type,
        quantity: held.quantity,
        price: held.price,
        price_date: held.price.map(|_| day),
        market_value: held.value,
        cost_basis: held.cost,
        multiplier: held.asset_type.default_multiplier(),
        currency: held.currency,
        source: None,
    };
    HoldingDraft { facts, as_of: day }
}
