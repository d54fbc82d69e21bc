//! The words by which tables are read: header phrases with their roles, words in cells, months.
//!
//! Used by every step that looks at text. INVARIANT: the words are data in `assets/words.tsv` and `assets/months.tsv`.

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

pub(super) use super::currency::{currency, is_dollar, without_currency};
use super::role::Role;
use crate::domain::{AssetCode, text};

const TABLE: &str = include_str!("../../../assets/words.tsv");
const MONTHS: &str = include_str!("../../../assets/months.tsv");

/// The one parsed form of the word list, which never changes while the program runs.
static WORDS: LazyLock<Words> = LazyLock::new(|| Words::parse(TABLE));

static MONTH_NAMES: LazyLock<HashMap<String, u32>> = LazyLock::new(|| {
    let mut months = HashMap::new();
    for (line, month) in MONTHS.lines().filter(|line| !line.starts_with('#')).zip(1..) {
        months.extend(line.split_whitespace().map(|name| (key(name), month)));
    }
    months
});

/// Sets of words in cells and texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Set {
    In,
    Out,
    Neutral,
    TextIn,
    TextOut,
    Card,
    CardPayment,
    TradeIn,
    TradeOut,
    Pending,
    Failed,
    Positions,
    Prices,
    Orders,
    Plans,
    Loans,
    Lists,
}

impl Set {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "in" => Self::In,
            "out" => Self::Out,
            "neutral" => Self::Neutral,
            "text-in" => Self::TextIn,
            "text-out" => Self::TextOut,
            "card" => Self::Card,
            "card-payment" => Self::CardPayment,
            "trade-in" => Self::TradeIn,
            "trade-out" => Self::TradeOut,
            "pending" => Self::Pending,
            "failed" => Self::Failed,
            "not-positions" => Self::Positions,
            "not-prices" => Self::Prices,
            "not-orders" => Self::Orders,
            "not-plans" => Self::Plans,
            "not-loans" => Self::Loans,
            "not-lists" => Self::Lists,
            _ => return None,
        })
    }
}

/// A meaning of a phrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Meaning {
    role: Role,
    /// Whether the languages of it put the noun that counts first: `numero di carta`.
    noun_first: bool,
    /// Index into [`LANGUAGES`], where the phrase is of one language only.
    language: Option<usize>,
    /// A bit for each of [`LANGUAGES`] that has the phrase.
    languages: u64,
}

/// All words.
pub(super) struct Words {
    headers: HashMap<String, Vec<Meaning>>,
    /// Header phrases of scripts without blanks, longest first.
    unspaced: Vec<(String, Meaning)>,
    sets: HashMap<Set, Vec<String>>,
    exact: HashMap<Set, HashSet<String>>,
    /// Non-ASCII letters of the phrases, for recognising code pages.
    letters: HashSet<char>,
}

/// One role of a header cell and how well the words fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Match {
    pub(super) role: Role,
    /// 100 for the whole header, less for a part of it.
    pub(super) score: u32,
}

pub(super) fn words() -> &'static Words {
    &WORDS
}

/// The month of that name, in any language.
pub(super) fn month(name: &str) -> Option<u32> {
    if name.chars().count() < 3 && name.is_ascii() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    MONTH_NAMES.get(&key(name)).copied()
}

/// The side of a column whose header is a sign in brackets, with or without a currency: `[-] EUR`, `(+)`.
pub(super) fn side(header: &str) -> Option<Role> {
    if !key(&without_currency(header).0).is_empty() {
        return None;
    }
    ["[-]", "(-)", "[−]", "(−)"]
        .iter()
        .any(|sign| header.contains(sign))
        .then_some(Role::Debit)
        .or_else(|| ["[+]", "(+)"].iter().any(|sign| header.contains(sign)).then_some(Role::Credit))
}

