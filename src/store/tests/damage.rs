//! Damage that is found while a database is open, the background check, and rescue.

use std::{fs, os::unix::fs::FileExt as _, path::Path};

use super::{
    safety::{everything, try_open_unverified},
    *,
};
use crate::store::{OpenOptions, StoreError};

/// A database of several hundred rows in two accounts, closed.
fn large(path: &Path) {
    let store = Store::open(path).unwrap();
    for account in [1, 2] {
        let rows = (0..400).map(|n| row(n, i64::from(n), Some(&format!("{account}-{n}")))).collect();
        import(&store, account, rows);
    }
}

/// Flips a bit in one block that holds rows which are read, and nothing that opening needs: pages keep remains of earlier
/// content, so a text alone does not show what a block is.
fn damage(path: &Path) {
    const STRIDE: usize = 4132;
    let bytes = fs::read(path).unwrap();
    let file = fs::File::options().write(true).open(path).unwrap();
    for at in (8192 + 2 * STRIDE..bytes.len()).step_by(STRIDE) {
        let block = &bytes[at..at + STRIDE];
        if !block.windows(9).any(|window| window == b"Payee 250") {
            continue;
        }
        file.write_all_at(&[block[2000] ^ 4], at as u64 + 2000).unwrap();
        let damaged = fs::read(path).unwrap();
        let is_of_rows = try_open_unverified(path)
            .and_then(|store| store.read()?.scan(|_, _| std::ops::ControlFlow::Continue(())))
            .is_err()
            && try_open_unverified(path).and_then(|store| store.read()?.accounts()).is_ok();
        // Opening wrote to the header.
        fs::write(path, if is_of_rows { &damaged } else { &bytes }).unwrap();
        if is_of_rows {
            return;
        }
    }
    panic!("no block of rows was found");
}

#[test]
fn damage_found_while_reading_makes_the_database_read_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dashtam.redb");
    large(&path);
    damage(&path);
    let untouched = fs::read(&path).unwrap();
    assert!(matches!(Store::open(&path), Err(StoreError::Damaged { .. })));
    assert!(fs::read(&path).unwrap() == untouched, "opening a damaged file wrote to it");
    let store = try_open_unverified(&path).unwrap();
    assert_eq!(store.damage(), None);
    let before = fs::read(&path).unwrap();
    let error = everything(&store).map(|_| ()).unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
    assert!(store.damage().is_some());
    let refused = store.begin(ChangeKind::Edit, "test", now()).unwrap_err();
    assert!(matches!(refused, StoreError::Damaged { .. }), "{refused:?}");
    // The rest can still be read, as often as wanted, and the file is not written to.
    for _ in 0..3 {
        assert_eq!(store.read().unwrap().accounts().unwrap().len(), 2);
        assert!(everything(&store).is_err());
    }
    drop(store);
    assert!(fs::read(&path).unwrap() == before, "the damaged file was written to");
    assert!(matches!(Store::open(&path), Err(StoreError::Damaged { .. })));
    assert!(fs::read(&path).unwrap() == before);
}

#[test]
fn the_background_check_reaches_the_end_and_finds_damage() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dashtam.redb");
    large(&path);
    let run = |store: &Store| {
        let (mut step, mut steps) = (0, 0);
        while let Some(next) = store.check_step(step)? {
            assert!(next > step);
            (step, steps) = (next, steps + 1);
        }
        Ok::<_, StoreError>(steps)
    };
    assert!(run(&Store::open(&path).unwrap()).unwrap() > 10);
    // An index that misses a row, with valid checksums everywhere.
    let store = Store::open(&path).unwrap();
    let txn = store.0.current().write().unwrap();
    {
        let mut dates = txn.open_table(crate::store::schema::BY_DATE).unwrap();
        let key = redb::ReadableTable::iter(&dates).unwrap().nth(7).unwrap().unwrap().0.value();
        dates.remove(key).unwrap();
    }
    txn.commit().unwrap();
    assert!(matches!(run(&store), Err(StoreError::Damaged { .. })));
    assert!(store.damage().is_some());
}

#[test]
fn everything_readable_is_rescued() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dashtam.redb");
    large(&path);
    let whole = everything(&Store::open(&path).unwrap()).unwrap();
    let rescue = |to: &str| Store::rescue(&path, &folder.path().join(to), &OpenOptions::default());
    // Of an intact database everything is saved.
    rescue("whole").unwrap();
    assert_eq!(everything(&Store::open(&folder.path().join("whole")).unwrap()).unwrap(), whole);
    damage(&path);
    let before = fs::read(&path).unwrap();
    assert!(Store::open(&path).is_err());
    let rescued = rescue("rescued").unwrap();
    assert!(fs::read(&path).unwrap() == before, "the damaged file is only read");
    let saved = rescued.saved["transactions"];
    assert!(saved > 600 && saved < 800, "{rescued:?}");
    assert_eq!(rescued.damaged["transactions"], 1, "{rescued:?}");
    let store = Store::open(&folder.path().join("rescued")).unwrap();
    assert_eq!(store.read().unwrap().transaction_count().unwrap(), saved);
    store.verify().unwrap();
    import(&store, 3, vec![row(1, 1, None)]);
    assert!(rescue("rescued").is_err(), "nothing is overwritten");
}

#[test]
fn an_empty_file_beside_backups_is_damage() {
    let folder = tempfile::tempdir().unwrap();
    let (path, backups) = (folder.path().join("dashtam.redb"), folder.path().join("backups"));
    fs::write(&path, b"").unwrap();
    let options = OpenOptions { companions: vec![backups.clone()], ..OpenOptions::default() };
    fs::create_dir(&backups).unwrap();
    fs::write(backups.join("one"), b"x").unwrap();
    let error = Store::open_with(&path, &options).unwrap_err();
    assert!(matches!(&error, StoreError::Damaged { .. }), "{error:?}");
    assert_eq!(fs::metadata(&path).unwrap().len(), 0);
    fs::remove_file(backups.join("one")).unwrap();
    Store::open_with(&path, &options).unwrap();
}
