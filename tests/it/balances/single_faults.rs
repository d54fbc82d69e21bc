//! One row deleted, doubled or with the opposite sign: coverage names the exact interval and amount. The demo's stated
//! balances are reproduced by rolling its rows.

use chrono::{DateTime, Days, NaiveDate, Utc};
use dashtam::testing::{
    demo,
    domain::{
        Account, AccountId, AccountType, AssetCode, ChangeCounts, ChangeId, ChangeKind, Connection, ConnectionId,
        ConnectionStatus, Snapshot, SnapshotSource, TransactionFacts, TransactionId,
    },
    ledger::{
        Ledger,
        daily::{CauseKind, Span},
    },
    store::{Store, Writer},
    sync::ImportRequest,
};
use rust_decimal::Decimal;

use crate::support::{
    data::Random,
    desk::{Desk, day},
};

/// Households of one run; the environment variable `HOUSEHOLDS` sets another number.
const HOUSEHOLDS: u64 = 12;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

fn date(number: u64) -> NaiveDate {
    day("2025-01-01") + Days::new(number)
}

fn facts(on: u64, amount: Decimal) -> TransactionFacts {
    TransactionFacts::new(date(on), amount, AssetCode::USD)
}

struct Household {
    store: Store,
    rows: Vec<(TransactionId, u64, Decimal)>,
    /// Days with a stated balance.
    stated: Vec<u64>,
}

fn household(seed: u64) -> Household {
    let mut numbers = Random::new(seed);
    let class =
        [AccountType::Checking, AccountType::CreditCard, AccountType::Savings][usize::try_from(seed % 3).unwrap()];
    let store = Store::in_memory().unwrap();
    let mut writer = store.begin(ChangeKind::Import, "a.qfx", now()).unwrap();
    let connection =
        Connection { status: ConnectionStatus::Active, ..Connection::new(ConnectionId(1), "ofx_file", "Bank") };
    writer.put_connection(&connection).unwrap();
    let account = Account {
        number_masked: "****0001".into(),
        name: "Account".into(),
        institution: "Bank".into(),
        account_type: class,
        ..Account::new(AccountId(1), ConnectionId(1), "1", AssetCode::USD)
    };
    writer.put_account(&account).unwrap();
    let mut rows: Vec<(u64, Decimal)> = (0..8 + numbers.below(16))
        .map(|_| (numbers.below(120), Decimal::new(i64::try_from(numbers.below(40_000)).unwrap() - 25_000, 2)))
        .filter(|(_, amount)| !amount.is_zero())
        .collect();
    rows.sort_unstable();
    let ids = writer.append_transactions(AccountId(1), rows.iter().map(|(on, amount)| facts(*on, *amount))).unwrap();
    let mut stated: Vec<u64> = (0..5).map(|month| month * 30 + numbers.below(4)).collect();
    stated.dedup();
    for on in &stated {
        let sum: Decimal = rows.iter().filter(|(row, _)| row <= on).map(|(_, amount)| amount).sum();
        let snapshot = Snapshot {
            account_id: AccountId(1),
            date: date(*on),
            change_id: ChangeId(0),
            balance: Decimal::from(1_000) + sum,
            available: None,
            holdings_value: None,
            cash_value: None,
            currency: AssetCode::USD,
            source: SnapshotSource::Statement,
            captured_at: now(),
        };
        writer.put_snapshot(&snapshot).unwrap();
    }
    writer.commit(ChangeCounts::default(), vec![AccountId(1)], Some(ConnectionId(1)), vec![]).unwrap();
    let rows = (ids.start.0..ids.end.0).zip(rows).map(|(id, (on, amount))| (TransactionId(id), on, amount)).collect();
    Household { store, rows, stated }
}

impl Household {
    fn gaps(&self) -> Vec<Span> {
        Ledger::new(self.store.clone()).view().unwrap().gaps(AccountId(1), usize::MAX).unwrap()
    }

    /// The gaps after one change, which is undone again.
    fn with(&self, work: impl FnOnce(&mut Writer)) -> Vec<Span> {
        let mut writer = self.store.begin(ChangeKind::Sync, "fault", now()).unwrap();
        work(&mut writer);
        let change = writer.commit(ChangeCounts::default(), vec![], None, vec![]).unwrap();
        let gaps = self.gaps();
        self.store.toggle(change.id, true, now()).unwrap();
        gaps
    }

