//! The bytes of a terminal's input, cut into keys, pasted texts and replies.
//!
//! Used by the input of the real terminal. A terminal also sends replies to questions (its background, its attributes, the
//! place of its cursor), of this program or of one before it, at any time and in any pieces. A reply is dropped: none of its
//! letters acts as a key. An unfinished sequence is given up after a limit, so that a key that begins like a reply
//! (alt-`]`) holds nothing back for long. INVARIANT: pure; in linear time.

use std::time::Duration;

use tokio::time::Instant;
use zeroize::Zeroizing;

/// How long more bytes are awaited after bytes that are a key by themselves, as Esc is.
const KEY_LIMIT: Duration = Duration::from_millis(40);
/// How long the end of a sequence is awaited, from its begin on.
const REPLY_LIMIT: Duration = Duration::from_secs(3);
/// How long more of a pasted text is awaited.
const PASTE_LIMIT: Duration = Duration::from_secs(5);
/// Most bytes of a reply.
const LONGEST: usize = 1 << 20;

const ESC: u8 = 0x1b;
const PASTE_BEGIN: &[u8] = b"\x1b[200~";
const PASTE_END: &[u8] = b"\x1b[201~";
/// Bytes after Esc in sequences of more than two bytes.
const INTRODUCERS: &[u8] = b"[O]P_";

/// A piece of the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum InputPiece {
    /// The bytes of one key, or of one event of the mouse or of the focus.
    Key(Vec<u8>),
    /// A key pressed together with alt.
    Alt(char),
    /// A pasted text. It may be a secret.
    Paste(String),
}

/// The begin of the input.
enum Begin {
    /// So many bytes are a key.
    Key(usize),
    /// Two bytes are a key pressed together with alt.
    Alt(char),
    /// So many bytes are dropped.
    Dropped(usize),
    /// A pasted text up to this byte, without its marks.
    Paste(usize),
    /// The end is missing.
    Cut(Cut),
}

/// An unfinished sequence, by what it is when its end does not come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    Key,
    Alt(char),
    Reply,
    Paste,
}

/// An unfinished sequence with the times of its first and its last byte.
#[derive(Debug, Clone, Copy)]
struct Unfinished {
    cut: Cut,
    first: Instant,
    last: Instant,
}

impl Unfinished {
    fn until(&self) -> Instant {
        match self.cut {
            Cut::Key | Cut::Alt(_) => self.last + KEY_LIMIT,
            Cut::Reply => self.first + REPLY_LIMIT,
            Cut::Paste => self.last + PASTE_LIMIT,
        }
    }
}

/// Cuts the input.
#[derive(Debug, Default)]
pub(super) struct Splitter {
    /// The bytes of the unfinished sequence.
    bytes: Zeroizing<Vec<u8>>,
    /// Bytes of it that were searched for its end in vain.
    searched: usize,
    unfinished: Option<Unfinished>,
    /// The replies since an answer is awaited.
    replies: Option<Vec<u8>>,
}

impl Splitter {
    /// Keeps or drops replies from now on; gives those that were kept.
    pub(super) fn keep_replies(&mut self, kept: bool) -> Vec<u8> {
        std::mem::replace(&mut self.replies, kept.then(Vec::new)).unwrap_or_default()
    }

    /// The replies that are kept, one behind the other.
    pub(super) fn replies(&self) -> &[u8] {
        self.replies.as_deref().unwrap_or_default()
    }

