//! Blocks to batches.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use bytes::Bytes;

use super::blocks::{Block, Cut};
use super::columns::{Layout, Shape};
use super::delimited::{self, TextColumn};
use super::error::FileError;
use super::file_spec::Limits;
use super::json::{self, KeyPositions};
use super::reject::Reject;

/// Turns blocks of one file into batches. Holds no state: blocks may be decoded in any order and on any
/// number of threads.
#[derive(Debug, Clone)]
pub struct RowDecoder {
    schema: SchemaRef,
    shape: DecoderShape,
}

#[derive(Debug, Clone)]
enum DecoderShape {
    Delimited(delimited::Dialect),
    Object(KeyPositions),
}

/// What a block holds. No line of it is lost: `batch.num_rows() + rejects.len() + blank_lines +
/// continuation_lines` are the lines of the block, and for a JSON document, whose records are elements,
/// the first two are its elements.
#[derive(Debug, Clone)]
pub struct Decoded {
    /// The good rows: every column of the file as strings, and `_line` (int64).
    pub batch: RecordBatch,
    /// The broken rows.
    pub rejects: Vec<Reject>,
    /// Empty lines, which are skipped.
    pub blank_lines: u64,
    /// Lines on which a record goes on that began on an earlier one. 0 for a JSON document.
    pub continuation_lines: u64,
}

/// A batch under construction.
pub(crate) struct Rows {
    pub columns: Vec<TextColumn>,
    pub lines: Vec<i64>,
    pub rejects: Vec<Reject>,
    pub blank_lines: u64,
    pub continuation_lines: u64,
}

impl RowDecoder {
    /// A decoder for files of this layout.
    pub fn new(layout: &Layout) -> RowDecoder {
        let mut fields: Vec<Field> = layout.columns.iter().map(|name| Field::new(name, DataType::Utf8, true)).collect();
        fields.push(Field::new("_line", DataType::Int64, false));
        let shape = match layout.shape {
            Shape::Delimited(dialect) => DecoderShape::Delimited(dialect),
            Shape::Object => DecoderShape::Object(KeyPositions::new(&layout.keys)),
        };
        RowDecoder { schema: Arc::new(Schema::new(fields)), shape }
    }

    /// The schema of every batch: the columns of the layout, then `_line`.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Decodes a block. Broken rows are in the result, not an error.
    ///
    /// # Errors
    /// [`FileError::Arrow`] if the block is larger than an Arrow array may be, which the limits of
    /// [`BlockReader`](super::BlockReader) rule out.
    pub fn decode(&self, block: &Block) -> Result<Decoded, FileError> {
        let mut rows = self.rows();
        match &self.shape {
            DecoderShape::Delimited(dialect) => delimited::decode(block, dialect, &mut rows),
            DecoderShape::Object(keys) => json::decode(block, keys, &mut rows),
        }
        self.finish(rows)
    }

    /// Decodes one record, such as a reject that was mended, as if it stood on line `line`.
    ///
    /// # Errors
    /// As [`RowDecoder::decode`].
    pub fn decode_record(&self, line: u64, record: &str) -> Result<Decoded, FileError> {
        let bytes = Bytes::copy_from_slice(record.as_bytes());
        let cut = match &self.shape {
            DecoderShape::Delimited(dialect) => delimited::cut(&bytes, dialect, &Limits::default(), true),
            DecoderShape::Object(_) => Cut { elements: Some(std::iter::once(0..bytes.len()).collect()), ..Cut::default() },
        };
        self.decode(&Block::new(line, bytes, cut))
    }

    /// A batch to be filled.
    pub(crate) fn rows(&self) -> Rows {
        Rows {
            columns: (1..self.schema.fields().len()).map(|_| TextColumn::new()).collect(),
            lines: Vec::new(),
            rejects: Vec::new(),
            blank_lines: 0,
            continuation_lines: 0,
        }
    }

    pub(crate) fn finish(&self, rows: Rows) -> Result<Decoded, FileError> {
        let count = rows.lines.len();
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(self.schema.fields().len());
        for column in rows.columns {
            columns.push(Arc::new(column.finish()?));
        }
        columns.push(Arc::new(Int64Array::from(rows.lines)));
        let options = RecordBatchOptions::new().with_row_count(Some(count));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?;
        Ok(Decoded { batch, rejects: rows.rejects, blank_lines: rows.blank_lines, continuation_lines: rows.continuation_lines })
    }
}
