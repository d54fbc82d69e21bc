//! The value of a leaf as people are to read it: markup removed, entities resolved, controls stripped.
//!
//! Used by the mappings. INVARIANT: nothing is expanded but a fixed table of characters, so no text grows.

use std::borrow::Cow;

use memchr::{memchr, memmem};

use super::{
    record::Leaf,
    token::{is_markup, markup_end},
};
use crate::{
    domain::{Text, text},
    statements::decode::head,
};

/// The longest text kept, in bytes as written. The standard allows 390 characters; statements do not have longer texts.
pub(super) const LONGEST: usize = 4_096;

/// The value with markup removed and entities resolved. Borrows when there is neither.
#[must_use]
pub(super) fn value<'a>(leaf: &Leaf<'a>) -> Cow<'a, str> {
    let raw = clip(leaf.text);
    let plain = if leaf.marked { Cow::Owned(unmark(raw)) } else { Cow::Borrowed(raw) };
    if memchr(b'&', plain.as_bytes()).is_none() {
        return plain;
    }
    let once = resolve(&plain);
    // Some banks escape twice (`&amp;lt;`); the name of an entity is never meant.
    if once.contains("&amp;") || once.contains("&lt;") || once.contains("&gt;") || once.contains("&#") {
        return Cow::Owned(resolve(&once));
    }
    Cow::Owned(once)
}

/// The value as one clean line; `None` when nothing is left.
#[must_use]
pub(super) fn line(leaf: &Leaf<'_>) -> Option<Text> {
    // Nearly every value is a plain one, and telling so without branches is several times faster than cleaning it.
    let bytes = leaf.text.as_bytes();
    if is_plain(leaf) && !has_double_blank(bytes) {
        return Some(leaf.text.into());
    }
    text::clean_line(&value(leaf))
}

#[expect(clippy::needless_bitwise_bool, reason = "without branches it runs on many bytes at once")]
fn has_double_blank(bytes: &[u8]) -> bool {
    let next = bytes.get(1..).unwrap_or_default();
    bytes.iter().zip(next).fold(false, |double, (first, second)| double | ((*first == b' ') & (*second == b' ')))
}

/// Whether the value is printable ASCII without entities or markup, so that it can be taken as it is.
#[expect(clippy::needless_bitwise_bool, reason = "without branches it runs on many bytes at once")]
fn is_plain(leaf: &Leaf<'_>) -> bool {
    let bytes = leaf.text.as_bytes();
    let plain = bytes.iter().fold(true, |plain, byte| plain & (byte.wrapping_sub(b' ') < 0x5f) & (*byte != b'&'));
    plain && !leaf.marked && bytes.len() <= LONGEST && !bytes.is_empty()
}

/// The value as an identity: clean and trimmed, inner blanks as they are.
#[must_use]
pub(super) fn identity(leaf: &Leaf<'_>) -> Option<Text> {
    if is_plain(leaf) {
        return Some(leaf.text.into());
    }
    let value = value(leaf);
    let cleaned = text::clean(&value);
    let trimmed = cleaned.trim();
    (!trimmed.is_empty()).then(|| trimmed.into())
}

fn clip(raw: &str) -> &str {
    head(raw, LONGEST)
}

/// Removes comments and instructions and unwraps CDATA sections.
fn unmark(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = memchr(b'<', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        let markup = &rest[at..];
        let (kept, length) =
            if let Some(section) = markup.get(..9).filter(|head| head.eq_ignore_ascii_case("<![CDATA[")) {
                match memmem::find(&markup.as_bytes()[section.len()..], b"]]>") {
                    Some(end) => (&markup[section.len()..section.len() + end], section.len() + end + 3),
                    None => (&markup[section.len()..], markup.len()),
                }
            } else if markup.starts_with("<!--") {
                ("", memmem::find(markup.as_bytes(), b"-->").map_or(markup.len(), |end| end + 3))
            } else if markup.starts_with("<?") {
                ("", memchr(b'>', markup.as_bytes()).map_or(markup.len(), |end| end + 1))
            } else {
                match html(markup) {
                    Some(length) => (" ", length),
                    None => ("<", 1),
                }
            };
        out.push_str(kept);
        rest = &markup[length..];
    }
    out.push_str(rest);
    out
}

