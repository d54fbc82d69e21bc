//! The file: modes, links, locks, damage, kills, power cuts, full disks.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{memory::Memory, *};
use crate::store::{
    NewSource, StoreError,
    database::{
        backend::Backend,
        blocks::header::{BlockHeader, Parsed},
        container::BlockProtection,
        open,
        open_database::{DatabasePlace, OpenDatabase},
    },
};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

/// A database with a bit of everything, closed.
pub(super) fn filled(path: &Path) {
    let store = Store::open(path).unwrap();
    let first = import(&store, 1, (0..60).map(|n| row(n, i64::from(n), Some(&n.to_string()))).collect());
    let mut writer = begin(&store, ChangeKind::Import);
    writer.append_transactions(AccountId(1), (0..40).map(|n| row(n, -1, None))).unwrap();
    writer.put_source(NewSource::pack("a.qfx", vec![7; 5000], [1; 32]).unwrap()).unwrap();
    commit(writer);
    import(&store, 2, (0..20).map(|n| row(n, 5, Some("same"))).collect());
    store.toggle(first.id, true, now()).unwrap();
    store.compact().unwrap();
}

/// All that a reader returns, as text.
pub(super) fn everything(store: &Store) -> Result<String, StoreError> {
    let reader = store.read()?;
    let mut rows = Vec::new();
    reader.scan(|row, fields| {
        rows.push((row, fields.clone()));
        std::ops::ControlFlow::Continue(())
    })?;
    let accounts = reader.accounts()?;
    let mut parts = vec![format!("{rows:?}"), format!("{accounts:?}"), format!("{:?}", reader.connections()?)];
    for account in accounts {
        parts.push(format!("{:?}", reader.snapshots(account.id)?));
        parts.push(format!("{:?}", reader.newest(Some(account.id), 0, usize::MAX)?));
        parts.push(format!("{:?}", reader.rows_between(account.id, chrono::NaiveDate::MIN, chrono::NaiveDate::MAX)?));
        parts.push(format!("{:?}", reader.by_provider_id(account.id, "same")?));
        parts.push(reader.count_of(account.id)?.to_string());
    }
    parts.push(format!("{:?}", reader.newest(None, 0, usize::MAX)?));
    for change in reader.changes(None, usize::MAX)? {
        parts.push(format!("{change:?} {:?}", reader.rows_of_change(change.id, 0, usize::MAX)?));
        parts.push(format!("{:?}", reader.raw_source(change.id)?));
    }
    parts.push(format!("{:?} {}", reader.already_imported([1; 32])?, reader.transaction_count()?));
    Ok(parts.join("\n"))
}

#[test]
fn file_and_new_folders_are_private() {
    let folder = folder();
    let path = folder.path().join("new/deep/dashtam.redb");
    drop(Store::open(&path).unwrap());
    assert_eq!(mode(&path), 0o600);
    assert_eq!((mode(path.parent().unwrap()), mode(&folder.path().join("new"))), (0o700, 0o700));
    let left: Vec<_> = fs::read_dir(path.parent().unwrap()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(left, ["dashtam.redb"]);

    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let store = Store::open(&path).unwrap();
    assert_eq!(mode(&path), 0o600, "a file that others could read is closed to them");
    store.backup(&folder.path().join("copy")).unwrap();
    assert_eq!(mode(&folder.path().join("copy")), 0o600);
    store.compact().unwrap();
    assert_eq!(mode(&path), 0o600);
}

/// The umask belongs to the process, so another one is needed for each.
#[test]
fn no_umask_changes_the_modes() {
    for umask in ["000", "022", "077", "777"] {
        let folder = folder();
        let path = folder.path().join("new/dashtam.redb");
        let status = std::process::Command::new("sh")
            .args(["-c", "umask $0; exec \"$@\"", umask])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", "store::tests::safety::child_opens", "--ignored", "--test-threads=1"])
            .env("DASHTAM_TEST_OPEN", &path)
            .stdout(std::process::Stdio::null())
            .status()
            .unwrap();
        assert!(status.success(), "umask {umask}");
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700), "umask {umask}");
    }
}

#[test]
#[ignore = "the other process of no_umask_changes_the_modes"]
fn child_opens() {
    let path = PathBuf::from(std::env::var_os("DASHTAM_TEST_OPEN").unwrap());
    drop(Store::open(&path).unwrap());
}

#[test]
fn links_pipes_and_folders_are_refused_at_once() {
    let folder = folder();
    let real = folder.path().join("real");
    drop(Store::open(&real).unwrap());
    let dangling = folder.path().join("dangling");
    symlink(folder.path().join("planted"), &dangling).unwrap();
    let link = folder.path().join("link");
    symlink(&real, &link).unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for path in [&dangling, &link, &pipe, &folder.path().to_owned()] {
        let error = Store::open(path).unwrap_err();
        assert!(matches!(error, StoreError::Io { .. }), "{path:?}: {error:?}");
        assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
    }
    assert!(!folder.path().join("planted").exists());
    let error = Store::open(&real).unwrap().backup(&link).unwrap_err();
    assert!(matches!(error, StoreError::Io { .. }), "a backup follows no link either: {error:?}");
}

