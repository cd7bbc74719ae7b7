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

    /// The percentile interval around `value` (Efron, 1979): the quantiles of the replicates between which the asked share lies. One more
    /// draw falls below the k-th of n with probability k / (n + 1), so that is the k-th's place; places of k / (n - 1), as for
    /// describing the draws themselves, would make 95 % of 100 draws hold 93. Without replicates both ends are the value.
    pub fn estimate(&self, value: f64, mut replicates: Vec<f64>) -> Estimate {
        replicates.sort_unstable_by(f64::total_cmp);
        let at = |share: f64| {
            let last = replicates.len().saturating_sub(1) as f64;
            let place = (share * (last + 2.0) - 1.0).clamp(0.0, last);
            let (below, above) = (replicates.get(place.floor() as usize)?, replicates.get(place.ceil() as usize)?);
            Some(below + (above - below) * place.fract())
        };
        let (low, high) = (at((1.0 - self.level) / 2.0), at((1.0 + self.level) / 2.0));
        Estimate { value, low: low.unwrap_or(value), high: high.unwrap_or(value) }
    }
}

#[cfg(test)]
mod tests {
    use rand_distr::{Distribution, StandardNormal};

    use super::*;
    use crate::random::{Purpose, generator};

    #[test]
    fn ends_are_the_draws_that_one_more_falls_beyond_as_often_as_asked() {
        let ninety = Confidence { level: 0.9, ..Confidence::default() };
        let drawn = ninety.estimate(50.0, (1..100).map(f64::from).collect());
        assert!((drawn.low - 5.0).abs() < 1e-9 && (drawn.high - 95.0).abs() < 1e-9, "{drawn:?}");
        // Few draws have no end so far out: the outermost.
        let few = Confidence::default().estimate(2.0, vec![1.0, 2.0, 3.0]);
        assert_eq!((few.low, few.high), (1.0, 3.0));
        assert_eq!(Confidence::default().estimate(2.0, vec![]), Estimate { value: 2.0, low: 2.0, high: 2.0 });
    }

    #[test]
    fn a_hundred_draws_hold_one_more_of_their_kind_as_often_as_asked() {
        const TIMES: u64 = 6000;
        let held = |level: f64| {
            let confidence = Confidence { level, ..Confidence::default() };
            let holds = |number: &u64| {
                let random = &mut generator(1, Purpose::Bootstrap, *number);
                let mut draw = || -> f64 { StandardNormal.sample(random) };
                let truth = draw();
                let interval = confidence.estimate(0.0, (0..100).map(|_| draw()).collect());
                interval.low <= truth && truth <= interval.high
            };
            (0..TIMES).filter(holds).count() as f64 / TIMES as f64
        };
        // Four standard errors of a share of so many.
        let within = |share: f64, level: f64| (share - level).abs() < 4.0 * (level * (1.0 - level) / TIMES as f64).sqrt();
        assert!(within(held(0.95), 0.95) && within(held(0.8), 0.8));
        // The control: the places that describe the draws themselves are those of 93.1 % here, and are told apart.
        assert!(!within(held(94.05 / 101.0), 0.95));
    }
}
