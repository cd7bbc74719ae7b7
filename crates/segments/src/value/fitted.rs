//! What all fits share: their settings, what they report, and when they are believed.

use serde::{Deserialize, Serialize};

use crate::error::{Result, SegmentsError};
use crate::numeric::{Maximum, Point, Search, Weighted, maximise};

/// Customers below which no fit is tried: with fewer, the parameters are noise.
const FEWEST: usize = 10;
/// More different histories than this, and the first part of the way goes by an even sample of them.
const SAMPLE: usize = 20_000;
/// Parameters beyond these bounds, with times and money scaled to a mean of 1, are what the data do not tell.
const BOUNDS: [f64; 2] = [1e-6, 1e6];

/// How to fit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct FitSettings {
    /// Taken off the log-likelihood: this times the sum of the squared logarithms of the parameters, with times and money scaled to a
    /// mean of 1. 0, the default, is plain maximum likelihood; a little, such as 0.1, holds near 1 what the data do not tell.
    pub penalty: f64,
}

/// A model, and how well it is known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fitted<M> {
    /// The model.
    pub model: M,
    /// One standard error per parameter, in their order, from the observed information; absent where the likelihood is flat.
    pub standard_errors: Option<Vec<f64>>,
    /// The log-likelihood of all customers, without the penalty.
    pub log_likelihood: f64,
    /// Customers it was fitted on, or the sum of their weights.
    pub customers: f64,
    /// Newton steps from the best start on.
    pub steps: usize,
}

/// A likelihood to be maximised, and the names to speak of it with.
pub struct Task<'a, const N: usize> {
    /// The model's name.
    pub model: &'static str,
    /// Its parameters' names.
    pub names: [&'static str; N],
    /// Where searches start, for data scaled to a mean of 1.
    pub starts: &'a [[f64; N]],
    /// Customers, grouped.
    pub rows: &'a [Weighted],
}

impl<const N: usize> Task<'_, N> {
    /// The parameters that make the rows most likely. `log_likelihood` gives the sum over rows and its derivatives.
    ///
    /// All starts are tried on an even sample of the rows; from the best, the search goes on with all rows.
    pub fn fit(&self, settings: &FitSettings, log_likelihood: impl Fn(&[Weighted], [f64; N]) -> Point<N>) -> Result<Maximum<N>> {
        let penalty = settings.penalty;
        if !(penalty >= 0.0 && penalty.is_finite()) {
            return Err(SegmentsError::Setting { setting: "penalty", value: penalty.to_string(), expected: "0 or a small number above" });
        }
        let mean_of = |rows: &[Weighted], start| {
            let weight: f64 = rows.iter().map(|row| row.weight).sum();
            maximise(Search { start, penalty: penalty / weight }, |parameters| log_likelihood(rows, parameters) * (1.0 / weight))
        };
        let sample: Vec<_> = self.rows.iter().step_by(self.rows.len().div_ceil(SAMPLE).max(1)).copied().collect();
        let tried = self.starts.iter().map(|start| mean_of(&sample, *start));
        let best = tried.max_by(|left, right| left.has_converged.cmp(&right.has_converged).then(left.value.total_cmp(&right.value)));
        let (start, steps) = best.map_or(([1.0; N], 0), |found| (found.parameters, found.steps));
        let mut found = mean_of(self.rows, start.map(|parameter| parameter.clamp(BOUNDS[0], BOUNDS[1])));
        found.steps += steps;
        self.believed(found, penalty)
    }

    fn believed(&self, found: Maximum<N>, penalty: f64) -> Result<Maximum<N>> {
        let outside = |parameter: f64| !(BOUNDS[0]..=BOUNDS[1]).contains(&parameter);
        if let Some(index) = found.parameters.iter().position(|parameter| outside(*parameter)) {
            let (parameter, value) = (self.names[index], found.parameters[index]);
            return Err(SegmentsError::Undetermined { model: self.model, parameter, value, penalty });
        }
        if found.has_converged {
            Ok(found)
        } else {
            Err(SegmentsError::NotConverged { model: self.model, iterations: found.steps, penalty })
        }
    }

    /// Customers in all.
    pub fn customers(&self) -> f64 {
        self.rows.iter().map(|row| row.weight).sum()
    }

    /// Standard errors of the parameters, by the delta method from those of their logarithms, for parameters as `scaled` back.
    pub fn standard_errors(&self, found: &Maximum<N>, scaled: [f64; N]) -> Option<Vec<f64>> {
        let customers = self.customers();
        let variances = found.log_variances?;
        Some(variances.iter().zip(scaled).map(|(variance, parameter)| parameter * (variance / customers).sqrt()).collect())
    }
}

/// An error unless there is enough to learn from.
pub fn at_least(found: usize, what: &'static str) -> Result<()> {
    if found < FEWEST { Err(SegmentsError::TooFew { what, found, needed: FEWEST }) } else { Ok(()) }
}

/// One weight per row, each above zero.
pub fn checked_weights(weights: &[f64], rows: usize) -> Result<()> {
    if weights.len() != rows {
        return Err(SegmentsError::Lengths { what: "weights".to_owned(), expected: rows, found: weights.len() });
    }
    match weights.iter().position(|weight| !(weight.is_finite() && *weight > 0.0)) {
        Some(row) => {
            let (what, expected) = ("weight".to_owned(), "a number of customers above 0");
            Err(SegmentsError::Value { what, row, value: weights[row], expected })
        }
        None => Ok(()),
    }
}
