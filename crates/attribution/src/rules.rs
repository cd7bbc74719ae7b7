//! Rules (heuristics) that say how one conversion is shared out among the touches before it.

use crate::credit::{Credits, by_shares};
use crate::error::{AttributionError, Result};
use crate::journey::{Journeys, Tally};

/// How one conversion is shared out among the steps of its path.
///
/// Steps are channels or campaigns, by number; a rule that names some means these numbers.
#[derive(Debug, Clone, PartialEq)]
pub enum Rule {
    /// All to the first touch.
    First,
    /// All to the last touch.
    Last,
    /// All to the last touch whose channel is not one of `direct`; to the last touch where all are.
    LastNonDirect {
        /// Channels that tell nothing of what brought the user, such as a typed address.
        direct: Vec<u32>,
    },
    /// The same to every touch.
    Linear,
    /// `first` to the first touch, `last` to the last one, and the rest evenly to those between. With two touches the ends share it in
    /// proportion `first` to `last` (evenly where both are 0); one touch has all.
    PositionBased {
        /// The first touch's share, from 0 to 1.
        first: f64,
        /// The last touch's share, from 0 to 1; together at most 1.
        last: f64,
    },
    /// A touch weighs half as much as one that is `half_life` nearer to the conversion. Nearness is counted in the unit of the touches'
    /// ages (seconds) where they are known, else in steps.
    TimeDecay {
        /// Seconds, or steps where ages are not known; above 0.
        half_life: f64,
    },
    /// All to the step that stands first in `order`; to the last one where several are that same step, and to the last touch where none
    /// is in `order`.
    Priority {
        /// Channels or campaigns, the one to be preferred most first.
        order: Vec<u32>,
    },
    /// Weights by place: step `i` from the start weighs `first[i]`, step `j` from the end `last[j]`, both added where both are given,
    /// and `other` where neither is. Where all weights of a path are 0, its steps share evenly.
    ByPosition {
        /// Weights from the start on.
        first: Vec<f64>,
        /// Weights of steps that neither list reaches.
        other: f64,
        /// Weights from the end backwards.
        last: Vec<f64>,
    },
    /// Each touch weighs as its channel: `weights[channel]`, 0 beyond the list. Where all weights of a path are 0, its steps share evenly.
    ByChannel {
        /// Weights by channel number.
        weights: Vec<f64>,
    },
}

impl Rule {
    /// The customary U shape: 40 % to the first touch, 40 % to the last, 20 % to those between.
    pub const U_SHAPED: Self = Self::PositionBased { first: 0.4, last: 0.4 };

    /// Whether the settings make sense.
    ///
    /// # Errors
    /// Shares outside 0 to 1, a half-life that is not above 0, weights that are negative or not finite.
    pub fn check(&self) -> Result<()> {
        match self {
            Self::PositionBased { first, last } => {
                setting("the first touch's share", *first, (0.0..=1.0).contains(first), "a number from 0 to 1")?;
                let fits = *last >= 0.0 && first + last <= 1.0 + 1e-12;
                setting("the last touch's share", *last, fits, "a number from 0 to what the first touch leaves of 1")
            }
            Self::TimeDecay { half_life } => {
                setting("the half-life", *half_life, half_life.is_finite() && *half_life > 0.0, "a finite number above 0")
            }
            Self::ByPosition { first, other, last } => first.iter().chain([other]).chain(last).try_for_each(|weight| weighs(*weight)),
            Self::ByChannel { weights } => weights.iter().try_for_each(|weight| weighs(*weight)),
            Self::First | Self::Last | Self::LastNonDirect { .. } | Self::Linear | Self::Priority { .. } => Ok(()),
        }
    }

    /// The share of each step of one path; they sum to 1, and a path without steps has none. `ages` are how long before the conversion
    /// each touch was, in the unit of the half-life; only time decay asks for them, and counts steps without them.
    ///
    /// # Errors
    /// Settings that make no sense; as many ages as not steps; an age that is negative (a touch after its conversion) or not finite.
    pub fn shares(&self, steps: &[u32], ages: Option<&[f64]>) -> Result<Vec<f64>> {
        self.check()?;
        if let Some(ages) = ages {
            if ages.len() != steps.len() {
                return Err(AttributionError::Lengths { what: "the touches' ages", expected: steps.len(), found: ages.len() });
            }
            if let Some(row) = ages.iter().position(|age| !(age.is_finite() && *age >= 0.0)) {
                let (what, expected) = ("the age of a touch", "a finite number, not negative: leave out touches after the conversion");
                return Err(AttributionError::Value { what, row, value: ages[row], expected });
            }
        }
        let mut shares = Vec::new();
        self.write(steps, ages, &mut shares);
        Ok(shares)
    }

