//! Power cuts and full disks, over a disk made of memory.

use std::{path::Path, sync::Arc};

use super::{memory::Memory, safety::everything, *};
use crate::store::{
    StoreError,
    database::{backend::Backend, open, open_database::OpenDatabase},
};

fn over(memory: &Memory) -> Result<Store, StoreError> {
    let path = Path::new("disk");
    Store::of(open::over(path, Backend::over(Arc::new(memory.clone())), None, true)?, path)
}

fn fresh(memory: &Memory) -> Store {
    let path = Path::new("disk");
    Store::of(OpenDatabase::create(path, Backend::over(Arc::new(memory.clone())), None).unwrap(), path).unwrap()
}

/// One import, one undo, one import: each atomic, whatever of their writes reached the disk. `DASHTAM_CUTS` raises
/// the number of rounds.
#[test]
fn after_a_power_cut_a_change_is_there_or_not_at_all() {
    let rounds = std::env::var("DASHTAM_CUTS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(3);
    let mut images = 0;
    for seed in 0..rounds {
        let memory = Memory::default();
        let store = fresh(&memory);
        let first = import(&store, 1, (0..30).map(|n| row(n, i64::from(n), Some("same"))).collect());
        let mut states = vec![everything(&store).unwrap()];
        memory.cut_power(seed);
        for step in 0..3 {
            match step {
                0 => drop(import(&store, 2, (0..200).map(|n| row(n, 7, None)).collect())),
                1 => drop(store.toggle(first.id, true, now()).unwrap()),
                _ => drop(import(&store, 1, (0..20).map(|n| row(n, 8, None)).collect())),
            }
            states.push(everything(&store).unwrap());
            for image in memory.images() {
                images += 1;
                let found = everything(&over(&Memory::of(image)).unwrap()).unwrap();
                assert!(states[step..].contains(&found), "seed {seed}, step {step}, image {images}");
            }
        }
    }
    assert!(images > 100, "only {images} images");
    println!("{images} images");
}

/// The disk is full at any write of a commit: the error says so, nothing of the change stays, reading goes on, and
/// when there is room again writing does too, without a restart.
#[test]
fn a_full_disk_costs_only_the_change_that_did_not_fit() {
    let rows = || (0..200).map(|n| row(n, 7, None)).collect::<Vec<_>>();
    let mut room = 0;
    loop {
        let memory = Memory::default();
        let store = fresh(&memory);
        import(&store, 1, (0..30).map(|n| row(n, i64::from(n), Some("same"))).collect());
        let before = everything(&store).unwrap();
        let old = store.read().unwrap();

        memory.set_room(Some(room));
        let mut writer = begin(&store, ChangeKind::Import);
        writer.put_account(&account(2, 1)).unwrap();
        let result = writer
            .append_transactions(AccountId(2), rows())
            .and_then(|_| writer.commit(ChangeCounts::default(), vec![], None, vec![]));
        match result {
            Ok(_) => {
                assert!(room > 5, "it takes some writes");
                memory.set_room(None);
                break;
            }
            Err(StoreError::DiskFull { .. } | StoreError::Io { .. }) => {}
            Err(other) => panic!("room {room}: {other:?}"),
        }
        memory.set_room(None);
        assert_eq!(everything(&store).unwrap(), before, "room {room}");
        drop(old);
        import(&store, 2, rows());
        assert_eq!(store.read().unwrap().transaction_count().unwrap(), 230, "room {room}");
        store.verify().unwrap();
        drop(store);
        assert_eq!(over(&memory).unwrap().read().unwrap().transaction_count().unwrap(), 230, "room {room}");
        room += 1;
    }
}
