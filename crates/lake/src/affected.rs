//! Which rows of a model a change touches. A model's key (or partition) values are followed from the changed rows of an
//! input up to the result; then the model is computed for those values alone. Both are rewrites of the model's plan.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, NullEquality, ScalarValue};
use datafusion::datasource::provider_as_source;
use datafusion::error::Result as QueryResult;
use datafusion::logical_expr::{
    Aggregate, Distinct, Expr, Filter, Join, JoinType, LogicalPlan, LogicalPlanBuilder, Projection, SubqueryAlias, TableScan, lit,
};
use spec::TableName;

use crate::casts;

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
    use datafusion::common::tree_node::Transformed;
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

fn has_subquery(plan: &LogicalPlan) -> bool {
    plan.expressions()
        .iter()
        .any(|e| e.exists(|e| Ok(matches!(e, Expr::ScalarSubquery(_) | Expr::InSubquery(_) | Expr::Exists(_)))).unwrap_or(true))
}

/// A change to follow.
#[derive(Clone, Copy)]
pub(crate) struct Change<'c> {
    /// The input that changed.
    pub table: &'c TableName,
    /// Where it is read: the first place, the second, ….
    pub occurrence: usize,
    /// Rows that came or went.
    pub delta: &'c Arc<dyn TableProvider>,
    /// All inputs that changed, where rows went away from one of several: what joined them before may be gone too.
    pub moving: &'c [TableName],
}

impl Change<'_> {
    /// Whether rows of this part of a plan may have changed.
    fn concerns(&self, plan: &LogicalPlan) -> QueryResult<bool> {
        if occurrences(plan, self.table)? > 0 {
            return Ok(true);
        }
        self.moves(plan)
    }

    /// Whether rows of this part may have gone together with rows of another.
    fn moves(&self, plan: &LogicalPlan) -> QueryResult<bool> {
        Ok(self.moving.iter().map(|table| occurrences(plan, table)).collect::<QueryResult<Vec<_>>>()?.iter().any(|count| *count > 0))
    }
}

/// What a rewrite of a path from a changed input learned.
struct Path {
    plan: LogicalPlan,
    /// The change is in this part of the plan.
    changed: bool,
    /// Filters above no longer decide: the changed rows may be absent (null side of an outer join) or incomplete (an
    /// aggregate), so what they say of a filter is not what the full rows say.
    loose: bool,
    /// Aggregated values stand in the rows, which over the changed rows alone are not the true ones.
    aggregated: bool,
}

/// A plan of the keys of all result rows that rows of the change take part in: a superset of the rows that can differ.
/// `None` where the shape of the model does not allow it.
pub(crate) fn affected_keys(plan: &LogicalPlan, key: &[String], change: &Change<'_>) -> QueryResult<Option<LogicalPlan>> {
    let positions = key.iter().map(|c| plan.schema().index_of_column_by_name(None, c)).collect::<Option<BTreeSet<usize>>>();
    let Some(positions) = positions else { return Ok(None) };
    if !is_told_by_changed_rows(plan, &positions, change)? {
        return Ok(None);
    }
    let mut seen = 0;
    let Some(path) = follow(plan, change, &mut seen)? else { return Ok(None) };
    if !path.changed {
        return Ok(None);
    }
    // A value that cannot be read is null here as it is in the result, where its row is quarantined.
    let (plan, _) = casts::guard(path.plan)?;
    let columns: Vec<Expr> = key.iter().map(|c| Expr::Column(Column::new_unqualified(c))).collect();
    Ok(Some(LogicalPlanBuilder::from(plan).project(columns)?.distinct()?.build()?))
}

