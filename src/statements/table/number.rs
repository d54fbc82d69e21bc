//! A cell as an amount of money: signs, symbols, groups, and the decimal mark where the cell shows it.
//!
//! Used by every step that looks at amounts. INVARIANT: exact decimals; a cell that can be read in two ways is read in
//! neither until the file decides.

use rust_decimal::Decimal;

use crate::domain::AssetCode;

/// The decimal mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Mark {
    Dot,
    Comma,
}

/// The evidence of a cell about the marks of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Digits only.
    Whole,
    /// The decimal mark is certain, and so many digits follow it.
    Decimal(Mark, u32),
    /// Groups of thousands, so the other mark is the decimal one.
    Grouped(Mark),
    /// One mark before three digits: `1,234`.
    Open(Mark),
}

/// The permitted use of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NumberUse {
    Amount,
    Percent,
    /// Digits only with a zero in front.
    Code,
}

/// A number in a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CellNumber {
    /// The value without sign, the mark of [`Shape::Open`] read as decimal mark.
    magnitude: Decimal,
    /// Whether a minus, parentheses or a debit word is in the cell.
    pub(super) is_negative: bool,
    /// Whether any sign is in the cell.
    pub(super) is_signed: bool,
    pub(super) shape: Shape,
    /// The currency named in the cell.
    pub(super) currency: Option<AssetCode>,
    /// Digits of it.
    pub(super) digits: u32,
    pub(super) sort: NumberUse,
}

impl CellNumber {
    /// The signed value, with `mark` as decimal mark where the cell leaves it open.
    pub(super) fn value(&self, mark: Mark) -> Decimal {
        let mut value = self.magnitude;
        if let Shape::Open(open) = self.shape
            && open != mark
        {
            value = value.checked_mul(Decimal::ONE_THOUSAND).unwrap_or(value).normalize();
        }
        if self.is_negative { -value } else { value }
    }

    /// Whether it may be money: no percentage, no code, not more than 11 digits before the mark.
    pub(super) fn may_be_money(&self) -> bool {
        let is_short = match self.shape {
            // Zeros in front fill a column of fixed width: `-0000000000080.69`.
            Shape::Decimal(..) => self.magnitude < Decimal::from(100_000_000_000_u64),
            _ => self.digits <= 11,
        };
        self.sort == NumberUse::Amount && is_short
    }

    pub(super) fn is_zero(&self) -> bool {
        self.magnitude.is_zero()
    }
}

/// Cells that state that there is nothing.
pub(super) fn is_nothing(cell: &str) -> bool {
    matches!(
        cell,
        "" | "-"
            | "--"
            | "---"
            | "–"
            | "—"
            | "/"
            | "n/a"
            | "N/A"
            | "NA"
            | "null"
            | "NULL"
            | "None"
            | "nan"
            | "Not available"
            | ","
            | "."
    ) || (cell.len() > 2 && cell.bytes().all(|byte| byte == b'-'))
}

/// The number in a cell, if the cell is one.
pub(super) fn parse(cell: &str) -> Option<CellNumber> {
    plain(cell).or_else(|| marked_number(cell))
}

/// The common case: ASCII digits, an optional minus and a decimal mark before one or two digits.
fn plain(cell: &str) -> Option<CellNumber> {
    let bytes = cell.as_bytes();
    let (is_signed, digits) = match bytes.first()? {
        b'-' => (true, &bytes[1..]),
        _ => (false, bytes),
    };
    if digits.is_empty() || digits.len() > 17 {
        return None;
    }
    let mut value = 0i64;
    let mut mark = None;
    for (index, byte) in digits.iter().enumerate() {
        match byte {
            b'0'..=b'9' => value = value * 10 + i64::from(byte - b'0'),
            b'.' | b',' if mark.is_none() && index > 0 => mark = Some(index),
            _ => return None,
        }
    }
    let scale = mark.map_or(0, |at| digits.len() - at - 1);
    if mark.is_some() && (scale == 0 || scale > 2) {
        return None;
    }
    let shape = match mark {
        None => Shape::Whole,
        Some(at) => {
            Shape::Decimal(if digits[at] == b'.' { Mark::Dot } else { Mark::Comma }, u32::try_from(scale).ok()?)
        }
    };
    Some(CellNumber {
        magnitude: Decimal::new(value, u32::try_from(scale).ok()?),
        is_negative: is_signed,
        is_signed,
        shape,
        currency: None,
        digits: u32::try_from(digits.len() - usize::from(mark.is_some())).ok()?,
        sort: if mark.is_none() && digits.len() > 1 && digits[0] == b'0' { NumberUse::Code } else { NumberUse::Amount },
    })
}

