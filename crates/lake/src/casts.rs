//! Casts from text that fail must neither end the run nor turn into silent nulls: each guarded cast gets a hidden
//! column that says what it could not read, and the row is quarantined for it.

use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, DFSchema, ScalarValue};
use datafusion::error::Result as QueryResult;
use datafusion::functions::expr_fn::{coalesce, concat};
use datafusion::logical_expr::expr::{Case, TryCast};
use datafusion::logical_expr::{Expr, ExprSchemable, Filter, JoinType, LogicalPlan, Projection, SubqueryAlias, cast, lit, when};

/// Names of the hidden columns begin so.
const PREFIX: &str = "__cast_";

/// The plan with guarded casts, and the names of the columns that hold their complaints (null where all is well).
///
/// Guarded are casts from text in the select lists and filters that lead row by row to the result; a filter lets rows with
/// a complaint pass, as it cannot tell what they would have been. A cast in a join's condition, or below an aggregate or a
/// window, keeps failing loudly.
pub(crate) fn guard(plan: LogicalPlan) -> QueryResult<(LogicalPlan, Vec<String>)> {
    let mut count = 0;
    let plan = guard_node(plan, &mut count)?;
    let names = plan.schema().fields().iter().map(|f| f.name().clone()).filter(|n| n.starts_with(PREFIX)).collect();
    Ok((plan, names))
}

fn guard_node(plan: LogicalPlan, count: &mut usize) -> QueryResult<LogicalPlan> {
    match plan {
        LogicalPlan::Projection(projection) => {
            let input = guard_node(Arc::unwrap_or_clone(projection.input), count)?;
            let mut expressions = Vec::with_capacity(projection.expr.len());
            let mut complaints = Vec::new();
            for expression in projection.expr {
                let column = expression.schema_name().to_string();
                expressions.push(guard_expression(expression, &column, input.schema(), &mut complaints)?);
            }
            expressions.extend(complaints_of(input.schema()));
            expressions.extend(named(complaints, count));
            Ok(LogicalPlan::Projection(Projection::try_new(expressions, Arc::new(input))?))
        }
        LogicalPlan::SubqueryAlias(alias) => {
            let input = guard_node(Arc::unwrap_or_clone(alias.input), count)?;
            Ok(LogicalPlan::SubqueryAlias(SubqueryAlias::try_new(Arc::new(input), alias.alias)?))
        }
        LogicalPlan::Filter(filter) => guard_filter(filter, count),
        LogicalPlan::Sort(_) | LogicalPlan::Repartition(_) => guard_inputs(plan, count, |_| true),
        LogicalPlan::Join(ref join) => {
            let (left, right) = match join.join_type {
                JoinType::Inner | JoinType::Left | JoinType::Right | JoinType::Full => (true, true),
                JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => (true, false),
                JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => (false, true),
            };
            guard_inputs(plan, count, |position| if position == 0 { left } else { right })
        }
        other => Ok(other),
    }
}

fn guard_inputs(plan: LogicalPlan, count: &mut usize, wanted: impl Fn(usize) -> bool) -> QueryResult<LogicalPlan> {
    let expressions = plan.expressions();
    let mut inputs = Vec::new();
    for (position, input) in plan.inputs().into_iter().enumerate() {
        inputs.push(if wanted(position) { guard_node(input.clone(), count)? } else { input.clone() });
    }
    plan.with_new_exprs(expressions, inputs)
}

fn guard_filter(filter: Filter, count: &mut usize) -> QueryResult<LogicalPlan> {
    let mut input = guard_node(Arc::unwrap_or_clone(filter.input), count)?;
    let mut complaints = Vec::new();
    let predicate = guard_expression(filter.predicate, "where", input.schema(), &mut complaints)?;
    if !complaints.is_empty() {
        let mut expressions: Vec<Expr> = input.schema().columns().into_iter().map(Expr::Column).collect();
        expressions.extend(named(complaints, count));
        input = LogicalPlan::Projection(Projection::try_new(expressions, Arc::new(input))?);
    }
    let complained = complaints_of(input.schema()).map(Expr::is_not_null).reduce(Expr::or);
    let predicate = complained.into_iter().fold(predicate, Expr::or);
    Ok(LogicalPlan::Filter(Filter::try_new(predicate, Arc::new(input))?))
}

/// The hidden columns of a plan.
fn complaints_of(schema: &DFSchema) -> impl Iterator<Item = Expr> {
    let hidden = schema.iter().filter(|(_, field)| field.name().starts_with(PREFIX));
    hidden.map(|(qualifier, field)| Expr::Column(Column::new(qualifier.cloned(), field.name()))).collect::<Vec<_>>().into_iter()
}