/// Whether the changed rows alone tell the values that these columns of the plan had and have in all result rows that the
/// rows take part in. Not where a value is aggregated over more rows, nor where it comes from the side of an outer join
/// that may be absent and changed: with another row, or none, on that side it was another value.
fn is_told_by_changed_rows(plan: &LogicalPlan, columns: &BTreeSet<usize>, change: &Change<'_>) -> QueryResult<bool> {
    if !change.concerns(plan)? {
        return Ok(true);
    }
    let referenced = |expressions: &[&Expr], input: &LogicalPlan| -> BTreeSet<usize> {
        let mut found = HashSet::new();
        for expression in expressions {
            found.extend(expression.column_refs());
        }
        found.into_iter().filter_map(|c| input.schema().maybe_index_of_column(c)).collect()
    };
    match plan {
        LogicalPlan::TableScan(_) => Ok(true),
        LogicalPlan::Projection(projection) => {
            let expressions: Vec<&Expr> = columns.iter().filter_map(|c| projection.expr.get(*c)).collect();
            is_told_by_changed_rows(&projection.input, &referenced(&expressions, &projection.input), change)
        }
        LogicalPlan::SubqueryAlias(alias) => is_told_by_changed_rows(&alias.input, columns, change),
        LogicalPlan::Filter(filter) => is_told_by_changed_rows(&filter.input, columns, change),
        LogicalPlan::Sort(sort) => is_told_by_changed_rows(&sort.input, columns, change),
        LogicalPlan::Distinct(Distinct::All(input)) => is_told_by_changed_rows(input, columns, change),
        LogicalPlan::Aggregate(aggregate) => {
            let groups: Option<Vec<&Expr>> = columns.iter().map(|c| aggregate.group_expr.get(*c)).collect();
            match groups {
                Some(groups) if !groups.iter().any(|g| matches!(g, Expr::GroupingSet(_))) => {
                    is_told_by_changed_rows(&aggregate.input, &referenced(&groups, &aggregate.input), change)
                }
                _ => Ok(false),
            }
        }
        LogicalPlan::Join(join) => {
            use JoinType::{Full, Inner, Left, LeftAnti, LeftSemi, Right, RightAnti, RightSemi};
            let width = match join.join_type {
                RightSemi | RightAnti => 0,
                _ => join.left.schema().fields().len(),
            };
            let left: BTreeSet<usize> = columns.iter().copied().filter(|c| *c < width).collect();
            let right: BTreeSet<usize> = columns.iter().filter_map(|c| c.checked_sub(width)).collect();
            // An inner partner that went away in the same span hides the row that it met.
            let apart = !(change.moves(&join.left)? && change.moves(&join.right)?);
            let may_be_absent = match join.join_type {
                Inner | LeftSemi | RightSemi | LeftAnti | RightAnti if !apart => return Ok(false),
                Left => !right.is_empty() && change.concerns(&join.right)?,
                Right => !left.is_empty() && change.concerns(&join.left)?,
                Full => true,
                Inner | LeftSemi | RightSemi | LeftAnti | RightAnti => false,
                _ => return Ok(false),
            };
            let semi = matches!(join.join_type, LeftSemi | LeftAnti | RightSemi | RightAnti);
            Ok(!may_be_absent
                && (semi && width == 0 || is_told_by_changed_rows(&join.left, &left, change)?)
                && (semi && width > 0 || is_told_by_changed_rows(&join.right, &right, change)?))
        }
        _ => Ok(false),
    }
}

fn follow(plan: &LogicalPlan, change: &Change<'_>, seen: &mut usize) -> QueryResult<Option<Path>> {
    if has_subquery(plan) {
        return Ok(None);
    }
    let unchanged = |plan: LogicalPlan| Path { plan, changed: false, loose: false, aggregated: false };
    Ok(match plan {
        LogicalPlan::TableScan(scan) => {
            if !is_scan_of(scan, change.table) {
                return Ok(Some(unchanged(plan.clone())));
            }
            *seen += 1;
            if *seen - 1 != change.occurrence {
                return Ok(Some(unchanged(plan.clone())));
            }
            Some(Path { plan: rescan(scan.clone(), change.delta)?, changed: true, loose: false, aggregated: false })
        }
        LogicalPlan::Projection(projection) => {
            let Some(input) = follow(&projection.input, change, seen)? else { return Ok(None) };
            let plan = LogicalPlan::Projection(Projection::try_new(projection.expr.clone(), Arc::new(input.plan))?);
            Some(Path { plan, ..input })
        }
        LogicalPlan::SubqueryAlias(alias) => {
            let Some(input) = follow(&alias.input, change, seen)? else { return Ok(None) };
            let plan = LogicalPlan::SubqueryAlias(SubqueryAlias::try_new(Arc::new(input.plan), alias.alias.clone())?);
            Some(Path { plan, ..input })
        }
        LogicalPlan::Sort(sort) if sort.fetch.is_none() => follow(&sort.input, change, seen)?,
        LogicalPlan::Filter(filter) => {
            let Some(input) = follow(&filter.input, change, seen)? else { return Ok(None) };
            if input.changed && input.loose {
                return Ok(Some(input));
            }
            let plan = LogicalPlan::Filter(Filter::try_new(filter.predicate.clone(), Arc::new(input.plan))?);
            Some(Path { plan, ..input })
        }
        LogicalPlan::Distinct(Distinct::All(input)) => follow(input, change, seen)?,
        LogicalPlan::Join(join) => {
            let Some(left) = follow(&join.left, change, seen)? else { return Ok(None) };
            let Some(right) = follow(&join.right, change, seen)? else { return Ok(None) };
            return follow_join(join, left, right, change);
        }
        LogicalPlan::Aggregate(aggregate) => {
            let Some(input) = follow(&aggregate.input, change, seen)? else { return Ok(None) };
            if !input.changed {
                return Ok(Some(unchanged(plan.clone())));
            }
            Some(Path { plan: groups_only(aggregate, input.plan)?, changed: true, loose: true, aggregated: true })
        }
        // Windows, limits, unions and the rest are recomputed in full, if the change is below them.
        other => {
            if occurrences(other, change.table)? > 0 {
                None
            } else {
                Some(unchanged(other.clone()))
            }
        }
    })
}

