//! Probabilities with what came true.

use crate::data::{check_weights, same_length};
use crate::error::{Result, TrainingError};

/// Probabilities, labels and weights of the same rows.
#[derive(Debug, Clone, Copy)]
pub struct Scores<'a> {
    probabilities: &'a [f64],
    labels: &'a [bool],
    weights: Option<&'a [f64]>,
}

impl<'a> Scores<'a> {
    /// Puts them together. Without weights every row counts 1.
    ///
    /// # Errors
    /// No rows; lengths that differ; a probability outside 0 to 1; a weight that is negative or not finite; no positive weight.
    pub fn new(probabilities: &'a [f64], labels: &'a [bool], weights: Option<&'a [f64]>) -> Result<Self> {
        if labels.is_empty() {
            return Err(TrainingError::NoRows { what: "the rows to measure" });
        }
        same_length("probabilities", labels.len(), probabilities.len())?;
        if let Some(row) = probabilities.iter().position(|probability| !(0.0..=1.0).contains(probability)) {
            let expected = "a number from 0 to 1";
            return Err(TrainingError::Value { what: "probability", row, value: probabilities[row], expected });
        }
        if let Some(weights) = weights {
            same_length("weights", labels.len(), weights.len())?;
            check_weights(weights)?;
        }
        Ok(Self { probabilities, labels, weights })
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.labels.len()
    }

    /// The probabilities.
    pub fn probabilities(&self) -> &'a [f64] {
        self.probabilities
    }

    /// The labels.
    pub fn labels(&self) -> &'a [bool] {
        self.labels
    }

    /// The weights, if given.
    pub fn weights(&self) -> Option<&'a [f64]> {
        self.weights
    }

    /// Probability, label as 0 or 1, and weight of each row.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (f64, f64, f64)> + '_ {
        (0..self.rows()).map(|row| (self.probabilities[row], f64::from(u8::from(self.labels[row])), self.weight(row)))
    }

    pub(crate) fn weight(&self, row: usize) -> f64 {
        self.weights.map_or(1.0, |weights| weights[row])
    }

    /// The weight of all rows.
    pub fn weight_sum(&self) -> f64 {
        self.weights.map_or(self.rows() as f64, |weights| weights.iter().sum())
    }

    /// The share of positive weight, from 0 to 1.
    pub fn base_rate(&self) -> f64 {
        self.iter().map(|(_, label, weight)| label * weight).sum::<f64>() / self.weight_sum()
    }

    /// The base rate where both classes have weight.
    pub(crate) fn both_classes(&self) -> Result<f64> {
        let has = |wanted: f64| self.iter().any(|(_, label, weight)| label == wanted && weight > 0.0);
        match (has(0.0), has(1.0)) {
            (true, true) => Ok(self.base_rate()),
            (_, label) => Err(TrainingError::OneClass { label, rows: self.rows() }),
        }
    }

    /// Row numbers by ascending probability; equal ones keep their order.
    pub(crate) fn ascending(&self) -> Vec<u32> {
        let mut order: Vec<_> = (0..self.rows() as u32).collect();
        let probability = |row: &u32| self.probabilities[*row as usize];
        order.sort_by(|a, b| probability(a).total_cmp(&probability(b)));
        order
    }

    /// An order cut where the probability changes.
    pub(crate) fn ties<'o>(&self, order: &'o [u32]) -> impl Iterator<Item = &'o [u32]> {
        order.chunk_by(|a, b| self.probabilities[*a as usize] == self.probabilities[*b as usize])
    }
}
