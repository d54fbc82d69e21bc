//! The statement reader against a plain `memchr` pass over the same bytes, in one run: `cargo bench --bench statements`.
//!
//! The ratio is what counts; absolute times vary with the machine. `-- ROWS` sets the number of rows.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::cast_precision_loss, reason = "a bench prints figures")]

mod data;

use std::{
    hint::black_box,
    ops::ControlFlow,
    time::{Duration, Instant},
};

use dashtam::statements::{Limits, ofx};

/// The best of some runs: what the machine can do when nothing else wants it.
fn best(runs: usize, mut work: impl FnMut()) -> Duration {
    (0..runs)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed()
        })
        .min()
        .unwrap()
}

fn main() {
    let rows = std::env::args().filter_map(|argument| argument.parse().ok()).next().unwrap_or(1_000_000);
    let text = data::statement(rows);
    let bytes = text.as_bytes();
    let megabytes = bytes.len() as f64 / 1e6;
    println!("{rows} rows, {megabytes:.0} MB");

    let pass = best(5, || {
        black_box(memchr::memchr_iter(b'<', black_box(bytes)).count());
    });
    let rate = |time: Duration| megabytes / time.as_secs_f64();
    let told = |name: &str, time: Duration| {
        let times = time.as_secs_f64() / pass.as_secs_f64();
        println!("{name:<28} {:>8.1?} {:>7.0} MB/s {times:>6.1} x memchr", time, rate(time));
    };
    told("memchr over every tag", pass);

    let limits = Limits::default();
    let mut keep_going = |_| ControlFlow::Continue(());
    let cut = best(3, || {
        let text = ofx::decode::decode(black_box(bytes));
        let mut tokens = ofx::token::Tokens::new(&text);
        let mut count = 0usize;
        while let Some(token) = tokens.next_token() {
            count += token.text.len();
        }
        black_box(count);
    });
    told("decode and tags", cut);
    let streamed = best(3, || {
        let mut count = 0usize;
        ofx::stream(black_box(bytes), &limits, &mut keep_going, &mut |_| count += 1).unwrap();
        assert_eq!(count as u64, rows);
    });
    told("rows, one by one", streamed);
    let collected = best(3, || {
        let statement = ofx::read(black_box(bytes), &limits, &mut keep_going).unwrap();
        assert_eq!(statement.accounts[0].transactions.len() as u64, rows);
    });
    told("rows, collected", collected);
}
