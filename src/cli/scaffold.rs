//! Arguments of `dashtam dev`, and the files of a new provider: templates from `assets/new-provider`, filled with its names.
//!
//! Used by `dashtam dev new-provider`. A line of a template that begins with `@oauth,link ` belongs to these ways to connect
//! only. INVARIANT: pure; the files compile as they are, and their tests fail until every `FILL IN` is filled in.

use clap::{Subcommand, ValueEnum};

use crate::{providers::PROVIDERS, statements::Institution};

/// For people who work on the program.
#[derive(Debug, Subcommand)]
pub(super) enum DevCommand {
    /// Write the folder of a new provider, its fixtures, its page and its line in the registry
    ///
    /// Run it in a checkout of the source. The code that it writes compiles; its tests fail until every FILL IN is filled in.
    NewProvider {
        /// Name of the folder and in commands: lower-case letters, digits, underscores
        slug: String,
        /// How people connect
        #[arg(long, value_enum)]
        auth: AuthKind,
        /// Name on screen [default: the words of the slug]
        #[arg(long)]
        name: Option<String>,
    },
}

/// The ways to connect, by the names of the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum AuthKind {
    /// Login in the browser with the authorization code flow
    Oauth,
    /// Keys created on a web site
    ApiKey,
    /// Statement files
    File,
    /// A hosted page, or a token that works once
    Link,
    /// A TLS client certificate
    Certificate,
}

/// The names of a new provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ProviderNames {
    /// `first_bank`: of the folder and in commands.
    pub(super) slug: String,
    /// `First Bank`: on screen.
    pub(super) name: String,
}

/// A file to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NewFile {
    /// From the folder of the project, with `/`.
    pub(super) path: String,
    pub(super) text: String,
}

/// Where the list of providers is.
pub(super) const REGISTRY: &str = "src/providers/registry.rs";

/// Blanks before an entry of the list.
const INDENT: &str = "            ";

macro_rules! template {
    ($name:literal) => {
        include_str!(concat!("../../assets/new-provider/", $name, ".in"))
    };
}

/// Path of a file, with `{}` for the slug, and its template.
type Template = (&'static str, &'static str);

const LIVE: &[Template] = &[
    ("src/providers/{}/mod.rs", template!("live_mod.rs")),
    ("src/providers/{}/wire.rs", template!("live_wire.rs")),
    ("src/providers/{}/map.rs", template!("live_map.rs")),
    ("src/providers/{}/tests.rs", template!("live_tests.rs")),
    ("fixtures/providers/{}/contract.json", template!("live_contract.json")),
    ("fixtures/providers/{}/accounts.json", template!("live_accounts.json")),
    ("fixtures/providers/{}/transactions.json", template!("live_transactions.json")),
    ("fixtures/providers/{}/transactions_empty.json", template!("live_transactions_empty.json")),
    ("fixtures/providers/{}/positions.json", template!("live_positions.json")),
    ("fixtures/providers/{}/positions_empty.json", template!("live_positions_empty.json")),
    ("docs/providers/{}.md", template!("live_page.md")),
];

const FILE: &[Template] = &[
    ("src/providers/{}/mod.rs", template!("file_mod.rs")),
    ("src/providers/{}/map.rs", template!("file_map.rs")),
    ("src/providers/{}/tests.rs", template!("file_tests.rs")),
    ("fixtures/providers/{}/contract.json", template!("file_contract.json")),
    ("fixtures/providers/{}/statement.ofx", template!("file_statement.ofx")),
    ("docs/providers/{}.md", template!("file_page.md")),
];

impl AuthKind {
    /// The name in templates and on the command line.
    const fn tag(self) -> &'static str {
        match self {
            Self::Oauth => "oauth",
            Self::ApiKey => "api-key",
            Self::File => "file",
            Self::Link => "link",
            Self::Certificate => "certificate",
        }
    }
}

impl ProviderNames {
    /// Checks a slug. `name` is the name on screen; by default the words of the slug. An error is a text for people.
    pub(super) fn new(slug: &str, name: Option<&str>) -> Result<Self, String> {
        // Slugs are names of modules here, so words of Rust can't be one.
        const WORDS: [&str; 12] =
            ["as", "async", "crate", "dyn", "enum", "fn", "impl", "mod", "self", "super", "type", "use"];
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let begins = slug.as_bytes().first().is_some_and(u8::is_ascii_lowercase);
        if !(2..=50).contains(&slug.len()) || !begins || !slug.bytes().all(is_plain) || slug.ends_with('_') {
            return Err(format!(
                "`{slug}` is no slug: 2 to 50 lower-case letters, digits and underscores, a letter first"
            ));
        }
        if WORDS.contains(&slug) || slug == "kit" {
            return Err(format!("`{slug}` has another meaning in the source; add a word, such as `{slug}_bank`"));
        }
        let from_slug = || slug.split('_').map(capitalised).collect::<Vec<_>>().join(" ");
        let name = name.map(str::trim).filter(|name| !name.is_empty()).map_or_else(from_slug, str::to_owned);
        if name.chars().count() > 60
            || name.chars().any(|c| c.is_control() || matches!(c, '"' | '\\' | '{' | '}' | '<'))
        {
            return Err("the name has at most 60 characters, without quotes, braces and backslashes".to_owned());
        }
        Ok(Self { slug: slug.to_owned(), name })
    }

