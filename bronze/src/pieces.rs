//! Pieces of source files, and how they become rows of a feed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use lake::datafusion::arrow::array::{ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch, StringArray, new_null_array};
use lake::datafusion::arrow::compute::{concat, filter};
use lake::datafusion::arrow::datatypes::{Int64Type, SchemaRef};
use lake::datafusion::arrow::error::ArrowError;
use lake::datafusion::arrow::json::LineDelimitedWriter;
use lake::{RAW_COLUMN, REJECT_COLUMN, Taken};
use sources::files::{Block, Decoded, RAW_LIMIT, Reject, RowDecoder, SheetRows};

use crate::fit::{Refusals, fit};

/// A piece of a file, which any thread can finish.
pub(crate) struct Piece {
    /// What `_source` says.
    pub source: String,
    /// Path of the file.
    pub path: String,
    pub rows: PieceRows,
}

/// What a piece holds.
pub(crate) enum PieceRows {
    /// Text, whose records are lines unless it is a JSON document.
    Text { block: Block, decoder: Arc<RowDecoder>, lines: bool },
    /// Rows with types.
    Typed(RecordBatch),
    /// Rows of a sheet.
    Sheet(SheetRows),
}

/// A row that is not taken.
struct Broken {
    line: Option<i64>,
    reason: String,
    raw: String,
}

impl From<Reject> for Broken {
    fn from(reject: Reject) -> Self {
        Self { line: i64::try_from(reject.line).ok(), reason: reject.reason, raw: reject.raw }
    }
}

/// Decodes a piece and gives it the feed's columns. Broken rows follow the good ones.
pub(crate) fn finish(schema: &SchemaRef, piece: Piece, taken: &Mutex<Taken>) -> Result<RecordBatch, String> {
    let mut broken = Vec::new();
    let (batch, text) = match piece.rows {
        PieceRows::Text { block, decoder, lines } => {
            let decoded = decoder.decode(&block).map_err(|e| e.to_string())?;
            count(taken, records(&block, &decoded, lines));
            broken.extend(decoded.rejects.into_iter().map(Broken::from));
            (decoded.batch, lines.then_some(block))
        }
        PieceRows::Sheet(rows) => {
            count(taken, rows.records);
            broken.extend(rows.decoded.rejects.into_iter().map(Broken::from));
            (rows.decoded.batch, None)
        }
        PieceRows::Typed(batch) => {
            count(taken, batch.num_rows() as u64);
            (batch, None)
        }
    };
    assemble(schema, batch, text.as_ref(), broken, &piece.source).map_err(|e| e.to_string())
}

fn count(taken: &Mutex<Taken>, rows: u64) {
    taken.lock().unwrap_or_else(PoisonError::into_inner).rows += rows;
}

/// Lines were counted when the block was cut, rows when it was decoded: the run's audit compares.
fn records(block: &Block, decoded: &Decoded, lines: bool) -> u64 {
    match block.lines.checked_sub(decoded.blank_lines + decoded.continuation_lines) {
        Some(records) if lines => records,
        _ => decoded.batch.num_rows() as u64 + decoded.rejects.len() as u64,
    }
}

