//! Features as bins of one byte, which is what trees look at.
//!
//! Bin 0 is "missing". Numbers fall into up to 255 bins of about equal counts; the edges lie between values that were seen, and
//! a value belongs to the first bin whose upper edge is not below it. Each of the 255 most frequent categories has a bin of its
//! own; if there are more, the rest share one. A category that was not seen goes to the shared bin where there is one (the rare
//! ones are the nearest thing to an unknown one that the model has learned from), else it is missing.

mod edges;
mod feature;
mod matrix;

pub use feature::{FeatureBins, Value};
pub(crate) use matrix::Matrix;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::data::{Column, Frame};
use crate::error::{Result, TrainingError};

/// The bin of missing values.
pub(crate) const MISSING_BIN: u8 = 0;
/// How many bins there are at most, that of missing values included.
pub(crate) const BINS: usize = 256;

/// How each feature of a model becomes bins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Binner {
    features: Vec<FeatureBins>,
}

impl Binner {
    /// Finds bins for all features, at most `max_bins` each (2 to 255, missing not counted). Quantiles of more than 200,000 rows
    /// are those of a sample of that size, drawn by `seed`.
    ///
    /// # Errors
    /// A feature without any value; `max_bins` out of range; a frame without rows.
    pub fn fit(frame: &Frame, max_bins: usize, seed: u64) -> Result<Self> {
        if !(2..BINS).contains(&max_bins) {
            return Err(TrainingError::Setting { setting: "max_bins", value: max_bins.to_string(), expected: "2 to 255" });
        }
        if frame.rows() == 0 {
            return Err(TrainingError::NoRows { what: "the data set" });
        }
        let features: Vec<_> = frame.features().enumerate().collect();
        let fit = |(number, (name, column)): (usize, (&str, &Column))| FeatureBins::fit(name, column, max_bins, seed, number as u64);
        Ok(Self { features: features.into_par_iter().map(fit).collect::<Result<_>>()? })
    }

    /// The features, in the model's order.
    pub fn features(&self) -> &[FeatureBins] {
        &self.features
    }

    /// The frame's columns in the model's order, as bins. Columns that the model does not know are ignored.
    ///
    /// # Errors
    /// A feature is not there, or of another kind.
    pub(crate) fn bin(&self, frame: &Frame) -> Result<Matrix> {
        let bin = |feature: &FeatureBins| feature.bin_column(frame.column(feature.name())?);
        let columns: Vec<_> = self.features.par_iter().map(bin).collect::<Result<_>>()?;
        Ok(Matrix::new(columns, self.features.iter().map(FeatureBins::is_categorical).collect(), frame.rows()))
    }

    /// One row as bins; a value of the wrong kind counts as missing.
    ///
    /// # Errors
    /// The row does not have one value per feature.
    pub(crate) fn bin_row(&self, row: &[Value<'_>]) -> Result<Vec<u8>> {
        crate::data::same_length("the row to predict", self.features.len(), row.len())?;
        Ok(self.features.iter().zip(row).map(|(feature, value)| feature.bin(*value)).collect())
    }
}

#[cfg(test)]
mod tests;
