//! Power cuts and full disks, over a disk made of memory.

use std::{path::Path, sync::Arc};

use super::{memory::Memory, safety::everything, *};
use crate::store::{
    StoreError,
    database::{
        blocks::header::{BlockHeader, Parsed},
        container::BlockProtection,
        open,
        open_database::{DatabasePlace, OpenDatabase},
    },
};

/// A disk made of memory with a database in it.
struct Disk {
    memory: Memory,
    protection: BlockProtection,
}

impl Disk {
    fn new(protection: &BlockProtection) -> (Self, Store) {
        let memory = Memory::default();
        let backend = protection.create(Arc::new(memory.clone())).unwrap();
        let database = OpenDatabase::create(path(), backend, DatabasePlace::default()).unwrap();
        (Self { memory, protection: protection.clone() }, Store::of(database, path()).unwrap())
    }

    /// Opens the database in an image of the disk, as after an unclean stop.
    fn open(&self, memory: &Memory) -> Result<Store, StoreError> {
        let mut head = vec![0; 8192];
        redb::StorageBackend::read(memory, 0, &mut head).unwrap();
        let Parsed::Header(header) = BlockHeader::parse(&head) else { panic!("no header") };
        let backend = self.protection.open(Arc::new(memory.clone()), &header)?;
        let place = DatabasePlace { was_unclean: true, ..DatabasePlace::default() };
        Store::of(open::over(path(), backend, place)?, path())
    }
}

fn path() -> &'static Path {
    Path::new("disk")
}

pub(super) fn protections() -> [BlockProtection; 2] {
    let key = zeroize::Zeroizing::new([7; 32]);
    [BlockProtection::Checksummed, BlockProtection::Sealed { key: key.into(), wrapped: b"wrapped".to_vec() }]
}

/// One import, one undo, one import: each atomic, whatever of their writes reached the disk. `DASHTAM_CUTS` raises
/// the number of rounds.
#[test]
fn after_a_power_cut_a_change_is_there_or_not_at_all() {
    let rounds = std::env::var("DASHTAM_CUTS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(3);
    for protection in protections() {
        let mut images = 0;
        for seed in 0..rounds {
            let (disk, store) = Disk::new(&protection);
            let first = import(&store, 1, (0..30).map(|n| row(n, i64::from(n), Some("same"))).collect());
            let mut states = vec![everything(&store).unwrap()];
            disk.memory.cut_power(seed);
            for step in 0..3 {
                match step {
                    0 => drop(import(&store, 2, (0..200).map(|n| row(n, 7, None)).collect())),
                    1 => drop(store.toggle(first.id, true, now()).unwrap()),
                    _ => drop(import(&store, 1, (0..20).map(|n| row(n, 8, None)).collect())),
                }
                states.push(everything(&store).unwrap());
                for image in disk.memory.images() {
                    images += 1;
                    let found = everything(&disk.open(&Memory::of(image)).unwrap()).unwrap();
                    assert!(states[step..].contains(&found), "seed {seed}, step {step}, image {images}");
                }
            }
        }
        assert!(images > 100, "only {images} images");
        println!("{images} images, sealed: {}", protection.is_sealed());
    }
}

/// The disk is full at any write of a commit: the error names it, nothing of the change stays, reading goes on, and
/// when there is room again writing does too, without a restart.
#[test]
fn a_full_disk_costs_only_the_change_that_did_not_fit() {
    let rows = || (0..200).map(|n| row(n, 7, None)).collect::<Vec<_>>();
    for protection in protections() {
        let mut room = 0;
        loop {
            let (disk, store) = Disk::new(&protection);
            import(&store, 1, (0..30).map(|n| row(n, i64::from(n), Some("same"))).collect());
            let before = everything(&store).unwrap();
            let old = store.read().unwrap();

            disk.memory.set_room(Some(room));
            let mut writer = begin(&store, ChangeKind::Import);
            writer.put_account(&account(2, 1)).unwrap();
            let result = writer
                .append_transactions(AccountId(2), rows())
                .and_then(|_| writer.commit(ChangeCounts::default(), vec![], None, vec![]));
            match result {
                Ok(_) => {
                    assert!(room > 5, "it takes some writes");
                    disk.memory.set_room(None);
                    break;
                }
                Err(StoreError::DiskFull { .. } | StoreError::Io { .. }) => {}
                Err(other) => panic!("room {room}: {other:?}"),
            }
            disk.memory.set_room(None);
            assert_eq!(everything(&store).unwrap(), before, "room {room}");
            drop(old);
            import(&store, 2, rows());
            assert_eq!(store.read().unwrap().transaction_count().unwrap(), 230, "room {room}");
            store.verify().unwrap();
            drop(store);
            let reopened = disk.open(&disk.memory).unwrap();
            assert_eq!(reopened.read().unwrap().transaction_count().unwrap(), 230, "room {room}");
            room += 1;
        }
    }
}
