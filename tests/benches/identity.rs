//! Importing again a statement whose rows all have one id, and one whose rows all have other texts and ids, so that every row may be a
//! known one, against one whose ids are unique, by the program itself: `cargo bench --bench identity [-- ROWS]`.
//!
//! The ratios are what counts: at most 1.5 for the first, and for the second the same whatever the number of rows. All sides run in
//! turn, each over its own profile and without writing, and the best of some runs counts.

#![expect(clippy::print_stdout, reason = "a bench reports on stdout")]
#![expect(clippy::unwrap_used, reason = "a bench that can't go on has nothing to report")]

use std::{
    fmt::Write as _,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

const RUNS: usize = 5;

/// A statement of `rows` rows, the first `skipped` of them left out. Some rows of a day are equal.
fn statement(rows: usize, skipped: usize, id: impl Fn(usize) -> String, name: &str) -> String {
    let mut text = String::from(
        "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>USD<BANKACCTFROM>\
         <BANKID>021000021<ACCTID>123457890<ACCTTYPE>CHECKING</BANKACCTFROM><BANKTRANLIST>\n",
    );
    for row in skipped..rows {
        let (year, day) = (2010 + row * 10 / rows, row * 3360 / rows % 336);
        let date = format!("{year}{:02}{:02}", day / 28 + 1, day % 28 + 1);
        let id = id(row);
        writeln!(
            text,
            "<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>{date}<TRNAMT>-{}.{:02}<FITID>{id}<NAME>{name} {}</STMTTRN>",
            row % 90 + 1,
            row % 100,
            row % 500
        )
        .unwrap();
    }
    text.push_str("</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>\n");
    text
}

fn import(home: &Path, data: &Path, file: &Path, options: &[&str]) -> Duration {
    let begun = Instant::now();
    let done = Command::new(env!("CARGO_BIN_EXE_dashtam"))
        .args(["--data-dir".as_ref(), data.as_os_str(), "import".as_ref(), file.as_os_str()])
        .args(options)
        .envs([("DASHTAM_VAULT", "memory".as_ref()), ("HOME", home.as_os_str())])
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    begun.elapsed()
}

fn unique(row: usize) -> String {
    format!("id-{row}")
}

fn other(row: usize) -> String {
    format!("other-{row}")
}

fn constant(_row: usize) -> String {
    "-1".to_owned()
}

type IdOfRow = fn(usize) -> String;

fn main() {
    let rows = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(200_000);
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    let kinds: [(&str, IdOfRow, IdOfRow, &str); 3] = [
        ("unique ids", unique, unique, "Shop"),
        ("one constant id", constant, constant, "Shop"),
        ("other ids and texts", unique, other, "Bakery in the old town"),
    ];
    let mut sides = Vec::new();
    for (place, (name, id, id_again, payee)) in kinds.into_iter().enumerate() {
        let [first, again] = ["first", "again"].map(|file| home.join(format!("{place}-{file}.ofx")));
        std::fs::write(&first, statement(rows, 0, id, "Shop")).unwrap();
        std::fs::write(&again, statement(rows, 1, id_again, payee)).unwrap();
        let data = home.join(place.to_string());
        let took = import(home, &data, &first, &[]);
        println!("{name}: {rows} rows imported in {:.2} s", took.as_secs_f64());
        sides.push((name, data, again, Duration::MAX));
    }
    for _ in 0..RUNS {
        for (_, data, again, best) in &mut sides {
            *best = import(home, data, again, &["--dry-run"]).min(*best);
        }
    }
    let unique = sides[0].3.as_secs_f64();
    for (name, .., best) in &sides {
        let best = best.as_secs_f64();
        println!("{name}: imported again in {best:.2} s, {:.2} times as long as under unique ids", best / unique);
    }
}
