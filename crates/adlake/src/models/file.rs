//! A model as one file: what was learned, and all that it takes to make it again.

use lake::{LakeError, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use training::{Column, Model};
use xxhash_rust::xxh3::xxh3_64;

/// What is written about a model beside it: where it comes from and how good it was. No clock and no name: the same training gives the
/// same card.
pub trait ModelCard: Serialize + DeserializeOwned {
    /// What its files are called, such as `adlake-click-model`.
    const FORMAT: &'static str;
    /// What this program writes, and the latest it reads.
    const VERSION: u64;
    /// What such a model is, for people: `click model`.
    const KIND: &'static str;
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

/// A model with its card.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelFile<C> {
    /// Where it comes from.
    pub card: C,
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

impl<C: ModelCard> ModelFile<C> {
    /// Two lines: the card, and the model as [`training::Model::to_bytes`] writes it. The same for equal models.
    ///
    /// # Errors
    /// None that a trained model can meet; a defect of ours otherwise.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let card = serde_json::value::to_raw_value(&self.card)?;
        let checksum = checksum(&card);
        let mut bytes = serde_json::to_vec(&Written { format: C::FORMAT, version: C::VERSION, checksum, card: &card })?;
        bytes.push(b'\n');
        bytes.extend(super::learned(self.model.to_bytes())?);
        Ok(bytes)
    }

    /// Whether the bytes say that they are a model of this kind.
    pub fn is_of_kind(bytes: &[u8]) -> bool {
        let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
        serde_json::from_slice::<Label>(line).is_ok_and(|label| label.format == C::FORMAT)
    }

    /// Reads a model back.
    ///
    /// # Errors
    /// The bytes are no model of this kind, are damaged, or are of a later version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let damaged = |why: &str| LakeError::invalid(format!("not a {} of adlake: {why}; fetch or train it again", C::KIND));
        let at = bytes.iter().position(|byte| *byte == b'\n').ok_or_else(|| damaged("the file has no second line"))?;
        let (card, model) = (&bytes[..at], &bytes[at + 1..]);
        let label: Label = serde_json::from_slice(card).map_err(|error| damaged(&error.to_string()))?;
        if label.format != C::FORMAT {
            return Err(LakeError::invalid(format!("no {} but one in the format '{}': name another with --model", C::KIND, label.format)));
        }
        if label.version > C::VERSION {
            let (version, reads, kind) = (label.version, C::VERSION, C::KIND);
            return Err(LakeError::invalid(format!("the {kind} has version {version}, this adlake reads up to {reads}: update adlake")));
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

/// A feature as a card tells of it.
pub(crate) fn described((name, column): (&str, &Column)) -> CardFeature {
    CardFeature { name: name.to_owned(), is_category: matches!(column, Column::Categorical(_)), usual: usual(column) }
}

/// A column's median or most frequent value.
fn usual(column: &Column) -> Usual {
    if let Column::Categorical(categories) = column {
        let mut counts = vec![0_usize; categories.levels().len() + 1];
        let missing = counts.len() - 1;
        categories.codes().iter().for_each(|code| counts[(*code as usize).min(missing)] += 1);
        let most = (0..counts.len()).max_by_key(|code| (counts[*code], std::cmp::Reverse(*code))).unwrap_or(missing);
        return categories.levels().get(most).map_or(Usual::Missing, |level| Usual::Category(level.clone()));
    }
    let mut numbers: Vec<f64> = (0..column.len()).filter_map(|row| column.number(row)).collect();
    if numbers.len() * 2 < column.len() {
        return Usual::Missing;
    }
    let middle = numbers.len() / 2;
    Usual::Number(*numbers.select_nth_unstable_by(middle, f64::total_cmp).1)
}
