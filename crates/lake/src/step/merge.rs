//! Changing single rows of a table: the few that are affected are found by key, compared, and only the data files in
//! which one really changes are written anew.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, BooleanArray, RecordBatch};
use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::datatypes::Int64Type;
use datafusion::arrow::row::OwnedRow;
use datafusion::catalog::TableProvider;
use datafusion::common::Column;
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};
use deltalake::kernel::Add;
use futures::TryStreamExt;
use spec::Model;
use tokio::task::JoinSet;

use super::build::{delta_query, outcome};
use super::drain::{drain, join, note_keys, select, share};
use super::plan::{AffectedKeys, Delta};
use super::{Inputs, Outcome};
use crate::affected;
use crate::dedup::{Groups, Place, Preference, Repeats, gather};
use crate::exec::execute;
use crate::output::Output;
use crate::quarantine::Sink;
use crate::scan::{FILE_COLUMN, FileScan, ROW_COLUMN};
use crate::table::{DataFile, Table};
use crate::write::TableWriter;
use crate::{Lake, LakeError, Result};

/// Where a row of the table lies: (position in its files, row number).
type Spot = (i64, i64);

/// New rows of a row-wise model into its table: per key the first of old and new stays.
pub(super) async fn fold(lake: &Lake, model: &Model, inputs: &Inputs, target: &Table, delta: Delta, sink: &Sink) -> Result<Outcome> {
    let (query, rows_read) = delta_query(model, inputs, delta).await?;
    let output = Output::new(&inputs.context.state(), model, query)?;
    let repeats = Arc::new(Repeats::for_rows(rows_read, lake.options().memory_limit_bytes));
    note_keys(inputs, &output, &repeats).await?;
    let files = target.files();
    let met = meet(inputs, &output, target, &files, &repeats).await?;
    let drained = drain(lake, &inputs.context, &output, target, Some(&repeats), sink).await?;
    let preference = output.preference(&model.header);
    let new = &drained.candidates;
    let groups = Groups::of(new, output.key(), &preference)?;
    let mut wanted: HashSet<Spot> = HashSet::new();
    // Without candidates nothing that was met matters: the rows that came with those keys were quarantined.
    for (keys, spots) in met.iter().filter(|_| !groups.is_empty()) {
        for (key, spot) in groups.exact(keys)?.iter().zip(spots) {
            if groups.by_key.contains_key(key) {
                wanted.insert(*spot);
            }
        }
    }
    let old = rows_at(inputs, target, &files, &wanted, &output).await?;
    let count = |batches: &[RecordBatch]| batches.iter().map(|b| b.num_rows() as u64).sum::<u64>();
    let candidates = count(new);
    // Old rows go first: of rows that are equal in every column the one already there stays.
    let (old_rows, spots): (Vec<RecordBatch>, Vec<Vec<Spot>>) = old.into_iter().unzip();
    let all: Vec<RecordBatch> = old_rows.iter().chain(new).cloned().collect();
    let groups = Groups::of(&all, output.key(), &preference)?;
    let (mut insert, mut delete): (Vec<Place>, Vec<Spot>) = (Vec::new(), Vec::new());
    for places in groups.by_key.values() {
        let Some(first) = places.first() else { continue };
        if first.0 >= old_rows.len() {
            insert.push(*first);
            delete.extend(places.iter().filter(|p| p.0 < old_rows.len()).map(|p| spots[p.0][p.1]));
        }
    }
    insert.sort_unstable();
    let batches = gather(&all, &insert)?;
    let mut made = outcome(drained, &batches, rows_read).await?;
    made.conserved = true;
    made.deduplicated = candidates - insert.len() as u64;
    made.replaced = delete.len() as u64;
    rewrite(lake, inputs, target, &output, &files, delete, &mut made).await?;
    Ok(made)
}

