//! The household's transactions, day by day.
#![expect(clippy::inconsistent_digit_grouping, reason = "amounts in cents: 12_50 is twelve fifty")]

use chrono::{Datelike as _, Days, NaiveDate, Weekday};
use rust_decimal::Decimal;

use super::{broker::Portfolio, dice::Dice};

/// One row of a bank or card statement.
#[derive(Debug, Clone)]
pub(super) struct DemoRow {
    pub(super) date: NaiveDate,
    /// Unique in its account only: two accounts do use the same ids.
    pub(super) id: String,
    /// `TRNTYPE`.
    pub(super) kind: &'static str,
    pub(super) amount: Decimal,
    pub(super) name: String,
    pub(super) memo: Option<String>,
    pub(super) check: Option<String>,
    /// Rate and currency of a purchase abroad.
    pub(super) foreign: Option<(Decimal, &'static str)>,
}

/// The kind of bank account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Checking,
    Savings,
    /// A card with this credit limit.
    Card(i64),
}

/// An account with its rows in order of days. It begins empty, so its balance is the sum of its rows.
#[derive(Debug)]
pub(super) struct DemoAccount {
    pub(super) class: Class,
    pub(super) number: &'static str,
    pub(super) rows: Vec<DemoRow>,
}

impl DemoAccount {
    const fn new(class: Class, number: &'static str) -> Self {
        Self { class, number, rows: Vec::new() }
    }

    pub(super) fn balance(&self, on: NaiveDate) -> Decimal {
        self.rows.iter().filter(|row| row.date <= on).map(|row| row.amount).sum()
    }

    fn add(&mut self, date: NaiveDate, kind: &'static str, amount: Decimal, name: &str) -> Option<&mut DemoRow> {
        let before = self.rows.iter().rev().take_while(|row| row.date == date).count();
        let id = format!("{}{:03}", date.format("%Y%m%d"), before + 1);
        let name = name.to_owned();
        self.rows.push(DemoRow { date, id, kind, amount, name, memo: None, check: None, foreign: None });
        self.rows.last_mut()
    }

    fn add_with_memo(&mut self, date: NaiveDate, kind: &'static str, amount: Decimal, name: &str, memo: &str) {
        if let Some(row) = self.add(date, kind, amount, name) {
            row.memo = Some(memo.to_owned());
        }
    }
}

/// All accounts of the household.
#[derive(Debug)]
pub(super) struct Household {
    pub(super) checking: DemoAccount,
    pub(super) card: DemoAccount,
    pub(super) savings: DemoAccount,
    pub(super) broker: Portfolio,
    /// The card's debt on its closing day, which is paid off.
    closing_debt: Decimal,
    /// Checks written so far.
    checks: u32,
}

/// Monthly charges on the card: day, amount in cents, name.
const SUBSCRIPTIONS: &[(u32, i64, &str)] = &[
    (1, 39_00, "Riverside Climbing Gym"),
    (5, 10_99, "Tonewave Music"),
    (12, 15_49, "Lumen Video"),
    (18, 2_99, "Skybox Cloud Storage"),
    (22, 4_00, "The Harbor Herald"),
];

const GROCERS: &[&str] = &["Green Basket Market", "Oak Street Grocery", "Corner Foods #118"];
const KITCHENS: &[&str] = &["Thai Orchid", "Taqueria El Sol", "Pasta & Pane", "Noodle House", "The Brass Spoon"];
const SHOPS: &[&str] =
    &["Paper Crane Books", "Millbrook Hardware", "Ferndale Online", "Lindqvist Home", "Pedal & Spoke"];
const ABROAD: &[&str] = &["Boulangerie Martin Paris", "Metro Paris RATP", "Hotel du Canal", "Librairie du Quai"];

/// Money in whole units of the currency.
fn whole(amount: i64) -> Decimal {
    Decimal::from(amount)
}

