//! The kind of movement of a bank row.
//!
//! Used by the bank mapping. INVARIANT: money's direction comes from the sign of the amount alone; the type only
//! says what for.

use std::{borrow::Cow, sync::OnceLock};

use aho_corasick::{AhoCorasick, AhoCorasickBuilder};
use ofx_rs::types::TransactionType as Standard;
use rust_decimal::Decimal;

use super::open::StatementKind;
use crate::domain::{Kind, TransactionStatus, TransactionSubtype as Subtype, text::fold};

/// The types that OFC numbers from 0.
const OFC: [&str; 13] =
    ["CREDIT", "DEBIT", "INT", "DIV", "SRVCHG", "DEP", "ATM", "XFER", "CHECK", "PAYMENT", "CASH", "DIRECTDEP", "OTHER"];

/// The standard's type, whatever its case; `None` for those a bank made up.
#[must_use]
pub(super) fn standard(written: &str) -> Option<Standard> {
    // The numbers of OFC.
    if let Ok(number) = written.parse::<usize>() {
        return OFC.get(number).and_then(|name| name.parse().ok());
    }
    if written.bytes().any(|byte| byte.is_ascii_lowercase()) {
        written.to_ascii_uppercase().parse().ok()
    } else {
        written.parse().ok()
    }
}

/// The side of an account that a type names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// Money out.
    Debit,
    /// Money in.
    Credit,
}

/// The side of a type that leaves no choice.
#[must_use]
pub(super) const fn side(standard: Standard) -> Option<Side> {
    match standard {
        Standard::Debit
        | Standard::Check
        | Standard::Atm
        | Standard::Pos
        | Standard::Payment
        | Standard::Cash
        | Standard::Fee
        | Standard::ServiceCharge
        | Standard::DirectDebit
        | Standard::RepeatPayment => Some(Side::Debit),
        Standard::Credit | Standard::Deposit | Standard::DirectDeposit | Standard::Dividend => Some(Side::Credit),
        _ => None,
    }
}

/// Whether a text names a balance and nothing else: a line of a running balance, which moves no money.
#[must_use]
pub(super) fn is_balance(text: &str) -> bool {
    const NAMES: [&str; 24] = [
        "saldo",
        "saldoanterior",
        "saldododia",
        "saldofinal",
        "saldoatual",
        "saldoactual",
        "saldoinicial",
        "saldototal",
        "saldoparcial",
        "saldodisponivel",
        "saldoprecedente",
        "saldoiniziale",
        "saldofinale",
        "saldovorige",
        "openingbalance",
        "closingbalance",
        "previousbalance",
        "balanceforward",
        "balancebroughtforward",
        "balancecarriedforward",
        "soldeprecedent",
        "anciensolde",
        "nouveausolde",
        "alterkontostand",
    ];
    // Nearly every text begins like none of these names, which two letters show without a copy.
    let mut letters = text.chars().filter(|character| character.is_alphanumeric());
    let head = [letters.next(), letters.next()].map(|letter| letter.map(|letter| letter.to_ascii_lowercase()));
    if let [Some(first), Some(second)] = head
        && first.is_ascii()
        && second.is_ascii()
        && !NAMES.iter().any(|name| name.chars().take(2).eq([first, second]))
    {
        return false;
    }
    let letters = crate::domain::text::skeleton(text);
    NAMES.contains(&letters.trim_end_matches(|c: char| c.is_ascii_digit()))
}

/// Money on hold has not been booked yet.
#[must_use]
pub(super) const fn status(standard: Option<Standard>) -> TransactionStatus {
    match standard {
        Some(Standard::Hold) => TransactionStatus::Pending,
        _ => TransactionStatus::Settled,
    }
}

