//! Parsing of queries: results, problems, and arbitrary text.

use proptest::prelude::*;

use super::*;
use crate::{
    columns::Fields,
    domain::{TransactionStatus, TransactionSubtype, TransactionType},
};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A Sunday.
fn today() -> NaiveDate {
    day("2026-11-22")
}

fn parse(text: &str) -> Query {
    Query::parse(text, today())
}

/// The query without a problem.
fn clean(text: &str) -> Query {
    let query = parse(text);
    assert_eq!(query.problems(), [], "{text}");
    query
}

fn term(text: &str) -> Term {
    match clean(text).expr() {
        Expr::Term(term) => term.clone(),
        other => panic!("{text} is {other:?}"),
    }
}

fn range_of(text: &str) -> (String, String) {
    let Term::Date(range, _) = term(text) else { panic!("{text} is no date") };
    let shown = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    (shown(range.from), shown(range.to))
}

fn dates(text: &str, from: &str, to: &str) {
    assert_eq!(range_of(text), (from.to_owned(), to.to_owned()), "{text}");
}

#[test]
fn words_keys_quotes_and_groups() {
    assert_eq!(clean("").expr(), &Expr::All);
    assert_eq!(clean("Café").to_string(), "cafe");
    assert_eq!(clean("blue bottle").to_string(), "blue bottle");
    assert_eq!(clean("\"Blue Bottle\"").to_string(), "\"blue bottle\"");
    assert_eq!(clean("payee:\"Blue \\\"B\\\"\"").to_string(), "payee:\"blue \\\"b\\\"\"");
    assert_eq!(clean("PAYEE:x memo:y -tag:z").to_string(), "payee:x memo:y -tag:z");
    assert_eq!(clean("a b or c").to_string(), "a b or c");
    assert!(matches!(clean("a b or c").expr(), Expr::Or(sides) if matches!(sides[0], Expr::And(_))));
    assert_eq!(clean("(a or b) c").to_string(), "(a or b) c");
    assert_eq!(clean("-(a b)").to_string(), "-(a b)");
    assert_eq!(clean("--a").to_string(), "a");
    assert_eq!(clean("a | b OR c").to_string(), "a or b or c");
    assert_eq!(clean("\"or\"").to_string(), "\"or\"");
    assert_eq!(clean("joe's (wine)bar").to_string(), "joe's wine bar");
    assert_eq!(clean("amzn(mktp)").to_string(), "\"amzn(mktp)\"");
    assert_eq!(clean("account:checking currency:eur").to_string(), "acct:checking cur:eur");
    assert_eq!(clean("\"open").to_string(), "open");
    assert_eq!(clean("(a").to_string(), "a");
    assert_eq!(clean("a)").to_string(), "\"a)\"");
    assert_eq!(term("memo:="), Term::Text(Fields::MEMO, Pattern { text: String::new(), whole: true }));
    assert_eq!(term("sym:=A"), Term::Symbol(Pattern { text: "a".into(), whole: true }));
}

#[test]
fn amounts() {
    for (text, shown) in [
        ("amt>100", "amt>100"),
        ("amt>=1,000.50", "amt>=1000.5"),
        ("amt<-4", "amt<-4"),
        ("amt<=$5", "amt<=5"),
        ("amt:-20..-5", "amt:-20..-5"),
        ("amt:-5..-20", "amt:-20..-5"),
        ("amt:12.50", "amt:12.5"),
        ("amt=12.5", "amt:12.5"),
        ("amt:>3", "amt>3"),
        ("amt:3..", "amt>=3"),
        ("abs>100", "abs>100"),
    ] {
        assert_eq!(clean(text).to_string(), shown, "{text}");
    }
    let Term::Amount(range) = term("amt:-20..-5") else { panic!() };
    let inside = |text: &str| range.contains(text.parse().unwrap());
    assert!(inside("-20") && inside("-5.00") && inside("-12.345") && !inside("-4.99") && !inside("12"));
    for wrong in [
        "amt:x",
        "amt:",
        "amt>",
        "amt:1e5",
        "amt:..",
        "amt>1..2",
        "amt:1.2.3",
        "amt:-",
        "amt:0.00000000000000000000000000001",
    ] {
        let query = parse(wrong);
        assert_eq!((query.problems().len(), query.is_all()), (1, true), "{wrong}");
    }
}

