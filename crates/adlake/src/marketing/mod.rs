//! Marketing: which channel earned what by which model, and how sure that is.

mod attribute;

pub use attribute::{Attribution, Chosen, Earned, ModelName, attribute};
