//! A step between an operator and its input that does not change the rows: it keeps filters from being pushed down, so that
//! their counters see every row, or gives batches memory of their own. Text read from Parquet points into pages that many
//! batches share, and each is counted as holding all of them: under a memory limit sorts would give up over memory that
//! they do not take. And operators that concatenate batches concatenate the lists of what these point into: a few windows and
//! joins above each other turned a million rows into lists of billions of entries.

use std::fmt;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::error::{DataFusionError, Result as QueryResult};
use datafusion::execution::TaskContext;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::execution_plan::replace_children_if_necessary;
use datafusion::physical_plan::filter_pushdown::{ChildPushdownResult, FilterDescription, FilterPushdownPhase, FilterPushdownPropagation};
use datafusion::physical_plan::metrics::MetricsSet;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PhysicalExpr, PlanProperties, SendableRecordBatchStream};
use futures::StreamExt;

/// The batch with text that holds no more than the batch needs.
pub(crate) fn compact(batch: &RecordBatch) -> QueryResult<RecordBatch> {
    let columns = batch.columns().iter().map(|c| -> ArrayRef {
        match c.data_type() {
            DataType::Utf8View => Arc::new(c.as_string_view().gc()),
            _ => Arc::clone(c),
        }
    });
    // The number of rows is said for batches without a column.
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(batch.schema(), columns.collect(), &options)?)
}

/// The bytes that the rows of a compacted batch take. Slices of one batch count for what they show, not each for all of it.
pub(crate) fn size_of(batch: &RecordBatch) -> usize {
    batch.columns().iter().map(size_of_column).sum()
}

fn size_of_column(column: &ArrayRef) -> usize {
    if let Some(texts) = column.as_string_view_opt() {
        return 16 * texts.len() + texts.data_buffers().iter().map(|buffer| buffer.len()).sum::<usize>();
    }
    if let Some(lists) = column.as_list_opt::<i32>() {
        let (begin, end) = (lists.value_offsets()[0] as usize, lists.value_offsets()[lists.len()] as usize);
        return 4 * lists.len() + size_of_column(&lists.values().slice(begin, end - begin));
    }
    column.to_data().get_slice_memory_size().unwrap_or_else(|_| column.get_array_memory_size())
}

/// As many buffers as a column of text may point into without harm when batches are put together.
const FEW_BUFFERS: usize = 4;

/// The same, if columns point into more than a few buffers each.
fn gathered(batch: RecordBatch) -> QueryResult<RecordBatch> {
    let is_scattered = |c: &ArrayRef| c.as_string_view_opt().is_some_and(|texts| texts.data_buffers().len() > FEW_BUFFERS);
    if batch.columns().iter().any(is_scattered) { compact(&batch) } else { Ok(batch) }
}

/// Which batches are compacted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compacts {
    /// None.
    Nothing,
    /// Those that point into many buffers.
    Scattered,
    /// All.
    Everything,
}

/// Passes its input on.
#[derive(Debug)]
pub(crate) struct Passed {
    pub input: Arc<dyn ExecutionPlan>,
    pub compacts: Compacts,
    /// No filter goes down to the input.
    pub every_row: bool,
}

impl DisplayAs for Passed {
    fn fmt_as(&self, _kind: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Passed: compacts={:?}, every_row={}", self.compacts, self.every_row)
    }
}

