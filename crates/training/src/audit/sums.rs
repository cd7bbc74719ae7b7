//! Whether a feature knows how many positives its rows have together.
//!
//! Labels that come after a feature's value scatter around whatever it says: the positives among `n` rows by no less than the binomial
//! variance `n * p * (1 - p)`, however well it knows `p`. A value computed from these very labels does not let them scatter. So the
//! positives of many levels are fitted by what the feature says of them, and what is left over is compared with the binomial variance.

use super::chance::mean_square_at_most;
use crate::logistic::Cholesky;

/// A level's rows, positives, and what a feature says of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Level {
    pub(super) rows: f64,
    pub(super) positives: f64,
    pub(super) value: f64,
}

/// What a fit leaves over.
#[derive(Debug, Clone, Copy)]
pub(super) struct Left {
    /// As a part of the binomial variance: about 1 or more for an honest feature.
    pub(super) part: f64,
    /// The chance that an honest feature leaves so little.
    pub(super) chance: f64,
}

/// A term of the fit.
pub(super) type Term = fn(&Level) -> f64;

/// Fits the positives by a sum of terms (weighted least squares); `None` for too few levels.
pub(super) fn left_over(levels: &[Level], terms: &[Term]) -> Option<Left> {
    let freedom = levels.len() as f64 - terms.len() as f64;
    if freedom < 8.0 {
        return None;
    }
    let (rows, positives) = levels.iter().fold((0.0, 0.0), |sum, level| (sum.0 + level.rows, sum.1 + level.positives));
    let rate = positives / rows;
    if !(rate > 0.0 && rate < 1.0) {
        return None;
    }
    let factors = fit(levels, terms)?;
    let (mut sum, mut spread) = (0.0, 0.0);
    for level in levels {
        let fitted: f64 = terms.iter().zip(&factors).map(|(term, factor)| term(level) * factor).sum();
        // Rates are kept off 0 and 1, where the binomial variance is none.
        let near = (fitted / level.rows).clamp(rate / 20.0, 1.0 - (1.0 - rate) / 20.0);
        let variance = level.rows * near * (1.0 - near);
        sum += (level.positives - fitted).powi(2) / variance;
        // The variance of the square of a standardised binomial.
        spread += 2.0 + 1.0 / (level.rows * rate * (1.0 - rate));
    }
    let part = sum / freedom;
    // As many squares of normal deviates as have the same mean and variance (Satterthwaite 1946).
    let effective = 2.0 * freedom * freedom / spread;
    Some(Left { part, chance: mean_square_at_most(part, effective) })
}

fn fit(levels: &[Level], terms: &[Term]) -> Option<Vec<f64>> {
    let size = terms.len();
    let norm = |term: &Term| levels.iter().map(|level| term(level).powi(2) / level.rows).sum::<f64>().sqrt();
    let norms: Vec<_> = terms.iter().map(norm).collect();
    if norms.iter().any(|norm| !(norm.is_finite() && *norm > 0.0)) {
        return None;
    }
    let (mut matrix, mut target) = (vec![0.0; size * size], vec![0.0; size]);
    for level in levels {
        let values: Vec<_> = terms.iter().zip(&norms).map(|(term, norm)| term(level) / norm).collect();
        for row in 0..size {
            target[row] += values[row] * level.positives / level.rows;
            for column in 0..=row {
                matrix[row * size + column] += values[row] * values[column] / level.rows;
            }
        }
    }
    // Terms that follow from each other share.
    (0..size).for_each(|row| matrix[row * size + row] += 1e-10);
    let solved = Cholesky::of(&matrix, size)?.solve(&target);
    Some(solved.iter().zip(&norms).map(|(factor, norm)| factor / norm).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::random::{Purpose, Stream};

    /// Levels of 5 to 24 rows, each with a rate of its own, and what `value` says of (rate, positives, rows).
    fn levels(count: u64, value: impl Fn(f64, f64, f64) -> f64) -> Vec<Level> {
        let level = |number: u64| {
            let mut stream = Stream::new(number, Purpose::Weights, 0);
            let (rows, rate) = (5 + stream.below(20), 0.05 + 0.3 * stream.unit());
            let positives = (0..rows).filter(|_| stream.unit() < rate).count() as f64;
            let rows = rows as f64;
            Level { rows, positives, value: value(rate, positives, rows) }
        };
        (0..count).map(level).collect()
    }

    #[test]
    fn only_what_knows_the_labels_leaves_nothing() {
        let terms: [Term; 4] = [|level| level.rows * level.value, |level| level.value, |level| level.rows, |_| 1.0];
        let part = |value: &dyn Fn(f64, f64, f64) -> f64| left_over(&levels(200, value), &terms).unwrap();
        for (name, left) in [
            ("mean", part(&|_, positives, rows| positives / rows)),
            ("smoothed", part(&|_, positives, rows| (positives + 3.0) / (rows + 15.0))),
            ("count", part(&|_, positives, _| positives)),
            ("scaled", part(&|_, positives, rows| 7.0 - 2.0 * positives / rows)),
        ] {
            assert!(left.part < 0.01 && left.chance < 1e-12, "{name}: {left:?}");
        }
        for (name, left) in [("the true rate", part(&|rate, _, _| rate)), ("nothing", part(&|_, _, rows| rows.sin()))] {
            assert!(left.part > 0.8 && left.chance > 1e-3, "{name}: {left:?}");
        }
        assert!(left_over(&levels(10, |rate, _, _| rate), &terms).is_none());
    }
}
