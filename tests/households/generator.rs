//! Made-up households: a true history of one account, and the downloads that a bank with its habits makes of it.
//!
//! Used by the tests of `sync/reconcile`. INVARIANT: pure; one seed gives one household.

/// A row of the true history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TrueRow {
    /// Day since the beginning.
    pub(crate) day: u32,
    /// As posted at the end, after a tip, a smaller charge than was held, or a correction.
    pub(crate) cents: i64,
    pub(crate) text: String,
    /// Pending since that day, with that amount.
    pending: Option<(u32, i64)>,
    /// The amount until the institution corrects it in a later download: the month of that one.
    corrected: Option<(u32, i64)>,
}

/// A row as a download states it.
#[derive(Debug, Clone)]
pub(crate) struct StatedRow {
    pub(crate) id: String,
    pub(crate) day: u32,
    pub(crate) cents: i64,
    pub(crate) text: String,
    pub(crate) is_pending: bool,
    /// The id of the row that it corrects.
    pub(crate) corrects: Option<String>,
}

/// One download.
#[derive(Debug, Clone)]
pub(crate) struct Download {
    pub(crate) rows: Vec<StatedRow>,
    pub(crate) period: Option<(u32, u32)>,
    /// Balance in cents at the end of a day.
    pub(crate) balance: Option<(u32, i64)>,
    /// The day for which it lists all pending rows.
    pub(crate) pending_as_of: Option<u32>,
}

/// What a bank does with the ids of its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ids {
    Stable,
    None,
    RestartEachDownload,
    Constant,
    RenumberedOnce,
}

#[derive(Debug, Clone)]
pub(crate) struct Household {
    pub(crate) truth: Vec<TrueRow>,
    pub(crate) downloads: Vec<Download>,
    pub(crate) ids: Ids,
}

/// A small generator of numbers (xorshift), so that a seed means the same household everywhere.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    fn one_in(&mut self, end: u64) -> bool {
        self.below(end) == 0
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[usize::try_from(self.below(from.len() as u64)).unwrap_or(0)]
    }
}

const PAYEES: [&str; 10] = [
    "Bäckerei Sommer",
    "Metro Station 12",
    "Padaria São João",
    "Book Shop Harbor",
    "Fuel 24 North",
    "Water Works",
    "Café Müller",
    "Rent Hillside",
    "Online Market",
    "Pharmacy Green",
];
const ACCENTS: [(&str, &str); 5] = [("ä", "a"), ("ã", "a"), ("é", "e"), ("ü", "u"), ("ö", "o")];
const MONTHS: u32 = 6;
const DAYS: u32 = 30;

fn spelled(text: &str, style: u64) -> String {
    let replace = |with: &dyn Fn(&str) -> String| {
        ACCENTS.iter().fold(text.to_owned(), |text, (accent, plain)| text.replace(accent, &with(plain)))
    };
    match style {
        0 => text.to_owned(),
        1 => replace(&str::to_owned),
        2 => replace(&|_| "?".to_owned()),
        3 => text.to_uppercase(),
        _ => text.split(' ').next().unwrap_or(text).to_owned() + " " + text.rsplit(' ').next().unwrap_or(""),
    }
}

/// The rows of all days.
fn true_rows(dice: &mut Dice) -> Vec<TrueRow> {
    let mut truth: Vec<TrueRow> = Vec::new();
    for day in 0..MONTHS * DAYS {
        for _ in 0..[0, 0, 1, 1, 2][usize::try_from(dice.below(5)).unwrap_or(0)] {
            let text = dice.pick(&PAYEES).to_owned();
            // Few amounts, so that days, amounts and texts collide.
            let cents = -[250, 250, 450, 990, 1_700, 4_200, 70_000][usize::try_from(dice.below(7)).unwrap_or(0)];
            truth.push(TrueRow { day, cents, text, pending: None, corrected: None });
            if dice.one_in(25)
                && let Some(twin) = truth.last().cloned()
            {
                truth.push(twin);
            }
        }
    }
    truth
}

/// Makes some rows pending before they are posted.
fn hold_some(truth: &mut [TrueRow], dice: &mut Dice) {
    for row in truth {
        if dice.one_in(6) && row.day >= 3 {
            let since = row.day - 1 - u32::try_from(dice.below(2)).unwrap_or(0);
            let held = match dice.below(4) {
                // A hold, a tip, and the same amount.
                0 => row.cents - 5_000,
                1 => row.cents * 10 / 12,
                _ => row.cents,
            };
            row.pending = Some((since, held));
        }
    }
}

