//! What a churn model is trained with.

use std::fmt;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::offer::Offer;

/// What learns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Learner {
    /// L2-regularised logistic regression on logarithms
    Logistic,
    /// Random forest
    Forest,
    /// Gradient-boosted trees
    Boosted,
    /// All three, averaged
    Blend,
}

/// What a churn model is trained with. With the same lake, release and settings the same model comes out, byte for byte.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainSettings {
    /// What learns.
    pub learner: Learner,
    /// Days without a purchase that are churn; those of the feature table.
    pub horizon_days: u32,
    /// Cuts to measure on, walking forward; at least 1.
    pub test_cuts: usize,
    /// Days between them, at least 1.
    pub test_step_days: u32,
    /// Whether probabilities are made true by what walking forward predicted.
    pub calibrate: bool,
    /// What an offer costs and brings.
    pub offer: Offer,
    /// Where the random numbers begin.
    pub seed: u64,
}

impl Default for TrainSettings {
    fn default() -> Self {
        Self {
            learner: Learner::Blend,
            horizon_days: 90,
            test_cuts: 6,
            test_step_days: 28,
            calibrate: true,
            offer: Offer::from(&spec::Settings::default().churn),
            seed: 0,
        }
    }
}

impl fmt::Display for Learner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Logistic => "logistic",
            Self::Forest => "forest",
            Self::Boosted => "boosted",
            Self::Blend => "blend",
        })
    }
}
