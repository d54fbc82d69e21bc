//! A disk made of memory that can be full, or lose power.

use std::{
    io,
    sync::{Arc, Mutex},
};

use redb::StorageBackend;

/// The bytes that reached the disk, those written since the last sync, and the number of writes until it is full.
#[derive(Debug, Default)]
struct Disk {
    synced: Vec<u8>,
    now: Vec<u8>,
    pending: Vec<Write>,
    /// Writes until it is full.
    room: Option<usize>,
    /// Images of the disk as a power cut could have left it.
    images: Vec<Vec<u8>>,
    /// Takes images while set: the state of a small random generator.
    cutting: Option<u64>,
}

#[derive(Debug, Clone)]
enum Write {
    Bytes(usize, Vec<u8>),
    Length(usize),
}

#[derive(Debug, Clone, Default)]
pub(super) struct Memory(Arc<Mutex<Disk>>);

impl Memory {
    pub(super) fn of(bytes: Vec<u8>) -> Self {
        Self(Arc::new(Mutex::new(Disk { synced: bytes.clone(), now: bytes, ..Disk::default() })))
    }

    /// From now on only so many writes succeed; `None` makes room again.
    pub(super) fn set_room(&self, room: Option<usize>) {
        self.0.lock().unwrap().room = room;
    }

    /// From now on images are taken.
    pub(super) fn cut_power(&self, seed: u64) {
        self.0.lock().unwrap().cutting = Some(seed);
    }

    pub(super) fn images(&self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.0.lock().unwrap().images)
    }
}

impl Disk {
    fn apply(bytes: &mut Vec<u8>, write: &Write) {
        match write {
            Write::Length(length) => bytes.resize(*length, 0),
            Write::Bytes(at, data) => {
                if bytes.len() < at + data.len() {
                    bytes.resize(at + data.len(), 0);
                }
                bytes[*at..at + data.len()].copy_from_slice(data);
            }
        }
    }

    fn random(&mut self) -> u64 {
        let state = self.cutting.unwrap_or(1).wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        self.cutting = Some(state);
        state >> 33
    }

    /// The synced bytes with some of the later writes, some of those torn at a sector.
    fn take_image(&mut self) {
        let mut image = self.synced.clone();
        for write in self.pending.clone() {
            let dice = self.random() % 4;
            match write {
                Write::Length(_) if dice == 0 => {}
                Write::Bytes(..) if dice < 2 => {}
                Write::Bytes(at, data) if dice == 2 && data.len() > 512 => {
                    let sectors = data.len() / 512;
                    let kept = usize::try_from(self.random()).unwrap() % sectors * 512;
                    Self::apply(&mut image, &Write::Bytes(at, data[..kept].to_vec()));
                }
                whole => Self::apply(&mut image, &whole),
            }
        }
        self.images.push(image);
    }

    fn write(&mut self, write: Write) -> io::Result<()> {
        match &mut self.room {
            Some(0) => return Err(io::ErrorKind::StorageFull.into()),
            Some(room) => *room -= 1,
            None => {}
        }
        Self::apply(&mut self.now, &write);
        self.pending.push(write);
        if self.cutting.is_some() {
            self.take_image();
        }
        Ok(())
    }
}

impl StorageBackend for Memory {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.lock().unwrap().now.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let disk = self.0.lock().unwrap();
        let offset = usize::try_from(offset).unwrap();
        let bytes = disk.now.get(offset..offset + out.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(bytes);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.lock().unwrap().write(Write::Length(usize::try_from(len).unwrap()))
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut disk = self.0.lock().unwrap();
        if disk.cutting.is_some() {
            disk.take_image();
        }
        for write in std::mem::take(&mut disk.pending) {
            Disk::apply(&mut disk.synced, &write);
        }
        if disk.cutting.is_some() {
            disk.take_image();
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.lock().unwrap().write(Write::Bytes(usize::try_from(offset).unwrap(), data.to_vec()))
    }
}
