//! Hashed logistic regression.

use serde::{Deserialize, Serialize};

use super::fields::Fields;
use super::one_pass::{self, OnePass};
use super::{HEAVIEST, packed};
use crate::calibrate::logistic;
use crate::data::Frame;
use crate::error::{Result, TrainingError};
use crate::predict::Predict;

/// How the weights learn, in the paper's letters. The defaults are for one pass; they were chosen on categories with heavy tails, 20 and 39
/// fields of them, where they come within a few ten-thousandths of the best log loss that any choice gives.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FtrlSettings {
    /// Learning rate, above 0; `None` = 0.5 / sqrt(fields). A row moves one weight per field at once, so with more fields each has to move
    /// less.
    pub alpha: Option<f64>,
    /// Smooths the first steps, not negative.
    pub beta: f64,
    /// Weights whose gradients add up to less than this stay 0; not negative.
    pub l1: f64,
    /// Draws weights towards 0; not negative.
    pub l2: f64,
}

impl Default for FtrlSettings {
    fn default() -> Self {
        Self { alpha: None, beta: 0.8, l1: 0.0, l2: 0.0 }
    }
}

/// Logistic regression over slots with FTRL-proximal updates (`McMahan` et al.: Ad click prediction, a view from the trenches, KDD 2013,
/// algorithm 1). It takes 8 bytes per slot, and can go on learning at any time, after having been stored too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Ftrl {
    fields: Fields,
    settings: FtrlSettings,
    step: Step,
    intercept: Weight,
    weights: Vec<Weight>,
}

/// What a weight is computed from: the paper's z and n.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Weight {
    z: f32,
    n: f32,
}

impl Weight {
    #[inline]
    fn value(self, settings: &Step) -> f32 {
        if self.z.abs() <= settings.l1 {
            0.0
        } else {
            -(self.z - self.z.signum() * settings.l1) / ((settings.beta + self.n.sqrt()) * settings.inverse_alpha + settings.l2)
        }
    }

    #[inline]
    fn learn(&mut self, gradient: f32, value: f32, settings: &Step) {
        let square = gradient * gradient;
        let n = self.n + square;
        // The difference of the roots, without subtracting near equals: in 32 bits that would be noise for frequent slots.
        let growth = if n > 0.0 { square / (n.sqrt() + self.n.sqrt()) } else { 0.0 };
        self.z += gradient - growth * settings.inverse_alpha * value;
        self.n = n;
    }
}

/// The settings as the inner loop wants them.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Step {
    inverse_alpha: f32,
    beta: f32,
    l1: f32,
    l2: f32,
}

impl Step {
    /// Nothing draws the intercept towards 0.
    fn of_intercept(&self) -> Self {
        Self { l1: 0.0, l2: 0.0, ..*self }
    }
}

impl FtrlSettings {
    fn check(&self) -> Result<()> {
        let numbers = self.alpha.map(|alpha| ("alpha", alpha, alpha > 0.0, "a finite number above 0"));
        let not_negative = |setting, value: f64| (setting, value, value >= 0.0, "a finite number, not negative");
        let others = [not_negative("beta", self.beta), not_negative("l1", self.l1), not_negative("l2", self.l2)];
        match numbers.into_iter().chain(others).find(|(_, value, fits, _)| !(value.is_finite() && *fits)) {
            Some((setting, value, _, expected)) => Err(TrainingError::Setting { setting, value: value.to_string(), expected }),
            None => Ok(()),
        }
    }

    fn step(&self, fields: usize) -> Step {
        let inverse_alpha = self.alpha.map_or(2.0 * (fields as f64).sqrt(), |alpha| 1.0 / alpha);
        Step { inverse_alpha: inverse_alpha as f32, beta: self.beta as f32, l1: self.l1 as f32, l2: self.l2 as f32 }
    }
}

