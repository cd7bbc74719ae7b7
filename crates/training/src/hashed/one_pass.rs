//! What the one-pass learners have in common.

use std::ops::Range;

use rayon::prelude::*;

use super::fields::Fields;
use super::rows::{Bound, HashedRows};
use crate::bins::Value;
use crate::data::{Dataset, Frame, same_length};
use crate::error::Result;
use crate::predict::Predict;

/// Rows hashed in one go where a whole data set is given.
const BATCH: usize = 1 << 14;

/// A learner that takes rows in their order, each once, in memory that does not grow. How a stream is cut into batches changes nothing,
/// not a bit of the model.
pub trait OnePass: Predict + Send {
    /// Its fields, which hash rows for it.
    fn fields(&self) -> &Fields;

    /// Learns one row of the given weight (above 0, below a billion; anything else teaches nothing); gives the probability it would have
    /// predicted. The slots must come from these [`fields`](Self::fields).
    fn learn(&mut self, slots: &[u32], label: bool, weight: f64) -> f64;

    /// The probability for one row. The slots must come from these [`fields`](Self::fields).
    fn probability(&self, slots: &[u32]) -> f64;

    /// Learns the rows of a batch in their order; gives the probabilities predicted before each was learned. Without weights every row
    /// weighs 1.
    ///
    /// # Errors
    /// Not one label (and weight) per row.
    fn learn_rows(&mut self, rows: &HashedRows, labels: &[bool], weights: Option<&[f64]>) -> Result<Vec<f64>> {
        same_length("labels", rows.rows(), labels.len())?;
        if let Some(weights) = weights {
            same_length("weights", rows.rows(), weights.len())?;
        }
        let weight = |row: usize| weights.map_or(1.0, |weights| weights[row]);
        let rows = rows.iter().zip(labels).enumerate();
        Ok(rows.map(|(row, (slots, label))| self.learn(slots, *label, weight(row))).collect())
    }

    /// Learns the rows of a data set as [`learn_rows`](Self::learn_rows) does.
    ///
    /// # Errors
    /// A field that is not among the columns.
    fn learn_batch(&mut self, data: &Dataset) -> Result<Vec<f64>> {
        let fields = self.fields().clone();
        let bound = Bound::of_frame(&fields, data.frame())?;
        let mut probabilities = Vec::with_capacity(data.rows());
        let (mut hashed, mut next) = (HashedRows::default(), HashedRows::default());
        let mut batches = batches(data.rows()).peekable();
        batches.peek().into_iter().for_each(|first| bound.hash(first.clone(), &mut hashed));
        while let Some(rows) = batches.next() {
            // A batch is hashed while the one before is learned.
            let after = batches.peek().cloned();
            let weights = data.weights().map(|weights| &weights[rows.clone()]);
            let learn = || self.learn_rows(&hashed, &data.labels()[rows.clone()], weights);
            let (learned, ()) = rayon::join(learn, || after.into_iter().for_each(|after| bound.hash(after, &mut next)));
            probabilities.extend(learned?);
            std::mem::swap(&mut hashed, &mut next);
        }
        Ok(probabilities)
    }

    /// The probability for each row of a batch.
    fn predict_rows(&self, rows: &HashedRows) -> Vec<f64> {
        rows.par_iter().map(|slots| self.probability(slots)).collect()
    }

    /// The probability for one row, its values in the order of the fields.
    ///
    /// # Errors
    /// The row does not have one value per field.
    fn predict_row(&self, values: &[Value<'_>]) -> Result<f64> {
        let mut slots = Vec::new();
        self.fields().hash(values, &mut slots)?;
        Ok(self.probability(&slots))
    }
}

/// The probability for each row of a frame.
pub(super) fn predict(learner: &impl OnePass, frame: &Frame) -> Result<Vec<f64>> {
    let bound = Bound::of_frame(learner.fields(), frame)?;
    let mut probabilities = Vec::with_capacity(frame.rows());
    let mut hashed = HashedRows::default();
    for rows in batches(frame.rows()) {
        bound.hash(rows, &mut hashed);
        probabilities.extend(learner.predict_rows(&hashed));
    }
    Ok(probabilities)
}

fn batches(rows: usize) -> impl Iterator<Item = Range<usize>> {
    (0..rows).step_by(BATCH).map(move |first| first..(first + BATCH).min(rows))
}
