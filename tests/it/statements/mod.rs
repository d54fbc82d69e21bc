//! The statement readers over files, samples and damaged input.

mod fixtures;
mod hostile;
mod joins;
mod page;
mod samples;
mod second_reader;