    /// The only gap: the days between the stated balances around the row, with the amount.
    fn expect(&self, gaps: &[Span], on: u64, amount: Decimal, what: &str) -> Option<Span> {
        let after = self.stated.partition_point(|stated| *stated < on);
        let inside = after.checked_sub(1).map(|before| self.stated[before]).zip(self.stated.get(after));
        let Some((before, to)) = inside else {
            assert!(gaps.is_empty(), "{what}: a row outside of stated balances");
            return None;
        };
        let [gap] = gaps else { panic!("{what}: {gaps:?}") };
        assert_eq!((gap.from, gap.to, gap.gap), (date(before + 1), date(*to), Some(amount)), "{what}");
        Some(gap.clone())
    }
}

#[test]
fn a_single_fault_names_its_interval_and_amount() {
    let households = std::env::var("HOUSEHOLDS").ok().and_then(|text| text.parse().ok()).unwrap_or(HOUSEHOLDS);
    let mut named = [0_u64; 3];
    for seed in 0..households {
        let own = household(seed);
        assert!(own.gaps().is_empty(), "{seed}");
        for (id, on, amount) in own.rows.clone() {
            let what = format!("household {seed}, row {id} of {amount} on {}", date(on));
            let deleted = own.with(|writer| writer.remove_transaction(id).unwrap());
            if let Some(gap) = own.expect(&deleted, on, amount, &what) {
                assert!(!gap.causes.is_empty(), "{what}");
                let others = gap.causes.iter().any(|cause| cause.kind != CauseKind::Missing);
                let missing = gap.causes.iter().any(|cause| cause.kind == CauseKind::Missing && cause.amount == amount);
                assert!(missing || others, "{what}");
                named[0] += u64::from(missing);
            }
            let doubled = own.with(|writer| {
                writer.append_transactions(AccountId(1), [facts(on, amount)]).unwrap();
            });
            if let Some(gap) = own.expect(&doubled, on, -amount, &what) {
                let twin = gap.causes.iter().any(|cause| cause.kind == CauseKind::Doubled && cause.amount == amount);
                assert!(twin, "{what}: {:?}", gap.causes);
                named[1] += 1;
            }
            let flipped = own.with(|writer| writer.update_transaction(id, &facts(on, -amount)).unwrap());
            if let Some(gap) = own.expect(&flipped, on, amount + amount, &what) {
                let row = gap.causes.iter().any(|cause| cause.kind == CauseKind::Flipped && cause.row == Some(id));
                assert!(row, "{what}: {:?}", gap.causes);
                named[2] += 1;
            }
        }
    }
    assert!(named.iter().all(|count| *count > households), "{named:?}");
}

#[tokio::test]
async fn the_stated_balances_of_the_demo_are_reproduced_by_its_rows() {
    let desk = Desk::new(&[]);
    let folder = tempfile::tempdir().unwrap();
    let mut paths = Vec::new();
    for file in demo::statements(day("2026-11-20")) {
        let path = folder.path().join(&file.name);
        std::fs::write(&path, file.bytes).unwrap();
        paths.push(path);
    }
    desk.handle.import(ImportRequest { paths, ..ImportRequest::default() }, |_| {}).await.unwrap();
    let view = Ledger::new(desk.store.clone()).view().unwrap();
    let rows = desk.rows();
    let mut reproduced = 0;
    for line in view.accounts() {
        let snapshots = view.snapshots(line.account.id).unwrap();
        let Some(first) = snapshots.first() else { continue };
        let settled = dashtam::testing::domain::TransactionStatus::Settled;
        for stated in snapshots.iter().filter(|stated| stated.holdings_value.is_none()) {
            let rolled: Decimal = rows
                .iter()
                .filter(|row| row.account_id == line.account.id && row.facts.status == settled)
                .filter(|row| row.facts.date > first.date && row.facts.date <= stated.date)
                .map(|row| row.facts.amount)
                .sum();
            assert_eq!(first.balance + rolled, stated.balance, "{} on {}", line.account.name, stated.date);
            reproduced += 1;
        }
        assert!(view.gaps(line.account.id, 0).unwrap().is_empty(), "{}", line.account.name);
    }
    assert!(reproduced >= 27, "{reproduced}");
}
