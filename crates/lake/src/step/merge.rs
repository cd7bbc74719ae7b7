//! Changing single rows of a table: the few that are affected are found by key, compared, and only the data files in
//! which one really changes are written anew.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, BooleanArray, RecordBatch};
use datafusion::arrow::compute::{filter, filter_record_batch};
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
use super::drain::{drain, join, share};
use super::first_pass::note_keys;
use super::plan::{AffectedKeys, Delta};
use super::{Inputs, Outcome};
use crate::affected::Values;
use crate::dedup::{Groups, Place, Preference, Repeats, gather};
use crate::exec::{collect_few, execute};
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
    let noted = note_keys(lake, model, inputs, &output, rows_read).await?;
    let files = target.files();
    let met = files_met(inputs, &output, target, &files, &noted.repeats).await?;
    let drained = drain(lake, &inputs.context, &output, target, Some(noted), sink).await?;
    let preference = output.preference(&model.header);
    let new = &drained.candidates;
    let keys = Values::new(columns_of(new, output.key())?, output.key().len())?;
    let old = rows_with(inputs, target, &files, &met, &keys, &output).await?;
    let count = |batches: &[RecordBatch]| batches.iter().map(|b| b.num_rows() as u64).sum::<u64>();
    let candidates = count(new) + drained.deduplicated;
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
    let output = Output::new(&inputs.context.state(), model, query)?;
    let output = keys.restrict(lake, inputs, output, true).await?;
    let noted = note_keys(lake, model, inputs, &output, keys.values.distinct() as u64).await?;
    // Which of the affected keys does the table have, and where?
    let files = keys.files(target)?;
    let everywhere: Vec<usize> = (0..files.len()).collect();
    let old = rows_with(inputs, target, &files, &everywhere, &keys.values, &output).await?;
    for (batch, _) in &old {
        noted.repeats.mark(&key_of(batch, output.key()))?;
    }
    let drained = drain(lake, &inputs.context, &output, target, Some(noted), sink).await?;
    let groups = Groups::of(&drained.candidates, output.key(), &output.preference(&model.header))?;
    let (unchanged, delete) = compare(&output, &old, &drained.candidates, &groups)?;
    let mut insert: Vec<Place> = Vec::new();
    let mut deduplicated = drained.deduplicated;
    for (key, places) in &groups.by_key {
        deduplicated += places.len() as u64 - 1;
        if let (Some(first), false) = (places.first(), unchanged.contains(key)) {
            insert.push(*first);
        }
    }
    insert.sort_unstable();
    let batches = gather(&drained.candidates, &insert)?;
    let mut made = outcome(drained, &batches, keys.rows_read).await?;
    made.deduplicated = deduplicated;
    made.replaced = delete.len() as u64;
    rewrite(lake, inputs, target, &output, &files, delete, &mut made).await?;
    Ok(made)
}

/// Keys whose new row equals the old one in every column, and the spots of the other old rows.
fn compare(
    output: &Output,
    old: &[(RecordBatch, Vec<Spot>)],
    new: &[RecordBatch],
    groups: &Groups,
) -> Result<(HashSet<OwnedRow>, Vec<Spot>)> {
    if groups.is_empty() {
        return Ok((HashSet::new(), old.iter().flat_map(|(_, spots)| spots.iter().copied()).collect()));
    }
    let (mut unchanged, mut differing) = (HashSet::new(), Vec::new());
    let everything: Vec<usize> = (0..output.schema.fields().len()).collect();
    let firsts: Vec<Place> = groups.by_key.values().filter_map(|p| p.first().copied()).collect();
    let firsts = gather(new, &firsts)?;
    let rows = Groups::of(&firsts, &everything, &Preference::default())?;
    for (batch, spots) in old {
        let whole = rows.exact(batch.columns())?;
        for ((key, row), spot) in groups.exact(&key_of(batch, output.key()))?.into_iter().zip(whole).zip(spots) {
            if rows.by_key.contains_key(&row) {
                unchanged.insert(key);
            } else {
                differing.push(*spot);
            }
        }
    }
    Ok((unchanged, differing))
}

fn key_of(batch: &RecordBatch, key: &[usize]) -> Vec<ArrayRef> {
    key.iter().map(|p| Arc::clone(batch.column(*p))).collect()
}

fn columns_of(batches: &[RecordBatch], columns: &[usize]) -> Result<Vec<RecordBatch>> {
    batches.iter().map(|b| Ok(b.project(columns)?)).collect()
}

