//! What a forest is grown with.

use serde::{Deserialize, Serialize};

use super::ClassWeight;
use crate::error::{Result, TrainingError};

/// How a forest is grown. The defaults are scikit-learn's, but for the depth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ForestSettings {
    /// Trees, at least 1.
    pub n_estimators: usize,
    /// Splits above a leaf at most; `None` for no limit.
    pub max_depth: Option<usize>,
    /// Features tried at each node.
    pub max_features: MaxFeatures,
    /// Rows in a leaf at least, a row counted as often as it was drawn.
    pub min_samples_leaf: usize,
    /// How the classes weigh.
    pub class_weight: ClassWeight,
    /// Whether each tree sees as many rows as there are, drawn with replacement. Class and sample weights are then the
    /// probabilities of being drawn (as in scikit-learn 1.9); without bootstrap they weigh the rows in the split.
    pub bootstrap: bool,
    /// Whether to predict each row by the trees that did not see it.
    pub out_of_bag: bool,
    /// Bins per feature at most, 2 to 255, missing not counted.
    pub max_bins: usize,
    /// Where the random numbers begin.
    pub seed: u64,
}

impl Default for ForestSettings {
    fn default() -> Self {
        Self {
            n_estimators: 100,
            max_depth: Some(10),
            max_features: MaxFeatures::Sqrt,
            min_samples_leaf: 1,
            class_weight: ClassWeight::None,
            bootstrap: true,
            out_of_bag: false,
            max_bins: 255,
            seed: 0,
        }
    }
}

/// How many features a node tries.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaxFeatures {
    /// The square root of their number, rounded down.
    Sqrt,
    /// The binary logarithm of their number, rounded down.
    Log2,
    /// A part of them, above 0 and at most 1, rounded down.
    Fraction(f64),
    /// This many, at least 1; more than there are means all.
    Count(usize),
    /// All of them.
    All,
}

impl MaxFeatures {
    /// The number for so many features, at least 1 and at most all.
    pub fn of(self, features: usize) -> usize {
        let wanted = match self {
            Self::Sqrt => features.isqrt(),
            Self::Log2 => features.max(1).ilog2() as usize,
            Self::Fraction(part) => (part * features as f64) as usize,
            Self::Count(count) => count,
            Self::All => features,
        };
        wanted.clamp(1, features.max(1))
    }
}

impl ForestSettings {
    /// Checks each setting for its range.
    pub(super) fn check(&self) -> Result<()> {
        let wrong = |setting, value: String, expected| Err(TrainingError::Setting { setting, value, expected });
        if self.n_estimators == 0 {
            return wrong("n_estimators", "0".to_owned(), "at least 1");
        }
        if self.min_samples_leaf == 0 {
            return wrong("min_samples_leaf", "0".to_owned(), "at least 1");
        }
        match self.max_features {
            MaxFeatures::Fraction(part) if !(part > 0.0 && part <= 1.0) => {
                return wrong("max_features", part.to_string(), "a fraction above 0, at most 1");
            }
            MaxFeatures::Count(0) => return wrong("max_features", "0".to_owned(), "at least 1"),
            _ => {}
        }
        if self.out_of_bag && !self.bootstrap {
            return wrong("out_of_bag", "true".to_owned(), "false without bootstrap: every tree sees every row");
        }
        self.class_weight.check()
    }
}
