//! Fuzzing without a fuzzer: mutates the seeds for the given number of seconds and runs every target on each result. The
//! third argument leaves out seeds with more bytes: short inputs make many more rounds.
//! Whatever panics is left in `crash.bin`, with the number of the round on stderr.

use std::{
    fs,
    io::Read as _,
    path::Path,
    time::{Duration, Instant},
};

struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % (bound.max(1) as u64)).unwrap_or(0)
    }
}

/// Pieces that matter to the reader, so that mutations hit more than text.
const PIECES: [&[u8]; 46] = [
    b"<", b">", b"</", b"/>", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"&amp;", b"&#", b";", b"\0", b"\xff\xfe", b"\xef\xbb\xbf",
    b"<STMTTRN>", b"</STMTTRN>", b"<STMTRS>", b"<INVSTMTRS>", b"<OFX>", b"<CURRENCY>", b"<TRNAMT>", b"1,234", b"1.234", b"-", b"99999999999999999999",
    b"20261345", b"<INVTRAN>", b"<UNKNOWN>",
    b",\"", b"\"\"", b";", b"\t", b"\r\n", b"13/04/2024", b"-1.234,56", b"(1.00)", b"sep=|\n", b":61:", b":86:?20", b":62F:", b"\n^\n", b"!Type:Bank\n",
    b"<Ntry>", b"</Ntry>", b"<Amt Ccy=\"EUR\">", b"'=x",
];

fn mutate(random: &mut Random, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = seeds[random.below(seeds.len())].clone();
    for _ in 0..=random.below(6) {
        let at = random.below(bytes.len() + 1);
        match random.below(6) {
            0 if !bytes.is_empty() => {
                let at = at.min(bytes.len() - 1);
                bytes[at] = u8::try_from(random.below(256)).unwrap_or(0);
            }
            1 => {
                let piece = PIECES[random.below(PIECES.len())];
                bytes.splice(at..at, piece.iter().copied());
            }
            2 => bytes.truncate(at),
            3 => {
                let end = (at + random.below(40)).min(bytes.len());
                bytes.drain(at..end);
            }
            4 => {
                let end = (at + random.below(200)).min(bytes.len());
                let part = bytes[at..end].to_vec();
                let to = random.below(bytes.len() + 1);
                bytes.splice(to..to, part);
            }
            _ => {
                let other = &seeds[random.below(seeds.len())];
                let from = random.below(other.len());
                let to = (from + random.below(200)).min(other.len());
                bytes.splice(at..at, other[from..to].iter().copied());
            }
        }
    }
    bytes
}

/// What long runs have found worth keeping: the files of a plain tar, gzipped. Each has a heading of 512 bytes, with its
/// size in octal digits at 124, and is filled up to a multiple of 512.
fn grown(path: &Path) -> Vec<Vec<u8>> {
    let mut tar = Vec::new();
    let opened = fs::File::open(path).expect("the grown corpus");
    flate2::read::GzDecoder::new(opened).read_to_end(&mut tar).expect("the grown corpus unpacks");
    let (mut rest, mut files) = (tar.as_slice(), Vec::new());
    while let Some((heading, body)) = rest.split_first_chunk::<512>() {
        let digits = String::from_utf8_lossy(&heading[124..135]);
        let Ok(size) = usize::from_str_radix(digits.trim_matches(['\0', ' ']), 8) else { break };
        files.extend(body.get(..size).filter(|body| !body.is_empty()).map(<[u8]>::to_vec));
        rest = body.get(size.next_multiple_of(512)..).unwrap_or_default();
    }
    files
}

fn main() {
    let seconds = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(10);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut seeds: Vec<Vec<u8>> = Vec::new();
    for target in ["decode", "tokens", "reader"] {
        for entry in fs::read_dir(folder.join(target)).into_iter().flatten().flatten() {
            seeds.extend(fs::read(entry.path()));
        }
    }
    for format in ["ofx", "camt", "mt940", "qif", "statements/tables"] {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(format);
        for entry in fs::read_dir(fixtures).into_iter().flatten().flatten() {
            if entry.path().extension().is_some_and(|extension| extension != "json") {
                seeds.extend(fs::read(entry.path()));
            }
        }
    }
    seeds.extend(grown(&folder.join("grown.tar.gz")));
    let largest = std::env::args().nth(3).and_then(|text| text.parse().ok()).unwrap_or(usize::MAX);
    seeds.retain(|seed| seed.len() <= largest);
    assert!(!seeds.is_empty(), "no seeds in {}", folder.display());
    let mut random = Random(std::env::args().nth(2).and_then(|text| text.parse().ok()).unwrap_or(0x5eed_5eed));
    let (start, mut rounds, mut slowest) = (Instant::now(), 0u64, Duration::ZERO);
    while start.elapsed() < Duration::from_secs(seconds) {
        let bytes = mutate(&mut random, &seeds);
        let round = Instant::now();
        let outcome = std::panic::catch_unwind(|| {
            dashtam_fuzz::decode(&bytes);
            dashtam_fuzz::tokens(&bytes);
            dashtam_fuzz::reader(&bytes);
        });
        slowest = slowest.max(round.elapsed());
        if outcome.is_err() {
            let _ = fs::write("crash.bin", &bytes);
            eprintln!("round {rounds} panicked; its input is in crash.bin");
            std::process::exit(1);
        }
        rounds += 1;
        // What is now and then kept leads further away from the seeds.
        if rounds % 4_096 == 0 && bytes.len() < largest.min(4_000) && seeds.len() < 10_000 {
            seeds.push(bytes);
        }
    }
    println!("{} seeds, {rounds} rounds of three targets in {seconds} s without a panic; the slowest took {slowest:?}", seeds.len());
}
