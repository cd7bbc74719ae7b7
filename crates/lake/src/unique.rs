//! What is known of a plan's rows before it runs, because the tables below have keys: which columns tell them apart, so that
//! nobody searches for repeated keys; which columns tell another; and which joins find one row at most, and can be left out
//! where nobody asks for what they add.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use datafusion::common::Column;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::error::Result as QueryResult;
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{
    Aggregate, BinaryExpr, Distinct, Expr, Filter, Join, JoinType, LogicalPlan, LogicalPlanBuilder, Operator, Projection, SubqueryAlias,
    Window,
};
use spec::TableName;

use crate::affected::{has_subquery, is_scan_of};

/// Keys of tables, each known to hold.
pub(crate) type TableKeys = BTreeMap<TableName, Vec<String>>;

/// Positions of columns in a plan's result.
pub(crate) type Positions = BTreeSet<usize>;

/// Whether no two rows of the plan can have the same values in these columns. False where that cannot be told.
pub(crate) fn is_unique(plan: &LogicalPlan, columns: &[usize], keys: &TableKeys) -> bool {
    tells_apart(plan, &columns.iter().copied().collect(), keys)
}

/// The same rows without the columns below that nobody asks for, nor the joins that only add such.
pub(crate) fn narrowed(plan: LogicalPlan, keys: &TableKeys) -> QueryResult<LogicalPlan> {
    // A subquery may ask for columns of the rows around it.
    let mut asks_outwards = false;
    plan.apply(|node| {
        asks_outwards |= matches!(node, LogicalPlan::Subquery(_)) || has_subquery(node);
        Ok(if asks_outwards { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    if asks_outwards {
        return Ok(plan);
    }
    let all = plan.schema().columns().into_iter().collect();
    narrow(plan, &all, keys)
}

fn tells_apart(plan: &LogicalPlan, columns: &Positions, keys: &TableKeys) -> bool {
    match plan {
        LogicalPlan::TableScan(scan) => {
            let Some((_, key)) = keys.iter().find(|(table, _)| is_scan_of(scan, table)) else { return false };
            let names: BTreeSet<&str> = columns.iter().map(|c| plan.schema().field(*c).name().as_str()).collect();
            key.iter().all(|k| names.contains(k.as_str()))
        }
        LogicalPlan::Projection(projection) => tells_apart(&projection.input, &passed_on(projection, columns), keys),
        LogicalPlan::SubqueryAlias(alias) => tells_apart(&alias.input, columns, keys),
        LogicalPlan::Filter(filter) => tells_apart(&filter.input, columns, keys),
        LogicalPlan::Sort(sort) => tells_apart(&sort.input, columns, keys),
        LogicalPlan::Limit(limit) => tells_apart(&limit.input, columns, keys),
        LogicalPlan::Repartition(repartition) => tells_apart(&repartition.input, columns, keys),
        // A window adds its columns behind those of its input.
        LogicalPlan::Window(window) => {
            let width = window.input.schema().fields().len();
            tells_apart(&window.input, &columns.iter().copied().filter(|c| *c < width).collect(), keys)
        }
        LogicalPlan::Distinct(Distinct::All(input)) => {
            (0..plan.schema().fields().len()).all(|c| columns.contains(&c)) || tells_apart(input, columns, keys)
        }
        LogicalPlan::Aggregate(aggregate) => {
            let grouping_sets = aggregate.group_expr.iter().any(|e| matches!(e, Expr::GroupingSet(_)));
            !grouping_sets && (0..aggregate.group_expr.len()).all(|c| columns.contains(&c))
        }
        LogicalPlan::Join(join) => {
            let width = join.left.schema().fields().len();
            let left = columns.iter().copied().filter(|c| *c < width).collect();
            match join.join_type {
                JoinType::LeftSemi | JoinType::LeftAnti => tells_apart(&join.left, &left, keys),
                JoinType::Left | JoinType::Inner => tells_apart(&join.left, &left, keys) && finds_one(join, keys),
                _ => false,
            }
        }
        _ => false,
    }
}

/// Positions in the input of the columns that a select list passes on as they are.
fn passed_on(projection: &Projection, columns: &Positions) -> Positions {
    let input = projection.input.schema();
    columns.iter().filter_map(|c| input.maybe_index_of_column(plain_column(projection.expr.get(*c)?)?)).collect()
}

/// The column that an expression is, under whatever name.
pub(crate) fn plain_column(expression: &Expr) -> Option<&Column> {
    match expression {
        Expr::Column(column) => Some(column),
        Expr::Alias(alias) => plain_column(&alias.expr),
        _ => None,
    }
}

/// Whether rows with the same values in `columns` have the same value in `column`, because all of them come from one row of a
/// table with a key. False where that cannot be told.
pub(crate) fn tells(plan: &LogicalPlan, columns: &Positions, column: usize, keys: &TableKeys) -> bool {
    if columns.contains(&column) {
        return true;
    }
    match plan {
        LogicalPlan::TableScan(_) => tells_apart(plan, columns, keys),
        LogicalPlan::Projection(projection) => {
            let Some(expression) = projection.expr.get(column) else { return false };
            let below = passed_on(projection, columns);
            let input = projection.input.schema();
            !expression.is_volatile()
                && expression.column_refs().iter().all(|c| {
                    let position = input.maybe_index_of_column(c);
                    position.is_some_and(|position| tells(&projection.input, &below, position, keys))
                })
        }
        LogicalPlan::SubqueryAlias(alias) => tells(&alias.input, columns, column, keys),
        LogicalPlan::Filter(filter) => tells(&filter.input, columns, column, keys),
        LogicalPlan::Sort(sort) => tells(&sort.input, columns, column, keys),
        LogicalPlan::Window(window) => {
            let width = window.input.schema().fields().len();
            column < width && tells(&window.input, &columns.iter().copied().filter(|c| *c < width).collect(), column, keys)
        }
        LogicalPlan::Join(join) => match join.join_type {
            JoinType::Left | JoinType::Inner | JoinType::LeftSemi | JoinType::LeftAnti => {
                let width = join.left.schema().fields().len();
                let left = columns.iter().copied().filter(|c| *c < width).collect();
                column < width && tells(&join.left, &left, column, keys)
            }
            _ => false,
        },
        _ => false,
    }
}

/// Whether a row on the left meets one row on the right at most.
fn finds_one(join: &Join, keys: &TableKeys) -> bool {
    let mut columns = Positions::new();
    let mut note = |one: &Expr, other: &Expr| {
        for (side, across) in [(one, other), (other, one)] {
            // The other side must not depend on the right row.
            let from_left = across.column_refs().iter().all(|c| join.left.schema().has_column(c));
            let position = plain_column(side).and_then(|c| join.right.schema().maybe_index_of_column(c));
            if from_left && let Some(position) = position {
                columns.insert(position);
            }
        }
    };
    for (left, right) in &join.on {
        note(left, right);
    }
    for condition in join.filter.iter().flat_map(split_conjunction) {
        if let Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) = condition {
            note(left, right);
        }
    }
    tells_apart(&join.right, &columns, keys)
}

/// `needed` are the columns that the plan above asks for.
fn narrow(plan: LogicalPlan, needed: &HashSet<Column>, keys: &TableKeys) -> QueryResult<LogicalPlan> {
    let schema = Arc::clone(plan.schema());
    let is_needed = |position: usize| needed.iter().any(|c| schema.maybe_index_of_column(c) == Some(position));
    Ok(match plan {
        LogicalPlan::Projection(projection) => {
            let mut kept = projection.expr;
            let mut position = 0..;
            // Rows without any column are rows still: one stays.
            let any = schema.fields().len().saturating_sub(1);
            let none = !(0..schema.fields().len()).any(is_needed);
            kept.retain(|_| position.next().is_some_and(|p| is_needed(p) || none && p == any));
            let columns = kept.iter().flat_map(Expr::column_refs).cloned().collect();
            let input = narrow(Arc::unwrap_or_clone(projection.input), &columns, keys)?;
            LogicalPlan::Projection(Projection::try_new(kept, Arc::new(input))?)
        }
        LogicalPlan::SubqueryAlias(alias) => {
            let inner = alias.input.schema().columns();
            let columns = inner.into_iter().enumerate().filter(|(c, _)| is_needed(*c)).map(|(_, column)| column).collect();
            let input = narrow(Arc::unwrap_or_clone(alias.input), &columns, keys)?;
            LogicalPlan::SubqueryAlias(SubqueryAlias::try_new(Arc::new(input), alias.alias)?)
        }
        LogicalPlan::Filter(filter) => {
            let columns = needed.iter().chain(filter.predicate.column_refs()).cloned().collect();
            let input = narrow(Arc::unwrap_or_clone(filter.input), &columns, keys)?;
            LogicalPlan::Filter(Filter::try_new(filter.predicate, Arc::new(input))?)
        }
        LogicalPlan::TableScan(scan) if scan.projection.is_none() && (0..schema.fields().len()).any(is_needed) => {
            let wanted = (0..schema.fields().len()).filter(|c| is_needed(*c)).collect();
            LogicalPlanBuilder::scan_with_filters(scan.table_name, scan.source, Some(wanted), scan.filters)?.build()?
        }
        LogicalPlan::Aggregate(aggregate) => {
            let columns = aggregate.group_expr.iter().chain(&aggregate.aggr_expr).flat_map(Expr::column_refs).cloned().collect();
            let input = narrow(Arc::unwrap_or_clone(aggregate.input), &columns, keys)?;
            LogicalPlan::Aggregate(Aggregate::try_new(Arc::new(input), aggregate.group_expr, aggregate.aggr_expr)?)
        }
        LogicalPlan::Window(window) => {
            let width = window.input.schema().fields().len();
            if (width..schema.fields().len()).all(|c| !is_needed(c)) {
                return narrow(Arc::unwrap_or_clone(window.input), needed, keys);
            }
            let columns = needed.iter().chain(window.window_expr.iter().flat_map(Expr::column_refs)).cloned().collect();
            let input = narrow(Arc::unwrap_or_clone(window.input), &columns, keys)?;
            LogicalPlan::Window(Window::try_new(window.window_expr, Arc::new(input))?)
        }
        LogicalPlan::Join(join) => {
            let width = join.left.schema().fields().len();
            if join.join_type == JoinType::Left && (width..schema.fields().len()).all(|c| !is_needed(c)) && finds_one(&join, keys) {
                return narrow(Arc::unwrap_or_clone(join.left), needed, keys);
            }
            let conditions = join.on.iter().flat_map(|(l, r)| [l, r]).chain(&join.filter);
            let columns: HashSet<Column> = needed.iter().chain(conditions.flat_map(Expr::column_refs)).cloned().collect();
            let of = |side: &LogicalPlan| columns.iter().filter(|c| side.schema().has_column(c)).cloned().collect::<HashSet<_>>();
            let (left, right) = (of(&join.left), of(&join.right));
            let left = Arc::new(narrow(Arc::unwrap_or_clone(join.left), &left, keys)?);
            let right = Arc::new(narrow(Arc::unwrap_or_clone(join.right), &right, keys)?);
            let (on, filter, kind, how) = (join.on, join.filter, join.join_type, join.join_constraint);
            LogicalPlan::Join(Join::try_new(left, right, on, filter, kind, how, join.null_equality, join.null_aware)?)
        }
        other => other,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use datafusion::prelude::SessionContext;

    use super::*;

    /// Three tables; `a` and `b` have keys.
    async fn planned(sql: &str) -> (LogicalPlan, TableKeys) {
        let context = SessionContext::new();
        for statement in [
            "create schema silver",
            "create table silver.a (id text, b_id text, day int)",
            "create table silver.b (id text, name text)",
            "create table silver.c (id text, name text)",
        ] {
            context.sql(statement).await.unwrap().collect().await.unwrap();
        }
        let keys = ["a", "b"].map(|t| (format!("silver.{t}").parse().unwrap(), vec!["id".to_owned()]));
        (context.state().create_logical_plan(sql).await.unwrap(), keys.into())
    }

    async fn unique(sql: &str, columns: &[usize]) -> bool {
        let (plan, keys) = planned(sql).await;
        is_unique(&plan, columns, &keys)
    }

    #[tokio::test]
    async fn a_key_is_unique_under_another_name_and_through_joins_to_a_key() {
        assert!(unique("select id as x, day from silver.a where day > 1", &[0]).await);
        assert!(
            unique("with a as (select * from silver.a) select a.id, b.name from a left join silver.b as b on b.id = a.b_id", &[0]).await
        );
        assert!(unique("select a.id from silver.a a join silver.b b on a.b_id = b.id and b.name = a.day", &[0]).await);
        assert!(unique("select day, b_id, count(*) as n from silver.a group by day, b_id", &[0, 1]).await);
        assert!(unique("select distinct day, b_id from silver.a", &[0, 1]).await);
    }

    #[tokio::test]
    async fn what_can_repeat_is_not_unique() {
        // Another column, a part of the groups, a table without a key, a column made from the key.
        assert!(!unique("select id, day from silver.a", &[1]).await);
        assert!(!unique("select day, b_id, count(*) as n from silver.a group by day, b_id", &[0]).await);
        assert!(!unique("select id from silver.c", &[0]).await);
        assert!(!unique("select upper(id) as id from silver.a", &[0]).await);
        // Joins that can find several rows, or keep rows of the other side.
        assert!(!unique("select a.id from silver.a a left join silver.c c on c.id = a.b_id", &[0]).await);
        assert!(!unique("select a.id from silver.a a left join silver.b b on b.name = a.b_id", &[0]).await);
        assert!(!unique("select a.id from silver.a a left join silver.b b on b.id = b.name", &[0]).await);
        assert!(!unique("select a.id from silver.a a left join silver.b b on b.id > a.b_id", &[0]).await);
        assert!(!unique("select a.id from silver.a a full join silver.b b on b.id = a.b_id", &[0]).await);
        assert!(!unique("select id from silver.a union all select id from silver.a", &[0]).await);
    }

    #[tokio::test]
    async fn a_key_tells_what_stands_in_its_row() {
        let tells = async |sql: &str| {
            let (plan, keys) = planned(sql).await;
            super::tells(&plan, &Positions::from([0]), 1, &keys)
        };
        assert!(tells("select a.id, a.day + 1 as later, c.name from silver.a a left join silver.c c on c.id = a.b_id").await);
        assert!(
            tells("with a as (select * from silver.a where day > 1) select a.id as x, a.day from a join silver.b b on b.id = a.b_id").await
        );
        // The other table's columns, a table without a key, what is not the key, the side that may be absent.
        assert!(!tells("select a.id, c.name from silver.a a left join silver.c c on c.id = a.b_id").await);
        assert!(!tells("select id, name from silver.c").await);
        assert!(!tells("select b_id, day from silver.a").await);
        assert!(!tells("select a.id, a.day from silver.b b left join silver.a a on a.b_id = b.id").await);
        assert!(!tells("select id, random() as chance from silver.a").await);
    }

    #[tokio::test]
    async fn only_joins_that_add_nothing_are_left_out() {
        let sql = "with all_of as (
                select a.id, b.name, c.name as other from silver.a a
                left join silver.b b on b.id = a.b_id left join silver.c c on c.id = a.b_id)
            select id from all_of";
        let (plan, keys) = planned(sql).await;
        let text = narrowed(plan, &keys).unwrap().display_indent().to_string();
        assert!(!text.contains("silver.b") && text.contains("silver.c"), "{text}");
        assert!(text.contains("TableScan: silver.a projection=[id, b_id]"), "{text}");
        let (plan, keys) = planned(&sql.replace("select id", "select id, name")).await;
        let text = narrowed(plan, &keys).unwrap().display_indent().to_string();
        assert!(text.contains("silver.b") && text.contains("silver.c"), "{text}");
    }
}
