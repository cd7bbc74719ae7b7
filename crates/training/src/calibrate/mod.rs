//! Probabilities made true again. Fit on rows that the model did not learn from, and measure on yet others.

mod isotonic;
mod platt;

use serde::{Deserialize, Serialize};

use crate::error::{Result, TrainingError};
use crate::metrics::Scores;

pub use isotonic::Isotonic;

/// A monotone map from a model's probabilities to true ones: it leaves the ranking as it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Calibrator {
    /// Leaves probabilities as they are.
    Identity,
    /// Undoes class weights or sampling: see [`Calibrator::prior`].
    Prior {
        /// The logarithm of true odds over trained odds.
        log_odds_shift: f64,
    },
    /// A logistic function of the log odds: see [`Calibrator::platt`].
    Platt {
        /// Factor of the log odds, above 0 for a model that ranks at all.
        slope: f64,
        /// Added to them.
        intercept: f64,
    },
    /// A rising curve: see [`Calibrator::isotonic`].
    Isotonic(Isotonic),
}

impl Calibrator {
    /// Moves the odds from the base rate that the model was trained at to the true one (Elkan: The foundations of cost-sensitive
    /// learning, IJCAI 2001, theorem 2). Needs no held-out data, and is exact if the model was true at its own base rate.
    ///
    /// # Errors
    /// A rate that is not between 0 and 1.
    pub fn prior(trained_rate: f64, true_rate: f64) -> Result<Self> {
        for rate in [trained_rate, true_rate] {
            if !(rate > 0.0 && rate < 1.0) {
                return Err(TrainingError::Setting { setting: "base rate", value: rate.to_string(), expected: "above 0 and below 1" });
            }
        }
        Ok(Self::Prior { log_odds_shift: log_odds(true_rate) - log_odds(trained_rate) })
    }

    /// Two parameters fitted to held-out rows (Platt 1999, on log odds, with his smoothed targets; Newton's method as by Lin, Lin and
    /// Weng 2007). For little data.
    ///
    /// # Errors
    /// Only one class has weight; the fit does not converge.
    pub fn platt(held_out: &Scores<'_>) -> Result<Self> {
        let (slope, intercept) = platt::fit(held_out)?;
        Ok(Self::Platt { slope, intercept })
    }

    /// The best rising curve for held-out rows, by pooling adjacent violators (Ayer et al. 1955). For a thousand positives or more.
    ///
    /// # Errors
    /// Only one class has weight.
    pub fn isotonic(held_out: &Scores<'_>) -> Result<Self> {
        Ok(Self::Isotonic(Isotonic::fit(held_out)?))
    }

    /// The true probability for a model's one; NaN stays NaN.
    pub fn apply(&self, probability: f64) -> f64 {
        match self {
            Self::Identity => probability,
            Self::Prior { log_odds_shift } if probability > 0.0 && probability < 1.0 => logistic(log_odds(probability) + log_odds_shift),
            Self::Prior { .. } => probability,
            Self::Platt { slope, intercept } => logistic(slope * bounded_log_odds(probability) + intercept),
            Self::Isotonic(curve) => curve.apply(probability),
        }
    }

    /// The true probabilities for a model's.
    pub fn apply_all(&self, probabilities: &[f64]) -> Vec<f64> {
        probabilities.iter().map(|probability| self.apply(*probability)).collect()
    }
}

fn log_odds(probability: f64) -> f64 {
    (probability / (1.0 - probability)).ln()
}

/// How far from 0 and 1, where log odds are infinite, Platt calibration keeps probabilities.
pub(crate) const MARGIN: f64 = 1e-6;

fn bounded_log_odds(probability: f64) -> f64 {
    log_odds(probability.clamp(MARGIN, 1.0 - MARGIN))
}

/// The probability of log odds.
pub(crate) fn logistic(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}

#[cfg(test)]
mod tests;