fn assemble(
    schema: &SchemaRef,
    batch: RecordBatch,
    text: Option<&Block>,
    mut broken: Vec<Broken>,
    source: &str,
) -> Result<RecordBatch, ArrowError> {
    // Names of a file differ in more than case, and so do those of a table.
    let positions: HashMap<String, usize> =
        batch.schema().fields().iter().enumerate().map(|(at, field)| (field.name().to_lowercase(), at)).collect();
    let mut refused = Refusals::new();
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(schema.fields().len());
    for field in schema.fields() {
        let given = match field.name().as_str() {
            REJECT_COLUMN | RAW_COLUMN | "_source" => None,
            name => positions.get(&name.to_lowercase()).map(|at| batch.column(*at)),
        };
        columns.push(match given {
            Some(given) => fit(field.name(), given, field.data_type(), &mut refused)?,
            None if field.name() == "_source" => Arc::new(StringArray::from(vec![source; batch.num_rows()])),
            None => new_null_array(field.data_type(), batch.num_rows()),
        });
    }
    if !refused.is_empty() {
        let good: BooleanArray = (0..batch.num_rows()).map(|row| Some(!refused.contains_key(&row))).collect();
        columns = columns.iter().map(|column| filter(column, &good)).collect::<Result<_, _>>()?;
        broken.extend(refused_rows(&batch, text, refused)?);
    }
    if broken.is_empty() {
        return RecordBatch::try_new(Arc::clone(schema), columns);
    }
    for (column, field) in columns.iter_mut().zip(schema.fields()) {
        let below: ArrayRef = match field.name().as_str() {
            "_source" => Arc::new(StringArray::from(vec![source; broken.len()])),
            "_line" => Arc::new(broken.iter().map(|r| r.line).collect::<Int64Array>()),
            REJECT_COLUMN => Arc::new(broken.iter().map(|r| Some(r.reason.as_str())).collect::<StringArray>()),
            RAW_COLUMN => Arc::new(broken.iter().map(|r| Some(r.raw.as_str())).collect::<StringArray>()),
            _ => new_null_array(field.data_type(), broken.len()),
        };
        *column = concat(&[column.as_ref(), below.as_ref()])?;
    }
    RecordBatch::try_new(Arc::clone(schema), columns)
}

/// Rows that were decoded and do not fit the table: with their text as received, or as JSON where they have none.
fn refused_rows(batch: &RecordBatch, text: Option<&Block>, refused: Refusals) -> Result<Vec<Broken>, ArrowError> {
    let lines: Option<Vec<i64>> =
        batch.column_by_name("_line").and_then(|l| l.as_primitive_opt::<Int64Type>().map(|l| l.values().to_vec()));
    let line_of = |row: usize| lines.as_ref().and_then(|lines| lines.get(row)).copied();
    let mut broken = Vec::with_capacity(refused.len());
    for (row, reason) in refused {
        let line = line_of(row);
        let raw = match (text, line) {
            (Some(block), Some(line)) => lines_of(block, line, line_of(row + 1)),
            _ => json(batch, row)?,
        };
        broken.push(Broken { line, reason, raw });
    }
    Ok(broken)
}

/// The lines of a block from one on that quotes hold together, at most up to another.
fn lines_of(block: &Block, from: i64, until: Option<i64>) -> String {
    let skip = u64::try_from(from).unwrap_or_default().saturating_sub(block.first_line);
    let most = until.and_then(|until| usize::try_from(until.saturating_sub(from)).ok()).unwrap_or(usize::MAX);
    let mut text: Vec<u8> = Vec::new();
    for line in block.bytes.split_inclusive(|byte| *byte == b'\n').skip(usize::try_from(skip).unwrap_or(usize::MAX)).take(most) {
        text.extend_from_slice(line);
        let is_whole = text.iter().filter(|byte| **byte == b'"').count().is_multiple_of(2);
        if is_whole || text.len() > RAW_LIMIT {
            break;
        }
    }
    text.truncate(RAW_LIMIT);
    String::from_utf8_lossy(&text).trim_end_matches(['\r', '\n']).to_owned()
}

fn json(batch: &RecordBatch, row: usize) -> Result<String, ArrowError> {
    let columns: Vec<usize> = (0..batch.num_columns()).filter(|at| batch.schema().field(*at).name() != "_line").collect();
    let one = batch.slice(row, 1).project(&columns)?;
    let mut writer = LineDelimitedWriter::new(Vec::new());
    // A type that JSON has no words for: the reason tells the value, the file still has the row.
    if writer.write(&one).and_then(|()| writer.finish()).is_err() {
        return Ok(String::new());
    }
    Ok(String::from_utf8_lossy(&writer.into_inner()).trim_end().to_owned())
}
