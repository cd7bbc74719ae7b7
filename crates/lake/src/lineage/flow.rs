//! Sources followed through a logical plan, node by node. Columns go by position, never by name, so that aliases, common
//! table expressions and self joins cannot be mixed up.

use datafusion::logical_expr::utils::grouping_set_to_exprlist;
use datafusion::logical_expr::{Aggregate, Distinct, Join, JoinType, LogicalPlan, RecursiveQuery, TableScan, Unnest};
use spec::{Layer, TableName};

use super::expression::{Around, Scope, sources, through};
use super::{How, Kind, ROWS, Source, Sources};
use crate::{LakeError, Result};

/// What the output of a plan node comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Flow {
    /// Of each column, by position.
    pub columns: Vec<Sources>,
    /// Of which rows there are.
    pub rows: Sources,
}

/// What the plan's output comes from.
pub(super) fn flow(plan: &LogicalPlan, around: Around<'_>) -> Result<Flow> {
    let done = match plan {
        LogicalPlan::TableScan(scan) => scanned(scan, around)?,
        LogicalPlan::EmptyRelation(_) => Flow { columns: vec![Sources::new(); plan.schema().fields().len()], rows: Sources::new() },
        LogicalPlan::Values(values) => {
            let nothing = Flow::default();
            let scope = Scope::of(&values.schema, &nothing, around);
            let mut columns = vec![Sources::new(); values.schema.fields().len()];
            for row in &values.values {
                for (column, value) in columns.iter_mut().zip(row) {
                    column.extend(sources(value, &scope)?);
                }
            }
            Flow { columns, rows: Sources::new() }
        }
        LogicalPlan::Projection(projection) => {
            let input = flow(&projection.input, around)?;
            let scope = Scope::of(projection.input.schema(), &input, around);
            let columns = projection.expr.iter().map(|e| sources(e, &scope)).collect::<Result<_>>()?;
            Flow { columns, rows: input.rows }
        }
        LogicalPlan::SubqueryAlias(alias) => flow(&alias.input, around)?,
        LogicalPlan::Subquery(subquery) => flow(&subquery.subquery, around)?,
        LogicalPlan::Repartition(repartition) => flow(&repartition.input, around)?,
        LogicalPlan::Limit(limit) => flow(&limit.input, around)?,
        LogicalPlan::Filter(filter) => {
            let mut input = flow(&filter.input, around)?;
            let condition = sources(&filter.predicate, &Scope::of(filter.input.schema(), &input, around))?;
            input.rows.extend(through(condition, How::Filter));
            input
        }
        LogicalPlan::Sort(sort) => {
            let mut input = flow(&sort.input, around)?;
            let mut order = Sources::new();
            for by in &sort.expr {
                order.extend(sources(&by.expr, &Scope::of(sort.input.schema(), &input, around))?);
            }
            input.rows.extend(through(order, How::Sort));
            input
        }
        LogicalPlan::Distinct(distinct) => distinct_rows(distinct, around)?,
        LogicalPlan::Aggregate(aggregate) => aggregated(aggregate, around)?,
        LogicalPlan::Window(window) => {
            let mut input = flow(&window.input, around)?;
            let scope = Scope::of(window.input.schema(), &input, around);
            let added = window.window_expr.iter().map(|e| sources(e, &scope)).collect::<Result<Vec<_>>>()?;
            input.columns.extend(added);
            input
        }
        LogicalPlan::Join(join) => joined(join, around)?,
        LogicalPlan::Union(union) => {
            let mut done = Flow { columns: vec![Sources::new(); union.schema.fields().len()], rows: Sources::new() };
            for input in &union.inputs {
                done.add(flow(input, around)?);
            }
            done
        }
        LogicalPlan::Unnest(unnest) => unnested(unnest, around)?,
        LogicalPlan::RecursiveQuery(query) => recursive(query, around)?,
        other => {
            return Err(LakeError::invalid(format!("the lineage of {} cannot be told; write the model as one select", other.display())));
        }
    };
    if done.columns.len() == plan.schema().fields().len() {
        Ok(done)
    } else {
        Err(LakeError::invalid(format!("the lineage of {} cannot be told; this is a defect in adlake, please report it", plan.display())))
    }
}

impl Flow {
    /// Rows of `other` come in as well, column by column.
    fn add(&mut self, other: Self) {
        for (column, more) in self.columns.iter_mut().zip(other.columns) {
            column.extend(more);
        }
        self.rows.extend(other.rows);
    }
}

/// Those that only steer.
pub(super) fn influences(sources: &Sources) -> impl Iterator<Item = Source> {
    sources.iter().filter(|s| s.kind() == Kind::Influence).cloned()
}

/// Those that values are made of.
pub(super) fn values(sources: &Sources) -> impl Iterator<Item = Source> {
    sources.iter().filter(|s| s.kind() == Kind::Value).cloned()
}

fn scanned(scan: &TableScan, around: Around<'_>) -> Result<Flow> {
    let name = &scan.table_name;
    let Some(schema) = name.schema() else {
        let working = around.working.iter().rev().find(|(working, _)| working == name.table());
        return working.map(|(_, flow)| flow.clone()).ok_or_else(|| LakeError::invalid(format!("{name}: write layer.name")));
    };
    let layer: Layer = schema.parse().map_err(LakeError::invalid)?;
    let table = TableName::new(layer, name.table()).map_err(LakeError::invalid)?;
    let source = |column: &str| Sources::from([Source { table: table.clone(), column: column.to_owned(), how: How::Identity }]);
    Ok(Flow { columns: scan.projected_schema.fields().iter().map(|f| source(f.name())).collect(), rows: source(ROWS) })
}

