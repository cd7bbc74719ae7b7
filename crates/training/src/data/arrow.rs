//! Arrow arrays and batches as columns and frames.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;

use super::{Categories, Column, Frame, MISSING};
use crate::error::{Result, TrainingError};

impl Column {
    /// A column from an Arrow array: floats without nulls are shared, other numbers, decimals and booleans become `f64`, text and
    /// dictionaries of text become categories. Nulls are missing values.
    ///
    /// # Errors
    /// A type that is neither a number nor text.
    pub fn from_arrow(array: &dyn Array) -> Result<Self> {
        Ok(match array.data_type() {
            DataType::Float32 if array.null_count() == 0 => Self::F32(array.as_primitive::<Float32Type>().values().clone()),
            DataType::Float64 if array.null_count() == 0 => Self::F64(array.as_primitive::<Float64Type>().values().clone()),
            DataType::Float32 => {
                let values: Vec<_> = array.as_primitive::<Float32Type>().iter().map(|value| value.unwrap_or(f32::NAN)).collect();
                values.into()
            }
            DataType::Float64 => numbers::<Float64Type>(array, |value| value),
            DataType::Int8 => numbers::<Int8Type>(array, f64::from),
            DataType::Int16 => numbers::<Int16Type>(array, f64::from),
            DataType::Int32 => numbers::<Int32Type>(array, f64::from),
            DataType::Int64 => numbers::<Int64Type>(array, |value| value as f64),
            DataType::UInt8 => numbers::<UInt8Type>(array, f64::from),
            DataType::UInt16 => numbers::<UInt16Type>(array, f64::from),
            DataType::UInt32 => numbers::<UInt32Type>(array, f64::from),
            DataType::UInt64 => numbers::<UInt64Type>(array, |value| value as f64),
            DataType::Decimal128(_, scale) => {
                let unit = 10_f64.powi(i32::from(*scale));
                numbers::<Decimal128Type>(array, |value| value as f64 / unit)
            }
            DataType::Boolean => {
                let values = array.as_boolean().iter().map(|value| value.map_or(f64::NAN, |value| f64::from(u8::from(value))));
                values.collect::<Vec<_>>().into()
            }
            DataType::Dictionary(_, _) => dictionary(array)?,
            _ => Categories::from_texts(texts(array)?).into(),
        })
    }
}

impl Frame {
    /// A frame from the columns of a batch (see [`Column::from_arrow`]).
    ///
    /// # Errors
    /// A column that is neither numbers nor text; see also [`Frame::new`].
    pub fn from_batch(batch: &RecordBatch) -> Result<Self> {
        let schema = batch.schema_ref();
        let features = schema.fields().iter().zip(batch.columns());
        let features = features.map(|(field, array)| Ok((field.name().clone(), Column::from_arrow(array)?)));
        Self::new(features.collect::<Result<Vec<_>>>()?)
    }
}

fn numbers<T: ArrowPrimitiveType>(array: &dyn Array, number: impl Fn(T::Native) -> f64) -> Column {
    let values = array.as_primitive::<T>().iter().map(|value| value.map_or(f64::NAN, &number));
    values.collect::<Vec<_>>().into()
}

fn texts(array: &dyn Array) -> Result<Vec<Option<&str>>> {
    match array.data_type() {
        DataType::Utf8 => Ok(array.as_string::<i32>().iter().collect()),
        DataType::LargeUtf8 => Ok(array.as_string::<i64>().iter().collect()),
        DataType::Utf8View => Ok(array.as_string_view().iter().collect()),
        other => Err(TrainingError::ArrowType { found: other.to_string() }),
    }
}

/// A dictionary's own codes, unless its values hold nulls or repeat.
fn dictionary(array: &dyn Array) -> Result<Column> {
    let unknown = || TrainingError::ArrowType { found: array.data_type().to_string() };
    let dictionary = array.as_any_dictionary_opt().ok_or_else(unknown)?;
    let values = texts(dictionary.values().as_ref())?;
    if values.is_empty() {
        return Ok(Categories::from_texts(std::iter::repeat_n(None, array.len())).into());
    }
    let keys = dictionary.normalized_keys();
    let is_null = |row: usize| dictionary.keys().is_null(row);
    let distinct = Categories::from_texts(values.iter().copied());
    let codes = keys.iter().enumerate().map(|(row, key)| {
        let code = distinct.codes().get(*key).copied();
        if is_null(row) { MISSING } else { code.unwrap_or(MISSING) }
    });
    Ok(Categories::new(codes.collect::<Vec<_>>(), distinct.levels().to_vec())?.into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;

    use arrow_array::types::Int16Type as Key;
    use arrow_array::{
        ArrayRef, BooleanArray, Date32Array, DictionaryArray, Float32Array, Float64Array, Int64Array, StringArray, StringViewArray,
    };

    use super::*;

    #[test]
    fn numbers_of_every_kind_are_numbers_and_nulls_are_missing() {
        let arrays: [ArrayRef; 4] = [
            Arc::new(Float32Array::from(vec![Some(1.0), None])),
            Arc::new(Float64Array::from(vec![Some(1.0), None])),
            Arc::new(Int64Array::from(vec![Some(1), None])),
            Arc::new(BooleanArray::from(vec![Some(true), None])),
        ];
        for array in arrays {
            let column = Column::from_arrow(&array).unwrap();
            assert_eq!((column.number(0), column.number(1)), (Some(1.0), None), "{}", array.data_type());
        }
    }

    #[test]
    fn text_of_every_kind_is_a_category() {
        let texts = [Some("a"), None, Some("b"), Some("a")];
        let arrays: [ArrayRef; 3] = [
            Arc::new(StringArray::from(texts.to_vec())),
            Arc::new(StringViewArray::from(texts.to_vec())),
            Arc::new(texts.into_iter().collect::<DictionaryArray<Key>>()),
        ];
        for array in arrays {
            let Column::Categorical(categories) = Column::from_arrow(&array).unwrap() else { unreachable!() };
            let found: Vec<_> = (0..4).map(|row| categories.text(row)).collect();
            assert_eq!(found, texts, "{}", array.data_type());
        }
    }

    #[test]
    fn other_types_are_refused_by_name() {
        let error = Column::from_arrow(&Date32Array::from(vec![1])).unwrap_err();
        assert_eq!(error.to_string(), "an Arrow column of type Date32 is no feature: cast it to a number or to text");
    }

    #[test]
    fn an_empty_dictionary_has_no_levels() {
        let empty: DictionaryArray<Key> = std::iter::repeat_n(None::<&str>, 2).collect();
        let Column::Categorical(categories) = Column::from_arrow(&empty).unwrap() else { unreachable!() };
        assert_eq!(categories.codes(), [MISSING, MISSING]);
    }
}
