//! Bulk append into the store against the bare database: `cargo bench --bench store [-- ROWS]`.
//!
//! Ratios are what counts; both sides run in one process over the same rows.
#![expect(clippy::print_stdout, reason = "a bench reports on stdout")]
#![expect(clippy::unwrap_used, reason = "a bench that can't go on has nothing to report")]

use std::{
    collections::HashMap,
    ops::{Bound, ControlFlow},
    path::Path,
    time::{Duration, Instant},
};

use chrono::{DateTime, NaiveDate, Utc};
use dashtam::testing::{
    domain::{
        Account, AccountId, AccountType, AssetCode, ChangeCounts, ChangeId, ChangeKind, Connection, ConnectionId,
        ConnectionStatus, TransactionFacts, TransactionId, UserFields,
    },
    ledger::{Explainer, Ledger, ListRequest, explain::Figure},
    store::Store,
};
use redb::{Database, TableDefinition};
use rust_decimal::Decimal;

const ROWS: TableDefinition<u64, &[u8]> = TableDefinition::new("rows");
const DATES: TableDefinition<u128, ()> = TableDefinition::new("dates");
const IDS: TableDefinition<u128, ()> = TableDefinition::new("ids");

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

/// A small deterministic generator: the same rows on every run.
struct Lcg(u64);

impl Lcg {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// Ten years of rows, some 80,000 payees, 40 % with a memo.
fn rows(count: u64) -> impl Iterator<Item = TransactionFacts> {
    let mut random = Lcg(7);
    (0..count).map(move |number| {
        let days = i32::try_from(number * 3650 / count).unwrap();
        let date = NaiveDate::from_num_days_from_ce_opt(736_000 + days).unwrap();
        let cents = i64::try_from(random.below(50_000)).unwrap() - 45_000;
        let mut facts = TransactionFacts::new(date, Decimal::new(cents, 2), AssetCode::USD);
        facts.provider_id = Some(format!("{date}{number:09}").into());
        facts.payee = Some(format!("PAYEE NUMBER {:05} STORE", random.below(80_000)).into());
        if random.below(10) < 4 {
            facts.memo = Some(format!("POS PURCHASE {:06} ANYTOWN", random.below(1_000_000)).into());
        }
        facts.raw_type = Some("DEBIT".into());
        facts.origin.line = u32::try_from(number * 9).unwrap();
        facts
    })
}

/// Runs `work`; prints and returns how long it took, and how much of a processor.
fn timed<T>(what: &str, work: impl FnOnce() -> T) -> (T, Duration) {
    let (start, busy) = (Instant::now(), processor());
    let value = work();
    let (taken, busy) = (start.elapsed(), processor().saturating_sub(busy));
    println!("{what:<44} {:>8.1} ms, {:>6} ms of processors", taken.as_secs_f64() * 1e3, busy.as_millis());
    (value, busy.max(Duration::from_millis(1)))
}

/// Processor time of this process; other work on the machine does not disturb it.
fn processor() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(") ").next().unwrap_or_default().split(' ').skip(11).take(2);
    let ticks: u64 = fields.filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

/// The least that any store on this database must do: values of the same size in order, two sorted indexes, one
/// durable commit.
fn bare(path: &Path, count: u64) {
    let db = Database::create(path).unwrap();
    let mut txn = db.begin_write().unwrap();
    txn.set_two_phase_commit(true);
    txn.set_quick_repair(true);
    let (mut dates, mut ids) = (Vec::new(), Vec::new());
    {
        let mut table = txn.open_table(ROWS).unwrap();
        let mut cursor = table.upper_bound_mut(Bound::<u64>::Unbounded).unwrap();
        let mut value = Vec::new();
        for (pk, facts) in (1_u64..).zip(rows(count)) {
            value.clear();
            value.resize(40, 0);
            for text in [&facts.provider_id, &facts.payee, &facts.memo, &facts.raw_type].into_iter().flatten() {
                value.extend_from_slice(text.as_bytes());
            }
            cursor.insert_before(pk, value.as_slice()).unwrap();
            dates.push(u128::from(pk) | u128::from(pk / 300) << 64);
            ids.push(u128::from(pk) | u128::from(pk.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) << 64);
        }
        cursor.close().unwrap();
    }
    for (definition, mut keys) in [(DATES, dates), (IDS, ids)] {
        keys.sort_unstable();
        let mut table = txn.open_table(definition).unwrap();
        let mut cursor = table.upper_bound_mut(Bound::<u128>::Unbounded).unwrap();
        for key in keys {
            cursor.insert_before(key, ()).unwrap();
        }
        cursor.close().unwrap();
    }
    txn.commit().unwrap();
}

fn account() -> Account {
    Account {
        number_masked: "****7890".into(),
        name: "Checking".into(),
        institution: "Bank".into(),
        account_type: AccountType::Checking,
        ..Account::new(AccountId(1), ConnectionId(1), "1", AssetCode::USD)
    }
}

fn connection() -> Connection {
    Connection { status: ConnectionStatus::Active, ..Connection::new(ConnectionId(1), "ofx_file", "Bank") }
}

fn import(store: &Store, count: u64) -> ChangeId {
    let mut writer = store.begin(ChangeKind::Import, "bench.qfx", now()).unwrap();
    writer.put_connection(&connection()).unwrap();
    writer.put_account(&account()).unwrap();
    writer.append_transactions(AccountId(1), rows(count)).unwrap();
    writer.commit(ChangeCounts::default(), vec![AccountId(1)], Some(ConnectionId(1)), vec![]).unwrap().id
}

fn megabytes(path: &Path) -> String {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = std::fs::metadata(path).unwrap();
    format!("{} ({} on disk)", metadata.len() >> 20, metadata.blocks() >> 11)
}

fn resident() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("?").trim().to_owned();
    format!("resident {}, at most {}", field("VmRSS:"), field("VmHWM:"))
}

