//! Writing a table's data files: batches in, Parquet files and their `Add` actions out. Nothing is visible until the
//! actions are committed; files of an abandoned write are swept by `vacuum`.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, RecordBatch, UInt32Array};
use datafusion::arrow::compute::{cast, partition, take_record_batch};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::ScalarValue;
use datafusion::common::hash_utils::{RandomState, create_hashes};
use deltalake::kernel::Add;
use object_store::ObjectStore;
use object_store::buffered::BufWriter;
use object_store::path::Path;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::arrow::async_writer::AsyncArrowWriter;
use parquet::basic::{Compression, Encoding};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::table::{Table, plain_type};
use crate::{LakeError, Result, stats};

/// How data files are written.
#[derive(Clone, Debug)]
pub struct WriteOptions {
    /// Parquet compression.
    pub compression: Compression,
    /// A file is closed when it has grown past this many bytes.
    pub target_file_bytes: usize,
    /// Bytes that all open files of one write may hold in memory before the fullest is flushed.
    pub buffer_bytes: usize,
}

impl Default for WriteOptions {
    fn default() -> Self {
        Self { compression: Compression::SNAPPY, target_file_bytes: 256 << 20, buffer_bytes: 256 << 20 }
    }
}

/// Rows in a row group, at most: small enough to skip well and to bound memory.
const ROW_GROUP_ROWS: usize = 128 * 1024;

/// A file that got no rows for so many others is not waited for: logs are nearly in time order.
const IDLE_ROWS: u64 = 512 * 1024;

/// Rows of a first batch that are looked at to choose encodings, and how many there must be.
const SAMPLE_ROWS: usize = 2048;
const SAMPLE_ROWS_MIN: usize = 512;

/// Bytes of a file that are gathered before they go to the store: each upload to a remote one is a request that costs time
/// and money, and S3 takes no less than 5 MiB at once.
const LOCAL_UPLOAD_BYTES: usize = 1 << 20;
const REMOTE_UPLOAD_BYTES: usize = 10 << 20;

type PartitionKey = Vec<Option<String>>;

/// Rows of one partition.
pub(crate) struct Part {
    key: PartitionKey,
    rows: RecordBatch,
}

impl Part {
    /// Which of `count` writers the partition belongs to.
    pub fn route(&self, count: usize) -> usize {
        let mut hash = xxhash_rust::xxh3::Xxh3Default::new();
        for value in &self.key {
            hash.update(value.as_deref().unwrap_or_default().as_bytes());
        }
        usize::try_from(hash.digest() % count.max(1) as u64).unwrap_or_default()
    }
}

struct OpenFile {
    path: String,
    writer: AsyncArrowWriter<BufWriter>,
    /// How many rows the table's writer had taken when this file last got some.
    last_used: u64,
}

/// Writes batches of a table's columns, each partition to its own file.
pub(crate) struct TableWriter {
    store: Arc<dyn ObjectStore>,
    upload_bytes: usize,
    prefix: Path,
    options: WriteOptions,
    /// Positions of the partition columns in `schema`, outermost first.
    partition_positions: Vec<usize>,
    partition_columns: Vec<String>,
    file_positions: Vec<usize>,
    file_schema: SchemaRef,
    open: HashMap<PartitionKey, OpenFile>,
    /// Files that get no more rows.
    full: Vec<(PartitionKey, OpenFile)>,
    adds: Vec<Add>,
    /// Columns that are written without a dictionary, as most of their values differ; known from the first batch on.
    plain: Option<Vec<bool>>,
    /// Rows taken so far.
    pub rows: u64,
}

impl TableWriter {
    pub fn new(table: &Table, schema: &SchemaRef, options: &WriteOptions) -> Result<Self> {
        let partition_columns = table.partition_columns().to_vec();
        let partition_positions =
            partition_columns.iter().map(|c| schema.index_of(c)).collect::<std::result::Result<Vec<_>, _>>().map_err(LakeError::from)?;
        let file_positions: Vec<usize> = (0..schema.fields().len()).filter(|p| !partition_positions.contains(p)).collect();
        let file_schema = Arc::new(Schema::new(
            file_positions
                .iter()
                .map(|p| {
                    let field = schema.field(*p);
                    Field::new(field.name(), written_type(field.data_type()), true)
                })
                .collect::<Vec<_>>(),
        ));
        Ok(Self {
            store: Arc::clone(&table.location.store),
            upload_bytes: if table.location.local_path().is_some() { LOCAL_UPLOAD_BYTES } else { REMOTE_UPLOAD_BYTES },
            prefix: table.prefix(),
            options: options.clone(),
            partition_positions,
            partition_columns,
            file_positions,
            file_schema,
            open: HashMap::new(),
            full: Vec::new(),
            adds: Vec::new(),
            plain: None,
            rows: 0,
        })
    }

