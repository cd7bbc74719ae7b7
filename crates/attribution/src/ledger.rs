//! The credit ledger: shares as whole millionths of a conversion that sum to the unit.

mod conversion;

use crate::credit::{Credits, by_shares};
use crate::error::{AttributionError, Result};
use crate::journey::{Journeys, Tally};
use crate::rules::{normalise, weighs};

pub use conversion::{LedgerSettings, LedgerTouch, MODELS, conversion_credits};

/// Micro-credits of one conversion that is attributed in full.
pub const WHOLE_CONVERSION: u64 = 1_000_000;

/// The most that can be shared out at once.
const MOST: u64 = 1 << 63;

/// Shares are looked at in steps of 2^-44: coarser than rounding errors, so that equal shares are ties however they were computed.
const STEPS_OF_ONE: f64 = (1_u64 << 44) as f64;

/// Shares out `total` whole units in proportion to weights, by largest remainder; of equal remainders the earlier step goes first. The
/// units sum to `total`.
///
/// Micro-credits of a conversion: `total` is [`WHOLE_CONVERSION`], or less where part of it would have come anyway. Value: `total` is the
/// conversion's value in its smallest unit. Weights that are all 0 share evenly; without weights there is nobody to give to.
///
/// # Errors
/// A weight that is negative or not finite; a total above 2^63.
pub fn whole_units(weights: &[f64], total: u64) -> Result<Vec<u64>> {
    weights.iter().try_for_each(|weight| weighs(*weight))?;
    if total > MOST {
        let (what, remedy) = ("the total to share out", "share out in larger units");
        return Err(AttributionError::TooMany { what, found: total, limit: MOST, remedy });
    }
    let mut shares = weights.to_vec();
    normalise(&mut shares);
    let shares: Vec<_> = shares.iter().map(|share| (share * STEPS_OF_ONE).round() as u128).collect();
    // More than 2^44 equal steps would all round to 0.
    let sum = shares.iter().sum::<u128>().max(1);
    let mut units: Vec<_> = shares.iter().map(|share| (share * u128::from(total) / sum) as u64).collect();
    let mut order: Vec<_> = (0..shares.len()).collect();
    order.sort_by_key(|step| std::cmp::Reverse(shares[*step] * u128::from(total) % sum));
    let left = total.saturating_sub(units.iter().sum());
    order.iter().take(left as usize).for_each(|step| units[*step] += 1);
    Ok(units)
}

/// The shares that a model with one weight per channel (a removal effect, a Shapley value) gives the steps of one journey: each channel
/// in it has its weight's part of the weights of all channels in it, split evenly over that channel's touches. They sum to 1.
///
/// A channel's number beyond `weights` weighs 0, and so does a negative weight, which a Shapley value of rates may be. Where no channel
/// of the journey weighs anything, each channel in it has the same part. Equal weights give each journey's own Shapley value where the
/// worth of a set of channels is the conversions of journeys within it.
///
/// Sums of such shares are not the credit that the model itself gives, and no shares of journeys can always be: a Markov chain may give a
/// channel less than the conversions of journeys that met no other.
///
/// # Errors
/// A weight that is not finite.
pub fn journey_shares(steps: &[u32], weights: &[f64]) -> Result<Vec<f64>> {
    if let Some(row) = weights.iter().position(|weight| !weight.is_finite()) {
        return Err(AttributionError::Value { what: "a channel's weight", row, value: weights[row], expected: "a finite number" });
    }
    let mut shares = Vec::new();
    write_journey_shares(steps, weights, &mut shares);
    Ok(shares)
}

/// Credit per channel as the sum of such shares over all journeys.
///
/// # Errors
/// A weight that is not finite.
pub fn journey_credits(journeys: &Journeys, weights: &[f64]) -> Result<Credits> {
    journey_shares(&[], weights)?;
    tallied(journeys, journeys.tally(), weights)
}

/// The same for other counts of the paths, and weights that are finite.
pub(crate) fn tallied(journeys: &Journeys, tally: Tally<'_>, weights: &[f64]) -> Result<Credits> {
    by_shares(journeys, tally, |steps, shares| {
        write_journey_shares(steps, weights, shares);
        Ok(())
    })
}

/// Writes what [`journey_shares`] gives for weights that are finite.
fn write_journey_shares(steps: &[u32], weights: &[f64], shares: &mut Vec<f64>) {
    let mut sorted = steps.to_vec();
    sorted.sort_unstable();
    let touches = |channel: u32| sorted.partition_point(|step| *step <= channel) - sorted.partition_point(|step| *step < channel);
    let weight = |channel: u32| weights.get(channel as usize).map_or(0.0, |weight| weight.max(0.0));
    let weightless = sorted.iter().all(|channel| weight(*channel) == 0.0);
    let share = |step: &u32| if weightless { 1.0 } else { weight(*step) } / touches(*step) as f64;
    shares.clear();
    shares.extend(steps.iter().map(share));
    normalise(shares);
}

#[cfg(test)]
mod tests;
