#![allow(clippy::unwrap_used)]
use super::*;
use crate::data::Column;
use crate::error::TrainingError;
use crate::forest::tests::clicks;
use crate::metrics::{Confidence, Scores, log_loss, roc_auc};

fn small() -> BoostedSettings {
    BoostedSettings { n_estimators: 40, max_leaves: 8, ..BoostedSettings::default() }
}

fn auc(probabilities: &[f64], data: &Dataset) -> f64 {
    roc_auc(&Scores::new(probabilities, data.labels(), None).unwrap(), &Confidence::default()).unwrap().value
}

fn loss(probabilities: &[f64], data: &Dataset) -> f64 {
    log_loss(&Scores::new(probabilities, data.labels(), None).unwrap(), &Confidence::default()).unwrap().value
}

#[test]
fn boosting_comes_near_the_best_there_is() {
    let ((training, _), (test, truth)) = (clicks(6000, 1), clicks(4000, 2));
    let model = Boosted::fit(&training, None, &small()).unwrap().model;
    let found = model.predict(test.frame()).unwrap();
    let (reached, best) = (auc(&found, &test), auc(&truth, &test));
    // Five of a hundred values of the best feature are missing: the truth knows them, no model can.
    assert!(reached - 0.5 > 0.95 * (best - 0.5), "{reached} of {best}");
    let one_tree = Boosted::fit(&training, None, &BoostedSettings { n_estimators: 1, ..small() }).unwrap().model;
    assert!(auc(&one_tree.predict(test.frame()).unwrap(), &test) < reached - 0.01, "the control");
    let importance = model.gain_importance();
    assert_eq!(importance.iter().min_by(|a, b| a.share.total_cmp(&b.share)).unwrap().feature, "noise");
}

#[test]
fn threads_do_not_show() {
    // Enough rows that large nodes are summed on several threads.
    let (data, _) = clicks(80_000, 3);
    let settings = BoostedSettings { n_estimators: 3, subsample: 0.9, ..small() };
    let fit = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        serde_json::to_string(&pool.install(|| Boosted::fit(&data, None, &settings).unwrap()).model).unwrap()
    };
    let one = fit(1);
    assert!(one == fit(2) && one == fit(3));
    let back: Boosted = serde_json::from_str(&one).unwrap();
    assert_eq!(serde_json::to_string(&back).unwrap(), one);
}

#[test]
fn early_stopping_keeps_the_best_round() {
    let ((training, _), (validation, _)) = (clicks(600, 4), clicks(2000, 5));
    let settings = BoostedSettings {
        n_estimators: 200,
        learning_rate: 0.3,
        min_samples_leaf: 2,
        early_stopping: Some(EarlyStopping { patience: 5 }),
        ..small()
    };
    let fitted = Boosted::fit(&training, Some(&validation), &settings).unwrap();
    let losses = &fitted.validation_losses;
    let best = losses.iter().copied().fold(f64::INFINITY, f64::min);
    assert_eq!(losses.len(), fitted.model.trees().len() + 5);
    assert!((loss(&fitted.model.predict(validation.frame()).unwrap(), &validation) - best).abs() < 1e-12);
    let whole = Boosted::fit(&training, Some(&validation), &BoostedSettings { early_stopping: None, ..settings.clone() }).unwrap();
    assert!(whole.validation_losses.last().unwrap() > &(best + 0.05), "the control: without stopping it learns by heart");
    assert!(matches!(Boosted::fit(&training, None, &settings), Err(TrainingError::Needs { .. })));
}

#[test]
fn one_row_is_predicted_and_explained_as_many() {
    let (data, _) = clicks(2000, 6);
    let model = Boosted::fit(&data, None, &small()).unwrap().model;
    let all = model.predict(data.frame()).unwrap();
    let Column::Categorical(levels) = data.frame().column("level").unwrap() else { unreachable!() };
    for (row, expected) in all.iter().enumerate().take(50) {
        let number = |feature: usize| data.frame().columns()[feature].number(row).map_or(Value::Missing, Value::Number);
        let values = [number(0), number(1), number(2), Value::Category(levels.text(row).unwrap())];
        assert!((model.predict_row(&values).unwrap() - expected).abs() < 1e-12);
        assert!((logistic(model.explain_row(&values).unwrap().sum()) - expected).abs() < 1e-6);
    }
    let mean = all.iter().sum::<f64>() / all.len() as f64;
    assert!((mean - data.base_rate().unwrap()).abs() < 0.01, "{mean}");
}

