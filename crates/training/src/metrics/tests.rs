#![allow(clippy::unwrap_used)]
use proptest::prelude::*;

use super::*;
use crate::data::Categories;
use crate::random::{Purpose, Stream};

const SURE: Confidence = Confidence { level: 0.95, replicates: 100, seed: 1 };

/// Probabilities spread evenly over 0.05 to 0.65, and labels that come true as often as they say.
fn true_scores(rows: usize, seed: u64) -> (Vec<f64>, Vec<bool>) {
    let mut stream = Stream::new(seed, Purpose::Weights, 7);
    let probabilities: Vec<_> = (0..rows).map(|_| 0.05 + 0.6 * stream.unit()).collect();
    let labels = probabilities.iter().map(|probability| stream.unit() < *probability).collect();
    (probabilities, labels)
}

fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-9, "{found}, expected {expected}");
}

#[test]
fn values_computed_by_hand() {
    let probabilities = [0.1, 0.4, 0.35, 0.8];
    let labels = [false, false, true, true];
    let scores = Scores::new(&probabilities, &labels, None).unwrap();
    near(roc_auc(&scores, &SURE).unwrap().value, 0.75);
    near(average_precision(&scores, &SURE).unwrap().value, 0.5 * 1.0 + 0.5 * 2.0 / 3.0);
    let loss = -(0.9_f64.ln() + 0.6_f64.ln() + 0.35_f64.ln() + 0.8_f64.ln()) / 4.0;
    near(log_loss(&scores, &SURE).unwrap().value, loss);
    near(normalised_entropy(&scores, &SURE).unwrap().value, loss / 2.0_f64.ln());
    near(brier_score(&scores, &SURE).unwrap().value, (0.01 + 0.16 + 0.4225 + 0.04) / 4.0);
    near(calibration_ratio(&scores, &SURE).unwrap().value, 1.65 / 2.0);
    near(calibration_error(&scores, 2, &SURE).unwrap().error.value, (0.55 + 0.2) / 4.0);
    near(recall(&scores, 0.4, &SURE).unwrap().value, 0.5);
    near(precision(&scores, 0.4, &SURE).unwrap().unwrap().value, 0.5);
    assert!(precision(&scores, 0.9, &SURE).unwrap().is_none(), "nothing is let through");
}

#[test]
fn ties_count_half() {
    let labels = [true, false, true, false, false];
    let scores = Scores::new(&[0.5; 5], &labels, None).unwrap();
    near(roc_auc(&scores, &SURE).unwrap().value, 0.5);
    near(average_precision(&scores, &SURE).unwrap().value, 0.4);
    for decile in lift_by_decile(&scores, &SURE).unwrap() {
        near(decile.lift.value, 1.0);
    }
}

#[test]
fn perfect_ranking_is_not_certain() {
    let scores = Scores::new(&[0.1, 0.2, 0.8, 0.9], &[false, false, true, true], None).unwrap();
    let auc = roc_auc(&scores, &SURE).unwrap();
    assert!(auc.value == 1.0 && auc.high == 1.0 && auc.low < 0.5, "{auc:?}");
}

#[test]
fn weights_are_what_repeated_rows_are() {
    let (probabilities, labels) = true_scores(200, 1);
    let weights: Vec<_> = (0..200).map(|row| f64::from(row % 4)).collect();
    let repeated: Vec<_> = (0..200_usize).flat_map(|row| std::iter::repeat_n(row, row % 4)).collect();
    let repeated_probabilities: Vec<_> = repeated.iter().map(|row| probabilities[*row]).collect();
    let repeated_labels: Vec<_> = repeated.iter().map(|row| labels[*row]).collect();
    let weighted = Scores::new(&probabilities, &labels, Some(&weights)).unwrap();
    let repeated = Scores::new(&repeated_probabilities, &repeated_labels, None).unwrap();
    let [a, b] = [weighted, repeated].map(|scores| Report::of(&scores, &ReportSettings::default()).unwrap());
    near(a.base_rate, b.base_rate);
    near(a.roc_auc.unwrap().value, b.roc_auc.unwrap().value);
    near(a.average_precision.unwrap().value, b.average_precision.unwrap().value);
    near(a.log_loss.value, b.log_loss.value);
    near(a.normalised_entropy.unwrap().value, b.normalised_entropy.unwrap().value);
    near(a.calibration_ratio.unwrap().value, b.calibration_ratio.unwrap().value);
    near(a.calibration_error.error.value, b.calibration_error.error.value);
    near(a.recall.unwrap().value, b.recall.unwrap().value);
    a.lift.iter().zip(&b.lift).for_each(|(a, b)| near(a.lift.value, b.lift.value));
}

