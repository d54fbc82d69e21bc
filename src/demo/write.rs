//! Statements as OFX text: 1.02 in SGML as Chase writes it, 2.11 in XML as others do.

use std::fmt::Write as _;

use chrono::{Days, NaiveDate};
use rust_decimal::Decimal;

use super::{
    broker::{Deed, FUNDS, Fund, Portfolio, Trade},
    life::{Class, DemoAccount, DemoRow},
};

/// The text written so far.
pub(super) struct StatementText {
    out: String,
    xml: bool,
    org: &'static str,
    fid: &'static str,
    /// `BANKID` of bank accounts.
    bank: &'static str,
}

impl StatementText {
    /// OFX 1.02: leaves without closing tags, INTU.BID as in QFX downloads.
    pub(super) fn sgml(org: &'static str, fid: &'static str) -> Self {
        let head = "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nSECURITY:NONE\nENCODING:USASCII\nCHARSET:1252\n\
                    COMPRESSION:NONE\nOLDFILEUID:NONE\nNEWFILEUID:NONE\n\n";
        Self { out: head.to_owned(), xml: false, org, fid, bank: "123456789" }
    }

    /// OFX 2.11.
    pub(super) fn xml(org: &'static str, fid: &'static str) -> Self {
        let head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<?OFX OFXHEADER=\"200\" VERSION=\"211\" SECURITY=\"NONE\" \
                    OLDFILEUID=\"NONE\" NEWFILEUID=\"NONE\"?>\n";
        Self { out: head.to_owned(), xml: true, org, fid, bank: "987654321" }
    }

    fn leaf(&mut self, name: &str, value: &str) {
        let value = value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let _ = if self.xml {
            writeln!(self.out, "<{name}>{value}</{name}>")
        } else {
            writeln!(self.out, "<{name}>{value}")
        };
    }

    fn money(&mut self, name: &str, amount: Decimal) {
        let mut amount = amount;
        amount.rescale(2);
        self.leaf(name, &amount.to_string());
    }

    fn number(&mut self, name: &str, number: Decimal) {
        self.leaf(name, &number.normalize().to_string());
    }

    /// A day, at noon so that no zone can move it.
    fn day(&mut self, name: &str, day: NaiveDate) {
        self.leaf(name, &day.format("%Y%m%d120000").to_string());
    }

    fn group(&mut self, name: &str, content: impl FnOnce(&mut Self)) {
        let _ = writeln!(self.out, "<{name}>");
        content(self);
        let _ = writeln!(self.out, "</{name}>");
    }

    fn status(&mut self) {
        self.group("STATUS", |w| {
            w.leaf("CODE", "0");
            w.leaf("SEVERITY", "INFO");
        });
    }

    fn signon(&mut self, on: NaiveDate) {
        self.group("SIGNONMSGSRSV1", |w| {
            w.group("SONRS", |w| {
                w.status();
                w.day("DTSERVER", on);
                w.leaf("LANGUAGE", "ENG");
                w.group("FI", |w| {
                    w.leaf("ORG", w.org);
                    w.leaf("FID", w.fid);
                });
                if !w.xml {
                    w.leaf("INTU.BID", w.fid);
                }
            });
        });
    }
}

/// A file of bank and card accounts, rows from one day to another, both included.
pub(super) fn bank_file(mut writer: StatementText, books: &[&DemoAccount], from: NaiveDate, to: NaiveDate) -> String {
    writer.group("OFX", |w| {
        w.signon(to);
        for book in books {
            let [messages, transaction, statement] = match book.class {
                Class::Checking | Class::Savings => ["BANKMSGSRSV1", "STMTTRNRS", "STMTRS"],
                Class::Card(_) => ["CREDITCARDMSGSRSV1", "CCSTMTTRNRS", "CCSTMTRS"],
            };
            w.group(messages, |w| {
                w.group(transaction, |w| {
                    w.leaf("TRNUID", "1");
                    w.status();
                    w.group(statement, |w| bank_statement(w, book, from, to));
                });
            });
        }
    });
    writer.out
}

fn bank_statement(w: &mut StatementText, book: &DemoAccount, from: NaiveDate, to: NaiveDate) {
    w.leaf("CURDEF", "USD");
    let bank_account = |w: &mut StatementText, kind: &str| {
        w.group("BANKACCTFROM", |w| {
            w.leaf("BANKID", w.bank);
            w.leaf("ACCTID", book.number);
            w.leaf("ACCTTYPE", kind);
        });
    };
    match book.class {
        Class::Checking => bank_account(w, "CHECKING"),
        Class::Savings => bank_account(w, "SAVINGS"),
        Class::Card(_) => w.group("CCACCTFROM", |w| w.leaf("ACCTID", book.number)),
    }
    w.group("BANKTRANLIST", |w| {
        w.day("DTSTART", from);
        w.day("DTEND", to);
        for row in book.rows.iter().filter(|row| (from..=to).contains(&row.date)) {
            bank_row(w, row);
        }
    });
    let balance = book.balance(to);
    let available = match book.class {
        Class::Checking | Class::Savings => balance,
        Class::Card(limit) => Decimal::from(limit) + balance,
    };
    for (name, amount) in [("LEDGERBAL", balance), ("AVAILBAL", available)] {
        w.group(name, |w| {
            w.money("BALAMT", amount);
            w.day("DTASOF", to);
        });
    }
}