impl Household {
    /// The household of a seed.
    pub(crate) fn of(seed: u64) -> Self {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        for _ in 0..8 {
            dice.below(2);
        }
        let mut truth = true_rows(&mut dice);
        // Few banks list pending rows or correct posted ones.
        let (lists_pending, corrects) = (dice.one_in(4), dice.one_in(6));
        if lists_pending {
            hold_some(&mut truth, &mut dice);
        }
        let ids = dice.pick(&[
            Ids::Stable,
            Ids::Stable,
            Ids::Stable,
            Ids::None,
            Ids::None,
            Ids::RestartEachDownload,
            Ids::Constant,
            Ids::RenumberedOnce,
        ]);
        for row in truth.iter_mut().filter(|_| corrects && ids == Ids::Stable) {
            let month = row.day / DAYS + 1;
            if dice.one_in(40) && month < MONTHS && row.pending.is_none() {
                row.corrected = Some((month, row.cents - 100));
            }
        }
        let balances = dice.below(4);
        let states_period = !dice.one_in(4);
        let (overlap, respelled_from) = (u32::try_from(dice.below(12)).unwrap_or(0), dice.below(12));
        let style = dice.below(4);
        let renumbered_from = dice.below(u64::from(MONTHS)).max(1);
        let mut downloads = Vec::new();
        for month in 0..MONTHS {
            let from = (month * DAYS).saturating_sub(overlap);
            let to = (month + 1) * DAYS - 1;
            let respelled = u64::from(month) >= respelled_from;
            let stated = truth.iter().enumerate().filter(|(_, row)| {
                let is_corrected = row.corrected.is_some_and(|(at, _)| at == month);
                (from <= row.day && row.day <= to) || is_corrected
            });
            let rows = stated.enumerate().map(|(position, (number, row))| {
                let id = match ids {
                    Ids::RenumberedOnce if u64::from(month) >= renumbered_from => format!("n{number}"),
                    Ids::Stable | Ids::RenumberedOnce => format!("f{number}"),
                    Ids::None => String::new(),
                    Ids::RestartEachDownload => format!("{}", position + 1),
                    Ids::Constant => "-1".to_owned(),
                };
                let (id, corrects, cents) = match row.corrected {
                    Some((at, before)) if month < at => (id, None, before),
                    Some((at, _)) if month == at => (format!("c{number}"), Some(id), row.cents),
                    Some(_) => (format!("c{number}"), None, row.cents),
                    None => (id, None, row.cents),
                };
                let text = if respelled { spelled(&row.text, style) } else { row.text.clone() };
                StatedRow { id, day: row.day, cents, text, is_pending: false, corrects }
            });
            let mut rows: Vec<StatedRow> = rows.collect();
            for (number, row) in truth.iter().enumerate() {
                if let Some((since, held)) = row.pending
                    && since <= to
                    && to < row.day
                {
                    let id = if ids == Ids::Stable { format!("p{number}") } else { String::new() };
                    let text = row.text.clone();
                    rows.push(StatedRow { id, day: since, cents: held, text, is_pending: true, corrects: None });
                }
            }
            let posted = |row: &&TrueRow| row.day <= to;
            let amount = |row: &TrueRow| match row.corrected {
                Some((at, before)) if month < at => before,
                _ => row.cents,
            };
            let all: i64 = truth.iter().filter(posted).map(amount).sum();
            let balance = match balances {
                0 | 1 => Some((to, 1_000_000 + all)),
                2 => Some((to, 0)),
                _ => None,
            };
            downloads.push(Download {
                rows,
                period: states_period.then_some((from, to)),
                balance,
                pending_as_of: lists_pending.then_some(to),
            });
        }
        // Some people import an older file later, or one twice.
        if dice.one_in(3) {
            let again = usize::try_from(dice.below(u64::from(MONTHS))).unwrap_or(0);
            downloads.push(downloads[again].clone());
        }
        if dice.one_in(6) {
            downloads.swap(1, 2);
        }
        Self { truth, downloads, ids }
    }
}
