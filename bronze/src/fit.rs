//! Values of one type in a column of another: taken where nothing is lost, else refused with the reason.

use std::collections::BTreeMap;

use lake::datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, new_null_array};
use lake::datafusion::arrow::compute::kernels::cmp::not_distinct;
use lake::datafusion::arrow::compute::{CastOptions, can_cast_types, cast, cast_with_options};
use lake::datafusion::arrow::datatypes::{DataType, Decimal256Type, DecimalType, Fields, Float64Type, TimeUnit};
use lake::datafusion::arrow::error::ArrowError;
use lake::datafusion::arrow::util::display::array_value_to_string;
use lake::sql_type;

/// Rows that cannot be taken, by position, each with its reason.
pub(crate) type Refusals = BTreeMap<usize, String>;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Null,
    Text,
    Binary,
    Number,
    Date,
    Instant,
    Nested,
    Other,
}

fn kind(data_type: &DataType) -> Kind {
    match data_type {
        DataType::Null => Kind::Null,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Kind::Text,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => Kind::Binary,
        DataType::Boolean => Kind::Number,
        number if number.is_numeric() => Kind::Number,
        DataType::Date32 | DataType::Date64 => Kind::Date,
        DataType::Timestamp(_, _) => Kind::Instant,
        nested if nested.is_nested() => Kind::Nested,
        DataType::Dictionary(_, value) => kind(value),
        _ => Kind::Other,
    }
}

/// Whether a column of one type may hold values of another at all; which of them it can hold, [`fit`] finds out.
pub(crate) fn takes(from: &DataType, to: &DataType) -> bool {
    if from == to {
        return true;
    }
    if !can_cast_types(from, to) {
        return false;
    }
    match (kind(from), kind(to)) {
        (Kind::Null, _) => true,
        (Kind::Nested, Kind::Nested) => always(from, to),
        (Kind::Nested, _) | (_, Kind::Nested | Kind::Other) => false,
        (_, Kind::Text) | (Kind::Text, _) => true,
        (Kind::Date, Kind::Instant) | (Kind::Instant, Kind::Date) => can_cast_types(to, from),
        (a, b) => a == b && can_cast_types(to, from),
    }
}

/// Whether every value fits, which is asked of values within lists and structs: a part of a value cannot be refused.
fn always(from: &DataType, to: &DataType) -> bool {
    use DataType::*;
    let same_fields = |a: &Fields, b: &Fields| {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.name() == b.name() && always(a.data_type(), b.data_type()))
    };
    match (from, to) {
        (a, b) if a == b => true,
        (Dictionary(_, value), _) => always(value, to),
        (Null, _) => true,
        (Int8, Int16 | Int32 | Int64) | (Int16, Int32 | Int64) | (Int32, Int64) => true,
        (UInt8, Int16 | Int32 | Int64) | (UInt16, Int32 | Int64) | (UInt32, Int64) => true,
        (Float16, Float32 | Float64) | (Float32, Float64) => true,
        (Timestamp(_, _), Timestamp(TimeUnit::Microsecond, _)) => true,
        (List(a) | LargeList(a) | ListView(a) | FixedSizeList(a, _), List(b)) => always(a.data_type(), b.data_type()),
        (Struct(a), Struct(b)) => same_fields(a, b),
        (Map(a, _), Map(b, _)) => match (a.data_type(), b.data_type()) {
            (Struct(a), Struct(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| always(a.data_type(), b.data_type())),
            _ => false,
        },
        (a, b) => kind(a) == kind(b) && matches!(kind(a), Kind::Text | Kind::Binary),
    }
}

