//! Finding repeats.

#![allow(clippy::unwrap_used)]

use datafusion::arrow::array::{Int64Array, StringArray};

use super::*;

/// 100,000 keys in batches, of which the multiples of 1000 come twice.
fn batches() -> Vec<Vec<ArrayRef>> {
    let keys: Vec<i64> = (0..100_000).chain((0..100_000).step_by(1000)).collect();
    let columns = |keys: &[i64]| -> Vec<ArrayRef> {
        let texts: StringArray = keys.iter().map(|k| Some(format!("r-{k}"))).collect();
        vec![std::sync::Arc::new(texts), std::sync::Arc::new(Int64Array::from(keys.to_vec()))]
    };
    keys.chunks(8192).map(columns).collect()
}

#[test]
fn repeated_keys_are_found_and_few_others() {
    let repeats = Repeats::for_rows(100_000, None);
    let batches = batches();
    for batch in &batches {
        repeats.note(batch).unwrap();
    }
    let mut found = 0;
    for batch in &batches {
        let may_repeat = repeats.may_repeat(batch).unwrap();
        let keys = datafusion::arrow::array::AsArray::as_primitive::<datafusion::arrow::datatypes::Int64Type>(&batch[1]);
        for (key, found) in keys.values().iter().zip(may_repeat.values()) {
            assert!(found || key % 1000 != 0, "{key} was missed");
        }
        found += may_repeat.true_count();
    }
    assert!((200..1000).contains(&found), "{found}");
}

#[test]
fn keys_of_the_table_meet_those_noted() {
    let (batches, repeats) = (batches(), Repeats::for_rows(100_000, None));
    repeats.note(&batches[0]).unwrap();
    assert_eq!(repeats.may_repeat(&batches[0]).unwrap().true_count(), 0);
    assert!(repeats.meet(&batches[1]).unwrap().true_count() < 100);
    assert_eq!(repeats.meet(&batches[0]).unwrap().true_count(), 8192);
    assert_eq!(repeats.may_repeat(&batches[0]).unwrap().true_count(), 8192);
}

/// Rows with a key, the column that says which stays, and a text.
fn rows(of: impl Iterator<Item = (i64, i64)>) -> RecordBatch {
    let (keys, orders): (Vec<i64>, Vec<i64>) = of.unzip();
    let texts: datafusion::arrow::array::StringViewArray =
        keys.iter().zip(&orders).map(|(k, o)| Some(format!("row {o} of key {k}"))).collect();
    let columns: [(&str, ArrayRef); 3] = [
        ("key", std::sync::Arc::new(Int64Array::from(keys))),
        ("at", std::sync::Arc::new(Int64Array::from(orders))),
        ("text", std::sync::Arc::new(texts)),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

fn kept(batches: &[RecordBatch], preference: &Preference) -> RecordBatch {
    let groups = Groups::of(batches, &[0], preference).unwrap();
    let kept = gather(batches, &groups.winners()).unwrap();
    let kept = datafusion::arrow::compute::concat_batches(&batches[0].schema(), &kept).unwrap();
    let order = datafusion::arrow::compute::sort_to_indices(kept.column(0), None, None).unwrap();
    datafusion::arrow::compute::take_record_batch(&kept, &order).unwrap()
}

#[test]
fn rivals_leave_the_row_that_a_look_at_all_rows_leaves_and_hold_few() {
    let numbers = (0..300_000_i64).map(|n| (n % 1000, n * 7919 % 300_007));
    let all: Vec<RecordBatch> = numbers.collect::<Vec<_>>().chunks(8192).map(|chunk| rows(chunk.iter().copied())).collect();
    for last in [false, true] {
        let preference = Preference { columns: vec![1], last };
        let mut rivals = Rivals::new(&[0], &preference);
        for batch in &all {
            rivals.push(batch.clone()).unwrap();
            assert!(rivals.rows.iter().map(RecordBatch::num_rows).sum::<usize>() < 2 * FEW_RIVALS);
        }
        let held: usize = rivals.rows.iter().map(RecordBatch::num_rows).sum();
        assert_eq!(rivals.let_go + held as u64, 300_000);
        assert_eq!(kept(&rivals.rows, &preference), kept(&all, &preference));
    }
}

#[test]
fn rivals_that_are_all_of_different_keys_are_all_held() {
    let preference = Preference { columns: vec![1], last: false };
    let mut rivals = Rivals::new(&[0], &preference);
    for start in (0..100_000).step_by(5000) {
        rivals.push(rows((start..start + 5000).map(|n| (n, n)))).unwrap();
    }
    assert_eq!((rivals.let_go, rivals.rows.iter().map(RecordBatch::num_rows).sum::<usize>()), (0, 100_000));
}
