//! Sequences of made-up statement files in a text of our own; its first lines describe it.
//!
//! Used by `identity/kinds.rs`. INVARIANT: a line that is not understood fails the test.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::Write as _,
    path::{Path, PathBuf},
};

use rust_decimal::Decimal;

/// Day, amount, text, status, currency.
pub(crate) type EndRow = (String, Decimal, String, String, String);

type Options = BTreeMap<String, String>;

#[derive(Default)]
pub(crate) struct TextSequence {
    pub(crate) name: String,
    pub(crate) options: Options,
    why: String,
    files: Vec<(String, Content)>,
    pub(crate) steps: Vec<Vec<String>>,
    pub(crate) rows: Vec<EndRow>,
}

enum Content {
    Ofx(Options, Vec<Statement>),
    Raw(String),
    Zip(Vec<String>),
}

#[derive(Default)]
struct Statement {
    options: Options,
    rows: Vec<Line>,
    pending: Option<(String, Vec<Line>)>,
}

struct Line {
    day: String,
    amount: String,
    id: String,
    text: String,
    correction: Option<(&'static str, String)>,
}

fn options<'a>(words: impl Iterator<Item = &'a str>) -> Options {
    words.map(|word| word.split_once('=').unwrap()).map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

fn option<'a>(options: &'a Options, key: &str, default: &'a str) -> Option<&'a str> {
    Some(options.get(key).map_or(default, String::as_str)).filter(|value| *value != "-")
}

fn line(text: &str) -> Line {
    let (text, correction) = match text.split_once('~') {
        Some((text, correction)) => {
            let (action, id) = correction.split_once('=').unwrap();
            let action = match action {
                "replaces" => "REPLACE",
                "deletes" => "DELETE",
                other => panic!("unknown correction {other}"),
            };
            (text.trim_end(), Some((action, id.to_owned())))
        }
        None => (text, None),
    };
    let mut words = text.splitn(4, ' ').map(str::to_owned);
    let mut next = || words.next().unwrap_or_default();
    Line { day: next(), amount: next(), id: next(), text: next(), correction }
}

pub(crate) fn parse(text: &str) -> Vec<TextSequence> {
    let mut all: Vec<TextSequence> = Vec::new();
    let mut lines = text.lines();
    let mut is_expectation = false;
    while let Some(entry) = lines.next() {
        if entry.is_empty() || entry.starts_with('#') {
            continue;
        }
        let mut words = entry.split_whitespace();
        let first = words.next().unwrap();
        if first == "==" {
            let name = words.next().unwrap().to_owned();
            let why = lines.next().unwrap().to_owned();
            all.push(TextSequence { name, why, options: options(words), ..TextSequence::default() });
            is_expectation = false;
            continue;
        }
        let sequence = all.last_mut().unwrap();
        match first {
            "file" => {
                let name = words.next().unwrap().to_owned();
                sequence.files.push((name, Content::Ofx(options(words), Vec::new())));
            }
            "raw" => {
                let content: Vec<&str> = lines.by_ref().take_while(|line| *line != ".").collect();
                sequence.files.push((words.next().unwrap().to_owned(), Content::Raw(content.join("\n") + "\n")));
            }
            "zip" => {
                let name = words.next().unwrap().to_owned();
                sequence.files.push((name, Content::Zip(words.map(str::to_owned).collect())));
            }
            "do" => sequence.steps.push(words.map(str::to_owned).collect()),
            "want" => is_expectation = true,
            _ if is_expectation => {
                let rest: Vec<&str> = entry.trim().splitn(5, ' ').collect();
                sequence.rows.push((
                    format!("2025-{}", rest[0]),
                    rest[1].parse().unwrap(),
                    rest.get(4).copied().unwrap_or_default().to_owned(),
                    rest[2].to_owned(),
                    rest[3].to_owned(),
                ));
            }
            _ => {
                let Some((_, Content::Ofx(_, statements))) = sequence.files.last_mut() else { panic!("{entry}") };
                match first {
                    "stmt" => statements.push(Statement { options: options(words), ..Statement::default() }),
                    "pend" => {
                        let day = options(words)["asof"].clone();
                        statements.last_mut().unwrap().pending = Some((day, Vec::new()));
                    }
                    _ => {
                        let statement = statements.last_mut().unwrap();
                        let rows = statement.pending.as_mut().map_or(&mut statement.rows, |(_, rows)| rows);
                        rows.push(line(entry.trim()));
                    }
                }
            }
        }
    }
    for sequence in &mut all {
        sequence.rows.sort();
        assert!(!sequence.why.is_empty() && !sequence.steps.is_empty(), "{}", sequence.name);
    }
    all
}

fn date(day: &str) -> String {
    format!("2025{}", day.replace('-', ""))
}

impl TextSequence {
    pub(crate) fn has_balances(&self) -> bool {
        let is_stated = |statement: &Statement| statement.options.contains_key("bal");
        self.files.iter().any(|(_, content)| matches!(content, Content::Ofx(_, list) if list.iter().any(is_stated)))
    }

    /// Writes the files into a folder.
    pub(crate) fn write(&self, folder: &Path, with_balances: bool) -> BTreeMap<String, PathBuf> {
        let mut paths = BTreeMap::new();
        for (name, content) in &self.files {
            let is_ofx = matches!(content, Content::Ofx(..));
            let path = folder.join(if is_ofx { format!("{name}.ofx") } else { name.clone() });
            match content {
                Content::Ofx(options, statements) => {
                    let text = self.ofx(options, statements, with_balances);
                    std::fs::write(&path, text).unwrap();
                }
                Content::Raw(text) => std::fs::write(&path, text).unwrap(),
                Content::Zip(members) => {
                    let mut writer = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
                    for member in members {
                        let member: &PathBuf = &paths[member];
                        let name = member.file_name().unwrap().to_str().unwrap();
                        writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
                        writer.write_all(&std::fs::read(member).unwrap()).unwrap();
                    }
                    writer.finish().unwrap();
                }
            }
            paths.insert(name.clone(), path);
        }
        paths
    }

    /// The true balance of a day, of a sequence with one account.
    fn balance(&self, day: &str) -> Decimal {
        let day = format!("2025-{day}");
        let settled = self.rows.iter().filter(|row| row.3 == "settled" && row.0 <= day);
        settled.fold(Decimal::from(1000), |sum, row| sum + row.1)
    }

    fn ofx(&self, options: &Options, statements: &[Statement], with_balances: bool) -> String {
        let mut text = "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nSECURITY:NONE\nENCODING:UTF-8\nCHARSET:NONE\n\
                        COMPRESSION:NONE\nOLDFILEUID:NONE\nNEWFILEUID:NONE\n\n<OFX>\n<SIGNONMSGSRSV1>\n<SONRS>\n\
                        <DTSERVER>20250401120000\n<LANGUAGE>ENG\n"
            .to_owned();
        if let Some(org) = option(options, "org", "Rivertown_Bank") {
            let fid = options.get("fid").map_or("7001", String::as_str);
            write!(text, "<FI>\n<ORG>{}\n<FID>{fid}\n</FI>\n", org.replace('_', " ")).unwrap();
        }
        text.push_str("</SONRS>\n</SIGNONMSGSRSV1>\n");
        for statement in statements {
            self.statement(&mut text, statement, with_balances);
        }
        text.push_str("</OFX>\n");
        if options.contains_key("eol") { text.replace('\n', "\r\n") } else { text }
    }

    fn statement(&self, text: &mut String, statement: &Statement, with_balances: bool) {
        let options = &statement.options;
        let is_card = option(options, "kind", "bank") == Some("card");
        let (set, of, from) = if is_card { ("CREDITCARD", "CC", "CC") } else { ("BANK", "", "BANK") };
        writeln!(text, "<{set}MSGSRSV1>\n<{of}STMTTRNRS>\n<TRNUID>1\n<{of}STMTRS>").unwrap();
        let mut tag = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                writeln!(text, "<{name}>{value}").unwrap();
            }
        };
        let own = |key: &str, default: &'static str| option(options, key, default).map(|value| value.replace('_', " "));
        tag("CURDEF", own("cur", "USD"));
        tag(&format!("{from}ACCTFROM"), Some(String::new()));
        tag("BANKID", own("bank", "091000019").filter(|_| !is_card));
        tag("ACCTID", own("acct", "55512345"));
        tag("ACCTTYPE", own("type", "CHECKING").filter(|_| !is_card));
        tag(&format!("/{from}ACCTFROM"), Some(String::new()));
        tag("BANKTRANLIST", Some(String::new()));
        tag("DTSTART", options.get("from").map(|day| date(day)));
        tag("DTEND", options.get("to").map(|day| date(day)));
        let mut row = |line: &Line, (open, day): (&str, &str)| {
            tag(open, Some(String::new()));
            tag("TRNTYPE", Some(if line.amount.starts_with('-') { "DEBIT" } else { "CREDIT" }.to_owned()));
            tag(day, Some(date(&line.day)));
            tag("TRNAMT", Some(line.amount.clone()));
            tag("FITID", Some(line.id.replace("\"\"", "")).filter(|id| id != "_"));
            if let Some((action, id)) = &line.correction {
                tag("CORRECTFITID", Some(id.clone()));
                tag("CORRECTACTION", Some((*action).to_owned()));
            }
            tag("NAME", Some(line.text.clone()).filter(|text| !text.is_empty()));
            tag(&format!("/{open}"), Some(String::new()));
        };
        statement.rows.iter().for_each(|line| row(line, ("STMTTRN", "DTPOSTED")));
        text.push_str("</BANKTRANLIST>\n");
        if let Some((day, rows)) = &statement.pending {
            writeln!(text, "<BANKTRANLISTP>\n<DTASOF>{}", date(day)).unwrap();
            for Line { day, amount, id, text: name, .. } in rows {
                let id = if id == "_" { String::new() } else { format!("<FITID>{id}\n") };
                writeln!(
                    text,
                    "<STMTTRNP>\n<TRNTYPE>DEBIT\n<DTTRAN>{}\n<TRNAMT>{amount}\n{id}<NAME>{name}\n</STMTTRNP>",
                    date(day)
                )
                .unwrap();
            }
            text.push_str("</BANKTRANLISTP>\n");
        }
        if let Some((amount, day)) =
            options.get("bal").filter(|_| with_balances).and_then(|stated| stated.split_once('@'))
        {
            let amount = if amount.is_empty() { self.balance(day).to_string() } else { amount.to_owned() };
            writeln!(text, "<LEDGERBAL>\n<BALAMT>{amount}\n<DTASOF>{}\n</LEDGERBAL>", date(day)).unwrap();
        }
        writeln!(text, "</{of}STMTRS>\n</{of}STMTTRNRS>\n</{set}MSGSRSV1>").unwrap();
    }
}
