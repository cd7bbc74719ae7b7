//! A log-likelihood and its derivatives, summed in one order whatever the number of threads.

use std::ops::{Add, Mul};

use rayon::prelude::*;

/// Customers of one history count once, with a weight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weighted {
    /// What is known of them; a model says which entry is which.
    pub key: [f64; 3],
    /// How many there are.
    pub weight: f64,
}

impl Weighted {
    /// Sorts by key and puts equal keys together, so that the order of the rows does not tell.
    pub fn grouped(mut rows: Vec<Self>) -> Vec<Self> {
        rows.par_sort_unstable_by(|left, right| {
            let both = left.key.iter().zip(&right.key);
            both.map(|(left, right)| left.total_cmp(right))
                .find(|order| order.is_ne())
                .unwrap_or_else(|| left.weight.total_cmp(&right.weight))
        });
        rows.dedup_by(|next, kept| {
            let same = next.key == kept.key;
            if same {
                kept.weight += next.weight;
            }
            same
        });
        rows
    }
}

/// A function's value with its gradient and the lower triangle of its Hessian, which is symmetric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point<const N: usize> {
    /// The value.
    pub value: f64,
    /// First derivatives.
    pub gradient: [f64; N],
    /// Second derivatives; entries above the diagonal are not read.
    pub hessian: [[f64; N]; N],
}

impl<const N: usize> Default for Point<N> {
    fn default() -> Self {
        Self { value: 0.0, gradient: [0.0; N], hessian: [[0.0; N]; N] }
    }
}

impl<const N: usize> Add for Point<N> {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        self.value += other.value;
        for row in 0..N {
            self.gradient[row] += other.gradient[row];
            for column in 0..=row {
                self.hessian[row][column] += other.hessian[row][column];
            }
        }
        self
    }
}

impl<const N: usize> Mul<f64> for Point<N> {
    type Output = Self;

    fn mul(mut self, factor: f64) -> Self {
        self.value *= factor;
        for row in 0..N {
            self.gradient[row] *= factor;
            for column in 0..=row {
                self.hessian[row][column] *= factor;
            }
        }
        self
    }
}

/// Rows that one thread sums at a time. It is no setting: another size would change the last digits.
const CHUNK: usize = 4096;

/// The weighted sum of a function over rows.
pub fn sum<const N: usize>(rows: &[Weighted], of: impl Fn([f64; 3]) -> Point<N> + Sync) -> Point<N> {
    let parts: Vec<_> =
        rows.par_chunks(CHUNK).map(|rows| rows.iter().fold(Point::default(), |sum, row| sum + of(row.key) * row.weight)).collect();
    parts.into_iter().fold(Point::default(), Add::add)
}
