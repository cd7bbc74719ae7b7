//! Whether probabilities mean what they say.

use serde::{Deserialize, Serialize};

use super::confidence::standard_error;
use super::{Confidence, Estimate, Scores};
use crate::error::{Result, TrainingError};

/// Expected over observed positives: 1 is right, above 1 promises too much. The interval is on the log scale.
///
/// # Errors
/// No positive row has weight; a confidence out of range.
pub fn calibration_ratio(scores: &Scores<'_>, confidence: &Confidence) -> Result<Estimate> {
    confidence.check()?;
    let (mut expected, mut observed) = (0.0, 0.0);
    for (probability, label, weight) in scores.iter() {
        expected += weight * probability;
        observed += weight * label;
    }
    if observed == 0.0 {
        return Err(TrainingError::OneClass { label: false, rows: scores.rows() });
    }
    let value = expected / observed;
    let influence = |(probability, label, weight): (f64, f64, f64)| weight * (probability - value * label) / observed;
    let error = standard_error(scores.iter().map(influence));
    let factor = if value > 0.0 { (confidence.z() * error / value).exp() } else { 1.0 };
    Ok(Estimate { value, low: value / factor, high: value * factor })
}

/// Rows of similar probability.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CalibrationBin {
    /// The weight of its rows.
    pub weight: f64,
    /// Their mean probability.
    pub expected: f64,
    /// Their share of positives.
    pub observed: Estimate,
}

/// The expected calibration error and what part of it is chance.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CalibrationError {
    /// The mean distance of probability and share of positives over the bins. The interval is bootstrapped and centred so that
    /// the noise which every sample adds is taken out of it; it can therefore lie below the value.
    pub error: Estimate,
    /// The value that perfectly calibrated probabilities would have on average on so many rows.
    pub chance: f64,
}

/// Rows in bins of equal weight by probability (the points of a reliability diagram). Equal probabilities share a bin, so there may be
/// fewer than asked for.
///
/// # Errors
/// No bins asked for; a confidence out of range.
pub fn calibration_bins(scores: &Scores<'_>, bins: usize, confidence: &Confidence) -> Result<Vec<CalibrationBin>> {
    confidence.check()?;
    let members = members(scores, bins)?;
    let mut sums = vec![Sums::default(); bins];
    for (bin, (probability, label, weight)) in members.iter().zip(scores.iter()) {
        sums[*bin as usize].add(probability, label, weight);
    }
    let bin = |sums: &Sums| {
        let observed = confidence.share(sums.label / sums.weight, sums.weight * sums.weight / sums.squares);
        CalibrationBin { weight: sums.weight, expected: sums.probability / sums.weight, observed }
    };
    Ok(sums.iter().filter(|sums| sums.weight > 0.0).map(bin).collect())
}

/// The expected calibration error (Naeini et al., AAAI 2015) over bins of equal weight. It is above 0 by chance alone:
/// compare it with [`CalibrationError::chance`].
///
/// # Errors
/// No bins asked for; a confidence out of range.
pub fn calibration_error(scores: &Scores<'_>, bins: usize, confidence: &Confidence) -> Result<CalibrationError> {
    confidence.check()?;
    let members = members(scores, bins)?;
    let sums = |weights: &dyn Fn(usize) -> f64| {
        let mut sums = vec![Sums::default(); bins];
        for (row, (bin, (probability, label, _))) in members.iter().zip(scores.iter()).enumerate() {
            sums[*bin as usize].add(probability, label, weights(row));
        }
        sums
    };
    let error = |sums: &[Sums]| {
        let all: f64 = sums.iter().map(|sums| sums.weight).sum();
        let distance: f64 = sums.iter().map(|sums| (sums.probability - sums.label).abs()).sum();
        (all > 0.0).then(|| distance / all)
    };
    let all = sums(&|row| scores.weight(row));
    let value = error(&all).unwrap_or(0.0);
    // The mean of |x| for a normal x is sqrt(2/pi) of its deviation.
    let chance = all.iter().map(|sums| (sums.variance * 2.0 / std::f64::consts::PI).sqrt()).sum::<f64>() / scores.weight_sum();
    let replicates = confidence.replicates(scores, |weights| error(&sums(&|row| weights[row])));
    let (low, high) = confidence.quantiles(&replicates).unwrap_or((value, value));
    let centred = |end: f64| (2.0 * value - end).clamp(0.0, 1.0);
    Ok(CalibrationError { error: Estimate { value, low: centred(high), high: centred(low) }, chance })
}

#[derive(Clone, Copy, Default)]
struct Sums {
    weight: f64,
    squares: f64,
    probability: f64,
    label: f64,
    /// Of the sum of labels, if the probabilities are right.
    variance: f64,
}

impl Sums {
    fn add(&mut self, probability: f64, label: f64, weight: f64) {
        self.weight += weight;
        self.squares += weight * weight;
        self.probability += weight * probability;
        self.label += weight * label;
        self.variance += weight * weight * probability * (1.0 - probability);
    }
}

/// The bin of each row: where the middle of its tie lies in the weight of all.
fn members(scores: &Scores<'_>, bins: usize) -> Result<Vec<u32>> {
    if bins == 0 || bins > scores.rows().max(1000) {
        return Err(TrainingError::Setting { setting: "bins", value: bins.to_string(), expected: "1 to the number of rows" });
    }
    let order = scores.ascending();
    let all = scores.weight_sum();
    let mut members = vec![0; scores.rows()];
    let mut below = 0.0;
    for tie in scores.ties(&order) {
        let here: f64 = tie.iter().map(|row| scores.weight(*row as usize)).sum();
        let bin = ((below + here / 2.0) / all * bins as f64) as usize;
        tie.iter().for_each(|row| members[*row as usize] = bin.min(bins - 1) as u32);
        below += here;
    }
    Ok(members)
}
