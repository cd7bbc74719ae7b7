//! Random numbers that depend on a seed and on what they are for, never on threads or on what was drawn elsewhere.

use rand_pcg::Pcg64Mcg;
use xxhash_rust::xxh3::xxh3_128_with_seed;

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
    let mut name = [0; 16];
    name[..8].copy_from_slice(&(purpose as u64).to_le_bytes());
    name[8..].copy_from_slice(&index.to_le_bytes());
    Pcg64Mcg::new(xxh3_128_with_seed(&name, seed))
}
