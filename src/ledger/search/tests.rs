//! Searching columns finds what holding every row against the query finds.

use chrono::NaiveDate;
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;
use crate::{
    columns::Fields,
    domain::{
        Account, AccountId, AccountType, AssetCode, ChangeId, ConnectionId, Kind, Security, Text, Transaction,
        TransactionFacts, TransactionStatus, TransactionSubtype, UserFields,
    },
    ledger::query::{Query, tests::any_text},
};

pub(in crate::ledger) type Row = (Transaction, UserFields);

pub(in crate::ledger) fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, 20).unwrap()
}

pub(in crate::ledger) fn accounts() -> Vec<Account> {
    let account = |id: u64, name: &str, institution: &str| Account {
        number_masked: format!("****{id}{id}{id}{id}"),
        name: name.into(),
        alias: (id == 2).then(|| "Ábc card".into()),
        institution: institution.into(),
        account_type: AccountType::Checking,
        ..Account::new(AccountId(id), ConnectionId(1), id.to_string(), AssetCode::USD)
    };
    vec![account(1, "A checking", "Bank a"), account(2, "Card", "Bank b"), account(3, "Broker", "c")]
}

fn text() -> impl Strategy<Value = Option<Text>> {
    let text = prop_oneof!["[a-cA-C éÀ]{0,4}", Just("a\u{1}b".to_owned()), "\\PC{0,3}"];
    proptest::option::of(text.prop_map(Into::into))
}

fn facts() -> impl Strategy<Value = TransactionFacts> {
    let amount = prop_oneof![
        (-2500i64..2500, 0u32..3).prop_map(|(mantissa, scale)| Decimal::new(mantissa, scale)),
        (any::<i64>(), 0u32..19).prop_map(|(mantissa, scale)| Decimal::new(mantissa, scale)),
        (any::<i64>()).prop_map(|mantissa| Decimal::from_i128_with_scale(i128::from(mantissa) << 20, 18)),
    ];
    let classes = (
        proptest::sample::select(TransactionSubtype::ALL),
        proptest::sample::select(TransactionStatus::ALL),
        proptest::sample::select(vec!["USD", "EUR", "ETH"]),
        proptest::option::of("[A-C]{1,2}"),
    );
    let texts = (text(), text(), text(), proptest::option::of("[a-c1-3]{1,3}"));
    (0i32..120, amount, classes, texts).prop_map(|(day, amount, (subtype, status, currency, symbol), texts)| {
        let date = NaiveDate::from_num_days_from_ce_opt(today().num_days_from_ce() - 100 + day).unwrap();
        let mut facts = TransactionFacts::new(date, amount, AssetCode::new(currency).unwrap());
        facts.kind = Kind(subtype);
        facts.status = status;
        facts.security = symbol.map(|symbol| Box::new(Security { symbol: Some(symbol.into()), ..Security::default() }));
        (facts.payee, facts.description, facts.memo) = (texts.0, texts.1, texts.2);
        facts.provider_id = texts.3.map(Into::into);
        facts
    })
}

/// Rows of three accounts with texts that often hold what queries look for.
pub(in crate::ledger) fn any_rows(most: usize) -> impl Strategy<Value = Vec<Row>> {
    let owned = || text().prop_map(|text| text.map(String::from));
    let user = (owned(), owned(), owned(), proptest::collection::vec("[a-c]{1,2}", 0..3))
        .prop_map(|(payee, category, note, tags)| UserFields { payee, category, tags, note });
    proptest::collection::vec((1u64..3, 1u64..4, facts(), user), 0..most).prop_map(|rows| {
        let mut id = 0;
        rows.into_iter()
            .map(|(gap, account, facts, user)| {
                id += gap;
                let (id, account_id) = (TransactionId(id), AccountId(account));
                (Transaction { id, account_id, change_id: ChangeId(1), facts }, user)
            })
            .collect()
    })
}

pub(in crate::ledger) fn columns(rows: &[Row]) -> Columns {
    Columns::from_rows(rows.iter().map(|(row, user)| (row, user))).unwrap()
}

/// Whether one row matches, by the definition of each term.
fn holds_for(row: &Row, accounts: &[Account], expr: &Expr) -> bool {
    match expr {
        Expr::All => true,
        Expr::And(parts) => parts.iter().all(|part| holds_for(row, accounts, part)),
        Expr::Or(sides) => sides.iter().any(|side| holds_for(row, accounts, side)),
        Expr::Not(inner) => !holds_for(row, accounts, inner),
        Expr::Term(term) => term_holds(&row.0, &row.1, accounts, term),
    }
}

