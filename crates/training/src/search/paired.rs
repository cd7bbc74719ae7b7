//! Losses of several candidates on the same rows, as sums from which every difference and its error follow.

use std::collections::HashMap;

/// Sums over all rows so far. Rows of one group go together: what they have in common is no independent evidence.
pub(super) struct Paired {
    candidates: usize,
    /// Per two candidates, the sum over the groups of the product of their losses.
    products: Vec<f64>,
    /// Per candidate the sum of its losses, and of its losses times the weight of the group.
    sums: Vec<(f64, f64)>,
    weight: f64,
    squared_weight: f64,
    groups: f64,
}

/// A mean and its standard error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Mean {
    pub(super) value: f64,
    pub(super) error: f64,
}

impl Paired {
    pub(super) fn new(candidates: usize) -> Self {
        let products = vec![0.0; candidates * candidates];
        Self { candidates, products, sums: vec![(0.0, 0.0); candidates], weight: 0.0, squared_weight: 0.0, groups: 0.0 }
    }

    /// Adds the rows of a fold: the weighted losses of those candidates that are still there. One that is once left out is left out for
    /// good.
    pub(super) fn add(&mut self, losses: &[Option<Vec<f64>>], weights: &[f64], groups: Option<&[u64]>) {
        let mut numbers = HashMap::new();
        let mut place = |row: usize| match groups {
            Some(groups) => {
                let new = numbers.len();
                *numbers.entry(groups[row]).or_insert(new)
            }
            None => row,
        };
        let places: Vec<_> = (0..weights.len()).map(&mut place).collect();
        let count = if groups.is_some() { numbers.len() } else { weights.len() };
        let grouped = |values: &[f64]| {
            let mut sums = vec![0.0; count];
            places.iter().zip(values).for_each(|(place, value)| sums[*place] += value);
            sums
        };
        let weights = grouped(weights);
        let losses: Vec<_> = losses.iter().map(|losses| losses.as_deref().map(grouped)).collect();
        let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        for (one, losses_of_one) in losses.iter().enumerate() {
            let Some(losses_of_one) = losses_of_one else { continue };
            self.sums[one].0 += losses_of_one.iter().sum::<f64>();
            self.sums[one].1 += product(losses_of_one, &weights);
            for (other, losses_of_other) in losses.iter().enumerate() {
                if let Some(losses_of_other) = losses_of_other {
                    self.products[one * self.candidates + other] += product(losses_of_one, losses_of_other);
                }
            }
        }
        self.weight += weights.iter().sum::<f64>();
        self.squared_weight += product(&weights, &weights);
        self.groups += weights.iter().filter(|weight| **weight > 0.0).count() as f64;
    }

    /// The mean loss of a candidate that has seen all rows.
    pub(super) fn mean(&self, candidate: usize) -> Mean {
        let (sum, weighted) = self.sums[candidate];
        self.of(sum, weighted, self.products[candidate * self.candidates + candidate])
    }

    /// How much higher the mean loss of the first is, both having seen all rows.
    pub(super) fn difference(&self, first: usize, second: usize) -> Mean {
        let (one, other) = (self.sums[first], self.sums[second]);
        let product = |a: usize, b: usize| self.products[a * self.candidates + b];
        let squares = product(first, first) - 2.0 * product(first, second) + product(second, second);
        self.of(one.0 - other.0, one.1 - other.1, squares)
    }

    /// From the sum over the groups, the sum weighted by the groups' weights, and the sum of squares.
    fn of(&self, sum: f64, weighted: f64, squares: f64) -> Mean {
        let value = sum / self.weight;
        let spread = (squares - 2.0 * value * weighted + value * value * self.squared_weight).max(0.0);
        let error = if self.groups > 1.0 { (spread * self.groups / (self.groups - 1.0)).sqrt() / self.weight } else { f64::INFINITY };
        Mean { value, error }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_and_differences_are_those_of_the_formulas() {
        let (a, b) = (vec![1.0, 2.0, 3.0, 6.0], vec![1.0, 1.0, 2.0, 2.0]);
        let mut paired = Paired::new(2);
        paired.add(&[Some(a[..2].to_vec()), Some(b[..2].to_vec())], &[1.0; 2], None);
        paired.add(&[Some(a[2..].to_vec()), Some(b[2..].to_vec())], &[1.0; 2], None);
        let mean = paired.mean(0);
        // The variance of 1, 2, 3, 6 is 14 / 3.
        assert!((mean.value - 3.0).abs() < 1e-12 && (mean.error - (14.0 / 12.0_f64).sqrt()).abs() < 1e-12, "{mean:?}");
        // The differences are 0, 1, 1, 4 with a variance of 9 / 3.
        let difference = paired.difference(0, 1);
        assert!((difference.value - 1.5).abs() < 1e-12 && (difference.error - (9.0 / 12.0_f64).sqrt()).abs() < 1e-12, "{difference:?}");
    }

    #[test]
    fn rows_of_one_group_are_one_piece_of_evidence() {
        let losses: Vec<_> = (0..100).map(|row| f64::from(row / 10 % 2)).collect();
        let error = |groups: Option<&[u64]>| {
            let mut paired = Paired::new(1);
            paired.add(&[Some(losses.clone())], &[1.0; 100], groups);
            paired.mean(0).error
        };
        let tens: Vec<_> = (0..100).map(|row| row / 10).collect();
        let factor = error(Some(&tens)) / error(None);
        assert!((factor - 10.0_f64.sqrt()).abs() < 0.2, "{factor}");
    }
}
