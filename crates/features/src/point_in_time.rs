//! What was known then: joins that take, of each entity's rows, the last one before an instant.

use lake::datafusion::arrow::datatypes::{DataType, TimeUnit};
use lake::datafusion::common::{Column, JoinType, ScalarValue};
use lake::datafusion::error::Result as QueryResult;
use lake::datafusion::functions::core::expr_fn::greatest;
use lake::datafusion::functions_aggregate::min_max::max_udaf;
use lake::datafusion::functions_window::row_number::row_number_udwf;
use lake::datafusion::logical_expr::expr::WindowFunction;
use lake::datafusion::logical_expr::{
    Expr, ExprFunctionExt, WindowFrame, WindowFrameBound, WindowFrameUnits, WindowFunctionDefinition, cast, lit,
};
use lake::datafusion::prelude::DataFrame;
use lake::{LakeError, Result};

/// Which rows of a table belong to an entity, and when they were true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointInTime {
    /// Columns that are equal on both sides: of the rows that ask, and of the table. Nulls are equal to nothing.
    pub by: Vec<(String, String)>,
    /// The instant of a row that asks.
    pub asked_at: String,
    /// The instant from which a row of the table is true. It counts for strictly later instants alone.
    pub happened_at: String,
    /// Whether it also had to be known.
    pub arrival: Arrival,
    /// Columns of the table to add, and the names that they get.
    pub columns: Vec<(String, String)>,
}

/// Whether what happened in time but became known too late counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrival {
    /// It counts: as of event time.
    Ignored,
    /// It does not: as of arrival time. The column holds the instant from which a row was known; it counts from that instant on.
    Known(String),
}

const SIDE: &str = "__asks";
const VISIBLE: &str = "__visible";
const PLACE: &str = "__place";

/// The rows that ask, each once, with the columns of the table's last row that was true, and known, before then; null where there
/// is none. Of rows of one instant the one that was known last counts, then the greatest by the columns asked for.
///
/// # Errors
/// A column that is not there, or instants that are no timestamps.
pub fn point_in_time(asking: DataFrame, table: DataFrame, join: &PointInTime) -> Result<DataFrame> {
    if join.by.is_empty() {
        return Err(LakeError::invalid("a join at a point in time needs a column to join by, such as user_id"));
    }
    Ok(joined(asking, table, join)?)
}

fn joined(asking: DataFrame, table: DataFrame, join: &PointInTime) -> QueryResult<DataFrame> {
    let keys: Vec<String> = (0..join.by.len()).map(|position| format!("__key_{position}")).collect();
    let asked: Vec<String> = asking.schema().fields().iter().map(|f| f.name().clone()).collect();

    // The table: its rows numbered per entity in the order of what happened, and from when each counts.
    let happened = micros(column(&join.happened_at));
    let visible = match &join.arrival {
        Arrival::Ignored => happened.clone() + lit(1_i64),
        Arrival::Known(arrived) => greatest(vec![happened.clone() + lit(1_i64), micros(column(arrived))]),
    };
    let table_keys: Vec<Expr> = join.by.iter().zip(&keys).map(|((_, theirs), key)| column(theirs).alias(key)).collect();
    let values: Vec<Expr> = join.columns.iter().map(|(theirs, name)| column(theirs).alias(name)).collect();
    let present = join.by.iter().map(|(_, theirs)| column(theirs).is_not_null());
    let known = present.fold(visible.clone().is_not_null(), Expr::and);
    let mut columns = table_keys;
    columns.push(happened.alias("__happened"));
    columns.push(visible.alias(VISIBLE));
    columns.extend(values);
    let order = ["__happened", VISIBLE].into_iter().map(str::to_owned).chain(join.columns.iter().map(|(_, name)| name.clone()));
    let row_number = WindowFunction::new(WindowFunctionDefinition::WindowUDF(row_number_udwf()), vec![]);
    let place = Expr::from(row_number)
        .partition_by(keys.iter().map(column).collect())
        .order_by(order.map(|c| column(c).sort(true, true)).collect());
    let table = table.filter(known)?.select(columns)?.window(vec![place.build()?.alias(PLACE)])?;

    // Both together in the order in which rows became known: the last place so far is what was known.
    let types = asking.schema().clone();
    let mut nothing: Vec<Expr> = Vec::new();
    for field in types.fields() {
        nothing.push(lit(ScalarValue::try_from(field.data_type())?).alias(field.name()));
    }
    let of_table = [keys.iter().map(column).collect(), vec![column(VISIBLE), lit(0_i32).alias(SIDE), column(PLACE)], nothing].concat();
    let own_keys = join.by.iter().zip(&keys).map(|((ours, _), key)| column(ours).alias(key)).collect();
    let at = micros(column(&join.asked_at)).alias(VISIBLE);
    let own: Vec<Expr> = asked.iter().map(column).collect();
    let no_place = lit(ScalarValue::UInt64(None)).alias(PLACE);
    let of_asking = [own_keys, vec![at, lit(1_i32).alias(SIDE), no_place], own.clone()].concat();
    let both = table.clone().select(of_table)?.union(asking.select(of_asking)?)?;
    let so_far = WindowFrame::new_bounds(
        WindowFrameUnits::Rows,
        WindowFrameBound::Preceding(ScalarValue::UInt64(None)),
        WindowFrameBound::CurrentRow,
    );
    let max = WindowFunction::new(WindowFunctionDefinition::AggregateUDF(max_udaf()), vec![column(PLACE)]);
    let last = Expr::from(max)
        .partition_by(keys.iter().map(column).collect())
        .order_by(vec![column(VISIBLE).sort(true, true), column(SIDE).sort(true, true)])
        .window_frame(so_far);
    let met = both.window(vec![last.build()?.alias("__last")])?.filter(column(SIDE).eq(lit(1_i32)))?;

    let theirs: Vec<String> = keys.iter().map(|key| format!("{key}_of_table")).collect();
    let renamed = keys.iter().zip(&theirs).map(|(key, name)| column(key).alias(name));
    let added = join.columns.iter().map(|(_, name)| column(name));
    let found = table.select(renamed.chain([column(PLACE).alias("__found")]).chain(added).collect::<Vec<_>>())?;
    let left: Vec<&str> = keys.iter().map(String::as_str).chain(["__last"]).collect();
    let right: Vec<&str> = theirs.iter().map(String::as_str).chain(["__found"]).collect();
    let result: Vec<Expr> = own.into_iter().chain(join.columns.iter().map(|(_, name)| column(name))).collect();
    met.join(found, JoinType::Left, &left, &right, None)?.select(result)
}

/// An instant as microseconds since 1970.
fn micros(instant: Expr) -> Expr {
    cast(cast(instant, DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))), DataType::Int64)
}

/// A column by its name as it stands, upper case and all.
fn column(name: impl AsRef<str>) -> Expr {
    Expr::Column(Column::from_name(name.as_ref()))
}
