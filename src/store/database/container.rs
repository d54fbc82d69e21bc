//! The container of a database: how its file is divided into blocks, and how these are protected.
//!
//! Files of earlier versions have no container: redb wrote to them directly. They are still read, and converted when they
//! are opened.

use std::{fs::File, io, sync::Arc};

use redb::StorageBackend;
use zeroize::Zeroizing;

use crate::{
    ports::{DatabaseKeys, SystemEntropy},
    store::{
        database::{
            backend::Backend,
            blocks::{
                Blocks,
                header::BlockHeader,
                tag::{KEY, Tagger},
            },
        },
        error::{Result, StoreError},
    },
};

/// How the blocks of a file are protected. Copies of a database keep its protection.
#[derive(Clone, Default)]
pub(in crate::store) enum BlockProtection {
    /// By checksums.
    #[default]
    Checksummed,
    /// By authenticated encryption.
    Sealed {
        /// Wiped when dropped.
        key: Arc<Zeroizing<[u8; KEY]>>,
        /// The same, wrapped by the vault.
        wrapped: Vec<u8>,
    },
    /// By encryption; the key was wiped when the vault was locked.
    Locked {
        /// The key, wrapped by the vault.
        wrapped: Vec<u8>,
    },
}

fn io_error(source: io::Error) -> StoreError {
    StoreError::io("write the header of", std::path::Path::new(""), source)
}

impl BlockProtection {
    /// The protection of a new file.
    pub(in crate::store) fn new(keys: &dyn DatabaseKeys) -> Result<Self> {
        match keys.create().map_err(StoreError::Key)? {
            None => Ok(Self::Checksummed),
            Some((key, wrapped)) => Self::sealed(&key, wrapped),
        }
    }

    /// The protection that a header states.
    pub(in crate::store) fn of(header: &BlockHeader, keys: &dyn DatabaseKeys) -> Result<Self> {
        match &header.wrapped_key {
            None => Ok(Self::Checksummed),
            Some(wrapped) => Self::sealed(&keys.unwrap(wrapped).map_err(StoreError::Key)?, wrapped.clone()),
        }
    }

    fn sealed(key: &[u8], wrapped: Vec<u8>) -> Result<Self> {
        // Shared and filled in place, since a moved array leaves copies behind.
        let mut shared = Arc::new(Zeroizing::new([0; KEY]));
        match Arc::get_mut(&mut shared) {
            Some(place) if key.len() == KEY => place.copy_from_slice(key),
            _ => return Err(StoreError::invalid("the key of the database has the wrong length")),
        }
        Ok(Self::Sealed { key: shared, wrapped })
    }

    /// The same without the key; `None` if content is not encrypted.
    pub(in crate::store) fn locked(&self) -> Option<Self> {
        match self {
            Self::Checksummed => None,
            Self::Sealed { wrapped, .. } | Self::Locked { wrapped } => Some(Self::Locked { wrapped: wrapped.clone() }),
        }
    }

    /// Whether content is encrypted.
    pub(in crate::store) const fn is_sealed(&self) -> bool {
        matches!(self, Self::Sealed { .. } | Self::Locked { .. })
    }

    fn tagger(&self, header: &BlockHeader) -> Result<Tagger> {
        match self {
            Self::Checksummed => Ok(Tagger::checksummed(header.file)),
            Self::Sealed { key, .. } => Tagger::sealed(header.file, key, &SystemEntropy).map_err(io_error),
            Self::Locked { .. } => Err(StoreError::Closed),
        }
    }

    /// Starts a container in empty storage.
    pub(in crate::store) fn create(&self, raw: Arc<dyn StorageBackend>) -> Result<Backend> {
        let wrapped = match self {
            Self::Checksummed => None,
            Self::Sealed { wrapped, .. } | Self::Locked { wrapped } => Some(wrapped.clone()),
        };
        let header = BlockHeader::new(wrapped, &SystemEntropy).map_err(|error| io_error(io::Error::other(error)))?;
        let blocks = Blocks::create(raw, &header, self.tagger(&header)?).map_err(io_error)?;
        Ok(Backend::over_blocks(blocks))
    }

    /// Starts a container in an empty file.
    pub(in crate::store) fn create_file(&self, file: &Arc<File>) -> Result<Backend> {
        self.create(Backend::raw_file(Arc::clone(file)))
    }

    /// Opens the container with that header.
    pub(in crate::store) fn open(&self, raw: Arc<dyn StorageBackend>, header: &BlockHeader) -> Result<Backend> {
        let blocks =
            Blocks::open(raw, self.tagger(header)?).map_err(|error| StoreError::from(redb::Error::Io(error)))?;
        Ok(Backend::over_blocks(blocks))
    }
}
