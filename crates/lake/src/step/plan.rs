//! Deciding how little a step can compute.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::common::ScalarValue;
use datafusion::datasource::MemTable;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use spec::{Kind, Model, TableName};

use super::{DEFINITION, Inputs, definition};
use crate::affected::{self, Keys};
use crate::exec::collect_few;
use crate::output::{plan_query, table_schema};
use crate::quarantine;
use crate::report::Action;
use crate::scan::FileScan;
use crate::table::{DataFile, Table, engine_type};
use crate::{Lake, LakeError, Result};

/// Up to this many values a restriction is a list, which skips files, instead of a join.
const LISTED_VALUES: usize = 1000;

/// New data files of the single input of a row-wise model.
pub(super) struct Delta {
    pub input: TableName,
    pub files: Vec<DataFile>,
}

/// How a table is brought up to date.
pub(super) enum Way {
    /// Nothing was new.
    Nothing,
    /// What was new concerns no row: only the versions read are recorded.
    Acknowledge,
    Build,
    Append(Delta),
    Fold(Delta),
    Recompute(AffectedKeys),
    Replace(AffectedKeys),
}

/// Key (or partition) values of the rows to be computed again.
pub(super) struct AffectedKeys {
    pub columns: Vec<String>,
    pub batches: Vec<RecordBatch>,
    pub rows_read: u64,
}

impl Way {
    pub fn action(&self) -> Action {
        match self {
            Self::Nothing | Self::Acknowledge => Action::UpToDate,
            Self::Build => Action::Built,
            Self::Append(_) => Action::Appended,
            Self::Fold(_) | Self::Recompute(_) => Action::Merged,
            Self::Replace(_) => Action::Replaced,
        }
    }
}

pub(super) struct Decision {
    pub way: Way,
    pub query: LogicalPlan,
    pub schema: SchemaRef,
    pub notes: Vec<String>,
}

struct Changed {
    input: TableName,
    added: Vec<DataFile>,
    removed: Vec<DataFile>,
}

pub(super) async fn decide(
    lake: &Lake,
    model: &Model,
    inputs: &Inputs,
    target: Option<&Table>,
    consumed: &HashMap<String, i64>,
    rebuild: bool,
    rebuild_share: f64,
) -> Result<Decision> {
    let query = plan_query(&inputs.context.state(), model).await?;
    let schema = table_schema(&query);
    let decision = |way, notes: Vec<String>| Decision { way, query: query.clone(), schema: Arc::clone(&schema), notes };
    let Some(target) = target else { return Ok(decision(Way::Build, vec![])) };
    if rebuild {
        return Ok(decision(Way::Build, vec!["rebuilt as asked".to_owned()]));
    }
    if target.partition_columns() != model.header.partition_by {
        return Err(LakeError::invalid(format!(
            "{}: is partitioned by [{}] but its model says [{}]; restore the header or remove the table's folder",
            model.table,
            target.partition_columns().join(", "),
            model.header.partition_by.join(", ")
        )));
    }
    match consumed.get(DEFINITION) {
        None => return Ok(decision(Way::Build, vec![])), // made, but never filled
        Some(known) if *known != definition(model) => return Ok(decision(Way::Build, vec!["rebuilt: the model changed".to_owned()])),
        Some(_) => {}
    }
    let mut changed = Vec::new();
    for (name, table) in &inputs.tables {
        let Some(before) = table.version_read(consumed) else {
            let why = if consumed.contains_key(&name.to_string()) { "is a new table of that name" } else { "was not read before" };
            return Ok(decision(Way::Build, vec![format!("rebuilt: {name} {why}")]));
        };
        if before == table.version() {
            continue;
        }
        if before > table.version() {
            return Ok(decision(Way::Build, vec![format!("rebuilt: {name} was restored to an earlier version")]));
        }
        let Some((added, removed)) = table.changes_since(before).await? else {
            return Ok(decision(Way::Build, vec![format!("rebuilt: the log of {name} does not tell what changed since version {before}")]));
        };
        if !added.is_empty() || !removed.is_empty() {
            changed.push(Changed { input: name.clone(), added, removed });
        }
    }
    if changed.is_empty() {
        return Ok(decision(Way::Nothing, vec![]));
    }
    let only_added = changed.iter().all(|c| c.removed.is_empty());
    let row_wise = affected::is_row_wise(&query);
    match model.header.kind {
        Kind::Full => return Ok(decision(Way::Build, vec![])),
        Kind::Append | Kind::Merge if row_wise && only_added && schema == target.schema() => {
            if let [Changed { .. }] = changed.as_slice()
                && let Some(Changed { input, added, .. }) = changed.pop()
            {
                let delta = Delta { input, files: added };
                let way =
                    if model.header.kind == Kind::Append && model.header.key.is_empty() { Way::Append(delta) } else { Way::Fold(delta) };
                return Ok(decision(way, vec![]));
            }
            return Ok(decision(Way::Build, vec![]));
        }
        Kind::Append => return Ok(decision(Way::Build, vec!["rebuilt: an input of this append-only table did more than grow".to_owned()])),
        Kind::Merge | Kind::ReplacePartitions => {}
    }
    if schema != target.schema() {
        return Ok(decision(Way::Build, vec!["rebuilt: the columns changed".to_owned()]));
    }
    let replace = model.header.kind == Kind::ReplacePartitions;
    let columns = if replace { &model.header.partition_by } else { &model.header.key };
    // A change as large as the table is not worth following row by row.
    let touched: u64 = changed.iter().flat_map(|c| c.added.iter().chain(&c.removed)).filter_map(|f| f.rows).sum();
    let whole: u64 = inputs.tables.values().filter_map(Table::rows).max().unwrap_or_default();
    if !replace && touched as f64 > rebuild_share * whole as f64 {
        return Ok(decision(Way::Build, vec![]));
    }
    let keys = match affected_values(inputs, &query, columns, &changed).await {
        Ok(Some(keys)) => keys,
        Ok(None) => {
            return Ok(decision(Way::Build, vec!["rebuilt: this model's shape does not show which rows a change touches".to_owned()]));
        }
        Err(LakeError::Query(error)) => return Ok(decision(Way::Build, vec![format!("rebuilt: {}", not_alone(&error))])),
        Err(error) => return Err(error),
    };
    let count: usize = keys.batches.iter().map(RecordBatch::num_rows).sum();
    if count == 0 {
        return Ok(decision(Way::Acknowledge, vec![]));
    }
    if consumed.contains_key(quarantine::TRANSACTION) && quarantine::has_rows_of(lake, &model.table).await? {
        return Ok(decision(
            Way::Build,
            vec!["rebuilt: which of its rows in quarantine still belong there shows only as a whole".to_owned()],
        ));
    }
    if replace {
        return Ok(decision(Way::Replace(keys), vec![]));
    }
    if count as f64 > rebuild_share * target.rows().unwrap_or_default() as f64 {
        return Ok(decision(Way::Build, vec![]));
    }
    Ok(decision(Way::Recompute(keys), vec![]))
}

