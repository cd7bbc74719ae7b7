//! One Delta table at one version: its schema, its data files with their statistics, and commits to it.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, ScalarValue, Statistics};
use deltalake::kernel::engine::arrow_conversion::{TryIntoArrow as _, TryIntoKernel as _};
use deltalake::kernel::transaction::{CommitBuilder, CommitProperties};
use deltalake::kernel::{Action, Add, LogicalFileView, Metadata, MetadataExt as _, Remove, StructType, Transaction};
use deltalake::logstore::{LogStoreRef, StorageConfig, default_logstore};
use deltalake::protocol::{DeltaOperation, SaveMode};
use deltalake::table::state::DeltaTableState;
use object_store::prefix::PrefixStore;
use serde_json::Value;
use spec::TableName;
use url::Url;

use crate::store::Location;
use crate::{LakeError, Result, log};

/// How often a commit is sent whose answer does not come.
const COMMIT_TRIES: usize = 5;

/// A data file of a table, as the Delta log describes it.
#[derive(Clone, Debug)]
pub struct DataFile {
    /// Path relative to the table's root.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// Rows, where the writer recorded them.
    pub rows: Option<u64>,
    /// Partition values by column, as the log spells them.
    pub partition: HashMap<String, Option<String>>,
    /// Minimum, maximum and null count per column of [`Table::schema`], where recorded.
    pub statistics: Arc<Statistics>,
}

/// A Delta table at one version.
#[derive(Clone)]
pub struct Table {
    /// Its name.
    pub name: TableName,
    pub(crate) log: LogStoreRef,
    pub(crate) state: DeltaTableState,
    pub(crate) location: Location,
    schema: SchemaRef,
    partition_columns: Vec<String>,
}

/// What a commit carries besides its files.
#[derive(Default)]
pub(crate) struct Commit {
    pub adds: Vec<Add>,
    pub removes: Vec<Remove>,
    /// Application transactions: what was consumed, and by which definition.
    pub transactions: HashMap<String, i64>,
    /// Kept in the commit's `commitInfo` under `adlake`.
    pub report: Value,
    /// A new schema (evolution or rebuild).
    pub schema: Option<SchemaRef>,
    /// What columns of the new schema mean; others keep the description they had.
    pub comments: Vec<(String, String)>,
    pub overwrite: bool,
}

impl Table {
    /// Opens the table at `version`, or at its latest; `None` where there is no such table.
    pub(crate) async fn open(location: &Location, name: &TableName, version: Option<u64>) -> Result<Option<Self>> {
        let log = log_store(location, name)?;
        if !log.is_delta_table_location().await? {
            return Ok(None);
        }
        let state = DeltaTableState::try_new(log.as_ref(), version).await?;
        Ok(Some(Self::with_state(location, name, log, state)?))
    }

    fn with_state(location: &Location, name: &TableName, log: LogStoreRef, state: DeltaTableState) -> Result<Self> {
        let stored: Schema = state.schema().as_ref().try_into_arrow()?;
        let schema = Arc::new(engine_schema(&stored));
        let partition_columns = state.metadata().partition_columns().iter().map(ToString::to_string).collect();
        Ok(Self { name: name.clone(), log, state, location: location.clone(), schema, partition_columns })
    }

    /// Makes an empty table. Somebody else making the same table at the same time is no error.
    pub(crate) async fn create(
        location: &Location,
        name: &TableName,
        schema: &SchemaRef,
        partition_by: &[String],
        description: &str,
        comments: &[(String, String)],
    ) -> Result<Self> {
        let log = log_store(location, name)?;
        let columns = described(delta_schema(schema)?, &comments.iter().cloned().collect())?;
        let created = deltalake::operations::create::CreateBuilder::new()
            .with_log_store(log.clone())
            .with_table_name(name.to_string())
            .with_comment(description)
            .with_columns(columns.fields().cloned())
            .with_partition_columns(partition_by)
            .with_save_mode(SaveMode::ErrorIfExists)
            .await;
        match created {
            Ok(_) => {}
            Err(error) => {
                // Lost the race: the other's table serves.
                return Self::open(location, name, None).await?.ok_or(error.into());
            }
        }
        Self::open(location, name, None).await?.ok_or_else(|| LakeError::invalid(format!("{name}: vanished right after it was made")))
    }

    /// The Delta version.
    pub fn version(&self) -> u64 {
        self.state.version()
    }

