//! Bytes of a statement file → text.
//!
//! Used by every reader of text. INVARIANT: borrows when the bytes are UTF-8; the character set of the header
//! counts only where the bytes allow several, because headers are often wrong.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{
    BIG5, EUC_JP, EUC_KR, Encoding, GB18030, GBK, IBM866, ISO_8859_5, KOI8_R, KOI8_U, SHIFT_JIS, UTF_16BE, UTF_16LE,
    WINDOWS_1251, WINDOWS_1252,
};

/// How far into a file a header can reach.
const HEADER: usize = 1024;

/// Decodes a whole file: by its byte order mark, as UTF-16 when every other byte is zero, as UTF-8 when it is, else by
/// the single-byte set its header names, else as Windows-1252.
#[must_use]
pub fn decode(bytes: &[u8]) -> Cow<'_, str> {
    if let Some(rest) = bytes.strip_prefix(b"\xef\xbb\xbf") {
        return decode_bytes(rest);
    }
    if let Some(encoding) = utf16(bytes) {
        return Cow::Owned(encoding.decode_with_bom_removal(bytes).0.into_owned());
    }
    decode_bytes(bytes)
}

/// At most the first `most` bytes, ending on a character.
#[must_use]
pub(super) fn head(text: &str, most: usize) -> &str {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// UTF-16 by its mark, or by the zeros that Latin text in UTF-16 is full of.
fn utf16(bytes: &[u8]) -> Option<&'static Encoding> {
    match bytes {
        [0xff, 0xfe, ..] => return Some(UTF_16LE),
        [0xfe, 0xff, ..] => return Some(UTF_16BE),
        _ => {}
    }
    let head = &bytes[..bytes.len().min(256)];
    let pairs = head.len() / 2;
    if pairs < 4 {
        return None;
    }
    let zeros = |odd: usize| head.chunks_exact(2).filter(|pair| pair[odd] == 0 && pair[1 - odd] != 0).count();
    if zeros(1) * 10 >= pairs * 9 {
        return Some(UTF_16LE);
    }
    (zeros(0) * 10 >= pairs * 9).then_some(UTF_16BE)
}

fn decode_bytes(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(decode_mixed(bytes)),
    }
}

/// A file that is not all UTF-8: mostly UTF-8 with a character that a bank cut in half, or a single-byte set.
/// Whichever kind of evidence prevails decides; within UTF-8, stray bytes are read as the single-byte set.
fn decode_mixed(bytes: &[u8]) -> String {
    let mut wide = 0usize;
    let mut stray = 0usize;
    for chunk in bytes.utf8_chunks() {
        wide += chunk.valid().bytes().filter(|byte| *byte >= 0xc0).count();
        stray += chunk.invalid().len();
    }
    let encoding = declared(bytes).filter(|known| *known != WINDOWS_1252).unwrap_or_else(|| by_content(bytes));
    if stray >= wide {
        return encoding.decode_without_bom_handling(bytes).0.into_owned();
    }
    let mut out = String::with_capacity(bytes.len() + stray);
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        out.push_str(&encoding.decode_without_bom_handling(chunk.invalid()).0);
    }
    out
}

/// The character set that the header names, when it is one that every byte sequence is valid in or nearly so.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(HEADER)]).to_ascii_lowercase();
    let header = &head[..head.find("<ofx").unwrap_or(head.len())];
    let label = value_after(header, "charset:").or_else(|| value_after(header, "encoding="))?;
    let label = match label {
        "" | "none" | "usascii" | "us-ascii" | "unicode" | "utf-8" | "utf8" => return None,
        digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => code_page(digits),
        name => name.to_owned(),
    };
    let encoding = Encoding::for_label(label.as_bytes())?;
    (encoding != encoding_rs::UTF_8 && encoding != UTF_16LE && encoding != UTF_16BE).then_some(encoding)
}

/// The label of a Windows code page.
fn code_page(digits: &str) -> String {
    match digits {
        "932" => "shift_jis".to_owned(),
        "936" => "gbk".to_owned(),
        "949" => "euc-kr".to_owned(),
        "950" => "big5".to_owned(),
        "866" => "ibm866".to_owned(),
        "20866" => "koi8-r".to_owned(),
        "21866" => "koi8-u".to_owned(),
        "20932" | "51932" => "euc-jp".to_owned(),
        "54936" => "gb18030".to_owned(),
        _ => match digits.strip_prefix("2859") {
            Some(part) => format!("iso-8859-{part}"),
            None => format!("windows-{digits}"),
        },
    }
}

/// Bytes that a detector looks at.
const SAMPLE: usize = 256 << 10;

/// Least number of bytes outside ASCII for which a detector is trusted.
const ENOUGH: usize = 6;

