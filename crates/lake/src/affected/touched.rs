//! From changed rows of the inputs to the rows of the result that can differ for them.
//!
//! For every node of a plan: what some of its columns held and hold in those of its rows that came or went, never less.
//! The tables stand as they are now; what went is among the changed rows, so that rows as they were are rows as they are
//! or changed ones.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::{Column, DFSchema, NullEquality, ScalarValue};
use datafusion::error::Result as QueryResult;
use datafusion::functions_aggregate::expr_fn::{bool_or, min};
use datafusion::logical_expr::{
    Aggregate, Distinct, Expr, ExprSchemable, Filter, Join, JoinConstraint, JoinType, LogicalPlan, LogicalPlanBuilder, Projection,
    SubqueryAlias, Unnest, Window, lit,
};
use spec::TableName;

use super::{Scope, beside, column_at, has_subquery, is_scan_of, looks_back_by, named_as, numbered, occurrences, partitioned_by, rescan};
use crate::unique::{self, Positions, plain_column};
use crate::{LakeError, Result};

/// The inputs that changed.
pub(crate) struct Changes<'c> {
    pub scope: Scope<'c>,
    /// Their rows that came or went.
    pub deltas: BTreeMap<TableName, Arc<dyn TableProvider>>,
}

/// What came or went of a plan's rows.
pub(crate) enum Touched {
    Nothing,
    /// A plan of the columns asked for, in their order and under their names.
    Rows(LogicalPlan),
    /// The changed rows do not tell.
    Unknown,
}

/// One side of a join.
struct Side<'j> {
    plan: &'j LogicalPlan,
    /// What the join's equalities compare.
    on: Vec<Expr>,
    /// Positions of the columns that are asked for.
    columns: Positions,
    /// Positions of those that the equalities name.
    compared: Positions,
    /// And of those that the join's further condition names.
    conditioned: Positions,
}

impl Side<'_> {
    fn all(&self) -> Positions {
        self.columns.iter().chain(&self.compared).chain(&self.conditioned).copied().collect()
    }
}

