//! Driving a plan to its end: every partition's rows through the sieve, past the deduplication, into data files.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use datafusion::arrow::array::{ArrayRef, RecordBatch};
use datafusion::arrow::compute::{filter_record_batch, not};
use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder};
use datafusion::physical_plan::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::prelude::SessionContext;
use deltalake::kernel::Add;
use futures::TryStreamExt;
use spec::Model;
use tokio::task::JoinSet;

use super::{Inputs, held_bytes};
use crate::dedup::{Preference, Repeats, Rivals};
use crate::exec::{Execution, execute, filtered_rows};
use crate::output::{Output, Sieved};
use crate::passed::{compact, size_of};
use crate::quarantine::Sink;
use crate::table::Table;
use crate::write::{Part, TableWriter, WriteOptions};
use crate::{Lake, LakeError, Result, unique};

/// Pieces of batches on their way to a writer, at most.
const PARTS_WAITING: usize = 8;

/// About what a value takes in memory.
fn usual_bytes(kind: &DataType) -> u64 {
    match kind {
        DataType::Boolean => 1,
        DataType::Utf8View => 24,
        DataType::Decimal128(..) => 16,
        _ => 8,
    }
}

/// What came out of a plan.
#[derive(Default)]
pub(crate) struct Drained {
    /// The written rows, in files still open.
    writer: Option<TableWriter>,
    pub sieved: Sieved,
    pub written: u64,
    /// Rows whose key may not be theirs alone; not written yet.
    pub candidates: Vec<RecordBatch>,
    /// Rows that were let go, because another candidate of their key is preferred.
    pub deduplicated: u64,
    /// Rows that the plan's filters let go.
    pub filtered: u64,
}

/// What the first of two passes over an output leaves to the second.
pub(super) struct Noted {
    /// The keys.
    pub repeats: Arc<Repeats>,
    /// Which row of a key stays.
    preference: Preference,
    /// The rows, where they were few enough to be held: nobody makes them again.
    held: Option<Held>,
}

/// Rows that a plan made.
struct Held {
    streams: Vec<SendableRecordBatchStream>,
    /// Rows that the plan's filters let go.
    filtered: u64,
}

/// Notes the keys that the output of a model has, of about `rows` rows.
pub(super) async fn note_keys(lake: &Lake, model: &Model, inputs: &Inputs, output: &Output, rows: u64) -> Result<Noted> {
    let preference = output.preference(&model.header);
    let repeats = Arc::new(Repeats::for_rows(rows, lake.options().memory_limit_bytes));
    let row_bytes: u64 = output.plan.schema().fields().iter().map(|field| usual_bytes(field.data_type())).sum();
    let limit = held_bytes(lake);
    if rows.saturating_mul(row_bytes) <= limit as u64 {
        let held = note_and_hold(inputs, output, &repeats, limit).await?;
        return Ok(Noted { repeats, preference, held });
    }
    let key: Vec<Expr> = output.key_columns().into_iter().map(Expr::Column).collect();
    let plan = LogicalPlanBuilder::from(output.plan.clone()).project(key)?.build()?;
    let plan = unique::narrowed(plan, &inputs.keys)?;
    let mut tasks = JoinSet::new();
    for mut stream in execute(&inputs.context, &plan).await?.streams {
        let repeats = Arc::clone(&repeats);
        tasks.spawn(async move {
            while let Some(batch) = stream.try_next().await? {
                repeats.note(batch.columns())?;
            }
            Ok::<_, LakeError>(())
        });
    }
    join(tasks, |()| {}).await?;
    Ok(Noted { repeats, preference, held: None })
}

/// The same over whole rows, which come back to be gone over again, unless they take more than so many bytes.
async fn note_and_hold(inputs: &Inputs, output: &Output, repeats: &Arc<Repeats>, limit: usize) -> Result<Option<Held>> {
    let Execution { plan, streams } = execute(&inputs.context, &output.plan).await?;
    let (schema, held) = (plan.schema(), Arc::new(AtomicUsize::new(0)));
    let mut tasks = JoinSet::new();
    for mut stream in streams {
        let (repeats, key, held) = (Arc::clone(repeats), output.key().to_vec(), Arc::clone(&held));
        tasks.spawn(async move {
            let mut batches = Vec::new();
            while let Some(batch) = stream.try_next().await? {
                let columns: Vec<ArrayRef> = key.iter().map(|p| Arc::clone(batch.column(*p))).collect();
                repeats.note(&columns)?;
                if held.load(Ordering::Relaxed) > limit {
                    batches.clear();
                    continue;
                }
                let batch = compact(&batch)?;
                held.fetch_add(size_of(&batch), Ordering::Relaxed);
                batches.push(batch);
            }
            Ok::<_, LakeError>(batches)
        });
    }
    let mut parts = Vec::new();
    join(tasks, |batches| parts.push(batches)).await?;
    if held.load(Ordering::Relaxed) > limit {
        return Ok(None);
    }
    // Each batch goes as soon as it was gone over.
    let stream = |batches: Vec<RecordBatch>| -> SendableRecordBatchStream {
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&schema), futures::stream::iter(batches.into_iter().map(Ok))))
    };
    Ok(Some(Held { streams: parts.into_iter().map(stream).collect(), filtered: filtered_rows(&plan) }))
}

