//! Numbers with their intervals, from bootstrap replicates.

use crate::error::{AttributionError, Result};

/// A number and where the true one lies with the asked confidence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The number.
    pub value: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end of the interval.
    pub high: f64,
}

/// How sure intervals are to be, and how bootstrap replicates are drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Confidence {
    /// The share of intervals that hold the true value, above 0 and below 1.
    pub level: f64,
    /// How many replicates are drawn, at least 20.
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
            return Err(AttributionError::Setting { setting: "level", value: self.level.to_string(), expected });
        }
        if self.replicates < 20 {
            let expected = "at least 20";
            return Err(AttributionError::Setting { setting: "replicates", value: self.replicates.to_string(), expected });
        }
        Ok(())
    }

    /// The percentile interval around `value` (Efron, 1979): the quantiles of the replicates between which the asked share lies.
    /// Without replicates both ends are the value.
    pub fn estimate(&self, value: f64, mut replicates: Vec<f64>) -> Estimate {
        replicates.sort_unstable_by(f64::total_cmp);
        let at = |share: f64| {
            let place = share * replicates.len().saturating_sub(1) as f64;
            let (below, above) = (replicates.get(place.floor() as usize)?, replicates.get(place.ceil() as usize)?);
            Some(below + (above - below) * place.fract())
        };
        let (low, high) = (at((1.0 - self.level) / 2.0), at((1.0 + self.level) / 2.0));
        Estimate { value, low: low.unwrap_or(value), high: high.unwrap_or(value) }
    }
}
