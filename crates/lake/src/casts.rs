//! Casts from text that fail must neither end the run nor turn into silent nulls: each guarded cast gets a hidden
//! column that says what it could not read, and the row is quarantined for it.

use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, DFSchema, ScalarValue};
use datafusion::error::Result as QueryResult;
use datafusion::functions::expr_fn::concat;
use datafusion::logical_expr::expr::TryCast;
use datafusion::logical_expr::{Expr, ExprSchemable, JoinType, LogicalPlan, Projection, SubqueryAlias, cast, lit, when};

/// Names of the hidden columns begin so.
const PREFIX: &str = "__cast_";

/// The plan with guarded casts, and the names of the columns that hold their complaints (null where all is well).
///
/// Guarded are casts from text in the select lists that lead row by row to the result. A cast below an aggregate or a
/// window keeps failing loudly.
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
            for (qualifier, field) in input.schema().iter() {
                if field.name().starts_with(PREFIX) {
                    expressions.push(Expr::Column(Column::new(qualifier.cloned(), field.name())));
                }
            }
            for complaint in complaints {
                expressions.push(complaint.alias(format!("{PREFIX}{count}")));
                *count += 1;
            }
            Ok(LogicalPlan::Projection(Projection::try_new(expressions, Arc::new(input))?))
        }
        LogicalPlan::SubqueryAlias(alias) => {
            let input = guard_node(Arc::unwrap_or_clone(alias.input), count)?;
            Ok(LogicalPlan::SubqueryAlias(SubqueryAlias::try_new(Arc::new(input), alias.alias)?))
        }
        LogicalPlan::Filter(_) | LogicalPlan::Sort(_) | LogicalPlan::Repartition(_) => guard_inputs(plan, count, |_| true),
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

fn guard_expression(expression: Expr, column: &str, schema: &DFSchema, complaints: &mut Vec<Expr>) -> QueryResult<Expr> {
    let name = expression.schema_name().to_string();
    let qualified = matches!(expression, Expr::Column(_) | Expr::Alias(_));
    let guarded = expression.transform_up(|node| {
        let Expr::Cast(cast_node) = node else { return Ok(Transformed::no(node)) };
        let from = cast_node.expr.get_type(schema)?;
        let to = cast_node.field.data_type().clone();
        if !is_text(&from) || is_text(&to) {
            return Ok(Transformed::no(Expr::Cast(cast_node)));
        }
        let read = Expr::TryCast(TryCast::new_from_field(cast_node.expr.clone(), Arc::clone(&cast_node.field)));
        let text = *cast_node.expr;
        let complaint = concat(vec![
            lit(format!("{column}: cannot read '")),
            cast(text.clone(), DataType::Utf8),
            lit(format!("' as {}", sql_type(&to))),
        ]);
        complaints.push(when(text.is_not_null().and(read.clone().is_null()), complaint).otherwise(lit(ScalarValue::Utf8(None)))?);
        Ok(Transformed::yes(read))
    })?;
    // The column keeps the name it had.
    Ok(if guarded.transformed && !qualified { guarded.data.alias(name) } else { guarded.data })
}

fn is_text(data_type: &DataType) -> bool {
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