    /// Takes bytes that were read; gives the pieces that are complete.
    pub(super) fn take(&mut self, read: &[u8], now: Instant) -> Vec<InputPiece> {
        let mut pieces = self.give_up(now);
        // A terminal sends Esc and the character of a key with alt in one piece; longer sequences may come in several.
        if self.bytes[..] == [ESC] && read.first().is_some_and(|next| !INTRODUCERS.contains(next)) {
            pieces.push(InputPiece::Key(vec![ESC]));
            self.clear();
        }
        let mut first = self.unfinished.take().map_or(now, |before| before.first);
        self.bytes.extend_from_slice(read);
        let mut at = 0;
        while at < self.bytes.len() {
            let (used, piece) = match begin(&self.bytes[at..], &mut self.searched) {
                Begin::Key(length) => (length, Some(InputPiece::Key(self.bytes[at..at + length].to_vec()))),
                Begin::Alt(character) => (2, Some(InputPiece::Alt(character))),
                Begin::Dropped(length) => {
                    if let Some(replies) = &mut self.replies {
                        replies.extend_from_slice(&self.bytes[at..at + length]);
                    }
                    (length, None)
                }
                Begin::Paste(end) => {
                    (end + PASTE_END.len(), Some(pasted(&self.bytes[at + PASTE_BEGIN.len()..at + end])))
                }
                Begin::Cut(cut) => {
                    self.unfinished = Some(Unfinished { cut, first, last: now });
                    break;
                }
            };
            pieces.extend(piece);
            at += used;
            self.searched = 0;
            first = now;
        }
        self.bytes.drain(..at);
        pieces
    }

    /// When [`Splitter::give_up`] has to be called.
    pub(super) fn until(&self) -> Option<Instant> {
        self.unfinished.as_ref().map(Unfinished::until)
    }

    /// Ends an unfinished sequence whose time is over.
    pub(super) fn give_up(&mut self, now: Instant) -> Vec<InputPiece> {
        let Some(over) = self.unfinished.filter(|unfinished| unfinished.until() <= now) else { return Vec::new() };
        let piece = match over.cut {
            Cut::Key => Some(InputPiece::Key(self.bytes.to_vec())),
            Cut::Alt(character) => Some(InputPiece::Alt(character)),
            Cut::Paste => Some(pasted(&self.bytes[PASTE_BEGIN.len()..])),
            Cut::Reply => None,
        };
        self.clear();
        piece.into_iter().collect()
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.searched = 0;
        self.unfinished = None;
    }
}

fn pasted(bytes: &[u8]) -> InputPiece {
    InputPiece::Paste(String::from_utf8_lossy(bytes).into_owned())
}

/// The begin of bytes, of which there is one at least; `searched` of them hold no end.
fn begin(bytes: &[u8], searched: &mut usize) -> Begin {
    match bytes {
        [ESC] => Begin::Cut(Cut::Key),
        [ESC, b'['] => Begin::Cut(Cut::Alt('[')),
        [ESC, b'[', ..] => control(bytes, searched),
        [ESC, introducer @ (b'O' | b']' | b'P' | b'_')] => Begin::Cut(Cut::Alt(char::from(*introducer))),
        [ESC, b'O', b'@'..=b'~', ..] => Begin::Key(3),
        // A terminal's replies begin with a number, with a digit and a mark, or (of images) with a letter.
        [ESC, b']', b'0'..=b'9' | b'l' | b'L' | b'I', ..]
        | [ESC, b'P', b'0'..=b'9' | b'!' | b'>' | b'|' | b'$' | b'+', ..]
        | [ESC, b'_', b'G', ..] => string(bytes, searched),
        [ESC, next @ b' '..=b'~', ..] => Begin::Alt(char::from(*next)),
        // Esc twice, or Esc before an arrow, which some terminals send for an arrow with alt.
        [ESC, ESC, ..] => Begin::Key(1),
        [ESC, rest @ ..] => match character(rest) {
            Begin::Key(length) => Begin::Key(length + 1),
            Begin::Dropped(length) => Begin::Dropped(length + 1),
            other => other,
        },
        _ => character(bytes),
    }
}

/// A character in UTF-8 or a control character.
fn character(bytes: &[u8]) -> Begin {
    let length = match bytes[0] {
        ..0x80 => return Begin::Key(1),
        0xc2..0xe0 => 2,
        0xe0..0xf0 => 3,
        0xf0..0xf5 => 4,
        _ => return Begin::Dropped(1),
    };
    let there = &bytes[..length.min(bytes.len())];
    match std::str::from_utf8(there) {
        Ok(_) => Begin::Key(length),
        Err(error) if error.error_len().is_none() => Begin::Cut(Cut::Reply),
        Err(_) => Begin::Dropped(1),
    }
}

