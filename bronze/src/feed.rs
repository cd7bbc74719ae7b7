//! Source files of one table as a DataFusion table: one thread at a time cuts blocks from the files in turn, all of them
//! decode.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use lake::datafusion::arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, new_null_array};
use lake::datafusion::arrow::compute::cast;
use lake::datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use lake::datafusion::catalog::TableProvider;
use lake::datafusion::catalog::streaming::StreamingTable;
use lake::datafusion::error::{DataFusionError, Result as QueryResult};
use lake::datafusion::execution::TaskContext;
use lake::datafusion::physical_plan::SendableRecordBatchStream;
use lake::datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use lake::datafusion::physical_plan::streaming::PartitionStream;
use lake::{Feed, Location, RAW_COLUMN, REJECT_COLUMN, Result, Taken};
use sources::files::{Block, BlockReader, Decoded, Format, Layout, ParquetRows, RowDecoder, discover};
use spec::TableName;

use crate::discover::{FileIds, SourceFile, positive, stamp};
use crate::open::{local, open};

/// A file that cannot be taken now, and why.
#[derive(Clone, Debug)]
pub(crate) struct Trouble {
    pub path: String,
    pub reason: String,
    /// It may well be complete at the next run.
    pub later: bool,
}

/// A file with its columns.
#[derive(Clone)]
struct Planned {
    file: SourceFile,
    layout: Option<Layout>,
}

enum Current {
    Text { reader: Box<BlockReader>, decoder: Arc<RowDecoder> },
    Rows(Box<ParquetRows>),
}

/// The files still to be read.
struct Queue {
    location: Location,
    waiting: VecDeque<Planned>,
    current: Option<(Planned, Current)>,
    trouble: Option<Trouble>,
    taken: Arc<Mutex<Taken>>,
}

/// A piece of work that any thread can finish.
enum Piece {
    Block { block: Block, decoder: Arc<RowDecoder>, source: String, document: bool },
    Rows { batch: RecordBatch, source: String },
}

/// A feed and where its trouble shows.
pub(crate) struct FileFeed {
    pub feed: Feed,
    queue: Arc<Mutex<Queue>>,
}

impl FileFeed {
    /// Looks at the files' columns; files that cannot even be opened are returned as trouble.
    pub fn new(
        location: &Location,
        table: TableName,
        files: &[SourceFile],
        expected: Vec<(String, String)>,
        threads: usize,
    ) -> Result<(Self, Vec<Trouble>)> {
        let mut planned = Vec::new();
        let mut troubles = Vec::new();
        let mut notes = Vec::new();
        let mut fields: Vec<Field> = Vec::new();
        for file in files {
            match look(location, file) {
                Ok((layout, columns, warned)) => {
                    notes.extend(warned.into_iter().map(|w| format!("{}: {w}", file.path)));
                    for field in columns {
                        match fields.iter_mut().find(|f| f.name() == field.name()) {
                            None => fields.push(field),
                            // Files that disagree on a type meet as text, as received.
                            Some(known) if known.data_type() != field.data_type() => {
                                *known = Field::new(field.name(), DataType::Utf8, true);
                            }
                            Some(_) => {}
                        }
                    }
                    planned.push(Planned { file: file.clone(), layout });
                }
                Err(trouble) => troubles.push(trouble),
            }
        }
        fields.push(Field::new("_source", DataType::Utf8, true));
        fields.push(Field::new("_line", DataType::Int64, true));
        fields.push(Field::new(REJECT_COLUMN, DataType::Utf8, true));
        fields.push(Field::new(RAW_COLUMN, DataType::Utf8, true));
        let schema = Arc::new(Schema::new(fields));
        // A file's version counts from 1; before the first there is none.
        let expects = planned.iter().map(|p| (FileIds::of(&p.file.path).version, (p.file.version > 1).then(|| p.file.version - 1)));
        let expects = expects.collect();
        let taken = Arc::new(Mutex::new(Taken::default()));
        let queue = Arc::new(Mutex::new(Queue {
            location: location.clone(),
            waiting: planned.into(),
            current: None,
            trouble: None,
            taken: Arc::clone(&taken),
        }));
        let partitions = (0..threads.max(1))
            .map(|_| -> Arc<dyn PartitionStream> { Arc::new(Partition { schema: Arc::clone(&schema), queue: Arc::clone(&queue) }) })
            .collect();
        let provider: Arc<dyn TableProvider> = Arc::new(StreamingTable::try_new(schema, partitions)?);
        Ok((Self { feed: Feed { table, provider, expected, notes, expects, taken }, queue }, troubles))
    }

    /// The file that stopped the feed, if one did.
    pub fn trouble(&self) -> Option<Trouble> {
        lock(&self.queue).trouble.clone()
    }

    /// Whether there is anything to read.
    pub fn is_empty(&self) -> bool {
        lock(&self.queue).waiting.is_empty()
    }
}

type Look = (Option<Layout>, Vec<Field>, Vec<String>);

