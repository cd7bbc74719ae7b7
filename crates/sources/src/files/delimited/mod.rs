//! CSV and its relatives.

mod cut;
mod fields;
mod header;
mod index;
mod rows;
mod text_column;

pub(crate) use cut::{cut, cut_lines};
pub(crate) use header::{first_record, keys};
pub(crate) use rows::decode;
pub(crate) use text_column::TextColumn;

/// The characters that shape a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dialect {
    pub delimiter: u8,
    pub quote: Option<u8>,
}
