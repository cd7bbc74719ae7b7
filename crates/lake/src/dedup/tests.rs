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
