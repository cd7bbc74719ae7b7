//! What all models can do.

use crate::data::Frame;
use crate::error::Result;

/// A model that gives a probability per row.
pub trait Predict: Sync {
    /// The probability of a positive label, from 0 to 1, for each row. Columns are found by name; those the model does not
    /// know are ignored.
    ///
    /// # Errors
    /// A feature of the model is not there, or of another kind.
    fn predict(&self, frame: &Frame) -> Result<Vec<f64>>;
}
