//! Files of every kind, good and broken, read as the engine reads them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod delimited;
mod generated;
mod json;
mod parquet;
mod paths;
mod property;
mod quotes;
mod shared_data;
mod speed;
mod whole_files;
pub(in crate::files) mod workbook;
mod workbook_values;

use std::io::{Cursor, Write};

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;

use super::*;

/// All that comes out of a file.
#[derive(Debug, Clone, PartialEq, Default)]
struct Contents {
    columns: Vec<String>,
    warnings: Vec<String>,
    rows: Vec<Vec<Option<String>>>,
    lines: Vec<i64>,
    rejects: Vec<Reject>,
    blank_lines: u64,
    continuation_lines: u64,
    blocks: usize,
}

fn open(file: &[u8], spec: &FileSpec) -> Result<BlockReader, FileError> {
    BlockReader::open(Box::new(Cursor::new(file.to_vec())), spec)
}

/// Reads a file from front to back, and checks on the way that no line is lost.
fn read(file: &[u8], spec: &FileSpec) -> Result<Contents, FileError> {
    let mut reader = open(file, spec)?;
    let layout = match reader.layout() {
        Some(layout) => layout.clone(),
        None => discover(Box::new(Cursor::new(file.to_vec())), spec)?.layout,
    };
    let decoder = RowDecoder::new(&layout);
    let mut all = Contents { columns: layout.columns, warnings: layout.warnings, ..Contents::default() };
    let mut next_line = None;
    while let Some(block) = reader.next_block()? {
        assert!(!block.bytes.is_empty());
        let decoded = decoder.decode(&block)?;
        let records = decoded.batch.num_rows() as u64 + decoded.rejects.len() as u64;
        if spec.format != Format::Json {
            let lines = records + decoded.blank_lines + decoded.continuation_lines;
            assert_eq!(lines, block.lines, "lines of a block");
            assert!(next_line.is_none_or(|next| next == block.first_line));
            next_line = Some(block.first_line + block.lines);
        }
        all.blocks += 1;
        all.blank_lines += decoded.blank_lines;
        all.continuation_lines += decoded.continuation_lines;
        all.rejects.extend(decoded.rejects);
        append(&mut all, &decoded.batch);
    }
    assert_eq!(reader.finish()?, fingerprint(Box::new(Cursor::new(file.to_vec())))?);
    Ok(all)
}

fn append(all: &mut Contents, batch: &RecordBatch) {
    let (lines, columns) = batch.columns().split_last().unwrap();
    all.lines.extend(lines.as_primitive::<Int64Type>().values());
    let columns: Vec<_> = columns.iter().map(|column| column.as_string::<i32>()).collect();
    for row in 0..batch.num_rows() {
        let value = |column: &&arrow::array::StringArray| {
            use arrow::array::Array;
            column.is_valid(row).then(|| column.value(row).to_string())
        };
        all.rows.push(columns.iter().map(value).collect());
    }
}

impl Contents {
    /// Rows as `a|b`, a null as `∅`.
    fn text(&self) -> Vec<String> {
        let shown = |row: &Vec<Option<String>>| {
            let values: Vec<&str> = row.iter().map(|value| value.as_deref().unwrap_or("∅")).collect();
            values.join("|")
        };
        self.rows.iter().map(shown).collect()
    }

    /// Line and reason of each reject.
    fn reasons(&self) -> Vec<(u64, &str)> {
        self.rejects.iter().map(|reject| (reject.line, reject.reason.as_str())).collect()
    }
}

fn csv() -> FileSpec {
    FileSpec::new(Format::Delimited)
}

fn blocks_of(bytes: usize, mut spec: FileSpec) -> FileSpec {
    spec.limits.block_bytes = bytes;
    spec
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstandard(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    // As the zstd command does.
    encoder.include_checksum(true).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
