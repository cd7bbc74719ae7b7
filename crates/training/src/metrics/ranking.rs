//! How well positive rows come out above negative ones.

use super::confidence::effective_rows;
use super::{Confidence, Estimate, Scores};
use crate::data::same_length;
use crate::error::{Result, TrainingError};

/// The area under the ROC curve: how likely a positive row scores above a negative one, ties counting half.
///
/// The interval is that of `DeLong`, `DeLong` and Clarke-Pearson (Biometrics 44, 1988) for weighted rows, on the logit scale so that
/// it stays within 0 to 1; at exactly 0 or 1, where that variance is 0, it is that of a share of as many rows as the smaller class
/// has (Clopper-Pearson).
///
/// # Errors
/// Only one class has weight; a confidence out of range.
pub fn roc_auc(scores: &Scores<'_>, confidence: &Confidence) -> Result<Estimate> {
    confidence.check()?;
    scores.both_classes()?;
    let (auc, placements) = placements(scores);
    let error = error_of(scores, |row| placements[row] - auc);
    if auc <= 0.0 || auc >= 1.0 {
        let class = |wanted| effective_rows((0..scores.rows()).filter(|row| scores.labels()[*row] == wanted).map(|row| scores.weight(row)));
        let reach = ((1.0 - confidence.level) / 2.0).powf(1.0 / class(true).min(class(false)).max(1.0));
        let (low, high) = if auc >= 1.0 { (reach, 1.0) } else { (0.0, 1.0 - reach) };
        return Ok(Estimate { value: auc, low, high });
    }
    let logit = (auc / (1.0 - auc)).ln();
    let margin = confidence.z() * error / (auc * (1.0 - auc));
    let back = |logit: f64| 1.0 / (1.0 + (-logit).exp());
    Ok(Estimate { value: auc, low: back(logit - margin), high: back(logit + margin) })
}

/// How much higher the area under the ROC curve of the first scores is than that of the second, for the same rows: what they have in
/// common cancels out, so the interval is much narrower than two of [`roc_auc`].
///
/// # Errors
/// The rows are not the same (their number or labels differ); only one class has weight; a confidence out of range.
pub fn roc_auc_difference(first: &Scores<'_>, second: &Scores<'_>, confidence: &Confidence) -> Result<Estimate> {
    confidence.check()?;
    first.both_classes()?;
    same_length("the second model's scores", first.rows(), second.rows())?;
    if let Some(row) = (0..first.rows()).find(|row| first.labels()[*row] != second.labels()[*row]) {
        let value = f64::from(u8::from(second.labels()[row]));
        return Err(TrainingError::Value { what: "the second model's label", row, value, expected: "the label of the first" });
    }
    // Both with the weights of the first, or they would not be the same rows.
    let second = Scores::new(second.probabilities(), second.labels(), first.weights())?;
    let ((auc, one), (other_auc, other)) = (placements(first), placements(&second));
    let error = error_of(first, |row| (one[row] - auc) - (other[row] - other_auc));
    Ok(Estimate::around(auc - other_auc, confidence.z() * error, (-1.0, 1.0)))
}

/// The AUC, and per row the share of the other class's weight on the right side of it.
pub(super) fn placements(scores: &Scores<'_>) -> (f64, Vec<f64>) {
    let sum = |wanted: bool, rows: &[u32]| {
        let of_class = rows.iter().map(|row| *row as usize).filter(|row| scores.labels()[*row] == wanted);
        of_class.map(|row| scores.weight(row)).sum::<f64>()
    };
    let order = scores.ascending();
    let (positive, negative) = (sum(true, &order), sum(false, &order));
    let mut placements = vec![0.0; scores.rows()];
    let (mut positive_below, mut negative_below, mut auc) = (0.0, 0.0, 0.0);
    for tie in scores.ties(&order) {
        let (positive_here, negative_here) = (sum(true, tie), sum(false, tie));
        let of_positive = (negative_below + negative_here / 2.0) / negative;
        let of_negative = (positive - positive_below - positive_here / 2.0) / positive;
        for row in tie.iter().map(|row| *row as usize) {
            placements[row] = if scores.labels()[row] { of_positive } else { of_negative };
        }
        auc += positive_here / positive * of_positive;
        positive_below += positive_here;
        negative_below += negative_here;
    }
    (auc.clamp(0.0, 1.0), placements)
}

/// The standard error of an AUC (or a difference) from the rows' deviations: the variances of both classes' means added up.
fn error_of(scores: &Scores<'_>, deviation: impl Fn(usize) -> f64) -> f64 {
    let mut sums = [(0.0, 0.0, 0.0); 2];
    for row in 0..scores.rows() {
        let (weight, class) = (scores.weight(row), usize::from(scores.labels()[row]));
        let (sum, squares, deviations) = &mut sums[class];
        *sum += weight;
        *squares += weight * weight;
        *deviations += (weight * deviation(row)).powi(2);
    }
    let variance = |(sum, squares, deviations): (f64, f64, f64)| {
        let effective = sum * sum / squares;
        // One row alone says nothing about its spread: the widest that is possible.
        if effective > 1.0 { deviations / (sum * sum) * effective / (effective - 1.0) } else { 0.25 }
    };
    (variance(sums[0]) + variance(sums[1])).sqrt()
}

/// Average precision, the area under the precision-recall curve by steps: the mean precision at each positive row, rows of equal score
/// taken together. A ranking by chance has the base rate. The interval is bootstrapped.
///
/// # Errors
/// Only one class has weight; a confidence out of range.
pub fn average_precision(scores: &Scores<'_>, confidence: &Confidence) -> Result<Estimate> {
    confidence.check()?;
    scores.both_classes()?;
    let mut order = scores.ascending();
    order.reverse();
    let statistic = |weights: &[f64]| precision_of(scores, &order, weights);
    let weights: Vec<_> = (0..scores.rows()).map(|row| scores.weight(row)).collect();
    let value = statistic(&weights).unwrap_or(0.0);
    let (low, high) = confidence.quantiles(&confidence.replicates(scores, statistic)).unwrap_or((0.0, 1.0));
    Ok(Estimate { value, low: low.min(value), high: high.max(value) })
}

fn precision_of(scores: &Scores<'_>, descending: &[u32], weights: &[f64]) -> Option<f64> {
    let (mut positive, mut all, mut area) = (0.0, 0.0, 0.0);
    for tie in scores.ties(descending) {
        let mut here = 0.0;
        for row in tie.iter().map(|row| *row as usize) {
            all += weights[row];
            here += if scores.labels()[row] { weights[row] } else { 0.0 };
        }
        positive += here;
        if here > 0.0 {
            area += here * positive / all;
        }
    }
    (positive > 0.0).then(|| area / positive)
}
