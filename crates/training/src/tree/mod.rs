//! The histogram tree: one core for forests and boosting.
//!
//! A node's rows are summed by bin, per feature; the best split follows from the sums alone. All sums are whole numbers
//! (weights and gradients in fixed point), so they do not depend on the order of addition: a sibling is exactly its parent
//! minus the other child, and any number of threads grows the same tree.
//!
//! Missing values go to the side where they gain more; if a node saw none, to its larger child. Categories are ordered per
//! node by their smoothed rate of positives and cut like numbers, which finds the best of all 2^k subsets (Fisher 1958; Breiman
//! et al., Classification and regression trees, 1984, section 4.2). Order by frequency would need many cuts for what this does in one.

mod answers;
mod cell;
mod criterion;
mod grow;
mod model;
mod search;

pub(crate) use answers::{BLOCK, add_answers, sum_of_answers};
pub(crate) use cell::{Draw, Graded, Wide};
pub(crate) use criterion::{Gini, Newton, WeightedGini};
pub(crate) use grow::{Features, Growth, Order, grow};
pub(crate) use model::check_trees;
pub use model::{NodeSplit, Tree};

#[cfg(test)]
mod tests;
