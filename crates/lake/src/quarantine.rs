//! Rows that could not be taken, kept with where they came from and why, in `ops.quarantine`.
//!
//! Two tables cannot be committed at once, so a step first writes the rejected rows to data files that nobody sees yet,
//! names these files in the commit of its own table, and only then commits them to `ops.quarantine`. [`settle`] finishes
//! what a crash in between left undone: nothing is lost and nothing counted twice.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, LazyLock};

use datafusion::arrow::array::{ArrayRef, Int64Array, RecordBatch, StringViewArray, TimestampMicrosecondArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion::catalog::TableProvider;
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder, col, lit};
use deltalake::kernel::{Action, Add};
use deltalake::logstore::get_actions;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use spec::{Layer, TableName};
use tokio::sync::Mutex;

use crate::exec::collect_few;
use crate::scan::FileScan;
use crate::session::Pinned;
use crate::table::{Commit, Table};
use crate::write::TableWriter;
use crate::{Lake, LakeError, Result};

/// A row that was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// The source file, where known.
    pub source: Option<String>,
    /// The 1-based line in it, where known.
    pub line: Option<i64>,
    /// What was broken: an expectation's name, `cast`, `key`, or `decode`.
    pub rule: String,
    /// Why, in words.
    pub reason: String,
    /// The row as it came (text formats) or as JSON.
    pub raw: String,
}

/// The transaction id under which a table records that a version of it has rejected rows.
pub(crate) const TRANSACTION: &str = "quarantine";

/// `ops.quarantine`.
pub(crate) fn table_name() -> TableName {
    TableName { layer: Layer::Ops, name: "quarantine".to_owned() }
}

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let text = |name: &str| Field::new(name, DataType::Utf8View, true);
    Arc::new(Schema::new(vec![
        text("table_name"),
        text("source"),
        Field::new("line", DataType::Int64, true),
        text("rule"),
        text("reason"),
        text("raw"),
        text("run_id"),
        Field::new("quarantined_at", DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), true),
    ]))
});

/// What a table's commit says about its rejected rows.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Pending {
    /// Data files of `ops.quarantine` to be committed.
    pub add: Vec<Add>,
    /// The table was rebuilt: earlier rejects of it are void.
    pub replace: bool,
}

impl Pending {
    pub fn is_empty(&self) -> bool {
        self.add.is_empty() && !self.replace
    }
}

/// Takes rejected rows of one table during a step.
pub(crate) struct Sink {
    lake: Lake,
    table: TableName,
    run_id: String,
    at_micros: i64,
    writer: Mutex<Option<TableWriter>>,
}

impl Sink {
    pub fn new(lake: &Lake, table: &TableName, run_id: &str, at_micros: i64) -> Self {
        Self { lake: lake.clone(), table: table.clone(), run_id: run_id.to_owned(), at_micros, writer: Mutex::new(None) }
    }

    pub async fn push(&self, rejects: Vec<Reject>) -> Result<()> {
        if rejects.is_empty() {
            return Ok(());
        }
        let rows = rejects.len();
        let text = |f: &dyn Fn(&Reject) -> Option<String>| -> ArrayRef { Arc::new(rejects.iter().map(f).collect::<StringViewArray>()) };
        let columns: Vec<ArrayRef> = vec![
            text(&|_| Some(self.table.to_string())),
            text(&|r| r.source.clone()),
            Arc::new(rejects.iter().map(|r| r.line).collect::<Int64Array>()),
            text(&|r| Some(r.rule.clone())),
            text(&|r| Some(r.reason.clone())),
            text(&|r| Some(r.raw.clone())),
            text(&|_| Some(self.run_id.clone())),
            Arc::new(TimestampMicrosecondArray::from(vec![self.at_micros; rows]).with_timezone("UTC")),
        ];
        self.keep(&RecordBatch::try_new(Arc::clone(&SCHEMA), columns)?).await
    }

    /// Takes rows in the form in which [`rows_of`] gives them, with the run that set them aside.
    pub async fn keep(&self, rows: &RecordBatch) -> Result<()> {
        let mut writer = self.writer.lock().await;
        if writer.is_none() {
            let table = open_or_create(&self.lake).await?;
            *writer = Some(TableWriter::new(&table, &SCHEMA, &self.lake.options().write)?);
        }
        match writer.as_mut() {
            Some(writer) => writer.write(rows).await,
            None => Ok(()),
        }
    }

    /// Closes the files; they wait for [`settle`].
    pub async fn finish(&self) -> Result<Vec<Add>> {
        match self.writer.lock().await.take() {
            Some(writer) => writer.finish().await,
            None => Ok(Vec::new()),
        }
    }
}

