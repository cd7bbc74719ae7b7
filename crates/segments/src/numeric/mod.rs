//! The mathematics that several models share.

mod maximum;
mod special;
mod sums;

pub use maximum::{Maximum, Search, maximise};
pub use special::trigamma;
pub use sums::{Point, Weighted, sum};