/// The form in which words are compared: lower case, no accents, blanks for punctuation, `camelCase` in two words.
pub(super) fn key(text: &str) -> String {
    let mut spaced = String::with_capacity(text.len() + 8);
    let mut before = ' ';
    for character in text.chars() {
        if before.is_lowercase() && character.is_uppercase() {
            spaced.push(' ');
        }
        spaced.push(match character {
            'ł' => 'l',
            'Ł' => 'L',
            'ø' => 'o',
            'Ø' => 'O',
            'đ' | 'ð' => 'd',
            'ı' => 'i',
            other => other,
        });
        before = character;
    }
    let folded = text::fold(&spaced);
    let mut out = String::with_capacity(folded.len());
    for character in folded.chars() {
        match character {
            'ß' => out.push_str("ss"),
            'æ' => out.push_str("ae"),
            'œ' => out.push_str("oe"),
            c if c.is_alphanumeric() => out.push(c),
            // Vowel marks of Thai and Devanagari belong to the word.
            c if !c.is_ascii() && !c.is_whitespace() && !c.is_control() && !is_punctuation(c) => out.push(c),
            _ if out.ends_with(' ') || out.is_empty() => {}
            _ => out.push(' '),
        }
    }
    out.truncate(out.trim_end().len());
    out
}

fn is_punctuation(character: char) -> bool {
    matches!(character, '\u{80}'..='\u{bf}' | '\u{2000}'..='\u{206f}' | '\u{3000}'..='\u{303f}' | '\u{ff00}'..='\u{ff0f}' | '\u{ff1a}'..='\u{ff20}' | '\u{20a0}'..='\u{20cf}' | '\u{fffd}' | '\u{2190}'..='\u{2bff}' | '\u{fe00}'..='\u{fe0f}' | '\u{1f000}'..='\u{1faff}' | '\u{5f3}' | '\u{5f4}')
}

fn is_unspaced(text: &str) -> bool {
    text.chars().any(|c| matches!(c, '\u{e00}'..='\u{e7f}' | '\u{1100}'..='\u{11ff}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}'))
}

/// Languages that put the noun first.
const NOUN_FIRST: &[&str] = &[
    "fr", "it", "es", "pt", "pl", "cs", "ro", "ru", "he", "ar", "el", "bg", "hr", "vi", "id", "sk", "sl", "sr", "uk",
    "ms", "ca",
];

/// Languages with the currency of the countries that use them, where that is one.
const LANGUAGES: &[(&str, &str)] = &[
    ("da", "DKK"),
    ("sv", "SEK"),
    ("nb", "NOK"),
    ("pl", "PLN"),
    ("cs", "CZK"),
    ("hu", "HUF"),
    ("ro", "RON"),
    ("tr", "TRY"),
    ("he", "ILS"),
    ("ja", "JPY"),
    ("ko", "KRW"),
    ("vi", "VND"),
    ("id", "IDR"),
    ("th", "THB"),
    ("it", "EUR"),
    ("fi", "EUR"),
    ("nl", "EUR"),
    ("lt", "EUR"),
    ("lv", "EUR"),
    ("et", "EUR"),
    ("el", "EUR"),
    ("hr", "EUR"),
    ("sk", "EUR"),
    ("sl", "EUR"),
    ("bg", "BGN"),
    ("uk", "UAH"),
    ("sr", "RSD"),
    ("is", "ISK"),
    ("ms", "MYR"),
    ("de", ""),
    ("es", ""),
    ("pt", ""),
    ("ru", ""),
    ("zh", ""),
    ("ca", ""),
    ("fr", ""),
    ("ar", ""),
    ("en", ""),
];

/// Languages of countries whose currencies have thousandths.
const THOUSANDTHS: &[&str] = &["ar", "en", "fr"];

/// Languages of countries that write the year first, in figures of two digits too.
const YEAR_FIRST: &[&str] = &["sv", "hu", "zh", "ja", "ko", "lt"];

/// Languages of countries whose banks offer CAMT and MT940.
const EUROPEAN: &[&str] = &[
    "de", "nl", "it", "da", "sv", "nb", "fi", "pl", "cs", "hu", "ro", "sk", "sl", "hr", "lt", "lv", "et", "el", "bg",
    "is", "fr", "es", "ca", "sr",
];

/// Where the bank of a table most likely is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Region {
    /// In a country with CAMT and MT940.
    Europe,
    /// In one where tables are the rule.
    Tables,
    /// The words are English, or of no language.
    Open,
}

/// How a language writes a year of two digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ShortYear {
    /// In front, as in Sweden.
    First,
    /// Behind day and month.
    Last,
    /// The headers name no language, or one of several with different habits.
    Unknown,
}

/// The bits of these languages.
fn bits(names: &[&str]) -> u64 {
    let indices = LANGUAGES.iter().enumerate().filter(|(_, (name, _))| names.contains(name));
    indices.fold(0, |bits, (index, _)| bits | 1 << index)
}

