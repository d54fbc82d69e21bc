//! Every shape of news: whole replies, account by account, feeds with a cursor, and the traces of each fault.

use super::*;
use crate::{
    domain::{AssetType, Capability, HoldingFacts},
    providers::{CurrencyBalance, FailureScope, LiabilityDraft, PriceDraft, RateDraft, ScopedFailure},
    sync::AccountResult,
};

fn position(symbol: &str) -> HoldingDraft {
    HoldingDraft {
        facts: HoldingFacts {
            provider_id: symbol.into(),
            symbol: symbol.into(),
            name: symbol.into(),
            asset_type: AssetType::Equity,
            quantity: Decimal::ONE,
            price: None,
            price_date: None,
            market_value: Some(Decimal::ONE),
            cost_basis: None,
            multiplier: Decimal::ONE,
            currency: AssetCode::USD,
            source: None,
        },
        as_of: day("2026-11-20"),
    }
}

/// The whole connection in one reply.
fn whole_reply() -> Vec<Step> {
    vec![
        accounts(vec![account("b", Some(-5)), account("a", Some(10))]),
        rows("a", vec![row("1", "2026-11-18", 4), row("2", "2026-11-19", 6)]),
        rows("b", vec![row("1", "2026-11-19", -5)]),
        window("a", "2026-11-01", "2026-11-20"),
        window("b", "2026-11-01", "2026-11-20"),
        holdings("a", vec![position("VTI")]),
        cursor("until", "2026-11-20"),
    ]
}

#[tokio::test]
async fn a_whole_connection_in_one_reply_is_one_change_and_adds_nothing_again() {
    let bench = Bench::new();
    let report = bench.sync(whole_reply()).await;
    assert_eq!((report.error, report.transactions_imported, report.holdings), (None, 3, 1));
    assert!(report.accounts.iter().all(|account| account.result == AccountResult::Ok));
    assert_eq!(bench.rows(), ["a 1 4", "a 2 6", "b 1 -5"], "ids are unique within an account only");
    let order: Vec<_> = bench.accounts().into_iter().map(|account| account.provider_account_id).collect();
    assert_eq!(order, ["b", "a"], "as listed");
    assert_eq!((bench.balance("a"), bench.changes()), (Some(Decimal::from(10)), 2), "connected, and one sync");
    let again = [vec![Step::Expect("until", Some("2026-11-20"))], whole_reply()].concat();
    let report = bench.sync(again).await;
    let counts = (report.transactions_imported, report.transactions_updated, report.transactions_removed);
    assert_eq!((counts, report.change_id, bench.changes()), ((0, 0, 0), None, 2));
}

#[tokio::test]
async fn chunks_of_a_pass_are_one_change_with_one_undo() {
    let bench = Bench::new();
    let steps = vec![
        accounts(vec![account("a", None)]),
        Step::Send(Piece::ChunkEnd),
        rows("a", vec![row("1", "2026-11-18", 1)]),
        cursor("rows/a", "one"),
        rows("a", vec![row("2", "2026-11-19", 2)]),
        cursor("rows/a", "two"),
    ];
    let report = bench.sync(steps).await;
    assert_eq!((report.transactions_imported, bench.changes()), (2, 2));
    let change = bench.live.store.read().unwrap().change(report.change_id.unwrap()).unwrap().unwrap();
    assert_eq!((change.counts.transactions_imported, change.counts.accounts_created), (2, 1));
    bench.live.store.toggle(change.id, true, bench.clock.now()).unwrap();
    assert!(bench.rows().is_empty());
    // The undone sync is fetched again from the beginning.
    let report = bench
        .sync(vec![
            Step::Expect("rows/a", None),
            accounts(vec![account("a", None)]),
            rows("a", vec![row("1", "2026-11-18", 1), row("2", "2026-11-19", 2)]),
            cursor("rows/a", "two"),
        ])
        .await;
    assert_eq!((report.transactions_imported, bench.rows().len()), (2, 2));
    bench.sync(vec![Step::Expect("rows/a", Some("two")), accounts(vec![account("a", None)])]).await;
}

#[tokio::test]
async fn whole_chunks_are_kept_when_a_later_page_fails() {
    let bench = Bench::new();
    let report = bench
        .sync(vec![
            accounts(vec![account("a", Some(3))]),
            rows("a", vec![row("1", "2026-11-18", 1)]),
            cursor("feed", "page 1"),
            rows("a", vec![row("2", "2026-11-19", 2)]),
            Step::Fail(ProviderErrorKind::Unavailable),
        ])
        .await;
    assert_eq!((report.transactions_imported, bench.rows()), (1, vec!["a 1 1".to_owned()]));
    assert_eq!(report.error.unwrap().kind, FailureKind::Unavailable);
    assert_eq!(bench.connection().status, ConnectionStatus::Active);
    let report = bench
        .sync(vec![
            Step::Expect("feed", Some("page 1")),
            accounts(vec![account("a", Some(3))]),
            rows("a", vec![row("2", "2026-11-19", 2)]),
            cursor("feed", "page 2"),
        ])
        .await;
    assert_eq!((report.error, report.transactions_imported, bench.rows().len()), (None, 1, 2));
}

