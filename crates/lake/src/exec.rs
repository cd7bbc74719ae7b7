//! The one door to execution: a logical plan in, one stream of batches per partition out.

use std::sync::Arc;

use datafusion::arrow::record_batch::RecordBatch;
use datafusion::execution::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties, SendableRecordBatchStream};
use datafusion::prelude::SessionContext;
use futures::TryStreamExt;

use crate::Result;

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
    let mut batches = Vec::new();
    for mut stream in execute(context, plan).await?.streams {
        while let Some(batch) = stream.try_next().await? {
            if batch.num_rows() > 0 {
                batches.push(batch);
            }
        }
    }
    Ok(batches)
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