impl Words {
    fn parse(table: &str) -> Self {
        let mut words = Self {
            headers: HashMap::new(),
            unspaced: Vec::new(),
            sets: HashMap::new(),
            exact: HashMap::new(),
            letters: HashSet::new(),
        };
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let mut columns = line.split('\t');
            let (Some(name), Some(language), Some(phrases)) = (columns.next(), columns.next(), columns.next()) else {
                continue;
            };
            let noun_first = NOUN_FIRST.contains(&language);
            let language = LANGUAGES.iter().position(|(known, _)| *known == language);
            let languages = language.map_or(0, |index| 1u64 << index);
            for written in phrases.split("; ") {
                words.letters.extend(written.chars().flat_map(char::to_lowercase).filter(|c| !c.is_ascii()));
                let phrase = key(written);
                if let Some(set) = Set::parse(name) {
                    // Signs such as `+` have no letters.
                    let phrase = if phrase.is_empty() { written.trim().to_owned() } else { phrase };
                    words.exact.entry(set).or_default().insert(phrase.clone());
                    words.sets.entry(set).or_default().push(phrase);
                } else if let Some(role) = Role::parse(name)
                    && !phrase.is_empty()
                {
                    words.add_header(phrase, Meaning { role, noun_first, language, languages });
                }
            }
        }
        words.unspaced.sort_by_key(|(phrase, _)| std::cmp::Reverse(phrase.chars().count()));
        words
    }

    fn add_header(&mut self, phrase: String, meaning: Meaning) {
        if is_unspaced(&phrase) {
            self.unspaced.push((phrase.clone(), meaning));
        }
        let meanings = self.headers.entry(phrase).or_default();
        match meanings.iter_mut().find(|known| known.role == meaning.role) {
            Some(known) => {
                // Two languages share the phrase.
                if known.language != meaning.language {
                    known.language = None;
                }
                known.languages |= meaning.languages;
            }
            None => meanings.push(meaning),
        }
    }

    /// Whether a cell is a header phrase or a word of cells, as a whole.
    pub(super) fn is_known(&self, cell: &str) -> bool {
        let phrase = key(cell);
        self.headers.contains_key(&phrase)
            || self.unspaced.iter().any(|(known, _)| phrase.contains(known.as_str()) && known.chars().count() > 1)
    }

    /// Different letters beyond ASCII that no phrase holds count a little against a code page.
    pub(super) fn common_letters(&self, text: &str) -> i64 {
        let odd = text.chars().filter(|c| c.is_alphabetic() && !c.is_ascii());
        let odd: HashSet<char> = odd.flat_map(char::to_lowercase).filter(|c| !self.letters.contains(c)).collect();
        -2 * i64::try_from(odd.len()).unwrap_or(i64::MAX / 2)
    }

    /// The currency that goes with the language of most headers; three of them must be whole phrases of it alone.
    pub(super) fn currency_of_language<'a>(&self, headers: impl Iterator<Item = &'a str>) -> Option<AssetCode> {
        let (language, count) = self.language(headers)?;
        (count >= 3).then(|| AssetCode::new(LANGUAGES[language].1).ok()).flatten()
    }

    /// Whether the headers are of languages of countries without thousandths of a currency.
    pub(super) fn has_no_thousandths<'a>(&self, headers: impl Iterator<Item = &'a str>) -> bool {
        let (languages, count) = self.languages(headers);
        count >= 2 && languages != 0 && languages & bits(THOUSANDTHS) == 0
    }

    /// Where the bank most likely is, by the language of the cells.
    pub(super) fn region<'a>(&self, cells: impl Iterator<Item = &'a str>) -> Region {
        match self.languages(cells).0 {
            0 => Region::Open,
            languages if languages & !bits(EUROPEAN) == 0 => Region::Europe,
            languages if languages & bits(&["en"]) == 0 => Region::Tables,
            _ => Region::Open,
        }
    }

    /// How the language of the headers writes a year of two digits. English tables are of every country.
    pub(super) fn short_year<'a>(&self, headers: impl Iterator<Item = &'a str>) -> ShortYear {
        let (languages, _) = self.languages(headers);
        let first = bits(YEAR_FIRST);
        match languages {
            0 => ShortYear::Unknown,
            languages if languages & !first == 0 => ShortYear::First,
            languages if languages & (first | bits(&["en"])) == 0 => ShortYear::Last,
            _ => ShortYear::Unknown,
        }
    }

    /// The languages that most headers may be of, as bits, and how many headers each of them has. English counts only
    /// where it has more than any other.
    fn languages<'a>(&self, headers: impl Iterator<Item = &'a str>) -> (u64, usize) {
        let mut votes = vec![0usize; LANGUAGES.len()];
        for header in headers {
            let phrase = key(&without_currency(header).0);
            let whole = self.headers.get(&phrase).map_or(&[][..], Vec::as_slice);
            let found = whole.iter().fold(0, |bits, meaning| bits | meaning.languages);
            for (index, vote) in votes.iter_mut().enumerate() {
                *vote += usize::from(found >> index & 1 == 1);
            }
        }
        if let Some(english) = LANGUAGES.iter().position(|(name, _)| *name == "en")
            && votes.iter().enumerate().any(|(index, count)| index != english && *count >= votes[english])
        {
            votes[english] = 0;
        }
        let most = votes.iter().copied().max().unwrap_or(0);
        if most == 0 {
            return (0, 0);
        }
        let best = votes.iter().enumerate().filter(|(_, count)| **count == most);
        (best.fold(0, |bits, (index, _)| bits | 1 << index), most)
    }

    /// The language of most headers, as an index into [`LANGUAGES`], and how many headers are of it alone.
    fn language<'a>(&self, headers: impl Iterator<Item = &'a str>) -> Option<(usize, usize)> {
        let mut votes = vec![0usize; LANGUAGES.len()];
        for header in headers {
            let phrase = key(&without_currency(header).0);
            let meanings = self.headers.get(&phrase).map_or(&[][..], Vec::as_slice);
            let mut languages: Vec<usize> = meanings.iter().filter_map(|meaning| meaning.language).collect();
            languages.dedup();
            // A phrase that another language shares votes for none.
            if let ([language], true) = (&languages[..], meanings.iter().all(|meaning| meaning.language.is_some())) {
                votes[*language] += 1;
            }
        }
        let (best, count) = votes.iter().enumerate().max_by_key(|(_, count)| **count)?;
        // English words are found in tables of every language.
        let english = LANGUAGES.iter().position(|(name, _)| *name == "en").filter(|english| *english != best);
        let others = votes.iter().sum::<usize>() - count - english.map_or(0, |english| votes[english]);
        (*count >= 1 && *count >= others * 2).then_some((best, *count))
    }

    /// The roles a header cell may name, best first.
    pub(super) fn roles(&self, header: &str) -> Vec<Match> {
        let phrase = key(&without_currency(header).0);
        // The Vietnamese word for a debit has an accent.
        if phrase == "no" && header.is_ascii() {
            return vec![Match { role: Role::Reference, score: 100 }];
        }
        let mut found: Vec<Match> = Vec::new();
        let mut add = |role: Role, score: u32| match found.iter_mut().find(|known| known.role == role) {
            Some(known) => known.score = known.score.max(score),
            None => found.push(Match { role, score }),
        };
        if let Some(side) = side(header).filter(|_| phrase.is_empty()) {
            add(side, 100);
        }
        for meaning in self.headers.get(&phrase).into_iter().flatten() {
            add(meaning.role, 100);
        }
        if is_unspaced(&phrase) {
            let total = u32::try_from(phrase.chars().count()).unwrap_or(u32::MAX).max(1);
            for (known, meaning) in &self.unspaced {
                if phrase.contains(known.as_str()) {
                    let length = u32::try_from(known.chars().count()).unwrap_or(0);
                    add(meaning.role, 40 + 50 * length / total);
                }
            }
        }
        let tokens: Vec<&str> = phrase.split(' ').collect();
        let count = tokens.len().min(8);
        for length in (1..count).rev() {
            for start in 0..=count - length {
                let window = tokens[start..start + length].join(" ");
                for meaning in self.headers.get(&window).into_iter().flatten() {
                    let is_head = if meaning.noun_first { start == 0 } else { start + length == count };
                    let share = u32::try_from(30 * length / count).unwrap_or(0);
                    add(meaning.role, 40 + share + if is_head { 12 } else { 0 });
                }
            }
        }
        // `Amount (Funding Card)` is an amount: what the bracket names is not the column's.
        if let Some((name, _)) = header.split_once('(')
            && found
                .iter()
                .max_by_key(|known| known.score)
                .is_some_and(|best| matches!(best.role, Role::Account | Role::KeyAccount) && best.score < 100)
        {
            let amounts = self.headers.get(&key(name)).into_iter().flatten().filter(|known| known.role == Role::Amount);
            found.extend(amounts.map(|known| Match { role: known.role, score: 85 }));
        }
        found.sort_by_key(|known| std::cmp::Reverse(known.score));
        found
    }

    /// Whether a whole cell is a word of the set.
    pub(super) fn is(&self, set: Set, cell: &str) -> bool {
        let cell = cell.trim();
        let Some(words) = self.exact.get(&set).filter(|_| !cell.is_empty()) else { return false };
        if words.contains(cell) {
            return true;
        }
        let phrase = key(cell);
        !phrase.is_empty() && words.contains(&phrase)
    }

    /// Whether a cell holds a word of the set, at word boundaries where its script has any.
    pub(super) fn holds(&self, set: Set, cell: &str) -> bool {
        self.count(set, &key(cell)) > 0
    }

    /// Words of the set in a text that is a key already.
    pub(super) fn count(&self, set: Set, phrase: &str) -> usize {
        let Some(words) = self.sets.get(&set) else { return 0 };
        words.iter().filter(|word| contains(phrase, word)).count()
    }
}

