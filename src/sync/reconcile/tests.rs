//! Examples of every rule, and the properties that hold for any history of files.

use std::collections::HashSet;

use chrono::NaiveDate;
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;
use crate::domain::{AccountId, AssetCode, ChangeId, Correction, Kind, TransactionFacts, TransactionSubtype};

mod across;
mod households;

fn day(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, 1).unwrap() + chrono::Days::new(u64::from(day))
}

fn row(id: &str, on: u32, cents: i64, payee: &str) -> TransactionDraft {
    let mut facts = TransactionFacts::new(day(on), Decimal::new(cents, 2), AssetCode::USD);
    facts.provider_id = (!id.is_empty()).then(|| id.into());
    facts.payee = Some(payee.into());
    facts.into()
}

fn pending(id: &str, on: u32, cents: i64, payee: &str) -> TransactionDraft {
    let mut draft = row(id, on, cents, payee);
    draft.facts.status = TransactionStatus::Pending;
    draft
}

/// A listing of whole days.
fn of_days(from: u32, to: u32) -> ListingFacts {
    ListingFacts { period: Some((day(from), day(to))), ..ListingFacts::default() }
}

/// A listing of whole days with the balance at the end of the last one.
fn with_balance(from: u32, to: u32, cents: i64) -> ListingFacts {
    ListingFacts { closing: Some((day(to), Decimal::new(cents, 2))), ..of_days(from, to) }
}

/// A store in the smallest form: one account's rows.
#[derive(Default, Clone)]
struct Book {
    rows: Vec<Transaction>,
    learned: Learned,
    trust: Option<IdTrust>,
    doubts: usize,
    /// Rows that a file of another format brought.
    others: HashSet<TransactionId>,
    /// Rows that turned out to be another row.
    hidden: Vec<TransactionId>,
}

impl Book {
    fn plan(&self, drafts: &[TransactionDraft], listing: ListingFacts) -> Plan {
        let trust = self.trust.unwrap_or(IdTrust::Reusable);
        let loaded = Some((NaiveDate::MIN, NaiveDate::MAX));
        let stored = self.shown();
        let (learned, others) = (&self.learned, &self.others);
        reconcile(&Batch { drafts, stored: &stored, loaded, learned, trust, others, listing })
    }

    fn shown(&self) -> Vec<Transaction> {
        self.rows.iter().filter(|row| !self.hidden.contains(&row.id)).cloned().collect()
    }

    fn take(&mut self, drafts: &[TransactionDraft]) -> Plan {
        self.take_listed(drafts, ListingFacts::default())
    }

    fn take_complete(&mut self, drafts: &[TransactionDraft], complete: Option<(NaiveDate, NaiveDate)>) -> Plan {
        self.take_listed(drafts, ListingFacts { complete, ..ListingFacts::default() })
    }

    fn take_listed(&mut self, drafts: &[TransactionDraft], listing: ListingFacts) -> Plan {
        let plan = self.plan(drafts, listing);
        let mut cancel: Vec<TransactionId> = plan.vanished.clone();
        for (draft, outcome) in drafts.iter().zip(&plan.outcomes) {
            match outcome {
                Outcome::New => self.rows.push(Transaction {
                    id: TransactionId(self.rows.len() as u64),
                    account_id: AccountId(1),
                    change_id: ChangeId(1),
                    facts: draft.facts.clone(),
                }),
                Outcome::Known => {}
                Outcome::Amend(id, facts) => self.rows[usize::try_from(id.0).unwrap()].facts = (**facts).clone(),
                Outcome::Void(id) => cancel.push(*id),
            }
        }
        for id in cancel {
            self.rows[usize::try_from(id.0).unwrap()].facts.status = TransactionStatus::Cancelled;
        }
        self.doubts += plan.doubts.len();
        for doubt in &plan.settled {
            let newer = self.rows.iter().rev().find(|row| {
                row.id != doubt.row && !self.hidden.contains(&row.id) && Content::of(&row.facts) == doubt.content
            });
            self.hidden.push(newer.unwrap().id);
            self.doubts -= 1;
        }
        self.learned = Learned::from_json(&plan.learned.to_json());
        plan
    }