/// The groups without their aggregates, which stand as nulls.
fn groups_only(aggregate: &Aggregate, input: LogicalPlan) -> QueryResult<LogicalPlan> {
    let grouped = LogicalPlanBuilder::from(input).aggregate(aggregate.group_expr.clone(), Vec::<Expr>::new())?.build()?;
    let mut columns = Vec::new();
    for (position, (qualifier, field)) in aggregate.schema.iter().enumerate() {
        if position < grouped.schema().fields().len() {
            let (qualifier, field) = grouped.schema().qualified_field(position);
            columns.push(Expr::Column(Column::new(qualifier.cloned(), field.name())));
        } else {
            let null = lit(ScalarValue::try_from(field.data_type())?);
            columns.push(null.alias_qualified(qualifier.cloned(), field.name()));
        }
    }
    LogicalPlanBuilder::from(grouped).project(columns)?.build()
}

fn follow_join(join: &Join, left: Path, right: Path, change: &Change<'_>) -> QueryResult<Option<Path>> {
    use JoinType::{Full, Inner, Left, LeftAnti, LeftMark, LeftSemi, Right, RightAnti, RightMark, RightSemi};
    if left.changed && right.changed {
        return Ok(None);
    }
    let changed = left.changed || right.changed;
    if left.aggregated || right.aggregated {
        return Ok(None); // the condition may ask for an aggregated value
    }
    let (join_type, loosened) = match (join.join_type, left.changed) {
        _ if !changed => (join.join_type, false),
        (Inner, _) | (Left | LeftSemi | LeftAnti, true) | (Right | RightSemi | RightAnti, false) => (join.join_type, false),
        (Left, false) | (Right, true) => (Inner, true),
        (Full, true) => (Left, true),
        (Full, false) => (Right, true),
        (LeftSemi, false) | (RightSemi, true) => (join.join_type, true),
        (LeftAnti, false) => (LeftSemi, true),
        (RightAnti, true) => (RightSemi, true),
        (LeftMark | RightMark, _) => return Ok(None),
    };
    // A filter above may ask what the other side was, which has changed as well.
    let other = if left.changed { &join.right } else { &join.left };
    let loosened = loosened || changed && change.moves(other)?;
    let rebuilt = Join::try_new(
        Arc::new(left.plan),
        Arc::new(right.plan),
        join.on.clone(),
        join.filter.clone(),
        join_type,
        join.join_constraint,
        join.null_equality,
        false,
    )?;
    Ok(Some(Path { plan: LogicalPlan::Join(rebuilt), changed, loose: left.loose || right.loose || loosened, aggregated: false }))
}

/// The values that a model is to be recomputed for.
pub(crate) struct Keys {
    /// A table of the values, in columns named [`Keys::column`]`(0..)`.
    pub provider: Arc<dyn TableProvider>,
    /// The values themselves where the key is one column and they are few.
    pub list: Option<Vec<ScalarValue>>,
}

impl Keys {
    pub fn column(position: usize) -> String {
        format!("__key_{position}")
    }
}

/// The model for the rows with these keys alone; the restriction stands as near to the scans as it may.
pub(crate) fn restrict(plan: LogicalPlan, key: &[String], keys: &Keys) -> QueryResult<LogicalPlan> {
    let columns = key.iter().map(|c| {
        let (qualifier, field) = plan.schema().qualified_field_with_unqualified_name(c)?;
        Ok(Column::new(qualifier.cloned(), field.name()))
    });
    let columns = columns.collect::<QueryResult<Vec<_>>>()?;
    push(plan, &columns, keys)
}