#[test]
fn dates_written_out() {
    dates("2026", "2026-01-01", "2026-12-31");
    dates("2026-03", "2026-03-01", "2026-03-31");
    dates("2026-03-15", "2026-03-15", "2026-03-15");
    dates("date:2024-02", "2024-02-01", "2024-02-29");
    dates("date:2026-Q4", "2026-10-01", "2026-12-31");
    dates("date:20260315", "2026-03-15", "2026-03-15");
    dates("date:2026/3/5", "2026-03-05", "2026-03-05");
    dates("date:2026-01..2026-03", "2026-01-01", "2026-03-31");
    dates("date:2026..", "2026-01-01", "");
    dates("date:..2026-03", "", "2026-03-31");
    dates("date>2026-03", "2026-04-01", "");
    dates("date>=2026-03", "2026-03-01", "");
    dates("date<2026-03", "", "2026-02-28");
    dates("date<=2026-03", "", "2026-03-31");
    dates("from:2026-03", "2026-03-01", "");
    dates("to:2026-03", "", "2026-03-31");
    assert_eq!(clean("\"2026\"").to_string(), "\"2026\"");
    assert!(matches!(term("\"2026\""), Term::Text(..)));
    assert!(matches!(term("1234"), Term::Text(..)), "a number that is no year of our times");
    assert!(matches!(term("20260315"), Term::Text(..)), "digits may be an id");
    for wrong in [
        "date:2026-13",
        "date:2026-02-30",
        "date:x",
        "date:",
        "date:..",
        "date:2026-03..2026-01",
        "from:2026..2027",
        "to:>2026",
        "last:x",
        "last:",
        "last:90x",
    ] {
        assert_eq!(parse(wrong).problems().len(), 1, "{wrong}");
    }
}

#[test]
fn dates_relative_to_today() {
    dates("date:today", "2026-11-22", "2026-11-22");
    dates("date:yesterday", "2026-11-21", "2026-11-21");
    dates("date:this-week", "2026-11-16", "2026-11-22");
    dates("date:last-week", "2026-11-09", "2026-11-15");
    dates("date:this-month", "2026-11-01", "2026-11-30");
    dates("date:this month", "2026-11-01", "2026-11-30");
    dates("date:\"this month\"", "2026-11-01", "2026-11-30");
    dates("date:last-month", "2026-10-01", "2026-10-31");
    dates("date:thisquarter", "2026-10-01", "2026-12-31");
    dates("date:last-quarter", "2026-07-01", "2026-09-30");
    dates("date:last-year", "2025-01-01", "2025-12-31");
    dates("date:march", "2026-03-01", "2026-03-31");
    dates("date:dec", "2025-12-01", "2025-12-31");
    dates("from:last month", "2026-10-01", "");
    dates("last:1d", "2026-11-22", "2026-11-22");
    dates("last:90d", "2026-08-25", "2026-11-22");
    dates("last:90", "2026-08-25", "2026-11-22");
    dates("last:2w", "2026-11-09", "2026-11-22");
    dates("last:3m", "2026-08-23", "2026-11-22");
    dates("last:1y", "2025-11-23", "2026-11-22");
    // The first and last possible dates do not panic.
    for text in
        ["last:4000000000d", "last:4000000000y", "date:tomorrow", "date:next-year", "date:last-week", "date:last-year"]
    {
        for day in [NaiveDate::MAX, NaiveDate::MIN] {
            let _ = Query::parse(text, day);
        }
    }
}

