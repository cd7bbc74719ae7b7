//! What may be searched: learners with their settings.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::boosted::{Boosted, BoostedSettings};
use crate::calibrate::Calibrator;
use crate::data::Dataset;
use crate::error::Result;
use crate::forest::{Forest, ForestSettings};
use crate::logistic::{Logistic, LogisticSettings};
use crate::split::Splitting;
use crate::stored::{Learned, Model};

/// A learner with its settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Candidate {
    /// A random forest.
    Forest(ForestSettings),
    /// Gradient-boosted trees.
    Boosted(BoostedSettings),
    /// Logistic regression.
    Logistic(LogisticSettings),
}

/// With early stopping, the share of the training rows that say when.
const WATCHED: f64 = 0.1;

impl Candidate {
    /// Learns from the rows alone. Class weights of a forest are undone, so that its probabilities can be compared; boosted trees that
    /// stop early watch the last tenth of the rows (by time, else by group, else any).
    ///
    /// # Errors
    /// Those of the learner.
    pub fn fit(&self, data: &Dataset) -> Result<Model> {
        let (learned, calibrator) = match self {
            Self::Forest(settings) => {
                let forest = Forest::fit(data, settings)?.forest;
                let calibrator = if forest.drawn_rate() == forest.base_rate() {
                    Calibrator::Identity
                } else {
                    Calibrator::prior(forest.drawn_rate(), forest.base_rate())?
                };
                (Learned::Forest(forest), calibrator)
            }
            Self::Boosted(settings) if settings.early_stopping.is_some() => {
                let split = watched(data).split(data, WATCHED)?;
                let fitted = Boosted::fit(&data.take(&split.train)?, Some(&data.take(&split.test)?), settings)?;
                (Learned::Boosted(fitted.model), Calibrator::Identity)
            }
            Self::Boosted(settings) => (Learned::Boosted(Boosted::fit(data, None, settings)?.model), Calibrator::Identity),
            Self::Logistic(settings) => (Learned::Logistic(Logistic::fit(data, settings)?), Calibrator::Identity),
        };
        Ok(Model { learned, calibrator })
    }

    /// A few of each learner, around the settings that mostly win: enough to see which learner the data wants.
    pub fn small_grid() -> Vec<Self> {
        let mut grid = Vec::new();
        for l2 in [1.0, 30.0] {
            grid.push(Self::Logistic(LogisticSettings { l2, ..LogisticSettings::default() }));
        }
        for (max_depth, min_samples_leaf) in [(6, 20), (10, 20), (14, 50)] {
            grid.push(Self::Forest(ForestSettings { max_depth: Some(max_depth), min_samples_leaf, ..ForestSettings::default() }));
        }
        for (max_leaves, learning_rate) in [(7, 0.1), (15, 0.05), (31, 0.05), (31, 0.1)] {
            grid.push(Self::Boosted(BoostedSettings { max_leaves, learning_rate, ..BoostedSettings::default() }));
        }
        grid
    }
}

fn watched(data: &Dataset) -> Splitting {
    match (data.times(), data.groups()) {
        (Some(_), _) => Splitting::Time { gap: 0 },
        (None, Some(_)) => Splitting::Group { seed: 0 },
        (None, None) => Splitting::Random { seed: 0 },
    }
}

/// The learner and what differs from its defaults: `boosted max_leaves=7`.
impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, settings, defaults) = match self {
            Self::Forest(settings) => ("forest", serde_json::to_value(settings), serde_json::to_value(ForestSettings::default())),
            Self::Boosted(settings) => ("boosted", serde_json::to_value(settings), serde_json::to_value(BoostedSettings::default())),
            Self::Logistic(settings) => ("logistic", serde_json::to_value(settings), serde_json::to_value(LogisticSettings::default())),
        };
        f.write_str(name)?;
        let (settings, defaults) = (settings.unwrap_or_default(), defaults.unwrap_or_default());
        for (setting, value) in settings.as_object().into_iter().flatten() {
            if defaults.get(setting) != Some(value) {
                write!(f, " {setting}={value}")?;
            }
        }
        Ok(())
    }
}