impl Changes<'_> {
    /// The values that these columns of the plan, one or more, held or hold in rows that came or went.
    pub async fn touched(&self, plan: &LogicalPlan, columns: &Positions) -> Result<Touched> {
        if has_subquery(plan) {
            return Ok(Touched::Unknown);
        }
        if !self.concern(plan)? {
            return Ok(Touched::Nothing);
        }
        match plan {
            LogicalPlan::TableScan(scan) => {
                let Some((_, delta)) = self.deltas.iter().find(|(table, _)| is_scan_of(scan, table)) else { return Ok(Touched::Nothing) };
                Ok(Touched::Rows(select(rescan(scan.clone(), delta)?, plan.schema(), columns)?))
            }
            LogicalPlan::Projection(projection) => {
                let expressions: Vec<Expr> = columns.iter().filter_map(|c| projection.expr.get(*c)).cloned().collect();
                let asked = or_any(positions(&expressions, projection.input.schema()));
                self.above(&projection.input, &asked, |input| {
                    Ok(LogicalPlan::Projection(Projection::try_new(expressions, Arc::new(input))?))
                })
                .await
            }
            LogicalPlan::SubqueryAlias(alias) => {
                let name = alias.alias.clone();
                self.above(&alias.input, columns, |input| Ok(LogicalPlan::SubqueryAlias(SubqueryAlias::try_new(Arc::new(input), name)?)))
                    .await
            }
            LogicalPlan::Filter(filter) => {
                let asked: Positions = columns.union(&positions([&filter.predicate], plan.schema())).copied().collect();
                let filtered = self.above(&filter.input, &asked, |input| {
                    let kept = LogicalPlan::Filter(Filter::try_new(filter.predicate.clone(), Arc::new(input))?);
                    select(kept, plan.schema(), columns)
                });
                match filtered.await? {
                    // What the filter asks for is not told: any row may have passed it.
                    Touched::Unknown => Box::pin(self.touched(&filter.input, columns)).await,
                    told => Ok(told),
                }
            }
            LogicalPlan::Sort(sort) if sort.fetch.is_none() => Box::pin(self.touched(&sort.input, columns)).await,
            LogicalPlan::Distinct(Distinct::All(input)) => Box::pin(self.touched(input, columns)).await,
            LogicalPlan::Union(union) => {
                let mut parts = Vec::new();
                for input in &union.inputs {
                    match Box::pin(self.touched(input, columns)).await? {
                        Touched::Unknown => return Ok(Touched::Unknown),
                        Touched::Nothing => {}
                        Touched::Rows(rows) => parts.push(named_as(rows, plan.schema(), columns)?),
                    }
                }
                all_of(parts, plan.schema(), columns)
            }
            LogicalPlan::Aggregate(aggregate) => self.touched_groups(aggregate, columns).await,
            LogicalPlan::Join(join) => self.touched_pairs(join, columns).await,
            LogicalPlan::Window(window) => self.touched_windows(window, columns).await,
            LogicalPlan::Unnest(unnest) => self.touched_items(unnest, columns).await,
            // Limits and the rest: another row may change any other.
            _ => Ok(Touched::Unknown),
        }
    }

    /// Whether rows of this part of a plan may have come or gone.
    fn concern(&self, plan: &LogicalPlan) -> QueryResult<bool> {
        for table in self.deltas.keys() {
            if occurrences(plan, table)? > 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// One side of a join with no more columns than are asked for.
    fn trimmed(&self, side: &Side<'_>) -> Result<LogicalPlan> {
        Ok(unique::narrowed(select(side.plan.clone(), side.plan.schema(), &or_any(side.all()))?, self.scope.keys)?)
    }

    async fn above(
        &self,
        input: &LogicalPlan,
        columns: &Positions,
        node: impl FnOnce(LogicalPlan) -> QueryResult<LogicalPlan>,
    ) -> Result<Touched> {
        Ok(match Box::pin(self.touched(input, columns)).await? {
            Touched::Rows(input) => Touched::Rows(node(input)?),
            told => told,
        })
    }

    /// The groups that rows came to or went from. What is aggregated over them, the changed rows alone do not tell.
    async fn touched_groups(&self, aggregate: &Aggregate, columns: &Positions) -> Result<Touched> {
        let groups: Option<Vec<Expr>> = columns.iter().map(|c| aggregate.group_expr.get(*c).cloned()).collect();
        let Some(groups) = groups else { return Ok(Touched::Unknown) };
        if aggregate.group_expr.iter().any(|g| matches!(g, Expr::GroupingSet(_))) {
            return Ok(Touched::Unknown);
        }
        let asked = or_any(positions(&groups, aggregate.input.schema()));
        let grouped =
            |input: LogicalPlan| named_as(LogicalPlanBuilder::from(input).project(numbered(groups))?.build()?, &aggregate.schema, columns);
        self.above(&aggregate.input, &asked, grouped).await
    }

    /// The rows of the partitions that rows came to or went from. What is computed over them, the changed rows alone do not tell.
    async fn touched_windows(&self, window: &Window, columns: &Positions) -> Result<Touched> {
        let (input, schema) = (&window.input, window.input.schema());
        let partition: Positions = partitioned_by(window).iter().filter_map(|c| schema.maybe_index_of_column(c)).collect();
        if columns.is_subset(&partition) {
            return Box::pin(self.touched(input, columns)).await;
        }
        if partition.is_empty() || columns.iter().any(|c| *c >= schema.fields().len()) {
            return Ok(Touched::Unknown);
        }
        let asked: Positions = columns.union(&partition).copied().collect();
        let mut order = looks_back_by(window).and_then(|column| schema.maybe_index_of_column(&column));
        let in_order: Positions = asked.iter().chain(&order).copied().collect();
        let mut told = Box::pin(self.touched(input, &in_order)).await?;
        if matches!(told, Touched::Unknown) && order.is_some() {
            // Where in the order the changes are is not told: they may be anywhere.
            order = None;
            told = Box::pin(self.touched(input, &asked)).await?;
        }
        let Touched::Rows(rows) = told else { return Ok(told) };
        let rows = self.scope.held(rows).await?;
        let asked: Positions = asked.iter().chain(&order).copied().collect();
        let on: Vec<Expr> = partition.iter().map(|c| Expr::Column(column_at(schema, *c))).collect();
        let side = unique::narrowed(select(input.as_ref().clone(), schema, &asked)?, self.scope.keys)?;
        let near = self.scope.meeting(side, &on, &rows, &on).await?.plan;
        let mates = of_same_partition(near, rows.clone(), &on, order.map(|c| Expr::Column(column_at(schema, c))))?;
        all_of(vec![select(mates, schema, columns)?, select(rows, schema, columns)?], &window.schema, columns)
    }

    /// What stood beside lists, or what was in them, where the changed rows tell the lists.
    async fn touched_items(&self, unnest: &Unnest, columns: &Positions) -> Result<Touched> {
        if let Some(below) = columns.iter().map(|c| beside(unnest, *c)).collect::<Option<Positions>>() {
            return Box::pin(self.touched(&unnest.input, &below)).await;
        }
        let all = (0..unnest.input.schema().fields().len()).collect();
        self.above(&unnest.input, &all, |input| {
            let items = Unnest::try_new(Arc::new(input), unnest.exec_columns.clone(), unnest.options.clone())?;
            select(LogicalPlan::Unnest(items), &unnest.schema, columns)
        })
        .await
    }

    async fn touched_pairs(&self, join: &Join, columns: &Positions) -> Result<Touched> {
        use JoinType::{Full, Inner, Left, LeftAnti, LeftSemi, Right, RightAnti, RightSemi};
        if join.null_aware {
            return Ok(Touched::Unknown);
        }
        let width = match join.join_type {
            RightSemi | RightAnti => 0,
            _ => join.left.schema().fields().len(),
        };
        let left = side(join, true, columns.iter().copied().filter(|c| *c < width).collect());
        let right = side(join, false, columns.iter().filter_map(|c| c.checked_sub(width)).collect());
        match join.join_type {
            Inner | Left | LeftSemi | LeftAnti if right.columns.is_empty() => self.touched_side(join, &left, &right).await,
            Inner | Right | RightSemi | RightAnti if left.columns.is_empty() => self.touched_side(join, &right, &left).await,
            Inner | Left | Right | Full => self.touched_both(join, &left, &right, columns).await,
            _ => Ok(Touched::Unknown),
        }
    }

    /// Only columns of one side are asked for, whose rows stand in the result as they are, though not all of them.
    async fn touched_side(&self, join: &Join, kept: &Side<'_>, other: &Side<'_>) -> Result<Touched> {
        let schema = kept.plan.schema();
        let other_changed = self.concern(other.plan)?;
        let mut parts = Vec::new();
        let needs_partner = matches!(join.join_type, JoinType::Inner | JoinType::LeftSemi | JoinType::RightSemi);
        let with_partner = if needs_partner && !other_changed && !kept.on.is_empty() {
            Box::pin(self.touched(kept.plan, &kept.all())).await?
        } else {
            Touched::Unknown
        };
        match with_partner {
            Touched::Nothing => {}
            Touched::Rows(rows) => {
                let rows = self.scope.held(rows).await?;
                let partners = self.scope.meeting(self.trimmed(other)?, &other.on, &rows, &kept.on).await?.plan;
                let met = meet(join, rows, &kept.on, partners, &other.on, join.filter.clone(), JoinType::LeftSemi)?;
                parts.push(select(met, schema, &kept.columns)?);
            }
            Touched::Unknown => match Box::pin(self.touched(kept.plan, &kept.columns)).await? {
                Touched::Unknown => return Ok(Touched::Unknown),
                Touched::Nothing => {}
                Touched::Rows(rows) => parts.push(rows),
            },
        }
        if other_changed {
            let mut condition = join.filter.clone();
            let mut told = Box::pin(self.touched(other.plan, &or_any(other.compared.union(&other.conditioned).copied().collect()))).await?;
            if matches!(told, Touched::Unknown) {
                condition = None;
                told = Box::pin(self.touched(other.plan, &or_any(other.compared.clone()))).await?;
            }
            match told {
                Touched::Unknown => return Ok(Touched::Unknown),
                Touched::Nothing => {}
                Touched::Rows(rows) => parts.push(self.partners(join, kept, other, rows, condition).await?),
            }
        }
        all_of(parts, schema, &kept.columns)
    }

    /// The rows of one side that meet these of the other; and perhaps more.
    async fn partners(
        &self,
        join: &Join,
        kept: &Side<'_>,
        other: &Side<'_>,
        rows: LogicalPlan,
        condition: Option<Expr>,
    ) -> Result<LogicalPlan> {
        let schema = kept.plan.schema();
        if let Some(values) = same_values(kept, other)? {
            return Ok(named_as(LogicalPlanBuilder::from(rows).project(numbered(values))?.build()?, schema, &kept.columns)?);
        }
        let met = if kept.on.is_empty() {
            self.trimmed(kept)?
        } else {
            let rows = self.scope.held(rows).await?;
            let near = self.scope.meeting(self.trimmed(kept)?, &kept.on, &rows, &other.on).await?.plan;
            meet(join, near, &kept.on, rows, &other.on, condition, JoinType::LeftSemi)?
        };
        Ok(select(met, schema, &kept.columns)?)
    }

    /// Columns of both sides are asked for, or those of a side that may be absent.
    async fn touched_both(&self, join: &Join, left: &Side<'_>, right: &Side<'_>, columns: &Positions) -> Result<Touched> {
        let keeps_left = matches!(join.join_type, JoinType::Left | JoinType::Full);
        let keeps_right = matches!(join.join_type, JoinType::Right | JoinType::Full);
        let mut sides = Vec::new();
        for side in [left, right] {
            sides.push(match Box::pin(self.touched(side.plan, &or_any(side.all()))).await? {
                Touched::Unknown => return Ok(Touched::Unknown),
                Touched::Nothing => None,
                Touched::Rows(rows) => Some(self.scope.held(rows).await?),
            });
        }
        let (came_left, came_right) = match <[_; 2]>::try_from(sides) {
            Ok([l, r]) => (l, r),
            Err(_) => return Err(LakeError::invalid("a join has two sides")),
        };
        let mut parts = Vec::new();
        let meet = |one, one_on, other, other_on, kind| {
            shown(meet(join, one, one_on, other, other_on, join.filter.clone(), kind)?, &join.schema, columns)
        };
        let halves = [
            (left, &came_left, keeps_left, right, &came_right, keeps_right),
            (right, &came_right, keeps_right, left, &came_left, keeps_left),
        ];
        for (one, came, keeps_one, other, came_other, keeps_other) in halves {
            let Some(came) = came else { continue };
            let near = self.scope.meeting(self.trimmed(other)?, &other.on, came, &one.on).await?.plan;
            if keeps_one && !keeps_other && came_other.is_none() {
                parts.push(meet(came.clone(), &one.on, near, &other.on, JoinType::Left)?);
                continue;
            }
            if keeps_other {
                parts.push(meet(near.clone(), &other.on, came.clone(), &one.on, JoinType::LeftSemi)?);
            }
            parts.push(meet(came.clone(), &one.on, near, &other.on, JoinType::Inner)?);
            if keeps_one {
                parts.push(shown(came.clone(), &join.schema, columns)?);
            }
        }
        if let (Some(one), Some(other)) = (came_left, came_right) {
            parts.push(meet(one, &left.on, other, &right.on, JoinType::Inner)?);
        }
        all_of(parts, &join.schema, columns)
    }
}

fn side<'j>(join: &'j Join, is_left: bool, columns: Positions) -> Side<'j> {
    let plan: &LogicalPlan = if is_left { &join.left } else { &join.right };
    let on: Vec<Expr> = join.on.iter().map(|(l, r)| if is_left { l.clone() } else { r.clone() }).collect();
    let compared = positions(&on, plan.schema());
    let conditioned = positions(&join.filter, plan.schema());
    Side { plan, on, columns, compared, conditioned }
}

