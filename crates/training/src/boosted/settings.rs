//! What boosted trees are grown with.

use serde::{Deserialize, Serialize};

use crate::error::{Result, TrainingError};

/// How boosted trees are grown. The defaults are `LightGBM`'s, but for a little L2.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BoostedSettings {
    /// Trees at most, at least 1.
    pub n_estimators: usize,
    /// How much of each tree's answer is believed, above 0 and at most 1.
    pub learning_rate: f64,
    /// Leaves of a tree at most, at least 2.
    pub max_leaves: usize,
    /// Splits above a leaf at most; `None` for no limit.
    pub max_depth: Option<usize>,
    /// Rows in a leaf at least.
    pub min_samples_leaf: usize,
    /// Sum of hessians (`weight * p * (1 - p)`) in a leaf at least, not negative.
    pub min_hessian_leaf: f64,
    /// Penalty on the leaves, not negative.
    pub l2: f64,
    /// What a split must gain at least, not negative.
    pub min_gain: f64,
    /// The share of rows, drawn without replacement, that each tree learns from; above 0, at most 1.
    pub subsample: f64,
    /// When to stop before all trees are grown.
    pub early_stopping: Option<EarlyStopping>,
    /// Bins per feature at most, 2 to 255, missing not counted.
    pub max_bins: usize,
    /// Where the random numbers begin.
    pub seed: u64,
}

/// Stops when the log loss of the validation rows no longer falls; the trees after its lowest are dropped.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlyStopping {
    /// Trees to wait for a lower loss, at least 1.
    pub patience: usize,
}

impl Default for BoostedSettings {
    fn default() -> Self {
        Self {
            n_estimators: 100,
            learning_rate: 0.1,
            max_leaves: 31,
            max_depth: None,
            min_samples_leaf: 20,
            min_hessian_leaf: 1e-3,
            l2: 1.0,
            min_gain: 0.0,
            subsample: 1.0,
            early_stopping: None,
            max_bins: 255,
            seed: 0,
        }
    }
}

impl BoostedSettings {
    pub(super) fn check(&self) -> Result<()> {
        let counts = [
            ("n_estimators", self.n_estimators, 1, "at least 1"),
            ("max_leaves", self.max_leaves, 2, "at least 2"),
            ("min_samples_leaf", self.min_samples_leaf, 1, "at least 1"),
            ("patience", self.early_stopping.map_or(1, |stopping| stopping.patience), 1, "at least 1"),
        ];
        if let Some((setting, value, _, expected)) = counts.into_iter().find(|(_, value, least, _)| value < least) {
            return Err(TrainingError::Setting { setting, value: value.to_string(), expected });
        }
        let share = |value: f64| value > 0.0 && value <= 1.0;
        let not_negative = |value: f64| value.is_finite() && value >= 0.0;
        let numbers = [
            ("learning_rate", self.learning_rate, share(self.learning_rate), "above 0, at most 1"),
            ("subsample", self.subsample, share(self.subsample), "above 0, at most 1"),
            ("min_hessian_leaf", self.min_hessian_leaf, not_negative(self.min_hessian_leaf), "a finite number, not negative"),
            ("l2", self.l2, not_negative(self.l2), "a finite number, not negative"),
            ("min_gain", self.min_gain, not_negative(self.min_gain), "a finite number, not negative"),
        ];
        match numbers.into_iter().find(|(_, _, fits, _)| !fits) {
            Some((setting, value, _, expected)) => Err(TrainingError::Setting { setting, value: value.to_string(), expected }),
            None => Ok(()),
        }
    }
}
