//! Customers by what they bought: how they will buy again, which segment they are in, which groups they form.

pub mod clusters;
mod error;
mod numeric;
pub mod rfm;
pub mod value;

pub use error::{Result, SegmentsError};