/// Where the columns that are asked for are compared with others of the same type: those, which hold the same values.
fn same_values(kept: &Side<'_>, other: &Side<'_>) -> QueryResult<Option<Vec<Expr>>> {
    let mut values = Vec::new();
    for column in &kept.columns {
        let field = kept.plan.schema().field(*column);
        let column = column_at(kept.plan.schema(), *column);
        // Zeros of either sign are equal, and differ.
        let pair = kept.on.iter().zip(&other.on).find(|(one, _)| plain_column(one) == Some(&column));
        let Some((_, value)) = pair.filter(|_| !field.data_type().is_floating()) else { return Ok(None) };
        if value.get_type(other.plan.schema())? != *field.data_type() {
            return Ok(None);
        }
        values.push(value.clone());
    }
    Ok(Some(values))
}

/// Two parts joined as the join does it, though in another way.
fn meet(
    join: &Join,
    one: LogicalPlan,
    one_on: &[Expr],
    other: LogicalPlan,
    other_on: &[Expr],
    condition: Option<Expr>,
    kind: JoinType,
) -> QueryResult<LogicalPlan> {
    let on = one_on.iter().cloned().zip(other_on.iter().cloned()).collect();
    let (one, other) = (Arc::new(one), Arc::new(other));
    let joined = Join::try_new(one, other, on, condition, kind, join.join_constraint, join.null_equality, false)?;
    Ok(LogicalPlan::Join(joined))
}