/// New hidden columns.
fn named(complaints: Vec<Expr>, count: &mut usize) -> Vec<Expr> {
    let name = |complaint: Expr| {
        *count += 1;
        complaint.alias(format!("{PREFIX}{}", *count - 1))
    };
    complaints.into_iter().map(name).collect()
}

fn guard_expression(expression: Expr, column: &str, schema: &DFSchema, complaints: &mut Vec<Expr>) -> QueryResult<Expr> {
    let name = expression.schema_name().to_string();
    let qualified = matches!(expression, Expr::Column(_) | Expr::Alias(_));
    let guarded = guard_casts(expression, column, schema, complaints)?;
    // The column keeps the name it had.
    Ok(if guarded.transformed && !qualified { guarded.data.alias(name) } else { guarded.data })
}

/// The expression with casts that give null instead of failing, and what each has to complain about.
fn guard_casts(expression: Expr, column: &str, schema: &DFSchema, complaints: &mut Vec<Expr>) -> QueryResult<Transformed<Expr>> {
    if let Expr::Case(case) = expression {
        return guard_case(case, column, schema, complaints);
    }
    let guarded = expression.map_children(|child| guard_casts(child, column, schema, complaints))?;
    let Expr::Cast(cast_node) = guarded.data else { return Ok(guarded) };
    let from = cast_node.expr.get_type(schema)?;
    let to = cast_node.field.data_type().clone();
    // A constant that cannot be read is the model's mistake, not a row's.
    if !is_text(&from) || is_text(&to) || matches!(*cast_node.expr, Expr::Literal(..)) {
        return Ok(Transformed { data: Expr::Cast(cast_node), ..guarded });
    }
    let read = Expr::TryCast(TryCast::new_from_field(cast_node.expr.clone(), Arc::clone(&cast_node.field)));
    let text = *cast_node.expr;
    let complaint =
        concat(vec![lit(format!("{column}: cannot read '")), cast(text.clone(), DataType::Utf8), lit(format!("' as {}", sql_type(&to)))]);
    complaints.push(when(text.is_not_null().and(read.clone().is_null()), complaint).otherwise(no_complaint())?);
    Ok(Transformed::yes(read))
}

/// Of a `case` only the branch that is taken may complain.
fn guard_case(case: Case, column: &str, schema: &DFSchema, complaints: &mut Vec<Expr>) -> QueryResult<Transformed<Expr>> {
    let mut transformed = false;
    let mut read = |expression: Expr, complaints: &mut Vec<Expr>| -> QueryResult<Expr> {
        let guarded = guard_casts(expression, column, schema, complaints)?;
        transformed |= guarded.transformed;
        Ok(guarded.data)
    };
    let subject = case.expr.map(|e| read(*e, complaints)).transpose()?.map(Box::new);
    let (mut branches, mut complaining) = (Vec::new(), Vec::new());
    let mut any = false;
    for (condition, then) in case.when_then_expr {
        let condition = read(*condition, complaints)?;
        let mut own = Vec::new();
        let then = read(*then, &mut own)?;
        any |= !own.is_empty();
        complaining.push((Box::new(condition.clone()), Box::new(first_of(own))));
        branches.push((Box::new(condition), Box::new(then)));
    }
    let mut own = Vec::new();
    let otherwise = case.else_expr.map(|e| read(*e, &mut own)).transpose()?.map(Box::new);
    if any || !own.is_empty() {
        complaints.push(Expr::Case(Case::new(subject.clone(), complaining, Some(Box::new(first_of(own))))));
    }
    let data = Expr::Case(Case::new(subject, branches, otherwise));
    Ok(if transformed { Transformed::yes(data) } else { Transformed::no(data) })
}

fn no_complaint() -> Expr {
    lit(ScalarValue::Utf8(None))
}

fn first_of(complaints: Vec<Expr>) -> Expr {
    if complaints.is_empty() { no_complaint() } else { coalesce(complaints) }
}

pub(crate) fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

/// A type as SQL spells it.
pub fn sql_type(data_type: &DataType) -> String {
    match data_type {
        DataType::Int64 => "bigint".to_owned(),
        DataType::Int32 => "int".to_owned(),
        DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8 => "text".to_owned(),
        DataType::List(item) => format!("{}[]", sql_type(item.data_type())),
        DataType::Float64 => "double".to_owned(),
        DataType::Boolean => "boolean".to_owned(),
        DataType::Date32 => "date".to_owned(),
        DataType::Timestamp(_, _) => "timestamp".to_owned(),
        DataType::Decimal128(precision, scale) => format!("decimal({precision}, {scale})"),
        other => other.to_string().to_lowercase(),
    }
}
