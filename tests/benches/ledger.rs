//! What the ledger costs on a million rows, and how that compares with the bare work underneath.
//!
//! `cargo bench --bench ledger` prints times and ratios; `ROWS=100000` makes it smaller. The data is made up and always
//! the same: ten years, about 80,000 payees, six accounts, two in five rows with a memo.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

#[allow(dead_code, unreachable_pub, reason = "shared by benches, each of which uses a part")]
mod data;

use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{DateTime, Days, Months, NaiveDate};
use dashtam::testing::{
    columns::{CHUNK_ROWS, ChunkBuilder, Columns},
    domain::{
        Account, AccountId, AccountType, AssetCode, ChangeId, Connection, ConnectionId, ConnectionStatus, Kind,
        Snapshot, SnapshotSource, Transaction, TransactionFacts, TransactionId, TransactionStatus, TransactionSubtype,
        UserFields,
    },
    ledger::{
        AccountLine, By, Daily, Every, Query, Sort, SortKey, Standing, aggregate, order,
        search::{AccountNames, RowSet, search},
        sums,
    },
};
use data::Random;
use rust_decimal::Decimal;

const SHOPS: [&str; 16] = [
    "COFFEE",
    "MARKET",
    "PHARMACY",
    "BAKERY",
    "FUEL",
    "AIRLINES",
    "HOTEL",
    "BOOKS",
    "RESTAURANT",
    "GROCERY",
    "HARDWARE",
    "INSURANCE",
    "ELECTRIC",
    "TELECOM",
    "PARKING",
    "CINEMA",
];
const NAMES: [&str; 12] = [
    "BLUE BOTTLE",
    "NORTHSIDE",
    "SUNRISE",
    "OLD MILL",
    "RIVER",
    "SAINT JAMES",
    "GOLDEN GATE",
    "LUCKY",
    "HARBOR",
    "Café Zoë",
    "MAPLE",
    "UNION",
];

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 20).unwrap_or_default()
}

fn row(id: u64, rows: u64, numbers: &mut Random) -> Transaction {
    let day = id * 3652 / rows;
    let date = today() - Days::new(3651 - day);
    // Few payees have most of the rows, as in life.
    let payee = numbers.below(80_000).min(numbers.below(80_000)).min(numbers.below(80_000));
    let cents = match numbers.below(100) {
        0..=4 => 150_000 + i64::try_from(numbers.below(300_000)).unwrap_or_default(),
        5..=20 => -i64::try_from(numbers.below(200_000)).unwrap_or_default(),
        _ => -i64::try_from(numbers.below(9_000)).unwrap_or_default(),
    };
    let mut facts = TransactionFacts::new(date, Decimal::new(cents, 2), AssetCode::USD);
    facts.provider_id = Some(format!("{}{:08}", date.format("%Y%m%d"), id).into());
    let pick = |names: &[&'static str], number: u64| {
        let count = names.len() as u64;
        names[usize::try_from(number % count).unwrap_or_default()]
    };
    let (name, shop) = (pick(&NAMES, payee), pick(&SHOPS, payee / 12));
    facts.payee = Some(format!("{name} {shop} #{payee:05}").into());
    if numbers.below(5) < 2 {
        facts.memo = Some(format!("POS PURCHASE TERMINAL {:08} CARD 7890", numbers.below(99_999_999)).into());
    }
    facts.kind = Kind(if cents > 0 { TransactionSubtype::Deposit } else { TransactionSubtype::Purchase });
    if numbers.below(500) == 0 {
        facts.status = TransactionStatus::Cancelled;
    }
    Transaction { id: TransactionId(id), account_id: AccountId(1 + numbers.below(6)), change_id: ChangeId(1), facts }
}

/// The best of some runs: the cost of the work on an idle processor.
fn best<T>(runs: u32, mut work: impl FnMut() -> T) -> Duration {
    (0..runs)
        .map(|_| {
            let start = Instant::now();
            black_box(work());
            start.elapsed()
        })
        .min()
        .unwrap_or_default()
}

fn line(name: &str, time: Duration, note: &str) {
    println!("{name:<44} {:>9.2} ms  {note}", time.as_secs_f64() * 1e3);
}

/// One blob per chunk, as the store makes them.
fn build(rows: &[Transaction]) -> Vec<Vec<u8>> {
    let user = UserFields::default();
    let chunks = rows.chunk_by(|left, right| left.id.0 / CHUNK_ROWS == right.id.0 / CHUNK_ROWS);
    let blob = |rows: &[Transaction]| {
        let mut builder = ChunkBuilder::new(rows[0].id.0 / CHUNK_ROWS);
        for row in rows {
            builder.push(row, &user).unwrap_or_default();
        }
        builder.finish()
    };
    chunks.map(blob).collect()
}

fn found(columns: &Columns, query: &str) -> RowSet {
    search(columns, &AccountNames::default(), Query::parse(query, today()).expr(), None)
}

fn words(columns: &Columns) {
    // What a sweep without columns would have to go through: all texts, row by row; and the same word in the buffers
    // that the search goes through.
    let mut texts = Vec::new();
    for row in (0..).take(columns.len()) {
        texts.extend_from_slice(columns.head(columns.heads_of()[row as usize]));
        texts.extend_from_slice(columns.tail(row));
    }
    let hits = |text: &[u8]| memchr::memmem::find_iter(text, "coffee").count();
    let raw = best(20, || hits(&texts));
    let own = best(20, || hits(columns.heads()) + hits(columns.tails()));
    line("bare memmem of all texts, `coffee`", raw, &format!("{} MB", texts.len() / 1_000_000));
    line("bare memmem of the columns' texts", own, "");
    let sweep = best(20, || found(columns, "coffee"));
    let ratio = |other: Duration| sweep.as_secs_f64() / other.as_secs_f64();
    let note = format!("{:.2} x bare memmem (bar 3), {:.2} x in its own texts", ratio(raw), ratio(own));
    line("search `coffee`", sweep, &note);
}

