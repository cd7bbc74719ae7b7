//! The field-aware factorisation machine.

use serde::{Deserialize, Serialize};

use super::fields::Fields;
use super::ftrl::{Ftrl, FtrlSettings};
use super::one_pass::{self, OnePass};
use super::{HEAVIEST, packed};
use crate::calibrate::logistic;
use crate::data::Frame;
use crate::error::{Result, TrainingError};
use crate::predict::Predict;
use crate::random::{Purpose, Stream};

/// How a field-aware factorisation machine learns.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FfmSettings {
    /// How the weights of single slots learn.
    pub linear: FtrlSettings,
    /// Numbers by which a slot is described to each other field, 1 to 64.
    pub factors: usize,
    /// Learning rate of the factors, above 0.
    pub learning_rate: f64,
    /// Draws the factors that a row touches towards 0; not negative.
    pub l2: f64,
    /// Where the random numbers begin.
    pub seed: u64,
}

impl Default for FfmSettings {
    fn default() -> Self {
        Self { linear: FtrlSettings::default(), factors: 4, learning_rate: 0.5, l2: 0.0, seed: 0 }
    }
}

/// Logistic regression over slots, as [`Ftrl`] learns it, and over pairs of slots, each pair's weight a product of the factors that one has
/// for the other's field (Juan et al.: Field-aware factorization machines for CTR prediction, RecSys 2016), with `AdaGrad` steps. It takes
/// `8 * (1 + fields * factors)` bytes per slot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Ffm {
    settings: FfmSettings,
    linear: Ftrl,
    /// Per slot and field: the factors, then their sums of squared gradients.
    factors: Vec<f32>,
}

/// The most that the factors may take, in numbers of 4 bytes.
const LARGEST: usize = 1 << 32;

impl Ffm {
    /// A learner that knows nothing yet.
    ///
    /// # Errors
    /// A setting out of range; more factors than fit into 16 GiB.
    pub fn new(fields: Fields, settings: FfmSettings) -> Result<Self> {
        let wrong = |setting, value: String, expected| Err(TrainingError::Setting { setting, value, expected });
        if !(1..=64).contains(&settings.factors) {
            return wrong("factors", settings.factors.to_string(), "1 to 64");
        }
        if !(settings.learning_rate.is_finite() && settings.learning_rate > 0.0) {
            return wrong("learning_rate", settings.learning_rate.to_string(), "a finite number above 0");
        }
        if !(settings.l2.is_finite() && settings.l2 >= 0.0) {
            return wrong("l2", settings.l2.to_string(), "a finite number, not negative");
        }
        let size = fields.slots().saturating_mul(fields.names().len()).saturating_mul(2 * settings.factors);
        if size > LARGEST {
            return wrong("bits", size.ilog2().to_string(), "fewer bits or factors: slots * fields * factors are more than 16 GiB");
        }
        let linear = Ftrl::new(fields, settings.linear)?;
        Ok(Self { settings, linear, factors: first_factors(&settings, size) })
    }

    /// Where a slot's factors for a field begin.
    fn place(&self, slot: u32, field: usize) -> usize {
        (slot as usize * self.fields().names().len() + field) * 2 * self.settings.factors
    }

    /// Whether a row was hashed by such fields.
    fn knows(&self, slots: &[u32]) -> bool {
        slots.len() == self.fields().names().len() && slots.iter().all(|slot| (*slot as usize) < self.fields().slots())
    }

    /// What the pairs of a row add to its log odds: the sum of their products, over the number of fields so that its size is that of a weight.
    fn pairs(&self, slots: &[u32]) -> f32 {
        let factors = self.settings.factors;
        let mut pairs = 0.0_f32;
        for (field, slot) in slots.iter().enumerate() {
            for (other_field, other_slot) in slots.iter().enumerate().skip(field + 1) {
                let a = &self.factors[self.place(*slot, other_field)..][..factors];
                let b = &self.factors[self.place(*other_slot, field)..][..factors];
                pairs += a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
            }
        }
        pairs / slots.len() as f32
    }

