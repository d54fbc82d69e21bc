//! The brokerage account: monthly savings into three funds, income, a yearly sale.
#![expect(clippy::inconsistent_digit_grouping, reason = "amounts in cents: 12_50 is twelve fifty")]

use chrono::{Datelike as _, NaiveDate, Weekday};
use rust_decimal::Decimal;

use super::dice::Dice;

/// A security that is traded.
#[derive(Debug)]
pub(super) struct Fund {
    pub(super) ticker: &'static str,
    pub(super) name: &'static str,
    /// Made up, as the funds are.
    pub(super) cusip: &'static str,
    /// Price in cents at the beginning of 2024, and cents it gains in a hundred days.
    price: (i64, i64),
    /// Part of each month's savings, in percent.
    share: i64,
    /// Income of one unit, in tenths of a cent, at each payment.
    income: i64,
}

/// The funds.
pub(super) const FUNDS: [Fund; 3] = [
    Fund {
        ticker: "TMKT",
        name: "Total Market Index ETF",
        cusip: "99T0MK108",
        price: (231_40, 9_10),
        share: 60,
        income: 812,
    },
    Fund {
        ticker: "WRLD",
        name: "World ex-Home Index ETF",
        cusip: "99W0RL209",
        price: (57_85, 1_35),
        share: 25,
        income: 391,
    },
    Fund {
        ticker: "BNDS",
        name: "Aggregate Bond Fund ETF",
        cusip: "99B0ND301",
        price: (72_60, 12),
        share: 15,
        income: 187,
    },
];

impl Fund {
    /// The price at the end of a day: a slow rise with some noise.
    pub(super) fn price(&self, day: NaiveDate) -> Decimal {
        let start = NaiveDate::from_ymd_opt(2024, 1, 1).unwrap_or_default();
        let (base, slope) = self.price;
        let trend = Decimal::from(slope * (day - start).num_days()) / Decimal::from(10_000);
        let noise = Dice::of(day, self.ticker).cents(0, 1_60) - Decimal::new(80, 2);
        (Decimal::new(base, 2) + trend + noise).round_dp(2)
    }
}

/// The kind of a row of the brokerage account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    /// Cash in, or a fee when negative.
    Cash,
    Buy(&'static Fund),
    Sell(&'static Fund),
    Income(&'static Fund),
}

impl PartialEq for Fund {
    fn eq(&self, other: &Self) -> bool {
        self.ticker == other.ticker
    }
}

impl Eq for Fund {}

/// One row.
#[derive(Debug)]
pub(super) struct Trade {
    pub(super) date: NaiveDate,
    pub(super) deed: Deed,
    /// Cash in or out, all costs in it.
    pub(super) total: Decimal,
    /// Into the account positive.
    pub(super) units: Decimal,
    pub(super) price: Decimal,
    pub(super) commission: Decimal,
    pub(super) memo: String,
}

/// The account. It begins empty: cash and units are the sums of its rows.
#[derive(Debug, Default)]
pub(super) struct Portfolio {
    pub(super) trades: Vec<Trade>,
}

impl Portfolio {
    pub(super) fn cash(&self, on: NaiveDate) -> Decimal {
        self.trades.iter().filter(|trade| trade.date <= on).map(|trade| trade.total).sum()
    }

    pub(super) fn units(&self, fund: &Fund, on: NaiveDate) -> Decimal {
        let of = |deed: Deed| match deed {
            Deed::Buy(other) | Deed::Sell(other) => other == fund,
            Deed::Cash | Deed::Income(_) => false,
        };
        self.trades.iter().filter(|trade| trade.date <= on && of(trade.deed)).map(|trade| trade.units).sum()
    }

    /// Money that arrived.
    pub(super) fn deposit(&mut self, date: NaiveDate, amount: Decimal) {
        self.cash_row(date, amount, "ACH deposit");
    }

    fn cash_row(&mut self, date: NaiveDate, total: Decimal, memo: &str) {
        let (units, price, commission) = (Decimal::ZERO, Decimal::ZERO, Decimal::ZERO);
        self.trades.push(Trade { date, deed: Deed::Cash, total, units, price, commission, memo: memo.to_owned() });
    }

    pub(super) fn day(&mut self, day: NaiveDate) {
        let trading = !matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
        // The first trading day from a given one on.
        let due = |on: u32| {
            trading && (day.day() == on || (day.weekday() == Weekday::Mon && (on + 1..=on + 2).contains(&day.day())))
        };
        if due(5) {
            let cash = self.cash(day);
            for fund in &FUNDS {
                self.buy(day, fund, cash * Decimal::new(fund.share, 2));
            }
        }
        if due(21) && day.month().is_multiple_of(3) {
            for fund in &FUNDS {
                let total = (self.units(fund, day) * Decimal::new(fund.income, 3)).round_dp(2);
                if total > Decimal::ZERO {
                    let memo = format!("Dividend {}", fund.ticker);
                    let (units, price, commission) = (Decimal::ZERO, Decimal::ZERO, Decimal::ZERO);
                    self.trades.push(Trade {
                        date: day,
                        deed: Deed::Income(fund),
                        total,
                        units,
                        price,
                        commission,
                        memo,
                    });
                }
            }
        }
        if due(12) && day.month() == 10 {
            self.sell(day, &FUNDS[2], Decimal::from(2));
        }
        if day.month() == 1 && day.day() == 15 {
            self.cash_row(day, Decimal::from(-20), "Account maintenance fee");
        }
    }

    fn buy(&mut self, day: NaiveDate, fund: &'static Fund, money: Decimal) {
        let price = fund.price(day);
        let units = (money / price).trunc_with_scale(4);
        if units > Decimal::ZERO {
            let total = -(units * price).round_dp(2);
            let memo = format!("Bought {}", fund.ticker);
            self.trades.push(Trade {
                date: day,
                deed: Deed::Buy(fund),
                total,
                units,
                price,
                commission: Decimal::ZERO,
                memo,
            });
        }
    }

    fn sell(&mut self, day: NaiveDate, fund: &'static Fund, units: Decimal) {
        if self.units(fund, day) < units {
            return;
        }
        let (price, commission) = (fund.price(day), Decimal::new(95, 2));
        let total = (units * price).round_dp(2) - commission;
        let memo = format!("Sold {}", fund.ticker);
        self.trades.push(Trade { date: day, deed: Deed::Sell(fund), total, units: -units, price, commission, memo });
    }
}