fn distinct_rows(distinct: &Distinct, around: Around<'_>) -> Result<Flow> {
    match distinct {
        Distinct::All(input) => {
            let mut input = flow(input, around)?;
            for column in &input.columns {
                input.rows.extend(through(column.clone(), How::GroupBy));
            }
            Ok(input)
        }
        Distinct::On(on) => {
            let input = flow(&on.input, around)?;
            let scope = Scope::of(on.input.schema(), &input, around);
            let columns = on.select_expr.iter().map(|e| sources(e, &scope)).collect::<Result<_>>()?;
            let mut rows = input.rows.clone();
            for key in &on.on_expr {
                rows.extend(through(sources(key, &scope)?, How::GroupBy));
            }
            for by in on.sort_expr.iter().flatten() {
                rows.extend(through(sources(&by.expr, &scope)?, How::Sort));
            }
            Ok(Flow { columns, rows })
        }
    }
}

fn aggregated(aggregate: &Aggregate, around: Around<'_>) -> Result<Flow> {
    let input = flow(&aggregate.input, around)?;
    let scope = Scope::of(aggregate.input.schema(), &input, around);
    let mut columns = Vec::with_capacity(aggregate.schema.fields().len());
    let mut rows = through(input.rows.clone(), How::Aggregation);
    for key in grouping_set_to_exprlist(&aggregate.group_expr)? {
        let key = sources(key, &scope)?;
        rows.extend(through(key.clone(), How::GroupBy));
        columns.push(key);
    }
    // With grouping sets a column follows that says which set a row belongs to.
    let of_sets = aggregate.schema.fields().len().saturating_sub(columns.len() + aggregate.aggr_expr.len());
    columns.extend(std::iter::repeat_n(Sources::new(), of_sets));
    for expression in &aggregate.aggr_expr {
        columns.push(sources(expression, &scope)?);
    }
    Ok(Flow { columns, rows })
}

fn joined(join: &Join, around: Around<'_>) -> Result<Flow> {
    let mut left = flow(&join.left, around)?;
    let left_scope = Scope::of(join.left.schema(), &left, around);
    // A lateral join's right side asks for columns of the left.
    let mut right = flow(&join.right, Around { outer: Some(&left_scope), ..around })?;
    let right_scope = Scope::of(join.right.schema(), &right, around);
    let mut condition = Sources::new();
    for (of_left, of_right) in &join.on {
        condition.extend(sources(of_left, &left_scope)?);
        condition.extend(sources(of_right, &right_scope)?);
    }
    if let Some(filter) = &join.filter {
        condition.extend(sources(filter, &left_scope.and(&right_scope))?);
    }
    let mark = through(condition.clone(), How::Transformation);
    if matches!(join.join_type, JoinType::Left | JoinType::Full) {
        tell_matches(&mut right);
    }
    if matches!(join.join_type, JoinType::Right | JoinType::Full) {
        tell_matches(&mut left);
    }
    let (columns, mut rows, steered_by) = match join.join_type {
        JoinType::Inner | JoinType::Full => ([left.columns, right.columns].concat(), &left.rows | &right.rows, Sources::new()),
        JoinType::Left => ([left.columns, right.columns].concat(), left.rows, right.rows),
        JoinType::Right => ([left.columns, right.columns].concat(), right.rows, left.rows),
        JoinType::LeftSemi | JoinType::LeftAnti => (left.columns, left.rows, right.rows),
        JoinType::RightSemi | JoinType::RightAnti => (right.columns, right.rows, left.rows),
        JoinType::LeftMark => ([left.columns, vec![mark]].concat(), left.rows, right.rows),
        JoinType::RightMark => ([right.columns, vec![mark]].concat(), right.rows, left.rows),
    };
    rows.extend(influences(&steered_by));
    rows.extend(through(condition, How::Join));
    Ok(Flow { columns, rows })
}

/// On the side of an outer join that may have no match, a constant tells whether there was one.
fn tell_matches(side: &mut Flow) {
    let rows: Sources = through(values(&side.rows).collect(), How::Transformation);
    for column in &mut side.columns {
        if values(column).next().is_none() {
            column.extend(rows.iter().cloned());
        }
    }
}

fn unnested(unnest: &Unnest, around: Around<'_>) -> Result<Flow> {
    let input = flow(&unnest.input, around)?;
    let mut rows = input.rows;
    let lists: Vec<usize> = unnest.list_type_columns.iter().map(|(position, _)| *position).collect();
    let mut columns = Vec::with_capacity(unnest.dependency_indices.len());
    for position in &unnest.dependency_indices {
        let column = input.columns.get(*position).cloned().unwrap_or_default();
        let taken_apart = lists.contains(position) || unnest.struct_type_columns.contains(position);
        columns.push(if taken_apart { through(column, How::Transformation) } else { column });
    }
    for position in lists {
        // As a join with the list's elements.
        rows.extend(through(input.columns.get(position).cloned().unwrap_or_default(), How::Join));
    }
    Ok(Flow { columns, rows })
}

/// The query reads its own result: followed until nothing new is found.
fn recursive(query: &RecursiveQuery, around: Around<'_>) -> Result<Flow> {
    let mut found = flow(&query.static_term, around)?;
    loop {
        let mut working = around.working.to_vec();
        working.push((query.name.clone(), found.clone()));
        let mut more = found.clone();
        more.add(flow(&query.recursive_term, Around { working: &working, ..around })?);
        if query.is_distinct {
            for column in &more.columns {
                more.rows.extend(through(column.clone(), How::GroupBy));
            }
        }
        if more == found {
            return Ok(found);
        }
        found = more;
    }
}