impl ExecutionPlan for Passed {
    fn name(&self) -> &str {
        "Passed"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        _visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> QueryResult<TreeNodeRecursion>,
    ) -> QueryResult<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> QueryResult<Arc<dyn ExecutionPlan>> {
        let [input] = <[_; 1]>::try_from(children).map_err(|_| DataFusionError::Internal("Passed has one input".to_owned()))?;
        Ok(Arc::new(Self { input, ..*self }))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> QueryResult<SendableRecordBatchStream> {
        let input = self.input.execute(partition, context)?;
        let schema = input.schema();
        match self.compacts {
            Compacts::Nothing => Ok(input),
            Compacts::Scattered => Ok(Box::pin(RecordBatchStreamAdapter::new(schema, input.map(|batch| gathered(batch?))))),
            Compacts::Everything => Ok(Box::pin(RecordBatchStreamAdapter::new(schema, input.map(|batch| compact(&batch?))))),
        }
    }

    fn metrics(&self) -> Option<MetricsSet> {
        self.input.metrics()
    }

    fn gather_filters_for_pushdown(
        &self,
        _phase: FilterPushdownPhase,
        parent_filters: Vec<Arc<dyn PhysicalExpr>>,
        _config: &ConfigOptions,
    ) -> QueryResult<FilterDescription> {
        if self.every_row {
            return Ok(FilterDescription::all_unsupported(&parent_filters, &self.children()));
        }
        FilterDescription::from_children(parent_filters, &self.children())
    }

    fn handle_child_pushdown_result(
        &self,
        _phase: FilterPushdownPhase,
        child_pushdown_result: ChildPushdownResult,
        _config: &ConfigOptions,
    ) -> QueryResult<FilterPushdownPropagation<Arc<dyn ExecutionPlan>>> {
        Ok(FilterPushdownPropagation::if_all(child_pushdown_result))
    }
}

fn compacted(input: &Arc<dyn ExecutionPlan>, compacts: Compacts) -> Arc<dyn ExecutionPlan> {
    Arc::new(Passed { input: Arc::clone(input), compacts, every_row: false })
}

/// Compacts what goes into operators that hold and concatenate batches. Merges of sorted streams copy rows from a few batches at a time
/// and are left alone.
#[derive(Debug)]
pub(crate) struct CompactInputs {
    /// Sorts, which then count what they hold, get nothing but compact batches, and so does who reads them: joins and merges give
    /// batches that point into many others.
    pub counts_memory: bool,
}

impl PhysicalOptimizerRule for CompactInputs {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _config: &ConfigOptions) -> QueryResult<Arc<dyn ExecutionPlan>> {
        let compacted = plan.transform_up(|node| {
            let sorts = node.name() == "SortExec";
            let gathers = match node.name() {
                "SortExec" | "BoundedWindowAggExec" | "WindowAggExec" | "SortMergeJoinExec" => usize::MAX,
                // The side that is held, the first.
                "HashJoinExec" | "NestedLoopJoinExec" | "CrossJoinExec" => 1,
                _ => return Ok(Transformed::no(node)),
            };
            let how = if sorts && self.counts_memory { Compacts::Everything } else { Compacts::Scattered };
            let inputs = node.children().into_iter().enumerate();
            let inputs = inputs.map(|(place, input)| if place < gathers { compacted(input, how) } else { Arc::clone(input) }).collect();
            let node = replace_children_if_necessary(node, inputs)?;
            Ok(Transformed::yes(if how == Compacts::Everything { compacted(&node, how) } else { node }))
        });
        Ok(compacted?.data)
    }

    fn name(&self) -> &str {
        "compact_inputs"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use datafusion::arrow::array::{Int64Array, ListArray, StringViewArray};
    use datafusion::arrow::datatypes::Int64Type;

    use super::*;

    #[test]
    fn slices_take_together_what_the_whole_takes() {
        let numbers = Int64Array::from_iter_values(0..100_000);
        let texts = StringViewArray::from_iter_values((0..100_000).map(|n| format!("a text of more than twelve letters, {n}")));
        let lists = ListArray::from_iter_primitive::<Int64Type, _, _>((0..100_000).map(|n| Some(vec![Some(n); 3])));
        let columns: [(&str, ArrayRef); 3] = [("n", Arc::new(numbers)), ("t", Arc::new(texts)), ("l", Arc::new(lists))];
        for column in columns {
            let whole = RecordBatch::try_from_iter([column.clone()]).unwrap();
            let slices = (0..100_000).step_by(1000).map(|row| compact(&whole.slice(row, 1000)).unwrap());
            let (sum, of_whole) = (slices.map(|slice| size_of(&slice)).sum::<usize>(), size_of(&compact(&whole).unwrap()));
            assert!(sum.abs_diff(of_whole) < of_whole / 20, "{}: {sum} of {of_whole}", column.0);
        }
    }
}
