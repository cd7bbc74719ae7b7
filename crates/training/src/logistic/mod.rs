//! L2-regularised logistic regression with standard errors, for models that people read.

mod addends;
mod coefficients;
mod design;
mod fit;
mod solve;

pub(crate) use addends::Addend;
pub use coefficients::{Coefficient, CoefficientPart};
pub(crate) use solve::Cholesky;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::bins::Value;
use crate::calibrate::logistic;
use crate::data::{Dataset, Frame};
use crate::error::{Result, TrainingError};
use crate::predict::Predict;
use design::{Design, Scale, Term};

/// How a logistic regression is fitted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogisticSettings {
    /// Strength of the penalty `l2 / 2 * (sum of squared weights)` on weights of standardised features, next to the sum of the rows'
    /// log losses (scikit-learn's `1 / C`); the intercept is free. Not negative.
    pub l2: f64,
    /// Newton steps at most.
    pub max_iterations: usize,
    /// Of the confidence intervals, above 0 and below 1.
    pub level: f64,
    /// Whether numbers enter as `sign(x) ln(1 + |x|)`: for counts and amounts, of which a doubling says as much anywhere.
    #[serde(skip_serializing_if = "is_off")]
    pub is_logarithmic: bool,
    /// Whether standard errors take rows of one group together (Liang and Zeger, Biometrika 73, 1986): many rows of one customer are no
    /// independent evidence.
    #[serde(skip_serializing_if = "is_off")]
    pub has_grouped_errors: bool,
}

fn is_off(flag: &bool) -> bool {
    !flag
}

impl Default for LogisticSettings {
    fn default() -> Self {
        Self { l2: 1.0, max_iterations: 100, level: 0.95, is_logarithmic: false, has_grouped_errors: false }
    }
}

/// A fitted logistic regression.
///
/// Numbers are standardised, after their logarithm where that is asked for; a missing one is the mean, and where training rows miss some, their being missing has a weight of its own.
/// Categories have one weight per level against the most frequent one, the reference; a missing category is a level if training rows
/// miss some, and an unseen one is as a missing one, else as the reference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored")]
pub struct Logistic {
    settings: LogisticSettings,
    design: Design,
    intercept: f64,
    /// One per column of the design.
    weights: Vec<f64>,
    coefficients: Vec<Coefficient>,
}

#[derive(Deserialize)]
struct Stored {
    settings: LogisticSettings,
    design: Design,
    intercept: f64,
    weights: Vec<f64>,
    coefficients: Vec<Coefficient>,
}

impl TryFrom<Stored> for Logistic {
    type Error = &'static str;

    fn try_from(Stored { settings, design, intercept, weights, coefficients }: Stored) -> Result<Self, Self::Error> {
        if !design.is_sound() || weights.len() != design.columns() {
            return Err("a logistic regression with too few or too many weights");
        }
        Ok(Self { settings, design, intercept, weights, coefficients })
    }
}

/// Rows that one thread predicts at a time.
const BLOCK: usize = 4096;

impl Logistic {
    /// Fits by Newton's method (iteratively reweighted least squares); the loss is convex, so the answer is the only one.
    ///
    /// # Errors
    /// A setting out of range; labels of one class; a feature without values, or so many categories that there would be more than 2000
    /// weights; without penalty also features that follow from each other or that tell the classes apart entirely.
    pub fn fit(data: &Dataset, settings: &LogisticSettings) -> Result<Self> {
        fit::fit(data, settings)
    }

    /// What it was fitted with.
    pub fn settings(&self) -> &LogisticSettings {
        &self.settings
    }

    /// The intercept first, then per feature its weight, or those of its levels, in units of the feature.
    pub fn coefficients(&self) -> &[Coefficient] {
        &self.coefficients
    }

    /// The names of its features, in the order of [`Logistic::predict_row`].
    pub fn feature_names(&self) -> impl Iterator<Item = &str> {
        self.design.features.iter().map(|feature| feature.name.as_str())
    }

    /// Per number the standard deviation of what entered (its logarithm, where that was asked for): a weight times it is the weight of the
    /// standardised number. A constant has none.
    pub fn deviations(&self) -> impl Iterator<Item = (&str, f64)> {
        self.design.features.iter().filter_map(|feature| match feature.kind {
            design::Kind::Numeric { deviation, .. } if deviation < f64::MAX => Some((feature.name.as_str(), deviation)),
            _ => None,
        })
    }

    /// The probability for one row.
    ///
    /// # Errors
    /// The row does not have one value per feature.
    pub fn predict_row(&self, row: &[Value<'_>]) -> Result<f64> {
        crate::data::same_length("the row to predict", self.design.features.len(), row.len())?;
        let mut terms = Vec::new();
        let scale = Scale::of(&self.settings);
        self.design.features.iter().zip(row).for_each(|(feature, value)| feature.push_value(*value, scale, &mut terms));
        Ok(self.answer(&terms))
    }

    fn answer(&self, terms: &[Term]) -> f64 {
        logistic(self.intercept + terms.iter().map(|term| self.weights[term.column] * term.value).sum::<f64>())
    }
}

impl Predict for Logistic {
    fn predict(&self, frame: &Frame) -> Result<Vec<f64>> {
        let columns = self.design.bind(frame, Scale::of(&self.settings))?;
        let mut answers = vec![0.0; frame.rows()];
        answers.par_chunks_mut(BLOCK).enumerate().for_each(|(block, answers)| {
            let mut terms = Vec::new();
            for (offset, answer) in answers.iter_mut().enumerate() {
                columns.terms(block * BLOCK + offset, &mut terms);
                *answer = self.answer(&terms);
            }
        });
        Ok(answers)
    }
}

impl LogisticSettings {
    fn check(&self) -> Result<()> {
        let wrong = |setting, value: String, expected| Err(TrainingError::Setting { setting, value, expected });
        if !(self.l2.is_finite() && self.l2 >= 0.0) {
            return wrong("l2", self.l2.to_string(), "a finite number, not negative");
        }
        if self.max_iterations == 0 {
            return wrong("max_iterations", "0".to_owned(), "at least 1");
        }
        if !(self.level > 0.0 && self.level < 1.0) {
            return wrong("level", self.level.to_string(), "above 0 and below 1");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