    /// Columns as the engine sees them: strings are views, partition columns stand where the log has them.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// The partition columns, outermost first.
    pub fn partition_columns(&self) -> &[String] {
        &self.partition_columns
    }

    /// The table's description, from its metadata.
    pub fn description(&self) -> String {
        self.state.metadata().description().unwrap_or_default().to_owned()
    }

    /// Column descriptions, from the table's metadata.
    pub fn column_comments(&self) -> HashMap<String, String> {
        let schema = self.state.schema();
        let comment = |f: &deltalake::kernel::StructField| match f.metadata().get("comment") {
            Some(deltalake::kernel::MetadataValue::String(text)) => Some((f.name().clone(), text.clone())),
            _ => None,
        };
        schema.fields().filter_map(comment).collect()
    }

    /// The root of the table in the store.
    pub(crate) fn prefix(&self) -> object_store::path::Path {
        table_prefix(&self.location, &self.name)
    }

    /// The live data files.
    pub fn files(&self) -> Vec<DataFile> {
        let mut files: Vec<DataFile> = self
            .state
            .log_data()
            .iter()
            .map(|view| self.data_file(view.path().into_owned(), view.size(), view.partition_values_map(), view.stats()))
            .collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files
    }

    /// Rows in the table, where every file recorded them.
    pub fn rows(&self) -> Option<u64> {
        self.files().iter().map(|f| f.rows).sum()
    }

    /// Files that the commits after `version` added and removed, `None` where the log does not reach back.
    pub(crate) async fn changes_since(&self, version: u64) -> Result<Option<(Vec<DataFile>, Vec<DataFile>)>> {
        let Some(changes) = log::changes(self.log.as_ref(), version, self.version()).await? else { return Ok(None) };
        let added = changes.added.into_iter().map(|a| self.data_file(a.path, a.size, a.partition_values, a.stats)).collect();
        let removed = changes
            .removed
            .into_iter()
            .map(|r| self.data_file(r.path, r.size.unwrap_or_default(), r.partition_values.unwrap_or_default(), None))
            .collect();
        Ok(Some((added, removed)))
    }

    /// The version that a reader with these transactions consumed last. `None` where that was of a table that stood here
    /// before: versions count from 0 again when a table's folder was removed and the table made anew.
    pub(crate) fn version_read(&self, consumed: &HashMap<String, i64>) -> Option<u64> {
        let is_same = consumed.get(&self.identity_key()) == Some(&self.identity());
        consumed.get(&self.name.to_string()).filter(|_| is_same).and_then(|v| u64::try_from(*v).ok())
    }

    /// The transactions by which a reader records that it consumed this version.
    pub(crate) fn as_read(&self) -> [(String, i64); 2] {
        let version = i64::try_from(self.version()).unwrap_or(i64::MAX);
        [(self.name.to_string(), version), (self.identity_key(), self.identity())]
    }

    /// The transaction id under which readers record [`Table::identity`].
    pub(crate) fn identity_key(&self) -> String {
        identity_key(&self.name)
    }

    /// A number that no other table has, one of the same name included.
    pub(crate) fn identity(&self) -> i64 {
        i64::try_from(xxhash_rust::xxh3::xxh3_64(self.state.metadata().id().as_bytes()) >> 1).unwrap_or_default()
    }

    /// Whether the table has other rows than at the version that a reader consumed last.
    pub(crate) async fn is_ahead_of(&self, consumed: &HashMap<String, i64>) -> Result<bool> {
        match self.version_read(consumed) {
            Some(read) if read == self.version() => Ok(false),
            Some(read) if read < self.version() => {
                Ok(self.changes_since(read).await?.is_none_or(|(added, removed)| !added.is_empty() || !removed.is_empty()))
            }
            _ => Ok(true),
        }
    }

    /// What the table has consumed: the latest version of every application transaction in its log.
    ///
    /// # Errors
    /// A log that cannot be read.
    pub async fn transactions(&self) -> Result<HashMap<String, i64>> {
        log::transactions(self.log.as_ref(), self.version()).await
    }

    /// Commits, or fails with a conflict if anybody committed since this version was read: the caller then plans anew.
    pub(crate) async fn commit(&self, commit: Commit) -> Result<Self> {
        let metadata = match &commit.schema {
            Some(schema) => {
                let mut comments = self.column_comments();
                comments.extend(commit.comments.iter().cloned());
                let columns = described(delta_schema(schema)?, &comments)?;
                Some(self.state.metadata().clone().with_schema(&columns).map_err(LakeError::invalid)?)
            }
            None => None,
        };
        let mode = if commit.overwrite { SaveMode::Overwrite } else { SaveMode::Append };
        let operation = DeltaOperation::Write { mode, partition_by: Some(self.partition_columns.clone()), predicate: None };
        self.commit_as(commit, metadata, operation).await
    }

