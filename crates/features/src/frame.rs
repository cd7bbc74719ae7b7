//! Rows to learn from, as of one state of the lake.

use std::collections::BTreeMap;

use lake::datafusion::arrow::array::RecordBatch;
use lake::datafusion::common::{Column, TableReference};
use lake::datafusion::logical_expr::{Expr, lit};
use lake::datafusion::prelude::DataFrame;
use lake::datafusion::scalar::ScalarValue;
use lake::{AsOf, Lake, LakeError, Result};
use spec::TableName;

use crate::point_in_time::{PointInTime, point_in_time};

/// Which rows, and what of them.
#[derive(Debug, Clone)]
pub struct FrameSpec {
    /// The table whose rows are asked about, such as `features.click_features`.
    pub table: TableName,
    /// Its columns to keep; empty = all.
    pub columns: Vec<String>,
    /// Its event time, for [`FrameSpec::from`] and [`FrameSpec::until`].
    pub time: String,
    /// Rows of this instant and later alone, in microseconds since 1970, UTC.
    pub from: Option<i64>,
    /// Rows before this instant alone, likewise.
    pub until: Option<i64>,
    /// What else was known of each row then.
    pub joins: Vec<(TableName, PointInTime)>,
    /// The state of the lake.
    pub as_of: AsOf,
}

/// Rows to learn from: a query that has not run yet.
pub struct Frame {
    /// Stream or collect it.
    pub rows: DataFrame,
    /// The Delta version of each table that it reads: who reads these again gets the same rows.
    pub versions: BTreeMap<TableName, u64>,
}

impl FrameSpec {
    /// All rows and columns of a table, as of the last release.
    pub fn of(table: TableName, time: &str) -> Self {
        Self { table, columns: vec![], time: time.to_owned(), from: None, until: None, joins: vec![], as_of: AsOf::LastRelease }
    }
}

impl Frame {
    /// Runs it; the batches in no particular order.
    ///
    /// # Errors
    /// What happens while reading.
    pub async fn collect(self) -> Result<Vec<RecordBatch>> {
        lake::collect(self.rows.execute_stream().await?).await
    }
}

/// The rows that a spec asks for.
///
/// # Errors
/// A table or column that is not there, or a state that is none.
pub async fn frame(lake: &Lake, spec: &FrameSpec) -> Result<Frame> {
    let tables = std::iter::once(&spec.table).chain(spec.joins.iter().map(|(table, _)| table));
    let mut versions = BTreeMap::new();
    for table in tables {
        versions.insert(table.clone(), lake.version_as_of(table, spec.as_of).await?);
    }
    let session = lake.session(spec.as_of).await?;
    let read = async |table: &TableName| session.table(TableReference::partial(table.layer.as_str(), table.name.as_str())).await;
    let mut rows = read(&spec.table).await?;
    for (bound, is_lower) in [(spec.from, true), (spec.until, false)] {
        let Some(micros) = bound else { continue };
        let time = named(&rows, &spec.table, &spec.time)?;
        let instant = lit(ScalarValue::TimestampMicrosecond(Some(micros), Some("UTC".into())));
        rows = rows.filter(if is_lower { time.gt_eq(instant) } else { time.lt(instant) })?;
    }
    if !spec.columns.is_empty() {
        let columns = spec.columns.iter().map(|column| named(&rows, &spec.table, column)).collect::<Result<Vec<_>>>()?;
        rows = rows.select(columns)?;
    }
    for (table, join) in &spec.joins {
        rows = point_in_time(rows, read(table).await?, join)?;
    }
    Ok(Frame { rows, versions })
}

fn named(rows: &DataFrame, table: &TableName, column: &str) -> Result<Expr> {
    let known = || rows.schema().fields().iter().map(|f| f.name().as_str());
    if known().any(|name| name == column) {
        return Ok(Expr::Column(Column::from_name(column)));
    }
    let hint = spec::closest(column, known()).map(|near| format!(" (did you mean {near}?)")).unwrap_or_default();
    Err(LakeError::invalid(format!("{table} has no column {column}{hint}")))
}