/// A file's columns, without reading more of it than its format asks for.
fn look(location: &Location, file: &SourceFile) -> std::result::Result<Look, Trouble> {
    let trouble = |e: &dyn std::fmt::Display, later: bool| Trouble { path: file.path.clone(), reason: e.to_string(), later };
    let bytes = || open(location, &file.place).map_err(|e| trouble(&format!("cannot be read: {e}"), true));
    let text = |name: &String| Field::new(name, DataType::Utf8, true);
    match file.spec.format {
        Format::Parquet => {
            let rows = parquet(location, file)?;
            let columns = rows.schema().fields().iter().filter(|f| f.name() != "_line").map(|f| f.as_ref().clone()).collect();
            Ok((None, columns, rows.warnings().to_vec()))
        }
        Format::Json | Format::NdJson => {
            let found = discover(bytes()?, &file.spec).map_err(|e| trouble(&e, is_unfinished(&e)))?;
            let layout = found.layout;
            let columns = layout.columns.iter().map(text).collect();
            let warnings = layout.warnings.clone();
            Ok((Some(layout), columns, warnings))
        }
        Format::Delimited => {
            let reader = BlockReader::open(bytes()?, &file.spec).map_err(|e| trouble(&e, is_unfinished(&e)))?;
            let Some(layout) = reader.layout().cloned() else { return Err(trouble(&"its columns cannot be told", false)) };
            let columns = layout.columns.iter().map(text).collect();
            let warnings = layout.warnings.clone();
            Ok((Some(layout), columns, warnings))
        }
    }
}

fn is_unfinished(error: &sources::files::FileError) -> bool {
    use sources::files::FileError;
    matches!(error, FileError::Empty | FileError::Truncated { .. } | FileError::Io(_))
}

fn parquet(location: &Location, file: &SourceFile) -> std::result::Result<ParquetRows, Trouble> {
    let trouble = |reason: String, later: bool| Trouble { path: file.path.clone(), reason, later };
    let opened = match location.local_path() {
        Some(_) => {
            let on_disk = std::fs::File::open(local(&file.place)).map_err(|e| trouble(format!("cannot be read: {e}"), true))?;
            ParquetRows::open(on_disk, 8192)
        }
        None => {
            let mut bytes = Vec::new();
            let mut reader = open(location, &file.place).map_err(|e| trouble(format!("cannot be read: {e}"), true))?;
            std::io::Read::read_to_end(&mut reader, &mut bytes).map_err(|e| trouble(format!("cannot be read: {e}"), true))?;
            ParquetRows::open(bytes::Bytes::from(bytes), 8192)
        }
    };
    opened.map_err(|e| trouble(e.to_string(), is_unfinished(&e)))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Queue {
    /// The next piece of the files, or `None` when all are read.
    fn next(&mut self) -> std::result::Result<Option<Piece>, Trouble> {
        if let Some(trouble) = &self.trouble {
            return Err(trouble.clone());
        }
        let found = self.advance();
        if let Err(trouble) = &found {
            self.trouble = Some(trouble.clone());
        }
        found
    }

    fn advance(&mut self) -> std::result::Result<Option<Piece>, Trouble> {
        loop {
            let Some((planned, current)) = &mut self.current else {
                let Some(planned) = self.waiting.pop_front() else { return Ok(None) };
                let opened = self.start(&planned)?;
                self.current = Some((planned, opened));
                continue;
            };
            let trouble =
                |e: &sources::files::FileError| Trouble { path: planned.file.path.clone(), reason: e.to_string(), later: is_unfinished(e) };
            let source = source_name(&planned.file.path, planned.file.version);
            let piece = match current {
                Current::Text { reader, decoder } => reader.next_block().map_err(|e| trouble(&e))?.map(|block| Piece::Block {
                    block,
                    decoder: Arc::clone(decoder),
                    source,
                    document: planned.file.spec.format == Format::Json,
                }),
                Current::Rows(rows) => {
                    let batch = rows.next().transpose().map_err(|e| trouble(&e))?;
                    batch.map(|batch| Piece::Rows { batch, source })
                }
            };
            if piece.is_some() {
                return Ok(piece);
            }
            if let Some((planned, current)) = self.current.take() {
                self.end(&planned, current)?;
            }
        }
    }

    fn start(&self, planned: &Planned) -> std::result::Result<Current, Trouble> {
        let file = &planned.file;
        let trouble = |reason: String, later| Trouble { path: file.path.clone(), reason, later };
        if file.spec.format == Format::Parquet {
            return Ok(Current::Rows(Box::new(parquet(&self.location, file)?)));
        }
        let bytes = open(&self.location, &file.place).map_err(|e| trouble(format!("vanished or cannot be read: {e}"), true))?;
        let reader = BlockReader::open(bytes, &file.spec).map_err(|e| trouble(e.to_string(), is_unfinished(&e)))?;
        let layout = planned.layout.clone().or_else(|| reader.layout().cloned());
        let Some(layout) = layout else { return Err(trouble("its columns cannot be told".to_owned(), false)) };
        Ok(Current::Text { decoder: Arc::new(RowDecoder::new(&layout)), reader: Box::new(reader) })
    }

    /// A file is read: it must still be the one that was begun.
    fn end(&mut self, planned: &Planned, current: Current) -> std::result::Result<(), Trouble> {
        let file = &planned.file;
        let trouble = |reason: String| Trouble { path: file.path.clone(), reason, later: true };
        let content = match current {
            Current::Text { reader, .. } => {
                let print = reader.finish().map_err(|e| trouble(e.to_string()))?;
                if print.bytes != file.size {
                    return Err(trouble(format!("changed while it was read ({} bytes, then {})", file.size, print.bytes)));
                }
                positive(print.xxh3 as u64)
            }
            // A Parquet file that is not whole has no footer; its stamp stands for its content.
            Current::Rows(_) => file.stamp,
        };
        if self.location.local_path().is_some() {
            let meta = std::fs::metadata(local(&file.place)).map_err(|e| trouble(format!("vanished while it was read: {e}")))?;
            let nanos = meta.modified().ok().and_then(|t| t.duration_since(std::time::UNIX_EPOCH).ok()).map(|d| d.as_nanos());
            let nanos = nanos.and_then(|n| i64::try_from(n).ok()).unwrap_or_default();
            if stamp(meta.len(), nanos, None, true) != file.stamp {
                return Err(trouble("changed while it was read".to_owned()));
            }
        }
        let ids = FileIds::of(&file.path);
        let mut taken = lock(&self.taken);
        taken.transactions.insert(ids.version, file.version);
        taken.transactions.insert(ids.stamp, file.stamp);
        taken.transactions.insert(ids.content, content);
        Ok(())
    }
}

/// What `_source` says: the path, with the number of the version from the second on, in as many digits as make the order
/// of texts that of versions.
pub(crate) fn source_name(path: &str, version: i64) -> String {
    if version > 1 { format!("{path}#{version:06}") } else { path.to_owned() }
}

struct Partition {
    schema: SchemaRef,
    queue: Arc<Mutex<Queue>>,
}

impl std::fmt::Debug for Partition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("files")
    }
}