/// The column in another type. Values that would not stay what they are become null, and their rows are refused. Instants
/// are kept to the microsecond, and an empty text in a column that is no text is null.
pub(crate) fn fit(name: &str, column: &ArrayRef, to: &DataType, refused: &mut Refusals) -> Result<ArrayRef, ArrowError> {
    if column.data_type() == to {
        return Ok(column.clone());
    }
    let plain = match column.data_type() {
        DataType::Dictionary(_, value) => cast(column, value)?,
        _ => column.clone(),
    };
    if plain.logical_null_count() == plain.len() {
        return Ok(new_null_array(to, plain.len()));
    }
    let made = cast_with_options(&plain, to, &CastOptions { safe: true, ..CastOptions::default() })?;
    let same = same(&plain, &made)?;
    if same.as_ref().is_none_or(|s| s.true_count() == s.len()) && made.null_count() == plain.null_count() {
        return Ok(made);
    }
    let text = (kind(plain.data_type()) == Kind::Text).then(|| cast(&plain, &DataType::Utf8)).transpose()?;
    for row in 0..plain.len() {
        if plain.is_null(row) || (made.is_valid(row) && same.as_ref().is_none_or(|s| s.value(row))) {
            continue;
        }
        let written = text.as_ref().map(|t| t.as_string::<i32>().value(row));
        if written == Some("") && kind(to) != Kind::Text {
            continue;
        }
        let reason = format!("{name}: {}", why(&plain, row, written, to));
        refused.entry(row).and_modify(|before| *before = format!("{before}; {reason}")).or_insert(reason);
    }
    Ok(made)
}

fn why(column: &ArrayRef, row: usize, written: Option<&str>, to: &DataType) -> String {
    let short = |text: &str| match text.char_indices().nth(100) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    };
    match written {
        Some(text) => format!("cannot read '{}' as {} without loss", short(text), sql_type(to)),
        None if kind(column.data_type()) == Kind::Binary => "holds bytes that are not UTF-8".to_owned(),
        None => {
            let value = array_value_to_string(column, row).unwrap_or_default();
            format!("{} of type {} does not fit {} without loss", short(&value), sql_type(column.data_type()), sql_type(to))
        }
    }
}

/// Where the value made is the value given, and `None` where being made is proof enough.
fn same(given: &ArrayRef, made: &ArrayRef) -> Result<Option<BooleanArray>, ArrowError> {
    let (from, to) = (given.data_type(), made.data_type());
    let safe = CastOptions { safe: true, ..CastOptions::default() };
    let through = |witness: &DataType| -> Result<Option<BooleanArray>, ArrowError> {
        let given = cast_with_options(given, witness, &safe)?;
        let made = cast_with_options(made, witness, &safe)?;
        Ok(Some(not_distinct(&given, &made)?))
    };
    match (kind(from), kind(to)) {
        (Kind::Text, Kind::Number) if matches!(to, DataType::Decimal128(_, _) | DataType::Decimal256(_, _)) => {
            through(&DataType::Decimal256(Decimal256Type::MAX_PRECISION, Decimal256Type::MAX_SCALE / 2))
        }
        (Kind::Text, Kind::Number) if to.is_floating() => {
            let (text, number) = (cast(given, &DataType::Utf8)?, cast(made, &DataType::Float64)?);
            let (text, number) = (text.as_string::<i32>(), number.as_primitive::<Float64Type>());
            let kept = |row: usize| match text.value(row).trim().parse::<i128>() {
                Ok(whole) => number.is_valid(row) && number.value(row) as i128 == whole,
                Err(_) => {
                    number.is_valid(row) && (number.value(row).is_finite() || !text.value(row).contains(|c: char| c.is_ascii_digit()))
                }
            };
            Ok(Some((0..given.len()).map(|row| Some(given.is_null(row) || kept(row))).collect()))
        }
        (Kind::Text, Kind::Date) => through(&DataType::Timestamp(TimeUnit::Microsecond, None)),
        (Kind::Number, Kind::Number) | (Kind::Date, Kind::Date | Kind::Instant) | (Kind::Instant, Kind::Date) => {
            let back = cast_with_options(made, from, &safe)?;
            Ok(Some(not_distinct(given, &back)?))
        }
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests;
