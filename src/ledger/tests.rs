//! Views over a real store, in memory.

use chrono::{DateTime, NaiveDate, Utc};
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::{
    query::Vocabulary,
    search::tests::{Row, accounts, any_rows, today},
    *,
};
use crate::{
    domain::{
        AccountId, AssetCode, AssetType, Change, ChangeCounts, ChangeKind, Connection, ConnectionId, ConnectionStatus,
        Holding, HoldingFacts, HoldingId, Snapshot, SnapshotSource, TransactionFacts, TransactionId, TransactionStatus,
        UserFields,
    },
    store::{Store, Writer},
};

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

pub(in crate::ledger) fn day(number: i32) -> NaiveDate {
    NaiveDate::from_num_days_from_ce_opt(739_000 + number).unwrap()
}

fn connection(status: ConnectionStatus) -> Connection {
    Connection { status, connected_at: Some(now()), ..Connection::new(ConnectionId(1), "ofx_file", "Bank") }
}

pub(in crate::ledger) fn change(store: &Store, kind: ChangeKind, work: impl FnOnce(&mut Writer)) -> Change {
    let mut writer = store.begin(kind, "test", now()).unwrap();
    work(&mut writer);
    writer.commit(ChangeCounts::default(), Vec::new(), None, Vec::new()).unwrap()
}

/// A store with three accounts, and rows if given.
pub(in crate::ledger) fn store(rows: &[Row]) -> Store {
    let store = Store::in_memory().unwrap();
    change(&store, ChangeKind::Import, |writer| {
        writer.put_connection(&connection(ConnectionStatus::Active)).unwrap();
        for account in accounts() {
            writer.put_account(&account).unwrap();
        }
        for (row, user) in rows {
            let id = writer.append_transactions(row.account_id, [row.facts.clone()]).unwrap().start;
            if !user.is_empty() {
                writer.set_user_fields(id, user).unwrap();
            }
        }
    });
    change(&store, ChangeKind::Edit, |writer| {
        writer.set_account_user(AccountId(2), Some("Ábc card"), None, crate::domain::AccountSigns::default()).unwrap();
    });
    store
}

pub(in crate::ledger) fn loaded(store: &Store) -> View {
    let view = Ledger::new(store.clone()).view().unwrap();
    let columns = view.load_columns().unwrap();
    view.with_columns(columns)
}

fn request(text: &str, key: SortKey, descending: bool) -> ListRequest {
    ListRequest { account: None, query: Query::parse(text, today()), sort: Sort { key, descending } }
}

fn ids(listing: &RowList) -> Vec<TransactionId> {
    listing.ids(0..usize::MAX).unwrap()
}

pub(in crate::ledger) fn facts(number: i32, cents: i64, payee: &str) -> TransactionFacts {
    let mut facts = TransactionFacts::new(day(number), Decimal::new(cents, 2), AssetCode::USD);
    facts.payee = Some(payee.into());
    facts
}

