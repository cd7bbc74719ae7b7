//! Credit per channel, and sums of shares in which no order shows.

use rayon::prelude::*;

use crate::error::Result;
use crate::journey::{Journeys, NANOS, Tally};

/// What each channel is given, by its number.
#[derive(Debug, Clone, PartialEq)]
pub struct Credits {
    /// Conversions.
    pub conversions: Vec<f64>,
    /// Value, in units.
    pub value: Vec<f64>,
}

impl Credits {
    /// Shares out what journeys with a touch brought, in proportion to weights. Weights that are all 0 give nobody anything.
    pub(crate) fn in_proportion(conversions: &[f64], value: &[f64], journeys: &Journeys, tally: Tally<'_>) -> Self {
        let totals = crate::journey::totals(journeys.paths(), tally);
        let share = |weights: &[f64], total: f64| {
            let sum: f64 = weights.iter().sum();
            weights.iter().map(|weight| if sum == 0.0 { 0.0 } else { weight / sum * total }).collect()
        };
        Self {
            conversions: share(conversions, totals.conversions - totals.untouched_conversions),
            value: share(value, totals.value - totals.untouched_value),
        }
    }
}

/// One share of 1 in the fixed-point numbers that shares are added up in: they are then exact to 2^-48, and the same in any order.
const WHOLE: f64 = (1_u64 << 48) as f64;

/// Paths that one thread takes at a time.
const BLOCK: usize = 4096;

/// Adds up each path's conversions and value by the shares of its steps. `shares` writes one share per step; they sum to 1.
pub(crate) fn by_shares(
    journeys: &Journeys,
    tally: Tally<'_>,
    shares: impl Fn(&[u32], &mut Vec<f64>) -> Result<()> + Sync,
) -> Result<Credits> {
    let (paths, channels) = (journeys.paths(), journeys.channels());
    let block = |block: usize| {
        let mut sums = vec![(0_u128, 0_u128); channels];
        let mut own = Vec::new();
        for path in block * BLOCK..((block + 1) * BLOCK).min(paths.len()) {
            let (steps, conversions) = (paths.get(path), tally.conversions[path]);
            if conversions == 0 || steps.is_empty() {
                continue;
            }
            shares(steps, &mut own)?;
            for (step, share) in steps.iter().zip(&own) {
                let share = u128::from((share * WHOLE).round() as u64);
                let sum = &mut sums[*step as usize];
                sum.0 += share * u128::from(conversions);
                sum.1 = sum.1.saturating_add(share.saturating_mul(tally.value[path]));
            }
        }
        Ok(sums)
    };
    let added = |mut left: Vec<(u128, u128)>, right: Vec<(u128, u128)>| {
        left.iter_mut().zip(right).for_each(|(left, right)| *left = (left.0 + right.0, left.1.saturating_add(right.1)));
        left
    };
    let zeros = || vec![(0, 0); channels];
    let sums = (0..paths.len().div_ceil(BLOCK)).into_par_iter().map(block).try_reduce(zeros, |left, right| Ok(added(left, right)))?;
    Ok(Credits {
        conversions: sums.iter().map(|sum| sum.0 as f64 / WHOLE).collect(),
        value: sums.iter().map(|sum| sum.1 as f64 / WHOLE / NANOS).collect(),
    })
}
