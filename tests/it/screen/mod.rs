//! The screens through the harness: keys in, text and stored rows out.

mod answering;
mod as_of;
mod choosing_files;
mod columns;
mod connecting;
mod connecting_again;
mod everyday;
mod finding;
mod footers;
mod grouping;
mod idle_lock;
mod marking;
mod order_fills;
mod overview;
mod own_commands;
mod pictures;
mod random_input;
mod staying;