/// A feed of the whole provider that begins again: rows of the first reading that do not come again are gone, also those
/// that were stored.
#[tokio::test]
async fn a_pass_that_begins_again_leaves_no_ghosts() {
    for is_stored in [false, true] {
        let bench = Bench::new();
        let first = vec![row("1", "2026-11-18", 1), row("ghost", "2026-11-18", 99)];
        let mut steps = vec![accounts(vec![account("a", None)]), rows("a", first)];
        if is_stored {
            steps.push(cursor("feed", "half"));
        }
        steps.extend([
            Step::Send(Piece::BeginAgain),
            accounts(vec![account("a", None)]),
            rows("a", vec![row("1", "2026-11-18", 1)]),
            cursor("feed", "one"),
            rows("a", vec![row("2", "2026-11-19", 2)]),
            cursor("feed", "done"),
        ]);
        let report = bench.sync(steps).await;
        assert_eq!(bench.rows(), ["a 1 1", "a 2 2"], "stored: {is_stored}");
        assert_eq!((report.error, report.transactions_imported), (None, 2), "stored: {is_stored}");
        let report = bench.sync(vec![Step::Expect("feed", Some("done")), accounts(vec![account("a", None)])]).await;
        assert_eq!(report.change_id, None);
    }
}

/// A kill in the second reading: the next pass continues it and finishes the work.
#[tokio::test]
async fn a_kill_while_reading_again_leaves_no_ghosts_either() {
    let bench = Bench::new();
    let known = || accounts(vec![account("a", None)]);
    bench.sync(vec![known(), rows("a", vec![row("0", "2026-11-01", 7)]), cursor("feed", "old")]).await;
    bench
        .sync(vec![
            known(),
            rows("a", vec![row("1", "2026-11-18", 1), row("ghost", "2026-11-18", 99)]),
            cursor("feed", "half"),
            Step::Send(Piece::BeginAgain),
            Step::Fail(ProviderErrorKind::Unavailable),
        ])
        .await;
    bench
        .sync(vec![
            Step::Expect("feed", Some("old")),
            known(),
            rows("a", vec![row("1", "2026-11-18", 1)]),
            cursor("feed", "one"),
            Step::Fail(ProviderErrorKind::Unavailable),
        ])
        .await;
    let report = bench
        .sync(vec![
            Step::Expect("feed", Some("one")),
            known(),
            rows("a", vec![row("2", "2026-11-19", 2)]),
            cursor("feed", "done"),
        ])
        .await;
    assert_eq!((report.error, bench.rows()), (None, vec!["a 0 7".to_owned(), "a 1 1".into(), "a 2 2".into()]));
}

#[tokio::test]
async fn pending_rows_of_earlier_pages_do_not_vanish_with_the_window() {
    let bench = Bench::new();
    let pages = |first: Vec<TransactionDraft>| {
        vec![
            accounts(vec![account("a", None)]),
            rows("a", first),
            cursor("page", "1"),
            rows("a", vec![row("1", "2026-11-18", 5)]),
            window("a", "2026-11-01", "2026-11-20"),
            cursor("page", "end"),
        ]
    };
    bench.sync(pages(vec![pending("p1", "2026-11-19", -1), pending("p2", "2026-11-19", -2)])).await;
    assert_eq!(bench.rows().len(), 3);
    bench.sync(pages(vec![pending("p1", "2026-11-19", -1)])).await;
    assert_eq!(bench.rows(), ["a 1 5", "a p1 -1"], "only the one that did not come again is withdrawn");
}

