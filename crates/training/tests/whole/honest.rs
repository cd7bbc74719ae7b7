//! Strong claims, each with a control that must fail.

use training::calibrate::Calibrator;
use training::hashed::{Ffm, FfmSettings, Fields, Ftrl, FtrlSettings, OnePass};
use training::metrics::{Confidence, Estimate, Scores, calibration_error, calibration_ratio, roc_auc};
use training::{
    Boosted, BoostedSettings, ClassWeight, Dataset, Forest, ForestSettings, Learned, Logistic, LogisticSettings, Model, Predict, Splitting,
};

use crate::synthetic::{Dice, impressions};

fn forest(class_weight: ClassWeight) -> ForestSettings {
    ForestSettings { n_estimators: 30, max_depth: Some(7), min_samples_leaf: 20, class_weight, ..ForestSettings::default() }
}

fn boosted() -> BoostedSettings {
    BoostedSettings { n_estimators: 40, max_leaves: 8, ..BoostedSettings::default() }
}

/// Every learner, fitted.
fn learned(data: &Dataset) -> Vec<(&'static str, Learned)> {
    let fields = || Fields::new(data.frame().names().to_vec(), 14).unwrap();
    let mut ftrl = Ftrl::new(fields(), FtrlSettings::default()).unwrap();
    ftrl.learn_batch(data).unwrap();
    let mut ffm = Ffm::new(fields(), FfmSettings::default()).unwrap();
    ffm.learn_batch(data).unwrap();
    vec![
        ("forest", Learned::Forest(Forest::fit(data, &forest(ClassWeight::None)).unwrap().forest)),
        ("boosted", Learned::Boosted(Boosted::fit(data, None, &boosted()).unwrap().model)),
        ("logistic", Learned::Logistic(Logistic::fit(data, &LogisticSettings::default()).unwrap())),
        ("ftrl", Learned::Ftrl(ftrl)),
        ("ffm", Learned::Ffm(ffm)),
    ]
}

fn auc(probabilities: &[f64], labels: &[bool]) -> Estimate {
    roc_auc(&Scores::new(probabilities, labels, None).unwrap(), &Confidence { level: 0.999, ..Confidence::default() }).unwrap()
}

/// Past, middle and future.
fn in_time(data: &Dataset) -> (Dataset, Dataset, Dataset) {
    let split = Splitting::default().split(data, 0.3).unwrap();
    let (before, test) = (data.take(&split.train).unwrap(), data.take(&split.test).unwrap());
    let split = Splitting::default().split(&before, 0.3).unwrap();
    (before.take(&split.train).unwrap(), before.take(&split.test).unwrap(), test)
}

#[test]
fn learners_come_near_the_best_there_is_and_shuffled_labels_teach_nothing() {
    let ((training, _), (test, truth)) = (impressions(12_000, 1), impressions(8000, 2));
    let best = auc(&truth, test.labels()).value;
    let shuffled = |data: &Dataset| {
        let (mut labels, mut dice) = (data.labels().to_vec(), Dice::new(3));
        for last in (1..labels.len()).rev() {
            labels.swap(last, (dice.unit() * (last + 1) as f64) as usize);
        }
        Dataset::new(data.frame().clone(), labels).unwrap()
    };
    let nonsense = shuffled(&test);
    for ((name, model), (_, fooled)) in learned(&training).into_iter().zip(learned(&shuffled(&training))) {
        let found = auc(&model.predict(test.frame()).unwrap(), test.labels());
        // The sine of the hour is no straight line, and one pass over so few rows is one pass.
        let share = if ["forest", "boosted"].contains(&name) { 0.92 } else { 0.85 };
        assert!(found.value - 0.5 > share * (best - 0.5), "{name}: {} of {best}", found.value);
        let nothing = auc(&fooled.predict(test.frame()).unwrap(), nonsense.labels());
        assert!(nothing.contains(0.5), "{name}: {nothing:?}");
        assert!(!found.contains(0.5), "{name}, the control: {found:?}");
    }
}