/// Longer cells are texts.
const LONGEST: usize = 48;

fn marked_number(cell: &str) -> Option<CellNumber> {
    if cell.is_empty() || cell.len() > LONGEST || !cell.bytes().any(|byte| byte.is_ascii_digit() || byte >= 0x80) {
        return None;
    }
    let mut rest: String = cell.chars().filter_map(plain_character).collect();
    let mut found = Marks::default();
    loop {
        let trimmed = rest.trim();
        let next = found.take_off(trimmed)?;
        if next.len() == rest.len() {
            break;
        }
        rest = next;
    }
    let core = rest.trim();
    let (magnitude, shape, digits) = magnitude(core)?;
    let is_code =
        shape == Shape::Whole && digits > 1 && core.starts_with('0') && found.currency.is_none() && !found.is_signed;
    Some(CellNumber {
        magnitude,
        is_negative: found.is_negative,
        is_signed: found.is_signed,
        shape,
        currency: found.currency,
        digits,
        sort: match (found.is_percent, is_code) {
            (true, _) => NumberUse::Percent,
            (false, true) => NumberUse::Code,
            (false, false) => NumberUse::Amount,
        },
    })
}

/// One spelling for the many of digits, minus signs and blanks.
fn plain_character(character: char) -> Option<char> {
    match character {
        '−' | '–' | '—' | '‐' | '‑' | '‒' | '﹣' | '－' => Some('-'),
        '＋' => Some('+'),
        '（' => Some('('),
        '）' => Some(')'),
        '，' | '٬' => Some(','),
        '．' | '٫' => Some('.'),
        '￥' => Some('¥'),
        '\u{a0}' | '\u{202f}' | '\u{2009}' | '\u{2007}' | '\t' => Some(' '),
        '’' | '‘' | '´' | '`' | 'ʼ' => Some('\''),
        '０'..='９' => char::from_u32(u32::from(character) - 0xff10 + 0x30),
        '٠'..='٩' => char::from_u32(u32::from(character) - 0x660 + 0x30),
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => None,
        other => Some(other),
    }
}

/// Currency signs and words that stand beside amounts; an empty code names none that is certain.
const SIGNS: [(&str, &str); 62] = [
    ("US$", "USD"),
    ("A$", "AUD"),
    ("AU$", "AUD"),
    ("C$", "CAD"),
    ("CA$", "CAD"),
    ("CDN$", "CAD"),
    ("HK$", "HKD"),
    ("NT$", "TWD"),
    ("NZ$", "NZD"),
    ("S$", "SGD"),
    ("MX$", "MXN"),
    ("R$", "BRL"),
    ("$U", "UYU"),
    ("$", "USD"),
    ("€", "EUR"),
    ("£", "GBP"),
    ("¥", ""),
    ("₹", "INR"),
    ("Rs.", "INR"),
    ("Rs", "INR"),
    ("₪", "ILS"),
    ("₽", "RUB"),
    ("₴", "UAH"),
    ("₺", "TRY"),
    ("₩", "KRW"),
    ("₫", "VND"),
    ("₱", "PHP"),
    ("฿", "THB"),
    ("₸", "KZT"),
    ("₦", "NGN"),
    ("₡", "CRC"),
    ("₲", "PYG"),
    ("₵", "GHS"),
    ("₿", "BTC"),
    ("zł", "PLN"),
    ("Kč", "CZK"),
    ("Ft", "HUF"),
    ("lei", "RON"),
    ("Lei", "RON"),
    ("лв.", "BGN"),
    ("лв", "BGN"),
    ("руб.", "RUB"),
    ("руб", "RUB"),
    ("р.", "RUB"),
    ("грн", "UAH"),
    ("грн.", "UAH"),
    ("TL", "TRY"),
    ("kr.", ""),
    ("kr", ""),
    ("Kr", ""),
    ("元", "CNY"),
    ("圓", "TWD"),
    ("円", "JPY"),
    ("원", "KRW"),
    ("ש\"ח", "ILS"),
    ("ש״ח", "ILS"),
    ("Rp", "IDR"),
    ("RM", "MYR"),
    ("Fr.", "CHF"),
    ("SFr.", "CHF"),
    ("S/", "PEN"),
    ("Euro", "EUR"),
];

