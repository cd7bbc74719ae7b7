//! How good probabilities are, each number with its confidence interval, in `f64`, weighted where rows have weights.
//!
//! Intervals are analytic where a formula serves (`DeLong` for ROC-AUC, the delta method for means and ratios, Wilson for shares)
//! and bootstrapped where none does. They take rows as independent: many rows of one user make them too
//! narrow, but for those of [`mean_roc_auc`] and [`grouped_total`].

mod calibration;
mod confidence;
mod grouped;
mod lift;
mod losses;
mod ranking;
mod report;
mod running;
mod scores;
mod threshold;

pub use calibration::{CalibrationBin, CalibrationError, calibration_bins, calibration_error, calibration_ratio};
pub use confidence::{Confidence, Estimate};
pub use grouped::{Cut, grouped_total, mean_roc_auc};
pub use lift::{LiftDecile, lift_by_decile};
pub(crate) use losses::loss;
pub use losses::{brier_score, log_loss, normalised_entropy};
pub use ranking::{average_precision, roc_auc, roc_auc_difference};
pub use report::{Report, ReportSettings, Slice, by_slice};
pub use running::Running;
pub use scores::Scores;
pub use threshold::{precision, recall};

#[cfg(test)]
mod tests;