impl Household {
    /// Simulates the household from the day the accounts were opened to `last`.
    pub(super) fn simulate(first: NaiveDate, last: NaiveDate) -> Self {
        let mut household = Self {
            checking: DemoAccount::new(Class::Checking, "000000512347890"),
            card: DemoAccount::new(Class::Card(12_000), "4000000000004421"),
            savings: DemoAccount::new(Class::Savings, "60117733"),
            broker: Portfolio::default(),
            closing_debt: Decimal::ZERO,
            checks: 1040,
        };
        household.checking.add(first, "DEP", Decimal::new(3_214_50, 2), "Opening deposit");
        household.savings.add(first, "DEP", whole(8_000), "Opening deposit");
        for day in first.iter_days().take_while(|day| *day <= last) {
            household.income(day);
            household.bills(day);
            household.own_transfers(day);
            household.card_account(day);
            household.daily_spending(day);
            household.travel(day);
            household.broker.day(day);
        }
        household
    }

    fn income(&mut self, day: NaiveDate) {
        if day.weekday() == Weekday::Fri && day.num_days_from_ce() / 7 % 2 == 0 {
            // A raise every January.
            let pay = Decimal::new(2_684_17, 2) + whole(60) * whole(i64::from(day.year() - 2024));
            self.checking.add_with_memo(day, "DIRECTDEP", pay, "Northwind Studios", "PAYROLL PPD ID 9111110");
        }
        if day.month() == 4 && day.day() == 9 {
            let refund = Dice::of(day, "tax").cents(300_00, 900_00);
            self.checking.add(day, "CREDIT", refund, "IRS Treas 310 Tax Ref");
        }
        if (day + Days::new(1)).day() == 1 {
            let interest = Dice::of(day, "interest").cents(2, 9);
            self.checking.add(day, "INT", interest, "Interest payment");
            // 3.6 % a year, by the month.
            let earned = (self.savings.balance(day) * Decimal::new(3, 3)).round_dp(2);
            self.savings.add(day, "INT", earned, "Dividend earned");
        }
    }

    fn bills(&mut self, day: NaiveDate) {
        let mut dice = Dice::of(day, "bills");
        match day.day() {
            1 => {
                self.checks += 1;
                let number = self.checks.to_string();
                if let Some(row) = self.checking.add(day, "CHECK", whole(-2_250), &format!("Check {number}")) {
                    row.check = Some(number);
                    row.memo = Some("Maple Court Apartments, rent".to_owned());
                }
            }
            8 => {
                // Heating in winter.
                let extra = if matches!(day.month(), 11 | 12 | 1..=3) { 45_00 } else { 0 };
                let amount = dice.cents(58_00 + extra, 84_00 + extra);
                self.checking.add(day, "DIRECTDEBIT", -amount, "City Light & Power");
            }
            15 => {
                self.checking.add(day, "DIRECTDEBIT", whole(-65), "Fiberline Internet");
            }
            20 => {
                self.checking.add(day, "DIRECTDEBIT", whole(-45), "Meridian Mobile");
            }
            _ => {}
        }
    }

    fn own_transfers(&mut self, day: NaiveDate) {
        let opened = self.checking.rows.first().is_some_and(|row| row.date < day);
        match (day.month(), day.day()) {
            (_, 2) => {
                self.checking.add_with_memo(day, "XFER", whole(-1_000), "Transfer to Harbor CU", "Savings 7733");
            }
            (_, 3) => {
                if opened {
                    self.savings.add_with_memo(day, "XFER", whole(1_000), "Transfer from Chase", "Checking 7890");
                }
                self.checking.add(day, "DIRECTDEBIT", whole(-500), "Lakeshore Brokerage ACH");
            }
            (_, 4) if opened => self.broker.deposit(day, whole(500)),
            (6 | 12, 10) => {
                self.savings.add_with_memo(day, "XFER", whole(-1_200), "Transfer to Chase", "Checking 7890");
            }
            (6 | 12, 11) if opened => {
                self.checking.add_with_memo(day, "XFER", whole(1_200), "Transfer from Harbor CU", "Savings 7733");
            }
            _ => {}
        }
    }

