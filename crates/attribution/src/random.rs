//! Random numbers that depend on a seed and on what they are for, never on threads or on what was drawn elsewhere.

use rand_pcg::Pcg64Mcg;
use xxhash_rust::xxh3::xxh3_128;

/// What numbers are drawn for; two purposes never share a stream.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    /// Journeys drawn for an interval.
    Bootstrap = 1,
    /// Orders in which channels join a coalition.
    Permutation = 2,
    /// Response curves drawn from what the data leave possible.
    Curves = 3,
}

/// The generator number `index` of a purpose.
pub(crate) fn generator(seed: u64, purpose: Purpose, index: u64) -> Pcg64Mcg {
    // The seed is hashed with the rest: as the hash's own seed it would only swap some indexes for others.
    let name = [seed, purpose as u64, index].map(u64::to_le_bytes);
    Pcg64Mcg::new(xxh3_128(name.as_flattened()))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use rand_pcg::rand_core::Rng;

    use super::*;

    #[test]
    fn no_two_streams_are_the_same() {
        let mut firsts = HashSet::new();
        for seed in 0..64 {
            for index in 0..64 {
                for purpose in [Purpose::Bootstrap, Purpose::Permutation] {
                    assert!(firsts.insert(generator(seed, purpose, index).next_u64()), "{seed} {purpose:?} {index}");
                }
            }
        }
        assert_eq!(generator(7, Purpose::Bootstrap, 3).next_u64(), generator(7, Purpose::Bootstrap, 3).next_u64());
    }
}
