//! Importing again a statement whose rows all have one id, against one whose ids are unique, by the program itself:
//! `cargo bench --bench identity [-- ROWS]`.
//!
//! The ratio is what counts: at most 1.5. Both sides run in turn, each over a profile of its own, and the best of some runs counts.

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
fn statement(rows: usize, skipped: usize, id: impl Fn(usize) -> String) -> String {
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
            "<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>{date}<TRNAMT>-{}.{:02}<FITID>{id}<NAME>Shop {}</STMTTRN>",
            row % 90 + 1,
            row % 100,
            row % 500
        )
        .unwrap();
    }
    text.push_str("</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>\n");
    text
}

fn import(home: &Path, data: &Path, file: &Path) -> Duration {
    let begun = Instant::now();
    let done = Command::new(env!("CARGO_BIN_EXE_dashtam"))
        .args(["--data-dir".as_ref(), data.as_os_str(), "import".as_ref(), file.as_os_str()])
        .envs([("DASHTAM_VAULT", "memory".as_ref()), ("HOME", home.as_os_str())])
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    begun.elapsed()
}

fn main() {
    let rows = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(200_000);
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    let mut sides = Vec::new();
    for (name, is_unique) in [("unique ids", true), ("one constant id", false)] {
        let id = |row: usize| if is_unique { format!("id-{row}") } else { "-1".to_owned() };
        let [first, again] = [0, 1].map(|skipped| {
            let path = home.join(format!("{is_unique}-{skipped}.ofx"));
            std::fs::write(&path, statement(rows, skipped, id)).unwrap();
            path
        });
        let data = home.join(format!("{is_unique}"));
        let took = import(home, &data, &first);
        println!("{name}: {rows} rows imported in {:.2} s", took.as_secs_f64());
        sides.push((name, data, again, Duration::MAX));
    }
    for _ in 0..RUNS {
        for (_, data, again, best) in &mut sides {
            *best = import(home, data, again).min(*best);
        }
    }
    for (name, .., best) in &sides {
        println!("{name}: imported again in {:.2} s", best.as_secs_f64());
    }
    println!("one constant id / unique ids: {:.2}", sides[1].3.as_secs_f64() / sides[0].3.as_secs_f64());
}
