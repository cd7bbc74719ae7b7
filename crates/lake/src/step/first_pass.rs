//! The first of two passes over an output whose keys may repeat: it notes the keys, and keeps the rows where they are few.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use datafusion::arrow::array::{ArrayRef, RecordBatch};
use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder};
use datafusion::physical_plan::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::TryStreamExt;
use spec::Model;
use tokio::task::JoinSet;

use super::drain::join;
use super::{Inputs, held_bytes};
use crate::dedup::{Preference, Repeats};
use crate::exec::{Execution, execute, filtered_rows};
use crate::output::Output;
use crate::passed::{compact, size_of};
use crate::{Lake, LakeError, Result, unique};

/// About what a value takes in memory.
fn usual_bytes(kind: &DataType) -> u64 {
    match kind {
        DataType::Boolean => 1,
        DataType::Utf8View => 24,
        DataType::Decimal128(..) => 16,
        _ => 8,
    }
}

/// What the first of two passes over an output leaves to the second.
pub(super) struct Noted {
    /// The keys.
    pub repeats: Arc<Repeats>,
    /// Which row of a key stays.
    pub preference: Preference,
    /// The rows, where they were few enough to be held: nobody makes them again.
    pub held: Option<Held>,
}

/// Rows that a plan made.
pub(super) struct Held {
    pub streams: Vec<SendableRecordBatchStream>,
    /// Rows that the plan's filters let go.
    pub filtered: u64,
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