impl PartitionStream for Partition {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let (schema, queue) = (Arc::clone(&self.schema), Arc::clone(&self.queue));
        let batches = futures::stream::try_unfold((schema, queue), |(schema, queue)| async move {
            // A turn for the tasks that write what was decoded before.
            tokio::task::yield_now().await;
            let piece = lock(&queue).next().map_err(|t| DataFusionError::External(format!("{}: {}", t.path, t.reason).into()))?;
            let Some(piece) = piece else { return Ok(None) };
            let taken = Arc::clone(&lock(&queue).taken);
            let batch = finish(&schema, piece, &taken)?;
            Ok(Some((batch, (schema, queue))))
        });
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), batches))
    }
}

/// Decodes a piece and gives it the feed's columns. Broken rows follow the good ones.
fn finish(schema: &SchemaRef, piece: Piece, taken: &Mutex<Taken>) -> QueryResult<RecordBatch> {
    let (decoded, source) = match piece {
        Piece::Block { block, decoder, source, document } => {
            let lines = block.lines;
            let decoded = decoder.decode(&block).map_err(|e| DataFusionError::External(Box::new(e)))?;
            // Lines were counted when the block was cut, rows when it was decoded: the run's audit compares.
            let elements = decoded.batch.num_rows() as u64 + decoded.rejects.len() as u64;
            let records = match lines.checked_sub(decoded.blank_lines + decoded.continuation_lines) {
                Some(records) if !document => records,
                _ => elements,
            };
            lock(taken).rows += records;
            (decoded, source)
        }
        Piece::Rows { batch, source } => {
            lock(taken).rows += batch.num_rows() as u64;
            (Decoded { batch, rejects: Vec::new(), blank_lines: 0, continuation_lines: 0 }, source)
        }
    };
    let (good, bad) = (decoded.batch.num_rows(), decoded.rejects.len());
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(schema.fields().len());
    for field in schema.fields() {
        let rows: Option<ArrayRef> = match field.name().as_str() {
            "_source" => Some(Arc::new(StringArray::from(vec![source.as_str(); good]))),
            name => decoded.batch.column_by_name(name).map(Arc::clone),
        };
        let rows = match rows {
            Some(rows) if rows.data_type() == field.data_type() => rows,
            Some(rows) => cast(&rows, field.data_type())?,
            None => new_null_array(field.data_type(), good),
        };
        if bad == 0 {
            columns.push(rows);
            continue;
        }
        let broken: ArrayRef = match field.name().as_str() {
            "_source" => Arc::new(StringArray::from(vec![source.as_str(); bad])),
            "_line" => Arc::new(decoded.rejects.iter().map(|r| i64::try_from(r.line).ok()).collect::<Int64Array>()),
            REJECT_COLUMN => Arc::new(decoded.rejects.iter().map(|r| Some(r.reason.as_str())).collect::<StringArray>()),
            RAW_COLUMN => Arc::new(decoded.rejects.iter().map(|r| Some(r.raw.as_str())).collect::<StringArray>()),
            _ => new_null_array(field.data_type(), bad),
        };
        columns.push(lake::datafusion::arrow::compute::concat(&[rows.as_ref(), broken.as_ref()])?);
    }
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}