/// A keystroke: parse, search (within the rows of the last keystroke when it narrows), list, count and sums. Each is
/// repeated, and the best run counts, so that other programs' work is left out.
fn keystrokes(columns: &Columns) {
    let (scope, newest) = (AccountNames::default(), columns.newest_first());
    let mut times = Vec::new();
    let texts = [
        "payee:coffee amt<-4 2026",
        "blue bottle coffee",
        "e",
        "purchase -coffee",
        "7890 or market",
        "zoe caf",
        "memo:terminal last:90d",
        "amt:-20..-5",
        "id:2021 -grocery",
        "x",
    ];
    for text in texts {
        let mut last: Option<(Query, RowSet)> = None;
        for end in (1..=text.len()).filter(|end| text.is_char_boundary(*end)) {
            let wider = last.as_ref().filter(|(wider, _)| Query::parse(&text[..end], today()).narrows(wider));
            let (mut query, mut rows) = (Query::default(), RowSet::none(0));
            let time = best(5, || {
                query = Query::parse(&text[..end], today());
                rows = match wider {
                    Some((wider, within)) => search(columns, &scope, &query.beyond(wider), Some(within)),
                    None => search(columns, &scope, query.expr(), None),
                };
                (rows.in_order(newest), sums(columns, Some(&rows)))
            });
            times.push((time, text[..end].to_owned()));
            last = Some((query, rows));
        }
    }
    times.sort();
    let at = |share: usize| &times[(times.len() - 1) * share / 100];
    line("keystroke, p50", at(50).0, "bar 5");
    let worst = format!("bar 16; worst {:.2} at `{}`", at(100).0.as_secs_f64() * 1e3, at(100).1);
    line("keystroke, p99", at(99).0, &worst);
}

fn reports(columns: &Columns) {
    let scope = AccountNames::default();
    for key in SortKey::ALL {
        let time = best(3, || order(columns, &scope, Sort { key: *key, descending: true }));
        let note = if *key == SortKey::Amount { "bar 150" } else { "" };
        line(&format!("sort by {}", key.as_str()), time, note);
    }
    let totals = |by: By| best(10, || aggregate(columns, &scope, None, by));
    line("totals per day and per month", totals(By::Day) + totals(By::Month), "bar 20");
    line("totals per payee", totals(By::Payee), "");
    line("sum of all", best(10, || sums(columns, None)), "");
}

/// Ten years of daily net worth, from the columns, with a stated balance per account and month.
fn daily_net_worth(columns: &Columns) {
    let connection = Arc::new(connection());
    let accounts: Vec<AccountLine> = (1..=6).map(|id| account_line(id, &connection)).collect();
    let month_ends = |account: u64| (0..120).map(move |month| stated(account, today() - Months::new(119 - month)));
    let snapshots: Vec<Vec<Snapshot>> = (1..=6).map(|account| month_ends(account).collect()).collect();
    let one_pass = best(5, || columns.mantissas().iter().map(|mantissa| i128::from(*mantissa)).sum::<i128>());
    let work = || Daily::of(&accounts, &snapshots, columns).net_worth_series(Every::Day, today());
    assert!(work().len() > 3_500, "the series is ten years long");
    let daily = best(5, work);
    let ratio = daily.as_secs_f64() / one_pass.as_secs_f64();
    line("one pass over the amounts", one_pass, "");
    line("daily net worth of ten years", daily, &format!("bar 20; {ratio:.0} passes over the amounts"));
}

fn stated(account: u64, date: NaiveDate) -> Snapshot {
    Snapshot {
        account_id: AccountId(account),
        date,
        change_id: ChangeId(1),
        balance: Decimal::new(100_000, 2),
        available: None,
        holdings_value: None,
        cash_value: None,
        currency: AssetCode::USD,
        source: SnapshotSource::AccountSync,
        captured_at: DateTime::UNIX_EPOCH,
    }
}

fn connection() -> Connection {
    Connection { status: ConnectionStatus::Active, ..Connection::new(ConnectionId(1), "ofx_file", "Bank") }
}

fn account_line(id: u64, connection: &Arc<Connection>) -> AccountLine {
    let account = Account {
        name: "Account".into(),
        institution: "Bank".into(),
        account_type: AccountType::Checking,
        ..Account::new(AccountId(id), ConnectionId(1), id.to_string(), AssetCode::USD)
    };
    AccountLine {
        account,
        balance: None,
        standing: Standing::Unknown,
        connection: Arc::clone(connection),
        transaction_count: 0,
    }
}

fn main() {
    let rows: u64 = std::env::var("ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(1_000_000);
    let mut numbers = Random::new(7);
    let all: Vec<Transaction> = (0..rows).map(|id| row(id, rows, &mut numbers)).collect();
    let blobs = build(&all);
    let size: usize = blobs.iter().map(Vec::len).sum();
    line("build chunks", best(3, || build(&all)), &format!("{} MB of blobs", size / 1_000_000));
    drop(all);
    let load = || Columns::from_chunks(&blobs).map(|columns| columns.newest_first().len());
    line("load columns, newest first", best(5, load), "bar 100");
    let Ok(columns) = Columns::from_chunks(&blobs) else { return };
    let texts = columns.heads().len() + columns.tails().len();
    println!("memory {} MB, of it texts {} MB", columns.memory() / 1_000_000, texts / 1_000_000);
    words(&columns);
    keystrokes(&columns);
    reports(&columns);
    daily_net_worth(&columns);
}