#[tokio::test]
async fn problems_stay_where_they_happen() {
    let bench = Bench::new();
    let refused = || METADATA.error(ProviderErrorKind::Authentication, "refused");
    let until = "2026-11-20T12:30:00Z".parse().unwrap();
    let limited = METADATA.error(ProviderErrorKind::RateLimited { until: Some(until) }, "wait");
    let mut harbor = account("b", None);
    harbor.institution = Some("Harbor".into());
    let problem = |scope, error| Step::Send(Piece::Problem(ScopedFailure { scope, error }));
    let report = bench
        .sync(vec![
            accounts(vec![account("a", Some(1)), harbor, account("c", None)]),
            problem(FailureScope::Part("a".into(), Capability::Holdings), refused()),
            problem(FailureScope::Institution("Harbor".into()), refused()),
            problem(FailureScope::Account("c".into()), limited),
            rows("a", vec![row("1", "2026-11-18", 1)]),
        ])
        .await;
    assert_eq!((report.error, report.status, report.transactions_imported), (None, ConnectionStatus::Active, 1));
    let results: Vec<_> = report.accounts.iter().map(|it| (it.result, it.reason.as_deref().unwrap_or(""))).collect();
    let partial = AccountResult::Partial;
    assert_eq!(results, [(partial, "holdings: refused"), (partial, "refused"), (partial, "wait")]);
    let connection = bench.connection();
    assert_eq!(connection.status, ConnectionStatus::Active, "a refusal of a part revokes nothing");
    assert_eq!(connection.next_sync_at, Some(until), "due by its Retry-After");
    assert!(connection.error.unwrap().starts_with("3 of 3 accounts incomplete"));
    assert_eq!(bench.accounts()[1].institution, "Harbor");

    let report =
        bench.sync(vec![accounts(vec![account("a", Some(1))]), problem(FailureScope::Connection, refused())]).await;
    assert_eq!((report.status, report.error.unwrap().kind), (ConnectionStatus::Active, FailureKind::Authentication));
    let report = bench.sync(vec![Step::Fail(ProviderErrorKind::Authentication)]).await;
    assert_eq!(report.status, ConnectionStatus::Revoked, "the account list may revoke");
}

#[tokio::test]
async fn an_empty_list_sells_nothing_without_a_second_reading() {
    let bench = Bench::new();
    let active = || bench.live.store.read().unwrap().holdings().unwrap().iter().filter(|it| it.is_active).count();
    let news = |items: Vec<HoldingDraft>| vec![accounts(vec![account("a", None)]), holdings("a", items)];
    bench.sync(news(vec![position("VTI"), position("BND")])).await;
    let report = bench.sync(news(Vec::new())).await;
    assert!(report.warnings.iter().any(|it| it.message.contains("came back empty")), "{:?}", report.warnings);
    assert_eq!(active(), 2);
    bench.sync(news(vec![position("VTI"), position("BND")])).await;
    bench.sync(news(Vec::new())).await;
    assert_eq!(active(), 2, "the two readings must follow each other");
    bench.sync(news(Vec::new())).await;
    assert_eq!(active(), 0);
    let report = bench.sync(news(Vec::new())).await;
    assert_eq!((report.warnings, active()), (Vec::new(), 0), "empty stays empty without a warning");
    let report = bench.sync(vec![accounts(Vec::new())]).await;
    assert!(report.warnings[0].message.contains("list of accounts came back empty"));
    assert!(bench.accounts()[0].is_active);
}

#[tokio::test]
async fn each_currency_has_its_account_with_its_rows() {
    let bench = Bench::new();
    let (eur, btc) = (AssetCode::new("EUR").unwrap(), AssetCode::new("BTC").unwrap());
    let balance = |currency, current| CurrencyBalance { currency, current: Decimal::from(current), available: None };
    let mut in_euro = row("2", "2026-11-19", 7);
    in_euro.facts.currency = eur;
    let news = |euro: i64| {
        vec![
            accounts(vec![account("a", None)]),
            Step::Send(Piece::Balances {
                account: "a".into(),
                date: day("2026-11-20"),
                balances: vec![balance(AssetCode::USD, 10), balance(eur, euro), balance(btc, 0)],
            }),
            rows("a", vec![row("1", "2026-11-18", 10), in_euro.clone()]),
            window("a", "2026-11-01", "2026-11-20"),
        ]
    };
    bench.sync(news(7)).await;
    assert_eq!(bench.rows(), ["a 1 10", "a#EUR 2 7"]);
    assert_eq!((bench.balance("a"), bench.balance("a#EUR")), (Some(Decimal::from(10)), Some(Decimal::from(7))));
    let names: Vec<_> = bench.accounts().iter().map(|it| (it.name.clone(), it.currency)).collect();
    assert_eq!(
        names,
        [("Account a".into(), AssetCode::USD), ("Account a EUR".into(), eur)],
        "an empty one is left out"
    );
    bench.sync(news(0)).await;
    let report = bench.sync(news(0)).await;
    assert_eq!((bench.balance("a#EUR"), report.change_id), (Some(Decimal::ZERO), None), "a known one goes to zero");
    assert!(bench.accounts().iter().all(|account| account.is_active), "and is not missed in the listing");
}

