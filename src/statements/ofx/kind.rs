//! The kind of movement of a bank row.
//!
//! Used by the bank mapping. INVARIANT: money's direction comes from the sign of the amount alone; the type only
//! gives its purpose.

use ofx_rs::types::TransactionType as Standard;
use rust_decimal::Decimal;

use super::open::StatementKind;
use crate::domain::{Kind, MovementPlace, TransactionStatus, TransactionSubtype as Subtype, general_kind, named_kind};

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

/// The kind of a row. Where the standard's type names a direction only, the rule of all readers decides, by the sign and
/// `texts`.
#[must_use]
pub(super) fn of(standard: Option<Standard>, amount: Decimal, account: StatementKind, texts: [&str; 2]) -> Kind {
    let incoming = amount.is_sign_positive();
    let either = |income, outgo| if incoming { income } else { outgo };
    let place = match account {
        StatementKind::Bank => Some(MovementPlace::Bank),
        StatementKind::Card => Some(MovementPlace::Card),
        StatementKind::Loan => Some(MovementPlace::Loan),
        StatementKind::Investment => None,
    };
    let subtype = match (standard, place) {
        (Some(Standard::Interest), _) => either(Subtype::Interest, Subtype::OtherFee),
        (Some(Standard::Dividend), _) => Subtype::Dividend,
        (Some(Standard::Fee | Standard::ServiceCharge), _) => Subtype::AccountFee,
        (Some(Standard::Check), Some(MovementPlace::Card)) => either(Subtype::CardPayment, Subtype::Check),
        (Some(Standard::Check), _) => Subtype::Check,
        (Some(Standard::Transfer), Some(MovementPlace::Card)) => either(Subtype::CardPayment, Subtype::TransferOut),
        (Some(Standard::Transfer), _) => either(Subtype::TransferIn, Subtype::TransferOut),
        (Some(Standard::Deposit | Standard::DirectDeposit), Some(MovementPlace::Card)) => {
            either(Subtype::CardPayment, Subtype::Withdrawal)
        }
        (Some(Standard::Payment | Standard::DirectDebit | Standard::RepeatPayment), Some(MovementPlace::Card)) => {
            either(Subtype::CardPayment, Subtype::Purchase)
        }
        (Some(Standard::Atm | Standard::Cash), _) | (Some(Standard::Deposit | Standard::DirectDeposit), None) => {
            either(Subtype::Deposit, Subtype::Withdrawal)
        }
        (Some(Standard::Deposit | Standard::DirectDeposit), _) if !incoming => Subtype::Withdrawal,
        // Money back.
        (Some(Standard::Pos), _) => either(Subtype::Refund, Subtype::Purchase),
        (Some(Standard::Debit), Some(MovementPlace::Card))
        | (Some(Standard::DirectDebit | Standard::RepeatPayment), Some(MovementPlace::Bank))
            if incoming =>
        {
            Subtype::Refund
        }
        (
            Some(
                Standard::Credit
                | Standard::Debit
                | Standard::Payment
                | Standard::Hold
                | Standard::DirectDebit
                | Standard::RepeatPayment
                | Standard::Deposit
                | Standard::DirectDeposit,
            ),
            place,
        ) => match place {
            Some(place) => general_kind(amount, place, &texts),
            None => either(Subtype::Deposit, Subtype::Withdrawal),
        },
        // `OTHER`, what a bank made up, and what the vocabulary may gain.
        (_, Some(MovementPlace::Bank)) => named_kind(amount, &texts).unwrap_or(Subtype::Unknown),
        _ => Subtype::Unknown,
    };
    Kind(subtype)
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
        assert_eq!(bank("CREDIT", 10), Subtype::OtherIncome);
        assert_eq!(bank("CASH", 10), Subtype::Deposit);
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
        for written in ["CREDIT", "DEP", "DIRECTDEP", "OTHER"] {
            assert_eq!(bank(written, Decimal::ONE, "Online Transfer from SAV"), Subtype::TransferIn, "{written}");
        }
        assert_eq!(bank("DEBIT", Decimal::NEGATIVE_ONE, "Online Transfer to SAV"), Subtype::TransferOut);
        assert_eq!(named("CREDIT", Decimal::ONE, StatementKind::Loan, ""), Subtype::TransferIn);
        assert_eq!(subtype("DEBIT", -10, StatementKind::Investment), Subtype::Withdrawal);
    }
}
