//! Rows as slots.

use arrow_array::RecordBatch;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::rows::{Bound, HashedRows};
use crate::bins::Value;
use crate::data::Frame;
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

    /// Hashes one row, its values in the order of the fields, in place of what was in `slots`.
    ///
    /// # Errors
    /// The row does not have one value per field.
    pub fn hash(&self, values: &[Value<'_>], slots: &mut Vec<u32>) -> Result<()> {
        crate::data::same_length("the row", self.names.len(), values.len())?;
        slots.clear();
        slots.extend(values.iter().enumerate().map(|(field, value)| match value {
            Value::Number(number) => self.number(field, *number),
            Value::Category(text) => self.text(field, text),
            Value::Missing => self.missing(field),
        }));
        Ok(())
    }

    /// Hashes the rows of a frame.
    ///
    /// # Errors
    /// A field that is not among the columns.
    pub fn hash_frame(&self, frame: &Frame) -> Result<HashedRows> {
        let mut rows = HashedRows::default();
        Bound::of_frame(self, frame)?.hash(0..frame.rows(), &mut rows);
        Ok(rows)
    }

    /// Hashes the rows of an Arrow batch, as those of the frame that [`Frame::from_batch`] makes of it, but without collecting the
    /// texts of a column first.
    ///
    /// # Errors
    /// A field that is not among the columns, or is neither numbers nor text.
    pub fn hash_batch(&self, batch: &RecordBatch) -> Result<HashedRows> {
        let mut rows = HashedRows::default();
        Bound::of_batch(self, batch)?.hash(0..batch.num_rows(), &mut rows);
        Ok(rows)
    }

    pub(super) fn missing(&self, field: usize) -> u32 {
        self.slot(field, MISSING)
    }

    pub(super) fn text(&self, field: usize, text: &str) -> u32 {
        self.slot(field, text.as_bytes())
    }

    /// Sign, exponent and the first two bits of the fraction.
    pub(super) fn number(&self, field: usize, number: f64) -> u32 {
        if number.is_nan() {
            return self.missing(field);
        }
        // No zero below zero, and numbers too large for 32 bits are all alike.
        let bits = (number as f32 + 0.0).to_bits() >> 21;
        self.slot(field, &[0xfe, (bits >> 8) as u8, bits as u8])
    }

    fn slot(&self, field: usize, bytes: &[u8]) -> u32 {
        // XXH3 adds its seed to short inputs nearly as it is: small seeds would make "1" in one field and "0" in the next the same.
        (xxh3_64_with_seed(bytes, mix(field as u64 + 1)) >> (64 - self.bits)) as u32
    }
}