    pub async fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        for part in self.parts(batch)? {
            self.write_part(part).await?;
        }
        Ok(())
    }

    /// The rows of a batch by partition.
    pub fn parts(&self, batch: &RecordBatch) -> Result<Vec<Part>> {
        if batch.num_rows() == 0 {
            return Ok(Vec::new());
        }
        if self.partition_positions.is_empty() {
            return Ok(vec![Part { key: Vec::new(), rows: batch.clone() }]);
        }
        // Rows of one partition value usually come in runs, as logs are nearly in time order.
        let keys: Vec<ArrayRef> = self.partition_positions.iter().map(|p| Arc::clone(batch.column(*p))).collect();
        let runs = partition(&keys)?.ranges();
        let key = |row: usize| keys.iter().map(|k| partition_value(k, row)).collect::<Result<PartitionKey>>();
        if let [run] = runs.as_slice() {
            return Ok(vec![Part { key: key(run.start)?, rows: batch.clone() }]);
        }
        let mut rows: HashMap<PartitionKey, Vec<u32>> = HashMap::new();
        for run in runs {
            rows.entry(key(run.start)?).or_default().extend(run.start as u32..run.end as u32);
        }
        rows.into_iter().map(|(key, rows)| Ok(Part { key, rows: take_record_batch(batch, &UInt32Array::from(rows))? })).collect()
    }

    /// Writes rows of one partition.
    pub async fn write_part(&mut self, Part { key, rows }: Part) -> Result<()> {
        self.rows += rows.num_rows() as u64;
        let columns = self
            .file_positions
            .iter()
            .zip(self.file_schema.fields())
            .map(|(position, field)| as_written(rows.column(*position), field.data_type()))
            .collect::<Result<Vec<_>>>()?;
        let batch = RecordBatch::try_new(Arc::clone(&self.file_schema), columns)?;
        if self.plain.is_none() {
            self.plain = mostly_different(&batch)?;
        }
        if !self.open.contains_key(&key) {
            let file = self.start(&key)?;
            self.open.insert(key.clone(), file);
        }
        let Some(file) = self.open.get_mut(&key) else { return Ok(()) };
        file.last_used = self.rows;
        file.writer.write(&batch).await?;
        if file.writer.bytes_written() + file.writer.in_progress_size() >= self.options.target_file_bytes
            && let Some(file) = self.open.remove(&key)
        {
            let partition = self.partition_columns.iter().cloned().zip(key).collect();
            self.adds.push(close(file, partition, Arc::clone(&self.file_schema)).await?);
        }
        self.keep_within_buffer().await
    }

    /// Flushes row groups that nobody adds to, and the fullest while all open ones together hold more than they may.
    async fn keep_within_buffer(&mut self) -> Result<()> {
        let idle_since = self.rows.saturating_sub(IDLE_ROWS);
        for file in self.open.values_mut().filter(|f| f.last_used < idle_since) {
            // Once: the few rows that come late wait for the end.
            if file.writer.flushed_row_groups().is_empty() {
                file.writer.flush().await?;
            }
        }
        while self.open.values().map(|f| f.writer.memory_size()).sum::<usize>() > self.options.buffer_bytes {
            let Some(fullest) = self.open.values_mut().max_by_key(|f| f.writer.memory_size()) else { break };
            if fullest.writer.in_progress_rows() == 0 {
                break;
            }
            fullest.writer.flush().await?;
        }
        Ok(())
    }

    fn start(&self, key: &PartitionKey) -> Result<OpenFile> {
        let mut path = String::new();
        for (column, value) in self.partition_columns.iter().zip(key) {
            let value = value.as_deref().unwrap_or("__HIVE_DEFAULT_PARTITION__");
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            path.push_str(&format!("{column}={}/", value.chars().map(|c| if plain(c) { c } else { '_' }).collect::<String>()));
        }
        path.push_str(&format!("part-{}.parquet", Uuid::new_v4()));
        let target = Path::parse(format!("{}/{path}", self.prefix)).map_err(|e| LakeError::invalid(format!("{path}: {e}")))?;
        let mut properties = WriterProperties::builder()
            .set_compression(self.options.compression)
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_created_by(concat!("adlake ", env!("CARGO_PKG_VERSION")).to_owned());
        for (field, plain) in self.file_schema.fields().iter().zip(self.plain.iter().flatten()) {
            let column = ColumnPath::from(field.name().as_str());
            if *plain && is_whole_number(field.data_type()) {
                properties = properties.set_column_encoding(column.clone(), Encoding::DELTA_BINARY_PACKED);
            }
            if *plain {
                properties = properties.set_column_dictionary_enabled(column, false);
            }
        }
        let properties = properties.build();
        // Without the Arrow schema in the footer every reader sees the plain Delta types.
        let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
        let sink = BufWriter::with_capacity(Arc::clone(&self.store), target, self.upload_bytes);
        let writer = AsyncArrowWriter::try_new_with_options(sink, Arc::clone(&self.file_schema), options)?;
        Ok(OpenFile { path, writer, last_used: self.rows })
    }

    /// Takes over another writer's files of the same table, so that what is written from here on joins them.
    pub fn absorb(&mut self, other: Self) {
        self.rows += other.rows;
        self.adds.extend(other.adds);
        for (key, file) in other.open {
            match self.open.entry(key) {
                Entry::Vacant(place) => {
                    place.insert(file);
                }
                Entry::Occupied(place) => self.full.push((place.key().clone(), file)),
            }
        }
    }

    /// Closes all files, in parallel: the last row groups are compressed here.
    pub async fn finish(mut self) -> Result<Vec<Add>> {
        let mut tasks = JoinSet::new();
        let open = std::mem::take(&mut self.full).into_iter().chain(self.open.drain());
        for (key, file) in open {
            tasks.spawn(close(file, self.partition_columns.iter().cloned().zip(key).collect(), Arc::clone(&self.file_schema)));
        }
        while let Some(closed) = tasks.join_next().await {
            self.adds.push(closed??);
        }
        self.adds.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(self.adds)
    }
}

