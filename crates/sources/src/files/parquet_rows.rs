//! Parquet files, with their types.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;
use parquet::file::reader::ChunkReader;

use super::columns::table_names;
use super::error::FileError;

/// The rows of a Parquet file, batch by batch: its columns with their types, and `_line` (int64), the
/// 1-based number of the row.
pub struct ParquetRows {
    batches: ParquetRecordBatchReader,
    schema: SchemaRef,
    warnings: Vec<String>,
    next_row: i64,
}

impl ParquetRows {
    /// Opens a file (`std::fs::File`, `bytes::Bytes`) to be read in batches of up to `batch_rows` rows.
    ///
    /// # Errors
    /// [`FileError::Empty`] for 0 bytes, [`FileError::Truncated`] for a file that begins as Parquet and
    /// lacks its footer, [`FileError::Corrupt`] for anything else that is not Parquet.
    pub fn open<F: ChunkReader + 'static>(file: F, batch_rows: usize) -> Result<ParquetRows, FileError> {
        check_ends(&file)?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(corrupt)?;
        let keys: Vec<String> = builder.schema().fields().iter().map(|field| field.name().clone()).collect();
        let mut warnings = Vec::new();
        let names = table_names(&keys, &mut warnings);
        let mut fields: Vec<Field> = Vec::with_capacity(names.len() + 1);
        for (field, name) in builder.schema().fields().iter().zip(names) {
            fields.push(field.as_ref().clone().with_name(name));
        }
        fields.push(Field::new("_line", DataType::Int64, false));
        Ok(ParquetRows {
            batches: builder.with_batch_size(batch_rows.max(1)).build().map_err(corrupt)?,
            schema: Arc::new(Schema::new(fields)),
            warnings,
            next_row: 1,
        })
    }

    /// The schema of every batch.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Columns that are named otherwise than in the file, one line each.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    fn numbered(&mut self, batch: &RecordBatch) -> Result<RecordBatch, FileError> {
        let end = self.next_row + batch.num_rows() as i64;
        let mut columns: Vec<ArrayRef> = batch.columns().to_vec();
        columns.push(Arc::new(Int64Array::from_iter_values(self.next_row..end)));
        self.next_row = end;
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), columns)?)
    }
}

impl Iterator for ParquetRows {
    type Item = Result<RecordBatch, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(match self.batches.next()? {
            Ok(batch) => self.numbered(&batch),
            Err(error) => Err(FileError::Corrupt { format: "Parquet", detail: error.to_string() }),
        })
    }
}

/// A Parquet file begins and ends with a mark.
fn check_ends<F: ChunkReader>(file: &F) -> Result<(), FileError> {
    const MARK: &[u8] = b"PAR1";
    let length = file.len();
    if length == 0 {
        return Err(FileError::Empty);
    }
    let mark = MARK.len().min(length as usize);
    let start = file.get_bytes(0, mark).map_err(corrupt)?;
    let end = file.get_bytes(length - mark as u64, mark).map_err(corrupt)?;
    if !MARK.starts_with(&start) {
        return Err(FileError::Corrupt { format: "Parquet", detail: "it does not begin with PAR1".to_string() });
    }
    // The mark alone is where a writer begins.
    if end != MARK || length <= 2 * MARK.len() as u64 {
        return Err(FileError::Truncated { detail: "the Parquet footer is missing".to_string() });
    }
    Ok(())
}

fn corrupt(error: ParquetError) -> FileError {
    FileError::Corrupt { format: "Parquet", detail: error.to_string() }
}