/// The marks taken off around the digits.
#[derive(Default)]
struct Marks {
    is_negative: bool,
    is_signed: bool,
    is_percent: bool,
    currency: Option<AssetCode>,
}

impl Marks {
    /// Takes one layer off; the text unchanged when nothing is left to take. `None` when it is not a number.
    fn take_off(&mut self, text: &str) -> Option<String> {
        if let Some(inner) = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
            return self.sign(true).then(|| inner.to_owned());
        }
        // A country or remark in parentheses behind the amount: `-3.90(CN)`.
        if text.ends_with(')')
            && let Some(at) = text.rfind('(').filter(|at| *at > 0)
            && text[at + 1..text.len() - 1].bytes().all(|byte| byte.is_ascii_alphabetic())
        {
            return Some(text[..at].to_owned());
        }
        if let Some(rest) = text.strip_suffix('%') {
            self.is_percent = true;
            return Some(rest.to_owned());
        }
        for (word, negative) in [
            ("CR", false),
            ("Cr", false),
            ("DR", true),
            ("Dr", true),
            ("DB", true),
            ("Db", true),
            ("cr", false),
            ("dr", true),
            ("Cr.", false),
            ("Dr.", true),
            ("C", false),
            ("D", true),
            ("H", false),
            ("S", true),
        ] {
            if let Some(rest) = text.strip_suffix(word)
                && rest.ends_with(|c: char| {
                    c.is_ascii_digit() || (c == ' ' && rest.trim_end().ends_with(|c: char| c.is_ascii_digit()))
                })
            {
                // A debit word beside a minus adds nothing.
                if self.is_signed && !self.is_negative {
                    self.is_negative = negative;
                }
                return (self.is_signed || self.sign(negative)).then(|| rest.to_owned());
            }
        }
        for (sign, negative) in [('-', true), ('+', false)] {
            let rest = text.strip_prefix(sign).or_else(|| text.strip_suffix(sign));
            if let Some(rest) = rest.filter(|rest| !rest.is_empty()) {
                return self.sign(negative).then(|| rest.to_owned());
            }
        }
        self.currency(text)
    }

    fn sign(&mut self, negative: bool) -> bool {
        if self.is_signed {
            return false;
        }
        (self.is_signed, self.is_negative) = (true, negative);
        true
    }

    fn currency(&mut self, text: &str) -> Option<String> {
        let mut best: Option<(&str, &str, bool)> = None;
        for (sign, code) in SIGNS {
            let is_front = text.starts_with(sign);
            if (is_front || text.ends_with(sign)) && best.is_none_or(|(found, ..)| found.len() < sign.len()) {
                best = Some((sign, code, is_front));
            }
        }
        // Letters must end there: `Rsx` is not a rupee sign.
        if let Some((sign, code, is_front)) = best {
            let rest = if is_front { &text[sign.len()..] } else { &text[..text.len() - sign.len()] };
            if self.currency.is_none() || code.is_empty() {
                self.currency = self.currency.or_else(|| AssetCode::new(code).ok());
                return Some(rest.to_owned());
            }
            return None;
        }
        let is_code = |part: &str| part.len() == 3 && part.bytes().all(|byte| byte.is_ascii_uppercase());
        let front = text.get(..3).filter(|part| is_code(part) && text[3..].starts_with(|c: char| !c.is_alphabetic()));
        let back = || {
            let at = text.len().checked_sub(3)?;
            text.get(at..).filter(|part| is_code(part) && text[..at].ends_with(|c: char| !c.is_alphabetic()))
        };
        let (code, rest) = match front {
            Some(code) => (code, &text[3..]),
            None => match back() {
                Some(code) => (code, &text[..text.len() - 3]),
                None => return Some(text.to_owned()),
            },
        };
        let code = AssetCode::new(code).ok().filter(AssetCode::is_iso)?;
        if self.currency.is_some_and(|known| known != code && known != AssetCode::USD) {
            return None;
        }
        self.currency = Some(code);
        Some(rest.to_owned())
    }
}

