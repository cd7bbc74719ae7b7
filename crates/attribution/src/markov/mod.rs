//! Markov chains of journeys (Anderl, Becker, von Wangenheim, Schumann: Mapping the customer journey, 2016), by linear algebra.
//!
//! The states of order `k` are the runs of `k` touches in a row that occur in journeys; a journey with fewer touches is one state by
//! itself. A state that follows itself at once is one stay in it (for order 1: touches of one channel in a row count as one), which
//! changes no result, as a walk leaves a state all the same. Every journey begins at the start, and ends in conversion or null. Probabilities are shares of the journeys' counts. These are the
//! definitions of the R and Python package `ChannelAttribution`, which then simulates walks; here the chain is solved.
//!
//! A channel's removal effect is the part of conversions that is lost when every state with that channel ends in null: the share of
//! converting walks that meet the channel. For value each conversion from a state is worth the mean value of conversions from it.
//! Credit is in proportion to removal effects, over all conversions of journeys with a touch.

mod first_order;
mod higher_order;
mod matrix;

use crate::credit::Credits;
use crate::error::{AttributionError, Result};
use crate::journey::{Journeys, Tally};

use first_order::FirstOrder;
use higher_order::HigherOrder;

/// The highest order that can be asked for.
pub const HIGHEST_ORDER: usize = 4;

/// A chain and what it says of each channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Markov {
    /// How many touches in a row make a state.
    pub order: usize,
    /// States that occur, without start, conversion and null.
    pub states: usize,
    /// The probability that a walk from the start converts, as solved. It is the share of journeys that converted.
    pub conversion_rate: f64,
    /// The mean value of a walk from the start, in units.
    pub value_rate: f64,
    /// The part of conversions that would be lost without each channel, from 0 to 1.
    pub removal_effects: Vec<f64>,
    /// The part of value that would be lost without each channel, from 0 to 1.
    pub removal_effects_of_value: Vec<f64>,
    /// What each channel is given.
    pub credits: Credits,
}

/// What walks from the start bring, with all channels and with one channel less.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Solution {
    states: usize,
    rates: Rates,
    /// Without one channel, by its number: what is lost.
    lost: Vec<Rates>,
}

/// Conversions and value per walk.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Rates {
    conversions: f64,
    /// In billionths.
    value: f64,
}

/// A chain's shape, to be filled with counts of the same paths again and again.
#[derive(Debug)]
pub(crate) enum Chain {
    First(FirstOrder),
    Higher(HigherOrder),
}

impl Chain {
    pub(crate) fn new(journeys: &Journeys, order: usize) -> Result<Self> {
        match order {
            1 => Ok(Self::First(FirstOrder)),
            2..=HIGHEST_ORDER => Ok(Self::Higher(HigherOrder::new(journeys, order))),
            _ => Err(AttributionError::Setting { setting: "the order of a Markov chain", value: order.to_string(), expected: "1 to 4" }),
        }
    }

    /// Solves the chain for counts of each path.
    pub(crate) fn solve(&self, journeys: &Journeys, tally: Tally<'_>) -> Result<Markov> {
        let (order, solution) = match self {
            Self::First(chain) => (1, chain.solve(journeys, tally)?),
            Self::Higher(chain) => (chain.order(), chain.solve(journeys.channels(), tally)),
        };
        let Solution { states, rates, lost } = solution;
        let part = |lost: f64, all: f64| if all > 0.0 { (lost / all).clamp(0.0, 1.0) } else { 0.0 };
        let removal_effects: Vec<_> = lost.iter().map(|lost| part(lost.conversions, rates.conversions)).collect();
        let removal_effects_of_value: Vec<_> = lost.iter().map(|lost| part(lost.value, rates.value)).collect();
        let credits = Credits::in_proportion(&removal_effects, &removal_effects_of_value, journeys, tally);
        let (conversion_rate, value_rate) = (rates.conversions, rates.value / crate::journey::NANOS);
        Ok(Markov { order, states, conversion_rate, value_rate, removal_effects, removal_effects_of_value, credits })
    }
}

impl Markov {
    /// Solves the chain of an order from 1 to [`HIGHEST_ORDER`].
    ///
    /// # Errors
    /// Another order; no journeys at all.
    pub fn fit(journeys: &Journeys, order: usize) -> Result<Self> {
        let chain = Chain::new(journeys, order)?;
        let totals = journeys.totals();
        if totals.conversions + totals.nulls == 0.0 {
            return Err(AttributionError::Empty { what: "the set of journeys" });
        }
        chain.solve(journeys, journeys.tally())
    }
}

#[cfg(test)]
mod tests;