/// The kind of a row. `texts` decide what the standard's type leaves open: a deposit is income unless they name a transfer,
/// and a payment from a bank account is a card payment, as on the card, if they name a card.
#[must_use]
pub(super) fn of(standard: Option<Standard>, amount: Decimal, account: StatementKind, texts: [&str; 2]) -> Kind {
    let incoming = amount.is_sign_positive();
    let either = |income, outgo| if incoming { income } else { outgo };
    let subtype = match (standard, account) {
        (Some(Standard::Interest), _) => either(Subtype::Interest, Subtype::OtherFee),
        (Some(Standard::Dividend), _) => Subtype::Dividend,
        (Some(Standard::Fee | Standard::ServiceCharge), _) => Subtype::AccountFee,
        (Some(Standard::Check), StatementKind::Card) => either(Subtype::CardPayment, Subtype::Check),
        (Some(Standard::Check), _) => Subtype::Check,
        (Some(Standard::Transfer), StatementKind::Card) => either(Subtype::CardPayment, Subtype::TransferOut),
        (Some(Standard::Transfer), _) => either(Subtype::TransferIn, Subtype::TransferOut),
        (Some(Standard::Deposit | Standard::DirectDeposit), StatementKind::Card) => {
            either(Subtype::CardPayment, Subtype::Withdrawal)
        }
        (Some(Standard::Deposit | Standard::DirectDeposit), StatementKind::Bank | StatementKind::Loan) if incoming => {
            if texts.into_iter().any(names_transfer) {
                Subtype::TransferIn
            } else {
                Subtype::OtherIncome
            }
        }
        (Some(Standard::Deposit | Standard::DirectDeposit | Standard::Atm | Standard::Cash), _) => {
            either(Subtype::Deposit, Subtype::Withdrawal)
        }
        (
            Some(Standard::Payment | Standard::DirectDebit | Standard::RepeatPayment | Standard::Debit),
            StatementKind::Bank | StatementKind::Loan,
        ) if !incoming && texts.into_iter().any(names_card_payment) => Subtype::CardPayment,
        (Some(Standard::Payment | Standard::DirectDebit | Standard::RepeatPayment), StatementKind::Card) => {
            either(Subtype::CardPayment, Subtype::Purchase)
        }
        (Some(Standard::Credit | Standard::Hold), StatementKind::Card) if incoming => {
            if texts.into_iter().any(names_payment) { Subtype::CardPayment } else { Subtype::Refund }
        }
        (Some(Standard::Debit), StatementKind::Card)
        | (Some(Standard::Pos), _)
        | (Some(Standard::DirectDebit | Standard::RepeatPayment), StatementKind::Bank | StatementKind::Loan) => {
            either(Subtype::Refund, Subtype::Purchase)
        }
        (
            Some(Standard::Credit | Standard::Debit | Standard::Payment | Standard::Hold),
            StatementKind::Bank | StatementKind::Loan | StatementKind::Card,
        ) => either(Subtype::Deposit, Subtype::Purchase),
        (
            Some(
                Standard::Credit
                | Standard::Debit
                | Standard::Payment
                | Standard::Hold
                | Standard::DirectDebit
                | Standard::RepeatPayment,
            ),
            StatementKind::Investment,
        ) => either(Subtype::Deposit, Subtype::Withdrawal),
        // `OTHER`, what a bank made up, and what the vocabulary may gain.
        _ => Subtype::Unknown,
    };
    Kind(subtype)
}

/// Words of which a text may hold one. Searched for without a copy of the text, since every row of a file is asked.
struct Words {
    list: &'static [&'static str],
    automaton: OnceLock<Option<AhoCorasick>>,
}

impl Words {
    const fn new(list: &'static [&'static str]) -> Self {
        Self { list, automaton: OnceLock::new() }
    }

    /// Whether a text holds one of the words, in any case and with or without accents.
    fn are_in(&self, text: &str) -> bool {
        let text = if text.is_ascii() { Cow::Borrowed(text) } else { fold(text) };
        let build = || AhoCorasickBuilder::new().ascii_case_insensitive(true).build(self.list).ok();
        match self.automaton.get_or_init(build) {
            Some(automaton) => automaton.is_match(text.as_ref()),
            // The automaton of so few words has room.
            None => self.list.iter().any(|word| fold(&text).contains(word)),
        }
    }
}

