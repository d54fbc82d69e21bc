//! Accounts merged and split by hand: rows that both sources have count once, and no source loses a row.

use std::collections::BTreeMap;

use dashtam::testing::{
    domain::{AccountId, ChangeId, PairStanding, RowPair, UserFields},
    ledger::Ledger,
};

use crate::support::files::{Bench, statement};

const ONE: AccountId = AccountId(1);
const TWO: AccountId = AccountId(2);

async fn two_sources() -> Bench {
    let bench = Bench::new();
    let first = [
        (1, "-4.50", "a1", "Coffee"),
        (1, "-4.50", "a2", "Coffee"),
        (3, "-9.00", "a3", "Books"),
        (5, "-70.00", "a4", "Rent"),
    ];
    let second = [
        (1, "-4.50", "x1", "COFFEE"),
        (3, "-9.00", "x2", "Books"),
        (5, "-70.00", "x3", "Rent"),
        (8, "-3.00", "x4", "Tea"),
    ];
    bench.import(&bench.file("one.ofx", &statement("111", "USD", &first))).await;
    bench.import(&bench.file("two.ofx", &statement("222", "USD", &second))).await;
    assert_eq!(bench.counts(), [(1, 4), (2, 4)]);
    bench
}

#[tokio::test]
async fn rows_of_both_sources_count_once_and_every_source_keeps_its_own() {
    let bench = two_sources().await;
    let handle = &bench.desk.handle;
    let note = UserFields { note: Some("lease".into()), ..UserFields::default() };
    handle.edit_transactions(vec![(bench.row("Rent", TWO), note.clone())]).await.unwrap();
    let change = handle.merge_accounts(ONE, TWO).await.unwrap();
    let together = ["1 -4.50 Coffee", "1 -4.50 Coffee", "3 -9.00 Books", "5 -70.00 Rent", "8 -3.00 Tea"];
    assert_eq!(bench.rows(), BTreeMap::from([(1, together.map(String::from).to_vec())]));
    bench.desk.store.verify().unwrap();
    let reader = bench.desk.store.read().unwrap();
    assert_eq!(
        reader.user_fields(bench.row("Rent", ONE)).unwrap(),
        note,
        "the row that stays takes over the user's note"
    );
    let journal = reader.change(change).unwrap().unwrap();
    assert_eq!((journal.counts.transactions_updated, journal.accounts), (3, vec![ONE, TWO]));
    drop(reader);

    for file in ["one.ofx", "two.ofx"] {
        assert_eq!(bench.import(&bench.folder.path().join(file)).await, 0, "{file} again adds nothing");
    }
    let next = [(8, "-3.00", "x4", "Tea"), (12, "-20.00", "x5", "Fuel"), (14, "-6.00", "x6", "Lunch")];
    assert_eq!(bench.import(&bench.file("two-b.ofx", &statement("222", "USD", &next))).await, 2);
    assert_eq!(bench.counts(), [(1, 7)], "the second source goes on filling the merged account");
    let next = [(5, "-70.00", "a4", "Rent"), (12, "-20.00", "a5", "Fuel"), (15, "-2.00", "a6", "Bus")];
    bench.import(&bench.file("one-b.ofx", &statement("111", "USD", &next))).await;
    assert_eq!(bench.counts(), [(1, 8)], "the first source brings one row that is new to both");

    handle.split_account(ONE).await.unwrap();
    assert_eq!(bench.counts(), [(1, 6), (2, 6)], "each source has all rows that it ever listed");
    bench.desk.store.verify().unwrap();
    handle.undo(None).await.unwrap();
    assert_eq!(bench.counts(), [(1, 8)]);
    handle.redo(None).await.unwrap();
    assert_eq!(bench.counts(), [(1, 6), (2, 6)]);
    handle.undo(None).await.unwrap();
    handle.undo(Some(change)).await.unwrap();
    assert_eq!(bench.counts(), [(1, 6), (2, 6)], "undoing the merge splits too");
    handle.redo(Some(change)).await.unwrap();
    assert_eq!(bench.counts(), [(1, 8)]);
    bench.desk.store.verify().unwrap();
}

#[tokio::test]
async fn undoing_the_import_of_the_shown_row_shows_the_other_one() {
    let bench = two_sources().await;
    let handle = &bench.desk.handle;
    handle.merge_accounts(ONE, TWO).await.unwrap();
    let first = ChangeId(1);
    handle.undo(Some(first)).await.unwrap();
    assert_eq!(bench.counts(), [(2, 4)], "the merged-into account is gone, so the other one is shown for itself");
    handle.redo(Some(first)).await.unwrap();
    assert_eq!(bench.counts(), [(1, 5)]);
    handle.undo(Some(ChangeId(2))).await.unwrap();
    assert_eq!(bench.counts(), [(1, 4)]);
    handle.redo(None).await.unwrap();
    assert_eq!(bench.counts(), [(1, 5)]);
    bench.desk.store.verify().unwrap();
}