impl Ftrl {
    /// A learner that knows nothing yet.
    ///
    /// # Errors
    /// A setting out of range.
    pub fn new(fields: Fields, settings: FtrlSettings) -> Result<Self> {
        settings.check()?;
        let weights = vec![Weight::default(); fields.slots()];
        let step = settings.step(fields.names().len());
        Ok(Self { fields, settings, step, intercept: Weight::default(), weights })
    }

    /// The share of slots with a weight other than 0: where it comes near 1, more bits would help.
    pub fn load(&self) -> f64 {
        self.weights.iter().filter(|weight| weight.value(&self.step) != 0.0).count() as f64 / self.weights.len() as f64
    }

    /// The sum of the weights of a row.
    pub(super) fn log_odds(&self, slots: &[u32]) -> f64 {
        let weight = |slot: &u32| self.weights.get(*slot as usize).map_or(0.0, |weight| f64::from(weight.value(&self.step)));
        f64::from(self.intercept.value(&self.step.of_intercept())) + slots.iter().map(weight).sum::<f64>()
    }

    /// Moves the weights of a row by the gradient of its loss in the log odds.
    pub(super) fn descend(&mut self, slots: &[u32], gradient: f32) {
        let intercept = self.intercept.value(&self.step.of_intercept());
        self.intercept.learn(gradient, intercept, &self.step);
        for slot in slots {
            if let Some(weight) = self.weights.get_mut(*slot as usize) {
                let value = weight.value(&self.step);
                weight.learn(gradient, value, &self.step);
            }
        }
    }
}

impl OnePass for Ftrl {
    fn fields(&self) -> &Fields {
        &self.fields
    }

    fn learn(&mut self, slots: &[u32], label: bool, weight: f64) -> f64 {
        let probability = self.probability(slots);
        if weight > 0.0 && weight < HEAVIEST {
            self.descend(slots, (weight * (probability - f64::from(u8::from(label)))) as f32);
        }
        probability
    }

    fn probability(&self, slots: &[u32]) -> f64 {
        logistic(self.log_odds(slots))
    }
}

impl Predict for Ftrl {
    fn predict(&self, frame: &Frame) -> Result<Vec<f64>> {
        one_pass::predict(self, frame)
    }
}

/// What is written: slots that learned something.
#[derive(Serialize, Deserialize)]
struct Stored {
    fields: Fields,
    settings: FtrlSettings,
    /// z and n of the intercept.
    intercept: (f32, f32),
    /// Slot, z and n of each, the floats as their bits.
    #[serde(with = "packed")]
    weights: Vec<u32>,
}

impl From<Ftrl> for Stored {
    fn from(model: Ftrl) -> Self {
        let learned = model.weights.iter().zip(0..).filter(|(weight, _)| **weight != Weight::default());
        let weights = learned.flat_map(|(weight, slot)| [slot, weight.z.to_bits(), weight.n.to_bits()]).collect();
        Self { fields: model.fields, settings: model.settings, intercept: (model.intercept.z, model.intercept.n), weights }
    }
}

impl TryFrom<Stored> for Ftrl {
    type Error = TrainingError;

    fn try_from(stored: Stored) -> Result<Self> {
        let mut model = Self::new(stored.fields, stored.settings)?;
        let damaged = |problem: &str| TrainingError::DamagedModel { problem: problem.to_owned() };
        let (triples, rest) = stored.weights.as_chunks::<3>();
        if !rest.is_empty() {
            return Err(damaged("weights that do not come in threes"));
        }
        for [slot, z, n] in triples {
            let weight = Weight { z: f32::from_bits(*z), n: f32::from_bits(*n) };
            let place = model.weights.get_mut(*slot as usize).ok_or_else(|| damaged("a weight beyond the last slot"))?;
            if !weight.z.is_finite() || !weight.n.is_finite() || weight.n < 0.0 {
                return Err(damaged("a weight that is no number"));
            }
            *place = weight;
        }
        model.intercept = Weight { z: stored.intercept.0, n: stored.intercept.1 };
        Ok(model)
    }
}