/// Why what changed could not be computed alone.
pub(super) fn not_alone(error: &DataFusionError) -> String {
    let message = error.strip_backtrace();
    format!("what changed could not be computed alone ({})", message.lines().next().unwrap_or_default())
}

/// The values of `columns` in all result rows that the changes can touch.
async fn affected_values(inputs: &Inputs, query: &LogicalPlan, columns: &[String], changed: &[Changed]) -> Result<Option<AffectedKeys>> {
    let mut all: Option<LogicalPlan> = None;
    let mut rows_read = 0;
    // Where rows left one input while another changed too, what they met there may be gone as well.
    let moving: Vec<TableName> = match changed {
        [_, _, ..] if changed.iter().any(|c| !c.removed.is_empty()) => changed.iter().map(|c| c.input.clone()).collect(),
        _ => Vec::new(),
    };
    for change in changed {
        let Some(table) = inputs.tables.get(&change.input) else { continue };
        let files: Vec<DataFile> = change.added.iter().chain(&change.removed).cloned().collect();
        rows_read += files.iter().filter_map(|f| f.rows).sum::<u64>();
        let delta: Arc<dyn TableProvider> = Arc::new(FileScan::of_files(table, files, false));
        let occurrences = affected::occurrences(query, &change.input)?;
        if occurrences == 0 {
            return Ok(None);
        }
        for occurrence in 0..occurrences {
            let changed = affected::Change { table: &change.input, occurrence, delta: &delta, moving: &moving };
            let Some(keys) = affected::affected_keys(query, columns, &changed)? else { return Ok(None) };
            all = Some(match all {
                None => keys,
                Some(others) => LogicalPlanBuilder::from(others).union(keys)?.build()?,
            });
        }
    }
    let Some(all) = all else { return Ok(None) };
    let plan = LogicalPlanBuilder::from(all).distinct()?.build()?;
    let batches = collect_few(&inputs.context, &plan).await?;
    Ok(Some(AffectedKeys { columns: columns.to_vec(), batches, rows_read }))
}

impl AffectedKeys {
    /// The values as the table has them, whatever type the query gives them.
    pub fn as_stored(&self) -> Result<Vec<RecordBatch>> {
        let stored = |batch: &RecordBatch| -> Result<RecordBatch> {
            let fields: Vec<Field> =
                batch.schema().fields().iter().map(|f| Field::new(f.name(), engine_type(f.data_type()), true)).collect();
            let columns = batch.columns().iter().zip(&fields).map(|(c, f)| cast(c, f.data_type())).collect::<Result<_, _>>()?;
            Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
        };
        self.batches.iter().map(stored).collect()
    }

    /// In the form that restricts a plan.
    pub fn restriction(&self) -> Result<Keys> {
        let Some(first) = self.batches.first() else {
            return Ok(Keys { provider: Arc::new(MemTable::try_new(Arc::new(Schema::empty()), vec![vec![]])?), list: None });
        };
        let fields: Vec<Field> =
            first.schema().fields().iter().enumerate().map(|(i, f)| Field::new(Keys::column(i), f.data_type().clone(), true)).collect();
        let schema = Arc::new(Schema::new(fields));
        let batches: Vec<RecordBatch> =
            self.batches.iter().map(|b| RecordBatch::try_new(Arc::clone(&schema), b.columns().to_vec())).collect::<Result<_, _>>()?;
        let count: usize = batches.iter().map(RecordBatch::num_rows).sum();
        let list = if schema.fields().len() == 1 && count <= LISTED_VALUES {
            let values = batches.iter().flat_map(|b| (0..b.num_rows()).map(|r| ScalarValue::try_from_array(b.column(0), r)));
            Some(values.collect::<Result<Vec<_>, _>>()?)
        } else {
            None
        };
        Ok(Keys { provider: Arc::new(MemTable::try_new(schema, vec![batches])?), list })
    }
}
