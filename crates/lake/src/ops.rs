//! What the engine keeps of its own work, as tables anybody can query: `ops.runs` and `ops.expectations`.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use datafusion::arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringViewArray, TimestampMicrosecondArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use serde_json::Value;
use spec::{Layer, TableName};

use crate::report::{Action, RunReport, TableReport};
use crate::step::{ATTEMPTS, Run};
use crate::table::{Commit, Table};
use crate::write::TableWriter;
use crate::{Lake, LakeError, Result};

fn field(name: &str, data_type: DataType) -> Field {
    Field::new(name, data_type, true)
}

pub(crate) fn instant() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

static RUNS: LazyLock<SchemaRef> = LazyLock::new(|| {
    let mut fields = vec![
        field("run_id", DataType::Utf8View),
        field("started_at", instant()),
        field("table_name", DataType::Utf8View),
        field("action", DataType::Utf8View),
        field("table_version", DataType::Int64),
    ];
    for count in ["rows_read", "rows_written", "deduplicated", "filtered", "quarantined", "replaced"] {
        fields.push(field(count, DataType::Int64));
    }
    fields.push(field("seconds", DataType::Float64));
    fields.push(field("notes", DataType::Utf8View));
    Arc::new(Schema::new(fields))
});

static EXPECTATIONS: LazyLock<SchemaRef> = LazyLock::new(|| {
    Arc::new(Schema::new(vec![
        field("run_id", DataType::Utf8View),
        field("started_at", instant()),
        field("table_name", DataType::Utf8View),
        field("expectation", DataType::Utf8View),
        field("broken_rows", DataType::Int64),
    ]))
});

/// Adds a finished run to `ops.runs` and `ops.expectations`.
pub(crate) async fn record(lake: &Lake, run: &Run, report: &RunReport) -> Result<()> {
    let worked: Vec<&TableReport> = report.tables.iter().filter(|t| t.action != Action::UpToDate).collect();
    if worked.is_empty() {
        return Ok(());
    }
    let at = |rows: usize| -> ArrayRef { Arc::new(TimestampMicrosecondArray::from(vec![run.at_micros; rows]).with_timezone("UTC")) };
    let count =
        |f: &dyn Fn(&TableReport) -> u64| -> ArrayRef { Arc::new(worked.iter().map(|t| i64::try_from(f(t)).ok()).collect::<Int64Array>()) };
    let text =
        |f: &dyn Fn(&TableReport) -> String| -> ArrayRef { Arc::new(worked.iter().map(|t| Some(f(t))).collect::<StringViewArray>()) };
    let columns = vec![
        text(&|_| run.id.clone()),
        at(worked.len()),
        text(&|t| t.table.to_string()),
        text(&|t| t.action.to_string()),
        count(&|t| t.version),
        count(&|t| t.rows_read),
        count(&|t| t.rows_written),
        count(&|t| t.deduplicated),
        count(&|t| t.filtered),
        count(&|t| t.quarantined),
        count(&|t| t.replaced),
        Arc::new(worked.iter().map(|t| Some(t.seconds)).collect::<Float64Array>()),
        text(&|t| t.notes.join("; ")),
    ];
    append(lake, "runs", "One row per run and table it changed: rows read and what became of them.", &RUNS, columns).await?;
    let broken: Vec<(String, String, i64)> = worked
        .iter()
        .flat_map(|t| t.broken.iter().map(|(rule, rows)| (t.table.to_string(), rule.clone(), i64::try_from(*rows).unwrap_or(i64::MAX))))
        .collect();
    if broken.is_empty() {
        return Ok(());
    }
    let columns: Vec<ArrayRef> = vec![
        Arc::new(broken.iter().map(|_| Some(run.id.clone())).collect::<StringViewArray>()),
        at(broken.len()),
        Arc::new(broken.iter().map(|b| Some(b.0.clone())).collect::<StringViewArray>()),
        Arc::new(broken.iter().map(|b| Some(b.1.clone())).collect::<StringViewArray>()),
        Arc::new(broken.iter().map(|b| Some(b.2)).collect::<Int64Array>()),
    ];
    append(lake, "expectations", "One row per run, table and expectation that rows broke.", &EXPECTATIONS, columns).await
}

async fn append(lake: &Lake, name: &str, description: &str, schema: &SchemaRef, columns: Vec<ArrayRef>) -> Result<()> {
    let name = TableName { layer: Layer::Ops, name: name.to_owned() };
    let batch = RecordBatch::try_new(Arc::clone(schema), columns)?;
    append_batch(lake, &name, description, &batch, |_| HashMap::new()).await.map(|_| ())
}

/// Appends a batch to an `ops` table, making it where needed, and trying again when another writer was first.
pub(crate) async fn append_batch(
    lake: &Lake,
    name: &TableName,
    description: &str,
    batch: &RecordBatch,
    transactions: impl Fn(&Table) -> HashMap<String, i64>,
) -> Result<Table> {
    for _ in 0..ATTEMPTS {
        let table = match lake.table(name).await? {
            Some(table) => table,
            None => lake.create_table(name, &batch.schema(), &[], description, &[]).await?,
        };
        let mut writer = TableWriter::new(&table, &batch.schema(), &lake.options().write)?;
        writer.write(batch).await?;
        let adds = writer.finish().await?;
        let commit = Commit { adds, removes: vec![], transactions: transactions(&table), report: Value::Null, ..Commit::default() };
        match table.commit(commit).await {
            Err(error) if error.is_conflict() => continue,
            done => return done,
        }
    }
    Err(LakeError::Conflict { table: name.clone(), attempts: ATTEMPTS })
}
