//! Balances by day and explanations over whole households, imported as files.

mod every_number;
mod every_screen;
mod households;
mod one_worth;
mod single_faults;
mod texts;

use dashtam::testing::{
    ledger::{Ledger, ListRequest, Standing},
    sync::ImportRequest,
};

use crate::support::{
    desk::{Desk, day},
    harness::bank_statement,
};

#[tokio::test]
async fn a_ledger_until_a_day_has_nothing_later() {
    let desk = Desk::new(&[]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bank.qfx");
    let rows = [("2026-11-01", "-5.00", "A"), ("2026-11-10", "-7.00", "B"), ("2026-11-20", "-9.00", "C")];
    std::fs::write(&path, bank_statement("77", &rows, "100.00")).unwrap();
    desk.handle.import(ImportRequest { paths: vec![path], ..ImportRequest::default() }, |_| {}).await.unwrap();
    let now = Ledger::new(desk.store.clone());
    let shown = |on: &str| {
        let view = now.until(day(on)).view().unwrap();
        let view = view.with_columns(view.load_columns().unwrap()).balances_on(day(on)).unwrap();
        let line = &view.accounts()[0];
        let balance = line.balance.map(|balance| balance.current.amount.to_string());
        let rows = view.list(&ListRequest::default()).unwrap().len();
        (rows, view.snapshots(line.account.id).unwrap().len(), balance, line.standing)
    };
    assert_eq!(shown("2026-10-31"), (0, 0, None, Standing::Unknown));
    assert_eq!(shown("2026-11-05"), (1, 0, Some("107.00".into()), Standing::Derived));
    assert_eq!(shown("2026-11-19"), (2, 1, Some("100.00".into()), Standing::Stated));
    assert_eq!(shown("2026-11-20"), (3, 1, Some("91.00".into()), Standing::Derived));
}

/// A balance stated by hand is a change: it fills a gap in what is known, and can be undone.
#[tokio::test]
async fn a_balance_stated_by_hand_counts_and_is_undone() {
    let desk = Desk::new(&[]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bank.qfx");
    std::fs::write(
        &path,
        bank_statement("77", &[("2026-11-01", "-5.00", "A"), ("2026-11-10", "-7.00", "B")], "100.00"),
    )
    .unwrap();
    desk.handle.import(ImportRequest { paths: vec![path], ..ImportRequest::default() }, |_| {}).await.unwrap();
    let ledger = Ledger::new(desk.store.clone());
    let account = ledger.view().unwrap().accounts()[0].account.id;
    let on = |date: &str| {
        let figure = ledger.view().unwrap().daily().unwrap().history(account).unwrap().on(day(date));
        figure.map(|figure| (figure.balance.amount.to_string(), figure.standing, figure.gap.map(|gap| gap.to_string())))
    };
    let derived = Some(("107.00".to_owned(), Standing::Derived, None));
    assert_eq!(on("2026-11-05"), derived);
    let change = desk.handle.state_balance(account, day("2026-11-03"), "110".parse().unwrap()).await.unwrap();
    assert_eq!(on("2026-11-03"), Some(("110".to_owned(), Standing::Stated, None)));
    assert_eq!(on("2026-11-05"), Some(("110".to_owned(), Standing::Gap, Some("-3.00".into()))));
    desk.handle.undo(Some(change)).await.unwrap();
    assert_eq!(on("2026-11-05"), derived);
    assert!(desk.handle.state_balance(account, day("2027-01-01"), "1".parse().unwrap()).await.is_err());
}
