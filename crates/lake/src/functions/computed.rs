//! Functions that other crates compute: SQL hands over columns, plain numbers and texts, and takes a column.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int64Array, RecordBatch, StructArray, new_empty_array};
use datafusion::arrow::compute::{CastOptions, cast, cast_with_options};
use datafusion::arrow::datatypes::{DataType, Fields, Float64Type, Int64Type, Schema, TimeUnit};
use datafusion::arrow::json::ReaderBuilder;
use datafusion::error::{DataFusionError, Result as QueryResult};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};
use serde::Serialize;

/// A function of a fixed number of columns. Two of one name are the same.
#[derive(Debug)]
pub(super) struct Computed {
    name: &'static str,
    /// What it takes, for the error of who gives something else.
    takes: &'static [&'static str],
    returns: DataType,
    compute: fn(&Arguments) -> QueryResult<ArrayRef>,
    signature: Signature,
}

impl Computed {
    pub fn new(
        name: &'static str,
        takes: &'static [&'static str],
        returns: DataType,
        compute: fn(&Arguments) -> QueryResult<ArrayRef>,
    ) -> Self {
        Self { name, takes, returns, compute, signature: Signature::any(takes.len(), Volatility::Immutable) }
    }
}

impl PartialEq for Computed {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Computed {}

impl std::hash::Hash for Computed {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl ScalarUDFImpl for Computed {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> QueryResult<DataType> {
        Ok(self.returns.clone())
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> QueryResult<ColumnarValue> {
        let rows = arguments.number_rows;
        let columns = arguments.args.iter().map(|argument| argument.to_array(rows)).collect::<QueryResult<Vec<_>>>()?;
        let arguments = Arguments { name: self.name, takes: self.takes, rows, columns };
        // A plan that is only looked at has no rows, and a fit without rows is an error.
        if rows == 0 {
            return Ok(ColumnarValue::Array(new_empty_array(&self.returns)));
        }
        (self.compute)(&arguments).map(ColumnarValue::Array)
    }
}

/// Rows of what SQL is to see, by the names of their fields.
pub(super) fn structures_of(fields: &Fields, rows: &[impl Serialize]) -> QueryResult<StructArray> {
    let mut decoder = ReaderBuilder::new(Arc::new(Schema::new(fields.clone()))).with_batch_size(rows.len().max(1)).build_decoder()?;
    decoder.serialize(rows)?;
    Ok(decoder.flush()?.unwrap_or_else(|| RecordBatch::new_empty(Arc::new(Schema::new(fields.clone())))).into())
}

/// Instants of whatever unit as microseconds since 1970; whole numbers are such already.
pub(super) fn microseconds(instants: &ArrayRef) -> QueryResult<Int64Array> {
    let strictly = CastOptions { safe: false, ..CastOptions::default() };
    let instants = match instants.data_type() {
        DataType::Timestamp(_, zone) => cast_with_options(instants, &DataType::Timestamp(TimeUnit::Microsecond, zone.clone()), &strictly)?,
        DataType::Int64 | DataType::Null => Arc::clone(instants),
        other => return Err(DataFusionError::Plan(format!("{other} is no instant: give a timestamp"))),
    };
    Ok(cast(&instants, &DataType::Int64)?.as_primitive::<Int64Type>().clone())
}

/// The columns that a function was given.
pub(super) struct Arguments {
    name: &'static str,
    takes: &'static [&'static str],
    /// Rows of each column.
    pub rows: usize,
    columns: Vec<ArrayRef>,
}

impl Arguments {
    /// What went wrong, in one line that begins with the function's name.
    pub fn error(&self, why: impl std::fmt::Display) -> DataFusionError {
        DataFusionError::Execution(format!("{}: {why}", self.name))
    }

    fn unfit(&self, place: usize, found: &DataType) -> DataFusionError {
        DataFusionError::Plan(format!("{} takes ({}): argument {} is {found}", self.name, self.takes.join(", "), place + 1))
    }

    /// A column of numbers.
    pub fn numbers(&self, place: usize) -> QueryResult<Float64Array> {
        self.cast(&self.columns[place]).map_err(|_| self.unfit(place, self.columns[place].data_type()))
    }