pub(in crate::ledger) fn snapshot(account: u64, date: i32, cents: i64) -> Snapshot {
    Snapshot {
        account_id: AccountId(account),
        date: day(date),
        change_id: crate::domain::ChangeId(0),
        balance: Decimal::new(cents, 2),
        available: None,
        holdings_value: None,
        cash_value: None,
        currency: AssetCode::USD,
        source: SnapshotSource::AccountSync,
        captured_at: now(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn pages_and_columns_show_the_same_rows(rows in any_rows(400), account in 0u64..4) {
        let store = store(&rows);
        let bare = Ledger::new(store.clone()).view().unwrap();
        let full = loaded(&store);
        let account = (account > 0).then_some(AccountId(account));
        let request = ListRequest { account, ..ListRequest::default() };
        let (pages, found) = (bare.list(&request).unwrap(), full.list(&request).unwrap());
        prop_assert_eq!(ids(&pages), ids(&found));
        let running = account.map(|account| (bare.running_balance(account).unwrap(), full.running_balance(account).unwrap()));
        prop_assert!(running.is_none_or(|(pages, columns)| pages == columns && pages.len() == found.len()));
        for place in [0, 1, found.len() / 2, 300, found.len()] {
            prop_assert_eq!(pages.id(place), found.id(place));
            if let Some(id) = found.id(place) {
                prop_assert_eq!((pages.position_of(id), found.position_of(id)), (Some(place), Some(place)));
                prop_assert!(pages.contains(id) && found.contains(id));
            }
        }
        prop_assert_eq!(pages.ids(100..130).unwrap(), found.ids(100..130).unwrap());
    }

    #[test]
    fn refining_equals_listing_again(rows in any_rows(120), wide in "[a-c]{0,1}", more in "[a-c ]{1,2}", amount in any::<bool>()) {
        let view = loaded(&store(&rows));
        let sort = if amount { SortKey::Amount } else { SortKey::Date };
        let first = view.list(&request(&wide, sort, true)).unwrap();
        let narrow = request(&format!("{wide}{more}"), sort, true);
        let expected = view.list(&narrow).unwrap();
        if let Some(refined) = first.refine(&narrow.query) {
            prop_assert_eq!(ids(&refined), ids(&expected));
            prop_assert_eq!(refined.sums(), expected.sums());
        }
        let from = view.list_from(&narrow, Some(&first)).unwrap();
        prop_assert_eq!(ids(&from), ids(&expected));
        let own = ListRequest { account: Some(AccountId(1)), ..narrow };
        prop_assert_eq!(ids(&view.list_from(&own, Some(&first)).unwrap()), ids(&view.list(&own).unwrap()));
    }
}

#[test]
fn a_view_lists_finds_sums_and_groups() {
    let store = store(&[]);
    change(&store, ChangeKind::Import, |writer| {
        let rows = [
            facts(1, -450, "Café Zoë"),
            facts(2, -1_000, "Market"),
            facts(2, 200_000, "Payroll"),
            facts(40, -550, "cafe zoe"),
        ];
        writer.append_transactions(AccountId(1), rows).unwrap();
        let mut cancelled = facts(3, -99_999, "Market");
        cancelled.status = TransactionStatus::Cancelled;
        writer.append_transactions(AccountId(2), [cancelled]).unwrap();
        writer.put_snapshot(&snapshot(1, 5, 100_000)).unwrap();
        writer.put_snapshot(&snapshot(1, 41, 99_450)).unwrap();
    });
    let bare = Ledger::new(store.clone()).view().unwrap();
    assert!(!bare.has_columns());
    assert!(matches!(bare.list(&request("cafe", SortKey::Date, true)), Err(LedgerError::NeedsColumns)));
    assert!(bare.list(&ListRequest::default()).unwrap().sums().is_empty());
    let names: Vec<_> = bare.accounts().iter().map(|line| line.account.display_name()).collect();
    assert_eq!(names, ["A checking", "Ábc card", "Broker"]);
    let checking = bare.account(AccountId(1)).unwrap();
    assert_eq!(checking.balance.unwrap().current.to_string(), "994.50 USD");
    assert_eq!((checking.transaction_count, bare.transaction_count()), (4, 5));
    assert!(bare.account(AccountId(3)).unwrap().balance.is_none());

    let view = loaded(&store);
    let found = view.list(&request("cafe zoe", SortKey::Amount, false)).unwrap();
    let shown: Vec<_> =
        view.entries(&found, 0, 9).unwrap().iter().map(|entry| entry.transaction.facts.amount.to_string()).collect();
    assert_eq!(shown, ["-5.50", "-4.50"]);
    let sums =
        |listing: &RowList| listing.sums().iter().map(|(money, rows)| format!("{money} of {rows}")).collect::<Vec<_>>();
    assert_eq!(sums(&found), ["-10.00 USD of 2"]);
    let markets = view.list(&request("market", SortKey::Date, true)).unwrap();
    assert_eq!((markets.len(), sums(&markets)), (2, vec!["-10.00 USD of 1".to_owned()]));
    assert_eq!(view.list(&request("acct:abc", SortKey::Date, true)).unwrap().len(), 1);

    let all = view.list(&ListRequest::default()).unwrap();
    let groups = view.aggregates(&all, By::Payee, None).unwrap();
    let labels: Vec<_> = groups.iter().map(|group| view.label(&group.key).unwrap()).collect();
    assert_eq!(labels, ["Payroll", "Café Zoë", "Market"], "as written in the first row, by size, then name");
    let months = view.aggregates(&all, By::Month, None).unwrap();
    assert_eq!(months.iter().map(|group| group.rows).collect::<Vec<_>>(), [4, 1]);

    let check = view.check(AccountId(1)).unwrap().unwrap();
    assert!(check.agrees() && view.checks(AccountId(1)).unwrap() == [check]);
    let running = view.running_balance(AccountId(1)).unwrap();
    let running: Vec<_> = running.into_iter().map(|balance| balance.unwrap().to_string()).collect();
    assert_eq!(running, ["994.50", "1000.00", "-1000.00", "-990.00"]);
    assert!(view.running_balance(AccountId(2)).unwrap() == [None]);
    let worth = view.net_worth(day(50)).unwrap();
    assert_eq!(worth.lines.iter().map(|line| line.total.to_string()).collect::<Vec<_>>(), ["994.50 USD"]);

    let mut csv = Vec::new();
    assert_eq!(view.export(&all, export::ExportFormat::Csv, &mut csv).unwrap(), 5);
    assert_eq!(String::from_utf8(csv).unwrap().lines().count(), 6);
}

#[test]
fn a_view_stays_as_it_was() {
    let store = store(&[]);
    let before = loaded(&store);
    let listed = before.list(&ListRequest::default()).unwrap();
    change(&store, ChangeKind::Import, |writer| {
        writer.append_transactions(AccountId(1), [facts(1, 1, "new")]).unwrap();
    });
    assert_eq!((listed.len(), before.transaction_count()), (0, 0));
    assert_ne!(before.generation(), store.generation());
    assert_eq!(loaded(&store).list(&request("new", SortKey::Date, true)).unwrap().len(), 1);
}

#[test]
fn fields_of_the_user_are_found_and_offered() {
    let store = store(&[]);
    change(&store, ChangeKind::Import, |writer| {
        let id = writer
            .append_transactions(AccountId(1), [facts(1, -100, "SQ *BB"), facts(1, -100, "other")])
            .unwrap()
            .start;
        let user = UserFields {
            payee: Some("Blue Bottle".into()),
            category: Some("Food".into()),
            tags: vec!["Trip".into()],
            note: Some("with Ann".into()),
        };
        writer.set_user_fields(id, &user).unwrap();
    });
    let view = loaded(&store);
    for text in ["payee:\"blue bottle\"", "payee:sq", "cat:food", "tag:trip", "note:ann", "ann", "-other", "tag:=trip"]
    {
        assert_eq!(view.list(&request(text, SortKey::Date, true)).unwrap().len(), 1, "{text}");
    }
    assert_eq!(view.list(&request("food", SortKey::Date, true)).unwrap().len(), 0, "categories only by key");
    let vocabulary = view.vocabulary();
    let expected = Vocabulary {
        accounts: ["A checking", "Ábc card", "Broker"].map(Into::into).to_vec(),
        institutions: ["Bank a", "Bank b", "c"].map(Into::into).to_vec(),
        currencies: vec!["USD".into()],
        categories: vec!["Food".into()],
        tags: vec!["trip".into()],
        ..Vocabulary::default()
    };
    assert_eq!(vocabulary, expected);
}

#[test]
fn holdings_are_weighed_and_merged() {
    let store = store(&[]);
    let holding = |id: u64, account: u64, symbol: &str, value: i64, cost: Option<i64>, active: bool| Holding {
        id: HoldingId(id),
        account_id: AccountId(account),
        change_id: crate::domain::ChangeId(0),
        facts: HoldingFacts {
            provider_id: id.to_string(),
            symbol: symbol.into(),
            name: symbol.into(),
            asset_type: AssetType::Etf,
            quantity: Decimal::ONE,
            price: Some(Decimal::from(value)),
            price_date: None,
            market_value: None,
            cost_basis: cost.map(Decimal::from),
            multiplier: Decimal::ONE,
            currency: AssetCode::USD,
            source: None,
        },
        is_active: active,
        as_of: day(1),
        updated_at: now(),
    };
    change(&store, ChangeKind::Import, |writer| {
        for holding in [
            holding(1, 1, "VTI", 100, Some(80), true),
            holding(2, 3, "VTI", 200, Some(120), true),
            holding(3, 3, "BND", 100, None, true),
            holding(4, 3, "OLD", 100, None, false),
        ] {
            writer.put_holding(&holding).unwrap();
        }
    });
    let lines = Ledger::new(store.clone()).view().unwrap().holdings().unwrap();
    let shown: Vec<_> = lines
        .iter()
        .map(|line| (line.holding.facts.symbol.as_str(), line.account_name.as_str(), line.weight.unwrap().to_string()))
        .collect();
    let (half, quarter) = ("50".to_owned(), "25".to_owned());
    assert_eq!(shown, [("VTI", "Broker", half), ("BND", "Broker", quarter.clone()), ("VTI", "A checking", quarter)]);

    change(&store, ChangeKind::Edit, |writer| {
        writer.put_connection(&connection(ConnectionStatus::Disconnected)).unwrap();
    });
    let lines = Ledger::new(store).view().unwrap().holdings().unwrap();
    assert!(lines.len() == 3 && lines.iter().all(|line| line.weight.is_none()));
}
