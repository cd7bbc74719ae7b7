//! A data file's statistics for the Delta log, from its Parquet footer.

use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::compute::{cast, max, max_string, min, min_string};
use datafusion::arrow::datatypes::{DataType, Int64Type, SchemaRef, TimeUnit, TimestampMicrosecondType};
use parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use parquet::file::metadata::ParquetMetaData;
use serde_json::{Map, Value, json};

use crate::Result;

/// Text bounds longer than this are left out: a cut maximum would have to be rounded up.
const LONGEST_TEXT: usize = 64;

/// `numRecords`, `minValues`, `maxValues` and `nullCount` as the Delta protocol spells them.
pub(crate) fn delta_stats(metadata: &ParquetMetaData, schema: &SchemaRef) -> Result<Value> {
    let rows = metadata.file_metadata().num_rows();
    let parquet_schema = metadata.file_metadata().schema_descr();
    let (mut lows, mut highs, mut nulls) = (Map::new(), Map::new(), Map::new());
    for field in schema.fields() {
        let Ok(converter) = StatisticsConverter::try_new(field.name(), schema, parquet_schema) else { continue };
        let groups = metadata.row_groups();
        if let Ok(counts) = converter.row_group_null_counts(groups)
            && counts.null_count() == 0
        {
            let total: u64 = counts.iter().flatten().sum();
            nulls.insert(field.name().clone(), json!(total));
        }
        let (Ok(low), Ok(high)) = (converter.row_group_mins(groups), converter.row_group_maxes(groups)) else { continue };
        if low.null_count() > 0 || high.null_count() > 0 {
            continue; // a row group without bounds: all null, or not recorded
        }
        if let (Some(low), Some(high)) = (bound(&low, true)?, bound(&high, false)?) {
            lows.insert(field.name().clone(), low);
            highs.insert(field.name().clone(), high);
        }
    }
    Ok(json!({ "numRecords": rows, "minValues": lows, "maxValues": highs, "nullCount": nulls }))
}

fn bound(values: &ArrayRef, lowest: bool) -> Result<Option<Value>> {
    Ok(match values.data_type() {
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => {
            let values = cast(values, &DataType::Int64)?;
            let values = values.as_primitive::<Int64Type>();
            if lowest { min(values) } else { max(values) }.map(|v| json!(v))
        }
        DataType::Date32 => {
            let days = cast(values, &DataType::Int32)?;
            let days = days.as_primitive::<datafusion::arrow::datatypes::Int32Type>();
            let day = if lowest { min(days) } else { max(days) };
            day.and_then(|d| chrono::DateTime::from_timestamp(i64::from(d) * 86_400, 0)).map(|t| json!(t.format("%Y-%m-%d").to_string()))
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            let values = values.as_primitive::<TimestampMicrosecondType>();
            let micros = if lowest { min(values) } else { max(values) };
            micros.and_then(chrono::DateTime::from_timestamp_micros).map(|t| json!(t.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()))
        }
        DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8 => {
            let values = cast(values, &DataType::Utf8)?;
            let values = values.as_string::<i32>();
            let text = if lowest { min_string(values) } else { max_string(values) };
            text.filter(|t| t.len() <= LONGEST_TEXT).map(|t| json!(t))
        }
        _ => None,
    })
}
