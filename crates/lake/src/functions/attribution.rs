//! What channels earn, in SQL (crate `attribution`).

use std::sync::Arc;

use attribution::shapley::{Sampling, Worth};
use attribution::{Channels, Credits, Journeys, Markov, Shapley};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, Float64Builder, ListArray, StringBuilder, StructArray, StructBuilder};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Fields};
use datafusion::error::Result as QueryResult;

use super::computed::{Arguments, Computed};

/// All of them.
pub(super) fn all() -> Vec<Computed> {
    let credits = || DataType::List(Arc::new(Field::new("item", DataType::Struct(fields()), true)));
    vec![
        Computed::new("markov_credits", &["rows of path, conversions, value, nulls", "order"], credits(), markov_credits),
        Computed::new("shapley_credits", &["rows of path, conversions, value, nulls", "worth"], credits(), shapley_credits),
    ]
}

fn fields() -> Fields {
    let number = |name: &str| Field::new(name, DataType::Float64, true);
    Fields::from(vec![
        Field::new("channel", DataType::Utf8, true),
        number("weight"),
        number("value_weight"),
        number("conversions"),
        number("value"),
    ])
}

/// A channel's part in a model: what it weighs, and what it is given.
struct Part {
    weight: f64,
    value_weight: f64,
}

/// `markov_credits(rows, order)`: for each channel of the paths its removal effects in a chain of this order, 1 to 4, and its credit.
fn markov_credits(arguments: &Arguments) -> QueryResult<ArrayRef> {
    let order = arguments.constant(1)?.clamp(0.0, 1e6) as usize;
    credits(arguments, |journeys| {
        let Markov { removal_effects, removal_effects_of_value, credits, .. } = Markov::fit(journeys, order)?;
        let parts = removal_effects.into_iter().zip(removal_effects_of_value);
        Ok((parts.map(|(weight, value_weight)| Part { weight, value_weight }).collect(), credits))
    })
}

/// `shapley_credits(rows, worth)`: for each channel of the paths its Shapley values, where a set of channels is worth the `conversions` of
/// the journeys within it, or their `rate`, and its credit.
fn shapley_credits(arguments: &Arguments) -> QueryResult<ArrayRef> {
    let worth = arguments.texts(1)?;
    let worth = match worth.as_string::<i32>().value(0) {
        "conversions" => Worth::Conversions,
        "rate" => Worth::Rate,
        other => return Err(arguments.error(format!("the worth is '{other}': give 'conversions' or 'rate'"))),
    };
    credits(arguments, |journeys| {
        let Shapley { values, values_of_value, credits, .. } = Shapley::fit(journeys, worth, &Sampling::default())?;
        let parts = values.into_iter().zip(values_of_value);
        Ok((parts.map(|(weight, value_weight)| Part { weight, value_weight }).collect(), credits))
    })
}

/// A list of channels per row of gathered paths; null where there is no path.
fn credits(arguments: &Arguments, fit: impl Fn(&Journeys) -> attribution::Result<(Vec<Part>, Credits)>) -> QueryResult<ArrayRef> {
    let mut items = StructBuilder::from_fields(fields(), 0);
    let mut lengths = Vec::new();
    for row in 0..arguments.rows {
        let mut length = 0;
        if let Some(rows) = arguments.gathered(0, row)? {
            let (channels, journeys) = journeys(arguments, &rows)?;
            let (parts, credits) = fit(&journeys).map_err(|error| arguments.error(error))?;
            for (channel, (name, part)) in channels.names().iter().zip(parts).enumerate() {
                let numbers = [part.weight, part.value_weight, credits.conversions[channel], credits.value[channel]];
                if let Some(names) = items.field_builder::<StringBuilder>(0) {
                    names.append_value(name);
                }
                for (place, number) in numbers.into_iter().enumerate() {
                    if let Some(column) = items.field_builder::<Float64Builder>(place + 1) {
                        column.append_value(number);
                    }
                }
                items.append(true);
                length += 1;
            }
        }
        lengths.push(length);
    }
    let item = Arc::new(Field::new("item", DataType::Struct(fields()), true));
    Ok(Arc::new(ListArray::try_new(item, OffsetBuffer::from_lengths(lengths), Arc::new(items.finish()), None)?))
}

/// The paths of gathered rows, written as `search > mail`.
fn journeys(arguments: &Arguments, rows: &StructArray) -> QueryResult<(Channels, Journeys)> {
    let paths = rows.column_by_name("path").ok_or_else(|| arguments.error("the rows have no field path"))?;
    let paths = cast(paths, &DataType::Utf8).map_err(|_| arguments.error("the field path holds no texts"))?;
    let paths = paths.as_string::<i32>();
    let texts: Vec<&str> = (0..paths.len()).map(|row| if paths.is_null(row) { "" } else { paths.value(row) }).collect();
    let (channels, paths) = Channels::parse(&texts, ">");
    let (conversions, nulls) = (arguments.counts(rows, "conversions")?, arguments.counts(rows, "nulls")?);
    let value = arguments.field(rows, "value")?;
    let journeys = Journeys::new(channels.names().len(), &paths, &conversions, &value, &nulls).map_err(|error| arguments.error(error))?;
    Ok((channels, journeys))
}
