//! The kind of a bank row that its institution names in general terms only: credit, debit, deposit, payment.
//!
//! Used by every reader of statements and every adapter of banks, so that the same row has the same kind wherever it comes
//! from. Money in is income and money out a purchase unless the texts name a transfer, a card payment or cash; the ledger finds
//! further transfers by their other end. INVARIANT: pure; the sign of the amount alone gives the direction.

use std::{borrow::Cow, sync::OnceLock};

use aho_corasick::{AhoCorasick, AhoCorasickBuilder};
use rust_decimal::Decimal;

use super::{TransactionSubtype as Subtype, text::fold};

/// The account of a row, as far as it decides the kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MovementPlace {
    /// Money of the user: checking, savings, cash.
    Bank,
    /// A credit card.
    Card,
    /// A loan: money in pays it off.
    Loan,
}

/// The kind of a row of which only the direction is known.
#[must_use]
pub fn general_kind(amount: Decimal, place: MovementPlace, texts: &[&str]) -> Subtype {
    let incoming = amount.is_sign_positive();
    match place {
        MovementPlace::Bank => {
            let general = if incoming { Subtype::OtherIncome } else { Subtype::Purchase };
            named_kind(amount, texts).unwrap_or(general)
        }
        MovementPlace::Card if incoming => {
            if any(texts, names_payment) || any(texts, names_transfer) {
                Subtype::CardPayment
            } else {
                Subtype::Refund
            }
        }
        MovementPlace::Loan if incoming => Subtype::TransferIn,
        MovementPlace::Card | MovementPlace::Loan => Subtype::Purchase,
    }
}

/// The kind that the texts of a bank row name: a transfer between own accounts, the payment of a card, cash. `None` if they
/// name none of these.
#[must_use]
pub fn named_kind(amount: Decimal, texts: &[&str]) -> Option<Subtype> {
    let incoming = amount.is_sign_positive();
    if !incoming && any(texts, names_card_payment) {
        Some(Subtype::CardPayment)
    } else if any(texts, names_transfer) && !any(texts, names_no_transfer) {
        Some(if incoming { Subtype::TransferIn } else { Subtype::TransferOut })
    } else if !incoming && any(texts, names_cash) {
        Some(Subtype::Withdrawal)
    } else {
        None
    }
}

fn any(texts: &[&str], named: fn(&str) -> bool) -> bool {
    texts.iter().any(|text| named(text))
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
    static WORDS: Words = Words::new(&[
        "payment",
        "pymt",
        "autopay",
        "thank you",
        "pagamento",
        "pago",
        "paiement",
        "zahlung",
        "einzug",
        "betaling",
    ]);
    WORDS.are_in(text)
}

/// Whether a text on a bank statement names the payment of a card.
fn names_card_payment(text: &str) -> bool {
    static CARDS: Words = Words::new(&["card", "crd", "visa", "mastercard", "amex", "american express"]);
    static PAYMENTS: Words = Words::new(&["payment", "pymt", "pmt", "autopay", "epay", "e-pay", "online pay"]);
    // A purchase that is paid by card names both, too.
    static PURCHASES: Words =
        Words::new(&["debit card", "card purchase", "contactless", "card payment to", "pos ", "card payment at"]);
    static CREDIT: Words = Words::new(&["credit card", "credit crd", "creditcard"]);
    CARDS.are_in(text) && PAYMENTS.are_in(text) && (!PURCHASES.are_in(text) || CREDIT.are_in(text))
}

/// Whether a text names a transfer between accounts. Words of any credit transfer (a French "virement") name none: wages come
/// by them.
fn names_transfer(text: &str) -> bool {
    static WORDS: Words = Words::new(&[
        "transfer",
        "xfer",
        "tfr ",
        "virement interne",
        "virement entre comptes",
        "virement compte a compte",
        "umbuchung",
        "ubertrag",
        "uebertrag",
        "giroconto",
        "trasferimento",
        "traspaso",
        "eigen rekening",
        "egen konto",
        "entre contas proprias",
        "entre cuentas propias",
    ]);
    WORDS.are_in(text)
}

/// Whether a text names wages, benefits, a fee or a payment between people: none is a transfer between own accounts, even if
/// the bank calls it a transfer.
fn names_no_transfer(text: &str) -> bool {
    static WORDS: Words = Words::new(&[
        "payroll",
        "salary",
        "salaris",
        "salaire",
        "wages",
        "gehalt",
        "lohn",
        "stipendio",
        "nomina",
        "sueldo",
        "pension",
        "direct dep",
        "dir dep",
        "zelle",
        "transfer fee",
    ]);
    WORDS.are_in(text)
}

/// Whether a text names cash that is taken out.
fn names_cash(text: &str) -> bool {
    static WORDS: Words = Words::new(&[
        "atm withdrawal",
        "cash withdrawal",
        "cashpoint",
        "geldautomat",
        "bargeldauszahlung",
        "bankomat",
        "retrait dab",
        "retrait especes",
        "prelievo",
        "cajero",
        "geldopname",
    ]);
    WORDS.are_in(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(amount: i64, place: MovementPlace, text: &str) -> Subtype {
        general_kind(Decimal::new(amount, 2), place, &["", text])
    }

    #[test]
    fn money_in_on_a_bank_account_is_income_unless_a_transfer_is_named() {
        let bank = |text| kind(1000, MovementPlace::Bank, text);
        for text in ["", "ACME Corp", "VIREMENT DE ACME SARL", "Payroll transfer ACME", "Zelle transfer from Bob"] {
            assert_eq!(bank(text), Subtype::OtherIncome, "{text}");
        }
        for text in ["Online Transfer from SAV ...7733", "Übertrag von Tagesgeld", "VIREMENT INTERNE", "Umbuchung"] {
            assert_eq!(bank(text), Subtype::TransferIn, "{text}");
        }
    }

    #[test]
    fn money_out_of_a_bank_account_is_a_purchase_unless_its_texts_name_more() {
        let bank = |text| kind(-1000, MovementPlace::Bank, text);
        for text in [
            "",
            "Corner Foods",
            "Debit card payment to Corner Foods",
            "Card payment to Corner Foods",
            "Wire transfer fee",
            "Miete Mai",
        ] {
            assert_eq!(bank(text), Subtype::Purchase, "{text}");
        }
        assert_eq!(bank("Online transfer to SAV"), Subtype::TransferOut);
        assert_eq!(bank("CHASE CREDIT CRD AUTOPAY"), Subtype::CardPayment);
        assert_eq!(bank("Credit card payment to Chase"), Subtype::CardPayment);
        assert_eq!(bank("Cash withdrawal 0042"), Subtype::Withdrawal);
        assert_eq!(bank("Student loan payment"), Subtype::Purchase);
    }

    #[test]
    fn money_in_on_a_card_is_a_payment_or_a_refund_and_on_a_loan_a_payment() {
        assert_eq!(kind(1000, MovementPlace::Card, "Payment Thank You"), Subtype::CardPayment);
        assert_eq!(kind(1000, MovementPlace::Card, "Corner Foods"), Subtype::Refund);
        assert_eq!(kind(-1000, MovementPlace::Card, "Corner Foods"), Subtype::Purchase);
        assert_eq!(kind(1000, MovementPlace::Loan, "Payment"), Subtype::TransferIn);
        assert_eq!(kind(-1000, MovementPlace::Loan, "Late charge"), Subtype::Purchase);
    }
}
