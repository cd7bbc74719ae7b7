//! How sure credit is: the bootstrap over journeys (Efron, 1979), for every model.

use rand_distr::{Binomial, Distribution, Poisson};
use rand_pcg::Pcg64Mcg;
use rayon::prelude::*;

use crate::credit::Credits;
use crate::error::Result;
use crate::interval::{Confidence, Estimate};
use crate::journey::{Journeys, Tally};
use crate::markov::Chain;
use crate::random::{Purpose, generator};
use crate::rules::Rule;
use crate::shapley::{Sampling, Shapley, Worth};

/// What shares out conversions.
#[derive(Debug, Clone, PartialEq)]
pub enum Model {
    /// A rule.
    Rule(Rule),
    /// A Markov chain of this order.
    Markov(usize),
    /// Shapley values.
    Shapley(Worth, Sampling),
}

/// How journeys are drawn anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Resampling {
    /// Each journey a Poisson number of times with mean 1: the number of journeys is as uncertain as they are.
    #[default]
    Poisson,
    /// As many journeys as there are, from all of them: their number is known.
    Multinomial,
}

/// A channel's credit with its intervals.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CreditEstimate {
    /// Conversions.
    pub conversions: Estimate,
    /// Value, in units.
    pub value: Estimate,
    /// The part of all credited conversions, from 0 to 1.
    pub share: Estimate,
}

/// A model that is ready for counts of the same paths again and again.
enum Ready<'a> {
    Rule(&'a Rule),
    Markov(Chain),
    Shapley(Worth, Sampling),
}

impl Ready<'_> {
    fn credits(&self, journeys: &Journeys, tally: Tally<'_>) -> Result<Credits> {
        match self {
            Self::Rule(rule) => rule.tallied(journeys, tally),
            Self::Markov(chain) => Ok(chain.solve(journeys, tally)?.credits),
            Self::Shapley(worth, sampling) => Ok(Shapley::tallied(journeys, tally, *worth, sampling)?.credits),
        }
    }
}

impl Model {
    /// Credit per channel.
    ///
    /// # Errors
    /// As the model's own; journeys may be without any count, and nobody has credit then.
    pub fn credits(&self, journeys: &Journeys) -> Result<Credits> {
        self.ready(journeys)?.credits(journeys, journeys.tally())
    }

    /// Credit per channel with percentile intervals. Each replicate draws the journeys anew and computes the whole model again.
    ///
    /// Journeys count as independent. A path's conversions are drawn with their mean value, as what each of several was worth is not known
    /// once they are added up.
    ///
    /// # Errors
    /// As the model's own; a confidence out of range.
    pub fn intervals(&self, journeys: &Journeys, resampling: Resampling, confidence: &Confidence) -> Result<Vec<CreditEstimate>> {
        confidence.check()?;
        let ready = self.ready(journeys)?;
        let credits = ready.credits(journeys, journeys.tally())?;
        let replicate = |number: usize| {
            let random = generator(confidence.seed, Purpose::Bootstrap, number as u64);
            let drawn = Drawn::new(journeys.tally(), resampling, random);
            ready.credits(journeys, drawn.tally())
        };
        let replicates: Vec<_> = (0..confidence.replicates).into_par_iter().map(replicate).collect::<Result<_>>()?;
        let estimate = |of: &dyn Fn(&Credits) -> f64| confidence.estimate(of(&credits), replicates.iter().map(of).collect());
        let channel = |channel: usize| CreditEstimate {
            conversions: estimate(&|credits| credits.conversions[channel]),
            value: estimate(&|credits| credits.value[channel]),
            share: estimate(&|credits| share(&credits.conversions, channel)),
        };
        Ok((0..journeys.channels()).map(channel).collect())
    }

    fn ready(&self, journeys: &Journeys) -> Result<Ready<'_>> {
        match self {
            Self::Rule(rule) => {
                rule.check()?;
                Ok(Ready::Rule(rule))
            }
            Self::Markov(order) => Ok(Ready::Markov(Chain::new(journeys, *order)?)),
            Self::Shapley(worth, sampling) => {
                sampling.check()?;
                Ok(Ready::Shapley(*worth, *sampling))
            }
        }
    }
}

fn share(credits: &[f64], channel: usize) -> f64 {
    let sum: f64 = credits.iter().sum();
    if sum == 0.0 { 0.0 } else { credits[channel] / sum }
}

/// Counts of each path in one replicate.
struct Drawn {
    conversions: Vec<u64>,
    value: Vec<u128>,
    nulls: Vec<u64>,
}

impl Drawn {
    fn new(tally: Tally<'_>, resampling: Resampling, random: Pcg64Mcg) -> Self {
        let cells = tally.conversions.iter().chain(tally.nulls);
        let mut drawn: Vec<_> = match resampling {
            Resampling::Poisson => poisson(cells, random),
            Resampling::Multinomial => multinomial(cells, random),
        };
        let nulls = drawn.split_off(tally.conversions.len());
        // Conversions of one path are worth their mean each; a drawn path has the nearest whole number of billionths.
        let worth = |((drawn, conversions), value): ((&u64, &u64), &u128)| match *conversions {
            0 => 0,
            conversions => (*value as f64 * (*drawn as f64 / conversions as f64)).round() as u128,
        };
        let value = drawn.iter().zip(tally.conversions).zip(tally.value).map(worth).collect();
        Self { conversions: drawn, value, nulls }
    }

    fn tally(&self) -> Tally<'_> {
        Tally { conversions: &self.conversions, value: &self.value, nulls: &self.nulls }
    }
}

/// A sum of `count` Poisson numbers with mean 1 is one with mean `count`.
fn poisson<'a>(cells: impl Iterator<Item = &'a u64>, mut random: Pcg64Mcg) -> Vec<u64> {
    let draw = |count: &u64| Poisson::new(*count as f64).map_or(0, |law| law.sample(&mut random) as u64);
    cells.map(draw).collect()
}

/// Each cell takes its part of the draws that the cells before it left.
fn multinomial<'a>(cells: impl Iterator<Item = &'a u64> + Clone, mut random: Pcg64Mcg) -> Vec<u64> {
    let mut rest: u64 = cells.clone().sum();
    let mut draws = rest;
    let draw = |count: &u64| {
        let chance = if rest == 0 { 0.0 } else { *count as f64 / rest as f64 };
        let drawn = Binomial::new(draws, chance).map_or(0, |law| law.sample(&mut random));
        rest -= count;
        draws -= drawn;
        drawn
    };
    cells.map(draw).collect()
}

#[cfg(test)]
mod tests;
