//! The kind of movement of a bank row.
//!
//! Used by the bank mapping. INVARIANT: money's direction comes from the sign of the amount alone; the type only
//! says what for.

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

fn contains_any(folded: &str, words: &[&str]) -> bool {
    words.iter().any(|word| folded.contains(word))
}

/// Whether a text on a card statement names a payment of the card.
fn names_payment(text: &str) -> bool {
    let words = ["payment", "autopay", "thank you", "pagamento", "pago", "paiement", "zahlung", "einzug"];
    contains_any(&fold(text), &words)
}

/// Whether a text on a bank statement names the payment of a card.
fn names_card_payment(text: &str) -> bool {
    let folded = fold(text);
    contains_any(&folded, &["card", "crd", "visa", "mastercard", "amex", "american express"])
        && contains_any(&folded, &["payment", "pymt", "pmt", "autopay", "epay", "e-pay", "online pay"])
}

/// Whether a text names a transfer between accounts.
fn names_transfer(text: &str) -> bool {
    contains_any(&fold(text), &["transfer", "xfer", "tfr ", "virement", "umbuchung", "trasferimento"])
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
