//! Which channel earned what, and how sure we are: journeys in, credits and numbers out.
//!
//! Nothing here reads a table, a file, a clock or the environment. The same journeys, settings and seed give the same bytes for any
//! number of threads and any order of rows; rayon's current pool is used. Bad input is an error that names the thing, never a panic.

pub mod advice;
mod cholesky;
mod error;
pub mod incremental;
mod interval;
mod random;
pub mod response;

pub use error::{AttributionError, Result};
pub use interval::{Confidence, Estimate};
