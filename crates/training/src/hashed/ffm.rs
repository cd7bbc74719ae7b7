//! The field-aware factorisation machine.

use serde::{Deserialize, Serialize};

use super::fields::Fields;
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
    /// Numbers by which a slot is described to each other field, 1 to 64.
    pub factors: usize,
    /// Learning rate, above 0.
    pub learning_rate: f64,
    /// Draws what a row touches towards 0; not negative.
    pub l2: f64,
    /// Where the random numbers begin.
    pub seed: u64,
}

impl Default for FfmSettings {
    fn default() -> Self {
        Self { factors: 4, learning_rate: 0.2, l2: 2e-5, seed: 0 }
    }
}

/// Logistic regression over slots and over pairs of slots, each pair's weight a product of the factors that one has for the other's field
/// (Juan et al.: Field-aware factorization machines for CTR prediction, RecSys 2016), with `AdaGrad` steps. It takes
/// `8 * (1 + fields * factors)` bytes per slot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Ffm {
    fields: Fields,
    settings: FfmSettings,
    /// Weight and sum of squared gradients.
    intercept: [f32; 2],
    /// The same per slot.
    linear: Vec<[f32; 2]>,
    /// Per slot and field: the factors, then their sums of squared gradients.
    latent: Vec<f32>,
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
        let mut stream = Stream::new(settings.seed, Purpose::Weights, 0);
        let scale = 0.5 / (settings.factors as f64).sqrt();
        let mut latent = vec![0.0; size];
        for factors in latent.chunks_exact_mut(2 * settings.factors) {
            let (values, squares) = factors.split_at_mut(settings.factors);
            values.iter_mut().for_each(|value| *value = (scale * stream.unit()) as f32);
            squares.fill(1.0);
        }
        let linear = vec![[0.0, 1.0]; fields.slots()];
        Ok(Self { fields, settings, intercept: [0.0, 1.0], linear, latent })
    }

    /// Where a slot's factors for a field begin.
    fn place(&self, slot: u32, field: usize) -> usize {
        (slot as usize * self.fields.names().len() + field) * 2 * self.settings.factors
    }

    /// Whether a row was hashed by such fields.
    fn knows(&self, slots: &[u32]) -> bool {
        slots.len() == self.fields.names().len() && slots.iter().all(|slot| (*slot as usize) < self.linear.len())
    }
}

impl OnePass for Ffm {
    fn fields(&self) -> &Fields {
        &self.fields
    }

    fn learn(&mut self, slots: &[u32], label: bool, weight: f64) -> f64 {
        let probability = self.probability(slots);
        if !(weight > 0.0 && weight < HEAVIEST && self.knows(slots)) {
            return probability;
        }
        let gradient = (weight * (probability - f64::from(u8::from(label)))) as f32;
        let (rate, l2) = (self.settings.learning_rate as f32, self.settings.l2 as f32);
        let step = |weight: &mut f32, squares: &mut f32, gradient: f32| {
            *squares += gradient * gradient;
            *weight -= rate * gradient / squares.sqrt();
        };
        let [weight, squares] = &mut self.intercept;
        step(weight, squares, gradient);
        let share = 1.0 / slots.len() as f32;
        for slot in slots {
            let [weight, squares] = &mut self.linear[*slot as usize];
            let pull = gradient + l2 * *weight;
            step(weight, squares, pull);
        }
        let (factors, width) = (self.settings.factors, 2 * self.settings.factors);
        for (field, slot) in slots.iter().enumerate() {
            for (other_field, other_slot) in slots.iter().enumerate().skip(field + 1) {
                let one = self.place(*slot, other_field);
                let other = self.place(*other_slot, field);
                // The fields differ, so the places do, even if the slots are one.
                let (low, high) = self.latent.split_at_mut(one.max(other));
                let (a, b) = (&mut low[one.min(other)..][..width], &mut high[..width]);
                let ((a, a_squares), (b, b_squares)) = (a.split_at_mut(factors), b.split_at_mut(factors));
                for (((a, a_squares), b), b_squares) in a.iter_mut().zip(a_squares).zip(b).zip(b_squares) {
                    let (a_pull, b_pull) = (gradient * share * *b + l2 * *a, gradient * share * *a + l2 * *b);
                    step(a, a_squares, a_pull);
                    step(b, b_squares, b_pull);
                }
            }
        }
        probability
    }

    fn probability(&self, slots: &[u32]) -> f64 {
        if !self.knows(slots) {
            return logistic(f64::from(self.intercept[0]));
        }
        let factors = self.settings.factors;
        let linear: f32 = slots.iter().map(|slot| self.linear[*slot as usize][0]).sum();
        let mut pairs = 0.0_f32;
        for (field, slot) in slots.iter().enumerate() {
            for (other_field, other_slot) in slots.iter().enumerate().skip(field + 1) {
                let a = &self.latent[self.place(*slot, other_field)..][..factors];
                let b = &self.latent[self.place(*other_slot, field)..][..factors];
                pairs += a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
            }
        }
        logistic(f64::from(self.intercept[0]) + f64::from(linear) + f64::from(pairs / slots.len() as f32))
    }
}

impl Predict for Ffm {
    fn predict(&self, frame: &Frame) -> Result<Vec<f64>> {
        one_pass::predict(self, frame)
    }
}

/// What is written: slots that learned something; the others are as the seed makes them.
#[derive(Serialize, Deserialize)]
struct Stored {
    fields: Fields,
    settings: FfmSettings,
    intercept: [f32; 2],
    /// Per slot: its number, its linear weight with its sum of squares, and its factors with theirs; the floats as their bits.
    #[serde(with = "packed")]
    weights: Vec<u32>,
}

impl From<Ffm> for Stored {
    fn from(model: Ffm) -> Self {
        let width = model.fields.names().len() * 2 * model.settings.factors;
        let learned = model.linear.iter().zip(model.latent.chunks_exact(width)).zip(0..);
        let learned = learned.filter(|((linear, _), _)| linear[1] != 1.0);
        let weights = learned
            .flat_map(|((linear, latent), slot)| std::iter::once(slot).chain(linear.iter().chain(latent).map(|value| value.to_bits())));
        let weights = weights.collect();
        Self { fields: model.fields, settings: model.settings, intercept: model.intercept, weights }
    }
}

impl TryFrom<Stored> for Ffm {
    type Error = TrainingError;

    fn try_from(stored: Stored) -> Result<Self> {
        let mut model = Self::new(stored.fields, stored.settings)?;
        model.intercept = stored.intercept;
        let damaged = |problem: &str| TrainingError::DamagedModel { problem: problem.to_owned() };
        let width = model.fields.names().len() * 2 * model.settings.factors;
        let slots = stored.weights.chunks_exact(width + 3);
        if !slots.remainder().is_empty() {
            return Err(damaged("factors that do not fill their last slot"));
        }
        for words in slots {
            let [slot, weight, squares, latent @ ..] = words else { continue };
            let place = *slot as usize;
            let linear = model.linear.get_mut(place).ok_or_else(|| damaged("a factor beyond the last slot"))?;
            *linear = [f32::from_bits(*weight), f32::from_bits(*squares)];
            let factors = &mut model.latent[place * width..][..width];
            factors.iter_mut().zip(latent).for_each(|(factor, bits)| *factor = f32::from_bits(*bits));
            if !linear.iter().chain(factors.iter()).all(|value| value.is_finite()) {
                return Err(damaged("a factor that is no number"));
            }
        }
        Ok(model)
    }
}
