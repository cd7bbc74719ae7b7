//! What is told of a window before it runs: which rows of its input one of its results can depend on.

use datafusion::common::Column;
use datafusion::logical_expr::expr::WindowFunction;
use datafusion::logical_expr::{Expr, Window, WindowFrameBound, WindowFunctionDefinition};

use crate::unique::plain_column;

/// Window functions that ask for no row behind the current one, unless their frame does.
const BACKWARD: [&str; 6] = ["row_number", "rank", "dense_rank", "first_value", "last_value", "nth_value"];

/// The columns by which all of the node's windows are partitioned; none where one of them spans all rows.
pub(super) fn partitioned_by(window: &Window) -> Vec<Column> {
    let of = |function: &WindowFunction| -> Vec<Column> {
        function.params.partition_by.iter().filter_map(|e| plain_column(e).cloned()).collect()
    };
    let mut all = functions(window).map(|function| function.map(of).unwrap_or_default());
    let first = all.next().unwrap_or_default();
    all.fold(first, |common, next| common.into_iter().filter(|c| next.contains(c)).collect())
}

/// The column in whose ascending order all of the node's windows look at a row and those before it, or beside it, alone.
pub(super) fn looks_back_by(window: &Window) -> Option<Column> {
    let mut common = None;
    for function in functions(window) {
        let column = order_looking_back(function?)?;
        if common.is_some_and(|known| known != column) {
            return None;
        }
        common = Some(column);
    }
    common.cloned()
}

fn functions(window: &Window) -> impl Iterator<Item = Option<&WindowFunction>> {
    window.window_expr.iter().map(|expression| {
        let mut inner = expression;
        while let Expr::Alias(alias) = inner {
            inner = &alias.expr;
        }
        match inner {
            Expr::WindowFunction(function) => Some(function.as_ref()),
            _ => None,
        }
    })
}

fn order_looking_back(function: &WindowFunction) -> Option<&Column> {
    let is_backward = match &function.fun {
        WindowFunctionDefinition::AggregateUDF(_) => true,
        WindowFunctionDefinition::WindowUDF(named) => BACKWARD.contains(&named.name()),
    };
    let ends_here = matches!(function.params.window_frame.end_bound, WindowFrameBound::Preceding(_) | WindowFrameBound::CurrentRow);
    let first = function.params.order_by.first().filter(|sort| sort.asc && is_backward && ends_here)?;
    plain_column(&first.expr)
}
