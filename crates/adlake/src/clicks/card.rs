//! What is written about a click model beside it.

use std::collections::BTreeMap;

use lake::{LakeError, Result};
use serde::{Deserialize, Serialize};
use training::metrics::Report;

use super::settings::{Population, TrainSettings};
use crate::models::{CardFeature, ModelCard, ModelFile};

/// What a model is, where it comes from, and how good it was. No clock and no name: the same training gives the same card.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// The version of adlake that made it.
    pub code_version: String,
    /// The release of the lake that it was made from; `None` where none was published.
    pub release: Option<u64>,
    /// The tables that were read, with their Delta versions.
    pub tables: BTreeMap<String, u64>,
    /// Fingerprints of the models that make the features: a changed definition is another feature.
    pub definitions: BTreeMap<String, String>,
    /// What it was trained with.
    pub settings: TrainSettings,
    /// The features, in the model's order.
    pub features: Vec<CardFeature>,
    /// Rows on each side.
    pub rows: Counts,
    /// What was measured on the test rows.
    pub test: Report,
}

/// How many rows a model has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Learned from.
    pub train: usize,
    /// Held out of learning to say when to stop and to make probabilities true.
    pub calibration: usize,
    /// Measured on.
    pub test: usize,
}

impl ModelCard for Card {
    const FORMAT: &'static str = "adlake-click-model";
    const VERSION: u64 = 1;
    const KIND: &'static str = "click model";
}

/// A click model with its card.
pub type ClickModel = ModelFile<Card>;

impl Card {
    /// Refuses a model of another population: impressions have not what it learned from, or more.
    pub(super) fn is_of_impressions(&self, called: &str) -> Result<()> {
        match self.settings.population {
            Population::Impressions => Ok(()),
            other => Err(LakeError::invalid(format!(
                "{called} was trained on {other}, not on impressions: it cannot score them; train one with --population impressions"
            ))),
        }
    }
}
