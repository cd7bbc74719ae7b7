//! Sources of an expression: what its value is made of, and what steers it.

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::expr::{AggregateFunctionParams, Sort, WindowFunction};
use datafusion::logical_expr::{Case, Expr, Subquery, WindowFunctionDefinition};

use super::flow::{Flow, flow, influences, values};
use super::{How, Kind, Source, Sources};
use crate::{LakeError, Result};

/// What lies around a plan or an expression.
#[derive(Clone, Copy, Default)]
pub(super) struct Around<'a> {
    /// Of a subquery: the row it is computed for.
    pub outer: Option<&'a Scope<'a>>,
    /// Recursive queries, inside themselves, with what is known of them so far.
    pub working: &'a [(String, Flow)],
}

/// The columns an expression can name.
#[derive(Clone)]
pub(super) struct Scope<'a> {
    sides: Vec<(&'a DFSchema, &'a [Sources])>,
    rows: &'a Sources,
    around: Around<'a>,
}

impl<'a> Scope<'a> {
    /// Those of one input.
    pub fn of(schema: &'a DFSchema, input: &'a Flow, around: Around<'a>) -> Self {
        Self { sides: vec![(schema, &input.columns)], rows: &input.rows, around }
    }

    /// Those of a join's two inputs.
    pub fn and(&self, other: &Self) -> Self {
        Self { sides: [self.sides.as_slice(), other.sides.as_slice()].concat(), rows: self.rows, around: self.around }
    }

    fn find(&self, column: &Column) -> Option<Sources> {
        self.sides.iter().find_map(|(schema, columns)| columns.get(schema.maybe_index_of_column(column)?).cloned())
    }

    fn find_outer(&self, column: &Column) -> Option<Sources> {
        let outer = self.around.outer?;
        outer.find(column).or_else(|| outer.find_outer(column))
    }
}

/// What an expression over `scope` comes from.
pub(super) fn sources(expression: &Expr, scope: &Scope<'_>) -> Result<Sources> {
    walk(expression, scope, false)
}

/// The sources as seen by what uses them in this way.
pub(super) fn through(sources: Sources, how: How) -> Sources {
    if how == How::Identity {
        return sources;
    }
    sources.into_iter().map(|s| Source { how: s.how.then(how), ..s }).collect()
}

/// `in_branch`: inside a branch of a `case`, where the outermost one decides what its conditions count as.
fn walk(expression: &Expr, scope: &Scope<'_>, in_branch: bool) -> Result<Sources> {
    let unknown = |column: &Column| {
        LakeError::invalid(format!("the lineage of {column} cannot be told; this is a defect in adlake, please report it"))
    };
    match expression {
        Expr::Alias(alias) => walk(&alias.expr, scope, in_branch),
        Expr::Column(column) => scope.find(column).ok_or_else(|| unknown(column)),
        Expr::OuterReferenceColumn(_, column) => scope.find_outer(column).ok_or_else(|| unknown(column)),
        Expr::Case(case) => choice(case, scope, in_branch),
        Expr::AggregateFunction(function) => aggregate(&function.params, scope),
        Expr::WindowFunction(function) => window(function, scope),
        Expr::ScalarSubquery(subquery) => Ok(result_of(subquery, scope)?),
        Expr::InSubquery(test) => {
            let mut found = walk(&test.expr, scope, in_branch)?;
            found.extend(result_of(&test.subquery, scope)?);
            Ok(through(found, How::Transformation))
        }
        Expr::SetComparison(test) => {
            let mut found = walk(&test.expr, scope, in_branch)?;
            found.extend(result_of(&test.subquery, scope)?);
            Ok(through(found, How::Transformation))
        }
        Expr::Exists(exists) => Ok(through(inside(&exists.subquery, scope)?.rows, How::Transformation)),
        other => Ok(through(children(other, scope, in_branch)?, How::Transformation)),
    }
}