    /// [`Table::commit`] under another name than a write, and with other metadata than the present.
    pub(crate) async fn commit_as(&self, commit: Commit, metadata: Option<Metadata>, operation: DeltaOperation) -> Result<Self> {
        let mut actions: Vec<Action> = metadata.map(Action::Metadata).into_iter().collect();
        actions.extend(commit.removes.into_iter().map(Action::Remove));
        actions.extend(commit.adds.into_iter().map(Action::Add));
        let now = chrono::Utc::now().timestamp_millis();
        let transactions: Vec<Transaction> =
            commit.transactions.into_iter().map(|(id, version)| Transaction::new_with_last_update(id, version, Some(now))).collect();
        let name = uuid::Uuid::new_v4().to_string();
        let mut tries_left = COMMIT_TRIES;
        loop {
            let properties = CommitProperties::default()
                .with_max_retries(0)
                .with_cleanup_expired_logs(Some(false))
                .with_metadata([("adlake".to_owned(), commit.report.clone()), (log::COMMIT_NAME.to_owned(), Value::String(name.clone()))])
                .with_application_transactions(transactions.clone());
            let builder = CommitBuilder::from(properties).with_actions(actions.clone());
            let error = match builder.build(Some(&self.state), self.log.clone(), operation.clone()).await {
                Ok(done) => return Self::with_state(&self.location, &self.name, self.log.clone(), done.snapshot()),
                Err(error) => LakeError::from(error),
            };
            // The commit may stand although its answer was lost on the way: then it is no conflict, nor a failure.
            let next = self.version() + 1;
            if log::is_named(self.log.as_ref(), next, &name).await.unwrap_or(false) {
                let state = DeltaTableState::try_new(self.log.as_ref(), Some(next)).await?;
                return Self::with_state(&self.location, &self.name, self.log.clone(), state);
            }
            tries_left -= 1;
            if tries_left == 0 || !error.is_lost_answer() {
                return Err(error);
            }
        }
    }

    /// `Remove` actions for files that are live in this version.
    pub(crate) fn removals(&self, paths: &std::collections::HashSet<String>, data_change: bool) -> Vec<Remove> {
        self.state
            .log_data()
            .iter()
            .filter(|view| paths.contains(view.path().as_ref()))
            .map(|view| view.remove_action(data_change))
            .collect()
    }

    /// `Add` actions for files that are live in this version, as a later version takes them back.
    pub(crate) fn additions(&self, paths: &std::collections::HashSet<String>) -> Vec<Add> {
        let live = self.state.log_data();
        let chosen = live.iter().filter(|view| paths.contains(view.path().as_ref()));
        let add = |view: LogicalFileView| Add {
            path: view.path().into_owned(),
            partition_values: view.partition_values_map(),
            size: view.size(),
            modification_time: view.modification_time(),
            data_change: true,
            stats: view.stats(),
            tags: None,
            deletion_vector: view.deletion_vector_descriptor(),
            base_row_id: None,
            default_row_commit_version: None,
            clustering_provider: None,
        };
        chosen.map(add).collect()
    }

    fn data_file(&self, path: String, size: i64, partition: HashMap<String, Option<String>>, stats: Option<String>) -> DataFile {
        let stats: Value = stats.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or(Value::Null);
        let rows = stats["numRecords"].as_u64();
        let columns = self
            .schema
            .fields()
            .iter()
            .map(|field| match partition.get(field.name()) {
                Some(_) => ColumnStatistics::new_unknown(),
                None => column_statistics(field, &stats),
            })
            .collect();
        let size = u64::try_from(size).unwrap_or_default();
        let statistics = Statistics {
            num_rows: rows.and_then(|r| usize::try_from(r).ok()).map_or(Precision::Absent, Precision::Exact),
            total_byte_size: Precision::Absent,
            column_statistics: columns,
        };
        DataFile { path, size, rows, partition, statistics: Arc::new(statistics) }
    }
}

/// In the place of version and identity: there is no such table.
const ABSENT: i64 = -1;

fn identity_key(name: &TableName) -> String {
    format!("{name}@id")
}

