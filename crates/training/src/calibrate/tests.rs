#![allow(clippy::unwrap_used)]
use proptest::prelude::*;

use super::*;
use crate::metrics::{Confidence, calibration_error, calibration_ratio, roc_auc};
use crate::random::{Purpose, Stream};

/// True probabilities and what came of them.
fn truth(rows: usize, seed: u64) -> (Vec<f64>, Vec<bool>) {
    let mut stream = Stream::new(seed, Purpose::Weights, 3);
    let probabilities: Vec<_> = (0..rows).map(|_| logistic(4.0 * stream.unit() - 4.0)).collect();
    let labels = probabilities.iter().map(|probability| stream.unit() < *probability).collect();
    (probabilities, labels)
}

/// Whether the probabilities pass as calibrated.
fn is_calibrated(probabilities: &[f64], labels: &[bool]) -> bool {
    let scores = Scores::new(probabilities, labels, None).unwrap();
    let confidence = Confidence { level: 0.99, replicates: 50, seed: 0 };
    let error = calibration_error(&scores, 20, &confidence).unwrap();
    calibration_ratio(&scores, &confidence).unwrap().contains(1.0) && error.error.value < 2.0 * error.chance
}

#[test]
fn each_way_mends_what_class_weights_did() {
    let weighted = |probability: f64| logistic(log_odds(probability) + log_odds(0.5) - log_odds(0.15));
    let model = |seed: u64| {
        let (probabilities, labels) = truth(20_000, seed);
        (probabilities.into_iter().map(weighted).collect::<Vec<_>>(), labels)
    };
    let (held_out, held_out_labels) = model(1);
    let (test, labels) = model(2);
    assert!(!is_calibrated(&test, &labels), "the control");
    let scores = Scores::new(&held_out, &held_out_labels, None).unwrap();
    for calibrator in [Calibrator::prior(0.5, 0.15).unwrap(), Calibrator::platt(&scores).unwrap(), Calibrator::isotonic(&scores).unwrap()] {
        let mended = calibrator.apply_all(&test);
        assert!(is_calibrated(&mended, &labels), "{calibrator:?}");
        let auc =
            |probabilities: &[f64]| roc_auc(&Scores::new(probabilities, &labels, None).unwrap(), &Confidence::default()).unwrap().value;
        assert!((auc(&mended) - auc(&test)).abs() < 2e-3, "the ranking stays");
        let back: Calibrator = serde_json::from_str(&serde_json::to_string(&calibrator).unwrap()).unwrap();
        assert_eq!(back, calibrator);
    }
}

#[test]
fn platt_finds_the_parameters_it_was_made_with() {
    let (probabilities, labels) = truth(50_000, 3);
    let bent: Vec<_> = probabilities.iter().map(|probability| logistic((log_odds(*probability) - 0.5) / 2.0)).collect();
    let Calibrator::Platt { slope, intercept } = Calibrator::platt(&Scores::new(&bent, &labels, None).unwrap()).unwrap() else {
        unreachable!()
    };
    assert!((slope - 2.0).abs() < 0.1 && (intercept - 0.5).abs() < 0.1, "{slope} {intercept}");
}

#[test]
fn odd_scores_are_no_trouble() {
    let labels = [true, false, true, false];
    for scores in [[0.5; 4], [0.0, 1.0, 1.0, 0.0], [1.0, 0.0, 1.0, 0.0], [0.0, 1.0, 0.0, 1.0]] {
        let scores = Scores::new(&scores, &labels, None).unwrap();
        for calibrator in [Calibrator::platt(&scores).unwrap(), Calibrator::isotonic(&scores).unwrap()] {
            for probability in [0.0, 0.3, 1.0] {
                let found = calibrator.apply(probability);
                assert!(found > 0.0 && found < 1.0, "{calibrator:?} {probability} {found}");
            }
        }
    }
    let one = Scores::new(&[0.1, 0.2], &[true, true], None).unwrap();
    assert!(Calibrator::platt(&one).is_err() && Calibrator::isotonic(&one).is_err());
    assert!(Calibrator::prior(0.0, 0.5).is_err() && Calibrator::prior(0.5, f64::NAN).is_err());
    assert!(serde_json::from_str::<Isotonic>(r#"{"given":[0.1,0.2],"calibrated":[0.9,0.2]}"#).is_err());
}

proptest! {
    /// The curve rises, and at the rows it was fitted to it expects as many positives as there were.
    #[test]
    fn isotonic_rises_and_keeps_the_sum(rows in prop::collection::vec((0_u8..30, any::<bool>()), 2..100)) {
        let probabilities: Vec<_> = rows.iter().map(|(score, _)| f64::from(*score) / 30.0).collect();
        let labels: Vec<_> = rows.iter().map(|(_, label)| *label).collect();
        prop_assume!(labels.contains(&true) && labels.contains(&false));
        let curve = Isotonic::fit(&Scores::new(&probabilities, &labels, None).unwrap()).unwrap();
        let values: Vec<_> = (0..=300).map(|step| curve.apply(f64::from(step) / 300.0)).collect();
        prop_assert!(values.windows(2).all(|pair| pair[0] <= pair[1]));
        let expected: f64 = probabilities.iter().map(|probability| curve.apply(*probability)).sum();
        let observed = labels.iter().filter(|label| **label).count() as f64;
        // Held off 0 and 1 by one part in n + 2, each row adds at most that.
        prop_assert!((expected - observed).abs() <= 1.0, "{expected} {observed}");
    }
}
