//! Shapley values of channels: what each adds on average to the channels that came before it, over all orders of them (Shapley, 1953).
//!
//! What a set of channels is worth can be counted in two ways ([`Worth`]). Both look at journeys whose channels all lie in the set: these
//! are the ones that would be left if there were no other channel. Journeys without a touch are in no set, and the empty set is worth
//! nothing.

mod exact;
mod sampled;
mod sets;

use crate::credit::Credits;
use crate::error::{AttributionError, Result};
use crate::journey::{Journeys, Tally};

use sets::Sets;

/// The most channels with a touch for which [`Worth::Rate`] is computed over all sets.
pub const MOST_EXACT: usize = 20;

/// What a set of channels is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Worth {
    /// Conversions (and their value) of journeys within the set. Worth then adds up over journeys, so each conversion is shared out evenly
    /// among the distinct channels of its journey, which is exact for any number of channels.
    #[default]
    Conversions,
    /// Conversions (and value) per journey within the set, 0 where there is none. A channel of journeys that rarely convert lowers the
    /// rate, and its credit may be below 0.
    Rate,
}

/// How to average where there are too many channels for all sets of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sampling {
    /// Orders drawn, each with its reverse beside it; at least 2.
    pub pairs: usize,
    /// Where the random numbers begin.
    pub seed: u64,
    /// The probability with which all channels' values lie within their bounds at once, above 0 and below 1.
    pub level: f64,
}

impl Default for Sampling {
    fn default() -> Self {
        Self { pairs: 2000, seed: 0, level: 0.95 }
    }
}

/// Shapley values, by channel number.
#[derive(Debug, Clone, PartialEq)]
pub struct Shapley {
    /// What each channel adds to conversions (or to their rate). Together: the conversions of all journeys with a touch (or the rate of these).
    pub values: Vec<f64>,
    /// What each adds to value, in units (or units per journey).
    pub values_of_value: Vec<f64>,
    /// How far the sampled `values` may be off, each to either side; 0 where nothing was sampled.
    pub bounds: Vec<f64>,
    /// The same for `values_of_value`.
    pub bounds_of_value: Vec<f64>,
    /// Conversions and value of journeys with a touch, in proportion to the values.
    pub credits: Credits,
}

/// Conversions and value, of a set or of a channel.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Pair {
    conversions: f64,
    /// In billionths.
    value: f64,
}

impl Shapley {
    /// Computes them: [`Worth::Conversions`] exactly, [`Worth::Rate`] exactly for up to [`MOST_EXACT`] channels with a touch, and by
    /// sampled orders for more.
    ///
    /// # Errors
    /// No journeys at all; sampling settings out of range.
    pub fn fit(journeys: &Journeys, worth: Worth, sampling: &Sampling) -> Result<Self> {
        sampling.check()?;
        let totals = journeys.totals();
        if totals.conversions + totals.nulls == 0.0 {
            return Err(AttributionError::Empty { what: "the set of journeys" });
        }
        Self::tallied(journeys, journeys.tally(), worth, sampling)
    }

    pub(crate) fn tallied(journeys: &Journeys, tally: Tally<'_>, worth: Worth, sampling: &Sampling) -> Result<Self> {
        let channels = journeys.channels();
        if worth == Worth::Conversions {
            let credits = crate::ledger::tallied(journeys, tally, &[])?;
            let (values, values_of_value) = (credits.conversions.clone(), credits.value.clone());
            let none = vec![0.0; channels];
            return Ok(Self { values, values_of_value, bounds: none.clone(), bounds_of_value: none, credits });
        }
        let sets = Sets::new(journeys, tally);
        let (own, bounds) = if sets.players.len() <= MOST_EXACT {
            (exact::values(&sets), vec![Pair::default(); sets.players.len()])
        } else {
            sampled::values(&sets, sampling)
        };
        let spread = |own: &[Pair], part: fn(&Pair) -> f64| {
            let mut all = vec![0.0; channels];
            sets.players.iter().zip(own).for_each(|(player, own)| all[*player as usize] = part(own));
            all
        };
        let conversions = |pair: &Pair| pair.conversions;
        let value = |pair: &Pair| pair.value / crate::journey::NANOS;
        let (values, values_of_value) = (spread(&own, conversions), spread(&own, value));
        let credits = Credits::in_proportion(&values, &values_of_value, journeys, tally);
        Ok(Self { values, values_of_value, bounds: spread(&bounds, conversions), bounds_of_value: spread(&bounds, value), credits })
    }
}

impl Sampling {
    pub(crate) fn check(&self) -> Result<()> {
        if !(self.level > 0.0 && self.level < 1.0) {
            let expected = "above 0 and below 1";
            return Err(AttributionError::Setting { setting: "level", value: self.level.to_string(), expected });
        }
        if self.pairs < 2 {
            return Err(AttributionError::Setting { setting: "pairs of orders", value: self.pairs.to_string(), expected: "at least 2" });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
