//! Learners for categories without end: one pass over a stream of rows, in memory that is fixed beforehand.
//!
//! Each value of a field becomes one of 2^bits slots by hashing field and value together (Weinberger et al.: Feature hashing, ICML 2009);
//! values that fall into one slot share its weights. A number becomes the category of its quarter of an octave, which follows any curve and
//! any scale; a missing value is a category too. What a learner answers before it learns a row is an honest prediction of it
//! (progressive validation), so one pass both trains and measures.

mod ffm;
mod fields;
mod ftrl;
mod packed;

pub use ffm::{Ffm, FfmSettings};
pub use fields::{Fields, HashedRow};
pub use ftrl::{Ftrl, FtrlSettings};

/// Rows heavier than this would drive sums of 32 bits to infinity.
const HEAVIEST: f64 = 1e9;

#[cfg(test)]
mod tests;
