//! Which rows of a model a change touches, and the model computed for those alone.
//!
//! [`Changes::touched`] follows the changed rows of the inputs up to values of the result's key (or partition);
//! [`Scope::restricted`] computes a plan for such values. Both carry values over the equalities of joins from one side to
//! the other, where the rows that meet them are few, so that no more of a table is held than what the change concerns.

mod restricted;
mod touched;
mod values;
mod windows;

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{FieldRef, Schema, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, TableReference};
use datafusion::datasource::{MemTable, provider_as_source};
use datafusion::error::Result as QueryResult;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, TableScan, Unnest};
use datafusion::optimizer::extract_equijoin_predicate::ExtractEquijoinPredicate;
use datafusion::optimizer::{Optimizer, OptimizerContext};
use datafusion::prelude::SessionContext;
use spec::TableName;

use crate::Result;
use crate::exec::collect_within;
use crate::table::Table;
use crate::unique::{Positions, TableKeys};

pub(crate) use restricted::{Wanted, files_with};
pub(crate) use touched::{Changes, Touched};
pub(crate) use values::Values;
use windows::{looks_back_by, partitioned_by};

/// How often `table` is read in the plan, its subqueries included.
pub(crate) fn occurrences(plan: &LogicalPlan, table: &TableName) -> QueryResult<usize> {
    let mut count = 0;
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node
            && is_scan_of(scan, table)
        {
            count += 1;
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(count)
}

/// Whether this is a scan of that table.
pub(crate) fn is_scan_of(scan: &TableScan, table: &TableName) -> bool {
    scan.table_name.table() == table.name && scan.table_name.schema().is_some_and(|s| s == table.layer.to_string())
}

/// The plan reading `provider` wherever it read `table`.
pub(crate) fn substitute(plan: LogicalPlan, table: &TableName, provider: &Arc<dyn TableProvider>) -> QueryResult<LogicalPlan> {
    let done = plan.transform_up(|node| match node {
        LogicalPlan::TableScan(scan) if is_scan_of(&scan, table) => Ok(Transformed::yes(rescan(scan, provider)?)),
        other => Ok(Transformed::no(other)),
    })?;
    Ok(done.data)
}

fn rescan(scan: TableScan, provider: &Arc<dyn TableProvider>) -> QueryResult<LogicalPlan> {
    LogicalPlanBuilder::scan_with_filters(scan.table_name, provider_as_source(Arc::clone(provider)), scan.projection, scan.filters)?.build()
}

/// Whether the result's rows correspond to the rows of the single input one by one: nothing but select lists, filters
/// and aliases above one scan.
pub(crate) fn is_row_wise(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Projection(p) => is_row_wise(&p.input) && !has_subquery(plan),
        LogicalPlan::Filter(f) => is_row_wise(&f.input) && !has_subquery(plan),
        LogicalPlan::SubqueryAlias(a) => is_row_wise(&a.input),
        LogicalPlan::Sort(s) => s.fetch.is_none() && is_row_wise(&s.input),
        LogicalPlan::TableScan(_) => true,
        _ => false,
    }
}

/// Whether the node's expressions hold a subquery.
pub(crate) fn has_subquery(plan: &LogicalPlan) -> bool {
    plan.expressions()
        .iter()
        .any(|e| e.exists(|e| Ok(matches!(e, Expr::ScalarSubquery(_) | Expr::InSubquery(_) | Expr::Exists(_)))).unwrap_or(true))
}

/// What a computation for some values alone may use.
pub(crate) struct Scope<'s> {
    pub context: &'s SessionContext,
    pub tables: &'s BTreeMap<TableName, Table>,
    pub keys: &'s TableKeys,
    /// How many bytes of rows of one input may be held. What is more is read again wherever it is needed.
    pub held_bytes: usize,
}

impl Scope<'_> {
    /// The rows of a plan, once each, in memory if they are few.
    async fn held(&self, plan: LogicalPlan) -> Result<LogicalPlan> {
        let distinct = LogicalPlanBuilder::from(plan.clone()).distinct()?.build()?;
        match self.collected(&distinct).await? {
            Some(batches) => Ok(in_memory(batches, plan.schema(), None)?),
            None => Ok(plan),
        }
    }

    /// The rows of a plan, if they are few.
    async fn collected(&self, plan: &LogicalPlan) -> Result<Option<Vec<RecordBatch>>> {
        collect_within(self.context, plan, self.held_bytes).await
    }
}

/// Rows in memory under the columns of a schema, in the place of a scan where a table is named.
fn in_memory(batches: Vec<RecordBatch>, schema: &DFSchema, table: Option<TableReference>) -> QueryResult<LogicalPlan> {
    let is_table = table.is_some();
    // Columns of several tables may have one name: they get others until they are qualified again.
    let plain = |(at, field): (usize, &FieldRef)| field.as_ref().clone().with_name(format!("__{at}")).with_nullable(true);
    let stored: SchemaRef = if is_table {
        Arc::clone(schema.inner())
    } else {
        Arc::new(Schema::new(schema.fields().iter().enumerate().map(plain).collect::<Vec<_>>()))
    };
    let batches = batches.iter().map(|b| RecordBatch::try_new(Arc::clone(&stored), b.columns().to_vec())).collect::<Result<_, _>>()?;
    let provider = provider_as_source(Arc::new(MemTable::try_new(stored, vec![batches])?));
    let scan = LogicalPlanBuilder::scan(table.unwrap_or_else(|| "__held".into()), provider, None)?.build()?;
    if is_table { Ok(scan) } else { named_as(scan, schema, &(0..schema.fields().len()).collect()) }
}

/// The column at a position of a schema.
pub(crate) fn column_at(schema: &DFSchema, position: usize) -> Column {
    Column::from(schema.qualified_field(position))
}

/// Where a column of what lists are taken apart into stood beside them, by positions; none for what came out of a list.
fn beside(unnest: &Unnest, column: usize) -> Option<usize> {
    let below = *unnest.dependency_indices.get(column)?;
    let is_taken_apart = unnest.list_type_columns.iter().any(|(list, _)| *list == below) || unnest.struct_type_columns.contains(&below);
    (!is_taken_apart).then_some(below)
}

/// Expressions under names of their own, to be told apart by their positions.
fn numbered(expressions: Vec<Expr>) -> Vec<Expr> {
    expressions.into_iter().enumerate().map(|(position, e)| e.alias(format!("__{position}"))).collect()
}

/// The plan with its columns named as those at these positions of a schema, one after the other.
fn named_as(plan: LogicalPlan, schema: &DFSchema, positions: &Positions) -> QueryResult<LogicalPlan> {
    let columns = plan.schema().columns().into_iter().zip(positions).map(|(column, position)| {
        let name = column_at(schema, *position);
        Expr::Column(column).alias_qualified(name.relation, name.name)
    });
    LogicalPlanBuilder::from(plan).project(columns.collect::<Vec<_>>())?.build()
}

/// The plan with the equalities of its joins told apart from what else they ask.
pub(crate) fn with_equalities(plan: LogicalPlan) -> QueryResult<LogicalPlan> {
    let rules = Optimizer::with_rules(vec![Arc::new(ExtractEquijoinPredicate::new())]);
    rules.optimize(plan, &OptimizerContext::new().with_max_passes(1), |_, _| {})
}