/// Whether a reader with these transactions read a table of that name, and was not told since that there is none.
pub(crate) fn was_read(name: &TableName, consumed: &HashMap<String, i64>) -> bool {
    consumed.get(&identity_key(name)).is_some_and(|identity| *identity != ABSENT)
}

/// The transactions by which a reader records that there is no table of that name.
pub(crate) fn as_absent(name: &TableName) -> [(String, i64); 2] {
    [(name.to_string(), ABSENT), (identity_key(name), ABSENT)]
}

fn column_statistics(field: &Field, stats: &Value) -> ColumnStatistics {
    let bound = |kind: &str| -> Precision<ScalarValue> {
        let value = &stats[kind][field.name()];
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return Precision::Absent,
        };
        // Text bounds may be cut short, so they only bound.
        match ScalarValue::try_from_string(text, field.data_type()) {
            Ok(scalar) => Precision::Inexact(scalar),
            Err(_) => Precision::Absent,
        }
    };
    let nulls = stats["nullCount"][field.name()].as_u64().and_then(|n| usize::try_from(n).ok());
    ColumnStatistics {
        null_count: nulls.map_or(Precision::Absent, Precision::Exact),
        min_value: bound("minValues"),
        max_value: bound("maxValues"),
        ..ColumnStatistics::new_unknown()
    }
}

fn table_prefix(location: &Location, name: &TableName) -> object_store::path::Path {
    location.prefix.clone().join(name.layer.to_string()).join(name.name.as_str())
}

/// The table's URL.
pub(crate) fn table_url(location: &Location, name: &TableName) -> Result<Url> {
    location.url.join(&format!("{}/{}/", name.layer, name.name)).map_err(|e| LakeError::invalid(format!("{name}: {e}")))
}

fn log_store(location: &Location, name: &TableName) -> Result<LogStoreRef> {
    let prefixed = Arc::new(PrefixStore::new(Arc::clone(&location.store), table_prefix(location, name)));
    Ok(default_logstore(prefixed, Arc::clone(&location.store), &table_url(location, name)?, &StorageConfig::default()))
}

/// The columns with what they mean.
fn described(columns: StructType, comments: &HashMap<String, String>) -> Result<StructType> {
    let documented = columns.fields().cloned().map(|field| match comments.get(field.name()) {
        Some(text) => field.add_metadata([("comment".to_owned(), text.clone())]),
        None => field,
    });
    StructType::try_new(documented).map_err(LakeError::invalid)
}

fn delta_schema(schema: &SchemaRef) -> Result<StructType> {
    let plain = Schema::new(schema.fields().iter().map(|f| Field::new(f.name(), plain_type(f.data_type()), true)).collect::<Vec<_>>());
    (&plain).try_into_kernel().map_err(|e: datafusion::arrow::error::ArrowError| LakeError::from(e))
}

/// The type as Delta stores it: no views, no dictionaries, instants in microseconds UTC, signed integers.
pub(crate) fn plain_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Utf8View | DataType::LargeUtf8 => DataType::Utf8,
        DataType::BinaryView | DataType::LargeBinary => DataType::Binary,
        DataType::Dictionary(_, value) => plain_type(value),
        DataType::Timestamp(_, _) => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        DataType::Date64 => DataType::Date32,
        DataType::UInt8 => DataType::Int16,
        DataType::UInt16 => DataType::Int32,
        DataType::UInt32 | DataType::UInt64 => DataType::Int64,
        DataType::Float16 => DataType::Float32,
        DataType::Null => DataType::Utf8,
        DataType::List(item) | DataType::LargeList(item) | DataType::ListView(item) | DataType::FixedSizeList(item, _) => {
            DataType::List(Arc::new(Field::new("element", plain_type(item.data_type()), true)))
        }
        DataType::Struct(fields) => {
            DataType::Struct(fields.iter().map(|f| Field::new(f.name(), plain_type(f.data_type()), true)).collect())
        }
        other => other.clone(),
    }
}

/// The type as the engine computes with it: [`plain_type`], with top-level strings as views.
pub(crate) fn engine_type(data_type: &DataType) -> DataType {
    match plain_type(data_type) {
        DataType::Utf8 => DataType::Utf8View,
        other => other,
    }
}

fn engine_schema(schema: &Schema) -> Schema {
    Schema::new(schema.fields().iter().map(|f| Field::new(f.name(), engine_type(f.data_type()), true)).collect::<Vec<_>>())
}
