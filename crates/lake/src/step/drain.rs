//! Driving a plan to its end: every partition's rows through the sieve, past the deduplication, into data files.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatch};
use datafusion::arrow::compute::{filter_record_batch, not};
use datafusion::prelude::SessionContext;
use deltalake::kernel::Add;
use futures::TryStreamExt;
use tokio::task::JoinSet;

use super::first_pass::{Held, Noted};
use crate::dedup::Rivals;
use crate::exec::{Execution, execute, filtered_rows};
use crate::output::{Output, Sieved};
use crate::passed::compact;
use crate::quarantine::Sink;
use crate::table::Table;
use crate::write::{Part, TableWriter, WriteOptions};
use crate::{Lake, LakeError, Result};

/// Pieces of batches on their way to a writer, at most.
const PARTS_WAITING: usize = 8;

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