fn push(plan: LogicalPlan, columns: &[Column], keys: &Keys) -> QueryResult<LogicalPlan> {
    match plan {
        LogicalPlan::Projection(ref projection) => {
            let below: Option<Vec<Column>> = columns
                .iter()
                .map(|c| {
                    let position = projection.schema.maybe_index_of_column(c)?;
                    let mut expression = projection.expr.get(position)?;
                    while let Expr::Alias(alias) = expression {
                        expression = &alias.expr;
                    }
                    if let Expr::Column(column) = expression { Some(column.clone()) } else { None }
                })
                .collect();
            match below {
                Some(below) => {
                    let input = push(projection.input.as_ref().clone(), &below, keys)?;
                    Ok(LogicalPlan::Projection(Projection::try_new(projection.expr.clone(), Arc::new(input))?))
                }
                None => here(plan, columns, keys),
            }
        }
        LogicalPlan::SubqueryAlias(alias) => {
            let below = columns
                .iter()
                .map(|c| {
                    let position = alias.schema.index_of_column(c)?;
                    let (qualifier, field) = alias.input.schema().qualified_field(position);
                    Ok(Column::new(qualifier.cloned(), field.name()))
                })
                .collect::<QueryResult<Vec<_>>>()?;
            let input = push(Arc::unwrap_or_clone(alias.input), &below, keys)?;
            Ok(LogicalPlan::SubqueryAlias(SubqueryAlias::try_new(Arc::new(input), alias.alias)?))
        }
        LogicalPlan::Filter(filter) => {
            let input = push(Arc::unwrap_or_clone(filter.input), columns, keys)?;
            Ok(LogicalPlan::Filter(Filter::try_new(filter.predicate, Arc::new(input))?))
        }
        LogicalPlan::Join(ref join) => {
            use JoinType::{Inner, Left, LeftAnti, LeftSemi, Right, RightAnti, RightSemi};
            let within = |schema: &DFSchema| columns.iter().all(|c| schema.has_column(c));
            let in_left = within(join.left.schema()) && matches!(join.join_type, Inner | Left | LeftSemi | LeftAnti);
            let in_right = within(join.right.schema()) && matches!(join.join_type, Inner | Right | RightSemi | RightAnti);
            if !in_left && !in_right {
                return here(plan, columns, keys);
            }
            let mut joined = join.clone();
            if in_left {
                joined.left = Arc::new(push(join.left.as_ref().clone(), columns, keys)?);
            } else {
                joined.right = Arc::new(push(join.right.as_ref().clone(), columns, keys)?);
            }
            Ok(LogicalPlan::Join(joined))
        }
        LogicalPlan::Aggregate(ref aggregate) => {
            let below: Option<Vec<Column>> = columns
                .iter()
                .map(|c| {
                    let position = aggregate.schema.maybe_index_of_column(c)?;
                    match aggregate.group_expr.get(position)? {
                        Expr::Column(column) => Some(column.clone()),
                        _ => None,
                    }
                })
                .collect();
            match below {
                Some(below) => {
                    let input = push(aggregate.input.as_ref().clone(), &below, keys)?;
                    Ok(LogicalPlan::Aggregate(Aggregate::try_new(
                        Arc::new(input),
                        aggregate.group_expr.clone(),
                        aggregate.aggr_expr.clone(),
                    )?))
                }
                None => here(plan, columns, keys),
            }
        }
        other => here(other, columns, keys),
    }
}

/// The restriction at this place: a list where the values are few, else a semi join.
fn here(plan: LogicalPlan, columns: &[Column], keys: &Keys) -> QueryResult<LogicalPlan> {
    if let (Some(list), [column]) = (&keys.list, columns) {
        let values: Vec<Expr> = list.iter().filter(|v| !v.is_null()).cloned().map(lit).collect();
        let mut predicate = Expr::Column(column.clone()).in_list(values, false);
        if list.iter().any(ScalarValue::is_null) {
            predicate = predicate.or(Expr::Column(column.clone()).is_null());
        }
        return LogicalPlanBuilder::from(plan).filter(predicate)?.build();
    }
    let wanted = LogicalPlanBuilder::scan("__keys", provider_as_source(Arc::clone(&keys.provider)), None)?.build()?;
    let names: Vec<Column> = (0..columns.len()).map(|i| Column::from_qualified_name(format!("__keys.{}", Keys::column(i)))).collect();
    let on = (columns.to_vec(), names);
    LogicalPlanBuilder::from(plan).join_detailed(wanted, JoinType::LeftSemi, on, None, NullEquality::NullEqualsNull)?.build()
}
