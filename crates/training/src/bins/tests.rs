#![allow(clippy::unwrap_used)]
use proptest::prelude::*;

use super::*;

fn fitted(column: Column, max_bins: usize) -> FeatureBins {
    let frame = Frame::new([("x", column)]).unwrap();
    Binner::fit(&frame, max_bins, 0).unwrap().features()[0].clone()
}

#[test]
fn few_values_have_a_bin_each() {
    let bins = fitted(vec![3.0, 1.0, f64::NAN, 2.0, 1.0].into(), 255);
    assert_eq!(bins.edges().unwrap(), [1.5, 2.5]);
    let cases = [(f64::NAN, 0), (-9.0, 1), (1.0, 1), (1.5, 1), (1.6, 2), (2.0, 2), (3.0, 3), (99.0, 3)];
    for (value, bin) in cases {
        assert_eq!(bins.bin(Value::Number(value)), bin, "{value}");
    }
    assert_eq!(bins.bin(Value::Category("1")), 0, "the wrong kind is missing");
}

#[test]
fn many_values_share_bins_evenly() {
    let values: Vec<f64> = (0..100_000).map(|i| f64::from(i).powi(3)).collect();
    let bins = fitted(values.clone().into(), 255);
    let mut counts = vec![0; 256];
    for value in &values {
        counts[bins.bin(Value::Number(*value)) as usize] += 1;
    }
    assert_eq!(counts[0], 0);
    assert!(counts[1..].iter().all(|count| (300..=500).contains(count)), "{counts:?}");
}

#[test]
fn a_value_that_is_most_rows_leaves_bins_for_the_others() {
    let values: Vec<f64> = (0..10_000).map(|i| if i % 10 == 0 { f64::from(i) } else { 0.0 }).collect();
    let bins = fitted(values.into(), 50);
    assert!(bins.edges().unwrap().len() >= 45, "{:?}", bins.edges());
}

#[test]
fn neighbouring_floats_stay_apart() {
    let low = 1.0_f32;
    let high = f32::from_bits(low.to_bits() + 1);
    let bins = fitted(vec![low, high].into(), 255);
    assert_ne!(bins.bin(Value::Number(f64::from(low))), bins.bin(Value::Number(f64::from(high))));
    let wide = fitted(vec![f64::MIN, f64::MAX].into(), 255);
    assert_eq!(wide.edges().unwrap(), [0.0]);
}

#[test]
fn categories_keep_a_bin_each_and_strangers_are_missing() {
    let bins = fitted(Column::texts([Some("b"), None, Some("a"), Some("b")]), 255);
    assert_eq!(bins.levels().unwrap(), ["a", "b"]);
    let cases = [("a", 1), ("b", 2), ("c", 0), ("", 0)];
    for (text, bin) in cases {
        assert_eq!(bins.bin(Value::Category(text)), bin, "{text}");
    }
}

#[test]
fn rare_categories_share_a_bin_with_strangers() {
    let names: Vec<_> = (0..1000).map(|i| format!("c{i:04}")).collect();
    // Every category once, and the last ten twice.
    let texts = names.iter().chain(&names[990..]).map(|name| Some(name.as_str()));
    let bins = fitted(Column::texts(texts), 20);
    assert!(names[990..].iter().all(|name| bins.levels().unwrap().contains(name)));
    assert_eq!(bins.bin(Value::Category("never seen")), 20);
    assert_eq!(bins.bin(Value::Category("c0500")), 20);
    assert_eq!(bins.bin(Value::Missing), 0);
}

#[test]
fn columns_are_found_by_name_and_checked_by_kind() {
    let training = Frame::new([("n", Column::from(vec![1.0, 2.0])), ("c", Column::texts([Some("x"), Some("y")]))]).unwrap();
    let binner = Binner::fit(&training, 255, 0).unwrap();
    let other = Frame::new([
        ("c", Column::texts([Some("y"), Some("z"), None])),
        ("extra", Column::from(vec![0.0; 3])),
        ("n", Column::from(vec![5.0_f32, 0.0, f32::NAN])),
    ]);
    let matrix = binner.bin(&other.unwrap()).unwrap();
    assert_eq!((matrix.column(0), matrix.column(1)), (&[2, 1, 0][..], &[2, 0, 0][..]));
    let lacking = Frame::new([("n", Column::from(vec![1.0]))]).unwrap();
    let message = binner.bin(&lacking).err().unwrap().to_string();
    assert!(message.starts_with("the model needs feature `c`"), "{message}");
    let swapped = lacking.with_column("n", Column::texts([Some("1")])).unwrap();
    let message = binner.bin(&swapped).err().unwrap().to_string();
    assert!(message.starts_with("feature `n` is a category, the model learned it as a number"), "{message}");
}

#[test]
fn a_feature_without_values_is_an_error() {
    for column in [Column::from(vec![f64::NAN; 3]), Column::texts([None, None, None])] {
        let frame = Frame::new([("gone", column)]).unwrap();
        let message = Binner::fit(&frame, 255, 0).unwrap_err().to_string();
        assert!(message.starts_with("feature `gone` has no value in any row"), "{message}");
    }
}

#[test]
fn values_of_a_nearly_empty_long_column_are_found() {
    let values: Vec<f32> = (0..300_000).map(|i| if i % 100_000 == 7 { i as f32 } else { f32::NAN }).collect();
    assert_eq!(fitted(values.into(), 255).edges().unwrap().len(), 2);
}

proptest! {
    /// A larger number never has a smaller bin, and there are no more bins than asked for.
    #[test]
    fn bins_keep_the_order(values in prop::collection::vec(-1e6_f64..1e6, 1..400), max_bins in 2_usize..255) {
        let bins = fitted(values.clone().into(), max_bins);
        prop_assert!(bins.edges().unwrap().len() < max_bins);
        let mut sorted = values;
        sorted.sort_unstable_by(f64::total_cmp);
        let numbers: Vec<_> = sorted.iter().map(|value| bins.bin(Value::Number(*value))).collect();
        prop_assert!(numbers.windows(2).all(|pair| pair[0] <= pair[1]));
        prop_assert!(numbers[0] >= 1);
    }

    /// What is written out comes back the same, bit by bit.
    #[test]
    fn bins_survive_being_stored(values in prop::collection::vec(prop::num::f64::NORMAL, 1..100)) {
        let bins = fitted(values.into(), 255);
        let back: FeatureBins = serde_json::from_str(&serde_json::to_string(&bins).unwrap()).unwrap();
        prop_assert_eq!(back, bins);
    }
}
