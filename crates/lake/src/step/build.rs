//! Computing a table, or partitions of it, without looking at what it held before.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::catalog::TableProvider;
use datafusion::logical_expr::LogicalPlan;
use spec::Model;

use super::drain::{Drained, drain};
use super::first_pass::note_keys;
use super::plan::{AffectedKeys, Delta};
use super::{Inputs, Outcome};
use crate::affected;
use crate::dedup::{Groups, gather};
use crate::output::{Output, plan_query};
use crate::quarantine::Sink;
use crate::scan::FileScan;
use crate::table::Table;
use crate::{Lake, LakeError, Result, unique};

/// All of the table.
pub(super) async fn build(lake: &Lake, model: &Model, inputs: &Inputs, target: &Table, query: LogicalPlan, sink: &Sink) -> Result<Outcome> {
    let row_wise = affected::is_row_wise(&query);
    let rows_read = if row_wise { inputs.tables.values().filter_map(Table::rows).sum() } else { largest_input(inputs) };
    let query = if row_wise { reading_every_row(query, inputs)? } else { query };
    let output = Output::new(&inputs.context.state(), model, query)?;
    let mut made = deduplicated(lake, model, inputs, target, &output, rows_read, sink).await?;
    let old: HashSet<String> = target.files().into_iter().map(|f| f.path).collect();
    made.removes = target.removals(&old, true);
    made.overwrite = true;
    made.conserved = row_wise;
    Ok(made)
}

/// The rows that are new, added.
pub(super) async fn append(lake: &Lake, model: &Model, inputs: &Inputs, target: &Table, delta: Delta, sink: &Sink) -> Result<Outcome> {
    let (query, rows_read) = delta_query(model, inputs, delta).await?;
    let output = Output::new(&inputs.context.state(), model, query)?;
    let drained = drain(lake, &inputs.context, &output, target, None, sink).await?;
    let mut made = outcome(drained, &[], rows_read).await?;
    made.conserved = true;
    Ok(made)
}

/// The partitions with these values.
pub(super) async fn replace(
    lake: &Lake,
    model: &Model,
    inputs: &Inputs,
    target: &Table,
    query: LogicalPlan,
    keys: AffectedKeys,
    sink: &Sink,
) -> Result<Outcome> {
    let output = Output::new(&inputs.context.state(), model, query)?;
    // A partition may be too large to be held.
    let output = keys.restrict(lake, inputs, output, false).await?;
    let files = keys.files(target)?;
    let replaced: u64 = files.iter().filter_map(|f| f.rows).sum();
    let mut made = deduplicated(lake, model, inputs, target, &output, replaced + keys.rows_read, sink).await?;
    (made.replaced, made.rows_read) = (replaced, keys.rows_read);
    made.removes = target.removals(&files.into_iter().map(|f| f.path).collect(), true);
    Ok(made)
}

/// The rows of an output of about `rows` rows, one per key, in data files.
async fn deduplicated(
    lake: &Lake,
    model: &Model,
    inputs: &Inputs,
    target: &Table,
    output: &Output,
    rows: u64,
    sink: &Sink,
) -> Result<Outcome> {
    if model.header.key.is_empty() || unique::is_unique(&output.plan, output.key(), &inputs.keys) {
        return outcome(drain(lake, &inputs.context, output, target, None, sink).await?, &[], rows).await;
    }
    let noted = note_keys(lake, model, inputs, output, rows).await?;
    let drained = drain(lake, &inputs.context, output, target, Some(noted), sink).await?;
    let groups = Groups::of(&drained.candidates, output.key(), &output.preference(&model.header))?;
    let candidates: u64 = drained.candidates.iter().map(|b| b.num_rows() as u64).sum();
    let winners = groups.winners();
    let batches = gather(&drained.candidates, &winners)?;
    let let_go = drained.deduplicated;
    let mut made = outcome(drained, &batches, rows).await?;
    made.deduplicated = let_go + candidates - winners.len() as u64;
    Ok(made)
}

/// Closes the files with the rows that deduplication kept.
pub(super) async fn outcome(mut drained: Drained, kept: &[RecordBatch], rows_read: u64) -> Result<Outcome> {
    let adds = drained.finish(kept).await?;
    Ok(Outcome { adds, written: drained.written, filtered: drained.filtered, sieved: drained.sieved, rows_read, ..Outcome::default() })
}

/// The model's query over the new files of its input alone, and how many rows they have.
pub(super) async fn delta_query(model: &Model, inputs: &Inputs, delta: Delta) -> Result<(LogicalPlan, u64)> {
    let Some(table) = inputs.tables.get(&delta.input) else {
        return Err(LakeError::invalid(format!("{}: {} was not opened", model.table, delta.input)));
    };
    let rows = delta.files.iter().filter_map(|f| f.rows).sum();
    let provider: Arc<dyn TableProvider> = Arc::new(FileScan::of_files(table, delta.files, false).every_row());
    let query = plan_query(&inputs.context.state(), model).await?;
    Ok((affected::substitute(query, &delta.input, &provider)?, rows))
}

/// The query without skipping any row unseen, for the sum of rows to come out.
fn reading_every_row(query: LogicalPlan, inputs: &Inputs) -> Result<LogicalPlan> {
    inputs.tables.iter().try_fold(query, |query, (name, table)| {
        let provider: Arc<dyn TableProvider> = Arc::new(FileScan::of(table).every_row());
        Ok(affected::substitute(query, name, &provider)?)
    })
}

fn largest_input(inputs: &Inputs) -> u64 {
    inputs.tables.values().filter_map(Table::rows).max().unwrap_or_default()
}
