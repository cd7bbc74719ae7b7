#![allow(clippy::unwrap_used)]
use super::*;
use crate::data::Column;
use crate::error::TrainingError;
use crate::random::{Purpose, Stream};

/// Rows whose click probability is a logistic function of two numbers and a category; a third number says nothing.
pub(crate) fn clicks(rows: usize, seed: u64) -> (Dataset, Vec<f64>) {
    let mut stream = Stream::new(seed, Purpose::Weights, 99);
    let mut columns: [Vec<f64>; 3] = Default::default();
    let (mut texts, mut labels, mut truth) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rows {
        let x = [stream.unit(), stream.unit(), stream.unit()];
        let level = stream.below(4);
        let logit = 4.0 * x[0] - 3.0 * x[1] + [0.0, 1.5, -1.0, 0.5][level] - 2.0;
        let probability = 1.0 / (1.0 + (-logit).exp());
        labels.push(stream.unit() < probability);
        truth.push(probability);
        texts.push(["a", "b", "c", "d"][level]);
        let is_missing = stream.unit() < 0.05;
        columns[0].push(if is_missing { f64::NAN } else { x[0] });
        columns[1].push(x[1]);
        columns[2].push(x[2]);
    }
    let [a, b, c] = columns;
    let frame = Frame::new([
        ("up", Column::from(a)),
        ("down", b.into()),
        ("noise", c.into()),
        ("level", Column::texts(texts.into_iter().map(Some))),
    ]);
    (Dataset::new(frame.unwrap(), labels).unwrap(), truth)
}

fn small() -> ForestSettings {
    ForestSettings { n_estimators: 20, max_depth: Some(6), seed: 5, ..ForestSettings::default() }
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let product = |x: &[f64], mx: f64, y: &[f64], my: f64| x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum::<f64>();
    product(a, mean_a, b, mean_b) / (product(a, mean_a, a, mean_a) * product(b, mean_b, b, mean_b)).sqrt()
}

#[test]
fn a_forest_finds_the_law() {
    let (training, _) = clicks(4000, 1);
    let (test, truth) = clicks(2000, 2);
    let forest = Forest::fit(&training, &small()).unwrap().forest;
    let found = forest.predict(test.frame()).unwrap();
    assert!(correlation(&found, &truth) > 0.9, "{}", correlation(&found, &truth));
    let mean = found.iter().sum::<f64>() / found.len() as f64;
    assert!((mean - training.base_rate().unwrap()).abs() < 0.03, "{mean}");
    let importance = forest.gain_importance();
    assert!((importance.iter().map(|one| one.share).sum::<f64>() - 1.0).abs() < 1e-9);
    let least = importance.iter().min_by(|a, b| a.share.total_cmp(&b.share)).unwrap();
    assert_eq!(least.feature, "noise");
}

#[test]
fn threads_do_not_show() {
    let (data, _) = clicks(1500, 3);
    let settings = ForestSettings { out_of_bag: true, ..small() };
    let fit = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let fitted = pool.install(|| Forest::fit(&data, &settings).unwrap());
        (serde_json::to_string(&fitted.forest).unwrap(), fitted.out_of_bag)
    };
    let one = fit(1);
    assert!(one == fit(2) && one == fit(3));
    let other = Forest::fit(&data, &ForestSettings { seed: 6, ..settings.clone() }).unwrap();
    assert_ne!(one.0, serde_json::to_string(&other.forest).unwrap(), "the seed does show");
}

#[test]
fn one_row_is_predicted_and_explained_as_many() {
    let (data, _) = clicks(500, 4);
    let forest = Forest::fit(&data, &small()).unwrap().forest;
    let all = forest.predict(data.frame()).unwrap();
    let Column::Categorical(levels) = data.frame().column("level").unwrap() else { unreachable!() };
    for (row, expected) in all.iter().enumerate().take(50) {
        let number = |feature: usize| data.frame().columns()[feature].number(row).map_or(Value::Missing, Value::Number);
        let values = [number(0), number(1), number(2), Value::Category(levels.text(row).unwrap())];
        assert!((forest.predict_row(&values).unwrap() - expected).abs() < 1e-12);
        assert!((forest.explain_row(&values).unwrap().sum() - expected).abs() < 1e-6);
    }
    assert!(forest.predict_row(&[Value::Missing]).is_err());
    let unknown = [Value::Number(1e300), Value::Missing, Value::Category("?"), Value::Category("never seen")];
    assert!((0.0..=1.0).contains(&forest.predict_row(&unknown).unwrap()));
}