/// All parts of an expression that is computed row by row.
fn children(expression: &Expr, scope: &Scope<'_>, in_branch: bool) -> Result<Sources> {
    let mut found = Sources::new();
    let mut failed = None;
    let visited = expression.apply_children(|child| match walk(child, scope, in_branch) {
        Ok(more) => {
            found.extend(more);
            Ok(TreeNodeRecursion::Continue)
        }
        Err(error) => {
            failed = Some(error);
            Ok(TreeNodeRecursion::Stop)
        }
    });
    match (failed, visited) {
        (Some(error), _) => Err(error),
        (None, Err(error)) => Err(LakeError::from(error as DataFusionError)),
        (None, Ok(_)) => Ok(found),
    }
}

/// Branches are values and conditions steer; but where every branch is a constant the conditions are what counts.
fn choice(case: &Case, scope: &Scope<'_>, in_branch: bool) -> Result<Sources> {
    let mut conditions = Sources::new();
    let mut branches = Sources::new();
    if let Some(tested) = &case.expr {
        conditions.extend(walk(tested, scope, false)?);
    }
    for (when, then) in &case.when_then_expr {
        conditions.extend(walk(when, scope, false)?);
        branches.extend(walk(then, scope, true)?);
    }
    if let Some(otherwise) = &case.else_expr {
        branches.extend(walk(otherwise, scope, true)?);
    }
    let mut found = through(branches, How::Transformation);
    found.extend(through(conditions, How::Conditional));
    if !in_branch && values(&found).next().is_none() {
        found =
            found.into_iter().map(|s| Source { how: if s.how == How::Conditional { How::Transformation } else { s.how }, ..s }).collect();
    }
    Ok(found)
}

fn aggregate(params: &AggregateFunctionParams, scope: &Scope<'_>) -> Result<Sources> {
    let mut found = through(arguments(&params.args, scope)?, How::Aggregation);
    found.extend(ordered(&params.order_by, How::Sort, scope)?);
    if let Some(filter) = &params.filter {
        found.extend(through(walk(filter, scope, false)?, How::Filter));
    }
    Ok(found)
}

fn window(function: &WindowFunction, scope: &Scope<'_>) -> Result<Sources> {
    let params = &function.params;
    let how = match function.fun {
        WindowFunctionDefinition::AggregateUDF(_) => How::Aggregation,
        WindowFunctionDefinition::WindowUDF(_) => How::Transformation,
    };
    let mut found = through(arguments(&params.args, scope)?, how);
    for by in &params.partition_by {
        found.extend(through(walk(by, scope, false)?, How::Window));
    }
    found.extend(ordered(&params.order_by, How::Window, scope)?);
    if let Some(filter) = &params.filter {
        found.extend(through(walk(filter, scope, false)?, How::Filter));
    }
    Ok(found)
}

/// What a function over several rows takes; without a column, as in `count(*)`, it is the rows themselves.
fn arguments(arguments: &[Expr], scope: &Scope<'_>) -> Result<Sources> {
    let mut found = Sources::new();
    for argument in arguments {
        found.extend(walk(argument, scope, false)?);
    }
    if found.iter().all(|s| s.kind() == Kind::Influence) {
        found.extend(values(scope.rows));
    }
    Ok(found)
}

fn ordered(order: &[Sort], how: How, scope: &Scope<'_>) -> Result<Sources> {
    let mut found = Sources::new();
    for by in order {
        found.extend(through(walk(&by.expr, scope, false)?, how));
    }
    Ok(found)
}

fn inside(subquery: &Subquery, scope: &Scope<'_>) -> Result<Flow> {
    flow(&subquery.subquery, Around { outer: Some(scope), working: scope.around.working })
}

/// The column that a subquery gives, steered by what decides on its rows.
fn result_of(subquery: &Subquery, scope: &Scope<'_>) -> Result<Sources> {
    let inner = inside(subquery, scope)?;
    let mut found: Sources = inner.columns.into_iter().flatten().collect();
    found.extend(influences(&inner.rows));
    Ok(found)
}