    /// A column of instants, as microseconds.
    pub fn instants(&self, place: usize) -> QueryResult<Int64Array> {
        microseconds(&self.columns[place]).map_err(|_| self.unfit(place, self.columns[place].data_type()))
    }

    /// The numbers that a column holds a list of in this row.
    pub fn list(&self, place: usize, row: usize) -> QueryResult<Vec<f64>> {
        let column = &self.columns[place];
        let lists = column.as_list_opt::<i32>().filter(|lists| lists.is_valid(row)).ok_or_else(|| self.unfit(place, column.data_type()))?;
        Ok(self.cast(&lists.value(row))?.values().to_vec())
    }

    /// Any numbers as such.
    pub fn cast(&self, column: &ArrayRef) -> QueryResult<Float64Array> {
        let numbers = cast(column, &DataType::Float64).map_err(|error| self.error(error))?;
        Ok(numbers.as_primitive::<Float64Type>().clone())
    }

    /// A number that is the same in all rows.
    pub fn constant(&self, place: usize) -> QueryResult<f64> {
        let numbers = self.numbers(place)?;
        let first = numbers.is_valid(0).then(|| numbers.value(0));
        match first {
            Some(first) if numbers.iter().all(|number| number == Some(first)) => Ok(first),
            _ => Err(self.error(format!("the {} is to be one number for all rows", self.takes[place]))),
        }
    }

    /// A column of texts, as views.
    pub fn text_views(&self, place: usize) -> QueryResult<ArrayRef> {
        let column = &self.columns[place];
        cast(column, &DataType::Utf8View).map_err(|_| self.unfit(place, column.data_type()))
    }

    /// A column of texts.
    pub fn texts(&self, place: usize) -> QueryResult<ArrayRef> {
        let column = &self.columns[place];
        cast(column, &DataType::Utf8).map_err(|_| self.unfit(place, column.data_type()))
    }

    /// A column of structures.
    pub fn structures(&self, place: usize) -> QueryResult<StructArray> {
        let column = &self.columns[place];
        column.as_struct_opt().cloned().ok_or_else(|| self.unfit(place, column.data_type()))
    }

    /// The structures that a column holds a list of in this row: rows of a table, gathered. None for null.
    pub fn gathered(&self, place: usize, row: usize) -> QueryResult<Option<StructArray>> {
        let column = &self.columns[place];
        let lists = column.as_list_opt::<i32>().ok_or_else(|| self.unfit(place, column.data_type()))?;
        if lists.is_null(row) {
            return Ok(None);
        }
        let items = lists.value(row);
        items.as_struct_opt().cloned().map(Some).ok_or_else(|| self.unfit(place, column.data_type()))
    }

    /// A field of structures as numbers without a null.
    pub fn field(&self, structures: &StructArray, name: &str) -> QueryResult<Vec<f64>> {
        let column = structures.column_by_name(name).ok_or_else(|| self.error(format!("the rows have no field {name}")))?;
        let numbers = self.cast(column).map_err(|_| self.error(format!("the field {name} holds no numbers")))?;
        if numbers.null_count() > 0 {
            return Err(self.error(format!("the field {name} holds nulls: leave these rows out")));
        }
        Ok(numbers.values().to_vec())
    }

    /// A field of structures as whole numbers from 0 on, without a null.
    pub fn counts(&self, structures: &StructArray, name: &str) -> QueryResult<Vec<u64>> {
        self.whole(&self.field(structures, name)?, name)
    }

    /// Numbers that are whole and not below 0.
    pub fn whole(&self, numbers: &[f64], name: &str) -> QueryResult<Vec<u64>> {
        const LARGEST: f64 = (1_u64 << 53) as f64;
        let whole = |number: &f64| match *number {
            number if (0.0..=LARGEST).contains(&number) && number.fract() == 0.0 => Ok(number as u64),
            number => Err(self.error(format!("{name} is {number}: give whole numbers from 0 on"))),
        };
        numbers.iter().map(whole).collect()
    }
}
