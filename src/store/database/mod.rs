//! The file and the redb database in it: creating, opening, copying, restoring and verifying.

pub(super) mod backend;
pub(super) mod backup;
pub(super) mod blocks;
pub(super) mod check;
pub(super) mod container;
pub(super) mod copy;
pub(super) mod dump;
pub(super) mod encrypted_backup;
pub(super) mod file;
pub(super) mod open;
pub(super) mod open_database;
pub(super) mod overlay;
pub(super) mod past;
pub(super) mod protect;
pub(super) mod rescue;
pub(super) mod restore;
pub(super) mod shared;
pub(super) mod verify;