async fn close(mut file: OpenFile, partition_values: HashMap<String, Option<String>>, schema: SchemaRef) -> Result<Add> {
    let metadata = file.writer.finish().await?;
    Ok(Add {
        path: file.path,
        partition_values,
        size: file.writer.bytes_written() as i64,
        modification_time: chrono::Utc::now().timestamp_millis(),
        data_change: true,
        stats: Some(stats::delta_stats(&metadata, &schema)?.to_string()),
        tags: None,
        deletion_vector: None,
        base_row_id: None,
        default_row_commit_version: None,
        clustering_provider: None,
    })
}

/// Of each column whether more than half of its values differ in a sample of the batch; `None` where that has too few rows.
fn mostly_different(batch: &RecordBatch) -> Result<Option<Vec<bool>>> {
    if batch.num_rows() < SAMPLE_ROWS_MIN {
        return Ok(None);
    }
    let sample = batch.slice(0, batch.num_rows().min(SAMPLE_ROWS));
    let state = RandomState::with_seed(0);
    let differ = |column: &ArrayRef| -> Result<bool> {
        let flat = is_whole_number(column.data_type()) || matches!(column.data_type(), DataType::Utf8 | DataType::Utf8View);
        if !flat {
            return Ok(false);
        }
        let mut hashes = vec![0; column.len()];
        create_hashes([column], &state, &mut hashes)?;
        hashes.sort_unstable();
        hashes.dedup();
        Ok(hashes.len() * 2 > column.len() - column.null_count())
    };
    Ok(Some(sample.columns().iter().map(differ).collect::<Result<_>>()?))
}

fn is_whole_number(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Int64 | DataType::Int32 | DataType::Date32 | DataType::Timestamp(_, _))
}

/// Views are written as they are; everything else as Delta stores it.
fn written_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Utf8View => DataType::Utf8View,
        other => plain_type(other),
    }
}

fn as_written(array: &ArrayRef, data_type: &DataType) -> Result<ArrayRef> {
    if array.data_type() == data_type { Ok(Arc::clone(array)) } else { Ok(cast(array, data_type)?) }
}

/// A partition value as the Delta protocol spells it.
pub(crate) fn partition_value(array: &ArrayRef, row: usize) -> Result<Option<String>> {
    if array.is_null(row) {
        return Ok(None);
    }
    let text = match ScalarValue::try_from_array(array, row)? {
        ScalarValue::Utf8(Some(text)) | ScalarValue::Utf8View(Some(text)) | ScalarValue::LargeUtf8(Some(text)) => text,
        ScalarValue::TimestampMicrosecond(Some(micros), _) => chrono::DateTime::from_timestamp_micros(micros)
            .map(|at| at.format("%Y-%m-%d %H:%M:%S%.6f").to_string())
            .ok_or_else(|| LakeError::invalid(format!("{micros} microseconds are no instant that a partition can be named by")))?,
        other => other.to_string(),
    };
    // The protocol knows no empty string: it reads back as null.
    Ok(if text.is_empty() { None } else { Some(text) })
}
