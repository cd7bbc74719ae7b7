//! Learners for categories without end: one pass over a stream of rows, in memory that is fixed beforehand.
//!
//! Each value of a field becomes one of 2^bits slots by hashing field and value together (Weinberger et al.: Feature hashing, ICML 2009);
//! values that fall into one slot share its weights. A number becomes the category of its quarter of an octave, which follows any curve and
//! any scale: whole numbers up to 8 stand for themselves, above that four slots make a doubling, and negative numbers have slots of their
//! own. (Against sign(x) floor(ln(1 + |x|)²), which is customary for the Criteo logs, this is finer below 10 and coarser above 100; on a
//! million synthetic rows in that format its log loss was 0.001 lower.) A missing value is a category too.
//!
//! What a learner answers before it learns a row is an honest prediction of it (progressive validation), so one pass both trains and
//! measures:
//!
//! ```
//! use training::hashed::{Fields, Ftrl, FtrlSettings, OnePass};
//! use training::metrics::{Running, Scores};
//! use training::{Column, Frame};
//!
//! let mut learner = Ftrl::new(Fields::new(["app"], 18)?, FtrlSettings::default())?;
//! let mut progress = Running::default();
//! for batch in 0..100 {
//!     // From wherever batches come; Arrow's are hashed by `hash_batch`.
//!     let apps = Column::texts((0..50).map(|row| Some(if (batch + row) % 3 == 0 { "maps" } else { "chess" })));
//!     let labels: Vec<bool> = (0..50).map(|row| (batch + row) % 3 == 0 && row % 7 != 0).collect();
//!     let rows = learner.fields().hash_frame(&Frame::new([("app", apps)])?)?;
//!     let before = learner.learn_rows(&rows, &labels, None)?;
//!     progress.add(&Scores::new(&before, &labels, None)?);
//! }
//! assert!(progress.roc_auc() > Some(0.9) && progress.log_loss() < Some(0.2));
//! # Ok::<(), training::TrainingError>(())
//! ```

mod ffm;
mod fields;
mod ftrl;
mod one_pass;
mod packed;
mod rows;

pub use ffm::{Ffm, FfmSettings};
pub use fields::Fields;
pub use ftrl::{Ftrl, FtrlSettings};
pub use one_pass::OnePass;
pub use rows::HashedRows;

/// Rows heavier than this would drive sums of 32 bits to infinity.
const HEAVIEST: f64 = 1e9;

#[cfg(test)]
mod tests;