/// The rows with these keys, computed anew, in place of those the table has.
pub(super) async fn recompute(
    lake: &Lake,
    model: &Model,
    inputs: &Inputs,
    target: &Table,
    query: LogicalPlan,
    keys: AffectedKeys,
    sink: &Sink,
) -> Result<Outcome> {
    let affected_keys = keys.as_stored()?;
    let query = affected::restrict(query, &keys.columns, &keys.restriction()?)?;
    let output = Output::new(&inputs.context.state(), model, query)?;
    let key_rows: u64 = affected_keys.iter().map(|b| b.num_rows() as u64).sum();
    let repeats = Arc::new(Repeats::for_rows(key_rows, lake.options().memory_limit_bytes));
    note_keys(inputs, &output, &repeats).await?;
    // Which of the affected keys does the table have, and where?
    let asked = Arc::new(Repeats::for_rows(key_rows, lake.options().memory_limit_bytes));
    for batch in &affected_keys {
        asked.note(batch.columns())?;
    }
    let files = target.files();
    let met = meet(inputs, &output, target, &files, &asked).await?;
    let everything: Vec<usize> = (0..keys.columns.len()).collect();
    let affected = Groups::of(&affected_keys, &everything, &Preference::default())?;
    let mut spots_by_key: HashMap<OwnedRow, Vec<Spot>> = HashMap::new();
    for (columns, spots) in &met {
        let exact = affected.exact(columns)?;
        let known: BooleanArray = exact.iter().map(|k| Some(affected.by_key.contains_key(k))).collect();
        let columns: Vec<ArrayRef> = columns.iter().map(|c| datafusion::arrow::compute::filter(c, &known)).collect::<Result<_, _>>()?;
        repeats.mark(&columns)?;
        for (key, spot) in exact.into_iter().zip(spots) {
            if affected.by_key.contains_key(&key) {
                spots_by_key.entry(key).or_default().push(*spot);
            }
        }
    }
    let drained = drain(lake, &inputs.context, &output, target, Some(&repeats), sink).await?;
    let groups = Groups::of(&drained.candidates, output.key(), &output.preference(&model.header))?;
    let wanted: HashSet<Spot> = spots_by_key.values().flatten().copied().collect();
    let old = rows_at(inputs, target, &files, &wanted, &output).await?;
    let unchanged = unchanged_keys(&output, &old, &drained.candidates, &groups)?;
    let mut insert: Vec<Place> = Vec::new();
    let mut deduplicated = 0;
    for (key, places) in &groups.by_key {
        deduplicated += places.len() as u64 - 1;
        if let (Some(first), false) = (places.first(), unchanged.contains(key)) {
            insert.push(*first);
        }
    }
    insert.sort_unstable();
    let delete: Vec<Spot> = spots_by_key.iter().filter(|(key, _)| !unchanged.contains(*key)).flat_map(|(_, s)| s.iter().copied()).collect();
    let batches = gather(&drained.candidates, &insert)?;
    let mut made = outcome(drained, &batches, keys.rows_read).await?;
    made.deduplicated = deduplicated;
    made.replaced = delete.len() as u64;
    rewrite(lake, inputs, target, &output, &files, delete, &mut made).await?;
    Ok(made)
}

/// Keys whose new row equals the old one in every column.
fn unchanged_keys(output: &Output, old: &[(RecordBatch, Vec<Spot>)], new: &[RecordBatch], groups: &Groups) -> Result<HashSet<OwnedRow>> {
    let mut unchanged = HashSet::new();
    if old.is_empty() || groups.is_empty() {
        return Ok(unchanged);
    }
    let everything: Vec<usize> = (0..output.schema.fields().len()).collect();
    let firsts: Vec<Place> = groups.by_key.values().filter_map(|p| p.first().copied()).collect();
    let firsts = gather(new, &firsts)?;
    let rows = Groups::of(&firsts, &everything, &Preference::default())?;
    for (batch, _) in old {
        let whole = rows.exact(batch.columns())?;
        let columns: Vec<ArrayRef> = output.key().iter().map(|p| Arc::clone(batch.column(*p))).collect();
        for (key, row) in groups.exact(&columns)?.into_iter().zip(whole) {
            if rows.by_key.contains_key(&row) {
                unchanged.insert(key);
            }
        }
    }
    Ok(unchanged)
}

/// Keys of the table that may be among those noted, with where their rows lie.
async fn meet(
    inputs: &Inputs,
    output: &Output,
    target: &Table,
    files: &[DataFile],
    repeats: &Arc<Repeats>,
) -> Result<Vec<(Vec<ArrayRef>, Vec<Spot>)>> {
    let mut columns: Vec<Expr> =
        output.key().iter().map(|p| Expr::Column(Column::new_unqualified(output.schema.field(*p).name()))).collect();
    columns.push(Expr::Column(Column::new_unqualified(FILE_COLUMN)));
    columns.push(Expr::Column(Column::new_unqualified(ROW_COLUMN)));
    let plan = LogicalPlanBuilder::from(located(target, files)?).project(columns)?.build()?;
    let width = output.key().len();
    let mut tasks = JoinSet::new();
    for mut stream in execute(&inputs.context, &plan).await?.streams {
        let repeats = Arc::clone(repeats);
        tasks.spawn(async move {
            let mut met = Vec::new();
            while let Some(batch) = stream.try_next().await? {
                let mask = repeats.meet(&batch.columns()[..width])?;
                if mask.true_count() > 0 {
                    let batch = select(&batch, &mask)?;
                    met.push((batch.columns()[..width].to_vec(), spots(&batch)));
                }
            }
            Ok::<_, LakeError>(met)
        });
    }
    let mut all = Vec::new();
    join(tasks, |met| all.extend(met)).await?;
    Ok(all)
}