    fn contents(&self) -> Vec<(NaiveDate, Decimal, String)> {
        let mut contents: Vec<_> = self
            .rows
            .iter()
            .map(|row| (row.facts.date, row.facts.amount, row.facts.description().to_owned()))
            .collect();
        contents.sort();
        contents
    }
}

#[test]
fn the_same_file_twice_adds_nothing_and_twins_stay_two() {
    let file = [row("1", 1, -450, "Coffee"), row("2", 1, -450, "Coffee"), row("", 2, -5, "Tea"), row("", 2, -5, "Tea")];
    let mut book = Book::default();
    book.take(&file);
    assert_eq!(book.rows.len(), 4);
    assert!(book.take(&file).is_empty());
}

#[test]
fn rows_that_share_an_id_and_everything_else_stay_as_many_as_the_file_holds() {
    let file = [row("0", 1, -450, "Coffee"), row("0", 1, -450, "Coffee"), row("0", 9, -700, "Lunch")];
    let mut book = Book::default();
    book.take(&file);
    assert_eq!(book.rows.len(), 3);
    assert!(book.take(&file).is_empty());
}

#[test]
fn a_reused_id_is_a_new_row() {
    let mut book = Book::default();
    book.take(&[row("7", 1, -100, "Bakery")]);
    book.take(&[row("7", 25, -999, "Garage")]);
    assert_eq!(book.rows.len(), 2);
    assert_eq!(book.rows[0].facts.payee(), "Bakery");
}

#[test]
fn news_of_a_known_row_amends_it_and_silence_keeps_what_was_known() {
    let mut book = Book::default();
    let mut draft = row("7", 1, -100, "BAKERY 0123");
    draft.facts.memo = Some("card 9".into());
    book.take(&[draft]);
    book.take_listed(&[row("7", 2, -100, "Bakery")], of_days(0, 9));
    assert_eq!(book.rows.len(), 1);
    assert_eq!((book.rows[0].facts.payee(), book.rows[0].facts.memo.as_deref()), ("Bakery", Some("card 9")));
    assert_eq!(book.rows[0].facts.date, day(2));
}

#[test]
fn an_honest_twin_in_a_later_file_is_another_row() {
    let mut book = Book::default();
    book.take(&[row("1", 1, -450, "Coffee")]);
    book.take(&[row("2", 1, -450, "Coffee")]);
    assert_eq!(book.rows.len(), 2);
}

#[test]
fn renumbered_ids_are_recognised() {
    let mut book = Book::default();
    book.take(&[row("1", 1, -450, "Coffee"), row("2", 1, -300, "Bread")]);
    let renumbered = [row("91", 1, -450, "Coffee"), row("92", 1, -300, "Bread"), row("93", 2, -20, "Fee")];
    book.take(&renumbered);
    assert_eq!(book.rows.len(), 3);
    assert!(book.take(&renumbered).is_empty());

    // A counter that starts again each day: an earlier row slides under another's id.
    let mut book = Book::default();
    book.take(&[row("01", 1, -450, "Coffee")]);
    let slid = [row("01", 1, -9900, "Garage"), row("02", 1, -450, "Coffee")];
    book.take(&slid);
    assert_eq!(book.rows.len(), 2);
    assert!(book.take(&slid).is_empty());
}

#[test]
fn an_id_that_arrives_later_joins_its_row() {
    let mut book = Book::default();
    book.take(&[row("", 1, -450, "Coffee")]);
    book.take(&[row("1", 1, -450, "Coffee")]);
    assert_eq!(book.rows.len(), 1);
    assert_eq!(book.rows[0].facts.provider_id.as_deref(), Some("1"));
}

