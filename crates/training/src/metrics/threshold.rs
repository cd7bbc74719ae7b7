//! What a threshold lets through. A row counts as predicted positive if its probability is at or above it.

use super::confidence::effective_rows;
use super::{Confidence, Estimate, Scores};
use crate::error::{Result, TrainingError};

/// The share of positive rows at or above the threshold, with Wilson's interval.
///
/// # Errors
/// No positive row has weight; a confidence out of range.
pub fn recall(scores: &Scores<'_>, threshold: f64, confidence: &Confidence) -> Result<Estimate> {
    confidence.check()?;
    let positive = || scores.iter().filter(|(_, label, weight)| *label > 0.5 && *weight > 0.0);
    let effective = effective_rows(positive().map(|(.., weight)| weight));
    if effective == 0.0 {
        return Err(TrainingError::OneClass { label: false, rows: scores.rows() });
    }
    let share = share(positive().map(|(probability, _, weight)| (probability >= threshold, weight)));
    Ok(confidence.share(share, effective))
}

/// The share of positives among the rows at or above the threshold, with Wilson's interval; `None` if no row is.
///
/// # Errors
/// A confidence out of range.
pub fn precision(scores: &Scores<'_>, threshold: f64, confidence: &Confidence) -> Result<Option<Estimate>> {
    confidence.check()?;
    let above = || scores.iter().filter(|(probability, _, weight)| *probability >= threshold && *weight > 0.0);
    let effective = effective_rows(above().map(|(.., weight)| weight));
    let share = share(above().map(|(_, label, weight)| (label > 0.5, weight)));
    Ok((effective > 0.0).then(|| confidence.share(share, effective)))
}

fn share(rows: impl Iterator<Item = (bool, f64)>) -> f64 {
    let (hit, all) = rows.fold((0.0, 0.0), |(hit, all), (is_hit, weight)| (if is_hit { hit + weight } else { hit }, all + weight));
    if all > 0.0 { hit / all } else { 0.0 }
}