fn term_holds(row: &Transaction, user: &UserFields, accounts: &[Account], term: &Term) -> bool {
    let facts = &row.facts;
    let account = accounts.iter().find(|account| account.id == row.account_id).unwrap();
    let fits = |text: &str, pattern: &Pattern| {
        let text = searchable(text);
        if pattern.whole { text == pattern.text } else { text.contains(&pattern.text) }
    };
    let starts = |text: &str, pattern: &Pattern| {
        let text = searchable(text);
        if pattern.whole { text == pattern.text } else { text.starts_with(&pattern.text) }
    };
    match term {
        Term::Text(fields, pattern) => {
            let given = |text: Option<&str>| text.filter(|text| !searchable(text).is_empty()).map(ToOwned::to_owned);
            let (payee, description, memo) =
                (given(facts.payee.as_deref()), given(facts.description.as_deref()), given(facts.memo.as_deref()));
            let shown = payee.clone().or(description.clone()).or(memo.clone());
            let tags = user.tags.iter().filter_map(|tag| given(Some(tag)));
            let (own, note) = (given(user.payee.as_deref()), given(user.note.as_deref()));
            let texts: Vec<String> = match *fields {
                Fields::PAYEE if pattern.whole => own.or(shown).into_iter().collect(),
                Fields::PAYEE => own.into_iter().chain(shown).collect(),
                Fields::MEMO => memo.into_iter().collect(),
                Fields::TAG => tags.collect(),
                Fields::NOTE => note.into_iter().collect(),
                _ => own.into_iter().chain(payee).chain(description).chain(memo).chain(note).chain(tags).collect(),
            };
            if pattern.text.is_empty() { texts.is_empty() } else { texts.iter().any(|text| fits(text, pattern)) }
        }
        Term::Account(pattern) => {
            let names = [account.display_name(), &account.name, account.tail()];
            names.iter().any(|name| fits(name, pattern)) || account.id.to_string() == pattern.text
        }
        Term::Institution(pattern) => fits(&account.institution, pattern),
        Term::Type(members) => members.contains(&facts.kind.transaction_type()),
        Term::Subtype(members) => members.contains(&facts.kind.subtype()),
        Term::Status(members) => members.contains(&facts.status),
        Term::Currency(pattern) => starts(facts.currency.as_str(), pattern),
        Term::Symbol(pattern) => {
            let symbol = facts.security.as_ref().and_then(|security| security.symbol.as_deref());
            starts(symbol.unwrap_or_default(), pattern)
        }
        Term::Category(pattern) => fits(user.category.as_deref().unwrap_or_default(), pattern),
        Term::Id(pattern) => {
            fits(facts.provider_id.as_deref().unwrap_or_default(), pattern) || row.id.to_string() == pattern.text
        }
        Term::Amount(range) => range.contains(facts.amount),
        Term::Magnitude(range) => range.contains(facts.amount.abs()),
        Term::Date(range, _) => range.contains(facts.date),
    }
}

fn found(columns: &Columns, rows: &RowSet) -> Vec<TransactionId> {
    rows.iter().map(|row| columns.id(row).unwrap()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn columns_find_what_rows_find(rows in any_rows(150), text in any_text(), more in any_text()) {
        let (accounts, columns) = (accounts(), columns(&rows));
        let scope = AccountNames::new(&accounts);
        let query = Query::parse(&text, today());
        let naive = |query: &Query| -> Vec<_> {
            rows.iter().filter(|row| holds_for(row, &accounts, query.expr())).map(|(row, _)| row.id).collect()
        };
        let wide = search(&columns, &scope, query.expr(), None);
        prop_assert_eq!(found(&columns, &wide), naive(&query), "{}", query);
        // A narrower query finds a subset, so its search may start from the rows found before.
        for longer in [format!("{text}{more}"), format!("{text} {more}")] {
            let narrow = Query::parse(&longer, today());
            let expected = naive(&narrow);
            if narrow.narrows(&query) {
                let within = search(&columns, &scope, &narrow.beyond(&query), Some(&wide));
                prop_assert_eq!(found(&columns, &within), expected.clone(), "{} beyond {}", narrow, query);
                let within = search(&columns, &scope, narrow.expr(), Some(&wide));
                prop_assert_eq!(found(&columns, &within), expected, "{} within {}", narrow, query);
            } else {
                prop_assert_eq!(found(&columns, &search(&columns, &scope, narrow.expr(), None)), expected, "{}", narrow);
            }
        }
    }

    #[test]
    fn sets_of_rows_are_sets(length in 0usize..300, members in proptest::collection::btree_set(0u32..300, 0..60)) {
        let mut rows = RowSet::none(length);
        for row in &members {
            rows.insert(*row);
        }
        let expected: Vec<u32> = members.iter().copied().filter(|row| (*row as usize) < length).collect();
        prop_assert_eq!(rows.iter().collect::<Vec<_>>(), expected.clone());
        let mut visited = Vec::new();
        rows.for_each(|row| visited.push(u32::try_from(row).unwrap()));
        prop_assert_eq!(&visited, &expected);
        prop_assert_eq!(rows.count(), expected.len());
        let order: Vec<u32> = (0..u32::try_from(length).unwrap()).rev().collect();
        prop_assert!(rows.in_order(&order).into_iter().eq(expected.into_iter().rev()));
        let mut rest = RowSet::all(length);
        rest.remove_all(&rows);
        prop_assert_eq!(rest.count() + rows.count(), length);
    }
}

#[test]
fn a_short_word_far_apart_is_found_everywhere() {
    let row = |id: u64| {
        let mut facts = TransactionFacts::new(today(), Decimal::ONE, AssetCode::USD);
        facts.payee = Some(if id.is_multiple_of(997) { "needle".into() } else { "hay".into() });
        facts.memo = Some("needle".into());
        (
            Transaction { id: TransactionId(id), account_id: AccountId(1), change_id: ChangeId(1), facts },
            UserFields::default(),
        )
    };
    let rows: Vec<_> = (0..100_000).map(row).collect();
    let columns = columns(&rows);
    let count =
        |text: &str| search(&columns, &AccountNames::default(), Query::parse(text, today()).expr(), None).count();
    assert_eq!((count("payee:needle"), count("needle"), count("payee:=hay")), (101, 100_000, 99_899));
}