#[test]
fn corrections_amend_or_void_whatever_comes_first() {
    let original = row("1", 1, -450, "Coffee");
    let mut replacement = row("2", 1, -540, "Coffee");
    replacement.correction = Some(Box::new(Correction::Replaces("1".into())));
    let mut deletion = row("3", 1, -450, "Coffee");
    deletion.correction = Some(Box::new(Correction::Deletes("1".into())));

    for together in [vec![original.clone(), replacement.clone()], vec![replacement.clone(), original.clone()]] {
        let mut book = Book::default();
        book.take(&together);
        assert_eq!(book.contents(), [(day(1), Decimal::new(-540, 2), "Coffee".to_owned())]);
        assert!(book.take(&together).is_empty());
    }
    for order in [[&original, &replacement], [&replacement, &original]] {
        let mut book = Book::default();
        for draft in order {
            book.take(std::slice::from_ref(draft));
        }
        assert_eq!(book.contents(), [(day(1), Decimal::new(-540, 2), "Coffee".to_owned())]);
        assert!(book.take(std::slice::from_ref(&original)).is_empty());
    }
    let mut book = Book::default();
    book.take(std::slice::from_ref(&original));
    book.take(std::slice::from_ref(&deletion));
    assert_eq!((book.rows.len(), book.rows[0].facts.status), (1, TransactionStatus::Cancelled));
    assert!(book.take(&[deletion.clone(), original.clone()]).is_empty());
    let mut book = Book::default();
    book.take(&[deletion]);
    book.take(&[original]);
    assert!(book.rows.is_empty());
}

#[test]
fn posted_rows_take_the_place_of_pending_ones() {
    let mut book = Book { trust: Some(IdTrust::Unique), ..Book::default() };
    book.take(&[pending("p1", 1, -450, "Coffee"), pending("p2", 1, -2000, "Bistro"), pending("p3", 1, -1, "Shop")]);
    let mut linked = row("s3", 20, -7777, "Another name");
    linked.pending_id = Some("p3".into());
    let posted = [row("s1", 4, -450, "COFFEE LLC"), row("s2", 3, -2400, "Bistro"), linked];
    book.take(&posted);
    assert_eq!(book.rows.len(), 3);
    assert!(book.rows.iter().all(|row| row.facts.status == TransactionStatus::Settled));
    assert_eq!(book.rows[0].facts.provider_id.as_deref(), Some("s1"));
    assert!(book.take(&posted).is_empty());
    // A settled row does not go back to pending.
    book.take(&[pending("s1", 4, -450, "COFFEE LLC")]);
    assert_eq!(book.rows[0].facts.status, TransactionStatus::Settled);
}

#[test]
fn only_a_likely_posted_row_claims_a_pending_one() {
    let mut book = Book { trust: Some(IdTrust::Unique), ..Book::default() };
    book.take(&[pending("p", 1, -2000, "Bistro")]);
    book.take(&[row("a", 1, -2601, "Bistro"), row("b", 5, -2400, "Bistro"), row("c", 10, -2000, "Bistro")]);
    assert_eq!(book.rows.len(), 4);
    assert_eq!(book.rows[0].facts.status, TransactionStatus::Pending);
}

#[test]
fn pending_rows_vanish_only_from_days_read_completely_and_posted_rows_never() {
    let mut book = Book { trust: Some(IdTrust::Unique), ..Book::default() };
    book.take(&[pending("p1", 1, -1, "A"), pending("p9", 9, -2, "B"), row("s", 2, -3, "C")]);
    book.take(&[]);
    assert_eq!(book.rows[0].facts.status, TransactionStatus::Pending);
    let plan = book.take_complete(&[], Some((day(0), day(5))));
    assert_eq!(plan.vanished, [TransactionId(0)]);
    assert_eq!(book.rows[1].facts.status, TransactionStatus::Pending);
    assert_eq!(book.rows[2].facts.status, TransactionStatus::Settled);
}

#[test]
fn a_kind_that_was_known_is_not_forgotten() {
    let mut book = Book::default();
    let mut draft = row("1", 1, -450, "Coffee");
    draft.facts.kind = Kind(TransactionSubtype::Purchase);
    book.take(&[draft]);
    assert!(book.take(&[row("1", 1, -450, "Coffee")]).is_empty());
}

