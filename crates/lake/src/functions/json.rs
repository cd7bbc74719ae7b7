//! `json_strings` and `is_json`: what models need of JSON in a column.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, ListBuilder, StringBuilder};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::error::{DataFusionError, Result as QueryResult};
use datafusion::logical_expr::{ColumnarValue, Volatility, create_udf};
use datafusion::prelude::SessionContext;
use serde_json::Value;

/// Adds `json_strings` and `is_json` to a session.
pub(super) fn register(context: &SessionContext) {
    let list = DataType::List(Arc::new(Field::new("element", DataType::Utf8, true)));
    context.register_udf(create_udf(
        "json_strings",
        vec![DataType::Utf8, DataType::Utf8],
        list,
        Volatility::Immutable,
        Arc::new(json_strings),
    ));
    context.register_udf(create_udf("is_json", vec![DataType::Utf8], DataType::Boolean, Volatility::Immutable, Arc::new(is_json)));
}

/// `json_strings(json, key)`: the strings under `key` of a JSON object, as a list; a single string is a list of one.
/// Null where the key is absent or the text is not a JSON object.
fn json_strings(arguments: &[ColumnarValue]) -> QueryResult<ColumnarValue> {
    let arrays = texts(arguments)?;
    let [json, key] = arrays.as_slice() else {
        return Err(DataFusionError::Plan("json_strings takes (json, key)".to_owned()));
    };
    let (json, key) = (json.as_string::<i32>(), key.as_string::<i32>());
    let mut lists = ListBuilder::new(StringBuilder::new()).with_field(Field::new("element", DataType::Utf8, true));
    for row in 0..json.len() {
        let found = (json.is_valid(row) && key.is_valid(row))
            .then(|| serde_json::from_str::<Value>(json.value(row)).ok()?.get(key.value(row)).cloned())
            .flatten();
        match found {
            Some(Value::Array(items)) => {
                for item in items {
                    match item {
                        Value::Null => lists.values().append_null(),
                        Value::String(text) => lists.values().append_value(text),
                        other => lists.values().append_value(other.to_string()),
                    }
                }
                lists.append(true);
            }
            Some(Value::Null) | None => lists.append(false),
            Some(Value::String(text)) => {
                lists.values().append_value(text);
                lists.append(true);
            }
            Some(other) => {
                lists.values().append_value(other.to_string());
                lists.append(true);
            }
        }
    }
    Ok(ColumnarValue::Array(Arc::new(lists.finish())))
}

/// `is_json(text)`: whether the text is JSON; null for null.
fn is_json(arguments: &[ColumnarValue]) -> QueryResult<ColumnarValue> {
    let arrays = texts(arguments)?;
    let [json] = arrays.as_slice() else {
        return Err(DataFusionError::Plan("is_json takes (text)".to_owned()));
    };
    let valid: BooleanArray = json.as_string::<i32>().iter().map(|t| t.map(|t| serde_json::from_str::<Value>(t).is_ok())).collect();
    Ok(ColumnarValue::Array(Arc::new(valid)))
}

fn texts(arguments: &[ColumnarValue]) -> QueryResult<Vec<ArrayRef>> {
    ColumnarValue::values_to_arrays(arguments)?.iter().map(|a| Ok(cast(a, &DataType::Utf8)?)).collect()
}
