//! What is written about a churn model beside it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::drivers::Driver;
use super::offer::OfferReport;
use super::settings::TrainSettings;
use super::walk::WalkForward;
use crate::models::{CardFeature, ModelCard, ModelFile};

/// What a model is, where it comes from, and how good its like was. No clock and no name: the same training gives the same card.
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
    /// What it learned from.
    pub rows: Counts,
    /// How models of the same settings did on cuts whose future they did not know.
    pub walk: WalkForward,
    /// What offers made by those would have earned.
    pub offer: OfferReport,
    /// What drives churn, strongest first, by a logistic regression on all rows.
    pub drivers: Vec<Driver>,
}

/// What a model learned from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Customers at cuts.
    pub rows: usize,
    /// Different customers.
    pub customers: usize,
    /// Cuts.
    pub cuts: usize,
}

impl ModelCard for Card {
    const FORMAT: &'static str = "adlake-churn-model";
    const VERSION: u64 = 1;
    const KIND: &'static str = "churn model";
}

/// A churn model with its card.
pub type ChurnModel = ModelFile<Card>;
