//! All metrics together, for all rows and per slice.

use serde::{Deserialize, Serialize};

use super::{
    CalibrationError, Confidence, Estimate, LiftDecile, Scores, average_precision, brier_score, calibration_error, calibration_ratio,
    lift_by_decile, log_loss, normalised_entropy, precision, recall, roc_auc,
};
use crate::data::{Categories, same_length};
use crate::error::Result;

/// What a report measures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReportSettings {
    /// At or above it a row is predicted positive.
    pub threshold: f64,
    /// Bins of the calibration error.
    pub calibration_bins: usize,
    /// How sure the intervals are.
    pub confidence: Confidence,
}

impl Default for ReportSettings {
    fn default() -> Self {
        Self { threshold: 0.5, calibration_bins: 20, confidence: Confidence::default() }
    }
}

/// All metrics of some rows; those that need both classes are `None` where there is one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Rows measured.
    pub rows: usize,
    /// Their weight.
    pub weight: f64,
    /// The share of positive weight.
    pub base_rate: f64,
    /// See [`roc_auc`].
    pub roc_auc: Option<Estimate>,
    /// See [`average_precision`].
    pub average_precision: Option<Estimate>,
    /// See [`log_loss`].
    pub log_loss: Estimate,
    /// See [`normalised_entropy`].
    pub normalised_entropy: Option<Estimate>,
    /// See [`brier_score`].
    pub brier_score: Estimate,
    /// See [`calibration_ratio`].
    pub calibration_ratio: Option<Estimate>,
    /// See [`calibration_error`].
    pub calibration_error: CalibrationError,
    /// The threshold of recall and precision.
    pub threshold: f64,
    /// See [`recall`].
    pub recall: Option<Estimate>,
    /// See [`precision`].
    pub precision: Option<Estimate>,
    /// See [`lift_by_decile`]; empty where there is one class.
    pub lift: Vec<LiftDecile>,
}

impl Report {
    /// Measures everything.
    ///
    /// # Errors
    /// A setting out of range.
    pub fn of(scores: &Scores<'_>, settings: &ReportSettings) -> Result<Self> {
        let confidence = &settings.confidence;
        Ok(Self {
            rows: scores.rows(),
            weight: scores.weight_sum(),
            base_rate: scores.base_rate(),
            log_loss: log_loss(scores, confidence)?,
            brier_score: brier_score(scores, confidence)?,
            calibration_error: calibration_error(scores, settings.calibration_bins, confidence)?,
            threshold: settings.threshold,
            precision: precision(scores, settings.threshold, confidence)?,
            // Past these the settings are good, and what is left to fail is a class that is not there.
            roc_auc: roc_auc(scores, confidence).ok(),
            average_precision: average_precision(scores, confidence).ok(),
            normalised_entropy: normalised_entropy(scores, confidence).ok(),
            calibration_ratio: calibration_ratio(scores, confidence).ok(),
            recall: recall(scores, settings.threshold, confidence).ok(),
            lift: lift_by_decile(scores, confidence).unwrap_or_default(),
        })
    }
}

/// The rows of one category.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Slice {
    /// The category; `None` for rows where it is missing.
    pub name: Option<String>,
    /// Its metrics.
    pub report: Report,
}

/// A report per category, in the order of the levels, missing last; categories without weight are left out.
///
/// # Errors
/// Not one category per row; a setting out of range.
pub fn by_slice(scores: &Scores<'_>, slices: &Categories, settings: &ReportSettings) -> Result<Vec<Slice>> {
    same_length("the slices", scores.rows(), slices.codes().len())?;
    let levels = slices.levels().len();
    let mut rows = vec![Vec::new(); levels + 1];
    for (row, code) in slices.codes().iter().enumerate().filter(|(row, _)| scores.weight(*row) > 0.0) {
        rows[(*code as usize).min(levels)].push(row);
    }
    let measure = |(level, rows): (usize, &Vec<usize>)| {
        let probabilities: Vec<_> = rows.iter().map(|row| scores.probabilities()[*row]).collect();
        let labels: Vec<_> = rows.iter().map(|row| scores.labels()[*row]).collect();
        let weights: Vec<_> = rows.iter().map(|row| scores.weight(*row)).collect();
        let report = Report::of(&Scores::new(&probabilities, &labels, Some(&weights))?, settings)?;
        Ok(Slice { name: slices.levels().get(level).cloned(), report })
    };
    rows.iter().enumerate().filter(|(_, rows)| !rows.is_empty()).map(measure).collect()
}