#[tokio::test]
async fn a_merge_that_was_undone_compares_what_came_meanwhile() {
    let bench = two_sources().await;
    let handle = &bench.desk.handle;
    handle.merge_accounts(ONE, TWO).await.unwrap();
    handle.undo(None).await.unwrap();
    bench.import(&bench.file("one-b.ofx", &statement("111", "USD", &[(20, "-8.00", "a9", "Cinema")]))).await;
    bench.import(&bench.file("two-b.ofx", &statement("222", "USD", &[(20, "-8.00", "x9", "Cinema")]))).await;
    assert_eq!(bench.counts(), [(1, 5), (2, 5)]);
    handle.redo(None).await.unwrap();
    assert_eq!(bench.counts(), [(1, 6)]);
    handle.undo(Some(ChangeId(3))).await.unwrap();
    assert_eq!(bench.counts(), [(1, 5), (2, 5)]);
}

#[tokio::test]
async fn doubtful_rows_of_two_sources_are_marked_and_other_merges_refused() {
    let bench = Bench::new();
    let handle = &bench.desk.handle;
    bench
        .import(
            &bench.file("one.ofx", &statement("111", "USD", &[(3, "-9.00", "a", "Books"), (4, "-1.00", "b", "Gum")])),
        )
        .await;
    bench
        .import(
            &bench.file(
                "two.ofx",
                &statement("222", "USD", &[(3, "-9.00", "x", "Kiosk Hall"), (9, "-2.00", "y", "Bus")]),
            ),
        )
        .await;
    bench.import(&bench.file("three.ofx", &statement("333", "EUR", &[(3, "-9.00", "x", "Kiosk")]))).await;
    assert!(handle.merge_accounts(ONE, AccountId(3)).await.unwrap_err().message.contains("one currency"));
    assert!(handle.merge_accounts(ONE, ONE).await.unwrap_err().message.contains("one account already"));
    assert!(handle.split_account(ONE).await.unwrap_err().message.contains("not merged"));
    handle.merge_accounts(ONE, TWO).await.unwrap();
    let view = Ledger::new(bench.desk.store.clone()).view().unwrap();
    let pairs = view.open_pairs().unwrap();
    assert_eq!(pairs.len(), 1, "the same day and amount with another text");
    assert_eq!(view.accounts().iter().map(|line| line.transaction_count).collect::<Vec<_>>(), [4, 1]);
    handle.decide_pair(RowPair { standing: PairStanding::Same, ..pairs[0].0 }).await.unwrap();
    assert_eq!(bench.counts(), [(1, 3), (3, 1)]);
    handle.split_account(ONE).await.unwrap();
    assert_eq!(bench.counts(), [(1, 2), (2, 2), (3, 1)]);
    assert!(Ledger::new(bench.desk.store.clone()).view().unwrap().open_pairs().unwrap().is_empty());
}

/// A statement of one position of a broker, as of a day of October 2026.
fn positions(account: &str, day: u32, units: u32) -> String {
    format!(
        "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\n\n<OFX><SIGNONMSGSRSV1><SONRS><FI><ORG>Broker {account}<FID>{account}</FI>\
         </SONRS></SIGNONMSGSRSV1><INVSTMTMSGSRSV1><INVSTMTTRNRS><INVSTMTRS><DTASOF>202610{day:02}<CURDEF>USD<INVACCTFROM>\
         <BROKERID>broker.example<ACCTID>{account}</INVACCTFROM><INVPOSLIST><POSSTOCK><INVPOS><SECID><UNIQUEID>123456789\
         <UNIQUEIDTYPE>CUSIP</SECID><HELDINACCT>CASH<POSTYPE>LONG<UNITS>{units}<UNITPRICE>20<MKTVAL>{}<DTPRICEASOF>202610{day:02}\
         </INVPOS></POSSTOCK></INVPOSLIST></INVSTMTRS></INVSTMTTRNRS></INVSTMTMSGSRSV1><SECLISTMSGSRSV1><SECLIST><STOCKINFO>\
         <SECINFO><SECID><UNIQUEID>123456789<UNIQUEIDTYPE>CUSIP</SECID><SECNAME>ACME CORP<TICKER>ACME</SECINFO></STOCKINFO>\
         </SECLIST></SECLISTMSGSRSV1></OFX>",
        units * 20
    )
}

#[tokio::test]
async fn an_earlier_day_shows_the_positions_of_the_part_that_listed_last_until_then() {
    let bench = Bench::new();
    bench.import(&bench.file("one.ofx", &positions("A1", 5, 100))).await;
    bench.import(&bench.file("two.ofx", &positions("B2", 20, 70))).await;
    bench.desk.handle.merge_accounts(ONE, TWO).await.unwrap();
    let ledger = Ledger::new(bench.desk.store.clone());
    let units = |ledger: &Ledger| -> Vec<String> {
        let held = ledger.view().unwrap().holdings().unwrap();
        held.iter().map(|line| format!("{}: {}", line.holding.account_id, line.holding.facts.quantity)).collect()
    };
    for (day, expected) in [(4, None), (5, Some("1: 100")), (19, Some("1: 100")), (20, Some("1: 70"))] {
        let until = ledger.until(chrono::NaiveDate::from_ymd_opt(2026, 10, day).unwrap());
        assert_eq!(units(&until), expected.map(String::from).into_iter().collect::<Vec<_>>(), "until {day} October");
    }
    assert_eq!(units(&ledger), ["1: 70"]);
}
