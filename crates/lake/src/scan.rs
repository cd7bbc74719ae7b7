//! Reading a table: chosen data files of a Delta table as a DataFusion table.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, ScalarValue, Statistics};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::error::{DataFusionError, Result as QueryResult};
use datafusion::execution::memory_pool::MemoryLimit;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use object_store::ObjectMeta;
use object_store::path::Path;
use parquet::arrow::RowNumber;

use crate::passed::{Compacts, Passed};
use crate::table::{DataFile, Table};

/// The hidden columns of a scan that knows where its rows lie.
pub(crate) const FILE_COLUMN: &str = "__file";
pub(crate) const ROW_COLUMN: &str = "__row";

/// Data files of one table. All live ones, or those that a span of versions added or removed.
#[derive(Debug)]
pub(crate) struct FileScan {
    /// What SQL sees.
    schema: SchemaRef,
    /// What the reader makes: file columns, partition columns, virtual columns.
    reader: TableSchema,
    /// Position in `reader` of each column of `schema`.
    positions: Vec<usize>,
    partition_columns: Vec<String>,
    files: Vec<DataFile>,
    located: bool,
    every_row: bool,
    late: bool,
    store: ObjectStoreUrl,
    prefix: Path,
}

impl FileScan {
    /// The whole table.
    pub fn of(table: &Table) -> Self {
        Self::of_files(table, table.files(), false)
    }

    /// Some files of the table, live or removed. A `located` scan has two more columns, [`FILE_COLUMN`] (position in
    /// `files`) and [`ROW_COLUMN`] (row number in the file, from 0).
    pub fn of_files(table: &Table, files: Vec<DataFile>, located: bool) -> Self {
        let all = table.schema();
        let is_partition = |f: &FieldRef| table.partition_columns().contains(f.name());
        let in_file: Vec<FieldRef> = all.fields().iter().filter(|f| !is_partition(f)).cloned().collect();
        let mut partition: Vec<FieldRef> =
            table.partition_columns().iter().filter_map(|name| all.field_with_name(name).ok()).map(|f| Arc::new(f.clone())).collect();
        let mut visible: Vec<FieldRef> = all.fields().iter().cloned().collect();
        let mut virtuals: Vec<FieldRef> = Vec::new();
        if located {
            let file: FieldRef = Arc::new(Field::new(FILE_COLUMN, DataType::Int64, false));
            partition.push(Arc::clone(&file));
            let row: FieldRef = Arc::new(Field::new(ROW_COLUMN, DataType::Int64, false).with_extension_type(RowNumber));
            virtuals.push(Arc::clone(&row));
            visible.extend([file, row]);
        }
        let reader = TableSchema::builder(Arc::new(Schema::new(in_file)))
            .with_table_partition_cols(partition)
            .with_virtual_columns(virtuals)
            .build();
        let positions = visible.iter().filter_map(|f| reader.table_schema().index_of(f.name()).ok()).collect();
        let root = &table.location.url;
        let authority = format!("{}://{}", root.scheme(), root.host_str().unwrap_or_default());
        Self {
            schema: Arc::new(Schema::new(visible)),
            reader,
            positions,
            partition_columns: table.partition_columns().to_vec(),
            files,
            located,
            every_row: false,
            late: false,
            store: ObjectStoreUrl::parse(authority).unwrap_or_else(|_| ObjectStoreUrl::local_filesystem()),
            prefix: table.prefix(),
        }
    }

    /// The same without skipping what filters above would let go, so that their counters see every row.
    pub fn every_row(self) -> Self {
        Self { every_row: true, ..self }
    }

    /// The same, which asks the filters above while it reads and reads the other columns of rows that pass alone: for when
    /// few do.
    pub fn late(self) -> Self {
        Self { late: true, ..self }
    }

    pub fn rows(&self) -> Option<u64> {
        self.files.iter().map(|f| f.rows).sum()
    }

