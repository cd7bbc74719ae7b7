//! Mended rows: quarantine out to a CSV file that people edit, and back.

use std::collections::{HashMap, HashSet};
use std::io::{Cursor, Write};
use std::sync::Arc;

use lake::datafusion::arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch, StringArray};
use lake::datafusion::arrow::compute::concat_batches;
use lake::datafusion::arrow::csv::WriterBuilder;
use lake::datafusion::arrow::datatypes::{Schema, SchemaRef};
use lake::{AsOf, Lake, LakeError, Replayed, Result, Running, SetAside, Table};
use sources::files::{BlockReader, FileSpec, Format, RowDecoder};
use spec::{Layer, TableName};
use xxhash_rust::xxh3::xxh3_64;

use crate::fit::{Refusals, fit};

/// How mended rows are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayOptions {
    /// The ASCII character between the fields of a mended row.
    pub delimiter: u8,
    /// Columns of a mended row, in order; empty = all source columns of the table. Those that are not named are null.
    pub columns: Vec<String>,
}

impl Default for ReplayOptions {
    fn default() -> Self {
        Self { delimiter: b',', columns: Vec::new() }
    }
}

/// A mended row that was not replayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The file the row came from, as the mended file names it.
    pub source: String,
    /// The line in it.
    pub line: i64,
    /// Why.
    pub reason: String,
}

/// What a replay did.
#[derive(Clone, Debug, Default)]
pub struct MendedRows {
    /// What became of the good rows.
    pub replayed: Replayed,
    /// Rows of the mended file that are no better than they were.
    pub refused: Vec<Refused>,
    /// Rows in quarantine that the mended file does not name.
    pub waiting: Vec<SetAside>,
}

/// Writes all rows of a table that are in quarantine as CSV: source, line, rule, reason, raw. Returns how many.
///
/// # Errors
/// A lake that cannot be read, or an output that cannot be written.
pub async fn export(lake: &Lake, table: &TableName, out: impl Write) -> Result<u64> {
    let quarantine = TableName { layer: Layer::Ops, name: "quarantine".to_owned() };
    if lake.table(&quarantine).await?.is_none() {
        return Ok(0);
    }
    // A checked name holds letters, digits and one dot only.
    let query = format!("select source, line, rule, reason, raw from ops.quarantine where table_name = '{table}' order by source, line");
    let stream = lake.sql(&query, AsOf::Latest).await?;
    let mut writer = WriterBuilder::new().with_header(true).build(out);
    writer.write(&RecordBatch::new_empty(stream.schema()))?;
    let mut rows = 0;
    for batch in lake::collect(stream).await? {
        rows += batch.num_rows() as u64;
        writer.write(&batch)?;
    }
    Ok(rows)
}

/// Takes the mended rows of a file that [`export`] wrote: those that can be decoded now go to the bronze table with the
/// source and line they had, and leave quarantine, its own and that of the tables made from it.
///
/// # Errors
/// A table that is not there or not bronze, a file without the columns source, line and raw, and those of writing.
pub async fn replay(running: &mut Running, name: &TableName, mended: Vec<u8>, options: &ReplayOptions) -> Result<MendedRows> {
    if name.layer != Layer::Bronze {
        return Err(LakeError::invalid(format!("{name}: rows are replayed into the bronze table they came from; name that one")));
    }
    let lake = running.lake().clone();
    let table = lake.existing(name).await?;
    let id = format!("replay:{:016x}", xxh3_64(&mended));
    let known = lake.has_replayed(name, &id).await?;
    let mut aside: HashMap<(String, i64), Vec<SetAside>> = HashMap::new();
    let mut waiting = Vec::new();
    for row in lake.set_aside(name).await? {
        match (row.reject.source.clone(), row.reject.line) {
            (Some(source), Some(line)) => aside.entry((source, line)).or_default().push(row),
            _ => waiting.push(row),
        }
    }
    let decoder = Decoder::new(&table, options)?;
    let mut refused = Vec::new();
    let mut good = Vec::new();
    let mut seen = HashSet::new();
    for row in read(mended)? {
        let place = (row.source.clone(), row.line);
        let judged = match aside.get(&place) {
            _ if !seen.insert(place) => Err("stands more than once in the mended file".to_owned()),
            None if known => continue,
            None => Err(format!("is not in the quarantine of {name} or of a table made from it")),
            Some(known) => judge(&row, known).and_then(|()| decoder.decode(&row)),
        };
        match judged {
            Ok(batch) => good.push(batch),
            Err(reason) => refused.push(Refused { source: row.source, line: row.line, reason }),
        }
    }
    let good = concat_batches(&decoder.schema, &good)?;
    let replayed = running.replay(name, &id, &good).await?;
    refused.extend(replayed.unchanged.iter().map(|(source, line)| Refused {
        source: source.clone(),
        line: *line,
        reason: "the row is as it came".to_owned(),
    }));
    waiting.extend(aside.into_iter().filter(|(place, _)| !seen.contains(place)).flat_map(|(_, rows)| rows));
    waiting.sort_by(|a, b| (&a.reject.source, a.reject.line).cmp(&(&b.reject.source, b.reject.line)));
    Ok(MendedRows { replayed, refused, waiting })
}

