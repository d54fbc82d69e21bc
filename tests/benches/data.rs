//! Statement files of any size for benches and large tests: the same bytes for the same number of rows.
//!
//! Shaped like a bank's download: one checking account in OFX 1.02, some ten years of days, one payee in twelve rows
//! new and the rest from a skewed set of about 80,000, a memo in four rows of ten.

use std::fmt::Write as _;

/// Small and the same everywhere (`SplitMix64`).
pub struct Random(u64);

impl Random {
    /// A sequence of its own for every seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub const fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`.
    pub const fn below(&mut self, bound: u64) -> u64 {
        self.number() % bound
    }
}

const NAMES: [&str; 24] = [
    "COFFEE",
    "MARKET",
    "GROCER",
    "PHARMACY",
    "HARDWARE",
    "BAKERY",
    "BOOKS",
    "CINEMA",
    "GARAGE",
    "TAXI",
    "HOTEL",
    "AIRLINE",
    "ELECTRIC",
    "WATER",
    "TELECOM",
    "INSURANCE",
    "CLINIC",
    "GARDEN",
    "PIZZA",
    "SUSHI",
    "DELI",
    "TOYS",
    "SPORTS",
    "MUSIC",
];
const PLACES: [&str; 20] = [
    "SPRINGFIELD",
    "RIVERSIDE",
    "FRANKLIN",
    "CLINTON",
    "GREENVILLE",
    "BRISTOL",
    "SALEM",
    "FAIRVIEW",
    "MADISON",
    "GEORGETOWN",
    "ARLINGTON",
    "ASHLAND",
    "DOVER",
    "OXFORD",
    "JACKSON",
    "BURLINGTON",
    "MILTON",
    "NEWPORT",
    "CENTER",
    "KINGSTON",
];
const KINDS: [(&str, u64); 5] = [("DEBIT", 60), ("POS", 20), ("CREDIT", 8), ("CHECK", 4), ("XFER", 8)];

/// The number of payees rows are drawn from.
const PAYEES: u64 = 80_000;

/// A statement with `rows` rows.
#[must_use]
pub fn statement(rows: u64) -> String {
    let mut random = Random::new(42);
    let mut out = String::with_capacity(usize::try_from(rows).unwrap_or(0) * 170 + 2_000);
    out.push_str(
        "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nSECURITY:NONE\nENCODING:USASCII\nCHARSET:1252\nCOMPRESSION:NONE\n\
         OLDFILEUID:NONE\nNEWFILEUID:NONE\n\n<OFX>\n<SIGNONMSGSRSV1>\n<SONRS>\n<STATUS>\n<CODE>0\n<SEVERITY>INFO\n</STATUS>\n\
         <DTSERVER>20260101120000\n<LANGUAGE>ENG\n<FI>\n<ORG>B1\n<FID>10898\n</FI>\n<INTU.BID>10898\n</SONRS>\n\
         </SIGNONMSGSRSV1>\n<BANKMSGSRSV1>\n<STMTTRNRS>\n<TRNUID>1\n<STATUS>\n<CODE>0\n<SEVERITY>INFO\n</STATUS>\n<STMTRS>\n\
         <CURDEF>USD\n<BANKACCTFROM>\n<BANKID>021000021\n<ACCTID>000123457890\n<ACCTTYPE>CHECKING\n</BANKACCTFROM>\n\
         <BANKTRANLIST>\n<DTSTART>20160101\n<DTEND>20251231\n",
    );
    for row in 0..rows {
        push_row(&mut out, &mut random, row, rows);
    }
    out.push_str(
        "</BANKTRANLIST>\n<LEDGERBAL>\n<BALAMT>12345.67\n<DTASOF>20251231\n</LEDGERBAL>\n</STMTRS>\n</STMTTRNRS>\n\
         </BANKMSGSRSV1>\n</OFX>\n",
    );
    out
}

fn push_row(out: &mut String, random: &mut Random, row: u64, rows: u64) {
    let day = row * 3_640 / rows.max(1);
    let (year, month, day) = (2016 + day / 364, day % 364 / 31 + 1, day % 364 % 28 + 1);
    let mut share = random.below(100);
    let kind = KINDS.iter().find(|(_, weight)| share.checked_sub(*weight).map(|rest| share = rest).is_none());
    let kind = kind.map_or("DEBIT", |(kind, _)| kind);
    let sign = if kind == "CREDIT" { "" } else { "-" };
    let cents = 100 + random.below(if kind == "CREDIT" { 500_000 } else { 20_000 });
    // The smaller of two draws: some payees come often, most seldom.
    let payee = random.below(PAYEES).min(random.below(PAYEES));
    let (name, place) =
        (NAMES[usize::try_from(payee % 24).unwrap_or(0)], PLACES[usize::try_from(payee / 24 % 20).unwrap_or(0)]);
    let _ = write!(
        out,
        "<STMTTRN>\n<TRNTYPE>{kind}\n<DTPOSTED>{year}{month:02}{day:02}120000[0:GMT]\n<TRNAMT>{sign}{}.{:02}\n\
         <FITID>{year}{month:02}{day:02}{row:09}\n<NAME>{name} {payee:05} {place}\n",
        cents / 100,
        cents % 100,
    );
    if kind == "CHECK" {
        let _ = writeln!(out, "<CHECKNUM>{}", 1_000 + row % 9_000);
    }
    if random.below(10) < 4 {
        let _ =
            writeln!(out, "<MEMO>CARD {:04} REF {:09} AUTH {:06}", random.below(10_000), row, random.below(1_000_000));
    }
    out.push_str("</STMTTRN>\n");
}