#[test]
fn weights_are_what_repeated_rows_are() {
    let (data, _) = clicks(400, 7);
    let weights: Vec<_> = (0..400).map(|row| f64::from(row % 3 + 1)).collect();
    let repeated: Vec<u32> = (0..400_u32).flat_map(|row| std::iter::repeat_n(row, (row % 3 + 1) as usize)).collect();
    let numbers = |data: &Dataset| {
        // Few values, so that quantiles of rows and of repeated rows are the same bins.
        let rounded =
            |column: &Column| (0..data.rows()).map(|row| column.number(row).map_or(f64::NAN, |x| (x * 50.0).round())).collect::<Vec<_>>();
        let frame = Frame::new(data.frame().features().take(2).map(|(name, column)| (name, rounded(column).into())).collect::<Vec<_>>());
        Dataset::new(frame.unwrap(), data.labels()).unwrap()
    };
    let settings = BoostedSettings { min_samples_leaf: 1, n_estimators: 5, max_leaves: 4, ..small() };
    let data = numbers(&data);
    let fit = |data: &Dataset| Boosted::fit(data, None, &settings).unwrap().model;
    let (a, b) = (fit(&data.clone().with_weights(weights).unwrap()), fit(&data.take(&repeated).unwrap()));
    let (a, b) = (a.predict(data.frame()).unwrap(), b.predict(data.frame()).unwrap());
    assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5));
}

#[test]
fn odd_data_and_settings_give_an_answer_or_an_error() {
    let (ten, _) = clicks(10, 8);
    let model = Boosted::fit(&ten, None, &small()).unwrap().model;
    assert!(model.predict(ten.frame()).unwrap().iter().all(|probability| (0.0..=1.0).contains(probability)));
    // Perfectly separable, many rounds: gradients vanish, nothing overflows.
    let x: Vec<_> = (0..200).map(f64::from).collect();
    let apart = Dataset::new(Frame::new([("x", Column::from(x))]).unwrap(), (0..200).map(|i| i >= 100).collect::<Vec<_>>()).unwrap();
    let settings = BoostedSettings { n_estimators: 300, learning_rate: 1.0, l2: 0.0, min_hessian_leaf: 0.0, ..small() };
    let sure = Boosted::fit(&apart, None, &settings).unwrap().model.predict(apart.frame()).unwrap();
    assert!(sure.iter().all(|probability| probability.is_finite()) && sure[0] < 1e-3 && sure[199] > 0.999);
    for (settings, name) in [
        (BoostedSettings { n_estimators: 0, ..small() }, "n_estimators"),
        (BoostedSettings { max_leaves: 1, ..small() }, "max_leaves"),
        (BoostedSettings { learning_rate: f64::NAN, ..small() }, "learning_rate"),
        (BoostedSettings { subsample: 0.0, ..small() }, "subsample"),
        (BoostedSettings { l2: -1.0, ..small() }, "l2"),
    ] {
        let message = Boosted::fit(&ten, None, &settings).unwrap_err().to_string();
        assert!(message.starts_with(name), "{message}");
    }
}

#[test]
fn a_category_of_many_levels_that_says_nothing_costs_nothing() {
    let ((training, _), (test, _)) = (clicks(3000, 4), clicks(4000, 5));
    let with_names = |data: &Dataset, seed: usize| {
        let names: Vec<_> = (0..data.rows()).map(|row| format!("name {}", (row * 7919 + seed) * 104_729 % 200)).collect();
        let column = Column::texts(names.iter().map(|name| Some(name.as_str())));
        let features = data.frame().features().map(|(name, column)| (name, column.clone())).chain([("name", column)]);
        Dataset::new(Frame::new(features.collect::<Vec<_>>()).unwrap(), data.labels()).unwrap()
    };
    let (noisy, noisy_test) = (with_names(&training, 1), with_names(&test, 2));
    let reached = |training: &Dataset, test: &Dataset| {
        let model = Boosted::fit(training, None, &small()).unwrap().model;
        auc(&model.predict(test.frame()).unwrap(), test)
    };
    let (without, with) = (reached(&training, &test), reached(&noisy, &noisy_test));
    assert!(with > without - 0.01, "{without} became {with}");
}
