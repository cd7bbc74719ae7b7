//! What many trees say together.

use rayon::prelude::*;

use super::Tree;
use crate::bins::Matrix;

/// Rows that are taken through the trees together, so that a tree's nodes stay in the cache.
pub(crate) const BLOCK: usize = 2048;

/// Adds the trees' answers to the sums of all rows, for each row in the order of the trees, so that threads do not show.
pub(crate) fn add_answers(trees: &[Tree], matrix: &Matrix, sums: &mut [f64]) {
    sums.par_chunks_mut(BLOCK).enumerate().for_each(|(block, sums)| {
        for tree in trees {
            for (offset, sum) in sums.iter_mut().enumerate() {
                *sum += f64::from(tree.predict(|feature| matrix.column(feature)[block * BLOCK + offset]));
            }
        }
    });
}

/// The sum of the trees' answers for one row.
pub(crate) fn sum_of_answers(trees: &[Tree], bins: &[u8]) -> f64 {
    trees.iter().map(|tree| f64::from(tree.predict(|feature| bins[feature]))).sum()
}