    /// Moves the factors of a row by the gradient of its loss in the log odds.
    fn descend(&mut self, slots: &[u32], gradient: f32) {
        let (rate, l2) = (self.settings.learning_rate as f32, self.settings.l2 as f32);
        let step = |factor: &mut f32, squares: &mut f32, gradient: f32| {
            *squares += gradient * gradient;
            *factor -= rate * gradient / squares.sqrt();
        };
        let gradient = gradient / slots.len() as f32;
        let (factors, width) = (self.settings.factors, 2 * self.settings.factors);
        for (field, slot) in slots.iter().enumerate() {
            for (other_field, other_slot) in slots.iter().enumerate().skip(field + 1) {
                let one = self.place(*slot, other_field);
                let other = self.place(*other_slot, field);
                // The fields differ, so the places do, even if the slots are one.
                let (low, high) = self.factors.split_at_mut(one.max(other));
                let (a, b) = (&mut low[one.min(other)..][..width], &mut high[..width]);
                let ((a, a_squares), (b, b_squares)) = (a.split_at_mut(factors), b.split_at_mut(factors));
                for (((a, a_squares), b), b_squares) in a.iter_mut().zip(a_squares).zip(b).zip(b_squares) {
                    let (a_pull, b_pull) = (gradient * *b + l2 * *a, gradient * *a + l2 * *b);
                    step(a, a_squares, a_pull);
                    step(b, b_squares, b_pull);
                }
            }
        }
    }
}

/// Small factors of either sign, so that a pair that nobody has met says about nothing.
fn first_factors(settings: &FfmSettings, size: usize) -> Vec<f32> {
    let mut stream = Stream::new(settings.seed, Purpose::Weights, 0);
    let scale = 0.5 / (settings.factors as f64).sqrt();
    let mut factors = vec![0.0; size];
    for of_field in factors.chunks_exact_mut(2 * settings.factors) {
        let (values, squares) = of_field.split_at_mut(settings.factors);
        values.iter_mut().for_each(|value| *value = (scale * (stream.unit() - 0.5)) as f32);
        squares.fill(1.0);
    }
    factors
}

impl OnePass for Ffm {
    fn fields(&self) -> &Fields {
        self.linear.fields()
    }

    fn learn(&mut self, slots: &[u32], label: bool, weight: f64) -> f64 {
        let probability = self.probability(slots);
        if weight > 0.0 && weight < HEAVIEST && self.knows(slots) {
            let gradient = (weight * (probability - f64::from(u8::from(label)))) as f32;
            self.linear.descend(slots, gradient);
            self.descend(slots, gradient);
        }
        probability
    }

    fn probability(&self, slots: &[u32]) -> f64 {
        let pairs = if self.knows(slots) { self.pairs(slots) } else { 0.0 };
        logistic(self.linear.log_odds(slots) + f64::from(pairs))
    }
}

impl Predict for Ffm {
    fn predict(&self, frame: &Frame) -> Result<Vec<f64>> {
        one_pass::predict(self, frame)
    }
}

/// What is written: the factors of slots that learned something; the others are as the seed makes them.
#[derive(Serialize, Deserialize)]
struct Stored {
    settings: FfmSettings,
    linear: Ftrl,
    /// Per slot: its number, its factors and their sums of squares, the floats as their bits.
    #[serde(with = "packed")]
    factors: Vec<u32>,
}

impl From<Ffm> for Stored {
    fn from(model: Ffm) -> Self {
        let width = model.fields().names().len() * 2 * model.settings.factors;
        let learned = model.factors.chunks_exact(width).enumerate().filter(|(slot, _)| model.linear.has_learned(*slot));
        let factors = learned.flat_map(|(slot, of_slot)| std::iter::once(slot as u32).chain(of_slot.iter().map(|value| value.to_bits())));
        let factors = factors.collect();
        Self { settings: model.settings, linear: model.linear, factors }
    }
}

impl TryFrom<Stored> for Ffm {
    type Error = TrainingError;

    fn try_from(stored: Stored) -> Result<Self> {
        let mut model = Self::new(stored.linear.fields().clone(), stored.settings)?;
        let damaged = |problem: &str| TrainingError::DamagedModel { problem: problem.to_owned() };
        let width = model.fields().names().len() * 2 * model.settings.factors;
        model.linear = stored.linear;
        let slots = stored.factors.chunks_exact(width + 1);
        if !slots.remainder().is_empty() {
            return Err(damaged("factors that do not fill their last slot"));
        }
        for words in slots {
            let [slot, bits @ ..] = words else { continue };
            let of_slot =
                model.factors.chunks_exact_mut(width).nth(*slot as usize).ok_or_else(|| damaged("a factor beyond the last slot"))?;
            of_slot.iter_mut().zip(bits).for_each(|(factor, bits)| *factor = f32::from_bits(*bits));
            if !of_slot.iter().all(|value| value.is_finite()) {
                return Err(damaged("a factor that is no number"));
            }
        }
        Ok(model)
    }
}
