//! The statement being read: its account, currency, period and balance.
//!
//! Used by the reader. INVARIANT: a statement becomes an account when it starts with its own tag, or when something
//! in it (a row, a balance) needs one; nothing else in a file makes accounts.

use super::{
    account::AccountName,
    open::{Open, StatementKind},
    reader::DocumentReader,
    record::{Leaf, Record},
    tag::Tag,
};
use crate::{
    domain::{AccountType, AssetCode, BalanceDraft, Text},
    statements::warnings::quoted,
};

/// The warning about a statement without a currency.
pub const CURRENCY_ASSUMED: &str = "the statement names no currency (CURDEF); US dollars were assumed";

impl DocumentReader<'_, '_, '_> {
    /// The currency of the open statement; looked for elsewhere in the file where the statement leaves it out.
    pub(super) fn currency(&mut self) -> AssetCode {
        let Some(open) = &self.open else { return AssetCode::USD };
        if let Some(code) = open.currency {
            return code;
        }
        let at = open.at;
        let known = open.account.and_then(|account| self.book.currency_of(account));
        let code = known.or_else(|| self.survey().currency_near(at)).unwrap_or_else(|| {
            if !self.warned_currency {
                self.warned_currency = true;
                self.warn(at, || CURRENCY_ASSUMED.to_owned());
            }
            self.assumed_currency = true;
            AssetCode::USD
        });
        if let Some(open) = &mut self.open {
            open.currency = Some(code);
        }
        code
    }

    /// The account of the open statement, entering it in the book at its first use.
    pub(super) fn account(&mut self, at: usize, kind: StatementKind) -> usize {
        let open = self.open.get_or_insert_with(|| Open::new(kind, false, at));
        if let Some(account) = open.account {
            return account;
        }
        let (start, kind) = (open.at, open.kind);
        let name = match open.name.take() {
            Some(name) => Some(name),
            None => self.survey().account_after(start).cloned(),
        };
        let name = name.unwrap_or_else(|| {
            self.warn(start, || {
                "the statement names no account; its rows were put into one without a number".to_owned()
            });
            AccountName {
                bank_id: None,
                number: Text::default(),
                account_type: default_type(kind),
                unknown_type: None,
                at,
                named: false,
            }
        });
        self.enter_account(name, kind)
    }

    fn enter_account(&mut self, mut name: AccountName, kind: StatementKind) -> usize {
        if kind == StatementKind::Card {
            name.account_type = AccountType::CreditCard;
        }
        if name.number.is_empty() && name.named {
            self.warn(name.at, || "the account has no number (ACCTID); it was entered as `unnamed`".to_owned());
        }
        if let Some(written) = name.unknown_type.take() {
            let taken = name.account_type;
            self.warn(name.at, || {
                format!("ACCTTYPE {} is not a type of the standard; `{}` was taken", quoted(&written), taken.label())
            });
        }
        let currency = self.currency();
        let again = self.open.as_ref().is_some_and(|open| open.again || !open.explicit);
        let account = self.book.page(&name, currency, again);
        if self.assumed_currency {
            self.book.currency_assumed(account);
        }
        if let Some(open) = &mut self.open {
            open.account = Some(account);
        }
        account
    }

    pub(super) fn begin(&mut self, kind: StatementKind, at: usize) {
        // OFC names the account before the statement starts.
        let before = self.open.as_mut().filter(|open| !open.explicit && open.account.is_none());
        let name = before.and_then(|open| open.name.take());
        self.end_statement();
        self.open = Some(Open { name, ..Open::new(kind, true, at) });
    }

    /// Settles the open statement: its account, balance, positions and period go into the book.
    pub(super) fn end_statement(&mut self) {
        let Some(open) = &self.open else { return };
        let says_something = open.ledger.is_some() || open.available.is_some() || !open.positions.is_empty();
        if open.account.is_none() {
            let named = open.name.is_some() && (open.explicit || says_something);
            if !named && !says_something {
                self.open = None;
                return;
            }
            let (at, kind) = (open.at, open.kind);
            self.account(at, kind);
        }
        let Some(mut open) = self.open.take() else { return };
        let Some(account) = open.account else { return };
        let balance = if open.kind == StatementKind::Investment {
            if open.positions.is_plan() {
                self.book.retype(account, AccountType::K401);
            }
            let day = open.day().or(self.server_day);
            self.settle_positions(&mut open, account, day)
        } else {
            self.bank_balance(&open)
        };
        if let Some(balance) = balance {
            self.book.balance(account, balance);
        }
        self.book.period(account, open.start, open.end);
        if open.lists_pending {
            self.book.pending_as_of(account, open.pending_as_of.or(self.server_day).or_else(|| open.day()));
        }
    }

    fn bank_balance(&mut self, open: &Open) -> Option<BalanceDraft> {
        let Some((current, day)) = open.ledger else {
            if open.available.is_some() {
                self.warn(open.at, || {
                    "the statement states the available balance but not the balance itself (LEDGERBAL); no balance was recorded"
                        .to_owned()
                });
            }
            return None;
        };
        let Some(date) = day.or_else(|| open.day()).or(self.server_day) else {
            self.warn(open.at, || "the balance has no date; it was left out".to_owned());
            return None;
        };
        Some(BalanceDraft { date, current, available: open.available, holdings_value: None, cash_value: None })
    }

    /// A balance record: the amount, absent where it is blank.
    pub(super) fn read_balance(&mut self, record: &Record<'_, '_>) {
        if !record.complete {
            return;
        }
        let Some(current) = self.optional_number(record.leaf(Tag::BalAmt), true) else { return };
        let day = self.optional_day(record.leaf(Tag::DtAsOf));
        let available = record.tag == Tag::AvailBal;
        let Some(open) = &mut self.open else { return };
        if available {
            open.available.get_or_insert(current);
        } else {
            open.ledger.get_or_insert((current, day));
        }
    }

    /// The balance of an OFC statement, which states its day by the end of the period.
    pub(super) fn read_ledger(&mut self, leaf: &Leaf<'_>) {
        let Some(current) = self.optional_number(Some(leaf), true) else { return };
        if let Some(open) = &mut self.open {
            open.ledger.get_or_insert((current, None));
        }
    }

    pub(super) fn read_account(&mut self, record: &Record<'_, '_>) {
        let Some(name) = AccountName::of(record) else { return };
        if let Some(institution) = self.book.institution() {
            institution.note_bank(name.bank_id.as_deref());
        }
        match &self.open {
            // Another account inside one statement: a further statement whose start is missing.
            Some(open) if open.name.is_some() || open.account.is_some() => {
                let (kind, explicit, currency) = (open.kind, open.explicit, open.currency);
                self.end_statement();
                self.open = Some(Open { currency, again: true, ..Open::new(kind, explicit, record.at) });
            }
            Some(_) => {}
            None => {
                let kind = match record.tag {
                    Tag::CcAcctFrom => StatementKind::Card,
                    Tag::InvAcctFrom => StatementKind::Investment,
                    Tag::LoanAcctFrom => StatementKind::Loan,
                    _ => StatementKind::Bank,
                };
                self.open = Some(Open::new(kind, false, record.at));
            }
        }
        if let Some(open) = &mut self.open {
            if record.tag == Tag::CcAcctFrom && open.kind == StatementKind::Bank {
                open.kind = StatementKind::Card;
            }
            open.name = Some(name);
        }
    }
}

const fn default_type(kind: StatementKind) -> AccountType {
    match kind {
        StatementKind::Bank => AccountType::Checking,
        StatementKind::Card => AccountType::CreditCard,
        StatementKind::Investment => AccountType::Brokerage,
        StatementKind::Loan => AccountType::Loan,
    }
}
