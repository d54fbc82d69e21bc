//! The bank of the demo: a live provider that needs no network. `--demo` connects it; it is in no list of providers.
//!
//! It has what statement files cannot have: pending rows, the cost of positions, a second currency, and a login that ends
//! soon. INVARIANT: nothing is sent; the same day and login give the same data; every balance is the sum of its rows, which
//! begin on a fixed day before the login, so that the rows of a later day continue those of an earlier one.
#![expect(clippy::inconsistent_digit_grouping, reason = "amounts in cents: 12_50 is twelve fifty")]

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use chrono::{DateTime, Datelike as _, Days, NaiveDate, TimeDelta, Utc};
use rust_decimal::Decimal;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::{
    Auth, Credentials, FetchPlan, FieldValues, HistoryDepth, LinkProvider, LinkSpec, LinkStep, Listing,
    OauthCredentials, Pace, Piece, Provider, ProviderMetadata, Purpose, Secrets, ServerEnvironment, Sink, by_status,
    kit::Replies,
};
use crate::domain::{
    AccountDraft, AccountType, AssetCode, AssetType, BalanceDraft, Capability, HoldingDraft, HoldingFacts, IdTrust,
    Kind, ProviderCategory, ProviderError, Security, TransactionDraft, TransactionFacts, TransactionStatus,
    TransactionSubtype,
};

/// A login lasts seven days, as at brokers that ask every week.
pub const LOGIN: TimeDelta = TimeDelta::days(7);
/// Days of history.
const HISTORY: u64 = 150;

/// The provider. `find` returns it; the list of providers does not have it.
pub static METADATA: ProviderMetadata = ProviderMetadata {
    slug: "demo_bank",
    display_name: "Northlight",
    summary: "Made-up accounts that need no network.",
    category: ProviderCategory::Bank,
    auth: Auth::LinkToken {
        spec: &LinkSpec { fields: &[], opens_page: false },
        build: |context| Ok(Arc::new(DemoBank { now: context.http.clock().now(), replies: context.replies.clone() })),
    },
    capabilities: &[Capability::Accounts, Capability::Transactions, Capability::Holdings],
    required_settings: &[],
    environments: &[ServerEnvironment { name: "demo", label: "Demo", origin: "https://northlight.invalid" }],
    extra_hosts: &[],
    pace: Pace { per_minute: 600, burst: 60, per_day: None, sync_interval: Duration::ZERO, publishes_at: None },
    id_trust: IdTrust::Unique,
    signs_differ: false,
    judge: by_status,
    history: HistoryDepth { days: None, overlap_days: 7 },
    documentation_url: "https://northlight.invalid",
    production_ready: false,
};

#[derive(Debug)]
struct DemoBank {
    now: DateTime<Utc>,
    replies: Option<Replies>,
}

#[async_trait]
impl LinkProvider for DemoBank {
    async fn begin_link(&self, _: &FieldValues) -> Result<LinkStep, ProviderError> {
        Ok(LinkStep::Done(Credentials::Oauth2(OauthCredentials {
            access_token: SecretString::from("demo"),
            refresh_token: None,
            token_type: "Bearer".to_owned(),
            scope: None,
            expires_at: None,
            login_expires_at: Some(self.now + LOGIN),
            app: Secrets::new(),
        })))
    }

    async fn poll_link(&self, _: &Secrets) -> Result<LinkStep, ProviderError> {
        Ok(LinkStep::Waiting { poll_after: Duration::from_secs(1) })
    }
}

#[async_trait]
impl Provider for DemoBank {
    fn metadata(&self) -> &'static ProviderMetadata {
        &METADATA
    }

    async fn fetch(&self, plan: &FetchPlan<'_>, sink: &mut dyn Sink) -> Result<(), ProviderError> {
        let first = first_day(self.login_day(plan).await?);
        let accounts = accounts(first, plan.today);
        if let Some(replies) = &self.replies {
            replies.keep("accounts", reply(&accounts).to_string().as_bytes(), &[]);
        }
        let drafts = accounts.iter().map(|account| account.draft.clone()).collect();
        sink.send(Piece::Accounts(Listing::complete(drafts))).await?;
        if plan.purpose == Purpose::Check {
            return sink.send(Piece::ChunkEnd).await;
        }
        for account in accounts.into_iter().filter(|account| plan.includes(&account.draft.provider_account_id)) {
            let id = account.draft.provider_account_id;
            let rows = account.rows.into_iter().map(TransactionDraft::from).collect();
            sink.send(Piece::Rows { account: id.clone(), rows }).await?;
            sink.send(Piece::Window { account: id.clone(), from: Some(first), to: plan.today }).await?;
            if account.draft.account_type == AccountType::RothIra {
                let listing = Listing::complete(account.holdings);
                sink.send(Piece::Holdings { account: id, listing }).await?;
            }
            sink.send(Piece::ChunkEnd).await?;
        }
        Ok(())
    }
}

