#![allow(clippy::unwrap_used)]
use super::*;
use crate::data::Column;
use crate::random::{Purpose, Stream};

const FREE: LogisticSettings =
    LogisticSettings { l2: 0.0, max_iterations: 100, level: 0.95, is_logarithmic: false, has_grouped_errors: false };

/// Rows of a table: per (level, label) so many.
fn table(counts: &[(Option<&'static str>, usize, usize)]) -> Dataset {
    let rows = counts.iter().flat_map(|(level, negative, positive)| {
        std::iter::repeat_n((*level, false), *negative).chain(std::iter::repeat_n((*level, true), *positive))
    });
    let (levels, labels): (Vec<_>, Vec<_>) = rows.unzip();
    Dataset::new(Frame::new([("device", Column::texts(levels))]).unwrap(), labels).unwrap()
}

fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-6, "{found}, expected {expected}");
}

#[test]
fn a_table_has_the_log_odds_ratios_and_errors_of_the_textbook() {
    let data = table(&[(Some("phone"), 60, 40), (Some("tablet"), 30, 10), (None, 5, 15)]);
    let model = Logistic::fit(&data, &FREE).unwrap();
    let [intercept, tablet, missing] = model.coefficients() else { unreachable!("{:?}", model.coefficients()) };
    let log_odds = |negative: f64, positive: f64| (positive / negative).ln();
    near(intercept.estimate, log_odds(60.0, 40.0));
    near(intercept.standard_error, (1.0_f64 / 60.0 + 1.0 / 40.0).sqrt());
    near(tablet.estimate, log_odds(30.0, 10.0) - log_odds(60.0, 40.0));
    // Woolf 1955: the roots of the sum of reciprocal counts.
    near(tablet.standard_error, (1.0_f64 / 60.0 + 1.0 / 40.0 + 1.0 / 30.0 + 1.0 / 10.0).sqrt());
    assert_eq!(tablet.part, CoefficientPart::Level("tablet".to_owned()));
    assert_eq!(missing.part, CoefficientPart::Missing);
    near(model.predict_row(&[Value::Missing]).unwrap(), 0.75);
    near(model.predict_row(&[Value::Category("a new one")]).unwrap(), 0.75);
    near(model.predict_row(&[Value::Category("phone")]).unwrap(), 0.4);
}

/// Clicks by a known law of a number far from 0 and a category; a tenth of the numbers is missing.
fn clicks(rows: usize, seed: u64) -> Dataset {
    let mut stream = Stream::new(seed, Purpose::Weights, 1);
    let (mut ages, mut levels, mut labels) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rows {
        let age = 20.0 + 40.0 * stream.unit();
        let level = ["a", "b"][stream.below(2)];
        let is_missing = stream.unit() < 0.1;
        let log_odds = if is_missing { -0.5 } else { -3.0 + 0.05 * age } + if level == "b" { 0.8 } else { 0.0 };
        labels.push(stream.unit() < logistic(log_odds));
        ages.push(if is_missing { f64::NAN } else { age });
        levels.push(Some(level));
    }
    let frame = Frame::new([("age", Column::from(ages)), ("level", Column::texts(levels))]).unwrap();
    Dataset::new(frame, labels).unwrap()
}

#[test]
fn intervals_hold_the_law_as_often_as_they_say() {
    let mut held = [0; 4];
    for seed in 0..100 {
        let model = Logistic::fit(&clicks(600, seed), &FREE).unwrap();
        for coefficient in model.coefficients() {
            let (place, truth) = match &coefficient.part {
                CoefficientPart::Intercept => (0, None),
                CoefficientPart::PerUnit => (1, Some(0.05)),
                CoefficientPart::Missing => (2, Some(2.5)),
                CoefficientPart::PerDoubling => unreachable!("numbers enter as they are"),
                CoefficientPart::Level(level) => (3, Some(if level == "b" { 0.8 } else { -0.8 })),
            };
            // The intercept depends on which level is the reference.
            let is_b_reference = model.coefficients().iter().any(|one| one.part == CoefficientPart::Level("a".to_owned()));
            let truth = truth.unwrap_or(if is_b_reference { -2.2 } else { -3.0 });
            held[place] += usize::from(coefficient.low <= truth && truth <= coefficient.high);
            assert!(coefficient.standard_error > 0.0 && (0.0..=1.0).contains(&coefficient.p_value));
        }
    }
    // 95 of 100 are expected; four standard deviations are 9.
    assert!(held.iter().all(|held| *held >= 86), "{held:?}");
}

#[test]
fn a_penalty_draws_weights_in_and_many_rows_are_predicted_as_one() {
    let data = clicks(500, 1);
    let weight = |l2| Logistic::fit(&data, &LogisticSettings { l2, ..FREE }).unwrap().coefficients()[1].estimate.abs();
    assert!(weight(0.0) > weight(10.0) && weight(10.0) > weight(1000.0) && weight(1000.0) > 0.0);
    let model = Logistic::fit(&data, &LogisticSettings::default()).unwrap();
    let all = model.predict(data.frame()).unwrap();
    let Column::Categorical(levels) = data.frame().column("level").unwrap() else { unreachable!() };
    for (row, probability) in all.iter().enumerate().take(100) {
        let age = data.frame().columns()[0].number(row).map_or(Value::Missing, Value::Number);
        near(model.predict_row(&[age, Value::Category(levels.text(row).unwrap())]).unwrap(), *probability);
    }
    // The mean of the probabilities is the base rate: the intercept's gradient is 0.
    near(all.iter().sum::<f64>() / 500.0, data.base_rate().unwrap());
}

