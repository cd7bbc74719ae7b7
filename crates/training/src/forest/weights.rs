//! Class weights.

use serde::{Deserialize, Serialize};

use crate::data::Dataset;
use crate::error::{Result, TrainingError};

/// How much a row of each class counts, on top of its own weight.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassWeight {
    /// All the same.
    #[default]
    None,
    /// So that both classes have the same total weight.
    Balanced,
    /// Weights of one's own, above 0.
    Custom {
        /// The weight of rows with label false.
        negative: f64,
        /// The weight of rows with label true.
        positive: f64,
    },
}

impl ClassWeight {
    pub(super) fn check(self) -> Result<()> {
        if let Self::Custom { negative, positive } = self {
            let bad = [negative, positive].into_iter().find(|weight| !(weight.is_finite() && *weight > 0.0));
            if let Some(weight) = bad {
                let expected = "finite numbers above 0";
                return Err(TrainingError::Setting { setting: "class_weight", value: weight.to_string(), expected });
            }
        }
        Ok(())
    }

    /// The weights of (negative, positive) rows where the share of positive weight is `base_rate`.
    pub fn of(self, base_rate: f64) -> (f64, f64) {
        match self {
            Self::None => (1.0, 1.0),
            Self::Balanced => (0.5 / (1.0 - base_rate), 0.5 / base_rate),
            Self::Custom { negative, positive } => (negative, positive),
        }
    }
}

/// One weight per row, class weights included; `None` if all are the same.
pub(super) fn row_weights(data: &Dataset, class_weight: ClassWeight, base_rate: f64) -> Option<Vec<f64>> {
    let (negative, positive) = class_weight.of(base_rate);
    let is_even = negative == positive;
    let weight = |(row, label): (usize, &bool)| data.weight(row) * if *label { positive } else { negative };
    match data.weights() {
        None if is_even => None,
        Some(weights) if is_even && weights.iter().all(|weight| *weight == weights[0]) => None,
        _ => Some(data.labels().iter().enumerate().map(weight).collect()),
    }
}
