//! Metrics of a stream.

use super::Scores;
use super::losses::loss;

/// Log loss, base rate and ROC-AUC of rows that come in batches, in memory that does not grow. How they are cut into batches changes
/// nothing.
///
/// With what a one-pass learner predicted before it learned each row, this is its progressive validation.
#[derive(Debug, Clone, PartialEq)]
pub struct Running {
    rows: u64,
    weight: f64,
    positive: f64,
    loss: f64,
    /// Weight of the negative and the positive rows by log odds.
    bins: Vec<[f64; 2]>,
}

/// Bins per unit of log odds.
const FINENESS: f64 = 1000.0;
/// Log odds beyond these share the outermost bins.
const REACH: f64 = 20.0;

impl Default for Running {
    fn default() -> Self {
        let bins = vec![[0.0; 2]; (2.0 * REACH * FINENESS) as usize];
        Self { rows: 0, weight: 0.0, positive: 0.0, loss: 0.0, bins }
    }
}

impl Running {
    /// Adds rows.
    pub fn add(&mut self, scores: &Scores<'_>) {
        for (probability, label, weight) in scores.iter() {
            self.weight += weight;
            self.positive += weight * label;
            self.loss += weight * loss(probability, label);
            // The log odds of 0 and 1 are infinite, which the cast and the bounds take for the ends.
            let bin = ((probability / (1.0 - probability)).ln() + REACH) * FINENESS;
            let last = self.bins.len() - 1;
            self.bins[(bin as usize).min(last)][usize::from(label > 0.5)] += weight;
        }
        self.rows += scores.rows() as u64;
    }

    /// How many rows were added.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The share of positive weight; `None` without weight.
    pub fn base_rate(&self) -> Option<f64> {
        (self.weight > 0.0).then(|| self.positive / self.weight)
    }

    /// The mean log loss in nats, as [`log_loss`](super::log_loss) has it; `None` without weight.
    pub fn log_loss(&self) -> Option<f64> {
        (self.weight > 0.0).then(|| self.loss / self.weight)
    }

    /// The area under the ROC curve, where rows of one class and the other whose log odds differ by less than 0.001 may count as tied: it is
    /// off from [`roc_auc`](super::roc_auc) by half the share of such pairs at most, and much less where the order within is
    /// as good as chance. `None` where a class has no weight.
    pub fn roc_auc(&self) -> Option<f64> {
        let (mut negative, mut ordered) = (0.0, 0.0);
        for [negative_here, positive_here] in &self.bins {
            ordered += positive_here * (negative + negative_here / 2.0);
            negative += negative_here;
        }
        (negative > 0.0 && self.positive > 0.0).then(|| ordered / (negative * self.positive))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::metrics::{Confidence, log_loss, roc_auc};
    use crate::random::{Purpose, Stream};

    fn scored(rows: usize) -> (Vec<f64>, Vec<bool>, Vec<f64>) {
        let mut stream = Stream::new(1, Purpose::Permutation, 9);
        let mut columns = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..rows {
            let probability = stream.unit().powi(3);
            columns.0.push(probability);
            columns.1.push(stream.unit() < 0.3 + 0.5 * probability);
            columns.2.push(if stream.below(3) == 0 { 2.5 } else { 1.0 });
        }
        columns
    }

    #[test]
    fn a_stream_measures_as_its_rows_at_once_do() {
        let (probabilities, labels, weights) = scored(20_000);
        for weights in [None, Some(weights.as_slice())] {
            let all = Scores::new(&probabilities, &labels, weights).unwrap();
            let batched = |size: usize| {
                let mut running = Running::default();
                for first in (0..labels.len()).step_by(size) {
                    let rows = first..(first + size).min(labels.len());
                    let weights = weights.map(|weights| &weights[rows.clone()]);
                    running.add(&Scores::new(&probabilities[rows.clone()], &labels[rows], weights).unwrap());
                }
                running
            };
            let running = batched(20_000);
            assert!(running == batched(1) && running == batched(777), "to the last bit");
            assert_eq!(running.rows(), 20_000);
            assert!((running.base_rate().unwrap() - all.base_rate()).abs() < 1e-12);
            let exact = |estimate: crate::Result<crate::metrics::Estimate>| estimate.unwrap().value;
            assert!((running.log_loss().unwrap() - exact(log_loss(&all, &Confidence::default()))).abs() < 1e-12);
            assert!((running.roc_auc().unwrap() - exact(roc_auc(&all, &Confidence::default()))).abs() < 2e-5);
        }
    }

    #[test]
    fn nothing_and_one_class_have_no_metrics_and_certainty_is_counted() {
        let mut running = Running::default();
        assert_eq!((running.base_rate(), running.log_loss(), running.roc_auc()), (None, None, None));
        running.add(&Scores::new(&[0.0, 1.0], &[false, false], None).unwrap());
        assert_eq!((running.base_rate(), running.roc_auc()), (Some(0.0), None));
        running.add(&Scores::new(&[0.5, 1.0], &[true, true], None).unwrap());
        // Of the four pairs one is tied, one reversed.
        assert_eq!(running.roc_auc(), Some((2.0 + 0.5) / 4.0));
    }
}
