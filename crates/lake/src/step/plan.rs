//! Deciding how little a step can compute.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use datafusion::common::Column;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};
use spec::{Kind, Model, TableName};

use super::{DEFINITION, Inputs, definition, merge};
use crate::affected::{self, Changes, Touched, Values, Wanted};
use crate::exec::collect_few;
use crate::output::{Output, plan_query, table_schema};
use crate::quarantine;
use crate::report::Action;
use crate::scan::FileScan;
use crate::table::{DataFile, Table};
use crate::unique::{self, Positions};
use crate::{Lake, LakeError, Result};

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

/// Key (or partition) values of the rows to be computed again, as the table stores them.
pub(super) struct AffectedKeys {
    /// First the key, then what it tells of the partition.
    pub columns: Vec<String>,
    /// How many columns the key has.
    pub width: usize,
    pub values: Values,
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
    if let [vanished, ..] = inputs.vanished(model, consumed)[..] {
        return Ok(decision(Way::Build, vec![format!("rebuilt: {vanished} is not in the lake any more")]));
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
    let output = Output::new(&inputs.context.state(), model, query.clone())?;
    let keys = match affected_values(lake, inputs, &output, columns, &changed, &model.header.partition_by).await {
        Ok(Some(keys)) => keys,
        Ok(None) => {
            return Ok(decision(Way::Build, vec!["rebuilt: this model's shape does not show which rows a change touches".to_owned()]));
        }
        Err(error) if is_of_computation(&error) => return Ok(decision(Way::Build, vec![format!("rebuilt: {}", not_alone(&error))])),
        Err(error) => return Err(error),
    };
    let count = keys.values.distinct() as u64;
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
    // Many keys for this table: few of them may be in it, and most come to nothing.
    let much = |count: u64, of: u64| count as f64 > rebuild_share * of as f64;
    let rows = target.rows().unwrap_or_default();
    if much(count, rows) && (much(count, whole) || much(merge::known(inputs, target, &keys).await?, rows)) {
        return Ok(decision(Way::Build, vec![]));
    }
    Ok(decision(Way::Recompute(keys), vec![]))
}

/// Whether it is the computation that failed, rather than the lake.
pub(super) fn is_of_computation(error: &LakeError) -> bool {
    matches!(error, LakeError::Query(_) | LakeError::Arrow(_))
}

/// Why what changed could not be computed alone.
pub(super) fn not_alone(error: &LakeError) -> String {
    let message = error.to_string();
    format!("what changed could not be computed alone ({})", message.lines().next().unwrap_or_default())
}

/// The values of `columns` in all result rows that the changes can touch.
async fn affected_values(
    lake: &Lake,
    inputs: &Inputs,
    output: &Output,
    columns: &[String],
    changed: &[Changed],
    partition_by: &[String],
) -> Result<Option<AffectedKeys>> {
    let plan = affected::with_equalities(output.plan.clone())?;
    let position = |name: &String| plan.schema().index_of_column_by_name(None, name);
    let mut positions = columns.iter().map(position).collect::<Option<Vec<usize>>>().unwrap_or_default();
    if positions.is_empty() {
        return Ok(None);
    }
    let mut names = columns.to_vec();
    // Where a row's key tells its partition, only the partitions of the affected rows are looked at.
    let key: Positions = positions.iter().copied().collect();
    for column in partition_by {
        if let Some(at) = position(column)
            && !key.contains(&at)
            && unique::tells(&plan, &key, at, &inputs.keys)
        {
            positions.push(at);
            names.push(column.clone());
        }
    }
    let mut rows_read = 0;
    let mut deltas: BTreeMap<TableName, Arc<dyn TableProvider>> = BTreeMap::new();
    for change in changed {
        let Some(table) = inputs.tables.get(&change.input) else { continue };
        if affected::occurrences(&plan, &change.input)? == 0 {
            return Ok(None);
        }
        let files: Vec<DataFile> = change.added.iter().chain(&change.removed).cloned().collect();
        rows_read += files.iter().filter_map(|f| f.rows).sum::<u64>();
        deltas.insert(change.input.clone(), Arc::new(FileScan::of_files(table, files, false)));
    }
    let changes = Changes { scope: inputs.scope(lake, true), deltas };
    let touched = match changes.touched(&plan, &positions.iter().copied().collect()).await? {
        Touched::Unknown => return Ok(None),
        Touched::Nothing => Vec::new(),
        Touched::Rows(rows) => {
            let in_order = positions.iter().map(|p| Expr::Column(affected::column_at(plan.schema(), *p))).collect::<Vec<_>>();
            collect_few(&inputs.context, &LogicalPlanBuilder::from(rows).project(in_order)?.distinct()?.build()?).await?
        }
    };
    let values = Values::new(touched, columns.len())?;
    Ok(Some(AffectedKeys { columns: names, width: columns.len(), values, rows_read }))
}

impl AffectedKeys {
    /// The output's rows with these values alone.
    pub async fn restrict(&self, lake: &Lake, inputs: &Inputs, output: Output, hold: bool) -> Result<Output> {
        let plan = unique::narrowed(affected::with_equalities(output.plan.clone())?, &inputs.keys)?;
        let mut columns: Vec<Column> = self.columns.iter().map(Column::new_unqualified).collect();
        let hints = columns.split_off(self.width).into_iter().zip(self.width..).collect();
        let plan = inputs.scope(lake, hold).restricted(plan, &Wanted { columns, hints }, &self.values).await?;
        Ok(output.with_plan(plan))
    }

    /// The table's files that may have rows with these values.
    pub fn files(&self, target: &Table) -> Result<Vec<DataFile>> {
        let columns: Vec<(&str, usize)> = self.columns.iter().enumerate().map(|(at, name)| (name.as_str(), at)).collect();
        affected::files_with(target, &columns, &self.values)
    }
}
