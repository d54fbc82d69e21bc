//! The statement reader against a plain `memchr` pass over the same bytes, in one run: `cargo bench --bench statements`.
//!
//! The ratio is what counts; absolute times vary with the machine. `-- ROWS` sets the number of rows.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::cast_precision_loss, reason = "a bench prints figures")]

#[allow(dead_code, unreachable_pub, reason = "shared by benches, each of which uses a part")]
mod data;

use std::{
    hint::black_box,
    ops::ControlFlow,
    time::{Duration, Instant},
};

use dashtam::testing::statements::{self, Limits, QuestionAnswers, StatementFile, ofx};

/// Time this thread has spent on a processor, which neighbours on the machine don't lengthen; elsewhere than on Linux
/// the clock on the wall.
fn now(start: Instant) -> Duration {
    let spent = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = spent.and_then(|spent| spent.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(|| start.elapsed(), Duration::from_nanos)
}

/// The best of some runs: what the machine can do.
fn best<T>(runs: usize, mut work: impl FnMut() -> T) -> Duration {
    let clock = Instant::now();
    (0..runs)
        .map(|_| {
            let start = now(clock);
            let kept = work();
            let spent = now(clock).saturating_sub(start);
            drop(kept);
            spent
        })
        .min()
        .unwrap()
}

fn main() {
    let rows = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(1_000_000);
    let text = data::statement(rows);
    let bytes = text.as_bytes();
    let megabytes = bytes.len() as f64 / 1e6;
    println!("{rows} rows, {megabytes:.0} MB");

    // Many passes to one measurement: the kernel accounts in steps of milliseconds.
    let passes = 50;
    let pass = best(3, || {
        for _ in 0..passes {
            black_box(memchr::memchr_iter(b'<', black_box(bytes)).count());
        }
    }) / passes;
    let rate = |time: Duration| megabytes / time.as_secs_f64();
    let print = |name: &str, time: Duration| {
        let times = time.as_secs_f64() / pass.as_secs_f64();
        println!("{name:<28} {:>8.1?} {:>7.0} MB/s {times:>6.1} x memchr", time, rate(time));
    };
    print("memchr over every tag", pass);

    let (limits, answers) = (Limits::default(), QuestionAnswers::default());
    let input = StatementFile { bytes, file_name: "", limits: &limits, layouts: &[], answers: &answers };
    let mut keep_going = |_| ControlFlow::Continue(());
    let cut = best(3, || {
        let text = statements::decode(black_box(bytes));
        let mut tokens = ofx::token::Tokens::new(&text);
        let mut count = 0usize;
        while let Some(token) = tokens.next_token() {
            count += token.text.len();
        }
        black_box(count);
    });
    print("decode and tags", cut);
    let streamed = best(3, || {
        let mut count = 0usize;
        ofx::stream(black_box(&input), &mut keep_going, &mut |_| count += 1).unwrap();
        assert_eq!(count as u64, rows);
    });
    print("rows, one by one", streamed);
    let collected = best(3, || {
        let reading = statements::read(black_box(&input), &mut keep_going).unwrap();
        assert_eq!(reading.statements[0].accounts[0].transactions.len() as u64, rows);
        reading
    });
    print("rows, collected", collected);
    if let Some(memory) = peak_memory() {
        println!(
            "most memory at once: {:.2} x the file, the file itself and one read included",
            memory as f64 / bytes.len() as f64
        );
    }
}

/// The most memory this process has held, in bytes.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}