/// How many of 200 intervals hold the value that they are about.
fn coverage(truth: f64, measure: impl Fn(&Scores<'_>) -> Estimate) -> usize {
    let holds = |seed: u64| {
        let (probabilities, labels) = true_scores(300, seed);
        measure(&Scores::new(&probabilities, &labels, None).unwrap()).contains(truth)
    };
    (0..200).filter(|seed| holds(1000 + *seed)).count()
}

#[test]
fn intervals_hold_the_truth_as_often_as_they_say() {
    let (probabilities, labels) = true_scores(400_000, 5);
    let many = Scores::new(&probabilities, &labels, None).unwrap();
    type Measure = fn(&Scores<'_>) -> Estimate;
    let cases: [(&str, Measure); 6] = [
        ("auc", |scores| roc_auc(scores, &SURE).unwrap()),
        ("log loss", |scores| log_loss(scores, &SURE).unwrap()),
        ("normalised entropy", |scores| normalised_entropy(scores, &SURE).unwrap()),
        ("brier", |scores| brier_score(scores, &SURE).unwrap()),
        ("calibration ratio", |scores| calibration_ratio(scores, &SURE).unwrap()),
        ("recall", |scores| recall(scores, 0.4, &SURE).unwrap()),
    ];
    for (name, measure) in cases {
        let truth = measure(&many).value;
        // 190 of 200 are expected; five standard deviations are 15.
        let held = coverage(truth, measure);
        assert!(held >= 175, "{name}: {held} of 200");
        // The control: intervals about something else.
        assert!(coverage(truth + 0.15, measure) < 150, "{name}");
    }
}

#[test]
fn average_precision_has_a_bootstrap_interval_that_holds() {
    let (probabilities, labels) = true_scores(100_000, 5);
    let few = Confidence { replicates: 20, ..SURE };
    let truth = average_precision(&Scores::new(&probabilities, &labels, None).unwrap(), &few).unwrap().value;
    let small = Confidence { replicates: 60, ..SURE };
    let held = coverage(truth, |scores| average_precision(scores, &small).unwrap());
    assert!(held >= 170, "{held} of 200");
}

#[test]
fn shuffled_labels_rank_by_chance() {
    let (probabilities, mut labels) = true_scores(5000, 3);
    let auc = |labels: &[bool]| roc_auc(&Scores::new(&probabilities, labels, None).unwrap(), &SURE).unwrap();
    assert!(!auc(&labels).contains(0.5), "the control: true labels do not");
    Stream::new(9, Purpose::Permutation, 0).shuffle(&mut labels);
    assert!(auc(&labels).contains(0.5), "{:?}", auc(&labels));
}

#[test]
fn calibration_error_knows_chance_from_fault() {
    let (probabilities, labels) = true_scores(20_000, 4);
    let error = |probabilities: &[f64]| calibration_error(&Scores::new(probabilities, &labels, None).unwrap(), 20, &SURE).unwrap();
    let good = error(&probabilities);
    assert!(good.error.value < 2.0 * good.chance && good.error.low < 0.005, "{good:?}");
    let wrong: Vec<_> = probabilities.iter().map(|probability| probability * 1.2).collect();
    let wrong = error(&wrong);
    assert!(wrong.error.value > 5.0 * wrong.chance && wrong.error.low > 0.02, "{wrong:?}");
}

#[test]
fn two_models_on_the_same_rows_are_compared_more_sharply() {
    let (probabilities, labels) = true_scores(4000, 6);
    let mut stream = Stream::new(6, Purpose::Weights, 8);
    let worse: Vec<_> = probabilities.iter().map(|probability| (probability + 0.1 * stream.unit()).min(1.0)).collect();
    let (a, b) = (Scores::new(&probabilities, &labels, None).unwrap(), Scores::new(&worse, &labels, None).unwrap());
    let difference = roc_auc_difference(&a, &b, &SURE).unwrap();
    let alone = roc_auc(&a, &SURE).unwrap();
    near(difference.value, alone.value - roc_auc(&b, &SURE).unwrap().value);
    assert!(difference.low > 0.0, "{difference:?}");
    assert!(difference.high - difference.low < (alone.high - alone.low) / 2.0);
    let other: Vec<_> = labels.iter().map(|label| !label).collect();
    assert!(roc_auc_difference(&a, &Scores::new(&worse, &other, None).unwrap(), &SURE).is_err());
}

#[test]
fn lift_falls_and_gains_add_up() {
    let (probabilities, labels) = true_scores(20_000, 2);
    let lift = lift_by_decile(&Scores::new(&probabilities, &labels, None).unwrap(), &SURE).unwrap();
    assert_eq!(lift.len(), 10);
    assert!(lift[0].lift.low > 1.5 && lift[9].lift.high < 0.5);
    near(lift[9].cumulative_gain, 1.0);
    near(lift.iter().map(|decile| decile.lift.value).sum::<f64>(), 10.0);
}

#[test]
fn slices_are_measured_by_themselves() {
    let (probabilities, mut labels) = true_scores(1000, 2);
    labels[900..].fill(false);
    let names = (0..1000).map(|row| {
        if row < 600 {
            Some("a")
        } else if row < 900 {
            Some("b")
        } else {
            None
        }
    });
    let scores = Scores::new(&probabilities, &labels, None).unwrap();
    let slices = by_slice(&scores, &Categories::from_texts(names), &ReportSettings::default()).unwrap();
    let found: Vec<_> = slices.iter().map(|slice| (slice.name.as_deref(), slice.report.rows)).collect();
    assert_eq!(found, [(Some("a"), 600), (Some("b"), 300), (None, 100)]);
    assert!(slices[0].report.roc_auc.is_some());
    assert!(slices[2].report.roc_auc.is_none() && slices[2].report.calibration_ratio.is_none(), "no positive row");
    assert!(slices[2].report.brier_score.value > 0.0);
}

#[test]
fn what_cannot_be_measured_is_an_error() {
    let cases = [
        (Scores::new(&[], &[], None).map(drop), "the rows to measure has no rows: widen the period or the filter"),
        (Scores::new(&[1.5], &[true], None).map(drop), "probability is 1.5 in row 0, expected a number from 0 to 1"),
        (Scores::new(&[f64::NAN], &[true], None).map(drop), "probability is NaN in row 0, expected a number from 0 to 1"),
        (Scores::new(&[0.5], &[true, false], None).map(drop), "probabilities has 1 rows, expected 2: every column needs one value per row"),
        (
            roc_auc(&Scores::new(&[0.5, 0.6], &[true, false], Some(&[1.0, 0.0])).unwrap(), &SURE).map(drop),
            "all 2 rows with weight have the label true: a classifier and its metrics need both classes",
        ),
        (
            log_loss(&Scores::new(&[0.5], &[true], None).unwrap(), &Confidence { level: 1.0, ..SURE }).map(drop),
            "level is 1, expected above 0 and below 1",
        ),
    ];
    for (result, message) in cases {
        assert_eq!(result.unwrap_err().to_string(), message);
    }
}

proptest! {
    /// The AUC by sorting is the share of pairs in the right order.
    #[test]
    fn auc_is_the_share_of_pairs(rows in prop::collection::vec((0_u8..12, any::<bool>(), 0_u8..4), 2..60)) {
        let probabilities: Vec<_> = rows.iter().map(|(score, ..)| f64::from(*score) / 12.0).collect();
        let labels: Vec<_> = rows.iter().map(|(_, label, _)| *label).collect();
        let weights: Vec<_> = rows.iter().map(|(.., weight)| f64::from(*weight)).collect();
        let (mut right, mut pairs) = (0.0, 0.0);
        for (a, _) in labels.iter().enumerate().filter(|(_, label)| **label) {
            for (b, _) in labels.iter().enumerate().filter(|(_, label)| !**label) {
                let weight = weights[a] * weights[b];
                pairs += weight;
                right += weight * match probabilities[a].total_cmp(&probabilities[b]) {
                    std::cmp::Ordering::Greater => 1.0,
                    std::cmp::Ordering::Equal => 0.5,
                    std::cmp::Ordering::Less => 0.0,
                };
            }
        }
        prop_assume!(pairs > 0.0);
        let auc = roc_auc(&Scores::new(&probabilities, &labels, Some(&weights)).unwrap(), &SURE).unwrap();
        prop_assert!((auc.value - right / pairs).abs() < 1e-12);
        prop_assert!(0.0 <= auc.low && auc.low <= auc.value && auc.value <= auc.high && auc.high <= 1.0, "{auc:?}");
    }
}