    fn card_account(&mut self, day: NaiveDate) {
        for (on, cents, name) in SUBSCRIPTIONS {
            if day.day() == *on {
                self.card.add(day, "DEBIT", Decimal::new(-cents, 2), name);
            }
        }
        match day.day() {
            20 => self.closing_debt = -self.card.balance(day),
            25 if self.closing_debt > Decimal::ZERO => {
                let amount = -self.closing_debt;
                self.checking.add(day, "DIRECTDEBIT", amount, "Chase credit crd autopay");
            }
            26 if self.closing_debt > Decimal::ZERO => {
                self.card.add(day, "CREDIT", self.closing_debt, "Automatic payment - thank you");
                self.closing_debt = Decimal::ZERO;
            }
            _ => {}
        }
        if day.month() == 9 && day.day() == 14 {
            self.card.add(day, "FEE", whole(-95), "Annual membership fee");
        }
    }

    fn daily_spending(&mut self, day: NaiveDate) {
        let weekend = matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
        let mut dice = Dice::of(day, "spending");
        let card = &mut self.card;
        if dice.chance(if weekend { 35 } else { 65 }) {
            let price = dice.pick(&[4_75_i64, 5_25, 6_50]).map_or(Decimal::ZERO, |cents| Decimal::new(-*cents, 2));
            card.add(day, "DEBIT", price, "Stumble Inn Coffee");
            // Honest twins: a second cup, same price, same day.
            if dice.chance(12) {
                card.add(day, "DEBIT", price, "Stumble Inn Coffee");
            }
        }
        let mut spend = |book: &mut DemoAccount, percent: u32, from: &[&str], least: u32, most: u32| {
            if dice.chance(percent)
                && let Some(name) = dice.pick(from)
            {
                let amount = -dice.cents(least, most);
                let kind = if book.class == Class::Checking { "POS" } else { "DEBIT" };
                book.add(day, kind, amount, name);
            }
        };
        spend(card, 30, GROCERS, 18_00, 96_00);
        spend(card, if weekend { 45 } else { 18 }, KITCHENS, 12_50, 64_00);
        spend(card, 10, SHOPS, 9_00, 120_00);
        spend(card, 13, &["Summit Fuel 0442"], 31_00, 54_00);
        spend(card, if weekend { 8 } else { 30 }, &["Metro Transit Fare"], 2_75, 2_75);
        spend(card, 4, &["Hillside Pharmacy"], 6_00, 42_00);
        spend(&mut self.checking, 22, GROCERS, 7_00, 38_00);
        spend(&mut self.checking, 10, &["Parkmobile Downtown"], 2_00, 9_00);
        if dice.chance(3) {
            let amount = dice.cents(12_00, 60_00);
            self.card.add(day, "CREDIT", amount, "Ferndale Online refund");
        }
        if dice.chance(4) {
            let amount = dice.pick(&[60, 80, 100]).copied().map_or(Decimal::ZERO, whole);
            self.checking.add_with_memo(day, "ATM", -amount, "ATM withdrawal", "Union Square");
            if dice.chance(40) {
                self.checking.add(day, "FEE", whole(-3), "Non-network ATM fee");
            }
        }
        if dice.chance(5) {
            let amount = dice.cents(10_00, 70_00);
            let back = dice.chance(50);
            let signed = if back { amount } else { -amount };
            let name = if back { "Zelle from Sam Okafor" } else { "Zelle to Priya Raman" };
            self.checking.add(day, if back { "CREDIT" } else { "PAYMENT" }, signed, name);
        }
    }

    /// Ten days abroad every May, with a fee on each purchase.
    fn travel(&mut self, day: NaiveDate) {
        if day.month() != 5 || !(8..18).contains(&day.day()) {
            return;
        }
        let mut dice = Dice::of(day, "travel");
        let rate = Decimal::new(1_08, 2) + dice.cents(0, 4);
        let Some(name) = dice.pick(ABROAD) else { return };
        let euros = dice.cents(4_00, 90_00);
        let amount = -(euros * rate).round_dp(2);
        if let Some(row) = self.card.add(day, "DEBIT", amount, name) {
            row.memo = Some(format!("{euros} EUR"));
            row.foreign = Some((rate, "EUR"));
        }
        let fee = (amount * Decimal::new(3, 2)).round_dp(2);
        self.card.add(day, "FEE", fee, "Foreign transaction fee");
    }
}