/// Runs the output and writes its rows, except candidates for deduplication where their keys were noted.
pub(super) async fn drain(
    lake: &Lake,
    context: &SessionContext,
    output: &Output,
    target: &Table,
    noted: Option<Noted>,
    sink: &Sink,
) -> Result<Drained> {
    let (repeats, held) = noted.map_or((None, None), |noted| (Some((noted.repeats, noted.preference)), noted.held));
    // The plan that runs, or what the one that ran has told.
    let (streams, plan, filtered) = match held {
        Some(Held { streams, filtered }) => (streams, None, filtered),
        None => {
            let Execution { plan, streams } = execute(context, &output.plan).await?;
            (streams, Some(plan), 0)
        }
    };
    let partitioned = !target.partition_columns().is_empty();
    let writers = if partitioned { lake.options().parallel_streams() } else { streams.len() };
    let options = share(&lake.options().write, writers);
    let mut all = Drained::default();
    let mut failure = None;
    // Tasks of a failed step are aborted with the set; what they wrote is swept by vacuum.
    let mut tasks = JoinSet::new();
    let (sender, mut rejected) = tokio::sync::mpsc::channel::<Vec<crate::Reject>>(16);
    // Rows of one partition value go to one writer, or every writer would open a file for every value.
    let mut routes = Vec::new();
    for _ in 0..if partitioned { writers } else { 0 } {
        let mut writer = TableWriter::new(target, &output.schema, &options)?;
        let (route, mut arriving) = tokio::sync::mpsc::channel::<Part>(PARTS_WAITING);
        routes.push(route);
        tasks.spawn(async move {
            while let Some(part) = arriving.recv().await {
                writer.write_part(part).await?;
            }
            Ok(Drained { written: writer.rows, writer: Some(writer), ..Drained::default() })
        });
    }
    for mut stream in streams {
        let sieve = output.sieve();
        let key = output.key().to_vec();
        let mut rivals = repeats.as_ref().map(|(repeats, preference)| (Arc::clone(repeats), Rivals::new(&key, preference)));
        let mut writer = TableWriter::new(target, &output.schema, &options)?;
        let (sender, routes) = (sender.clone(), routes.clone());
        tasks.spawn(async move {
            let mut done = Drained::default();
            while let Some(batch) = stream.try_next().await? {
                let mut rejects = Vec::new();
                let mut good = sieve.pass(&batch, &mut done.sieved, &mut rejects)?;
                if !rejects.is_empty() && sender.send(rejects).await.is_err() {
                    return Err(LakeError::invalid("the quarantine could not be written"));
                }
                if let Some((repeats, rivals)) = &mut rivals
                    && good.num_rows() > 0
                {
                    let columns: Vec<ArrayRef> = key.iter().map(|p| Arc::clone(good.column(*p))).collect();
                    let candidate = repeats.may_repeat(&columns)?;
                    if candidate.true_count() > 0 {
                        rivals.push(compact(&filter_record_batch(&good, &candidate)?)?)?;
                        good = filter_record_batch(&good, &not(&candidate)?)?;
                    }
                }
                if routes.is_empty() {
                    writer.write(&good).await?;
                    continue;
                }
                for part in writer.parts(&good)? {
                    // A writer that is gone has failed, and says so itself.
                    if routes[part.route(routes.len())].send(part).await.is_err() {
                        return Ok(done);
                    }
                }
            }
            if routes.is_empty() {
                done.written = writer.rows;
                done.writer = Some(writer);
            }
            if let Some((_, rivals)) = rivals {
                (done.candidates, done.deduplicated) = (rivals.rows, rivals.let_go);
            }
            Ok(done)
        });
    }
    drop((sender, routes));
    while let Some(rejects) = rejected.recv().await {
        if let Err(error) = sink.push(rejects).await {
            failure = Some(error);
            break;
        }
    }
    if let Some(error) = failure {
        tasks.shutdown().await;
        return Err(error);
    }
    join(tasks, |done: Drained| {
        match (&mut all.writer, done.writer) {
            (Some(writer), Some(other)) => writer.absorb(other),
            (place @ None, other) => *place = other,
            (Some(_), None) => {}
        }
        all.sieved.add(&done.sieved);
        all.written += done.written;
        all.candidates.extend(done.candidates);
        all.deduplicated += done.deduplicated;
    })
    .await?;
    all.filtered = plan.as_ref().map_or(filtered, filtered_rows);
    Ok(all)
}

impl Drained {
    /// Writes the rows that deduplication kept beside the others, and closes the files.
    pub async fn finish(&mut self, kept: &[RecordBatch]) -> Result<Vec<Add>> {
        let Some(mut writer) = self.writer.take() else { return Ok(Vec::new()) };
        for batch in kept {
            writer.write(batch).await?;
            self.written += batch.num_rows() as u64;
        }
        writer.finish().await
    }
}

pub(super) async fn join<T: 'static>(mut tasks: JoinSet<Result<T>>, mut with: impl FnMut(T)) -> Result<()> {
    while let Some(done) = tasks.join_next().await {
        with(done??);
    }
    Ok(())
}

/// What each of several writers of a table may hold.
pub(super) fn share(options: &WriteOptions, writers: usize) -> WriteOptions {
    WriteOptions { buffer_bytes: (options.buffer_bytes / writers.max(1)).max(16 << 20), ..options.clone() }
}