fn bank_row(w: &mut StatementText, row: &DemoRow) {
    w.group("STMTTRN", |w| {
        w.leaf("TRNTYPE", row.kind);
        w.day("DTPOSTED", row.date);
        w.money("TRNAMT", row.amount);
        w.leaf("FITID", &row.id);
        if let Some(check) = &row.check {
            w.leaf("CHECKNUM", check);
        }
        w.leaf("NAME", &row.name);
        if let Some(memo) = &row.memo {
            w.leaf("MEMO", memo);
        }
        if let Some((rate, currency)) = row.foreign {
            w.group("ORIGCURRENCY", |w| {
                w.number("CURRATE", rate);
                w.leaf("CURSYM", currency);
            });
        }
    });
}

/// A file of the brokerage account, with positions as of its last day.
pub(super) fn broker_file(mut writer: StatementText, portfolio: &Portfolio, from: NaiveDate, to: NaiveDate) -> String {
    writer.group("OFX", |w| {
        w.signon(to);
        w.group("INVSTMTMSGSRSV1", |w| {
            w.group("INVSTMTTRNRS", |w| {
                w.leaf("TRNUID", "1");
                w.status();
                w.group("INVSTMTRS", |w| broker_statement(w, portfolio, from, to));
            });
        });
        w.group("SECLISTMSGSRSV1", |w| {
            w.group("SECLIST", |w| {
                for fund in &FUNDS {
                    w.group("STOCKINFO", |w| {
                        w.group("SECINFO", |w| {
                            security(w, fund);
                            w.leaf("SECNAME", fund.name);
                            w.leaf("TICKER", fund.ticker);
                        });
                    });
                }
            });
        });
    });
    writer.out
}

fn broker_statement(w: &mut StatementText, portfolio: &Portfolio, from: NaiveDate, to: NaiveDate) {
    w.day("DTASOF", to);
    w.leaf("CURDEF", "USD");
    w.group("INVACCTFROM", |w| {
        w.leaf("BROKERID", "lakeshore.example");
        w.leaf("ACCTID", "55204417");
    });
    w.group("INVTRANLIST", |w| {
        w.day("DTSTART", from);
        w.day("DTEND", to);
        for (number, trade) in portfolio.trades.iter().enumerate() {
            if (from..=to).contains(&trade.date) {
                // Counted from the first trade on, so that a row keeps its id from file to file.
                broker_row(w, trade, &format!("{}.{number:04}", trade.date.format("%Y%m%d")));
            }
        }
    });
    w.group("INVPOSLIST", |w| {
        for fund in &FUNDS {
            let units = portfolio.units(fund, to);
            if !units.is_zero() {
                position(w, fund, units, to);
            }
        }
    });
    w.group("INVBAL", |w| {
        w.money("AVAILCASH", portfolio.cash(to));
        w.money("MARGINBALANCE", Decimal::ZERO);
        w.money("SHORTBALANCE", Decimal::ZERO);
    });
}

fn position(w: &mut StatementText, fund: &Fund, units: Decimal, on: NaiveDate) {
    let price = fund.price(on);
    w.group("POSSTOCK", |w| {
        w.group("INVPOS", |w| {
            security(w, fund);
            w.leaf("HELDINACCT", "CASH");
            w.leaf("POSTYPE", "LONG");
            w.number("UNITS", units);
            w.number("UNITPRICE", price);
            w.money("MKTVAL", (units * price).round_dp(2));
            w.day("DTPRICEASOF", on);
        });
    });
}

fn security(w: &mut StatementText, fund: &Fund) {
    w.group("SECID", |w| {
        w.leaf("UNIQUEID", fund.cusip);
        w.leaf("UNIQUEIDTYPE", "CUSIP");
    });
}

fn broker_row(w: &mut StatementText, trade: &Trade, id: &str) {
    let head = |w: &mut StatementText| {
        w.group("INVTRAN", |w| {
            w.leaf("FITID", id);
            w.day("DTTRADE", trade.date);
            w.day("DTSETTLE", trade.date + Days::new(1));
            w.leaf("MEMO", &trade.memo);
        });
    };
    let deal = |w: &mut StatementText, fund: &Fund| {
        head(w);
        security(w, fund);
        w.number("UNITS", trade.units);
        w.number("UNITPRICE", trade.price);
        w.money("COMMISSION", trade.commission);
        w.money("TOTAL", trade.total);
        cash(w);
    };
    match trade.deed {
        Deed::Buy(fund) => w.group("BUYSTOCK", |w| {
            w.group("INVBUY", |w| deal(w, fund));
            w.leaf("BUYTYPE", "BUY");
        }),
        Deed::Sell(fund) => w.group("SELLSTOCK", |w| {
            w.group("INVSELL", |w| deal(w, fund));
            w.leaf("SELLTYPE", "SELL");
        }),
        Deed::Income(fund) => w.group("INCOME", |w| {
            head(w);
            security(w, fund);
            w.leaf("INCOMETYPE", "DIV");
            w.money("TOTAL", trade.total);
            cash(w);
        }),
        Deed::Cash => w.group("INVBANKTRAN", |w| {
            w.group("STMTTRN", |w| {
                w.leaf("TRNTYPE", if trade.total.is_sign_negative() { "FEE" } else { "DEP" });
                w.day("DTPOSTED", trade.date);
                w.money("TRNAMT", trade.total);
                w.leaf("FITID", id);
                w.leaf("NAME", &trade.memo);
            });
            w.leaf("SUBACCTFUND", "CASH");
        }),
    }
}

fn cash(w: &mut StatementText) {
    w.leaf("SUBACCTSEC", "CASH");
    w.leaf("SUBACCTFUND", "CASH");
}
