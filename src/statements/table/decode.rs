//! Bytes to text: byte order marks, UTF-16 without one, UTF-8, else the old code page under which the text reads best.
//!
//! Used by the table reader. INVARIANT: linear; a wrong guess garbles text, never digits.

use std::borrow::Cow;

use encoding_rs::{
    BIG5, EUC_JP, EUC_KR, Encoding, GB18030, ISO_8859_2, MACINTOSH, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1250,
    WINDOWS_1251, WINDOWS_1252, WINDOWS_1253, WINDOWS_1254, WINDOWS_1255, WINDOWS_1257,
};

use super::words::Words;

/// Bytes looked at to choose a code page.
const SAMPLE: usize = 64 << 10;

/// Code pages tried, those of the west first, so that a tie falls to them.
const LEGACY: [&Encoding; 12] = [
    WINDOWS_1252,
    WINDOWS_1250,
    ISO_8859_2,
    WINDOWS_1257,
    WINDOWS_1254,
    WINDOWS_1251,
    WINDOWS_1253,
    WINDOWS_1255,
    SHIFT_JIS,
    GB18030,
    BIG5,
    EUC_KR,
];

/// The text of a file and the name of its encoding.
pub(super) fn decode<'a>(
    bytes: &'a [u8],
    asked: Option<&'static Encoding>,
    words: &Words,
) -> (Cow<'a, str>, &'static str) {
    if let Some(encoding) = asked {
        let (text, used, _) = encoding.decode(bytes);
        return (text, used.name());
    }
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        let (text, used, _) = encoding.decode(bytes);
        return (text, used.name());
    }
    if let Some(encoding) = by_nulls(bytes) {
        return (encoding.decode_without_bom_handling(bytes).0, encoding.name());
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return (Cow::Borrowed(text), UTF_8.name());
    }
    // A file that is UTF-8 but for a few broken bytes stays UTF-8.
    let (text, _, _) = UTF_8.decode(bytes);
    let broken = text.chars().filter(|c| *c == '\u{fffd}').count();
    let whole = text.chars().filter(|c| !c.is_ascii() && *c != '\u{fffd}').count();
    if whole > broken * 2 {
        return (text, UTF_8.name());
    }
    let (score, encoding) = legacy(bytes, words);
    let head = &bytes[..bytes.len().min(SAMPLE)];
    if plausibility(&dos(head), words) > score {
        return (Cow::Owned(dos(bytes)), "ibm850");
    }
    (encoding.decode_without_bom_handling(bytes).0, encoding.name())
}

/// The upper half of code page 850, in which programs of DOS wrote the languages of western Europe.
const DOS: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐\
                   └┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}";

/// Bytes of that code page as text.
fn dos(bytes: &[u8]) -> String {
    let upper: Vec<char> = DOS.chars().collect();
    let letter = |byte: &u8| upper.get(usize::from(*byte).wrapping_sub(128)).copied().unwrap_or(char::from(*byte));
    bytes.iter().map(letter).collect()
}

/// Text files hold no null bytes: a null in every second place is UTF-16 without a mark.
fn by_nulls(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = &bytes[..bytes.len().min(2_000)];
    let nulls = |from: usize| head.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count();
    let half = head.len() / 2;
    if half < 2 {
        return None;
    }
    let (even, odd) = (nulls(0), nulls(1));
    if odd * 10 > half * 4 && even * 10 < half {
        Some(UTF_16LE)
    } else if even * 10 > half * 4 && odd * 10 < half {
        Some(UTF_16BE)
    } else {
        None
    }
}

fn legacy(bytes: &[u8], words: &Words) -> (i64, &'static Encoding) {
    let head = &bytes[..bytes.len().min(SAMPLE)];
    let mut best = (i64::MIN, WINDOWS_1252);
    for encoding in LEGACY.into_iter().chain([EUC_JP, MACINTOSH]) {
        let (text, _) = encoding.decode_without_bom_handling(head);
        let score = plausibility(&text, words);
        if score > best.0 {
            best = (score, encoding);
        }
    }
    best
}

/// How much a text looks like a statement: known header words count for it, odd characters against.
fn plausibility(text: &str, words: &Words) -> i64 {
    let mut score = 0i64;
    let mut before = ' ';
    for character in text.chars() {
        score += match character {
            '\u{fffd}' | '\u{80}'..='\u{9f}' | '\u{2500}'..='\u{25ff}' | '\u{e000}'..='\u{f8ff}' => -20,
            '°'
            | '§'
            | '€'
            | '£'
            | '¥'
            | '–'
            | '’'
            | '“'
            | '”'
            | '«'
            | '»'
            | 'º'
            | 'ª'
            | '…'
            | '„'
            | '\u{ff61}'..='\u{ff9f}' => 0,
            '\u{a1}'..='\u{bf}' | '\u{d7}' | '\u{f7}' | '\u{2010}'..='\u{22ff}' | '\u{2c6}'..='\u{2dd}' => -4,
            // An upper-case letter inside a word is what a wrong page makes of a lower-case one.
            c if !c.is_ascii() && c.is_uppercase() && before.is_lowercase() => -3,
            c if !c.is_ascii() && c.is_alphabetic() && before.is_ascii_digit() => -1,
            c if !c.is_ascii() && c.is_alphabetic() && before.is_alphabetic() && script(c) != script(before) => -4,
            _ => 0,
        };
        before = character;
    }
    let lines = text.lines().filter(|line| !line.trim().is_empty()).take(40);
    let known: usize = lines
        .map(|line| line.split([',', ';', '\t', '|']).filter(|cell| !cell.is_ascii() && words.is_known(cell)).count())
        .sum();
    score + 30 * i64::try_from(known).unwrap_or(0) + words.common_letters(text)
}

/// Latin, Greek, Cyrillic, Hebrew, and the rest, which may mix with anything.
fn script(character: char) -> u8 {
    match character {
        'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{24f}' => 1,
        '\u{370}'..='\u{3ff}' => 2,
        '\u{400}'..='\u{4ff}' => 3,
        '\u{590}'..='\u{5ff}' => 4,
        '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}' | '\u{ff61}'..='\u{ff9f}' => 5,
        '\u{ac00}'..='\u{d7af}' => 6,
        _ => 7,
    }
}