/// Rows (id, day, cents, text), first and last day, balance in cents at the end of the last day.
type File<'f> = (&'f [(&'f str, u32, i64, &'f str)], u32, u32, i64);

/// A history of files, and what it ends with: rows and doubts with balances, rows and doubts without.
type History<'f> = (&'f str, &'f [File<'f>], [usize; 4]);

const HISTORIES: &[History<'_>] = &[
    // name, files (rows, first day, last day, balance), rows and doubts with balances, rows and doubts without
    (
        "a twin in a separate file, the same day",
        &[(&[("t1", 9, -450, "Coffee")], 0, 9, 99_550), (&[("t2", 9, -450, "Coffee")], 9, 20, 99_100)],
        [2, 0, 2, 1],
    ),
    (
        "one row under two ids",
        &[
            (&[("t1", 9, -450, "Coffee")], 0, 9, 99_550),
            (&[("t2", 9, -450, "Coffee"), ("t3", 12, -1, "Tea")], 9, 20, 99_549),
        ],
        [2, 0, 3, 1],
    ),
    (
        "the same without ids, where one row is the likelier",
        &[(&[("", 9, -450, "Coffee")], 0, 9, 99_550), (&[("", 9, -450, "Coffee"), ("", 12, -1, "Tea")], 9, 20, 99_549)],
        [2, 0, 2, 0],
    ),
    (
        "twins without ids that the balance keeps apart",
        &[(&[("", 9, -450, "Coffee")], 0, 9, 99_550), (&[("", 9, -450, "Coffee"), ("", 12, -1, "Tea")], 9, 20, 99_099)],
        [3, 0, 2, 0],
    ),
    (
        "numbered again, one text changed",
        &[
            (
                &[("1", 1, -500, "Alpha"), ("2", 3, -600, "Beta"), ("3", 5, -700, "Gamma"), ("4", 7, -900, "Store NY")],
                0,
                9,
                97_300,
            ),
            (
                &[
                    ("91", 1, -500, "Alpha"),
                    ("92", 3, -600, "Beta"),
                    ("93", 5, -700, "Gamma"),
                    ("94", 7, -900, "Store New York"),
                ],
                0,
                9,
                97_300,
            ),
        ],
        [4, 0, 4, 0],
    ),
    (
        "a counter that begins again each month",
        &[
            (&[("1", 1, -300, "Kiosk"), ("2", 9, -150, "Metro")], 0, 9, 99_550),
            (&[("1", 10, -150, "Bakery"), ("2", 11, -220, "Metro")], 10, 20, 99_180),
        ],
        [4, 0, 4, 0],
    ),
    (
        "one id for every row",
        &[
            (&[("-1", 1, -7000, "Tax"), ("-1", 6, -250, "Bus")], 0, 6, 92_750),
            (&[("-1", 7, -250, "Bus"), ("-1", 8, -7000, "Gas")], 7, 14, 85_500),
        ],
        [4, 0, 4, 0],
    ),
    (
        "a refund under the id of the purchase",
        &[(&[("7", 2, -4800, "Books")], 0, 3, 95_200), (&[("7", 5, 4800, "Books")], 4, 9, 100_000)],
        [2, 0, 2, 0],
    ),
    (
        "a row amended inside its period",
        &[
            (&[("7", 2, -2000, "Bistro")], 0, 3, 98_000),
            (&[("7", 3, -2400, "Bistro"), ("8", 7, -1, "Tea")], 0, 9, 97_599),
        ],
        [2, 0, 2, 0],
    ),
];