/// Digits with marks between them.
fn magnitude(core: &str) -> Option<(Decimal, Shape, u32)> {
    if core.is_empty() || !core.is_ascii() {
        return None;
    }
    if let Some(exponent) = exponent(core) {
        return Some(exponent);
    }
    let bytes = core.as_bytes();
    if !bytes[bytes.len() - 1].is_ascii_digit() && !matches!(bytes[bytes.len() - 1], b'.' | b',') {
        return None;
    }
    let mut marks: Vec<(usize, u8)> = Vec::new();
    for (index, byte) in bytes.iter().enumerate() {
        match byte {
            b'0'..=b'9' => {}
            b'.' | b',' | b'\'' | b' ' | b'_' => marks.push((index, *byte)),
            _ => return None,
        }
    }
    let digits: String = core.chars().filter(char::is_ascii_digit).collect();
    if digits.is_empty() || digits.len() > 27 {
        return None;
    }
    let count = u32::try_from(digits.len()).ok()?;
    let (decimal, shape) = shape(bytes, &marks)?;
    let scale = decimal.map_or(0, |at| bytes[at..].iter().filter(|byte| byte.is_ascii_digit()).count());
    let value: i128 = digits.parse().ok()?;
    let magnitude = Decimal::try_from_i128_with_scale(value, u32::try_from(scale).ok()?).ok()?;
    Some((magnitude, shape, count))
}

/// `2.6E-4`, as programs write small numbers.
fn exponent(core: &str) -> Option<(Decimal, Shape, u32)> {
    let at = core.find(['e', 'E'])?;
    let exponent: i32 = core[at + 1..].parse().ok()?;
    if !(-12..=12).contains(&exponent) {
        return None;
    }
    let base: Decimal = core[..at].parse().ok()?;
    let mut value = base;
    for _ in 0..exponent.abs() {
        value = if exponent < 0 { value.checked_div(Decimal::TEN)? } else { value.checked_mul(Decimal::TEN)? };
    }
    Some((value, Shape::Decimal(Mark::Dot, 9), 10))
}

/// Where the decimal mark is, and what the marks show. `None` when the groups make no number.
fn shape(bytes: &[u8], marks: &[(usize, u8)]) -> Option<(Option<usize>, Shape)> {
    let Some(&(last, kind)) = marks.last() else { return Some((None, Shape::Whole)) };
    let of = |byte: u8| if byte == b'.' { Mark::Dot } else { Mark::Comma };
    let follow = bytes.len() - last - 1;
    let same = marks.iter().filter(|(_, other)| *other == kind).count();
    let others = marks.len() - same;
    let is_quiet = |byte: u8| matches!(byte, b'\'' | b' ' | b'_');
    if is_quiet(kind) {
        // Only groups; a decimal mark would be behind them.
        return (others == 0 && groups(bytes, marks)).then_some((None, Shape::Whole));
    }
    if same == 1 {
        let before = &marks[..marks.len() - 1];
        let quiet_only = before.iter().all(|(_, other)| is_quiet(*other));
        if others > 0 && groups(&bytes[..last], before) && before.iter().all(|(_, other)| *other == before[0].1) {
            let open = quiet_only && follow == 3 && before[0].1 == b' ';
            return if open { None } else { Some((Some(last), Shape::Decimal(of(kind), u32::try_from(follow).ok()?))) };
        }
        if others > 0 {
            return None;
        }
        let is_open = follow == 3 && (1..=3).contains(&last) && bytes[0] != b'0';
        let shape = if is_open { Shape::Open(of(kind)) } else { Shape::Decimal(of(kind), u32::try_from(follow).ok()?) };
        return Some((Some(last), shape));
    }
    (others == 0 && groups(bytes, marks)).then_some((None, Shape::Grouped(of(kind))))
}

