//! How a file is to be read.

use spec::Encoding;

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Lines of fields, as RFC 4180 describes them: CSV, TSV and the like.
    Delimited,
    /// One JSON object per line.
    NdJson,
    /// A JSON array of objects, or objects one after the other, over any number of lines.
    Json,
    /// Apache Parquet.
    Parquet,
    /// Sheets of an Office Open XML workbook: `.xlsx`, `.xlsm`.
    Workbook,
}

/// How a file is compressed as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip, of one or several members.
    Gzip,
    /// Zstandard, of one or several frames.
    Zstd,
}

/// Everything needed to read a file. Any combination is valid; what does not concern the format is
/// ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSpec {
    /// What the file holds.
    pub format: Format,
    /// How it is compressed.
    pub compression: Compression,
    /// How its text is encoded.
    pub encoding: Encoding,
    /// The ASCII character between fields; `None` = the one of `,` tab `;` `|` that is most frequent in
    /// the first line.
    pub delimiter: Option<u8>,
    /// The ASCII character around fields that hold delimiters or line breaks; `None` = no quoting.
    pub quote: Option<u8>,
    /// Whether the first record holds the names; `None` = unless one of its fields is a number.
    pub has_header: Option<bool>,
    /// Column names in the order of the fields, instead of those in the file; `None` = from the file, or
    /// `column_1`, `column_2`, … where it has none.
    pub columns: Option<Vec<String>>,
    /// The sheet of a workbook; `None` = the first one that holds anything, and those with the same header.
    pub sheet: Option<String>,
    /// Sizes.
    pub limits: Limits,
}

impl FileSpec {
    /// A plain UTF-8 file of this format.
    pub fn new(format: Format) -> FileSpec {
        FileSpec {
            format,
            compression: Compression::None,
            encoding: Encoding::Utf8,
            delimiter: None,
            quote: Some(b'"'),
            has_header: None,
            columns: None,
            sheet: None,
            limits: Limits::default(),
        }
    }
}

/// Sizes that bound the memory and the damage of an unclosed quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of text in a block, roughly. Default 1 MiB, which stays in the processor's cache and is some 8,000 rows; at most 256 MiB.
    pub block_bytes: usize,
    /// Bytes from the start of a record within which its quotes or braces must close; else its first line
    /// is rejected and reading goes on with the next line. Default 1 MiB.
    pub record_bytes: usize,
    /// Lines within which its quotes must close. Default 1000.
    pub record_lines: usize,
    /// Bytes of a physical line above which it may be rejected. Default 16 MiB; at most 256 MiB.
    pub line_bytes: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { block_bytes: 1 << 20, record_bytes: 1 << 20, record_lines: 1000, line_bytes: 16 << 20 }
    }
}

impl Limits {
    /// The same with sizes that can work: blocks and lines fit the 32-bit offsets of Arrow strings, and a
    /// line may be as long as a record.
    pub(crate) fn bounded(self) -> Limits {
        const MOST: usize = 256 << 20;
        let record_bytes = self.record_bytes.clamp(1, MOST);
        Limits {
            block_bytes: self.block_bytes.clamp(1, MOST),
            record_bytes,
            record_lines: self.record_lines.max(1),
            line_bytes: self.line_bytes.clamp(record_bytes, MOST),
        }
    }
}