#[test]
fn names_may_be_begun() {
    assert_eq!(term("type:tra"), Term::Type(vec![TransactionType::Trade, TransactionType::Transfer]));
    assert_eq!(term("sub:buy"), Term::Subtype(vec![TransactionSubtype::Buy]));
    assert_eq!(term("sub:b"), Term::Subtype(vec![TransactionSubtype::Buy, TransactionSubtype::BuyToCover]));
    assert_eq!(term("sub:short-sell"), Term::Subtype(vec![TransactionSubtype::ShortSell]));
    assert_eq!(term("status:Pending"), Term::Status(vec![TransactionStatus::Pending]));
    assert_eq!(clean("sub:b").to_string(), "sub:bu");
    let query = parse("type:trnasfer");
    assert!(query.problems()[0].hint.contains("try transfer,"), "{}", query.problems()[0].hint);
}

#[test]
fn wrong_terms_are_left_out_and_pointed_at() {
    let query = parse("coffee paye:x amt>abc or tea");
    assert_eq!(query.to_string(), "coffee or tea");
    let ranges: Vec<_> = query.problems().iter().map(|problem| problem.range.clone()).collect();
    assert_eq!(ranges, [7..13, 14..21]);
    assert!(query.problems()[0].hint.contains("payee:"), "{}", query.problems()[0].hint);
    for (text, range) in [
        ("payee:", 0..6),
        ("a or", 2..4),
        ("or a", 0..2),
        ("a -", 2..3),
        ("- a", 0..1),
        ("\"\"", 0..2),
        ("payee:>x", 0..8),
        ("http://x.y", 0..10),
        ("(by:month)", 1..10),
        ("-by:month", 1..9),
    ] {
        let query = parse(text);
        let ranges: Vec<_> = query.problems().iter().map(|problem| problem.range.clone()).collect();
        if text == "(by:month)" {
            assert_eq!((ranges.len(), query.by()), (0, Some(By::Month)), "a group that is the whole query");
        } else {
            assert_eq!(ranges, [range], "{text}");
        }
    }
    let deep = format!("{}a{} b", "(".repeat(5000), ")".repeat(5000));
    assert_eq!(parse(&deep).to_string(), "b");
}

#[test]
fn grouping_is_carried_along() {
    let query = clean("payee:coffee by:month 2026");
    assert_eq!((query.by(), query.to_string().as_str()), (Some(By::Month), "payee:coffee date:2026 by:month"));
    assert_eq!(clean("by:acc").by(), Some(By::Account));
    assert_eq!(clean("by:month").to_string(), "by:month");
    assert_eq!(clean("(a or b) by:payee").to_string(), "(a or b) by:payee");
    assert_eq!(parse("by:moon").problems().len(), 1);
    assert_eq!(parse("by:month by:payee").by(), Some(By::Payee));
}

#[test]
fn typing_on_narrows() {
    let narrows = |narrow: &str, wide: &str| parse(narrow).narrows(&parse(wide));
    for (narrow, wide) in [
        ("coffee", "coff"),
        ("coffee tea", "coffee"),
        ("payee:coffee", "off"),
        ("coffee amt>100", "coffee amt>50"),
        ("coffee", ""),
        ("2026-03", "2026"),
        ("-co", "-coffee"),
        ("coffee", "coffee or tea"),
        ("coffee or teapot", "coff or tea"),
        ("sub:buy", "type:trade"),
        ("status:pend", "status:p"),
        ("sym:aapl", "sym:aa"),
        ("amt:5", "amt:1..10"),
        ("cat:food -(a or b)", "-a"),
    ] {
        assert!(narrows(narrow, wide), "{narrow} narrows {wide}");
    }
    for (narrow, wide) in [
        ("coff", "coffee"),
        ("coffee", "payee:coffee"),
        ("-coffee", "-co"),
        ("coffee or tea", "coffee"),
        ("amt>=100", "amt>100"),
        ("acct:12", "acct:1"),
        ("id:12", "id:1"),
        ("memo:=", "memo:x"),
        ("memo:=x", "memo:="),
        ("sym:aapl", "sym:=aa"),
        ("", "coffee"),
    ] {
        assert!(!narrows(narrow, wide), "{narrow} does not narrow {wide}");
    }
}