/// The rejected rows of a table that are in `ops.quarantine`.
pub(crate) async fn rows_of(lake: &Lake, table: &TableName) -> Result<Vec<RecordBatch>> {
    let Some(quarantine) = lake.table(&table_name()).await? else { return Ok(Vec::new()) };
    let scan: Arc<dyn TableProvider> = Arc::new(FileScan::of(&quarantine));
    let columns: Vec<Expr> = SCHEMA.fields().iter().map(|f| col(f.name())).collect();
    let plan = LogicalPlanBuilder::scan("quarantine", provider_as_source(scan), None)?
        .filter(col("table_name").eq(lit(table.to_string())))?
        .project(columns)?
        .build()?;
    collect_few(&lake.context(Arc::new(Pinned::default()))?, &plan).await
}

/// Whether any rejected row of a table is in `ops.quarantine`.
pub(crate) async fn has_rows_of(lake: &Lake, table: &TableName) -> Result<bool> {
    let Some(quarantine) = lake.table(&table_name()).await? else { return Ok(false) };
    let partition = Some(table.to_string());
    Ok(quarantine.files().iter().any(|f| f.partition.get("table_name") == Some(&partition)))
}

async fn open_or_create(lake: &Lake) -> Result<Table> {
    let name = table_name();
    match lake.table(&name).await? {
        Some(table) => Ok(table),
        None => {
            let columns = [
                ("table_name", "Table that did not take the row"),
                ("source", "File the row came from"),
                ("line", "Line in that file, from 1"),
                ("rule", "Expectation that was broken, or cast, key, decode"),
                ("reason", "Why, in words"),
                ("raw", "The row as it came, or as JSON"),
                ("run_id", "Run that set it aside"),
                ("quarantined_at", "When that run began, UTC"),
            ];
            let comments: Vec<(String, String)> = columns.iter().map(|(n, c)| ((*n).to_owned(), (*c).to_owned())).collect();
            lake.create_table(&name, &SCHEMA, &["table_name".to_owned()], "Rows that were not taken, with the reason.", &comments).await
        }
    }
}

/// Brings `ops.quarantine` up to what the commits of `table` promise. Called after each commit, and before each step for
/// what a crash left.
pub(crate) async fn settle(lake: &Lake, table: &Table, transactions: &HashMap<String, i64>) -> Result<()> {
    let Some(promised) = transactions.get(TRANSACTION).copied() else { return Ok(()) };
    for _ in 0..crate::step::ATTEMPTS {
        let quarantine = open_or_create(lake).await?;
        let id = table.name.to_string();
        let known = quarantine.transactions().await?;
        let settled = table.version_read(&known).and_then(|v| i64::try_from(v).ok()).unwrap_or(-1);
        if settled >= promised {
            return Ok(());
        }
        let mut adds = Vec::new();
        // Rejects of a table that stood here before are void.
        let mut replace = settled < 0 && known.contains_key(&id);
        for version in (settled + 1).max(0)..=promised {
            let version = u64::try_from(version).unwrap_or_default();
            let pending = pending_of(table, version).await?;
            if pending.replace {
                adds.clear();
                replace = true;
            }
            adds.extend(pending.add);
        }
        let removes = if replace {
            let partition = id.clone();
            let old = quarantine.files().into_iter().filter(|f| f.partition.get("table_name") == Some(&Some(partition.clone())));
            // A restore names files again that are still there: they stay as they are.
            let old: HashSet<String> = old.map(|f| f.path).collect();
            let named: HashSet<String> = adds.iter().map(|a| a.path.clone()).collect();
            adds.retain(|a| !old.contains(&a.path));
            quarantine.removals(&old.difference(&named).cloned().collect(), true)
        } else {
            Vec::new()
        };
        let commit = Commit {
            adds,
            removes,
            transactions: HashMap::from([(id, promised), (table.identity_key(), table.identity())]),
            report: Value::Null,
            ..Commit::default()
        };
        match quarantine.commit(commit).await {
            Ok(_) => return Ok(()),
            Err(error) if error.is_conflict() => continue,
            Err(error) => return Err(error),
        }
    }
    Err(LakeError::Conflict { table: table_name(), attempts: crate::step::ATTEMPTS })
}

pub(crate) async fn pending_of(table: &Table, version: u64) -> Result<Pending> {
    let Some(bytes) = table.log.read_commit_entry(version).await? else { return Ok(Pending::default()) };
    for action in get_actions(version, &bytes)? {
        if let Action::CommitInfo(info) = action
            && let Some(pending) = info.info.get("adlake").and_then(|a| a.get(TRANSACTION))
        {
            return Ok(serde_json::from_value(pending.clone())?);
        }
    }
    Ok(Pending::default())
}