/// Refuses what is no mended row whatever it holds.
fn judge(row: &Row, known: &[SetAside]) -> std::result::Result<(), String> {
    if let Some(same) = known.iter().find(|k| k.reject.raw == row.raw) {
        return Err(format!("is not mended: {}", same.reject.reason));
    }
    let repeated = known.iter().enumerate().any(|(at, k)| known[..at].iter().any(|earlier| earlier.table == k.table));
    if repeated {
        return Err("several rows in quarantine began on this line; put a mended file into the source instead".to_owned());
    }
    Ok(())
}

/// A row of the mended file.
struct Row {
    source: String,
    line: i64,
    raw: String,
}

fn read(mended: Vec<u8>) -> Result<Vec<Row>> {
    let invalid = |e: &dyn std::fmt::Display| LakeError::invalid(format!("the mended file: {e}"));
    let spec = FileSpec { has_header: Some(true), ..FileSpec::new(Format::Delimited) };
    let mut reader = BlockReader::open(Box::new(Cursor::new(mended)), &spec).map_err(|e| invalid(&e))?;
    let Some(layout) = reader.layout() else { return Err(invalid(&"has no columns")) };
    let position = |name: &str| {
        let missing =
            || invalid(&format!("has no column {name}; it must have source, line and raw, as `adlake quarantine --export` writes them"));
        layout.columns.iter().position(|c| c == name).ok_or_else(missing)
    };
    let (source, line, raw) = (position("source")?, position("line")?, position("raw")?);
    let decoder = RowDecoder::new(layout);
    let mut rows = Vec::new();
    while let Some(block) = reader.next_block().map_err(|e| invalid(&e))? {
        let decoded = decoder.decode(&block).map_err(|e| invalid(&e))?;
        if let Some(broken) = decoded.rejects.first() {
            return Err(invalid(&format!("line {}: {}", broken.line, broken.reason)));
        }
        let text = |column: usize| decoded.batch.column(column).as_string::<i32>().clone();
        let (sources, lines, raws) = (text(source), text(line), text(raw));
        for row in 0..decoded.batch.num_rows() {
            let number = lines.value(row);
            let line = number.trim().parse().map_err(|_| invalid(&format!("{number:?} is no line number")))?;
            rows.push(Row { source: sources.value(row).to_owned(), line, raw: raws.value(row).to_owned() });
        }
    }
    Ok(rows)
}

/// Decodes mended rows as the files of the table are decoded.
struct Decoder {
    rows: RowDecoder,
    /// The named source columns, `_source` and `_line`, with the types they have in the table.
    schema: SchemaRef,
}

impl Decoder {
    fn new(table: &Table, options: &ReplayOptions) -> Result<Self> {
        let known = table.schema();
        let all = known.fields().iter().map(|f| f.name().as_str()).filter(|n| !n.starts_with('_'));
        let names: Vec<String> = if options.columns.is_empty() { all.map(str::to_owned).collect() } else { options.columns.clone() };
        let mut fields = Vec::new();
        for name in names.iter().map(String::as_str).chain(["_source", "_line"]) {
            let unknown = |_| LakeError::invalid(format!("{}: has no column {name}; `adlake show {0}` lists them", table.name));
            fields.push(known.field_with_name(name).map_err(unknown)?.clone());
        }
        // A line of as many fields, which stands for the file's.
        let header = vec!["x"; names.len()].join(&char::from(options.delimiter).to_string()) + "\n";
        let spec = FileSpec {
            delimiter: Some(options.delimiter),
            has_header: Some(true),
            columns: Some(names),
            ..FileSpec::new(Format::Delimited)
        };
        let reader = BlockReader::open(Box::new(Cursor::new(header.into_bytes())), &spec).map_err(LakeError::invalid)?;
        let layout = reader.layout().ok_or_else(|| LakeError::invalid(format!("{}: has no columns", table.name)))?;
        Ok(Self { rows: RowDecoder::new(layout), schema: Arc::new(Schema::new(fields)) })
    }

    fn decode(&self, row: &Row) -> std::result::Result<RecordBatch, String> {
        let decoded = self.rows.decode_record(u64::try_from(row.line).unwrap_or_default(), &row.raw).map_err(|e| e.to_string())?;
        if let Some(broken) = decoded.rejects.first() {
            return Err(format!("is still broken: {} (--columns names those that the row has)", broken.reason));
        }
        if decoded.batch.num_rows() != 1 {
            return Err(format!("is still broken: holds {} rows in place of one", decoded.batch.num_rows()));
        }
        let width = self.schema.fields().len() - 2;
        let source: ArrayRef = Arc::new(StringArray::from(vec![row.source.as_str()]));
        let line: ArrayRef = Arc::new(Int64Array::from(vec![row.line]));
        let received = decoded.batch.columns().iter().take(width).chain([&source, &line]);
        let mut refused = Refusals::new();
        let mut columns = Vec::with_capacity(self.schema.fields().len());
        for (column, field) in received.zip(self.schema.fields()) {
            columns.push(
                fit(field.name(), column, field.data_type(), &mut refused)
                    .map_err(|e| format!("is still broken: {}: {e}", field.name()))?,
            );
        }
        if let Some(reason) = refused.into_values().next() {
            return Err(format!("is still broken: {reason}"));
        }
        RecordBatch::try_new(self.schema.clone(), columns).map_err(|e| e.to_string())
    }
}