impl DemoBank {
    /// The day of the login.
    async fn login_day(&self, plan: &FetchPlan<'_>) -> Result<NaiveDate, ProviderError> {
        let expires = match plan.login.credentials().await? {
            Credentials::Oauth2(login) => login.login_expires_at,
            _ => None,
        };
        Ok(expires.map_or(plan.today, |expires| (expires - LOGIN).date_naive()))
    }
}

struct DemoAccount {
    draft: AccountDraft,
    rows: Vec<TransactionFacts>,
    holdings: Vec<HoldingDraft>,
}

/// The reply of a server with these accounts, so that figures lead to it.
fn reply(accounts: &[DemoAccount]) -> Value {
    let account = |account: &DemoAccount| {
        let row = |facts: &TransactionFacts| {
            let security = facts.security.as_ref();
            json!({"id": facts.provider_id, "date": facts.date, "amount": facts.amount, "payee": facts.payee,
                "symbol": security.and_then(|security| security.symbol.as_ref()),
                "quantity": security.and_then(|security| security.quantity),
                "price": security.and_then(|security| security.unit_price)})
        };
        let position = |draft: &HoldingDraft| {
            let facts = &draft.facts;
            json!({"symbol": facts.symbol, "quantity": facts.quantity, "price": facts.price,
                "value": facts.market_value, "cost": facts.cost_basis})
        };
        let balance = account.draft.balance.as_ref();
        json!({"id": account.draft.provider_account_id, "currency": account.draft.currency.to_string(),
            "balance": balance.map(|balance| balance.current), "spendable": balance.and_then(|balance| balance.available),
            "cash": balance.and_then(|balance| balance.cash_value),
            "securities": balance.and_then(|balance| balance.holdings_value),
            "transactions": account.rows.iter().map(row).collect::<Vec<_>>(),
            "positions": account.holdings.iter().map(position).collect::<Vec<_>>()})
    };
    json!({"accounts": accounts.iter().map(account).collect::<Vec<_>>()})
}

fn first_day(login: NaiveDate) -> NaiveDate {
    login.checked_sub_days(Days::new(HISTORY)).unwrap_or(login)
}

fn accounts(first: NaiveDate, today: NaiveDate) -> Vec<DemoAccount> {
    vec![euros(first, today), card(first, today), retirement(first, today)]
}

/// Rows of one account, with ids that stay when the day moves on.
struct DemoRows {
    prefix: &'static str,
    currency: AssetCode,
    written: Vec<TransactionFacts>,
}

impl DemoRows {
    fn add(&mut self, date: NaiveDate, cents: i64, payee: &str, subtype: TransactionSubtype) -> &mut TransactionFacts {
        let number = self.written.iter().filter(|row| row.date == date).count();
        let mut facts = TransactionFacts::new(date, Decimal::new(cents, 2), self.currency);
        facts.provider_id = Some(format!("{}-{}-{number}", self.prefix, date.format("%Y%m%d")).into());
        facts.payee = Some(payee.into());
        facts.kind = Kind(subtype);
        self.written.push(facts);
        let last = self.written.len() - 1;
        &mut self.written[last]
    }

    fn put(&mut self, date: NaiveDate, cents: i64, payee: &str, subtype: TransactionSubtype) {
        self.add(date, cents, payee, subtype);
    }

    fn pending(&mut self, date: NaiveDate, cents: i64, payee: &str) {
        let facts = self.add(date, cents, payee, TransactionSubtype::Purchase);
        facts.status = TransactionStatus::Pending;
        facts.provider_id = Some(format!("card-hold-{}", cents.unsigned_abs()).into());
    }

    fn sum(&self) -> Decimal {
        self.written.iter().filter(|row| row.status == TransactionStatus::Settled).map(|row| row.amount).sum()
    }
}

