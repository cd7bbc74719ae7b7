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
/// `8 * (1 + fields * factors)` bytes per slot, the number of factors rounded up to a multiple of 4.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Ffm {
    settings: FfmSettings,
    linear: Ftrl,
    /// Per slot and field as many blocks as hold the factors. Zeros until a row teaches the slot something: memory that nobody writes to is
    /// none.
    factors: Vec<Block>,
}

/// Some factors, then their sums of squared gradients: what a processor computes at once. A block that is not full ends with zeros, which
/// stay.
type Block = [f32; 2 * LANES];

const LANES: usize = 4;

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
        let blocks = fields.slots().saturating_mul(fields.names().len()).saturating_mul(settings.factors.div_ceil(LANES));
        let size = blocks.saturating_mul(2 * LANES);
        if size > LARGEST {
            return wrong("bits", size.ilog2().to_string(), "fewer bits or factors: slots * fields * factors are more than 16 GiB");
        }
        let linear = Ftrl::new(fields, settings.linear)?;
        Ok(Self { settings, linear, factors: vec![[0.0; 2 * LANES]; blocks] })
    }

    /// Blocks of a slot for one field.
    fn blocks(&self) -> usize {
        self.settings.factors.div_ceil(LANES)
    }

    /// Blocks of a slot for all fields.
    fn width(&self) -> usize {
        self.fields().names().len() * self.blocks()
    }

    /// Gives a slot that learns for the first time small factors of either sign, so that its pairs can begin to differ.
    fn begin(&mut self, slot: u32) {
        let (width, in_all) = (self.width(), self.settings.factors);
        let blocks = self.blocks();
        let of_slot = &mut self.factors[slot as usize * width..][..width];
        if has_begun(of_slot) {
            return;
        }
        let mut stream = Stream::new(self.settings.seed, Purpose::Weights, u64::from(slot));
        let scale = 0.5 / (in_all as f64).sqrt();
        for of_field in of_slot.chunks_exact_mut(blocks) {
            let mut left = in_all;
            for block in of_field {
                let (values, squares) = block.split_at_mut(LANES);
                values.iter_mut().take(left).for_each(|value| *value = (scale * (stream.unit() - 0.5)) as f32);
                squares.fill(1.0);
                left = left.saturating_sub(LANES);
            }
        }
    }

    /// Whether a row was hashed by such fields.
    fn knows(&self, slots: &[u32]) -> bool {
        slots.len() == self.fields().names().len() && slots.iter().all(|slot| (*slot as usize) < self.fields().slots())
    }

    /// What the pairs of a row add to its log odds: the sum of their products, over the number of fields so that its size is that of a weight.
    fn pairs(&self, slots: &[u32]) -> f32 {
        let (blocks, width) = (self.blocks(), self.width());
        let mut sums = [0.0_f32; LANES];
        for (field, slot) in slots.iter().enumerate() {
            let of_slot = &self.factors[*slot as usize * width..][..width];
            for (other_field, other_slot) in slots.iter().enumerate().skip(field + 1) {
                let one = &of_slot[other_field * blocks..][..blocks];
                let other = &self.factors[*other_slot as usize * width + field * blocks..][..blocks];
                for (a, b) in one.iter().zip(other) {
                    (0..LANES).for_each(|lane| sums[lane] += a[lane] * b[lane]);
                }
            }
        }
        sums.iter().sum::<f32>() / slots.len() as f32
    }

    /// Moves the factors of a row by the gradient of its loss in the log odds.
    fn descend(&mut self, slots: &[u32], gradient: f32) {
        slots.iter().for_each(|slot| self.begin(*slot));
        let step = Step { rate: self.settings.learning_rate as f32, l2: self.settings.l2 as f32, gradient: gradient / slots.len() as f32 };
        let (blocks, width) = (self.blocks(), self.width());
        for (field, slot) in slots.iter().enumerate() {
            for (other_field, other_slot) in slots.iter().enumerate().skip(field + 1) {
                let one = *slot as usize * width + other_field * blocks;
                let other = *other_slot as usize * width + field * blocks;
                // The fields differ, so the places do, even if the slots are one.
                let (low, high) = self.factors.split_at_mut(one.max(other));
                for (a, b) in low[one.min(other)..][..blocks].iter_mut().zip(&mut high[..blocks]) {
                    step.take(a, b);
                }
            }
        }
    }
}

/// How the factors of a row move.
struct Step {
    rate: f32,
    l2: f32,
    gradient: f32,
}

impl Step {
    /// Moves the factors of a pair, each by those of the other. By itself, so that the lanes of a block and not those of several are
    /// computed at once: mostly there is one.
    #[inline(never)]
    fn take(&self, a: &mut Block, b: &mut Block) {
        for lane in 0..LANES {
            let (a_value, b_value) = (a[lane], b[lane]);
            let (a_pull, b_pull) = (self.gradient * b_value + self.l2 * a_value, self.gradient * a_value + self.l2 * b_value);
            let (a_squares, b_squares) = (a[LANES + lane] + a_pull * a_pull, b[LANES + lane] + b_pull * b_pull);
            (a[lane], a[LANES + lane]) = (a_value - self.rate * a_pull / a_squares.sqrt(), a_squares);
            (b[lane], b[LANES + lane]) = (b_value - self.rate * b_pull / b_squares.sqrt(), b_squares);
        }
    }
}

/// Whether a slot has learned: sums of squares begin with 1.
fn has_begun(of_slot: &[Block]) -> bool {
    of_slot.first().is_some_and(|block| block[LANES] > 0.0)
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

/// What is written: the factors of slots that learned something.
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
        let learned = model.factors.chunks_exact(model.width()).enumerate().filter(|(_, of_slot)| has_begun(of_slot));
        let words = |of_slot: &[Block]| of_slot.as_flattened().iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        let factors = learned.flat_map(|(slot, of_slot)| std::iter::once(slot as u32).chain(words(of_slot))).collect();
        Self { settings: model.settings, linear: model.linear, factors }
    }
}

impl TryFrom<Stored> for Ffm {
    type Error = TrainingError;

    fn try_from(stored: Stored) -> Result<Self> {
        let mut model = Self::new(stored.linear.fields().clone(), stored.settings)?;
        let damaged = |problem: &str| TrainingError::DamagedModel { problem: problem.to_owned() };
        let width = model.width();
        model.linear = stored.linear;
        let slots = stored.factors.chunks_exact(width * 2 * LANES + 1);
        if !slots.remainder().is_empty() {
            return Err(damaged("factors that do not fill their last slot"));
        }
        for words in slots {
            let [slot, bits @ ..] = words else { continue };
            let of_slot =
                model.factors.chunks_exact_mut(width).nth(*slot as usize).ok_or_else(|| damaged("a factor beyond the last slot"))?;
            of_slot.as_flattened_mut().iter_mut().zip(bits).for_each(|(factor, bits)| *factor = f32::from_bits(*bits));
            if !of_slot.as_flattened().iter().all(|value| value.is_finite()) {
                return Err(damaged("a factor that is no number"));
            }
        }
        Ok(model)
    }
}
