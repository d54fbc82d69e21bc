//! Two programs at once: the process that has the database executes the commands of the others.
//!
//! It listens on a socket in the state folder (mode 0600, peers of the same user only). A client sends its command line,
//! folder, the variables that commands read, and forwards its standard streams; the exit code ends the conversation.
//! INVARIANT: only the process that holds the lock of the database binds the socket, so an existing file is stale.
//! INVARIANT: no wait is without an end: both sides send signs of life and give up on a silent peer.

mod client;
mod server;
mod wire;

pub(super) use client::{Client, Connect};
pub(super) use server::{CommandRunner, Served, Server};
pub(super) use wire::{Role, socket_path};
