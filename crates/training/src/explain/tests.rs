#![allow(clippy::unwrap_used)]
use super::*;
use crate::data::{Column, Dataset, Frame};
use crate::error::Result;
use crate::metrics::Confidence;
use crate::predict::Predict;
use crate::random::{Purpose, Stream};

/// A model that looks at `x` and at whether `c` is "b", and at nothing else.
struct Known;

impl Predict for Known {
    fn predict(&self, frame: &Frame) -> Result<Vec<f64>> {
        let (x, c) = (frame.column("x")?, frame.column("c")?);
        let Column::Categorical(categories) = c else { return Ok(vec![0.0; frame.rows()]) };
        let one = |row| 0.1 + 0.6 * x.number(row).unwrap_or(0.0) + if categories.text(row) == Some("b") { 0.2 } else { 0.0 };
        Ok((0..frame.rows()).map(one).collect())
    }
}

fn rows() -> Dataset {
    let mut stream = Stream::new(1, Purpose::Weights, 0);
    let x: Vec<_> = (0..3000).map(|_| stream.unit()).collect();
    let noise: Vec<_> = (0..3000).map(|_| stream.unit()).collect();
    let levels: Vec<_> = (0..3000).map(|row| if row % 50 == 0 { None } else { Some(["a", "b"][stream.below(2)]) }).collect();
    let frame = Frame::new([("x", Column::from(x)), ("noise", noise.into()), ("c", Column::texts(levels))]).unwrap();
    let labels = Known.predict(&frame).unwrap().into_iter().map(|probability| stream.unit() < probability);
    Dataset::new(frame.clone(), labels.collect::<Vec<_>>()).unwrap()
}

#[test]
fn only_what_the_model_looks_at_matters() {
    let found = permutation_importance(&Known, &rows(), 3, &Confidence::default()).unwrap();
    let names: Vec<_> = found.iter().map(|one| one.feature.as_str()).collect();
    assert_eq!(names, ["x", "noise", "c"]);
    assert!(found[0].auc_drop.low > found[2].auc_drop.high && found[2].auc_drop.low > 0.0, "{found:?}");
    assert_eq!((found[1].auc_drop.value, found[1].log_loss_rise.value), (0.0, 0.0));
    assert!(permutation_importance(&Known, &rows(), 1, &Confidence::default()).is_err());
}

#[test]
fn dependence_is_the_law() {
    let data = rows();
    let of = |feature| partial_dependence(&Known, data.frame(), feature, 11, &Confidence::default()).unwrap().points;
    let x = of("x");
    assert_eq!(x.len(), 11);
    let (first, last) = (x[0].mean.value, x[10].mean.value);
    assert!((last - first - 0.6).abs() < 0.01 && x.windows(2).all(|pair| pair[0].mean.value < pair[1].mean.value));
    let flat = of("noise");
    assert!(flat.iter().all(|point| point.mean == flat[0].mean));
    let c = of("c");
    let mean = |wanted: &DependenceValue| c.iter().find(|point| point.value == *wanted).unwrap().mean.value;
    let [a, b] = ["a", "b"].map(|level| mean(&DependenceValue::Category(level.to_owned())));
    assert!((b - a - 0.2).abs() < 1e-9 && (mean(&DependenceValue::Missing) - a).abs() < 1e-9);
    assert!(partial_dependence(&Known, data.frame(), "y", 5, &Confidence::default()).is_err());
}