#[test]
fn weights_are_what_repeated_rows_are_and_threads_do_not_show() {
    let data = clicks(300, 2);
    let weights: Vec<_> = (0..300).map(|row| f64::from(row % 3)).collect();
    let repeated: Vec<u32> = (0..300_u32).flat_map(|row| std::iter::repeat_n(row, (row % 3) as usize)).collect();
    let weighted = Logistic::fit(&data.clone().with_weights(weights).unwrap(), &FREE).unwrap();
    let repeated = Logistic::fit(&data.take(&repeated).unwrap(), &FREE).unwrap();
    for (a, b) in weighted.coefficients().iter().zip(repeated.coefficients()) {
        near(a.estimate, b.estimate);
        near(a.standard_error, b.standard_error);
    }
    let fit = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        serde_json::to_string(&pool.install(|| Logistic::fit(&data, &FREE).unwrap())).unwrap()
    };
    assert_eq!(fit(1), fit(3));
    let back: Logistic = serde_json::from_str(&fit(1)).unwrap();
    assert_eq!(serde_json::to_string(&back).unwrap(), fit(1));
    assert!(serde_json::from_str::<Logistic>(&fit(1).replace("\"weights\":[", "\"weights\":[0.5,")).is_err());
}

#[test]
fn what_has_no_answer_is_an_error_unless_penalised() {
    let x: Vec<_> = (0..40).map(f64::from).collect();
    let apart = Dataset::new(Frame::new([("x", Column::from(x.clone()))]).unwrap(), (0..40).map(|i| i >= 20).collect::<Vec<_>>()).unwrap();
    let labels: Vec<_> = (0..40).map(|i| i % 3 == 0).collect();
    let twice = Frame::new([("x", Column::from(x.clone())), ("y", x.iter().map(|x| 2.0 * x).collect::<Vec<_>>().into())]).unwrap();
    let twice = Dataset::new(twice, labels.clone()).unwrap();
    for data in [&apart, &twice] {
        let error = Logistic::fit(data, &FREE).unwrap_err().to_string();
        assert!(error.starts_with("logistic regression did not converge: set l2 above 0"), "{error}");
        assert!(Logistic::fit(data, &LogisticSettings::default()).is_ok());
    }
    let constant = Dataset::new(Frame::new([("c", Column::from(vec![7.0; 40]))]).unwrap(), labels.clone()).unwrap();
    near(Logistic::fit(&constant, &LogisticSettings::default()).unwrap().predict(constant.frame()).unwrap()[0], 14.0 / 40.0);
    let names: Vec<_> = (0..3000).map(|i| i.to_string()).collect();
    let many = Frame::new([("id", Column::texts(names.iter().map(|name| Some(name.as_str()))))]).unwrap();
    let many = Dataset::new(many, (0..3000).map(|i| i % 2 == 0).collect::<Vec<_>>()).unwrap();
    let error = Logistic::fit(&many, &FREE).unwrap_err().to_string();
    assert!(error.contains("use the hashed logistic regression"), "{error}");
}

#[test]
fn logarithms_of_numbers_are_taken_within() {
    let data = clicks(400, 3);
    let plain: Vec<_> =
        (0..400).map(|row| data.frame().columns()[0].number(row).map_or(f64::NAN, |x| x.abs().ln_1p().copysign(x))).collect();
    let taken = Dataset::new(data.frame().with_column("age", plain.into()).unwrap(), data.labels()).unwrap();
    let within = Logistic::fit(&data, &LogisticSettings { is_logarithmic: true, ..FREE }).unwrap();
    let before = Logistic::fit(&taken, &FREE).unwrap();
    assert_eq!(within.predict(data.frame()).unwrap(), before.predict(taken.frame()).unwrap());
    for (one, other) in within.coefficients().iter().zip(before.coefficients()) {
        let factor = if one.part == CoefficientPart::PerDoubling { std::f64::consts::LN_2 } else { 1.0 };
        near(one.estimate, other.estimate * factor);
        near(one.standard_error, other.standard_error * factor);
    }
    assert_eq!(within.coefficients()[1].part, CoefficientPart::PerDoubling);
    assert_ne!(within.predict(data.frame()).unwrap(), Logistic::fit(&data, &FREE).unwrap().predict(data.frame()).unwrap());
}

#[test]
fn repeated_rows_of_one_group_make_errors_no_smaller() {
    let once = clicks(300, 4).with_groups((0..300).collect::<Vec<_>>()).unwrap();
    let thrice = once.take(&(0..900).map(|row| row % 300).collect::<Vec<_>>()).unwrap();
    let errors = |data: &Dataset, has_grouped_errors| -> Vec<f64> {
        let model = Logistic::fit(data, &LogisticSettings { has_grouped_errors, ..FREE }).unwrap();
        model.coefficients().iter().map(|coefficient| coefficient.standard_error).collect()
    };
    let (of_rows, of_groups) = (errors(&once, false), errors(&once, true));
    for ((of_rows, of_groups), (naive, honest)) in
        of_rows.iter().zip(&of_groups).zip(errors(&thrice, false).into_iter().zip(errors(&thrice, true)))
    {
        near(of_groups / honest, 1.0);
        near(naive * 3.0_f64.sqrt() / of_rows, 1.0);
        // Where the law is right, groups of one row are as sure as rows are.
        assert!((of_groups / of_rows - 1.0).abs() < 0.2, "{of_groups} {of_rows}");
    }
}