/// The list of all rows, today and as of a day in the middle of them, and the tree of their sum.
fn lists(store: &Store) {
    let ledger = Ledger::new(store.clone());
    let opened = |ledger: &Ledger| {
        let view = ledger.view().unwrap();
        let view = view.with_columns(view.load_columns().unwrap());
        let rows = view.list(&ListRequest::default()).unwrap().len();
        (view, rows)
    };
    let day = NaiveDate::from_num_days_from_ce_opt(736_000 + 3650 / 2).unwrap();
    let mut times = [Duration::MAX; 2];
    for _ in 0..5 {
        for (time, ledger) in times.iter_mut().zip([&ledger, &ledger.until(day)]) {
            let start = Instant::now();
            assert!(opened(ledger).1 > 0);
            *time = start.elapsed().min(*time);
        }
    }
    let [today, then] = times.map(|time| time.as_secs_f64() * 1e3);
    println!("{:<44} {today:>8.1} ms", "the list of all rows, best of 5");
    println!("{:<44} {then:>8.1} ms, {:.2} times as long (bar 2)", "the same as of a day in the middle", then / today);
    let explainer = Explainer::new(opened(&ledger).0, day);
    let figure: Figure = "rows:1:USD:+-status:=cancelled".parse().unwrap();
    let start = Instant::now();
    let node = explainer.node(&figure).unwrap().unwrap();
    let inputs = explainer.inputs(&figure, 0..200).unwrap();
    let taken = start.elapsed().as_secs_f64() * 1e3;
    assert_eq!(inputs.len(), 200.min(node.inputs));
    println!("{:<44} {taken:>8.1} ms (bar 50)", format!("the tree of a sum of {} rows", node.inputs));
}

fn main() {
    let count = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(1_000_000);
    let mut folder = tempfile::tempdir().unwrap();
    folder.disable_cleanup(std::env::var_os("DASHTAM_BENCH_KEEP").is_some());
    println!("{}", folder.path().display());
    let path = folder.path().join("dashtam.redb");
    println!("{count} rows");
    timed("making the rows", || rows(count).map(|facts| facts.payee.map_or(0, |payee| payee.len())).sum::<usize>());
    let ((), least) = timed("bare database: rows, two indexes, commit", || bare(&folder.path().join("bare"), count));

    let store = Store::open(&path).unwrap();
    let (change, taken) = timed("store: append, two indexes, commit", || import(&store, count));
    println!("{:<44} {:>8.2}", "ratio store / bare, in processor time", taken.as_secs_f64() / least.as_secs_f64());
    println!("{:<44} {:>8} MB, {}", "file", megabytes(&path), resident());

    timed("scan", || {
        store.read().unwrap().scan(|_, _| ControlFlow::Continue(())).unwrap();
    });
    timed("first page", || store.read().unwrap().newest(None, 0, 50).unwrap());
    timed("edit one row", || {
        let mut writer = store.begin(ChangeKind::Edit, "note", now()).unwrap();
        let fields = UserFields { note: Some("x".into()), ..UserFields::default() };
        writer.set_user_fields(TransactionId(count / 2), &fields).unwrap();
        writer.commit(ChangeCounts::default(), vec![], None, vec![]).unwrap()
    });
    timed("10,000 rows more", || import(&store, 10_000));
    timed("verify", || store.verify().unwrap());
    timed("undo the first", || store.toggle(change, true, now()).unwrap());
    println!("{:<44} {:>8} MB, {}", "file", megabytes(&path), resident());
    timed("redo the first", || store.toggle(change, false, now()).unwrap());
    timed("all identities", || {
        let mut seen = HashMap::new();
        let reader = store.read().unwrap();
        let each = |row: dashtam::testing::domain::Transaction, _: &UserFields| {
            seen.insert(row.facts.provider_id, row.id);
            ControlFlow::Continue(())
        };
        reader.scan_account(AccountId(1), each).unwrap();
        seen.len()
    });
    lists(&store);
    timed("compact", || store.compact().unwrap());
    println!("{:<44} {:>8} MB, {}", "file", megabytes(&path), resident());
    timed("backup, verified", || store.backup(&folder.path().join("backup")).unwrap());

    drop(store);
    println!("{:<44} {:>8} MB", "file, closed", megabytes(&path));
    let reopened = timed("reopen after a clean stop", || Store::open(&path).unwrap());
    drop(reopened);
    let store = Store::open(&path).unwrap();
    let copy = folder.path().join("killed");
    std::fs::copy(&path, &copy).unwrap();
    std::fs::File::open(&copy).unwrap().sync_all().unwrap();
    let reopened = timed("reopen after a kill, first page", || {
        let store = Store::open(&copy).unwrap();
        assert_eq!(store.read().unwrap().newest(None, 0, 50).unwrap().len(), 50);
        store
    });
    drop(reopened);
    drop(store);
}
