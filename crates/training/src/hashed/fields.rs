//! Rows as slots.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::bins::Value;
use crate::data::{Column, Frame};
use crate::error::{Result, TrainingError};
use crate::random::mix;

/// The fields of a hashed learner, and into how many slots their values go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored")]
pub struct Fields {
    names: Vec<String>,
    bits: u32,
}

#[derive(Deserialize)]
struct Stored {
    names: Vec<String>,
    bits: u32,
}

impl TryFrom<Stored> for Fields {
    type Error = TrainingError;

    fn try_from(Stored { names, bits }: Stored) -> Result<Self> {
        Self::new(names, bits)
    }
}

/// One slot per field. Refilled row by row, so that a stream of rows needs no new memory.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HashedRow {
    slots: Vec<u32>,
}

impl HashedRow {
    /// The slot of each field.
    pub fn slots(&self) -> &[u32] {
        &self.slots
    }
}

/// What is hashed for a missing value: no text, since a text would need more bytes than none or be another.
const MISSING: &[u8] = b"\xff";

impl Fields {
    /// Fields by name, in order, over 2^`bits` slots (10 to 28).
    ///
    /// # Errors
    /// No fields; a name that is there twice; `bits` out of range.
    pub fn new<N: Into<String>>(names: impl IntoIterator<Item = N>, bits: u32) -> Result<Self> {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        if names.is_empty() {
            return Err(TrainingError::NoFeatures);
        }
        let mut sorted: Vec<_> = names.iter().collect();
        sorted.sort_unstable();
        if let Some([twice, _]) = sorted.array_windows().find(|[a, b]| a == b) {
            return Err(TrainingError::Duplicate { feature: (*twice).clone() });
        }
        if !(10..=28).contains(&bits) {
            return Err(TrainingError::Setting { setting: "bits", value: bits.to_string(), expected: "10 to 28" });
        }
        Ok(Self { names, bits })
    }

    /// Their names, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// How many slots there are.
    pub fn slots(&self) -> usize {
        1 << self.bits
    }

    /// Hashes one row, its values in the order of the fields, in place of what was in `row`.
    ///
    /// # Errors
    /// The row does not have one value per field.
    pub fn hash(&self, values: &[Value<'_>], row: &mut HashedRow) -> Result<()> {
        crate::data::same_length("the row", self.names.len(), values.len())?;
        row.slots.clear();
        row.slots.extend(values.iter().enumerate().map(|(field, value)| match value {
            Value::Number(number) => self.number(field, *number),
            Value::Category(text) => self.slot(field, text.as_bytes()),
            Value::Missing => self.slot(field, MISSING),
        }));
        Ok(())
    }

    fn slot(&self, field: usize, bytes: &[u8]) -> u32 {
        // XXH3 adds its seed to short inputs nearly as it is: small seeds would make "1" in one field and "0" in the next the same.
        (xxh3_64_with_seed(bytes, mix(field as u64 + 1)) >> (64 - self.bits)) as u32
    }

    /// Sign, exponent and the first two bits of the fraction.
    fn number(&self, field: usize, number: f64) -> u32 {
        if number.is_nan() {
            return self.slot(field, MISSING);
        }
        // No zero below zero, and numbers too large for 32 bits are all alike.
        let bits = (number as f32 + 0.0).to_bits() >> 21;
        self.slot(field, &[0xfe, (bits >> 8) as u8, bits as u8])
    }

    /// The frame's columns, found by name.
    pub(super) fn bind<'a>(&'a self, frame: &'a Frame) -> Result<Bound<'a>> {
        let bind = |(field, name): (usize, &String)| {
            let column = frame.column(name)?;
            let levels = match column {
                Column::Categorical(categories) => categories.levels().iter().map(|level| self.slot(field, level.as_bytes())).collect(),
                _ => Vec::new(),
            };
            Ok((column, levels, self.slot(field, MISSING)))
        };
        Ok(Bound { fields: self, columns: self.names.iter().enumerate().map(bind).collect::<Result<_>>()? })
    }
}

/// A frame whose rows can be hashed; each level was hashed once.
pub(super) struct Bound<'a> {
    fields: &'a Fields,
    /// Per field its column, its levels' slots, and the slot of missing values.
    columns: Vec<(&'a Column, Vec<u32>, u32)>,
}

impl Bound<'_> {
    pub(super) fn hash(&self, number: usize, row: &mut HashedRow) {
        row.slots.clear();
        row.slots.extend(self.columns.iter().enumerate().map(|(field, (column, levels, missing))| match column {
            Column::Categorical(categories) => {
                categories.codes().get(number).and_then(|code| levels.get(*code as usize)).copied().unwrap_or(*missing)
            }
            _ => column.number(number).map_or(*missing, |value| self.fields.number(field, value)),
        }));
    }
}
