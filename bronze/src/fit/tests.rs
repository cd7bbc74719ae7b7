#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::sync::Arc;

use lake::datafusion::arrow::array::*;
use lake::datafusion::arrow::datatypes::{Field, i256};

use super::*;

/// The values as text, null as `∅`, and the rows refused.
fn fitted(column: impl Array + 'static, to: &DataType) -> (Vec<String>, Vec<usize>) {
    let column: ArrayRef = Arc::new(column);
    assert!(takes(column.data_type(), to), "{} into {to}", column.data_type());
    let mut refused = Refusals::new();
    let made = fit("x", &column, to, &mut refused).unwrap();
    assert_eq!(made.data_type(), to);
    let shown = |row| if made.is_null(row) { "∅".to_owned() } else { array_value_to_string(&made, row).unwrap() };
    ((0..made.len()).map(shown).collect(), refused.into_keys().collect())
}

#[test]
fn numbers_that_would_change_are_refused() {
    let bigint = DataType::Int64;
    assert_eq!(fitted(Float64Array::from(vec![3.0, 0.0521, f64::NAN]), &bigint).1, [1, 2]);
    assert_eq!(fitted(UInt64Array::from(vec![7, u64::MAX]), &bigint).1, [1]);
    assert_eq!(fitted(Int64Array::from(vec![1, 0, 5]), &DataType::Boolean).1, [2]);
    assert_eq!(fitted(Int64Array::from(vec![1 << 53, (1 << 53) + 1]), &DataType::Float64).1, [1]);
    let price = DataType::Decimal128(10, 2);
    let finer = Decimal128Array::from(vec![12_600, 12_599]).with_precision_and_scale(10, 4).unwrap();
    assert_eq!(fitted(finer, &price).1, [1]);
    assert_eq!(fitted(Float64Array::from(vec![0.1, 1.2599, 1e30]), &price).1, [1, 2]);
    let huge = Decimal256Array::from(vec![Some(i256::from(100)), Some(i256::MAX)]);
    assert_eq!(fitted(huge.with_precision_and_scale(76, 0).unwrap(), &price).1, [1]);
    assert_eq!(fitted(BooleanArray::from(vec![true, false]), &bigint), (vec!["1".to_owned(), "0".to_owned()], vec![]));
}

#[test]
fn text_is_read_where_it_says_the_same() {
    let texts = |values: &[&str]| StringArray::from(values.to_vec());
    let (values, refused) = fitted(texts(&["12", "", "1.5", "ten"]), &DataType::Int64);
    assert_eq!((values[0].as_str(), values[1].as_str(), refused), ("12", "∅", vec![2, 3]));
    assert_eq!(fitted(texts(&["1.26", "1.2599", "1.2600", ""]), &DataType::Decimal128(10, 2)).1, [1]);
    assert_eq!(fitted(texts(&["0.1", "9007199254740993", "1e999", "x"]), &DataType::Float64).1, [1, 2, 3]);
    assert_eq!(fitted(texts(&["2025-01-02", "2025-01-02 10:00:00", "soon"]), &DataType::Date32).1, [1, 2]);
    assert_eq!(fitted(texts(&["true", "", "perhaps"]), &DataType::Boolean).1, [2]);
    let instant = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    assert_eq!(fitted(texts(&["2025-01-02 10:00:00", "2025-02-30 25:00:00"]), &instant).1, [1]);
}

#[test]
fn every_kind_of_text_and_null_is_read() {
    const NONE: [usize; 0] = [];
    let instant = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    for to in
        [DataType::Decimal128(10, 2), DataType::Float64, DataType::Int32, DataType::Boolean, DataType::Date32, instant, DataType::Binary]
    {
        let value = if matches!(to, DataType::Date32 | DataType::Timestamp(_, _)) { "2025-01-02" } else { "1" };
        assert_eq!(fitted(LargeStringArray::from(vec![Some(value), None]), &to).1, NONE, "{to}");
        assert_eq!(fitted(StringViewArray::from(vec![Some(value), None]), &to).1, NONE, "{to}");
        let words: DictionaryArray<lake::datafusion::arrow::datatypes::Int8Type> = [Some(value), None, Some(value)].into_iter().collect();
        assert_eq!(fitted(words, &to).1, NONE, "{to}");
        assert_eq!(fitted(NullArray::new(2), &to), (vec!["∅".to_owned(); 2], vec![]), "{to}");
    }
}

#[test]
fn bytes_become_text_where_they_are_text() {
    let bytes = BinaryArray::from(vec![b"abc".as_slice(), b"\xff\xfe".as_slice()]);
    let (values, refused) = fitted(bytes, &DataType::Utf8View);
    assert_eq!((values[0].as_str(), refused), ("abc", vec![1]));
}

#[test]
fn a_reason_names_the_column_the_value_and_the_types() {
    let reason = |column: ArrayRef, to: &DataType| {
        let mut refused = Refusals::new();
        fit("price", &column, to, &mut refused).unwrap();
        refused.into_values().next().unwrap()
    };
    assert_eq!(
        reason(Arc::new(Float64Array::from(vec![0.0521])), &DataType::Int64),
        "price: 0.0521 of type double does not fit bigint without loss"
    );
    assert_eq!(reason(Arc::new(StringArray::from(vec!["ten"])), &DataType::Int64), "price: cannot read 'ten' as bigint without loss");
}

#[test]
fn what_means_something_else_is_not_taken_at_all() {
    let instant = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let list = |item| DataType::List(Arc::new(Field::new("element", item, true)));
    let object = |names: &[&str]| DataType::Struct(names.iter().map(|n| Field::new(*n, DataType::Int64, true)).collect());
    for (from, to) in [
        (DataType::Int64, instant.clone()),
        (instant.clone(), DataType::Int64),
        (DataType::Time64(TimeUnit::Microsecond), DataType::Int64),
        (list(DataType::Float64), list(DataType::Int64)),
        (object(&["a", "b"]), object(&["a"])),
        (object(&["a"]), DataType::Utf8View),
        (DataType::Utf8, list(DataType::Utf8)),
    ] {
        assert!(!takes(&from, &to), "{from} into {to}");
    }
    assert!(takes(&list(DataType::Int32), &list(DataType::Int64)));
    assert!(takes(&object(&["a"]), &object(&["a"])));
}
