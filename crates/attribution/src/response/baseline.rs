//! What comes without advertising: a level, weekdays, and a line that may bend every eight weeks. These have a normal prior and
//! enter linearly, so they are integrated out exactly: what is left of the days is their distance from the best baseline.

use crate::cholesky::Cholesky;

/// Days between bends.
const KNOTS: usize = 56;
/// Prior standard deviation, relative to the noise's: of the level none, of weekdays and bends these.
const WEEKDAY: f64 = 5.0;
const BEND: f64 = 10.0;

/// Takes the part that a baseline explains out of a series.
pub(super) struct Baseline {
    days: usize,
    /// One column after the other.
    columns: Vec<Vec<f64>>,
    factor: Cholesky,
}

impl Baseline {
    /// `None` for days too few to tell level and weekdays apart.
    pub(super) fn new(days: usize) -> Option<Self> {
        let mut columns = vec![vec![1.0; days]];
        let mut precisions = vec![1e-9];
        for weekday in 0..7 {
            columns.push((0..days).map(|day| f64::from(u8::from(day % 7 == weekday))).collect());
            precisions.push(1.0 / (WEEKDAY * WEEKDAY));
        }
        let pieces = (days / KNOTS).max(1);
        let apart = days as f64 / pieces as f64;
        for knot in 0..=pieces {
            let hat = |day: usize| (1.0 - (day as f64 / apart - knot as f64).abs()).max(0.0);
            columns.push((0..days).map(hat).collect());
            precisions.push(1.0 / (BEND * BEND));
        }
        let size = columns.len();
        let mut matrix: Vec<f64> = (0..size * size).map(|at| dot(&columns[at / size], &columns[at % size])).collect();
        (0..size).for_each(|at| matrix[at * size + at] += precisions[at]);
        Some(Self { days, columns, factor: Cholesky::of(&matrix, size)? })
    }

    /// The series without its baseline: M y, where yᵀ M y is −2 σ² times the log-likelihood.
    pub(super) fn remove(&self, series: &[f64]) -> Vec<f64> {
        let right: Vec<f64> = self.columns.iter().map(|column| dot(column, series)).collect();
        let weights = self.factor.solve(&right);
        let fitted = |day: usize| self.columns.iter().zip(&weights).map(|(column, weight)| column[day] * weight).sum::<f64>();
        (0..self.days).map(|day| series[day] - fitted(day)).collect()
    }
}

pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