/// Whether a text on a card statement names a payment of the card.
fn names_payment(text: &str) -> bool {
    static WORDS: Words =
        Words::new(&["payment", "autopay", "thank you", "pagamento", "pago", "paiement", "zahlung", "einzug"]);
    WORDS.are_in(text)
}

/// Whether a text on a bank statement names the payment of a card.
fn names_card_payment(text: &str) -> bool {
    static CARDS: Words = Words::new(&["card", "crd", "visa", "mastercard", "amex", "american express"]);
    static PAYMENTS: Words = Words::new(&["payment", "pymt", "pmt", "autopay", "epay", "e-pay", "online pay"]);
    CARDS.are_in(text) && PAYMENTS.are_in(text)
}

/// Whether a text names a transfer between accounts.
fn names_transfer(text: &str) -> bool {
    static WORDS: Words = Words::new(&["transfer", "xfer", "tfr ", "virement", "umbuchung", "trasferimento"]);
    WORDS.are_in(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subtype(written: &str, amount: i64, account: StatementKind) -> Subtype {
        of(standard(written), Decimal::new(amount, 2), account, ["", ""]).subtype()
    }

    #[test]
    fn bank_rows() {
        let bank = |written, amount| subtype(written, amount, StatementKind::Bank);
        assert_eq!(bank("INT", 10), Subtype::Interest);
        assert_eq!(bank("INT", -10), Subtype::OtherFee);
        assert_eq!(bank("SRVCHG", -10), Subtype::AccountFee);
        assert_eq!(bank("XFER", -10), Subtype::TransferOut);
        assert_eq!(bank("DIRECTDEP", 10), Subtype::OtherIncome);
        assert_eq!(bank("DEP", 10), Subtype::OtherIncome);
        assert_eq!(subtype("DEP", 10, StatementKind::Investment), Subtype::Deposit);
        assert_eq!(bank("CREDIT", 10), Subtype::Deposit);
        assert_eq!(bank("debit", -10), Subtype::Purchase);
        assert_eq!(bank("CHECK", -10), Subtype::Check);
        assert_eq!(bank("ATM", -10), Subtype::Withdrawal);
        assert_eq!(bank("REPEATPMT", -10), Subtype::Purchase);
        assert_eq!(bank("OUT", -10), Subtype::Unknown);
        assert_eq!(status(standard("HOLD")), TransactionStatus::Pending);
    }

    #[test]
    fn card_rows() {
        let card = |written, amount| subtype(written, amount, StatementKind::Card);
        assert_eq!(card("DEBIT", -10), Subtype::Purchase);
        assert_eq!(card("PAYMENT", 10), Subtype::CardPayment);
        assert_eq!(card("CREDIT", 10), Subtype::Refund);
        let named = |written: &str, amount, account, text| of(standard(written), amount, account, [text, ""]).subtype();
        assert_eq!(named("CREDIT", Decimal::ONE, StatementKind::Card, "Payment Thank You"), Subtype::CardPayment);
        let bank = |written, amount, text| named(written, amount, StatementKind::Bank, text);
        assert_eq!(bank("DIRECTDEBIT", Decimal::NEGATIVE_ONE, "CHASE CREDIT CRD AUTOPAY"), Subtype::CardPayment);
        assert_eq!(bank("DIRECTDEBIT", Decimal::NEGATIVE_ONE, "Student loan payment"), Subtype::Purchase);
        assert_eq!(bank("DEP", Decimal::ONE, "Online Transfer from SAV"), Subtype::TransferIn);
        assert_eq!(subtype("DEBIT", -10, StatementKind::Investment), Subtype::Withdrawal);
    }
}
