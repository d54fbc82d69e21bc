//! Statement files: bytes in, a [`Reading`] out.
//!
//! Used by the import in `sync`. [`FORMATS`] lists the readers; [`read`] unpacks a file, picks the reader of each document
//! and joins their results. INVARIANT: pure; no IO, no clock, no panic on any input, linear time.

mod amount;
mod camt;
mod container;
mod decode;
mod error;
mod evidence;
mod file_name;
mod foreign;
mod format;
mod iban;
pub mod institution;
mod limits;
mod month;
mod mt940;
pub mod ofx;
mod pages;
mod qif;
mod question;
mod reading;
mod registry;
pub mod table;
mod warnings;
mod xml;

pub use container::unpack;
pub use decode::decode;
pub use error::StatementError;
pub use evidence::Evidence;
pub use format::{ReadProgress, Sniff, StatementFile, StatementFormat};
pub use limits::Limits;
pub use question::{Question, QuestionAnswers, QuestionOption, scoped};
pub use reading::{Institution, Reading, RowBalance, RowsInFile, StatedBalance, Statement, StatementAccount, Verdict};
pub use registry::{FORMATS, extensions, known_extension, read, recognise};