/// The length of the HTML tag that a text starts with.
fn html(markup: &str) -> Option<usize> {
    let bytes = markup.as_bytes();
    let start = if bytes.get(1) == Some(&b'/') { 2 } else { 1 };
    let width = bytes[start..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let end = start + width;
    is_markup(&bytes[start..end]).then(|| markup_end(&bytes[end..])).flatten().map(|after| end + after)
}

/// Resolves entities; other text stays as it is.
fn resolve(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr(b'&', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        let tail = &rest[at + 1..];
        let end = tail.bytes().take(10).position(|byte| byte == b';');
        if let Some((character, end)) = end.and_then(|end| Some((character(&tail[..end])?, end))) {
            out.push(character);
            rest = &tail[end + 1..];
        } else {
            out.push('&');
            rest = tail;
        }
    }
    out.push_str(rest);
    out
}

/// The names HTML gives to U+00A0..=U+00FF, in order: banks borrow them.
const LATIN: [&str; 96] = [
    "nbsp", "iexcl", "cent", "pound", "curren", "yen", "brvbar", "sect", "uml", "copy", "ordf", "laquo", "not", "shy",
    "reg", "macr", "deg", "plusmn", "sup2", "sup3", "acute", "micro", "para", "middot", "cedil", "sup1", "ordm",
    "raquo", "frac14", "frac12", "frac34", "iquest", "Agrave", "Aacute", "Acirc", "Atilde", "Auml", "Aring", "AElig",
    "Ccedil", "Egrave", "Eacute", "Ecirc", "Euml", "Igrave", "Iacute", "Icirc", "Iuml", "ETH", "Ntilde", "Ograve",
    "Oacute", "Ocirc", "Otilde", "Ouml", "times", "Oslash", "Ugrave", "Uacute", "Ucirc", "Uuml", "Yacute", "THORN",
    "szlig", "agrave", "aacute", "acirc", "atilde", "auml", "aring", "aelig", "ccedil", "egrave", "eacute", "ecirc",
    "euml", "igrave", "iacute", "icirc", "iuml", "eth", "ntilde", "ograve", "oacute", "ocirc", "otilde", "ouml",
    "divide", "oslash", "ugrave", "uacute", "ucirc", "uuml", "yacute", "thorn", "yuml",
];

fn character(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16).ok()?,
            None => number.parse().ok()?,
        };
        // 128 to 159 are control characters; who writes them means Windows-1252.
        return match u8::try_from(code) {
            Ok(byte @ 0x80..=0x9f) => encoding_rs::WINDOWS_1252.decode_without_bom_handling(&[byte]).0.chars().next(),
            _ => char::from_u32(code),
        };
    }
    Some(match name {
        "amp" | "AMP" => '&',
        "lt" | "LT" => '<',
        "gt" | "GT" => '>',
        "quot" | "QUOT" => '"',
        "apos" => '\'',
        "euro" => '€',
        "ndash" => '–',
        "mdash" => '—',
        "lsquo" => '‘',
        "rsquo" => '’',
        "ldquo" => '“',
        "rdquo" => '”',
        "hellip" => '…',
        "bull" => '•',
        "trade" => '™',
        _ => {
            let index = LATIN.iter().position(|known| *known == name)?;
            char::from_u32(0xa0 + u32::try_from(index).ok()?)?
        }
    })
}

#[cfg(test)]
mod tests {
    use super::{super::tag::Tag, *};

    fn read(text: &str, marked: bool) -> String {
        line(&Leaf { tag: Tag::Name, group: Tag::Unknown, marked, at: 0, text }).unwrap_or_default().into()
    }

    #[test]
    fn entities_bare_ampersands_and_double_escapes() {
        assert_eq!(read("AT&amp;T &lt;x&gt; &quot;q&quot; &apos;", false), "AT&T <x> \"q\" '");
        assert_eq!(read("AT&T & sons &c;", false), "AT&T & sons &c;");
        assert_eq!(read("TPAY &amp;lt;DEF&amp;gt;", false), "TPAY <DEF>");
        assert_eq!(read("Caf&eacute; a&nbsp;b &#233;&#xE9; &#128; &Ccedil;", false), "Café a b éé € Ç");
        assert_eq!(read("&#0;&#x1b;[2J&#9999999;", false), "&#9999999;");
        assert!(matches!(
            value(&Leaf { tag: Tag::Name, group: Tag::Unknown, marked: false, at: 0, text: "plain" }),
            Cow::Borrowed("plain")
        ));
    }

    #[test]
    fn sections_and_comments() {
        assert_eq!(read("<![CDATA[Tom & Jerry's <Shop>  ]]>", true), "Tom & Jerry's <Shop>");
        assert_eq!(read("0 <!-- OK --> 1<?pi x?>", true), "0 1");
        assert_eq!(read("a <![CDATA[b", true), "a b");
        assert_eq!(read("first<BR>second<br/>third <b>bold</b><", true), "first second third bold <");
    }

    #[test]
    fn long_text_is_clipped_on_a_character() {
        assert!(read(&"é".repeat(LONGEST), false).len() <= LONGEST);
    }
}
