//! Releases: the versions of all tables that belong together, published at once, so that a query sees silver and gold
//! agree. A release is one commit of `ops.releases`; its number is that commit's version.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use chrono::{DateTime, Utc};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch, StringViewArray, TimestampMicrosecondArray};
use datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef, TimestampMicrosecondType};
use datafusion::catalog::TableProvider;
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::{LogicalPlanBuilder, col, lit};
use deltalake::DeltaTableError;
use serde_json::Value;
use spec::{Layer, TableName};

use crate::exec::collect_few;
use crate::scan::FileScan;
use crate::session::Pinned;
use crate::step::Run;
use crate::table::{Commit, Table};
use crate::write::TableWriter;
use crate::{Lake, Result, ops};

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    Arc::new(Schema::new(vec![
        Field::new("release", DataType::Int64, true),
        Field::new("published_at", ops::instant(), true),
        Field::new("run_id", DataType::Utf8View, true),
        Field::new("table_name", DataType::Utf8View, true),
        Field::new("table_version", DataType::Int64, true),
    ]))
});

/// `ops.releases`.
pub(crate) fn table_name() -> TableName {
    TableName { layer: Layer::Ops, name: "releases".to_owned() }
}

/// The versions of a release.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Release {
    /// Its number.
    pub number: u64,
    /// The time of the run that published it.
    pub published_at: DateTime<Utc>,
    /// Table versions that agree with each other.
    pub versions: BTreeMap<TableName, u64>,
}

/// The last release as it was read, and the table that the next one goes to.
pub(crate) struct Last {
    /// Without any versions where nothing was released yet.
    pub release: Release,
    table: Option<Table>,
}

impl Last {
    /// Reads it.
    pub async fn of(lake: &Lake) -> Result<Self> {
        let table = lake.table(&table_name()).await?;
        let release = match &table {
            Some(table) => numbered(lake, table.version()).await?.unwrap_or_default(),
            None => Release::default(),
        };
        Ok(Self { release, table })
    }
}

/// Publishes these versions if they differ from the last release; a conflict if anybody published since that was read.
pub(crate) async fn publish(lake: &Lake, run: &Run, last: Last, versions: BTreeMap<TableName, u64>) -> Result<Option<u64>> {
    if versions == last.release.versions {
        return Ok(None);
    }
    let was_missing = last.table.is_none();
    let table = match last.table {
        Some(table) => table,
        None => lake.create_table(&table_name(), &SCHEMA, &[], "Which table versions belong together.", &[]).await?,
    };
    // Made by another run, which has published meanwhile.
    if was_missing && table.version() > 0 {
        return Err(DeltaTableError::VersionAlreadyExists(table.version()).into());
    }
    let number = table.version() + 1;
    let signed = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let rows = versions.len();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from(vec![signed(number); rows])),
        Arc::new(TimestampMicrosecondArray::from(vec![run.at_micros; rows]).with_timezone("UTC")),
        Arc::new(versions.keys().map(|_| Some(run.id.clone())).collect::<StringViewArray>()),
        Arc::new(versions.keys().map(|n| Some(n.to_string())).collect::<StringViewArray>()),
        Arc::new(versions.values().map(|v| Some(signed(*v))).collect::<Int64Array>()),
    ];
    let mut writer = TableWriter::new(&table, &SCHEMA, &lake.options().write)?;
    writer.write(&RecordBatch::try_new(Arc::clone(&SCHEMA), columns)?).await?;
    let adds = writer.finish().await?;
    let commit = Commit { adds, removes: vec![], transactions: Default::default(), report: Value::Null, ..Commit::default() };
    table.commit(commit).await?;
    Ok(Some(number))
}

/// The last release, if there is one.
pub(crate) async fn latest(lake: &Lake) -> Result<Option<Release>> {
    let Some(table) = lake.table(&table_name()).await? else { return Ok(None) };
    if table.version() == 0 {
        return Ok(None);
    }
    numbered(lake, table.version()).await
}

/// A release by its number.
pub(crate) async fn numbered(lake: &Lake, number: u64) -> Result<Option<Release>> {
    let all = all(lake).await?;
    Ok(all.into_iter().rfind(|r| r.number <= number))
}

/// All releases, oldest first.
pub(crate) async fn all(lake: &Lake) -> Result<Vec<Release>> {
    let Some(table) = lake.table(&table_name()).await? else { return Ok(Vec::new()) };
    let scan: Arc<dyn TableProvider> = Arc::new(FileScan::of(&table));
    let context = lake.context(Arc::new(Pinned::default()))?;
    let plan = LogicalPlanBuilder::scan("releases", provider_as_source(scan), None)?
        .filter(col("table_version").gt_eq(lit(0_i64)))?
        .project(vec![col("release"), col("table_name"), col("table_version"), col("published_at")])?
        .build()?;
    let mut releases: BTreeMap<u64, Release> = BTreeMap::new();
    for batch in collect_few(&context, &plan).await? {
        let (numbers, versions) = (batch.column(0).as_primitive::<Int64Type>(), batch.column(2).as_primitive::<Int64Type>());
        let names = batch.column(1).as_string_view();
        let times = batch.column(3).as_primitive::<TimestampMicrosecondType>();
        for row in 0..batch.num_rows() {
            if numbers.is_null(row) || names.is_null(row) {
                continue;
            }
            let number = u64::try_from(numbers.value(row)).unwrap_or_default();
            let Ok(name) = names.value(row).parse::<TableName>() else { continue };
            let published_at = DateTime::from_timestamp_micros(times.value(row)).unwrap_or_default();
            let release = releases.entry(number).or_insert_with(|| Release { number, published_at, versions: BTreeMap::new() });
            release.versions.insert(name, u64::try_from(versions.value(row)).unwrap_or_default());
        }
    }
    Ok(releases.into_values().collect())
}
