//! The names under which the downloads of a made-up household state its account: masked, without zeros, without bank code, as
//! another product, under a renamed bank, or as a replaced card.
//!
//! Used by `tests/it/identity/households.rs`. INVARIANT: pure; one seed gives one list.

/// The name of an account in one download.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AccountFace {
    pub(crate) bank_name: &'static str,
    /// The bank code, where it is stated.
    pub(crate) bank: Option<&'static str>,
    pub(crate) number: String,
    /// `None`: a card.
    pub(crate) product: Option<&'static str>,
}

/// A change of the name from one download on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FaceHabit {
    Same,
    Masked,
    ZerosLost,
    BankLost,
    SavingsToMoneyMarket,
    ProductLost,
    BankRenamed,
    CardReplaced,
}

const HABITS: [FaceHabit; 8] = [
    FaceHabit::Same,
    FaceHabit::Masked,
    FaceHabit::ZerosLost,
    FaceHabit::BankLost,
    FaceHabit::SavingsToMoneyMarket,
    FaceHabit::ProductLost,
    FaceHabit::BankRenamed,
    FaceHabit::CardReplaced,
];

/// The habit of a seed and the names in its downloads. `tail` are the last digits of the number.
pub(crate) fn faces(seed: u64, downloads: usize, tail: u32) -> (FaceHabit, Vec<AccountFace>) {
    let chance = seed.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 20;
    let pick = |from: u64, below: usize| usize::try_from((chance >> from) % below.max(1) as u64).unwrap_or(0);
    let habit = HABITS[pick(0, HABITS.len())];
    let since = 1 + pick(8, downloads.saturating_sub(1));
    let is_card = matches!(habit, FaceHabit::CardReplaced) || (habit == FaceHabit::Masked && pick(16, 2) == 0);
    let product = match habit {
        _ if is_card => None,
        FaceHabit::SavingsToMoneyMarket => Some("SAVINGS"),
        _ => Some("CHECKING"),
    };
    let lead =
        if is_card { format!("40001234{:04}", seed % 9000 + 1000) } else { format!("00{:04}", seed % 9000 + 1000) };
    let own = AccountFace {
        bank_name: "Rivertown Bank",
        bank: Some("091000019").filter(|_| !is_card),
        number: format!("{lead}{tail:04}"),
        product,
    };
    let mut later = own.clone();
    match habit {
        FaceHabit::Same => {}
        FaceHabit::Masked => later.number = format!("XXXXXX{tail:04}"),
        FaceHabit::ZerosLost => later.number = own.number.trim_start_matches('0').to_owned(),
        FaceHabit::BankLost => later.bank = None,
        FaceHabit::SavingsToMoneyMarket => later.product = Some("MONEYMRKT"),
        FaceHabit::ProductLost => later.product = Some(""),
        FaceHabit::BankRenamed => later.bank_name = "Rivertown Federal",
        FaceHabit::CardReplaced => later.number = format!("40009876{:04}{:04}", seed % 9000 + 1000, tail + 1),
    }
    let face = |index| if index < since { own.clone() } else { later.clone() };
    (habit, (0..downloads).map(face).collect())
}
