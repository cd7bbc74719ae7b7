//! Each row predicted by the trees that did not see it.

use rayon::prelude::*;

use super::bootstrap::Bootstrap;
use crate::bins::Matrix;
use crate::tree::{BLOCK, Tree};

/// The mean over the trees that did not see a row; `None` where all did. The draws are made anew, which costs less than keeping
/// them, and each row adds its trees in their order, so threads do not show.
pub(super) fn out_of_bag(matrix: &Matrix, trees: &[Tree], bootstrap: &Bootstrap) -> Vec<Option<f64>> {
    let mut sums = vec![(0.0, 0_u32); matrix.rows()];
    for (number, tree) in trees.iter().enumerate() {
        let counts = bootstrap.counts(number);
        sums.par_chunks_mut(BLOCK).zip(counts.par_chunks(BLOCK)).enumerate().for_each(|(block, (sums, counts))| {
            for (offset, ((sum, seen), count)) in sums.iter_mut().zip(counts).enumerate() {
                if *count == 0 {
                    *sum += f64::from(tree.predict(|feature| matrix.column(feature)[block * BLOCK + offset]));
                    *seen += 1;
                }
            }
        });
    }
    sums.into_iter().map(|(sum, seen)| (seen > 0).then(|| sum / f64::from(seen))).collect()
}
