//! A click model as one file: what was learned, and all that it takes to make it again.

use std::collections::BTreeMap;

use lake::{LakeError, Result};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use training::Model;
use training::metrics::Report;
use xxhash_rust::xxh3::xxh3_64;

use super::settings::TrainSettings;

const FORMAT: &str = "adlake-click-model";
/// What this program writes, and the latest it reads.
const VERSION: u64 = 1;

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

/// A feature of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardFeature {
    /// Its name.
    pub name: String,
    /// Whether it is a category; else a number.
    pub is_category: bool,
    /// Of numbers the median, of categories the most frequent.
    pub usual: Usual,
}

/// A usual value of a feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Usual {
    /// A number.
    Number(f64),
    /// A category.
    Category(String),
    /// The value is missing more often than not.
    Missing,
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

/// A model with its card.
#[derive(Debug, Clone, PartialEq)]
pub struct ClickModel {
    /// Where it comes from.
    pub card: Card,
    /// What was learned.
    pub model: Model,
}

#[derive(Serialize, Deserialize)]
struct Label {
    format: String,
    version: u64,
}

#[derive(Serialize)]
struct Written<'a> {
    format: &'static str,
    version: u64,
    checksum: String,
    card: &'a RawValue,
}

#[derive(Deserialize)]
struct Received<'a> {
    checksum: String,
    #[serde(borrow)]
    card: &'a RawValue,
}

impl ClickModel {
    /// Two lines: the card, and the model as [`training::Model::to_bytes`] writes it. The same for equal models.
    ///
    /// # Errors
    /// None that a trained model can meet; a defect of ours otherwise.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let card = serde_json::value::to_raw_value(&self.card)?;
        let checksum = checksum(&card);
        let mut bytes = serde_json::to_vec(&Written { format: FORMAT, version: VERSION, checksum, card: &card })?;
        bytes.push(b'\n');
        bytes.extend(super::learned(self.model.to_bytes())?);
        Ok(bytes)
    }

    /// Reads a model back.
    ///
    /// # Errors
    /// The bytes are no click model, are damaged, or are of a later version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let damaged = |why: &str| LakeError::invalid(format!("not a click model of adlake: {why}; fetch or train it again"));
        let at = bytes.iter().position(|byte| *byte == b'\n').ok_or_else(|| damaged("the file has no second line"))?;
        let (card, model) = (&bytes[..at], &bytes[at + 1..]);
        let label: Label = serde_json::from_slice(card).map_err(|error| damaged(&error.to_string()))?;
        if label.format != FORMAT {
            return Err(damaged(&format!("its format is '{}'", label.format)));
        }
        if label.version > VERSION {
            let version = label.version;
            return Err(LakeError::invalid(format!(
                "the click model has version {version}, this adlake reads up to {VERSION}: update adlake"
            )));
        }
        let received: Received<'_> = serde_json::from_slice(card).map_err(|error| damaged(&error.to_string()))?;
        if received.checksum != checksum(received.card) {
            return Err(damaged("its card was changed or cut"));
        }
        let card = serde_json::from_str(received.card.get()).map_err(|error| damaged(&error.to_string()))?;
        Ok(Self { card, model: super::learned(Model::from_bytes(model))? })
    }
}

fn checksum(text: &RawValue) -> String {
    format!("{:016x}", xxh3_64(text.get().as_bytes()))
}