#[test]
fn balanced_forests_are_calibrated_only_after_calibration() {
    let (data, _) = impressions(30_000, 4);
    let (training, held_out, test) = in_time(&data);
    let fitted = Forest::fit(&training, &forest(ClassWeight::Balanced)).unwrap().forest;
    let is_calibrated = |probabilities: &[f64]| {
        let scores = Scores::new(probabilities, test.labels(), None).unwrap();
        let confidence = Confidence { level: 0.99, replicates: 50, seed: 0 };
        let error = calibration_error(&scores, 10, &confidence).unwrap();
        calibration_ratio(&scores, &confidence).unwrap().contains(1.0) && error.error.value < error.chance + 0.01
    };
    let raw = fitted.predict(test.frame()).unwrap();
    assert!(!is_calibrated(&raw), "the control");
    let on_held_out = fitted.predict(held_out.frame()).unwrap();
    let scores = Scores::new(&on_held_out, held_out.labels(), None).unwrap();
    for calibrator in [Calibrator::platt(&scores).unwrap(), Calibrator::isotonic(&scores).unwrap()] {
        assert!(is_calibrated(&calibrator.apply_all(&raw)), "{calibrator:?}");
    }
    // Undoing the class weights takes no held-out rows; a forest's averaging keeps it from being exact.
    let prior = Calibrator::prior(fitted.drawn_rate(), fitted.base_rate()).unwrap();
    let ratio = |probabilities: &[f64]| {
        calibration_ratio(&Scores::new(probabilities, test.labels(), None).unwrap(), &Confidence::default()).unwrap().value
    };
    assert!(ratio(&raw) > 2.0 && (0.8..1.25).contains(&ratio(&prior.apply_all(&raw))), "{}", ratio(&prior.apply_all(&raw)));
}

#[test]
fn a_leak_looks_like_skill_on_all_requests_and_is_none_on_impressions() {
    // Half of the requests are shown, a fifth of those clicked, and nothing else matters: an AUC of 0.778 and a recall of 1 for knowing
    // what was shown (1 - 0.5 * 0.4 / 0.9), and 0.5 on what was shown.
    let mut dice = Dice::new(9);
    let rows: Vec<(f64, f64, bool)> = (0..20_000)
        .map(|_| {
            let shown = dice.unit() < 0.5;
            let position = if shown { (5.0 * dice.unit()).floor() } else { f64::NAN };
            (position, dice.unit(), shown && dice.unit() < 0.2)
        })
        .collect();
    let data = |rows: &[(f64, f64, bool)]| {
        let columns = [
            ("ad_position", rows.iter().map(|row| row.0).collect::<Vec<_>>().into()),
            ("noise", rows.iter().map(|row| row.1).collect::<Vec<_>>().into()),
        ];
        Dataset::new(training::Frame::new(columns).unwrap(), rows.iter().map(|row| row.2).collect::<Vec<_>>()).unwrap()
    };
    let measure = |rows: &[(f64, f64, bool)]| {
        let (training, test) = rows.split_at(rows.len() / 2);
        let fitted = Forest::fit(&data(training), &forest(ClassWeight::Balanced)).unwrap().forest;
        let test = data(test);
        let probabilities = fitted.predict(test.frame()).unwrap();
        let scores = Scores::new(&probabilities, test.labels(), None).unwrap();
        let recall = training::metrics::recall(&scores, 0.5, &Confidence::default()).unwrap().value;
        (auc(&probabilities, test.labels()).value, recall)
    };
    let (all, recall) = measure(&rows);
    assert!((all - 0.778).abs() < 0.015 && recall > 0.6, "{all} {recall}");
    let shown: Vec<_> = rows.into_iter().filter(|row| !row.0.is_nan()).collect();
    let (impressions, _) = measure(&shown);
    assert!((impressions - 0.5).abs() < 0.03, "{impressions}");
}

#[test]
fn a_model_and_its_calibration_are_one_file() {
    let (data, _) = impressions(3000, 5);
    let (training, held_out, test) = in_time(&data);
    for (name, learned) in learned(&training) {
        let probabilities = learned.predict(held_out.frame()).unwrap();
        let calibrator = Calibrator::platt(&Scores::new(&probabilities, held_out.labels(), None).unwrap()).unwrap();
        let model = Model { learned, calibrator };
        let back = Model::from_bytes(&model.to_bytes().unwrap()).unwrap();
        assert_eq!(back.predict(test.frame()).unwrap(), model.predict(test.frame()).unwrap(), "{name}");
    }
}
