//! An older version of one block, put back at its own place.

use std::path::Path;

use redb::StorageBackend as _;

use super::{memory::Memory, power::protections, safety::everything, *};
use crate::store::{
    StoreError,
    database::{
        blocks::header::{BlockHeader, Parsed},
        container::BlockProtection,
        file, open,
        open_database::{DatabasePlace, OpenDatabase},
    },
};

/// Where units begin and how long they are: two slots of block 0, then the blocks.
const START: usize = 8192;
const STRIDE: usize = 4132;

fn image(memory: &Memory) -> Vec<u8> {
    let mut bytes = vec![0; usize::try_from(memory.len().unwrap()).unwrap()];
    memory.read(0, &mut bytes).unwrap();
    bytes
}

fn create(protection: &BlockProtection) -> (Memory, Store) {
    let memory = Memory::default();
    let backend = protection.create(std::sync::Arc::new(memory.clone())).unwrap();
    let path = Path::new("disk");
    let database = OpenDatabase::create(path, backend, DatabasePlace::default()).unwrap();
    (memory, Store::of(database, path).unwrap())
}

fn open(bytes: &[u8], protection: &BlockProtection) -> Result<Store, StoreError> {
    let Parsed::Header(header) = BlockHeader::parse(bytes) else { panic!("no header") };
    let path = Path::new("disk");
    let backend = protection.open(std::sync::Arc::new(Memory::of(bytes.to_vec())), &header)?;
    let was_unclean = file::is_unclean(&backend)?;
    Store::of(open::over(path, backend, DatabasePlace { was_unclean, ..DatabasePlace::default() })?, path)
}

fn change(store: &Store, n: i32) {
    import(store, 1, (0..60).map(|row_number| row(row_number, i64::from(100 * n + row_number), None)).collect());
}

/// Images after a few changes: closed cleanly, and as after a kill.
fn images(protection: &BlockProtection) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let (memory, store) = create(protection);
    let (mut clean, mut killed) = (Vec::new(), Vec::new());
    let mut store = Some(store);
    for n in 0..4 {
        let open_store = store.take().unwrap_or_else(|| open(&image(&memory), protection).unwrap());
        change(&open_store, n);
        killed.push(image(&memory));
        drop(open_store);
        clean.push(image(&memory));
        let bytes = image(&memory);
        let Parsed::Header(header) = BlockHeader::parse(&bytes) else { panic!("no header") };
        let backend = protection.open(std::sync::Arc::new(memory.clone()), &header).unwrap();
        let database = open::over(Path::new("disk"), backend, DatabasePlace::default()).unwrap();
        store = Some(Store::of(database, Path::new("disk")).unwrap());
    }
    (clean, killed)
}

/// Every unit of every earlier image at its place in the last one. Returns how many differed, and how many of those were refused.
/// After a kill, block 0 of one sync before is what a power loss before the last commit leaves, so the state before is allowed.
fn put_back(images: &[Vec<u8>], is_killed: bool, protection: &BlockProtection) -> (usize, usize) {
    let (last, earlier) = images.split_last().unwrap();
    let expected = everything(&open(last, protection).unwrap()).unwrap();
    let before = everything(&open(earlier.last().unwrap(), protection).unwrap()).unwrap();
    let (mut tried, mut refused) = (0, 0);
    for image in earlier {
        for at in (START..last.len().min(image.len())).step_by(STRIDE) {
            let end = (at + STRIDE).min(image.len()).min(last.len());
            let old = &image[at..end];
            if old == &last[at..end] || old.iter().all(|byte| *byte == 0) {
                continue;
            }
            tried += 1;
            let mut changed = last.clone();
            changed[at..end].copy_from_slice(old);
            match open(&changed, protection).and_then(|store| everything(&store)) {
                Err(StoreError::Damaged { .. }) => refused += 1,
                Err(other) => panic!("unit at {at}: {other}"),
                Ok(found) => {
                    let is_header = is_killed && at < START + 2 * STRIDE;
                    assert!(found == expected || is_header && found == before, "unit at {at}: an older state is shown");
                }
            }
        }
    }
    (tried, refused)
}

#[test]
fn an_older_version_of_a_block_is_refused_and_shows_nothing_old() {
    for protection in protections() {
        let (clean, killed) = images(&protection);
        let (tried, refused) = put_back(&clean, false, &protection);
        println!("closed: {tried} blocks put back, {refused} refused; sealed: {}", protection.is_sealed());
        assert!(tried > 40, "{tried}");
        // Without one slot of block 0 the other one has the same commit.
        assert!(tried - refused <= 6, "{refused} of {tried}");
        let (tried, refused) = put_back(&killed, true, &protection);
        println!("killed: {tried} blocks put back, {refused} refused; sealed: {}", protection.is_sealed());
        assert!(tried > 40 && refused > tried / 4, "{refused} of {tried}");
    }
}
