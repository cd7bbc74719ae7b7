//! Numbers with their intervals.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal};

use super::Scores;
use crate::error::{Result, TrainingError};
use crate::random::{Purpose, Stream};

/// A measured number and where the true one lies with the asked confidence.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The number.
    pub value: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end of the interval.
    pub high: f64,
}

impl Estimate {
    /// Whether the interval holds a value.
    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// An interval of `value` plus or minus `margin`, cut to a range.
    pub(crate) fn around(value: f64, margin: f64, range: (f64, f64)) -> Self {
        Self { value, low: (value - margin).max(range.0), high: (value + margin).min(range.1) }
    }
}

/// How sure intervals are to be, and how bootstrap intervals are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Confidence {
    /// The share of intervals that hold the true value, above 0 and below 1.
    pub level: f64,
    /// How many bootstrap samples are drawn, at least 20.
    pub replicates: usize,
    /// Where the random numbers begin.
    pub seed: u64,
}

impl Default for Confidence {
    fn default() -> Self {
        Self { level: 0.95, replicates: 200, seed: 0 }
    }
}

impl Confidence {
    pub(crate) fn check(&self) -> Result<()> {
        if !(self.level > 0.0 && self.level < 1.0) {
            let expected = "above 0 and below 1";
            return Err(TrainingError::Setting { setting: "level", value: self.level.to_string(), expected });
        }
        if self.replicates < 20 {
            return Err(TrainingError::Setting { setting: "replicates", value: self.replicates.to_string(), expected: "at least 20" });
        }
        Ok(())
    }

    /// How many standard errors reach to either end: 1.96 for 0.95.
    pub(crate) fn z(&self) -> f64 {
        Normal::standard().inverse_cdf(0.5 + self.level / 2.0)
    }

    /// Wilson's interval for a share (1927) of `effective` independent rows.
    pub(crate) fn share(&self, value: f64, effective: f64) -> Estimate {
        let z2 = self.z().powi(2);
        let middle = (value + z2 / (2.0 * effective)) / (1.0 + z2 / effective);
        let margin = self.z() / (1.0 + z2 / effective) * (value * (1.0 - value) / effective + z2 / (4.0 * effective.powi(2))).sqrt();
        Estimate { value, low: (middle - margin).max(0.0).min(value), high: (middle + margin).min(1.0).max(value) }
    }

    /// A statistic on bootstrap samples, sorted. Each sample weighs every row by a Poisson(1) number of draws, which for many
    /// rows is the ordinary bootstrap and needs no second pass. Samples on which the statistic has no value are left out.
    pub(super) fn replicates(&self, scores: &Scores<'_>, statistic: impl Fn(&[f64]) -> Option<f64> + Sync) -> Vec<f64> {
        let replicate = |number: usize| {
            let mut stream = Stream::new(self.seed, Purpose::Interval, number as u64);
            let weights: Vec<_> = (0..scores.rows()).map(|row| scores.weight(row) * poisson(&mut stream)).collect();
            statistic(&weights).filter(|value| value.is_finite())
        };
        let mut values: Vec<_> = (0..self.replicates).into_par_iter().filter_map(replicate).collect();
        values.sort_unstable_by(f64::total_cmp);
        values
    }

    /// The values between which the asked share of sorted replicates lies; `None` without any.
    pub(super) fn quantiles(&self, sorted: &[f64]) -> Option<(f64, f64)> {
        let at = |share: f64| {
            let place = share * (sorted.len().saturating_sub(1)) as f64;
            let (below, above) = (sorted.get(place.floor() as usize)?, sorted.get(place.ceil() as usize)?);
            Some(below + (above - below) * place.fract())
        };
        Some((at((1.0 - self.level) / 2.0)?, at((1.0 + self.level) / 2.0)?))
    }
}

/// How often a row is drawn when the mean is 1.
pub(super) fn poisson(stream: &mut Stream) -> f64 {
    // Chances of at most 0, 1, 2, … draws: 1/e times the sums of 1/k!.
    let mut rest = stream.unit() * std::f64::consts::E;
    let (mut count, mut term) = (0.0, 1.0);
    while rest >= term && term > 1e-18 {
        rest -= term;
        count += 1.0;
        term /= count;
    }
    count
}

/// The standard error of a sum of independent terms, each the influence of one row on a result.
pub(super) fn standard_error(influences: impl Iterator<Item = f64>) -> f64 {
    influences.map(|influence| influence * influence).sum::<f64>().sqrt()
}

/// As many equal rows as would be as certain: the square of the sum of weights over the sum of squares.
pub(super) fn effective_rows(weights: impl Iterator<Item = f64>) -> f64 {
    let (sum, squares) = weights.fold((0.0, 0.0), |(sum, squares), weight| (sum + weight, squares + weight * weight));
    if squares > 0.0 { sum * sum / squares } else { 0.0 }
}