    /// Credit per channel over all journeys; time decay counts steps, as aggregated paths have no times.
    ///
    /// # Errors
    /// Settings that make no sense.
    pub fn credits(&self, journeys: &Journeys) -> Result<Credits> {
        self.check()?;
        self.tallied(journeys, journeys.tally())
    }

    pub(crate) fn tallied(&self, journeys: &Journeys, tally: Tally<'_>) -> Result<Credits> {
        by_shares(journeys, tally, |steps, shares| {
            self.write(steps, None, shares);
            Ok(())
        })
    }

    /// Writes the shares of a path with settings that were checked.
    fn write(&self, steps: &[u32], ages: Option<&[f64]>, shares: &mut Vec<f64>) {
        shares.clear();
        shares.resize(steps.len(), 0.0);
        let Some(end) = steps.len().checked_sub(1) else { return };
        match self {
            Self::First => shares[0] = 1.0,
            Self::Last => shares[end] = 1.0,
            Self::LastNonDirect { direct } => {
                shares[steps.iter().rposition(|step| !direct.contains(step)).unwrap_or(end)] = 1.0;
            }
            Self::Linear => normalise(shares),
            Self::PositionBased { first, last } => {
                if end >= 2 {
                    shares.fill((1.0 - first - last).max(0.0) / (end - 1) as f64);
                }
                shares[0] = *first;
                // A single touch is both ends at once.
                shares[end] = if end == 0 { first + last } else { *last };
                if end < 2 {
                    normalise(shares);
                }
            }
            Self::TimeDecay { half_life } => {
                let age = |step: usize| ages.map_or((end - step) as f64, |ages| ages[step]);
                // Only differences count; the nearest touch weighs 1, so that not all weights can vanish.
                let nearest = (0..=end).map(age).fold(f64::INFINITY, f64::min);
                shares.iter_mut().enumerate().for_each(|(step, share)| *share = (-(age(step) - nearest) / half_life).exp2());
                normalise(shares);
            }
            Self::Priority { order } => {
                let rank = |step: &u32| order.iter().position(|preferred| preferred == step).unwrap_or(order.len());
                let best =
                    steps.iter().map(rank).enumerate().fold((end, order.len()), |best, found| if found.1 <= best.1 { found } else { best });
                shares[best.0] = 1.0;
            }
            Self::ByPosition { first, other, last } => {
                for (step, share) in shares.iter_mut().enumerate() {
                    *share = match (first.get(step), last.get(end - step)) {
                        (None, None) => *other,
                        (from_start, from_end) => from_start.unwrap_or(&0.0) + from_end.unwrap_or(&0.0),
                    };
                }
                normalise(shares);
            }
            Self::ByChannel { weights } => {
                let weight = |step: &u32| weights.get(*step as usize).copied().unwrap_or(0.0);
                shares.iter_mut().zip(steps).for_each(|(share, step)| *share = weight(step));
                normalise(shares);
            }
        }
    }
}

/// Makes weights shares of 1; weights that are all 0 become equal shares.
pub(crate) fn normalise(weights: &mut [f64]) {
    // Scaled by the largest first, so that no sum overflows.
    let largest = weights.iter().copied().fold(0.0, f64::max);
    if largest > 0.0 {
        weights.iter_mut().for_each(|weight| *weight /= largest);
        let sum: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|weight| *weight /= sum);
    } else {
        let equal = 1.0 / weights.len() as f64;
        weights.fill(equal);
    }
}

/// Whether a weight can be one.
pub(crate) fn weighs(weight: f64) -> Result<()> {
    setting("a weight", weight, weight.is_finite() && weight >= 0.0, "a finite number, not negative")
}

fn setting(setting: &'static str, value: f64, fits: bool, expected: &'static str) -> Result<()> {
    if fits { Ok(()) } else { Err(AttributionError::Setting { setting, value: value.to_string(), expected }) }
}

#[cfg(test)]
mod tests;
