use redb::backends::InMemoryBackend;

use super::{tag::TRAILER, *};
use crate::ports::{SystemEntropy, fake::FakeEntropy};

fn tagger(header: &BlockHeader) -> Tagger {
    match &header.wrapped_key {
        None => Tagger::checksummed(header.file),
        Some(_) => Tagger::sealed(header.file, &[7; tag::KEY], &SystemEntropy).unwrap(),
    }
}

fn headers() -> [BlockHeader; 2] {
    [None, Some(b"wrapped".to_vec())].map(|key| BlockHeader::new(key, &SystemEntropy).unwrap())
}

fn image(raw: &dyn StorageBackend) -> Vec<u8> {
    let mut bytes = vec![0; usize::try_from(raw.len().unwrap()).unwrap()];
    raw.read(0, &mut bytes).unwrap();
    bytes
}

fn memory(bytes: &[u8]) -> Arc<dyn StorageBackend> {
    let memory = InMemoryBackend::new();
    memory.set_len(bytes.len() as u64).unwrap();
    memory.write(0, bytes).unwrap();
    Arc::new(memory)
}

const LENGTH: usize = 4 * BLOCK;

/// Four blocks that were written, with block 0 written twice.
fn filled(header: &BlockHeader) -> Vec<u8> {
    let raw = memory(&[]);
    let blocks = Blocks::create(Arc::clone(&raw), header, tagger(header)).unwrap();
    blocks.set_len(LENGTH as u64).unwrap();
    blocks.write(0, &[1; 320]).unwrap();
    blocks.sync_data().unwrap();
    blocks.write(0, &[2; 320]).unwrap();
    blocks.write(BLOCK as u64, &[3; 3 * BLOCK]).unwrap();
    blocks.sync_data().unwrap();
    image(&*raw)
}

fn content(bytes: &[u8], header: &BlockHeader) -> io::Result<Vec<u8>> {
    let blocks = Blocks::open(memory(bytes), tagger(header))?;
    let mut out = vec![0; LENGTH];
    blocks.read(0, &mut out)?;
    Ok(out)
}

fn expected(first: u8) -> Vec<u8> {
    let mut expected = vec![3; LENGTH];
    expected[..320].fill(first);
    expected[320..BLOCK].fill(0);
    expected
}

#[test]
fn written_bytes_are_read_in_any_pieces() {
    for header in headers() {
        let bytes = filled(&header);
        assert_eq!(content(&bytes, &header).unwrap(), expected(2));
        let blocks = Blocks::open(memory(&bytes), tagger(&header)).unwrap();
        assert_eq!(blocks.len().unwrap(), LENGTH as u64);
        blocks.write(2 * BLOCK as u64 - 10, &[9; 20]).unwrap();
        blocks.write(3 * BLOCK as u64 - 16, &[8; 17]).unwrap();
        let mut part = [0; 30];
        blocks.read(2 * BLOCK as u64 - 15, &mut part).unwrap();
        assert_eq!(
            (part[..5].to_vec(), part[5..25].to_vec(), part[25..].to_vec()),
            (vec![3; 5], vec![9; 20], vec![3; 5])
        );
        blocks.read(3 * BLOCK as u64 - 15, &mut part).unwrap();
        assert_eq!((part[..16].to_vec(), part[16..].to_vec()), (vec![8; 16], vec![3; 14]));
    }
}

#[test]
fn every_flipped_bit_is_refused_or_falls_back_to_the_other_slot() {
    for header in headers() {
        let bytes = filled(&header);
        let slots = usize::try_from(SLOTS).unwrap();
        for at in (slots..bytes.len()).step_by(7).chain(bytes.len() - TRAILER..bytes.len()) {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at % 8);
            match content(&flipped, &header) {
                Err(error) => assert_eq!(error.kind(), ErrorKind::InvalidData),
                Ok(content) => {
                    let old = at < slots + 2 * STRIDE;
                    assert!(old && (content == expected(2) || content == expected(1)), "byte {at}");
                }
            }
        }
    }
}

#[test]
fn moved_blocks_foreign_blocks_and_missing_ones_are_refused() {
    for header in headers() {
        let bytes = filled(&header);
        let at = |number: u64| usize::try_from(block_offset(number)).unwrap();
        let refused = |changed: &[u8]| content(changed, &header).unwrap_err().kind() == ErrorKind::InvalidData;
        let mut moved = bytes.clone();
        moved.copy_within(at(1)..at(2), at(2));
        assert!(refused(&moved));
        let other = BlockHeader::new(header.wrapped_key.clone(), &FakeEntropy::default()).unwrap();
        let mut foreign = bytes.clone();
        foreign[at(2)..at(3)].copy_from_slice(&filled(&other)[at(2)..at(3)]);
        assert!(refused(&foreign));
        let mut zeroed = bytes.clone();
        zeroed[at(3)..].fill(0);
        assert!(refused(&zeroed));
        for length in [at(1) + 5, at(2), bytes.len() - 1] {
            assert!(refused(&bytes[..length]), "cut at {length}");
        }
    }
}

#[test]
fn sealed_blocks_show_nothing_and_need_their_key() {
    let [_, header] = headers();
    let bytes = filled(&header);
    assert!(!bytes.windows(16).any(|window| window == [3; 16]));
    let wrong = Tagger::sealed(header.file, &[8; tag::KEY], &SystemEntropy).unwrap();
    assert!(Blocks::open(memory(&bytes), wrong).is_err());
}

#[test]
fn a_torn_write_of_block_0_leaves_its_last_synced_content() {
    for header in headers() {
        let raw = memory(&filled(&header));
        let blocks = Blocks::open(Arc::clone(&raw), tagger(&header)).unwrap();
        let before = image(&*raw);
        // Two writes without a sync in between go to the same slot.
        for written in [4, 5] {
            blocks.write(0, &[written; 320]).unwrap();
        }
        let after = image(&*raw);
        for cut in 0..before.len().div_ceil(64) {
            let torn = [&after[..cut * 64], &before[cut * 64..]].concat();
            let first = content(&torn, &header).unwrap()[0];
            assert!(first == 2 || first == 5, "cut {cut}: {first}");
        }
        blocks.sync_data().unwrap();
        blocks.write(0, &[6; 320]).unwrap();
        assert_eq!(content(&image(&*raw), &header).unwrap()[0], 6);
    }
}

#[test]
fn the_header_survives_the_loss_of_one_copy() {
    for header in headers() {
        let bytes = header.to_bytes();
        let both = [bytes.clone(), bytes.clone()].concat();
        assert_eq!(BlockHeader::parse(&both), header::Parsed::Header(header.clone()));
        for at in 0..2 * HEADER_BYTES {
            let mut flipped = both.clone();
            flipped[at] ^= 0x10;
            assert_eq!(BlockHeader::parse(&flipped), header::Parsed::Header(header.clone()), "byte {at}");
        }
        let mut lost = both.clone();
        lost[100] ^= 1;
        lost[HEADER_BYTES + 100] ^= 1;
        assert_eq!(BlockHeader::parse(&lost), header::Parsed::Damaged);
    }
    assert_eq!(BlockHeader::parse(&[b'x'; 9000]), header::Parsed::Foreign);
    assert_eq!(BlockHeader::parse(b"dashtam\x1a"), header::Parsed::Damaged);
}
