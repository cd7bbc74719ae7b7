//! Random numbers that depend on a seed and on names alone, never on threads or on what was drawn elsewhere.

/// A stream of random numbers: number `i` is a mix of key and counter.
///
/// The mix is the finaliser of `SplitMix64` (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014).
/// Streams of different `(seed, purpose, index)` start at unrelated places.
#[derive(Debug, Clone)]
pub struct Stream {
    state: u64,
}

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// What a stream is for; two purposes never share numbers.
#[derive(Debug, Clone, Copy)]
pub enum Purpose {
    /// Rows drawn for a tree.
    Bootstrap = 1,
    /// Features tried at the nodes of a tree.
    Features = 2,
    /// Rows drawn for a confidence interval.
    Interval = 3,
    /// Who goes to which side of a split.
    Split = 4,
    /// The order in which a column is shuffled.
    Permutation = 5,
    /// First values of weights.
    Weights = 6,
    /// Rows looked at to find quantiles.
    Quantiles = 7,
    /// Rows a boosting round learns from.
    Subsample = 8,
}

impl Stream {
    /// The stream number `index` of a purpose.
    pub fn new(seed: u64, purpose: Purpose, index: u64) -> Self {
        let state = mix(mix(mix(seed).wrapping_add(purpose as u64)).wrapping_add(index));
        Self { state }
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GOLDEN);
        mix(self.state)
    }

    /// A whole number below `bound`, 0 if the bound is 0. The bias is below `bound` / 2^64.
    pub fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.bits()) * bound as u128) >> 64) as usize
    }

    /// A number from 0 (included) to 1 (excluded), in steps of 2^-53.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    /// Puts the items in random order (Fisher-Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.below(last + 1);
            items.swap(last, other);
        }
    }
}

/// Mixes 64 bits so that each bit of the result depends on all.
pub fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_repeat_and_differ() {
        let first = |seed, purpose, index| Stream::new(seed, purpose, index).bits();
        assert_eq!(first(7, Purpose::Bootstrap, 3), first(7, Purpose::Bootstrap, 3));
        let others = [first(8, Purpose::Bootstrap, 3), first(7, Purpose::Features, 3), first(7, Purpose::Bootstrap, 4)];
        assert!(others.iter().all(|other| *other != first(7, Purpose::Bootstrap, 3)));
    }

    #[test]
    fn numbers_below_a_bound_are_even() {
        let mut stream = Stream::new(1, Purpose::Split, 0);
        let mut seen = [0_u32; 10];
        for _ in 0..100_000 {
            seen[stream.below(10)] += 1;
        }
        // Five standard deviations of a binomial (100000, 0.1) are 475.
        assert!(seen.iter().all(|count| count.abs_diff(10_000) < 475), "{seen:?}");
        assert_eq!(stream.below(0), 0);
    }

    #[test]
    fn the_unit_interval_is_filled_evenly() {
        let mut stream = Stream::new(2, Purpose::Weights, 0);
        let values: Vec<_> = (0..100_000).map(|_| stream.unit()).collect();
        let mean = values.iter().sum::<f64>() / 1e5;
        let variance = values.iter().map(|value| (value - 0.5).powi(2)).sum::<f64>() / 1e5;
        assert!((mean - 0.5).abs() < 0.005, "{mean}");
        assert!((variance - 1.0 / 12.0).abs() < 0.002, "{variance}");
        assert!(values.iter().all(|value| (0.0..1.0).contains(value)));
    }
}