#[tokio::test]
async fn rates_prices_terms_and_history_are_kept() {
    let bench = Bench::new();
    let (usd, eur) = (AssetCode::USD, AssetCode::new("EUR").unwrap());
    let rate = |rate| RateDraft { date: day("2026-11-19"), from: eur, to: usd, rate: Decimal::new(rate, 2) };
    let price = PriceDraft { date: day("2026-11-19"), symbol: "VTI".into(), price: Decimal::from(300), currency: usd };
    let terms = LiabilityDraft { limit: Some(Decimal::from(500)), ..LiabilityDraft::default() };
    let news = |number: i64| {
        vec![
            accounts(vec![account("a", Some(10))]),
            Step::Send(Piece::Rates(vec![rate(number)])),
            Step::Send(Piece::Prices(vec![price.clone()])),
            Step::Send(Piece::Liability { account: "a".into(), terms }),
            Step::Send(Piece::BalanceHistory {
                account: "a".into(),
                balances: vec![stated("2026-11-18", number), stated("2026-11-19", 9), stated("2026-11-25", 1)],
            }),
        ]
    };
    bench.sync(news(110)).await;
    bench.sync(news(111)).await;
    let reader = bench.live.store.read().unwrap();
    let id = bench.connection().id;
    let text = |stream: &str| String::from_utf8(reader.sync_state(id, stream).unwrap().unwrap()).unwrap();
    assert!(text("rates").contains("1.11") && !text("rates").contains("1.10"), "one rate a day: {}", text("rates"));
    assert!(text("prices").contains("VTI") && text("terms/a").contains("500"));
    let snapshots = reader.snapshots(bench.accounts()[0].id).unwrap();
    let shown: Vec<_> = snapshots.iter().map(|it| format!("{} {}", it.date, it.balance)).collect();
    assert_eq!(
        shown,
        ["2026-11-18 111", "2026-11-19 9", "2026-11-20 10"],
        "past days are corrected, future ones ignored"
    );
}

/// A clock that was ahead, or a time zone further east, freezes nothing.
#[tokio::test]
async fn a_wrong_clock_freezes_nothing() {
    let bench = Bench::new();
    let news = |date: &str, current: i64| {
        let mut held = position("VTI");
        held.as_of = day(date);
        held.facts.quantity = Decimal::from(current);
        let mut listed = account("a", None);
        listed.balance = Some(stated(date, current));
        vec![accounts(vec![listed]), holdings("a", vec![held])]
    };
    let held = || bench.live.store.read().unwrap().holdings().unwrap()[0].facts.quantity;
    bench.clock.advance(days(400));
    bench.sync(news("2027-12-25", 1)).await;
    bench.clock.advance(days(-400));
    bench.sync(news("2026-11-20", 2)).await;
    assert_eq!((bench.balance("a"), held()), (Some(Decimal::from(2)), Decimal::from(2)));
    let (connection, now) = (bench.connection(), bench.clock.now());
    assert!(connection.last_sync_at.unwrap() <= now && connection.next_sync_at.unwrap() < now + days(2));
    // The institution's day may be tomorrow's.
    bench.sync(news("2026-11-21", 3)).await;
    assert_eq!((bench.balance("a"), held()), (Some(Decimal::from(3)), Decimal::from(3)));
    let snapshots = bench.live.store.read().unwrap().snapshots(bench.accounts()[0].id).unwrap();
    assert!(snapshots.iter().all(|snapshot| snapshot.date <= day("2026-11-20")), "{snapshots:?}");
}

#[tokio::test]
async fn a_cancelled_pass_writes_no_later_chunk() {
    let bench = Bench::new();
    let dropped = CancellationToken::new();
    dropped.cancel();
    let report = bench.sync_as(&bench.connection(), whole_reply(), &dropped).await;
    assert_eq!(report.error.unwrap().kind, FailureKind::Cancelled);
    assert_eq!((bench.rows().len(), bench.changes()), (0, 1));
}

#[tokio::test]
async fn a_connection_that_was_ended_meanwhile_gets_nothing() {
    let bench = Bench::new();
    let stale = bench.connection();
    let mut connection = stale.clone();
    connection.mark_disconnected();
    let mut writer = bench.live.store.begin(ChangeKind::Edit, "disconnect", bench.clock.now()).unwrap();
    writer.put_connection(&connection).unwrap();
    writer.commit_unlisted().unwrap();
    let report = bench.sync_as(&stale, whole_reply(), &CancellationToken::new()).await;
    assert_eq!(report.error.unwrap().kind, FailureKind::WrongState);
    assert_eq!((bench.rows().len(), bench.connection().status), (0, ConnectionStatus::Disconnected));
}

#[tokio::test]
async fn a_local_failure_is_reported_as_local() {
    let bench = Bench::new();
    let report = bench.sync(vec![accounts(vec![account("a", None)]), Step::Fail(ProviderErrorKind::Local)]).await;
    let error = report.error.unwrap();
    assert_eq!((error.kind, report.status), (FailureKind::Store, ConnectionStatus::Active));
    assert!(!error.message.contains("Bank of Tests"), "{error}");
    assert!(bench.connection().next_sync_at.is_some_and(|next| next < bench.clock.now() + days(1)), "tried again soon");
}