fn draft(id: &str, number: &str, name: &str, account_type: AccountType, currency: AssetCode) -> AccountDraft {
    AccountDraft {
        provider_account_id: id.to_owned(),
        number: number.to_owned(),
        name: Some(name.to_owned()),
        account_type,
        currency,
        balance: None,
        is_active: true,
        institution: Some("Northlight".to_owned()),
    }
}

const fn balance(date: NaiveDate, current: Decimal, available: Option<Decimal>) -> BalanceDraft {
    BalanceDraft { date, current, available, holdings_value: None, cash_value: None }
}

fn days(first: NaiveDate, today: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    first.iter_days().take_while(move |day| *day <= today)
}

/// Money for trips, in euros.
fn euros(first: NaiveDate, today: NaiveDate) -> DemoAccount {
    let currency = AssetCode::new("EUR").unwrap_or(AssetCode::USD);
    let mut rows = DemoRows { prefix: "eur", currency, written: Vec::new() };
    rows.put(first, 640_00, "Transfer in", TransactionSubtype::TransferIn);
    for day in days(first, today) {
        match day.day() {
            1 => rows.put(day, 350_00, "Monthly transfer", TransactionSubtype::TransferIn),
            4 => rows.put(day, -11_90, "Lumo Mobil", TransactionSubtype::Purchase),
            18 => rows.put(day, -62_40, "Stadtwerke Altenau", TransactionSubtype::Purchase),
            _ => {}
        }
        if day.num_days_from_ce() % 6 == 0 {
            let cents = 3_80 + i64::from(day.num_days_from_ce() % 9) * 2_35;
            rows.put(day, -cents, "Kaffeehaus Lind", TransactionSubtype::Purchase);
        }
    }
    let mut draft = draft("northlight-eur", "DE00123400002201", "Everyday Euro", AccountType::Checking, currency);
    draft.balance = Some(balance(today, rows.sum(), Some(rows.sum())));
    DemoAccount { draft, rows: rows.written, holdings: Vec::new() }
}

/// A second card, with holds of the last two days.
fn card(first: NaiveDate, today: NaiveDate) -> DemoAccount {
    let mut rows = DemoRows { prefix: "card", currency: AssetCode::USD, written: Vec::new() };
    for day in days(first, today) {
        match day.num_days_from_ce() % 10 {
            1 => rows.put(day, -31_20, "Summit Fuel 0442", TransactionSubtype::Purchase),
            4 => rows.put(day, -58_75, "Oak Street Grocery", TransactionSubtype::Purchase),
            7 => rows.put(day, -14_60, "Noodle House", TransactionSubtype::Purchase),
            _ => {}
        }
        if day.day() == 12 {
            let owed = -rows.sum();
            if owed > Decimal::ZERO {
                rows.add(day, 0, "Payment received, thank you", TransactionSubtype::CardPayment).amount = owed;
            }
        }
    }
    rows.pending(today, -6_25, "Stumble Inn Coffee");
    rows.pending(today.pred_opt().unwrap_or(today), -84_10, "Hotel Fjordblick");
    let mut draft =
        draft("northlight-card", "5200000000009034", "Travel Card", AccountType::CreditCard, AssetCode::USD);
    let owed = rows.sum();
    draft.balance = Some(balance(today, owed, Some(Decimal::from(5_000) + owed)));
    DemoAccount { draft, rows: rows.written, holdings: Vec::new() }
}

/// Symbol, name, kind, price in cents when it is bought first, cents it gains a month.
const SECURITIES: [(&str, &str, AssetType, i64, i64); 3] = [
    ("TMKT", "Total Market Index ETF", AssetType::Etf, 301_20, 6_40),
    ("SOLR", "Helio Solar Inc.", AssetType::Equity, 48_90, -2_15),
    ("GRNB", "Green Bond Fund", AssetType::MutualFund, 25_40, 18),
];