/// Each kind of history that institutions make of ids, with and without balances: what is left at the end, and how many
/// doubts there are.
#[test]
fn evidence_decides_what_ids_leave_open() {
    for (name, files, [rows, doubts, rows_without, doubts_without]) in HISTORIES {
        for (has_balances, rows, doubts) in [(true, *rows, *doubts), (false, *rows_without, *doubts_without)] {
            let mut book = Book::default();
            for round in 0..2 {
                for (drafts, from, to, balance) in *files {
                    let drafts: Vec<_> =
                        drafts.iter().map(|(id, on, cents, payee)| row(id, *on, *cents, payee)).collect();
                    let listing = if has_balances { with_balance(*from, *to, *balance) } else { of_days(*from, *to) };
                    let plan = book.take_listed(&drafts, listing);
                    let news = plan.outcomes.iter().filter(|outcome| **outcome == Outcome::New).count();
                    assert!(round == 0 || news == 0, "{name}: again, balances {has_balances}: {plan:?}");
                }
            }
            assert_eq!(
                (book.rows.len(), book.doubts),
                (rows, doubts),
                "{name}, balances {has_balances}: {:#?}",
                book.rows
            );
        }
    }
}

/// A balance that does not move with the rows proves nothing.
#[test]
fn a_constant_balance_is_not_evidence() {
    for balance in [0, 12_345] {
        let mut book = Book::default();
        book.take_listed(&[row("t1", 9, -450, "Coffee")], with_balance(0, 9, balance));
        book.take_listed(&[row("t2", 9, -450, "Coffee")], with_balance(9, 20, balance));
        assert_eq!((book.rows.len(), book.doubts), (2, 1));
    }
}

#[test]
fn corrections_form_chains_and_give_their_ids_back() {
    let correct = |id: &str, of: &str, on: u32, cents: i64| {
        let mut draft = row(id, on, cents, "Alpha");
        draft.correction = Some(Box::new(Correction::Replaces(of.into())));
        draft
    };
    let chain = [row("a1", 1, -500, "Alpha"), correct("c1", "a1", 1, -550), correct("c2", "c1", 1, -575)];
    let end = [(day(1), Decimal::new(-575, 2), "Alpha".to_owned())];
    let rent = row("a1", 92, -9900, "Rent");
    // Together, one by one, and with the first two in one file.
    for cuts in [vec![(0, 3)], vec![(0, 1), (1, 2), (2, 3)], vec![(0, 2), (2, 3)], vec![(0, 1), (1, 3)]] {
        let mut book = Book::default();
        for _ in 0..2 {
            for &(from, to) in &cuts {
                book.take(&chain[from..to]);
                assert!(book.rows.len() == 1, "{cuts:?}: {:#?}", book.rows);
            }
        }
        assert_eq!(book.contents(), end, "{cuts:?}");
        book.take(std::slice::from_ref(&rent));
        assert_eq!(book.rows.len(), 2, "the id is free for another row");
    }
    let mut deletion = row("d", 1, -575, "Alpha");
    deletion.correction = Some(Box::new(Correction::Deletes("c2".into())));
    let mut book = Book::default();
    book.take(&[chain.as_slice(), &[deletion]].concat());
    assert!(book.rows.is_empty());
}

#[test]
fn a_hold_ends_with_the_smaller_amount_or_with_a_later_list() {
    let mut book = Book::default();
    book.take(&[pending("", 1, -10_000, "Fuel 12")]);
    book.take(&[row("f", 3, -4_317, "Fuel 12")]);
    assert_eq!((book.rows.len(), book.rows[0].facts.amount), (1, Decimal::new(-4317, 2)));

    let list = |as_of: u32| ListingFacts { pending_as_of: Some(day(as_of)), ..of_days(0, as_of) };
    let mut book = Book::default();
    book.take_listed(&[pending("", 8, -2000, "Bistro")], list(9));
    book.take_listed(&[pending("", 19, -300, "Kiosk")], list(20));
    let statuses: Vec<_> = book.rows.iter().map(|row| row.facts.status).collect();
    assert_eq!(statuses, [TransactionStatus::Cancelled, TransactionStatus::Pending]);
    // An older list that comes later brings nothing back.
    let mut book = Book::default();
    book.take_listed(&[pending("", 19, -300, "Kiosk")], list(20));
    book.take_listed(&[pending("", 8, -2000, "Bistro")], list(9));
    assert_eq!(book.rows.len(), 1);
    // A hold that was gone and is posted after all.
    let mut book = Book::default();
    book.take_listed(&[pending("", 8, -2000, "Bistro")], list(9));
    book.take_listed(&[], list(10));
    book.take_listed(&[row("", 8, -2000, "Bistro")], of_days(0, 12));
    assert_eq!((book.rows.len(), book.rows[0].facts.status), (1, TransactionStatus::Settled));
}