/// The character set by content, where the header names none or the usual Western one: sets of East Asia and Cyrillic ones,
/// which look like nothing else. Everything else is Windows-1252.
fn by_content(bytes: &[u8]) -> &'static Encoding {
    let sample = &bytes[..bytes.len().min(SAMPLE)];
    if sample.iter().filter(|byte| !byte.is_ascii()).count() < ENOUGH {
        return WINDOWS_1252;
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(sample, true);
    let guess = detector.guess(None, Utf8Detection::Deny);
    let distinct = [SHIFT_JIS, EUC_JP, GBK, GB18030, BIG5, EUC_KR, KOI8_U, KOI8_R, IBM866, ISO_8859_5, WINDOWS_1251];
    if distinct.contains(&guess) { guess } else { WINDOWS_1252 }
}

fn value_after<'a>(header: &'a str, key: &str) -> Option<&'a str> {
    let rest = header[header.find(key)? + key.len()..].trim_start_matches([' ', '\t', '"', '\'']);
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))).unwrap_or(rest.len());
    let value = &rest[..end];
    // On a header without line ends the next key follows at once.
    Some(value.strip_suffix("compression").unwrap_or(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf8_is_borrowed_and_its_mark_removed() {
        assert!(matches!(decode(b"plain"), Cow::Borrowed("plain")));
        assert!(matches!(decode("\u{feff}Café".as_bytes()), Cow::Borrowed("Café")));
    }

    #[test]
    fn single_byte_sets_are_read_despite_the_header() {
        assert_eq!(
            decode(b"ENCODING:UTF-8\nCHARSET:NONE\n<OFX>Cr\xe9dit \x80"),
            "ENCODING:UTF-8\nCHARSET:NONE\n<OFX>Crédit €"
        );
        assert!(decode(b"CHARSET:1251\n<OFX>\xcf\xf0\xe8\xe2\xe5\xf2").ends_with("Привет"));
        assert!(decode(b"<?xml encoding=\"ISO-8859-2\"?><OFX>\xb3\xf3d\xbc").ends_with("łódź"));
        assert!(decode(b"OFXHEADER:100CHARSET:1250COMPRESSION:NONE<OFX>\xb3").ends_with('ł'));
    }

    #[test]
    fn sets_of_other_scripts_are_read_by_name_and_by_content() {
        let japanese = "カード利用セブンイレブン新宿三丁目店お支払い";
        let chinese = "跨行转账手续费余额宝消费支付宝还款工资";
        let russian = "Оплата товаров и услуг, перевод на карту клиента";
        let cases: [(&str, &'static Encoding, &str); 6] = [
            ("932", SHIFT_JIS, japanese),
            ("EUC-JP", EUC_JP, japanese),
            ("936", GBK, chinese),
            ("950", BIG5, "跨行轉帳手續費信用卡消費還款薪資"),
            ("KOI8-R", KOI8_R, russian),
            ("1251", WINDOWS_1251, russian),
        ];
        let korean = EUC_KR.encode("카드결제편의점신한은행").0;
        assert!(decode(&[b"CHARSET:949\n<OFX>".as_slice(), &korean].concat()).ends_with("카드결제편의점신한은행"));
        for (name, encoding, text) in cases {
            let packed = encoding.encode(text).0;
            for header in [format!("CHARSET:{name}\n<OFX>"), "CHARSET:1252\n<OFX>".into(), "<OFX>".into()] {
                let bytes = [header.as_bytes(), b"<NAME>", &packed].concat();
                assert!(decode(&bytes).ends_with(text), "{name} under {header}: {}", decode(&bytes));
            }
        }
        assert!(
            decode(b"<OFX><NAME>Caf\xe9 M\xfcller Gen\xe8ve cr\xe9dit agricole Orl\xe9ans")
                .ends_with("Café Müller Genève crédit agricole Orléans")
        );
    }

    #[test]
    fn one_cut_character_does_not_spoil_the_rest() {
        let mut bytes = "<NAME>Café Müller\n<NAME>Padari".as_bytes().to_vec();
        bytes.extend(b"\xc3\n<MEMO>");
        bytes.extend("ação".as_bytes());
        assert_eq!(decode(&bytes), "<NAME>Café Müller\n<NAME>PadariÃ\n<MEMO>ação");
    }

    #[test]
    fn utf16_with_and_without_a_mark() {
        let text = "OFXHEADER:100 <OFX> Café";
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(decode(&little), text);
        assert_eq!(decode(&big), text);
        assert_eq!(decode(&[b"\xff\xfe".as_slice(), &little].concat()), text);
        assert_eq!(decode(&[b"\xfe\xff".as_slice(), &big].concat()), text);
    }
}