/// Which of the table's files may have keys that are among those noted; the keys found count as repeated from here on.
async fn files_met(inputs: &Inputs, output: &Output, target: &Table, files: &[DataFile], repeats: &Arc<Repeats>) -> Result<Vec<usize>> {
    let mut columns: Vec<Expr> = output.key_columns().into_iter().map(Expr::Column).collect();
    columns.push(Expr::Column(Column::new_unqualified(FILE_COLUMN)));
    let scan: Arc<dyn TableProvider> = Arc::new(FileScan::of_files(target, files.to_vec(), true));
    let plan = LogicalPlanBuilder::scan("__target", provider_as_source(scan), None)?.project(columns)?.build()?;
    let width = output.key().len();
    let mut tasks = JoinSet::new();
    for mut stream in execute(&inputs.context, &plan).await?.streams {
        let repeats = Arc::clone(repeats);
        tasks.spawn(async move {
            let mut met = BTreeSet::new();
            while let Some(batch) = stream.try_next().await? {
                let mask = repeats.meet(&batch.columns()[..width])?;
                if mask.true_count() > 0 {
                    let files = filter(batch.column(width), &mask)?;
                    met.extend(files.as_primitive::<Int64Type>().values().iter().map(|file| *file as usize));
                }
            }
            Ok::<_, LakeError>(met)
        });
    }
    let mut all = BTreeSet::new();
    join(tasks, |met| all.extend(met)).await?;
    Ok(all.into_iter().collect())
}

fn spots(batch: &RecordBatch) -> Vec<Spot> {
    let column = |name| batch.column_by_name(name).and_then(|c| c.as_primitive_opt::<Int64Type>());
    match (column(FILE_COLUMN), column(ROW_COLUMN)) {
        (Some(files), Some(rows)) => files.values().iter().copied().zip(rows.values().iter().copied()).collect(),
        _ => Vec::new(),
    }
}

/// The table's rows with these keys in some of its files, in the output's columns, batch by batch with their spots.
async fn rows_with(
    inputs: &Inputs,
    target: &Table,
    files: &[DataFile],
    chosen: &[usize],
    keys: &Values,
    output: &Output,
) -> Result<Vec<(RecordBatch, Vec<Spot>)>> {
    if keys.distinct() == 0 || chosen.is_empty() {
        return Ok(Vec::new());
    }
    let scan = FileScan::of_files(target, chosen.iter().map(|c| files[*c].clone()).collect(), true).late();
    let plan = LogicalPlanBuilder::from(in_output_order(scan, output)?).filter(keys.condition(&output.key_columns()))?.build()?;
    let mut found = Vec::new();
    for batch in collect_few(&inputs.context, &plan).await? {
        // The scan numbers the chosen files from 0.
        let here = spots(&batch).into_iter().map(|(file, row)| (chosen[file as usize] as i64, row)).collect();
        found.push((batch.project(&(0..output.schema.fields().len()).collect::<Vec<_>>())?, here));
    }
    Ok(found)
}

/// How many rows of the table have these keys.
pub(super) async fn known(inputs: &Inputs, target: &Table, keys: &AffectedKeys) -> Result<u64> {
    let key: Vec<Column> = keys.columns[..keys.width].iter().map(Column::new_unqualified).collect();
    let scan: Arc<dyn TableProvider> = Arc::new(FileScan::of_files(target, keys.files(target)?, false));
    let columns: Vec<Expr> = key.iter().cloned().map(Expr::Column).collect();
    let plan =
        LogicalPlanBuilder::scan("__target", provider_as_source(scan), None)?.filter(keys.values.condition(&key))?.project(columns)?;
    Ok(collect_few(&inputs.context, &plan.build()?).await?.iter().map(|b| b.num_rows() as u64).sum())
}

fn in_output_order(scan: FileScan, output: &Output) -> Result<LogicalPlan> {
    let names = output.schema.fields().iter().map(|f| f.name().as_str()).chain([FILE_COLUMN, ROW_COLUMN]);
    let columns: Vec<Expr> = names.map(|n| Expr::Column(Column::new_unqualified(n))).collect();
    Ok(LogicalPlanBuilder::scan("__target", provider_as_source(Arc::new(scan) as Arc<dyn TableProvider>), None)?
        .project(columns)?
        .build()?)
}

fn group(spots: Vec<Spot>) -> BTreeMap<i64, HashSet<i64>> {
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
    let by_file = group(delete);
    if by_file.is_empty() {
        return Ok(());
    }
    let positions: Vec<i64> = by_file.keys().copied().collect();
    let chosen: Vec<DataFile> = positions.iter().filter_map(|p| files.get(usize::try_from(*p).ok()?)).cloned().collect();
    let by_file = Arc::new(by_file);
    let mut tasks = JoinSet::new();
    let execution = execute(&inputs.context, &in_output_order(FileScan::of_files(target, chosen.clone(), true), output)?).await?;
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