/// A year of one account in which days, amounts and texts collide often.
fn history() -> impl Strategy<Value = Vec<TransactionDraft>> {
    prop::collection::vec(
        (0..12u32, 1..4i64, prop::sample::select(vec!["Coffee", "Tea", "Café"]), any::<bool>()),
        0..40,
    )
    .prop_map(|rows| {
        let mut drafts: Vec<_> = rows
            .into_iter()
            .enumerate()
            .map(|(index, (on, cents, payee, _))| row(&format!("id{index}"), on, -cents, payee))
            .collect();
        drafts.sort_by_key(|draft| draft.facts.date);
        drafts
    })
}

/// The same history from a bank without ids.
fn without_ids(drafts: &[TransactionDraft]) -> Vec<TransactionDraft> {
    let mut drafts = drafts.to_vec();
    for draft in &mut drafts {
        draft.facts.provider_id = None;
    }
    drafts
}

fn window(drafts: &[TransactionDraft], from: u32, to: u32) -> Vec<TransactionDraft> {
    drafts.iter().filter(|draft| (day(from)..=day(to)).contains(&draft.facts.date)).cloned().collect()
}

proptest! {
    #[test]
    fn importing_twice_is_importing_once(drafts in history(), ids in any::<bool>()) {
        let drafts = if ids { drafts } else { without_ids(&drafts) };
        let mut book = Book::default();
        book.take(&drafts);
        prop_assert_eq!(book.rows.len(), drafts.len());
        prop_assert!(book.take(&drafts).is_empty());
    }

    /// Files of whole days, overlapping at will, in any order, hold the history once.
    #[test]
    fn overlapping_files_in_any_order_give_the_history(
        drafts in history(),
        ids in any::<bool>(),
        windows in prop::collection::vec((0..12u32, 0..12u32), 0..6),
    ) {
        let drafts = if ids { drafts } else { without_ids(&drafts) };
        let mut files: Vec<_> = windows.iter().map(|(a, b)| window(&drafts, *a.min(b), *a.max(b))).collect();
        files.push(drafts.clone());
        let mut whole = Book::default();
        whole.take(&drafts);
        for order in [files.clone(), files.into_iter().rev().collect()] {
            let mut book = Book::default();
            for file in &order {
                book.take(file);
            }
            prop_assert_eq!(book.contents(), whole.contents());
        }
    }

    /// No stored row is claimed twice, whatever ids the files make up.
    #[test]
    fn claims_are_one_to_one(
        first in history(),
        second in prop::collection::vec((0..12u32, 1..4i64, 0..6u32), 0..30),
    ) {
        let mut book = Book::default();
        book.take(&first);
        let second: Vec<_> = second.into_iter().map(|(on, cents, id)| row(&format!("id{id}"), on, -cents, "Tea")).collect();
        let before = book.rows.len();
        let plan = book.plan(&second, ListingFacts::default());
        let mut touched: Vec<_> = plan.outcomes.iter().filter_map(|outcome| match outcome {
            Outcome::Amend(id, _) | Outcome::Void(id) => Some(*id),
            Outcome::New | Outcome::Known => None,
        }).collect();
        let count = touched.len();
        touched.sort();
        touched.dedup();
        prop_assert_eq!(touched.len(), count);
        let known = plan.outcomes.iter().filter(|outcome| !matches!(outcome, Outcome::New)).count();
        prop_assert!(known <= before);
        book.take(&second);
        prop_assert!(book.take(&second).outcomes.iter().all(|outcome| *outcome == Outcome::Known));
    }
}