/// Whether the digits between marks are groups of three, or of two with three at the end as in India.
fn groups(bytes: &[u8], marks: &[(usize, u8)]) -> bool {
    let Some(&(first, _)) = marks.first() else { return true };
    let mut sizes = Vec::with_capacity(marks.len());
    for (index, &(at, _)) in marks.iter().enumerate() {
        let end = marks.get(index + 1).map_or(bytes.len(), |next| next.0);
        sizes.push(end - at - 1);
    }
    let Some((last, inner)) = sizes.split_last() else { return true };
    if *last != 3 || first == 0 {
        return false;
    }
    (first <= 3 && inner.iter().all(|size| *size == 3)) || (first <= 2 && inner.iter().all(|size| *size == 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dot(cell: &str) -> Option<String> {
        parse(cell).map(|number| number.value(Mark::Dot).to_string())
    }

    fn comma(cell: &str) -> Option<String> {
        parse(cell).map(|number| number.value(Mark::Comma).to_string())
    }

    #[test]
    fn amounts_are_read_as_banks_write_them() {
        for (cell, value) in [
            ("-12.34", "-12.34"),
            ("1,234.56", "1234.56"),
            ("1.234,56", "1234.56"),
            ("1'234.50", "1234.50"),
            ("1\u{a0}234,5", "1234.5"),
            ("1 234,56", "1234.56"),
            ("(85.00)", "-85.00"),
            ("($1,936.76)", "-1936.76"),
            ("7.45-", "-7.45"),
            ("3,681.37 CR", "3681.37"),
            ("3,681.37 DR", "-3681.37"),
            ("12,50 S", "-12.50"),
            ("Rs.100", "100"),
            ("Rs. 1,299.00", "1299.00"),
            ("1,20,000.00", "120000.00"),
            ("-£10.99", "-10.99"),
            ("+ £1,100.00", "1100.00"),
            ("-118,72 PLN", "-118.72"),
            ("−5,00 €", "-5.00"),
            ("R$ 1.234,56", "1234.56"),
            ("￥１，２３４．５０", "1234.50"),
            (".46", "0.46"),
            ("-.46", "-0.46"),
            ("$-5.00", "-5.00"),
            ("1234,37 EUR", "1234.37"),
            ("USD 1,234.56", "1234.56"),
            ("0.00", "0.00"),
            ("000.00", "0.00"),
            ("-3.90(CN)", "-3.90"),
            ("2.6E-4", "0.00026"),
            ("1.234.567", "1234567"),
            ("-$40503.61", "-40503.61"),
            ("100.00-", "-100.00"),
            ("1 997", "1997"),
            ("-110.7 €", "-110.7"),
        ] {
            assert_eq!(dot(cell).as_deref(), Some(value), "{cell}");
        }
        for cell in [
            "",
            "-",
            "12/03/2024",
            "12.03.2024",
            "abc",
            "1.2.3",
            "123 4567890",
            "12-34",
            "2024-01-02",
            "(",
            "+",
            "RE12",
            "1,23,4",
            "--5",
        ] {
            assert_eq!(dot(cell), None, "{cell}");
        }
    }

    #[test]
    fn one_mark_before_three_digits_waits_for_the_file() {
        assert_eq!((dot("1,234").as_deref(), comma("1,234").as_deref()), (Some("1234"), Some("1.234")));
        assert_eq!((dot("-29.000").as_deref(), comma("-29.000").as_deref()), (Some("-29.000"), Some("-29000")));
        assert_eq!(comma("0.123").as_deref(), Some("0.123"), "a leading zero decides");
        assert!(matches!(parse("1,234").unwrap().shape, Shape::Open(Mark::Comma)));
        assert!(matches!(parse("1,234,567").unwrap().shape, Shape::Grouped(Mark::Comma)));
    }

    #[test]
    fn codes_and_long_numbers_are_not_money() {
        for cell in ["0012", "24692164215100012345678", "12 %", "123456789012"] {
            assert!(parse(cell).is_none_or(|number| !number.may_be_money()), "{cell}");
        }
        assert!(parse("12345678901.00").unwrap().may_be_money());
        assert_eq!(parse("€ 5,00").unwrap().currency, Some(AssetCode::new("EUR").unwrap()));
    }
}
