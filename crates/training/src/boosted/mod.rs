//! Gradient-boosted trees on log loss (Friedman 2001; second order and missing values as in `XGBoost`, Chen and Guestrin 2016; trees
//! grown leaf by leaf as in `LightGBM`, Ke et al. 2017).

mod fit;
mod settings;

pub use fit::FittedBoosted;
pub use settings::{BoostedSettings, EarlyStopping};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::bins::{Binner, Value};
use crate::calibrate::logistic;
use crate::data::{Dataset, Frame};
use crate::error::Result;
use crate::explain::{Contributions, Importance};
use crate::predict::Predict;
use crate::tree::{Tree, add_answers, check_trees, sum_of_answers};

/// Fitted boosted trees: the probability is the logistic function of a start and the sum of the trees' leaves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored")]
pub struct Boosted {
    settings: BoostedSettings,
    /// The log odds of the base rate.
    start: f64,
    binner: Binner,
    trees: Vec<Tree>,
}

#[derive(Deserialize)]
struct Stored {
    settings: BoostedSettings,
    start: f64,
    binner: Binner,
    trees: Vec<Tree>,
}

impl TryFrom<Stored> for Boosted {
    type Error = String;

    fn try_from(Stored { settings, start, binner, trees }: Stored) -> Result<Self, String> {
        check_trees(&trees, binner.features().len())?;
        Ok(Self { settings, start, binner, trees })
    }
}

impl Boosted {
    /// Grows trees one on the other. With early stopping `validation` says when to stop; its rows should come after the training rows, as
    /// the rows to predict will. The same data, settings and seed give the same model for any number of threads.
    ///
    /// # Errors
    /// A setting out of range; early stopping without validation rows; labels of one class; a feature without values.
    pub fn fit(data: &Dataset, validation: Option<&Dataset>, settings: &BoostedSettings) -> Result<FittedBoosted> {
        fit::fit(data, validation, settings)
    }

    /// What it was grown with.
    pub fn settings(&self) -> &BoostedSettings {
        &self.settings
    }

    /// The log odds that every row starts with.
    pub fn start(&self) -> f64 {
        self.start
    }

    /// How its features become bins.
    pub fn binner(&self) -> &Binner {
        &self.binner
    }

    /// Its trees; their leaves are log odds.
    pub fn trees(&self) -> &[Tree] {
        &self.trees
    }

    /// The probability for one row, its values in the order of [`Binner::features`].
    ///
    /// # Errors
    /// The row does not have one value per feature.
    pub fn predict_row(&self, row: &[Value<'_>]) -> Result<f64> {
        let bins = self.binner.bin_row(row)?;
        Ok(logistic(self.start + sum_of_answers(&self.trees, &bins)))
    }

    /// How far each feature moved the log odds of one row: the changes of the nodes' answers along its path through each tree.
    ///
    /// # Errors
    /// The row does not have one value per feature.
    pub fn explain_row(&self, row: &[Value<'_>]) -> Result<Contributions> {
        let bins = self.binner.bin_row(row)?;
        Ok(Contributions::of_trees(&self.binner, &self.trees, &bins, 1.0, self.start))
    }

    /// The share of each feature in the gains of all splits.
    pub fn gain_importance(&self) -> Vec<Importance> {
        Importance::of_trees(&self.binner, &self.trees, false)
    }
}

impl Predict for Boosted {
    fn predict(&self, frame: &Frame) -> Result<Vec<f64>> {
        let matrix = self.binner.bin(frame)?;
        let mut answers = vec![0.0; matrix.rows()];
        add_answers(&self.trees, &matrix, &mut answers);
        answers.par_iter_mut().for_each(|sum| *sum = logistic(self.start + *sum));
        Ok(answers)
    }
}

#[cfg(test)]
mod tests;
