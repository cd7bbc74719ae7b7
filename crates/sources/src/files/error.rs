//! What can go wrong with a whole file. A broken row is no error but a [`Reject`](super::Reject).

use std::io;

/// Why a file cannot be read. Each message is one line; the caller puts the path before it.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// No row and no header: 0 bytes, or blank lines alone.
    #[error("is empty: it is read once it holds rows")]
    Empty,
    /// The file ends too early: still being written, or its transfer was cut.
    #[error("is cut short ({detail}): wait until it is complete, or fetch it again")]
    Truncated {
        /// What is missing.
        detail: String,
    },
    /// Not what its name says.
    #[error("is not valid {format} ({detail}): check that the file is whole and its name ends rightly")]
    Corrupt {
        /// The format or compression it was taken for.
        format: &'static str,
        /// What the decoder said.
        detail: String,
    },
    /// Another kind of file than its name says, or one that is locked.
    #[error("is {found}: {remedy}")]
    Kind {
        /// What it is.
        found: &'static str,
        /// What to do about it.
        remedy: &'static str,
    },
    /// A workbook without the sheet that the settings name.
    #[error("has no sheet \"{sheet}\": its sheets are {found}")]
    NoSheet {
        /// The sheet.
        sheet: String,
        /// Those it has.
        found: String,
    },
    /// Text in an encoding that is not read.
    #[error("is {found}: convert it to UTF-8, for example with iconv")]
    Encoding {
        /// What it seems to be.
        found: &'static str,
    },
    /// Lines end as on an old Mac.
    #[error("has line ends of CR alone: turn them into LF, for example with `tr '\\r' '\\n'`")]
    LineEnds,
    /// The names of the columns cannot be told.
    #[error("has no usable header: {detail}")]
    Header {
        /// What is wrong, and the remedy.
        detail: String,
    },
    /// A pattern in the settings that is no pattern.
    #[error("source.table pattern \"{pattern}\" is not valid: {detail}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        detail: String,
    },
    /// A function for another kind of file was called.
    #[error("is a {format} file: {remedy}")]
    WrongReader {
        /// What the file is.
        format: &'static str,
        /// The function to call instead.
        remedy: &'static str,
    },
    /// The disk or the network failed.
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
    /// Arrow refused a batch.
    #[error("does not form a batch: {0}")]
    Arrow(#[from] arrow::error::ArrowError),
}