/// The rows that are in one partition with some of the others, null being a value like others; where an order is given, none
/// that stand before all of those.
fn of_same_partition(rows: LogicalPlan, others: LogicalPlan, on: &[Expr], order: Option<Expr>) -> QueryResult<LogicalPlan> {
    const OTHERS: &str = "__others";
    let own = numbered(on.to_vec());
    let names: Vec<String> = own.iter().map(|e| e.schema_name().to_string()).collect();
    let first = order.iter().flat_map(|o| [min(o.clone()).alias("__first"), bool_or(o.clone().is_null()).alias("__any_null")]);
    let partitions = LogicalPlanBuilder::from(others).aggregate(own, first)?.alias(OTHERS)?.build()?;
    let of_others = |name: &str| Expr::Column(Column::new(Some(OTHERS), name));
    let same = on.iter().cloned().zip(names.iter().map(|name| of_others(name))).collect();
    let not_before = order.map(|o| o.clone().gt_eq(of_others("__first")).or(of_others("__any_null")).or(o.is_null()));
    let (rows, partitions, null) = (Arc::new(rows), Arc::new(partitions), NullEquality::NullEqualsNull);
    Ok(LogicalPlan::Join(Join::try_new(rows, partitions, same, not_before, JoinType::LeftSemi, JoinConstraint::On, null, false)?))
}