/// A sequence with parameters (CSI): a key, an event of the mouse or of the focus, a pasted text, or a reply.
fn control(bytes: &[u8], searched: &mut usize) -> Begin {
    if bytes.starts_with(PASTE_BEGIN) {
        let from = (*searched).max(PASTE_BEGIN.len());
        *searched = bytes.len().saturating_sub(PASTE_END.len() - 1).max(PASTE_BEGIN.len());
        let end = memchr::memmem::find(&bytes[from..], PASTE_END);
        return end.map_or(Begin::Cut(Cut::Paste), |at| Begin::Paste(from + at));
    }
    // Function keys of the console of Linux, and the oldest events of the mouse, have no parameters but more bytes.
    let more = match bytes[2] {
        b'[' => 4,
        b'M' => 6,
        _ => 0,
    };
    if more > 0 {
        return if bytes.len() < more { Begin::Cut(Cut::Reply) } else { Begin::Key(more) };
    }
    let from = (*searched).max(2);
    let Some(end) = bytes[from..].iter().position(|byte| !(b' '..=b'?').contains(byte)).map(|at| from + at) else {
        *searched = bytes.len();
        return if bytes.len() > LONGEST { Begin::Dropped(bytes.len()) } else { Begin::Cut(Cut::Reply) };
    };
    match bytes[end] {
        b'@'..=b'~' if is_event(&bytes[2..end], bytes[end]) => Begin::Key(end + 1),
        b'@'..=b'~' => Begin::Dropped(end + 1),
        // Another key, or the begin of another sequence.
        _ => Begin::Dropped(end),
    }
}

/// Whether parameters and a final letter are a key or an event of the mouse or of the focus; all else are replies.
fn is_event(parameters: &[u8], last: u8) -> bool {
    let (mouse, parameters) = match parameters {
        [b'<', rest @ ..] => (true, rest),
        _ => (false, parameters),
    };
    if !parameters.iter().all(|byte| byte.is_ascii_digit() || b";:".contains(byte)) {
        return false;
    }
    let mut numbers = parameters.split(|byte| *byte == b';');
    match last {
        // Columns and lines count from one.
        b'M' | b'm' => numbers.by_ref().skip(1).all(|number| number.iter().any(|digit| *digit != b'0')),
        _ if mouse => false,
        b'~' | b'u' => !parameters.is_empty() && parameters != b"201",
        b'A'..=b'D' | b'F' | b'H' | b'P' | b'Q' | b'S' | b'Z' => true,
        b'I' | b'O' => parameters.is_empty(),
        _ => false,
    }
}

