//! A step between an operator and its input that does not change the rows: it keeps filters from being pushed down, so that
//! their counters see every row, or gives batches memory of their own. Text read from Parquet points into pages that many
//! batches share, and each is counted as holding all of them: under a memory limit sorts would give up over memory that
//! they do not take.

use std::fmt;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, RecordBatch};
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
    Ok(RecordBatch::try_new(batch.schema(), columns.collect())?)
}

/// Passes its input on.
#[derive(Debug)]
pub(crate) struct Passed {
    pub input: Arc<dyn ExecutionPlan>,
    /// Batches are compacted.
    pub compacts: bool,
    /// No filter goes down to the input.
    pub every_row: bool,
}

impl DisplayAs for Passed {
    fn fmt_as(&self, _kind: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Passed: compacts={}, every_row={}", self.compacts, self.every_row)
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
        if !self.compacts {
            return Ok(input);
        }
        let schema = input.schema();
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, input.map(|batch| compact(&batch?)))))
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

fn compacted(input: Arc<dyn ExecutionPlan>) -> Arc<dyn ExecutionPlan> {
    Arc::new(Passed { input, compacts: true, every_row: false })
}

/// Compacts what goes into a sort and what comes out of it: joins and merges give batches that point into many others.
#[derive(Debug)]
pub(crate) struct CompactSorts;

impl PhysicalOptimizerRule for CompactSorts {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _config: &ConfigOptions) -> QueryResult<Arc<dyn ExecutionPlan>> {
        let compacted = plan.transform_up(|node| {
            if node.name() != "SortExec" {
                return Ok(Transformed::no(node));
            }
            let inputs = node.children().into_iter().map(|c| compacted(Arc::clone(c))).collect();
            Ok(Transformed::yes(compacted(replace_children_if_necessary(node, inputs)?)))
        });
        Ok(compacted?.data)
    }

    fn name(&self) -> &str {
        "compact_sorts"
    }

    fn schema_check(&self) -> bool {
        true
    }
}
