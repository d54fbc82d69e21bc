//! Groups over columns are groups over rows.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::ledger::{
    Query,
    search::{
        search,
        tests::{Row, accounts, any_rows, columns, today},
    },
    sum::tests::{agree, naive},
};

fn key_of(row: &Row, by: By) -> String {
    let (row, user) = row;
    let (facts, accounts) = (&row.facts, accounts());
    let account = accounts.iter().find(|account| account.id == row.account_id).unwrap();
    match by {
        By::Day => facts.date.to_string(),
        By::Week => facts.date.week(chrono::Weekday::Mon).first_day().to_string(),
        By::Month => facts.date.format("%Y-%m-01").to_string(),
        By::Quarter => format!("{:04}-{:02}-01", facts.date.year(), facts.date.month0() / 3 * 3 + 1),
        By::Year => format!("{:04}-01-01", facts.date.year()),
        By::Payee => String::from_utf8_lossy(columns(&[(row.clone(), user.clone())]).payee_of(0)).into_owned(),
        By::Account => account.id.to_string(),
        By::Institution => searchable(&account.institution).into_owned(),
        By::Type => facts.kind.transaction_type().to_string(),
        By::Subtype => facts.kind.subtype().to_string(),
        By::Status => facts.status.to_string(),
        By::Category => searchable(user.category.as_deref().unwrap_or_default()).into_owned(),
        By::Symbol => {
            let symbol = facts.security.as_ref().and_then(|security| security.symbol.as_deref());
            searchable(symbol.unwrap_or_default()).into_owned()
        }
        By::Currency => facts.currency.to_string(),
    }
}

fn shown(key: &GroupKey) -> String {
    match key {
        GroupKey::Period { from, .. } => from.to_string(),
        GroupKey::Payee(text, _) | GroupKey::Institution(text, _) => text.clone(),
        GroupKey::Category(text) | GroupKey::Symbol(text) => searchable(text).into_owned(),
        GroupKey::Account(id) => id.to_string(),
        GroupKey::Type(value) => value.to_string(),
        GroupKey::Subtype(value) => value.to_string(),
        GroupKey::Status(value) => value.to_string(),
        GroupKey::Currency(value) => value.to_string(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(80))]
    #[test]
    fn groups_over_columns_are_groups_over_rows(mut rows in any_rows(60), stray in any::<bool>(), filtered in any::<bool>()) {
        if stray && let Some((row, _)) = rows.first_mut() {
            row.facts.date = NaiveDate::from_ymd_opt(1, 1, 5).unwrap();
        }
        let (columns, scope) = (columns(&rows), AccountNames::new(&accounts()));
        let query = Query::parse(if filtered { "amt>0" } else { "" }, today());
        let set = search(&columns, &scope, query.expr(), None);
        for &by in By::ALL {
            let groups = aggregate(&columns, &scope, filtered.then_some(&set), by);
            let mut expected: BTreeMap<String, Vec<Row>> = BTreeMap::new();
            for (place, row) in (0u32..).zip(&rows) {
                if set.contains(place) {
                    expected.entry(key_of(row, by)).or_default().push(row.clone());
                }
            }
            prop_assert_eq!(groups.len(), expected.len());
            for group in &groups {
                let rows = &expected[&shown(&group.key)];
                prop_assert_eq!(group.rows, rows.len() as u64);
                agree(&group.sums, &naive(rows));
                // The term of a group finds its rows and no others.
                let text = query.narrowed(&scope.term(&group.key));
                let narrowed = Query::parse(&text, today());
                prop_assert!(narrowed.problems().is_empty(), "{}: {:?}", text, narrowed.problems());
                prop_assert_eq!(search(&columns, &scope, narrowed.expr(), None).count() as u64, group.rows, "{}", text);
            }
            if by.is_time() {
                prop_assert!(groups.iter().map(|group| shown(&group.key)).eq(expected.into_keys()));
            }
        }
    }
}