/// Retirement savings: monthly purchases at known cost, dividends, one position below its cost.
fn retirement(first: NaiveDate, today: NaiveDate) -> DemoAccount {
    let mut rows = DemoRows { prefix: "ira", currency: AssetCode::USD, written: Vec::new() };
    let mut held = [(Decimal::ZERO, Decimal::ZERO); SECURITIES.len()];
    let mut months = 0;
    let price = |index: usize, months: i64| Decimal::new(SECURITIES[index].3 + SECURITIES[index].4 * months, 2);
    for day in days(first, today) {
        match day.day() {
            5 => rows.put(day, 583_00, "Contribution", TransactionSubtype::Deposit),
            7 if months > 0 || rows.sum() > Decimal::ZERO => {
                for (index, units) in [(0, 1), (1, 3), (2, 4)] {
                    let (units, one) = (Decimal::from(units), price(index, months));
                    let total = (units * one).round_dp(2);
                    held[index] = (held[index].0 + units, held[index].1 + total);
                    let (symbol, name, asset_type, ..) = SECURITIES[index];
                    let facts = rows.add(day, 0, name, TransactionSubtype::Buy);
                    facts.amount = -total;
                    facts.security = Some(Box::new(Security {
                        symbol: Some(symbol.into()),
                        name: Some(name.into()),
                        asset_type: Some(asset_type),
                        quantity: Some(units),
                        unit_price: Some(one),
                        ..Security::default()
                    }));
                }
                months += 1;
            }
            15 if months > 0 => {
                let facts = rows.add(day, 2_10 * months, "Green Bond Fund", TransactionSubtype::Dividend);
                facts.security = Some(Box::new(Security {
                    symbol: Some("GRNB".into()),
                    name: Some("Green Bond Fund".into()),
                    ..Security::default()
                }));
            }
            _ => {}
        }
    }
    let holdings: Vec<HoldingDraft> = held
        .iter()
        .enumerate()
        .filter(|(_, (units, _))| !units.is_zero())
        .map(|(index, (units, cost))| {
            let (symbol, name, asset_type, ..) = SECURITIES[index];
            let price = price(index, months);
            let facts = HoldingFacts {
                provider_id: symbol.to_owned(),
                symbol: symbol.to_owned(),
                name: name.to_owned(),
                asset_type,
                quantity: *units,
                price: Some(price),
                price_date: Some(today),
                market_value: Some((*units * price).round_dp(2)),
                cost_basis: Some(*cost),
                multiplier: Decimal::ONE,
                currency: AssetCode::USD,
                source: None,
            };
            HoldingDraft { facts, as_of: today }
        })
        .collect();
    let value: Decimal = holdings.iter().filter_map(|holding| holding.facts.market_value).sum();
    let cash = rows.sum();
    let mut draft = draft("northlight-ira", "77005528", "Roth IRA", AccountType::RothIra, AssetCode::USD);
    draft.balance = Some(BalanceDraft {
        date: today,
        current: cash + value,
        available: Some(cash),
        holdings_value: Some(value),
        cash_value: Some(cash),
    });
    DemoAccount { draft, rows: rows.written, holdings }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn it_has_what_files_have_not_and_adds_up() {
        for day in ["2026-11-27", "2027-01-01", "2027-03-05", "2028-02-29"] {
            let day: NaiveDate = day.parse().unwrap();
            let accounts = accounts(first_day(day), day);
            let all = || accounts.iter().flat_map(|account| &account.rows);
            assert!(all().any(|row| row.status == TransactionStatus::Pending));
            assert!(all().any(|row| row.currency != AssetCode::USD));
            let gains: Vec<Decimal> = accounts[2].holdings.iter().filter_map(|it| it.facts.gain()).collect();
            assert!(gains.iter().any(|gain| *gain > Decimal::ZERO) && gains.iter().any(|gain| *gain < Decimal::ZERO));
            let ids: HashSet<_> = all().map(|row| row.provider_id.clone()).collect();
            assert_eq!(ids.len(), all().count());
            for account in &accounts {
                let settled = account.rows.iter().filter(|row| row.status == TransactionStatus::Settled);
                let sum: Decimal = settled.map(|row| row.amount).sum();
                let balance = account.draft.balance.unwrap();
                assert_eq!(balance.cash_value.unwrap_or(balance.current), sum);
                assert!(account.draft.account_type == AccountType::CreditCard || sum >= Decimal::ZERO, "{day}: {sum}");
            }
        }
    }

    /// The rows of a later day continue those of an earlier one, so that its balances add up.
    #[test]
    fn a_later_day_only_adds_rows() {
        let login: NaiveDate = "2026-11-21".parse().unwrap();
        for (before, after) in
            accounts(first_day(login), login).iter().zip(accounts(first_day(login), login + Days::new(6)))
        {
            let settled = |account: &DemoAccount| -> Vec<TransactionFacts> {
                account.rows.iter().filter(|row| row.status == TransactionStatus::Settled).cloned().collect()
            };
            assert_eq!(settled(before), settled(&after)[..settled(before).len()]);
        }
    }
}
