//! Files of CSV, TSV, NDJSON, JSON and Parquet, plain or compressed, and workbooks, as Arrow batches.
//!
//! Four nouns, in the order in which a file meets them:
//!
//! - [`TableRules::classify`] says which table a path belongs to and how to read it, a [`FileSpec`],
//!   or why it is left alone;
//! - a [`BlockReader`] reads the file front to back, decompresses it, turns it into UTF-8 and cuts it
//!   into [`Block`]s of whole records. It is cheap, so that one reader keeps several decoders busy;
//! - a [`Layout`] names the columns and how they are told apart: the first line of a CSV file says
//!   so, a JSON file is read once by [`discover`] to find out;
//! - a [`RowDecoder`] turns a block into a [`Decoded`]: a batch of strings as they were received and
//!   `_line`, and the rows that are broken as [`Reject`]s. It has no state, so blocks may be
//!   decoded on any number of threads.
//!
//! Parquet has types and blocks of its own and is read by [`ParquetRows`]; the sheets of a workbook are read by [`WorkbookRows`].
//!
//! ```
//! use sources::files::{BlockReader, Classified, RowDecoder, TableRules};
//!
//! let Classified::Table { table, spec } = TableRules::default().classify("2025/clicks_0001.csv")
//! else { panic!("not a table") };
//! assert_eq!(table, "clicks");
//!
//! let file = "click_id,user\nc1,u7\nc2\nc3,\"u,9\"\n";
//! let mut reader = BlockReader::open(Box::new(file.as_bytes()), &spec)?;
//! let mut rows = 0;
//! let mut rejects = Vec::new();
//! let decoder = RowDecoder::new(reader.layout().ok_or("a CSV file names its columns")?);
//! while let Some(block) = reader.next_block()? {
//!     let decoded = decoder.decode(&block)?;
//!     rows += decoded.batch.num_rows();
//!     rejects.extend(decoded.rejects);
//! }
//! assert_eq!(rows, 2);
//! assert_eq!(rejects[0].line, 3);
//! assert_eq!(rejects[0].reason, "expected 2 fields, found 1");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What counts as broken
//! A row with another number of fields than the header, text that is not UTF-8, an unclosed quote,
//! JSON that does not parse. Such a row becomes a [`Reject`] and costs its neighbours nothing: an
//! unclosed quote takes its own line with it and no other (see [`Limits`]).
//!
//! Not supported: line ends of a lone CR, UTF-16, comment lines, quotes escaped by a backslash.

mod blocks;
mod classify;
mod columns;
mod decode;
mod delimited;
mod error;
mod file_spec;
mod input;
mod json;
mod parquet_rows;
mod reject;
mod table_of_path;
#[cfg(test)]
mod tests;
mod workbook;

pub use blocks::{Block, BlockReader};
pub use classify::{Classified, TableRules};
pub use columns::{Layout, RESERVED};
pub use decode::{Decoded, RowDecoder};
pub use error::FileError;
pub use file_spec::{Compression, FileSpec, Format, Limits};
pub use input::{Fingerprint, fingerprint};
pub use json::{Discovered, discover};
pub use parquet_rows::ParquetRows;
pub use reject::{RAW_LIMIT, Reject};
pub use workbook::{SheetRows, WorkbookRows};
