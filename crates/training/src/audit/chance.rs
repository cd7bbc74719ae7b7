//! What chance can do.

use statrs::distribution::{Binomial, ContinuousCDF, DiscreteCDF, Normal};
use statrs::function::gamma::checked_gamma_lr;

/// How many standard errors chance exceeds with this probability.
pub(super) fn errors_at(chance: f64) -> f64 {
    -Normal::standard().inverse_cdf(chance.clamp(1e-300, 0.5))
}

/// The chance of at most `hits` in `rows` trials that hit with `rate` each.
pub(super) fn at_most(hits: u64, rows: u64, rate: f64) -> f64 {
    if hits == 0 {
        return (rows as f64 * (-rate).ln_1p()).exp();
    }
    Binomial::new(rate, rows).map_or(1.0, |law| law.cdf(hits))
}

/// The chance that the mean of `freedom` squared normal deviates is no more than `mean`.
pub(super) fn mean_square_at_most(mean: f64, freedom: f64) -> f64 {
    if freedom <= 0.0 {
        return 1.0;
    }
    // An error is a mean of 0 or below, which has no chance.
    checked_gamma_lr(freedom / 2.0, (mean * freedom / 2.0).min(1e9)).unwrap_or(0.0)
}

/// An area under the ROC curve, above or below 0.5, and what it was measured on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Area {
    pub(super) auc: f64,
    pub(super) positives: f64,
    pub(super) negatives: f64,
}

impl Area {
    /// Of (positive, negative) rows in ascending order of the score, ties together; `None` without both classes.
    pub(super) fn of(ties: impl Iterator<Item = (u64, u64)>) -> Option<Self> {
        let (mut positives, mut negatives, mut won) = (0_u64, 0_u64, 0.0);
        for (positive, negative) in ties {
            won += positive as f64 * (negatives as f64 + negative as f64 / 2.0);
            positives += positive;
            negatives += negative;
        }
        let (positives, negatives) = (positives as f64, negatives as f64);
        (positives > 0.0 && negatives > 0.0).then(|| Self { auc: won / positives / negatives, positives, negatives })
    }

    /// Of scores with labels.
    pub(super) fn of_scores(scores: &mut [(f64, bool)]) -> Option<Self> {
        scores.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        Self::of(scores.chunk_by(|a, b| a.0 == b.0).map(|tie| {
            let positive = tie.iter().filter(|(_, label)| *label).count() as u64;
            (positive, tie.len() as u64 - positive)
        }))
    }

    /// With the other end up if that ranks better.
    pub(super) fn either_way(self) -> Self {
        Self { auc: self.auc.max(1.0 - self.auc), ..self }
    }

    /// The standard error that an area of `auc` would have on so many rows (Hanley and McNeil, Radiology 143, 1982).
    pub(super) fn error_if(&self, auc: f64) -> f64 {
        let (both, squared) = (auc * (1.0 - auc), auc * auc);
        let of_positives = (self.positives - 1.0) * (auc / (2.0 - auc) - squared);
        let of_negatives = (self.negatives - 1.0) * (2.0 * squared / (1.0 + auc) - squared);
        ((both + of_positives + of_negatives).max(0.0) / (self.positives * self.negatives)).sqrt()
    }

    /// Whether more than chance lifts it above `floor`, which is 0.5 or more.
    pub(super) fn is_above(&self, floor: f64, errors: f64) -> bool {
        self.auc - floor > errors * self.error_if(floor)
    }

    /// How many standard deviations apart the classes' scores lie, if both are normal: a scale on which features can be compared.
    pub(super) fn separation(&self) -> f64 {
        std::f64::consts::SQRT_2 * Normal::standard().inverse_cdf(self.auc.clamp(1e-9, 1.0 - 1e-9))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn tails_are_those_of_the_tables() {
        assert!((errors_at(0.025) - 1.96).abs() < 1e-3);
        assert!((at_most(0, 100, 0.05) - 0.95_f64.powi(100)).abs() < 1e-12);
        assert!((at_most(2, 10, 0.3) - 0.382_78).abs() < 1e-4);
        // The lower 5% point of chi-square with 10 degrees of freedom is 3.94.
        assert!((mean_square_at_most(0.394, 10.0) - 0.05).abs() < 1e-3);
        assert_eq!((mean_square_at_most(0.0, 10.0), mean_square_at_most(0.0, 0.0)), (0.0, 1.0));
    }

    #[test]
    fn an_area_counts_ties_by_half() {
        let mut scores = [(1.0, false), (2.0, false), (2.0, true), (3.0, true)];
        let area = Area::of_scores(&mut scores).unwrap();
        assert!((area.auc - 0.875).abs() < 1e-12 && area.positives == 2.0);
        assert!(Area::of_scores(&mut [(1.0, true)]).is_none());
        // Hanley and McNeil's own example: an area of 0.893 on 51 and 58 rows has a standard error of 0.032.
        let area = Area { auc: 0.893, positives: 51.0, negatives: 58.0 };
        assert!((area.error_if(0.893) - 0.032).abs() < 1e-3, "{}", area.error_if(0.893));
    }
}