    fn partitioned_file(&self, index: usize, file: &DataFile) -> QueryResult<PartitionedFile> {
        let location = self.prefix.clone();
        let location = Path::parse(format!("{location}/{}", file.path)).map_err(|e| DataFusionError::External(Box::new(e)))?;
        let meta = ObjectMeta { location, last_modified: chrono::DateTime::UNIX_EPOCH, size: file.size, e_tag: None, version: None };
        let mut values = Vec::with_capacity(self.partition_columns.len() + 1);
        for column in &self.partition_columns {
            let data_type = self.schema.field_with_name(column)?.data_type();
            values.push(match file.partition.get(column).cloned().flatten() {
                Some(text) => ScalarValue::try_from_string(text, data_type)?,
                None => ScalarValue::try_from(data_type)?,
            });
        }
        if self.located {
            values.push(ScalarValue::Int64(i64::try_from(index).ok()));
        }
        let in_file = self.reader.file_schema();
        let columns = in_file.fields().iter().map(|f| self.column_statistics(file, f.name())).collect();
        let statistics = Statistics { num_rows: file.statistics.num_rows, total_byte_size: Precision::Absent, column_statistics: columns };
        let partitioned = PartitionedFile::new_from_meta(meta);
        Ok(partitioned.with_partition_values(values).with_statistics(Arc::new(statistics)))
    }

    fn column_statistics(&self, file: &DataFile, column: &str) -> ColumnStatistics {
        let position = self.schema.index_of(column).ok();
        position.and_then(|p| file.statistics.column_statistics.get(p)).cloned().unwrap_or_else(ColumnStatistics::new_unknown)
    }
}

#[async_trait]
impl TableProvider for FileScan {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> QueryResult<Vec<TableProviderFilterPushDown>> {
        // The optimizer pushes the physical predicate into the Parquet reader, which skips files, row groups and pages.
        Ok(vec![TableProviderFilterPushDown::Unsupported; filters.len()])
    }

    fn statistics(&self) -> Option<Statistics> {
        let rows = self.rows().and_then(|r| usize::try_from(r).ok());
        Some(Statistics { num_rows: rows.map_or(Precision::Absent, Precision::Exact), ..Statistics::new_unknown(&self.schema) })
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> QueryResult<Arc<dyn ExecutionPlan>> {
        let columns: Vec<usize> = match projection {
            Some(projection) => projection.iter().filter_map(|p| self.positions.get(*p).copied()).collect(),
            None => self.positions.clone(),
        };
        if self.files.is_empty() {
            let schema = match projection {
                Some(projection) => Arc::new(self.schema.project(projection)?),
                None => Arc::clone(&self.schema),
            };
            return Ok(Arc::new(EmptyExec::new(schema)));
        }
        let groups = groups(
            self.files.iter().enumerate().map(|(i, f)| self.partitioned_file(i, f)).collect::<QueryResult<Vec<_>>>()?,
            state.config().target_partitions(),
        );
        let source = ParquetSource::new(self.reader.clone())
            .with_table_parquet_options(state.default_table_options().parquet)
            .with_pushdown_filters(self.late);
        let mut statistics = Statistics::new_unknown(self.reader.table_schema());
        if let Some(rows) = self.rows().and_then(|r| usize::try_from(r).ok()) {
            statistics.num_rows = Precision::Exact(rows);
        }
        let config = FileScanConfigBuilder::new(self.store.clone(), Arc::new(source))
            .with_file_groups(groups)
            .with_statistics(statistics)
            .with_projection_indices(Some(columns))?
            .with_limit(limit)
            .build();
        let scan: Arc<dyn ExecutionPlan> = DataSourceExec::from_data_source(config);
        let counts_memory = matches!(state.runtime_env().memory_pool.memory_limit(), MemoryLimit::Finite(_));
        let compacts = if counts_memory { Compacts::Everything } else { Compacts::Nothing };
        let passed = |input| Arc::new(Passed { input, compacts, every_row: self.every_row });
        Ok(if self.every_row || counts_memory { passed(scan) } else { scan })
    }
}

/// Files dealt out to `count` groups of about equal bytes, in order, so that neighbours in time stay together.
fn groups(files: Vec<PartitionedFile>, count: usize) -> Vec<FileGroup> {
    let total: u64 = files.iter().map(|f| f.object_meta.size).sum();
    let share = (total / count.max(1) as u64).max(1);
    let mut groups: Vec<Vec<PartitionedFile>> = vec![Vec::new()];
    let mut filled = 0;
    for file in files {
        if filled >= share && groups.len() < count {
            groups.push(Vec::new());
            filled = 0;
        }
        filled += file.object_meta.size;
        if let Some(group) = groups.last_mut() {
            group.push(file);
        }
    }
    groups.into_iter().map(FileGroup::new).collect()
}