#[test]
fn a_second_opening_is_refused_at_once_and_allowed_after_the_first_ended() {
    let folder = folder();
    let path = folder.path().join("dashtam.redb");
    let store = Store::open(&path).unwrap();
    let error = Store::open(&path).unwrap_err();
    assert!(matches!(&error, StoreError::Locked { path: locked } if *locked == path), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("another dashtam") && text.contains("--data-dir"), "{text}");
    import(&store, 1, vec![row(1, 1, None)]);
    store.compact().unwrap();
    assert!(matches!(Store::open(&path), Err(StoreError::Locked { .. })), "the compacted file is locked too");
    let reader = store.read().unwrap();
    drop(store);
    assert!(matches!(Store::open(&path), Err(StoreError::Locked { .. })), "a reader still needs it");
    drop(reader);
    assert_eq!(Store::open(&path).unwrap().read().unwrap().transaction_count().unwrap(), 1);
}

#[test]
fn an_empty_file_becomes_a_database() {
    let folder = folder();
    let path = folder.path().join("dashtam.redb");
    fs::write(&path, b"").unwrap();
    fs::write(folder.path().join("dashtam.redb.new"), b"left by a kill").unwrap();
    import(&Store::open(&path).unwrap(), 1, vec![row(1, 1, None)]);
    assert_eq!(Store::open(&path).unwrap().read().unwrap().transaction_count().unwrap(), 1);
}

