//! The one door to execution: a logical plan in, one stream of batches per partition out.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use datafusion::arrow::record_batch::RecordBatch;
use datafusion::execution::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties, SendableRecordBatchStream};
use datafusion::prelude::SessionContext;
use futures::TryStreamExt;
use tokio::task::JoinSet;

use crate::passed::{compact, size_of};
use crate::{LakeError, Result};

/// A running query.
pub(crate) struct Execution {
    pub plan: Arc<dyn ExecutionPlan>,
    pub streams: Vec<SendableRecordBatchStream>,
}

/// Optimizes and starts the plan. Nothing is collected: the caller drives the streams.
pub(crate) async fn execute(context: &SessionContext, plan: &LogicalPlan) -> Result<Execution> {
    let state: SessionState = context.state();
    let plan = state.create_physical_plan(plan).await?;
    let task = context.task_ctx();
    let count = plan.output_partitioning().partition_count();
    let streams = (0..count).map(|p| plan.execute(p, Arc::clone(&task))).collect::<Result<Vec<_>, _>>()?;
    Ok(Execution { plan, streams })
}

/// All rows of a plan known to give few.
pub(crate) async fn collect_few(context: &SessionContext, plan: &LogicalPlan) -> Result<Vec<RecordBatch>> {
    Ok(collect_within(context, plan, usize::MAX).await?.unwrap_or_default())
}

/// All rows of a plan, compacted, unless they take more than so many bytes.
pub(crate) async fn collect_within(context: &SessionContext, plan: &LogicalPlan, bytes: usize) -> Result<Option<Vec<RecordBatch>>> {
    let held = Arc::new(AtomicUsize::new(0));
    // All at once: the streams of a join wait for each other.
    let mut tasks = JoinSet::new();
    for (position, mut stream) in execute(context, plan).await?.streams.into_iter().enumerate() {
        let held = Arc::clone(&held);
        tasks.spawn(async move {
            let mut batches = Vec::new();
            while let Some(batch) = stream.try_next().await? {
                if batch.num_rows() == 0 {
                    continue;
                }
                let batch = compact(&batch)?;
                let size = size_of(&batch);
                if held.fetch_add(size, Ordering::Relaxed).saturating_add(size) > bytes {
                    return Ok(None);
                }
                batches.push(batch);
            }
            Ok::<_, LakeError>(Some((position, batches)))
        });
    }
    let mut parts = Vec::new();
    while let Some(done) = tasks.join_next().await {
        match done?? {
            Some(part) => parts.push(part),
            None => return Ok(None),
        }
    }
    parts.sort_by_key(|(position, _)| *position);
    Ok(Some(parts.into_iter().flat_map(|(_, batches)| batches).collect()))
}

/// Rows that the filters of an executed plan let go.
pub(crate) fn filtered_rows(plan: &Arc<dyn ExecutionPlan>) -> u64 {
    let mut filtered = 0;
    if plan.name() == "FilterExec" {
        let out = plan.metrics().and_then(|m| m.output_rows()).unwrap_or_default();
        let into: usize = plan.children().iter().map(|c| c.metrics().and_then(|m| m.output_rows()).unwrap_or_default()).sum();
        filtered += into.saturating_sub(out) as u64;
    }
    filtered + plan.children().into_iter().map(filtered_rows).sum::<u64>()
}
