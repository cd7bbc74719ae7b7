//! What learners see: named columns, and with labels, weights, times and groups a data set.

mod arrow;
mod categories;
mod column;
mod dataset;
mod frame;

pub use categories::{Categories, MISSING};
pub use column::Column;
pub use dataset::Dataset;
pub(crate) use dataset::{check_weights, same_length};
pub use frame::Frame;
