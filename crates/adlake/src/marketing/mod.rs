//! Marketing: which channel earned what by which model, how sure that is, and where a budget should go.

mod advise;
mod attribute;

pub use advise::{Budget, Outcome, advise};
pub use attribute::{Attribution, Chosen, Earned, ModelName, attribute};
