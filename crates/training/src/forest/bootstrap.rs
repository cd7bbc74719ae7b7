//! Which rows a tree sees, and how often.

use crate::random::{Purpose, Stream};
use crate::tree::Draw;

/// Draws rows with replacement, with given probabilities.
pub(super) struct Bootstrap {
    rows: usize,
    seed: u64,
    alias: Option<Alias>,
}

impl Bootstrap {
    /// With weights, rows are drawn in proportion to them, else all alike.
    pub(super) fn new(rows: usize, weights: Option<&[f64]>, seed: u64) -> Self {
        Self { rows, seed, alias: weights.map(Alias::new) }
    }

    /// How often each row is drawn for a tree: as many draws as rows.
    pub(super) fn counts(&self, tree: usize) -> Vec<u32> {
        let mut stream = Stream::new(self.seed, Purpose::Bootstrap, tree as u64);
        let mut counts = vec![0; self.rows];
        for _ in 0..self.rows {
            let row = match &self.alias {
                None => stream.below(self.rows),
                Some(alias) => alias.draw(&mut stream),
            };
            counts[row] += 1;
        }
        counts
    }

    /// The rows drawn for a tree, in their order.
    pub(super) fn draws(&self, tree: usize, labels: &[bool]) -> Vec<Draw> {
        let counts = self.counts(tree);
        let drawn = counts.iter().zip(labels).enumerate().filter(|(_, (count, _))| **count > 0);
        drawn.map(|(row, (count, label))| Draw::new(row as u32, *count, *label)).collect()
    }
}

/// Draws one of many unequal outcomes in constant time (Walker 1977, set up as by Vose 1991).
struct Alias {
    /// Per outcome, the chance that it stays when it is picked, and what is taken otherwise.
    outcomes: Vec<(f64, u32)>,
}

impl Alias {
    fn new(weights: &[f64]) -> Self {
        let mean = weights.iter().sum::<f64>() / weights.len() as f64;
        let mut outcomes: Vec<_> = weights.iter().enumerate().map(|(row, weight)| (weight / mean, row as u32)).collect();
        let (mut small, mut large): (Vec<_>, Vec<_>) = (0..weights.len()).partition(|row| outcomes[*row].0 < 1.0);
        while let (Some(poor), Some(rich)) = (small.pop(), large.last().copied()) {
            outcomes[poor].1 = rich as u32;
            outcomes[rich].0 -= 1.0 - outcomes[poor].0;
            if outcomes[rich].0 < 1.0 {
                large.pop();
                small.push(rich);
            }
        }
        // What is left is 1 but for rounding, unless it has no weight at all and must not be drawn.
        for row in large {
            outcomes[row].0 = 1.0;
        }
        for row in small {
            if weights[row] > 0.0 {
                outcomes[row].0 = 1.0;
            }
        }
        Self { outcomes }
    }

    fn draw(&self, stream: &mut Stream) -> usize {
        let row = stream.below(self.outcomes.len());
        let (stays, other) = self.outcomes[row];
        if stream.unit() < stays { row } else { other as usize }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_drawn_in_proportion_to_their_weights() {
        let weights = [0.0, 1.0, 2.0, 7.0, 0.0];
        let rows = 50_000;
        let weights: Vec<_> = (0..rows).map(|row| weights[row % weights.len()]).collect();
        let counts = Bootstrap::new(rows, Some(&weights), 3).counts(0);
        let mut sums = [0_u32; 5];
        for (row, count) in counts.iter().enumerate() {
            sums[row % 5] += count;
        }
        assert_eq!((sums[0], sums[4]), (0, 0), "no weight, never drawn");
        for (sum, share) in sums[1..4].iter().zip([0.1, 0.2, 0.7]) {
            let expected = share * rows as f64;
            // Five standard deviations of a binomial.
            assert!((f64::from(*sum) - expected).abs() < 5.0 * (expected * (1.0 - share)).sqrt(), "{sums:?}");
        }
    }

    #[test]
    fn each_tree_has_draws_of_its_own() {
        let bootstrap = Bootstrap::new(1000, None, 3);
        assert_eq!(bootstrap.counts(1), bootstrap.counts(1));
        assert_ne!(bootstrap.counts(1), bootstrap.counts(2));
        assert_eq!(bootstrap.counts(1).iter().sum::<u32>(), 1000);
        let missed = bootstrap.counts(1).iter().filter(|count| **count == 0).count();
        // A row is missed with probability 1/e.
        assert!((300..440).contains(&missed), "{missed}");
    }
}
