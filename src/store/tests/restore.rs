//! Backups put back: checked first, nothing lost, nothing half-done.

use std::{fs, path::PathBuf};

use super::{
    safety::{everything, filled},
    *,
};
use crate::store::StoreError;

struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A filled database, its backup, and what both hold.
    fn backed_up(&self) -> String {
        filled(&self.at("dashtam.redb"));
        let store = Store::open(&self.at("dashtam.redb")).unwrap();
        store.backup(&self.at("backup.redb")).unwrap();
        everything(&store).unwrap()
    }

    fn content(&self, name: &str) -> String {
        everything(&Store::open(&self.at(name)).unwrap()).unwrap()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn restore(&self, from: &str) -> Result<Option<PathBuf>, StoreError> {
        Store::restore(&self.at(from), &self.at("dashtam.redb"), "before")
    }
}

#[test]
fn a_backup_comes_back_and_what_was_there_is_kept() {
    let bench = Bench::new();
    let before = bench.backed_up();
    let store = Store::open(&bench.at("dashtam.redb")).unwrap();
    import(&store, 3, vec![row(1, 100, Some("later"))]);
    let later = everything(&store).unwrap();
    drop(store);
    let backup = fs::read(bench.at("backup.redb")).unwrap();
    assert_eq!(bench.restore("backup.redb").unwrap(), Some(bench.at("dashtam.redb.before")));
    assert_eq!((bench.content("dashtam.redb"), bench.content("dashtam.redb.before")), (before, later));
    assert_eq!(fs::read(bench.at("backup.redb")).unwrap(), backup, "the backup is only read");
    assert_eq!(bench.names(), ["backup.redb", "dashtam.redb", "dashtam.redb.before"]);
    assert!(bench.restore("backup.redb").is_err(), "what was kept is not overwritten");
}

#[test]
fn where_nothing_was_there_is_the_backup_afterwards() {
    let bench = Bench::new();
    let before = bench.backed_up();
    fs::remove_file(bench.at("dashtam.redb")).unwrap();
    assert_eq!(bench.restore("backup.redb").unwrap(), None);
    assert_eq!(bench.content("dashtam.redb"), before);
}

#[test]
fn a_damaged_database_gives_way_to_its_backup() {
    let bench = Bench::new();
    let before = bench.backed_up();
    fs::write(bench.at("dashtam.redb"), b"not a database at all").unwrap();
    bench.restore("backup.redb").unwrap();
    assert_eq!(bench.content("dashtam.redb"), before);
    assert_eq!(fs::read(bench.at("dashtam.redb.before")).unwrap(), b"not a database at all");
}

#[test]
fn a_backup_that_is_none_changes_nothing() {
    let bench = Bench::new();
    let before = bench.backed_up();
    let good = fs::read(bench.at("backup.redb")).unwrap();
    let mut flipped = good.clone();
    let middle = flipped.len() / 2;
    for byte in &mut flipped[middle..middle + 4096] {
        *byte ^= 0x5a;
    }
    fs::create_dir(bench.at("folder")).unwrap();
    for (name, bytes) in
        [("empty", &[][..]), ("text", b"hello, this is text"), ("cut", &good[..good.len() / 2]), ("flipped", &flipped)]
    {
        fs::write(bench.at(name), bytes).unwrap();
    }
    let names = bench.names();
    for name in ["empty", "text", "cut", "flipped", "folder", "missing", "dashtam.redb"] {
        let error = bench.restore(name).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
        assert_eq!(bench.content("dashtam.redb"), before, "{name}");
        assert_eq!(bench.names(), names, "{name}");
    }
    fs::remove_file(bench.at("dashtam.redb")).unwrap();
    assert!(bench.restore("cut").is_err());
    assert!(!bench.at("dashtam.redb").exists(), "no empty file is left either");
}

/// Also in the trailers of blocks that no page uses: such a backup was restored once, and the database then refused.
#[test]
fn a_flipped_bit_anywhere_is_refused_or_changes_nothing() {
    let bench = Bench::new();
    let before = bench.backed_up();
    let good = fs::read(bench.at("backup.redb")).unwrap();
    let (mut refused, mut restored) = (0, 0);
    // Two slots of block 0 and the blocks, each with 36 bytes behind its content.
    let trailers = (0..).map(|unit| 8192 + unit * 4132 + 4096 + unit % 36).take_while(|at| *at < good.len());
    let everywhere = (0..good.len()).step_by(good.len() / 40);
    for at in trailers.chain(everywhere) {
        let mut flipped = good.clone();
        flipped[at] ^= 1 << (at % 8);
        fs::write(bench.at("flipped"), flipped).unwrap();
        match bench.restore("flipped") {
            Ok(kept) => {
                fs::remove_file(kept.unwrap()).unwrap();
                restored += 1;
            }
            Err(_) => refused += 1,
        }
        assert_eq!(bench.content("dashtam.redb"), before, "byte {at}");
    }
    assert!(refused > 40 && restored > 0, "{refused} refused, {restored} restored");
}

#[test]
fn a_database_in_use_is_left_alone() {
    let bench = Bench::new();
    bench.backed_up();
    let store = Store::open(&bench.at("dashtam.redb")).unwrap();
    assert!(matches!(bench.restore("backup.redb"), Err(StoreError::Locked { .. })));
    import(&store, 3, vec![row(1, 100, Some("goes on"))]);
    assert_eq!(bench.names(), ["backup.redb", "dashtam.redb"]);
}