#[test]
fn a_file_that_is_not_a_database_is_named_and_left_alone() {
    let folder = folder();
    let path = folder.path().join("dashtam.redb");
    for bytes in [&b"OFXHEADER:100"[..], &[0; 8192], b"redb", b"redb\x1a\x0a\xa9\x0d\x0a", &[255; 16_000]] {
        fs::write(&path, bytes).unwrap();
        let error = Store::open(&path).unwrap_err();
        assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
        assert!(error.to_string().contains("left as it is") && error.to_string().contains("dashtam.redb"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }
    let foreign = folder.path().join("foreign");
    let db = redb::Database::create(&foreign).unwrap();
    let txn = db.begin_write().unwrap();
    txn.open_table(redb::TableDefinition::<u64, u64>::new("theirs")).unwrap();
    txn.commit().unwrap();
    drop(db);
    assert!(matches!(Store::open(&foreign), Err(StoreError::Damaged { .. })));
}

#[test]
fn a_newer_layout_is_refused() {
    let folder = folder();
    let path = folder.path().join("dashtam.redb");
    // A bare file, as earlier versions wrote it.
    let raw = Backend::raw_file(Arc::new(crate::files::create(&path).unwrap()));
    let database = OpenDatabase::create(&path, Backend::over(raw), DatabasePlace::default()).unwrap();
    let txn = database.write().unwrap();
    crate::store::schema::Counter::Schema.set(&mut txn.open_table(crate::store::schema::META).unwrap(), 99).unwrap();
    txn.commit().unwrap();
    drop(database);
    let error = Store::open(&path).unwrap_err();
    assert!(matches!(error, StoreError::Newer { found: 99, known: crate::store::schema::VERSION, .. }), "{error:?}");
}

#[test]
fn a_file_cut_off_at_any_page_is_refused_without_a_panic_and_left_alone() {
    let folder = folder();
    let path = folder.path().join("dashtam.redb");
    filled(&path);
    let whole = fs::read(&path).unwrap();
    let cut = folder.path().join("cut");
    for pages in 0..whole.len() / 4096 {
        for length in [pages * 4096, pages * 4096 + 100] {
            if length == 0 {
                continue;
            }
            fs::write(&cut, &whole[..length]).unwrap();
            let result = Store::open(&cut).and_then(|store| everything(&store));
            assert!(matches!(result, Err(StoreError::Damaged { .. })), "cut at {length}: {result:?}");
            assert!(fs::read(&cut).unwrap() == whole[..length], "cut at {length}");
        }
    }
}

/// Opens a file that only this test uses. A process that another test starts has a copy of its lock until it runs its program.
fn open_alone(path: &Path) -> Result<Store, StoreError> {
    let is_locked = |opened: &Result<Store, StoreError>| matches!(opened, Err(StoreError::Locked { .. }));
    let mut opened = Store::open(path);
    for _ in 0..100_000 {
        if !is_locked(&opened) {
            break;
        }
        std::thread::yield_now();
        opened = Store::open(path);
    }
    opened
}

#[test]
fn a_flipped_bit_is_reported_or_harmless() {
    let folder = folder();
    let path = folder.path().join("dashtam.redb");
    filled(&path);
    let whole = fs::read(&path).unwrap();
    let expected = everything(&Store::open(&path).unwrap()).unwrap();
    // As a clean file, and as one whose process was killed.
    let unclean = {
        let _store = Store::open(&path).unwrap();
        fs::read(&path).unwrap()
    };
    let flipped = folder.path().join("flipped");
    let used = |image: &[u8]| (0..image.len()).filter(|at| image[*at] != 0).collect::<Vec<_>>();
    let images = [(used(&whole), whole), (used(&unclean), unclean)];
    let mut harmful = 0;
    for round in 0..300 {
        let (used, image) = &images[round % 2];
        let at = used[round * 7919 % used.len()];
        let mut bytes = image.clone();
        bytes[at] ^= 1 << (round % 8);
        fs::write(&flipped, &bytes).unwrap();
        match open_alone(&flipped).and_then(|store| everything(&store)) {
            Ok(found) => assert!(found == expected, "byte {at} of round {round} changed what is shown"),
            Err(StoreError::Damaged { .. } | StoreError::Newer { .. } | StoreError::Io { .. }) => harmful += 1,
            Err(other) => panic!("byte {at}: {other:?}"),
        }
    }
    assert!(harmful > 10, "only {harmful} flips were noticed");
}

/// Opens an image of a file without verifying it as a whole.
fn open_image(path: &Path, raw: Arc<dyn redb::StorageBackend>) -> Result<OpenDatabase, StoreError> {
    let mut head = vec![0; 8192];
    raw.read(0, &mut head).unwrap();
    let Parsed::Header(header) = BlockHeader::parse(&head) else { return Err(StoreError::damaged("no header")) };
    let backend = BlockProtection::Checksummed.open(raw, &header)?;
    open::unverified(path, backend, DatabasePlace::default(), false)
}

/// Opens a file without verifying it as a whole, as a large one is opened.
pub(super) fn try_open_unverified(path: &Path) -> Result<Store, StoreError> {
    let raw = Backend::raw_file(Arc::new(crate::files::open(path).unwrap()));
    Store::of(open_image(path, raw)?, path)
}

/// Large files are not verified as a whole when they are opened: then each value is checked when it is read.
#[test]
fn without_a_check_of_all_pages_no_wrong_row_is_handed_out() {
    let folder = folder();
    let path = folder.path().join("dashtam.redb");
    filled(&path);
    let rows = |store: &Store| {
        let mut rows = Vec::new();
        let reader = store.read()?;
        reader.scan(|row, _| {
            rows.push(row);
            std::ops::ControlFlow::Continue(())
        })?;
        for id in reader.newest(None, 0, usize::MAX)? {
            assert!(reader.transaction(id)?.is_some_and(|row| rows.contains(&row)));
        }
        Ok::<_, StoreError>((rows, reader.accounts()?))
    };
    let expected = rows(&Store::open(&path).unwrap()).unwrap();
    let image = fs::read(&path).unwrap();
    let used: Vec<usize> = (0..image.len()).filter(|at| image[*at] != 0).collect();
    let mut noticed = 0;
    for round in 0..300 {
        let mut bytes = image.clone();
        let at = used[round * 7919 % used.len()];
        bytes[at] ^= 1 << (round % 8);
        let memory: Arc<dyn redb::StorageBackend> = Arc::new(Memory::of(bytes));
        let opened = open_image(&path, memory).and_then(|database| Store::of(database, &path));
        match opened.and_then(|store| rows(&store)) {
            Ok(found) => assert!(found == expected, "byte {at} of round {round}"),
            Err(_) => noticed += 1,
        }
    }
    assert!(noticed > 10, "only {noticed} flips were noticed");
}

#[test]
fn an_image_taken_while_it_runs_holds_what_was_committed() {
    let folder = folder();
    let path = folder.path().join("dashtam.redb");
    filled(&path);
    let store = Store::open(&path).unwrap();
    let expected = everything(&store).unwrap();
    let mut writer = begin(&store, ChangeKind::Import);
    writer.append_transactions(AccountId(1), (0..500).map(|n| row(n, 9, None))).unwrap();
    let image = folder.path().join("image");
    fs::copy(&path, &image).unwrap();
    let reopened = Store::open(&image).unwrap();
    assert!(reopened.was_unclean() && !store.was_unclean());
    assert_eq!(everything(&reopened).unwrap(), expected);
    reopened.verify().unwrap();
    import(&reopened, 1, vec![row(1, 1, None)]);
}

#[test]
fn a_backup_is_whole_and_never_overwrites() {
    let folder = folder();
    let path = folder.path().join("dashtam.redb");
    filled(&path);
    let store = Store::open(&path).unwrap();
    let to = folder.path().join("backup.redb");
    store.backup(&to).unwrap();
    assert_eq!(everything(&Store::open(&to).unwrap()).unwrap(), everything(&store).unwrap());
    let before = fs::read(&to).unwrap();
    assert!(matches!(store.backup(&to), Err(StoreError::Io { .. })));
    assert_eq!(fs::read(&to).unwrap(), before);
}