#[test]
fn completion_of_keys_and_values() {
    let vocabulary = Vocabulary {
        accounts: vec!["Everyday Checking".into(), "Card".into()],
        categories: vec!["Food".into(), "Pet food".into()],
        ..Vocabulary::default()
    };
    let offered = |text: &str| {
        let found = completions(text, text.len(), &vocabulary);
        found.into_iter().map(|completion| (completion.range, completion.insert)).collect::<Vec<_>>()
    };
    assert_eq!(offered("coffee pay"), [(7..10, "payee:".to_owned())]);
    assert_eq!(offered("-acc"), [(1..4, "acct:".to_owned())]);
    assert_eq!(offered("acct:check"), [(5..10, "\"Everyday Checking\"".to_owned())]);
    assert_eq!(offered("acct:\"every"), [(5..11, "\"Everyday Checking\"".to_owned())]);
    let foods = ["Food", "\"Pet food\""].map(|food| (4..6, food.to_owned()));
    assert_eq!(offered("cat:FO"), foods);
    assert_eq!(offered("status:p"), [(7..8, "pending".to_owned())]);
    assert_eq!(offered("by:mo"), [(3..5, "month".to_owned())]);
    assert!(offered("date:last").iter().any(|(_, insert)| insert == "last-month"));
    assert_eq!(offered("").len(), KEYS.len());
    assert_eq!(offered("a ").len(), KEYS.len());
    assert!(offered("nokey:x").is_empty() && offered("\"pay").is_empty());
    assert_eq!(completions("pay coffee", 2, &vocabulary)[0].range, 0..3);
}

/// Texts that look like queries more often than chance would.
pub(in crate::ledger) fn any_text() -> impl Strategy<Value = String> {
    let words = prop_oneof![
        "[a-e]{1,3}",
        "\\PC{0,4}",
        Just("\"".to_owned()),
        Just("\\".to_owned()),
        Just("(".to_owned()),
        Just(")".to_owned()),
        Just("-".to_owned()),
        Just(" ".to_owned()),
        Just(" or ".to_owned()),
        Just("\u{1}".to_owned()),
        "(payee|memo|tag|note|acct|inst|cat|cur|sym|id):=?[a-c1-3]{0,2}",
        "(type|sub|status):[a-z]{1,2}",
        "(amt|abs)(:|>|<|>=|<=)-?[0-9]{1,2}(\\.[0-9])?",
        "amt:-?[0-9]\\.\\.[0-9]{1,2}",
        "(date|from|to|last|by)(:|>|<=)(2026|2026-03|today|this month|90d|2w|month|x)",
        "2026(-0[1-9])?",
    ];
    proptest::collection::vec((words, any::<bool>()), 0..8).prop_map(|words| {
        words.into_iter().map(|(word, blank)| if blank { format!("{word} ") } else { word }).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]
    #[test]
    fn any_text_is_a_query_equal_to_its_normal_form(text in any_text(), cursor in 0usize..40) {
        let query = parse(&text);
        for problem in query.problems() {
            prop_assert!(text.get(problem.range.clone()).is_some_and(|part| !part.is_empty()), "{:?}", problem);
            prop_assert!(!problem.hint.is_empty());
        }
        let shown = query.to_string();
        let again = parse(&shown);
        prop_assert_eq!(again.problems(), [], "{}", shown);
        prop_assert_eq!(again.to_string(), shown.clone());
        prop_assert!(again.narrows(&query) && query.narrows(&again), "{}", shown);
        prop_assert_eq!(again.by(), query.by());
        for completion in completions(&text, cursor, &Vocabulary::default()) {
            prop_assert!(text.get(completion.range.clone()).is_some());
        }
    }
}