/// Positions of the columns that expressions name and a schema has.
fn positions<'e>(expressions: impl IntoIterator<Item = &'e Expr>, schema: &DFSchema) -> Positions {
    expressions.into_iter().flat_map(Expr::column_refs).filter_map(|c| schema.maybe_index_of_column(c)).collect()
}

/// Any column where none is asked for: it is the rows that matter.
fn or_any(columns: Positions) -> Positions {
    if columns.is_empty() { Positions::from([0]) } else { columns }
}

/// These columns of a schema, from a plan that has them.
fn select(plan: LogicalPlan, schema: &DFSchema, columns: &Positions) -> QueryResult<LogicalPlan> {
    let columns: Vec<Expr> = columns.iter().map(|c| Expr::Column(column_at(schema, *c))).collect();
    LogicalPlanBuilder::from(plan).project(columns)?.build()
}

/// These columns of a schema, null where the plan does not have them.
fn shown(plan: LogicalPlan, schema: &DFSchema, columns: &Positions) -> QueryResult<LogicalPlan> {
    let mut expressions = Vec::new();
    for position in columns {
        let column = column_at(schema, *position);
        expressions.push(if plan.schema().has_column(&column) {
            Expr::Column(column)
        } else {
            lit(ScalarValue::try_from(schema.field(*position).data_type())?).alias_qualified(column.relation, column.name)
        });
    }
    LogicalPlanBuilder::from(plan).project(expressions)?.build()
}

fn all_of(parts: Vec<LogicalPlan>, schema: &DFSchema, columns: &Positions) -> Result<Touched> {
    let mut parts = parts.into_iter();
    let Some(first) = parts.next() else { return Ok(Touched::Nothing) };
    if parts.len() == 0 {
        return Ok(Touched::Rows(first));
    }
    let all = parts.try_fold(LogicalPlanBuilder::from(first), LogicalPlanBuilder::union)?.build()?;
    Ok(Touched::Rows(named_as(all, schema, columns)?))
}
