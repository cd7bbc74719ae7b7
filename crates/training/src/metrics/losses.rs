//! Losses that only true probabilities minimise.

use super::confidence::{effective_rows, standard_error};
use super::{Confidence, Estimate, Scores};
use crate::error::Result;

/// Probabilities nearer to 0 or 1 than this are taken as this: one certain error must not make the loss infinite.
const NEAREST: f64 = 1e-15;

/// The mean of `-ln` of the probability given to what came true, in nats; 0 is best.
///
/// # Errors
/// A confidence out of range.
pub fn log_loss(scores: &Scores<'_>, confidence: &Confidence) -> Result<Estimate> {
    confidence.check()?;
    Ok(mean(scores, confidence, loss, f64::INFINITY))
}

/// The mean square of probability minus label, from 0 (best) to 1 (Brier 1950).
///
/// # Errors
/// A confidence out of range.
pub fn brier_score(scores: &Scores<'_>, confidence: &Confidence) -> Result<Estimate> {
    confidence.check()?;
    Ok(mean(scores, confidence, |probability, label| (probability - label).powi(2), 1.0))
}

/// The log loss over that of always saying the base rate (He et al.: Practical lessons from predicting clicks on ads at Facebook,
/// ADKDD 2014): below 1 is better than knowing nothing but the rate. The interval knows that the rate is estimated too.
///
/// # Errors
/// Only one class has weight; a confidence out of range.
pub fn normalised_entropy(scores: &Scores<'_>, confidence: &Confidence) -> Result<Estimate> {
    confidence.check()?;
    let rate = scores.both_classes()?;
    let entropy = -rate * rate.ln() - (1.0 - rate) * (1.0 - rate).ln();
    let slope = ((1.0 - rate) / rate).ln();
    let sum = scores.weight_sum();
    let mean_loss = scores.iter().map(|(probability, label, weight)| weight * loss(probability, label)).sum::<f64>() / sum;
    let value = mean_loss / entropy;
    let influence = |(probability, label, weight): (f64, f64, f64)| {
        weight / sum * ((loss(probability, label) - mean_loss) - value * slope * (label - rate)) / entropy
    };
    Ok(Estimate::around(value, confidence.z() * standard_error(scores.iter().map(influence)), (0.0, f64::INFINITY)))
}

/// Of one row.
pub(crate) fn loss(probability: f64, label: f64) -> f64 {
    let probability = probability.clamp(NEAREST, 1.0 - NEAREST);
    -if label > 0.5 { probability.ln() } else { (1.0 - probability).ln() }
}

/// The weighted mean of a loss, with the interval of a mean.
fn mean(scores: &Scores<'_>, confidence: &Confidence, loss: impl Fn(f64, f64) -> f64, most: f64) -> Estimate {
    let sum = scores.weight_sum();
    let mean = scores.iter().map(|(probability, label, weight)| weight * loss(probability, label)).sum::<f64>() / sum;
    let influence = |(probability, label, weight): (f64, f64, f64)| weight / sum * (loss(probability, label) - mean);
    let error = standard_error(scores.iter().map(influence));
    let effective = effective_rows(scores.iter().map(|(.., weight)| weight));
    let error = if effective > 1.0 { error * (effective / (effective - 1.0)).sqrt() } else { f64::INFINITY };
    Estimate::around(mean, confidence.z() * error, (0.0, most))
}
