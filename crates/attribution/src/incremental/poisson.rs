//! Conversions as a Poisson process whose rate is a product of one factor per column.

use rayon::prelude::*;

use super::stretches::{Layout, Stretches};
use crate::cholesky::Cholesky;
use crate::error::{AttributionError, Result};

const MAX_ITERATIONS: usize = 50;
/// Standard deviation of the weak prior that keeps a column without conversions finite.
const PRIOR: f64 = 3.0;

/// The logarithms of the factors, most probable a posteriori.
pub(super) struct Fit {
    pub(super) weights: Vec<f64>,
    information: Cholesky,
}

impl Fit {
    /// Newton's method on the log-likelihood Σ y η − days e^η.
    pub(super) fn new(parts: &[Stretches], layout: &Layout) -> Result<Self> {
        let size = layout.columns();
        let (conversions, days) = parts
            .iter()
            .flat_map(Stretches::iter)
            .fold((0.0, 0.0), |(y, days), (stretch, _)| (y + f64::from(stretch.conversions), days + stretch.days));
        if conversions == 0.0 {
            return Err(AttributionError::Empty { what: "the list of conversions" });
        }
        let mut weights = vec![0.0; size];
        weights[0] = f64::ln(conversions / days);
        let mut best = f64::NEG_INFINITY;
        let mut step = vec![0.0; size];
        for _ in 0..MAX_ITERATIONS {
            let mut sums = Sums::of(parts, &weights);
            // Halve the step until it is uphill.
            let mut halvings = 0;
            while (sums.likelihood.is_nan() || sums.likelihood < best - 1e-9 * best.abs().min(1e6)) && halvings < 30 {
                step.iter_mut().for_each(|step| *step /= 2.0);
                weights.iter_mut().zip(&step).for_each(|(weight, step)| *weight -= step);
                sums = Sums::of(parts, &weights);
                halvings += 1;
            }
            best = sums.likelihood;
            let Some(information) = Cholesky::of(&sums.information, size) else { break };
            step = information.solve(&sums.gradient);
            weights.iter_mut().zip(&step).for_each(|(weight, step)| *weight += step);
            if step.iter().all(|step| step.abs() < 1e-7) {
                return Ok(Self { weights, information });
            }
        }
        Err(AttributionError::Singular { what: "the incremental model", remedy: "use fewer windows or channels with more users" })
    }

    /// How each user moves the weights: the information's inverse times the user's score. One row per user, and behind them one
    /// per prior; their outer products sum to the sandwich variance (Huber 1967; clustered by user).
    pub(super) fn influences(&self, parts: &[Stretches]) -> Vec<Vec<f64>> {
        let of_part = |part: &Stretches| {
            let of_user = |user: usize| {
                let mut score = vec![0.0; self.weights.len()];
                for (stretch, columns) in part.of_user(user) {
                    let residual = f64::from(stretch.conversions) - stretch.days * rate(&self.weights, columns);
                    columns.iter().for_each(|column| score[usize::from(*column)] += residual);
                }
                self.information.solve(&score)
            };
            (0..part.users.len()).map(of_user).collect::<Vec<_>>()
        };
        let of_prior = |column: usize| {
            let score: Vec<f64> = (0..self.weights.len()).map(|at| if at == column { 1.0 / PRIOR } else { 0.0 }).collect();
            self.information.solve(&score)
        };
        let of_users = parts.par_iter().map(of_part).collect::<Vec<_>>();
        of_users.into_iter().flatten().chain((1..self.weights.len()).map(of_prior)).collect()
    }
}

fn rate(weights: &[f64], columns: &[u16]) -> f64 {
    columns.iter().map(|column| weights[usize::from(*column)]).sum::<f64>().exp()
}

struct Sums {
    likelihood: f64,
    gradient: Vec<f64>,
    information: Vec<f64>,
}

impl Sums {
    fn of(parts: &[Stretches], weights: &[f64]) -> Self {
        let size = weights.len();
        let sums: Vec<Self> = parts.par_iter().map(|part| Self::of_part(part, weights)).collect();
        let mut total = Self { likelihood: 0.0, gradient: vec![0.0; size], information: vec![0.0; size * size] };
        for sum in sums {
            total.likelihood += sum.likelihood;
            total.gradient.iter_mut().zip(&sum.gradient).for_each(|(total, sum)| *total += sum);
            total.information.iter_mut().zip(&sum.information).for_each(|(total, sum)| *total += sum);
        }
        // The intercept has no prior to speak of, but columns that nobody has need one.
        for (column, weight) in weights.iter().enumerate().skip(1) {
            total.likelihood -= (weight / PRIOR).powi(2) / 2.0;
            total.gradient[column] -= weight / (PRIOR * PRIOR);
            total.information[column * size + column] += 1.0 / (PRIOR * PRIOR);
        }
        total
    }

    fn of_part(part: &Stretches, weights: &[f64]) -> Self {
        let size = weights.len();
        let mut sums = Self { likelihood: 0.0, gradient: vec![0.0; size], information: vec![0.0; size * size] };
        for (stretch, columns) in part.iter() {
            let score: f64 = columns.iter().map(|column| weights[usize::from(*column)]).sum();
            let expected = stretch.days * score.exp();
            let conversions = f64::from(stretch.conversions);
            sums.likelihood += conversions * score - expected;
            for (at, row) in columns.iter().enumerate() {
                let row = usize::from(*row);
                sums.gradient[row] += conversions - expected;
                // Ascending columns fill the lower triangle.
                columns[..=at].iter().for_each(|column| sums.information[row * size + usize::from(*column)] += expected);
            }
        }
        sums
    }
}
