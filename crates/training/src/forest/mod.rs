//! The random forest classifier (Breiman: Random forests, Machine Learning 45, 2001).

mod bootstrap;
mod fit;
mod out_of_bag;
mod settings;
mod weights;

pub use fit::FittedForest;
pub use settings::{ForestSettings, MaxFeatures};
pub use weights::ClassWeight;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::bins::{Binner, Matrix, Value};
use crate::data::{Dataset, Frame};
use crate::error::Result;
use crate::explain::{Contributions, Importance};
use crate::predict::Predict;
use crate::tree::{Tree, add_answers, check_trees, sum_of_answers};

/// A fitted forest. Its probability is the mean of its trees' leaf frequencies.
///
/// With class weights the frequencies are those of the weighted draws, so the probabilities are not those of the data: correct
/// them with [`Calibrator`](crate::calibrate::Calibrator) before use as such.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored")]
pub struct Forest {
    settings: ForestSettings,
    base_rate: f64,
    drawn_rate: f64,
    binner: Binner,
    trees: Vec<Tree>,
}

#[derive(Deserialize)]
struct Stored {
    settings: ForestSettings,
    base_rate: f64,
    drawn_rate: f64,
    binner: Binner,
    trees: Vec<Tree>,
}

impl TryFrom<Stored> for Forest {
    type Error = String;

    fn try_from(Stored { settings, base_rate, drawn_rate, binner, trees }: Stored) -> Result<Self, String> {
        check_trees(&trees, binner.features().len())?;
        if trees.is_empty() {
            return Err("a forest without trees".to_owned());
        }
        Ok(Self { settings, base_rate, drawn_rate, binner, trees })
    }
}

impl Forest {
    /// Grows a forest. The same data, settings and seed give the same forest for any number of threads.
    ///
    /// # Errors
    /// A setting out of range; labels of one class; a feature without values.
    pub fn fit(data: &Dataset, settings: &ForestSettings) -> Result<FittedForest> {
        fit::fit(data, settings)
    }

    /// What it was grown with.
    pub fn settings(&self) -> &ForestSettings {
        &self.settings
    }

    /// The share of positive weight in the training data, before class weights.
    pub fn base_rate(&self) -> f64 {
        self.base_rate
    }

    /// The share of positive weight that the trees saw, after class weights.
    pub fn drawn_rate(&self) -> f64 {
        self.drawn_rate
    }

    /// How its features become bins.
    pub fn binner(&self) -> &Binner {
        &self.binner
    }

    /// Its trees.
    pub fn trees(&self) -> &[Tree] {
        &self.trees
    }

    /// The probability for one row, its values in the order of [`Binner::features`].
    ///
    /// # Errors
    /// The row does not have one value per feature.
    pub fn predict_row(&self, row: &[Value<'_>]) -> Result<f64> {
        let bins = self.binner.bin_row(row)?;
        Ok(sum_of_answers(&self.trees, &bins) / self.trees.len() as f64)
    }

    /// How far each feature moved the probability of one row from the mean of the training draws: the changes of the node's
    /// frequency along the row's path, averaged over the trees (Saabas 2014; cheaper than Shapley values, and like them they
    /// add up).
    ///
    /// # Errors
    /// The row does not have one value per feature.
    pub fn explain_row(&self, row: &[Value<'_>]) -> Result<Contributions> {
        let bins = self.binner.bin_row(row)?;
        Ok(Contributions::of_trees(&self.binner, &self.trees, &bins, 1.0 / self.trees.len() as f64, 0.0))
    }

    /// The share of each feature in the decrease of Gini impurity: per tree, then averaged. It favours features of many values;
    /// [`permutation_importance`](crate::explain::permutation_importance) does not.
    pub fn gain_importance(&self) -> Vec<Importance> {
        Importance::of_trees(&self.binner, &self.trees, true)
    }

    fn predict_bins(&self, matrix: &Matrix) -> Vec<f64> {
        let mut sums = vec![0.0; matrix.rows()];
        add_answers(&self.trees, matrix, &mut sums);
        sums.par_iter_mut().for_each(|sum| *sum /= self.trees.len() as f64);
        sums
    }
}

impl Predict for Forest {
    fn predict(&self, frame: &Frame) -> Result<Vec<f64>> {
        Ok(self.predict_bins(&self.binner.bin(frame)?))
    }
}

#[cfg(test)]
pub(crate) mod tests;