#[test]
fn weights_are_what_repeated_rows_are() {
    // Without bootstrap, a row of weight 3 is a row that is there three times.
    let (data, _) = clicks(200, 7);
    let numbers: Vec<_> = data.frame().features().take(3).map(|(name, column)| (name, column.clone())).collect();
    let data = Dataset::new(Frame::new(numbers).unwrap(), data.labels()).unwrap();
    let weights: Vec<_> = (0..200).map(|row| f64::from(row % 3 + 1)).collect();
    let repeated: Vec<u32> = (0..200_u32).flat_map(|row| std::iter::repeat_n(row, (row % 3 + 1) as usize)).collect();
    let settings = ForestSettings { bootstrap: false, max_features: MaxFeatures::All, n_estimators: 1, max_depth: Some(3), ..small() };
    let weighted = Forest::fit(&data.clone().with_weights(weights).unwrap(), &settings).unwrap().forest;
    let repeated = Forest::fit(&data.take(&repeated).unwrap(), &settings).unwrap().forest;
    let (a, b) = (weighted.predict(data.frame()).unwrap(), repeated.predict(data.frame()).unwrap());
    assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6));
}

#[test]
fn balanced_classes_are_drawn_alike() {
    let (data, _) = clicks(3000, 8);
    let rare: Vec<u32> = (0..3000).filter(|row| !data.labels()[*row as usize] || row % 10 == 0).collect();
    let data = data.take(&rare).unwrap();
    for (bootstrap, class_weight, drawn) in [
        (true, ClassWeight::None, data.base_rate().unwrap()),
        (true, ClassWeight::Balanced, 0.5),
        (false, ClassWeight::Balanced, 0.5),
        (true, ClassWeight::Custom { negative: 1.0, positive: 1e9 }, 1.0),
    ] {
        let settings = ForestSettings { bootstrap, class_weight, ..small() };
        let forest = Forest::fit(&data, &settings).unwrap().forest;
        assert!((forest.drawn_rate() - drawn).abs() < 1e-6);
        let roots = forest.trees().iter().map(|tree| f64::from(tree.value(0).unwrap())).sum::<f64>() / 20.0;
        assert!((roots - drawn).abs() < 0.01, "{bootstrap} {class_weight:?}: {roots}");
    }
}

#[test]
fn out_of_bag_is_honest_where_training_rows_flatter() {
    // Labels that nothing explains, and trees deep enough to learn them by heart.
    let (data, _) = clicks(800, 9);
    let mut stream = Stream::new(1, Purpose::Weights, 1);
    let labels: Vec<_> = (0..800).map(|_| stream.unit() < 0.5).collect();
    let data = Dataset::new(data.frame().clone(), labels).unwrap();
    let settings = ForestSettings { n_estimators: 60, max_depth: None, out_of_bag: true, ..small() };
    let fitted = Forest::fit(&data, &settings).unwrap();
    let labels: Vec<_> = data.labels().iter().map(|label| f64::from(u8::from(*label))).collect();
    let seen = fitted.forest.predict(data.frame()).unwrap();
    let unseen: Vec<_> = fitted.out_of_bag.unwrap().into_iter().map(Option::unwrap).collect();
    assert!(correlation(&seen, &labels) > 0.9, "learned by heart");
    assert!(correlation(&unseen, &labels).abs() < 0.15, "{}", correlation(&unseen, &labels));
}

#[test]
fn little_and_odd_data_give_an_answer_or_an_error() {
    let (ten, _) = clicks(10, 11);
    assert!(Forest::fit(&ten, &small()).is_ok());
    let one_class = Dataset::new(ten.frame().clone(), [true; 10]).unwrap();
    assert!(matches!(Forest::fit(&one_class, &small()), Err(TrainingError::OneClass { label: true, rows: 10 })));
    let names: Vec<_> = (0..30_000).map(|i| i.to_string()).collect();
    let many = Frame::new([("id", Column::texts(names.iter().map(|name| Some(name.as_str()))))]).unwrap();
    let labels: Vec<_> = (0..30_000).map(|i| i % 3 == 0).collect();
    assert!(Forest::fit(&Dataset::new(many, labels).unwrap(), &small()).is_ok(), "a category per row");
    let constant = Frame::new([("x", Column::from(vec![1.0; 10]))]).unwrap();
    let flat = Forest::fit(&Dataset::new(constant, ten.labels()).unwrap(), &small()).unwrap().forest;
    assert!(flat.trees().iter().all(|tree| tree.len() == 1), "nothing to split by");
    for (settings, name) in [
        (ForestSettings { n_estimators: 0, ..small() }, "n_estimators"),
        (ForestSettings { min_samples_leaf: 0, ..small() }, "min_samples_leaf"),
        (ForestSettings { max_features: MaxFeatures::Fraction(1.5), ..small() }, "max_features"),
        (ForestSettings { max_bins: 256, ..small() }, "max_bins"),
        (ForestSettings { out_of_bag: true, bootstrap: false, ..small() }, "out_of_bag"),
        (ForestSettings { class_weight: ClassWeight::Custom { negative: 0.0, positive: 1.0 }, ..small() }, "class_weight"),
    ] {
        let message = Forest::fit(&ten, &settings).unwrap_err().to_string();
        assert!(message.starts_with(name), "{message}");
    }
}