fn located(target: &Table, files: &[DataFile]) -> Result<LogicalPlan> {
    let scan: Arc<dyn TableProvider> = Arc::new(FileScan::of_files(target, files.to_vec(), true));
    Ok(LogicalPlanBuilder::scan("__target", provider_as_source(scan), None)?.build()?)
}

fn spots(batch: &RecordBatch) -> Vec<Spot> {
    let column = |name| batch.column_by_name(name).and_then(|c| c.as_primitive_opt::<Int64Type>());
    match (column(FILE_COLUMN), column(ROW_COLUMN)) {
        (Some(files), Some(rows)) => files.values().iter().copied().zip(rows.values().iter().copied()).collect(),
        _ => Vec::new(),
    }
}

/// The table's rows at these spots, in the output's columns, batch by batch with their spots.
async fn rows_at(
    inputs: &Inputs,
    target: &Table,
    files: &[DataFile],
    wanted: &HashSet<Spot>,
    output: &Output,
) -> Result<Vec<(RecordBatch, Vec<Spot>)>> {
    let mut found = Vec::new();
    if wanted.is_empty() {
        return Ok(found);
    }
    let by_file = group(wanted.iter().copied());
    let positions: Vec<i64> = by_file.keys().copied().collect();
    let chosen: Vec<DataFile> = positions.iter().filter_map(|p| files.get(usize::try_from(*p).ok()?)).cloned().collect();
    for mut stream in execute(&inputs.context, &in_output_order(target, &chosen, output)?).await?.streams {
        while let Some(batch) = stream.try_next().await? {
            // The scan numbers the chosen files from 0.
            let here: Vec<Spot> = spots(&batch).into_iter().map(|(f, r)| (positions[f as usize], r)).collect();
            let mask: BooleanArray = here.iter().map(|spot| Some(wanted.contains(spot))).collect();
            if mask.true_count() > 0 {
                let kept = select(&batch, &mask)?.project(&(0..output.schema.fields().len()).collect::<Vec<_>>())?;
                found.push((kept, here.into_iter().filter(|spot| wanted.contains(spot)).collect()));
            }
        }
    }
    Ok(found)
}

fn in_output_order(target: &Table, files: &[DataFile], output: &Output) -> Result<LogicalPlan> {
    let names = output.schema.fields().iter().map(|f| f.name().as_str()).chain([FILE_COLUMN, ROW_COLUMN]);
    let columns: Vec<Expr> = names.map(|n| Expr::Column(Column::new_unqualified(n))).collect();
    Ok(LogicalPlanBuilder::from(located(target, files)?).project(columns)?.build()?)
}

fn group(spots: impl Iterator<Item = Spot>) -> BTreeMap<i64, HashSet<i64>> {
    let mut by_file: BTreeMap<i64, HashSet<i64>> = BTreeMap::new();
    for (file, row) in spots {
        by_file.entry(file).or_default().insert(row);
    }
    by_file
}

/// Writes each file with rows to delete anew without them.
async fn rewrite(
    lake: &Lake,
    inputs: &Inputs,
    target: &Table,
    output: &Output,
    files: &[DataFile],
    delete: Vec<Spot>,
    made: &mut Outcome,
) -> Result<()> {
    let by_file = group(delete.into_iter());
    if by_file.is_empty() {
        return Ok(());
    }
    let positions: Vec<i64> = by_file.keys().copied().collect();
    let chosen: Vec<DataFile> = positions.iter().filter_map(|p| files.get(usize::try_from(*p).ok()?)).cloned().collect();
    let by_file = Arc::new(by_file);
    let mut tasks = JoinSet::new();
    let execution = execute(&inputs.context, &in_output_order(target, &chosen, output)?).await?;
    let options = share(&lake.options().write, execution.streams.len());
    for mut stream in execution.streams {
        let (by_file, positions) = (Arc::clone(&by_file), positions.clone());
        let mut writer = TableWriter::new(target, &output.schema, &options)?;
        let width = output.schema.fields().len();
        tasks.spawn(async move {
            while let Some(batch) = stream.try_next().await? {
                let stays =
                    spots(&batch).into_iter().map(|(f, r)| !by_file.get(&positions[f as usize]).is_some_and(|rows| rows.contains(&r)));
                let mask: BooleanArray = stays.map(Some).collect();
                let kept = filter_record_batch(&batch, &mask)?.project(&(0..width).collect::<Vec<_>>())?;
                writer.write(&kept).await?;
            }
            writer.finish().await
        });
    }
    join(tasks, |done: Vec<Add>| made.adds.extend(done)).await?;
    let gone = chosen.into_iter().map(|f| f.path).collect();
    made.removes.extend(target.removals(&gone, true));
    Ok(())
}
