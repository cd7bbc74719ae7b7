//! What a click model is trained with.

use std::fmt;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use training::search::Candidate;

/// What learns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Learner {
    /// Random forest
    Forest,
    /// Gradient-boosted trees
    Boosted,
    /// L2-regularised logistic regression
    Logistic,
    /// Hashed logistic regression by FTRL-proximal, in one pass
    Ftrl,
    /// Field-aware factorisation machine, in one pass
    Ffm,
}

/// Which rows are learned from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Population {
    /// Impressions of known campaigns: what can be clicked
    Impressions,
    /// All requests, shown an ad or not; leaks, and is here to show it
    Requests,
    /// Displayed ads of logs in the Criteo format; ftrl and ffm learn them from a stream
    Criteo,
}

/// By what the rows are told apart that a model is measured on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum SplitBy {
    /// The last days
    Time,
    /// Some of the users
    User,
    /// Some of the rows; flatters
    Random,
}

/// How the classes weigh for a forest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum ClassWeights {
    /// All rows the same
    None,
    /// Clicks and others the same in sum
    Balanced,
}

/// What a click model is trained with. With the same lake, release and settings the same model comes out, byte for byte.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainSettings {
    /// What learns.
    pub learner: Learner,
    /// Which rows are learned from.
    pub population: Population,
    /// By what the test rows are told apart.
    pub split: SplitBy,
    /// The share of rows to test on, above 0 and below 1.
    pub test_share: f64,
    /// Seconds before the first test row that are left out of training, for splits by time.
    pub gap_seconds: u32,
    /// Trees of a forest, or at most so many boosted ones.
    pub trees: usize,
    /// Splits above a leaf of a forest at most.
    pub max_depth: usize,
    /// Slots of a one-pass learner as a power of 2; `None` = what suits the population.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bits: Option<u32>,
    /// How the classes weigh for a forest.
    pub class_weight: ClassWeights,
    /// Whether probabilities are made true on rows held out of training.
    pub calibrate: bool,
    /// Where the random numbers begin.
    pub seed: u64,
    /// Whether a small grid of settings is compared on folds of the training rows first. A model says what was found, not that it was
    /// looked for.
    #[serde(skip)]
    pub search: bool,
    /// All settings of the learner, as a search found them; they go before those above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tuned: Option<Candidate>,
}

impl Default for TrainSettings {
    fn default() -> Self {
        Self {
            learner: Learner::Boosted,
            population: Population::Impressions,
            split: SplitBy::Time,
            test_share: 0.2,
            gap_seconds: 0,
            trees: 500,
            max_depth: 10,
            bits: None,
            class_weight: ClassWeights::None,
            calibrate: true,
            seed: 0,
            search: false,
            tuned: None,
        }
    }
}

impl TrainSettings {
    /// Whether rows are learned as they are read, in memory that does not grow with them.
    pub fn learns_from_a_stream(&self) -> bool {
        let is_one_pass = matches!(self.learner, Learner::Ftrl | Learner::Ffm);
        is_one_pass && self.population == Population::Criteo && self.split == SplitBy::Time
    }
}

impl fmt::Display for Population {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Impressions => "impressions",
            Self::Requests => "requests",
            Self::Criteo => "logs in the Criteo format",
        })
    }
}

impl fmt::Display for Learner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Forest => "forest",
            Self::Boosted => "boosted",
            Self::Logistic => "logistic",
            Self::Ftrl => "ftrl",
            Self::Ffm => "ffm",
        })
    }
}