/// A reply in the form of a text (OSC, DCS, APC) up to its end.
fn string(bytes: &[u8], searched: &mut usize) -> Begin {
    let mut at = (*searched).max(2);
    while let Some(byte) = bytes.get(at) {
        match (byte, bytes.get(at + 1)) {
            (0x07 | 0x18 | 0x1a, _) => return Begin::Dropped(at + 1),
            (&ESC, Some(b'\\')) => return Begin::Dropped(at + 2),
            (&ESC, None) => break,
            // A key, or the begin of another sequence: this one ends here.
            (..b' ', _) => return Begin::Dropped(at),
            // The end in eight bits, unless it is part of a character.
            (0x9c, _) if bytes[at - 1].is_ascii() => return Begin::Dropped(at + 1),
            _ => at += 1,
        }
    }
    *searched = at;
    if bytes.len() > LONGEST { Begin::Dropped(bytes.len()) } else { Begin::Cut(Cut::Reply) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const REPLIES: &[&[u8]] = &[
        b"\x1b]11;rgb:1e1e/1e1e/2e2e\x07",
        b"\x1b]11;rgb:ffff/ffff/ffff\x1b\\",
        b"\x1b]10;rgba:0000/0000/0000/ffff\x07",
        b"\x1b]11;#1e1e2e\x9c",
        b"\x1b]4;7;rgb:c0c0/c0c0/c0c0\x1b\\",
        b"\x1b]52;c;aGVsbG8gcmFpbiBqamo=\x07",
        b"\x1b]lrain and a title\x1b\\",
        b"\x1bP>|xterm(390)\x1b\\",
        b"\x1bP1$r0 q\x1b\\",
        b"\x1bP1+r544e=787465726d\x1b\\",
        b"\x1bP!|00000000\x1b\\",
        b"\x1b_Gi=31;OK\x1b\\",
        b"\x1b[?62;1;2;4;22c",
        b"\x1b[>0;276;0c",
        b"\x1b[=0;0c",
        b"\x1b[?2026;2$y",
        b"\x1b[4;1$y",
        b"\x1b[12;40R",
        b"\x1b[?12;40R",
        b"\x1b[0n",
        b"\x1b[?997;1n",
        b"\x1b[8;36;120t",
        b"\x1b[?7u",
        b"\x1b[>4;2m",
        b"\x1b[201~",
    ];

    fn key(bytes: &[u8]) -> InputPiece {
        InputPiece::Key(bytes.to_vec())
    }

    /// The pieces of input that comes in parts at one moment, and after all limits.
    fn pieces(parts: &[&[u8]]) -> Vec<InputPiece> {
        let (mut splitter, now) = (Splitter::default(), Instant::now());
        let mut pieces: Vec<InputPiece> = parts.iter().flat_map(|part| splitter.take(part, now)).collect();
        pieces.extend(splitter.give_up(now + PASTE_LIMIT));
        assert_eq!(splitter.until(), None);
        pieces
    }

    #[test]
    fn a_reply_in_any_two_pieces_is_no_key() {
        for reply in REPLIES {
            let text = String::from_utf8_lossy(reply);
            for cut in 0..reply.len() {
                let (first, second) = reply.split_at(cut);
                assert_eq!(pieces(&[b"j", first, second, b"k"]), [key(b"j"), key(b"k")], "{text:?} cut at {cut}");
            }
            let bytes: Vec<&[u8]> = reply.chunks(1).collect();
            assert_eq!(pieces(&bytes), [], "{text:?} byte by byte");
        }
        assert_eq!(pieces(&[&REPLIES.concat(), b"k"]), [key(b"k")]);
    }

    #[test]
    fn a_reply_without_an_end_holds_keys_back_for_a_limited_time() {
        for reply in [&b"\x1b]11;rgb:1e1e/"[..], b"\x1bP>|xterm", b"\x1b[?62;1;"] {
            let (mut splitter, now) = (Splitter::default(), Instant::now());
            assert_eq!(splitter.take(reply, now), []);
            assert_eq!(splitter.take(b"", now + REPLY_LIMIT / 2), []);
            assert_eq!(splitter.until(), Some(now + REPLY_LIMIT));
            assert_eq!(splitter.take(b"j", now + REPLY_LIMIT), [key(b"j")]);
        }
        // A control key ends it at once.
        assert_eq!(pieces(&[b"\x1b]11;rgb:1e1e/\x03"]), [key(b"\x03")]);
        assert_eq!(pieces(&[b"\x1b]11;rgb:1e1e/", b"\x1b[A"]), [key(b"\x1b[A")]);
        assert_eq!(pieces(&[b"\x1b[12;\r"]), [key(b"\r")]);
        assert_eq!(pieces(&[b"\x1b[12;", b"\x1b]11;x\x07j"]), [key(b"j")]);
    }

    #[test]
    fn a_key_that_begins_like_a_reply_is_a_key() {
        for introducer in ['[', ']', 'O', 'P', '_'] {
            let (mut splitter, now) = (Splitter::default(), Instant::now());
            assert_eq!(splitter.take(format!("\x1b{introducer}").as_bytes(), now), []);
            assert_eq!(splitter.until(), Some(now + KEY_LIMIT));
            assert_eq!(splitter.take(b"j", now + KEY_LIMIT), [InputPiece::Alt(introducer), key(b"j")]);
        }
        for introducer in [']', 'P', '_'] {
            let held = format!("\x1b{introducer}j");
            assert_eq!(pieces(&[held.as_bytes()]), [InputPiece::Alt(introducer), key(b"j")]);
        }
    }

    #[test]
    fn esc_waits_for_the_rest_of_a_sequence_and_no_longer() {
        let (mut splitter, now) = (Splitter::default(), Instant::now());
        assert_eq!(splitter.take(b"\x1b", now), []);
        assert_eq!(splitter.give_up(now + KEY_LIMIT / 2), []);
        assert_eq!(splitter.give_up(now + KEY_LIMIT), [key(b"\x1b")]);
        assert_eq!(splitter.until(), None);
        assert_eq!(pieces(&[b"\x1b", b"[A"]), [key(b"\x1b[A")]);
        assert_eq!(pieces(&[b"\x1b", b"j"]), [key(b"\x1b"), key(b"j")], "two keys");
        assert_eq!(pieces(&[b"\x1bj"]), [InputPiece::Alt('j')]);
        assert_eq!(pieces(&[b"\x1b\r\x1b\x1b"]), [key(b"\x1b\r"), key(b"\x1b"), key(b"\x1b")]);
        assert_eq!(pieces(&[b"\x1b\xc3", b"\xa9"]), [key("\u{1b}é".as_bytes())]);
    }

    #[test]
    fn keys_and_events_of_the_mouse_are_whole() {
        let events: &[&[u8]] = &[
            b"a",
            b"\r",
            b"\x7f",
            "é".as_bytes(),
            "日".as_bytes(),
            b"\x1b[A",
            b"\x1b[1;5C",
            b"\x1bOP",
            b"\x1b[5~",
            b"\x1b[[A",
            b"\x1b[Z",
            b"\x1b[97;5u",
            b"\x1b[<0;12;3M",
            b"\x1b[<0;12;3m",
            b"\x1b[M !!",
            b"\x1b[I",
        ];
        let expected: Vec<InputPiece> = events.iter().map(|event| key(event)).collect();
        assert_eq!(pieces(&[&events.concat()]), expected);
        assert_eq!(pieces(&[b"\x1b[<0;0;3M\x1b[0;0;0M"]), [], "no column zero");
        assert_eq!(pieces(&[b"\xff\xc3j\x80"]), [key(b"j")], "bytes of another encoding");
    }

    #[test]
    fn a_pasted_text_is_no_key_whatever_it_holds() {
        let text = "q\u{1b}]11;x\u{7}\n:quit\r\u{1b}[A日";
        let whole = format!("\u{1b}[200~{text}\u{1b}[201~");
        for cut in 0..whole.len() {
            let (first, second) = whole.as_bytes().split_at(cut);
            assert_eq!(pieces(&[first, second, b"j"]), [InputPiece::Paste(text.to_owned()), key(b"j")], "{cut}");
        }
        assert_eq!(pieces(&[b"\x1b[200~abc"]), [InputPiece::Paste("abc".to_owned())], "without an end");
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_pieces_are_cut(parts in prop::collection::vec(
            prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(b"\x1b[]P_<;0M~1\x07\\".to_vec())], 0..12), 0..12,
        )) {
            let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
            pieces(&parts);
            let (mut splitter, now) = (Splitter::default(), Instant::now());
            splitter.take(&parts.concat(), now);
            splitter.give_up(now + PASTE_LIMIT);
            prop_assert_eq!(splitter.take(b"j", now + PASTE_LIMIT), [key(b"j")], "nothing is held back for ever");
        }
    }
}