/// The name in front of a day or an amount: `Ending balance` of `Ending balance as of 10/31/2026`.
pub(super) fn name_of(cell: &str) -> &str {
    let head = cell.split(|c: char| c.is_ascii_digit() || c == ':').next().unwrap_or_default().trim();
    let of_day = |head: &&str| {
        let lower = head.to_lowercase();
        [" as of", " as at", " on", " vom", " am", " per", " au", " al"]
            .into_iter()
            .find(|end| lower.ends_with(end))
            .map(str::len)
    };
    of_day(&head).and_then(|length| head.get(..head.len() - length)).unwrap_or(head)
}

/// Whether a phrase holds a word, at boundaries unless the script has no blanks.
pub(super) fn contains(phrase: &str, word: &str) -> bool {
    if word.is_empty() {
        return false;
    }
    let bounded = !is_unspaced(word);
    phrase.match_indices(word).any(|(at, _)| {
        !bounded
            || (!phrase[..at].ends_with(char::is_alphanumeric)
                && !phrase[at + word.len()..].starts_with(char::is_alphanumeric))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(header: &str) -> Option<Role> {
        words().roles(header).first().map(|found| found.role)
    }

    #[test]
    fn every_line_of_the_table_is_used() {
        for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
            let name = line.split('\t').next().unwrap();
            assert!(Set::parse(name).is_some() || Role::parse(name).is_some(), "unknown role {name}");
            assert_eq!(line.split('\t').count(), 3, "{line}");
        }
        assert_eq!(MONTHS.lines().filter(|line| !line.starts_with('#')).count(), 12);
    }

    #[test]
    fn headers_are_known_in_many_languages() {
        for (header, role) in [
            ("Buchungstag", Role::DateBook),
            ("Amount (EUR)", Role::Amount),
            ("Betrag in CHF", Role::Amount),
            ("Original Amount", Role::AmountOther),
            ("交易金额(支出)", Role::Debit),
            ("入出金(円)", Role::Amount),
            ("残高(円)", Role::Balance),
            ("Määrä EUROA", Role::Amount),
            ("ValutaDate", Role::DateValue),
            ("Wpływy", Role::Credit),
            ("Bogført dato", Role::DateBook),
            ("Exchange Rate", Role::Rate),
            ("Kreditkartennummer", Role::Account),
            ("Data dell'operazione", Role::DateTxn),
            ("Credit in CHF", Role::Credit),
        ] {
            assert_eq!(best(header), Some(role), "{header}: {:?}", words().roles(header));
        }
    }

    #[test]
    fn months_in_many_languages() {
        for (name, number) in
            [("Jan", 1), ("févr", 2), ("März", 3), ("mai", 5), ("grudnia", 12), ("OKT", 10), ("ene", 1), ("dez", 12)]
        {
            assert_eq!(month(name), Some(number), "{name}");
        }
        assert_eq!(month("Monday"), None);
    }
}