    /// `FirstBank`.
    fn type_name(&self) -> String {
        self.slug.split('_').map(capitalised).collect()
    }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

/// Every file of a new provider.
pub(super) fn files(names: &ProviderNames, kind: AuthKind) -> Vec<NewFile> {
    let templates = if kind == AuthKind::File { FILE } else { LIVE };
    templates
        .iter()
        .map(|(path, template)| NewFile { path: path.replace("{}", &names.slug), text: filled(template, names, kind) })
        .collect()
}

fn filled(template: &str, names: &ProviderNames, kind: AuthKind) -> String {
    let mut text = String::with_capacity(template.len());
    for line in template.lines() {
        let line = match line.strip_prefix('@').and_then(|line| line.split_once(' ')) {
            Some((tags, line)) if tags.split(',').any(|tag| tag == kind.tag()) => line,
            Some(_) => continue,
            None => line,
        };
        text.push_str(line);
        text.push('\n');
    }
    let text = text.replace("{{slug}}", &names.slug).replace("{{name}}", &names.name);
    text.replace("{{type}}", &names.type_name())
}

/// The list of providers with the new one: live providers after the last live one, providers of files before those that
/// accept every file of a kind. `None` if the text has no such list.
pub(super) fn registered(registry: &str, names: &ProviderNames, kind: AuthKind) -> Option<String> {
    let anyone = Institution::default();
    let next = PROVIDERS.iter().find(|metadata| match metadata.file() {
        Some(spec) => kind != AuthKind::File || (spec.claims)(&anyone),
        None => false,
    })?;
    let entry = format!("{INDENT}{},\n", next.slug);
    let at = registry.find(&entry)?;
    let (before, after) = registry.split_at(at);
    Some(format!("{before}{INDENT}{},\n{after}", names.slug))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [AuthKind; 5] =
        [AuthKind::Oauth, AuthKind::ApiKey, AuthKind::File, AuthKind::Link, AuthKind::Certificate];

    #[test]
    fn templates_are_filled_completely() {
        for kind in KINDS {
            let names = ProviderNames::new("first_bank", None).unwrap();
            for file in files(&names, kind) {
                assert!(file.path.contains("first_bank"), "{}", file.path);
                let places = ["{{slug}}", "{{name}}", "{{type}}"];
                assert!(places.iter().all(|place| !file.text.contains(place)), "{kind:?} {}", file.path);
                assert!(file.text.lines().all(|line| !line.starts_with('@')), "{kind:?} {}", file.path);
                let words =
                    ["dashtam connect first_bank", "FirstBank", "First Bank", "first_bank", "acc-1", "transactions"];
                let is_named = words.iter().any(|word| file.text.contains(word));
                assert!(is_named || file.path.contains("positions"), "{kind:?} {}", file.path);
            }
        }
    }

    #[test]
    fn every_line_that_depends_on_the_way_to_connect_names_known_ones() {
        for (path, template) in LIVE.iter().chain(FILE) {
            for line in template.lines().filter(|line| line.starts_with('@')) {
                let (tags, _) = line[1..].split_once(' ').unwrap_or_else(|| panic!("{path}: {line}"));
                assert!(tags.split(',').all(|tag| KINDS.iter().any(|kind| kind.tag() == tag)), "{path}: {line}");
            }
        }
    }

    #[test]
    fn one_line_is_added_at_the_right_place() {
        let registry = include_str!("../providers/registry.rs");
        let names = ProviderNames::new("first_bank", None).unwrap();
        let place = |kind: AuthKind| {
            let changed = registered(registry, &names, kind).unwrap();
            let added: Vec<&str> = changed.lines().filter(|line| line.contains("first_bank")).collect();
            assert_eq!(added, [format!("{INDENT}first_bank,")]);
            assert_eq!(changed.replace(&format!("{INDENT}first_bank,\n"), ""), registry);
            let after = changed.lines().skip_while(|line| !line.contains("first_bank")).nth(1).unwrap().to_owned();
            after.trim().trim_end_matches(',').to_owned()
        };
        let is_file = |slug: &str| crate::providers::find(slug).unwrap().file().copied();
        assert!(is_file(&place(AuthKind::Link)).is_some());
        let general = is_file(&place(AuthKind::File)).unwrap();
        assert!((general.claims)(&Institution::default()));
        assert_eq!(registered("no list", &names, AuthKind::Link), None);
    }

    #[test]
    fn slugs_and_names_are_checked() {
        for slug in ["", "a", "Bank", "1bank", "first-bank", "bank_", "../bank", "type", "kit", "bank\n"] {
            assert!(ProviderNames::new(slug, None).is_err(), "{slug:?}");
        }
        assert_eq!(ProviderNames::new("first_bank2", None).unwrap().name, "First Bank2");
        assert_eq!(ProviderNames::new("first_bank", Some(" The First ")).unwrap().name, "The First");
        assert!(ProviderNames::new("first_bank", Some("a\"b")).is_err());
    }
}
