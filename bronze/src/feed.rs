//! Source files of one table as a DataFusion table: one thread at a time cuts blocks from the files in turn, all of them
//! decode.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use lake::datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use lake::datafusion::catalog::TableProvider;
use lake::datafusion::catalog::streaming::StreamingTable;
use lake::datafusion::error::DataFusionError;
use lake::datafusion::execution::TaskContext;
use lake::datafusion::physical_plan::SendableRecordBatchStream;
use lake::datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use lake::datafusion::physical_plan::streaming::PartitionStream;
use lake::{Feed, Location, RAW_COLUMN, REJECT_COLUMN, Result, Taken};
use sources::files::{BlockReader, Format, Layout, ParquetRows, RowDecoder, WorkbookRows, fingerprint};
use spec::TableName;

use crate::discover::{FileIds, SourceFile, positive, stamp};
use crate::look::{Columns, check_header, is_unfinished, look, parquet, workbook};
use crate::open::{Place, open};
use crate::pieces::{Piece, PieceRows, finish};
use crate::walk::modified_nanos;

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
    Sheets(Box<WorkbookRows>),
}

/// The files still to be read.
struct Queue {
    location: Location,
    waiting: VecDeque<Planned>,
    current: Option<(Planned, Current)>,
    trouble: Option<Trouble>,
    taken: Arc<Mutex<Taken>>,
}

/// A feed and where its trouble shows.
pub(crate) struct FileFeed {
    pub feed: Feed,
    queue: Arc<Mutex<Queue>>,
}

impl FileFeed {
    /// Looks at the files' columns; files that cannot be opened, or not be taken into the table as it stands, are returned as
    /// trouble.
    pub fn new(
        location: &Location,
        table: TableName,
        files: &[SourceFile],
        expected: Vec<(String, String)>,
        standing: Option<&Schema>,
        threads: usize,
    ) -> Result<(Self, Vec<Trouble>)> {
        let mut planned = Vec::new();
        let mut troubles = Vec::new();
        let mut notes = Vec::new();
        let mut columns = Columns::new(standing, &expected);
        for file in files {
            let found = look(location, file).and_then(|(layout, found, warned)| {
                let refused = |reason| Trouble { path: file.path.clone(), reason, later: false };
                check_header(file, &found, &expected).map_err(refused)?;
                columns.add(&found).map_err(refused)?;
                Ok((layout, warned))
            });
            match found {
                Ok((layout, warned)) => {
                    notes.extend(warned.into_iter().map(|w| format!("{}: {w}", file.path)));
                    planned.push(Planned { file: file.clone(), layout });
                }
                Err(trouble) => troubles.push(trouble),
            }
        }
        let (mut fields, told) = columns.finish();
        notes.extend(told);
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
            let mut source = source_name(&planned.file.path, planned.file.version);
            let rows = match current {
                Current::Text { reader, decoder } => reader.next_block().map_err(|e| trouble(&e))?.map(|block| PieceRows::Text {
                    block,
                    decoder: Arc::clone(decoder),
                    lines: planned.file.spec.format != Format::Json,
                }),
                Current::Rows(rows) => rows.next().transpose().map_err(|e| trouble(&e))?.map(PieceRows::Typed),
                Current::Sheets(rows) => rows.next_rows().map_err(|e| trouble(&e))?.map(|rows| {
                    source = sheet_name(&source, &rows.sheet);
                    PieceRows::Sheet(rows)
                }),
            };
            if let Some(rows) = rows {
                return Ok(Some(Piece { source, path: planned.file.path.clone(), rows }));
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
        if file.spec.format == Format::Workbook {
            return Ok(Current::Sheets(Box::new(workbook(&self.location, file)?)));
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
            Current::Rows(_) | Current::Sheets(_) => {
                let bytes = open(&self.location, &file.place).map_err(|e| trouble(format!("vanished while it was read: {e}")))?;
                positive(fingerprint(bytes).map_err(|e| trouble(e.to_string()))?.xxh3 as u64)
            }
        };
        if let Place::Disk(path) = &file.place {
            let meta = std::fs::metadata(path).map_err(|e| trouble(format!("vanished while it was read: {e}")))?;
            if stamp(meta.len(), modified_nanos(&meta), None) != file.stamp {
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

/// What `_source` says of the rows of a workbook: the numbers of their lines count in each sheet.
fn sheet_name(source: &str, sheet: &str) -> String {
    format!("{source}!{sheet}")
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
            let failed = |t: Trouble| DataFusionError::External(format!("{}: {}", t.path, t.reason).into());
            let Some(piece) = lock(&queue).next().map_err(failed)? else { return Ok(None) };
            let taken = Arc::clone(&lock(&queue).taken);
            let path = piece.path.clone();
            let batch = finish(&schema, piece, &taken).map_err(|reason| {
                let trouble = Trouble { path, reason, later: false };
                lock(&queue).trouble.get_or_insert_with(|| trouble.clone());
                failed(trouble)
            })?;
            Ok(Some((batch, (schema, queue))))
        });
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), batches))
    }
}
